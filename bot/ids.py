"""Random ids. Nothing that a person or Discord can see tells how many came before."""

import base64
import os
import secrets

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CASE_CODE_LENGTH = 6


def new_id() -> str:
    """A random id: 26 characters, 128 bits, fit for a button's custom id."""
    return base64.b32encode(os.urandom(16)).decode().rstrip("=")


def new_case_code() -> str:
    """A random code for people to read aloud, such as ``7F3K-Q2``."""
    letters = "".join(secrets.choice(_CROCKFORD) for _ in range(_CASE_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def tidy_case_code(typed: str) -> str:
    """A case code as somebody typed it: case, spaces, and lookalike letters forgiven."""
    letters = [c for c in typed.upper().translate(str.maketrans("OIL", "011")) if c in _CROCKFORD]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"
