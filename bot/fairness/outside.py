"""Somebody from outside the team who may look at one case, because nobody of the team may.

Whoever adds them reads nothing of the case. It ends with the case, and nothing else of the desk is theirs.
"""

import sqlite3
from dataclasses import dataclass

from bot.access import Filed
from bot.fairness import hands, staffing, ties
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.model import Visitor
from bot.store import cases, disclosures, effects, events, moderators, recusals
from bot.store import staffing as store
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.vault import Erased


@dataclass(frozen=True, slots=True)
class Added:
    """They may look at the case, and are being told."""

    case_code: str
    before: bool
    """They could already."""


@dataclass(frozen=True, slots=True)
class NotAdded:
    """Nothing was changed. The code picks the sentence."""

    code: str
    case_code: str = ""


@dataclass(frozen=True, slots=True)
class ComeIn:
    """The file may be opened."""

    case_id: str


@dataclass(frozen=True, slots=True)
class TellFirst:
    """They have to tell about their own links first."""

    again: bool
    """What they told is too old."""


@dataclass(frozen=True, slots=True)
class NotYours:
    """There is no case that they may look at, or not any more."""


class Outside:
    """Use cases around outside reviewers. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def add(self, visitor: Visitor, typed_code: str, user_id: int) -> Added | NotAdded:
        """Let somebody, by Discord id, look at one case. A moderator who may not open it can do that too."""
        return await self._on.database.write(
            lambda connection: self._add(connection, visitor, typed_code, user_id)
        )

    def _add(
        self, connection: sqlite3.Connection, visitor: Visitor, typed_code: str, user_id: int
    ) -> Added | NotAdded:
        if not hands.has_role(self._on, visitor):
            return NotAdded("not_a_moderator")
        case = cases.by_code(connection, tidy_case_code(typed_code))
        if case is None:
            return NotAdded("no_such_case")
        now, by = self._on.now(), hands.acting(connection, self._on, visitor).id
        why = self._why_not(connection, case, user_id)
        if why:
            self._note(connection, by, "outside.refused", case, {"why": why})
            return NotAdded(why, case.code)
        person = self._on.find_or_add(connection, user_id, now)
        if not store.add_outside(connection, case.id, person.id, by, now):
            return Added(case.code, before=True)
        self._note(connection, by, "case.outside_added", case)
        # Not the case's own message: it must not count as one to the person whom the case is about.
        target = f"outside:{case.id}:{person.id}"
        effects.want_once(connection, EffectKind.MESSAGE, key=target, now=now, target=target)
        return Added(case.code, before=False)

    def _why_not(self, connection: sqlite3.Connection, case: Case, user_id: int) -> str:
        """Why somebody cannot be the one. What is about them is told in the same words, whatever it is."""
        if not staffing.nobody_is_left(connection, self._on, case):
            return "outside_not_needed"
        person = self._on.find(connection, user_id)
        if person is None:
            return ""
        if moderators.is_current(connection, person.id):
            return "outside_of_the_team"
        tied = person.id == case.subject_id or recusals.origin(connection, case.id, person.id) is not None
        tied = tied or recusals.decided_what_is_appealed(connection, case.id, person.id)
        return "outside_not_them" if tied or self._is_linked(connection, case, person.id) else ""

    def _is_linked(self, connection: sqlite3.Connection, case: Case, subject_id: str) -> bool:
        try:
            mine = disclosures.current(connection, self._on.key_of(connection, subject_id), subject_id)
            key = self._on.key_of(connection, case.subject_id)
        except (LookupError, Erased):
            return False
        told = disclosures.current_of_case(connection, key, case.id)
        newest = disclosures.current(connection, key, case.subject_id)
        return any(ties.linked(connection, self._on, mine, theirs) for theirs in (told, newest))

    async def come(self, visitor: Visitor, case_id: str) -> ComeIn | TellFirst | NotYours:
        """Somebody from outside begins: their own links come first, then the file."""
        return await self._on.database.read(lambda connection: self._come(connection, visitor, case_id))

    def _come(
        self, connection: sqlite3.Connection, visitor: Visitor, case_id: str
    ) -> ComeIn | TellFirst | NotYours:
        known = self._on.find(connection, visitor.user_id)
        if known is None or not recusals.is_outside(connection, case_id, known.id):
            return NotYours()
        filed = hands.filed(connection, self._on, known.id)
        return ComeIn(case_id) if filed is Filed.CURRENT else TellFirst(again=filed is Filed.STALE)

    def _note(
        self,
        connection: sqlite3.Connection,
        by: str,
        action: str,
        case: Case,
        payload: dict[str, str] | None = None,
    ) -> None:
        events.record(
            connection,
            now=self._on.now(),
            actor=by,
            action=action,
            object_kind="case",
            object_id=case.id,
            payload=payload,
        )
