"""A second look: the code, asking for it, who takes it, what it comes to, and what ends it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import to_ms
from bot.ids import new_follow_code
from bot.model import (
    AppealOutcome,
    CaseState,
    Condition,
    ConditionCode,
    Delivery,
    Outcome,
    Ruling,
    Scope,
    Via,
    Visitor,
)
from bot.ports import Refused, Why
from bot.review import second_looks
from bot.review.appeal_desk import Answered, AnswerPreview, AppealChanged, Ended
from bot.review.appeal_files import AppealFile
from bot.review.appeals import WRONG_CODES, Filed, NotFiled, Writing
from bot.review.bench import Bench, Decided, MayNot, Seat
from bot.review.confirming import Over
from bot.review.desk import Denied
from bot.review.motions import Proposed
from bot.review.next_step import Group
from bot.review.queue import Overview
from bot.review.voting import MotionState
from bot.screens import files
from bot.screens import queue as queue_screens
from bot.screens.appeal_desk import answered, appeal_file, preview
from bot.screens.desk import OPEN_APPEAL
from bot.screens.gate import standing
from bot.standing import AdmittedStanding, HeldStanding, RefusedStanding, Welcome
from bot.store import cases, decisions, disclosures, queue, stats
from bot.store.decisions import Decision
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    MOD,
    NOW,
    PURPOSE,
    SECOND_MOD,
    FakeClock,
    World,
    config,
    moderator,
    world_in,
)

VOICE = config().words.voice("")
THIRD_MOD = moderator(300000000000000003)
THEY_WROTE = "You mixed me up with somebody else."
SENTENCE = "We read it again, and this is what we think."
A = AppealOutcome
LABEL = Condition(ConditionCode.LABEL, "Works for Helix Pharma.")


@pytest.fixture
async def small_world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The core of a community whose team is one or two people."""
    async with world_in(tmp_path, config(confirm={"small_team": True}), clock) as opened:
        yield opened


@pytest.fixture
async def two_world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The core of a community in which the answer to an appeal takes two."""
    async with world_in(tmp_path, config(confirm={"appeal": "two"}), clock) as opened:
        yield opened


async def refused(world: World, outcome: Outcome = Outcome.DECLINE, who: Visitor = ANN) -> str:
    """Somebody whose answers were read is turned down by the first moderator. Returns their code."""
    await world.held(who)
    if outcome is Outcome.REMOVE:
        await ruled(world, Ruling(Outcome.ADMIT), who)
    await ruled(world, Ruling(outcome, "other", DECLINED_TEXT), who)
    return await code_in_letter(world, who)


async def on_conditions(world: World, who: Visitor = ANN) -> str:
    """Somebody is admitted on conditions by the first moderator. Returns their code."""
    await world.held(who)
    await ruled(world, Ruling(Outcome.ADMIT, "other", "Welcome.", (LABEL,)), who)
    return await code_in_letter(world, who)


async def ruled(world: World, ruling: Ruling, who: Visitor = ANN, by: Visitor = MOD) -> None:
    """A decision is recorded as the bench records it."""
    bench, case_id = Bench(world.foundation), await world.case_id(who)

    def record(connection: sqlite3.Connection) -> None:
        case, on = cases.again(connection, case_id), world.foundation
        by_id = on.find_or_add(connection, by.user_id, on.now()).id
        logged = disclosures.current_of_case(connection, on.key_of(connection, case.subject_id), case_id)
        bench.record(connection, Seat(case, by_id, logged), ruling)

    await world.foundation.database.write(record)


async def code_in_letter(world: World, who: Visitor = ANN) -> str:
    """The code in somebody's newest letter."""
    case_id = await world.case_id(who)

    def read(connection: sqlite3.Connection) -> str:
        key = world.foundation.key_of(connection, cases.again(connection, case_id).subject_id)
        letter = decisions.latest_letter(connection, key, case_id)
        return letter.appeal_code if letter else ""

    return await world.foundation.database.read(read)


async def filed(world: World, who: Visitor = ANN, text: str = THEY_WROTE) -> Filed:
    """An appeal that must be taken."""
    result = await world.appeals.file(who, text)
    assert isinstance(result, Filed), result
    return result


async def opened(world: World, result: Filed, by: Visitor = SECOND_MOD) -> AppealFile:
    """An appeal that must open."""
    found = await world.appeal_desk.open_appeal(by, result.appeal.id)
    assert isinstance(found, AppealFile), found
    return found


async def drafted(
    world: World, file: AppealFile, answer: A, by: Visitor = SECOND_MOD, text: str = SENTENCE
) -> AnswerPreview:
    """An answer that must come to a preview."""
    terms = (LABEL,) if answer is A.CHANGED_IN_PART else ()
    result = await world.appeal_desk.draft(by, file.file.ref, answer, "appeal_stands", text, terms)
    assert isinstance(result, AnswerPreview), result
    return result


async def answer(world: World, result: Filed, with_what: A, by: Visitor = SECOND_MOD) -> Answered:
    """The whole way from opening an appeal to sending the answer."""
    draft = await drafted(world, await opened(world, result, by), with_what, by)
    sent = await world.appeal_desk.send(by, draft.draft.ref)
    assert isinstance(sent, Answered), sent
    return sent


async def outcome_of(world: World, result: Filed) -> str:
    """What an appeal came to."""
    return str(await world.one("SELECT outcome FROM appeal WHERE id = ?", result.appeal.id))


async def told_before(world: World) -> None:
    """Every letter so far has arrived."""
    await world.run("UPDATE letter SET delivery = 'arrived'")


async def told_later(world: World) -> None:
    """A day has passed since the last message to anybody, so that what waits is sent."""
    for _ in range(2):
        await world.drain()
        world.clock.advance(days=1, minutes=1)
    await world.drain()


async def letters(world: World) -> int:
    """How many letters were written."""
    return int(await world.one("SELECT count(*) FROM letter"))


# The code


@pytest.mark.parametrize("outcome", [Outcome.DECLINE, Outcome.REDIRECT, Outcome.REMOVE])
async def test_every_refusal_and_removal_tells_how_to_appeal_until_when_and_gives_a_code(
    world: World, outcome: Outcome
) -> None:
    """In the letter that is sent; and the table keeps a keyed hash, never the code."""
    code = await refused(world, outcome)
    await told_later(world)

    told = world.doorkeeper.told("tell")[-1].text
    assert f"Your code is **{code}**" in told
    assert "privacy@harbour.example" in told
    assert "Somebody who had no part in this decision" in told
    until = NOW + world.foundation.config.appeals.window
    assert f"<t:{int(until.timestamp())}:D>" in told
    [(lookup, kept)] = await world.rows("SELECT lookup, until FROM appeal_code")
    assert kept == to_ms(until)
    assert lookup == world.foundation.vault.code_hash("appeal", code)
    for table in ("appeal_code", "letter", "event_payload", "effect"):
        assert code not in repr(await world.rows(f"SELECT * FROM {table}"))


async def test_conditions_can_be_appealed_and_a_plain_admission_needs_no_code(world: World) -> None:
    """What keeps somebody from nothing is nothing to appeal against."""
    assert await on_conditions(world)
    await world.held(BEN)
    await ruled(world, Ruling(Outcome.ADMIT), BEN)

    assert await code_in_letter(world, BEN) == ""
    assert await world.appeals.standing(BEN) is None


async def test_a_small_team_promises_nobody_who_is_not_there(world: World) -> None:
    """It says that the same people may look again, after a wait."""
    small = config(confirm={"small_team": True})
    await refused(world)
    stands = await world.gate.standing(ANN)

    told = standing(VOICE, small, stands).text

    assert "may be the same people" in told
    assert "no part" not in told


async def test_the_code_stands_on_the_status_page_and_in_the_persons_own_data_only(world: World) -> None:
    """The team reads the letter as it was sent, without the code."""
    code = await refused(world)
    stands = await world.gate.standing(ANN)
    assert isinstance(stands, RefusedStanding)
    screen = standing(VOICE, config(), stands)
    assert code in screen.text
    assert "Ask for a second look" in [press.label for press in screen.presses]

    shown = files.case_file(VOICE, config(), await world.file(ANN, SECOND_MOD)).text
    assert code not in shown
    assert "only the person can see it" in shown


async def test_the_window_is_never_longer_than_there_is_something_to_look_at(world: World) -> None:
    """Codes do not promise what retention has deleted."""
    short = world.foundation.config.model_copy(
        update={"appeals": world.foundation.config.appeals.model_copy(update={"window": timedelta(days=900)})}
    )
    assert second_looks.window(replace(world.foundation, config=short)) == short.retention.refused


# Filing


async def test_an_appeal_is_acknowledged_at_once_and_can_be_added_to_for_a_week(world: World) -> None:
    """The same button changes the text; after that, it stays as it is."""
    await refused(world)
    result = await filed(world)
    assert result.appeal.via is Via.PANEL
    assert result.appeal.due_at == NOW + world.foundation.config.appeals.target
    assert THEY_WROTE.encode() not in await world.one("SELECT sealed FROM appeal")

    world.clock.advance(days=6)
    again = await filed(world, text="And there is more.")
    assert again.again
    assert await world.appeals.write(ANN) == Writing("And there is more.", again=True)
    assert (await opened(world, result)).text == "And there is more."

    world.clock.advance(days=2)
    assert await world.appeals.file(ANN, "Too late.") == NotFiled("too_late_to_add")
    assert await world.appeals.write(ANN) == NotFiled("too_late_to_add")
    assert (await opened(world, result)).text == "And there is more."
    assert await world.rows("SELECT action FROM event WHERE action LIKE 'appeal.%'") == [
        ("appeal.filed",),
        ("appeal.changed",),
    ]


async def test_somebody_may_ask_without_a_word_of_why(world: World) -> None:
    """The form can be left empty."""
    await refused(world)
    file = await opened(world, await filed(world, text="  "))

    assert file.text == ""
    assert "wrote nothing" in appeal_file(VOICE, config(), file).text


async def test_there_is_one_appeal_for_each_decision(world: World) -> None:
    """Neither the button nor the code files another one, whatever became of the first."""
    code = await refused(world)
    result = await filed(world)
    await answer(world, result, A.SAME)

    assert await world.appeals.file(ANN, "Again.") == NotFiled("nothing_to_appeal")
    assert await world.appeals.file_by_code(SECOND_MOD, code, "Again.") == NotFiled("no_such_appeal_code")
    assert await world.one("SELECT count(*) FROM appeal") == 1


async def test_two_devices_file_one_appeal(world: World) -> None:
    """Whoever comes second changes what was written."""
    await refused(world)

    both = await asyncio.gather(filed(world), filed(world))

    assert [one.again for one in both] == [False, True]
    assert both[0].appeal.id == both[1].appeal.id


async def test_after_the_window_nothing_can_be_filed(world: World) -> None:
    """Neither in the server nor with the code."""
    code = await refused(world)
    world.clock.now = NOW + world.foundation.config.appeals.window

    assert await world.appeals.file(ANN, "") == NotFiled("nothing_to_appeal")
    assert await world.appeals.check_code(MOD, code) == NotFiled("no_such_appeal_code")


async def test_a_stranger_and_a_plain_member_have_nothing_to_appeal(world: World) -> None:
    """Nobody is asked anything for pressing an old button."""
    await world.send(BEN, ABOUT_NIL)

    for who in (ANN, BEN):
        assert await world.appeals.file(who, "") == NotFiled("nothing_to_appeal")
        assert await world.appeals.write(who) == NotFiled("nothing_to_appeal")
        assert not await world.appeals.withdraw(who)


async def test_the_code_works_after_leaving_and_typed_any_way(world: World) -> None:
    """A moderator files what came to the contact address, and hears no more than the case's code."""
    code = await refused(world)
    await world.gate.leave(ANN.user_id)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    assert await world.appeals.check_code(MOD, typed) is None
    result = await world.appeals.file_by_code(MOD, typed, THEY_WROTE)

    assert isinstance(result, Filed)
    assert result.appeal.via is Via.CONTACT
    assert (await opened(world, result)).text == THEY_WROTE
    more = await world.appeals.file_by_code(SECOND_MOD, code, "One more thing.")
    assert isinstance(more, Filed)
    assert more.again
    assert (await opened(world, result)).text == f"{THEY_WROTE}\n\nOne more thing."
    world.clock.advance(days=8)
    assert await world.appeals.file_by_code(MOD, code, "Late.") == NotFiled("no_such_appeal_code")


async def test_wrong_codes_are_told_apart_by_nobody_and_not_tried_for_ever(world: World) -> None:
    """Unknown, used up and over are one answer; after ten, nothing is looked up for a while."""
    code = await refused(world)
    await filed(world)
    assert await world.appeals.check_code(ANN, code) == NotFiled("not_a_moderator")
    tried = [code, *(new_follow_code() for _ in range(WRONG_CODES - 1))]

    assert {await world.appeals.check_code(MOD, one) for one in tried} == {NotFiled("no_such_appeal_code")}

    assert await world.appeals.check_code(MOD, code) == NotFiled("too_many_codes")
    assert await world.appeals.check_code(SECOND_MOD, code) == NotFiled("no_such_appeal_code")
    world.clock.advance(hours=1)
    assert await world.appeals.check_code(MOD, code) == NotFiled("no_such_appeal_code")


async def test_an_appeal_taken_back_is_over(world: World) -> None:
    """It counts as nothing against the person, and it is the one there is."""
    await refused(world)
    result = await filed(world)

    assert await world.appeals.withdraw(ANN)

    assert await outcome_of(world, result) == "withdrawn"
    assert not await world.appeals.withdraw(ANN)
    assert await world.appeals.file(ANN, "") == NotFiled("nothing_to_appeal")
    assert await world.appeal_desk.open_appeal(SECOND_MOD, result.appeal.id) == Denied("appeal_over")


# Who looks again


async def test_whoever_decided_does_not_look_again(world: World) -> None:
    """One line, on record, and nothing else; neither by the appeal nor by the code of the case."""
    await refused(world)
    result = await filed(world)

    assert await world.appeal_desk.open_appeal(MOD, result.appeal.id) == Denied("recused")
    assert await world.appeal_desk.open_by_code(MOD, result.case.code) == Denied("recused")
    assert ("file.refused",) in await world.rows("SELECT action FROM event")
    file = await opened(world, result)
    draft = await drafted(world, file, A.SAME)
    assert await world.appeal_desk.draft(MOD, file.file.ref, A.SAME, "appeal_mistake", "") == MayNot(
        "open_it_yourself"
    )
    assert await world.appeal_desk.send(MOD, draft.draft.ref) == MayNot("draft_gone")


@pytest.mark.parametrize("part", ["confirmed", "proposed", "voted"])
async def test_whoever_had_any_part_in_it_does_not_look_again(world: World, part: str) -> None:
    """The second person, whoever proposed it, and whoever voted."""
    await refused(world)
    result = await filed(world)
    await world.decisions.decide_by_code(SECOND_MOD, "0000-00", Outcome.HOLD)
    await opened(world, result)
    second, case_id = await world.subject_id(SECOND_MOD), result.case.id
    if part == "confirmed":
        await world.run("DROP TRIGGER decision_no_update")
        await world.run(
            "UPDATE decision SET hands = 'two', confirmed_by = ? WHERE id = ?",
            second,
            result.appeal.decision_id,
        )
    else:
        proposer = second if part == "proposed" else "somebody"
        await world.run(
            """
            INSERT INTO motion VALUES ('m', ?, 1, 'decline', 'other', NULL, x'00', ?, ?, ?, 0, 'carried', ?)
            """,
            case_id,
            proposer,
            *[to_ms(NOW)] * 3,
        )
    if part == "voted":
        await world.run("INSERT INTO vote VALUES ('m', ?, 'against', 1, ?)", second, to_ms(NOW))

    assert await world.appeal_desk.open_appeal(SECOND_MOD, result.appeal.id) == Denied("recused")
    assert isinstance(await world.appeal_desk.open_appeal(THIRD_MOD, result.appeal.id), AppealFile)


async def test_nobody_looks_at_their_own_appeal_and_strangers_at_none(world: World) -> None:
    """A moderator who was turned down is an appellant like everybody."""
    await refused(world, who=SECOND_MOD)
    result = await filed(world, SECOND_MOD)

    assert await world.appeal_desk.open_appeal(SECOND_MOD, result.appeal.id) == Denied("own_case")
    assert await world.appeal_desk.open_appeal(BEN, result.appeal.id) == Denied("not_a_moderator")
    assert await world.appeal_desk.open_appeal(THIRD_MOD, "nothing") == Denied("no_such_case")
    assert await world.appeal_desk.open_by_code(THIRD_MOD, "0000-00") == Denied("no_such_case")


@pytest.mark.parametrize("another", [True, False])
async def test_a_team_too_small_for_fresh_eyes_looks_again_itself_after_its_wait(
    small_world: World, another: bool
) -> None:
    """Unless there is somebody who had no part; and the record says that it was the same hands."""
    world = small_world
    await refused(world)
    result = await filed(world)
    if another:
        await world.appeal_desk.open_appeal(SECOND_MOD, result.appeal.id)
        second = await world.subject_id(SECOND_MOD)
        assert await world.rows("SELECT 1 FROM moderator WHERE subject_id = ?", second)
    early = await world.appeal_desk.open_appeal(MOD, result.appeal.id)
    assert early == Denied("recused" if another else "appeal_waits")
    world.clock.now = NOW + world.foundation.config.confirm.wait

    if another:
        assert await world.appeal_desk.open_appeal(MOD, result.appeal.id) == Denied("recused")
        return
    await answer(world, result, A.SAME, by=MOD)
    [(payload,)] = await world.rows(
        "SELECT payload FROM event_payload JOIN event USING (seq) WHERE action = 'appeal.decided'"
    )
    assert '"hands":"same"' in payload


async def test_whoever_looks_again_sees_all_that_the_first_saw_and_the_reasons(world: World) -> None:
    """Answers, links, the rule, the reason, the letter as it was sent, and what the person wrote."""
    await refused(world)
    file = await opened(world, await filed(world))

    told = appeal_file(VOICE, config(), file).text

    for part in (
        "Second look at case",
        THEY_WROTE,
        "Something else",
        DECLINED_TEXT,
        "Helix Pharma",
        "**Rule**",
        "To talk with others",
        f"<@{MOD.user_id}>",
    ):
        assert part in told, part
    assert await world.rows("SELECT purpose FROM access WHERE purpose = 'appeal'") == [("appeal",)]


# What it comes to


@pytest.mark.parametrize("before", [Outcome.DECLINE, Outcome.REDIRECT, Outcome.REMOVE])
@pytest.mark.parametrize("with_what", [A.CHANGED, A.CHANGED_IN_PART, A.SAME, A.SENT_BACK])
async def test_what_a_second_look_does_to_a_refusal_or_removal(
    world: World, before: Outcome, with_what: A
) -> None:
    """Let in, on conditions or without; as it was; or open again. One letter, and the appeal is over."""
    await refused(world, before)
    await told_before(world)
    result, written = await filed(world), await letters(world)
    state_before = await world.one("SELECT state FROM cases")

    sent = await answer(world, result, with_what)

    after = {A.SAME: state_before, A.SENT_BACK: "held"}.get(with_what, "admitted")
    assert sent.case.state.value == after
    assert await world.states() == [after]
    assert await outcome_of(world, result) == with_what.value
    assert await letters(world) == written + 1
    assert await world.one("SELECT answer FROM letter ORDER BY rowid DESC LIMIT 1") == with_what.value
    after_it = "SELECT outcome FROM decision WHERE supersedes = ?"
    new = [row[0] for row in await world.rows(after_it, result.appeal.decision_id)]
    expected = {A.SAME: [], A.SENT_BACK: ["reopen"]}.get(with_what, ["reopen", "admit"])
    assert new == expected
    await told_later(world)
    assert [call.text.count(SENTENCE) for call in world.doorkeeper.told("tell")] == [1]
    if after == "admitted":
        assert world.doorkeeper.told("grant")
    again = await code_in_letter(world)
    assert bool(again) == (with_what is A.CHANGED_IN_PART), "only new conditions can be appealed again"


@pytest.mark.parametrize("with_what", [A.CHANGED, A.CHANGED_IN_PART, A.SAME])
async def test_what_a_second_look_does_to_conditions(world: World, with_what: A) -> None:
    """They end, or are others, or stay; the member stays a member, and has had their second look."""
    await on_conditions(world)
    await told_before(world)
    result, written = await filed(world), await letters(world)
    before = await world.one("SELECT decision_id FROM cases")

    await answer(world, result, with_what)

    assert await world.states() == ["admitted"]
    assert await outcome_of(world, result) == with_what.value
    assert await letters(world) == written + 1
    assert (await world.one("SELECT decision_id FROM cases") == before) == (with_what is A.SAME)
    assert await code_in_letter(world) == ""
    assert await world.appeals.standing(ANN) is None


async def test_a_member_is_not_put_outside_for_appealing(world: World) -> None:
    """Conditions are changed or stay; a fresh decision on the whole case is not on offer."""
    await on_conditions(world)
    file = await opened(world, await filed(world))

    assert A.SENT_BACK not in file.answers
    refusal = await world.appeal_desk.draft(SECOND_MOD, file.file.ref, A.SENT_BACK, "appeal_mistake", "")
    assert refusal == MayNot("appeal_not_so", file.file.case.code)


async def test_what_cannot_be_admitted_as_it_stands_is_sent_back_instead(world: World) -> None:
    """The preview says so before anything is sent."""
    await world.begin()
    await world.decline()
    result = await filed(world)

    draft = await drafted(world, await opened(world, result), A.CHANGED)

    assert draft.draft.answer is A.SENT_BACK
    assert "cannot be admitted as it stands" in preview(VOICE, config(), draft).text
    sent = await world.appeal_desk.send(SECOND_MOD, draft.draft.ref)
    assert isinstance(sent, Answered)
    assert sent.case.state is CaseState.HELD


async def test_what_was_previewed_is_what_is_sent(world: World) -> None:
    """In the person's language, word for word, with what they have to keep to."""
    await refused(world)
    await told_before(world)
    draft = await drafted(world, await opened(world, await filed(world)), A.CHANGED_IN_PART)
    changed = await world.appeal_desk.redraft(SECOND_MOD, draft.draft.ref, "In other words.")
    assert isinstance(changed, AnswerPreview)
    shown = preview(VOICE, config(), changed).text.partition(">>> ")[2]
    assert "In other words." in shown
    assert "Works for Helix Pharma." in shown

    await world.appeal_desk.send(SECOND_MOD, changed.draft.ref)
    await told_later(world)

    assert shown.strip() in world.doorkeeper.told("tell")[-1].text


@pytest.mark.parametrize(
    ("reason", "text", "terms", "why"),
    [
        ("other", "", (), "no_such_reason"),
        ("appeal_stands", " ", (), "sentence_needed"),
        ("appeal_mistake", "", (), "conditions_needed"),
    ],
)
async def test_an_answer_needs_a_reason_words_and_conditions_where_some_stay(
    world: World, reason: str, text: str, terms: tuple[Condition, ...], why: str
) -> None:
    """Nobody is told less than what was decided."""
    await refused(world)
    file = await opened(world, await filed(world))

    result = await world.appeal_desk.draft(SECOND_MOD, file.file.ref, A.CHANGED_IN_PART, reason, text, terms)

    assert result == MayNot(why, file.file.case.code)


async def test_after_the_last_step_the_person_is_told_so_and_how_to_ask_again(world: World) -> None:
    """On the status page, too; and the button is gone."""
    await refused(world)
    await answer(world, await filed(world), A.SAME)

    screen = standing(VOICE, config(), await world.gate.standing(ANN))

    assert "This was the last step" in screen.text
    assert SENTENCE in screen.text
    assert "ask to join again whenever you like" in screen.text
    assert "Ask for a second look" not in [press.label for press in screen.presses]
    assert "Ask again" in [press.label for press in screen.presses]


async def test_whoever_is_gone_is_let_in_when_they_come_back(world: World) -> None:
    """The decision is recorded; the letter cannot arrive, and the door opens on their return."""
    code = await refused(world)
    await told_before(world)
    await world.gate.leave(ANN.user_id)
    result = await world.appeals.file_by_code(MOD, code, THEY_WROTE)
    assert isinstance(result, Filed)
    world.doorkeeper.will("grant", Refused(Why.GONE))
    world.doorkeeper.will("tell", Refused(Why.GONE))

    sent = await answer(world, result, A.CHANGED)

    assert "contact address" in answered(VOICE, sent).text
    await told_later(world)
    assert await world.states() == ["admitted"]
    assert await world.one("SELECT delivery FROM letter ORDER BY rowid DESC LIMIT 1") == Delivery.GONE
    await world.gate.arrive(ANN)
    await world.drain()
    assert [call.user_id for call in world.doorkeeper.told("grant")][-1] == ANN.user_id
    assert len(world.doorkeeper.told("grant")) == 2
    assert isinstance(await world.gate.standing(ANN), AdmittedStanding)


async def test_a_case_that_was_sent_back_waits_also_for_somebody_who_is_gone(world: World) -> None:
    """A fresh decision is owed to them, and noticing that they left does not end it."""
    code = await refused(world)
    await world.gate.leave(ANN.user_id)
    result = await world.appeals.file_by_code(MOD, code, "")
    assert isinstance(result, Filed)
    await answer(world, result, A.SENT_BACK)

    await world.gate.leave(ANN.user_id)

    assert await world.states() == ["held"]
    waiting = await world.foundation.database.read(lambda c: queue.page(c, Group.DECIDE, queue.TOP, 5))
    assert [one.code for one in waiting] == [result.case.code]
    await world.gate.arrive(ANN)
    assert isinstance(await world.gate.standing(ANN), HeldStanding)


async def test_an_empty_new_request_gives_way_and_one_that_was_begun_does_not(world: World) -> None:
    """Whoever comes back has one by themselves. What they told anew is what has to be decided."""
    await refused(world, Outcome.REMOVE)
    await world.gate.leave(ANN.user_id)
    await world.gate.arrive(ANN)
    stands = await world.gate.standing(ANN)
    assert isinstance(stands, Welcome)
    assert "Ask for a second look" in [p.label for p in standing(VOICE, config(), stands).presses]
    result = await filed(world)
    file = await opened(world, result)
    await world.begin()
    newer = await world.code()

    refusal = await world.appeal_desk.draft(SECOND_MOD, file.file.ref, A.CHANGED, "appeal_mistake", "")

    assert refusal == MayNot("newer_open", newer)
    await world.gate.take_back(ANN)
    await world.gate.leave(ANN.user_id)
    await world.gate.arrive(ANN)
    await answer(world, result, A.CHANGED)
    assert await world.rows(
        "SELECT state FROM cases WHERE state IN ('waiting', 'answering', 'held', 'admitted')"
    ) == [("admitted",)]


async def test_an_appeal_of_somebody_who_was_let_in_since_ends_in_words_alone(world: World) -> None:
    """They are a member by a newer decision, which stays."""
    await refused(world)
    result = await filed(world)
    await world.begin()
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await ruled(world, Ruling(Outcome.ADMIT), by=THIRD_MOD)

    await answer(world, result, A.CHANGED)

    assert await world.states() == ["declined", "admitted"]
    assert await outcome_of(world, result) == "changed"


@pytest.mark.parametrize(
    ("ruling", "outcome"),
    [
        (Ruling(Outcome.REOPEN, "other", "We look again."), "sent_back"),
        (Ruling(Outcome.ADMIT), "changed"),
        (Ruling(Outcome.ADMIT, "other", "", (LABEL,)), "changed_in_part"),
        (Ruling(Outcome.REMOVE, "other", "You cannot stay."), "same"),
    ],
)
async def test_what_the_team_decides_meanwhile_ends_an_appeal_that_it_makes_needless(
    world: World, ruling: Ruling, outcome: str
) -> None:
    """No appeal is left over that nobody could answer, and what is decided then can be appealed."""
    await (refused(world) if ruling.outcome is Outcome.REOPEN else on_conditions(world))
    result = await filed(world)

    await ruled(world, ruling)

    assert await outcome_of(world, result) == outcome
    if ruling.outcome is Outcome.REMOVE:
        assert (await world.appeals.standing(ANN)) is not None


# Where an answer takes two


async def proposed(world: World, with_what: A) -> tuple[Filed, str]:
    """Somebody who had no part proposes an answer. Returns the appeal, and the id of the motion."""
    await refused(world)
    await told_before(world)
    result = await filed(world)
    draft = await drafted(world, await opened(world, result), with_what)
    assert "This takes two of you" in preview(VOICE, config(confirm={"appeal": "two"}), draft).text
    sent = await world.appeal_desk.send(SECOND_MOD, draft.draft.ref)
    assert isinstance(sent, Proposed), sent
    return result, str(await world.one("SELECT id FROM motion"))


@pytest.mark.parametrize("with_what", [A.CHANGED, A.CHANGED_IN_PART, A.SENT_BACK])
async def test_an_answer_that_takes_two_is_confirmed_by_another_who_had_no_part(
    two_world: World, with_what: A
) -> None:
    """Not by whoever made the decision, nor by whoever proposes the answer; then all of it is done in one."""
    world = two_world
    result, motion = await proposed(world, with_what)
    code = result.case.code
    assert await world.states() == ["declined"]
    assert await world.one("SELECT outcome FROM appeal") is None
    assert await world.confirming.confirm(MOD, motion) == MayNot("recused", code)
    assert await world.confirming.confirm(SECOND_MOD, motion) == MayNot("own_proposal", code)

    file = await opened(world, result, THIRD_MOD)
    shown = appeal_file(VOICE, config(), file)
    assert SENTENCE in shown.text
    assert [press.label for press in shown.presses[:2]] == ["Confirm", "I do not agree"]
    confirmed = await world.confirming.confirm(THIRD_MOD, motion)

    assert isinstance(confirmed, Decided), confirmed
    assert await world.states() == ["held" if with_what is A.SENT_BACK else "admitted"]
    assert await outcome_of(world, result) == with_what.value
    assert await world.one("SELECT answer FROM letter ORDER BY rowid DESC LIMIT 1") == with_what.value
    third = await world.subject_id(THIRD_MOD)
    after_it = "SELECT hands, confirmed_by FROM decision WHERE supersedes = ?"
    assert set(await world.rows(after_it, result.appeal.decision_id)) == {("two", third)}


@pytest.mark.parametrize("what", ["adds", "withdraws"])
async def test_what_the_person_does_voids_an_answer_that_waits_for_another(
    two_world: World, what: str
) -> None:
    """It was proposed on what they had written until then."""
    world = two_world
    _, motion = await proposed(world, A.CHANGED)

    if what == "adds":
        assert isinstance(await world.appeals.file(ANN, "There is more."), Filed)
    else:
        assert await world.appeals.withdraw(ANN)
    over = await world.confirming.confirm(THIRD_MOD, motion)

    assert isinstance(over, Over), over
    assert over.how is MotionState.VOID
    assert await world.states() == ["declined"]


# In the queue


async def test_the_next_one_may_be_a_second_look_but_not_of_ones_own_decision(world: World) -> None:
    """It opens as an appeal, and is looked after by whoever took it."""
    await refused(world)
    result = await filed(world)

    assert await world.queue.open_next(MOD) == Denied("nothing_waits")
    file = await world.queue.open_next(SECOND_MOD)

    assert isinstance(file, AppealFile)
    assert file.appeal.id == result.appeal.id
    second = await world.subject_id(SECOND_MOD)
    assert await world.rows("SELECT kind, holder_id FROM claim") == [("appeal", second)]
    shown = queue_screens.overview(VOICE, await overview(world))
    assert [press.ref for press in shown.presses if press.action == OPEN_APPEAL] == [result.appeal.id]


async def overview(world: World) -> Overview:
    """What waits, for a moderator."""
    shown = await world.queue.show(SECOND_MOD)
    assert isinstance(shown, Overview)
    return shown


# Races


async def test_of_two_who_answer_at_once_the_second_is_told_what_it_came_to(world: World) -> None:
    """One answer, one letter."""
    await refused(world)
    await told_before(world)
    result = await filed(world)
    before = await letters(world)
    first = await drafted(world, await opened(world, result), A.CHANGED)
    second = await drafted(world, await opened(world, result, THIRD_MOD), A.SAME, THIRD_MOD)

    both = await asyncio.gather(
        world.appeal_desk.send(SECOND_MOD, first.draft.ref),
        world.appeal_desk.send(THIRD_MOD, second.draft.ref),
    )

    assert isinstance(both[0], Answered)
    assert both[1] == MayNot("draft_gone")
    assert await letters(world) == before + 1
    file = await world.appeal_desk.open_appeal(THIRD_MOD, result.appeal.id)
    assert file == Denied("appeal_over")


async def test_whoever_writes_while_another_answers_hears_who_did(world: World) -> None:
    """The opening of the file leads to what the appeal came to."""
    await refused(world)
    result = await filed(world)
    late = await opened(world, result, THIRD_MOD)
    await answer(world, result, A.CHANGED)

    ended = await world.appeal_desk.draft(THIRD_MOD, late.file.ref, A.SAME, "appeal_mistake", "")

    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.by) == (A.CHANGED, SECOND_MOD.user_id)
    assert f"<@{SECOND_MOD.user_id}>" in answered(VOICE, ended).text


@pytest.mark.parametrize("what", ["adds", "withdraws"])
async def test_what_the_person_does_meanwhile_is_read_before_an_answer_is_sent(
    world: World, what: str
) -> None:
    """What they add is read first; what they take back is over."""
    await refused(world)
    result = await filed(world)
    draft = await drafted(world, await opened(world, result), A.SAME)
    if what == "adds":
        await filed(world, text="One more thing.")
    else:
        await world.appeals.withdraw(ANN)

    sent = await world.appeal_desk.send(SECOND_MOD, draft.draft.ref)

    if what == "adds":
        assert sent == AppealChanged(
            sent.case if isinstance(sent, AppealChanged) else result.case, result.appeal.id
        )
        assert "Second look" in [press.label for press in answered(VOICE, sent).presses]
    else:
        assert isinstance(sent, Ended)
        assert sent.outcome is A.WITHDRAWN


# What ends it, and what is told of it


async def test_the_card_says_that_a_second_look_is_open(world: World) -> None:
    """As long as it is, and no longer."""
    file = await world.held()
    await world.drain()
    await ruled(world, Ruling(Outcome.DECLINE, "other", DECLINED_TEXT))
    result = await filed(world)
    assert file.case.id == result.case.id
    await world.drain()
    assert "Asks for a second look" in world.doorkeeper.told("edit")[-1].text
    await answer(world, result, A.SAME)
    await world.drain()
    assert "second look" not in world.doorkeeper.told("edit")[-1].text


async def test_an_appeal_ends_with_the_person(world: World) -> None:
    """Nothing of it is left, and the code leads nowhere."""
    code = await refused(world)
    result = await filed(world)
    await world.run(
        "INSERT INTO claim VALUES ('appeal', ?, ?, 0, 0)", result.appeal.id, result.case.subject_id
    )
    draft = await drafted(world, await opened(world, result), A.SAME)

    await world.rights.delete(ANN, Scope.PERSON, as_member=False)

    for table in ("appeal", "appeal_code", "claim", "letter", "proposal"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert await world.appeal_desk.send(SECOND_MOD, draft.draft.ref) == MayNot("draft_gone")
    assert await world.appeals.check_code(MOD, code) == NotFiled("no_such_appeal_code")


async def test_an_appeal_ends_with_the_consent_to_read_the_answers(world: World) -> None:
    """There is nothing left to look at again; that there was an appeal stays, without its words."""
    code = await refused(world)
    result = await filed(world)

    await world.rights.delete(ANN, Scope.CONSENT, as_member=False)

    assert await world.rows("SELECT outcome, sealed FROM appeal") == [("withdrawn", None)]
    assert await world.appeals.check_code(MOD, code) == NotFiled("no_such_appeal_code")
    assert await world.appeal_desk.open_appeal(SECOND_MOD, result.appeal.id) == Denied("appeal_over")


async def test_an_appeal_in_the_last_hour_is_answered_before_the_case_is_deleted(world: World) -> None:
    """Retention waits for it, and comes afterwards."""
    await refused(world)
    keep, window = world.foundation.config.retention.refused, world.foundation.config.appeals.window
    world.clock.now = NOW + min(keep, window) - timedelta(hours=1)
    result = await filed(world)

    await world.sleep(days=2)
    assert await outcome_of_open(world) == [(result.appeal.id,)]
    await answer(world, result, A.SAME)
    await world.sleep(days=1)

    assert await world.rows("SELECT id FROM cases WHERE subject_id = ?", result.case.subject_id) == []


async def outcome_of_open(world: World) -> list[tuple[str]]:
    """The appeals that wait."""
    return [(row[0],) for row in await world.rows("SELECT id FROM appeal WHERE closed_at IS NULL")]


async def test_how_many_appeals_changed_something_is_counted_without_people(world: World) -> None:
    """Those that were taken back are no second looks."""
    for who, with_what in ((ANN, A.CHANGED), (BEN, A.SAME)):
        await refused(world, who=who)
        await answer(world, await filed(world, who), with_what)
    await refused(world, who=THIRD_MOD)
    await filed(world, THIRD_MOD)
    await world.appeals.withdraw(THIRD_MOD)

    assert await world.foundation.database.read(lambda c: stats.appeals_decided(c, NOW)) == (2, 1)
    later = NOW + timedelta(days=1)
    assert await world.foundation.database.read(lambda c: stats.appeals_decided(c, later)) == (0, 0)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("terms", [(), (LABEL,)])
@pytest.mark.parametrize("against", [None, Outcome.DECLINE, Outcome.ADMIT])
def test_what_can_be_appealed(
    outcome: Outcome, terms: tuple[Condition, ...], against: Outcome | None
) -> None:
    """Whatever keeps somebody out, and conditions; not those that a look at conditions came to."""
    before = Decision("d", "c", against, False, "m", "other", "", NOW) if against else None
    ruling = Ruling(outcome, "other", "", terms)

    expected = outcome in {Outcome.DECLINE, Outcome.REDIRECT, Outcome.REMOVE} or (
        outcome is Outcome.ADMIT and terms != () and against is not Outcome.ADMIT
    )
    assert second_looks.can_be_appealed(ruling, before) == expected
