"""Messages of the bot's own: those it keeps up to date, and those it sent that are about somebody."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.clock import to_ms
from bot.ids import new_id
from bot.vault import PersonKey


class SentKind(StrEnum):
    """What a message about somebody was."""

    LETTER = "letter"
    REMINDER = "reminder"
    NOTICE = "notice"
    """Something the team read, with a mention of them or the code of their request."""
    QUESTION = "question"
    """In the private thread of their case, or about it."""
    CONCERN = "concern"
    """What became of something they reported."""


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


def note_sent(
    connection: sqlite3.Connection,
    key: PersonKey,
    kind: SentKind,
    *,
    subject_id: str,
    case_id: str | None,
    channel_id: int,
    message_ids: Iterable[int],
    now: datetime,
) -> None:
    """Note where messages about somebody are, so that they can be deleted with the rest."""
    for message_id in message_ids:
        sent_id = new_id()
        words = json.dumps({"channel": channel_id, "message": message_id})
        connection.execute(
            "INSERT INTO sent_message (id, subject_id, case_id, kind, sealed, at) VALUES (?, ?, ?, ?, ?, ?)",
            (sent_id, subject_id, case_id, kind.value, key.seal(words, _sent_place(sent_id)), to_ms(now)),
        )


def sent_to(connection: sqlite3.Connection, key: PersonKey, subject_id: str) -> list[tuple[int, int]]:
    """The channel and the id of each message about somebody."""
    rows = connection.execute("SELECT id, sealed FROM sent_message WHERE subject_id = ?", (subject_id,))
    found = [json.loads(key.open(row["sealed"], _sent_place(row["id"]))) for row in rows]
    return [(one["channel"], one["message"]) for one in found]


def _sent_place(sent_id: str) -> str:
    return f"sent_message/sealed/{sent_id}"


def _place(case_id: str) -> str:
    return f"card/sealed/{case_id}"
