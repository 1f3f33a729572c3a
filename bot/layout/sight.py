"""A server looked at with its places in mind: who is who, and what each role is there for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.layout.model import Channel, ChannelKind, Permission, Places, Role, Server

POWERS = int(
    Permission.ADMINISTRATOR
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_GUILD
    | Permission.MANAGE_WEBHOOKS
    | Permission.MANAGE_THREADS
    | Permission.MANAGE_MESSAGES
    | Permission.KICK_MEMBERS
    | Permission.BAN_MEMBERS
    | Permission.MODERATE_MEMBERS
    | Permission.VIEW_AUDIT_LOG
    | Permission.VIEW_GUILD_INSIGHTS
    | Permission.MENTION_EVERYONE
)
"""What only staff should be able to do."""

NOT_FOR_EVERYONE = int(POWERS | Permission.CREATE_INSTANT_INVITE)
"""What nobody should be able to do who has not been let in."""

OPENING = int(Permission.ADMINISTRATOR | Permission.VIEW_CHANNEL | Permission.MANAGE_ROLES)
"""What opens the server to whoever holds a role that carries it."""

ROOM_NEEDS = int(Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.READ_MESSAGE_HISTORY)
"""What the bot needs in each channel that it works in."""

THREAD_NEEDS = int(
    Permission.CREATE_PRIVATE_THREADS | Permission.SEND_MESSAGES_IN_THREADS | Permission.MANAGE_THREADS
)
"""What it needs in the quarantine channel beside that: to open private conversations, and to delete them."""


def names_of(bits: int) -> tuple[str, ...]:
    """The permissions in a number, by name in small letters."""
    return tuple(p.name.lower() for p in Permission if bits & int(p) and p.name)


@dataclass(frozen=True)
class Sight:
    """A server with its places."""

    server: Server
    places: Places

    @cached_property
    def member(self) -> Role | None:
        """The member role, if there is one of its own."""
        found = self.server.roles_by_id.get(self.places.member_role)
        return None if found is None or found.id == self.server.id else found

    @cached_property
    def members(self) -> frozenset[int]:
        """What a member holds; empty without a member role."""
        return frozenset({self.member.id} if self.member else ())

    @cached_property
    def trusted(self) -> frozenset[int]:
        """The roles of staff. Neither everyone nor every member is staff, whatever the configuration says."""
        return self.places.trusted_roles - {self.server.id, self.places.member_role}

    @cached_property
    def staff(self) -> tuple[Role, ...]:
        """Those that exist."""
        return tuple(role for role in self.server.roles if role.id in self.trusted)

    @cached_property
    def own_role(self) -> Role | None:
        """The role that Discord made for the bot itself."""
        own = (r for r in self.server.roles if r.id in self.server.own_role_ids and r.managed)
        return next(own, None)

    @cached_property
    def ordinary(self) -> tuple[Role, ...]:
        """Roles that people hold who are, by them, neither members nor staff."""
        aside = {self.server.id, self.places.member_role, *self.trusted}
        if self.own_role is not None:
            aside.add(self.own_role.id)
        return tuple(role for role in self.server.roles if role.id not in aside and role.bot_id is None)

    @cached_property
    def quarantine(self) -> Channel | None:
        """The quarantine channel, if it exists."""
        return self.server.channels_by_id.get(self.places.quarantine_channel)

    @cached_property
    def open_ids(self) -> frozenset[int]:
        """The channels that everyone is meant to see."""
        return self.places.open_channels | {self.places.quarantine_channel}

    @cached_property
    def staff_rooms(self) -> tuple[Channel, ...]:
        """The review channel and the log channel, as far as they exist."""
        ids = {self.places.review_channel, self.places.log_channel} - self.open_ids
        return tuple(channel for channel in self.server.channels if channel.id in ids)

    @cached_property
    def closed(self) -> tuple[Channel, ...]:
        """What is for members: neither open, nor quarantine, nor a room of the team. Categories count."""
        aside = self.open_ids | {room.id for room in self.staff_rooms}
        return tuple(
            channel
            for channel in self.server.channels
            if channel.id not in aside and not self._holds_open_only(channel)
        )

    @cached_property
    def everyone_is_admin(self) -> bool:
        """Nothing is hidden from anybody then, and that alone is worth saying."""
        return self.server.everyone.has(Permission.ADMINISTRATOR)

    @cached_property
    def members_are_admins(self) -> bool:
        """The same, among members."""
        return self.everyone_is_admin or (
            self.member is not None and self.member.has(Permission.ADMINISTRATOR)
        )

    @cached_property
    def channels_allowing(self) -> dict[int, tuple[Channel, ...]]:
        """By role: the channels for members whose overwrites show them to it."""
        found: dict[int, list[Channel]] = {}
        for channel in self.closed:
            for overwrite in channel.overwrites:
                if overwrite.is_role and overwrite.allow & Permission.VIEW_CHANNEL:
                    found.setdefault(overwrite.target_id, []).append(channel)
        return {role_id: tuple(channels) for role_id, channels in found.items()}

    @cached_property
    def opening(self) -> tuple[Role, ...]:
        """Ordinary roles that open something to whoever holds them."""
        return tuple(r for r in self.ordinary if r.permissions & OPENING or r.id in self.channels_allowing)

    @cached_property
    def in_prompts(self) -> frozenset[int]:
        """Roles that people can pick for themselves when they join."""
        onboarding = self.server.onboarding
        if onboarding is not None and not onboarding.enabled:
            return frozenset()
        marked = {role.id for role in self.server.roles if role.in_prompt}
        return frozenset(marked | (onboarding.role_ids if onboarding else frozenset()))

    def _holds_open_only(self, channel: Channel) -> bool:
        """Whether this is a category with nothing in it but channels that everyone is meant to see."""
        if channel.kind is not ChannelKind.CATEGORY:
            return False
        inside = [other.id for other in self.server.channels if other.parent_id == channel.id]
        return bool(inside) and self.open_ids.issuperset(inside)


def channel_names(channels: Iterable[Channel]) -> tuple[str, ...]:
    """How people know channels."""
    return tuple(_named(channels))


def _named(channels: Iterable[Channel]) -> Iterator[str]:
    for channel in channels:
        yield channel.name if channel.kind is ChannelKind.CATEGORY else f"#{channel.name}"


def ids_of(things: Iterable[Channel | Role]) -> tuple[str, ...]:
    """For the fingerprint."""
    return tuple(str(thing.id) for thing in things)
