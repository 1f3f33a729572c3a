"""Properties of time: whatever people press, whenever it sweeps, sleeps or jumps, nobody is wronged.

The model beside the real thing counts for each person how long the bot has been awake since their last
step, and keeps every message with the moment it was sent at, on a clock of its own that never jumps.
"""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import from_ms, to_ms
from bot.config import Config
from bot.minting import NextForm
from bot.model import Outcome
from bot.ports import Later, Member, Refused, RoleChange, Room, Why
from bot.reminders import Waiting
from bot.standing import AdmittedStanding
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    NOTICE,
    PURPOSE,
    FakeClock,
    FakeDoorkeeper,
    Raw,
    World,
    visitor,
    world_in,
)
from tests.support import config as plain_config

PEOPLE = {name: visitor(200000000000000001 + n) for n, name in enumerate(("ann", "ben", "cem"))}
WEEK, MINUTE = timedelta(days=7), timedelta(minutes=1)

Step = tuple[str, str, float]
"""What is done, by whom, and a number of hours for what takes time."""


def step(
    *what: str, hours: tuple[float, ...] = (0,), who: tuple[str, ...] = ("ann",)
) -> "st.SearchStrategy[Step]":
    """One of several things, for a time, by somebody."""
    return st.tuples(st.sampled_from(what), st.sampled_from(who), st.sampled_from(hours))


EVERYBODY = ("ann", "ann", "ben", "cem")

presses = st.one_of(
    step("join", "begin", "begin", who=EVERYBODY),
    step("agree", "agree", "agree", "more", "stop", who=EVERYBODY),
    step("save", "send", "reopen", "person", who=EVERYBODY),
)
passing = st.one_of(
    step("awake", hours=(1, 11, 25, 47.9, 49, 100, 169)),
    step("awake", hours=(25, 49, 100, 169)),
    step("asleep", "forward", hours=(0.1, 1, 25, 170, 400)),
    step("back", "restart", "twice", hours=(0.1, 25, 400)),
)
plans = st.lists(st.tuples(presses, presses, passing, passing), min_size=2, max_size=8)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as a first start leaves them, to copy."""
    folder = tmp_path_factory.mktemp("fresh")

    async def start_once() -> None:
        async with world_in(folder, plain_config(), FakeClock()):
            pass

    asyncio.run(start_once())
    return folder


def settings_with(*, remove: bool) -> Config:
    """The shipped configuration, with or without removal."""
    timers = plain_config().timers.model_dump()
    timers["reminders"] = (timedelta(days=1), timedelta(days=6))
    way = {"after_lapse": "remove", "way_back": "https://harbour.example"} if remove else {}
    return plain_config(timers={**timers, **way})


class History:
    """The world, and the model beside it."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder, self.config = folder, config
        self.clock, self.doorkeeper = FakeClock(), FakeDoorkeeper()
        self.stack = AsyncExitStack()
        self.real = self.clock.now
        """A clock that runs evenly, whatever the machine's does."""
        self.awake = timedelta()
        """How long the bot has been awake in all."""
        self.stepped: dict[str, timedelta] = {}
        """How long it had been at each person's last step."""
        self.agreed: set[str] = set()
        self.told: dict[int, list[datetime]] = defaultdict(list)
        self.seen = 0

    async def start(self) -> None:
        """The process starts: it sweeps before anything else."""
        await self.stack.aclose()
        self.world: World = await self.stack.enter_async_context(
            world_in(self.folder, self.config, self.clock, self.doorkeeper)
        )
        await self.sweep()

    async def state(self, who: str) -> str:
        """The state of somebody's newest case."""
        lookup = self.world.foundation.vault.lookup(PEOPLE[who].user_id)
        found = await self.world.rows(
            "SELECT state FROM cases JOIN subject ON subject.id = subject_id WHERE lookup = ?"
            " ORDER BY closed_at IS NULL DESC, cases.rowid DESC LIMIT 1",
            lookup,
        )
        return str(found[0][0]) if found else ""

    async def sweep(self) -> None:
        """Sweep and drain, and hold what came of it against the model."""
        before = {who: await self.state(who) for who in PEOPLE}
        await self.world.sweep.run(self.clock())
        for who, was in before.items():
            now = await self.state(who)
            if now == was:
                continue
            assert now in {"lapsed", ""}, (who, was, now)
            if was != "lapsed":
                assert was in {"waiting", "answering"}, (who, was)
                assert self.awake - self.stepped[who] >= WEEK, (who, self.awake - self.stepped[who])
        await self.world.drain()
        self.read_messages()

    def read_messages(self) -> None:
        """Nobody gets a message who did not agree, and nobody two in a day."""
        for call in self.doorkeeper.calls[self.seen :]:
            if call.verb in {"tell", "remove"}:
                who = next(name for name, person in PEOPLE.items() if person.user_id == call.user_id)
            if call.verb == "tell":
                assert who in self.agreed, who
                earlier = self.told[call.user_id]
                assert not earlier or self.real - earlier[-1] >= timedelta(days=1), (earlier, self.real)
                earlier.append(self.real)
            if call.verb == "remove":
                assert self.config.timers.after_lapse == "remove"
                assert self.awake - self.stepped[who] >= WEEK + self.config.timers.remove_after
        self.seen = len(self.doorkeeper.calls)

    async def act(self, what: str, who: str, hours: float) -> None:
        """One thing happens."""
        span = timedelta(hours=hours)
        if what == "awake":
            await self.live(span)
        elif what == "asleep":
            await self.stack.aclose()
            self.clock.now += span
            self.real += span
            if span <= timedelta(minutes=30):
                self.awake += span
            await self.start()
        elif what == "forward":
            self.clock.now += span
            if span <= timedelta(minutes=30):
                self.awake += span
            await self.sweep()
        elif what == "back":
            self.clock.now -= span
            await self.sweep()
        elif what == "restart":
            await self.start()
        elif what == "twice":
            await self.sweep()
            before = await self.everything()
            await self.sweep()
            assert await self.everything() == before
        else:
            await self.press(what, who)

    async def live(self, span: timedelta) -> None:
        """Time passes evenly, and the bot sweeps all along; with nothing due, that only moves its mark."""
        end = self.real + span
        while self.real < end:
            now = self.clock()
            found = await self.world.rows(
                """
                SELECT min(at) FROM (
                    SELECT min(lapse_at) AS at FROM cases UNION ALL SELECT min(remind_at) FROM cases
                    UNION ALL SELECT min(due_at) FROM effect WHERE state = 'pending'
                )
                """
            )
            due = end - self.real if found[0][0] is None else from_ms(found[0][0]) - now
            tick = min(end - self.real, max(due, MINUTE))
            self.clock.now += tick
            self.real += tick
            self.awake += tick
            await self.world.run("UPDATE mark SET at = ? WHERE name = 'swept'", to_ms(self.clock()))
            await self.sweep()

    async def press(self, what: str, who: str) -> None:
        """Somebody presses something, if they can."""
        world, person = self.world, PEOPLE[who]
        state = await self.state(who)
        if what == "join":
            stepped = state not in {"waiting", "answering", "held"}
            await world.gate.arrive(person)
        elif what == "begin":
            stepped = isinstance(await world.gate.agree(person, NOTICE), NextForm)
        elif what == "save" and state == "answering":
            step = await world.gate.standing(person)
            form = getattr(getattr(step, "step", None), "ref", "")
            stepped = bool(form)
            if form:
                await world.forms.save(person, form, ABOUT_LINKED)
        elif what == "send" and state == "answering":
            await world.send(person, *await self.left(who))
            stepped = True
        elif what == "reopen":
            stepped = state == "held"
            await world.gate.reopen(person)
        elif what == "person":
            stepped = False
            await world.gate.ask_for_person(person)
        elif what in {"agree", "more", "stop"} and state:
            stepped = await self.press_about_time(what, who)
        else:
            return
        if stepped:
            self.stepped[who] = self.awake
        self.stepped.setdefault(who, self.awake)

    async def left(self, who: str) -> list[Raw]:
        """The pages that somebody has not filled in."""
        pages = [ABOUT_LINKED, LINK_NOW, PURPOSE]
        step = await self.world.gate.standing(PEOPLE[who])
        page = getattr(getattr(getattr(step, "step", None), "page", None), "id", "")
        return pages[["about", "link", "purpose"].index(page) :] if page else []

    async def press_about_time(self, what: str, who: str) -> bool:
        """*Remind me*, *More time*, *Do not remind me*."""
        case_id = await self.world.case_id(PEOPLE[who])
        reminders, person = self.world.reminders, PEOPLE[who]
        if what == "stop":
            await reminders.stop(person, case_id)
            self.agreed.discard(who)
            return False
        result = await (reminders.agree if what == "agree" else reminders.more_time)(person, case_id)
        if isinstance(result, Waiting) and what == "agree":
            self.agreed.add(who)
        return isinstance(result, Waiting)

    async def everything(self) -> list[object]:
        """All that may differ between two moments."""
        tables = ("cases", "effect", "event", "mark", "sheet", "form", "subject")
        return [await self.world.rows(f"SELECT * FROM {table} ORDER BY rowid") for table in tables[:3]] + [
            await self.world.rows(f"SELECT * FROM {table}") for table in tables[3:]
        ]


async def run(folder: Path, plan: list[Step], *, remove: bool) -> None:
    """A plan, then a quiet fortnight in which all that waits for people closes."""
    history = History(folder, settings_with(remove=remove))
    await history.start()
    try:
        for step in plan:
            await history.act(*step)
        # A clock that was put back may give somebody up to a week more, and never takes any.
        await history.live(timedelta(days=15))
        left = await history.world.rows(
            "SELECT state, lapse_at FROM cases WHERE state IN ('waiting', 'answering')"
            " AND wants_person_at IS NULL"
        )
        assert left == []
    finally:
        await history.stack.aclose()


@settings(max_examples=10)
@given(plan=plans, remove=st.booleans())
def test_nobody_is_wronged_by_time(fresh: Path, plan: list[tuple[Step, ...]], remove: bool) -> None:
    """Nobody closes before a week of the bot being awake, the held never; messages keep their distance."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "data"
        shutil.copytree(fresh, copied)
        asyncio.run(run(copied, [one for steps in plan for one in steps], remove=remove))


BACK = timedelta(days=40)
"""How far a clock may have been ahead before it was put right."""


async def test_whoever_waits_for_the_door_does_not_wait_for_a_wrong_clock(world: World) -> None:
    """What was to be tried again, by a clock that is then put back, is tried within the hour."""
    world.doorkeeper.will("grant", Later("http_503"))
    await world.send(ANN, ABOUT_NIL)
    await world.drain()
    assert len(world.doorkeeper.told("grant")) == 1

    world.clock.now -= BACK
    await world.sweep.run(world.clock())
    await world.live(hours=1)

    assert len(world.doorkeeper.told("grant")) == 2


async def test_what_is_stopped_is_tried_again_after_the_clock_was_put_back(world: World) -> None:
    """The server may have been mended since."""
    world.doorkeeper.will("grant", Refused(Why.FORBIDDEN))
    await world.send(ANN, ABOUT_NIL)
    await world.drain()

    world.clock.now -= BACK
    await world.sweep.run(world.clock())
    due = await world.drain()

    assert due is not None
    assert due <= world.clock() + timedelta(hours=1)


async def test_a_card_is_looked_after_though_the_clock_was_put_back(world: World) -> None:
    """One that was deleted meanwhile is shown again."""
    world.lookout.has(Member(ANN.user_id, frozenset()))
    await world.held(ANN)
    await world.drain()
    world.doorkeeper.calls.clear()

    world.clock.now -= BACK
    await world.rounds.run(world.clock())
    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls if call.room is Room.REVIEW] == ["stands"]


async def test_the_log_is_read_though_the_clock_was_put_back(world: World) -> None:
    """A role that somebody took since the last round is not given again."""
    world.lookout.has(Member(ANN.user_id, frozenset({MEMBER_ROLE})))
    world.clock.now += BACK
    await world.rounds.run(world.clock())
    world.clock.now -= BACK
    await world.gate.leave(ANN.user_id)
    await world.send(ANN, ABOUT_NIL)
    await world.drain()
    world.doorkeeper.calls.clear()
    world.lookout.has(Member(ANN.user_id, frozenset()))
    at = world.clock.advance(minutes=10)
    world.lookout.log = [RoleChange(ANN.user_id, given=False, by=MOD.user_id, by_bot=False, at=at)]

    assert await world.rounds.run(world.clock())
    await world.drain()

    assert world.doorkeeper.told("grant") == []
    assert await world.rows("SELECT kind FROM task") == [("access_taken",)]


async def test_the_last_case_counts_though_the_clock_was_put_back(world: World) -> None:
    """Somebody is refused, the clock is put back, and then they are let in: they are a member."""
    await world.held(ANN)
    await world.decline(ANN)
    world.clock.now -= BACK
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    file = await world.file(ANN)
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    await world.drain()
    world.lookout.has(Member(ANN.user_id, frozenset({MEMBER_ROLE})))

    assert await world.rounds.run(world.clock())
    await world.drain()

    assert isinstance(await world.gate.standing(ANN), AdmittedStanding)
    assert world.doorkeeper.told("revoke") == []


async def test_two_letters_keep_their_distance_though_the_clock_was_put_back(world: World) -> None:
    """When the last one was sent is not known any more: the next waits for a day from now."""
    await world.held(ANN)
    await world.decline(ANN)
    await world.drain()
    world.clock.now -= BACK
    await world.held(ANN)
    await world.decline(ANN)
    await world.drain()
    await world.live(hours=23)
    assert len(world.doorkeeper.told("tell")) == 1

    await world.live(hours=2)

    assert len(world.doorkeeper.told("tell")) == 2
