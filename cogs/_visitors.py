"""From Discord's people to the core's visitors."""

from typing import Any

import discord

from bot.model import Visitor


def visitor_of(interaction: discord.Interaction[Any]) -> Visitor:
    """Whoever pressed something, with the roles they hold at this moment."""
    user = interaction.user
    roles = (
        frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset[int]()
    )
    return Visitor(user.id, str(interaction.locale), user.created_at, roles)


def newcomer(member: discord.Member, locale: str) -> Visitor:
    """Whoever joined. Discord tells their language only when they press something."""
    return Visitor(member.id, locale, member.created_at)
