"""The outbox: what is wanted of the server, kept until it is done or handed to a person."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.clock import from_ms, to_ms


class EffectKind(StrEnum):
    """What may be wanted of the server."""

    GRANT = "grant"
    """Give the member role to the person of an admitted case."""
    RETIRE = "retire"
    """Close a card whose case has been deleted. The target is the message."""
    CARD = "card"
    """Make the card of a case show how it stands."""
    LETTER = "letter"
    """Tell a person about a decision. The target is the letter."""
    NOTICE = "notice"
    """Say something in the review channel, or the log channel. The target is ``kind:argument``."""
    REVOKE = "revoke"
    """Take the member role from somebody who has it without a decision."""
    REMOVE = "remove"
    """Remove somebody whose request closed long ago. Never a ban."""
    REMINDER = "reminder"
    """Remind a person of a request, or tell them that it closed. The target says which."""
    PANEL = "panel"
    """Make the quarantine channel's panel stand and be up to date."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something wanted of the server."""

    id: int
    ref: str
    key: str
    kind: EffectKind
    case_id: str | None
    target: str
    wanted: int
    attempts: int
    last_code: str
    wanted_at: datetime
    begun: int
    """The count of wishes when an attempt last began; 0 if none ever did."""
    begun_at: datetime | None


def want(
    connection: sqlite3.Connection,
    kind: EffectKind,
    *,
    key: str,
    now: datetime,
    case_id: str | None = None,
    target: str = "",
    due_at: datetime | None = None,
) -> None:
    """Want something, at once or from ``due_at`` on.

    Wanting it again under the same key has it done once more, not twice at once.
    """
    connection.execute(
        """
        INSERT INTO effect (key, kind, case_id, target, due_at, wanted_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET wanted = wanted + 1, state = 'pending', due_at = excluded.due_at,
            attempts = 0, last_code = '', wanted_at = excluded.wanted_at
        """,
        (f"{kind.value}:{key}", kind.value, case_id, target, to_ms(due_at or now), to_ms(now)),
    )


def want_once(
    connection: sqlite3.Connection,
    kind: EffectKind,
    *,
    key: str,
    now: datetime,
    case_id: str | None = None,
    target: str = "",
) -> None:
    """Want something that is done at most once under its key."""
    connection.execute(
        """
        INSERT INTO effect (key, kind, case_id, target, due_at, wanted_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO NOTHING
        """,
        (f"{kind.value}:{key}", kind.value, case_id, target, to_ms(now), to_ms(now)),
    )


def due(connection: sqlite3.Connection, now: datetime, most: int) -> list[Effect]:
    """What is due: people who wait for the door first, then the longest wanted."""
    rows = connection.execute(
        """
        SELECT * FROM effect WHERE state = 'pending' AND due_at <= ?
        ORDER BY CASE kind WHEN 'grant' THEN 0 WHEN 'letter' THEN 1 WHEN 'panel' THEN 2 ELSE 3 END, due_at, id
        LIMIT ?
        """,
        (to_ms(now), most),
    )
    return [_effect(row) for row in rows]


def next_due(connection: sqlite3.Connection) -> datetime | None:
    """When the next effect is due."""
    row = connection.execute("SELECT min(due_at) AS at FROM effect WHERE state = 'pending'").fetchone()
    return None if row["at"] is None else from_ms(row["at"])


def stuck(connection: sqlite3.Connection, most: int) -> list[Effect]:
    """What could not be done and waits for a person."""
    rows = connection.execute("SELECT * FROM effect WHERE state = 'stuck' ORDER BY id LIMIT ?", (most,))
    return [_effect(row) for row in rows]


def exists(connection: sqlite3.Connection, kind: EffectKind, key: str) -> bool:
    """Whether something was ever wanted."""
    statement = "SELECT 1 FROM effect WHERE key = ?"
    return connection.execute(statement, (f"{kind.value}:{key}",)).fetchone() is not None


def wanted_at(connection: sqlite3.Connection, kind: EffectKind, key: str) -> datetime | None:
    """When something was last wanted."""
    statement = "SELECT wanted_at FROM effect WHERE key = ?"
    row = connection.execute(statement, (f"{kind.value}:{key}",)).fetchone()
    return None if row is None else from_ms(row["wanted_at"])


def due_at(connection: sqlite3.Connection, kind: EffectKind, key: str) -> datetime | None:
    """When something is due that has not been done; None when nothing of it is left to do."""
    statement = "SELECT due_at FROM effect WHERE key = ? AND state <> 'done'"
    row = connection.execute(statement, (f"{kind.value}:{key}",)).fetchone()
    return None if row is None else from_ms(row["due_at"])


def give_back(connection: sqlite3.Connection, kind: EffectKind, after: datetime, span: timedelta) -> None:
    """Move on what was not due yet when the bot was last awake, by the time that it was not."""
    connection.execute(
        """
        UPDATE effect SET due_at = due_at + ? WHERE kind = ? AND state = 'pending' AND due_at > ?
        """,
        (span // timedelta(milliseconds=1), kind.value, to_ms(after)),
    )


def hold_near(connection: sqlite3.Connection, kind: EffectKind, latest: datetime) -> None:
    """Let nothing of a kind be due later than it can be: clocks are put back at times."""
    connection.execute(
        "UPDATE effect SET due_at = :at WHERE kind = :kind AND state = 'pending' AND due_at > :at",
        {"kind": kind.value, "at": to_ms(latest)},
    )


def is_stuck(connection: sqlite3.Connection, kind: EffectKind, key: str) -> bool:
    """Whether something could not be done and waits for a person."""
    statement = "SELECT 1 FROM effect WHERE key = ? AND state = 'stuck'"
    return connection.execute(statement, (f"{kind.value}:{key}",)).fetchone() is not None


def _effect(row: sqlite3.Row) -> Effect:
    return Effect(
        id=row["id"],
        ref=row["ref"],
        key=row["key"],
        kind=EffectKind(row["kind"]),
        case_id=row["case_id"],
        target=row["target"],
        wanted=row["wanted"],
        attempts=row["attempts"],
        last_code=row["last_code"],
        wanted_at=from_ms(row["wanted_at"]),
        begun=row["begun"],
        begun_at=None if row["begun_at"] is None else from_ms(row["begun_at"]),
    )


def note_done(connection: sqlite3.Connection, effect: Effect) -> None:
    """Note that an effect is done, unless it was wanted again meanwhile."""
    connection.execute(
        "UPDATE effect SET state = 'done', last_code = '' WHERE id = ? AND wanted = ?",
        (effect.id, effect.wanted),
    )


def note_retry(connection: sqlite3.Connection, effect: Effect, code: str, due_at: datetime) -> None:
    """Note that an effect has to be tried again, and when."""
    connection.execute(
        """
        UPDATE effect SET attempts = attempts + 1, last_code = ?, due_at = ? WHERE id = ? AND wanted = ?
        """,
        (code, to_ms(due_at), effect.id, effect.wanted),
    )


def postpone_all(connection: sqlite3.Connection, kind: EffectKind, due_at: datetime) -> None:
    """Leave all effects of a kind for later without counting an attempt. They keep their order."""
    # Times are kept in whole milliseconds. Cut off, they would be due a little before they may be done,
    # and put off to that same moment, over and over.
    at = to_ms(due_at) + 1
    connection.execute(
        "UPDATE effect SET due_at = ? WHERE kind = ? AND state = 'pending' AND due_at < ?",
        (at, kind.value, at),
    )


def note_stuck(connection: sqlite3.Connection, effect: Effect, code: str) -> None:
    """Hand an effect to a person."""
    connection.execute(
        "UPDATE effect SET state = 'stuck', last_code = ? WHERE id = ? AND wanted = ?",
        (code, effect.id, effect.wanted),
    )


def retry(connection: sqlite3.Connection, ref: str, now: datetime) -> bool:
    """A person mended what stood in the way: try again."""
    cursor = connection.execute(
        "UPDATE effect SET state = 'pending', attempts = 0, due_at = ? WHERE ref = ? AND state = 'stuck'",
        (to_ms(now), ref),
    )
    return cursor.rowcount == 1


def retry_unanswered(connection: sqlite3.Connection, now: datetime) -> None:
    """Try again what was given up only because Discord did not answer for long."""
    connection.execute(
        "UPDATE effect SET state = 'pending', due_at = ? WHERE state = 'stuck' AND last_code = 'later'",
        (to_ms(now),),
    )


def retry_all(connection: sqlite3.Connection, now: datetime) -> None:
    """Try everything again that was stuck: somebody may have mended the server meanwhile."""
    connection.execute(
        "UPDATE effect SET state = 'pending', attempts = 0, due_at = ? WHERE state = 'stuck'", (to_ms(now),)
    )


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> None:
    """Forget effects of a case that is being deleted."""
    connection.execute("DELETE FROM effect WHERE case_id = ?", (case_id,))
