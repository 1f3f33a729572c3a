"""Copies of the two files, made while the bot runs: each is its file whole, at one moment.

The database is copied first. A key is always on disk before anything is sealed with it, so that the
copy of the keys, made after, has every key that the copy of the database needs.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.config.tables import Storage
from bot.database import commit, connect
from bot.store import events, subjects


class BackupProblem(Exception):
    """No copy was made. Its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Where the copies lie."""

    database: Path
    keys: Path


def backup(storage: Storage, to: Path, now: datetime) -> Copies:
    """Copy database and keys into two sub-folders of ``to``, mode 0600. The master key is never copied.

    Nothing is overwritten, and nothing is migrated: a copy can be made before an upgrade. Raises
    BackupProblem or sqlite3.Error.
    """
    copies = Copies(to / "data" / storage.database.name, to / "keys" / storage.keys.name)
    _refuse(storage, to, copies)
    for folder in (to, copies.database.parent, copies.keys.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _note(storage.database, now)
    made: list[Path] = []
    try:
        for source, copy in ((storage.database, copies.database), (storage.keys, copies.keys)):
            _copy(source, copy, made)
        _insist_on_the_pair(copies)
    except BaseException:
        for file in made:
            file.unlink(missing_ok=True)
        raise
    return copies


def _refuse(storage: Storage, to: Path, copies: Copies) -> None:
    for source in (storage.database, storage.keys):
        if not source.exists():
            raise BackupProblem(f"There is no {source}. Has the bot run here yet?")
        if storage.key_file.exists() and source.samefile(storage.key_file):
            raise BackupProblem(f"{source} is the master key, which is never copied. See [storage].")
    if storage.key_file.exists() and storage.key_file.resolve().is_relative_to(to.resolve()):
        raise BackupProblem(
            f"The master key lies in {to}. Choose another folder: whoever finds data, keys and master key "
            "together can read everything."
        )
    for copy in (copies.database, copies.keys):
        for file in (copy, _unfinished(copy)):
            if file.exists():
                raise BackupProblem(f"{file} exists already. Choose another folder; nothing is overwritten.")


def _note(database: Path, now: datetime) -> None:
    """Write down that the operator makes a copy."""

    def unit(connection: sqlite3.Connection) -> None:
        events.record(
            connection,
            now=now,
            actor="operator",
            action="backup.begun",
            object_kind="backup",
            object_id="backup",
        )

    with closing(connect(database)) as connection:
        for result in commit(connection, [unit]):
            if isinstance(result, BaseException):
                raise result


def _unfinished(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.unfinished")


def _copy(source: Path, copy: Path, made: list[Path]) -> None:
    """Copy one file. It gets its name only when it is whole and on disk."""
    unfinished = _unfinished(copy)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    made.append(unfinished)
    with closing(connect(source)) as connection, closing(sqlite3.connect(unfinished)) as target:
        connection.backup(target)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(copy)
    made.append(copy)
    folder = os.open(copy.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _insist_on_the_pair(copies: Copies) -> None:
    pairs = set()
    for copy in (copies.database, copies.keys):
        uri = f"{copy.absolute().as_uri()}?immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            pairs.add(subjects.pair(connection))
    if len(pairs) != 1 or pairs == {""}:
        raise BackupProblem(
            "The database and keys.db do not belong together. Check both paths in [storage]. "
            "No copy was kept."
        )
