"""Decisions being written: what a moderator is about to send, while its preview is read."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.model import Condition, ConditionCode, Outcome, Ruling
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision whose preview waits to be confirmed."""

    ref: str
    case_id: str
    case_version: int
    moderator_id: str
    ruling: Ruling


def keep(connection: sqlite3.Connection, key: PersonKey, draft: Draft, now: datetime) -> None:
    """Keep a decision while its preview is read."""
    ruling = draft.ruling
    connection.execute(
        "INSERT INTO proposal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            draft.ref, draft.case_id, draft.case_version, draft.moderator_id, ruling.outcome.value,
            ruling.reason_code, ruling.appeal_id or None, key.seal(words_of(ruling), _place(draft.ref)),
            to_ms(now),
        ),
    )  # fmt: skip


def get(connection: sqlite3.Connection, ref: str) -> sqlite3.Row | None:
    """The row of a kept draft; ``opened`` reads it once the person's key is known."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM proposal WHERE ref = ?", (ref,)).fetchone()
    return row


def opened(key: PersonKey, row: sqlite3.Row) -> Draft:
    """A kept draft with its words."""
    words = key.open(row["sealed"], _place(row["ref"]))
    ruling = ruling_from(row["outcome"], row["reason_code"], row["appeal_id"], words)
    return Draft(row["ref"], row["case_id"], row["case_version"], row["moderator_id"], ruling)


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete drafts about a case."""
    connection.execute("DELETE FROM proposal WHERE case_id = ?", (case_id,))


def words_of(ruling: Ruling) -> str:
    """What a ruling says in words, the text and the conditions, as it is sealed."""
    conditions = [
        [one.code.value, one.text, None if one.ends_at is None else to_ms(one.ends_at)]
        for one in ruling.conditions
    ]
    return json.dumps({"text": ruling.text, "conditions": conditions}, ensure_ascii=False)


def ruling_from(outcome: str, reason_code: str, appeal_id: str | None, words: str) -> Ruling:
    """A ruling from its columns and from what ``words_of`` made."""
    told = json.loads(words)
    conditions = tuple(
        Condition(ConditionCode(code), text, None if ends_at is None else from_ms(ends_at))
        for code, text, ends_at in told["conditions"]
    )
    return Ruling(Outcome(outcome), reason_code, told["text"], conditions, appeal_id or "")


def _place(ref: str) -> str:
    return f"proposal/sealed/{ref}"
