"""Waves: many people joining at once, and who came with which."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.ids import new_id


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave that is going on."""

    id: str
    began_at: datetime
    last_join_at: datetime


def current(connection: sqlite3.Connection) -> Wave | None:
    """The wave that is going on; there is at most one."""
    row = connection.execute("SELECT id, began_at, last_join_at FROM wave WHERE ended_at IS NULL").fetchone()
    return None if row is None else Wave(row["id"], from_ms(row["began_at"]), from_ms(row["last_join_at"]))


def came_between(connection: sqlite3.Connection, first: datetime, last: datetime, most: int) -> int:
    """How many came between two moments and belong to no wave yet; it stops counting at ``most``."""
    rows = connection.execute(
        "SELECT 1 FROM cases WHERE opened_at BETWEEN ? AND ? AND wave_id IS NULL LIMIT ?",
        (to_ms(first), to_ms(last), most),
    )
    return len(rows.fetchall())


def begin(connection: sqlite3.Connection, first: datetime, last: datetime) -> tuple[Wave, int]:
    """A wave of everybody who came between two moments, and how many they are."""
    wave_id = new_id()
    values = {"id": wave_id, "first": to_ms(first), "last": to_ms(last)}
    connection.execute(
        """
        INSERT INTO wave (id, began_at, last_join_at)
        SELECT :id, coalesce(min(opened_at), :last), :last FROM cases
        WHERE opened_at BETWEEN :first AND :last AND wave_id IS NULL
        """,
        values,
    )
    cursor = connection.execute(
        "UPDATE cases SET wave_id = :id WHERE opened_at BETWEEN :first AND :last AND wave_id IS NULL", values
    )
    row = connection.execute("SELECT began_at FROM wave WHERE id = ?", (wave_id,)).fetchone()
    return Wave(wave_id, from_ms(row["began_at"]), last), cursor.rowcount


def add(connection: sqlite3.Connection, wave: Wave, case_ids: Sequence[str], now: datetime) -> None:
    """More people came with a wave, except for those who are only noticed now and came before it."""
    since = to_ms(min(wave.began_at, now))
    cursor = connection.executemany(
        "UPDATE cases SET wave_id = ? WHERE id = ? AND opened_at >= ? AND wave_id IS NULL",
        [(wave.id, case_id, since) for case_id in case_ids],
    )
    if cursor.rowcount > 0:
        touch(connection, wave, now)


def touch(connection: sqlite3.Connection, wave: Wave, now: datetime) -> None:
    """Somebody came with a wave just now."""
    connection.execute("UPDATE wave SET last_join_at = ? WHERE id = ?", (to_ms(now), wave.id))


def end(connection: sqlite3.Connection, wave: Wave, now: datetime) -> None:
    """A wave is over."""
    connection.execute("UPDATE wave SET ended_at = ? WHERE id = ?", (to_ms(now), wave.id))


def still_known(connection: sqlite3.Connection, wave_id: str) -> int:
    """How many cases of a wave there are. Of whoever left without beginning, nothing is kept."""
    row = connection.execute("SELECT count(*) AS n FROM cases WHERE wave_id = ?", (wave_id,)).fetchone()
    return int(row["n"])


def answered(connection: sqlite3.Connection, wave_id: str) -> int:
    """How many people of a wave have sent their answers."""
    row = connection.execute(
        """
        SELECT count(*) AS n FROM cases
        WHERE wave_id = ? AND EXISTS (SELECT 1 FROM verdict WHERE verdict.case_id = cases.id)
        """,
        (wave_id,),
    ).fetchone()
    return int(row["n"])


def came(connection: sqlite3.Connection, wave: Wave) -> int:
    """How many people came with a wave, those who left again among them.

    The log still has their lines. It is read backwards, no further than the wave goes.
    """
    found = 0
    for row in connection.execute("SELECT at, action FROM event ORDER BY seq DESC"):
        if row["at"] < to_ms(wave.began_at):
            break
        found += row["action"] == "case.opened" and row["at"] <= to_ms(wave.last_join_at)
    return max(found, still_known(connection, wave.id))
