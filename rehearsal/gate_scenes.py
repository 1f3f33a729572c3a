"""Scenes at the gate: silence, a nil return, a crisis, a restart, somebody too young, changed links."""

import sqlite3
import time
from contextlib import closing

from bot.interests import LINKS
from bot.model import CaseState, InformationPage
from bot.screens import deciding
from bot.screens import desk as desk_screens
from bot.screens import forms as form_screens
from bot.screens import links as links_screens
from bot.screens import panel as panel_screens
from rehearsal.casting import NotTold, Wishes
from rehearsal.story import Story
from rehearsal.theatre import Person

NIL_RETURN: Wishes = {"belongs": ("yes",), "age_ok": ("yes",), "capacity": ("self",), "links": ("no",)}
_TOO_YOUNG: Wishes = {**NIL_RETURN, "age_ok": ("no",)}
_NEW_JOB: Wishes = {
    **NIL_RETURN,
    "links": ("yes",),
    "category": ("clinical",),
    "organisation": "Saint Brigid Hospital",
    "relationship": ("employment",),
    "period": ("current",),
}
_SECONDS_DISCORD_WAITS = 3
_ABOUT_A_PERSON = (
    "subject",
    "identity",
    "cases",
    "sheet",
    "entry",
    "answer",
    "answer_text",
    "consent",
    "form",
)


async def silence(story: Story) -> None:
    """Somebody joins and answers nothing."""
    sam = await story.arrive("Sam")
    story.narrator.say(
        "He reads the front page and presses nothing. Silence is not an answer, and not a crime."
    )
    story.check_rooms(sam, inside=False)
    mia = story.people["Mia"]
    seen = await story.command(mia, "review queue", story.theatre.server.review)
    story.shows(mia, seen)
    check, unanswered = story.narrator.check, story.voice.say("group_unanswered")
    check(
        "the moderators see one who has not answered",
        story.says(seen.text, "queue_list", list=unanswered, count=1),
    )
    check("the list says who it is", f"<@{sam.id}>" in seen.text, wanted=False)
    case = await story.case_of(sam)
    check("the state of the case", case.state.value if case else "none", "waiting")


async def nil_return(story: Story) -> None:
    """Somebody who belongs, and says there are no links."""
    ann = story.people["Ann"]
    part = story.part(ann, NIL_RETURN)
    if part.page is not None:
        raise NotTold(f"your rules show somebody who answers like this the page {part.page.value!r}")
    await story.arrive("Ann")
    story.narrator.say("She lives with the condition and has no links to anybody. Before:")
    story.check_rooms(ann, inside=False)
    await story.begin(ann)
    seen = await story.answer_all(ann, part)
    await story.theatre.settle()
    if part.is_admitted:
        story.narrator.check("Ann is told that she is in", story.says(seen.text, "welcome_in"))
    else:
        await _let_in_by_hand(story, ann)
    story.narrator.say("After:")
    story.check_rooms(ann, inside=True)
    logged = await _disclosed(story, ann)
    story.narrator.check("her disclosure in the log", logged[-1] if logged else "nothing", "none")


async def _let_in_by_hand(story: Story, person: Person) -> None:
    """This configuration has a moderator let in even nil returns."""
    story.narrator.say("Your configuration holds nil returns too, so a moderator looks.")
    case = await story.case_of(person)
    mia = story.people["Mia"]
    if case is None:
        return
    await story.press(mia, desk_screens.OPEN, on=story.card_of(case))
    seen = await story.press(mia, deciding.ADMIT)
    await story.theatre.settle()
    story.narrator.check("Mia admits her", story.says(seen.text, "decided_admit", case_code=case.code))


async def crisis(story: Story) -> None:
    """Somebody needs help, at a moment when the database cannot be written."""
    kim = await story.arrive("Kim")
    narrator = story.narrator
    with closing(sqlite3.connect(story.config.storage.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        narrator.say("Kim is in a bad place tonight. And just now something else has locked the database.")
        before = await story.count_rows()
        began = time.perf_counter()
        seen = await story.press_panel(kim, panel_screens.HELP)
        took = time.perf_counter() - began
        story.shows(kim, seen, most=12)
        numbers = [country.emergency for country in story.config.help.countries]
        narrator.check("every emergency number is there", all(number in seen.text for number in numbers))
        narrator.check("it came within Discord's three seconds", took < _SECONDS_DISCORD_WAITS)
        seen = await story.press_panel(kim, panel_screens.START)
        story.shows(kim, seen)
        narrator.check("Kim is told that nothing is lost", story.says(seen.text, "cannot_save"))
        other.execute("ROLLBACK")
    narrator.say("The database is free again.")
    narrator.check(
        "rows written about it", sum((await story.count_rows()).values()) - sum(before.values()), 0
    )
    seen = await story.press_panel(kim, panel_screens.START)
    narrator.check("Start works again", story.voice.say("agree_and_begin") in seen.buttons)


async def restart(story: Story) -> None:
    """The bot restarts while somebody has a form open."""
    rosa = await story.arrive("Rosa")
    part = story.part(rosa, NIL_RETURN)
    await story.begin(rosa, show=False)
    story.narrator.say(
        "The form is open on her phone. She goes to make tea. Meanwhile the bot stops and starts."
    )
    await story.theatre.restart()
    story.narrator.say("She comes back and submits the form that she opened before.")
    seen = await story.fill(rosa, part, show=False)
    story.shows(rosa, seen)
    check = story.narrator.check
    check("the page is saved", story.says(seen.text, "saved_progress"))
    case = await story.case_of(rosa)
    check("the state of her case", case.state.value if case else "none", "answering")
    panels = [m for m in story.theatre.server.front_porch.history() if m.components]
    check("panels on the front page", len(panels), 1)
    seen = await story.press_panel(rosa, panel_screens.START)
    carries_on = any(story.says(seen.text, key) for key in ("summary_intro", "carry_on"))
    check("Start carries on where she was", carries_on)


async def too_young(story: Story) -> None:
    """Somebody under the minimum age."""
    theo = story.people["Theo"]
    part = story.part(theo, _TOO_YOUNG)
    if part.page is not InformationPage.UNDER_AGE:
        raise NotTold("your rules have no page for people under age")
    before = await story.count_rows(*_ABOUT_A_PERSON)
    await story.arrive("Theo")
    await story.begin(theo, show=False)
    seen = await story.answer_all(theo, part, show=())
    await story.theatre.settle()
    story.shows(theo, seen)
    story.narrator.check("Theo reads the kind page", story.says(seen.text, "under_age"))
    after = await story.count_rows(*_ABOUT_A_PERSON)
    left = sum(after.values()) - sum(before.values())
    story.narrator.check("rows about Theo that are left", left, 0)
    story.check_rooms(theo, inside=False)


async def changed_links(story: Story) -> None:
    """A member tells of a new link."""
    ann, mia = story.people["Ann"], story.people["Mia"]
    part = story.part(ann, _NEW_JOB)
    case = await story.case_of(ann)
    if case is None or case.state is not CaseState.ADMITTED or not ann.is_inside:
        raise NotTold("Ann is not a member yet, see scene 2")
    story.narrator.say("Ann is a member now, and has taken a job at a hospital. She says so.")
    story.shows(ann, await story.command(ann, "my-links"))
    seen = await story.press(ann, links_screens.CHANGE)
    page = story.config.questionnaire.page_of(LINKS)
    change = story.voice.say("change_page", title=story.voice.read(page.title) if page else "")[:80]
    if change in seen.buttons:
        await story.press(ann, form_screens.FORM, label=change)
    seen = await story.answer_all(ann, part, show=())
    await story.theatre.settle()
    story.shows(ann, seen)
    check = story.narrator.check
    check("Ann is thanked, and keeps her place", story.says(seen.text, "links_changed"))
    check("Ann can still see #start-here", ann.is_inside)
    check("her disclosures, one after the other", ", ".join(await _disclosed(story, ann)), "none, some")
    seen = await story.command(mia, "review queue", story.theatre.server.review)
    tasks = story.voice.say("group_tasks")
    check("the moderators have a list of what to look at", story.says(seen.text, "queue_list", list=tasks))
    check("on it are of Ann", await _to_look_at(story, ann), 1)


async def _disclosed(story: Story, person: Person) -> list[str]:
    """What somebody disclosed, version by version."""

    def read(connection: sqlite3.Connection) -> list[str]:
        subject = story.theatre.foundation.find(connection, person.id)
        if subject is None:
            return []
        rows = connection.execute(
            "SELECT disclosed FROM disclosure WHERE subject_id = ? ORDER BY version", (subject.id,)
        )
        return [row["disclosed"] for row in rows]

    return await story.rows(read)


async def _to_look_at(story: Story, person: Person) -> int:
    """How many things a person of the team is to look at, about somebody."""

    def count(connection: sqlite3.Connection) -> int:
        subject = story.theatre.foundation.find(connection, person.id)
        found = connection.execute(
            "SELECT COUNT(*) FROM task WHERE subject_id = ? AND closed_at IS NULL", (subject and subject.id,)
        )
        return int(found.fetchone()[0])

    return await story.rows(count)
