"""When the server is looked at, and what comes of a look that fails."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from bot import running
from bot.app import House
from bot.database import StorageUnavailable
from bot.findings import Findings, Watch
from bot.layout.model import Server
from bot.ports import Later, Refused, Why
from bot.review.desk import Denied
from tests.layouts import sound
from tests.support import ANN, MOD, World

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


class FakeLookout:
    """Shows what a test says, one look after the other; the last for ever."""

    def __init__(self, *shown: Server | Refused | Later | Exception) -> None:
        self.shown = list(shown)
        self.looks = 0

    async def survey(self) -> Server | Refused | Later:
        self.looks += 1
        shown = self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]
        if isinstance(shown, Exception):
            raise shown
        return shown


def watching(world: World, *shown: Server | Refused | Later | Exception) -> tuple[Watch, FakeLookout]:
    surveyor = FakeLookout(*shown)
    return Watch(world.foundation, Findings(world.foundation, surveyor)), surveyor


async def test_nothing_is_looked_at_before_the_server_is_in_view(world: World) -> None:
    """Whatever changes meanwhile."""
    watch, surveyor = watching(world, sound())
    watch.changed()

    assert await watch.run(world.clock()) is None
    assert surveyor.looks == 0
    assert not watch.woken.is_set()


@pytest.fixture
def quick_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long while the database cannot be used."""
    monkeypatch.setattr(running, "_SHORT_NAP", timedelta(milliseconds=1))


@pytest.mark.usefixtures("quick_naps")
async def test_a_change_that_could_not_be_noted_is_not_forgotten(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What the server refused before is tried once the database can be used again; the log stays short."""
    watch, _ = watching(world, sound())
    probed, full = asyncio.Event(), [StorageUnavailable("SQLITE_FULL")] * 3

    async def probe_now() -> None:
        if full:
            raise full.pop()
        probed.set()

    house = SimpleNamespace(
        watch=watch, outbox=SimpleNamespace(probe_now=probe_now), foundation=world.foundation
    )
    watch.in_view()

    async with running._working(running._keep_watching(cast("House", house))):
        await asyncio.wait_for(probed.wait(), 5)

    assert "stumbled" not in caplog.text


async def test_a_look_is_made_at_once_then_after_changes_then_daily(world: World) -> None:
    """A second change does not put off the look for the first."""
    watch, surveyor = watching(world, sound())
    watch.in_view()
    assert watch.woken.is_set()
    assert await watch.run(world.clock()) == world.clock() + DAY

    watch.changed()
    due = world.clock() + 5 * SECOND
    assert await watch.run(world.clock.advance(seconds=3)) == due
    watch.changed()
    assert await watch.run(world.clock()) == due
    assert await watch.run(world.clock.advance(seconds=2)) == world.clock() + DAY
    assert surveyor.looks == 2


@pytest.mark.parametrize(
    ("shown", "pause"),
    [
        (Later("http_503"), MINUTE),
        (Later("rate_limited", timedelta(minutes=7)), 7 * MINUTE),
        (Later("rate_limited", SECOND), MINUTE),
        (Refused(Why.FORBIDDEN), DAY),
    ],
)
async def test_a_look_that_fails_is_made_again(
    world: World, shown: Refused | Later, pause: timedelta
) -> None:
    """Soon if it may work then, and as long after as Discord asks; tomorrow if somebody has to mend it."""
    watch, _ = watching(world, shown)
    watch.in_view()

    assert await watch.run(world.clock()) == world.clock() + pause
    assert await world.rows("SELECT * FROM finding") == []
    assert await world.rows("SELECT * FROM effect") == []


async def test_a_look_that_breaks_is_made_again(world: World) -> None:
    """Also where nobody thought of it."""
    watch, surveyor = watching(world, RuntimeError("odd"), sound())
    watch.in_view()
    with pytest.raises(RuntimeError):
        await watch.run(world.clock())

    assert not watch.due(world.clock())
    await watch.run(world.clock.advance(minutes=1))
    assert surveyor.looks == 2


async def test_a_change_during_a_look_is_looked_at_too(world: World) -> None:
    """It may have come too late for the look that is under way."""
    watch, surveyor = watching(world, sound())

    class Changing(FakeLookout):
        async def survey(self) -> Server | Refused | Later:
            watch.changed()
            return await super().survey()

    surveyor = Changing(sound())
    watch._findings = Findings(world.foundation, surveyor)
    watch.in_view()

    assert await watch.run(world.clock()) == world.clock() + 5 * SECOND


async def test_only_moderators_are_shown_how_things_are(world: World) -> None:
    """Nobody else learns where a way past the gate is."""
    surveyor = FakeLookout(sound())
    findings = Findings(world.foundation, surveyor)

    assert await findings.shown_to(ANN) == Denied("not_a_moderator")
    assert surveyor.looks == 0
    assert isinstance(await findings.shown_to(MOD), tuple)
    assert await world.one("SELECT count(*) > 0 FROM finding") == 1
