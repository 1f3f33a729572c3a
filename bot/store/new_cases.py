"""Opening cases: one, or those of many people at once."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.clock import to_ms
from bot.ids import new_case_code, new_ids
from bot.store.cases import Case, again
from bot.timing import Turn


def open_new(connection: sqlite3.Connection, subject_id: str, locale: str, now: datetime, turn: Turn) -> Case:
    """Open a case in ``waiting``. The database refuses a second open one for the same person."""
    return again(connection, open_all(connection, [subject_id], locale, now, turn)[0])


def open_all(
    connection: sqlite3.Connection, subject_ids: Sequence[str], locale: str, now: datetime, turn: Turn
) -> list[str]:
    """Open a case for each of several people at once; return the cases' ids in the same order."""
    ids = new_ids(len(subject_ids))
    rows = list(zip(ids, _free_codes(connection, len(ids)), subject_ids, strict=True))
    # One statement for all of them: SQLite guards each statement that a trigger may end with a journal.
    connection.execute(
        """
        INSERT INTO cases (id, code, subject_id, state, locale, opened_at, last_activity_at, lapse_at)
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
            'waiting', :locale, :now, :now, :lapse_at
        FROM json_each(:rows)
        """,
        {
            "rows": json.dumps(rows),
            "locale": locale,
            "now": to_ms(now),
            "lapse_at": turn.columns["lapse_at"],
        },
    )
    return ids


def _free_codes(connection: sqlite3.Connection, count: int) -> list[str]:
    """Codes that no case and no concern has: they are short, so that in a full database some are taken."""
    free = set[str]()
    while len(free) < count:
        fresh = [new_case_code() for _ in range(count - len(free))]
        taken = connection.execute(
            """
            SELECT code FROM cases WHERE code IN (SELECT value FROM json_each(:fresh))
            UNION ALL SELECT code FROM concern WHERE code IN (SELECT value FROM json_each(:fresh))
            """,
            {"fresh": json.dumps(fresh)},
        )
        free |= set(fresh).difference(row["code"] for row in taken)
    return list(free)
