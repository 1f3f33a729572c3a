"""Random ids. Nothing that a person or Discord can see tells how many came before."""

import os

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID_LENGTH = 26
_CASE_CODE_LENGTH = 6


def new_id() -> str:
    """A random id: 26 characters, 130 bits, fit for a button's custom id."""
    return _random_letters(_BASE32, _ID_LENGTH)


def new_case_code() -> str:
    """A random code for people to read aloud, such as ``7F3K-Q2``."""
    letters = _random_letters(_CROCKFORD, _CASE_CODE_LENGTH)
    return f"{letters[:4]}-{letters[4:]}"


def tidy_case_code(typed: str) -> str:
    """A case code as somebody typed it: case, spaces, and lookalike letters forgiven."""
    letters = [c for c in typed.upper().translate(str.maketrans("OIL", "011")) if c in _CROCKFORD]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def _random_letters(alphabet: str, count: int) -> str:
    """Random letters out of 32: each byte names one, and eight bytes name the same."""
    return os.urandom(count).translate((alphabet * 8).encode()).decode()
