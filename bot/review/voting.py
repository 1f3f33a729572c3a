"""Votes, pure: what takes two people, and what a vote does."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from bot.model import Outcome, Ruling


class Way(StrEnum):
    """How something comes to be decided."""

    ONE = "one"
    """At once, by whoever decides it."""
    TWO = "two"
    """Proposed by one, confirmed by another."""
    WAIT = "wait"
    """By one, after the wait of a team that is too small for two."""


class Vote(StrEnum):
    """What somebody says to what was proposed."""

    FOR = "for"
    AGAINST = "against"


class MotionState(StrEnum):
    """What became of what was proposed."""

    OPEN = "open"
    CARRIED = "carried"
    VOID = "void"
    """The file changed, or whoever proposed it may not decide the case any more."""
    REFUSED = "refused"
    """The second person did not agree."""
    WITHDRAWN = "withdrawn"


ALWAYS_ONE = frozenset({Outcome.HOLD, Outcome.SUSPEND})
"""What never takes two: holding changes nothing for good, and suspending may have to be quick."""


def way_of(ruling: Ruling, two: AbstractSet[str], *, case_needs_two: bool, small_team: bool) -> Way:
    """How a ruling comes to be decided.

    ``two`` names the keys of ``[confirm]`` that ask for two; ``case_needs_two``: a rule asked for it.
    """
    if not _takes_two(ruling, two, case_needs_two=case_needs_two):
        return Way.ONE
    return Way.WAIT if small_team else Way.TWO


def _takes_two(ruling: Ruling, two: AbstractSet[str], *, case_needs_two: bool) -> bool:
    if ruling.outcome in ALWAYS_ONE:
        return False
    admits = ruling.outcome is Outcome.ADMIT
    return (
        ruling.outcome.value in two
        or (admits and case_needs_two)
        or (admits and bool(ruling.conditions) and "conditions" in two)
        or (bool(ruling.appeal_id) and "appeal" in two)
    )


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote that is about to be counted."""

    vote: Vote
    state: MotionState
    why_not: str
    """Why whoever votes may not be the second person; empty: they may."""
    own: bool
    """Whoever votes proposed it."""
    unchanged: bool
    """The file is as it was when it was proposed."""
    read: bool
    """Whoever votes has opened the file as it is."""
    stands: bool
    """Whoever proposed it may still decide the case."""


class Count(StrEnum):
    """What a vote does."""

    MAY_NOT = "may_not"
    OVER = "over"
    """Nothing: somebody was faster."""
    VOIDS = "voids"
    """It shows that what was proposed does not stand any more."""
    OWN = "own"
    """Nothing: nobody confirms, or refuses, what they proposed."""
    UNREAD = "unread"
    """Nothing: the file has to be opened first."""
    CARRIES = "carries"
    REFUSES = "refuses"


def count(ballot: Ballot) -> Count:
    """What a vote does. Who may not vote learns nothing else, not even that it is over."""
    if ballot.why_not:
        return Count.MAY_NOT
    if ballot.state not in {MotionState.OPEN, MotionState.VOID}:
        return Count.OVER
    if ballot.state is MotionState.VOID or not ballot.unchanged:
        return Count.VOIDS
    if ballot.own:
        return Count.OWN
    if not ballot.read:
        return Count.UNREAD
    if not ballot.stands:
        return Count.VOIDS
    return Count.CARRIES if ballot.vote is Vote.FOR else Count.REFUSES


def carries_by_itself(*, state: MotionState, waits: bool, due: bool, unchanged: bool) -> bool:
    """Whether time alone carries it: only the wait of a small team, and only on an unchanged file."""
    return state is MotionState.OPEN and waits and due and unchanged
