"""Conditions of an admission: what was chosen, what is recorded, and their end by the clock.

Until a register exists, a condition is between the team and the person, and the words say so.
"""

import re
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.config.durations import parse_duration
from bot.foundation import Foundation
from bot.model import CaseState, Condition, ConditionCode, Delivery
from bot.store import cases, conditions, decisions, effects, events
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.terms import over_text

LONGEST_TEXT = 300
"""Characters of one condition."""
LATEST_END = timedelta(days=3650)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class BadEnd(StrEnum):
    """Why an end as it was typed is none."""

    UNREADABLE = "end_unreadable"
    PAST = "end_past"
    FAR = "end_far"


def end_as_typed(typed: str, on: Foundation) -> datetime | BadEnd | None:
    """``2027-03-01``, or a length of time such as ``6mo``, as a moment in UTC; None for nothing.

    A date ends with its day, in the community's time zone.
    """
    text, now, zone = typed.strip().casefold(), on.now(), on.config.community.zone
    if not text:
        return None
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1)
            ends_at = datetime.combine(day, time(), zone).astimezone(now.tzinfo)
        else:
            ends_at = now + parse_duration(text)
    except (ValueError, OverflowError):
        return BadEnd.UNREADABLE
    if ends_at <= now:
        return BadEnd.PAST
    return BadEnd.FAR if ends_at - now > LATEST_END else ends_at


def as_chosen(
    *, label: str, no_recruitment: bool, other: str, ends_at: datetime | None
) -> tuple[Condition, ...]:
    """The conditions that a moderator filled in; what was left empty is none."""
    label, other = (_one_line(text) for text in (label, other))
    chosen = (
        (ConditionCode.LABEL, label, bool(label)),
        (ConditionCode.NO_RECRUITMENT, "", no_recruitment),
        (ConditionCode.OTHER, other, bool(other)),
    )
    return tuple(Condition(code, text, ends_at) for code, text, there in chosen if there)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_TEXT]


def end_with_access(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    """Somebody is no member any more: nothing is asked of them as one."""
    _note_ended(connection, conditions.end_of_case(connection, case.id, "access", now), now)


def replace(
    connection: sqlite3.Connection,
    on: Foundation,
    case: Case,
    decision_id: str,
    found: Sequence[Condition],
    now: datetime,
) -> None:
    """A decision says which conditions hold from now on; those before it end."""
    _note_ended(connection, conditions.end_of_case(connection, case.id, "decision", now), now)
    key = on.key_of(connection, case.subject_id)
    made = conditions.add_all(
        connection, key, case_id=case.id, decision_id=decision_id, conditions=found, now=now
    )
    _note(connection, "condition.made", made, now)


def end_due(connection: sqlite3.Connection, on: Foundation, now: datetime, most: int) -> None:
    """End the conditions whose time is over, and have their people told."""
    due = conditions.due(connection, now, most)
    for condition_id, case_id in due:
        conditions.end(connection, condition_id, "time", now)
        case = cases.get(connection, case_id)
        if case is not None and case.state is CaseState.ADMITTED:
            _tell(connection, on, case, condition_id, now)
    _note_ended(connection, [condition_id for condition_id, _ in due], now)


def _tell(
    connection: sqlite3.Connection, on: Foundation, case: Case, condition_id: str, now: datetime
) -> None:
    key = on.key_of(connection, case.subject_id)
    ended = conditions.get(connection, key, condition_id)
    if ended is None:
        return
    voice = on.config.words.voice(case.locale)
    letter = decisions.write_letter(
        connection,
        key,
        case_id=case.id,
        decision_id=ended.decision_id,
        text=over_text(voice, ended.condition),
        delivery=Delivery.PENDING,
        now=now,
    )
    effects.want_once(
        connection, EffectKind.LETTER, key=letter.id, now=now, case_id=case.id, target=letter.id
    )


def _note_ended(connection: sqlite3.Connection, ids: Sequence[str], now: datetime) -> None:
    _note(connection, "condition.ended", ids, now)


def _note(connection: sqlite3.Connection, action: str, ids: Sequence[str], now: datetime) -> None:
    events.record_all(connection, now, action, "condition", [(events.MACHINE, one) for one in ids])
