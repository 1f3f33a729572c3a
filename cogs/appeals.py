"""A second look: the person's own buttons, ``/review appeal``, and answering."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import RawValues
from bot.config import Config
from bot.model import AppealOutcome, Condition
from bot.review.appeal_desk import AnswerPreview, Unanswered
from bot.review.appeal_desk import AppealDesk as AppealDeskUseCases
from bot.review.appeal_files import AppealFile
from bot.review.appeals import Appeals as AppealsUseCases
from bot.review.appeals import NotFiled
from bot.review.conditions import BadEnd
from bot.review.desk import Denied
from bot.screens import appeal_desk as desk_screens
from bot.screens import appeals as screens
from bot.screens import deciding, files
from bot.screens.desk import OPEN_APPEAL
from bot.screens.elements import Screen
from cogs._review import review_group
from cogs._router import Answer, Handler, Pressed, Router

_CASE_CODE_LENGTH = 6


class Appeals(commands.Cog):
    """Buttons of the person act on whoever presses; those of moderators on the opening that was read."""

    review = review_group()

    def __init__(
        self, config: Config, router: Router, appeals: AppealsUseCases, desk: AppealDeskUseCases
    ) -> None:
        """Take the use cases and register what the buttons and forms do."""
        self._config = config
        self._router = router
        self._appeals = appeals
        self._desk = desk
        router.add_presses(
            {
                screens.ASK: self.write,
                screens.TAKE_BACK: self.ask_take_back,
                screens.TAKE_BACK_NOW: self.take_back,
                OPEN_APPEAL: self.open_appeal,
                desk_screens.SEND: self.send,
                desk_screens.REWRITE: self.rewrite_form,
                **{action: self._form_for(answer) for answer, action in desk_screens.ACTIONS.items()},
            }
        )
        router.add_forms(
            {
                screens.ASK: self.file,
                screens.BY_CODE: self.file_by_code,
                desk_screens.REWRITE: self.rewrite,
                **{action: self._draft_of(answer) for answer, action in desk_screens.ACTIONS.items()},
            }
        )

    @review.command(name="appeal", description="File an appeal for somebody who is gone, or open one")
    @app_commands.describe(code="The person's appeal code; or a case code, to take the second look")
    async def appeal_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review appeal``."""
        await self._router.answer(interaction, self.by_code, ref=code)

    async def write(self, pressed: Pressed) -> Answer:
        """*Ask for a second look*, or *Change what I wrote*."""
        return screens.form(pressed.voice, await self._appeals.write(pressed.visitor))

    async def file(self, pressed: Pressed) -> Answer:
        """The appeal was written."""
        result = await self._appeals.file(pressed.visitor, _typed(pressed.values, screens.TEXT_FIELD))
        return screens.filed(pressed.voice, self._config, result)

    async def ask_take_back(self, pressed: Pressed) -> Answer:
        """*Take my appeal back*: make sure first."""
        return screens.ask_take_back(pressed.voice)

    async def take_back(self, pressed: Pressed) -> Answer:
        """Take the appeal back."""
        return screens.taken_back(pressed.voice, was_open=await self._appeals.withdraw(pressed.visitor))

    async def by_code(self, pressed: Pressed) -> Answer:
        """With a case code, open the appeal that waits there; with an appeal code, file one."""
        if sum(letter.isalnum() for letter in pressed.ref) <= _CASE_CODE_LENGTH:
            return self._file(pressed, await self._desk.open_by_code(pressed.visitor, pressed.ref))
        refused = await self._appeals.check_code(pressed.visitor, pressed.ref)
        if isinstance(refused, NotFiled):
            return screens.not_filed(pressed.voice, refused)
        return screens.code_form(pressed.voice, pressed.ref)

    async def file_by_code(self, pressed: Pressed) -> Answer:
        """What somebody who is gone wrote to the contact address."""
        code, text = (_typed(pressed.values, field) for field in (screens.CODE_FIELD, screens.TEXT_FIELD))
        result = await self._appeals.file_by_code(pressed.visitor, code, text)
        return screens.filed_for_them(pressed.voice, result)

    async def open_appeal(self, pressed: Pressed) -> Answer:
        """*Second look*, under a file or in the queue."""
        return self._file(pressed, await self._desk.open_appeal(pressed.visitor, pressed.ref))

    def _file(self, pressed: Pressed, result: AppealFile | Denied) -> Screen:
        if isinstance(result, Denied):
            return files.denied(pressed.voice, result)
        return desk_screens.appeal_file(pressed.voice, self._config, result)

    def _form_for(self, answer: AppealOutcome) -> Handler:
        async def form(pressed: Pressed) -> Answer:
            if not self._desk.is_moderator(pressed.visitor):
                return files.denied(pressed.voice, Denied("not_a_moderator"))
            return desk_screens.answer_form(pressed.voice, self._config, answer, pressed.ref)

        return form

    def _draft_of(self, answer: AppealOutcome) -> Handler:
        async def draft(pressed: Pressed) -> Answer:
            reason, sentence = _written(pressed.values)
            conditions = self._conditions(pressed.values)
            if isinstance(conditions, BadEnd):
                return files.denied(pressed.voice, Denied(conditions.value))
            result = await self._desk.draft(
                pressed.visitor, pressed.ref, answer, reason, sentence, conditions
            )
            return self._preview(pressed, result)

        return draft

    def _conditions(self, values: RawValues) -> tuple[Condition, ...] | BadEnd:
        """What the person is asked to keep to, as it was filled in."""
        return self._desk.conditions_from(
            label=_typed(values, deciding.LABEL_FIELD),
            no_recruitment=bool(values.get(deciding.RECRUITMENT_FIELD)),
            other=_typed(values, deciding.OTHER_FIELD),
            ends=_typed(values, deciding.END_FIELD),
        )

    def _preview(self, pressed: Pressed, result: AnswerPreview | Unanswered) -> Screen:
        if isinstance(result, AnswerPreview):
            return desk_screens.preview(pressed.voice, self._config, result)
        return desk_screens.answered(pressed.voice, result)

    async def rewrite_form(self, pressed: Pressed) -> Answer:
        """*Change the text*, under the preview of an answer."""
        result = await self._desk.read_draft(pressed.visitor, pressed.ref)
        if isinstance(result, AnswerPreview):
            return desk_screens.rewrite_form(pressed.voice, result)
        return desk_screens.answered(pressed.voice, result)

    async def rewrite(self, pressed: Pressed) -> Answer:
        """The text was changed."""
        _, sentence = _written(pressed.values)
        return self._preview(pressed, await self._desk.redraft(pressed.visitor, pressed.ref, sentence))

    async def send(self, pressed: Pressed) -> Answer:
        """*Send the answer*."""
        result = await self._desk.send(pressed.visitor, pressed.ref)
        return desk_screens.answered(pressed.voice, result, pressed.ref)


def _written(values: RawValues) -> tuple[str, str]:
    """The reason and the sentence in a submitted form."""
    reason = values.get(deciding.REASON_FIELD) or ""
    chosen = reason if isinstance(reason, str) else next(iter(reason), "")
    return chosen, _typed(values, deciding.SENTENCE_FIELD)


def _typed(values: RawValues, field: str) -> str:
    typed = values.get(field)
    return typed if isinstance(typed, str) else ""
