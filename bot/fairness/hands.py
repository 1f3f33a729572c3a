"""Whose hands a case may be in: worked out anew on every press, inside the unit of work that acts."""

import sqlite3
from datetime import datetime, timedelta

from bot.access import Act, Filed, Hand, Role, Tie, is_moderator, why_not
from bot.fairness import ties
from bot.foundation import Foundation
from bot.model import Disclosed, Visitor
from bot.store import cases, disclosures, events, moderators, recusals
from bot.store.cases import Case
from bot.store.disclosures import Logged
from bot.store.recusals import Origin
from bot.store.subjects import Subject

_BY_WORD = {Origin.DECLARED: Tie.DECLARED, Origin.APPLICANT: Tie.ASKED_ASIDE}
_LEAVES_NO_LINE = frozenset({"", "not_a_moderator"})


def may_not(connection: sqlite3.Connection, on: Foundation, visitor: Visitor, act: Act, case: Case) -> str:
    """Why somebody may not do something about a case; empty where they may. Writes nothing."""
    return why_not(act, hand_of(connection, on, visitor, case))


def turned_away(
    connection: sqlite3.Connection, on: Foundation, visitor: Visitor, act: Act, case: Case
) -> str:
    """``may_not`` for somebody who tries: an attempt that is refused leaves a line in the log."""
    why = may_not(connection, on, visitor, act, case)
    if why not in _LEAVES_NO_LINE:
        note_refused(connection, on, acting(connection, on, visitor).id, act, "case", case.id, why)
    return why


def note_refused(
    connection: sqlite3.Connection, on: Foundation, by: str, act: Act, kind: str, known_as: str, why: str
) -> None:
    """Leave a line: somebody, by subject id, tried something that they may not. ``why`` is a code."""
    events.record(
        connection,
        now=on.now(),
        actor=by,
        action=f"{act.value}.refused",
        object_kind=kind,
        object_id=known_as,
        payload={"why": why},
    )


def acting(connection: sqlite3.Connection, on: Foundation, visitor: Visitor) -> Subject:
    """Whoever acts at the desk, made known if need be; with the role, it is noted that they are there."""
    now = on.now()
    subject = on.find_or_add(connection, visitor.user_id, now)
    if has_role(on, visitor):
        moderators.note_acting(connection, subject.id, now)
    return subject


def has_role(on: Foundation, visitor: Visitor) -> bool:
    """Whether somebody holds a configured moderator role right now."""
    return is_moderator(role_ids=visitor.role_ids, moderator_roles=on.config.moderator_roles)


def may_come(connection: sqlite3.Connection, on: Foundation, visitor: Visitor) -> bool:
    """Whether somebody may come to the desk at all: a moderator, or from outside for some case."""
    if has_role(on, visitor):
        return True
    known = on.find(connection, visitor.user_id)
    return known is not None and recusals.is_outside_anywhere(connection, known.id)


def hand_of(connection: sqlite3.Connection, on: Foundation, visitor: Visitor, case: Case) -> Hand:
    """As what somebody reaches for a case, with which disclosure, and what ties them to it."""
    known = on.find(connection, visitor.user_id)
    if has_role(on, visitor):
        return _hand(connection, on, Role.MODERATOR, known.id if known else "", case)
    if known is not None and recusals.is_outside(connection, case.id, known.id):
        return _hand(connection, on, Role.OUTSIDE, known.id, case)
    return Hand(Role.NOBODY)


def hand_of_moderator(connection: sqlite3.Connection, on: Foundation, subject_id: str, case: Case) -> Hand:
    """``hand_of`` for a moderator who is not here: by subject id."""
    return _hand(connection, on, Role.MODERATOR, subject_id, case)


def hand_for_person(
    connection: sqlite3.Connection, on: Foundation, visitor: Visitor, subject_id: str
) -> Hand:
    """As what somebody reaches for all that is on record about a person. Tied to one case is tied to all."""
    if not has_role(on, visitor):
        return Hand(Role.NOBODY)
    known = on.find(connection, visitor.user_id)
    mine = on.newest_disclosure(connection, known.id if known else "")
    tie = Tie.NONE
    if known is not None:
        tie = _tie_to_person(connection, on, known.id, mine, subject_id)
        for case in cases.of_subject(connection, subject_id) if tie is Tie.NONE else ():
            tie = _tie_to_case(connection, on, known.id, mine, case)
            if tie is not Tie.NONE:
                break
    return Hand(Role.MODERATOR, _filed(mine, on.now(), on.config.review.interests_for), tie)


def hand_for_concern(
    connection: sqlite3.Connection,
    on: Foundation,
    visitor: Visitor,
    about_id: str | None,
    reporter_id: str | None,
) -> Hand:
    """As what somebody reaches for a concern. Tied as well is who shares a link with the person reported."""
    if not has_role(on, visitor):
        return Hand(Role.NOBODY)
    known = on.find(connection, visitor.user_id)
    mine = on.newest_disclosure(connection, known.id if known else "")
    tie = Tie.NONE
    if known is not None and known.id == about_id:
        tie = Tie.ABOUT
    elif known is not None and known.id == reporter_id:
        tie = Tie.REPORTER
    elif known is not None and about_id is not None:
        tie = _tie_to_person(connection, on, known.id, mine, about_id)
    return Hand(Role.MODERATOR, _filed(mine, on.now(), on.config.review.interests_for), tie)


def filed(connection: sqlite3.Connection, on: Foundation, subject_id: str) -> Filed:
    """How somebody's own disclosure stands."""
    return _filed(on.newest_disclosure(connection, subject_id), on.now(), on.config.review.interests_for)


def _hand(connection: sqlite3.Connection, on: Foundation, role: Role, subject_id: str, case: Case) -> Hand:
    mine = on.newest_disclosure(connection, subject_id)
    own = subject_id == case.subject_id
    return Hand(
        role,
        _filed(mine, on.now(), on.config.review.interests_for),
        Tie.OWN if own else _tie_to_case(connection, on, subject_id, mine, case),
        recusals.proposed_what_waits(connection, case.id, subject_id),
    )


def _tie_to_case(
    connection: sqlite3.Connection, on: Foundation, subject_id: str, mine: Logged | None, case: Case
) -> Tie:
    """What ties somebody to a case that is not their own: by word, by their links, by what they decided."""
    by_word = recusals.origin(connection, case.id, subject_id)
    if by_word is not None:
        return _BY_WORD[by_word]
    if _is_linked(connection, on, mine, case):
        return Tie.LINKED
    decided = recusals.decided_what_is_appealed(connection, case.id, subject_id)
    return Tie.DECIDED if decided else Tie.NONE


def _is_linked(connection: sqlite3.Connection, on: Foundation, mine: Logged | None, case: Case) -> bool:
    if mine is None or not mine.disclosure.interests:
        return False
    key = on.key_of(connection, case.subject_id)
    told = {
        one.id: one
        for one in (
            disclosures.current_of_case(connection, key, case.id),
            disclosures.current(connection, key, case.subject_id),
        )
        if one is not None
    }
    return any(ties.linked(connection, on, mine, one) for one in told.values())


def _tie_to_person(
    connection: sqlite3.Connection, on: Foundation, subject_id: str, mine: Logged | None, other_id: str
) -> Tie:
    if subject_id == other_id:
        return Tie.OWN
    theirs = (
        on.newest_disclosure(connection, other_id) if mine is not None and mine.disclosure.interests else None
    )
    if mine is None or theirs is None:
        return Tie.NONE
    met = ties.linked(connection, on, mine, theirs)
    return Tie.LINKED if met else Tie.NONE


def _filed(mine: Logged | None, now: datetime, good_for: timedelta) -> Filed:
    if mine is None or mine.disclosure.disclosed is Disclosed.UNDISCLOSED:
        return Filed.NONE
    return Filed.STALE if now - mine.at > good_for else Filed.CURRENT
