"""Whose hands a case may be in: worked out anew on every press, inside the unit of work that acts."""

import sqlite3
from datetime import datetime, timedelta
from functools import cached_property

from bot.access import Act, Filed, Hand, Role, Tie, is_moderator, why_not
from bot.fairness.ties import Own
from bot.foundation import Foundation
from bot.model import Disclosed, Visitor
from bot.store import cases, events, moderators, recusals
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
    return Reach(connection, on, visitor).hand(case)


class Reach:
    """``hand_of`` for many cases within one unit of work: what is theirs is read once."""

    def __init__(self, connection: sqlite3.Connection, on: Foundation, visitor: Visitor) -> None:
        """Take who reaches."""
        known = on.find(connection, visitor.user_id)
        self._connection, self._on, self._has_role = connection, on, has_role(on, visitor)
        self._known_id = known.id if known else ""

    def may_not(self, act: Act, case: Case) -> str:
        """Why they may not do something about a case; empty where they may."""
        return why_not(act, self.hand(case))

    def hand(self, case: Case) -> Hand:
        """As what they reach for a case."""
        if self._has_role:
            return _hand(self._connection, self._on, Role.MODERATOR, self._own, case)
        if self._known_id and recusals.is_outside(self._connection, case.id, self._known_id):
            return _hand(self._connection, self._on, Role.OUTSIDE, self._own, case)
        return Hand(Role.NOBODY)

    @cached_property
    def _own(self) -> Own:
        return Own(self._connection, self._on, self._known_id)


def hand_of_moderator(connection: sqlite3.Connection, on: Foundation, subject_id: str, case: Case) -> Hand:
    """``hand_of`` for a moderator who is not here: by subject id."""
    return _hand(connection, on, Role.MODERATOR, Own(connection, on, subject_id), case)


def hand_for_person(
    connection: sqlite3.Connection, on: Foundation, visitor: Visitor, subject_id: str
) -> Hand:
    """As what somebody reaches for all that is on record about a person. Tied to one case is tied to all."""
    if not has_role(on, visitor):
        return Hand(Role.NOBODY)
    known = on.find(connection, visitor.user_id)
    own, tie = Own(connection, on, known.id if known else ""), Tie.NONE
    if known is not None:
        tie = _tie_to_person(connection, on, own, subject_id)
        for case in cases.of_subject(connection, subject_id) if tie is Tie.NONE else ():
            tie = _tie_to_case(connection, own, case)
            if tie is not Tie.NONE:
                break
    return Hand(Role.MODERATOR, _filed(own.told, on.now(), on.config.review.interests_for), tie)


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
    own, tie = Own(connection, on, known.id if known else ""), Tie.NONE
    if known is not None and known.id == about_id:
        tie = Tie.ABOUT
    elif known is not None and known.id == reporter_id:
        tie = Tie.REPORTER
    elif known is not None and about_id is not None:
        tie = _tie_to_person(connection, on, own, about_id)
    return Hand(Role.MODERATOR, _filed(own.told, on.now(), on.config.review.interests_for), tie)


def filed(connection: sqlite3.Connection, on: Foundation, subject_id: str) -> Filed:
    """How somebody's own disclosure stands."""
    return _filed(on.newest_disclosure(connection, subject_id), on.now(), on.config.review.interests_for)


def _hand(connection: sqlite3.Connection, on: Foundation, role: Role, own: Own, case: Case) -> Hand:
    return Hand(
        role,
        _filed(own.told, on.now(), on.config.review.interests_for),
        Tie.OWN if own.subject_id == case.subject_id else _tie_to_case(connection, own, case),
        recusals.proposed_what_waits(connection, case.id, own.subject_id),
    )


def _tie_to_case(connection: sqlite3.Connection, own: Own, case: Case) -> Tie:
    """What ties somebody to a case that is not their own: by word, by their links, by what they decided."""
    by_word = recusals.origin(connection, case.id, own.subject_id)
    if by_word is not None:
        return _BY_WORD[by_word]
    if own.is_tied_to_case(case):
        return Tie.LINKED
    decided = recusals.decided_what_is_appealed(connection, case.id, own.subject_id)
    return Tie.DECIDED if decided else Tie.NONE


def _tie_to_person(connection: sqlite3.Connection, on: Foundation, own: Own, other_id: str) -> Tie:
    if own.subject_id == other_id:
        return Tie.OWN
    if own.told is None or not own.told.disclosure.interests:
        return Tie.NONE
    return Tie.LINKED if own.is_tied_to(on.newest_disclosure(connection, other_id)) else Tie.NONE


def _filed(mine: Logged | None, now: datetime, good_for: timedelta) -> Filed:
    if mine is None or mine.disclosure.disclosed is Disclosed.UNDISCLOSED:
        return Filed.NONE
    return Filed.STALE if now - mine.at > good_for else Filed.CURRENT
