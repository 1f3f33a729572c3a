"""Waves of joins: noticed once, everybody of one marked, over when it has been quiet."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.tables import Raid
from bot.database import connect
from bot.migrations import FOLDER, migrate
from bot.model import HoldReason
from bot.rules import WAVE_RULE
from bot.standing import AdmittedStanding, HeldStanding
from bot.store import new_cases
from bot.submission import Sent
from bot.timing import Turn
from bot.waves import is_over, joined, look
from tests.support import ABOUT_NIL, ANN, BEN, NOW, FakeClock, World, config, visitor, world_in

RAID = Raid(joins=4, within=timedelta(minutes=2), quiet=timedelta(minutes=30), lapse_batch=10)
SMALL = {"joins": 4, "within": "2m", "quiet": "30m"}


@pytest.mark.parametrize(
    ("passed", "over"),
    [(timedelta(0), False), (timedelta(minutes=30, seconds=-1), False), (timedelta(minutes=30), True)],
)
def test_when_a_wave_is_over(passed: timedelta, over: bool) -> None:
    """When it has been quiet for as long as the configuration says."""
    assert is_over(NOW, NOW + passed, RAID.quiet) is over


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A migrated database; what a test writes is rolled back."""
    path: Path = tmp_path_factory.mktemp("waves") / "porchlight.db"
    with closing(connect(path)) as connection:
        migrate(connection, FOLDER / "main")
        yield connection


class Door:
    """Joins at given moments, on a database that forgets them afterwards."""

    def __init__(self, connection: sqlite3.Connection, raid: Raid = RAID) -> None:
        self._connection = connection
        self._raid = raid
        self._known = 0

    def join(self, now: datetime, people: int = 1) -> list[str]:
        """Some people come at one moment, recorded together."""
        subjects = []
        for _ in range(people):
            self._known += 1
            who = f"s{self._known}"
            self._connection.execute(
                "INSERT INTO subject VALUES (?, ?, ?, 0, NULL)", (who, who.encode(), f"k{self._known}")
            )
            subjects.append(who)
        opened = new_cases.open_all(self._connection, subjects, "en", now, Turn())
        joined(self._connection, self._raid, opened, now)
        return opened

    def waves(self) -> list[tuple[str, bool]]:
        """Every wave, in order, and whether it has ended."""
        found = self._connection.execute("SELECT id, ended_at IS NOT NULL FROM wave ORDER BY rowid")
        return [(str(row[0]), bool(row[1])) for row in found]

    def wave_of(self, case_id: str) -> str | None:
        """The wave that a case belongs to."""
        row = self._connection.execute("SELECT wave_id FROM cases WHERE id = ?", (case_id,)).fetchone()
        return None if row[0] is None else str(row[0])

    def notices(self) -> list[str]:
        """What the review channel is to hear."""
        return [row[0] for row in self._connection.execute("SELECT target FROM effect ORDER BY id")]


@pytest.fixture
def door(database: sqlite3.Connection) -> Iterator[Door]:
    """A door nobody has come to."""
    database.execute("BEGIN")
    yield Door(database)
    database.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("seconds", "marked"),
    [
        ([0, 0, 0], []),
        ([0, 0, 0, 0], [0, 1, 2, 3]),
        ([0, 40, 80, 120], [0, 1, 2, 3]),
        ([0, 40, 80, 121], []),
        ([0, 60, 120, 150, 170], [1, 2, 3, 4]),
        ([0, 1, 2, 3, 1000], [0, 1, 2, 3, 4]),
        ([0, 1, 2, 3, 1802], [0, 1, 2, 3, 4]),
        ([0, 1, 2, 3, 1803], [0, 1, 2, 3]),
        ([0, 1000, 2000, 3000], []),
    ],
)
def test_who_belongs_to_a_wave(door: Door, seconds: list[int], marked: list[int]) -> None:
    """Everybody of the time in which it was noticed, and all who come until it has been quiet."""
    opened = [door.join(NOW + timedelta(seconds=s))[0] for s in seconds]

    assert [number for number, case_id in enumerate(opened) if door.wave_of(case_id)] == marked


def test_many_in_one_unit_are_a_wave_at_once(door: Door) -> None:
    """A burst that is recorded together is noticed together, and told of once."""
    opened = door.join(NOW, people=50)

    assert {door.wave_of(case_id) for case_id in opened} == {door.waves()[0][0]}
    assert door.notices() == ["wave:50"]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
def test_a_clock_put_back_makes_no_wave_of_people_who_came_before(door: Door, back: timedelta) -> None:
    """Their times lie ahead now, and count for nothing."""
    for hours in range(3):
        door.join(NOW + timedelta(hours=hours))
    door.join(NOW - back)

    assert door.waves() == []


def test_a_clock_put_back_keeps_no_wave_going_for_ever(door: Door, database: sqlite3.Connection) -> None:
    """It is over once it has been quiet by the clock as it is now."""
    door.join(NOW, people=4)
    earlier = NOW - timedelta(days=400)

    assert look(database, RAID, earlier) is not None
    assert look(database, RAID, earlier + timedelta(minutes=29)) is not None
    assert look(database, RAID, earlier + timedelta(minutes=31)) is None
    assert door.notices() == ["wave:4", "wave_over:4:0"]


def test_a_clock_put_forward_ends_a_wave_and_makes_none(door: Door) -> None:
    """Whoever came with it stays marked; one person later is one person."""
    before = door.join(NOW, people=4)
    [late] = door.join(NOW + timedelta(days=400))

    assert [ended for _, ended in door.waves()] == [True]
    assert all(door.wave_of(case_id) for case_id in before)
    assert door.wave_of(late) is None


def test_whoever_belonged_to_a_wave_makes_no_second_one(database: sqlite3.Connection) -> None:
    """Also where a wave is over sooner than the time that makes one."""
    raid = RAID.model_copy(update={"quiet": timedelta(seconds=10)})
    database.execute("BEGIN")
    try:
        door = Door(database, raid)
        door.join(NOW, people=4)
        door.join(NOW + timedelta(seconds=15))

        assert [ended for _, ended in door.waves()] == [True]
    finally:
        database.execute("ROLLBACK")


gaps = st.lists(
    st.tuples(st.sampled_from([0, 1, 20, 41, 60, 119, 120, 121, 600, 1799, 1800, 5000]), st.integers(1, 5)),
    max_size=25,
)


@given(gaps)
def test_any_order_of_joins(database: sqlite3.Connection, gaps: list[tuple[int, int]]) -> None:
    """A wave begins if and only if enough came within the time; each is told of once, and ends once."""
    database.execute("BEGIN")
    try:
        _check_any_order(Door(database), database, gaps)
    finally:
        database.execute("ROLLBACK")


def _check_any_order(door: Door, database: sqlite3.Connection, gaps: list[tuple[int, int]]) -> None:
    now, came, waves = NOW, list[tuple[datetime, str]](), 0
    for seconds, people in gaps:
        now += timedelta(seconds=seconds)
        quiet = not came or now - came[-1][0] >= RAID.quiet
        going_on = bool(door.waves()) and not door.waves()[-1][1] and not quiet
        free = [case_id for at, case_id in came if at >= now - RAID.within and not door.wave_of(case_id)]
        came.extend((now, case_id) for case_id in door.join(now, people))
        newest = [case_id for _, case_id in came[-people:]]
        begins = not going_on and len(free) + people >= RAID.joins
        waves += begins
        assert len(door.waves()) == waves
        expected = door.waves()[-1][0] if going_on or begins else None
        assert {door.wave_of(case_id) for case_id in newest} == {expected}
        if begins:
            assert {door.wave_of(case_id) for case_id in free} <= {expected}
    look(database, RAID, now + RAID.quiet)
    look(database, RAID, now + RAID.quiet)
    assert all(ended for _, ended in door.waves())
    told = [target.partition(":")[0] for target in door.notices()]
    assert told == ["wave", "wave_over"] * waves
    for wave_id, _ in door.waves():
        times = [at for at, case_id in came if door.wave_of(case_id) == wave_id]
        assert sum(at <= times[0] + RAID.within for at in times) >= RAID.joins


@pytest.fixture
async def small(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The core, where four people at once are a wave."""
    raid = {**config().raid.model_dump(), **SMALL}
    async with world_in(tmp_path, config(raid=raid), clock) as opened:
        yield opened


async def rush(world: World, people: int = 4, first: int = 200000000000000100) -> None:
    """People join one after the other, a second apart."""
    for number in range(people):
        await world.gate.arrive(visitor(first + number))
        world.clock.advance(seconds=1)


async def held_for(world: World, who: int) -> tuple[str, str]:
    """Somebody without links sends their answers: why they are held, and by which rule."""
    result = await world.send(visitor(who), ABOUT_NIL)
    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding), result.standing
    case = result.standing.case
    rule = await world.one("SELECT rule_id FROM verdict WHERE case_id = ? ORDER BY at DESC LIMIT 1", case.id)
    return (case.hold_reason.value if case.hold_reason else "", rule)


async def test_nobody_of_a_wave_is_let_in_by_the_machine(small: World) -> None:
    """The first who came, before anything was noticed, as well as the last."""
    await rush(small, 6)

    for number in (0, 3, 5):
        held = await held_for(small, 200000000000000100 + number)
        assert held == (HoldReason.RAID_LOCK.value, WAVE_RULE)


async def test_it_holds_across_a_restart_and_after_the_wave(tmp_path: Path, clock: FakeClock) -> None:
    """What counts is stored: whoever came with it stays held, and the next to come is let in."""
    raid = {**config().raid.model_dump(), **SMALL}
    async with world_in(tmp_path, config(raid=raid), clock) as first:
        await rush(first, 3)
    async with world_in(tmp_path, config(raid=raid), clock) as second:
        await rush(second, 1, 200000000000000200)
        assert await second.one("SELECT count(*) FROM wave") == 1
        clock.advance(hours=1)
        await second.sweep.run(clock())
        assert (await held_for(second, 200000000000000100))[0] == HoldReason.RAID_LOCK.value
        later = await second.send(ANN, ABOUT_NIL)
        assert isinstance(later, Sent)
        assert isinstance(later.standing, AdmittedStanding)


async def test_whoever_begins_unheard_belongs_to_the_wave_too(small: World) -> None:
    """Also where the bot does not hear who joins: the first press counts."""
    await rush(small)

    assert (await held_for(small, BEN.user_id))[0] == HoldReason.RAID_LOCK.value


async def test_the_team_hears_once_when_it_begins_and_once_when_it_is_over(small: World) -> None:
    """With how many came, whoever left again counted too, and how many have answered."""
    await rush(small, 7)
    await small.drain()
    [alert] = small.doorkeeper.told("post")
    assert "**Many people are joining at once: 4 within a short time.**" in alert.text
    assert alert.screen is not None
    assert [press.label for press in alert.screen.presses] == ["Pause invites for a day", "How it stands"]

    await small.gate.leave(200000000000000106)
    await held_for(small, 200000000000000100)
    small.clock.advance(minutes=29)
    await small.sweep.run(small.clock())
    small.clock.advance(minutes=2)
    for _ in range(3):
        await small.sweep.run(small.clock())
    await small.drain()

    over = [call.text for call in small.doorkeeper.told("post") if "rush is over" in call.text]
    assert len(over) == 1
    assert "People who came with it: 7. Of those, have sent their answers: 1." in over[0]


async def test_help_and_talking_to_a_person_stay_open_in_a_wave(small: World) -> None:
    """Somebody of the wave asks for a person, and gets the same card as everybody."""
    await rush(small)

    asked = await small.gate.ask_for_person(visitor(200000000000000100))

    assert not isinstance(asked, AdmittedStanding)
    assert asked.case.wants_person_at is not None


async def test_a_thousand_in_one_burst_cost_next_to_nothing_more(small: World) -> None:
    """All are recorded and marked, by a handful of statements and one notice."""
    statements: list[str] = []
    people = [visitor(210000000000000000 + number) for number in range(1_000)]

    def unit(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(statements.append)
        small.gate.met_within(connection, people)
        connection.set_trace_callback(None)

    await small.foundation.database.write(unit)

    about_waves = [s for s in statements if "wave" in s]
    assert await small.one("SELECT count(*) FROM cases WHERE wave_id IS NOT NULL") == 1_000
    assert await small.one("SELECT count(*) FROM effect") == 1
    assert len(about_waves) < 12
