"""Lock files: one program at a time. The system lets go of a lock when the process ends, however it ends."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


class Held(Exception):
    """Another program holds this lock."""


@contextlib.contextmanager
def locked(path: Path, what: str = "lock") -> Iterator[None]:
    """Hold the lock file beside a data file. Raises Held at once when another program does."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = path.with_name(f"{path.name}.{what}")
    lock.touch(mode=0o600)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Held from None
        yield
