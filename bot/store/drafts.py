"""Drafts: what was begun and never sent, and what leads to something that has closed.

Only its age tells that nobody comes back for it. Sheets are looked through a stretch at a time, by the
order in which they were opened, so that no pass reads them all.
"""

import sqlite3
from datetime import datetime

from bot.clock import to_ms


def stretch(connection: sqlite3.Connection, after: int, most: int) -> int | None:
    """The end of the next stretch of sheets; None when none come after."""
    row = connection.execute(
        """
        SELECT max(place) AS at
        FROM (SELECT rowid AS place FROM sheet WHERE rowid > ? ORDER BY rowid LIMIT ?)
        """,
        (after, most),
    ).fetchone()
    return None if row["at"] is None else int(row["at"])


def expire_sheets(connection: sqlite3.Connection, after: int, upto: int, before: datetime) -> None:
    """In a stretch of sheets, delete changes never sent, and forms that can save nothing any more."""
    values = {"after": after, "upto": upto, "before": to_ms(before)}
    connection.execute(
        """
        DELETE FROM sheet WHERE rowid > :after AND rowid <= :upto
            AND source = 'update' AND sent_at IS NULL AND opened_at < :before
            AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.sheet_id = sheet.id AND saved_at >= :before)
        """,
        values,
    )
    connection.execute(
        """
        DELETE FROM form WHERE minted_at < :before AND sheet_id IN (
            SELECT sheet.id FROM sheet LEFT JOIN cases ON cases.sheet_id = sheet.id
            WHERE sheet.rowid > :after AND sheet.rowid <= :upto AND CASE
                WHEN cases.id IS NULL THEN sheet.sent_at < :before
                ELSE cases.state NOT IN ('waiting', 'answering', 'held') AND cases.closed_at < :before
            END
        )
        """,
        values,
    )


def expire_proposals(connection: sqlite3.Connection, before: datetime) -> None:
    """Delete decisions that were written and never sent."""
    connection.execute("DELETE FROM proposal WHERE made_at < ?", (to_ms(before),))


def expire_views(connection: sqlite3.Connection, before: datetime) -> None:
    """Delete openings of files of cases that have closed: their buttons lead nowhere any more.

    The last one of each moderator stays: it says that the log still needs to know them.
    """
    connection.execute(
        """
        DELETE FROM file_view WHERE at < :before AND NOT EXISTS (
            SELECT 1 FROM cases WHERE cases.id = file_view.case_id
                AND (closed_at IS NULL OR closed_at >= :before)
        ) AND EXISTS (
            SELECT 1 FROM file_view AS later
            WHERE later.moderator_id = file_view.moderator_id AND later.rowid > file_view.rowid
        )
        """,
        {"before": to_ms(before)},
    )
