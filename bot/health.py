"""How the bot is, for a program that watches over it: codes and numbers, about nobody.

What is read is kept for a few seconds and read on a connection of its own, so that looking often
costs the gate nothing. What happened since the start is counted from the log's own lines.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.database import Reader, StorageUnavailable
from bot.foundation import Foundation
from bot.keeper import Vitals
from bot.store import marks, status
from bot.store.status import Stand

_log = logging.getLogger(__name__)

_TOLD_EVERY = timedelta(hours=1)
_KEPT_FOR = timedelta(seconds=5)
_TRIED_EVERY = timedelta(seconds=10)
"""How often a look may try whether the database can be written."""

SWEEP_LATE = timedelta(minutes=10)
"""The sweep comes every minute. After this long without one, something is wrong."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the bot is: whether all is well, and what is said of it."""

    well: bool
    told: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read last, and when."""

    stand: Stand
    happened: Counter[tuple[str, bool]]
    """How often each action came since the start; true where the machine did it."""
    at: datetime


class Health:
    """Looks after how the bot is."""

    def __init__(
        self,
        foundation: Foundation,
        reader: Reader,
        look: Callable[[], Vitals],
        presses: Counter[str],
        errors: Callable[[], int],
    ) -> None:
        """Take what every use case stands on, and where everything else can be read."""
        self._on = foundation
        self._reader = reader
        self._look = look
        self._presses = presses
        self._errors = errors
        self._started = foundation.now()
        self._line: int | None = None
        self._happened: Counter[tuple[str, bool]] = Counter()
        self._reading: Reading | None = None
        self._writable: tuple[bool, datetime] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._registry = CollectorRegistry()
        self._registry.register(_Numbers(self._families))

    async def read(self) -> Reading:
        """How everything stands, at most a few seconds ago. Raises StorageUnavailable."""
        async with self._one_at_a_time:
            now = self._on.now()
            kept = self._reading
            if kept is None or not timedelta() <= now - kept.at < _KEPT_FOR:
                stand, happened, line = await self._reader.read(
                    lambda c: (
                        status.read(c),
                        status.happened_since(c, self._line) if self._line is not None else Counter(),
                        status.newest_line(c),
                    )
                )
                self._line = line
                self._happened.update(happened)
                kept = self._reading = Reading(stand, self._happened, now)
            return kept

    async def report(self) -> Report:
        """Codes: the connection, the database, the sweep, and what is held up."""
        writable, vitals = await self._can_write(), self._look()
        problems = [] if vitals.connected else ["gateway_not_connected"]
        told: dict[str, object] = {
            "gateway": "connected" if vitals.connected else "not_connected",
            "database": "writable" if writable else "not_writable",
        }
        if not writable:
            problems.append("database_not_writable")
        try:
            reading = await self.read()
        except StorageUnavailable:
            problems.append("database_not_readable")
        else:
            age = self._on.now() - max(reading.stand.swept or self._started, self._started)
            stopped = [one.kind for one in reading.stand.stopped]
            told["sweep_age_seconds"] = int(age.total_seconds())
            told["stopped"] = stopped
            problems += ["sweep_late"] if age > SWEEP_LATE else []
            problems += [f"stopped_{kind}" for kind in stopped]
        return Report(not problems, {"well": not problems, "problems": problems, **told})

    async def _can_write(self) -> bool:
        """Whether the database takes a line, tried now and then."""
        now = self._on.now()
        if self._writable is None or not timedelta() <= now - self._writable[1] < _TRIED_EVERY:
            try:
                await self._on.database.write(lambda c: marks.note(c, marks.CHECKED, now))
            except StorageUnavailable:
                self._writable = False, now
            else:
                self._writable = True, now
        return self._writable[0]

    async def metrics(self) -> bytes:
        """All numbers, as Prometheus reads them. Raises StorageUnavailable."""
        await self.read()
        return generate_latest(self._registry)

    def _families(self) -> Iterator[Metric]:
        reading, vitals = self._reading, self._look()
        if reading is None:
            return
        stand = reading.stand
        lists = {name: stand.counts[name] for name in ("to_decide", "to_talk", "unanswered")}
        yield _gauges("queue", "People in each list of the queue", "list", lists)
        yield _gauge("tasks", "Things to look at that are no case", stand.counts["tasks"])
        waited = (reading.at - stand.oldest).total_seconds() if stand.oldest else 0
        yield _gauge("oldest_wait_seconds", "How long somebody has waited for the team", max(waited, 0))
        outbox = {"pending": stand.pending, "stuck": stand.stuck}
        yield _gauges("outbox", "What is still to be done in Discord", "state", outbox)
        held_up = {one.kind: 1 for one in stand.stopped}
        yield _gauges("outbox_stopped", "Kinds of effects that are held up", "kind", held_up)
        yield _gauge("paused", "Whether a moderator has paused the gate", stand.pause is not None)
        yield _gauge("wave", "Whether many people are joining at once", stand.wave is not None)
        for name, at in (("sweep", stand.swept), ("reconcile", stand.reconciled)):
            if at is not None:
                yield _gauge(f"last_{name}_timestamp_seconds", f"When the last {name} was", at.timestamp())
        yield _gauge("gateway_connected", "Whether Discord's gateway is connected", vitals.connected)
        if vitals.latency is not None:
            yield _gauge("gateway_latency_seconds", "How long a heartbeat takes", vitals.latency)
        yield from self._counters(reading.happened)

    def _counters(self, happened: Counter[tuple[str, bool]]) -> Iterator[Metric]:
        presses = {outcome: self._presses[outcome] for outcome in ("answered", "late")}
        yield _counters("presses", "Presses, by whether they were answered in time", "outcome", presses)
        joins = sum(n for (action, _), n in happened.items() if action == "case.opened")
        yield _counter("joins", "People who came, by joining or by their first press", joins)
        by = {
            "machine": happened["decision.admit", True],
            "person": happened["decision.admit", False],
        }
        yield _counters("admissions", "Admissions, by who decided", "by", by)
        yield _counter("errors", "Lines logged as an error", self._errors())

    async def keep_telling(self) -> None:
        """Once an hour, one line in the log says how it stands."""
        while True:
            try:
                await self.tell()
            except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
                _log.exception("the line about how it stands stumbled, and comes again")
            await asyncio.sleep(_TOLD_EVERY.total_seconds())

    async def tell(self) -> None:
        """How it stands, as one line of the log."""
        try:
            reading = await self.read()
        except StorageUnavailable as problem:
            _log.warning("how it stands: the database cannot be read (%s)", problem)
            return
        _log.info("how it stands: %s", _in_one_line(reading, self._look()))


def _in_one_line(reading: Reading, vitals: Vitals) -> str:
    stand, now = reading.stand, reading.at
    parts = [
        "gateway connected" if vitals.connected else "gateway not connected",
        *(f"{name} {stand.counts[name]}" for name in ("to_decide", "to_talk", "unanswered", "tasks")),
        f"oldest wait {_minutes(now, stand.oldest) or 'none'}",
        f"outbox pending {stand.pending} stuck {stand.stuck}",
        f"stopped {' '.join(one.kind for one in stand.stopped) or 'none'}",
        f"last sweep {_minutes(now, stand.swept) or 'never'}",
        f"last reconcile {_minutes(now, stand.reconciled) or 'never'}",
        *(["paused"] if stand.pause else []),
        *(["wave"] if stand.wave else []),
    ]
    return ", ".join(parts)


def _minutes(now: datetime, then: datetime | None) -> str:
    return "" if then is None else f"{int((now - then).total_seconds() // 60)} min"


class _Numbers(Collector):
    """Hands out the numbers when they are collected."""

    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return self._families()

    def describe(self) -> list[Metric]:
        """Nothing ahead of time."""
        return []


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"porchlight_{name}", about, value=value)


def _gauges(name: str, about: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"porchlight_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counter(name: str, about: str, value: int) -> Metric:
    return CounterMetricFamily(f"porchlight_{name}", about, value=value)


def _counters(name: str, about: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"porchlight_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
