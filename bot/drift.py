"""Drift: where the server and the decisions differ, about one person or many, and putting it right."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from bot.foundation import Foundation
from bot.gate import Gate
from bot.incidents import Incidents
from bot.model import Visitor
from bot.ports import Later, Lookout, Member, Refused, RoleChange, Why
from bot.reconcile import (
    CONFIRMED_FIRST,
    Do,
    LastChange,
    Person,
    Policy,
    Seen,
    Standing,
    depends_on_last_change,
    reconcile,
)
from bot.store import effects, events, marks, presence, subjects
from bot.store.effects import EffectKind
from bot.store.presence import Found

_log = logging.getLogger(__name__)

MOST_TOLD = 5
"""Incidents that one look tells about one by one. A crowd is told about together."""

_AT_ONCE = 100
"""People in one unit of work: whoever presses a button meanwhile waits some milliseconds at most."""

_LOG_REACHES = timedelta(days=45)
"""How long Discord keeps its audit log."""


@dataclass(slots=True)
class Look:
    """One look at the server: what it goes by, and what came of it."""

    policy: Policy
    since: datetime
    """When somebody last looked: who changed a role before that is of no interest."""
    changes: Mapping[int, RoleChange] | None = None
    """The newest change of each person's role, once it has been read."""
    blind: bool = False
    """The bot may not read who changed roles."""
    complete: bool = True
    """Nothing has to be looked at again."""
    incidents: int = 0


class Drift:
    """Puts right what is found about people. One object serves everybody."""

    def __init__(self, foundation: Foundation, gate: Gate, lookout: Lookout) -> None:
        """Take what every use case stands on, the gate, and the port that looks."""
        self._on = foundation
        self._gate = gate
        self._lookout = lookout
        self._incidents = Incidents(foundation)
        self._in_order = asyncio.Lock()

    async def look(self, now: datetime) -> Look:
        """Begin to look at the server."""
        baseline, last = await self._on.database.read(
            lambda c: (marks.at(c, self.baseline), marks.at(c, marks.RECONCILED))
        )
        take_back = self._on.config.drift.unrecorded == "take_back"
        since = now - _LOG_REACHES
        if last is not None and last <= now:
            since = max(last - timedelta(hours=1), since)
        return Look(Policy(take_back=take_back, first_look=baseline is None), since)

    @property
    def baseline(self) -> str:
        """The mark of the first look. Another member role is another beginning."""
        discord = self._on.config.discord
        return f"baseline:{discord.member_role if discord else 0}"

    async def role_changed(self, change: RoleChange) -> bool:
        """Somebody gave or took the member role, just now. False: it could not be looked into."""
        if change.own:
            return True
        async with self._in_order:
            look = await self.look(self._on.now())
            look.changes = {change.user_id: change}
            await self._look_into(change.user_id, look, has_role=change.given)
            return look.complete

    async def came_with_role(self, user_id: int) -> bool:
        """Somebody joined who has the member role already. False: it could not be looked into."""
        async with self._in_order:
            look = await self.look(self._on.now())
            look.changes = {}
            await self._look_into(user_id, look, has_role=True)
            return look.complete

    async def _look_into(self, user_id: int, look: Look, *, has_role: bool) -> None:
        """See to one person, if what was heard of them is news; as they are now, not as it was heard."""
        [found] = await self._found([user_id])
        record, discord = found.record, self._on.config.discord
        if look.policy.first_look and record.standing is Standing.UNKNOWN:
            if discord is None or discord.members_intent:
                return  # The first round is yet to tell who was here before the bot.
            look.policy = replace(look.policy, first_look=False)
        heard = Seen(has_role, pending=record.pending, automod=record.automod)
        person = Person(user_id, heard, record, self._last(user_id, look))
        todo = {action.do for action in reconcile([person], look.policy)}
        if Do.NOTE_GIVEN in todo and not await self._given_by_a_person(user_id, look):
            return
        if todo:
            member = await self._confirmed(user_id, look)
            await self.see_to([member] if member else [], look, confirmed=True)

    async def _given_by_a_person(self, user_id: int, look: Look) -> bool:
        """Find out whether a bot gave the role; False when that cannot be found out now."""
        change = (look.changes or {})[user_id]
        actor = await self._lookout.member(change.by)
        if isinstance(actor, Later):
            look.complete = False
            return False
        look.changes = {user_id: replace(change, by_bot=isinstance(actor, Member) and actor.bot)}
        return True

    async def see_to(self, members: Sequence[Member], look: Look, *, confirmed: bool = False) -> set[int]:
        """Put right what is found about these people; return the numbers of those who are on record."""
        members = [member for member in members if not member.bot]
        numbers: set[int] = set()
        for some in _in_parts(members):
            found = await self._found([member.user_id for member in some])
            numbers.update(one.number for one in found if one.number is not None)
            todo = [
                member
                for member, one in zip(some, found, strict=True)
                if reconcile([self._person(member, one, look)], look.policy)
            ]
            if todo:
                await self._put_right(todo, look, confirmed=confirmed)
        return numbers

    async def _put_right(self, members: Sequence[Member], look: Look, *, confirmed: bool) -> None:
        found = await self._found([member.user_id for member in members])
        people = [self._person(m, one, look) for m, one in zip(members, found, strict=True)]
        if look.changes is None and _who_did_it_matters(people, look.policy):
            await self._read_changes(look)
        sure = []
        for member, one in zip(members, found, strict=True):
            person = self._person(member, one, look)
            if depends_on_last_change(person) and look.changes is None:
                look.complete = False
                continue
            if depends_on_last_change(person) and look.blind and not _has_role(person):
                continue  # Giving it again could undo what a person did. Pressing *Start* gives it, too.
            todo = {action.do for action in reconcile([person], look.policy)}
            to_confirm = not confirmed and not todo.isdisjoint(CONFIRMED_FIRST)
            as_they_are = await self._confirmed(member.user_id, look) if to_confirm else member
            sure.extend([as_they_are] if as_they_are else [])
        if sure:
            look.incidents += await self._on.database.write(lambda c: self._carry_out(c, sure, look))

    async def _confirmed(self, user_id: int, look: Look) -> Member | None:
        """Somebody as they are at this moment; None when they have left or it cannot be told."""
        member = await self._lookout.member(user_id)
        if isinstance(member, Member):
            return member
        if not (isinstance(member, Refused) and member.why is Why.GONE):
            look.complete = False
        return None

    async def _read_changes(self, look: Look) -> None:
        read = await self._lookout.role_changes(look.since)
        if isinstance(read, Later):
            return
        if isinstance(read, Refused):
            _log.warning("the audit log cannot be read (%s): who changes roles stays unknown", read.why.value)
            look.blind, read = True, ()
            await self._on.database.write(self._say_it_is_blind)
        look.changes = {change.user_id: change for change in reversed(read)}

    def _say_it_is_blind(self, connection: sqlite3.Connection) -> None:
        """Say, once for good, which permission is missing."""
        now = self._on.now()
        effects.want_once(connection, EffectKind.NOTICE, key="cannot_read", now=now, target="cannot_read")

    async def _found(self, user_ids: Sequence[int]) -> list[Found]:
        vault = self._on.vault
        return await self._on.database.read(
            lambda c: [presence.find(c, vault.lookup(user_id)) for user_id in user_ids]
        )

    def _person(self, member: Member, found: Found, look: Look) -> Person:
        discord = self._on.config.discord
        run_by = frozenset((*discord.moderator_roles, *discord.staff_roles)) if discord else frozenset[int]()
        seen = Seen(
            has_role=discord is not None and discord.member_role in member.role_ids,
            runs_the_place=member.owner or not run_by.isdisjoint(member.role_ids),
            pending=member.pending,
            automod=member.automod,
        )
        return Person(member.user_id, seen, found.record, self._last(member.user_id, look))

    def _last(self, user_id: int, look: Look) -> LastChange | None:
        change = (look.changes or {}).get(user_id)
        return LastChange(change.given, change.at, change.own, change.by_bot) if change else None

    def _carry_out(self, connection: sqlite3.Connection, members: Sequence[Member], look: Look) -> int:
        """Do what has to be done, as things stand in this unit of work. Returns how many incidents it was."""
        hand = _Hand(self._on.now())
        for member in members:
            found = presence.find(connection, self._on.vault.lookup(member.user_id))
            for action in reconcile([self._person(member, found, look)], look.policy):
                self._do(connection, action.do, member, found, look, hand)
        self._gate.met_within(connection, hand.arrived)
        self._note_earlier(connection, hand)
        return hand.incidents

    def _do(
        self,
        connection: sqlite3.Connection,
        do: Do,
        member: Member,
        found: Found,
        look: Look,
        hand: "_Hand",
    ) -> None:
        case_id = found.case_id
        change = (look.changes or {}).get(member.user_id)
        match do:
            case Do.ARRIVE:
                hand.arrived.append(self._visitor(member, hand.now))
            case Do.NOTE_EARLIER:
                hand.earlier.append(member.user_id)
            case Do.TAKE_BACK | Do.ALERT:
                hand.incidents += 1
                aloud = look.incidents + hand.incidents <= MOST_TOLD
                tell = self._incidents.take_back if do is Do.TAKE_BACK else self._incidents.alert
                tell(connection, member, change, aloud=aloud)
            case Do.NOTE_TAKEN | Do.NOTE_GIVEN if case_id and change:
                note = self._incidents.taken if do is Do.NOTE_TAKEN else self._incidents.given
                note(connection, case_id, change)
            case Do.SETTLE:
                self._incidents.settle(connection, found.subject_id)
            case Do.NOTE_SIGNS if case_id:
                presence.note_signs(connection, [(case_id, member.pending, member.automod)])
            case Do.GRANT if case_id:
                effects.want(connection, EffectKind.GRANT, key=case_id, now=hand.now, case_id=case_id)
            case _:
                raise ValueError(do.value)

    def _visitor(self, member: Member, now: datetime) -> Visitor:
        locale = self._on.config.community.language
        return Visitor(
            member.user_id, locale, now, member.role_ids, member.pending, member.automod, member.joined_at
        )

    def _note_earlier(self, connection: sqlite3.Connection, hand: "_Hand") -> None:
        if not hand.earlier:
            return
        vault, ids, strangers = self._on.vault, list[str](), dict[bytes, int]()
        for user_id in hand.earlier:
            lookup = vault.lookup(user_id)
            subject = subjects.find(connection, lookup)
            if subject is None:
                strangers[lookup] = user_id
            else:
                ids.append(subject.id)
        ids += [one.id for one in subjects.add_all(connection, vault, strangers, hand.now)]
        presence.note_earlier(connection, ids, hand.now)
        lines = [(events.MACHINE, subject_id) for subject_id in ids]
        events.record_all(connection, hand.now, "member.from_before", "subject", lines)

    async def bot_added(self, bot_id: int, name: str, permissions: int, by: int | None) -> None:
        """A bot was added to the server. Who added it may be told a moment later than that it came."""

        def want(connection: sqlite3.Connection) -> None:
            now = self._on.now()
            who = self._on.find_or_add(connection, by, now).id if by else ""
            target = f"bot_added:{who}:{permissions}:{name}"
            key = f"bot:{self._on.vault.fingerprint(str(bot_id))[:16]}:{now.date().isoformat()}"
            due = now if by else now + _LOG_COMES_WITHIN
            effects.want_once(connection, EffectKind.NOTICE, key=key, now=due, target=target)
            if by:
                effects.retarget(connection, EffectKind.NOTICE, key, target)

        await self._on.database.write(want)


_LOG_COMES_WITHIN = timedelta(seconds=10)


@dataclass(slots=True)
class _Hand:
    """What one unit of work gathers, to do it for several people at once."""

    now: datetime
    arrived: list[Visitor] = field(default_factory=list)
    earlier: list[int] = field(default_factory=list)
    incidents: int = 0


def _who_did_it_matters(people: Iterable[Person], policy: Policy) -> bool:
    found = {action.do for action in reconcile(people, policy)}
    return any(map(depends_on_last_change, people)) or not found.isdisjoint({Do.TAKE_BACK, Do.ALERT})


def _has_role(person: Person) -> bool:
    return person.seen is not None and person.seen.has_role


def _in_parts(members: Sequence[Member]) -> Iterable[list[Member]]:
    rest = iter(members)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
