"""A sound server for tests of the audit, and small changes to it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.layout.model import (
    Bot,
    Channel,
    ChannelKind,
    Invite,
    Onboarding,
    Overwrite,
    Permission,
    Places,
    Role,
    Server,
)

P = Permission

GUILD, MEMBER, MODERATOR, STAFF, OWN = 1, 10, 20, 25, 90
COLOUR, BOOSTER, OTHER_BOT_ROLE = 30, 40, 50
PORCH, REVIEW, LOG, LOUNGE, RULES, VOICE, FORUM, STAGE = 100, 101, 102, 103, 104, 105, 106, 107
LIVING, HALL = 110, 111
ME, OWNER, HELPER, SOMEBODY = 900, 901, 902, 903

VIEW = P.VIEW_CHANNEL
WORKS = VIEW | P.SEND_MESSAGES | P.READ_MESSAGE_HISTORY
TALKS = P.CREATE_PRIVATE_THREADS | P.SEND_MESSAGES_IN_THREADS | P.MANAGE_THREADS
DENIED_ON_PORCH = P.SEND_MESSAGES | P.ADD_REACTIONS | P.CREATE_PUBLIC_THREADS | P.CREATE_PRIVATE_THREADS

PLACES = Places(
    member_role=MEMBER,
    quarantine_channel=PORCH,
    review_channel=REVIEW,
    welcome_channel=LOUNGE,
    moderator_roles=frozenset({MODERATOR}),
    log_channel=LOG,
    staff_roles=frozenset({STAFF}),
    open_channels=frozenset({RULES}),
)

Layout = tuple[Server, Places]


def role_overwrite(role_id: int, allow: int = 0, deny: int = 0) -> Overwrite:
    """What a channel allows and denies a role."""
    return Overwrite(role_id, is_role=True, allow=int(allow), deny=int(deny))


def person_overwrite(user_id: int, allow: int = 0, deny: int = 0) -> Overwrite:
    """What a channel allows and denies one person."""
    return Overwrite(user_id, is_role=False, allow=int(allow), deny=int(deny))


def team_room(room_id: int, name: str) -> Channel:
    """A channel for the team."""
    overwrites = (
        role_overwrite(GUILD, deny=VIEW),
        role_overwrite(MODERATOR, allow=VIEW),
        role_overwrite(STAFF, allow=VIEW),
        role_overwrite(OWN, allow=WORKS),
    )
    return Channel(room_id, name, overwrites=overwrites)


def sound(**fields: Any) -> Server:
    """A server as it should be: closed, with members, moderators, staff, and another bot that is harmless."""
    porch = (
        role_overwrite(
            GUILD, allow=VIEW | P.READ_MESSAGE_HISTORY | P.SEND_MESSAGES_IN_THREADS, deny=DENIED_ON_PORCH
        ),
        role_overwrite(MEMBER, deny=VIEW),
        role_overwrite(MODERATOR, allow=VIEW),
        role_overwrite(STAFF, allow=VIEW),
        role_overwrite(OWN, allow=WORKS | TALKS),
    )
    usual: dict[str, Any] = {
        "id": GUILD,
        "name": "The Harbour",
        "owner_id": OWNER,
        "roles": (
            Role(
                GUILD, "@everyone", 0, P.SEND_MESSAGES | P.READ_MESSAGE_HISTORY | P.USE_APPLICATION_COMMANDS
            ),
            Role(COLOUR, "Blue", 1, P.SEND_MESSAGES),
            Role(BOOSTER, "Booster", 2, P.SEND_MESSAGES, managed=True, booster=True),
            Role(MEMBER, "Member", 3, VIEW | P.SEND_MESSAGES | P.CONNECT),
            Role(MODERATOR, "Moderator", 4, VIEW | P.MODERATE_MEMBERS | P.MANAGE_MESSAGES),
            Role(STAFF, "Helper", 5, VIEW),
            Role(OTHER_BOT_ROLE, "Music", 6, VIEW | P.CONNECT, managed=True, bot_id=HELPER),
            Role(
                OWN,
                "Porchlight",
                9,
                WORKS | TALKS | P.MANAGE_ROLES | P.MANAGE_GUILD | P.VIEW_AUDIT_LOG | P.KICK_MEMBERS,
                managed=True,
                bot_id=ME,
            ),
        ),
        "channels": (
            Channel(PORCH, "front-porch", overwrites=porch),
            team_room(REVIEW, "review"),
            team_room(LOG, "log"),
            Channel(HALL, "Hall", ChannelKind.CATEGORY, overwrites=(role_overwrite(GUILD, allow=VIEW),)),
            Channel(RULES, "rules", parent_id=HALL, overwrites=(role_overwrite(GUILD, allow=VIEW),)),
            Channel(LIVING, "Living room", ChannelKind.CATEGORY),
            Channel(LOUNGE, "start-here", parent_id=LIVING),
            Channel(VOICE, "talk", ChannelKind.VOICE, parent_id=LIVING),
            Channel(FORUM, "questions", ChannelKind.FORUM, parent_id=LIVING),
            Channel(STAGE, "evenings", ChannelKind.STAGE, parent_id=LIVING),
        ),
        "own_id": ME,
        "own_role_ids": frozenset({OWN}),
        "features": frozenset({"COMMUNITY"}),
        "invites": (Invite("plain"),),
        "onboarding": Onboarding(enabled=False),
        "bots": (Bot(HELPER, "Music", frozenset({OTHER_BOT_ROLE})),),
    }
    return Server(**{**usual, **fields})


Step = Callable[[Server], Server]


def with_role(role_id: int, **fields: Any) -> Step:
    """Change a role."""

    def step(server: Server) -> Server:
        return replace(
            server, roles=tuple(replace(r, **fields) if r.id == role_id else r for r in server.roles)
        )

    return step


def carrying(role_id: int, permissions: int) -> Step:
    """A role carries something more."""

    def step(server: Server) -> Server:
        now = server.roles_by_id[role_id].permissions
        return with_role(role_id, permissions=int(now | permissions))(server)

    return step


def lacking(role_id: int, permissions: int) -> Step:
    """A role carries something no longer."""

    def step(server: Server) -> Server:
        now = server.roles_by_id[role_id].permissions
        return with_role(role_id, permissions=int(now & ~permissions))(server)

    return step


def new_role(**fields: Any) -> Step:
    """One more role, low down."""
    usual: dict[str, Any] = {"id": 60, "name": "New", "position": 1}

    def step(server: Server) -> Server:
        return replace(server, roles=(*server.roles, Role(**{**usual, **fields})))

    return step


def without_role(role_id: int) -> Step:
    """A role is gone."""

    def step(server: Server) -> Server:
        return replace(server, roles=tuple(r for r in server.roles if r.id != role_id))

    return step


def with_channel(channel_id: int, **fields: Any) -> Step:
    """Change a channel."""

    def step(server: Server) -> Server:
        changed = tuple(replace(c, **fields) if c.id == channel_id else c for c in server.channels)
        return replace(server, channels=changed)

    return step


def without_channel(channel_id: int) -> Step:
    """A channel is gone."""

    def step(server: Server) -> Server:
        return replace(server, channels=tuple(c for c in server.channels if c.id != channel_id))

    return step


def overwriting(channel_id: int, overwrite: Overwrite) -> Step:
    """A channel says something else about a role or a person."""

    def step(server: Server) -> Server:
        kept = [o for o in server.channels_by_id[channel_id].overwrites if o.target_id != overwrite.target_id]
        return with_channel(channel_id, overwrites=(*kept, overwrite))(server)

    return step


def allowing(channel_id: int, role_id: int, permissions: int) -> Step:
    """A channel allows a role something more."""

    def step(server: Server) -> Server:
        now = server.channels_by_id[channel_id].overwrite_of(role_id) or role_overwrite(role_id)
        changed = role_overwrite(role_id, now.allow | permissions, now.deny & ~permissions)
        return overwriting(channel_id, changed)(server)

    return step


def silent(channel_id: int, role_id: int) -> Step:
    """A channel says nothing about a role any more."""

    def step(server: Server) -> Server:
        kept = tuple(o for o in server.channels_by_id[channel_id].overwrites if o.target_id != role_id)
        return with_channel(channel_id, overwrites=kept)(server)

    return step


def being(**fields: Any) -> Step:
    """The server as a whole is otherwise."""
    return lambda server: replace(server, **fields)


def after(*steps: Step, server: Server | None = None) -> Server:
    """A sound server after these steps."""
    server = server or sound()
    for step in steps:
        server = step(server)
    return server
