"""Motions: the buttons under what waits for a second person."""

from discord.ext import commands

from bot.review.bench import MayNot
from bot.review.confirming import Confirming
from bot.screens import motions as screens
from cogs._router import Answer, Pressed, Router


class Motions(commands.Cog):
    """What a second moderator does. Who it is, and what they may, is read again on every press."""

    def __init__(self, router: Router, confirming: Confirming) -> None:
        """Take the use cases and register what the buttons and the form do."""
        self._confirming = confirming
        router.add_presses(
            {
                screens.CARRY: self.confirm,
                screens.DISAGREE: self.disagree_form,
                screens.WITHDRAW: self.withdraw,
            }
        )
        router.add_forms({screens.DISAGREE: self.disagree})

    async def confirm(self, pressed: Pressed) -> Answer:
        """*Confirm*, under a file."""
        result = await self._confirming.confirm(pressed.visitor, pressed.ref)
        return screens.answered(pressed.voice, result)

    async def disagree_form(self, pressed: Pressed) -> Answer:
        """*I do not agree*, under a file."""
        if not self._confirming.is_moderator(pressed.visitor):
            return screens.answered(pressed.voice, MayNot("not_a_moderator"))
        return screens.disagree_form(pressed.voice, pressed.ref)

    async def disagree(self, pressed: Pressed) -> Answer:
        """The form of somebody who does not agree was sent."""
        why = pressed.values.get(screens.WHY_FIELD) or ""
        result = await self._confirming.disagree(
            pressed.visitor, pressed.ref, why if isinstance(why, str) else ""
        )
        return screens.answered(pressed.voice, result)

    async def withdraw(self, pressed: Pressed) -> Answer:
        """*Withdraw*, or *Stop it*, under a file."""
        result = await self._confirming.withdraw(pressed.visitor, pressed.ref)
        return screens.answered(pressed.voice, result)
