"""Whom a case is kept from: at their own word or the applicant's, or by what they took part in."""

import sqlite3
from datetime import datetime
from enum import StrEnum

from bot.clock import to_ms
from bot.ids import new_id


class Origin(StrEnum):
    """At whose word."""

    DECLARED = "declared"
    APPLICANT = "applicant"


def origin(connection: sqlite3.Connection, case_id: str, moderator_id: str) -> Origin | None:
    """At whose word a case is kept from somebody; None where it is not."""
    row = connection.execute(
        "SELECT origin FROM recusal WHERE moderator_id = ? AND case_id = ?", (moderator_id, case_id)
    ).fetchone()
    return None if row is None else Origin(row["origin"])


def declare(connection: sqlite3.Connection, case_id: str, moderator_id: str, now: datetime) -> str:
    """Keep a case from somebody at their own word. Returns its id; empty where it is kept from them."""
    recusal_id = new_id()
    cursor = connection.execute(
        """
        INSERT INTO recusal (id, moderator_id, case_id, origin, at) VALUES (?, ?, ?, 'declared', ?)
        ON CONFLICT DO NOTHING
        """,
        (recusal_id, moderator_id, case_id, to_ms(now)),
    )
    return recusal_id if cursor.rowcount else ""


def ask(connection: sqlite3.Connection, case_id: str, moderator_id: str, now: datetime) -> str:
    """Keep a case from somebody at the applicant's word, who may ask once. Returns its id.

    Empty: the applicant has asked before.
    """
    if was_asked(connection, case_id):
        return ""
    row = connection.execute(
        """
        INSERT INTO recusal (id, moderator_id, case_id, origin, at) VALUES (?, ?, ?, 'applicant', ?)
        ON CONFLICT (moderator_id, case_id) DO UPDATE SET origin = 'applicant' RETURNING id
        """,
        (new_id(), moderator_id, case_id, to_ms(now)),
    ).fetchone()
    return str(row["id"])


def was_asked(connection: sqlite3.Connection, case_id: str) -> bool:
    """Whether the applicant has asked for somebody to stay out."""
    statement = "SELECT 1 FROM recusal WHERE case_id = ? AND origin = 'applicant'"
    return connection.execute(statement, (case_id,)).fetchone() is not None


def decided_what_is_appealed(connection: sqlite3.Connection, case_id: str, moderator_id: str) -> bool:
    """Whether somebody made, proposed, confirmed or voted on a decision that the person appealed against."""
    row = connection.execute(
        """
        SELECT 1 FROM appeal JOIN decision ON decision.id = appeal.decision_id
        WHERE appeal.case_id = :case_id AND appeal.outcome IS NOT 'withdrawn' AND (
            :id IN (decision.decided_by, decision.confirmed_by)
            OR EXISTS (
                SELECT 1 FROM motion LEFT JOIN vote ON vote.motion_id = motion.id
                WHERE motion.case_id = appeal.case_id AND motion.outcome = decision.outcome
                    AND motion.state = 'carried' AND motion.proposed_at <= decision.at
                    AND :id IN (motion.proposed_by, vote.moderator_id)
            )
        )
        """,
        {"case_id": case_id, "id": moderator_id},
    ).fetchone()
    return row is not None


def proposed_what_waits(connection: sqlite3.Connection, case_id: str, moderator_id: str) -> bool:
    """Whether somebody proposed what waits for a second person."""
    statement = "SELECT 1 FROM motion WHERE case_id = ? AND proposed_by = ? AND state = 'open'"
    return connection.execute(statement, (case_id, moderator_id)).fetchone() is not None


def is_outside(connection: sqlite3.Connection, case_id: str, subject_id: str) -> bool:
    """Whether somebody from outside the team was added to a case."""
    statement = "SELECT 1 FROM outside_reviewer WHERE case_id = ? AND subject_id = ?"
    return connection.execute(statement, (case_id, subject_id)).fetchone() is not None


def is_outside_anywhere(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether somebody from outside the team was added to any case."""
    statement = "SELECT 1 FROM outside_reviewer WHERE subject_id = ? LIMIT 1"
    return connection.execute(statement, (subject_id,)).fetchone() is not None
