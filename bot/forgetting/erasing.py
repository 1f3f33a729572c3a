"""Deleting what a person told: when they take it back, are under age, or only came to look.

Everything here runs inside a unit of work. What is deleted for good leaves a line with its random id.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.forgetting.errands import thread_of
from bot.model import AppealOutcome, CaseState, HoldReason, Scope
from bot.store import (
    appeals,
    cases,
    consents,
    decisions,
    disclosures,
    effects,
    erasures,
    errands,
    events,
    forgetting,
    messages,
    moderators,
    presence,
    proposals,
    sheets,
    subjects,
    tasks,
)
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.subjects import Subject
from bot.store.tasks import TaskKind
from bot.vault import Vault


def wipe_answers(connection: sqlite3.Connection, case: Case, now: datetime, by: str = events.MACHINE) -> None:
    """Delete the answers of a case and everything that repeats them. States and times stay."""
    forgetting.drop_sheet(connection, case, now)
    events.forget_payloads(connection, case.id)
    if case.sheet_id is not None:
        sheets.delete(connection, case.sheet_id)
    note_gone(connection, now, "disclosure", disclosures.delete_of_case(connection, case.id), by)
    decisions.delete_verdicts(connection, case.id)
    decisions.delete_letters(connection, case.id)
    proposals.delete_of_case(connection, case.id)
    forgetting.delete_said(connection, case.id)
    consents.delete_of_case(connection, case.id)
    appeals.forget(connection, case.id, now)


def delete_updates(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    """Delete what somebody told outside any case, as a member."""
    events.forget_payloads_of(connection, disclosures.ids_of_updates(connection, subject_id))
    sheets.delete_updates(connection, subject_id)
    note_gone(connection, now, "disclosure", disclosures.delete_updates(connection, subject_id))


def note_gone(
    connection: sqlite3.Connection,
    now: datetime,
    object_kind: str,
    ids: Sequence[str],
    by: str = events.MACHINE,
) -> None:
    """Append the lines that stand in for what was deleted, if anything was."""
    if ids:
        events.note_deleted(connection, now, object_kind, ids, by)


def delete_case(connection: sqlite3.Connection, case: Case, now: datetime, by: str = events.MACHINE) -> None:
    """Delete a case with all that belongs to it: answers, decisions, letters, effects, the row itself."""
    wipe_answers(connection, case, now, by)
    note_gone(connection, now, "decision", decisions.delete_of_case(connection, case.id), by)
    effects.delete_of_case(connection, case.id)
    cases.delete(connection, case)
    note_gone(connection, now, "case", [case.id], by)


def delete_subject(
    connection: sqlite3.Connection, subject_id: str, now: datetime, by: str = events.MACHINE
) -> None:
    """Delete a person of whom no case is left. Their key is to be destroyed once this is committed."""
    events.forget_payloads_of(connection, [subject_id])
    subjects.delete(connection, subject_id)
    events.record(
        connection, now=now, actor=by, action="subject.erased", object_kind="subject", object_id=subject_id
    )


def on_request(
    connection: sqlite3.Connection, case: Case, now: datetime, key_ids: Sequence[str] = ()
) -> None:
    """Have a deletion that the person wanted carried into the ledger, so that no copy undoes it.

    ``key_ids`` holds their key, if nothing is left of them.
    """
    what = Scope.PERSON if key_ids else Scope.CASE
    erasures.add(
        connection,
        what,
        now,
        subject_id=case.subject_id,
        case_id=case.id,
        key_id=next(iter(key_ids), ""),
    )


def forget_case(
    connection: sqlite3.Connection, vault: Vault, case: Case, now: datetime, by: str = events.MACHINE
) -> list[str]:
    """Delete a case that was never sent, and its person if nothing else is known of them.

    Returns the ids of keys to destroy once this has been committed: the person's, or none.
    """
    subject = subjects.get(connection, case.subject_id)
    if subject is None:
        return []
    key = vault.key_if_any(subject.key_id)
    posted = messages.card(connection, key, case.id) if key is not None else None
    if posted is not None:
        retire_card(connection, posted.message_id, now)
    if key is not None:
        errands.add(connection, vault, thread_of(connection, key, case), now)
    delete_case(connection, case, now, by)
    if subjects.is_needed(connection, subject.id):
        return []
    delete_subject(connection, subject.id, now, by)
    return [subject.key_id]


def retire_card(connection: sqlite3.Connection, message_id: int, now: datetime) -> None:
    """Want a card closed whose case is deleted. What is left of it is the message's id."""
    effects.want_once(connection, EffectKind.RETIRE, key=str(message_id), now=now, target=str(message_id))


def end_by_person(connection: sqlite3.Connection, case: Case, state: CaseState, now: datetime) -> Case:
    """The person ends an open case. When they take it back, their answers are deleted."""
    if state is CaseState.WITHDRAWN:
        wipe_answers(connection, case, now, case.subject_id)
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
    moderators.note_gone(connection, subject.id, now)
    tasks.delete_of(connection, TaskKind.UNRECORDED_ROLE, subject.id)
    was_earlier = presence.forget_earlier(connection, subject.id)
    case = next((case for case in cases.of_subject(connection, subject.id) if case.state.is_open), None)
    if case is not None and case.state is CaseState.WAITING and not _is_touched(case):
        return forget_case(connection, vault, case, now)
    if case is not None and case.hold_reason is HoldReason.REOPENED and _was_sent_back(connection, case):
        return []
    if case is not None:
        end_by_person(connection, case, CaseState.LEFT, now)
    elif was_earlier and not subjects.is_needed(connection, subject.id):
        delete_subject(connection, subject.id, now)
        return [subject.key_id]
    return []


def _was_sent_back(connection: sqlite3.Connection, case: Case) -> bool:
    """Whether a second look has opened the case again: a fresh decision is owed, wherever they are."""
    return any(one.outcome is AppealOutcome.SENT_BACK for one in appeals.of_case(connection, case.id))


def forget_or_end(connection: sqlite3.Connection, vault: Vault, case: Case, now: datetime) -> list[str]:
    """The person wants nothing kept: a case that the team had to do with ends, any other is deleted.

    Returns the ids of keys to destroy once this has been committed.
    """
    if _is_touched(case) or decisions.was_sent(connection, case.id):
        end_by_person(connection, case, CaseState.WITHDRAWN, now)
        return []
    return forget_case(connection, vault, case, now, case.subject_id)


def _is_touched(case: Case) -> bool:
    """Whether the team has to do with a case that nothing was sent in."""
    return case.wants_person_at is not None or case.held_at is not None
