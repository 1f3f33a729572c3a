"""A thousand cases against a million: starting, the desk, memory, a look at the whole server.

Each size runs in a process of its own, so that its memory is its own.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from rich.table import Table

from bench import crowd, feed
from bench.scenes import IDS, NO_WAVES
from bench.strain import CPU, REAL, at_the_desk, named_by, over_everybody, own_data, retention_passes, visitor
from bot.answers import RawValues
from bot.app import furnished
from bot.clock import machine_clock
from bot.config import Config, load
from bot.config.tables import Storage
from bot.database import connect
from bot.forms import Forms
from bot.gate import Gate
from bot.log.verifying import verify
from bot.minting import NextForm
from bot.opening import opened
from bot.standing import CarryOn
from bot.submission import Submission
from bot.vault import Vault

SIZES = (1_000, 1_000_000)
_MASTER = bytes(32)
_PAGES: dict[str, RawValues] = {
    "about": {"belongs": "yes", "age_ok": "yes", "capacity": "self", "links": "yes"},
    "link": {
        "category": "industry",
        "organisation": "",
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
        for number in range(REAL):
            who = visitor(number)
            step: object = await gate.agree(who, "What we keep.")
            pages = {**_PAGES, "link": {**_PAGES["link"], "organisation": named_by(number)}}
            while isinstance(step, NextForm):
                await forms.save(who, step.ref, pages[step.page.id])
                standing = await gate.standing(who)
                step = standing.step if isinstance(standing, CarryOn) else None
            ticked = {"statements": ["true", "named", "keep", "update"]}
            await submission.send(who, getattr(step, "send_ref", ""), ticked)


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
        found = await at_the_desk(foundation)
        round_ms = await over_everybody(foundation, size)
        retained = await retention_passes(foundation)
        own = await own_data(foundation, size)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"start": started, "memory": memory, "round": round_ms, **retained, **own, **found}


def table(found: dict[int, dict[str, float]]) -> Table:
    """A thousand cases beside a million."""
    few, many = (found[size] for size in SIZES)
    columns = ("what", "1,000", "1,000,000", "ratio", "to hold", "CPU, 1,000", "CPU, 1,000,000")
    shown = Table(*columns, title="A thousand cases, and a million")
    for key, (what, held) in _SHOWN.items():
        worked = [f"{found[key + CPU]:.1f}" if key + CPU in found else "-" for found in (few, many)]
        ratio = f"{many[key] / few[key]:.1f}"
        shown.add_row(what, f"{few[key]:.1f}", f"{many[key]:.1f}", ratio, held, *worked)
    return shown


_SHOWN = {
    "start": ("start to first answered press, ms", "3000"),
    "queue": ("the queue, p99, ms", "10; ratio 2"),
    "page": ("a page deep in a list, p99, ms", "10; ratio 2"),
    "by_rule": ("the queue by a rule, p99, ms", "10; ratio 2"),
    "by_category": ("the queue by a category, p99, ms", "10; ratio 2"),
    "next": ("the next case, p99, ms", "10; ratio 2"),
    "file": ("a case file, p99, ms", "10; ratio 2"),
    "kept": ("a case file that is kept from one, p99, ms", "10; ratio 2"),
    "history": ("a search: what is on record about somebody, p99, ms", "10; ratio 2"),
    "search": ("the same, by their name on Discord, p99, ms", "10; ratio 2"),
    "record": ("all that happened to a case, p99, ms", "10; ratio 2"),
    "stats": ("the numbers, p99, ms", "ratio 2"),
    "round": ("a round over everybody present, ms", "-"),
    "idle": ("a pass of retention with nothing due, ms", "ratio 2"),
    "forget": ("a pass that forgets 40 files, ms", "ratio 2"),
    "see": ("/my-data, read and put in words, p99, ms", "ratio 2"),
    "download": ("/my-data, the two files, p99, ms", "ratio 2"),
    "rest": ("erasing all but the links, median, ms", "ratio 2"),
    "person": ("erasing everything about somebody, median, ms", "ratio 2"),
    "memory": ("memory after all that, MB", "150"),
}


def main() -> None:
    """``fill`` or ``measure`` one size in a folder."""
    _, part, size, folder = sys.argv
    if part == "fill":
        _fill(int(size), Path(folder))
        return
    print(json.dumps(asyncio.run(_measure(Path(folder), int(size)))))  # noqa: T201 - read by whoever started this process


if __name__ == "__main__":
    main()
