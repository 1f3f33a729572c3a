"""Lengths of time as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.durations import UNITS, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("6mo", timedelta(days=180)),
        ("1y", timedelta(days=365)),
        (" 3 d ", timedelta(days=3)),
    ],
)
def test_a_number_and_a_unit_is_a_length_of_time(text: str, expected: timedelta) -> None:
    """Each unit means what it says; a month has 30 days and a year 365."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "7", "d", "1.5h", "-1d", "7 days", "1d12h", "٣d", "0h", "9999999y", "7\x00d"]
)
def test_anything_else_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"^is "):
        parse_duration(text)


@given(st.integers(1, 1000), st.sampled_from(sorted(set(UNITS) - {"y"})))
def test_lengths_add_up(number: int, unit: str) -> None:
    """So many of a unit are so many times one."""
    assert parse_duration(f"{number}{unit}") == number * parse_duration(f"1{unit}")
