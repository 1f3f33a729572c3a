"""Sending: one disclosure, one verdict, one decision; statements; what is held and who is let in."""

import asyncio
import json

import pytest

from bot.filling import NotSaved, WhyNot
from bot.minting import NextForm
from bot.model import HoldReason, Visitor
from bot.standing import AdmittedStanding, HeldStanding
from bot.submission import Sent, Unticked
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    BEN,
    LINK_NOW,
    LINK_OLD,
    MOD,
    PURPOSE,
    TICKED,
    TICKED_WITH_DUTY,
    FakeClock,
    Raw,
    World,
    config,
    visitor,
    world_in,
)

AGENCY: Raw = {**LINK_NOW, "category": "agency", "organisation": "Brightwell"}
NOT_SURE: Raw = {**ABOUT_NIL, "links": "not_sure"}
FAMILY: Raw = {**LINK_NOW, "relationship": ["family"]}
UNTOLD_KIND: Raw = {**LINK_OLD, "category": "rather_not_say"}
QUIET: Raw = {**PURPOSE, "purpose": ["recruit"]}


async def standing_after(world: World, *pages: Raw, who: Visitor = ANN, ticked: Raw = TICKED) -> object:
    """Where sending leaves somebody."""
    result = await world.send(who, *pages, ticked=ticked)
    assert isinstance(result, Sent), result
    return result.standing


@pytest.mark.parametrize(
    ("pages", "rule", "reason", "disclosed"),
    [
        ((ABOUT_REFUSED,), "undisclosed", "undisclosed", "undisclosed"),
        ((ABOUT_LINKED, UNTOLD_KIND), "undisclosed", "undisclosed", "undisclosed"),
        ((ABOUT_LINKED, AGENCY, PURPOSE), "client_missing", "client_undisclosed", "some"),
        ((ABOUT_LINKED, LINK_NOW, QUIET), "contradiction", "contradiction", "some"),
        (({**ABOUT_NIL, "belongs": "not_sure"},), "unclear", "unclear", "none"),
        ((NOT_SURE, {**LINK_OLD, "organisation": ""}), "unclear", "unclear", "some"),
        ((ABOUT_LINKED, LINK_NOW, PURPOSE), "everything_else", "link_disclosed", "some"),
        (({**ABOUT_NIL, "capacity": "both"}, PURPOSE), "everything_else", "link_disclosed", "none"),
        (({**ABOUT_NIL, "capacity": "work"}, PURPOSE), "contradiction", "contradiction", "none"),
    ],
)
async def test_who_is_held_and_why(
    world: World, pages: tuple[Raw, ...], rule: str, reason: str, disclosed: str
) -> None:
    """The shipped rules, each with the reason that stands on the card."""
    standing = await standing_after(world, *pages)

    assert isinstance(standing, HeldStanding)
    assert standing.case.hold_reason is HoldReason(reason)
    assert await world.rows("SELECT outcome, automated, rule_id, disclosed FROM decision") == [
        ("hold", 1, None, None)
    ]
    assert await world.rows("SELECT rule_id FROM verdict") == [(rule,)]
    assert await world.rows("SELECT disclosed FROM disclosure") == [(disclosed,)]


@pytest.mark.parametrize(
    ("pages", "rule", "disclosed"),
    [
        ((ABOUT_NIL,), "nil_return", "none"),
        ((ABOUT_LINKED, LINK_OLD), "older_links", "some"),
        ((ABOUT_LINKED, FAMILY, PURPOSE), "older_links", "some"),
    ],
)
async def test_who_is_let_in(world: World, pages: tuple[Raw, ...], rule: str, disclosed: str) -> None:
    """A nil return, and somebody whose own links are old: with decision, event line and wish for the role."""
    standing = await standing_after(world, *pages)

    assert isinstance(standing, AdmittedStanding)
    assert await world.rows(
        "SELECT outcome, automated, rule_id, decision.disclosed, version FROM decision"
        " JOIN disclosure USING (case_id)"
    ) == [("admit", 1, rule, disclosed, 1)]
    assert await world.rows("SELECT kind, state FROM effect") == [("grant", "pending")]
    assert "decision.admit" in [row[0] for row in await world.rows("SELECT action FROM event")]
    assert await world.one("SELECT delivery FROM letter") == "shown"


async def test_a_verdict_stays_readable_when_the_rule_is_gone(world: World) -> None:
    """Rule, version and the facts that fired it are stored as they were."""
    await world.send(ANN, ABOUT_NIL)

    [(rule, version, facts)] = await world.rows("SELECT rule, rules_hash, facts FROM verdict")
    assert json.loads(rule)["id"] == "nil_return"
    assert version == world.foundation.config.rules_version
    assert json.loads(facts) == {"belongs": ["yes"], "capacity": ["self"], "disclosed": ["none"]}


async def test_sending_twice_is_sending_once(world: World) -> None:
    """One disclosure, one verdict, one decision, however often it is pressed."""
    ref = await world.answer(ANN, ABOUT_NIL)

    results = await asyncio.gather(*(world.submission.send(ANN, ref, TICKED) for _ in range(4)))
    late = await world.submission.send(ANN, ref, TICKED)

    assert isinstance(results[0], Sent)
    assert all(isinstance(result, AdmittedStanding) for result in (*results[1:], late))
    for table in ("disclosure", "verdict", "decision", "letter"):
        assert await world.one(f"SELECT count(*) FROM {table}") == 1, table
    await world.drain()
    assert len(world.doorkeeper.told("grant")) == 1


@pytest.mark.parametrize("ticked", [{"statements": ["true"]}, {"statements": []}, {}])
async def test_nothing_is_sent_until_every_statement_is_ticked(world: World, ticked: Raw) -> None:
    """What is missing is named, and a form to try again is at hand."""
    ref = await world.answer(ANN, ABOUT_NIL)

    result = await world.submission.send(ANN, ref, ticked)

    assert isinstance(result, Unticked)
    assert [problem.field.id for problem in result.problems] == ["statements"]
    assert await world.states() == ["answering"]
    assert await world.rows("SELECT * FROM disclosure") == []
    assert isinstance(await world.submission.send(ANN, result.again, TICKED), Sent)


async def test_the_summary_sends_after_statements_were_left_unticked(world: World) -> None:
    """Whoever goes back to the summary instead is not caught by what they ticked before."""
    ref = await world.answer(ANN, ABOUT_NIL)
    await world.submission.send(ANN, ref, {"statements": ["true"]})

    result = await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)

    assert isinstance(result, Sent)
    assert await world.states() == ["admitted"]


async def test_statements_are_agreed_to_anew_when_answers_were_changed(world: World) -> None:
    """What was ticked the first time counts neither for nor against the second."""
    await world.held()
    await world.gate.reopen(ANN)
    purpose = (await world.summary(ANN)).entries[2].ref
    await world.save(ANN, purpose, {**PURPOSE, "reporting_duty": "yes"})

    unticked = await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)
    result = await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED_WITH_DUTY)

    assert isinstance(unticked, Unticked)
    assert isinstance(result, Sent)
    assert await world.rows("SELECT version FROM disclosure ORDER BY version") == [(1,), (2,)]


async def test_earlier_ticks_do_not_stand_in_for_missing_ones(world: World) -> None:
    """Sending again without ticking is not sending."""
    await world.held()
    await world.gate.reopen(ANN)

    result = await world.submission.send(ANN, (await world.summary(ANN)).send_ref, {"statements": []})

    assert isinstance(result, Unticked)


async def test_only_the_statements_send(world: World) -> None:
    """The ref of another page sends nothing, so nobody gets around the statements."""
    await world.answer(ANN, ABOUT_NIL)
    about = (await world.summary(ANN)).entries[0].ref

    result = await world.submission.send(ANN, about, TICKED)

    assert result == NotSaved(WhyNot.UNKNOWN)
    assert await world.states() == ["answering"]


async def test_sending_with_a_page_missing_leads_to_that_page(world: World) -> None:
    """A send form left open while a link was taken out elsewhere."""
    ref = await world.answer(ANN, ABOUT_LINKED, LINK_OLD)
    await world.forms.remove(ANN, (await world.summary(ANN)).entries[1].ref)

    result = await world.submission.send(ANN, ref, TICKED)

    assert isinstance(result, NextForm)
    assert result.page.id == "link"
    assert await world.rows("SELECT * FROM disclosure") == []


async def test_nobody_sends_for_somebody_else(world: World) -> None:
    """Neither another applicant nor a moderator."""
    ref = await world.answer(ANN, ABOUT_NIL)

    for stranger in (BEN, MOD):
        assert await world.submission.send(stranger, ref, TICKED) == NotSaved(WhyNot.UNKNOWN)
        assert await world.submission.confirm(stranger, ref, "notice") == NotSaved(WhyNot.UNKNOWN)
    assert await world.submission.confirm(ANN, ref, "notice") == NotSaved(WhyNot.UNKNOWN)
    assert await world.states() == ["answering"]


async def test_a_second_sending_is_a_second_version_with_its_own_verdict(world: World) -> None:
    """Held with a link that is going on, changed to one that ended long ago: a person decides."""
    await world.held()
    await world.gate.reopen(ANN)
    link = (await world.summary(ANN)).entries[1].ref
    await world.save(ANN, link, LINK_OLD)

    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)

    assert await world.states() == ["held"]
    assert await world.rows("SELECT version, disclosed FROM disclosure ORDER BY version") == [
        (1, "some"),
        (2, "some"),
    ]
    assert await world.rows("SELECT rule_id FROM verdict ORDER BY rowid") == [
        ("everything_else",),
        ("always_hold_after_hold",),
    ]
    assert await world.one("SELECT hold_reason FROM cases") == "earlier_case"


@pytest.mark.parametrize("switch", [{"auto_admit_nil_return": False}, {"human_confirm": True}])
async def test_letting_in_can_be_left_to_people(tmp_path_factory: pytest.TempPathFactory,
                                                switch: dict[str, bool]) -> None:  # fmt: skip
    """Either switch turns a nil return into a case to decide, under the same rule."""
    folder = tmp_path_factory.mktemp("switch")
    async with world_in(folder, config(admission=switch), FakeClock()) as world:
        standing = await standing_after(world, ABOUT_NIL)

        assert isinstance(standing, HeldStanding)
        assert standing.case.hold_reason is HoldReason.NEEDS_PERSON
        assert await world.one("SELECT rule_id FROM verdict") == "nil_return"


async def test_two_people_have_disclosures_of_their_own(world: World) -> None:
    """Versions count per person, and one's words are never under the other's key."""
    await world.send(ANN, ABOUT_LINKED, LINK_OLD)
    await world.send(BEN, ABOUT_LINKED, {**LINK_OLD, "organisation": "Bentham House"})

    assert await world.rows("SELECT version FROM disclosure") == [(1,), (1,)]
    ann, ben = [await world.file(who) for who in (ANN, BEN)]
    assert ann.disclosed is not None
    assert ben.disclosed is not None
    assert ann.disclosed.disclosure.interests[0].organisation == "Helix Pharma"
    assert ben.disclosed.disclosure.interests[0].organisation == "Bentham House"


async def test_a_young_account_is_a_fact(world: World) -> None:
    """Account age reaches the rules as new or older; the shipped rules do not refuse anybody for it."""
    fresh = visitor(200000000000000009, account_created=world.clock.now)

    standing = await standing_after(world, ABOUT_NIL, who=fresh)

    assert isinstance(standing, AdmittedStanding)
