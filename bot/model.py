"""The vocabulary: the codes and small values that every other room speaks in.

Codes are what the database keeps, so a member's value never changes once it has shipped.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands. Finer distinctions are columns of the case, not states."""

    WAITING = "waiting"
    """Joined; nothing agreed or answered yet."""
    ANSWERING = "answering"
    """Agreed and began, or reopened the answers."""
    HELD = "held"
    """Sent; a moderator decides."""
    ADMITTED = "admitted"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    REMOVED = "removed"
    """Was a member, and was removed by two people."""
    WITHDRAWN = "withdrawn"
    LEFT = "left"
    LAPSED = "lapsed"
    """Nobody went on with it for long. No decision, and nothing against the person."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has a step to take."""
        return self in OPEN_STATES


OPEN_STATES = frozenset({CaseState.WAITING, CaseState.ANSWERING, CaseState.HELD})


class HoldReason(StrEnum):
    """Why a case is held: neutral enough to stand on a card."""

    UNDISCLOSED = "undisclosed"
    UNCLEAR = "unclear"
    CONTRADICTION = "contradiction"
    CLIENT_UNDISCLOSED = "client_undisclosed"
    LINK_DISCLOSED = "link_disclosed"
    EARLIER_CASE = "earlier_case"
    NEEDS_PERSON = "needs_person"
    UNRECORDED_MEMBER = "unrecorded_member"
    """Had the member role, and no decision is on record."""
    RAID_LOCK = "raid_lock"
    """Came with a wave of joins, or while the gate was paused."""
    REOPENED = "reopened"
    """A decision was taken back, or an appeal sent it back."""
    SUSPENDED = "suspended"
    """Was a member, and was put back into quarantine."""


class Scope(StrEnum):
    """What somebody asked to have deleted."""

    PERSON = "person"
    """Everything about somebody. A member returns to the front porch."""
    REST = "rest"
    """Everything but the links and the decision to let somebody in: they stay a member."""
    CONSENT = "consent"
    """All that rests on consent. The bare record of the decisions stays until its time is up."""
    CASE = "case"
    """The answers of one request."""


class ChangedMeanwhile(Exception):
    """What somebody acts on has been changed or deleted since they looked at it."""


class Outcome(StrEnum):
    """What a decision decides. A machine may only admit or hold."""

    ADMIT = "admit"
    HOLD = "hold"
    REDIRECT = "redirect"
    DECLINE = "decline"
    REOPEN = "reopen"
    """A closed case is with the team again: a decision is taken back, or an appeal sends it back."""
    SUSPEND = "suspend"
    """A member is put back into quarantine."""
    REMOVE = "remove"
    """A member is removed from the server. Never a ban."""


REFUSALS = frozenset({Outcome.REDIRECT, Outcome.DECLINE})

STATE_AFTER = {
    Outcome.ADMIT: CaseState.ADMITTED,
    Outcome.HOLD: CaseState.HELD,
    Outcome.REDIRECT: CaseState.REDIRECTED,
    Outcome.DECLINE: CaseState.DECLINED,
    Outcome.REOPEN: CaseState.HELD,
    Outcome.SUSPEND: CaseState.HELD,
    Outcome.REMOVE: CaseState.REMOVED,
}


class ConditionCode(StrEnum):
    """What somebody may be admitted on. Between the team and the person."""

    LABEL = "label"
    """Says openly, wherever it matters, what link they have; the wording is the condition's text."""
    NO_RECRUITMENT = "no_recruitment"
    """Recruits nobody here: for a study, a job, a product or a story."""
    OTHER = "other"
    """Something else, said in the text."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an admission."""

    code: ConditionCode
    text: str = field(default="", repr=False)
    ends_at: datetime | None = None
    """None: as long as the person is a member."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to be decided about a case, before it is: by one person, or proposed to a second."""

    outcome: Outcome
    reason_code: str = ""
    text: str = field(default="", repr=False)
    """The sentence for the person."""
    conditions: tuple[Condition, ...] = ()
    appeal_id: str = ""
    """The appeal that this answers."""


class AppealOutcome(StrEnum):
    """What a second look at a decision came to."""

    CHANGED = "changed"
    CHANGED_IN_PART = "changed_in_part"
    SAME = "same"
    SENT_BACK = "sent_back"
    """The case is open again, for a fresh decision by people who had no part in the first."""
    WITHDRAWN = "withdrawn"
    """The person took the appeal back, or what they told us."""


class Via(StrEnum):
    """How an appeal came."""

    PANEL = "panel"
    """The person asked in the server."""
    CONTACT = "contact"
    """They wrote to the contact address, and a moderator filed it with their code."""


class Hands(StrEnum):
    """Through how many hands a decision went."""

    ONE = "one"
    TWO = "two"
    WAITED = "waited"
    """One person, and the wait of a team that is too small for two."""


class Disclosed(StrEnum):
    """What a set of answers says about links. The three are never treated alike."""

    NONE = "none"
    """An explicit nil return: "I have no links", stated."""
    SOME = "some"
    UNDISCLOSED = "undisclosed"
    """Skipped, partial, refused, or nothing answered. Never admitted, by anyone."""


class Source(StrEnum):
    """Where a set of answers comes from."""

    GATE = "gate"
    CONVERSATION = "conversation"
    """Given to a moderator in conversation, confirmed by the person."""
    UPDATE = "update"
    """A member changed their links."""


class InformationPage(StrEnum):
    """Pages that the machine shows at once. They decide nothing and keep nothing but a counter."""

    UNDER_AGE = "under_age"
    NOT_FOR_ME = "not_for_me"
    WORK = "work"


class Delivery(StrEnum):
    """What became of a message to a person."""

    PENDING = "pending"
    ARRIVED = "arrived"
    CLOSED = "closed"
    """Their messages are closed; the panel's button tells them the same."""
    GONE = "gone"
    """They have left the server."""
    SHOWN = "shown"
    """They were told in the reply to their own press; no message was due."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who joined or pressed something, as Discord presents them at that moment."""

    user_id: int = field(repr=False)
    locale: str
    account_created: datetime
    role_ids: frozenset[int] = frozenset()
    pending: bool = False
    """Has not passed Discord's own screening yet."""
    automod: bool = False
    """Blocked by Discord's AutoMod because of a name."""
    joined_at: datetime | None = None
    """When they joined, if it was not just now."""


@dataclass(frozen=True, slots=True)
class Interest:
    """One link between a person and an organisation, as disclosed.

    The first group holds codes; the second holds words the person typed, which are kept apart,
    encrypted, and may already be gone.
    """

    category: str
    relationships: tuple[str, ...]
    holder: str
    capacity: str
    period: str
    purposes: tuple[str, ...] = ()
    data_uses: tuple[str, ...] = ()
    reporting_duty: str = ""
    instructed: str = ""

    organisation: str = field(default="", repr=False)
    on_behalf_of: str = field(default="", repr=False)
    goal: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a set of answers amounts to: a nil return, interests, or nothing that can be relied on."""

    disclosed: Disclosed
    interests: tuple[Interest, ...] = ()
    gap: str = ""
    """For an undisclosed one, why: ``unanswered``, ``partial`` or ``refused``."""
