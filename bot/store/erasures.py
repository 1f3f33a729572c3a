"""Erasures that are on their way, and what an erasure needs to know about somebody."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.model import Scope
from bot.store import events

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Pending:
    """An erasure whose rows are gone, and whose line in the ledger and key may not be done yet."""

    id: str
    what: Scope
    subject_id: str
    case_id: str
    key_id: str
    at: datetime


def add(
    connection: sqlite3.Connection,
    what: Scope,
    now: datetime,
    *,
    subject_id: str,
    case_id: str = "",
    key_id: str = "",
    ref: str = "",
) -> Pending:
    """Leave an erasure to be carried through, once this is committed.

    Where the person stays, the log gets a line with its id: a database without that line is a copy from
    before, and has to be seen to again. ``ref`` names an erasure that was done before.
    """
    made = Pending(ref or new_id(), what, subject_id, case_id, key_id, now)
    connection.execute(
        "INSERT INTO erasure VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (made.id, what.value, subject_id, case_id, key_id, to_ms(now)),
    )
    if what is not Scope.PERSON:
        events.record(
            connection,
            now=now,
            actor=events.MACHINE,
            action="erasure.recorded",
            object_kind="erasure",
            object_id=made.id,
        )
    return made


def pending(connection: sqlite3.Connection, at_most: int = _AT_ONCE) -> list[Pending]:
    """Erasures to carry through, as many as are seen to at once; a negative number for all."""
    rows = connection.execute("SELECT * FROM erasure ORDER BY rowid LIMIT ?", (at_most,))
    return [
        Pending(
            row["id"],
            Scope(row["what"]),
            row["subject_id"],
            row["case_id"],
            row["key_id"],
            from_ms(row["at"]),
        )
        for row in rows
    ]


def finish(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """These erasures are carried through."""
    connection.executemany("DELETE FROM erasure WHERE id = ?", [(one,) for one in ids])


def people_still_here(connection: sqlite3.Connection, subject_ids: Sequence[str]) -> set[str]:
    """Which of some people are known."""
    rows = connection.execute(
        "SELECT id FROM subject WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(subject_ids),)
    )
    return {row["id"] for row in rows}


def recorded(connection: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
    """Which of some erasures the log knows of."""
    rows = connection.execute(
        "SELECT object_id FROM event WHERE object_id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
    )
    return {row["object_id"] for row in rows}


def counted(connection: sqlite3.Connection, subject_id: str) -> dict[str, int]:
    """How much of each kind there is about somebody."""
    row = connection.execute(
        """
        SELECT
            (SELECT count(*) FROM cases WHERE subject_id = :id) AS cases,
            (SELECT count(*) FROM sheet WHERE subject_id = :id) AS sheets,
            (SELECT count(*) FROM disclosure WHERE subject_id = :id) AS disclosures,
            (SELECT count(*) FROM cases JOIN decision ON decision.case_id = cases.id
                WHERE cases.subject_id = :id) AS decisions,
            (SELECT count(*) FROM cases JOIN letter ON letter.case_id = cases.id
                WHERE cases.subject_id = :id) AS letters,
            (SELECT count(*) FROM sent_message WHERE subject_id = :id) AS messages
        """,
        {"id": subject_id},
    ).fetchone()
    return dict(row)


def cards_naming(connection: sqlite3.Connection, subject_id: str) -> list[str]:
    """Cases that somebody decided or looks after as a moderator, whose cards may still name them.

    Written so that their decisions come first: few people decide at all, but those who do decide so much
    that SQLite, going by averages, would rather read every decision than look for one person's.
    """
    rows = connection.execute(
        """
        SELECT case_id FROM card WHERE case_id IN (SELECT case_id FROM decision WHERE decided_by = :id)
        UNION SELECT item_id FROM claim WHERE holder_id = :id AND kind = 'case'
        """,
        {"id": subject_id},
    )
    return [row["case_id"] for row in rows]


def delete_told(connection: sqlite3.Connection, subject_id: str) -> None:
    """Delete what follows from what somebody told: tasks, and where messages to them are."""
    connection.execute("DELETE FROM task WHERE subject_id = ?", (subject_id,))
    connection.execute("DELETE FROM sent_message WHERE subject_id = ?", (subject_id,))


def delete_asides(connection: sqlite3.Connection, subject_id: str) -> None:
    """Delete what lies beside somebody's cases: tasks, who looked, messages that were sent."""
    delete_told(connection, subject_id)
    connection.execute("DELETE FROM access WHERE subject_id = ?", (subject_id,))
