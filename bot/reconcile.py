"""Reconciling, pure: from what the server shows and what is on record of people to what has to be done.

Role state follows decisions. So whoever was let in and lacks the role is given it, and the role on
somebody without a decision is an incident, except that members from before the bot keep theirs, and
whoever runs the place is not stripped by its own bot. Doing what is returned and asking again returns
nothing: that is what makes it safe to run at any time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far Discord's clock and ours may lie apart."""


class Standing(StrEnum):
    """What is on record about somebody's access."""

    UNKNOWN = "unknown"
    """No case, and not known as a member from before the bot."""
    EARLIER = "earlier"
    """A member from before the bot."""
    OPEN = "open"
    """A case waits for somebody's next step."""
    MEMBER = "member"
    """A decision to let them in stands."""
    TAKEN = "taken"
    """They were let in, and a person took the access back."""
    ENDED = "ended"
    """The newest case ended in any other way."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server shows of somebody who is there."""

    has_role: bool
    """Holds the member role."""
    runs_the_place: bool = False
    """Owns the server, or holds a role of moderators or staff."""
    pending: bool = False
    automod: bool = False


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the database has on somebody."""

    standing: Standing = Standing.UNKNOWN
    since: datetime | None = None
    """When the newest case was decided or closed."""
    away: bool = False
    """On record as not in the server."""
    noted: bool = False
    """Moderators were told that this person has the role without a decision."""
    granting: bool = False
    """The role is being given, or a person has been asked to see why it cannot be."""
    revoking: bool = False
    """The same for taking it."""
    erased: bool = False
    """They had everything deleted, and the role is being taken for that: it is no news."""
    pending: bool = False
    automod: bool = False


@dataclass(frozen=True, slots=True)
class LastChange:
    """How the member role was last given or taken, as the server's audit log has it."""

    given: bool
    at: datetime
    own: bool = False
    """By this bot."""
    by_bot: bool = False
    """By any bot."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as the server shows them and as they are on record. ``seen`` None: they are not there."""

    user_id: int
    seen: Seen | None
    record: OnRecord = OnRecord()
    last: LastChange | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How to take what is found."""

    take_back: bool = True
    """Take the role from whoever has it without a decision, and hold them; or only say so."""
    first_look: bool = False
    """Nobody has looked before: whoever has the role now was a member before the bot."""


class Do(StrEnum):
    """What has to be done about somebody."""

    NOTE_SIGNS = "note_signs"
    """Keep whether Discord's screening or its AutoMod holds them up."""
    SETTLE = "settle"
    """What moderators were told about their role is no longer so."""
    NOTE_EARLIER = "note_earlier"
    """Put them on the list of members from before the bot."""
    ALERT = "alert"
    """Tell moderators, once, that they have the role without a decision."""
    TAKE_BACK = "take_back"
    """Take the role and hold their case."""
    NOTE_TAKEN = "note_taken"
    """A person took the role from them: keep that, and do not give it again."""
    NOTE_GIVEN = "note_given"
    """A person gave it back by hand."""
    ARRIVE = "arrive"
    """They joined or came back unseen."""
    GRANT = "grant"
    """They were let in and lack the role."""
    LEAVE = "leave"
    """They left unseen."""


CONFIRMED_FIRST = frozenset({Do.ALERT, Do.TAKE_BACK, Do.NOTE_TAKEN, Do.NOTE_GIVEN, Do.LEAVE})
"""What is only done after one more look at the person: a page of members may be a minute old."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do about one person."""

    do: Do
    user_id: int


def reconcile(people: Iterable[Person], policy: Policy) -> list[Action]:
    """What has to be done, in the order in which it has to be done."""
    return [Action(do, person.user_id) for person in people for do in _about(person, policy)]


def depends_on_last_change(person: Person) -> bool:
    """Whether what is right depends on who gave or took the role last."""
    if person.seen is None:
        return False
    standing, has_role = person.record.standing, person.seen.has_role
    lost = standing is Standing.MEMBER and not has_role and not person.record.granting
    return lost or (standing is Standing.TAKEN and has_role)


def _about(person: Person, policy: Policy) -> list[Do]:
    seen, record = person.seen, person.record
    if seen is not None and seen.has_role and record.erased and record.standing is not Standing.MEMBER:
        return []
    if seen is None:
        present = record.standing in {Standing.EARLIER, Standing.OPEN, Standing.MEMBER, Standing.TAKEN}
        return [Do.LEAVE] if present and not record.away else []
    found = []
    if record.noted and (not seen.has_role or record.standing is Standing.MEMBER):
        found.append(Do.SETTLE)
    kept = record.standing in {Standing.OPEN, Standing.MEMBER, Standing.TAKEN}
    if kept and (record.pending, record.automod) != (seen.pending, seen.automod):
        found.append(Do.NOTE_SIGNS)
    about_role = _with_role if seen.has_role else _without_role
    return [*found, *about_role(seen, record, person.last, policy)]


def _without_role(seen: Seen, record: OnRecord, last: LastChange | None, _policy: Policy) -> list[Do]:
    back = [Do.ARRIVE] if record.away else []
    match record.standing:
        case Standing.UNKNOWN | Standing.ENDED if seen.runs_the_place:
            return []
        case Standing.UNKNOWN:
            return [Do.ARRIVE]
        case Standing.EARLIER | Standing.OPEN:
            return []
        case Standing.MEMBER if not record.granting and _was_taken(record, last):
            return [Do.NOTE_TAKEN, *back]
        case Standing.MEMBER if not back:
            passed = record.pending and not seen.pending
            return [Do.GRANT] if passed or not record.granting else []
        case _:
            return back


def _was_taken(record: OnRecord, last: LastChange | None) -> bool:
    """Whether the last that is known of their role is that somebody else took it, after they were let in."""
    if last is None or last.given or last.own:
        return False
    return record.since is None or last.at > record.since - CLOCKS_DIFFER


def _with_role(seen: Seen, record: OnRecord, last: LastChange | None, policy: Policy) -> list[Do]:
    back = [Do.ARRIVE] if record.away else []
    settle = [Do.SETTLE] if record.noted else []
    match record.standing:
        case Standing.EARLIER:
            return []
        case Standing.MEMBER:
            return back
        case Standing.UNKNOWN if policy.first_look:
            return [Do.NOTE_EARLIER]
        case Standing.TAKEN if last is not None and last.given and not last.by_bot and not last.own:
            return [*settle, Do.NOTE_GIVEN, *back]
        case _:
            return _unrecorded(seen, record, policy)


def _unrecorded(seen: Seen, record: OnRecord, policy: Policy) -> list[Do]:
    alert = [] if record.noted else [Do.ALERT]
    if seen.runs_the_place:
        return [Do.NOTE_EARLIER, *alert] if record.standing is Standing.UNKNOWN else alert
    if not policy.take_back:
        return alert
    settle = [Do.SETTLE] if record.noted else []
    return [] if record.revoking else [*settle, Do.TAKE_BACK]
