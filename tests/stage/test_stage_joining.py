"""Somebody joins: it costs nothing, shows one channel, and is never forgotten."""

from rehearsal import simulation
from rehearsal.theatre import Theatre
from tests.stage.acts import calls, count, rows


async def test_joining_makes_no_call_to_discord(theatre: Theatre) -> None:
    """A join costs no REST call, and posts nothing."""
    before = len(calls(theatre))
    ann = await theatre.newcomer("ann")
    assert calls(theatre)[before:] == []
    assert ann.inbox() == []
    assert len(theatre.server.front_porch.history()) == 1
    assert theatre.cards() == []
    assert await rows(theatre, "SELECT state FROM cases") == [("waiting",)]


async def test_somebody_who_joins_sees_only_the_quarantine_channel(theatre: Theatre) -> None:
    """No role means no access."""
    ann = await theatre.newcomer("ann")
    server = theatre.server
    visible = [
        channel.name
        for channel in server.guild.channels.values()
        if simulation.can_see(theatre.env, server.guild, ann.user, channel)
    ]
    assert visible == ["front-porch"]


async def test_hearing_twice_of_a_join_is_hearing_once(theatre: Theatre) -> None:
    """Two join events for one person open one case."""
    ann = await theatre.newcomer("ann")
    theatre.server.guild.remove_member(ann.actor)
    ann.join()
    await theatre.settle()
    async with simulation.at_once(theatre.env):
        simulation.announce_join(theatre.env, theatre.server.guild, ann.user)
        simulation.announce_join(theatre.env, theatre.server.guild, ann.user)
    await theatre.settle()
    assert await count(theatre, "cases") == 1
    assert await count(theatre, "subject") == 1


async def test_two_hundred_joins_at_once_are_all_recorded(theatre: Theatre) -> None:
    """A crowd at the door is a crowd of cases, and one call to Discord in all: the team hears of it."""
    before = len(calls(theatre))
    people = [theatre.person(f"p{number}") for number in range(200)]
    async with simulation.at_once(theatre.env):
        for person in people:
            person.join()
    await theatre.settle()
    assert await count(theatre, "cases") == 200
    assert await count(theatre, "subject") == 200
    assert calls(theatre)[before:] == [("POST", f"/channels/{theatre.server.review.id}/messages")]


async def test_whoever_joined_unnoticed_can_begin_all_the_same(theatre: Theatre) -> None:
    """A join that the bot never heard of loses nobody."""
    ann = theatre.person("ann").join(told=False)
    await theatre.settle()
    assert await count(theatre, "cases") == 0
    await ann.press_panel("Start")
    seen = await ann.press("Agree and begin")
    assert seen.title == "About you"


async def test_another_bot_that_joins_is_nobody(theatre: Theatre) -> None:
    """A bot that is added to the server gets no case."""
    robot = theatre.env.create_user("robot", bot=True)
    theatre.server.guild.add_member(robot)
    await theatre.settle()
    assert await count(theatre, "cases") == 0


async def test_leaving_before_anything_was_begun_leaves_nothing_behind(theatre: Theatre) -> None:
    """Whoever joins and leaves again is forgotten, key and all."""
    ann = await theatre.newcomer("ann")
    ann.leave()
    await theatre.settle()
    assert await count(theatre, "cases") == 0
    assert await count(theatre, "subject") == 0
    assert await count(theatre, "identity") == 0


async def test_an_event_of_another_server_is_ignored(theatre: Theatre) -> None:
    """A join or a leave elsewhere opens and ends nothing."""
    simulation.fail(theatre.env, "DELETE", "/users/@me/guilds/*", status=500, times=None)
    other = theatre.env.create_guild("Elsewhere")
    user = theatre.env.create_user("zoe")
    actor = other.add_member(user)
    await theatre.settle()
    other.remove_member(actor)
    await theatre.settle()
    assert await count(theatre, "cases") == 0
