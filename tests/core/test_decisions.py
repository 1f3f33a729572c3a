"""Deciding and refusing: by button and by command, on the version that was read, by one moderator."""

import asyncio

import pytest

from bot.lifecycle import NotAllowed
from bot.model import CaseState, Outcome, Ruling
from bot.review.bench import AlreadyDecided, Bench, Changed, Decided, DecisionResult, MayNot, Seat
from bot.review.desk import CaseFile
from bot.review.drafts import LONGEST_SENTENCE, Preview
from bot.screens.files import case_file, decided
from bot.standing import RefusedStanding
from tests.support import (
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    LINK_OLD,
    MOD,
    MODERATOR_ROLE,
    SECOND_MOD,
    TICKED,
    World,
    config,
    visitor,
)

VOICE = config().words.voice("")
OWN_CASE = visitor(role_ids=frozenset({MODERATOR_ROLE}))


async def preview(world: World, outcome: Outcome = Outcome.DECLINE, reason: str = "other") -> Preview:
    """A refusal of Ann, written by the first moderator."""
    drafted = await world.drafts.draft_by_code(MOD, await world.code(), outcome, reason, DECLINED_TEXT)
    assert isinstance(drafted, Preview), drafted
    return drafted


@pytest.mark.parametrize("by_button", [True, False])
async def test_a_moderator_admits(world: World, by_button: bool) -> None:
    """The decision, its event line, the role, the card and the letter are one commit."""
    file = await world.held()

    if by_button:
        result = await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    else:
        result = await world.decisions.decide_by_code(MOD, file.case.code.lower(), Outcome.ADMIT)

    assert isinstance(result, Decided)
    assert result.case.state is CaseState.ADMITTED
    assert await world.rows(
        "SELECT outcome, automated, disclosed FROM decision ORDER BY rowid DESC LIMIT 1"
    ) == [("admit", 0, "some")]
    assert {row[0] for row in await world.rows("SELECT kind FROM effect")} == {"grant", "card", "letter"}
    await world.drain()
    assert world.doorkeeper.told("grant")[0].user_id == ANN.user_id
    assert "you are in" in world.doorkeeper.told("tell")[0].text


async def test_keeping_on_hold_gives_a_new_target_and_keeps_the_place(world: World) -> None:
    """It is a decision of its own, and tells the person nothing."""
    file = await world.held()
    world.clock.advance(hours=10)

    result = await world.decisions.decide_viewed(MOD, file.ref, Outcome.HOLD)

    assert isinstance(result, Decided)
    assert result.case.held_at == file.case.held_at
    assert result.case.target_at is not None
    assert result.case.target_at > world.clock.now
    assert await world.rows("SELECT * FROM letter") == []


@pytest.mark.parametrize("outcome", [Outcome.ADMIT, Outcome.DECLINE])
async def test_of_two_moderators_the_second_is_told_who_and_when(world: World, outcome: Outcome) -> None:
    """Pressing at the same moment is one decision."""
    await world.held()
    first, second = await world.file(by=MOD), await world.file(by=SECOND_MOD)

    results: list[DecisionResult] = list(
        await asyncio.gather(
            world.decisions.decide_viewed(MOD, first.ref, outcome),
            world.decisions.decide_viewed(SECOND_MOD, second.ref, outcome),
        )
        if outcome is Outcome.ADMIT
        else [
            await world.drafts.send_draft(MOD, (await preview(world)).draft.ref),
            await world.decisions.decide_viewed(SECOND_MOD, second.ref, Outcome.ADMIT),
        ]
    )

    assert isinstance(results[0], Decided)
    late = results[1]
    assert isinstance(late, AlreadyDecided)
    assert (late.outcome, late.by, late.at) == (outcome, MOD.user_id, world.clock.now)
    assert await world.one("SELECT count(*) FROM decision WHERE automated = 0") == 1


async def test_a_draft_after_somebody_else_decided_decides_nothing(world: World) -> None:
    """The refusal that was still being previewed is too late."""
    await world.held()
    drafted = await preview(world)
    await world.decisions.decide_by_code(SECOND_MOD, await world.code(), Outcome.ADMIT)

    result = await world.drafts.send_draft(MOD, drafted.draft.ref)

    assert result == MayNot("draft_gone")
    assert await world.states() == ["admitted"]


async def test_a_file_that_changed_has_to_be_read_again(world: World) -> None:
    """The person changed a link and sent again while a moderator was reading."""
    file = await world.held()
    drafted = await preview(world)
    await world.gate.reopen(ANN)
    await world.save(ANN, (await world.summary(ANN)).entries[1].ref, {**LINK_NOW, "organisation": "Other"})
    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)

    by_button = await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    by_draft = await world.drafts.send_draft(MOD, drafted.draft.ref)

    assert isinstance(by_button, Changed)
    assert isinstance(by_draft, Changed)
    assert await world.states() == ["held"]


async def test_a_case_the_person_ended_cannot_be_decided(world: World) -> None:
    """Taken back while a moderator was reading: nobody decided it."""
    file = await world.held()
    await world.gate.take_back(ANN)

    result = await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)

    assert isinstance(result, AlreadyDecided)
    assert (result.case.state, result.outcome, result.by) == (CaseState.WITHDRAWN, None, None)


async def test_a_decision_by_the_machine_is_told_as_such(world: World) -> None:
    """Nobody's name stands for it."""
    await world.send(ANN, ABOUT_NIL)

    result = await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)

    assert isinstance(result, AlreadyDecided)
    assert (result.outcome, result.automated, result.by) == (Outcome.ADMIT, True, None)
    assert "by the machine" in decided(VOICE, result).text


async def test_a_decision_of_a_moderator_who_had_all_deleted_is_not_the_machines(world: World) -> None:
    """On the card, in the file, and for whoever presses after them: it was somebody on the team."""
    await world.held()
    await world.drain()
    await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)
    await world.drain()
    moderator = await world.subject_id(MOD)
    await world.erasure.person(moderator, moderator)
    await world.drain()

    again = await world.decisions.decide_by_code(SECOND_MOD, await world.code(), Outcome.ADMIT)

    for text in (
        world.doorkeeper.told("edit")[-1].text,
        case_file(VOICE, config(), await world.file(by=SECOND_MOD)).text,
        decided(VOICE, again).text,
    ):
        assert "by somebody on the team" in text


async def test_what_is_undisclosed_cannot_be_admitted_by_button_or_command(world: World) -> None:
    """Declining or showing another way stays possible."""
    await world.send(ANN, ABOUT_REFUSED)
    file = await world.file()

    by_button = await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    by_command = await world.decisions.decide_by_code(MOD, file.case.code, Outcome.ADMIT)

    assert by_button == by_command == MayNot("undisclosed", file.case.code)
    assert isinstance(await preview(world), Preview)
    assert await world.states() == ["held"]


async def test_what_was_not_sent_cannot_be_admitted_or_held(world: World) -> None:
    """Neither a newcomer nor half-changed answers, even where an earlier version was disclosed."""
    await world.gate.arrive(BEN)
    await world.held()
    await world.gate.reopen(ANN)

    for who, admit in ((BEN, "undisclosed"), (ANN, "not_sent_yet")):
        code = await world.code(who)
        assert await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT) == MayNot(admit, code)
        assert await world.decisions.decide_by_code(MOD, code, Outcome.HOLD) == MayNot("not_sent_yet", code)


async def test_reopened_answers_that_became_undisclosed_cannot_be_admitted(world: World) -> None:
    """Only what was sent last counts."""
    await world.held()
    await world.gate.reopen(ANN)
    await world.save(ANN, (await world.summary(ANN)).entries[0].ref, ABOUT_REFUSED)
    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)

    code = await world.code()
    assert await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT) == MayNot("undisclosed", code)


async def test_nobody_decides_their_own_case(world: World) -> None:
    """In no way, with any outcome."""
    await world.held()
    code = await world.code()

    for outcome in (Outcome.ADMIT, Outcome.HOLD):
        assert await world.decisions.decide_by_code(OWN_CASE, code, outcome) == MayNot("own_case", code)
    for outcome in (Outcome.DECLINE, Outcome.REDIRECT):
        refused = await world.drafts.draft_by_code(OWN_CASE, code, outcome, "other", "x")
        assert refused == MayNot("own_case", code)


async def test_a_file_opened_by_another_is_no_way_to_decide(world: World) -> None:
    """The buttons belong to whoever opened it; drafts to whoever wrote them."""
    file = await world.held()
    drafted = await preview(world)
    await world.file(by=SECOND_MOD)

    decided = await world.decisions.decide_viewed(SECOND_MOD, file.ref, Outcome.ADMIT)
    assert decided == MayNot("open_it_yourself")
    assert await world.drafts.read_draft(SECOND_MOD, drafted.draft.ref) == MayNot("draft_gone")
    assert await world.drafts.send_draft(SECOND_MOD, drafted.draft.ref) == MayNot("draft_gone")
    assert await world.states() == ["held"]


async def test_a_role_taken_away_is_noticed_on_the_next_press(world: World) -> None:
    """The same person, a moderator no longer, with a file still open."""
    file = await world.held()
    former = visitor(MOD.user_id)

    result = await world.decisions.decide_viewed(former, file.ref, Outcome.ADMIT)

    assert result == MayNot("not_a_moderator")


async def test_a_refusal_is_previewed_changed_and_sent(world: World) -> None:
    """The person reads exactly what was previewed last."""
    await world.held()
    drafted = await preview(world)

    changed = await world.drafts.redraft(MOD, drafted.draft.ref, "  A kinder sentence.  ")
    assert isinstance(changed, Preview)
    assert await world.states() == ["held"]
    result = await world.drafts.send_draft(MOD, changed.draft.ref)
    await world.drain()

    assert isinstance(result, Decided)
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, RefusedStanding)
    assert standing.told is not None
    assert standing.told.letter.text == "A kinder sentence."
    assert "A kinder sentence." in world.doorkeeper.told("tell")[0].text
    assert await world.rows("SELECT * FROM proposal") == []
    assert await world.drafts.send_draft(MOD, changed.draft.ref) == MayNot("draft_gone")


async def test_an_empty_sentence_is_the_ready_made_one(world: World) -> None:
    """Prefilled from the configuration, with its placeholders filled."""
    await world.held()

    drafted = await world.drafts.draft_by_code(MOD, await world.code(), Outcome.REDIRECT, "work", "  ")

    assert isinstance(drafted, Preview)
    assert "work@harbour.example" in drafted.draft.ruling.text
    assert "{" not in drafted.draft.ruling.text


async def test_a_long_sentence_is_cut_to_what_fits(world: World) -> None:
    """What is previewed is what is sent."""
    await world.held()

    drafted = await world.drafts.draft_by_code(MOD, await world.code(), Outcome.DECLINE, "other", "é" * 4000)

    assert isinstance(drafted, Preview)
    assert drafted.draft.ruling.text == "é" * LONGEST_SENTENCE


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(Outcome.DECLINE, "no_such"), (Outcome.DECLINE, "work"), (Outcome.REDIRECT, "links_not_told")],
)
async def test_a_reason_has_to_fit_the_outcome(world: World, outcome: Outcome, reason: str) -> None:
    """The code comes from the configuration's list for that outcome."""
    await world.held()
    code = await world.code()

    refused = await world.drafts.draft_by_code(MOD, code, outcome, reason, "x")

    assert refused == MayNot("no_such_reason", code)


async def test_a_waiting_person_can_be_shown_another_way(world: World) -> None:
    """Without having answered: no disclosure is made up for them."""
    await world.gate.ask_for_person(ANN)
    file = await world.file()

    drafted = await world.drafts.draft_viewed(MOD, file.ref, Outcome.REDIRECT, "media", "")
    assert isinstance(drafted, Preview)
    await world.drafts.send_draft(MOD, drafted.draft.ref)

    assert await world.rows("SELECT outcome, disclosed, reason_code FROM decision") == [
        ("redirect", None, "media")
    ]
    assert await world.states() == ["redirected"]


async def test_even_the_bench_itself_admits_nothing_undisclosed(world: World) -> None:
    """The guard stands behind the refusal as well."""
    await world.send(ANN, ABOUT_REFUSED)
    file = await world.file()
    seat = Seat(file.case, "moderator", file.disclosed)

    with pytest.raises(NotAllowed):
        await world.foundation.database.write(
            lambda connection: Bench(world.foundation).record(connection, seat, Ruling(Outcome.ADMIT))
        )
    assert await world.states() == ["held"]


async def test_an_earlier_link_is_no_bar(world: World) -> None:
    """A patient who once worked for a manufacturer is let in, with the disclosure on record."""
    await world.send(ANN, {**ABOUT_NIL, "links": "yes"}, LINK_OLD)

    assert await world.states() == ["admitted"]
    assert await world.rows("SELECT disclosed FROM disclosure") == [("some",)]


async def test_a_reason_that_says_nothing_needs_a_sentence(world: World) -> None:
    """Nobody is turned down without being told why."""
    await world.held()
    code = await world.code()

    for blank in ("", "   "):
        refused = await world.drafts.draft_by_code(MOD, code, Outcome.DECLINE, "other", blank)
        assert refused == MayNot("sentence_needed", code)
    drafted = await world.drafts.draft_by_code(MOD, code, Outcome.DECLINE, "other", "Because of this.")

    assert isinstance(drafted, Preview)
    assert drafted.draft.ruling.text == "Because of this."


async def test_what_was_decided_last_is_last_whatever_the_clock_showed(world: World) -> None:
    """A clock that was put back puts nothing behind what came before it."""
    await world.held()
    world.clock.advance(days=-3)
    await world.drafts.send_draft(MOD, (await preview(world)).draft.ref)

    file = await world.desk.open_by_code(MOD, await world.code())

    assert isinstance(file, CaseFile)
    assert [past.decision.outcome for past in file.decisions] == [Outcome.HOLD, Outcome.DECLINE]
    assert file.letter is not None
    assert file.letter.text == DECLINED_TEXT
