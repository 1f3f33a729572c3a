"""A seat for the second look: who may take it, at which version of the file, and what it can come to.

Each function runs inside a unit of work.
"""

import sqlite3

from bot.fairness import hands
from bot.foundation import Foundation
from bot.model import AppealOutcome, CaseState, Disclosed, Visitor
from bot.review import readiness, second_looks
from bot.review.bench import Changed, MayNot, Seat
from bot.store import appeals, motions
from bot.store.appeals import Appeal
from bot.store.cases import Case
from bot.store.motions import Motion

_ANSWERS = (
    AppealOutcome.CHANGED,
    AppealOutcome.CHANGED_IN_PART,
    AppealOutcome.SAME,
    AppealOutcome.SENT_BACK,
)


def seat_for(
    connection: sqlite3.Connection,
    on: Foundation,
    visitor: Visitor,
    case: Case,
    appeal: Appeal,
    version: int,
) -> Seat | Changed | MayNot:
    """A seat for whoever takes the second look, at the file as it was read in this version."""
    moderator = hands.acting(connection, on, visitor)
    if why := second_looks.turned_away(connection, on, visitor, case, appeal):
        return MayNot(why, case.code)
    if case.version != version:
        return Changed(case)
    return Seat(case, moderator.id, readiness.disclosed_in(connection, on, case))


def seat_of_proposer(
    connection: sqlite3.Connection, on: Foundation, case: Case, motion: Motion
) -> Seat | Changed | MayNot:
    """Whoever proposed an answer, as they could give it now: ties and newer requests may have come."""
    appeal = appeals.get(connection, motion.appeal_id)
    if appeal is None or appeal.closed_at is not None:
        return MayNot("appeal_over", case.code)
    if why := second_looks.may_not_look_as(connection, on, motion.proposed_by, case, appeal):
        return MayNot(why, case.code)
    if case.version != motion.case_version:
        return Changed(case)
    seat = Seat(case, motion.proposed_by, readiness.disclosed_in(connection, on, case))
    ruling = motions.ruling_of(motion, on.key_of(connection, case.subject_id))
    answer, newer = second_looks.answer_in(ruling), second_looks.in_the_way(connection, case)
    is_in = newer is not None and newer.is_member
    as_proposed = not is_in and possible(connection, seat, answer) is answer
    return seat if as_proposed else MayNot("appeal_not_so", case.code)


def possible(connection: sqlite3.Connection, seat: Seat, answer: AppealOutcome) -> AppealOutcome | MayNot:
    """The answer as it can be given: what cannot be admitted as it stands is sent back instead."""
    case = seat.case
    if answer is AppealOutcome.SAME:
        return answer
    if answer not in offered(case):
        return MayNot("appeal_not_so", case.code)
    newer = second_looks.in_the_way(connection, case)
    if newer is not None and newer.state.is_open and not second_looks.is_untouched(newer):
        return MayNot("newer_open", newer.code)
    if newer is not None and newer.is_member and answer is not AppealOutcome.CHANGED:
        return MayNot("appeal_not_so", case.code)
    if case.state is CaseState.ADMITTED or answer is AppealOutcome.SENT_BACK:
        return answer
    told = seat.disclosed is not Disclosed.UNDISCLOSED
    ready = told and readiness.is_sent(connection, case, seat.logged)
    return answer if ready else AppealOutcome.SENT_BACK


def offered(case: Case) -> tuple[AppealOutcome, ...]:
    """What an appeal can come to. A member who appeals against conditions is not put outside for it."""
    if case.state is CaseState.ADMITTED:
        return tuple(answer for answer in _ANSWERS if answer is not AppealOutcome.SENT_BACK)
    return (AppealOutcome.SAME,) if case.state.is_open else _ANSWERS
