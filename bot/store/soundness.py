"""Whether a database file is whole, to be asked of a copy before anybody relies on it."""

import json
import sqlite3
from collections.abc import Iterable


def is_whole(connection: sqlite3.Connection) -> bool:
    """Whether every page and every index is as it should be, and no reference leads nowhere."""
    try:
        answers = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError:
        return False
    return answers == ["ok"] and dangling is None


def keys_needed(connection: sqlite3.Connection) -> dict[str, str]:
    """The key of each person who is known: subject id by key id."""
    return {row["key_id"]: row["id"] for row in connection.execute("SELECT id, key_id FROM subject")}


def keys_there(connection: sqlite3.Connection, key_ids: Iterable[str]) -> set[str]:
    """Which of some keys are in a file of keys."""
    rows = connection.execute(
        "SELECT id FROM person_key WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(key_ids)),),
    )
    return {row["id"] for row in rows}
