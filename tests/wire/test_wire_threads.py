"""Private threads over real sockets: every call with everything that can go wrong with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import discord
import pytest

from bot.effects import Outbox
from bot.ports import Done, Later, Refused, Why
from bot.review.talks import Talks
from bot.screens.elements import Screen
from bot.store.effects import EffectKind
from cogs._doorkeeper import DiscordDoorkeeper
from tests.support import ANN, MOD, FakeClock, World, config, world_in
from tests.wire.loopback import Fault, Hurried, Loopback

IDS = config().discord
assert IDS is not None
PORCH = IDS.quarantine_channel
LIMIT = timedelta(seconds=0.25)


@dataclass
class Stage:
    """The core, the real library, and the server it talks to."""

    world: World
    server: Loopback
    doorkeeper: DiscordDoorkeeper

    def restart(self) -> None:
        """A new process: nothing is remembered but what is on disk."""
        world = self.world
        world.outbox = Outbox(
            world.foundation, self.doorkeeper, world.lookout, gone=world.gate.leave, limit=LIMIT
        )

    async def standing(self, kind: EffectKind) -> str:
        """How the oldest effect of a kind stands."""
        found = await self.world.rows(
            "SELECT state, attempts, EXISTS (SELECT 1 FROM stopped WHERE stopped.kind = effect.kind)"
            " FROM effect WHERE kind = ? ORDER BY state = 'done', id LIMIT 1",
            kind.value,
        )
        if not found:
            return "done"
        state, attempts, stopped = found[0]
        return ("stopped" if stopped else f"retry {attempts}") if state == "pending" else str(state)

    async def go_on(self) -> None:
        """Hours pass without any fault."""
        self.server.mend()
        self.server.forget_nonces()
        self.world.clock.advance(hours=2)
        for _ in range(20):
            due = await self.world.drain()
            if due is None:
                return
            self.world.clock.now = max(due, self.world.clock())


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A server on loopback, and the library in a hurry."""
    monkeypatch.setattr(discord.http, "asyncio", Hurried())
    clock = FakeClock()
    async with Loopback(clock).served() as server, world_in(tmp_path, config(), clock) as world:
        monkeypatch.setattr(discord.http.Route, "BASE", server.base)
        client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=60)
        async with client:
            await client.login("token")
            assert IDS is not None
            made = Stage(world, server, DiscordDoorkeeper(client, IDS))
            made.restart()
            yield made


async def opening(stage: Stage) -> None:
    await stage.world.gate.ask_for_person(ANN)


async def open_before(stage: Stage) -> None:
    await opening(stage)
    await stage.world.drain()


async def joining(stage: Stage) -> None:
    await open_before(stage)
    await Talks(stage.world.foundation).join(MOD, (await stage.world.file()).ref)


async def closing(stage: Stage) -> None:
    await open_before(stage)
    await Talks(stage.world.foundation).close(MOD, (await stage.world.file()).ref)


@dataclass(frozen=True)
class Verb:
    """A call: how it comes about, where it goes, and what is there in the end."""

    wish: Callable[[Stage], Awaitable[None]]
    kind: EffectKind
    method: str
    path: str
    in_the_end: tuple[int, list[int], int]
    """How many threads there are, who is in the newest, and how often it says hello."""


_OPEN = (1, [ANN.user_id], 1)
_SEAT = r"/channels/\d+/thread-members/\d+"
_IN_THREAD = rf"/channels/(?!{PORCH}|{IDS.review_channel})\d+/messages"
VERBS = {
    "open": Verb(opening, EffectKind.THREAD, "POST", rf"/channels/{PORCH}/threads", _OPEN),
    "add the person": Verb(opening, EffectKind.THREAD, "PUT", _SEAT, _OPEN),
    "say hello": Verb(opening, EffectKind.THREAD, "POST", _IN_THREAD, _OPEN),
    "join": Verb(joining, EffectKind.THREAD, "PUT", _SEAT, (1, [ANN.user_id, MOD.user_id], 1)),
    "close": Verb(closing, EffectKind.CLOSE_THREAD, "DELETE", r"/channels/\d+", (0, [], 0)),
}


@pytest.mark.parametrize(
    "fault", [f for f in Fault if f not in {Fault.GONE, Fault.MISSING}], ids=lambda f: f.value
)
@pytest.mark.parametrize("name", VERBS)
async def test_every_call_about_a_thread_outlives_every_fault(stage: Stage, name: str, fault: Fault) -> None:
    """At first another attempt, or a task for a person; mended, there is one thread, as it should be."""
    verb = VERBS[name]
    await verb.wish(stage)
    stage.server.put(fault, verb.method, verb.path, 50013)

    await stage.world.drain()

    expected = {Fault.FORBIDDEN: "stopped", Fault.BUSY: "done"}.get(fault, "retry 1")
    assert await stage.standing(verb.kind) == expected

    stage.restart()
    await stage.go_on()

    assert await stage.standing(verb.kind) == "done"
    assert as_it_is(stage) == verb.in_the_end


def as_it_is(stage: Stage) -> tuple[int, list[int], int]:
    """The threads on the server, who is in them, and how often the bot said hello."""
    threads = list(stage.server.threads.values())
    who = sorted(user for one in threads[-1:] for user in one["who"])
    said = [
        text for one in threads for text in stage.server.texts(int(one["id"])) if "A place to talk" in text
    ]
    return len(threads), who, len(said)


@pytest.mark.parametrize("name", ["join", "close"])
async def test_a_thread_that_is_gone_is_no_trouble(stage: Stage, name: str) -> None:
    """It is what was wanted, or a new one is opened."""
    verb = VERBS[name]
    await verb.wish(stage)
    stage.server.threads.clear()

    await stage.world.drain()

    assert await stage.standing(verb.kind) == "done"
    assert as_it_is(stage) == ((1, [ANN.user_id], 1) if name == "join" else (0, [], 0))


@pytest.mark.parametrize(("path", "code"), [(rf"/channels/{PORCH}/threads", 160006), (_SEAT, 30033)])
async def test_no_room_at_discord_is_no_thread_and_no_trouble(stage: Stage, path: str, code: int) -> None:
    """Nobody has to look at it, and nothing half made is left."""
    await opening(stage)
    stage.server.put(Fault.FORBIDDEN, "POST" if "threads" in path else "PUT", path, code)

    await stage.world.drain()

    assert await stage.standing(EffectKind.THREAD) == "done"
    assert as_it_is(stage) == (0, [], 0)
    assert await stage.world.rows("SELECT * FROM thread") == []


async def test_somebody_who_has_left_has_no_thread(stage: Stage) -> None:
    """The one that was made for them is deleted, and their case has ended."""
    await opening(stage)
    stage.server.put(Fault.GONE, "PUT", _SEAT, 10013)

    await stage.world.drain()

    assert as_it_is(stage) == (0, [], 0)
    assert await stage.world.states() == ["left"]


async def test_a_thread_is_private_and_named_by_the_code(stage: Stage) -> None:
    """Nobody but moderators and the bot can add people to it."""
    await open_before(stage)

    [thread] = stage.server.threads.values()

    assert thread["name"] == await stage.world.code()
    assert (thread["type"], thread["invitable"], thread["parent_id"]) == (12, False, str(PORCH))


async def test_one_that_sleeps_is_found_and_woken(stage: Stage) -> None:
    """Discord archives what has been silent for long."""
    await open_before(stage)
    [thread] = stage.server.threads.values()
    thread["archived"] = True

    joined = await stage.doorkeeper.join_thread(int(thread["id"]), MOD.user_id)
    thread["archived"] = True
    found = await stage.doorkeeper.open_thread(await stage.world.code(), (), "nonce", stage.world.clock())
    left = await stage.doorkeeper.leave_thread(int(thread["id"]), MOD.user_id)

    assert (joined, left) == (Done(), Done())
    assert found == Done(made_id=int(thread["id"]))
    assert len(stage.server.threads) == 1
    assert (thread["archived"], thread["who"]) == (False, [ANN.user_id])


async def test_one_of_which_only_the_name_is_known_is_deleted_by_it(stage: Stage) -> None:
    """And where there is none of that name, nothing is."""
    await open_before(stage)

    assert await stage.doorkeeper.close_thread(0, "0000-00") == Done()
    assert len(stage.server.threads) == 1
    assert await stage.doorkeeper.close_thread(0, await stage.world.code()) == Done()
    assert stage.server.threads == {}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_taking_a_seat_that_fails_is_a_value(stage: Stage, method: str) -> None:
    """A refusal, another time, or a thread that is gone; never an exception."""
    await open_before(stage)
    thread_id = next(iter(stage.server.threads))
    call = stage.doorkeeper.join_thread if method == "PUT" else stage.doorkeeper.leave_thread

    for fault, code, expected in (
        (Fault.FORBIDDEN, 50013, Refused(Why.FORBIDDEN)),
        (Fault.MISSING, 10003, Refused(Why.MISSING_THREAD)),
        (Fault.AWAY, 0, Later("http_503")),
    ):
        stage.server.put(fault, method, _SEAT, code)
        assert await call(thread_id, MOD.user_id) == expected
        stage.server.mend()


async def test_a_message_in_a_thread_is_there_once(stage: Stage) -> None:
    """The answer to it was lost, and its nonce forgotten: it is looked for first."""
    await open_before(stage)
    thread_id, since = next(iter(stage.server.threads)), stage.world.clock()
    stage.server.put(Fault.RESET_AFTER, "POST", rf"/channels/{thread_id}/messages", 0)
    first = await stage.doorkeeper.post_in(thread_id, Screen("Hello again"), "n")
    stage.server.mend()
    stage.server.forget_nonces()

    second = await stage.doorkeeper.post_in(thread_id, Screen("Hello again"), "n", since)

    assert isinstance(first, Later)
    assert isinstance(second, Done)
    assert stage.server.texts(thread_id).count("Hello again") == 1
