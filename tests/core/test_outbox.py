"""The outbox: done, tried again, handed to a person, paced; and what both sides are told of it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.effects import Outbox
from bot.model import Outcome
from bot.ports import Done, Later, Refused, Result, Room, Why
from bot.screens.elements import Screen
from bot.standing import AdmittedStanding
from bot.store import effects
from bot.store.effects import EffectKind
from tests.support import ABOUT_NIL, ANN, BEN, MOD, TICKED, FakeDoorkeeper, World, visitor


async def effect_states(world: World) -> list[tuple[str, str, int, str]]:
    """Every effect with how it stands."""
    return await world.rows("SELECT kind, state, attempts, last_code FROM effect ORDER BY id")


async def want(world: World, kind: EffectKind, key: str, target: str = "") -> None:
    """Want something of the server, now."""
    now = world.clock()
    await world.foundation.database.write(lambda c: effects.want(c, kind, key=key, now=now, target=target))


async def test_nothing_wanted_is_nothing_done(world: World) -> None:
    """And nothing is due later."""
    assert await world.drain() is None
    assert world.doorkeeper.calls == []


async def test_what_is_done_is_not_done_again(world: World) -> None:
    """Draining twice is draining once: one call for a nil return."""
    await world.send(ANN, ABOUT_NIL)

    await world.drain()
    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["grant"]
    assert await effect_states(world) == [("grant", "done", 0, "")]


async def test_a_held_case_costs_one_call(world: World) -> None:
    """Its card, which says neither who it is about nor what they answered."""
    await world.held()

    await world.drain()

    [card] = world.doorkeeper.calls
    assert (card.verb, card.room) == ("post", Room.REVIEW)
    assert await world.code() in card.text
    assert str(ANN.user_id) not in card.text
    assert "Helix" not in card.text


async def test_an_effect_waits_for_its_time(world: World) -> None:
    """What failed is due later, doubling, and not before."""
    await world.send(ANN, ABOUT_NIL)
    world.doorkeeper.will("grant", *[Later("http_503")] * 4)
    pauses = []

    for _ in range(4):
        due = await world.drain()
        assert due is not None
        pauses.append((due - world.clock()).total_seconds())
        world.clock.now = due - timedelta(milliseconds=1)
        calls = len(world.doorkeeper.calls)
        assert await world.drain() == due
        assert len(world.doorkeeper.calls) == calls
        world.clock.now = due

    assert await world.drain() is None
    assert all(0.69 * 2**n <= pause <= 1.31 * 2**n for n, pause in enumerate(pauses, start=1)), pauses
    assert await effect_states(world) == [("grant", "done", 4, "")]


@pytest.mark.parametrize(("asked", "least"), [(30.0, 30.0), (3600.0, 3600.0)])
async def test_discords_own_wish_is_kept(world: World, asked: float, least: float) -> None:
    """Even where it is longer than the longest pause."""
    await world.send(ANN, ABOUT_NIL)
    world.doorkeeper.will("grant", Later("http_429", timedelta(seconds=asked)))

    due = await world.drain()

    assert due is not None
    assert (due - world.clock()).total_seconds() >= least


async def test_the_longest_pause_is_ten_minutes(world: World) -> None:
    """However long Discord has been away."""
    await world.send(ANN, ABOUT_NIL)
    await world.run("UPDATE effect SET attempts = 11")
    world.doorkeeper.will("grant", Later("http_503"))

    due = await world.drain()

    assert due is not None
    assert timedelta() < due - world.clock() <= timedelta(minutes=10)


async def test_an_exception_in_a_call_is_a_later(world: World) -> None:
    """The outbox outlives it, and the other effects are done."""
    await world.send(ANN, ABOUT_NIL)
    await world.send(BEN, ABOUT_NIL)
    world.doorkeeper.will("grant", RuntimeError("no words of this reach a log"))

    await world.drain()

    assert await effect_states(world) == [("grant", "pending", 1, "unexpected"), ("grant", "done", 0, "")]


async def test_an_effect_that_cannot_be_read_does_not_stop_the_others(world: World) -> None:
    """Its person's sealed id was damaged: it is tried again, and everybody else is served."""
    await world.send(ANN, ABOUT_NIL)
    await world.run("UPDATE identity SET sealed = zeroblob(40)")
    await world.send(BEN, ABOUT_NIL)

    await world.drain()

    assert [call.user_id for call in world.doorkeeper.told("grant")] == [BEN.user_id]
    assert await effect_states(world) == [("grant", "pending", 1, "unreadable"), ("grant", "done", 0, "")]


@pytest.mark.parametrize("why", [Why.FORBIDDEN, Why.MISSING_ROLE])
async def test_a_grant_that_cannot_be_done_is_told_to_both_sides(world: World, why: Why) -> None:
    """It waits with all of its kind, is in the queue, and the person reads the truth."""
    await world.send(ANN, ABOUT_NIL)
    world.doorkeeper.will("grant", Refused(why))

    await world.drain()
    standing = await world.gate.standing(ANN)

    assert (await effect_states(world))[0] == ("grant", "pending", 0, why.value)
    assert ["Opening the door does not work" in call.text for call in world.doorkeeper.told("post")] == [True]
    assert isinstance(standing, AdmittedStanding)
    assert (standing.stuck, standing.has_role) == (True, False)
    assert await world.drain() == world.clock() + timedelta(minutes=1)


async def test_a_notice_that_cannot_be_posted_makes_no_notice(world: World) -> None:
    """The review channel is gone: one effect that waits, not an endless row of them."""
    await want(world, EffectKind.NOTICE, "task", target="task")
    world.doorkeeper.will("post", Refused(Why.MISSING_ROOM), Refused(Why.MISSING_ROOM))

    await world.drain()

    assert await effect_states(world) == [("notice", "pending", 0, "missing_room")]
    assert await world.rows("SELECT kind, code FROM stopped") == [("notice", "missing_room")]


async def test_granting_to_somebody_who_has_gone_is_over(world: World) -> None:
    """Nobody has to look at it; coming back asks for the role again."""
    await world.send(ANN, ABOUT_NIL)
    world.doorkeeper.will("grant", Refused(Why.GONE))

    await world.drain()

    assert await effect_states(world) == [("grant", "done", 0, "")]


async def test_a_grant_follows_the_case_as_it_stands(world: World) -> None:
    """Where no decision admits, nothing is granted, whatever an old effect says."""
    await world.held()
    await want(world, EffectKind.GRANT, "stray")
    await world.run("UPDATE effect SET case_id = (SELECT id FROM cases) WHERE kind = 'grant'")

    await world.drain()

    assert world.doorkeeper.told("grant") == []


@pytest.mark.parametrize(
    ("result", "delivery", "state"),
    [
        (Done(), "arrived", "done"),
        (Refused(Why.CLOSED), "closed", "done"),
        (Refused(Why.FORBIDDEN), "closed", "done"),
        (Refused(Why.GONE), "gone", "done"),
        (Refused(Why.UNFIT), "pending", "stuck"),
        (Later("http_500"), "pending", "pending"),
    ],
)
async def test_what_became_of_a_letter(world: World, result: Result, delivery: str, state: str) -> None:
    """It is noted as it was; closed messages change nothing about the decision."""
    await world.held()
    await world.decline()
    world.doorkeeper.will("tell", result)

    await world.drain()

    assert await world.one("SELECT delivery FROM letter") == delivery
    assert await world.one("SELECT state FROM effect WHERE kind = 'letter'") == state
    assert await world.states() == ["declined"]


async def test_a_stuck_letter_is_sent_when_it_is_tried_again(world: World) -> None:
    """Whoever mended the text has it delivered."""
    await world.held()
    await world.decline()
    world.doorkeeper.will("tell", Refused(Why.UNFIT))
    await world.drain()
    ref = await world.one("SELECT ref FROM effect WHERE kind = 'letter'")

    assert await world.desk.retry(MOD, ref) is True
    await world.drain()

    assert await world.one("SELECT delivery FROM letter") == "arrived"


async def test_a_letter_is_sent_even_if_the_panel_was_faster(world: World) -> None:
    """Whether the reply at the panel ever arrived is not known; the message says what became of it."""
    await world.held()
    await world.decline()
    await world.gate.standing(ANN)

    await world.drain()

    assert len(world.doorkeeper.told("tell")) == 1
    assert await world.one("SELECT delivery FROM letter") == "arrived"


async def test_a_letter_that_could_not_arrive_is_read_at_the_panel(world: World) -> None:
    """Their messages are closed, and the panel's button tells the same."""
    await world.held()
    await world.decline()
    world.doorkeeper.will("tell", Refused(Why.CLOSED))
    await world.drain()

    await world.gate.standing(ANN)

    assert await world.one("SELECT delivery FROM letter") == "shown"


async def test_whoever_waits_for_the_door_goes_first(world: World) -> None:
    """A crowd that asks for a person does not hold up an admission."""
    for number in range(30):
        await world.gate.ask_for_person(visitor(700000000000000001 + number))
        world.clock.advance(seconds=10)
    await world.send(ANN, ABOUT_NIL)

    await world.drain()

    assert world.doorkeeper.calls[0].verb == "grant"


async def test_what_discord_never_answers_is_handed_to_a_person(world: World) -> None:
    """After about an hour the team hears of it; the hourly sweep asks again, and it may yet be done."""
    await world.send(ANN, ABOUT_NIL)
    await world.run("UPDATE effect SET attempts = 12 WHERE kind = 'grant'")
    world.doorkeeper.will("grant", Later("http_400"))
    await world.drain()

    stuck = await world.rows("SELECT state, last_code FROM effect WHERE kind = 'grant'")
    assert stuck == [("stuck", "later")]
    assert [call.text for call in world.doorkeeper.told("post") if "needs a person" in call.text]

    world.clock.advance(hours=2)
    await world.sweep.run(world.clock())
    await world.drain()

    assert await world.one("SELECT state FROM effect WHERE kind = 'grant'") == "done"


async def test_a_letter_sent_again_carries_the_same_nonce(world: World) -> None:
    """So that Discord takes it once, should only the note have been lost."""
    await world.held()
    await world.decline()
    world.doorkeeper.will("tell", Later("connection"))
    await world.drain()
    world.clock.advance(minutes=5)
    await world.drain()

    first, second = world.doorkeeper.told("tell")
    assert first.nonce == second.nonce != ""


async def test_grants_go_on_after_the_clock_was_set_back(world: World) -> None:
    """A bucket that was filled "in the future" does not close the door for hours."""
    for number in range(11):
        await world.send(visitor(700000000000000001 + number), ABOUT_NIL)
    await world.drain()
    world.clock.advance(hours=-6)
    await world.run("UPDATE effect SET due_at = 0 WHERE state = 'pending'")

    await world.drain()

    assert len(world.doorkeeper.told("grant")) == 11


async def test_the_card_of_a_case_that_is_deleted_is_closed(world: World) -> None:
    """Somebody asked for a person, and then turned out to be under age: no card is left open."""
    await world.gate.ask_for_person(ANN)
    await world.drain()
    step = await world.begin()
    await world.forms.save(ANN, step.ref, {**ABOUT_NIL, "age_ok": "no"})

    await world.drain()

    assert await world.states() == []
    (edited,) = world.doorkeeper.told("edit")
    assert edited.text == "This case is closed."
    assert await world.rows("SELECT * FROM effect WHERE kind = 'retire'") == []


async def test_a_card_is_posted_once_and_edited_from_then_on(world: World) -> None:
    """Waiting, being changed, decided: one message shows how it stands."""
    await world.held()
    await world.drain()
    await world.gate.reopen(ANN)
    await world.drain()
    await world.gate.take_back(ANN)
    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["post", "edit", "edit"]
    assert len({call.message_id for call in world.doorkeeper.told("edit")}) == 1
    assert "Taken back" in world.doorkeeper.calls[-1].text


async def test_the_card_of_a_decided_case_says_who_decided_and_never_about_whom(world: World) -> None:
    """It has no button left."""
    file = await world.held()
    await world.drain()
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    await world.drain()

    [edit] = world.doorkeeper.told("edit")
    assert edit.screen is not None
    assert edit.screen.presses == ()
    assert f"<@{MOD.user_id}>" in edit.text
    assert str(ANN.user_id) not in edit.text


async def test_a_card_that_was_deleted_is_posted_anew(world: World) -> None:
    """In the same turn, and under a nonce of its own."""
    file = await world.held()
    await world.drain()
    world.doorkeeper.will("stands", Refused(Why.MISSING_MESSAGE))
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.HOLD)

    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["post", "stands", "post"]
    assert len({call.nonce for call in world.doorkeeper.told("post")}) == 2
    assert await effect_states(world) == [("card", "done", 1, "")]


async def test_a_card_that_was_deleted_during_trouble_is_posted_anew_too(world: World) -> None:
    """An attempt that failed before does not make it a matter for people."""
    file = await world.held()
    await world.drain()
    world.doorkeeper.will("stands", Later("http_503"), Refused(Why.MISSING_MESSAGE))
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.HOLD)
    due = await world.drain()
    assert due is not None
    world.clock.now = due

    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["post", "stands", "stands", "post"]
    assert await world.one("SELECT state FROM effect") == "done"


async def test_no_new_card_is_posted_for_a_case_that_is_not_with_the_team(world: World) -> None:
    """Deleted while the person changes their answers: it comes back when they are sent."""
    await world.held()
    await world.drain()
    await world.run("DELETE FROM card")
    await world.gate.reopen(ANN)
    await world.drain()
    assert len(world.doorkeeper.calls) == 1

    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)
    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["post", "post"]


async def test_posting_again_after_trouble_keeps_its_nonce(world: World) -> None:
    """A message that Discord did take, without saying so, is not posted twice."""
    await world.held()
    world.doorkeeper.will("post", Later("timeout"))
    due = await world.drain()
    assert due is not None
    world.clock.now = due

    await world.drain()

    first, second = world.doorkeeper.told("post")
    assert first.nonce == second.nonce
    assert len(first.nonce) <= 25


async def test_the_panel_is_posted_then_only_checked(world: World) -> None:
    """Nothing is edited while it shows what it should; deleted, it heals itself."""
    for _ in range(2):
        await want(world, EffectKind.PANEL, "panel")
        await world.drain()
    world.doorkeeper.will("stands", Refused(Why.MISSING_MESSAGE))
    await want(world, EffectKind.PANEL, "panel")
    await world.drain()

    assert [(call.verb, call.room) for call in world.doorkeeper.calls] == [
        (verb, Room.QUARANTINE) for verb in ("post", "stands", "stands", "post")
    ]


async def test_an_outdated_panel_is_edited(world: World) -> None:
    """What it shows is compared by hash."""
    await want(world, EffectKind.PANEL, "panel")
    await world.drain()
    await world.run("UPDATE panel SET shown_hash = 'older'")
    await want(world, EffectKind.PANEL, "panel")

    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["post", "edit"]


async def test_a_missing_room_is_told_to_the_team(world: World) -> None:
    """Until somebody mends it, trying again changes nothing."""
    await want(world, EffectKind.PANEL, "panel")
    world.doorkeeper.will("post", Refused(Why.MISSING_ROOM))

    await world.drain()

    assert (await effect_states(world))[0] == ("panel", "pending", 0, "missing_room")
    assert "Showing the front page does not work" in world.doorkeeper.told("post")[-1].text


class Interrupted(FakeDoorkeeper):
    """Wants the card once more while it is being posted."""

    world: World

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        if not self.told("post"):
            await self.world.gate.reopen(ANN)
        return await super().post(room, screen, nonce, since)


async def test_what_is_wanted_again_meanwhile_is_done_once_more(world: World) -> None:
    """A call that began before the last wish does not settle it."""
    await world.held()
    doorkeeper = Interrupted()
    doorkeeper.world = world
    world.outbox = Outbox(world.foundation, doorkeeper, world.lookout)

    await world.drain()

    assert [call.verb for call in doorkeeper.calls] == ["post", "edit"]
    assert "Waits" not in doorkeeper.calls[-1].text
    assert await world.one("SELECT state FROM effect") == "done"


async def test_roles_are_given_at_the_pace_discord_takes_them(world: World) -> None:
    """Ten in ten seconds; the rest keeps its turn without counting as a failure, and cards go on."""
    for number in range(23):
        await world.send(visitor(700000000000000000 + number), ABOUT_NIL)
    await world.held()

    per_turn = []
    due: datetime | None = world.clock()
    while due is not None:
        world.clock.now = due
        before = len(world.doorkeeper.told("grant"))
        due = await world.drain()
        per_turn.append((world.clock.now, len(world.doorkeeper.told("grant")) - before))

    start = per_turn[0][0]
    assert [(int((at - start).total_seconds()), count) for at, count in per_turn] == [
        (0, 10),
        (10, 10),
        (20, 3),
    ]
    assert len({call.user_id for call in world.doorkeeper.told("grant")}) == 23
    assert world.doorkeeper.told("post") != []
    assert {attempts for _, _, attempts, _ in await effect_states(world)} == {0}


async def test_the_pace_holds_on_a_clock_with_microseconds(world: World) -> None:
    """Times are stored in milliseconds; what is put off comes due when it may be done, not just before."""
    world.clock.advance(microseconds=121)
    for number in range(11):
        await world.send(visitor(700000000000000000 + number), ABOUT_NIL)

    due = await world.drain()
    assert due is not None
    world.clock.now = due
    await asyncio.wait_for(world.drain(), timeout=5)

    assert len(world.doorkeeper.told("grant")) == 11


async def test_an_effect_of_a_case_that_is_gone_ends_quietly(world: World) -> None:
    """Nothing is left to do."""
    await want(world, EffectKind.CARD, "gone")
    await want(world, EffectKind.LETTER, "gone", target="gone")

    await world.drain()

    assert world.doorkeeper.calls == []
    assert {state for _, state, _, _ in await effect_states(world)} == {"done"}
