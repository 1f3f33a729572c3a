"""Feeds discord.py's own parsers, without a network: the floor, and the bot on top of it.

Replies to presses go to an adapter that suspends once and returns, so what is measured is the work
of the library and of the bot, not of a server.
"""

import asyncio
import itertools
from typing import Any

import discord
from discord.webhook import async_

GUILD = 600000000000000001
MEMBER_ROLE = 600000000000000002
QUARANTINE = 600000000000000003
REVIEW = 600000000000000004
WELCOME = 600000000000000005
MODERATOR_ROLE = 600000000000000006

_ids = itertools.count(700000000000000000)


class SilentAdapter(async_.AsyncWebhookAdapter):
    """Takes replies to presses and sends them nowhere."""

    def __init__(self) -> None:
        """Remember which interactions were answered."""
        super().__init__()  # type: ignore[no-untyped-call] # not annotated there
        self.answered: dict[str, tuple[float, dict[str, Any]]] = {}

    async def request(self, route: Any, *_: Any, **kwargs: Any) -> Any:
        """Suspend once, as a network would, and note the time of the answer."""
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        multipart = kwargs.get("multipart")
        payload = kwargs.get("payload") or {}
        key = str(route.url)
        if "callback" in key:
            interaction_id = key.split("/interactions/")[1].split("/", maxsplit=1)[0]
            self.answered[interaction_id] = (loop.time(), payload or {"m": multipart})
            return {"interaction": {"id": "1", "type": 3}}
        return _message("-")


def user(number: int) -> dict[str, Any]:
    """A Discord account."""
    return {
        "id": str(800000000000000000 + number),
        "username": f"u{number}",
        "discriminator": "0",
        "avatar": None,
        "global_name": None,
    }


def member_payload(number: int, roles: tuple[int, ...] = ()) -> dict[str, Any]:
    """A member of the server."""
    return {
        "user": user(number),
        "roles": [str(role) for role in roles],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "permissions": "1024",
        "avatar": None,
        "nick": None,
        "premium_since": None,
        "communication_disabled_until": None,
    }


def join_payload(number: int) -> dict[str, Any]:
    """GUILD_MEMBER_ADD."""
    return {**member_payload(number), "guild_id": str(GUILD)}


def interaction_payload(number: int, kind: int, data: dict[str, Any]) -> dict[str, Any]:
    """INTERACTION_CREATE, from a component (3) or a form (5)."""
    interaction_id = str(next(_ids))
    return {
        "id": interaction_id,
        "application_id": "900000000000000000",
        "type": kind,
        "token": "t",
        "version": 1,
        "guild_id": str(GUILD),
        "channel_id": str(QUARANTINE),
        "channel": {"id": str(QUARANTINE), "type": 0, "name": "front-porch", "permissions": "1024"},
        "member": member_payload(number),
        "locale": "en-US",
        "guild_locale": "en-US",
        "app_permissions": "0",
        "attachment_size_limit": 0,
        "entitlements": [],
        "authorizing_integration_owners": {},
        "data": data,
        "message": _message(data.get("custom_id", "-")),
    }


def _message(custom_id: str) -> dict[str, Any]:
    """A message of the bot's, with one button."""
    return {
        "id": str(next(_ids)),
        "channel_id": str(QUARANTINE),
        "author": user(0),
        "content": "",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "components": [
            {
                "type": 1,
                "id": 1,
                "components": [
                    {
                        "type": 2,
                        "id": 2,
                        "style": 1,
                        "label": "x",
                        "custom_id": custom_id,
                    }
                ],
            }
        ],
    }


def press(number: int, custom_id: str) -> dict[str, Any]:
    """A button was pressed."""
    return interaction_payload(number, 3, {"custom_id": custom_id, "component_type": 2, "id": 2})


def submit(number: int, custom_id: str, values: dict[str, Any]) -> dict[str, Any]:
    """A form was submitted."""
    components = []
    for identifier, (field, value) in enumerate(values.items(), start=1):
        holder = {"values": value, "type": 22} if isinstance(value, list) else {"value": value, "type": 21}
        components.append(
            {"type": 18, "id": identifier, "component": {"custom_id": field, "id": 50 + identifier, **holder}}
        )
    return interaction_payload(number, 5, {"custom_id": custom_id, "components": components})


def ready(client: discord.Client, adapter: SilentAdapter) -> None:
    """Put a server in a client's view without a gateway; replies to presses go to ``adapter``."""
    state = client._connection
    client.loop = asyncio.get_running_loop()
    client.http.loop = client.loop
    state.loop = client.loop
    own = {**user(0), "bot": True, "verified": True, "email": None, "mfa_enabled": False, "locale": "en-US"}
    state.user = discord.ClientUser(state=state, data=own)  # type: ignore[arg-type] # a plain dict
    guild = {
        "id": str(GUILD),
        "name": "bench",
        "roles": [],
        "channels": [{"id": str(QUARANTINE), "type": 0, "name": "front-porch", "position": 0}],
        "members": [],
        "member_count": 100000,
        "emojis": [],
        "stickers": [],
        "features": [],
        "large": True,
        "owner_id": "1",
    }
    state._add_guild_from_data(guild)  # type: ignore[arg-type] # a plain dict
    async_.async_context.set(adapter)


async def quiet() -> None:
    """Wait until nothing but the caller is left to run."""
    current = asyncio.current_task()
    while others := [task for task in asyncio.all_tasks() if task is not current]:
        await asyncio.wait(others)
