"""The recovery copy of the master key: a file to carry off this machine."""

import os
from pathlib import Path

from bot.keys.key_file import decode_master, encode_master, without_remarks
from bot.keys.sealing import KeyProblem

FILE_NAME = "porchlight-recovery-key.txt"

_TEXT = """\
# This is the recovery copy of your Porchlight's master key.
#
# Move this file off this machine: into a password manager, or onto a stick in a drawer. Keep it apart
# from every copy of the data. The data alone names nobody; with this key they can be read.
#
# If the key file is lost, nothing can be read again, by anybody, except with this copy. To use it, put this
# file in the place of the key file (mode 0600), or set PORCHLIGHT_KEY to the line below.
#
# Once the master key is replaced, with rotate-key, this copy opens nothing but old copies of the data.
# Destroy it then, and keep a copy of the new key instead.
"""


def save_recovery_copy(folder: Path, master: bytes) -> tuple[Path, bool]:
    """Write the copy, readable by its owner only; where it is, and whether it is new.

    Raises KeyProblem when there is a copy of another key, which is never overwritten.
    """
    path = folder / FILE_NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if _key_in(path) == master:
            path.chmod(0o600)
            return path, False
        raise KeyProblem(
            f"{path} holds another key, and is left as it is. Move it to a safe place, then run this again."
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(descriptor, 0o600)
        file.write(_TEXT + encode_master(master) + "\n")
        file.flush()
        os.fsync(descriptor)
    return path, True


def _key_in(path: Path) -> bytes | None:
    try:
        return decode_master(without_remarks(path.read_text(encoding="ascii", errors="replace")))
    except KeyProblem:
        return None
