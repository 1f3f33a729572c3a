"""``python -m bench``: joins in one burst, and two hundred people answering at once."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import discord
from discord.ext import commands
from rich.console import Console
from rich.table import Table

from bench import feed
from bot.app import House, furnished, opened
from bot.config import Config, load
from bot.config.tables import Discord, Storage
from cogs._rendering import PressButton

_JOINS = 10_000
_PEOPLE = 200
_IDS = Discord(
    server=feed.GUILD,
    member_role=feed.MEMBER_ROLE,
    quarantine_channel=feed.QUARANTINE,
    review_channel=feed.REVIEW,
    welcome_channel=feed.WELCOME,
    moderator_roles=(feed.MODERATOR_ROLE,),
)
_PAGE = {"belongs": "yes", "age_ok": "yes", "capacity": "self", "links": "no"}


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


async def _burst_of_joins(client: discord.Client) -> float:
    started = time.perf_counter()
    for number in range(_JOINS):
        client._connection.parse_guild_member_add(feed.join_payload(number))  # type: ignore[arg-type] # a plain dict
        if number % 100 == 0:
            await asyncio.sleep(0)
    await feed.quiet()
    return time.perf_counter() - started


async def _at_once(
    client: discord.Client, payloads: list[dict[str, Any]], adapter: feed.SilentAdapter
) -> list[float]:
    """Milliseconds from each press to its answer, all pressed at once."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for payload in payloads:
        client._connection.parse_interaction_create(payload)  # type: ignore[arg-type] # a plain dict
    await feed.quiet()
    return sorted((adapter.answered[p["id"]][0] - began) * 1000 for p in payloads)


def _p99(times: list[float]) -> float:
    return times[int(len(times) * 0.99) - 1]


async def _prepared(house: House) -> None:
    house.client.add_dynamic_items(PressButton)
    for adapter in house.client._adapters:
        await house.client.add_cog(adapter)


async def _measure(config: Config) -> list[tuple[str, str, str, str, str]]:
    rows = []
    floor = Floor()
    adapter = feed.ready(floor)
    joins_floor = await _burst_of_joins(floor)
    await _at_once(floor, [feed.press(n, "pl:start:") for n in range(_PEOPLE)], adapter)
    reply_floor = await _at_once(floor, [feed.press(n, "pl:start:") for n in range(_PEOPLE)], adapter)

    async with opened(config, bytes(32)) as foundation:
        house = furnished(foundation)
        adapter = feed.ready(house.client)
        await _prepared(house)
        joins = await _burst_of_joins(house.client)
        recorded = await foundation.database.read(
            lambda c: c.execute("SELECT count(*) FROM cases").fetchone()[0]
        )
        if recorded != _JOINS:
            raise RuntimeError(f"{recorded} of {_JOINS} joins were recorded")
        rows.append(_row("10,000 joins in one burst, all recorded", joins * 1000, joins_floor * 1000, "5"))
        people = range(_PEOPLE)
        await _at_once(house.client, [feed.press(n, "pl:start:") for n in people], adapter)
        start = await _at_once(house.client, [feed.press(n, "pl:start:") for n in people], adapter)
        rows.append(_row("Start pressed by 200 at once, p99", _p99(start), _p99(reply_floor), "4"))
        presses = [feed.press(n, "pl:agree:") for n in people]
        agree = await _at_once(house.client, presses, adapter)
        rows.append(_row("Agree and begin, 200 at once, p99", _p99(agree), _p99(reply_floor), "4"))
        refs = [adapter.answered[p["id"]][1]["data"]["custom_id"] for p in presses]
        forms = [feed.submit(n, ref, _PAGE) for n, ref in zip(people, refs, strict=True)]
        saved = await _at_once(house.client, forms, adapter)
        rows.append(_row("a page saved by 200 at once, p99", _p99(saved), _p99(reply_floor), "4"))
        again = await _at_once(
            house.client, [feed.submit(n, r, _PAGE) for n, r in zip(people, refs, strict=True)], adapter
        )
        rows.append(
            _row("the same page again, median", statistics.median(again), statistics.median(reply_floor), "-")
        )
    return rows


def _row(what: str, ours: float, floor: float, held: str) -> tuple[str, str, str, str, str]:
    return what, f"{floor:.1f}", f"{ours:.1f}", f"{ours / floor:.1f}", held


def main() -> None:
    """Measure and print a table."""
    loaded = load(Path("config.example.toml")).config
    if loaded is None:
        raise SystemExit("config.example.toml does not load")
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(
            database=Path(folder, "p.db"), keys=Path(folder, "k.db"), key_file=Path(folder, "k")
        )
        rows = asyncio.run(_measure(loaded.model_copy(update={"discord": _IDS, "storage": storage})))
    table = Table(
        "what", "floor, ms", "Porchlight, ms", "ratio", "to hold", title="Against discord.py's own floor"
    )
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
