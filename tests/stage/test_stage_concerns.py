"""Members tell the team about others; the team looks into it; and whom it is about hears nothing of it."""

from typing import Any

from bot.screens import concern_files as files
from bot.screens import queue
from bot.screens.elements import Press
from rehearsal import simulation
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import component, count, field_ids, member, rows

WORDS = "Quentin keeps asking people here for their blood results."


async def team(theatre: Theatre, *names: str) -> list[Person]:
    """Moderators whom the bot has seen with their role."""
    people = [await theatre.moderator(name) for name in names]
    for person in people:
        await person.command("review queue", theatre.server.review)
        lookup = theatre.foundation.vault.lookup(person.id)

        def note(connection: Any, user_id: int = person.id, lookup: bytes = lookup) -> None:
            known = theatre.foundation.find_or_add(connection, user_id, theatre.env.now())
            assert connection.execute("SELECT 1 FROM subject WHERE lookup = ?", (lookup,)).fetchone()
            connection.execute("INSERT OR IGNORE INTO moderator VALUES (?, 0, 0, NULL, NULL, 0)", (known.id,))

        await theatre.foundation.database.write(note)
    return people


async def tell(person: Person, about: Person, kind: str = "retaliation") -> Seen:
    """Tell the team about somebody, with the command: something urgent, which is told at any hour."""
    await person.command("concern tell", person.theatre.server.lounge, who=about.user)
    return await person.fill(kind=[kind], text=WORDS, who=[about.actor])


async def the_code(theatre: Theatre) -> str:
    """By which the team calls the only concern."""
    return str((await rows(theatre, "SELECT code FROM concern"))[0][0])


async def test_from_telling_to_hearing_what_became_of_it(theatre: Theatre) -> None:
    """The member tells, the moderator reads, asks and closes, and the member is answered."""
    ann, quentin = await member(theatre), await member(theatre, "quentin")
    (mia,) = await team(theatre, "mia")

    sent = await tell(ann, quentin)
    await theatre.settle()

    assert all(message.ephemeral for message in sent.messages)
    assert "/concern status" in sent.text
    assert any("something new waits" in said for said in mia.inbox())
    opened = await mia.command("review open", theatre.server.review, code=await the_code(theatre))
    assert WORDS in opened.text
    assert str(ann.id) not in opened.text
    assert str(quentin.id) in opened.text
    await mia.press("Ask who told us")
    await mia.fill(text="Since when?")
    await theatre.settle()
    assert any("has a question" in said for said in ann.inbox())
    asked = await ann.command("concern status", theatre.server.lounge)
    assert "Since when?" in asked.text
    await ann.press("Answer")
    await ann.fill(text="Since Monday.")
    await mia.command("review open", theatre.server.review, code=await the_code(theatre))
    assert "Since Monday." in mia.seen.text
    file = mia.seen
    await mia.press("Write a note")
    noted = await mia.fill(text="Talk with Quentin on Friday")
    assert "Talk with Quentin" in noted.text
    shown = await mia.press("Show who told us", on=file.message_with("Show who told us"))
    assert str(ann.id) in shown.text
    person = await mia.press("Open the person's file", on=file.message_with("Open the person's file"))
    assert f"<@{quentin.id}>" in person.text
    await mia.press("Close it", on=file.message_with("Close it"))
    closed = await mia.press("Talked with them")
    await theatre.settle()

    assert "is closed" in closed.text
    assert any("talked with the people" in said for said in ann.inbox())
    assert not any("told" in said or "talked" in said for said in quentin.inbox())
    again = await mia.press("Close it", on=file.message_with("Close it"))
    assert "Nothing found" in again.buttons
    late = await mia.press("Nothing found")
    assert "was closed already" in late.text
    assert await count(theatre, "card") == 0


async def test_a_message_brings_its_link_and_only_what_is_ticked(theatre: Theatre) -> None:
    """From the menu on a message; nothing is kept until the form is sent."""
    ann, quentin = await member(theatre), await member(theatre, "quentin")
    (mia,) = await team(theatre, "mia")
    lounge = theatre.server.lounge
    message = await quentin.actor.send(lounge, "Buy my herbs, they healed me.")

    form = ann.saw(await ann.actor.context_menu(lounge, "Tell the team about this", message))

    assert field_ids(form) == ["kind", "text", "who", "keep"]
    assert component(form, "who")["default_values"] == [{"id": str(quentin.id), "type": "user"}]
    link, excerpt = component(form, "keep")["options"]
    assert (link["default"], excerpt["default"]) == (True, False)
    assert str(message.id) in link["value"]
    assert await count(theatre, "concern") == 0
    await ann.fill(kind=["unproven"], text="He does this daily", who=[quentin.actor], keep=[link["value"]])
    opened = await mia.command("review open", theatre.server.review, code=await the_code(theatre))
    assert f"/{lounge.id}/{message.id}" in opened.text
    assert "herbs" not in opened.text
    ann.saw(await ann.actor.context_menu(lounge, "Tell the team about this", message))
    await ann.fill(kind=["unproven"], text="Again", who=[quentin.actor], keep=[excerpt["value"]])
    again = await mia.command("review open", theatre.server.review, code=await the_code(theatre))
    assert "Buy my herbs" in again.text


async def test_a_person_is_told_about_from_their_menu_and_an_applicant_is_sent_to_a_person(
    theatre: Theatre,
) -> None:
    """Whoever is at the gate has no form, and nothing is kept."""
    ann, eve = await member(theatre), await theatre.newcomer("eve")
    lounge = theatre.server.lounge

    form = ann.saw(await ann.actor.context_menu(lounge, "Tell the team about them", eve.actor))
    assert component(form, "who")["default_values"] == [{"id": str(eve.id), "type": "user"}]
    assert "no proof" in str(form.modal)
    refused = await eve.command("concern tell", theatre.server.front_porch)
    assert refused.modal is None
    assert "Talk to a person" in refused.text
    forged = await simulation.submit_raw(
        eve.actor, theatre.server.front_porch, "pl:concerntell:", {"kind": ["other"], "text": "x"}
    )
    assert "Talk to a person" in forged.response.content
    bad = {"kind": ["made up"], "text": "My own words"}
    odd = await simulation.submit_raw(ann.actor, lounge, "pl:concerntell:", bad)
    assert "My own words" in odd.response.content
    elsewhere = {"kind": ["other"], "text": "x", "who": ["no number"], "keep": ["link:https://evil.example"]}
    await simulation.submit_raw(ann.actor, lounge, "pl:concerntell:", elsewhere)
    assert await rows(theatre, "SELECT about_id FROM concern") == [(None,)]
    (mia,) = await team(theatre, "mia")
    opened = await mia.command("review open", theatre.server.review, code=await the_code(theatre))
    assert "evil" not in opened.text


async def test_they_take_it_back_by_the_code_alone(theatre: Theatre) -> None:
    """From another account, in two presses."""
    ann, quentin = await member(theatre), await member(theatre, "quentin")
    sent = await tell(ann, quentin)
    code = sent.text.split("Your code is **")[1].split("**")[0]
    other = await member(theatre, "ann-again")

    assert "nothing here" in (await other.command("concern status", theatre.server.lounge)).text
    await other.command("concern status", theatre.server.lounge, code=code)
    await other.press("Take it back")
    gone = await other.press("Take it back now")

    assert "You took it back" in gone.text
    assert await rows(theatre, "SELECT outcome, sealed FROM concern") == [("withdrawn", None)]
    await ann.command("concern status", theatre.server.lounge)
    assert "You took it back" in ann.seen.text


BY_CODE: tuple[tuple[str, dict[str, str]], ...] = (
    ("review open", {}),
    ("review admit", {}),
    ("review hold", {}),
    ("review decline", {"reason": "other", "sentence": "x"}),
    ("review redirect", {"reason": "work", "sentence": "x"}),
    ("review record", {}),
    ("review history", {}),
    ("concern status", {}),
)
BUTTONS = (files.OPEN_CONCERN, files.SHOW, files.NOTE, files.ASK, files.CLOSE, *files.CLOSE_WITH)
FORMS = (files.NOTE, files.ASK)


def refs_of(concern_id: str) -> dict[str, str]:
    """What each button under a concern carries."""
    return {act: concern_id if act == files.OPEN_CONCERN else f"{concern_id}.0" for act in BUTTONS}


def told(result: Any) -> tuple[Any, ...]:
    """Every byte of an answer."""
    messages = [m for m in (result.response, *result.followups) if m is not None]
    return (result.modal, *((m.content, str(m.components), m.ephemeral) for m in messages))


async def test_for_the_moderator_it_is_about_every_answer_is_that_for_a_code_that_does_not_exist(
    theatre: Theatre,
) -> None:
    """Each command, button and form, byte for byte; no message, no line, and the queue is as it was."""
    ann = await member(theatre)
    mia, quentin = await team(theatre, "mia", "quentin")
    before = (await quentin.command("review queue", theatre.server.review)).text
    await tell(ann, quentin)
    await theatre.settle()
    concern_id, code = (await rows(theatre, "SELECT id, code FROM concern"))[0]
    lines = await count(theatre, "event")

    for name, options in BY_CODE:
        answers = []
        for typed in (code, "ZZZZ-ZZ"):
            await quentin.command(name, theatre.server.review, code=typed, **options)
            answers.append(told(quentin.seen.result))
        assert answers[0] == answers[1], name
    real, none = refs_of(concern_id), refs_of("A" * 26)
    both = [Press(act, act, refs[act]) for refs in (real, none) for act in BUTTONS]
    message = await theatre.plant(theatre.server.review, *both)
    for act in BUTTONS:
        pair = [await quentin.press_id(message, f"pl:{act}:{refs[act]}") for refs in (real, none)]
        assert told(pair[0].result) == told(pair[1].result), act
    for act in FORMS:
        sent = [
            await simulation.submit_raw(
                quentin.actor, theatre.server.review, f"pl:{act}:{refs[act]}", {"text": "x"}
            )
            for refs in (real, none)
        ]
        assert told(sent[0]) == told(sent[1]), act

    assert await count(theatre, "event") == lines
    assert (await quentin.command("review queue", theatre.server.review)).text == before
    assert quentin.inbox() == []
    assert any("something new waits" in said for said in mia.inbox())
    assert await rows(theatre, "SELECT outcome FROM concern") == [(None,)]


async def test_a_moderator_who_told_it_gets_one_line_on_every_way_in(theatre: Theatre) -> None:
    """And nothing of the file."""
    quentin = await member(theatre, "quentin")
    (leo,) = await team(theatre, "leo")
    await tell(leo, quentin)
    code = await the_code(theatre)
    refs = refs_of((await rows(theatre, "SELECT id FROM concern"))[0][0])

    line = (await leo.command("review open", theatre.server.review, code=code)).text

    assert WORDS not in line
    assert "\n" not in line
    room = theatre.server.review
    message = await theatre.plant(room, *(Press(act, act, refs[act]) for act in BUTTONS))
    for act in BUTTONS:
        assert (await leo.press_id(message, f"pl:{act}:{refs[act]}")).text == line, act
    for act in FORMS:
        sent = await simulation.submit_raw(leo.actor, room, f"pl:{act}:{refs[act]}", {"text": "x"})
        assert sent.response.content == line, act
    assert await rows(theatre, "SELECT outcome FROM concern") == [(None,)]


async def test_a_concern_is_opened_from_the_queue_by_whom_it_concerns_and_by_nobody_else(
    theatre: Theatre,
) -> None:
    """One press on the list; a forged one finds nothing, in the words for a code that does not exist."""
    ann = await member(theatre)
    mia, leo = await team(theatre, "mia", "leo")
    await tell(ann, leo)
    code = await the_code(theatre)

    seen = await mia.command("review queue", theatre.server.review)
    assert seen.buttons == [f"Open {code}"]
    assert WORDS in (await mia.press("Open")).text
    assert (await leo.command("review queue", theatre.server.review)).buttons == []
    forged = Press(queue.OPEN_CONCERN, "Open", code.replace("-", ""))
    seen = await leo.press("Open", on=await theatre.plant(theatre.server.review, forged))
    assert seen.text == "There is no case with this code. Check the code on the card."
    assert seen.buttons == []
