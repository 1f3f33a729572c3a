"""Durations as people write them: ``"24h"``, ``"7d"``, ``"6mo"``."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
LONGEST = timedelta(days=365 * 100)

EXAMPLES = 'write a number and a unit in quotes, such as "90m", "24h", "7d", "6mo" or "1y"'

_WRITTEN = re.compile(r"\s*([0-9]{1,9})\s*(s|m|h|d|w|mo|y)\s*", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """The duration that ``text`` writes: one whole number and one unit. Raises ValueError."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError("is not a length of time")
    number, unit = int(match[1]), UNITS[match[2]]
    if number * unit.total_seconds() > LONGEST.total_seconds():
        raise ValueError("is longer than a hundred years")
    if number == 0:
        raise ValueError("is no time at all")
    return number * unit


def _from_configuration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError as problem:
        raise PydanticCustomError(
            "plain", "{problem}", {"problem": str(problem), "mend": EXAMPLES}
        ) from problem


Duration = Annotated[timedelta, BeforeValidator(_from_configuration)]
"""A length of time in the configuration."""
