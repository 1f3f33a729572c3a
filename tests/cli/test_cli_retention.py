"""``retention``: what would go, and when; beside the running bot, and changing nothing."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.clock import machine_clock
from bot.commands.retention import WHAT
from bot.forgetting.retention import KINDS, WALKED
from tests.support import FakeClock, World, config, visitor, world_in

COMMUNITY = """[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"
time_zone = "Pacific/Auckland"

[storage]
database = "porchlight.db"
keys = "keys.db"
key_file = "master.key"
"""

DAYS_AGO = timedelta(days=25)


def retention(*arguments: str) -> Result:
    """Run the command."""
    result = CliRunner().invoke(app, ["retention", *arguments])
    assert "Traceback" not in result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(home: Path, tell: Callable[[World], Awaitable[None]]) -> datetime:
    """Have something happen, some days ago; returns when."""
    then = machine_clock() - DAYS_AGO

    async def work() -> None:
        async with world_in(home, config(), FakeClock(then)) as world:
            await tell(world)

    (home / "config.toml").write_text(COMMUNITY)
    asyncio.run(work())
    return then


async def _twelve_leave(world: World) -> None:
    for number in range(12):
        who = visitor(800000000000000000 + number)
        await world.begin(who)
        await world.gate.leave(who.user_id)


def part(output: str, code: str) -> list[str]:
    """What is said of one class."""
    lines = output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(WHAT[code]))
    return [line.strip() for line in lines[start : lines.index("", start)]]


def test_every_class_is_named() -> None:
    """In words of its own."""
    assert set(WHAT) == {kind.code for kind in KINDS} | {walked.code for walked in WALKED}
    assert len(set(WHAT.values())) == len(WHAT)


def test_what_goes_next_is_told_with_its_day(home: Path) -> None:
    """Nothing yet, and twelve in five days, by the community's own calendar."""
    then = told(home, _twelve_leave)

    result = retention()

    assert result.exit_code == 0
    zone = config().community.model_copy(update={"time_zone": "Pacific/Auckland"}).zone
    day = (then + timedelta(days=30)).astimezone(zone).date()
    first, *rest = part(result.output, "unfinished")
    assert first.endswith("(kept for 30 days): 0")
    assert rest == [f"Next: 12 on {day.isoformat()}"]
    assert "In all: 0. Nothing was changed." in result.output


def test_a_later_day_shows_what_would_have_gone_by_then(home: Path) -> None:
    """Ten codes, or all of them; and the files are as they were, to the byte."""
    told(home, _twelve_leave)
    before = hashlib.sha256((home / "porchlight.db").read_bytes()).digest()
    day = (machine_clock() + timedelta(days=7)).date().isoformat()

    some, every = retention("--on", day), retention("--on", day, "--all")

    assert "and 2 more (--all lists them)" in part(some.output, "unfinished")[1]
    codes = part(every.output, "unfinished")[1].split(", ")
    assert len(set(codes)) == 12
    assert all(code in every.output for code in part(some.output, "unfinished")[1].split(", ")[:10])
    assert f"by the end of {day}" in every.output
    assert "In all: 12." in every.output
    assert hashlib.sha256((home / "porchlight.db").read_bytes()).digest() == before


async def test_it_works_beside_the_running_bot(home: Path) -> None:
    """Which goes on writing."""
    (home / "config.toml").write_text(COMMUNITY)
    async with world_in(home, config(), FakeClock(machine_clock() - timedelta(days=31))) as world:
        await _twelve_leave(world)
        result = await asyncio.to_thread(retention)
        await world.begin()

    assert result.exit_code == 0
    assert "In all: 12." in result.output


@pytest.mark.parametrize("arguments", [["--on", "yesterday"], ["--on", "2026-02-30"]])
def test_a_day_that_is_none_is_wrong_usage(home: Path, arguments: list[str]) -> None:
    """2, before anything is opened."""
    (home / "config.toml").write_text(COMMUNITY)

    assert retention(*arguments).exit_code == 2


def test_before_anything_ran_and_after_an_older_version_it_says_what_to_do(home: Path) -> None:
    """1, with a sentence; it makes no files and brings nothing up to date."""
    (home / "config.toml").write_text(COMMUNITY)

    result = retention()

    assert result.exit_code == 1
    assert "Has the bot run here yet?" in result.output
    assert [file.name for file in home.iterdir()] == ["config.toml"]

    async def nothing(world: World) -> None:
        await world.run("DELETE FROM migration WHERE number = (SELECT max(number) FROM migration)")

    told(home, nothing)
    result = retention()
    assert result.exit_code == 1
    assert "Start the bot once" in result.output
