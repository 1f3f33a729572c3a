"""Whatever happened before, an erasure leaves nothing of its person, and everything of everybody else."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.forgetting.ledger import read
from bot.minting import NextForm
from bot.model import Outcome, Visitor
from bot.standing import CarryOn
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    NOTICE,
    PURPOSE,
    TICKED,
    FakeClock,
    Raw,
    World,
    config,
    visitor,
    world_in,
)

Act = Callable[[World, Visitor], Awaitable[object]]

LINKED: dict[str, Raw] = {"about": ABOUT_LINKED, "link": LINK_NOW, "purpose": PURPOSE}


async def fill(world: World, who: Visitor, pages: dict[str, Raw]) -> None:
    """Fill in whatever page is next, and send what is complete."""
    await world.gate.agree(who, NOTICE)
    for _ in range(4):
        standing = await world.gate.standing(who)
        if not isinstance(standing, CarryOn):
            return
        if isinstance(standing.step, NextForm):
            await world.forms.save(who, standing.step.ref, pages[standing.step.page.id])
        else:
            await world.submission.send(who, standing.step.send_ref, TICKED)


async def decide(world: World, who: Visitor, outcome: Outcome) -> None:
    """A moderator opens the newest file and decides, if there is anything to decide."""
    lookup = world.foundation.vault.lookup(who.user_id)
    if await world.rows(
        "SELECT 1 FROM cases JOIN subject ON subject.id = subject_id WHERE lookup = ?", lookup
    ):
        await world.file(who)
        if outcome is Outcome.DECLINE:
            drafted = await world.drafts.draft_by_code(MOD, await world.code(who), outcome, "other", "No.")
            await world.drafts.send_draft(MOD, getattr(getattr(drafted, "draft", None), "ref", "X"))
        else:
            await world.decisions.decide_by_code(MOD, await world.code(who), outcome)


ACTS: dict[str, Act] = {
    "join": lambda world, who: world.gate.arrive(who),
    "leave": lambda world, who: world.gate.leave(who.user_id),
    "nil": lambda world, who: fill(world, who, {"about": ABOUT_NIL}),
    "link": lambda world, who: fill(world, who, LINKED),
    "begin": lambda world, who: world.gate.agree(who, NOTICE),
    "reopen": lambda world, who: world.gate.reopen(who),
    "person": lambda world, who: world.gate.ask_for_person(who),
    "take back": lambda world, who: world.gate.take_back(who),
    "forget": lambda world, who: world.gate.forget_me(who),
    "admit": lambda world, who: decide(world, who, Outcome.ADMIT),
    "decline": lambda world, who: decide(world, who, Outcome.DECLINE),
    "change": lambda world, who: world.links.change(visitor(who.user_id, role_ids=frozenset({MEMBER_ROLE}))),
    "drain": lambda world, _: world.drain(),
    "sweep": lambda world, _: world.sweep.run(world.clock.advance(hours=5)),
}

KINDS = ["person", "rest", "consent"]
HISTORY = st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from([ANN, BEN])), max_size=12)


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(path)) as raw:
        own = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [name for (name,) in raw.execute(own)]
        return {table: raw.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}


def about(rows: dict[str, list[tuple[object, ...]]], ids: set[object]) -> dict[str, list[tuple[object, ...]]]:
    """The rows in which any of some ids stands in a column of its own."""
    found = {table: [row for row in some if ids & set(row)] for table, some in rows.items()}
    return {table: some for table, some in found.items() if some}


def ids_of(rows: dict[str, list[tuple[object, ...]]], subject: str) -> set[object]:
    """The ids of a person and of all that hangs on them, however far."""
    ids: set[object] = {subject}
    owned = ("cases", "sheet", "disclosure", "decision", "entry", "interest", "letter", "verdict", "consent")
    for _ in range(3):
        for table in (*owned, "proposal", "file_view", "sent_message", "task", "form"):
            ids |= {row[0] for row in rows[table] if ids & set(row) and not _only_by(table, row, subject)}
    return ids


def _only_by(table: str, row: tuple[object, ...], subject: str) -> bool:
    """Whether a row is what somebody did about somebody else, as a moderator."""
    return table in {"decision", "file_view", "proposal"} and row[1] == subject


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12)
@given(history=HISTORY)
@example(
    history=[("link", ANN), ("admit", ANN), ("drain", ANN), ("drain", ANN), ("change", ANN), ("link", BEN)]
)
@example(
    history=[("link", ANN), ("decline", ANN), ("drain", ANN), ("nil", ANN), ("admit", ANN), ("nil", BEN)]
)
@example(history=[("link", ANN), ("admit", ANN), ("leave", ANN), ("join", ANN), ("drain", ANN)])
def test_any_history_ends_with_nothing_of_them(kind: str, history: list[tuple[str, Visitor]]) -> None:
    """But lines of the log; and another person's rows are as they were. A second start changes nothing."""

    async def play(folder: Path) -> None:
        clock = FakeClock()
        async with world_in(folder, config(), clock) as world:
            for name, who in history:
                await ACTS[name](world, who)
            await world.gate.arrive(ANN)
            await world.gate.arrive(BEN)
            subject, other = await world.subject_id(), await world.subject_id(BEN)
            before = everything(world.path)
            mine, theirs = ids_of(before, subject), ids_of(before, other)
            receipt = await getattr(world.erasure, kind)(subject, subject)
            after = everything(world.path)
            assert_others_are_untouched(before, after, theirs)
            if kind == "person":
                assert set(about(after, mine)) <= {"event"}
            elif receipt is not None:
                assert_nothing_typed_is_left(after, subject, kind)
            await world.drain()
            await world.drain()
            assert await world.rows("SELECT * FROM effect WHERE state = 'stuck'") == []
            assert await world.rows("SELECT * FROM errand") == []
            assert len(read(folder / "erasures.jsonl")) >= (receipt is not None)
            settled = everything(world.path)
        async with world_in(folder, config(), clock) as world:
            assert everything(world.path) == settled

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))


def assert_others_are_untouched(
    before: dict[str, list[tuple[object, ...]]],
    after: dict[str, list[tuple[object, ...]]],
    theirs: set[object],
) -> None:
    """Not a row that names anything of theirs is changed, gone or new."""
    assert about(after, theirs) == about(before, theirs)


def assert_nothing_typed_is_left(after: dict[str, list[tuple[object, ...]]], subject: str, kind: str) -> None:
    """No sheet; no letter; of what was told at most the current disclosure."""
    ids = ids_of(after, subject)
    kept = about(after, ids)
    assert {"sheet", "entry", "answer", "answer_text", "form", "letter", "verdict"}.isdisjoint(kept)
    assert len(kept.get("disclosure", [])) <= (kind == "rest")
    assert all(row[1] != "goal" for row in kept.get("interest_text", []))


def test_the_search_would_find_them(tmp_path: Path) -> None:
    """Before an erasure, nearly every table has something of somebody who was held."""

    async def play() -> None:
        async with world_in(tmp_path, config(), FakeClock()) as world:
            await world.held()
            await world.drain()
            rows = everything(world.path)
            found = about(rows, ids_of(rows, await world.subject_id()))
            assert {"cases", "sheet", "entry", "answer", "disclosure", "interest", "decision"} <= set(found)
            assert {"verdict", "consent", "file_view", "identity", "card", "effect"} <= set(found)

    asyncio.run(play())
