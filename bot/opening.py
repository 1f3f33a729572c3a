"""Opening the data: the master key, the lock that keeps a second bot out, keys and database together."""

import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.clock import Clock, machine_clock
from bot.config import Config, Secrets
from bot.copies import restoring
from bot.database import Database, about, connect
from bot.forgetting.erasure import Erasure
from bot.foundation import Foundation
from bot.ids import new_id
from bot.keys import rotation
from bot.keys.key_file import decode_master, master_from_file
from bot.keys.ring import rereading
from bot.locks import Held, locked
from bot.migrations import FOLDER, migrate
from bot.store import subjects
from bot.vault import KeyProblem, Vault

_log = logging.getLogger(__name__)


class CannotStart(Exception):
    """The bot cannot start. Its text says why and what to do."""


class NotNow(CannotStart):
    """It cannot start just now, and nothing about the configuration is wrong: later it may."""


def master_key(config: Config, secrets: Secrets, *, create: bool = True) -> bytes:
    """The master key, from the environment or its file; made on the very first start if ``create``.

    Raises KeyProblem when it is missing or none.
    """
    if secrets.key is not None:
        return decode_master(secrets.key.get_secret_value())
    storage = config.storage
    with about(storage.key_file):
        is_new = create and not (storage.keys.exists() or storage.database.exists())
        is_new = is_new and not restoring.is_under_way(storage)
        return master_from_file(storage.key_file, create=is_new)


@asynccontextmanager
async def opened(
    config: Config,
    master: bytes,
    clock: Clock = machine_clock,
    *,
    beside: bool = False,
    from_environment: bool = False,
) -> AsyncIterator[Foundation]:
    """Open keys and database, brought up to date.

    The running bot holds a lock, finishes what a crash cut short, and destroys keys that it left without
    a person. A command that works ``beside`` it does none of that: a key that nobody uses yet may be the
    bot's next one. ``from_environment``: the master key did not come from its file, which is left alone.
    Raises CannotStart when another bot already runs on the same data.
    """
    with contextlib.ExitStack() as held:
        if not beside:
            held.enter_context(alone_on(config))
            _finish_the_restore(config)
        elif restoring.is_under_way(config.storage):
            raise CannotStart("A restore was cut short. Start the bot, and it is finished.")
        key_file = None if from_environment else config.storage.key_file
        async with _unlocked(config, master, clock, key_file, settle=not beside) as foundation:
            yield foundation


@contextlib.contextmanager
def alone_on(config: Config) -> Iterator[None]:
    """Keep any other bot out while this one works on the data. Raises CannotStart when one is there."""
    with contextlib.ExitStack() as held:
        for file in (config.storage.database, config.storage.keys):
            with about(file):
                try:
                    held.enter_context(locked(file))
                except Held:
                    raise CannotStart(f"Another Porchlight already runs on {file}. Stop it first.") from None
        yield


@asynccontextmanager
async def _unlocked(
    config: Config, master: bytes, clock: Clock, key_file: Path | None, *, settle: bool
) -> AsyncIterator[Foundation]:
    storage = config.storage
    if storage.database.exists() and not storage.keys.exists():
        raise KeyProblem(
            f"The database and keys.db do not belong together: {storage.keys} is missing. Check its path in "
            "[storage], or put it back from your copy; nothing has been changed."
        )
    async with AsyncExitStack() as held:
        with about(storage.keys):
            vault = held.enter_context(Vault.opened(storage.keys, master, rereading(storage.key_file)))
        with about(storage.database):
            with contextlib.closing(connect(storage.database)) as connection:
                migrate(connection, FOLDER / "main")
                _insist_on_the_pair(connection, vault)
            database = await held.enter_async_context(Database.opened(storage.database))
        foundation = Foundation(database, vault, config, clock)
        if settle:
            with about(storage.keys):
                _finish_the_rotation(vault, key_file)
            await Erasure(foundation).at_start()
            unsettled = vault.unsettled()
            with about(storage.database):
                used = await database.read(lambda c: subjects.known_keys(c, unsettled))
            with about(storage.keys):
                vault.settle(used, set(unsettled) - used)
        yield foundation


def _finish_the_restore(config: Config) -> None:
    """See copies put back whose putting back was cut short."""
    with about(config.storage.database):
        if restoring.finish(config.storage):
            _log.warning("the data: %s", "a restore was finished")


def _finish_the_rotation(vault: Vault, key_file: Path | None) -> None:
    """See a new master key through whose taking into use was cut short."""
    if rotation.finish_at_start(vault, key_file):
        left = rotation.under_way(vault)
        _log.warning("the master key: %s", "start_with_the_new_one" if left else "replaced")


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
