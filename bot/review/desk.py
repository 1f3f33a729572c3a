"""The moderators' desk: opening a file, a person's history, tasks."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.access import Act, Hand, Role, why_not
from bot.answers import Reading
from bot.facts import contradictions
from bot.fairness import hands
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.interests import disclosure_from
from bot.model import CaseState, Source, Visitor
from bot.review import claims, looking, readiness
from bot.review.claims import Holder
from bot.review.motions import OnTheTable, on_the_table
from bot.store import (
    appeals,
    cases,
    conditions,
    decisions,
    disclosures,
    effects,
    events,
    questions,
    queue,
    sheets,
    tasks,
    threads,
    views,
)
from bot.store.access import Purpose
from bot.store.cases import Case
from bot.store.claims import ClaimKind
from bot.store.conditions import Recorded
from bot.store.decisions import Decision, Letter, StoredVerdict
from bot.store.disclosures import Logged
from bot.store.questions import Question
from bot.store.queue import Line
from bot.store.tasks import TaskKind

Finder = Callable[[sqlite3.Connection], Case | None]
FindSubject = Callable[[sqlite3.Connection], str | None]


@dataclass(frozen=True, slots=True)
class Denied:
    """Not for this person, or not there. The code picks the sentence."""

    code: str


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision, with the Discord id of the moderator if a person decided."""

    decision: Decision
    decided_by: int | None = field(repr=False)
    confirmed_by: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as a moderator reads it."""

    ref: str
    """The ref of this opening; the buttons act on the version that was read."""
    case: Case
    user_id: int | None = field(repr=False)
    source: Source | None
    sent: bool
    """The answers are sent as they are, and not in the middle of being changed."""
    reading: Reading | None
    disclosed: Logged | None
    verdict: StoredVerdict | None
    contradictions: tuple[str, ...]
    decisions: tuple[PastDecision, ...]
    letter: Letter | None
    earlier: tuple[Case, ...]
    stuck: bool
    line: Line | None
    """Whose turn it is; None where nothing is open."""
    holder: Holder | None
    proposed: OnTheTable | None
    """What waits for a second person."""
    questions: tuple[Question, ...] = ()
    """What the applicant was asked, and answered."""
    talks: bool = False
    """A conversation is open, in a private thread."""
    conditions: tuple[Recorded, ...] = ()
    was_inside: bool = False
    """The person was a member through this case, or was suspended as one."""
    may_reopen: bool = False
    """The decision can still be taken back by the team itself."""
    mine: bool = False
    """Whoever reads looks after it."""
    outside: bool = False
    """Whoever reads is from outside the team."""

    @property
    def may_ask(self) -> bool:
        """Whether the applicant can be asked something now: one question at a time."""
        return self.case.state is CaseState.HELD and self.case.asked_at is None

    appeal_id: str = ""
    """The appeal that waits, if there is one."""


@dataclass(frozen=True, slots=True)
class History:
    """What is on record about one person."""

    user_id: int | None = field(repr=False)
    cases: tuple[tuple[Case, tuple[PastDecision, ...]], ...]
    disclosed: Logged | None


class Desk:
    """Use cases at the desk. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    def is_moderator(self, visitor: Visitor) -> bool:
        """Whether somebody holds a configured moderator role right now."""
        return hands.has_role(self._on, visitor)

    async def open_by_code(self, visitor: Visitor, typed_code: str) -> CaseFile | Denied:
        """Open the file with this case code. Opening it is an event."""
        code = tidy_case_code(typed_code)
        return await self._opened(visitor, lambda connection: cases.by_code(connection, code))

    async def open_by_id(self, visitor: Visitor, case_id: str) -> CaseFile | Denied:
        """Open the file of a case. Opening it is an event."""
        return await self._opened(visitor, lambda connection: cases.get(connection, case_id))

    async def _opened(
        self, visitor: Visitor, find: Finder, missing: str = "no_such_case"
    ) -> CaseFile | Denied:
        return await self._on.database.write(
            lambda connection: self.open_within(connection, visitor, find(connection), missing)
        )

    def open_within(
        self, connection: sqlite3.Connection, visitor: Visitor, case: Case | None, missing: str
    ) -> CaseFile | Denied:
        """Open the file of a case within a unit of work. Opening it is an event."""
        if not hands.may_come(connection, self._on, visitor):
            return Denied("not_a_moderator")
        if case is None:
            return Denied(missing if self.is_moderator(visitor) else "not_a_moderator")
        moderator = hands.acting(connection, self._on, visitor)
        hand = hands.hand_of(connection, self._on, visitor, case)
        proposed = on_the_table(connection, self._on, case, moderator.id)
        denied = looking.open_file(
            connection,
            self._on,
            by=moderator.id,
            case=case,
            purpose=_purpose(hand, proposed),
            denied=why_not(Act.OPEN, hand),
        )
        if denied:
            return Denied(denied)
        view = views.note(connection, case.id, case.version, moderator.id, self._on.now())
        file = self.file_of(connection, visitor, case, view.ref, proposed)
        mine = file.holder is not None and file.holder.subject_id == moderator.id
        return replace(file, mine=mine, outside=hand.role is Role.OUTSIDE)

    def _earlier(self, connection: sqlite3.Connection, visitor: Visitor, case: Case) -> tuple[Case, ...]:
        """Other requests of the same person, without those that are kept from whoever reads this one."""
        if not self.is_moderator(visitor):
            return ()
        others = (one for one in cases.of_subject(connection, case.subject_id) if one.id != case.id)
        return tuple(one for one in others if not hands.may_not(connection, self._on, visitor, Act.OPEN, one))

    def file_of(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        case: Case,
        ref: str,
        proposed: OnTheTable | None,
    ) -> CaseFile:
        """The whole file of a case, inside a unit of work; ``ref`` is that of this opening."""
        key = self._on.key_of(connection, case.subject_id)
        sheet = sheets.get(connection, case.sheet_id) if case.sheet_id else None
        told = sheet is not None and (sheet.sent_at is not None or sheet.source is Source.CONVERSATION)
        reading = self._on.reading(connection, sheet) if sheet and told else None
        letter = decisions.latest_letter(connection, key, case.id)
        appeal = appeals.open_of_case(connection, case.id)
        disclosed = readiness.disclosed_in(connection, self._on, case)
        return CaseFile(
            ref=ref,
            case=case,
            user_id=self._on.user_id(connection, case.subject_id),
            source=sheet.source if sheet else None,
            sent=readiness.is_sent(connection, case, disclosed),
            reading=reading,
            disclosed=disclosed,
            verdict=decisions.latest_verdict(connection, case.id),
            contradictions=contradictions(reading, disclosure_from(reading)) if reading else (),
            decisions=self._decisions(connection, case.id),
            letter=letter.for_the_team if letter else None,
            earlier=self._earlier(connection, visitor, case),
            stuck=effects.is_stuck(connection, effects.EffectKind.GRANT, case.id),
            proposed=proposed,
            questions=questions.of_case(connection, key, case.id),
            talks=case.state.is_open and threads.is_there(connection, case.id),
            line=queue.line_of(connection, case),
            holder=claims.holder_of(connection, self._on, ClaimKind.CASE, case.id),
            conditions=tuple(conditions.of_case(connection, key, case.id)),
            was_inside=decisions.was_inside(connection, case.id),
            may_reopen=readiness.may_reopen(connection, self._on, case),
            appeal_id=appeal.id if appeal else "",
        )

    def _decisions(self, connection: sqlite3.Connection, case_id: str) -> tuple[PastDecision, ...]:
        found = []
        for decision in decisions.of_case(connection, case_id):
            by, second = (
                self._on.user_id(connection, who) if who else None
                for who in (decision.decided_by, decision.confirmed_by)
            )
            found.append(PastDecision(decision, by, second))
        return tuple(found)

    async def history_of_code(self, visitor: Visitor, typed_code: str) -> History | Denied:
        """What is on record about the person of a case. Reading it is an event."""

        def find(connection: sqlite3.Connection) -> str | None:
            case = cases.by_code(connection, tidy_case_code(typed_code))
            return case.subject_id if case else None

        return await self._history(visitor, find, "no_such_case")

    async def history_of_user(self, visitor: Visitor, user_id: int) -> History | Denied:
        """What is on record about somebody. Reading it is an event, and so is searching in vain."""

        def find(connection: sqlite3.Connection) -> str | None:
            subject = self._on.find(connection, user_id)
            if subject is None:
                moderator = hands.acting(connection, self._on, visitor)
                looking.search_in_vain(connection, self._on, by=moderator.id)
                return None
            return subject.id

        return await self._history(visitor, find, "nobody_known")

    async def history_of_task(self, visitor: Visitor, task_id: str) -> History | Denied:
        """What is on record about the person of a task. Reading it is an event."""

        def find(connection: sqlite3.Connection) -> str | None:
            task = tasks.get(connection, task_id)
            # Who reported often, or is reported often, is shown as counts first.
            is_pattern = task is not None and task.kind is TaskKind.MANY_CONCERNS
            return task.subject_id if task and not is_pattern else None

        return await self._history(visitor, find, "task_gone", Purpose.TASK)

    async def _history(
        self, visitor: Visitor, find: FindSubject, missing: str, purpose: Purpose = Purpose.REVIEW
    ) -> History | Denied:
        if not self.is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.write(
            lambda connection: self._read_history(connection, visitor, find(connection), missing, purpose)
        )

    def _read_history(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        subject_id: str | None,
        missing: str,
        purpose: Purpose,
    ) -> History | Denied:
        if subject_id is None:
            return Denied(missing)
        moderator = hands.acting(connection, self._on, visitor)
        hand = hands.hand_for_person(connection, self._on, visitor, subject_id)
        denied = looking.read_history(
            connection,
            self._on,
            by=moderator.id,
            subject_id=subject_id,
            purpose=purpose,
            denied=why_not(Act.OPEN, hand),
        )
        if denied:
            return Denied(denied)
        known = cases.of_subject(connection, subject_id)
        return History(
            user_id=self._on.user_id(connection, subject_id),
            cases=tuple((case, self._decisions(connection, case.id)) for case in known),
            disclosed=disclosures.current(connection, self._on.key_of(connection, subject_id), subject_id),
        )

    async def close_task(self, visitor: Visitor, task_id: str) -> bool | Denied:
        """Mark a task as seen to; False when somebody else already did."""
        if not self.is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.write(lambda connection: self._close(connection, visitor, task_id))

    def _close(self, connection: sqlite3.Connection, visitor: Visitor, task_id: str) -> bool | Denied:
        now = self._on.now()
        moderator, task = hands.acting(connection, self._on, visitor), tasks.get(connection, task_id)
        if task is None or task.kind is TaskKind.MANY_CONCERNS:
            return False
        hand = hands.hand_for_person(connection, self._on, visitor, task.subject_id)
        if why := why_not(Act.DECIDE, hand):
            hands.note_refused(connection, self._on, moderator.id, Act.DECIDE, "task", task_id, why)
            return Denied(why)
        closed = tasks.close(connection, task_id, moderator.id, now)
        if closed:
            events.record(
                connection,
                now=now,
                actor=moderator.id,
                action="task.closed",
                object_kind="task",
                object_id=task_id,
            )
        return closed

    async def retry(self, visitor: Visitor, ref: str) -> bool | Denied:
        """Try again what was stuck; False when it is no longer stuck."""
        if not self.is_moderator(visitor):
            return Denied("not_a_moderator")
        now = self._on.now()
        return await self._on.database.write(lambda connection: effects.retry(connection, ref, now))


def _purpose(hand: Hand, proposed: OnTheTable | None) -> Purpose:
    """What somebody opens a file for."""
    if hand.role is Role.OUTSIDE:
        return Purpose.OUTSIDE
    return Purpose.CONFIRM if proposed is not None and not proposed.own else Purpose.REVIEW
