"""What each kind of erasure takes, inside a unit of work."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.concerns import leaving
from bot.forgetting.erasing import delete_case, delete_subject, end_by_person, note_gone, wipe_answers
from bot.forgetting.errands import thread_of
from bot.foundation import Foundation
from bot.model import CaseState
from bot.store import (
    cases,
    decisions,
    disclosures,
    effects,
    erasures,
    errands,
    events,
    forgetting,
    messages,
    presence,
    proposals,
    sheets,
    subjects,
    suppression,
    views,
)
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.errands import ToDo
from bot.store.subjects import Subject
from bot.vault import PersonKey

_REFUSED = frozenset({CaseState.DECLINED, CaseState.REDIRECTED, CaseState.REMOVED})


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken: how many of each kind, and what goes on in Discord."""

    gone: Mapping[str, int]
    messages: int = 0
    """How many are being deleted in Discord."""
    role: bool = False
    """The member role is being taken."""
    held_until: datetime | None = None


def held_until(
    connection: sqlite3.Connection, on: Foundation, subject: Subject, at: datetime
) -> datetime | None:
    """Until when a person would look at a new request of somebody who is erased at a moment; None: nobody.

    A person looks where one was needed before: nobody gets round a refusal by having it deleted.
    """
    known = cases.of_subject(connection, subject.id)
    lookup = subjects.lookup_of(connection, subject.id)
    before = suppression.until(connection, lookup, at) if lookup else None
    if not any(map(_needs_person, known)) and not decisions.was_held(connection, subject.id):
        return before
    until = at + on.config.retention.refused
    return max(before, until) if before else until


def _needs_person(case: Case) -> bool:
    waits = case.state.is_open and (case.held_at is not None or case.wants_person_at is not None)
    return waits or case.state in _REFUSED or case.taken_back_at is not None


def take_person(
    connection: sqlite3.Connection, on: Foundation, subject: Subject, now: datetime, by: str, at: datetime
) -> Taken:
    """Everything about somebody, with their row itself. Their key is destroyed after the commit.

    ``at`` is when they wanted it: earlier than ``now`` where a copy was put back.
    """
    known = cases.of_subject(connection, subject.id)
    gone = erasures.counted(connection, subject.id)
    until, lookup = held_until(connection, on, subject, at), subjects.lookup_of(connection, subject.id)
    key = on.vault.key_if_any(subject.key_id)
    todo = _messages(connection, key, subject, known)
    role = _role(connection, key, subject, known, lookup)
    _forget_payloads(connection, subject, known)
    leaving.reporter_goes(connection, subject.id, now)
    leaving.whom_it_is_about_goes(connection, subject.id, now)
    for case_id in erasures.cards_naming(connection, subject.id):
        effects.want(connection, EffectKind.CARD, key=case_id, now=now, case_id=case_id)
    for case in known:
        delete_case(connection, case, now, by)
    sheets.delete_of_subject(connection, subject.id)
    note_gone(connection, now, "disclosure", disclosures.delete_of_subject(connection, subject.id), by)
    erasures.delete_asides(connection, subject.id)
    forgetting.delete_views_by(connection, subject.id)
    presence.forget_earlier(connection, subject.id)
    delete_subject(connection, subject.id, now, by)
    if lookup is not None and until is not None and until > now:
        suppression.keep(connection, lookup, until)
    errands.add(connection, on.vault, [*todo, *role], now)
    return Taken(gone, len(todo), bool(role), until)


def take_rest(
    connection: sqlite3.Connection, on: Foundation, subject: Subject, now: datetime, by: str
) -> Taken | None:
    """Everything but the links of a member, and the decision that rests on them. None: no member."""
    known = cases.of_subject(connection, subject.id)
    kept = next((case for case in known if case.is_member), None)
    if kept is None and not presence.is_earlier(connection, subject.id):
        return None
    before = erasures.counted(connection, subject.id)
    others = [case for case in known if case is not kept]
    todo = _messages(connection, on.vault.key_if_any(subject.key_id), subject, others)
    _forget_payloads(connection, subject, known)
    for case in others:
        delete_case(connection, case, now, by)
    if kept is not None:
        forgetting.strip(connection, kept, now)
        decisions.delete_verdicts(connection, kept.id)
        decisions.delete_letters(connection, kept.id)
        proposals.delete_of_case(connection, kept.id)
        forgetting.delete_said(connection, kept.id)
        views.delete_of_case(connection, kept.id)
    sheets.delete_of_subject(connection, subject.id)
    current = next(iter(disclosures.ids_of_subject(connection, subject.id)), "")
    old = disclosures.delete_of_subject(connection, subject.id, but=current)
    note_gone(connection, now, "disclosure", old, by)
    disclosures.forget_goal(connection, current)
    erasures.delete_asides(connection, subject.id)
    errands.add(connection, on.vault, todo, now)
    return Taken(_fewer(before, erasures.counted(connection, subject.id)), len(todo))


def take_consented(
    connection: sqlite3.Connection, on: Foundation, subject: Subject, now: datetime, by: str
) -> Taken:
    """All that rests on consent, with the access of a member. The bare cases and decisions stay."""
    known = cases.of_subject(connection, subject.id)
    before = erasures.counted(connection, subject.id)
    todo = _messages(connection, on.vault.key_if_any(subject.key_id), subject, [])
    member = next((case for case in known if case.is_member), None)
    _forget_payloads(connection, subject, known)
    for case in known:
        end_or_wipe(connection, case, now, by)
    sheets.delete_of_subject(connection, subject.id)
    note_gone(connection, now, "disclosure", disclosures.delete_of_subject(connection, subject.id), by)
    erasures.delete_told(connection, subject.id)
    if member is not None:
        presence.forget_earlier(connection, subject.id)
    role = member is not None and member.gone_at is None
    if role:
        newest = known[0].id
        effects.want(connection, EffectKind.REVOKE, key=newest, now=now, case_id=newest)
    events.record(
        connection, now=now, actor=by, action="consent.withdrawn", object_kind="subject", object_id=subject.id
    )
    errands.add(connection, on.vault, todo, now)
    return Taken(_fewer(before, erasures.counted(connection, subject.id)), len(todo), role)


def end_or_wipe(connection: sqlite3.Connection, case: Case, now: datetime, by: str) -> None:
    """Delete the answers of one case, which ends with that if it is open."""
    if case.state.is_open:
        end_by_person(connection, case, CaseState.WITHDRAWN, now)
    elif case.wiped_at is None:
        wipe_answers(connection, case, now, by)


def _messages(
    connection: sqlite3.Connection, key: PersonKey | None, subject: Subject, known: Sequence[Case]
) -> list[ToDo]:
    """The messages about somebody that stand in Discord, and the cards and threads of these cases."""
    if key is None:
        return []
    cards = [posted for case in known if (posted := messages.card(connection, key, case.id)) is not None]
    return [
        *(
            ToDo(channel_id=channel, message_id=one)
            for channel, one in messages.sent_to(connection, key, subject.id)
        ),
        *(ToDo(room=errands.REVIEW, message_id=posted.message_id) for posted in cards),
        *(todo for case in known for todo in thread_of(connection, key, case)),
    ]


def _role(
    connection: sqlite3.Connection,
    key: PersonKey | None,
    subject: Subject,
    known: Sequence[Case],
    lookup: bytes | None,
) -> list[ToDo]:
    """The member role, of somebody who may have it."""
    inside = any(case.state is CaseState.ADMITTED and case.gone_at is None for case in known)
    taking = known and not effects.is_settled(connection, EffectKind.REVOKE, known[0].id)
    user_id = subjects.user_id(connection, key, subject.id) if key is not None else None
    if user_id is None or not (inside or taking or presence.is_earlier(connection, subject.id)):
        return []
    return [ToDo(revoke=user_id, lookup=lookup)]


def _forget_payloads(connection: sqlite3.Connection, subject: Subject, known: Sequence[Case]) -> None:
    told = disclosures.ids_of_subject(connection, subject.id)
    events.forget_payloads_of(connection, [subject.id, *(case.id for case in known), *told])


def _fewer(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {kind: n - after[kind] for kind, n in before.items()}
