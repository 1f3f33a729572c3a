"""All that happened to a case, out of the event log."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. ``actor`` is a subject id, ``machine`` or ``operator``."""

    at: datetime
    actor: str
    action: str
    payload: Mapping[str, str]


def lines_of_case(connection: sqlite3.Connection, case_id: str) -> list[Line]:
    """The lines about a case and about all that was decided, proposed, asked and appealed in it, in order."""
    rows = connection.execute(
        """
        SELECT at, actor, action, payload FROM event LEFT JOIN event_payload USING (seq)
        WHERE object_id IN (
            SELECT :id
            UNION ALL SELECT id FROM decision WHERE case_id = :id
            UNION ALL SELECT id FROM motion WHERE case_id = :id
            UNION ALL SELECT id FROM appeal WHERE case_id = :id
            UNION ALL SELECT id FROM condition WHERE case_id = :id
            UNION ALL SELECT id FROM recusal WHERE case_id = :id
            UNION ALL SELECT ref FROM question WHERE case_id = :id
            UNION ALL SELECT id FROM disclosure WHERE case_id = :id
        )
        ORDER BY seq
        """,
        {"id": case_id},
    )
    return [
        Line(from_ms(row["at"]), row["actor"], row["action"], json.loads(row["payload"] or "{}"))
        for row in rows
    ]
