"""Who was last seen with a role of moderators, and when they were asked about their own links."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import from_ms, to_ms

_SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ToRenew:
    """A moderator whose own disclosure runs out soon, or has."""

    subject_id: str
    told_at: datetime
    """When they last told."""


def note_acting(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    """Somebody acts as a moderator. Written at most once an hour, or when they are back."""
    at = to_ms(now)
    connection.execute(
        """
        INSERT INTO moderator (subject_id, since, seen_at) VALUES (:id, :now, :now)
        ON CONFLICT (subject_id) DO UPDATE SET seen_at = :now, gone_at = NULL,
            since = CASE WHEN gone_at IS NULL THEN since ELSE :now END
        WHERE gone_at IS NOT NULL OR seen_at NOT BETWEEN :before AND :now
        """,
        {"id": subject_id, "now": at, "before": to_ms(now - _SEEN_EVERY)},
    )


def note_seen(connection: sqlite3.Connection, subject_ids: Iterable[str], now: datetime) -> None:
    """These people hold the role at this moment."""
    connection.executemany(
        """
        INSERT INTO moderator (subject_id, since, seen_at) VALUES (:id, :now, :now)
        ON CONFLICT (subject_id) DO UPDATE SET seen_at = :now, gone_at = NULL,
            since = CASE WHEN gone_at IS NULL THEN since ELSE :now END
        """,
        [{"id": subject_id, "now": to_ms(now)} for subject_id in subject_ids],
    )


def note_gone(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    """Somebody left the server, and their role with it."""
    connection.execute(
        "UPDATE moderator SET gone_at = ? WHERE subject_id = ? AND gone_at IS NULL", (to_ms(now), subject_id)
    )


def note_missing(connection: sqlite3.Connection, before: datetime, now: datetime) -> None:
    """Everybody was looked at since ``before``: whoever was not seen with the role has it no more."""
    connection.execute(
        "UPDATE moderator SET gone_at = ? WHERE gone_at IS NULL AND seen_at < ?", (to_ms(now), to_ms(before))
    )


def gone_with_something(connection: sqlite3.Connection, most: int) -> list[str]:
    """Those who have the role no more, and still have a case or a seat in a conversation."""
    rows = connection.execute(
        """
        SELECT subject_id FROM moderator WHERE gone_at IS NOT NULL AND (
            EXISTS (SELECT 1 FROM claim WHERE holder_id = subject_id)
            OR EXISTS (
                SELECT 1 FROM thread JOIN effect
                    ON effect.key = 'thread:' || thread.case_id || ':seat:' || subject_id
                WHERE thread.closed_at IS NULL AND effect.target = 'join:' || subject_id
            )
        ) LIMIT ?
        """,
        (most,),
    )
    return [row["subject_id"] for row in rows]


def current(connection: sqlite3.Connection) -> list[str]:
    """The subject ids of those who have the role, by all that is known; the longest there first."""
    rows = connection.execute(
        "SELECT subject_id FROM moderator WHERE gone_at IS NULL ORDER BY since, subject_id"
    )
    return [row["subject_id"] for row in rows]


def is_current(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether somebody has the role, by all that is known."""
    statement = "SELECT 1 FROM moderator WHERE subject_id = ? AND gone_at IS NULL"
    return connection.execute(statement, (subject_id,)).fetchone() is not None


def to_renew(
    connection: sqlite3.Connection, told_before: datetime, good_for: timedelta, now: datetime
) -> list[ToRenew]:
    """Moderators whose newest disclosure is from before a moment, and who were not asked about it.

    They are asked once after that moment, and once more when it is no longer good.
    """
    rows = connection.execute(
        """
        SELECT moderator.subject_id, newest.at FROM moderator
        JOIN disclosure AS newest ON newest.subject_id = moderator.subject_id AND newest.version = (
            SELECT max(version) FROM disclosure WHERE disclosure.subject_id = moderator.subject_id
        )
        WHERE moderator.gone_at IS NULL AND newest.at <= :before AND newest.disclosed <> 'undisclosed'
            AND (asked_at IS NULL OR asked_at < newest.at
                OR (asked_at < newest.at + :good_for AND newest.at + :good_for < :now))
        """,
        {"before": to_ms(told_before), "good_for": good_for // timedelta(milliseconds=1), "now": to_ms(now)},
    )
    return [ToRenew(row["subject_id"], from_ms(row["at"])) for row in rows]


def note_asked(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    """Somebody is asked to say again how their own links are."""
    connection.execute("UPDATE moderator SET asked_at = ? WHERE subject_id = ?", (to_ms(now), subject_id))
