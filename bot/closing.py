"""Closing the door: the attempts at taking somebody's role, and at removing them. Never a ban.

Whoever runs the place is not stripped by its own bot.
"""

import sqlite3
from collections.abc import Awaitable, Callable

from bot.attempt import Attempt, unanswered_since
from bot.foundation import Foundation
from bot.model import CaseState, Outcome
from bot.ports import Done, Doorkeeper, Lookout, Member, Refused, Result, Why
from bot.store import cases, decisions, effects, events, subjects
from bot.store.cases import Case
from bot.store.effects import Effect, EffectKind

_BY_DECISION = frozenset({Outcome.SUSPEND, Outcome.REMOVE})
_OVER = frozenset({Why.GONE, Why.KEPT})


class Closing:
    """Works out the attempts that end somebody's access."""

    def __init__(self, foundation: Foundation, doorkeeper: Doorkeeper, lookout: Lookout) -> None:
        """Take what every use case stands on, and the ports."""
        self._on = foundation
        self._doorkeeper = doorkeeper
        self._lookout = lookout

    def revoke(self, connection: sqlite3.Connection, case: Case) -> Attempt | None:
        """Take the role back, unless somebody has decided meanwhile that they may have it."""
        user_id = self._on.user_id(connection, case.subject_id)
        if user_id is None or any(c.is_member for c in cases.of_subject(connection, case.subject_id)):
            return None

        async def take() -> Result:
            return await self._doorkeeper.revoke(user_id, case.code)

        decision = decisions.get(connection, case.decision_id) if case.decision_id else None
        if decision is None or decision.outcome not in _BY_DECISION:
            return Attempt(take, settled_by=_OVER)
        return Attempt(lambda: self._unless_they_run_the_place(user_id, take), settled_by=_OVER)

    async def _unless_they_run_the_place(self, user_id: int, then: Callable[[], Awaitable[Result]]) -> Result:
        """A moderator decided on somebody who may have become one of the team, or owns the server."""
        member = await self._lookout.member(user_id)
        if not isinstance(member, Member):
            return member
        ids = self._on.config.discord
        run_by = frozenset((*ids.moderator_roles, *ids.staff_roles)) if ids else frozenset[int]()
        if member.owner or not run_by.isdisjoint(member.role_ids):
            return Refused(Why.KEPT)
        return await then()

    def remove(self, connection: sqlite3.Connection, effect: Effect, case: Case) -> Attempt | None:
        """Remove somebody by a decision, or because their request closed by itself."""
        user_id = self._on.user_id(connection, case.subject_id)
        if user_id is None:
            return None
        by_decision = case.state is CaseState.REMOVED
        if not (self._still_removed(connection, case) if by_decision else self._closed(connection, case)):
            return None
        since = unanswered_since(effect)

        async def kick() -> Result:
            return await self._doorkeeper.remove(user_id, case.code)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            # Whoever is gone after an attempt that was not answered was removed by it.
            if isinstance(result, Done) or (since and result == Refused(Why.GONE)):
                note_done(connection, self._on, case, "case.removed")

        carefully = (lambda: self._unless_they_run_the_place(user_id, kick)) if by_decision else kick
        return Attempt(carefully, note, settled_by=_OVER, since=since)

    def _still_removed(self, connection: sqlite3.Connection, case: Case) -> bool:
        """Whether nobody has let them in again since. A request that they began meanwhile ends with it."""
        return not any(one.is_member for one in cases.of_subject(connection, case.subject_id))

    def _closed(self, connection: sqlite3.Connection, case: Case) -> bool:
        """Whether somebody's request closed by itself, and nothing has changed since."""
        latest = cases.of_subject(connection, case.subject_id)[0]
        if latest.id != case.id or case.state is not CaseState.LAPSED:
            return False
        was_member = decisions.was_member(connection, case.subject_id)
        if self._on.config.timers.after_lapse != "remove" or was_member:
            return False
        return not subjects.belongs_inside(connection, case.subject_id)


def told_first(connection: sqlite3.Connection, case: Case) -> bool:
    """Whether somebody who is to be removed has been told, as far as they can be, and lost the role.

    A bot cannot write to somebody with whom it shares no server.
    """
    waits = effects.any_of_case(connection, EffectKind.LETTER, case.id)
    return not waits and effects.is_settled(connection, EffectKind.REVOKE, case.id)


def note_done(connection: sqlite3.Connection, on: Foundation, case: Case, action: str) -> None:
    """Write down that something was done about a case, unless it was deleted meanwhile."""
    if cases.get(connection, case.id) is None:
        return  # Deleted, with its own line as the last.
    events.record(
        connection, now=on.now(), actor=events.MACHINE, action=action, object_kind="case", object_id=case.id
    )
