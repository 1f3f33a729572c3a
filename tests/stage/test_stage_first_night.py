"""A volunteer at night, on a phone: few buttons, no dead ends, and their own links one press away."""

from typing import Any

import pytest

from bot.config import Config
from bot.screens.elements import Press
from bot.screens.under import MORE
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import Stage, all_statements, code_of, held, inside, rows


async def tells(moderator: Person, **answers: Any) -> Seen:
    """From the first page to the last, a moderator's own links."""
    await moderator.press("Tell about my links")
    await moderator.press("Continue")
    await moderator.fill(capacity="self", **answers)
    await moderator.press("Check and send")
    form = await moderator.press("Send my answers")
    return await moderator.fill(**all_statements(form))


async def test_the_very_first_press_leads_to_ones_own_links_and_on_from_there(theatre: Theatre) -> None:
    """*Open file*, one press to the questions, and one press to what waits."""
    await held(theatre)
    mia = await theatre.moderator("mia", filed=False)

    seen = await mia.press("Open file", on=theatre.cards()[0])
    assert "First tell the team about your own links" in seen.text
    assert seen.buttons == ["My own links"]
    seen = await mia.press("My own links")
    assert "You have not told the team about your own links yet" in seen.text
    seen = await tells(mia, links="no")

    assert "Your own links are on record, and good until" in seen.text
    assert seen.buttons == ["Open the next one", "Show what waits"]
    seen = await mia.press("Open the next one")
    assert f"File of case {await code_of(theatre)}" in seen.text
    assert "Let go of it" in seen.buttons, "what is opened as the next one is theirs"


@pytest.mark.parametrize("action", ["review next", "review claim", "review open", "review admit"])
async def test_every_way_to_a_case_says_that_ones_own_links_come_first(theatre: Theatre, action: str) -> None:
    """Nobody is told that nothing waits, while something does."""
    await held(theatre)
    mia = await theatre.moderator("mia", filed=False)
    options = {} if action == "review next" else {"code": await code_of(theatre)}

    seen = await mia.command(action, theatre.server.review, **options)

    assert "First tell the team about your own links" in seen.text
    assert seen.buttons == ["My own links"]


async def test_a_moderator_who_leaves_the_question_open_is_told_what_is_missing(theatre: Theatre) -> None:
    """*I would rather not say* is an answer, and opens no file."""
    await held(theatre)
    mia = await theatre.moderator("mia", filed=False)
    await mia.command("review my-interests", theatre.server.review)

    seen = await tells(mia, links="rather_not_say")

    assert "To open and decide cases, tell us" in seen.text
    assert seen.buttons == ["My own links"]


async def test_what_is_seldom_needed_is_behind_one_press(theatre: Theatre) -> None:
    """And each of it leads on, back to the file if to nothing else."""
    await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.press("Open file", on=theatre.cards()[0])

    seen = await mia.press("More")
    assert seen.buttons == [
        *("Admit on conditions", "What happened", "Write a note", "Step aside"),
        "Open file",
    ]
    assert "`/review hand-over`" in seen.text
    assert "Northwind" not in seen.text
    more = seen
    assert "Opened the file" in (await mia.press("What happened")).text
    await mia.press("Write a note", on=more.message_with("Write a note"))
    assert "Your note is on case" in (await mia.fill(note="Wrote to them.")).text


async def test_a_file_can_be_taken_and_let_go_of(theatre: Theatre) -> None:
    """The button under the file says what there is to do about it."""
    await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.press("Open file", on=theatre.cards()[0])
    seen = await mia.press("I take this")
    assert seen.buttons == ["Open file", "Let go of it"]
    seen = await mia.press("Open file")
    assert "Let go of it" in seen.buttons
    assert "I take this" not in seen.buttons
    seen = await mia.press("Let go of it")
    assert "Nobody looks after case" in seen.text


async def test_stepping_aside_is_asked_twice_and_cannot_be_undone_by_a_slip(theatre: Theatre) -> None:
    """The first press only asks; after the second, the file is closed to them."""
    await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.press("Open file", on=theatre.cards()[0])
    await mia.press("More")
    seen = await mia.press("Step aside")
    assert "It cannot be taken back" in seen.text
    assert await rows(theatre, "SELECT COUNT(*) FROM recusal") == [(0,)]
    seen = await mia.press("Yes, leave it to the others")
    assert "Nobody is told why" in seen.text
    assert seen.buttons == ["Open the next one", "Show what waits"]
    seen = await mia.press("Open file", on=theatre.cards()[0])
    assert seen.text == "Somebody else looks at this one. There is nothing you have to do."
    assert seen.buttons == []


async def test_more_belongs_to_one_opening_by_one_moderator(theatre: Theatre) -> None:
    """A forged press shows nothing of somebody else's file, nor of one that is not there."""
    ben = await held(theatre)
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    await mia.press("Open file", on=theatre.cards()[0])
    [(ref,)] = await rows(theatre, "SELECT ref FROM file_view")
    room, porch = theatre.server.review, theatre.server.front_porch
    seen = await leo.press("More", on=await theatre.plant(room, Press(MORE, "More", ref)))
    assert "Open the file yourself first" in seen.text
    seen = await leo.press("More", on=await theatre.plant(room, Press(MORE, "More", "gone")))
    assert "This file is no longer there" in seen.text
    seen = await ben.press("More", on=await theatre.plant(porch, Press(MORE, "More", ref)))
    assert seen.text == "This is for the moderators of this community."
    await mia.command("review step-aside", room, code=await code_of(theatre))
    seen = await mia.press("More", on=await theatre.plant(room, Press(MORE, "More", ref)))
    assert seen.text == "Somebody else looks at this one. There is nothing you have to do."
    assert ("file.refused",) in await rows(theatre, "SELECT action FROM event")


async def test_under_a_proposal_a_question_is_behind_more(stage: Stage, config: Config) -> None:
    """Asking puts an end to what is proposed, so it does not stand beside *Confirm*."""
    two = config.model_copy(update={"confirm": config.confirm.model_copy(update={"decline": "two"})})
    theatre = await stage(two)
    await held(theatre)
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    await mia.press("Open file", on=theatre.cards()[0])
    await mia.press("Decline")
    await mia.fill(reason=["client_not_named"])
    await mia.press("Send and close the case")
    seen = await leo.command("review open", theatre.server.review, code=await code_of(theatre))
    assert "Ask a question" not in seen.buttons
    seen = await leo.press("More")
    assert "Ask a question" in seen.buttons
    assert "Admit on conditions" not in seen.buttons


async def test_an_answer_can_be_changed_from_where_it_was_given(theatre: Theatre) -> None:
    """The applicant reads that it can be changed, and has the button for it."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.press("Open file", on=theatre.cards()[0])
    await mia.press("Ask a question")
    await mia.fill(text="Until when?")
    assert (await mia.press("Send the question")).buttons == ["Open the next one"]
    await theatre.settle()
    await ben.press_panel("Start")
    await ben.press("Reply")
    seen = await ben.fill(text="Until May.")
    assert seen.buttons == ["Show me where I stand", "Change my answer"]
    await ben.press("Change my answer")
    await ben.fill(text="Until June.")
    assert not inside(ben)
    assert "Until June." in (await mia.press("Open file", on=theatre.cards()[0])).text
