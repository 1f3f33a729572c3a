"""The sweep: the panel once an hour, and what is kept no longer."""

import pytest

from bot.filling import Summary
from bot.forgetting.ledger import read
from bot.standing import AdmittedStanding, Welcome
from tests.support import ABOUT_NIL, ANN, BEN, TICKED, World, visitor


async def sweep(world: World, times: int = 1) -> None:
    """Run the sweep as often, at this moment."""
    for _ in range(times):
        await world.sweep.run(world.clock())


async def test_the_panel_is_looked_after_once_an_hour(world: World) -> None:
    """Not on every pass."""
    for minutes in (0, 20, 20, 20):
        world.clock.advance(minutes=minutes)
        await sweep(world)
        await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["post", "stands"]


async def test_starting_again_while_a_refusal_is_on_record_goes_to_a_person(world: World) -> None:
    """For six months; after that nobody knows any more that there was one."""
    await world.held()
    await world.decline()
    world.clock.advance(days=180)
    await sweep(world)

    await world.send(ANN, ABOUT_NIL)

    assert await world.states() == ["declined", "held"]


async def test_members_and_open_cases_keep_their_answers(world: World) -> None:
    """Retention is about cases that closed without admission."""
    await world.send(ANN, ABOUT_NIL)
    await world.held(BEN)
    world.clock.advance(days=400)

    await sweep(world)

    assert await world.one("SELECT count(*) FROM sheet") == 2


async def gone_for(world: World, days: int) -> None:
    """Ann is let in, changes her links, leaves, and so many days go by."""
    await world.send(ANN, ABOUT_NIL)
    step = await world.links.change(ANN)
    assert isinstance(step, Summary)
    await world.submission.send(ANN, step.send_ref, TICKED)
    await world.gate.leave(ANN.user_id)
    world.clock.advance(days=days, seconds=1)


async def test_a_former_member_is_forgotten_a_while_after_they_left(world: World) -> None:
    """With their later changes, the decision and their key; coming back they are strangers."""
    await gone_for(world, days=180)
    key = await world.one("SELECT key_id FROM subject")

    await sweep(world, 2)

    for table in ("subject", "cases", "sheet", "answer", "disclosure", "decision", "verdict", "letter"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert world.key_is_destroyed(key)
    assert await world.gate.standing(ANN) == Welcome()
    await world.gate.arrive(ANN)
    assert await world.states() == ["waiting"]
    await world.drain()
    assert world.doorkeeper.told("grant") == []


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_member_who_came_back_keeps_what_they_told(world: World, noticed: bool) -> None:
    """Whether the bot saw them join again, or only hears of them when they press something."""
    await gone_for(world, days=179)
    if noticed:
        await world.gate.arrive(ANN)
    else:
        await world.gate.standing(ANN)
    world.clock.advance(days=300)

    await sweep(world)

    assert await world.rows("SELECT version FROM disclosure") == [(2,)]
    assert isinstance(await world.gate.standing(ANN), AdmittedStanding)


async def test_many_old_cases_are_deleted_in_one_run(world: World) -> None:
    """More than one batch of two hundred."""
    for number in range(205):
        who = visitor(800000000000000000 + number)
        await world.begin(who)
        await world.gate.leave(who.user_id)
    world.clock.advance(days=31)

    await sweep(world)

    assert await world.rows("SELECT * FROM subject") == []


async def test_a_ledger_that_cannot_be_written_holds_up_nothing_else(world: World) -> None:
    """A full disk: whoever wanted to be erased has their receipt, all else goes on, and it is done later."""
    ledger = world.foundation.config.storage.ledger
    await world.gate.arrive(ANN)
    await world.begin(BEN)
    subject = await world.subject_id()
    key = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)
    ledger.mkdir()
    assert await world.erasure.person(subject, subject)
    world.clock.advance(days=60)
    await sweep(world, 2)

    assert await world.states() == ["lapsed"]
    assert not world.key_is_destroyed(key)
    ledger.rmdir()
    await sweep(world)
    assert world.key_is_destroyed(key)
    assert [line.subject for line in read(ledger)] == [subject]
    assert await world.rows("SELECT * FROM erasure") == []
