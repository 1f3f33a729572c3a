"""Whose is it: ``/review claim``, ``release`` and ``hand-over``, and the buttons that do the same."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.review.claims import Claims as ClaimUseCases
from bot.review.claims import Held
from bot.screens import queue as screens
from bot.screens.desk import CLAIM, RELEASE
from cogs._review import review_group
from cogs._router import Answer, Pressed, Router
from cogs._visitors import colleague

_THE_CODE = "The code on the card, such as 7F3K-Q2"


class Claims(commands.Cog):
    """Who has what."""

    review = review_group()

    def __init__(self, router: Router, claims: ClaimUseCases) -> None:
        """Take the use cases and register what the buttons do."""
        self._router = router
        self._claims = claims
        router.add_presses({CLAIM: self.claim_case, RELEASE: self.release, screens.ANYWAY: self.go_on_anyway})

    @review.command(name="claim", description="Look after a case, so that nobody else does the same work")
    @app_commands.describe(code=_THE_CODE)
    async def claim_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review claim``."""
        await self._router.answer(interaction, self.claim, ref=code)

    @review.command(name="release", description="Let go of a case that you look after")
    @app_commands.describe(code=_THE_CODE)
    async def release_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review release``."""
        await self._router.answer(interaction, self.release, ref=code)

    @review.command(name="hand-over", description="Hand a case over to a colleague")
    @app_commands.describe(code=_THE_CODE, to="Who looks after it from now on")
    @app_commands.rename(to="colleague")
    async def hand_over_command(self, interaction: discord.Interaction, code: str, to: discord.User) -> None:
        """``/review hand-over``."""
        receiver = colleague(to)

        async def hand_over(pressed: Pressed) -> Answer:
            result = await self._claims.hand_over(pressed.visitor, pressed.ref, receiver)
            return screens.claimed(pressed.voice, result)

        await self._router.answer(interaction, hand_over, ref=code)

    async def claim(self, pressed: Pressed) -> Answer:
        """Look after what a code names."""
        return screens.claimed(pressed.voice, await self._claims.claim(pressed.visitor, pressed.ref))

    async def claim_case(self, pressed: Pressed) -> Answer:
        """*I take this*, on a card."""
        return screens.claimed(pressed.voice, await self._claims.claim_case(pressed.visitor, pressed.ref))

    async def release(self, pressed: Pressed) -> Answer:
        """Let go of what a code names."""
        return screens.claimed(pressed.voice, await self._claims.release(pressed.visitor, pressed.ref))

    async def go_on_anyway(self, pressed: Pressed) -> Answer:
        """Take over what somebody else has, then do what was pressed before."""
        case_id, _, again = pressed.ref.partition(".")
        action, _, ref = again.partition(".")
        result = await self._claims.take_over(pressed.visitor, case_id)
        if not isinstance(result, Held):
            return screens.claimed(pressed.voice, result)
        return await self._router.handler(action)(replace(pressed, ref=ref))
