"""Reminders: *More time*, *Remind me* and *Do not remind me*, at the gate and in private messages."""

from discord.ext import commands

from bot.reminders import Reminders as RemindersUseCases
from bot.screens import reminders as screens
from cogs._router import Answer, Pressed, Router


class Reminders(commands.Cog):
    """The buttons about an unfinished request's time. Each names its case; whose it is, is read again."""

    def __init__(self, router: Router, reminders: RemindersUseCases) -> None:
        """Take the use cases and register what the buttons do."""
        self._reminders = reminders
        router.add_presses({screens.REMIND: self.agree})
        router.add_presses(
            {screens.MORE_TIME: self.more_time, screens.NO_REMINDERS: self.stop}, anywhere=True
        )

    async def agree(self, pressed: Pressed) -> Answer:
        """*Remind me*."""
        return screens.agreed(pressed.voice, await self._reminders.agree(pressed.visitor, pressed.ref))

    async def more_time(self, pressed: Pressed) -> Answer:
        """*More time*."""
        return screens.more_time(pressed.voice, await self._reminders.more_time(pressed.visitor, pressed.ref))

    async def stop(self, pressed: Pressed) -> Answer:
        """*Do not remind me*."""
        await self._reminders.stop(pressed.visitor, pressed.ref)
        return screens.stopped(pressed.voice)
