"""A small Discord on loopback: the routes the bot uses, a gateway, and faults put on any of them.

It remembers what was really done, whatever it answered. Behind it stands no simulation: the real
library talks to it over real sockets.
"""

import asyncio
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import discord
from aiohttp import web

SELF = {
    "id": "900000000000000001",
    "username": "porchlight",
    "discriminator": "0000",
    "avatar": None,
    "bot": True,
}
APPLICATION: dict[str, Any] = {
    "id": "900000000000000002",
    "name": "Porchlight",
    "description": "",
    "icon": None,
    "rpc_origins": [],
    "summary": "",
    "verify_key": "00",
    "bot_public": False,
    "bot_require_code_grant": False,
    "flags": 0,
    "owner": SELF,
    "team": None,
}


class Fault(Enum):
    """What goes wrong on the way to Discord, or there."""

    FORBIDDEN = "403"
    MISSING = "404"
    GONE = "404 of the person"
    BUSY = "429 with headers"
    BUSY_FOR_LONG = "429 with headers, for minutes"
    BANNED = "429 without headers"
    BROKEN = "500"
    AWAY = "503"
    SILENT = "no answer, and nothing done"
    SILENT_AFTER = "no answer, and it was done"
    RESET_BEFORE = "reset before anything was done"
    RESET_AFTER = "reset after it was done"


AFTER_THE_DEED = {Fault.RESET_AFTER, Fault.SILENT_AFTER}


@dataclass
class Loopback:
    """What there is at this Discord, and what was done to it."""

    clock: Callable[[], datetime]
    port: int = 0
    members: set[int] = field(default_factory=set)
    """Who holds the member role."""
    removed: list[int] = field(default_factory=list)
    messages: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    threads: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By id: what Discord says of a thread, and in ``who`` the people in it."""
    commands: list[Any] = field(default_factory=list)
    invites_until: str | None = None
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    guild: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    """What else can be read, by path."""
    greets: bool = True
    """Whether the gateway says hello."""
    listens: bool = True
    """Whether the gateway hears that somebody takes their leave."""
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when some call was left without an answer."""

    def __post_init__(self) -> None:
        self._faults: list[tuple[str, re.Pattern[str], Fault, int]] = []
        self._nonces: dict[tuple[int, str], dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._over = asyncio.Event()

    @property
    def base(self) -> str:
        """Where the library finds the routes."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway(self) -> str:
        """Where the library finds the gateway."""
        return f"ws://127.0.0.1:{self.port}/gateway"

    def put(self, fault: Fault, method: str, path: str, code: int) -> None:
        """Have calls end with a fault until it is mended; ``code`` is Discord's own for 403 and 404."""
        self._faults.append((method, re.compile(path), fault, code))

    def mend(self) -> None:
        """No more faults."""
        self._faults.clear()

    def forget_nonces(self) -> None:
        """Minutes have passed."""
        self._nonces.clear()

    def texts(self, channel_id: int) -> list[str]:
        """What stands in a channel."""
        return [message["content"] for message in self.messages[channel_id]]

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v10")
        self.calls[request.method, path] += 1
        fault, code = next(
            (
                (f, c)
                for method, where, f, c in self._faults
                if method == request.method and where.fullmatch(path)
            ),
            (None, 0),
        )
        if fault is None:
            return await handler(request)
        if fault in AFTER_THE_DEED:
            await handler(request)
        return await self._fail(request, fault, code)

    async def _fail(self, request: web.Request, fault: Fault, code: int) -> web.StreamResponse:
        match fault:
            case Fault.FORBIDDEN:
                return _error(403, code)
            case Fault.MISSING | Fault.GONE:
                return _error(404, code)
            case Fault.BUSY | Fault.BUSY_FOR_LONG:
                if fault is Fault.BUSY:
                    self.mend()
                wait = 0.01 if fault is Fault.BUSY else 120.0
                headers = {"Via": "1.1 google", "Retry-After": str(wait), "X-RateLimit-Scope": "shared"}
                return _json(
                    {"message": "", "retry_after": wait, "global": False}, status=429, headers=headers
                )
            case Fault.BANNED:
                text = "<html>error code: 1015</html>"
                return web.Response(
                    text=text, status=429, content_type="text/html", headers={"Retry-After": "90"}
                )
            case Fault.BROKEN | Fault.AWAY:
                return _json({"message": "", "code": 0}, status=int(fault.value))
            case Fault.SILENT | Fault.SILENT_AFTER:
                self.hung.set()
                await self._over.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _id(self) -> int:
        return discord.utils.time_snowflake(self.clock()) + next(self._numbers)

    async def me(self, _request: web.Request) -> web.Response:
        return _json(SELF)

    async def application(self, _request: web.Request) -> web.Response:
        return _json(APPLICATION)

    async def give_role(self, request: web.Request) -> web.Response:
        self.members.add(int(request.match_info["user"]))
        return web.Response(status=204)

    async def take_role(self, request: web.Request) -> web.Response:
        self.members.discard(int(request.match_info["user"]))
        return web.Response(status=204)

    async def member(self, request: web.Request) -> web.Response:
        user = {"id": request.match_info["user"], "username": "x", "discriminator": "0", "avatar": None}
        return _json({"user": user, "roles": [], "joined_at": None, "flags": 0, "deaf": False, "mute": False})

    async def kick(self, request: web.Request) -> web.Response:
        self.removed.append(int(request.match_info["user"]))
        return web.Response(status=204)

    async def open_dm(self, request: web.Request) -> web.Response:
        user = str((await request.json())["recipient_id"])
        recipient = {"id": user, "username": "x", "discriminator": "0", "avatar": None}
        return _json(
            {"id": str(int(user) + 1), "type": 1, "recipients": [recipient], "last_message_id": None}
        )

    async def send(self, request: web.Request) -> web.Response:
        channel, body = int(request.match_info["channel"]), await request.json()
        nonce = (channel, str(body.get("nonce", "")))
        if body.get("enforce_nonce") and nonce in self._nonces:
            return _json(self._nonces[nonce])
        message = {
            "id": str(self._id()), "channel_id": str(channel), "author": SELF,
            "content": body.get("content", ""), "timestamp": self.clock().isoformat(),
            "edited_timestamp": None, "tts": False, "type": 0,
            "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
            "pinned": False, "components": body.get("components", []), "flags": 0,
        }  # fmt: skip
        self.messages[channel].append(message)
        self._nonces[nonce] = message
        return _json(message)

    async def history(self, request: web.Request) -> web.Response:
        after, most = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        found = [m for m in self.messages[int(request.match_info["channel"])] if int(m["id"]) > after][:most]
        return _json(found[::-1])

    async def edit(self, request: web.Request) -> web.Response:
        message = self._message(request)
        if message is None:
            return _error(404, 10008)
        body = await request.json()
        message.update({key: body[key] for key in ("content", "components") if key in body})
        return _json(message)

    async def unsend(self, request: web.Request) -> web.Response:
        message = self._message(request)
        if message is None:
            return _error(404, 10008)
        self.messages[int(request.match_info["channel"])].remove(message)
        return web.Response(status=204)

    async def fetch(self, request: web.Request) -> web.Response:
        message = self._message(request)
        return _error(404, 10008) if message is None else _json(message)

    def _message(self, request: web.Request) -> dict[str, Any] | None:
        standing = self.messages[int(request.match_info["channel"])]
        return next((m for m in standing if m["id"] == request.match_info["message"]), None)

    async def incidents(self, request: web.Request) -> web.Response:
        self.invites_until = (await request.json())["invites_disabled_until"]
        return _json({"invites_disabled_until": self.invites_until, "dms_disabled_until": None})

    async def other(self, request: web.Request) -> web.Response:
        """Whatever a test has put there to see; a change is taken as it is."""
        path = request.path.removeprefix("/api/v10")
        if request.method != "GET":
            return _json({"id": str(self._id()), "enabled": False})
        shown = self.shown.get(path)
        return _error(404, 0) if shown is None else _json(shown)

    async def open_thread(self, request: web.Request) -> web.Response:
        body, thread_id = await request.json(), self._id()
        made = {
            "id": str(thread_id), "parent_id": request.match_info["channel"], "name": body["name"],
            "type": body["type"], "invitable": body["invitable"], "archived": False, "who": [],
        }  # fmt: skip
        self.threads[thread_id] = made
        return _json(made, status=201)

    async def active_threads(self, _request: web.Request) -> web.Response:
        return _json({"threads": [t for t in self.threads.values() if not t["archived"]], "members": []})

    async def archived_threads(self, _request: web.Request) -> web.Response:
        asleep = [one for one in self.threads.values() if one["archived"]]
        return _json({"threads": asleep, "members": [], "has_more": False})

    async def seat(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        if thread is None:
            return _error(404, 10003)
        if thread["archived"]:
            return _error(400, 50083)
        user = int(request.match_info["user"])
        thread["who"] = [other for other in thread["who"] if other != user]
        if request.method == "PUT":
            thread["who"].append(user)
        return web.Response(status=204)

    async def wake(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        if thread is None:
            return _error(404, 10003)
        thread["archived"] = (await request.json())["archived"]
        return _json(thread)

    async def delete_thread(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        if thread is None:
            return _error(404, 10003)
        del self.threads[int(thread["id"])]
        self.messages.pop(int(thread["id"]), None)
        return _json(thread)

    def _thread(self, request: web.Request) -> dict[str, Any] | None:
        return self.threads.get(int(request.match_info["channel"]))

    async def offer(self, request: web.Request) -> web.Response:
        self.commands = await request.json()
        common = {"application_id": APPLICATION["id"], "version": "1", "default_member_permissions": None}
        return _json(
            [
                {"type": 1, "options": [], "description": "", **c, **common, "id": str(self._id())}
                for c in self.commands
            ]
        )

    async def serve_gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        self.connected.set()
        if self.greets:
            await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
            await socket.receive()
            ready = {
                "v": 10, "user": SELF, "session_id": "s", "resume_gateway_url": self.gateway,
                "private_channels": [], "guilds": [{"id": self.guild["id"], "unavailable": True}],
                "application": APPLICATION,
            }  # fmt: skip
            await socket.send_json({"op": 0, "t": "READY", "s": 1, "d": ready})
            await socket.send_json({"op": 0, "t": "GUILD_CREATE", "s": 2, "d": self.guild})
        if not self.listens:
            await self._over.wait()
        async for message in socket:
            if json.loads(message.data)["op"] == 1:
                await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
        return socket

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Loopback"]:
        """Listen on a free port meanwhile."""
        app = web.Application(middlewares=[self.middleware])
        api = "/api/v10"
        member = f"{api}/guilds/{{guild}}/members/{{user}}"
        channel = f"{api}/channels/{{channel}}"
        messages, seat = f"{channel}/messages", f"{channel}/thread-members/{{user}}"
        app.add_routes(
            [
                web.get(f"{api}/users/@me", self.me),
                web.get(f"{api}/oauth2/applications/@me", self.application),
                web.put(f"{member}/roles/{{role}}", self.give_role),
                web.delete(f"{member}/roles/{{role}}", self.take_role),
                web.get(member, self.member),
                web.delete(member, self.kick),
                web.post(f"{api}/users/@me/channels", self.open_dm),
                web.post(messages, self.send),
                web.get(messages, self.history),
                web.patch(f"{messages}/{{message}}", self.edit),
                web.get(f"{messages}/{{message}}", self.fetch),
                web.delete(f"{messages}/{{message}}", self.unsend),
                web.post(f"{channel}/threads", self.open_thread),
                web.get(f"{api}/guilds/{{guild}}/threads/active", self.active_threads),
                web.get(f"{channel}/threads/archived/private", self.archived_threads),
                web.put(seat, self.seat),
                web.delete(seat, self.seat),
                web.patch(channel, self.wake),
                web.delete(channel, self.delete_thread),
                web.put(f"{api}/guilds/{{guild}}/incident-actions", self.incidents),
                web.put(f"{api}/applications/{{app}}/guilds/{{guild}}/commands", self.offer),
                web.get("/gateway", self.serve_gateway),
                web.route("*", f"{api}/{{rest:.*}}", self.other),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            self._over.set()
            await runner.cleanup()


def _json(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """The library knows JSON by this very header, and by no other spelling of it."""
    told = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=told)


def _error(status: int, code: int) -> web.Response:
    return _json({"message": "", "code": code}, status=status, headers={"Via": "1.1 google"})


class Hurried:
    """The library's view of asyncio, in which nobody sleeps."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, _seconds: float) -> None:
        await asyncio.sleep(0)
