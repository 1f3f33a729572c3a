"""Who looked at what is kept about whom: a row each, and a word to the admins where it is unusually much."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.export import Format, What, export
from bot.filling import FormToFill, Summary
from bot.minting import NextForm
from bot.model import Visitor
from bot.ports import Room
from bot.review.conversations import Recording
from bot.review.desk import CaseFile, Denied, History
from bot.store import access
from bot.store.access import OPERATOR, Access, Looked, Purpose
from tests.support import (
    ABOUT_NIL,
    ANN,
    BEN,
    MOD,
    MODERATOR_ROLE,
    NOW,
    SECOND_MOD,
    FakeClock,
    World,
    config,
    moderator,
    visitor,
    world_in,
)

MANY = 6
"""Within an hour, as configured here."""

REVIEW = {**config().review.model_dump(), "many_files": MANY}

LOG_CHANNEL = 100000000000000007
EVENING = NOW.replace(hour=23, minute=40)

Act = Callable[[World], Awaitable[object]]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The core, where six different people's records within an hour are many."""
    async with world_in(tmp_path, config(review=REVIEW), clock) as opened:
        yield opened


def people(count: int) -> list[Visitor]:
    """So many different people."""
    return [visitor(600000000000000000 + number) for number in range(count)]


async def subject(world: World, who: Visitor) -> str:
    """Somebody's random id."""
    lookup = world.foundation.vault.lookup(who.user_id)
    return str(await world.one("SELECT id FROM subject WHERE lookup = ?", lookup))


async def looks(world: World) -> list[tuple[Any, ...]]:
    """Every row: who, at whom, what and what for."""
    return await world.rows("SELECT actor, subject_id, case_id, action, purpose FROM access ORDER BY rowid")


async def read_of(world: World, *whose: Visitor, by: Visitor = MOD) -> None:
    """A moderator reads what is on record about people, one after the other."""
    for who in whose:
        assert isinstance(await world.desk.history_of_user(by, who.user_id), History)


async def known(world: World, count: int = MANY) -> list[Visitor]:
    """So many people who have joined."""
    them = people(count)
    await asyncio.gather(*(world.gate.arrive(one) for one in them))
    return them


async def told(world: World) -> list[str]:
    """The targets of the notices about unusual reading."""
    found = "SELECT target FROM effect WHERE kind = 'notice' AND target LIKE 'reading:%' ORDER BY id"
    return [row[0] for row in await world.rows(found)]


async def by_id(world: World) -> object:
    """The file of Ann's case, as the button on its card opens it."""
    return await world.desk.open_by_id(MOD, await world.case_id())


OPENINGS: dict[str, Act] = {
    "by code": lambda w: w.file(),
    "by id": by_id,
    "the next": lambda w: w.queue.open_next(MOD),
}


@pytest.mark.parametrize("way", list(OPENINGS))
async def test_opening_a_file_is_a_row_beside_its_line(world: World, way: str) -> None:
    """Whichever way it was opened: who, whose, which case, and that it was to review it."""
    await world.gate.ask_for_person(ANN)

    assert isinstance(await OPENINGS[way](world), CaseFile)

    row = (await subject(world, MOD), await subject(world, ANN), await world.case_id(), "open", "review")
    assert await looks(world) == [row]
    assert await world.rows("SELECT action, payload FROM event JOIN event_payload USING (seq)") == [
        ("case.opened", "{}"),
        ("case.person_wanted", "{}"),
        *([("case.claimed", "{}")] if way == "the next" else []),
        ("file.opened", '{"purpose":"review"}'),
    ]


async def test_reading_a_history_is_a_row(world: World) -> None:
    """By case code, as a search for a person, and for a task."""
    await world.gate.arrive(ANN)
    ann = await subject(world, ANN)
    await world.run(
        "INSERT INTO task (id, kind, subject_id, opened_at) VALUES ('T', 'paid_link_now', ?, 0)", ann
    )

    await world.desk.history_of_code(MOD, await world.code())
    await world.desk.history_of_user(MOD, ANN.user_id)
    await world.desk.history_of_task(MOD, "T")

    mod = await subject(world, MOD)
    assert await looks(world) == [
        (mod, ann, None, "history", "review"),
        (mod, ann, None, "history", "review"),
        (mod, ann, None, "history", "task"),
    ]


async def test_a_search_that_finds_nobody_is_a_line_and_about_nobody(world: World) -> None:
    """Whom somebody searched for stands nowhere; that they searched does."""
    assert await world.desk.history_of_user(MOD, ANN.user_id) == Denied("nobody_known")

    mod = await subject(world, MOD)
    assert await looks(world) == []
    [(actor, action, object_kind, object_id)] = await world.rows(
        "SELECT actor, action, object_kind, object_id FROM event"
    )
    assert (actor, action, object_kind) == (mod, "search.nobody", "search")
    assert object_id != mod
    assert await world.one("SELECT count(*) FROM subject") == 1, "the moderator, and nobody else"


async def test_whoever_is_refused_looked_at_nothing(world: World) -> None:
    """An attempt at one's own file is a line; no row says that anything was seen."""
    await world.gate.arrive(ANN)
    own = visitor(role_ids=frozenset({MODERATOR_ROLE}))

    assert await world.desk.open_by_code(own, await world.code()) == Denied("own_case")
    assert await world.desk.history_of_user(own, ANN.user_id) == Denied("own_case")

    assert await looks(world) == []
    assert await world.rows("SELECT action FROM event WHERE action LIKE '%.refused' ORDER BY seq") == [
        ("file.refused",),
        ("history.refused",),
    ]


async def test_writing_down_somebodys_answers_is_looking_at_them(world: World) -> None:
    """The summary and each form that is opened again; the person at their own answers is no look."""
    await world.gate.ask_for_person(ANN)
    begun = await world.conversations.record(MOD, await world.code())
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, NextForm)
    before = len(await looks(world))
    saved = await world.save(MOD, begun.step.ref, ABOUT_NIL)

    assert isinstance(await world.forms.open(MOD, saved.again), FormToFill)
    assert isinstance(await world.forms.summary(MOD, saved.sheet_id), Summary)
    await world.forms.open(ANN, saved.again)
    await world.summary(ANN)

    row = (await subject(world, MOD), await subject(world, ANN), await world.case_id())
    assert (await looks(world))[before:] == [(*row, "open", "conversation")] * 2


async def test_a_person_sees_who_looked_with_the_newest_first(world: World) -> None:
    """Looks at everybody are among them, from the time they came; looks at others are not."""
    await world.gate.arrive(ANN)
    await world.gate.arrive(BEN)
    await world.file(ANN)
    world.clock.advance(hours=1)
    await export(world.foundation, What.CASES, Format.JSON, world.path.parent / "out.json")
    world.clock.advance(hours=1)
    await read_of(world, BEN, by=SECOND_MOD)
    late = visitor(600000000000000001)
    await world.gate.arrive(late)

    mod, ann, late_one = [await subject(world, who) for who in (MOD, ANN, late)]
    seen = await world.foundation.database.read(lambda c: access.to_subject(c, ann))
    assert seen == [
        Access(NOW + timedelta(hours=1), OPERATOR, Looked.EXPORT, Purpose.EXPORT),
        Access(NOW, mod, Looked.OPEN, Purpose.REVIEW),
    ]
    assert await world.foundation.database.read(lambda c: access.to_subject(c, late_one)) == []


async def test_a_moderator_sees_who_opened_their_own_file(world: World) -> None:
    """Being one of the team changes nothing about that."""
    await world.gate.arrive(MOD)
    await world.file(MOD, by=SECOND_MOD)

    mod, second = await subject(world, MOD), await subject(world, SECOND_MOD)
    seen = await world.foundation.database.read(lambda c: access.to_subject(c, mod))
    assert [(one.actor, one.action) for one in seen] == [(second, Looked.OPEN)]


async def test_a_look_and_its_row_are_one(world: World) -> None:
    """Where the row cannot be written, nothing is shown."""
    await world.gate.arrive(ANN)
    await world.run("CREATE TRIGGER no_row BEFORE INSERT ON access BEGIN SELECT RAISE(ABORT, 'no'); END")

    with pytest.raises(sqlite3.IntegrityError):
        await world.desk.open_by_code(MOD, await world.code())
    with pytest.raises(sqlite3.IntegrityError):
        await world.desk.history_of_user(MOD, ANN.user_id)

    assert await world.rows("SELECT action FROM event") == [("case.opened",)]


async def test_an_export_is_on_record_before_anything_is_in_the_file(world: World, tmp_path: Path) -> None:
    """Everybody's records were read, by the operator. What could not be recorded is not written either."""
    await world.gate.arrive(ANN)
    await export(world.foundation, What.CASES, Format.JSON, tmp_path / "one.json")
    assert await looks(world) == [(OPERATOR, None, None, "export", "export")]
    await world.run("CREATE TRIGGER no_row BEFORE INSERT ON access BEGIN SELECT RAISE(ABORT, 'no'); END")

    with pytest.raises(sqlite3.IntegrityError):
        await export(world.foundation, What.CASES, Format.JSON, tmp_path / "two.json")

    assert not (tmp_path / "two.json").exists()


async def test_an_export_that_is_cut_short_leaves_its_line_and_no_file(world: World, tmp_path: Path) -> None:
    """A disk that is full in the middle of writing keeps no half of what people told."""
    await world.send(ANN, ABOUT_NIL)
    path = tmp_path / "out.json"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    world.foundation.database.when_committed(
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    )
    try:
        with pytest.raises(OSError, match="File too large"):
            await export(world.foundation, What.CASES, Format.JSON, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert not path.exists()
    assert await looks(world) == [(OPERATOR, None, None, "export", "export")]
    assert await world.one("SELECT count(*) FROM event WHERE action = 'export.made'") == 1


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277, 0o777])
async def test_an_export_is_for_its_owner_only_under_any_umask(
    world: World, tmp_path: Path, umask: int
) -> None:
    """Mode 0600, and its folder is left as it was."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    before = os.umask(umask)
    try:
        await export(world.foundation, What.CASES, Format.CSV, folder / "out.csv")
    finally:
        os.umask(before)

    assert (folder / "out.csv").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in folder.iterdir()] == ["out.csv"]


async def test_one_file_fewer_is_an_ordinary_evening(world: World) -> None:
    """Nobody hears of anything just below the number, however often each is opened."""
    them = await known(world, MANY - 1)

    await read_of(world, *them, *them, *them)

    assert await told(world) == []


async def test_many_different_people_are_told_once_a_day(world: World) -> None:
    """With the number, in the log, and as a line; one more and the rest of the day add nothing."""
    them = await known(world, MANY + 1)
    await read_of(world, *them[:MANY])
    mod = await subject(world, MOD)
    assert await told(world) == [f"reading:{mod}:{MANY}"]

    await read_of(world, *them)
    world.clock.advance(hours=3)
    await read_of(world, *them)

    assert await told(world) == [f"reading:{mod}:{MANY}"]
    assert await world.rows(
        "SELECT actor, object_kind, object_id, payload FROM event JOIN event_payload USING (seq)"
        " WHERE action = 'reading.unusual'"
    ) == [("machine", "subject", mod, f'{{"people":"{MANY}"}}')]


async def test_having_all_deleted_at_once_does_not_keep_the_admins_from_hearing(world: World) -> None:
    """The notice is posted without a name, and stays: it is about nobody who is known any more."""
    await read_of(world, *await known(world))
    mod = await subject(world, MOD)
    await world.erasure.person(mod, mod)

    await world.drain()
    await world.drain()

    assert [call.text for call in world.doorkeeper.told("post") if f"{MANY}" in call.text]
    assert world.doorkeeper.told("delete") == []


async def test_the_next_day_is_told_anew(world: World) -> None:
    """Once per day, as long as it goes on."""
    them = await known(world)
    await read_of(world, *them)
    world.clock.advance(days=1)

    await read_of(world, *them)

    assert len(await told(world)) == 2


async def test_time_between_makes_it_ordinary_again(world: World) -> None:
    """As many files in more than an hour are a morning's work."""
    them = await known(world)
    await read_of(world, *them[: MANY // 2])
    world.clock.advance(minutes=61)

    await read_of(world, *them[MANY // 2 :])

    assert await told(world) == []


async def test_midnight_hides_nothing(tmp_path: Path) -> None:
    """Half of it before and half of it after, in the zone the team lives by."""
    async with world_in(tmp_path, config(review=REVIEW), FakeClock(EVENING)) as world:
        them = await known(world)
        await read_of(world, *them[: MANY // 2])
        world.clock.advance(minutes=40)

        await read_of(world, *them[MANY // 2 :])

        assert len(await told(world)) == 1


async def test_the_day_is_the_teams_own(tmp_path: Path) -> None:
    """At half past eleven in the evening in London's summer, a new day has begun in Helsinki."""
    community = {**config().community.model_dump(), "time_zone": "Europe/Helsinki"}
    summer = datetime.fromisoformat("2026-07-01T20:30:00+00:00")
    async with world_in(tmp_path, config(community=community, review=REVIEW), FakeClock(summer)) as world:
        them = await known(world)
        await read_of(world, *them)
        world.clock.advance(minutes=45)

        await read_of(world, *them)

        assert len(await told(world)) == 2


async def test_a_restart_forgets_nothing(tmp_path: Path, clock: FakeClock) -> None:
    """What was read before counts, and what was told is not told again."""
    for start, stop in ((0, 4), (4, MANY), (0, MANY)):
        async with world_in(tmp_path, config(review=REVIEW), clock) as world:
            them = await known(world)
            await read_of(world, *them[start:stop])
            assert len(await told(world)) == (0 if stop < MANY else 1)


async def test_two_moderators_at_once_are_two(world: World) -> None:
    """Each has a count of their own; one fewer each is ordinary, and then both are told."""
    them = await known(world)

    await asyncio.gather(*(read_of(world, one, by=by) for one in them[1:] for by in (MOD, SECOND_MOD)))
    assert await told(world) == []
    await asyncio.gather(*(read_of(world, them[0], by=by) for by in (MOD, SECOND_MOD)))

    both = {f"reading:{await subject(world, by)}:{MANY}" for by in (MOD, SECOND_MOD)}
    assert set(await told(world)) == both


async def test_many_presses_at_once_are_told_once(world: World) -> None:
    """All in one transaction, or in many."""
    them = await known(world, 9)

    await asyncio.gather(*(world.desk.history_of_user(MOD, one.user_id) for one in (*them, *them)))

    assert len(await told(world)) == 1


async def test_a_clock_that_jumps_makes_nothing_up_and_hides_nothing_near(world: World) -> None:
    """Put back by half an hour, the same evening counts; ahead or back by days, it is another one."""
    them = await known(world)
    await read_of(world, *them[:2])
    world.clock.advance(minutes=-30)
    await read_of(world, *them[2:5])
    world.clock.advance(days=-3)
    await read_of(world, *them[5:])
    world.clock.advance(days=9)
    await read_of(world, *them[:4])
    assert await told(world) == []
    world.clock.now = NOW

    await read_of(world, *them[5:])

    assert len(await told(world)) == 1


async def test_files_histories_and_answers_written_down_count_alike(world: World) -> None:
    """One person is one person, whichever way they were looked at."""
    them = await known(world)
    for one in them[: MANY - 1]:
        await world.file(one)
        await read_of(world, one)
    assert await told(world) == []

    await world.gate.ask_for_person(them[-1])
    begun = await world.conversations.record(MOD, await world.code(them[-1]))
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, NextForm)
    await world.forms.open(MOD, begun.step.ref)

    assert len(await told(world)) == 1


async def test_the_admins_are_told_who_and_what_to_do(tmp_path: Path, clock: FakeClock) -> None:
    """In the log channel, once posted: a mention, the number, and a sentence that accuses nobody."""
    discord = config().discord
    assert discord is not None
    ids = {**discord.model_dump(), "log_channel": LOG_CHANNEL}
    async with world_in(tmp_path, config(discord=ids, review=REVIEW), clock) as world:
        await read_of(world, *await known(world))
        assert str(MOD.user_id) not in str(await world.rows("SELECT key, target FROM effect"))
        await world.drain()

        [call] = [call for call in world.doorkeeper.told("post") if call.room is Room.LOG]
        assert f"<@{MOD.user_id}> has opened what is kept about {MANY} different people" in call.text
        assert "honest" in call.text
        assert "python -m bot verify" in call.text


async def test_a_moderator_who_was_forgotten_meanwhile_is_a_moderator(world: World) -> None:
    """The notice still comes, and names nobody."""
    await read_of(world, *await known(world))
    await world.run("DELETE FROM identity WHERE subject_id = ?", await subject(world, MOD))

    await world.drain()

    [call] = [call for call in world.doorkeeper.told("post") if "different people" in call.text]
    assert call.text.count("A moderator has opened") == 1


async def test_the_number_is_the_configurations(tmp_path: Path, clock: FakeClock) -> None:
    """Both how many, and within what time."""
    review = {**REVIEW, "many_files": 3, "many_files_within": "10m"}
    async with world_in(tmp_path, config(review=review), clock) as world:
        them = await known(world, 4)
        await read_of(world, *them[:2])
        world.clock.advance(minutes=11)
        await read_of(world, *them[:2])
        assert await told(world) == []

        await read_of(world, them[3], by=moderator(MOD.user_id))

        assert len(await told(world)) == 1
