"""A server in memory that does what it is told, and servers of every shape to try plans on."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from bot.layout.applying import applied, extended
from bot.layout.changes import Change, CreateChannel, CreateRole, SetOverwrite
from bot.layout.model import Channel, ChannelKind, Overwrite, Permission, Role, Server
from bot.layout.wishes import GiveRoleToPresentMembers, Plan, Step

SERVER, OWNER, ME, MY_ROLE = 1000, 1, 2, 1001
P = Permission
ORDINARY = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
    | P.CONNECT
    | P.CREATE_PUBLIC_THREADS
    | P.CREATE_PRIVATE_THREADS
    | P.SEND_MESSAGES_IN_THREADS
    | P.USE_APPLICATION_COMMANDS
    | P.CREATE_INSTANT_INVITE
)
OWN = ORDINARY | P.MANAGE_ROLES | P.MANAGE_CHANNELS | P.MANAGE_THREADS | P.MODERATE_MEMBERS | P.EMBED_LINKS


def a_server(
    *channels: Channel, roles: tuple[Role, ...] = (), everyone: int = int(ORDINARY), own: int = int(OWN)
) -> Server:
    """A server with the bot in it, whose role stands on top."""
    base = Role(SERVER, "@everyone", 0, int(everyone))
    mine = Role(MY_ROLE, "Porchlight", len(roles) + 1, int(own), managed=True, bot_id=ME)
    return Server(
        SERVER, "The Porch", OWNER, (base, *roles, mine), channels, ME, frozenset({MY_ROLE}), bots=()
    )


Members = dict[int, frozenset[int]]
"""Who is present, bots excluded, with their roles."""


def carried_out(server: Server, members: Members, plan: Plan) -> list[tuple[Step, Server, Members]]:
    """The server and its members after each step of a plan."""
    ids: dict[int, int] = {}
    states = []
    for step in plan.steps:
        real = [c.id for c in server.channels] + [r.id for r in server.roles]
        if step.makes:
            ids[step.makes] = max(real) + 1
        if isinstance(step.deed, GiveRoleToPresentMembers):
            role = ids.get(step.deed.role_id, step.deed.role_id)
            members = {who: roles | {role} for who, roles in members.items()}
        else:
            change = with_ids(step.deed, ids)
            if isinstance(change, CreateRole | CreateChannel):
                server = extended(server, change, ids[step.makes])
            else:
                server = applied(server, change)
        states.append((step, server, members))
    return states


def with_ids(change: Change, ids: Mapping[int, int]) -> Change:
    """A change with real ids for stand-ins, written here a second time so that a mistake shows."""
    if isinstance(change, CreateChannel):
        return replace(
            change,
            overwrites={ids.get(k, k) if isinstance(k, int) else k: v for k, v in change.overwrites.items()},
        )
    if isinstance(change, SetOverwrite):
        target = change.overwrite.target_id
        return replace(change, overwrite=replace(change.overwrite, target_id=ids.get(target, target)))
    return change


def seen_by(server: Server, member: int, roles: frozenset[int]) -> set[int]:
    """The channels that somebody sees."""
    return {
        channel.id
        for channel in server.channels
        if channel.kind is not ChannelKind.CATEGORY
        and server.in_channel(channel, roles, member) & P.VIEW_CHANNEL
    }


def shape(server: Server) -> object:
    """A server without its ids, to compare two that were reached on different ways."""
    role_names = {role.id: role.name for role in server.roles}
    return (
        sorted((role.name, role.permissions) for role in server.roles),
        sorted(
            (
                channel.name,
                channel.kind,
                sorted(
                    (role_names.get(o.target_id, str(o.target_id)), o.is_role, o.allow, o.deny)
                    for o in channel.overwrites
                ),
            )
            for channel in server.channels
        ),
    )


_BITS = [*(bit for bit in P if bit in ORDINARY), P.MODERATE_MEMBERS]
_some_bits = st.lists(st.sampled_from(_BITS), max_size=5).map(lambda bits: sum({int(bit) for bit in bits}))
_NAMES = ["general", "lounge", "front-porch", "porch-review", "porch-log", "start-here", "news"]
_ROLE_NAMES = ["Member", "Moderators", "Blue", "Verified", "Muted"]
PEOPLE = range(10, 14)


@st.composite
def any_server(draw: st.DrawFn) -> tuple[Server, Members]:
    """Open or closed by role or by channel, with people in it who have this or that role."""
    names = draw(st.lists(st.sampled_from(_ROLE_NAMES), unique=True, max_size=4))
    roles = tuple(
        Role(2000 + n, name, n + 1, draw(_some_bits), in_prompt=draw(st.integers(0, 40)) == 7)
        for n, name in enumerate(names)
    )
    targets = [SERVER, *(role.id for role in roles)]
    channels = []
    for n, name in enumerate(draw(st.lists(st.sampled_from(_NAMES), unique=True, max_size=5))):
        chosen = draw(st.lists(st.sampled_from([*targets, 10, MY_ROLE]), unique=True, max_size=3))
        overwrites = []
        for target in chosen:
            allow = draw(_some_bits)
            overwrites.append(Overwrite(target, target >= SERVER, allow, draw(_some_bits) & ~allow))
        kind = draw(
            st.sampled_from([ChannelKind.TEXT, ChannelKind.TEXT, ChannelKind.VOICE, ChannelKind.CATEGORY])
        )
        channels.append(Channel(3000 + n, name, kind, overwrites=tuple(overwrites)))
    everyone = draw(_some_bits) | (P.VIEW_CHANNEL if draw(st.booleans()) else 0)
    server = a_server(*channels, roles=roles, everyone=int(everyone))
    own_roles = st.lists(st.sampled_from(targets[1:]), unique=True) if roles else st.just([])
    members = {who: frozenset(draw(own_roles)) for who in PEOPLE}
    return server, members
