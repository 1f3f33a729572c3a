"""Drift as it happens: roles given and taken by others, coming back, screening, AutoMod, bots, asking."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.minting import NextForm
from bot.model import Outcome
from bot.ports import Later, Member, Refused, RoleChange, Room, Why
from bot.review.bench import Decided, MayNot
from bot.review.queue import Overview
from bot.screens import files as file_screens
from bot.screens import gate as gate_screens
from bot.screens import queue as queue_screens
from bot.standing import (
    AdmittedStanding,
    CarryOn,
    HeldStanding,
    PersonWanted,
    TakenStanding,
    UnrecordedStanding,
    Welcome,
)
from bot.submission import Sent
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    MODERATOR_ROLE,
    NOTICE,
    NOW,
    PURPOSE,
    TICKED,
    FakeClock,
    World,
    config,
    visitor,
    world_in,
)

GIVER = MOD.user_id


def member(*role_ids: int, who: int = ANN.user_id, **more: Any) -> Member:
    """Ann, in the server."""
    return Member(who, frozenset(role_ids), **more)


def change(given: bool, by: int = GIVER, **more: Any) -> RoleChange:
    """What the audit log says of Ann's role."""
    return RoleChange(
        **{"user_id": ANN.user_id, "given": given, "by": by, "by_bot": False, "at": NOW, **more}
    )


@pytest.fixture
async def watched(world: World) -> World:
    """The first look is over; the moderator is there, and holds both roles."""
    world.lookout.has(member(MEMBER_ROLE, MODERATOR_ROLE, who=MOD.user_id))
    assert await world.rounds.run(world.clock())
    await world.drain()
    world.doorkeeper.calls.clear()
    world.lookout.asked.clear()
    return world


async def admitted(world: World) -> None:
    """Ann is let in, and holds the role."""
    await world.send(ANN, ABOUT_NIL)
    await world.drain()
    world.lookout.has(member(MEMBER_ROLE))
    world.doorkeeper.calls.clear()


async def test_the_bots_own_doing_is_no_news(watched: World) -> None:
    """Its grants and revokes stand in the audit log too, and cost no call."""
    await watched.send(ANN, ABOUT_NIL)
    await watched.drain()

    assert await watched.drift.role_changed(change(given=True, own=True))
    assert await watched.drift.role_changed(change(given=False, own=True))

    assert [call.verb for call in watched.doorkeeper.calls] == ["grant"]
    assert watched.lookout.asked == []


async def test_a_role_given_by_hand_is_taken_back_at_once(watched: World) -> None:
    """The person, who was at the door, is held; the notice names the giver."""
    await watched.gate.arrive(ANN)
    watched.lookout.has(member(MEMBER_ROLE))

    assert await watched.drift.role_changed(change(given=True))
    await watched.drain()

    assert [call.user_id for call in watched.doorkeeper.told("revoke")] == [ANN.user_id]
    assert await watched.states() == ["held"]
    assert any(f"<@{GIVER}> gave it." in call.text for call in watched.doorkeeper.told("post"))


async def test_what_is_over_by_the_time_it_is_heard_of_accuses_nobody(watched: World) -> None:
    """The role was given and taken again before the bot could look."""
    await watched.gate.arrive(ANN)
    watched.lookout.has(member())

    assert await watched.drift.role_changed(change(given=True))

    assert await watched.states() == ["waiting"]


async def test_what_cannot_be_looked_into_wants_a_round(watched: World) -> None:
    """Nothing is done on hearsay."""
    await watched.gate.arrive(ANN)
    watched.lookout.will("member", Later("http_503"))

    assert not await watched.drift.role_changed(change(given=True))
    assert await watched.states() == ["waiting"]


async def test_before_the_first_look_nobody_unknown_is_stripped(world: World) -> None:
    """Roles may be given out to all who are there before the first round has gone over them."""
    world.lookout.has(member(MEMBER_ROLE))

    assert await world.drift.role_changed(change(given=True))
    assert await world.states() == []

    assert await world.drift.came_with_role(ANN.user_id)
    assert await world.states() == []


async def test_without_the_intent_what_is_heard_of_counts_from_the_start(
    tmp_path: Path, clock: FakeClock
) -> None:
    """There will be no first round, so that hearing is all there is."""
    settings = config()
    assert settings.discord
    ids = settings.discord.model_copy(update={"members_intent": False})
    async with world_in(tmp_path, settings.model_copy(update={"discord": ids}), clock) as world:
        world.lookout.has(member(MEMBER_ROLE))
        assert await world.drift.role_changed(change(given=True))
        assert await world.states() == ["held"]


async def test_somebody_who_comes_with_the_role_is_held(watched: World) -> None:
    """An invite can give roles, and leaves no trace of who did."""
    watched.lookout.has(member(MEMBER_ROLE))

    assert await watched.drift.came_with_role(ANN.user_id)
    await watched.gate.arrive(ANN)

    assert await watched.states() == ["held"]


async def test_whoever_is_answering_keeps_their_answers(watched: World) -> None:
    """Start shows a kind word and the way on; then a person decides."""
    first = await watched.begin()
    await watched.save(ANN, first.ref, ABOUT_LINKED)
    watched.lookout.has(member(MEMBER_ROLE))
    await watched.drift.role_changed(change(given=True))

    standing = await watched.gate.standing(ANN)
    assert isinstance(standing, UnrecordedStanding)
    assert standing.begun
    screen = gate_screens.standing(
        watched.foundation.config.words.voice("en"), watched.foundation.config, standing
    )
    assert [press.label for press in screen.presses] == [
        "Carry on with my answers", "Talk to a person", "Take back my request"
    ]  # fmt: skip
    carried_on = await watched.gate.reopen(ANN)
    assert isinstance(carried_on, CarryOn)
    result = await watched.send(ANN, LINK_NOW, PURPOSE)
    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding)


async def test_nobody_is_admitted_on_answers_that_were_being_changed(watched: World) -> None:
    """What was told before is not what they are telling now, and a moderator sees neither in full."""
    await watched.held()
    await watched.gate.reopen(ANN)
    watched.lookout.has(member(MEMBER_ROLE))
    await watched.drift.role_changed(change(given=True))
    assert await watched.states() == ["held"]

    code = await watched.code()
    result = await watched.decisions.decide_by_code(MOD, code, Outcome.ADMIT)

    assert result == MayNot("not_sent_yet", code)
    settings = watched.foundation.config
    screen = file_screens.case_file(settings.words.voice("en"), settings, await watched.file())
    labels = [press.label for press in screen.presses]
    assert "Admit" not in labels
    assert "Write down answers" in labels

    await watched.gate.reopen(ANN)
    await watched.send(ANN)
    assert isinstance(await watched.decisions.decide_by_code(MOD, code, Outcome.ADMIT), Decided)


async def test_begin_from_held_and_a_nil_return_still_goes_to_a_person(watched: World) -> None:
    """Whoever had the role without a decision is let in by a moderator, not by the machine."""
    watched.lookout.has(member(MEMBER_ROLE))
    await watched.drift.role_changed(change(given=True))
    standing = await watched.gate.standing(ANN)
    assert isinstance(standing, UnrecordedStanding)
    assert not standing.begun
    file = await watched.file()
    screen = file_screens.case_file(
        watched.foundation.config.words.voice("en"), watched.foundation.config, file
    )
    assert "Nobody can be let in before their links are told" in screen.text
    assert "Admit" not in [press.label for press in screen.presses]
    assert "Write down answers" in [press.label for press in screen.presses]

    assert isinstance(await watched.gate.agree(ANN, NOTICE), NextForm)
    assert await watched.rows("SELECT state, hold_reason FROM cases") == [("answering", None)]
    result = await watched.send(ANN, ABOUT_NIL)

    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding)
    assert await watched.rows("SELECT state, hold_reason FROM cases") == [("held", "earlier_case")]


async def test_their_answers_can_be_written_down_too(watched: World) -> None:
    """From held, without a sheet, by a moderator."""
    watched.lookout.has(member(MEMBER_ROLE))
    await watched.drift.role_changed(change(given=True))

    await watched.conversations.record(MOD, await watched.code())

    assert await watched.states() == ["answering"]


async def test_a_held_case_keeps_its_reason(watched: World) -> None:
    """What the team waits for has not changed; the role is taken all the same."""
    await watched.held()
    watched.lookout.has(member(MEMBER_ROLE))

    await watched.drift.role_changed(change(given=True))
    await watched.drain()

    assert await watched.rows("SELECT hold_reason FROM cases") != [("unrecorded_member",)]
    assert len(watched.doorkeeper.told("revoke")) == 1


async def test_wanting_nothing_kept_does_not_hide_that_there_was_an_incident(watched: World) -> None:
    """The case ends instead of vanishing, so that the next one still goes to a person."""
    watched.lookout.has(member(MEMBER_ROLE))
    await watched.drift.role_changed(change(given=True))
    await watched.gate.agree(ANN, NOTICE)

    await watched.gate.forget_me(ANN)
    assert await watched.states() == ["withdrawn"]
    result = await watched.send(ANN, ABOUT_NIL)
    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding)


async def test_access_taken_by_hand(watched: World) -> None:
    """It is taken once, stays taken, and the person can talk to somebody or ask again."""
    await admitted(watched)
    watched.lookout.has(member())

    assert await watched.drift.role_changed(change(given=False))
    assert await watched.drift.role_changed(change(given=False))
    standing = await watched.gate.standing(ANN)
    await watched.drain()

    assert isinstance(standing, TakenStanding)
    screen = gate_screens.standing(
        watched.foundation.config.words.voice("en"), watched.foundation.config, standing
    )
    assert [press.label for press in screen.presses] == ["Talk to a person", "Ask again", "My data"]
    assert [call.verb for call in watched.doorkeeper.calls] == ["post"]
    actor = await watched.one("SELECT actor FROM event WHERE action = 'access.taken'")
    assert actor == await watched.one(
        "SELECT id FROM subject WHERE lookup = ?", watched.foundation.vault.lookup(GIVER)
    )
    asked = await watched.gate.ask_for_person(ANN)
    assert isinstance(asked, PersonWanted)


async def test_asking_again_after_it_was_taken_goes_to_a_person(watched: World) -> None:
    """Even with nothing to tell; the rule that holds it says why."""
    await admitted(watched)
    watched.lookout.has(member())
    await watched.drift.role_changed(change(given=False))

    result = await watched.send(ANN, ABOUT_NIL)

    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding)
    facts = await watched.one(
        "SELECT json_extract(facts, '$.earlier_outcome[0]') FROM verdict ORDER BY rowid DESC LIMIT 1"
    )
    assert facts == "taken_back"


async def test_given_back_by_hand(watched: World) -> None:
    """By a person the decision counts again; by a bot it is an incident."""
    await admitted(watched)
    watched.lookout.has(member())
    await watched.drift.role_changed(change(given=False))
    watched.lookout.has(member(MEMBER_ROLE))

    watched.lookout.will("member", Later("http_503"))
    assert not await watched.drift.role_changed(change(given=True))
    assert await watched.drift.role_changed(change(given=True))

    assert await watched.one("SELECT taken_back_at FROM cases") is None
    assert isinstance(await watched.gate.standing(ANN), AdmittedStanding)
    assert sorted(await watched.rows("SELECT kind FROM task")) == [("access_given",), ("access_taken",)]


async def test_given_back_by_a_bot(watched: World) -> None:
    """A sticky role is nobody's decision."""
    await admitted(watched)
    watched.lookout.has(member())
    await watched.drift.role_changed(change(given=False))
    robot = 400000000000000001
    watched.lookout.has(member(MEMBER_ROLE), member(who=robot, bot=True))

    assert await watched.drift.role_changed(change(given=True, by=robot))
    await watched.drain()

    assert await watched.states() == ["admitted", "held"]
    assert len(watched.doorkeeper.told("revoke")) == 1


async def test_coming_back_restores_a_decision(watched: World) -> None:
    """Without asking again, unless a person took the access back."""
    await admitted(watched)
    await watched.gate.leave(ANN.user_id)
    await watched.gate.arrive(ANN)
    await watched.drain()
    assert [call.user_id for call in watched.doorkeeper.told("grant")] == [ANN.user_id]

    watched.lookout.has(member())
    await watched.drift.role_changed(change(given=False))
    await watched.gate.leave(ANN.user_id)
    watched.clock.advance(minutes=1)
    await watched.gate.arrive(ANN)
    await watched.drain()
    assert await watched.states() == ["admitted", "waiting"]
    assert len(watched.doorkeeper.told("grant")) == 1


async def test_coming_back_after_a_decline_goes_to_a_person(watched: World) -> None:
    """With its history."""
    await watched.held()
    await watched.decline()
    await watched.gate.leave(ANN.user_id)
    watched.clock.advance(minutes=1)
    await watched.gate.arrive(ANN)
    result = await watched.send(ANN, ABOUT_NIL)

    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding)
    assert [case.state.value for case in (await watched.file()).earlier] == ["declined"]


PENDING = visitor(pending=True)


async def test_no_role_before_screening_is_passed(watched: World) -> None:
    """The grant waits, looks again in minutes, runs out of no patience, and is done once they have passed."""
    watched.lookout.has(member(pending=True))
    ref = await watched.answer(PENDING, ABOUT_NIL)
    result = await watched.submission.send(PENDING, ref, TICKED)
    assert isinstance(result, Sent)
    screen = gate_screens.sent(watched.foundation.config.words.voice("en"), watched.foundation.config, result)
    assert "accept this server's own rules" in screen.text

    for _ in range(30):
        due = await watched.drain()
        assert due is not None
        assert timedelta(seconds=59) <= due - watched.clock() <= timedelta(minutes=10)
        watched.clock.now = due
    assert watched.doorkeeper.told("grant") == []
    assert await watched.rows("SELECT state FROM effect WHERE kind = 'grant'") == [("pending",)]
    settings = watched.foundation.config
    file = file_screens.case_file(settings.words.voice("en"), settings, await watched.file())
    assert "They have not accepted the server's own rules yet." in file.text

    watched.lookout.has(member())
    await watched.drain()
    assert [call.user_id for call in watched.doorkeeper.told("grant")] == [ANN.user_id]
    assert await watched.one("SELECT pending FROM cases") == 0


async def test_nobody_else_waits_for_one_who_is_being_screened(watched: World) -> None:
    """The door opens for whoever comes after them."""
    watched.lookout.has(member(pending=True), member(who=BEN.user_id))
    await watched.send(PENDING, ABOUT_NIL)
    await watched.drain()
    await watched.send(BEN, ABOUT_NIL)
    await watched.drain()

    assert [call.user_id for call in watched.doorkeeper.told("grant")] == [BEN.user_id]


async def test_a_press_after_screening_opens_at_once(watched: World) -> None:
    """The press brings the news, so that nobody waits for the next look."""
    watched.lookout.has(member(pending=True))
    await watched.submission.send(PENDING, await watched.answer(PENDING, ABOUT_NIL), TICKED)
    await watched.drain()
    standing = await watched.gate.standing(PENDING)
    assert isinstance(standing, AdmittedStanding)
    assert standing.pending

    watched.lookout.asked.clear()
    await watched.gate.standing(ANN)
    await watched.drain()

    assert [call.user_id for call in watched.doorkeeper.told("grant")] == [ANN.user_id]
    assert watched.lookout.asked == []


async def test_somebody_who_left_before_passing_screening(watched: World) -> None:
    """There is nobody to give the role to, and nothing for moderators to mend."""
    await watched.submission.send(PENDING, await watched.answer(PENDING, ABOUT_NIL), TICKED)
    assert await watched.drain() is None
    assert await watched.rows("SELECT state FROM effect WHERE kind = 'grant'") == [("done",)]


async def test_whoever_comes_pending_is_on_record_as_such(watched: World) -> None:
    """From the join on, for one and for many, and a later press corrects it."""
    await watched.gate.arrive(PENDING)
    await watched.gate.arrive(visitor(BEN.user_id, automod=True))
    assert await watched.rows("SELECT pending, automod FROM cases ORDER BY rowid") == [(1, 0), (0, 1)]

    await watched.gate.standing(ANN)
    await watched.gate.agree(BEN, NOTICE)
    assert await watched.rows("SELECT pending, automod FROM cases ORDER BY rowid") == [(0, 0), (0, 0)]


async def test_whoever_automod_blocks_is_shown_as_such(watched: World) -> None:
    """In the queue and in the file, because they may not be able to press anything."""
    await watched.gate.arrive(visitor(automod=True))

    voice, settings = watched.foundation.config.words.voice("en"), watched.foundation.config
    assert "AutoMod blocks them because of their name" in await queue_text(watched)
    assert "AutoMod blocks them" in file_screens.case_file(voice, settings, await watched.file()).text


ROBOT = 400000000000000001
MANAGE_ROLES, ADMINISTRATOR = 1 << 28, 1 << 3


async def test_a_bot_that_is_added_is_told_of_once(watched: World) -> None:
    """Whether the join or the log is heard of first: its name inert, what it can do, and who added it."""
    await watched.drift.bot_added(ROBOT, "**Free** <@1>", MANAGE_ROLES, None)
    await watched.drift.bot_added(ROBOT, "**Free** <@1>", MANAGE_ROLES, GIVER)
    await watched.drift.bot_added(ROBOT, "**Free** <@1>", MANAGE_ROLES, None)
    watched.clock.advance(seconds=11)
    await watched.drain()

    [told] = watched.doorkeeper.told("post")
    assert told.room is Room.LOG
    assert "`**Free** <@1>`" in told.text
    assert "- give and take roles" in told.text
    assert f"<@{GIVER}> added it." in told.text
    assert await watched.states() == []


@pytest.mark.parametrize(
    ("permissions", "told"),
    [(ADMINISTRATOR | MANAGE_ROLES, "- everything: it is an administrator\n"), (0, "nothing that matters")],
)
async def test_what_a_bot_can_do_in_words(watched: World, permissions: int, told: str) -> None:
    """An administrator can do everything, which is one line."""
    await watched.drift.bot_added(ROBOT, "Free", permissions, None)
    watched.clock.advance(seconds=11)
    await watched.drain()

    [posted] = watched.doorkeeper.told("post")
    assert told in posted.text
    assert "give and take roles" not in posted.text
    assert "does not say who added it" in posted.text


async def test_members_from_before_are_asked_in_groups(tmp_path: Path, clock: FakeClock) -> None:
    """In public, naming nobody, at the chosen pace; the queue says how far it has come."""
    settings = config(drift={"ask_earlier_members": 2, "ask_every": "7d"})
    async with world_in(tmp_path, settings, clock) as world:
        people = [ANN.user_id + n for n in range(3)]
        world.lookout.has(*(member(MEMBER_ROLE, who=who) for who in people))
        await world.rounds.run(clock.advance(seconds=1))

        await world.asking.run(clock())
        await world.asking.run(clock())
        await world.drain()
        [asked] = [call for call in world.doorkeeper.told("post") if call.room is Room.WELCOME]
        assert asked.screen
        assert [press.label for press in asked.screen.presses] == ["Tell us about your links"]
        assert not any(str(who) in asked.text for who in people)
        assert "3 listed, 2 asked about their links. Of those, have told us: 0." in await queue_text(world)

        await world.asking.run(clock.advance(days=7))
        await world.asking.run(clock.advance(days=7))
        await world.drain()
        assert len([call for call in world.doorkeeper.told("post") if call.room is Room.WELCOME]) == 2
        assert "3 listed, 3 asked" in await queue_text(world)


async def queue_text(world: World) -> str:
    """What a moderator sees of the queue."""
    queue = await world.queue.show(MOD)
    assert isinstance(queue, Overview)
    return queue_screens.overview(world.foundation.config.words.voice("en"), queue).text


async def test_nobody_is_asked_who_should_not_be(tmp_path: Path, clock: FakeClock) -> None:
    """With 0, or with nobody on the list, nothing is posted."""
    async with world_in(tmp_path, config(drift={"ask_earlier_members": 0}), clock) as world:
        world.lookout.has(member(MEMBER_ROLE))
        await world.rounds.run(clock.advance(seconds=1))
        await world.asking.run(clock())
        assert await world.rows("SELECT 1 FROM earlier_member WHERE asked_at IS NOT NULL") == []


async def test_a_newcomer_is_still_just_welcomed(watched: World) -> None:
    """Drift changes nothing for whoever comes through the front door."""
    assert await watched.gate.standing(ANN) == Welcome()


async def test_the_role_is_not_taken_from_somebody_let_in_meanwhile(watched: World) -> None:
    """What an effect comes to is worked out when it is done."""
    await watched.held()
    watched.lookout.has(member(MEMBER_ROLE))
    await watched.drift.role_changed(change(given=True))
    await watched.run("DELETE FROM effect WHERE kind = 'card'")
    file = await watched.file()
    await watched.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    await watched.drain()

    assert watched.doorkeeper.told("revoke") == []
    assert len(watched.doorkeeper.told("grant")) == 1


async def test_a_giver_who_has_gone_is_still_named(watched: World) -> None:
    """What is not known of them is only whether they are a bot."""
    await admitted(watched)
    watched.lookout.has(member())
    await watched.drift.role_changed(change(given=False))
    watched.lookout.has(member(MEMBER_ROLE))
    del watched.lookout.people[GIVER]

    assert await watched.drift.role_changed(change(given=True))
    assert await watched.one("SELECT taken_back_at FROM cases") is None
    assert await watched.lookout.member(GIVER) == Refused(Why.GONE)
