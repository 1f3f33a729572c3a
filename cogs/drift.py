"""Drift, as it happens: the server's audit log, and who comes with a role or as a bot."""

from collections.abc import Iterable

import discord
from discord.ext import commands

from bot.config.tables import Discord
from bot.drift import Drift as DriftUseCases
from bot.ports import RoleChange
from bot.rounds import Rounds


class Drift(commands.Cog):
    """Hears of roles given and taken past the gate, and of bots that are added."""

    def __init__(self, client: discord.Client, ids: Discord, drift: DriftUseCases, rounds: Rounds) -> None:
        """Take the client, to tell its own doing from that of others, and the use cases."""
        self._client = client
        self._ids = ids
        self._drift = drift
        self._rounds = rounds

    @commands.Cog.listener()
    async def on_audit_log_entry_create(self, entry: discord.AuditLogEntry) -> None:
        """Somebody did something that Discord writes down. Hearing of it takes View Audit Log."""
        if entry.guild.id != self._ids.server or entry.user_id is None:
            return
        if entry.action is discord.AuditLogAction.member_role_update:
            await self._role_changed(entry, entry.user_id)
        elif entry.action is discord.AuditLogAction.bot_add and entry.target is not None:
            await self._bot_added(entry.guild, int(entry.target.id), entry.user_id)

    async def _role_changed(self, entry: discord.AuditLogEntry, by: int) -> None:
        given = self._is_among(getattr(entry.after, "roles", ()))
        taken = self._is_among(getattr(entry.before, "roles", ()))
        if given == taken or entry.target is None:
            return
        own = self._client.user is not None and self._client.user.id == by
        by_bot = entry.user is not None and entry.user.bot
        change = RoleChange(int(entry.target.id), given, by, by_bot, entry.created_at, own)
        if not await self._drift.role_changed(change):
            self._rounds.want()

    def _is_among(self, roles: Iterable[discord.abc.Snowflake]) -> bool:
        return any(role.id == self._ids.member_role for role in roles)

    @commands.Cog.listener()
    async def on_member_join(self, member: discord.Member) -> None:
        """Somebody joined: a bot, or a person whom an invite or another bot gave the role on the way."""
        if member.guild.id != self._ids.server:
            return
        if member.bot:
            await self._bot_added(member.guild, member.id, None)
        elif self._is_among(member.roles) and not await self._drift.came_with_role(member.id):
            self._rounds.want()

    async def _bot_added(self, guild: discord.Guild, bot_id: int, by: int | None) -> None:
        """A bot has a role of its own, which Discord made with it; what @everyone may, it may too."""
        if self._client.user is not None and bot_id == self._client.user.id:
            return
        own = [role for role in guild.roles if role.tags is not None and role.tags.bot_id == bot_id]
        permissions = guild.default_role.permissions.value
        for role in own:
            permissions |= role.permissions.value
        name = own[0].name if own else str(bot_id)
        await self._drift.bot_added(bot_id, name, permissions, by)
