"""Keys and people are held against each other, and the command line says what it found."""

import asyncio
import base64
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.log.verifying import verify
from bot.vault import Vault
from tests.storage.by_hand import by_hand, four_months, look, problems, storage
from tests.support import MASTER, raw_connection


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files after four months. Not to be changed."""
    folder = tmp_path_factory.mktemp("months")
    asyncio.run(four_months(folder))
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the files after four months."""
    return shutil.copytree(finished, tmp_path / "copy")


def in_keys(folder: Path, statement: str) -> None:
    """Change the file of keys by hand."""
    with closing(raw_connection(storage(folder).keys)) as connection:
        connection.execute(statement)


def somebody(folder: Path) -> tuple[str, str]:
    """A person's id and the id of their key."""
    with closing(raw_connection(storage(folder).database)) as connection:
        found: tuple[str, str] = connection.execute("SELECT id, key_id FROM subject ORDER BY id").fetchone()
    return found


def test_a_key_that_is_gone_is_named_with_its_person(folder: Path) -> None:
    """By our own random id."""
    person, key = somebody(folder)
    in_keys(folder, f"DELETE FROM person_key WHERE id = '{key}'")

    assert problems(folder, keys=True) == [f"Person {person}: the key is not there."]


def test_a_key_that_was_changed_is_named(folder: Path) -> None:
    """It does not open any more."""
    person, key = somebody(folder)
    another = f"SELECT wrapped FROM person_key WHERE id <> '{key}' LIMIT 1"
    in_keys(folder, f"UPDATE person_key SET wrapped = ({another}) WHERE id = '{key}'")

    (sentence,) = problems(folder, keys=True)
    assert sentence.startswith(f"Person {person}: A key in keys.db does not open")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE subject SET lookup = zeroblob(32) WHERE id = '{}'", "is not the one they are found by."),
        ("UPDATE identity SET sealed = zeroblob(47) WHERE subject_id = '{}'", "A sealed value has a version"),
        ("DELETE FROM identity WHERE subject_id = '{}'", "there is no sealed Discord id."),
    ],
)
def test_a_person_who_was_changed_is_named(folder: Path, change: str, named: str) -> None:
    """Found by another hash, sealed with something else, or without a name."""
    person, _ = somebody(folder)
    by_hand(folder, change.format(person))

    (sentence,) = problems(folder, keys=True)
    assert sentence.startswith(f"Person {person}: ")
    assert named in sentence


def test_a_key_of_nobody_is_named_unless_something_waits_for_it(folder: Path) -> None:
    """Keys in stock are nobody's yet; one that was in use belongs to a person, an errand or an erasure."""
    with Vault.opened(storage(folder).keys, MASTER) as vault:
        mine = [vault.mint().id for _ in range(4)]
        vault.settle(mine[:3], [])
    by_hand(
        folder,
        f"INSERT INTO errand VALUES ('E', '{mine[1]}', NULL, x'00', 0)",
        f"INSERT INTO erasure VALUES ('A', 'person', 'S', '', '{mine[2]}', 0)",
    )

    assert problems(folder, keys=True) == [f"Key {mine[0]} belongs to nobody, and is still there."]


def test_files_that_do_not_belong_together_are_named(folder: Path) -> None:
    """And no key is tried then."""
    in_keys(folder, "UPDATE pair SET id = 'ANOTHER'")

    assert problems(folder, keys=True) == ["The database and the file of keys do not belong together."]


def test_a_missing_file_of_keys_is_named(folder: Path) -> None:
    """And none is made."""
    storage(folder).keys.unlink()

    assert "There is no" in problems(folder, keys=True)[0]
    assert not storage(folder).keys.exists()


def test_a_wrong_master_key_is_named_and_changes_nothing(folder: Path) -> None:
    """The rest is checked all the same."""
    before = storage(folder).keys.read_bytes()

    report = verify(storage(folder), bytes(32))

    (sentence,) = report.problems.sentences
    assert "master key does not fit" in sentence
    assert report.lines > 0
    assert storage(folder).keys.read_bytes() == before


def test_a_file_that_is_no_database_is_named(folder: Path) -> None:
    """In a sentence."""
    storage(folder).database.write_bytes(b"nothing of the kind" * 1000)

    assert problems(folder) == ["The database cannot be read to its end (SQLITE_NOTADB)."]


def test_a_damaged_page_is_named(folder: Path) -> None:
    """Whatever stood on it."""
    file = storage(folder).database
    with file.open("r+b") as opened:
        opened.seek(os.path.getsize(file) // 2 // 4096 * 4096)  # noqa: PTH202 - the size of what is open
        opened.write(os.urandom(4096))

    assert problems(folder)


# The command line

OWN = """
[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"

[storage]
database = "{0}/porchlight.db"
keys = "{0}/keys.db"
key_file = "{0}/secret/master.key"
ledger = "{0}/ledger/erasures.jsonl"
anchors = "{0}/ledger/anchors.jsonl"
"""


def porchlight(folder: Path, *arguments: str) -> Result:
    """``verify`` on the files in a folder."""
    (folder / "config.toml").write_text(OWN.format(folder), encoding="utf-8")
    return CliRunner().invoke(app, ["verify", "--config", str(folder / "config.toml"), *arguments])


def with_master_key(folder: Path) -> None:
    """Lay the master key where it belongs."""
    (folder / "secret").mkdir(mode=0o700)
    file = folder / "secret" / "master.key"
    file.touch(mode=0o600)
    file.write_bytes(base64.b64encode(MASTER))


@pytest.fixture(autouse=True)
def no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own environment is not what is tested."""
    monkeypatch.delenv("PORCHLIGHT_KEY", raising=False)


def test_all_is_well_in_two_lines(folder: Path) -> None:
    """With the counts; how the files lie is told before."""
    with_master_key(folder)

    result = porchlight(folder)

    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-2:] == [
        "All is well. Lines of the log: 28; sealed stretches: 3, of which emptied: 0.",
        "Anchors that fit: 0. Keys tried: 5.",
    ]


def test_without_the_master_key_it_says_what_was_not_checked(folder: Path) -> None:
    """And makes none."""
    result = porchlight(folder)

    assert result.exit_code == 0
    assert "The master key is not at hand, so that no key was tried." in result.output
    assert not (folder / "secret").exists()
    assert "Keys tried" not in porchlight(folder, "--no-keys").output


def test_a_line_somebody_kept_is_held_against_the_log(folder: Path) -> None:
    """It fits, or it does not, or it is not there; and a slip in writing it down is no problem of the log."""
    with closing(sqlite3.connect(storage(folder).database)) as connection:
        kept = connection.execute("SELECT hash FROM event WHERE seq = 9").fetchone()[0].hex()

    fits = porchlight(folder, "--no-keys", "--head", f"9:{kept}")
    other = porchlight(folder, "--no-keys", "--head", f"10:{kept}", "--head", f"99:{kept}")
    slip = porchlight(folder, "--no-keys", "--head", "nine")
    cut_short = porchlight(folder, "--no-keys", "--head", f"9:{kept[:16]}")

    assert (fits.exit_code, other.exit_code, slip.exit_code, cut_short.exit_code) == (0, 1, 2, 2)
    assert "Anchors that fit: 1." in fits.output
    assert "Line 10 is not the one that was kept by hand: the log was rewritten." in other.output
    assert "Line 99, which was kept by hand, is missing." in other.output


def test_problems_end_with_one(folder: Path) -> None:
    """Each has its sentence, and the last says where to read on."""
    by_hand(folder, "UPDATE event SET at = at + 1")

    result = porchlight(folder, "--no-keys")

    assert result.exit_code == 1
    assert "Line 17 was changed." in result.output
    assert "docs/log.md" in result.output


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    """And makes none."""
    result = porchlight(tmp_path)

    assert result.exit_code == 1
    assert "Has the bot run here yet?" in result.output.replace("\n", " ")
    assert {file.name for file in tmp_path.iterdir()} == {"config.toml"}


def test_it_reads_beside_a_bot_that_writes(folder: Path) -> None:
    """What is committed meanwhile does not disturb it."""
    with closing(raw_connection(storage(folder).database)) as bot:
        bot.execute("UPDATE mark SET at = at + 1")
        bot.execute("BEGIN IMMEDIATE")
        bot.execute("UPDATE mark SET at = at + 1")

        assert look(folder, keys=True).problems.sentences == []

        bot.execute("ROLLBACK")
