"""Moderators' own links, and staying out of a case."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.fairness.aside import SteppingAside
from bot.fairness.interests import OwnLinks
from bot.screens import interests as screens
from bot.screens import links as link_screens
from bot.screens import refusals
from cogs._review import review_group
from cogs._router import Answer, Pressed, Router


class Interests(commands.Cog):
    """``/review my-interests``, ``/review step-aside``, and the applicant's button about one moderator."""

    review = review_group()

    def __init__(self, config: Config, router: Router, own: OwnLinks, aside: SteppingAside) -> None:
        """Take the use cases and register what the buttons do."""
        self._config = config
        self._router = router
        self._own = own
        self._aside = aside
        router.add_presses(
            {
                refusals.MY_INTERESTS: self.show,
                screens.STILL_RIGHT: self.still_right,
                screens.CHANGE_OWN: self.change,
                screens.WHO_STAYS_OUT: self.who_stays_out,
                screens.STAYS_OUT: self.stays_out,
                screens.STEP_ASIDE: self.before_stepping_aside,
                screens.STEP_ASIDE_NOW: self.step_aside,
            }
        )

    @review.command(name="my-interests", description="Your own links: what is on record, and changing it")
    async def my_interests(self, interaction: discord.Interaction) -> None:
        """``/review my-interests``."""
        await self._router.answer(interaction, self.show)

    @review.command(name="step-aside", description="Leave a case to the others. It cannot be taken back")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def step_aside_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review step-aside``."""
        await self._router.answer(interaction, self.step_aside, ref=code)

    async def show(self, pressed: Pressed) -> Answer:
        """What is on record about a moderator's own links."""
        return screens.on_record(pressed.voice, self._config, await self._own.on_record(pressed.visitor))

    async def still_right(self, pressed: Pressed) -> Answer:
        """*Still right*."""
        result = await self._own.still_right(pressed.visitor, pressed.ref)
        return screens.renewed(pressed.voice, self._config, result)

    async def change(self, pressed: Pressed) -> Answer:
        """*Change*: the same questions as for members."""
        return link_screens.changing(pressed.voice, await self._own.change(pressed.visitor))

    async def before_stepping_aside(self, pressed: Pressed) -> Answer:
        """*Step aside*: make sure."""
        return screens.before_stepping_aside(pressed.voice, pressed.ref)

    async def step_aside(self, pressed: Pressed) -> Answer:
        """A moderator leaves a case to the others."""
        return screens.stepped_aside(
            pressed.voice, await self._aside.step_aside(pressed.visitor, pressed.ref)
        )

    async def who_stays_out(self, pressed: Pressed) -> Answer:
        """*Somebody should not read this*: choose whom."""
        return screens.choose(pressed.voice, await self._aside.candidates(pressed.visitor))

    async def stays_out(self, pressed: Pressed) -> Answer:
        """Somebody was chosen."""
        return screens.asked(pressed.voice, await self._aside.ask(pressed.visitor, pressed.ref))
