"""Appeals: the codes that people were given, what they filed, and what a second look came to."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.model import AppealOutcome, Via
from bot.store import recusals
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class AppealCode:
    """What a code was given for."""

    decision_id: str
    case_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal against one decision. What the person wrote is read apart from it."""

    id: str
    case_id: str
    decision_id: str
    via: Via
    filed_at: datetime
    changed_at: datetime
    """When the person last changed what they wrote."""
    due_at: datetime
    closed_at: datetime | None = None
    outcome: AppealOutcome | None = None
    reason_code: str = ""
    decided_by: str | None = None
    """The subject id of the moderator who took the second look; None where the person ended it."""


def keep_code(connection: sqlite3.Connection, code: AppealCode, lookup: bytes) -> None:
    """Keep what a code was given for, under the code's keyed hash."""
    connection.execute(
        "INSERT INTO appeal_code (decision_id, case_id, lookup, until) VALUES (?, ?, ?, ?)",
        (code.decision_id, code.case_id, lookup, to_ms(code.until)),
    )


def by_code(connection: sqlite3.Connection, lookup: bytes, now: datetime) -> AppealCode | None:
    """What a code was given for, while its time runs and the decision still stands."""
    row = connection.execute(
        """
        SELECT appeal_code.* FROM appeal_code JOIN cases ON cases.id = appeal_code.case_id
        WHERE appeal_code.lookup = ? AND appeal_code.until > ?
            AND cases.decision_id = appeal_code.decision_id
        """,
        (lookup, to_ms(now)),
    ).fetchone()
    return None if row is None else _code(row)


def may_file(connection: sqlite3.Connection, subject_id: str, now: datetime) -> AppealCode | None:
    """The latest decision about somebody that they can still appeal against."""
    row = connection.execute(
        """
        SELECT appeal_code.* FROM cases JOIN appeal_code ON appeal_code.decision_id = cases.decision_id
        WHERE cases.subject_id = ? AND appeal_code.until > ?
            AND NOT EXISTS (SELECT 1 FROM appeal WHERE appeal.decision_id = appeal_code.decision_id)
        ORDER BY cases.opened_at DESC, cases.rowid DESC LIMIT 1
        """,
        (subject_id, to_ms(now)),
    ).fetchone()
    return None if row is None else _code(row)


def _code(row: sqlite3.Row) -> AppealCode:
    return AppealCode(row["decision_id"], row["case_id"], from_ms(row["until"]))


def file(
    connection: sqlite3.Connection,
    key: PersonKey,
    code: AppealCode,
    via: Via,
    text: str,
    now: datetime,
    due_at: datetime,
) -> Appeal:
    """File an appeal. Raises sqlite3.IntegrityError for a second one against the same decision."""
    appeal = Appeal(new_id(), code.case_id, code.decision_id, via, now, now, due_at)
    connection.execute(
        """
        INSERT INTO appeal (id, case_id, decision_id, via, sealed, filed_at, changed_at, due_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            appeal.id, appeal.case_id, appeal.decision_id, via.value, _sealed(key, appeal.id, text),
            to_ms(now), to_ms(now), to_ms(due_at),
        ),
    )  # fmt: skip
    _changed(connection, code.case_id)
    return appeal


def rewrite(connection: sqlite3.Connection, key: PersonKey, appeal: Appeal, text: str, now: datetime) -> None:
    """The person changes what they wrote."""
    connection.execute(
        "UPDATE appeal SET sealed = ?, changed_at = ? WHERE id = ?",
        (_sealed(key, appeal.id, text), to_ms(now), appeal.id),
    )
    _changed(connection, appeal.case_id)


def text_of(connection: sqlite3.Connection, key: PersonKey, appeal_id: str) -> str:
    """What the person wrote; empty where they wrote nothing, or it has been deleted."""
    row = connection.execute("SELECT sealed FROM appeal WHERE id = ?", (appeal_id,)).fetchone()
    sealed = row["sealed"] if row else None
    return "" if sealed is None else key.open(sealed, _place(appeal_id))


def get(connection: sqlite3.Connection, appeal_id: str) -> Appeal | None:
    """The appeal with this id."""
    row = connection.execute("SELECT * FROM appeal WHERE id = ?", (appeal_id,)).fetchone()
    return None if row is None else _appeal(row)


def against(connection: sqlite3.Connection, decision_id: str) -> Appeal | None:
    """The appeal against a decision, open or closed."""
    row = connection.execute("SELECT * FROM appeal WHERE decision_id = ?", (decision_id,)).fetchone()
    return None if row is None else _appeal(row)


def open_of_case(connection: sqlite3.Connection, case_id: str) -> Appeal | None:
    """The appeal of a case that waits for somebody."""
    row = connection.execute(
        "SELECT * FROM appeal WHERE case_id = ? AND closed_at IS NULL", (case_id,)
    ).fetchone()
    return None if row is None else _appeal(row)


def open_of_subject(connection: sqlite3.Connection, subject_id: str) -> Appeal | None:
    """The appeal of somebody that waits for the team; of several, the one filed last."""
    row = connection.execute(
        """
        SELECT appeal.* FROM cases JOIN appeal ON appeal.case_id = cases.id
        WHERE cases.subject_id = ? AND appeal.closed_at IS NULL ORDER BY appeal.filed_at DESC LIMIT 1
        """,
        (subject_id,),
    ).fetchone()
    return None if row is None else _appeal(row)


def of_case(connection: sqlite3.Connection, case_id: str) -> list[Appeal]:
    """The appeals of a case, in the order in which they were filed."""
    rows = connection.execute("SELECT * FROM appeal WHERE case_id = ? ORDER BY filed_at", (case_id,))
    return [_appeal(row) for row in rows]


def _appeal(row: sqlite3.Row) -> Appeal:
    return Appeal(
        id=row["id"],
        case_id=row["case_id"],
        decision_id=row["decision_id"],
        via=Via(row["via"]),
        filed_at=from_ms(row["filed_at"]),
        changed_at=from_ms(row["changed_at"]),
        due_at=from_ms(row["due_at"]),
        closed_at=None if row["closed_at"] is None else from_ms(row["closed_at"]),
        outcome=AppealOutcome(row["outcome"]) if row["outcome"] else None,
        reason_code=row["reason_code"] or "",
        decided_by=row["decided_by"],
    )


def close(
    connection: sqlite3.Connection,
    appeal: Appeal,
    outcome: AppealOutcome,
    now: datetime,
    *,
    decided_by: str | None = None,
    reason_code: str = "",
) -> None:
    """End an appeal, and let go of whoever had it. One that has ended stays as it is."""
    connection.execute(
        """
        UPDATE appeal SET closed_at = ?, outcome = ?, decided_by = ?, reason_code = ?
        WHERE id = ? AND closed_at IS NULL
        """,
        (to_ms(now), outcome.value, decided_by, reason_code or None, appeal.id),
    )
    connection.execute("DELETE FROM claim WHERE kind = 'appeal' AND item_id = ?", (appeal.id,))
    _changed(connection, appeal.case_id)


def forget(connection: sqlite3.Connection, case_id: str, now: datetime) -> None:
    """What was told is deleted: nothing is left to look at again, and no code leads to it any more."""
    connection.execute(
        "DELETE FROM claim WHERE kind = 'appeal' AND item_id IN (SELECT id FROM appeal WHERE case_id = ?)",
        (case_id,),
    )
    connection.execute(
        """
        UPDATE appeal SET sealed = NULL, closed_at = coalesce(closed_at, ?),
            outcome = coalesce(outcome, 'withdrawn')
        WHERE case_id = ?
        """,
        (to_ms(now), case_id),
    )
    connection.execute("DELETE FROM appeal_code WHERE case_id = ?", (case_id,))


def somebody_else(connection: sqlite3.Connection, case_id: str, moderator_id: str) -> bool:
    """Whether the team has somebody besides a moderator who had no part in what is appealed against."""
    rows = connection.execute(
        "SELECT subject_id FROM moderator WHERE gone_at IS NULL AND subject_id <> ?", (moderator_id,)
    ).fetchall()
    return any(not recusals.decided_what_is_appealed(connection, case_id, row["subject_id"]) for row in rows)


def _changed(connection: sqlite3.Connection, case_id: str) -> None:
    """Whoever has the file of the case open reads it anew before they decide."""
    connection.execute("UPDATE cases SET version = version + 1 WHERE id = ?", (case_id,))


def _sealed(key: PersonKey, appeal_id: str, text: str) -> bytes | None:
    return key.seal(text, _place(appeal_id)) if text else None


def _place(appeal_id: str) -> str:
    return f"appeal/sealed/{appeal_id}"
