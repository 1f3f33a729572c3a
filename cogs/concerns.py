"""``/concern`` and the menus on people and messages: what members tell the team, and follow."""

import re
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import RawValues
from bot.concerns.telling import NotTaken, Report, Telling
from bot.config import Config
from bot.screens import concerns as screens
from bot.store.concerns import ConcernKind
from cogs._router import Answer, Pressed, Router

_LINK = re.compile(r"https://discord\.com/channels/([0-9]+)/[0-9]+/[0-9]+")
_SNOWFLAKE = re.compile(r"[0-9]{1,20}")


class Concerns(commands.Cog):
    """Telling the team about somebody. What a form holds is kept by nobody until it is sent."""

    concern = app_commands.Group(
        name="concern", description="Tell the team about something, and see how it stands", guild_only=True
    )

    def __init__(self, config: Config, router: Router, telling: Telling) -> None:
        """Take the use case and register what the buttons and forms do."""
        self._config = config
        self._router = router
        self._telling = telling
        self.menus = (
            app_commands.ContextMenu(name="Tell the team about this", callback=self.message_menu),
            app_commands.ContextMenu(name="Tell the team about them", callback=self.person_menu),
        )
        router.add_presses(
            {
                screens.TELL: self.form,
                screens.FOLLOW: self.follow,
                screens.ADD: self.add_form,
                screens.WITHDRAW: self.ask_withdraw,
                screens.WITHDRAW_NOW: self.withdraw,
            }
        )
        router.add_forms({screens.TELL: self.tell, screens.ADD: self.add})

    @concern.command(name="tell", description="Tell the team about something, for their eyes only")
    @app_commands.describe(who="Whom it is about; you can also say that in the form")
    async def tell_command(self, interaction: discord.Interaction, who: discord.User | None = None) -> None:
        """``/concern tell``."""
        await self._open(interaction, {screens.WHO_FIELD: str(who.id)} if who else {})

    @concern.command(name="status", description="See how something stands that you told the team")
    @app_commands.describe(code="The code that you were given; leave it out on the account that you used")
    async def status_command(self, interaction: discord.Interaction, code: str = "") -> None:
        """``/concern status``."""
        await self._router.answer(interaction, self.status, ref=code)

    async def message_menu(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """The menu on a message, which Discord brings along."""
        values = {screens.LINK: message.jump_url, screens.EXCERPT: message.content}
        if not message.webhook_id:
            values[screens.WHO_FIELD] = str(message.author.id)
        await self._open(interaction, values)

    async def person_menu(self, interaction: discord.Interaction[Any], person: discord.User) -> None:
        """The menu on a person."""
        await self._open(interaction, {screens.WHO_FIELD: str(person.id)})

    async def _open(self, interaction: discord.Interaction[Any], values: RawValues) -> None:
        await self._router.answer(interaction, self.form, values=values)

    async def form(self, pressed: Pressed) -> Answer:
        """The form, with whom and what message it is about."""
        if not self._telling.may_tell(pressed.visitor):
            return screens.not_taken(pressed.voice, NotTaken("members_only"))
        about = _user_id(pressed.values)
        return screens.form(
            pressed.voice,
            self._config,
            about=about if about != pressed.visitor.user_id else None,
            link=_text(pressed.values, screens.LINK),
            says=_text(pressed.values, screens.EXCERPT),
        )

    async def tell(self, pressed: Pressed) -> Answer:
        """The form was sent."""
        words = _text(pressed.values, screens.TEXT_FIELD)
        kind = _kind(pressed.values)
        if kind is None:
            return screens.sent(pressed.voice, NotTaken("no_kind"), words)
        report = Report(
            kind,
            words,
            _user_id(pressed.values),
            self._link(pressed.values),
            _kept(pressed.values, screens.EXCERPT),
        )
        return screens.sent(pressed.voice, await self._telling.tell(pressed.visitor, report), words)

    def _link(self, values: RawValues) -> str:
        """The link to a message of this server; nothing else goes as one."""
        link, ids = _kept(values, screens.LINK), self._config.discord
        found = _LINK.fullmatch(link)
        return link if found and ids is not None and found[1] == str(ids.server) else ""

    async def status(self, pressed: Pressed) -> Answer:
        """How it stands: all that they told, or what goes by a code."""
        if pressed.ref:
            return screens.standing(pressed.voice, await self._telling.by_code(pressed.ref))
        return screens.own(pressed.voice, await self._telling.all_of(pressed.visitor))

    async def follow(self, pressed: Pressed) -> Answer:
        """How one thing stands."""
        return screens.standing(pressed.voice, await self._telling.by_ref(pressed.ref))

    async def add_form(self, pressed: Pressed) -> Answer:
        """*Add something*, or *Answer*."""
        return screens.add_form(pressed.voice, pressed.ref)

    async def add(self, pressed: Pressed) -> Answer:
        """Something was added."""
        words = _text(pressed.values, screens.TEXT_FIELD)
        result = await self._telling.add(pressed.ref, words)
        if isinstance(result, NotTaken):
            return screens.sent(pressed.voice, result, words)
        return screens.standing(pressed.voice, result)

    async def ask_withdraw(self, pressed: Pressed) -> Answer:
        """*Take it back*: what that means first."""
        return screens.before_taking_back(pressed.voice, pressed.ref)

    async def withdraw(self, pressed: Pressed) -> Answer:
        """*Take it back now*."""
        return screens.standing(pressed.voice, await self._telling.withdraw(pressed.ref))


def _text(values: RawValues, name: str) -> str:
    value = values.get(name) or ""
    return value if isinstance(value, str) else next(iter(value), "")


def _user_id(values: RawValues) -> int | None:
    """Whom a form or a menu names."""
    named = _text(values, screens.WHO_FIELD)
    return int(named) if _SNOWFLAKE.fullmatch(named) else None


def _kind(values: RawValues) -> ConcernKind | None:
    named = _text(values, screens.KIND_FIELD)
    return ConcernKind(named) if named in set(ConcernKind) else None


def _kept(values: RawValues, what: str) -> str:
    """What of a message somebody ticked."""
    ticked = values.get(screens.KEEP_FIELD) or ()
    options = [ticked] if isinstance(ticked, str) else ticked
    found = next((option for option in options if option.startswith(what)), what)
    return found.removeprefix(what)[: screens.LONGEST_EXCERPT]
