"""Putting copies back: all or nothing, wherever it is stopped, and never somebody who was erased."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from bot.config import Config
from bot.config.tables import Storage
from bot.copies import backup as backing_up
from bot.copies.backup import BackupProblem, Copies, backup
from bot.copies.restoring import RestoreProblem, Step, found, is_under_way, restore
from bot.forgetting import ledger
from bot.forgetting.ledger import Line
from bot.foundation import Foundation
from bot.keys.sealing import KeyProblem
from bot.migrations import SchemaProblem
from bot.model import Scope, Visitor
from bot.opening import CannotStart, opened
from bot.store import erasures, subjects
from tests.support import (
    ANN,
    BEN,
    MASTER,
    NOW,
    FakeClock,
    FakeDoorkeeper,
    World,
    config,
    raw_connection,
    visitor,
)

CAT, DAN = visitor(210000000000000003), visitor(210000000000000004)

SHIPPED = config()


@dataclass(frozen=True, slots=True)
class Home:
    """A community's files, and a copy of them from before."""

    folder: Path

    @property
    def config(self) -> Config:
        """Each file in a folder of its own."""
        where = self.folder
        storage = Storage(
            database=where / "data" / "p.db",
            keys=where / "keys" / "k.db",
            key_file=where / "secret" / "m.key",
            ledger=where / "ledger" / "erasures.jsonl",
            anchors=where / "ledger" / "anchors.jsonl",
        )
        return SHIPPED.model_copy(update={"storage": storage})

    @property
    def storage(self) -> Storage:
        return self.config.storage

    @property
    def copy(self) -> Path:
        return self.folder / "copies"

    def steps(self, *ledgers: Path, copy: Path | None = None) -> Iterator[Step]:
        """A restore of the copy."""
        return restore(self.storage, found(copy or self.copy, None, ledgers), MASTER, NOW)

    async def known(self) -> set[int]:
        """Who is known after a start of the bot, and can be read."""
        async with opened(self.config, MASTER, FakeClock()) as on:

            def read(connection: sqlite3.Connection) -> set[int]:
                rows = connection.execute("SELECT id, key_id FROM subject").fetchall()
                return {
                    subjects.user_id(connection, on.vault.key(row["key_id"]), row["id"]) or 0 for row in rows
                }

            return await on.database.read(read)


def world_of(on: Foundation) -> World:
    return World(on, FakeClock(), FakeDoorkeeper(), on.config.storage.database)


async def came(on: Foundation, *people: Visitor) -> None:
    """People come, and are known from then on."""
    for who in people:
        await world_of(on).gate.arrive(who)


async def left_for_good(on: Foundation, who: Visitor) -> None:
    """Somebody has everything deleted."""
    world = world_of(on)
    assert await world.erasure.person(await world.subject_id(who), "person") is not None


def ids(*people: Visitor) -> set[int]:
    return {who.user_id for who in people}


async def lived(made: Home) -> None:
    """Ann, Ben and Cat came; a copy was made; Ann had everything deleted; Dan came; the bot has stopped."""
    async with opened(made.config, MASTER, FakeClock()) as on:
        await came(on, ANN, BEN, CAT)
        backup(made.storage, made.copy, NOW)
        await left_for_good(on, ANN)
        await came(on, DAN)
    made.storage.anchors.write_text("the anchors that there are\n")


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a community that has lived for a while."""
    folder = tmp_path_factory.mktemp("lived")
    asyncio.run(lived(Home(folder)))
    return folder


@pytest.fixture
def home(lived_in: Path, tmp_path: Path) -> Home:
    """A community of one's own."""
    shutil.copytree(lived_in, tmp_path / "home")
    return Home(tmp_path / "home")


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder, to the byte, except for locks."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix not in {".lock", ".db-shm"}
    }


ALL = [
    Step.CHECKED,
    Step.FLUSHED,
    Step.MERGED,
    Step.BESIDE,
    Step.INTENT,
    Step.ASIDE,
    Step.IN_PLACE,
    Step.ASIDE,
    Step.ASIDE,
    Step.IN_PLACE,
    Step.DONE,
]


async def test_what_was_copied_is_back_without_whoever_was_erased_since(home: Home) -> None:
    """Before the first command is answered. What came after the copy is gone, but lies aside."""
    assert list(home.steps()) == ALL
    async with opened(home.config, MASTER, FakeClock()) as on:
        lines = await world_of(on).rows("SELECT actor FROM event WHERE action = 'backup.restored'")
        assert lines == [("operator",)]

    assert await home.known() == ids(BEN, CAT)
    aside = sorted(str(file.relative_to(home.folder)) for file in home.folder.rglob("before-restore-*/*"))
    assert [name.split("/")[0] for name in aside] == ["data", "keys", "ledger"]
    assert not list(home.folder.rglob("*.restor*"))


@pytest.mark.parametrize(
    ("then", "steps"),
    [("start", n) for n in range(len(ALL) + 1)] + [("restore", n) for n in (4, 5, 7, 10)],
)
async def test_stopped_anywhere_all_is_old_or_all_is_new(home: Home, then: str, steps: int) -> None:
    """The next start finishes it, and so does the next restore; the erased are gone either way."""
    assert list(islice(home.steps(), steps)) == ALL[:steps]
    new = steps > ALL.index(Step.INTENT)
    assert is_under_way(home.storage) == (new and steps < len(ALL))
    if then == "restore":
        assert list(home.steps())[-1] is Step.DONE
        new = True

    assert await home.known() == (ids(BEN, CAT) if new else ids(BEN, CAT, DAN))
    assert home.storage.anchors.exists() != new
    assert not is_under_way(home.storage)
    assert not list(home.folder.rglob("*.restor*"))
    assert len(ledger.read(home.storage.ledger)) == 1


async def test_nothing_is_read_or_copied_halfway(home: Home) -> None:
    """Neither by a command beside the bot, nor by a backup."""
    list(islice(home.steps(), ALL.index(Step.IN_PLACE)))

    with pytest.raises(CannotStart, match="cut short"):
        async with opened(home.config, MASTER, beside=True):
            pass
    with pytest.raises(BackupProblem, match="cut short"):
        backup(home.storage, home.folder / "other", NOW)


async def test_the_keys_in_use_can_stay(home: Home) -> None:
    """The database alone is put back: Ann's key is gone already, and so is she, ledger or none."""
    shutil.rmtree(home.copy / "keys")
    home.storage.ledger.unlink()

    assert Step.DONE in list(home.steps())

    assert await home.known() == ids(BEN, CAT)
    assert [line.what for line in ledger.read(home.storage.ledger)] == [Scope.PERSON]


async def test_erasures_of_the_last_seconds_are_not_lost(home: Home) -> None:
    """Ben's rows were gone, and his line in the ledger was not written yet, when the disk died."""
    with closing(raw_connection(home.storage.database)) as connection:
        connection.row_factory = sqlite3.Row
        ben = connection.execute("SELECT id FROM subject ORDER BY rowid LIMIT 1").fetchone()["id"]
        connection.execute("BEGIN")
        erasures.add(connection, Scope.PERSON, NOW, subject_id=ben)
        connection.execute("COMMIT")

    assert Step.DONE in list(home.steps())

    assert len(ids(BEN, CAT) - await home.known()) == 1


async def test_whoever_is_let_go_of_while_a_copy_is_made_is_no_hindrance(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their row was copied, and their key had gone when the keys were: they are not back, all others are."""
    loop, to = asyncio.get_running_loop(), home.folder / "between"
    async with opened(home.config, MASTER, FakeClock()) as on:
        await came(on, ANN)

        def copied(source: Path, copy: Path) -> Path:
            if source == home.storage.keys:
                leaving = world_of(on).gate.leave(BEN.user_id)
                asyncio.run_coroutine_threadsafe(leaving, loop).result()
            return copied_before(source, copy)

        copied_before = backing_up._copied
        monkeypatch.setattr(backing_up, "_copied", copied)
        await asyncio.to_thread(backup, home.storage, to, NOW)

    assert list(home.steps(copy=to))[-1] is Step.DONE
    assert await home.known() == ids(ANN, CAT, DAN)


async def test_no_line_of_any_ledger_is_lost(home: Home) -> None:
    """The present one, the copy's and a given one; each erases whom it names."""
    home.storage.ledger.rename(home.folder / "carried.jsonl")
    async with opened(home.config, MASTER, FakeClock()) as on:
        ben = await world_of(on).subject_id(BEN)
    ledger.append(home.storage.ledger, [Line("X", date(2026, 3, 4), Scope.PERSON, "nobody")])
    ledger.append(home.copy / "ledger" / "erasures.jsonl", [Line("Y", date(2026, 3, 4), Scope.PERSON, ben)])

    assert Step.DONE in list(home.steps(home.folder / "carried.jsonl"))

    assert await home.known() == ids(CAT)
    assert len(ledger.read(home.storage.ledger)) == 3


async def test_a_machine_that_lost_everything_gets_it_back(home: Home) -> None:
    """An empty folder, the copies, the master key, and the ledger from elsewhere."""
    carried = home.storage.ledger.rename(home.folder / "carried.jsonl")
    for name in ("data", "keys", "ledger"):
        shutil.rmtree(home.folder / name)

    assert Step.DONE in list(home.steps(carried))

    assert await home.known() == ids(BEN, CAT)


async def test_a_present_database_that_cannot_be_read_is_no_hindrance(home: Home) -> None:
    """It is why a copy is put back."""
    home.storage.database.write_bytes(b"no database at all, by far" * 400)

    assert Step.DONE in list(home.steps())

    assert await home.known() == ids(BEN, CAT)


def refused(home: Home, match: str, error: type[Exception] = RestoreProblem, **how: Path) -> None:
    """It is refused, and not a byte of the data is changed."""
    before = everything(home.folder)
    with pytest.raises(error, match=match):
        list(home.steps(**how))
    assert everything(home.folder) == before


def test_a_damaged_copy_is_refused(home: Home) -> None:
    """A page of the database is overwritten."""
    copies = Copies.below(home.copy, home.copy)
    data = bytearray(copies.database.read_bytes())
    data[8192:12288] = bytes(4096)
    copies.database.write_bytes(data)

    refused(home, "is damaged")


def test_a_copy_from_a_newer_version_is_refused(home: Home) -> None:
    """Its migrations are not known here."""
    with closing(sqlite3.connect(Copies.below(home.copy, home.copy).database)) as connection:
        connection.execute("INSERT INTO migration VALUES (9999, '9999_later.sql', '')")
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")

    refused(home, "newer version", SchemaProblem)


async def test_copies_of_two_communities_are_refused(home: Home, tmp_path: Path) -> None:
    """Their pairs differ."""
    other = Home(tmp_path / "other")
    async with opened(other.config, MASTER, FakeClock()) as on:
        await came(on, DAN)
        backup(other.storage, other.copy, NOW)
    shutil.copy(other.copy / "keys" / "keys.db", home.copy / "keys" / "keys.db")

    refused(home, "different communities")


async def test_keys_that_are_older_than_the_database_are_refused(home: Home) -> None:
    """Those who came in between could not be read."""
    later = home.folder / "later"
    backup_keys = home.copy / "keys" / "keys.db"
    async with opened(home.config, MASTER, FakeClock()) as on:
        on.vault.lay_in(1)
        await came(on, *(visitor(310000000000000000 + n) for n in range(2)))
        backup(home.storage, later, NOW)
    with (
        closing(sqlite3.connect(backup_keys)) as old,
        closing(sqlite3.connect(later / "keys" / "keys.db")) as new,
    ):
        assert old.execute("SELECT count(*) FROM person_key") != new.execute(
            "SELECT count(*) FROM person_key"
        )
    shutil.copy(backup_keys, later / "keys" / "keys.db")

    refused(home, "older than the copy of the database", copy=later)


def test_a_master_key_that_does_not_fit_is_refused(home: Home) -> None:
    """It was replaced since the copy, perhaps."""
    with pytest.raises(KeyProblem, match="does not open this copy"):
        list(restore(home.storage, found(home.copy, None, ()), bytes(32), NOW))


def test_a_log_that_does_not_hold_is_refused(home: Home) -> None:
    """Whatever looks at it says so."""

    def look(_: sqlite3.Connection) -> Sequence[str]:
        return ["line 7 was changed"]

    with pytest.raises(RestoreProblem, match="line 7 was changed"):
        list(restore(home.storage, found(home.copy, None, ()), MASTER, NOW, look))


def test_what_is_not_there_is_named(home: Home) -> None:
    """The copy, its keys, and a ledger."""
    with pytest.raises(RestoreProblem, match="that backup has made"):
        found(home.folder / "nowhere", None, ())
    with pytest.raises(RestoreProblem, match="--keys-to had"):
        found(home.copy, home.folder, ())
    with pytest.raises(RestoreProblem, match="ledger that is there"):
        found(home.copy, None, [home.folder / "none.jsonl"])
    shutil.rmtree(home.copy / "keys")
    home.storage.keys.unlink()
    with pytest.raises(RestoreProblem, match="--keys-from"):
        list(home.steps())


def test_a_second_restore_in_the_same_second_keeps_what_the_first_set_aside(home: Home) -> None:
    """Nothing that was moved aside is ever overwritten."""
    assert Step.DONE in list(home.steps())
    assert Step.DONE in list(home.steps())

    assert len(list((home.folder / "data").glob("before-restore-*"))) == 2
