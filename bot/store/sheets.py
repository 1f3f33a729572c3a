"""Sheets: a set of answers being given, with its entries and open forms."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

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
    key_id: str
    """The key of the person whose answers they are."""
    lookup: bytes
    """The hash that this person is found by."""


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
    row = connection.execute(
        """
        INSERT INTO sheet (id, subject_id, source, questionnaire_hash, opened_at) VALUES (?, ?, ?, ?, ?)
        RETURNING *, (SELECT key_id FROM subject WHERE subject.id = subject_id) AS key_id,
            (SELECT lookup FROM subject WHERE subject.id = subject_id) AS lookup
        """,
        (new_id(), subject_id, source.value, questionnaire.content_hash, to_ms(now)),
    ).fetchone()
    return _sheet(row)


def get(connection: sqlite3.Connection, sheet_id: str) -> Sheet | None:
    """The sheet with this id."""
    row = connection.execute(
        """
        SELECT sheet.*, subject.key_id, subject.lookup
        FROM sheet JOIN subject ON subject.id = sheet.subject_id
        WHERE sheet.id = ?
        """,
        (sheet_id,),
    ).fetchone()
    return None if row is None else _sheet(row)


def of_form(connection: sqlite3.Connection, ref: str) -> tuple[Form, Sheet] | None:
    """The open form with this ref, and the sheet it belongs to."""
    row = connection.execute(
        """
        SELECT form.ref, form.sheet_id, form.page_id, form.entry_id,
            sheet.*, subject.key_id, subject.lookup
        FROM form JOIN sheet ON sheet.id = form.sheet_id JOIN subject ON subject.id = sheet.subject_id
        WHERE form.ref = ?
        """,
        (ref,),
    ).fetchone()
    return None if row is None else (_form(row), _sheet(row))


def latest(connection: sqlite3.Connection, subject_id: str, source: Source | None = None) -> Sheet | None:
    """Somebody's newest sheet, of one source or of any."""
    row = connection.execute(
        """
        SELECT sheet.*, subject.key_id, subject.lookup
        FROM sheet JOIN subject ON subject.id = sheet.subject_id
        WHERE sheet.subject_id = ? AND (? = '' OR sheet.source = ?)
        ORDER BY sheet.rowid DESC LIMIT 1
        """,
        (subject_id, source or "", source or ""),
    ).fetchone()
    return None if row is None else _sheet(row)


def _sheet(row: sqlite3.Row) -> Sheet:
    sent_at = None if row["sent_at"] is None else from_ms(row["sent_at"])
    return Sheet(
        id=row["id"],
        subject_id=row["subject_id"],
        source=Source(row["source"]),
        questionnaire_hash=row["questionnaire_hash"],
        sent_at=sent_at,
        key_id=row["key_id"],
        lookup=row["lookup"],
    )


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


def delete_of_subject(connection: sqlite3.Connection, subject_id: str) -> None:
    """Delete every sheet of somebody. No case may hold on to one of them."""
    connection.execute("DELETE FROM sheet WHERE subject_id = ?", (subject_id,))


def delete_updates(connection: sqlite3.Connection, subject_id: str) -> None:
    """Delete the sheets on which a member changed their links."""
    connection.execute("DELETE FROM sheet WHERE subject_id = ? AND source = 'update'", (subject_id,))


def entries(connection: sqlite3.Connection, key: PersonKey, sheet_id: str) -> tuple[Entry, ...]:
    """The filled-in pages of a sheet, in the order in which they were first saved."""
    coded = connection.execute(
        """
        SELECT entry.id, entry.page_id, answer.field_id, answer.codes
        FROM entry LEFT JOIN answer ON answer.entry_id = entry.id
        WHERE entry.sheet_id = ? AND entry.removed_at IS NULL ORDER BY entry.ordinal
        """,
        (sheet_id,),
    )
    found: dict[str, Entry] = {}
    answers: dict[str, dict[str, Answer]] = {}
    for entry_id, page_id, field_id, codes in coded:
        given = answers.setdefault(entry_id, {})
        found.setdefault(entry_id, Entry(entry_id, page_id, given))
        if field_id is not None:
            given[field_id] = Answer(codes=_codes(codes))
    typed = connection.execute(
        """
        SELECT entry.id, answer_text.field_id, answer_text.sealed
        FROM entry JOIN answer_text ON answer_text.entry_id = entry.id
        WHERE entry.sheet_id = ? AND entry.removed_at IS NULL
        """,
        (sheet_id,),
    )
    for entry_id, field_id, sealed in typed:
        answers[entry_id][field_id] = Answer(text=key.open(sealed, _place(entry_id, field_id)))
    return tuple(found.values())


@lru_cache(maxsize=1024)
def _codes(stored: str) -> tuple[str, ...]:
    """Chosen codes as they are stored: the same few, over and over."""
    return tuple(json.loads(stored))


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
    places = [(form.entry_id, field_id) for field_id in answers]
    connection.executemany("DELETE FROM answer WHERE entry_id = ? AND field_id = ?", places)
    connection.executemany("DELETE FROM answer_text WHERE entry_id = ? AND field_id = ?", places)
    coded = [(form.entry_id, name, json.dumps(a.codes)) for name, a in answers.items() if a.codes]
    connection.executemany("INSERT INTO answer VALUES (?, ?, ?)", coded)
    typed = [
        (form.entry_id, name, key.seal(a.text, _place(form.entry_id, name)))
        for name, a in answers.items()
        if a.text and not a.codes
    ]
    connection.executemany("INSERT INTO answer_text VALUES (?, ?, ?)", typed)


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


def newest_form(connection: sqlite3.Connection, sheet_id: str, page_id: str, entry_id: str) -> Form | None:
    """The form minted last for an entry."""
    row = connection.execute(
        """
        SELECT * FROM form WHERE sheet_id = ? AND page_id = ? AND entry_id = ?
        ORDER BY rowid DESC LIMIT 1
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
        ORDER BY rowid DESC LIMIT 1
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
