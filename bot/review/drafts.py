"""Decisions with words: written, previewed as the person will read them, then sent.

A decline, a redirect, an admission on conditions, opening a case again, a suspension, a removal.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.access import Act, why_not
from bot.concerns.echo import repeats_a_concern
from bot.config.review_tables import Reason
from bot.fairness import hands
from bot.foundation import Foundation
from bot.ids import new_id
from bot.model import CaseState, Condition, Outcome, Ruling, Visitor
from bot.review.bench import AlreadyDecided, Bench, Changed, DecisionResult, MayNot, Seat
from bot.review.conditions import BadEnd, as_chosen, end_as_typed
from bot.store import cases, events, new_cases, presence, proposals
from bot.store.cases import Case
from bot.store.proposals import Draft
from bot.terms import letter_text

LONGEST_SENTENCE = 1500
"""Characters a moderator may write to the person, so that the message fits with its frame."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the person will read, before it is sent."""

    draft: Draft
    case: Case
    told: str = field(repr=False)
    """The sentence and the conditions, in the person's language."""
    echoes: bool = False
    """It repeats words of a concern, which would say who told of it."""


Drafted = Preview | AlreadyDecided | Changed | MayNot
FindSeat = Callable[[sqlite3.Connection], Seat | AlreadyDecided | Changed | MayNot]


def reason_kind(ruling: Ruling) -> str:
    """What a reason for a ruling is called in the configuration."""
    return "conditions" if ruling.outcome is Outcome.ADMIT else ruling.outcome.value


class Drafts:
    """Use cases of writing decisions. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._bench = Bench(foundation)

    def conditions_from(
        self, *, label: str, no_recruitment: bool, other: str, ends: str
    ) -> tuple[Condition, ...] | BadEnd:
        """The conditions as a moderator filled them in, with their common end as it was typed."""
        ends_at = end_as_typed(ends, self._on)
        if isinstance(ends_at, BadEnd):
            return ends_at
        return as_chosen(label=label, no_recruitment=no_recruitment, other=other, ends_at=ends_at)

    async def draft_viewed(
        self,
        visitor: Visitor,
        ref: str,
        outcome: Outcome,
        reason_code: str,
        text: str,
        conditions: tuple[Condition, ...] = (),
    ) -> Drafted:
        """Write a decision from a file that was opened, and preview it. An admission is one on conditions."""
        ruling = Ruling(outcome, reason_code, text, conditions)
        terms = outcome is Outcome.ADMIT
        return await self._drafted(
            visitor,
            ruling,
            lambda connection: self._bench.viewed(connection, visitor, ref, outcome, terms=terms),
        )

    async def draft_by_code(
        self,
        visitor: Visitor,
        typed_code: str,
        outcome: Outcome,
        reason_code: str,
        text: str,
        conditions: tuple[Condition, ...] = (),
    ) -> Drafted:
        """Write a decision by case code, and preview it."""
        ruling = Ruling(outcome, reason_code, text, conditions)
        terms = outcome is Outcome.ADMIT
        return await self._drafted(
            visitor,
            ruling,
            lambda connection: self._bench.coded(connection, visitor, typed_code, outcome, terms=terms),
        )

    async def draft_about(
        self, visitor: Visitor, user_id: int, outcome: Outcome, reason_code: str, text: str
    ) -> Drafted:
        """Write a decision about a person, and preview it.

        Members from before the bot have no case that could be decided, so that one is opened for them.
        """
        ruling = Ruling(outcome, reason_code, text)
        return await self._drafted(
            visitor, ruling, lambda connection: self._about(connection, visitor, user_id, outcome)
        )

    def _about(
        self, connection: sqlite3.Connection, visitor: Visitor, user_id: int, outcome: Outcome
    ) -> Seat | AlreadyDecided | Changed | MayNot:
        if not self._bench.is_moderator(visitor):
            return MayNot("not_a_moderator")
        if user_id == visitor.user_id:
            return MayNot("own_case")
        subject = self._on.find(connection, user_id)
        if subject is None:
            return MayNot("nobody_known")
        known = cases.of_subject(connection, subject.id)
        case = known[0] if known else None
        if case is None or (not case.state.is_open and case.state is not CaseState.ADMITTED):
            let_be = outcome is Outcome.SUSPEND and presence.has_been_let_be(connection, subject.id)
            if let_be and (why := self._kept_away(connection, visitor, subject.id)):
                return MayNot(why)
            case = self._opened(connection, subject.id) if let_be else case
        if case is None:
            return MayNot("nobody_known")
        return self._bench.seat(connection, visitor, case, outcome, case.version)

    def _kept_away(self, connection: sqlite3.Connection, visitor: Visitor, subject_id: str) -> str:
        """Why a moderator may decide nothing about a person; on record, before a case is opened for it."""
        hand = hands.hand_for_person(connection, self._on, visitor, subject_id)
        if why := why_not(Act.DECIDE, hand):
            by = hands.acting(connection, self._on, visitor).id
            hands.note_refused(connection, self._on, by, Act.DECIDE, "subject", subject_id, why)
        return why

    def _opened(self, connection: sqlite3.Connection, subject_id: str) -> Case:
        now, language = self._on.now(), self._on.config.community.language
        case = new_cases.open_new(connection, subject_id, language, now, self._on.turn(now))
        events.record(
            connection,
            now=now,
            actor=events.MACHINE,
            action="case.opened",
            object_kind="case",
            object_id=case.id,
        )
        return case

    async def _drafted(self, visitor: Visitor, ruling: Ruling, find: FindSeat) -> Drafted:
        return await self._on.database.write(
            lambda connection: self._draft(connection, visitor, find(connection), ruling)
        )

    def _draft(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        seat: Seat | AlreadyDecided | Changed | MayNot,
        ruling: Ruling,
    ) -> Drafted:
        if not isinstance(seat, Seat):
            return seat
        case = seat.case
        lifts = case.state is CaseState.ADMITTED
        if ruling.outcome is Outcome.ADMIT and not ruling.conditions and not lifts:
            return MayNot("condition_needed", case.code)
        reason = self._reason(ruling)
        if reason is None:
            return MayNot("no_such_reason", case.code)
        if reason.needs_sentence and not ruling.text.strip():
            return MayNot("sentence_needed", case.code)
        written = ruling.text.strip() or self._on.config.words.voice(case.locale).read(reason.text)
        draft = Draft(
            ref=new_id(),
            case_id=case.id,
            case_version=case.version,
            moderator_id=seat.moderator_id,
            ruling=replace(ruling, text=written[:LONGEST_SENTENCE]),
        )
        return self._keep(connection, visitor, draft, case)

    def _reason(self, ruling: Ruling) -> Reason | None:
        offered = self._on.config.review.reasons_for(reason_kind(ruling))
        return next((reason for reason in offered if reason.id == ruling.reason_code), None)

    def _keep(self, connection: sqlite3.Connection, visitor: Visitor, draft: Draft, case: Case) -> Preview:
        key = self._on.key_of(connection, case.subject_id)
        proposals.keep(connection, key, draft, self._on.now())
        return self._preview(connection, visitor, draft, case)

    def _preview(self, connection: sqlite3.Connection, visitor: Visitor, draft: Draft, case: Case) -> Preview:
        voice, ruling = self._on.config.words.voice(case.locale), draft.ruling
        zone = self._on.config.community.zone
        echoes = repeats_a_concern(connection, self._on, visitor, case.subject_id, ruling.text)
        return Preview(draft, case, letter_text(voice, zone, ruling.text, ruling.conditions), echoes)

    async def read_draft(self, visitor: Visitor, ref: str) -> Preview | MayNot:
        """A decision that is being written, to change it."""
        return await self._on.database.write(lambda connection: self._read_draft(connection, visitor, ref))

    def _read_draft(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> Preview | MayNot:
        if not hands.may_come(connection, self._on, visitor):
            return MayNot("not_a_moderator")
        row = proposals.get(connection, ref)
        moderator = self._on.find(connection, visitor.user_id)
        if row is None or row["appeal_id"] or moderator is None or row["moderator_id"] != moderator.id:
            return MayNot("draft_gone")
        case = cases.get(connection, row["case_id"])
        if case is None:
            return MayNot("draft_gone")
        if why := hands.turned_away(connection, self._on, visitor, Act.DECIDE, case):
            return MayNot(why, case.code)
        draft = proposals.opened(self._on.key_of(connection, case.subject_id), row)
        return self._preview(connection, visitor, draft, case)

    async def redraft(self, visitor: Visitor, ref: str, text: str) -> Drafted:
        """Change the sentence of a decision that is being written."""
        return await self._on.database.write(lambda connection: self._redraft(connection, visitor, ref, text))

    def _redraft(self, connection: sqlite3.Connection, visitor: Visitor, ref: str, text: str) -> Drafted:
        before = self._read_draft(connection, visitor, ref)
        if isinstance(before, MayNot):
            return before
        ruling = before.draft.ruling
        written = text.strip()[:LONGEST_SENTENCE] or ruling.text
        draft = replace(before.draft, ref=new_id(), ruling=replace(ruling, text=written))
        return self._keep(connection, visitor, draft, before.case)

    async def send_draft(self, visitor: Visitor, ref: str) -> DecisionResult:
        """Decide as previewed."""
        return await self._on.database.write(lambda connection: self._send_draft(connection, visitor, ref))

    def _send_draft(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> DecisionResult:
        preview = self._read_draft(connection, visitor, ref)
        if isinstance(preview, MayNot):
            return preview
        draft, ruling = preview.draft, preview.draft.ruling
        seat = self._bench.seat(
            connection,
            visitor,
            preview.case,
            ruling.outcome,
            draft.case_version,
            terms=ruling.outcome is Outcome.ADMIT,
        )
        return self._bench.settle(connection, seat, ruling) if isinstance(seat, Seat) else seat
