"""Folders of copies that are named after a moment, and the end of those that are too old.

Nothing is ever deleted but files that a backup made, in a folder that a backup made and marked: a link
is not followed, and whatever else lies there stays.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

MARKER = ".porchlight-copy"

DATA = ("data/porchlight.db", "ledger/erasures.jsonl", "ledger/anchors.jsonl")
"""What is kept as long as copies of the database are."""
KEYS = ("keys/keys.db",)
"""What is kept as long as copies of the keys are."""

_FORM = "%Y-%m-%dT%H-%M-%SZ"
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(\.unfinished)?")


def stamp(now: datetime) -> str:
    """The name of a folder for a copy made at this moment."""
    return now.astimezone(UTC).strftime(_FORM)


def delete_old(folder: Path, now: datetime, backups: timedelta, key_backups: timedelta) -> int:
    """Delete dated copies that are kept long enough; how many folders lost something. Raises OSError."""
    count = 0
    for copy, made_at in sorted(_dated(folder)):
        age = now - made_at
        gone = [
            _deleted(copy, files)
            for files, kept in ((DATA, backups), (KEYS, key_backups))
            # An hour less, so that a daily timer that is a little early does not leave it for a day.
            if age > kept - timedelta(hours=1)
        ]
        _delete_if_empty(copy)
        count += any(gone)
    return count


def _dated(folder: Path) -> Iterator[tuple[Path, datetime]]:
    for child in folder.iterdir():
        match = _NAME.fullmatch(child.name)
        if match is None or child.is_symlink() or not child.is_dir() or not _is_file(child / MARKER):
            continue
        try:
            yield child, datetime.strptime(match[1], _FORM).replace(tzinfo=UTC)
        except ValueError:
            continue


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _deleted(copy: Path, files: tuple[str, ...]) -> bool:
    """Delete files of a copy, and what SQLite leaves beside one that somebody looked into."""
    gone = False
    for name in files:
        file = copy / name
        if file.parent.is_symlink():
            continue
        for suffix in ("", ".unfinished", "-wal", "-shm"):
            found = file.with_name(f"{file.name}{suffix}")
            if _is_file(found):
                found.unlink()
                gone = True
        _remove_if_empty(file.parent)
    return gone


def _delete_if_empty(copy: Path) -> None:
    if [child.name for child in copy.iterdir()] == [MARKER]:
        (copy / MARKER).unlink()
        copy.rmdir()


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
