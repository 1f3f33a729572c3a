"""An upgrade of a database with people in it: nothing is lost, and the bot goes on where it was.

The rows are those that the bot writes; they are laid into the schema of before, as far as it knows them.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.database import connect
from bot.migrations import FOLDER, migrate
from bot.model import Outcome
from bot.review.bench import Decided
from bot.review.desk import CaseFile
from bot.review.drafts import Preview
from bot.standing import HeldStanding
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    MOD,
    PURPOSE,
    SECOND_MOD,
    FakeClock,
    World,
    config,
    visitor,
    world_in,
)

BEFORE = 4
"""How many migrations the database of before has."""
CAT = visitor(200000000000000003)
ANEW = {"proposal"}
"""Drafts do not outlive an upgrade."""
GONE = {"case_due", "case_held", "case_unanswered"}
"""Indexes that other ones have taken the place of."""

Rows = dict[str, list[tuple[Any, ...]]]


async def live(world: World) -> None:
    """Somebody is held, somebody admitted, somebody declined; and somebody wants to talk."""
    await world.held(ANN)
    await world.send(BEN, ABOUT_NIL)
    await world.send(CAT, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.decline(CAT)
    await world.desk.history_of_user(SECOND_MOD, ANN.user_id)
    await world.run(
        "INSERT INTO task (id, kind, subject_id, opened_at) VALUES ('T', 'paid_link_now', ?, 5)",
        await world.subject_id(BEN),
    )
    await world.drain()


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    """All that was ever made in a database, by name."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {row["name"]: row["sql"] for row in rows}


def of_kind(connection: sqlite3.Connection, kind: str) -> dict[str, str]:
    """The tables, indexes or triggers, by name, with how they were made."""
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL", (kind,)
    )
    return {row["name"]: row["sql"] for row in rows}


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table that are written."""
    return [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]


def contents(connection: sqlite3.Connection, shape: dict[str, list[str]]) -> Rows:
    """All rows of some tables, in these columns."""
    found = {}
    for table, names in shape.items():
        statement = f"SELECT {', '.join(names)} FROM {table}"
        found[table] = sorted((tuple(row) for row in connection.execute(statement)), key=repr)
    return found


def ids(connection: sqlite3.Connection, table: str) -> list[str]:
    """The ids in a table, in the order in which they were written: what was decided last is told by it."""
    statement = f"SELECT id FROM {table} ORDER BY rowid"
    return [row["id"] for row in connection.execute(statement)]


def lay_into_schema_of_before(new: Path, old: Path, folder: Path) -> None:
    """Make a database of before with all rows of a new one that it has room for."""
    folder.mkdir()
    for file in sorted((FOLDER / "main").glob("*.sql"))[:BEFORE]:
        shutil.copy(file, folder)
    with closing(connect(old)) as connection, closing(connect(new)) as source:
        migrate(connection, folder)
        triggers = of_kind(connection, "trigger")
        connection.execute("PRAGMA foreign_keys = OFF")
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for table in set(of_kind(connection, "table")) - {"migration"}:
            names = [name for name in columns(connection, table) if name in columns(source, table)]
            connection.execute(f"DELETE FROM {table}")
            marks = ", ".join("?" for _ in names)
            rows = source.execute(f"SELECT {', '.join(names)} FROM {table}")
            insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
            connection.executemany(insert, [tuple(row) for row in rows])
        for sql in triggers.values():
            connection.execute(sql)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def put_in_place(made: Path, path: Path) -> None:
    """Put one database where another was."""
    for beside in path.parent.glob(f"{path.name}*"):
        beside.unlink()
    shutil.move(made, path)


@pytest.fixture
async def upgraded(tmp_path: Path, clock: FakeClock) -> Path:
    """The folder of a bot with a database of before."""
    async with world_in(tmp_path, config(), clock) as world:
        await live(world)
    path = tmp_path / "porchlight.db"
    lay_into_schema_of_before(path, tmp_path / "before.db", tmp_path / "migrations")
    put_in_place(tmp_path / "before.db", path)
    return tmp_path


def test_an_upgrade_keeps_every_row_index_and_trigger(upgraded: Path, tmp_path: Path) -> None:
    """What was there is there, in every column; and the schema is that of a fresh database."""
    with closing(connect(upgraded / "porchlight.db")) as connection:
        tables = set(of_kind(connection, "table")) - ANEW - {"migration"}
        shape = {table: columns(connection, table) for table in tables}
        before = contents(connection, shape)
        in_order = [ids(connection, table) for table in ("cases", "decision")]
        names = {kind: set(of_kind(connection, kind)) for kind in ("index", "trigger")}

        migrate(connection, FOLDER / "main")

        assert contents(connection, shape) == before
        assert [ids(connection, table) for table in ("cases", "decision")] == in_order
        assert sum(map(len, before.values())) > 100
        assert {len(before[table]) for table in ("cases", "task")} == {3, 1}
        lost = {kind: had - set(of_kind(connection, kind)) for kind, had in names.items()}
        assert lost == {"index": GONE, "trigger": set()}
        with closing(connect(tmp_path / "fresh.db")) as fresh:
            migrate(fresh, FOLDER / "main")
            assert schema(connection) == schema(fresh)


async def test_an_upgraded_bot_goes_on_with_what_waits(upgraded: Path, clock: FakeClock) -> None:
    """Who was held is in the queue and can be decided; a refusal can be taken back; the log holds."""
    async with world_in(upgraded, config(), clock) as world:
        assert isinstance(await world.gate.standing(ANN), HeldStanding)
        file = await world.queue.open_next(MOD)
        assert isinstance(file, CaseFile)
        assert file.user_id == ANN.user_id
        assert isinstance(await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT), Decided)
        again = await world.drafts.draft_by_code(
            MOD, await world.code(CAT), Outcome.REOPEN, "our_mistake", DECLINED_TEXT
        )
        assert isinstance(again, Preview), again
        assert isinstance(await world.drafts.send_draft(MOD, again.draft.ref), Decided)
        await world.sweep.run(clock())
        await world.drain()
        assert await world.rows("SELECT state FROM cases ORDER BY rowid") == [
            ("admitted",),
            ("admitted",),
            ("held",),
        ]
