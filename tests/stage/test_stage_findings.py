"""Looking at the server: at the start, when it changes, once a day, and when a moderator asks."""

import logging
from datetime import timedelta

import discord
import pytest

from bot.config import Config
from bot.screens.elements import Press
from bot.screens.findings import AGAIN
from rehearsal import simulation
from rehearsal.theatre import Theatre
from tests.stage.acts import Stage, calls, rows

LOOK = "/guilds/{}/channels"
PLANTED = (Press(AGAIN, "Look again"),)


def notices(theatre: Theatre) -> list[str]:
    """What the review channel was told, the oldest first."""
    return [message.content for message in theatre.cards()]


def looks(theatre: Theatre) -> int:
    """How often the server was looked at."""
    path = LOOK.format(theatre.server.guild.id)
    return sum(call == ("GET", path) for call in calls(theatre))


def let_everyone_see(theatre: Theatre, channel: object) -> None:
    """Somebody opens a channel to everyone."""
    seen = discord.PermissionOverwrite(view_channel=True)
    simulation.set_overwrite(theatre.env, channel, theatre.server.guild.default_role, seen)


def close_again(theatre: Theatre, channel: object) -> None:
    """Somebody takes that back."""
    nothing = discord.PermissionOverwrite()
    simulation.set_overwrite(theatre.env, channel, theatre.server.guild.default_role, nothing)


async def settled(theatre: Theatre) -> None:
    """Let the few seconds pass that a change takes to be looked at."""
    await theatre.env.settle()
    await theatre.pass_time(timedelta(seconds=6))


async def test_a_sound_server_is_looked_at_and_nothing_is_said(theatre: Theatre) -> None:
    """The server of the stage is laid out as it should be."""
    assert looks(theatre) == 1
    assert notices(theatre) == []
    assert await rows(theatre, "SELECT code FROM finding") == []


async def test_a_hole_at_the_start_is_told_once_over_any_number_of_starts(
    theatre: Theatre, caplog: pytest.LogCaptureFixture
) -> None:
    """The team hears of it once while it stays the same; the log every time, as a code and a count."""
    await theatre.close()
    let_everyone_see(theatre, theatre.server.lounge)
    caplog.set_level(logging.INFO, logger="bot.findings")
    await theatre.open()
    assert len(notices(theatre)) == 1
    assert "`#start-here`" in notices(theatre)[0]
    assert "Everyone can see channels" in notices(theatre)[0]
    for _ in range(2):
        await theatre.restart()
    assert len(notices(theatre)) == 1
    told = [record.getMessage() for record in caplog.records if record.name == "bot.findings"]
    assert told == ["ways past the gate: 1; other findings: 0 (everyone_sees)"] * 3


async def test_a_burst_of_changes_is_looked_at_once_when_it_has_settled(theatre: Theatre) -> None:
    """A few seconds after the first."""
    for number in range(5):
        theatre.server.guild.create_text_channel(f"new-{number}")
    let_everyone_see(theatre, theatre.server.lounge)
    await theatre.settle()
    assert looks(theatre) == 1
    await settled(theatre)
    assert looks(theatre) == 2
    assert len(notices(theatre)) == 1


async def test_each_kind_of_change_has_the_server_looked_at(theatre: Theatre) -> None:
    """Roles, channels, overwrites, the server itself, invites, and what only the audit log tells."""
    server, env = theatre.server, theatre.env
    guild = server.guild

    def new_role() -> None:
        guild.create_role("Pings")

    def changed_role() -> None:
        env.backend.edit_role(guild.id, guild.roles["Pings"].id, {"name": "Pongs"})

    def no_role() -> None:
        env.backend.delete_role(guild.id, guild.roles["Pongs"].id)

    def new_channel() -> None:
        guild.create_voice_channel("voices")

    def no_channel() -> None:
        env.backend.delete_channel(guild.channels["voices"].id)

    def new_server_settings() -> None:
        env.backend.edit_guild(guild.id, {"name": "The Other Porch"})

    def new_invite() -> None:
        simulation.invite(env, server.front_porch)

    def audit_entry() -> None:
        simulation.audit(env, guild, simulation.ONBOARDING_UPDATE)

    steps = (
        new_role,
        changed_role,
        no_role,
        new_channel,
        no_channel,
        new_server_settings,
        new_invite,
        audit_entry,
    )
    for step in steps:
        before = looks(theatre)
        step()
        await settled(theatre)
        assert looks(theatre) == before + 1, step.__name__
    assert notices(theatre) == []


async def test_people_who_come_and_go_are_no_reason_to_look(theatre: Theatre) -> None:
    """A wave of joins must not become a wave of looks."""
    ann = await theatre.newcomer("ann")
    ann.leave()
    await settled(theatre)
    assert looks(theatre) == 1


async def test_the_server_is_looked_at_once_a_day(theatre: Theatre) -> None:
    """Also if no event told of the change, such as an invite that the bot may not hear of."""
    simulation.describe(theatre.server.guild, widget_enabled=True)
    await theatre.pass_time(timedelta(hours=23))
    assert notices(theatre) == []
    await theatre.pass_time(timedelta(hours=1, minutes=1))
    assert looks(theatre) == 2
    assert len(notices(theatre)) == 1
    assert "The server widget is on." in notices(theatre)[0]


async def test_findings_are_told_again_when_they_change_or_come_back(theatre: Theatre) -> None:
    """Only what is new, and one line when all is mended."""
    server = theatre.server
    let_everyone_see(theatre, server.lounge)
    await settled(theatre)
    simulation.describe(server.guild, widget_enabled=True)
    simulation.announce_change(theatre.env, server.guild)
    await settled(theatre)
    assert len(notices(theatre)) == 2
    assert "widget" in notices(theatre)[1]
    assert "start-here" not in notices(theatre)[1]

    close_again(theatre, server.lounge)
    await settled(theatre)
    assert len(notices(theatre)) == 2

    simulation.describe(server.guild, widget_enabled=False)
    simulation.announce_change(theatre.env, server.guild)
    await settled(theatre)
    assert len(notices(theatre)) == 3
    assert notices(theatre)[2].startswith("**All is mended.**")

    let_everyone_see(theatre, server.lounge)
    await settled(theatre)
    assert len(notices(theatre)) == 4
    assert "start-here" in notices(theatre)[3]


async def test_what_is_mended_before_it_is_told_is_not_told(theatre: Theatre) -> None:
    """The notice shows how things stand when it is posted."""
    server = theatre.server
    path = f"/channels/{server.review.id}/messages"
    simulation.fail(theatre.env, "POST", path, status=503, times=2)
    let_everyone_see(theatre, server.lounge)
    await settled(theatre)
    assert notices(theatre) == []
    simulation.mend(theatre.env)
    close_again(theatre, server.lounge)
    await settled(theatre)
    await theatre.pass_time(timedelta(minutes=5))
    assert all("start-here" not in told for told in notices(theatre))


async def test_findings_go_to_the_log_channel_where_there_is_one(stage: Stage, config: Config) -> None:
    """The review channel stays free for cases."""
    theatre = await stage(config)
    everyone = theatre.server.guild.default_role
    bot_role = simulation.own_role(theatre.server.guild)
    log = theatre.server.guild.create_text_channel(
        "log",
        overwrites={
            everyone: discord.PermissionOverwrite(view_channel=False),
            theatre.server.moderator_role: discord.PermissionOverwrite(view_channel=True),
            bot_role: discord.PermissionOverwrite(
                view_channel=True, send_messages=True, read_message_history=True
            ),
        },
    )
    assert theatre.config.discord is not None
    ids = theatre.config.discord.model_copy(update={"log_channel": log.id})
    theatre.config = theatre.config.model_copy(update={"discord": ids})
    let_everyone_see(theatre, theatre.server.lounge)
    await theatre.restart()
    assert notices(theatre) == []
    assert ["start-here" in message.content for message in log.history()] == [True]


async def test_a_server_that_cannot_be_looked_at_is_tried_again(theatre: Theatre) -> None:
    """Nothing is said to be mended meanwhile."""
    let_everyone_see(theatre, theatre.server.lounge)
    await settled(theatre)
    path = LOOK.format(theatre.server.guild.id)
    simulation.fail(theatre.env, "GET", path, status=503, times=2)
    close_again(theatre, theatre.server.lounge)
    await settled(theatre)
    assert len(notices(theatre)) == 1
    simulation.mend(theatre.env)
    await theatre.pass_time(timedelta(minutes=2))
    assert notices(theatre)[-1].startswith("**All is mended.**")


async def test_invites_that_the_bot_may_not_read_are_told_as_just_that(theatre: Theatre) -> None:
    """No way past the gate is claimed, and none denied."""
    path = f"/guilds/{theatre.server.guild.id}/invites"
    simulation.fail(theatre.env, "GET", path, status=403, code=50013, times=None)
    simulation.announce_change(theatre.env, theatre.server.guild)
    await settled(theatre)
    assert len(notices(theatre)) == 1
    assert "could not be looked at" in notices(theatre)[0]
    simulation.mend(theatre.env)


async def test_invites_and_questions_that_let_people_in_are_found(theatre: Theatre) -> None:
    """As Discord tells of them, in its raw payloads."""
    server = theatre.server
    simulation.describe(server.guild, features=["COMMUNITY"])
    simulation.ask_on_arrival(
        server.guild, prompts=[{"options": [{"role_ids": [str(server.moderator_role.id)]}]}]
    )
    made = simulation.invite(theatre.env, server.front_porch, roles=[{"id": str(server.member_role.id)}])
    await settled(theatre)
    told = "\n".join(notices(theatre))
    assert "Invites give a role that opens the server:** `Member`" in told
    assert "onboarding gives a role that opens the server:** `Moderator`" in told
    assert made.code not in told


async def test_a_notice_fits_however_much_is_found(theatre: Theatre) -> None:
    """What does not fit is counted."""
    await theatre.close()
    for number in range(20):
        theatre.server.guild.create_role(
            f"{number} {'long ' * 15}", permissions=discord.Permissions(view_channel=True)
        )
    await theatre.open()
    assert len(notices(theatre)) == 1
    assert len(notices(theatre)[0]) <= 2000
    assert "more" in notices(theatre)[0]


async def test_a_moderator_sees_how_things_are_now_and_can_look_again(theatre: Theatre) -> None:
    """Only they see it, and what is found on the way is remembered too."""
    mo = await theatre.moderator("mo")
    seen = await mo.command("gate doctor")
    assert "Nothing is open." in seen.text
    assert seen.messages[0].ephemeral
    assert seen.buttons == ["Look again"]

    theatre.server.guild.create_role("Pings", permissions=discord.Permissions(view_channel=True))
    seen = await mo.press("Look again")
    assert "There are ways past the gate: 1." in seen.text
    assert "The role `Pings` can look around the server by itself." in seen.text
    assert "Whoever gets it is inside" in seen.text
    assert "How to mend it: Server Settings, Roles" in seen.text
    await theatre.settle()
    assert len(notices(theatre)) == 1
    await settled(theatre)
    assert len(notices(theatre)) == 1


async def test_a_long_list_is_shown_in_several_messages(theatre: Theatre) -> None:
    """The ways past the gate first, and the rest is counted."""
    mo = await theatre.moderator("mo")
    for number in range(14):
        theatre.server.guild.create_role(f"r{number}", permissions=discord.Permissions(view_channel=True))
    simulation.describe(theatre.server.guild, widget_enabled=True)
    seen = await mo.command("gate doctor")
    assert "There are ways past the gate: 14." in seen.text
    assert "and 3 more" in seen.text
    assert len(seen.messages) > 1
    assert seen.buttons == ["Look again"]


async def test_doctor_is_for_moderators(theatre: Theatre) -> None:
    """The command and the button look at who is there now."""
    mo = await theatre.moderator("mo")
    await mo.command("gate doctor")
    looked = looks(theatre)
    ann = theatre.resident("ann", theatre.server.member_role)
    seen = await ann.press("Look again", on=await theatre.plant(theatre.server.lounge, *PLANTED))
    assert "for the moderators" in seen.text
    assert looks(theatre) == looked


async def test_a_doctor_who_cannot_look_says_so(theatre: Theatre) -> None:
    """For now, or until somebody mends it."""
    mo = await theatre.moderator("mo")
    path = f"/guilds/{theatre.server.guild.id}"
    simulation.fail(theatre.env, "GET", path, status=503, times=None)
    assert "could not be looked at just now" in (await mo.command("gate doctor")).text
    simulation.mend(theatre.env)
    simulation.fail(theatre.env, "GET", path, status=403, code=50001, times=None)
    assert "Discord does not let the bot look" in (await mo.press("Look again")).text
    simulation.mend(theatre.env)
    assert "Nothing is open." in (await mo.press("Look again")).text
