"""Concerns: what members told the team about others, sealed with the key of whoever told it."""

import json
import sqlite3
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.clock import from_ms, to_ms
from bot.ids import new_case_code
from bot.vault import PersonKey


class ConcernKind(StrEnum):
    """What a concern is about."""

    UNDECLARED = "undeclared"
    """Somebody is here for a company without saying so."""
    COMPANY = "company"
    """A company crossed a line."""
    PROMOTION = "promotion"
    RECRUITMENT = "recruitment"
    LEAK = "leak"
    """Something was carried out of the community."""
    UNPROVEN = "unproven"
    """A treatment without proof is pushed."""
    SELLING = "selling"
    BULLYING = "bullying"
    RETALIATION = "retaliation"
    """Somebody is put under pressure because of a concern."""
    OTHER = "other"


URGENT = frozenset({ConcernKind.RETALIATION, ConcernKind.LEAK})
"""What harms more with every hour."""


class ConcernOutcome(StrEnum):
    """What became of a concern."""

    ACTED = "acted"
    TALKED = "talked"
    EXPLAINED = "explained"
    NOT_FOUND = "not_found"
    GONE = "gone"
    """Whom it was about, or who told of it, had everything deleted."""
    WITHDRAWN = "withdrawn"


HANDLED = (
    ConcernOutcome.ACTED,
    ConcernOutcome.TALKED,
    ConcernOutcome.EXPLAINED,
    ConcernOutcome.NOT_FOUND,
)
"""What a moderator may close a concern with."""


@dataclass(frozen=True, slots=True)
class Concern:
    """A concern, without its words."""

    id: str
    code: str
    """By which the team calls it."""
    kind: ConcernKind
    reporter_id: str | None
    about_id: str | None
    follow: bytes = field(repr=False)
    """The keyed hash of the code that the reporter was given."""
    locale: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None = None
    outcome: ConcernOutcome | None = None
    closed_by: str | None = None
    told_at: datetime | None = None
    """When the reporter heard what became of it."""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """Something said about a concern: by the reporter, or asked by the team."""

    at: int
    """Milliseconds."""
    asked: bool
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """The words of a concern, in order, and the message that it is about."""

    said: tuple[Said, ...]
    link: str = field(default="", repr=False)
    excerpt: str = field(default="", repr=False)

    @property
    def by_reporter(self) -> str:
        """All that the reporter wrote."""
        return "\n\n".join(one.text for one in self.said if not one.asked)

    @property
    def question(self) -> Said | None:
        """What the team asked last and the reporter has not answered yet."""
        last = self.said[-1] if self.said else None
        return last if last is not None and last.asked else None


def free_code(connection: sqlite3.Connection) -> str:
    """A code that neither a concern nor a case goes by."""
    while True:
        code = new_case_code()
        taken = connection.execute(
            "SELECT 1 FROM concern WHERE code = :code UNION ALL SELECT 1 FROM cases WHERE code = :code",
            {"code": code},
        ).fetchone()
        if taken is None:
            return code


def add(connection: sqlite3.Connection, key: PersonKey, concern: Concern, told: Told) -> None:
    """Keep a new concern, its words sealed with the reporter's key."""
    connection.execute(
        """
        INSERT INTO concern (id, code, kind, reporter_id, about_id, follow, sealed, locale, opened_at, due_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            concern.id,
            concern.code,
            concern.kind.value,
            concern.reporter_id,
            concern.about_id,
            concern.follow,
            _sealed(key, concern.id, told),
            concern.locale,
            to_ms(concern.opened_at),
            to_ms(concern.due_at),
        ),
    )


def get(connection: sqlite3.Connection, concern_id: str) -> Concern | None:
    """The concern with this id."""
    row = connection.execute("SELECT * FROM concern WHERE id = ?", (concern_id,)).fetchone()
    return None if row is None else _concern(row)


def by_code(connection: sqlite3.Connection, code: str) -> Concern | None:
    """The concern that the team calls by this code."""
    row = connection.execute("SELECT * FROM concern WHERE code = ?", (code,)).fetchone()
    return None if row is None else _concern(row)


def by_follow(connection: sqlite3.Connection, follow: bytes) -> Concern | None:
    """The concern that is followed by the code with this keyed hash."""
    row = connection.execute("SELECT * FROM concern WHERE follow = ?", (follow,)).fetchone()
    return None if row is None else _concern(row)


def told(connection: sqlite3.Connection, key: PersonKey, concern_id: str) -> Told | None:
    """The words of a concern; None once they are deleted."""
    row = connection.execute("SELECT sealed FROM concern WHERE id = ?", (concern_id,)).fetchone()
    if row is None or row["sealed"] is None:
        return None
    return read(key.open(row["sealed"], _place(concern_id)))


def read(opened: str) -> Told:
    """The words of a concern from what lay sealed."""
    words = json.loads(opened)
    said = tuple(Said(one["at"], one["asked"], one["text"]) for one in words["said"])
    return Told(said, words["link"], words["excerpt"])


def change(
    connection: sqlite3.Connection,
    key: PersonKey,
    concern: Concern,
    told: Told,
    *,
    kind: ConcernKind | None = None,
    due_at: datetime | None = None,
) -> bool:
    """Put other words in the place of those of an open concern; False when it has changed meanwhile."""
    cursor = connection.execute(
        """
        UPDATE concern SET sealed = ?, kind = ?, due_at = ?, version = version + 1
        WHERE id = ? AND version = ? AND closed_at IS NULL
        """,
        (
            _sealed(key, concern.id, told),
            (kind or concern.kind).value,
            to_ms(due_at or concern.due_at),
            concern.id,
            concern.version,
        ),
    )
    return cursor.rowcount == 1


def close(
    connection: sqlite3.Connection, concern: Concern, outcome: ConcernOutcome, by: str | None, now: datetime
) -> bool:
    """Close a concern; False when it has changed, or was closed, meanwhile."""
    cursor = connection.execute(
        """
        UPDATE concern SET closed_at = ?, outcome = ?, closed_by = ?, version = version + 1
        WHERE id = ? AND version = ? AND closed_at IS NULL
        """,
        (to_ms(now), outcome.value, by, concern.id, concern.version),
    )
    return cursor.rowcount == 1


def note_told(connection: sqlite3.Connection, concern_id: str, now: datetime) -> None:
    """The reporter has heard what became of it."""
    connection.execute(
        "UPDATE concern SET told_at = coalesce(told_at, ?) WHERE id = ?", (to_ms(now), concern_id)
    )


def of_reporter(connection: sqlite3.Connection, reporter_id: str, most: int) -> list[Concern]:
    """What somebody told, the newest first; -1 for all of it."""
    rows = connection.execute(
        "SELECT * FROM concern WHERE reporter_id = ? ORDER BY opened_at DESC, id LIMIT ?", (reporter_id, most)
    )
    return [_concern(row) for row in rows]


def open_of(connection: sqlite3.Connection, reporter_id: str, about_id: str) -> Concern | None:
    """What somebody told about somebody, and is still open."""
    row = connection.execute(
        """
        SELECT * FROM concern WHERE reporter_id = ? AND about_id = ? AND closed_at IS NULL
        ORDER BY opened_at LIMIT 1
        """,
        (reporter_id, about_id),
    ).fetchone()
    return None if row is None else _concern(row)


def first_due(connection: sqlite3.Connection, most: int) -> list[Concern]:
    """Open concerns, the first due first."""
    rows = connection.execute(
        "SELECT * FROM concern WHERE closed_at IS NULL ORDER BY due_at LIMIT ?", (most,)
    )
    return [_concern(row) for row in rows]


def team(connection: sqlite3.Connection) -> list[str]:
    """The subject ids of those who were last seen as moderators."""
    rows = connection.execute("SELECT subject_id FROM moderator WHERE gone_at IS NULL ORDER BY subject_id")
    return [row["subject_id"] for row in rows]


def forget_words(connection: sqlite3.Connection, concern_id: str) -> None:
    """Delete the words of a concern, and the notes, which repeat them."""
    connection.execute("UPDATE concern SET sealed = NULL WHERE id = ?", (concern_id,))
    connection.execute("DELETE FROM note WHERE concern_id = ?", (concern_id,))


def forget_reporter(connection: sqlite3.Connection, concern_id: str) -> None:
    """Delete who told of a concern, and the words with them."""
    forget_words(connection, concern_id)
    connection.execute("UPDATE concern SET reporter_id = NULL WHERE id = ?", (concern_id,))


def delete(connection: sqlite3.Connection, concern_id: str) -> None:
    """Delete a concern with its notes, and whoever has taken it."""
    connection.execute("DELETE FROM claim WHERE kind = 'concern' AND item_id = ?", (concern_id,))
    connection.execute("DELETE FROM concern WHERE id = ?", (concern_id,))


def about(connection: sqlite3.Connection, subject_id: str, most: int) -> list[Concern]:
    """The concerns about somebody, the newest first; -1 for all of them."""
    rows = connection.execute(
        "SELECT * FROM concern WHERE about_id = ? ORDER BY opened_at DESC, id LIMIT ?", (subject_id, most)
    )
    return [_concern(row) for row in rows]


def _sealed(key: PersonKey, concern_id: str, told: Told) -> bytes:
    return key.seal(json.dumps(asdict(told), ensure_ascii=False), _place(concern_id))


def _place(concern_id: str) -> str:
    return f"concern/sealed/{concern_id}"


def _concern(row: sqlite3.Row) -> Concern:
    return Concern(
        id=row["id"],
        code=row["code"],
        kind=ConcernKind(row["kind"]),
        reporter_id=row["reporter_id"],
        about_id=row["about_id"],
        follow=bytes(row["follow"]),
        locale=row["locale"],
        opened_at=from_ms(row["opened_at"]),
        due_at=from_ms(row["due_at"]),
        closed_at=None if row["closed_at"] is None else from_ms(row["closed_at"]),
        outcome=None if row["outcome"] is None else ConcernOutcome(row["outcome"]),
        closed_by=row["closed_by"],
        told_at=None if row["told_at"] is None else from_ms(row["told_at"]),
        version=row["version"],
    )
