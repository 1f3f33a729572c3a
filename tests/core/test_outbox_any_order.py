"""Whatever Discord answers and wherever the process dies: nothing is lost, doubled, or out of sight."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.database import Database
from bot.effects import Outbox
from bot.foundation import Foundation
from bot.model import Outcome
from bot.ports import Done, Later, Refused, Result, Room, Why
from bot.screens.elements import Screen
from bot.store import effects
from bot.store.effects import EffectKind
from tests.support import (
    ABOUT_NIL,
    ANN,
    BEN,
    MOD,
    Call,
    FakeClock,
    FakeDoorkeeper,
    World,
    config,
    visitor,
    world_in,
)

T = TypeVar("T")

CLEO = visitor(200000000000000003)
NONCES_LAST = timedelta(minutes=5)
REFUSALS = {
    "grant": [Why.FORBIDDEN, Why.MISSING_ROLE, Why.GONE],
    "tell": [Why.CLOSED, Why.FORBIDDEN, Why.GONE, Why.UNFIT],
    "post": [Why.FORBIDDEN, Why.MISSING_ROOM, Why.UNFIT],
    "edit": [Why.FORBIDDEN, Why.MISSING_ROOM, Why.UNFIT],
    "stands": [Why.FORBIDDEN, Why.MISSING_ROOM],
}


class Crash(BaseException):
    """The process is gone."""


ANSWERS = [
    "done", "done", "unheard", "away", "busy", "banned", "refused", "refused", "crash before", "crash after",
]  # fmt: skip
Answers = list[tuple[str, int]]


class Unruly(FakeDoorkeeper):
    """A server that answers as it likes, and remembers what was really done."""

    def __init__(self, clock: FakeClock, answers: Answers) -> None:
        super().__init__()
        self.clock = clock
        self.answers = iter(answers)
        self.members: set[int] = set()
        self.sent: list[tuple[datetime, str, str, str]] = []

    async def tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        call = Call("tell", user_id=user_id, screen=screen, nonce=nonce, since=since)
        return self._answer(call, lambda: self._send(str(user_id), call))

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        call = Call("post", room=room, screen=screen, nonce=nonce, since=since)
        return self._answer(call, lambda: self._send(room.value, call))

    def _result(self, call: Call, _usual: Result | None = None) -> Result:
        return self._answer(call, lambda: self._change(call))

    def _change(self, call: Call) -> Result:
        if call.verb == "grant":
            self.members.add(call.user_id)
        return Done()

    def _send(self, place: str, call: Call) -> Result:
        first_line = call.text.partition("\n")[0]
        for number, (at, where, line, nonce) in enumerate(self.sent):
            remembered = nonce == call.nonce and self.clock() - at < NONCES_LAST
            found = call.since is not None and at >= call.since and line == first_line
            if where == place and (remembered or found):
                return Done(1000 + number)
        self.sent.append((self.clock(), place, first_line, call.nonce))
        return Done(999 + len(self.sent))

    def _answer(self, call: Call, do: Callable[[], Result]) -> Result:
        self.calls.append(call)
        answer, number = next(self.answers, ("done", 0))
        match answer:
            case "unheard":
                do()
                return Later("ServerDisconnectedError")
            case "away":
                return Later("http_503")
            case "busy":
                return Later("rate_limited", timedelta(seconds=70))
            case "banned":
                return Later("http_429")
            case "refused":
                refusals = REFUSALS[call.verb]
                return Refused(refusals[number % len(refusals)])
            case "crash before":
                raise Crash
            case "crash after":
                do()
                raise Crash
        return do()


class Mortal:
    """A database whose process dies at some of its commits."""

    def __init__(self, real: Database, deaths: Iterator[int]) -> None:
        self._real = real
        self._deaths = deaths

    async def read(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        return await self._real.read(unit)

    async def write(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        death = next(self._deaths, 0)
        if death == 1:
            raise Crash
        result = await self._real.write(unit)
        if death == 2:
            raise Crash
        return result


@pytest.fixture(scope="module")
def wanting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in which one is admitted by a rule, one by a moderator, one declined, and nothing is done."""
    folder = tmp_path_factory.mktemp("wanting")

    async def fill() -> None:
        async with world_in(folder, config(), FakeClock()) as world:
            await world.send(ANN, ABOUT_NIL)
            file = await world.held(BEN)
            await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
            await world.held(CLEO)
            await world.decline(CLEO)
            await world.held(visitor(200000000000000004))
            now = world.clock()
            await world.foundation.database.write(
                lambda c: effects.want(c, EffectKind.PANEL, key="panel", now=now)
            )

    asyncio.run(fill())
    return folder


@given(
    answers=st.lists(st.tuples(st.sampled_from(ANSWERS), st.integers(0, 11)), max_size=25),
    deaths=st.lists(st.sampled_from([0, 0, 0, 0, 1, 2]), max_size=25),
    naps=st.lists(st.integers(0, 200), max_size=12),
)
@settings(max_examples=25)
def test_every_wish_ends_where_somebody_sees_it(
    wanting: Path, answers: Answers, deaths: list[int], naps: list[int]
) -> None:
    """Done, or in the queue with what to do; each message once; and the role only by a decision."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(shutil.copytree(wanting, name, dirs_exist_ok=True))
        asyncio.run(_live_through(folder, answers, deaths, naps))


async def _live_through(folder: Path, answers: Answers, deaths: list[int], naps: list[int]) -> None:
    clock = FakeClock()
    server = Unruly(clock, answers)
    async with world_in(folder, config(), clock, server) as world:
        mortal = Mortal(world.foundation.database, iter(deaths))
        foundation = replace(world.foundation, database=cast("Database", mortal))
        outbox = _started(world, foundation, server)
        for nap in [*naps, *[30] * 60]:
            try:
                due = await outbox.drain(clock())
            except Crash:
                outbox, due = _started(world, foundation, server), clock()
            await _nothing_is_out_of_sight(world, due)
            clock.advance(minutes=nap)
        await _everything_is_as_decided(world, server)


def _started(world: World, foundation: Foundation, server: Unruly) -> Outbox:
    return Outbox(foundation, server, world.lookout, gone=world.gate.leave)


async def _nothing_is_out_of_sight(world: World, due: datetime | None) -> None:
    pending = await world.one("SELECT count(*) FROM effect WHERE state = 'pending'")
    assert (due is not None) or not pending


async def _everything_is_as_decided(world: World, server: Unruly) -> None:
    unseen = await world.rows(
        """
        SELECT kind, state, last_code FROM effect WHERE state <> 'done' AND state <> 'stuck'
            AND kind NOT IN (SELECT kind FROM stopped)
            AND NOT (kind = 'letter' AND last_code = 'waits' AND EXISTS (
                SELECT 1 FROM effect AS door WHERE door.key = 'grant:' || effect.case_id
                    AND (door.state = 'stuck' OR door.kind IN (SELECT kind FROM stopped))
            ))
        """
    )
    assert unseen == [], "a letter of welcome waits for the door, and what keeps that shut is in the queue"
    cards = [(place, line) for _, place, line, _ in server.sent if line.startswith("**Case")]
    letters = [place for _, place, _, _ in server.sent if place.isdigit()]
    panels = [place for _, place, _, _ in server.sent if place == Room.QUARANTINE.value]
    for once in (cards, letters, panels):
        assert len(once) == len(set(once)), server.sent
    assert server.members <= {ANN.user_id, BEN.user_id}
    left = await world.one("SELECT count(*) FROM cases WHERE state = 'admitted' AND gone_at IS NOT NULL")
    done = await world.one("SELECT count(*) FROM effect WHERE kind = 'grant' AND state = 'done'")
    assert len(server.members) >= done - left
