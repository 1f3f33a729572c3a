"""Nobody eligible: a case that every moderator is kept from needs somebody from outside.

The sweep works it out, a few cases at a time, and only where something has changed: a case, a recusal,
who is a moderator, what they told about themselves, or the register of organisations. What was worked
out is kept in memory; a start begins anew.
"""

import sqlite3
from datetime import datetime

from bot.access import Act, Filed, why_not
from bot.fairness import hands
from bot.foundation import Foundation
from bot.store import cases, effects, events, staffing
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.staffing import Place
from bot.vault import Erased

_AT_ONCE = 50


def nobody_is_left(connection: sqlite3.Connection, on: Foundation, case: Case) -> bool:
    """Whether every moderator whose own disclosure is current is kept from a case.

    As long as nobody has told anything of themselves, that is what is missing, and nobody from outside.
    """
    act = _needed(connection, case)
    if act is None:
        return False
    some_filed = False
    for subject_id, _ in staffing.team(connection):
        hand = hands.hand_of_moderator(connection, on, subject_id, case)
        if not why_not(act, hand):
            return False
        some_filed = some_filed or hand.filed is Filed.CURRENT
    return some_filed


def _needed(connection: sqlite3.Connection, case: Case) -> Act | None:
    """What somebody of the team has to be able to do; None where nothing waits for them."""
    if case.state.is_open and case.lapse_at is None:
        return Act.DECIDE
    return Act.APPEAL if staffing.has_open_appeal(connection, case.id) else None


class Staffing:
    """Looks after cases that nobody of the team may decide."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._team: object = None
        self._looked: dict[str, Place] = {}
        """The cases that were looked at with this team, as they were then."""
        self._recusal = 0

    async def run(self, now: datetime) -> None:
        """Look at whatever has changed since the last pass."""
        due = await self._on.database.read(self._due)
        for begin in range(0, len(due), _AT_ONCE):
            await self._look(due[begin : begin + _AT_ONCE], now)

    async def _look(self, some: list[Place], now: datetime) -> None:
        wrong = await self._on.database.read(lambda connection: self._wrong(connection, some))
        if wrong:
            await self._on.database.write(lambda connection: self._put_right(connection, wrong, now))
        self._looked.update({place.case_id: place for place in some})

    def _due(self, connection: sqlite3.Connection) -> list[Place]:
        places = staffing.places(connection)
        team = self._stamp(connection)
        if team != self._team:
            self._team, self._looked = team, {}
        for case_id in staffing.kept_from_somebody_since(connection, self._recusal):
            self._looked.pop(case_id, None)
        self._recusal = staffing.last_recusal(connection)
        self._looked = {one.case_id: one for one in places if self._looked.get(one.case_id) == one}
        return [place for place in places if place.case_id not in self._looked]

    def _stamp(self, connection: sqlite3.Connection) -> object:
        """Something that is different once anybody may be eligible who was not, or the other way round."""
        team = [
            (subject_id, version, hands.filed(connection, self._on, subject_id))
            for subject_id, version in staffing.team(connection)
        ]
        return team, staffing.register_stamp(connection)

    def _wrong(self, connection: sqlite3.Connection, some: list[Place]) -> list[str]:
        """Those of some cases of which it is not on record how they stand."""
        return [
            one.case_id for one in some if self._is_blocked(connection, one.case_id) is not one.is_blocked
        ]

    def _is_blocked(self, connection: sqlite3.Connection, case_id: str) -> bool:
        case = cases.get(connection, case_id)
        try:
            return case is not None and nobody_is_left(connection, self._on, case)
        except Erased:
            return False

    def _put_right(self, connection: sqlite3.Connection, case_ids: list[str], now: datetime) -> None:
        for case_id in case_ids:
            case, blocked = cases.get(connection, case_id), self._is_blocked(connection, case_id)
            if case is None or blocked is (case.blocked_at is not None):
                continue
            if blocked:
                staffing.block(connection, case_id, now)
                self._tell(connection, case, now)
            else:
                staffing.unblock(connection, case_id)
            action = "case.blocked" if blocked else "case.unblocked"
            events.record(
                connection,
                now=now,
                actor=events.MACHINE,
                action=action,
                object_kind="case",
                object_id=case_id,
            )
            effects.want(connection, EffectKind.CARD, key=case_id, now=now, case_id=case_id)

    def _tell(self, connection: sqlite3.Connection, case: Case, now: datetime) -> None:
        """Have the admins hear that somebody from outside is needed, and the person why it takes longer.

        Their status page tells them in any case. A message comes once, to who may be sent one.
        """
        moment = int(now.timestamp() * 1000)
        key, target = f"blocked:{case.id}:{moment}", f"blocked:{case.id}"
        effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, case_id=case.id, target=target)
        if case.may_remind_at is not None:
            effects.want_once(
                connection, EffectKind.MESSAGE, key=target, now=now, case_id=case.id, target=target
            )
