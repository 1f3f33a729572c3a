"""Migrations: numbered SQL files, each applied with its bookkeeping in one transaction.

A file's header says its reason. Files are applied in order, without gaps; a file that was changed
after it was applied, or a database that has migrations this version does not know, stops the start.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "migrations"

_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")

_LEDGER = """
    CREATE TABLE IF NOT EXISTS migration (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL
    ) STRICT
"""


class SchemaProblem(Exception):
    """The database and the migration files do not fit together. Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The hash of the file's text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path) -> list[Migration]:
    """The migrations in a folder, in order. Raises SchemaProblem for a gap or an odd name."""
    found = []
    for file in sorted(folder.glob("*.sql")):
        match = _NAME.match(file.name)
        if match is None:
            raise SchemaProblem(f"{file.name} is not named like 0001_reason.sql; rename it.")
        found.append(Migration(int(match[1]), file.name, file.read_text(encoding="utf-8")))
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise SchemaProblem(f"Migration {expected:04d} is missing from {folder.name}; restore the file.")
    return found


def migrate(connection: sqlite3.Connection, folder: Path) -> int:
    """Bring a database up to date and return how many migrations were applied.

    ``connection`` must be in autocommit mode. Raises SchemaProblem when files and database disagree;
    nothing is changed then.
    """
    migrations = read_migrations(folder)
    connection.execute(_LEDGER)
    applied = _applied(connection)
    _refuse_disagreement(migrations, applied)
    pending = [migration for migration in migrations if migration.number not in applied]
    for migration in pending:
        _apply(connection, migration)
    return len(pending)


def refuse_foreign(connection: sqlite3.Connection, folder: Path) -> None:
    """See that a database could be brought up to date, and change nothing. Raises SchemaProblem."""
    found = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'")
    if found.fetchone() is None:
        raise SchemaProblem("This is no database of Porchlight's.")
    _refuse_disagreement(read_migrations(folder), _applied(connection))


def _applied(connection: sqlite3.Connection) -> dict[int, tuple[str, str]]:
    rows = connection.execute("SELECT number, name, sha256 FROM migration ORDER BY number")
    return {row[0]: (row[1], row[2]) for row in rows}


def insist_up_to_date(connection: sqlite3.Connection, folder: Path) -> None:
    """See, without changing anything, that a database has every migration. Raises SchemaProblem."""
    migrations, applied = read_migrations(folder), _applied(connection)
    _refuse_disagreement(migrations, applied)
    if len(applied) < len(migrations):
        raise SchemaProblem(
            "The database is of an older version. Start the bot once: it brings it up to date."
        )


def _refuse_disagreement(migrations: list[Migration], applied: dict[int, tuple[str, str]]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, (name, sha256) in applied.items():
        if number not in known:
            raise SchemaProblem(
                f"The database was made by a newer version: it has {name}. Install that version."
            )
        if known[number].sha256 != sha256:
            raise SchemaProblem(f"{name} was changed after it was applied. Restore the file as it was.")


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    """Apply one file. A table may be made anew: foreign keys are off meanwhile, and checked at the end."""
    enforced = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    try:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements(migration.sql):
            connection.execute(statement)
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            raise SchemaProblem(
                f"{migration.name} would leave a reference in {broken[0]} that leads nowhere."
            )
        connection.execute(
            "INSERT INTO migration (number, name, sha256) VALUES (?, ?, ?)",
            (migration.number, migration.name, migration.sha256),
        )
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute(f"PRAGMA foreign_keys = {int(enforced)}")


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, one by one; ``executescript`` would commit behind our back."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    if gathered.strip():
        raise SchemaProblem("A migration ends in the middle of a statement; end it with a semicolon.")
