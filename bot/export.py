"""Exports: the disclosure log and the cases, decrypted, to a file that only its owner can read.

Columns are stable: new ones are added at the end. Lists are joined with ``;`` in CSV.
"""

import contextlib
import csv
import io
import json
import os
import sqlite3
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from bot.clock import from_ms
from bot.foundation import Foundation
from bot.interests import is_paid_now
from bot.store import access, decisions, disclosures, events, register
from bot.store.access import Looked, Purpose


class What(StrEnum):
    """What can be exported."""

    DISCLOSURES = "disclosures"
    CASES = "cases"


class Format(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSON = "json"


DISCLOSURE_COLUMNS = (
    "disclosure_id", "case_code", "discord_id", "version", "at", "disclosed", "gap", "source",
    "questionnaire_hash", "interest", "category", "organisation", "on_behalf_of", "relationships", "holder",
    "capacity", "period", "purposes", "data_uses", "reporting_duty", "instructed", "goal", "paid_now",
)  # fmt: skip
"""One row per interest; a nil return and an undisclosed one have a row with empty interest columns."""

CASE_COLUMNS = (
    "case_code", "discord_id", "state", "hold_reason", "opened_at", "held_at", "closed_at", "wants_person",
    "outcome", "automated", "decided_by", "reason_code", "rule_id", "disclosed", "disclosure_version",
    "message_to_person",
)  # fmt: skip
"""One row per case, with its last decision."""

Row = dict[str, Any]


async def export(foundation: Foundation, what: What, format_: Format, path: Path) -> int:
    """Write an export to a new file of mode 0600 and return how many rows it has.

    That everybody's records were read is on record before anything is in the file, and stays so if the
    writing is cut short; nothing of the file does. Raises FileExistsError rather than overwrite a file.
    """
    rows = await foundation.database.read(lambda connection: list(_rows(foundation, connection, what)))
    columns = DISCLOSURE_COLUMNS if what is What.DISCLOSURES else CASE_COLUMNS
    text = as_csv(rows, columns) if format_ is Format.CSV else json.dumps(rows, ensure_ascii=False, indent=2)
    with _new_file(path) as file:
        await foundation.database.write(lambda connection: _note(connection, foundation, what, len(rows)))
        file.write(text)
    return len(rows)


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """A new file of mode 0600, whatever the umask; taken away again if it does not become whole."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(descriptor, 0o600)
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _note(connection: sqlite3.Connection, foundation: Foundation, what: What, rows: int) -> None:
    now = foundation.now()
    access.note(
        connection,
        actor=access.OPERATOR,
        action=Looked.EXPORT,
        purpose=Purpose.EXPORT,
        now=now,
        subject_id=None,
    )
    events.record(
        connection,
        now=now,
        actor=access.OPERATOR,
        action="export.made",
        object_kind="export",
        object_id=what.value,
        payload={"rows": str(rows)},
    )


def as_csv(rows: list[Row], columns: tuple[str, ...]) -> str:
    """Rows as CSV. A cell that a spreadsheet would run as a formula is defused with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        value = ";".join(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _rows(foundation: Foundation, connection: sqlite3.Connection, what: What) -> Iterator[Row]:
    if what is What.CASES:
        return (_case_row(foundation, connection, row) for row in register.cases(connection))
    found = register.disclosures(connection)
    return (line for row in found for line in _disclosure_rows(foundation, connection, row))


def _who(foundation: Foundation, connection: sqlite3.Connection, subject_id: str | None) -> str:
    return str(foundation.user_id(connection, subject_id) or "") if subject_id else ""


def _when(milliseconds: int | None) -> str:
    return "" if milliseconds is None else from_ms(milliseconds).isoformat(timespec="seconds")


def _disclosure_rows(
    foundation: Foundation, connection: sqlite3.Connection, row: sqlite3.Row
) -> Iterator[Row]:
    key = foundation.key_of(connection, row["subject_id"])
    logged = disclosures.get(connection, key, row["id"])
    head = {
        "disclosure_id": row["id"],
        "case_code": row["code"] or "",
        "discord_id": _who(foundation, connection, row["subject_id"]),
        "version": row["version"],
        "at": _when(row["at"]),
        "disclosed": row["disclosed"],
        "gap": row["gap"],
        "source": row["source"],
        "questionnaire_hash": row["questionnaire_hash"],
    }
    empty = dict.fromkeys(DISCLOSURE_COLUMNS[len(head) :])
    interests = logged.disclosure.interests if logged else ()
    if not interests:
        yield {**head, **empty}
    for number, interest in enumerate(interests, start=1):
        yield {
            **head,
            "interest": number,
            "category": interest.category,
            "organisation": interest.organisation,
            "on_behalf_of": interest.on_behalf_of,
            "relationships": list(interest.relationships),
            "holder": interest.holder,
            "capacity": interest.capacity,
            "period": interest.period,
            "purposes": list(interest.purposes),
            "data_uses": list(interest.data_uses),
            "reporting_duty": interest.reporting_duty,
            "instructed": interest.instructed,
            "goal": interest.goal,
            "paid_now": is_paid_now(interest),
        }


def _case_row(foundation: Foundation, connection: sqlite3.Connection, row: sqlite3.Row) -> Row:
    key = foundation.key_of(connection, row["subject_id"])
    letter = decisions.latest_letter(connection, key, row["id"])
    return {
        "case_code": row["code"],
        "discord_id": _who(foundation, connection, row["subject_id"]),
        "state": row["state"],
        "hold_reason": row["hold_reason"] or "",
        "opened_at": _when(row["opened_at"]),
        "held_at": _when(row["held_at"]),
        "closed_at": _when(row["closed_at"]),
        "wants_person": row["wants_person_at"] is not None,
        "outcome": row["outcome"] or "",
        "automated": None if row["automated"] is None else bool(row["automated"]),
        "decided_by": _who(foundation, connection, row["decided_by"]),
        "reason_code": row["reason_code"] or "",
        "rule_id": row["rule_id"] or "",
        "disclosed": row["disclosed"] or "",
        "disclosure_version": row["disclosure_version"],
        "message_to_person": letter.delivery.value if letter else "",
    }
