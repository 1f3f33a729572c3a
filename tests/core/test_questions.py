"""Questions to applicants: asked, previewed, answered; and a clock that is fair to both sides."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import to_ms
from bot.config import Config
from bot.model import Outcome, Visitor
from bot.ports import Refused, Why
from bot.review.bench import Changed, MayNot
from bot.review.questions import Asked, NotReplied, Questions, Replied, ToReply, Writing
from bot.screens import gate as gate_screens
from bot.standing import CarryOn, HeldStanding
from bot.store import questions as store
from tests.support import ANN, BEN, MOD, SECOND_MOD, World, config, visitor

TEXT = "Which organisation is it, in full?"
ANSWER = "Helix Pharma, of Basel."
WITHIN = config().review.answer_within


def german() -> Config:
    """A ready-made question with a German text."""
    told = config().review.model_copy(update={"questions": config().review.questions[:1]})
    ready = told.questions[0]
    text = type(ready.text).model_validate({"en": "Which one?", "de": "Welche?"})
    return config().model_copy(
        update={"review": told.model_copy(update={"questions": (ready.model_copy(update={"text": text}),)})}
    )


@pytest.fixture
def questions(world: World) -> Questions:
    """The use cases."""
    return Questions(world.foundation)


async def written(world: World, questions: Questions, text: str = TEXT, by: Visitor = MOD) -> Writing:
    """A question that is written and not sent."""
    begun = await questions.begin_by_code(by, await world.code())
    assert isinstance(begun, Writing), begun
    result = await questions.write(by, begun.draft.ref, "", text)
    assert isinstance(result, Writing), result
    return result


async def asked(world: World, questions: Questions, text: str = TEXT, by: Visitor = MOD) -> str:
    """A question that was sent; its ref."""
    writing = await written(world, questions, text, by)
    result = await questions.send(by, writing.draft.ref)
    assert isinstance(result, Asked), result
    return str(await world.one("SELECT ref FROM question WHERE closed_at IS NULL"))


async def clock_of(world: World) -> tuple[Any, ...]:
    """What the case says of time."""
    [row] = await world.rows("SELECT asked_at, answer_by, target_left, target_at FROM cases")
    return row


async def holder(world: World) -> list[tuple[Any, ...]]:
    """Who has the case."""
    return await world.rows("SELECT holder_id, since, until FROM claim WHERE kind = 'case'")


async def test_a_question_is_read_before_it_is_sent(world: World, questions: Questions) -> None:
    """What was written waits, sealed; sent, it is kept, sealed, and stands on the person's status."""
    await world.held()

    writing = await written(world, questions)
    assert await world.rows("SELECT * FROM question") == []
    ref = await asked(world, questions)

    [sealed] = (await world.rows("SELECT sealed FROM question"))[0]
    assert TEXT.encode() not in sealed
    assert await world.rows("SELECT * FROM question_draft") == []
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, HeldStanding)
    assert standing.around.question is not None
    assert standing.around.question.text == TEXT
    settings = world.foundation.config
    screen = gate_screens.standing(settings.words.voice("en"), settings, standing)
    assert TEXT in screen.text
    assert (screen.presses[0].label, screen.presses[0].ref) == ("Reply", ref)
    assert isinstance(await questions.send(MOD, writing.draft.ref), MayNot)


async def test_a_ready_made_question_is_put_in_the_persons_language(world: World) -> None:
    """The moderator reads theirs on the list; the person reads their own."""
    object.__setattr__(world.foundation, "config", german())
    questions = Questions(world.foundation)
    await world.held(visitor(ANN.user_id, locale="de"))
    begun = await questions.begin_by_code(MOD, await world.code())
    assert isinstance(begun, Writing)

    ready = await questions.write(MOD, begun.draft.ref, "which_organisation", "")
    own = await questions.write(MOD, begun.draft.ref, "which_organisation", "In my words?")

    assert isinstance(ready, Writing)
    assert ready.draft.text == "Welche?"
    assert isinstance(own, Writing)
    assert own.draft.text == "In my words?"


async def test_an_empty_question_is_not_sent(world: World, questions: Questions) -> None:
    """Neither chosen nor written."""
    await world.held()
    begun = await questions.begin_by_code(MOD, await world.code())
    assert isinstance(begun, Writing)

    assert await questions.write(MOD, begun.draft.ref, "", "  ") == MayNot(
        "question_empty", await world.code()
    )
    assert await questions.send(MOD, begun.draft.ref) == MayNot("question_empty", await world.code())


async def test_the_teams_time_stands_still_while_the_applicant_has_the_word(
    world: World, questions: Questions
) -> None:
    """What was left of it is left when the answer comes, and the asker has the case again."""
    file = await world.held()
    assert file.case.target_at is not None
    left = file.case.target_at - world.clock.advance(hours=1)

    ref = await asked(world, questions)
    now = to_ms(world.clock())
    asked_clock = await clock_of(world)
    world.clock.advance(days=2)
    replied = await questions.reply(ANN, ref, ANSWER)

    assert asked_clock == (
        now,
        now + WITHIN // timedelta(milliseconds=1),
        left // timedelta(milliseconds=1),
        None,
    )
    assert isinstance(replied, Replied)
    assert await clock_of(world) == (None, None, None, to_ms(world.clock() + left))
    claim_for = world.foundation.config.review.claim_for
    assert await holder(world) == [
        (await world.subject_id(MOD), to_ms(world.clock()), to_ms(world.clock() + claim_for))
    ]
    [seen] = (await world.file()).questions
    assert (seen.text, seen.answer, seen.closed_at) == (TEXT, ANSWER, world.clock())


async def test_the_team_has_a_day_at_least_when_the_answer_comes(world: World, questions: Questions) -> None:
    """Whoever was late before they asked is not late again at once."""
    await world.held()
    world.clock.advance(days=30)
    ref = await asked(world, questions)

    await questions.reply(ANN, ref, ANSWER)

    assert (await clock_of(world))[3] == to_ms(world.clock() + timedelta(days=1))


async def test_a_case_comes_back_by_itself_when_the_time_to_answer_is_up(
    world: World, questions: Questions
) -> None:
    """Found by the sweep, once; and a late answer still lands in the file."""
    await world.held()
    ref = await asked(world, questions)

    await world.live(seconds=WITHIN.total_seconds() - 60)
    assert (await clock_of(world))[0] is not None
    await world.live(minutes=2)
    after = await clock_of(world)
    await world.live(minutes=40)
    late = await questions.reply(ANN, ref, ANSWER)

    assert after[:3] == (None, None, None)
    assert await clock_of(world) == after
    assert len(await holder(world)) == 1
    assert isinstance(late, Replied)
    assert [one.answer for one in (await world.file()).questions] == [ANSWER]
    lines = "SELECT count(*) FROM event WHERE action = 'question.unanswered'"
    assert await world.one(lines) == 1


async def test_downtime_does_not_eat_the_time_to_answer(world: World, questions: Questions) -> None:
    """Asleep for longer than the whole time: as much is left as before."""
    await world.held()
    await asked(world, questions)
    before = (await clock_of(world))[1]

    await world.sleep(days=9)

    assert (await clock_of(world))[1] == before + timedelta(days=9) // timedelta(milliseconds=1)
    assert await world.one("SELECT answer_by FROM question") == (await clock_of(world))[1]


async def test_a_clock_put_back_makes_nobody_wait_for_ever(world: World, questions: Questions) -> None:
    """The time to answer is never longer than from now."""
    await world.held()
    world.clock.advance(days=300)
    await asked(world, questions)
    world.clock.advance(days=-300)

    await world.sweep.run(world.clock())

    assert (await clock_of(world))[1] == to_ms(world.clock() + WITHIN)


async def test_another_reply_takes_the_place_of_one_that_nobody_has_read(
    world: World, questions: Questions
) -> None:
    """Until a moderator opens the file; then it stays as it was read, and what was typed is handed back."""
    await world.held()
    ref = await asked(world, questions)
    world.clock.advance(minutes=1)

    first = await questions.reply(ANN, ref, "A")
    second = await questions.reply(ANN, ref, ANSWER)
    world.clock.advance(minutes=1)
    file = await world.file()
    third = await questions.reply(ANN, ref, "Something else")

    assert (isinstance(first, Replied), isinstance(second, Replied)) == (True, True)
    assert [one.answer for one in file.questions] == [ANSWER]
    assert third == NotReplied("being_read", "Something else")
    assert [one.answer for one in (await world.file()).questions] == [ANSWER]


async def test_asking_and_answering_change_the_file(world: World, questions: Questions) -> None:
    """Buttons under older openings of it say so, and decide nothing."""
    before = await world.held()
    ref = await asked(world, questions)
    while_asked = await world.file()
    await questions.reply(ANN, ref, ANSWER)

    for file in (before, while_asked):
        assert isinstance(await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT), Changed)
        assert isinstance(await questions.begin_viewed(MOD, file.ref), Changed)
    assert await world.states() == ["held"]


async def test_one_question_at_a_time(world: World, questions: Questions) -> None:
    """A second moderator is told so, even in the middle of writing; after the answer there is room."""
    await world.held()
    other = await written(world, questions, by=SECOND_MOD)
    ref = await asked(world, questions)

    code = await world.code()
    assert await questions.begin_by_code(SECOND_MOD, code) == MayNot("asked_already", code)
    assert isinstance(await questions.send(SECOND_MOD, other.draft.ref), MayNot)
    await questions.reply(ANN, ref, ANSWER)
    again = await asked(world, questions, by=SECOND_MOD)

    assert again != ref
    assert await questions.reply(ANN, ref, "late") == NotReplied("moved_on", "late")


async def test_whoever_is_not_meant_reads_and_changes_nothing(world: World, questions: Questions) -> None:
    """Nobody replies for somebody else, asks in their own case, or without being a moderator."""
    await world.held()
    code = await world.code()
    ref = await asked(world, questions)

    assert await questions.to_reply(BEN, ref) == NotReplied("not_yours")
    assert await questions.reply(MOD, ref, "x") == NotReplied("not_yours", "x")
    assert await questions.to_reply(ANN, "NOTHING") == NotReplied("gone")
    assert await questions.begin_by_code(BEN, code) == MayNot("not_a_moderator")
    assert await questions.begin_by_code(MOD, "0000-00") == MayNot("no_such_case")
    own = visitor(ANN.user_id, role_ids=MOD.role_ids)
    assert await questions.begin_by_code(own, code) == MayNot("own_case", code)
    assert await questions.reply(ANN, ref, " \n") == NotReplied("empty")
    assert await world.one("SELECT answered_at FROM question") is None


@pytest.mark.parametrize("step", ["admit", "hold", "decline", "reopen", "take back", "leave", "person"])
async def test_any_other_step_ends_the_waiting(world: World, questions: Questions, step: str) -> None:
    """Nobody waits for an answer any more, and the question says so if it is still there."""
    await world.held()
    await asked(world, questions)
    code = await world.code()
    match step:
        case "admit":
            await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT)
        case "hold":
            await world.decisions.decide_by_code(MOD, code, Outcome.HOLD)
        case "decline":
            await world.decline()
        case "reopen":
            await world.gate.reopen(ANN)
        case "take back":
            await world.gate.take_back(ANN)
        case "leave":
            await world.gate.leave(ANN.user_id)
        case _:
            await world.gate.ask_for_person(ANN)

    assert (await clock_of(world))[:3] == (None, None, None)
    assert await world.rows("SELECT 1 FROM question WHERE closed_at IS NULL") == []
    assert await world.one("SELECT count(*) FROM question") == (0 if step == "take back" else 1)


async def test_a_reply_to_a_case_that_moved_on_is_handed_back(world: World, questions: Questions) -> None:
    """The answers are with the person again: nothing lands behind their back."""
    await world.held()
    ref = await asked(world, questions)
    await world.gate.reopen(ANN)
    assert isinstance(await world.gate.standing(ANN), CarryOn)

    assert await questions.reply(ANN, ref, ANSWER) == NotReplied("moved_on", ANSWER)
    assert await world.one("SELECT sealed_answer FROM question") is None


async def test_the_person_is_told_once_by_message(world: World, questions: Questions) -> None:
    """Discreetly, without the question itself; and not at all once it is answered."""
    await world.held()
    await asked(world, questions)
    await world.drain()
    await world.live(days=1, hours=1)

    [told] = world.doorkeeper.told("tell")
    assert TEXT not in told.text
    assert "Reply" in told.text
    assert await world.rows("SELECT kind FROM sent_message") == [("question",)]


async def test_nobody_is_told_of_a_question_that_is_answered(world: World, questions: Questions) -> None:
    """The message had to wait for a day, and had nothing to say by then."""
    await world.held()
    await world.drain()
    subject = await world.subject_id()
    await world.run("UPDATE subject SET told_at = ? WHERE id = ?", to_ms(world.clock()), subject)
    ref = await asked(world, questions)
    await world.drain()
    await questions.reply(ANN, ref, ANSWER)

    await world.live(days=2)

    assert world.doorkeeper.told("tell") == []


async def test_closed_messages_change_nothing(world: World, questions: Questions) -> None:
    """The status page asks, and the answer lands."""
    await world.held()
    world.doorkeeper.will("tell", Refused(Why.CLOSED))
    ref = await asked(world, questions)
    await world.drain()

    assert isinstance(await questions.to_reply(ANN, ref), ToReply)
    assert isinstance(await questions.reply(ANN, ref, ANSWER), Replied)
    assert await world.one("SELECT state FROM effect WHERE kind = 'question'") == "done"


async def test_an_asker_who_stepped_aside_does_not_get_the_case_back(
    world: World, questions: Questions
) -> None:
    """It is with the team, and nobody has it."""
    await world.held()
    ref = await asked(world, questions)
    await world.run(
        "INSERT INTO recusal VALUES ('R', ?, ?, 'declared', 0)",
        await world.subject_id(MOD),
        await world.case_id(),
    )

    await questions.reply(ANN, ref, ANSWER)

    assert await holder(world) == []
    assert (await clock_of(world))[3] is not None


async def test_questions_go_with_the_answers(world: World, questions: Questions) -> None:
    """Whoever takes the request back leaves neither question, answer nor draft."""
    await world.held()
    ref = await asked(world, questions)
    await questions.reply(ANN, ref, ANSWER)
    await written(world, questions)

    await world.gate.take_back(ANN)

    for table in ("question", "question_draft"):
        assert await world.one(f"SELECT count(*) FROM {table}") == 0


async def test_a_draft_that_nobody_sends_is_let_go(world: World, questions: Questions) -> None:
    """After a while, by the sweep."""
    await world.held()
    await written(world, questions)

    world.clock.advance(days=60)
    await world.sweep.run(world.clock())

    assert await world.one("SELECT count(*) FROM question_draft") == 0


async def test_many_presses_of_reply_at_once_leave_one_answer(world: World, questions: Questions) -> None:
    """In the end there is one, and it is one of those that were sent."""
    await world.held()
    ref = await asked(world, questions)

    results = await asyncio.gather(*(questions.reply(ANN, ref, f"answer {n}") for n in range(3)))

    assert [result.changed for result in results if isinstance(result, Replied)] == [False, True, True]
    key = await world.foundation.database.read(
        lambda c: world.foundation.key_of(c, c.execute("SELECT subject_id FROM cases").fetchone()[0])
    )
    kept = await world.foundation.database.read(
        lambda c: store.newest(c, key, c.execute("SELECT id FROM cases").fetchone()[0])
    )
    assert kept is not None
    assert kept.answer == "answer 2"
