"""``/review timeline`` and ``/review note``: the record of a case."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.review.desk import Denied
from bot.review.desk import Desk as DeskUseCases
from bot.review.record import Record as RecordUseCases
from bot.screens import record as screens
from bot.screens.files import denied
from bot.screens.under import NOTE, TIMELINE
from cogs._review import review_group
from cogs._router import Answer, Pressed, Router


class Record(commands.Cog):
    """All that happened to a case, and notes on it."""

    review = review_group()

    def __init__(self, config: Config, router: Router, desk: DeskUseCases, record: RecordUseCases) -> None:
        """Take the use cases and register what the buttons and the form do."""
        self._config = config
        self._router = router
        self._desk = desk
        self._record = record
        router.add_presses({TIMELINE: self.timeline, NOTE: self.note_form})
        router.add_forms({NOTE: self.note})

    @review.command(name="timeline", description="All that happened to a case")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def timeline_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review timeline``."""
        await self._router.answer(interaction, self.timeline, ref=code)

    @review.command(name="note", description="Write a note on a case, for the team")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2", text="What you want to write down")
    async def note_command(self, interaction: discord.Interaction, code: str, text: str = "") -> None:
        """``/review note``."""
        handler = self.note if text.strip() else self.note_form
        await self._router.answer(interaction, handler, ref=code, values={screens.NOTE_FIELD: text})

    async def timeline(self, pressed: Pressed) -> Answer:
        """All that happened to a case."""
        result = await self._record.timeline(pressed.visitor, pressed.ref)
        return screens.timeline(pressed.voice, self._config, result)

    async def note_form(self, pressed: Pressed) -> Answer:
        """*Write a note*."""
        if not self._desk.is_moderator(pressed.visitor):
            return denied(pressed.voice, Denied("not_a_moderator"))
        return screens.note_form(pressed.voice, pressed.ref.replace("-", ""))

    async def note(self, pressed: Pressed) -> Answer:
        """A note was written."""
        typed = pressed.values.get(screens.NOTE_FIELD) or ""
        text = typed if isinstance(typed, str) else ""
        return screens.noted(pressed.voice, await self._record.write_note(pressed.visitor, pressed.ref, text))
