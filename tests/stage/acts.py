"""What people do on the stage again and again, and how the tests look behind it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from bot.config import Config
from rehearsal import simulation
from rehearsal.theatre import Person, Seen, Theatre

_T = TypeVar("_T")
Values = Mapping[str, Any]
Stage = Callable[[Config], Awaitable[Theatre]]
"""Raises a stage with a configuration of the test's own."""

Edited = Callable[..., Config]
"""The example configuration with pieces of its text replaced, each given as a pair."""

NOTHING_TO_TELL: Values = {"belongs": "yes", "age_ok": "yes", "capacity": "self", "links": "no"}
HAS_LINKS: Values = {**NOTHING_TO_TELL, "links": "yes"}
WILL_NOT_SAY: Values = {**NOTHING_TO_TELL, "links": "rather_not_say"}
OLD_JOB: Values = {
    "category": ["industry"],
    "organisation": "Meridian Devices",
    "relationship": ["employment"],
    "period": "older",
}
JOB_TODAY: Values = {**OLD_JOB, "organisation": "Northwind Pharma", "period": "current"}
AGENCY: Values = {
    "category": ["agency"],
    "organisation": "Quill Research",
    "relationship": ["contract"],
    "period": "current",
}
HOPES: Values = {
    "purpose": ["peer_support"],
    "data_use": ["nothing"],
    "reporting_duty": "no",
    "instructed": "unaware",
    "goal": "to talk with others",
}


class Errors(logging.Handler):
    """Keeps what the bot and its library log as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []
        self.expected = False

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def lines(self) -> list[str]:
        """The messages, as text."""
        return [record.getMessage() for record in self.records]


async def begin(person: Person) -> Seen:
    """Start, agree, and see the first page."""
    await person.press_panel("Start")
    return await person.press("Agree and begin")


async def answer(
    person: Person, about: Values, links: tuple[Values, ...] = (), hopes: Values = HOPES
) -> Seen:
    """Fill in every page, up to the summary."""
    await begin(person)
    seen = await person.fill(**about)
    for number, link in enumerate(links):
        await person.press("Continue" if number == 0 else "Add another link")
        seen = await person.fill(**link)
    if "Check and send" not in seen.buttons:
        await person.press("Continue")
        await person.fill(**hopes)
    return await person.press("Check and send")


async def send(person: Person) -> Seen:
    """From the summary: agree to every statement, and send."""
    form = await person.press("Send my answers")
    return await person.fill(**all_statements(form))


async def apply(person: Person, about: Values, links: tuple[Values, ...] = (), hopes: Values = HOPES) -> Seen:
    """Answer everything, and send it."""
    await answer(person, about, links, hopes)
    seen = await send(person)
    await person.theatre.settle()
    return seen


async def held(theatre: Theatre, name: str = "ben", links: tuple[Values, ...] = (JOB_TODAY,)) -> Person:
    """Somebody whose answers wait for a moderator."""
    person = await theatre.newcomer(name)
    await apply(person, HAS_LINKS, links)
    return person


async def member(theatre: Theatre, name: str = "ann") -> Person:
    """Somebody who was let in with no links."""
    person = await theatre.newcomer(name)
    await apply(person, NOTHING_TO_TELL)
    assert inside(person)
    return person


def inside(person: Person) -> bool:
    """Whether somebody sees what members see, at this moment."""
    return person.is_inside


def all_statements(form: Seen) -> dict[str, Any]:
    """Every line of the last page, ticked."""
    assert form.modal is not None
    fields = [outer["component"] for outer in form.modal["components"] if "component" in outer]
    return {field["custom_id"]: [option["value"] for option in field["options"]] for field in fields}


def component(form: Seen, field_id: str) -> dict[str, Any]:
    """A field of an opened form, as it was sent to Discord."""
    assert form.modal is not None
    fields = [outer["component"] for outer in form.modal["components"] if "component" in outer]
    return next(field for field in fields if field["custom_id"] == field_id)


def field_ids(form: Seen) -> list[str]:
    """The fields of an opened form."""
    assert form.modal is not None
    return [outer["component"]["custom_id"] for outer in form.modal["components"] if "component" in outer]


async def rows(theatre: Theatre, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What lies in the database."""
    found = await theatre.foundation.database.read(lambda c: c.execute(sql, values).fetchall())
    return [tuple(row) for row in found]


async def count(theatre: Theatre, table: str) -> int:
    """How many rows a table has."""
    return int((await rows(theatre, f"SELECT count(*) FROM {table}"))[0][0])


async def code_of(theatre: Theatre) -> str:
    """The code of the case opened last."""
    return str((await rows(theatre, "SELECT code FROM cases ORDER BY rowid DESC LIMIT 1"))[0][0])


async def state(theatre: Theatre, code: str) -> str:
    """The state of a case."""
    return str((await rows(theatre, "SELECT state FROM cases WHERE code = ?", code))[0][0])


def calls(theatre: Theatre) -> list[tuple[str, str]]:
    """The REST calls so far, besides the answers to presses."""
    return [
        (method, path)
        for method, path in simulation.rest_calls(theatre.env)
        if not path.startswith(("/interactions/", "/webhooks/"))
    ]


def grants(theatre: Theatre) -> int:
    """How many times a role was given."""
    return sum(method == "PUT" and "/roles/" in path for method, path in calls(theatre))


def check_everything_sent(theatre: Theatre) -> None:
    """Every message that was sent fits into one of Discord's, and mentions nobody."""
    for entry in theatre.env.http_requests:
        body: Any = entry.json
        if not isinstance(body, dict):
            continue
        if entry.path.endswith("/callback"):
            body = body.get("data") or {}
        if "content" not in body:
            continue
        assert len(body["content"] or "") <= 2000
        assert body["allowed_mentions"] == {"parse": []}, entry.path


@asynccontextmanager
async def in_one_task(stage: AbstractAsyncContextManager[_T]) -> AsyncIterator[_T]:
    """Raise and lower the curtain in one task: the simulated clock belongs to the task that set it."""
    raised_on: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def keep_open() -> None:
        async with stage as raised:
            raised_on.set_result(raised)
            await over.wait()

    keeping = asyncio.create_task(keep_open())
    either: set[asyncio.Future[Any]] = {keeping, raised_on}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if keeping.done():
        await keeping
    try:
        yield await raised_on
    finally:
        over.set()
        await keeping
