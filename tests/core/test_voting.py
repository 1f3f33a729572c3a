"""What takes two people, and what a vote does: every cell."""

from itertools import chain, combinations, product

import pytest

from bot.model import Condition, ConditionCode, Outcome, Ruling
from bot.review.voting import (
    ALWAYS_ONE,
    Ballot,
    Count,
    MotionState,
    Vote,
    Way,
    carries_by_itself,
    count,
    way_of,
)

KEYS = ("admit", "conditions", "redirect", "decline", "reopen", "remove", "appeal")
SUBSETS = [
    frozenset(some) for some in chain.from_iterable(combinations(KEYS, n) for n in range(len(KEYS) + 1))
]
LABEL = (Condition(ConditionCode.LABEL, "Works for a company"),)
RULINGS = [
    Ruling(outcome, conditions=conditions, appeal_id=appeal)
    for outcome, conditions, appeal in product(Outcome, ((), LABEL), ("", "an appeal"))
]

BALLOTS = [
    Ballot(vote, state, why_not, own, unchanged, read, stands)
    for vote, state, why_not, own, unchanged, read, stands in product(
        Vote, MotionState, ("", "recused"), *((False, True),) * 4
    )
]


@pytest.mark.parametrize(
    ("ruling", "two", "case_needs_two", "expected"),
    [
        (Ruling(Outcome.REMOVE), {"remove"}, False, Way.TWO),
        (Ruling(Outcome.REMOVE), set(), False, Way.ONE),
        (Ruling(Outcome.ADMIT), set(), True, Way.TWO),
        (Ruling(Outcome.ADMIT), {"admit"}, False, Way.TWO),
        (Ruling(Outcome.ADMIT), {"conditions"}, False, Way.ONE),
        (Ruling(Outcome.ADMIT, conditions=LABEL), {"conditions"}, False, Way.TWO),
        (Ruling(Outcome.DECLINE), {"decline"}, False, Way.TWO),
        (Ruling(Outcome.DECLINE), {"redirect"}, False, Way.ONE),
        (Ruling(Outcome.DECLINE), set(), True, Way.ONE),
        (Ruling(Outcome.REDIRECT), {"redirect"}, False, Way.TWO),
        (Ruling(Outcome.REOPEN), {"reopen"}, False, Way.TWO),
        (Ruling(Outcome.REOPEN, appeal_id="an appeal"), {"appeal"}, False, Way.TWO),
        (Ruling(Outcome.REOPEN), {"appeal"}, False, Way.ONE),
        (Ruling(Outcome.SUSPEND), set(KEYS), True, Way.ONE),
        (Ruling(Outcome.SUSPEND, appeal_id="an appeal"), set(KEYS), True, Way.ONE),
        (Ruling(Outcome.HOLD), set(KEYS), True, Way.ONE),
    ],
)
def test_what_takes_two(ruling: Ruling, two: set[str], case_needs_two: bool, expected: Way) -> None:
    """By outcome, by the case, by conditions and by appeal."""
    assert way_of(ruling, two, case_needs_two=case_needs_two, small_team=False) is expected


def test_a_small_team_waits_wherever_another_team_takes_two() -> None:
    """And nowhere else, whatever is configured."""
    for ruling, two, needs in product(RULINGS, SUBSETS, (False, True)):
        large = way_of(ruling, two, case_needs_two=needs, small_team=False)
        small = way_of(ruling, two, case_needs_two=needs, small_team=True)

        assert (large, small) in {(Way.ONE, Way.ONE), (Way.TWO, Way.WAIT)}


def test_asking_for_more_never_asks_for_fewer_people() -> None:
    """Each further key, and a case that needs two, only adds."""
    for ruling, two, needs in product(RULINGS, SUBSETS, (False, True)):
        if way_of(ruling, two, case_needs_two=needs, small_team=False) is Way.ONE:
            continue
        assert ruling.outcome not in ALWAYS_ONE
        assert way_of(ruling, two, case_needs_two=True, small_team=False) is Way.TWO
        for key in KEYS:
            assert way_of(ruling, two | {key}, case_needs_two=needs, small_team=False) is Way.TWO


def test_every_ballot_is_counted_by_the_first_thing_that_speaks_against_it() -> None:
    """The table, cell by cell: who may not, what is over, what changed, whose it is, who has not read."""
    for ballot in BALLOTS:
        if ballot.why_not:
            expected = Count.MAY_NOT
        elif ballot.state in {MotionState.CARRIED, MotionState.REFUSED, MotionState.WITHDRAWN}:
            expected = Count.OVER
        elif ballot.state is MotionState.VOID or not ballot.unchanged:
            expected = Count.VOIDS
        elif ballot.own:
            expected = Count.OWN
        elif not ballot.read:
            expected = Count.UNREAD
        elif not ballot.stands:
            expected = Count.VOIDS
        else:
            expected = Count.CARRIES if ballot.vote is Vote.FOR else Count.REFUSES

        assert count(ballot) is expected, ballot


def test_only_a_second_eligible_person_who_read_the_unchanged_file_carries_anything() -> None:
    """One cell of all carries, and the same person could have refused."""
    carrying = [ballot for ballot in BALLOTS if count(ballot) is Count.CARRIES]

    assert carrying == [
        Ballot(Vote.FOR, MotionState.OPEN, "", own=False, unchanged=True, read=True, stands=True)
    ]
    [refusing] = [ballot for ballot in BALLOTS if count(ballot) is Count.REFUSES]
    assert refusing.vote is Vote.AGAINST
    assert not refusing.own


def test_time_carries_only_the_wait_of_a_small_team() -> None:
    """Open, waiting, due and unchanged: all four."""
    cells = product(MotionState, *((False, True),) * 3)
    carried = [
        cell
        for cell in cells
        if carries_by_itself(state=cell[0], waits=cell[1], due=cell[2], unchanged=cell[3])
    ]

    assert carried == [(MotionState.OPEN, True, True, True)]
