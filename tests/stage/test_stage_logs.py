"""Organisation names, typed words and Discord ids stand in no log line, whoever wrote it."""

import io
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot import logs
from bot.config import Config
from bot.logs import LogFormat
from bot.screens.elements import Press
from cogs._router import Answer, Pressed
from rehearsal import simulation
from rehearsal.theatre import Theatre
from tests.stage.acts import (
    AGENCY,
    HAS_LINKS,
    HOPES,
    JOB_TODAY,
    NOTHING_TO_TELL,
    Errors,
    Stage,
    answer,
    apply,
    begin,
    code_of,
)

PARTS = {"time", "level", "logger", "message"}
WORDS = ("Northwind", "Quillfeather", "Halcyon", "zebrafish", "unicorn", "Annabel", "Benedict", "Mirabelle")


@pytest.fixture(params=list(LogFormat))
def form(request: pytest.FixtureRequest) -> LogFormat:
    """Each way in which lines are written."""
    return LogFormat(request.param)


@pytest.fixture
def log(form: LogFormat) -> Iterator[io.StringIO]:
    """Everything logged while the bot's own configuration is in force, at DEBUG."""
    root = logging.getLogger()
    names = ("discord", "aiosqlite", "asyncio", "aiohttp")
    before = root.handlers[:], root.level, [logging.getLogger(name).level for name in names]
    stream = io.StringIO()
    logs.configure("DEBUG", stream, form)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name, level in zip(names, before[2], strict=True):
        logging.getLogger(name).setLevel(level)


async def breaks(pressed: Pressed) -> Answer:
    """A handler whose error quotes what it was given."""
    raise RuntimeError(f"cannot handle {dict(pressed.values)} of {pressed.visitor.user_id}")


async def story(theatre: Theatre) -> None:
    """Everything that may happen, and several things that should not."""
    env, server = theatre.env, theatre.server
    ann = await theatre.newcomer("Annabel")
    await apply(ann, NOTHING_TO_TELL)
    ben = await theatre.newcomer("Benedict")
    await apply(
        ben,
        HAS_LINKS,
        ({**AGENCY, "organisation": "Quillfeather Ltd", "on_behalf_of": "Halcyon Bio"},),
        {**HOPES, "goal": "to study zebrafish"},
    )
    mia = await theatre.moderator("Mirabelle")
    code = await code_of(theatre)
    await mia.press("Open file", on=theatre.cards()[0])
    simulation.close_messages(env, ben.user)
    simulation.fail(env, "PUT", "*/roles/*", status=503)
    await mia.press("Admit")
    await theatre.settle()
    await theatre.pass_time(timedelta(minutes=20))
    simulation.mend(env)
    cleo = await theatre.newcomer("Cleo")
    await apply(cleo, HAS_LINKS, (JOB_TODAY,))
    await mia.command(
        "review decline", code=await code_of(theatre), reason="other", sentence="no unicorn here"
    )
    simulation.fail(env, "POST", "/channels/*/messages", status=500, times=2)
    await mia.press("Send and close the case")
    await theatre.settle()
    simulation.mend(env)
    simulation.fail(env, "PUT", "*/roles/*", status=403, code=50013)
    dora = await theatre.newcomer("Dora")
    await apply(dora, NOTHING_TO_TELL)
    eve = await theatre.newcomer("Eve")
    form = await begin(eve)
    await theatre.restart()
    await eve.fill(form, **HAS_LINKS)
    theatre.house.client.router.add_forms({"broken": breaks})
    theatre.house.client.router.add_presses({"broken": breaks})
    await simulation.submit_raw(eve.actor, server.front_porch, "pl:broken:X", {"goal": "unicorn"})
    await simulation.command_raw(eve.actor, server.front_porch, "olden")
    simulation.fail(env, "POST", "/interactions/*/*/callback", status=404, code=10062)
    panel = theatre.panel
    await eve.actor.click(panel, label="What we keep")
    simulation.fail(env, "POST", "/interactions/*/*/callback", status=400, code=50035)
    await eve.press("What we keep", on=panel)
    planted = await theatre.plant(server.front_porch, Press("broken", "Broken"))
    await eve.press("Broken", on=planted)
    finn = theatre.person("Finn").join()
    await theatre.settle()
    await finn.press("Start", on=panel)
    await finn.press("Agree and begin")
    await finn.fill(**HAS_LINKS)
    finn.leave()
    await theatre.settle()
    await mia.command("review history", code=code)
    await theatre.pass_time(timedelta(days=40))


async def test_a_whole_story_leaves_no_word_and_no_id_in_the_log(
    stage: Stage, config: Config, log: io.StringIO, form: LogFormat, errors: Errors
) -> None:
    """At DEBUG, with discord.py's own loggers, faults and outages, errors that quote content included."""
    errors.expected = True
    theatre = await stage(config)
    await story(theatre)
    server = theatre.server
    url = f"https://discord.com/api/v10/guilds/{server.guild.id}/members/{server.review.id}/roles/1"
    logging.getLogger("discord.http").warning("PUT %s responded with 429", url)
    logging.getLogger("discord.webhook.async_").warning(
        "POST https://discord.com/api/v10/webhooks/%s/aSecretToken_x-1/messages", server.guild.id
    )
    logging.getLogger("discord.gateway").debug("For Shard ID None: WebSocket Event: Northwind")
    written = log.getvalue()
    assert "effects of the kind grant have stopped: forbidden" in written
    assert "RuntimeError" in written
    assert "responded with 429" in written
    assert "a press could not be answered in time" in written
    for word in WORDS:
        assert word.casefold() not in written.casefold(), word
    ids = [user.id for user in theatre.env.backend.users.values()]
    ids += [server.guild.id, server.review.id, server.front_porch.id, server.lounge.id]
    ids += [server.member_role.id, server.moderator_role.id]
    for number in ids:
        assert str(number) not in written
    assert not re.search(r"\d{15,20}", written)
    assert "aSecretToken" not in written
    for name in ("@everyone", "front-porch", "start-here", "The Porch", "Harbour"):
        assert name not in written, name
    if form is LogFormat.JSON:
        lines = [json.loads(line) for line in written.splitlines()]
        assert all(set(line) - {"reference", "error"} == PARTS for line in lines)
        assert {len(line["reference"]) for line in lines if "reference" in line} == {6}
        assert any("RuntimeError" in line.get("error", "") for line in lines)


async def test_a_locked_database_names_nothing_in_the_log(
    theatre: Theatre, log: io.StringIO, errors: Errors
) -> None:
    """A failed save is a code and a reference in the log; what was typed is handed back to the person."""
    errors.expected = True
    ann = await theatre.newcomer("Annabel")
    await answer(ann, HAS_LINKS, (JOB_TODAY,))
    form = await ann.press("Change: Your link")
    other = sqlite3.connect(theatre.config.storage.database, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        seen = await ann.fill(form, **{**JOB_TODAY, "organisation": "Quillfeather Ltd"})
    finally:
        other.close()
    assert "cannot save" in seen.text
    assert "`Quillfeather Ltd`" in seen.text
    written = log.getvalue()
    assert "StorageUnavailable" in written
    assert "Quillfeather" not in written
    assert not re.search(r"\d{15,20}", written)


def test_libraries_that_write_content_at_debug_are_kept_from_it(log: io.StringIO) -> None:
    """Whatever level is asked for, bodies, events and parameters are not written."""
    for name in (
        "discord.http",
        "discord.gateway",
        "discord.client",
        "aiosqlite",
        "aiohttp.access",
        "asyncio",
    ):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG), name
    assert logging.getLogger("bot.effects").isEnabledFor(logging.DEBUG)
    assert log.getvalue() == ""


def test_what_another_formatter_left_in_a_record_is_not_repeated(log: io.StringIO, errors: Errors) -> None:
    """A record carries the text of an exception once somebody has formatted it; ours ignores that."""
    errors.expected = True
    error = ValueError("Northwind Pharma")
    record = logging.LogRecord("bot", logging.ERROR, "f", 1, "failed", (), (ValueError, error, None))
    logging.Formatter().format(record)
    logging.getLogger("bot.clock").handle(record)
    assert "ValueError" in log.getvalue()
    assert "Northwind" not in log.getvalue()
