"""The team hears of what is late and of what waits: once, batched, and only in the hours that it chose."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.model import Outcome
from bot.ports import Refused, Why
from bot.timing import is_within
from tests.support import ANN, BEN, MOD, SECOND_MOD, FakeClock, World, config, visitor, world_in


async def sweep(world: World, times: int = 1) -> None:
    """Run the sweep as often, at this moment, and do what it wants."""
    for _ in range(times):
        await world.sweep.run(world.clock())
    await world.drain()


def heard(world: World, words: str = "past the target") -> list[str]:
    """What the review channel has heard."""
    return [call.text for call in world.doorkeeper.told("post") if words in call.text]


async def test_nothing_is_said_while_nothing_is_late(world: World) -> None:
    """Seventy-two hours are not over."""
    await world.held()
    world.clock.advance(hours=71)

    await sweep(world)

    assert heard(world) == []


async def test_each_case_is_told_of_once_for_each_target(world: World) -> None:
    """However often the sweep runs; and again when a new target is missed, too."""
    await world.held()
    await world.held(BEN)
    codes = {await world.code(ANN), await world.code(BEN)}
    world.clock.advance(hours=73)
    await sweep(world, 3)

    [told] = heard(world)
    assert all(code in told for code in codes)
    await world.decisions.decide_viewed(MOD, (await world.file(BEN)).ref, Outcome.HOLD)
    world.clock.advance(hours=73)
    await sweep(world, 3)

    assert [(await world.code(BEN) in text, await world.code(ANN) in text) for text in heard(world)[1:]] == [
        (True, False)
    ]


async def test_what_comes_up_at_night_is_told_in_the_morning(world: World) -> None:
    """Nobody is woken; nothing is forgotten."""
    await world.held()
    world.clock.now = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
    await sweep(world)
    assert heard(world) == []

    world.clock.now = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
    await sweep(world, 2)

    assert len(heard(world)) == 1


async def test_nothing_is_late_any_more_once_it_is_decided(world: World) -> None:
    """Not even where the notice was on its way already."""
    await world.held()
    world.clock.advance(hours=73)
    await world.sweep.run(world.clock())
    await world.decline()

    await sweep(world)

    assert heard(world) == []


async def test_a_long_list_is_one_notice(world: World) -> None:
    """The first are named, the others counted."""
    for number in range(27):
        await world.gate.ask_for_person(visitor(500000000000000000 + number))
    world.clock.advance(hours=25)

    await sweep(world)

    [told] = heard(world)
    assert "And 2 more" in told


@pytest.mark.parametrize(("local", "told"), [((2026, 7, 10, 8, 59), 0), ((2026, 7, 10, 9, 0), 1)])
async def test_the_digest_comes_at_the_communitys_own_hour(
    tmp_path: Path, local: tuple[int, int, int, int, int], told: int
) -> None:
    """Nine in the morning where the moderators live, in summer time too; once a day."""
    community = {**config().community.model_dump(), "time_zone": "Europe/Berlin"}
    clock = FakeClock()
    async with world_in(tmp_path, config(community=community), clock) as world:
        await world.held()
        clock.now = datetime(*local, tzinfo=ZoneInfo("Europe/Berlin"))

        await sweep(world, 3)

        digests = heard(world, "What waits today")
        assert len(digests) == told
        assert all("Needs a decision: 1." in text for text in digests)


async def test_the_digest_says_nothing_where_nothing_waits_for_the_team(world: World) -> None:
    """People who are still answering are no reason for one."""
    await world.gate.arrive(ANN)

    await sweep(world)

    assert heard(world, "What waits today") == []


async def test_what_is_about_a_moderator_is_not_counted_where_all_of_them_read(world: World) -> None:
    """Neither a concern nor a task; what is about somebody else is."""
    for number, about in enumerate((MOD, ANN)):
        subject = await _known(world, number, about.user_id)
        await world.run(
            "INSERT INTO task (id, kind, subject_id, opened_at) VALUES (?, 'many_concerns', ?, 0)",
            f"T{number}",
            subject,
        )
        await world.run(
            "INSERT INTO concern (id, code, kind, about_id, follow, sealed, locale, opened_at, due_at)"
            " VALUES (?, ?, 'leak', ?, ?, x'00', 'en', 0, 1)",
            *(f"Q{number}", f"Q{number}", subject, bytes([number])),
        )
    await world.run("INSERT INTO moderator (subject_id, since, seen_at) VALUES ('S0', 0, 0)")

    await sweep(world)

    [told] = heard(world, "What waits today")
    assert "Concerns: 1." in told
    assert "To look at: 1." in told


async def _known(world: World, number: int, user_id: int) -> str:
    lookup = world.foundation.vault.lookup(user_id)
    await world.run(
        "INSERT INTO subject (id, lookup, key_id, created_at) VALUES (?, ?, ?, 0)",
        *(f"S{number}", lookup, f"K{number}"),
    )
    return f"S{number}"


async def test_whoever_has_something_late_is_told_once_a_day(world: World) -> None:
    """By message, within the hours, and with nothing in it but the code."""
    await world.held()
    code = await world.code()
    await world.claims.claim(SECOND_MOD, code)
    await world.run("UPDATE cases SET target_at = 0")
    world.clock.advance(hours=1)

    await sweep(world, 3)

    [told] = [call for call in world.doorkeeper.told("tell") if call.user_id == SECOND_MOD.user_id]
    assert code in told.text
    world.clock.advance(hours=1)
    await sweep(world)
    assert len(world.doorkeeper.told("tell")) == 1


async def test_a_holder_who_takes_no_messages_is_left_alone(world: World) -> None:
    """The channel hears of the case all the same."""
    await world.held()
    await world.claims.claim(MOD, await world.code())
    await world.run("UPDATE cases SET target_at = 0")
    world.doorkeeper.will("tell", Refused(Why.CLOSED))

    await sweep(world, 2)

    assert (len(heard(world)), len(world.doorkeeper.told("tell"))) == (1, 1)
    assert await world.one("SELECT count(*) FROM effect WHERE state = 'stuck'") == 0


async def test_what_names_a_case_goes_with_its_person(world: World) -> None:
    """The notice is among the messages about them."""
    await world.held()
    world.clock.advance(hours=73)

    await sweep(world)

    found = "SELECT count(*) FROM sent_message WHERE kind = 'notice' AND subject_id = ?"
    assert await world.one(found, await world.subject_id()) == 1


@pytest.mark.parametrize(
    ("first", "until", "hours"),
    [(8, 22, range(8, 22)), (0, 24, range(24)), (20, 4, [*range(4), *range(20, 24)])],
)
def test_the_hours_of_the_team(first: int, until: int, hours: list[int]) -> None:
    """From the first on, until before the last; over midnight, too."""
    day = datetime(2026, 3, 4, tzinfo=UTC)

    assert [h for h in range(24) if is_within(day + timedelta(hours=h), first, until)] == list(hours)
