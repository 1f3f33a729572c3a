"""A second look on the stage: as the person, in the server and gone, and as the moderators."""

import re

from rehearsal.theatre import Person, Theatre
from tests.stage.acts import code_of, held, inside, rows, state

THEY_WROTE = "I left that job in spring."


async def declined(theatre: Theatre) -> tuple[Person, Person]:
    """Ben is declined by Mia."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.press("Open file", on=theatre.cards()[0])
    await mia.press("Decline")
    await mia.fill(reason=["client_not_named"])
    await mia.press("Send and close the case")
    await theatre.settle()
    return ben, mia


def code_in(text: str) -> str:
    """The code in a message."""
    found = re.search(r"Your code is \*\*([0-9A-Z-]{14})\*\*", text)
    assert found, text
    return found[1]


async def test_somebody_asks_for_a_second_look_and_somebody_else_takes_it(theatre: Theatre) -> None:
    """From the status page to the open door; whoever decided gets one line."""
    ben, mia = await declined(theatre)
    case = await code_of(theatre)
    assert "you can ask for a second look until" in ben.inbox()[0]
    seen = await ben.press_panel("Start")
    assert code_in(seen.text) == code_in(ben.inbox()[0])
    form = await ben.press("Ask for a second look")
    assert form.title == "Ask for a second look"
    seen = await ben.fill(appeal_text=THEY_WROTE)
    assert "We have your appeal." in seen.text
    assert seen.buttons == ["Change what I wrote", "Take my appeal back"]
    await theatre.settle()
    assert "Asks for a second look" in theatre.cards()[0].content
    seen = await ben.press_panel("Start")
    assert "We have your appeal." in seen.text

    seen = await mia.command("review appeal", code=case)
    assert seen.text == "Somebody else looks at this one. There is nothing you have to do."
    noa = await theatre.moderator("noa")
    seen = await noa.command("review open", code=case)
    assert "(only the person can see it)" in seen.text
    seen = await noa.press("Second look")
    assert THEY_WROTE in seen.text
    assert seen.buttons == [
        *("Change it", "Change it in part", "Leave it as it is", "Send it back"),
        "Open the next one",
    ]
    await noa.press("Change it in part")
    seen = await noa.fill(
        reason=["appeal_new"], label="Works for Northwind Pharma", recruitment=["none"], other="", ends=""
    )
    assert "Works for Northwind Pharma" in seen.text
    await noa.press("Change the text")
    await noa.fill(sentence="Thank you for telling us about the spring.")
    seen = await noa.press("Send the answer")
    assert "the decision is changed in part" in seen.text
    await theatre.settle()
    assert inside(ben)
    assert await state(theatre, case) == "admitted"


async def test_a_moderator_files_for_somebody_who_is_gone_and_the_decision_stays(theatre: Theatre) -> None:
    """With the code from what they wrote; nothing is told but the code of the case."""
    ben, mia = await declined(theatre)
    code, case = code_in(ben.inbox()[0]), await code_of(theatre)
    ben.leave()
    await theatre.settle()

    seen = await mia.command("review appeal", code="AAAA-BBBB-CCCC")
    assert "does not lead to anything" in seen.text
    form = await mia.command("review appeal", code=code.lower())
    assert form.title == "File an appeal"
    seen = await mia.fill(appeal_code=code, appeal_text=THEY_WROTE)
    assert f"case {case}" in seen.text
    assert "ben" not in seen.text.lower()
    noa = await theatre.moderator("noa")
    seen = await noa.command("review appeal", code=case)
    assert THEY_WROTE in seen.text
    await noa.press("Leave it as it is")
    seen = await noa.fill(reason=["appeal_stands"], sentence="We need to know who the client is.")
    assert "We need to know who the client is." in seen.text
    seen = await noa.press("Send the answer")
    assert "the decision stays as it is" in seen.text
    assert "contact address" in seen.text
    await theatre.settle()
    assert await rows(theatre, "SELECT via, outcome FROM appeal") == [("contact", "same")]


async def test_an_appeal_can_be_changed_and_taken_back(theatre: Theatre) -> None:
    """The form holds what was written before; taking it back asks first."""
    ben, _ = await declined(theatre)
    await ben.press_panel("Start")
    await ben.press("Ask for a second look")
    await ben.fill(appeal_text=THEY_WROTE)
    form = await ben.press("Change what I wrote")
    assert THEY_WROTE in str(form.modal)
    await ben.fill(appeal_text="")
    seen = await ben.press("Take my appeal back")
    assert "stays as it is" in seen.text
    seen = await ben.press("Yes, take my appeal back")
    assert "Done. Your appeal is taken back." in seen.text
    seen = await ben.press_panel("Start")
    assert "Ask for a second look" not in seen.buttons
