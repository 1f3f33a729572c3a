"""Whether the files of the data are shut to others, and lie apart, judged by what the system says of them."""

import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a file is."""

    FOLDER = "folder"
    DATABASE = "database"
    KEYS = "keys"
    KEY_FILE = "key_file"
    LEDGER = "ledger"
    ANCHORS = "anchors"
    ENVIRONMENT = "environment"
    """The file that holds the token."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file or folder that is there. ``mode`` and ``owner`` as the system tells them."""

    path: str
    kind: Kind
    mode: int
    owner: int


@dataclass(frozen=True, slots=True)
class TooOpen:
    """Somebody else on the machine could read or write this. ``to`` is the mode that shuts it."""

    seen: Seen
    to: int
    ours: bool
    """We may shut it ourselves."""

    @property
    def sentence(self) -> str:
        """What is wrong, and how to mend it."""
        if not self.ours:
            return (
                f"{self.seen.path} belongs to another user. Give it to the one that the bot runs as: "
                f"chown USER {self.seen.path}"
            )
        return f"{self.seen.path} is open to others. Close it with: chmod {self.to:o} {self.seen.path}"


def too_open(files: Sequence[Seen], user: int) -> Iterator[TooOpen]:
    """Files and folders that are not shut, or not ours. A program that is root may read anybody's."""
    for seen in files:
        shut = 0o700 if seen.kind is Kind.FOLDER else 0o600
        ours = user in {0, seen.owner}
        if not ours or stat.S_IMODE(seen.mode) & 0o077:
            yield TooOpen(seen, shut, ours)


def lie_together(database: str, keys: str, key_file: str, ledger: str) -> Iterator[tuple[str, str]]:
    """Which of these lie so that one copy takes two of them: the one to move, and another, once each.

    Paths as they stand in the configuration, or absolute ones. A file in a folder below counts, except
    below the folder that all of them are named from.
    """
    for name, file, others in (
        ("keys", keys, {"database": database}),
        ("key_file", key_file, {"database": database, "keys": keys}),
        ("ledger", ledger, {"database": database}),
    ):
        for other, beside in others.items():
            mine, theirs = _folder(file), _folder(beside)
            if mine == theirs or _is_below(mine, theirs) or _is_below(theirs, mine):
                yield name, other
                break


def _folder(path: str) -> str:
    return posixpath.normpath(path).rpartition("/")[0]


def _is_below(folder: str, other: str) -> bool:
    return bool(other) and folder.startswith(f"{other}/")
