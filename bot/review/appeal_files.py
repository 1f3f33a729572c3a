"""Reading an appeal with all that the first saw, inside a unit of work."""

import sqlite3
from dataclasses import dataclass, field

from bot.access import HIDDEN
from bot.fairness import hands
from bot.foundation import Foundation
from bot.model import AppealOutcome, Visitor
from bot.review import looking, second_looks
from bot.review.appeal_seats import offered
from bot.review.desk import CaseFile, Denied, Desk, PastDecision
from bot.review.motions import on_the_table
from bot.store import appeals, cases, decisions, views
from bot.store.access import Purpose
from bot.store.appeals import Appeal


@dataclass(frozen=True, slots=True)
class AppealFile:
    """An appeal as whoever takes the second look reads it."""

    appeal: Appeal
    text: str = field(repr=False)
    """What the person wrote; may be empty."""
    against: PastDecision
    answers: tuple[AppealOutcome, ...]
    """What it can come to."""
    file: CaseFile
    """Everything that the first saw. Its ref is that of this opening."""


def opened(
    connection: sqlite3.Connection, on: Foundation, visitor: Visitor, appeal: Appeal | None
) -> AppealFile | Denied:
    """Open an appeal with the whole file, on record. One that is hidden is one that is not there."""
    if not hands.may_come(connection, on, visitor):
        return Denied("not_a_moderator")
    case = cases.get(connection, appeal.case_id) if appeal else None
    against = decisions.get(connection, appeal.decision_id) if appeal else None
    if appeal is None or case is None or against is None:
        return Denied(HIDDEN)
    now = on.now()
    moderator = hands.acting(connection, on, visitor)
    denied = looking.open_file(
        connection,
        on,
        by=moderator.id,
        case=case,
        purpose=Purpose.APPEAL,
        denied=second_looks.may_not_look(connection, on, visitor, case, appeal),
    )
    if denied or appeal.closed_at is not None:
        return Denied(denied or "appeal_over")
    view = views.note(connection, case.id, case.version, moderator.id, now)
    by = on.user_id(connection, against.decided_by) if against.decided_by else None
    return AppealFile(
        appeal=appeal,
        text=appeals.text_of(connection, on.key_of(connection, case.subject_id), appeal.id),
        against=PastDecision(against, by),
        answers=offered(case),
        file=Desk(on).file_of(
            connection, visitor, case, view.ref, on_the_table(connection, on, case, moderator.id)
        ),
    )
