"""A simulated server for properties of the core: both ports over one truth, with a memory for wrongs.

It knows who is there, who holds which role and who gave it, what was posted and sent, and what Discord's
own log says. It answers as Discord does, or fails as it was told to. What the bot must never do is written
down in ``wrongs`` at the moment at which it is done: the outbox outlives exceptions, and would hide them.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.ports import Done, Later, Member, Refused, Result, RoleChange, Room, Why
from bot.screens.elements import Screen
from tests.support import (
    MEMBER_ROLE,
    MODERATOR_ROLE,
    NOW,
    PRIVATE,
    ROOMS,
    FakeClock,
    FakeDoorkeeper,
)

NONCES_LAST = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(minutes=2)
US = 999000000000000001


class Crash(BaseException):
    """The process is gone."""


class Times(FakeClock):
    """The bot's clock, which may jump, beside Discord's, which runs evenly."""

    def __init__(self) -> None:
        super().__init__()
        self.real = NOW
        """What Discord's clock shows."""
        self.awake = timedelta()
        """How long the bot has been awake in all."""

    def advance(self, **by: float) -> datetime:
        """Time passes for everybody."""
        self.pass_by(timedelta(**by))
        return self.now

    def pass_by(self, span: timedelta, *, awake: bool = True) -> None:
        """Time passes for everybody, with the bot awake or not."""
        self.now += span
        self.real += span
        self.awake += span if awake or span <= timedelta(minutes=30) else timedelta()

    @property
    def ahead(self) -> timedelta:
        """How far the bot's clock is ahead of Discord's."""
        return self.now - self.real


@dataclass
class Person:
    """Somebody whom the server knows, or knew."""

    here: bool = False
    roles: set[int] = field(default_factory=set)
    pending: bool = False
    bot: bool = False
    takes_messages: bool = True

    @property
    def inside(self) -> bool:
        """Whether they are in the server with the member role."""
        return self.here and MEMBER_ROLE in self.roles

    @property
    def runs_the_place(self) -> bool:
        """Whether they are a moderator."""
        return MODERATOR_ROLE in self.roles


@dataclass
class Message:
    """Something that the bot posted in a room, or sent to a person."""

    id: int
    place: str
    screen: Screen
    nonce: str
    at: datetime
    deleted: bool = False

    @property
    def first_line(self) -> str:
        """What tells a message apart from others."""
        return self.screen.text.strip().partition("\n")[0]


class Server(FakeDoorkeeper):
    """The doorkeeper and the lookout, over one truth."""

    def __init__(self, times: Times, is_let_in: Callable[[int], bool]) -> None:
        super().__init__()
        self.times = times
        self.is_let_in = is_let_in
        """Whether a decision to let somebody in stands at this moment."""
        self.people: dict[int, Person] = {}
        self.log: list[RoleChange] = []
        self.messages: list[Message] = []
        self.pressed: set[int] = set()
        """Who ever pressed anything, or was decided about."""
        self.removed: list[int] = []
        self.wrongs: list[str] = []
        self.faults: deque[str] = deque()
        self.unseen = 0
        """How many looks at the server fail from now on."""
        self.nonces: dict[str, int] = {}
        self._last_sent: dict[int, timedelta] = {}
        self._jumped = timedelta()

    # What happens in the server by itself.

    def whoever(self, user_id: int) -> Person:
        """Somebody, known or not."""
        return self.people.setdefault(user_id, Person())

    def join(self, user_id: int, *, pending: bool, with_role: bool = False) -> None:
        """Somebody joins, perhaps through an invite that gives the role."""
        person = self.whoever(user_id)
        person.here, person.pending = True, pending
        person.roles = {MEMBER_ROLE} if with_role else set()

    def leave(self, user_id: int) -> None:
        """Somebody leaves, and their roles are gone."""
        person = self.whoever(user_id)
        person.here, person.pending, person.roles = False, False, set()

    def hand(self, user_id: int, by: int, *, given: bool) -> RoleChange | None:
        """Somebody else gives or takes the member role; None where it changes nothing."""
        person = self.whoever(user_id)
        if not person.here or given == (MEMBER_ROLE in person.roles):
            return None
        return self._change(user_id, by, given=given)

    def _change(self, user_id: int, by: int, *, given: bool) -> RoleChange:
        roles = self.people[user_id].roles
        if given:
            roles.add(MEMBER_ROLE)
        else:
            roles.discard(MEMBER_ROLE)
        change = RoleChange(user_id, given, by, self.whoever(by).bot, self.times.real, own=by == US)
        self.log.append(change)
        return change

    def inside(self) -> set[int]:
        """Who holds the member role."""
        return {user_id for user_id, person in self.people.items() if person.inside}

    def standing(self, place: str | Room) -> list[Message]:
        """The messages that stand in a place."""
        return [one for one in self.messages if one.place == str(place) and not one.deleted]

    def message(self, message_id: int) -> Message | None:
        """A message that stands."""
        return next((one for one in self.messages if one.id == message_id and not one.deleted), None)

    # The doorkeeper.

    async def grant(self, user_id: int, case_code: str) -> Result:  # noqa: ARG002 - the port's own
        return self._answer(lambda: self._grant(user_id))

    def _grant(self, user_id: int) -> Result:
        if not self.whoever(user_id).here:
            return Refused(Why.GONE)
        if not self.is_let_in(user_id):
            self.wrongs.append(f"the role was given without a decision: {user_id}")
        if not self.people[user_id].inside:
            self._change(user_id, US, given=True)
        return Done()

    async def revoke(self, user_id: int, case_code: str) -> Result:  # noqa: ARG002 - the port's own
        return self._answer(lambda: self._revoke(user_id))

    def _revoke(self, user_id: int) -> Result:
        person = self.whoever(user_id)
        if not person.here:
            return Refused(Why.GONE)
        if self.is_let_in(user_id) or person.runs_the_place:
            self.wrongs.append(f"the role was taken from somebody who may have it: {user_id}")
        if person.inside:
            self._change(user_id, US, given=False)
        return Done()

    async def remove(self, user_id: int, case_code: str) -> Result:  # noqa: ARG002 - the port's own
        return self._answer(lambda: self._remove(user_id))

    def _remove(self, user_id: int) -> Result:
        person = self.whoever(user_id)
        if not person.here:
            return Refused(Why.GONE)
        if person.inside or person.runs_the_place:
            return Refused(Why.KEPT)
        self.removed.append(user_id)
        self.leave(user_id)
        return Done()

    async def tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        return self._answer(lambda: self._tell(user_id, screen, nonce, since))

    def _tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None) -> Result:
        person = self.whoever(user_id)
        if not person.here:
            return Refused(Why.GONE)
        if not person.takes_messages:
            return Refused(Why.CLOSED)
        before = len(self.messages)
        result = self._send(str(user_id), screen, nonce, since)
        if len(self.messages) > before:
            self._note_told(user_id)
        return result

    def _note_told(self, user_id: int) -> None:
        if user_id not in self.pressed:
            self.wrongs.append(f"somebody who never pressed anything was sent a message: {user_id}")
        passed = self.passed
        last = self._last_sent.get(user_id)
        if last is not None and passed - last < timedelta(days=1):
            self.wrongs.append(f"two messages within {passed - last}: {user_id}")
        self._last_sent[user_id] = passed

    @property
    def passed(self) -> timedelta:
        """How much time has passed, as far as the bot can know: jumps ahead count, jumps back do not."""
        return self.times.real - NOW + self._jumped

    def jumped(self, span: timedelta) -> None:
        """The bot's clock jumped ahead."""
        self._jumped += span

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        return self._answer(lambda: self._send(room.value, screen, nonce, since))

    def _send(self, place: str, screen: Screen, nonce: str, since: datetime | None) -> Result:
        sent = Message(len(self.messages) + 1000, place, screen, nonce, self.times.real)
        for one in self.messages:
            remembered = one.nonce == nonce and self.times.real - one.at < NONCES_LAST
            if one.place == place and remembered:
                return _sent(one)
        for one in reversed(self.standing(place)):
            if since and one.at >= since - CLOCKS_DIFFER and one.first_line == sent.first_line:
                if one.nonce[:16] != nonce[:16]:
                    self.wrongs.append(f"one message was taken for another: {sent.first_line}")
                one.screen = screen
                return _sent(one)
        if any(one.nonce == nonce and one.place == place for one in self.messages):
            self.wrongs.append(f"the same was sent twice: {sent.first_line}")
        self.messages.append(sent)
        return _sent(sent)

    async def delete(self, channel_id: int, message_id: int) -> Result:
        def do() -> Result:
            found = self.message(message_id)
            if found is None or _channel(found.place) != channel_id:
                return Refused(Why.MISSING_MESSAGE)
            found.deleted = True
            return Done()

        return self._answer(do)

    async def delete_in(self, room: Room, message_id: int) -> Result:
        return await self.delete(ROOMS[room], message_id)

    async def edit(self, room: Room, message_id: int, screen: Screen) -> Result:  # noqa: ARG002 - as above
        def do() -> Result:
            found = self.message(message_id)
            if found is None:
                return Refused(Why.MISSING_MESSAGE)
            found.screen = screen
            return Done(message_id)

        return self._answer(do)

    async def stands(self, room: Room, message_id: int) -> Result:  # noqa: ARG002 - as above
        return self._answer(
            lambda: Done(message_id) if self.message(message_id) else Refused(Why.MISSING_MESSAGE)
        )

    def _answer(self, do: Callable[[], Result]) -> Result:
        match self.faults.popleft() if self.faults else "":
            case "away":
                return Later("http_503")
            case "busy":
                return Later("rate_limited", timedelta(seconds=70))
            case "forbidden":
                return Refused(Why.FORBIDDEN)
            case "unheard":
                do()
                return Later("ServerDisconnectedError")
            case "crash before":
                raise Crash
            case "crash after":
                do()
                raise Crash
        return do()

    # The lookout.

    async def member(self, user_id: int) -> Member | Refused | Later:
        if self._is_unseen():
            return Later("http_503")
        return self._member(user_id) if self.whoever(user_id).here else Refused(Why.GONE)

    def _member(self, user_id: int) -> Member:
        person = self.people[user_id]
        return Member(user_id, frozenset(person.roles), person.pending, bot=person.bot)

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        if self._is_unseen():
            return Later("http_503")
        here = sorted(one for one, person in self.people.items() if person.here and one > after)
        return tuple(map(self._member, here[:3]))

    async def role_changes(self, since: datetime) -> tuple[RoleChange, ...] | Refused | Later:
        if self._is_unseen():
            return Later("http_503")
        return tuple(reversed([change for change in self.log if change.at >= since]))

    def _is_unseen(self) -> bool:
        if not self.unseen:
            return False
        self.unseen -= 1
        return True


def _sent(message: Message) -> Done:
    return Done(message.id, channel_id=_channel(message.place), message_ids=(message.id,))


def _channel(place: str) -> int:
    """The channel of a room, or of the private conversation with a person."""
    return int(place) + PRIVATE if place.isdigit() else ROOMS[Room(place)]
