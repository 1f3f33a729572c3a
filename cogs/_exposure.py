"""What somebody without any role can see, beside the quarantine channel."""

import discord

from bot.config.tables import Discord


def exposed_channels(guild: discord.Guild, ids: Discord) -> list[str]:
    """The names of channels that @everyone sees and should not. Needs no privileged intent."""
    return sorted(
        channel.name
        for channel in guild.channels
        if not isinstance(channel, discord.CategoryChannel)
        and channel.id != ids.quarantine_channel
        and channel.permissions_for(guild.default_role).view_channel
    )
