"""Motions: decisions that wait for a second person, or for the wait of a small team; and the votes."""

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.model import Condition, ConditionCode, Outcome, Ruling
from bot.review.voting import MotionState, Vote
from bot.vault import PersonKey

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Motion:
    """What one person proposed about a case."""

    id: str
    case_id: str
    case_version: int
    """The version of the file that was read."""
    outcome: Outcome
    reason_code: str
    appeal_id: str
    sealed: bytes = field(repr=False)
    proposed_by: str
    """A moderator's subject id."""
    proposed_at: datetime
    due_at: datetime
    waits: bool
    """Carried when it is due: nobody else is there to confirm."""
    state: MotionState
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote that was cast."""

    moderator_id: str
    vote: Vote
    disclosure_version: int
    """Of the voter's own disclosure; 0 where they have filed none."""
    at: datetime


def _motion(row: sqlite3.Row) -> Motion:
    return Motion(
        id=row["id"],
        case_id=row["case_id"],
        case_version=row["case_version"],
        outcome=Outcome(row["outcome"]),
        reason_code=row["reason_code"],
        appeal_id=row["appeal_id"] or "",
        sealed=row["sealed"],
        proposed_by=row["proposed_by"],
        proposed_at=from_ms(row["proposed_at"]),
        due_at=from_ms(row["due_at"]),
        waits=bool(row["waits"]),
        state=MotionState(row["state"]),
        closed_at=None if row["closed_at"] is None else from_ms(row["closed_at"]),
    )


def open_new(
    connection: sqlite3.Connection,
    key: PersonKey,
    *,
    case_id: str,
    case_version: int,
    ruling: Ruling,
    proposed_by: str,
    now: datetime,
    due_at: datetime,
    waits: bool,
) -> Motion:
    """Keep what is proposed, and until when the case waits for it. ``key`` is that of the case's person."""
    motion_id = new_id()
    sealed = key.seal(_packed(ruling), _place(motion_id))
    connection.execute(
        "INSERT INTO motion VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', NULL)",
        (
            motion_id, case_id, case_version, ruling.outcome.value, ruling.reason_code,
            ruling.appeal_id or None, sealed, proposed_by, to_ms(now), to_ms(due_at), int(waits),
        ),
    )  # fmt: skip
    connection.execute("UPDATE cases SET second_by = ? WHERE id = ?", (to_ms(due_at), case_id))
    return Motion(
        motion_id, case_id, case_version, ruling.outcome, ruling.reason_code, ruling.appeal_id, sealed,
        proposed_by, now, due_at, waits, MotionState.OPEN, None,
    )  # fmt: skip


def ruling_of(motion: Motion, key: PersonKey) -> Ruling:
    """What is proposed, with its text and conditions."""
    told = json.loads(key.open(motion.sealed, _place(motion.id)))
    conditions = tuple(
        Condition(ConditionCode(code), text, None if ends is None else from_ms(ends))
        for code, text, ends in told["conditions"]
    )
    return Ruling(motion.outcome, motion.reason_code, told["text"], conditions, motion.appeal_id)


def _packed(ruling: Ruling) -> str:
    conditions = [
        [one.code.value, one.text, None if one.ends_at is None else to_ms(one.ends_at)]
        for one in ruling.conditions
    ]
    return json.dumps({"text": ruling.text, "conditions": conditions}, ensure_ascii=False)


def get(connection: sqlite3.Connection, motion_id: str) -> Motion | None:
    """The motion with this id."""
    row = connection.execute("SELECT * FROM motion WHERE id = ?", (motion_id,)).fetchone()
    return None if row is None else _motion(row)


def open_of_case(connection: sqlite3.Connection, case_id: str) -> Motion | None:
    """What is proposed about a case right now."""
    row = connection.execute(
        "SELECT * FROM motion WHERE case_id = ? AND state = 'open'", (case_id,)
    ).fetchone()
    return None if row is None else _motion(row)


def close(connection: sqlite3.Connection, motion: Motion, state: MotionState, now: datetime) -> None:
    """It is over: the case waits for it no longer."""
    connection.execute(
        "UPDATE motion SET state = ?, closed_at = ? WHERE id = ?", (state.value, to_ms(now), motion.id)
    )
    if motion.state is MotionState.OPEN:
        connection.execute("UPDATE cases SET second_by = NULL WHERE id = ?", (motion.case_id,))


def voided(connection: sqlite3.Connection, most: int) -> list[Motion]:
    """Motions that a change of their file voided, and of which nobody was told yet."""
    rows = connection.execute(
        "SELECT * FROM motion WHERE state = 'void' AND closed_at IS NULL LIMIT ?", (most,)
    )
    return [_motion(row) for row in rows.fetchall()]


def waited(connection: sqlite3.Connection, now: datetime, most: int) -> list[Motion]:
    """Open motions of a small team whose wait is over, the longest over first."""
    rows = connection.execute(
        "SELECT * FROM motion WHERE state = 'open' AND due_at <= ? AND waits = 1 ORDER BY due_at LIMIT ?",
        (to_ms(now), most),
    )
    return [_motion(row) for row in rows.fetchall()]


def cast(
    connection: sqlite3.Connection, motion: Motion, moderator_id: str, vote: Vote, now: datetime
) -> None:
    """Keep a vote, with the version of the voter's own disclosure that it was cast under."""
    connection.execute(
        """
        INSERT INTO vote VALUES (
            :motion, :voter, :vote,
            (SELECT coalesce(max(version), 0) FROM disclosure WHERE subject_id = :voter), :at
        )
        """,
        {"motion": motion.id, "voter": moderator_id, "vote": vote.value, "at": to_ms(now)},
    )


def votes(connection: sqlite3.Connection, motion_id: str) -> list[Cast]:
    """The votes on a motion, in order."""
    rows = connection.execute("SELECT * FROM vote WHERE motion_id = ? ORDER BY at, vote DESC", (motion_id,))
    return [
        Cast(row["moderator_id"], Vote(row["vote"]), row["disclosure_version"], from_ms(row["at"]))
        for row in rows
    ]


def was_read(connection: sqlite3.Connection, motion: Motion, moderator_id: str) -> bool:
    """Whether a moderator has opened the file as it was when this was proposed."""
    row = connection.execute(
        "SELECT 1 FROM file_view WHERE case_id = ? AND moderator_id = ? AND case_version = ? LIMIT 1",
        (motion.case_id, moderator_id, motion.case_version),
    ).fetchone()
    return row is not None


def is_gone(connection: sqlite3.Connection, moderator_id: str) -> bool:
    """Whether somebody was last seen without a role of moderators, or nothing is kept of them.

    Whoever proposed something and had everything deleted is somebody new, who must not confirm it.
    """
    row = connection.execute(
        """
        SELECT NOT EXISTS (SELECT 1 FROM subject WHERE id = :id) OR EXISTS (
            SELECT 1 FROM moderator WHERE subject_id = :id AND gone_at IS NOT NULL
        ) AS gone
        """,
        {"id": moderator_id},
    ).fetchone()
    return bool(row["gone"])


def keep_note(
    connection: sqlite3.Connection, key: PersonKey, motion: Motion, by_id: str, text: str, now: datetime
) -> None:
    """Keep for the team why somebody did not agree. ``key`` is that of the case's person."""
    note_id = new_id()
    connection.execute(
        "INSERT INTO note (id, case_id, by_id, sealed, at) VALUES (?, ?, ?, ?, ?)",
        (note_id, motion.case_id, by_id, key.seal(text, f"note/sealed/{note_id}"), to_ms(now)),
    )


def may_confirm(connection: sqlite3.Connection, since: datetime) -> int:
    """How many current moderators have filed their own links, in full and since then."""
    row = connection.execute(
        """
        SELECT count(*) AS n FROM moderator
        WHERE gone_at IS NULL AND EXISTS (
            SELECT 1 FROM disclosure
            WHERE disclosure.subject_id = moderator.subject_id AND disclosure.at >= :since
                AND disclosure.disclosed IN ('none', 'some')
                AND disclosure.version = (
                    SELECT max(version) FROM disclosure WHERE subject_id = moderator.subject_id
                )
        )
        """,
        {"since": to_ms(since)},
    ).fetchone()
    return int(row["n"])


def give_back(connection: sqlite3.Connection, span: timedelta) -> None:
    """Move the end of every wait on by a time in which nobody was awake to stop it."""
    _move(connection, span // _MILLISECOND, None)


def hold_near(connection: sqlite3.Connection, latest: datetime) -> None:
    """Let no wait end later than it can: clocks are put back at times, and settings shortened."""
    _move(connection, 0, to_ms(latest))


def _move(connection: sqlite3.Connection, by: int, latest: int | None) -> None:
    connection.execute(
        """
        UPDATE motion SET due_at = min(due_at + :by, coalesce(:latest, due_at + :by))
        WHERE state = 'open' AND waits = 1 AND (:by > 0 OR due_at > :latest)
        """,
        {"by": by, "latest": latest},
    )
    connection.execute(
        """
        UPDATE cases SET second_by = (
            SELECT due_at FROM motion WHERE motion.case_id = cases.id AND motion.state = 'open'
        )
        WHERE second_by IS NOT NULL AND id IN (SELECT case_id FROM motion WHERE state = 'open' AND waits = 1)
        """
    )


def _place(motion_id: str) -> str:
    return f"motion/sealed/{motion_id}"
