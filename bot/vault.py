"""Keys: what makes the stolen database file say nothing about anybody.

``keys.db`` holds one wrapped key per person, never attached to the database. The master key that
wraps them lies outside both. Looking somebody up by their Discord id uses a secret of its own, also
wrapped, so that a new master key keeps the lookups; and so do the names in the register of organisations.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag

from bot.database import connect, tidy, untouched
from bot.ids import new_ids, random_pieces
from bot.keys.ring import NotInHand, Ring, key_place, nothing_to_reread, secret_place
from bot.keys.sealing import KEY_BYTES, Erased, KeyProblem, PersonKey, wrap
from bot.migrations import FOLDER, migrate
from bot.store import masters

__all__ = ["Erased", "KeyProblem", "PersonKey", "Vault", "insist_it_fits"]

_STOCK = 256
_CACHED_KEYS = 4096
_ATTEMPTS = 3


class Vault:
    """The keys. Safe to use from the database's threads. Open it with ``opened``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, ring: Ring) -> None:
        """Take an open, migrated ``keys.db`` and the master keys that were found to fit it."""
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()
        self._stock: list[PersonKey] = []
        self._cache: OrderedDict[str, PersonKey] = OrderedDict()
        self._seen = masters.changes(connection)
        self.ring = ring
        self._lookup_secret = self._own_secret(masters.LOOKUP)
        register = self._own_secret(masters.REGISTER)
        self._name_secret = hmac.digest(register, b"name", hashlib.sha256)
        self.register = PersonKey(masters.REGISTER, hmac.digest(register, b"seal", hashlib.sha256))
        """What the names of organisations are sealed with; it belongs to nobody."""

    @classmethod
    @contextmanager
    def opened(
        cls, path: Path, master: bytes, reread: Callable[[], bytes | None] = nothing_to_reread
    ) -> Iterator["Vault"]:
        """Open ``keys.db`` at ``path``, made and migrated as needed.

        ``reread`` looks for the master key again, should another have taken the place of this one. Raises
        KeyProblem for the wrong master key, before anything is written.
        """
        insist_it_fits(path, master, reread)
        connection = connect(path, any_thread=True)
        try:
            migrate(connection, FOLDER / "keys")
            yield cls(path, connection, Ring(connection, master, reread))
        finally:
            connection.close()

    def _own_secret(self, name: str) -> bytes:
        row = masters.secret_named(self._connection, name)
        if row is None or not masters.current(self._connection):
            with self.transaction() as connection:
                row = self._make_a_start(connection, name)
        return self.ring.unwrap(row, secret_place(name))

    def _make_a_start(self, connection: sqlite3.Connection, name: str) -> masters.Wrapped:
        """Take the first master key into use, and make a secret, unless another program just has."""
        if not masters.current(connection):
            masters.begin(connection, self.ring.given)
        row = masters.secret_named(connection, name)
        if row is None:
            master_id, cipher = self.ring.current()
            wrapped = wrap(cipher, secrets.token_bytes(KEY_BYTES), secret_place(name))
            row = masters.Wrapped(name, wrapped, master_id)
            masters.add_secret(connection, row)
        return row

    @property
    def connection(self) -> sqlite3.Connection:
        """The open file, to be read by whoever is alone with this vault."""
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Change ``keys.db``: all of it once the block ends, or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def tidy(self) -> None:
        """Leave nothing of what was replaced in the write-ahead log, unless somebody still reads it."""
        with self._lock:
            tidy(self._connection)

    def lookup(self, user_id: int) -> bytes:
        """The keyed hash under which a person with this Discord id is found (HMAC-SHA256)."""
        return hmac.digest(self._lookup_secret, str(user_id).encode(), hashlib.sha256)

    def name_lookup(self, normalised: str) -> bytes:
        """The keyed hash under which an organisation's name is found, however it was written."""
        return hmac.digest(self._name_secret, normalised.encode(), hashlib.sha256)

    def fingerprint(self, content: str) -> str:
        """A keyed hash of what a message shows: it tells a change, and nothing to whoever guesses."""
        return hmac.digest(self._lookup_secret, b"shown\x00" + content.encode(), hashlib.sha256).hex()

    def code_hash(self, what: str, code: str) -> bytes:
        """The keyed hash under which something is found by a code that only one person was given."""
        return hmac.digest(self._lookup_secret, f"{what}\x00{code}".encode(), hashlib.sha256)

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
            with self.transaction() as connection:
                # Asked within the transaction: nothing is wrapped with a master that is on its way out.
                master_id, cipher = self.ring.current()
                connection.executemany(
                    "INSERT INTO person_key (id, wrapped, master_id) VALUES (?, ?, ?)",
                    [(key.id, wrap(cipher, key.secret, key_place(key.id)), master_id) for key in keys],
                )
            self._stock.extend(keys)

    def key(self, key_id: str) -> PersonKey:
        """A person's key. Raises Erased when it has been destroyed."""
        with self._lock:
            self._heed_others()
            if key_id in self._cache:
                self._cache.move_to_end(key_id)
                return self._cache[key_id]
            key = PersonKey(key_id, self._unwrapped(key_id))
            self._remember(key)
            return key

    def key_if_any(self, key_id: str) -> PersonKey | None:
        """A person's key; None when it was destroyed, or is damaged: nothing opens with it any more."""
        try:
            return self.key(key_id)
        except NotInHand:
            raise  # It is there, and opens once the bot is started with the right master key.
        except (Erased, KeyProblem):
            return None

    def _heed_others(self) -> None:
        """Keep no key in memory that another program may have destroyed."""
        seen = masters.changes(self._connection)
        if seen != self._seen:
            self._seen = seen
            self._cache.clear()

    def _unwrapped(self, key_id: str) -> bytes:
        """A key out of the file. It is read anew when its master was replaced between reading and opening."""
        for attempt in range(1, _ATTEMPTS + 1):
            row = masters.key_of(self._connection, key_id)
            if row is None:
                raise Erased
            try:
                return self.ring.unwrap(row, key_place(key_id))
            except InvalidTag:
                raise KeyProblem("A key in keys.db does not open: the file was changed.") from None
            except NotInHand:
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

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
        if key_ids:
            with self.transaction() as connection:
                connection.executemany(statement, [(key_id,) for key_id in key_ids])

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
        return not masters.any_key(self._connection)

    def unsettled(self) -> list[str]:
        """Keys that nobody has yet seen in use; after a crash some belong to no one."""
        with self._lock:
            rows = self._connection.execute("SELECT id FROM person_key WHERE settled = 0")
            in_stock = {key.id for key in self._stock}
            return [row["id"] for row in rows if row["id"] not in in_stock]

    def settle(self, used: Iterable[str], orphans: Iterable[str]) -> None:
        """Mark keys as in use, and destroy those that belong to no one."""
        with self.transaction() as connection:
            ids = [(key_id,) for key_id in used]
            connection.executemany("UPDATE person_key SET settled = 1 WHERE id = ?", ids)
            ids = [(key_id,) for key_id in orphans]
            connection.executemany("DELETE FROM person_key WHERE id = ?", ids)

    def broken_keys(self) -> Iterator[str]:
        """The ids of keys that do not open, in the order of the file."""
        for row in masters.every_key(self._connection):
            try:
                self.ring.unwrap(row, key_place(row.id))
            except (InvalidTag, KeyProblem):
                yield row.id


def insist_it_fits(path: Path, master: bytes, reread: Callable[[], bytes | None] = nothing_to_reread) -> None:
    """See that a master key opens ``keys.db``, and leave the file as it is. Raises KeyProblem."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with untouched(path) as connection:
        if masters.has_table(connection, "secret"):
            Ring(connection, master, reread).insist_it_fits()
