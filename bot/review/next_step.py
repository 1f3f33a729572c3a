"""The next step of everything that is open, pure: whose it is, and by when.

Each open case, appeal, concern and task has exactly one. The lists of the queue, the cards, the digest
and what is taken next are all made from it, so that none of them can say something else. The schema
works out the same for cases, in the column ``step``, so that the lists have an index.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.model import CaseState


class Group(StrEnum):
    """The list that something stands in."""

    DECIDE = "decide"
    """The answers are here, and the team decides."""
    TALK = "talk"
    """Somebody would like to talk to a person, or is being talked to."""
    SECOND = "second"
    """A decision is proposed: a second person confirms it, or the wait of a small team goes on."""
    BLOCKED = "blocked"
    """Nobody of the team may decide: somebody from outside is needed."""
    APPEALS = "appeals"
    CONCERNS = "concerns"
    TASKS = "tasks"
    ASKED = "asked"
    """The applicant has a question to answer."""
    UNANSWERED = "unanswered"
    """The answers have not been sent."""
    ASIDE = "aside"
    """On no list, without saying why; the clock closes it."""


OF_CASES = (Group.DECIDE, Group.TALK, Group.SECOND, Group.BLOCKED, Group.ASKED, Group.UNANSWERED)
"""The lists of cases that people see."""

FOR_THE_TEAM = (Group.DECIDE, Group.TALK, Group.SECOND, Group.BLOCKED)
"""The lists of cases in which it is the team, or somebody it finds, who has to do something."""

LISTED = (
    *(Group.DECIDE, Group.TALK, Group.SECOND, Group.BLOCKED, Group.APPEALS, Group.CONCERNS, Group.TASKS),
    *(Group.ASKED, Group.UNANSWERED),
)
"""All lists, in the order in which they are shown: what the team has to do comes first."""


class Owner(StrEnum):
    """Who has to take a step."""

    TEAM = "team"
    """Anybody of the team who may."""
    HOLDER = "holder"
    """The one who has it."""
    APPLICANT = "applicant"
    SECOND = "second"
    """A second person, who did not propose it."""
    OUTSIDE = "outside"
    """An admin, who finds somebody from outside the team; then that person."""
    CLOCK = "clock"
    """Nobody: the machine takes it when it is due."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one step that is next."""

    group: Group
    owner: Owner
    since: datetime
    """Since when it is theirs, or has waited."""
    due_at: datetime
    holder_id: str = ""
    """The subject id of whoever has it; empty where nobody has."""

    def is_late(self, now: datetime) -> bool:
        """Whether it is past its time."""
        return self.due_at < now


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is known of a decision that waits: since when, until when, and for a person or the clock."""

    at: datetime
    due_at: datetime
    waits: bool


class CaseColumns(Protocol):
    """What the step of a case depends on."""

    @property
    def state(self) -> CaseState: ...
    @property
    def listed(self) -> bool: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def held_at(self) -> datetime | None: ...
    @property
    def wants_person_at(self) -> datetime | None: ...
    @property
    def target_at(self) -> datetime | None: ...
    @property
    def lapse_at(self) -> datetime | None: ...
    @property
    def asked_at(self) -> datetime | None: ...
    @property
    def answer_by(self) -> datetime | None: ...
    @property
    def second_by(self) -> datetime | None: ...
    @property
    def blocked_at(self) -> datetime | None: ...


def of_case(case: CaseColumns, holder_id: str = "", proposed: Proposed | None = None) -> NextStep | None:
    """The next step of a case; None for one that is closed, and of which nothing is proposed.

    Nobody who may decide comes before all else, because nothing else helps. A question puts the step
    with the applicant, unless they have asked to talk since. Answers that are here come before a wish
    to talk, which is told beside them.
    """
    group = group_of(case)
    match group:
        case None:
            return None
        case Group.SECOND:
            return _second(case, holder_id, proposed)
        case Group.BLOCKED:
            owner, since, due = Owner.OUTSIDE, case.blocked_at, case.target_at
        case Group.ASKED:
            owner, since, due = Owner.APPLICANT, case.asked_at, case.answer_by
        case Group.DECIDE:
            owner, since, due = _team(holder_id), case.held_at, case.target_at
        case Group.TALK:
            owner, since, due = _team(holder_id), case.wants_person_at, case.target_at
        case Group.UNANSWERED:
            owner, since, due = Owner.APPLICANT, case.opened_at, case.lapse_at
        case _:
            owner, since, due = Owner.CLOCK, case.opened_at, case.lapse_at
    began = since or case.opened_at
    return NextStep(group, owner, began, due or began, holder_id)


def group_of(case: CaseColumns) -> Group | None:
    """The list that a case stands in; None for none, because it is closed.

    What closes by itself waits for the person. Whatever else is open waits for the team, be it that a
    moderator began to write down what somebody says.
    """
    with_the_team = case.lapse_at is None
    if not case.state.is_open:
        return Group.SECOND if case.second_by else None
    if case.blocked_at and with_the_team:
        return Group.BLOCKED
    if case.second_by:
        return Group.SECOND
    if case.asked_at:
        asked_to_talk_since = case.wants_person_at is not None and case.wants_person_at > case.asked_at
        return Group.TALK if asked_to_talk_since else Group.ASKED
    if case.state is CaseState.HELD:
        return Group.DECIDE
    if with_the_team:
        return Group.TALK
    return Group.UNANSWERED if case.listed else Group.ASIDE


def of_appeal(
    filed_at: datetime,
    due_at: datetime,
    holder_id: str = "",
    proposed: Proposed | None = None,
    *,
    blocked: bool = False,
) -> NextStep:
    """The next step of an appeal that is open."""
    if blocked:
        owner = Owner.OUTSIDE
    elif proposed is not None:
        owner = Owner.CLOCK if proposed.waits else Owner.SECOND
    else:
        owner = _team(holder_id)
    return NextStep(Group.APPEALS, owner, filed_at, due_at, holder_id)


def of_concern(opened_at: datetime, due_at: datetime, holder_id: str = "") -> NextStep:
    """The next step of a concern that is open."""
    return NextStep(Group.CONCERNS, _team(holder_id), opened_at, due_at, holder_id)


def of_task(opened_at: datetime, due_at: datetime) -> NextStep:
    """The next step of a task that is open."""
    return NextStep(Group.TASKS, Owner.TEAM, opened_at, due_at)


def _second(case: CaseColumns, holder_id: str, proposed: Proposed | None) -> NextStep:
    waits = proposed is not None and proposed.waits
    since = proposed.at if proposed else case.held_at or case.wants_person_at or case.opened_at
    owner = Owner.CLOCK if waits else Owner.SECOND
    return NextStep(Group.SECOND, owner, since, case.second_by or since, holder_id)


def _team(holder_id: str) -> Owner:
    return Owner.HOLDER if holder_id else Owner.TEAM
