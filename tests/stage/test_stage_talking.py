"""A moderator asks, an applicant replies, and both talk: by the buttons that each of them sees."""

from typing import Any

import discord

from rehearsal import simulation
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import begin, code_of, count, held, rows, state


def threads(theatre: Theatre) -> list[Any]:
    """The threads under the front page."""
    return list(theatre.server.front_porch.threads)


async def opened(theatre: Theatre, moderator: Person) -> Seen:
    """The file of the first card."""
    return await moderator.press("Open file", on=theatre.cards()[0])


async def asks(theatre: Theatre, moderator: Person, text: str = "") -> Seen:
    """*Ask a question*, as far as its being sent."""
    await opened(theatre, moderator)
    await moderator.press("Ask a question")
    values = {"text": text} if text else {"ready": ["which_organisation"]}
    await moderator.fill(**values)
    seen = await moderator.press("Send the question")
    await theatre.settle()
    return seen


async def test_a_question_is_asked_and_answered_on_the_status_page(theatre: Theatre) -> None:
    """Chosen from the list, previewed, sent; read by *Start*, answered in a form, found in the file."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await opened(theatre, mia)
    form = await mia.press("Ask a question")
    assert form.title == "Ask a question"
    preview = await mia.fill(ready=["which_organisation"])
    assert "Not sent yet" in preview.text
    assert "Which organisation is it, in full?" in preview.text
    assert "the question is on its way" in (await mia.press("Send the question")).text
    await theatre.settle()

    status = await ben.press_panel("Start")
    assert status.text.startswith("**The team has a question for you**")
    await ben.press("Reply")
    assert "Your answer is with the team" in (await ben.fill(text="Northwind Pharma, in Basel")).text
    await theatre.settle()

    file = await opened(theatre, mia)
    assert "`Northwind Pharma, in Basel`" in file.text
    assert "Ask a question" in file.buttons
    assert "The team has a question" not in (await ben.press_panel("Start")).text
    [told] = ben.inbox()
    assert "Which organisation" not in told


async def test_a_moderator_changes_the_text_before_it_is_sent(theatre: Theatre) -> None:
    """By command, in words of their own; the form comes back with what they wrote."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    code = await code_of(theatre)
    await mia.command("review ask", code=code.lower())
    await mia.fill(text="Wich one?")
    again = await mia.press("Change the text")
    assert again.modal is not None
    assert "Wich one?" in str(again.modal)
    assert "Which one?" in (await mia.fill(text="Which one?")).text
    await mia.press("Send the question")

    assert "Which one?" in (await ben.press_panel("Start")).text
    assert "One question at a time" in (await mia.command("review ask", code=code)).text


async def test_the_same_question_stands_in_a_private_thread(theatre: Theatre) -> None:
    """Named by the code, with the applicant in it and nobody else; *Reply* works there, after a restart."""
    ben = await held(theatre)
    code = await code_of(theatre)
    bystander = await theatre.newcomer("zoe")
    mia = await theatre.moderator("mia")
    await asks(theatre, mia, "Which one is it?")

    [thread] = threads(theatre)
    assert thread.name == code
    hello, question = thread.history()
    assert "Nothing you write here is kept" in hello.content
    assert "Which one is it?" in question.content
    members = theatre.env.backend.get_thread(thread.id).thread_members
    assert ben.id in members
    assert {bystander.id, mia.id}.isdisjoint(members)
    await theatre.restart()
    await ben.press("Reply", on=question)
    assert "Your answer is with the team" in (await ben.fill(text="Northwind")).text
    assert [row[0] is None for row in await rows(theatre, "SELECT sealed_answer FROM question")] == [False]


async def test_a_moderator_joins_and_closes_a_talk_that_an_applicant_wanted(theatre: Theatre) -> None:
    """*Talk to a person* in the middle of the form; joined from the file; closed, and nothing is left."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    seen = await ann.press_panel("Talk to a person")
    assert "A private conversation opens in a moment" in seen.text
    await theatre.settle()
    [thread] = threads(theatre)
    mia = await theatre.moderator("mia")
    file = await opened(theatre, mia)
    assert "A private conversation is open." in file.text

    joined = await mia.press("Join the conversation")
    assert f"<#{thread.id}>" in joined.text
    await theatre.settle()
    assert mia.id in theatre.env.backend.get_thread(thread.id).thread_members
    await ann.actor.send(thread, "I am afraid of the form")
    await theatre.settle()
    await opened(theatre, mia)
    await mia.press("More")
    assert "The case goes on as it stood" in (await mia.press("Close the conversation")).text
    await theatre.settle()

    assert threads(theatre) == []
    assert await count(theatre, "thread") == 0
    assert await state(theatre, await code_of(theatre)) == "answering"
    dump = await theatre.foundation.database.read(lambda c: "\n".join(c.iterdump()))
    assert "afraid" not in dump


async def test_a_talk_ends_with_the_request(theatre: Theatre) -> None:
    """Taken back by the person: the thread is gone before anybody joined."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    await theatre.settle()
    assert len(threads(theatre)) == 1

    await ann.press_panel("Talk to a person")
    await ann.press("Take back my request")
    await ann.press("Yes, take it back")
    await theatre.settle()

    assert threads(theatre) == []


async def test_without_the_right_to_open_threads_everything_else_goes_on(theatre: Theatre) -> None:
    """The question stands on the status page, and the team is told what to mend."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    simulation.allow_bot(theatre.env, theatre.server.guild, create_private_threads=False)
    simulation.set_overwrite(
        theatre.env,
        theatre.server.front_porch,
        simulation.own_role(theatre.server.guild),
        discord.PermissionOverwrite(view_channel=True, read_message_history=True, send_messages=True),
    )

    await asks(theatre, mia)

    assert threads(theatre) == []
    assert any("Create Private Threads" in card.content for card in theatre.cards())
    await ben.press_panel("Start")
    await ben.press("Reply")
    assert "Your answer is with the team" in (await ben.fill(text="Northwind")).text
