"""The desk: ``/review`` and the buttons under cards and files."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.concerns.handling import ConcernFile, Handling
from bot.concerns.patterns import Pattern, Patterns
from bot.config import Config
from bot.model import Outcome
from bot.review.bench import AlreadyDecided, Changed, MayNot
from bot.review.conversations import Conversations
from bot.review.decisions import Decisions
from bot.review.desk import CaseFile, Denied, History
from bot.review.desk import Desk as DeskUseCases
from bot.review.refusals import Preview, Refusals
from bot.screens import concern_files as concern_screens
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
        decisions: Decisions,
        refusals: Refusals,
        conversations: Conversations,
    ) -> None:
        """Take the use cases and register what the buttons and forms do."""
        self._config = config
        self._router = router
        self._desk = desk
        self._handling = handling
        self._patterns = patterns
        self._decisions = decisions
        self._refusals = refusals
        self._conversations = conversations
        router.add_presses(
            {
                desk_screens.OPEN: self.open_case,
                queue_screens.OPEN_TASK: self.open_task,
                queue_screens.SEEN: self.close_task,
                queue_screens.RETRY: self.retry,
                screens.ADMIT: self.admit,
                screens.HOLD: self.hold,
                screens.RECORD: self.record,
                Outcome.REDIRECT.value: self.redirect_form,
                Outcome.DECLINE.value: self.decline_form,
                screens.REWRITE: self.rewrite_form,
                screens.REFUSE_NOW: self.refuse,
            }
        )
        router.add_forms(
            {
                Outcome.REDIRECT.value: self.redirect,
                Outcome.DECLINE.value: self.decline,
                screens.REWRITE: self.rewrite,
            }
        )

    @review.command(name="open", description="Open a case file")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def open_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review open``."""
        await self._router.answer(interaction, self.open_code, ref=code)

    @review.command(name="admit", description="Admit the person of a case")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def admit_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review admit``."""
        await self._router.answer(interaction, self.admit_code, ref=code)

    @review.command(name="hold", description="Keep a case on hold, with a new target")
    @app_commands.describe(code="The code on the card, such as 7F3K-Q2")
    async def hold_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review hold``."""
        await self._router.answer(interaction, self.hold_code, ref=code)

    @review.command(name="redirect", description="Show the person of a case another way, with a reason")
    @app_commands.describe(
        code="The code on the card, such as 7F3K-Q2",
        reason="Why",
        sentence="What the person will read; leave it out for the ready-made text",
    )
    async def redirect_command(
        self, interaction: discord.Interaction, code: str, reason: str, sentence: str = ""
    ) -> None:
        """``/review redirect``."""
        values = {screens.REASON_FIELD: reason, screens.SENTENCE_FIELD: sentence}
        await self._router.answer(interaction, self.redirect_code, ref=code, values=values)

    @review.command(name="decline", description="Decline a case, with a reason")
    @app_commands.describe(
        code="The code on the card, such as 7F3K-Q2",
        reason="Why",
        sentence="What the person will read; leave it out for the ready-made text",
    )
    async def decline_command(
        self, interaction: discord.Interaction, code: str, reason: str, sentence: str = ""
    ) -> None:
        """``/review decline``."""
        values = {screens.REASON_FIELD: reason, screens.SENTENCE_FIELD: sentence}
        await self._router.answer(interaction, self.decline_code, ref=code, values=values)

    @redirect_command.autocomplete("reason")
    async def redirect_reasons(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the reasons for a redirect."""
        return self._reasons(interaction, Outcome.REDIRECT, typed)

    @decline_command.autocomplete("reason")
    async def decline_reasons(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the reasons for a decline."""
        return self._reasons(interaction, Outcome.DECLINE, typed)

    def _reasons(
        self, interaction: discord.Interaction, outcome: Outcome, typed: str
    ) -> list[app_commands.Choice[str]]:
        voice = self._config.words.voice(str(interaction.locale))
        offered = [
            (voice.read(reason.label), reason.id) for reason in self._config.review.reasons_for(outcome.value)
        ]
        matching = [(label, value) for label, value in offered if typed.casefold() in label.casefold()]
        return [app_commands.Choice(name=label[:100], value=value) for label, value in matching[:25]]

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

    async def admit(self, pressed: Pressed) -> Answer:
        """*Admit*, under a file."""
        result = await self._decisions.decide_viewed(pressed.visitor, pressed.ref, Outcome.ADMIT)
        return screens.decided(pressed.voice, result, (screens.ADMIT, pressed.ref))

    async def admit_code(self, pressed: Pressed) -> Answer:
        """Admit by case code."""
        result = await self._decisions.decide_by_code(pressed.visitor, pressed.ref, Outcome.ADMIT)
        return screens.decided(pressed.voice, result)

    async def hold(self, pressed: Pressed) -> Answer:
        """*Keep on hold*, under a file."""
        result = await self._decisions.decide_viewed(pressed.visitor, pressed.ref, Outcome.HOLD)
        return screens.decided(pressed.voice, result, (screens.HOLD, pressed.ref))

    async def hold_code(self, pressed: Pressed) -> Answer:
        """Keep on hold by case code."""
        result = await self._decisions.decide_by_code(pressed.visitor, pressed.ref, Outcome.HOLD)
        return screens.decided(pressed.voice, result)

    async def redirect_form(self, pressed: Pressed) -> Answer:
        """*Show another way*, under a file."""
        return self._refusal_form(pressed, Outcome.REDIRECT)

    async def decline_form(self, pressed: Pressed) -> Answer:
        """*Decline*, under a file."""
        return self._refusal_form(pressed, Outcome.DECLINE)

    def _refusal_form(self, pressed: Pressed, outcome: Outcome) -> Answer:
        if not self._desk.is_moderator(pressed.visitor):
            return screens.denied(pressed.voice, Denied("not_a_moderator"))
        return screens.refusal_form(pressed.voice, self._config, outcome, pressed.ref)

    async def redirect(self, pressed: Pressed) -> Answer:
        """A redirect was written."""
        return await self._draft(pressed, Outcome.REDIRECT)

    async def decline(self, pressed: Pressed) -> Answer:
        """A decline was written."""
        return await self._draft(pressed, Outcome.DECLINE)

    async def _draft(self, pressed: Pressed, outcome: Outcome) -> Answer:
        reason, sentence = _written(pressed)
        result = await self._refusals.draft_viewed(pressed.visitor, pressed.ref, outcome, reason, sentence)
        return self._preview(pressed, result)

    async def redirect_code(self, pressed: Pressed) -> Answer:
        """Write a redirect by case code."""
        return await self._draft_code(pressed, Outcome.REDIRECT)

    async def decline_code(self, pressed: Pressed) -> Answer:
        """Write a decline by case code."""
        return await self._draft_code(pressed, Outcome.DECLINE)

    async def _draft_code(self, pressed: Pressed, outcome: Outcome) -> Answer:
        reason, sentence = _written(pressed)
        result = await self._refusals.draft_by_code(pressed.visitor, pressed.ref, outcome, reason, sentence)
        return self._preview(pressed, result)

    def _preview(self, pressed: Pressed, result: Preview | AlreadyDecided | Changed | MayNot) -> Screen:
        if isinstance(result, Preview):
            return screens.preview(pressed.voice, self._config, result)
        return screens.decided(pressed.voice, result)

    async def rewrite_form(self, pressed: Pressed) -> Answer:
        """*Change the text*, under a preview."""
        result = await self._refusals.read_draft(pressed.visitor, pressed.ref)
        if isinstance(result, Preview):
            return screens.rewrite_form(pressed.voice, result)
        return screens.decided(pressed.voice, result)

    async def rewrite(self, pressed: Pressed) -> Answer:
        """The text was changed."""
        _, sentence = _written(pressed)
        return self._preview(pressed, await self._refusals.redraft(pressed.visitor, pressed.ref, sentence))

    async def refuse(self, pressed: Pressed) -> Answer:
        """*Send and close the case*."""
        result = await self._refusals.send_draft(pressed.visitor, pressed.ref)
        return screens.decided(pressed.voice, result, (screens.REFUSE_NOW, pressed.ref))

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


def _written(pressed: Pressed) -> tuple[str, str]:
    """The reason and the sentence in a submitted form or a command."""
    reason = pressed.values.get(screens.REASON_FIELD) or ""
    sentence = pressed.values.get(screens.SENTENCE_FIELD) or ""
    chosen = reason if isinstance(reason, str) else next(iter(reason), "")
    return chosen, sentence if isinstance(sentence, str) else ""
