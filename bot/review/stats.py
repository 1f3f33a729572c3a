"""How the team is doing: waits, what is open and overdue, outcomes. For the team, and about nobody in it."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from bot.access import is_moderator
from bot.foundation import Foundation
from bot.model import Outcome, Visitor
from bot.review.desk import Denied
from bot.review.next_step import OF_CASES, Group
from bot.store import queue, stats

DAYS = (30, 90)
COUNTED = 101
"""Open cases are counted as far as this."""
MOST_DECISIONS = 3000
"""Of a longer time, the newest are looked at."""


@dataclass(frozen=True, slots=True)
class OpenNow:
    """How long a list is, and how much of it is past its time."""

    group: Group
    count: int
    late: int


@dataclass(frozen=True, slots=True)
class Window:
    """What happened in the last days."""

    days: int
    waits: int
    """How many first decisions the two waits are about; both are nought where it is none."""
    median: timedelta
    ninetieth: timedelta
    """Nine of ten people waited no longer."""
    decisions: int
    cut: bool
    """There were more decisions than were looked at."""
    outcomes: tuple[tuple[Outcome, int], ...]
    appeals: int
    appeals_changed: int
    concerns: int
    """Closed in these days, without those about the reader."""


@dataclass(frozen=True, slots=True)
class Stats:
    """The numbers."""

    open_now: tuple[OpenNow, ...]
    windows: tuple[Window, ...]


class Statistics:
    """The use case of looking at the numbers. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def stats(self, visitor: Visitor) -> Stats | Denied:
        """The numbers of the last days, and of now."""
        roles = self._on.config.moderator_roles
        if not is_moderator(role_ids=visitor.role_ids, moderator_roles=roles):
            return Denied("not_a_moderator")
        return await self._on.database.read(lambda connection: self._stats(connection, visitor))

    def _stats(self, connection: sqlite3.Connection, visitor: Visitor) -> Stats:
        now, known = self._on.now(), self._on.find(connection, visitor.user_id)
        reader_id = known.id if known else ""
        open_now = [
            OpenNow(
                group,
                queue.count(connection, group, COUNTED),
                queue.count_late(connection, group, now, COUNTED),
            )
            for group in OF_CASES
        ]
        return Stats(
            tuple(one for one in open_now if one.count),
            tuple(_window(connection, reader_id, now, days) for days in DAYS),
        )


def _window(connection: sqlite3.Connection, reader_id: str, now: datetime, days: int) -> Window:
    since = now - timedelta(days=days)
    made = stats.decided_since(connection, since, MOST_DECISIONS + 1)
    cut, made = len(made) > MOST_DECISIONS, made[:MOST_DECISIONS]
    waits = [one.wait for one in made if one.wait is not None]
    outcomes = Counter(one.outcome for one in made)
    appeals, changed = stats.appeals_decided(connection, since)
    return Window(
        days=days,
        waits=len(waits),
        median=nearest_rank(waits, 50),
        ninetieth=nearest_rank(waits, 90),
        decisions=len(made),
        cut=cut,
        outcomes=tuple((outcome, outcomes[outcome]) for outcome in Outcome if outcomes[outcome]),
        appeals=appeals,
        appeals_changed=changed,
        concerns=stats.concerns_closed(connection, reader_id, since),
    )


def nearest_rank(values: Sequence[timedelta], percent: int) -> timedelta:
    """The smallest value that so many percent of all are no larger than; nought of nothing."""
    if not values:
        return timedelta()
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]
