"""Cards that follow their case: whatever changes what a card says has it drawn again."""

import sqlite3
from datetime import datetime
from typing import Protocol

from bot.model import HoldReason
from bot.review.next_step import CaseColumns, Group, of_case
from bot.store import effects
from bot.store.effects import EffectKind


class OnCard(CaseColumns, Protocol):
    """What a card is drawn from."""

    @property
    def id(self) -> str: ...
    @property
    def hold_reason(self) -> HoldReason | None: ...


def follow(connection: sqlite3.Connection, before: OnCard, after: OnCard, now: datetime) -> None:
    """Want the card of a case that has one, if what it shows is another now.

    The first card of a case is wanted by whoever brings it before the team.
    """
    if _shown(before) == _shown(after) or not effects.exists(connection, EffectKind.CARD, after.id):
        return
    effects.want(connection, EffectKind.CARD, key=after.id, now=now, case_id=after.id)


def follow_all_that_wait(connection: sqlite3.Connection, now: datetime) -> None:
    """Want the card of every case that waits for an answer or a second person: time was given back."""
    rows = connection.execute("SELECT id FROM cases WHERE step IN ('asked', 'second')").fetchall()
    for row in rows:
        if effects.exists(connection, EffectKind.CARD, row["id"]):
            effects.want(connection, EffectKind.CARD, key=row["id"], now=now, case_id=row["id"])


def _shown(case: OnCard) -> tuple[object, ...]:
    """All that a card says of a case. Until when somebody may answer moves with every page they save."""
    step = of_case(case)
    if step is None:
        return (case.state,)
    due_at = None if step.group in {Group.UNANSWERED, Group.ASIDE} else step.due_at
    return (
        *(case.state, case.hold_reason, case.held_at is None, case.wants_person_at is None),
        *(step.group, step.owner if due_at else None, step.since, due_at),
    )
