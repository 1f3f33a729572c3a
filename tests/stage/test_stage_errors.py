"""Whatever goes wrong, a person gets a sentence, and the log the same reference and no content."""

import asyncio
import io
import logging
import re
import time
from typing import Any

import pytest

from bot import logs
from bot.database import Database
from bot.screens.elements import Press
from cogs._router import Answer, Pressed
from rehearsal import simulation
from rehearsal.theatre import Seen, Theatre
from tests.stage.acts import NOTHING_TO_TELL, Errors, begin

TYPED = "Northwind Pharma pays me"


async def breaks(_pressed: Pressed) -> Answer:
    """A handler with a fault in it, whose error quotes what somebody typed."""
    raise RuntimeError(TYPED)


def logged_into(stream: io.StringIO) -> logging.Handler:
    """A handler that writes as the bot's own logs are written."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.SafeFormatter("%(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    return handler


async def test_a_fault_in_a_button_is_a_sentence_with_a_reference_that_the_log_has(
    theatre: Theatre, errors: Errors
) -> None:
    """The sentence tells nothing of the fault; the log tells where, and not what was typed."""
    errors.expected = True
    theatre.house.client.router.add_presses({"broken": breaks})
    ann = await theatre.newcomer("ann")
    message = await theatre.plant(theatre.server.front_porch, Press("broken", "Break"))
    stream = io.StringIO()
    handler = logged_into(stream)
    try:
        seen = await ann.press("Break", on=message)
    finally:
        logging.getLogger().removeHandler(handler)
    assert "Something went wrong on our side." in seen.text
    match = re.search(r"\b([0-9A-F]{6})\b", seen.text)
    assert match
    log = stream.getvalue()
    assert f"reference {match[1]}: RuntimeError" in log
    assert "breaks" in log
    assert "Northwind" not in log
    assert TYPED not in seen.text
    assert seen.messages[0].ephemeral


async def test_a_fault_in_a_form_hands_back_what_was_typed(theatre: Theatre, errors: Errors) -> None:
    """Nothing typed is lost, even where the bot fails."""
    errors.expected = True
    theatre.house.client.router.add_forms({"broken": breaks})
    ann = await theatre.newcomer("ann")
    result = await simulation.submit_raw(
        ann.actor, theatre.server.front_porch, "pl:broken:X", {"goal": "what I typed @everyone"}
    )
    assert "went wrong" in result.response.content
    assert "`what I typed @everyone`" in result.response.content


async def test_a_button_of_an_older_version_gets_a_sentence(theatre: Theatre) -> None:
    """With a way on."""
    ann = await theatre.newcomer("ann")
    message = await theatre.plant(theatre.server.front_porch, Press("olden", "Old", "REF"))
    seen = await ann.press("Old", on=message)
    assert "from an older version" in seen.text
    assert seen.buttons == ["Show me where I stand"]
    seen = await ann.press("Show me where I stand")
    assert seen.buttons == ["Agree and begin"]


async def test_a_form_of_an_older_version_gets_a_sentence(theatre: Theatre) -> None:
    """A submit that nobody knows is answered."""
    ann = await theatre.newcomer("ann")
    result = await simulation.submit_raw(ann.actor, theatre.server.front_porch, "pl:olden:REF", {"goal": "x"})
    assert "older version" in result.response.content


async def test_a_command_that_is_no_longer_there_gets_a_sentence(theatre: Theatre, errors: Errors) -> None:
    """Discord still offered a command from before: the person is told."""
    errors.expected = True
    ann = await theatre.newcomer("ann")
    result = await simulation.command_raw(ann.actor, theatre.server.front_porch, "olden")
    assert result.acknowledged
    assert Seen([result.response]).text


async def test_another_server_gets_a_sentence_and_help(theatre: Theatre) -> None:
    """A button of ours in a server that is not: told so; help works anywhere."""
    simulation.fail(theatre.env, "DELETE", "/users/@me/guilds/*", status=500, times=None)
    other = theatre.env.create_guild("Elsewhere")
    room = other.create_text_channel("general")
    await theatre.env.settle()
    zoe = theatre.person("zoe")
    zoe.actor = other.add_member(zoe.user)
    await theatre.env.settle()
    message = await theatre.plant(
        room, Press("start", "Start"), Press("help", "Help"), Press("open", "Open", "X")
    )
    for label in ("Start", "Open"):
        assert (await zoe.press(label, on=message)).text == "This bot works for another server."
    assert "116 123" in (await zoe.press("Help", on=message)).text


async def test_a_private_message_gets_a_sentence_and_help(theatre: Theatre) -> None:
    """The same in somebody's direct messages."""
    ann = await theatre.newcomer("ann")
    message = await theatre.plant(ann.user.dm_channel, Press("start", "Start"), Press("help", "Help"))
    ann.actor = ann.user
    assert (await ann.press("Start", on=message)).text == "Use this in the server, not in a private message."
    assert "116 123" in (await ann.press("Help", on=message)).text


async def occupied(theatre: Theatre, seconds: float) -> "asyncio.Task[None]":
    """The database is busy with something slow."""
    task = asyncio.create_task(theatre.foundation.database.write(lambda _c: time.sleep(seconds)))
    await asyncio.sleep(0.05)
    return task


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every unit of work takes two seconds more than it did, by the clock that the bot goes by."""
    original = Database.write

    async def write(database: Database, unit: Any) -> Any:
        await asyncio.sleep(2)
        return await original(database, unit)

    monkeypatch.setattr(Database, "write", write)


async def test_a_slow_database_is_acknowledged_in_time_and_answered_later(
    theatre: Theatre, request: pytest.FixtureRequest
) -> None:
    """Past a second and a half the press is acknowledged; the answer follows."""
    ann = await theatre.newcomer("ann")
    request.getfixturevalue("slow_disk")
    seen = await ann.press_panel("Start")
    answers = [e.json["type"] for e in theatre.env.http_requests if e.path.endswith("/callback") and e.json]
    assert answers == [5]
    assert "Before you begin" in seen.text
    assert seen.buttons == ["Agree and begin"]
    assert all(message.ephemeral for message in seen.messages)


async def test_a_form_that_took_too_long_is_one_more_press_away(
    theatre: Theatre, request: pytest.FixtureRequest
) -> None:
    """A form can only be a first answer, so a button opens it."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Start")
    request.getfixturevalue("slow_disk")
    seen = await ann.press("Agree and begin")
    assert "Your form is ready now." in seen.text
    assert seen.buttons == ["Open this page again"]
    assert (await ann.press("Open this page again")).title == "About you"


async def test_help_does_not_wait_for_a_slow_database(theatre: Theatre) -> None:
    """It needs none."""
    ann = await theatre.newcomer("ann")
    slow = await occupied(theatre, 2)
    began = time.perf_counter()
    seen = await ann.press_panel("I need help now")
    took = time.perf_counter() - began
    assert not slow.done()
    await slow
    assert "116 123" in seen.text
    assert not seen.result.deferred
    assert took < 1


async def test_an_answer_that_discord_refuses_is_replaced_by_a_sentence(
    theatre: Theatre, errors: Errors
) -> None:
    """The reply itself fails once: the person still gets one."""
    errors.expected = True
    ann = await theatre.newcomer("ann")
    simulation.fail(theatre.env, "POST", "/interactions/*/*/callback", status=400, code=50035)
    seen = await ann.press_panel("What we keep")
    assert "went wrong" in seen.text
    assert len(errors.records) == 1


async def test_a_press_that_nobody_can_answer_any_more_is_only_noted(theatre: Theatre) -> None:
    """Too late for Discord: a warning, no error, and what was pressed is done all the same."""
    ann = await theatre.newcomer("ann")
    await ann.press_panel("Start")
    simulation.fail(theatre.env, "POST", "/interactions/*/*/callback", status=404, code=10062)
    with pytest.raises(AssertionError):
        await ann.press("Agree and begin")
    seen = await ann.press_panel("Start")
    assert "Next is page 1" in seen.text


async def test_a_fault_in_one_unit_undoes_that_unit_alone(theatre: Theatre, errors: Errors) -> None:
    """Somebody else's answer, committed together with a failure, is on disk."""
    errors.expected = True

    def fails(_connection: object) -> None:
        raise ValueError("no")

    ann = await theatre.newcomer("ann")
    form = await begin(ann)
    failing = asyncio.create_task(theatre.foundation.database.write(fails))
    seen = await ann.fill(form, **NOTHING_TO_TELL)
    with pytest.raises(ValueError, match="no"):
        await failing
    assert "Saved." in seen.text


async def test_presses_are_counted_and_nothing_else_is(theatre: Theatre, errors: Errors) -> None:
    """Those that were answered, a sentence about an error included, and those that came too late."""
    errors.expected = True
    tally = theatre.house.client.router.tally
    ann = await theatre.newcomer("ann")
    panel = theatre.panel
    await ann.press_panel("What we keep")
    await begin(ann)
    assert dict(tally) == {"answered": 3}
    simulation.fail(theatre.env, "POST", "/interactions/*/*/callback", status=400, code=50035)
    await ann.press("What we keep", on=panel)
    assert dict(tally) == {"answered": 4}
    simulation.fail(theatre.env, "POST", "/interactions/*/*/callback", status=404, code=10062)
    await ann.actor.click(panel, label="What we keep")
    assert dict(tally) == {"answered": 4, "late": 1}
