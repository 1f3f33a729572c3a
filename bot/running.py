"""Running the furnished bot: the loops beside the client, and an end in good order."""

import asyncio
import atexit
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from bot.app import House, furnished, token_of
from bot.config import Config, Secrets
from bot.copies.data_files import shut
from bot.database import StorageUnavailable
from bot.log.anchors import Anchors
from bot.opening import master_key, opened
from bot.serving import watched

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


async def run(config: Config, secrets: Secrets) -> None:
    """Run until told to stop. Raises CannotStart with a clear sentence."""
    token = token_of(secrets)
    stop = asyncio.Event()
    _stop_when_told(stop)
    shut(config)
    master, from_environment = master_key(config, secrets), secrets.key is not None
    async with opened(config, master, from_environment=from_environment) as foundation:
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
            connection = asyncio.create_task(house.client.stay(token))
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
    anchors = Anchors(house.foundation)
    while True:
        try:
            await house.sweep.run(house.foundation.now())
            await anchors.run(house.foundation.now())
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
