"""The one port through which the core acts on the server.

Refusals that are to be expected are values, not exceptions: the person has gone, their messages are
closed, a permission is missing. Whatever else goes wrong is a ``Later``.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from bot.screens.elements import Screen


class Room(StrEnum):
    """A channel, by what it is for."""

    QUARANTINE = "quarantine"
    REVIEW = "review"


class Why(StrEnum):
    """Why something could not be done."""

    GONE = "gone"
    """The person is no longer in the server."""
    CLOSED = "closed"
    """The person takes no messages."""
    FORBIDDEN = "forbidden"
    """A permission is missing, or the bot's role stands too low."""
    MISSING_MESSAGE = "missing_message"
    MISSING_ROOM = "missing_room"
    MISSING_ROLE = "missing_role"
    UNFIT = "unfit"
    """Discord does not take the message as it is. It never will."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is done. ``message_id`` names what was posted, where something was."""

    message_id: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be done as things stand."""

    why: Why


@dataclass(frozen=True, slots=True)
class Later:
    """It did not work this time. ``code`` goes to the log; ``after`` is Discord's own wish, if any."""

    code: str
    after: timedelta | None = None


Result = Done | Refused | Later


class Doorkeeper(Protocol):
    """Acts on the server."""

    async def grant(self, user_id: int, case_code: str) -> Result:
        """Give somebody the member role. Giving it twice is the same as once."""

    async def tell(self, user_id: int, screen: Screen, nonce: str) -> Result:
        """Send somebody a direct message. Within minutes, the same nonce sends only once."""

    async def post(self, room: Room, screen: Screen, nonce: str) -> Result:
        """Post in a channel. Within minutes, the same nonce posts only once."""

    async def edit(self, room: Room, message_id: int, screen: Screen) -> Result:
        """Make a posted message show something else."""

    async def stands(self, room: Room, message_id: int) -> Result:
        """Whether a posted message is still there."""
