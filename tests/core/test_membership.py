"""Members after the door: conditions, back into quarantine, removal, and decisions taken back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.log.verifying import wrong_in_the_log
from bot.model import Condition, ConditionCode, HoldReason, Outcome
from bot.ports import Done, Member, Refused, Why
from bot.review.bench import AlreadyDecided, Decided, DecisionResult, MayNot
from bot.review.conditions import BadEnd
from bot.review.drafts import Preview
from bot.review.motions import Proposed
from bot.screens import deciding, files, gate, links
from bot.standing import AdmittedStanding, CarryOn, HeldStanding, RefusedStanding
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    MODERATOR_ROLE,
    NOTICE,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    World,
    config,
)

VOICE = config().words.voice("")
LABEL = Condition(ConditionCode.LABEL, "I work for Helix")
REASONS = {
    Outcome.ADMIT: "link_on_terms",
    Outcome.DECLINE: "other",
    Outcome.REDIRECT: "work",
    Outcome.REOPEN: "our_mistake",
    Outcome.SUSPEND: "safety",
    Outcome.REMOVE: "told_otherwise",
}


async def decide(
    world: World, outcome: Outcome, conditions: Sequence[Condition] = (), text: str = "Because of this."
) -> DecisionResult:
    """Ann's newest case is decided by the first moderator, as previewed; what takes two, by both."""
    drafted = await world.drafts.draft_by_code(
        MOD, await world.code(), outcome, REASONS[outcome], text, tuple(conditions)
    )
    if not isinstance(drafted, Preview):
        return drafted
    sent = await world.drafts.send_draft(MOD, drafted.draft.ref)
    if not isinstance(sent, Proposed):
        return sent
    file = await world.file(ANN, SECOND_MOD)
    assert file.proposed is not None
    confirmed = await world.confirming.confirm(SECOND_MOD, file.proposed.id)
    assert isinstance(confirmed, Decided), confirmed
    return confirmed


async def a_member(world: World) -> None:
    """Ann was held and admitted, has the role, and has been told."""
    file = await world.held()
    assert isinstance(await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT), Decided)
    world.lookout.has(Member(ANN.user_id, frozenset({MEMBER_ROLE})))
    await world.drain()


async def told(world: World) -> str:
    """What Ann was told last."""
    await world.drain()
    return world.doorkeeper.told("tell")[-1].text


async def test_somebody_is_admitted_on_conditions_and_reads_them_ever_after(world: World) -> None:
    """The preview is the letter; they stand on the front page, at the links and in the file."""
    await world.held()
    ends = datetime(2027, 3, 2, tzinfo=UTC)
    no_recruiting = Condition(ConditionCode.NO_RECRUITMENT, "", ends)
    drafted = await world.drafts.draft_by_code(
        MOD, await world.code(), Outcome.ADMIT, "link_on_terms", "", (LABEL, no_recruiting)
    )
    assert isinstance(drafted, Preview)
    shown = deciding.preview(VOICE, config(), drafted).text

    assert isinstance(await world.drafts.send_draft(MOD, drafted.draft.ref), Decided)

    letter = await told(world)
    told_in_advance, _, how_to_appeal = letter.rpartition("\n\n")
    assert told_in_advance in shown
    assert "Your code is" in how_to_appeal
    assert "I work for Helix" in letter
    assert "2027-03-01" in letter
    assert "between you and the team" in letter
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, AdmittedStanding)
    assert "I work for Helix" in gate.standing(VOICE, config(), standing).text
    assert "I work for Helix" in links.on_record(VOICE, config(), await world.links.on_record(ANN)).text
    assert "I work for Helix" in files.case_file(VOICE, config(), await world.file()).text
    assert b"Helix" not in await world.one("SELECT sealed FROM condition WHERE code = 'label'")


async def test_a_condition_ends_by_the_clock_and_the_person_is_told(world: World) -> None:
    """Once, and only the one whose time is over."""
    await world.held()
    soon = Condition(ConditionCode.OTHER, "No posts about the trial", world.clock() + timedelta(days=30))
    await decide(world, Outcome.ADMIT, [LABEL, soon])
    await world.drain()

    await world.live(days=31)
    await world.sweep.run(world.clock())

    assert "No posts about the trial" in await told(world)
    assert await world.rows("SELECT code, ended_why FROM condition ORDER BY rowid") == [
        ("label", None),
        ("other", "time"),
    ]
    assert await world.one("SELECT count(*) FROM event WHERE action = 'condition.ended'") == 1
    assert len(world.doorkeeper.told("tell")) == 2


@pytest.mark.parametrize("conditions", [(), (Condition(ConditionCode.NO_RECRUITMENT),)])
async def test_a_members_conditions_are_changed_or_lifted_by_a_decision(
    world: World, conditions: tuple[Condition, ...]
) -> None:
    """What held before ends with it; nobody loses the role over it."""
    await world.held()
    await decide(world, Outcome.ADMIT, [LABEL])
    await world.drain()
    first = await world.one("SELECT decision_id FROM cases")

    result = await decide(world, Outcome.ADMIT, conditions)

    assert isinstance(result, Decided)
    assert result.terms
    assert await world.states() == ["admitted"]
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, AdmittedStanding)
    assert standing.conditions == conditions
    assert await world.one("SELECT ended_why FROM condition WHERE code = 'label'") == "decision"
    assert await world.one("SELECT supersedes FROM decision ORDER BY rowid DESC LIMIT 1") == first
    assert len(world.doorkeeper.told("grant")) == 1
    assert world.doorkeeper.told("revoke") == []


async def test_admitting_a_member_again_without_conditions_is_told_as_decided(world: World) -> None:
    """*Admit* pressed late is no new decision."""
    await a_member(world)

    late = await world.decisions.decide_by_code(SECOND_MOD, await world.code(), Outcome.ADMIT)

    assert isinstance(late, AlreadyDecided)
    assert await world.one("SELECT count(*) FROM decision WHERE automated = 0") == 1


async def test_an_admission_on_conditions_names_at_least_one(world: World) -> None:
    """Without any it is an admission."""
    await world.held()

    assert await decide(world, Outcome.ADMIT) == MayNot("condition_needed", await world.code())


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", None),
        ("2027-03-01", datetime(2027, 3, 2, tzinfo=UTC)),
        (" 6MO ", timedelta(days=180)),
        ("1.3.2027", BadEnd.UNREADABLE),
        ("2027-02-30", BadEnd.UNREADABLE),
        ("next spring", BadEnd.UNREADABLE),
        ("2020-01-01", BadEnd.PAST),
        ("99y", BadEnd.FAR),
        ("9999-12-31", BadEnd.UNREADABLE),
    ],
)
async def test_how_an_end_is_typed(world: World, typed: str, expected: object) -> None:
    """A date is good until its last second, and what is none says so."""
    found = world.drafts.conditions_from(label="x", no_recruitment=False, other="", ends=typed)

    ends = found if isinstance(found, BadEnd) else found[0].ends_at
    assert ends == (world.clock() + expected if isinstance(expected, timedelta) else expected)


async def test_a_member_is_put_back_into_quarantine(world: World) -> None:
    """Held, without the role, told why at once and at the panel, and decided about again."""
    await a_member(world)
    await decide(world, Outcome.ADMIT, [LABEL])

    result = await decide(world, Outcome.SUSPEND, text="We have to look at something.")

    assert isinstance(result, Decided)
    assert result.case.hold_reason is HoldReason.SUSPENDED
    assert "We have to look at something." in await told(world)
    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]
    assert await world.one("SELECT ended_why FROM condition") == "access"
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, HeldStanding)
    assert "We have to look at something." in gate.standing(VOICE, config(), standing).text
    again = await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)
    assert isinstance(again, Decided)
    await world.drain()
    assert len(world.doorkeeper.told("grant")) == 2


async def test_a_suspended_member_whose_answers_were_deleted_in_time_can_come_back(world: World) -> None:
    """Their disclosure counts; and they can tell anew, which only a person judges."""
    await a_member(world)
    await world.run("UPDATE cases SET sheet_id = NULL, trimmed_at = 1")
    await decide(world, Outcome.SUSPEND)

    screen = gate.standing(VOICE, config(), await world.gate.standing(ANN))
    assert gate.AGREE in [press.action for press in screen.presses]
    await world.gate.agree(ANN, NOTICE)
    assert isinstance(await world.gate.standing(ANN), CarryOn)
    await world.send(ANN, ABOUT_NIL)
    assert await world.states() == ["held"]
    result = await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)

    assert isinstance(result, Decided)


async def test_a_suspended_member_is_admitted_on_what_is_on_record(world: World) -> None:
    """The answers are gone; what was disclosed is not."""
    await a_member(world)
    await world.run("UPDATE cases SET sheet_id = NULL, trimmed_at = 1")
    await decide(world, Outcome.SUSPEND)

    assert isinstance(await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT), Decided)


async def test_no_machine_lets_a_suspended_member_back_in(world: World) -> None:
    """Not with new answers, and not with a new request after taking this one back."""
    await world.send(ANN, ABOUT_NIL)
    assert await world.states() == ["admitted"]
    await decide(world, Outcome.SUSPEND)
    await world.gate.reopen(ANN)
    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)
    assert await world.states() == ["held"]
    await world.gate.take_back(ANN)

    await world.send(ANN, ABOUT_NIL)

    assert await world.states() == ["withdrawn", "held"]


@pytest.mark.parametrize(
    "seen", [Member(ANN.user_id, frozenset({MODERATOR_ROLE})), Member(ANN.user_id, frozenset(), owner=True)]
)
@pytest.mark.parametrize("outcome", [Outcome.SUSPEND, Outcome.REMOVE])
async def test_whoever_runs_the_place_is_not_stripped(world: World, seen: Member, outcome: Outcome) -> None:
    """Whatever was decided about them: a person has to see to that."""
    await a_member(world)
    world.lookout.has(seen)

    await decide(world, outcome)
    await world.drain()

    assert world.doorkeeper.told("revoke") == []
    assert world.doorkeeper.told("remove") == []


async def test_a_member_from_before_the_bot_is_put_into_quarantine_by_name(world: World) -> None:
    """There was no case; one is opened, and it is held."""
    world.lookout.has(Member(ANN.user_id, frozenset({MEMBER_ROLE})))
    await world.rounds.run(world.clock())
    assert await world.states() == []

    drafted = await world.drafts.draft_about(MOD, ANN.user_id, Outcome.SUSPEND, "safety", "")
    assert isinstance(drafted, Preview)
    assert isinstance(await world.drafts.send_draft(MOD, drafted.draft.ref), Decided)
    await world.drain()

    assert await world.states() == ["held"]
    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]
    refused = await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)
    assert refused == MayNot("undisclosed", await world.code())
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    assert isinstance(await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT), Decided)


async def test_an_applicant_is_nobody_to_suspend_or_remove(world: World) -> None:
    """There is no place to take."""
    await world.held()
    code = await world.code()

    for outcome in (Outcome.SUSPEND, Outcome.REMOVE):
        assert await decide(world, outcome) == MayNot("not_a_member", code)
        about = await world.drafts.draft_about(MOD, ANN.user_id, outcome, REASONS[outcome], "x")
        assert about == MayNot("not_a_member", code)


@pytest.mark.parametrize("letter", [Done(), Refused(Why.CLOSED)])
@pytest.mark.parametrize("suspended", [False, True])
async def test_a_member_is_told_and_then_removed(
    world: World, letter: Done | Refused, suspended: bool
) -> None:
    """A bot cannot write to somebody with whom it shares no server, so the letter comes first."""
    await a_member(world)
    if suspended:
        await decide(world, Outcome.SUSPEND)
        await world.drain()
    world.doorkeeper.will("tell", letter)

    assert isinstance(await decide(world, Outcome.REMOVE, text="It was not so."), Decided)
    await world.sweep.run(world.clock())
    await world.drain()
    await world.drain()

    verbs = [call.verb for call in world.doorkeeper.calls if call.verb in {"tell", "revoke", "remove"}]
    assert verbs[-1] == "remove"
    assert "It was not so." in world.doorkeeper.told("tell")[-1].text
    assert await world.states() == ["removed"]
    assert isinstance(await world.gate.standing(ANN), RefusedStanding)
    await world.gate.leave(ANN.user_id)
    await world.gate.arrive(ANN)
    await world.send(ANN, ABOUT_NIL)
    assert await world.states() == ["removed", "held"]


async def test_a_removal_waits_while_the_letter_cannot_be_sent(world: World) -> None:
    """A person has to see to the letter first: nobody is thrown out unheard."""
    await a_member(world)
    world.doorkeeper.will("tell", Refused(Why.UNFIT))

    await decide(world, Outcome.REMOVE)
    await world.live(hours=1)

    assert world.doorkeeper.told("remove") == []


@pytest.mark.parametrize("outcome", [Outcome.DECLINE, Outcome.REDIRECT, Outcome.REMOVE])
async def test_a_decision_is_taken_back_within_its_time(world: World, outcome: Outcome) -> None:
    """The case is held again; the person is told, and what was not sent yet of the old letter never is."""
    if outcome is Outcome.REMOVE:
        await a_member(world)
    else:
        await world.held()
    await decide(world, outcome, text="The first word.")
    first = await world.one("SELECT decision_id FROM cases")

    result = await decide(world, Outcome.REOPEN)
    await world.drain()

    assert isinstance(result, Decided)
    assert result.case.hold_reason is HoldReason.REOPENED
    assert await world.one("SELECT supersedes FROM decision ORDER BY rowid DESC LIMIT 1") == first
    assert all("The first word." not in call.text for call in world.doorkeeper.told("tell"))
    assert world.doorkeeper.told("remove") == []
    again = await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)
    assert isinstance(again, Decided)


async def test_after_that_time_only_an_appeal_opens_it(world: World) -> None:
    """The file offers it no more."""
    await world.held()
    await decide(world, Outcome.DECLINE)
    opens = deciding.FORM_OF[Outcome.REOPEN]
    screen = files.case_file(VOICE, config(), await world.file())
    assert opens in [press.action for press in screen.presses]
    world.clock.advance(days=8)

    assert await decide(world, Outcome.REOPEN) == MayNot("too_late", await world.code())
    screen = files.case_file(VOICE, config(), await world.file())
    assert opens not in [press.action for press in screen.presses]


async def test_somebody_who_asked_again_keeps_the_newer_request(world: World) -> None:
    """Nobody has two open requests, and the moderator is told which one counts."""
    await world.held()
    await decide(world, Outcome.DECLINE)
    old = await world.code()
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)

    refused = await world.drafts.draft_by_code(MOD, old, Outcome.REOPEN, "our_mistake", "")

    assert refused == MayNot("newer_case", await world.code())


async def test_an_admission_is_not_reopened_but_suspended(world: World) -> None:
    """And what is open is open."""
    await world.held()
    code = await world.code()
    assert await decide(world, Outcome.REOPEN) == MayNot("still_open", code)
    await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT)

    assert await decide(world, Outcome.REOPEN) == MayNot("suspend_instead", code)


async def test_a_suspended_member_who_no_longer_tells_is_let_in_by_nobody(world: World) -> None:
    """What they told last counts, and that was nothing."""
    await a_member(world)
    await decide(world, Outcome.SUSPEND)
    await world.gate.reopen(ANN)
    summary = await world.summary(ANN)
    await world.save(ANN, summary.entries[0].ref, ABOUT_REFUSED)
    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)

    refused = await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)

    assert refused == MayNot("undisclosed", await world.code())


def test_an_older_list_of_reasons_is_made_up_for() -> None:
    """The shipped reasons stand in for outcomes that it does not have."""
    own = config().review.model_copy(update={"reasons": config().review.reasons_for("decline")[:1]})

    assert {reason.id for reason in own.reasons_for("decline")} == {"not_for_you"}
    assert {reason.id for reason in own.reasons_for("remove")} >= {"told_otherwise"}
    assert own.reason("safety") is not None


async def test_the_log_fits_whatever_was_decided(world: World) -> None:
    """Each decision has its line, and nothing is astray."""
    await a_member(world)
    for outcome in (Outcome.SUSPEND, Outcome.REMOVE, Outcome.REOPEN, Outcome.DECLINE):
        assert isinstance(await decide(world, outcome), Decided)

    assert [row[0] for row in await world.rows("SELECT outcome FROM decision ORDER BY rowid")] == [
        *("hold", "admit", "suspend", "remove", "reopen", "decline")
    ]
    assert await world.foundation.database.read(wrong_in_the_log) == []
