"""What is left behind: the rows as they lie in SQLite, and the export."""

import csv
import re
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bot.clock import from_ms
from bot.export import Format, What, export
from rehearsal.casting import NotTold
from rehearsal.story import Story

_DISCORD_ID = re.compile(r"\b\d{17,20}\b")
_LAST_EVENTS = 10
_MOST_ROWS = 7
_SHORT = 6
_FIRST_BYTES = 6
_OWNER_ONLY = 0o600

_TABLES: tuple[tuple[str, str], ...] = (
    (
        "cases: states and times",
        (
            "SELECT code, subject_id AS person, state, hold_reason, opened_at, held_at, closed_at, version "
            "FROM cases ORDER BY opened_at, rowid"
        ),
    ),
    (
        "identity: who they are, sealed",
        "SELECT subject_id AS person, sealed FROM identity ORDER BY rowid",
    ),
    (
        "answer: what was chosen is a code",
        (
            "SELECT entry_id AS entry, field_id, codes FROM answer JOIN entry ON entry.id = entry_id "
            "WHERE codes <> '[]' ORDER BY saved_at DESC"
        ),
    ),
    (
        "disclosure: nil, some or undisclosed, by version; never changed",
        "SELECT id, subject_id AS person, version, disclosed, source, at FROM disclosure ORDER BY rowid",
    ),
    (
        "interest: each link in codes",
        "SELECT disclosure_id AS disclosure, category, holder, capacity, period FROM interest ORDER BY rowid",
    ),
    (
        "interest_text: what was typed, sealed",
        "SELECT interest_id AS interest, field, sealed FROM interest_text ORDER BY interest_id, field",
    ),
    (
        "decision: who let in or refused whom, and by which rule or reason",
        (
            "SELECT outcome, automated, decided_by, reason_code, rule_id, disclosed, at "
            "FROM decision ORDER BY at, rowid"
        ),
    ),
    (
        "effect: what was wanted of Discord, and whether it was done",
        "SELECT kind, state, COUNT(*) AS rows FROM effect GROUP BY kind, state ORDER BY MIN(id)",
    ),
)


async def tell_rows(story: Story) -> None:
    """Show the rows as anybody with the file would see them, and search the files for names."""
    storage = story.config.storage
    story.narrator.say(
        "This is what somebody sees who copies the database file: codes, states, times and random ids. "
        "Discord ids and everything typed are sealed. (Long ids are cut here; times are UTC.)"
    )
    shown: list[str] = []
    with closing(sqlite3.connect(f"{storage.database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        for title, query in _TABLES:
            shown.extend(_show(story, connection, title, query))
        _show_events(story, connection)
    check = story.narrator.check
    check(
        "a Discord id stands in the rows above", any(_DISCORD_ID.search(cell) for cell in shown), wanted=False
    )
    files = [
        path for path in storage.database.parent.rglob("*") if path.is_file() and path != storage.key_file
    ]
    check(
        "a Discord id or a typed word lies readable in the files or in a copy",
        _readable(story, files),
        wanted=False,
    )


def _show(story: Story, connection: sqlite3.Connection, title: str, query: str) -> list[str]:
    cursor = connection.execute(query)
    columns = [description[0] for description in cursor.description]
    rows = [[_cell(column, value) for column, value in zip(columns, row, strict=True)] for row in cursor]
    story.narrator.table(title, columns, rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        story.narrator.say(f"  ... and {len(rows) - _MOST_ROWS} more rows", "dim")
    return [cell for row in rows for cell in row]


def _cell(column: str, value: object) -> str:
    """A value as it lies there: sealed bytes by their length and beginning, long random ids cut."""
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return f"{len(value)} bytes: {value[:_FIRST_BYTES].hex(' ')} ..."
    if isinstance(value, int) and (column == "at" or column.endswith("_at")):
        return f"{from_ms(value):%H:%M}"
    if column in {"person", "entry", "id", "disclosure", "interest", "decided_by", "actor", "object"}:
        return _cut(str(value))
    return str(value)


def _cut(random_id: str) -> str:
    return random_id if len(random_id) <= _SHORT + 2 else f"{random_id[-_SHORT:]}"


def _show_events(story: Story, connection: sqlite3.Connection) -> None:
    cursor = connection.execute(
        "SELECT seq, at, actor, action, object_id, hash FROM event ORDER BY seq DESC LIMIT ?", (_LAST_EVENTS,)
    )
    rows = [
        (str(seq), f"{from_ms(at):%H:%M}", _cut(actor), action, _cut(thing), digest.hex()[:8])
        for seq, at, actor, action, thing, digest in cursor
    ]
    title = "event: the last lines of the log, each bound to the one before"
    story.narrator.table(title, ("seq", "at", "actor", "action", "about", "hash"), reversed(rows))


def _readable(story: Story, files: Sequence[Path]) -> bool:
    """Whether any file holds somebody's id, as digits or as a number, or words that were typed."""
    ids = [person.id for person in story.people.values()]
    wanted = [str(number).encode() for number in ids]
    wanted += [number.to_bytes(8, "big") for number in ids]
    wanted += [words.encode() for words in story.words_typed]
    contents = [path.read_bytes() for path in files]
    return any(needle in content for needle in wanted for content in contents)


async def tell_export(story: Story) -> None:
    """Export the disclosure log, decrypted, and show it as a table."""
    folder = story.config.storage.database.parent
    path = folder / "disclosures.csv"
    foundation = story.theatre.foundation
    written = await export(foundation, What.DISCLOSURES, Format.CSV, path)
    story.narrator.say(
        "And this is what `export disclosures` writes for you: decrypted, to a file that only you can read. "
        "(The file has Discord ids where names stand here.)"
    )
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise NotTold("nobody has disclosed anything in this story")
    names = {str(person.id): name for name, person in story.people.items()}
    columns = ("version", "disclosed", "organisation", "on_behalf_of", "relationships", "period")
    shown = [(names.get(row["discord_id"], "?"), *(row[column] or "-" for column in columns)) for row in rows]
    story.narrator.table("disclosures.csv (some of its columns)", ("person", *columns), shown)
    check = story.narrator.check
    check("rows in the export", len(rows), written)
    check("only its owner can read the file", stat.S_IMODE(path.stat().st_mode) == _OWNER_ONLY)
    known = {row["organisation"] for row in rows}
    disclosed = await story.rows(lambda c: c.execute("SELECT COUNT(*) FROM interest").fetchone()[0])
    check("links in the export with their organisation", len([name for name in known if name]), disclosed)
