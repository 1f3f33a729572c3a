"""A thief with everything but the keys, who knows whom to look for and tries whatever is reasonable.

What is looked for, in whatever form, comes down to its first eight bytes, read as a number. So one pass
over every byte of the haul looks for millions of forms at once, and finds them wherever they begin.
"""

import base64
import binascii
import hashlib
import hmac
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

EIGHT = 8
PAGE = 4096
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_WAL_HEADER, _FRAME_HEADER = 32, 24

Row = Mapping[str, Any]
Guesses = Callable[[], Iterable[tuple[int, object]]]
Digest = Callable[[bytes], bytes]

DIGESTS: tuple[Digest, ...] = (
    lambda m: hashlib.md5(m, usedforsecurity=False).digest(),
    lambda m: hashlib.sha1(m, usedforsecurity=False).digest(),
    lambda m: hashlib.sha256(m).digest(),
    lambda m: hashlib.sha512(m).digest(),
    lambda m: hashlib.blake2b(m).digest(),
    lambda m: hashlib.blake2s(m).digest(),
    lambda m: hashlib.sha3_256(m).digest(),
)

Keyed = Callable[[bytes, bytes], bytes]
KEYED: tuple[Keyed, ...] = (
    lambda key, m: hashlib.sha256(key + m).digest(),
    lambda key, m: hashlib.sha256(m + key).digest(),
    lambda key, m: hmac.digest(key, m, "sha256"),
    lambda key, m: hashlib.blake2b(m, key=key[:64]).digest(),
    lambda key, m: hashlib.md5(key + m, usedforsecurity=False).digest(),
)


def number(piece: bytes) -> int:
    """The first eight bytes, as one number."""
    return int.from_bytes(piece[:EIGHT], "little")


def written_id(user_id: int) -> Iterator[bytes]:
    """A Discord id as a program would write it down, before anything is done to it."""
    yield str(user_id).encode()
    yield user_id.to_bytes(EIGHT, "little")
    yield user_id.to_bytes(EIGHT, "big")


def written_name(name: str) -> Iterator[bytes]:
    """A name as it was typed, and as a program would tidy it before comparing."""
    for form in {name, name.casefold(), name.upper(), name.replace(" ", "").casefold(), name[::-1]}:
        yield form.encode()


def forms_of_id(user_id: int) -> Iterator[int]:
    """What stands for an id in plain sight; text is found by its digits, see ``Haul.digits``."""
    yield number(user_id.to_bytes(EIGHT, "little"))
    yield number(user_id.to_bytes(EIGHT, "big"))


def forms_of_name(name: str) -> Iterator[int]:
    """What stands for a name in plain sight."""
    for form in written_name(name):
        text = form.decode()
        yield number(form)
        yield number(text.encode("utf-16-le"))
        yield number(text.encode("utf-16-be"))
        yield number(form.hex().encode())
        yield number(base64.b64encode(form))


def digests(messages: Iterable[bytes]) -> Iterator[int]:
    """What plain digests begin with."""
    for message in messages:
        for digest in DIGESTS:
            yield number(digest(message))


def keyed(key: bytes, message: bytes, ways: Sequence[Keyed] = KEYED) -> Iterator[int]:
    """What salted and keyed digests begin with."""
    for digest in ways:
        yield number(digest(key, message))


def as_key(value: object) -> bytes | None:
    """A value as somebody might have used it for a salt or a key; None for what is too long."""
    piece = value if isinstance(value, bytes) else str(value).encode()
    return piece if 0 < len(piece) <= 64 else None


class Haul:
    """What was stolen: files whole, and the rows of the first database among them."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Take the files."""
        pages, others = set[bytes](), list[bytes]()
        self.tables: dict[str, list[dict[str, Any]]] = {}
        for file in files:
            raw = file.read_bytes()
            if raw.startswith(b"SQLite format 3"):
                pages.update(raw[at : at + PAGE] for at in range(0, len(raw), PAGE))
                if not self.tables:
                    self._read(file)
            elif file.name.endswith("-wal"):
                step = PAGE + _FRAME_HEADER
                starts = range(_WAL_HEADER + _FRAME_HEADER, len(raw), step)
                pages.update(raw[at : at + PAGE] for at in starts)
            else:
                others.append(raw)
        # Between two pages lies what belongs to neither.
        self.raw = bytes(EIGHT).join([*pages, *others])

    def _read(self, file: Path) -> None:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            named = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            for (table,) in named:
                found = connection.execute(f'SELECT * FROM "{table}"').fetchall()
                self.tables[table] = [dict(row) for row in found]

    def common(self, most: int = 1) -> set[bytes]:
        """Short values of tables that hold one row only: what everything might be salted with."""
        return {
            key
            for rows in self.tables.values()
            if len(rows) <= most
            for row in rows
            for value in row.values()
            if (key := as_key(value))
        }

    def among(self, wanted: set[int]) -> set[int]:
        """Which numbers stand anywhere in it: as bytes, hexadecimal, base64 or base32."""
        found = set[int]()
        for view in (memoryview(self.raw), memoryview(self._disguised)):
            for offset in range(EIGHT):
                whole = (len(view) - offset) // EIGHT * EIGHT
                found |= wanted.intersection(view[offset : offset + whole].cast("Q"))
        return found

    @cached_property
    def _disguised(self) -> bytes:
        """What text comes to that may be bytes in disguise."""
        return bytes(EIGHT).join(self._decoded())

    def _decoded(self) -> Iterator[bytes]:
        for run in set(re.findall(rb"[0-9a-fA-F]{16,}", self.raw)):
            yield binascii.unhexlify(run[: len(run) // 2 * 2])
            yield binascii.unhexlify(run[1 : 1 + (len(run) - 1) // 2 * 2])
        for run in set(re.findall(rb"[A-Za-z0-9+/_-]{11,}", self.raw)):
            plain = run.translate(_URL_SAFE)
            yield binascii.a2b_base64(plain[: len(plain) - (len(plain) % 4 == 1)] + b"==")
        for run in {found for found in re.findall(rb"[A-Z2-7]{16,}", self.raw) if len(found) < 64}:
            yield base64.b32decode(run[: len(run) // EIGHT * EIGHT])

    def digits(self) -> set[int]:
        """Every number of 17 to 20 digits written anywhere, forwards or backwards, in UTF-8 or UTF-16."""
        wide = (rb"[0-9]\x00[0-9](?:\x00[0-9]){15,}", rb"[0-9]{17,}")
        found = {run for text in (self.raw, self._disguised) for one in wide for run in re.findall(one, text)}
        runs = {run.replace(b"\x00", b"") for run in found}
        return {
            int(piece)
            for run in runs
            for length in (17, 18, 19, 20)
            for start in range(len(run) - length + 1)
            for piece in (run[start : start + length], run[start : start + length][::-1])
        }


def confirmed(haul: Haul, families: Mapping[str, Guesses], control: Guesses) -> dict[str, set[object]]:
    """Whom or what the thief confirms with each family of guesses, and with those of a control.

    All are looked for in one pass. A guess is what to look for, and whom or what it would stand for.
    """
    known = dict(control())
    wanted = {guess for guesses in families.values() for guess, _ in guesses()}
    hits = haul.among(wanted | known.keys())
    found = {family: set[object]() for family in families}
    if hits & wanted:
        for family, guesses in families.items():
            found[family] = {what for guess, what in guesses() if guess in hits}
    return {**found, "control": {known[guess] for guess in hits & known.keys()}}


def ranked(rows: Sequence[Row], order: str, truth: Mapping[str, int]) -> int:
    """How many people somebody gets right who takes rows in an order for people in the order of their ids."""
    people = [truth[row["id"]] for row in sorted(rows, key=lambda row: row[order]) if row["id"] in truth]
    return sum(one == other for one, other in zip(people, sorted(people), strict=True))
