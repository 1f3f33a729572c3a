"""Marks: when something about the whole gate last happened."""

import sqlite3
from datetime import datetime

from bot.clock import from_ms, to_ms

SWEPT = "swept"
"""The last sweep that looked at the clock."""

RECONCILED = "reconciled"
"""The last complete look at everybody in the server."""

ASKED = "asked_earlier_members"
"""The last time that members from before the bot were asked about their links."""

CHECKED = "checked"
"""The last time somebody asked whether anything can be written."""

ANCHORED = "anchored"
"""The last day on which the end of the log was written down outside the database."""

ALERTED = "alerted"
"""Up to when the team has been told what is past its time."""

TIDIED = "tidied"
"""The last look through the drafts of moderators."""


def at(connection: sqlite3.Connection, name: str) -> datetime | None:
    """When it last happened; None if it never did."""
    row = connection.execute("SELECT at FROM mark WHERE name = ?", (name,)).fetchone()
    return None if row is None else from_ms(row["at"])


def note(connection: sqlite3.Connection, name: str, now: datetime) -> None:
    """It happened now."""
    connection.execute(
        "INSERT INTO mark (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
        (name, to_ms(now)),
    )
