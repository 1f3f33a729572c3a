"""Cases whose turn changes hands: to the applicant who is asked something, and back to the team."""

import sqlite3
from datetime import datetime, timedelta

from bot.clock import to_ms
from bot.model import CaseState
from bot.store import cases, questions, showing
from bot.store.cases import Case
from bot.timing import Turn

_MILLISECOND = timedelta(milliseconds=1)


def ask(connection: sqlite3.Connection, case: Case, now: datetime, answer_by: datetime) -> Case:
    """The applicant is asked something: meanwhile the team has no target, and keeps the time it had left."""
    return _stepped(
        connection,
        case,
        now,
        connection.execute(
            """
            UPDATE cases SET asked_at = :now, answer_by = :answer_by, target_left = max(0, target_at - :now),
                target_at = NULL, version = version + 1
            WHERE id = :id AND version = :version
            """,
            {"now": to_ms(now), "answer_by": to_ms(answer_by), "id": case.id, "version": case.version},
        ),
    )


def back_to_team(connection: sqlite3.Connection, case: Case, now: datetime, at_least: timedelta) -> Case:
    """A case that waited for an answer is with the team again, with the time they had left, and some."""
    [left] = connection.execute("SELECT target_left FROM cases WHERE id = ?", (case.id,)).fetchone()
    questions.close(connection, case.id, now)
    target = to_ms(now) + max(left or 0, at_least // _MILLISECOND)
    return _stepped(
        connection,
        case,
        now,
        connection.execute(
            "UPDATE cases SET target_at = ?, version = version + 1 WHERE id = ? AND version = ?",
            (target, case.id, case.version),
        ),
    )


def answered(connection: sqlite3.Connection, case: Case, now: datetime) -> Case:
    """The person answered, in time or late: whoever reads the case reads a new version of it."""
    return _stepped(
        connection,
        case,
        now,
        connection.execute(
            "UPDATE cases SET last_activity_at = ?, version = version + 1 WHERE id = ? AND version = ?",
            (to_ms(now), case.id, case.version),
        ),
    )


def end_talk(connection: sqlite3.Connection, case: Case, now: datetime, turn: Turn) -> Case:
    """The person has had their talk: the case goes on as it stood, with the team or with them."""
    if case.state is CaseState.HELD:
        turn = Turn(target_at=case.target_at)
    return _stepped(
        connection,
        case,
        now,
        connection.execute(
            """
            UPDATE cases SET wants_person_at = NULL, lapse_at = :lapse_at, target_at = :target_at,
                reminders = 0, last_activity_at = :now, version = version + 1,
                remind_at = CASE WHEN may_remind_at IS NOT NULL AND state = 'answering' THEN :remind_at END
            WHERE id = :id AND version = :version
            """,
            {**turn.columns, "now": to_ms(now), "id": case.id, "version": case.version},
        ),
    )


def _stepped(connection: sqlite3.Connection, case: Case, now: datetime, cursor: sqlite3.Cursor) -> Case:
    if cursor.rowcount != 1:
        raise cases.Overtaken
    after = cases.again(connection, case.id)
    showing.follow(connection, case, after, now)
    return after
