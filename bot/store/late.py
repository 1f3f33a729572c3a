"""Links that moderators told of after they had decided, and the cases that those may touch."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class ToldAnew:
    """A version of a moderator's own disclosure that their decisions have not been held against yet."""

    subject_id: str
    version: int
    before: int
    """The version up to which that was done; 0 for none."""
    at: datetime


def told_anew(connection: sqlite3.Connection) -> ToldAnew | None:
    """The next version to hold decisions against, if there is one."""
    row = connection.execute(
        """
        SELECT moderator.subject_id, looked_version, version, disclosure.at FROM moderator
        JOIN disclosure ON disclosure.subject_id = moderator.subject_id AND version > looked_version
        ORDER BY moderator.subject_id, version LIMIT 1
        """
    ).fetchone()
    if row is None:
        return None
    return ToldAnew(row["subject_id"], row["version"], row["looked_version"], from_ms(row["at"]))


def note_looked(connection: sqlite3.Connection, told: ToldAnew) -> None:
    """All decisions of a moderator have been held against a version."""
    connection.execute(
        "UPDATE moderator SET looked_version = max(looked_version, ?) WHERE subject_id = ?",
        (told.version, told.subject_id),
    )


def decided_by(
    connection: sqlite3.Connection, subject_id: str, since: datetime, after: int, most: int
) -> tuple[list[str], int | None]:
    """The cases of decisions that somebody made or confirmed, and where to go on; None: that was all."""
    rows = connection.execute(
        """
        SELECT rowid AS place, case_id FROM decision
        WHERE decided_by = :who AND rowid > :after AND at >= :since
        UNION SELECT rowid AS place, case_id FROM decision
        WHERE confirmed_by = :who AND rowid > :after AND at >= :since
        ORDER BY place LIMIT :most
        """,
        {"who": subject_id, "after": after, "since": to_ms(since), "most": most},
    ).fetchall()
    cases = list(dict.fromkeys(row["case_id"] for row in rows))
    return cases, rows[-1]["place"] if len(rows) == most else None


def proposed_by(connection: sqlite3.Connection, subject_id: str) -> list[str]:
    """The cases in which something waits for a second person that somebody proposed."""
    rows = connection.execute(
        "SELECT case_id FROM motion WHERE proposed_by = ? AND state = 'open'", (subject_id,)
    )
    return [row["case_id"] for row in rows]


def near_to(connection: sqlite3.Connection, subject_id: str) -> list[str]:
    """The cases that somebody has, and those whose open conversation they joined."""
    rows = connection.execute(
        """
        SELECT item_id AS case_id FROM claim WHERE holder_id = :who AND kind = 'case'
        UNION SELECT thread.case_id FROM thread JOIN effect
            ON effect.key = 'thread:' || thread.case_id || ':seat:' || :who
        WHERE thread.closed_at IS NULL AND effect.target = 'join:' || :who
        """,
        {"who": subject_id},
    )
    return [row["case_id"] for row in rows]
