"""What the desk keeps about one person: questions, notes, conditions, appeals, what is proposed."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import from_ms
from bot.store import concerns
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the team's, and what the person answered."""

    at: datetime
    question: str = field(repr=False)
    answered_at: datetime | None = None
    answer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NoteKept:
    """A note of a moderator's."""

    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConditionKept:
    """A condition of an admission."""

    code: str
    starts_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppealKept:
    """A second look that the person asked for."""

    filed_at: datetime
    via: str
    due_at: datetime
    closed_at: datetime | None
    outcome: str | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A decision that was put to a second person, and how many voted on it."""

    at: datetime
    outcome: str
    state: str
    votes: int


@dataclass(frozen=True, slots=True)
class DeskKept:
    """What the desk keeps about one request."""

    questions: tuple[Asked, ...] = ()
    notes: tuple[NoteKept, ...] = ()
    conditions: tuple[ConditionKept, ...] = ()
    appeals: tuple[AppealKept, ...] = ()
    proposed: tuple[Proposed, ...] = ()
    appeal_codes: int = 0
    """How many appeal codes were given out, of which a keyed hash is kept."""
    thread_since: datetime | None = None
    held_by_someone_since: datetime | None = None
    """Since when a moderator looks after it."""
    kept_from: int = 0
    """How many moderators do not see it because they, or the person, said so."""
    outside_reviewers: int = 0
    question_drafts: int = 0
    """Questions that a moderator began to write, and has not sent."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that the person told the team about others."""

    code: str
    kind: str
    at: datetime
    closed_at: datetime | None
    outcome: str | None
    text: str = field(repr=False)
    notes: int = 0


@dataclass(frozen=True, slots=True)
class AsModerator:
    """What is kept of somebody's part in the team."""

    since: datetime | None
    gone_at: datetime | None
    votes: int
    questions: int
    notes: int
    holds: int
    """How many cases they look after now."""
    kept_from: int
    """How many cases are kept from them at their own word or the applicant's."""
    reviews_outside: int
    """How many cases they were asked to look at from outside the team."""


def of_case(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> DeskKept:
    """What the desk keeps about a case."""
    row = connection.execute(
        """
        SELECT
            (SELECT count(*) FROM appeal_code WHERE case_id = :id) AS codes,
            (SELECT opened_at FROM thread WHERE case_id = :id) AS thread,
            (SELECT since FROM claim WHERE kind = 'case' AND item_id = :id) AS held,
            (SELECT count(*) FROM recusal WHERE case_id = :id) AS kept_from,
            (SELECT count(*) FROM outside_reviewer WHERE case_id = :id) AS outside,
            (SELECT count(*) FROM question_draft WHERE case_id = :id) AS drafts
        """,
        {"id": case_id},
    ).fetchone()
    return DeskKept(
        questions=tuple(_questions(connection, key, case_id)),
        notes=tuple(_notes(connection, key, case_id)),
        conditions=tuple(_conditions(connection, key, case_id)),
        appeals=tuple(_appeals(connection, key, case_id)),
        proposed=tuple(_proposed(connection, case_id)),
        appeal_codes=row["codes"],
        thread_since=_moment(row["thread"]),
        held_by_someone_since=_moment(row["held"]),
        kept_from=row["kept_from"],
        outside_reviewers=row["outside"],
        question_drafts=row["drafts"],
    )


def _questions(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> list[Asked]:
    rows = connection.execute("SELECT * FROM question WHERE case_id = ? ORDER BY asked_at", (case_id,))
    return [
        Asked(
            from_ms(row["asked_at"]),
            _opened(key, row["sealed"], f"question/sealed/{row['ref']}"),
            _moment(row["answered_at"]),
            _opened(key, row["sealed_answer"], f"question/sealed_answer/{row['ref']}"),
        )
        for row in rows
    ]


def _notes(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> list[NoteKept]:
    rows = connection.execute("SELECT * FROM note WHERE case_id = ? ORDER BY at", (case_id,))
    return [
        NoteKept(from_ms(row["at"]), _opened(key, row["sealed"], f"note/sealed/{row['id']}")) for row in rows
    ]


def _conditions(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> list[ConditionKept]:
    rows = connection.execute("SELECT * FROM condition WHERE case_id = ? ORDER BY starts_at", (case_id,))
    return [
        ConditionKept(
            row["code"],
            from_ms(row["starts_at"]),
            _moment(row["ends_at"]),
            _moment(row["ended_at"]),
            _opened(key, row["sealed"], f"condition/sealed/{row['id']}"),
        )
        for row in rows
    ]


def _appeals(connection: sqlite3.Connection, key: PersonKey, case_id: str) -> list[AppealKept]:
    rows = connection.execute("SELECT * FROM appeal WHERE case_id = ? ORDER BY filed_at", (case_id,))
    return [
        AppealKept(
            from_ms(row["filed_at"]),
            row["via"],
            from_ms(row["due_at"]),
            _moment(row["closed_at"]),
            row["outcome"],
            _opened(key, row["sealed"], f"appeal/sealed/{row['id']}"),
        )
        for row in rows
    ]


def _proposed(connection: sqlite3.Connection, case_id: str) -> list[Proposed]:
    rows = connection.execute(
        """
        SELECT proposed_at, outcome, state, (SELECT count(*) FROM vote WHERE motion_id = motion.id) AS votes
        FROM motion WHERE case_id = ? ORDER BY proposed_at
        """,
        (case_id,),
    )
    return [Proposed(from_ms(row["proposed_at"]), row["outcome"], row["state"], row["votes"]) for row in rows]


def told_of_others(connection: sqlite3.Connection, key: PersonKey, subject_id: str) -> list[Told]:
    """What somebody told the team about others, in order."""
    rows = connection.execute(
        """
        SELECT concern.*, (SELECT count(*) FROM note WHERE concern_id = concern.id) AS notes
        FROM concern WHERE reporter_id = ? ORDER BY opened_at
        """,
        (subject_id,),
    )
    return [
        Told(
            row["code"],
            row["kind"],
            from_ms(row["opened_at"]),
            _moment(row["closed_at"]),
            row["outcome"],
            _told(key, row),
            row["notes"],
        )
        for row in rows
    ]


def as_moderator(connection: sqlite3.Connection, subject_id: str) -> AsModerator:
    """What is kept of somebody's part in the team."""
    row = connection.execute(
        """
        SELECT
            (SELECT since FROM moderator WHERE subject_id = :id) AS since,
            (SELECT gone_at FROM moderator WHERE subject_id = :id) AS gone_at,
            (SELECT count(*) FROM vote WHERE moderator_id = :id) AS votes,
            (SELECT count(*) FROM question WHERE asked_by = :id) AS questions,
            (SELECT count(*) FROM note WHERE by_id = :id) AS notes,
            (SELECT count(*) FROM claim WHERE holder_id = :id) AS holds,
            (SELECT count(*) FROM recusal WHERE moderator_id = :id) AS kept_from,
            (SELECT count(*) FROM outside_reviewer WHERE subject_id = :id) AS outside
        """,
        {"id": subject_id},
    ).fetchone()
    return AsModerator(
        _moment(row["since"]),
        _moment(row["gone_at"]),
        row["votes"],
        row["questions"],
        row["notes"],
        row["holds"],
        row["kept_from"],
        row["outside"],
    )


def _told(key: PersonKey, row: sqlite3.Row) -> str:
    words = _opened(key, row["sealed"], f"concern/sealed/{row['id']}")
    return concerns.read(words).by_reporter if words else ""


def _opened(key: PersonKey, sealed: bytes | None, place: str) -> str:
    return "" if sealed is None else key.open(sealed, place)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
