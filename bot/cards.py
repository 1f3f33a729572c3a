"""What the card of a case shows as things stand: the same that the queue says of it."""

import sqlite3

from bot.foundation import Foundation
from bot.review.next_step import Group
from bot.screens import desk as desk_screens
from bot.screens.elements import Screen
from bot.store import decisions, queue
from bot.store.cases import Case

_WITHOUT = frozenset({Group.UNANSWERED, Group.ASIDE})
"""Lists of which the team needs no card."""


def card(connection: sqlite3.Connection, on: Foundation, case: Case) -> Screen:
    """The card of a case."""
    line = queue.line_of(connection, case)
    holder_id = line.step.holder_id if line else ""
    decision = decisions.get(connection, case.decision_id) if case.decision_id else None
    return desk_screens.card(
        on.config.words.voice(""),
        case,
        line,
        on.user_id(connection, holder_id) if holder_id else None,
        decision,
        on.user_id(connection, decision.decided_by) if decision and decision.decided_by else None,
    )


def has_card(connection: sqlite3.Connection, case: Case) -> bool:
    """Whether moderators should see a card: something about the case is for the team to do, or to know of."""
    line = queue.line_of(connection, case)
    return line is not None and line.step.group not in _WITHOUT
