"""The erasure ledger: what was erased, so that no copy that is put back brings anybody back.

A file of JSON lines outside the database, in a folder of its own. A line holds random ids, a day, and
what was erased: nothing that names anybody. Lines are only ever added, and on disk before the key of
whom they are about is destroyed.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.keys.key_file import flush_folder
from bot.model import Scope


class LedgerProblem(Exception):
    """The ledger cannot be read. Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure, by random ids; ``case`` and ``key`` are empty where it was about more, or took no key."""

    id: str
    at: date
    what: Scope
    subject: str
    case: str = ""
    key: str = ""


def read(path: Path) -> list[Line]:
    """All lines, each once, in the order in which they were written; none where there is no file.

    What was cut short in the last line, by a crash, is left aside: whoever wrote it writes it again.
    Raises LedgerProblem for anything else that is no line, and OSError.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    found: dict[str, Line] = {}
    *whole, last = content.split(b"\n")
    for number, written in enumerate(whole, start=1):
        line = _parsed(written)
        if line is None and written.strip():
            raise LedgerProblem(
                f"The erasure ledger {path} cannot be read: line {number} is none of Porchlight's. Check "
                "its path in [storage], or put the file back from your newest copy. Without it, people who "
                "had their data deleted could come back with a copy of the database."
            )
        if line is not None:
            found.setdefault(line.id, line)
    torn = _parsed(last)
    if torn is not None:
        found.setdefault(torn.id, torn)
    return list(found.values())


def append(path: Path, lines: Sequence[Line]) -> None:
    """Add lines, and return when they are on disk. Adding one twice is the same as once. Raises OSError."""
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # A command may write beside the bot: a line that it is writing just now is not a torn one.
        fcntl.flock(handle, fcntl.LOCK_EX)
        _mend_the_end(handle)
        left = memoryview("".join(map(_written, lines)).encode())
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        flush_folder(path.parent)


def merge(into: Path, other: Path) -> int:
    """Add the lines of another ledger that are missing here; return how many those were.

    Raises LedgerProblem and OSError.
    """
    known = {line.id for line in read(into)}
    missing = [line for line in read(other) if line.id not in known]
    append(into, missing)
    return len(missing)


def _mend_the_end(handle: int) -> None:
    """See that the next line begins at the beginning of one: end a whole last line, cut off a torn one."""
    size = os.fstat(handle).st_size
    start = max(0, size - _LONGEST)
    end = os.pread(handle, size - start, start)
    last = end.rpartition(b"\n")[2]
    if not last:
        return
    if _parsed(last) is not None:
        os.write(handle, b"\n")
    else:
        os.ftruncate(handle, size - len(last))


_LONGEST = 4096
"""Bytes. No line is as long as this."""


def _written(line: Line) -> str:
    row = {
        "id": line.id,
        "at": line.at.isoformat(),
        "what": line.what.value,
        "subject": line.subject,
        "case": line.case,
        "key": line.key,
    }
    return json.dumps({name: value for name, value in row.items() if value}) + "\n"


def _parsed(written: bytes) -> Line | None:
    """A line, or None where it is none."""
    try:
        row: Any = json.loads(written)
        if not isinstance(row, Mapping) or not _all_text(row.values()):
            return None
        return Line(
            row["id"],
            date.fromisoformat(row["at"]),
            Scope(row["what"]),
            row["subject"],
            row.get("case", ""),
            row.get("key", ""),
        )
    except (ValueError, KeyError):
        return None


def _all_text(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
