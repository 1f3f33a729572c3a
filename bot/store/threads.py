"""Private threads: where the conversation of a case is, and having it opened and closed."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.clock import to_ms
from bot.store import effects
from bot.store.effects import EffectKind
from bot.vault import PersonKey


class Said(StrEnum):
    """What an effect about a thread is to do, as its target begins. An empty target opens it."""

    HELLO = "hello"
    """Say first what the thread is, and what is kept."""
    ASK = "ask"
    """Put a question; its ref follows."""
    JOIN = "join"
    """Add a moderator; their subject id follows."""
    LEAVE = "leave"
    """Take a moderator out again."""


class Talk(StrEnum):
    """How the conversation of a case stands, as its person is told."""

    NONE = "none"
    OPENING = "opening"
    OPEN = "open"
    NO_ROOM = "no_room"
    """Discord had no room for another one."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A private thread of a case."""

    thread_id: int = field(repr=False)
    closing: bool
    """It is to be deleted."""


def find(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> Thread | None:
    """The thread of a case, if there is one in Discord."""
    row = connection.execute("SELECT sealed, closed_at FROM thread WHERE case_id = ?", (case_id,)).fetchone()
    if row is None:
        return None
    return Thread(int(key.open(row["sealed"], _place(case_id))), row["closed_at"] is not None)


def note_opened(
    connection: sqlite3.Connection, key: PersonKey, case_id: str, thread_id: int, now: datetime
) -> None:
    """Note where the thread of a case is."""
    connection.execute(
        """
        INSERT INTO thread (case_id, sealed, opened_at) VALUES (?, ?, ?)
        ON CONFLICT (case_id) DO UPDATE
        SET sealed = excluded.sealed, opened_at = excluded.opened_at, closed_at = NULL
        """,
        (case_id, key.seal(str(thread_id), _place(case_id)), to_ms(now)),
    )


def lose(connection: sqlite3.Connection, case_id: str) -> None:
    """The thread of a case was deleted in Discord."""
    connection.execute("DELETE FROM thread WHERE case_id = ?", (case_id,))


def forget(connection: sqlite3.Connection, case_id: str) -> None:
    """The thread of a case is deleted, with all that was to be done in it."""
    lose(connection, case_id)
    connection.execute("DELETE FROM effect WHERE case_id = ? AND kind = 'thread'", (case_id,))


def is_there(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether a case has a thread that is not about to be deleted."""
    statement = "SELECT 1 FROM thread WHERE case_id = ? AND closed_at IS NULL"
    return connection.execute(statement, (case_id,)).fetchone() is not None


def want(connection: sqlite3.Connection, case_id: str, now: datetime) -> None:
    """Have a thread opened for a case, unless it has one."""
    if not is_there(connection, case_id):
        effects.want(connection, EffectKind.THREAD, key=case_id, now=now, case_id=case_id)


def want_said(connection: sqlite3.Connection, case_id: str, said: Said, about: str, now: datetime) -> None:
    """Have something done in the thread of a case; ``about`` is what follows in the target.

    To join and to leave stand under one key, so that the last word counts.
    """
    kind = EffectKind.THREAD
    whose = "seat" if said in {Said.JOIN, Said.LEAVE} else said.value
    key, target = f"{case_id}:{whose}:{about}", f"{said.value}:{about}"
    effects.want(connection, kind, key=key, now=now, case_id=case_id, target=target)
    effects.retarget(connection, kind, key, target)


def close(connection: sqlite3.Connection, case_id: str, now: datetime) -> None:
    """Have the thread of a case deleted, if there is one, or may be one that nobody has heard of yet."""
    connection.execute(
        "UPDATE thread SET closed_at = ? WHERE case_id = ? AND closed_at IS NULL", (to_ms(now), case_id)
    )
    if has_any(connection, case_id):
        effects.want(connection, EffectKind.CLOSE_THREAD, key=case_id, now=now, case_id=case_id)


def has_any(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether a case has a thread in Discord, as far as anybody can know."""
    row = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM thread WHERE case_id = :id)
            OR EXISTS (SELECT 1 FROM effect WHERE key = 'thread:' || :id AND begun > 0) AS found
        """,
        {"id": case_id},
    ).fetchone()
    return bool(row["found"])


def talk(connection: sqlite3.Connection, case_id: str) -> Talk:
    """How the conversation of a case stands."""
    if is_there(connection, case_id):
        return Talk.OPEN
    if not effects.exists(connection, EffectKind.THREAD, case_id):
        return Talk.NONE
    settled = effects.is_settled(connection, EffectKind.THREAD, case_id)
    return Talk.NO_ROOM if settled else Talk.OPENING


def _place(case_id: str) -> str:
    return f"thread/sealed/{case_id}"
