"""Help, which needs no database and records nothing; and what we keep."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.screens import panel
from bot.screens.elements import Screen
from cogs._router import Pressed, Router


class Help(commands.Cog):
    """``/help-now``, and the panel's buttons for help and privacy."""

    def __init__(self, config: Config, router: Router) -> None:
        """Take the configuration; nothing else is needed."""
        self._config = config
        self._router = router
        router.add_presses({panel.HELP: self.help_now, panel.PRIVACY: self.privacy}, anywhere=True)

    async def help_now(self, pressed: Pressed) -> Screen:
        """The emergency numbers and help lines."""
        return panel.help_now(self._config, pressed.voice)

    async def privacy(self, pressed: Pressed) -> Screen:
        """What is kept, and for how long."""
        return panel.privacy(self._config, pressed.voice)

    @app_commands.command(name="help-now", description="Emergency numbers and help lines, at any hour")
    async def help_now_command(self, interaction: discord.Interaction) -> None:
        """Show the same as the button."""
        await self._router.answer(interaction, self.help_now, anywhere=True)
