"""Rounds: now and then, everybody in the server is looked at beside what is on record, and put right.

A round goes over the members page by page, in small units of work, so that nobody who presses a button
waits for it. Of everybody it has seen it keeps one number. Whoever should be there and was not on any
page is looked for once more before they count as gone, because a page may be older than their joining.
"""

import asyncio
import logging
import random
import sqlite3
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.clock import to_ms
from bot.drift import MOST_TOLD, Drift, Look
from bot.foundation import Foundation
from bot.gate import Gate
from bot.ports import Lookout, Member, Refused, Why
from bot.store import effects, marks, moderators, presence
from bot.store.effects import EffectKind
from bot.store.presence import Expected

_log = logging.getLogger(__name__)

EVERY = timedelta(hours=6)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=30)
_CARDS_AT_ONCE = 200
_EXPECTED_AT_ONCE = 500
_LEAVING_AT_ONCE = 50
_SHUFFLE = random.SystemRandom()


class NextPage(Protocol):
    """Reads the next page of people who should be there."""

    def __call__(
        self, connection: sqlite3.Connection, place: str, before: datetime, most: int
    ) -> list[Expected]:
        """Read the page that begins after a place."""


class Rounds:
    """Looks at everybody. One object goes all rounds, one at a time."""

    def __init__(self, foundation: Foundation, gate: Gate, drift: Drift, lookout: Lookout) -> None:
        """Take what every use case stands on, the gate, what puts people right, and the port that looks."""
        self._on = foundation
        self._gate = gate
        self._drift = drift
        self._lookout = lookout
        self._one_at_a_time = asyncio.Lock()
        self._wanted = False
        self._pause = _FIRST_PAUSE
        self._not_before: datetime | None = None

    def want(self) -> None:
        """Something may have gone unnoticed: go a round soon. Wanted during one, there is one more."""
        self._wanted = True

    async def run_if_due(self, now: datetime) -> None:
        """Go a round if one is wanted, or the last was long ago; after one that failed, not at once."""
        last = await self._on.database.read(lambda c: marks.at(c, marks.RECONCILED))
        due = self._wanted or last is None or not timedelta() <= now - last < EVERY
        early = self._not_before is not None and timedelta() < self._not_before - now <= _LONGEST_PAUSE
        if due and not early:
            await self.run(now)

    async def run(self, now: datetime) -> bool:
        """Go one round. False: it could not be completed, and is wanted again."""
        async with self._one_at_a_time:
            self._wanted = complete = False
            try:
                complete = await self._round(now)
            finally:
                if complete:
                    self._pause, self._not_before = _FIRST_PAUSE, None
                else:
                    self._not_before = now + self._pause
                    self._pause = min(self._pause * 2, _LONGEST_PAUSE)
                    self.want()
            return complete

    async def _round(self, now: datetime) -> bool:
        discord = self._on.config.discord
        look = await self._drift.look(now)
        await self._on.database.write(lambda connection: self._look_after_cards(connection, now))
        listed = discord is not None and discord.members_intent
        if listed:
            seen = await self._meet_everybody(look, now)
            if seen is None:
                return False
            await self._miss(seen, look, now, presence.expected_after)
            await self._miss(seen, look, now, presence.earlier_after)
        else:
            await self._on.database.write(lambda connection: self._say_it_cannot_look(connection, now))
        await self._on.database.write(lambda connection: self._finish(connection, look, now, listed=listed))
        return look.complete

    async def _meet_everybody(self, look: Look, now: datetime) -> set[int] | None:
        """Go over all members; return the numbers of those on record. None: not all could be read."""
        seen: set[int] = set()
        after = 0
        while page := await self._lookout.members(after):
            if not isinstance(page, tuple):
                _log.warning("the list of members could not be read to its end; it is tried again later")
                return None
            # Discord lists people by their ids. Recorded in that order, who is who could be told from it.
            shuffled = _SHUFFLE.sample(page, len(page))
            seen |= await self._drift.see_to(shuffled, look)
            await self._note_moderators(shuffled, now)
            if page[-1].user_id <= after:
                return None
            after = page[-1].user_id
            await asyncio.sleep(0)
        return seen

    async def _note_moderators(self, members: list[Member], now: datetime) -> None:
        """Note who of these holds a role of moderators at this moment."""
        roles = self._on.config.moderator_roles
        held = [m.user_id for m in members if not m.bot and not roles.isdisjoint(m.role_ids)]

        def note(connection: sqlite3.Connection) -> None:
            ids = [self._on.find_or_add(connection, user_id, now).id for user_id in held]
            moderators.note_seen(connection, ids, now)

        if held:
            await self._on.database.write(note)

    async def _miss(self, seen: set[int], look: Look, before: datetime, next_page: NextPage) -> None:
        """Look once more for everybody who should be there and was not seen."""
        read, place = self._on.database.read, ""
        while expected := await read(partial(next_page, place=place, before=before, most=_EXPECTED_AT_ONCE)):
            place = expected[-1].place
            missing = {one.number: one.subject_id for one in expected if one.number not in seen}
            seen |= missing.keys()
            if missing and not await self._look_for(list(missing.values()), look):
                look.complete = False
                return
            await asyncio.sleep(0)

    async def _look_for(self, subject_ids: list[str], look: Look) -> bool:
        """Look for people one by one. False: Discord did not answer, and nobody else counts as gone."""
        leaving: list[int] = []
        answered = True
        for subject_id in subject_ids:
            user_id = await self._on.database.read(partial(self._user_id, subject_id=subject_id))
            if user_id is None:
                continue
            member = await self._lookout.member(user_id)
            if isinstance(member, Member):
                await self._drift.see_to([member], look, confirmed=True)
            elif isinstance(member, Refused) and member.why is Why.GONE:
                leaving.append(user_id)
            else:
                answered = False
                break
            if len(leaving) == _LEAVING_AT_ONCE:
                await self._let_go(leaving)
        await self._let_go(leaving)
        return answered

    def _user_id(self, connection: sqlite3.Connection, subject_id: str) -> int | None:
        """Somebody's Discord id; None when they have been forgotten meanwhile."""
        return self._on.user_id(connection, subject_id)

    async def _let_go(self, leaving: list[int]) -> None:
        await asyncio.gather(*(self._gate.leave(user_id) for user_id in leaving))
        leaving.clear()

    def _look_after_cards(self, connection: sqlite3.Connection, now: datetime) -> None:
        """See that the cards of open cases stand, where nobody has lately. The sweep sees to the panel."""
        for case_id in presence.to_show(connection, now - EVERY / 2, now, _CARDS_AT_ONCE):
            effects.want(connection, EffectKind.CARD, key=case_id, now=now, case_id=case_id)

    def _say_it_cannot_look(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Without the members intent nobody can be listed: say so, once for good."""
        effects.want_once(connection, EffectKind.NOTICE, key="cannot_look", now=now, target="cannot_look")

    def _finish(self, connection: sqlite3.Connection, look: Look, now: datetime, *, listed: bool) -> None:
        more = look.incidents - MOST_TOLD
        if more > 0:
            key, target = f"drift_more:{to_ms(now)}", f"drift_more:{more}"
            effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)
        if look.complete:
            marks.note(connection, marks.RECONCILED, now)
        if listed:
            moderators.note_missing(connection, now, now)
        if look.complete and listed:
            marks.note(connection, self._drift.baseline, now)
