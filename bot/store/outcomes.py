"""What came of the attempts at effects: done, put off, refused, or handed to a person.

An effect is named by its ref: it may be deleted during its attempt, and its id then names another one.
"""

import sqlite3
from datetime import datetime

from bot.clock import to_ms
from bot.store.effects import WAITS, Effect, EffectKind


def note_done(connection: sqlite3.Connection, effect: Effect) -> None:
    """Note that an effect is done, unless it was wanted again meanwhile."""
    connection.execute(
        "UPDATE effect SET state = 'done', last_code = '' WHERE ref = ? AND wanted = ?",
        (effect.ref, effect.wanted),
    )


def note_retry(connection: sqlite3.Connection, effect: Effect, code: str, due_at: datetime) -> None:
    """Note that an effect has to be tried again, and when."""
    connection.execute(
        """
        UPDATE effect SET attempts = attempts + 1, last_code = ?, due_at = ? WHERE ref = ? AND wanted = ?
        """,
        (code, to_ms(due_at), effect.ref, effect.wanted),
    )


def postpone(connection: sqlite3.Connection, effect: Effect, due_at: datetime) -> None:
    """Leave an effect for later without counting an attempt."""
    connection.execute(
        "UPDATE effect SET last_code = ?, due_at = ? WHERE ref = ? AND wanted = ?",
        (WAITS, to_ms(due_at), effect.ref, effect.wanted),
    )


def hurry(connection: sqlite3.Connection, kind: EffectKind, case_id: str, now: datetime) -> None:
    """Look again now at what was left for later about a case."""
    connection.execute(
        """
        UPDATE effect SET due_at = ? WHERE case_id = ? AND kind = ? AND state = 'pending' AND last_code = ?
        """,
        (to_ms(now), case_id, kind.value, WAITS),
    )


def begin(connection: sqlite3.Connection, effect: Effect, since: datetime) -> None:
    """An attempt begins at which a message may be sent: until it is answered, it may have been."""
    connection.execute(
        "UPDATE effect SET begun = ?, begun_at = ? WHERE ref = ?", (effect.wanted, to_ms(since), effect.ref)
    )


def note_answered(connection: sqlite3.Connection, effect: Effect) -> None:
    """Discord answered: what was done is known."""
    connection.execute("UPDATE effect SET begun = 0, begun_at = NULL WHERE ref = ?", (effect.ref,))


def note_refused(connection: sqlite3.Connection, effect: Effect, code: str, now: datetime) -> None:
    """It was refused as all of its kind is: it waits with them, behind those not tried since."""
    connection.execute(
        "UPDATE effect SET last_code = ?, due_at = ? WHERE ref = ? AND wanted = ?",
        (code, to_ms(now), effect.ref, effect.wanted),
    )


def note_stuck(connection: sqlite3.Connection, effect: Effect, code: str) -> None:
    """Hand an effect to a person."""
    connection.execute(
        "UPDATE effect SET state = 'stuck', last_code = ? WHERE ref = ? AND wanted = ?",
        (code, effect.ref, effect.wanted),
    )
