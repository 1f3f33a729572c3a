"""From Discord's people to the core's: visitors, who do something, and members, who are there."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.model import Visitor
from bot.ports import Member


def visitor_of(interaction: discord.Interaction[Any]) -> Visitor:
    """Whoever pressed something, with the roles they hold at this moment."""
    user, locale = interaction.user, str(interaction.locale)
    if not isinstance(user, discord.Member):
        return Visitor(user.id, locale, user.created_at)
    return Visitor(
        user.id,
        locale,
        user.created_at,
        frozenset(role.id for role in user.roles),
        user.pending,
        is_automod_blocked(user.flags.value),
    )


def colleague(user: discord.User | discord.Member) -> Visitor:
    """Somebody whom a moderator named in a command, with the roles that they hold at this moment.

    Whoever is not in the server holds none.
    """
    roles = user.roles if isinstance(user, discord.Member) else []
    return Visitor(user.id, "", user.created_at, frozenset(role.id for role in roles))


def newcomer(member: discord.Member, locale: str) -> Visitor:
    """Whoever joined. Discord tells their language only when they press something."""
    blocked = is_automod_blocked(member.flags.value)
    return Visitor(member.id, locale, member.created_at, pending=member.pending, automod=blocked)


def member_of(payload: Mapping[str, Any], *, owner_id: int | None = None) -> Member:
    """Somebody in the server, as Discord lists them. ``owner_id``: whose server it is, if known."""
    user_id = int(payload["user"]["id"])
    return Member(
        user_id=user_id,
        role_ids=frozenset(map(int, payload["roles"])),
        pending=bool(payload.get("pending")),
        automod=is_automod_blocked(int(payload.get("flags") or 0)),
        bot=bool(payload["user"].get("bot")),
        owner=user_id == owner_id,
        joined_at=discord.utils.parse_time(payload.get("joined_at")),
    )


_BLOCKED = discord.MemberFlags(automod_quarantined_username=True, automod_quarantined_guild_tag=True).value


def is_automod_blocked(flags: int) -> bool:
    """Whether Discord's AutoMod keeps somebody from doing anything, because of a name."""
    return bool(flags & _BLOCKED)
