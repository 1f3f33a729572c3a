"""The vault: what is sealed opens in its own place, with its own key, and never after erasure."""

import base64
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from bot.keys.key_file import decode_master, master_from_file, master_id
from bot.keys.sealing import wrap
from bot.vault import Erased, KeyProblem, PersonKey, Vault
from tests.support import MASTER, raw_connection

PLACE = "table/column/1"
KEY = PersonKey("id", bytes(32))


@given(text=st.text())
def test_what_is_sealed_opens(text: str) -> None:
    """Any text at all."""
    assert KEY.open(KEY.seal(text, PLACE), PLACE) == text


@given(text=st.text(max_size=200))
def test_the_length_of_what_is_sealed_says_next_to_nothing(text: str) -> None:
    """Sixty-four bytes at a time: no list of names can be narrowed down by it."""
    size = len(text.encode())

    sealed = KEY.seal(text, PLACE)

    assert len(sealed) - len(KEY.seal("", PLACE)) == size // 64 * 64


def test_what_was_sealed_before_texts_were_filled_up_still_opens() -> None:
    """And the two forms cannot be taken for each other."""
    before = wrap(AESGCM(KEY.secret), b"Helix", PLACE)
    assert KEY.open(before, PLACE) == "Helix"

    with pytest.raises(KeyProblem, match="changed or moved"):
        KEY.open(b"\x02" + before[1:], PLACE)
    with pytest.raises(KeyProblem, match="changed or moved"):
        KEY.open(b"\x01" + KEY.seal("Helix", PLACE)[1:], PLACE)


def test_the_same_words_are_sealed_differently_each_time() -> None:
    """Nobody can tell that two people wrote the same."""
    assert KEY.seal("Helix", PLACE) != KEY.seal("Helix", PLACE)
    assert b"Helix" not in KEY.seal("Helix", PLACE)


@pytest.mark.parametrize("place", ["table/column/2", "table/other/1", "", "table/column/1 "])
def test_what_was_moved_does_not_open(place: str) -> None:
    """A sealed value belongs to its row."""
    with pytest.raises(KeyProblem):
        KEY.open(KEY.seal("words", PLACE), place)


@pytest.mark.parametrize("position", [1, 12, 13, 20, -1])
def test_what_was_changed_does_not_open(position: int) -> None:
    """One flipped bit, in the nonce, the words or the tag."""
    sealed = bytearray(KEY.seal("words that were typed", PLACE))
    sealed[position] ^= 1

    with pytest.raises(KeyProblem, match="changed or moved"):
        KEY.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("sealed", [b"", b"\x03" + bytes(40)])
def test_an_unknown_version_is_named(sealed: bytes) -> None:
    """A newer Porchlight may have written it."""
    with pytest.raises(KeyProblem, match="version"):
        KEY.open(sealed, PLACE)


def test_another_persons_key_does_not_open(vault: Vault) -> None:
    """Every person has a key of their own."""
    ann, ben = vault.mint(), vault.mint()

    with pytest.raises(KeyProblem):
        ben.open(ann.seal("words", PLACE), PLACE)


def test_keys_and_lookups_outlast_a_restart(tmp_path: Path) -> None:
    """What was sealed before opens after, and people are found again."""
    with Vault.opened(tmp_path / "keys.db", MASTER) as before:
        key = before.mint()
        sealed, lookup = key.seal("words", PLACE), before.lookup(1)
    with Vault.opened(tmp_path / "keys.db", MASTER) as after:
        assert after.key(key.id).open(sealed, PLACE) == "words"
        assert after.lookup(1) == lookup
        assert after.lookup(2) != lookup


def test_a_wrong_master_key_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """One clear sentence, and the right key still fits afterwards."""
    path = tmp_path / "keys.db"
    with Vault.opened(path, MASTER) as vault:
        key_id = vault.mint().id
    before = path.read_bytes()

    with pytest.raises(KeyProblem, match="does not fit"), Vault.opened(path, bytes(32)):
        pass

    assert path.read_bytes() == before
    with Vault.opened(path, MASTER) as vault:
        assert vault.key(key_id).id == key_id


@pytest.mark.parametrize("version", [1, 2], ids=["before masters had ids", "as it is"])
def test_a_wrong_master_key_leaves_what_a_crash_left(tmp_path: Path, version: int) -> None:
    """The write-ahead log holds what is not in the file yet; not a byte of either is touched."""
    crashed = tmp_path / "crashed" / "keys.db"
    crashed.parent.mkdir()
    with Vault.opened(tmp_path / "keys.db", MASTER) as vault:
        key_id = vault.mint().id
        if version == 1:
            as_before_masters_had_ids(vault.connection)
        for file in tmp_path.glob("keys.db*"):
            shutil.copy(file, crashed.with_name(file.name))
    before = {file.name: file.read_bytes() for file in crashed.parent.iterdir() if "shm" not in file.name}
    assert len(before["keys.db-wal"]) > 0

    with pytest.raises(KeyProblem, match="does not fit"), Vault.opened(crashed, bytes(32)):
        pass

    assert {
        file.name: file.read_bytes() for file in crashed.parent.iterdir() if "shm" not in file.name
    } == before
    with Vault.opened(crashed, MASTER) as vault:
        assert vault.key(key_id).id == key_id


def as_before_masters_had_ids(connection: sqlite3.Connection) -> None:
    """Undo the migration that gave them ids."""
    for statement in (
        "DROP TABLE master",
        "ALTER TABLE secret DROP COLUMN master_id",
        "ALTER TABLE person_key DROP COLUMN master_id",
        "DELETE FROM migration WHERE number = 2",
    ):
        connection.execute(statement)


def test_keys_from_before_masters_had_ids_are_taken_over(tmp_path: Path) -> None:
    """All of them, at the first start that knows of ids; lookups and keys are what they were."""
    path = tmp_path / "keys.db"
    with Vault.opened(path, MASTER) as vault:
        key, lookup = vault.mint(), vault.lookup(1)
        as_before_masters_had_ids(vault.connection)
    with Vault.opened(path, MASTER) as vault:
        assert (vault.key(key.id).secret, vault.lookup(1)) == (key.secret, lookup)
    with closing(raw_connection(path)) as connection:
        found = connection.execute(
            "SELECT master_id FROM person_key UNION SELECT master_id FROM secret UNION SELECT id FROM master"
        )
        assert found.fetchall() == [(master_id(MASTER),)]


def test_keys_without_the_secret_that_finds_people_are_never_given_another(tmp_path: Path) -> None:
    """With a new one, nobody would be found again."""
    path = tmp_path / "keys.db"
    with Vault.opened(path, MASTER) as vault:
        vault.mint()
        vault.connection.execute("DELETE FROM secret")

    with pytest.raises(KeyProblem, match="a secret is missing"), Vault.opened(path, MASTER):
        pass


def test_the_id_of_a_master_key_tells_them_apart() -> None:
    """Sixteen digits, the same each time, and not the key."""
    assert master_id(MASTER) == master_id(MASTER) != master_id(bytes(32))
    assert len(master_id(MASTER)) == 16
    assert master_id(MASTER) not in MASTER.hex()


def test_a_destroyed_key_opens_nothing_ever_again(tmp_path: Path) -> None:
    """Neither from the cache nor from the file; destroying it twice is the same as once."""
    with Vault.opened(tmp_path / "keys.db", MASTER) as vault:
        key_id = vault.mint().id
        vault.destroy([key_id])
        vault.destroy([key_id])
        with pytest.raises(Erased):
            vault.key(key_id)
    with Vault.opened(tmp_path / "keys.db", MASTER) as vault, pytest.raises(Erased):
        vault.key(key_id)


def test_keys_that_belong_to_nobody_are_settled_at_the_next_start(tmp_path: Path) -> None:
    """A crash between key and row leaves an orphan; what is in use stays, a doomed key does not."""
    path = tmp_path / "keys.db"
    with Vault.opened(path, MASTER) as vault:
        used, orphan = vault.mint().id, vault.mint().id
        assert set(vault.unsettled()) == {used, orphan}
    with Vault.opened(path, MASTER) as vault:
        unsettled = set(vault.unsettled())
        assert {used, orphan} < unsettled
        vault.settle({used}, unsettled - {used})
        assert vault.unsettled() == []
        vault.doom([used])
        assert vault.unsettled() == [used]
    with closing(raw_connection(path)) as connection:
        assert connection.execute("SELECT id FROM person_key").fetchall() == [(used,)]


def test_a_key_that_was_tampered_with_is_named(tmp_path: Path) -> None:
    """A wrapped key moved to another person's row does not open."""
    path = tmp_path / "keys.db"
    with Vault.opened(path, MASTER) as vault:
        first, second = vault.mint().id, vault.mint().id
    with closing(raw_connection(path)) as connection:
        connection.execute(
            "UPDATE person_key SET wrapped = (SELECT wrapped FROM person_key WHERE id = ?) WHERE id = ?",
            (first, second),
        )
    with Vault.opened(path, MASTER) as vault, pytest.raises(KeyProblem, match="keys"):
        vault.key(second)


def test_a_minted_key_is_on_disk_before_it_is_used(tmp_path: Path) -> None:
    """Nothing is ever sealed with a key that a crash could lose."""
    with (
        Vault.opened(tmp_path / "keys.db", MASTER) as vault,
        closing(raw_connection(tmp_path / "keys.db")) as other,
    ):
        key = vault.mint()
        assert other.execute("SELECT count(*) FROM person_key WHERE id = ?", (key.id,)).fetchone() == (1,)


def test_a_key_shows_no_secret_of_itself() -> None:
    """A repr in a log line would."""
    assert "secret" not in repr(KEY)
    assert KEY.secret.hex() not in repr(KEY)


def test_the_master_key_is_decoded() -> None:
    """Space around it, as copying leaves it, is forgiven."""
    assert decode_master(f" {base64.b64encode(MASTER).decode()}\n") == MASTER


@pytest.mark.parametrize(
    "encoded", ["", "abc", "not base64!", base64.b64encode(bytes(31)).decode(), "é" * 44]
)
def test_a_master_key_that_is_none_is_named(encoded: str) -> None:
    """Without repeating it."""
    with pytest.raises(KeyProblem) as caught:
        decode_master(encoded)

    told = "The master key is not 32 bytes in base64. Copy it again, whole and unchanged."
    assert str(caught.value) == told


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600 in a folder of mode 0700, and the same key ever after."""
    path = tmp_path / "data" / "master.key"

    made = master_from_file(path, create=True)

    assert master_from_file(path, create=False) == made == master_from_file(path, create=True)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert len(made) == 32


def test_a_missing_key_file_is_never_replaced(tmp_path: Path) -> None:
    """The database needs the one there was."""
    with pytest.raises(KeyProblem, match="is missing, and the database needs it"):
        master_from_file(tmp_path / "master.key", create=False)

    assert list(tmp_path.iterdir()) == []


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    """With the command that closes it."""
    path = tmp_path / "master.key"
    master_from_file(path, create=True)
    path.chmod(0o640)

    with pytest.raises(KeyProblem, match=f"chmod 600 {path}"):
        master_from_file(path, create=False)


def test_the_keys_file_is_for_its_owner_only(vault: Vault, tmp_path: Path) -> None:
    """Side files included."""
    vault.mint()

    files = list(tmp_path.glob("keys.db*"))
    assert len(files) >= 2
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_a_key_that_another_program_destroyed_opens_nothing_here_either(tmp_path: Path) -> None:
    """A command erases somebody while the bot has their key in memory."""
    path = tmp_path / "keys.db"
    with Vault.opened(path, MASTER) as running, Vault.opened(path, MASTER) as beside:
        gone, kept = running.mint(), running.mint()
        assert running.key(gone.id) is gone

        beside.destroy([gone.id])

        with pytest.raises(Erased):
            running.key(gone.id)
        assert running.key(kept.id) == kept
        assert running.key(kept.id) is running.key(kept.id)
