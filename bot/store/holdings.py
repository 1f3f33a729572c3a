"""What is kept about one person, beside what other files here read: for showing it to them."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import from_ms
from bot.store import suppression
from bot.store.access import Looked


@dataclass(frozen=True, slots=True)
class Known:
    """A person, and since when they are known."""

    lookup: bytes = field(repr=False)
    key_id: str
    since: datetime
    told_at: datetime | None
    """When a message last arrived at them."""
    earlier_since: datetime | None
    """Since when they are noted as a member from before the bot."""
    asked_at: datetime | None
    """When they were asked about their links as such a member."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A notice that somebody agreed to, in full."""

    at: datetime
    notice: str


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A verdict of the rules: the rule as it stood, and what it asked about."""

    at: datetime
    rule_id: str
    because: Mapping[str, str] | str
    """Why, in the operator's words: by language, or in one for all."""
    proposal: str
    reason: str
    facts: Mapping[str, tuple[str, ...]]
    rules_hash: str


@dataclass(frozen=True, slots=True)
class SheetTimes:
    """A sheet of answers: its id, when it was opened and sent, and when typed text was taken out."""

    id: str
    opened_at: datetime
    trimmed_at: datetime | None
    open_forms: int


@dataclass(frozen=True, slots=True)
class EntryTimes:
    """A page that was filled in, and perhaps taken out again."""

    id: str
    page_id: str
    saved_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseExtras:
    """What is kept with a case and seldom needed."""

    last_activity_at: datetime
    trimmed_at: datetime | None
    wave_began_at: datetime | None
    has_card: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A disclosure by id, and since when a later one has taken its place."""

    id: str
    questionnaire_hash: str
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opening:
    """A file as one moderator opened it."""

    at: datetime
    moderator_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that was wanted of Discord about a case."""

    kind: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message about somebody that the bot sent."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """Something about somebody that the team was to look at."""

    id: str
    kind: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody did as a moderator."""

    files_opened: int
    decisions: int
    paused_the_gate: bool

    def __bool__(self) -> bool:
        """Whether they did anything."""
        return bool(self.files_opened or self.decisions or self.paused_the_gate)


@dataclass(frozen=True, slots=True)
class Leftover:
    """What is left of somebody of whom everything else was deleted."""

    held_until: datetime | None
    """Until when a locked number stays, so that a person looks if they ask again."""
    errands: int
    """What is still being deleted in Discord."""


def known(connection: sqlite3.Connection, subject_id: str) -> Known | None:
    """The person with this id."""
    row = connection.execute(
        """
        SELECT lookup, key_id, created_at, told_at, noted_at, asked_at
        FROM subject LEFT JOIN earlier_member ON earlier_member.subject_id = subject.id WHERE subject.id = ?
        """,
        (subject_id,),
    ).fetchone()
    if row is None:
        return None
    moments = (_moment(row[name]) for name in ("told_at", "noted_at", "asked_at"))
    return Known(row["lookup"], row["key_id"], from_ms(row["created_at"]), *moments)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def consents(connection: sqlite3.Connection, case_id: str) -> list[Consent]:
    """The notices that the person of a case agreed to, in order."""
    rows = connection.execute(
        """
        SELECT given_at, text FROM consent JOIN notice ON notice.hash = notice_hash
        WHERE case_id = ? ORDER BY given_at
        """,
        (case_id,),
    )
    return [Consent(from_ms(row["given_at"]), row["text"]) for row in rows]


def verdicts(connection: sqlite3.Connection, case_id: str) -> list[StoredRule]:
    """What the rules made of a case, in order."""
    rows = connection.execute("SELECT * FROM verdict WHERE case_id = ? ORDER BY at, rowid", (case_id,))
    return [
        StoredRule(
            at=from_ms(row["at"]),
            rule_id=row["rule_id"],
            because=json.loads(row["rule"]).get("because", ""),
            proposal=row["proposal"],
            reason=row["reason"],
            facts={name: tuple(codes) for name, codes in json.loads(row["facts"]).items()},
            rules_hash=row["rules_hash"],
        )
        for row in rows
    ]


def sheets(connection: sqlite3.Connection, subject_id: str) -> list[SheetTimes]:
    """Somebody's sheets of answers, in the order in which they were opened."""
    rows = connection.execute(
        """
        SELECT id, opened_at, trimmed_at, (SELECT count(*) FROM form WHERE form.sheet_id = sheet.id) AS forms
        FROM sheet WHERE subject_id = ? ORDER BY opened_at, rowid
        """,
        (subject_id,),
    )
    return [SheetTimes(r["id"], from_ms(r["opened_at"]), _moment(r["trimmed_at"]), r["forms"]) for r in rows]


def entries(connection: sqlite3.Connection, sheet_id: str) -> list[EntryTimes]:
    """The pages of a sheet that were filled in, in order, also those taken out again."""
    rows = connection.execute(
        "SELECT id, page_id, saved_at, removed_at FROM entry WHERE sheet_id = ? ORDER BY ordinal", (sheet_id,)
    )
    return [EntryTimes(r["id"], r["page_id"], from_ms(r["saved_at"]), _moment(r["removed_at"])) for r in rows]


def extras(connection: sqlite3.Connection, case_id: str) -> CaseExtras | None:
    """What is kept with a case and seldom needed; None where there is no such case."""
    row = connection.execute(
        """
        SELECT last_activity_at, trimmed_at, began_at,
            EXISTS (SELECT 1 FROM card WHERE card.case_id = cases.id) AS has_card
        FROM cases LEFT JOIN wave ON wave.id = wave_id WHERE cases.id = ?
        """,
        (case_id,),
    ).fetchone()
    if row is None:
        return None
    return CaseExtras(
        from_ms(row["last_activity_at"]),
        _moment(row["trimmed_at"]),
        _moment(row["began_at"]),
        bool(row["has_card"]),
    )


def letters(connection: sqlite3.Connection, case_id: str) -> list[tuple[str, datetime]]:
    """The ids of the letters about a case, each with when it was written."""
    rows = connection.execute("SELECT id, at FROM letter WHERE case_id = ? ORDER BY at, rowid", (case_id,))
    return [(row["id"], from_ms(row["at"])) for row in rows]


def drafts(connection: sqlite3.Connection, case_id: str) -> list[datetime]:
    """When moderators began to write to the person of a case, without sending it."""
    rows = connection.execute("SELECT made_at FROM proposal WHERE case_id = ? ORDER BY made_at", (case_id,))
    return [from_ms(row["made_at"]) for row in rows]


def openings(connection: sqlite3.Connection, case_id: str) -> list[Opening]:
    """The openings of a case's file that still have their buttons."""
    rows = connection.execute("SELECT at, moderator_id FROM file_view WHERE case_id = ?", (case_id,))
    return [Opening(from_ms(row["at"]), row["moderator_id"]) for row in rows]


def wanted(connection: sqlite3.Connection, case_id: str) -> list[Wanted]:
    """What was wanted of Discord about a case."""
    rows = connection.execute("SELECT kind, state, wanted_at FROM effect WHERE case_id = ?", (case_id,))
    return [Wanted(row["kind"], row["state"], from_ms(row["wanted_at"])) for row in rows]


def versions(connection: sqlite3.Connection, subject_id: str) -> list[Version]:
    """Somebody's disclosures, the newest first."""
    rows = connection.execute(
        """
        SELECT disclosure.id, questionnaire_hash, superseded.at FROM disclosure
        LEFT JOIN superseded ON superseded.disclosure_id = disclosure.id
        WHERE subject_id = ? ORDER BY version DESC
        """,
        (subject_id,),
    )
    return [Version(row["id"], row["questionnaire_hash"], _moment(row["at"])) for row in rows]


def messages(connection: sqlite3.Connection, subject_id: str) -> list[Message]:
    """The messages about somebody that the bot sent, the newest first."""
    rows = connection.execute("SELECT kind, at FROM sent_message WHERE subject_id = ?", (subject_id,))
    found = [Message(row["kind"], from_ms(row["at"])) for row in rows]
    return sorted(found, key=lambda message: message.at, reverse=True)


def tasks(connection: sqlite3.Connection, subject_id: str) -> list[Noted]:
    """What the team was to look at about somebody, closed or not, but for what others told of them."""
    rows = connection.execute(
        "SELECT id, kind, opened_at, closed_at FROM task WHERE subject_id = ? AND kind <> 'many_concerns'",
        (subject_id,),
    )
    return [
        Noted(row["id"], row["kind"], from_ms(row["opened_at"]), _moment(row["closed_at"])) for row in rows
    ]


def erasures(connection: sqlite3.Connection, subject_id: str) -> list[tuple[str, datetime]]:
    """Erasures about somebody that are on their way: what, and since when. There are never many."""
    rows = connection.execute("SELECT what, at FROM erasure WHERE subject_id = ?", (subject_id,))
    return [(row["what"], from_ms(row["at"])) for row in rows]


def work(connection: sqlite3.Connection, subject_id: str) -> Work:
    """What somebody did as a moderator."""
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM access WHERE actor = :id AND action IN (:open, :history)) AS opened,
            (SELECT count(*) FROM file_view INDEXED BY file_view_of_moderator
                WHERE moderator_id = :id AND NOT EXISTS (
                SELECT 1 FROM access WHERE access.actor = moderator_id AND access.at = file_view.at
            )) AS opened_before,
            (SELECT count(*) FROM decision WHERE decided_by = :id) AS decisions,
            EXISTS (SELECT 1 FROM pause WHERE only_one = 1 AND by_subject = :id) AS paused
        """,
        {"id": subject_id, "open": Looked.OPEN.value, "history": Looked.HISTORY.value},
    ).fetchone()
    return Work(row["opened"] + row["opened_before"], row["decisions"], bool(row["paused"]))


def leftover(connection: sqlite3.Connection, lookup: bytes, now: datetime) -> Leftover:
    """What is left of the person with this lookup hash, of whom nothing else may be known."""
    errands = connection.execute("SELECT count(*) AS n FROM errand WHERE lookup = ?", (lookup,)).fetchone()
    return Leftover(suppression.until(connection, lookup, now), int(errands["n"]))
