"""The master keys that a program has in hand, and how it comes to know another one.

While one master key takes the place of another, each is kept in keys.db wrapped with the other. So a
program that was started with either of them opens every row, and never has to be started again.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.keys.key_file import master_from_file, master_id
from bot.keys.sealing import KeyProblem, unwrap, wrap
from bot.store import masters
from bot.store.masters import Wrapped

_NO_FIT = (
    "The master key does not fit keys.db. Put back the key this community was set up with; nothing has been "
    "changed."
)
_REPLACED = "The master key was replaced, and the new one is not to be found. Start the bot again with it."


class NotInHand(KeyProblem):
    """Another master key wraps this."""


def nothing_to_reread() -> bytes | None:
    """There is no key file to look into again."""
    return None


def rereading(key_file: Path) -> Callable[[], bytes | None]:
    """Look into the key file again; None when it cannot be read."""

    def read() -> bytes | None:
        try:
            return master_from_file(key_file, create=False)
        except (KeyProblem, OSError):
            return None

    return read


class Ring:
    """Master keys by their ids."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        master: bytes,
        reread: Callable[[], bytes | None] = nothing_to_reread,
    ) -> None:
        """Take keys.db, the master key given, and a way to look for another one."""
        self._connection = connection
        self._reread = reread
        self._secrets: dict[str, bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}
        self.given = self._add(master)

    def _add(self, master: bytes) -> str:
        known = master_id(master)
        self._secrets[known] = master
        self._ciphers[known] = AESGCM(master)
        return known

    def learn(self) -> None:
        """Come to know the master keys in use: over a bridge from one in hand, or from the key file.

        Whoever slept through one replacement and wakes in the middle of the next has to do both: the file
        holds the master between the two.
        """
        if self._cross_from_those_in_hand():
            found = self._reread()
            if found is not None and master_id(found) in {one.id for one in masters.all_of(self._connection)}:
                self._add(found)
                self._cross_from_those_in_hand()

    def _cross_from_those_in_hand(self) -> bool:
        """Cross every bridge that can be crossed. Whether a master is left that is not in hand."""
        unknown = [one for one in masters.all_of(self._connection) if one.id not in self._ciphers]
        for one in unknown:
            if one.bridge is not None:
                self._cross(one.id, one.bridge)
        return any(one.id not in self._ciphers for one in unknown)

    def _cross(self, known_as: str, bridge: bytes) -> None:
        for cipher in list(self._ciphers.values()):
            try:
                master = unwrap(cipher, bridge, _bridge(known_as))
            except InvalidTag:
                continue
            self._add(master)
            return

    def bridges(self, new: bytes) -> tuple[masters.Master, bytes]:
        """The current master and a new one, each wrapped with the other: the new one, and the way back."""
        old_id, cipher = self.current()
        new_id = self._add(new)
        there = wrap(cipher, new, _bridge(new_id))
        back = wrap(self._ciphers[new_id], self._secrets[old_id], _bridge(old_id))
        return masters.Master(new_id, is_current=True, bridge=there), back

    def current(self) -> tuple[str, AESGCM]:
        """The master that new keys are wrapped with. Raises KeyProblem when it is not to be found."""
        found = masters.current(self._connection)
        if found not in self._ciphers:
            self.learn()
        if found not in self._ciphers:
            raise KeyProblem(_REPLACED)
        return found, self._ciphers[found]

    def secret(self, known_as: str) -> bytes | None:
        """A master key itself; None when it is not in hand."""
        return self._secrets.get(known_as)

    def unwrap(self, row: Wrapped, place: str) -> bytes:
        """What a row holds.

        Raises NotInHand when its master is not to be found, and InvalidTag when it was changed.
        """
        if row.master_id:
            if row.master_id not in self._ciphers:
                self.learn()
            if row.master_id not in self._ciphers:
                raise NotInHand(_REPLACED)
            return unwrap(self._ciphers[row.master_id], row.wrapped, place)
        for cipher in self._ciphers.values():
            try:
                return unwrap(cipher, row.wrapped, place)
            except InvalidTag:
                continue
        raise InvalidTag

    def insist_it_fits(self) -> None:
        """See that the secrets open, before anything is written. Raises KeyProblem."""
        if masters.has_table(self._connection, "master"):
            self.learn()
        for name in masters.SECRETS:
            row = masters.secret_named(self._connection, name)
            if row is None:
                if name in masters.ALWAYS_THERE and masters.any_key(self._connection):
                    raise KeyProblem(
                        "keys.db is damaged: a secret is missing. Put back your newest copy of it."
                    )
                continue
            try:
                self.unwrap(row, secret_place(name))
            except (InvalidTag, NotInHand):
                raise KeyProblem(_NO_FIT) from None


def secret_place(name: str) -> str:
    """Where a secret of the community stands."""
    return f"secret/wrapped/{name}"


def key_place(key_id: str) -> str:
    """Where a person's key stands."""
    return f"person_key/wrapped/{key_id}"


def _bridge(known_as: str) -> str:
    return f"master/bridge/{known_as}"
