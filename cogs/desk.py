"""The desk: ``/review`` and the buttons under cards and files."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.concerns.handling import ConcernFile, Handling
from bot.concerns.patterns import Pattern, Patterns
from bot.config import Config
from bot.review.conversations import Conversations
from bot.review.desk import CaseFile, Denied, History
from bot.review.desk import Desk as DeskUseCases
from bot.review.more import More
from bot.screens import concern_files as concern_screens
from bot.screens import deciding, under
from bot.screens import desk as desk_screens
from bot.screens import files as screens
from bot.screens import queue as queue_screens
from bot.screens.elements import Screen
from cogs._review import review_group
from cogs._router import Answer, Pressed, Router


class Desk(commands.Cog):
    """What moderators do. Their role is checked again, in the core, on every press."""

    review = review_group()

    def __init__(
        self,
        config: Config,
        router: Router,
        desk: DeskUseCases,
        handling: Handling,
        patterns: Patterns,
        conversations: Conversations,
        more: More,
    ) -> None:
        """Take the use cases and register what the buttons and forms do."""
        self._config = config
        self._router = router
        self._desk = desk
        self._handling = handling
        self._patterns = patterns
        self._conversations = conversations
        self._more = more
        router.add_presses(
            {
                desk_screens.OPEN: self.open_case,
                queue_screens.OPEN_TASK: self.open_task,
                queue_screens.OPEN_CONCERN: self.open_code,
                queue_screens.SEEN: self.close_task,
                queue_screens.RETRY: self.retry,
                deciding.RECORD: self.record,
                under.MORE: self.seldom,
            }
        )

    @review.command(name="open", description="Open a case file")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def open_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review open``."""
        await self._router.answer(interaction, self.open_code, ref=code)

    @review.command(name="record", description="Write down answers given in conversation")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def record_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review record``."""
        await self._router.answer(interaction, self.record, ref=code)

    @review.command(name="history", description="What is on record about a person")
    @app_commands.describe(code="A case code", person="Or the person")
    async def history_command(
        self, interaction: discord.Interaction, code: str = "", person: discord.User | None = None
    ) -> None:
        """``/review history``."""
        if person is not None:
            await self._router.answer(interaction, self.history_user, ref=str(person.id))
        else:
            await self._router.answer(interaction, self.history_code, ref=code)

    async def open_code(self, pressed: Pressed) -> Answer:
        """Open what goes by a code: a case, or a concern."""
        result = await self._handling.open_by_code(pressed.visitor, pressed.ref)
        if isinstance(result, ConcernFile):
            return concern_screens.file(pressed.voice, result)
        return self._file(pressed, result)

    async def open_case(self, pressed: Pressed) -> Answer:
        """*Open file*, on a card."""
        return self._file(pressed, await self._desk.open_by_id(pressed.visitor, pressed.ref))

    async def seldom(self, pressed: Pressed) -> Answer:
        """*More*, under a file."""
        return under.more(pressed.voice, await self._more.under(pressed.visitor, pressed.ref))

    async def open_task(self, pressed: Pressed) -> Answer:
        """Open the history that a task is about."""
        result = await self._patterns.open_task(pressed.visitor, pressed.ref)
        if isinstance(result, Pattern):
            return concern_screens.pattern(pressed.voice, result)
        return self._history(pressed, result)

    def _file(self, pressed: Pressed, result: CaseFile | Denied) -> Screen:
        if isinstance(result, Denied):
            return screens.denied(pressed.voice, result)
        return screens.case_file(pressed.voice, self._config, result)

    async def close_task(self, pressed: Pressed) -> Answer:
        """A task is seen to."""
        result = await self._patterns.close_task(pressed.visitor, pressed.ref)
        if isinstance(result, Denied):
            return screens.denied(pressed.voice, result)
        return concern_screens.seen(pressed.voice, result)

    async def retry(self, pressed: Pressed) -> Answer:
        """Try again what was stuck."""
        result = await self._desk.retry(pressed.visitor, pressed.ref)
        if isinstance(result, Denied):
            return screens.denied(pressed.voice, result)
        return desk_screens.and_back(pressed.voice, "retrying" if result else "retry_gone")

    async def record(self, pressed: Pressed) -> Answer:
        """Write down answers."""
        result = await self._conversations.record(pressed.visitor, pressed.ref)
        return screens.recording(pressed.voice, result)

    async def history_code(self, pressed: Pressed) -> Answer:
        """What is on record about the person of a case."""
        if not pressed.ref:
            return screens.denied(pressed.voice, Denied("code_or_person"))
        return self._history(pressed, await self._desk.history_of_code(pressed.visitor, pressed.ref))

    async def history_user(self, pressed: Pressed) -> Answer:
        """What is on record about somebody."""
        return self._history(pressed, await self._desk.history_of_user(pressed.visitor, int(pressed.ref)))

    def _history(self, pressed: Pressed, result: History | Denied) -> Screen:
        if isinstance(result, Denied):
            return screens.denied(pressed.voice, result)
        return screens.history(pressed.voice, self._config, result)
