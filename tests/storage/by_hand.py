"""A log with a history of some months, and somebody who changes it by hand, past every trigger."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from bot.config.tables import Storage
from bot.log.epochs import drop_old, seal_if_due
from bot.log.verifying import Report, verify
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MASTER,
    PURPOSE,
    FakeClock,
    World,
    config,
    raw_connection,
    visitor,
    world_in,
)

CAT, DAN = visitor(200000000000000003), visitor(200000000000000004)
KEEP = timedelta(days=45)


def storage(folder: Path) -> Storage:
    """Where the files of a world lie, and its anchors."""
    return Storage(
        database=folder / "porchlight.db", keys=folder / "keys.db", anchors=folder / "anchors.jsonl"
    )


def look(folder: Path, *, keys: bool = False) -> Report:
    """Verify the files in a folder."""
    return verify(storage(folder), MASTER, keys=keys)


def problems(folder: Path, *, keys: bool = False) -> list[str]:
    """What verifying finds wrong with the files in a folder."""
    return look(folder, keys=keys).problems.sentences


async def seal(world: World, now: datetime) -> None:
    """A month is over. Nothing else that is due happens."""
    assert await world.foundation.database.write(lambda connection: seal_if_due(connection, now))


async def four_months(folder: Path) -> datetime:
    """People come, are decided on, leave and are forgotten; three months are sealed. Returns the time."""
    clock = FakeClock()
    async with world_in(folder, config(), clock) as world:
        world.foundation.vault.set_pair("PAIR")
        await world.run("INSERT INTO pair VALUES (1, 'PAIR')")
        await world.gate.arrive(DAN)
        await world.held(ANN)
        await world.send(BEN, ABOUT_NIL)
        await world.gate.leave(DAN.user_id)
        await seal(world, clock.advance(days=30))
        await world.decline(ANN)
        await world.send(CAT, ABOUT_LINKED, LINK_NOW, PURPOSE)
        await seal(world, clock.advance(days=30))
        await world.gate.take_back(CAT)
        await seal(world, clock.advance(days=30))
        await world.gate.arrive(DAN)
        await world.send(CAT, ABOUT_NIL)
    return clock.now


def step_of_dropping(folder: Path, now: datetime, most: int = 3) -> bool:
    """One step in letting go of old lines, committed. Whether there is more to do."""
    with closing(raw_connection(storage(folder).database)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        more = drop_old(connection, now, KEEP, most)
        connection.execute("COMMIT")
        return more


def by_hand(folder: Path, *statements: str) -> None:
    """Change the database past its triggers and references, and leave both as they were."""
    with closing(raw_connection(storage(folder).database)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


def value(folder: Path, statement: str) -> int:
    """A number that a statement finds."""
    with closing(raw_connection(storage(folder).database)) as connection:
        return int(connection.execute(statement).fetchone()[0])
