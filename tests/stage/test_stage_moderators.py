"""A moderator sees a card, opens the file, decides, and sees what became of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.screens.elements import Press
from rehearsal import simulation
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import (
    AGENCY,
    HAS_LINKS,
    JOB_TODAY,
    NOTHING_TO_TELL,
    OLD_JOB,
    WILL_NOT_SAY,
    all_statements,
    answer,
    apply,
    begin,
    code_of,
    count,
    grants,
    held,
    inside,
    rows,
    send,
    state,
)


async def open_file(moderator: Person, card: int = 0) -> Seen:
    """Press *Open file* on a card."""
    return await moderator.press("Open file", on=moderator.theatre.cards()[card])


async def test_a_card_shows_code_wait_and_a_neutral_reason_and_nothing_else(theatre: Theatre) -> None:
    """Neither the person nor an answer stands in the review channel."""
    ben = await held(theatre)
    [card] = theatre.cards()
    code = await code_of(theatre)
    assert card.content.startswith(f"**Case {code}**\nLinks to look at.")
    assert re.search(r"<t:\d+:R>", card.content)
    for secret in ("ben", str(ben.id), "Northwind", "industry", "staff", "<@"):
        assert secret not in card.content
    assert Seen([card]).buttons == ["Open file", "I take this"]


async def test_open_file_shows_everything_to_the_moderator_alone(theatre: Theatre) -> None:
    """The person, answers by page, interests, the rule and its facts; and an event says who looked."""
    ben = await held(theatre, links=({**AGENCY, "on_behalf_of": "Halcyon Bio"}, OLD_JOB))
    mia = await theatre.moderator("mia")
    seen = await open_file(mia)
    assert all(message.ephemeral for message in seen.messages)
    code = await code_of(theatre)
    for told in (
        f"**File of case {code}**",
        f"<@{ben.id}>, account made <t:",
        "Links to look at",
        "Decide by <t:",
        "Answers: given in the form.",
        "__About you__",
        "__Your link 1__",
        "Name of the organisation: `Quill Research`",
        "Who is the work done for? (optional): `Halcyon Bio`",
        "__What you hope to do here__",
        "Your aim, in a few words: `to talk with others`",
        "**Links** (version 1)",
        "1. `Quill Research`, for `Halcyon Bio`",
        "2. `Meridian Devices`",
        "**Rule** `everything_else`",
        "Held by the machine",
    ):
        assert told in seen.text, told
    assert seen.buttons == [
        *("Admit", "Keep on hold", "Show another way", "Decline", "Ask a question"),
        *("I take this", "More", "Open the next one"),
    ]
    assert ("file.opened",) in await rows(theatre, "SELECT action FROM event")
    for message in theatre.cards():
        assert "Quill" not in message.content


async def test_the_file_names_the_facts_that_fired_the_rule(theatre: Theatre) -> None:
    """An agency without its client: the rule, in words, and the fact."""
    await held(theatre, links=(AGENCY,))
    mia = await theatre.moderator("mia")
    seen = await open_file(mia)
    assert "**Rule** `client_missing`: An agency is named, its client is not" in seen.text
    assert "client_missing: yes" in seen.text


async def test_admit_opens_the_door_and_tells_the_person_once(theatre: Theatre) -> None:
    """One role, one message; the card is closed with who and when; the file says that it arrived."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    seen = await mia.press("Admit")
    code = await code_of(theatre)
    assert f"Case {code}: admitted." in seen.text
    assert seen.buttons == ["Open the next one"]
    assert not inside(ben)
    await theatre.settle()
    assert inside(ben)
    assert grants(theatre) == 1
    [message] = ben.inbox()
    assert (
        f"Good news from your community: you are in. Go here first: <#{theatre.server.lounge.id}>" in message
    )
    assert "Harbour" not in message
    [card] = theatre.cards()
    assert f"Admitted by <@{mia.id}>" in card.content
    assert Seen([card]).buttons == []
    seen = await mia.command("review open", code=code)
    assert "Message to the person: arrived" in seen.text
    assert seen.buttons == [
        *("Change conditions", "Back into quarantine", "Remove"),
        *("More", "Open the next one"),
    ]
    assert "Admit" not in seen.buttons


@pytest.mark.parametrize(
    ("button", "reason", "ready_made", "after"),
    [
        ("Decline", "client_not_named", "we need to know who that is", "declined"),
        ("Show another way", "work", "There is a front door for you", "redirected"),
    ],
)
async def test_a_refusal_needs_a_reason_is_previewed_and_then_sent(
    theatre: Theatre, button: str, reason: str, ready_made: str, after: str
) -> None:
    """Reason and sentence, prefilled from the TOML; nothing happens before *Send and close the case*."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    form = await mia.press(button)
    assert form.title == button
    seen = await mia.fill(reason=[reason])
    assert "Not sent yet. You are about to" in seen.text
    assert ready_made in seen.text
    assert seen.buttons == ["Send and close the case", "Change the text"]
    await theatre.settle()
    code = await code_of(theatre)
    assert await state(theatre, code) == "held"
    assert ben.inbox() == []
    form = await mia.press("Change the text")
    assert form.title == "The sentence for the person"
    seen = await mia.fill(sentence="We are sorry. Tell us who the client is, and come back.")
    assert "We are sorry. Tell us who the client is" in seen.text
    assert ready_made not in seen.text
    seen = await mia.press("Send and close the case")
    assert "The person is being told" in seen.text
    assert seen.buttons == ["Open the next one"]
    await theatre.settle()
    assert await state(theatre, code) == after
    (message,) = ben.inbox()
    assert "\n\nWe are sorry. Tell us who the client is, and come back.\n\nTo ask again," in message
    assert "We are sorry" not in message[:120], "a locked phone shows no more than that"
    assert f"*Ask again*. A person reads it. Your case code is {code}.\n\n" in message
    assert message.endswith("Keep it. It works even when you have left.")
    assert not inside(ben)
    assert await rows(theatre, "SELECT reason_code FROM decision WHERE outcome <> 'hold'") == [(reason,)]


async def test_the_moderator_can_write_the_sentence_at_once(theatre: Theatre) -> None:
    """What is typed in the form stands instead of the ready-made text."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    await mia.press("Decline")
    seen = await mia.fill(reason=["other"], sentence="Please write to us first.")
    assert "Please write to us first." in seen.text
    await mia.press("Send and close the case")
    await theatre.settle()
    assert "Please write to us first." in ben.inbox()[0]


async def test_conditions_and_back_into_quarantine_by_button(theatre: Theatre) -> None:
    """Filled in, previewed, sent: the door opens on conditions, and closes again with a reason."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    await mia.press("More")
    await mia.press("Admit on conditions")
    seen = await mia.fill(
        reason=["link_on_terms"], label="I work for Quill", recruitment=["none"], other="", ends="2030-01-31"
    )
    assert "I work for Quill" in seen.text
    await mia.press("Send")
    await theatre.settle()
    assert inside(ben)
    assert "You recruit nobody here" in ben.inbox()[0]
    assert "2030-01-31" in ben.inbox()[0]
    seen = await mia.command("review open", code=await code_of(theatre))
    assert "**Conditions**" in seen.text
    assert "Recruits nobody here" in seen.text
    await mia.press("Back into quarantine")
    await mia.fill(reason=["safety"], sentence="We have to look at something.")
    await mia.press("Send")
    await theatre.settle()
    assert not inside(ben)
    assert "We have to look at something." in ben.inbox()[1]


async def test_a_reason_is_offered_only_where_it_belongs(theatre: Theatre) -> None:
    """The form for a decline has the reasons of a decline, and cannot be sent without one."""
    await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    form = await mia.press("Decline")
    assert form.modal is not None
    options = [o["value"] for o in form.modal["components"][0]["component"]["options"]]
    assert options == ["not_for_you", "client_not_named", "links_not_told", "answers_do_not_fit", "other"]
    with pytest.raises(simulation.MisuseError):
        await mia.fill(form, sentence="No reason given.")
    result = await simulation.submit_raw(
        mia.actor, theatre.server.review, form.modal["custom_id"], {"reason": ["work"], "sentence": "x"}
    )
    assert "Choose a reason from the list." in result.response.content
    assert await count(theatre, "proposal") == 0


async def test_a_person_with_closed_messages_is_told_at_the_panel_and_the_file_says_so(
    theatre: Theatre,
) -> None:
    """Closed messages change nothing about the decision."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    code = await code_of(theatre)
    simulation.close_messages(theatre.env, ben.user)
    await mia.command("review decline", code=code, reason="other", sentence="Not now.")
    await mia.press("Send and close the case")
    await theatre.settle()
    assert await state(theatre, code) == "declined"
    assert ben.inbox() == []
    seen = await mia.command("review open", code=code)
    assert "did not arrive, their messages are closed" in seen.text
    seen = await ben.press_panel("Start")
    assert "Not now." in seen.text
    assert code in seen.text
    assert seen.buttons == ["Ask for a second look", "Ask again", "My data"]
    seen = await mia.command("review open", code=code)
    assert "they have read it on the front page" in seen.text
    assert [m for m in theatre.server.front_porch.history() if str(ben.id) in m.content] == []


async def test_a_message_that_arrived_is_on_the_file_with_its_text(theatre: Theatre) -> None:
    """The file quotes what was sent."""
    await held(theatre)
    mia = await theatre.moderator("mia")
    code = await code_of(theatre)
    await mia.command("review redirect", code=code, reason="media", sentence="This way, please.")
    await mia.press("Send and close the case")
    seen = await mia.command("review open", code=code)
    assert "Message to the person: on its way" in seen.text
    await theatre.settle()
    seen = await mia.command("review open", code=code)
    assert "Message to the person: arrived" in seen.text
    assert "`This way, please.`" in seen.text


async def test_whoever_was_refused_can_ask_again_and_always_meets_a_person(theatre: Theatre) -> None:
    """A new case, never admitted by the machine, with the earlier one on its file."""
    ben = await held(theatre)
    first = await code_of(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review decline", code=first, reason="other", sentence="Not now.")
    await mia.press("Send and close the case")
    await theatre.settle()
    await ben.press_panel("Start")
    seen = await ben.press("Ask again")
    assert seen.buttons == ["Agree and begin"]
    await ben.press("Agree and begin")
    await ben.fill(**NOTHING_TO_TELL)
    await ben.press("Check and send")
    form = await ben.press("Send my answers")
    seen = await ben.fill(**all_statements(form))
    assert "We have your answers" in seen.text
    await theatre.settle()
    assert not inside(ben)
    second = await code_of(theatre)
    seen = await mia.command("review open", code=second)
    assert "It was with the team before" in seen.text
    assert "**Earlier cases**" in seen.text
    assert f"{first}: Declined" in seen.text


async def test_next_goes_through_the_cases_in_the_order_of_their_wait(theatre: Theatre) -> None:
    """After each decision, Next opens the one that has waited longest."""
    await held(theatre, "ben")
    first = await code_of(theatre)
    await theatre.pass_time(timedelta(minutes=5))
    await held(theatre, "cleo")
    second = await code_of(theatre)
    mia = await theatre.moderator("mia")
    seen = await mia.command("review next")
    assert f"File of case {first}" in seen.text
    await mia.press("Admit")
    seen = await mia.press("Open the next one")
    assert f"File of case {second}" in seen.text
    await mia.press("Admit")
    seen = await mia.press("Open the next one")
    assert "Nothing waits for a decision" in seen.text


async def test_keep_on_hold_sets_a_new_target(theatre: Theatre) -> None:
    """The case stays with the team, on record, and the person hears the new time."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    [(before,)] = await rows(theatre, "SELECT target_at FROM cases WHERE state = 'held'")
    await theatre.pass_time(timedelta(hours=5))
    await open_file(mia)
    seen = await mia.press("Keep on hold")
    assert "stays on hold, with a new date" in seen.text
    [(after,)] = await rows(theatre, "SELECT target_at FROM cases WHERE state = 'held'")
    assert after - before == 5 * 3600 * 1000
    await theatre.settle()
    assert ben.inbox() == []
    assert "Open file" in Seen([theatre.cards()[0]]).buttons


async def test_what_is_not_disclosed_cannot_be_admitted(theatre: Theatre) -> None:
    """No button for it, and the command says what to do instead."""
    ann = await theatre.newcomer("ann")
    await apply(ann, WILL_NOT_SAY)
    mia = await theatre.moderator("mia")
    seen = await open_file(mia)
    assert "Admit" not in seen.buttons
    assert "Not told: they would rather not say." in seen.text
    code = await code_of(theatre)
    seen = await mia.command("review admit", code=code)
    assert "cannot be admitted: the links are not told" in seen.text
    assert await state(theatre, code) == "held"
    await theatre.settle()
    assert not inside(ann)


async def test_review_queue_shows_each_list_on_its_own(theatre: Theatre) -> None:
    """A decision, a talk, and unanswered, each with codes and waits and without names."""
    ben = await held(theatre, "ben")
    decide = await code_of(theatre)
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    talk = await code_of(theatre)
    cleo = await theatre.newcomer("cleo")
    await begin(cleo)
    unanswered = await code_of(theatre)
    await theatre.settle()
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue", theatre.server.review)
    assert re.search(
        rf"\*\*Needs a decision: 1\*\*\n- `{decide}` Links to look at. Since <t:\d+:f>", seen.text
    )
    assert re.search(rf"\*\*Would like to talk to a person: 1\*\*\n- `{talk}`", seen.text)
    assert re.search(r"\*\*Have not sent their answers: \d\*\*", seen.text)
    assert f"- `{unanswered}` " in seen.text
    for person in (ann, ben, cleo):
        assert str(person.id) not in seen.text
        assert person.user.name not in seen.text
    assert all(message.ephemeral for message in seen.messages)
    assert seen.buttons[:3] == ["Open the next one", f"Open {decide}", f"Open {talk}"]
    seen = await mia.press(f"Open {talk}")
    assert f"File of case {talk}" in seen.text
    assert "They would like to talk." in seen.text
    assert "Write down answers" in seen.buttons


async def test_moderators_are_not_in_the_queue(theatre: Theatre) -> None:
    """Somebody who comes in with the moderator role is no applicant waiting to answer."""
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue")
    assert seen.text == "Nothing waits. Thank you for looking."


async def test_a_long_queue_fits_and_says_how_much_more_there_is(theatre: Theatre) -> None:
    """Twelve held cases: five at a glance, the others on the page after them."""
    for number in range(12):
        await apply(await theatre.newcomer(f"p{number}"), WILL_NOT_SAY)
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue")
    assert "**Needs a decision: 12**" in seen.text
    assert seen.text.count("Links not told") == 5
    assert len(seen.messages[0].content) <= 2000
    seen = await mia.press("More: Needs a decision")
    assert seen.text.count("Links not told") == 7
    assert "Next page" not in seen.buttons


async def test_an_empty_queue_says_so(theatre: Theatre) -> None:
    """There is always a sentence."""
    mia = await theatre.moderator("mia")
    assert (await mia.command("review next")).text == "Nothing waits for a decision. Thank you for looking."


async def test_review_open_forgives_how_a_code_is_typed(theatre: Theatre) -> None:
    """Small letters and no dash open the same file; a wrong code gets a sentence."""
    await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    seen = await mia.command("review open", code=f" {code.replace('-', '').lower()} ")
    assert f"File of case {code}" in seen.text
    seen = await mia.command("review open", code="nonsense")
    assert "There is no case with this code." in seen.text


async def test_review_admit_and_hold_work_by_code(theatre: Theatre) -> None:
    """A slash command decides like the button."""
    ben = await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    assert "stays on hold" in (await mia.command("review hold", code=code)).text
    assert f"Case {code}: admitted." in (await mia.command("review admit", code=code)).text
    await theatre.settle()
    assert inside(ben)
    assert len(ben.inbox()) == 1
    assert "is decided already: Admitted by" in (await mia.command("review admit", code=code)).text
    assert "is decided already" in (await mia.command("review hold", code=code)).text
    refused = await mia.command("review decline", code=code, reason="other")
    assert "is decided already" in refused.text


async def test_unsent_answers_cannot_be_admitted(theatre: Theatre) -> None:
    """Nobody is admitted on half an answer."""
    ann = await theatre.newcomer("ann")
    await answer(ann, NOTHING_TO_TELL)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    seen = await mia.command("review admit", code=code)
    assert "cannot be admitted" in seen.text
    assert await state(theatre, code) == "answering"


@pytest.mark.parametrize(("command", "count_of"), [("review decline", 5), ("review redirect", 5)])
async def test_reasons_are_offered_while_typing(theatre: Theatre, command: str, count_of: int) -> None:
    """Autocomplete lists the reasons of that outcome, and narrows them down."""
    await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    room = theatre.server.lounge
    offered = await mia.actor.autocomplete(room, command, "reason", "", code=code)
    assert len(offered) == count_of
    assert "Something else (say what)" in [choice["name"] for choice in offered]
    offered = await mia.actor.autocomplete(room, command, "reason", "SOMETHING", code=code)
    assert [choice["value"] for choice in offered] == ["other"]
    seen = await mia.command(command, code=code, reason="made-up")
    assert "Choose a reason from the list." in seen.text


async def test_review_record_is_confirmed_by_the_person_with_one_press(theatre: Theatre) -> None:
    """A moderator writes the answers down; they count once the person has pressed Yes."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    await theatre.settle()
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    seen = await mia.command("review record", code=code)
    assert "Write down what the person tells you" in seen.text
    await mia.press("Continue")
    await mia.fill(**HAS_LINKS)
    await mia.press("Continue")
    await mia.fill(**OLD_JOB)
    seen = await mia.press("Check")
    assert "These are the answers you wrote down." in seen.text
    assert "Send my answers" not in seen.buttons
    assert await rows(theatre, "SELECT * FROM disclosure WHERE source <> 'update'") == []
    seen = await ann.press_panel("Start")
    assert "A moderator wrote down what you told them." in seen.text
    assert "Meridian Devices" in seen.text
    assert "To the best of my knowledge, my answers are true and complete" in seen.text
    assert "We keep your answers, locked away" in seen.text
    seen = await ann.press("Yes, this is right")
    assert "You are in" in seen.text
    await theatre.settle()
    assert inside(ann)
    assert await rows(theatre, "SELECT source, disclosed FROM disclosure WHERE source <> 'update'") == [
        ("conversation", "some")
    ]
    assert await count(theatre, "consent") == 1
    seen = await mia.command("review open", code=code)
    assert "Answers: given in conversation." in seen.text


async def test_a_moderator_cannot_confirm_what_was_recorded(theatre: Theatre) -> None:
    """Only the person the answers are about can say that they are right."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review record", code=code)
    await mia.press("Continue")
    await mia.fill(**NOTHING_TO_TELL)
    seen = await ann.press_panel("Start")
    button = next(c for c in seen.messages[-1].components[0]["components"] if c["label"].startswith("Yes"))
    action, ref = button["custom_id"].split(":")[1:]
    planted = await theatre.plant(theatre.server.review, Press(action, "Yes", ref))
    seen = await mia.press("Yes", on=planted)
    assert "no longer open here" in seen.text
    assert await rows(theatre, "SELECT * FROM disclosure WHERE source <> 'update'") == []


async def test_record_takes_a_held_case_up_again(theatre: Theatre) -> None:
    """Who would not say in the form can say it in conversation; it counts once they confirm it."""
    ann = await theatre.newcomer("ann")
    await apply(ann, WILL_NOT_SAY)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review record", code=code)
    await mia.press("Change: About you")
    await mia.fill(**NOTHING_TO_TELL)
    assert "cannot be admitted" in (await mia.command("review admit", code=code)).text
    await ann.press_panel("Start")
    seen = await ann.press("Yes, this is right")
    assert "We have your answers" in seen.text
    assert "admitted" in (await mia.command("review admit", code=code)).text
    await theatre.settle()
    assert inside(ann)
    logged = await rows(theatre, "SELECT version, disclosed, source FROM disclosure WHERE source <> 'update'")
    assert logged == [(1, "undisclosed", "gate"), (2, "none", "conversation")]


async def test_record_says_why_it_cannot_be_done(theatre: Theatre) -> None:
    """A closed case and a wrong code each get a sentence."""
    await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review admit", code=code)
    assert "This case is closed." in (await mia.command("review record", code=code)).text
    assert "no case with this code" in (await mia.command("review record", code="0000-00")).text


async def test_review_history_shows_cases_decisions_and_links(theatre: Theatre) -> None:
    """By code or by person; reading it is an event."""
    ben = await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review admit", code=code)
    await theatre.settle()
    for options in ({"code": code}, {"person": ben.user}):
        seen = await mia.command("review history", **options)
        assert f"**History of <@{ben.id}>**" in seen.text
        assert f"{code}: Admitted" in seen.text
        assert f"Admitted by <@{mia.id}>" in seen.text
        assert "`Northwind Pharma`" in seen.text
        assert all(message.ephemeral for message in seen.messages)
    opened = await rows(theatre, "SELECT count(*) FROM event WHERE action = 'history.opened'")
    assert opened == [(2,)]
    stranger = theatre.person("zoe").join(told=False)
    assert "Nothing is on record" in (await mia.command("review history", person=stranger.user)).text
    assert "no case with this code" in (await mia.command("review history", code="nope")).text
    assert (await mia.command("review history")).text


async def test_two_moderators_at_once_make_one_decision(theatre: Theatre) -> None:
    """Both press Admit on the same file: one role, one message, and the other is told who and when."""
    ben = await held(theatre)
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    await open_file(mia)
    await open_file(leo)
    first, second = await theatre.together((mia, "Admit"), (leo, "Admit"))
    await theatre.settle()
    texts = sorted((first.text, second.text), key=lambda text: "already" in text)
    assert ": admitted." in texts[0]
    winner = mia if first.text == texts[0] else leo
    assert re.search(rf"is decided already: Admitted by <@{winner.id}>, <t:\d+:f>\.", texts[1])
    assert "Nothing was changed." in texts[1]
    assert await rows(theatre, "SELECT count(*) FROM decision WHERE automated = 0") == [(1,)]
    assert grants(theatre) == 1
    assert len(ben.inbox()) == 1


async def test_an_admission_and_a_refusal_at_once_are_one_decision(theatre: Theatre) -> None:
    """One admits while the other sends a decline: whoever is first decides, the other is told."""
    ben = await held(theatre)
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    await open_file(mia)
    await open_file(leo)
    await leo.press("Decline")
    await leo.fill(reason=["other"], sentence="No.")
    await theatre.together((leo, "Send and close"), (mia, "Admit"))
    await theatre.settle()
    decided = await rows(theatre, "SELECT outcome FROM decision WHERE automated = 0")
    assert len(decided) == 1
    assert len(ben.inbox()) == 1
    told = {"decline": mia, "admit": leo}[decided[0][0]]
    winner = {"decline": leo, "admit": mia}[decided[0][0]]
    assert f"by <@{winner.id}>" in told.seen.text
    assert inside(ben) is (decided[0][0] == "admit")


async def test_pressing_twice_at_once_decides_once(theatre: Theatre) -> None:
    """An impatient moderator is one moderator."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    await theatre.together((mia, "Admit"), (mia, "Admit"), (mia, "Admit"))
    await theatre.settle()
    assert await rows(theatre, "SELECT count(*) FROM decision WHERE automated = 0") == [(1,)]
    assert grants(theatre) == 1
    assert len(ben.inbox()) == 1


async def test_a_file_that_changed_since_it_was_opened_is_not_decided(theatre: Theatre) -> None:
    """The person changed an answer meanwhile: the moderator reads it again first."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    stale = mia.seen.messages[-1]
    await ben.press_panel("Start")
    await ben.press("Change my answers")
    seen = await mia.press("Admit", on=stale)
    assert "cannot be admitted or held" in seen.text
    await ben.press("Change: Your link")
    await ben.fill(**{**JOB_TODAY, "organisation": "Changed Ltd"})
    await ben.press("Check and send")
    form = await ben.press("Send my answers")
    await ben.fill(**all_statements(form))
    await theatre.settle()
    seen = await mia.press("Admit", on=stale)
    assert "has changed since you opened it. Nothing was decided." in seen.text
    seen = await mia.press("Open file")
    assert "`Changed Ltd`" in seen.text
    await mia.press("Admit")
    await theatre.settle()
    assert inside(ben)


async def test_a_request_taken_back_cannot_be_decided(theatre: Theatre) -> None:
    """The moderator is told that the case has ended."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await open_file(mia)
    await ben.press_panel("Start")
    await ben.press("Take back my request")
    await ben.press("Yes, take it back")
    seen = await mia.press("Admit")
    assert "has ended: Taken back by the person. Nothing was changed." in seen.text
    await theatre.settle()
    assert not inside(ben)


async def test_moderators_have_no_say_in_their_own_case(theatre: Theatre) -> None:
    """No file, no decision, no record, no history of their own; each is refused with a sentence."""
    mia = await held(theatre, "mia")
    code = await code_of(theatre)
    theatre.env.backend.add_member_role(theatre.server.guild.id, mia.id, theatre.server.moderator_role.id)
    await theatre.settle()
    seen = await mia.press("Open file", on=theatre.cards()[0])
    assert "This is about you" in seen.text
    room = theatre.server.review
    for command, options in (
        ("review open", {}),
        ("review admit", {}),
        ("review hold", {}),
        ("review decline", {"reason": "other"}),
        ("review redirect", {"reason": "work"}),
        ("review record", {}),
        ("review history", {}),
    ):
        seen = await mia.command(command, room, code=code, **options)
        assert "about you" in seen.text, command
        assert "Northwind" not in seen.text
    assert "Northwind" not in (await mia.command("review next", room)).text
    assert "about you" in (await mia.command("review history", room, person=mia.user)).text
    await theatre.settle()
    assert await state(theatre, code) == "held"
    assert await rows(theatre, "SELECT count(*) FROM decision WHERE automated = 0") == [(0,)]


async def test_the_review_channel_hears_once_of_what_is_overdue(theatre: Theatre) -> None:
    """With the code and no name; not while nothing is late. What waits is in the digest of each day."""
    theatre.env.backend.clock.advance(
        (datetime(2026, 3, 2, 12, tzinfo=UTC) - theatre.env.now()).total_seconds()
    )
    await held(theatre)
    code = await code_of(theatre)

    def notices() -> list[str]:
        return [m.content for m in theatre.cards() if "past the target" in m.content]

    await theatre.pass_time(timedelta(hours=71))
    assert notices() == []
    await theatre.pass_time(timedelta(hours=2))
    assert notices() == [f"Waiting past the target: `{code}`."]
    for hours in (1, 1, 1, 1, 1, 7, 9):
        await theatre.pass_time(timedelta(hours=hours))
    assert len(notices()) == 1
    digests = [m.content for m in theatre.cards() if "What waits today" in m.content]
    assert len(digests) == 2
    assert "Needs a decision: 1. The longest wait began <t:" in digests[-1]
    mia = await theatre.moderator("mia")
    assert "(past its target)" in (await mia.command("review queue")).text
    await mia.command("review admit", code=code)
    await theatre.pass_time(timedelta(days=2))
    assert len(notices()) == 1
    assert len([m for m in theatre.cards() if "What waits today" in m.content]) == len(digests)


async def test_somebody_who_waits_for_a_talk_is_overdue_after_a_day(theatre: Theatre) -> None:
    """The wish for a person has a target of its own."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    await theatre.settle()
    await theatre.pass_time(timedelta(hours=36))
    code = await code_of(theatre)
    assert any(f"past the target: `{code}`" in m.content for m in theatre.cards())


async def test_a_case_reopened_by_the_person_is_not_decided_by_the_machine_alone(theatre: Theatre) -> None:
    """Held for a link, changed to none: once a person was needed, a person decides."""
    ben = await held(theatre, links=(JOB_TODAY,))
    await ben.press_panel("Start")
    await ben.press("Change my answers")
    await ben.press("Change: About you")
    await ben.fill(**NOTHING_TO_TELL)
    await ben.press("Check and send")
    form = await ben.press("Send my answers")
    seen = await ben.fill(**all_statements(form))
    await theatre.settle()
    assert "We have your answers" in seen.text
    assert "It was with the team before" in theatre.cards()[0].content
    assert not inside(ben)
    assert [v for (v,) in await rows(theatre, "SELECT disclosed FROM disclosure ORDER BY version")] == [
        "some",
        "none",
    ]


@pytest.mark.parametrize("way_back", ["leaves and joins again", "takes the next request back"])
async def test_nothing_washes_a_refusal_away(theatre: Theatre, way_back: str) -> None:
    """Whoever was declined meets a person, whatever they do in between."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review decline", code=await code_of(theatre), reason="other", sentence="Not now.")
    await mia.press("Send and close the case")
    await theatre.settle()
    if way_back == "leaves and joins again":
        ben.leave()
        await theatre.settle()
        ben.join()
        await theatre.settle()
        await ben.press_panel("Start")
    else:
        await ben.press_panel("Start")
        await ben.press("Ask again")
        await ben.press("Agree and begin")
        await ben.press_panel("Start")
        await ben.press("Take back my request")
        await ben.press("Yes, take it back")
        await ben.press_panel("Start")
    await ben.press("Agree and begin")
    await ben.fill(**NOTHING_TO_TELL)
    await ben.press("Check and send")
    seen = await send(ben)
    await theatre.settle()
    assert "We have your answers" in seen.text
    assert not inside(ben)
    assert (await rows(theatre, "SELECT hold_reason FROM cases WHERE state = 'held'")) == [("earlier_case",)]


async def test_recorded_answers_of_somebody_under_age_are_deleted_too(theatre: Theatre) -> None:
    """The moderator is told, kindly worded, and nothing is kept."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Talk to a person")
    await theatre.settle()
    mia = await theatre.moderator("mia")
    await mia.command("review record", code=await code_of(theatre))
    await mia.press("Continue")
    seen = await mia.fill(**{**NOTHING_TO_TELL, "age_ok": "no"})
    assert "under age" in seen.text
    await theatre.settle()
    for table in ("answer", "sheet", "cases"):
        assert await count(theatre, table) == 0, table
    assert await rows(theatre, "SELECT * FROM disclosure WHERE source <> 'update'") == []


async def test_a_refusal_written_before_the_answers_changed_is_not_sent(theatre: Theatre) -> None:
    """The preview belongs to the file as it was read."""
    ben = await held(theatre)
    code = await code_of(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review decline", code=code, reason="other", sentence="No.")
    await ben.press_panel("Start")
    await ben.press("Change my answers")
    seen = await mia.press("Send and close the case")
    assert "has changed since you opened it" in seen.text
    await theatre.settle()
    assert await state(theatre, code) == "answering"
    assert ben.inbox() == []
