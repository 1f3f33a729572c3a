"""Answers given in conversation: a moderator writes them down, the person confirms with one press."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from bot.access import Act
from bot.fairness import hands
from bot.filling import NotSaved, Summary
from bot.forms import Forms
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.minting import NextForm
from bot.model import CaseState, Source, Visitor
from bot.store import cases, effects, events, sheets
from bot.store.effects import EffectKind


class WhyNotRecord(StrEnum):
    """Why answers cannot be recorded."""

    NOT_A_MODERATOR = "not_a_moderator"
    NO_SUCH_CASE = "no_such_case"
    OWN_CASE = "own_case"
    RECUSED = "recused"
    INTERESTS_STALE = "interests_stale"
    INTERESTS_NONE = "interests_none"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """Nothing was begun."""

    why: WhyNotRecord


@dataclass(frozen=True, slots=True)
class Recording:
    """A moderator is writing answers down for a case."""

    code: str
    step: NextForm | Summary


class Conversations:
    """Use cases of recording. One object serves everybody."""

    def __init__(self, foundation: Foundation, forms: Forms) -> None:
        """Take what every use case stands on, and the forms."""
        self._on = foundation
        self._forms = forms

    async def record(self, visitor: Visitor, typed_code: str) -> Recording | NotRecorded:
        """Begin to write down the answers of the person of a case, or carry on."""
        return await self._on.database.write(
            lambda connection: self._record(connection, visitor, tidy_case_code(typed_code))
        )

    def _record(self, connection: sqlite3.Connection, visitor: Visitor, code: str) -> Recording | NotRecorded:
        if not hands.may_come(connection, self._on, visitor):
            return NotRecorded(WhyNotRecord.NOT_A_MODERATOR)
        case = cases.by_code(connection, code)
        if case is None:
            there = hands.has_role(self._on, visitor)
            return NotRecorded(WhyNotRecord.NO_SUCH_CASE if there else WhyNotRecord.NOT_A_MODERATOR)
        now = self._on.now()
        moderator = hands.acting(connection, self._on, visitor)
        if why := hands.turned_away(connection, self._on, visitor, Act.ASK, case):
            return NotRecorded(WhyNotRecord(why))
        if not case.state.is_open:
            return NotRecorded(WhyNotRecord.CLOSED)
        sheet_id, turn = case.sheet_id, self._on.turn(now, case, by_moderator=True)
        if case.state is CaseState.HELD:
            if sheet_id is not None:
                sheets.mark_sent(connection, sheet_id, None)
                case = cases.reopen(connection, case, now, turn)
            effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        if case.state is CaseState.WAITING or sheet_id is None:
            questionnaire = self._on.config.questionnaire
            sheet = sheets.open_new(connection, case.subject_id, Source.CONVERSATION, questionnaire, now)
            sheet_id = sheet.id
            cases.begin(connection, case, sheet_id, case.locale, now, turn)
        sheets.mark_source(connection, sheet_id, Source.CONVERSATION)
        events.record(
            connection,
            now=now,
            actor=moderator.id,
            action="case.recording",
            object_kind="case",
            object_id=case.id,
        )
        step = self._forms.table(connection, visitor, sheet_id)
        if isinstance(step, NotSaved):
            return NotRecorded(WhyNotRecord.CLOSED)
        return Recording(case.code, step)
