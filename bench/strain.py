"""What is measured on a filled database: the desk, a round, retention, and people's own data."""

import bisect
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bench import crowd, feed, teamwork
from bot.clock import machine_clock
from bot.config.tables import Retention
from bot.drift import Drift
from bot.fairness.interests import log_own
from bot.forgetting import retention
from bot.forgetting.erasure import Erasure, Receipt
from bot.forms import Forms
from bot.foundation import Foundation
from bot.gate import Gate
from bot.holdings import Holdings
from bot.model import Disclosed, Disclosure, Visitor
from bot.ports import Later, Member, Refused, RoleChange, Why
from bot.review.desk import CaseFile, Denied, Desk, History
from bot.review.next_step import Group
from bot.review.queue import Filter, Found, Overview, Page, Queue
from bot.review.record import Record, Timeline
from bot.review.stats import Statistics, Stats
from bot.rights import Rights
from bot.rounds import Rounds
from bot.screens import rights as screens
from bot.store import retention as kept
from bot.store.queue import TOP, Place
from bot.store.retention import EVER, Span

REAL = 40
"""People who really answered and are held, beside those who were only stored."""
_SAMPLES = 300
_DEEP = 40
"""Pages into the list of those who have not sent their answers."""
CPU = "_cpu"
"""After the name of what was measured: processor time of all threads instead of the clock."""


def visitor(number: int, *, moderator: bool = False) -> Visitor:
    """Somebody with an account that is years old."""
    roles = frozenset({feed.MODERATOR_ROLE} if moderator else ())
    return Visitor(820_000_000_000_000_000 + number, "en-US", machine_clock() - timedelta(days=900), roles)


class Everybody:
    """A lookout on a server where everybody is who should be there, and nobody else."""

    def __init__(self, size: int) -> None:
        """Take how many cases there are."""
        self._crowd = [
            Member(crowd.user_id(number), frozenset({feed.MEMBER_ROLE} if state == "admitted" else ()))
            for number in range(size)
            if (state := crowd.state_of(number)) in {*crowd.BACKLOG, "admitted"}
        ]
        self._crowd += [Member(visitor(number).user_id, frozenset()) for number in range(REAL)]

    async def member(self, user_id: int) -> Member | Refused | Later:
        """One of them."""
        return next((m for m in self._crowd if m.user_id == user_id), Refused(Why.GONE))

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        """The next thousand."""
        first = bisect.bisect_right(self._crowd, after, key=lambda member: member.user_id)
        return tuple(self._crowd[first : first + 1000])

    async def role_changes(self, _since: datetime) -> tuple[RoleChange, ...] | Refused | Later:
        """Nobody changed anything."""
        return ()


def named_by(number: int) -> str:
    """What somebody who really answered has to do with: some with what the moderator has to do with.

    Those name a firm that belongs to the moderator's own, by its other name.
    """
    tied = number % teamwork.TIED_IN == 0
    return teamwork.organisation(6, alias=True) if tied else teamwork.organisation(102 + 5 * number)


_OWN = Disclosure(Disclosed.SOME, (teamwork.link(1), teamwork.link(77)))
"""What the measured moderator told about themselves."""


async def at_the_desk(foundation: Foundation) -> dict[str, float]:
    """What moderators do over and over, by one whom their links keep from every fourth case.

    The 99th percentile of each, in milliseconds, and the processor time of it under the name with CPU.
    """
    desk, moderator = Desk(foundation), visitor(9999, moderator=True)
    queue, record, statistics = Queue(foundation, desk), Record(foundation), Statistics(foundation)
    await foundation.database.write(lambda connection: _tell_own(connection, foundation, moderator))
    codes = await foundation.database.read(
        lambda c: [
            row[0]
            for row in c.execute(
                "SELECT code FROM cases WHERE state = 'held' ORDER BY opened_at DESC LIMIT ?", (REAL,)
            )
        ]
    )
    # The newest is the one that answered last.
    free = [code for n, code in enumerate(reversed(codes)) if n % teamwork.TIED_IN]
    tied = [code for n, code in enumerate(reversed(codes)) if n % teamwork.TIED_IN == 0]
    people = [visitor(n).user_id for n in range(REAL) if n % teamwork.TIED_IN]
    deep = await _deep(queue, moderator)
    by_rule, by_category = Filter(rule=teamwork.RARE), Filter(category="industry")
    measured: dict[str, tuple[Callable[[int], Awaitable[object]], Any]] = {
        "queue": (lambda _: queue.show(moderator), Overview),
        "page": (lambda _: queue.page(moderator, Group.UNANSWERED, deep), Page),
        "by_rule": (lambda _: queue.find(moderator, by_rule), Found),
        "by_category": (lambda _: queue.find(moderator, by_category), Found),
        "next": (lambda _: queue.open_next(moderator), CaseFile),
        "file": (lambda n: desk.open_by_code(moderator, free[n % len(free)]), CaseFile),
        "kept": (lambda n: desk.open_by_code(moderator, tied[n % len(tied)]), Denied),
        "history": (lambda n: desk.history_of_code(moderator, free[n % len(free)]), History),
        "search": (lambda n: desk.history_of_user(moderator, people[n % len(people)]), History),
        "record": (lambda n: record.timeline(moderator, free[n % len(free)]), Timeline),
        "stats": (lambda _: statistics.stats(moderator), Stats),
    }
    found = {}
    for name, (work, kind) in measured.items():
        found[name], found[name + CPU] = await _p99s(work, kind)
    return found


def _tell_own(connection: sqlite3.Connection, on: Foundation, moderator: Visitor) -> None:
    now = on.now()
    subject = on.find_or_add(connection, moderator.user_id, now)
    key, asked_by = on.vault.key(subject.key_id), on.config.questionnaire.content_hash
    log_own(connection, key, subject.id, _OWN, asked_by, now)


async def _deep(queue: Queue, moderator: Visitor) -> Place:
    """A place far down in the longest list."""
    place = TOP
    for _ in range(_DEEP):
        page = await queue.page(moderator, Group.UNANSWERED, place)
        if isinstance(page, Denied) or page.listed.more is None:
            raise TypeError("the list is too short")
        place = page.listed.more
    return place


async def over_everybody(foundation: Foundation, size: int) -> float:
    """One round over everybody, in milliseconds; it has to find nothing to do."""
    lookout, gate = Everybody(size), Gate(foundation, Forms(foundation))
    before = await foundation.database.read(_lines)
    began = time.perf_counter()
    await Rounds(foundation, gate, Drift(foundation, gate, lookout), lookout).run(machine_clock())
    took = (time.perf_counter() - began) * 1000
    if await foundation.database.read(_lines) != before:
        raise RuntimeError("the round changed something")
    return took


_FORGOTTEN = 40


async def retention_passes(foundation: Foundation) -> dict[str, float]:
    """A pass with nothing due, and one that forgets the oldest that were declined, each in milliseconds."""
    now = machine_clock()
    long = dict.fromkeys(Retention.model_fields, timedelta(days=3660))
    idle = foundation.config.retention.model_copy(update=long | {"reason": ""})
    oldest = await foundation.database.read(lambda c: kept.on_record(c, Span(EVER, now), _FORGOTTEN + 1))
    busy = idle.model_copy(update={"refused": now - oldest[-1].at})
    found = {}
    for name, limits, passes, expected in (("idle", idle, 20, 0), ("forget", busy, 1, len(oldest) - 1)):
        config = foundation.config.model_copy(update={"retention": limits})
        keeping = retention.Retention(replace(foundation, config=config))
        before = await foundation.database.read(_files)
        began = time.perf_counter()
        for _ in range(passes):
            await keeping.run(now)
        found[name] = (time.perf_counter() - began) * 1000 / passes
        gone = before - await foundation.database.read(_files)
        if gone != expected:
            raise RuntimeError(f"retention forgot {gone} cases, and not {expected}")
    return found


_RESTING = 10
"""Members who keep their links and have all else deleted; as many others have everything deleted."""
_NO_MEMBERS = 30
"""Further people who have everything deleted."""


async def own_data(foundation: Foundation, size: int) -> dict[str, float]:
    """What people do with their own data, in milliseconds. They are spread over all who were stored."""
    config, voice = foundation.config, foundation.config.words.voice("en-US")
    erasure = Erasure(foundation)
    rights = Rights(foundation, erasure)
    members = _spread([n for n in range(size) if crowd.state_of(n) == "admitted"], 2 * _RESTING)
    others = _spread([n for n in range(size) if crowd.state_of(n) == "lapsed"], _NO_MEMBERS)

    async def see(n: int) -> object:
        held = await rights.see(_of_crowd(members[n % len(members)]))
        screens.seen(voice, config, held)
        return held

    async def download(n: int) -> object:
        held = await rights.see(_of_crowd(members[n % len(members)]))
        screens.files(voice, config, held)
        return held

    found = {"see": await _p99(see, Holdings), "download": await _p99(download, Holdings)}
    erasing: dict[str, tuple[Callable[[str, str], Awaitable[Receipt | None]], list[int]]] = {
        "rest": (erasure.rest, members[::2]),
        "person": (erasure.person, [*members[1::2], *others]),
    }
    for name, (erase, numbers) in erasing.items():
        times = []
        for number in numbers:
            find = partial(foundation.find, user_id=crowd.user_id(number))
            subject = await foundation.database.read(find)
            if subject is None:
                raise RuntimeError("somebody is not known")
            began = time.perf_counter()
            receipt = await erase(subject.id, subject.id)
            times.append((time.perf_counter() - began) * 1000)
            if receipt is None:
                raise RuntimeError("nothing was erased")
        found[name] = statistics.median(times)
    return found


def _spread(numbers: list[int], count: int) -> list[int]:
    """So many of them, from the first to the last."""
    return [numbers[place * (len(numbers) - 1) // (count - 1)] for place in range(count)]


def _of_crowd(number: int) -> Visitor:
    return Visitor(crowd.user_id(number), "en-US", machine_clock() - timedelta(days=900), frozenset())


def _files(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM cases").fetchone()[0])


def _lines(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


async def _p99(work: Callable[[int], Awaitable[object]], kind: Any) -> float:
    return (await _p99s(work, kind))[0]


async def _p99s(work: Callable[[int], Awaitable[object]], kind: Any) -> tuple[float, float]:
    """By the clock, and of processor time."""
    waited, worked = [], []
    for number in range(_SAMPLES):
        began, before = time.perf_counter(), time.process_time()
        result = await work(number)
        worked.append((time.process_time() - before) * 1000)
        waited.append((time.perf_counter() - began) * 1000)
        if not isinstance(result, kind):
            raise TypeError(f"{type(result).__name__} is not what was asked for")
    ninety_nine = int(_SAMPLES * 0.99) - 1
    return sorted(waited)[ninety_nine], sorted(worked)[ninety_nine]
