"""An attempt at an effect: a call on the server, and what to note of its result."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.ports import Doorkeeper, Result, Why
from bot.screens.elements import Screen
from bot.store.effects import Effect

NOT_DELIVERED = frozenset({Why.GONE, Why.CLOSED, Why.FORBIDDEN, Why.MISSING_ROOM})
"""A person cannot be reached this way, and the panel's button tells them instead."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one effect comes down to: a call, and what to note of its result."""

    call: Callable[[], Awaitable[Result]]
    note: Callable[[sqlite3.Connection, Result], None] = lambda _connection, _result: None
    settled_by: frozenset[Why] = frozenset()
    """Refusals that end the effect rather than hand it to a person."""
    mended_by_retry: frozenset[Why] = frozenset()
    """Refusals after which trying again does something else."""
    posts: bool = False
    """Whether the call may send a message, which must not be sent twice."""
    since: datetime | None = None
    """Since when it may have been sent already, by an attempt that was not answered."""


def telling(
    doorkeeper: Doorkeeper,
    effect: Effect,
    user_id: int,
    screen: Screen,
    note: Callable[[sqlite3.Connection, Result], None],
) -> Attempt:
    """Send somebody a message. Where it cannot arrive, the panel's button tells them instead."""
    nonce, since = nonce_of(effect), unanswered_since(effect)
    return Attempt(
        lambda: doorkeeper.tell(user_id, screen, nonce, since), note, settled_by=NOT_DELIVERED, since=since
    )


def unanswered_since(effect: Effect) -> datetime | None:
    """Since when a message for this very wish may have been sent without our hearing of it."""
    return effect.begun_at if effect.begun == effect.wanted else None


def nonce_of(effect: Effect) -> str:
    """The same for every attempt at the same wish, unless the message is to be posted anew."""
    anew = "a" if effect.last_code == Why.MISSING_MESSAGE.value else ""
    return f"{effect.ref[:16]}{effect.wanted % 10000}{anew}"
