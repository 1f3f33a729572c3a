"""Master keys in keys.db: which are in use, and which rows each of them wraps."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Master:
    """A master key by its id; ``bridge`` is the key itself, wrapped with the other one in use."""

    id: str
    is_current: bool
    bridge: bytes | None


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A row of keys.db. ``master_id`` is empty when it was wrapped before masters had ids."""

    id: str
    wrapped: bytes
    master_id: str


LOOKUP = "lookup"
REGISTER = "register"
SECRETS = (LOOKUP, REGISTER)
"""The secrets of the community, by name: what people are found by, and what organisations' names are."""
ALWAYS_THERE = frozenset({LOOKUP})
"""Those that every file with a key in it has, however old it is."""


def all_of(connection: sqlite3.Connection) -> list[Master]:
    """The master keys in use: none in a new file, one, or two while one takes the place of the other."""
    rows = connection.execute("SELECT id, state, bridge FROM master ORDER BY state")
    return [Master(row["id"], row["state"] == "current", row["bridge"]) for row in rows]


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether a file is that far: an older version may have made it, or a crash cut its making short."""
    found = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,))
    return found.fetchone() is not None


def any_key(connection: sqlite3.Connection) -> bool:
    """Whether a key was ever made here."""
    return connection.execute("SELECT 1 FROM person_key LIMIT 1").fetchone() is not None


def current(connection: sqlite3.Connection) -> str:
    """The id of the master that new keys are wrapped with."""
    row = connection.execute("SELECT id FROM master WHERE state = 'current'").fetchone()
    return "" if row is None else str(row["id"])


def begin(connection: sqlite3.Connection, master_id: str) -> None:
    """Take the first master key into use; all that was wrapped before is its own."""
    connection.execute("INSERT INTO master VALUES (?, 'current', NULL)", (master_id,))
    connection.execute("UPDATE secret SET master_id = ? WHERE master_id = ''", (master_id,))
    connection.execute("UPDATE person_key SET master_id = ? WHERE master_id = ''", (master_id,))


def succeed(connection: sqlite3.Connection, new: Master, old_bridge: bytes) -> None:
    """Have another master key take the place of the current one; until that is done, both are in use."""
    connection.execute("UPDATE master SET state = 'old', bridge = ?", (old_bridge,))
    connection.execute("INSERT INTO master VALUES (?, 'current', ?)", (new.id, new.bridge))


def retire_old(connection: sqlite3.Connection) -> None:
    """Let go of the master key that was replaced, and of the bridge to it."""
    connection.execute("DELETE FROM master WHERE state = 'old'")
    connection.execute("UPDATE master SET bridge = NULL")


def secret_named(connection: sqlite3.Connection, name: str) -> Wrapped | None:
    """A secret of the community."""
    row = connection.execute("SELECT * FROM secret WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    # A file from before masters had ids is looked into before it is brought up to date.
    return Wrapped(name, row["wrapped"], row["master_id"] if "master_id" in row.keys() else "")  # noqa: SIM118 - a row's own "in" looks at values


def add_secret(connection: sqlite3.Connection, secret: Wrapped) -> None:
    """Keep a secret of the community."""
    connection.execute(
        "INSERT INTO secret (name, wrapped, master_id) VALUES (?, ?, ?)",
        (secret.id, secret.wrapped, secret.master_id),
    )


def secrets_not_on(connection: sqlite3.Connection, master_id: str) -> list[Wrapped]:
    """Secrets that another master wraps."""
    rows = connection.execute(
        "SELECT name, wrapped, master_id FROM secret WHERE master_id <> ?", (master_id,)
    )
    return [Wrapped(row["name"], row["wrapped"], row["master_id"]) for row in rows]


def keys_not_on(connection: sqlite3.Connection, master_id: str, after: str, most: int) -> list[Wrapped]:
    """Keys that another master wraps, in the order of their ids from ``after`` on."""
    rows = connection.execute(
        """
        SELECT id, wrapped, master_id FROM person_key WHERE id > ? AND master_id <> ?
        ORDER BY id LIMIT ?
        """,
        (after, master_id, most),
    )
    return [Wrapped(row["id"], row["wrapped"], row["master_id"]) for row in rows]


def any_not_on(connection: sqlite3.Connection, master_id: str) -> bool:
    """Whether another master still wraps anything."""
    row = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM secret WHERE master_id <> :id)
            OR EXISTS (SELECT 1 FROM person_key WHERE master_id <> :id) AS found
        """,
        {"id": master_id},
    ).fetchone()
    return bool(row["found"])


def rewrite(connection: sqlite3.Connection, secrets: Sequence[Wrapped], keys: Sequence[Wrapped]) -> None:
    """Put rows back that are wrapped anew."""
    connection.executemany(
        "UPDATE secret SET wrapped = ?, master_id = ? WHERE name = ?",
        [(row.wrapped, row.master_id, row.id) for row in secrets],
    )
    connection.executemany(
        "UPDATE person_key SET wrapped = ?, master_id = ? WHERE id = ?",
        [(row.wrapped, row.master_id, row.id) for row in keys],
    )


def key_of(connection: sqlite3.Connection, key_id: str) -> Wrapped | None:
    """A person's key; None when it was destroyed."""
    statement = "SELECT wrapped, master_id FROM person_key WHERE id = ?"
    row = connection.execute(statement, (key_id,)).fetchone()
    return None if row is None else Wrapped(key_id, row["wrapped"], row["master_id"])


def every_key(connection: sqlite3.Connection) -> Iterator[Wrapped]:
    """All keys, one after the other."""
    for row in connection.execute("SELECT id, wrapped, master_id FROM person_key"):
        yield Wrapped(row["id"], row["wrapped"], row["master_id"])


def changes(connection: sqlite3.Connection) -> int:
    """A number that is another one once another connection has changed the file."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
