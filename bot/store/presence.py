"""Who is there and what is on record about it: what a look at the server is compared with."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.model import OPEN_STATES, CaseState
from bot.reconcile import OnRecord, Standing
from bot.store import errands

_BUSY = frozenset({"pending", "stuck"})


@dataclass(frozen=True, slots=True)
class Found:
    """What is on record about somebody. ``number`` is good for as long as one look takes, and no longer."""

    number: int | None
    """None for a stranger."""
    subject_id: str
    case_id: str | None
    """The newest case."""
    record: OnRecord


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody whom the server should have."""

    number: int
    subject_id: str
    place: str
    """Where the next page begins."""


def find(connection: sqlite3.Connection, lookup: bytes) -> Found:
    """What is on record about the person with this lookup hash."""
    row = connection.execute(
        """
        SELECT subject.rowid AS number, subject.id AS subject_id, cases.id AS case_id, cases.state,
            cases.wiped_at, cases.closed_at, cases.taken_back_at, cases.gone_at, cases.pending, cases.automod,
            earlier_member.subject_id IS NOT NULL AS earlier,
            EXISTS (
                SELECT 1 FROM task WHERE task.subject_id = subject.id AND task.kind = 'unrecorded_role'
            ) AS noted,
            (SELECT effect.state FROM effect WHERE effect.key = 'grant:' || cases.id) AS granting,
            (SELECT effect.state FROM effect WHERE effect.key = 'revoke:' || cases.id) AS revoking,
            EXISTS (SELECT 1 FROM errand WHERE errand.lookup = subject.lookup) AS erased
        FROM subject
        LEFT JOIN cases ON cases.id = (
            SELECT newest.id FROM cases AS newest WHERE newest.subject_id = subject.id
            ORDER BY newest.closed_at IS NULL DESC, newest.rowid DESC LIMIT 1
        )
        LEFT JOIN earlier_member ON earlier_member.subject_id = subject.id
        WHERE subject.lookup = ?
        """,
        (lookup,),
    ).fetchone()
    return _stranger(connection, lookup) if row is None else _found(row)


def _stranger(connection: sqlite3.Connection, lookup: bytes) -> Found:
    return Found(None, "", None, OnRecord(erased=errands.is_revoking(connection, lookup)))


def _found(row: sqlite3.Row) -> Found:
    gone = row["gone_at"] is not None or row["state"] == CaseState.LEFT.value
    record = OnRecord(
        standing=_standing(row),
        since=None if row["closed_at"] is None else from_ms(row["closed_at"]),
        away=gone,
        noted=bool(row["noted"]),
        granting=row["granting"] in _BUSY,
        revoking=row["revoking"] in _BUSY,
        erased=bool(row["erased"]),
        pending=bool(row["pending"]),
        automod=bool(row["automod"]),
    )
    return Found(row["number"], row["subject_id"], row["case_id"], record)


def _standing(row: sqlite3.Row) -> Standing:
    """Being a member from before the bot holds until a moderator decides otherwise, or they leave."""
    earlier = bool(row["earlier"])
    if row["case_id"] is None:
        return Standing.EARLIER if earlier else Standing.UNKNOWN
    state = CaseState(row["state"])
    if state is CaseState.ADMITTED and row["wiped_at"] is None:
        return Standing.MEMBER if row["taken_back_at"] is None else Standing.TAKEN
    if earlier:
        return Standing.EARLIER
    return Standing.OPEN if state in OPEN_STATES else Standing.ENDED


def expected_after(connection: sqlite3.Connection, place: str, before: datetime, most: int) -> list[Expected]:
    """People known before a moment, with an open case or let in, who are not on record as gone."""
    rows = connection.execute(
        """
        SELECT subject.rowid AS number, cases.subject_id, cases.id AS place
        FROM cases INDEXED BY case_present JOIN subject ON subject.id = cases.subject_id
        WHERE (cases.state IN ('waiting', 'answering', 'held')
                OR (cases.state = 'admitted' AND cases.gone_at IS NULL))
            AND cases.id > ? AND subject.created_at < ?
        ORDER BY cases.id LIMIT ?
        """,
        (place, to_ms(before), most),
    )
    return [Expected(**row) for row in rows]


def earlier_after(connection: sqlite3.Connection, place: str, before: datetime, most: int) -> list[Expected]:
    """Members from before the bot, put on their list before a moment."""
    rows = connection.execute(
        """
        SELECT subject.rowid AS number, earlier_member.subject_id, earlier_member.subject_id AS place
        FROM earlier_member JOIN subject ON subject.id = earlier_member.subject_id
        WHERE earlier_member.subject_id > ? AND earlier_member.noted_at < ?
        ORDER BY earlier_member.subject_id LIMIT ?
        """,
        (place, to_ms(before), most),
    )
    return [Expected(**row) for row in rows]


def note_signs(connection: sqlite3.Connection, signs: Iterable[tuple[str, bool, bool]]) -> None:
    """Keep whether Discord's screening, or its AutoMod, holds up the people of cases."""
    connection.executemany(
        "UPDATE cases SET pending = ?, automod = ? WHERE id = ?",
        [(int(pending), int(automod), case_id) for case_id, pending, automod in signs],
    )


def note_joined(connection: sqlite3.Connection, joins: Iterable[tuple[str, datetime]]) -> None:
    """Cases of people who joined before anybody noticed; the newest case of somebody stays the newest."""
    connection.executemany(
        """
        UPDATE cases SET opened_at = min(opened_at, max(?, coalesce((
            SELECT max(earlier.opened_at) + 1 FROM cases AS earlier
            WHERE earlier.subject_id = cases.subject_id AND earlier.id <> cases.id
        ), 0)))
        WHERE id = ?
        """,
        [(to_ms(joined_at), case_id) for case_id, joined_at in joins],
    )


def note_taken_back(connection: sqlite3.Connection, case_id: str, at: datetime | None) -> None:
    """A person has taken back the access that was decided, or (None) has given it again."""
    connection.execute(
        "UPDATE cases SET taken_back_at = ?, version = version + 1 WHERE id = ?",
        (None if at is None else to_ms(at), case_id),
    )


def note_gone(connection: sqlite3.Connection, subject_id: str, at: datetime) -> None:
    """Somebody who was let in, now or once, has left the server."""
    connection.execute(
        "UPDATE cases SET gone_at = ? WHERE subject_id = ? AND state = 'admitted' AND gone_at IS NULL",
        (to_ms(at), subject_id),
    )


def note_earlier(connection: sqlite3.Connection, subject_ids: Sequence[str], now: datetime) -> None:
    """Put people on the list of members from before the bot."""
    connection.executemany(
        "INSERT INTO earlier_member (subject_id, noted_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(subject_id, to_ms(now)) for subject_id in subject_ids],
    )


def is_earlier(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether somebody is on the list of members from before the bot."""
    statement = "SELECT 1 FROM earlier_member WHERE subject_id = ?"
    return connection.execute(statement, (subject_id,)).fetchone() is not None


def has_been_let_be(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Whether somebody has access that no decision gave: from before the bot, or noted as unrecorded."""
    row = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM earlier_member WHERE subject_id = :id) OR EXISTS (
            SELECT 1 FROM task WHERE subject_id = :id AND kind = 'unrecorded_role'
        ) AS inside
        """,
        {"id": subject_id},
    ).fetchone()
    return bool(row["inside"])


def forget_earlier(connection: sqlite3.Connection, subject_id: str) -> bool:
    """Take somebody off the list of members from before the bot; False when they were not on it."""
    cursor = connection.execute("DELETE FROM earlier_member WHERE subject_id = ?", (subject_id,))
    return cursor.rowcount == 1


def anyone_to_ask(connection: sqlite3.Connection) -> bool:
    """Whether a member from before the bot has not been asked about their links yet."""
    statement = "SELECT 1 FROM earlier_member WHERE asked_at IS NULL LIMIT 1"
    return connection.execute(statement).fetchone() is not None


def ask_next(connection: sqlite3.Connection, most: int, now: datetime) -> list[str]:
    """Mark the next members from before the bot as asked about their links; return who they are."""
    rows = connection.execute(
        """
        SELECT subject_id FROM earlier_member
        WHERE asked_at IS NULL ORDER BY noted_at LIMIT ?
        """,
        (most,),
    )
    asked = [row["subject_id"] for row in rows]
    connection.executemany(
        "UPDATE earlier_member SET asked_at = ? WHERE subject_id = ?", [(to_ms(now), one) for one in asked]
    )
    return asked


@dataclass(frozen=True, slots=True)
class EarlierMembers:
    """How far asking the members from before the bot has come."""

    listed: int
    asked: int
    answered: int


def earlier_members(connection: sqlite3.Connection) -> EarlierMembers:
    """How many there are, how many were asked, and how many of those have told about their links."""
    row = connection.execute(
        """
        SELECT count(*) AS listed, count(asked_at) AS asked,
            count(CASE WHEN asked_at IS NOT NULL AND EXISTS (
                SELECT 1 FROM disclosure WHERE disclosure.subject_id = earlier_member.subject_id
            ) THEN 1 END) AS answered
        FROM earlier_member
        """
    ).fetchone()
    return EarlierMembers(**row)


def to_show(connection: sqlite3.Connection, before: datetime, now: datetime, most: int) -> list[str]:
    """Cases that should have a card that was last looked after before a moment, or by a wrong clock."""
    rows = connection.execute(
        """
        SELECT id FROM cases
        WHERE step IN ('decide', 'talk', 'second', 'blocked', 'asked') AND NOT EXISTS (
            SELECT 1 FROM effect WHERE effect.key = 'card:' || cases.id
                AND (effect.state <> 'done' OR effect.wanted_at BETWEEN :before AND :now)
        )
        ORDER BY step_due LIMIT :most
        """,
        {"before": to_ms(before), "now": to_ms(now), "most": most},
    )
    return [row["id"] for row in rows]
