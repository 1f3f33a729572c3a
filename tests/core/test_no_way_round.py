"""Ways round what keeps somebody from a case: each of them is closed."""

import pytest

from bot.concerns.telling import Report, Taken
from bot.fairness.aside import Aside, AskedAside, SteppingAside
from bot.fairness.interests import OwnLinks
from bot.filling import Summary
from bot.minting import NextForm
from bot.model import Outcome, Visitor
from bot.review.bench import Changed, MayNot
from bot.review.claims import Held, NotClaimed
from bot.review.confirming import Confirming, Over
from bot.review.desk import Denied
from bot.review.drafts import Preview
from bot.review.motions import Proposed
from bot.review.questions import Questions, Writing
from bot.review.talks import Joining, Talks
from bot.review.voting import MotionState
from bot.store import late
from bot.store.concerns import ConcernKind
from bot.submission import LinksChanged
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    Raw,
    World,
    visitor,
)

NOT_ASKED = ("belongs", "age_ok")
BEN_INSIDE = visitor(200000000000000002, role_ids=frozenset({MEMBER_ROLE}))


async def tell(world: World, who: Visitor, *pages: Raw) -> None:
    """Somebody tells of their own links again."""
    step = await OwnLinks(world.foundation, world.links).change(who)
    for raw in pages:
        assert isinstance(step, NextForm), step
        saved = await world.save(who, step.ref, {k: v for k, v in raw.items() if k not in NOT_ASKED})
        step = saved.next or await world.forms.summary(who, saved.sheet_id)
    assert isinstance(step, Summary), step
    assert isinstance(await world.submission.send(who, step.send_ref, TICKED), LinksChanged)


async def in_conversation(world: World) -> None:
    """Ann's case is held, with a conversation that the first moderator has joined; the case is theirs."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.gate.ask_for_person(ANN)
    await world.drain()
    assert isinstance(await world.claims.claim(MOD, await world.code()), Held)
    joined = await Talks(world.foundation).join(MOD, (await world.file()).ref)
    assert isinstance(joined, Joining)


async def seats(world: World) -> list[tuple[str, int]]:
    """Who was added to conversations, and taken out of them, in order."""
    await world.drain()
    verbs = ("join_thread", "leave_thread")
    return [(call.verb, call.user_id) for call in world.doorkeeper.calls if call.verb in verbs]


async def stays_out(world: World, how: str) -> None:
    """The first moderator is kept from Ann's case from now on."""
    aside = SteppingAside(world.foundation)
    if how == "word":
        assert isinstance(await aside.step_aside(MOD, await world.code()), Aside)
    elif how == "applicant":
        assert isinstance(await aside.ask(ANN, await world.subject_id(MOD)), AskedAside)
    else:
        await tell(world, MOD, ABOUT_LINKED, LINK_NOW, PURPOSE)
        await world.sweep.run(world.clock())


@pytest.mark.parametrize("how", ["word", "applicant", "link"])
async def test_whoever_is_kept_away_leaves_the_conversation_and_the_case(world: World, how: str) -> None:
    """At their own word, at the applicant's, or by a link that they tell of."""
    await in_conversation(world)
    assert await seats(world) == [("join_thread", MOD.user_id)]

    await stays_out(world, how)

    assert await seats(world) == [("join_thread", MOD.user_id), ("leave_thread", MOD.user_id)]
    assert await world.rows("SELECT 1 FROM claim") == []
    assert await world.one("SELECT count(*) FROM event WHERE action = 'case.released'") == 1


async def test_whoever_loses_the_role_leaves_the_conversation_and_the_case(world: World) -> None:
    """Discord would leave them in the thread; with the role again, they may join it again."""
    await in_conversation(world)
    await seats(world)
    await world.run("UPDATE moderator SET gone_at = 5 WHERE subject_id = ?", await world.subject_id(MOD))

    for _ in range(2):
        await world.sweep.run(world.clock())

    assert await seats(world) == [("join_thread", MOD.user_id), ("leave_thread", MOD.user_id)]
    assert await world.rows("SELECT 1 FROM claim") == []
    assert isinstance(await Talks(world.foundation).join(MOD, (await world.file()).ref), Joining)
    assert (await seats(world))[2:] == [("join_thread", MOD.user_id)]


async def test_a_seat_that_was_still_to_be_taken_is_not_taken(world: World) -> None:
    """The press came before they were kept away, and Discord's turn after it."""
    await in_conversation(world)
    await world.run(
        "INSERT INTO recusal VALUES ('R', ?, ?, 'declared', 0)",
        await world.subject_id(MOD),
        await world.case_id(),
    )

    assert await seats(world) == []


async def test_what_ties_nobody_to_it_leaves_their_cases_alone(world: World) -> None:
    """Telling of one's links again takes nothing out of one's hands."""
    await in_conversation(world)

    await tell(world, MOD, ABOUT_NIL)
    await world.sweep.run(world.clock())

    assert await seats(world) == [("join_thread", MOD.user_id)]
    assert len(await world.rows("SELECT 1 FROM claim")) == 1
    near = await world.subject_id(MOD)
    assert await world.foundation.database.read(lambda c: late.near_to(c, near)) == [await world.case_id()]


async def test_nobody_is_reminded_of_what_is_kept_from_them(world: World) -> None:
    """The case came to be about their own organisation while they had it."""
    await in_conversation(world)
    await tell(world, MOD, ABOUT_LINKED, LINK_NOW, PURPOSE)

    await world.live(days=5)

    assert [call for call in world.doorkeeper.told("tell") if call.user_id == MOD.user_id] == []


async def test_a_file_names_no_other_request_that_is_kept_from_its_reader(world: World) -> None:
    """Somebody who may read this request may still be kept from an earlier one."""
    await world.held()
    await world.decline(ANN, SECOND_MOD)
    earlier, first = await world.code(), await world.case_id()
    await world.run(
        "INSERT INTO recusal VALUES ('R', ?, ?, 'declared', 0)", await world.subject_id(MOD), first
    )
    await world.gate.ask_for_person(ANN)

    for_mod, for_second = await world.file(ANN, MOD), await world.file(ANN, SECOND_MOD)

    assert for_mod.earlier == ()
    assert [case.code for case in for_second.earlier] == [earlier]


async def test_nobody_confirms_their_own_proposal_as_somebody_new(world: World) -> None:
    """Having everything deleted makes them a stranger to the vote, and the proposal void."""
    await world.decisions.decide_viewed(MOD, (await world.held()).ref, Outcome.ADMIT)
    await world.drain()
    drafted = await world.drafts.draft_by_code(
        MOD, await world.code(), Outcome.REMOVE, "something_else", "So it is."
    )
    assert isinstance(drafted, Preview), drafted
    assert isinstance(await world.drafts.send_draft(MOD, drafted.draft.ref), Proposed)
    motion = str(await world.one("SELECT id FROM motion"))

    await world.erasure.person(await world.subject_id(MOD), "operator")
    await world.file(ANN, MOD)
    answered = await Confirming(world.foundation).confirm(MOD, motion)

    assert isinstance(answered, Over), answered
    assert answered.how is MotionState.VOID
    assert await world.one("SELECT state FROM cases") == "admitted"


async def test_links_that_a_member_tells_of_void_what_was_read_and_proposed(world: World) -> None:
    """A removal, or conditions, that somebody confirms rest on what the member tells now."""
    await world.decisions.decide_viewed(MOD, (await world.held()).ref, Outcome.ADMIT)
    await world.drain()
    drafted = await world.drafts.draft_by_code(
        MOD, await world.code(), Outcome.REMOVE, "something_else", "So it is."
    )
    assert isinstance(drafted, Preview)
    assert isinstance(await world.drafts.send_draft(MOD, drafted.draft.ref), Proposed)
    read = await world.file(ANN, SECOND_MOD)
    assert read.proposed is not None

    await tell(world, ANN)

    answered = await Confirming(world.foundation).confirm(SECOND_MOD, read.proposed.id)
    assert isinstance(answered, Over), answered
    assert answered.how is MotionState.VOID
    late_one = await world.drafts.draft_viewed(
        SECOND_MOD, read.ref, Outcome.REMOVE, "something_else", "So it is."
    )
    assert isinstance(late_one, Changed)


async def test_whoever_may_not_decide_about_somebody_opens_no_case_for_them(world: World) -> None:
    """A member from before the bot, and a moderator who has told nothing of themselves; it is on record."""
    ann = await world.foundation.database.write(
        lambda connection: world.foundation.find_or_add(connection, ANN.user_id, world.clock()).id
    )
    await world.run("INSERT INTO earlier_member (subject_id, noted_at) VALUES (?, 0)", ann)
    for who in (MOD, SECOND_MOD):
        await world.desk.history_of_user(who, 1)
    world.told.untold.add(MOD.user_id)

    drafted = await world.drafts.draft_about(
        MOD, ANN.user_id, Outcome.SUSPEND, "something_else", "For a look."
    )

    assert drafted == MayNot("interests_none")
    assert await world.rows("SELECT 1 FROM cases") == []
    assert await world.one("SELECT count(*) FROM event WHERE action = 'decide.refused'") == 1
    for_second = await world.drafts.draft_about(
        SECOND_MOD, ANN.user_id, Outcome.SUSPEND, "something_else", "Look."
    )
    assert isinstance(for_second, Preview)


async def test_reaching_for_a_concern_about_oneself_leaves_no_line(world: World) -> None:
    """As for a code that nobody has: what is on record later is the same."""
    for who in (MOD, SECOND_MOD):
        await world.desk.history_of_user(who, 1)
    about = Report(ConcernKind.SELLING, "They sell things.", MOD.user_id)
    assert isinstance(await world.telling.tell(BEN_INSIDE, about), Taken)
    code = str(await world.one("SELECT code FROM concern"))
    lines = await world.one("SELECT count(*) FROM event")

    for reach in (
        world.claims.claim,
        world.claims.release,
        world.handling.open_by_code,
        world.desk.open_by_code,
    ):
        await reach(MOD, code)
    answer = await world.claims.claim(MOD, code)

    assert answer == await world.claims.claim(MOD, "2222-22") == NotClaimed("no_such_case")
    assert await world.one("SELECT count(*) FROM event") == lines
    assert isinstance(await world.claims.claim(SECOND_MOD, code), Held)


async def refusals(world: World) -> int:
    """How many attempts are on record."""
    return int(await world.one("SELECT count(*) FROM event WHERE action = 'ask.refused'"))


async def test_every_attempt_to_ask_to_join_and_to_note_is_on_record(world: World) -> None:
    """By whoever was kept from the case after they opened it."""
    await in_conversation(world)
    questions, talks, code = Questions(world.foundation), Talks(world.foundation), await world.code()
    file = await world.file()
    begun = await questions.begin_viewed(MOD, file.ref)
    assert isinstance(begun, Writing)
    await stays_out(world, "word")

    for press in (
        questions.begin_viewed(MOD, file.ref),
        questions.begin_by_code(MOD, code),
        questions.read_draft(MOD, begun.draft.ref),
        questions.send(MOD, begun.draft.ref),
        talks.join(MOD, file.ref),
        talks.close(MOD, file.ref),
    ):
        before = await refusals(world)
        assert await press == MayNot("recused", code)
        assert await refusals(world) == before + 1
    assert await world.record.write_note(MOD, code, "Mine.") == Denied("recused")
    assert await refusals(world) == 7


async def test_nobody_but_the_team_learns_which_codes_there_are(world: World) -> None:
    """The record and its notes answer somebody else alike for a code that is there and one that is not."""
    await world.held()

    for code in (await world.code(), "2222-22"):
        assert await world.record.timeline(BEN_INSIDE, code) == Denied("not_a_moderator")
        assert await world.record.write_note(BEN_INSIDE, code, "x") == Denied("not_a_moderator")
    assert await world.record.timeline(MOD, "2222-22") == Denied("no_such_case")


async def test_a_case_never_takes_the_code_of_a_concern(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who types it would be shown the case, and the concern could be reached by nobody."""
    about = Report(ConcernKind.SELLING, "They sell things.", MOD.user_id)
    await world.telling.tell(BEN_INSIDE, about)
    taken = str(await world.one("SELECT code FROM concern"))
    drawn = iter([taken, "2345-67"])
    monkeypatch.setattr("bot.store.new_cases.new_case_code", lambda: next(drawn))

    await world.gate.ask_for_person(ANN)

    assert await world.code() == "2345-67"
