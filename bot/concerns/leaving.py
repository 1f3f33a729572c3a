"""What becomes of concerns when somebody's data goes, by their own wish or in time.

Each function runs inside a unit of work.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.concerns import wishes
from bot.store import concerns, events
from bot.store.concerns import Concern, ConcernOutcome

_ALL = -1


def reporter_goes(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    """Whoever told something has everything deleted: their words go, and what is open is closed."""
    for concern in concerns.of_reporter(connection, subject_id, _ALL):
        _close(connection, concern, now)
        _forget(connection, concern.id)
        _record(connection, now, "concern.reporter_deleted", [concern.id])


def whom_it_is_about_goes(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    """Somebody of whom others told has everything deleted: what is open is closed, and its reporter told."""
    for concern in concerns.about(connection, subject_id, _ALL):
        if _close(connection, concern, now):
            wishes.outcome(connection, concern, now)


def reporters_in_time(connection: sqlite3.Connection, concern_ids: Sequence[str], now: datetime) -> None:
    """Who told, and what they wrote, has been kept for as long as it may be."""
    for concern_id in concern_ids:
        _forget(connection, concern_id)
    _record(connection, now, "concern.reporter_deleted", concern_ids)


def delete(connection: sqlite3.Connection, concern_ids: Sequence[str], now: datetime) -> None:
    """Concerns have been kept for as long as they may be."""
    events.forget_payloads_of(connection, concern_ids)
    for concern_id in concern_ids:
        wishes.forget(connection, concern_id)
        concerns.delete(connection, concern_id)
    events.note_deleted(connection, now, "concern", concern_ids)


def _close(connection: sqlite3.Connection, concern: Concern, now: datetime) -> bool:
    closed = concerns.close(connection, concern, ConcernOutcome.GONE, None, now)
    if closed:
        _record(connection, now, "concern.closed", [concern.id])
    return closed


def _forget(connection: sqlite3.Connection, concern_id: str) -> None:
    wishes.forget(connection, concern_id)
    concerns.forget_reporter(connection, concern_id)


def _record(connection: sqlite3.Connection, now: datetime, action: str, concern_ids: Sequence[str]) -> None:
    """Append lines. They name neither who told of something nor whom it is about."""
    events.record_all(connection, now, action, "concern", [(events.MACHINE, one) for one in concern_ids])
