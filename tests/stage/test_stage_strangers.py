"""Other servers: the bot leaves them, and nothing of theirs means anything here."""

import logging
from typing import Any

import pytest

from bot.screens.elements import Press
from rehearsal import simulation
from rehearsal.theatre import Person, Theatre
from tests.stage.acts import NOTHING_TO_TELL, Errors, apply, calls, code_of, count, held, state

ELSEWHERE = "This bot works for another server."


def left(theatre: Theatre) -> list[str]:
    """The servers that the bot has left, by the path of the call."""
    return [path for method, path in calls(theatre) if method == "DELETE" and "/guilds/" in path]


async def test_a_server_that_the_bot_is_put_into_is_left(
    theatre: Theatre, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, with a line in the log that names nothing."""
    with caplog.at_level(logging.INFO, logger="cogs"):
        other = theatre.env.create_guild("Elsewhere")
        await theatre.settle()
    assert left(theatre) == [f"/users/@me/guilds/{other.id}"]
    assert [guild.id for guild in theatre.house.client.guilds] == [theatre.server.guild.id]
    [line] = [r.getMessage() for r in caplog.records if "other servers" in r.getMessage()]
    assert line == "the bot was put into other servers, and has left them: 1"


async def test_a_server_that_could_not_be_left_is_left_the_next_time(theatre: Theatre) -> None:
    """Discord may say that the bot was put into a server in two ways; both lead to a look at all of them."""
    simulation.fail(theatre.env, "DELETE", "/users/@me/guilds/*", status=500, times=None)
    other = theatre.env.create_guild("Elsewhere")
    await theatre.settle()
    client = theatre.house.client
    assert len(client.guilds) == 2
    simulation.mend(theatre.env)
    client.dispatch("guild_join", client.get_guild(other.id))
    await theatre.settle()
    assert [guild.id for guild in client.guilds] == [theatre.server.guild.id]


async def test_servers_that_it_was_put_into_while_it_was_away_are_left_at_the_start(theatre: Theatre) -> None:
    """All of them; its own is kept."""
    simulation.fail(theatre.env, "DELETE", "/users/@me/guilds/*", status=500, times=None)
    for name in ("Elsewhere", "Nowhere"):
        theatre.env.create_guild(name)
    await theatre.settle()
    assert len(theatre.house.client.guilds) == 3
    simulation.mend(theatre.env)
    await theatre.restart()
    assert [guild.id for guild in theatre.house.client.guilds] == [theatre.server.guild.id]


async def test_with_its_own_server_out_of_view_it_leaves_none(theatre: Theatre, errors: Errors) -> None:
    """A typing mistake in the id must not make it leave the right one."""
    errors.expected = True
    ids = theatre.config.discord
    assert ids is not None
    wrong = ids.model_copy(update={"server": 100000000000000009})
    right = theatre.config
    theatre.config = right.model_copy(update={"discord": wrong})
    await theatre.restart()
    theatre.env.create_guild("Elsewhere")
    await theatre.settle()
    assert left(theatre) == []
    assert len(theatre.house.client.guilds) == 2
    assert any("not in the configured server" in line for line in errors.lines)
    theatre.config = right


async def abroad(theatre: Theatre) -> tuple[Any, Person, Person]:
    """A room of a server that the bot could not leave, somebody there, and our own moderator there too."""
    simulation.fail(theatre.env, "DELETE", "/users/@me/guilds/*", status=500, times=None)
    other = theatre.env.create_guild("Elsewhere")
    room = other.create_text_channel("general")
    await theatre.settle()
    zoe, mia = theatre.person("zoe"), await theatre.moderator("mia")
    chief = other.create_role("Moderator", permissions=simulation.may_moderate())
    zoe.actor = simulation.join(theatre.env, other, zoe.user, roles=[chief])
    abroad_mia = Person(theatre, mia.user, simulation.join(theatre.env, other, mia.user, roles=[chief]))
    await theatre.settle()
    return room, zoe, abroad_mia


async def test_what_is_pressed_in_another_server_finds_nothing_here(theatre: Theatre) -> None:
    """Case ids, refs and actions of ours, pressed there by a stranger or by our own moderator."""
    await held(theatre, "ben")
    code = await code_of(theatre)
    room, zoe, mia = await abroad(theatre)
    case_id = await theatre.foundation.database.read(
        lambda c: c.execute("SELECT id FROM cases").fetchone()[0]
    )
    actions = ("open", "next", "queue", "start", "person", "pausegate", "gatestatus", "invitesoff")
    planted = await theatre.plant(room, *(Press(action, action.upper(), case_id) for action in actions))
    views, events = await count(theatre, "file_view"), await count(theatre, "event")
    for person in (zoe, mia):
        for action in actions:
            assert (await person.press(action.upper(), on=planted)).text == ELSEWHERE
    assert (await count(theatre, "file_view"), await count(theatre, "event")) == (views, events)
    assert await count(theatre, "pause") == 0
    assert await state(theatre, code) == "held"


async def test_joining_and_leaving_another_server_means_nothing_here(theatre: Theatre) -> None:
    """Nobody becomes known by it, and an open case does not end."""
    ann = await theatre.newcomer("ann")
    await abroad(theatre)
    assert await count(theatre, "cases") == 1
    other = next(g for g in theatre.env.backend.guilds if g != theatre.server.guild.id)
    theatre.env.backend.add_member(other, ann.user.id)
    theatre.env.backend.remove_member(other, ann.user.id)
    await theatre.settle()
    await apply(ann, NOTHING_TO_TELL)
    assert ann.is_inside
