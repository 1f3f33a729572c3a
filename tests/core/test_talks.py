"""Conversations: a private thread for whoever wants to talk or is asked something, and its end."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.model import Outcome
from bot.ports import Done, Later, Refused, Why
from bot.review.bench import MayNot
from bot.review.questions import Asked, Questions, Writing
from bot.review.talks import Closing, Joining, Talks, step_out
from bot.screens import gate as gate_screens
from bot.standing import AdmittedStanding, HeldStanding, Welcome
from bot.store.threads import Talk
from tests.support import ABOUT_NIL, ANN, BEN, MOD, SECOND_MOD, World, visitor


@pytest.fixture
def talks(world: World) -> Talks:
    """The use cases."""
    return Talks(world.foundation)


async def talking(world: World) -> int:
    """Somebody who pressed *Talk to a person*, with their thread open; the thread's id."""
    await world.gate.ask_for_person(ANN)
    await world.drain()
    [hello] = world.doorkeeper.told("post_in")
    return hello.message_id


async def ask(world: World, text: str = "Which one?") -> None:
    """A question, sent."""
    questions = Questions(world.foundation)
    begun = await questions.begin_by_code(MOD, await world.code())
    assert isinstance(begun, Writing), begun
    writing = await questions.write(MOD, begun.draft.ref, "", text)
    assert isinstance(writing, Writing)
    assert isinstance(await questions.send(MOD, writing.draft.ref), Asked)


async def effects(world: World, kind: str = "thread") -> list[str]:
    """How the effects of a kind stand."""
    return [row[0] for row in await world.rows("SELECT state FROM effect WHERE kind = ? ORDER BY id", kind)]


async def test_a_press_opens_one_thread_named_by_the_code_alone(world: World) -> None:
    """With the person in it, a kind first word, and the help button; pressing again opens no other."""
    thread = await talking(world)
    await world.gate.ask_for_person(ANN)
    await world.drain()

    [opened] = world.doorkeeper.told("open_thread")
    assert (opened.name, opened.user_id) == (await world.code(), ANN.user_id)
    [hello] = world.doorkeeper.told("post_in")
    assert "Nothing you write here is kept" in hello.text
    assert hello.screen is not None
    assert [press.action for press in hello.screen.presses] == ["help"]
    [sealed] = (await world.rows("SELECT sealed FROM thread"))[0]
    assert str(thread).encode() not in sealed


async def test_a_question_opens_the_same_thread_and_stands_in_it(world: World) -> None:
    """First the hello, then the question with its button; a second question needs no second thread."""
    await world.held()
    await ask(world)
    await world.drain()
    said = [call.text for call in world.doorkeeper.told("post_in")]
    await Questions(world.foundation).reply(ANN, str(await world.one("SELECT ref FROM question")), "This one")
    await ask(world, "And why?")
    await world.drain()

    assert len(world.doorkeeper.told("open_thread")) == 1
    assert [("Which one?" in text, "A place to talk" in text) for text in said] == [
        (False, True),
        (True, False),
    ]
    last = world.doorkeeper.told("post_in")[-1]
    assert "And why?" in last.text
    assert last.screen is not None
    assert [press.action for press in last.screen.presses] == ["reply"]


async def test_a_wave_of_joins_opens_no_thread(world: World) -> None:
    """Only a press does."""
    for number in range(30):
        await world.gate.arrive(visitor(700000000000000000 + number))
    await world.drain()

    assert world.doorkeeper.told("open_thread") == []
    assert await effects(world) == []


async def test_where_discord_has_no_room_it_goes_on_without(world: World) -> None:
    """The person reads so, kindly; the team is not called; and another press tries again."""
    world.doorkeeper.will("open_thread", Refused(Why.FULL))
    await world.held()
    await world.gate.ask_for_person(ANN)
    await world.drain()

    standing = await world.gate.standing(ANN)
    assert isinstance(standing, HeldStanding)
    assert standing.around.talk is Talk.NO_ROOM
    settings = world.foundation.config
    screen = gate_screens.standing(settings.words.voice("en"), settings, standing)
    assert "Discord had no room" in screen.text
    assert await effects(world) == ["done"]

    again = await world.gate.ask_for_person(ANN)
    assert not isinstance(again, AdmittedStanding)
    told = gate_screens.person_asked_for(settings.words.voice("en"), settings, again)
    assert "We try again" in told.text
    await world.drain()
    after = await world.gate.standing(ANN)
    assert isinstance(after, HeldStanding)
    assert after.around.talk is Talk.OPEN


async def test_an_opening_that_was_not_answered_is_looked_for_first(world: World) -> None:
    """It may have been made: the next attempt says since when."""
    world.doorkeeper.will("open_thread", Later("timeout"))
    await world.gate.ask_for_person(ANN)
    begun = world.clock()
    await world.drain()
    world.clock.advance(minutes=5)
    await world.drain()

    assert [call.since for call in world.doorkeeper.told("open_thread")] == [None, begun]
    assert len(world.doorkeeper.told("post_in")) == 1


async def test_a_thread_that_somebody_deleted_is_opened_anew(world: World) -> None:
    """As soon as there is something to say in it."""
    await world.held()
    await world.gate.ask_for_person(ANN)
    await world.drain()
    world.doorkeeper.will("post_in", Refused(Why.MISSING_THREAD))

    await ask(world)
    await world.drain()

    assert len(world.doorkeeper.told("open_thread")) == 2
    assert "Which one?" in world.doorkeeper.told("post_in")[-1].text
    assert set(await effects(world)) == {"done"}


async def test_a_moderator_is_in_it_only_by_joining(world: World, talks: Talks) -> None:
    """From a file that they opened themselves; joining twice is joining once; and stepping aside ends it."""
    thread = await talking(world)
    file = await world.file()
    assert file.talks
    assert world.doorkeeper.told("join_thread") == []

    assert isinstance(await talks.join(MOD, file.ref), Joining)
    await world.drain()
    assert [(call.message_id, call.user_id) for call in world.doorkeeper.told("join_thread")] == [
        (thread, MOD.user_id)
    ]
    assert await talks.join(SECOND_MOD, file.ref) == MayNot("open_it_yourself")
    assert await talks.join(BEN, file.ref) == MayNot("not_a_moderator")
    case_id, moderator = await world.case_id(), await world.subject_id(MOD)
    await world.foundation.database.write(lambda c: step_out(c, case_id, moderator, world.clock()))
    await world.drain()
    assert [(call.message_id, call.user_id) for call in world.doorkeeper.told("leave_thread")] == [
        (thread, MOD.user_id)
    ]


async def test_nobody_joins_the_conversation_of_their_own_case(world: World, talks: Talks) -> None:
    """Even from a file that was opened before."""
    await talking(world)
    subject, case_id = await world.subject_id(), await world.case_id()
    await world.run("INSERT INTO file_view VALUES ('V', ?, 1, ?, 0)", case_id, subject)
    own = visitor(ANN.user_id, role_ids=MOD.role_ids)

    for press in (talks.join, talks.close):
        assert await press(own, "V") == MayNot("own_case", await world.code())
    await world.drain()
    assert world.doorkeeper.told("join_thread") == world.doorkeeper.told("close_thread") == []


async def test_a_moderator_who_has_left_is_no_news_of_the_person(world: World, talks: Talks) -> None:
    """The case stays open."""
    await talking(world)
    world.doorkeeper.will("join_thread", Refused(Why.GONE))
    await talks.join(MOD, (await world.file()).ref)

    await world.drain()

    assert await world.states() == ["waiting"]


async def test_closing_it_deletes_it_and_the_case_goes_on(world: World, talks: Talks) -> None:
    """The wish to talk is met: the case is with the person again, and another press opens another thread."""
    thread = await talking(world)

    assert isinstance(await talks.close(MOD, (await world.file()).ref), Closing)
    await world.drain()

    assert [call.message_id for call in world.doorkeeper.told("close_thread")] == [thread]
    assert await world.rows("SELECT * FROM thread") == []
    [case] = await world.rows("SELECT state, wants_person_at, target_at, lapse_at IS NOT NULL FROM cases")
    assert case == ("waiting", None, None, 1)
    assert await talks.close(MOD, (await world.file()).ref) == MayNot("no_conversation", await world.code())
    standing = await world.gate.standing(ANN)
    assert standing == Welcome()
    await world.gate.ask_for_person(ANN)
    await world.drain()
    assert len(world.doorkeeper.told("open_thread")) == 2


async def test_a_held_case_keeps_its_date_when_the_conversation_closes(world: World, talks: Talks) -> None:
    """It is still the team's turn, and no later than before."""
    await world.held()
    await world.gate.ask_for_person(ANN)
    await world.drain()
    before = await world.one("SELECT target_at FROM cases")

    await talks.close(MOD, (await world.file()).ref)

    assert await world.rows("SELECT state, target_at, lapse_at FROM cases") == [("held", before, None)]


async def test_pressing_again_while_it_is_being_deleted_opens_a_fresh_one(world: World, talks: Talks) -> None:
    """The old one goes first: whoever was in it is not in the new one."""
    thread = await talking(world)
    world.doorkeeper.will("close_thread", Later("http_503"))
    await talks.close(MOD, (await world.file()).ref)
    await world.drain()
    await world.gate.ask_for_person(ANN)
    await world.drain()

    verbs = [
        (c.verb, c.message_id) for c in world.doorkeeper.calls if c.verb in {"open_thread", "close_thread"}
    ]
    assert verbs == [
        ("open_thread", 0),
        ("close_thread", thread),
        ("close_thread", thread),
        ("open_thread", 0),
    ]
    world.clock.advance(hours=1)
    await world.drain()
    assert len(world.doorkeeper.told("close_thread")) == 2


async def _declined(world: World) -> None:
    await world.decline()


async def _taken_back(world: World) -> None:
    await world.gate.take_back(ANN)


async def _left(world: World) -> None:
    await world.gate.leave(ANN.user_id)


async def _lapsed(world: World) -> None:
    await world.run("UPDATE cases SET lapse_at = 1, last_activity_at = 1")
    await world.sweep.run(world.clock())


async def _admitted(world: World) -> None:
    await world.send(ANN, ABOUT_NIL)
    await world.run("UPDATE cases SET target_at = NULL")
    if await world.states() == ["held"]:
        await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)


@pytest.mark.parametrize("end", [_declined, _taken_back, _left, _lapsed, _admitted])
async def test_a_thread_ends_with_its_case(world: World, end: Callable[[World], Awaitable[None]]) -> None:
    """However that ends; it is deleted, and nothing is left that says where it was."""
    thread = await talking(world)

    await end(world)
    await world.drain()

    assert (await world.states())[0] not in {"waiting", "answering", "held"}
    assert [call.message_id for call in world.doorkeeper.told("close_thread")] == [thread]
    assert await world.rows("SELECT * FROM thread") == []
    assert await effects(world) == []


async def test_one_that_nobody_has_heard_of_yet_is_found_by_its_name(world: World) -> None:
    """It may have been made as the answer was lost, and the case has ended since."""
    world.doorkeeper.will("open_thread", Later("timeout"))
    await world.gate.ask_for_person(ANN)
    await world.drain()
    code = await world.code()

    await world.gate.take_back(ANN)
    await world.drain()

    assert [(c.message_id, c.name) for c in world.doorkeeper.told("close_thread")] == [(0, code)]


async def test_erasing_somebody_deletes_their_thread(world: World) -> None:
    """With an errand, when nothing else is left of them; and one that is not heard of yet, by its name."""
    thread = await talking(world)
    subject = await world.subject_id()

    assert await world.erasure.person(subject, subject)
    await world.drain()

    assert [call.message_id for call in world.doorkeeper.told("close_thread")] == [thread]
    assert await world.one("SELECT count(*) FROM errand") == 0
    for table in ("thread", "question", "subject"):
        assert await world.one(f"SELECT count(*) FROM {table}") == 0

    world.doorkeeper.will("open_thread", Later("timeout"))
    await world.gate.ask_for_person(BEN)
    await world.drain()
    code, subject = await world.code(BEN), await world.subject_id(BEN)
    await world.erasure.person(subject, subject)
    await world.drain()
    last = world.doorkeeper.told("close_thread")[-1]
    assert (last.message_id, last.name) == (0, code)


async def test_somebody_erased_as_their_thread_is_made_leaves_none(world: World) -> None:
    """The answer comes when nothing is known of them any more."""
    await world.gate.ask_for_person(ANN)
    subject = await world.subject_id()
    honest = world.doorkeeper.open_thread

    async def slow(*given: object) -> object:
        await world.erasure.person(subject, subject)
        return await honest(*given)  # type: ignore[arg-type]  # it passes on what it was given

    world.doorkeeper.open_thread = slow  # type: ignore[method-assign,assignment]  # one call, made slow
    await world.drain()

    closed = {(call.message_id > 0, call.name != "") for call in world.doorkeeper.told("close_thread")}
    assert closed == {(True, False), (False, True)}
    assert await world.rows("SELECT * FROM errand") == []


async def test_a_missing_right_stops_threads_and_nothing_else(world: World) -> None:
    """The team hears of it once; the card and the queue still say that somebody wants to talk."""
    world.doorkeeper.will("open_thread", Refused(Why.FORBIDDEN))
    await world.gate.ask_for_person(ANN)

    await world.drain()

    assert await world.rows("SELECT kind, code FROM stopped") == [("thread", "forbidden")]
    posted = " ".join(call.text for call in world.doorkeeper.told("post"))
    assert "Would like to talk to a person" in posted
    assert "Create Private Threads" in posted
    world.clock.advance(minutes=2)
    await world.drain()
    assert await world.rows("SELECT * FROM stopped") == []
    assert await world.one("SELECT count(*) FROM thread") == 1


async def test_what_is_kept_of_a_conversation_is_where_it_is_and_when(world: World) -> None:
    """There is no place for words of it: neither a verb that reads, nor a column that could hold them."""
    await talking(world)

    columns = [row[1] for row in await world.rows("SELECT * FROM pragma_table_info('thread')")]
    verbs = {name for name in dir(world.doorkeeper) if "thread" in name or name == "post_in"}

    assert columns == ["case_id", "sealed", "opened_at", "closed_at"]
    assert verbs == {"open_thread", "join_thread", "leave_thread", "post_in", "close_thread"}
    assert isinstance(await world.doorkeeper.close_thread(1), Done)
    actions = {row[0] for row in await world.rows("SELECT DISTINCT action FROM event")}
    assert {"thread.opened", "case.person_wanted"} <= actions


async def test_a_talk_gives_the_person_time_again(world: World, talks: Talks) -> None:
    """From its end on, not from when they asked."""
    await talking(world)
    world.clock.advance(days=20)
    await talks.close(MOD, (await world.file()).ref)

    left = await world.one("SELECT lapse_at FROM cases")

    lapse_after = world.foundation.config.timers.lapse_after
    assert left == int((world.clock() + lapse_after).timestamp() * 1000)
    assert lapse_after > timedelta(days=1)
