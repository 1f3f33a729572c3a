"""Looks: a moderator reads what is kept about somebody, on record in the transaction that reads it.

Whoever looks at many people's records in a short time has an honest, busy evening, or is browsing.
Nobody can tell the two apart from here, so the admins hear of it, and a person asks.

Each function runs inside a unit of work.
"""

import sqlite3
from datetime import datetime

from bot.foundation import Foundation
from bot.ids import new_id
from bot.store import access, effects, events
from bot.store.access import Looked, Purpose
from bot.store.cases import Case
from bot.store.effects import EffectKind


def open_file(
    connection: sqlite3.Connection, on: Foundation, *, by: str, case: Case, purpose: Purpose, denied: str
) -> str:
    """A moderator, by subject id, opens a case file, or may not. Returns why not; empty where they may."""
    return _look(
        connection,
        on,
        by=by,
        at_whom=case.subject_id,
        action=Looked.OPEN,
        purpose=purpose,
        case_id=case.id,
        denied=denied,
    )


def read_history(
    connection: sqlite3.Connection, on: Foundation, *, by: str, subject_id: str, purpose: Purpose, denied: str
) -> str:
    """A moderator reads all that is on record about somebody, or may not. Returns why not, or nothing."""
    return _look(
        connection, on, by=by, at_whom=subject_id, action=Looked.HISTORY, purpose=purpose, denied=denied
    )


def read_concern(
    connection: sqlite3.Connection,
    on: Foundation,
    *,
    by: str,
    concern_id: str,
    at_whom: str | None,
    denied: str,
) -> str:
    """A moderator reads a concern, or may not. Returns why not; empty where they may.

    ``at_whom``: whom it is about, where they are to know that somebody looked.
    """
    now = on.now()
    events.record(
        connection,
        now=now,
        actor=by,
        action=f"concern.{'refused' if denied else 'opened'}",
        object_kind="concern",
        object_id=concern_id,
        payload={"reason": denied} if denied else {},
    )
    if not denied and at_whom is not None:
        access.note(
            connection,
            actor=by,
            action=Looked.OPEN,
            purpose=Purpose.CONCERN,
            now=now,
            subject_id=at_whom,
        )
        _tell_if_many(connection, on, by, now)
    return denied


def search_in_vain(connection: sqlite3.Connection, on: Foundation, *, by: str) -> None:
    """A moderator searched for somebody of whom nothing is kept: a line, and nobody whom it is about."""
    events.record(
        connection,
        now=on.now(),
        actor=by,
        action="search.nobody",
        object_kind="search",
        object_id=new_id(),
    )


def _look(
    connection: sqlite3.Connection,
    on: Foundation,
    *,
    by: str,
    at_whom: str,
    action: Looked,
    purpose: Purpose,
    denied: str,
    case_id: str | None = None,
) -> str:
    now = on.now()
    events.record(
        connection,
        now=now,
        actor=by,
        action=f"{'history' if case_id is None else 'file'}.{'refused' if denied else 'opened'}",
        object_kind="subject" if case_id is None else "case",
        object_id=case_id or at_whom,
        payload={"purpose": purpose.value, **({"why": denied} if denied else {})},
    )
    if not denied:
        access.note(
            connection,
            actor=by,
            action=action,
            purpose=purpose,
            now=now,
            subject_id=at_whom,
            case_id=case_id,
        )
        _tell_if_many(connection, on, by, now)
    return denied


def _tell_if_many(connection: sqlite3.Connection, on: Foundation, by: str, now: datetime) -> None:
    """Have the admins hear of unusual reading, once per moderator and local day."""
    review, community = on.config.review, on.config.community
    people = access.people_read_by(connection, by, now, review.many_files_within)
    if people < review.many_files:
        return
    key = f"reading:{by}:{now.astimezone(community.zone).date().isoformat()}"
    if effects.exists(connection, EffectKind.NOTICE, key):
        return
    effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=f"reading:{by}:{people}")
    events.record(
        connection,
        now=now,
        actor=events.MACHINE,
        action="reading.unusual",
        object_kind="subject",
        object_id=by,
        payload={"people": str(people)},
    )
