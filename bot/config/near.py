"""The nearest valid name for a word that is not one."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from bot.config.findings import TOKEN

_SAFE_TO_REPEAT = re.compile(r"[\w .,:+-]{1,40}")
_MOST_LISTED = 14


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that ``word`` was probably meant to be."""
    by_folded = {choice.casefold(): choice for choice in choices}
    matches = get_close_matches(word.casefold()[:80], by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def mend_name(word: str, choices: Iterable[str]) -> str:
    """What to write instead of ``word``."""
    known = list(choices)
    near = nearest(word, known)
    if near is not None:
        return f'write "{near}"'
    if not known:
        return "there is none yet to name here"
    listed = ", ".join(known[:_MOST_LISTED])
    more = " and others" if len(known) > _MOST_LISTED else ""
    return f"use one of {listed}{more}"


def repeated(value: object) -> str:
    """A value as it may stand in a message: nothing long, odd or secret is repeated."""
    if isinstance(value, str) and _SAFE_TO_REPEAT.fullmatch(value) and not TOKEN.search(value):
        return f'"{value}"'
    return "this"
