"""Fills a database with cases by the hundred thousand, as years of use would leave them.

The rows are written directly, since a million people cannot press buttons within a benchmark; what
is sealed in them opens with real keys only for the few people that the measurements look at.
"""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import to_ms
from bot.config import Config
from bot.ids import new_id
from bot.vault import Vault

BACKLOG = {"held": 200, "waiting": 400, "answering": 200}
"""Open cases, as many whatever the size: a team that keeps up has no more after ten years."""
ADMITTED_IN_TEN = 1
"""Of all others; the rest is closed, and mostly wiped."""

_SEALED_ID = 47
"""Bytes of a sealed Discord id."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was written."""

    cases: int
    present: tuple[int, ...]
    """Discord ids of people who are let in and here."""


def fill(connection: sqlite3.Connection, vault: Vault, config: Config, count: int, now: datetime) -> Crowd:
    """Write ``count`` cases of as many people, and what belongs to them."""
    questionnaire = config.questionnaire
    connection.execute(
        "INSERT OR IGNORE INTO questionnaire VALUES (?, ?, ?)",
        (questionnaire.content_hash, questionnaire.snapshot, to_ms(now)),
    )
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "foreign_keys = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {pragma}").fetchone()
    connection.execute("BEGIN")
    # Indexes are made at the end, which is faster; the trigger refuses cases that begin decided.
    put_back = [
        (row["kind"], row["name"], row["sql"])
        for row in connection.execute(
            """
            SELECT type AS kind, name, sql FROM sqlite_schema
            WHERE sql IS NOT NULL AND (type = 'index' OR name = 'case_never_begins_admitted')
            """
        )
    ]
    for kind, name, _ in put_back:
        connection.execute(f"DROP {kind} {name}")
    present: list[int] = []
    for part in _parts(count):
        _write_part(connection, vault, questionnaire.content_hash, part, count, now, present)
    for _, _, statement in put_back:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("ANALYZE")
    return Crowd(count, tuple(present))


def user_id(number: int) -> int:
    """Somebody's Discord id."""
    return 810_000_000_000_000_000 + number


def _parts(count: int) -> Iterator[range]:
    for start in range(0, count, 50_000):
        yield range(start, min(start + 50_000, count))


def state_of(number: int) -> str:
    """How the case with this number stands."""
    edge = 0
    for state, open_cases in BACKLOG.items():
        edge += open_cases
        if number < edge:
            return state
    if number % 10 < ADMITTED_IN_TEN:
        return "admitted"
    return ("declined", "left", "lapsed", "withdrawn")[number % 4]


def _write_part(
    connection: sqlite3.Connection,
    vault: Vault,
    sheet_hash: str,
    numbers: range,
    count: int,
    now: datetime,
    present: list[int],
) -> None:
    rows: list[list[tuple[object, ...]]] = [[] for _ in range(7)]
    people, identities, sheets, decisions, cases, disclosures, interests = rows
    for number in numbers:
        state = state_of(number)
        subject, case, key = new_id(), new_id(), new_id()
        opened = to_ms(now - timedelta(days=900) + timedelta(days=890) * (number / count))
        people.append((subject, vault.lookup(user_id(number)), key, opened))
        identities.append((subject, os.urandom(_SEALED_ID)))
        told = state in {"held", "admitted"}
        sheet = new_id() if told or state == "answering" else None
        if sheet:
            sheets.append((sheet, subject, "gate", sheet_hash, opened, opened if told else None))
        decision = new_id() if state in {"admitted", "declined", "held"} else None
        if decision:
            outcome = {"admitted": "admit", "declined": "decline", "held": "hold"}[state]
            by = subject if outcome == "decline" else None
            reason = "other" if outcome == "decline" else None
            disclosed = "some" if outcome == "admit" else None
            decisions.append((decision, case, outcome, int(by is None), by, reason, disclosed, opened))
        if told:
            disclosure = new_id()
            disclosures.append((disclosure, subject, case, 1, "some", "", "gate", sheet_hash, opened))
            interests.append(
                (new_id(), disclosure, 0, "industry", "self", "personal", "older", "no", "unaware")
            )
        if state == "admitted":
            present.append(user_id(number))
        closed = None if state in {"held", "waiting", "answering"} else opened
        cases.append(
            (
                case,
                _code(number),
                subject,
                sheet,
                state,
                "link_disclosed" if state == "held" else None,
                "en-US",
                opened,
                opened,
                opened if state == "held" else None,
                # Behind those who really answered, whose files can be opened.
                to_ms(now + timedelta(days=100)) if state == "held" else None,
                closed,
                decision if state in {"admitted", "declined"} else None,
                None if told or closed is None else closed,
                to_ms(now + timedelta(days=5)) if state in {"waiting", "answering"} else None,
            )
        )
    _insert(connection, *rows)


def _insert(connection: sqlite3.Connection, *rows: list[tuple[object, ...]]) -> None:
    people, identities, sheets, decisions, cases, disclosures, interests = rows
    connection.executemany("INSERT INTO subject (id, lookup, key_id, created_at) VALUES (?, ?, ?, ?)", people)
    connection.executemany("INSERT INTO identity VALUES (?, ?)", identities)
    connection.executemany(
        """
        INSERT INTO sheet (id, subject_id, source, questionnaire_hash, opened_at, sent_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        sheets,
    )
    connection.executemany(
        """
        INSERT INTO decision (id, case_id, outcome, automated, decided_by, reason_code, disclosed, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        decisions,
    )
    connection.executemany(
        """
        INSERT INTO cases (
            id, code, subject_id, sheet_id, state, hold_reason, locale, opened_at, last_activity_at, held_at,
            target_at, closed_at, decision_id, wiped_at, lapse_at
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        cases,
    )
    connection.executemany("INSERT INTO disclosure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", disclosures)
    connection.executemany("INSERT INTO interest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", interests)


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _code(number: int) -> str:
    """A code of its own for every number, spread like random ones."""
    spread = (number * 0x2545F491 + 0x1234567) % 32**6
    letters = "".join(_ALPHABET[spread >> shift & 31] for shift in range(25, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
