"""The composition root: the only place that knows both the core and Discord."""

import asyncio
import contextlib
import fcntl
import logging
import signal
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import discord

from bot.clock import Clock, machine_clock
from bot.config import Config, Secrets
from bot.config.tables import Discord
from bot.conversations import Conversations
from bot.database import Database, StorageUnavailable, connect
from bot.decisions import Decisions
from bot.desk import Desk
from bot.effects import Outbox
from bot.findings import Findings, Watch
from bot.forms import Forms
from bot.foundation import Foundation
from bot.gate import Gate
from bot.ids import new_id
from bot.keeper import Keeper
from bot.links import Links
from bot.migrations import FOLDER, migrate
from bot.ports import Builder, Surveyor
from bot.refusals import Refusals
from bot.reminders import Reminders
from bot.serving import watched
from bot.store import effects, subjects
from bot.store.effects import EffectKind
from bot.submission import Submission
from bot.sweep import Sweep
from bot.vault import KeyProblem, Vault, decode_master, master_from_file
from cogs._builder import DiscordBuilder
from cogs._client import PorchlightClient
from cogs._doorkeeper import DiscordDoorkeeper
from cogs._router import Router
from cogs._survey import DiscordSurveyor
from cogs.desk import Desk as DeskCog
from cogs.gate import Gate as GateCog
from cogs.help import Help as HelpCog
from cogs.keeper import Keeper as KeeperCog
from cogs.links import Links as LinksCog
from cogs.reminders import Reminders as RemindersCog

_log = logging.getLogger(__name__)

_SWEEP_EVERY = timedelta(minutes=1)
_LONGEST_NAP = timedelta(seconds=30)
_GOODBYE = timedelta(seconds=8)


class CannotStart(Exception):
    """The bot cannot start. Its text says why and what to do."""


class NotNow(CannotStart):
    """It cannot start just now, and nothing about the configuration is wrong: later it may."""


@dataclass(frozen=True, slots=True)
class House:
    """The furnished bot: the client, and what works beside it."""

    foundation: Foundation
    client: PorchlightClient
    outbox: Outbox
    sweep: Sweep
    watch: Watch


def master_key(config: Config, secrets: Secrets) -> bytes:
    """The master key, from the environment or its file; made on the very first start."""
    if secrets.key is not None:
        return decode_master(secrets.key.get_secret_value())
    storage = config.storage
    return master_from_file(
        storage.key_file, create=not storage.keys.exists() and not storage.database.exists()
    )


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
    with Vault.opened(config.storage.keys, master) as vault:
        connection = connect(config.storage.database)
        try:
            migrate(connection, FOLDER / "main")
            _insist_on_the_pair(connection, vault)
        finally:
            connection.close()
        async with Database.opened(config.storage.database) as database:
            if settle:
                unsettled = vault.unsettled()
                used = await database.read(lambda c: subjects.known_keys(c, unsettled))
                vault.settle(used, set(unsettled) - used)
            yield Foundation(database, vault, config, clock)


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


def furnished(foundation: Foundation) -> House:
    """Put the use cases behind their adapters. Raises CannotStart without a ``[discord]`` table."""
    config = foundation.config
    ids = _ids(config)
    router = Router(config)
    forms = Forms(foundation)
    gate = Gate(foundation, forms)
    client = PorchlightClient(ids, router)
    doorkeeper = DiscordDoorkeeper(client, ids)
    findings = Findings(foundation, DiscordSurveyor(client, ids.server))
    watch = Watch(foundation, findings)
    cogs = (
        HelpCog(config, router),
        GateCog(config, router, gate, forms, Submission(foundation, gate)),
        RemindersCog(router, Reminders(foundation)),
        LinksCog(config, router, Links(foundation, forms)),
        DeskCog(
            config,
            router,
            Desk(foundation),
            Decisions(foundation),
            Refusals(foundation),
            Conversations(foundation, forms),
        ),
        KeeperCog(router, Keeper(foundation, doorkeeper, client.vitals), findings),
    )

    async def when_ready() -> None:
        watch.in_view()
        await _server_in_view(foundation)

    client.furnish(cogs, when_ready, watch.changed)
    outbox = Outbox(foundation, doorkeeper, gate.leave)
    return House(foundation, client, outbox, Sweep(foundation), watch)


async def _server_in_view(foundation: Foundation) -> None:
    """See to the panel, and try again what was stuck."""
    now = foundation.now()

    def want(connection: sqlite3.Connection) -> None:
        effects.want(connection, EffectKind.PANEL, key="panel", now=now)
        effects.retry_all(connection, now)

    await foundation.database.write(want)


def _token(secrets: Secrets) -> str:
    if secrets.discord_token is None:
        raise CannotStart(
            "There is no bot token. Put DISCORD_TOKEN=… into .env or the environment; never into the TOML."
        )
    return secrets.discord_token.get_secret_value()


def _ids(config: Config) -> Discord:
    if config.discord is None:
        raise CannotStart(
            "The configuration has no [discord] table. Add the ids of your server; see the README."
        )
    return config.discord


@asynccontextmanager
async def visiting(config: Config, secrets: Secrets) -> AsyncIterator[tuple[Surveyor, Builder]]:
    """Reach the server over REST alone, beside a bot that may be running or not.

    Raises CannotStart with a clear sentence.
    """
    token, ids = _token(secrets), _ids(config)
    async with discord.Client(intents=discord.Intents.none()) as client:
        with _in_plain_words():
            await client.login(token)
        yield DiscordSurveyor(client, ids.server), DiscordBuilder(client, ids.server)


async def run(config: Config, secrets: Secrets) -> None:
    """Run until told to stop. Raises CannotStart with a clear sentence."""
    token = _token(secrets)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened(config, master_key(config, secrets)) as foundation:
        house = furnished(foundation)
        wake = asyncio.Event()
        foundation.database.when_committed(wake.set)
        async with (
            house.client,
            watched(foundation, house.client.vitals, house.client.router.tally) as health,
            _working(
                _keep_draining(house, wake),
                _keep_sweeping(house),
                _keep_watching(house),
                health.keep_telling(),
            ),
        ):
            connection = asyncio.create_task(_connect(house.client, token))
            async with _working(stop.wait()) as (stopping,):
                await asyncio.wait({connection, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if connection.done():
                await connection
            # What is in hand is finished first; the outbox takes one drain at a time.
            with contextlib.suppress(TimeoutError, StorageUnavailable):
                await asyncio.wait_for(house.outbox.drain(foundation.now()), _GOODBYE.total_seconds())
        await asyncio.gather(connection, return_exceptions=True)


@asynccontextmanager
async def _working(*work: Coroutine[Any, Any, Any]) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Have work go on meanwhile, and end it however this is left."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _connect(client: PorchlightClient, token: str) -> None:
    with _in_plain_words():
        await client.start(token)


@contextlib.contextmanager
def _in_plain_words() -> Iterator[None]:
    """What Discord refuses at the very start, as a sentence that says what to do."""
    try:
        yield
    except discord.LoginFailure:
        raise CannotStart(
            "Discord does not accept the token. Copy a new one from the Developer Portal: Bot, Reset Token."
        ) from None
    except discord.PrivilegedIntentsRequired:
        raise CannotStart(
            "Discord does not give this bot the Server Members intent. Switch it on in the Developer Portal, "
            "under Bot; or write members_intent = false in [discord], and nobody is noticed until they press."
        ) from None
    except (aiohttp.ClientError, OSError, discord.GatewayNotFound):
        raise NotNow("Discord cannot be reached. Check the network and start again.") from None
    except discord.HTTPException as error:
        raise NotNow(
            f"Discord answered with an error ({error.status}). See its status page, and start again later."
        ) from None
    except discord.ConnectionClosed as error:
        raise CannotStart(
            f"Discord ended the connection (code {error.code}). If the token was reset, put in the new one."
        ) from None


async def _keep_draining(house: House, wake: asyncio.Event) -> None:
    """Do what is due, and sleep until something is committed or due."""
    await house.client.wait_until_ready()
    while True:
        wake.clear()
        nap = _LONGEST_NAP
        try:
            due = await house.outbox.drain(house.foundation.now())
            if due is not None:
                nap = min(nap, max(due - house.foundation.now(), timedelta(seconds=0.1)))
        except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
            _log.exception("the outbox stumbled and carries on")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), nap.total_seconds())


async def _keep_sweeping(house: House) -> None:
    while True:
        try:
            await house.sweep.run(house.foundation.now())
        except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
            _log.exception("the sweep stumbled and carries on")
        await asyncio.sleep(_SWEEP_EVERY.total_seconds())


async def _keep_watching(house: House) -> None:
    """Look at the server when it is time to."""
    while True:
        house.watch.woken.clear()
        nap = _LONGEST_NAP
        try:
            due = await house.watch.run(house.foundation.now())
            if due is not None:
                nap = min(nap, max(due - house.foundation.now(), timedelta(seconds=0.1)))
        except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
            _log.exception("the look at the server stumbled and carries on")
            nap = _LONGEST_NAP
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(house.watch.woken.wait(), nap.total_seconds())
