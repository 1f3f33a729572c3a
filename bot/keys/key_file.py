"""The master key and its file."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from bot.keys.sealing import KEY_BYTES, KeyProblem

_ID_BYTES = 8


def new_master() -> bytes:
    """A new master key."""
    return secrets.token_bytes(KEY_BYTES)


def master_id(master: bytes) -> str:
    """What tells this master key from others, and nothing about it: 16 hexadecimal digits."""
    return hmac.digest(master, b"porchlight master id", hashlib.sha256)[:_ID_BYTES].hex()


def encode_master(master: bytes) -> str:
    """The master key as text, in base64."""
    return base64.b64encode(master).decode()


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
        write_master(path, new_master())
    if path.stat().st_mode & 0o077:
        raise KeyProblem(f"The key file {path} can be read by others. Close it with: chmod 600 {path}")
    return decode_master(without_remarks(path.read_text(encoding="ascii", errors="replace")))


def without_remarks(text: str) -> str:
    """What a recovery copy holds beside its explanation, so that it can be put back as it is."""
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


def write_master(path: Path, master: bytes) -> None:
    """Write a key file that is readable by its owner only; it has its name once it is whole and on disk.

    Never overwrites: raises FileExistsError.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(encode_master(master).encode() + b"\n")
        file.flush()
        os.fsync(descriptor)
    try:
        _give_name(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    flush_folder(path.parent)


def _give_name(unfinished: Path, path: Path) -> None:
    try:
        # A link, unlike a new name, never takes the place of a file that is there.
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without links, such as a stick's
        if path.exists():
            raise FileExistsError(path) from None
        unfinished.rename(path)


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
