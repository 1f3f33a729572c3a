"""The keeper: ``/gate`` and the buttons about the gate as a whole."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.findings import Findings
from bot.keeper import Invites
from bot.keeper import Keeper as KeeperUseCases
from bot.ports import Later, Refused
from bot.review.desk import Denied
from bot.screens import files
from bot.screens import findings as finding_screens
from bot.screens import keeper as screens
from cogs._router import Answer, Pressed, Router


class Keeper(commands.Cog):
    """What moderators do about the gate. Their role is checked again, in the core, on every press."""

    gate = app_commands.Group(
        name="gate",
        description="For moderators: the gate as a whole",
        guild_only=True,
        default_permissions=discord.Permissions(moderate_members=True),
    )

    def __init__(self, router: Router, keeper: KeeperUseCases, findings: Findings) -> None:
        """Take the use cases and register what the buttons do."""
        self._router = router
        self._keeper = keeper
        self._findings = findings
        router.add_presses(
            {
                screens.PAUSE: self.pause,
                screens.RESUME: self.resume,
                screens.STATUS: self.status,
                screens.INVITES_OFF: self.pause_invites,
                screens.INVITES_ON: self.take_invites,
                finding_screens.AGAIN: self.doctor,
            }
        )

    @gate.command(name="pause", description="Let nobody in by the machine, until resumed")
    async def pause_command(self, interaction: discord.Interaction) -> None:
        """``/gate pause``."""
        await self._router.answer(interaction, self.pause)

    @gate.command(name="resume", description="Have the gate work as before")
    async def resume_command(self, interaction: discord.Interaction) -> None:
        """``/gate resume``."""
        await self._router.answer(interaction, self.resume)

    @gate.command(name="status", description="How everything stands")
    async def status_command(self, interaction: discord.Interaction) -> None:
        """``/gate status``."""
        await self._router.answer(interaction, self.status)

    @gate.command(name="doctor", description="Look for ways past the gate")
    async def doctor_command(self, interaction: discord.Interaction) -> None:
        """``/gate doctor``."""
        await self._router.answer(interaction, self.doctor)

    async def pause(self, pressed: Pressed) -> Answer:
        """*Pause the gate*."""
        result = await self._keeper.pause(pressed.visitor)
        return _not(pressed, result) if isinstance(result, Denied) else screens.paused(pressed.voice, result)

    async def resume(self, pressed: Pressed) -> Answer:
        """*Resume*."""
        result = await self._keeper.resume(pressed.visitor)
        return _not(pressed, result) if isinstance(result, Denied) else screens.resumed(pressed.voice, result)

    async def status(self, pressed: Pressed) -> Answer:
        """How everything stands."""
        result = await self._keeper.status(pressed.visitor)
        return _not(pressed, result) if isinstance(result, Denied) else screens.status(pressed.voice, result)

    async def pause_invites(self, pressed: Pressed) -> Answer:
        """*Pause invites for a day*."""
        return _invites(pressed, await self._keeper.pause_invites(pressed.visitor))

    async def take_invites(self, pressed: Pressed) -> Answer:
        """*Allow invites again*."""
        return _invites(pressed, await self._keeper.take_invites(pressed.visitor))

    async def doctor(self, pressed: Pressed) -> Answer:
        """Everything that is open or missing now."""
        result = await self._findings.shown_to(pressed.visitor)
        if isinstance(result, Denied):
            return _not(pressed, result)
        if isinstance(result, Refused | Later):
            return finding_screens.not_looked(pressed.voice, allowed=isinstance(result, Later))
        return finding_screens.doctor(pressed.voice, result)


def _invites(pressed: Pressed, result: Invites | Denied) -> Answer:
    return _not(pressed, result) if isinstance(result, Denied) else screens.invites(pressed.voice, result)


def _not(pressed: Pressed, result: Denied) -> Answer:
    return files.denied(pressed.voice, result)
