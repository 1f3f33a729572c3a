"""Whatever happened, was erased, let go of, put back and replaced: the log and the keys verify."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.config import Config
from bot.copies import restoring
from bot.copies.backup import backup
from bot.forgetting import ledger
from bot.keys import rotation
from bot.keys.key_file import new_master
from bot.log.anchors import Anchors
from bot.log.epochs import drop_old, seal_if_due
from bot.log.verifying import verify, wrong_in_the_log
from bot.minting import NextForm
from bot.model import Visitor
from bot.opening import opened
from tests.core.test_retention_any_history import ACTIONS as LIFE
from tests.core.test_retention_any_history import PEOPLE
from tests.support import ANN, MASTER, MOD, UNDER_AGE, FakeClock, FakeDoorkeeper, World, config


@dataclass
class Machine:
    """Files, a clock and a master key; the bot is started on them again and again."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    doorkeeper: FakeDoorkeeper = field(default_factory=FakeDoorkeeper)
    master: bytes = MASTER
    copied: Path = Path()
    copied_with: bytes = b""
    """The master key of the time of the copy; empty while there is no copy."""

    @property
    def config(self) -> Config:
        """Everything lies in the folder."""
        names = {
            "database": "porchlight.db",
            "keys": "keys.db",
            "ledger": "ledger/erasures.jsonl",
            "anchors": "ledger/anchors.jsonl",
            "key_file": "master.key",
        }
        return config(storage={name: self.folder / file for name, file in names.items()})

    @asynccontextmanager
    async def started(self) -> AsyncIterator[World]:
        """The bot, from its start to its end."""
        async with opened(self.config, self.master, self.clock, from_environment=True) as foundation:
            yield World(foundation, self.clock, self.doorkeeper, self.config.storage.database)

    def copy(self) -> None:
        """Make a copy while the bot runs, in place of an earlier one."""
        to = self.folder / f"copy-{self.clock().timestamp()}"
        if not to.exists():
            backup(self.config.storage, to, self.clock())
            self.copied, self.copied_with = to, self.master

    def put_back(self) -> None:
        """Put the copy back, while the bot is stopped."""
        source = restoring.found(self.copied, None, [])
        for _ in restoring.restore(
            self.config.storage, source, self.copied_with, self.clock(), wrong_in_the_log
        ):
            pass
        self.master = self.copied_with

    def verify(self) -> None:
        """Nothing is wrong, and what was deleted was so once."""
        report = verify(self.config.storage, self.master)
        assert report.problems.sentences == []
        assert report.unchecked == []
        assert report.keys is not None


async def _subject(world: World, who: Visitor) -> str:
    subject = await world.foundation.database.read(lambda c: world.foundation.find(c, who.user_id))
    return subject.id if subject else ""


async def _erases_all(world: World, who: Visitor) -> None:
    await world.erasure.person(await _subject(world, who), "operator")


async def _erases_rest(world: World, who: Visitor) -> None:
    await world.erasure.rest(await _subject(world, who), "operator")


async def _erases_consented(world: World, who: Visitor) -> None:
    await world.erasure.consent(await _subject(world, who), "operator")


async def _is_under_age(world: World, who: Visitor) -> None:
    step = await world.gate.agree(who, "What we keep.")
    if isinstance(step, NextForm):
        await world.forms.save(who, step.ref, UNDER_AGE)


async def _is_seen_with_the_role(world: World, who: Visitor) -> None:
    await world.drift.came_with_role(who.user_id)


async def _a_moderator_has_all_deleted(world: World, _who: Visitor) -> None:
    await _erases_all(world, MOD)


ENDINGS: dict[str, Callable[[World, Visitor], Awaitable[object]]] = {
    "has all erased": _erases_all,
    "keeps the links": _erases_rest,
    "takes consent back": _erases_consented,
    "has it forgotten": lambda world, who: world.gate.forget_me(who),
    "is under age": _is_under_age,
    "a moderator goes": _a_moderator_has_all_deleted,
}


async def _is_swept(world: World, _who: Visitor) -> None:
    await world.sweep.run(world.clock())
    await Anchors(world.foundation).run(world.clock())


async def _is_let_go(world: World, _who: Visitor) -> None:
    now, write = world.clock(), world.foundation.database.write
    await write(lambda c: seal_if_due(c, now))
    while await write(partial(drop_old, now=now, keep=world.foundation.config.retention.log, most=7)):
        pass


UPKEEP: dict[str, Callable[[World, Visitor], Awaitable[object]]] = {
    "sweep": _is_swept,
    "drain": lambda world, _who: world.drain(),
    "let go": _is_let_go,
}
OVER = ("copy", "put back", "restart", "new master key")

OFTEN = ("sends links", "sends nil", "is admitted", "is declined", "changes links", "copy", "sweep")
DAYS = (0, 0, 0, 0, 1, 20, 40, 200, 800, -3)
Step = tuple[str, Visitor, int]


def _history(seed: int) -> list[Step]:
    """Some life, then endings and upkeep among it: what to do, who does it, and how many days pass."""
    chance = random.Random(seed)  # noqa: S311 - it only picks a history, and guards nothing
    anything = [*LIFE, *ENDINGS, *UPKEEP, *OVER, *OFTEN, *OFTEN]
    actions = [*chance.choices([*LIFE, *OFTEN], k=6), *chance.choices(anything, k=20)]
    return [(action, chance.choice(PEOPLE), chance.choice(DAYS)) for action in actions]


async def _play(steps: Sequence[Step], folder: Path) -> None:
    machine, doing = Machine(folder), {**LIFE, **ENDINGS, **UPKEEP}
    left = list(steps)
    while left:
        action = ""
        async with machine.started() as world:
            while left and action not in OVER[1:]:
                action, who, days = left.pop(0)
                if action == "copy":
                    machine.copy()
                elif action not in OVER:
                    await doing[action](world, who)
                machine.clock.advance(days=days, seconds=1)
            if action == "new master key":
                machine.master = new_master()
                for _ in rotation.rotate(world.foundation.vault, None, machine.master):
                    pass
        if action == "put back" and machine.copied_with:
            machine.put_back()
    async with machine.started() as world:
        await _is_swept(world, ANN)
        machine.verify()
        twice = await world.rows(
            "SELECT action, count(*) FROM event WHERE action LIKE '%.deleted' OR action = 'subject.erased'"
            " GROUP BY object_id, action HAVING count(*) > 1"
        )
        assert twice == []
        erased = {line.subject for line in ledger.read(machine.config.storage.ledger) if line.key}
        assert erased.isdisjoint(row[0] for row in await world.rows("SELECT id FROM subject"))


@settings(max_examples=8, phases=[Phase.generate])
@given(st.integers(0, 2**32))
def test_any_history_verifies(seed: int) -> None:
    """People come, tell and go; copies are put back, keys are replaced, and lines are let go of."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_play(_history(seed), Path(folder)))
