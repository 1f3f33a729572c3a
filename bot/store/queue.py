"""The queue: what waits for the team, the longest wait first."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.model import CaseState, HoldReason


@dataclass(frozen=True, slots=True)
class Waiting:
    """One case in a list: its code and how long, never who."""

    case_id: str
    code: str
    state: CaseState
    hold_reason: HoldReason | None
    since: datetime
    target_at: datetime | None
    automod: bool = False
    """Discord's AutoMod blocks the person because of their name."""


def to_decide(connection: sqlite3.Connection, most: int) -> list[Waiting]:
    """Held cases. One that a moderator keeps on hold has a new target, and goes behind the others."""
    rows = connection.execute(
        """
        SELECT id, code, state, hold_reason, target_at, automod, held_at AS since FROM cases
        WHERE state = 'held' AND asked_at IS NULL AND second_by IS NULL
        ORDER BY target_at, held_at LIMIT ?
        """,
        (most,),
    )
    return [_waiting(row) for row in rows]


def to_talk(connection: sqlite3.Connection, most: int) -> list[Waiting]:
    """Open cases of people who would like to talk to a person."""
    rows = connection.execute(
        """
        SELECT id, code, state, hold_reason, target_at, automod, wants_person_at AS since FROM cases
        WHERE wants_person_at IS NOT NULL AND state IN ('waiting', 'answering', 'held')
        ORDER BY wants_person_at LIMIT ?
        """,
        (most,),
    )
    return [_waiting(row) for row in rows]


def unanswered(connection: sqlite3.Connection, most: int) -> list[Waiting]:
    """Open cases of people who have not sent their answers, without those who would like to talk."""
    rows = connection.execute(
        """
        SELECT id, code, state, hold_reason, target_at, automod, opened_at AS since FROM cases
        WHERE state IN ('waiting', 'answering') AND listed = 1 AND wants_person_at IS NULL
        ORDER BY opened_at LIMIT ?
        """,
        (most,),
    )
    return [_waiting(row) for row in rows]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How long each list is."""
    row = connection.execute(
        """
        SELECT
            (SELECT count(*) FROM cases
                WHERE state = 'held' AND asked_at IS NULL AND second_by IS NULL) AS to_decide,
            (SELECT count(*) FROM cases WHERE wants_person_at IS NOT NULL
                AND state IN ('waiting', 'answering', 'held')) AS to_talk,
            (SELECT count(*) FROM cases WHERE state IN ('waiting', 'answering') AND listed = 1
                AND wants_person_at IS NULL) AS unanswered,
            (SELECT count(*) FROM task WHERE closed_at IS NULL) AS tasks,
            (SELECT count(*) FROM effect WHERE state = 'stuck')
                + (SELECT count(DISTINCT effect.kind) FROM stopped
                    JOIN effect ON effect.kind = stopped.kind AND effect.state = 'pending') AS stuck
        """
    ).fetchone()
    return dict(row)


def overdue(connection: sqlite3.Connection, now: datetime) -> int:
    """How many open cases have waited past their target."""
    row = connection.execute(
        """
        SELECT count(*) AS n FROM cases
        WHERE target_at IS NOT NULL AND target_at < ? AND state IN ('waiting', 'answering', 'held')
        """,
        (to_ms(now),),
    ).fetchone()
    return int(row["n"])


def _waiting(row: sqlite3.Row) -> Waiting:
    return Waiting(
        case_id=row["id"],
        code=row["code"],
        state=CaseState(row["state"]),
        hold_reason=HoldReason(row["hold_reason"]) if row["hold_reason"] else None,
        since=from_ms(row["since"]),
        target_at=None if row["target_at"] is None else from_ms(row["target_at"]),
        automod=bool(row["automod"]),
    )
