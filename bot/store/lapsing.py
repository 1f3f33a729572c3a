"""Cases in time: what lapses, who is reminded, and giving back the time nobody was awake."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.clock import from_ms, to_ms
from bot.lifecycle import check_step
from bot.model import CaseState
from bot.store import cases, events, threads
from bot.store.cases import Case
from bot.timing import HOUR, Turn

_MILLISECOND = timedelta(milliseconds=1)


def give_back(connection: sqlite3.Connection, span: timedelta) -> None:
    """Move every closing and every reminder on by a time in which nobody was awake."""
    connection.execute(
        "UPDATE cases SET lapse_at = lapse_at + :by, remind_at = remind_at + :by WHERE lapse_at IS NOT NULL",
        {"by": span // _MILLISECOND},
    )


def hold_near(connection: sqlite3.Connection, lapse_at: datetime, remind_at: datetime) -> None:
    """Let nothing be due later than it can be: clocks are put back at times, and settings shortened."""
    connection.execute("UPDATE cases SET lapse_at = :at WHERE lapse_at > :at", {"at": to_ms(lapse_at)})
    connection.execute("UPDATE cases SET remind_at = :at WHERE remind_at > :at", {"at": to_ms(remind_at)})


def due(connection: sqlite3.Connection, now: datetime, most: int) -> list[Case]:
    """Cases whose time is up, the longest overdue first. Those of a wave are counted apart."""
    rows = connection.execute(
        "SELECT id FROM cases WHERE lapse_at <= ? AND wave_id IS NULL ORDER BY lapse_at LIMIT ?",
        (to_ms(now), most),
    )
    return _read(connection, rows)


def due_in_waves(connection: sqlite3.Connection, now: datetime, per_hour: int) -> list[Case]:
    """Cases of waves whose time is up, as many as may still close in this hour."""
    lately = connection.execute(
        """
        SELECT count(*) AS n FROM cases
        WHERE state IN ('declined', 'redirected', 'removed', 'withdrawn', 'left', 'lapsed')
            AND closed_at > ? AND closed_at <= ? AND state = 'lapsed' AND wave_id IS NOT NULL
        """,
        (to_ms(now - HOUR), to_ms(now)),
    ).fetchone()
    rows = connection.execute(
        "SELECT id FROM cases WHERE lapse_at <= ? AND wave_id IS NOT NULL ORDER BY lapse_at LIMIT ?",
        (to_ms(now), max(0, per_hour - lately["n"])),
    )
    return _read(connection, rows)


def _read(connection: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> list[Case]:
    found = (cases.get(connection, row["id"]) for row in list(rows))
    return [case for case in found if case is not None]


def last_step(connection: sqlite3.Connection, case: Case) -> datetime:
    """When the person, or a moderator for them, last did something in a case."""
    row = connection.execute("SELECT last_activity_at FROM cases WHERE id = ?", (case.id,)).fetchone()
    return from_ms(row["last_activity_at"])


def put_off(connection: sqlite3.Connection, case: Case, lapse_at: datetime) -> None:
    """A case closes later than it was to."""
    connection.execute("UPDATE cases SET lapse_at = ? WHERE id = ?", (to_ms(lapse_at), case.id))


def lapse(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    """Close a case that nobody went on with."""
    check_step(case.state, CaseState.LAPSED)
    cursor = connection.execute(
        """
        UPDATE cases SET state = 'lapsed', closed_at = :now, target_at = NULL, lapse_at = NULL,
            remind_at = NULL, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"now": to_ms(now), "id": case.id, "version": case.version},
    )
    if cursor.rowcount != 1:
        raise cases.Overtaken
    events.count(connection, f"outcome.{CaseState.LAPSED.value}", now)
    threads.close(connection, case.id, now)


def to_remind(connection: sqlite3.Connection, now: datetime, most: int) -> list[Case]:
    """Cases whose person is to be reminded."""
    rows = connection.execute(
        "SELECT id FROM cases WHERE remind_at <= ? ORDER BY remind_at LIMIT ?", (to_ms(now), most)
    )
    return _read(connection, rows)


def note_reminded(
    connection: sqlite3.Connection, case: Case, next_at: datetime | None, *, reminded: bool
) -> None:
    """One more reminder is on its way, unless none is sent any more; the next is due then, or never."""
    connection.execute(
        "UPDATE cases SET reminders = reminders + ?, remind_at = ? WHERE id = ?",
        (int(reminded), None if next_at is None else to_ms(next_at), case.id),
    )


def want_reminders(connection: sqlite3.Connection, case: Case, now: datetime, turn: Turn) -> Case:
    """The person agrees to be reminded by message."""
    connection.execute(
        "UPDATE cases SET may_remind_at = coalesce(may_remind_at, ?) WHERE id = ?", (to_ms(now), case.id)
    )
    return more_time(connection, case, now, turn)


def more_time(connection: sqlite3.Connection, case: Case, now: datetime, turn: Turn) -> Case:
    """The person's time begins anew, and so do the reminders they asked for.

    The version stays: what a moderator has read of the case is still what stands there.
    """
    connection.execute(
        """
        UPDATE cases SET lapse_at = :lapse_at, reminders = 0, last_activity_at = :now,
            remind_at = CASE WHEN may_remind_at IS NOT NULL THEN :remind_at END
        WHERE id = :id
        """,
        {**turn.columns, "now": to_ms(now), "id": case.id},
    )
    renewed = cases.get(connection, case.id)
    if renewed is None:
        raise cases.Overtaken
    return renewed


def stop_reminders(connection: sqlite3.Connection, case: Case) -> None:
    """The person does not want to be reminded, nor told that the case closed."""
    connection.execute("UPDATE cases SET may_remind_at = NULL, remind_at = NULL WHERE id = ?", (case.id,))
