"""Ties: whether what two people disclosed has to do with one another."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from bot.fairness.lines import period_counts, still_counts
from bot.fairness.naming import normalised
from bot.foundation import Foundation
from bot.model import Disclosure, Interest
from bot.store import disclosures, organisations
from bot.store.cases import Case
from bot.store.disclosures import Logged


def linked(
    connection: sqlite3.Connection,
    on: Foundation,
    mine: Disclosure | Logged | None,
    theirs: Disclosure | Logged | None,
) -> bool:
    """Whether any interest of one person touches any of the other's.

    The same organisation, one above or below it, or the client of either; going on, or of the last
    thirty-six months on both sides; their own or their family's alike. For a disclosure as it lies in the
    log, its age counts; one without is as if told just now.
    """
    now = on.now()
    first, second = (names_in(on, recent(one, now)) for one in (mine, theirs))
    return meet(connection, first, second)


def meet(connection: sqlite3.Connection, mine: frozenset[bytes], theirs: frozenset[bytes]) -> bool:
    """Whether any name on one side touches one on the other, by their keyed hashes."""
    if not mine or not theirs:
        return False
    if not mine.isdisjoint(theirs):
        return True
    return organisations.around(connection, mine | theirs).any_touch(mine, theirs)


def recent(disclosed: Disclosure | Logged | None, now: datetime) -> tuple[Interest, ...]:
    """The interests that still count."""
    if disclosed is None:
        return ()
    told_at = disclosed.at if isinstance(disclosed, Logged) else None
    disclosure = disclosed.disclosure if isinstance(disclosed, Logged) else disclosed
    return tuple(one for one in disclosure.interests if still_counts(one, told_at, now))


def names_in(on: Foundation, interests: Iterable[Interest]) -> frozenset[bytes]:
    """The organisations and clients that interests name, by the keyed hashes of their names."""
    return _lookups(on, (name for one in interests for name in (one.organisation, one.on_behalf_of)))


def _lookups(on: Foundation, names: Iterable[str]) -> frozenset[bytes]:
    typed = {normalised(name) for name in names}
    return frozenset(on.vault.name_lookup(name) for name in typed if name)


class Own:
    """What somebody, by subject id, told of themselves, and what it ties them to.

    For one unit of work: their own side is worked out once, for however many cases.
    """

    def __init__(self, connection: sqlite3.Connection, on: Foundation, subject_id: str) -> None:
        """Take whose it is; an empty id for somebody who is not known."""
        self.subject_id = subject_id
        self.told = on.newest_disclosure(connection, subject_id)
        self._connection, self._on = connection, on

    def is_tied_to_case(self, case: Case) -> bool:
        """Whether any interest touches one that was sent with a case, or that its person told last."""
        if self.told is None or not self.told.disclosure.interests:
            return False
        key, now = self._on.key_of(self._connection, case.subject_id), self._on.now()
        theirs = disclosures.names_told(self._connection, key, case.id, case.subject_id)
        return self._touches(
            _lookups(self._on, (n.name for n in theirs if period_counts(n.period, n.at, now)))
        )

    def is_tied_to(self, theirs: Logged | None) -> bool:
        """Whether any interest touches one that somebody told of."""
        if self.told is None or theirs is None:
            return False
        return self._touches(names_in(self._on, recent(theirs, self._on.now())))

    def _touches(self, theirs: frozenset[bytes]) -> bool:
        if not theirs or not self._names:
            return False
        if not self._names.isdisjoint(theirs):
            return True
        found = (organisations.named(self._connection, name) for name in theirs)
        return any(one in self._line for one in found if one is not None)

    @cached_property
    def _names(self) -> frozenset[bytes]:
        return names_in(self._on, recent(self.told, self._on.now()))

    @cached_property
    def _line(self) -> frozenset[str]:
        return organisations.around(self._connection, self._names).in_line_with(self._names)
