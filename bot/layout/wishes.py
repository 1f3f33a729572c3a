"""What an admin wants the layout to be, what a plan comes to, and what stands in its way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.layout.changes import Change
from bot.layout.model import Permission, Server

MEMBER_ROLE = "member_role"
MODERATOR_ROLES = "moderator_roles"
QUARANTINE_CHANNEL = "quarantine_channel"
REVIEW_CHANNEL = "review_channel"
LOG_CHANNEL = "log_channel"
WELCOME_CHANNEL = "welcome_channel"


@dataclass(frozen=True, slots=True)
class Pick:
    """Which role or channel is meant: by id where it is known, else by name."""

    name: str
    """What it is called, and what it will be called if it has to be made."""
    ids: tuple[int, ...] = ()
    chosen: bool = False
    """The admin named it. What was not named is taken only if that opens nothing and hides nothing."""


class Present(StrEnum):
    """Who gets the member role when an open server is closed."""

    UNSAID = "unsaid"
    """Everybody, if the role shows nobody more than they see today."""
    EVERYONE = "everyone"
    HOLDERS = "holders"
    """Nobody: only who has the role already is a member."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The layout that an admin wants."""

    member_role: Pick = Pick("Member")
    moderator_roles: tuple[Pick, ...] = (Pick("Moderators"),)
    quarantine_channel: Pick = Pick("front-porch")
    review_channel: Pick = Pick("porch-review")
    log_channel: Pick = Pick("porch-log")
    welcome_channel: Pick = Pick("start-here")
    staff_roles: frozenset[int] = frozenset()
    open_channels: frozenset[int] = frozenset()
    tidy_roles: bool = False
    """Take View Channels out of other roles, too."""
    present: Present = Present.UNSAID


class Reason(StrEnum):
    """What a step is for."""

    MEMBER_ROLE = "member_role"
    MEMBER_CARRIES = "member_carries"
    MODERATOR_ROLE = "moderator_role"
    NOBODY_LOSES_SIGHT = "nobody_loses_sight"
    QUARANTINE = "quarantine"
    REVIEW = "review"
    LOG = "log"
    STAYS_OPEN = "stays_open"
    TIDY = "tidy"
    CLOSE = "close"
    WELCOME = "welcome"


class NoteKind(StrEnum):
    """Something a person has to know or do by hand."""

    ADOPTED_ROLE = "adopted_role"
    ADOPTED_CHANNEL = "adopted_channel"
    GIVE_MODERATORS = "give_moderators"
    MODERATORS_NEED_TIME_OUT = "moderators_need_time_out"
    LOST_IDS = "lost_ids"
    STILL_OPEN = "still_open"
    NOT_FOR_MEMBERS = "not_for_members"
    ROLES_SEE = "roles_see"
    ALSO_SEES_REVIEW = "also_sees_review"
    BOTS_LOSE_SIGHT = "bots_lose_sight"
    HOLDERS_ONLY = "holders_only"
    TIDY_HIDES = "tidy_hides"
    POWERS_OF_EVERYONE = "powers_of_everyone"

    # What has to be mended before anything is done.
    EVERYONE_IS_ADMIN = "everyone_is_admin"
    BOT_LACKS = "bot_lacks"
    BOT_LACKS_OWN_SIGHT = "bot_lacks_own_sight"
    BOT_TOO_LOW = "bot_too_low"
    BOT_SHUT_OUT = "bot_shut_out"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    NAME_TAKEN = "name_taken"
    WRONG_KIND = "wrong_kind"
    SAME_CHANNEL = "same_channel"
    MEMBER_IS_MODERATOR = "member_is_moderator"
    ROLE_UNFIT = "role_unfit"
    ROLE_HAS_POWERS = "role_has_powers"
    ROLE_WOULD_OPEN = "role_would_open"
    MEMBER_ROLE_OPENS = "member_role_opens"
    MEMBER_ROLE_HIDES = "member_role_hides"
    WELCOME_UNSEEN = "welcome_unseen"
    MEMBERS_HIDDEN = "members_hidden"


@dataclass(frozen=True, slots=True)
class Note:
    """A note, with the names that it is about."""

    kind: NoteKind
    names: tuple[str, ...] = ()
    bits: int = 0


@dataclass(frozen=True, slots=True)
class GiveRoleToPresentMembers:
    """Give the member role to everybody who is in the server, bots excluded."""

    role_id: int


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. Ids below zero stand for what an earlier step of the plan makes."""

    deed: Change | GiveRoleToPresentMembers
    reason: Reason
    makes: int = 0
    """The stand-in for the id of what this step makes; 0 when it makes nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in their order, what to know, and what has to be mended first."""

    steps: tuple[Step, ...]
    notes: tuple[Note, ...]
    obstacles: tuple[Note, ...]
    """While there is one, no step may be done."""
    found: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """What exists and is taken, by its name in ``[discord]``."""
    after: Server | None = None
    """The server as it will be."""

    @property
    def gives_role(self) -> bool:
        """Whether everybody who is present is given the member role."""
        return any(isinstance(step.deed, GiveRoleToPresentMembers) for step in self.steps)


NOT_FOR_MEMBERS = int(
    Permission.ADMINISTRATOR
    | Permission.KICK_MEMBERS
    | Permission.BAN_MEMBERS
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_GUILD
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_WEBHOOKS
    | Permission.MANAGE_THREADS
    | Permission.MODERATE_MEMBERS
)
"""What a role must not carry to be given to everybody who is present. It is named, not taken away."""
