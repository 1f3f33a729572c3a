"""``/review``: one group of commands that several adapters add to."""

from collections.abc import Iterable

import discord
from discord import app_commands
from discord.ext import commands

NAME = "review"


def review_group() -> app_commands.Group:
    """The group, for an adapter to hang its own commands into. ``joined`` makes one of them all."""
    return app_commands.Group(
        name=NAME,
        description="For moderators: cases and decisions",
        guild_only=True,
        default_permissions=discord.Permissions(moderate_members=True),
    )


def joined(adapters: Iterable[commands.Cog]) -> None:
    """Have every adapter's commands in the group of the first: Discord knows one group of a name."""
    first: app_commands.Group | None = None
    for adapter in adapters:
        own = adapter.__cog_app_commands__
        for group in [one for one in own if isinstance(one, app_commands.Group) and one.name == NAME]:
            if first is None:
                first = group
                continue
            own.remove(group)
            for command in group.commands:
                first.add_command(command)
