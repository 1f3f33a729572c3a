"""Claims: who is looking after something. They end with what they are about."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.clock import from_ms, to_ms


class ClaimKind(StrEnum):
    """What somebody may look after."""

    CASE = "case"
    APPEAL = "appeal"
    CONCERN = "concern"


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody, by subject id, looks after something since a time, and until it is free by itself."""

    kind: ClaimKind
    item_id: str
    holder_id: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """Something that somebody may look after, with its code and the case it belongs to."""

    kind: ClaimKind
    id: str
    code: str
    case_id: str | None
    """None for a concern."""
    about_id: str | None = None
    """Whom a concern is about, and who told of it."""
    reporter_id: str | None = None


def get(connection: sqlite3.Connection, kind: ClaimKind, item_id: str) -> Claim | None:
    """Who looks after something."""
    row = connection.execute(
        "SELECT * FROM claim WHERE kind = ? AND item_id = ?", (kind.value, item_id)
    ).fetchone()
    return None if row is None else _claim(row)


def put(connection: sqlite3.Connection, claim: Claim) -> None:
    """Somebody looks after something from now on, whoever did before."""
    connection.execute(
        """
        INSERT INTO claim (kind, item_id, holder_id, since, until) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (kind, item_id) DO UPDATE SET holder_id = excluded.holder_id, since = excluded.since,
            until = excluded.until
        """,
        (claim.kind.value, claim.item_id, claim.holder_id, to_ms(claim.since), to_ms(claim.until)),
    )


def delete(connection: sqlite3.Connection, kind: ClaimKind, item_id: str) -> bool:
    """Nobody looks after something any more; False when nobody did."""
    cursor = connection.execute("DELETE FROM claim WHERE kind = ? AND item_id = ?", (kind.value, item_id))
    return cursor.rowcount == 1


def run_out(connection: sqlite3.Connection, now: datetime, most: int) -> list[Claim]:
    """Claims whose time is over."""
    rows = connection.execute(
        "SELECT * FROM claim WHERE until <= ? ORDER BY until LIMIT ?", (to_ms(now), most)
    )
    return [_claim(row) for row in rows]


def hold_near(connection: sqlite3.Connection, latest: datetime) -> None:
    """Let no claim last longer than it can: clocks are put back at times, and settings shortened."""
    connection.execute("UPDATE claim SET until = :at WHERE until > :at", {"at": to_ms(latest)})


def of_holder(connection: sqlite3.Connection, holder_id: str, most: int) -> list[Claim]:
    """What somebody looks after, the longest first."""
    rows = connection.execute(
        "SELECT * FROM claim WHERE holder_id = ? ORDER BY since LIMIT ?", (holder_id, most)
    )
    return [_claim(row) for row in rows]


def holders(connection: sqlite3.Connection, after: str, most: int) -> list[str]:
    """Who looks after something, by subject id, a stretch at a time."""
    rows = connection.execute(
        "SELECT DISTINCT holder_id FROM claim WHERE holder_id > ? ORDER BY holder_id LIMIT ?", (after, most)
    )
    return [row["holder_id"] for row in rows]


def open_appeal(connection: sqlite3.Connection, case_id: str, code: str) -> Item | None:
    """The open appeal against a decision on a case."""
    row = connection.execute(
        "SELECT id FROM appeal WHERE case_id = ? AND closed_at IS NULL", (case_id,)
    ).fetchone()
    return None if row is None else Item(ClaimKind.APPEAL, row["id"], code, case_id)


def open_concern(connection: sqlite3.Connection, code: str) -> Item | None:
    """The open concern with this code."""
    row = connection.execute(
        "SELECT id, about_id, reporter_id FROM concern WHERE code = ? AND closed_at IS NULL", (code,)
    ).fetchone()
    if row is None:
        return None
    return Item(ClaimKind.CONCERN, row["id"], code, None, row["about_id"], row["reporter_id"])


def case_of(connection: sqlite3.Connection, claim: Claim) -> str | None:
    """The case that a claim belongs to; None for one on a concern."""
    if claim.kind is ClaimKind.APPEAL:
        row = connection.execute("SELECT case_id FROM appeal WHERE id = ?", (claim.item_id,)).fetchone()
        return None if row is None else str(row["case_id"])
    return claim.item_id if claim.kind is ClaimKind.CASE else None


def _claim(row: sqlite3.Row) -> Claim:
    since, until = from_ms(row["since"]), from_ms(row["until"])
    return Claim(ClaimKind(row["kind"]), row["item_id"], row["holder_id"], since, until)
