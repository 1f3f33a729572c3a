"""Tasks: something a moderator should look at that is no case."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.clock import from_ms, to_ms
from bot.ids import new_id


class TaskKind(StrEnum):
    """What there is to look at."""

    PAID_LINK_NOW = "paid_link_now"
    """A member told of a new paid link that is going on."""
    UNDISCLOSED_NOW = "undisclosed_now"
    """A member changed their links to something that does not tell."""
    ACCESS_TAKEN = "access_taken"
    """Somebody took the member role from a person who was let in."""
    ACCESS_GIVEN = "access_given"
    """Somebody gave it back by hand."""
    UNRECORDED_ROLE = "unrecorded_role"
    """Somebody has the member role without a decision, and keeps it until a person looks."""
    LATE_INTEREST = "late_interest"
    """A moderator told of a link that touches a decision of theirs: another person looks at it again."""
    MANY_CONCERNS = "many_concerns"
    """Somebody reports very often, or many report the same person in a short time: two people look."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to look at, about one person."""

    id: str
    kind: TaskKind
    subject_id: str
    opened_at: datetime
    case_id: str | None = None
    """The case whose decision is to be looked at again."""


def open_late(
    connection: sqlite3.Connection, case_id: str, subject_id: str, told_at: datetime, now: datetime
) -> Task | None:
    """Have a decision looked at again; None where that is asked for already, or was since it was told."""
    kind = TaskKind.LATE_INTEREST
    row = connection.execute(
        """
        SELECT 1 FROM task WHERE case_id = ? AND kind = ? AND (closed_at IS NULL OR opened_at >= ?) LIMIT 1
        """,
        (case_id, kind.value, to_ms(told_at)),
    ).fetchone()
    if row is not None:
        return None
    task = Task(new_id(), kind, subject_id, now, case_id)
    connection.execute(
        "INSERT INTO task (id, kind, subject_id, case_id, opened_at) VALUES (?, ?, ?, ?, ?)",
        (task.id, kind.value, subject_id, case_id, to_ms(now)),
    )
    return task


def open_new(connection: sqlite3.Connection, kind: TaskKind, subject_id: str, now: datetime) -> Task:
    """Open a task, or return the one that is already open."""
    row = connection.execute(
        "SELECT * FROM task WHERE kind = ? AND subject_id = ? AND closed_at IS NULL", (kind.value, subject_id)
    ).fetchone()
    if row is not None:
        return _task(row)
    task = Task(new_id(), kind, subject_id, now)
    connection.execute(
        "INSERT INTO task (id, kind, subject_id, opened_at) VALUES (?, ?, ?, ?)",
        (task.id, kind.value, subject_id, to_ms(now)),
    )
    return task


def all_open(
    connection: sqlite3.Connection, most: int, after: tuple[datetime, str] | None = None
) -> list[Task]:
    """Open tasks, the oldest first; ``after`` one that was opened at that time and has that id."""
    opened_at, task_id = (-1, "") if after is None else (to_ms(after[0]), after[1])
    rows = connection.execute(
        """
        SELECT * FROM task WHERE closed_at IS NULL AND (opened_at, id) > (?, ?)
        ORDER BY opened_at, id LIMIT ?
        """,
        (opened_at, task_id, most),
    )
    return [_task(row) for row in rows]


def get(connection: sqlite3.Connection, task_id: str) -> Task | None:
    """The open task with this id."""
    row = connection.execute("SELECT * FROM task WHERE id = ? AND closed_at IS NULL", (task_id,)).fetchone()
    return None if row is None else _task(row)


def close(connection: sqlite3.Connection, task_id: str, moderator_id: str, now: datetime) -> bool:
    """Close a task; False when somebody else already did."""
    cursor = connection.execute(
        "UPDATE task SET closed_at = ?, closed_by = ? WHERE id = ? AND closed_at IS NULL",
        (to_ms(now), moderator_id, task_id),
    )
    return cursor.rowcount == 1


def delete_of(connection: sqlite3.Connection, kind: TaskKind, subject_id: str) -> None:
    """Forget tasks of a kind about somebody, because what they say is no longer so."""
    connection.execute("DELETE FROM task WHERE subject_id = ? AND kind = ?", (subject_id, kind.value))


def _task(row: sqlite3.Row) -> Task:
    opened_at = from_ms(row["opened_at"])
    return Task(row["id"], TaskKind(row["kind"]), row["subject_id"], opened_at, row["case_id"])
