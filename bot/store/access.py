"""Who looked at what is kept about somebody, and what for."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.clock import from_ms, to_ms
from bot.ids import new_id

OPERATOR = "operator"
"""Whoever runs the machine, at the command line."""


class Looked(StrEnum):
    """What somebody did."""

    OPEN = "open"
    """Opened a case file."""
    HISTORY = "history"
    """Read all that is on record about a person."""
    SEARCH = "search"
    EXPORT = "export"
    RIGHTS = "rights"
    """Read or gave out what is kept, because the person asked for it."""


class Purpose(StrEnum):
    """What it was for."""

    REVIEW = "review"
    TASK = "task"
    CONVERSATION = "conversation"
    EXPORT = "export"
    RIGHTS = "rights"
    CONFIRM = "confirm"
    """As the second person of a decision that takes two."""
    APPEAL = "appeal"
    CONCERN = "concern"
    OUTSIDE = "outside"
    """By somebody from outside the team, because nobody of the team may."""


@dataclass(frozen=True, slots=True)
class Access:
    """One look. ``actor`` is a moderator's subject id, or the operator."""

    at: datetime
    actor: str
    action: Looked
    purpose: Purpose


def note(
    connection: sqlite3.Connection,
    *,
    actor: str,
    action: Looked,
    purpose: Purpose,
    now: datetime,
    subject_id: str | None,
    case_id: str | None = None,
) -> None:
    """Note a look. ``subject_id`` None: at everybody."""
    connection.execute(
        """
        INSERT INTO access (id, at, actor, subject_id, case_id, action, purpose)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (new_id(), to_ms(now), actor, subject_id, case_id, action.value, purpose.value),
    )


def to_subject(connection: sqlite3.Connection, subject_id: str) -> list[Access]:
    """Who looked at what is kept about somebody, the newest first; looks at everybody count, too.

    While a concern about them is open, looks for its sake are left out: they would tell of it.
    """
    rows = connection.execute(
        """
        SELECT at, actor, action, purpose FROM access WHERE subject_id = :id AND (
            purpose <> 'concern'
            OR NOT EXISTS (SELECT 1 FROM concern WHERE about_id = :id AND closed_at IS NULL)
        )
        UNION ALL
        SELECT at, actor, action, purpose FROM access
        WHERE subject_id IS NULL AND at >= (SELECT created_at FROM subject WHERE id = :id)
        ORDER BY at DESC
        """,
        {"id": subject_id},
    )
    return [
        Access(from_ms(row["at"]), row["actor"], Looked(row["action"]), Purpose(row["purpose"]))
        for row in rows
    ]


def people_read_by(connection: sqlite3.Connection, actor: str, now: datetime, within: timedelta) -> int:
    """How many different people's records somebody has looked at lately, each of them counted once.

    What lies as little ahead counts, too: putting the clock back a little hides nothing.
    """
    row = connection.execute(
        "SELECT count(DISTINCT subject_id) AS n FROM access WHERE actor = ? AND at BETWEEN ? AND ?",
        (actor, to_ms(now - within), to_ms(now + within)),
    ).fetchone()
    return int(row["n"])
