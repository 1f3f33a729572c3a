"""Anchors: once a day the end of the log is written down where the database cannot reach.

Whoever can write to the database can rewrite all of the log, hashes and all. What they cannot do is make
it fit the ends that were noted elsewhere: in a file, and in a channel of the server.
"""

import asyncio
import errno
import json
import logging
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.foundation import Foundation
from bot.keys.key_file import flush_folder
from bot.store import chain, effects, marks
from bot.store.effects import EffectKind

_log = logging.getLogger(__name__)

_HASH_BYTES = 32
_TAIL = 4096
"""Bytes at the end of the file that are looked at: many times what one line takes."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """One end of the log, as it was noted down."""

    at: str
    """When, as ISO 8601 in UTC; empty: somebody kept it by hand."""
    epoch: int
    seq: int
    hash: bytes

    @property
    def whence(self) -> str:
        """How somebody knows of it."""
        return f"anchored on {self.at[:10]}" if self.at else "kept by hand"

    @property
    def line(self) -> bytes:
        """As it stands in the file."""
        said = {"at": self.at, "epoch": self.epoch, "seq": self.seq, "hash": self.hash.hex()}
        return f"{json.dumps(said)}\n".encode()

    @classmethod
    def from_line(cls, line: bytes) -> "Anchor | None":
        """What ``line`` wrote; None for anything else."""
        try:
            said = json.loads(line)
            return cls(str(said["at"]), int(said["epoch"]), int(said["seq"]), bytes.fromhex(said["hash"]))
        except (ValueError, TypeError, KeyError):
            return None

    @classmethod
    def from_words(cls, words: str) -> "Anchor | None":
        """An end that somebody kept, as ``NUMBER:HASH``; None for anything else."""
        seq, _, hashed = words.strip().partition(":")
        try:
            kept = cls("", 0, int(seq), bytes.fromhex(hashed))
        except ValueError:
            return None
        # One that was cut short would accuse the log.
        return kept if len(kept.hash) == _HASH_BYTES else None


class Anchors:
    """Notes the end of the log down. One object does it, one at a time."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._trouble = ""

    async def run(self, now: datetime) -> None:
        """Once a day (UTC), if the log has grown: a line in the file, and a message in the channel."""
        end = await self._on.database.read(lambda connection: _due(connection, now))
        if end is None:
            return
        is_kept, has_grown = await self._keep(end)
        await self._on.database.write(lambda c: self._note(c, end, now, is_kept=is_kept, tell=has_grown))

    async def _keep(self, end: Anchor) -> tuple[bool, bool]:
        """Write to the file. Whether that went well, and whether the log has grown, as far as it tells."""
        try:
            has_grown = await asyncio.to_thread(append, self._on.config.storage.anchors, end)
        except OSError as error:
            code = errno.errorcode.get(error.errno or 0, "EIO")
            if code != self._trouble:
                self._trouble = code
                _log.error("the end of the log cannot be written to the file of anchors: %s", code)
            return False, True
        if self._trouble:
            self._trouble = ""
            _log.warning("the end of the log can be written to the file of anchors again")
        return True, has_grown

    def _note(
        self, connection: sqlite3.Connection, end: Anchor, now: datetime, *, is_kept: bool, tell: bool
    ) -> None:
        """The file is tried again until it works; the channel hears once a day."""
        ids = self._on.config.discord
        if tell and ids is not None and ids.anchor_channel is not None:
            key, target = f"anchor:{_day(now)}", f"anchor:{end.seq}"
            effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)
        if is_kept:
            marks.note(connection, marks.ANCHORED, now)


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _due(connection: sqlite3.Connection, now: datetime) -> Anchor | None:
    """The end of the log, unless it was noted down today or there is none."""
    noted, head = marks.at(connection, marks.ANCHORED), chain.head(connection)
    if head is None or not head.seq or (noted is not None and _day(noted) == _day(now)):
        return None
    return Anchor(now.astimezone(UTC).isoformat(timespec="seconds"), head.epoch, head.seq, head.hash)


def append(path: Path, anchor: Anchor) -> bool:
    """Append an anchor to a file of mode 0600, unless its last one says the same. Whether it did.

    What a crash left of a line is taken away first. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    is_new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        tail = os.pread(file, _TAIL, max(0, size - _TAIL))
        whole, _, torn = tail.rpartition(b"\n")
        if torn and len(torn) == _TAIL:
            raise OSError(errno.EBADMSG, "not a file of anchors")
        if torn:
            os.ftruncate(file, size - len(torn))
        last = Anchor.from_line(whole.rpartition(b"\n")[2])
        if last is not None and (last.seq, last.hash) == (anchor.seq, anchor.hash):
            return False
        if os.write(file, anchor.line) != len(anchor.line):
            raise OSError(errno.ENOSPC, "written in part")
        os.fsync(file)
    finally:
        os.close(file)
    if is_new:
        flush_folder(path.parent)
    return True


def read(path: Path) -> Iterator[Anchor | None]:
    """The anchors in a file, in order; None for a line that is none. What a crash tore off is left out."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield Anchor.from_line(line)
