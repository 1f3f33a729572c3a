"""How the files of the data lie: shut to others, ours, and apart from each other."""

from pathlib import Path

import pytest

from bot.config import Config
from bot.config.tables import Storage
from bot.copies.data_files import file_problems, shut
from bot.copies.file_checks import Kind, Seen, lie_together, too_open
from tests.support import config

US, SOMEBODY, ROOT = 1000, 1001, 0


@pytest.mark.parametrize(
    ("mode", "kind", "found"),
    [
        (0o100600, Kind.DATABASE, None),
        (0o100400, Kind.KEY_FILE, None),
        (0o40700, Kind.FOLDER, None),
        (0o100640, Kind.KEYS, "chmod 600 it"),
        (0o100602, Kind.LEDGER, "chmod 600 it"),
        (0o100604, Kind.ENVIRONMENT, "chmod 600 it"),
        (0o40755, Kind.FOLDER, "chmod 700 it"),
    ],
)
def test_what_others_could_read_or_write_is_found(mode: int, kind: Kind, found: str | None) -> None:
    """With the command that shuts it."""
    problems = [problem.sentence for problem in too_open([Seen("it", kind, mode, US)], US)]

    assert [found in problem for problem in problems if found] == ([True] if found else [])
    assert len(problems) == (1 if found else 0)


def test_what_belongs_to_somebody_else_is_found() -> None:
    """However well it is shut; root may see to anybody's."""
    seen = [Seen("it", Kind.DATABASE, 0o100600, SOMEBODY)]

    assert ["chown" in problem.sentence for problem in too_open(seen, US)] == [True]
    assert list(too_open(seen, ROOT)) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("data/p.db", "keys/k.db", "secret/m.key", "ledger/e"), []),
        (("p.db", "keys/k.db", "secret/m.key", "ledger/e"), []),
        (("data/p.db", "data/k.db", "secret/m.key", "ledger/e"), [("keys", "database")]),
        (("data/p.db", "data/keys/k.db", "secret/m.key", "ledger/e"), [("keys", "database")]),
        (("all/data/p.db", "all/k.db", "secret/m.key", "ledger/e"), [("keys", "database")]),
        (("data/p.db", "keys/k.db", "keys/m.key", "ledger/e"), [("key_file", "keys")]),
        (("/a/p.db", "/b/k.db", "/c/m.key", "/a/e"), [("ledger", "database")]),
        (
            ("p.db", "k.db", "m.key", "e"),
            [("keys", "database"), ("key_file", "database"), ("ledger", "database")],
        ),
        (("data/p.db", "data/../keys/k.db", "secret/m.key", "ledger/e"), []),
    ],
)
def test_what_one_copy_would_take_together_is_found(
    files: tuple[str, str, str, str], found: list[tuple[str, str]]
) -> None:
    """In the same folder, or in one below."""
    assert list(lie_together(*files)) == found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Files that are all open to the world, each in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    names = {
        "database": "data/p.db",
        "keys": "keys/k.db",
        "key_file": "secret/m.key",
        "ledger": "ledger/e.jsonl",
        "anchors": "ledger/a.jsonl",
    }
    for name in (*names.values(), "data/p.db-wal", ".env"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.parent.chmod(0o755)
        file.touch()
        file.chmod(0o644)
    storage = Storage(**{key: tmp_path / name for key, name in names.items()})
    return config().model_copy(update={"storage": storage})


def test_a_start_shuts_what_is_ours(here: Config, caplog: pytest.LogCaptureFixture) -> None:
    """All but the key file and the token's: somebody may have read them, so they are told."""
    assert len(file_problems(here)) == 11

    shut(here)

    left = file_problems(here)
    assert [Path(problem.rpartition(" ")[2]).name for problem in left] == ["m.key", ".env"]
    assert here.storage.database.stat().st_mode & 0o777 == 0o600
    assert here.storage.database.parent.stat().st_mode & 0o777 == 0o700
    assert str(here.storage.database.parent) not in caplog.text
    assert "is shut now: keys" in caplog.text


def test_a_folder_with_other_things_in_it_is_nobodys_to_shut(here: Config) -> None:
    """The files in it are."""
    folder = here.storage.database.parent
    (folder / "letters").touch()

    shut(here)

    assert folder.stat().st_mode & 0o777 == 0o755
    assert here.storage.database.stat().st_mode & 0o777 == 0o600


def test_the_working_folder_is_nobodys_to_shut(here: Config) -> None:
    """It may be a home, or the checkout: only the file itself is."""
    storage = here.storage.model_copy(update={"database": Path("p.db")})
    Path("p.db").touch()
    before = Path().stat().st_mode

    shut(here.model_copy(update={"storage": storage}))

    assert Path("p.db").stat().st_mode & 0o777 == 0o600
    assert Path().stat().st_mode == before
