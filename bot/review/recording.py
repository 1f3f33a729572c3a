"""Recording a decision: the step of the case, its line in the log, the letter, and what it is to bring about.

Each function runs inside the unit of work that decides.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.foundation import Foundation
from bot.lifecycle import check_admission
from bot.model import CaseState, Delivery, Disclosed, Hands, Outcome, Ruling
from bot.review import following, second_looks
from bot.store import appeals, decisions, effects, events, proposals, sheets
from bot.store.cases import Case
from bot.store.decisions import Decision
from bot.store.disclosures import Logged
from bot.store.effects import EffectKind
from bot.terms import letter_text


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who decides, on which disclosure, and through how many hands."""

    by: str
    """The subject id of the moderator."""
    logged: Logged | None
    hands: Hands = Hands.ONE
    confirmed_by: str | None = None

    @property
    def disclosed(self) -> Disclosed | None:
        """What was disclosed; None where nothing was ever told."""
        return self.logged.disclosure.disclosed if self.logged else None


def record(
    connection: sqlite3.Connection, on: Foundation, case: Case, ruling: Ruling, deciding: Deciding
) -> Case:
    """Record a decision; return the case as it is then.

    An appeal can have somebody admitted from a closed case: it is opened again and admitted in one.
    """
    outcome, now = ruling.outcome, on.now()
    if outcome is Outcome.ADMIT:
        check_admission(deciding.disclosed or Disclosed.UNDISCLOSED)
    if ruling.appeal_id:
        case = _made_ready(connection, on, case, ruling, deciding)
    decision = _append(connection, on, case, ruling, outcome, deciding)
    decided = following.step(connection, on, case, outcome, decision.id)
    following.follow(connection, on, case, ruling, decision.id)
    if outcome is not Outcome.HOLD:
        _tell(connection, on, case, decision.id, ruling, now)
        second_looks.after_decision(connection, case, ruling, deciding.by, now)
    proposals.delete_of_case(connection, case.id)
    return decided


def _made_ready(
    connection: sqlite3.Connection, on: Foundation, case: Case, ruling: Ruling, deciding: Deciding
) -> Case:
    """The case of an appeal, as the answer can be recorded on it."""
    if case.state is CaseState.ADMITTED or case.state.is_open:
        return case
    second_looks.make_way(connection, on, case, deciding.by)
    if ruling.outcome is not Outcome.ADMIT:
        return case
    reopening = _append(connection, on, case, ruling, Outcome.REOPEN, deciding)
    return following.step(connection, on, case, Outcome.REOPEN, reopening.id)


def _append(
    connection: sqlite3.Connection,
    on: Foundation,
    case: Case,
    ruling: Ruling,
    outcome: Outcome,
    deciding: Deciding,
) -> Decision:
    now, logged = on.now(), deciding.logged
    sheet = sheets.get(connection, case.sheet_id) if case.sheet_id else None
    appeal = appeals.get(connection, ruling.appeal_id) if ruling.appeal_id else None
    decision = decisions.append(
        connection,
        case_id=case.id,
        outcome=outcome,
        decided_by=deciding.by,
        reason_code=ruling.reason_code,
        disclosed=deciding.disclosed,
        disclosure_version=logged.version if logged else None,
        questionnaire_hash=sheet.questionnaire_hash if sheet else None,
        now=now,
        hands=deciding.hands,
        confirmed_by=deciding.confirmed_by,
        supersedes=appeal.decision_id if appeal else following.superseded_by(case, outcome),
    )
    events.record(
        connection,
        now=now,
        actor=deciding.by,
        action=f"decision.{outcome.value}",
        object_kind="decision",
        object_id=decision.id,
        payload={"case": case.id, "reason": ruling.reason_code},
    )
    return decision


def _tell(
    connection: sqlite3.Connection,
    on: Foundation,
    case: Case,
    decision_id: str,
    ruling: Ruling,
    now: datetime,
) -> None:
    """Write the letter. What was not sent yet about the case is no longer true, and is not sent."""
    voice = on.config.words.voice(case.locale)
    decisions.withdraw_letters(connection, case.id)
    letter = decisions.write_letter(
        connection,
        on.key_of(connection, case.subject_id),
        case_id=case.id,
        decision_id=decision_id,
        text=letter_text(voice, on.config.community.zone, ruling.text, ruling.conditions),
        delivery=Delivery.PENDING,
        now=now,
    )
    second_looks.with_letter(connection, on, case, ruling, letter, now)
    effects.want_once(
        connection, EffectKind.LETTER, key=letter.id, now=now, case_id=case.id, target=letter.id
    )
