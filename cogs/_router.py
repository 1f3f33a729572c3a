"""The router: from a press, a submitted form or a command to one use case, and its screen back."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord

from bot.answers import RawValues
from bot.config import Config
from bot.forms import typed_in
from bot.model import Visitor
from bot.screens.elements import FormSheet, Press, Screen, inert
from bot.words import Voice
from cogs import _errors
from cogs._rendering import NAMESPACE, messages_of, modal_of, values_in
from cogs._visitors import visitor_of

# Discord wants a first answer within three seconds. Whoever is not answered by now is told to wait.
ACKNOWLEDGE_AFTER_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Pressed:
    """What somebody did, as the use cases want it."""

    visitor: Visitor
    voice: Voice
    ref: str = ""
    values: RawValues = field(default_factory=dict, repr=False)


Answer = Screen | FormSheet
Handler = Callable[[Pressed], Awaitable[Answer]]


class Router:
    """Looks up who handles an action, and answers every press."""

    def __init__(self, config: Config) -> None:
        """Take the configuration; the adapters add their handlers."""
        self._config = config
        self._presses: dict[str, Handler] = {}
        self._forms: dict[str, Handler] = {}
        self._anywhere: set[str] = set()
        self._in_messages: set[str] = set()
        self.tally: Counter[str] = Counter()
        """How many presses were ``answered``, and how many too ``late``. About nobody."""

    def add_presses(self, handlers: Mapping[str, Handler], *, anywhere: bool = False) -> None:
        """Register what buttons do; ``anywhere`` also outside the server, and without a database."""
        for action, handler in handlers.items():
            if action in self._presses:
                raise ValueError(f"two handlers for the button {action}")
            self._presses[action] = handler
        if anywhere:
            self._anywhere.update(handlers)

    def add_forms(self, handlers: Mapping[str, Handler]) -> None:
        """Register what submitted forms do."""
        for action, handler in handlers.items():
            if action in self._forms:
                raise ValueError(f"two handlers for the form {action}")
            self._forms[action] = handler

    def handler(self, action: str) -> Handler:
        """What a button does, for a button that stands for another one."""
        return self._presses.get(action, _not_ours)

    def reach_messages(self, actions: Iterable[str]) -> None:
        """Have buttons and forms work in private messages too, where nobody holds a role."""
        self._in_messages.update(actions)

    def _reaches(self, interaction: discord.Interaction[Any], action: str) -> bool:
        """Whether something of ours works outside the server, where it was pressed."""
        return action in self._anywhere or (interaction.guild_id is None and action in self._in_messages)

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """A button was pressed; the message it stands under may be from before a restart."""
        action, ref = _ours(interaction)
        if action:
            handler = self._presses.get(action, _not_ours)
            await self.answer(interaction, handler, ref=ref, anywhere=self._reaches(interaction, action))

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """A form was submitted; it may have been opened before a restart."""
        action, ref = _ours(interaction)
        if action:
            handler = self._forms.get(action, _not_ours)
            values = values_in(dict(interaction.data or {}))
            anywhere = self._reaches(interaction, action)
            await self.answer(interaction, handler, ref=ref, values=values, anywhere=anywhere)

    async def answer(
        self,
        interaction: discord.Interaction[Any],
        handler: Handler,
        *,
        ref: str = "",
        values: RawValues | None = None,
        anywhere: bool = False,
    ) -> None:
        """Run a handler and show what it returns; an error becomes a sentence."""
        voice = self._config.words.voice(str(interaction.locale))
        stray = None if anywhere else self._stray(interaction, voice)
        try:
            pressed = Pressed(visitor_of(interaction), voice, ref, values or {})
            answer = stray or await self._in_time(interaction, handler(pressed))
        except Exception as error:  # noqa: BLE001 - the one place where whatever happened gets a sentence
            answer = _handing_back(_errors.screen_for(error, voice), voice, values or {})
        try:
            await _show(interaction, answer, voice)
            self.tally["answered"] += 1
        except Exception as error:  # noqa: BLE001 - whatever happened, the person gets a sentence
            await self._could_not_show(interaction, error, voice)

    async def failed(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """Something failed before any handler was reached. While typing, there is no room for a sentence."""
        voice = self._config.words.voice(str(interaction.locale))
        screen = _errors.screen_for(error, voice)
        if interaction.type is discord.InteractionType.autocomplete:
            return
        try:
            await _show(interaction, screen, voice)
        except discord.DiscordException:
            _errors.note_unanswered(interaction)

    def _stray(self, interaction: discord.Interaction[Any], voice: Voice) -> Screen | None:
        if interaction.guild_id is None:
            return Screen(voice.say("server_only"))
        discord_ids = self._config.discord
        ours = discord_ids is not None and interaction.guild_id == discord_ids.server
        return None if ours else Screen(voice.say("wrong_server"))

    async def _in_time(self, interaction: discord.Interaction[Any], work: Awaitable[Answer]) -> Answer:
        """Await the work; acknowledge meanwhile when it takes long."""
        loop = asyncio.get_running_loop()
        begun: list[asyncio.Task[None]] = []
        timer = loop.call_later(
            ACKNOWLEDGE_AFTER_SECONDS, lambda: begun.append(loop.create_task(_acknowledge(interaction)))
        )
        try:
            return await work
        finally:
            timer.cancel()
            # What is shown next has to know whether this was already the first answer.
            for acknowledging in begun:
                await acknowledging

    async def _could_not_show(
        self, interaction: discord.Interaction[Any], error: Exception, voice: Voice
    ) -> None:
        if _errors.nobody_to_answer(error):
            self._too_late(interaction)
            return
        screen = _errors.screen_for(error, voice)
        try:
            await _show(interaction, screen, voice)
            self.tally["answered"] += 1
        except discord.DiscordException:
            self._too_late(interaction)

    def _too_late(self, interaction: discord.Interaction[Any]) -> None:
        self.tally["late"] += 1
        _errors.note_unanswered(interaction)


def _ours(interaction: discord.Interaction[Any]) -> tuple[str, str]:
    """The action and the ref in a custom id of ours; no action in anybody else's."""
    data: Mapping[str, Any] = interaction.data or {}
    namespace, _, rest = str(data.get("custom_id", "")).partition(":")
    action, _, ref = rest.partition(":")
    return (action, ref) if namespace == NAMESPACE else ("", "")


async def _acknowledge(interaction: discord.Interaction[Any]) -> None:
    """Ask for patience. Where even that fails, the answer itself is still tried."""
    with contextlib.suppress(discord.DiscordException, aiohttp.ClientError, OSError):
        await interaction.response.defer(ephemeral=True, thinking=True)


def _handing_back(screen: Screen, voice: Voice, values: RawValues) -> Screen:
    """What was typed into a form that could not be saved, to copy and keep."""
    typed = typed_in(values)
    if not typed:
        return screen
    handed_back = "\n".join(inert(text) for text in typed)
    return Screen(f"{screen.text}\n\n{voice.say('handed_back')}\n{handed_back}", screen.presses)


async def _not_ours(pressed: Pressed) -> Answer:
    return Screen(pressed.voice.say("not_ours"), (Press("start", pressed.voice.say("where_i_stand")),))


async def _show(interaction: discord.Interaction[Any], answer: Answer, voice: Voice) -> None:
    if isinstance(answer, FormSheet):
        if not interaction.response.is_done():
            await interaction.response.send_modal(modal_of(answer))
            return
        # A form can only be a first answer, and that was spent on asking for patience.
        answer = Screen(voice.say("form_ready"), (Press(answer.action, voice.say("open_again"), answer.ref),))
    for message in messages_of(answer):
        if interaction.response.is_done():
            await interaction.followup.send(ephemeral=True, suppress_embeds=True, **message)
        else:
            await interaction.response.send_message(ephemeral=True, suppress_embeds=True, **message)
