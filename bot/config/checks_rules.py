"""Rules: what they may propose, which of them can fire, and whom they would let in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.conditions import Condition
from bot.config.checks_conditions import Standpoint, check_condition, impossible_parts
from bot.config.checks_tables import twice
from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.reasoning import negated
from bot.config.scene import Scene
from bot.interests import AGE_OK
from bot.model import InformationPage
from bot.rules import Proposal, Rule

_UNDISCLOSED = Condition(fact="disclosed", one_of=("undisclosed",))
_UNDER_AGE = Condition(field=AGE_OK, one_of=("no",))
_PAGES = ", ".join(page.value for page in InformationPage)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A rule further up whose condition is sound."""

    rule: Rule

    @property
    def unless(self) -> Condition | None:
        """That it does not hold; None for a rule that always does."""
        return negated(self.rule.when) if self.rule.when is not None else None


def check_rules(scene: Scene) -> Iterator[Problem]:
    """What is wrong with the rules."""
    rules = scene.config.rules
    yield from twice(((rule.id, ("rules", n, "id")) for n, rule in enumerate(rules)), "id")
    stops_the_young = any(rule.page is InformationPage.UNDER_AGE for rule in rules)
    if not stops_the_young and not scene.raw_has("rules", "page", InformationPage.UNDER_AGE.value):
        told = 'no rule shows the page "under_age" to people who are too young'
        mend = f'add one at the top: {{ field = "{AGE_OK}", one_of = ["no"] }}, propose = "page"'
        yield Problem(("rules",), told, mend)
    earlier: list[_Earlier] = []
    all_known = stops_the_young and not scene.draft.is_damaged(("rules",))
    for number, rule in enumerate(rules):
        path: KeyPath = ("rules", number)
        yield from _proposal(rule, path)
        wrong = list(_asked(scene, rule, path))
        yield from wrong
        if wrong:
            all_known = False
            continue
        never = list(_never_fires(scene, rule, path, earlier))
        yield from never
        if not never and rule.when is not None:
            yield from impossible_parts(rule.when, (*path, "when"), scene)
        if not never and rule.propose is Proposal.ADMIT:
            yield from _admits(scene, rule, path, earlier if all_known else None)
        earlier.append(_Earlier(rule))


def _proposal(rule: Rule, path: KeyPath) -> Iterator[Problem]:
    """Keys that go with what is proposed, and keys that do not."""
    if rule.propose is Proposal.PAGE:
        if rule.page is None:
            told = "is missing: the rule does not say which page"
            yield Problem((*path, "page"), told, f"add page = …, one of {_PAGES}")
        if rule.when is None:
            told = "is missing: everybody would be shown this page"
            yield Problem((*path, "when"), told, "add a condition")
    elif rule.page is not None:
        yield Problem((*path, "page"), _does_not_go("page", rule), 'take it out, or write propose = "page"')
    if rule.reason is not None and rule.propose is not Proposal.HOLD:
        yield Problem(
            (*path, "reason"), _does_not_go("reason", rule), 'take it out, or write propose = "hold"'
        )
    if rule.propose is Proposal.PAGE and rule.confirm == "two":
        told = "a page lets nobody in, so there is nothing to confirm"
        yield Problem((*path, "confirm"), told, 'take it out, or write propose = "hold"')


def _does_not_go(key: str, rule: Rule) -> str:
    return f'a {key} does not go with propose = "{rule.propose.value}"'


def _asked(scene: Scene, rule: Rule, path: KeyPath) -> Iterator[Problem]:
    if rule.when is None:
        return
    stand = Standpoint(scene, facts_known=True)
    if rule.propose is Proposal.PAGE:
        why = "pages are shown before facts are worked out"
        stand = Standpoint(scene, facts_known=False, why_no_facts=why)
    yield from check_condition(rule.when, (*path, "when"), stand)


def _never_fires(scene: Scene, rule: Rule, path: KeyPath, earlier: Sequence[_Earlier]) -> Iterator[Problem]:
    at = path if rule.when is None else (*path, "when")
    if rule.when is not None and not scene.world.possible(rule.when):
        yield Problem(
            at, "can never hold, so this rule never fires", "change the condition, or take the rule out"
        )
        return
    shadow = _shadow(scene, rule, earlier)
    if shadow:
        told = f"this rule never fires: {shadow} whenever it would"
        yield Problem(at, told, "move it further up, narrow the rule above, or take it out")


def _shadow(scene: Scene, rule: Rule, earlier: Sequence[_Earlier]) -> str:
    """Which earlier rules leave nothing to this one; empty when they leave something."""
    if all(other.unless is not None for other in earlier) and scene.world.possible(
        rule.when, *(other.unless for other in earlier)
    ):
        return ""
    for other in earlier:
        if other.unless is None or not scene.world.possible(rule.when, other.unless):
            return f'"{other.rule.id}" fires first'
    return "one of the rules above it fires first"


def _admits(scene: Scene, rule: Rule, path: KeyPath, earlier: Sequence[_Earlier] | None) -> Iterator[Problem]:
    at = path if rule.when is None else (*path, "when")
    if scene.world.possible(rule.when, _UNDISCLOSED):
        told = "would admit people who did not tell their links: nobody undisclosed is admitted"
        yield Problem(
            at, told, 'add { fact = "disclosed", one_of = ["none"] }, or ["some"], within all = [ … ]'
        )
    if earlier is not None and scene.world.possible(
        rule.when, _UNDER_AGE, *(other.unless for other in earlier)
    ):
        told = "would admit people who said that they are under age"
        yield Problem(at, told, 'move the rule that shows "under_age" above this one')
