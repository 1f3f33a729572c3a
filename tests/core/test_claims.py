"""Whose is it: one holder at a time, shown on the card, free again by itself, and no right in itself."""

from datetime import timedelta
from pathlib import Path

from bot.access import HIDDEN
from bot.model import Outcome
from bot.review.bench import Decided
from bot.review.claims import ClaimResult, Free, Held, NotClaimed, Taken
from bot.review.desk import CaseFile
from tests.support import (
    ANN,
    BEN,
    MOD,
    MODERATOR_ROLE,
    SECOND_MOD,
    FakeClock,
    World,
    config,
    visitor,
    world_in,
)

OWN_CASE = visitor(role_ids=frozenset({MODERATOR_ROLE}))


def holder(result: ClaimResult) -> int | None:
    """Who has it, by Discord id."""
    assert isinstance(result, Held | Taken), result
    return result.holder.user_id


async def lines(world: World) -> list[str]:
    """What was noted about claims."""
    found = await world.rows("SELECT action FROM event WHERE object_kind = 'case' ORDER BY seq")
    steps = ("claimed", "released", "handed_over", "claim_refused")
    return [action for (action,) in found if action.split(".")[1] in steps]


async def test_one_person_has_a_case_and_the_second_is_told_who(world: World) -> None:
    """Claiming again renews it, and is no line of its own."""
    await world.held()
    code = await world.code()

    assert holder(await world.claims.claim(MOD, code)) == MOD.user_id
    world.clock.advance(hours=1)
    again = await world.claims.claim(MOD, code)
    second = await world.claims.claim(SECOND_MOD, code)

    assert isinstance(again, Held)
    assert isinstance(second, Taken)
    assert (holder(second), second.may_anyway) == (MOD.user_id, True)
    assert again.holder.since == world.clock() - timedelta(hours=1)
    assert await lines(world) == ["case.claimed"]


async def test_the_card_shows_who_has_it(world: World) -> None:
    """And no longer, once they let go of it."""
    await world.held()
    await world.drain()
    await world.claims.claim(MOD, await world.code())
    await world.drain()
    shown = world.doorkeeper.told("edit")[-1].text
    assert f"With <@{MOD.user_id}>" in shown

    assert await world.claims.release(MOD, await world.code()) == Free(await world.code())
    await world.drain()

    assert "With" not in world.doorkeeper.told("edit")[-1].text


async def test_nobody_lets_go_of_what_a_colleague_has(world: World) -> None:
    """They are told who has it."""
    await world.held()
    await world.claims.claim(MOD, await world.code())

    assert isinstance(await world.claims.release(SECOND_MOD, await world.code()), Taken)
    assert await world.one("SELECT count(*) FROM claim") == 1


async def test_a_claim_is_handed_over_to_a_moderator_who_may(world: World) -> None:
    """To nobody else, and without saying why not."""
    await world.held()
    code = await world.code()
    await world.claims.claim(MOD, code)

    assert await world.claims.hand_over(MOD, code, BEN) == NotClaimed("not_for_them", code)
    assert await world.claims.hand_over(MOD, code, OWN_CASE) == NotClaimed("not_for_them", code)
    given = await world.claims.hand_over(MOD, code, SECOND_MOD)

    assert isinstance(given, Held)
    assert (holder(given), given.mine) == (SECOND_MOD.user_id, False)
    assert await lines(world) == ["case.claimed", "case.handed_over"]


async def test_a_claim_is_free_again_by_itself(world: World) -> None:
    """After the time of the configuration, in the machine's name."""
    await world.held()
    await world.claims.claim(MOD, await world.code())
    world.clock.advance(hours=23, minutes=59)
    await world.sweep.run(world.clock())
    assert await world.one("SELECT count(*) FROM claim") == 1

    world.clock.advance(minutes=1)
    await world.sweep.run(world.clock())

    assert await world.one("SELECT count(*) FROM claim") == 0
    assert await world.rows("SELECT actor FROM event WHERE action = 'case.released'") == [("machine",)]


async def test_a_claim_ends_with_its_case(world: World) -> None:
    """Decided, taken back or deleted."""
    await world.held()
    await world.held(BEN)
    await world.claims.claim(MOD, await world.code(ANN))
    await world.claims.claim(MOD, await world.code(BEN))

    await world.decline(ANN)
    await world.gate.take_back(BEN)

    assert await world.one("SELECT count(*) FROM claim") == 0
    assert await world.claims.claim(MOD, await world.code(ANN)) == NotClaimed(HIDDEN)


async def test_whoever_may_not_open_a_case_may_not_claim_it(world: World) -> None:
    """The person themselves, on record; and a code that is none says so."""
    await world.held()

    refused = await world.claims.claim(OWN_CASE, await world.code())

    assert refused == NotClaimed("own_case", await world.code())
    assert await lines(world) == ["case.claim_refused"]
    assert await world.claims.claim(MOD, "XXXX-XX") == NotClaimed(HIDDEN)


async def test_deciding_what_a_colleague_has_is_told_first(world: World) -> None:
    """Nothing is decided; going on anyway takes it over, and then it is."""
    file = await world.held()
    await world.claims.claim(SECOND_MOD, file.case.code)

    told = await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    assert isinstance(told, Taken)
    assert (holder(told), told.may_anyway, await world.states()) == (SECOND_MOD.user_id, True, ["held"])

    assert holder(await world.claims.take_over(MOD, file.case.id)) == MOD.user_id
    assert isinstance(await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT), Decided)


async def test_where_the_policy_says_so_nobody_acts_on_what_a_colleague_has(tmp_path: Path) -> None:
    """They are told, and neither take it over nor hand it on; the next one is another one."""
    review = {**config().review.model_dump(), "act_on_claimed": False}
    async with world_in(tmp_path, config(review=review), FakeClock()) as world:
        file = await world.held()
        await world.claims.claim(SECOND_MOD, file.case.code)

        for told in (
            await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT),
            await world.claims.take_over(MOD, file.case.id),
            await world.claims.hand_over(MOD, file.case.code, MOD),
        ):
            assert isinstance(told, Taken)
            assert (holder(told), told.may_anyway) == (SECOND_MOD.user_id, False)
        assert not isinstance(await world.queue.open_next(MOD), CaseFile)


async def test_opening_does_not_claim_and_taking_the_next_one_does(world: World) -> None:
    """Reading is free."""
    await world.held()
    assert await world.one("SELECT count(*) FROM claim") == 0

    taken = await world.queue.open_next(MOD)

    assert isinstance(taken, CaseFile)
    assert taken.holder is not None
    assert taken.holder.user_id == MOD.user_id


async def _concern(world: World, about: str | None, reporter: str | None = None) -> None:
    await world.run(
        "INSERT INTO concern (id, code, kind, about_id, reporter_id, follow, sealed, locale, opened_at,"
        " due_at) VALUES ('Q', 'QQQQ-QQ', 'leak', ?, ?, x'00', x'00', 'en', 0, 1)",
        *(about, reporter),
    )


async def test_a_concern_can_be_claimed_but_not_by_whom_it_is_about_or_who_told(world: World) -> None:
    """For the one the code does not exist; the other is kept from it."""
    for one in (MOD, SECOND_MOD):
        await world.gate.arrive(one)
    await _concern(world, await world.subject_id(MOD), await world.subject_id(SECOND_MOD))

    assert await world.claims.claim(MOD, "QQQQ-QQ") == NotClaimed(HIDDEN)
    assert await world.claims.claim(SECOND_MOD, "QQQQ-QQ") == NotClaimed("recused", "QQQQ-QQ")
    third = visitor(300000000000000003, role_ids=frozenset({MODERATOR_ROLE}))
    assert isinstance(await world.claims.claim(third, "QQQQ-QQ"), Held)
    assert await world.claims.hand_over(third, "QQQQ-QQ", MOD) == NotClaimed("not_for_them", "QQQQ-QQ")
