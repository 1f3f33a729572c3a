"""Putting copies back: checked first, all or nothing, and without those who were erased since.

What is put back waits beside the real files under names of its own. A note of intent says that it is
whole; from then on there is only one way, forward, for whoever comes next: this, or a start of the bot.
What was there before is moved aside, into a folder named after the moment, and never deleted.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.config.tables import Storage
from bot.copies.backup import Copies, intent_of
from bot.copies.dated import stamp
from bot.database import connect, untouched
from bot.forgetting import ledger
from bot.forgetting.finishing import line_of
from bot.forgetting.ledger import Line
from bot.ids import new_id
from bot.keys.key_file import flush_folder
from bot.keys.sealing import KeyProblem
from bot.migrations import FOLDER, migrate, refuse_foreign
from bot.model import Scope
from bot.operating import note
from bot.store import erasures, masters, soundness, subjects
from bot.vault import insist_it_fits

_SIDE_FILES = ("-wal", "-shm")


class RestoreProblem(Exception):
    """Nothing was put back, and the data are as they were. Its text says why and what to do."""


class Step(StrEnum):
    """What is done by now."""

    CHECKED = "checked"
    FLUSHED = "flushed"
    """What was being erased is in the ledger."""
    MERGED = "merged"
    """The ledger knows what any of the ledgers knew."""
    BESIDE = "beside"
    """The copies wait beside the real files."""
    INTENT = "intent"
    """From here on there is only one way."""
    ASIDE = "aside"
    """A file that was there is out of the way."""
    IN_PLACE = "in place"
    """A file is put back."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Source:
    """What to put back. ``keys`` is None where the present keys.db stays."""

    database: Path
    keys: Path | None
    anchors: Path | None
    ledgers: tuple[Path, ...]


Check = Callable[[sqlite3.Connection], Sequence[str]]
"""Looks at the copy of the database, and says in sentences what is wrong with it."""


def found(folder: Path, keys_from: Path | None, ledgers: Sequence[Path]) -> Source:
    """What ``backup`` put into these folders. Raises RestoreProblem when there is no database."""
    copies = Copies.below(folder, keys_from or folder)
    if not copies.database.is_file():
        raise RestoreProblem(f"There is no {copies.database}. Name a folder that backup has made.")
    if keys_from is not None and not copies.keys.is_file():
        raise RestoreProblem(f"There is no {copies.keys}. Name the folder that --keys-to had.")
    missing = [one for one in ledgers if not one.is_file()]
    if missing:
        raise RestoreProblem(f"There is no {missing[0]}. Name a ledger that is there.")
    return Source(
        copies.database,
        copies.keys if copies.keys.is_file() else None,
        copies.anchors if copies.anchors.is_file() else None,
        (*ledgers, *([copies.ledger] if copies.ledger.is_file() else [])),
    )


def restore(
    storage: Storage, source: Source, master: bytes, now: datetime, check: Check = lambda _: ()
) -> Iterator[Step]:
    """Put copies back, for somebody who is alone on the data. Yields after each step.

    Whatever stops it, the data are either as before, or the next start of the bot finishes it. A restore
    that was cut short is finished first. Raises RestoreProblem, KeyProblem, SchemaProblem, LedgerProblem,
    StorageUnavailable, sqlite3.Error or OSError.
    """
    finish(storage)
    deleted = _insist_that_it_is_sound(storage, source, master, check)
    yield Step.CHECKED
    _flush_erasures(storage)
    yield Step.FLUSHED
    for other in source.ledgers:
        ledger.merge(storage.ledger, other)
    ledger.append(storage.ledger, [Line(new_id(), now.date(), Scope.PERSON, gone) for gone in deleted])
    yield Step.MERGED
    pieces = _put_beside(storage, source, now)
    yield Step.BESIDE
    _write_intent(storage, pieces, _free(stamp(now), [real for real, _ in pieces]))
    yield Step.INTENT
    yield from _go_through(storage)


def finish(storage: Storage) -> bool:
    """Finish what was cut short, or clear away what it left before there was any intent.

    Whether a restore was finished. For somebody who is alone on the data.
    """
    if is_under_way(storage):
        for _ in _go_through(storage):
            pass
        return True
    for real in (storage.database, storage.keys, storage.anchors):
        for file in (_waiting(real), *_beside(_waiting(real))):
            file.unlink(missing_ok=True)
    return False


def is_under_way(storage: Storage) -> bool:
    """Whether a restore was cut short, and has to be finished before anything is opened."""
    return intent_of(storage).exists()


def _waiting(real: Path) -> Path:
    return real.with_name(f"{real.name}.restoring")


def _beside(file: Path) -> list[Path]:
    return [file.with_name(f"{file.name}{suffix}") for suffix in _SIDE_FILES]


def _insist_that_it_is_sound(storage: Storage, source: Source, master: bytes, check: Check) -> list[str]:
    """See that the copies are whole, belong together, and open; nothing is written.

    Returns who is in the copy, by subject id, and was deleted since without a line in a ledger.
    """
    keys = source.keys or storage.keys
    if not keys.is_file():
        raise RestoreProblem(
            "There is no copy of keys.db, and none in use. Name the folder that holds it with --keys-from."
        )
    with untouched(source.database) as data, untouched(keys) as wrapped:
        for connection, file in ((data, source.database), (wrapped, keys)):
            if not soundness.is_whole(connection):
                raise RestoreProblem(f"{file} is damaged. Take another copy.")
        refuse_foreign(data, FOLDER / "main")
        refuse_foreign(wrapped, FOLDER / "keys")
        if not masters.has_table(data, "pair") or subjects.pair(data) != subjects.pair(wrapped):
            raise RestoreProblem("These copies do not belong together: they are of different communities.")
        deleted = _insist_on_the_keys(storage, source, data, wrapped)
        wrong = check(data)
    if wrong:
        raise RestoreProblem("\n".join(["The log in the copy does not hold:", *wrong, "Take another copy."]))
    try:
        insist_it_fits(keys, master)
    except KeyProblem:
        raise KeyProblem(
            "The master key does not open this copy of keys.db. If it was replaced since, set PORCHLIGHT_KEY "
            "to the one of that time, for the bot as well from then on. Nothing has been changed."
        ) from None
    return deleted


def _insist_on_the_keys(
    storage: Storage, source: Source, data: sqlite3.Connection, wrapped: sqlite3.Connection
) -> list[str]:
    """See that everybody in the copy has a key, or was erased.

    With the keys that are in use, whoever has none was deleted since: they are returned.
    """
    lines = [line for file in (storage.ledger, *source.ledgers) for line in ledger.read(file)]
    erased = {line.subject for line in lines if line.what is Scope.PERSON}
    lacking = [one for one in soundness.without_keys(data, wrapped) if one not in erased]
    if lacking and source.keys is not None:
        raise RestoreProblem(
            f"The copy of keys.db is older than the copy of the database: {len(lacking)} people could not be "
            "read. Name a later copy of the keys with --keys-from, or take an older one of the database."
        )
    return lacking


def _flush_erasures(storage: Storage) -> None:
    """Write down in the ledger what the present database was erasing, if it can be read."""
    if not storage.database.exists():
        return
    with suppress(sqlite3.DatabaseError), closing(connect(storage.database)) as connection:
        if masters.has_table(connection, "erasure"):
            ledger.append(storage.ledger, [line_of(one) for one in erasures.pending(connection, -1)])


def _put_beside(storage: Storage, source: Source, now: datetime) -> list[tuple[Path, bool]]:
    """Put the copies beside the real files, up to date; each real file, and whether one waits for it.

    The anchors are those of the copy: they tell where the log ended on each day, and the log that is put
    back has another end.
    """
    copied = [(source.database, storage.database), (source.anchors, storage.anchors)]
    if source.keys is not None:
        copied.append((source.keys, storage.keys))
    for copy, real in copied:
        if copy is not None:
            real.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _copy(copy, _waiting(real))
    with closing(connect(_waiting(storage.database))) as connection:
        migrate(connection, FOLDER / "main")
    note(_waiting(storage.database), now, "backup.restored", "backup")
    for _, real in copied:
        if _waiting(real).exists():
            _flush(_waiting(real))
    return [(real, copy is not None) for copy, real in copied]


def _copy(source: Path, to: Path) -> None:
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target, source.open("rb") as opened:
        shutil.copyfileobj(opened, target)


def _flush(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    flush_folder(file.parent)


def _write_intent(storage: Storage, pieces: list[tuple[Path, bool]], aside: str) -> None:
    intent = intent_of(storage)
    unfinished = intent.with_name(f"{intent.name}.unfinished")
    files = [{"file": str(real.absolute()), "waits": waits} for real, waits in pieces]
    unfinished.write_text(json.dumps({"aside": aside, "files": files}), encoding="utf-8")
    _flush(unfinished)
    unfinished.replace(intent)
    flush_folder(intent.parent)


def _go_through(storage: Storage) -> Iterator[Step]:
    """From the intent to the end. Each step may have been done before."""
    intent = intent_of(storage)
    noted = json.loads(intent.read_text(encoding="utf-8"))
    for piece in noted["files"]:
        real, waits = Path(piece["file"]), piece["waits"]
        # Once nothing waits any more, the real file is the new one.
        if _waiting(real).exists() or not waits:
            for file in (real, *_beside(real)):
                if file.exists():
                    _set_aside(file, noted["aside"])
                    yield Step.ASIDE
        if _waiting(real).exists():
            _waiting(real).replace(real)
            flush_folder(real.parent)
            yield Step.IN_PLACE
    intent.unlink()
    flush_folder(intent.parent)
    yield Step.DONE


def aside_folder(real: Path, aside: str) -> Path:
    """Where what was there before a restore lies."""
    return real.with_name(f"before-restore-{aside}")


def _free(name: str, files: list[Path]) -> str:
    """A name like this one for what is moved aside, under which nothing lies there yet."""
    tried, number = name, 1
    while any(aside_folder(file, tried).exists() for file in files):
        number += 1
        tried = f"{name}-{number}"
    return tried


def _set_aside(file: Path, aside: str) -> None:
    folder = aside_folder(file, aside)
    folder.mkdir(exist_ok=True, mode=0o700)
    file.replace(folder / file.name)
    flush_folder(folder)
    flush_folder(file.parent)
