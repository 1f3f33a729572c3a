"""Looking after the gate: ``/gate``."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.desk import Denied
from bot.findings import Findings
from bot.ports import Later, Refused
from bot.screens import findings as screens
from bot.screens.elements import Screen
from cogs._router import Answer, Pressed, Router


class Keeper(commands.Cog):
    """What moderators do about the server itself. Their role is checked again, in the core."""

    gate = app_commands.Group(
        name="gate",
        description="For moderators: the gate itself",
        guild_only=True,
        default_permissions=discord.Permissions(moderate_members=True),
    )

    def __init__(self, config: Config, router: Router, findings: Findings) -> None:
        """Take the use case and register what the button does."""
        self._config = config
        self._router = router
        self._findings = findings
        router.add_presses({screens.AGAIN: self.doctor})

    @gate.command(name="doctor", description="Look for ways past the gate")
    async def doctor_command(self, interaction: discord.Interaction) -> None:
        """``/gate doctor``."""
        await self._router.answer(interaction, self.doctor)

    async def doctor(self, pressed: Pressed) -> Answer:
        """Everything that is open or missing now."""
        result = await self._findings.shown_to(pressed.visitor)
        if isinstance(result, Denied):
            return Screen(pressed.voice.say("may_not_not_a_moderator"))
        if isinstance(result, Refused | Later):
            return screens.not_looked(pressed.voice, allowed=isinstance(result, Later))
        return screens.doctor(pressed.voice, result)
