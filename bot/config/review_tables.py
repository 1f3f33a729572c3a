"""The tables about the moderators' desk: reasons, who confirms what, appeals, concerns."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.config.durations import Duration
from bot.config.tables import WholeDays
from bot.questionnaire import Frozen, Identifier
from bot.text import Text

HowMany = Literal["one", "two"]
"""How many people something takes."""

ReasonFor = Literal["decline", "redirect", "conditions", "reopen", "suspend", "remove", "appeal"]
"""What a reason may be given for."""


class Reason(Frozen):
    """Why somebody is declined, sent elsewhere and so on, with the sentence that a moderator starts from."""

    id: Identifier
    label: Text
    outcomes: tuple[ReasonFor, ...] = Field(min_length=1)
    text: Text
    needs_sentence: bool = False
    """The ready-made text says no reason, so that a moderator has to write one."""


@cache
def shipped_reasons() -> tuple[Reason, ...]:
    """The reasons that come with the program: they stand in for outcomes that an older list has none for."""
    shipped = tomllib.loads(Path(__file__).with_name("defaults.toml").read_text(encoding="utf-8"))
    return tuple(Reason.model_validate(reason) for reason in shipped["review"]["reasons"])


class ReadyQuestion(Frozen):
    """A question to applicants that a moderator may start from."""

    id: Identifier
    label: Text
    text: Text


class Review(Frozen):
    """What moderators work with."""

    notice_hour: int = Field(ge=0, le=23)
    """The local hour of the daily digest, which comes only if something waits."""
    pings_from: int = Field(ge=0, le=23)
    pings_until: int = Field(ge=1, le=24)
    """Between these local hours the team may be told that something waits past its target."""
    claim_for: Duration
    """How long somebody has a case before it is free again."""
    act_on_claimed: bool
    """Whether a second person may act on a case that somebody has."""
    answer_within: Duration
    """How long an applicant has to answer a question before the case is with the team again."""
    take_back_within: WholeDays
    """How long a decision can be taken back by the team itself."""
    second_within: Duration
    """By when a second person should have confirmed what was proposed."""
    interests_for: WholeDays
    """How long a moderator's own disclosure is good for."""
    many_files: int = Field(ge=3, le=1000)
    """So many files opened by one moderator ..."""
    many_files_within: Duration
    """... within this time are unusual, and the admins are told."""
    reasons: tuple[Reason, ...]
    questions: tuple[ReadyQuestion, ...]

    def reasons_for(self, outcome: str) -> tuple[Reason, ...]:
        """The reasons that go with an outcome; the shipped ones where a list of one's own has none."""
        own = self.own_reasons_for(outcome)
        return own or tuple(reason for reason in shipped_reasons() if outcome in reason.outcomes)

    def own_reasons_for(self, outcome: str) -> tuple[Reason, ...]:
        """The reasons that go with an outcome and stand in the configuration."""
        return tuple(reason for reason in self.reasons if outcome in reason.outcomes)

    def reason(self, reason_id: str) -> Reason | None:
        """The reason with this id, if there is one."""
        known = (*self.reasons, *shipped_reasons())
        return next((reason for reason in known if reason.id == reason_id), None)


class Confirm(Frozen):
    """What takes a second person."""

    small_team: bool
    """A team of one or two: instead of a second person, a wait and a line in the record."""
    wait: Duration
    """How long a small team waits."""
    admit: HowMany
    conditions: HowMany
    redirect: HowMany
    decline: HowMany
    reopen: HowMany
    remove: HowMany
    appeal: HowMany


class Appeals(Frozen):
    """A second look at a decision."""

    window: WholeDays
    """How long somebody can appeal after they were told."""
    target: WholeDays
    """By when an appeal should be decided."""
    contact: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    """Where somebody writes who is no longer in the server; empty: the privacy contact."""


class Concerns(Frozen):
    """What members tell the team about others."""

    target: Duration
    """By when somebody who told of something should hear."""
    per_person: int = Field(ge=1, le=100)
    """So many concerns one person may send ..."""
    per_person_within: WholeDays
    """... within this time."""
    many_about: int = Field(ge=2, le=100)
    """So many concerns about one person ..."""
    many_about_within: WholeDays
    """... within this time are looked at by two people."""
