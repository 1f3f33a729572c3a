"""``/review outside`` and the way of somebody from outside; *Look again* at what a late interest touches."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.fairness.late import LateInterests, NotLooking
from bot.fairness.outside import NotAdded, NotYours, TellFirst
from bot.fairness.outside import Outside as OutsideUseCases
from bot.review.desk import Denied, Desk
from bot.screens import deciding, files, forms, links
from bot.screens import outside as screens
from bot.screens import queue as queue_screens
from bot.screens.desk import OPEN
from bot.screens.under import MORE
from cogs._review import review_group
from cogs._router import Answer, Pressed, Router

_IN_MESSAGES = frozenset({
    forms.FORM,
    forms.SEND,
    forms.SUMMARY,
    forms.REMOVE,
    links.CHANGE,
    deciding.ADMIT,
    deciding.HOLD,
    deciding.REWRITE,
    deciding.SEND_NOW,
    *deciding.FORM_OF.values(),
    MORE,
    OPEN,
})  # fmt: skip
"""What somebody from outside may have to press where there is no server: telling their own links, deciding.

There they hold no role, so that nobody reaches more than the one case; everything is checked again.
"""


class Outside(commands.Cog):
    """People from outside the team, and second looks by somebody else of it."""

    review = review_group()

    def __init__(
        self, config: Config, router: Router, outside: OutsideUseCases, late: LateInterests, desk: Desk
    ) -> None:
        """Take the use cases and register what the buttons do."""
        self._config = config
        self._router = router
        self._outside = outside
        self._late = late
        self._desk = desk
        router.add_presses({queue_screens.LOOK_AGAIN: self.look_again})
        router.add_presses({screens.COME: self.come}, anywhere=True)
        router.reach_messages(_IN_MESSAGES)

    @review.command(name="outside", description="Ask somebody from outside to decide one case")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2", person="Who is to decide it")
    async def outside_command(
        self, interaction: discord.Interaction, code: str, person: discord.User
    ) -> None:
        """``/review outside``."""
        values = {"person": str(person.id), "bot": "yes" if person.bot else ""}
        await self._router.answer(interaction, self.add, ref=code, values=values)

    async def add(self, pressed: Pressed) -> Answer:
        """Add somebody from outside."""
        if pressed.values["bot"]:
            return screens.added(pressed.voice, NotAdded("outside_is_a_bot"))
        user_id = int(str(pressed.values["person"]))
        return screens.added(pressed.voice, await self._outside.add(pressed.visitor, pressed.ref, user_id))

    async def come(self, pressed: Pressed) -> Answer:
        """The button in the message to somebody from outside."""
        result = await self._outside.come(pressed.visitor, pressed.ref)
        if isinstance(result, NotYours):
            return screens.over(pressed.voice)
        if isinstance(result, TellFirst):
            return screens.tell_first(pressed.voice, result, pressed.ref)
        return await self._file(pressed, result.case_id)

    async def look_again(self, pressed: Pressed) -> Answer:
        """*Look again*, on a task."""
        result = await self._late.look_again(pressed.visitor, pressed.ref)
        if isinstance(result, NotLooking):
            return files.denied(pressed.voice, Denied(result.code))
        return await self._file(pressed, result.case_id)

    async def _file(self, pressed: Pressed, case_id: str) -> Answer:
        found = await self._desk.open_by_id(pressed.visitor, case_id)
        if isinstance(found, Denied):
            return files.denied(pressed.voice, found)
        return files.case_file(pressed.voice, self._config, found)
