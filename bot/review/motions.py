"""Motions: what one person proposes and another has to confirm. Each function runs in a unit of work."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.foundation import Foundation
from bot.model import Outcome, Ruling
from bot.review.voting import MotionState, Vote, Way, way_of
from bot.store import cases, effects, events, motions
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.motions import Motion

_TWO = 2
_TOLD = {MotionState.OPEN, MotionState.VOID, MotionState.REFUSED}
"""What the team's channel hears of; whatever else becomes of a motion shows on the card."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """It takes two, or a wait: nothing is decided yet."""

    case: Case
    outcome: Outcome
    due: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class AlreadyProposed:
    """Something is proposed about the case already: that has to be seen to first."""

    case: Case
    outcome: Outcome
    by: int | None = field(repr=False)
    """The Discord id of whoever proposed it; None where nothing is kept of them any more."""
    own: bool
    due: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class OnTheTable:
    """What is proposed, as whoever opens the file reads it."""

    id: str
    ruling: Ruling
    by: int | None = field(repr=False)
    own: bool
    at: datetime
    due: datetime
    waits: bool


def way(on: Foundation, case: Case, ruling: Ruling) -> Way:
    """Whether one person decides it, or a second confirms it, or a small team waits."""
    confirm = on.config.confirm
    two = frozenset(key for key, people in confirm if people == "two")
    return way_of(ruling, two, case_needs_two=case.needs_two, small_team=confirm.small_team)


def in_the_way(
    connection: sqlite3.Connection, on: Foundation, case: Case, moderator_id: str, ruling: Ruling
) -> AlreadyProposed | None:
    """What is proposed about a case already. Putting a member back into quarantine waits for nothing."""
    motion = motions.open_of_case(connection, case.id)
    if motion is None or ruling.outcome is Outcome.SUSPEND:
        return None
    return AlreadyProposed(
        case,
        motion.outcome,
        on.user_id(connection, motion.proposed_by),
        motion.proposed_by == moderator_id,
        motion.due_at,
        motion.waits,
    )


def propose(
    connection: sqlite3.Connection, on: Foundation, case: Case, moderator_id: str, ruling: Ruling
) -> Proposed:
    """Keep what is proposed; the first vote for it is that of whoever proposes it."""
    now, waits = on.now(), way(on, case, ruling) is Way.WAIT
    due = now + (on.config.confirm.wait if waits else on.config.review.second_within)
    motion = motions.open_new(
        connection,
        on.key_of(connection, case.subject_id),
        case_id=case.id,
        case_version=case.version,
        ruling=ruling,
        proposed_by=moderator_id,
        now=now,
        due_at=due,
        waits=waits,
    )
    motions.cast(connection, motion, moderator_id, Vote.FOR, now)
    note(connection, motion, "opened", moderator_id, now)
    _tell(connection, motion, MotionState.OPEN, now)
    return Proposed(cases.again(connection, case.id), ruling.outcome, due, waits)


def end(connection: sqlite3.Connection, motion: Motion, state: MotionState, by: str, now: datetime) -> None:
    """It is over. ``by`` is a subject id, or ``machine``."""
    motions.close(connection, motion, state, now)
    note(connection, motion, state.value, by, now)
    _tell(connection, motion, state, now)


def note(connection: sqlite3.Connection, motion: Motion, what: str, by: str, now: datetime) -> None:
    """The line in the log. It is about the case, so that its codes go with the case."""
    events.record(
        connection,
        now=now,
        actor=by,
        action=f"motion.{what}",
        object_kind="case",
        object_id=motion.case_id,
        payload={"motion": motion.id, "outcome": motion.outcome.value},
    )


def _tell(connection: sqlite3.Connection, motion: Motion, state: MotionState, now: datetime) -> None:
    effects.want(connection, EffectKind.CARD, key=motion.case_id, now=now, case_id=motion.case_id)
    if state in _TOLD:
        kind = "motion_waits" if motion.waits and state is MotionState.OPEN else f"motion_{state.value}"
        effects.want_once(
            connection,
            EffectKind.NOTICE,
            key=f"{kind}:{motion.id}",
            now=now,
            target=f"{kind}:{motion.id}",
        )


def on_the_table(
    connection: sqlite3.Connection, on: Foundation, case: Case, moderator_id: str
) -> OnTheTable | None:
    """What is proposed about a case, for a moderator who opens its file."""
    motion = motions.open_of_case(connection, case.id)
    if motion is None:
        return None
    return OnTheTable(
        id=motion.id,
        ruling=motions.ruling_of(motion, on.key_of(connection, case.subject_id)),
        by=on.user_id(connection, motion.proposed_by),
        own=motion.proposed_by == moderator_id,
        at=motion.proposed_at,
        due=motion.due_at,
        waits=motion.waits,
    )


def too_few(connection: sqlite3.Connection, on: Foundation) -> bool:
    """Whether something takes two people, and fewer than two may confirm anything."""
    confirm = on.config.confirm
    asks = any(people == "two" for _, people in confirm) or any(
        rule.confirm == "two" for rule in on.config.rules
    )
    if confirm.small_team or not asks:
        return False
    return motions.may_confirm(connection, on.now() - on.config.review.interests_for) < _TWO
