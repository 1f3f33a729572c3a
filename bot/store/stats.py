"""Numbers of the team, about nobody: what was decided lately, and how long people waited for it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import from_ms, to_ms
from bot.model import Outcome


@dataclass(frozen=True, slots=True)
class Made:
    """A decision that a person made."""

    outcome: Outcome
    wait: timedelta | None
    """From being held to this decision, if it is the first that a person made on the case."""
    at: datetime


def decided_since(connection: sqlite3.Connection, since: datetime, most: int) -> list[Made]:
    """The newest decisions of people since a moment, without those that only hold a case longer."""
    rows = connection.execute(
        """
        SELECT decision.outcome, decision.at, cases.held_at, EXISTS (
            SELECT 1 FROM decision AS earlier
            WHERE earlier.case_id = decision.case_id AND earlier.at < decision.at
                AND earlier.automated = 0 AND earlier.outcome <> 'hold'
        ) AS again
        FROM decision LEFT JOIN cases ON cases.id = decision.case_id
        WHERE decision.automated = 0 AND decision.at >= ? AND decision.outcome <> 'hold'
        ORDER BY decision.at DESC LIMIT ?
        """,
        (to_ms(since), most),
    )
    return [_made(row) for row in rows]


def _made(row: sqlite3.Row) -> Made:
    at = from_ms(row["at"])
    first = row["held_at"] is not None and row["held_at"] <= row["at"] and not row["again"]
    return Made(Outcome(row["outcome"]), at - from_ms(row["held_at"]) if first else None, at)


def appeals_decided(connection: sqlite3.Connection, since: datetime) -> tuple[int, int]:
    """How many appeals were decided since a moment, and how many of them changed something."""
    row = connection.execute(
        """
        SELECT count(*) AS decided,
            coalesce(sum(outcome IN ('changed', 'changed_in_part', 'sent_back')), 0) AS changed
        FROM appeal WHERE closed_at IS NOT NULL AND closed_at >= ? AND outcome <> 'withdrawn'
        """,
        (to_ms(since),),
    ).fetchone()
    return int(row["decided"]), int(row["changed"])


def concerns_closed(connection: sqlite3.Connection, reader_id: str, since: datetime) -> int:
    """How many concerns were closed since a moment, without those about the reader."""
    row = connection.execute(
        """
        SELECT count(*) AS n FROM concern
        WHERE closed_at IS NOT NULL AND closed_at >= ? AND about_id IS NOT ?
        """,
        (to_ms(since), reader_id),
    ).fetchone()
    return int(row["n"])
