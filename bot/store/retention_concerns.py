"""What is kept for a while of what members told the team about others: what of it is due to go."""

import sqlite3

from bot.clock import from_ms, to_ms
from bot.store.retention import Kept, Span


def concerns_of_reporters(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Closed concerns of which it is still known who told them, or what they wrote."""
    rows = connection.execute(
        """
        SELECT id, code, closed_at FROM concern
        WHERE closed_at IS NOT NULL AND closed_at >= :since AND closed_at < :before
            AND (reporter_id IS NOT NULL OR sealed IS NOT NULL)
        ORDER BY closed_at LIMIT :most
        """,
        {"since": to_ms(span.since), "before": to_ms(span.before), "most": most},
    )
    return [Kept(row["id"], row["code"], from_ms(row["closed_at"])) for row in rows]


def concerns_closed(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Closed concerns."""
    rows = connection.execute(
        """
        SELECT id, code, closed_at FROM concern
        WHERE closed_at IS NOT NULL AND closed_at >= :since AND closed_at < :before
        ORDER BY closed_at LIMIT :most
        """,
        {"since": to_ms(span.since), "before": to_ms(span.before), "most": most},
    )
    return [Kept(row["id"], row["code"], from_ms(row["closed_at"])) for row in rows]
