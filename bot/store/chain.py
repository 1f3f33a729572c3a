"""The event log as it lies there, read for whoever verifies it. Nothing here changes anything."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Line = tuple[int, int, int, str, str, str, str, bytes, bytes, bytes, bytes | None, str | None]
"""seq, epoch, at, actor, action, object_kind, object_id, commitment, prev_hash, hash, salt, payload."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log, as it is noted beside it."""

    seq: int
    hash: bytes
    epoch: int
    unchecked: int


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """See one state of the database throughout, with pages at hand: much of it is looked at twice."""
    connection.execute("PRAGMA cache_size = -32000")
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def head(connection: sqlite3.Connection) -> Head | None:
    """Where the log has to end; None when that is not on record."""
    row = connection.execute("SELECT seq, hash, epoch, unchecked FROM log_head").fetchone()
    return None if row is None else Head(*row)


def lines(connection: sqlite3.Connection) -> Iterator[Line]:
    """Every line with what it says, in order, as plain tuples."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(
        """
        SELECT event.*, salt, payload FROM event LEFT JOIN event_payload ON event_payload.seq = event.seq
        ORDER BY event.seq
        """
    )


def line(connection: sqlite3.Connection, seq: int) -> tuple[int, bytes] | None:
    """The time (milliseconds) and hash of one line; None when it is not there."""
    row = connection.execute("SELECT at, hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else (row["at"], row["hash"])


def first_seq(connection: sqlite3.Connection) -> int | None:
    """The number of the first line that is there."""
    row = connection.execute("SELECT seq FROM event ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else int(row["seq"])


def emptied_at(connection: sqlite3.Connection, epoch: int) -> int | None:
    """The line that says that the lines of a stretch were let go of."""
    row = connection.execute(
        "SELECT seq FROM event WHERE object_id = ? AND action = 'epoch.emptied'", (str(epoch),)
    ).fetchone()
    return None if row is None else int(row["seq"])


def is_newer(connection: sqlite3.Connection, upto: int) -> bool:
    """Whether a line up to this one is of a kind that came only with lines for what is deleted."""
    row = connection.execute(
        """
        SELECT 1 FROM event WHERE seq <= ?
            AND (object_kind IN ('decision', 'epoch') OR action LIKE '%.deleted' OR action = 'subject.erased')
        LIMIT 1
        """,
        (upto,),
    ).fetchone()
    return row is not None


def payloads(connection: sqlite3.Connection) -> int:
    """How many lines still say something."""
    return int(connection.execute("SELECT count(*) FROM event_payload").fetchone()[0])


def loose_payloads(connection: sqlite3.Connection, most: int) -> list[int]:
    """The numbers of payloads whose line is not there."""
    rows = connection.execute(
        """
        SELECT seq FROM event_payload AS said
        WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.seq = said.seq) LIMIT ?
        """,
        (most,),
    )
    return [row["seq"] for row in rows]


def permits(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Permits to delete that were left behind: table and row."""
    return [tuple(row) for row in connection.execute("SELECT table_name, row_id FROM permit LIMIT 100")]


def damage(connection: sqlite3.Connection) -> list[str]:
    """What SQLite itself finds wrong with the file."""
    return [row[0] for row in connection.execute("PRAGMA integrity_check(100)") if row[0] != "ok"]


def loose_references(connection: sqlite3.Connection) -> list[tuple[str, int | None, str]]:
    """Rows that refer to one that is not there: table, number of the row, the other table."""
    return [(row[0], row[1], row[2]) for row in connection.execute("PRAGMA foreign_key_check")][:100]


def objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Tables, indexes and triggers by kind and name, each with the statement that makes it."""
    rows = connection.execute(
        r"SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'"
    )
    return {(row[0], row[1]): " ".join((row[2] or "").split()) for row in rows}


def migrations(connection: sqlite3.Connection) -> dict[int, tuple[str, str]]:
    """The migrations that were applied: name and hash by number."""
    rows = connection.execute("SELECT number, name, sha256 FROM migration")
    return {row[0]: (row[1], row[2]) for row in rows}


def not_named(connection: sqlite3.Connection, since: int) -> Iterator[tuple[str, str, bool]]:
    """Rows without the line that says how they came: kind, id, whether another line claims to.

    ``since`` is a time in milliseconds: no line is missed for what is older. A case may have been opened
    before its line: when somebody's joining was noticed late.
    """
    return _tuples(
        connection,
        """
        SELECT kind, id, claimed FROM (
            SELECT 'case' AS kind, id, opened_at AS at, EXISTS (
                SELECT 1 FROM event WHERE object_id = cases.id AND action = 'case.opened'
            ) AS claimed
            FROM cases WHERE NOT EXISTS (
                SELECT 1 FROM event
                WHERE object_id = cases.id AND action = 'case.opened' AND event.at >= opened_at
                    AND actor IN (subject_id, 'machine')
            )
            UNION ALL
            SELECT 'decision', id, at, EXISTS (SELECT 1 FROM event WHERE object_id = decision.id)
            FROM decision WHERE NOT EXISTS (
                SELECT 1 FROM event LEFT JOIN event_payload USING (seq)
                WHERE object_id = decision.id AND action = 'decision.' || outcome AND event.at = decision.at
                    AND actor = coalesce(decided_by, 'machine')
                    AND coalesce(
                        CASE WHEN json_valid(payload) THEN json_extract(payload, '$.case') END, case_id
                    ) = case_id
            )
            UNION ALL
            SELECT 'disclosure', id, at, EXISTS (SELECT 1 FROM event WHERE object_id = disclosure.id)
            FROM disclosure WHERE NOT EXISTS (
                SELECT 1 FROM event LEFT JOIN event_payload USING (seq)
                WHERE object_id = disclosure.id AND action = 'disclosure.logged'
                    AND event.at = disclosure.at AND actor = subject_id
                    AND coalesce(
                        CASE WHEN json_valid(payload) THEN json_extract(payload, '$.version') END,
                        CAST(version AS TEXT)
                    ) = CAST(version AS TEXT)
                    AND coalesce(
                        CASE WHEN json_valid(payload) THEN json_extract(payload, '$.disclosed') END, disclosed
                    ) = disclosed
            )
        ) WHERE claimed OR at > :since
        """,
        {"since": since},
    )


def astray(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Cases whose decision is about another case: the case, the decision."""
    return _tuples(
        connection,
        """
        SELECT cases.id, decision.id FROM cases JOIN decision ON decision.id = cases.decision_id
        WHERE decision.case_id <> cases.id
        """,
        {},
    )


def contradicted(connection: sqlite3.Connection, unchecked: int) -> Iterator[tuple[str, str, int, bool]]:
    """What is gone without a line that says so, and what is there though one says that it is gone.

    Kind, id, the first line that names it, whether it is there. Lines up to ``unchecked`` do not count.
    """
    return _tuples(
        connection,
        """
        SELECT kind, id, seq, is_there FROM (
            SELECT object_kind AS kind, object_id AS id, seq, action IN (
                    'case.deleted', 'decision.deleted', 'disclosure.deleted', 'subject.erased'
                ) AS is_deletion,
                CASE object_kind
                    WHEN 'case' THEN EXISTS (SELECT 1 FROM cases WHERE cases.id = object_id)
                    WHEN 'decision' THEN EXISTS (SELECT 1 FROM decision WHERE decision.id = object_id)
                    WHEN 'disclosure' THEN EXISTS (SELECT 1 FROM disclosure WHERE disclosure.id = object_id)
                    ELSE EXISTS (SELECT 1 FROM subject WHERE subject.id = object_id)
                END AS is_there
            FROM event
            WHERE seq > :unchecked AND object_kind IN ('case', 'decision', 'disclosure', 'subject')
        ) AS named
        -- The last line about something that is gone mostly says so, and is looked at first.
        WHERE CASE WHEN is_there OR is_deletion THEN is_there AND is_deletion ELSE (
                SELECT action FROM event WHERE object_id = named.id ORDER BY seq DESC LIMIT 1
            ) NOT IN ('case.deleted', 'decision.deleted', 'disclosure.deleted', 'subject.erased')
            AND NOT EXISTS (
                SELECT 1 FROM event WHERE object_id = named.id AND action IN (
                    'case.deleted', 'decision.deleted', 'disclosure.deleted', 'subject.erased'
                )
            )
            AND NOT EXISTS (
                SELECT 1 FROM event AS earlier
                WHERE earlier.object_id = named.id AND earlier.object_kind = named.kind
                    AND earlier.seq < named.seq AND earlier.seq > :unchecked
            ) END
        """,
        {"unchecked": unchecked},
    )


def how_many(connection: sqlite3.Connection) -> dict[str, int]:
    """How many cases, decisions and disclosures there are."""
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM decision),
            (SELECT count(*) FROM disclosure)
        """
    ).fetchone()
    return dict(zip(("case", "decision", "disclosure"), row, strict=True))


def time_of(connection: sqlite3.Connection, upto: int) -> int:
    """The latest time of the lines up to one, in milliseconds; 0 when there are none."""
    statement = "SELECT coalesce(max(at), 0) AS at FROM event WHERE seq <= ?"
    return int(connection.execute(statement, (upto,)).fetchone()["at"])


def _tuples(connection: sqlite3.Connection, statement: str, values: dict[str, int]) -> Iterator[Any]:
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(statement, values)
