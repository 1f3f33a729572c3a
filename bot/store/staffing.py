"""Which cases wait for a person of the team, and whether anybody of the team is left for them."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import to_ms


@dataclass(frozen=True, slots=True)
class Place:
    """A case that needs somebody, or did. One that is no longer equal is to be looked at anew."""

    case_id: str
    version: int
    is_blocked: bool
    is_appealed: bool


def places(connection: sqlite3.Connection) -> list[Place]:
    """Cases that wait for the team, or are under appeal, or were left with nobody."""
    rows = connection.execute(
        """
        SELECT id, version, blocked_at IS NOT NULL AS is_blocked, EXISTS (
            SELECT 1 FROM appeal WHERE appeal.case_id = cases.id AND appeal.closed_at IS NULL
        ) AS is_appealed
        FROM cases WHERE id IN (
            SELECT id FROM cases WHERE step IN ('decide', 'talk', 'second', 'blocked', 'asked')
            UNION SELECT id FROM cases WHERE blocked_at IS NOT NULL
            UNION SELECT case_id FROM appeal WHERE closed_at IS NULL
        )
        """
    )
    return [
        Place(row["id"], row["version"], bool(row["is_blocked"]), bool(row["is_appealed"])) for row in rows
    ]


def has_open_appeal(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether somebody waits for a second look at what was decided."""
    statement = "SELECT 1 FROM appeal WHERE case_id = ? AND closed_at IS NULL"
    return connection.execute(statement, (case_id,)).fetchone() is not None


def last_recusal(connection: sqlite3.Connection) -> int:
    """Where the recusals end that were written down so far."""
    row = connection.execute("SELECT coalesce(max(rowid), 0) AS last FROM recusal").fetchone()
    return int(row["last"])


def kept_from_somebody_since(connection: sqlite3.Connection, last: int) -> set[str]:
    """The cases of recusals that came after one of them."""
    rows = connection.execute("SELECT case_id FROM recusal WHERE rowid > ?", (last,))
    return {row["case_id"] for row in rows}


def team(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Whoever is a moderator, each with the version of their own disclosure; 0 for none."""
    rows = connection.execute(
        """
        SELECT moderator.subject_id, coalesce(max(version), 0) AS version FROM moderator
        LEFT JOIN disclosure USING (subject_id) WHERE gone_at IS NULL GROUP BY moderator.subject_id
        """
    )
    return [(row["subject_id"], row["version"]) for row in rows]


def register_stamp(connection: sqlite3.Connection) -> tuple[object, ...]:
    """Something that is different once the register of organisations is."""
    names = connection.execute("SELECT count(*) AS names FROM organisation_name").fetchone()["names"]
    rows = connection.execute(
        """
        SELECT id, parent_id, merged_into FROM organisation
        WHERE parent_id IS NOT NULL OR merged_into IS NOT NULL ORDER BY id
        """
    )
    return (names, hash(tuple(tuple(row) for row in rows)))


def block(connection: sqlite3.Connection, case_id: str, now: datetime) -> None:
    """Nobody of the team may decide a case."""
    connection.execute(
        "UPDATE cases SET blocked_at = ? WHERE id = ? AND blocked_at IS NULL", (to_ms(now), case_id)
    )


def unblock(connection: sqlite3.Connection, case_id: str) -> None:
    """Somebody of the team may decide a case again, or nobody has to."""
    connection.execute("UPDATE cases SET blocked_at = NULL WHERE id = ?", (case_id,))


def add_outside(
    connection: sqlite3.Connection, case_id: str, subject_id: str, added_by: str, now: datetime
) -> bool:
    """Let somebody from outside look at a case; False when they could already."""
    cursor = connection.execute(
        "INSERT INTO outside_reviewer VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (case_id, subject_id, added_by, to_ms(now)),
    )
    return cursor.rowcount == 1
