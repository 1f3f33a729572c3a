"""``/my-links``: a member reads and changes their own links."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.links import Links as LinksUseCases
from bot.screens import links as screens
from bot.screens.drift import MY_LINKS
from cogs._router import Answer, Pressed, Router


class Links(commands.Cog):
    """``/my-links`` and its button."""

    def __init__(self, config: Config, router: Router, links: LinksUseCases) -> None:
        """Take the use case and register what the button does."""
        self._config = config
        self._router = router
        self._links = links
        router.add_presses({screens.CHANGE: self.change, MY_LINKS: self.show})

    @app_commands.command(name="my-links", description="See or change what you told us about your links")
    @app_commands.guild_only()
    async def my_links(self, interaction: discord.Interaction) -> None:
        """Show what is on record."""
        await self._router.answer(interaction, self.show)

    async def show(self, pressed: Pressed) -> Answer:
        """What is on record about the member's links."""
        result = await self._links.on_record(pressed.visitor)
        return screens.on_record(pressed.voice, self._config, result)

    async def change(self, pressed: Pressed) -> Answer:
        """*Change my links*."""
        return screens.changing(pressed.voice, await self._links.change(pressed.visitor))
