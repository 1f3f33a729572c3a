"""``setup`` from the command line, on a server in memory."""

import base64
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.app import Visit, token_of
from bot.cli import app
from bot.config import Secrets, load
from bot.keys.sealing import KEY_BYTES
from bot.layout.model import Channel, Role, Server
from bot.opening import CannotStart, NotNow
from bot.ports import Later, Refused, Why
from tests.layout.fakes import FakeServer
from tests.layout.servers import ORDINARY, OWN, P, a_server

TOKEN = "a.made-up.token"  # noqa: S105 - it opens nothing
OWN_FILE = """\
# Ours, by hand.
[community]
name = "The Harbour"  # by the sea
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"
"""
COPY = "porchlight-recovery-key.txt"
BIG = 100000000000000000


def moved(server: Server) -> Server:
    """The same server with ids as long as Discord's."""

    def up(number: int) -> int:
        return number + BIG

    roles = tuple(
        Role(
            up(r.id),
            r.name,
            r.position,
            r.permissions,
            managed=r.managed,
            bot_id=r.bot_id,
            in_prompt=r.in_prompt,
        )
        for r in server.roles
    )
    channels = tuple(Channel(up(c.id), c.name, c.kind) for c in server.channels)
    own = frozenset(map(up, server.own_role_ids))
    return Server(up(server.id), server.name, 1, roles, channels, server.own_id, own, bots=())


OPEN = moved(a_server(Channel(3001, "general")))
PEOPLE = {who: frozenset[int]() for who in range(10, 13)}

Stage = Callable[..., FakeServer]


@pytest.fixture(autouse=True)
def config(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration without ids, and a token."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    file = home / "config.toml"
    file.write_text(OWN_FILE, encoding="utf-8")
    return file


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Puts a server in memory where Discord would be, with no time between two roles."""

    async def at_once(_seconds: float) -> None:
        return None

    monkeypatch.setattr("bot.commands.setup.asyncio.sleep", at_once)

    def put(server: Server = OPEN, people: dict[int, frozenset[int]] | None = None) -> FakeServer:
        fake = FakeServer(server, PEOPLE if people is None else people)

        @asynccontextmanager
        async def visiting(secrets: Secrets, server_id: int | None) -> AsyncIterator[Visit]:
            assert token_of(secrets) == TOKEN
            assert server_id in {None, server.id}
            yield Visit(fake, fake)

        monkeypatch.setattr("bot.app.visiting", visiting)
        return fake

    return put


def setup(*arguments: str, answers: str | None = None) -> Result:
    """Run ``setup``."""
    result = CliRunner().invoke(app, ["setup", *arguments], input=answers)
    assert "Traceback" not in result.output
    assert TOKEN not in result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_plan_is_shown_agreed_to_and_carried_out(stage: Stage, config: Path) -> None:
    """The ids are in the file, comments kept, and the bot could start with it."""
    fake = stage()
    result = setup(answers="\ny\n")
    assert result.exit_code == 0, result.output
    assert "1. Make the role Member (" in result.output
    assert "Give the role Member to everybody who is here, bots excluded" in result.output
    assert "(3 people, about 1 min)" in result.output
    assert result.output.index("Do this now?") < result.output.index("✓ Make the role Member")
    assert "3 people were given the member role." in result.output
    assert "Somebody who joins now sees: #front-porch." in result.output
    assert not fake.server.everyone.has(P.VIEW_CHANNEL)
    text = config.read_text(encoding="utf-8")
    assert text.startswith(OWN_FILE)
    loaded = load(config, {}).config
    assert loaded is not None
    assert loaded.discord is not None
    names = {c.id: c.name for c in fake.server.channels}
    assert names[loaded.discord.quarantine_channel] == "front-porch"
    assert names[loaded.discord.review_channel] == "porch-review"
    assert names[loaded.discord.welcome_channel] == "general"
    assert loaded.discord.log_channel is not None
    assert loaded.discord.members_intent


def test_a_second_run_has_no_effect(stage: Stage, home: Path) -> None:
    """No call, no question, no change to any file, and no second copy of the key once it was moved away."""
    fake = stage()
    setup("--yes")
    (home / COPY).unlink()
    before = {file: file.stat().st_mtime_ns for file in home.rglob("*") if file.is_file()}
    fake.calls.clear()
    result = setup()
    assert result.exit_code == 0, result.output
    assert "Everything is as it should be." in result.output
    assert fake.calls == []
    assert before == {file: file.stat().st_mtime_ns for file in home.rglob("*") if file.is_file()}


def test_whoever_does_not_agree_changes_nothing(stage: Stage, config: Path, home: Path) -> None:
    fake = stage()
    result = setup(answers="\nn\n")
    assert result.exit_code == 0
    assert "Nothing was changed." in result.output
    assert fake.calls == []
    assert config.read_text(encoding="utf-8") == OWN_FILE
    assert [file.name for file in home.iterdir()] == ["config.toml"]


def test_input_that_ends_is_one_sentence(stage: Stage) -> None:
    fake = stage()
    result = setup(answers="\n")
    assert result.exit_code == 1
    assert "With --yes, nothing is asked." in result.output
    assert fake.calls == []


def test_a_run_that_is_stopped_is_taken_up_again(stage: Stage, config: Path) -> None:
    """After each call that Discord refuses, the ids so far are in the file, and a second run finishes."""
    whole = stage()
    setup("--yes")
    for call in range(1, len(whole.calls) + 1):
        config.write_text(OWN_FILE, encoding="utf-8")
        fake = stage()
        fake.fail_at[call] = Refused(Why.FORBIDDEN)
        stopped = setup("--yes")
        assert stopped.exit_code == 1
        assert "Stopped at: " in stopped.output
        assert "it carries on" in stopped.output
        if call > 1:
            assert "member_role" in config.read_text(encoding="utf-8")
        assert setup("--yes").exit_code == 0
        assert fake.losses() == set()
        assert [c.name for c in fake.server.channels] == [c.name for c in whole.server.channels]
        assert load(config, {}).errors == ()


def test_obstacles_are_named_and_nothing_is_changed(stage: Stage, config: Path) -> None:
    fake = stage(moved(a_server(own=int(OWN & ~P.MANAGE_CHANNELS))))
    result = setup("--yes")
    assert result.exit_code == 1
    assert "First mend this" in result.output
    assert "Switch on in the bot's own role: Manage Channels." in " ".join(result.output.split())
    assert fake.calls == []
    assert config.read_text(encoding="utf-8") == OWN_FILE


def test_moderators_are_asked_for_until_there_is_such_a_role(stage: Stage, config: Path) -> None:
    team = Role(2001, "The Team", 1, int(P.VIEW_CHANNEL | P.MODERATE_MEMBERS))
    stage(moved(a_server(Channel(3001, "general"), roles=(team,))))
    result = setup(answers="Nobody\n@the team\ny\n")
    assert result.exit_code == 0, result.output
    assert "There is no role Nobody in this server." in result.output
    assert f'moderator_roles = ["{BIG + 2001}"]' in config.read_text(encoding="utf-8")


def test_names_and_ids_can_be_given(stage: Stage, config: Path) -> None:
    roles = (Role(2001, "Mods", 1), Role(2002, "Insiders", 2, int(ORDINARY)))
    fake = stage(moved(a_server(Channel(3001, "general"), Channel(3002, "arrivals"), roles=roles)))
    result = setup(
        "--yes",
        f"--server={OPEN.id}",
        "--member-role=insiders",
        "--moderators=@Mods",
        "--quarantine=#arrivals",
        "--review=desk",
        f"--welcome={BIG + 3001}",
        "--tidy-roles",
    )
    assert result.exit_code == 0, result.output
    assert [c.name for c in fake.server.channels] == ["general", "arrivals", "desk", "porch-log"]
    discord = (loaded := load(config, {}).config) and loaded.discord
    assert discord
    assert discord.member_role == BIG + 2002
    assert discord.quarantine_channel == BIG + 3002
    assert "Switch Time Out Members on in the role Mods." in result.output


def test_the_end_says_which_files_to_copy_and_saves_the_key(stage: Stage, home: Path) -> None:
    """Both key files are for their owner only, and hold the same key."""
    stage()
    result = setup("--yes")
    for name in ("config.toml", "data/porchlight.db", "keys/keys.db", "secret/master.key", ".env", COPY):
        assert name in result.output
    key_file, copy = home / "secret" / "master.key", home / COPY
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    encoded = key_file.read_text(encoding="ascii").strip()
    assert copy.read_text(encoding="ascii").splitlines()[-1] == encoded
    assert len(base64.b64decode(encoded)) == KEY_BYTES
    assert encoded not in result.output


def test_a_copy_of_another_key_is_never_overwritten(stage: Stage, home: Path) -> None:
    """The server is set up all the same."""
    stage()
    other = base64.b64encode(bytes(KEY_BYTES)).decode()
    (home / COPY).write_text(other, encoding="ascii")
    result = setup("--yes")
    assert result.exit_code == 1
    assert "holds another key" in result.output
    assert (home / COPY).read_text(encoding="ascii") == other


def test_the_same_copy_is_left_where_it_is(stage: Stage, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key from the environment is copied too, and no key file is made for it."""
    monkeypatch.setenv("PORCHLIGHT_KEY", base64.b64encode(bytes(range(KEY_BYTES))).decode())
    stage()
    assert setup("--yes").exit_code == 0
    again = setup("--yes")
    assert again.exit_code == 0
    assert "is still on this machine" in again.output
    assert not (home / "data").exists()


def test_a_key_that_is_missing_beside_data_is_told(stage: Stage, home: Path) -> None:
    stage()
    (home / "keys").mkdir()
    (home / "keys" / "keys.db").touch()
    result = setup("--yes")
    assert result.exit_code == 1
    assert "is missing, and the database needs it" in result.output


def test_without_a_token_or_a_sound_file_it_does_not_begin(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISCORD_TOKEN")
    assert "There is no bot token" in (result := setup()).output
    assert result.exit_code == 2
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    config.write_text("[nonsense]\n", encoding="utf-8")
    assert (setup().exit_code, setup("--config=none.toml").exit_code) == (2, 2)
    config.write_text(OWN_FILE + '[discord]\nserver = "x"\n', encoding="utf-8")
    result = setup()
    assert (result.exit_code, "discord.server is not a Discord id" in result.output) == (2, True)


def test_another_server_needs_another_file(stage: Stage, config: Path) -> None:
    stage()
    config.write_text(f'{OWN_FILE}[discord]\nserver = "{BIG + 1}"\n', encoding="utf-8")
    result = setup("--yes", f"--server={OPEN.id}")
    assert result.exit_code == 2
    assert "names another server" in result.output
    assert "is not the id of a server" in setup("--server=mine").output


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [(Refused(Why.GONE), "the bot is not in this server"), (Later("http_503"), "did not do it (http_503)")],
)
def test_a_server_that_cannot_be_seen_is_one_sentence(
    stage: Stage, answer: Refused | Later, sentence: str
) -> None:
    fake = stage()

    async def nothing() -> Refused | Later:
        return answer

    fake.survey = nothing  # type: ignore[method-assign] # Discord shows nothing
    result = setup("--yes")
    assert result.exit_code == 1
    assert sentence in result.output


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (CannotStart("Discord does not accept the token."), 2),
        (NotNow("Discord cannot be reached."), 1),
    ],
)
def test_what_discord_refuses_at_the_login_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, problem: CannotStart, code: int
) -> None:
    @asynccontextmanager
    async def refused(_secrets: Secrets, _server_id: int | None) -> AsyncIterator[Visit]:
        if _secrets:
            raise problem
        yield  # type: ignore[misc] # never reached

    monkeypatch.setattr("bot.app.visiting", refused)
    result = setup("--yes")
    assert result.exit_code == code
    assert str(problem) in result.output


def test_names_from_discord_cannot_steer_the_terminal(stage: Stage) -> None:
    stage(moved(a_server(Channel(3001, "gen\x1b[31meral\u202e"))))
    result = setup("--yes", f"--welcome={BIG + 3001}", "--present=everyone")
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
