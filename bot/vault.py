"""Keys and encryption: what makes the stolen database file say nothing about anybody.

``keys.db`` holds one wrapped key per person, never attached to the database. The master key that
wraps them lies outside both. Looking somebody up by their Discord id uses a secret of its own, also
wrapped, so that a new master key keeps the lookups.

Sealed values are ``version ‖ nonce ‖ AES-256-GCM``; the associated data is their place,
``table/column/primary key``, so that a value moved elsewhere does not open.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.database import connect, tidy
from bot.ids import new_ids, random_pieces
from bot.migrations import FOLDER, migrate
from bot.model import ChangedMeanwhile

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"
_STOCK = 256
_CACHED_KEYS = 4096


class KeyProblem(Exception):
    """A key is missing, unreadable or the wrong one. Its text says what to do."""


class Erased(ChangedMeanwhile):
    """The key that would open this value has been destroyed."""


def _seal(cipher: AESGCM, plain: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, plain, place.encode())


def _open(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    if sealed[:1] != _VERSION:
        raise KeyProblem("A sealed value has a version this Porchlight does not know. Install a newer one.")
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    return cipher.decrypt(nonce, body, place.encode())


@dataclass(frozen=True, slots=True, repr=False)
class PersonKey:
    """One person's key."""

    id: str
    secret: bytes

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt ``text`` for one place, named ``table/column/primary key``."""
        return _seal(AESGCM(self.secret), text.encode(), place)

    def open(self, sealed: bytes, place: str) -> str:
        """What ``seal`` sealed. Raises KeyProblem when it was tampered with or moved."""
        try:
            return _open(AESGCM(self.secret), sealed, place).decode()
        except InvalidTag:
            raise KeyProblem("A sealed value does not open: it was changed or moved.") from None


class Vault:
    """The keys. Safe to use from the database's threads. Open it with ``opened``."""

    def __init__(self, connection: sqlite3.Connection, master: bytes) -> None:
        """Take an open, migrated ``keys.db`` and the master key. Raises KeyProblem for the wrong one."""
        self._connection = connection
        self._master = AESGCM(master)
        self._lock = threading.RLock()
        self._stock: list[PersonKey] = []
        self._cache: OrderedDict[str, PersonKey] = OrderedDict()
        self._lookup_secret = self._own_secret("lookup")

    @classmethod
    @contextmanager
    def opened(cls, path: Path, master: bytes) -> Iterator["Vault"]:
        """Open ``keys.db`` at ``path``, made and migrated as needed."""
        connection = connect(path, any_thread=True)
        try:
            migrate(connection, FOLDER / "keys")
            yield cls(connection, master)
        finally:
            connection.close()

    def _own_secret(self, name: str) -> bytes:
        row = self._connection.execute("SELECT wrapped FROM secret WHERE name = ?", (name,)).fetchone()
        if row is None:
            secret = secrets.token_bytes(KEY_BYTES)
            wrapped = _seal(self._master, secret, f"secret/wrapped/{name}")
            self._connection.execute("INSERT INTO secret (name, wrapped) VALUES (?, ?)", (name, wrapped))
            return secret
        try:
            return _open(self._master, row["wrapped"], f"secret/wrapped/{name}")
        except InvalidTag:
            raise KeyProblem(
                "The master key does not fit keys.db. Put back the key this community was set up with; "
                "nothing has been changed."
            ) from None

    def lookup(self, user_id: int) -> bytes:
        """The keyed hash under which a person with this Discord id is found (HMAC-SHA256)."""
        return hmac.digest(self._lookup_secret, str(user_id).encode(), hashlib.sha256)

    def fingerprint(self, content: str) -> str:
        """A keyed hash of what a message shows: it tells a change, and nothing to whoever guesses."""
        return hmac.digest(self._lookup_secret, b"shown\x00" + content.encode(), hashlib.sha256).hex()

    def mint(self) -> PersonKey:
        """A fresh key, already on disk, so that nothing is ever sealed with a key that could be lost."""
        with self._lock:
            if not self._stock:
                self.lay_in(_STOCK)
            key = self._stock.pop()
            self._remember(key)
            return key

    def have_ready(self, count: int) -> None:
        """See to it that ``count`` calls of ``mint`` need no further commit."""
        with self._lock:
            if count > len(self._stock):
                self.lay_in(max(count - len(self._stock), _STOCK))

    def lay_in(self, count: int) -> None:
        """Make ``count`` keys in one commit, for the next ``mint`` calls."""
        with self._lock:
            keys = list(map(PersonKey, new_ids(count), random_pieces(KEY_BYTES, count)))
            rows = [(key.id, _seal(self._master, key.secret, f"person_key/wrapped/{key.id}")) for key in keys]
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany("INSERT INTO person_key (id, wrapped) VALUES (?, ?)", rows)
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            self._stock.extend(keys)

    def key(self, key_id: str) -> PersonKey:
        """A person's key. Raises Erased when it has been destroyed."""
        with self._lock:
            if key_id in self._cache:
                self._cache.move_to_end(key_id)
                return self._cache[key_id]
            statement = "SELECT wrapped FROM person_key WHERE id = ?"
            row = self._connection.execute(statement, (key_id,)).fetchone()
            if row is None:
                raise Erased
            try:
                secret = _open(self._master, row["wrapped"], f"person_key/wrapped/{key_id}")
            except InvalidTag:
                raise KeyProblem("A key in keys.db does not open: the file was changed.") from None
            key = PersonKey(key_id, secret)
            self._remember(key)
            return key

    def _remember(self, key: PersonKey) -> None:
        self._cache[key.id] = key
        if len(self._cache) > _CACHED_KEYS:
            self._cache.popitem(last=False)

    def doom(self, key_ids: Sequence[str]) -> None:
        """Let the next start destroy keys if their rows are gone and ``destroy`` was not reached."""
        self._together("UPDATE person_key SET settled = 0 WHERE id = ?", key_ids)

    def destroy(self, key_ids: Sequence[str]) -> None:
        """Destroy people's keys: nothing sealed with them opens again, in no copy of the database."""
        with self._lock:
            for key_id in key_ids:
                self._cache.pop(key_id, None)
            self._together("DELETE FROM person_key WHERE id = ?", key_ids)
            if key_ids:
                tidy(self._connection)

    def kept(self, key_ids: Iterable[str]) -> list[str]:
        """Those of some keys that have not been destroyed, or were put back with a copy."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id FROM person_key WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(key_ids)),),
            )
            return [row["id"] for row in rows]

    def _together(self, statement: str, key_ids: Sequence[str]) -> None:
        if not key_ids:
            return
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(statement, [(key_id,) for key_id in key_ids])
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @property
    def pair(self) -> str:
        """The id shared with the database that these keys belong to; empty when there is none yet."""
        row = self._connection.execute("SELECT id FROM pair").fetchone()
        return "" if row is None else str(row["id"])

    def set_pair(self, pair: str) -> None:
        """Belong to a database."""
        self._connection.execute("INSERT INTO pair VALUES (1, ?)", (pair,))

    @property
    def is_new(self) -> bool:
        """Whether no key was ever made here."""
        return self._connection.execute("SELECT 1 FROM person_key LIMIT 1").fetchone() is None

    def unsettled(self) -> list[str]:
        """Keys that nobody has yet seen in use; after a crash some belong to no one."""
        with self._lock:
            rows = self._connection.execute("SELECT id FROM person_key WHERE settled = 0")
            in_stock = {key.id for key in self._stock}
            return [row["id"] for row in rows if row["id"] not in in_stock]

    def settle(self, used: Iterable[str], orphans: Iterable[str]) -> None:
        """Mark keys as in use, and destroy those that belong to no one."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                ids = [(key_id,) for key_id in used]
                self._connection.executemany("UPDATE person_key SET settled = 1 WHERE id = ?", ids)
                ids = [(key_id,) for key_id in orphans]
                self._connection.executemany("DELETE FROM person_key WHERE id = ?", ids)
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


def decode_master(encoded: str) -> bytes:
    """The master key from its base64 form. Raises KeyProblem when it is not 32 bytes."""
    try:
        key = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyProblem("The master key is not 32 bytes in base64. Copy it again, whole and unchanged.")
    return key


def master_from_file(path: Path, *, create: bool) -> bytes:
    """The master key from its file, made with mode 0600 if ``create`` and there is none.

    Raises KeyProblem when it is missing, unreadable, or open to other users of the machine.
    """
    if not path.exists():
        if not create:
            raise KeyProblem(
                f"The key file {path} is missing, and the database needs it. Put it back from your copy."
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        encoded = base64.b64encode(secrets.token_bytes(KEY_BYTES))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(encoded + b"\n")
            file.flush()
            os.fsync(descriptor)
    if path.stat().st_mode & 0o077:
        raise KeyProblem(f"The key file {path} can be read by others. Close it with: chmod 600 {path}")
    return decode_master(path.read_text(encoding="ascii", errors="replace"))
