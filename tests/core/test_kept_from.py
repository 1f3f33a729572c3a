"""A moderator who is kept from a case, on every path there is: one line, the card, and nothing else.

Every action that the router knows is pressed with every id that the database holds, every form is sent,
and every command is used with every code. What is added later is tried without being named here, unless
it takes something that this does not know how to give.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from discord import AppCommandOptionType, app_commands

from bot.app import House, furnished
from bot.model import Outcome, Visitor
from bot.review.desk import CaseFile, Denied
from bot.screens import deciding
from bot.screens import desk as desk_screens
from bot.screens.elements import FormSheet, Screen
from cogs._router import Answer, Handler, Pressed, Router
from tests.support import ABOUT_LINKED, ANN, BEN, LINK_NOW, MOD, NOW, PURPOSE, SECOND_MOD, World, config

VOICE = config().words.voice("en")
ONE_LINE = VOICE.say("may_not_recused", case_code="")
SECRETS = ("Helix Pharma", "To talk with others", f"<@{ANN.user_id}>", "Because of the moon")
"""What the file holds, and the reason that a colleague has written down."""

NOT_ABOUT_CASES = {"cogs.keeper", "cogs.rights"}
"""One speaks with Discord about the whole gate. The other shows and deletes what is kept of whoever presses:
a moderator who has everything deleted is somebody new, and would not be the one who is kept away."""

_IDS = """
    SELECT id FROM cases UNION SELECT code FROM cases UNION SELECT replace(code, '-', '') FROM cases
    UNION SELECT ref FROM form UNION SELECT id FROM sheet UNION SELECT ref FROM file_view
    UNION SELECT ref FROM proposal UNION SELECT id FROM task UNION SELECT id FROM decision
    UNION SELECT id FROM subject UNION SELECT id FROM disclosure UNION SELECT ref FROM effect
    UNION SELECT id FROM motion UNION SELECT ref FROM question UNION SELECT ref FROM question_draft
    UNION SELECT id FROM concern UNION SELECT code FROM concern UNION SELECT id FROM note
    UNION SELECT id FROM appeal
    """


def spelled(answer: Answer | Denied) -> str:
    """All that can be read in an answer."""
    if isinstance(answer, FormSheet):
        return f"{answer.title} {answer.inputs} {[one.typed for one in answer.inputs]}"
    return f"{answer.text} {answer.presses} {answer.files}" if isinstance(answer, Screen) else str(answer)


def option(parameter: app_commands.Parameter, code: str) -> object:
    """Something to fill in for a command; fails on what it does not know."""
    if parameter.choices:
        return parameter.choices[0].value
    known: dict[AppCommandOptionType, object] = {
        AppCommandOptionType.string: code,
        AppCommandOptionType.integer: 1,
        AppCommandOptionType.number: 1.0,
        AppCommandOptionType.boolean: True,
        AppCommandOptionType.user: SimpleNamespace(
            id=ANN.user_id, mention=f"<@{ANN.user_id}>", bot=False, created_at=NOW
        ),
    }
    assert parameter.type in known, f"{parameter.name} is of a kind that this test cannot give"
    return known[parameter.type]


def commands_of(house: House) -> Iterator[app_commands.Command[Any, ..., Any]]:
    """Every slash command, those in groups included."""
    for cog in house.client._adapters:
        for command in cog.__cog_app_commands__:
            found = command.commands if isinstance(command, app_commands.Group) else [command]
            yield from cast("list[app_commands.Command[Any, ..., Any]]", found)


class Walk:
    """Goes down every path as one visitor, and keeps what was said."""

    def __init__(self, world: World, house: House, who: Visitor) -> None:
        self.world, self.house, self.who = world, house, who
        self.said: dict[str, str] = {}
        self.doing = ""

    async def hear(self, handler: Handler, ref: str = "", values: Any = None) -> None:
        """Do what a press, a form or a command does."""
        answer = await handler(Pressed(self.who, VOICE, ref, values or {}))
        self.said[f"{self.doing} {handler.__name__} {ref}"] = spelled(answer)

    async def button(self, action: str, refs: list[tuple[Any, ...]]) -> None:
        """Press one button with every ref."""
        self.doing, handler = action, self.house.client.router._presses[action]
        await asyncio.gather(*(self.hear(handler, ref) for (ref,) in refs))

    async def everything(self) -> None:
        """Every button and form with every id, and every command with every code."""
        ids = await self.world.rows(_IDS)
        router = self.house.client.router
        values = {"reason": ["other"], "sentence": "x", "capacity": "self"}
        for action, handler in router._presses.items():
            if handler.__module__ not in NOT_ABOUT_CASES:
                await self.button(action, [("",), *ids])
        for self.doing, handler in router._forms.items():
            await asyncio.gather(*(self.hear(handler, ref, values) for (ref,) in ids))
        for command in commands_of(self.house):
            if command.module in NOT_ABOUT_CASES:
                continue
            self.doing = f"command {command.qualified_name}"
            code = await self.world.code(ANN)
            given = {one.name: option(one, code) for one in command.parameters}
            callback = cast("Callable[..., Awaitable[None]]", command.callback)
            await callback(command.binding, SimpleNamespace(locale="en", user=self.who), **given)
            for name, parameter in command._params.items():
                if callable(parameter.autocomplete):
                    await self.complete(command, name)

    async def complete(self, command: app_commands.Command[Any, ..., Any], name: str) -> None:
        """What is offered while something is typed."""
        offer = cast("Callable[..., Awaitable[Any]]", command._params[name].autocomplete)
        offered = await offer(command.binding, SimpleNamespace(locale="en", user=self.who), "")
        self.said[f"{self.doing} offers {name}"] = str([(one.name, one.value) for one in offered])


@pytest.fixture
def walking(monkeypatch: pytest.MonkeyPatch) -> Callable[[World, Visitor], Walk]:
    """Makes a walk through the whole furnished bot, whose commands answer to it."""

    def begin(world: World, who: Visitor) -> Walk:
        walk = Walk(world, furnished(world.foundation), who)

        async def answer(_: Router, __: Any, handler: Handler, **given: Any) -> None:
            await walk.hear(handler, given.get("ref", ""), given.get("values"))

        monkeypatch.setattr(Router, "answer", answer)
        for name in ("cogs.organisations", "cogs.queue"):
            monkeypatch.setattr(f"{name}.visitor_of", lambda interaction: interaction.user, raising=False)
        return walk

    return begin


async def a_case_with_everything(world: World) -> None:
    """Answers, a file and a draft of both moderators, a task, and somebody waiting behind it."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    for by in (MOD, SECOND_MOD):
        await world.file(ANN, by)
        await world.drafts.draft_by_code(
            by, await world.code(ANN), Outcome.DECLINE, "other", "Because of the moon"
        )
    ann = await world.subject_id(ANN)
    await world.run(
        "INSERT INTO task (id, kind, subject_id, opened_at) VALUES ('T', 'paid_link_now', ?, 0)", ann
    )
    await world.gate.ask_for_person(BEN)


async def keep_away(world: World) -> None:
    """Ann asks that the first moderator stays out."""
    await world.run(
        "INSERT INTO recusal VALUES ('R', ?, ?, 'applicant', 0)",
        await world.subject_id(MOD),
        await world.case_id(ANN),
    )


async def test_whoever_is_kept_from_a_case_sees_nothing_of_it_on_any_path(
    world: World, walking: Callable[[World, Visitor], Walk]
) -> None:
    """However they try, and whatever they had open before; and nothing about the case changes."""
    await a_case_with_everything(world)
    await keep_away(world)
    before = await world.rows("SELECT state, version FROM cases WHERE id = ?", await world.case_id(ANN))
    walk = walking(world, MOD)

    await walk.everything()

    for path, said in walk.said.items():
        assert [secret for secret in SECRETS if secret in said] == [], path
    assert len([said for said in walk.said.values() if ONE_LINE in said]) > 10
    assert (
        await world.rows("SELECT state, version FROM cases WHERE code = ?", await world.code(ANN)) == before
    )
    assert await world.one("SELECT closed_at FROM task WHERE id = 'T'") is None
    mod = await world.subject_id(MOD)
    refused = "SELECT DISTINCT action FROM event WHERE actor = ? AND action LIKE '%.refused' ORDER BY 1"
    assert [row[0] for row in await world.rows(refused, mod)] == [
        "ask.refused",
        "decide.refused",
        "file.refused",
        "history.refused",
        "outside.refused",
    ]


async def test_the_walk_would_find_what_it_looks_for(
    world: World, walking: Callable[[World, Visitor], Walk]
) -> None:
    """Somebody for whom nothing is special is shown every one of the secrets on the same paths."""
    await a_case_with_everything(world)
    await keep_away(world)
    walk = walking(world, SECOND_MOD)

    for action in (deciding.REWRITE, desk_screens.OPEN):
        await walk.button(action, await world.rows(_IDS))

    for secret in SECRETS:
        assert any(secret in said for said in walk.said.values()), secret


async def test_the_next_file_is_one_that_they_may_open(world: World) -> None:
    """What they are kept from is passed over without a word, and comes to somebody else."""
    await a_case_with_everything(world)
    await keep_away(world)

    for_mod, for_second = await world.queue.open_next(MOD), await world.queue.open_next(SECOND_MOD)

    assert isinstance(for_mod, CaseFile)
    assert isinstance(for_second, CaseFile)
    assert (for_mod.user_id, for_second.user_id) == (BEN.user_id, ANN.user_id)
    assert await world.rows("SELECT 1 FROM event WHERE action = 'file.refused'") == []


async def test_every_refusal_says_why_in_its_line(world: World) -> None:
    """A code beside what it was for; nothing says that anything was seen."""
    await a_case_with_everything(world)
    await keep_away(world)
    code = await world.code(ANN)
    looked = await world.rows("SELECT id FROM access")

    await world.desk.open_by_code(MOD, code)
    await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT)
    await world.conversations.record(MOD, code)

    def lines(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        statement = """
            SELECT action, payload FROM event JOIN event_payload USING (seq)
            WHERE action LIKE '%.refused' ORDER BY seq
            """
        return [tuple(row) for row in connection.execute(statement)]

    assert await world.foundation.database.read(lines) == [
        ("file.refused", '{"purpose":"review","why":"recused"}'),
        ("decide.refused", '{"why":"recused"}'),
        ("ask.refused", '{"why":"recused"}'),
    ]
    assert await world.rows("SELECT id FROM access") == looked
