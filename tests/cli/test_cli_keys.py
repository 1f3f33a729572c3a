"""The master key at the command line: made, replaced and carried away, in words that say what it is."""

import asyncio
import base64
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.config import Config, load
from bot.forms import Forms
from bot.gate import Gate
from bot.keys.key_file import decode_master, encode_master, master_from_file
from bot.keys.recovery import FILE_NAME
from bot.opening import opened
from bot.store import subjects
from tests.support import ANN, MASTER

COMMUNITY = """\
[community]
name = "Harbour"
discreet_name = "your community"
language = "en"
time_zone = "UTC"
minimum_age = 18
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"
"""
NEW = bytes(range(32, 64))


def porchlight(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(result: Result) -> str:
    """What was said, its lines as one."""
    return " ".join(result.output.split())


async def ann_came(settings: Config, master: bytes) -> None:
    async with opened(settings, master) as on:
        await Gate(on, Forms(on)).arrive(ANN)


async def ann_is_known(settings: Config, master: bytes, *, from_environment: bool = False) -> bool:
    """Whether she is found, and can be read, after a start."""
    async with opened(settings, master, from_environment=from_environment) as on:

        def read(connection):  # type: ignore[no-untyped-def] # a unit of work
            subject = on.find(connection, ANN.user_id)
            return subject is not None and on.user_id(connection, subject.id) == ANN.user_id

        return await on.database.read(read)


@pytest.fixture
def settings(home: Path) -> Config:
    """A community in which Ann is known, with its key in a file."""
    (home / "config.toml").write_text(COMMUNITY)
    loaded = load(home / "config.toml").config
    assert loaded is not None
    master = master_from_file(loaded.storage.key_file, create=True)
    asyncio.run(ann_came(loaded, master))
    return loaded


def test_keygen_prints_a_new_key_once(home: Path) -> None:
    """On a line of its own, to be piped; what it is goes to the other stream. Nothing is written."""
    first, second = porchlight("keygen"), porchlight("keygen")

    assert first.exit_code == 0
    assert decode_master(first.stdout) != decode_master(second.stdout)
    assert "without it, nobody can, you included" in first.stderr
    assert list(home.iterdir()) == []


def test_keygen_writes_a_file_for_its_owner_and_never_overwrites(home: Path) -> None:
    """Mode 0600, and no key on the screen."""
    result = porchlight("keygen", "--to", "new.key")
    file = home / "new.key"
    key = master_from_file(file, create=False)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert encode_master(key) not in result.output
    again = porchlight("keygen", "--to", "new.key")
    assert again.exit_code == 1
    assert "exists already, and is left as it is" in told(again)
    assert master_from_file(file, create=False) == key
    assert [child.name for child in home.iterdir()] == ["new.key"]


def test_rotate_key_replaces_the_file_and_says_what_to_do(settings: Config) -> None:
    """Old copies must go, and a new recovery copy is needed; Ann is known as before."""
    before = master_from_file(settings.storage.key_file, create=False)
    result = porchlight("rotate-key")
    after = master_from_file(settings.storage.key_file, create=False)

    assert result.exit_code == 0, result.output
    assert "delete every older copy of keys.db" in told(result)
    assert before != after
    assert asyncio.run(ann_is_known(settings, after))


def test_rotate_key_with_the_key_in_the_environment(
    settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for the new one, and the old one works until the bot was started with the new one."""
    old = master_from_file(settings.storage.key_file, create=False)
    settings.storage.key_file.unlink()
    monkeypatch.setenv("PORCHLIGHT_KEY", encode_master(old))
    asked = porchlight("rotate-key")
    assert asked.exit_code == 1
    assert "PORCHLIGHT_NEW_KEY, beside the old one" in told(asked)
    monkeypatch.setenv("PORCHLIGHT_NEW_KEY", encode_master(NEW))
    result = porchlight("rotate-key")

    assert result.exit_code == 0, result.output
    assert "restart the bot" in told(result)
    assert asyncio.run(ann_is_known(settings, old, from_environment=True))
    assert asyncio.run(ann_is_known(settings, NEW, from_environment=True))
    monkeypatch.delenv("PORCHLIGHT_NEW_KEY")
    late = porchlight("rotate-key")
    assert late.exit_code == 1
    assert "does not fit keys.db" in told(late)


def test_rotate_key_before_the_first_start_says_so(home: Path) -> None:
    """And makes nothing."""
    (home / "config.toml").write_text(COMMUNITY)

    result = porchlight("rotate-key")

    assert result.exit_code == 1
    assert "Has the bot run here yet?" in told(result)
    assert [child.name for child in home.iterdir()] == ["config.toml"]


def test_recovery_copy_says_what_losing_it_means(settings: Config, home: Path) -> None:
    """It holds the key in use; a second one is not written, and another key's is not overwritten."""
    stick = home / "stick"
    stick.mkdir()
    result = porchlight("recovery-copy", "--to", str(stick))
    key = base64.b64encode(master_from_file(settings.storage.key_file, create=False)).decode()

    assert result.exit_code == 0, result.output
    assert "no backup helps" in told(result)
    assert (stick / FILE_NAME).read_text().splitlines()[-1] == key
    assert key not in result.output
    assert "already" in told(porchlight("recovery-copy", "--to", str(stick)))
    settings.storage.key_file.write_bytes((stick / FILE_NAME).read_bytes())
    assert asyncio.run(ann_is_known(settings, master_from_file(settings.storage.key_file, create=False)))
    porchlight("rotate-key")
    other = porchlight("recovery-copy", "--to", str(stick))
    assert other.exit_code == 1
    assert "holds another key" in told(other)


def test_recovery_copy_makes_no_folder(settings: Config, home: Path) -> None:
    """A stick that is not plugged in is no reason to write the key onto the same disk."""
    result = porchlight("recovery-copy", "--to", str(home / "stick"))

    assert settings.storage.key_file.exists()
    assert result.exit_code == 1
    assert "plug the stick in" in told(result)
    assert not (home / "stick").exists()


def test_recovery_copy_makes_no_key(home: Path) -> None:
    """Before the first start there is none to copy."""
    (home / "config.toml").write_text(COMMUNITY)

    result = porchlight("recovery-copy", "--to", str(home))

    assert result.exit_code == 1
    assert "is missing" in told(result)
    assert not (home / "secret").exists()


def test_backup_and_restore_bring_everything_back(settings: Config, home: Path) -> None:
    """Dated and apart; then the data are lost, and put back."""
    made = porchlight("backup", "--dated", "--to", "copies", "--keys-to", "apart")
    assert made.exit_code == 0, made.output
    assert "warning" not in made.output
    [copy], [keys] = list((home / "copies").iterdir()), list((home / "apart").iterdir())
    settings.storage.database.unlink()
    settings.storage.keys.unlink()

    result = porchlight("restore", str(copy), "--keys-from", str(keys))

    assert result.exit_code == 0, result.output
    assert "delete these folders" in told(result)
    assert asyncio.run(ann_is_known(settings, master_from_file(settings.storage.key_file, create=False)))


def test_backup_warns_when_the_keys_lie_beside_the_data(settings: Config, home: Path) -> None:
    """It is done all the same: a copy is better than none."""
    result = porchlight("backup", "--to", "copies")

    assert result.exit_code == 0, result.output
    assert (home / "copies" / "data" / settings.storage.database.name).exists()
    assert "Give --keys-to another folder" in told(result)


async def restored_while_it_runs(settings: Config) -> Result:
    """A bot works on the data meanwhile."""
    master = master_from_file(settings.storage.key_file, create=False)
    async with opened(settings, master) as on:
        result = await asyncio.to_thread(porchlight, "restore", "copies")
        assert await on.database.read(subjects.any_known)
    return result


def test_restore_refuses_while_the_bot_runs(settings: Config) -> None:
    """It says so, and the bot goes on."""
    assert porchlight("backup", "--to", "copies").exit_code == 0

    result = asyncio.run(restored_while_it_runs(settings))

    assert result.exit_code == 1
    assert "Another Porchlight already runs" in told(result)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [(encode_master(MASTER), "does not open this copy of keys.db"), ("none", "is not 32 bytes")],
)
def test_restore_without_the_right_key_changes_nothing(
    settings: Config, monkeypatch: pytest.MonkeyPatch, key: str, sentence: str
) -> None:
    """Neither with another key nor with something that is none."""
    assert porchlight("backup", "--to", "copies").exit_code == 0
    monkeypatch.setenv("PORCHLIGHT_KEY", key)

    result = porchlight("restore", "copies")

    assert result.exit_code == 1
    assert sentence in told(result)
    monkeypatch.delenv("PORCHLIGHT_KEY")
    assert asyncio.run(ann_is_known(settings, master_from_file(settings.storage.key_file, create=False)))
