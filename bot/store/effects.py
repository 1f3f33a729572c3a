"""The outbox: what is wanted of the server, kept until it is done or handed to a person."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.clock import from_ms, to_ms


class EffectKind(StrEnum):
    """What may be wanted of the server."""

    GRANT = "grant"
    """Give the member role to the person of an admitted case."""
    RETIRE = "retire"
    """Close a card whose case has been deleted. The target is the message."""
    CARD = "card"
    """Make the card of a case show how it stands."""
    LETTER = "letter"
    """Tell a person about a decision. The target is the letter."""
    NOTICE = "notice"
    """Say something in the review channel, or the log channel. The target is ``kind:argument``."""
    DIRECT = "direct"
    """Tell one person something that is about no case, discreetly. The target is ``kind:argument``."""
    NUDGE = "nudge"
    """Tell a moderator that something they have is late. The target is who they are, by subject id."""
    REVOKE = "revoke"
    """Take the member role from somebody who has it without a decision."""
    REMOVE = "remove"
    """Remove somebody whose request closed long ago. Never a ban."""
    REMINDER = "reminder"
    """Remind a person of a request, or tell them that it closed. The target says which."""
    MESSAGE = "message"
    """Tell a person something that is no decision. The target is ``what:argument``."""
    PANEL = "panel"
    """Make the quarantine channel's panel stand and be up to date."""
    THREAD = "thread"
    """Open the private thread of a case; with a target, do something in it (``store.threads.Said``)."""
    CLOSE_THREAD = "close_thread"
    """Delete the private thread of a case."""
    QUESTION = "question"
    """Tell a person that a question waits for them. The target is the question."""
    RENEWAL = "renewal"
    """Ask a moderator whether their own links are still right. The target is ``subject:when``."""
    ERRAND = "errand"
    """Delete a message, or take a role, of somebody of whom nothing is kept. The target is the errand."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something wanted of the server."""

    id: int
    ref: str
    key: str
    kind: EffectKind
    case_id: str | None
    target: str
    wanted: int
    attempts: int
    last_code: str
    wanted_at: datetime
    begun: int
    """The count of wishes when an attempt began that was not answered; 0 if there is none."""
    begun_at: datetime | None
    """When the first attempt began that was not answered."""


_NONE_CLOSED: Mapping[EffectKind, datetime] = MappingProxyType({})

WAITS = "waits"
"""The code of an effect that waits for its time, and of which no attempt failed."""


def want(
    connection: sqlite3.Connection,
    kind: EffectKind,
    *,
    key: str,
    now: datetime,
    case_id: str | None = None,
    target: str = "",
    due_at: datetime | None = None,
) -> None:
    """Want something, at once or from ``due_at`` on.

    Wanting it again under the same key has it done once more, not twice at once. What was tried and
    waits keeps its pause, and somebody who waits for the door keeps their place.
    """
    connection.execute(
        """
        INSERT INTO effect (key, kind, case_id, target, due_at, wanted_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET wanted = wanted + 1, state = 'pending',
            due_at = CASE WHEN state = 'pending' AND last_code <> '' AND excluded.due_at = excluded.wanted_at
                THEN due_at ELSE excluded.due_at END,
            attempts = CASE state WHEN 'pending' THEN attempts ELSE 0 END,
            last_code = CASE state WHEN 'pending' THEN last_code ELSE '' END,
            wanted_at = CASE WHEN state = 'pending' AND kind IN ('grant', 'revoke') THEN wanted_at
                ELSE excluded.wanted_at END
        """,
        (f"{kind.value}:{key}", kind.value, case_id, target, to_ms(due_at or now), to_ms(now)),
    )


def want_once(
    connection: sqlite3.Connection,
    kind: EffectKind,
    *,
    key: str,
    now: datetime,
    case_id: str | None = None,
    target: str = "",
) -> None:
    """Want something that is done at most once under its key."""
    connection.execute(
        """
        INSERT INTO effect (key, kind, case_id, target, due_at, wanted_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO NOTHING
        """,
        (f"{kind.value}:{key}", kind.value, case_id, target, to_ms(now), to_ms(now)),
    )


def now_at_last(connection: sqlite3.Connection, kind: EffectKind, key: str, now: datetime) -> None:
    """What something wanted was waiting for has come: it is due at once."""
    connection.execute(
        "UPDATE effect SET due_at = ?, attempts = 0, last_code = '' WHERE key = ? AND state = 'pending'",
        (to_ms(now), f"{kind.value}:{key}"),
    )


def retarget(connection: sqlite3.Connection, kind: EffectKind, key: str, target: str) -> None:
    """Something more is known about what is wanted and not done yet."""
    connection.execute(
        "UPDATE effect SET target = ? WHERE key = ? AND state = 'pending'", (target, f"{kind.value}:{key}")
    )


def due(
    connection: sqlite3.Connection,
    now: datetime,
    most: int,
    closed: Mapping[EffectKind, datetime] = _NONE_CLOSED,
) -> list[Effect]:
    """What is due and of no closed kind: people who wait for the door first, then the longest wanted.

    Of a stopped kind there is one, when its next probe is due: first one that was not refused yet,
    then the one whose last refusal is longest ago.
    """
    without = f",{','.join(kind.value for kind in closed)},"
    rows = connection.execute(
        """
        SELECT * FROM effect
        WHERE state = 'pending' AND due_at <= ? AND instr(?, ',' || kind || ',') = 0
            AND NOT EXISTS (SELECT 1 FROM stopped WHERE stopped.kind = effect.kind)
        ORDER BY CASE kind WHEN 'grant' THEN 0 WHEN 'revoke' THEN 0 WHEN 'letter' THEN 1 WHEN 'errand' THEN 1
            WHEN 'panel' THEN 2 ELSE 3 END, wanted_at, id
        LIMIT ?
        """,
        (to_ms(now), without, most),
    ).fetchall()
    to_probe = connection.execute(
        "SELECT kind, code FROM stopped WHERE probe_at <= ? AND instr(?, ',' || kind || ',') = 0",
        (to_ms(now), without),
    ).fetchall()
    probes = [_probe(connection, stop["kind"], stop["code"], now) for stop in to_probe]
    return [*(effect for effect in probes if effect), *(_effect(row) for row in rows)]


def _probe(connection: sqlite3.Connection, kind: str, code: str, now: datetime) -> Effect | None:
    row = connection.execute(
        """
        SELECT * FROM effect WHERE state = 'pending' AND kind = ? AND due_at <= ?
        ORDER BY last_code = ?, due_at, id LIMIT 1
        """,
        (kind, to_ms(now), code),
    ).fetchone()
    return None if row is None else _effect(row)


def next_due(
    connection: sqlite3.Connection, closed: Mapping[EffectKind, datetime] = _NONE_CLOSED
) -> datetime | None:
    """When the next effect is due; of a closed kind when it opens, of a stopped one at its next probe."""
    rows = connection.execute(
        """
        SELECT kind, max(due_at, coalesce(probe_at, 0)) AS at
        FROM (SELECT kind, min(due_at) AS due_at FROM effect WHERE state = 'pending' GROUP BY kind)
            LEFT JOIN stopped USING (kind)
        """
    )
    moments = [(EffectKind(row["kind"]), from_ms(row["at"])) for row in rows]
    return min((max(at, closed.get(kind, at)) for kind, at in moments), default=None)


def stuck(connection: sqlite3.Connection, most: int) -> list[Effect]:
    """What could not be done and waits for a person."""
    rows = connection.execute("SELECT * FROM effect WHERE state = 'stuck' ORDER BY id LIMIT ?", (most,))
    return [_effect(row) for row in rows]


def exists(connection: sqlite3.Connection, kind: EffectKind, key: str) -> bool:
    """Whether something was ever wanted."""
    statement = "SELECT 1 FROM effect WHERE key = ?"
    return connection.execute(statement, (f"{kind.value}:{key}",)).fetchone() is not None


def wanted_at(connection: sqlite3.Connection, kind: EffectKind, key: str) -> datetime | None:
    """When something was last wanted."""
    statement = "SELECT wanted_at FROM effect WHERE key = ?"
    row = connection.execute(statement, (f"{kind.value}:{key}",)).fetchone()
    return None if row is None else from_ms(row["wanted_at"])


def due_at(connection: sqlite3.Connection, kind: EffectKind, key: str) -> datetime | None:
    """When something is due that has not been done; None when nothing of it is left to do."""
    statement = "SELECT due_at FROM effect WHERE key = ? AND state <> 'done'"
    row = connection.execute(statement, (f"{kind.value}:{key}",)).fetchone()
    return None if row is None else from_ms(row["due_at"])


def give_back(connection: sqlite3.Connection, kind: EffectKind, after: datetime, span: timedelta) -> None:
    """Move on what was not due yet when the bot was last awake, by the time that it was not."""
    connection.execute(
        """
        UPDATE effect SET due_at = due_at + ? WHERE kind = ? AND state = 'pending' AND due_at > ?
        """,
        (span // timedelta(milliseconds=1), kind.value, to_ms(after)),
    )


def hold_near(connection: sqlite3.Connection, kind: EffectKind, latest: datetime) -> None:
    """Let nothing of a kind be due later than it can be: clocks are put back at times."""
    connection.execute(
        "UPDATE effect SET due_at = :at WHERE kind = :kind AND state = 'pending' AND due_at > :at",
        {"kind": kind.value, "at": to_ms(latest)},
    )


def is_stuck(connection: sqlite3.Connection, kind: EffectKind, key: str) -> bool:
    """Whether something waits for a person: by itself, or with all others of its kind."""
    row = connection.execute(
        """
        SELECT 1 FROM effect WHERE key = ? AND (state = 'stuck' OR (
            state = 'pending' AND EXISTS (SELECT 1 FROM stopped WHERE stopped.kind = effect.kind)))
        """,
        (f"{kind.value}:{key}",),
    ).fetchone()
    return row is not None


def is_settled(connection: sqlite3.Connection, kind: EffectKind, key: str) -> bool:
    """Whether nothing is left to do of something: it is done, or was never wanted."""
    statement = "SELECT 1 FROM effect WHERE key = ? AND state <> 'done'"
    return connection.execute(statement, (f"{kind.value}:{key}",)).fetchone() is None


def any_of_case(connection: sqlite3.Connection, kind: EffectKind, case_id: str) -> bool:
    """Whether something of a kind is left to do about a case."""
    statement = "SELECT 1 FROM effect WHERE case_id = ? AND kind = ? AND state <> 'done' LIMIT 1"
    return connection.execute(statement, (case_id, kind.value)).fetchone() is not None


def is_waiting(connection: sqlite3.Connection, kind: EffectKind, key: str) -> bool:
    """Whether something waits for its time, rather than being in hand."""
    statement = "SELECT 1 FROM effect WHERE key = ? AND state = 'pending' AND last_code = ?"
    return connection.execute(statement, (f"{kind.value}:{key}", WAITS)).fetchone() is not None


def _effect(row: sqlite3.Row) -> Effect:
    return Effect(
        id=row["id"],
        ref=row["ref"],
        key=row["key"],
        kind=EffectKind(row["kind"]),
        case_id=row["case_id"],
        target=row["target"],
        wanted=row["wanted"],
        attempts=row["attempts"],
        last_code=row["last_code"],
        wanted_at=from_ms(row["wanted_at"]),
        begun=row["begun"],
        begun_at=None if row["begun_at"] is None else from_ms(row["begun_at"]),
    )


def retry(connection: sqlite3.Connection, ref: str, now: datetime) -> bool:
    """A person mended what stood in the way: try this again, or one of its kind if that is stopped."""
    cursor = connection.execute(
        "UPDATE effect SET state = 'pending', attempts = 0, due_at = ? WHERE ref = ? AND state = 'stuck'",
        (to_ms(now), ref),
    )
    probed = connection.execute(
        """
        UPDATE stopped SET probe_at = ?
        WHERE kind = (SELECT kind FROM effect WHERE ref = ? AND state = 'pending')
        """,
        (to_ms(now), ref),
    )
    return cursor.rowcount + probed.rowcount > 0


def retry_refused(connection: sqlite3.Connection, kind: EffectKind | None, now: datetime) -> None:
    """Try again what was refused by itself, of one kind or of all: the server is no longer the same."""
    connection.execute(
        """
        UPDATE effect SET state = 'pending', attempts = 0, due_at = :now
        WHERE state = 'stuck' AND last_code IN ('forbidden', 'missing_role', 'missing_room')
            AND kind = coalesce(:kind, kind)
        """,
        {"now": to_ms(now), "kind": kind.value if kind else None},
    )


def probe_all(connection: sqlite3.Connection, now: datetime) -> None:
    """Try one of each stopped kind now."""
    connection.execute("UPDATE stopped SET probe_at = ?", (to_ms(now),))


def retry_unanswered(connection: sqlite3.Connection, now: datetime) -> None:
    """Try again what was given up only because Discord did not answer for long."""
    connection.execute(
        "UPDATE effect SET state = 'pending', due_at = ? WHERE state = 'stuck' AND last_code = 'later'",
        (to_ms(now),),
    )


def retry_all(connection: sqlite3.Connection, now: datetime) -> None:
    """Try everything again that was stuck: somebody may have mended the server meanwhile."""
    connection.execute(
        "UPDATE effect SET state = 'pending', attempts = 0, due_at = ? WHERE state = 'stuck'", (to_ms(now),)
    )
    probe_all(connection, now)


def delete(connection: sqlite3.Connection, kind: EffectKind, key: str) -> None:
    """Forget what was wanted under a key."""
    connection.execute("DELETE FROM effect WHERE key = ?", (f"{kind.value}:{key}",))


def delete_of_case(connection: sqlite3.Connection, case_id: str) -> None:
    """Forget effects of a case that is being deleted."""
    connection.execute("DELETE FROM effect WHERE case_id = ?", (case_id,))
