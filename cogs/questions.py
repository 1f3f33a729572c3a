"""Questions and conversations: a moderator asks, joins and closes; an applicant replies."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.review.questions import AskResult, Questions, ToReply, Writing
from bot.review.talks import Talks
from bot.screens import questions as screens
from cogs._review import review_group
from cogs._router import Answer, Pressed, Router


class Conversing(commands.Cog):
    """What passes between an applicant and the team. Who somebody is, the core checks on every press."""

    review = review_group()

    def __init__(self, config: Config, router: Router, questions: Questions, talks: Talks) -> None:
        """Take the use cases and register what the buttons and forms do."""
        self._config = config
        self._router = router
        self._questions = questions
        self._talks = talks
        router.add_presses(
            {
                screens.ASK: self.begin,
                screens.ASK_WRITE: self.change,
                screens.ASK_SEND: self.send,
                screens.REPLY: self.reply_form,
                screens.JOIN: self.join,
                screens.END_TALK: self.close,
            }
        )
        router.add_forms({screens.ASK_WRITE: self.write, screens.REPLY: self.reply})

    @review.command(name="ask", description="Ask the person of a case a question")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def ask_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review ask``."""
        await self._router.answer(interaction, self.begin_code, ref=code)

    async def begin(self, pressed: Pressed) -> Answer:
        """*Ask a question*, under a file."""
        return self._form(pressed, await self._questions.begin_viewed(pressed.visitor, pressed.ref))

    async def begin_code(self, pressed: Pressed) -> Answer:
        """Ask by case code."""
        return self._form(pressed, await self._questions.begin_by_code(pressed.visitor, pressed.ref))

    async def change(self, pressed: Pressed) -> Answer:
        """*Change the text*."""
        return self._form(pressed, await self._questions.read_draft(pressed.visitor, pressed.ref))

    def _form(self, pressed: Pressed, result: AskResult) -> Answer:
        if isinstance(result, Writing):
            return screens.ask_form(pressed.voice, self._config, result)
        return screens.outcome(pressed.voice, result)

    async def write(self, pressed: Pressed) -> Answer:
        """A question was written: show it as the person will read it."""
        ready = pressed.values.get(screens.READY_FIELD) or ""
        chosen = ready if isinstance(ready, str) else next(iter(ready), "")
        result = await self._questions.write(pressed.visitor, pressed.ref, chosen, _text(pressed))
        if isinstance(result, Writing):
            return screens.preview(pressed.voice, self._config, result)
        return screens.outcome(pressed.voice, result)

    async def send(self, pressed: Pressed) -> Answer:
        """*Send the question*."""
        return screens.outcome(pressed.voice, await self._questions.send(pressed.visitor, pressed.ref))

    async def reply_form(self, pressed: Pressed) -> Answer:
        """*Reply*, on the status page or in the thread."""
        found = await self._questions.to_reply(pressed.visitor, pressed.ref)
        if isinstance(found, ToReply):
            return screens.reply_form(pressed.voice, found)
        return screens.replied(pressed.voice, found)

    async def reply(self, pressed: Pressed) -> Answer:
        """A reply was written."""
        result = await self._questions.reply(pressed.visitor, pressed.ref, _text(pressed))
        return screens.replied(pressed.voice, result)

    async def join(self, pressed: Pressed) -> Answer:
        """*Join the conversation*."""
        return screens.outcome(pressed.voice, await self._talks.join(pressed.visitor, pressed.ref))

    async def close(self, pressed: Pressed) -> Answer:
        """*Close the conversation*."""
        return screens.outcome(pressed.voice, await self._talks.close(pressed.visitor, pressed.ref))


def _text(pressed: Pressed) -> str:
    """What was typed."""
    typed = pressed.values.get(screens.TEXT_FIELD) or ""
    return typed if isinstance(typed, str) else ""
