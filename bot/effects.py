"""The outbox worker: turns committed wishes into calls on the server, and notes what came of them.

``drain`` is idempotent, and a crash between any two of its steps loses nothing. Giving a role twice is
giving it once. That a message is about to be sent is on disk before the call, so that the next attempt
knows that it may have been sent, and looks for it first.

A refusal that all effects of a kind would meet (a missing right, role or channel) stops the kind. One
of it is tried now and then; once one succeeds, all go on. What is refused while others of its kind
succeed is handed to a person.
"""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.attempt import Attempt
from bot.attempts import Attempts
from bot.closing import told_first
from bot.foundation import Foundation
from bot.model import CaseState, HoldReason
from bot.pacing import BANNED, Pace
from bot.ports import Done, Doorkeeper, Later, Lookout, Refused, Result, Why
from bot.store import cases, effects, outcomes, stops, subjects
from bot.store.cases import Case
from bot.store.effects import Effect, EffectKind
from bot.vault import Erased, KeyProblem

_log = logging.getLogger(__name__)

_AT_ONCE = 10
_UNREADABLE = "unreadable"

_PATIENCE = 12
"""Attempts after which a person hears of it: with the pauses between them, about an hour."""
_LONGEST_PAUSE = timedelta(minutes=10)
CALL_LIMIT = timedelta(seconds=45)
"""After this a call counts as unanswered, so that one that stalls does not hold up the others."""

_STOPPING = frozenset({Why.FORBIDDEN, Why.MISSING_ROLE, Why.MISSING_ROOM})
"""Refusals that are about the server rather than about one effect."""
_PROBES_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))

_TO_A_PERSON = frozenset({EffectKind.LETTER, EffectKind.REMINDER, EffectKind.QUESTION, EffectKind.MESSAGE})
_BEGUN_ON_DISK = _TO_A_PERSON | {
    EffectKind.NOTICE,
    EffectKind.NUDGE,
    EffectKind.REMOVE,
    EffectKind.DIRECT,
}
"""What must not look undone after a crash between the call and its note."""

_BETWEEN_MESSAGES = timedelta(days=1)
_LOOK_AGAIN = timedelta(minutes=10)
_NOT_DONE_FOR_SURE = {"rate_limited", "not_swept", BANNED}

Gone = Callable[[int], Awaitable[None]]
"""Told the Discord id of somebody who turned out to have left the server."""


async def _nobody_listens(_user_id: int) -> None:
    """For whoever does not want to know."""


class Outbox:
    """Carries out what the database wants of the server."""

    def __init__(
        self,
        foundation: Foundation,
        doorkeeper: Doorkeeper,
        lookout: Lookout,
        *,
        gone: Gone = _nobody_listens,
        limit: timedelta = CALL_LIMIT,
    ) -> None:
        """Take what every use case stands on, the ports, and who is told that a person has left."""
        self._on = foundation
        self._attempts = Attempts(foundation, doorkeeper, lookout)
        self._gone = gone
        self._limit = limit
        self._one_at_a_time = asyncio.Lock()
        self._pace = Pace()
        self._stopping = False

    async def drain(self, now: datetime) -> datetime | None:
        """Do all that is due at ``now``; return when the next effect is due, if there is one."""
        async with self._one_at_a_time:
            while batch := await self._due(at := max(now, self._on.now())):
                for effect in batch:
                    if self._stopping or not await self._do(effect, at):
                        break
                if self._stopping:
                    break
            closed = self._pace.closed(at)
            return await self._on.database.read(lambda c: effects.next_due(c, closed))

    async def stop(self) -> None:
        """Begin nothing more, and return when what is in hand is noted."""
        self._stopping = True
        async with self._one_at_a_time:
            return

    async def probe_now(self) -> None:
        """The server has changed: try at once what it refused before."""
        now = self._on.now()

        def probe(connection: sqlite3.Connection) -> None:
            effects.probe_all(connection, now)
            effects.retry_refused(connection, None, now)

        await self._on.database.write(probe)

    async def _due(self, now: datetime) -> list[Effect]:
        closed = self._pace.closed(now)
        return await self._on.database.read(lambda c: effects.due(c, now, _AT_ONCE, closed))

    async def _do(self, effect: Effect, now: datetime) -> bool:
        """Do one effect; whether the next one of the batch can be done without looking again."""
        try:
            attempt = await self._on.database.read(lambda c: self._attempt_at(c, effect, now))
        except (Erased, KeyProblem, LookupError) as error:
            _log.warning("effect %s cannot be read: %s", effect.kind.value, type(error).__name__)
            unreadable = Later(_UNREADABLE)
            await self._on.database.write(lambda c: self._note(c, effect, None, unreadable, now))
            return False
        if isinstance(attempt, datetime):
            until = attempt
            await self._on.database.write(lambda c: self._postpone(c, effect, until, now))
            return True
        result: Result = Done()
        if attempt is not None:
            if attempt.posts or effect.kind in _BEGUN_ON_DISK:
                since = attempt.since or now
                await self._on.database.write(lambda c: outcomes.begin(c, effect, since))
            self._pace.began(effect.kind, now)
            result = await self._called(attempt)
            await self._listen(effect, result, now)
        await self._on.database.write(lambda c: self._note(c, effect, attempt, result, now))
        return isinstance(result, Done) and effect.kind not in self._pace.closed(now)

    def _attempt_at(
        self, connection: sqlite3.Connection, effect: Effect, now: datetime
    ) -> Attempt | datetime | None:
        """What to do for an effect; a moment when it has to wait until then; None for nothing at all."""
        attempt = self._attempts.at(connection, effect)
        if attempt is None or effect.kind not in _TO_A_PERSON | {EffectKind.REMOVE}:
            return attempt
        case = cases.get(connection, effect.case_id or "")
        if effect.kind is EffectKind.REMOVE:
            waits = case is not None and case.state is CaseState.REMOVED and not told_first(connection, case)
            return now + _LOOK_AGAIN if waits else attempt
        told_at = subjects.told_at(connection, case.subject_id) if case else None
        waits_for_day = effect.kind is not EffectKind.LETTER or not _cannot_wait(case)
        if waits_for_day and told_at is not None and now - told_at < _BETWEEN_MESSAGES:
            return min(told_at, now) + _BETWEEN_MESSAGES
        waits_for_door = effect.kind is EffectKind.LETTER and case is not None and case.is_member
        if case and waits_for_door and not effects.is_settled(connection, EffectKind.GRANT, case.id):
            return now + _LOOK_AGAIN
        return attempt

    def _postpone(
        self, connection: sqlite3.Connection, effect: Effect, until: datetime, now: datetime
    ) -> None:
        """Leave an effect for later. A message from a time to come was sent before the clock was put back."""
        outcomes.postpone(connection, effect, until)
        case = cases.get(connection, effect.case_id or "")
        told_at = subjects.told_at(connection, case.subject_id) if case else None
        if case is not None and told_at is not None and told_at > now:
            subjects.note_told(connection, case.subject_id, now)

    async def _called(self, attempt: Attempt) -> Result:
        """What a call comes to within its time. One that goes on and on is left behind."""
        call = asyncio.ensure_future(attempt.call())
        try:
            done, _ = await asyncio.wait({call}, timeout=self._limit.total_seconds())
        except asyncio.CancelledError:
            call.cancel()
            raise
        if not done:
            call.cancel()
            call.add_done_callback(_left_behind)
            return Later("timeout")
        if call.cancelled():
            return Later("cancelled")
        try:
            return call.result()
        except Exception as error:  # noqa: BLE001 - the outbox outlives whatever one call throws at it
            _log.warning("an effect call failed: %s", type(error).__name__, exc_info=error)
            return Later("unexpected")

    async def _listen(self, effect: Effect, result: Result, now: datetime) -> None:
        """Heed what an answer says beyond its own effect: to wait, or that a person has left."""
        if isinstance(result, Later):
            self._pace.heard(effect.kind, result, now)
        elif isinstance(result, Refused) and result.why is Why.GONE:
            user_id = await self._on.database.read(lambda c: self._user_id(c, effect))
            if user_id is not None:
                await self._gone(user_id)

    def _user_id(self, connection: sqlite3.Connection, effect: Effect) -> int | None:
        case = cases.get(connection, effect.case_id or "")
        return self._on.user_id(connection, case.subject_id) if case else None

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
        if _is_known_now(attempt, result):
            outcomes.note_answered(connection, effect)
        if isinstance(result, Later):
            self._note_later(connection, effect, result, now)
        elif isinstance(result, Done):
            self._note_done(connection, effect, now, called=attempt is not None)
        elif attempt and result.why in attempt.settled_by:
            self._settle(connection, effect, now)
        elif attempt and result.why in attempt.mended_by_retry:
            outcomes.note_retry(connection, effect, result.why.value, now)
        elif result.why in _STOPPING:
            self._note_refused(connection, effect, result.why.value, now)
        else:
            self._hand_over(connection, effect, result.why.value, now)

    def _note_later(
        self, connection: sqlite3.Connection, effect: Effect, result: Later, now: datetime
    ) -> None:
        if result.patient:
            # It waits for the person: no attempt has failed, and others of its kind need not wait.
            outcomes.postpone(connection, effect, now + _patience(effect, result, now))
            return
        due_at = now + _pause(effect, result)
        stops.put_off(connection, effect.kind, due_at)
        if effect.attempts < _PATIENCE:
            outcomes.note_retry(connection, effect, result.code, due_at)
        else:
            code = _UNREADABLE if result.code == _UNREADABLE else "later"
            self._hand_over(connection, effect, code, now)

    def _note_done(
        self, connection: sqlite3.Connection, effect: Effect, now: datetime, *, called: bool
    ) -> None:
        self._settle(connection, effect, now)
        if not called:
            return
        if effect.kind in _TO_A_PERSON:
            case = cases.get(connection, effect.case_id or "")
            if case is not None:
                subjects.note_told(connection, case.subject_id, now)
        if stops.end(connection, effect.kind):
            _log.info("effects of the kind %s work again", effect.kind.value)
            effects.retry_refused(connection, effect.kind, now)

    def _settle(self, connection: sqlite3.Connection, effect: Effect, now: datetime) -> None:
        outcomes.note_done(connection, effect)
        if effect.kind is EffectKind.GRANT and effect.case_id:
            outcomes.hurry(connection, EffectKind.LETTER, effect.case_id, now)
        elif effect.kind in {EffectKind.LETTER, EffectKind.REVOKE} and effect.case_id:
            outcomes.hurry(connection, EffectKind.REMOVE, effect.case_id, now)

    def _note_refused(self, connection: sqlite3.Connection, effect: Effect, code: str, now: datetime) -> None:
        """Refused for a reason that may hold up all of its kind, or only this one."""
        stop = stops.get(connection, effect.kind)
        if stop is not None:
            pause = _PROBES_AFTER[min(stop.probes + 1, len(_PROBES_AFTER) - 1)]
            stops.note_probe(connection, effect.kind, code, now + pause)
        elif effect.last_code == code:
            # It was refused before, and others of its kind have succeeded since.
            self._hand_over(connection, effect, code, now)
            return
        else:
            _log.warning("effects of the kind %s have stopped: %s", effect.kind.value, code)
            stops.begin(connection, effect.kind, code, now, now + _PROBES_AFTER[0])
            self._alert(connection, effect.kind, f"stopped:{effect.kind.value}:{code}", now)
        outcomes.note_refused(connection, effect, code, now)

    def _hand_over(self, connection: sqlite3.Connection, effect: Effect, code: str, now: datetime) -> None:
        """Hand an effect to a person, and have the team hear of it: once an hour, however many there are."""
        _log.warning("effect %s needs a person: %s", effect.kind.value, code)
        outcomes.note_stuck(connection, effect, code)
        self._alert(connection, effect.kind, "stuck", now)

    def _alert(self, connection: sqlite3.Connection, kind: EffectKind, target: str, now: datetime) -> None:
        """Have the team hear of something, unless it is that nothing can be told to them."""
        if kind is not EffectKind.NOTICE:
            moment = now.isoformat(timespec="milliseconds" if target != "stuck" else "hours")
            key = f"{target}:{kind.value}:{moment}"
            effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)


def _cannot_wait(case: Case | None) -> bool:
    """Whether somebody is losing their place, and must hear why before they find out by themselves."""
    return case is not None and (case.state is CaseState.REMOVED or case.hold_reason is HoldReason.SUSPENDED)


def _left_behind(call: "asyncio.Future[Result]") -> None:
    """Nobody waits for this call any more; whatever it came to has been seen."""
    if not call.cancelled():
        call.exception()


def _is_known_now(attempt: Attempt | None, result: Result) -> bool:
    """Whether what was done is known by this answer.

    Where an earlier attempt may have sent the message, a refusal may be one to look for it.
    """
    if attempt is None:
        return isinstance(result, Done)
    if isinstance(result, Done):
        return True
    if isinstance(result, Refused) and result.why in attempt.settled_by | attempt.mended_by_retry:
        return True
    not_done = isinstance(result, Refused) or result.code in _NOT_DONE_FOR_SURE
    return not_done and attempt.since is None


def _patience(effect: Effect, later: Later, now: datetime) -> timedelta:
    """How long to wait before looking again after a person: the longer, the longer it has taken."""
    return max(min(now - effect.wanted_at, _LONGEST_PAUSE), later.after or _LONGEST_PAUSE)


def _pause(effect: Effect, later: Later) -> timedelta:
    """How long to wait before trying again: doubling, with jitter, or as Discord asks."""
    jitter = random.uniform(0.7, 1.3)  # noqa: S311 - it only spreads attempts, and guards nothing
    backoff = timedelta(seconds=2 ** min(effect.attempts + 1, 10) * jitter)
    return min(max(backoff, later.after or timedelta()), max(_LONGEST_PAUSE, later.after or timedelta()))
