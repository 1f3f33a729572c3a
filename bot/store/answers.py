"""Answers to appeals that are being written, while their preview is read."""

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.model import AppealOutcome, Condition, ConditionCode, Outcome
from bot.vault import PersonKey

_RULING = {
    AppealOutcome.CHANGED: Outcome.ADMIT,
    AppealOutcome.CHANGED_IN_PART: Outcome.ADMIT,
    AppealOutcome.SENT_BACK: Outcome.REOPEN,
}


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """An answer to an appeal whose preview waits to be confirmed."""

    ref: str
    case_id: str
    case_version: int
    moderator_id: str
    appeal_id: str
    answer: AppealOutcome
    reason_code: str
    text: str = field(repr=False)
    conditions: tuple[Condition, ...] = ()


def keep(
    connection: sqlite3.Connection, key: PersonKey, draft: AnswerDraft, stands: Outcome, now: datetime
) -> None:
    """Keep an answer while its preview is read. ``stands`` is the outcome that the appeal is against."""
    words = {
        "answer": draft.answer.value,
        "text": draft.text,
        "conditions": [
            [one.code.value, one.text, None if one.ends_at is None else to_ms(one.ends_at)]
            for one in draft.conditions
        ],
    }
    connection.execute(
        "INSERT INTO proposal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            draft.ref, draft.case_id, draft.case_version, draft.moderator_id,
            _RULING.get(draft.answer, stands).value, draft.reason_code, draft.appeal_id,
            key.seal(json.dumps(words), _place(draft.ref)), to_ms(now),
        ),
    )  # fmt: skip


def kept(connection: sqlite3.Connection, ref: str) -> sqlite3.Row | None:
    """The row of a kept answer; ``opened`` reads it once the person's key is known."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM proposal WHERE ref = ? AND appeal_id IS NOT NULL", (ref,)
    ).fetchone()
    return row


def opened(key: PersonKey, row: sqlite3.Row) -> AnswerDraft:
    """A kept answer with its words."""
    words = json.loads(key.open(row["sealed"], _place(row["ref"])))
    return AnswerDraft(
        ref=row["ref"],
        case_id=row["case_id"],
        case_version=row["case_version"],
        moderator_id=row["moderator_id"],
        appeal_id=row["appeal_id"],
        answer=AppealOutcome(words["answer"]),
        reason_code=row["reason_code"],
        text=words["text"],
        conditions=tuple(
            Condition(ConditionCode(code), text, None if ends_at is None else from_ms(ends_at))
            for code, text, ends_at in words["conditions"]
        ),
    )


def _place(ref: str) -> str:
    return f"proposal/sealed/{ref}"
