"""Deleting what a person told: when they take it back, are under age, or only came to look."""

import sqlite3
from datetime import datetime

from bot.model import CaseState
from bot.store import cases, consents, decisions, disclosures, effects, events, sheets, subjects
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.vault import Vault


def wipe_answers(connection: sqlite3.Connection, case: Case) -> None:
    """Delete the answers of a case and everything that repeats them. States and times stay."""
    cases.drop_sheet(connection, case)
    if case.sheet_id is not None:
        sheets.delete(connection, case.sheet_id)
    disclosures.delete_of_case(connection, case.id)
    decisions.delete_verdicts(connection, case.id)
    decisions.delete_letters(connection, case.id)
    decisions.delete_refusals(connection, case.id)
    consents.delete_of_case(connection, case.id)


def wipe_member(connection: sqlite3.Connection, case: Case) -> None:
    """Delete what somebody told who was admitted and has left: the case's answers and later changes."""
    wipe_answers(connection, case)
    sheets.delete_updates(connection, case.subject_id)
    disclosures.delete_updates(connection, case.subject_id)


def forget_case(connection: sqlite3.Connection, vault: Vault, case: Case) -> str | None:
    """Delete a case that was never sent, and its person if nothing else is known of them.

    Returns the id of the key to destroy once this has been committed.
    """
    wipe_answers(connection, case)
    effects.delete_of_case(connection, case.id)
    cases.delete(connection, case)
    subject = subjects.get(connection, case.subject_id)
    if subject is None or subjects.is_needed(connection, subject.id):
        return None
    vault.doom(subject.key_id)
    subjects.delete(connection, subject.id)
    return subject.key_id


def end_by_person(connection: sqlite3.Connection, case: Case, state: CaseState, now: datetime) -> Case:
    """The person ends an open case. When they take it back, their answers are deleted."""
    if state is CaseState.WITHDRAWN:
        wipe_answers(connection, case)
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
