"""A server as plain values, with Discord's permission arithmetic.

The arithmetic is Discord's own (https://discord.com/developers/docs/topics/permissions): @everyone, or
all roles together, then @everyone's overwrite, then all role denies at once, then all role allows at
once, then the member's own overwrite. The owner and administrators get everything.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from functools import cached_property


class Permission(IntFlag):
    """The permissions that matter to a gate, with Discord's own bits."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    VIEW_GUILD_INSIGHTS = 1 << 19
    CONNECT = 1 << 20
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


EVERY_PERMISSION = (1 << 64) - 1

# As plain numbers: arithmetic over a whole server is done many thousand times, and an enum's is slow.
_ADMINISTRATOR = int(Permission.ADMINISTRATOR)
_VIEW_CHANNEL = int(Permission.VIEW_CHANNEL)


class ChannelKind(StrEnum):
    """What a channel is, as far as it matters here."""

    TEXT = "text"
    VOICE = "voice"
    CATEGORY = "category"
    ANNOUNCEMENT = "announcement"
    STAGE = "stage"
    DIRECTORY = "directory"
    FORUM = "forum"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Role:
    """A role. @everyone has the server's own id."""

    id: int
    name: str
    position: int
    permissions: int = 0
    managed: bool = False
    """Belongs to an integration: nobody can give or take it by hand."""
    bot_id: int | None = None
    """The bot that Discord made this role for."""
    integration: bool = False
    booster: bool = False
    linked: bool = False
    """Given by Discord when somebody connects an account (a linked role)."""
    purchasable: bool = False
    in_prompt: bool = False
    """People can pick it for themselves in the server's onboarding."""

    def has(self, permission: Permission) -> bool:
        """Whether the role itself carries a permission, in any channel that does not deny it."""
        return bool(int(self.permissions) & int(permission))


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows and denies one role, or one member."""

    target_id: int
    is_role: bool
    allow: int = 0
    deny: int = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel or category. A channel inherits nothing from its category: it has a copy."""

    id: int
    name: str
    kind: ChannelKind = ChannelKind.TEXT
    parent_id: int | None = None
    overwrites: tuple[Overwrite, ...] = ()

    def overwrite_of(self, target_id: int) -> Overwrite | None:
        """The overwrite for a role or a member."""
        return next((o for o in self.overwrites if o.target_id == target_id), None)


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite, with the roles it gives (since 2026 it may, also to people already inside)."""

    code: str
    role_ids: frozenset[int] = frozenset()
    inviter_id: int | None = None


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Discord's own onboarding: which roles its questions give, and its default channels."""

    enabled: bool
    role_ids: frozenset[int] = frozenset()
    default_channel_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Bot:
    """Another application in the server."""

    user_id: int
    name: str
    role_ids: frozenset[int]


@dataclass(frozen=True)
class Server:
    """A server as it stands. What could not be read is None."""

    id: int
    name: str
    owner_id: int
    roles: tuple[Role, ...]
    channels: tuple[Channel, ...]
    own_id: int
    """The bot's own user id."""
    own_role_ids: frozenset[int]
    features: frozenset[str] = frozenset()
    """Discord's feature names, such as ``COMMUNITY``, ``PREVIEW_ENABLED``, ``DISCOVERABLE``."""
    widget_enabled: bool = False
    announces_joins: bool = False
    """Discord posts in the system channel whenever somebody joins."""
    system_channel_id: int | None = None
    invites_paused: bool = False
    invites: tuple[Invite, ...] | None = None
    onboarding: Onboarding | None = None
    bots: tuple[Bot, ...] | None = None
    """Other bots, without this one."""
    people: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """The roles of people whom a channel's overwrites name; none for whoever is not in the server."""
    two_factor: bool = True
    """Whoever moderates needs two-factor authentication."""

    @cached_property
    def roles_by_id(self) -> dict[int, Role]:
        """Every role by its id, @everyone among them."""
        return {role.id: role for role in self.roles}

    @cached_property
    def channels_by_id(self) -> dict[int, Channel]:
        """Every channel and category by its id."""
        return {channel.id: channel for channel in self.channels}

    @property
    def everyone(self) -> Role:
        """The role that everyone has."""
        return self.roles_by_id[self.id]

    @property
    def own_top_position(self) -> int:
        """The position of the bot's highest role; it can give only roles below."""
        return max((r.position for r in self.roles if r.id in self.own_role_ids), default=0)

    def base(self, role_ids: Collection[int]) -> int:
        """What somebody with these roles (and @everyone) may do where no channel says otherwise."""
        bits = self.everyone.permissions
        for role_id in role_ids:
            role = self.roles_by_id.get(role_id)
            bits |= role.permissions if role else 0
        return EVERY_PERMISSION if bits & _ADMINISTRATOR else bits

    def in_channel(self, channel: Channel, role_ids: Collection[int], member_id: int = 0) -> int:
        """What somebody with these roles may do in a channel."""
        if member_id and member_id == self.owner_id:
            return EVERY_PERMISSION
        bits = self.base(role_ids)
        if bits == EVERY_PERMISSION:
            return bits
        everyone = own = None
        allow = deny = 0
        for overwrite in channel.overwrites:
            if overwrite.target_id == self.id:
                everyone = overwrite
            elif overwrite.is_role and overwrite.target_id in role_ids:
                allow |= overwrite.allow
                deny |= overwrite.deny
            elif not overwrite.is_role and overwrite.target_id == member_id:
                own = overwrite
        if everyone is not None:
            bits = bits & ~everyone.deny | everyone.allow
        bits = bits & ~deny | allow
        if own is not None:
            bits = bits & ~own.deny | own.allow
        return bits if bits & _VIEW_CHANNEL else 0

    def can(self, permission: Permission, channel: Channel, role_ids: Collection[int] = ()) -> bool:
        """Whether somebody with these roles has a permission in a channel."""
        return bool(self.in_channel(channel, role_ids) & int(permission))

    def sees(self, channel: Channel, role_ids: Collection[int] = ()) -> bool:
        """Whether somebody with these roles sees a channel."""
        return self.can(Permission.VIEW_CHANNEL, channel, role_ids)

    def i_can(self, permission: Permission, channel: Channel | None = None) -> bool:
        """Whether the bot itself has a permission, in a channel or in the server."""
        if self.own_id == self.owner_id:
            return True
        if channel is None:
            return bool(self.base(self.own_role_ids) & int(permission))
        return bool(self.in_channel(channel, self.own_role_ids, self.own_id) & int(permission))


@dataclass(frozen=True, slots=True)
class Places:
    """Which role and channel is which, by id, and who is staff."""

    member_role: int
    quarantine_channel: int
    review_channel: int
    welcome_channel: int
    moderator_roles: frozenset[int]
    log_channel: int | None = None
    staff_roles: frozenset[int] = frozenset()
    """Roles, beside those of moderators, whose holders may see everything: trusted by the admins."""
    open_channels: frozenset[int] = frozenset()
    """Channels that everyone is meant to see, such as rules."""

    @property
    def trusted_roles(self) -> frozenset[int]:
        """The roles of moderators and other staff."""
        return self.moderator_roles | self.staff_roles
