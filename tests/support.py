"""Tools for tests of the core: a clock to move, a doorkeeper to script, and the core on real files."""

import sqlite3
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.answers import Answer, Entry, Reading, parse
from bot.asking import Asking
from bot.clock import from_ms, to_ms
from bot.concerns.handling import Handling
from bot.concerns.patterns import Patterns
from bot.concerns.telling import Telling
from bot.config import Config
from bot.database import Database, connect
from bot.drift import Drift
from bot.effects import Outbox
from bot.filling import Informed, NotSaved, Saved, Summary
from bot.forgetting.erasure import Erasure
from bot.forms import Forms
from bot.foundation import Foundation
from bot.gate import Gate
from bot.links import Links
from bot.migrations import FOLDER, migrate
from bot.minting import NextForm
from bot.model import Disclosed, Disclosure, Outcome, Source, Visitor
from bot.ports import Done, Later, Member, Refused, Result, RoleChange, Room, Why
from bot.questionnaire import Questionnaire
from bot.reminders import Reminders
from bot.review.appeal_desk import AppealDesk
from bot.review.appeals import Appeals
from bot.review.bench import Decided
from bot.review.claims import Claims
from bot.review.confirming import Confirming
from bot.review.conversations import Conversations
from bot.review.decisions import Decisions
from bot.review.desk import CaseFile, Desk
from bot.review.drafts import Drafts, Preview
from bot.review.queue import Queue
from bot.review.record import Record
from bot.review.stats import Statistics
from bot.rights import Rights
from bot.rounds import Rounds
from bot.screens.elements import Screen
from bot.standing import CarryOn
from bot.store import subjects
from bot.store.disclosures import Logged
from bot.submission import SendResult, Submission
from bot.sweep import Sweep
from bot.vault import Erased, Vault

MASTER = bytes(range(32))
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
NOTICE = "We keep your answers, locked away."

MEMBER_ROLE = 100000000000000002
MODERATOR_ROLE = 100000000000000006

PRIVATE = 1000
"""Added to somebody's id, the channel of their private conversation with the bot."""
ROOMS = {room: 700 + number for number, room in enumerate(Room)}
"""The channel that each room is."""

Raw = Mapping[str, str | Sequence[str] | None]


class FakeClock:
    """Tells the time it was set to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        """Move on, by ``timedelta`` arguments."""
        self.now += timedelta(**by)
        return self.now


@dataclass(frozen=True, slots=True)
class Call:
    """One call through the port."""

    verb: str
    user_id: int = 0
    room: Room | None = None
    message_id: int = 0
    screen: Screen | None = None
    nonce: str = ""
    since: datetime | None = None
    name: str = ""

    @property
    def text(self) -> str:
        """What was said."""
        return self.screen.text if self.screen else ""


class FakeDoorkeeper:
    """Does everything it is asked to, unless a test scripted another result for the verb."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.scripted: dict[str, deque[Result | Exception]] = defaultdict(deque)
        self._next_message = 500

    def will(self, verb: str, *results: Result | Exception) -> None:
        """Script the next results of a verb."""
        self.scripted[verb].extend(results)

    def told(self, verb: str) -> list[Call]:
        """The calls of one verb."""
        return [call for call in self.calls if call.verb == verb]

    async def grant(self, user_id: int, case_code: str) -> Result:
        return self._result(Call("grant", user_id=user_id, nonce=case_code))

    async def revoke(self, user_id: int, case_code: str) -> Result:
        return self._result(Call("revoke", user_id=user_id, nonce=case_code))

    async def remove(self, user_id: int, case_code: str) -> Result:
        return self._result(Call("remove", user_id=user_id, nonce=case_code))

    async def pause_invites(self, until: datetime | None) -> Result:
        return self._result(Call("pause_invites", nonce=until.isoformat() if until else ""))

    async def tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        self._next_message += 1
        call = Call("tell", user_id=user_id, screen=screen, nonce=nonce, since=since)
        sent = self._next_message
        return self._result(call, Done(sent, channel_id=user_id + PRIVATE, message_ids=(sent,)))

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        self._next_message += 1
        call = Call("post", room=room, screen=screen, nonce=nonce, since=since)
        sent = self._next_message
        return self._result(call, Done(sent, channel_id=ROOMS[room], message_ids=(sent,)))

    async def edit(self, room: Room, message_id: int, screen: Screen) -> Result:
        return self._result(Call("edit", room=room, message_id=message_id, screen=screen))

    async def delete(self, channel_id: int, message_id: int) -> Result:
        return self._result(Call("delete", message_id=message_id, nonce=str(channel_id)))

    async def delete_in(self, room: Room, message_id: int) -> Result:
        return self._result(Call("delete", room=room, message_id=message_id))

    async def stands(self, room: Room, message_id: int) -> Result:
        return self._result(Call("stands", room=room, message_id=message_id))

    async def open_thread(
        self, case_code: str, user_ids: tuple[int, ...], nonce: str, since: datetime | None = None
    ) -> Result:
        self._next_message += 1
        call = Call("open_thread", user_id=user_ids[0], name=case_code, nonce=nonce, since=since)
        return self._result(call, Done(made_id=self._next_message))

    async def join_thread(self, thread_id: int, user_id: int) -> Result:
        return self._result(Call("join_thread", user_id=user_id, message_id=thread_id))

    async def leave_thread(self, thread_id: int, user_id: int) -> Result:
        return self._result(Call("leave_thread", user_id=user_id, message_id=thread_id))

    async def post_in(
        self, thread_id: int, screen: Screen, nonce: str, since: datetime | None = None
    ) -> Result:
        self._next_message += 1
        call = Call("post_in", message_id=thread_id, screen=screen, nonce=nonce, since=since)
        sent = self._next_message
        return self._result(call, Done(sent, channel_id=thread_id, message_ids=(sent,)))

    async def close_thread(self, thread_id: int, case_code: str = "") -> Result:
        return self._result(Call("close_thread", message_id=thread_id, name=case_code))

    def _result(self, call: Call, usual: Result | None = None) -> Result:
        self.calls.append(call)
        scripted = self.scripted[call.verb]
        result = scripted.popleft() if scripted else (usual or Done())
        if isinstance(result, Exception):
            raise result
        return result


class FakeLookout:
    """A server's members and audit log, as a test sets them; errors where a test scripted some."""

    def __init__(self) -> None:
        self.people: dict[int, Member] = {}
        self.log: list[RoleChange] = []
        self.scripted: dict[str, deque[Refused | Later]] = defaultdict(deque)
        self.asked: list[tuple[str, int]] = []
        self.page = 1000

    def has(self, *members: Member) -> None:
        """These people are in the server."""
        self.people.update({member.user_id: member for member in members})

    def will(self, verb: str, *results: Refused | Later) -> None:
        """Script the next results of a verb."""
        self.scripted[verb].extend(results)

    async def member(self, user_id: int) -> Member | Refused | Later:
        self.asked.append(("member", user_id))
        if self.scripted["member"]:
            return self.scripted["member"].popleft()
        return self.people.get(user_id, Refused(Why.GONE))

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        self.asked.append(("members", after))
        if self.scripted["members"]:
            return self.scripted["members"].popleft()
        later = sorted(user_id for user_id in self.people if user_id > after)
        return tuple(self.people[user_id] for user_id in later[: self.page])

    async def role_changes(self, since: datetime) -> tuple[RoleChange, ...] | Refused | Later:
        self.asked.append(("role_changes", 0))
        if self.scripted["role_changes"]:
            return self.scripted["role_changes"].popleft()
        lately = [change for change in self.log if change.at >= since]
        return tuple(sorted(lately, key=lambda change: change.at, reverse=True))


def config(**tables: Any) -> Config:
    """The shipped configuration of a small community; ``tables`` are laid over it."""
    return _plain() if not tables else Config(**{**_small(), **tables})


@cache
def _plain() -> Config:
    """Read once: it is frozen."""
    return Config(**_small())


def _small() -> dict[str, Any]:
    return {
        "community": {
            "name": "The Harbour",
            "discreet_name": "your community",
            "work_contact": "work@harbour.example",
            "privacy_contact": "privacy@harbour.example",
        },
        "discord": {
            "server": 100000000000000001,
            "member_role": MEMBER_ROLE,
            "quarantine_channel": 100000000000000003,
            "review_channel": 100000000000000004,
            "welcome_channel": 100000000000000005,
            "moderator_roles": [MODERATOR_ROLE],
        },
    }


def visitor(user_id: int = 200000000000000001, **given: Any) -> Visitor:
    """Somebody with an account that is two years old."""
    usual: dict[str, Any] = {"locale": "en-GB", "account_created": NOW - timedelta(days=730)}
    return Visitor(user_id, **{**usual, **given})


def moderator(user_id: int = 300000000000000001) -> Visitor:
    """Somebody with the moderator role."""
    return visitor(user_id, role_ids=frozenset({MODERATOR_ROLE, MEMBER_ROLE}))


ANN, BEN = visitor(), visitor(200000000000000002)
MOD, SECOND_MOD = moderator(), moderator(300000000000000002)

ABOUT_NIL: Raw = {"belongs": "yes", "age_ok": "yes", "capacity": "self", "links": "no"}
ABOUT_LINKED: Raw = {**ABOUT_NIL, "links": "yes"}
ABOUT_REFUSED: Raw = {**ABOUT_NIL, "links": "rather_not_say"}
LINK_OLD: Raw = {
    "category": "industry",
    "organisation": "Helix Pharma",
    "on_behalf_of": "",
    "relationship": ["employment"],
    "period": "older",
}
LINK_NOW: Raw = {**LINK_OLD, "period": "current"}
PURPOSE: Raw = {
    "purpose": ["peer_support"],
    "data_use": ["nothing"],
    "reporting_duty": "no",
    "instructed": "unaware",
    "goal": "To talk with others",
}
ALL_STATEMENTS = ["true", "named", "keep", "update"]
TICKED: Raw = {"statements": ALL_STATEMENTS}
DECLINED_TEXT = "Not this time, because of the calendar."
TICKED_WITH_DUTY: Raw = {"statements_duty": ["true", "named", "keep_duty", "update"]}
UNDER_AGE: Raw = {**ABOUT_NIL, "age_ok": "no"}


def read(questionnaire: Questionnaire, *pages: tuple[str, Raw]) -> Reading:
    """A reading of pages as they were filled in, in order."""
    return Reading(questionnaire, [entry(questionnaire, n, *page) for n, page in enumerate(pages)])


def entry(questionnaire: Questionnaire, number: int, page_id: str, raw: Raw) -> Entry:
    """One filled-in page."""
    page = questionnaire.page(page_id)
    assert page is not None
    answers: dict[str, Answer] = parse([f for f in page.fields if f.id in raw], raw)
    return Entry(f"entry{number}", page_id, answers)


@dataclass(frozen=True, slots=True)
class Told(Foundation):
    """A foundation on which whoever told nothing of themselves counts as having no links, as of now.

    So moderators can decide without more ado, and no row is there that a test is not about. ``untold``
    are the Discord ids of those whom a test wants not to have told; they have to be known first.
    """

    untold: set[int] = field(default_factory=set, compare=False)

    @classmethod
    def on(cls, plain: Foundation) -> "Told":
        """The same, with whoever told nothing having told."""
        return cls(plain.database, plain.vault, plain.config, plain.clock, plain.finishing)

    def newest_disclosure(self, connection: sqlite3.Connection, subject_id: str) -> Logged | None:
        found = Foundation.newest_disclosure(self, connection, subject_id)
        if found is not None or (subject_id and self.user_id(connection, subject_id) in self.untold):
            return found
        return Logged("", subject_id, 0, Source.UPDATE, self.now(), Disclosure(Disclosed.NONE))


@dataclass
class World:
    """The core, furnished as at the composition root, with a fake server."""

    foundation: Foundation
    clock: FakeClock
    doorkeeper: FakeDoorkeeper
    path: Path
    lookout: FakeLookout = field(default_factory=FakeLookout)
    forms: Forms = field(init=False)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        on = self.told = Told.on(self.foundation)
        self.foundation = on
        self.forms = Forms(on)
        self.gate = Gate(on, self.forms)
        self.submission = Submission(on, self.gate)
        self.reminders = Reminders(on)
        self.links = Links(on, self.forms)
        self.desk = Desk(on)
        self.telling = Telling(on)
        self.handling = Handling(on, self.desk)
        self.patterns = Patterns(on, self.desk)
        self.queue = Queue(on, self.desk)
        self.claims = Claims(on)
        self.statistics = Statistics(on)
        self.decisions = Decisions(on)
        self.drafts = Drafts(on)
        self.record = Record(on)
        self.confirming = Confirming(on)
        self.conversations = Conversations(on, self.forms)
        self.appeals = Appeals(on)
        self.appeal_desk = AppealDesk(on)
        self.outbox = Outbox(on, self.doorkeeper, self.lookout, gone=self.gate.leave)
        self.drift = Drift(on, self.gate, self.lookout)
        self.rounds = Rounds(on, self.gate, self.drift, self.lookout)
        self.asking = Asking(on)
        self.sweep = Sweep(on)
        self.erasure = Erasure(on)
        self.rights = Rights(on, self.erasure)

    async def drain(self) -> datetime | None:
        """Let the outbox do what is due now."""
        return await self.outbox.drain(self.clock())

    async def live(self, **by: float) -> None:
        """Let time pass with the bot awake: whenever something is due, it sweeps and drains.

        Sweeps at which nothing is due only move their mark, so that is all that is left of them here.
        """
        end = self.clock() + timedelta(**by)
        while self.clock() < end:
            due = await self.foundation.database.read(lambda connection: next_due(connection, self.clock()))
            at = end if due is None else min(end, max(due, self.clock() + timedelta(minutes=1)))
            self.clock.now = at
            await self.run("UPDATE mark SET at = ? WHERE name = 'swept'", to_ms(at))
            await self.sweep.run(at)
            await self.drain()

    async def sleep(self, **by: float) -> None:
        """Let time pass with nobody awake, then sweep and drain."""
        await self.sweep.run(self.clock())
        await self.sweep.run(self.clock.advance(**by))
        await self.drain()

    async def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement finds in the database."""
        return await self.foundation.database.read(
            lambda connection: [tuple(row) for row in connection.execute(statement, values)]
        )

    async def one(self, statement: str, *values: object) -> Any:
        """The one value that a statement finds."""
        found = await self.rows(statement, *values)
        assert len(found) == 1, found
        return found[0][0]

    async def run(self, statement: str, *values: object) -> None:
        """Change the database behind the core's back."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(statement, values)

        await self.foundation.database.write(change)

    async def states(self) -> list[str]:
        """The states of all cases, the oldest first."""
        return [row[0] for row in await self.rows("SELECT state FROM cases ORDER BY opened_at, rowid")]

    async def begin(self, who: Visitor = ANN) -> NextForm:
        """Agree, and get the first form."""
        step = await self.gate.agree(who, NOTICE)
        assert isinstance(step, NextForm), step
        return step

    async def save(self, who: Visitor, ref: str, raw: Raw) -> Saved:
        """Save a page that must land."""
        result = await self.forms.save(who, ref, raw)
        assert isinstance(result, Saved), result
        return result

    async def answer(self, who: Visitor, *pages: Raw) -> str:
        """Begin if need be, fill in pages one after the other, and return the ref that sends them."""
        standing = await self.gate.standing(who)
        step = standing.step if isinstance(standing, CarryOn) else await self.begin(who)
        for raw in pages:
            assert isinstance(step, NextForm), step
            saved = await self.save(who, step.ref, raw)
            step = saved.next or await self.summary(who)
        summary = await self.summary(who)
        return summary.send_ref

    async def summary(self, who: Visitor) -> Summary:
        """The summary of somebody who has answered everything."""
        standing = await self.gate.standing(who)
        assert isinstance(standing, CarryOn), standing
        assert isinstance(standing.step, Summary), standing.step
        return standing.step

    async def send(self, who: Visitor, *pages: Raw, ticked: Raw = TICKED) -> SendResult:
        """Fill in pages and send them."""
        ref = await self.answer(who, *pages)
        return await self.submission.send(who, ref, ticked)

    async def held(self, who: Visitor = ANN) -> CaseFile:
        """Somebody with a current link is held, and a moderator opens the file."""
        await self.send(who, ABOUT_LINKED, LINK_NOW, PURPOSE)
        return await self.file(who)

    async def decline(self, who: Visitor = ANN, by: Visitor = MOD) -> None:
        """A moderator declines somebody's newest case, with a sentence of their own."""
        drafted = await self.drafts.draft_by_code(
            by, await self.code(who), Outcome.DECLINE, "other", DECLINED_TEXT
        )
        assert isinstance(drafted, Preview), drafted
        result = await self.drafts.send_draft(by, drafted.draft.ref)
        assert isinstance(result, Decided), result

    async def file(self, who: Visitor = ANN, by: Visitor = MOD) -> CaseFile:
        """The file of somebody's newest case, opened by a moderator."""
        found = await self.desk.open_by_code(by, await self.code(who))
        assert isinstance(found, CaseFile), found
        return found

    def key_is_destroyed(self, key_id: str) -> bool:
        """Whether nothing sealed with a key can ever be opened again."""
        try:
            self.foundation.vault.key(key_id)
        except Erased:
            return True
        return False

    async def subject_id(self, who: Visitor = ANN) -> str:
        """The random id of somebody who is known."""
        lookup = self.foundation.vault.lookup(who.user_id)
        return str(await self.one("SELECT id FROM subject WHERE lookup = ?", lookup))

    async def case_id(self, who: Visitor = ANN) -> str:
        """The id of somebody's newest case."""
        return str(await self.one("SELECT id FROM cases WHERE code = ?", await self.code(who)))

    async def code(self, who: Visitor = ANN) -> str:
        """The code of somebody's newest case."""
        lookup = self.foundation.vault.lookup(who.user_id)
        found = await self.rows(
            "SELECT code FROM cases JOIN subject ON subject.id = subject_id WHERE lookup = ?"
            " ORDER BY closed_at IS NULL DESC, cases.rowid DESC",
            lookup,
        )
        return str(found[0][0])


SaveResult = Saved | Informed | NotSaved


@asynccontextmanager
async def world_in(
    folder: Path,
    settings: Config,
    clock: FakeClock,
    doorkeeper: FakeDoorkeeper | None = None,
    lookout: FakeLookout | None = None,
    *,
    from_nothing: bool = False,
) -> AsyncIterator[World]:
    """The core on the files in a folder, as a start of the bot opens them.

    Where there are none, they are laid ready, unless making them ``from_nothing`` is what is looked at.
    """
    path, keys = folder / "porchlight.db", folder / "keys.db"
    if not from_nothing and not path.exists() and not keys.exists():
        lay_fresh_files(folder)
    with Vault.opened(keys, MASTER) as vault:
        with closing(connect(path)) as connection:
            migrate(connection, FOLDER / "main")
        ledger = folder / "erasures.jsonl"
        storage = settings.storage.model_copy(update={"ledger": ledger})
        settings = settings.model_copy(update={"storage": storage})
        async with Database.opened(path) as database:
            foundation = Foundation(database, vault, settings, clock)
            await Erasure(foundation).at_start()
            unsettled = vault.unsettled()
            used = await database.read(lambda c: subjects.known_keys(c, unsettled))
            vault.settle(used, set(unsettled) - used)
            yield World(foundation, clock, doorkeeper or FakeDoorkeeper(), path, lookout or FakeLookout())


def next_due(connection: sqlite3.Connection, now: datetime) -> datetime | None:
    """When something is due that the sweep or the outbox has to see to; None: nothing is."""
    [found] = connection.execute(
        """
        SELECT min(at) FROM (
            SELECT min(lapse_at) AS at FROM cases UNION ALL SELECT min(remind_at) FROM cases
            UNION ALL SELECT min(answer_by) FROM cases
            UNION ALL SELECT min(due_at) FROM effect WHERE state = 'pending' AND due_at > ?
            UNION ALL SELECT min(due_at) FROM motion WHERE state = 'open' AND waits = 1
        )
        """,
        (to_ms(now),),
    )
    return None if found[0] is None else from_ms(found[0])


def lay_fresh_files(folder: Path) -> None:
    """Keys and a database as a first start makes them, in a folder without: made once, and copied.

    All that are laid by one process have the same lookup secret, and no person's key.
    """
    for name, content in _fresh_files().items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(content)


@cache
def _fresh_files() -> dict[str, bytes]:
    with TemporaryDirectory() as made:
        keys, database = Path(made, "keys.db"), Path(made, "porchlight.db")
        with Vault.opened(keys, MASTER), closing(connect(database)) as connection:
            migrate(connection, FOLDER / "main")
        return {file.name: file.read_bytes() for file in (keys, database)}


def raw_connection(path: Path) -> sqlite3.Connection:
    """A connection as another program would open it, with autocommit and foreign keys."""
    connection = connect(path)
    connection.row_factory = None
    return connection
