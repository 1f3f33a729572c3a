"""A visit to the server over REST: to the one that is named, or to the only one."""

import discord
import pytest

from bot.app import visiting
from bot.config import Secrets
from bot.opening import CannotStart

TOKEN = "a.made-up.token"  # noqa: S105 - it opens nothing
ONE = {"id": "100000000000000001", "name": "The Porch"}
TWO = {"id": "100000000000000002", "name": "Elsewhere"}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one, unless a test says otherwise."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)


def discord_says(monkeypatch: pytest.MonkeyPatch, servers: list[dict[str, str]] | Exception) -> None:
    """The bot is in these servers, or the login fails."""

    async def login(_client: discord.Client, token: str) -> None:
        assert token == TOKEN
        if isinstance(servers, Exception):
            raise servers

    async def get_guilds(_http: object, _limit: int) -> list[dict[str, str]]:
        assert not isinstance(servers, Exception)
        return servers

    monkeypatch.setattr(discord.Client, "login", login)
    monkeypatch.setattr("discord.http.HTTPClient.get_guilds", get_guilds)


@pytest.mark.parametrize(
    ("servers", "named", "chosen"),
    [([ONE], None, 100000000000000001), ([ONE, TWO], 100000000000000002, 100000000000000002), ([], 7, 7)],
)
async def test_the_server_that_is_named_or_the_only_one(
    monkeypatch: pytest.MonkeyPatch, servers: list[dict[str, str]], named: int | None, chosen: int
) -> None:
    """What looks and what builds have hold of the same one."""
    discord_says(monkeypatch, servers)
    asked: list[str] = []

    async def request(_http: object, route: discord.http.Route, **_told: object) -> None:
        asked.append(route.url)
        raise OSError

    monkeypatch.setattr("discord.http.HTTPClient.request", request)
    async with visiting(Secrets(), named) as visit:
        await visit.surveyor.members(0)
        await visit.builder.give_role(1, 2)
    assert [f"/guilds/{chosen}/members" in url for url in asked] == [True, True]


@pytest.mark.parametrize(
    ("servers", "sentence"),
    [
        ([], "in no server yet"),
        ([ONE, TWO], r"--server ID: The Porch \(100000000000000001\), Elsewhere"),
        (discord.LoginFailure("no"), "does not accept the token"),
        (OSError("no network"), "cannot be reached"),
    ],
)
async def test_what_keeps_it_from_it_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, servers: list[dict[str, str]] | Exception, sentence: str
) -> None:
    """For both commands that visit."""
    discord_says(monkeypatch, servers)
    with pytest.raises(CannotStart, match=sentence):
        async with visiting(Secrets(), None):
            pass


async def test_without_a_token_nobody_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says where the token goes."""
    monkeypatch.delenv("DISCORD_TOKEN")
    with pytest.raises(CannotStart, match="There is no bot token"):
        async with visiting(Secrets(), None):
            pass
