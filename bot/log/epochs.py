"""Epochs: each month of the event log is sealed, and old stretches lose their lines in one piece.

Clocks jump. A stretch is never sealed without a line, and each seal is dated no earlier than any line in
it, so that whatever the clock says the log stays in order and nothing goes before its time.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.clock import from_ms, to_ms
from bot.store import events, seals
from bot.store.seals import Seal

_LONGEST_MONTH = timedelta(days=31)
MOST_LINES = 5000
"""Lines that go in one unit: a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Due:
    """The stretch whose lines go next, how many they are, and from when on."""

    epoch: int
    lines: int
    at: datetime


def seal_if_due(connection: sqlite3.Connection, now: datetime) -> bool:
    """Close the stretch that is written to once its month (UTC) is over. Returns whether it did.

    A first line far in the future is from a clock that was wrong, and must not keep it open for years.
    """
    begun = seals.begun_at(connection)
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if begun is None or to_ms(month) <= begun <= to_ms(now + _LONGEST_MONTH):
        return False
    seal = seals.close(connection, now)
    said = {"seal": seal.hash.hex(), "unchecked": str(seals.unchecked(connection))}
    _note(connection, now, seals.SEALED, seal, said)
    return True


def drop_old(connection: sqlite3.Connection, now: datetime, keep: timedelta, most: int) -> bool:
    """Take one step in letting go of the lines of stretches sealed longer ago than ``keep``.

    The first step for a stretch is a line that says so; each further one deletes at most ``most`` lines
    from its front. Returns whether there is more to do at once.
    """
    waiting = seals.with_lines(connection)
    if not waiting:
        return False
    oldest = waiting[0]
    if seals.is_being_emptied(connection, oldest.epoch):
        seals.drop_lines(connection, oldest, most)
        return True
    if _ended(waiting, to_ms(now)) >= to_ms(now - keep):
        return False
    _note(connection, now, seals.EMPTIED, oldest, {})
    return True


def next_due(connection: sqlite3.Connection, keep: timedelta, now: datetime) -> Due | None:
    """The stretch whose lines go next; None while none is sealed."""
    waiting = seals.with_lines(connection)
    if not waiting:
        return None
    oldest = waiting[0]
    lines = seals.lines_left(connection, oldest.epoch)
    if seals.is_being_emptied(connection, oldest.epoch):
        return Due(oldest.epoch, lines, now)
    return Due(oldest.epoch, lines, from_ms(_ended(waiting, to_ms(now))) + keep)


def _ended(waiting: list[Seal], now: int) -> int:
    """When the oldest of several stretches ended.

    A seal from the future was made by a clock that was wrong; then the end is no later than the next one.
    """
    return next((seal.at for seal in waiting if seal.at <= now), min(seal.at for seal in waiting))


def _note(
    connection: sqlite3.Connection, now: datetime, action: str, seal: Seal, payload: dict[str, str]
) -> None:
    events.record(
        connection,
        now=now,
        actor=events.MACHINE,
        action=action,
        object_kind="epoch",
        object_id=str(seal.epoch),
        payload=payload,
    )
