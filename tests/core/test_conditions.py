"""Conditions: three-valued truth, and every shape that is none."""

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.conditions import Condition, Variable, View, holds

Truth = bool | None


@dataclass
class Known:
    """What a test knows; what is left out is not known."""

    fields: dict[str, frozenset[str]] = field(default_factory=dict)
    pages: dict[str, list["Known"]] = field(default_factory=dict)

    def chosen(self, variable: Variable) -> frozenset[str] | None:
        return self.fields.get(variable.name)

    def entries(self, page_id: str) -> "list[View] | None":
        found = self.pages.get(page_id)
        return None if found is None else list(found)


YES, NO, UNKNOWN = (
    {"field": "yes", "answered": True},
    {"field": "no", "answered": True},
    {"field": "unknown", "answered": True},
)
VIEW = Known({"yes": frozenset({"x"}), "no": frozenset()})
ATOMS: dict[Truth, dict[str, Any]] = {True: YES, False: NO, None: UNKNOWN}


def truth(data: dict[str, Any], view: Known = VIEW) -> Truth:
    """What a condition, as the configuration writes it, comes to."""
    return holds(Condition.model_validate(data), view)


@pytest.mark.parametrize(("left", "right"), list(product([True, False, None], repeat=2)))
def test_all_and_any_follow_kleenes_tables(left: Truth, right: Truth) -> None:
    """What is not known decides nothing, unless the other side settles it."""
    parts = [ATOMS[left], ATOMS[right]]
    order = {False: 0, None: 1, True: 2}

    assert truth({"all": parts}) == min(left, right, key=lambda value: order[value])
    assert truth({"any": parts}) == max(left, right, key=lambda value: order[value])


@pytest.mark.parametrize(("inner", "outer"), [(True, False), (False, True), (None, None)])
def test_not_turns_over_what_is_known(inner: Truth, outer: Truth) -> None:
    """And nothing else."""
    assert truth({"not": ATOMS[inner]}) == outer


@pytest.mark.parametrize(
    ("chosen", "one_of", "only", "answered", "unanswered"),
    [
        (frozenset(), False, False, False, True),
        (frozenset({"a"}), True, True, True, False),
        (frozenset({"a", "b"}), True, True, True, False),
        (frozenset({"a", "c"}), True, False, True, False),
        (frozenset({"c"}), False, False, True, False),
        (None, None, None, None, None),
    ],
)
def test_single_tests(
    chosen: frozenset[str] | None, one_of: Truth, only: Truth, answered: Truth, unanswered: Truth
) -> None:
    """One of, only, answered, for each set of chosen codes."""
    view = Known() if chosen is None else Known({"f": chosen})

    assert truth({"field": "f", "one_of": ["a", "b"]}, view) == one_of
    assert truth({"fact": "f", "only": ["a", "b"]}, view) == only
    assert truth({"field": "f", "answered": True}, view) == answered
    assert truth({"field": "f", "answered": False}, view) == unanswered


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (None, None),
        ([], False),
        ([Known({"f": frozenset({"a"})})], True),
        ([Known({"f": frozenset()}), Known({"f": frozenset({"a"})})], True),
        ([Known({"f": frozenset()}), Known()], None),
        ([Known({"f": frozenset({"b"})})], False),
    ],
)
def test_any_entry_of_a_repeated_page(entries: list[Known] | None, expected: Truth) -> None:
    """One matching entry is enough; none at all is none."""
    view = Known(pages={} if entries is None else {"link": entries})

    assert truth({"any_entry_of": "link", "where": {"field": "f", "one_of": ["a"]}}, view) == expected


conditions = st.recursive(
    st.sampled_from([YES, NO, UNKNOWN]),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)


@given(one=conditions, two=conditions, three=conditions)
def test_kleenes_laws_hold(one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]) -> None:
    """Order, De Morgan, double negation, absorption, distribution: for whatever is nested in them."""

    def both(*parts: dict[str, Any]) -> dict[str, Any]:
        return {"all": list(parts)}

    def either(*parts: dict[str, Any]) -> dict[str, Any]:
        return {"any": list(parts)}

    def no(part: dict[str, Any]) -> dict[str, Any]:
        return {"not": part}

    assert truth(both(one, two)) == truth(both(two, one))
    assert truth(either(one, two)) == truth(either(two, one))
    assert truth(no(both(one, two))) == truth(either(no(one), no(two)))
    assert truth(no(either(one, two))) == truth(both(no(one), no(two)))
    assert truth(no(no(one))) == truth(one)
    assert truth(both(one, either(one, two))) == truth(one)
    assert truth(both(one, either(two, three))) == truth(either(both(one, two), both(one, three)))


@given(condition=conditions)
def test_what_is_settled_stays_settled(condition: dict[str, Any]) -> None:
    """Learning what was not known never turns over an answer: what the configuration check relies on."""
    before = truth(condition)
    learned = [
        truth(condition, Known({**VIEW.fields, "unknown": now}))
        for now in (frozenset({"x"}), frozenset[str]())
    ]

    assert None not in learned
    assert before is None or set(learned) == {before}


@given(condition=conditions)
def test_a_condition_survives_writing_and_reading(condition: dict[str, Any]) -> None:
    """As the configuration and the snapshot write it."""
    read = Condition.model_validate(condition)

    assert Condition.model_validate(read.as_data()) == read
    assert read.as_data() == condition


ANSWERED = {"field": "f", "answered": True}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "exactly one of"),
        ({"field": "f", "fact": "g", "answered": True}, "exactly one of"),
        ({"all": [ANSWERED], "any": [ANSWERED]}, "exactly one of"),
        ({"not": ANSWERED, "any_entry_of": "p", "where": ANSWERED}, "exactly one of"),
        ({"one_of": ["a"]}, "exactly one of"),
        ({"field": "f"}, "needs one of one_of, only, answered"),
        ({"fact": "f"}, "a condition on a fact needs"),
        ({"field": "f", "one_of": ["a"], "only": ["a"]}, "needs one of one_of, only, answered"),
        ({"field": "f", "answered": True, "where": ANSWERED}, "needs one of one_of, only, answered"),
        ({"all": [ANSWERED], "one_of": ["a"]}, "one_of goes with field or fact"),
        ({"not": ANSWERED, "answered": True}, "answered goes with field or fact"),
        ({"any_entry_of": "p", "where": ANSWERED, "only": ["a"]}, "only goes with field or fact"),
        ({"any_entry_of": "p"}, "any_entry_of and where go together"),
        ({"all": [ANSWERED], "where": ANSWERED}, "any_entry_of and where go together"),
        ({"all": []}, "may not be empty"),
        ({"any": []}, "may not be empty"),
        ({"field": "f", "answered": True, "unless": 1}, "Extra inputs"),
        ({"not": {"field": "f"}}, "needs one of one_of, only, answered"),
    ],
)
def test_every_shape_that_is_none_is_refused(data: dict[str, Any], told: str) -> None:
    """With a sentence that says which."""
    with pytest.raises(ValidationError, match=told):
        Condition.model_validate(data)


def test_walking_meets_every_part() -> None:
    """Inner conditions of entries included."""
    condition = Condition.model_validate(
        {"all": [ANSWERED, {"not": {"any_entry_of": "p", "where": {"fact": "g", "answered": True}}}]}
    )

    assert [part.variable for part in condition.walk() if part.variable] == [
        Variable("field", "f"),
        Variable("fact", "g"),
    ]
