"""Messages that the bot keeps up to date: the panel, and one card per case."""

import sqlite3
from dataclasses import dataclass

from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that stands in a channel, and the fingerprint of what it shows."""

    message_id: int
    shown_hash: str


def panel(connection: sqlite3.Connection) -> Posted | None:
    """The panel, if it was ever posted."""
    row = connection.execute("SELECT message_id, shown_hash FROM panel").fetchone()
    return None if row is None else Posted(row["message_id"], row["shown_hash"])


def note_panel(connection: sqlite3.Connection, posted: Posted) -> None:
    """Note where the panel stands."""
    connection.execute(
        """
        INSERT INTO panel VALUES (1, ?, ?) ON CONFLICT (only_one) DO UPDATE
        SET message_id = excluded.message_id, shown_hash = excluded.shown_hash
        """,
        (posted.message_id, posted.shown_hash),
    )


def forget_panel(connection: sqlite3.Connection) -> None:
    """The panel was deleted in Discord."""
    connection.execute("DELETE FROM panel")


def forget_card(connection: sqlite3.Connection, case_id: str) -> None:
    """The card of a case was deleted in Discord."""
    connection.execute("DELETE FROM card WHERE case_id = ?", (case_id,))


def card(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> Posted | None:
    """The card of a case, if it was ever posted."""
    row = connection.execute("SELECT sealed, shown_hash FROM card WHERE case_id = ?", (case_id,)).fetchone()
    return None if row is None else Posted(int(key.open(row["sealed"], _place(case_id))), row["shown_hash"])


def note_card(connection: sqlite3.Connection, key: PersonKey, case_id: str, posted: Posted) -> None:
    """Note where the card of a case stands."""
    connection.execute(
        """
        INSERT INTO card VALUES (?, ?, ?)
        ON CONFLICT (case_id) DO UPDATE SET sealed = excluded.sealed, shown_hash = excluded.shown_hash
        """,
        (case_id, key.seal(str(posted.message_id), _place(case_id)), posted.shown_hash),
    )


def _place(case_id: str) -> str:
    return f"card/sealed/{case_id}"
