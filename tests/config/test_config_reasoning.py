"""The search for answers that make conditions true finds them exactly when there are any."""

from collections.abc import Callable, Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import AnswersView
from bot.conditions import Condition, Variable, holds
from bot.config import Config, Loaded
from bot.config.reasoning import World, negated, satisfiable

DOMAINS = {
    Variable("field", "a"): [frozenset(), frozenset({"x"}), frozenset({"y"})],
    Variable("field", "b"): [frozenset(), frozenset({"x"}), frozenset({"y"}), frozenset({"x", "y"})],
    Variable("fact", "f"): [frozenset({"x"}), frozenset({"y"})],
}

codes = st.lists(st.sampled_from(["x", "y"]), min_size=1, max_size=2, unique=True).map(tuple)
tests = st.one_of(
    st.builds(lambda name, values: Condition(field=name, one_of=values), st.sampled_from("ab"), codes),
    st.builds(lambda name, values: Condition(field=name, only=values), st.sampled_from("ab"), codes),
    st.builds(
        lambda name, truth: Condition(field=name, answered=truth), st.sampled_from("ab"), st.booleans()
    ),
    st.builds(lambda values: Condition(fact="f", one_of=values), codes),
)
formulas = st.recursive(
    tests,
    lambda inner: st.one_of(
        inner.map(negated),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Condition(all_=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Condition(any_=tuple(parts))),
    ),
    max_leaves=8,
)


def by_trying_everything(conditions: list[Condition]) -> bool:
    """Whether any combination of values makes all conditions true."""
    for values in product(*DOMAINS.values()):
        chosen: Mapping[Variable, frozenset[str]] = dict(zip(DOMAINS, values, strict=True))
        fields = {variable.name: value for variable, value in chosen.items() if variable.kind == "field"}
        fact = next(iter(chosen[Variable("fact", "f")]))
        view = AnswersView(fields, {}, {"f": fact})
        if all(holds(condition, view) for condition in conditions):
            return True
    return False


@given(st.lists(formulas, max_size=3))
def test_the_search_agrees_with_trying_everything(conditions: list[Condition]) -> None:
    """It finds values exactly when there are some."""
    assert satisfiable(conditions, DOMAINS) is by_trying_everything(conditions)


@given(st.lists(formulas, max_size=3))
def test_a_search_that_gives_up_says_possible(conditions: list[Condition]) -> None:
    """A finding is never built on a search that did not finish."""
    assert satisfiable(conditions, DOMAINS, most_steps=2) or not by_trying_everything(conditions)


@pytest.fixture(scope="module")
def world(example: str, load_text: Callable[[str], Loaded]) -> World:
    """The example's questionnaire."""
    config = load_text(example).config
    assert isinstance(config, Config)
    return World(config.questionnaire)


def test_a_radio_button_has_one_answer(world: World) -> None:
    """Two options of one radio button are never chosen together; of a checkbox group they are."""
    yes, no = Condition(field="links", one_of=("yes",)), Condition(field="links", one_of=("no",))
    read, write = (
        Condition(field="purpose", one_of=("listen",)),
        Condition(field="purpose", one_of=("publish",)),
    )

    assert not world.possible(yes, no)
    assert world.possible(read, write)


def test_an_answer_was_only_given_where_it_was_asked(world: World) -> None:
    """Whoever answered on the purpose page is here for work, or has a link to tell of."""
    answered = Condition(field="goal", answered=True)
    only_self = Condition(field="capacity", one_of=("self",))
    no_links = Condition(field="links", one_of=("no",))

    assert world.possible(answered, only_self)
    assert not world.possible(answered, only_self, no_links)


def test_facts_hang_together(world: World) -> None:
    """A nil return has said no, and is not paid."""
    nil = Condition(fact="disclosed", one_of=("none",))

    assert not world.possible(nil, Condition(field="links", one_of=("yes",)))
    assert not world.possible(nil, Condition(fact="paid_now", one_of=("yes",)))
    assert world.possible(nil, Condition(fact="rejoined", one_of=("yes",)))


def test_entries_are_there_only_where_their_page_is(world: World) -> None:
    """Nobody without links has an entry on the link page, and no entry is two periods at once."""
    current = Condition(field="period", one_of=("current",))
    older = Condition(field="period", one_of=("older",))
    no_links = Condition(field="links", one_of=("no",))

    assert world.possible(Condition(any_entry_of="link", where=current))
    assert not world.possible(Condition(any_entry_of="link", where=current), no_links)
    assert not world.possible(Condition(any_entry_of="link", where=Condition(all_=(current, older))))
    assert world.possible(
        Condition(any_entry_of="link", where=current), Condition(any_entry_of="link", where=older)
    )
