"""What the team, and whoever has something, is to be told: what is past its time, and what waits."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from bot.clock import from_ms, to_ms


def cases_untold(connection: sqlite3.Connection, now: datetime, most: int) -> list[str]:
    """Cases that the team should have seen to, and was not told of for this time of theirs."""
    rows = connection.execute(
        """
        SELECT id FROM cases
        WHERE step IN ('decide', 'talk', 'second', 'blocked') AND told_due IS NOT step_due AND step_due <= ?
        ORDER BY step_due LIMIT ?
        """,
        (to_ms(now), most),
    )
    return [row["id"] for row in rows]


def note_told(connection: sqlite3.Connection, case_ids: Iterable[str]) -> None:
    """The team is told that these are past their time. It is no change of a file."""
    statement = "UPDATE cases SET told_due = step_due WHERE id = ?"
    connection.executemany(statement, [(case_id,) for case_id in case_ids])


def appeals_late(connection: sqlite3.Connection, after: datetime, now: datetime, most: int) -> list[str]:
    """The cases of appeals whose time ended between two moments."""
    rows = connection.execute(
        """
        SELECT case_id FROM appeal WHERE closed_at IS NULL AND due_at > ? AND due_at <= ?
        ORDER BY due_at LIMIT ?
        """,
        (to_ms(after), to_ms(now), most),
    )
    return [row["case_id"] for row in rows]


def late_of(connection: sqlite3.Connection, holder_id: str, now: datetime, most: int) -> list[str]:
    """The codes of what somebody has that is past its time."""
    rows = connection.execute(
        """
        SELECT cases.code FROM claim
            LEFT JOIN appeal ON claim.kind = 'appeal' AND appeal.id = claim.item_id
            JOIN cases ON cases.id = CASE claim.kind WHEN 'case' THEN claim.item_id ELSE appeal.case_id END
        WHERE claim.holder_id = :holder AND CASE claim.kind
            WHEN 'case' THEN cases.step IN ('decide', 'talk') AND cases.step_due <= :now
            ELSE appeal.closed_at IS NULL AND appeal.due_at <= :now END
        ORDER BY claim.since LIMIT :most
        """,
        {"holder": holder_id, "now": to_ms(now), "most": most},
    )
    return [row["code"] for row in rows]


def holders(connection: sqlite3.Connection) -> list[str]:
    """Everybody who has something, by subject id: few, because they are moderators."""
    return [row["holder_id"] for row in connection.execute("SELECT DISTINCT holder_id FROM claim")]


def concerns(connection: sqlite3.Connection, most: int) -> list[datetime]:
    """Since when concerns are open, without those about anybody who was ever seen as a moderator."""
    rows = connection.execute(
        """
        SELECT opened_at FROM concern
        WHERE closed_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM moderator WHERE moderator.subject_id = concern.about_id)
        ORDER BY due_at LIMIT ?
        """,
        (most,),
    )
    return [from_ms(row["opened_at"]) for row in rows]


def tasks(connection: sqlite3.Connection, most: int) -> list[datetime]:
    """Since when tasks are open, without those about anybody who was ever seen as a moderator."""
    rows = connection.execute(
        """
        SELECT opened_at FROM task
        WHERE closed_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM moderator WHERE moderator.subject_id = task.subject_id)
        ORDER BY opened_at LIMIT ?
        """,
        (most,),
    )
    return [from_ms(row["opened_at"]) for row in rows]
