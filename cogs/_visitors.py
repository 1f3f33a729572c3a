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
    if not isinstance(user, discord.Member):
        return Visitor(user.id, str(interaction.locale), user.created_at, roles)
    return Visitor(
        user.id,
        str(interaction.locale),
        user.created_at,
        roles,
        user.pending,
        is_automod_blocked(user.flags.value),
    )


def newcomer(member: discord.Member, locale: str) -> Visitor:
    """Whoever joined. Discord tells their language only when they press something."""
    blocked = is_automod_blocked(member.flags.value)
    return Visitor(member.id, locale, member.created_at, pending=member.pending, automod=blocked)


_BLOCKED = discord.MemberFlags(automod_quarantined_username=True, automod_quarantined_guild_tag=True).value


def is_automod_blocked(flags: int) -> bool:
    """Whether Discord's AutoMod keeps somebody from doing anything, because of a name."""
    return bool(flags & _BLOCKED)
