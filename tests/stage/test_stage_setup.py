"""Setting up a server, from the first look to the last step, on a simulated Discord."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import discord
import pytest
import typer

from bot.app import Visit
from bot.commands.setup import _Session
from bot.config import Secrets, load
from bot.config.tables import Discord
from bot.config.writing import known_ids
from bot.layout.audit import audit
from bot.layout.findings import Finding
from bot.layout.invitation import INVITED_WITH
from bot.layout.model import Server
from bot.layout.wishes import Pick, Present, Wishes
from cogs._builder import DiscordBuilder
from cogs._survey import DiscordSurveyor
from rehearsal import simulation
from rehearsal.simulation import Environment
from tests.stage.acts import in_one_task

OWN = """\
# Ours, by hand.
[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"
"""
USUAL = discord.Permissions(
    view_channel=True,
    send_messages=True,
    read_message_history=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    create_private_threads=True,
    add_reactions=True,
    attach_files=True,
    embed_links=True,
    connect=True,
    speak=True,
    use_application_commands=True,
)
MODERATING = discord.Permissions(view_channel=True, moderate_members=True)
UNSEEN = discord.PermissionOverwrite(view_channel=False)
SEEN = discord.PermissionOverwrite(view_channel=True)


@dataclass
class Ground:
    """A simulated server that the bot was just invited to, and a folder with a configuration."""

    env: Environment
    guild: Any
    file: Path

    def everyone_may(self, permissions: discord.Permissions) -> None:
        """Say what @everyone carries."""
        self._may(self.guild.default_role, permissions.value)

    def _may(self, role: Any, bits: int) -> None:
        self.env.backend.edit_role(self.guild.id, role.id, {"permissions": bits})

    def invite_the_bot(self) -> None:
        """By the address in the README, after everything else was there."""
        own = simulation.own_role(self.guild)
        self._may(own, INVITED_WITH)
        own._role.position = max(role._role.position for role in self.guild.roles.values()) + 1

    def somebody(self, name: str, *roles: Any) -> Any:
        """Somebody who is there already."""
        user = self.env.create_user(name)
        simulation.already_there(self.env, self.guild, user, roles)
        return user

    def sees(self, user: Any) -> set[str]:
        """The channels that somebody sees, by name."""
        channels = self.env.backend.get_guild(self.guild.id).channel_ids
        named = {channel_id: self.env.backend.channels[channel_id] for channel_id in channels}
        return {str(c.name) for c in named.values() if simulation.can_see(self.env, self.guild, user, c)}

    def roles_of(self, user: Any) -> set[str]:
        """The roles that somebody has, by name."""
        held = self.env.backend.get_member(self.guild.id, user.id).role_ids
        return {self.env.backend.get_role(self.guild.id, role_id).name for role_id in held}

    @property
    def changes(self) -> list[tuple[str, str]]:
        """What was changed over REST so far."""
        return [call for call in simulation.rest_calls(self.env) if call[0] != "GET"]

    async def set_up(self, wishes: Wishes | None = None) -> bool:
        """Run ``setup --yes``; whether anything was changed."""
        known = known_ids(self.file)
        wishes = wishes or Wishes()

        def pick(key: str, usual: Pick) -> Pick:
            return replace(usual, ids=known.get(key, usual.ids), chosen=usual.chosen and key not in known)

        wishes = replace(
            wishes,
            member_role=pick("member_role", wishes.member_role),
            moderator_roles=tuple(pick("moderator_roles", one) for one in wishes.moderator_roles),
            quarantine_channel=pick("quarantine_channel", wishes.quarantine_channel),
            review_channel=pick("review_channel", wishes.review_channel),
            log_channel=pick("log_channel", wishes.log_channel),
            welcome_channel=pick("welcome_channel", wishes.welcome_channel),
        )
        session = _Session(self.file, wishes, asks_for_moderators=False, agreed=True)
        return await session.run(Secrets(), None)

    async def ways_in(self) -> list[Finding]:
        """What the audit says of the server, with the ids that were written down."""
        server = await DiscordSurveyor(self.env.bot, self.guild.id).survey()
        assert isinstance(server, Server)
        return [finding for finding in audit(server, self.ids.places) if finding.opens]

    @property
    def ids(self) -> Discord:
        """What was written into the configuration."""
        loaded = load(self.file, {})
        assert loaded.config is not None, loaded.errors
        assert loaded.config.discord is not None
        return loaded.config.discord


@pytest.fixture
async def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ground]:
    """A server with one channel, as Discord makes it, and no time between two roles."""
    file = tmp_path / "config.toml"
    file.write_text(OWN, encoding="utf-8")
    monkeypatch.setattr("bot.setting_up._GRANT_EVERY", 0.0)
    client = discord.Client(intents=discord.Intents.default())
    async with in_one_task(simulation.simulated(client)) as env:
        guild = env.create_guild("The Porch")
        made = Ground(env, guild, file)
        made.everyone_may(USUAL)
        guild.create_text_channel("general")

        @asynccontextmanager
        async def visiting(_secrets: Secrets, _server_id: int | None) -> AsyncIterator[Visit]:
            yield Visit(DiscordSurveyor(env.bot, guild.id), DiscordBuilder(env.bot, guild.id))

        monkeypatch.setattr("bot.app.visiting", visiting)
        yield made


async def test_a_fresh_server_is_closed_and_a_second_run_does_nothing(ground: Ground) -> None:
    """No way in is left, and whoever joins sees the one channel."""
    ground.invite_the_bot()
    assert await ground.set_up()
    assert await ground.ways_in() == []
    newcomer = ground.somebody("newcomer")
    assert ground.sees(newcomer) == {"front-porch"}
    member = ground.somebody("member", ground.guild.roles["Member"])
    assert ground.sees(member) == {"general"}
    moderator = ground.somebody("moderator", ground.guild.roles["Moderators"])
    assert ground.sees(moderator) == {"general", "front-porch", "porch-review", "porch-log"}
    assert ground.file.read_text(encoding="utf-8").startswith(OWN)

    text, before = ground.file.read_text(encoding="utf-8"), ground.changes
    assert not await ground.set_up()
    assert ground.changes == before
    assert ground.file.read_text(encoding="utf-8") == text


@dataclass
class Crowd:
    """People who were there before, and what they saw then."""

    people: dict[str, Any]
    saw: dict[str, set[str]]


def an_open_server(ground: Ground) -> Crowd:
    """Members, a team with a room of its own, a colour that carries sight, and rules for everyone."""
    guild = ground.guild
    team = guild.create_role("Team", permissions=MODERATING)
    blue = guild.create_role("Blue", permissions=discord.Permissions(view_channel=True))
    plain = guild.create_role("Quiet", permissions=discord.Permissions.none())
    guild.create_text_channel("lounge")
    guild.create_text_channel("team-room", overwrites={guild.default_role: UNSEEN, team: SEEN})
    guild.create_text_channel("rules", overwrites={guild.default_role: SEEN})
    people = {
        "ada": ground.somebody("ada"),
        "ben": ground.somebody("ben", blue),
        "cas": ground.somebody("cas", plain),
        "dot": ground.somebody("dot", team),
    }
    ground.invite_the_bot()
    return Crowd(people, {name: ground.sees(user) for name, user in people.items()})


TEAM = Wishes(moderator_roles=(Pick("Team", chosen=True),), present=Present.UNSAID)


async def test_in_an_open_server_whoever_is_present_sees_what_they_saw(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    """They have the member role, newcomers see the porch, and what is still open was named."""
    crowd = an_open_server(ground)
    assert await ground.set_up(TEAM)
    for name, user in crowd.people.items():
        assert crowd.saw[name] <= ground.sees(user), name
        assert "Member" in ground.roles_of(user)
    assert "Member" not in ground.roles_of(ground.env.backend.bot_user)
    newcomer = ground.somebody("newcomer")
    assert ground.sees(newcomer) == {"front-porch", "rules"}

    told = capsys.readouterr().out
    ways = await ground.ways_in()
    assert {way.code.value for way in ways} == {"everyone_sees", "role_views"}
    for name in (name.removeprefix("#") for way in ways for name in (*way.roles, *way.channels)):
        assert name in told

    before = ground.changes
    assert not await ground.set_up(TEAM)
    assert ground.changes == before


async def test_what_was_named_can_be_told_and_tidied(ground: Ground) -> None:
    """With the rules named as open and other roles tidied, no way in is left, and nobody lost anything."""
    crowd = an_open_server(ground)
    rules = next(c for c in ground.guild._guild.channel_ids if ground.env.backend.channels[c].name == "rules")
    text = f'{OWN}[discord]\nopen_channels = ["{rules}"]\n'
    ground.file.write_text(text, encoding="utf-8")
    await ground.set_up(replace(TEAM, tidy_roles=True, open_channels=frozenset({rules})))
    assert await ground.ways_in() == []
    for name, user in crowd.people.items():
        assert crowd.saw[name] <= ground.sees(user), name


async def test_a_refusal_in_the_middle_is_taken_up_again(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    """Discord refuses a role: nobody has lost anything, the server is open still, a second run ends it."""
    crowd = an_open_server(ground)
    third = list(crowd.people.values())[2]
    path = f"/guilds/{ground.guild.id}/members/{third.id}/roles"
    simulation.fail(ground.env, "PUT", f"{path}/*", status=403, code=50013, times=None)
    with pytest.raises(typer.Exit):
        await ground.set_up(TEAM)
    assert "Stopped at: Give the role Member" in capsys.readouterr().err
    assert all(crowd.saw[name] <= ground.sees(user) for name, user in crowd.people.items())
    assert ground.sees(ground.somebody("newcomer")) == {"general", "lounge", "rules"}
    simulation.mend(ground.env)
    await ground.set_up(TEAM)
    assert all(crowd.saw[name] <= ground.sees(user) for name, user in crowd.people.items())
    names = [role._role.name for role in ground.guild.roles.values()]
    assert sorted(names).count("Member") == 1


async def test_without_the_members_intent_an_open_server_is_left_as_it_is(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    """Discord does not show who is here, and nobody is to lose sight of anything."""
    an_open_server(ground)
    simulation.fail(
        ground.env, "GET", f"/guilds/{ground.guild.id}/members", status=403, code=50001, times=None
    )
    with pytest.raises(typer.Exit):
        await ground.set_up(TEAM)
    assert "Switch Server Members Intent on" in capsys.readouterr().out
    assert ground.changes == []
    assert ground.file.read_text(encoding="utf-8") == OWN


async def test_the_set_up_is_in_the_servers_own_log_with_its_reason(ground: Ground) -> None:
    """Who looks at Discord's audit log sees what did it, and nothing about anybody."""
    an_open_server(ground)
    await ground.set_up(TEAM)
    log: dict[str, Any] = dict(await ground.env.bot.http.get_audit_logs(ground.guild.id))
    assert len(log["audit_log_entries"]) > len(ground.guild.roles)
    assert {entry["reason"] for entry in log["audit_log_entries"]} == {"porchlight: set-up"}
