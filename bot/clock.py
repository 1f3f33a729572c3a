"""Time. The core is handed ``now``; only the composition root asks the machine for it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the present moment, in UTC."""


def machine_clock() -> datetime:
    """The machine's own clock, in UTC."""
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, as the database keeps times."""
    return int(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The moment that ``to_ms`` wrote, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
