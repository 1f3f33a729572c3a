"""Every look at the server, and every change of its layout, with everything that can go wrong with it.

Each ends in a value: refused, another time, or what was asked for. What is refused leaves a clear gap
in what is known; what fails for now fails the whole look, so that half a server never passes for one.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord
import pytest

from bot.layout.changes import (
    CreateChannel,
    CreateRole,
    EditRole,
    QuietServer,
    RemoveOverwrite,
    RevokeInvite,
    SetOverwrite,
)
from bot.layout.model import Overwrite, Server
from bot.ports import Done, Later, Refused
from cogs._builder import DiscordBuilder
from cogs._lookout import DiscordLookout
from cogs._survey import DiscordSurveyor
from tests.support import NOW, FakeClock, config
from tests.wire.loopback import Fault, Hurried, Loopback

IDS = config().discord
assert IDS is not None
SERVER = f"/guilds/{IDS.server}"
ANN = 200000000000000001

GUILD = {
    "id": str(IDS.server),
    "name": "The Harbour",
    "owner_id": "1",
    "features": ["COMMUNITY"],
    "roles": [
        {"id": str(IDS.server), "name": "@everyone", "position": 0, "permissions": "0", "managed": False}
    ],
    "system_channel_id": None,
    "system_channel_flags": 0,
    "widget_enabled": False,
    "mfa_level": 1,
}
SHOWN = {
    SERVER: GUILD,
    f"{SERVER}/channels": [],
    f"{SERVER}/invites": [],
    f"{SERVER}/onboarding": {"enabled": False, "prompts": [], "default_channel_ids": []},
    f"{SERVER}/members": [],
    f"{SERVER}/audit-logs": {"users": [], "audit_log_entries": []},
}


@dataclass
class Eyes:
    """What looks at the server, and what changes it, over the real library."""

    server: Loopback
    survey: DiscordSurveyor
    lookout: DiscordLookout
    builder: DiscordBuilder


@pytest.fixture
async def eyes(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Eyes]:
    """A server on loopback, the library in a hurry, and no call longer than a moment."""
    monkeypatch.setattr(discord.http, "asyncio", Hurried())
    monkeypatch.setattr("cogs._doorkeeper.LONGEST_CALL_SECONDS", 0.25)
    async with Loopback(FakeClock()).served() as server:
        server.shown.update(SHOWN)
        monkeypatch.setattr(discord.http.Route, "BASE", server.base)
        async with discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=60) as client:
            await client.login("token")
            assert IDS is not None
            yield Eyes(
                server,
                DiscordSurveyor(client, IDS.server),
                DiscordLookout(client, IDS),
                DiscordBuilder(client, IDS.server),
            )


Look = Callable[[Eyes], Awaitable[Any]]
CALLS: dict[str, tuple[str, str, Look]] = {
    "the server": ("GET", SERVER, lambda e: e.survey.survey()),
    "its channels": ("GET", f"{SERVER}/channels", lambda e: e.survey.survey()),
    "the bot itself": ("GET", rf"{SERVER}/members/\d+", lambda e: e.survey.survey()),
    "a page of members, for the layout": ("GET", f"{SERVER}/members", lambda e: e.survey.members(0)),
    "somebody": ("GET", rf"{SERVER}/members/\d+", lambda e: e.lookout.member(ANN)),
    "a page of members": ("GET", f"{SERVER}/members", lambda e: e.lookout.members(0)),
    "the audit log": ("GET", f"{SERVER}/audit-logs", lambda e: e.lookout.role_changes(NOW)),
    "a new role": ("POST", f"{SERVER}/roles", lambda e: e.builder.apply(CreateRole("r", "Member", 0))),
    "a role's rights": ("PATCH", rf"{SERVER}/roles/\d+", lambda e: e.builder.apply(EditRole(7, 0))),
    "a new channel": ("POST", f"{SERVER}/channels", lambda e: e.builder.apply(CreateChannel("c", "porch"))),
    "an overwrite": (
        "PUT",
        r"/channels/\d+/permissions/\d+",
        lambda e: e.builder.apply(SetOverwrite(7, Overwrite(8, is_role=True))),
    ),
    "an overwrite less": (
        "DELETE",
        r"/channels/\d+/permissions/\d+",
        lambda e: e.builder.apply(RemoveOverwrite(7, 8)),
    ),
    "an invite less": ("DELETE", "/invites/abc", lambda e: e.builder.apply(RevokeInvite("abc"))),
    "the widget": ("PATCH", f"{SERVER}/widget", lambda e: e.builder.apply(QuietServer(widget=True))),
    "join notices": ("PATCH", SERVER, lambda e: e.builder.apply(QuietServer(join_notices=True))),
    "a role for somebody": ("PUT", rf"{SERVER}/members/\d+/roles/\d+", lambda e: e.builder.give_role(ANN, 7)),
}
GONE_IS_DONE = {"an overwrite less": 10009, "an invite less": 10006}
"""What is not there any more need not be taken away; with Discord's code for it."""

FAULTS = [fault for fault in Fault if fault not in {Fault.GONE, Fault.BUSY}]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.value)
@pytest.mark.parametrize("name", CALLS)
async def test_every_look_and_change_ends_in_a_value(eyes: Eyes, name: str, fault: Fault) -> None:
    """Refused where Discord says no; another time where it says nothing; and mended, it works."""
    method, path, call = CALLS[name]
    eyes.server.put(fault, method, path, 50013 if fault is Fault.FORBIDDEN else GONE_IS_DONE.get(name, 10008))

    found = await call(eyes)

    if fault is Fault.MISSING and name in GONE_IS_DONE:
        assert isinstance(found, Done)
    elif fault in {Fault.FORBIDDEN, Fault.MISSING}:
        assert isinstance(found, Refused)
    else:
        assert isinstance(found, Later)
    eyes.server.mend()
    assert not isinstance(await call(eyes), Refused | Later)


@pytest.mark.parametrize("part", ["invites", "onboarding"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.value)
async def test_what_discord_does_not_show_is_a_gap_and_not_a_whole(
    eyes: Eyes, part: str, fault: Fault
) -> None:
    """A right that is missing leaves the part unknown; an outage leaves no half-read server behind."""
    eyes.server.put(fault, "GET", f"{SERVER}/{part}", 50013 if fault is Fault.FORBIDDEN else 10004)

    found = await eyes.survey.survey()

    if fault in {Fault.FORBIDDEN, Fault.MISSING}:
        assert isinstance(found, Server)
        assert getattr(found, part) is None
    else:
        assert isinstance(found, Later)
    eyes.server.mend()
    whole = await eyes.survey.survey()
    assert isinstance(whole, Server)
    assert getattr(whole, part) is not None
