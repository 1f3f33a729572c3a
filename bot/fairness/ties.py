"""Ties: whether what two people disclosed has to do with one another."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from bot.fairness.lines import still_counts
from bot.fairness.naming import normalised
from bot.foundation import Foundation
from bot.model import Disclosure, Interest
from bot.store import organisations
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
    typed = {normalised(name) for one in interests for name in (one.organisation, one.on_behalf_of)}
    return frozenset(on.vault.name_lookup(name) for name in typed if name)
