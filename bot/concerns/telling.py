"""Telling the team about somebody, and following what becomes of it.

The log calls whoever tells of something ``machine``: its lines outlive what is kept of them.
"""

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.access import is_moderator
from bot.clock import from_ms, to_ms
from bot.concerns import patterns, wishes
from bot.foundation import Foundation
from bot.ids import new_follow_code, new_id, tidy_follow_code
from bot.model import Visitor
from bot.store import concerns, events
from bot.store.concerns import URGENT, Concern, ConcernKind, ConcernOutcome, Said, Told
from bot.vault import Erased, PersonKey

LONGEST = 2000
"""Characters of what somebody tells at once."""
MOST_SAID = 20
"""How often something can be said about one concern, by both sides together."""
SHOWN = 10
"""So many of their own concerns somebody sees in one list."""

_URGENT_WITHIN = timedelta(days=1)
_CODE = "concern"


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody is about to tell."""

    kind: ConcernKind
    text: str = field(repr=False)
    about: int | None = field(default=None, repr=False)
    """The Discord id of whom it is about."""
    link: str = field(default="", repr=False)
    excerpt: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """It is with the team."""

    follow_code: str = field(repr=False)
    """Shown once; nobody can look it up."""
    due_at: datetime
    for_nobody: bool = False
    """Everybody on the team is tied to it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """It was put with what they told before about the same person."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why not. The code picks the sentence."""

    code: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How something that somebody told stands, for whoever told it."""

    ref: str = field(repr=False)
    kind: ConcernKind
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: ConcernOutcome | None
    question: str = field(repr=False)
    """What the team would like to know; empty if nothing."""
    can_add: bool


class Telling:
    """Use cases of whoever tells the team something. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    def may_tell(self, visitor: Visitor) -> bool:
        """Whether somebody is a member, or one of the team. Whoever applies can talk to a person."""
        discord = self._on.config.discord
        if discord is None:
            return False
        team = is_moderator(role_ids=visitor.role_ids, moderator_roles=self._on.config.moderator_roles)
        return team or discord.member_role in visitor.role_ids

    async def tell(self, visitor: Visitor, report: Report) -> Taken | Joined | NotTaken:
        """Tell the team about something."""
        if not self.may_tell(visitor):
            return NotTaken("members_only")
        if not report.text.strip():
            return NotTaken("empty")
        if report.about == visitor.user_id:
            return NotTaken("yourself")
        code = new_follow_code()
        return await self._on.database.write(lambda connection: self._tell(connection, visitor, report, code))

    def _tell(
        self, connection: sqlite3.Connection, visitor: Visitor, report: Report, code: str
    ) -> Taken | Joined | NotTaken:
        on, now = self._on, self._on.now()
        reporter = on.find_or_add(connection, visitor.user_id, now)
        about = on.find_or_add(connection, report.about, now) if report.about is not None else None
        key = on.vault.key(reporter.key_id)
        before = concerns.open_of(connection, reporter.id, about.id) if about else None
        if before is not None:
            return self._join(connection, key, before, report, now)
        if patterns.tells_too_often(connection, on, reporter.id, report.kind, now):
            patterns.look_at_whoever_tells(connection, on, reporter.id, now)
            return NotTaken("too_many")
        concern = Concern(
            id=new_id(),
            code=concerns.free_code(connection),
            kind=report.kind,
            reporter_id=reporter.id,
            about_id=about.id if about else None,
            follow=on.vault.code_hash(_CODE, code),
            locale=visitor.locale,
            opened_at=now,
            due_at=self._due(report.kind, now),
        )
        first = Said(to_ms(now), asked=False, text=report.text.strip()[:LONGEST])
        concerns.add(connection, key, concern, Told((first,), report.link, report.excerpt))
        self._record(connection, concern, "concern.told", now)
        heard = wishes.news(connection, on, concern, now)
        if about is not None:
            patterns.look_at_whom_many_tell_of(connection, on, about.id, now)
        return Taken(code, concern.due_at, for_nobody=not heard)

    def _join(
        self, connection: sqlite3.Connection, key: PersonKey, concern: Concern, report: Report, now: datetime
    ) -> Joined | NotTaken:
        """Put it with what the same person told before of the same person, by the more urgent of the two."""
        told = concerns.told(connection, key, concern.id) or Told(())
        said = _with(told, report.text, now)
        if said is None:
            return NotTaken("enough")
        more = replace(said, link=told.link or report.link, excerpt=told.excerpt or report.excerpt)
        urgent = report.kind in URGENT
        due_at = min(concern.due_at, self._due(report.kind, now)) if urgent else concern.due_at
        kind = report.kind if urgent else concern.kind
        concerns.change(connection, key, concern, more, kind=kind, due_at=due_at)
        self._record(connection, concern, "concern.added", now)
        wishes.news(connection, self._on, replace(concern, kind=kind), now)
        return Joined(due_at)

    def _due(self, kind: ConcernKind, now: datetime) -> datetime:
        target = self._on.config.concerns.target
        return now + (min(target, _URGENT_WITHIN) if kind in URGENT else target)

    async def all_of(self, visitor: Visitor) -> tuple[Standing, ...]:
        """How all that somebody told stands, the newest first."""
        return await self._on.database.write(lambda connection: self._all_of(connection, visitor))

    def _all_of(self, connection: sqlite3.Connection, visitor: Visitor) -> tuple[Standing, ...]:
        known = self._on.find(connection, visitor.user_id)
        told = concerns.of_reporter(connection, known.id, SHOWN) if known else []
        return tuple(self._standing(connection, concern) for concern in told)

    async def by_code(self, typed_code: str) -> Standing | NotTaken:
        """How something stands, for whoever has its code, from whatever account."""
        follow = self._on.vault.code_hash(_CODE, tidy_follow_code(typed_code))
        return await self._on.database.write(lambda connection: self._followed(connection, follow))

    async def by_ref(self, ref: str) -> Standing | NotTaken:
        """How something stands, by the ref of an earlier look at it."""
        return await self._on.database.write(lambda connection: self._followed(connection, _follow(ref)))

    def _followed(self, connection: sqlite3.Connection, follow: bytes) -> Standing | NotTaken:
        concern = concerns.by_follow(connection, follow)
        return NotTaken("no_such_code") if concern is None else self._standing(connection, concern)

    def _standing(self, connection: sqlite3.Connection, concern: Concern) -> Standing:
        """How a concern stands. Whoever sees what became of it is not told a second time."""
        if concern.closed_at is not None and concern.told_at is None:
            concerns.note_told(connection, concern.id, self._on.now())
        told = None
        key = self._key(connection, concern)
        if key is not None and concern.closed_at is None:
            told = concerns.told(connection, key, concern.id)
        question = told.question if told else None
        return Standing(
            ref=concern.follow.hex(),
            kind=concern.kind,
            opened_at=concern.opened_at,
            due_at=concern.due_at,
            closed_at=concern.closed_at,
            outcome=concern.outcome,
            question=question.text if question else "",
            can_add=told is not None and len(told.said) < MOST_SAID,
        )

    async def add(self, ref: str, text: str) -> Standing | NotTaken:
        """Add something, or answer what the team asked."""
        return await self._on.database.write(lambda connection: self._add(connection, ref, text))

    def _add(self, connection: sqlite3.Connection, ref: str, text: str) -> Standing | NotTaken:
        concern, now = concerns.by_follow(connection, _follow(ref)), self._on.now()
        if concern is None:
            return NotTaken("no_such_code")
        key = self._key(connection, concern)
        told = concerns.told(connection, key, concern.id) if key else None
        if key is None or told is None or concern.closed_at is not None:
            return NotTaken("closed")
        more = _with(told, text, now)
        if not text.strip() or more is None:
            return NotTaken("enough" if text.strip() else "empty")
        concerns.change(connection, key, concern, more)
        self._record(connection, concern, "concern.added", now)
        wishes.news(connection, self._on, concern, now)
        return self._standing(connection, concerns.get(connection, concern.id) or concern)

    async def withdraw(self, ref: str) -> Standing | NotTaken:
        """Take it back: it is closed, and its words are deleted."""
        return await self._on.database.write(lambda connection: self._withdraw(connection, ref))

    def _withdraw(self, connection: sqlite3.Connection, ref: str) -> Standing | NotTaken:
        concern, now = concerns.by_follow(connection, _follow(ref)), self._on.now()
        if concern is None:
            return NotTaken("no_such_code")
        if concerns.close(connection, concern, ConcernOutcome.WITHDRAWN, None, now):
            concerns.forget_words(connection, concern.id)
            concerns.note_told(connection, concern.id, now)
            self._record(connection, concern, "concern.withdrawn", now)
        return self._standing(connection, concerns.get(connection, concern.id) or concern)

    def _key(self, connection: sqlite3.Connection, concern: Concern) -> PersonKey | None:
        return key_of(connection, self._on, concern)

    def _record(self, connection: sqlite3.Connection, concern: Concern, action: str, now: datetime) -> None:
        events.record(
            connection,
            now=now,
            actor=events.MACHINE,
            action=action,
            object_kind="concern",
            object_id=concern.id,
        )


def key_of(connection: sqlite3.Connection, on: Foundation, concern: Concern) -> PersonKey | None:
    """The key that the words of a concern are sealed with; None once nothing is kept of its reporter."""
    if concern.reporter_id is None:
        return None
    try:
        return on.key_of(connection, concern.reporter_id)
    except (LookupError, Erased):
        return None


def said_at(said: Said) -> datetime:
    """When something was said."""
    return from_ms(said.at)


def _with(told: Told, text: str, now: datetime) -> Told | None:
    """The words with something more from the reporter; None when there is enough."""
    if len(told.said) >= MOST_SAID:
        return None
    return replace(told, said=(*told.said, Said(to_ms(now), asked=False, text=text.strip()[:LONGEST])))


def _follow(ref: str) -> bytes:
    try:
        return bytes.fromhex(ref)
    except ValueError:
        return b""
