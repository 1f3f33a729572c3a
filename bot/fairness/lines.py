"""Which organisations belong together, pure: one that became another, those above it and those below."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Interest


@dataclass(frozen=True, slots=True)
class Register:
    """What is known of some organisations, by ids; names are known by their keyed hash."""

    names: Mapping[bytes, str] = field(default_factory=dict)
    """Which organisation has a name."""
    merged: Mapping[str, str] = field(default_factory=dict)
    """What an organisation turned out to be."""
    parents: Mapping[str, str] = field(default_factory=dict)
    """Whom it belongs to."""

    def end(self, organisation: str) -> str:
        """What an organisation goes by, after every merger."""
        seen = {organisation}
        while (following := self.merged.get(organisation)) is not None and following not in seen:
            seen.add(following)
            organisation = following
        return organisation

    def above(self, organisation: str) -> frozenset[str]:
        """Every organisation that this one belongs to, however far up. Never itself."""
        return self._reached(organisation, {(self.end(a), self.end(b)) for a, b in self.parents.items()})

    def below(self, organisation: str) -> frozenset[str]:
        """Every organisation that belongs to this one, however far down. Never itself."""
        return self._reached(organisation, {(self.end(b), self.end(a)) for a, b in self.parents.items()})

    def goes_round(self, organisation: str) -> bool:
        """Whether an organisation would belong to itself, by way of others."""
        here = self.end(organisation)
        return any(here in self.above(one) for one in self.above(here))

    def all_of(self, organisation: str) -> tuple[str, ...]:
        """The ids of what an organisation goes by, that one first, and of all that were merged into it."""
        here = self.end(organisation)
        return (here, *sorted(one for one in self.merged if self.end(one) == here and one != here))

    def _reached(self, organisation: str, steps: set[tuple[str, str]]) -> frozenset[str]:
        start = self.end(organisation)
        found, to_see = {start}, [start]
        while to_see:
            here = to_see.pop()
            further = {there for at, there in steps if at == here} - found
            found |= further
            to_see.extend(further)
        return frozenset(found - {start})

    def touch(self, mine: bytes, theirs: bytes) -> bool:
        """Whether two names are of one organisation, or of two in the same line."""
        if mine == theirs:
            return True
        first, second = self.names.get(mine), self.names.get(theirs)
        if first is None or second is None:
            return False
        line = self.above(first) | self.below(first) | {self.end(first)}
        return self.end(second) in line

    def in_line_with(self, names: Iterable[bytes]) -> frozenset[str]:
        """Every organisation, under all of its ids, that touches one of these names."""
        own = {self.names[name] for name in names if name in self.names}
        lines = frozenset[str]().union(*(self.above(o) | self.below(o) | {self.end(o)} for o in own))
        known = {*own, *self.merged, *self.merged.values(), *self.parents, *self.parents.values()}
        return frozenset(one for one in known if self.end(one) in lines)

    def any_touch(self, mine: Iterable[bytes], theirs: Iterable[bytes]) -> bool:
        """Whether any name on one side touches any on the other."""
        others = tuple(theirs)
        return any(self.touch(one, other) for one in mine for other in others)


def still_counts(interest: Interest, told_at: datetime | None, now: datetime) -> bool:
    """Whether an interest is going on, or ended less than thirty-six months ago.

    Nobody says in which month it ended, so one of the last thirty-six months counts for as long after it
    was told. What somebody would rather not say counts like what goes on.
    """
    return period_counts(interest.period, told_at, now)


def period_counts(period: str, told_at: datetime | None, now: datetime) -> bool:
    """``still_counts``, by the code of when it was."""
    if period == "older":
        return False
    return period != "past36" or told_at is None or now < _three_years_after(told_at)


def _three_years_after(when: datetime) -> datetime:
    try:
        return when.replace(year=when.year + 3)
    except ValueError:  # The 29th of February.
        return when.replace(year=when.year + 3, month=3, day=1)


def three_years_before(when: datetime) -> datetime:
    """Thirty-six months earlier."""
    try:
        return when.replace(year=when.year - 3)
    except ValueError:  # The 29th of February.
        return when.replace(year=when.year - 3, month=2, day=28)
