"""Which changes are safe to make without asking: they only tighten, and lock nobody out who belongs here."""

from collections.abc import Iterable, Iterator
from itertools import product

from bot.layout.applying import applied
from bot.layout.changes import EditRole, Mend, QuietServer, RemoveOverwrite, RevokeInvite, SetOverwrite
from bot.layout.model import Channel, Overwrite, Permission, Role, Server
from bot.layout.sight import ROOM_NEEDS, Sight

_VIEW = int(Permission.VIEW_CHANNEL)
_MODERATING = int(
    Permission.MANAGE_MESSAGES
    | Permission.MANAGE_THREADS
    | Permission.KICK_MEMBERS
    | Permission.BAN_MEMBERS
    | Permission.MODERATE_MEMBERS
)
_OWN_WORK = int(
    Permission.MANAGE_ROLES | Permission.MANAGE_GUILD | Permission.VIEW_AUDIT_LOG | Permission.KICK_MEMBERS
)
_READ = int(Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)


def without(role: Role, permissions: int) -> EditRole:
    """A role that no longer carries something."""
    return EditRole(role.id, role.permissions & ~permissions)


def disallowed(channel: Channel, target_id: int, permissions: int) -> Mend:
    """An overwrite that no longer allows something. One that then says nothing is taken out."""
    overwrite = channel.overwrite_of(target_id)
    if overwrite is None or not (allow := overwrite.allow & ~permissions) | overwrite.deny:
        return RemoveOverwrite(channel.id, target_id)
    return SetOverwrite(channel.id, Overwrite(target_id, overwrite.is_role, allow, overwrite.deny))


def denied(channel: Channel, role_id: int, permissions: int) -> SetOverwrite:
    """An overwrite that denies a role something more."""
    now = channel.overwrite_of(role_id) or Overwrite(role_id, is_role=True)
    changed = Overwrite(role_id, is_role=True, allow=now.allow & ~permissions, deny=now.deny | permissions)
    return SetOverwrite(channel.id, changed)


def hidden_from(sight: Sight, channel: Channel, role_ids: Iterable[int]) -> tuple[Mend, ...]:
    """Hide a channel from roles. Staff and the bot, who see it now, are named in it first."""
    server = sight.server
    changes: list[Mend] = []
    staying = [(role.id, int(_VIEW)) for role in sight.staff if server.sees(channel, {role.id})]
    if sight.own_role is not None:
        has = server.in_channel(channel, server.own_role_ids, server.own_id) & ROOM_NEEDS
        staying.append((sight.own_role.id, has))
    for role_id, allow in staying:
        now = channel.overwrite_of(role_id) or Overwrite(role_id, is_role=True)
        if allow & ~now.allow:
            named = Overwrite(role_id, is_role=True, allow=now.allow | allow, deny=now.deny & ~allow)
            changes.append(SetOverwrite(channel.id, named))
    return (*changes, *(denied(channel, role_id, _VIEW) for role_id in role_ids))


def safe(sight: Sight, mend: tuple[Mend, ...]) -> bool:
    """Whether members, staff, the bot and newcomers keep what they have and should have.

    A role that stands as high as the bot is out of its reach.
    """
    if any(_out_of_reach(sight, change) for change in mend):
        return False
    before, after = sight.server, applied(sight.server, *mend)
    roles, channels = _touched(before, mend)
    if any(isinstance(change, EditRole) for change in mend) and not _keeps_powers(sight, after):
        return False
    pairs = [(channel, after.channels_by_id[channel.id]) for channel in channels]
    team_only = {room.id for room in sight.staff_rooms} | {sight.places.quarantine_channel}
    for was, becomes in pairs:
        whoever = set(_staff(sight, roles))
        if was.id not in team_only:
            whoever |= set(_members(sight, roles))
        if any(not after.sees(becomes, held) and before.sees(was, held) for held in whoever):
            return False
        if was.id in sight.open_ids and _loses(before, after, was, becomes, frozenset(), _READ):
            return False
        own = before.own_role_ids
        if _loses(before, after, was, becomes, own, ROOM_NEEDS, before.own_id):
            return False
    return True


def _out_of_reach(sight: Sight, change: Mend) -> bool:
    server = sight.server
    if not isinstance(change, EditRole) or server.own_id == server.owner_id:
        return False
    return server.roles_by_id[change.role_id].position >= server.own_top_position


def _loses(
    before: Server,
    after: Server,
    was: Channel,
    becomes: Channel,
    held: frozenset[int],
    bits: int,
    member_id: int = 0,
) -> bool:
    had = before.in_channel(was, held, member_id) & bits
    return bool(had & ~after.in_channel(becomes, held, member_id))


def _keeps_powers(sight: Sight, after: Server) -> bool:
    """Staff can still moderate, and the bot can still do its work, in the server as a whole."""
    server = sight.server
    own = server.base(server.own_role_ids) & ~after.base(server.own_role_ids) & _OWN_WORK
    staff = (frozenset({role.id}) for role in sight.staff)
    return not own and not any(server.base(held) & ~after.base(held) & _MODERATING for held in staff)


def _touched(server: Server, mend: tuple[Mend, ...]) -> tuple[set[int], list[Channel]]:
    """The roles and the channels for which a mend may make a difference."""
    roles: set[int] = set()
    channels: set[int] = set()
    for change in mend:
        match change:
            case EditRole(role_id, _):
                roles.add(role_id)
                channels.update(server.channels_by_id)
            case SetOverwrite(channel_id, overwrite):
                roles.add(overwrite.target_id)
                channels.add(channel_id)
            case RemoveOverwrite(channel_id, target_id):
                roles.add(target_id)
                channels.add(channel_id)
            case RevokeInvite() | QuietServer():
                pass
    known = {role_id for role_id in roles if role_id in server.roles_by_id}
    return known, [channel for channel in server.channels if channel.id in channels]


def _members(sight: Sight, roles: set[int]) -> Iterator[frozenset[int]]:
    """Members, with and without each role that is touched."""
    if sight.members:
        yield sight.members
        yield from (sight.members | {role} for role in roles)


def _staff(sight: Sight, roles: set[int]) -> Iterator[frozenset[int]]:
    """Staff, members too or not, with and without each role that is touched."""
    for role, member, other in product(
        sight.staff, (frozenset[int](), sight.members), (None, *sorted(roles))
    ):
        yield member | {role.id} | ({other} if other else set())
