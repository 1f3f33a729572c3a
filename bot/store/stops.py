"""Kinds of effects that a missing right, role or channel holds up, and what waits for its mending."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.store.effects import EffectKind


@dataclass(frozen=True, slots=True)
class Stop:
    """A kind of effect that is held up. One of it is tried now and then."""

    kind: EffectKind
    code: str
    since: datetime
    probe_at: datetime
    probes: int


@dataclass(frozen=True, slots=True)
class HeldUp:
    """A stopped kind as the team sees it: what is wrong, since when, and how many wait."""

    kind: EffectKind
    code: str
    since: datetime
    waiting: int
    ref: str
    """The ref of one that waits, by which a button has the kind tried again."""


def get(connection: sqlite3.Connection, kind: EffectKind) -> Stop | None:
    """Whether a kind is stopped, and how."""
    row = connection.execute("SELECT * FROM stopped WHERE kind = ?", (kind.value,)).fetchone()
    if row is None:
        return None
    since, probe_at = from_ms(row["since"]), from_ms(row["probe_at"])
    return Stop(kind, row["code"], since, probe_at, row["probes"])


def begin(
    connection: sqlite3.Connection, kind: EffectKind, code: str, now: datetime, probe_at: datetime
) -> None:
    """A kind stops, until one of it succeeds."""
    connection.execute(
        "INSERT INTO stopped (kind, code, since, probe_at) VALUES (?, ?, ?, ?)",
        (kind.value, code, to_ms(now), to_ms(probe_at)),
    )


def note_probe(connection: sqlite3.Connection, kind: EffectKind, code: str, probe_at: datetime) -> None:
    """One of a stopped kind was tried, and refused."""
    connection.execute(
        "UPDATE stopped SET code = ?, probes = probes + 1, probe_at = ? WHERE kind = ?",
        (code, to_ms(probe_at), kind.value),
    )


def put_off(connection: sqlite3.Connection, kind: EffectKind, probe_at: datetime) -> None:
    """One of a stopped kind was tried and not answered: that says nothing about its mending."""
    connection.execute(
        "UPDATE stopped SET probe_at = ? WHERE kind = ?",
        (to_ms(probe_at), kind.value),
    )


def hold_near(connection: sqlite3.Connection, latest: datetime) -> None:
    """Let no probe be due later than it can be: clocks are put back at times."""
    connection.execute("UPDATE stopped SET probe_at = :at WHERE probe_at > :at", {"at": to_ms(latest)})


def end(connection: sqlite3.Connection, kind: EffectKind) -> bool:
    """One of the kind succeeded; whether it had been stopped."""
    return connection.execute("DELETE FROM stopped WHERE kind = ?", (kind.value,)).rowcount == 1


def held_up(connection: sqlite3.Connection) -> list[HeldUp]:
    """The stopped kinds of which something waits, the longest stopped first."""
    rows = connection.execute(
        """
        SELECT stopped.kind, stopped.code, stopped.since, count(*) AS waiting, min(effect.ref) AS ref
        FROM stopped JOIN effect ON effect.kind = stopped.kind AND effect.state = 'pending'
        GROUP BY stopped.kind ORDER BY stopped.since, stopped.kind
        """
    )
    return [
        HeldUp(EffectKind(r["kind"]), r["code"], from_ms(r["since"]), r["waiting"], r["ref"]) for r in rows
    ]
