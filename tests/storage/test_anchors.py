"""The end of the log is noted down once a day, in a file and in a channel, and nothing stops for it."""

import json
import logging
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config.tables import Storage
from bot.log.anchors import Anchors, read
from bot.ports import Room
from tests.support import ANN, BEN, FakeClock, World, config, world_in

ANCHOR_CHANNEL = 100000000000000009


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the anchors go."""
    return tmp_path / "ledger" / "anchors.jsonl"


@pytest.fixture
async def anchored(tmp_path: Path, file: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A world with a channel for anchors, and a line in its log."""
    ids = config().discord
    assert ids is not None
    settings = config(storage=Storage(anchors=file)).model_copy(
        update={"discord": ids.model_copy(update={"anchor_channel": ANCHOR_CHANNEL})}
    )
    async with world_in(tmp_path, settings, clock) as world:
        await world.gate.arrive(ANN)
        yield world


def text(file: Path) -> bytes:
    """What stands in a file."""
    return file.read_bytes()


def is_there(file: Path) -> bool:
    """Whether it was made."""
    return file.exists()


def mode(file: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(file.stat().st_mode)


async def head(world: World) -> str:
    """The hash of the last line, as people write it."""
    return str((await world.one("SELECT hash FROM log_head")).hex())


async def test_the_end_of_the_log_is_written_down_and_posted(anchored: World, file: Path) -> None:
    """For the operator's eyes only in the file; in the channel with the day, the line and the hash."""
    await Anchors(anchored.foundation).run(anchored.clock())
    await anchored.drain()

    assert [json.loads(line) for line in text(file).splitlines()] == [
        {"at": "2026-03-04T12:00:00+00:00", "epoch": 1, "seq": 1, "hash": await head(anchored)}
    ]
    assert mode(file) == 0o600
    assert mode(file.parent) == 0o700
    (call,) = [call for call in anchored.doorkeeper.told("post") if call.room is Room.ANCHOR]
    assert "2026-03-04" in call.text
    assert "Line 1:" in call.text
    assert await head(anchored) in call.text


async def test_once_a_day_and_only_if_the_log_has_grown(anchored: World, file: Path) -> None:
    """However often it is asked, and after a restart, and for as long as nothing happens."""
    for _ in range(3):
        await Anchors(anchored.foundation).run(anchored.clock())
        anchored.clock.advance(hours=3)
    await anchored.gate.arrive(BEN)
    await Anchors(anchored.foundation).run(anchored.clock())
    assert [anchor.seq for anchor in read(file) if anchor] == [1]

    for _ in range(3):
        await Anchors(anchored.foundation).run(anchored.clock.advance(days=1))

    assert [anchor.seq for anchor in read(file) if anchor] == [1, 2]
    await anchored.drain()
    assert len([call for call in anchored.doorkeeper.told("post") if call.room is Room.ANCHOR]) == 2


async def test_nothing_is_written_about_an_empty_log(tmp_path: Path, file: Path, clock: FakeClock) -> None:
    """There is no end yet."""
    async with world_in(tmp_path, config(storage=Storage(anchors=file)), clock) as world:
        await Anchors(world.foundation).run(world.clock())

    assert not is_there(file)


async def test_what_a_crash_tore_off_is_mended(anchored: World, file: Path) -> None:
    """The half line goes, and a whole one follows; the lines before it stay."""
    await Anchors(anchored.foundation).run(anchored.clock())
    whole = text(file)
    with open(file, "ab") as opened:  # noqa: ASYNC230, PTH123 - nobody waits
        opened.write(whole[:40])
    assert [anchor.seq for anchor in read(file) if anchor] == [1]

    await anchored.gate.arrive(BEN)
    await Anchors(anchored.foundation).run(anchored.clock.advance(days=1))

    assert text(file).startswith(whole)
    assert [anchor and anchor.seq for anchor in read(file)] == [1, 2]


async def test_a_file_that_is_whole_but_was_not_noted_is_not_written_twice(
    anchored: World, file: Path
) -> None:
    """A crash fell between the line in the file and the mark in the database."""
    await Anchors(anchored.foundation).run(anchored.clock())
    await anchored.run("DELETE FROM mark WHERE name = 'anchored'")

    await Anchors(anchored.foundation).run(anchored.clock())

    assert [anchor and anchor.seq for anchor in read(file)] == [1]


async def test_a_file_that_cannot_be_written_is_said_once_and_stops_nothing(
    anchored: World, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The channel hears all the same, once; and the file is tried until it works."""
    os.makedirs(file)  # noqa: PTH103 - nobody waits
    anchors = Anchors(anchored.foundation)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await anchors.run(anchored.clock())
        assert [record.getMessage() for record in caplog.records] == [
            "the end of the log cannot be written to the file of anchors: EISDIR"
        ]
        os.rmdir(file)  # noqa: PTH106 - nobody waits
        await anchors.run(anchored.clock())

    assert "again" in caplog.records[-1].getMessage()
    assert [anchor and anchor.seq for anchor in read(file)] == [1]
    await anchored.drain()
    assert len([call for call in anchored.doorkeeper.told("post") if call.room is Room.ANCHOR]) == 1


async def test_without_a_channel_there_is_only_the_file(tmp_path: Path, file: Path, clock: FakeClock) -> None:
    """Nothing is posted anywhere else instead."""
    async with world_in(tmp_path, config(storage=Storage(anchors=file)), clock) as world:
        await world.gate.arrive(ANN)
        await Anchors(world.foundation).run(world.clock())

        assert await world.rows("SELECT 1 FROM effect WHERE target LIKE 'anchor%'") == []
    assert text(file)


async def test_a_line_that_went_before_it_was_posted_is_not_posted(anchored: World) -> None:
    """The message waited for years."""
    await Anchors(anchored.foundation).run(anchored.clock())
    await anchored.run("UPDATE effect SET target = 'anchor:1000' WHERE target = 'anchor:1'")
    await anchored.drain()

    assert [call for call in anchored.doorkeeper.told("post") if call.room is Room.ANCHOR] == []
