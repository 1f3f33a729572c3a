"""A visit to the server over REST alone: for commands that look and build, while the bot runs or not."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord

from bot.app import CannotStart, in_plain_words, token_of
from bot.config import Secrets
from bot.ports import Builder
from bot.screens.elements import shorten
from bot.setting_up import Viewer
from cogs._builder import DiscordBuilder
from cogs._survey import DiscordSurveyor

_LONGEST_NAME = 60
_LONGEST_WAIT = 60.0
"""Seconds. What Discord wants to have later than that is a ``Later``."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What sees one server, and what builds in it."""

    surveyor: Viewer
    builder: Builder


@asynccontextmanager
async def visiting(secrets: Secrets, server_id: int | None) -> AsyncIterator[Visit]:
    """Log in, and take hold of a server: the one that is named, or the only one that the bot is in.

    Raises CannotStart with a clear sentence.
    """
    token = token_of(secrets)
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=_LONGEST_WAIT)
    async with client:
        with in_plain_words():
            await client.login(token)
            chosen = server_id or _the_only_server(await client.http.get_guilds(200))
        yield Visit(DiscordSurveyor(client, chosen), DiscordBuilder(client, chosen))


def _the_only_server(servers: Sequence[Mapping[str, Any]]) -> int:
    if not servers:
        raise CannotStart("The bot is in no server yet. Invite it first; the README says how.")
    if len(servers) > 1:
        listed = ", ".join(f"{shorten(server['name'], _LONGEST_NAME)} ({server['id']})" for server in servers)
        raise CannotStart(f"The bot is in more than one server. Name one with --server ID: {listed}")
    return int(servers[0]["id"])
