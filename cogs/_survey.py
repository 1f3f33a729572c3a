"""The server as it stands, read over REST. With a gateway or without one."""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import discord
from discord.http import Route

from bot.layout.model import (
    Bot,
    Channel,
    ChannelKind,
    Invite,
    Onboarding,
    Overwrite,
    Permission,
    Role,
    Server,
)
from bot.ports import Later, Member, Refused, Why
from cogs._doorkeeper import answered
from cogs._lookout import members_after

Payload = Mapping[str, Any]
_T = TypeVar("_T")

# https://discord.com/developers/docs/resources/channel#channel-object-channel-types
_KINDS = {
    0: ChannelKind.TEXT,
    2: ChannelKind.VOICE,
    4: ChannelKind.CATEGORY,
    5: ChannelKind.ANNOUNCEMENT,
    13: ChannelKind.STAGE,
    14: ChannelKind.DIRECTORY,
    15: ChannelKind.FORUM,
    16: ChannelKind.MEDIA,
}
_IN_PROMPT = 1 << 0
_NO_JOIN_NOTICES = 1 << 0
_COMMUNITY = "COMMUNITY"

_MOST_LOOKED_UP = 60
"""People and bots who are looked up one by one. Whoever is left over is not said to be a member."""


class DiscordSurveyor:
    """Looks at one server through a client that is logged in."""

    def __init__(self, client: discord.Client, server_id: int) -> None:
        """Take the client and the server."""
        self._client = client
        self._server_id = server_id

    async def survey(self) -> Server | Refused | Later:
        """Read everything. What is forbidden is None; what fails for now fails the whole look."""
        try:
            return await self._survey()
        except _NotNowError as error:
            return error.why

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        """The next thousand members by id; none: that was all. Refused without the members intent."""
        return await members_after(self._client, self._server_id, after)

    async def _survey(self) -> Server | Refused | Later:
        http, server_id = self._client.http, self._server_id
        own = self._client.user
        if own is None:
            return Later("not_logged_in")
        guild = await answered(http.get_guild(server_id, with_counts=False))
        if isinstance(guild, Refused | Later):
            return guild
        channels = await answered(http.get_all_guild_channels(server_id))
        if isinstance(channels, Refused | Later):
            return channels
        me = await answered(http.get_member(server_id, own.id))
        if isinstance(me, Refused | Later):
            return me
        invites = await _readable(http.invites_from(server_id))
        onboarding: Payload | None = {"enabled": False}
        if _COMMUNITY in guild["features"]:
            route = Route("GET", "/guilds/{guild_id}/onboarding", guild_id=server_id)
            onboarding = await _readable(http.request(route))
        members = {}
        for user_id in _to_look_up(guild, channels, own.id)[:_MOST_LOOKED_UP]:
            members[user_id] = await self._member(user_id)
        return read(guild, channels, me, own.id, invites, onboarding, members, discord.utils.utcnow())

    async def _member(self, user_id: int) -> Payload | None:
        """Somebody in the server; None for whoever is not."""
        found = await answered(self._client.http.get_member(self._server_id, user_id))
        if isinstance(found, Later) or found == Refused(Why.FORBIDDEN):
            raise _NotNowError(found)
        return None if isinstance(found, Refused) else found


class _NotNowError(Exception):
    """A part could not be read that may be readable in a moment."""

    def __init__(self, why: Refused | Later) -> None:
        super().__init__("the server cannot be read")
        self.why = why


async def _readable(call: Awaitable[_T]) -> _T | None:
    """What Discord shows; None when it refuses to."""
    found = await answered(call)
    if isinstance(found, Later):
        raise _NotNowError(found)
    return None if isinstance(found, Refused) else found


def _to_look_up(guild: Payload, channels: Iterable[Payload], own_id: int) -> list[int]:
    """The other bots, and the people whom some channel shows itself to."""
    bots = [int(role.get("tags", {}).get("bot_id") or 0) for role in guild["roles"]]
    people = [
        int(overwrite["id"])
        for channel in channels
        for overwrite in channel.get("permission_overwrites", ())
        if int(overwrite["type"]) == 1 and int(overwrite["allow"]) & Permission.VIEW_CHANNEL
    ]
    return [user_id for user_id in dict.fromkeys([*bots, *people]) if user_id not in {0, own_id}]


def read(
    guild: Payload,
    channels: Sequence[Payload],
    me: Payload,
    own_id: int,
    invites: Sequence[Payload] | None,
    onboarding: Payload | None,
    members: Mapping[int, Payload | None],
    now: datetime,
) -> Server:
    """A server out of what Discord says of it. ``members`` are those who were looked up by their id."""
    system_channel = guild.get("system_channel_id")
    quiet = int(guild.get("system_channel_flags") or 0) & _NO_JOIN_NOTICES
    paused = discord.utils.parse_time((guild.get("incidents_data") or {}).get("invites_disabled_until"))
    return Server(
        id=int(guild["id"]),
        name=guild["name"],
        owner_id=int(guild["owner_id"]),
        roles=tuple(_role(role) for role in guild["roles"]),
        channels=tuple(_channel(channel) for channel in channels if int(channel["type"]) in _KINDS),
        own_id=own_id,
        own_role_ids=_ids(me["roles"]),
        features=frozenset(guild.get("features", ())),
        widget_enabled=bool(guild.get("widget_enabled")),
        announces_joins=system_channel is not None and not quiet,
        system_channel_id=None if system_channel is None else int(system_channel),
        invites_paused="INVITES_DISABLED" in guild.get("features", ())
        or (paused is not None and paused > now),
        invites=None if invites is None else tuple(_invite(invite) for invite in invites),
        onboarding=None if onboarding is None else _onboarding(onboarding),
        bots=_bots(guild, own_id, members),
        people={
            user_id: frozenset() if member is None else _ids(member["roles"])
            for user_id, member in members.items()
        },
        two_factor=bool(guild.get("mfa_level")),
    )


def _ids(values: Iterable[Any]) -> frozenset[int]:
    return frozenset(int(value) for value in values)


def _role(payload: Payload) -> Role:
    tags: Payload = payload.get("tags") or {}
    bot_id = tags.get("bot_id")
    return Role(
        id=int(payload["id"]),
        name=payload["name"],
        position=int(payload["position"]),
        permissions=int(payload["permissions"]),
        managed=bool(payload.get("managed")),
        bot_id=None if bot_id is None else int(bot_id),
        integration="integration_id" in tags and bot_id is None,
        # Discord marks these three by a key whose value is null.
        booster="premium_subscriber" in tags,
        linked="guild_connections" in tags,
        purchasable="available_for_purchase" in tags or "subscription_listing_id" in tags,
        in_prompt=bool(int(payload.get("flags") or 0) & _IN_PROMPT),
    )


def _channel(payload: Payload) -> Channel:
    parent = payload.get("parent_id")
    return Channel(
        id=int(payload["id"]),
        name=payload.get("name") or "",
        kind=_KINDS[int(payload["type"])],
        parent_id=None if parent is None else int(parent),
        overwrites=tuple(
            Overwrite(
                target_id=int(overwrite["id"]),
                is_role=int(overwrite["type"]) == 0,
                allow=int(overwrite["allow"]),
                deny=int(overwrite["deny"]),
            )
            for overwrite in payload.get("permission_overwrites", ())
        ),
    )


def _invite(payload: Payload) -> Invite:
    """An invite. Its roles come as whole roles, or as their ids."""
    whole = [role["id"] for role in payload.get("roles") or ()]
    inviter = payload.get("inviter")
    return Invite(
        code=payload["code"],
        role_ids=_ids([*whole, *(payload.get("role_ids") or ())]),
        inviter_id=None if inviter is None else int(inviter["id"]),
    )


def _onboarding(payload: Payload) -> Onboarding:
    options = [option for prompt in payload.get("prompts", ()) for option in prompt.get("options", ())]
    return Onboarding(
        enabled=bool(payload["enabled"]),
        role_ids=_ids(role_id for option in options for role_id in option.get("role_ids", ())),
        default_channel_ids=_ids(payload.get("default_channel_ids", ())),
    )


def _bots(guild: Payload, own_id: int, members: Mapping[int, Payload | None]) -> tuple[Bot, ...]:
    """The other bots: by the role that Discord made for each, and whoever else turned out to be one."""
    made_for = {int(role["tags"]["bot_id"]): role for role in guild["roles"] if _of_a_bot(role)}
    found = {}
    for user_id, role in made_for.items():
        member = members.get(user_id)
        held = _ids(member["roles"]) if member else frozenset[int]()
        # A bot that is gone takes its role with it, so the role stands for a bot that is here.
        found[user_id] = Bot(user_id, role["name"], held | {int(role["id"])})
    for user_id, member in members.items():
        if member and member["user"].get("bot") and user_id not in found:
            found[user_id] = Bot(user_id, member["user"]["username"], _ids(member["roles"]))
    return tuple(bot for bot in found.values() if bot.user_id != own_id)


def _of_a_bot(role: Payload) -> bool:
    return (role.get("tags") or {}).get("bot_id") is not None
