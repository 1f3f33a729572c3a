"""The composition root: the only place that knows both the core and Discord."""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord

from bot.asking import Asking
from bot.concerns.handling import Handling
from bot.concerns.patterns import Patterns
from bot.concerns.telling import Telling
from bot.config import Config, Secrets
from bot.config.tables import Discord
from bot.drift import Drift
from bot.effects import Outbox
from bot.fairness.aside import SteppingAside
from bot.fairness.interests import OwnLinks
from bot.fairness.late import LateInterests
from bot.fairness.organisations import Organisations
from bot.fairness.outside import Outside
from bot.findings import Findings, Watch
from bot.forgetting.erasure import Erasure
from bot.forms import Forms
from bot.foundation import Foundation
from bot.gate import Gate
from bot.keeper import Keeper
from bot.links import Links
from bot.opening import CannotStart
from bot.ports import Builder
from bot.reminders import Reminders
from bot.review.appeal_desk import AppealDesk
from bot.review.appeals import Appeals
from bot.review.claims import Claims
from bot.review.confirming import Confirming
from bot.review.conversations import Conversations
from bot.review.decisions import Decisions
from bot.review.desk import Desk
from bot.review.drafts import Drafts
from bot.review.more import More
from bot.review.questions import Questions
from bot.review.queue import Queue
from bot.review.record import Record
from bot.review.stats import Statistics
from bot.review.talks import Talks
from bot.rights import Rights
from bot.rounds import Rounds
from bot.screens.elements import shorten
from bot.setting_up import Viewer
from bot.store import effects
from bot.store.effects import EffectKind
from bot.submission import Submission
from bot.sweep import Sweep
from cogs._builder import DiscordBuilder
from cogs._client import PorchlightClient
from cogs._doorkeeper import DiscordDoorkeeper
from cogs._login import in_plain_words
from cogs._lookout import DiscordLookout
from cogs._router import Router
from cogs._survey import DiscordSurveyor
from cogs.appeals import Appeals as AppealsCog
from cogs.claims import Claims as ClaimsCog
from cogs.concern_files import ConcernFiles as ConcernFilesCog
from cogs.concerns import Concerns as ConcernsCog
from cogs.decisions import Decisions as DecisionsCog
from cogs.desk import Desk as DeskCog
from cogs.drift import Drift as DriftCog
from cogs.gate import Gate as GateCog
from cogs.help import Help as HelpCog
from cogs.interests import Interests as InterestsCog
from cogs.keeper import Keeper as KeeperCog
from cogs.links import Links as LinksCog
from cogs.motions import Motions as MotionsCog
from cogs.organisations import Organisations as OrganisationsCog
from cogs.outside import Outside as OutsideCog
from cogs.questions import Conversing as ConversingCog
from cogs.queue import Queue as QueueCog
from cogs.record import Record as RecordCog
from cogs.reminders import Reminders as RemindersCog
from cogs.rights import Rights as RightsCog

_LONGEST_NAME = 60
_LONGEST_WAIT = 60.0
"""Seconds. What Discord wants to have later than that is a ``Later``."""


@dataclass(frozen=True, slots=True)
class House:
    """The furnished bot: the client, and what works beside it."""

    foundation: Foundation
    client: PorchlightClient
    outbox: Outbox
    sweep: Sweep
    watch: Watch
    rounds: Rounds
    asking: Asking


def furnished(foundation: Foundation) -> House:
    """Put the use cases behind their adapters. Raises CannotStart without a ``[discord]`` table."""
    config = foundation.config
    ids = ids_of(config)
    router = Router(config)
    forms = Forms(foundation)
    gate = Gate(foundation, forms)
    client = PorchlightClient(ids, router)
    doorkeeper, lookout = DiscordDoorkeeper(client, ids), DiscordLookout(client, ids)
    findings = Findings(foundation, DiscordSurveyor(client, ids.server))
    watch = Watch(foundation, findings)
    drift = Drift(foundation, gate, lookout)
    rounds = Rounds(foundation, gate, drift, lookout)
    desk = Desk(foundation)
    handling, patterns = Handling(foundation, desk), Patterns(foundation, desk)
    cogs = (
        HelpCog(config, router),
        GateCog(config, router, gate, forms, Submission(foundation, gate)),
        RemindersCog(router, Reminders(foundation)),
        LinksCog(config, router, Links(foundation, forms)),
        RightsCog(config, router, Rights(foundation, Erasure(foundation))),
        DeskCog(
            config,
            router,
            desk,
            handling,
            patterns,
            Conversations(foundation, forms),
            More(foundation),
        ),
        AppealsCog(config, router, Appeals(foundation), AppealDesk(foundation)),
        DecisionsCog(config, router, Decisions(foundation), Drafts(foundation)),
        MotionsCog(router, Confirming(foundation)),
        RecordCog(config, router, desk, Record(foundation)),
        ConcernsCog(config, router, Telling(foundation)),
        ConcernFilesCog(router, handling, patterns),
        ConversingCog(config, router, Questions(foundation), Talks(foundation)),
        QueueCog(config, router, Queue(foundation, desk), Statistics(foundation)),
        ClaimsCog(router, Claims(foundation)),
        InterestsCog(
            config, router, OwnLinks(foundation, Links(foundation, forms)), SteppingAside(foundation)
        ),
        OutsideCog(config, router, Outside(foundation), LateInterests(foundation), desk),
        OrganisationsCog(config, router, Organisations(foundation)),
        KeeperCog(router, Keeper(foundation, doorkeeper, client.vitals), findings),
        DriftCog(client, ids, drift, rounds),
    )

    async def when_ready() -> None:
        watch.in_view()
        rounds.want()
        await _server_in_view(foundation)

    client.furnish(cogs, when_ready, when_changed=watch.changed, when_missed=rounds.want)
    outbox = Outbox(foundation, doorkeeper, lookout, gone=gate.leave)
    return House(foundation, client, outbox, Sweep(foundation), watch, rounds, Asking(foundation))


async def _server_in_view(foundation: Foundation) -> None:
    """See to the panel, and try again what was stuck."""
    now = foundation.now()

    def want(connection: sqlite3.Connection) -> None:
        effects.want(connection, EffectKind.PANEL, key="panel", now=now)
        effects.retry_all(connection, now)

    await foundation.database.write(want)


def token_of(secrets: Secrets) -> str:
    """The bot's token. Raises CannotStart without one."""
    if secrets.discord_token is None:
        raise CannotStart(
            "There is no bot token. Put DISCORD_TOKEN=… into .env or the environment; never into the TOML."
        )
    return secrets.discord_token.get_secret_value()


def ids_of(config: Config) -> Discord:
    """The ids of the server. Raises CannotStart without a ``[discord]`` table."""
    if config.discord is None:
        raise CannotStart(
            "The configuration has no [discord] table. Run setup, or add the ids of your server yourself."
        )
    return config.discord


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
