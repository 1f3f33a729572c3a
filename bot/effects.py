"""The outbox worker: turns committed wishes into calls on the server, and notes what came of them.

``drain`` is idempotent. A crash between the call and the note repeats the call: giving a role twice
is giving it once, and a message carries a nonce.
"""

import asyncio
import logging
import random
import sqlite3
from collections import deque
from datetime import datetime, timedelta

from bot.attempts import Attempt, Attempts
from bot.foundation import Foundation
from bot.ports import Done, Doorkeeper, Later, Result
from bot.store import effects
from bot.store.effects import Effect, EffectKind
from bot.vault import Erased, KeyProblem

_log = logging.getLogger(__name__)

_AT_ONCE = 10
_UNREADABLE = "unreadable"

_PATIENCE = 12
"""Attempts after which a person hears of it: with the pauses between them, about an hour."""
_LONGEST_PAUSE = timedelta(minutes=10)

# Discord's own bucket for adding roles: about ten in ten seconds per server (issue 7680 of its docs).
_GRANTS_PER_WINDOW = 10
_GRANT_WINDOW = timedelta(seconds=10)


class Outbox:
    """Carries out what the database wants of the server."""

    def __init__(self, foundation: Foundation, doorkeeper: Doorkeeper) -> None:
        """Take what every use case stands on, and the port."""
        self._on = foundation
        self._attempts = Attempts(foundation, doorkeeper)
        self._one_at_a_time = asyncio.Lock()
        self._recent_grants: deque[datetime] = deque(maxlen=_GRANTS_PER_WINDOW)

    async def drain(self, now: datetime) -> datetime | None:
        """Do all that is due at ``now``; return when the next effect is due, if there is one."""
        async with self._one_at_a_time:
            while batch := await self._on.database.read(lambda c: effects.due(c, now, _AT_ONCE)):
                for effect in batch:
                    await self._do(effect, now)
            return await self._on.database.read(effects.next_due)

    async def _do(self, effect: Effect, now: datetime) -> None:
        if effect.kind is EffectKind.GRANT and self._grants_exhausted(now):
            later = self._recent_grants[0] + _GRANT_WINDOW
            await self._on.database.write(lambda c: effects.postpone_all(c, EffectKind.GRANT, later))
            return
        try:
            attempt = await self._on.database.read(lambda c: self._attempts.at(c, effect))
        except (Erased, KeyProblem, LookupError) as error:
            _log.warning("effect %s cannot be read: %s", effect.kind.value, type(error).__name__)
            unreadable = Later(_UNREADABLE)
            await self._on.database.write(lambda c: self._note(c, effect, None, unreadable, now))
            return
        result: Result = Done()
        if attempt is not None:
            if effect.kind is EffectKind.GRANT:
                self._recent_grants.append(now)
            result = await self._called(attempt)
        await self._on.database.write(lambda c: self._note(c, effect, attempt, result, now))

    def _grants_exhausted(self, now: datetime) -> bool:
        recent = self._recent_grants
        return len(recent) == _GRANTS_PER_WINDOW and timedelta() <= now - recent[0] < _GRANT_WINDOW

    async def _called(self, attempt: Attempt) -> Result:
        try:
            return await attempt.call()
        except Exception as error:  # noqa: BLE001 - the outbox outlives whatever one call throws at it
            _log.warning("an effect call failed: %s", type(error).__name__, exc_info=error)
            return Later("unexpected")

    def _note(
        self,
        connection: sqlite3.Connection,
        effect: Effect,
        attempt: Attempt | None,
        result: Result,
        now: datetime,
    ) -> None:
        if attempt is not None:
            attempt.note(connection, result)
        if isinstance(result, Later) and effect.attempts < _PATIENCE:
            effects.note_retry(connection, effect, result.code, now + _pause(effect, result))
        elif isinstance(result, Later):
            code = _UNREADABLE if result.code == _UNREADABLE else "later"
            self._hand_over(connection, effect, code, now)
        elif isinstance(result, Done) or (attempt and result.why in attempt.settled_by):
            effects.note_done(connection, effect)
        elif attempt and result.why in attempt.mended_by_retry:
            effects.note_retry(connection, effect, result.why.value, now)
        else:
            self._hand_over(connection, effect, result.why.value, now)

    def _hand_over(self, connection: sqlite3.Connection, effect: Effect, code: str, now: datetime) -> None:
        """Hand an effect to a person, and have the team hear of it."""
        _log.warning("effect %s needs a person: %s", effect.kind.value, code)
        effects.note_stuck(connection, effect, code)
        if effect.kind is not EffectKind.NOTICE:
            key = f"stuck:{effect.ref}:{effect.wanted}"
            effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target="stuck")


def _pause(effect: Effect, later: Later) -> timedelta:
    """How long to wait before trying again: doubling, with jitter, or as Discord asks."""
    jitter = random.uniform(0.7, 1.3)  # noqa: S311 - it only spreads attempts, and guards nothing
    backoff = timedelta(seconds=2 ** min(effect.attempts + 1, 10) * jitter)
    return min(max(backoff, later.after or timedelta()), max(_LONGEST_PAUSE, later.after or timedelta()))
