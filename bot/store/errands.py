"""Errands: what is left to do in Discord for somebody of whom nothing is kept any more.

What has to be done is sealed with a key that the errands of one erasure share. It goes with the last.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import to_ms
from bot.ids import new_ids
from bot.store import effects
from bot.store.effects import EffectKind
from bot.vault import PersonKey, Vault

REVIEW = "review"
"""The room in which cards stand."""


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do: a message to delete, in a channel or a room of ours, a thread, or a role to take."""

    message_id: int = 0
    channel_id: int = 0
    room: str = ""
    revoke: int = 0
    """Whose member role to take."""
    lookup: bytes | None = None
    """The keyed hash of whose role it is."""
    thread_id: int = 0
    """A private thread to delete ..."""
    thread_named: str = ""
    """... or one of which only the case code is known, if there is one."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that is left to do, still sealed."""

    id: str
    key_id: str
    lookup: bytes | None
    sealed: bytes


def add(connection: sqlite3.Connection, vault: Vault, todo: Sequence[ToDo], now: datetime) -> None:
    """Have things done in Discord, under one fresh key."""
    if not todo:
        return
    key = vault.mint()
    for errand_id, one in zip(new_ids(len(todo)), todo, strict=True):
        connection.execute(
            "INSERT INTO errand (id, key_id, lookup, sealed, at) VALUES (?, ?, ?, ?, ?)",
            (errand_id, key.id, one.lookup, key.seal(_words(one), _place(errand_id)), to_ms(now)),
        )
        effects.want(connection, EffectKind.ERRAND, key=errand_id, now=now, target=errand_id)


def _words(one: ToDo) -> str:
    if one.revoke:
        return json.dumps({"revoke": one.revoke})
    if one.thread_id or one.thread_named:
        return json.dumps({"thread": one.thread_id, "named": one.thread_named})
    where = {"room": one.room} if one.room else {"channel": one.channel_id}
    return json.dumps({**where, "message": one.message_id})


def get(connection: sqlite3.Connection, errand_id: str) -> Errand | None:
    """The errand with this id; None when it is done."""
    row = connection.execute("SELECT * FROM errand WHERE id = ?", (errand_id,)).fetchone()
    return None if row is None else Errand(row["id"], row["key_id"], row["lookup"], row["sealed"])


def opened(key: PersonKey, errand: Errand) -> ToDo:
    """What there is to do. Raises KeyProblem."""
    words = json.loads(key.open(errand.sealed, _place(errand.id)))
    return ToDo(
        message_id=words.get("message", 0),
        channel_id=words.get("channel", 0),
        room=words.get("room", ""),
        revoke=words.get("revoke", 0),
        lookup=errand.lookup,
        thread_id=words.get("thread", 0),
        thread_named=words.get("named", ""),
    )


def finish(connection: sqlite3.Connection, vault: Vault, errand: Errand) -> None:
    """An errand is done. With the last one goes the key.

    The key may go although the commit then fails: an errand that cannot be opened any more counts as
    done, which it is.
    """
    for key_id in _delete(connection, [errand]):
        vault.destroy([key_id])


def give_up(connection: sqlite3.Connection, errand_ids: Sequence[str]) -> list[str]:
    """Give up errands, done or not; return the keys to destroy after the commit."""
    found = [get(connection, errand_id) for errand_id in errand_ids]
    return _delete(connection, [errand for errand in found if errand is not None])


def _delete(connection: sqlite3.Connection, gone: Sequence[Errand]) -> list[str]:
    """Delete errands with their effects; return the keys that nothing is sealed with any more."""
    for errand in gone:
        connection.execute("DELETE FROM errand WHERE id = ?", (errand.id,))
        effects.delete(connection, EffectKind.ERRAND, errand.id)
    left = "SELECT 1 FROM errand WHERE key_id = ? LIMIT 1"
    key_ids = dict.fromkeys(errand.key_id for errand in gone)
    return [key_id for key_id in key_ids if connection.execute(left, (key_id,)).fetchone() is None]


def is_revoking(connection: sqlite3.Connection, lookup: bytes) -> bool:
    """Whether the member role of somebody is being taken because they had everything deleted."""
    statement = "SELECT 1 FROM errand WHERE lookup = ? LIMIT 1"
    return connection.execute(statement, (lookup,)).fetchone() is not None


def _place(errand_id: str) -> str:
    return f"errand/sealed/{errand_id}"
