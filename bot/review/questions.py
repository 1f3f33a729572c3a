"""Asking an applicant something: written, previewed as they will read it, sent; and their reply.

While a question is open the case waits for the applicant, and the team's own time stands still. The
reply, or the end of the time to answer, brings the case back to whoever asked.
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot import timing
from bot.access import HIDDEN, Act, is_moderator
from bot.fairness.hands import turned_away
from bot.foundation import Foundation
from bot.ids import new_id, tidy_case_code
from bot.model import CaseState, Visitor
from bot.review.bench import Changed, MayNot
from bot.store import cases, effects, events, questions, threads, views, waiting
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.questions import Question, QuestionDraft
from bot.store.threads import Said

LONGEST = 1000
"""Characters of a question, and of the reply to one."""


@dataclass(frozen=True, slots=True)
class Writing:
    """A question that is being written. Its text may still be empty."""

    draft: QuestionDraft
    case: Case
    answer_by: datetime
    """Until when the person would have time, if it were sent now."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question is on its way."""

    case: Case


@dataclass(frozen=True, slots=True)
class ToReply:
    """A question that somebody may reply to, with what they answered before."""

    question: Question
    case: Case


@dataclass(frozen=True, slots=True)
class Replied:
    """The reply is in the file."""

    case: Case
    changed: bool
    """It took the place of an earlier one."""
    ref: str
    """Of the question, to change the answer."""


@dataclass(frozen=True, slots=True)
class NotReplied:
    """Nothing was saved. The code picks the sentence."""

    code: str
    typed: str = field(default="", repr=False)


AskResult = Writing | Changed | MayNot


class Questions:
    """Use cases of asking and replying. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def begin_viewed(self, visitor: Visitor, ref: str) -> AskResult:
        """Begin to write a question, from a file that was opened."""
        return await self._on.database.write(lambda connection: self._begin_viewed(connection, visitor, ref))

    def _begin_viewed(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> AskResult:
        if not self._is_moderator(visitor):
            return MayNot("not_a_moderator")
        view = views.get(connection, ref)
        moderator = self._on.find(connection, visitor.user_id)
        case = cases.get(connection, view.case_id) if view else None
        if view is None or case is None:
            return MayNot("file_gone")
        if moderator is None or view.moderator_id != moderator.id:
            return MayNot("open_it_yourself")
        return self._write(connection, visitor, case, view.case_version, "")

    async def begin_by_code(self, visitor: Visitor, typed_code: str) -> AskResult:
        """Begin to write a question by case code."""
        return await self._on.database.write(
            lambda connection: self._begin_by_code(connection, visitor, tidy_case_code(typed_code))
        )

    def _begin_by_code(self, connection: sqlite3.Connection, visitor: Visitor, code: str) -> AskResult:
        if not self._is_moderator(visitor):
            return MayNot("not_a_moderator")
        case = cases.by_code(connection, code)
        if case is None:
            return MayNot(HIDDEN)
        return self._write(connection, visitor, case, case.version, "")

    def _is_moderator(self, visitor: Visitor) -> bool:
        return is_moderator(role_ids=visitor.role_ids, moderator_roles=self._on.config.moderator_roles)

    def _write(
        self, connection: sqlite3.Connection, visitor: Visitor, case: Case, version: int, text: str
    ) -> AskResult:
        """Keep a draft, if this moderator may ask, and the case is one to ask in."""
        why = self._why_not(connection, visitor, case)
        if why:
            return MayNot(why, case.code)
        if case.version != version:
            return Changed(case)
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        draft = QuestionDraft(new_id(), case.id, version, moderator.id, text)
        questions.keep_draft(connection, self._on.key_of(connection, case.subject_id), draft, now)
        return Writing(draft, case, now + self._on.config.review.answer_within)

    def _why_not(self, connection: sqlite3.Connection, visitor: Visitor, case: Case) -> str:
        refused = turned_away(connection, self._on, visitor, Act.ASK, case)
        if refused:
            return refused
        if not case.state.is_open:
            return "ask_closed"
        if case.state is not CaseState.HELD:
            return "ask_not_held"
        return "asked_already" if case.asked_at is not None else ""

    async def read_draft(self, visitor: Visitor, ref: str) -> AskResult:
        """A question that is being written, to change it."""
        return await self._on.database.write(lambda connection: self._read_draft(connection, visitor, ref))

    def _read_draft(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> AskResult:
        if not self._is_moderator(visitor):
            return MayNot("not_a_moderator")
        row = questions.draft(connection, ref)
        moderator = self._on.find(connection, visitor.user_id)
        case = cases.get(connection, row["case_id"]) if row else None
        if row is None or case is None or moderator is None or row["moderator_id"] != moderator.id:
            return MayNot("question_gone")
        why = self._why_not(connection, visitor, case)
        if why:
            return MayNot(why, case.code)
        draft = questions.open_draft(self._on.key_of(connection, case.subject_id), row)
        return Writing(draft, case, self._on.now() + self._on.config.review.answer_within)

    async def write(self, visitor: Visitor, ref: str, ready_id: str, text: str) -> AskResult:
        """Write a question in the moderator's words, or else a ready-made one in the person's language."""
        return await self._on.database.write(
            lambda connection: self._rewrite(connection, visitor, ref, ready_id, text)
        )

    def _rewrite(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, ready_id: str, text: str
    ) -> AskResult:
        before = self._read_draft(connection, visitor, ref)
        if not isinstance(before, Writing):
            return before
        written = text.strip() or self._ready(ready_id, before.case.locale) or before.draft.text
        if not written:
            return MayNot("question_empty", before.case.code)
        return self._write(
            connection, visitor, before.case, before.draft.case_version, written[:LONGEST].strip()
        )

    def _ready(self, ready_id: str, locale: str) -> str:
        """A ready-made question in a person's language, or the nearest; empty where there is none."""
        ready = next((one for one in self._on.config.review.questions if one.id == ready_id), None)
        return self._on.config.words.voice(locale).read(ready.text) if ready else ""

    async def send(self, visitor: Visitor, ref: str) -> Asked | Changed | MayNot:
        """Ask as previewed."""
        return await self._on.database.write(lambda connection: self._send(connection, visitor, ref))

    def _send(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> Asked | Changed | MayNot:
        writing = self._read_draft(connection, visitor, ref)
        if not isinstance(writing, Writing):
            return writing
        draft, case = writing.draft, writing.case
        if not draft.text:
            return MayNot("question_empty", case.code)
        if case.version != draft.case_version:
            return Changed(case)
        now, key = self._on.now(), self._on.key_of(connection, case.subject_id)
        asked = questions.ask(
            connection,
            key,
            case_id=case.id,
            asked_by=draft.moderator_id,
            text=draft.text,
            now=now,
            answer_by=writing.answer_by,
        )
        case = waiting.ask(connection, case, now, writing.answer_by)
        questions.delete_drafts(connection, case.id)
        note(connection, case, draft.moderator_id, "question.asked", now)
        want_card(connection, case, now)
        if threads.is_there(connection, case.id):
            threads.want_said(connection, case.id, Said.ASK, asked.ref, now)
        threads.want(connection, case.id, now)
        effects.want_once(
            connection, EffectKind.QUESTION, key=asked.ref, now=now, case_id=case.id, target=asked.ref
        )
        return Asked(case)

    async def to_reply(self, visitor: Visitor, ref: str) -> ToReply | NotReplied:
        """*Reply*: the question, for the form to answer it in."""
        return await self._on.database.read(lambda connection: self._to_reply(connection, visitor, ref))

    def _to_reply(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> ToReply | NotReplied:
        case_id = questions.case_of(connection, ref)
        case = cases.get(connection, case_id) if case_id else None
        person = self._on.find(connection, visitor.user_id)
        if case is None:
            return NotReplied("gone")
        if person is None or person.id != case.subject_id:
            return NotReplied("not_yours")
        asked = questions.newest(connection, self._on.key_of(connection, case.subject_id), case.id)
        if asked is None or asked.ref != ref or case.state is not CaseState.HELD:
            return NotReplied("moved_on")
        if asked.answered_at and questions.was_read_since(connection, case.id, asked.answered_at):
            return NotReplied("being_read")
        return ToReply(asked, case)

    async def reply(self, visitor: Visitor, ref: str, text: str) -> Replied | NotReplied:
        """Answer a question. Until somebody has opened the file, another reply takes the place of this one.

        Who is late is heard, too, as long as the case still waits for a decision.
        """
        return await self._on.database.write(lambda connection: self._reply(connection, visitor, ref, text))

    def _reply(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, text: str
    ) -> Replied | NotReplied:
        found = self._to_reply(connection, visitor, ref)
        if isinstance(found, NotReplied):
            return NotReplied(found.code, text)
        written = text.strip()[:LONGEST]
        if not written:
            return NotReplied("empty")
        now, case, asked = self._on.now(), found.case, found.question
        questions.answer(connection, self._on.key_of(connection, case.subject_id), ref, written, now)
        if case.asked_at is not None:
            case = bring_back(connection, self._on, case, asked.asked_by, now)
        case = waiting.answered(connection, case, now)
        note(connection, case, case.subject_id, "question.answered", now)
        want_card(connection, case, now)
        return Replied(case, asked.answered_at is not None, asked.ref)


def run_out(connection: sqlite3.Connection, on: Foundation, case_ids: list[str], now: datetime) -> None:
    """Bring cases back to whoever asked, because their time to answer is up; in a unit of work."""
    for case_id in case_ids:
        case = cases.get(connection, case_id)
        if case is None or case.asked_at is None:
            continue
        asked = questions.newest(connection, on.key_of(connection, case.subject_id), case_id)
        case = bring_back(connection, on, case, asked.asked_by if asked else "", now)
        note(connection, case, events.MACHINE, "question.unanswered", now)
        want_card(connection, case, now)


def bring_back(
    connection: sqlite3.Connection, on: Foundation, case: Case, asker_id: str, now: datetime
) -> Case:
    """A case is with the team again, claimed for whoever asked."""
    case = waiting.back_to_team(connection, case, now, timing.DAY)
    questions.give_to(connection, case.id, asker_id, now, now + on.config.review.claim_for)
    return case


def want_card(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    """Have the card of a case show how it stands."""
    effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)


def note(connection: sqlite3.Connection, case: Case, actor: str, action: str, now: datetime) -> None:
    """Write a line about a case into the log."""
    events.record(connection, now=now, actor=actor, action=action, object_kind="case", object_id=case.id)
