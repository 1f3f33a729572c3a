"""Carrying erasures through: into the ledger, then the keys, then off the list of what is on its way.

The rows went first, in one transaction that left a pending row. Each step here may be cut short by a
crash, and is then done again: at the next start, before anything else, or by the sweep.
"""

import asyncio
import logging

from bot.database import StorageUnavailable, about
from bot.forgetting import ledger
from bot.forgetting.ledger import Line
from bot.foundation import Foundation
from bot.store import erasures
from bot.store.erasures import Pending

_log = logging.getLogger(__name__)


async def finish(on: Foundation) -> None:
    """Carry through whatever is on its way. Those who call it together are served together.

    Raises StorageUnavailable where a file cannot be written; what was not done is done another time.
    """
    async with on.finishing:
        anything = False
        while pending := await on.database.read(erasures.pending):
            await _carry_through(on, pending)
            anything = True
        if anything:
            await on.database.tidy()


async def finish_if_possible(on: Foundation) -> None:
    """``finish``, for whoever answers a person: their rows are gone, and the rest does not fail for them."""
    try:
        await finish(on)
    except StorageUnavailable as problem:
        _log.error("an erasure waits to be carried through: %s", problem.code)


async def _carry_through(on: Foundation, pending: list[Pending]) -> None:
    storage = on.config.storage
    with about(storage.ledger):
        await asyncio.to_thread(ledger.append, storage.ledger, [line_of(one) for one in pending])
    with about(storage.keys):
        await on.destroy_keys([one.key_id for one in pending if one.key_id])
    await on.database.write(lambda connection: erasures.finish(connection, [one.id for one in pending]))


def line_of(one: Pending) -> Line:
    """What the ledger says about an erasure."""
    return Line(one.id, one.at.date(), one.what, one.subject_id, one.case_id, one.key_id)
