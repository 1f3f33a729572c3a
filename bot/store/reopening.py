"""Steps of a case that was closed: it is with the team again, or what a member agreed to or told changes."""

import sqlite3
from datetime import datetime

from bot.clock import to_ms
from bot.lifecycle import check_step
from bot.model import CaseState, HoldReason
from bot.store.cases import Case, step


def hold_again(
    connection: sqlite3.Connection,
    case: Case,
    reason: HoldReason,
    decision_id: str,
    now: datetime,
    target: datetime,
) -> Case:
    """A decision puts a case before the team: the wait begins now, whatever was wanted before."""
    check_step(case.state, CaseState.HELD)
    return step(
        connection,
        case,
        """
        UPDATE cases SET state = 'held', hold_reason = :reason, decision_id = :decision_id, held_at = :now,
            target_at = :target, closed_at = NULL, wants_person_at = NULL, listed = 1, lapse_at = NULL,
            remind_at = NULL, gone_at = NULL, taken_back_at = NULL, asked_at = NULL, answer_by = NULL,
            target_left = NULL, second_by = NULL, last_activity_at = :now, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"reason": reason.value, "decision_id": decision_id, "now": to_ms(now), "target": to_ms(target)},
    )


def change_terms(connection: sqlite3.Connection, case: Case, decision_id: str, now: datetime) -> Case:
    """A new decision says on which conditions a member is a member."""
    check_step(case.state, CaseState.ADMITTED)
    return step(
        connection,
        case,
        """
        UPDATE cases SET decision_id = :decision_id, second_by = NULL, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"decision_id": decision_id, "now": to_ms(now)},
    )


def links_changed(connection: sqlite3.Connection, case_id: str) -> None:
    """A member told of other links: what was read or proposed before does not count any more."""
    connection.execute("UPDATE cases SET version = version + 1 WHERE id = ?", (case_id,))
