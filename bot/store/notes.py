"""Notes that moderators write about a case or a concern."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Note:
    """One note, and the subject id of the moderator who wrote it."""

    id: str
    by: str
    at: datetime
    text: str = field(repr=False)


def write(
    connection: sqlite3.Connection,
    key: PersonKey,
    text: str,
    *,
    by: str,
    now: datetime,
    case_id: str | None = None,
    concern_id: str | None = None,
) -> Note:
    """Keep a note on a case, sealed with its person's key, or on a concern, with its reporter's."""
    note = Note(new_id(), by, now, text)
    connection.execute(
        "INSERT INTO note (id, case_id, concern_id, by_id, sealed, at) VALUES (?, ?, ?, ?, ?, ?)",
        (note.id, case_id, concern_id, by, key.seal(text, _place(note.id)), to_ms(now)),
    )
    return note


def of_case(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> list[Note]:
    """The notes on a case, in order."""
    rows = connection.execute("SELECT * FROM note WHERE case_id = ? ORDER BY at, rowid", (case_id,))
    return [_note(key, row) for row in rows]


def of_concern(connection: sqlite3.Connection, key: PersonKey, concern_id: str) -> list[Note]:
    """The notes on a concern, in order."""
    rows = connection.execute("SELECT * FROM note WHERE concern_id = ? ORDER BY at, rowid", (concern_id,))
    return [_note(key, row) for row in rows]


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete the notes on a case."""
    connection.execute("DELETE FROM note WHERE case_id = ?", (case_id,))


def _note(key: PersonKey, row: sqlite3.Row) -> Note:
    return Note(row["id"], row["by_id"], from_ms(row["at"]), key.open(row["sealed"], _place(row["id"])))


def _place(note_id: str) -> str:
    return f"note/sealed/{note_id}"
