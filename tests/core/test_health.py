"""The local page: codes and numbers for whoever watches over the bot, and nothing about anybody."""

import asyncio
import json
import logging
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bot.config.tables import Health as Settings
from bot.config.tables import Storage
from bot.database import Reader, StorageUnavailable
from bot.health import SWEEP_LATE, Health
from bot.keeper import Vitals
from bot.model import Outcome
from bot.ports import Refused, Why
from bot.serving import CannotListen, serving, watched
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MOD,
    PURPOSE,
    FakeClock,
    World,
    config,
    raw_connection,
    visitor,
    world_in,
)

DOCS = Path(__file__).parents[2] / "docs" / "watching.md"

WELL = Vitals(connected=True, latency=0.05, members_intent=True, library="2.7.1")
LOST = Vitals(connected=False, latency=None, members_intent=True, library="2.7.1")


class Watched:
    """The page over a world, and what stands behind it."""

    def __init__(self, world: World, reader: Reader, port: int) -> None:
        self.vitals = WELL
        self.presses: Counter[str] = Counter()
        self.errors = 0
        self.health = Health(world.foundation, reader, lambda: self.vitals, self.presses, lambda: self.errors)
        self.port = port

    async def get(self, path: str) -> tuple[int, str]:
        """What a program on this machine gets to see."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}{path}") as answer,
        ):
            return answer.status, await answer.text()

    async def told(self) -> tuple[int, dict[str, Any]]:
        """``GET /health``, read."""
        status, text = await self.get("/health")
        return status, json.loads(text)

    async def numbers(self) -> dict[str, float]:
        """``GET /metrics``, read as Prometheus reads it."""
        status, text = await self.get("/metrics")
        assert status == 200
        return {
            " ".join([sample.name, *sample.labels.values()]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
async def page(world: World) -> AsyncIterator[Watched]:
    """The page, served on this machine."""
    port = free_port()
    async with Reader.opened(world.path) as reader:
        found = Watched(world, reader, port)
        async with serving(found.health, Settings(port=port)):
            yield found


async def test_all_is_well(world: World, page: Watched) -> None:
    """200, with the codes that say so."""
    await world.sweep.run(world.clock())
    world.clock.advance(seconds=40)

    assert await page.told() == (
        200,
        {
            "well": True,
            "problems": [],
            "gateway": "connected",
            "database": "writable",
            "sweep_age_seconds": 40,
            "stopped": [],
        },
    )


async def test_a_database_that_cannot_be_written(world: World, page: Watched) -> None:
    """503 and its code, while somebody else holds it; well again afterwards."""
    with closing(raw_connection(world.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, told = await page.told()
        other.execute("ROLLBACK")
    assert (status, told["problems"]) == (503, ["database_not_writable"])

    assert (await page.told())[0] == 503, "it is tried every ten seconds, not at each look"
    world.clock.advance(seconds=10)
    assert (await page.told())[0] == 200


async def test_everything_else_that_is_wrong(world: World, page: Watched) -> None:
    """The connection, a sweep that does not come, and what is held up; all at once."""
    await world.sweep.run(world.clock())
    await world.run("INSERT INTO stopped VALUES ('grant', 'forbidden', 1, 0, 0)")
    world.clock.advance(seconds=SWEEP_LATE.total_seconds() + 1)
    page.vitals = LOST

    status, told = await page.told()

    assert status == 503
    assert told["problems"] == ["gateway_not_connected", "sweep_late", "stopped_grant"]
    assert told["stopped"] == ["grant"]
    assert told["gateway"] == "not_connected"


async def test_a_sweep_from_before_the_start_is_not_late_yet(world: World, clock: FakeClock) -> None:
    """The bot was stopped for a day: the first sweep gets its time."""
    await world.sweep.run(clock())
    clock.advance(days=1)
    async with Reader.opened(world.path) as reader:
        health = Health(world.foundation, reader, lambda: WELL, Counter(), lambda: 0)

        assert (await health.report()).well
        clock.advance(minutes=11)
        assert not (await health.report()).well


async def test_the_numbers(world: World, page: Watched) -> None:
    """Of the queue, the outbox and the clock; counted since the start."""
    await page.numbers()
    await world.send(ANN, ABOUT_NIL)
    await world.held(BEN)
    file = await world.file(BEN)
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    await world.held(visitor(200000000000000003))
    await world.gate.ask_for_person(visitor(200000000000000004))
    await world.run("INSERT INTO stopped VALUES ('grant', 'forbidden', 1, 0, 0)")
    page.presses.update(answered=7, late=2)
    page.errors = 3
    world.clock.advance(hours=2)
    await world.sweep.run(world.clock())

    found = await page.numbers()

    expected = {
        "porchlight_queue to_decide": 1,
        "porchlight_queue to_talk": 1,
        "porchlight_oldest_wait_seconds": 7200,
        "porchlight_outbox stuck": 0,
        "porchlight_outbox_stopped grant": 1,
        "porchlight_joins_total": 4,
        "porchlight_admissions_total machine": 1,
        "porchlight_admissions_total person": 1,
        "porchlight_presses_total answered": 7,
        "porchlight_presses_total late": 2,
        "porchlight_errors_total": 3,
        "porchlight_last_sweep_timestamp_seconds": world.clock().timestamp(),
        "porchlight_gateway_connected": 1,
        "porchlight_gateway_latency_seconds": 0.05,
        "porchlight_paused": 0,
        "porchlight_wave": 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["porchlight_outbox pending"] > 0
    documented = set(re.findall(r"`(porchlight_[a-z_]+)[`{]", DOCS.read_text(encoding="utf-8")))
    told = {name.split()[0] for name in found}
    assert documented - told == {"porchlight_last_reconcile_timestamp_seconds"}
    assert told <= documented
    assert "porchlight_last_reconcile_timestamp_seconds" not in found


async def test_looking_often_reads_seldom(world: World, page: Watched) -> None:
    """What was read is kept for a few seconds; a clock put back does not keep it for ever."""
    assert (await page.numbers())["porchlight_queue unanswered"] == 0
    await world.gate.arrive(ANN)
    assert (await page.numbers())["porchlight_queue unanswered"] == 0

    world.clock.advance(seconds=5)
    assert (await page.numbers())["porchlight_queue unanswered"] == 1
    await world.gate.arrive(BEN)
    world.clock.advance(days=-1)
    found = await page.numbers()
    assert found["porchlight_queue unanswered"] == 2
    assert found["porchlight_joins_total"] == 2


async def test_many_looks_at_once_count_everything_once(world: World, page: Watched) -> None:
    """Two watchers do not count a line of the log twice."""
    await page.numbers()
    await world.gate.arrive(ANN)
    world.clock.advance(minutes=1)

    found = await asyncio.gather(*(page.numbers() for _ in range(8)))

    assert {numbers["porchlight_joins_total"] for numbers in found} == {1}


async def test_it_is_about_nobody(world: World, page: Watched) -> None:
    """No id, no code, no name in either page, whatever happened."""
    await world.held(ANN)
    await world.decline(ANN)
    secrets = [str(ANN.user_id), str(MOD.user_id), await world.code(ANN), "Helix", "Harbour"]
    secrets += [row[0] for row in await world.rows("SELECT id FROM cases UNION SELECT id FROM subject")]
    world.clock.advance(minutes=1)

    for path in ("/health", "/metrics"):
        _, text = await page.get(path)
        assert not [secret for secret in secrets if secret in text]
        assert not re.search(r"\d{15,20}", text)


async def test_other_paths_are_not_there(page: Watched) -> None:
    """Nothing but the two."""
    assert (await page.get("/"))[0] == 404


async def test_a_port_that_is_taken_is_said_plainly(world: World) -> None:
    """A sentence that says what to write instead; and the listening ends with it."""
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        storage = Storage(database=world.path)
        update = {"health": Settings(port=port), "storage": storage}
        taken = replace(world.foundation, config=world.foundation.config.model_copy(update=update))

        with pytest.raises(CannotListen, match=f"port {port}: another program has it"):
            async with watched(taken, lambda: WELL, Counter()):
                pytest.fail("nothing listens")


async def test_without_a_port_nothing_listens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Off unless somebody asks for it."""

    def refuse(*_: object) -> None:
        pytest.fail("somebody listens")

    monkeypatch.setattr("aiohttp.web.TCPSite.__init__", refuse)
    async with Reader.opened(world.path) as reader:
        health = Health(world.foundation, reader, lambda: WELL, Counter(), lambda: 0)
        async with serving(health, Settings()):
            pass


async def test_once_an_hour_a_line_says_how_it_stands(
    world: World, page: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """In one line, in numbers; a database that cannot be read is said too."""
    await world.held(ANN)
    await world.run("INSERT INTO pause VALUES (1, 0, 'x')")
    world.clock.advance(minutes=90)
    with caplog.at_level(logging.INFO, logger="bot.health"):
        await page.health.tell()

    [line] = [record.getMessage() for record in caplog.records if record.name == "bot.health"]
    assert line == (
        "how it stands: gateway connected, to_decide 1, to_talk 0, unanswered 0, tasks 0, "
        "oldest wait 90 min, outbox pending 1 stuck 0, stopped none, "
        "last sweep never, last reconcile never, paused"
    )


async def test_the_line_comes_again_and_again(page: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens in one turn."""
    told, enough = list[int](), asyncio.Event()

    async def tell() -> None:
        told.append(1)
        if len(told) == 1:
            raise LookupError("anything")
        if len(told) > 2:
            enough.set()

    monkeypatch.setattr(page.health, "tell", tell)
    monkeypatch.setattr("bot.health._TOLD_EVERY", timedelta(seconds=0))
    telling = asyncio.create_task(page.health.keep_telling())
    await asyncio.wait_for(enough.wait(), 10)
    telling.cancel()


async def test_a_reader_of_its_own_cannot_write(world: World) -> None:
    """It could not disturb the gate if it tried."""
    async with Reader.opened(world.path) as reader:
        with pytest.raises(StorageUnavailable, match="READONLY"):
            await reader.read(lambda c: c.execute("DELETE FROM mark"))


NUMBERS_AND_CODES = re.compile(
    r"# (HELP|TYPE) [a-z_]+ .*"
    r"|porchlight_[a-z_]+(\{[a-z]+=\"[a-z_]+\"\})? [0-9.+e-]+"
)
CODES = re.compile(r"[a-z_]+")
PEOPLE = st.lists(st.integers(10**16, 2**63), min_size=1, max_size=3, unique=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=8, max_size=60)


@settings(max_examples=4)
@given(user_ids=PEOPLE, organisation=WORDS)
async def test_whoever_is_in_the_database_the_page_shows_numbers_and_codes(
    tmp_path_factory: pytest.TempPathFactory, user_ids: list[int], organisation: str
) -> None:
    """Whatever they told, whatever is stuck: each line has a shape in which no id and no word would fit."""
    async with world_in(tmp_path_factory.mktemp("page"), config(), FakeClock()) as world:
        for user_id in user_ids:
            await world.gate.arrive(visitor(user_id))
        told = {**LINK_NOW, "organisation": organisation}
        await world.send(visitor(user_ids[0]), ABOUT_LINKED, told, PURPOSE)
        await world.file(visitor(user_ids[0]))
        world.doorkeeper.will("post", Refused(Why.FORBIDDEN))
        await world.drain()
        async with Reader.opened(world.path) as reader:
            health = Health(world.foundation, reader, lambda: WELL, Counter(answered=1), lambda: 2)
            metrics = (await health.metrics()).decode()
            report = (await health.report()).told

        assert [line for line in metrics.splitlines() if not NUMBERS_AND_CODES.fullmatch(line)] == []
        shown = metrics + json.dumps(dict(report))
        assert [user_id for user_id in user_ids if str(user_id) in shown] == []
        values = [one for told in report.values() for one in (told if isinstance(told, list) else [told])]
        assert all(isinstance(one, int) or CODES.fullmatch(str(one)) for one in values)
