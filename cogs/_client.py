"""The Discord client: intents, no caches, and one router for everything pressed."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.config.tables import Discord
from bot.keeper import Vitals
from cogs._login import in_plain_words
from cogs._review import joined
from cogs._router import Router
from cogs._strangers import leave_strangers

_log = logging.getLogger(__name__)

WhenReady = Callable[[], Awaitable[None]]
"""Called whenever the server has come into view."""

_ABOUT_THE_LAYOUT = (
    "guild_update",
    "channel_",
    "overwrite_",
    "role_",
    "invite_",
    "bot_",
    "integration_",
    "onboarding_",
)
"""How the names of audit-log actions begin that may open or close something."""

_OFFERING_SECONDS = 20
"""How long the start may take over the commands."""

_ABOUT_PEOPLE = frozenset({"on_member_join", "on_raw_member_remove", "on_audit_log_entry_create"})
"""Events that a round makes up for."""


def intents_for(ids: Discord) -> discord.Intents:
    """The server, moderation and invites (not privileged), and joins where the community grants them."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.moderation = True
    intents.invites = True
    intents.members = ids.members_intent
    return intents


class CommandTree(app_commands.CommandTree[Any]):
    """The commands. What fails before a command is reached gets a sentence like everything else."""

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        """A command that is no longer there, or changed since Discord offered it."""
        await interaction.client.router.failed(interaction, error)


class PorchlightClient(commands.Bot):
    """The client. It holds no state of the gate: that is in the database."""

    def __init__(self, ids: Discord, router: Router) -> None:
        """Take the server's ids and the router."""
        # The bot has no voice, and an admin should not wonder about libraries for it.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=CommandTree,
            intents=intents_for(ids),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=60,
        )
        self.router = router
        self._ids = ids
        self._adapters: Sequence[commands.Cog] = ()
        self._offered = self._seen_before = False

    def furnish(
        self,
        cogs: Sequence[commands.Cog],
        when_ready: WhenReady,
        *,
        when_changed: Callable[[], None],
        when_missed: Callable[[], None],
    ) -> None:
        """Take the adapters, and what to do once the server is in view and when its layout has changed.

        ``when_missed`` is called when somebody coming, leaving or changing could not be recorded.
        """
        joined(cogs)
        self._adapters = cogs
        self._when_ready = when_ready
        self._when_changed = when_changed
        self._when_missed = when_missed

    async def stay(self, token: str) -> None:
        """Log in, and stay connected until closed. Raises CannotStart with a clear sentence."""
        with in_plain_words():
            await self.start(token)

    async def setup_hook(self) -> None:
        """Register adapters and commands before the gateway opens."""
        for adapter in self._adapters:
            await self.add_cog(adapter)
            for menu in getattr(adapter, "menus", ()):
                self.tree.add_command(menu)
        await self._sync_commands()

    async def _sync_commands(self) -> None:
        """Offer the commands in this server. The gate works without them, and they are offered later."""
        guild = discord.Object(self._ids.server)
        self.tree.copy_global_to(guild=guild)
        self._offered = False
        try:
            await asyncio.wait_for(self.tree.sync(guild=guild), _OFFERING_SECONDS)
        except discord.HTTPException as error:
            _log.error("commands could not be offered: Discord answered %s", error.status)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.error("commands could not be offered: %s", type(error).__name__)
        else:
            self._offered = True

    async def on_ready(self) -> None:
        """The server is in view."""
        if not self._offered and self._seen_before:
            await self._sync_commands()
        self._seen_before = True
        if self.get_guild(self._ids.server) is None:
            _log.error("the bot is not in the configured server; invite it, then it carries on by itself")
            return
        await self._when_ready()
        await leave_strangers(self, self._ids.server)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """The server is back after an outage."""
        if not self.is_ready():
            return
        if guild.id == self._ids.server:
            await self._when_ready()
        await leave_strangers(self, self._ids.server)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited while it runs: offer the commands, which Discord refused before.

        To any other server it is a stranger.
        """
        if guild.id == self._ids.server:
            await self._sync_commands()
            await self._when_ready()
        await leave_strangers(self, self._ids.server)

    def _changed(self, guild: discord.abc.Snowflake | None) -> None:
        if guild is not None and guild.id == self._ids.server:
            self._when_changed()

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """A new channel may be open."""
        self._changed(channel.guild)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """One of ours may be gone."""
        self._changed(channel.guild)

    async def on_guild_channel_update(
        self, _before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """A channel may have been opened; overwrites come this way too."""
        self._changed(after.guild)

    async def on_guild_role_create(self, role: discord.Role) -> None:
        """A new role has what @everyone has at that moment."""
        self._changed(role.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """One of ours may be gone."""
        self._changed(role.guild)

    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        """A role may carry more than before, or stand higher."""
        self._changed(after.guild)

    async def on_guild_update(self, _before: discord.Guild, after: discord.Guild) -> None:
        """The widget, the preview and the like."""
        self._changed(after)

    async def on_invite_create(self, invite: discord.Invite) -> None:
        """An invite may give a role. Where the bot may not hear of it, the audit log tells."""
        self._changed(discord.Object(invite.guild.id) if invite.guild else None)

    async def on_invite_delete(self, invite: discord.Invite) -> None:
        """One that gave a role may be gone."""
        self._changed(discord.Object(invite.guild.id) if invite.guild else None)

    async def on_audit_log_entry_create(self, entry: discord.AuditLogEntry) -> None:
        """What no event of its own tells: onboarding, integrations, another bot, invites."""
        if str(entry.action.name).startswith(_ABOUT_THE_LAYOUT):
            self._changed(entry.guild)

    def vitals(self) -> Vitals:
        """How the connection to Discord is."""
        return Vitals(
            connected=self.is_ready() and not self.is_closed(),
            latency=self.latency if math.isfinite(self.latency) else None,
            members_intent=self.intents.members,
            library=discord.__version__,
        )

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Presses and submitted forms are read here, raw: whatever was shown before a restart still works."""
        if interaction.type is discord.InteractionType.component:
            await self.router.pressed(interaction)
        elif interaction.type is discord.InteractionType.modal_submit:
            await self.router.submitted(interaction)

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """An event handler failed: say so without content. What was about people, a round makes up for."""
        _log.exception("the handler of %s failed", event_method)
        if event_method in _ABOUT_PEOPLE:
            self._when_missed()
