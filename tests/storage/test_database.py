"""The database: whole units, committed together or not at all, and honest when it cannot be written."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.database import Database, Gathering, StorageUnavailable, Unit, connect
from tests.support import raw_connection

SCHEMA = """
    CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE line (
        id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE,
        parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED
    ) STRICT;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with two tables."""
    file = tmp_path / "main.db"
    with closing(connect(file)) as connection:
        connection.executescript(SCHEMA)
    return file


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """That database, opened as the bot opens it."""
    async with Database.opened(path) as opened:
        yield opened


def add(word: str, parent: int | None = None) -> Unit[int]:
    """A unit that adds a line and returns its id."""

    def unit(connection: sqlite3.Connection) -> int:
        cursor = connection.execute("INSERT INTO line (word, parent) VALUES (?, ?)", (word, parent))
        return int(cursor.lastrowid or 0)

    return unit


def words(connection: sqlite3.Connection) -> list[str]:
    """Every line's word."""
    return [row["word"] for row in connection.execute("SELECT word FROM line ORDER BY id")]


async def test_a_unit_returns_what_it_wrote_once_it_is_on_disk(database: Database, path: Path) -> None:
    """Another connection sees it at once."""
    assert await database.write(add("one")) == 1

    with closing(raw_connection(path)) as other:
        assert other.execute("SELECT word FROM line").fetchall() == [("one",)]


async def test_units_that_wait_together_are_committed_together(database: Database) -> None:
    """Two hundred writers, a handful of commits."""
    commits: list[int] = []
    database.when_committed(lambda: commits.append(1))

    ids = await asyncio.gather(*(database.write(add(f"w{n}")) for n in range(200)))

    assert sorted(ids) == list(range(1, 201))
    assert len(await database.read(words)) == 200
    assert 1 <= len(commits) <= 3


async def test_an_exception_undoes_its_own_unit_only(database: Database) -> None:
    """Whatever it had already written is gone; its neighbours are on disk."""

    def broken(connection: sqlite3.Connection) -> None:
        add("half")(connection)
        raise ValueError("no")

    units: list[Unit[object]] = [add("before"), broken, add("after")]
    results = await asyncio.gather(*(database.write(unit) for unit in units), return_exceptions=True)

    assert isinstance(results[1], ValueError)
    assert await database.read(words) == ["before", "after"]


async def test_a_constraint_is_an_error_of_its_own_unit(database: Database) -> None:
    """The loser of a race gets the integrity error, the winner its row."""
    results = await asyncio.gather(*(database.write(add("same")) for _ in range(3)), return_exceptions=True)

    assert results[0] == 1
    assert [type(result) for result in results[1:]] == [sqlite3.IntegrityError] * 2


async def test_a_commit_that_fails_fails_only_whoever_broke_it(database: Database) -> None:
    """A deferred foreign key speaks at COMMIT, when all are in one transaction."""
    results = await asyncio.gather(
        database.write(add("good")),
        database.write(add("orphan", parent=99)),
        database.write(add("fine")),
        return_exceptions=True,
    )

    assert isinstance(results[1], sqlite3.IntegrityError)
    assert await database.read(words) == ["good", "fine"]
    assert await database.write(add("later")) == 3


@pytest.mark.parametrize("turns", range(6))
async def test_cancelling_whoever_waits_does_neither_lose_nor_halve(database: Database, turns: int) -> None:
    """The unit was handed over: it is committed whole, and its neighbour too."""

    def slow(connection: sqlite3.Connection) -> None:
        add("first half")(connection)
        time.sleep(0.02)
        add("second half")(connection)

    waiter = asyncio.create_task(database.write(slow))
    neighbour = asyncio.create_task(database.write(add("neighbour")))
    for _ in range(turns):
        await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.gather(waiter, neighbour, return_exceptions=True)
    await database.write(add("afterwards"))

    found = await database.read(words)
    began = ["first half", "second half"] if turns else []
    assert found == [*began, "neighbour", "afterwards"]


async def test_closing_waits_for_what_was_handed_over(path: Path) -> None:
    """A unit whose waiter has gone is committed before the files close."""
    async with Database.opened(path) as opened:
        task = asyncio.create_task(opened.write(add("last")))
        await asyncio.sleep(0)
        task.cancel()

    with closing(raw_connection(path)) as other:
        assert other.execute("SELECT word FROM line").fetchall() == [("last",)]


@pytest.mark.parametrize("waiting", [1, 20])
async def test_a_locked_database_is_told_within_two_seconds(
    database: Database, path: Path, waiting: int
) -> None:
    """To everybody who waits, not to one after the other; and reading goes on meanwhile."""
    await database.write(add("before"))
    with closing(raw_connection(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        results = await asyncio.gather(
            *(database.write(add(f"w{n}")) for n in range(waiting)), return_exceptions=True
        )
        took = time.monotonic() - started
        assert await database.read(words) == ["before"]
        other.execute("ROLLBACK")

    assert [type(result) for result in results] == [StorageUnavailable] * waiting
    assert str(results[0]) == "SQLITE_BUSY"
    assert took < 2.5
    assert await database.write(add("after")) == 2


async def test_the_reader_cannot_write(database: Database) -> None:
    """A use case that writes where it should read fails, whatever the file would allow."""
    with pytest.raises(StorageUnavailable, match="SQLITE_READONLY"):
        await database.read(add("sneaky"))

    assert await database.read(words) == []


async def test_reading_is_of_one_moment(database: Database) -> None:
    """A commit between two statements of a read is not seen by the second."""

    def twice(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
        first = words(connection)
        time.sleep(0.1)
        return first, words(connection)

    reading = asyncio.create_task(database.read(twice))
    await asyncio.sleep(0.03)
    await database.write(add("meanwhile"))

    first, second = await reading
    assert first == second == []


async def test_when_committed_is_told_after_the_commit(database: Database) -> None:
    """So the outbox wakes up to something that is there."""
    seen: list[bool] = []
    database.when_committed(lambda: seen.append(True))

    await database.write(add("one"))

    assert seen == [True]


async def test_what_arrives_together_is_seen_to_together(database: Database) -> None:
    """One unit for all of them, and each is on disk when its own turn returns."""
    units: list[list[str]] = []

    def add_all(connection: sqlite3.Connection, items: Sequence[str]) -> None:
        units.append(list(items))
        for item in items:
            add(item)(connection)

    gathering = Gathering(database, add_all)
    await asyncio.gather(*(gathering.add(f"w{n}") for n in range(50)))
    await gathering.add("late")

    assert [len(items) for items in units] == [50, 1]
    assert len(await database.read(words)) == 51


async def test_whoever_stops_waiting_is_seen_to_all_the_same(database: Database) -> None:
    """Cancelling one of those who arrived together neither loses it nor holds up the others."""

    def add_all(connection: sqlite3.Connection, items: Sequence[str]) -> None:
        for item in items:
            add(item)(connection)

    gathering = Gathering(database, add_all)
    first, second = (asyncio.create_task(gathering.add(word)) for word in ("first", "second"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)

    assert await database.read(words) == ["first", "second"]


def test_the_connection_is_set_up_for_safety(path: Path) -> None:
    """Every acknowledged write is flushed, foreign keys and triggers hold, deleted bytes are overwritten."""
    with closing(connect(path)) as connection:
        pragmas = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "secure_delete")
        }

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "secure_delete": 1,
    }
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_full_disk_is_told_as_such_and_leaves_nothing_half_done(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite undoes the whole transaction by itself; smaller units of the same moment are kept."""
    await database.write(add("before"))
    await database._writer.run(lambda c: c.execute("PRAGMA max_page_count = 1").fetchall())
    results = await asyncio.gather(
        database.write(add("small")),
        database.write(add("x" * 50_000)),
        database.write(add("y" * 50_000)),
        return_exceptions=True,
    )

    assert results[0] == 2
    assert [str(result) for result in results[1:]] == ["SQLITE_FULL"] * 2
    assert await database.read(words) == ["before", "small"]
    assert caplog.messages == ["the database cannot be used: SQLITE_FULL"]

    await database._writer.run(lambda c: c.execute("PRAGMA max_page_count = 10000").fetchall())
    assert await database.write(add("z" * 50_000)) == 3
    assert caplog.messages[1:] == ["the database can be used again"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (sqlite3.OperationalError, "SQLITE_IOERR_WRITE"),
        (sqlite3.OperationalError, "SQLITE_FULL"),
        (sqlite3.DatabaseError, "SQLITE_CORRUPT"),
        (sqlite3.DatabaseError, "SQLITE_NOTADB"),
    ],
)
async def test_whatever_is_wrong_with_the_disk_or_the_file_is_one_kind_of_error(
    database: Database, kind: type[sqlite3.DatabaseError], code: str
) -> None:
    """While writing and while reading, by its code."""

    def fails(_connection: sqlite3.Connection) -> None:
        error = kind("some words")
        error.sqlite_errorname = code
        raise error

    for work in (database.write, database.read):
        with pytest.raises(StorageUnavailable, match=code):
            await work(fails)

    assert await database.write(add("after")) == 1


async def test_what_was_to_be_written_is_not_the_disks_fault(database: Database) -> None:
    """An error about the words themselves stays what it is."""

    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO line (word) VALUES (?)", ("a", "b"))

    with pytest.raises(sqlite3.ProgrammingError):
        await database.write(fails)


async def test_closing_leaves_everything_in_the_one_file(path: Path) -> None:
    """A copy of it alone has all that was written, also while somebody else still reads."""
    with closing(raw_connection(path)) as other:
        assert other.execute("SELECT count(*) FROM line").fetchone() == (0,)
        async with Database.opened(path) as opened:
            await opened.write(add("last"))
        log = path.with_name(f"{path.name}-wal")
        assert not log.exists() or log.stat().st_size == 0
