"""Decisions and the verdicts behind them; letters to the person."""

import json
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.model import AppealOutcome, Delivery, Disclosed, Hands, Outcome
from bot.rules import Verdict
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Decision:
    """A recorded decision."""

    id: str
    case_id: str
    outcome: Outcome
    automated: bool
    decided_by: str | None
    """The moderator's subject id; None for the machine."""
    reason_code: str
    rule_id: str
    at: datetime
    hands: Hands = Hands.ONE
    confirmed_by: str | None = None
    """The second person's subject id."""
    supersedes: str | None = None
    """The decision that this one takes back, or answers an appeal against."""


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict as it was reached, readable when the rule has gone."""

    rule_id: str
    rule: dict[str, Any]
    proposal: str
    reason: str
    facts: dict[str, tuple[str, ...]]
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person is told about a decision."""

    id: str
    case_id: str
    decision_id: str
    text: str = field(repr=False)
    delivery: Delivery
    appeal_code: str = field(default="", repr=False)
    """The code to appeal with; empty also where only the person is to read it."""
    appeal_until: datetime | None = None
    """Until when they can appeal; None where they cannot."""
    answer: AppealOutcome | None = None
    """What a second look came to, in a letter that answers an appeal."""

    @property
    def for_the_team(self) -> "Letter":
        """The letter without what is for the person alone."""
        return replace(self, appeal_code="")


def append(
    connection: sqlite3.Connection,
    *,
    case_id: str,
    outcome: Outcome,
    decided_by: str | None,
    reason_code: str = "",
    rule_id: str = "",
    disclosed: Disclosed | None,
    disclosure_version: int | None,
    questionnaire_hash: str | None,
    now: datetime,
    hands: Hands = Hands.ONE,
    confirmed_by: str | None = None,
    supersedes: str | None = None,
) -> Decision:
    """Record a decision; ``decided_by`` None means the machine.

    Only an admission keeps what it rested on. Any other decision outlives the answers, and must not
    repeat them; until they are deleted, the verdict and the disclosure tell.
    """
    if outcome is not Outcome.ADMIT:
        rule_id, disclosed, disclosure_version = "", None, None
    decision = Decision(
        new_id(), case_id, outcome, decided_by is None, decided_by, reason_code, rule_id, now, hands,
        confirmed_by, supersedes,
    )  # fmt: skip
    connection.execute(
        "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            decision.id, case_id, outcome.value, int(decision.automated), decided_by, reason_code or None,
            rule_id or None, disclosed.value if disclosed else None, disclosure_version,
            questionnaire_hash, to_ms(now), hands.value, confirmed_by, supersedes,
        ),
    )  # fmt: skip
    return decision


def of_case(connection: sqlite3.Connection, case_id: str) -> list[Decision]:
    """A case's decisions, in order."""
    rows = connection.execute("SELECT * FROM decision WHERE case_id = ? ORDER BY rowid", (case_id,))
    return [_decision(row) for row in rows]


def get(connection: sqlite3.Connection, decision_id: str) -> Decision | None:
    """The decision with this id."""
    row = connection.execute("SELECT * FROM decision WHERE id = ?", (decision_id,)).fetchone()
    return None if row is None else _decision(row)


def _decision(row: sqlite3.Row) -> Decision:
    return Decision(
        id=row["id"],
        case_id=row["case_id"],
        outcome=Outcome(row["outcome"]),
        automated=bool(row["automated"]),
        decided_by=row["decided_by"],
        reason_code=row["reason_code"] or "",
        rule_id=row["rule_id"] or "",
        at=from_ms(row["at"]),
        hands=Hands(row["hands"]),
        confirmed_by=row["confirmed_by"],
        supersedes=row["supersedes"],
    )


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> list[str]:
    """Delete the decisions about a case that goes with them; return their ids."""
    rows = connection.execute("SELECT id FROM decision WHERE case_id = ?", (case_id,)).fetchall()
    ids = [(row["id"],) for row in rows]
    connection.executemany("INSERT INTO permit VALUES ('decision', ?)", ids)
    connection.executemany("DELETE FROM decision WHERE id = ?", ids)
    return [decision_id for (decision_id,) in ids]


def append_verdict(
    connection: sqlite3.Connection,
    *,
    case_id: str,
    disclosure_id: str,
    verdict: Verdict,
    rules_version: str,
    now: datetime,
) -> None:
    """Keep a verdict with its grounds."""
    connection.execute(
        "INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new_id(), case_id, disclosure_id, verdict.rule_id, rules_version, json.dumps(verdict.rule or {}),
            verdict.proposal.value, verdict.reason.value if verdict.reason else "",
            json.dumps(verdict.facts), to_ms(now),
        ),
    )  # fmt: skip


def latest_verdict(connection: sqlite3.Connection, case_id: str) -> StoredVerdict | None:
    """The newest verdict on a case."""
    row = connection.execute(
        "SELECT * FROM verdict WHERE case_id = ? ORDER BY rowid DESC LIMIT 1", (case_id,)
    ).fetchone()
    if row is None:
        return None
    facts = {name: tuple(codes) for name, codes in json.loads(row["facts"]).items()}
    return StoredVerdict(
        row["rule_id"], json.loads(row["rule"]), row["proposal"], row["reason"], facts, from_ms(row["at"])
    )


def was_held(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether answers of somebody were ever held, in this case or another."""
    row = connection.execute(
        """
        SELECT 1 FROM cases JOIN decision ON decision.case_id = cases.id
        WHERE cases.subject_id = ? AND decision.outcome = 'hold' LIMIT 1
        """,
        (subject_id,),
    ).fetchone()
    return row is not None


def was_inside(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether the person of a case was a member through it, or was suspended as one in it."""
    statement = "SELECT 1 FROM decision WHERE case_id = ? AND outcome IN ('admit', 'suspend') LIMIT 1"
    return connection.execute(statement, (case_id,)).fetchone() is not None


def was_member(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether somebody was ever let in, whatever was decided since."""
    row = connection.execute(
        """
        SELECT 1 FROM cases JOIN decision ON decision.case_id = cases.id
        WHERE cases.subject_id = ? AND decision.outcome IN ('admit', 'suspend') LIMIT 1
        """,
        (subject_id,),
    ).fetchone()
    return row is not None


def last_telling(connection: sqlite3.Connection, subject_id: str) -> Decision | None:
    """The last decision about somebody that let them in, kept them out or took the access back."""
    row = connection.execute(
        """
        SELECT decision.* FROM cases JOIN decision ON decision.case_id = cases.id
        WHERE cases.subject_id = ? AND decision.outcome <> 'hold'
        ORDER BY decision.rowid DESC LIMIT 1
        """,
        (subject_id,),
    ).fetchone()
    return None if row is None else _decision(row)


def was_sent(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether the answers of a case have ever been sent: each sending is judged once."""
    statement = "SELECT 1 FROM verdict WHERE case_id = ? LIMIT 1"
    return connection.execute(statement, (case_id,)).fetchone() is not None


def delete_verdicts(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete the verdicts on a case: their facts repeat the answers."""
    connection.execute("DELETE FROM verdict WHERE case_id = ?", (case_id,))


def write_letter(
    connection: sqlite3.Connection,
    key: PersonKey,
    *,
    case_id: str,
    decision_id: str,
    text: str,
    delivery: Delivery,
    now: datetime,
) -> Letter:
    """Write what the person is told; the text may be empty when the catalogue says it all."""
    letter = Letter(new_id(), case_id, decision_id, text, delivery)
    sealed = key.seal(text, _letter_place(letter.id)) if text else None
    connection.execute(
        "INSERT INTO letter (id, case_id, decision_id, sealed, delivery, at) VALUES (?, ?, ?, ?, ?, ?)",
        (letter.id, case_id, decision_id, sealed, delivery.value, to_ms(now)),
    )
    return letter


def letter(connection: sqlite3.Connection, key: PersonKey, letter_id: str) -> Letter | None:
    """The letter with this id."""
    row = connection.execute("SELECT * FROM letter WHERE id = ?", (letter_id,)).fetchone()
    return None if row is None else _letter(key, row)


def latest_letter(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> Letter | None:
    """The newest letter about a case."""
    row = connection.execute(
        "SELECT * FROM letter WHERE case_id = ? ORDER BY rowid DESC LIMIT 1", (case_id,)
    ).fetchone()
    return None if row is None else _letter(key, row)


def _letter(key: PersonKey, row: sqlite3.Row) -> Letter:
    text = "" if row["sealed"] is None else key.open(row["sealed"], _letter_place(row["id"]))
    code = "" if row["sealed_code"] is None else key.open(row["sealed_code"], _code_place(row["id"]))
    return Letter(
        row["id"],
        row["case_id"],
        row["decision_id"],
        text,
        Delivery(row["delivery"]),
        code,
        None if row["appeal_until"] is None else from_ms(row["appeal_until"]),
        AppealOutcome(row["answer"]) if row["answer"] else None,
    )


def give_code(
    connection: sqlite3.Connection, key: PersonKey, letter_id: str, code: str, until: datetime
) -> None:
    """Have a letter give the code to appeal with, and say until when."""
    connection.execute(
        "UPDATE letter SET sealed_code = ?, appeal_until = ? WHERE id = ?",
        (key.seal(code, _code_place(letter_id)), to_ms(until), letter_id),
    )


def mark_answer(connection: sqlite3.Connection, letter_id: str, answer: AppealOutcome) -> None:
    """Have a letter be the answer to an appeal."""
    connection.execute("UPDATE letter SET answer = ? WHERE id = ?", (answer.value, letter_id))


def withdraw_letters(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete letters about a case that nobody has begun to send: they would tell what holds no more."""
    connection.execute(
        """
        DELETE FROM letter WHERE case_id = ? AND delivery = 'pending' AND NOT EXISTS (
            SELECT 1 FROM effect WHERE effect.key = 'letter:' || letter.id AND effect.begun > 0
        )
        """,
        (case_id,),
    )


def note_delivery(connection: sqlite3.Connection, letter_id: str, delivery: Delivery) -> None:
    """Note what became of a letter."""
    connection.execute("UPDATE letter SET delivery = ? WHERE id = ?", (delivery.value, letter_id))


def delete_letters(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete the letters about a case."""
    connection.execute("DELETE FROM letter WHERE case_id = ?", (case_id,))


def _letter_place(letter_id: str) -> str:
    return f"letter/sealed/{letter_id}"


def _code_place(letter_id: str) -> str:
    return f"letter/sealed_code/{letter_id}"
