"""The ways beside the questionnaire: work, not for me, under age, a person, help, taking it back."""

import sqlite3
import time
from datetime import timedelta

from bot.screens.elements import Press
from rehearsal.theatre import Seen, Theatre
from tests.stage.acts import (
    HAS_LINKS,
    JOB_TODAY,
    NOTHING_TO_TELL,
    Errors,
    answer,
    apply,
    begin,
    calls,
    code_of,
    count,
    held,
    inside,
    member,
    rows,
    send,
    state,
)

KEPT = (
    "sheet",
    "entry",
    "answer",
    "answer_text",
    "form",
    "disclosure",
    "interest",
    "interest_text",
    "consent",
)


async def nothing_kept(theatre: Theatre, *, person: bool) -> None:
    """No answer lies in the database; without ``person``, nobody either."""
    for table in KEPT:
        assert await count(theatre, table) == 0, table
    if not person:
        for table in ("cases", "subject", "identity"):
            assert await count(theatre, table) == 0, table


async def test_here_for_work_leads_to_the_front_door_and_keeps_nothing(theatre: Theatre) -> None:
    """The page is respectful and names the contact; what stays is a counter, and the join."""
    ann = await theatre.newcomer("ann")
    events = await rows(theatre, "SELECT seq FROM event")
    seen = await ann.press_panel("I am here only for work")
    assert "Thank you for being open about it." in seen.text
    assert "work@harbour.example" in seen.text
    assert seen.buttons == ["I also live with this", "Talk to a person", "Delete what you have"]
    assert seen.messages[0].ephemeral
    await nothing_kept(theatre, person=True)
    assert await rows(theatre, "SELECT metric, n FROM counter") == [("information.work", 1)]
    assert await rows(theatre, "SELECT seq FROM event") == events
    assert await rows(theatre, "SELECT state, listed FROM cases") == [("waiting", 0)]


async def test_somebody_unknown_who_presses_work_stays_unknown(theatre: Theatre) -> None:
    """Without a join on record, the page makes nobody known."""
    ann = theatre.person("ann").join(told=False)
    await ann.press_panel("I am here only for work")
    await nothing_kept(theatre, person=False)


async def test_work_and_also_living_with_it_leads_to_the_questionnaire(theatre: Theatre) -> None:
    """Nobody is turned away by the page."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("I am here only for work")
    seen = await ann.press("I also live with this")
    assert seen.buttons == ["Agree and begin"]


async def test_delete_and_leave_forgets_the_person(theatre: Theatre) -> None:
    """After it the database holds no person, no case and no key."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("I am here only for work")
    seen = await ann.press("Delete what you have")
    assert "Nothing you told us here is kept." in seen.text
    await nothing_kept(theatre, person=False)


async def test_not_for_me_is_shown_at_once_and_keeps_no_answer(theatre: Theatre) -> None:
    """Answers that lead to the page are never saved."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    seen = await ann.fill(**{**NOTHING_TO_TELL, "belongs": "no"})
    assert "Thank you for telling us." in seen.text
    assert "work@harbour.example" in seen.text
    assert seen.buttons == ["I also live with this", "Talk to a person", "Delete what you have"]
    await nothing_kept(theatre, person=True)
    assert await rows(theatre, "SELECT state, listed FROM cases") == [("waiting", 0)]
    assert ("information.not_for_me", 1) in await rows(theatre, "SELECT metric, n FROM counter")


async def test_work_answered_in_the_form_leads_to_the_work_page(theatre: Theatre) -> None:
    """Here for work, and not somebody this is for: the front door, and no answer kept."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    seen = await ann.fill(**{**HAS_LINKS, "belongs": "no", "capacity": "work"})
    assert "There is a front door for you" in seen.text
    await nothing_kept(theatre, person=True)


async def test_under_age_gets_the_kind_page_and_nothing_is_kept(theatre: Theatre) -> None:
    """No answer, no case, no person: only a count."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    seen = await ann.fill(**{**HAS_LINKS, "age_ok": "no"})
    assert "people aged 18 and over" in seen.text
    assert "not because of anything you did" in seen.text
    assert seen.buttons == ["I need help now"]
    await nothing_kept(theatre, person=False)
    assert await rows(theatre, "SELECT metric, n FROM counter") == [("information.under_age", 1)]
    assert "116 123" in (await ann.press("I need help now")).text
    await theatre.settle()
    assert theatre.cards() == []
    assert not inside(ann)


async def test_under_age_after_earlier_pages_deletes_those_too(theatre: Theatre) -> None:
    """Changing the age answer in the summary deletes everything that was told."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (JOB_TODAY,))
    assert await count(theatre, "answer_text") > 0
    await ann.press("Change: About you")
    seen = await ann.fill(**{**HAS_LINKS, "age_ok": "no"})
    assert "Your answers are deleted." in seen.text
    await nothing_kept(theatre, person=False)


async def test_an_old_form_of_a_forgotten_case_hands_back_what_was_typed(theatre: Theatre) -> None:
    """A form that has nothing to land in says so, kindly, with the words to copy."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (JOB_TODAY,))
    summary = ann.seen.messages[-1]
    link = await ann.press("Change: Your link", on=summary)
    await ann.press("Change: About you", on=summary)
    await ann.fill(**{**HAS_LINKS, "age_ok": "no"})
    seen = await ann.fill(link, **JOB_TODAY)
    assert "no longer open here" in seen.text
    assert "Northwind Pharma" in seen.text
    await nothing_kept(theatre, person=False)


async def test_talk_to_a_person_puts_somebody_in_the_queue_with_a_flag(theatre: Theatre) -> None:
    """The team sees a card with the wish, and no name; the person gets a code and is told what is kept."""
    ann = await theatre.newcomer("ann")
    seen = await ann.press_panel("Talk to a person")
    code = await code_of(theatre)
    assert "You do not have to fill in anything." in seen.text
    assert code in seen.text
    await theatre.settle()
    [card] = theatre.cards()
    assert code in card.content
    assert "Would like to talk to a person" in card.content
    assert str(ann.id) not in card.content
    assert Seen([card]).buttons == ["Open file", "I take this"]
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue")
    assert "**Would like to talk to a person: 1**" in seen.text


async def test_asking_twice_for_a_person_is_asking_once(theatre: Theatre) -> None:
    """One card, and the wait counts from the first time."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    await theatre.settle()
    first = await rows(theatre, "SELECT wants_person_at FROM cases")
    await theatre.pass_time(timedelta(hours=2))
    await ann.press_panel("Talk to a person")
    await theatre.settle()
    assert await rows(theatre, "SELECT wants_person_at FROM cases") == first
    assert len(theatre.cards()) == 1


async def test_a_held_person_can_ask_for_a_talk_too(theatre: Theatre) -> None:
    """The flag joins the reason on the same card."""
    ben = await held(theatre)
    await ben.press_panel("Start")
    await ben.press("Talk to a person")
    await theatre.settle()
    [card] = theatre.cards()
    assert "Links to look at; Would like to talk to a person" in card.content


async def test_i_need_help_now_answers_at_once_and_records_nothing(theatre: Theatre) -> None:
    """Every number of the configuration, to the person alone; the database does not change by a byte."""
    ann = await theatre.newcomer("ann")
    tables = [name for (name,) in await rows(theatre, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {table: await count(theatre, table) for table in tables}
    [(changes,)] = await rows(theatre, "PRAGMA data_version")
    sent = len(calls(theatre))
    seen = await ann.press_panel("I need help now")
    for told in ("999", "911", "112", "116 123", "988", "0800 111 0 111", "findahelpline.com"):
        assert told in seen.text
    assert all(message.ephemeral for message in seen.messages)
    assert {table: await count(theatre, table) for table in tables} == before
    assert await rows(theatre, "PRAGMA data_version") == [(changes,)]
    assert len(calls(theatre)) == sent


async def test_i_need_help_now_makes_nobody_known(theatre: Theatre) -> None:
    """Somebody the bot never heard of stays unheard of."""
    ann = theatre.person("ann").join(told=False)
    await ann.press_panel("I need help now")
    assert await count(theatre, "subject") == 0


async def test_help_works_while_the_database_is_locked_and_saving_recovers_alone(theatre: Theatre) -> None:
    """Help answers; Start says calmly that saving has to wait; once the lock is gone, all goes on."""
    ann = await theatre.newcomer("ann")
    storage = theatre.config.storage.database
    other = sqlite3.connect(storage, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        seen = await ann.press_panel("I need help now")
        assert "116 123" in seen.text
        assert not seen.result.deferred
    finally:
        other.close()
    assert (await ann.press_panel("Start")).buttons == ["Agree and begin"]


async def test_start_says_calmly_that_nothing_can_be_saved(theatre: Theatre, errors: Errors) -> None:
    """A locked database is a sentence with a reference, within Discord's three seconds."""
    errors.expected = True
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Start")
    other = sqlite3.connect(theatre.config.storage.database, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        seen = await ann.press("Agree and begin")
        assert "We cannot save anything right now." in seen.text
        assert "*I need help now* still works" in seen.text
        assert "116 123" in (await ann.press_panel("I need help now")).text
        assert "cannot save anything" in (await ann.press_panel("Start")).text
    finally:
        other.close()
    await ann.press_panel("Start")
    assert (await ann.press("Agree and begin")).title == "About you"


async def test_taking_it_back_deletes_the_answers(theatre: Theatre) -> None:
    """Asked once more first; afterwards no answer lies anywhere, and the card is closed."""
    ben = await held(theatre)
    code = await code_of(theatre)
    await ben.press_panel("Start")
    seen = await ben.press("Take back my request")
    assert "Do you want to take back your request?" in seen.text
    assert await count(theatre, "answer") > 0
    seen = await ben.press("Yes, take it back and delete")
    assert "what you told us in it is deleted" in seen.text
    await theatre.settle()
    await nothing_kept(theatre, person=True)
    assert await count(theatre, "verdict") == 0
    assert await state(theatre, code) == "withdrawn"
    [card] = theatre.cards()
    assert "Taken back by the person" in card.content
    assert Seen([card]).buttons == []


async def test_taking_it_back_works_in_the_middle_of_answering(theatre: Theatre) -> None:
    """The way out is beside the way on, and leads back to the beginning."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    await ann.fill(**HAS_LINKS)
    await ann.press_panel("Start")
    await ann.press("Take back my request")
    await ann.press("Yes, take it back")
    await nothing_kept(theatre, person=True)
    assert (await ann.press_panel("Start")).buttons == ["Agree and begin"]
    await apply(ann, NOTHING_TO_TELL)
    assert [s for (s,) in await rows(theatre, "SELECT state FROM cases ORDER BY rowid")] == [
        "withdrawn",
        "admitted",
    ]


async def test_taking_back_twice_is_answered(theatre: Theatre) -> None:
    """The second time there is nothing to take back."""
    ben = await held(theatre)
    await ben.press_panel("Start")
    sure = (await ben.press("Take back my request")).messages[-1]
    await ben.press("Yes, take it back", on=sure)
    seen = await ben.press("Yes, take it back", on=sure)
    assert "There is no open request to take back." in seen.text


async def test_a_member_who_presses_an_old_take_back_loses_nothing(theatre: Theatre) -> None:
    """Once decided, there is nothing open; the place stays."""
    ann = await theatre.newcomer("ann")
    await answer(ann, NOTHING_TO_TELL)
    await ann.press_panel("Start")
    sure = (await ann.press("Take back my request")).messages[-1]
    await ann.press_panel("Start")
    await send(ann)
    seen = await ann.press("Yes, take it back", on=sure)
    await theatre.settle()
    assert "no open request" in seen.text
    assert inside(ann)


async def test_leaving_ends_the_case(theatre: Theatre) -> None:
    """A held case of somebody who left is closed, on its card too, and coming back starts a new one."""
    ben = await held(theatre)
    code = await code_of(theatre)
    ben.leave()
    await theatre.settle()
    assert await state(theatre, code) == "left"
    assert "The person left" in theatre.cards()[0].content
    ben.join()
    await theatre.settle()
    assert await state(theatre, await code_of(theatre)) == "waiting"
    assert await code_of(theatre) != code


async def test_answers_of_whoever_left_are_deleted_when_their_time_is_up(theatre: Theatre) -> None:
    """Thirty days after the case closed, nothing of what was told lies there."""
    ben = await held(theatre)
    ben.leave()
    await theatre.settle()
    await theatre.pass_time(timedelta(days=29))
    assert await count(theatre, "answer") > 0
    await theatre.pass_time(timedelta(days=2))
    await nothing_kept(theatre, person=True)


async def test_an_admitted_person_who_comes_back_gets_the_role_again(theatre: Theatre) -> None:
    """The decision stands: joining again is enough."""
    ann = await member(theatre)
    ann.leave()
    await theatre.settle()
    ann.join()
    await theatre.settle()
    assert inside(ann)
    assert await count(theatre, "cases") == 1


async def test_a_crowd_at_a_locked_database_is_answered_within_three_seconds(
    theatre: Theatre, errors: Errors
) -> None:
    """Everybody hears of it together, not one second after the other."""
    errors.expected = True
    people = [await theatre.newcomer(f"p{number}") for number in range(6)]
    for person in people:
        await person.press_panel("Start")
    other = sqlite3.connect(theatre.config.storage.database, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        began = time.perf_counter()
        seen = await theatre.together(*((person, "Agree and begin") for person in people))
        took = time.perf_counter() - began
    finally:
        other.close()
    assert all("cannot save anything" in one.text for one in seen)
    assert took < 3


async def test_delete_and_leave_never_claims_what_is_not_so(theatre: Theatre) -> None:
    """Whoever was declined has a closed case on record: the reply does not say that it is deleted."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review decline", code=await code_of(theatre), reason="other", sentence="Not now.")
    await mia.press("Send and close the case")
    await theatre.settle()
    seen = await ben.press_panel("I am here only for work")
    assert "You have a request with us." in seen.text
    assert seen.buttons == ["Show me where I stand", "Talk to a person", "My data"]
    older = await theatre.plant(theatre.server.front_porch, Press("forget", "Delete what you have"))
    seen = await ben.press("Delete what you have", on=older)
    assert len(await rows(theatre, "SELECT 1 FROM disclosure WHERE source <> 'update'")) == 1
    assert "is kept" not in seen.text
    assert seen.buttons == ["My data"]
