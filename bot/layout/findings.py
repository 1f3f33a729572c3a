"""What the audit may find, each with a stable code."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from bot.layout.changes import Mend


class FindingCode(StrEnum):
    """A way past the gate, something that shows who is here, or something that is missing.

    ``finding_<code>_what``, ``_why`` and ``_mend`` are its sentences.
    """

    # What everyone may do
    EVERYONE_ADMIN = "everyone_admin"
    EVERYONE_VIEWS = "everyone_views"
    EVERYONE_POWERS = "everyone_powers"
    EVERYONE_SEES = "everyone_sees"
    CATEGORY_OPEN = "category_open"
    # Roles and people who are neither members nor staff
    ROLE_ADMIN = "role_admin"
    ROLE_VIEWS = "role_views"
    ROLE_MANAGES = "role_manages"
    ROLE_SEES = "role_sees"
    BOOSTER_OPENS = "booster_opens"
    LINKED_OPENS = "linked_opens"
    PURCHASE_OPENS = "purchase_opens"
    INTEGRATION_OPENS = "integration_opens"
    PROMPT_OPENS = "prompt_opens"
    STAFF_SELF_SERVED = "staff_self_served"
    PERSON_SEES = "person_sees"
    # Other doors
    INVITE_GIVES = "invite_gives"
    ONBOARDING_GIVES = "onboarding_gives"
    ONBOARDING_SHOWS = "onboarding_shows"
    BOT_GIVES = "bot_gives"
    # The member role
    MEMBER_MISSING = "member_missing"
    MEMBER_EVERYONE = "member_everyone"
    MEMBER_MANAGED = "member_managed"
    MEMBER_BLIND = "member_blind"
    MEMBER_POWERS = "member_powers"
    MEMBER_TOO_HIGH = "member_too_high"
    WELCOME_HIDDEN = "welcome_hidden"
    # The quarantine channel
    QUARANTINE_KIND = "quarantine_kind"
    QUARANTINE_HIDDEN = "quarantine_hidden"
    QUARANTINE_NO_HISTORY = "quarantine_no_history"
    QUARANTINE_WRITABLE = "quarantine_writable"
    QUARANTINE_THREADS = "quarantine_threads"
    QUARANTINE_POWERS = "quarantine_powers"
    QUARANTINE_MEMBERS = "quarantine_members"
    # The rooms of the team
    STAFF_ROOM_SEEN = "staff_room_seen"
    MODERATORS_BLIND = "moderators_blind"
    # What the configuration names and the server has not
    CHANNEL_MISSING = "channel_missing"
    MODERATOR_ROLE_MISSING = "moderator_role_missing"
    STAFF_ROLE_MISSING = "staff_role_missing"
    # The bot's own rights
    OWN_NO_ROLES = "own_no_roles"
    OWN_NO_ROOM = "own_no_room"
    OWN_NO_THREADS = "own_no_threads"
    OWN_NO_AUDIT_LOG = "own_no_audit_log"
    OWN_NO_KICK = "own_no_kick"
    OWN_NO_SERVER = "own_no_server"
    # What shows who is here
    WIDGET = "widget"
    PREVIEW = "preview"
    DISCOVERABLE = "discoverable"
    JOIN_NOTICES = "join_notices"
    NO_TWO_FACTOR = "no_two_factor"
    # What could not be looked at
    UNREAD_INVITES = "unread_invites"
    UNREAD_ONBOARDING = "unread_onboarding"
    UNREAD_BOTS = "unread_bots"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. Names are for people to read, never for the log."""

    code: FindingCode
    opens: bool = False
    """A way past the gate, and not only a leak of who is here, or a right that is missing."""
    roles: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()
    """Permissions, by their names in small letters."""
    count: int = 0
    about: tuple[str, ...] = field(default=(), repr=False)
    """The ids of what it is about."""
    mend: tuple[Mend, ...] = field(default=(), repr=False)
    """What can be done without locking out anybody who belongs here, and without opening anything."""

    @property
    def fingerprint(self) -> str:
        """The same as long as the finding says the same about the same things."""
        said = "\n".join([self.code.value, *sorted(self.powers), "", *sorted(self.about)])
        return hashlib.sha256(said.encode()).hexdigest()[:32]
