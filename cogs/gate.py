"""The gate: people who join, and everything they press until they are in."""

import discord
from discord.ext import commands

from bot.config import Config
from bot.filling import FormToFill, Informed, NotSaved, Saved, Summary
from bot.forms import Forms
from bot.gate import Gate as GateUseCases
from bot.minting import NextForm
from bot.screens import forms as form_screens
from bot.screens import gate as screens
from bot.screens import panel, reminders
from bot.screens.elements import FormSheet, Screen
from bot.standing import Welcome
from bot.submission import Submission
from cogs._router import Answer, Pressed, Router
from cogs._visitors import newcomer


class Gate(commands.Cog):
    """Arrivals, the panel's buttons, and the forms."""

    def __init__(
        self, config: Config, router: Router, gate: GateUseCases, forms: Forms, submission: Submission
    ) -> None:
        """Take the use cases and register what the buttons and forms do."""
        self._config = config
        self._gate = gate
        self._forms = forms
        self._submission = submission
        router.add_presses(
            {
                panel.START: self.start,
                panel.WORK: self.work,
                panel.PERSON: self.person,
                screens.AGAIN: self.again,
                screens.AGREE: self.agree,
                screens.REOPEN: self.reopen,
                screens.TAKE_BACK: self.ask_take_back,
                screens.TAKE_BACK_NOW: self.take_back,
                screens.FORGET: self.forget,
                form_screens.FORM: self.open_form,
                form_screens.SEND: self.open_form,
                form_screens.SUMMARY: self.summary,
                form_screens.REMOVE: self.remove,
                form_screens.CONFIRM: self.confirm,
            }
        )
        router.add_forms({form_screens.FORM: self.save, form_screens.SEND: self.send})

    @commands.Cog.listener()
    async def on_member_join(self, member: discord.Member) -> None:
        """Somebody joined. It costs no call to Discord."""
        if self._is_ours(member.guild.id) and not member.bot:
            await self._gate.arrive(newcomer(member, self._config.community.language))

    @commands.Cog.listener()
    async def on_raw_member_remove(self, payload: discord.RawMemberRemoveEvent) -> None:
        """Somebody left."""
        if self._is_ours(payload.guild_id) and not payload.user.bot:
            await self._gate.leave(payload.user.id)

    def _is_ours(self, guild_id: int) -> bool:
        return self._config.discord is not None and self._config.discord.server == guild_id

    async def start(self, pressed: Pressed) -> Answer:
        """*Start or carry on*."""
        standing = await self._gate.standing(pressed.visitor)
        return screens.standing(pressed.voice, self._config, standing)

    async def again(self, pressed: Pressed) -> Answer:
        """*Ask again*, after a refusal: the notice comes first, as for everybody."""
        return screens.standing(pressed.voice, self._config, Welcome(again=True))

    async def agree(self, pressed: Pressed) -> Answer:
        """*Agree and begin*: the press is the consent, and opens the first page."""
        notice = screens.consent_notice(pressed.voice, self._config)
        step = await self._gate.agree(pressed.visitor, notice)
        if not isinstance(step, NextForm):
            return screens.standing(pressed.voice, self._config, step)
        return form_screens.form_sheet(pressed.voice, FormToFill(step.ref, step.shown, step.entry))

    async def open_form(self, pressed: Pressed) -> Answer:
        """Open a page."""
        return self._form(pressed, await self._forms.open(pressed.visitor, pressed.ref))

    def _form(self, pressed: Pressed, form: FormToFill | NotSaved) -> FormSheet | Screen:
        if isinstance(form, NotSaved):
            return form_screens.not_saved(pressed.voice, form)
        return form_screens.form_sheet(pressed.voice, form)

    async def save(self, pressed: Pressed) -> Answer:
        """A page was submitted."""
        result = await self._forms.save(pressed.visitor, pressed.ref, pressed.values)
        match result:
            case Saved():
                screen = form_screens.saved(pressed.voice, result)
                return reminders.with_time(pressed.voice, self._config, screen, result.case)
            case Informed():
                return form_screens.informed(pressed.voice, result)
            case NotSaved():
                return form_screens.not_saved(pressed.voice, result)

    async def summary(self, pressed: Pressed) -> Answer:
        """*Check and send*."""
        return self._table(pressed, await self._forms.summary(pressed.visitor, pressed.ref))

    async def remove(self, pressed: Pressed) -> Answer:
        """*Take out*: a link is removed."""
        return self._table(pressed, await self._forms.remove(pressed.visitor, pressed.ref))

    def _table(self, pressed: Pressed, result: Summary | NextForm | NotSaved) -> Screen:
        notice = screens.consent_notice(pressed.voice, self._config)
        match result:
            case Summary():
                return form_screens.summary(pressed.voice, result, notice)
            case NextForm():
                return form_screens.carry_on(pressed.voice, result)
            case NotSaved():
                return form_screens.not_saved(pressed.voice, result)

    async def send(self, pressed: Pressed) -> Answer:
        """The statements were submitted: send."""
        result = await self._submission.send(pressed.visitor, pressed.ref, pressed.values)
        return screens.sent(pressed.voice, self._config, result)

    async def confirm(self, pressed: Pressed) -> Answer:
        """*Yes, this is right*: answers given in conversation are confirmed and sent."""
        notice = screens.consent_notice(pressed.voice, self._config)
        result = await self._submission.confirm(pressed.visitor, pressed.ref, notice)
        return screens.sent(pressed.voice, self._config, result)

    async def reopen(self, pressed: Pressed) -> Answer:
        """*Change my answers*."""
        standing = await self._gate.reopen(pressed.visitor)
        return screens.standing(pressed.voice, self._config, standing)

    async def person(self, pressed: Pressed) -> Answer:
        """*Talk to a person*."""
        result = await self._gate.ask_for_person(pressed.visitor)
        return screens.person_asked_for(pressed.voice, self._config, result)

    async def ask_take_back(self, pressed: Pressed) -> Answer:
        """*Take back my request*: make sure first."""
        return screens.ask_take_back(pressed.voice)

    async def take_back(self, pressed: Pressed) -> Answer:
        """*Yes, take it back and delete*."""
        was_open = await self._gate.take_back(pressed.visitor)
        return screens.taken_back(pressed.voice, was_open=was_open)

    async def work(self, pressed: Pressed) -> Answer:
        """*Here for work or study*."""
        has_request = await self._gate.came_for_work(pressed.visitor)
        return panel.work_page(pressed.voice, has_request=has_request)

    async def forget(self, pressed: Pressed) -> Answer:
        """*Delete what you have*."""
        all_gone = await self._gate.forget_me(pressed.visitor)
        return screens.forgotten(pressed.voice, all_gone=all_gone)
