"""Findings about the server's layout that stand, so that each is told once."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import to_ms


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as it is remembered."""

    fingerprint: str
    code: str
    opens: bool
    details: str
    """What its sentences name, as JSON."""


def standing(connection: sqlite3.Connection) -> frozenset[str]:
    """The fingerprints of what stands."""
    return frozenset(row["fingerprint"] for row in connection.execute("SELECT fingerprint FROM finding"))


def of_batch(connection: sqlite3.Connection, batch: str) -> list[Found]:
    """What was new in one look and still stands, ways past the gate first."""
    rows = connection.execute(
        "SELECT * FROM finding WHERE batch = ? ORDER BY opens DESC, code, fingerprint", (batch,)
    )
    return [Found(row["fingerprint"], row["code"], bool(row["opens"]), row["details"]) for row in rows]


def note(connection: sqlite3.Connection, found: Found, batch: str, now: datetime) -> None:
    """Remember a finding; one that is known keeps its batch, and takes on the names of today."""
    connection.execute(
        """
        INSERT INTO finding (fingerprint, code, opens, details, batch, found_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (fingerprint) DO UPDATE SET opens = excluded.opens, details = excluded.details
        """,
        (found.fingerprint, found.code, found.opens, found.details, batch, to_ms(now)),
    )


def forget(connection: sqlite3.Connection, fingerprints: Iterable[str]) -> None:
    """Forget what no longer stands. If it comes back, it is told again."""
    connection.executemany("DELETE FROM finding WHERE fingerprint = ?", [(one,) for one in fingerprints])
