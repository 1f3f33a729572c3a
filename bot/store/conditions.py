"""Conditions that people are admitted on, with their wording sealed."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.model import Condition, ConditionCode
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Recorded:
    """A condition on record."""

    id: str
    case_id: str
    decision_id: str
    """The decision that made it."""
    condition: Condition
    starts_at: datetime
    ended_at: datetime | None
    ended_why: str
    """``time``, ``decision`` or ``access``; empty while it holds."""


def add_all(
    connection: sqlite3.Connection,
    key: PersonKey,
    *,
    case_id: str,
    decision_id: str,
    conditions: Iterable[Condition],
    now: datetime,
) -> list[str]:
    """Record the conditions that a decision makes; return their ids."""
    ids = []
    for one in conditions:
        condition_id = new_id()
        ids.append(condition_id)
        connection.execute(
            "INSERT INTO condition VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
            (
                condition_id, case_id, decision_id, one.code.value,
                key.seal(one.text, _place(condition_id)) if one.text else None, to_ms(now),
                None if one.ends_at is None else to_ms(one.ends_at),
            ),
        )  # fmt: skip
    return ids


def of_case(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> list[Recorded]:
    """All conditions of a case, in the order in which they were made."""
    rows = connection.execute(
        "SELECT * FROM condition WHERE case_id = ? ORDER BY starts_at, rowid", (case_id,)
    )
    return [_recorded(key, row) for row in rows]


def in_force(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> tuple[Condition, ...]:
    """The conditions of a case that hold."""
    rows = connection.execute(
        "SELECT * FROM condition WHERE case_id = ? AND ended_at IS NULL ORDER BY starts_at, rowid", (case_id,)
    )
    return tuple(_recorded(key, row).condition for row in rows)


def get(connection: sqlite3.Connection, key: PersonKey, condition_id: str) -> Recorded | None:
    """The condition with this id."""
    row = connection.execute("SELECT * FROM condition WHERE id = ?", (condition_id,)).fetchone()
    return None if row is None else _recorded(key, row)


def end_of_case(connection: sqlite3.Connection, case_id: str, why: str, now: datetime) -> list[str]:
    """End what holds in a case; return the ids of what did."""
    rows = connection.execute("SELECT id FROM condition WHERE case_id = ? AND ended_at IS NULL", (case_id,))
    ids = [row["id"] for row in rows]
    for condition_id in ids:
        end(connection, condition_id, why, now)
    return ids


def end(connection: sqlite3.Connection, condition_id: str, why: str, now: datetime) -> None:
    """End one condition."""
    connection.execute(
        "UPDATE condition SET ended_at = ?, ended_why = ? WHERE id = ? AND ended_at IS NULL",
        (to_ms(now), why, condition_id),
    )


def due(connection: sqlite3.Connection, now: datetime, most: int) -> list[tuple[str, str]]:
    """Conditions whose time is over, the longest ago first: their ids, each with its case."""
    rows = connection.execute(
        """
        SELECT id, case_id FROM condition
        WHERE ended_at IS NULL AND ends_at IS NOT NULL AND ends_at <= ? ORDER BY ends_at LIMIT ?
        """,
        (to_ms(now), most),
    )
    return [(row["id"], row["case_id"]) for row in rows]


def _recorded(key: PersonKey, row: sqlite3.Row) -> Recorded:
    text = "" if row["sealed"] is None else key.open(row["sealed"], _place(row["id"]))
    ends_at = None if row["ends_at"] is None else from_ms(row["ends_at"])
    return Recorded(
        id=row["id"],
        case_id=row["case_id"],
        decision_id=row["decision_id"],
        condition=Condition(ConditionCode(row["code"]), text, ends_at),
        starts_at=from_ms(row["starts_at"]),
        ended_at=None if row["ended_at"] is None else from_ms(row["ended_at"]),
        ended_why=row["ended_why"] or "",
    )


def _place(condition_id: str) -> str:
    return f"condition/sealed/{condition_id}"
