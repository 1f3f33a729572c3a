"""Copies of database and keys: whole while the bot writes, for one's own eyes, and good to go back to."""

import asyncio
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Config
from bot.config.tables import Storage
from bot.copies.backup import BackupProblem, Copies, backup
from bot.copies.dated import MARKER, delete_old, stamp
from bot.database import BUSY_TIMEOUT_MS, StorageUnavailable
from bot.opening import opened
from tests.support import ANN, BEN, MASTER, NOW, FakeClock, FakeDoorkeeper, World, config, visitor


def settings(folder: Path) -> Config:
    """A configuration with its three files in a folder."""
    storage = Storage(
        database=folder / "porchlight.db",
        keys=folder / "keys.db",
        key_file=folder / "master.key",
        ledger=folder / "ledger.jsonl",
        anchors=folder / "anchors.jsonl",
    )
    return config().model_copy(update={"storage": storage})


def world_of(foundation: object, folder: Path) -> World:
    """The core on what was opened."""
    return World(foundation, FakeClock(), FakeDoorkeeper(), folder / "porchlight.db")  # type: ignore[arg-type] # it is one


async def test_what_was_copied_can_be_copied_back(tmp_path: Path) -> None:
    """Everything is lost; the two copies and the master key bring it back."""
    folder, to = tmp_path / "data", tmp_path / "copies"
    async with opened(settings(folder), MASTER, FakeClock()) as foundation:
        world = world_of(foundation, folder)
        await world.held(ANN)
        code = await world.code(ANN)
        copies = backup(settings(folder).storage, to, NOW)
        await world.held(BEN)

    shutil.rmtree(folder)
    folder.mkdir()
    shutil.copy(copies.database, folder / "porchlight.db")
    shutil.copy(copies.keys, folder / "keys.db")
    async with opened(settings(folder), MASTER, FakeClock()) as foundation:
        world = world_of(foundation, folder)
        file = await world.file(ANN)
        assert (file.case.code, file.user_id) == (code, ANN.user_id)
        assert await world.one("SELECT count(*) FROM cases") == 1
        await world.held(BEN)
        lines = await world.rows("SELECT actor FROM event WHERE action = 'backup.begun'")
        assert lines == [("operator",)]


async def test_a_copy_is_whole_while_the_bot_writes(tmp_path: Path) -> None:
    """People join and answer meanwhile: nothing in it leads nowhere, and every key it needs is there."""
    folder = tmp_path / "data"
    async with opened(settings(folder), MASTER, FakeClock()) as foundation:
        world, stop = world_of(foundation, folder), asyncio.Event()

        async def write() -> None:
            number = 0
            while not stop.is_set():
                await world.gate.arrive(visitor(210000000000000000 + number))
                if number % 10 == 0:
                    await world.begin(visitor(210000000000000000 + number))
                number += 1

        writing = asyncio.create_task(write())
        made: list[Copies] = []
        for round_ in range(5):
            storage = settings(folder).storage
            made.append(await asyncio.to_thread(backup, storage, tmp_path / f"copies{round_}", NOW))
        stop.set()
        await writing

    counts = [check_whole(copies) for copies in made]
    assert counts == sorted(counts)
    assert counts[-1] > 0


async def test_a_copy_waits_for_a_bot_that_is_busy_for_longer_than_a_press_may(
    stopped: Config, tmp_path: Path
) -> None:
    """SQLite gives the lock to whoever asks at the right moment, so a busy bot can keep it for a while."""
    with closing(sqlite3.connect(stopped.storage.database, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        copying = asyncio.create_task(asyncio.to_thread(backup, stopped.storage, tmp_path / "copies", NOW))
        await asyncio.sleep(BUSY_TIMEOUT_MS / 1000 * 1.2)
        assert not copying.done()
        busy.execute("COMMIT")
        assert check_whole(await copying) > 0


def check_whole(copies: Copies) -> int:
    """How many people a sound pair of copies knows."""
    with closing(sqlite3.connect(copies.database)) as data, closing(sqlite3.connect(copies.keys)) as keys:
        assert data.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert data.execute("PRAGMA foreign_key_check").fetchall() == []
        assert keys.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        needed = {row[0] for row in data.execute("SELECT key_id FROM subject")}
        assert needed <= {row[0] for row in keys.execute("SELECT id FROM person_key")}
        return len(needed)


@pytest.fixture
async def stopped(tmp_path: Path) -> Config:
    """A configuration whose bot has run here, and has stopped."""
    folder = tmp_path / "data"
    async with opened(settings(folder), MASTER, FakeClock()) as foundation:
        await world_of(foundation, folder).held(ANN)
    (folder / "master.key").write_text("not to be copied")
    return settings(folder)


def files_in(folder: Path) -> set[str]:
    """Every file below a folder."""
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_two_files_in_two_folders_for_ones_own_eyes(stopped: Config, tmp_path: Path) -> None:
    """And nothing else: no master key, and no leftovers beside them."""
    to = tmp_path / "deep" / "copies"

    copies = backup(stopped.storage, to, NOW)

    assert files_in(to) == {"data/porchlight.db", "keys/keys.db"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in (copies.database, copies.keys)} == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (to, to / "data", to / "keys")} == {0o700}
    assert b"not to be copied" not in copies.database.read_bytes() + copies.keys.read_bytes()


@pytest.mark.parametrize("there", ["data/porchlight.db", "keys/keys.db", "keys/keys.db.unfinished"])
def test_nothing_is_overwritten(stopped: Config, tmp_path: Path, there: str) -> None:
    """Whichever is there already stays as it is, and no second one appears."""
    to = tmp_path / "copies"
    file = to / there
    file.parent.mkdir(parents=True)
    file.write_text("mine")

    with pytest.raises(BackupProblem, match="exists already"):
        backup(stopped.storage, to, NOW)

    assert file.read_text() == "mine"
    assert files_in(to) == {there}


@pytest.mark.parametrize("to", ["data", "."])
def test_a_folder_with_the_master_key_is_refused(stopped: Config, tmp_path: Path, to: str) -> None:
    """The three together tell everything."""
    before = files_in(tmp_path)

    with pytest.raises(BackupProblem, match="The master key lies in"):
        backup(stopped.storage, tmp_path / to, NOW)

    assert files_in(tmp_path) == before


def test_the_master_key_is_not_copied_under_another_name(stopped: Config, tmp_path: Path) -> None:
    """A mistyped path in the configuration is no way to it."""
    wrong = stopped.storage.model_copy(update={"keys": stopped.storage.key_file})

    with pytest.raises(BackupProblem, match="is the master key, which is never copied"):
        backup(wrong, tmp_path / "copies", NOW)


def test_without_data_it_says_so(tmp_path: Path) -> None:
    """And makes no empty file."""
    with pytest.raises(BackupProblem, match="Has the bot run here yet"):
        backup(settings(tmp_path / "data").storage, tmp_path / "copies", NOW)

    assert files_in(tmp_path) == set()


async def test_two_files_that_do_not_belong_together_are_no_backup(stopped: Config, tmp_path: Path) -> None:
    """They would open nothing; no copy is kept."""
    other = settings(tmp_path / "other")
    async with opened(other, MASTER, FakeClock()):
        pass
    mixed = stopped.storage.model_copy(update={"keys": other.storage.keys})

    with pytest.raises(BackupProblem, match="do not belong together"):
        backup(mixed, tmp_path / "copies", NOW)

    assert files_in(tmp_path / "copies") == set()


def test_a_locked_database_is_said_and_leaves_nothing(stopped: Config, tmp_path: Path) -> None:
    """The line in the log comes first."""
    with closing(sqlite3.connect(stopped.storage.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable):
            backup(stopped.storage, tmp_path / "copies", NOW, busy_timeout_ms=50)

    assert files_in(tmp_path / "copies") == set()


def test_ledger_and_anchors_are_copied_as_they_are(stopped: Config, tmp_path: Path) -> None:
    """Where there are any."""
    stopped.storage.ledger.write_text("who must not come back\n")
    stopped.storage.anchors.write_text("where the log ended\n")

    copies = backup(stopped.storage, tmp_path / "copies", NOW)

    assert copies.ledger.read_text() == "who must not come back\n"
    assert copies.anchors.read_text() == "where the log ended\n"
    assert {stat.S_IMODE(file.stat().st_mode) for file in copies.all} == {0o600}


def test_a_damaged_database_is_no_backup(stopped: Config, tmp_path: Path) -> None:
    """A table is overwritten; no copy is kept, and the older ones stay."""
    backup(stopped.storage, tmp_path / "older", NOW)
    with closing(sqlite3.connect(stopped.storage.database)) as connection:
        [page] = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sent_message'"
        ).fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(stopped.storage.database.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = bytes(4096)
    stopped.storage.database.write_bytes(data)

    with pytest.raises(BackupProblem, match="The copy is damaged"):
        backup(stopped.storage, tmp_path / "copies", NOW, dated=True)

    assert files_in(tmp_path / "copies") == set()
    assert files_in(tmp_path / "older") == {"data/porchlight.db", "keys/keys.db"}


def test_dated_copies_lie_in_folders_of_their_moment(stopped: Config, tmp_path: Path) -> None:
    """The keys elsewhere; a second one in the same second overwrites nothing."""
    to, apart = tmp_path / "copies", tmp_path / "apart"

    copies = backup(stopped.storage, to, NOW, keys_to=apart, dated=True)

    assert copies.database == to / "2026-03-04T12-00-00Z" / "data" / "porchlight.db"
    assert files_in(to) == {f"2026-03-04T12-00-00Z/{name}" for name in ("data/porchlight.db", MARKER)}
    assert files_in(apart) == {f"2026-03-04T12-00-00Z/{name}" for name in ("keys/keys.db", MARKER)}
    with pytest.raises(BackupProblem, match="exists already"):
        backup(stopped.storage, to, NOW, keys_to=apart, dated=True)
    assert check_whole(copies) > 0


DAY = timedelta(days=1)


def dated_copies(stopped: Config, to: Path, *ages: int) -> None:
    """Copies that are so many days old."""
    for age in ages:
        backup(stopped.storage, to, NOW - age * DAY, dated=True)


def left_in(to: Path) -> set[tuple[int, str]]:
    """How old the copies are that are left, and of what."""
    return {
        ((NOW - moment).days, part)
        for age in range(40)
        for moment in (NOW - age * DAY,)
        for part in ("data", "keys")
        if (to / stamp(moment) / part).exists()
    }


def test_dated_copies_go_when_they_are_old(stopped: Config, tmp_path: Path) -> None:
    """The keys after a week and the database after a month, and the folder with the last of them."""
    to = tmp_path / "copies"
    dated_copies(stopped, to, 0, 6, 7, 29, 30, 31)

    assert delete_old(to, NOW, 30 * DAY, 7 * DAY) == 4

    assert left_in(to) == {(0, "data"), (0, "keys"), (6, "data"), (6, "keys"), (7, "data"), (29, "data")}
    assert delete_old(to, NOW, 30 * DAY, 7 * DAY) == 0


def test_a_copy_that_was_cut_short_goes_too(stopped: Config, tmp_path: Path) -> None:
    """It holds as much as another."""
    to = tmp_path / "copies"
    dated_copies(stopped, to, 31)
    folder = to / stamp(NOW - 31 * DAY)
    folder.rename(folder.with_name(f"{folder.name}.unfinished"))

    assert delete_old(to, NOW, 30 * DAY, 7 * DAY) == 1

    assert list(to.iterdir()) == []


def test_nothing_else_is_ever_deleted(stopped: Config, tmp_path: Path) -> None:
    """No folder without our mark, no file that we did not make, and nothing behind a link."""
    to, elsewhere = tmp_path / "copies", tmp_path / "elsewhere"
    dated_copies(stopped, to, 31, 32, 33, 34)
    marked, unmarked, linked, inside = (to / stamp(NOW - age * DAY) for age in (31, 32, 33, 34))
    (marked / "data" / "letters").write_text("mine")
    (unmarked / MARKER).unlink()
    linked.rename(elsewhere)
    linked.symlink_to(elsewhere)
    shutil.move(inside / "data", tmp_path / "data-of-others")
    (inside / "data").symlink_to(tmp_path / "data-of-others")
    (to / "2026-13-41T00-00-00Z").mkdir()
    (to / "2026-13-41T00-00-00Z" / MARKER).touch()

    delete_old(to, NOW, 30 * DAY, 7 * DAY)

    assert files_in(marked) == {"data/letters", MARKER}
    assert files_in(unmarked) == {"data/porchlight.db", "keys/keys.db"}
    assert files_in(elsewhere) == {"data/porchlight.db", "keys/keys.db", MARKER}
    assert (tmp_path / "data-of-others" / "porchlight.db").exists()
    assert (to / "2026-13-41T00-00-00Z").exists()


def test_a_master_key_that_cannot_be_seen_is_no_hindrance(
    stopped: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that makes copies is best kept away from it."""
    exists = Path.exists

    def blind(path: Path) -> bool:
        if path == stopped.storage.key_file:
            raise PermissionError(13, "Permission denied")
        return exists(path)

    monkeypatch.setattr(Path, "exists", blind)

    assert check_whole(backup(stopped.storage, tmp_path / "copies", NOW)) > 0
