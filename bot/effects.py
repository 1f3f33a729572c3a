"""The outbox worker: turns committed wishes into calls on the server, and notes what came of them.

``drain`` is idempotent. A crash between the call and the note repeats the call: giving a role twice
is giving it once, and a message carries a nonce.
"""

import asyncio
import logging
import random
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.erasing import retire_card
from bot.foundation import Foundation
from bot.model import CaseState, Delivery
from bot.ports import Done, Doorkeeper, Later, Refused, Result, Room, Why
from bot.screens import desk as desk_screens
from bot.screens import letters as letter_screens
from bot.screens.elements import Screen
from bot.screens.panel import panel
from bot.store import cases, decisions, effects, messages
from bot.store.cases import Case
from bot.store.effects import Effect, EffectKind
from bot.store.messages import Posted
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

_NOT_DELIVERED = frozenset({Why.GONE, Why.CLOSED, Why.FORBIDDEN})
"""A person cannot be reached this way, and the panel's button tells them instead."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one effect comes down to: a call, and what to note of its result."""

    call: Callable[[], Awaitable[Result]]
    note: Callable[[sqlite3.Connection, Result], None] = lambda _connection, _result: None
    settled_by: frozenset[Why] = frozenset()
    """Refusals that end the effect rather than hand it to a person."""
    mended_by_retry: frozenset[Why] = frozenset()
    """Refusals after which trying again does something else."""


class Outbox:
    """Carries out what the database wants of the server."""

    def __init__(self, foundation: Foundation, doorkeeper: Doorkeeper) -> None:
        """Take what every use case stands on, and the port."""
        self._on = foundation
        self._doorkeeper = doorkeeper
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
            attempt = await self._on.database.read(lambda c: self._attempt(c, effect))
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

    async def _called(self, attempt: _Attempt) -> Result:
        try:
            return await attempt.call()
        except Exception as error:  # noqa: BLE001 - the outbox outlives whatever one call throws at it
            _log.warning("an effect call failed: %s", type(error).__name__, exc_info=error)
            return Later("unexpected")

    def _note(
        self,
        connection: sqlite3.Connection,
        effect: Effect,
        attempt: _Attempt | None,
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

    def _attempt(self, connection: sqlite3.Connection, effect: Effect) -> _Attempt | None:
        """What to do for an effect as things stand now; None when nothing is left to do."""
        match effect.kind:
            case EffectKind.PANEL:
                return self._panel(connection, effect)
            case EffectKind.NOTICE:
                return self._notice(effect)
            case EffectKind.LETTER:
                return self._letter(connection, effect)
            case EffectKind.RETIRE:
                return self._retire(effect)
            case EffectKind.CARD | EffectKind.GRANT:
                case = cases.get(connection, effect.case_id or "")
                if case is None:
                    return None
                grant = effect.kind is EffectKind.GRANT
                return self._grant(connection, case) if grant else self._card(connection, effect, case)

    def _grant(self, connection: sqlite3.Connection, case: Case) -> _Attempt | None:
        user_id = self._on.user_id(connection, case.subject_id)
        if not case.is_member or user_id is None:
            return None
        return _Attempt(lambda: self._doorkeeper.grant(user_id, case.code), settled_by=frozenset({Why.GONE}))

    def _letter(self, connection: sqlite3.Connection, effect: Effect) -> _Attempt | None:
        case = cases.get(connection, effect.case_id or "")
        if case is None:
            return None
        key = self._on.key_of(connection, case.subject_id)
        letter = decisions.letter(connection, key, effect.target)
        user_id = self._on.user_id(connection, case.subject_id)
        if letter is None or user_id is None or letter.delivery is not Delivery.PENDING:
            return None
        screen = letter_screens.letter(
            self._on.config.words.voice(case.locale), self._on.config, case, letter
        )

        def note(connection: sqlite3.Connection, result: Result) -> None:
            delivery = _delivery(result)
            if delivery is not None:
                decisions.note_delivery(connection, letter.id, delivery)

        return _Attempt(
            lambda: self._doorkeeper.tell(user_id, screen, _nonce(effect)), note, settled_by=_NOT_DELIVERED
        )

    def _notice(self, effect: Effect) -> _Attempt:
        voice = self._on.config.words.voice("")
        screen = desk_screens.notice(voice, effect.target)
        nonce = _nonce(effect)
        return _Attempt(lambda: self._doorkeeper.post(Room.REVIEW, screen, nonce))

    def _retire(self, effect: Effect) -> _Attempt:
        """Close a card whose case has been deleted."""
        screen = Screen(self._on.config.words.voice("").say("card_retired"))
        gone = frozenset({Why.MISSING_MESSAGE})
        return _Attempt(
            lambda: self._doorkeeper.edit(Room.REVIEW, int(effect.target), screen), settled_by=gone
        )

    def _card(self, connection: sqlite3.Connection, effect: Effect, case: Case) -> _Attempt | None:
        key = self._on.key_of(connection, case.subject_id)
        posted = messages.card(connection, key, case.id)
        if posted is None and not _belongs_in_review(case):
            return None
        decision = decisions.get(connection, case.decision_id) if case.decision_id else None
        by = self._on.user_id(connection, decision.decided_by) if decision and decision.decided_by else None
        screen = desk_screens.card(self._on.config.words.voice(""), case, decision, by)

        def note(connection: sqlite3.Connection, message: Posted | None) -> None:
            if cases.get(connection, case.id) is None:
                if message is not None:
                    retire_card(connection, message.message_id, self._on.now())
            elif message is None:
                messages.forget_card(connection, case.id)
            else:
                messages.note_card(connection, key, case.id, message)

        return self._standing_message(effect, Room.REVIEW, posted, screen, note)

    def _panel(self, connection: sqlite3.Connection, effect: Effect) -> _Attempt | None:
        def note(connection: sqlite3.Connection, message: Posted | None) -> None:
            if message is None:
                messages.forget_panel(connection)
            else:
                messages.note_panel(connection, message)

        screen = panel(self._on.config)
        return self._standing_message(effect, Room.QUARANTINE, messages.panel(connection), screen, note)

    def _standing_message(
        self,
        effect: Effect,
        room: Room,
        posted: Posted | None,
        screen: Screen,
        remember: Callable[[sqlite3.Connection, Posted | None], None],
    ) -> _Attempt:
        """Post a message that is kept up to date, edit it, or make sure that it still stands."""
        shown = self._on.vault.fingerprint(repr(screen))
        nonce = _nonce(effect)

        async def call() -> Result:
            if posted is None:
                return await self._doorkeeper.post(room, screen, nonce)
            if posted.shown_hash == shown:
                return await self._doorkeeper.stands(room, posted.message_id)
            return await self._doorkeeper.edit(room, posted.message_id, screen)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Refused) and result.why is Why.MISSING_MESSAGE:
                remember(connection, None)
            elif isinstance(result, Done):
                message_id = posted.message_id if posted else result.message_id
                remember(connection, Posted(message_id, shown))

        # Once forgotten, a missing message is posted anew, which cannot find it missing again.
        mended = frozenset({Why.MISSING_MESSAGE} if posted else ())
        return _Attempt(call, note, mended_by_retry=mended)


def _nonce(effect: Effect, part: str = "") -> str:
    """The same for every attempt at the same wish, unless the message is to be posted anew."""
    anew = "a" if effect.last_code == Why.MISSING_MESSAGE.value else ""
    return f"{effect.ref[:16]}{effect.wanted % 10000}{anew}{part}"


def _belongs_in_review(case: Case) -> bool:
    """Whether moderators should see a card: a held case, or somebody who wants to talk."""
    return case.state is CaseState.HELD or (case.state.is_open and case.wants_person_at is not None)


def _delivery(result: Result) -> Delivery | None:
    if isinstance(result, Done):
        return Delivery.ARRIVED
    if isinstance(result, Refused) and result.why in _NOT_DELIVERED:
        return Delivery.GONE if result.why is Why.GONE else Delivery.CLOSED
    return None


def _pause(effect: Effect, later: Later) -> timedelta:
    """How long to wait before trying again: doubling, with jitter, or as Discord asks."""
    jitter = random.uniform(0.7, 1.3)  # noqa: S311 - it only spreads attempts, and guards nothing
    backoff = timedelta(seconds=2 ** min(effect.attempts + 1, 10) * jitter)
    return min(max(backoff, later.after or timedelta()), max(_LONGEST_PAUSE, later.after or timedelta()))
