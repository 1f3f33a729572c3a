"""Files as moderators opened them: the buttons under a file act on the version that was read."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import to_ms
from bot.ids import new_id


@dataclass(frozen=True, slots=True)
class FileView:
    """One opening of a file."""

    ref: str
    case_id: str
    case_version: int
    moderator_id: str


def note(
    connection: sqlite3.Connection, case_id: str, case_version: int, moderator_id: str, now: datetime
) -> FileView:
    """Note that a moderator opened a file as it stood."""
    view = FileView(new_id(), case_id, case_version, moderator_id)
    connection.execute(
        "INSERT INTO file_view VALUES (?, ?, ?, ?, ?)",
        (view.ref, case_id, case_version, moderator_id, to_ms(now)),
    )
    return view


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> None:
    """Have every opening of a case's file lead nowhere."""
    connection.execute("DELETE FROM file_view WHERE case_id = ?", (case_id,))


def get(connection: sqlite3.Connection, ref: str) -> FileView | None:
    """The opening with this ref."""
    row = connection.execute(
        "SELECT ref, case_id, case_version, moderator_id FROM file_view WHERE ref = ?", (ref,)
    ).fetchone()
    return None if row is None else FileView(*row)
