"""The composition root: the only place that knows both the core and Discord."""

import asyncio
import atexit
import contextlib
import logging
import signal
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import discord

from bot.asking import Asking
from bot.config import Config, Secrets
from bot.config.tables import Discord
from bot.conversations import Conversations
from bot.database import StorageUnavailable
from bot.decisions import Decisions
from bot.desk import Desk
from bot.drift import Drift
from bot.effects import Outbox
from bot.findings import Findings, Watch
from bot.forms import Forms
from bot.foundation import Foundation
from bot.gate import Gate
from bot.keeper import Keeper
from bot.links import Links
from bot.opening import CannotStart, master_key, opened
from bot.refusals import Refusals
from bot.reminders import Reminders
from bot.rounds import Rounds
from bot.serving import watched
from bot.store import effects
from bot.store.effects import EffectKind
from bot.submission import Submission
from bot.sweep import Sweep
from cogs._client import PorchlightClient
from cogs._doorkeeper import DiscordDoorkeeper
from cogs._lookout import DiscordLookout
from cogs._router import Router
from cogs._survey import DiscordSurveyor
from cogs.desk import Desk as DeskCog
from cogs.drift import Drift as DriftCog
from cogs.gate import Gate as GateCog
from cogs.help import Help as HelpCog
from cogs.keeper import Keeper as KeeperCog
from cogs.links import Links as LinksCog
from cogs.reminders import Reminders as RemindersCog

__all__ = ["CannotStart", "House", "furnished", "master_key", "opened", "run"]

_log = logging.getLogger(__name__)

_SWEEP_EVERY = timedelta(minutes=1)
_LOOK_EVERY = timedelta(seconds=10)
_LONGEST_NAP, _SHORT_NAP = timedelta(seconds=30), timedelta(seconds=5)

# Everything together ends within the ten seconds that service managers grant, also if all of it hangs.
_ANSWERING = timedelta(seconds=1.5)
_DRAINING = timedelta(seconds=2.5)
_LEAVING = timedelta(seconds=0.8)
_HANDLERS = ("discord.py: on_", "discord-ui-", "CommandTree-invoker")
"""How the library names the tasks in which it calls our handlers."""


class NotNow(CannotStart):
    """It cannot start just now, and nothing about the configuration is wrong: later it may."""


@dataclass(frozen=True, slots=True)
class House:
    """The furnished bot: the client, and what works beside it."""

    foundation: Foundation
    client: PorchlightClient
    gate: Gate
    outbox: Outbox
    sweep: Sweep
    watch: Watch
    rounds: Rounds
    asking: Asking


def furnished(foundation: Foundation) -> House:
    """Put the use cases behind their adapters. Raises CannotStart without a ``[discord]`` table."""
    config = foundation.config
    ids = ids_of(config)
    router = Router(config)
    forms = Forms(foundation)
    gate = Gate(foundation, forms)
    client = PorchlightClient(ids, router)
    doorkeeper, lookout = DiscordDoorkeeper(client, ids), DiscordLookout(client, ids)
    findings = Findings(foundation, DiscordSurveyor(client, ids.server))
    watch = Watch(foundation, findings)
    drift = Drift(foundation, gate, lookout)
    rounds = Rounds(foundation, gate, drift, lookout)
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
        DriftCog(client, ids, drift, rounds),
    )

    async def when_ready() -> None:
        watch.in_view()
        rounds.want()
        await _server_in_view(foundation)

    client.furnish(cogs, when_ready, watch.changed)
    client.when_missed = rounds.want
    outbox = Outbox(foundation, doorkeeper, lookout, gone=gate.leave)
    return House(foundation, client, gate, outbox, Sweep(foundation), watch, rounds, Asking(foundation))


async def _server_in_view(foundation: Foundation) -> None:
    """See to the panel, and try again what was stuck."""
    now = foundation.now()

    def want(connection: sqlite3.Connection) -> None:
        effects.want(connection, EffectKind.PANEL, key="panel", now=now)
        effects.retry_all(connection, now)

    await foundation.database.write(want)


def token_of(secrets: Secrets) -> str:
    """The bot's token. Raises CannotStart without one."""
    if secrets.discord_token is None:
        raise CannotStart(
            "There is no bot token. Put DISCORD_TOKEN=… into .env or the environment; never into the TOML."
        )
    return secrets.discord_token.get_secret_value()


def ids_of(config: Config) -> Discord:
    """The ids of the server. Raises CannotStart without a ``[discord]`` table."""
    if config.discord is None:
        raise CannotStart(
            "The configuration has no [discord] table. Run setup, or add the ids of your server yourself."
        )
    return config.discord


async def run(config: Config, secrets: Secrets) -> None:
    """Run until told to stop. Raises CannotStart with a clear sentence."""
    token = token_of(secrets)
    stop = asyncio.Event()
    _stop_when_told(stop)
    async with opened(config, master_key(config, secrets)) as foundation:
        await _serve(furnished(foundation), token, stop)


def _stop_when_told(stop: asyncio.Event) -> None:
    """Set the event at SIGTERM and SIGINT.

    The loop's own way to listen goes with the loop. A second signal, while the process is on its way
    out, would then cut it short.
    """
    loop = asyncio.get_running_loop()

    def told(_number: int, _frame: object) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
        atexit.register(signal.signal, number, signal.SIG_IGN)


async def _serve(house: House, token: str, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set or Discord ends it; then finish what is in hand, in a few seconds."""
    wake = asyncio.Event()
    house.foundation.database.when_committed(wake.set)
    client = AsyncExitStack()
    await client.enter_async_context(house.client)
    try:
        async with (
            watched(house.foundation, house.client.vitals, house.client.router.tally) as health,
            _working(
                _keep_draining(house, wake),
                _keep_sweeping(house),
                _keep_watching(house),
                _keep_looking(house),
                health.keep_telling(),
            ),
        ):
            connection = asyncio.create_task(_connect(house.client, token))
            async with _working(stop.wait()) as (stopping,):
                await asyncio.wait({connection, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if connection.done():
                await connection
            else:
                await _finish_in_hand(house)
    finally:
        await _within(client.aclose(), _LEAVING, "the connection to Discord")
    await _within(_ended(connection), _LEAVING, "the connection to Discord")


async def _ended(task: asyncio.Task[Any]) -> None:
    await asyncio.gather(task, return_exceptions=True)


async def _finish_in_hand(house: House) -> None:
    """Answer whoever pressed something, do what is due, and then begin nothing more."""
    handlers = {task for task in asyncio.all_tasks() if task.get_name().startswith(_HANDLERS)}
    if handlers:
        await asyncio.wait(handlers, timeout=_ANSWERING.total_seconds())
    if house.client.is_ready():
        await _within(house.outbox.drain(house.foundation.now()), _DRAINING, "what is due")
    await _within(house.outbox.stop(), _LEAVING, "what is in hand")


async def _within(work: Coroutine[Any, Any, Any], limit: timedelta, what: str) -> None:
    """Do some work if it can be done in time; what hangs is left behind."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=limit.total_seconds())
    if not done:
        _log.warning("%s did not end in time; what is left of it is on disk", what)
        task.cancel()
    elif not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("%s could not be ended: %s", what, type(error).__name__)


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
    with in_plain_words():
        await client.start(token)


@contextlib.contextmanager
def in_plain_words() -> Iterator[None]:
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
    except discord.RateLimited as error:
        raise NotNow(
            f"Discord asks to be left alone for {error.retry_after:.0f} seconds. Start again after that."
        ) from None
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
        except StorageUnavailable:
            nap = _SHORT_NAP  # the database says in the log itself that it cannot be used
        except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
            _log.exception("the outbox stumbled and carries on")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), nap.total_seconds())


async def _keep_sweeping(house: House) -> None:
    while True:
        try:
            await house.sweep.run(house.foundation.now())
        except StorageUnavailable:
            pass  # the database says so in the log itself, and the next turn tries again
        except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
            _log.exception("the sweep stumbled and carries on")
        await asyncio.sleep(_SWEEP_EVERY.total_seconds())


async def _keep_watching(house: House) -> None:
    """Look at the server when it is time to; once it has changed, what it refused before may work."""
    changed = False
    while True:
        changed |= house.watch.woken.is_set()
        house.watch.woken.clear()
        nap = _LONGEST_NAP
        try:
            if changed:
                await house.outbox.probe_now()
                changed = False
            due = await house.watch.run(house.foundation.now())
            if due is not None:
                nap = min(nap, max(due - house.foundation.now(), timedelta(seconds=0.1)))
        except StorageUnavailable:
            nap = _SHORT_NAP
        except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
            _log.exception("the look at the server stumbled and carries on")
            nap = _LONGEST_NAP
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(house.watch.woken.wait(), nap.total_seconds())


async def _keep_looking(house: House) -> None:
    """Go a round over everybody when one is due, and ask the next members from before the bot."""
    await house.client.wait_until_ready()
    while True:
        try:
            await house.rounds.run_if_due(house.foundation.now())
            await house.asking.run(house.foundation.now())
        except StorageUnavailable:
            pass
        except Exception:  # noqa: BLE001 - a loop outlives whatever happens in one turn
            _log.exception("a round stumbled and is gone again")
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
