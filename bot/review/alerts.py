"""Alerts and the digest: the team hears of what waits, batched, and only in the hours that it chose.

Whoever is asleep need not hear that a case is late. What comes up at night is told in the morning. Each
case is told of once for each time that it misses; the digest tells the rest, once a day.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot import timing
from bot.access import Tie
from bot.fairness.hands import hand_of_moderator
from bot.foundation import Foundation
from bot.review.next_step import FOR_THE_TEAM, Group, Owner
from bot.store import alerts, cases, effects, marks, queue
from bot.store.effects import EffectKind
from bot.store.queue import TOP

COUNTED = 100
"""A list is counted as far as this; more is more."""
NAMED = 25
"""Codes in one notice; of the others it says how many there are."""

_TOLD_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Summed:
    """A list in the digest: its length, counted no further than ``COUNTED`` + 1, and its longest wait."""

    group: Group
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Late:
    """What is still past its time, of what a notice was to tell."""

    codes: tuple[str, ...]
    more: int


def tell(connection: sqlite3.Connection, on: Foundation, now: datetime) -> None:
    """Have the team hear what there is to hear at this moment. Doing it twice tells it once."""
    review, local = on.config.review, now.astimezone(on.config.community.zone)
    today = f"digest:{local.date().isoformat()}"
    due = timing.is_notice_hour(local, review.notice_hour)
    if due and not effects.exists(connection, EffectKind.NOTICE, today) and digest(connection):
        effects.want_once(connection, EffectKind.NOTICE, key=today, now=now, target="digest")
    if timing.is_within(local, review.pings_from, review.pings_until):
        _tell_team(connection, now)
        for holder_id in alerts.holders(connection):
            if alerts.late_of(connection, holder_id, now, 1):
                key = f"{holder_id}:{local.date().isoformat()}"
                effects.want_once(connection, EffectKind.NUDGE, key=key, now=now, target=holder_id)


def _tell_team(connection: sqlite3.Connection, now: datetime) -> None:
    """One notice about all that has come past its time since the team last heard."""
    untold = alerts.cases_untold(connection, now, _TOLD_AT_ONCE)
    alerts.note_told(connection, untold)
    last = marks.at(connection, marks.ALERTED)
    after = now if last is None else min(last, now)
    marks.note(connection, marks.ALERTED, now)
    late = [case_id for case_id in untold if not _is_the_clocks(connection, case_id)]
    late += alerts.appeals_late(connection, after, now, _TOLD_AT_ONCE)
    if late:
        named = list(dict.fromkeys(late))
        target = f"late:{max(0, len(named) - NAMED)}:{','.join(named[:NAMED])}"
        key = f"late:{now.isoformat(timespec='milliseconds')}"
        effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)


def _is_the_clocks(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether nobody has to do anything: a small team's wait is over, and the machine goes on by itself."""
    case = cases.get(connection, case_id)
    line = queue.line_of(connection, case) if case else None
    return line is None or line.step.owner is Owner.CLOCK


def digest(connection: sqlite3.Connection) -> tuple[Summed, ...]:
    """What waits for the team, list by list; nothing where nothing does.

    All moderators read the channel that it stands in: what is about one of them is not counted.
    """
    waits = {
        group: [line.step.since for line in queue.page(connection, group, TOP, COUNTED + 1)]
        for group in FOR_THE_TEAM
    }
    waits[Group.APPEALS] = [line.step.since for line in queue.appeals(connection, TOP, COUNTED + 1)]
    waits[Group.CONCERNS] = alerts.concerns(connection, COUNTED + 1)
    waits[Group.TASKS] = alerts.tasks(connection, COUNTED + 1)
    return tuple(Summed(group, len(since), min(since)) for group, since in waits.items() if since)


def late(connection: sqlite3.Connection, argument: str, now: datetime) -> Late:
    """What is still late, of the cases in the target of a notice: how many more, and their ids."""
    more, _, listed = argument.partition(":")
    codes = []
    for case_id in listed.split(","):
        case = cases.get(connection, case_id)
        line = queue.line_of(connection, case) if case else None
        if line is not None and line.step.is_late(now):
            codes.append(line.code)
    return Late(tuple(codes), int(more))


def late_with(
    connection: sqlite3.Connection, on: Foundation, holder_id: str, now: datetime
) -> tuple[str, ...]:
    """The codes of what somebody has that is late, without what is kept from them by now."""
    codes = alerts.late_of(connection, holder_id, now, NAMED)
    return tuple(code for code in codes if _is_theirs(connection, on, holder_id, code))


def _is_theirs(connection: sqlite3.Connection, on: Foundation, holder_id: str, code: str) -> bool:
    case = cases.by_code(connection, code)
    return case is not None and hand_of_moderator(connection, on, holder_id, case).tie is Tie.NONE
