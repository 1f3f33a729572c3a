"""The queue: ``/review queue``, ``next`` and ``stats``, its pages and its buttons."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.interests import CATEGORY
from bot.review.appeal_files import AppealFile
from bot.review.desk import CaseFile, Denied
from bot.review.queue import Filter, Found, Overview, Page
from bot.review.queue import Queue as QueueUseCases
from bot.review.stats import Statistics, Stats
from bot.screens import appeal_desk as appeal_screens
from bot.screens import files as file_screens
from bot.screens import queue as screens
from bot.screens.desk import NEXT, QUEUE
from cogs._review import review_group
from cogs._router import Answer, Pressed, Router

_OFFERED = 25


class Queue(commands.Cog):
    """What waits, and what is next."""

    review = review_group()

    def __init__(self, config: Config, router: Router, queue: QueueUseCases, statistics: Statistics) -> None:
        """Take the use cases and register what the buttons do."""
        self._config = config
        self._router = router
        self._queue = queue
        self._statistics = statistics
        router.add_presses({QUEUE: self.show, NEXT: self.open_next, screens.PAGE: self.page})

    @review.command(name="queue", description="What waits for the team")
    @app_commands.describe(
        rule="Only cases that this rule judged",
        category="Only cases with a link of this kind",
        whose="Only yours, or only what nobody has",
        holder="Only what this person has",
    )
    async def queue_command(
        self,
        interaction: discord.Interaction,
        rule: str = "",
        category: str = "",
        whose: Literal["mine", "free"] | None = None,
        holder: discord.User | None = None,
    ) -> None:
        """``/review queue``."""
        if not (rule or category or whose or holder):
            await self._router.answer(interaction, self.show)
            return
        wanted = Filter(rule, category, whose == "free", whose == "mine", holder.id if holder else None)

        async def find(pressed: Pressed) -> Answer:
            result = await self._queue.find(pressed.visitor, wanted)
            if isinstance(result, Found):
                return screens.found(pressed.voice, result)
            return file_screens.denied(pressed.voice, result)

        await self._router.answer(interaction, find)

    @queue_command.autocomplete("rule")
    async def rules(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the rules of the configuration."""
        return _offered([(rule.id, rule.id) for rule in self._config.rules], typed)

    @queue_command.autocomplete("category")
    async def categories(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the kinds of links that the questionnaire knows."""
        voice = self._config.words.voice(str(interaction.locale))
        pages = self._config.questionnaire.pages
        fields = [field for page in pages for field in page.fields if field.id == CATEGORY]
        found = {option.value: voice.read(option.label) for field in fields for option in field.options}
        return _offered([(label, value) for value, label in found.items()], typed)

    @review.command(name="next", description="Take the most urgent case that you may decide")
    async def next_command(self, interaction: discord.Interaction) -> None:
        """``/review next``."""
        await self._router.answer(interaction, self.open_next)

    @review.command(name="stats", description="How long people wait, and what was decided")
    async def stats_command(self, interaction: discord.Interaction) -> None:
        """``/review stats``."""
        await self._router.answer(interaction, self.stats)

    async def show(self, pressed: Pressed) -> Answer:
        """What waits."""
        result = await self._queue.show(pressed.visitor)
        if isinstance(result, Overview):
            return screens.overview(pressed.voice, result)
        return file_screens.denied(pressed.voice, result)

    async def page(self, pressed: Pressed) -> Answer:
        """A page of one list."""
        try:
            group, place = screens.read_page_ref(pressed.ref)
        except ValueError:
            return await self.show(pressed)
        result = await self._queue.page(pressed.visitor, group, place)
        if isinstance(result, Page):
            return screens.page(pressed.voice, result)
        return file_screens.denied(pressed.voice, result)

    async def open_next(self, pressed: Pressed) -> Answer:
        """Take the most urgent case."""
        result: CaseFile | AppealFile | Denied = await self._queue.open_next(pressed.visitor)
        if isinstance(result, AppealFile):
            return appeal_screens.appeal_file(pressed.voice, self._config, result)
        if isinstance(result, CaseFile):
            return file_screens.case_file(pressed.voice, self._config, result)
        return file_screens.denied(pressed.voice, result)

    async def stats(self, pressed: Pressed) -> Answer:
        """The numbers of the team, for whoever asked alone."""
        result = await self._statistics.stats(pressed.visitor)
        if isinstance(result, Stats):
            return screens.stats(pressed.voice, result)
        return file_screens.denied(pressed.voice, result)


def _offered(choices: list[tuple[str, str]], typed: str) -> list[app_commands.Choice[str]]:
    matching = [(label, value) for label, value in choices if typed.casefold() in label.casefold()]
    return [app_commands.Choice(name=label[:100], value=value) for label, value in matching[:_OFFERED]]
