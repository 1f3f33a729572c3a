"""Rules, pure: from facts and answers to a verdict. The first matching rule wins.

A rule may show an information page, hold, or admit: machines never refuse anybody. Whatever the
rules say, what is undisclosed is held, and so is anyone whose last case was refused, whose access was
taken back, or who was held before and now tells something else: once a person is needed, a person decides.
Nor does the machine admit whoever came with a wave of joins, or anybody while the gate is paused, or
whom a rule lets in only with two people.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from bot.answers import AnswersView, Reading
from bot.conditions import Condition, Variable, holds
from bot.model import HoldReason, InformationPage
from bot.questionnaire import Frozen, Identifier
from bot.text import Text


class Proposal(StrEnum):
    """What a rule may propose."""

    PAGE = "page"
    HOLD = "hold"
    ADMIT = "admit"


class Rule(Frozen):
    """When this holds, propose that."""

    id: Identifier
    because: Text
    """For moderators: what the rule is about, in a few words."""
    when: Condition | None = None
    """Absent: the rule fires for everybody."""
    propose: Proposal
    page: InformationPage | None = None
    reason: HoldReason | None = None
    confirm: Literal["one", "two"] = "one"
    """How many people letting somebody in takes then. With two, no machine does it."""

    @cached_property
    def as_data(self) -> dict[str, Any]:
        """The rule as it would stand in the configuration."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class Admission(Frozen):
    """How much of the rules' *admit* the machine may carry out by itself."""

    auto_admit_nil_return: bool = True
    human_confirm: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules make of a case, with the grounds, readable when the rule is long gone."""

    rule_id: str
    proposal: Proposal
    facts: Mapping[str, tuple[str, ...]]
    """The variables that the rule asked about, with the codes that were chosen; all facts, for a rule
    that asks nothing. Never text."""
    page: InformationPage | None = None
    reason: HoldReason | None = None
    rule: Mapping[str, Any] | None = None
    """The rule as it stood in the configuration."""
    needs_two: bool = False
    """The rule asks for two people before anybody is let in."""


NO_RULE = "no_rule"
UNDISCLOSED_RULE = "always_hold_undisclosed"
EARLIER_RULE = "always_hold_after_refusal"
HELD_BEFORE_RULE = "always_hold_after_hold"
PAUSED_RULE = "always_hold_while_paused"
WAVE_RULE = "always_hold_in_a_wave"
RESTRAINTS = frozenset({UNDISCLOSED_RULE, EARLIER_RULE, HELD_BEFORE_RULE, PAUSED_RULE, WAVE_RULE})
"""What no rule can lift. A verdict under one of these names keeps the words of the rule that would admit."""


def rules_hash(rules: Sequence[Rule]) -> str:
    """SHA-256 of the rules, in hexadecimal: their version."""
    data = [rule.as_data for rule in rules]
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def information_page(rules: Sequence[Rule], reading: Reading) -> InformationPage | None:
    """The page to show at once for the answers given so far, facts left aside."""
    view = _view(reading, {})
    for rule in rules:
        if rule.propose is Proposal.PAGE and rule.when is not None and holds(rule.when, view):
            return rule.page
    return None


def decide(
    rules: Sequence[Rule], reading: Reading, facts: Mapping[str, str], admission: Admission
) -> Verdict:
    """The verdict on answers that were sent: a page, hold or admit; hold when no rule matches."""
    view = _view(reading, facts)
    verdict = Verdict(NO_RULE, Proposal.HOLD, {}, reason=HoldReason.NEEDS_PERSON)
    for rule in rules:
        if rule.when is None or holds(rule.when, view):
            verdict = _verdict(rule, view)
            break
    return _restrain(verdict, facts, admission)


def _view(reading: Reading, facts: Mapping[str, str]) -> AnswersView:
    return AnswersView(reading.view.fields, reading.view.by_page, facts)


def _verdict(rule: Rule, view: AnswersView) -> Verdict:
    return Verdict(
        rule_id=rule.id,
        proposal=rule.propose,
        facts=_facts_asked(rule.when, view),
        page=rule.page,
        reason=rule.reason or (HoldReason.NEEDS_PERSON if rule.propose is Proposal.HOLD else None),
        rule=rule.as_data,
        needs_two=rule.confirm == "two",
    )


def _facts_asked(when: Condition | None, view: AnswersView) -> dict[str, tuple[str, ...]]:
    if when is None:
        return {name: (value,) for name, value in view.facts.items()}
    asked: dict[str, tuple[str, ...]] = {}
    for condition in when.walk():
        if condition.any_entry_of is not None:
            matching = [e for e in view.entries(condition.any_entry_of) if holds(_where(condition), e)]
            asked[f"matching {condition.any_entry_of}"] = (str(len(matching)),)
    for variable in _variables_outside_entries(when):
        asked[variable.name] = tuple(sorted(view.chosen(variable)))
    return asked


def _where(condition: Condition) -> Condition:
    if condition.where is None:
        raise ValueError("any_entry_of without where")
    return condition.where


def _variables_outside_entries(condition: Condition) -> list[Variable]:
    if condition.variable is not None:
        return [condition.variable]
    if condition.any_entry_of is not None:
        return []
    return [variable for part in condition.parts for variable in _variables_outside_entries(part)]


def _restrain(verdict: Verdict, facts: Mapping[str, str], admission: Admission) -> Verdict:
    """Turn an *admit* that a machine may not carry out into a *hold*."""
    if verdict.proposal is not Proposal.ADMIT:
        return verdict
    disclosed = facts.get("disclosed", "undisclosed")
    earlier = facts.get("earlier_outcome", "none")
    if disclosed not in {"none", "some"}:
        return _held(verdict, UNDISCLOSED_RULE, HoldReason.UNDISCLOSED, {"disclosed": (disclosed,)})
    if earlier in {"declined", "redirected", "taken_back"}:
        return _held(verdict, EARLIER_RULE, HoldReason.EARLIER_CASE, {"earlier_outcome": (earlier,)})
    if facts.get("held_before") == "yes":
        return _held(verdict, HELD_BEFORE_RULE, HoldReason.EARLIER_CASE, {"held_before": ("yes",)})
    for fact, rule_id in (("paused", PAUSED_RULE), ("wave", WAVE_RULE)):
        if facts.get(fact) == "yes":
            return _held(verdict, rule_id, HoldReason.RAID_LOCK, {fact: ("yes",)})
    nil_return_needs_person = disclosed == "none" and not admission.auto_admit_nil_return
    if admission.human_confirm or nil_return_needs_person or verdict.needs_two:
        return _held(verdict, verdict.rule_id, HoldReason.NEEDS_PERSON, {})
    return verdict


def _held(verdict: Verdict, rule_id: str, reason: HoldReason, facts: dict[str, tuple[str, ...]]) -> Verdict:
    return Verdict(
        rule_id,
        Proposal.HOLD,
        {**verdict.facts, **facts},
        reason=reason,
        rule=verdict.rule,
        needs_two=verdict.needs_two,
    )
