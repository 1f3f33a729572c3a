"""Two people where it matters: proposing, confirming, refusing, withdrawing, and what voids a motion."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Condition, ConditionCode, Outcome, Ruling, Visitor
from bot.review.bench import AlreadyDecided, Bench, Changed, Decided, DecisionResult, MayNot, Seat
from bot.review.confirming import Ended, Over
from bot.review.drafts import Preview
from bot.review.motions import AlreadyProposed, Proposed, too_few
from bot.review.voting import MotionState
from bot.screens import files as file_screens
from bot.screens import motions as screens
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    MOD,
    MODERATOR_ROLE,
    NOW,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    FakeClock,
    World,
    config,
    moderator,
    visitor,
    world_in,
)

THIRD_MOD = moderator(300000000000000003)
VOICE = config().words.voice("")
OWN_CASE = visitor(role_ids=frozenset({MODERATOR_ROLE}))
DAY = timedelta(days=1)


def confirm(**keys: Any) -> dict[str, Any]:
    """What takes two."""
    return {"confirm": {"decline": "two", "admit": "two", **keys}}


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[World]:
    """Admitting and declining take two people."""
    async with world_in(tmp_path, config(**confirm()), FakeClock()) as world:
        yield world


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[World]:
    """A team of one or two."""
    async with world_in(tmp_path, config(**confirm(small_team=True)), FakeClock()) as world:
        yield world


async def decline(world: World, by: Visitor = MOD, who: Visitor = ANN) -> DecisionResult:
    """A moderator writes a decline and sends it."""
    drafted = await world.drafts.draft_by_code(
        by, await world.code(who), Outcome.DECLINE, "other", DECLINED_TEXT
    )
    assert isinstance(drafted, Preview), drafted
    return await world.drafts.send_draft(by, drafted.draft.ref)


async def proposed(world: World, by: Visitor = MOD, who: Visitor = ANN) -> str:
    """Somebody is held, and a moderator proposes to decline. Returns the id of the motion."""
    await world.held(who)
    result = await decline(world, by, who)
    assert isinstance(result, Proposed), result
    return await motion_id(world)


async def motion_id(world: World) -> str:
    """The newest motion."""
    return str((await world.rows("SELECT id FROM motion ORDER BY rowid DESC"))[0][0])


async def motion_state(world: World) -> str:
    """Where the newest motion stands."""
    return str((await world.rows("SELECT state FROM motion ORDER BY rowid DESC"))[0][0])


async def lines(world: World) -> list[str]:
    """What the log says of motions and of decisions by people."""
    found = await world.rows(
        "SELECT action FROM event WHERE action LIKE 'motion.%' OR"
        " (action LIKE 'decision.%' AND actor <> 'machine') ORDER BY seq"
    )
    return [action for (action,) in found]


async def test_the_first_vote_only_proposes(two: World) -> None:
    """Nothing is decided, sent or opened; the case says until when it waits, and the team hears of it."""
    await two.held()
    result = await decline(two)

    due = NOW + timedelta(days=3)
    assert isinstance(result, Proposed)
    assert (result.outcome, result.due, result.waits) == (Outcome.DECLINE, due, False)
    assert await two.states() == ["held"]
    assert result.case.second_by == due
    assert (await two.file()).case.second_by == due
    assert await two.rows("SELECT 1 FROM letter") == []
    assert await lines(two) == ["motion.opened"]
    assert await two.rows("SELECT vote, disclosure_version FROM vote") == [("for", 0)]
    text = file_screens.decided(VOICE, result).text
    assert "you have proposed declining. Nothing is decided yet." in text
    await two.drain()
    assert "takes two of you" in two.doorkeeper.told("post")[-1].text
    assert two.doorkeeper.told("tell") == []


async def test_what_is_proposed_is_sealed_with_the_persons_key(two: World) -> None:
    """Neither the text nor a condition stands in the row, and both come back as they were."""
    await two.held()
    conditions = (Condition(ConditionCode.LABEL, "Works for Helix", NOW + DAY),)
    ruling = Ruling(Outcome.ADMIT, "", "Welcome, on these terms.", conditions)
    bench = Bench(two.foundation)
    code = await two.code()

    def settle(connection: Any) -> DecisionResult:
        seat = bench.coded(connection, MOD, code, Outcome.ADMIT)
        assert isinstance(seat, Seat)
        return bench.settle(connection, seat, ruling)

    assert isinstance(await two.foundation.database.write(settle), Proposed)
    sealed = await two.one("SELECT sealed FROM motion")
    assert b"Helix" not in sealed
    assert b"terms" not in sealed
    shown = await two.file(by=SECOND_MOD)
    assert shown.proposed is not None
    assert shown.proposed.ruling == ruling
    text = file_screens.case_file(VOICE, two.foundation.config, shown).text
    assert "Works for Helix" in text


async def test_the_second_person_reads_just_what_will_be_sent_and_confirms(two: World) -> None:
    """One decision with two names, by the one who proposed; the message that was shown is the one sent."""
    motion = await proposed(two)
    file = await two.file(by=SECOND_MOD)
    screen = file_screens.case_file(VOICE, two.foundation.config, file)
    assert [press.label for press in screen.presses] == [
        "Confirm",
        "I do not agree",
        "More",
        "Open the next one",
    ]
    assert "**Proposed: declining**" in screen.text
    shown = screen.text.partition("The person will read this:\n>>> ")[2]
    assert DECLINED_TEXT in shown

    result = await two.confirming.confirm(SECOND_MOD, motion)

    assert isinstance(result, Decided)
    assert "declined" in screens.answered(VOICE, result).text
    assert await two.states() == ["declined"]
    first, second = await two.subject_id(MOD), await two.subject_id(SECOND_MOD)
    assert await two.rows(
        "SELECT outcome, hands, decided_by, confirmed_by FROM decision WHERE automated = 0"
    ) == [("decline", "two", first, second)]
    assert await lines(two) == ["motion.opened", "motion.carried", "decision.decline"]
    assert sorted(await two.rows("SELECT moderator_id, vote FROM vote")) == sorted(
        [(first, "for"), (second, "for")]
    )
    await two.drain()
    [told] = two.doorkeeper.told("tell")
    assert told.text.startswith(shown.strip())
    file = await two.file()
    assert file.case.second_by is None
    assert file.decisions[-1].confirmed_by == SECOND_MOD.user_id
    past = file_screens.case_file(VOICE, two.foundation.config, file).text
    assert f"by <@{MOD.user_id}>, confirmed by <@{SECOND_MOD.user_id}>" in past


async def test_opening_a_file_to_confirm_is_on_record_as_that(two: World) -> None:
    """Whoever proposed opens it to review; the second person to confirm."""
    await proposed(two)
    await two.file(by=MOD)
    await two.file(by=SECOND_MOD)

    found = await two.rows("SELECT purpose FROM access WHERE action = 'open' ORDER BY rowid")
    assert [purpose for (purpose,) in found][-2:] == ["review", "confirm"]


async def test_nobody_confirms_or_refuses_their_own_proposal(two: World) -> None:
    """Their file offers to withdraw it, and a button from elsewhere does nothing."""
    motion = await proposed(two)
    file = await two.file(by=MOD)
    screen = file_screens.case_file(VOICE, two.foundation.config, file)
    assert [press.label for press in screen.presses] == ["Withdraw it", "More", "Open the next one"]

    for attempt in (two.confirming.confirm(MOD, motion), two.confirming.disagree(MOD, motion, "")):
        result = await attempt
        assert isinstance(result, MayNot)
        assert result.code == "own_proposal"
        assert "somebody else has to confirm it" in screens.answered(VOICE, result).text
    assert await motion_state(two) == "open"


async def test_the_person_of_the_case_confirms_nothing_about_themselves(two: World) -> None:
    """Not even with the role of a moderator, and they learn nothing of what is proposed."""
    motion = await proposed(two)

    for attempt in (
        two.confirming.confirm(OWN_CASE, motion),
        two.confirming.disagree(OWN_CASE, motion, ""),
        two.confirming.withdraw(OWN_CASE, motion),
    ):
        assert await attempt == MayNot("own_case", await two.code())
    assert await two.confirming.confirm(BEN, motion) == MayNot("not_a_moderator")
    assert await two.confirming.confirm(BEN, "nothing") == MayNot("not_a_moderator")
    assert await two.confirming.confirm(MOD, "nothing") == MayNot("motion_gone")
    assert await motion_state(two) == "open"


async def test_a_second_person_who_has_not_opened_the_file_confirms_nothing(two: World) -> None:
    """A button that came from somewhere else is no reading."""
    motion = await proposed(two)

    result = await two.confirming.confirm(SECOND_MOD, motion)

    assert isinstance(result, Changed)
    assert "open the file first" in screens.answered(VOICE, result).text
    assert await motion_state(two) == "open"


async def test_one_who_does_not_agree_ends_it_and_may_say_why(two: World) -> None:
    """Nothing is decided, the case is with the team again, and the reason is sealed and for the team."""
    motion = await proposed(two)
    await two.file(by=SECOND_MOD)

    result = await two.confirming.disagree(SECOND_MOD, motion, " They named the client. ")

    assert isinstance(result, Ended)
    assert "you did not agree to declining" in screens.answered(VOICE, result).text
    assert await motion_state(two) == "refused"
    assert await two.states() == ["held"]
    assert (await two.file()).proposed is None
    assert await lines(two) == ["motion.opened", "motion.refused"]
    [(sealed, by)] = await two.rows("SELECT sealed, by_id FROM note")
    assert b"client" not in sealed
    assert by == await two.subject_id(SECOND_MOD)
    await two.drain()
    assert "did not agree to what was proposed" in two.doorkeeper.told("post")[-1].text
    late = await two.confirming.confirm(THIRD_MOD, motion)
    assert isinstance(late, Over)
    assert f"was refused by <@{SECOND_MOD.user_id}>" in screens.answered(VOICE, late).text


async def test_nothing_is_kept_of_a_reason_that_was_left_empty(two: World) -> None:
    """A blank note is no note."""
    motion = await proposed(two)
    await two.file(by=SECOND_MOD)
    await two.confirming.disagree(SECOND_MOD, motion, "  ")

    assert await two.rows("SELECT 1 FROM note") == []


async def test_only_whoever_proposed_withdraws(two: World) -> None:
    """Others say that they do not agree. Once withdrawn it can be proposed anew, by anybody."""
    motion = await proposed(two)
    await two.file(by=SECOND_MOD)
    other = await two.confirming.withdraw(SECOND_MOD, motion)
    assert isinstance(other, MayNot)
    assert other.code == "not_your_proposal"

    result = await two.confirming.withdraw(MOD, motion)

    assert isinstance(result, Ended)
    assert result.how is MotionState.WITHDRAWN
    late = await two.confirming.confirm(SECOND_MOD, motion)
    assert isinstance(late, Over)
    assert f"taken off the table by <@{MOD.user_id}>" in screens.answered(VOICE, late).text
    assert isinstance(await decline(two, SECOND_MOD), Proposed)


async def test_what_is_proposed_already_has_to_be_seen_to_first(two: World) -> None:
    """Neither another proposal nor keeping on hold goes past it, and whoever tries is told whose it is."""
    await proposed(two)
    code = await two.code()

    other = await decline(two, SECOND_MOD)
    held = await two.decisions.decide_by_code(SECOND_MOD, code, Outcome.HOLD)
    again = await two.decisions.decide_by_code(MOD, code, Outcome.ADMIT)

    for result in (other, held):
        assert isinstance(result, AlreadyProposed)
        told = file_screens.decided(VOICE, result).text
        assert f"declining is proposed already, by <@{MOD.user_id}>" in told
    assert isinstance(again, AlreadyProposed)
    assert "you have proposed declining already" in file_screens.decided(VOICE, again).text
    assert await two.rows("SELECT count(*) FROM motion") == [(1,)]
    assert await two.states() == ["held"]


async def changes_answers(world: World) -> None:
    await world.gate.reopen(ANN)


async def changes_answers_and_sends(world: World) -> None:
    await world.gate.reopen(ANN)
    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)


async def wants_to_talk(world: World) -> None:
    await world.gate.ask_for_person(ANN)


async def takes_back(world: World) -> None:
    await world.gate.take_back(ANN)


async def leaves(world: World) -> None:
    await world.gate.leave(ANN.user_id)


async def is_recorded(world: World) -> None:
    await world.conversations.record(THIRD_MOD, await world.code())


@pytest.mark.parametrize(
    "change",
    [changes_answers, changes_answers_and_sends, wants_to_talk, takes_back, leaves, is_recorded],
)
async def test_any_change_of_the_file_voids_it(
    two: World, change: Callable[[World], Awaitable[None]]
) -> None:
    """Whoever changes it: nothing is decided by a vote that comes after, and both are told."""
    motion = await proposed(two)
    await two.file(by=SECOND_MOD)

    await change(two)

    assert await motion_state(two) == "void"
    assert await two.one("SELECT second_by FROM cases") is None
    result = await two.confirming.confirm(SECOND_MOD, motion)
    assert isinstance(result, Over)
    assert "does not count any more" in screens.answered(VOICE, result).text
    assert await two.rows("SELECT 1 FROM decision WHERE automated = 0") == []
    await two.sweep.run(two.clock())
    await two.drain()
    assert await lines(two) == ["motion.opened", "motion.void"]
    told = [call.text for call in two.doorkeeper.told("post")]
    assert sum("does not count any more" in text for text in told) == 1


async def test_the_sweep_tells_of_what_was_voided_when_nobody_presses(two: World) -> None:
    """One line and one notice, however often it comes by."""
    await proposed(two)
    await two.gate.reopen(ANN)
    for _ in range(2):
        await two.sweep.run(two.clock())

    assert await lines(two) == ["motion.opened", "motion.void"]
    assert await two.rows("SELECT 1 FROM motion WHERE closed_at IS NULL") == []


async def test_what_changes_nothing_of_the_file_leaves_it(two: World) -> None:
    """Joining again, looking at the panel, reading the file: the second person confirms all the same."""
    motion = await proposed(two)
    await two.gate.arrive(ANN)
    await two.gate.standing(ANN)
    await two.file(by=THIRD_MOD)
    await two.file(by=SECOND_MOD)

    assert isinstance(await two.confirming.confirm(SECOND_MOD, motion), Decided)


async def test_a_proposer_who_may_not_decide_any_more_counts_no_more(two: World) -> None:
    """They lost the role: what they proposed falls with it, and another may propose anew."""
    motion = await proposed(two)
    await two.file(by=SECOND_MOD)
    await two.run(
        "INSERT INTO moderator (subject_id, since, seen_at, gone_at) VALUES (?, 0, 0, 1) "
        "ON CONFLICT (subject_id) DO UPDATE SET gone_at = 1",
        await two.subject_id(MOD),
    )

    result = await two.confirming.confirm(SECOND_MOD, motion)

    assert isinstance(result, Over)
    assert result.how is MotionState.VOID
    assert await two.states() == ["held"]
    assert isinstance(await decline(two, SECOND_MOD), Proposed)


async def test_two_who_confirm_make_one_decision(two: World) -> None:
    """The one who comes second is told who proposed, who confirmed, and when."""
    motion = await proposed(two)
    await two.file(by=SECOND_MOD)
    await two.file(by=THIRD_MOD)

    assert isinstance(await two.confirming.confirm(SECOND_MOD, motion), Decided)
    late = await two.confirming.confirm(THIRD_MOD, motion)

    assert isinstance(late, Over)
    text = screens.answered(VOICE, late).text
    assert (
        f"declining is decided already, by <@{MOD.user_id}>, confirmed by <@{SECOND_MOD.user_id}>, <t:"
        in text
    )
    later = await two.decisions.decide_by_code(THIRD_MOD, await two.code(), Outcome.ADMIT)
    assert isinstance(later, AlreadyDecided)
    assert f"confirmed by <@{SECOND_MOD.user_id}>" in file_screens.decided(VOICE, later).text
    assert await two.rows("SELECT count(*) FROM decision WHERE automated = 0") == [(1,)]
    assert await two.rows("SELECT count(*) FROM letter") == [(1,)]


async def test_an_admission_by_two_opens_the_door_once(two: World) -> None:
    """The role is given after the second press, not after the first."""
    await two.held()
    result = await two.decisions.decide_by_code(MOD, await two.code(), Outcome.ADMIT)
    assert isinstance(result, Proposed)
    await two.drain()
    assert two.doorkeeper.told("grant") == []

    await two.file(by=SECOND_MOD)
    assert isinstance(await two.confirming.confirm(SECOND_MOD, await motion_id(two)), Decided)
    await two.drain()

    assert len(two.doorkeeper.told("grant")) == 1
    assert await two.states() == ["admitted"]


async def test_a_rule_that_asks_for_two_holds_and_the_case_keeps_asking(tmp_path: Path) -> None:
    """Whatever the person tells later, under whatever rule; each admission takes a second moderator."""
    rules = [
        {
            "id": "links",
            "because": "Links",
            "when": {"fact": "disclosed", "one_of": ["some"]},
            "propose": "admit",
            "confirm": "two",
        },
        {"id": "others", "because": "Others", "propose": "hold"},
    ]
    async with world_in(tmp_path, config(rules=rules), FakeClock()) as world:
        file = await world.held()
        assert file.case.needs_two
        assert file.verdict is not None
        assert file.verdict.rule["confirm"] == "two"
        shown = file_screens.case_file(VOICE, world.foundation.config, file).text
        assert "Letting them in takes two of you." in shown
        await world.gate.reopen(ANN)
        summary = await world.summary(ANN)
        [about] = [item for item in summary.entries if item.shown.page.id == "about"]
        await world.save(ANN, about.ref, ABOUT_NIL)
        await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)
        file = await world.file()
        assert file.verdict is not None
        assert (file.verdict.rule_id, file.case.needs_two) == ("others", True)
        result = await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)
        assert isinstance(result, Proposed)
        await world.held(BEN)
        assert isinstance(await decline(world, who=BEN), Decided)


async def test_past_its_date_it_waits_for_a_second_person_all_the_same(two: World) -> None:
    """Nothing is carried by time where two are needed, and it can still be confirmed."""
    motion = await proposed(two)
    await two.sweep.run(two.clock.advance(days=30))

    assert await motion_state(two) == "open"
    assert await two.states() == ["held"]
    await two.file(by=SECOND_MOD)
    assert isinstance(await two.confirming.confirm(SECOND_MOD, motion), Decided)


async def test_a_small_team_waits_a_day_and_then_it_is_carried(small: World) -> None:
    """One person, the wait, and a line in the record; nobody was promised a second reader."""
    await small.held()
    result = await decline(small)
    assert isinstance(result, Proposed)
    assert result.waits
    text = file_screens.decided(VOICE, result).text
    assert "It waits until" in text
    assert "second" not in text
    await small.live(hours=23)
    assert await small.states() == ["held"]

    await small.live(hours=2)

    assert await small.states() == ["declined"]
    assert await small.rows("SELECT hands, decided_by, confirmed_by FROM decision WHERE automated = 0") == [
        ("waited", await small.subject_id(MOD), None)
    ]
    assert await lines(small) == ["motion.opened", "motion.carried", "decision.decline"]
    assert len(small.doorkeeper.told("tell")) == 1
    past = file_screens.case_file(VOICE, small.foundation.config, await small.file()).text
    assert f"by <@{MOD.user_id}>, after a wait" in past


async def test_the_wait_is_not_over_because_the_bot_was_away(small: World) -> None:
    """Nobody could stop it then, so the time is given back."""
    await proposed(small)
    await small.sleep(hours=30)
    assert await motion_state(small) == "open"

    await small.live(hours=25)
    assert await motion_state(small) == "carried"


async def test_a_clock_put_back_prolongs_no_wait(small: World) -> None:
    """It is over a day after the clock was put back, at the latest."""
    await proposed(small)
    small.clock.now -= timedelta(days=300)
    await small.sweep.run(small.clock())
    await small.live(hours=25)

    assert await motion_state(small) == "carried"


async def test_while_a_small_team_waits_anybody_stops_it(small: World) -> None:
    """Whoever wrote it, or another moderator. Nothing is decided then, and the one who is late hears who."""
    motion = await proposed(small)
    file = await small.file(by=SECOND_MOD)
    screen = file_screens.case_file(VOICE, small.foundation.config, file)
    assert [press.label for press in screen.presses] == ["Confirm", "Stop it", "More", "Open the next one"]

    assert isinstance(await small.confirming.withdraw(SECOND_MOD, motion), Ended)

    await small.live(days=2)
    assert await small.states() == ["held"]
    late = await small.confirming.withdraw(MOD, motion)
    assert isinstance(late, Over)
    assert late.by == SECOND_MOD.user_id


async def test_a_second_person_in_a_small_team_need_not_wait(small: World) -> None:
    """If there is one after all, and they have read the file, it is decided by two."""
    motion = await proposed(small)
    await small.file(by=SECOND_MOD)

    assert isinstance(await small.confirming.confirm(SECOND_MOD, motion), Decided)
    assert await small.one("SELECT hands FROM decision WHERE automated = 0") == "two"


async def test_a_small_team_carries_nothing_on_a_file_that_changed(small: World) -> None:
    """Nor by somebody who may not decide the case any more."""
    await proposed(small)
    await small.gate.reopen(ANN)
    await proposed(small, who=BEN)
    await small.run(
        "INSERT INTO moderator (subject_id, since, seen_at, gone_at) VALUES (?, 0, 0, 1) "
        "ON CONFLICT (subject_id) DO UPDATE SET gone_at = 1",
        await small.subject_id(MOD),
    )
    await small.live(hours=25)

    assert await small.rows("SELECT DISTINCT state FROM motion") == [("void",)]
    assert await small.rows("SELECT 1 FROM decision WHERE automated = 0") == []
    assert (await lines(small)).count("motion.void") == 2


async def test_with_too_few_who_have_filed_nothing_that_takes_two_can_be_decided(two: World) -> None:
    """Current moderators with a current disclosure are counted; a small team needs none."""

    async def few(settings: Any = two.foundation) -> bool:
        return await two.foundation.database.read(lambda connection: too_few(connection, settings))

    assert await few()
    for mod in (MOD, SECOND_MOD):
        await two.send(mod, ABOUT_LINKED, LINK_NOW, PURPOSE)
        assert await few()
        await two.run(
            "INSERT INTO moderator (subject_id, since, seen_at) VALUES (?, 0, 0) ON CONFLICT DO NOTHING",
            await two.subject_id(mod),
        )
    assert not await few()
    await two.run("UPDATE moderator SET gone_at = 1 WHERE subject_id = ?", await two.subject_id(MOD))
    assert await few()
