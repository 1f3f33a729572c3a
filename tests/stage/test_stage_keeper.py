"""A wave of joins, the pause, and how it all stands, as moderators and applicants see it."""

import pytest

from bot.screens.elements import Press
from rehearsal import simulation
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import NOTHING_TO_TELL, Edited, Stage, apply, inside, rows

REFUSED = "This is for the moderators of this community."


@pytest.fixture
async def small(stage: Stage, edited: Edited) -> Theatre:
    """A stage on which three people at once are a wave."""
    return await stage(edited(("joins = 25", "joins = 3")))


async def rush(theatre: Theatre, people: int = 3) -> list[Person]:
    """People join all at once."""
    crowd = [theatre.person(f"p{number}") for number in range(people)]
    async with simulation.at_once(theatre.env):
        for person in crowd:
            person.join()
    await theatre.settle()
    return crowd


async def test_a_rush_raises_one_alert_with_a_button(small: Theatre) -> None:
    """However many more come; and nobody gets a thread or a card for being silent."""
    await rush(small, 3)
    for number in range(4):
        await small.newcomer(f"late{number}")
    [alert] = small.cards()
    assert alert.content.startswith("**Many people are joining at once: 3")
    assert Seen([alert]).buttons == ["Pause invites for a day", "How it stands"]
    assert len(small.server.front_porch.history()) == 1


async def test_whoever_came_with_a_rush_waits_for_a_person(small: Theatre) -> None:
    """Even without links; the card says why, and a moderator lets them in."""
    first, *_ = await rush(small)
    seen = await apply(first, NOTHING_TO_TELL)
    assert "A person will read your answers." in seen.text
    assert not inside(first)
    card = small.cards()[-1]
    assert "Came while many joined at once" in card.content
    mia = await small.moderator("mia")
    await mia.press("Open file", on=card)
    assert "always_hold_in_a_wave" in mia.seen.text
    await mia.press("Admit")
    await small.settle()
    assert inside(first)


async def test_help_and_a_person_are_there_in_a_rush_and_in_a_pause(small: Theatre) -> None:
    """Both work as on any day."""
    mia = await small.moderator("mia")
    await mia.command("gate pause")
    first, second, *_ = await rush(small)
    assert "116 123" in (await first.press_panel("I need help now")).text
    assert "The team knows that you would like to talk" in (await second.press_panel("Talk to a person")).text
    assert (await first.press_panel("Start")).buttons


async def test_invites_are_paused_by_discords_own_switch(small: Theatre) -> None:
    """The button refuses with what to mend, then works, and can be taken back."""
    simulation.allow_bot(small.env, small.server.guild, manage_guild=False)
    await rush(small)
    mia = await small.moderator("mia")
    [alert] = small.cards()
    seen = await mia.press("Pause invites", on=alert)
    assert "Give the bot's role Manage Server" in seen.text
    assert simulation.invites_paused_until(small.env, small.server.guild) is None
    simulation.allow_bot(small.env, small.server.guild, manage_guild=True)
    seen = await mia.press("Pause invites")
    assert seen.text.startswith("Done. Invites to this server do not work until <t:")
    assert seen.messages[0].ephemeral
    until = simulation.invites_paused_until(small.env, small.server.guild)
    assert until is not None
    assert 23 < (until - small.env.now()).total_seconds() / 3600 < 24
    assert (await mia.press("Allow invites again")).text == "Done. Invites work again."
    assert simulation.invites_paused_until(small.env, small.server.guild) is None


async def test_a_switch_that_discord_does_not_move_is_told(theatre: Theatre) -> None:
    """The sentence says what to do instead."""
    mia = await theatre.moderator("mia")
    await mia.command("gate pause")
    simulation.fail(theatre.env, "PUT", "/guilds/*/incident-actions", status=503, times=None)
    assert (await mia.press("Pause invites")).text.startswith("Discord did not do it just now.")


async def test_pausing_and_resuming(theatre: Theatre) -> None:
    """Nobody is let in by the machine meanwhile; the team hears of it; afterwards it does again."""
    mia, noa = await theatre.moderator("mia"), await theatre.moderator("noa")
    seen = await mia.command("gate pause")
    assert seen.text.startswith("**The gate is paused.**")
    assert seen.buttons == ["Pause invites for a day", "Resume"]
    assert seen.messages[0].ephemeral
    assert f"by <@{mia.id}>" in (await noa.command("gate pause")).text
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    assert not inside(ann)
    seen = await noa.press("Resume")
    assert seen.text.startswith("**The gate works as before.**")
    assert seen.buttons == ["Allow invites again", "How it stands"]
    assert "is not paused" in (await noa.command("gate resume")).text
    ben = await theatre.newcomer("ben")
    await apply(ben, NOTHING_TO_TELL)
    assert inside(ben)
    told = [card.content for card in theatre.cards()]
    assert sum("has paused the gate" in text for text in told) == 1
    assert sum("has resumed the gate" in text for text in told) == 1
    lines = await rows(theatre, "SELECT action, actor FROM event WHERE object_kind = 'gate' ORDER BY seq")
    assert [action for action, _ in lines] == ["gate.paused", "gate.resumed"]
    assert lines[0][1] != lines[1][1]


async def test_a_pause_survives_a_restart(theatre: Theatre) -> None:
    """It is a row, not a mood."""
    mia = await theatre.moderator("mia")
    await mia.command("gate pause")
    await theatre.restart()
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    assert not inside(ann)


async def test_how_it_stands_fits_one_screen(theatre: Theatre) -> None:
    """One message, for one's own eyes, with the way to pause."""
    mia = await theatre.moderator("mia")
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    seen = await mia.command("gate status")
    assert len(seen.messages) == 1
    assert seen.messages[0].ephemeral
    for told in (
        "**The gate works.** It is not paused.",
        "Would like to talk to a person: 1",
        "The longest wait began <t:",
        "The bot hears who joins and leaves.",
        "discord.py 2.7.1",
    ):
        assert told in seen.text, told
    assert str(ann.id) not in seen.text
    assert seen.buttons == ["Pause the gate", "Pause invites for a day"]
    assert (await mia.press("Pause the gate")).text.startswith("**The gate is paused.**")


@pytest.mark.parametrize("what", ["pause", "resume", "status"])
async def test_others_are_refused(theatre: Theatre, what: str) -> None:
    """Holding the permission in Discord is not enough: the role is asked for, on each button too."""
    helper = theatre.server.guild.create_role("Helper", permissions=simulation.may_moderate())
    noa = theatre.resident("noa", helper, theatre.server.member_role)
    assert (await noa.command(f"gate {what}")).text == REFUSED
    assert await rows(theatre, "SELECT * FROM pause") == []


async def test_a_copied_button_gives_nobody_any_right(theatre: Theatre) -> None:
    """Every action of the keeper's, pressed by somebody who is waiting, and by a member."""
    actions = ("pausegate", "resumegate", "gatestatus", "invitesoff", "inviteson")
    planted = await theatre.plant(theatre.server.front_porch, *(Press(a, a.upper()) for a in actions))
    ann = await theatre.newcomer("ann")
    for action in actions:
        assert (await ann.press(action.upper(), on=planted)).text == REFUSED
    assert await rows(theatre, "SELECT * FROM pause") == []
    assert not [path for _, path in simulation.rest_calls(theatre.env) if "incident" in path]
