"""A person's own data: seen, taken along, put right and deleted, by a press or by /my-data."""

import asyncio
import json
from html.parser import HTMLParser
from typing import Any

import pytest

from bot.screens import rights as screens
from bot.screens.elements import Attachment, Press, Screen
from cogs import _router
from cogs._rendering import messages_of
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import (
    HAS_LINKS,
    JOB_TODAY,
    OLD_JOB,
    all_statements,
    apply,
    begin,
    code_of,
    count,
    held,
    inside,
    member,
    rows,
    state,
)

ALL = ["Download", "Put it right", "Take back my consent", "Delete"]


async def my_data(person: Person) -> Seen:
    """What somebody finds under *What we keep*, where they need no command."""
    await person.press_panel("What we keep")
    return await person.press("My data")


async def downloaded(seen: Seen) -> dict[str, Any]:
    """The two files under an answer, read; the data of the one for programs."""
    attached = {file.filename: await file.read() for message in seen.messages for file in message.attachments}
    assert sorted(attached) == ["my-data.html", "my-data.json"]
    assert all(message.flags.ephemeral for message in seen.messages)
    assert seen.messages[-1].attachments
    page = HTMLParser()
    page.feed(attached["my-data.html"].decode())
    page.close()
    found: dict[str, Any] = json.loads(attached["my-data.json"])
    return found


def only_they_see(seen: Seen) -> bool:
    """Whether every message of an answer is for whoever pressed alone."""
    return all(message.flags.ephemeral for message in seen.messages)


async def old_link(theatre: Theatre, name: str = "ann") -> Person:
    """A member with a link that is over."""
    person = await theatre.newcomer(name)
    await apply(person, HAS_LINKS, (OLD_JOB,))
    assert inside(person)
    return person


async def test_an_applicant_finds_everything_under_what_we_keep(theatre: Theatre) -> None:
    """What was answered, that a moderator looked, and nobody's name."""
    ben, mia = await held(theatre), await theatre.moderator("mia")
    code = await code_of(theatre)
    await mia.command("review open", channel=theatre.server.review, code=code)
    seen = await my_data(ben)

    assert only_they_see(seen)
    assert seen.buttons == ALL
    for told in (
        f"Request {code}",
        "`Northwind Pharma`",
        "A moderator opened your file to review your request",
    ):
        assert told in seen.text, told
    assert "mia" not in seen.text
    assert str(mia.id) not in seen.text


async def test_a_stranger_reads_that_nothing_is_held(theatre: Theatre) -> None:
    """Somebody the bot has never met, and of whom nothing is kept by asking."""
    eva = theatre.resident("eva")
    seen = await eva.command("my-data", channel=theatre.server.front_porch)

    assert seen.text == "We hold nothing about you."
    assert seen.buttons == []
    assert await count(theatre, "subject") == 0


async def test_a_member_has_a_command_and_a_button_under_their_links(theatre: Theatre) -> None:
    """Both show the same."""
    ann = await member(theatre)
    by_command = await ann.command("my-data")
    await ann.command("my-links")
    by_button = await ann.press("My data")

    assert by_command.text.split("\n")[2:] == by_button.text.split("\n")[2:]
    assert by_button.buttons == ALL


async def test_the_download_arrives_with_both_files(theatre: Theatre) -> None:
    """In the first answer to the press."""
    ann = await member(theatre)
    code = await code_of(theatre)
    await ann.command("my-data")
    found = await downloaded(await ann.press("Download"))

    assert found["you"]["discord_id"] == str(ann.id)
    assert [request["case_code"] for request in found["requests"]] == [code]
    assert found["requests"][0]["answers"]["pages"][0]["page"] == "about"


async def test_the_download_arrives_late_as_well(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a plea for patience, the files come with what follows."""
    ann = await member(theatre)
    await ann.command("my-data")
    monkeypatch.setattr(_router, "ACKNOWLEDGE_AFTER_SECONDS", 0.0)
    theatre.foundation.database.read = _slowly(theatre.foundation.database.read)  # type: ignore[method-assign] # takes its time
    found = await downloaded(await ann.press("Download"))

    assert found["you"]["discord_id"] == str(ann.id)


def _slowly(read: Any) -> Any:
    async def later(unit: Any) -> Any:
        await asyncio.sleep(0.01)
        return await read(unit)

    return later


async def test_a_refused_person_sees_the_decision_with_its_reason(theatre: Theatre) -> None:
    """And what was written, from the screen that tells them where they stand."""
    ben, mia = await held(theatre), await theatre.moderator("mia")
    code = await code_of(theatre)
    await mia.command("review open", channel=theatre.server.review, code=code)
    await mia.press("Decline")
    await mia.fill(reason=["client_not_named"], sentence="")
    await mia.press("Send and close the case")
    await theatre.settle()
    await ben.press_panel("Start")
    seen = await ben.press("My data")

    for told in (
        "We could not offer you a place",
        "A moderator decided this:",
        "Reason: Client or sponsor not named.",
        "The message about it arrived.",
        "is kept until",
    ):
        assert told in seen.text, told
    seen = await ben.press("Put it right")
    assert "You can ask again and answer anew." in seen.text
    assert seen.buttons == ["Ask again"]


async def test_putting_it_right_goes_on_where_somebody_stands(theatre: Theatre) -> None:
    """The form, the answers with the team, and a member's links."""
    cleo = await theatre.newcomer("cleo")
    await begin(cleo)
    await my_data(cleo)
    await cleo.press("Put it right")
    assert "Next is page 1" in (await cleo.press("Show me where I stand")).text

    ben = await held(theatre)
    await my_data(ben)
    await ben.press("Put it right")
    assert "Your request is back with you." in (await ben.press("Change my answers")).text

    ann = await member(theatre)
    await ann.command("my-data")
    await ann.press("Put it right")
    assert "These are your links" in (await ann.press("Change my links")).text


async def test_a_member_keeps_links_and_deletes_the_rest(theatre: Theatre) -> None:
    """They stay inside, with their links on record and nothing else."""
    ann = await old_link(theatre)
    await ann.command("my-data")
    seen = await ann.press("Delete")
    assert "They let the others know who is in the room" in seen.text
    assert seen.text.index("Keep my links") < seen.text.index("Delete everything")
    assert seen.buttons == ["Keep my links, delete the rest", "Delete everything", "Cancel"]
    seen = await ann.press("Keep my links")
    await theatre.settle()

    assert "Your links stay, and so does your place here." in seen.text
    assert inside(ann)
    assert await count(theatre, "sheet") == 0
    assert "`Meridian Devices`" in (await ann.command("my-links")).text


async def test_a_change_of_links_is_told_once_on_a_phone(theatre: Theatre) -> None:
    """It is what stands under the links. The page to read has every answer, and numbers the pages."""
    ann = await theatre.newcomer("ann")
    await apply(ann, HAS_LINKS, (OLD_JOB, {**OLD_JOB, "organisation": "Harbour Labs"}))
    await ann.command("my-links")
    await ann.press("Change my links")
    form = await ann.press("Send my answers")
    await ann.fill(**all_statements(form))
    seen = await ann.command("my-data")
    download = await ann.press("Download")
    files = {one.filename: await one.read() for message in download.messages for one in message.attachments}
    page, question = files["my-data.html"].decode(), "Any links to health organisations?"

    assert "You changed your links, and sent them" in seen.text
    assert (seen.text.count(question), page.count(question)) == (1, 2)
    assert "__Your link 2__" in seen.text
    assert "*My data*" not in page


async def test_a_member_who_deletes_everything_is_back_on_the_front_porch(theatre: Theatre) -> None:
    """The role goes, nothing is held, and Start begins from the beginning."""
    ann = await old_link(theatre)
    await ann.command("my-data")
    await ann.press("Delete")
    warning = ann.seen
    seen = await ann.press("Delete everything")
    assert "Done. What we held about you is deleted." in seen.text
    assert "You go back to the front page" in seen.text
    assert "The number of this receipt is" in seen.text
    again = await ann.press("Delete everything", on=warning.messages[-1])
    assert again.text.startswith("We hold nothing about you.")
    await theatre.settle()

    assert not inside(ann)
    for table in ("subject", "cases", "sheet", "disclosure", "decision"):
        assert await count(theatre, table) == 0, table
    seen = await ann.press_panel("Start")
    assert seen.buttons == ["Agree and begin"]
    assert "Good to see you again" not in seen.text


async def test_an_applicant_deletes_everything(theatre: Theatre) -> None:
    """The open request goes with it, and the team's card with that."""
    ben = await held(theatre)
    await my_data(ben)
    seen = await ben.press("Delete")
    assert "Your open request ends with it." in seen.text
    assert seen.buttons == ["Delete everything", "Cancel"]
    seen = await ben.press("Delete everything")
    await theatre.settle()

    assert "Requests: 1" in seen.text
    assert await rows(theatre, "SELECT * FROM cases") == []


async def test_cancelling_deletes_nothing(theatre: Theatre) -> None:
    """And leads back."""
    ben = await held(theatre)
    await my_data(ben)
    await ben.press("Delete")
    seen = await ben.press("Cancel")

    assert seen.text == "Nothing was deleted."
    assert await state(theatre, await code_of(theatre)) == "held"
    assert (await ben.press("My data")).buttons == ALL


async def test_taking_back_consent_deletes_the_answers(theatre: Theatre) -> None:
    """What was decided stays until its time is up."""
    ben = await held(theatre)
    code = await code_of(theatre)
    await my_data(ben)
    await ben.press("Take back my consent")
    seen = await ben.press("Take back my consent now")

    assert "You have taken back your consent" in seen.text
    assert await state(theatre, code) == "withdrawn"
    assert await count(theatre, "answer") == 0
    assert "You took it back" in (await my_data(ben)).text


async def test_somebody_elses_button_acts_on_whoever_presses(theatre: Theatre) -> None:
    """The button stands where both see it, as if one had been shown the other's."""
    ann, ben = await old_link(theatre), await held(theatre)
    planted = await theatre.plant(theatre.server.front_porch, Press(screens.ALL_NOW, "Delete everything"))
    seen = await ben.press("Delete everything", on=planted)
    await theatre.settle()

    assert "Done." in seen.text
    assert inside(ann)
    assert await rows(theatre, "SELECT state FROM cases") == [("admitted",)]


async def test_a_button_from_before_somebody_was_let_in_warns_again(theatre: Theatre) -> None:
    """What it means is another thing by now, so nothing goes on one press."""
    ann = await old_link(theatre)
    planted = await theatre.plant(theatre.server.lounge, Press(screens.ALL_NOW, "Delete everything"))
    seen = await ann.press("Delete everything", on=planted)

    assert "Something has changed since you read this" in seen.text
    assert seen.buttons == ["Keep my links, delete the rest", "Delete everything", "Cancel"]
    assert inside(ann)


async def test_a_moderator_sees_what_they_did_as_numbers(theatre: Theatre) -> None:
    """How much, and nothing about whom."""
    await held(theatre, links=(JOB_TODAY,))
    mia, code = await theatre.moderator("mia"), await code_of(theatre)
    await mia.command("review open", channel=theatre.server.review, code=code)
    seen = await mia.command("my-data")

    assert "Files you opened: 1. Decisions you made: 0." in seen.text
    assert code not in seen.text


def test_files_and_buttons_stand_under_the_last_of_several_messages() -> None:
    """Where the text does not fit into one."""
    attached = (Attachment("a.txt", b"a"), Attachment("b.txt", b"b"))
    messages = messages_of(Screen("line\n" * 900, (Press("start", "Start"),), attached))

    assert len(messages) > 1
    assert [sorted(message) for message in messages[:-1]] == [["content"]] * (len(messages) - 1)
    assert sorted(messages[-1]) == ["content", "files", "view"]
    assert [file.filename for file in messages[-1]["files"]] == ["a.txt", "b.txt"]
