"""People and the file of keys, read page by page for whoever verifies that they belong together."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a key."""

    id: str
    lookup: bytes
    key_id: str


def people(connection: sqlite3.Connection, after: str, most: int) -> list[Holder]:
    """The next people, by id."""
    rows = connection.execute(
        "SELECT id, lookup, key_id FROM subject WHERE id > ? ORDER BY id LIMIT ?", (after, most)
    )
    return [Holder(*row) for row in rows]


def has_secrets(keys: sqlite3.Connection) -> bool:
    """Whether the file of keys was ever begun: without its secrets nobody is found again."""
    return keys.execute("SELECT 1 FROM secret LIMIT 1").fetchone() is not None


def settled(keys: sqlite3.Connection, after: str, most: int) -> list[str]:
    """The next keys, by id, that were seen in use."""
    statement = "SELECT id FROM person_key WHERE settled = 1 AND id > ? ORDER BY id LIMIT ?"
    return [row["id"] for row in keys.execute(statement, (after, most))]


def still_settled(keys: sqlite3.Connection, key_ids: Iterable[str]) -> list[str]:
    """Those of some keys that are still there and in use."""
    statement = "SELECT 1 FROM person_key WHERE id = ? AND settled = 1"
    return [key_id for key_id in key_ids if keys.execute(statement, (key_id,)).fetchone()]


def owned(connection: sqlite3.Connection, key_ids: list[str]) -> set[str]:
    """Those of some keys that belong to somebody, to an errand, or to an erasure on its way."""
    rows = connection.execute(
        """
        SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM subject WHERE key_id = value)
            OR EXISTS (SELECT 1 FROM errand WHERE key_id = value)
            OR EXISTS (SELECT 1 FROM erasure WHERE key_id = value)
        """,
        (json.dumps(key_ids),),
    )
    return {row["value"] for row in rows}
