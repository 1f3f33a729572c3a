"""Whether a case is ready for a decision: what counts as disclosed, as sent, and as still to be taken back.

Each function runs inside a unit of work.
"""

import sqlite3

from bot.foundation import Foundation
from bot.model import CaseState, Outcome
from bot.store import cases, decisions, disclosures, presence, sheets
from bot.store.cases import Case
from bot.store.disclosures import Logged

_REOPENED_FROM = frozenset({CaseState.DECLINED, CaseState.REDIRECTED, CaseState.REMOVED})


def disclosed_in(connection: sqlite3.Connection, on: Foundation, case: Case) -> Logged | None:
    """What counts as disclosed: of somebody who has been a member, what they told last of all."""
    key = on.key_of(connection, case.subject_id)
    if decisions.was_inside(connection, case.id):
        return disclosures.current(connection, key, case.subject_id)
    return disclosures.current_of_case(connection, key, case.id)


def is_sent(connection: sqlite3.Connection, case: Case, logged: Logged | None) -> bool:
    """Whether the answers are not being changed just now. Those that were deleted in time were sent once."""
    sheet = sheets.get(connection, case.sheet_id) if case.sheet_id else None
    return logged is not None if sheet is None else sheet.sent_at is not None


def is_inside(connection: sqlite3.Connection, case: Case, outcome: Outcome) -> bool:
    """Whether there is an access that a suspension or removal could end."""
    if case.state is CaseState.ADMITTED:
        return case.wiped_at is None
    if outcome is Outcome.REMOVE:
        return decisions.was_inside(connection, case.id)
    return presence.has_been_let_be(connection, case.subject_id)


def newer_open(connection: sqlite3.Connection, case: Case) -> Case | None:
    """Another request of the same person that is open: they keep that one."""
    others = (one for one in cases.of_subject(connection, case.subject_id) if one.id != case.id)
    return next((one for one in others if one.state.is_open), None)


def is_too_late(on: Foundation, case: Case) -> bool:
    """Whether only an appeal can still have a closed case decided again."""
    return case.closed_at is not None and case.closed_at < on.now() - on.config.review.take_back_within


def may_reopen(connection: sqlite3.Connection, on: Foundation, case: Case) -> bool:
    """Whether the team itself can take back the decision that closed a case."""
    ended_by_us = case.state in _REOPENED_FROM
    return ended_by_us and not is_too_late(on, case) and newer_open(connection, case) is None
