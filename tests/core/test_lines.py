"""Which organisations belong together: tables, and what no change of the register may undo."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.fairness.lines import Register, still_counts, three_years_before
from bot.model import Interest

IDS = "abcdef"
NAMES = {one.upper().encode(): one for one in IDS}
FAMILY = Register(NAMES, merged={"e": "b"}, parents={"b": "a", "c": "b", "d": "a", "e": "f"})
"""a owns b and d; b owns c; e, which belongs to f, turned out to be b."""


@pytest.mark.parametrize(
    ("one", "other", "touches"),
    [
        ("A", "A", True),
        ("B", "A", True),
        ("C", "A", True),
        ("C", "B", True),
        ("B", "D", False),
        ("C", "D", False),
        ("E", "B", True),
        ("E", "C", True),
        ("E", "A", True),
        ("F", "B", True),
        ("F", "C", True),
        ("F", "A", False),
        ("F", "D", False),
        ("unknown", "unknown", True),
        ("unknown", "A", False),
    ],
)
def test_a_line_is_an_organisation_with_those_above_and_below(one: str, other: str, touches: bool) -> None:
    """Not those beside it; and what was merged is one."""
    assert FAMILY.touch(one.encode(), other.encode()) is touches
    assert FAMILY.touch(other.encode(), one.encode()) is touches


def test_what_goes_round_is_noticed() -> None:
    """Over any number of owners, and by a merger; an owner merged with its own is no circle."""
    chain = Register(parents={"c": "b", "b": "a"})

    assert not chain.goes_round("c")
    assert replace(chain, parents={**chain.parents, "a": "c"}).goes_round("a")
    assert replace(chain, merged={"c": "a"}).goes_round("a")
    assert not replace(chain, merged={"c": "b"}).goes_round("b")


def test_a_circle_that_somebody_made_by_hand_holds_nobody_up() -> None:
    """Walking ends."""
    broken = Register(NAMES, merged={"a": "b", "b": "a"}, parents={"c": "d", "d": "c"})

    assert broken.end("a") in {"a", "b"}
    assert broken.above("c") == {"d"}
    assert broken.touch(b"C", b"D")


edges = st.dictionaries(st.sampled_from(IDS), st.sampled_from(IDS), max_size=6)


@st.composite
def registers(draw: st.DrawFn) -> Register:
    """A register that the use cases would have let come about."""
    register = Register(draw(st.sampled_from([NAMES, {b"A": "a", b"B": "b", b"C": "c"}])))
    for child, parent in draw(edges).items():
        if child != parent:
            grown = replace(register, parents={**register.parents, child: parent})
            register = register if grown.goes_round(child) else grown
    for one, other in draw(edges).items():
        if register.end(one) != register.end(other):
            grown = replace(register, merged={**register.merged, register.end(one): register.end(other)})
            register = register if grown.goes_round(other) else grown
    return register


some_names = st.sampled_from([*NAMES, b"X", b"Y"])


def pairs(register: Register) -> set[tuple[bytes, bytes]]:
    """All pairs of names that touch."""
    names = [*NAMES, b"X", b"Y"]
    return {(one, other) for one, other in product(names, names) if register.touch(one, other)}


@given(registers(), some_names, some_names)
def test_a_tie_is_a_tie_for_both(register: Register, one: bytes, other: bytes) -> None:
    """Whoever asks; and a name touches itself."""
    assert register.touch(one, other) == register.touch(other, one)
    assert register.touch(one, one)


@given(registers(), some_names, some_names)
def test_whatever_is_in_line_with_a_name_touches_it(register: Register, one: bytes, other: bytes) -> None:
    """Worked out once for one side, it says of every other name what is said of the two together."""
    line = register.in_line_with({one})

    assert (one == other or register.names.get(other) in line) == register.touch(one, other)


@given(registers(), st.permutations(IDS))
def test_a_merger_unlinks_nobody(register: Register, ids: list[str]) -> None:
    """Whatever touched before touches after, and the two are one."""
    which, into = ids[0], next((one for one in ids if register.end(one) != register.end(ids[0])), "")
    assume(into)

    merged = replace(register, merged={**register.merged, register.end(which): register.end(into)})

    assert pairs(register) <= pairs(merged)
    assert merged.end(which) == merged.end(into)


@given(registers(), st.sampled_from([b"X", b"Y", b"Z"]), st.sampled_from(IDS))
def test_another_name_unlinks_nobody(register: Register, alias: bytes, which: str) -> None:
    """Whatever touched before touches after."""
    assert pairs(register) <= pairs(replace(register, names={**register.names, alias: which}))


TOLD = datetime(2026, 2, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "told_at", "now", "counts"),
    [
        ("current", TOLD, datetime(2036, 1, 1, tzinfo=UTC), True),
        ("older", TOLD, TOLD, False),
        ("older", None, TOLD, False),
        ("past36", TOLD, TOLD, True),
        ("past36", TOLD, datetime(2029, 2, 28, 11, tzinfo=UTC), True),
        ("past36", TOLD, datetime(2029, 2, 28, 12, tzinfo=UTC), False),
        ("past36", datetime(2028, 2, 29, tzinfo=UTC), datetime(2031, 2, 28, 23, tzinfo=UTC), True),
        ("past36", datetime(2028, 2, 29, tzinfo=UTC), datetime(2031, 3, 1, tzinfo=UTC), False),
        ("past36", None, datetime(2099, 1, 1, tzinfo=UTC), True),
        ("rather_not_say", TOLD, datetime(2036, 1, 1, tzinfo=UTC), True),
    ],
)
def test_what_ended_counts_for_thirty_six_months(
    period: str, told_at: datetime | None, now: datetime, counts: bool
) -> None:
    """After it was told, because nobody says in which month it ended."""
    interest = Interest("industry", ("employment",), "self", "self", period)

    assert still_counts(interest, told_at, now) is counts


def test_thirty_six_months_back_ends_on_a_day_that_exists() -> None:
    """Also from the 29th of February."""
    assert three_years_before(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2025, 2, 28, tzinfo=UTC)
