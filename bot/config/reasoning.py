"""Whether conditions can hold at all: a small search over what people could answer.

Every variable has few values: a radio button is unanswered or one option, a text is empty or not, a
fact is one of its codes. What a formula does not mention is lumped together as "another option".
The search tries values one variable after the other and leaves a branch as soon as a condition is
certainly false. It gives up after a number of steps and then says "possible", so a finding that
rests on it is always proven.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb

from bot.conditions import ANSWERED, Condition, Variable, View, holds
from bot.facts import DOMAINS
from bot.questionnaire import FormField, Page, Questionnaire

Choice = frozenset[str]
Domains = Mapping[Variable, Sequence[Choice]]

MOST_STEPS = 20_000
OTHER = "\0other"
"""Stands for every option that a formula does not mention."""

_MOST_SUBSETS = 2_100
_NOTHING: Choice = frozenset()


def every(*conditions: Condition | None) -> Condition | None:
    """All of these; None when there are none, which always holds."""
    given = tuple(condition for condition in conditions if condition is not None)
    return Condition(all_=given) if given else None


def negated(condition: Condition) -> Condition:
    """The opposite."""
    return Condition(not_=condition)


def _implies(premise: Condition, conclusion: Condition) -> Condition:
    return Condition(any_=(negated(premise), conclusion))


def _fact(name: str, *values: str) -> Condition:
    return Condition(fact=name, one_of=values)


def _answer(name: str, *values: str) -> Condition:
    return Condition(field=name, one_of=values)


AXIOMS = (
    _implies(_fact("disclosed", "none"), _answer("links", "no")),
    _implies(_fact("disclosed", "some"), _answer("links", "yes", "not_sure")),
    _implies(_fact("paid_now", "yes"), negated(_fact("disclosed", "none"))),
    _implies(_fact("recent_link", "yes"), negated(_fact("disclosed", "none"))),
    _implies(_fact("client_missing", "yes"), negated(_fact("disclosed", "none"))),
    _implies(_fact("paid_now", "yes"), _fact("recent_link", "yes")),
    _implies(_fact("rejoined", "no"), _fact("earlier_outcome", "none")),
    _implies(_fact("earlier_outcome", "none"), _fact("rejoined", "no")),
)
"""How the facts hang together, by ``bot.interests`` and ``bot.facts``."""


@dataclass(slots=True)
class _Partial(View):
    """The values tried so far."""

    values: dict[Variable, Choice] = field(default_factory=dict)

    def chosen(self, variable: Variable) -> Choice | None:
        return self.values.get(variable)

    def entries(self, page_id: str) -> Sequence[View] | None:  # noqa: ARG002  (the port's signature)
        return None


def variables_in(condition: Condition) -> Iterator[Variable]:
    """The variables that single tests ask about."""
    for part in condition.walk():
        if part.variable is not None:
            yield part.variable


_AXIOMS_ABOUT = [(axiom, frozenset(variables_in(axiom))) for axiom in AXIOMS]


def satisfiable(conditions: Sequence[Condition], domains: Domains, most_steps: int = MOST_STEPS) -> bool:
    """Whether some choice of values makes all conditions true. True when the search gives up."""
    asking: dict[Variable, list[Condition]] = {}
    for condition in conditions:
        for variable in dict.fromkeys(variables_in(condition)):
            asking.setdefault(variable, []).append(condition)
    order = list(asking)
    return _search(_Partial(), order, asking, domains, most_steps)


def _search(
    view: _Partial,
    order: Sequence[Variable],
    asking: Mapping[Variable, Sequence[Condition]],
    domains: Domains,
    most_steps: int,
) -> bool:
    """Depth first, without recursion: a formula may have any number of variables."""
    tries = [iter(domains[order[0]])] if order else []
    steps = 0
    while tries:
        variable = order[len(tries) - 1]
        value = next(tries[-1], None)
        if value is None:
            view.values.pop(variable, None)
            tries.pop()
            continue
        steps += 1
        if steps > most_steps:
            return True
        view.values[variable] = value
        if any(holds(condition, view) is False for condition in asking[variable]):
            continue
        if len(tries) == len(order):
            return True
        tries.append(iter(domains[order[len(tries)]]))
    return not order


class World:
    """What people could answer to one questionnaire, and what the core could make of it."""

    def __init__(self, questionnaire: Questionnaire, uncertain: frozenset[str] = frozenset()) -> None:
        """``uncertain`` fields are broken in the file: anything could be answered there."""
        self._fields: dict[str, tuple[Page, FormField]] = {}
        self._pages: dict[str, Page] = {}
        for page, shown in questionnaire.fields():
            self._pages.setdefault(page.id, page)
            if shown.id not in uncertain:
                self._fields.setdefault(shown.id, (page, shown))
        self._possible_entries: dict[str, bool] = {}

    def possible(self, *conditions: Condition | None) -> bool:
        """Whether all of these can hold for somebody."""
        formula = [self._opaque(condition) for condition in conditions if condition is not None]
        formula += self._consequences(formula)
        domains = self._domains(formula)
        return domains is None or satisfiable(formula, domains)

    def shown(self, page: Page, shown: FormField | None = None) -> Condition | None:
        """When a page, or a field on it, is shown; None: always."""
        return every(page.show_when, shown.show_when if shown else None)

    def _opaque(self, condition: Condition) -> Condition:
        """The condition with each question about entries replaced by one yes-or-no fact."""
        if condition.all_ is not None:
            return Condition(all_=tuple(self._opaque(part) for part in condition.all_))
        if condition.any_ is not None:
            return Condition(any_=tuple(self._opaque(part) for part in condition.any_))
        if condition.not_ is not None:
            return negated(self._opaque(condition.not_))
        if condition.any_entry_of is None or condition.where is None:
            return condition
        return _fact(self._entries_fact(condition.any_entry_of, condition.where), "yes")

    def _entries_fact(self, page_id: str, where: Condition) -> str:
        name = "entries " + json.dumps([page_id, where.as_data()], sort_keys=True)
        if name not in self._possible_entries:
            page = self._pages.get(page_id)
            self._possible_entries[name] = True  # until shown otherwise, should it ask about itself
            self._possible_entries[name] = page is None or self.possible(page.show_when, where)
        return name

    def _consequences(self, formula: Sequence[Condition]) -> list[Condition]:
        """What must be true besides: facts agree, and an answer was given only where it was asked."""
        found: list[Condition] = []
        seen: set[Variable] = set()
        waiting = [v for condition in formula for v in variables_in(condition)]
        axioms = list(_AXIOMS_ABOUT)
        while waiting:
            variable = waiting.pop()
            if variable in seen:
                continue
            seen.add(variable)
            follows = [axiom for axiom, about in axioms if variable in about]
            axioms = [(axiom, about) for axiom, about in axioms if variable not in about]
            follows += self._asked_first(variable)
            found += follows
            waiting += [v for condition in follows for v in variables_in(condition)]
        return found

    def _asked_first(self, variable: Variable) -> list[Condition]:
        if variable.kind == "fact":
            if not variable.name.startswith("entries "):
                return []
            page_id = json.loads(variable.name.removeprefix("entries "))[0]
            page = self._pages.get(page_id)
            asked = page.show_when if page else None
            answered = _fact(variable.name, "yes")
        else:
            page, shown = self._fields.get(variable.name, (None, None))
            asked = self.shown(page, shown) if page else None
            answered = Condition(field=variable.name, answered=True)
        return [_implies(answered, self._opaque(asked))] if asked is not None else []

    def _domains(self, formula: Sequence[Condition]) -> Domains | None:
        """What each variable can be; None when one can be too many things to go through."""
        mentioned: dict[Variable, dict[str, None]] = {}
        for condition in formula:
            for part in condition.walk():
                if part.variable is not None:
                    codes = mentioned.setdefault(part.variable, {})
                    codes.update(dict.fromkeys((part.one_of or ()) + (part.only or ())))
        domains: dict[Variable, Sequence[Choice]] = {}
        for variable, codes in mentioned.items():
            domain = self._domain(variable, list(codes))
            if domain is None:
                return None
            domains[variable] = domain
        return domains

    def _domain(self, variable: Variable, mentioned: Sequence[str]) -> Sequence[Choice] | None:
        if variable.kind == "fact":
            return self._fact_domain(variable.name, mentioned)
        known = self._fields.get(variable.name)
        if known is None:
            return _subsets(mentioned, [OTHER], None)
        shown = known[1]
        if shown.kind.is_text:
            return [_NOTHING, frozenset({ANSWERED})]
        values = {option.value for option in shown.options}
        others = [OTHER] if values - set(mentioned) else []
        return _subsets([code for code in mentioned if code in values], others, shown.most_values)

    def _fact_domain(self, name: str, mentioned: Sequence[str]) -> Sequence[Choice]:
        values = DOMAINS.get(name, (*mentioned, OTHER))
        if name in self._possible_entries:
            values = ("yes", "no") if self._possible_entries[name] else ("no",)
        return [frozenset({value}) for value in values]


def _subsets(codes: Sequence[str], others: Sequence[str], most: int | None) -> Sequence[Choice] | None:
    """Every set of codes that can be chosen together, small ones first; None when there are too many."""
    pool = [*codes, *others]
    sizes = range(min(len(pool), most if most is not None else len(pool)) + 1)
    if sum(comb(len(pool), size) for size in sizes) > _MOST_SUBSETS:
        return None
    return [frozenset(chosen) for size in sizes for chosen in combinations(pool, size)]
