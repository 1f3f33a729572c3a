"""The event log: what happened, in codes, each line bound to the one before.

``hash = SHA-256(0x00 ‖ previous hash ‖ canonical entry)``; the entry holds a salted commitment to its
payload, and the salt lies with the payload, so that deleting the payload leaves nothing to guess.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring as _quoted

from bot.clock import from_ms, to_ms
from bot.ids import random_pieces

MACHINE = "machine"
_SALT_BYTES = 16
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Event:
    """One line, with its payload if that still exists."""

    at: datetime
    actor: str
    action: str
    object_id: str
    payload: Mapping[str, str]


def record(
    connection: sqlite3.Connection,
    *,
    now: datetime,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    payload: Mapping[str, str] | None = None,
) -> None:
    """Append a line. ``actor`` is a subject's random id, or ``machine``; ``payload`` holds codes only."""
    record_all(connection, now, action, object_kind, [(actor, object_id)], payload)


def record_all(
    connection: sqlite3.Connection,
    now: datetime,
    action: str,
    object_kind: str,
    lines: Iterable[tuple[str, str]],
    payload: Mapping[str, str] | None = None,
) -> None:
    """Append a line for each pair of actor and object id, all about the same action."""
    end = connection.execute("SELECT seq, hash, epoch FROM log_head").fetchone()
    seq, previous, epoch = end["seq"], end["hash"], end["epoch"]
    words = canonical(payload or {})
    at, rows, payloads = to_ms(now), [], []
    lines = list(lines)
    for (actor, object_id), salt in zip(lines, random_pieces(_SALT_BYTES, len(lines)), strict=True):
        seq += 1
        commitment = hashlib.sha256(salt + words).digest()
        entry = line(seq, epoch, at, actor, action, object_kind, object_id, commitment)
        hashed = hashlib.sha256(b"\x00" + previous + entry).digest()
        rows.append((seq, epoch, at, actor, action, object_kind, object_id, commitment, previous, hashed))
        payloads.append((seq, salt, words.decode()))
        previous = hashed
    connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO event_payload VALUES (?, ?, ?)", payloads)
    if rows:
        connection.execute("UPDATE log_head SET seq = ?, hash = ?", (seq, previous))


def note_deleted(
    connection: sqlite3.Connection,
    now: datetime,
    object_kind: str,
    object_ids: Iterable[str],
    by: str = MACHINE,
) -> None:
    """Append the line that stands in for each of several things deleted: nothing goes without one."""
    record_all(connection, now, f"{object_kind}.deleted", object_kind, [(by, gone) for gone in object_ids])


def line(
    seq: int,
    epoch: int,
    at: int,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    commitment: bytes,
) -> bytes:
    """A line's canonical form: JSON with sorted keys, the commitment in hexadecimal.

    Written out, because whoever verifies the log does this for each of a million lines.
    """
    return (
        f'{{"action":{_quoted(action)},"actor":{_quoted(actor)},"at":{at},"commitment":"{commitment.hex()}"'
        f',"epoch":{epoch},"object_id":{_quoted(object_id)},"object_kind":{_quoted(object_kind)},"seq":{seq}}}'
    ).encode()


def canonical(value: Mapping[str, object]) -> bytes:
    """JSON with sorted keys and no spaces: one form for each value."""
    return _CANONICAL.encode(value).encode()


def of_object(connection: sqlite3.Connection, object_id: str) -> list[Event]:
    """Everything that happened to an object, in order."""
    rows = connection.execute(
        """
        SELECT at, actor, action, object_id, payload FROM event LEFT JOIN event_payload USING (seq)
        WHERE object_id = ? ORDER BY seq
        """,
        (object_id,),
    )
    return [
        Event(from_ms(r["at"]), r["actor"], r["action"], r["object_id"], json.loads(r["payload"] or "{}"))
        for r in rows
    ]


def forget_payloads(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete what lines about a case, its disclosures and its decisions say in codes.

    The lines and their hashes stay.
    """
    connection.execute(
        """
        DELETE FROM event_payload WHERE seq IN (
            SELECT seq FROM event WHERE object_id = :case_id
                OR object_id IN (SELECT id FROM disclosure WHERE case_id = :case_id)
                OR object_id IN (SELECT id FROM decision WHERE case_id = :case_id)
        )
        """,
        {"case_id": case_id},
    )


def forget_payloads_of(connection: sqlite3.Connection, object_ids: Iterable[str]) -> None:
    """Delete what lines about some objects say in codes. The lines and their hashes stay."""
    connection.execute(
        """
        DELETE FROM event_payload WHERE seq IN (
            SELECT seq FROM event WHERE object_id IN (SELECT value FROM json_each(?))
        )
        """,
        (json.dumps(list(object_ids)),),
    )


def count(connection: sqlite3.Connection, metric: str, now: datetime) -> None:
    """Add one to a counter that is about nobody."""
    connection.execute(
        """
        INSERT INTO counter (month, metric, n) VALUES (?, ?, 1)
        ON CONFLICT (month, metric) DO UPDATE SET n = n + 1
        """,
        (now.strftime("%Y-%m"), metric),
    )
