"""Other servers: the bot belongs to one, and leaves every other that it is put into."""

import logging

import discord

_log = logging.getLogger(__name__)


async def leave_strangers(client: discord.Client, own: int) -> int:
    """Leave every server but one's own, and return how many there were.

    Only while the own server is in view: with a mistyped id, every server would look like another one.
    """
    home = client.get_guild(own)
    if home is None or home.unavailable:
        return 0
    left = 0
    for guild in [guild for guild in client.guilds if guild.id != own]:
        try:
            await guild.leave()
        except discord.HTTPException as error:
            _log.warning("another server could not be left: Discord answered %s", error.status)
        else:
            left += 1
    if left:
        _log.warning("the bot was put into other servers, and has left them: %d", left)
    return left
