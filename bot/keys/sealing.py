"""Sealing: the form of everything that is encrypted.

Sealed values are ``version ‖ nonce ‖ AES-256-GCM``; the associated data is their place,
``table/column/primary key``, so that a value moved elsewhere does not open. Texts are filled up to a
multiple of 64 bytes first: the length of a name would tell it to whoever holds a list of names.
"""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.model import ChangedMeanwhile

KEY_BYTES = 32
BLOCK = 64
_NONCE_BYTES = 12
_BARE, _FILLED = b"\x01", b"\x02"
_END = b"\x80"


class KeyProblem(Exception):
    """A key is missing, unreadable or the wrong one. Its text says what to do."""


class Erased(ChangedMeanwhile):
    """The key that would open this value has been destroyed."""


def wrap(cipher: AESGCM, secret: bytes, place: str) -> bytes:
    """Encrypt a secret, all of which have the same length, for one place."""
    nonce = os.urandom(_NONCE_BYTES)
    return _BARE + nonce + cipher.encrypt(nonce, secret, place.encode())


def unwrap(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    """What was encrypted for a place. Raises InvalidTag, or KeyProblem for an unknown version."""
    version, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if version == _FILLED:
        return cipher.decrypt(nonce, body, _FILLED + place.encode()).rstrip(b"\x00")[:-1]
    if version == _BARE:
        return cipher.decrypt(nonce, body, place.encode())
    raise KeyProblem("A sealed value has a version this Porchlight does not know. Install a newer one.")


@dataclass(frozen=True, slots=True, repr=False)
class PersonKey:
    """One person's key."""

    id: str
    secret: bytes

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt ``text`` for one place, named ``table/column/primary key``."""
        plain = text.encode() + _END
        plain += bytes(-len(plain) % BLOCK)
        nonce = os.urandom(_NONCE_BYTES)
        return _FILLED + nonce + AESGCM(self.secret).encrypt(nonce, plain, _FILLED + place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """What ``seal`` sealed. Raises KeyProblem when it was tampered with or moved."""
        try:
            return unwrap(AESGCM(self.secret), sealed, place).decode()
        except InvalidTag:
            raise KeyProblem("A sealed value does not open: it was changed or moved.") from None
