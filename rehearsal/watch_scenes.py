"""Scenes beside the gate: the bot away, a role given by hand, a door that is stuck, an open channel."""

import sqlite3
from datetime import timedelta

import discord

from bot.model import CaseState, HoldReason
from bot.screens import deciding
from bot.screens import gate as gate_screens
from bot.screens import panel as panel_screens
from bot.screens.desk import OPEN
from rehearsal import simulation
from rehearsal.casting import NotTold
from rehearsal.gate_scenes import NIL_RETURN
from rehearsal.story import Story, buttons_on
from rehearsal.theatre import Person

_SETTLED = timedelta(seconds=6)
"""A change is looked at when a few seconds have passed."""
_UNTIL_TRIED = timedelta(minutes=1, seconds=5)
"""What Discord refuses is tried again after a minute for the first time."""


async def away(story: Story) -> None:
    """While the bot is stopped somebody joins, somebody leaves, and somebody is handed the role."""
    theatre, check = story.theatre, story.narrator.check
    liv, sam, kim, noor = (story.people[name] for name in ("Liv", "Sam", "Kim", "Noor"))
    if await story.case_of(sam) is None or await story.case_of(kim) is None:
        raise NotTold("Sam and Kim are not here, see scenes 1 and 5")
    story.narrator.say("The bot is stopped. Nobody watches. Liv joins. Sam leaves.")
    story.narrator.say("And Noor, who is kind, gives Kim the member role by hand.")
    await theatre.close()
    liv.join(told=False)
    simulation.leave_untold(theatre.env, theatre.server.guild, sam.user)
    _hand_over(story, kim, by=noor, told=False)
    story.check_rooms(kim, inside=True)
    told_before = len(theatre.cards())
    await theatre.open()
    await theatre.look_round()
    story.narrator.say("The bot starts, and looks over everybody in the server.")
    case = await story.case_of(liv)
    check("Liv, who came unseen, has a request", case.state.value if case else "none", "waiting")
    check("a request of Sam, who never began and left", await story.case_of(sam) is not None, wanted=False)
    takes_back = story.config.drift.unrecorded == "take_back"
    _shows_team(story, told_before)
    told = _told_since(story, told_before)
    check("the team hears who gave the role", f"<@{noor.id}>" in told)
    check("the team's channel names Kim", str(kim.id) in told, wanted=False)
    story.check_rooms(kim, inside=not takes_back)
    before = await _lines(story)
    await theatre.look_round()
    check("lines in the log from looking a second time", await _lines(story) - before, 0)


async def by_hand(story: Story) -> None:
    """A role that is given by hand while the bot watches is taken back, and a person decides."""
    if story.config.drift.unrecorded != "take_back":
        raise NotTold("your configuration has moderators told of it, as in the scene before")
    pia, mia, check = story.people["Pia"], story.people["Mia"], story.narrator.check
    part = story.part(pia, NIL_RETURN)
    if part.page is not None:
        raise NotTold(f"your rules show somebody who answers like this the page {part.page.value!r}")
    await story.arrive("Pia")
    story.narrator.say("Mia knows Pia, and gives her the member role at once, without asking her anything.")
    _hand_over(story, pia, by=mia, told=True)
    await story.theatre.settle()
    story.check_rooms(pia, inside=False)
    case = await story.case_of(pia)
    found = case.hold_reason.value if case and case.hold_reason else "none"
    check("her request is held because", found, HoldReason.UNRECORDED_MEMBER.value)
    seen = await story.press_panel(pia, panel_screens.START)
    story.shows(pia, seen, most=3)
    if case is None:
        return
    kindly = story.says(seen.text, "unrecorded", case_code=case.code)
    check("Pia is told that it is not her fault, and what to do", kindly)
    await story.press(pia, gate_screens.AGREE, show=False)
    await story.answer_all(pia, part, show=())
    await story.theatre.settle()
    story.narrator.say("She has no links. All the same a person decides now, because a person stepped in.")
    story.check_rooms(pia, inside=False)
    await story.press(mia, OPEN, on=story.card_of(case))
    await story.press(mia, deciding.ADMIT)
    await story.theatre.settle()
    story.check_rooms(pia, inside=True)


async def door_stuck(story: Story) -> None:
    """Discord does not let the bot give the role: both sides hear the truth, and mended it goes on."""
    theatre, check = story.theatre, story.narrator.check
    server, own = theatre.server, simulation.own_role(theatre.server.guild)
    tom = story.people["Tom"]
    part = story.part(tom, NIL_RETURN)
    if not part.is_admitted:
        raise NotTold("your configuration lets nobody in at once who answers like this")
    told_before = len(theatre.cards())
    simulation.put_above(theatre.env, server.guild, server.member_role, own)
    story.narrator.say(
        "Somebody tidies up the roles, and drags the bot's role below the member role. "
        "From now on Discord refuses to let the bot give it. Nobody has noticed."
    )
    await story.arrive("Tom")
    await story.begin(tom, show=False)
    await story.answer_all(tom, part, show=())
    await theatre.settle()
    case = await story.case_of(tom)
    check("the decision about Tom", case.state.value if case else "none", CaseState.ADMITTED.value)
    story.check_rooms(tom, inside=False)
    seen = await story.press_panel(tom, panel_screens.START)
    story.shows(tom, seen)
    code = case.code if case else ""
    check(
        "Tom is told the truth, and whose fault it is",
        story.says(seen.text, "admitted_stuck", case_code=code),
    )
    for _ in range(2):
        await theatre.pass_time(_UNTIL_TRIED)
    held_up = _count(story, told_before, "notice_stopped", effect=story.voice.say("effect_grant"))
    _shows_team(story, told_before, "notice_stopped")
    check("messages to the team that the door does not open", held_up, 1)
    mend = story.voice.say("mend_forbidden_grant")
    check("it says what to mend", mend in _told_since(story, told_before))
    simulation.put_above(theatre.env, server.guild, own, server.member_role)
    story.narrator.say("The role is dragged back. Nobody presses anything, and some minutes pass.")
    await theatre.pass_time(timedelta(minutes=6))
    story.check_rooms(tom, inside=True)


async def open_channel(story: Story) -> None:
    """A channel is opened to everyone: the team hears once, and once more when it is mended."""
    theatre, check = story.theatre, story.narrator.check
    server, rosa = theatre.server, story.people["Rosa"]
    if await story.case_of(rosa) is None:
        raise NotTold("Rosa is not here, see scene 7")
    before = len(theatre.cards())
    story.narrator.say("Somebody lets @everyone see #start-here. Rosa has not been let in yet.")
    _everyone_sees(story, discord.PermissionOverwrite(view_channel=True))
    check("Rosa can see #start-here, as Discord has it", rosa.is_inside)
    await theatre.settle()
    await theatre.pass_time(_SETTLED)
    _shows_team(story, before)
    check("the team hears of it", _count(story, before, "finding_everyone_sees_what"), 1)
    await theatre.restart()
    await theatre.pass_time(timedelta(minutes=1))
    check("after another start it is still told", _count(story, before, "finding_everyone_sees_what"), 1)
    seen = await story.command(story.people["Mia"], "gate doctor", server.review)
    mend = story.voice.say("finding_everyone_sees_mend")
    check("Mia reads there how to mend it", mend in seen.text)
    story.narrator.say("She does as it says.")
    _everyone_sees(story, discord.PermissionOverwrite())
    await theatre.settle()
    await theatre.pass_time(_SETTLED)
    _shows_team(story, len(theatre.cards()) - 1)
    check("lines that say that all is mended", _count(story, before, "notice_mended"), 1)
    check("Rosa can see #start-here", rosa.is_inside, wanted=False)


def _hand_over(story: Story, person: Person, *, by: Person, told: bool) -> None:
    """Somebody gives the member role in Discord itself."""
    server = story.theatre.server
    simulation.change_role(
        story.theatre.env, server.guild, person.user, server.member_role, by=by.user, given=True, told=told
    )


def _everyone_sees(story: Story, overwrite: discord.PermissionOverwrite) -> None:
    server = story.theatre.server
    simulation.set_overwrite(story.theatre.env, server.lounge, server.guild.default_role, overwrite)


def _told_since(story: Story, before: int) -> str:
    return "\n".join(message.content for message in story.theatre.cards()[before:])


def _count(story: Story, before: int, key: str, **known: object) -> int:
    """How many messages since then hold a sentence of the catalogue."""
    return sum(story.says(m.content, key, **known) for m in story.theatre.cards()[before:])


def _shows_team(story: Story, before: int, key: str = "") -> None:
    """Show what the review channel was told since then, without cards; one kind of sentence with ``key``."""
    new = story.theatre.cards()[before:]
    notices = [message for message in new if all(button.action != OPEN for button in buttons_on([message]))]
    told = [message.content for message in notices if not key or story.says(message.content, key)]
    story.narrator.sees("#review shows", told or ["(nothing)"])


async def _lines(story: Story) -> int:
    def count(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT COUNT(*) FROM event").fetchone()[0])

    return await story.rows(count)
