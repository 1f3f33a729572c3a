"""A new master key: whatever stops it, and whoever works meanwhile, every key opens, and is finished."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from itertools import islice
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.keys import rotation
from bot.keys.key_file import decode_master, master_from_file, master_id, write_master
from bot.keys.ring import key_place, rereading
from bot.keys.rotation import Step, rotate
from bot.keys.sealing import KeyProblem, PersonKey, wrap
from bot.store import masters
from bot.vault import Vault
from tests.support import raw_connection

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PLACE = "table/column/1"


class Home:
    """A folder with keys.db and a key file, and what was sealed with each key."""

    def __init__(self, folder: Path, keys: int = 700) -> None:
        self.keys = folder / "keys" / "keys.db"
        self.key_file = folder / "secret" / "master.key"
        self.sealed: dict[str, bytes] = {}
        self.key_file.parent.mkdir()
        write_master(self.key_file, OLD)
        with self.opened() as vault:
            vault.lay_in(keys)
            self.lookup = vault.lookup(1)
            for _ in range(keys):
                self.seal(vault)

    def seal(self, vault: Vault) -> PersonKey:
        """Seal something with a new key."""
        key = vault.mint()
        self.sealed[key.id] = key.seal(key.id, PLACE)
        return key

    def opened(self, master: bytes | None = None) -> AbstractContextManager[Vault]:
        """The keys, as any program opens them."""
        given = master or master_from_file(self.key_file, create=False)
        return Vault.opened(self.keys, given, rereading(self.key_file))

    def insist(self, master: bytes) -> None:
        """Everything opens with this master key alone, without a key file to look into."""
        with Vault.opened(self.keys, master) as vault:
            assert list(vault.broken_keys()) == []
            assert vault.lookup(1) == self.lookup
            for key_id, sealed in self.sealed.items():
                assert vault.key(key_id).open(sealed, PLACE) == key_id


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One with seven hundred keys, which are two batches."""
    return Home(tmp_path)


def stop_after(steps: Iterator[Step], count: int) -> list[Step]:
    """Go so many steps, and no further."""
    return list(islice(steps, count))


def rows_on(home: Home) -> set[str]:
    """The ids of the masters that rows are wrapped with."""
    with closing(raw_connection(home.keys)) as connection:
        rows = connection.execute("SELECT master_id FROM person_key UNION SELECT master_id FROM secret")
        return {row[0] for row in rows}


ALL_STEPS = [
    Step.NEW_KEY,
    Step.BRIDGE,
    Step.WRAPPED,
    Step.WRAPPED,
    Step.WRAPPED,
    Step.KEY_FILE,
    Step.OLD_GONE,
]


def test_a_new_key_takes_the_place_of_the_old_one(home: Home) -> None:
    """The key file holds it, for its owner only; it alone opens everything, and nothing else is left."""
    with home.opened() as vault:
        assert list(rotate(vault, home.key_file, None)) == ALL_STEPS
    new = master_from_file(home.key_file, create=False)

    assert new != OLD
    assert rows_on(home) == {master_id(new)}
    assert [file.name for file in home.key_file.parent.iterdir()] == ["master.key"]
    home.insist(new)
    with pytest.raises(KeyProblem, match="does not fit"):
        home.insist(OLD)


def test_nothing_of_the_way_from_one_key_to_the_other_is_left(home: Home) -> None:
    """Neither in the file nor in what was written ahead, though the bot has both open."""
    with home.opened() as running, home.opened() as vault:
        steps = rotate(vault, home.key_file, None)
        stop_after(steps, 2)
        bridges = [one.bridge for one in masters.all_of(vault.connection)]
        assert running.key(next(iter(home.sealed)))
        assert list(steps)[-1] is Step.OLD_GONE

        files = b"".join(file.read_bytes() for file in home.keys.parent.iterdir())
        assert len([bridge for bridge in bridges if bridge]) == 2
        assert [bridge for bridge in bridges if bridge is None or bridge in files] == []


def test_an_old_copy_still_opens_with_the_old_key(home: Home, tmp_path: Path) -> None:
    """Which is why old copies must go when somebody has seen it."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(home.keys.read_bytes())
    with home.opened() as vault:
        assert list(rotate(vault, home.key_file, None))

    home.keys = copy
    home.insist(OLD)


@pytest.mark.parametrize("steps", range(len(ALL_STEPS)))
def test_stopped_anywhere_it_is_finished_by_running_it_again(home: Home, steps: int) -> None:
    """Meanwhile everything opens and can be added to; no second new key is made on the way."""
    with home.opened() as vault:
        assert stop_after(rotate(vault, home.key_file, None), steps) == ALL_STEPS[:steps]
    beside = home.key_file.with_name("master.key.new")
    begun = beside.read_text() if beside.exists() else None
    with home.opened() as vault:
        home.seal(vault)
        assert list(vault.broken_keys()) == []
        assert list(rotate(vault, home.key_file, None))[-1] is Step.OLD_GONE

    new = master_from_file(home.key_file, create=False)
    assert begun is None or decode_master(begun) == new
    assert rows_on(home) == {master_id(new)}
    home.insist(new)


@pytest.mark.parametrize("lost", [False, True], ids=["", "and the new key's file is lost"])
@pytest.mark.parametrize("steps", range(len(ALL_STEPS) + 1))
def test_stopped_anywhere_it_is_finished_by_the_next_start(home: Home, steps: int, lost: bool) -> None:
    """Or had not begun: then the old key goes on as if nothing had been."""
    with home.opened() as vault:
        stop_after(rotate(vault, home.key_file, None), steps)
    beside = home.key_file.with_name("master.key.new")
    if lost:
        beside.unlink(missing_ok=True)
    with home.opened() as vault:
        rotation.finish_at_start(vault, home.key_file)
        home.seal(vault)

    held = master_from_file(home.key_file, create=False)
    assert (held == OLD) == (steps < 2)
    assert rows_on(home) == {master_id(held)}
    assert not rotation_is_under_way(home)
    home.insist(held)


def rotation_is_under_way(home: Home) -> bool:
    """Whether two master keys are in use."""
    with home.opened() as vault:
        return rotation.under_way(vault)


@pytest.mark.parametrize("steps", range(5))
@pytest.mark.parametrize("started_with", [OLD, NEW], ids=["old", "new"])
def test_a_key_from_the_environment_is_replaced_by_a_start_with_the_new_one(
    home: Home, steps: int, started_with: bytes
) -> None:
    """Until then a start with either works, wherever it was stopped once both are in use."""
    home.key_file.unlink()
    with home.opened(OLD) as vault:
        assert stop_after(rotate(vault, None, NEW), steps) == ALL_STEPS[:steps]
    if steps < 2 and started_with == NEW:
        with pytest.raises(KeyProblem, match="does not fit"), home.opened(NEW):
            pass
        return
    with home.opened(started_with) as vault:
        rotation.finish_at_start(vault, None)
        home.seal(vault)
        assert list(vault.broken_keys()) == []
        assert rotation.under_way(vault) == (started_with == OLD and steps >= 2)
    if started_with == NEW:
        home.insist(NEW)
        with pytest.raises(KeyProblem), home.opened(OLD):
            pass


def test_running_it_again_with_the_new_key_in_both_places_says_so(home: Home) -> None:
    """While both are in use it only looks after what is left; afterwards the two are the same."""
    with home.opened(OLD) as vault:
        assert list(rotate(vault, None, NEW))[-1] is Step.WRAPPED
    with home.opened(NEW) as vault:
        assert list(rotate(vault, None, NEW)) == [Step.WRAPPED]
        rotation.finish_at_start(vault, None)
        with pytest.raises(KeyProblem, match="is the one in use"):
            list(rotate(vault, None, NEW))


def test_nothing_begins_without_a_key_to_go_on_with(home: Home) -> None:
    """The environment's new key, another one beside the file, and one that is being taken into use."""
    with home.opened() as vault:
        with pytest.raises(KeyProblem, match="PORCHLIGHT_NEW_KEY"):
            list(rotate(vault, None, None))
        write_master(home.key_file.with_name("master.key.new"), bytes(32))
        with pytest.raises(KeyProblem, match="holds another new key"):
            list(rotate(vault, home.key_file, NEW))
        assert not rotation.under_way(vault)
        stop_after(rotate(vault, home.key_file, None), 3)
        with pytest.raises(KeyProblem, match="being taken into use already"):
            list(rotate(vault, home.key_file, NEW))


def test_a_key_file_that_holds_something_else_is_never_replaced(home: Home) -> None:
    """Somebody put another key there: perhaps another community's only one."""
    with home.opened() as vault:
        stop_after(rotate(vault, home.key_file, None), 3)
        home.key_file.write_text(base64.b64encode(bytes(32)).decode())
        with pytest.raises(KeyProblem, match="a key that is not in use"):
            list(rotate(vault, home.key_file, None))

    assert decode_master(home.key_file.read_text()) == bytes(32)


def test_only_one_rotation_at_a_time(home: Home) -> None:
    """A second one, or a start meanwhile, leaves it to the first."""
    with home.opened() as vault, home.opened() as other:
        steps = rotate(vault, home.key_file, None)
        assert stop_after(steps, 3)[-1] is Step.WRAPPED
        with pytest.raises(KeyProblem, match="by another program"):
            list(rotate(other, home.key_file, None))
        assert rotation.finish_at_start(other, home.key_file)
        assert rotation.under_way(other)
        assert list(steps)[-1] is Step.OLD_GONE


def test_a_bot_that_slept_through_two_rotations_reads_its_key_file_again(home: Home) -> None:
    """The bridge is gone by then."""
    with home.opened() as running:
        known, _ = home.sealed.popitem()
        for _ in range(2):
            with home.opened() as vault:
                assert list(rotate(vault, home.key_file, None))[-1] is Step.OLD_GONE
        assert running.key(known).id == known
        running.lay_in(3)
    home.insist(master_from_file(home.key_file, create=False))


@pytest.mark.parametrize("steps", range(len(ALL_STEPS) + 1))
def test_a_bot_that_wakes_in_the_middle_of_the_next_rotation_finds_its_way(home: Home, steps: int) -> None:
    """The key file may hold the master between the two, and the bridge from there leads on."""
    with home.opened(OLD) as running:
        with home.opened() as vault:
            assert list(rotate(vault, home.key_file, None))[-1] is Step.OLD_GONE
        with home.opened() as vault:
            stop_after(rotate(vault, home.key_file, None), steps)

            home.seal(running)
            for key_id, sealed in home.sealed.items():
                assert running.key(key_id).open(sealed, PLACE) == key_id


def test_what_an_older_version_minted_is_wrapped_anew_too(home: Home) -> None:
    """It runs on while the new version is installed, and knows of no ids; so do files from before."""
    with closing(raw_connection(home.keys)) as connection:
        connection.execute("UPDATE person_key SET master_id = '' WHERE rowid % 3 = 0")
    with home.opened() as vault:
        assert list(vault.broken_keys()) == []
        steps = rotate(vault, home.key_file, None)
        stop_after(steps, 4)
        with closing(raw_connection(home.keys)) as connection:
            first = connection.execute("SELECT id FROM person_key ORDER BY id LIMIT 1").fetchone()[0]
            connection.execute(
                "UPDATE person_key SET master_id = '', wrapped = ? WHERE id = ?",
                (home_wrapped_by_old(home, first), first),
            )
        assert list(steps)[-1] is Step.OLD_GONE

    home.insist(master_from_file(home.key_file, create=False))


def home_wrapped_by_old(home: Home, key_id: str) -> bytes:
    """A key's row as it was before, from the master that was there first."""
    with home.opened() as vault:
        return wrap(AESGCM(OLD), vault.key(key_id).secret, key_place(key_id))


def test_a_bot_that_runs_loses_no_key_while_it_is_replaced(home: Home) -> None:
    """It mints, seals and opens in a thread of its own, with the old master key in memory."""
    stop, made, failed = threading.Event(), list[str](), list[BaseException]()

    def work() -> None:
        try:
            with home.opened(OLD) as running:
                asked = list(home.sealed)
                while not stop.is_set() or len(made) < 50:
                    running.lay_in(2)
                    made.append(home.seal(running).id)
                    known = asked[len(made) % len(asked)]
                    assert running.key(known).open(home.sealed[known], PLACE) == known
                    running.destroy([running.mint().id])
                    time.sleep(0.002)
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            failed.append(error)

    bot = threading.Thread(target=work)
    bot.start()
    for _ in range(3):
        with home.opened() as vault:
            assert list(rotate(vault, home.key_file, None, lambda: time.sleep(0.02)))[-1] is Step.OLD_GONE
    stop.set()
    bot.join()

    assert failed == []
    new = master_from_file(home.key_file, create=False)
    assert rows_on(home) == {master_id(new)}
    home.insist(new)
