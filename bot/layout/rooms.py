"""The places of the gate: the quarantine channel, the rooms of the team, and the member role."""

from collections.abc import Iterator

from bot.layout.findings import Finding, FindingCode
from bot.layout.mending import denied, disallowed, hidden_from
from bot.layout.model import Channel, ChannelKind, Permission, Role
from bot.layout.sight import (
    NOT_FOR_EVERYONE,
    POWERS,
    Sight,
    channel_names,
    ids_of,
    names_of,
)

_VIEW = int(Permission.VIEW_CHANNEL)
_TALK = int(Permission.SEND_MESSAGES | Permission.ADD_REACTIONS)
_THREADS = int(Permission.CREATE_PUBLIC_THREADS | Permission.CREATE_PRIVATE_THREADS)


def rooms(sight: Sight) -> Iterator[Finding]:
    """What is wrong with the places themselves."""
    yield from _missing(sight)
    yield from _member_role(sight)
    if sight.quarantine is not None:
        yield from _quarantine(sight, sight.quarantine)
    yield from _staff_rooms(sight)


def _missing(sight: Sight) -> Iterator[Finding]:
    """What the configuration names and the server has not. The names are keys of the configuration."""
    places, server = sight.places, sight.server
    wanted = [
        ("quarantine_channel", places.quarantine_channel),
        ("review_channel", places.review_channel),
        ("welcome_channel", places.welcome_channel),
        ("log_channel", places.log_channel),
        *(("open_channels", channel_id) for channel_id in sorted(places.open_channels)),
    ]
    gone = [(key, i) for key, i in wanted if i is not None and i not in server.channels_by_id]
    if gone:
        keys = tuple(dict.fromkeys(key for key, _ in gone))
        about = tuple(str(channel_id) for _, channel_id in gone)
        yield Finding(FindingCode.CHANNEL_MISSING, channels=keys, about=about)
    for code, ids in (
        (FindingCode.MODERATOR_ROLE_MISSING, places.moderator_roles),
        (FindingCode.STAFF_ROLE_MISSING, places.staff_roles),
    ):
        lost = sorted(role_id for role_id in ids if role_id not in server.roles_by_id)
        if lost:
            yield Finding(code, count=len(lost), about=tuple(str(role_id) for role_id in lost))


def _member_role(sight: Sight) -> Iterator[Finding]:
    server, member = sight.server, sight.member
    if sight.places.member_role == server.id:
        yield Finding(FindingCode.MEMBER_EVERYONE, opens=True)
    elif member is None:
        yield Finding(FindingCode.MEMBER_MISSING, about=(str(sight.places.member_role),))
    else:
        yield from _existing_member_role(sight, member)


def _existing_member_role(sight: Sight, member: Role) -> Iterator[Finding]:
    server = sight.server
    roles, about = (member.name,), (str(member.id),)
    if member.managed or member.booster or member.linked or member.purchasable or member.integration:
        yield Finding(FindingCode.MEMBER_MANAGED, opens=True, roles=roles, about=about)
    powers = member.permissions & POWERS
    if powers:
        loose = powers & (Permission.ADMINISTRATOR | Permission.MANAGE_ROLES)
        yield Finding(
            FindingCode.MEMBER_POWERS, opens=bool(loose), roles=roles, powers=names_of(powers), about=about
        )
    if server.own_id != server.owner_id and member.position >= server.own_top_position:
        yield Finding(FindingCode.MEMBER_TOO_HIGH, roles=roles, about=about)
    welcome = server.channels_by_id.get(sight.places.welcome_channel)
    if not member.permissions & (_VIEW | Permission.ADMINISTRATOR):
        yield Finding(FindingCode.MEMBER_BLIND, roles=roles, about=about)
    elif welcome is not None and not server.sees(welcome, sight.members):
        names = channel_names([welcome])
        yield Finding(FindingCode.WELCOME_HIDDEN, roles=roles, channels=names, about=(str(welcome.id),))


def _quarantine(sight: Sight, channel: Channel) -> Iterator[Finding]:
    named = channel_names([channel])
    if channel.kind not in {ChannelKind.TEXT, ChannelKind.ANNOUNCEMENT}:
        yield Finding(FindingCode.QUARANTINE_KIND, channels=named, about=(str(channel.id),))
        return
    if not sight.everyone_is_admin:
        yield from _newcomers(sight, channel)
    yield from _members_in_quarantine(sight, channel)


def _newcomers(sight: Sight, channel: Channel) -> Iterator[Finding]:
    """What somebody without any role may do in the quarantine channel."""
    everyone, named, about = sight.server.id, channel_names([channel]), (str(channel.id),)
    bits = sight.server.in_channel(channel, ())
    if not bits & _VIEW:
        yield Finding(FindingCode.QUARANTINE_HIDDEN, channels=named, about=about)
        return
    if not bits & Permission.READ_MESSAGE_HISTORY:
        yield Finding(FindingCode.QUARANTINE_NO_HISTORY, channels=named, about=about)
    for code, unwanted in (
        (FindingCode.QUARANTINE_WRITABLE, _TALK),
        (FindingCode.QUARANTINE_THREADS, _THREADS),
    ):
        if bits & unwanted:
            mend = (denied(channel, everyone, bits & unwanted),)
            powers = names_of(bits & unwanted)
            yield Finding(code, channels=named, powers=powers, about=about, mend=mend)
    # What @everyone carries in the whole server has a finding of its own.
    here = bits & NOT_FOR_EVERYONE & ~sight.server.everyone.permissions
    if here:
        yield Finding(
            FindingCode.QUARANTINE_POWERS,
            opens=bool(here & Permission.MANAGE_ROLES),
            channels=named,
            powers=names_of(here),
            about=about,
            mend=(disallowed(channel, everyone, here),),
        )


def _members_in_quarantine(sight: Sight, channel: Channel) -> Iterator[Finding]:
    """Members who see newcomers: by the member role, or by an ordinary role that the channel names."""
    see = [] if sight.members_are_admins or sight.member is None else [sight.member]
    see = [role for role in see if sight.server.sees(channel, {role.id})]
    named = [role for role in sight.ordinary if _allowed(channel, role)]
    if see or named:
        mend = [disallowed(channel, role.id, _VIEW) for role in named]
        mend += hidden_from(sight, channel, [role.id for role in see])
        yield Finding(
            FindingCode.QUARANTINE_MEMBERS,
            roles=tuple(role.name for role in (*see, *named)),
            channels=channel_names([channel]),
            about=ids_of((*see, *named)),
            mend=tuple(mend),
        )


def _allowed(channel: Channel, role: Role) -> bool:
    overwrite = channel.overwrite_of(role.id)
    return overwrite is not None and bool(overwrite.allow & _VIEW)


def _staff_rooms(sight: Sight) -> Iterator[Finding]:
    for room in sight.staff_rooms:
        yield from _too_public(sight, room)
    blind = [
        (room, role)
        for room in sight.staff_rooms
        for role in sight.staff
        if role.id in sight.places.moderator_roles and not _sees_anyway(sight, room, role)
    ]
    if blind:
        yield Finding(
            FindingCode.MODERATORS_BLIND,
            roles=tuple(dict.fromkeys(role.name for _, role in blind)),
            channels=channel_names(dict.fromkeys(room for room, _ in blind)),
            about=tuple(f"{room.id}:{role.id}" for room, role in blind),
        )


def _sees_anyway(sight: Sight, room: Channel, role: Role) -> bool:
    """Whether a moderator sees a room, whether they hold the member role or not."""
    return all(sight.server.sees(room, {role.id, *more}) for more in ((), sight.members))


def _too_public(sight: Sight, room: Channel) -> Iterator[Finding]:
    """A room of the team that others see."""
    server = sight.server
    newcomers = not sight.everyone_is_admin and server.sees(room)
    members = not sight.members_are_admins and bool(sight.members) and server.sees(room, sight.members)
    named = [role for role in sight.ordinary if _allowed(room, role)]
    if not (newcomers or members or named):
        return
    see = [server.everyone] if newcomers else []
    see += [sight.member] if members and sight.member else []
    mend = [disallowed(room, role.id, _VIEW) for role in named]
    if newcomers or members:
        mend += hidden_from(sight, room, [server.id])
        if sight.member is not None and _allowed(room, sight.member):
            mend.append(disallowed(room, sight.member.id, _VIEW))
    yield Finding(
        FindingCode.STAFF_ROOM_SEEN,
        opens=newcomers or bool(named),
        roles=tuple(role.name for role in (*see, *named)),
        channels=channel_names([room]),
        about=(str(room.id), *ids_of((*see, *named))),
        mend=tuple(mend),
    )
