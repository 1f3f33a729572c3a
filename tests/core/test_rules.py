"""Rules, the life of a case, and who may do what: pure tables."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access import is_moderator, why_not_decide
from bot.facts import DOMAINS
from bot.lifecycle import MODERATOR_MAY, TRANSITIONS, NotAllowed, check_admission, check_step
from bot.model import OPEN_STATES, STATE_AFTER, CaseState, Disclosed, HoldReason, InformationPage, Outcome
from bot.rules import Admission, Proposal, Rule, decide, information_page, rules_hash
from tests.support import ABOUT_LINKED, ABOUT_NIL, LINK_NOW, LINK_OLD, UNDER_AGE, config, read

SHIPPED = config().questionnaire
NIL = read(SHIPPED, ("about", ABOUT_NIL))
NONE_FACTS = {"disclosed": "none", "earlier_outcome": "none"}


def rule(rule_id: str, propose: str = "hold", when: dict[str, Any] | None = None, **given: Any) -> Rule:
    """A rule."""
    return Rule.model_validate({"id": rule_id, "because": "b", "propose": propose, "when": when, **given})


ADMIT = rule("admit", "admit")
BELONGS = {"field": "belongs", "one_of": ["yes"]}


def test_the_first_matching_rule_wins() -> None:
    """Whatever comes after it."""
    rules = [
        rule("never", "admit", {"field": "belongs", "one_of": ["no"]}),
        rule("first", "hold", BELONGS, reason="unclear"),
        ADMIT,
    ]

    verdict = decide(rules, NIL, NONE_FACTS, Admission())

    assert (verdict.rule_id, verdict.proposal, verdict.reason) == ("first", Proposal.HOLD, HoldReason.UNCLEAR)


@pytest.mark.parametrize("rules", [[], [rule("no", "admit", {"field": "belongs", "one_of": ["no"]})]])
def test_what_matches_no_rule_is_held(rules: list[Rule]) -> None:
    """For a person."""
    verdict = decide(rules, NIL, NONE_FACTS, Admission())

    assert (verdict.rule_id, verdict.proposal, verdict.reason) == (
        "no_rule",
        Proposal.HOLD,
        HoldReason.NEEDS_PERSON,
    )
    assert (verdict.rule, verdict.facts) == (None, {})


def test_a_hold_without_a_reason_needs_a_person() -> None:
    """Every hold has a reason."""
    assert decide([rule("r")], NIL, NONE_FACTS, Admission()).reason is HoldReason.NEEDS_PERSON


@pytest.mark.parametrize(
    "facts", [{"disclosed": "undisclosed"}, {}, {"disclosed": ""}, {"disclosed": "NONE"}]
)
def test_what_is_undisclosed_is_held_whatever_the_rules_say(facts: dict[str, str]) -> None:
    """Also where the fact is missing altogether; the admin's rule stays readable."""
    verdict = decide([ADMIT], NIL, facts, Admission())

    assert (verdict.proposal, verdict.rule_id, verdict.reason) == (
        Proposal.HOLD,
        "always_hold_undisclosed",
        HoldReason.UNDISCLOSED,
    )
    assert verdict.rule is not None
    assert verdict.rule["id"] == "admit"


@pytest.mark.parametrize(
    ("earlier", "proposal"),
    [
        ("none", "admit"),
        ("admitted", "admit"),
        ("ended", "admit"),
        ("declined", "hold"),
        ("redirected", "hold"),
    ],
)
def test_after_a_refusal_a_person_looks_again(earlier: str, proposal: str) -> None:
    """Machines do not let in whom a person refused."""
    verdict = decide([ADMIT], NIL, {**NONE_FACTS, "earlier_outcome": earlier}, Admission())

    assert verdict.proposal == proposal
    assert verdict.reason == (HoldReason.EARLIER_CASE if proposal == "hold" else None)


@pytest.mark.parametrize(
    ("disclosed", "auto", "confirm", "proposal"),
    [
        ("none", True, False, "admit"),
        ("none", False, False, "hold"),
        ("some", True, False, "admit"),
        ("some", False, False, "admit"),
        ("none", True, True, "hold"),
        ("some", True, True, "hold"),
    ],
)
def test_admitting_can_be_switched_to_a_person(
    disclosed: str, auto: bool, confirm: bool, proposal: str
) -> None:
    """One switch for nil returns, one for all; the rule that proposed it is kept."""
    admission = Admission(auto_admit_nil_return=auto, human_confirm=confirm)

    verdict = decide([ADMIT], NIL, {**NONE_FACTS, "disclosed": disclosed}, admission)

    assert (verdict.proposal, verdict.rule_id) == (proposal, "admit")


@pytest.mark.parametrize("propose", ["admit", "hold"])
@pytest.mark.parametrize("disclosed", ["none", "some", "undisclosed"])
@pytest.mark.parametrize("earlier", ["none", "declined"])
@pytest.mark.parametrize("admission", [Admission(), Admission(human_confirm=True)])
def test_what_takes_two_no_machine_lets_in(
    propose: str, disclosed: str, earlier: str, admission: Admission
) -> None:
    """A rule with ``confirm = "two"`` always holds, keeps saying so, and is kept as it stood."""
    facts = {"disclosed": disclosed, "earlier_outcome": earlier}

    verdict = decide([rule("two", propose, confirm="two")], NIL, facts, admission)
    alone = decide([rule("two", propose)], NIL, facts, admission)

    assert verdict.proposal is Proposal.HOLD
    assert verdict.needs_two
    assert not alone.needs_two
    assert verdict.reason is (alone.reason or HoldReason.NEEDS_PERSON)
    assert verdict.rule is not None
    assert verdict.rule["confirm"] == "two"


def test_a_verdict_names_what_it_asked() -> None:
    """Fields and facts with their codes, and how many entries matched; never text."""
    asked = rule(
        "r",
        when={
            "all": [
                BELONGS,
                {"not": {"fact": "paid_now", "one_of": ["yes"]}},
                {"any_entry_of": "link", "where": {"field": "organisation", "answered": True}},
            ]
        },
    )
    reading = read(SHIPPED, ("about", ABOUT_LINKED), ("link", LINK_NOW), ("link", LINK_OLD))

    verdict = decide([asked], reading, {"paid_now": "no"}, Admission())

    assert verdict.facts == {"belongs": ("yes",), "paid_now": ("no",), "matching link": ("2",)}
    assert "Helix" not in str(verdict)
    assert Rule.model_validate(verdict.rule) == asked


def test_information_pages_come_from_answers_alone() -> None:
    """A rule on facts, or without a condition, never shows a page in passing."""
    by_fact = rule("f", "page", {"fact": "disclosed", "one_of": ["none"]}, page="work")
    always = rule("a", "page", page="work")
    rules = [by_fact, always, *config().rules]

    assert information_page(rules, NIL) is None
    assert information_page(rules, read(SHIPPED, ("about", UNDER_AGE))) is InformationPage.UNDER_AGE


def test_the_version_of_rules_is_their_content() -> None:
    """Order counts; writing out a default does not."""
    one, two = rule("one"), rule("two")

    assert rules_hash([one, two]) == rules_hash([rule("one", when=None), two])
    assert rules_hash([one, two]) != rules_hash([two, one])
    assert rules_hash([one]) != rules_hash([rule("one", "admit")])


tests_of_facts = st.sampled_from([(name, value) for name, values in DOMAINS.items() for value in values])
whens = st.one_of(
    st.none(),
    tests_of_facts.map(lambda pair: {"fact": pair[0], "one_of": [pair[1]]}),
    tests_of_facts.map(lambda pair: {"not": {"fact": pair[0], "only": [pair[1]]}}),
    st.sampled_from([BELONGS, {"field": "links", "answered": False}]),
)
some_rules = st.lists(
    st.builds(
        lambda number, propose, when: rule(
            f"r{number}", propose, when, **({"page": "work"} if propose == "page" else {})
        ),
        st.integers(0, 99),
        st.sampled_from(["admit", "admit", "hold", "page"]),
        whens,
    ),
    max_size=6,
)
some_facts = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in DOMAINS.items()})
switches = st.builds(Admission, auto_admit_nil_return=st.booleans(), human_confirm=st.booleans())


@given(rules=some_rules, facts=some_facts, admission=switches)
def test_no_rules_admit_the_undisclosed_or_the_refused(
    rules: list[Rule], facts: dict[str, str], admission: Admission
) -> None:
    """For any rules, facts and switches; machines admit, hold or inform; the same again gives the same."""
    verdict = decide(rules, NIL, facts, admission)

    assert verdict.proposal in {Proposal.ADMIT, Proposal.HOLD, Proposal.PAGE}
    assert decide(rules, NIL, facts, admission) == verdict
    assert verdict.proposal is not Proposal.HOLD or verdict.reason is not None
    if verdict.proposal is Proposal.ADMIT:
        assert facts["disclosed"] in {"none", "some"}
        assert facts["earlier_outcome"] not in {"declined", "redirected"}
        assert (facts["wave"], facts["paused"]) == ("no", "no")
        assert not admission.human_confirm
        assert facts["disclosed"] == "some" or admission.auto_admit_nil_return


def test_a_rule_proposes_nothing_that_only_people_do() -> None:
    """There is no word for it."""
    for outcome in ("decline", "redirect"):
        with pytest.raises(ValueError, match="propose"):
            rule("r", outcome)


S = CaseState
LIFE = {
    S.WAITING: {S.ANSWERING, S.HELD, S.DECLINED, S.REDIRECTED, S.WITHDRAWN, S.LEFT, S.LAPSED},
    S.ANSWERING: {S.WAITING, S.HELD, S.ADMITTED, S.DECLINED, S.REDIRECTED, S.WITHDRAWN, S.LEFT, S.LAPSED},
    S.HELD: {S.ANSWERING, S.HELD, S.ADMITTED, S.DECLINED, S.REDIRECTED, S.REMOVED, S.WITHDRAWN, S.LEFT},
    S.ADMITTED: {S.ADMITTED, S.HELD, S.REMOVED},
    S.DECLINED: {S.HELD},
    S.REDIRECTED: {S.HELD},
    S.REMOVED: {S.HELD},
}


@pytest.mark.parametrize(("before", "after"), list(product(CaseState, repeat=2)))
def test_every_step_of_a_case(before: CaseState, after: CaseState) -> None:
    """Taken or refused; what closed by itself, or by the person, is final."""
    if after in LIFE.get(before, set()):
        check_step(before, after)
    else:
        with pytest.raises(NotAllowed, match=f"{before.value} -> {after.value}"):
            check_step(before, after)


def test_the_table_of_steps_is_whole() -> None:
    """Every state is in it, and only what was decided is ever opened again, by a decision."""
    assert set(TRANSITIONS) == set(CaseState)
    assert {state for state, after in TRANSITIONS.items() if after} == set(LIFE)
    decided = {STATE_AFTER[outcome] for outcome in Outcome} - OPEN_STATES
    assert set(LIFE) == OPEN_STATES | decided
    assert all(LIFE[state] - {S.ADMITTED, S.REMOVED} == {S.HELD} for state in decided)
    assert set(MODERATOR_MAY) == set(Outcome)


@pytest.mark.parametrize("disclosed", list(Disclosed))
def test_admission_needs_a_disclosure(disclosed: Disclosed) -> None:
    """None and some are disclosures; undisclosed is none."""
    if disclosed is Disclosed.UNDISCLOSED:
        with pytest.raises(NotAllowed):
            check_admission(disclosed)
    else:
        check_admission(disclosed)


YES_OR_NO = [False, True]


@pytest.mark.parametrize(("outcome", "state", "disclosed"), list(product(Outcome, CaseState, Disclosed)))
def test_which_case_is_ready_for_what(outcome: Outcome, state: CaseState, disclosed: Disclosed) -> None:
    """Every cell: what is closed never, undisclosed never in, half-changed never, members only out."""
    for sent, inside, terms in product(YES_OR_NO, repeat=3):
        found = why_not_decide(
            outcome=outcome, state=state, disclosed=disclosed, sent=sent, inside=inside, terms=terms
        )
        assert found == _expected(outcome, state, disclosed, sent=sent, inside=inside, terms=terms)


def _expected(
    outcome: Outcome, state: CaseState, disclosed: Disclosed, *, sent: bool, inside: bool, terms: bool
) -> str:
    takes = {Outcome.SUSPEND, Outcome.REMOVE}
    if outcome is Outcome.REOPEN:
        if state in OPEN_STATES:
            return "still_open"
        if state is S.ADMITTED:
            return "suspend_instead"
        return "" if state in {S.DECLINED, S.REDIRECTED, S.REMOVED} else "already_closed"
    is_about_terms = outcome is Outcome.ADMIT and state is S.ADMITTED and terms
    is_about_member = outcome in takes and state is S.ADMITTED
    if state not in OPEN_STATES and not is_about_terms and not is_about_member:
        return "already_closed"
    if outcome in takes and not inside:
        return "not_a_member"
    if outcome is Outcome.ADMIT and disclosed is Disclosed.UNDISCLOSED:
        return "undisclosed"
    if outcome is Outcome.ADMIT and not sent:
        return "not_sent_yet"
    needs_held = outcome in {Outcome.ADMIT, Outcome.HOLD} and not is_about_terms
    removes_early = outcome is Outcome.REMOVE and state in {S.WAITING, S.ANSWERING}
    return "not_sent_yet" if removes_early or (needs_held and state is not S.HELD) else ""


@pytest.mark.parametrize(
    ("mine", "theirs", "may"),
    [
        ({1}, {1}, True),
        ({1, 2}, {2, 3}, True),
        ({1}, {2}, False),
        (set(), {1}, False),
        ({1}, set(), False),
        (set(), set(), False),
    ],
)
def test_who_is_a_moderator(mine: set[int], theirs: set[int], may: bool) -> None:
    """Holding one of the configured roles; with none configured, nobody."""
    assert is_moderator(role_ids=mine, moderator_roles=theirs) is may
