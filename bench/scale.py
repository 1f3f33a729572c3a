"""A thousand cases against a million: starting, the desk, memory, a look at the whole server.

Each size runs in a process of its own, so that its memory is its own.
"""

import asyncio
import bisect
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from bench import crowd, feed
from bench.scenes import IDS, NO_WAVES
from bot.answers import RawValues
from bot.app import furnished
from bot.clock import machine_clock
from bot.config import Config, load
from bot.config.tables import Retention, Storage
from bot.database import connect
from bot.desk import CaseFile, Denied, Desk, History, Queue
from bot.drift import Drift
from bot.forgetting import retention
from bot.forgetting.erasure import Erasure, Receipt
from bot.forms import Forms
from bot.foundation import Foundation
from bot.gate import Gate
from bot.holdings import Holdings
from bot.log.verifying import verify
from bot.minting import NextForm
from bot.model import Visitor
from bot.opening import opened
from bot.ports import Later, Member, Refused, RoleChange, Why
from bot.rights import Rights
from bot.rounds import Rounds
from bot.screens import rights as screens
from bot.standing import CarryOn
from bot.store import retention as kept
from bot.store.retention import EVER, Span
from bot.submission import Submission
from bot.vault import Vault

SIZES = (1_000, 1_000_000)
_SAMPLES = 300
_REAL = 40
_MASTER = bytes(32)
_PAGES: dict[str, RawValues] = {
    "about": {"belongs": "yes", "age_ok": "yes", "capacity": "self", "links": "yes"},
    "link": {
        "category": "industry",
        "organisation": "Example Pharma",
        "on_behalf_of": "",
        "relationship": ["employment"],
        "period": "current",
    },
    "purpose": {
        "purpose": ["peer_support"],
        "data_use": ["nothing"],
        "reporting_duty": "no",
        "instructed": "unaware",
        "goal": "To talk",
    },
}


def measure_all() -> dict[int, dict[str, float]]:
    """What each size costs, in milliseconds and megabytes."""
    found = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            for part in ("fill", "measure"):
                command = [sys.executable, "-m", "bench.scale", part, str(size), folder]
                told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
            found[size] = json.loads(told.stdout.splitlines()[-1])
    return found


def _config(folder: Path) -> Config:
    loaded = load(Path("config.example.toml"), {}).config
    if loaded is None:
        raise SystemExit("config.example.toml does not load")
    storage = Storage(
        database=folder / "p.db",
        keys=folder / "k.db",
        key_file=folder / "k",
        ledger=folder / "l",
        anchors=folder / "a",
    )
    return loaded.model_copy(update={"discord": IDS, "raid": NO_WAVES, "storage": storage})


def _fill(size: int, folder: Path) -> None:
    config = _config(folder)
    asyncio.run(_first_start(config))
    with Vault.opened(config.storage.keys, _MASTER) as vault, closing(connect(config.storage.database)) as db:
        crowd.fill(db, vault, config, size, machine_clock())
    asyncio.run(_real_people(config))
    # What is true of a thousand is true of a million, which would take minutes.
    problems = verify(config.storage, _MASTER).problems.sentences if size == min(SIZES) else []
    if problems:
        raise RuntimeError(problems[0])


async def _first_start(config: Config) -> None:
    async with opened(config, _MASTER):
        pass


async def _real_people(config: Config) -> None:
    """Some who really answered and are held, so that files can be opened."""
    async with opened(config, _MASTER) as foundation:
        forms = Forms(foundation)
        gate = Gate(foundation, forms)
        submission = Submission(foundation, gate)
        for number in range(_REAL):
            who = _visitor(number)
            step: object = await gate.agree(who, "What we keep.")
            while isinstance(step, NextForm):
                await forms.save(who, step.ref, _PAGES[step.page.id])
                standing = await gate.standing(who)
                step = standing.step if isinstance(standing, CarryOn) else None
            ticked = {"statements": ["true", "named", "keep", "update"]}
            await submission.send(who, getattr(step, "send_ref", ""), ticked)


def _visitor(number: int, *, moderator: bool = False) -> Visitor:
    roles = frozenset({feed.MODERATOR_ROLE} if moderator else ())
    return Visitor(820_000_000_000_000_000 + number, "en-US", machine_clock() - timedelta(days=900), roles)


async def _measure(folder: Path, size: int) -> dict[str, float]:
    began = time.perf_counter()
    config = _config(folder)
    async with opened(config, _MASTER) as foundation:
        house = furnished(foundation)
        adapter = feed.SilentAdapter()
        feed.ready(house.client, adapter)
        for cog in house.client._adapters:
            await house.client.add_cog(cog)
        press = feed.press(7, "pl:start:")
        house.client._connection.parse_interaction_create(press)  # type: ignore[arg-type] # a plain dict
        await feed.quiet()
        if not adapter.answered:
            raise RuntimeError("the first press was not answered")
        started = (time.perf_counter() - began) * 1000
        found = await _desk(foundation)
        round_ms = await _round(foundation, size)
        retained = await _retention(foundation)
        own = await _own_data(foundation, size)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"start": started, "memory": memory, "round": round_ms, **retained, **own, **found}


class Everybody:
    """A lookout on a server where everybody is who should be there, and nobody else."""

    def __init__(self, size: int) -> None:
        """Take how many cases there are."""
        self._crowd = [
            Member(crowd.user_id(number), frozenset({feed.MEMBER_ROLE} if state == "admitted" else ()))
            for number in range(size)
            if (state := crowd.state_of(number)) in {*crowd.BACKLOG, "admitted"}
        ]
        self._crowd += [Member(_visitor(number).user_id, frozenset()) for number in range(_REAL)]

    async def member(self, user_id: int) -> Member | Refused | Later:
        """One of them."""
        return next((m for m in self._crowd if m.user_id == user_id), Refused(Why.GONE))

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        """The next thousand."""
        first = bisect.bisect_right(self._crowd, after, key=lambda member: member.user_id)
        return tuple(self._crowd[first : first + 1000])

    async def role_changes(self, _since: datetime) -> tuple[RoleChange, ...] | Refused | Later:
        """Nobody changed anything."""
        return ()


async def _round(foundation: Foundation, size: int) -> float:
    """One round over everybody, in milliseconds; it has to find nothing to do."""
    lookout, gate = Everybody(size), Gate(foundation, Forms(foundation))
    before = await foundation.database.read(_lines)
    began = time.perf_counter()
    await Rounds(foundation, gate, Drift(foundation, gate, lookout), lookout).run(machine_clock())
    took = (time.perf_counter() - began) * 1000
    if await foundation.database.read(_lines) != before:
        raise RuntimeError("the round changed something")
    return took


_FORGOTTEN = 40


async def _retention(foundation: Foundation) -> dict[str, float]:
    """A pass with nothing due, and one that forgets the oldest that were declined, each in milliseconds."""
    now = machine_clock()
    long = dict.fromkeys(Retention.model_fields, timedelta(days=3660))
    idle = foundation.config.retention.model_copy(update=long | {"reason": ""})
    oldest = await foundation.database.read(lambda c: kept.on_record(c, Span(EVER, now), _FORGOTTEN + 1))
    busy = idle.model_copy(update={"refused": now - oldest[-1].at})
    found = {}
    for name, limits, passes, expected in (("idle", idle, 20, 0), ("forget", busy, 1, len(oldest) - 1)):
        config = foundation.config.model_copy(update={"retention": limits})
        keeping = retention.Retention(replace(foundation, config=config))
        before = await foundation.database.read(_files)
        began = time.perf_counter()
        for _ in range(passes):
            await keeping.run(now)
        found[name] = (time.perf_counter() - began) * 1000 / passes
        gone = before - await foundation.database.read(_files)
        if gone != expected:
            raise RuntimeError(f"retention forgot {gone} cases, and not {expected}")
    return found


_RESTING = 10
"""Members who keep their links and have all else deleted; as many others have everything deleted."""
_NO_MEMBERS = 30
"""Further people who have everything deleted."""


async def _own_data(foundation: Foundation, size: int) -> dict[str, float]:
    """What people do with their own data, in milliseconds. They are spread over all who were stored."""
    config, voice = foundation.config, foundation.config.words.voice("en-US")
    erasure = Erasure(foundation)
    rights = Rights(foundation, erasure)
    members = _spread([n for n in range(size) if crowd.state_of(n) == "admitted"], 2 * _RESTING)
    others = _spread([n for n in range(size) if crowd.state_of(n) == "lapsed"], _NO_MEMBERS)

    async def see(n: int) -> object:
        held = await rights.see(_of_crowd(members[n % len(members)]))
        screens.seen(voice, config, held)
        return held

    async def download(n: int) -> object:
        held = await rights.see(_of_crowd(members[n % len(members)]))
        screens.files(voice, config, held)
        return held

    found = {"see": await _p99(see, Holdings), "download": await _p99(download, Holdings)}
    erasing: dict[str, tuple[Callable[[str, str], Awaitable[Receipt | None]], list[int]]] = {
        "rest": (erasure.rest, members[::2]),
        "person": (erasure.person, [*members[1::2], *others]),
    }
    for name, (erase, numbers) in erasing.items():
        times = []
        for number in numbers:
            find = partial(foundation.find, user_id=crowd.user_id(number))
            subject = await foundation.database.read(find)
            if subject is None:
                raise RuntimeError("somebody is not known")
            began = time.perf_counter()
            receipt = await erase(subject.id, subject.id)
            times.append((time.perf_counter() - began) * 1000)
            if receipt is None:
                raise RuntimeError("nothing was erased")
        found[name] = statistics.median(times)
    return found


def _spread(numbers: list[int], count: int) -> list[int]:
    """So many of them, from the first to the last."""
    return [numbers[place * (len(numbers) - 1) // (count - 1)] for place in range(count)]


def _of_crowd(number: int) -> Visitor:
    return Visitor(crowd.user_id(number), "en-US", machine_clock() - timedelta(days=900), frozenset())


def _files(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM cases").fetchone()[0])


def _lines(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def table(found: dict[int, dict[str, float]]) -> Table:
    """A thousand cases beside a million."""
    few, many = (found[size] for size in SIZES)
    shown = Table("what", "1,000", "1,000,000", "ratio", "to hold", title="A thousand cases, and a million")
    for key, (what, held) in _SHOWN.items():
        shown.add_row(what, f"{few[key]:.1f}", f"{many[key]:.1f}", f"{many[key] / few[key]:.1f}", held)
    return shown


_SHOWN = {
    "start": ("start to first answered press, ms", "3000"),
    "queue": ("the queue, p99, ms", "10; ratio 2"),
    "file": ("a case file, p99, ms", "10; ratio 2"),
    "history": ("what is on record about somebody, p99, ms", "10; ratio 2"),
    "next": ("the next case, p99, ms", "10; ratio 2"),
    "round": ("a round over everybody present, ms", "-"),
    "idle": ("a pass of retention with nothing due, ms", "ratio 2"),
    "forget": ("a pass that forgets 40 files, ms", "ratio 2"),
    "see": ("/my-data, read and put in words, p99, ms", "ratio 2"),
    "download": ("/my-data, the two files, p99, ms", "ratio 2"),
    "rest": ("erasing all but the links, median, ms", "ratio 2"),
    "person": ("erasing everything about somebody, median, ms", "ratio 2"),
    "memory": ("memory after all that, MB", "150"),
}


async def _desk(foundation: Foundation) -> dict[str, float]:
    desk, moderator = Desk(foundation), _visitor(9999, moderator=True)
    codes = await foundation.database.read(
        lambda c: [
            row[0]
            for row in c.execute(
                "SELECT code FROM cases WHERE state = 'held' ORDER BY opened_at DESC LIMIT ?", (_REAL,)
            )
        ]
    )

    def nth_file(n: int) -> Awaitable[object]:
        return desk.open_by_code(moderator, codes[n % len(codes)])

    def nth_history(n: int) -> Awaitable[object]:
        return desk.history_of_code(moderator, codes[n % len(codes)])

    return {
        "queue": await _p99(lambda _: desk.queue(moderator), Queue),
        "file": await _p99(nth_file, CaseFile),
        "history": await _p99(nth_history, History),
        "next": await _p99(lambda _: desk.open_next(moderator), (CaseFile, Denied)),
    }


async def _p99(work: Callable[[int], Awaitable[object]], kind: Any) -> float:
    times = []
    for number in range(_SAMPLES):
        began = time.perf_counter()
        result = await work(number)
        times.append((time.perf_counter() - began) * 1000)
        if not isinstance(result, kind):
            raise TypeError(f"{type(result).__name__} is not what was asked for")
    return sorted(times)[int(_SAMPLES * 0.99) - 1]


def main() -> None:
    """``fill`` or ``measure`` one size in a folder."""
    _, part, size, folder = sys.argv
    if part == "fill":
        _fill(int(size), Path(folder))
        return
    print(json.dumps(asyncio.run(_measure(Path(folder), int(size)))))  # noqa: T201 - read by whoever started this process


if __name__ == "__main__":
    main()
