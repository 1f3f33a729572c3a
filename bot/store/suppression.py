"""People whose request a person had to see to, and who had everything deleted since: a keyed hash each.

Until its time is up, a person looks when they ask again. Nothing else is kept of them.
"""

import sqlite3
from datetime import datetime

from bot.clock import from_ms, to_ms


def keep(connection: sqlite3.Connection, lookup: bytes, until: datetime) -> None:
    """Have a person look until then; what was to last longer still does."""
    connection.execute(
        """
        INSERT INTO suppression_key (lookup, until) VALUES (?, ?)
        ON CONFLICT (lookup) DO UPDATE SET until = max(until, excluded.until)
        """,
        (lookup, to_ms(until)),
    )


def until(connection: sqlite3.Connection, lookup: bytes, now: datetime) -> datetime | None:
    """Until when a person looks; None where nobody has to."""
    row = connection.execute(
        "SELECT until FROM suppression_key WHERE lookup = ? AND until > ?", (lookup, to_ms(now))
    ).fetchone()
    return None if row is None else from_ms(row["until"])
