"""Opening the data: the master key, the lock that keeps a second bot out, keys and database together."""

import contextlib
import fcntl
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.clock import Clock, machine_clock
from bot.config import Config, Secrets
from bot.database import Database, about, connect
from bot.erasure import Erasure
from bot.foundation import Foundation
from bot.ids import new_id
from bot.migrations import FOLDER, migrate
from bot.store import subjects
from bot.vault import KeyProblem, Vault, decode_master, master_from_file


class CannotStart(Exception):
    """The bot cannot start. Its text says why and what to do."""


class NotNow(CannotStart):
    """It cannot start just now, and nothing about the configuration is wrong: later it may."""


def master_key(config: Config, secrets: Secrets) -> bytes:
    """The master key, from the environment or its file; made on the very first start."""
    if secrets.key is not None:
        return decode_master(secrets.key.get_secret_value())
    storage = config.storage
    with about(storage.key_file):
        is_new = not storage.keys.exists() and not storage.database.exists()
        return master_from_file(storage.key_file, create=is_new)


@asynccontextmanager
async def opened(
    config: Config, master: bytes, clock: Clock = machine_clock, *, beside: bool = False
) -> AsyncIterator[Foundation]:
    """Open keys and database, brought up to date.

    The running bot holds a lock and destroys keys that a crash left without a person. A command that
    works ``beside`` it does neither: a key that nobody uses yet may be the bot's next one. Raises
    CannotStart when another bot already runs on the same data.
    """
    with contextlib.ExitStack() as held:
        if not beside:
            for file in (config.storage.database, config.storage.keys):
                with about(file):
                    held.enter_context(_the_only_one(file))
        async with _unlocked(config, master, clock, settle=not beside) as foundation:
            yield foundation


@contextlib.contextmanager
def _the_only_one(path: Path) -> Iterator[None]:
    """Hold the lock file beside a data file; the system lets go of it when the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = path.with_name(f"{path.name}.lock")
    lock.touch(mode=0o600)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"Another Porchlight already runs on {path}. Stop it first.") from None
        yield


@asynccontextmanager
async def _unlocked(
    config: Config, master: bytes, clock: Clock, *, settle: bool
) -> AsyncIterator[Foundation]:
    storage = config.storage
    if storage.database.exists() and not storage.keys.exists():
        raise KeyProblem(
            f"The database and keys.db do not belong together: {storage.keys} is missing. Check its path in "
            "[storage], or put it back from your copy; nothing has been changed."
        )
    async with AsyncExitStack() as held:
        with about(storage.keys):
            vault = held.enter_context(Vault.opened(storage.keys, master))
        with about(storage.database):
            with contextlib.closing(connect(storage.database)) as connection:
                migrate(connection, FOLDER / "main")
                _insist_on_the_pair(connection, vault)
            database = await held.enter_async_context(Database.opened(storage.database))
        foundation = Foundation(database, vault, config, clock)
        if settle:
            await Erasure(foundation).at_start()
            unsettled = vault.unsettled()
            with about(storage.database):
                used = await database.read(lambda c: subjects.known_keys(c, unsettled))
            with about(storage.keys):
                vault.settle(used, set(unsettled) - used)
        yield foundation


def _insist_on_the_pair(connection: sqlite3.Connection, vault: Vault) -> None:
    """See that database and keys belong together, before anything is done to either.

    Raises KeyProblem when they do not: a mistyped path must neither forget everybody nor destroy keys.
    """
    pair = subjects.pair(connection)
    if pair and pair == vault.pair:
        return
    if pair or subjects.any_known(connection) or not vault.is_new:
        raise KeyProblem(
            "The database and keys.db do not belong together. Check both paths in [storage], and put back "
            "the file that is missing; nothing has been changed."
        )
    if not vault.pair:
        vault.set_pair(new_id())
    subjects.set_pair(connection, vault.pair)
