"""The bot's own rights, what shows who is here, and what could not be looked at."""

from collections.abc import Iterator

from bot.layout.changes import QuietServer
from bot.layout.findings import Finding, FindingCode
from bot.layout.model import Channel, Permission
from bot.layout.sight import ROOM_NEEDS, THREAD_NEEDS, Sight, channel_names, names_of


def rights(sight: Sight, *, removes_people: bool) -> Iterator[Finding]:
    """What the bot lacks. ``removes_people``: whether it is to remove whoever never answers."""
    server = sight.server
    for code, permission, needed in (
        (FindingCode.OWN_NO_ROLES, Permission.MANAGE_ROLES, True),
        (FindingCode.OWN_NO_AUDIT_LOG, Permission.VIEW_AUDIT_LOG, True),
        (FindingCode.OWN_NO_SERVER, Permission.MANAGE_GUILD, True),
        (FindingCode.OWN_NO_KICK, Permission.KICK_MEMBERS, removes_people),
    ):
        if needed and not server.i_can(permission):
            yield Finding(code)
    works_in = [sight.quarantine] if sight.quarantine else []
    for room in (*works_in, *sight.staff_rooms):
        lacking = ROOM_NEEDS & ~server.in_channel(room, server.own_role_ids, server.own_id)
        if lacking:
            yield Finding(
                FindingCode.OWN_NO_ROOM,
                channels=channel_names([room]),
                powers=names_of(lacking),
                about=(str(room.id),),
            )
    if sight.quarantine is not None:
        yield from _threads(sight, sight.quarantine)


def _threads(sight: Sight, porch: Channel) -> Iterator[Finding]:
    """What the bot lacks for private conversations, where it can work in the quarantine channel at all."""
    can = sight.server.in_channel(porch, sight.server.own_role_ids, sight.server.own_id)
    lacking = THREAD_NEEDS & ~can
    if lacking and not ROOM_NEEDS & ~can:
        yield Finding(
            FindingCode.OWN_NO_THREADS,
            channels=channel_names([porch]),
            powers=names_of(lacking),
            about=(str(porch.id),),
        )


def leaks(sight: Sight) -> Iterator[Finding]:
    """What shows who is here to people who have not been let in, or outside."""
    server = sight.server
    if server.widget_enabled:
        yield Finding(FindingCode.WIDGET, mend=(QuietServer(widget=True),))
    if "DISCOVERABLE" in server.features:
        yield Finding(FindingCode.DISCOVERABLE)
    elif "PREVIEW_ENABLED" in server.features:
        yield Finding(FindingCode.PREVIEW)
    system = server.channels_by_id.get(server.system_channel_id or 0)
    if server.announces_joins and system is not None and system not in sight.staff_rooms:
        yield Finding(
            FindingCode.JOIN_NOTICES,
            channels=channel_names([system]),
            about=(str(system.id),),
            mend=(QuietServer(join_notices=True),),
        )
    if not server.two_factor:
        yield Finding(FindingCode.NO_TWO_FACTOR)


def unread(sight: Sight) -> Iterator[Finding]:
    """What could not be looked at, told as just that."""
    server = sight.server
    for code, read in (
        (FindingCode.UNREAD_INVITES, server.invites),
        (FindingCode.UNREAD_ONBOARDING, server.onboarding),
        (FindingCode.UNREAD_BOTS, server.bots),
    ):
        if read is None:
            yield Finding(code)
