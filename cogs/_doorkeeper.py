"""The port over discord.py. The only place that names Discord's error codes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

import aiohttp
import discord

from bot.config.tables import Discord
from bot.ports import Done, Later, Refused, Result, Room, Why
from bot.screens.elements import Screen
from cogs._rendering import messages_of

T = TypeVar("T")

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_CODES = {
    10003: Why.MISSING_ROOM,
    10004: Why.FORBIDDEN,
    10006: Why.GONE,
    10007: Why.GONE,
    10008: Why.MISSING_MESSAGE,
    10009: Why.GONE,
    10011: Why.MISSING_ROLE,
    10013: Why.GONE,
    30033: Why.FULL,
    50001: Why.FORBIDDEN,
    50007: Why.CLOSED,
    50013: Why.FORBIDDEN,
    50035: Why.UNFIT,
    50278: Why.GONE,
    160006: Why.FULL,
}
_SLOW_DOWN = {
    40003: timedelta(minutes=10),  # opening direct messages too fast
    40333: timedelta(minutes=5),  # somebody in front of Discord, for reasons of their own
}
_ASLEEP = frozenset({50083, 160005})
"""A thread that was archived, or locked."""
_FORBIDDEN, _TOO_MANY = 403, 429

LONGEST_CALL_SECONDS = 90.0
"""Longer than the library may wait for a bucket by itself; what the outbox asks for ends earlier."""

_ARCHIVED_AFTER: Literal[10080] = 10080
"""Minutes of silence after which Discord puts a thread to sleep: a week, the longest there is."""
_LOOK_BACK = 200
"""Messages to look through for one that may have been sent before."""
_CLOCKS_DIFFER = timedelta(minutes=2)
"""How far Discord's clock and ours may lie apart."""
_T = TypeVar("_T")


class DiscordDoorkeeper:
    """Acts on one server through a client."""

    def __init__(self, client: discord.Client, ids: Discord) -> None:
        """Take the client and the ids of the server."""
        self._client = client
        self._ids = ids

    async def grant(self, user_id: int, case_code: str) -> Result:
        """Give the member role. The audit log's reason holds the case code and nothing else."""
        return await _result(
            self._client.http.add_role(
                self._ids.server, user_id, self._ids.member_role, reason=f"case {case_code}"
            )
        )

    async def revoke(self, user_id: int, case_code: str) -> Result:
        """Take the member role. Of somebody of whom nothing is kept, the audit log is told no code."""
        return await _result(
            self._client.http.remove_role(
                self._ids.server,
                user_id,
                self._ids.member_role,
                reason=f"case {case_code}" if case_code else None,
            )
        )

    async def remove(self, user_id: int, case_code: str) -> Result:
        """Remove somebody, who can come back; not if they have a role of members or of the team by now."""
        http, kept = self._client.http, False

        async def kick() -> None:
            nonlocal kept
            member = await http.get_member(self._ids.server, user_id)
            theirs = {int(role) for role in member["roles"]}
            ids = self._ids
            kept = not theirs.isdisjoint({ids.member_role, *ids.moderator_roles, *ids.staff_roles})
            if not kept:
                await http.kick(user_id, self._ids.server, reason=f"case {case_code}")

        result = await _result(kick())
        return Refused(Why.KEPT) if kept else result

    async def pause_invites(self, until: datetime | None) -> Result:
        """Discord's own switch for invites. It keeps the one for direct messages as it was."""
        data = {"invites_disabled_until": until.isoformat() if until else None}
        route = discord.http.Route("PUT", "/guilds/{guild_id}/incident-actions", guild_id=self._ids.server)
        return await _result(self._client.http.request(route, json=data))

    async def tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        """Send a direct message, in as many parts as it takes."""

        async def send() -> list[discord.Message]:
            channel = await self._client.create_dm(discord.Object(user_id))
            sent = []
            for part, message in enumerate(messages_of(screen)):
                found = await self._sent_since(channel, message, since) if since is not None else None
                own = f"{nonce[:22]}{part}"
                sent.append(found or await channel.send(nonce=own, suppress_embeds=True, **message))
            return sent

        return await _result(send())

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        """Post a message. The nonce is enforced, so that a call sent twice posts once."""
        if room is Room.ANCHOR and self._ids.anchor_channel is None:
            return Refused(Why.MISSING_ROOM)
        message = messages_of(screen)[0]
        channel = self._channel(room)

        async def send() -> discord.Message:
            posted = await self._sent_since(channel, message, since) if since is not None else None
            if posted is None:
                return await channel.send(nonce=nonce[:25], suppress_embeds=True, **message)
            if posted.content.strip() != str(message["content"]).strip():
                await posted.edit(**message)
            return posted

        return await _result(send())

    async def _sent_since(
        self, channel: discord.abc.Messageable, message: Mapping[str, Any], since: datetime
    ) -> discord.Message | None:
        """The bot's own message that begins like this one and was sent after a moment.

        Discord remembers a nonce for minutes only. The first line tells a message apart: on a card it
        holds the case code, and nothing else makes two messages alike between two attempts at one.
        """
        first_line = str(message["content"]).strip().partition("\n")[0]
        own = self._client.user.id if self._client.user else 0
        async for found in channel.history(limit=_LOOK_BACK, after=since - _CLOCKS_DIFFER):
            if found.author.id == own and found.content.strip().partition("\n")[0] == first_line:
                return found
        return None

    async def edit(self, room: Room, message_id: int, screen: Screen) -> Result:
        """Edit a message of the bot's own."""
        message = {"view": None, **messages_of(screen)[0]}
        return await _result(self._channel(room).get_partial_message(message_id).edit(**message))

    async def stands(self, room: Room, message_id: int) -> Result:
        """Whether a message of the bot's own is still there."""
        return await _result(self._channel(room).fetch_message(message_id))

    async def delete(self, channel_id: int, message_id: int) -> Result:
        """Delete a message of the bot's own. The audit log keeps nothing of that."""
        return await _result(self._client.http.delete_message(channel_id, message_id))

    async def delete_in(self, room: Room, message_id: int) -> Result:
        """Delete a message of the bot's own, in a channel known by what it is for."""
        return await self.delete(self._channel(room).id, message_id)

    async def open_thread(
        self,
        case_code: str,
        user_ids: tuple[int, ...],
        nonce: str,  # noqa: ARG002 - Discord takes none for a thread
        since: datetime | None = None,
    ) -> Result:
        """Open a private thread that only moderators and the bot can add people to."""
        http, made = self._client.http, 0

        async def make() -> None:
            nonlocal made
            made = await self._thread_named(case_code) if since is not None else 0
            if not made:
                thread = await http.start_thread_without_message(
                    self._ids.quarantine_channel,
                    name=case_code,
                    auto_archive_duration=_ARCHIVED_AFTER,
                    type=discord.ChannelType.private_thread.value,
                    invitable=False,
                )
                made = int(thread["id"])
            for user_id in user_ids:
                await http.add_user_to_thread(made, user_id)

        result = await _result(make())
        if isinstance(result, Refused) and made:
            await self.close_thread(made)
        return Done(made_id=made) if isinstance(result, Done) else result

    async def _thread_named(self, case_code: str) -> int:
        """The thread of this name under the quarantine channel, awake or asleep; 0 if there is none."""
        http, parent = self._client.http, str(self._ids.quarantine_channel)
        awake = await http.get_active_threads(self._ids.server)
        found = [one for one in awake["threads"] if one.get("parent_id") == parent]
        if not any(one["name"] == case_code for one in found):
            asleep = await http.get_private_archived_threads(self._ids.quarantine_channel)
            found = list(asleep["threads"])
        return next((int(one["id"]) for one in found if one["name"] == case_code), 0)

    async def join_thread(self, thread_id: int, user_id: int) -> Result:
        """Add somebody to a thread; one that is asleep is woken."""
        http = self._client.http
        return await self._in_thread(thread_id, lambda: http.add_user_to_thread(thread_id, user_id))

    async def leave_thread(self, thread_id: int, user_id: int) -> Result:
        """Take somebody out of a thread; one that is asleep is woken."""
        http = self._client.http
        return await self._in_thread(thread_id, lambda: http.remove_user_from_thread(thread_id, user_id))

    async def post_in(
        self, thread_id: int, screen: Screen, nonce: str, since: datetime | None = None
    ) -> Result:
        """Post in a thread. The nonce is enforced, as in a channel."""
        channel = self._client.get_partial_messageable(thread_id, guild_id=self._ids.server)
        message = messages_of(screen)[0]

        async def send() -> discord.Message:
            posted = await self._sent_since(channel, message, since) if since is not None else None
            return posted or await channel.send(nonce=nonce[:25], suppress_embeds=True, **message)

        return await self._in_thread(thread_id, send)

    async def _in_thread(self, thread_id: int, call: Callable[[], Awaitable[object]]) -> Result:
        """What a call about a thread comes to; where the thread is asleep, it is woken, and called again."""

        async def awake() -> object:
            try:
                return await call()
            except discord.HTTPException as error:
                if error.code not in _ASLEEP:
                    raise
            await self._client.http.edit_channel(thread_id, archived=False, locked=False)
            return await call()

        return _about_thread(await _result(awake()))

    async def close_thread(self, thread_id: int, case_code: str = "") -> Result:
        """Delete a thread. The audit log keeps who did it and nothing of what was said."""

        async def delete() -> None:
            found = thread_id or await self._thread_named(case_code)
            if found:
                await self._client.http.delete_channel(found)

        return _about_thread(await _result(delete()))

    def _channel(self, room: Room) -> discord.PartialMessageable:
        ids = {
            Room.QUARANTINE: self._ids.quarantine_channel,
            Room.REVIEW: self._ids.review_channel,
            Room.LOG: self._ids.log_channel or self._ids.review_channel,
            Room.WELCOME: self._ids.welcome_channel,
            Room.ANCHOR: self._ids.anchor_channel or self._ids.review_channel,
        }
        return self._client.get_partial_messageable(ids[room], guild_id=self._ids.server)


def _about_thread(result: Result) -> Result:
    """Discord calls a thread a channel."""
    return Refused(Why.MISSING_THREAD) if result == Refused(Why.MISSING_ROOM) else result


async def answered(call: Awaitable[_T]) -> _T | Refused | Later:
    """What a call returned, or why it returned nothing, as a value. No call goes on for ever."""
    try:
        async with asyncio.timeout(LONGEST_CALL_SECONDS):
            return await call
    except discord.RateLimited as error:
        return Later("rate_limited", timedelta(seconds=error.retry_after))
    except discord.HTTPException as error:
        return _refusal(error)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return Later(type(error).__name__)


async def _result(call: Awaitable[object]) -> Result:
    """What a call came to."""
    value = await answered(call)
    if isinstance(value, Refused | Later):
        return value
    sent = [
        one for one in (value if isinstance(value, list) else [value]) if isinstance(one, discord.Message)
    ]
    if not sent:
        return Done()
    return Done(sent[-1].id, channel_id=sent[-1].channel.id, message_ids=tuple(one.id for one in sent))


def _refusal(error: discord.HTTPException) -> Refused | Later:
    """What an error means. One without a code of Discord's comes from something on the way there."""
    if error.code in _CODES:
        return Refused(_CODES[error.code])
    if error.code in _SLOW_DOWN:
        return Later("slow_down", _SLOW_DOWN[error.code])
    if error.status == _FORBIDDEN and error.code:
        return Refused(Why.FORBIDDEN)
    return Later(f"http_{error.status}", _asked_for(error) if error.status == _TOO_MANY else None)


def _asked_for(error: discord.HTTPException) -> timedelta | None:
    """How long to wait, if the answer says so."""
    asked = error.response.headers.get("Retry-After", "")
    return timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() and asked != "0" else None
