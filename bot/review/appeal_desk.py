"""The second look itself: an appeal is opened, answered in words that are previewed, and ended."""

import sqlite3
from dataclasses import dataclass, field, replace

from bot.concerns.echo import repeats_a_concern
from bot.foundation import Foundation
from bot.ids import new_id, tidy_case_code
from bot.model import AppealOutcome, Condition, Delivery, Outcome, Ruling, Via, Visitor
from bot.review import appeal_seats, motions, second_looks
from bot.review.appeal_files import AppealFile, opened
from bot.review.bench import Bench, Decided, DecisionResult, MayNot, Seat
from bot.review.claims import Taken
from bot.review.conditions import BadEnd, as_chosen, end_as_typed
from bot.review.desk import Denied
from bot.review.drafts import LONGEST_SENTENCE
from bot.store import answers, appeals, cases, decisions, effects, proposals, views
from bot.store.answers import AnswerDraft
from bot.store.appeals import Appeal
from bot.store.cases import Case
from bot.store.decisions import Decision
from bot.store.effects import EffectKind
from bot.terms import letter_text


@dataclass(frozen=True, slots=True)
class AnswerPreview:
    """An answer as the person will read it, before it is sent."""

    draft: AnswerDraft
    case: Case
    told: str = field(repr=False)
    """The sentence and the conditions, in the person's language."""
    ruling: Ruling | None
    """What is recorded; None where the decision stands."""
    wanted: AppealOutcome
    """What was chosen. A case that cannot be admitted as it stands is sent back instead."""
    echoes: bool = False
    """It repeats words of a concern, which would say who told of it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The second look is over; the person is being told."""

    case: Case
    answer: AppealOutcome
    via: Via


@dataclass(frozen=True, slots=True)
class Ended:
    """Somebody else was faster, or the person took the appeal back."""

    case: Case
    outcome: AppealOutcome
    by: int | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppealChanged:
    """The file, or what the person wrote, has changed since it was read: open the appeal again."""

    case: Case
    appeal_id: str


Unanswered = Ended | AppealChanged | MayNot | Taken


@dataclass(frozen=True, slots=True)
class _Table:
    """An appeal about to be answered."""

    appeal: Appeal
    against: Decision
    seat: Seat

    @property
    def case(self) -> Case:
        return self.seat.case


class AppealDesk:
    """Use cases of the second look. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._bench = Bench(foundation)

    def is_moderator(self, visitor: Visitor) -> bool:
        """Whether somebody holds a configured moderator role right now."""
        return self._bench.is_moderator(visitor)

    async def open_appeal(self, visitor: Visitor, appeal_id: str) -> AppealFile | Denied:
        """Open an appeal with the whole file. Opening it is an event."""
        return await self._on.database.write(
            lambda connection: opened(connection, self._on, visitor, appeals.get(connection, appeal_id))
        )

    async def open_by_code(self, visitor: Visitor, typed_code: str) -> AppealFile | Denied:
        """Open the appeal that waits in the case with this code."""

        def find(connection: sqlite3.Connection) -> AppealFile | Denied:
            case = cases.by_code(connection, tidy_case_code(typed_code))
            appeal = appeals.open_of_case(connection, case.id) if case else None
            return opened(connection, self._on, visitor, appeal)

        return await self._on.database.write(find)

    def conditions_from(
        self, *, label: str, no_recruitment: bool, other: str, ends: str
    ) -> tuple[Condition, ...] | BadEnd:
        """The conditions as a moderator filled them in, with their common end as it was typed."""
        ends_at = end_as_typed(ends, self._on)
        if isinstance(ends_at, BadEnd):
            return ends_at
        return as_chosen(label=label, no_recruitment=no_recruitment, other=other, ends_at=ends_at)

    async def draft(
        self,
        visitor: Visitor,
        ref: str,
        answer: AppealOutcome,
        reason_code: str,
        text: str,
        conditions: tuple[Condition, ...] = (),
    ) -> AnswerPreview | Unanswered:
        """Write an answer from an appeal that was opened, and preview it."""
        return await self._on.database.write(
            lambda connection: self._draft(connection, visitor, ref, answer, reason_code, text, conditions)
        )

    def _draft(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        ref: str,
        answer: AppealOutcome,
        reason_code: str,
        text: str,
        conditions: tuple[Condition, ...],
    ) -> AnswerPreview | Unanswered:
        view, moderator = views.get(connection, ref), self._on.find(connection, visitor.user_id)
        if view is None or moderator is None or view.moderator_id != moderator.id:
            return MayNot("open_it_yourself")
        appeal = appeals.open_of_case(connection, view.case_id)
        if appeal is None:
            return self._over(connection, view.case_id)
        table = self._table(connection, visitor, appeal, view.case_version)
        if not isinstance(table, _Table):
            return table
        case, chosen = table.case, appeal_seats.possible(connection, table.seat, answer)
        if isinstance(chosen, MayNot):
            return chosen
        reason = self._on.config.review.reason(reason_code)
        if reason is None or "appeal" not in reason.outcomes:
            return MayNot("no_such_reason", case.code)
        if reason.needs_sentence and not text.strip():
            return MayNot("sentence_needed", case.code)
        if chosen is AppealOutcome.CHANGED_IN_PART and not conditions:
            return MayNot("conditions_needed", case.code)
        written = text.strip() or self._on.config.words.voice(case.locale).read(reason.text)
        draft = AnswerDraft(
            ref=new_id(),
            case_id=case.id,
            case_version=case.version,
            moderator_id=table.seat.moderator_id,
            appeal_id=appeal.id,
            answer=chosen,
            reason_code=reason_code,
            text=written[:LONGEST_SENTENCE],
            conditions=conditions if chosen is AppealOutcome.CHANGED_IN_PART else (),
        )
        return self._kept(connection, visitor, table, draft, answer)

    def _kept(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        table: _Table,
        draft: AnswerDraft,
        wanted: AppealOutcome,
    ) -> AnswerPreview:
        key = self._on.key_of(connection, table.case.subject_id)
        answers.keep(connection, key, draft, table.against.outcome, self._on.now())
        return self._preview(connection, visitor, draft, table.case, wanted)

    def _preview(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        draft: AnswerDraft,
        case: Case,
        wanted: AppealOutcome,
    ) -> AnswerPreview:
        voice, zone = self._on.config.words.voice(case.locale), self._on.config.community.zone
        told = letter_text(voice, zone, draft.text, draft.conditions)
        ruling = None if draft.answer is AppealOutcome.SAME else _ruling(draft)
        echoes = repeats_a_concern(connection, self._on, visitor, case.subject_id, draft.text)
        return AnswerPreview(draft, case, told, ruling, wanted, echoes)

    async def read_draft(self, visitor: Visitor, ref: str) -> AnswerPreview | MayNot:
        """An answer that is being written, to change it."""
        return await self._on.database.write(lambda connection: self._read(connection, visitor, ref))

    def _read(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> AnswerPreview | MayNot:
        row, moderator = answers.kept(connection, ref), self._on.find(connection, visitor.user_id)
        case = cases.get(connection, row["case_id"]) if row else None
        if row is None or moderator is None or row["moderator_id"] != moderator.id or case is None:
            return MayNot("draft_gone")
        appeal = appeals.get(connection, row["appeal_id"])
        if appeal is None:
            return MayNot("draft_gone")
        if why := second_looks.turned_away(connection, self._on, visitor, case, appeal):
            return MayNot(why, case.code)
        draft = answers.opened(self._on.key_of(connection, case.subject_id), row)
        return self._preview(connection, visitor, draft, case, draft.answer)

    async def redraft(self, visitor: Visitor, ref: str, text: str) -> AnswerPreview | Unanswered:
        """Change the sentence of an answer that is being written."""
        return await self._on.database.write(lambda connection: self._redraft(connection, visitor, ref, text))

    def _redraft(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, text: str
    ) -> AnswerPreview | Unanswered:
        before = self._read(connection, visitor, ref)
        if isinstance(before, MayNot):
            return before
        table = self._table_of(connection, visitor, before.draft)
        if not isinstance(table, _Table):
            return table
        written = text.strip()[:LONGEST_SENTENCE] or before.draft.text
        draft = replace(before.draft, ref=new_id(), text=written)
        return self._kept(connection, visitor, table, draft, draft.answer)

    async def send(self, visitor: Visitor, ref: str) -> Answered | Unanswered | DecisionResult:
        """Answer as previewed."""
        return await self._on.database.write(lambda connection: self._send(connection, visitor, ref))

    def _send(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str
    ) -> Answered | Unanswered | DecisionResult:
        read = self._read(connection, visitor, ref)
        if isinstance(read, MayNot):
            return read
        draft = read.draft
        table = self._table_of(connection, visitor, draft)
        if not isinstance(table, _Table):
            return table
        chosen = appeal_seats.possible(connection, table.seat, draft.answer)
        if isinstance(chosen, MayNot):
            return chosen
        if chosen is not draft.answer:
            return AppealChanged(table.case, table.appeal.id)
        by = table.seat.moderator_id
        proposed = motions.in_the_way(connection, self._on, table.case, by, _ruling(draft))
        stopped = proposed or self._bench.taken(connection, table.seat, table.appeal.id)
        if stopped is not None:
            return stopped
        newer = second_looks.in_the_way(connection, table.case)
        if draft.answer is AppealOutcome.SAME or (newer is not None and newer.is_member):
            return self._without_decision(connection, table, draft)
        result = self._bench.settle(connection, table.seat, _ruling(draft))
        if isinstance(result, Decided):
            return Answered(result.case, draft.answer, table.appeal.via)
        return result

    def _without_decision(
        self, connection: sqlite3.Connection, table: _Table, draft: AnswerDraft
    ) -> Answered:
        """End the appeal with a letter. The decision stands, or a newer one has let the person in."""
        now, case = self._on.now(), table.case
        letter = decisions.write_letter(
            connection,
            self._on.key_of(connection, case.subject_id),
            case_id=case.id,
            decision_id=table.against.id,
            text=draft.text,
            delivery=Delivery.PENDING,
            now=now,
        )
        decisions.mark_answer(connection, letter.id, draft.answer)
        effects.want_once(
            connection, EffectKind.LETTER, key=letter.id, now=now, case_id=case.id, target=letter.id
        )
        second_looks.end(
            connection,
            table.appeal,
            draft.answer,
            now,
            decided_by=table.seat.moderator_id,
            reason_code=draft.reason_code,
        )
        proposals.delete_of_case(connection, case.id)
        return Answered(cases.again(connection, case.id), draft.answer, table.appeal.via)

    def _table_of(
        self, connection: sqlite3.Connection, visitor: Visitor, draft: AnswerDraft
    ) -> _Table | Unanswered:
        appeal = appeals.get(connection, draft.appeal_id)
        if appeal is None:
            return MayNot("draft_gone")
        return self._table(connection, visitor, appeal, draft.case_version)

    def _table(
        self, connection: sqlite3.Connection, visitor: Visitor, appeal: Appeal, version: int
    ) -> _Table | Unanswered:
        case, against = cases.get(connection, appeal.case_id), decisions.get(connection, appeal.decision_id)
        if case is None or against is None:
            return MayNot("file_gone")
        seat = appeal_seats.seat_for(connection, self._on, visitor, case, appeal, version)
        if isinstance(seat, MayNot):
            return seat
        if appeal.outcome is not None:
            by = self._on.user_id(connection, appeal.decided_by) if appeal.decided_by else None
            return Ended(case, appeal.outcome, by)
        if not isinstance(seat, Seat):
            return AppealChanged(case, appeal.id)
        return _Table(appeal, against, seat)

    def _over(self, connection: sqlite3.Connection, case_id: str) -> Unanswered:
        """No appeal waits in a case any more: what the last one came to."""
        case = cases.get(connection, case_id)
        last = next((one for one in reversed(appeals.of_case(connection, case_id)) if one.outcome), None)
        if case is None or last is None or last.outcome is None:
            return MayNot("file_gone")
        by = self._on.user_id(connection, last.decided_by) if last.decided_by else None
        return Ended(case, last.outcome, by)


def _ruling(draft: AnswerDraft) -> Ruling:
    outcome = Outcome.REOPEN if draft.answer is AppealOutcome.SENT_BACK else Outcome.ADMIT
    return Ruling(outcome, draft.reason_code, draft.text, draft.conditions, draft.appeal_id)
