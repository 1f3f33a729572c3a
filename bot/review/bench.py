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
from bot.lifecycle import check_admission
from bot.model import STATE_AFTER, Delivery, Disclosed, Outcome, Ruling, Visitor
from bot.review import claims
from bot.review.claims import Taken
from bot.store import cases, decisions, disclosures, effects, events, presence, sheets, views
from bot.store.cases import Case
from bot.store.claims import ClaimKind
from bot.store.disclosures import Logged
from bot.store.effects import EffectKind


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision is recorded; the effects follow."""

    case: Case
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AlreadyDecided:
    """Somebody was faster, or the person ended the case."""

    case: Case
    outcome: Outcome | None
    automated: bool
    by: int | None = field(repr=False)
    """The Discord id of the moderator who decided; None where nothing is kept of them any more."""
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Changed:
    """The file changed since it was read: open it again."""

    case: Case


@dataclass(frozen=True, slots=True)
class MayNot:
    """The decision may not be made. The code picks the sentence."""

    code: str
    case_code: str = ""


DecisionResult = Decided | AlreadyDecided | Changed | MayNot | Taken


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
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, outcome: Outcome
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        if not hands.may_come(connection, self._on, visitor):
            return MayNot("not_a_moderator")
        view = views.get(connection, ref)
        moderator = self._on.find(connection, visitor.user_id)
        case = cases.get(connection, view.case_id) if view else None
        if view is None or case is None:
            return MayNot("file_gone")
        if moderator is None or view.moderator_id != moderator.id:
            return MayNot("open_it_yourself")
        return self.seat(connection, visitor, case, outcome, view.case_version)

    def coded(
        self, connection: sqlite3.Connection, visitor: Visitor, typed_code: str, outcome: Outcome
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        if not hands.may_come(connection, self._on, visitor):
            return MayNot("not_a_moderator")
        case = cases.by_code(connection, tidy_case_code(typed_code))
        if case is None:
            return MayNot("no_such_case" if self.is_moderator(visitor) else "not_a_moderator")
        return self.seat(connection, visitor, case, outcome, case.version)

    def seat(
        self, connection: sqlite3.Connection, visitor: Visitor, case: Case, outcome: Outcome, version: int
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        moderator = hands.acting(connection, self._on, visitor)
        if why := hands.turned_away(connection, self._on, visitor, Act.DECIDE, case):
            return MayNot(why, case.code)
        key = self._on.key_of(connection, case.subject_id)
        sheet = sheets.get(connection, case.sheet_id) if case.sheet_id else None
        seat = Seat(case, moderator.id, disclosures.current_of_case(connection, key, case.id))
        why = why_not_decide(
            outcome=outcome,
            state=case.state,
            disclosed=seat.disclosed,
            sent=sheet is not None and sheet.sent_at is not None,
        )
        if why == "already_closed":
            return self._already(connection, case)
        if why:
            return MayNot(why, case.code)
        return seat if case.version == version else Changed(case)

    def _already(self, connection: sqlite3.Connection, case: Case) -> AlreadyDecided:
        decision = decisions.get(connection, case.decision_id) if case.decision_id else None
        if decision is None:
            return AlreadyDecided(case, None, automated=False, by=None, at=case.closed_at)
        by = self._on.user_id(connection, decision.decided_by) if decision.decided_by else None
        return AlreadyDecided(case, decision.outcome, decision.automated, by, decision.at)

    def settle(self, connection: sqlite3.Connection, seat: Seat, ruling: Ruling) -> DecisionResult:
        """Decide so, or propose it to a second person where it takes two; unless somebody else has it."""
        taken = self._taken(connection, seat)
        if taken is not None:
            return taken
        return self.record(connection, seat, ruling)

    def _taken(self, connection: sqlite3.Connection, seat: Seat) -> Taken | None:
        """Who has the case, if it is somebody else. Going on anyway takes it over first."""
        case = seat.case
        other = claims.held_by_other(connection, self._on, seat.moderator_id, ClaimKind.CASE, case.id)
        anyway = self._on.config.review.act_on_claimed
        return None if other is None else Taken(case.code, other, case.id, may_anyway=anyway)

    def record(self, connection: sqlite3.Connection, seat: Seat, ruling: Ruling) -> DecisionResult:
        """Record a decision: the state change, its event line, and the effects it wants."""
        outcome, reason_code, text = ruling.outcome, ruling.reason_code, ruling.text
        if outcome is Outcome.ADMIT:
            check_admission(seat.disclosed)
        now, case = self._on.now(), seat.case
        sheet = sheets.get(connection, case.sheet_id) if case.sheet_id else None
        decision = decisions.append(
            connection,
            case_id=case.id,
            outcome=outcome,
            decided_by=seat.moderator_id,
            reason_code=reason_code,
            disclosed=seat.logged.disclosure.disclosed if seat.logged else None,
            disclosure_version=seat.logged.version if seat.logged else None,
            questionnaire_hash=sheet.questionnaire_hash if sheet else None,
            now=now,
        )
        events.record(
            connection,
            now=now,
            actor=seat.moderator_id,
            action=f"decision.{outcome.value}",
            object_kind="decision",
            object_id=decision.id,
            payload={"case": case.id, "reason": reason_code},
        )
        decided = self._step(connection, case, outcome, decision.id, now)
        effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        if outcome is not Outcome.HOLD:
            self._tell(connection, case, decision.id, text, now)
        if outcome is Outcome.ADMIT:
            effects.want(connection, EffectKind.GRANT, key=case.id, now=now, case_id=case.id)
        elif outcome is not Outcome.HOLD:
            presence.forget_earlier(connection, case.subject_id)
        decisions.delete_refusals(connection, case.id)
        return Decided(decided, outcome)

    def _step(
        self, connection: sqlite3.Connection, case: Case, outcome: Outcome, decision_id: str, now: datetime
    ) -> Case:
        if outcome is Outcome.HOLD:
            target = now + self._on.config.timers.decision_target
            return cases.keep_on_hold(connection, case, now, target)
        return cases.decide(connection, case, STATE_AFTER[outcome], decision_id, now)

    def _tell(
        self, connection: sqlite3.Connection, case: Case, decision_id: str, text: str, now: datetime
    ) -> None:
        letter = decisions.write_letter(
            connection,
            self._on.key_of(connection, case.subject_id),
            case_id=case.id,
            decision_id=decision_id,
            text=text,
            delivery=Delivery.PENDING,
            now=now,
        )
        effects.want_once(
            connection, EffectKind.LETTER, key=letter.id, now=now, case_id=case.id, target=letter.id
        )
