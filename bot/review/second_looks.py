"""Second looks, inside a unit of work: codes with a decision, who may look again, and what ends an appeal."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.access import Act, Hand, Tie, why_not
from bot.fairness import hands
from bot.forgetting.erasing import forget_case
from bot.foundation import Foundation
from bot.ids import new_follow_code, tidy_follow_code
from bot.model import REFUSALS, AppealOutcome, CaseState, Outcome, Ruling, Visitor
from bot.store import appeals, cases, decisions, effects, events, recusals
from bot.store.appeals import Appeal, AppealCode
from bot.store.cases import Case, Overtaken
from bot.store.decisions import Decision, Letter
from bot.store.effects import EffectKind

ADD_WITHIN = timedelta(days=7)
"""How long somebody can change what they wrote, or add to it."""

_KIND = "appeal"


@dataclass(frozen=True, slots=True)
class SecondLook:
    """How it stands with a second look, for the person themselves: they can ask for one, or have asked."""

    until: datetime
    """Until when they can ask for it, or add to it."""
    appeal: Appeal | None = None


def can_be_appealed(ruling: Ruling, before: Decision | None) -> bool:
    """Whether a ruling is one to appeal against; ``before`` is the decision whose appeal it answers.

    Somebody who appealed against conditions has had their second look at them.
    """
    if ruling.outcome in REFUSALS or ruling.outcome is Outcome.REMOVE:
        return True
    lays_conditions = ruling.outcome is Outcome.ADMIT and bool(ruling.conditions)
    return lays_conditions and (before is None or before.outcome is not Outcome.ADMIT)


def window(on: Foundation) -> timedelta:
    """How long somebody can appeal: never longer than there is something left to look at."""
    return min(on.config.appeals.window, on.config.retention.refused)


def with_letter(
    connection: sqlite3.Connection, on: Foundation, case: Case, ruling: Ruling, letter: Letter, now: datetime
) -> None:
    """Have the letter about a decision give a code to appeal with, or be the answer to an appeal."""
    appeal = appeals.get(connection, ruling.appeal_id) if ruling.appeal_id else None
    before = decisions.get(connection, appeal.decision_id) if appeal else None
    if appeal is not None:
        decisions.mark_answer(connection, letter.id, answer_in(ruling))
    if not can_be_appealed(ruling, before):
        return
    code, until = new_follow_code(), now + window(on)
    lookup = on.vault.code_hash(_KIND, code)
    appeals.keep_code(connection, AppealCode(letter.decision_id, case.id, until), lookup)
    decisions.give_code(connection, on.key_of(connection, case.subject_id), letter.id, code, until)


def of_code(connection: sqlite3.Connection, on: Foundation, typed: str, now: datetime) -> AppealCode | None:
    """What a typed code was given for, while it works."""
    return appeals.by_code(connection, on.vault.code_hash(_KIND, tidy_follow_code(typed)), now)


def answer_in(ruling: Ruling) -> AppealOutcome:
    """What a ruling comes to for an appeal that waits while it is made."""
    if ruling.outcome in {Outcome.REOPEN, Outcome.SUSPEND}:
        return AppealOutcome.SENT_BACK
    if ruling.outcome is not Outcome.ADMIT:
        return AppealOutcome.SAME
    return AppealOutcome.CHANGED_IN_PART if ruling.conditions else AppealOutcome.CHANGED


def after_decision(
    connection: sqlite3.Connection, case: Case, ruling: Ruling, decided_by: str, now: datetime
) -> None:
    """End the appeal that a decision answers, or has made needless.

    The team may take a decision back, change conditions, or end the access that they belong to, while an
    appeal against it waits. What is decided then can be appealed by itself.
    """
    appeal = appeals.open_of_case(connection, case.id)
    if appeal is not None:
        end(connection, appeal, answer_in(ruling), now, decided_by=decided_by, reason_code=ruling.reason_code)


def end(
    connection: sqlite3.Connection,
    appeal: Appeal,
    outcome: AppealOutcome,
    now: datetime,
    *,
    decided_by: str,
    reason_code: str = "",
) -> None:
    """End an appeal, with its line, and have the card of the case say so."""
    took_part = recusals.decided_what_is_appealed(connection, appeal.case_id, decided_by)
    appeals.close(connection, appeal, outcome, now, decided_by=decided_by, reason_code=reason_code)
    note(
        connection,
        appeal,
        "appeal.decided",
        decided_by,
        now,
        outcome=outcome.value,
        reason=reason_code,
        hands="same" if took_part else "others",
    )


def note(
    connection: sqlite3.Connection, appeal: Appeal, action: str, by: str, now: datetime, **payload: str
) -> None:
    """A line about an appeal, under its case; and the card drawn anew."""
    events.record(
        connection,
        now=now,
        actor=by,
        action=action,
        object_kind="case",
        object_id=appeal.case_id,
        payload={"appeal": appeal.id, **payload},
    )
    effects.want(connection, EffectKind.CARD, key=appeal.case_id, now=now, case_id=appeal.case_id)


def may_not_look(
    connection: sqlite3.Connection, on: Foundation, visitor: Visitor, case: Case, appeal: Appeal
) -> str:
    """Why somebody may not take the second look; empty where they may.

    Whoever had a part in the decision may not. The one exception is a team that says it is too small and
    has nobody else: after its wait, it looks again itself, and the record says so.
    """
    known = on.find(connection, visitor.user_id)
    hand = hands.hand_of(connection, on, visitor, case)
    return _why_not(connection, on, hand, known.id if known else "", appeal)


def may_not_look_as(
    connection: sqlite3.Connection, on: Foundation, moderator_id: str, case: Case, appeal: Appeal
) -> str:
    """``may_not_look`` for a moderator who is not here: by subject id."""
    hand = hands.hand_of_moderator(connection, on, moderator_id, case)
    return _why_not(connection, on, hand, moderator_id, appeal)


def turned_away(
    connection: sqlite3.Connection, on: Foundation, visitor: Visitor, case: Case, appeal: Appeal
) -> str:
    """``may_not_look`` for somebody who tries: an attempt that is refused leaves a line in the log."""
    why = may_not_look(connection, on, visitor, case, appeal)
    if why and why != "not_a_moderator":
        by = hands.acting(connection, on, visitor).id
        hands.note_refused(connection, on, by, Act.APPEAL, "case", case.id, why)
    return why


def _why_not(
    connection: sqlite3.Connection, on: Foundation, hand: Hand, moderator_id: str, appeal: Appeal
) -> str:
    if hand.tie is Tie.DECIDED and _is_all_there_is(connection, on, appeal, moderator_id):
        why = why_not(Act.APPEAL, replace(hand, tie=Tie.NONE))
        waits = on.now() < appeal.filed_at + on.config.confirm.wait
        return why or ("appeal_waits" if waits else "")
    return why_not(Act.APPEAL, hand)


def _is_all_there_is(
    connection: sqlite3.Connection, on: Foundation, appeal: Appeal, moderator_id: str
) -> bool:
    return on.config.confirm.small_team and not appeals.somebody_else(
        connection, appeal.case_id, moderator_id
    )


def in_the_way(connection: sqlite3.Connection, case: Case) -> Case | None:
    """A newer request of the same person, which is open or let them in: it counts, not the older one."""
    for other in cases.of_subject(connection, case.subject_id):
        if other.id == case.id:
            continue
        if other.opened_at >= case.opened_at and (other.state.is_open or other.is_member):
            return other
    return None


def make_way(connection: sqlite3.Connection, on: Foundation, case: Case, by: str) -> None:
    """Before a case is opened again: let go of a newer request in which nothing was told.

    It began by itself when the person came back. Raises Overtaken where they have asked anew: that
    request is to be decided, and somebody has one open request at most.
    """
    newer = in_the_way(connection, case)
    if newer is None or not newer.state.is_open:
        return
    if not is_untouched(newer):
        raise Overtaken
    forget_case(connection, on.vault, newer, on.now(), by)


def is_untouched(case: Case) -> bool:
    """Whether a request is only that somebody came back, with nothing told and nothing asked."""
    return case.state is CaseState.WAITING and case.sheet_id is None and case.wants_person_at is None


def of_person(connection: sqlite3.Connection, subject_id: str, now: datetime) -> SecondLook | None:
    """How it stands with a second look for somebody; None where there is nothing to look at again."""
    appeal = appeals.open_of_subject(connection, subject_id)
    if appeal is not None:
        return SecondLook(appeal.filed_at + ADD_WITHIN, appeal)
    code = appeals.may_file(connection, subject_id, now)
    return SecondLook(code.until) if code else None
