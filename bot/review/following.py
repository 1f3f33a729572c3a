"""What follows from a recorded decision, by outcome: the case's step, access, conditions, a removal.

Each function runs inside the unit of work that records the decision.
"""

import sqlite3
from datetime import datetime

from bot.foundation import Foundation
from bot.model import STATE_AFTER, CaseState, HoldReason, Outcome, Ruling
from bot.review import conditions
from bot.store import cases, effects, presence, reopening, tasks
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.tasks import TaskKind

_HELD_BECAUSE = {Outcome.REOPEN: HoldReason.REOPENED, Outcome.SUSPEND: HoldReason.SUSPENDED}
_ENDS_ACCESS = frozenset({Outcome.SUSPEND, Outcome.REMOVE})
_TAKES_BACK = frozenset({Outcome.REOPEN, Outcome.SUSPEND, Outcome.REMOVE})


def superseded_by(case: Case, outcome: Outcome) -> str | None:
    """The decision that one with this outcome takes back or replaces, if there is one."""
    changes_terms = outcome is Outcome.ADMIT and case.state is CaseState.ADMITTED
    return case.decision_id if outcome in _TAKES_BACK or changes_terms else None


def step(
    connection: sqlite3.Connection, on: Foundation, case: Case, outcome: Outcome, decision_id: str
) -> Case:
    """Take the case where the decision leads it."""
    now, target = on.now(), on.now() + on.config.timers.decision_target
    if outcome is Outcome.HOLD:
        return cases.keep_on_hold(connection, case, now, target)
    if outcome in _HELD_BECAUSE:
        return reopening.hold_again(connection, case, _HELD_BECAUSE[outcome], decision_id, now, target)
    if outcome is Outcome.ADMIT and case.state is CaseState.ADMITTED:
        return reopening.change_terms(connection, case, decision_id, now)
    return cases.decide(connection, case, STATE_AFTER[outcome], decision_id, now)


def follow(
    connection: sqlite3.Connection, on: Foundation, before: Case, ruling: Ruling, decision_id: str
) -> None:
    """Want what the decision wants of the server, and see to the conditions."""
    now, case, outcome = on.now(), before, ruling.outcome
    effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
    if outcome is Outcome.ADMIT:
        if case.state is not CaseState.ADMITTED:
            effects.want(connection, EffectKind.GRANT, key=case.id, now=now, case_id=case.id)
        conditions.replace(connection, on, case, decision_id, ruling.conditions, now)
    elif outcome is not Outcome.HOLD:
        presence.forget_earlier(connection, case.subject_id)
    if outcome in _ENDS_ACCESS:
        _end_access(connection, case, now)
    if outcome is Outcome.REMOVE:
        effects.want(connection, EffectKind.REMOVE, key=case.id, now=now, case_id=case.id)


def _end_access(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    conditions.end_with_access(connection, case, now)
    tasks.delete_of(connection, TaskKind.UNRECORDED_ROLE, case.subject_id)
    effects.want(connection, EffectKind.REVOKE, key=case.id, now=now, case_id=case.id)
