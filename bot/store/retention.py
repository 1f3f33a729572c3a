"""What is kept for a while: what of it is due to go, class by class.

Each search takes a span of the moments from which something is kept, and how many to find at most (-1:
all), and finds the oldest first by an index. Those who are needed by nothing have no index: they are
looked through a stretch at a time, in the order in which they became known.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.clock import from_ms, to_ms

EVER = from_ms(0)
"""Before anything was kept."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""After anything that is kept now."""
ALL = -1


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from ``since`` on and before ``before``."""

    since: datetime
    before: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of people, in the order in which they became known: after one place, up to another."""

    after: int
    upto: int


EVERYBODY = Stretch(0, 2**62)


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept for a while."""

    id: str
    shown: str
    """A case code or a random id; empty for what has no name but itself."""
    at: datetime
    """From when on it is kept."""


def _values(span: Span, most: int) -> dict[str, int]:
    return {"since": to_ms(span.since), "before": to_ms(span.before), "most": most}


def _kept(rows: Iterable[sqlite3.Row]) -> list[Kept]:
    return [Kept(row["id"], row["shown"], from_ms(row["at"])) for row in rows]


def untouched(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Requests that ended without a decision, and that nobody of the team had to do with."""
    return _kept(
        connection.execute(
            """
            SELECT id, code AS shown, closed_at AS at FROM cases
            WHERE held_at IS NULL AND wants_person_at IS NULL AND state IN ('withdrawn', 'left', 'lapsed')
                AND closed_at >= :since AND closed_at < :before
            ORDER BY closed_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def undecided(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Requests that ended without a decision, that the team had to do with, and whose answers are left."""
    return _kept(
        connection.execute(
            """
            SELECT id, code AS shown, closed_at AS at FROM cases
            WHERE wiped_at IS NULL AND state IN ('withdrawn', 'left', 'lapsed')
                AND (held_at IS NOT NULL OR wants_person_at IS NOT NULL)
                AND closed_at >= :since AND closed_at < :before
            ORDER BY closed_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def on_record(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Requests that ended with a refusal or a removal, and all others that the team had to do with.

    An appeal that was filed in time is answered first.
    """
    return _kept(
        connection.execute(
            """
            SELECT id, code AS shown, closed_at AS at FROM cases
            WHERE state IN ('declined', 'redirected', 'removed', 'withdrawn', 'left', 'lapsed')
                AND (state IN ('declined', 'redirected', 'removed')
                    OR held_at IS NOT NULL OR wants_person_at IS NOT NULL)
                AND closed_at >= :since AND closed_at < :before
                AND NOT EXISTS (SELECT 1 FROM appeal WHERE case_id = cases.id AND appeal.closed_at IS NULL)
            ORDER BY closed_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def former_members(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Cases of people who were let in, and have left."""
    return _kept(
        connection.execute(
            """
            SELECT id, code AS shown, gone_at AS at FROM cases
            WHERE gone_at IS NOT NULL AND gone_at >= :since AND gone_at < :before
            ORDER BY gone_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def access_ended(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Cases of people who were let in, and whose access was taken back, or who took back their consent."""
    return _kept(
        connection.execute(
            """
            SELECT id, code AS shown, max(coalesce(taken_back_at, 0), coalesce(wiped_at, 0)) AS at FROM cases
            WHERE state = 'admitted' AND (taken_back_at IS NOT NULL OR wiped_at IS NOT NULL)
                AND max(coalesce(taken_back_at, 0), coalesce(wiped_at, 0)) >= :since
                AND max(coalesce(taken_back_at, 0), coalesce(wiped_at, 0)) < :before
            ORDER BY max(coalesce(taken_back_at, 0), coalesce(wiped_at, 0)) LIMIT :most
            """,
            _values(span, most),
        )
    )


def typed_at_the_gate(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Cases of people who were let in, with what they typed."""
    return _kept(
        connection.execute(
            """
            SELECT id, code AS shown, closed_at AS at FROM cases
            WHERE state = 'admitted' AND trimmed_at IS NULL AND wiped_at IS NULL
                AND closed_at >= :since AND closed_at < :before
            ORDER BY closed_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def typed_later(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Sheets on which members changed their links, with what they typed."""
    return _kept(
        connection.execute(
            """
            SELECT id, id AS shown, sent_at AS at FROM sheet
            WHERE source = 'update' AND trimmed_at IS NULL AND sent_at IS NOT NULL
                AND sent_at >= :since AND sent_at < :before
            ORDER BY sent_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def superseded(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Disclosures that a later one took the place of."""
    return _kept(
        connection.execute(
            """
            SELECT disclosure_id AS id, disclosure_id AS shown, at FROM superseded
            WHERE at >= :since AND at < :before ORDER BY at LIMIT :most
            """,
            _values(span, most),
        )
    )


def looks(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Lines that say who looked at what is kept about somebody."""
    return _kept(
        connection.execute(
            """
            SELECT id, id AS shown, at FROM access
            WHERE at >= :since AND at < :before ORDER BY at LIMIT :most
            """,
            _values(span, most),
        )
    )


def joins(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Cases that say with which wave their person came."""
    return _kept(
        connection.execute(
            """
            SELECT id, code AS shown, opened_at AS at FROM cases
            WHERE wave_id IS NOT NULL AND opened_at >= :since AND opened_at < :before
            ORDER BY opened_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def waves_over(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Waves that are over."""
    return _kept(
        connection.execute(
            """
            SELECT id, id AS shown, ended_at AS at FROM wave
            WHERE ended_at IS NOT NULL AND ended_at >= :since AND ended_at < :before
            ORDER BY ended_at LIMIT :most
            """,
            _values(span, most),
        )
    )


def locked_numbers(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """Locked numbers of people who have had everything deleted. They are shown to nobody."""
    return _kept(
        connection.execute(
            """
            SELECT hex(lookup) AS id, '' AS shown, until AS at FROM suppression_key
            WHERE until >= :since AND until < :before ORDER BY until LIMIT :most
            """,
            _values(span, most),
        )
    )


def errands(connection: sqlite3.Connection, span: Span, most: int) -> list[Kept]:
    """What was left to do in Discord for people of whom nothing is kept. They are shown to nobody."""
    return _kept(
        connection.execute(
            """
            SELECT id, '' AS shown, at FROM errand
            WHERE at >= :since AND at < :before ORDER BY at LIMIT :most
            """,
            _values(span, most),
        )
    )


def stretch(connection: sqlite3.Connection, after: int, most: int) -> Stretch | None:
    """The next stretch of people; None when nobody comes after."""
    row = connection.execute(
        """
        SELECT max(place) AS at
        FROM (SELECT rowid AS place FROM subject WHERE rowid > ? ORDER BY rowid LIMIT ?)
        """,
        (after, most),
    ).fetchone()
    return None if row["at"] is None else Stretch(after, row["at"])


def unneeded(connection: sqlite3.Connection, span: Span, people: Stretch) -> list[Kept]:
    """People of a stretch whom nothing refers to: kept since they became known, or last opened a file."""
    return _kept(
        connection.execute(
            """
            SELECT id, id AS shown, at FROM (
                SELECT subject.id, max(subject.created_at, coalesce(
                    (SELECT max(file_view.at) FROM file_view WHERE moderator_id = subject.id), 0
                ), coalesce(
                    (SELECT seen_at FROM moderator WHERE moderator.subject_id = subject.id), 0
                )) AS at
                FROM subject WHERE subject.rowid > :after AND subject.rowid <= :upto
                    AND created_at < :before
                    AND NOT EXISTS (SELECT 1 FROM cases WHERE subject_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM disclosure WHERE subject_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM sheet WHERE subject_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM decision WHERE decided_by = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM decision WHERE confirmed_by = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM motion WHERE proposed_by = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM vote WHERE moderator_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM question WHERE asked_by = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM appeal WHERE decided_by = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM note WHERE by_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM concern WHERE closed_by = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM concern WHERE reporter_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM concern WHERE about_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM outside_reviewer
                        WHERE outside_reviewer.subject_id = subject.id OR added_by = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM claim WHERE holder_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM earlier_member WHERE subject_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM task WHERE subject_id = subject.id
                        AND (closed_at IS NULL OR kind = 'unrecorded_role'))
                    AND NOT EXISTS (SELECT 1 FROM proposal WHERE moderator_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM recusal WHERE moderator_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM pause WHERE only_one = 1 AND by_subject = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM effect
                        WHERE kind = 'notice' AND state <> 'done' AND instr(target, subject.id))
            )
            WHERE at >= :since AND at < :before ORDER BY at
            """,
            {**_values(span, ALL), "after": people.after, "upto": people.upto},
        )
    )


def links_of_nobody(connection: sqlite3.Connection, span: Span, people: Stretch) -> list[Kept]:
    """People of a stretch who told of links as members from before the bot or as moderators, and are neither.

    Nobody noted when they left, so their links are kept since the last of them was told, or since they were
    last seen with the role.
    """
    return _kept(
        connection.execute(
            """
            SELECT id, id AS shown, at FROM (
                SELECT subject.id, max(
                    coalesce((SELECT max(at) FROM disclosure
                        WHERE subject_id = subject.id AND case_id IS NULL), 0),
                    coalesce((SELECT max(coalesce(sent_at, opened_at)) FROM sheet
                        WHERE subject_id = subject.id AND source = 'update'), 0),
                    coalesce((SELECT seen_at FROM moderator
                        WHERE moderator.subject_id = subject.id), 0)
                ) AS at
                FROM subject WHERE subject.rowid > :after AND subject.rowid <= :upto
                    AND (EXISTS (SELECT 1 FROM disclosure
                            WHERE subject_id = subject.id AND case_id IS NULL)
                        OR EXISTS (SELECT 1 FROM sheet
                            WHERE subject_id = subject.id AND source = 'update'))
                    AND NOT EXISTS (SELECT 1 FROM cases WHERE subject_id = subject.id
                        AND (closed_at IS NULL OR (state = 'admitted' AND wiped_at IS NULL)))
                    AND NOT EXISTS (SELECT 1 FROM earlier_member WHERE subject_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM outside_reviewer
                        WHERE outside_reviewer.subject_id = subject.id)
                    AND NOT EXISTS (SELECT 1 FROM task WHERE subject_id = subject.id
                        AND (closed_at IS NULL OR kind = 'unrecorded_role'))
            )
            WHERE at > 0 AND at >= :since AND at < :before ORDER BY at
            """,
            {**_values(span, ALL), "after": people.after, "upto": people.upto},
        )
    )
