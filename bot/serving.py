"""The local page: ``GET /health`` and ``GET /metrics``, for a program on this machine."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.config.tables import Health as Settings
from bot.database import Reader, StorageUnavailable
from bot.foundation import Foundation
from bot.health import Health
from bot.keeper import Vitals
from bot.logs import ErrorCount

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NOT_WELL = 503
_GOODBYE_SECONDS = 1.0


class CannotListen(Exception):
    """The page cannot be served. Its text says why and what to do."""


@asynccontextmanager
async def watched(
    foundation: Foundation, look: Callable[[], Vitals], presses: Counter[str]
) -> AsyncIterator[Health]:
    """Have somebody look after how the bot is, and serve the page if it has a port.

    Raises CannotListen.
    """
    errors = ErrorCount()
    logging.getLogger().addHandler(errors)
    try:
        async with Reader.opened(foundation.config.storage.database) as reader:
            health = Health(foundation, reader, look, presses, lambda: errors.count)
            async with serving(health, foundation.config.health):
                yield health
    finally:
        logging.getLogger().removeHandler(errors)


@asynccontextmanager
async def serving(health: Health, settings: Settings) -> AsyncIterator[None]:
    """Serve the page meanwhile, if it has a port. Raises CannotListen with a clear sentence."""
    if settings.port is None:
        yield
        return
    # No log of visits: it would say nothing but that the watcher came again.
    runner = web.AppRunner(_application(health), access_log=None, shutdown_timeout=_GOODBYE_SECONDS)
    await runner.setup()
    try:
        await _listen(runner, settings.address, settings.port)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: str, port: int) -> None:
    try:
        await web.TCPSite(runner, address, port).start()
    except OSError:
        raise CannotListen(
            f"Nothing can listen on {address}, port {port}: another program has it, or this machine does not "
            "have the address. Write another port in [health], or take it out; the gate works without it."
        ) from None


def _application(health: Health) -> web.Application:
    async def how_it_is(_request: web.Request) -> web.Response:
        report = await health.report()
        return web.json_response(dict(report.told), status=200 if report.well else _NOT_WELL)

    async def numbers(_request: web.Request) -> web.Response:
        try:
            return web.Response(body=await health.metrics(), headers={"Content-Type": _METRICS_TYPE})
        except StorageUnavailable:
            return web.Response(text="the database cannot be read\n", status=_NOT_WELL)

    application = web.Application()
    application.router.add_get("/health", how_it_is)
    application.router.add_get("/metrics", numbers)
    return application
