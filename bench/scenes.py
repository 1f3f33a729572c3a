"""What is measured: joins in one burst, two hundred people at once, and both together."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import discord
from discord.ext import commands

from bench import feed
from bot.app import House, furnished
from bot.clock import machine_clock
from bot.config import Config
from bot.config.tables import Discord, Raid
from bot.effects import Outbox
from bot.opening import opened
from bot.ports import Done, Doorkeeper, Lookout, Result

IDS = Discord(
    server=feed.GUILD,
    member_role=feed.MEMBER_ROLE,
    quarantine_channel=feed.QUARANTINE,
    review_channel=feed.REVIEW,
    welcome_channel=feed.WELCOME,
    moderator_roles=(feed.MODERATOR_ROLE,),
)
NO_WAVES = Raid(joins=10_000, within=timedelta(milliseconds=1), quiet=timedelta(hours=1), lapse_batch=100)
"""Whoever came with a wave is held, and what a moderator does is not what is measured here."""

JOINS = 10_000
PEOPLE = 200
_DISTURBED = 100
"""People who press while others join."""

_NOTHING = {"belongs": "yes", "age_ok": "yes", "capacity": "self", "links": "no"}
_UNTOLD = {**_NOTHING, "links": "rather_not_say"}
_AGREED = {"statements": ["true", "named", "keep", "update"]}

Payload = dict[str, Any]


class Floor(commands.Bot):
    """A client that does nothing on a join and only replies to a press."""

    def __init__(self) -> None:
        """The same intents and caches as the bot."""
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True, members=True, moderation=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )

    async def on_member_join(self, member: discord.Member) -> None:
        """Nothing."""

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Only reply."""
        await interaction.response.send_message("Saved.", ephemeral=True)


class CountingDoorkeeper:
    """Does whatever it is asked to, and counts the calls by verb."""

    def __init__(self) -> None:
        """Nothing was called yet."""
        self.calls: Counter[str] = Counter()

    def __getattr__(self, verb: str) -> Callable[..., Awaitable[Result]]:
        """Any verb of the port."""

        async def call(*_: object, **__: object) -> Result:
            self.calls[verb] += 1
            return Done(self.calls.total())

        return call


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds that something took: on the clock, and on the processor in all threads together."""

    waited: float
    worked: float


@dataclass(slots=True)
class Measured:
    """One round: what ours and the floor took by what was done, and calls per case."""

    times: dict[str, tuple[Took, Took]] = field(default_factory=dict)
    slowest_press: float = 0.0
    calls: dict[str, float] = field(default_factory=dict)


async def one_round(config: Config) -> Measured:
    """Measure everything once, on new files."""
    measured = Measured()
    floor, adapter = Floor(), feed.SilentAdapter()
    feed.ready(floor, adapter)
    joining_floor = await _burst_of_joins(floor)
    async with opened(config, bytes(32)) as foundation:
        house = furnished(foundation)
        feed.ready(house.client, adapter)
        for cog in house.client._adapters:
            await house.client.add_cog(cog)
        joining = await _burst_of_joins(house.client)
        await _insist(house, "SELECT count(*) FROM cases", JOINS)
        measured.times["10,000 join in one burst, all recorded"] = joining, joining_floor
        await _answering(_Bench(measured, floor, house.client, adapter))
        await _insist(house, "SELECT count(*) FROM cases WHERE state = 'admitted'", PEOPLE)
        measured.calls["a nil return admitted"] = await _calls_per_case(house)
        await _being_held(_Bench(measured, floor, house.client, adapter))
        await _insist(house, "SELECT count(*) FROM cases WHERE state = 'held'", PEOPLE)
        measured.calls["a case held"] = await _calls_per_case(house)
        measured.slowest_press = await _pressing_while_others_join(house.client, adapter)
        await _insist(house, "SELECT count(*) FROM cases", 2 * JOINS)
    return measured


@dataclass(frozen=True, slots=True)
class _Bench:
    measured: Measured
    floor: discord.Client
    client: discord.Client
    adapter: feed.SilentAdapter

    async def at_once(self, what: str, payloads: Sequence[Payload]) -> list[Payload]:
        """Have all of it pressed at once, note the 99th percentile beside the floor's; return the answers."""
        presses = [feed.press(number, "pl:start:") for number in range(len(payloads))]
        before = await _p99(self.floor, presses, self.adapter)
        ours = await _p99(self.client, payloads, self.adapter)
        after = await _p99(self.floor, presses, self.adapter)
        if what:
            floor = Took((before.waited + after.waited) / 2, (before.worked + after.worked) / 2)
            self.measured.times[what] = ours, floor
        return [self.adapter.answered[payload["id"]][1]["data"] for payload in payloads]


async def _answering(bench: _Bench) -> None:
    """Two hundred people go through the gate, each step all at once."""
    people = range(PEOPLE)
    await bench.at_once("", [feed.press(n, "pl:start:") for n in people])
    await bench.at_once("Start", [feed.press(n, "pl:start:") for n in people])
    popups = await bench.at_once("Agree and begin", [feed.press(n, "pl:agree:") for n in people])
    refs = [popup["custom_id"] for popup in popups]
    first = [feed.submit(n, ref, _NOTHING) for n, ref in zip(people, refs, strict=True)]
    await bench.at_once("a page saved", first)
    again = [feed.submit(n, ref, _NOTHING) for n, ref in zip(people, refs, strict=True)]
    saved = await bench.at_once("the same page saved again", again)
    checks = [feed.press(n, _button(answer, "pl:summary:")) for n, answer in zip(people, saved, strict=True)]
    summaries = await bench.at_once("Check and send (the summary)", checks)
    sends = [feed.press(n, _button(answer, "pl:form:")) for n, answer in zip(people, summaries, strict=True)]
    popups = await bench.at_once("Send (opens the statements)", sends)
    sent = [feed.submit(n, popup["custom_id"], _AGREED) for n, popup in zip(people, popups, strict=True)]
    await bench.at_once("my answers sent: a nil return, admitted", sent)


async def _being_held(bench: _Bench) -> None:
    """Two hundred others would rather not say, and are held."""
    people = range(PEOPLE, 2 * PEOPLE)
    popups = await bench.at_once("", [feed.press(n, "pl:agree:") for n in people])
    pages = [feed.submit(n, popup["custom_id"], _UNTOLD) for n, popup in zip(people, popups, strict=True)]
    saved = await bench.at_once("", pages)
    checks = [feed.press(n, _button(answer, "pl:summary:")) for n, answer in zip(people, saved, strict=True)]
    summaries = await bench.at_once("", checks)
    sends = [feed.press(n, _button(answer, "pl:form:")) for n, answer in zip(people, summaries, strict=True)]
    popups = await bench.at_once("", sends)
    sent = [feed.submit(n, popup["custom_id"], _AGREED) for n, popup in zip(people, popups, strict=True)]
    await bench.at_once("my answers sent: held", sent)


def _button(answer: Payload, beginning: str) -> str:
    """The custom id of the first button of an answer that begins like this."""
    rows = answer["components"]
    ids: list[str] = [button["custom_id"] for row in rows for button in row["components"]]
    return next(custom_id for custom_id in ids if custom_id.startswith(beginning))


async def _burst_of_joins(client: discord.Client) -> Took:
    payloads = [feed.join_payload(number) for number in range(JOINS)]
    gc.collect()
    started, worked = time.perf_counter(), time.process_time()
    for number, payload in enumerate(payloads):
        client._connection.parse_guild_member_add(payload)  # type: ignore[arg-type] # a plain dict
        if number % 100 == 0:
            await asyncio.sleep(0)
    await feed.quiet()
    return Took((time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000)


async def _p99(client: discord.Client, payloads: Sequence[Payload], adapter: feed.SilentAdapter) -> Took:
    """How long it takes until 99 of 100 are answered when all press at once, and all the work of it."""
    gc.collect()
    loop = asyncio.get_running_loop()
    began, worked = loop.time(), time.process_time()
    for payload in payloads:
        client._connection.parse_interaction_create(payload)  # type: ignore[arg-type] # a plain dict
    await feed.quiet()
    worked = (time.process_time() - worked) * 1000
    times = sorted((adapter.answered[p["id"]][0] - began) * 1000 for p in payloads)
    return Took(times[int(len(times) * 0.99) - 1], worked)


async def _pressing_while_others_join(client: discord.Client, adapter: feed.SilentAdapter) -> float:
    """Milliseconds of the slowest answer, to people who press while 10,000 others join."""
    began: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    every = JOINS // _DISTURBED
    payloads = [feed.join_payload(JOINS + number) for number in range(JOINS)]
    presses = [feed.press(2 * PEOPLE + n, "pl:agree:") for n in range(_DISTURBED)]
    gc.collect()
    for number, payload in enumerate(payloads):
        client._connection.parse_guild_member_add(payload)  # type: ignore[arg-type] # a plain dict
        if number % every == 0:
            press = presses[number // every]
            began[press["id"]] = loop.time()
            client._connection.parse_interaction_create(press)  # type: ignore[arg-type] # a plain dict
            await asyncio.sleep(0)
    await feed.quiet()
    return max(adapter.answered[key][0] - at for key, at in began.items()) * 1000


async def _calls_per_case(house: House) -> float:
    """How many calls the outbox makes for each of the cases that were just sent."""
    doorkeeper = CountingDoorkeeper()
    # Nobody is being screened, so that nobody is looked at.
    nobody_to_look_at = cast("Lookout", None)
    outbox, now = (
        Outbox(house.foundation, cast("Doorkeeper", doorkeeper), nobody_to_look_at),
        machine_clock(),
    )
    while (due := await outbox.drain(now)) is not None:
        # Roles are given no faster than Discord takes them; the bench need not wait for that.
        now = max(due, now + timedelta(seconds=1))
    return doorkeeper.calls.total() / PEOPLE


async def _insist(house: House, statement: str, expected: int) -> None:
    """Raises RuntimeError unless what was acknowledged is on record."""
    [found] = await house.foundation.database.read(lambda c: c.execute(statement).fetchone())
    if found != expected:
        raise RuntimeError(f"{statement}: {found} instead of {expected}")
