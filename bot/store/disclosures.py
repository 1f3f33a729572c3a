"""The disclosure log: append-only, one row per submission or update, its interests beside it."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.model import Disclosed, Disclosure, Interest, Source
from bot.vault import PersonKey

_TYPED = ("organisation", "on_behalf_of", "goal")


@dataclass(frozen=True, slots=True)
class Logged:
    """A disclosure as it lies in the log."""

    id: str
    subject_id: str
    version: int
    source: Source
    at: datetime
    disclosure: Disclosure


def append(
    connection: sqlite3.Connection,
    key: PersonKey,
    *,
    subject_id: str,
    case_id: str | None,
    disclosure: Disclosure,
    source: Source,
    questionnaire_hash: str,
    now: datetime,
) -> Logged:
    """Log a disclosure as the person's next version."""
    row = connection.execute(
        "SELECT 1 + coalesce(max(version), 0) AS next FROM disclosure WHERE subject_id = ?", (subject_id,)
    ).fetchone()
    logged = Logged(new_id(), subject_id, row["next"], source, now, disclosure)
    connection.execute(
        "INSERT INTO disclosure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            logged.id, subject_id, case_id, logged.version, disclosure.disclosed.value, disclosure.gap,
            source.value, questionnaire_hash, to_ms(now),
        ),
    )  # fmt: skip
    if logged.version > 1:
        connection.execute(
            """
            INSERT INTO superseded SELECT id, ? FROM disclosure WHERE subject_id = ? AND version = ?
            ON CONFLICT DO NOTHING
            """,
            (to_ms(now), subject_id, logged.version - 1),
        )
    for ordinal, interest in enumerate(disclosure.interests, start=1):
        _append_interest(connection, key, logged.id, ordinal, interest)
    return logged


def _append_interest(
    connection: sqlite3.Connection, key: PersonKey, disclosure_id: str, ordinal: int, interest: Interest
) -> None:
    interest_id = new_id()
    connection.execute(
        "INSERT INTO interest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            interest_id, disclosure_id, ordinal, interest.category, interest.holder, interest.capacity,
            interest.period, interest.reporting_duty, interest.instructed,
        ),
    )  # fmt: skip
    codes = (
        ("relationship", interest.relationships),
        ("purpose", interest.purposes),
        ("data_use", interest.data_uses),
    )
    for kind, chosen in codes:
        rows = [(interest_id, kind, code) for code in chosen]
        connection.executemany("INSERT INTO interest_code VALUES (?, ?, ?)", rows)
    for name in _TYPED:
        text = getattr(interest, name)
        if text:
            sealed = key.seal(text, _place(interest_id, name))
            connection.execute("INSERT INTO interest_text VALUES (?, ?, ?)", (interest_id, name, sealed))


@dataclass(frozen=True, slots=True)
class NameTold:
    """The name of an organisation in a disclosure: when that was told, and the code of when the link was."""

    at: datetime
    period: str
    name: str = field(repr=False)


def names_told(
    connection: sqlite3.Connection, key: PersonKey, case_id: str, subject_id: str
) -> list[NameTold]:
    """The names in what was sent last with a case, and in what its person told last. ``key`` is theirs."""
    rows = connection.execute(
        """
        SELECT disclosure.at, interest.period, interest.id, interest_text.field, interest_text.sealed
        FROM disclosure CROSS JOIN interest ON interest.disclosure_id = disclosure.id
            CROSS JOIN interest_text ON interest_text.interest_id = interest.id
        WHERE disclosure.id IN (
            (SELECT id FROM disclosure WHERE case_id = :case ORDER BY version DESC LIMIT 1),
            (SELECT id FROM disclosure WHERE subject_id = :person ORDER BY version DESC LIMIT 1)
        ) AND interest_text.field IN ('organisation', 'on_behalf_of')
        """,
        {"case": case_id, "person": subject_id},
    )
    return [
        NameTold(from_ms(row["at"]), row["period"], key.open(row["sealed"], _place(row["id"], row["field"])))
        for row in rows
    ]


def current(connection: sqlite3.Connection, key: PersonKey, subject_id: str) -> Logged | None:
    """Somebody's newest disclosure."""
    row = connection.execute(
        "SELECT * FROM disclosure WHERE subject_id = ? ORDER BY version DESC LIMIT 1", (subject_id,)
    ).fetchone()
    return None if row is None else _logged(connection, key, row)


def current_of_case(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> Logged | None:
    """The newest disclosure that was sent with a case."""
    row = connection.execute(
        "SELECT * FROM disclosure WHERE case_id = ? ORDER BY version DESC LIMIT 1", (case_id,)
    ).fetchone()
    return None if row is None else _logged(connection, key, row)


def get(connection: sqlite3.Connection, key: PersonKey, disclosure_id: str) -> Logged | None:
    """The disclosure with this id."""
    row = connection.execute("SELECT * FROM disclosure WHERE id = ?", (disclosure_id,)).fetchone()
    return None if row is None else _logged(connection, key, row)


def of_version(
    connection: sqlite3.Connection, key: PersonKey, subject_id: str, version: int
) -> Logged | None:
    """One version of what somebody disclosed; None where it is gone, or never was."""
    row = connection.execute(
        "SELECT * FROM disclosure WHERE subject_id = ? AND version = ?", (subject_id, version)
    ).fetchone()
    return None if row is None else _logged(connection, key, row)


def delete(connection: sqlite3.Connection, disclosure_id: str) -> bool:
    """Delete one version; False when there is none."""
    rows = connection.execute("SELECT id FROM disclosure WHERE id = ?", (disclosure_id,)).fetchall()
    return bool(_delete(connection, [row["id"] for row in rows]))


def _logged(connection: sqlite3.Connection, key: PersonKey, row: sqlite3.Row) -> Logged:
    found = connection.execute(
        "SELECT * FROM interest WHERE disclosure_id = ? ORDER BY ordinal", (row["id"],)
    ).fetchall()
    interests = tuple(_interest(connection, key, interest) for interest in found)
    disclosure = Disclosure(Disclosed(row["disclosed"]), interests, row["gap"])
    return Logged(
        row["id"], row["subject_id"], row["version"], Source(row["source"]), from_ms(row["at"]), disclosure
    )


def _interest(connection: sqlite3.Connection, key: PersonKey, row: sqlite3.Row) -> Interest:
    codes: dict[str, list[str]] = {"relationship": [], "purpose": [], "data_use": []}
    chosen = connection.execute("SELECT kind, code FROM interest_code WHERE interest_id = ?", (row["id"],))
    for code in chosen:
        codes[code["kind"]].append(code["code"])
    typed = connection.execute("SELECT field, sealed FROM interest_text WHERE interest_id = ?", (row["id"],))
    words = {t["field"]: key.open(t["sealed"], _place(row["id"], t["field"])) for t in typed}
    return Interest(
        category=row["category"],
        relationships=tuple(codes["relationship"]),
        holder=row["holder"],
        capacity=row["capacity"],
        period=row["period"],
        purposes=tuple(codes["purpose"]),
        data_uses=tuple(codes["data_use"]),
        reporting_duty=row["reporting_duty"],
        instructed=row["instructed"],
        organisation=words.get("organisation", ""),
        on_behalf_of=words.get("on_behalf_of", ""),
        goal=words.get("goal", ""),
    )


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> list[str]:
    """Delete what was disclosed with a case; return the ids of what is gone."""
    rows = connection.execute("SELECT id FROM disclosure WHERE case_id = ?", (case_id,)).fetchall()
    return _delete(connection, [row["id"] for row in rows])


def ids_of_updates(connection: sqlite3.Connection, subject_id: str) -> list[str]:
    """The ids of what a member disclosed later, outside any case."""
    statement = "SELECT id FROM disclosure WHERE subject_id = ? AND case_id IS NULL"
    return [row["id"] for row in connection.execute(statement, (subject_id,))]


def delete_updates(connection: sqlite3.Connection, subject_id: str) -> list[str]:
    """Delete what a member disclosed later, outside any case; return the ids of what is gone."""
    return _delete(connection, ids_of_updates(connection, subject_id))


def delete_of_subject(connection: sqlite3.Connection, subject_id: str, *, but: str = "") -> list[str]:
    """Delete all that somebody disclosed, ``but`` for one; return the ids of what is gone."""
    statement = "SELECT id FROM disclosure WHERE subject_id = ? AND id <> ?"
    rows = connection.execute(statement, (subject_id, but)).fetchall()
    return _delete(connection, [row["id"] for row in rows])


def ids_of_subject(connection: sqlite3.Connection, subject_id: str) -> list[str]:
    """The ids of all that somebody disclosed, the newest first."""
    rows = connection.execute(
        "SELECT id FROM disclosure WHERE subject_id = ? ORDER BY version DESC", (subject_id,)
    )
    return [row["id"] for row in rows]


def newest_outcome(connection: sqlite3.Connection, subject_id: str) -> Disclosed | None:
    """What somebody's newest disclosure comes to; None where there is none."""
    row = connection.execute(
        "SELECT disclosed FROM disclosure WHERE subject_id = ? ORDER BY version DESC LIMIT 1", (subject_id,)
    ).fetchone()
    return None if row is None else Disclosed(row["disclosed"])


def questionnaire_hash(connection: sqlite3.Connection, disclosure_id: str) -> str:
    """The hash of the questionnaire that a disclosure was told with. Raises LookupError for none."""
    statement = "SELECT questionnaire_hash FROM disclosure WHERE id = ?"
    row = connection.execute(statement, (disclosure_id,)).fetchone()
    if row is None:
        raise LookupError("disclosure")
    return str(row["questionnaire_hash"])


def forget_goal(connection: sqlite3.Connection, disclosure_id: str) -> None:
    """Delete what somebody typed about what they are here for. The names of organisations stay."""
    connection.execute(
        """
        DELETE FROM interest_text
        WHERE field = 'goal' AND interest_id IN (SELECT id FROM interest WHERE disclosure_id = ?)
        """,
        (disclosure_id,),
    )


def _delete(connection: sqlite3.Connection, ids: list[str]) -> list[str]:
    for one in ids:
        disclosure_id = (one,)
        connection.execute("INSERT INTO permit VALUES ('disclosure', ?)", disclosure_id)
        connection.execute(
            """
            DELETE FROM interest_text WHERE interest_id IN (SELECT id FROM interest WHERE disclosure_id = ?)
            """,
            disclosure_id,
        )
        connection.execute(
            """
            DELETE FROM interest_code WHERE interest_id IN (SELECT id FROM interest WHERE disclosure_id = ?)
            """,
            disclosure_id,
        )
        connection.execute("DELETE FROM interest WHERE disclosure_id = ?", disclosure_id)
        connection.execute("DELETE FROM disclosure WHERE id = ?", disclosure_id)
    return ids


def _place(interest_id: str, field: str) -> str:
    return f"interest_text/sealed/{interest_id}/{field}"
