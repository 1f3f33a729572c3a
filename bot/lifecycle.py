"""The life of a case, pure: which state may follow which.

Invariants, also kept by CHECKs in the database:

- access is a decision: a case in ``admitted``, ``declined`` or ``redirected`` names its decision;
- ``admitted`` is reached only from ``answering`` (the machine, as answers are sent) or ``held``
  (a moderator), and only with links disclosed or denied, never with ``undisclosed``;
- ``held`` waits for the team and never lapses;
- a person has at most one open case (``waiting``, ``answering``, ``held``);
- a closed case is opened again only by a decision (``reopen``, ``suspend``), which leads to ``held``;
  whoever comes back by themselves starts a new case;
- ``removed`` is reached only from ``admitted``, or from ``held`` for somebody who was a member.
"""

from collections.abc import Mapping

from bot.model import CaseState, Disclosed, Outcome

S = CaseState

_ENDINGS_BY_PERSON = frozenset({S.WITHDRAWN, S.LEFT})
_IN_TIME = frozenset({S.LAPSED})
_REFUSALS = frozenset({S.DECLINED, S.REDIRECTED})

TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = {
    S.WAITING: frozenset({S.ANSWERING, S.HELD}) | _REFUSALS | _ENDINGS_BY_PERSON | _IN_TIME,
    S.ANSWERING: frozenset({S.WAITING, S.HELD, S.ADMITTED}) | _REFUSALS | _ENDINGS_BY_PERSON | _IN_TIME,
    S.HELD: frozenset({S.ANSWERING, S.HELD, S.ADMITTED, S.REMOVED}) | _REFUSALS | _ENDINGS_BY_PERSON,
    S.ADMITTED: frozenset({S.ADMITTED, S.HELD, S.REMOVED}),
    S.DECLINED: frozenset({S.HELD}),
    S.REDIRECTED: frozenset({S.HELD}),
    S.REMOVED: frozenset({S.HELD}),
    S.WITHDRAWN: frozenset(),
    S.LEFT: frozenset(),
    S.LAPSED: frozenset(),
}
"""Every allowed step. ``answering`` falls back to ``waiting`` when the answers lead to an
information page, which keeps nothing. ``held`` follows ``held`` when a moderator keeps it so,
``admitted`` follows ``admitted`` when a member's conditions change, and ``held`` follows ``waiting``
when somebody had the member role without a decision. Only what waits for the person lapses."""

MODERATOR_MAY: Mapping[Outcome, frozenset[CaseState]] = {
    Outcome.ADMIT: frozenset({S.HELD, S.ADMITTED}),
    Outcome.HOLD: frozenset({S.HELD}),
    Outcome.REDIRECT: frozenset({S.WAITING, S.ANSWERING, S.HELD}),
    Outcome.DECLINE: frozenset({S.WAITING, S.ANSWERING, S.HELD}),
    Outcome.REOPEN: frozenset({S.DECLINED, S.REDIRECTED, S.REMOVED}),
    Outcome.SUSPEND: frozenset({S.WAITING, S.ANSWERING, S.HELD, S.ADMITTED}),
    Outcome.REMOVE: frozenset({S.ADMITTED, S.HELD}),
}
"""The states in which a moderator may reach an outcome. Nobody is admitted on half-changed answers.

Whoever is in is admitted anew only when their conditions change. An open case is suspended only of
somebody who has been in without an admission: a member from before the bot."""


class NotAllowed(Exception):
    """A step that the table does not have. Its text holds states only."""


def check_step(before: CaseState, after: CaseState) -> None:
    """Raise NotAllowed unless the table has this step."""
    if after not in TRANSITIONS[before]:
        raise NotAllowed(f"{before.value} -> {after.value}")


def check_admission(disclosed: Disclosed) -> None:
    """Raise NotAllowed for what is undisclosed: nobody admits that, machine or moderator."""
    if disclosed is Disclosed.UNDISCLOSED:
        raise NotAllowed("undisclosed -> admitted")
