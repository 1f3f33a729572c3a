"""Start, agree, answer page by page, check, send, and see where it stands."""

from datetime import timedelta

import pytest

from rehearsal import simulation
from rehearsal.theatre import Person, Theatre, Unanswered
from tests.stage.acts import (
    AGENCY,
    HAS_LINKS,
    HOPES,
    JOB_TODAY,
    NOTHING_TO_TELL,
    OLD_JOB,
    WILL_NOT_SAY,
    Edited,
    Stage,
    all_statements,
    answer,
    apply,
    begin,
    calls,
    code_of,
    component,
    count,
    field_ids,
    grants,
    held,
    inside,
    rows,
    send,
    state,
)


async def test_start_tells_what_is_kept_and_for_how_long_before_anything_is_asked(theatre: Theatre) -> None:
    """Start shows the notice, and writes no answer and no consent."""
    ann = await theatre.newcomer("ann")
    seen = await ann.press_panel("Start")
    assert "We keep your answers, locked away" in seen.text
    assert "30 days" in seen.text
    assert "delete them yourself at any time" in seen.text
    assert seen.buttons == ["Agree and begin"]
    assert seen.messages[0].ephemeral
    assert await count(theatre, "consent") == 0
    assert await count(theatre, "sheet") == 0


async def test_agree_and_begin_is_the_consent_and_opens_the_first_page(theatre: Theatre) -> None:
    """The press is kept with the notice as it was shown."""
    ann = await theatre.newcomer("ann")
    shown = (await ann.press_panel("Start")).text
    seen = await ann.press("Agree and begin")
    assert seen.title == "About you"
    assert field_ids(seen) == ["belongs", "age_ok", "capacity", "links"]
    [(notice,)] = await rows(theatre, "SELECT text FROM notice JOIN consent ON notice_hash = hash")
    assert notice in shown


async def test_every_page_is_saved_before_its_reply_says_so(theatre: Theatre) -> None:
    """The reply to each page tells how far one is, in words, and the answers are on disk."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    seen = await ann.fill(**HAS_LINKS)
    assert "Page 1 of 2. Saved." in seen.text
    assert seen.buttons == ["Continue to page 2 of 2", "Change: About you", "Remind me by message"]
    assert await count(theatre, "answer") == 4
    seen = await ann.press("Continue")
    assert seen.title == "Your link"
    seen = await ann.fill(**JOB_TODAY)
    assert "Page 2 of 3. Saved." in seen.text
    assert "about 1. There is room for 5" in seen.text
    assert seen.buttons == [
        "Continue to page 3 of 3",
        "Add another link",
        "Change: About you",
        "Change: Your link 1",
        "Remind me by message",
    ]
    assert [field for (field,) in await rows(theatre, "SELECT field_id FROM answer_text")] == ["organisation"]


async def test_the_link_page_repeats_up_to_five_times(theatre: Theatre) -> None:
    """Five links can be told; for a sixth, there is no button."""
    ann = await theatre.newcomer("ann")
    links = tuple({**OLD_JOB, "organisation": f"Firm {number}"} for number in range(1, 6))
    seen = await answer(ann, HAS_LINKS, links)
    assert [f"Firm {number}" in seen.text for number in range(1, 6)] == [True] * 5
    assert "Add another link" not in seen.buttons
    assert "Change: Your link 5" in seen.buttons


async def test_a_link_can_be_changed_and_shows_what_was_told(theatre: Theatre) -> None:
    """Change opens the page with the answers in it, and the change replaces them."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (OLD_JOB, {**OLD_JOB, "organisation": "Second Firm"}))
    form = await ann.press("Change: Your link 2")
    assert component(form, "organisation")["value"] == "Second Firm"
    chosen = [option["value"] for option in component(form, "period")["options"] if option["default"]]
    assert chosen == ["older"]
    await ann.fill(**{**OLD_JOB, "organisation": "Third Firm"})
    seen = await ann.press("Check and send")
    assert "Third Firm" in seen.text
    assert "Second Firm" not in seen.text
    assert "Meridian Devices" in seen.text


async def test_a_link_can_be_taken_out(theatre: Theatre) -> None:
    """Take out removes one link and leaves the other, and there is room for another again."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (OLD_JOB, {**OLD_JOB, "organisation": "Second Firm"}))
    seen = await ann.press("Take out: Your link 1")
    assert "Meridian Devices" not in seen.text
    assert "Second Firm" in seen.text
    assert "Add another link" in seen.buttons
    await send(ann)
    names = await rows(theatre, "SELECT count(*) FROM interest")
    assert names == [(1,)]


async def test_taking_out_the_last_link_asks_for_it_again(theatre: Theatre) -> None:
    """Somebody who said yes to links and has none left is shown the page, not sent on."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (OLD_JOB,))
    seen = await ann.press("Take out: Your link")
    assert "Next is page 2 of 2" in seen.text
    assert seen.buttons == ["Continue to page 2 of 2", "Change: About you"]


async def test_the_purpose_page_follows_its_condition(theatre: Theatre) -> None:
    """A link of today leads to it, an old one does not; so does being here for both."""
    ann, ben, cleo = [await theatre.newcomer(name) for name in ("ann", "ben", "cleo")]
    await begin(ann)
    await ann.fill(**HAS_LINKS)
    await ann.press("Continue")
    assert "Check and send" in (await ann.fill(**OLD_JOB)).buttons
    await begin(ben)
    await ben.fill(**HAS_LINKS)
    await ben.press("Continue")
    await ben.fill(**JOB_TODAY)
    assert (await ben.press("Continue")).title == "What you hope to do here"
    await begin(cleo)
    await cleo.fill(**{**NOTHING_TO_TELL, "capacity": "both"})
    assert (await cleo.press("Continue")).title == "What you hope to do here"


async def test_an_answer_that_became_hidden_counts_nowhere(theatre: Theatre) -> None:
    """Whoever changes yes to no has no link in the summary, and is a nil return."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (JOB_TODAY,))
    await ann.press("Change: About you")
    await ann.fill(**NOTHING_TO_TELL)
    seen = await ann.press("Check and send")
    assert "Northwind Pharma" not in seen.text
    await send(ann)
    assert await rows(theatre, "SELECT disclosed FROM disclosure") == [("none",)]


async def test_the_summary_changes_by_page_and_sends(theatre: Theatre) -> None:
    """Every page has its Change; nothing is sent until Send."""
    ann = await theatre.newcomer("ann")
    seen = await answer(ann, HAS_LINKS, (JOB_TODAY,))
    assert seen.buttons == [
        "Send my answers",
        "Change: About you",
        "Change: Your link",
        "Change: What you hope to do here",
        "Take out: Your link",
        "Add another link",
    ]
    assert all(message.ephemeral for message in seen.messages)
    assert "Nothing is sent until" in seen.text
    assert await count(theatre, "disclosure") == 0
    form = await ann.press("Send my answers")
    assert form.title == "Before you send"
    assert field_ids(form) == ["statements"]


async def test_whoever_must_report_side_effects_agrees_to_other_words(theatre: Theatre) -> None:
    """The statements follow their conditions, and can be ticked honestly."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (JOB_TODAY,), {**HOPES, "reporting_duty": "yes"})
    form = await ann.press("Send my answers")
    assert field_ids(form) == ["statements_duty"]
    seen = await ann.fill(**all_statements(form))
    assert "We have your answers" in seen.text


async def test_contradictions_are_pointed_out_before_sending(theatre: Theatre) -> None:
    """They are told kindly, can be sent as they are, and hold the case."""
    ann = await theatre.newcomer("ann")
    seen = await answer(ann, {**NOTHING_TO_TELL, "capacity": "work"})
    assert "do not seem to fit together" in seen.text
    assert "you told us of no link" in seen.text
    assert "Send my answers" in seen.buttons
    await send(ann)
    assert await rows(theatre, "SELECT state, hold_reason FROM cases") == [("held", "contradiction")]


async def test_sending_twice_is_the_same_as_once(theatre: Theatre) -> None:
    """Two forms open at the same time, both sent: one disclosure, one case, and both are answered."""
    ann = await theatre.newcomer("ann")
    summary = (await answer(ann, HAS_LINKS, (JOB_TODAY,))).messages[-1]
    first = await ann.press("Send my answers", on=summary)
    second = await ann.press("Send my answers", on=summary)
    ticks = all_statements(first)
    async with simulation.at_once(theatre.env):
        results = [await ann.actor.submit_modal(form.result, ticks) for form in (first, second)]
    texts = [result.response.content for result in results]
    assert all("Your case code is" in text for text in texts), texts
    await theatre.settle()
    assert await count(theatre, "disclosure") == 1
    assert await count(theatre, "decision") == 1
    assert len(theatre.cards()) == 1


async def test_a_summary_from_before_sending_changes_nothing_afterwards(theatre: Theatre) -> None:
    """An old Change or Send button says that the answers are sent already."""
    ann = await theatre.newcomer("ann")
    old = (await answer(ann, HAS_LINKS, (JOB_TODAY,))).messages[-1]
    await send(ann)
    seen = await ann.press("Change: About you", on=old)
    assert "sent already" in seen.text
    assert seen.title == ""
    seen = await ann.press("Take out", on=old)
    assert "sent already" in seen.text
    assert await count(theatre, "interest") == 1


async def test_the_same_page_sent_twice_is_one_entry(theatre: Theatre) -> None:
    """Submitting a form again overwrites its entry and never adds one."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    page = (await ann.fill(**HAS_LINKS)).messages[-1]
    first = await ann.press("Continue", on=page)
    second = await ann.press("Continue", on=page)
    await ann.fill(first, **OLD_JOB)
    await ann.fill(second, **{**OLD_JOB, "organisation": "Second Thoughts"})
    seen = await ann.press("Check and send")
    assert "Second Thoughts" in seen.text
    assert "Meridian Devices" not in seen.text
    assert "Change: Your link" in seen.buttons


async def test_one_can_stop_at_any_page_and_come_back_days_later(theatre: Theatre) -> None:
    """Start leads to the next page, with nothing lost."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    await ann.fill(**HAS_LINKS)
    await theatre.pass_time(timedelta(days=6))
    seen = await ann.press_panel("Start")
    assert "Next is page 2 of 2: **Your link**" in seen.text
    await ann.press("Continue")
    await ann.fill(**OLD_JOB)
    await theatre.pass_time(timedelta(days=3))
    seen = await ann.press_panel("Start")
    assert "Meridian Devices" in seen.text
    assert "Send my answers" in seen.buttons


async def test_a_form_left_open_across_a_restart_still_lands(theatre: Theatre) -> None:
    """The bot that opened the form is gone; the one that runs now saves it."""
    ann = await theatre.newcomer("ann")
    form = await begin(ann)
    await theatre.restart()
    seen = await ann.fill(form, **NOTHING_TO_TELL)
    assert "Saved." in seen.text
    form = await ann.press("Check and send")
    form = await ann.press("Send my answers")
    await theatre.restart()
    seen = await ann.fill(form, **all_statements(form))
    assert "You are in" in seen.text
    await theatre.settle()
    assert inside(ann)


async def test_buttons_from_before_a_restart_still_work(theatre: Theatre) -> None:
    """Whoever comes back after a restart presses what they had in front of them."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    await ann.fill(**HAS_LINKS)
    await theatre.restart()
    assert (await ann.press("Continue")).title == "Your link"
    await ann.fill(**OLD_JOB)
    await theatre.restart()
    await ann.press("Check and send")
    await theatre.restart()
    assert "Welcome. You are in." in (await send(ann)).text


async def test_two_devices_fill_in_one_case(theatre: Theatre) -> None:
    """The same person on two devices: both forms land, the last word counts, nothing is doubled."""
    ann = await theatre.newcomer("ann")
    phone = await begin(ann)
    laptop = Person(theatre, ann.user, ann.actor)
    await laptop.press_panel("Start")
    other = await laptop.press("Continue")
    assert other.title == "About you"
    await ann.fill(phone, **NOTHING_TO_TELL)
    await laptop.fill(other, **HAS_LINKS)
    assert await count(theatre, "entry") == 1
    seen = await ann.press_panel("Start")
    assert "Your link" in seen.text


async def test_pressing_agree_on_two_devices_at_once_opens_one_case(theatre: Theatre) -> None:
    """Both get an answer, and one sheet is begun."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Start")
    twin = Person(theatre, ann.user, ann.actor, ann.seen)
    await theatre.together((ann, "Agree and begin"), (twin, "Agree and begin"))
    assert await count(theatre, "sheet") == 1
    assert await count(theatre, "consent") == 1
    titles = {ann.seen.title, twin.seen.title}
    assert "About you" in titles


async def test_missing_answers_are_saved_and_asked_for_in_words(theatre: Theatre) -> None:
    """What Discord's own form let through empty is saved, and the reply says what is left."""
    ann = await theatre.newcomer("ann")
    form = await begin(ann)
    assert form.modal is not None
    result = await simulation.submit_raw(
        ann.actor, theatre.server.front_porch, form.modal["custom_id"], {"belongs": "yes", "capacity": "self"}
    )
    text = result.response.content
    assert "We have saved what you wrote" in text
    assert "Choose whether you are 18 or over." in text
    assert "Choose whether you have a link." in text
    assert "Choose who you are here for." not in text
    assert await count(theatre, "answer") == 2
    seen = await ann.press_panel("Start")
    assert "Next is page 1 of 1" in seen.text


async def test_unticked_statements_are_told_and_nothing_is_sent(theatre: Theatre) -> None:
    """The answers stay, the form opens again, and it can be sent then."""
    ann = await theatre.newcomer("ann")
    await answer(ann, NOTHING_TO_TELL)
    form = await ann.press("Send my answers")
    assert form.modal is not None
    result = await simulation.submit_raw(
        ann.actor, theatre.server.front_porch, form.modal["custom_id"], {"statements": ["true"]}
    )
    assert "saved, but not sent yet" in result.response.content
    assert "Tick all four lines" in result.response.content
    assert await count(theatre, "disclosure") == 0
    form = await ann.press("Open this page again", on=result.response)
    assert form.title == "Before you send"
    assert "You are in" in (await ann.fill(**all_statements(form))).text


async def test_a_nil_return_is_let_in_and_told_where_to_go_first(theatre: Theatre) -> None:
    """One REST call besides the answers to presses: the role."""
    ann = await theatre.newcomer("ann")
    await theatre.settle()
    before = len(calls(theatre))
    seen = await apply(ann, NOTHING_TO_TELL)
    assert "**Welcome. You are in.**" in seen.text
    assert f"Go here first: <#{theatre.server.lounge.id}>" in seen.text
    assert "`/help-now`" in seen.text
    assert "`/my-links`" in seen.text
    assert inside(ann)
    [(method, path)] = calls(theatre)[before:]
    assert method == "PUT"
    assert path.endswith(f"/members/{ann.id}/roles/{theatre.server.member_role.id}")
    assert ann.inbox() == []
    server = theatre.server
    assert not simulation.can_see(theatre.env, server.guild, ann.user, server.front_porch)


async def test_the_audit_log_names_the_case_and_nothing_else(theatre: Theatre) -> None:
    """The reason given to Discord for the role holds the case code only."""
    ann = await theatre.newcomer("ann")
    await apply(ann, NOTHING_TO_TELL)
    [entry] = [e for e in theatre.env.http_requests if e.method == "PUT" and "/roles/" in e.path]
    assert entry.reason == f"case {await code_of(theatre)}"


async def test_a_held_case_costs_one_call(theatre: Theatre) -> None:
    """The card, and nothing else; no role, no message."""
    ben = await theatre.newcomer("ben")
    before = len(calls(theatre))
    seen = await apply(ben, HAS_LINKS, (JOB_TODAY,))
    assert "Thank you. We have your answers." in seen.text
    assert await code_of(theatre) in seen.text
    [(method, path)] = calls(theatre)[before:]
    assert (method, path) == ("POST", f"/channels/{theatre.server.review.id}/messages")
    assert not inside(ben)


async def test_while_held_start_shows_where_it_stands(theatre: Theatre) -> None:
    """The case code, the target, and what can be done; pressing it again changes nothing."""
    ben = await held(theatre)
    for _ in range(2):
        seen = await ben.press_panel("Start")
        assert await code_of(theatre) in seen.text
        assert "We aim to decide by <t:" in seen.text
        assert "never ask you for money" in seen.text
        assert seen.buttons == [
            "Change my answers",
            "Talk to a person",
            "Somebody should not read this",
            "Take back my request",
        ]
    assert await state(theatre, await code_of(theatre)) == "held"


async def test_change_my_answers_reopens_a_held_case(theatre: Theatre) -> None:
    """The answers are there to change, the card says so, and sending again makes a new version."""
    ben = await held(theatre, links=(AGENCY,))
    assert "A detail about a link is missing" in theatre.cards()[0].content
    await ben.press_panel("Start")
    seen = await ben.press("Change my answers")
    assert "Quill Research" in seen.text
    await theatre.settle()
    assert await state(theatre, await code_of(theatre)) == "answering"
    await ben.press("Change: Your link")
    await ben.fill(**{**AGENCY, "on_behalf_of": "Halcyon Bio"})
    await ben.press("Check and send")
    await send(ben)
    await theatre.settle()
    assert len(theatre.cards()) == 1
    assert "Links to look at" in theatre.cards()[0].content
    assert await rows(theatre, "SELECT version FROM disclosure ORDER BY version") == [(1,), (2,)]


async def test_who_would_rather_not_say_is_held_and_never_treated_as_no(theatre: Theatre) -> None:
    """Silence is not an answer: the case waits for a person, as not disclosed."""
    ann = await theatre.newcomer("ann")
    seen = await apply(ann, WILL_NOT_SAY)
    assert "We have your answers" in seen.text
    assert await rows(theatre, "SELECT disclosed, gap FROM disclosure") == [("undisclosed", "refused")]
    assert await rows(theatre, "SELECT hold_reason FROM cases") == [("undisclosed",)]
    assert not inside(ann)


async def test_a_patient_who_once_worked_for_a_manufacturer_is_let_in_with_the_disclosure(
    theatre: Theatre,
) -> None:
    """Belonging and interests are two axes."""
    ann = await theatre.newcomer("ann")
    seen = await apply(ann, HAS_LINKS, (OLD_JOB,))
    assert "You are in" in seen.text
    assert inside(ann)
    assert await rows(theatre, "SELECT disclosed FROM disclosure") == [("some",)]


async def test_once_in_start_tells_where_to_go(theatre: Theatre) -> None:
    """The button on the old panel knows that the case is closed; the role is not given twice."""
    ann = await theatre.newcomer("ann")
    summary = (await answer(ann, NOTHING_TO_TELL)).messages[-1]
    form = await ann.press("Send my answers", on=summary)
    await ann.fill(form, **all_statements(form))
    seen = await ann.press_panel("Start")
    assert "The door is opening now" in seen.text
    await theatre.settle()
    assert grants(theatre) == 1


async def test_pressing_what_is_not_there_is_noticed_by_these_tests(theatre: Theatre) -> None:
    """A press that nothing answers fails a test."""
    ann = await theatre.newcomer("ann")
    with pytest.raises(Unanswered):
        await ann.press_panel("No such button")


async def test_nil_returns_can_be_left_to_a_person(stage: Stage, edited: Edited) -> None:
    """With automatic admission off, a moderator admits, and the person hears of it."""
    theatre = await stage(edited(("auto_admit_nil_return = true", "auto_admit_nil_return = false")))
    ann = await theatre.newcomer("ann")
    seen = await apply(ann, NOTHING_TO_TELL)
    assert "We have your answers" in seen.text
    assert not inside(ann)
    mia = await theatre.moderator("mia")
    seen = await mia.press("Open file", on=theatre.cards()[0])
    assert "No links." in seen.text
    await mia.press("Admit")
    await theatre.settle()
    assert inside(ann)
    assert len(ann.inbox()) == 1


async def test_editing_the_questionnaire_strands_nobody(theatre: Theatre, edited: Edited) -> None:
    """A case keeps the questionnaire it began with; whoever begins later gets the new one."""
    ann = await theatre.newcomer("ann")
    form = await begin(ann)
    changed = edited(("Any links to health organisations?", "Is there any such link?"))
    theatre.config = changed.model_copy(
        update={"discord": theatre.config.discord, "storage": theatre.config.storage}
    )
    await theatre.restart()
    await ann.fill(form, **NOTHING_TO_TELL)
    seen = await ann.press("Check and send")
    assert "Any links to health organisations?" in seen.text
    ben = await theatre.newcomer("ben")
    await begin(ben)
    await ben.fill(**NOTHING_TO_TELL)
    seen = await ben.press("Check and send")
    assert "Is there any such link?" in seen.text
    assert "You are in" in (await send(ann)).text
    assert "You are in" in (await send(ben)).text


async def test_people_are_spoken_to_in_the_language_of_their_discord(stage: Stage, edited: Edited) -> None:
    """An admin's text by language: forms, replies, and the message about a decision, which has no press."""
    theatre = await stage(
        edited(
            ('title = "About you"', 'title = { en = "About you", de = "Über Sie" }'),
            (
                "\n[messages]",
                '\n[messages]\nletter_admitted = { en = "Come in.", de = "Kommen Sie herein." }',
            ),
        )
    )
    ann, ben = await theatre.newcomer("ann"), await theatre.newcomer("ben")
    with simulation.speaking({ann.id: "de"}):
        assert (await begin(ann)).title == "Über Sie"
        assert (await begin(ben)).title == "About you"
        for person in (ann, ben):
            await person.fill(**WILL_NOT_SAY)
            await person.press("Check and send")
            await send(person)
            await person.press_panel("Start")
            await person.press("Change my answers")
            label = person.seen.full_label("Change: ")
            assert label == ("Change: Über Sie" if person is ann else "Change: About you")
            await person.press(label)
            await person.fill(**HAS_LINKS)
            await person.press("Continue")
            await person.fill(**{**OLD_JOB, "period": "past36"})
            await person.press("Check and send")
            await send(person)
    mia = await theatre.moderator("mia")
    for (code,) in await rows(theatre, "SELECT code FROM cases"):
        await mia.command("review admit", code=code)
    await theatre.settle()
    assert ann.inbox() == ["Kommen Sie herein."]
    assert ben.inbox() == ["Come in."]


async def test_a_crowd_that_presses_at_once_is_answered_one_by_one(theatre: Theatre) -> None:
    """Thirty people agree in the same moment: thirty forms, thirty sheets."""
    people = [await theatre.newcomer(f"p{number}") for number in range(30)]
    for person in people:
        await person.press_panel("Start")
    seen = await theatre.together(*((person, "Agree and begin") for person in people))
    assert [one.title for one in seen] == ["About you"] * 30
    assert await count(theatre, "sheet") == 30


EXTRA_PAGE = """
[[pages]]
id = "extra"
title = "What else you are part of"
repeat_max = 10
repeat_button = "Add another part"

[[pages.fields]]
id = "part"
kind = "short_text"
label = "Name it"
max_length = 50
problem = "Name it."

# For people who are here for work, or who have"""


async def test_a_summary_with_more_buttons_than_a_message_holds_still_sends(
    stage: Stage, edited: Edited
) -> None:
    """Two pages that repeat ten times: every page can be changed, every entry taken out, and all is sent."""
    theatre = await stage(
        edited(
            ("repeat_max = 5\n", "repeat_max = 10\n"),
            ("\n# For people who are here for work, or who have", EXTRA_PAGE),
        )
    )
    ann = await theatre.newcomer("ann")
    await begin(ann)
    await ann.fill(**HAS_LINKS)
    for number in range(10):
        await ann.press("Add another link" if number else "Continue")
        await ann.fill(**OLD_JOB)
    for number in range(10):
        await ann.press("Add another part" if number else "Continue")
        await ann.fill(part=f"part {number}")
    for seen in (await ann.press("Check and send"), await ann.press_panel("Start")):
        assert seen.buttons.count("Send my answers") == 1
        assert sum(label.startswith("Change: ") for label in seen.buttons) == 21
        assert sum(label.startswith("Take out: ") for label in seen.buttons) == 20
    assert "Take back my request" in ann.seen.buttons
    await ann.press("Take out: What else you are part of 10")
    assert "You are in" in (await send(ann)).text
