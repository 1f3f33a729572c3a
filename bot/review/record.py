"""The record of a case: all that happened to it, and what moderators wrote down."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache

from bot.access import Act
from bot.fairness.hands import has_role, may_not, turned_away
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.model import Visitor
from bot.review import looking
from bot.review.desk import Denied
from bot.store import cases, events, notes
from bot.store.access import OPERATOR, Purpose
from bot.store.cases import Case
from bot.store.timeline import Line, lines_of_case

LONGEST_NOTE = 1500
"""Characters of a note."""


class By(StrEnum):
    """Whose step it was."""

    PERSON = "person"
    MACHINE = "machine"
    OPERATOR = "operator"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a case."""

    at: datetime
    by: By
    user_id: int | None = field(repr=False)
    """The moderator's Discord id; None where nothing is kept of them any more."""
    action: str
    """A code of the event log, such as ``case.held``; empty for a note."""
    payload: Mapping[str, str]
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that is on record about one case, in order."""

    case: Case
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class NoteKept:
    """A note is on the file."""

    case: Case


class Record:
    """Use cases of the record. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def timeline(self, visitor: Visitor, typed_code: str) -> Timeline | Denied:
        """All that happened to a case. Reading it is an event, like opening the file."""
        return await self._on.database.write(lambda c: self._timeline(c, visitor, tidy_case_code(typed_code)))

    def _timeline(self, connection: sqlite3.Connection, visitor: Visitor, code: str) -> Timeline | Denied:
        case = cases.by_code(connection, code)
        if case is None:
            return self._nothing_there(visitor)
        denied = may_not(connection, self._on, visitor, Act.OPEN, case)
        if denied == "not_a_moderator":
            return Denied(denied)
        moderator = self._on.find_or_add(connection, visitor.user_id, self._on.now())
        refused = looking.open_file(
            connection, self._on, by=moderator.id, case=case, purpose=Purpose.REVIEW, denied=denied
        )
        if refused:
            return Denied(refused)
        # Few people, in many lines.
        name = cache(lambda who: self._on.user_id(connection, who))
        steps = [_step(case, line, name) for line in lines_of_case(connection, case.id)]
        key = self._on.key_of(connection, case.subject_id)
        steps += [
            Step(note.at, By.MODERATOR, name(note.by), "", {}, note.text)
            for note in notes.of_case(connection, key, case.id)
        ]
        return Timeline(case, tuple(sorted(steps, key=lambda step: step.at)))

    def _nothing_there(self, visitor: Visitor) -> Denied:
        """Nobody but the team is told which codes there are."""
        return Denied("no_such_case" if has_role(self._on, visitor) else "not_a_moderator")

    async def write_note(self, visitor: Visitor, typed_code: str, text: str) -> NoteKept | Denied:
        """Keep a note on a case, sealed with its person's key, and deleted with their answers."""
        return await self._on.database.write(
            lambda c: self._write(c, visitor, tidy_case_code(typed_code), text.strip()[:LONGEST_NOTE])
        )

    def _write(
        self, connection: sqlite3.Connection, visitor: Visitor, code: str, text: str
    ) -> NoteKept | Denied:
        case = cases.by_code(connection, code)
        if case is None:
            return self._nothing_there(visitor)
        if denied := turned_away(connection, self._on, visitor, Act.ASK, case):
            return Denied(denied)
        if not text:
            return Denied("note_empty")
        if case.wiped_at is not None:
            return Denied("note_too_late")
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        key = self._on.key_of(connection, case.subject_id)
        notes.write(connection, key, text, by=moderator.id, now=now, case_id=case.id)
        events.record(
            connection,
            now=now,
            actor=moderator.id,
            action="case.noted",
            object_kind="case",
            object_id=case.id,
        )
        return NoteKept(case)


def _step(case: Case, line: Line, name: Callable[[str], int | None]) -> Step:
    by = {case.subject_id: By.PERSON, events.MACHINE: By.MACHINE, OPERATOR: By.OPERATOR}.get(
        line.actor, By.MODERATOR
    )
    return Step(line.at, by, name(line.actor) if by is By.MODERATOR else None, line.action, line.payload)
