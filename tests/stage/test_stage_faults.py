"""When Discord says no, or nothing at all: it is tried again, or told truthfully to both sides."""

from datetime import timedelta

import pytest

from rehearsal import simulation
from rehearsal.theatre import Theatre
from tests.stage.acts import (
    HAS_LINKS,
    JOB_TODAY,
    NOTHING_TO_TELL,
    Errors,
    answer,
    apply,
    code_of,
    grants,
    held,
    inside,
    member,
    rows,
    send,
    state,
)

ROLES = "/guilds/*/members/*/roles/*"


async def stuck_kinds(theatre: Theatre) -> list[str]:
    """What waits for a person."""
    return [kind for (kind,) in await rows(theatre, "SELECT kind FROM effect WHERE state = 'stuck'")]


async def test_a_role_that_may_not_be_given_is_told_truthfully_to_both_sides(theatre: Theatre) -> None:
    """Forbidden: a visible task with what to do; the person hears whose fault it is; mended, it works."""
    simulation.fail(theatre.env, "PUT", ROLES, status=403, code=50013, times=None)
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    code = await code_of(theatre)
    assert not inside(ann)
    assert await state(theatre, code) == "admitted"
    seen = await ann.press_panel("Start")
    assert "You are admitted, but we could not open the door yet." in seen.text
    assert code in seen.text
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue")
    assert "**Could not be done, and needs a person: 1**" in seen.text
    assert "- Opening the door: waits since " in seen.text
    assert "(1 in all). To mend it: give the bot Manage Roles" in seen.text
    queue = seen.messages[-1]
    seen = await mia.command("review open", code=code)
    assert "**The door could not be opened.**" in seen.text
    simulation.mend(theatre.env)
    seen = await mia.press("Try again: Opening the door", on=queue)
    assert "It is being tried again." in seen.text
    await theatre.settle()
    assert inside(ann)
    assert "It is no longer waiting." in (await mia.press("Try again: Opening the door", on=queue)).text
    assert (await mia.command("review queue")).text == "Nothing waits. Thank you for looking."


async def test_what_is_mended_goes_on_by_itself(theatre: Theatre) -> None:
    """Nobody presses anything: the next of the probes succeeds, and everybody who waited gets in."""
    simulation.fail(theatre.env, "PUT", ROLES, status=403, code=50013, times=None)
    people = []
    for name in ("ann", "ben", "cleo"):
        people.append(await theatre.newcomer(name))
        await apply(people[-1], NOTHING_TO_TELL)
    assert grants(theatre) == 1
    simulation.mend(theatre.env)
    await theatre.pass_time(timedelta(minutes=1, seconds=5))
    assert all(inside(person) for person in people)
    told = [card.content for card in theatre.cards() if "does not work" in card.content]
    assert len(told) == 1
    assert "give the bot Manage Roles, and move its role above the member role" in told[0]


async def test_trying_again_before_it_is_mended_stays_on_the_list(theatre: Theatre) -> None:
    """What still cannot be done is still shown."""
    simulation.fail(theatre.env, "PUT", ROLES, status=403, code=50013, times=None)
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    mia = await theatre.moderator("mia")
    await mia.command("review queue")
    await mia.press("Try again")
    await theatre.settle()
    assert "**Could not be done, and needs a person: 1**" in (await mia.command("review queue")).text


async def test_a_missing_role_says_what_to_write_where(theatre: Theatre) -> None:
    """The member role was deleted: the queue says so."""
    simulation.fail(theatre.env, "PUT", ROLES, status=404, code=10011, times=None)
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    mia = await theatre.moderator("mia")
    assert "the member role is gone." in (await mia.command("review queue")).text


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_outage_is_waited_out(theatre: Theatre, status: int) -> None:
    """503 included: the role is given when Discord is back, without anybody doing anything."""
    simulation.fail(theatre.env, "PUT", ROLES, status=status, times=3)
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    assert not inside(ann)
    seen = await ann.press_panel("Start")
    assert "The door is opening now" in seen.text
    for _ in range(4):
        await theatre.pass_time(timedelta(minutes=5))
    assert inside(ann)
    assert await stuck_kinds(theatre) == []


async def test_an_outage_across_a_restart_is_waited_out(theatre: Theatre) -> None:
    """What was decided is on disk: the next process opens the door."""
    simulation.fail(theatre.env, "PUT", ROLES, status=503, times=1)
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    assert not inside(ann)
    await theatre.restart()
    await theatre.pass_time(timedelta(minutes=1))
    assert inside(ann)
    assert grants(theatre) == 2


async def test_a_crash_before_the_outbox_ran_loses_nothing(theatre: Theatre) -> None:
    """Answers sent, the process gone before the role was given: the next one gives it, once."""
    ann = await theatre.newcomer("ann")
    await answer(ann, NOTHING_TO_TELL)
    await send(ann)
    assert not inside(ann)
    await theatre.restart()
    assert inside(ann)
    assert grants(theatre) == 1


@pytest.mark.parametrize("status", [500, 503])
async def test_a_card_that_could_not_be_posted_is_posted_later_and_once(
    theatre: Theatre, status: int
) -> None:
    """The review channel gets exactly one card."""
    simulation.fail(
        theatre.env, "POST", f"/channels/{theatre.server.review.id}/messages", status=status, times=2
    )
    await held(theatre)
    assert theatre.cards() == []
    for _ in range(3):
        await theatre.pass_time(timedelta(minutes=1))
    assert len(theatre.cards()) == 1
    assert await stuck_kinds(theatre) == []


async def test_a_missing_review_channel_is_a_task_and_stops_nobody(theatre: Theatre) -> None:
    """No card can be posted; the queue works, says so, and cases are decided."""
    simulation.fail(
        theatre.env,
        "*",
        f"/channels/{theatre.server.review.id}/messages*",
        status=404,
        code=10003,
        times=None,
    )
    ben = await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue", theatre.server.lounge)
    assert "- Showing the card: waits since " in seen.text
    assert "To mend it: the channel is gone." in seen.text
    assert "**Needs a decision: 1**" in seen.text
    await mia.command("review admit", theatre.server.lounge, code=code)
    await theatre.settle()
    assert inside(ben)


async def test_a_deleted_card_is_posted_again_when_it_changes(theatre: Theatre) -> None:
    """A moderator tidied up: the decision is shown all the same."""
    ben = await held(theatre)
    code = await code_of(theatre)
    await theatre.cards()[0].delete()
    mia = await theatre.moderator("mia")
    await mia.command("review admit", theatre.server.lounge, code=code)
    await theatre.settle()
    assert inside(ben)
    assert await stuck_kinds(theatre) == []


async def test_a_decision_stands_when_the_person_has_left_meanwhile(theatre: Theatre) -> None:
    """The role cannot be given to somebody who is gone; nothing is stuck, and they get it on coming back."""
    ben = await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review admit", code=code)
    ben.leave()
    await theatre.settle()
    assert await state(theatre, code) == "admitted"
    assert await stuck_kinds(theatre) == []
    ben.join()
    await theatre.settle()
    assert inside(ben)


async def test_a_message_that_could_not_be_sent_is_sent_later(theatre: Theatre) -> None:
    """An outage while telling the person: told once, afterwards."""
    ben = await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    simulation.fail(theatre.env, "POST", f"/channels/{ben.user.dm_channel.id}/messages", status=500, times=1)
    await mia.command("review admit", code=code)
    await theatre.settle()
    assert ben.inbox() == []
    await theatre.pass_time(timedelta(minutes=1))
    assert len(ben.inbox()) == 1


async def test_roles_are_paced_and_everybody_gets_in(theatre: Theatre) -> None:
    """Thirteen admissions at once: ten in ten seconds, and all in the end."""
    for number in range(13):
        person = await theatre.newcomer(f"p{number}")
        await answer(person, NOTHING_TO_TELL)
        await send(person)
    await theatre.settle()
    assert grants(theatre) == 10
    await theatre.pass_time(timedelta(seconds=11))
    assert grants(theatre) == 13


async def test_a_member_without_the_role_gets_it_again_at_the_panel(theatre: Theatre) -> None:
    """Somebody took the role away by hand: the decision stands, and Start gives it back."""
    ann = await member(theatre)
    server = theatre.server
    theatre.env.backend.remove_member_role(server.guild.id, ann.id, server.member_role.id)
    await theatre.env.settle()
    assert not inside(ann)
    assert "The door is opening now" in (await ann.press_panel("Start")).text
    await theatre.settle()
    assert inside(ann)


async def test_commands_that_cannot_be_offered_do_not_stop_the_gate(theatre: Theatre, errors: Errors) -> None:
    """Discord refuses the slash commands at start: the panel and its buttons work."""
    simulation.fail(theatre.env, "PUT", "/applications/*/guilds/*/commands", status=403, code=50001)
    errors.expected = True
    await theatre.restart()
    assert errors.lines == ["commands could not be offered: Discord answered 403"]
    ann = await theatre.newcomer("ann")
    await apply(ann, HAS_LINKS, (JOB_TODAY,))
    assert len(theatre.cards()) == 1
