"""Who may do what, pure, over plain values."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from bot.lifecycle import MODERATOR_MAY
from bot.model import CaseState, Disclosed, Outcome


class Act(StrEnum):
    """What somebody may want to do about a case, an appeal or a concern."""

    SEE = "see"
    """Read the shared card: code, wait, a neutral reason, who has it."""
    OPEN = "open"
    """Open the file, its notes and history, or find it by searching."""
    CLAIM = "claim"
    ASK = "ask"
    """Ask the applicant, join their thread, write a note."""
    DECIDE = "decide"
    CONFIRM = "confirm"
    """Be the second person."""
    APPEAL = "appeal"
    """Handle an appeal."""
    CONCERN = "concern"
    """Handle a concern."""
    EXPORT = "export"


class Role(StrEnum):
    """As what somebody comes."""

    NOBODY = "nobody"
    MODERATOR = "moderator"
    OUTSIDE = "outside"
    """From outside the team, for this one case."""
    OPERATOR = "operator"
    """At the command line of the machine."""


class Filed(StrEnum):
    """How somebody's own disclosure stands."""

    CURRENT = "current"
    STALE = "stale"
    """Older than it may be."""
    NONE = "none"
    """None, or one that tells nothing."""


class Tie(StrEnum):
    """What ties somebody to the case."""

    NONE = "none"
    OWN = "own"
    """It is about themselves."""
    LINKED = "linked"
    """Worked out: the same organisation, its parent or its client, themselves or their household."""
    DECLARED = "declared"
    """By their own word."""
    ASKED_ASIDE = "asked_aside"
    """The applicant asked for it."""
    DECIDED = "decided"
    """They took part in the decision that is looked at again."""
    REPORTER = "reporter"
    """They told of the concern."""
    ABOUT = "about"
    """The concern is about them."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who reaches for a case: as what, with which disclosure of their own, and tied to it how."""

    role: Role
    filed: Filed = Filed.CURRENT
    tie: Tie = Tie.NONE
    proposed: bool = False
    """They proposed what waits for a second person."""


HIDDEN = "no_such_case"
"""What somebody is told of whom a concern is about: the same as for a code that does not exist."""

_FOR_OUTSIDERS = frozenset({Act.SEE, Act.OPEN, Act.ASK, Act.DECIDE, Act.CONFIRM, Act.APPEAL})


def why_not(act: Act, hand: Hand) -> str:
    """A refusal code, or an empty string where somebody may do that."""
    if hand.role is Role.OPERATOR or act is Act.EXPORT:
        return "" if hand.role is Role.OPERATOR and act is Act.EXPORT else "not_a_moderator"
    if hand.role is Role.NOBODY or (hand.role is Role.OUTSIDE and act not in _FOR_OUTSIDERS):
        return "not_a_moderator"
    if hand.tie is Tie.ABOUT:
        return HIDDEN
    if act is Act.SEE:
        return ""
    if hand.tie is not Tie.NONE:
        return "own_case" if hand.tie is Tie.OWN else "recused"
    if hand.filed is not Filed.CURRENT:
        return f"interests_{hand.filed.value}"
    return "own_proposal" if act is Act.CONFIRM and hand.proposed else ""


def is_moderator(*, role_ids: AbstractSet[int], moderator_roles: AbstractSet[int]) -> bool:
    """Whether somebody holds a configured moderator role. With none configured, nobody does."""
    return not role_ids.isdisjoint(moderator_roles)


def why_not_decide(
    *,
    outcome: Outcome,
    state: CaseState,
    disclosed: Disclosed,
    sent: bool = True,
    inside: bool = False,
    terms: bool = False,
) -> str:
    """Why a case is not ready for an outcome, or an empty string.

    A held case whose answers are not ``sent`` was taken from somebody who was changing them. ``inside``:
    the person is a member, or was one until they were suspended. ``terms``: it is about conditions.
    """
    if outcome is Outcome.REOPEN and (state.is_open or state is CaseState.ADMITTED):
        return "still_open" if state.is_open else "suspend_instead"
    may = MODERATOR_MAY[outcome] - ({CaseState.ADMITTED} if outcome is Outcome.ADMIT and not terms else set())
    if not state.is_open and state not in may:
        return "already_closed"
    if outcome in {Outcome.SUSPEND, Outcome.REMOVE} and not inside:
        return "not_a_member"
    if outcome is Outcome.ADMIT and (disclosed is Disclosed.UNDISCLOSED):
        return "undisclosed"
    if state not in MODERATOR_MAY[outcome] or (outcome is Outcome.ADMIT and not sent):
        return "not_sent_yet"
    return ""
