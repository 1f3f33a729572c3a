"""The pause: while there is one, the machine lets nobody in."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when the gate is paused, and the subject id of the moderator who did it."""

    since: datetime
    by_subject: str


def current(connection: sqlite3.Connection) -> Pause | None:
    """The pause, if the gate is paused."""
    row = connection.execute("SELECT since, by_subject FROM pause WHERE only_one = 1").fetchone()
    return None if row is None else Pause(from_ms(row["since"]), row["by_subject"])


def begin(connection: sqlite3.Connection, by_subject: str, now: datetime) -> bool:
    """Pause the gate; False when it is paused already."""
    cursor = connection.execute(
        "INSERT INTO pause VALUES (1, ?, ?) ON CONFLICT (only_one) DO NOTHING", (to_ms(now), by_subject)
    )
    return cursor.rowcount == 1


def end(connection: sqlite3.Connection) -> bool:
    """End the pause; False when there was none."""
    return connection.execute("DELETE FROM pause").rowcount == 1
