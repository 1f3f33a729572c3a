"""Concerns: telling the team about somebody, following it, and looking into it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest

from bot.clock import to_ms
from bot.concerns.handling import Closed, ConcernFile, Overtaken, Shown
from bot.concerns.leaving import reporter_goes, whom_it_is_about_goes
from bot.concerns.telling import LONGEST, MOST_SAID, Joined, NotTaken, Report, Standing, Taken
from bot.model import Visitor
from bot.ports import Refused, Why
from bot.review.desk import Denied
from bot.screens import concern_files, files
from bot.screens import concerns as screens
from bot.store.concerns import HANDLED, ConcernKind, ConcernOutcome
from bot.words import Voice
from tests.support import ANN, BEN, MEMBER_ROLE, MOD, NOW, SECOND_MOD, World, config, visitor

INSIDER = visitor(400000000000000001, role_ids=frozenset({MEMBER_ROLE}))
ANOTHER = visitor(400000000000000002, role_ids=frozenset({MEMBER_ROLE}))
WORDS = "Ben offered me money for my story, twice, in private."
REPORT = Report(ConcernKind.RECRUITMENT, WORDS, about=BEN.user_id)

Act = Callable[[World, Visitor, str, str], Awaitable[object]]
"""Something that a moderator does with the code of a concern, or with the ref of its file."""

HANDLING: dict[str, Act] = {
    "open_by_code": lambda w, who, code, _: w.handling.open_by_code(who, code),
    "open_by_id": lambda w, who, _, ref: w.handling.open_by_id(who, ref.partition(".")[0]),
    "why_not": lambda w, who, _, ref: w.handling.why_not(who, ref),
    "show_reporter": lambda w, who, _, ref: w.handling.show_reporter(who, ref),
    "note": lambda w, who, _, ref: w.handling.note(who, ref, "x"),
    "ask": lambda w, who, _, ref: w.handling.ask(who, ref, "x"),
    "close": lambda w, who, _, ref: w.handling.close(who, ref, ConcernOutcome.ACTED),
}


async def tell(world: World, who: Visitor = INSIDER, report: Report = REPORT) -> str:
    """Tell the team something that must be taken. Returns the code to follow it by."""
    taken = await world.telling.tell(who, report)
    assert isinstance(taken, Taken), taken
    return taken.follow_code


async def code_of(world: World) -> str:
    """The code that the team calls the newest concern by."""
    return str(await world.one("SELECT code FROM concern ORDER BY rowid DESC LIMIT 1"))


async def read(world: World, who: Visitor = MOD) -> ConcernFile:
    """The newest concern, opened by somebody who may."""
    found = await world.handling.open_by_code(who, await code_of(world))
    assert isinstance(found, ConcernFile), found
    return found


async def on_the_team(world: World, *people: Visitor) -> None:
    """These were seen with a role of moderators."""
    for who in people:
        found = await world.foundation.database.write(
            partial(world.foundation.find_or_add, user_id=who.user_id, now=NOW)
        )
        await world.run(
            "INSERT INTO moderator (subject_id, since, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            found.id,
            to_ms(NOW),
            to_ms(NOW),
        )


async def everything(world: World) -> list[list[tuple[object, ...]]]:
    """All rows that a look or an act could leave."""
    tables = ("concern", "note", "access", "event", "effect", "task", "claim", "subject", "sent_message")
    return [await world.rows(f"SELECT * FROM {table}") for table in tables]


async def standing(world: World, code: str) -> Standing:
    """How something stands, for whoever has its code."""
    found = await world.telling.by_code(code)
    assert isinstance(found, Standing), found
    return found


async def test_what_a_member_tells_is_read_by_a_moderator_who_does_not_see_who_told_it(world: World) -> None:
    """The words are there, the person it is about, and when it is due; not the reporter."""
    await tell(world)

    found = await read(world)

    assert found.told is not None
    assert found.told.by_reporter == WORDS
    assert found.about == BEN.user_id
    assert found.concern.due_at == NOW + timedelta(hours=72)
    shown = concern_files.file(Voice(config().words, "en"), found).text
    assert str(INSIDER.user_id) not in shown
    assert str(BEN.user_id) in shown


async def test_who_told_it_is_shown_on_a_press_of_its_own_that_is_logged(world: World) -> None:
    """The line names the moderator and the concern."""
    await tell(world)
    found = await read(world)

    shown = await world.handling.show_reporter(MOD, found.ref)

    assert shown == Shown(found.concern.code, INSIDER.user_id)
    lines = await world.rows("SELECT actor, object_id FROM event WHERE action = 'concern.reporter_seen'")
    assert lines == [(await world.subject_id(MOD), found.concern.id)]


async def test_reading_is_on_record_about_whom_it_is_about(world: World) -> None:
    """With its purpose; for somebody on the team it would say that a concern about them was read."""
    await on_the_team(world, SECOND_MOD)
    await tell(world)
    await read(world)
    await tell(world, report=Report(ConcernKind.BULLYING, "x", about=SECOND_MOD.user_id))
    await read(world)

    looks = await world.rows("SELECT subject_id, purpose FROM access")
    assert looks == [(await world.subject_id(BEN), "concern")]
    assert await world.one("SELECT count(*) FROM event WHERE action = 'concern.opened'") == 2


async def test_no_line_of_the_log_names_who_told_it_or_whom_it_is_about(world: World) -> None:
    """The log outlives what is kept of them."""
    code = await tell(world)
    found = await read(world)
    await world.handling.ask(MOD, found.ref, "When was that?")
    await world.telling.add((await standing(world, code)).ref, "Last week.")
    await world.telling.withdraw((await standing(world, code)).ref)

    people = {await world.subject_id(INSIDER), await world.subject_id(BEN)}
    lines = await world.rows(
        "SELECT actor, object_id, payload FROM event JOIN event_payload USING (seq)"
        " WHERE object_kind = 'concern'"
    )
    assert len(lines) == 5
    assert not any(person in str(line) for line in lines for person in people)


async def test_only_members_and_the_team_tell_it_here(world: World) -> None:
    """Somebody at the gate has *Talk to a person*; and what says nothing is not taken."""
    assert await world.telling.tell(ANN, REPORT) == NotTaken("members_only")
    assert await world.telling.tell(INSIDER, Report(ConcernKind.OTHER, "  ")) == NotTaken("empty")
    own = Report(ConcernKind.OTHER, "x", about=INSIDER.user_id)
    assert await world.telling.tell(INSIDER, own) == NotTaken("yourself")
    assert await world.one("SELECT count(*) FROM concern") == 0
    assert isinstance(await world.telling.tell(MOD, REPORT), Taken)


async def test_it_is_followed_by_its_code_from_any_account_and_without_it_from_their_own(
    world: World,
) -> None:
    """Nobody else's list has it, and no other code finds it."""
    code = await tell(world)

    followed = await world.telling.by_code(code.lower().replace("-", " "))
    assert isinstance(followed, Standing)
    assert await world.telling.all_of(INSIDER) == (followed,)
    assert await world.telling.all_of(ANOTHER) == ()
    assert await world.telling.by_code(await code_of(world)) == NotTaken("no_such_code")
    assert await world.telling.by_ref("not hexadecimal") == NotTaken("no_such_code")
    assert await world.rows("SELECT 1 FROM concern WHERE instr(hex(sealed) || hex(follow), ?)", code) == []


async def test_taking_it_back_deletes_the_words_and_closes_it(world: World) -> None:
    """Notes repeat the words, and go with them. Nothing can be added, and nobody is told again."""
    code = await tell(world)
    found = await read(world)
    await world.handling.note(MOD, found.ref, "Ben does this often")
    ref = (await standing(world, code)).ref

    taken_back = await world.telling.withdraw(ref)

    assert isinstance(taken_back, Standing)
    assert taken_back.outcome is ConcernOutcome.WITHDRAWN
    assert await world.telling.withdraw(ref) == taken_back
    assert await world.telling.add(ref, "But") == NotTaken("closed")
    assert await world.rows("SELECT sealed FROM concern") == [(None,)]
    assert await world.one("SELECT count(*) FROM note") == 0
    assert (await read(world)).told is None
    assert isinstance(await world.handling.close(MOD, found.ref, ConcernOutcome.ACTED), Overtaken)


@pytest.mark.parametrize("act", list(HANDLING))
async def test_for_the_moderator_it_is_about_there_is_no_such_code(world: World, act: str) -> None:
    """Each way in answers them as it answers for a code that nobody ever had, and leaves nothing."""
    await on_the_team(world, MOD, SECOND_MOD)
    await tell(world, report=Report(ConcernKind.BULLYING, WORDS, about=SECOND_MOD.user_id))
    found = await read(world)
    before = await everything(world)

    answers = [
        await HANDLING[act](world, SECOND_MOD, code, ref)
        for code, ref in ((found.concern.code, found.ref), ("ZZZZ-ZZ", "NOSUCHCONCERN.0"))
    ]

    assert answers[0] == answers[1] == Denied("no_such_case")
    assert await everything(world) == before
    voice = config().words.voice("en")
    assert files.denied(voice, Denied("no_such_case")).text == voice.say("may_not_no_such_case")


@pytest.mark.parametrize("act", list(HANDLING))
async def test_a_moderator_who_told_it_does_not_look_into_it(world: World, act: str) -> None:
    """They get one line, and the attempt is on record."""
    await tell(world, SECOND_MOD)
    found = await read(world)

    assert await HANDLING[act](world, SECOND_MOD, found.concern.code, found.ref) == Denied("recused")

    lines = await world.rows("SELECT actor FROM event WHERE action = 'concern.refused'")
    assert lines == [(await world.subject_id(SECOND_MOD),)]


@pytest.mark.parametrize("act", list(HANDLING))
async def test_nobody_without_a_moderator_role_reaches_it(world: World, act: str) -> None:
    """Not even whoever told it; nothing changes."""
    await tell(world)
    found = await read(world)
    before = await everything(world)

    for code, ref in ((found.concern.code, found.ref), ("ZZZZ-ZZ", "NOSUCHCONCERN.0")):
        assert await HANDLING[act](world, INSIDER, code, ref) == Denied("not_a_moderator")

    assert await everything(world) == before


async def test_two_close_it_at_once_and_one_of_them_does(world: World) -> None:
    """The other is told who was first, and the reporter hears once."""
    await tell(world)
    found = await read(world)
    await read(world, SECOND_MOD)

    first, second = await asyncio.gather(
        world.handling.close(MOD, found.ref, ConcernOutcome.TALKED),
        world.handling.close(SECOND_MOD, found.ref, ConcernOutcome.NOT_FOUND),
    )
    await world.drain()
    await world.drain()

    assert first == Closed(found.concern.code, ConcernOutcome.TALKED)
    assert isinstance(second, Overtaken)
    assert second.closed_by == MOD.user_id
    assert second.concern.outcome is ConcernOutcome.TALKED
    assert [call.user_id for call in world.doorkeeper.told("tell")] == [INSIDER.user_id]


async def test_what_has_changed_since_it_was_read_is_read_again_first(world: World) -> None:
    """Something was added meanwhile; a made-up version counts as an old one."""
    code = await tell(world)
    found = await read(world)
    await world.telling.add((await standing(world, code)).ref, "And again today.")

    for ref in (found.ref, f"{found.concern.id}.9", f"{found.concern.id}.-1", f"{found.concern.id}."):
        result = await world.handling.close(MOD, ref, ConcernOutcome.ACTED)
        assert isinstance(result, Overtaken)
        assert result.concern.outcome is None
    again = await read(world)
    assert isinstance(await world.handling.close(MOD, again.ref, ConcernOutcome.ACTED), Closed)


async def test_a_question_reaches_the_reporter_and_the_answer_comes_back(world: World) -> None:
    """They get a message that names nothing, and see the question where they follow it."""
    code = await tell(world)
    found = await read(world)

    asked = await world.handling.ask(MOD, found.ref, "When was that?")
    await world.drain()

    assert isinstance(asked, ConcernFile)
    (message,) = world.doorkeeper.told("tell")
    assert message.user_id == INSIDER.user_id
    assert "When" not in message.text
    stands = await standing(world, code)
    assert stands.question == "When was that?"
    answered = await world.telling.add(stands.ref, "On Monday.")
    assert isinstance(answered, Standing)
    assert answered.question == ""
    told = (await read(world)).told
    assert told is not None
    assert [(one.asked, one.text) for one in told.said] == [
        (False, WORDS),
        (True, "When was that?"),
        (False, "On Monday."),
    ]


async def test_a_question_that_is_answered_before_its_message_goes_out_sends_none(world: World) -> None:
    """There is nothing left to tell."""
    code = await tell(world)
    await world.handling.ask(MOD, (await read(world)).ref, "When was that?")
    await world.telling.add((await standing(world, code)).ref, "On Monday.")

    await world.drain()

    assert world.doorkeeper.told("tell") == []


@pytest.mark.parametrize("outcome", HANDLED)
async def test_the_reporter_hears_what_became_of_it_once(world: World, outcome: ConcernOutcome) -> None:
    """By a message that begins discreetly and names nobody."""
    await tell(world)
    await world.handling.close(MOD, (await read(world)).ref, outcome)

    await world.drain()
    await world.drain()

    (message,) = world.doorkeeper.told("tell")
    assert "your community" in message.text[:120]
    assert "Harbour" not in message.text
    assert await world.one("SELECT count(*) FROM concern WHERE told_at IS NOT NULL") == 1
    assert await world.rows("SELECT subject_id, kind FROM sent_message") == [
        (await world.subject_id(INSIDER), "concern")
    ]


async def test_whoever_has_looked_already_is_not_told_again(world: World) -> None:
    """And whoever cannot be reached finds it by the code."""
    code = await tell(world)
    await world.handling.close(MOD, (await read(world)).ref, ConcernOutcome.EXPLAINED)
    world.doorkeeper.will("tell", Refused(Why.CLOSED))
    await world.drain()
    assert await world.one("SELECT told_at FROM concern") is None

    assert (await standing(world, code)).outcome is ConcernOutcome.EXPLAINED

    await world.run("UPDATE effect SET state = 'pending'")
    await world.drain()
    assert len(world.doorkeeper.told("tell")) == 1


async def test_the_team_hears_of_it_each_by_a_message_but_not_whom_it_is_about_or_who_told_it(
    world: World,
) -> None:
    """One message for whatever came meanwhile, and nothing in a channel that all of them read."""
    await on_the_team(world, MOD, SECOND_MOD)
    await tell(world, report=Report(ConcernKind.BULLYING, WORDS, about=SECOND_MOD.user_id))
    await tell(world, ANOTHER, report=Report(ConcernKind.BULLYING, WORDS, about=SECOND_MOD.user_id))

    await world.drain()

    assert [call.user_id for call in world.doorkeeper.told("tell")] == [MOD.user_id]
    assert world.doorkeeper.told("post") == []
    assert WORDS not in world.doorkeeper.told("tell")[0].text
    await tell(world, MOD, report=Report(ConcernKind.SELLING, WORDS))
    await world.drain()
    assert [call.user_id for call in world.doorkeeper.told("tell")] == [MOD.user_id, SECOND_MOD.user_id]


@pytest.mark.parametrize(
    ("kind", "waits"),
    [(ConcernKind.SELLING, True), (ConcernKind.RETALIATION, False), (ConcernKind.LEAK, False)],
)
async def test_at_night_only_what_is_urgent_is_told(world: World, kind: ConcernKind, *, waits: bool) -> None:
    """The rest waits for the morning, and is not told if it was closed by then."""
    await on_the_team(world, MOD)
    world.clock.now = NOW.replace(hour=2)
    code = await tell(world, report=Report(kind, WORDS))

    await world.drain()
    assert len(world.doorkeeper.told("tell")) == (0 if waits else 1)
    if waits:
        await world.telling.withdraw((await standing(world, code)).ref)
    world.clock.now = NOW.replace(hour=8)
    await world.drain()

    assert len(world.doorkeeper.told("tell")) == (0 if waits else 1)


async def test_what_is_urgent_is_due_within_a_day(world: World) -> None:
    """Pressure after a concern does not wait for three."""
    await tell(world, report=Report(ConcernKind.RETALIATION, WORDS))

    assert (await read(world)).concern.due_at == NOW + timedelta(days=1)


async def test_more_about_the_same_person_joins_what_is_open_by_the_more_urgent_kind(world: World) -> None:
    """The code from before still works, and both texts are there."""
    code = await tell(world)

    joined = await world.telling.tell(
        INSIDER, Report(ConcernKind.RETALIATION, "Now he threatens me.", about=BEN.user_id)
    )

    assert joined == Joined(NOW + timedelta(days=1))
    found = await read(world)
    assert found.concern.kind is ConcernKind.RETALIATION
    assert found.told is not None
    assert found.told.by_reporter == f"{WORDS}\n\nNow he threatens me."
    assert (await standing(world, code)).kind is ConcernKind.RETALIATION
    assert await world.one("SELECT count(*) FROM concern") == 1


async def test_whoever_tells_hears_at_once_that_nobody_on_the_team_can_look_into_it(world: World) -> None:
    """There is a way to somebody outside; one person who can is enough."""
    about_the_only_one = Report(ConcernKind.BULLYING, WORDS, about=SECOND_MOD.user_id)
    await on_the_team(world, SECOND_MOD)

    taken = await world.telling.tell(INSIDER, about_the_only_one)

    assert isinstance(taken, Taken)
    assert taken.for_nobody
    assert "privacy@harbour.example" in screens.sent(config().words.voice("en"), taken).text
    await on_the_team(world, MOD)
    again = await world.telling.tell(ANOTHER, about_the_only_one)
    assert isinstance(again, Taken)
    assert not again.for_nobody
    assert "privacy@" not in screens.sent(config().words.voice("en"), again).text


async def test_there_is_an_end_to_what_can_be_added(world: World) -> None:
    """Each piece has a length, and there are so many of them."""
    code = await tell(world, report=Report(ConcernKind.OTHER, "x" * (LONGEST + 5)))
    ref = (await standing(world, code)).ref
    for _ in range(MOST_SAID - 1):
        assert isinstance(await world.telling.add(ref, "more"), Standing)

    assert await world.telling.add(ref, "more") == NotTaken("enough")

    assert not (await standing(world, code)).can_add
    told = (await read(world)).told
    assert told is not None
    assert len(told.said) == MOST_SAID
    assert len(told.said[0].text) == LONGEST
    assert await world.handling.ask(MOD, (await read(world)).ref, "x") == Denied("concern_enough_said")


async def test_when_a_reporter_has_everything_deleted_their_words_go_and_nothing_stays_open(
    world: World,
) -> None:
    """Whoever has the code still sees that it is closed."""
    code = await tell(world)
    await world.handling.note(MOD, (await read(world)).ref, "A note")
    who = await world.subject_id(INSIDER)

    await world.foundation.database.write(lambda c: reporter_goes(c, who, NOW))

    assert await world.rows("SELECT reporter_id, sealed, outcome FROM concern") == [(None, None, "gone")]
    assert await world.one("SELECT count(*) FROM note") == 0
    assert (await standing(world, code)).outcome is ConcernOutcome.GONE
    assert (await read(world)).told is None


async def test_when_whom_it_is_about_has_everything_deleted_it_is_closed_and_the_reporter_hears(
    world: World,
) -> None:
    """What was closed before stays as it is."""
    await tell(world, ANOTHER)
    await world.handling.close(MOD, (await read(world)).ref, ConcernOutcome.ACTED)
    await world.drain()
    await tell(world)
    who = await world.subject_id(BEN)

    await world.foundation.database.write(lambda c: whom_it_is_about_goes(c, who, NOW))
    await world.drain()

    assert await world.rows("SELECT outcome FROM concern ORDER BY rowid") == [("acted",), ("gone",)]
    assert world.doorkeeper.told("tell")[-1].user_id == INSIDER.user_id
