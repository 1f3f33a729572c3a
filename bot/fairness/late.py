"""Late interests: a moderator tells of a link that a decision of theirs has to do with.

The sweep holds each new version of a moderator's disclosure against what they decided in the last
thirty-six months, a stretch at a time, and asks somebody else to look again. Who decided is not told
which case it is; the person concerned is told once somebody looks.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.access import Act, Tie
from bot.fairness import hands, ties
from bot.fairness.lines import three_years_before
from bot.foundation import Foundation
from bot.model import Visitor
from bot.review import claims, talks
from bot.store import cases, disclosures, effects, events, late, tasks
from bot.store.cases import Case
from bot.store.disclosures import Logged
from bot.store.effects import EffectKind
from bot.store.late import ToldAnew
from bot.vault import Erased

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class LooksAgain:
    """Somebody looks at a decision again; the person concerned is being told."""

    case_id: str


@dataclass(frozen=True, slots=True)
class NotLooking:
    """They do not. The code picks the sentence."""

    code: str


class LateInterests:
    """What follows when an interest surfaces after a decision."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def run(self, now: datetime) -> None:
        """Hold whatever was told anew against what was decided, in bounded steps.

        What a crash cuts short begins anew, and opens no second task for what was found before.
        """
        while (told := await self._on.database.read(late.told_anew)) is not None:
            await self._look(told, now)

    async def _look(self, told: ToldAnew, now: datetime) -> None:
        after: int | None = 0
        while after is not None:
            stretch = partial(self._stretch, told=told, after=after, now=now)
            after = await self._on.database.write(stretch)

    def _stretch(
        self, connection: sqlite3.Connection, told: ToldAnew, after: int, now: datetime
    ) -> int | None:
        """Look at a stretch of decisions; return where to go on, or None at the end."""
        new = self._new_names(connection, told, now)
        found: list[str] = []
        following: int | None = None
        if new:
            since = three_years_before(now)
            found, following = late.decided_by(connection, told.subject_id, since, after, _AT_ONCE)
            if after == 0:
                found = [*found, *late.proposed_by(connection, told.subject_id)]
        for case_id in dict.fromkeys(found):
            self._hold_against(connection, told, new, case_id, now)
        if following is None:
            self._let_go(connection, told.subject_id, now)
            late.note_looked(connection, told)
        return following

    def _new_names(self, connection: sqlite3.Connection, told: ToldAnew, now: datetime) -> frozenset[bytes]:
        """What a version names that the one before it did not."""
        this, before = (self._version(connection, told.subject_id, v) for v in (told.version, told.before))
        mine, known = (ties.names_in(self._on, ties.recent(one, now)) for one in (this, before))
        return mine - known

    def _version(self, connection: sqlite3.Connection, subject_id: str, version: int) -> Logged | None:
        try:
            key = self._on.key_of(connection, subject_id)
            return disclosures.of_version(connection, key, subject_id, version)
        except (LookupError, Erased):
            return None

    def _let_go(self, connection: sqlite3.Connection, moderator_id: str, now: datetime) -> None:
        """What is kept from somebody by what they told is no longer theirs, nor its conversation."""
        for case_id in late.near_to(connection, moderator_id):
            case = cases.get(connection, case_id)
            if case is None:
                continue
            hand = hands.hand_of_moderator(connection, self._on, moderator_id, case)
            if hand.tie is not Tie.NONE:
                claims.let_go_if_theirs(connection, self._on, moderator_id, case.id)
                talks.step_out(connection, case.id, moderator_id, now)

    def _hold_against(
        self,
        connection: sqlite3.Connection,
        told: ToldAnew,
        new: frozenset[bytes],
        case_id: str,
        now: datetime,
    ) -> None:
        case = cases.get(connection, case_id)
        if case is None or not self._touches(connection, case, new, now):
            return
        task = tasks.open_late(connection, case.id, case.subject_id, told.at, now)
        if task is not None:
            _note(connection, events.MACHINE, "case.late_interest", case.id, now)
            key, kind = f"task:{task.id}", EffectKind.NOTICE
            effects.want(connection, kind, key=key, now=now, target="late_interest")

    def _touches(
        self, connection: sqlite3.Connection, case: Case, new: frozenset[bytes], now: datetime
    ) -> bool:
        """Whether names meet what was told in a case, or by its person since."""
        try:
            key = self._on.key_of(connection, case.subject_id)
        except (LookupError, Erased):
            return False
        told = (
            disclosures.current_of_case(connection, key, case.id),
            disclosures.current(connection, key, case.subject_id),
        )
        names = (ties.names_in(self._on, ties.recent(one, now)) for one in told)
        return any(ties.meet(connection, new, theirs) for theirs in names)

    async def look_again(self, visitor: Visitor, task_id: str) -> LooksAgain | NotLooking:
        """*Look again*: from now on somebody looks who is not tied, and the person concerned is told, once.

        The file itself is opened as any other.
        """
        return await self._on.database.write(
            lambda connection: self._look_again(connection, visitor, task_id)
        )

    def _look_again(
        self, connection: sqlite3.Connection, visitor: Visitor, task_id: str
    ) -> LooksAgain | NotLooking:
        if not hands.has_role(self._on, visitor):
            return NotLooking("not_a_moderator")
        task, now = tasks.get(connection, task_id), self._on.now()
        case = cases.get(connection, task.case_id or "") if task else None
        if task is None or case is None:
            return NotLooking("task_gone")
        if why := hands.turned_away(connection, self._on, visitor, Act.OPEN, case):
            return NotLooking(why)
        key = f"again:{task.id}"
        if not effects.exists(connection, EffectKind.MESSAGE, key):
            target = f"again:{case.id}"
            effects.want_once(
                connection, EffectKind.MESSAGE, key=key, now=now, case_id=case.id, target=target
            )
            by = hands.acting(connection, self._on, visitor).id
            _note(connection, by, "case.looked_at_again", case.id, now)
        return LooksAgain(case.id)


def _note(connection: sqlite3.Connection, by: str, action: str, case_id: str, now: datetime) -> None:
    events.record(connection, now=now, actor=by, action=action, object_kind="case", object_id=case_id)
