"""A stage: a small simulated server laid out as the README says, the whole bot on it, and people.

The bot is the real one, on a real SQLite file. Only Discord is simulated.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import discord

from bot.app import House, furnished
from bot.config import Config
from bot.foundation import Foundation
from bot.opening import opened
from bot.screens.elements import Press, Screen
from cogs._rendering import view_of
from rehearsal import simulation
from rehearsal.filing import tell_of_no_links
from rehearsal.grounds import Server, lay_out, on_stage
from rehearsal.simulation import Environment
from rehearsal.threads import panel_of


@dataclass(slots=True)
class Seen:
    """What somebody got to see after one press."""

    messages: list[Any]
    modal: dict[str, Any] | None = None
    acknowledged: bool = True
    result: Any = None

    @property
    def text(self) -> str:
        """All that could be read, in order."""
        return "\n".join(message.content for message in self.messages)

    @property
    def buttons(self) -> list[str]:
        """The labels of all buttons, in order."""
        return [str(item.label) for _, item in self._items()]

    @property
    def title(self) -> str:
        """The title of the form that opened; empty when none did."""
        return str(self.modal["title"]) if self.modal else ""

    def message_with(self, label: str) -> Any | None:
        """The message that has a button with this label, or one that begins so."""
        exact = [message for message, item in self._items() if item.label == label]
        begins = [message for message, item in self._items() if str(item.label).startswith(label)]
        return next(iter(exact or begins), None)

    def full_label(self, label: str) -> str:
        """The whole label of the button that is or begins with ``label``."""
        labels = self.buttons
        begins = (other for other in labels if other.startswith(label))
        return label if label in labels else next(begins, label)

    def _items(self) -> list[tuple[Any, Any]]:
        return [
            (message, item)
            for message in self.messages
            for row in getattr(message, "message", message).components
            for item in getattr(row, "children", ())
        ]


class Unanswered(AssertionError):
    """Somebody pressed something, and nothing answered."""


@dataclass(slots=True)
class Person:
    """Somebody on the stage, who remembers what they saw last."""

    theatre: "Theatre"
    user: Any
    actor: Any = None
    seen: Seen = field(default_factory=lambda: Seen([]))

    @property
    def id(self) -> int:
        """Their Discord id."""
        return int(self.user.id)

    @property
    def is_inside(self) -> bool:
        """Whether they can see the members' channel."""
        server = self.theatre.server
        return simulation.can_see(self.theatre.env, server.guild, self.user, server.lounge)

    def join(self, *, told: bool = True) -> "Person":
        """Join the server."""
        self.actor = simulation.join(self.theatre.env, self.theatre.server.guild, self.user, told=told)
        return self

    def leave(self) -> None:
        """Leave the server."""
        self.theatre.server.guild.remove_member(self.actor)

    async def press(self, label: str, on: Any = None) -> Seen:
        """Press a button on a message, or on what was seen last, by its label or the beginning of it."""
        source = Seen([on]) if on is not None else self.seen
        message = source.message_with(label)
        if message is None:
            raise Unanswered(f"there is no button {label!r}; there are {source.buttons}")
        return self.saw(await self.actor.click(message, label=source.full_label(label)))

    async def press_id(self, message: Any, custom_id: str) -> Seen:
        """Press the button with this custom id, wherever it came from."""
        return self.saw(await self.actor.click(message, custom_id=custom_id))

    async def press_panel(self, label: str) -> Seen:
        """Press a button of the standing panel."""
        return await self.press(label, on=self.theatre.panel)

    async def fill(self, form: Seen | None = None, **values: Any) -> Seen:
        """Fill in and submit the form that was opened."""
        opened_form = form or self.seen
        if opened_form.modal is None:
            raise Unanswered("no form is open")
        return self.saw(await self.actor.submit_modal(opened_form.result, values))

    async def command(self, name: str, channel: Any = None, **options: Any) -> Seen:
        """Use a slash command."""
        room = channel or (self.theatre.server.lounge if self.is_inside else self.theatre.server.front_porch)
        return self.saw(await self.actor.slash(room, name, **options))

    def saw(self, result: Any) -> Seen:
        """Take in what a press or a form led to."""
        messages = [m for m in (result.response, *result.followups) if m is not None]
        if not result.acknowledged:
            raise Unanswered("nothing answered the press")
        self.seen = Seen(messages, result.modal, result.acknowledged, result)
        return self.seen

    def inbox(self) -> list[str]:
        """The direct messages they got."""
        return [message.content for message in self.user.dm_channel.history()]


class Theatre:
    """The stage with the bot on it."""

    def __init__(self, env: Environment, server: Server, config: Config, master: bytes) -> None:
        """Take the simulated Discord, its server, and the bot's configuration for it."""
        self.env = env
        self.server = server
        self.config = config
        self.master = master
        self._resources = AsyncExitStack()
        self.house: House

    @property
    def foundation(self) -> Foundation:
        """The bot's foundation, for looking into its database."""
        return self.house.foundation

    @property
    def panel(self) -> Any:
        """The newest message in the quarantine channel."""
        return panel_of(self.server.front_porch)

    def cards(self) -> list[Any]:
        """The messages in the review channel."""
        return list(self.server.review.history())

    async def open(self) -> None:
        """The process starts."""
        self._resources = AsyncExitStack()
        foundation = await self._resources.enter_async_context(opened(self.config, self.master, self.env.now))
        self.house = furnished(foundation)
        await simulation.restart(self.env, self.house.client)
        simulation.suspend_rest_calls(self.env)
        await self.settle()

    async def close(self) -> None:
        """The process stops."""
        await self._resources.aclose()

    async def restart(self) -> None:
        """The process stops and starts again."""
        await self.close()
        await self.open()

    async def settle(self) -> None:
        """Let everything in hand finish, look at the server if it is time, and do what is due."""
        await self.env.settle()
        await self.house.watch.run(self.env.now())
        await self.house.outbox.drain(self.env.now())
        await self.env.settle()

    async def together(self, *presses: tuple[Person, str]) -> list[Seen]:
        """Several people press at once, each on what they saw last; their handlers run interleaved."""
        results = []
        async with simulation.at_once(self.env):
            for person, label in presses:
                message = person.seen.message_with(label)
                if message is None:
                    raise Unanswered(f"there is no button {label!r}; there are {person.seen.buttons}")
                results.append(
                    (person, await person.actor.click(message, label=person.seen.full_label(label)))
                )
        return [person.saw(result) for person, result in results]

    async def plant(self, channel: Any, *presses: Press) -> Any:
        """A message of the bot's with these buttons, as somebody would need to press what is not theirs."""
        room = self.house.client.get_partial_messageable(channel.id)
        view = view_of(Screen("planted", presses))
        if view is None:
            raise ValueError("nothing to plant")
        message = await room.send("planted", view=view)
        await self.env.settle()
        return next(shown for shown in channel.history() if shown.id == message.id)

    async def pass_time(self, span: timedelta) -> None:
        """Let time pass, then sweep once."""
        await self.env.advance_time(span.total_seconds())
        await self.house.sweep.run(self.env.now())
        await self.settle()

    async def look_round(self) -> None:
        """Go one round over everybody, as the bot does by itself every few hours."""
        await self.env.advance_time(1)
        await self.house.rounds.run(self.env.now())
        await self.house.asking.run(self.env.now())
        await self.settle()

    def person(self, name: str) -> Person:
        """Somebody with a Discord account, outside the server."""
        return Person(self, self.env.create_user(name))

    async def newcomer(self, name: str) -> Person:
        """Somebody who has just joined."""
        person = self.person(name).join()
        await self.settle()
        return person

    async def moderator(self, name: str, *, filed: bool = True) -> Person:
        """Somebody with the moderator role, there before the bot, who told that they have no links."""
        person = self.resident(name, self.server.moderator_role, self.server.member_role)
        if filed:
            await tell_of_no_links(self.foundation, person.id)
        return person

    def resident(self, name: str, *roles: Any) -> Person:
        """Somebody who was in the server before the bot, with these roles."""
        person = self.person(name)
        server = self.server.guild
        person.actor = simulation.join(self.env, server, person.user, told=False, roles=roles)
        return person


@asynccontextmanager
async def raised(
    config: Config, folder: Path, *, today: datetime | None = None, master: bytes | None = None
) -> AsyncIterator[Theatre]:
    """Raise the curtain: a simulated server, and the bot on it, with its data in ``folder``."""
    async with simulation.simulated(discord.Client(intents=discord.Intents.default())) as env:
        if today is not None:
            simulation.set_clock(env, today)
        server = lay_out(env)
        theatre = Theatre(env, server, on_stage(config, server, folder), master or secrets.token_bytes(32))
        await theatre.open()
        try:
            yield theatre
        finally:
            await theatre.close()
