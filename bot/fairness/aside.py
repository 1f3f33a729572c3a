"""Stepping aside: a moderator leaves a case to others, or the applicant asks that one of them does.

Neither says why. What is asked for cannot be taken back by whoever it keeps away.
"""

import sqlite3
from dataclasses import dataclass, field

from bot.access import Act, Tie, why_not
from bot.fairness import hands
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.model import Visitor
from bot.review import claims, talks
from bot.store import cases, events, moderators, recusals
from bot.store.cases import Case


@dataclass(frozen=True, slots=True)
class Aside:
    """The moderator is out of this case."""

    code: str


@dataclass(frozen=True, slots=True)
class NotAside:
    """Nothing was changed. The code picks the sentence."""

    code: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the team, whom the applicant may ask to stay out."""

    ref: str
    """Their subject id."""
    user_id: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The team, for the applicant to choose one."""

    people: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class AskedAside:
    """It is done. Nobody is told by whom or why."""


@dataclass(frozen=True, slots=True)
class CannotAsk:
    """The applicant has asked before, or has no request that the team looks at. The code says which."""

    code: str


class SteppingAside:
    """Use cases of keeping a case from somebody. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def step_aside(self, visitor: Visitor, typed_code: str) -> Aside | NotAside:
        """A moderator keeps out of a case, without saying why."""
        return await self._on.database.write(
            lambda connection: self._step_aside(connection, visitor, tidy_case_code(typed_code))
        )

    def _step_aside(self, connection: sqlite3.Connection, visitor: Visitor, code: str) -> Aside | NotAside:
        if not hands.may_come(connection, self._on, visitor):
            return NotAside("not_a_moderator")
        case = cases.by_code(connection, code)
        if case is None:
            there = hands.has_role(self._on, visitor)
            return NotAside("no_such_case" if there else "not_a_moderator")
        moderator, now = hands.acting(connection, self._on, visitor), self._on.now()
        hand = hands.hand_of(connection, self._on, visitor, case)
        if why := why_not(Act.SEE, hand):
            return NotAside(why)
        if hand.tie is Tie.OWN:
            return NotAside("own_case")
        recusal = recusals.declare(connection, case.id, moderator.id, now)
        if recusal:
            self._note(connection, "recusal.declared", recusal, by=moderator.id, whom=moderator.id, case=case)
        return Aside(case.code)

    async def candidates(self, visitor: Visitor) -> Candidates | CannotAsk:
        """Whom an applicant may ask to stay out of their request."""
        return await self._on.database.read(lambda connection: self._candidates(connection, visitor))

    def _candidates(self, connection: sqlite3.Connection, visitor: Visitor) -> Candidates | CannotAsk:
        case = self._case_of(connection, visitor)
        if isinstance(case, CannotAsk):
            return case
        people = [
            Candidate(subject_id, user_id)
            for subject_id in moderators.current(connection)
            if subject_id != case.subject_id and (user_id := self._on.user_id(connection, subject_id))
        ]
        return Candidates(tuple(people)) if people else CannotAsk("nobody_known")

    async def ask(self, visitor: Visitor, ref: str) -> AskedAside | CannotAsk:
        """An applicant asks, once per request and without a reason, that one moderator stays out.

        ``ref`` is the moderator's subject id.
        """
        return await self._on.database.write(lambda connection: self._ask(connection, visitor, ref))

    def _ask(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> AskedAside | CannotAsk:
        case = self._case_of(connection, visitor)
        if isinstance(case, CannotAsk):
            return case
        if ref == case.subject_id or not moderators.is_current(connection, ref):
            return CannotAsk("not_there")
        recusal = recusals.ask(connection, case.id, ref, self._on.now())
        self._note(connection, "recusal.asked", recusal, by=case.subject_id, whom=ref, case=case)
        return AskedAside()

    def _case_of(self, connection: sqlite3.Connection, visitor: Visitor) -> Case | CannotAsk:
        """The request that the team looks at, if the applicant has not asked yet."""
        known = self._on.find(connection, visitor.user_id)
        theirs = cases.of_subject(connection, known.id) if known else []
        if not theirs or not theirs[0].state.is_open:
            return CannotAsk("nothing_open")
        if recusals.was_asked(connection, theirs[0].id):
            return CannotAsk("asked_before")
        return theirs[0]

    def _note(
        self, connection: sqlite3.Connection, action: str, recusal: str, *, by: str, whom: str, case: Case
    ) -> None:
        """The line; whoever had the case has it no more, and is taken out of its conversation."""
        now = self._on.now()
        events.record(
            connection,
            now=now,
            actor=by,
            action=action,
            object_kind="recusal",
            object_id=recusal,
            payload={"case": case.id, "moderator": whom},
        )
        claims.let_go_if_theirs(connection, self._on, whom, case.id)
        talks.step_out(connection, case.id, whom, now)
