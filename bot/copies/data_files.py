"""The files of the data as they lie on the disk: shut to others, and apart from each other."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from bot.config import Config
from bot.copies.file_checks import Kind, Seen, TooOpen, lie_together, too_open

_log = logging.getLogger(__name__)

_SIDE_FILES = ("", "-wal", "-shm", ".lock")
_ENVIRONMENT = Path(".env")
_TOGETHER = "{name} lies with {other}: a copy of the folder is a copy of both. Give it a folder of its own."


def file_problems(config: Config) -> list[str]:
    """What is wrong with how the files lie, and how to mend it, in sentences; nothing is changed."""
    storage = config.storage
    files = (storage.database, storage.keys, storage.key_file, storage.ledger)
    together = lie_together(*(str(file.resolve()) for file in files))
    return [
        *(found.sentence for found in _too_open(config)),
        *(_TOGETHER.format(name=name, other=other) for name, other in together),
    ]


def shut(config: Config) -> None:
    """Shut to others what is ours; what is not is told in the log by its kind.

    The key file is left as it is: it is refused when it is read, because somebody may have seen it.
    """
    for found in _too_open(config):
        kind = found.seen.kind
        if kind in {Kind.KEY_FILE, Kind.ENVIRONMENT}:
            continue
        if found.ours:
            try:
                Path(found.seen.path).chmod(found.to)
            except OSError as problem:
                _log.warning("a file is open to others: %s, %s", kind.value, type(problem).__name__)
            else:
                _log.warning("a file was open to others, and is shut now: %s", kind.value)
        else:
            _log.warning("a file belongs to another user: %s", kind.value)


def _too_open(config: Config) -> list[TooOpen]:
    return list(too_open(list(_seen(config)), os.geteuid()))


def _seen(config: Config) -> Iterator[Seen]:
    storage = config.storage
    found = [
        *((_beside(storage.database, suffix), Kind.DATABASE) for suffix in _SIDE_FILES),
        *((_beside(storage.keys, suffix), Kind.KEYS) for suffix in _SIDE_FILES),
        (storage.key_file, Kind.KEY_FILE),
        (storage.ledger, Kind.LEDGER),
        (storage.anchors, Kind.ANCHORS),
        (_ENVIRONMENT, Kind.ENVIRONMENT),
    ]
    folders = sorted({file.absolute().parent for file, _ in found[:-1]})
    found.extend((folder, Kind.FOLDER) for folder in folders if _is_only_ours(folder, config))
    for path, kind in found:
        try:
            stat = path.stat()
        except OSError:
            continue
        yield Seen(str(path), kind, stat.st_mode, stat.st_uid)


def _is_only_ours(folder: Path, config: Config) -> bool:
    """Whether nothing but our files lies in a folder. Any other is not ours to judge, or to shut."""
    storage = config.storage
    files = (storage.database, storage.keys, storage.key_file, storage.ledger, storage.anchors)
    ours = (*(file.name for file in files), "before-restore-")
    try:
        return folder != Path.cwd() and all(child.name.startswith(ours) for child in folder.iterdir())
    except OSError:
        return False


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(f"{file.name}{suffix}")
