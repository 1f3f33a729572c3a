"""Deleting what a person told: when they take it back, are under age, or only came to look."""

import sqlite3
from datetime import datetime

from bot.model import CaseState
from bot.store import (
    cases,
    consents,
    decisions,
    disclosures,
    effects,
    events,
    messages,
    presence,
    sheets,
    subjects,
)
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.subjects import Subject
from bot.vault import Vault


def wipe_answers(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    """Delete the answers of a case and everything that repeats them. States and times stay."""
    cases.drop_sheet(connection, case, now)
    events.forget_payloads(connection, case.id)
    if case.sheet_id is not None:
        sheets.delete(connection, case.sheet_id)
    disclosures.delete_of_case(connection, case.id)
    decisions.delete_verdicts(connection, case.id)
    decisions.delete_letters(connection, case.id)
    decisions.delete_refusals(connection, case.id)
    consents.delete_of_case(connection, case.id)


def wipe_member(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    """Delete what somebody told who was admitted and has left: the case's answers and later changes."""
    wipe_answers(connection, case, now)
    sheets.delete_updates(connection, case.subject_id)
    disclosures.delete_updates(connection, case.subject_id)


def forget_case(connection: sqlite3.Connection, vault: Vault, case: Case, now: datetime) -> list[str]:
    """Delete a case that was never sent, and its person if nothing else is known of them.

    Returns the ids of keys to destroy once this has been committed: the person's, or none.
    """
    subject = subjects.get(connection, case.subject_id)
    if subject is None:
        return []
    posted = messages.card(connection, vault.key(subject.key_id), case.id)
    if posted is not None:
        retire_card(connection, posted.message_id, now)
    wipe_answers(connection, case, now)
    effects.delete_of_case(connection, case.id)
    cases.delete(connection, case)
    if subjects.is_needed(connection, subject.id):
        return []
    subjects.delete(connection, subject.id)
    return [subject.key_id]


def retire_card(connection: sqlite3.Connection, message_id: int, now: datetime) -> None:
    """Want a card closed whose case is deleted. What is left of it is the message's id."""
    effects.want_once(connection, EffectKind.RETIRE, key=str(message_id), now=now, target=str(message_id))


def end_by_person(connection: sqlite3.Connection, case: Case, state: CaseState, now: datetime) -> Case:
    """The person ends an open case. When they take it back, their answers are deleted."""
    if state is CaseState.WITHDRAWN:
        wipe_answers(connection, case, now)
    ended = cases.end(connection, case, state, now)
    events.record(
        connection,
        now=now,
        actor=case.subject_id,
        action=f"case.{state.value}",
        object_kind="case",
        object_id=case.id,
    )
    effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
    return ended


def leave_server(connection: sqlite3.Connection, vault: Vault, subject: Subject, now: datetime) -> list[str]:
    """Somebody left the server: an open case ends, and whoever was a member is on record as away.

    Returns the ids of keys to destroy once this has been committed.
    """
    presence.note_gone(connection, subject.id, now)
    was_earlier = presence.forget_earlier(connection, subject.id)
    case = next((case for case in cases.of_subject(connection, subject.id) if case.state.is_open), None)
    if case is not None and case.state is CaseState.WAITING and not _is_touched(case):
        return forget_case(connection, vault, case, now)
    if case is not None:
        end_by_person(connection, case, CaseState.LEFT, now)
    elif was_earlier and not subjects.is_needed(connection, subject.id):
        subjects.delete(connection, subject.id)
        return [subject.key_id]
    return []


def forget_or_end(connection: sqlite3.Connection, vault: Vault, case: Case, now: datetime) -> list[str]:
    """The person wants nothing kept: a case that the team had to do with ends, any other is deleted.

    Returns the ids of keys to destroy once this has been committed.
    """
    if _is_touched(case) or decisions.was_sent(connection, case.id):
        end_by_person(connection, case, CaseState.WITHDRAWN, now)
        return []
    return forget_case(connection, vault, case, now)


def _is_touched(case: Case) -> bool:
    """Whether the team has to do with a case that nothing was sent in."""
    return case.wants_person_at is not None or case.held_at is not None
