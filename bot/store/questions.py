"""Questions to applicants, and their answers: sealed with the person's key, deleted with their answers."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.vault import PersonKey

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the applicant of a case, and what they answered."""

    ref: str
    case_id: str
    asked_by: str
    """The moderator's subject id."""
    asked_at: datetime
    answer_by: datetime
    text: str = field(repr=False)
    answered_at: datetime | None
    answer: str = field(repr=False)
    closed_at: datetime | None
    """Since when nobody waits for an answer any more."""


@dataclass(frozen=True, slots=True)
class QuestionDraft:
    """A question that a moderator is writing, on the version of the case that they read."""

    ref: str
    case_id: str
    case_version: int
    moderator_id: str
    text: str = field(repr=False)


def ask(
    connection: sqlite3.Connection,
    key: PersonKey,
    *,
    case_id: str,
    asked_by: str,
    text: str,
    now: datetime,
    answer_by: datetime,
) -> Question:
    """Keep a question that is asked now."""
    ref = new_id()
    connection.execute(
        """
        INSERT INTO question (ref, case_id, asked_by, asked_at, answer_by, sealed)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (ref, case_id, asked_by, to_ms(now), to_ms(answer_by), key.seal(text, _asked_place(ref))),
    )
    return Question(ref, case_id, asked_by, now, answer_by, text, None, "", None)


def case_of(connection: sqlite3.Connection, ref: str) -> str | None:
    """The case that a question is about; its text can be read once the person's key is known."""
    row = connection.execute("SELECT case_id FROM question WHERE ref = ?", (ref,)).fetchone()
    return None if row is None else row["case_id"]


def newest(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> Question | None:
    """The question that was asked last in a case."""
    row = connection.execute(
        "SELECT * FROM question WHERE case_id = ? ORDER BY asked_at DESC, rowid DESC LIMIT 1", (case_id,)
    ).fetchone()
    return None if row is None else _question(key, row)


def of_case(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> tuple[Question, ...]:
    """All questions of a case, in the order in which they were asked."""
    rows = connection.execute("SELECT * FROM question WHERE case_id = ? ORDER BY asked_at, rowid", (case_id,))
    return tuple(_question(key, row) for row in rows)


def _question(key: PersonKey, row: sqlite3.Row) -> Question:
    sealed = row["sealed_answer"]
    return Question(
        ref=row["ref"],
        case_id=row["case_id"],
        asked_by=row["asked_by"],
        asked_at=from_ms(row["asked_at"]),
        answer_by=from_ms(row["answer_by"]),
        text=key.open(row["sealed"], _asked_place(row["ref"])),
        answered_at=None if row["answered_at"] is None else from_ms(row["answered_at"]),
        answer="" if sealed is None else key.open(sealed, _answer_place(row["ref"])),
        closed_at=None if row["closed_at"] is None else from_ms(row["closed_at"]),
    )


def answer(connection: sqlite3.Connection, key: PersonKey, ref: str, text: str, now: datetime) -> None:
    """Keep what the person answered, in the place of what they answered before."""
    connection.execute(
        "UPDATE question SET sealed_answer = ?, answered_at = ? WHERE ref = ?",
        (key.seal(text, _answer_place(ref)), to_ms(now), ref),
    )


def close(connection: sqlite3.Connection, case_id: str, now: datetime) -> None:
    """Nobody waits for an answer in this case any more. The case has to be changed in the same unit."""
    connection.execute(
        "UPDATE question SET closed_at = ? WHERE case_id = ? AND closed_at IS NULL", (to_ms(now), case_id)
    )
    connection.execute(
        "UPDATE cases SET asked_at = NULL, answer_by = NULL, target_left = NULL WHERE id = ?", (case_id,)
    )


def due(connection: sqlite3.Connection, now: datetime, most: int) -> list[str]:
    """Cases whose time to answer is up, the longest overdue first."""
    rows = connection.execute(
        "SELECT id FROM cases WHERE asked_at IS NOT NULL AND answer_by <= ? ORDER BY answer_by LIMIT ?",
        (to_ms(now), most),
    )
    return [row["id"] for row in rows]


def give_back(connection: sqlite3.Connection, span: timedelta) -> None:
    """Move every end of a time to answer on by a time in which nobody was awake."""
    by = span // _MILLISECOND
    connection.execute("UPDATE cases SET answer_by = answer_by + ? WHERE asked_at IS NOT NULL", (by,))
    connection.execute("UPDATE question SET answer_by = answer_by + ? WHERE closed_at IS NULL", (by,))


def hold_near(connection: sqlite3.Connection, latest: datetime) -> None:
    """Let no time to answer end later than it can: clocks are put back at times, and settings shortened."""
    at = {"at": to_ms(latest)}
    connection.execute("UPDATE cases SET answer_by = :at WHERE asked_at IS NOT NULL AND answer_by > :at", at)
    connection.execute("UPDATE question SET answer_by = :at WHERE closed_at IS NULL AND answer_by > :at", at)


def was_read_since(connection: sqlite3.Connection, case_id: str, moment: datetime) -> bool:
    """Whether a moderator has opened the file of a case since a moment."""
    statement = "SELECT 1 FROM file_view WHERE case_id = ? AND at > ? LIMIT 1"
    return connection.execute(statement, (case_id, to_ms(moment))).fetchone() is not None


def give_to(
    connection: sqlite3.Connection, case_id: str, moderator_id: str, now: datetime, until: datetime
) -> None:
    """Have whoever asked look after the case again, unless they are gone or have stepped aside."""
    connection.execute(
        """
        INSERT INTO claim (kind, item_id, holder_id, since, until)
        SELECT 'case', :case, subject.id, :now, :until FROM subject
        WHERE subject.id = :who AND NOT EXISTS (
            SELECT 1 FROM recusal WHERE recusal.moderator_id = subject.id AND recusal.case_id = :case
        )
        ON CONFLICT (kind, item_id) DO UPDATE
        SET holder_id = excluded.holder_id, since = excluded.since, until = excluded.until
        """,
        {"case": case_id, "who": moderator_id, "now": to_ms(now), "until": to_ms(until)},
    )


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete the questions of a case with their answers, and those that are being written."""
    connection.execute("DELETE FROM question WHERE case_id = ?", (case_id,))
    connection.execute("DELETE FROM question_draft WHERE case_id = ?", (case_id,))


def keep_draft(connection: sqlite3.Connection, key: PersonKey, draft: QuestionDraft, now: datetime) -> None:
    """Keep a question while its preview is read."""
    sealed = key.seal(draft.text, _draft_place(draft.ref))
    connection.execute(
        "INSERT INTO question_draft VALUES (?, ?, ?, ?, ?, ?)",
        (draft.ref, draft.case_id, draft.case_version, draft.moderator_id, sealed, to_ms(now)),
    )


def draft(connection: sqlite3.Connection, ref: str) -> sqlite3.Row | None:
    """The row of a question that is being written; ``open_draft`` reads it once the key is known."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM question_draft WHERE ref = ?", (ref,)
    ).fetchone()
    return row


def open_draft(key: PersonKey, row: sqlite3.Row) -> QuestionDraft:
    """A question that is being written, with its text."""
    text = key.open(row["sealed"], _draft_place(row["ref"]))
    return QuestionDraft(row["ref"], row["case_id"], row["case_version"], row["moderator_id"], text)


def delete_drafts(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete the questions that are being written in a case."""
    connection.execute("DELETE FROM question_draft WHERE case_id = ?", (case_id,))


def expire_drafts(connection: sqlite3.Connection, before: datetime) -> None:
    """Delete questions that were being written before a moment, and never sent."""
    connection.execute("DELETE FROM question_draft WHERE made_at < ?", (to_ms(before),))


def _asked_place(ref: str) -> str:
    return f"question/sealed/{ref}"


def _answer_place(ref: str) -> str:
    return f"question/sealed_answer/{ref}"


def _draft_place(ref: str) -> str:
    return f"question_draft/sealed/{ref}"
