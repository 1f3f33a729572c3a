"""Every call the bot makes, with everything that can go wrong with it, over real sockets.

Each ends in another attempt, a visible task or a clear degraded state; and mended, it is done: once.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import discord
import pytest

from bot.attempt import Attempt
from bot.effects import Outbox
from bot.ports import Done, Later, Refused, Result, Room
from bot.review.queue import Overview
from bot.screens import queue as queue_screens
from bot.screens.elements import Screen
from bot.store import effects
from bot.store.effects import EffectKind
from cogs._client import PorchlightClient
from cogs._doorkeeper import DiscordDoorkeeper
from cogs._router import Router
from tests.support import ABOUT_NIL, ANN, MOD, FakeClock, World, config, visitor, world_in
from tests.wire.loopback import Fault, Hurried, Loopback

IDS = config().discord
assert IDS is not None
LIMIT = timedelta(seconds=0.25)
DM = ANN.user_id + 1


@dataclass
class Stage:
    """The core, the real library, and the server it talks to."""

    world: World
    server: Loopback
    client: discord.Client
    doorkeeper: DiscordDoorkeeper

    def restart(self) -> None:
        """A new process: nothing is remembered but what is on disk."""
        self.world.outbox = Outbox(
            self.world.foundation,
            self.doorkeeper,
            self.world.lookout,
            gone=self.world.gate.leave,
            limit=LIMIT,
        )

    async def standing(self, kind: EffectKind) -> str:
        """How the newest effect of a kind stands, as somebody would see it."""
        found = await self.world.rows(
            "SELECT state, attempts, EXISTS (SELECT 1 FROM stopped WHERE stopped.kind = effect.kind)"
            " FROM effect WHERE kind = ? ORDER BY id DESC LIMIT 1",
            kind.value,
        )
        state, attempts, stopped = found[0]
        if state == "pending":
            return "stopped" if stopped else f"retry {attempts}"
        return str(state)

    async def in_the_queue(self) -> str:
        """What moderators read."""
        queue = await self.world.queue.show(MOD)
        assert isinstance(queue, Overview)
        return queue_screens.overview(self.world.foundation.config.words.voice("en"), queue).text

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
            made = Stage(world, server, client, DiscordDoorkeeper(client, IDS))
            made.restart()
            yield made


async def grant(stage: Stage) -> None:
    await stage.world.send(ANN, ABOUT_NIL)


async def revoke(stage: Stage) -> None:
    stage.server.members.add(ANN.user_id)
    await stage.world.held()
    await stage.world.drain()
    case_id, now = await stage.world.one("SELECT id FROM cases"), stage.world.clock()
    await stage.world.foundation.database.write(
        lambda c: effects.want(c, EffectKind.REVOKE, key=case_id, now=now, case_id=case_id)
    )


async def tell(stage: Stage) -> None:
    await stage.world.held()
    await stage.world.drain()
    await stage.world.decline()
    await stage.world.run("UPDATE effect SET state = 'done' WHERE kind = 'card'")


async def post(stage: Stage) -> None:
    await stage.world.held()


async def edit(stage: Stage) -> None:
    await stage.world.held()
    await stage.world.drain()
    await stage.world.gate.ask_for_person(ANN)


async def stands(stage: Stage) -> None:
    for _ in range(2):
        now = stage.world.clock()
        await stage.world.foundation.database.write(
            lambda c, at=now: effects.want(c, EffectKind.PANEL, key="panel", now=at)  # type: ignore[misc]
        )
        if not stage.server.messages[IDS.quarantine_channel if IDS else 0]:
            await stage.world.drain()


async def look_back(stage: Stage) -> None:
    """A card was posted, and the answer lost; minutes later nobody remembers its nonce."""
    await stage.world.held()
    stage.server.put(Fault.RESET_AFTER, "POST", ".*/messages", 0)
    await stage.world.drain()
    stage.server.mend()
    stage.server.forget_nonces()
    stage.world.clock.advance(minutes=30)
    await stage.world.run("UPDATE effect SET attempts = 0")


@dataclass(frozen=True)
class Verb:
    """A call: how it comes about, where it goes, and what a refusal comes to."""

    wish: Callable[[Stage], Awaitable[None]]
    kind: EffectKind
    method: str
    path: str
    refused: str
    missing: tuple[int, str]
    forbidden: int = 50013

    def where_it_shows(self, server: Loopback) -> object:
        """What is there of it in the end."""
        assert IDS is not None
        match self.kind:
            case EffectKind.GRANT | EffectKind.REVOKE:
                return sorted(server.members)
            case EffectKind.LETTER:
                return len(server.texts(DM))
            case EffectKind.PANEL:
                return len(server.texts(IDS.quarantine_channel))
            case _:
                return len([text for text in server.texts(IDS.review_channel) if "**Case" in text])


_ROLE = r"/guilds/\d+/members/\d+/roles/\d+"
_ONE = r"/channels/\d+/messages/\d+"
_OPEN = "/users/@me/channels"
_DM = rf"/channels/{DM}/messages"
_ALL = r"/channels/\d+/messages"
VERBS = {
    "grant": Verb(grant, EffectKind.GRANT, "PUT", _ROLE, "stopped", (10011, "stopped")),
    "revoke": Verb(revoke, EffectKind.REVOKE, "DELETE", _ROLE, "stopped", (10011, "stopped")),
    "open a conversation": Verb(tell, EffectKind.LETTER, "POST", _OPEN, "done", (10013, "done"), 50007),
    "tell": Verb(tell, EffectKind.LETTER, "POST", _DM, "done", (10003, "done"), 50007),
    "post": Verb(post, EffectKind.CARD, "POST", _ALL, "stopped", (10003, "stopped"), 50001),
    "edit": Verb(edit, EffectKind.CARD, "PATCH", _ONE, "stopped", (10008, "done"), 50001),
    "stands": Verb(stands, EffectKind.PANEL, "GET", _ONE, "stopped", (10008, "done"), 50001),
    "look back": Verb(look_back, EffectKind.CARD, "GET", _ALL, "stopped", (10003, "stopped"), 50001),
}  # fmt: skip
NOT_TOLD = {"open a conversation", "tell"}


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if fault is not Fault.GONE], ids=lambda f: f.value
)
@pytest.mark.parametrize("name", VERBS)
async def test_every_call_outlives_every_fault(stage: Stage, name: str, fault: Fault) -> None:
    """What it comes to at first, what people see of it, and that in the end it is there exactly once."""
    verb = VERBS[name]
    await verb.wish(stage)
    code = verb.forbidden if fault is Fault.FORBIDDEN else verb.missing[0]
    stage.server.put(fault, verb.method, verb.path, code)

    await stage.world.drain()

    expected = {
        Fault.FORBIDDEN: verb.refused,
        Fault.MISSING: verb.missing[1],
        Fault.BUSY: "done",
    }.get(fault, "retry 1")
    assert await stage.standing(verb.kind) == expected
    if expected == "stopped":
        assert "needs a person" in await stage.in_the_queue()

    stage.restart()
    await stage.go_on()

    assert await stage.standing(verb.kind) == "done"
    assert "needs a person" not in await stage.in_the_queue()
    there: object = {EffectKind.GRANT: [ANN.user_id], EffectKind.REVOKE: []}.get(verb.kind, 1)
    if name in NOT_TOLD and expected == "done" and fault is not Fault.BUSY:
        there = 0
        delivery = await stage.world.one("SELECT delivery FROM letter")
        assert delivery == ("gone" if code == 10013 else "closed")
    if verb.missing[1] == "done" and name not in NOT_TOLD and fault is Fault.MISSING:
        there = 2  # the one that "was deleted" is still there on this server; the bot made a new one
    assert verb.where_it_shows(stage.server) == there


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if fault is not Fault.GONE], ids=lambda f: f.value
)
async def test_deleting_what_stands_about_somebody_outlives_every_fault(stage: Stage, fault: Fault) -> None:
    """In the end the card is gone, and so are the errand and its key. One that is gone already is done."""
    assert IDS is not None
    await stage.world.held()
    await stage.world.drain()
    subject = await stage.world.subject_id()
    assert await stage.world.erasure.person(subject, subject)
    key = await stage.world.one("SELECT key_id FROM errand")
    stage.server.put(fault, "DELETE", _ONE, 50013 if fault is Fault.FORBIDDEN else 10008)

    await stage.world.drain()

    at_once = fault in {Fault.MISSING, Fault.BUSY}
    assert await stage.world.one("SELECT count(*) FROM errand") == (0 if at_once else 1)
    if not at_once:
        expected = "stopped" if fault is Fault.FORBIDDEN else "retry 1"
        assert await stage.standing(EffectKind.ERRAND) == expected
        assert ("needs a person" in await stage.in_the_queue()) == (expected == "stopped")

    stage.restart()
    await stage.go_on()

    assert await stage.world.rows("SELECT state, attempts, last_code FROM effect WHERE kind = 'errand'") == []
    assert await stage.world.one("SELECT count(*) FROM errand") == 0
    assert stage.world.key_is_destroyed(key)
    assert "needs a person" not in await stage.in_the_queue()
    left = [text for text in stage.server.texts(IDS.review_channel) if "**Case" in text]
    assert len(left) == (1 if fault is Fault.MISSING else 0)


@pytest.mark.parametrize("name", ["grant", "revoke", "tell", "open a conversation"])
async def test_somebody_who_has_left_is_noted_and_over(stage: Stage, name: str) -> None:
    """Nobody has to look at it, and the case knows."""
    verb = VERBS[name]
    await verb.wish(stage)
    code = 50278 if name == "tell" else 10007
    stage.server.put(Fault.GONE, verb.method, verb.path, code)

    await stage.world.drain()

    assert await stage.standing(verb.kind) == "done"
    assert "needs a person" not in await stage.in_the_queue()
    gone = await stage.world.one("SELECT gone_at IS NOT NULL OR state IN ('left', 'declined') FROM cases")
    assert gone == 1


@pytest.mark.parametrize(
    "fault", [f for f in Fault if f not in {Fault.BUSY, Fault.GONE, Fault.MISSING}], ids=lambda f: f.value
)
@pytest.mark.parametrize("name", ["remove", "pause invites"])
async def test_calls_that_others_decide_about_end_in_a_value(stage: Stage, name: str, fault: Fault) -> None:
    """A refusal or another time; never an exception, and never without an end."""
    call: Callable[[], Awaitable[Result]]
    until = datetime(2026, 3, 5, tzinfo=stage.world.clock().tzinfo)
    if name == "remove":
        stage.server.put(fault, "DELETE", r"/guilds/\d+/members/\d+", 50013)
        call = lambda: stage.doorkeeper.remove(ANN.user_id, "7F3K-Q2")  # noqa: E731 - one of two, side by side
    else:
        stage.server.put(fault, "PUT", r"/guilds/\d+/incident-actions", 50013)
        call = lambda: stage.doorkeeper.pause_invites(until)  # noqa: E731 - one of two, side by side

    found = await _within(stage, call)

    if fault is Fault.FORBIDDEN:
        assert isinstance(found, Refused)
    else:
        assert isinstance(found, Later)
    stage.server.mend()
    assert isinstance(await _within(stage, call), Done)


async def _within(stage: Stage, call: Callable[[], Awaitable[Result]]) -> Result:
    return await stage.world.outbox._called(Attempt(call))


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.GONE], ids=lambda f: f.value)
async def test_commands_that_cannot_be_offered_stop_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """One line in the log, and the next time the server comes into view they are offered again."""
    assert IDS is not None
    monkeypatch.setattr("cogs._client._OFFERING_SECONDS", 0.3)

    async def nothing() -> None:
        """The server is in view."""

    client = PorchlightClient(IDS, Router(config()))
    client.furnish([], nothing, when_changed=lambda: None, when_missed=lambda: None)
    stage.server.put(fault, "PUT", r"/applications/\d+/guilds/\d+/commands", 50001)
    async with client:
        with caplog.at_level(logging.ERROR, logger="cogs._client"):
            await client.login("token")
        said = [line for line in caplog.messages if line.startswith("commands could not be offered")]
        assert len(said) == (0 if fault is Fault.BUSY else 1)
        stage.server.mend()
        before = stage.server.calls["PUT", f"/applications/900000000000000002/guilds/{IDS.server}/commands"]
        for _ in range(2):
            await client.on_ready()
        after = stage.server.calls["PUT", f"/applications/900000000000000002/guilds/{IDS.server}/commands"]
        assert after - before == (0 if fault is Fault.BUSY else 1)


async def test_a_burst_of_admissions_makes_no_storm(stage: Stage) -> None:
    """Refused with 429 for minutes: one call, and then all of them, ten in ten seconds."""
    for number in range(25):
        await stage.world.send(visitor(700000000000000001 + number), ABOUT_NIL)
        stage.world.clock.advance(seconds=6)
    stage.server.put(Fault.BUSY_FOR_LONG, "PUT", _ROLE, 0)
    await stage.world.drain()
    assert sum(n for (method, _), n in stage.server.calls.items() if method == "PUT") == 1

    await stage.go_on()

    assert len(stage.server.members) == 25
    assert sum(n for (method, _), n in stage.server.calls.items() if method == "PUT") == 26


async def test_a_card_that_was_found_again_shows_how_things_stand(stage: Stage) -> None:
    """It was posted, the answer lost, and the person asked for a talk meanwhile."""
    assert IDS is not None
    await look_back(stage)
    await stage.world.gate.ask_for_person(ANN)
    stage.restart()

    await stage.go_on()

    [card] = [text for text in stage.server.texts(IDS.review_channel) if "**Case" in text]
    assert "Would like to talk to a person" in card


async def test_a_message_in_parts_is_completed(stage: Stage) -> None:
    """The first part arrived, the second did not: only the second is sent again."""
    screen = Screen("\n\n".join(f"Part {n}. " + "x" * 1500 for n in range(2)))
    since = stage.world.clock()
    stage.server.put(Fault.RESET_AFTER, "POST", rf"/channels/{DM}/messages", 0)
    first = await stage.doorkeeper.tell(ANN.user_id, screen, "nonce")
    stage.server.mend()
    stage.server.forget_nonces()

    second = await stage.doorkeeper.tell(ANN.user_id, screen, "nonce", since)

    assert isinstance(first, Later)
    assert isinstance(second, Done)
    assert [text[:6] for text in stage.server.texts(DM)] == ["Part 0", "Part 1"]


async def test_a_refusal_without_a_code_is_not_discords(stage: Stage) -> None:
    """A proxy says 403: nothing is stopped, and it is tried again."""
    stage.server.put(Fault.FORBIDDEN, "POST", _ALL, 0)

    found = await stage.doorkeeper.post(Room.REVIEW, Screen("Hello"), "nonce")

    assert found == Later("http_403")
