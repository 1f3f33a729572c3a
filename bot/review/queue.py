"""The queue: whose turn it is, what is due, and taking the most urgent case.

What a reader sees is theirs: a concern about them is in no list, count or page, and what could tell more
than the shared card, such as a filter by rule, names only cases that they may open. All work is bounded,
however much is stored.
"""

import heapq
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice

from bot.access import Act, Filed, Tie, is_moderator
from bot.clock import from_ms
from bot.fairness import hands
from bot.fairness.hands import Reach, hand_of, may_not
from bot.foundation import Foundation
from bot.model import Visitor
from bot.review import claims, filtering
from bot.review.appeal_files import AppealFile, opened
from bot.review.desk import CaseFile, Denied, Desk
from bot.review.filtering import LOOKED_AT
from bot.review.next_step import FOR_THE_TEAM, LISTED, OF_CASES, Group, Owner
from bot.review.second_looks import may_not_look
from bot.store import appeals, cases, effects, presence, queue, stops, tasks
from bot.store.cases import Case
from bot.store.claims import ClaimKind, Item
from bot.store.effects import Effect
from bot.store.presence import EarlierMembers
from bot.store.queue import TOP, Line, Place
from bot.store.stops import HeldUp
from bot.store.tasks import Task

AT_A_GLANCE = 5
"""Lines of each list on the first screen."""
ON_A_PAGE = 10
COUNTED = 100
"""A list is counted as far as this; more is more."""

_FOUND = 20
"""Cases that a filter lists."""
_TASKS_LOOKED_AT = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """A line, with the Discord id of whoever has it."""

    line: Line
    holder: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, or a page of it."""

    group: Group
    lines: tuple[Shown, ...]
    tasks: tuple[Task, ...] = ()
    count: int | None = None
    """How long the whole list is, counted as far as ``COUNTED`` + 1; None where nobody counted."""
    more: Place | None = None
    """Where the next page begins; None on the last."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What waits, each list cut short."""

    lists: tuple[Listed, ...]
    stuck: tuple[tuple[Effect, str], ...]
    """Effects that wait for a person, each with the case code it is about, if any."""
    held_up: tuple[HeldUp, ...]
    """Kinds of effects that a person has to mend something for; all of each kind wait together."""
    stuck_count: int
    earlier: EarlierMembers
    """How far asking the members from before the bot has come."""
    now: datetime

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Tasks on the first screen."""
        return self.of(Group.TASKS).tasks

    def of(self, group: Group) -> Listed:
        """One of the lists; empty where nothing is in it."""
        return next((listed for listed in self.lists if listed.group is group), Listed(group, ()))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one list."""

    listed: Listed
    now: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody looks for. All that is given has to fit."""

    rule: str = ""
    category: str = ""
    free: bool = False
    """Only what nobody has."""
    mine: bool = False
    holder: int | None = field(default=None, repr=False)
    """Only what the person with this Discord id has."""


@dataclass(frozen=True, slots=True)
class Found:
    """What fits a filter, as far as it was looked."""

    lines: tuple[Shown, ...]
    cut: bool
    """There may be more."""
    now: datetime


class Queue:
    """Use cases of the queue. One object serves everybody."""

    def __init__(self, foundation: Foundation, desk: Desk) -> None:
        """Take what every use case stands on, and the desk that opens files."""
        self._on = foundation
        self._desk = desk

    async def show(self, visitor: Visitor) -> Overview | Denied:
        """What waits for the team."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.read(lambda connection: self._overview(connection, visitor))

    async def page(self, visitor: Visitor, group: Group, after: Place) -> Page | Denied:
        """A page of one list, from a place on."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.read(
            lambda connection: Page(self._list(connection, visitor, group, after, ON_A_PAGE), self._on.now())
        )

    async def find(self, visitor: Visitor, wanted: Filter) -> Found | Denied:
        """Open cases, appeals and concerns that fit a filter."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.read(lambda connection: self._find(connection, visitor, wanted))

    async def open_next(self, visitor: Visitor) -> CaseFile | AppealFile | Denied:
        """Take the most urgent case or appeal that this moderator may see to, and open its file."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.write(lambda connection: self._open_next(connection, visitor))

    def _is_moderator(self, visitor: Visitor) -> bool:
        return is_moderator(role_ids=visitor.role_ids, moderator_roles=self._on.config.moderator_roles)

    def _overview(self, connection: sqlite3.Connection, visitor: Visitor) -> Overview:
        lists = [self._list(connection, visitor, group, TOP, AT_A_GLANCE) for group in LISTED]
        stuck = effects.stuck(connection, AT_A_GLANCE)
        return Overview(
            lists=tuple(listed for listed in lists if listed.lines or listed.tasks),
            stuck=tuple((effect, self._code(connection, effect.case_id)) for effect in stuck),
            held_up=tuple(stops.held_up(connection)),
            stuck_count=queue.count_stuck(connection),
            earlier=presence.earlier_members(connection),
            now=self._on.now(),
        )

    def _code(self, connection: sqlite3.Connection, case_id: str | None) -> str:
        case = cases.get(connection, case_id) if case_id else None
        return case.code if case else ""

    def _list(
        self, connection: sqlite3.Connection, visitor: Visitor, group: Group, after: Place, most: int
    ) -> Listed:
        if group is Group.TASKS:
            return self._tasks(connection, visitor, after, most)
        reader_id = self._reader_id(connection, visitor)
        if group is Group.APPEALS:
            found = queue.appeals(connection, after, most + 1)
            count = queue.count_appeals(connection, COUNTED + 1)
        elif group is Group.CONCERNS:
            found = queue.concerns(connection, reader_id, after, most + 1)
            count = queue.count_concerns(connection, reader_id, COUNTED + 1)
        elif group in OF_CASES:
            found = queue.page(connection, group, after, most + 1)
            count = queue.count(connection, group, COUNTED + 1)
        else:
            return Listed(group, ())
        more = found[most - 1].place if len(found) > most else None
        lines = tuple(self._shown(connection, line) for line in found[:most])
        return Listed(group, lines, count=count, more=more)

    def _tasks(self, connection: sqlite3.Connection, visitor: Visitor, after: Place, most: int) -> Listed:
        """Tasks about people and cases that nothing ties the reader to."""
        place = None if after == TOP else (from_ms(after.due), after.id)
        looked_at = tasks.all_open(connection, _TASKS_LOOKED_AT, place)
        seen = list(islice((t for t in looked_at if not tied(connection, self._on, visitor, t)), most + 1))
        more = queue.task_place(seen[most - 1]) if len(seen) > most else None
        if more is None and len(looked_at) == _TASKS_LOOKED_AT:
            more = queue.task_place(looked_at[-1])
        return Listed(Group.TASKS, (), tuple(seen[:most]), more=more)

    def _reader_id(self, connection: sqlite3.Connection, visitor: Visitor) -> str:
        known = self._on.find(connection, visitor.user_id)
        return known.id if known else ""

    def _shown(self, connection: sqlite3.Connection, line: Line) -> Shown:
        holder_id = line.step.holder_id
        return Shown(line, self._on.user_id(connection, holder_id) if holder_id else None)

    def _find(self, connection: sqlite3.Connection, visitor: Visitor, wanted: Filter) -> Found:
        reader_id = self._reader_id(connection, visitor)
        holder_id = reader_id if wanted.mine else ""
        if wanted.holder is not None:
            asked_for = self._on.find(connection, wanted.holder)
            holder_id = asked_for.id if asked_for and holder_id in {"", asked_for.id} else "-"
        by_holder = wanted.mine or wanted.holder is not None
        if by_holder and (wanted.free or holder_id in {"", "-"}):
            return Found((), cut=False, now=self._on.now())
        if by_holder:
            lines = filtering.held_by(connection, holder_id, reader_id)
        else:
            lines = filtering.from_the_top(connection, reader_id, wanted.rule, wanted.category)
        reach, looked_at, found = Reach(connection, self._on, visitor), 0, []
        for line in lines:
            looked_at += 1
            if line is not None and self._fits(connection, reach, line, wanted):
                found.append(line)
            if len(found) > _FOUND:
                break
        return Found(
            lines=tuple(self._shown(connection, line) for line in found[:_FOUND]),
            cut=len(found) > _FOUND or looked_at >= LOOKED_AT,
            now=self._on.now(),
        )

    def _fits(self, connection: sqlite3.Connection, reach: Reach, line: Line, wanted: Filter) -> bool:
        if wanted.free and line.step.holder_id:
            return False
        if not wanted.rule and not wanted.category:
            return True
        return (
            line.case is not None
            and filtering.case_fits(connection, line.case.id, wanted.rule, wanted.category)
            and not reach.may_not(Act.OPEN, line.case)
        )

    def _open_next(self, connection: sqlite3.Connection, visitor: Visitor) -> CaseFile | AppealFile | Denied:
        line = self._next(connection, visitor)
        if line is None or line.case is None:
            return Denied(self._nothing(connection, visitor))
        case, appealed = line.case, line.step.group is Group.APPEALS
        if (case.state.is_open or appealed) and not line.step.holder_id:
            moderator = self._on.find_or_add(connection, visitor.user_id, self._on.now())
            kind = ClaimKind.APPEAL if appealed else ClaimKind.CASE
            item = Item(kind, line.item_id, case.code, case.id)
            claims.take(connection, self._on, item, moderator.id, by=moderator.id)
        if appealed:
            return opened(connection, self._on, visitor, appeals.get(connection, line.item_id))
        return self._desk.open_within(connection, visitor, case, "nothing_waits")

    def _nothing(self, connection: sqlite3.Connection, visitor: Visitor) -> str:
        """Why there is no next one: whoever has not told of their own links has none, whatever waits."""
        filed = hands.filed(connection, self._on, self._reader_id(connection, visitor))
        return "nothing_waits" if filed is Filed.CURRENT else f"interests_{filed.value}"

    def _next(self, connection: sqlite3.Connection, visitor: Visitor) -> Line | None:
        """What is due first, of all that the moderator may do; what a colleague has comes last."""
        reader_id, with_others = self._reader_id(connection, visitor), []
        for line in islice(_by_urgency(connection), LOOKED_AT):
            if line.step.owner is Owner.CLOCK:
                continue
            if line.step.holder_id not in {"", reader_id}:
                with_others.append(line)
            elif self._may_do(connection, visitor, line):
                return line
        if not self._on.config.review.act_on_claimed:
            return None
        return next((line for line in with_others if self._may_do(connection, visitor, line)), None)

    def _may_do(self, connection: sqlite3.Connection, visitor: Visitor, line: Line) -> bool:
        if line.case is None:
            return False
        if line.step.group is Group.APPEALS:
            appeal = appeals.get(connection, line.item_id)
            if appeal is None or line.step.owner in {Owner.SECOND, Owner.OUTSIDE}:
                return False
            return not may_not_look(connection, self._on, visitor, line.case, appeal)
        act = Act.CONFIRM if line.step.group is Group.SECOND else Act.DECIDE
        return not may_not(connection, self._on, visitor, act, line.case)


def tied(connection: sqlite3.Connection, on: Foundation, visitor: Visitor, task: Task) -> bool:
    """Whether something ties somebody to what a task is about: they are not shown it."""
    known = on.find(connection, visitor.user_id)
    if known is not None and known.id == task.subject_id:
        return True
    case = cases.get(connection, task.case_id) if task.case_id else _newest(connection, task.subject_id)
    return case is not None and hand_of(connection, on, visitor, case).tie is not Tie.NONE


def _newest(connection: sqlite3.Connection, subject_id: str) -> Case | None:
    return next(iter(cases.of_subject(connection, subject_id)), None)


_CANDIDATES = tuple(group for group in FOR_THE_TEAM if group is not Group.BLOCKED)


def _by_urgency(connection: sqlite3.Connection) -> Iterator[Line]:
    """Cases and appeals that somebody of the team could take, what is due first at the top."""
    return heapq.merge(
        *(_all_of(partial(queue.page, connection, group)) for group in _CANDIDATES),
        _all_of(partial(queue.appeals, connection)),
        key=lambda line: line.place.due,
    )


def _all_of(read: Callable[[Place, int], list[Line]]) -> Iterator[Line]:
    after = TOP
    while found := read(after, ON_A_PAGE):
        yield from found
        after = found[-1].place
