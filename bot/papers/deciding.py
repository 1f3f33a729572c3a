"""Who decides: what each rule leads to under these settings, and what the machine may do by itself."""

from collections.abc import Iterator

from bot.conditions import Condition
from bot.config.reasoning import World
from bot.model import InformationPage
from bot.papers.conditions import sentence
from bot.papers.teller import Teller
from bot.rules import Proposal, Rule

_NOTHING_AGAINST_IT = (
    Condition(fact="paused", one_of=("no",)),
    Condition(fact="wave", one_of=("no",)),
    Condition(fact="held_before", one_of=("no",)),
    Condition(fact="earlier_outcome", one_of=("none", "admitted", "ended")),
)
"""What has to be so before a machine may carry out an admission, besides what was disclosed."""


def rules(teller: Teller) -> str:
    """Every rule, numbered, with what it leads to and when it fits."""
    lines = [
        line for number, rule in enumerate(teller.config.rules, 1) for line in _rule(rule, number, teller)
    ]
    if not teller.config.rules or teller.config.rules[-1].when is not None:
        lines.append(teller.phrase("no_rule"))
    return "\n".join(lines).strip()


def machine(teller: Teller) -> str:
    """Whether a machine may let anybody in, and under which rules."""
    admitting = [rule for rule in teller.config.rules if lets_in(rule, teller) in {"admit", "admit_some"}]
    if not admitting:
        return teller.phrase("machine_never_admits")
    named = "\n".join(f"- {_because(rule, teller)}." for rule in admitting)
    return teller.phrase("machine_admits", rules=named)


def restraints(teller: Teller) -> str:
    """What else the machine does, and whom it never lets in whatever the rules say."""
    admits = any(lets_in(rule, teller) in {"admit", "admit_some"} for rule in teller.config.rules)
    return teller.phrase(
        "restraints" if admits else "restraints_no_admission",
        refused=teller.duration(teller.config.retention.refused),
        drift_sentence=teller.phrase(f"drift_{teller.config.drift.unrecorded}_sentence"),
    )


def hands(teller: Teller) -> str:
    """What takes two people; in a small team, what takes a wait; and no second person who is not there."""
    confirm = teller.config.confirm
    two = [teller.phrase(f"takes_{key}") for key, people in confirm if people == "two"]
    if not two:
        return teller.phrase("hands_one")
    how = "hands_wait" if confirm.small_team else "hands_two"
    return teller.phrase(how, what=teller.listed(two), wait=teller.duration(confirm.wait))


def pages(teller: Teller) -> str:
    """Which answers lead to a page of information, in a sentence; empty where none do."""
    shown = dict.fromkeys(rule.page for rule in teller.config.rules if rule.page is not None)
    if not shown:
        return teller.phrase("pages_none")
    return teller.phrase(
        "pages", who=teller.listed([teller.phrase(f"page_for_{page.value}") for page in shown])
    )


def deletes_under_age(teller: Teller) -> bool:
    """Whether some rule shows the page for people who are too young, which deletes what they told."""
    return any(rule.page is InformationPage.UNDER_AGE for rule in teller.config.rules)


def lets_in(rule: Rule, teller: Teller) -> str:
    """What becomes of a rule's *admit*: ``admit``, ``admit_some`` (not those without links) or ``confirm``.

    Empty for a rule that proposes something else.
    """
    if rule.propose is not Proposal.ADMIT:
        return ""
    admission = teller.config.admission
    if rule.confirm == "two":
        return "confirm"
    none, some = (_can_hold(rule, disclosed, teller) for disclosed in ("none", "some"))
    if admission.human_confirm:
        return "confirm"
    if admission.auto_admit_nil_return or not none:
        return "admit" if none or some else "confirm"
    return "admit_some" if some else "confirm"


def _can_hold(rule: Rule, disclosed: str, teller: Teller) -> bool:
    told = Condition(fact="disclosed", one_of=(disclosed,))
    return World(teller.config.questionnaire).possible(rule.when, told, *_NOTHING_AGAINST_IT)


def _rule(rule: Rule, number: int, teller: Teller) -> Iterator[str]:
    yield f"{number}. {teller.phrase('rule', because=_because(rule, teller), does=_does(rule, teller))}"
    indent = " " * (len(str(number)) + 2)
    yield ""
    if rule.when is None:
        yield indent + teller.phrase("rule_everybody")
    else:
        yield from sentence(teller.phrase("rule_when"), rule.when, teller, indent)
    yield ""


def _does(rule: Rule, teller: Teller) -> str:
    if rule.page is not None:
        return teller.phrase(f"does_page_{rule.page.value}")
    does = f"does_{lets_in(rule, teller)}" if rule.propose is Proposal.ADMIT else "does_hold"
    if rule.confirm == "one":
        return teller.phrase(does)
    confirm = teller.config.confirm
    how = "wait" if confirm.small_team else "two"
    return f"{teller.phrase(does)} {teller.phrase(f'does_with_{how}', wait=teller.duration(confirm.wait))}"


def _because(rule: Rule, teller: Teller) -> str:
    return teller.label(rule.because).rstrip(".")
