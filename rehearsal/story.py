"""The story's hands: people press, fill in and read on the stage, and the narrator shows it."""

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.config import Config
from bot.screens import forms as forms_screens
from bot.screens import gate as gate_screens
from bot.screens import panel as panel_screens
from bot.screens.desk import OPEN
from bot.screens.files import account_created
from bot.store import cases
from bot.store.cases import Case
from bot.words import Voice, placeholders
from cogs._rendering import NAMESPACE
from rehearsal import casting, simulation
from rehearsal.casting import NotTold, Part, Wishes
from rehearsal.screen import Chip, Narrator
from rehearsal.theatre import Person, Seen, Theatre, Unanswered

T = TypeVar("T")

_LOCALE = "en-US"
"""The language of everybody's Discord on the simulated server."""

_MOST_STEPS = 40
_GAP = "\0"


@dataclass(frozen=True, slots=True)
class Button:
    """A button that somebody can press now."""

    message: Any
    custom_id: str
    chip: Chip

    @property
    def action(self) -> str:
        """What it does."""
        return self.custom_id.removeprefix(f"{NAMESPACE}:").partition(":")[0]


def buttons_on(messages: list[Any]) -> list[Button]:
    """The buttons under messages, in order."""
    return [
        Button(message, item.custom_id, Chip(str(item.label), int(item.style.value)))
        for message in messages
        for row in getattr(message, "message", message).components
        for item in getattr(row, "children", ())
    ]


@dataclass(slots=True)
class Story:
    """The stage, the narrator, and everybody in it by name."""

    theatre: Theatre
    narrator: Narrator
    people: dict[str, Person] = field(default_factory=dict)
    words_typed: set[str] = field(default_factory=set)
    """What people typed: none of it may be readable in the files."""

    @property
    def config(self) -> Config:
        """The configuration on stage."""
        return self.theatre.config

    @property
    def voice(self) -> Voice:
        """The sentences that everybody reads."""
        return self.config.words.voice(_LOCALE)

    def name(self, person: Person) -> str:
        """What somebody is called."""
        return next(name for name, other in self.people.items() if other is person)

    async def arrive(self, name: str) -> Person:
        """Somebody joins."""
        person = self.people[name].join()
        await self.theatre.settle()
        self.narrator.does(name, "joins the server.")
        return person

    def part(self, person: Person, wishes: Wishes) -> Part:
        """What the rules make of these answers, before the bot is asked."""
        theatre = self.theatre
        self.words_typed.update(wish for wish in wishes.values() if isinstance(wish, str) and wish)
        return casting.cast(
            self.config, wishes, account_created=account_created(person.id), now=theatre.env.now()
        )

    def held_part(self, person: Person, *candidates: Wishes) -> Part:
        """The first answers that this configuration holds. Raises NotTold when it holds none of them."""
        why = NotTold("your rules hold nobody who answers like this")
        for wishes in candidates:
            try:
                part = self.part(person, wishes)
            except NotTold as problem:
                why = problem
                continue
            if part.is_held:
                return part
            if part.is_admitted:
                why = NotTold(f"your rule `{part.rule}` lets them in at once, so nobody has to decide")
        raise why

    def shows(self, person: Person, seen: Seen, *, most: int | None = None) -> None:
        """Show what somebody sees."""
        messages = [message.content for message in seen.messages]
        chips = [button.chip for button in buttons_on(seen.messages)]
        self.narrator.sees(f"{self.name(person)} sees", messages, chips, most=most)

    async def press(
        self, person: Person, action: str, on: Any = None, label: str = "", *, show: bool = True
    ) -> Seen:
        """Press the first button that does something, on a message or on what was seen last."""
        button = self.button(person, action, on, label)
        if show:
            self.narrator.does(self.name(person), "presses", button.chip.label)
        return _saw(person, await person.actor.click(button.message, custom_id=button.custom_id))

    def button(self, person: Person, action: str, on: Any = None, label: str = "") -> Button:
        """The first button that does something, on a message or on what was seen last."""
        for button in buttons_on([on] if on is not None else person.seen.messages):
            if button.action == action and button.chip.label.startswith(label):
                return button
        raise Unanswered(f"{self.name(person)} looked for a button that is not there ({action})")

    async def press_panel(self, person: Person, action: str) -> Seen:
        """Press a button of the standing panel."""
        return await self.press(person, action, on=self.theatre.panel)

    async def command(self, person: Person, name: str, channel: Any = None, **options: Any) -> Seen:
        """Use a slash command."""
        told = " ".join([f"/{name}", *(str(value) for value in options.values())])
        self.narrator.does(self.name(person), f"writes {told}")
        return await person.command(name, channel, **options)

    async def fill(self, person: Person, part: Part, *, show: bool = True) -> Seen:
        """Fill in the open form as the part wants, and submit it."""
        modal = person.seen.modal
        if modal is None:
            raise Unanswered(f"{self.name(person)} waited for a form that did not open")
        values = self._values(modal, part)
        if show:
            self.narrator.form(f"{self.name(person)} fills in: {modal['title']}", modal, values)
        else:
            self.narrator.does(self.name(person), f'fills in "{modal["title"]}".')
        return await person.fill(**values)

    def _values(self, modal: Mapping[str, Any], part: Part) -> dict[str, Any]:
        values = {}
        for row in modal["components"]:
            wire = row.get("component")
            field_id = wire["custom_id"] if wire else ""
            page = self.config.questionnaire.page_of(field_id)
            asked = page.field(field_id) if page else None
            if asked is not None:
                wish = part.wishes.get(field_id)
                value = casting.filling(asked, wish, required=wire.get("required", True))
                values.update({} if value is None else {field_id: value})
        return values

    async def begin(self, person: Person, *, show: bool = True) -> Seen:
        """Press Start, read what is kept, agree: the first form is open."""
        seen = await self.press_panel(person, panel_screens.START)
        if show:
            self.shows(person, seen)
        return await self.press(person, gate_screens.AGREE, show=show)

    async def answer_all(self, person: Person, part: Part, *, show: Collection[str] | None = None) -> Seen:
        """Go through every page to the end; ``show`` names the forms to show, by a field, else all."""
        for _ in range(_MOST_STEPS):
            seen = person.seen
            actions = [button.action for button in buttons_on(seen.messages)]
            if seen.modal is not None:
                await self.fill(person, part, show=show is None or not _fields(seen).isdisjoint(show))
                if show is None and person.seen.modal is None:
                    self.shows(person, person.seen)
            elif forms_screens.SUMMARY in actions:
                await self.press(person, forms_screens.SUMMARY, show=show is None)
                if show is None:
                    self.shows(person, person.seen)
            elif forms_screens.FORM in actions:
                await self.press(person, forms_screens.FORM, show=show is None)
            else:
                return seen
        raise Unanswered("the forms did not come to an end")

    def says(self, text: str, key: str, **known: object) -> bool:
        """Whether a text holds the sentence with this key; placeholders not given may be anything."""
        names = placeholders(self.voice.words.template(key, _LOCALE)) - set(self.voice.words.shared)
        sentence = self.voice.say(key, **{**dict.fromkeys(names, _GAP), **known})
        return all(piece.strip() in text for piece in sentence.split(_GAP))

    async def rows(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Look into the bot's database."""
        return await self.theatre.foundation.database.read(work)

    async def count_rows(self, *tables: str) -> dict[str, int]:
        """How many rows lie in these tables; in all of them when none is named."""

        def count(connection: sqlite3.Connection) -> dict[str, int]:
            known = [
                row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            ]
            wanted = [name for name in known if not tables or name in tables]
            return {
                name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]  # noqa: S608 - our own names
                for name in wanted
            }

        return await self.rows(count)

    async def case_of(self, person: Person) -> Case | None:
        """Somebody's newest case, as the bot keeps it."""

        def find(connection: sqlite3.Connection) -> Case | None:
            subject = self.theatre.foundation.find(connection, person.id)
            known = cases.of_subject(connection, subject.id) if subject else []
            return known[0] if known else None

        return await self.rows(find)

    async def is_known(self, person: Person) -> bool:
        """Whether anybody in the database is this person."""
        foundation = self.theatre.foundation
        return await self.rows(lambda connection: foundation.find(connection, person.id) is not None)

    def card_of(self, case: Case) -> Any:
        """The card of a case in the review channel."""
        for card in self.theatre.cards():
            if case.code in card.content and any(b.action == OPEN for b in buttons_on([card])):
                return card
        raise Unanswered("there is no card of the case in the review channel")

    def check_rooms(self, person: Person, *, inside: bool) -> None:
        """Check what somebody can see: the front page alone, or the members' channel instead."""
        server = self.theatre.server
        rooms = (server.front_porch, server.lounge, server.review)
        seen = [r for r in rooms if simulation.can_see(self.theatre.env, server.guild, person.user, r)]
        found = ", ".join(f"#{room.name}" for room in seen) or "nothing"
        wanted = f"#{(server.lounge if inside else server.front_porch).name}"
        self.narrator.check(f"{self.name(person)} can see", found, wanted)


def _fields(seen: Seen) -> set[str]:
    rows = seen.modal["components"] if seen.modal else []
    return {row["component"]["custom_id"] for row in rows if "component" in row}


def _saw(person: Person, result: Any) -> Seen:
    messages = [message for message in (result.response, *result.followups) if message is not None]
    if not result.acknowledged:
        raise Unanswered("nothing answered the press")
    person.seen = Seen(messages, result.modal, result.acknowledged, result)
    return person.seen
