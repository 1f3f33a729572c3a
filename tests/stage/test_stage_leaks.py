"""What leaves the bot says nothing sideways: audit-log reasons, names of things, ids of buttons, previews.

One whole story is told, and all that Discord got to see of it is looked through.
"""

import base64
import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot import logs
from bot.config import Config
from bot.logs import LogFormat
from bot.screens import gate as gate_screens
from bot.store import marks, sheets
from bot.vault import PersonKey
from cogs._doorkeeper import DiscordDoorkeeper
from cogs._rendering import NAMESPACE
from rehearsal import simulation
from rehearsal.theatre import Theatre
from tests.stage.acts import (
    AGENCY,
    HAS_LINKS,
    HOPES,
    NOTHING_TO_TELL,
    Errors,
    Stage,
    answer,
    apply,
    begin,
    code_of,
)

NAME, DISCREET = "The Fibromyalgia Harbour", "your community"
TYPED = ("Quillfeather", "Halcyon", "zebrafish", "unicorn", "Annabel", "Benedict", "Mirabelle", "Cleopatra")
ON_A_LOCK_SCREEN = 120
"""Characters of a message that a phone shows while it is locked."""

CUSTOM_ID = re.compile(rf"{NAMESPACE}:[a-z]+:[A-Za-z0-9_-]*")
CASE_CODE = re.compile(r"case [0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}")


@pytest.fixture
def config(config: Config) -> Config:
    """A community whose name says what it is about, and whose discreet name does not."""
    named = config.community.model_copy(update={"name": NAME, "discreet_name": DISCREET})
    timers = config.timers.model_copy(update={"after_lapse": "remove", "way_back": "ask Mia for an invite"})
    return config.model_copy(update={"community": named, "timers": timers})


@pytest.fixture(params=list(LogFormat))
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Everything logged with the bot's own configuration in force, libraries at DEBUG included."""
    root = logging.getLogger()
    names = [name for name in root.manager.loggerDict if isinstance(name, str)]
    levels = {name: logging.getLogger(name).level for name in names}
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("DEBUG", stream, request.param)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def story(theatre: Theatre) -> None:
    """Joining, answering, deciding in every way, reminding, closing, removing, giving a role back."""
    env, server = theatre.env, theatre.server
    ann = await theatre.newcomer("Annabel")
    await apply(ann, NOTHING_TO_TELL)
    ben = await theatre.newcomer("Benedict")
    named = {**AGENCY, "organisation": "Quillfeather Ltd", "on_behalf_of": "Halcyon Bio"}
    await apply(ben, HAS_LINKS, (named,), {**HOPES, "goal": "to study zebrafish"})
    mia = await theatre.moderator("Mirabelle")
    code = await code_of(theatre)
    await mia.command("review queue")
    await mia.press("Open file", on=theatre.cards()[0])
    await mia.press("Admit")
    await theatre.settle()
    await mia.command("review history", code=code)
    cleo = await theatre.newcomer("Cleopatra")
    await apply(cleo, HAS_LINKS, (named,), HOPES)
    refused = await code_of(theatre)
    await mia.command("review decline", code=refused, reason="other", sentence="There is no unicorn here.")
    await mia.press("Send and close the case")
    await theatre.settle()
    dan = await theatre.newcomer("Dan")
    await begin(dan)
    await dan.press_panel("Start")
    await dan.press("Remind me by message")
    await theatre.look_round()
    stranger = await theatre.newcomer("Quillfeather Junior")
    simulation.change_role(env, server.guild, stranger.user, server.member_role, by=mia.user, given=True)
    await theatre.settle()
    await theatre.look_round()
    for _ in range(18):
        await theatre.env.advance_time(timedelta(days=1).total_seconds())
        # As if it had swept all day: time in which the bot is away is given back.
        await theatre.foundation.database.write(lambda c: marks.note(c, marks.SWEPT, env.now()))
        await theatre.house.sweep.run(env.now())
        await theatre.settle()


def said(theatre: Theatre) -> Iterator[tuple[str, str, Any, str | None]]:
    """Every REST call: method, path, body and the reason for the audit log."""
    for entry in theatre.env.http_requests:
        yield entry.method, entry.path, entry.json, entry.reason


def found_under(body: Any, *keys: str) -> Iterator[Any]:
    """All values of these keys, however deep."""
    if isinstance(body, dict):
        for key, value in body.items():
            if key in keys:
                yield value
            yield from found_under(value, *keys)
    elif isinstance(body, list):
        for one in body:
            yield from found_under(one, *keys)


def private_messages(theatre: Theatre) -> list[Any]:
    """The body of every direct message that was sent."""
    server = theatre.server
    rooms = {str(room.id) for room in (server.front_porch, server.review, server.lounge)}
    return [
        body
        for method, path, body, _ in said(theatre)
        if method == "POST"
        and re.fullmatch(r"/channels/\d+/messages", path)
        and path.split("/")[2] not in rooms
    ]


async def test_discord_sees_nothing_sideways(stage: Stage, config: Config) -> None:
    """Reasons for the audit log, names of things, ids of buttons, and what a locked phone shows."""
    theatre = await stage(config)
    await story(theatre)
    reasons = [reason for *_, reason in said(theatre) if reason is not None]
    assert {method for method, _, _, reason in said(theatre) if reason} == {"PUT", "DELETE"}
    assert [reason for reason in reasons if not CASE_CODE.fullmatch(reason)] == []

    bodies = [body for _, path, body, _ in said(theatre) if not path.startswith("/applications/")]
    assert list(found_under(bodies, "name", "topic")) == [], "the bot makes and renames nothing"

    fields = {field.id for page in config.questionnaire.pages for field in page.fields}
    ids = set(found_under(bodies, "custom_id")) - fields - {"reason", "sentence"}
    assert len(ids) > 30
    assert [one for one in ids if not CUSTOM_ID.fullmatch(one) or re.search(r"\d{15,}", one)] == []

    private = private_messages(theatre)
    assert len(private) >= 4, "let in, declined, reminded and closed"
    for body in private:
        shown = body["content"][:ON_A_LOCK_SCREEN]
        assert DISCREET in shown
        for word in (*NAME.split()[1:], *TYPED):
            assert word.casefold() not in shown.casefold(), (word, shown)
        assert NAME not in body["content"]
        assert not body.get("embeds")
    for name in found_under(bodies, "filename"):
        assert re.fullmatch(r"[a-z-]+\.[a-z]+", name)


def careless(*_: Any, **__: Any) -> Any:
    """Something in the middle of it all that fails, and quotes what it was about."""
    organisation, who = "Quillfeather Ltd", 200000000000000001  # what a traceback with values would show
    raise RuntimeError(f"{organisation} of {who}: {_} {__}")


async def careless_later(*given: Any) -> Any:
    """The same, where it is awaited."""
    return careless(*given)


async def test_errors_in_the_middle_of_it_write_out_nothing(
    stage: Stage, config: Config, log: io.StringIO, errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a handler, in a unit of work whose values are people's words, in the outbox, and in the vault."""
    errors.expected = True
    theatre = await stage(config)
    ann = await theatre.newcomer("Annabel")
    await answer(ann, HAS_LINKS, (AGENCY,), {**HOPES, "goal": "to study zebrafish"})
    form = await ann.press("Change: Your link")
    with monkeypatch.context() as broken:
        broken.setattr(sheets, "save_entry", careless)
        seen = await ann.fill(form, **{**AGENCY, "organisation": "Quillfeather Ltd"})
        assert "`Quillfeather Ltd`" in seen.text or "went wrong" in seen.text
    with monkeypatch.context() as broken:
        broken.setattr(gate_screens, "standing", careless)
        await ann.press_panel("Start")
    with monkeypatch.context() as broken:
        broken.setattr(PersonKey, "open", careless)
        await ann.press_panel("Start")
    ben = await theatre.newcomer("Benedict")
    with monkeypatch.context() as broken:
        broken.setattr(DiscordDoorkeeper, "grant", careless_later)
        await apply(ben, NOTHING_TO_TELL)
        await theatre.settle()

    written = log.getvalue()
    assert written.count("RuntimeError") >= 4
    assert "an effect call failed: RuntimeError" in written
    for word in (*TYPED, NAME):
        assert word.casefold() not in written.casefold(), word
    assert not re.search(r"\d{15,20}", written)
    secrets = (theatre.foundation.vault._lookup_secret, theatre.master)
    for secret in secrets:
        assert secret.hex() not in written
        assert base64.b64encode(secret).decode() not in written
        assert repr(secret)[2:-1] not in written
