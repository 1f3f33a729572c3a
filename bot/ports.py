"""The ports through which the core acts on the server, and looks at it.

Refusals that are to be expected are values, not exceptions: the person has gone, their messages are
closed, a permission is missing. Whatever else goes wrong is a ``Later``.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.layout.changes import Change
from bot.layout.model import Server
from bot.screens.elements import Screen


class Room(StrEnum):
    """A channel, by what it is for."""

    QUARANTINE = "quarantine"
    REVIEW = "review"
    LOG = "log"
    """Where notices about the server itself go; the review channel, unless there is one of its own."""
    WELCOME = "welcome"
    """Where members go first."""
    ANCHOR = "anchor"
    """Where the end of the event log is posted; refused as ``MISSING_ROOM`` where there is none."""


class Why(StrEnum):
    """Why something could not be done."""

    GONE = "gone"
    """The person is no longer in the server; or what was to be deleted is not there."""
    CLOSED = "closed"
    """The person takes no messages."""
    FORBIDDEN = "forbidden"
    """A permission is missing, or the bot's role stands too low."""
    MISSING_MESSAGE = "missing_message"
    MISSING_ROOM = "missing_room"
    MISSING_THREAD = "missing_thread"
    """The private thread is not there any more."""
    FULL = "full"
    """Discord has no room for another thread, or for another person in it."""
    MISSING_ROLE = "missing_role"
    KEPT = "kept"
    """The person has a role of members or of the team, and nobody like that is removed."""
    UNFIT = "unfit"
    """Discord does not take the message as it is. It never will."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is done. ``message_id`` names what was posted, ``made_id`` what was made, where something was."""

    message_id: int = 0
    made_id: int = 0
    channel_id: int = 0
    """Where it was posted."""
    message_ids: tuple[int, ...] = ()
    """All its parts, where it took several messages."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be done as things stand."""

    why: Why


@dataclass(frozen=True, slots=True)
class Later:
    """It did not work this time. ``code`` goes to the log; ``after`` is Discord's own wish, if any."""

    code: str
    after: timedelta | None = None
    patient: bool = False
    """It waits for the person it is about: however long that takes, nobody has to mend anything."""


Result = Done | Refused | Later


class Doorkeeper(Protocol):
    """Acts on the server."""

    async def grant(self, user_id: int, case_code: str) -> Result:
        """Give somebody the member role. Giving it twice is the same as once."""

    async def revoke(self, user_id: int, case_code: str) -> Result:
        """Take the member role from somebody. Taking it twice is the same as once.

        The code is empty for somebody of whom nothing is kept any more.
        """

    async def remove(self, user_id: int, case_code: str) -> Result:
        """Remove somebody from the server. Never a ban: they can come back."""

    async def tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        """Send somebody a direct message. Within minutes, the same nonce sends only once.

        With ``since``, an earlier attempt may have sent it after that moment: look for it first.
        """

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        """Post in a channel. Within minutes, the same nonce posts only once.

        With ``since``, an earlier attempt may have posted it after that moment: look for it first.
        """

    async def pause_invites(self, until: datetime | None) -> Result:
        """Have Discord take no invites until a moment, at most a day ahead; None: take them again."""

    async def edit(self, room: Room, message_id: int, screen: Screen) -> Result:
        """Make a posted message show something else."""

    async def stands(self, room: Room, message_id: int) -> Result:
        """Whether a posted message is still there."""

    async def delete(self, channel_id: int, message_id: int) -> Result:
        """Delete a message of the bot's own, in a channel or a private conversation."""

    async def delete_in(self, room: Room, message_id: int) -> Result:
        """Delete a message of the bot's own, in one of its rooms."""

    async def open_thread(
        self, case_code: str, user_ids: tuple[int, ...], nonce: str, since: datetime | None = None
    ) -> Result:
        """Open a private thread under the quarantine channel, named by a case code, with people in it.

        ``made_id`` of what is done is the thread. With ``since``, an earlier attempt may have made it
        after that moment: look for it by its name first. Where somebody cannot be added for good, there is
        no thread. ``nonce`` tells two wishes apart where the server takes one; Discord takes none here.
        """

    async def join_thread(self, thread_id: int, user_id: int) -> Result:
        """Add somebody to a thread. Adding them twice is the same as once."""

    async def leave_thread(self, thread_id: int, user_id: int) -> Result:
        """Take somebody out of a thread. Taking them out twice is the same as once."""

    async def post_in(
        self, thread_id: int, screen: Screen, nonce: str, since: datetime | None = None
    ) -> Result:
        """Post in a thread, as ``post`` does in a channel. A thread that sleeps is woken."""

    async def close_thread(self, thread_id: int, case_code: str = "") -> Result:
        """Delete a thread with all that was said in it; with 0, the one named by the code, if any."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the server, as Discord shows them."""

    user_id: int = field(repr=False)
    role_ids: frozenset[int]
    pending: bool = False
    """Has not passed Discord's own screening yet."""
    automod: bool = False
    """Blocked by Discord's AutoMod because of a name."""
    bot: bool = False
    owner: bool = False
    joined_at: datetime | None = None
    """When they last joined."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """The member role, given or taken, as the server's own audit log has it."""

    user_id: int = field(repr=False)
    given: bool
    by: int = field(repr=False)
    by_bot: bool
    at: datetime
    own: bool = False
    """It was this bot."""


class Lookout(Protocol):
    """Looks at the server. What could not be read is told as for the doorkeeper."""

    async def member(self, user_id: int) -> Member | Refused | Later:
        """Somebody in the server; refused with ``GONE`` when they are not."""

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        """Up to a thousand members whose ids come after ``after``, in order; none: that was all."""

    async def role_changes(self, since: datetime) -> tuple[RoleChange, ...] | Refused | Later:
        """Who gave and took the member role lately, the newest first, as far back as one page goes."""


class Surveyor(Protocol):
    """Looks at the server as it stands."""

    async def survey(self) -> Server | Refused | Later:
        """Everything about the server's layout. What Discord does not show is None in it."""


class Builder(Protocol):
    """Changes the server's layout."""

    async def apply(self, change: Change) -> Result:
        """Make one change. What was made by a key before can be named by it."""

    async def give_role(self, user_id: int, role_id: int) -> Result:
        """Give somebody a role. Giving it twice is the same as once."""
