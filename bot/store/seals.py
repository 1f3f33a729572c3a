"""Seals: stretches of the event log that are closed, what they held, and letting go of their lines.

``hash = SHA-256(0x01 ‖ hash of the seal before ‖ canonical seal)``. A seal holds the hashes at both ends
of its stretch, so that what comes after still fits when the lines have gone.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.clock import to_ms
from bot.store.events import canonical

NOTHING_BEFORE = bytes(32)
SEALED = "epoch.sealed"
EMPTIED = "epoch.emptied"


@dataclass(frozen=True, slots=True)
class Seal:
    """One closed stretch."""

    epoch: int
    first_seq: int
    last_seq: int
    before: bytes
    """The hash of the line before the first."""
    head: bytes
    """The hash of the last line."""
    totals: str
    """How often what happened, as canonical JSON."""
    at: int
    """When it was sealed, in milliseconds since 1970; no earlier than any of its lines."""
    prev_hash: bytes
    hash: bytes

    def expected_hash(self) -> bytes:
        """What the hash has to be."""
        entry = {
            "epoch": self.epoch,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "before": self.before.hex(),
            "head": self.head.hex(),
            "totals": self.totals,
            "at": self.at,
        }
        return hashlib.sha256(b"\x01" + self.prev_hash + canonical(entry)).digest()


def begun_at(connection: sqlite3.Connection) -> int | None:
    """The time of the first line of the stretch that is written to, in milliseconds; None: it has none."""
    row = connection.execute(
        "SELECT at FROM event WHERE epoch = (SELECT epoch FROM log_head) ORDER BY seq LIMIT 1"
    ).fetchone()
    return None if row is None else int(row["at"])


def unchecked(connection: sqlite3.Connection) -> int:
    """Up to which line deletions left no line of their own."""
    return int(connection.execute("SELECT unchecked FROM log_head").fetchone()["unchecked"])


def close(connection: sqlite3.Connection, now: datetime) -> Seal:
    """Seal the stretch that is written to, which must have lines, and begin the next."""
    end = connection.execute("SELECT seq, hash, epoch FROM log_head").fetchone()
    first = connection.execute(
        "SELECT seq, prev_hash FROM event WHERE epoch = ? ORDER BY seq LIMIT 1", (end["epoch"],)
    ).fetchone()
    found = connection.execute(
        "SELECT action, count(*) AS n, max(at) AS latest FROM event WHERE seq >= ? GROUP BY action",
        (first["seq"],),
    ).fetchall()
    last = latest(connection)
    unhashed = Seal(
        epoch=end["epoch"],
        first_seq=first["seq"],
        last_seq=end["seq"],
        before=first["prev_hash"],
        head=end["hash"],
        totals=canonical({row["action"]: row["n"] for row in found}).decode(),
        at=max(to_ms(now), *(row["latest"] for row in found)),
        prev_hash=last.hash if last else NOTHING_BEFORE,
        hash=b"",
    )
    connection.execute(
        "INSERT INTO seal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            unhashed.epoch, unhashed.first_seq, unhashed.last_seq, unhashed.before, unhashed.head,
            unhashed.totals, unhashed.at, unhashed.prev_hash, unhashed.expected_hash(),
        ),
    )  # fmt: skip
    connection.execute("UPDATE log_head SET epoch = epoch + 1")
    return of_epoch(connection, unhashed.epoch)


def latest(connection: sqlite3.Connection) -> Seal | None:
    """The newest seal."""
    row = connection.execute("SELECT * FROM seal ORDER BY epoch DESC LIMIT 1").fetchone()
    return None if row is None else Seal(*row)


def of_epoch(connection: sqlite3.Connection, epoch: int) -> Seal:
    """The seal of a stretch that has one."""
    return Seal(*connection.execute("SELECT * FROM seal WHERE epoch = ?", (epoch,)).fetchone())


def every(connection: sqlite3.Connection) -> Iterator[Seal]:
    """All seals, in order."""
    return (Seal(*row) for row in connection.execute("SELECT * FROM seal ORDER BY epoch"))


def with_lines(connection: sqlite3.Connection) -> list[Seal]:
    """The seals of those stretches whose lines are still there, all or in part, in order."""
    rows = connection.execute(
        """
        SELECT * FROM seal
        WHERE epoch >= (SELECT epoch FROM event WHERE seq = (SELECT min(seq) FROM event)) ORDER BY epoch
        """
    )
    return [Seal(*row) for row in rows]


def lines_left(connection: sqlite3.Connection, epoch: int) -> int:
    """How many lines of a stretch are there."""
    row = connection.execute("SELECT count(*) AS n FROM event WHERE epoch = ?", (epoch,)).fetchone()
    return int(row["n"])


def is_being_emptied(connection: sqlite3.Connection, epoch: int) -> bool:
    """Whether the line stands that says that the lines of a stretch go."""
    row = connection.execute(
        "SELECT 1 FROM event WHERE object_id = ? AND action = 'epoch.emptied' LIMIT 1", (str(epoch),)
    ).fetchone()
    return row is not None


def drop_lines(connection: sqlite3.Connection, seal: Seal, most: int) -> int:
    """Delete the first lines of a sealed stretch with what they say, and return how many are gone."""
    permit = ("event", str(seal.epoch))
    bounds = {"epoch": seal.epoch, "most": most}
    connection.execute("INSERT INTO permit VALUES (?, ?)", permit)
    connection.execute(
        """
        DELETE FROM event_payload WHERE seq IN (
            SELECT seq FROM event WHERE epoch = :epoch ORDER BY seq LIMIT :most
        )
        """,
        bounds,
    )
    gone = connection.execute(
        """
        DELETE FROM event WHERE seq IN (
            SELECT seq FROM event WHERE epoch = :epoch ORDER BY seq LIMIT :most
        )
        """,
        bounds,
    ).rowcount
    connection.execute("DELETE FROM permit WHERE table_name = ? AND row_id = ?", permit)
    return gone


def counted(totals: str) -> dict[str, int]:
    """How often what happened, from a seal. Raises ValueError for what no seal says."""
    found = json.loads(totals)
    if not isinstance(found, dict) or not all(isinstance(n, int) for n in found.values()):
        raise ValueError("totals")
    return found
