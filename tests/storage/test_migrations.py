"""Migrations: once, whole, in order, and never against a file that was edited."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.database import connect
from bot.migrations import FOLDER, SchemaProblem, migrate, read_migrations, statements

FIRST = "-- Reason: a start.\nCREATE TABLE a (id INTEGER) STRICT;\n"
SECOND = "CREATE TABLE b (id INTEGER) STRICT;\nINSERT INTO b VALUES (1);\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two migrations."""
    made = tmp_path / "main"
    made.mkdir()
    (made / "0001_first.sql").write_text(FIRST)
    (made / "0002_second.sql").write_text(SECOND)
    return made


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty database."""
    with closing(connect(tmp_path / "main.db")) as opened:
        yield opened


def tables(connection: sqlite3.Connection) -> set[str]:
    """The tables there are, without the ledger."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {row[0] for row in rows} - {"migration"}


def problem(connection: sqlite3.Connection, folder: Path) -> str:
    """What a migration that must fail says."""
    with pytest.raises(SchemaProblem) as caught:
        migrate(connection, folder)
    return str(caught.value)


def test_migrations_are_applied_once(connection: sqlite3.Connection, folder: Path) -> None:
    """The second start applies nothing; a file added later is applied alone."""
    assert migrate(connection, folder) == 2
    assert migrate(connection, folder) == 0
    (folder / "0003_third.sql").write_text("CREATE TABLE c (id INTEGER) STRICT;")

    assert migrate(connection, folder) == 1
    assert tables(connection) == {"a", "b", "c"}
    assert [row[0] for row in connection.execute("SELECT count(*) FROM b")] == [1]


def test_a_migration_that_fails_leaves_nothing_of_itself(
    connection: sqlite3.Connection, folder: Path
) -> None:
    """Its first statement is undone with it; the migrations before it stand; mending it is enough."""
    (folder / "0002_second.sql").write_text(
        "CREATE TABLE b (id INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);"
    )
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, folder)
    assert tables(connection) == {"a"}
    assert not connection.in_transaction

    (folder / "0002_second.sql").write_text(SECOND)

    assert migrate(connection, folder) == 1


def test_a_gap_is_named(connection: sqlite3.Connection, folder: Path) -> None:
    """Nothing is applied."""
    (folder / "0001_first.sql").unlink()

    assert problem(connection, folder) == "Migration 0001 is missing from main; restore the file."
    assert tables(connection) == set()


def test_two_files_with_one_number_are_a_gap(connection: sqlite3.Connection, folder: Path) -> None:
    """Which of the two was applied could not be told."""
    (folder / "0002_again.sql").write_text("SELECT 1;")

    assert problem(connection, folder) == "Migration 0003 is missing from main; restore the file."


def test_an_edited_file_is_named(connection: sqlite3.Connection, folder: Path) -> None:
    """What was applied is what stands in the file, for ever."""
    migrate(connection, folder)
    (folder / "0001_first.sql").write_text(FIRST + "-- a comment\n")

    told = "0001_first.sql was changed after it was applied. Restore the file as it was."
    assert problem(connection, folder) == told


def test_a_database_from_the_future_is_named(connection: sqlite3.Connection, folder: Path) -> None:
    """It is left as it is."""
    migrate(connection, folder)
    (folder / "0002_second.sql").unlink()

    told = "The database was made by a newer version: it has 0002_second.sql. Install that version."
    assert problem(connection, folder) == told
    assert tables(connection) == {"a", "b"}


def test_an_odd_name_is_named(connection: sqlite3.Connection, folder: Path) -> None:
    """Numbers of four digits, then the reason."""
    (folder / "3_third.sql").write_text("SELECT 1;")

    assert problem(connection, folder) == "3_third.sql is not named like 0001_reason.sql; rename it."


def test_triggers_are_one_statement() -> None:
    """The semicolons inside BEGIN and END, in strings and in comments end nothing."""
    sql = (
        "CREATE TABLE a (x TEXT DEFAULT ';') STRICT;\n"
        "-- not here; nor here\n"
        "CREATE TRIGGER t AFTER INSERT ON a\n"
        "BEGIN\n    DELETE FROM a;\n    SELECT 1;\nEND;\n"
        "CREATE INDEX i ON a (x);\n"
    )

    assert [part.split()[0] for part in statements(sql)] == ["CREATE", "--", "CREATE"]


def test_a_statement_without_an_end_is_named() -> None:
    """It would otherwise be left out in silence."""
    with pytest.raises(SchemaProblem, match="semicolon"):
        list(statements("CREATE TABLE a (id INTEGER) STRICT;\nCREATE TABLE b (id INTEGER)"))


@pytest.mark.parametrize("name", ["main", "keys"])
def test_our_own_migrations_fit_and_give_their_reason(tmp_path: Path, name: str) -> None:
    """They apply to an empty file, and say at the top what they are for."""
    with closing(connect(tmp_path / "x.db")) as connection:
        applied = migrate(connection, FOLDER / name)
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()

    files = read_migrations(FOLDER / name)
    assert applied == len(files) >= 1
    assert broken == []
    assert all(migration.sql.startswith("-- Reason: ") for migration in files)


def test_every_table_of_ours_is_strict(tmp_path: Path) -> None:
    """Column types are kept by the database."""
    with closing(connect(tmp_path / "x.db")) as connection:
        migrate(connection, FOLDER / "main")
        loose = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
            " AND name NOT LIKE 'sqlite_%'"
        ).fetchall()

    assert loose == []
