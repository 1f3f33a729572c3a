"""How the gate stands, in numbers and times that are about nobody."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms
from bot.store import marks, pauses, queue, waves
from bot.store.pauses import Pause
from bot.store.waves import Wave


@dataclass(frozen=True, slots=True)
class Stopped:
    """A kind of effect that a missing right or role holds up."""

    kind: str
    code: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Stand:
    """How the gate stands at one moment."""

    counts: Mapping[str, int]
    """How long each list of the queue is."""
    oldest: datetime | None
    """Since when the person has waited who has waited longest for the team."""
    pending: int
    """Effects that are still to be done."""
    stuck: int
    """Effects that wait for a person."""
    stopped: tuple[Stopped, ...]
    pause: Pause | None
    wave: Wave | None
    in_wave: int
    """How many people of the wave are on record."""
    swept: datetime | None
    reconciled: datetime | None
    schema: int


def read(connection: sqlite3.Connection) -> Stand:
    """How the gate stands."""
    wave = waves.current(connection)
    return Stand(
        counts=queue.counts(connection),
        oldest=_oldest(connection),
        pending=_pending(connection),
        stuck=_stuck(connection),
        stopped=tuple(stopped(connection)),
        pause=pauses.current(connection),
        wave=wave,
        in_wave=waves.still_known(connection, wave.id) if wave else 0,
        swept=marks.at(connection, marks.SWEPT),
        reconciled=marks.at(connection, marks.RECONCILED),
        schema=_schema(connection),
    )


def _oldest(connection: sqlite3.Connection) -> datetime | None:
    row = connection.execute(
        """
        SELECT min(since) AS since FROM (
            SELECT min(held_at) AS since FROM cases WHERE state = 'held'
            UNION ALL
            SELECT min(wants_person_at) FROM cases
            WHERE wants_person_at IS NOT NULL AND state IN ('waiting', 'answering', 'held')
        )
        """
    ).fetchone()
    return None if row["since"] is None else from_ms(row["since"])


def _pending(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM effect WHERE state = 'pending'").fetchone()[0])


def _stuck(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM effect WHERE state = 'stuck'").fetchone()[0])


def stopped(connection: sqlite3.Connection) -> list[Stopped]:
    """The kinds of effects that are held up."""
    rows = connection.execute("SELECT kind, code, since FROM stopped ORDER BY kind")
    return [Stopped(row["kind"], row["code"], from_ms(row["since"])) for row in rows]


def _schema(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(number) FROM migration").fetchone()[0])


def newest_line(connection: sqlite3.Connection) -> int:
    """The number of the newest line of the log; 0 when it is empty."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])


def happened_since(connection: sqlite3.Connection, line: int) -> Counter[tuple[str, bool]]:
    """How often each action came after a line of the log; true where the machine did it."""
    rows = connection.execute(
        """
        SELECT action, actor = 'machine' AS by_machine, count(*) AS n FROM event
        WHERE seq > ? GROUP BY action, by_machine
        """,
        (line,),
    )
    return Counter({(row["action"], bool(row["by_machine"])): row["n"] for row in rows})
