"""The event log, verified: lines per second, beside hashing the same bytes and nothing else."""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from bot.clock import machine_clock
from bot.config.tables import Storage
from bot.database import connect, untouched
from bot.ids import new_ids
from bot.log import chain
from bot.log.epochs import seal_if_due
from bot.log.problems import Problems
from bot.log.verifying import verify
from bot.migrations import FOLDER, migrate
from bot.store import chain as stored
from bot.store import events

LINES = 200_000
_ROUNDS = 3
_AT_ONCE = 10_000
_MONTHLY = 5
"""Every so many batches a month is over."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """Lines per second of one core."""

    hashing: float
    """Both hashes of each line, from bytes that are ready."""
    chain: float
    """Every line, its payload, and the seals."""
    everything: float
    """With the file, the schema and every reference."""


def measure() -> Speeds:
    """Medians of a few rounds over one log."""
    with tempfile.TemporaryDirectory() as name:
        storage = Storage(database=Path(name) / "p.db", keys=Path(name) / "k.db", anchors=Path(name) / "a")
        _fill(storage.database)
        rounds = [_round(storage) for _ in range(_ROUNDS)]
    return Speeds(*(LINES / statistics.median(times) for times in zip(*rounds, strict=True)))


def _fill(path: Path) -> None:
    with closing(connect(path)) as connection:
        migrate(connection, FOLDER / "main")
        connection.execute("PRAGMA synchronous = OFF")
        now = machine_clock()
        for batch in range(LINES // _AT_ONCE):
            about = list(zip(new_ids(_AT_ONCE), new_ids(_AT_ONCE), strict=True))
            connection.execute("BEGIN")
            events.record_all(connection, now, "task.closed", "task", about, {"purpose": "review"})
            if batch % _MONTHLY == 0:
                now += timedelta(days=31)
                seal_if_due(connection, now)
            connection.execute("COMMIT")


def _round(storage: Storage) -> tuple[float, float, float]:
    with untouched(storage.database) as connection, stored.snapshot(connection):
        problems, hashing = Problems(), _hashing(connection)
        checking = _took(lambda: chain.check(connection, problems))
    everything = _took(
        lambda: problems.sentences.extend(verify(storage, None, keys=False).problems.sentences)
    )
    if problems:
        raise RuntimeError(problems.sentences[0])
    return hashing, checking, everything


def _hashing(connection: sqlite3.Connection) -> float:
    """Seconds that the hashes alone take, once the bytes are there."""
    ready = [
        (b"\x00" + line[8] + events.line(*line[:8]), (line[10] or b"") + (line[11] or "").encode())
        for line in stored.lines(connection)
    ]

    def work() -> None:
        for one, other in ready:
            sha256(one).digest()
            sha256(other).digest()

    return _took(work)


def _took(work: Callable[[], object]) -> float:
    """Seconds of this process's own time."""
    began = time.process_time()
    work()
    return time.process_time() - began


def told(speeds: Speeds) -> str:
    """In three lines."""
    ratio = speeds.hashing / speeds.chain
    return "\n".join(
        (
            f"The log, verified: {speeds.chain:,.0f} lines a second (to hold: 100,000, or the ratio)",
            f"  ratio to hashing alone, {speeds.hashing:,.0f} a second: {ratio:.1f} (to hold: 3)",
            f"  with the file, the schema and every reference: {speeds.everything:,.0f} lines a second",
        )
    )
