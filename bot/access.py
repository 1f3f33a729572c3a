"""Who may do what, pure, over plain values."""

from collections.abc import Set as AbstractSet

from bot.lifecycle import MODERATOR_MAY
from bot.model import CaseState, Disclosed, Outcome


def is_moderator(*, role_ids: AbstractSet[int], moderator_roles: AbstractSet[int]) -> bool:
    """Whether somebody holds a configured moderator role. With none configured, nobody does."""
    return not role_ids.isdisjoint(moderator_roles)


def why_not_open(*, moderator_subject: str, case_subject: str) -> str:
    """A refusal code, or an empty string: nobody opens their own file as a moderator."""
    return "own_case" if moderator_subject == case_subject else ""


def why_not_decide(
    *,
    outcome: Outcome,
    state: CaseState,
    disclosed: Disclosed,
    moderator_subject: str,
    case_subject: str,
    sent: bool = True,
) -> str:
    """A refusal code, or an empty string when the moderator may decide so.

    A held case whose answers are not ``sent`` was taken from somebody who was changing them.
    """
    if moderator_subject == case_subject:
        return "own_case"
    if not state.is_open:
        return "already_closed"
    if outcome is Outcome.ADMIT and (disclosed is Disclosed.UNDISCLOSED):
        return "undisclosed"
    if state not in MODERATOR_MAY[outcome] or (outcome is Outcome.ADMIT and not sent):
        return "not_sent_yet"
    return ""
