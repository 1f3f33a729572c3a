"""Looking at the server over discord.py's own HTTP client: members, and who changed roles."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import discord

from bot.config.tables import Discord
from bot.ports import Later, Member, Refused, RoleChange
from cogs._doorkeeper import answered
from cogs._visitors import member_of

_MEMBERS_PER_PAGE = 1000
_ENTRIES_PER_PAGE = 100
_MOST_PAGES = 10
"""Pages of the audit log to read at most: a thousand changes of roles."""


class DiscordLookout:
    """Looks at one server through a client."""

    def __init__(self, client: discord.Client, ids: Discord) -> None:
        """Take the client and the ids of the server."""
        self._client = client
        self._ids = ids

    async def member(self, user_id: int) -> Member | Refused | Later:
        """Somebody in the server, as they are now."""
        read = await answered(self._client.http.get_member(self._ids.server, user_id))
        if isinstance(read, Refused | Later):
            return read
        return member_of(read, owner_id=_owner(self._client, self._ids.server))

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        """The next thousand members by id."""
        return await members_after(self._client, self._ids.server, after)

    async def role_changes(self, since: datetime) -> tuple[RoleChange, ...] | Refused | Later:
        """Who gave and took the member role since a moment, the newest first."""
        found: list[RoleChange] = []
        before: int | None = None
        earliest = discord.utils.time_snowflake(since)
        for _ in range(_MOST_PAGES):
            call = self._client.http.get_audit_logs(
                self._ids.server,
                limit=_ENTRIES_PER_PAGE,
                before=before,
                action_type=discord.AuditLogAction.member_role_update.value,
            )
            read = await answered(call)
            if isinstance(read, Refused | Later):
                return read
            bots = {int(user["id"]) for user in read["users"] if user.get("bot", False)}
            entries: list[Any] = sorted(
                read["audit_log_entries"], key=lambda entry: int(entry["id"]), reverse=True
            )
            for entry in entries:
                found.extend(self._changes(entry, bots) if int(entry["id"]) >= earliest else ())
            if len(entries) < _ENTRIES_PER_PAGE or int(entries[-1]["id"]) < earliest:
                break
            before = int(entries[-1]["id"])
        return tuple(found)

    def _changes(self, entry: Mapping[str, Any], bots: set[int]) -> list[RoleChange]:
        if not entry.get("user_id") or not entry.get("target_id"):
            return []
        by, own = int(entry["user_id"]), self._client.user.id if self._client.user else 0
        return [
            RoleChange(
                user_id=int(entry["target_id"]),
                given=change["key"] == "$add",
                by=by,
                by_bot=by in bots,
                at=discord.utils.snowflake_time(int(entry["id"])),
                own=by == own,
            )
            for change in entry.get("changes") or ()
            if change["key"] in {"$add", "$remove"}
            and any(int(role["id"]) == self._ids.member_role for role in change.get("new_value") or ())
        ]


async def members_after(
    client: discord.Client, server_id: int, after: int
) -> tuple[Member, ...] | Refused | Later:
    """The next thousand members of a server by id; none: that was all. Refused without the members intent."""
    read = await answered(client.http.get_members(server_id, _MEMBERS_PER_PAGE, after))
    if isinstance(read, Refused | Later):
        return read
    owner_id = _owner(client, server_id)
    return tuple(sorted((member_of(one, owner_id=owner_id) for one in read), key=lambda one: one.user_id))


def _owner(client: discord.Client, server_id: int) -> int | None:
    """Whose server it is; None for a client that has no server in view."""
    guild = client.get_guild(server_id)
    return guild.owner_id if guild else None
