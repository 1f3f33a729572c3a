"""Properties: whatever the order, the repeats and the restarts, the answers are those of the straight way."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.filling import NotSaved, Saved, Summary
from bot.minting import NextForm
from bot.standing import CarryOn
from bot.store import sheets, subjects
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    LINK_NOW,
    LINK_OLD,
    PURPOSE,
    FakeClock,
    Raw,
    World,
    config,
    world_in,
)

FINAL: Mapping[str, Raw] = {
    "about": {**ABOUT_LINKED, "capacity": "both"},
    "link": LINK_NOW,
    "purpose": PURPOSE,
}
"""What each page holds in the end."""

DRAFTS: Mapping[str, list[Raw]] = {
    "about": [
        ABOUT_NIL,
        {**ABOUT_LINKED, "belongs": "not_sure"},
        {**ABOUT_LINKED, "links": "rather_not_say"},
    ],
    "link": [LINK_OLD, {**LINK_OLD, "organisation": ""}, {"category": "media"}],
    "purpose": [{**PURPOSE, "goal": "Another aim"}, {"purpose": ["listen"]}],
}
"""What a page may hold on the way: other answers, and halves of one."""

Step = tuple[str, int, int, bool]
"""Which page, which of the refs it was ever offered under, which draft, and whether to restart first."""

steps = st.lists(
    st.tuples(
        st.sampled_from(sorted(FINAL)),
        st.integers(min_value=0, max_value=7),
        st.integers(min_value=0, max_value=2),
        st.sampled_from([False, False, True]),
    ),
    max_size=8,
)

Answers = dict[str, dict[str, tuple[tuple[str, ...], str]]]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as a first start leaves them, to copy."""
    folder = tmp_path_factory.mktemp("fresh")

    async def start_once() -> None:
        async with world_in(folder, config(), FakeClock()):
            pass

    asyncio.run(start_once())
    return folder


class Session:
    """Somebody filling in, with every ref that was ever offered for a page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.refs: dict[str, list[str]] = {page: [] for page in FINAL}

    def offered(self, result: object) -> None:
        """Remember the refs of a reply, as they stay on screens and devices."""
        if isinstance(result, NextForm):
            self.refs[result.page.id].append(result.ref)
        elif isinstance(result, Summary):
            for item in result.entries:
                self.refs[item.shown.page.id].append(item.ref)
        elif isinstance(result, Saved):
            self.refs[result.page.id].append(result.again)
            self.offered(result.next)

    async def come_back(self, world: World) -> None:
        """Press *Start or carry on*."""
        standing = await world.gate.standing(ANN)
        if isinstance(standing, CarryOn):
            self.offered(standing.step)
        else:
            self.offered(await world.gate.agree(ANN, "notice"))

    async def submit(self, world: World, page: str, which: int, raw: Raw) -> None:
        """Submit a page under one of its refs, if it was ever offered."""
        self.clock.advance(seconds=1)
        if self.refs[page]:
            ref = self.refs[page][which % len(self.refs[page])]
            result = await world.forms.save(ANN, ref, raw)
            assert isinstance(result, Saved), result
            self.offered(result)

    async def finish(self, world: World) -> Answers:
        """Bring every page to its final answers, in order, and read the summary."""
        await self.come_back(world)
        for page, raw in FINAL.items():
            await self.submit(world, page, -1, raw)
            await self.come_back(world)
        summary = await world.summary(ANN)
        assert len(summary.entries) == len(FINAL)
        return {
            item.entry.page_id: {
                name: (answer.codes, answer.text) for name, answer in item.entry.answers.items()
            }
            for item in summary.entries
        }


async def filled_in(folder: Path, plan: list[Step]) -> Answers:
    """The answers after a plan and then the straight way to the end."""
    session = Session(folder)
    turns: list[list[Step]] = [[]]
    for step in plan:
        if step[3]:
            turns.append([])
        turns[-1].append(step)
    for turn in turns:
        async with world_in(folder, config(), session.clock) as world:
            await session.come_back(world)
            for page, which, draft, _ in turn:
                raws = [*DRAFTS[page], FINAL[page]]
                await session.submit(world, page, which, raws[draft % len(raws)])
    async with world_in(folder, config(), session.clock) as world:
        return await session.finish(world)


def on_a_copy(fresh: Path, plan: list[Step]) -> Answers:
    """Run a plan on files of its own."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "data"
        shutil.copytree(fresh, copied)
        return asyncio.run(filled_in(copied, plan))


@settings(max_examples=15)
@given(plan=steps)
def test_any_way_of_filling_in_ends_where_the_straight_one_does(fresh: Path, plan: list[Step]) -> None:
    """Pages in any order, drafts, stale refs, repeats, restarts: one entry per page, with what came last."""
    straight = {
        page: {name: as_answer(value) for name, value in raw.items() if value} for page, raw in FINAL.items()
    }

    assert on_a_copy(fresh, plan) == straight


def as_answer(value: object) -> tuple[tuple[str, ...], str]:
    """A raw value as the summary reads it."""
    if isinstance(value, list):
        return tuple(value), ""
    return ((), str(value)) if str(value)[0].isupper() else ((str(value),), "")


submits = st.lists(
    st.tuples(st.sampled_from(sorted(FINAL)), st.integers(min_value=0, max_value=7)), min_size=1, max_size=6
)


@settings(max_examples=15)
@given(order=submits)
def test_submitting_everything_twice_is_submitting_it_once(fresh: Path, order: list[tuple[str, int]]) -> None:
    """Each final page sent again, in any order, under any of its refs, changes nothing and adds nothing."""

    async def run(folder: Path) -> None:
        session = Session(folder)
        async with world_in(folder, config(), session.clock) as world:
            first = await session.finish(world)
            count = await world.one("SELECT count(*) FROM entry")
            for page, which in order:
                await session.submit(world, page, which, FINAL[page])
            assert await session.finish(world) == first
            assert await world.one("SELECT count(*) FROM entry") == count

    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "data"
        shutil.copytree(fresh, copied)
        asyncio.run(run(copied))


@settings(max_examples=15)
@given(names=st.lists(st.sampled_from(["add", "out", "again", "restart"]), max_size=10), seed=st.randoms())
def test_links_added_and_taken_out_in_any_order_are_those_that_are_in(
    fresh: Path, names: list[str], seed: Random
) -> None:
    """A model of the links beside the real ones: the same names, the same number, never more than five."""

    async def run(folder: Path) -> None:
        clock = FakeClock()
        known: dict[str, str] = {}
        inside: dict[str, str] = {}
        async with AsyncExitStack() as stack:
            world = await stack.enter_async_context(world_in(folder, config(), clock))
            await world.answer(ANN, ABOUT_LINKED, LINK_OLD)
            first = (await world.summary(ANN)).entries[1]
            known[first.entry.id] = first.ref
            inside[first.entry.id] = "Helix Pharma"
            for number, name in enumerate(names):
                clock.advance(seconds=1)
                if name == "restart":
                    await stack.aclose()
                    world = await stack.enter_async_context(world_in(folder, config(), clock))
                await act(world, name, number, known, inside, seed)
                assert await links_in(world) == inside

    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "data"
        shutil.copytree(fresh, copied)
        asyncio.run(run(copied))


async def links_in(world: World) -> dict[str, str]:
    """The links that are in, by entry, with the name of the organisation."""
    lookup = world.foundation.vault.lookup(ANN.user_id)

    def read_them(connection: sqlite3.Connection) -> dict[str, str]:
        subject = subjects.find(connection, lookup)
        sheet = sheets.latest(connection, subject.id) if subject else None
        assert sheet is not None
        found = world.foundation.reading(connection, sheet).entries("link")
        return {link.id: link.text("organisation") for link in found}

    return await world.foundation.database.read(read_them)


async def act(
    world: World,
    name: str,
    number: int,
    known: dict[str, str],
    inside: dict[str, str],
    seed: Random,
) -> None:
    """Do one thing with links, and the same to the model."""
    entry_id = seed.choice(sorted(known))
    company = f"Company {number}"
    raw = {**LINK_OLD, "organisation": company}
    if name == "add" and inside:
        offered = (await world.summary(ANN)).add_another
        assert bool(offered) == (len(inside) < 5)
        if offered:
            await world.save(ANN, offered[0][1], raw)
            form = await world.rows("SELECT entry_id FROM form WHERE ref = ?", offered[0][1])
            known[form[0][0]] = offered[0][1]
            inside[form[0][0]] = company
    elif name == "out" and entry_id in inside:
        await world.forms.remove(ANN, known[entry_id])
        del inside[entry_id]
    elif name == "again":
        result = await world.forms.save(ANN, known[entry_id], raw)
        full = entry_id not in inside and len(inside) == 5
        assert isinstance(result, NotSaved) == full
        if not full:
            inside[entry_id] = company
