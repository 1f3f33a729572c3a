"""Consent: who agreed to which version of the notice, and when."""

import hashlib
import sqlite3
from datetime import datetime

from bot.clock import to_ms
from bot.ids import new_id


def give(connection: sqlite3.Connection, case_id: str, notice: str, now: datetime) -> None:
    """Record that a person agreed to a notice, which stays readable when it is reworded."""
    notice_hash = hashlib.sha256(notice.encode()).hexdigest()
    connection.execute(
        "INSERT INTO notice (hash, text, first_used_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (notice_hash, notice, to_ms(now)),
    )
    connection.execute(
        "INSERT INTO consent VALUES (?, ?, ?, ?)", (new_id(), case_id, notice_hash, to_ms(now))
    )


def given(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether the person of a case has agreed to a notice."""
    return connection.execute("SELECT 1 FROM consent WHERE case_id = ?", (case_id,)).fetchone() is not None


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete the consents of a case together with what they allowed to be kept."""
    connection.execute("DELETE FROM consent WHERE case_id = ?", (case_id,))
