"""A crash between any two steps of an effect loses and doubles nothing; and the day between messages."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import pytest

from bot.database import Database
from bot.effects import Outbox
from bot.model import Outcome
from bot.ports import Done, Later, Refused, Result, Room, Why
from bot.screens.elements import Screen
from bot.standing import AdmittedStanding, RefusedStanding
from bot.store import effects
from bot.store.effects import EffectKind
from tests.support import ABOUT_NIL, ANN, BEN, MOD, Call, FakeDoorkeeper, World, visitor

T = TypeVar("T")


class Crash(BaseException):
    """The process is gone."""


class Crashing:
    """A database that crashes the process before or after one of its commits."""

    def __init__(self, real: Database, at: int) -> None:
        self._real = real
        self._steps_left = at

    async def read(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        return await self._real.read(unit)

    async def write(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        self._step()
        result = await self._real.write(unit)
        self._step()
        return result

    def _step(self) -> None:
        self._steps_left -= 1
        if self._steps_left == 0:
            raise Crash


class Channels(FakeDoorkeeper):
    """Remembers what was really sent, forgets nonces, and looks for a message when it is asked to."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.clock = clock
        self.sent: list[tuple[datetime, str, str]] = []
        self.crash: str = ""
        """``before`` or ``after`` the next message is sent."""

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        self.calls.append(Call("post", room=room, screen=screen, nonce=nonce, since=since))
        return self._send(str(room), screen, since)

    async def tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        self.calls.append(Call("tell", user_id=user_id, screen=screen, nonce=nonce, since=since))
        return self._send(str(user_id), screen, since)

    def _send(self, where: str, screen: Screen, since: datetime | None) -> Result:
        self._crash("before")
        for number, (at, place, text) in enumerate(self.sent):
            if since is not None and at >= since and (place, text) == (where, screen.text):
                return Done(1000 + number)
        self.sent.append((self.clock(), where, screen.text))
        self._crash("after")
        return Done(999 + len(self.sent))

    def _crash(self, when: str) -> None:
        if self.crash == when:
            self.crash = ""
            raise Crash


@pytest.fixture
def channels(world: World) -> Channels:
    """A server with channels, behind the world's outbox."""
    world.doorkeeper = Channels(world.clock)
    restarted(world)
    return world.doorkeeper


def restarted(world: World) -> None:
    """A new process works on the same files."""
    world.outbox = Outbox(world.foundation, world.doorkeeper, world.lookout, gone=world.gate.leave)


async def declined(world: World) -> None:
    """A letter waits."""
    await world.held()
    await world.drain()
    await world.decline()


async def held(world: World) -> None:
    """A card waits."""
    await world.held()


async def noticed(world: World) -> None:
    """A notice waits."""
    now = world.clock()
    await world.foundation.database.write(
        lambda c: effects.want_once(c, EffectKind.NOTICE, key="task", now=now, target="task")
    )


async def panelled(world: World) -> None:
    """The panel waits."""
    now = world.clock()
    await world.foundation.database.write(lambda c: effects.want(c, EffectKind.PANEL, key="panel", now=now))


WISHES = [declined, held, noticed, panelled]


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_around_the_call_sends_once(
    world: World, channels: Channels, wish: Any, when: str
) -> None:
    """Hours later, when Discord has forgotten every nonce, the message is looked for first."""
    await wish(world)
    before = len(channels.sent)
    channels.crash = when
    with pytest.raises(Crash):
        await world.drain()
    restarted(world)
    world.clock.advance(hours=5)

    await world.drain()
    await world.drain()

    assert len(channels.sent) == len({text for _, _, text in channels.sent}) > before
    assert await world.one("SELECT count(*) FROM effect WHERE state <> 'done' OR begun <> 0") == 0


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("step", range(1, 5))
async def test_a_crash_around_each_commit_sends_once(
    world: World, channels: Channels, wish: Any, step: int
) -> None:
    """Before and after it is written that the call begins; before and after what it came to."""
    await wish(world)
    real = world.foundation.database
    crashing = replace(world.foundation, database=cast("Database", Crashing(real, step)))
    with pytest.raises(Crash):
        await Outbox(crashing, channels, world.lookout).drain(world.clock())
    restarted(world)
    world.clock.advance(hours=5)

    await world.drain()

    assert len(channels.sent) == len({text for _, _, text in channels.sent})
    assert channels.sent
    assert await world.one("SELECT count(*) FROM effect WHERE state <> 'done' OR begun <> 0") == 0


@pytest.mark.parametrize("step", [1, 2])
async def test_a_crash_around_the_note_of_a_grant_gives_it_again(world: World, step: int) -> None:
    """Giving a role twice is giving it once; it needs no commit beforehand."""
    await world.send(ANN, ABOUT_NIL)
    crashing = replace(world.foundation, database=cast("Database", Crashing(world.foundation.database, step)))
    with pytest.raises(Crash):
        await Outbox(crashing, world.doorkeeper, world.lookout).drain(world.clock())

    restarted(world)
    await world.drain()

    assert len(world.doorkeeper.told("grant")) == 3 - step
    assert await world.one("SELECT state FROM effect") == "done"


async def test_a_first_attempt_looks_for_nothing(world: World) -> None:
    """A held case stays at one call, and so does whoever is told something."""
    await world.held()
    await world.decline()
    await world.held(BEN)

    await world.drain()

    assert [call.since for call in world.doorkeeper.calls] == [None] * len(world.doorkeeper.calls)


@pytest.mark.parametrize(
    ("answer", "looks"),
    [
        (Later("timeout"), True),
        (Later("http_503"), True),
        (RuntimeError("gone"), True),
        (Later("rate_limited", timedelta(seconds=5)), False),
        (Later("http_429"), False),
        (Refused(Why.MISSING_ROOM), False),
    ],
)
async def test_only_what_may_have_been_done_is_looked_for(
    world: World, answer: Result | Exception, looks: bool
) -> None:
    """An answer that says no for certain leaves nothing to look for."""
    await world.held()
    world.doorkeeper.will("post", answer)
    begun = world.clock()
    await world.drain()
    world.clock.advance(minutes=30)
    await world.drain()

    cards = [call for call in world.doorkeeper.told("post") if "Case" in call.text]
    assert [call.since for call in cards] == [None, begun if looks else None]


async def test_a_card_that_may_stand_is_looked_for_although_it_changed(
    world: World, channels: Channels
) -> None:
    """Wanted anew between the attempts: what was first begun counts, for one case has one card."""
    await world.held()
    channels.crash = "after"
    begun = world.clock()
    with pytest.raises(Crash):
        await world.drain()
    world.clock.advance(minutes=30)
    now = world.clock()
    case_id = await world.one("SELECT id FROM cases")
    await world.foundation.database.write(
        lambda c: effects.want(c, EffectKind.CARD, key=case_id, now=now, case_id=case_id)
    )
    restarted(world)

    await world.drain()

    assert [call.since for call in channels.told("post")] == [None, begun]
    assert len(channels.sent) == 1


async def told_today(world: World) -> None:
    """Ann was declined and told, and asks again the same day."""
    await world.held()
    await world.decline()
    await world.drain()
    world.clock.advance(hours=2)
    await world.held()


async def test_nobody_gets_two_messages_in_a_day(world: World) -> None:
    """The second waits until a day after the first, and no attempt is counted."""
    await told_today(world)
    await world.decline()

    due = await world.drain()

    assert len(world.doorkeeper.told("tell")) == 1
    assert due == world.clock() + timedelta(hours=22)
    world.clock.now = due
    await world.drain()
    assert len(world.doorkeeper.told("tell")) == 2
    assert await world.rows("SELECT attempts, state FROM effect WHERE kind = 'letter'") == [(0, "done")] * 2


async def test_others_are_told_meanwhile(world: World) -> None:
    """The day is each person's own."""
    await told_today(world)
    await world.decline()
    await world.held(BEN)
    await world.decline(BEN)

    await world.drain()

    assert [call.user_id for call in world.doorkeeper.told("tell")] == [ANN.user_id, BEN.user_id]


async def test_a_letter_that_waits_and_was_read_at_the_panel_is_not_sent(world: World) -> None:
    """They know already."""
    await told_today(world)
    await world.decline()
    await world.drain()

    standing = await world.gate.standing(ANN)
    world.clock.advance(days=2)
    await world.drain()

    assert isinstance(standing, RefusedStanding)
    assert len(world.doorkeeper.told("tell")) == 1
    assert await world.rows("SELECT delivery FROM letter ORDER BY rowid") == [("arrived",), ("shown",)]


async def test_a_welcome_that_waits_and_was_read_at_the_panel_is_not_sent(world: World) -> None:
    """The same for whoever was let in."""
    await told_today(world)
    file = await world.file()
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    await world.drain()

    standing = await world.gate.standing(ANN)
    world.clock.advance(days=2)
    await world.drain()

    assert isinstance(standing, AdmittedStanding)
    assert len(world.doorkeeper.told("tell")) == 1


async def test_a_message_that_did_not_arrive_starts_no_day(world: World) -> None:
    """Closed messages are no message."""
    await world.held()
    await world.decline()
    world.doorkeeper.will("tell", Refused(Why.CLOSED))
    await world.drain()
    await world.held()
    await world.decline()

    await world.drain()

    assert len(world.doorkeeper.told("tell")) == 2


async def test_a_clock_that_was_set_back_holds_no_message_for_long(world: World) -> None:
    """What was told "in the future" was told some time ago: a day later the next one goes."""
    await told_today(world)
    world.clock.advance(days=-30)
    await world.decline()
    await world.run("UPDATE effect SET due_at = 0 WHERE state = 'pending'")
    await world.drain()
    assert len(world.doorkeeper.told("tell")) == 1

    world.clock.advance(days=1)
    await world.drain()

    assert len(world.doorkeeper.told("tell")) == 2


async def test_whoever_waits_longest_gets_in_first(world: World) -> None:
    """By when the role was first wanted: pressing Start again, and again, loses nobody their place."""
    for number in range(12):
        await world.send(visitor(700000000000000001 + number), ABOUT_NIL)
        world.clock.advance(seconds=1)
    await world.run("UPDATE effect SET wanted_at = wanted_at - id * 100000")
    await world.gate.standing(visitor(700000000000000012))

    await world.drain()

    given = [call.user_id - 700000000000000000 for call in world.doorkeeper.told("grant")]
    assert given == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]


async def test_pressing_again_does_not_shorten_a_pause(world: World) -> None:
    """Discord is away: a hundred presses are not a hundred calls."""
    await world.send(ANN, ABOUT_NIL)
    world.doorkeeper.will("grant", Later("http_503"), Later("http_503"))
    await world.drain()

    for _ in range(100):
        await world.gate.standing(ANN)
        await world.drain()

    assert len(world.doorkeeper.told("grant")) == 1


async def test_taking_roles_back_shares_the_bucket(world: World) -> None:
    """Ten changes of roles in ten seconds, whichever they are."""
    for number in range(8):
        await world.send(visitor(700000000000000001 + number), ABOUT_NIL)
    await world.held(BEN)
    now = world.clock()
    case_id = await world.one("SELECT id FROM cases WHERE state = 'held'")
    for number in range(8):
        await world.foundation.database.write(
            lambda c, n=number: effects.want(c, EffectKind.REVOKE, key=str(n), now=now, case_id=case_id)  # type: ignore[misc]
        )

    due = await world.drain()

    changes = [call for call in world.doorkeeper.calls if call.verb in {"grant", "revoke"}]
    assert len(changes) == 10
    assert due == now + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("later", "calls"), [(Later("rate_limited", timedelta(seconds=40)), 1), (Later("http_429"), 1)]
)
async def test_being_told_to_wait_holds_the_whole_bucket(world: World, later: Later, calls: int) -> None:
    """Not each effect finds out for itself: that would be a storm."""
    for number in range(5):
        await world.send(visitor(700000000000000001 + number), ABOUT_NIL)
    world.doorkeeper.will("grant", *[later] * 5)

    due = await world.drain()

    assert len(world.doorkeeper.told("grant")) == calls
    assert due is not None
    assert due >= world.clock() + timedelta(seconds=40)
    world.doorkeeper.scripted.clear()
    world.clock.advance(minutes=5)
    await world.drain()
    assert await world.rows("SELECT DISTINCT state FROM effect") == [("done",)]


async def test_after_a_ban_nothing_at_all_is_tried(world: World) -> None:
    """Somebody in front of Discord refuses everything for a while: every call makes it longer."""
    await world.send(ANN, ABOUT_NIL)
    await world.held(BEN)
    world.doorkeeper.will("grant", Later("http_429"))

    await world.drain()

    assert [call.verb for call in world.doorkeeper.calls] == ["grant"]
