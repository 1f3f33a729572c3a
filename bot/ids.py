"""Random ids. Nothing that a person or Discord can see tells how many came before."""

import os

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID_LENGTH = 26
_CASE_CODE_LENGTH = 6
_FOLLOW_CODE_LENGTH = 12


def new_id() -> str:
    """A random id: 26 characters, 130 bits, fit for a button's custom id."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """Several random ids at once."""
    return [_letters(_BASE32, piece) for piece in random_pieces(_ID_LENGTH, count)]


def new_case_code() -> str:
    """A random code for people to read aloud, such as ``7F3K-Q2``."""
    letters = _letters(_CROCKFORD, os.urandom(_CASE_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def new_follow_code() -> str:
    """A secret code for following something, such as ``7F3K-Q2VM-9XTA``: 60 bits, to be read aloud."""
    return tidy_follow_code(_letters(_CROCKFORD, os.urandom(_FOLLOW_CODE_LENGTH)))


def random_pieces(size: int, count: int) -> list[bytes]:
    """Several pieces of random bytes.

    They come from one call to the system. Each call lets other threads go first, and while many people
    join, a call for each of them would wait longer for its turn than all else that is done for them.
    """
    pool = os.urandom(size * count)
    return [pool[start : start + size] for start in range(0, len(pool), size)]


def tidy_case_code(typed: str) -> str:
    """A case code as somebody typed it: case, spaces, and lookalike letters forgiven."""
    letters = _tidy_letters(typed)
    return f"{letters[:4]}-{letters[4:]}"


def tidy_follow_code(typed: str) -> str:
    """A code for following something as somebody typed it, forgiven the same."""
    letters = _tidy_letters(typed)
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _tidy_letters(typed: str) -> str:
    return "".join(c for c in typed.upper().translate(str.maketrans("OIL", "011")) if c in _CROCKFORD)


def _letters(alphabet: str, random: bytes) -> str:
    """Random bytes as letters out of 32: each byte names one, and eight bytes name the same."""
    return random.translate((alphabet * 8).encode()).decode()
