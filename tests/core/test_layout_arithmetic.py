"""Discord's permission arithmetic: its own examples, and discord.py's answers on any layout."""

from typing import Any

import discord
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.layout.model import EVERY_PERMISSION, Channel, Overwrite, Permission, Role, Server
from tests.layouts import P, person_overwrite, role_overwrite

GUILD, CHANNEL, OWNER, ME, ANN = 1, 50, 60, 61, 62
ROLES = (10, 11, 12)
BITS = (
    P.VIEW_CHANNEL,
    P.SEND_MESSAGES,
    P.READ_MESSAGE_HISTORY,
    P.MANAGE_ROLES,
    P.MANAGE_CHANNELS,
    P.CREATE_PRIVATE_THREADS,
    P.ADD_REACTIONS,
)


def server(
    base: dict[int, int], *overwrites: Overwrite, own_role_ids: frozenset[int] = frozenset()
) -> Server:
    """A server with these roles and one channel."""
    roles = tuple(Role(role_id, str(role_id), n, bits) for n, (role_id, bits) in enumerate(base.items()))
    return Server(GUILD, "", OWNER, roles, (Channel(CHANNEL, "c", overwrites=overwrites),), ME, own_role_ids)


def seen(of: Server, *role_ids: int, member_id: int = 0) -> bool:
    """Whether somebody with these roles sees the channel."""
    return bool(of.in_channel(of.channels[0], frozenset(role_ids), member_id) & P.VIEW_CHANNEL)


VIEW = int(P.VIEW_CHANNEL)


def test_position_plays_no_part_when_one_role_denies_and_another_allows() -> None:
    """Discord's own example: the person can view the channel."""
    for low, high in ((10, 11), (11, 10)):
        layout = server(
            {GUILD: VIEW, low: 0, high: 0}, role_overwrite(10, deny=VIEW), role_overwrite(11, allow=VIEW)
        )

        assert seen(layout, 10, 11)
        assert not seen(layout, 10)


def test_a_role_allow_beats_what_everyone_is_denied() -> None:
    """So a role of denies cannot keep anybody out."""
    layout = server({GUILD: VIEW, 10: 0}, role_overwrite(GUILD, deny=VIEW), role_overwrite(10, allow=VIEW))

    assert not seen(layout)
    assert seen(layout, 10)


def test_a_members_own_overwrite_comes_last() -> None:
    """It beats every role, and only the person it names."""
    layout = server({GUILD: VIEW, 10: VIEW}, role_overwrite(10, allow=VIEW), person_overwrite(ANN, deny=VIEW))

    assert not seen(layout, 10, member_id=ANN)
    assert seen(layout, 10, member_id=ANN + 1)
    assert seen(layout, 10)


def test_the_owner_and_administrators_get_everything() -> None:
    """Overwrites do not hold them."""
    layout = server({GUILD: 0, 10: int(P.ADMINISTRATOR)}, role_overwrite(10, deny=VIEW))

    assert layout.in_channel(layout.channels[0], {10}) == EVERY_PERMISSION
    assert layout.in_channel(layout.channels[0], (), OWNER) == EVERY_PERMISSION
    assert layout.base({10}) == EVERY_PERMISSION


def test_without_sight_there_is_nothing() -> None:
    """Being denied View Channel denies the rest there."""
    layout = server({GUILD: int(P.SEND_MESSAGES)}, role_overwrite(GUILD, allow=int(P.MANAGE_ROLES)))

    assert layout.in_channel(layout.channels[0], ()) == 0
    assert layout.base(()) == P.SEND_MESSAGES


def test_what_the_bot_can_do() -> None:
    """By its roles, in the server and in a channel; as the owner, everything."""
    layout = server(
        {GUILD: VIEW, 10: int(P.MANAGE_ROLES)}, person_overwrite(ME, deny=VIEW), own_role_ids=frozenset({10})
    )
    channel = layout.channels[0]

    assert layout.i_can(P.MANAGE_ROLES)
    assert not layout.i_can(P.KICK_MEMBERS)
    assert not layout.i_can(P.VIEW_CHANNEL, channel)
    owned = Server(GUILD, "", ME, layout.roles, layout.channels, ME, frozenset())
    assert owned.i_can(P.VIEW_CHANNEL, channel)
    assert owned.i_can(P.KICK_MEMBERS)


def test_the_bits_are_discords() -> None:
    """The names are those of discord.py, which follows Discord, and so are the numbers."""
    theirs = {name: getattr(discord.Permissions, name).flag for name in discord.Permissions.VALID_FLAGS}

    assert {p.name: p.value for p in Permission} == {
        p.name: theirs[p.name.lower()] for p in Permission if p.name
    }


bits = st.lists(st.sampled_from([*BITS, P.ADMINISTRATOR]), max_size=4).map(
    lambda chosen: sum({int(bit) for bit in chosen})
)
channel_bits = st.lists(st.sampled_from(BITS), max_size=4).map(
    lambda chosen: sum({int(bit) for bit in chosen})
)
overwrites = st.dictionaries(
    st.sampled_from([GUILD, *ROLES, ANN, ME]), st.tuples(channel_bits, channel_bits), max_size=6
)


@settings(max_examples=200)
@given(
    base=st.fixed_dictionaries(dict.fromkeys((GUILD, *ROLES), bits)),
    written=overwrites,
    held=st.sets(st.sampled_from(ROLES)),
    who=st.sampled_from([ANN, OWNER]),
)
def test_the_arithmetic_is_that_of_the_library(
    base: dict[int, int], written: dict[int, tuple[int, int]], held: set[int], who: int
) -> None:
    """Whatever roles carry, whatever a channel says, whoever looks."""
    ours = server(base, *(Overwrite(t, t in base, allow=a, deny=d) for t, (a, d) in written.items()))
    theirs, member = in_the_library(base, written, held, who)

    mine = ours.in_channel(ours.channels[0], frozenset(held), who)
    expected = theirs.permissions_for(member).value

    assert {bit for bit in BITS if mine & bit} == {bit for bit in BITS if expected & bit}


def in_the_library(
    base: dict[int, int], written: dict[int, tuple[int, int]], held: set[int], who: int
) -> tuple[Any, Any]:
    """The same channel and member as discord.py has them."""
    state: Any = discord.Client(intents=discord.Intents.none())._connection
    guild_payload: Any = {
        "id": str(GUILD),
        "name": "g",
        "owner_id": str(OWNER),
        "roles": [role_payload(role_id, carried) for role_id, carried in base.items()],
    }
    guild = discord.Guild(data=guild_payload, state=state)
    channel_payload: Any = {
        "id": str(CHANNEL),
        "name": "c",
        "type": 0,
        "position": 0,
        "permission_overwrites": [
            {"id": str(t), "type": int(t not in base), "allow": str(a), "deny": str(d)}
            for t, (a, d) in written.items()
        ],
    }
    member_payload: Any = {
        "user": {"id": str(who), "username": "u", "discriminator": "0", "avatar": None},
        "roles": [str(role_id) for role_id in held],
        "joined_at": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
    channel = discord.TextChannel(state=state, guild=guild, data=channel_payload)
    return channel, discord.Member(data=member_payload, guild=guild, state=state)


def role_payload(role_id: int, carried: int) -> dict[str, Any]:
    """A role as Discord sends it."""
    return {
        "id": str(role_id),
        "name": "r",
        "permissions": str(carried),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
