"""The grounds of the rehearsal: a small simulated server laid out as the README says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord

from bot.config import Config
from bot.config.tables import Discord, Storage
from rehearsal import simulation
from rehearsal.simulation import Environment


@dataclass(frozen=True, slots=True)
class Server:
    """The simulated server's rooms and roles."""

    guild: Any
    front_porch: Any
    review: Any
    lounge: Any
    member_role: Any
    moderator_role: Any


def lay_out(env: Environment) -> Server:
    """A server laid out as the README says: no role, no access."""
    seen = discord.PermissionOverwrite(view_channel=True, read_message_history=True)
    porch = discord.PermissionOverwrite(
        view_channel=True,
        read_message_history=True,
        send_messages=False,
        send_messages_in_threads=True,
        create_public_threads=False,
        create_private_threads=False,
        add_reactions=False,
    )
    work = {"view_channel": True, "read_message_history": True, "send_messages": True}
    own = discord.PermissionOverwrite(**work)
    talks = {"create_private_threads": True, "send_messages_in_threads": True, "manage_threads": True}
    unseen = discord.PermissionOverwrite(view_channel=False)
    guild = env.create_guild("The Porch")
    simulation.describe(guild, mfa_level=1)
    commands_only = discord.Permissions(use_application_commands=True)
    env.backend.edit_role(guild.id, guild.default_role.id, {"permissions": commands_only.value})
    member = guild.create_role(
        "Member", permissions=discord.Permissions(view_channel=True, send_messages=True)
    )
    moderator = guild.create_role(
        "Moderator", permissions=discord.Permissions(view_channel=True, moderate_members=True)
    )
    works = discord.Permissions(
        manage_roles=True,
        manage_guild=True,
        view_audit_log=True,
        kick_members=True,
        **work,
        **talks,
    )
    own_porch = discord.PermissionOverwrite(**work, **talks)
    bot_role = simulation.own_role(guild)
    env.backend.edit_role(guild.id, bot_role.id, {"permissions": works.value})
    front_porch = guild.create_text_channel(
        "front-porch", overwrites={guild.default_role: porch, member: unseen, bot_role: own_porch}
    )
    review = guild.create_text_channel(
        "review", overwrites={guild.default_role: unseen, member: unseen, moderator: seen, bot_role: own}
    )
    lounge = guild.create_text_channel("start-here")
    return Server(guild, front_porch, review, lounge, member, moderator)


def on_stage(config: Config, server: Server, folder: Path) -> Config:
    """A configuration with the simulated server's ids, and its data in a folder of its own."""
    ids = Discord(
        server=server.guild.id,
        member_role=server.member_role.id,
        quarantine_channel=server.front_porch.id,
        review_channel=server.review.id,
        welcome_channel=server.lounge.id,
        moderator_roles=(server.moderator_role.id,),
    )
    storage = Storage(
        database=folder / "porchlight.db",
        keys=folder / "keys.db",
        key_file=folder / "master.key",
        ledger=folder / "erasures.jsonl",
        anchors=folder / "anchors.jsonl",
    )
    return config.model_copy(update={"discord": ids, "storage": storage})
