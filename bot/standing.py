"""Where somebody stands at the gate, as the use cases tell it."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.filling import Summary
from bot.minting import NextForm
from bot.model import Condition
from bot.review.second_looks import SecondLook
from bot.store import questions, threads
from bot.store.cases import Case
from bot.store.decisions import Decision, Letter
from bot.store.questions import Question
from bot.store.threads import Talk
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class Around:
    """What goes on around a request beside deciding it."""

    question: Question | None = None
    """What the team has asked, and waits to hear."""
    talk: Talk = Talk.NONE
    thread_id: int = field(default=0, repr=False)
    """Where they talk, while the conversation is open."""


def around(connection: sqlite3.Connection, key: PersonKey, case: Case) -> Around:
    """What goes on around a request; inside a unit of work."""
    thread = threads.find(connection, key, case.id)
    return Around(
        questions.newest(connection, key, case.id) if case.asked_at is not None else None,
        threads.talk(connection, case.id),
        thread.thread_id if thread is not None and not thread.closing else 0,
    )


@dataclass(frozen=True, slots=True)
class PersonWanted:
    """They asked to talk to a person."""

    case: Case
    before: Around
    """How the conversation stood as they pressed; it is being opened if it was not open."""


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
    around: Around = Around()
    second_look: SecondLook | None = None


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
    around: Around = Around()
    told: "Told | None" = None
    """What the person was written about it: their case is open again, or they were suspended."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was written about a decision. The decision goes when its record does."""

    letter: Letter
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class AdmittedStanding:
    """They are in."""

    case: Case
    has_role: bool
    stuck: bool
    """The role could not be given; the team has been told."""
    pending: bool = False
    """Discord's own screening comes first: the role waits for it."""
    conditions: tuple[Condition, ...] = ()
    """What holds for them as a member."""
    second_look: SecondLook | None = None


@dataclass(frozen=True, slots=True)
class RefusedStanding:
    """They were declined, shown another way, or removed."""

    case: Case
    told: "Told | None"
    second_look: SecondLook | None = None


@dataclass(frozen=True, slots=True)
class UnrecordedStanding:
    """They had the member role and no decision is on record. Nothing has been told yet."""

    case: Case
    begun: bool
    """Some answers are there, and can be carried on with."""
    around: Around = Around()


@dataclass(frozen=True, slots=True)
class TakenStanding:
    """They were let in, and a person took the access back."""

    case: Case


Standing = (
    Welcome | CarryOn | HeldStanding | AdmittedStanding | RefusedStanding | UnrecordedStanding | TakenStanding
)
