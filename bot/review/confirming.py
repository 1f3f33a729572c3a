"""Confirming: a second moderator agrees or does not, somebody withdraws, and a small team's wait ends."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.access import Act, why_not
from bot.fairness import hands
from bot.foundation import Foundation
from bot.model import Hands, Outcome, Visitor
from bot.review import appeal_seats, second_looks
from bot.review import motions as proposals
from bot.review.bench import AlreadyDecided, Bench, Changed, Decided, MayNot, Seat
from bot.review.voting import Ballot, Count, MotionState, Vote, carries_by_itself, count
from bot.store import appeals, cases, events, motions
from bot.store.cases import Case
from bot.store.motions import Motion

LONGEST_NOTE = 1000
"""Characters of a note to the team."""

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Ended:
    """Whoever pressed ended what was proposed: refused, or withdrawn."""

    case: Case
    outcome: Outcome
    how: MotionState


@dataclass(frozen=True, slots=True)
class Over:
    """Somebody was faster, or the file changed. Nothing was done."""

    case: Case
    outcome: Outcome
    how: MotionState
    by: int | None = field(repr=False)
    """The Discord id of whoever ended it; None where nobody did, or nothing is kept of them."""
    at: datetime | None
    proposed_by: int | None = field(default=None, repr=False)


ConfirmResult = Decided | Ended | Over | AlreadyDecided | Changed | MayNot


@dataclass(frozen=True, slots=True)
class _Voter:
    case: Case
    motion: Motion
    moderator_id: str
    why_not: str


class Confirming:
    """Use cases of the second person. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._bench = Bench(foundation)

    def is_moderator(self, visitor: Visitor) -> bool:
        """Whether somebody holds a configured moderator role right now."""
        return self._bench.is_moderator(visitor)

    async def confirm(self, visitor: Visitor, motion_id: str) -> ConfirmResult:
        """Agree to what was proposed: it is decided."""
        return await self._on.database.write(
            lambda connection: self._vote(connection, visitor, motion_id, Vote.FOR, "")
        )

    async def disagree(self, visitor: Visitor, motion_id: str, why: str) -> ConfirmResult:
        """Do not agree: nothing is decided. ``why`` is for the team alone, and may be empty."""
        return await self._on.database.write(
            lambda connection: self._vote(connection, visitor, motion_id, Vote.AGAINST, why)
        )

    async def withdraw(self, visitor: Visitor, motion_id: str) -> ConfirmResult:
        """Take back what one proposed; or, while a small team waits, stop what another decided."""
        return await self._on.database.write(
            lambda connection: self._withdraw(connection, visitor, motion_id)
        )

    def _voter(self, connection: sqlite3.Connection, visitor: Visitor, motion_id: str) -> _Voter | MayNot:
        motion = motions.get(connection, motion_id)
        case = cases.get(connection, motion.case_id) if motion else None
        if motion is None or case is None:
            return MayNot("motion_gone" if self.is_moderator(visitor) else "not_a_moderator")
        why = self._why_not(connection, visitor, case, motion)
        if why == "not_a_moderator":
            return MayNot(why)
        moderator = hands.acting(connection, self._on, visitor)
        if why:
            hands.note_refused(connection, self._on, moderator.id, Act.CONFIRM, "case", case.id, why)
        return _Voter(case, motion, moderator.id, why)

    def _why_not(self, connection: sqlite3.Connection, visitor: Visitor, case: Case, motion: Motion) -> str:
        """Why somebody may have no part in what was proposed; empty where they may."""
        appeal = appeals.get(connection, motion.appeal_id) if motion.appeal_id else None
        if appeal is not None:
            return second_looks.may_not_look(connection, self._on, visitor, case, appeal)
        why = hands.may_not(connection, self._on, visitor, Act.CONFIRM, case)
        return "" if why == "own_proposal" else why

    def _vote(
        self, connection: sqlite3.Connection, visitor: Visitor, motion_id: str, vote: Vote, why: str
    ) -> ConfirmResult:
        voter = self._voter(connection, visitor, motion_id)
        if isinstance(voter, MayNot):
            return voter
        case, motion, now = voter.case, voter.motion, self._on.now()
        seat = self._seat_of_proposer(connection, case, motion)
        counted = count(
            Ballot(
                vote=vote,
                state=motion.state,
                why_not=voter.why_not,
                own=voter.moderator_id == motion.proposed_by,
                unchanged=case.version == motion.case_version,
                read=motions.was_read(connection, motion, voter.moderator_id),
                stands=isinstance(seat, Seat),
            )
        )
        if counted is Count.CARRIES and isinstance(seat, Seat):
            motions.cast(connection, motion, voter.moderator_id, vote, now)
            return self._carry(connection, seat, motion, Hands.TWO, voter.moderator_id)
        if counted is Count.REFUSES:
            motions.cast(connection, motion, voter.moderator_id, vote, now)
            self._keep_why(connection, case, motion, voter.moderator_id, why)
            proposals.end(connection, motion, MotionState.REFUSED, voter.moderator_id, now)
            return Ended(case, motion.outcome, MotionState.REFUSED)
        return self._nothing_done(connection, voter, counted)

    def _nothing_done(
        self, connection: sqlite3.Connection, voter: _Voter, counted: Count
    ) -> Over | Changed | MayNot:
        case, motion = voter.case, voter.motion
        match counted:
            case Count.MAY_NOT:
                return MayNot(voter.why_not, case.code)
            case Count.OWN:
                return MayNot("own_proposal", case.code)
            case Count.UNREAD:
                return Changed(case)
            case Count.VOIDS if motion.closed_at is None:
                proposals.end(connection, motion, MotionState.VOID, events.MACHINE, self._on.now())
        return self._over(connection, motion)

    def _keep_why(
        self, connection: sqlite3.Connection, case: Case, motion: Motion, by_id: str, why: str
    ) -> None:
        text = why.strip()[:LONGEST_NOTE]
        if text:
            key = self._on.key_of(connection, case.subject_id)
            motions.keep_note(connection, key, motion, by_id, text, self._on.now())

    def _withdraw(self, connection: sqlite3.Connection, visitor: Visitor, motion_id: str) -> ConfirmResult:
        voter = self._voter(connection, visitor, motion_id)
        if isinstance(voter, MayNot):
            return voter
        case, motion, now = voter.case, voter.motion, self._on.now()
        own = voter.moderator_id == motion.proposed_by
        if voter.why_not:
            return MayNot(voter.why_not, case.code)
        if motion.state is not MotionState.OPEN:
            return self._over(connection, motion)
        if not own and not motion.waits:
            return MayNot("not_your_proposal", case.code)
        if not own:
            motions.cast(connection, motion, voter.moderator_id, Vote.AGAINST, now)
        proposals.end(connection, motion, MotionState.WITHDRAWN, voter.moderator_id, now)
        return Ended(case, motion.outcome, MotionState.WITHDRAWN)

    def _seat_of_proposer(
        self, connection: sqlite3.Connection, case: Case, motion: Motion
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        """Whoever proposed it, as they could decide the case now: ties and disclosures may have changed."""
        if motions.is_gone(connection, motion.proposed_by):
            return MayNot("not_a_moderator", case.code)
        if motion.appeal_id:
            return appeal_seats.seat_of_proposer(connection, self._on, case, motion)
        hand = hands.hand_of_moderator(connection, self._on, motion.proposed_by, case)
        if why := why_not(Act.DECIDE, hand):
            return MayNot(why, case.code)
        return self._bench.seat_of(
            connection,
            motion.proposed_by,
            case,
            motion.outcome,
            motion.case_version,
            terms=motion.outcome is Outcome.ADMIT,
        )

    def _carry(
        self,
        connection: sqlite3.Connection,
        seat: Seat,
        motion: Motion,
        through: Hands,
        confirmed_by: str | None,
    ) -> Decided:
        """Decide as proposed. The motion closes first: the decision changes the file."""
        ruling = motions.ruling_of(motion, self._on.key_of(connection, seat.case.subject_id))
        by = confirmed_by or events.MACHINE
        proposals.end(connection, motion, MotionState.CARRIED, by, self._on.now())
        return self._bench.record(connection, seat, ruling, hands=through, confirmed_by=confirmed_by)

    def _over(self, connection: sqlite3.Connection, motion: Motion) -> Over:
        """What became of it, for whoever came too late."""
        now = motions.get(connection, motion.id) or motion
        case = cases.again(connection, motion.case_id)
        others = [
            vote.moderator_id
            for vote in motions.votes(connection, motion.id)
            if vote.moderator_id != motion.proposed_by
        ]
        ended_by = others[-1] if others else None
        if now.state is MotionState.WITHDRAWN and ended_by is None:
            ended_by = motion.proposed_by
        return Over(
            case,
            motion.outcome,
            now.state,
            self._on.user_id(connection, ended_by) if ended_by else None,
            now.closed_at,
            self._on.user_id(connection, motion.proposed_by),
        )

    async def sweep(self, now: datetime) -> None:
        """Note what a change of the file voided, and carry what a small team has waited for."""
        write = self._on.database.write
        while await self._on.database.read(lambda connection: motions.voided(connection, _AT_ONCE)):
            await write(lambda connection: self._note_voided(connection, now))
        while await self._on.database.read(lambda connection: motions.waited(connection, now, 1)):
            await write(lambda connection: self._carry_waited(connection, now))

    def _note_voided(self, connection: sqlite3.Connection, now: datetime) -> None:
        for motion in motions.voided(connection, _AT_ONCE):
            proposals.end(connection, motion, MotionState.VOID, events.MACHINE, now)

    def _carry_waited(self, connection: sqlite3.Connection, now: datetime) -> None:
        for motion in motions.waited(connection, now, _AT_ONCE):
            case = cases.again(connection, motion.case_id)
            due = motion.due_at <= now
            unchanged = case.version == motion.case_version
            seat = self._seat_of_proposer(connection, case, motion)
            if isinstance(seat, Seat) and carries_by_itself(
                state=motion.state, waits=motion.waits, due=due, unchanged=unchanged
            ):
                self._carry(connection, seat, motion, Hands.WAITED, None)
            else:
                proposals.end(connection, motion, MotionState.VOID, events.MACHINE, now)
