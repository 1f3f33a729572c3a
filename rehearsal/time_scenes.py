"""Scenes of time and of crowds: a request that nobody goes on with, and many people at once."""

import sqlite3
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.config import Config
from bot.model import CaseState
from bot.screens import gate as gate_screens
from bot.screens import panel as panel_screens
from bot.screens import reminders
from bot.store import marks
from rehearsal import simulation
from rehearsal.casting import NotTold, Part
from rehearsal.gate_scenes import NIL_RETURN
from rehearsal.story import Story, buttons_on
from rehearsal.theatre import Person, Theatre

_NAP = timedelta(minutes=29)
"""The bot is awake: if it did not look for longer than half an hour, that time would not count."""
_A_MOMENT = timedelta(minutes=1)
_LONGEST_TOLD = timedelta(days=40)
_MOST_PEOPLE = 60
_NAPS_BETWEEN_SWEEPS = 4
"""In between, where nothing is due, the bot only leaves the mark that it is awake."""


def takes(config: Config) -> timedelta:
    """How much time passes in these scenes, about."""
    return min(config.timers.lapse_after, _LONGEST_TOLD) + sum(config.timers.reminders[:1], timedelta())


async def _live_through(theatre: Theatre, span: timedelta) -> None:
    """Time passes, and the bot is awake all the while."""
    end, naps = theatre.env.now() + span, 0
    while (left := end - theatre.env.now()) > timedelta():
        simulation.set_clock(theatre.env, theatre.env.now() + min(left, _NAP))
        naps += 1
        if naps % _NAPS_BETWEEN_SWEEPS == 0 or left <= _NAP:
            await theatre.house.sweep.run(theatre.env.now())
            await theatre.house.outbox.drain(theatre.env.now())
        else:
            await theatre.foundation.database.write(partial(_awake, now=theatre.env.now()))
    await theatre.settle()


def _awake(connection: sqlite3.Connection, now: datetime) -> None:
    marks.note(connection, marks.SWEPT, now)


async def unfinished(story: Story) -> None:
    """Somebody begins and does not go on: reminded because they asked, given time, closed, begun again."""
    timers, jo, check = story.config.timers, story.people["Jo"], story.narrator.check
    if not timers.reminders:
        raise NotTold("your configuration reminds nobody")
    if timers.lapse_after > _LONGEST_TOLD:
        raise NotTold(
            f"with you a request stays open for {timers.lapse_after.days} days, too long to tell here"
        )
    part = story.part(jo, NIL_RETURN)
    if part.page is not None:
        raise NotTold(f"your rules show somebody who answers like this the page {part.page.value!r}")
    await story.theatre.pass_time(timedelta())
    await _begins(story, jo, part)
    first = timers.reminders[0]
    story.narrator.say(f"Then Jo has a bad week. {_span(first)} pass.")
    await _live_through(story.theatre, first + _A_MOMENT)
    check("private messages that Jo got", len(jo.inbox()), 1)
    message = _message(jo)
    story.narrator.sees(
        "Jo gets a private message", [message.content], [b.chip for b in buttons_on([message])]
    )
    check("it names the community", story.config.community.name in message.content, wanted=False)
    await _asks_for_time(story, jo, message)
    days = timers.lapse_after.days
    story.narrator.say(f"But {days} more days pass without a word.")
    await _live_through(story.theatre, timers.lapse_after + _A_MOMENT)
    case = await story.case_of(jo)
    check("Jo's request", case.state.value if case else "none", CaseState.LAPSED.value)
    told = [text for text in jo.inbox() if story.says(text, "closed")]
    story.narrator.sees("Jo gets a private message", told)
    check("messages that say it has closed, and that it is no refusal", len(told), 1)
    await _begins_again(story, jo, part)


async def _begins(story: Story, jo: Person, part: Part) -> None:
    await story.arrive("Jo")
    await story.begin(jo, show=False)
    seen = await story.fill(jo, part, show=False)
    story.shows(jo, seen)
    seen = await story.press(jo, reminders.REMIND)
    story.shows(jo, seen, most=2)
    story.narrator.check("Jo has agreed to be reminded", story.says(seen.text, "reminders_on"))


async def _asks_for_time(story: Story, jo: Person, message: Any) -> None:
    before = await story.case_of(jo)
    more = next(button for button in buttons_on([message]) if button.action == reminders.MORE_TIME)
    story.narrator.does("Jo", "presses", more.chip.label)
    seen = jo.saw(await jo.user.click(message, custom_id=more.custom_id))
    story.shows(jo, seen)
    after = await story.case_of(jo)
    later = before is not None and after is not None and after.lapse_at is not None
    moved = later and after.lapse_at > before.lapse_at  # type: ignore[union-attr, operator] # seen just above
    story.narrator.check("one press keeps the request open for longer", moved)


async def _begins_again(story: Story, jo: Person, part: Part) -> None:
    check = story.narrator.check
    seen = await story.press_panel(jo, panel_screens.START)
    story.shows(jo, seen, most=3)
    check("Jo is told that nothing counts against anybody", story.says(seen.text, "closed_kept"))
    await story.press(jo, gate_screens.AGREE, show=False)
    await story.answer_all(jo, part, show=())
    await story.theatre.settle()
    case = await story.case_of(jo)
    check("Jo has a new request", case is not None and case.state is not CaseState.LAPSED)
    story.narrator.say("On a better day Jo has answered all of it.")
    if part.is_admitted and case is not None:
        story.check_rooms(jo, inside=case.state is CaseState.ADMITTED)


def _message(person: Person) -> Any:
    return person.user.dm_channel.last_message


def _span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"  # noqa: PLR2004 - two days


async def rush(story: Story) -> None:
    """Many people join at once: one alert, nobody let in by the machine, and help all the while."""
    theatre, check, raid = story.theatre, story.narrator.check, story.config.raid
    if raid.joins > _MOST_PEOPLE:
        raise NotTold(f"with your configuration a rush begins with {raid.joins} people, too many to show")
    before = len(theatre.cards())
    crowd = [theatre.person(f"guest{number}") for number in range(1, raid.joins + 1)]
    story.people.update({f"Guest {number}": person for number, person in enumerate(crowd, start=1)})
    part = story.part(crowd[0], NIL_RETURN)
    story.narrator.say(f"A post with the invite is passed around. {len(crowd)} people join at once.")
    async with simulation.at_once(theatre.env):
        for person in crowd:
            person.join()
    await theatre.settle()
    alerts = [card for card in theatre.cards()[before:] if story.says(card.content, "notice_wave")]
    for alert in alerts:
        story.narrator.sees("#review shows", [alert.content], [button.chip for button in buttons_on([alert])])
    check("alerts", len(alerts), 1)
    first, second = crowd[:2]
    if part.page is None:
        await story.begin(first, show=False)
        await story.answer_all(first, part, show=())
        await theatre.settle()
        case = await story.case_of(first)
        check(
            "the request of the first of them, who has no links", case.state.value if case else "none", "held"
        )
    story.narrator.say("Help is there as on any day.")
    seen = await story.press_panel(second, panel_screens.HELP)
    numbers = [country.emergency for country in story.config.help.countries]
    check("every emergency number is there", all(number in seen.text for number in numbers))
    check("people of the rush who are inside", sum(person.is_inside for person in crowd), 0)
    story.narrator.say("Then nobody else comes.")
    await _live_through(theatre, raid.quiet + _A_MOMENT)
    over = [card for card in theatre.cards()[before:] if story.says(card.content, "wave_is_over")]
    story.narrator.sees("#review shows", [card.content for card in over])
    check("messages that say that the rush is over", len(over), 1)
