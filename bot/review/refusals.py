"""Refusing: a decline or redirect is written, previewed as the person will read it, then sent."""

import sqlite3
from dataclasses import dataclass, replace

from bot.access import Act
from bot.concerns.echo import repeats_a_concern
from bot.fairness import hands
from bot.foundation import Foundation
from bot.ids import new_id
from bot.model import Outcome, Ruling, Visitor
from bot.review.bench import AlreadyDecided, Bench, Changed, DecisionResult, MayNot, Seat
from bot.store import cases, decisions
from bot.store.cases import Case
from bot.store.decisions import RefusalDraft

LONGEST_SENTENCE = 1500
"""Characters a moderator may write to the person, so that the message fits with its frame."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the person will read, before it is sent."""

    draft: RefusalDraft
    case: Case
    echoes: bool = False
    """It repeats words of a concern, which would say who told of it."""


class Refusals:
    """Use cases of refusing. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._bench = Bench(foundation)

    async def draft_viewed(
        self, visitor: Visitor, ref: str, outcome: Outcome, reason_code: str, text: str
    ) -> Preview | AlreadyDecided | Changed | MayNot:
        """Write a decline or redirect from a file that was opened, and preview it."""
        return await self._on.database.write(
            lambda connection: self._draft(
                connection,
                visitor,
                self._bench.viewed(connection, visitor, ref, outcome),
                outcome,
                reason_code,
                text,
            )
        )

    async def draft_by_code(
        self, visitor: Visitor, typed_code: str, outcome: Outcome, reason_code: str, text: str
    ) -> Preview | AlreadyDecided | Changed | MayNot:
        """Write a decline or redirect by case code, and preview it."""
        return await self._on.database.write(
            lambda connection: self._draft(
                connection,
                visitor,
                self._bench.coded(connection, visitor, typed_code, outcome),
                outcome,
                reason_code,
                text,
            )
        )

    def _draft(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        seat: Seat | AlreadyDecided | Changed | MayNot,
        outcome: Outcome,
        reason_code: str,
        text: str,
    ) -> Preview | AlreadyDecided | Changed | MayNot:
        if not isinstance(seat, Seat):
            return seat
        reason = self._on.config.review.reason(reason_code)
        if reason is None or outcome.value not in reason.outcomes:
            return MayNot("no_such_reason", seat.case.code)
        if reason.needs_sentence and not text.strip():
            return MayNot("sentence_needed", seat.case.code)
        written = text.strip() or self._on.config.words.voice(seat.case.locale).read(reason.text)
        draft = RefusalDraft(
            ref=new_id(),
            case_id=seat.case.id,
            case_version=seat.case.version,
            moderator_id=seat.moderator_id,
            outcome=outcome,
            reason_code=reason_code,
            text=written[:LONGEST_SENTENCE],
        )
        key = self._on.key_of(connection, seat.case.subject_id)
        decisions.keep_refusal(connection, key, draft, self._on.now())
        return self._preview(connection, visitor, draft, seat.case)

    def _preview(
        self, connection: sqlite3.Connection, visitor: Visitor, draft: RefusalDraft, case: Case
    ) -> Preview:
        echoes = repeats_a_concern(connection, self._on, visitor, case.subject_id, draft.text)
        return Preview(draft, case, echoes)

    async def read_draft(self, visitor: Visitor, ref: str) -> Preview | MayNot:
        """A refusal that is being written, to change it."""
        return await self._on.database.write(lambda connection: self._read_draft(connection, visitor, ref))

    def _read_draft(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> Preview | MayNot:
        if not hands.may_come(connection, self._on, visitor):
            return MayNot("not_a_moderator")
        row = decisions.refusal(connection, ref)
        moderator = self._on.find(connection, visitor.user_id)
        if row is None or moderator is None or row["moderator_id"] != moderator.id:
            return MayNot("draft_gone")
        case = cases.get(connection, row["case_id"])
        if case is None:
            return MayNot("draft_gone")
        if why := hands.turned_away(connection, self._on, visitor, Act.DECIDE, case):
            return MayNot(why)
        return Preview(decisions.open_refusal(self._on.key_of(connection, case.subject_id), row), case)

    async def redraft(
        self, visitor: Visitor, ref: str, text: str
    ) -> Preview | AlreadyDecided | Changed | MayNot:
        """Change the sentence of a refusal that is being written."""
        return await self._on.database.write(lambda connection: self._redraft(connection, visitor, ref, text))

    def _redraft(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, text: str
    ) -> Preview | AlreadyDecided | Changed | MayNot:
        before = self._read_draft(connection, visitor, ref)
        if isinstance(before, MayNot):
            return before
        key = self._on.key_of(connection, before.case.subject_id)
        written = text.strip()[:LONGEST_SENTENCE] or before.draft.text
        draft = replace(before.draft, ref=new_id(), text=written)
        decisions.keep_refusal(connection, key, draft, self._on.now())
        return self._preview(connection, visitor, draft, before.case)

    async def send_draft(self, visitor: Visitor, ref: str) -> DecisionResult:
        """Decide as previewed."""
        return await self._on.database.write(lambda connection: self._send_draft(connection, visitor, ref))

    def _send_draft(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> DecisionResult:
        preview = self._read_draft(connection, visitor, ref)
        if isinstance(preview, MayNot):
            return preview
        draft = preview.draft
        seat = self._bench.seat(connection, visitor, preview.case, draft.outcome, draft.case_version)
        if not isinstance(seat, Seat):
            return seat
        return self._bench.settle(connection, seat, Ruling(draft.outcome, draft.reason_code, draft.text))
