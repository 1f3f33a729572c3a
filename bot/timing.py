"""When something is due, pure: closing, reminding, and what it means that nobody swept for a while.

Time counts while the bot is awake. Whoever has a week to go on with a request has a week in which
they could have: downtime, a suspended machine and a clock that jumps ahead are given back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import to_ms

AWAKE = timedelta(minutes=30)
"""The longest time between two sweeps that still counts as awake."""

DAY = timedelta(days=1)
"""Nobody gets two messages in less."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose step is next: the person's, with an end and reminders; or the team's, with a target."""

    lapse_at: datetime | None = None
    remind_at: datetime | None = None
    target_at: datetime | None = None

    @property
    def columns(self) -> dict[str, int | None]:
        """As the database keeps it, by column."""
        moments = {"lapse_at": self.lapse_at, "remind_at": self.remind_at, "target_at": self.target_at}
        return {name: None if moment is None else to_ms(moment) for name, moment in moments.items()}


def teams_turn(target_at: datetime) -> Turn:
    """The team's turn, which it aims to take by a moment: nothing lapses, and nobody is reminded."""
    return Turn(target_at=target_at)


def is_persons_turn(*, wants_person: bool, by_moderator: bool = False, to_confirm: bool = False) -> bool:
    """Whether the next step in a case that is not held is the person's.

    It is not while they wait for somebody to talk to, or while a moderator writes down what they say.
    Once that is complete, they have to confirm it.
    """
    return to_confirm or not (wants_person or by_moderator)


def persons_turn(now: datetime, lapse_after: timedelta, reminders: Sequence[timedelta]) -> Turn:
    """The person's turn, from a step of theirs on."""
    return Turn(now + lapse_after, now + reminders[0] if reminders else None)


def away(last_sweep: datetime | None, now: datetime) -> timedelta:
    """The time to give back: since the last sweep, if that is long ago."""
    gap = timedelta() if last_sweep is None else now - last_sweep
    return gap if gap > AWAKE else timedelta()


def put_off(last_step: datetime, lapse_after: timedelta, now: datetime) -> datetime | None:
    """When a case that is due closes after all, because people have longer by now; None: at once.

    A last step that lies ahead was written by a clock that has been put right, and says nothing.
    """
    until = last_step + lapse_after
    return until if last_step <= now < until else None


def next_reminder(
    due: datetime, sent: int, reminders: Sequence[timedelta], lapse_at: datetime, now: datetime
) -> datetime | None:
    """When to remind again after ``sent`` reminders, the last of which was due at ``due``."""
    if not 0 < sent < len(reminders):
        return None
    following = max(due + (reminders[sent] - reminders[sent - 1]), now + DAY)
    return following if following < lapse_at else None


def farewell(now: datetime, last_reminded: datetime | None) -> datetime:
    """When to tell somebody that their request closed: at once, or a day after the last reminder."""
    if last_reminded is None or last_reminded > now:
        return now
    return max(now, last_reminded + DAY)


def is_within(local: datetime, first: int, until: int) -> bool:
    """Whether it is between two hours where the moderators live; where the first is the later, overnight."""
    if first < until:
        return first <= local.hour < until
    return local.hour >= first or local.hour < until


def is_notice_hour(local: datetime, hour: int) -> bool:
    """Whether the hour of the daily notice has come where the moderators live.

    Where the clocks skip that hour in spring, the next one does; where they repeat it in autumn, the
    notice's date says that it was given.
    """
    return local.hour >= hour
