"""Where somebody stands at the gate, as the use cases tell it."""

from dataclasses import dataclass
from datetime import datetime

from bot.filling import Summary
from bot.minting import NextForm
from bot.store.cases import Case
from bot.store.decisions import Letter


@dataclass(frozen=True, slots=True)
class Welcome:
    """Nothing has begun: show what is kept, and *Agree and begin*."""

    again: bool = False
    """There was an earlier case."""
    wants_person: bool = False
    """They asked to talk to a person, which they can take back."""
    kept: bool = False
    """Their request closed by itself, and the answers in it have not been deleted yet."""
    remove_at: datetime | None = None
    """When they are removed from the server if they do not start again."""


@dataclass(frozen=True, slots=True)
class CarryOn:
    """Answers have been begun: the next form, or the summary."""

    case: Case
    step: NextForm | Summary
    sent_before: bool = False
    """The answers were with the team, and are back with the person."""


@dataclass(frozen=True, slots=True)
class HeldStanding:
    """The answers are with the team."""

    case: Case
    late: bool = False
    """The team has not decided by the time it aimed at."""


@dataclass(frozen=True, slots=True)
class AdmittedStanding:
    """They are in."""

    case: Case
    has_role: bool
    stuck: bool
    """The role could not be given; the team has been told."""
    pending: bool = False
    """Discord's own screening comes first: the role waits for it."""


@dataclass(frozen=True, slots=True)
class RefusedStanding:
    """They were declined or shown another way."""

    case: Case
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class UnrecordedStanding:
    """They had the member role and no decision is on record. Nothing has been told yet."""

    case: Case
    begun: bool
    """Some answers are there, and can be carried on with."""


@dataclass(frozen=True, slots=True)
class TakenStanding:
    """They were let in, and a person took the access back."""

    case: Case


Standing = (
    Welcome | CarryOn | HeldStanding | AdmittedStanding | RefusedStanding | UnrecordedStanding | TakenStanding
)
