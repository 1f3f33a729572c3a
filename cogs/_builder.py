"""Changes to the server's layout, made over REST."""

from collections.abc import Awaitable, Mapping
from typing import Any, Literal

import discord

from bot.layout.changes import (
    Change,
    CreateChannel,
    CreateRole,
    EditRole,
    QuietServer,
    RemoveOverwrite,
    RevokeInvite,
    SetOverwrite,
)
from bot.layout.model import ChannelKind, Overwrite
from bot.ports import Done, Later, Refused, Result, Why
from cogs._doorkeeper import answered

_REASON = "porchlight: set-up"
"""What the audit log says: enough to know who did it, and nothing about anybody."""

_ROLE: Literal[0] = 0
_MEMBER: Literal[1] = 1
_NO_JOIN_NOTICES = 1 << 0

_TYPES: Mapping[ChannelKind, Any] = {
    ChannelKind.TEXT: 0,
    ChannelKind.VOICE: 2,
    ChannelKind.CATEGORY: 4,
    ChannelKind.ANNOUNCEMENT: 5,
    ChannelKind.STAGE: 13,
    ChannelKind.DIRECTORY: 14,
    ChannelKind.FORUM: 15,
    ChannelKind.MEDIA: 16,
}


class DiscordBuilder:
    """Changes one server through a client that is logged in. Remembers what it made, by key."""

    def __init__(self, client: discord.Client, server_id: int) -> None:
        """Take the client and the server."""
        self._client = client
        self._server_id = server_id
        self._made: dict[str, int] = {}

    async def apply(self, change: Change) -> Result:
        """Make one change."""
        http = self._client.http
        match change:
            case CreateRole(key, name, permissions):
                return await self._role(key, name, permissions)
            case CreateChannel():
                return await self._channel(change)
            case EditRole(role_id, permissions):
                return await _done(
                    http.edit_role(self._server_id, role_id, permissions=str(permissions), reason=_REASON)
                )
            case SetOverwrite(channel_id, overwrite):
                return await self._overwrite(channel_id, overwrite)
            case RemoveOverwrite(channel_id, target_id):
                return await _gone(http.delete_channel_permissions(channel_id, target_id, reason=_REASON))
            case RevokeInvite(code):
                return await _gone(http.delete_invite(code, reason=_REASON))
            case QuietServer(widget, join_notices):
                return await self._quiet(widget=widget, join_notices=join_notices)

    async def give_role(self, user_id: int, role_id: int) -> Result:
        """Give somebody a role."""
        return await _done(self._client.http.add_role(self._server_id, user_id, role_id, reason=_REASON))

    async def _role(self, key: str, name: str, permissions: int) -> Result:
        call = self._client.http.create_role(
            self._server_id, name=name, permissions=str(permissions), reason=_REASON
        )
        return self._remembered(key, await answered(call))

    async def _channel(self, change: CreateChannel) -> Result:
        overwrites = []
        for target, (allow, deny) in change.overwrites.items():
            found = self._target(target)
            if found is None:
                return Refused(Why.MISSING_ROLE)
            target_id, kind = found
            overwrites.append({"id": target_id, "type": kind, "allow": str(allow), "deny": str(deny)})
        call = self._client.http.create_channel(
            self._server_id,
            _TYPES[change.kind],
            name=change.name,
            permission_overwrites=overwrites,
            reason=_REASON,
        )
        return self._remembered(change.key, await answered(call))

    def _target(self, target: int | str) -> tuple[int, int] | None:
        """Whom an overwrite is for: a role by id or key, or the bot itself."""
        if isinstance(target, int):
            return target, _ROLE
        if target == "me":
            return (self._client.user.id, _MEMBER) if self._client.user else None
        made = self._made.get(target)
        return None if made is None else (made, _ROLE)

    def _remembered(self, key: str, made: Any) -> Result:
        if isinstance(made, Refused | Later):
            return made
        self._made[key] = int(made["id"])
        return Done(made_id=self._made[key])

    async def _overwrite(self, channel_id: int, overwrite: Overwrite) -> Result:
        return await _done(
            self._client.http.edit_channel_permissions(
                channel_id,
                overwrite.target_id,
                str(overwrite.allow),
                str(overwrite.deny),
                _ROLE if overwrite.is_role else _MEMBER,
                reason=_REASON,
            )
        )

    async def _quiet(self, *, widget: bool, join_notices: bool) -> Result:
        http = self._client.http
        if widget:
            result = await _done(http.edit_widget(self._server_id, {"enabled": False}, reason=_REASON))
            if not isinstance(result, Done):
                return result
        if join_notices:
            guild = await answered(http.get_guild(self._server_id, with_counts=False))
            if isinstance(guild, Refused | Later):
                return guild
            flags = int(guild.get("system_channel_flags") or 0) | _NO_JOIN_NOTICES
            return await _done(http.edit_guild(self._server_id, system_channel_flags=flags, reason=_REASON))
        return Done()


async def _done(call: Awaitable[object]) -> Result:
    result = await answered(call)
    return result if isinstance(result, Refused | Later) else Done()


async def _gone(call: Awaitable[object]) -> Result:
    """Whether something is not there any more. Somebody may have been faster."""
    result = await _done(call)
    return Done() if result == Refused(Why.GONE) else result
