"""Where the server and the decisions differ: unseen comings and goings, roles by hand, screening, bots."""

from datetime import timedelta
from typing import Any

import pytest

from rehearsal import simulation
from rehearsal.theatre import Person, Theatre
from tests.stage.acts import (
    NOTHING_TO_TELL,
    Edited,
    Stage,
    answer,
    apply,
    calls,
    code_of,
    count,
    held,
    inside,
    member,
    rows,
    send,
)


@pytest.fixture
async def watched(theatre: Theatre) -> Theatre:
    """The bot has looked at everybody once."""
    await theatre.look_round()
    return theatre


def role(theatre: Theatre, person: Person, *, given: bool, by: Any = None, told: bool = True) -> None:
    """Somebody gives or takes the member role in Discord itself."""
    simulation.change_role(
        theatre.env,
        theatre.server.guild,
        person.user,
        theatre.server.member_role,
        by=by.user if isinstance(by, Person) else by,
        given=given,
        told=told,
    )


def notices(theatre: Theatre) -> list[str]:
    """What was said in the review channel."""
    return [message.content for message in theatre.cards()]


async def test_who_joined_and_left_while_the_bot_was_down(watched: Theatre) -> None:
    """After the next start, one has a case and the other's has ended."""
    theatre = watched
    ben = await held(theatre)
    await theatre.close()
    ann = theatre.person("ann").join(told=False)
    simulation.leave_untold(theatre.env, theatre.server.guild, ben.user)
    await theatre.open()

    assert theatre.house.rounds._wanted, "a new session is a reason to look"
    await theatre.look_round()
    await theatre.look_round()

    assert await rows(theatre, "SELECT state FROM cases ORDER BY opened_at") == [("left",), ("waiting",)]
    seen = await ann.press_panel("Start")
    assert "Before you begin" in seen.text


async def test_a_round_reads_and_changes_nothing_twice(watched: Theatre) -> None:
    """With everybody as they should be, a round is one page of members and nothing more."""
    theatre = watched
    await member(theatre)
    await held(theatre)
    await theatre.look_round()
    before = len(calls(theatre))

    await theatre.look_round()

    assert [path.rpartition("/")[2] for _, path in calls(theatre)[before:]] == ["members", "members"]


async def test_a_role_given_by_hand_is_taken_back_and_the_giver_named(watched: Theatre) -> None:
    """At once; the person is told kindly, and a moderator decides once they have answered."""
    theatre = watched
    ann, mia = await theatre.newcomer("ann"), await theatre.moderator("mia")

    role(theatre, ann, given=True, by=mia)
    await theatre.settle()

    assert not inside(ann)
    code = await code_of(theatre)
    [notice] = [text for text in notices(theatre) if "takes the role back" in text]
    assert code in notice
    assert f"<@{mia.id}> gave it." in notice
    assert not any(str(ann.id) in text for text in notices(theatre))

    seen = await ann.press_panel("Start")
    assert "It is not your fault" in seen.text
    assert seen.buttons == ["Agree and begin", "Talk to a person", "Take back my request"]
    await mia.command("review next")
    assert "Admit" not in mia.seen.buttons
    await ann.press("Agree and begin")
    await ann.fill(**NOTHING_TO_TELL)
    await ann.press("Check and send")
    await send(ann)
    await theatre.settle()
    assert not inside(ann)
    await mia.command("review next")
    await mia.press("Admit")
    await theatre.settle()
    assert inside(ann)


async def test_an_invite_that_gives_the_role_is_found_by_the_next_round(watched: Theatre) -> None:
    """Nothing is written down about it, so nobody can be named."""
    theatre = watched
    ann = await theatre.newcomer("ann")
    role(theatre, ann, given=True)
    await theatre.settle()
    assert inside(ann)

    await theatre.look_round()

    assert not inside(ann)
    assert any("does not say who gave it" in text for text in notices(theatre))


async def test_a_role_given_while_the_bot_was_down_is_found_with_its_giver(watched: Theatre) -> None:
    """The server's own log says who."""
    theatre = watched
    ann, mia = await theatre.newcomer("ann"), await theatre.moderator("mia")
    role(theatre, ann, given=True, by=mia, told=False)
    await theatre.settle()
    assert inside(ann)

    await theatre.look_round()

    assert not inside(ann)
    assert any(f"<@{mia.id}> gave it." in text for text in notices(theatre))


async def test_alert_only(stage: Stage, edited: Edited) -> None:
    """Moderators hear of it, once, and the role stays."""
    theatre = await stage(edited(('unrecorded = "take_back"', 'unrecorded = "alert"')))
    mia = await theatre.moderator("mia")
    await theatre.look_round()
    ann = await theatre.newcomer("ann")

    role(theatre, ann, given=True, by=mia)
    await theatre.settle()
    await theatre.look_round()

    assert inside(ann)
    assert len([text for text in notices(theatre) if "Nothing was changed" in text]) == 1
    seen = await mia.command("review queue")
    assert "Somebody has the member role, and no decision is on record" in seen.text


async def test_members_from_before_the_bot_keep_their_access_and_are_asked(theatre: Theatre) -> None:
    """In the channel where members go first, naming nobody; telling works from there."""
    eva = theatre.resident("eva", theatre.server.member_role)
    mia = await theatre.moderator("mia")

    await theatre.look_round()
    await theatre.look_round()

    assert inside(eva)
    [asked] = theatre.server.lounge.history()
    assert "Were you here before we began to ask?" in asked.content
    assert "<@" not in asked.content
    await eva.press("Tell us about your links", on=asked)
    assert "You have not told us about your links yet." in eva.seen.text
    assert all(message.ephemeral for message in eva.seen.messages)
    await eva.press("Change my links")
    await eva.press("Continue")
    await eva.fill(capacity="self", links="no")
    await eva.press("Check and send")
    await send(eva)
    seen = await mia.command("review queue")
    assert "2 listed, 2 asked about their links. Of those, have told us: 2." in seen.text
    await theatre.pass_time(timedelta(days=8))
    await theatre.look_round()
    assert len(theatre.server.lounge.history()) == 1


async def test_a_role_taken_by_hand_is_not_given_again(watched: Theatre) -> None:
    """Neither by a press nor by a round; the person can ask, and a person looks."""
    theatre = watched
    ann, mia = await member(theatre), await theatre.moderator("mia")

    role(theatre, ann, given=False, by=mia)
    await theatre.settle()
    await theatre.look_round()
    seen = await ann.press_panel("Start")
    await theatre.settle()

    assert not inside(ann)
    assert "somebody on the team has closed your access" in seen.text
    assert seen.buttons == ["Talk to a person", "Ask again", "My data"]
    [notice] = [text for text in notices(theatre) if "took the member role" in text]
    assert f"<@{mia.id}>" in notice
    assert str(ann.id) not in notice

    role(theatre, ann, given=True, by=mia)
    await theatre.settle()
    await theatre.look_round()
    assert inside(ann)


async def test_a_role_that_went_missing_is_given_again(watched: Theatre) -> None:
    """Nobody took it, as far as the log knows."""
    theatre = watched
    ann = await member(theatre)
    role(theatre, ann, given=False)
    await theatre.settle()
    assert not inside(ann)

    await theatre.look_round()

    assert inside(ann)


async def test_coming_back_restores_the_decision(watched: Theatre) -> None:
    """Without asking again."""
    theatre = watched
    ann = await member(theatre)
    ann.leave()
    await theatre.settle()

    ann.join()
    await theatre.settle()

    assert inside(ann)
    assert await count(theatre, "cases") == 1


async def test_coming_back_unseen_restores_the_decision_too(watched: Theatre) -> None:
    """The next round sees that they are back."""
    theatre = watched
    ann = await member(theatre)
    ann.leave()
    await theatre.settle()
    ann.join(told=False)

    await theatre.look_round()

    assert inside(ann)


async def test_coming_back_after_it_was_taken_goes_to_a_moderator(watched: Theatre) -> None:
    """With the history in the file."""
    theatre = watched
    ann, mia = await member(theatre), await theatre.moderator("mia")
    role(theatre, ann, given=False, by=mia)
    await theatre.settle()
    ann.leave()
    await theatre.settle()
    ann.join()
    await theatre.settle()
    assert not inside(ann)

    await apply(ann, NOTHING_TO_TELL)

    assert not inside(ann)
    seen = await mia.command("review next")
    assert "Earlier cases" in seen.text
    assert "always_hold_after_refusal" in seen.text


async def test_no_role_before_screening_is_passed(watched: Theatre) -> None:
    """The person is told what comes first, and the door opens once they have done it."""
    theatre = watched
    ann = await theatre.newcomer("ann")
    simulation.set_pending(theatre.env, theatre.server.guild, ann.user, pending=True)

    await apply(ann, NOTHING_TO_TELL)
    assert "accept this server's own rules" in ann.seen.text
    await theatre.pass_time(timedelta(minutes=5))
    assert not inside(ann)
    simulation.set_pending(theatre.env, theatre.server.guild, ann.user, pending=False)
    await theatre.pass_time(timedelta(minutes=11))

    assert inside(ann)


async def test_a_press_after_screening_opens_the_door_at_once(watched: Theatre) -> None:
    """Nobody waits longer than they have to."""
    theatre = watched
    ann = await theatre.newcomer("ann")
    simulation.set_pending(theatre.env, theatre.server.guild, ann.user, pending=True)
    await answer(ann, NOTHING_TO_TELL)
    await send(ann)
    await theatre.settle()
    await ann.press_panel("Start")
    assert "accept this server's own rules" in ann.seen.text
    simulation.set_pending(theatre.env, theatre.server.guild, ann.user, pending=False)

    await ann.press_panel("Start")
    await theatre.settle()

    assert inside(ann)


async def test_a_bot_that_is_added_is_reported(watched: Theatre) -> None:
    """What it is called, inert, what it can do, and who added it; it gets no case."""
    theatre = watched
    mia = await theatre.moderator("mia")
    robot = theatre.env.create_user("robot", bot=True)

    simulation.add_bot(theatre.env, theatre.server.guild, robot, by=mia.user)
    await theatre.env.settle()
    await theatre.pass_time(timedelta(seconds=11))

    [notice] = [text for text in notices(theatre) if "A bot was added" in text]
    assert f"<@{mia.id}> added it." in notice
    assert "What it can do:" in notice
    assert await count(theatre, "cases") == 0


async def test_whoever_automod_blocks_is_shown_as_such(watched: Theatre) -> None:
    """In the queue and in the file."""
    theatre = watched
    ann, mia = theatre.person("ann").join(told=False), await theatre.moderator("mia")
    simulation.announce_join(theatre.env, theatre.server.guild, ann.user, flags=1 << 7)
    await theatre.settle()

    seen = await mia.command("review queue")
    assert "AutoMod blocks them because of their name" in seen.text
    seen = await mia.command("review open", code=await code_of(theatre))
    assert "AutoMod blocks them because of their name" in seen.text


async def test_the_log_of_another_server_is_of_no_interest(watched: Theatre) -> None:
    """A role, a bot or a member elsewhere changes nothing here."""
    theatre = watched
    simulation.fail(theatre.env, "DELETE", "/users/@me/guilds/*", status=500, times=None)
    other = theatre.env.create_guild("Elsewhere")
    ann = await theatre.newcomer("ann")
    other.add_member(ann.user)
    given = other.create_role("Member")
    simulation.change_role(theatre.env, other, ann.user, given, by=ann.user, given=True)
    simulation.add_bot(theatre.env, other, theatre.env.create_user("robot", bot=True), by=ann.user)
    await theatre.settle()

    assert await rows(theatre, "SELECT state FROM cases") == [("waiting",)]
    assert notices(theatre) == []


async def test_another_role_is_of_no_interest(watched: Theatre) -> None:
    """Colours and pronouns come and go."""
    theatre = watched
    ann = await theatre.newcomer("ann")
    colour = theatre.server.guild.create_role("Blue")
    simulation.change_role(theatre.env, theatre.server.guild, ann.user, colour, by=ann.user, given=True)
    await theatre.settle()

    assert await rows(theatre, "SELECT state FROM cases") == [("waiting",)]


async def test_a_join_that_could_not_be_recorded_is_made_up_for(watched: Theatre, errors: Any) -> None:
    """The database was locked for a moment: the next round finds whoever came."""
    theatre = watched
    errors.expected = True
    await theatre.foundation.database.write(
        lambda c: c.execute(
            "CREATE TRIGGER full BEFORE INSERT ON cases BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    )
    ann = theatre.person("ann").join()
    await theatre.settle()
    assert await count(theatre, "cases") == 0
    await theatre.foundation.database.write(lambda c: c.execute("DROP TRIGGER full"))

    await theatre.house.rounds.run_if_due(theatre.env.now())

    assert await rows(theatre, "SELECT state FROM cases") == [("waiting",)]
    assert "Before you begin" in (await ann.press_panel("Start")).text


async def test_whoever_comes_with_the_role_is_held_at_once(watched: Theatre) -> None:
    """An invite can give it on the way in."""
    theatre = watched
    ann = theatre.person("ann")
    server = theatre.server
    ann.actor = simulation.join(theatre.env, server.guild, ann.user, roles=[server.member_role])
    await theatre.settle()

    assert not inside(ann)
    assert await rows(theatre, "SELECT state, hold_reason FROM cases") == [("held", "unrecorded_member")]


async def test_a_round_that_discord_does_not_answer_is_gone_again(watched: Theatre) -> None:
    """Nobody counts as gone meanwhile."""
    theatre = watched
    await held(theatre)
    simulation.fail(theatre.env, "GET", f"/guilds/{theatre.server.guild.id}/members", status=503)

    assert not await theatre.house.rounds.run(theatre.env.now())
    assert await rows(theatre, "SELECT state FROM cases") == [("held",)]
    assert await theatre.house.rounds.run(theatre.env.now())


async def test_without_view_audit_log_the_team_is_told_what_is_missing(watched: Theatre) -> None:
    """The role is taken back all the same."""
    theatre = watched
    ann = await theatre.newcomer("ann")
    role(theatre, ann, given=True)
    path = f"/guilds/{theatre.server.guild.id}/audit-logs"
    simulation.fail(theatre.env, "GET", path, status=403, code=50013)

    await theatre.look_round()

    assert not inside(ann)
    assert any("View Audit Log" in text for text in notices(theatre))


async def test_a_long_log_is_read_page_by_page(watched: Theatre) -> None:
    """Who gave the role is named though a hundred other changes came after it."""
    theatre = watched
    ann, mia = await theatre.newcomer("ann"), await theatre.moderator("mia")
    role(theatre, ann, given=True, by=mia, told=False)
    colour = theatre.server.guild.create_role("Blue")
    for number in range(120):
        simulation.change_role(
            theatre.env,
            theatre.server.guild,
            mia.user,
            colour,
            by=mia.user,
            given=number % 2 == 0,
            told=False,
        )

    await theatre.look_round()

    assert any(f"<@{mia.id}> gave it." in text for text in notices(theatre))
