"""Lines in the log about what the operator does at the command line."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.database import PATIENT_TIMEOUT_MS, commit, connect
from bot.store import events


def note(
    database: Path, now: datetime, action: str, about: str, *, busy_timeout_ms: int = PATIENT_TIMEOUT_MS
) -> None:
    """Append a line, such as ``backup.begun`` about ``backup``. Raises StorageUnavailable."""
    with closing(connect(database, busy_timeout_ms=busy_timeout_ms)) as connection:
        for result in commit(
            connection,
            [
                lambda c: events.record(
                    c, now=now, actor="operator", action=action, object_kind=about, object_id=about
                )
            ],
        ):
            if isinstance(result, BaseException):
                raise result
