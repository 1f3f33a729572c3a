"""Sheets: a set of answers being given, with its entries and open forms."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.answers import Answer, Entry
from bot.clock import from_ms, to_ms
from bot.ids import new_id
from bot.model import Source
from bot.questionnaire import Questionnaire
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Sheet:
    """A set of answers, on the questionnaire it was begun with."""

    id: str
    subject_id: str
    source: Source
    questionnaire_hash: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Form:
    """An open form: what is submitted under this ref lands in this entry."""

    ref: str
    sheet_id: str
    page_id: str
    entry_id: str


def keep_questionnaire(connection: sqlite3.Connection, questionnaire: Questionnaire, now: datetime) -> None:
    """Keep a questionnaire under its content hash, for as long as somebody answers it."""
    connection.execute(
        "INSERT INTO questionnaire (hash, snapshot, first_used_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (questionnaire.content_hash, questionnaire.snapshot, to_ms(now)),
    )


def questionnaire_snapshot(connection: sqlite3.Connection, content_hash: str) -> str:
    """The snapshot kept under a content hash."""
    row = connection.execute("SELECT snapshot FROM questionnaire WHERE hash = ?", (content_hash,)).fetchone()
    return str(row["snapshot"])


def open_new(
    connection: sqlite3.Connection,
    subject_id: str,
    source: Source,
    questionnaire: Questionnaire,
    now: datetime,
) -> Sheet:
    """Open a sheet on a questionnaire."""
    keep_questionnaire(connection, questionnaire, now)
    sheet_id = new_id()
    connection.execute(
        "INSERT INTO sheet (id, subject_id, source, questionnaire_hash, opened_at) VALUES (?, ?, ?, ?, ?)",
        (sheet_id, subject_id, source.value, questionnaire.content_hash, to_ms(now)),
    )
    return Sheet(sheet_id, subject_id, source, questionnaire.content_hash, None)


def get(connection: sqlite3.Connection, sheet_id: str) -> Sheet | None:
    """The sheet with this id."""
    row = connection.execute("SELECT * FROM sheet WHERE id = ?", (sheet_id,)).fetchone()
    return None if row is None else _sheet(row)


def latest(connection: sqlite3.Connection, subject_id: str, source: Source | None = None) -> Sheet | None:
    """Somebody's newest sheet, of one source or of any."""
    row = connection.execute(
        """
        SELECT * FROM sheet WHERE subject_id = ? AND (? = '' OR source = ?)
        ORDER BY opened_at DESC, rowid DESC LIMIT 1
        """,
        (subject_id, source or "", source or ""),
    ).fetchone()
    return None if row is None else _sheet(row)


def _sheet(row: sqlite3.Row) -> Sheet:
    sent_at = None if row["sent_at"] is None else from_ms(row["sent_at"])
    return Sheet(row["id"], row["subject_id"], Source(row["source"]), row["questionnaire_hash"], sent_at)


def mark_source(connection: sqlite3.Connection, sheet_id: str, source: Source) -> None:
    """Say where the answers on a sheet come from."""
    connection.execute("UPDATE sheet SET source = ? WHERE id = ?", (source.value, sheet_id))


def mark_sent(connection: sqlite3.Connection, sheet_id: str, now: datetime | None) -> None:
    """The sheet was sent; None takes it back for changes."""
    sent_at = None if now is None else to_ms(now)
    connection.execute("UPDATE sheet SET sent_at = ? WHERE id = ?", (sent_at, sheet_id))


def delete(connection: sqlite3.Connection, sheet_id: str) -> None:
    """Delete a sheet with every answer and form."""
    connection.execute("DELETE FROM sheet WHERE id = ?", (sheet_id,))


def delete_updates(connection: sqlite3.Connection, subject_id: str) -> None:
    """Delete the sheets on which a member changed their links."""
    connection.execute("DELETE FROM sheet WHERE subject_id = ? AND source = 'update'", (subject_id,))


def entries(connection: sqlite3.Connection, key: PersonKey, sheet_id: str) -> tuple[Entry, ...]:
    """The filled-in pages of a sheet, in the order in which they were first saved."""
    rows = connection.execute(
        "SELECT id, page_id FROM entry WHERE sheet_id = ? AND removed_at IS NULL ORDER BY ordinal",
        (sheet_id,),
    ).fetchall()
    return tuple(Entry(row["id"], row["page_id"], _answers(connection, key, row["id"])) for row in rows)


def _answers(connection: sqlite3.Connection, key: PersonKey, entry_id: str) -> dict[str, Answer]:
    coded = connection.execute("SELECT field_id, codes FROM answer WHERE entry_id = ?", (entry_id,))
    found = {row["field_id"]: Answer(codes=tuple(json.loads(row["codes"]))) for row in coded}
    typed = connection.execute("SELECT field_id, sealed FROM answer_text WHERE entry_id = ?", (entry_id,))
    for row in typed:
        found[row["field_id"]] = Answer(text=key.open(row["sealed"], _place(entry_id, row["field_id"])))
    return found


def count_entries(connection: sqlite3.Connection, sheet_id: str, page_id: str) -> int:
    """How often a page has been filled in."""
    row = connection.execute(
        "SELECT count(*) AS n FROM entry WHERE sheet_id = ? AND page_id = ? AND removed_at IS NULL",
        (sheet_id, page_id),
    ).fetchone()
    return int(row["n"])


def entry_exists(connection: sqlite3.Connection, entry_id: str) -> bool:
    """Whether an entry has been saved and not taken out."""
    statement = "SELECT 1 FROM entry WHERE id = ? AND removed_at IS NULL"
    return connection.execute(statement, (entry_id,)).fetchone() is not None


def save_entry(
    connection: sqlite3.Connection, key: PersonKey, form: Form, answers: Mapping[str, Answer], now: datetime
) -> None:
    """Save what a form sent: it replaces the fields that the form showed and no others."""
    connection.execute(
        """
        INSERT INTO entry (id, sheet_id, page_id, ordinal, saved_at)
        VALUES (:id, :sheet, :page,
            (SELECT 1 + coalesce(max(ordinal), 0) FROM entry WHERE sheet_id = :sheet), :now)
        ON CONFLICT (id) DO UPDATE SET saved_at = excluded.saved_at, removed_at = NULL
        """,
        {"id": form.entry_id, "sheet": form.sheet_id, "page": form.page_id, "now": to_ms(now)},
    )
    for field_id, answer in answers.items():
        place = (form.entry_id, field_id)
        connection.execute("DELETE FROM answer WHERE entry_id = ? AND field_id = ?", place)
        connection.execute("DELETE FROM answer_text WHERE entry_id = ? AND field_id = ?", place)
        if answer.codes:
            connection.execute("INSERT INTO answer VALUES (?, ?, ?)", (*place, json.dumps(answer.codes)))
        elif answer.text:
            sealed = key.seal(answer.text, _place(*place))
            connection.execute("INSERT INTO answer_text VALUES (?, ?, ?)", (*place, sealed))


def remove_entry(connection: sqlite3.Connection, entry_id: str, now: datetime) -> None:
    """Take an entry out. What was in it is deleted."""
    connection.execute("UPDATE entry SET removed_at = ? WHERE id = ?", (to_ms(now), entry_id))
    connection.execute("DELETE FROM answer WHERE entry_id = ?", (entry_id,))
    connection.execute("DELETE FROM answer_text WHERE entry_id = ?", (entry_id,))


def copy_entries(
    connection: sqlite3.Connection, key: PersonKey, kept: Iterable[Entry], to_sheet: str, now: datetime
) -> None:
    """Begin a sheet with answers that were given before."""
    for entry in kept:
        form = Form(new_id(), to_sheet, entry.page_id, new_id())
        save_entry(connection, key, form, entry.answers, now)


def new_entry_id() -> str:
    """The id of an entry that a form may bring into being."""
    return new_id()


def mint_form(
    connection: sqlite3.Connection, sheet_id: str, page_id: str, entry_id: str, now: datetime
) -> Form:
    """Mint the ref of a form that is about to be offered."""
    form = Form(new_id(), sheet_id, page_id, entry_id)
    connection.execute(
        "INSERT INTO form (ref, sheet_id, page_id, entry_id, minted_at) VALUES (?, ?, ?, ?, ?)",
        (form.ref, sheet_id, page_id, entry_id, to_ms(now)),
    )
    return form


def form(connection: sqlite3.Connection, ref: str) -> Form | None:
    """The open form with this ref."""
    row = connection.execute("SELECT * FROM form WHERE ref = ?", (ref,)).fetchone()
    return None if row is None else _form(row)


def newest_form(connection: sqlite3.Connection, sheet_id: str, page_id: str, entry_id: str) -> Form | None:
    """The form minted last for an entry."""
    row = connection.execute(
        """
        SELECT * FROM form WHERE sheet_id = ? AND page_id = ? AND entry_id = ?
        ORDER BY minted_at DESC, rowid DESC LIMIT 1
        """,
        (sheet_id, page_id, entry_id),
    ).fetchone()
    return None if row is None else _form(row)


def unsaved_form(connection: sqlite3.Connection, sheet_id: str, page_id: str) -> Form | None:
    """The newest form of a page whose entry has never been saved."""
    row = connection.execute(
        """
        SELECT * FROM form WHERE sheet_id = ? AND page_id = ?
            AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.id = form.entry_id)
        ORDER BY minted_at DESC, rowid DESC LIMIT 1
        """,
        (sheet_id, page_id),
    ).fetchone()
    return None if row is None else _form(row)


def drop_forms(connection: sqlite3.Connection, sheet_id: str, page_id: str) -> None:
    """Have every open form of a page lead nowhere."""
    connection.execute("DELETE FROM form WHERE sheet_id = ? AND page_id = ?", (sheet_id, page_id))


def _form(row: sqlite3.Row) -> Form:
    return Form(row["ref"], row["sheet_id"], row["page_id"], row["entry_id"])


def _place(entry_id: str, field_id: str) -> str:
    return f"answer_text/sealed/{entry_id}/{field_id}"
