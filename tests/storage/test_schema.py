"""What the schema itself refuses, whatever the code above it does."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.database import connect
from bot.migrations import FOLDER, migrate
from bot.store import disclosures
from tests.support import ABOUT_NIL, ANN, LINK_OLD, World

DECISION = {
    "id": "D",
    "case_id": "C",
    "outcome": "admit",
    "automated": 0,
    "decided_by": "M",
    "reason_code": None,
    "rule_id": None,
    "disclosed": "none",
    "disclosure_version": 1,
    "questionnaire_hash": None,
    "at": 0,
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A migrated database with one person, one answering case and one disclosure."""
    with closing(connect(tmp_path / "main.db")) as opened:
        migrate(opened, FOLDER / "main")
        opened.execute("INSERT INTO subject (id, lookup, key_id, created_at) VALUES ('S', x'01', 'K', 0)")
        opened.execute("INSERT INTO questionnaire VALUES ('Q', '{}', 0)")
        case(opened)
        opened.execute("INSERT INTO disclosure VALUES ('P', 'S', 'C', 1, 'some', '', 'gate', 'Q', 0)")
        opened.execute("INSERT INTO interest VALUES ('I', 'P', 1, 'industry', 'self', '', 'older', '', '')")
        opened.execute("INSERT INTO interest_code VALUES ('I', 'relationship', 'employment')")
        opened.execute("INSERT INTO event VALUES (1, 1, 0, 'machine', 'a', 'k', 'o', x'', x'', x'')")
        decide(opened, id="OLD", outcome="hold")
        yield opened


def case(connection: sqlite3.Connection, case_id: str = "C", state: str = "answering", **given: Any) -> None:
    """Insert a case."""
    row = {"id": case_id, "code": case_id, "subject_id": "S", "state": state, "locale": "en", **given}
    insert(connection, "cases", {**row, "opened_at": 0, "last_activity_at": 0})


def decide(connection: sqlite3.Connection, **given: Any) -> None:
    """Insert a decision like the usual one, but for what is given."""
    insert(connection, "decision", {**DECISION, **given})


def insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    """Insert a row by column names."""
    marks = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


@pytest.mark.parametrize(
    "given",
    [
        {"automated": 1, "decided_by": None, "outcome": "decline", "reason_code": "x"},
        {"automated": 1, "decided_by": None, "outcome": "redirect", "reason_code": "x"},
        {"automated": 0, "decided_by": None},
        {"disclosed": "undisclosed"},
        {"disclosed": None},
        {"automated": 1, "decided_by": None, "disclosed": "undisclosed"},
        {"outcome": "decline", "reason_code": None},
        {"outcome": "redirect", "reason_code": None},
        {"outcome": "ban"},
    ],
)
def test_decisions_that_may_not_be_are_refused(connection: sqlite3.Connection, given: dict[str, Any]) -> None:
    """Machines refuse nobody, undisclosed is admitted by nobody, refusals have reasons, people have names."""
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        decide(connection, **given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"automated": 1, "decided_by": None},
        {"automated": 1, "decided_by": None, "outcome": "hold", "disclosed": "undisclosed"},
        {"outcome": "decline", "reason_code": "x", "disclosed": "undisclosed"},
        {"outcome": "redirect", "reason_code": "x", "disclosed": None},
    ],
)
def test_decisions_that_may_be_are_taken(connection: sqlite3.Connection, given: dict[str, Any]) -> None:
    """So that the refusals above are about what they say."""
    decide(connection, **given)


def test_a_person_has_one_open_case(connection: sqlite3.Connection) -> None:
    """A second is refused while one is open, and taken when it is closed."""
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        case(connection, "C2", "waiting")

    connection.execute("UPDATE cases SET state = 'withdrawn', closed_at = 1 WHERE id = 'C'")
    case(connection, "C2", "waiting")


@pytest.mark.parametrize("state", ["held", "admitted", "declined", "left"])
def test_a_case_begins_waiting_or_answering(connection: sqlite3.Connection, state: str) -> None:
    """It is never born further on."""
    connection.execute("UPDATE cases SET state = 'withdrawn', closed_at = 1 WHERE id = 'C'")

    with pytest.raises(sqlite3.IntegrityError, match="begins waiting"):
        case(connection, "C2", state, closed_at=1, decision_id="OLD", hold_reason="x", held_at=1)


@pytest.mark.parametrize("decision_id", [None, "OLD", "NOSUCH", "OTHER"])
def test_nobody_is_admitted_without_an_admitting_decision_on_this_case(
    connection: sqlite3.Connection, decision_id: str | None
) -> None:
    """Not without one, nor with one that holds, that does not exist, or that is about another case."""
    decide(connection, id="OTHER", case_id="ELSEWHERE")

    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(
            "UPDATE cases SET state = 'admitted', closed_at = 1, decision_id = ? WHERE id = 'C'",
            (decision_id,),
        )
    assert connection.execute("SELECT state FROM cases").fetchone()[0] == "answering"


def test_an_admitting_decision_admits(connection: sqlite3.Connection) -> None:
    """The way that is meant."""
    decide(connection)

    connection.execute("UPDATE cases SET state = 'admitted', closed_at = 1, decision_id = 'D' WHERE id = 'C'")

    assert connection.execute("SELECT state FROM cases").fetchone()[0] == "admitted"


@pytest.mark.parametrize(
    "change",
    [
        "state = 'declined', closed_at = 1",
        "state = 'redirected', closed_at = 1",
        "state = 'held'",
        "state = 'held', hold_reason = 'unclear'",
        "state = 'left'",
        "closed_at = 1",
        "state = 'thinking'",
    ],
)
def test_states_carry_what_belongs_to_them(connection: sqlite3.Connection, change: str) -> None:
    """A refusal its decision, a hold its reason and time, an ending its time, and nothing open an ending."""
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(f"UPDATE cases SET {change} WHERE id = 'C'")


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        ("disclosure", "id", "disclosed = 'none'"),
        ("interest", "id", "period = 'current'"),
        ("interest_code", "code", "code = 'unpaid'"),
        ("decision", "id", "decided_by = 'somebody else'"),
        ("event", "seq", "actor = 'somebody else'"),
    ],
)
def test_append_only_tables_are_append_only(
    connection: sqlite3.Connection, table: str, key: str, column: str
) -> None:
    """Neither UPDATE nor DELETE nor INSERT OR REPLACE gets past the triggers."""
    before = [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")]
    marks = ", ".join("?" for _ in before[0])
    changed = ["x" if isinstance(v, str) and i else v for i, v in enumerate(before[0])]
    attempts: list[tuple[str, tuple[Any, ...]]] = [
        (f"UPDATE {table} SET {column}", ()),
        (f"DELETE FROM {table}", ()),
        (f"DELETE FROM {table} WHERE {key} IS NOT NULL", ()),
        (f"INSERT OR REPLACE INTO {table} VALUES ({marks})", tuple(before[0])),
        (f"REPLACE INTO {table} VALUES ({marks})", tuple(changed)),
    ]

    for statement, values in attempts:
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement, values)
        assert [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")] == before


def test_a_permit_deletes_one_row_once(connection: sqlite3.Connection) -> None:
    """It is used up by the deletion it allows."""
    decide(connection)
    connection.execute("INSERT INTO permit VALUES ('decision', 'D')")

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM decision WHERE id = 'OLD'")
    connection.execute("DELETE FROM decision WHERE id = 'D'")

    assert connection.execute("SELECT * FROM permit").fetchall() == []
    decide(connection)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM decision WHERE id = 'D'")


def test_deleting_the_disclosures_of_a_case_uses_up_its_permits(connection: sqlite3.Connection) -> None:
    """Interests and codes go with it, and nothing is left to be used twice."""
    disclosures.delete_of_case(connection, "C")

    for table in ("disclosure", "interest", "interest_code", "interest_text", "permit"):
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == [], table


@pytest.mark.parametrize(
    ("disclosed", "gap"), [("undisclosed", ""), ("none", "partial"), ("some", "refused")]
)
def test_a_gap_belongs_to_what_is_undisclosed(
    connection: sqlite3.Connection, disclosed: str, gap: str
) -> None:
    """And only to that."""
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(
            "INSERT INTO disclosure VALUES ('P2', 'S', 'C', 2, ?, ?, 'gate', 'Q', 0)", (disclosed, gap)
        )


async def test_the_event_log_is_a_chain_that_anybody_can_recompute(world: World) -> None:
    """By hand, from the documented form: each line holds the hash before it and commits to its payload."""
    await world.held()
    await world.decline()
    await world.send(ANN, ABOUT_NIL)
    rows = await world.rows(
        "SELECT seq, epoch, at, actor, action, object_kind, object_id, commitment, prev_hash, hash,"
        " salt, payload FROM event JOIN event_payload USING (seq) ORDER BY seq"
    )

    previous = bytes(32)
    names = ("seq", "epoch", "at", "actor", "action", "object_kind", "object_id")
    for *fields, commitment, prev_hash, line_hash, salt, payload in rows:
        entry = {**dict(zip(names, fields, strict=True)), "commitment": commitment.hex()}
        canonical = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        assert prev_hash == previous
        assert commitment == hashlib.sha256(salt + payload.encode()).digest()
        assert line_hash == hashlib.sha256(b"\x00" + previous + canonical).digest()
        previous = line_hash
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 8


async def test_state_event_and_effects_are_one_commit(world: World) -> None:
    """Where the last statement of a unit fails, nothing of it is there."""
    ref = await world.answer(ANN, {**ABOUT_NIL, "links": "yes"}, LINK_OLD)
    await world.run(
        "CREATE TRIGGER no_effects BEFORE INSERT ON effect BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    before = await world.rows("SELECT seq FROM event")

    with pytest.raises(sqlite3.IntegrityError):
        await world.submission.send(ANN, ref, {"statements": ["true", "named", "keep", "update"]})

    assert await world.states() == ["answering"]
    assert await world.rows("SELECT seq FROM event") == before
    for table in ("disclosure", "verdict", "decision", "letter"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
