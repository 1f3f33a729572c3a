"""SQLite, done once: one writer, one reader, whole units of work.

A unit of work is a plain function over the connection. It runs from BEGIN to COMMIT on the writer's
own thread, so nothing can be awaited inside it, no other unit can slip into its transaction, and
cancelling whoever waits for it cannot leave it half done. Units that wait together are committed
together: one flush to disk serves them all.
"""

import asyncio
import contextlib
import errno
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import aiosqlite

from bot.together import Returned, Together

_log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
Unit = Callable[[sqlite3.Connection], T]

BUSY_TIMEOUT_MS = 1000
"""Somebody who pressed a button is told within Discord's three seconds that saving has to wait."""

PATIENT_TIMEOUT_MS = 60_000
"""A command beside a busy bot waits for its turn: a copy every night must not come to nothing over that."""

MOST_UNITS_TOGETHER = 500
MOST_GATHERED = 1000
"""People who join together are recorded so many at a time; whoever presses waits for one round."""

_NOT_OURS = (sqlite3.OperationalError, sqlite3.DatabaseError)
"""The disk, the file or another program; other errors are about what was to be written. A damaged file
is the second of these exactly, of which all others are kinds."""


class StorageUnavailable(Exception):
    """A database cannot be used right now: locked, full, read-only or damaged. Its text is a code."""

    def __init__(self, code: str, path: Path | None = None) -> None:
        """Take SQLite's name of the error, and the file if it is known."""
        super().__init__(code)
        self.code = code
        self.path = path


class Channel(aiosqlite.Connection):
    """An aiosqlite connection that can run a whole function on its thread."""

    async def run(self, work: Unit[T]) -> T:
        """Run ``work`` on the connection's thread and return what it returns."""
        # The library's own methods stand on this one, which it leaves without annotations.
        return cast("T", await self._execute(lambda: work(self._conn)))  # type: ignore[no-untyped-call]


class Database:
    """The main database. Open it with ``opened``."""

    def __init__(self, writer: Channel, reader: Channel) -> None:
        """Take two open connections to the same file, the second read-only."""
        self._writer = writer
        self._reader = reader
        self._writing = Together(MOST_UNITS_TOGETHER, self._commit)
        self._reading = Together(MOST_UNITS_TOGETHER, self._read)
        self._trouble = ""
        self._committed: Callable[[], None] = lambda: None

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> AsyncIterator["Database"]:
        """Open the database at ``path``, which must have been migrated."""
        writer = Channel(lambda: connect(path), 64)
        reader = Channel(lambda: _connect_read_only(path), 64)
        async with writer, reader:
            database = cls(writer, reader)
            try:
                yield database
            finally:
                await database._finish()

    def when_committed(self, told: Callable[[], None]) -> None:
        """Have ``told`` called after every commit."""
        self._committed = told

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit of work and return its result once it is on disk.

        An exception in the unit undoes that unit alone. Raises StorageUnavailable when the
        database cannot be written.
        """
        return cast("T", await self._writing.wait(unit))

    async def read(self, unit: Unit[T]) -> T:
        """Run a function over the read-only connection, on one consistent snapshot."""
        return cast("T", await self._reading.wait(unit))

    async def tidy(self) -> None:
        """Leave nothing behind of what was deleted: the log that is written ahead has it for a while."""
        with contextlib.suppress(sqlite3.DatabaseError):
            await self._writer.run(tidy)

    async def _commit(self, units: Sequence[Unit[Any]]) -> list[Returned | BaseException]:
        try:
            results = await self._writer.run(partial(commit, units=units))
            self._note_trouble(results)
            return results
        finally:
            self._committed()

    async def _read(self, units: Sequence[Unit[Any]]) -> list[Returned | BaseException]:
        results = await self._reader.run(partial(_on_one_snapshot, units=units))
        # That it can be read says nothing about whether it can be written again.
        self._note_trouble([result for result in results if isinstance(result, BaseException)])
        return results

    def _note_trouble(self, results: Sequence[Returned | BaseException]) -> None:
        """Say in the log once that the database cannot be used, and once that it can be again."""
        codes = [result.code for result in results if isinstance(result, StorageUnavailable)]
        if codes and codes[0] != self._trouble:
            self._trouble = codes[0]
            _log.error("the database cannot be used: %s", self._trouble)
        elif self._trouble and any(isinstance(result, Returned) for result in results):
            self._trouble = ""
            _log.warning("the database can be used again")

    async def _finish(self) -> None:
        """Commit what waits, and leave all that was written in the one file."""
        await self._writing.finish()
        with contextlib.suppress(sqlite3.DatabaseError):
            await self._writer.run(lambda connection: connection.execute("PRAGMA optimize").close())
        with contextlib.suppress(sqlite3.DatabaseError):
            await self._writer.run(
                lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            )


class Reader:
    """A read-only connection of its own, for whoever must not stand in the gate's way."""

    def __init__(self, channel: Channel) -> None:
        """Take an open, read-only connection."""
        self._channel = channel

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> AsyncIterator["Reader"]:
        """Open the database at ``path``, beside the connections that the gate works with."""
        channel = Channel(lambda: _connect_read_only(path), 64)
        async with channel:
            yield cls(channel)

    async def read(self, unit: Unit[T]) -> T:
        """Run a function over the connection, on one consistent snapshot."""
        result = (await self._channel.run(partial(_on_one_snapshot, units=[unit])))[0]
        if isinstance(result, Returned):
            return cast("T", result.value)
        raise result


class Gathering(Generic[T, R]):
    """Gathers items that arrive together and has one unit of work see to all of them.

    If that unit fails, each item is seen to by itself, so that one cannot spoil it for the others.
    """

    def __init__(
        self,
        database: Database,
        unit: Callable[[sqlite3.Connection, Sequence[T]], R],
        afterwards: Callable[[R], Awaitable[None]] | None = None,
    ) -> None:
        """Take the database, the unit that sees to several items, and what follows its commit."""
        self._database = database
        self._unit = unit
        self._afterwards = afterwards
        self._arriving = Together(MOST_GATHERED, self._see_to)

    async def add(self, item: T) -> None:
        """Add an item and return once it is on disk."""
        await self._arriving.wait(item)

    async def _see_to(self, items: Sequence[T]) -> list[Returned | BaseException]:
        try:
            result = await self._database.write(lambda connection: self._unit(connection, items))
            if self._afterwards is not None:
                await self._afterwards(result)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - it reaches whoever waits, unless another item spoiled it
            if len(items) == 1:
                return [error]
            alone = await asyncio.gather(*(self._see_to([item]) for item in items), return_exceptions=True)
            return [each if isinstance(each, BaseException) else each[0] for each in alone]
        return [Returned(None)] * len(items)


def connect(
    path: Path, *, any_thread: bool = False, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> sqlite3.Connection:
    """A connection to write with; with ``any_thread`` the caller sees to it that threads take turns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=not any_thread)
    connection.row_factory = sqlite3.Row
    for pragma in (
        f"PRAGMA busy_timeout = {busy_timeout_ms}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA recursive_triggers = ON",
        "PRAGMA secure_delete = ON",
        # What a statement would have to undo is kept in memory: a file would hold it in plain sight.
        "PRAGMA temp_store = MEMORY",
        # Sixteen megabytes of pages: random ids spread what belongs together over the whole file.
        "PRAGMA cache_size = -16000",
    ):
        connection.execute(pragma)
    return connection


def tidy(connection: sqlite3.Connection) -> None:
    """Carry over what was written ahead, and empty the file it was in; at once, or another time."""
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


@contextlib.contextmanager
def untouched(path: Path) -> Iterator[sqlite3.Connection]:
    """Look into a database and leave its files as they are, to the byte.

    What a crash left in the write-ahead log is read, too, and stays there.
    """
    alone = not path.with_name(f"{path.name}-wal").exists()
    mode = "immutable=1" if alone else "mode=ro"
    with contextlib.closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
    ) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        yield connection


def _connect_read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA query_only = ON")
    # Sorting more than fits is done in memory, too, and not in a file of its own.
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def commit(connection: sqlite3.Connection, units: Sequence[Unit[Any]]) -> list[Returned | BaseException]:
    """Run units in one transaction. Where one spoils it, the two halves are tried, and so on.

    So a unit may run more than once, but only one of its runs is ever committed. Failing is rare, and a
    savepoint around each unit would cost all the others more than this costs them then.
    """
    try:
        return _commit_together(connection, units)
    except Exception as error:  # noqa: BLE001 - it reaches whoever waits for the unit that caused it
        if len(units) == 1:
            return [_translated(error)]
    half = len(units) // 2
    return [*commit(connection, units[:half]), *commit(connection, units[half:])]


def _commit_together(
    connection: sqlite3.Connection, units: Sequence[Unit[Any]]
) -> list[Returned | BaseException]:
    try:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            # Each unit by itself would wait as long for the lock, one after the other.
            return [_translated(error) for _ in units]
        results: list[Returned | BaseException] = [Returned(unit(connection)) for unit in units]
        connection.execute("COMMIT")
        return results
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _on_one_snapshot(
    connection: sqlite3.Connection, units: Sequence[Unit[Any]]
) -> list[Returned | BaseException]:
    """Run units that only read, all on the same state of the database."""
    try:
        connection.execute("BEGIN")
        return [_read_by(connection, unit) for unit in units]
    except sqlite3.DatabaseError as error:
        return [_translated(error) for _ in units]
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _read_by(connection: sqlite3.Connection, unit: Unit[Any]) -> "Returned | BaseException":
    try:
        return Returned(unit(connection))
    except Exception as error:  # noqa: BLE001 - it reaches whoever waits for this unit
        return _translated(error)


def _translated(error: BaseException) -> BaseException:
    return unavailable(error) if type(error) in _NOT_OURS else error


def unavailable(error: BaseException, path: Path | None = None) -> StorageUnavailable:
    """An error of SQLite's or of the disk's, by its code."""
    if isinstance(error, OSError):
        return StorageUnavailable(errno.errorcode.get(error.errno or 0, "EIO"), path)
    return StorageUnavailable(str(getattr(error, "sqlite_errorname", "SQLITE_ERROR")), path)


@contextlib.contextmanager
def about(path: Path) -> Iterator[None]:
    """Have whatever goes wrong with a file within be a StorageUnavailable that names it."""
    try:
        yield
    except StorageUnavailable as error:
        raise StorageUnavailable(error.code, error.path or path) from None
    except sqlite3.DatabaseError as error:
        if type(error) not in _NOT_OURS:
            raise
        raise unavailable(error, path) from None
    except OSError as error:
        raise unavailable(error, path) from None
