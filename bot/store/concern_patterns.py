"""How often somebody tells of others, and is told of: counts, never texts."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.store.concerns import ConcernKind


def sent_since(
    connection: sqlite3.Connection, reporter_id: str, since: datetime
) -> list[tuple[ConcernKind, datetime]]:
    """What kinds somebody told since a moment, and when; the oldest first."""
    rows = connection.execute(
        "SELECT kind, opened_at FROM concern WHERE reporter_id = ? AND opened_at > ? ORDER BY opened_at",
        (reporter_id, to_ms(since)),
    )
    return [(ConcernKind(row["kind"]), from_ms(row["opened_at"])) for row in rows]


def count_about(connection: sqlite3.Connection, about_id: str, since: datetime) -> int:
    """How many concerns about somebody came since a moment."""
    row = connection.execute(
        "SELECT count(*) AS n FROM concern WHERE about_id = ? AND opened_at > ?", (about_id, to_ms(since))
    ).fetchone()
    return int(row["n"])


def people_who_told(connection: sqlite3.Connection, about_id: str) -> int:
    """How many different people told about somebody; those who are forgotten are not counted."""
    row = connection.execute(
        "SELECT count(DISTINCT reporter_id) AS n FROM concern WHERE about_id = ?", (about_id,)
    ).fetchone()
    return int(row["n"])


def kinds_about(
    connection: sqlite3.Connection, about_id: str, without: str = ""
) -> Mapping[ConcernKind, int]:
    """How many concerns of each kind there are about somebody, without one of them."""
    rows = connection.execute(
        """
        SELECT kind, count(*) AS n FROM concern WHERE about_id = ? AND id <> ? GROUP BY kind ORDER BY kind
        """,
        (about_id, without),
    )
    return {ConcernKind(row["kind"]): int(row["n"]) for row in rows}


def kinds_told(connection: sqlite3.Connection, reporter_id: str) -> Mapping[ConcernKind, int]:
    """How many concerns of each kind somebody told."""
    rows = connection.execute(
        "SELECT kind, count(*) AS n FROM concern WHERE reporter_id = ? GROUP BY kind ORDER BY kind",
        (reporter_id,),
    )
    return {ConcernKind(row["kind"]): int(row["n"]) for row in rows}


def see_first(connection: sqlite3.Connection, task_id: str, moderator_id: str) -> str:
    """Note the first of two people who looked at a task, and say who that is, by subject id."""
    connection.execute("UPDATE task SET seen_by = coalesce(seen_by, ?) WHERE id = ?", (moderator_id, task_id))
    row = connection.execute("SELECT seen_by FROM task WHERE id = ?", (task_id,)).fetchone()
    return str(row["seen_by"])


def seen_by(connection: sqlite3.Connection, task_id: str) -> str:
    """The first of two people who looked at a task; empty as long as nobody has."""
    row = connection.execute("SELECT seen_by FROM task WHERE id = ?", (task_id,)).fetchone()
    return "" if row is None or row["seen_by"] is None else str(row["seen_by"])
