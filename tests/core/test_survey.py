"""Looking at a server over REST, and changing it: from Discord's payloads to plain values and back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest

from bot.layout.changes import (
    Change,
    CreateChannel,
    CreateRole,
    EditRole,
    QuietServer,
    RemoveOverwrite,
    RevokeInvite,
    SetOverwrite,
)
from bot.layout.model import Bot, Channel, ChannelKind, Invite, Onboarding, Permission, Role, Server
from bot.ports import Done, Later, Refused, Why
from cogs._builder import DiscordBuilder
from cogs._survey import DiscordSurveyor, read
from tests import fake_rest
from tests.fake_rest import TOKEN, FakeRest, as_read
from tests.layouts import (
    COLOUR,
    GUILD,
    HELPER,
    LOG,
    LOUNGE,
    ME,
    MEMBER,
    OWN,
    REVIEW,
    SOMEBODY,
    VIEW,
    P,
    after,
    allowing,
    being,
    overwriting,
    person_overwrite,
    role_overwrite,
    sound,
)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch) -> FakeRest:
    """A sound server, reached by every client."""
    fake = FakeRest(as_read(sound()))
    fake.install(monkeypatch)
    return fake


@pytest.fixture
async def client(rest: FakeRest) -> AsyncIterator[discord.Client]:
    """A client that is logged in, without a gateway."""
    del rest
    async with discord.Client(intents=discord.Intents.none()) as logged_in:
        await logged_in.login(TOKEN)
        yield logged_in


async def survey(client: discord.Client) -> Server | Refused | Later:
    return await DiscordSurveyor(client, GUILD).survey()


def payloads(server: Server) -> dict[str, Any]:
    """What ``read`` takes, for a server with nobody to look up."""
    return {
        "guild": fake_rest.guild_payload(server),
        "channels": [fake_rest.channel_payload(channel) for channel in server.channels],
        "me": fake_rest.member_payload(server, ME),
        "own_id": ME,
        "invites": [],
        "onboarding": None,
        "members": {},
        "now": NOW,
    }


async def test_a_server_is_read_as_it_is(client: discord.Client, rest: FakeRest) -> None:
    """Every kind of role, channel, overwrite and invite comes out as it went in."""
    rest.server = after(
        being(
            invites=(Invite("plain"), Invite("x", frozenset({MEMBER}), SOMEBODY)),
            onboarding=Onboarding(True, frozenset({COLOUR}), frozenset({LOUNGE})),
            people={SOMEBODY: frozenset({COLOUR})},
            widget_enabled=True,
            announces_joins=True,
            system_channel_id=LOUNGE,
            two_factor=False,
        ),
        overwriting(LOUNGE, person_overwrite(SOMEBODY, allow=int(VIEW))),
        server=replace(
            rest.server,
            roles=(
                *rest.server.roles,
                Role(61, "Linked", 1, managed=True, linked=True),
                Role(62, "Sold", 1, managed=True, purchasable=True),
                Role(63, "Twitch", 1, managed=True, integration=True),
                Role(64, "Picked", 1, in_prompt=True),
            ),
            channels=(
                *rest.server.channels,
                *(Channel(200 + n, kind.value, kind) for n, kind in enumerate(ChannelKind)),
            ),
        ),
    )

    found = await survey(client)

    assert isinstance(found, Server)
    assert found.people == {HELPER: found.bots[0].role_ids if found.bots else (), SOMEBODY: {COLOUR}}
    assert replace(found, people={}) == replace(rest.server, people={})


async def test_somebody_named_in_a_channel_who_left_is_known_to_have_left(
    client: discord.Client, rest: FakeRest
) -> None:
    """And a bot without a role of its own is known to be a bot."""
    rest.server = after(
        overwriting(LOUNGE, person_overwrite(SOMEBODY, allow=int(VIEW))),
        overwriting(REVIEW, person_overwrite(950, allow=int(VIEW))),
        overwriting(LOG, person_overwrite(951, deny=int(VIEW))),
        being(bots=(*(rest.server.bots or ()), Bot(950, "Quiet", frozenset()))),
        server=rest.server,
    )

    found = await survey(client)

    assert isinstance(found, Server)
    assert found.people[SOMEBODY] == frozenset()
    assert found.bots is not None
    assert {bot.name for bot in found.bots} == {"Music", "Quiet"}
    assert 951 not in found.people


async def test_what_discord_does_not_show_is_told_apart_from_nothing(
    client: discord.Client, rest: FakeRest
) -> None:
    """Invites and onboarding that may not be read are None."""
    rest.refuse("GET", f"/guilds/{GUILD}/invites", 403, 50013)
    rest.refuse("GET", f"/guilds/{GUILD}/onboarding", 403, 50001)

    found = await survey(client)

    assert isinstance(found, Server)
    assert (found.invites, found.onboarding) == (None, None)


async def test_onboarding_is_not_asked_for_where_there_can_be_none(
    client: discord.Client, rest: FakeRest
) -> None:
    """It comes with the Community feature only."""
    rest.server = replace(rest.server, features=frozenset())

    found = await survey(client)

    assert isinstance(found, Server)
    assert found.onboarding == Onboarding(enabled=False)
    assert not any(path.endswith("/onboarding") for _, path, *_ in rest.calls)


@pytest.mark.parametrize(
    ("path", "status", "code", "result"),
    [
        (f"/guilds/{GUILD}", 403, 50001, Refused(Why.FORBIDDEN)),
        (f"/guilds/{GUILD}", 503, 0, Later("http_503")),
        (f"/guilds/{GUILD}/channels", 500, 0, Later("http_500")),
        (f"/guilds/{GUILD}/members/{ME}", 404, 10007, Refused(Why.GONE)),
        (f"/guilds/{GUILD}/members/{HELPER}", 502, 0, Later("http_502")),
        (f"/guilds/{GUILD}/invites", 503, 0, Later("http_503")),
        (f"/guilds/{GUILD}/onboarding", 503, 0, Later("http_503")),
    ],
)
async def test_a_look_that_fails_is_no_half_server(
    client: discord.Client, rest: FakeRest, path: str, status: int, code: int, result: object
) -> None:
    """A part that is missing for the moment must not pass for one that is not there."""
    rest.refuse("GET", path, status, code)

    assert await survey(client) == result


async def test_a_client_that_is_not_logged_in_sees_nothing() -> None:
    """It says so instead of failing."""
    client = discord.Client(intents=discord.Intents.none())

    assert await survey(client) == Later("not_logged_in")


@pytest.mark.parametrize(
    ("said", "paused"),
    [
        ({}, False),
        ({"features": ["INVITES_DISABLED"]}, True),
        ({"incidents_data": {"invites_disabled_until": (NOW + timedelta(hours=1)).isoformat()}}, True),
        ({"incidents_data": {"invites_disabled_until": (NOW - timedelta(hours=1)).isoformat()}}, False),
        ({"incidents_data": {"invites_disabled_until": None}}, False),
    ],
)
def test_a_pause_counts_while_it_lasts(said: dict[str, Any], paused: bool) -> None:
    """For good, or until a moment that has not come yet."""
    given = payloads(as_read(sound()))
    given["guild"] = {**given["guild"], **said}

    assert read(**given).invites_paused is paused


def test_an_invite_may_say_its_roles_in_two_ways() -> None:
    """As whole roles, or as ids; older ones say nothing."""
    given = payloads(as_read(sound()))
    given["invites"] = [{"code": "a", "role_ids": ["10", "20"]}, {"code": "b"}, {"code": "c", "roles": None}]

    found = read(**given).invites

    assert found is not None
    assert [invite.role_ids for invite in found] == [{10, 20}, frozenset(), frozenset()]


def test_a_role_sold_by_subscription_and_a_channel_of_an_unknown_kind() -> None:
    """The one is for sale; the other is left aside."""
    given = payloads(as_read(sound()))
    role = {**given["guild"]["roles"][1], "tags": {"subscription_listing_id": "1"}, "managed": True}
    given["guild"]["roles"] = [given["guild"]["roles"][0], role]
    given["channels"] = [{"id": "1", "name": "odd", "type": 99}]

    found = read(**given)

    assert found.roles[1].purchasable
    assert found.channels == ()


# Building


async def build(client: discord.Client, *changes: Change) -> list[object]:
    builder = DiscordBuilder(client, GUILD)
    return [await builder.apply(change) for change in changes]


async def test_mends_arrive_at_discord(client: discord.Client, rest: FakeRest) -> None:
    """Each change does to the server what it says, and the audit log names only the set-up."""
    rest.server = after(
        allowing(LOUNGE, COLOUR, int(VIEW)),
        being(
            widget_enabled=True,
            announces_joins=True,
            system_channel_id=LOUNGE,
            invites=(Invite("x"), Invite("y")),
        ),
        server=rest.server,
    )

    results = await build(
        client,
        EditRole(COLOUR, 0),
        SetOverwrite(REVIEW, role_overwrite(MEMBER, deny=int(VIEW))),
        SetOverwrite(REVIEW, person_overwrite(SOMEBODY, deny=int(VIEW))),
        RemoveOverwrite(LOUNGE, COLOUR),
        RevokeInvite("x"),
        QuietServer(widget=True, join_notices=True),
        QuietServer(),
    )

    assert results == [Done()] * 7
    server = rest.server
    assert server.roles_by_id[COLOUR].permissions == 0
    review = server.channels_by_id[REVIEW]
    assert review.overwrite_of(MEMBER) == role_overwrite(MEMBER, deny=int(VIEW))
    assert review.overwrite_of(SOMEBODY) == person_overwrite(SOMEBODY, deny=int(VIEW))
    assert server.channels_by_id[LOUNGE].overwrites == ()
    assert server.invites == (Invite("y"),)
    assert not server.widget_enabled
    assert not server.announces_joins
    assert {reason for method, _, _, reason in rest.calls if method != "GET"} == {"porchlight: set-up"}


async def test_what_was_made_can_be_named_by_its_key(client: discord.Client, rest: FakeRest) -> None:
    """A channel for a role that was made a moment ago, and for the bot itself."""
    results = await build(
        client,
        CreateRole("member_role", "Member", int(P.VIEW_CHANNEL)),
        CreateChannel(
            "quarantine_channel",
            "front-porch",
            {GUILD: (int(VIEW), 0), "member_role": (0, int(VIEW)), "me": (int(VIEW), 0), OWN: (1, 2)},
        ),
        CreateChannel("review_channel", "review", {"nobody": (0, 0)}),
        CreateChannel("talk", "talk", kind=ChannelKind.VOICE),
    )

    assert results == [Done(made_id=7001), Done(made_id=7002), Refused(Why.MISSING_ROLE), Done(made_id=7003)]
    bodies = [body for method, _, body, _ in rest.calls if method == "POST"]
    assert bodies[0] == {"name": "Member", "permissions": "1024"}
    assert bodies[1] == {
        "type": 0,
        "name": "front-porch",
        "permission_overwrites": [
            {"id": GUILD, "type": 0, "allow": "1024", "deny": "0"},
            {"id": 7001, "type": 0, "allow": "0", "deny": "1024"},
            {"id": ME, "type": 1, "allow": "1024", "deny": "0"},
            {"id": OWN, "type": 0, "allow": "1", "deny": "2"},
        ],
    }
    assert bodies[2]["type"] == 2


@pytest.mark.parametrize(
    ("change", "method", "path"),
    [
        (CreateRole("r", "R", 0), "POST", f"/guilds/{GUILD}/roles"),
        (CreateChannel("c", "C"), "POST", f"/guilds/{GUILD}/channels"),
        (EditRole(COLOUR, 0), "PATCH", f"/guilds/{GUILD}/roles/{COLOUR}"),
        (SetOverwrite(LOUNGE, role_overwrite(COLOUR)), "PUT", f"/channels/{LOUNGE}/permissions/{COLOUR}"),
        (RemoveOverwrite(LOUNGE, COLOUR), "DELETE", f"/channels/{LOUNGE}/permissions/{COLOUR}"),
        (RevokeInvite("x"), "DELETE", "/invites/x"),
        (QuietServer(widget=True, join_notices=True), "PATCH", f"/guilds/{GUILD}/widget"),
        (QuietServer(join_notices=True), "PATCH", f"/guilds/{GUILD}"),
    ],
)
async def test_a_change_that_discord_refuses_is_a_value(
    client: discord.Client, rest: FakeRest, change: Change, method: str, path: str
) -> None:
    """For want of a right, or for now."""
    rest.refuse(method, path, 403, 50013)
    assert await build(client, change) == [Refused(Why.FORBIDDEN)]
    rest.refuse(method, path, 503)
    assert await build(client, change) == [Later("http_503")]


async def test_join_notices_need_the_server_to_be_read_first(client: discord.Client, rest: FakeRest) -> None:
    """So that the other notices stay as they are."""
    rest.refuse("GET", f"/guilds/{GUILD}", 503)

    assert await build(client, QuietServer(join_notices=True)) == [Later("http_503")]
    assert rest.changes == []


async def test_what_is_gone_already_is_done(client: discord.Client, rest: FakeRest) -> None:
    """Somebody was faster."""
    rest.refuse("DELETE", "/invites/x", 404, 10006)
    rest.refuse("DELETE", f"/channels/{LOUNGE}/permissions/{COLOUR}", 404, 10009)

    assert await build(client, RevokeInvite("x"), RemoveOverwrite(LOUNGE, COLOUR)) == [Done(), Done()]


def test_permissions_of_the_model_fit_into_what_discord_sends() -> None:
    """As decimal text, beyond what a float can hold."""
    given = payloads(as_read(sound()))
    given["guild"]["roles"][0]["permissions"] = str((1 << 60) | int(Permission.VIEW_CHANNEL))

    assert read(**given).everyone.has(Permission.VIEW_CHANNEL)
