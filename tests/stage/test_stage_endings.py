"""Data that cannot be used: each trouble ends with its own sentence, or, while running, passes by itself."""

import asyncio
import logging
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import discord
import pytest
from typer.testing import CliRunner

from bot import opening
from bot.cli import app
from bot.commands.endings import ending
from bot.database import BUSY_TIMEOUT_MS, StorageUnavailable, connect
from cogs._client import PorchlightClient
from rehearsal.theatre import Theatre
from tests.stage.acts import NOTHING_TO_TELL, Errors, apply, begin, rows

CONFIG = """
[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"

[storage]
database = "{data}/porchlight.db"
keys = "{data}/keys.db"
key_file = "{data}/master.key"
ledger = "{data}/erasures.jsonl"

[discord]
server = "100000000000000001"
member_role = "100000000000000002"
quarantine_channel = "100000000000000003"
review_channel = "100000000000000004"
welcome_channel = "100000000000000005"
moderator_roles = ["100000000000000006"]
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that was used before, with the configuration beside it."""

    async def stops(_client: PorchlightClient, _token: str) -> None:
        await asyncio.sleep(0)
        raise discord.LoginFailure("stop here")

    monkeypatch.setattr(PorchlightClient, "start", stops)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", "a.made-up.token")
    for name in ("PORCHLIGHT_KEY", "PORCHLIGHT_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "data"
    (tmp_path / "config.toml").write_text(CONFIG.format(data=folder), encoding="utf-8")
    root = logging.getLogger()
    before = root.handlers[:], root.level
    listening = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    assert ends("run")[0] == 2
    yield folder
    for number, handler in listening.items():
        signal.signal(number, handler)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name in ("discord", "aiosqlite", "asyncio", "aiohttp"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def ends(verb: str) -> tuple[int, str]:
    """How a verb ends: its code, and what it says."""
    arguments = ["run"] if verb == "run" else ["export", "cases", "--to", "out.csv"]
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback" not in result.output
    return result.exit_code, " ".join(result.output.split())


def no_database(data: Path) -> None:
    (data / "porchlight.db").write_bytes(b"a letter to a friend, not a database" * 200)


def no_keys_database(data: Path) -> None:
    (data / "keys.db").write_bytes(b"a letter to a friend, not a database" * 200)


def damaged(data: Path) -> None:
    with (data / "porchlight.db").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)


def keys_missing(data: Path) -> None:
    (data / "keys.db").unlink()


def key_file_missing(data: Path) -> None:
    (data / "master.key").unlink()


def key_file_broken(data: Path) -> None:
    (data / "master.key").write_text("short\n", encoding="ascii")


def wrong_key(data: Path) -> None:
    (data / "master.key").write_text("A" * 43 + "=\n", encoding="ascii")


def newer(data: Path) -> None:
    with closing(connect(data / "porchlight.db")) as connection:
        connection.execute("INSERT INTO migration VALUES (99, '0099_later.sql', 'x')")


def other_pair(data: Path) -> None:
    with closing(connect(data / "keys.db")) as connection:
        connection.execute("UPDATE pair SET id = 'another'")


def folder_in_its_place(data: Path) -> None:
    (data / "porchlight.db").unlink()
    (data / "porchlight.db").mkdir()


TROUBLES: list[tuple[Callable[[Path], None], str, str]] = [
    (no_database, "porchlight.db is no database, or it is damaged.", "put back your newest copy"),
    (no_keys_database, "keys.db is no database, or it is damaged.", "put back your newest copy"),
    (damaged, "porchlight.db is damaged.", "Put back your newest copy"),
    (keys_missing, "keys.db is missing.", "put it back from your copy"),
    (key_file_missing, "master.key is missing", "Put it back from your copy."),
    (key_file_broken, "The master key is not 32 bytes", "Copy it again"),
    (wrong_key, "The master key does not fit keys.db.", "Put back the key"),
    (newer, "The database was made by a newer version", "Install that version."),
    (other_pair, "do not belong together.", "Check both paths"),
    (folder_in_its_place, "porchlight.db cannot be opened.", "Check its path in [storage]"),
]


@pytest.mark.parametrize("verb", ["run", "export"])
@pytest.mark.parametrize(("trouble", "what", "mend"), TROUBLES, ids=[t[0].__name__ for t in TROUBLES])
def test_each_trouble_at_the_start_has_its_own_ending(
    data: Path, verb: str, trouble: Callable[[Path], None], what: str, mend: str
) -> None:
    """What happened, what to do, code 1, no traceback, and nothing written over."""
    trouble(data)
    before = {f.name: f.read_bytes() for f in data.iterdir() if f.suffix in {".db", ".key"} and f.is_file()}

    code, told = ends(verb)

    assert code == 1, told
    assert what in told
    assert mend in told
    after = {f.name: f.read_bytes() for f in data.iterdir() if f.suffix in {".db", ".key"} and f.is_file()}
    assert after == before


def test_a_database_that_another_program_holds_is_told(data: Path) -> None:
    """Not even reading is possible: it says so within seconds."""
    with closing(sqlite3.connect(data / "porchlight.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        code, told = ends("run")

    assert code == 1
    assert "Another program holds" in told


def test_a_full_disk_at_the_first_start_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for the first tables."""

    def small(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 5").fetchone()
        return connection

    for file in data.iterdir():
        file.unlink()
    monkeypatch.setattr(opening, "connect", small)

    assert ends("run") == (
        1,
        "The disk is full. Make room on it, then start again; what was saved before is safe.",
    )


def test_a_key_file_that_cannot_be_read_is_told(data: Path) -> None:
    """A folder stands where the file should."""
    (data / "master.key").unlink()
    (data / "master.key").mkdir(mode=0o700)

    code, told = ends("run")

    assert code == 1
    assert "master.key cannot be opened, because it is a folder." in told


CODES = [
    "SQLITE_FULL",
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_READONLY_DBMOVED",
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR_READ",
    "SQLITE_CORRUPT_INDEX",
    "SQLITE_NOTADB",
    "SQLITE_NOMEM",
    "ENOSPC",
    "EACCES",
    "EROFS",
]


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_two_sentences(code: str) -> None:
    """What happened, and what to do; the file is named where it matters."""
    told = ending(StorageUnavailable(code, Path("/data/porchlight.db")))

    assert len([sentence for sentence in told.split(". ") if sentence]) >= 2
    assert "full" in told or "/data/porchlight.db" in told


async def on_the_writer(theatre: Theatre, *statements: str) -> None:
    """Have the connection that writes do something."""

    def work(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement).fetchall()

    await theatre.foundation.database._writer.run(work)


FULL = ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000")
READ_ONLY = ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")


@pytest.mark.parametrize(("broken", "mended"), [FULL, READ_ONLY], ids=["full", "read-only"])
async def test_a_trouble_while_running_loses_nothing_and_passes(
    theatre: Theatre, errors: Errors, broken: str, mended: str
) -> None:
    """A sentence for whoever presses, help all the same, one line in the log; then all goes on."""
    errors.expected = True
    ann = await theatre.newcomer("ann")
    await begin(ann)
    await on_the_writer(theatre, broken)
    told = []
    for _ in range(40):
        person = theatre.person("p").join()
        told.append((await person.press_panel("Talk")).text)
        if "We cannot save anything right now." in told[-1]:
            break
    assert "We cannot save anything right now." in told[-1]
    assert "nothing is lost" in told[-1]
    assert "You do not have to handle this alone." in (await ann.press_panel("I need help now")).text
    lines = [line for line in errors.lines if "the database cannot be used" in line]
    assert len(lines) == 1
    assert theatre.house.foundation is theatre.foundation

    await on_the_writer(theatre, mended)

    ben = await theatre.newcomer("ben")
    await apply(ben, NOTHING_TO_TELL)
    assert ben.is_inside


async def test_a_damaged_file_while_running_is_said_once_and_to_whoever_presses(
    theatre: Theatre, errors: Errors
) -> None:
    """The log has the code and no content; help does not wait for the database."""
    errors.expected = True
    ann = await theatre.newcomer("ann")
    await theatre.foundation.database._writer.run(
        lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    )
    with theatre.config.storage.database.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(100)
        file.write(b"\xff" * (size - 100))
    for connection in (theatre.foundation.database._writer, theatre.foundation.database._reader):
        await connection.run(lambda c: c.execute("PRAGMA shrink_memory").fetchall())

    told = [(await ann.press_panel("Start")).text for _ in range(3)]

    assert all("We cannot save anything right now." in text for text in told), told
    assert "You do not have to handle this alone." in (await ann.press_panel("I need help now")).text
    lines = [line for line in errors.lines if "the database cannot be used" in line]
    assert lines in (
        ["the database cannot be used: SQLITE_CORRUPT"],
        ["the database cannot be used: SQLITE_NOTADB"],
    )


async def test_a_join_that_could_not_be_recorded_is_not_forgotten(theatre: Theatre, errors: Errors) -> None:
    """Another program holds the database: somebody was missed, and the next round finds them."""
    errors.expected = True
    with closing(connect(theatre.config.storage.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        theatre.person("ann").join()
        await theatre.env.settle()
        await asyncio.sleep(BUSY_TIMEOUT_MS / 1000 + 0.5)
        other.execute("ROLLBACK")

    assert await rows(theatre, "SELECT count(*) FROM cases") == [(0,)]
    await theatre.house.rounds.run_if_due(theatre.env.now())
    assert await rows(theatre, "SELECT state FROM cases") == [("waiting",)]
