"""People known to the bot: found by keyed hash, named only in a sealed row."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.ids import new_ids
from bot.vault import PersonKey, Vault


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, by random id."""

    id: str
    key_id: str


def find(connection: sqlite3.Connection, lookup: bytes) -> Subject | None:
    """The person with this lookup hash."""
    row = connection.execute("SELECT id, key_id FROM subject WHERE lookup = ?", (lookup,)).fetchone()
    return None if row is None else Subject(row["id"], row["key_id"])


def lookup_of(connection: sqlite3.Connection, subject_id: str) -> bytes | None:
    """The hash that somebody is found by."""
    row = connection.execute("SELECT lookup FROM subject WHERE id = ?", (subject_id,)).fetchone()
    return None if row is None else bytes(row["lookup"])


def get(connection: sqlite3.Connection, subject_id: str) -> Subject | None:
    """The person with this id."""
    row = connection.execute("SELECT id, key_id FROM subject WHERE id = ?", (subject_id,)).fetchone()
    return None if row is None else Subject(row["id"], row["key_id"])


def find_or_add(connection: sqlite3.Connection, vault: Vault, user_id: int, now: datetime) -> Subject:
    """The person with this Discord id, made known if they were not."""
    lookup = vault.lookup(user_id)
    return find(connection, lookup) or add_all(connection, vault, {lookup: user_id}, now)[0]


def add_all(
    connection: sqlite3.Connection, vault: Vault, newcomers: Mapping[bytes, int], now: datetime
) -> list[Subject]:
    """Make people known who are not: Discord ids by their lookup hash. Returns them in the same order."""
    vault.have_ready(len(newcomers))
    people, identities, found = [], [], []
    for (lookup, user_id), subject_id in zip(newcomers.items(), new_ids(len(newcomers)), strict=True):
        key = vault.mint()
        subject = Subject(subject_id, key.id)
        people.append((subject.id, lookup, key.id, to_ms(now)))
        identities.append((subject.id, key.seal(str(user_id), _place(subject.id))))
        found.append(subject)
    connection.executemany("INSERT INTO subject (id, lookup, key_id, created_at) VALUES (?, ?, ?, ?)", people)
    connection.executemany("INSERT INTO identity (subject_id, sealed) VALUES (?, ?)", identities)
    return found


def user_id(connection: sqlite3.Connection, key: PersonKey, subject_id: str) -> int | None:
    """Somebody's Discord id; None when it has been erased."""
    row = connection.execute("SELECT sealed FROM identity WHERE subject_id = ?", (subject_id,)).fetchone()
    return None if row is None else int(key.open(row["sealed"], _place(subject_id)))


def told_at(connection: sqlite3.Connection, subject_id: str) -> datetime | None:
    """When a message last arrived at somebody."""
    row = connection.execute("SELECT told_at FROM subject WHERE id = ?", (subject_id,)).fetchone()
    return None if row is None or row["told_at"] is None else from_ms(row["told_at"])


def note_told(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    """A message arrived at somebody."""
    connection.execute("UPDATE subject SET told_at = ? WHERE id = ?", (to_ms(now), subject_id))


def delete(connection: sqlite3.Connection, subject_id: str) -> None:
    """Forget a person who has no case any more."""
    connection.execute("DELETE FROM subject WHERE id = ?", (subject_id,))


def is_needed(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether anything still refers to a person: a case, a disclosure, a decision they made, membership.

    A task about them, a draft of theirs, the pause, or a notice that is yet to name them count as well;
    a look at a file does not: its line says when and what for, and outlives whoever looked.
    """
    row = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM cases WHERE subject_id = :id)
            OR EXISTS (SELECT 1 FROM disclosure WHERE subject_id = :id)
            OR EXISTS (SELECT 1 FROM sheet WHERE subject_id = :id)
            OR EXISTS (SELECT 1 FROM decision WHERE decided_by = :id)
            OR EXISTS (SELECT 1 FROM decision WHERE confirmed_by = :id)
            OR EXISTS (SELECT 1 FROM motion WHERE proposed_by = :id)
            OR EXISTS (SELECT 1 FROM vote WHERE moderator_id = :id)
            OR EXISTS (SELECT 1 FROM question WHERE asked_by = :id)
            OR EXISTS (SELECT 1 FROM appeal WHERE decided_by = :id)
            OR EXISTS (SELECT 1 FROM note WHERE by_id = :id)
            OR EXISTS (SELECT 1 FROM concern WHERE closed_by = :id)
            OR EXISTS (SELECT 1 FROM concern WHERE reporter_id = :id)
            OR EXISTS (SELECT 1 FROM concern WHERE about_id = :id)
            OR EXISTS (SELECT 1 FROM recusal WHERE moderator_id = :id)
            OR EXISTS (SELECT 1 FROM outside_reviewer WHERE subject_id = :id OR added_by = :id)
            OR EXISTS (SELECT 1 FROM claim WHERE holder_id = :id)
            OR EXISTS (SELECT 1 FROM moderator WHERE subject_id = :id AND gone_at IS NULL)
            OR EXISTS (SELECT 1 FROM file_view WHERE moderator_id = :id)
            OR EXISTS (SELECT 1 FROM earlier_member WHERE subject_id = :id)
            OR EXISTS (SELECT 1 FROM task WHERE subject_id = :id
                AND (closed_at IS NULL OR kind = 'unrecorded_role'))
            OR EXISTS (SELECT 1 FROM proposal WHERE moderator_id = :id)
            OR EXISTS (SELECT 1 FROM pause WHERE only_one = 1 AND by_subject = :id)
            OR EXISTS (SELECT 1 FROM effect
                WHERE kind = 'notice' AND state <> 'done' AND instr(target, :id)) AS needed
        """,
        {"id": subject_id},
    ).fetchone()
    return bool(row["needed"])


def belongs_inside(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether somebody was a member before the bot came, or has worked as a moderator."""
    row = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM earlier_member WHERE subject_id = :id)
            OR EXISTS (SELECT 1 FROM decision WHERE decided_by = :id)
            OR EXISTS (SELECT 1 FROM file_view WHERE moderator_id = :id) AS inside
        """,
        {"id": subject_id},
    ).fetchone()
    return bool(row["inside"])


def pair(connection: sqlite3.Connection) -> str:
    """The id shared with the keys that belong to this database; empty when there is none yet."""
    row = connection.execute("SELECT id FROM pair").fetchone()
    return "" if row is None else str(row["id"])


def set_pair(connection: sqlite3.Connection, pair_id: str) -> None:
    """Belong to a file of keys."""
    connection.execute("INSERT INTO pair VALUES (1, ?)", (pair_id,))


def any_known(connection: sqlite3.Connection) -> bool:
    """Whether anybody is known here."""
    return connection.execute("SELECT 1 FROM subject LIMIT 1").fetchone() is not None


def known_keys(connection: sqlite3.Connection, key_ids: list[str]) -> set[str]:
    """Which of these keys belong to somebody, or to what is left to do for somebody."""
    statement = """
        SELECT 1 FROM subject WHERE key_id = :id UNION ALL SELECT 1 FROM errand WHERE key_id = :id LIMIT 1
        """
    return {key_id for key_id in key_ids if connection.execute(statement, {"id": key_id}).fetchone()}


def _place(subject_id: str) -> str:
    return f"identity/sealed/{subject_id}"
