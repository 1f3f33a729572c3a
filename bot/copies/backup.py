"""Copies of database and keys, made while the bot runs: each is its file whole, at one moment.

The database is copied first. A key is always on disk before anything is sealed with it, so that the
copy of the keys, made after, has every key that the copy of the database needs. The ledger comes last:
the later it is, the more it knows of who must not come back.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.config.tables import Storage
from bot.copies.dated import MARKER, stamp
from bot.database import PATIENT_TIMEOUT_MS, connect, untouched
from bot.forgetting import ledger
from bot.forgetting.ledger import Line
from bot.ids import new_id
from bot.keys.key_file import flush_folder
from bot.model import Scope
from bot.operating import note
from bot.store import erasures, soundness, subjects


class BackupProblem(Exception):
    """No copy was made. Its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Where the copies lie. ``ledger`` and ``anchors`` are there only where there was something to copy."""

    database: Path
    keys: Path
    ledger: Path
    anchors: Path

    @classmethod
    def below(cls, folder: Path, keys_folder: Path) -> "Copies":
        """The copies in a folder, the keys in another or the same."""
        ledger = folder / "ledger"
        return cls(
            folder / "data" / "porchlight.db",
            keys_folder / "keys" / "keys.db",
            ledger / "erasures.jsonl",
            ledger / "anchors.jsonl",
        )

    @property
    def all(self) -> tuple[Path, Path, Path, Path]:
        """Every file."""
        return self.database, self.keys, self.ledger, self.anchors


def intent_of(storage: Storage) -> Path:
    """The note that copies are being put back: until it is gone, nothing here is to be relied on."""
    return storage.database.with_name(f"{storage.database.name}.restore")


def backup(
    storage: Storage,
    to: Path,
    now: datetime,
    *,
    keys_to: Path | None = None,
    dated: bool = False,
    busy_timeout_ms: int = PATIENT_TIMEOUT_MS,
) -> Copies:
    """Copy database, keys, ledger and anchors into sub-folders of ``to``, mode 0600.

    The keys go below ``keys_to`` where it is given. With ``dated``, a folder named after the moment holds
    the copy. The master key is never copied, nothing is overwritten, and nothing is migrated: a copy can
    be made before an upgrade. It has its name once it is whole, checked and on disk. A bot that writes
    meanwhile is waited for, so long at most as ``busy_timeout_ms`` says. Raises BackupProblem,
    StorageUnavailable, sqlite3.Error or OSError.
    """
    apart = keys_to or to
    final, final_keys = (to / stamp(now), apart / stamp(now)) if dated else (to, apart)
    copies = Copies.below(final, final_keys)
    _refuse(storage, (to, apart), copies)
    for folder in {to, apart}:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    note(storage.database, now, "backup.begun", "backup", busy_timeout_ms=busy_timeout_ms)
    if dated:
        _fill_dated(storage, final, final_keys, now)
    else:
        _fill(storage, copies, now)
    return copies


def _refuse(storage: Storage, folders: tuple[Path, Path], copies: Copies) -> None:
    if intent_of(storage).exists():
        raise BackupProblem("A restore was cut short. Start the bot, and it is finished; then copy.")
    for source in (storage.database, storage.keys):
        if not source.exists():
            raise BackupProblem(f"There is no {source}. Has the bot run here yet?")
        if _visible(storage.key_file) and source.samefile(storage.key_file):
            raise BackupProblem(f"{source} is the master key, which is never copied. See [storage].")
    for to in folders:
        if _visible(storage.key_file) and storage.key_file.resolve().is_relative_to(to.resolve()):
            raise BackupProblem(
                f"The master key lies in {to}. Choose another folder: whoever finds data, keys and master "
                "key together can read everything."
            )
    for copy in copies.all:
        for file in (copy, _unfinished(copy)):
            if file.exists():
                raise BackupProblem(f"{file} exists already. Choose another folder; nothing is overwritten.")


def _visible(file: Path) -> bool:
    """Whether a file is there for this program to see: a service that makes copies needs no master key."""
    try:
        return file.exists()
    except PermissionError:
        return False


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")


def _fill_dated(storage: Storage, final: Path, final_keys: Path, now: datetime) -> None:
    """Fill new folders, which get their names last; the keys' folder first, without which data is nothing."""
    folders = list(dict.fromkeys((final_keys, final)))
    begun: list[Path] = []
    try:
        for folder in map(_unfinished, folders):
            folder.mkdir(mode=0o700)
            begun.append(folder)
            (folder / MARKER).touch(mode=0o600)
        _fill(storage, Copies.below(_unfinished(final), _unfinished(final_keys)), now)
        for folder, unfinished in zip(folders, begun, strict=True):
            unfinished.rename(folder)
            flush_folder(folder.parent)
    except BaseException:
        for folder in begun:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _fill(storage: Storage, copies: Copies, now: datetime) -> None:
    with _all_or_nothing(copies) as made:
        # Before the database: an anchor of a moment that the copy does not reach would accuse it.
        if storage.anchors.exists():
            made.append(_copied_as_it_is(storage.anchors, copies.anchors))
        for source, copy in ((storage.database, copies.database), (storage.keys, copies.keys)):
            made.append(_copied(source, copy))
        _insist_that_they_are_sound(*map(_unfinished, (copies.database, copies.keys)))
        if storage.ledger.exists():
            _copied_as_it_is(storage.ledger, copies.ledger)
        _name_who_went(storage, copies, now)
        if _unfinished(copies.ledger).exists():
            made.append(_unfinished(copies.ledger))


@contextmanager
def _all_or_nothing(copies: Copies) -> Iterator[list[Path]]:
    """Gather unfinished copies, and give them their names at the end; or leave none of them."""
    made: list[Path] = []
    try:
        yield made
        for copy in copies.all:
            if _unfinished(copy) in made:
                _unfinished(copy).rename(copy)
                made.append(copy)
                flush_folder(copy.parent)
    except BaseException:
        for copy in copies.all:
            _unfinished(copy).unlink(missing_ok=True)
        for file in made:
            file.unlink(missing_ok=True)
        raise


def _begun(copy: Path) -> Path:
    """An empty, unfinished copy."""
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = _unfinished(copy)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return unfinished


def _copied(source: Path, copy: Path) -> Path:
    """A database, as it is at one moment."""
    unfinished = _begun(copy)
    with closing(connect(source)) as connection, closing(sqlite3.connect(unfinished)) as target:
        connection.backup(target)
    return _on_disk(unfinished)


def _name_who_went(storage: Storage, copies: Copies, now: datetime) -> None:
    """Have the copy of the ledger name who was let go of after the database was copied.

    Their rows are in the copy and their keys are not: without a line it would count as torn apart.
    """
    with untouched(_unfinished(copies.database)) as data, untouched(_unfinished(copies.keys)) as keys:
        lacking = soundness.without_keys(data, keys)
    with closing(connect(storage.database)) as connection:
        here = erasures.people_still_here(connection, lacking)
    gone = [Line(new_id(), now.date(), Scope.PERSON, one) for one in lacking if one not in here]
    ledger.append(_unfinished(copies.ledger), gone)


def _copied_as_it_is(source: Path, copy: Path) -> Path:
    unfinished = _begun(copy)
    unfinished.write_bytes(source.read_bytes())
    return _on_disk(unfinished)


def _on_disk(file: Path) -> Path:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    return file


def _insist_that_they_are_sound(database: Path, keys: Path) -> None:
    """See that the copies are whole, and belong together."""
    pairs = set()
    for copy in (database, keys):
        with untouched(copy) as connection:
            if not soundness.is_whole(connection):
                raise BackupProblem(
                    "The copy is damaged, and was not kept: the disk may be ill, or the data are damaged "
                    "themselves. Check the disk, and keep the copies that you have."
                )
            pairs.add(subjects.pair(connection))
    if len(pairs) != 1 or pairs == {""}:
        raise BackupProblem(
            "The database and keys.db do not belong together. Check both paths in [storage]. "
            "No copy was kept."
        )
