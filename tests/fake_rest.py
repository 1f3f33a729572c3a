"""Discord's REST side of one server: it shows the server as payloads, and changes it when told to."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import discord
import pytest
from discord.http import HTTPClient, Route

from bot.layout.applying import applied
from bot.layout.changes import EditRole, Mend, QuietServer, RemoveOverwrite, RevokeInvite, SetOverwrite
from bot.layout.model import Channel, ChannelKind, Onboarding, Overwrite, Role, Server
from cogs._builder import _TYPES

TOKEN = "a.made-up.token"  # noqa: S105 - it opens nothing


class Answered:
    """As much of a response as an error of discord.py needs."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.reason = "simulated"


def refusal(status: int, code: int = 0) -> Exception:
    """What discord.py raises for an answer."""
    kinds: dict[int, type[discord.HTTPException]] = {403: discord.Forbidden, 404: discord.NotFound}
    response: Any = Answered(status)
    return kinds.get(status, discord.HTTPException)(response, {"code": code, "message": "simulated"})


class FakeRest:
    """One server, and everything that was asked of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.calls: list[tuple[str, str, Any, str | None]] = []
        self.refusals: dict[tuple[str, str], Exception] = {}
        self.next_id = 7000

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have every client of discord.py talk to this."""

        async def login(_http: HTTPClient, _token: str) -> Any:
            return user_payload(self.server.own_id, "porchlight")

        async def request(_http: HTTPClient, route: Route, **told: Any) -> Any:
            return self.answer(route.method, route.url.removeprefix(Route.BASE), **told)

        monkeypatch.setattr(HTTPClient, "static_login", login)
        monkeypatch.setattr(HTTPClient, "request", request)

    def refuse(self, method: str, path: str, status: int, code: int = 0) -> None:
        """Answer a call with an error."""
        self.refusals[method, path] = refusal(status, code)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """What was changed, by method and path."""
        return [(method, path) for method, path, *_ in self.calls if method != "GET"]

    def answer(self, method: str, path: str, **told: Any) -> Any:
        """What Discord says."""
        body = told.get("json")
        self.calls.append((method, path, body, told.get("reason")))
        if (method, path) in self.refusals:
            raise self.refusals[method, path]
        parts = path.strip("/").split("/")
        return self._seen(path, parts) if method == "GET" else self._changed(method, parts, body or {})

    def _seen(self, path: str, parts: list[str]) -> Any:
        server = self.server
        shown: dict[str, Callable[[], Any]] = {
            "/oauth2/applications/@me": lambda: APPLICATION,
            f"/guilds/{server.id}": lambda: guild_payload(server),
            f"/guilds/{server.id}/channels": lambda: [channel_payload(c) for c in server.channels],
            f"/guilds/{server.id}/invites": lambda: [invite_payload(i) for i in server.invites or ()],
            f"/guilds/{server.id}/onboarding": lambda: onboarding_payload(server.onboarding),
        }
        if path in shown:
            return shown[path]()
        if parts[:3] == ["guilds", str(server.id), "members"]:
            return member_payload(server, int(parts[3]))
        raise AssertionError(path)

    def _changed(self, method: str, parts: list[str], body: Mapping[str, Any]) -> Any:
        change: Mend
        match method, parts:
            case "PATCH", ["guilds", _, "roles", role_id]:
                change = EditRole(int(role_id), int(body["permissions"]))
            case "PUT", ["channels", channel_id, "permissions", target]:
                overwrite = Overwrite(int(target), body["type"] == 0, int(body["allow"]), int(body["deny"]))
                change = SetOverwrite(int(channel_id), overwrite)
            case "DELETE", ["channels", channel_id, "permissions", target]:
                change = RemoveOverwrite(int(channel_id), int(target))
            case "DELETE", ["invites", code]:
                change = RevokeInvite(code)
            case "PATCH", ["guilds", _, "widget"]:
                change = QuietServer(widget=not body["enabled"])
            case "PATCH", ["guilds", _]:
                change = QuietServer(join_notices=bool(body["system_channel_flags"] & 1))
            case "POST", ["guilds", _, "roles" | "channels"]:
                self.next_id += 1
                return {"id": str(self.next_id), **body}
            case _:
                raise AssertionError((method, parts))
        self.server = applied(self.server, change)
        return {}


APPLICATION = {
    "id": "5",
    "name": "porchlight",
    "description": "",
    "icon": None,
    "rpc_origins": None,
    "bot_public": False,
    "bot_require_code_grant": False,
    "verify_key": "",
    "team": None,
    "flags": 0,
    "owner": {"id": "6", "username": "o", "discriminator": "0", "avatar": None},
}


def user_payload(user_id: int, name: str, *, bot: bool = True) -> dict[str, Any]:
    """Somebody, as Discord sends them."""
    return {"id": str(user_id), "username": name, "discriminator": "0", "avatar": None, "bot": bot}


def guild_payload(server: Server) -> dict[str, Any]:
    """The server."""
    return {
        "id": str(server.id),
        "name": server.name,
        "owner_id": str(server.owner_id),
        "features": sorted(server.features),
        "widget_enabled": server.widget_enabled,
        "system_channel_id": None if server.system_channel_id is None else str(server.system_channel_id),
        "system_channel_flags": 0 if server.announces_joins else 1,
        "mfa_level": int(server.two_factor),
        "incidents_data": None,
        "roles": [role_payload(role) for role in server.roles],
    }


def role_payload(role: Role) -> dict[str, Any]:
    """A role, with its tags."""
    tags: dict[str, str | None] = {}
    if role.bot_id is not None:
        tags["bot_id"] = str(role.bot_id)
    if role.integration:
        tags["integration_id"] = "8"
    marked = {
        "premium_subscriber": role.booster,
        "guild_connections": role.linked,
        "available_for_purchase": role.purchasable,
    }
    return {
        "id": str(role.id),
        "name": role.name,
        "position": role.position,
        "permissions": str(int(role.permissions)),
        "managed": role.managed,
        "flags": int(role.in_prompt),
        "tags": {**tags, **{name: None for name, there in marked.items() if there}},
    }


def channel_payload(channel: Channel) -> dict[str, Any]:
    """A channel, with its overwrites."""
    return {
        "id": str(channel.id),
        "name": channel.name,
        "type": _TYPES[ChannelKind(channel.kind)],
        "parent_id": None if channel.parent_id is None else str(channel.parent_id),
        "permission_overwrites": [
            {
                "id": str(overwrite.target_id),
                "type": int(not overwrite.is_role),
                "allow": str(int(overwrite.allow)),
                "deny": str(int(overwrite.deny)),
            }
            for overwrite in channel.overwrites
        ],
    }


def invite_payload(invite: Any) -> dict[str, Any]:
    """An invite, with the roles it gives."""
    inviter = None if invite.inviter_id is None else user_payload(invite.inviter_id, "i", bot=False)
    return {
        "code": invite.code,
        "inviter": inviter,
        "roles": [{"id": str(role_id)} for role_id in sorted(invite.role_ids)],
    }


def onboarding_payload(onboarding: Onboarding | None) -> dict[str, Any]:
    """The questions on arrival."""
    asked = onboarding or Onboarding(enabled=False)
    options = [{"role_ids": [str(role_id)]} for role_id in sorted(asked.role_ids)]
    return {
        "enabled": asked.enabled,
        "prompts": [{"options": options}],
        "default_channel_ids": [str(channel_id) for channel_id in sorted(asked.default_channel_ids)],
    }


def member_payload(server: Server, user_id: int) -> dict[str, Any]:
    """Somebody in the server; raises what discord.py raises for whoever is not."""
    bots = {bot.user_id: bot for bot in server.bots or ()}
    if user_id == server.own_id:
        held = server.own_role_ids
    elif user_id in bots:
        held = bots[user_id].role_ids
    elif server.people.get(user_id):
        held = server.people[user_id]
    else:
        raise refusal(404, 10007)
    is_bot = user_id == server.own_id or user_id in bots
    name = bots[user_id].name if user_id in bots else "n"
    return {
        "user": user_payload(user_id, name, bot=is_bot),
        "roles": [str(role_id) for role_id in sorted(held)],
    }


def as_read(server: Server) -> Server:
    """The server as looking at it would give it: plain numbers, and only those looked up."""
    roles = tuple(replace(role, permissions=int(role.permissions)) for role in server.roles)
    return replace(server, roles=roles)
