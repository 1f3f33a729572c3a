"""Whether a database file is whole, to be asked of a copy before anybody relies on it."""

import json
import sqlite3


def is_whole(connection: sqlite3.Connection) -> bool:
    """Whether every page and every index is as it should be, and no reference leads nowhere."""
    try:
        answers = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError:
        return False
    return answers == ["ok"] and dangling is None


def without_keys(database: sqlite3.Connection, keys: sqlite3.Connection) -> list[str]:
    """Who is known in a database, by subject id, and has no key in a file of keys."""
    needed = {row["key_id"]: row["id"] for row in database.execute("SELECT id, key_id FROM subject")}
    rows = keys.execute(
        "SELECT id FROM person_key WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(needed)),)
    )
    there = {row["id"] for row in rows}
    return [subject_id for key_id, subject_id in needed.items() if key_id not in there]
