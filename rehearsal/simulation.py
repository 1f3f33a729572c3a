"""The one adaptor to the simulated Discord, and the seams of it that are private.

It is pinned exactly. Beyond its public surface this file makes REST calls really suspend, so that
races show; lets several people act at once; closes somebody's messages; and picks their language.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import discord
import simcord
from simcord import actors as _actors
from simcord import interactions as _interactions
from simcord.backend import errors as _refusals
from simcord.backend import serializers
from simcord.backend.models import Overwrite
from simcord.enums import InteractionType, OverwriteType
from simcord.http.router import RequestContext, route

if simcord.__version__ != "3.2.1":
    raise ImportError("the adaptor is written for simcord 3.2.1")

# Its idle poll of 50 ms would make every press take that long.
_settle_defaults: dict[str, Any] = simcord.Env._settle_internal.__kwdefaults__ or {}
_settle_defaults["idle"] = 0.002

_SERVER_ERRORS = 500


def _described(original: Callable[..., Any]) -> Callable[..., Any]:
    """What is said of a server or role, with what the simulation does not know by itself laid over it."""

    def said(*args: Any, **kwargs: Any) -> Any:
        return {**original(*args, **kwargs), **getattr(args[-1], "described", {})}

    return said


@route("GET", "/guilds/{guild_id}/onboarding")
def _onboarding(ctx: Any) -> Any:
    guild = ctx.backend.get_guild(ctx.int_arg("guild_id"))
    return getattr(guild, "onboarding", {"enabled": False, "prompts": [], "default_channel_ids": []})


@route("PATCH", "/guilds/{guild_id}/widget")
def _widget(ctx: Any) -> Any:
    ctx.require_guild_permissions(ctx.int_arg("guild_id"), "manage_guild")
    guild = ctx.backend.get_guild(ctx.int_arg("guild_id"))
    guild.described = {**getattr(guild, "described", {}), "widget_enabled": ctx.body()["enabled"]}
    return {"enabled": ctx.body()["enabled"], "channel_id": None}


for _name in ("guild_create_payload", "role_payload", "invite_payload"):
    setattr(serializers, _name, _described(getattr(serializers, _name)))

Environment = simcord.Env
Request = RequestContext
MisuseError = simcord.SetupError


_LONGEST_PAUSE = timedelta(hours=24)
_paused_until: WeakKeyDictionary[Any, dict[int, datetime | None]] = WeakKeyDictionary()
"""Until when a simulated server takes no invites, by its Discord and its id."""


@route("PUT", "/guilds/{guild_id}/incident-actions")
def _incident_actions(ctx: RequestContext) -> dict[str, Any]:
    """Discord's own switch for invites, which the simulation lacks."""
    guild_id = ctx.int_arg("guild_id")
    ctx.require_guild_permissions(guild_id, "manage_guild")
    given = ctx.fields("invites_disabled_until")["invites_disabled_until"]
    until = datetime.fromisoformat(given) if given else None
    if until is not None and until - ctx.backend.clock.now() > _LONGEST_PAUSE:
        raise _refusals.BackendError(400, 50035, "Invalid Form Body")
    _paused_until.setdefault(ctx.backend, {})[guild_id] = until
    return {"invites_disabled_until": given, "dms_disabled_until": None}


def invites_paused_until(env: simcord.Env, guild: Any) -> datetime | None:
    """Until when a server takes no invites."""
    return _paused_until.get(env.backend, {}).get(guild.id)


@asynccontextmanager
async def simulated(client: discord.Client, *, patience: float = 20.0) -> AsyncIterator[simcord.Env]:
    """Run a client on a simulated Discord. Errors are asserted by the tests, not here."""
    async with simcord.run(client, check_errors=False, settle_timeout=patience) as env:
        yield env


def suspend_rest_calls(env: simcord.Env, seed: int = 0) -> None:
    """Make every REST call a real suspension point, as it is with a network."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible shuffle
    for sender in (env.bot.http, env._webhook_adapter):
        original = sender.request

        async def request(*args: Any, _original: Any = original, **kwargs: Any) -> Any:
            for _ in range(chance.randint(1, 4)):
                await asyncio.sleep(0)
            try:
                return await _original(*args, **kwargs)
            except discord.HTTPException as error:
                if error.status >= _SERVER_ERRORS and not isinstance(error, discord.DiscordServerError):
                    message = {"code": error.code, "message": error.text}
                    raise discord.DiscordServerError(error.response, message) from None
                raise

        sender.request = request  # type: ignore[method-assign] # a seam of the simulation


@asynccontextmanager
async def at_once(env: simcord.Env, patience: float = 30.0) -> AsyncIterator[None]:
    """Whatever people do inside happens together: their handlers run interleaved afterwards."""

    async def not_yet(**_: Any) -> None:
        return None

    env._settle_internal = not_yet  # type: ignore[method-assign] # a seam of the simulation
    try:
        yield
    finally:
        del env._settle_internal
    await env.settle(timeout=patience)


@contextmanager
def speaking(languages: Mapping[int, str]) -> Iterator[None]:
    """People, by id, press in these languages; everybody else in en-US."""
    original = _interactions.base_payload

    def patched(*args: Any, **kwargs: Any) -> Any:
        record, payload = original(*args, **kwargs)
        payload["locale"] = languages.get(kwargs["user_id"], "en-US")
        return record, payload

    _interactions.base_payload = patched
    try:
        yield
    finally:
        _interactions.base_payload = original


def close_messages(env: simcord.Env, user: Any) -> Callable[[], None]:
    """Somebody closes their direct messages; the returned function opens them again."""
    path = f"/channels/{user.dm_channel.id}/messages"
    env.inject_error("POST", path, status=403, code=50007, message="Cannot send messages", times=None)
    fault = env.backend.faults[-1]
    return lambda: env.backend.faults.remove(fault)


def fail(
    env: simcord.Env, method: str, path: str, *, status: int, code: int = 0, times: int | None = 1
) -> None:
    """Have Discord answer a call with an error."""
    env.inject_error(method, path, status=status, code=code, message="simulated", times=times)


def mend(env: simcord.Env) -> None:
    """No more simulated errors."""
    env.backend.faults.clear()


def join(env: simcord.Env, guild: Any, user: Any, *, told: bool = True, roles: Sequence[Any] = ()) -> Any:
    """Somebody joins; with ``told=False`` the bot does not hear of it."""
    if told:
        return guild.add_member(user, roles=roles)
    env.backend.add_member(guild.id, user.id, roles=[role.id for role in roles], announce=False)
    return simcord.MemberActor(env, guild, user)


def announce_join(env: simcord.Env, guild: Any, user: Any, *, flags: int = 0) -> None:
    """The gateway says, once more, that somebody has joined."""
    known = env.backend.get_guild(guild.id)
    payload = dict(serializers.member_payload(env.backend, known, known.members[user.id]))
    env.backend.emit("GUILD_MEMBER_ADD", {**payload, "flags": flags, "guild_id": str(guild.id)})


def leave_untold(env: simcord.Env, guild: Any, user: Any) -> None:
    """Somebody leaves, and the bot does not hear of it."""
    del env.backend.get_guild(guild.id).members[user.id]


def set_pending(env: simcord.Env, guild: Any, user: Any, *, pending: bool) -> None:
    """Somebody has not passed Discord's own screening, or has."""
    env.backend.get_member(guild.id, user.id).pending = pending


def change_role(
    env: simcord.Env, guild: Any, user: Any, role: Any, *, by: Any = None, given: bool, told: bool = True
) -> None:
    """Somebody gives or takes a role in Discord; without ``by``, nothing is written into the audit log.

    With ``told=False`` the bot does not hear of it, and finds it in the log later.
    """
    change = env.backend.add_member_role if given else env.backend.remove_member_role
    change(guild.id, user.id, role.id)
    if by is None:
        return
    changes = [
        {"key": "$add" if given else "$remove", "new_value": [{"id": str(role.id), "name": role.name}]}
    ]
    _write_down(env, guild, _MEMBER_ROLE_UPDATE, by, user, changes, told=told)


def add_bot(env: simcord.Env, guild: Any, robot: Any, *, by: Any) -> None:
    """Somebody adds a bot to the server."""
    guild.add_member(robot)
    _write_down(env, guild, _BOT_ADD, by, robot, [], told=True)


_MEMBER_ROLE_UPDATE, _BOT_ADD = 25, 28


def _write_down(
    env: simcord.Env, guild: Any, action: int, by: Any, target: Any, changes: list[Any], *, told: bool
) -> None:
    emit = env.backend.emit
    if not told:
        env.backend.emit = lambda *_args, **_kwargs: None  # type: ignore[method-assign] # a seam of the simulation
    try:
        env.backend.record_audit_log(guild.id, action, target_id=target.id, changes=changes, user_id=by.id)
    finally:
        env.backend.emit = emit  # type: ignore[method-assign] # and put back


async def submit_raw(actor: Any, channel: Any, custom_id: str, values: Mapping[str, Any]) -> Any:
    """Somebody sends a form that was never opened for them."""
    components = [
        {
            "type": 18,
            "component": {"custom_id": field_id, **({"value": v} if isinstance(v, str) else {"values": v})},
        }
        for field_id, v in values.items()
    ]
    data = {"custom_id": custom_id, "components": components}
    return await _actors._dispatch_actor_interaction(actor, InteractionType.MODAL_SUBMIT, channel, data)


def already_there(env: simcord.Env, guild: Any, user: Any, roles: Sequence[Any]) -> Any:
    """Somebody is in the server, with these roles, since before the bot came."""
    env.backend.add_member(guild.id, user.id, roles=[role.id for role in roles], announce=False)
    return simcord.MemberActor(env, guild, user)


async def command_raw(actor: Any, channel: Any, name: str) -> Any:
    """Somebody uses a command that the bot may not know any more."""
    data = {"id": "1", "name": name, "type": 1, "options": []}
    return await _actors._dispatch_actor_interaction(
        actor, InteractionType.APPLICATION_COMMAND, channel, data
    )


def set_overwrite(env: simcord.Env, channel: Any, role: Any, overwrite: discord.PermissionOverwrite) -> None:
    """Somebody changes what a role may do in a channel."""
    allow, deny = overwrite.pair()
    kind = OverwriteType.ROLE
    env.backend.set_overwrite(
        channel.id, Overwrite(target_id=role.id, type=kind, allow=allow.value, deny=deny.value)
    )


def describe(thing: Any, **said: Any) -> None:
    """Have Discord say more of a server, role or invite than the simulation knows, as in its own payloads."""
    model = getattr(thing, "_role", None) or getattr(thing, "_guild", thing)
    model.described = {**getattr(model, "described", {}), **said}


def ask_on_arrival(guild: Any, **onboarding: Any) -> None:
    """Switch Discord's own onboarding on, with these parts of its payload."""
    guild._guild.onboarding = {"enabled": True, "prompts": [], "default_channel_ids": [], **onboarding}


def announce_change(env: simcord.Env, guild: Any) -> None:
    """The gateway says that something about the server has changed."""
    env.backend.emit("GUILD_UPDATE", guild_payload(env, guild))


def invite(env: simcord.Env, channel: Any, **said: Any) -> Any:
    """Somebody makes an invite; the bot hears of it only through the audit log."""
    made = env.backend.create_invite(channel.id, env.backend.bot_user.id)
    describe(made, **said)
    return made


ONBOARDING_UPDATE = 167


def audit(env: simcord.Env, guild: Any, action: int) -> None:
    """The audit log has a new line."""
    env.backend.record_audit_log(guild.id, action, target_id=guild.id, changes=[], reason=None)


def set_clock(env: simcord.Env, moment: datetime) -> None:
    """Move the simulated clock forward to a moment."""
    env.backend.clock.advance((moment - env.now()).total_seconds())


def can_see(env: simcord.Env, guild: Any, user: Any, channel: Any) -> bool:
    """Whether somebody is in the server and sees a channel."""
    if user.id not in guild.member_ids():
        return False
    permissions = env.backend.compute_permissions(guild.id, user.id, channel.id)
    return bool(discord.Permissions(int(permissions)).view_channel)


def own_role(guild: Any) -> Any:
    """The role that Discord makes for the bot itself."""
    return next(role for role in guild.roles.values() if role._role.managed)


def allow_bot(env: simcord.Env, guild: Any, **rights: bool) -> None:
    """Somebody gives the bot's own role rights in the whole server, or takes them from it."""
    role = own_role(guild)
    permissions = discord.Permissions(int(role._role.permissions))
    permissions.update(**rights)
    env.backend.edit_role(guild.id, role.id, {"permissions": permissions.value})


def put_above(env: simcord.Env, guild: Any, role: Any, other: Any) -> None:
    """Somebody drags a role just above another one."""
    known = env.backend.get_guild(guild.id)
    ranked = sorted((r for r in known.roles.values() if r.id != role.id), key=lambda r: r.position)
    ranked.insert([r.id for r in ranked].index(other.id) + 1, known.roles[role.id])
    env.backend.reorder_roles(guild.id, [{"id": r.id, "position": n} for n, r in enumerate(ranked)])


def may_moderate() -> discord.Permissions:
    """The permission that makes Discord offer the moderators' commands."""
    return discord.Permissions(view_channel=True, moderate_members=True)


def rest_calls(env: simcord.Env) -> list[tuple[str, str]]:
    """Method and path of every REST call so far, the answers to presses among them."""
    return [(entry.method, entry.path) for entry in env.http_requests]


def guild_payload(env: simcord.Env, guild: Any) -> dict[str, Any]:
    """What the gateway would say of a server."""
    return dict(serializers.guild_create_payload(env.backend, env.backend.get_guild(guild.id)))


async def restart(env: simcord.Env, client: discord.Client) -> None:
    """The process stops and a new one starts, with a new client."""
    await env.restart_bot(client)
