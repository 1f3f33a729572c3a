"""Deciding: the buttons and forms under a file, and ``/review`` with an outcome."""

from dataclasses import dataclass

import discord
from discord import app_commands
from discord.ext import commands

from bot.access import is_moderator
from bot.config import Config
from bot.model import Condition, Outcome, Ruling
from bot.review.conditions import BadEnd
from bot.review.decisions import Decisions as DecisionUseCases
from bot.review.desk import Denied
from bot.review.drafts import Drafted, Drafts, Preview, reason_kind
from bot.screens import deciding, files
from bot.screens.elements import Screen
from cogs._review import review_group
from cogs._router import Answer, Handler, Pressed, Router

_CODE = "The code on the card, such as 7F3K-Q2"
_SENTENCE = "What the person will read; leave it out for the ready-made text"
_PERSON = "Or the person"
_Choices = list[app_commands.Choice[str]]


class Decisions(commands.Cog):
    """Writing and sending decisions. Who may is asked again, in the core, on every press."""

    review = review_group()

    def __init__(
        self,
        config: Config,
        router: Router,
        decisions: DecisionUseCases,
        drafts: Drafts,
    ) -> None:
        """Take the use cases and register what the buttons and forms do."""
        self._config = config
        self._router = router
        self._decisions = decisions
        self._drafts = drafts
        router.add_presses(
            {
                deciding.ADMIT: self.admit,
                deciding.HOLD: self.hold,
                deciding.REWRITE: self.rewrite_form,
                deciding.SEND_NOW: self.send,
                **{action: self._opens(outcome) for outcome, action in deciding.FORM_OF.items()},
            }
        )
        router.add_forms(
            {
                deciding.REWRITE: self.rewrite,
                **{action: self._drafts_viewed(outcome) for outcome, action in deciding.FORM_OF.items()},
            }
        )

    @review.command(name="admit", description="Admit the person of a case")
    @app_commands.describe(code=_CODE)
    async def admit_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review admit``."""
        await self._router.answer(interaction, self.admit_code, ref=code)

    @review.command(name="hold", description="Keep a case on hold, with a new target")
    @app_commands.describe(code=_CODE)
    async def hold_command(self, interaction: discord.Interaction, code: str) -> None:
        """``/review hold``."""
        await self._router.answer(interaction, self.hold_code, ref=code)

    @review.command(name="redirect", description="Show the person of a case another way, with a reason")
    @app_commands.describe(code=_CODE, reason="Why", sentence=_SENTENCE)
    async def redirect_command(
        self, interaction: discord.Interaction, code: str, reason: str, sentence: str = ""
    ) -> None:
        """``/review redirect``."""
        await self._write(interaction, Outcome.REDIRECT, code, reason, sentence)

    @review.command(name="decline", description="Decline a case, with a reason")
    @app_commands.describe(code=_CODE, reason="Why", sentence=_SENTENCE)
    async def decline_command(
        self, interaction: discord.Interaction, code: str, reason: str, sentence: str = ""
    ) -> None:
        """``/review decline``."""
        await self._write(interaction, Outcome.DECLINE, code, reason, sentence)

    @review.command(name="reopen", description="Take back a decline, a redirect or a removal")
    @app_commands.describe(code=_CODE, reason="Why", sentence=_SENTENCE)
    async def reopen_command(
        self, interaction: discord.Interaction, code: str, reason: str, sentence: str = ""
    ) -> None:
        """``/review reopen``."""
        await self._write(interaction, Outcome.REOPEN, code, reason, sentence)

    @review.command(name="quarantine", description="Put a member back into quarantine, with a reason")
    @app_commands.describe(reason="Why", code=_CODE, person=_PERSON, sentence=_SENTENCE)
    async def quarantine_command(
        self,
        interaction: discord.Interaction,
        reason: str,
        code: str = "",
        person: discord.User | None = None,
        sentence: str = "",
    ) -> None:
        """``/review quarantine``."""
        await self._write(interaction, Outcome.SUSPEND, code, reason, sentence, person)

    @review.command(name="remove", description="Remove a member from the server, with a reason; never a ban")
    @app_commands.describe(reason="Why", code=_CODE, person=_PERSON, sentence=_SENTENCE)
    async def remove_command(
        self,
        interaction: discord.Interaction,
        reason: str,
        code: str = "",
        person: discord.User | None = None,
        sentence: str = "",
    ) -> None:
        """``/review remove``."""
        await self._write(interaction, Outcome.REMOVE, code, reason, sentence, person)

    @review.command(name="conditions", description="Admit somebody on conditions, or change a member's")
    @app_commands.describe(
        code=_CODE,
        reason="Why",
        label="What they say openly about their link; leave it out if nothing",
        no_recruitment="Whether they may recruit nobody here",
        other="Something else that is agreed",
        until="When it ends: 2027-03-01, or 6mo; leave it out for no end",
        sentence=_SENTENCE,
    )
    async def conditions_command(
        self,
        interaction: discord.Interaction,
        code: str,
        reason: str,
        label: str = "",
        no_recruitment: bool = False,
        other: str = "",
        until: str = "",
        sentence: str = "",
    ) -> None:
        """``/review conditions``."""
        values = {
            deciding.REASON_FIELD: reason,
            deciding.SENTENCE_FIELD: sentence,
            deciding.LABEL_FIELD: label,
            deciding.RECRUITMENT_FIELD: [deciding.NO_RECRUITMENT] if no_recruitment else [],
            deciding.OTHER_FIELD: other,
            deciding.END_FIELD: until,
        }
        await self._router.answer(interaction, self._drafts_coded(Outcome.ADMIT), ref=code, values=values)

    async def _write(
        self,
        interaction: discord.Interaction,
        outcome: Outcome,
        code: str,
        reason: str,
        sentence: str,
        person: discord.User | None = None,
    ) -> None:
        values = {deciding.REASON_FIELD: reason, deciding.SENTENCE_FIELD: sentence}
        handler = self._drafts_coded(outcome) if person is None else self._drafts_about(outcome)
        ref = code if person is None else str(person.id)
        await self._router.answer(interaction, handler, ref=ref, values=values)

    @redirect_command.autocomplete("reason")
    async def redirect_reasons(self, interaction: discord.Interaction, typed: str) -> _Choices:
        """Offer the reasons for a redirect."""
        return self._reasons(interaction, Outcome.REDIRECT, typed)

    @decline_command.autocomplete("reason")
    async def decline_reasons(self, interaction: discord.Interaction, typed: str) -> _Choices:
        """Offer the reasons for a decline."""
        return self._reasons(interaction, Outcome.DECLINE, typed)

    @reopen_command.autocomplete("reason")
    async def reopen_reasons(self, interaction: discord.Interaction, typed: str) -> _Choices:
        """Offer the reasons for taking a decision back."""
        return self._reasons(interaction, Outcome.REOPEN, typed)

    @quarantine_command.autocomplete("reason")
    async def quarantine_reasons(self, interaction: discord.Interaction, typed: str) -> _Choices:
        """Offer the reasons for putting a member back into quarantine."""
        return self._reasons(interaction, Outcome.SUSPEND, typed)

    @remove_command.autocomplete("reason")
    async def remove_reasons(self, interaction: discord.Interaction, typed: str) -> _Choices:
        """Offer the reasons for a removal."""
        return self._reasons(interaction, Outcome.REMOVE, typed)

    @conditions_command.autocomplete("reason")
    async def conditions_reasons(self, interaction: discord.Interaction, typed: str) -> _Choices:
        """Offer the reasons for conditions."""
        return self._reasons(interaction, Outcome.ADMIT, typed)

    def _reasons(self, interaction: discord.Interaction, outcome: Outcome, typed: str) -> _Choices:
        voice = self._config.words.voice(str(interaction.locale))
        offered = self._config.review.reasons_for(reason_kind(Ruling(outcome)))
        labels = [(voice.read(reason.label), reason.id) for reason in offered]
        matching = [(label, value) for label, value in labels if typed.casefold() in label.casefold()]
        return [app_commands.Choice(name=label[:100], value=value) for label, value in matching[:25]]

    async def admit(self, pressed: Pressed) -> Answer:
        """*Admit*, under a file."""
        result = await self._decisions.decide_viewed(pressed.visitor, pressed.ref, Outcome.ADMIT)
        return files.decided(pressed.voice, result, (deciding.ADMIT, pressed.ref))

    async def admit_code(self, pressed: Pressed) -> Answer:
        """Admit by case code."""
        result = await self._decisions.decide_by_code(pressed.visitor, pressed.ref, Outcome.ADMIT)
        return files.decided(pressed.voice, result)

    async def hold(self, pressed: Pressed) -> Answer:
        """*Keep on hold*, under a file."""
        result = await self._decisions.decide_viewed(pressed.visitor, pressed.ref, Outcome.HOLD)
        return files.decided(pressed.voice, result, (deciding.HOLD, pressed.ref))

    async def hold_code(self, pressed: Pressed) -> Answer:
        """Keep on hold by case code."""
        result = await self._decisions.decide_by_code(pressed.visitor, pressed.ref, Outcome.HOLD)
        return files.decided(pressed.voice, result)

    def _opens(self, outcome: Outcome) -> Handler:
        async def open_form(pressed: Pressed) -> Answer:
            roles = self._config.moderator_roles
            if not is_moderator(role_ids=pressed.visitor.role_ids, moderator_roles=roles):
                return files.denied(pressed.voice, Denied("not_a_moderator"))
            return deciding.decision_form(pressed.voice, self._config, outcome, pressed.ref)

        return open_form

    def _drafts_viewed(self, outcome: Outcome) -> Handler:
        async def draft(pressed: Pressed) -> Answer:
            written = self._written(pressed)
            if isinstance(written, BadEnd):
                return files.denied(pressed.voice, Denied(written.value))
            result = await self._drafts.draft_viewed(
                pressed.visitor, pressed.ref, outcome, written.reason, written.sentence, written.conditions
            )
            return self._preview(pressed, result)

        return draft

    def _drafts_coded(self, outcome: Outcome) -> Handler:
        async def draft(pressed: Pressed) -> Answer:
            written = self._written(pressed)
            if isinstance(written, BadEnd):
                return files.denied(pressed.voice, Denied(written.value))
            if not pressed.ref:
                return files.denied(pressed.voice, Denied("say_who"))
            result = await self._drafts.draft_by_code(
                pressed.visitor, pressed.ref, outcome, written.reason, written.sentence, written.conditions
            )
            return self._preview(pressed, result)

        return draft

    def _drafts_about(self, outcome: Outcome) -> Handler:
        async def draft(pressed: Pressed) -> Answer:
            reason, sentence = _one(pressed, deciding.REASON_FIELD), _one(pressed, deciding.SENTENCE_FIELD)
            result = await self._drafts.draft_about(
                pressed.visitor, int(pressed.ref), outcome, reason, sentence
            )
            return self._preview(pressed, result)

        return draft

    def _written(self, pressed: Pressed) -> "_Written | BadEnd":
        conditions = self._drafts.conditions_from(
            label=_one(pressed, deciding.LABEL_FIELD),
            no_recruitment=_one(pressed, deciding.RECRUITMENT_FIELD) == deciding.NO_RECRUITMENT,
            other=_one(pressed, deciding.OTHER_FIELD),
            ends=_one(pressed, deciding.END_FIELD),
        )
        if isinstance(conditions, BadEnd):
            return conditions
        return _Written(
            _one(pressed, deciding.REASON_FIELD), _one(pressed, deciding.SENTENCE_FIELD), conditions
        )

    def _preview(self, pressed: Pressed, result: Drafted) -> Screen:
        if isinstance(result, Preview):
            return deciding.preview(pressed.voice, self._config, result)
        return files.decided(pressed.voice, result)

    async def rewrite_form(self, pressed: Pressed) -> Answer:
        """*Change the text*, under a preview."""
        result = await self._drafts.read_draft(pressed.visitor, pressed.ref)
        if isinstance(result, Preview):
            return deciding.rewrite_form(pressed.voice, result)
        return files.decided(pressed.voice, result)

    async def rewrite(self, pressed: Pressed) -> Answer:
        """The text was changed."""
        sentence = _one(pressed, deciding.SENTENCE_FIELD)
        return self._preview(pressed, await self._drafts.redraft(pressed.visitor, pressed.ref, sentence))

    async def send(self, pressed: Pressed) -> Answer:
        """*Send*, under a preview."""
        result = await self._drafts.send_draft(pressed.visitor, pressed.ref)
        return files.decided(pressed.voice, result, (deciding.SEND_NOW, pressed.ref))


@dataclass(frozen=True, slots=True)
class _Written:
    """What a moderator filled in."""

    reason: str
    sentence: str
    conditions: tuple[Condition, ...]


def _one(pressed: Pressed, name: str) -> str:
    """A field in a submitted form or a command; of a choice, what was chosen first."""
    value = pressed.values.get(name) or ""
    return value if isinstance(value, str) else next(iter(value), "")
