"""The bench: who may decide what, on which version of a case, and recording that they did.

The database settles races: a decision names the version of the file that was read, and whoever
comes second is told who decided, and when.
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.access import Act, why_not_decide
from bot.fairness import hands
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.model import CaseState, Disclosed, Hands, Outcome, Ruling, Visitor
from bot.review import claims, motions, readiness, recording
from bot.review.claims import Taken
from bot.review.motions import AlreadyProposed, Proposed
from bot.review.recording import Deciding
from bot.review.voting import Way
from bot.store import cases, decisions, views
from bot.store.cases import Case
from bot.store.claims import ClaimKind
from bot.store.disclosures import Logged


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision is recorded; the effects follow."""

    case: Case
    outcome: Outcome
    terms: bool = False
    """The conditions of somebody who is a member already were changed."""


@dataclass(frozen=True, slots=True)
class AlreadyDecided:
    """Somebody was faster, or the person ended the case."""

    case: Case
    outcome: Outcome | None
    automated: bool
    by: int | None = field(repr=False)
    """The Discord id of the moderator who decided; None where nothing is kept of them any more."""
    at: datetime | None
    second: int | None = field(default=None, repr=False)
    """The Discord id of the moderator who confirmed it, where it took two."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The file changed since it was read: open it again."""

    case: Case


@dataclass(frozen=True, slots=True)
class MayNot:
    """The decision may not be made. The code picks the sentence."""

    code: str
    case_code: str = ""


DecisionResult = Decided | Proposed | AlreadyProposed | AlreadyDecided | Changed | MayNot | Taken


@dataclass(frozen=True, slots=True)
class Seat:
    """A case about to be decided, the moderator who decides, and what was disclosed."""

    case: Case
    moderator_id: str
    logged: Logged | None

    @property
    def disclosed(self) -> Disclosed:
        """What the case disclosed; nothing sent is undisclosed."""
        return self.logged.disclosure.disclosed if self.logged else Disclosed.UNDISCLOSED


class Bench:
    """Takes a seat for a decision, and records it. Its methods run inside a unit of work."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    def is_moderator(self, visitor: Visitor) -> bool:
        """Whether somebody holds a configured moderator role right now."""
        return hands.has_role(self._on, visitor)

    def viewed(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        ref: str,
        outcome: Outcome,
        *,
        terms: bool = False,
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        """A seat from a file that was opened. ``terms``: to admit somebody on conditions, or change them."""
        if not hands.may_come(connection, self._on, visitor):
            return MayNot("not_a_moderator")
        view = views.get(connection, ref)
        moderator = self._on.find(connection, visitor.user_id)
        case = cases.get(connection, view.case_id) if view else None
        if view is None or case is None:
            return MayNot("file_gone")
        if moderator is None or view.moderator_id != moderator.id:
            return MayNot("open_it_yourself")
        return self.seat(connection, visitor, case, outcome, view.case_version, terms=terms)

    def coded(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        typed_code: str,
        outcome: Outcome,
        *,
        terms: bool = False,
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        """A seat by case code."""
        if not hands.may_come(connection, self._on, visitor):
            return MayNot("not_a_moderator")
        case = cases.by_code(connection, tidy_case_code(typed_code))
        if case is None:
            return MayNot("no_such_case" if self.is_moderator(visitor) else "not_a_moderator")
        return self.seat(connection, visitor, case, outcome, case.version, terms=terms)

    def seat(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        case: Case,
        outcome: Outcome,
        version: int,
        *,
        terms: bool = False,
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        """A seat at a case, as it was read in this version."""
        moderator = hands.acting(connection, self._on, visitor)
        if why := hands.turned_away(connection, self._on, visitor, Act.DECIDE, case):
            return MayNot(why, case.code)
        return self.seat_of(connection, moderator.id, case, outcome, version, terms=terms)

    def seat_of(
        self,
        connection: sqlite3.Connection,
        moderator_id: str,
        case: Case,
        outcome: Outcome,
        version: int,
        *,
        terms: bool = False,
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        """A seat for somebody, by subject id, of whom it is known that they may decide the case."""
        seat = Seat(case, moderator_id, readiness.disclosed_in(connection, self._on, case))
        why = self._not_ready(connection, seat, outcome, terms=terms)
        if why == "already_closed":
            return self._already(connection, case)
        if why:
            return MayNot(why, case.code)
        if outcome in {Outcome.REOPEN, Outcome.SUSPEND}:
            refused = self._cannot_hold_again(connection, case, outcome)
            if refused is not None:
                return refused
        return seat if case.version == version else Changed(case)

    def _not_ready(self, connection: sqlite3.Connection, seat: Seat, outcome: Outcome, *, terms: bool) -> str:
        case = seat.case
        return why_not_decide(
            outcome=outcome,
            state=case.state,
            disclosed=seat.disclosed,
            sent=case.state is CaseState.ADMITTED or readiness.is_sent(connection, case, seat.logged),
            inside=readiness.is_inside(connection, case, outcome),
            terms=terms,
        )

    def _cannot_hold_again(
        self, connection: sqlite3.Connection, case: Case, outcome: Outcome
    ) -> MayNot | None:
        """Why a closed case stays closed: a newer request is open, or too much time has passed."""
        newer = readiness.newer_open(connection, case)
        if newer is not None:
            return MayNot("newer_case", newer.code)
        if outcome is Outcome.REOPEN and readiness.is_too_late(self._on, case):
            return MayNot("too_late", case.code)
        return None

    def _already(self, connection: sqlite3.Connection, case: Case) -> AlreadyDecided:
        decision = decisions.get(connection, case.decision_id) if case.decision_id else None
        if decision is None:
            return AlreadyDecided(case, None, automated=False, by=None, at=case.closed_at)
        by = self._on.user_id(connection, decision.decided_by) if decision.decided_by else None
        second = self._on.user_id(connection, decision.confirmed_by) if decision.confirmed_by else None
        return AlreadyDecided(case, decision.outcome, decision.automated, by, decision.at, second)

    def settle(self, connection: sqlite3.Connection, seat: Seat, ruling: Ruling) -> DecisionResult:
        """Decide so, or propose it to a second person where it takes two; unless somebody else has it."""
        case, by = seat.case, seat.moderator_id
        proposed = motions.in_the_way(connection, self._on, case, by, ruling)
        if proposed is not None:
            return proposed
        taken = self.taken(connection, seat, ruling.appeal_id)
        if taken is not None:
            return taken
        if motions.way(self._on, case, ruling) is Way.ONE:
            return self.record(connection, seat, ruling)
        return motions.propose(connection, self._on, case, by, ruling)

    def taken(self, connection: sqlite3.Connection, seat: Seat, appeal_id: str = "") -> Taken | None:
        """Who has the case, or the appeal, if it is somebody else. Going on anyway takes it over first."""
        case = seat.case
        kind, item_id = (ClaimKind.APPEAL, appeal_id) if appeal_id else (ClaimKind.CASE, case.id)
        other = claims.held_by_other(connection, self._on, seat.moderator_id, kind, item_id)
        anyway = self._on.config.review.act_on_claimed
        return None if other is None else Taken(case.code, other, case.id, may_anyway=anyway)

    def record(
        self,
        connection: sqlite3.Connection,
        seat: Seat,
        ruling: Ruling,
        *,
        hands: Hands = Hands.ONE,
        confirmed_by: str | None = None,
    ) -> Decided:
        """Record a decision: the state change, its event line, and the effects it wants."""
        before = seat.case
        deciding = Deciding(seat.moderator_id, seat.logged, hands, confirmed_by)
        decided = recording.record(connection, self._on, before, ruling, deciding)
        terms = ruling.outcome is Outcome.ADMIT and before.state is CaseState.ADMITTED
        return Decided(decided, ruling.outcome, terms=terms)
