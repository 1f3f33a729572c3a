"""Looking into what members told the team: reading it, asking, noting, closing it.

For a moderator whom a concern is about there is no such code: nothing is answered, written or logged that
would be different for a code that nobody ever had.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.access import HIDDEN, Act, why_not
from bot.clock import to_ms
from bot.concerns import wishes
from bot.concerns.telling import LONGEST, MOST_SAID, key_of
from bot.fairness.hands import hand_for_concern
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.model import Visitor
from bot.review import looking
from bot.review.desk import CaseFile, Denied, Desk
from bot.store import cases, concern_patterns, concerns, events, notes
from bot.store.concerns import Concern, ConcernKind, ConcernOutcome, Said, Told

_VERSION = re.compile(r"[0-9]{1,9}")

Find = Callable[[sqlite3.Connection], Concern | None]


@dataclass(frozen=True, slots=True)
class Noted:
    """What a moderator wrote down, with their Discord id."""

    by: int | None = field(repr=False)
    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConcernFile:
    """A concern as a moderator reads it. Who told it is not in it."""

    ref: str
    """The concern and the version that was read; the buttons act on that."""
    concern: Concern
    told: Told | None
    about: int | None = field(repr=False)
    """The Discord id of whom it is about."""
    about_case: str
    """The id of their newest request; empty where there is none."""
    notes: tuple[Noted, ...]
    earlier: Mapping[ConcernKind, int]
    """Other concerns about the same person, by kind."""
    closed_by: int | None = field(repr=False)
    can_show: bool
    """Who told it is still known."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Who told of something."""

    code: str
    user_id: int | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Closed:
    """It is closed, and the reporter hears of it."""

    code: str
    outcome: ConcernOutcome


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Somebody was first: it was closed, or has changed since it was read."""

    concern: Concern
    closed_by: int | None = field(repr=False)


class Handling:
    """Use cases of whoever looks into concerns. One object serves everybody."""

    def __init__(self, foundation: Foundation, desk: Desk) -> None:
        """Take what every use case stands on, and the desk, where cases are opened."""
        self._on = foundation
        self._desk = desk

    async def open_by_code(self, visitor: Visitor, typed_code: str) -> CaseFile | ConcernFile | Denied:
        """Open what goes by a code: a case, or else a concern."""
        found = await self._desk.open_by_code(visitor, typed_code)
        if not isinstance(found, Denied) or found.code != HIDDEN:
            return found
        code = tidy_case_code(typed_code)
        return await self._opened(visitor, lambda connection: concerns.by_code(connection, code))

    async def open_by_id(self, visitor: Visitor, concern_id: str) -> ConcernFile | Denied:
        """Open a concern. Opening it is an event."""
        return await self._opened(visitor, lambda connection: concerns.get(connection, concern_id))

    async def _opened(self, visitor: Visitor, find: Find) -> ConcernFile | Denied:
        return await self._on.database.write(lambda c: self._open(c, visitor, find(c)))

    def _open(
        self, connection: sqlite3.Connection, visitor: Visitor, concern: Concern | None
    ) -> ConcernFile | Denied:
        found = self._allowed(connection, visitor, concern)
        if isinstance(found, Denied):
            return found
        moderator = self._on.find_or_add(connection, visitor.user_id, self._on.now())
        # Somebody on the team would learn from the line about them that a concern about them was read.
        on_the_team = found.about_id in concerns.team(connection)
        looking.read_concern(
            connection,
            self._on,
            by=moderator.id,
            concern_id=found.id,
            at_whom=None if on_the_team else found.about_id,
            denied="",
        )
        return self._file(connection, found)

    def _allowed(
        self, connection: sqlite3.Connection, visitor: Visitor, concern: Concern | None
    ) -> Concern | Denied:
        """The concern, if somebody may look into it. Attempts are logged, unless it is about them."""
        about_id, reporter_id = (concern.about_id, concern.reporter_id) if concern else (None, None)
        hand = hand_for_concern(connection, self._on, visitor, about_id, reporter_id)
        denied = why_not(Act.CONCERN, hand)
        if denied == "not_a_moderator":
            return Denied(denied)
        if concern is None or denied == HIDDEN:
            return Denied(HIDDEN)
        if not denied:
            return concern
        moderator = self._on.find_or_add(connection, visitor.user_id, self._on.now())
        looking.read_concern(
            connection, self._on, by=moderator.id, concern_id=concern.id, at_whom=None, denied=denied
        )
        return Denied(denied)

    def _file(self, connection: sqlite3.Connection, concern: Concern) -> ConcernFile:
        key = key_of(connection, self._on, concern)
        told = concerns.told(connection, key, concern.id) if key else None
        about_id = concern.about_id
        known = cases.of_subject(connection, about_id) if about_id else []
        written = notes.of_concern(connection, key, concern.id) if key else []
        return ConcernFile(
            ref=f"{concern.id}.{concern.version}",
            concern=concern,
            told=told,
            about=self._user(connection, about_id),
            about_case=known[0].id if known else "",
            notes=tuple(Noted(self._user(connection, note.by), note.at, note.text) for note in written),
            earlier=concern_patterns.kinds_about(connection, about_id, concern.id) if about_id else {},
            closed_by=self._user(connection, concern.closed_by),
            can_show=told is not None,
        )

    def _user(self, connection: sqlite3.Connection, subject_id: str | None) -> int | None:
        return self._on.user_id(connection, subject_id) if subject_id else None

    async def why_not(self, visitor: Visitor, ref: str) -> Denied | None:
        """Why somebody may not act on a concern; None where they may."""

        def find(connection: sqlite3.Connection) -> Denied | None:
            found = self._read(connection, visitor, ref)
            return found if isinstance(found, Denied) else None

        return await self._on.database.write(find)

    async def show_reporter(self, visitor: Visitor, ref: str) -> Shown | Denied:
        """Show who told of it. Seeing that is an event of its own."""
        return await self._on.database.write(lambda connection: self._show(connection, visitor, ref))

    def _show(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> Shown | Denied:
        concern = self._read(connection, visitor, ref)
        if isinstance(concern, Denied):
            return concern
        self._record(connection, visitor, concern, "concern.reporter_seen")
        return Shown(concern.code, self._user(connection, concern.reporter_id))

    async def note(self, visitor: Visitor, ref: str, text: str) -> ConcernFile | Denied:
        """Write something down. It is sealed with the reporter's key, and goes with their words."""
        return await self._on.database.write(lambda connection: self._note(connection, visitor, ref, text))

    def _note(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, text: str
    ) -> ConcernFile | Denied:
        concern = self._read(connection, visitor, ref)
        if isinstance(concern, Denied):
            return concern
        key = key_of(connection, self._on, concern)
        if key is None or concerns.told(connection, key, concern.id) is None:
            return Denied("concern_words_gone")
        if not text.strip():
            return Denied("note_empty")
        by = self._record(connection, visitor, concern, "concern.noted")
        notes.write(connection, key, text.strip()[:LONGEST], by=by, now=self._on.now(), concern_id=concern.id)
        return self._file(connection, concern)

    async def ask(self, visitor: Visitor, ref: str, text: str) -> ConcernFile | Overtaken | Denied:
        """Ask the reporter something. They find it where they follow what they told."""
        return await self._on.database.write(lambda connection: self._ask(connection, visitor, ref, text))

    def _ask(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, text: str
    ) -> ConcernFile | Overtaken | Denied:
        concern = self._read(connection, visitor, ref)
        if isinstance(concern, Denied):
            return concern
        if concern.closed_at is not None or concern.version != _version(ref):
            return self._overtaken(connection, concern)
        key, now = key_of(connection, self._on, concern), self._on.now()
        told = concerns.told(connection, key, concern.id) if key else None
        if key is None or told is None:
            return Denied("concern_words_gone")
        if not text.strip():
            return Denied("note_empty")
        if len(told.said) >= MOST_SAID - 1:
            return Denied("concern_enough_said")
        question = Said(to_ms(now), asked=True, text=text.strip()[:LONGEST])
        concerns.change(connection, key, concern, replace(told, said=(*told.said, question)))
        self._record(connection, visitor, concern, "concern.asked")
        wishes.question(connection, concern, now)
        return self._file(connection, concerns.get(connection, concern.id) or concern)

    async def close(self, visitor: Visitor, ref: str, outcome: ConcernOutcome) -> Closed | Overtaken | Denied:
        """Close it. What is done about the person is decided in their own file."""
        return await self._on.database.write(lambda c: self._close(c, visitor, ref, outcome))

    def _close(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, outcome: ConcernOutcome
    ) -> Closed | Overtaken | Denied:
        concern = self._read(connection, visitor, ref)
        if isinstance(concern, Denied):
            return concern
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        read = replace(concern, version=_version(ref))
        if not concerns.close(connection, read, outcome, moderator.id, now):
            return self._overtaken(connection, concern)
        self._record(connection, visitor, concern, "concern.closed", outcome.value)
        wishes.outcome(connection, concern, now)
        return Closed(concern.code, outcome)

    def _overtaken(self, connection: sqlite3.Connection, concern: Concern) -> Overtaken:
        return Overtaken(concern, self._user(connection, concern.closed_by))

    def _read(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> Concern | Denied:
        concern_id, _, _ = ref.partition(".")
        return self._allowed(connection, visitor, concerns.get(connection, concern_id))

    def _record(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        concern: Concern,
        action: str,
        outcome: str = "",
    ) -> str:
        """Append a line, and return the moderator's subject id."""
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        events.record(
            connection,
            now=now,
            actor=moderator.id,
            action=action,
            object_kind="concern",
            object_id=concern.id,
            payload={"outcome": outcome} if outcome else {},
        )
        return moderator.id


def _version(ref: str) -> int:
    """The version that a ref was made for; -1 for one that nobody made."""
    _, _, version = ref.partition(".")
    return int(version) if _VERSION.fullmatch(version) else -1
