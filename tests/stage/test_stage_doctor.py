"""The doctor on the command line: what is said, what is mended, and the exit code."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.layout.model import Invite, Server
from tests.fake_rest import TOKEN, FakeRest, as_read
from tests.layouts import (
    BOOSTER,
    COLOUR,
    GUILD,
    LOG,
    LOUNGE,
    MEMBER,
    MODERATOR,
    OWN,
    PORCH,
    REVIEW,
    RULES,
    SOMEBODY,
    STAFF,
    VIEW,
    P,
    Step,
    after,
    allowing,
    being,
    carrying,
    lacking,
    overwriting,
    person_overwrite,
    silent,
    sound,
    with_role,
)

BASE = 100000000000000000
INVITE_CODE = "very-secret"
CONFIG = f"""
[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"

[discord]
server = "{BASE + GUILD}"
member_role = "{BASE + MEMBER}"
quarantine_channel = "{BASE + PORCH}"
review_channel = "{BASE + REVIEW}"
log_channel = "{BASE + LOG}"
welcome_channel = "{BASE + LOUNGE}"
moderator_roles = ["{BASE + MODERATOR}"]
staff_roles = ["{BASE + STAFF}"]
open_channels = ["{BASE + RULES}"]

[help]
directory = "findahelpline.com"
[[help.countries]]
name = "Ireland"
emergency = "112"
lines = [{{ name = "Samaritans", contact = "116 123", checked = {datetime.now(UTC).date().isoformat()} }}]
"""


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a configuration, a token in the environment, and the log put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.delenv("PORCHLIGHT_CONFIG", raising=False)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name in ("discord", "aiosqlite", "asyncio", "aiohttp"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def moved(server: Server) -> Server:
    """The server with ids as long as Discord's."""
    return replace(
        server,
        id=BASE + server.id,
        roles=tuple(
            replace(r, id=BASE + r.id, bot_id=None if r.bot_id is None else BASE + r.bot_id)
            for r in server.roles
        ),
        channels=tuple(
            replace(
                c,
                id=BASE + c.id,
                parent_id=None if c.parent_id is None else BASE + c.parent_id,
                overwrites=tuple(replace(o, target_id=BASE + o.target_id) for o in c.overwrites),
            )
            for c in server.channels
        ),
        own_id=BASE + server.own_id,
        owner_id=BASE + server.owner_id,
        own_role_ids=frozenset(BASE + role_id for role_id in server.own_role_ids),
        invites=tuple(
            replace(i, role_ids=frozenset(BASE + r for r in i.role_ids)) for i in server.invites or ()
        ),
        bots=tuple(
            replace(b, user_id=BASE + b.user_id, role_ids=frozenset(BASE + r for r in b.role_ids))
            for b in server.bots or ()
        ),
        people={BASE + user_id: frozenset(BASE + r for r in held) for user_id, held in server.people.items()},
        system_channel_id=None if server.system_channel_id is None else BASE + server.system_channel_id,
    )


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch) -> FakeRest:
    """A sound server behind Discord's REST side."""
    fake = FakeRest(moved(as_read(sound())))
    fake.install(monkeypatch)
    return fake


def lay_out(rest: FakeRest, *steps: Step) -> None:
    """The server is otherwise."""
    rest.server = moved(as_read(after(*steps)))


def visit(*arguments: str) -> Result:
    """The doctor comes."""
    result = CliRunner().invoke(app, ["doctor", *arguments])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert TOKEN not in result.output
    return result


def test_a_sound_server_ends_well(rest: FakeRest) -> None:
    """One sentence, code 0, and nothing is changed."""
    result = visit()
    assert result.exit_code == 0
    assert result.output.strip().startswith("Nothing is open.")
    assert rest.changes == []


def test_a_way_past_the_gate_ends_with_1_and_says_what_why_and_how(rest: FakeRest) -> None:
    """In plain words, without the marks that Discord would turn into bold letters."""
    lay_out(rest, allowing(LOUNGE, GUILD, VIEW))
    result = visit()
    assert result.exit_code == 1
    assert "There are ways past the gate: 1." in result.output
    assert "Everyone can see channels that are for members: #start-here." in result.output
    assert "People who have not been let in can read there." in result.output
    assert "How to mend it: In each channel: Edit Channel, Permissions" in result.output
    assert "*" not in result.output
    assert rest.changes == []


def test_what_is_no_way_in_ends_with_0(rest: FakeRest) -> None:
    """It is told all the same."""
    lay_out(rest, being(widget_enabled=True), lacking(OWN, P.VIEW_AUDIT_LOG))
    result = visit()
    assert result.exit_code == 0
    assert "something should be mended: 2." in result.output
    assert "The server widget is on." in result.output


def test_the_right_to_remove_people_is_asked_for_where_people_are_removed(
    rest: FakeRest, tmp_path: Path
) -> None:
    """As the configuration says."""
    lay_out(rest, lacking(OWN, P.KICK_MEMBERS))
    assert "Kick Members" not in visit().output
    own = CONFIG + '\n[timers]\nafter_lapse = "remove"\nway_back = "harbour.example/join"\n'
    (tmp_path / "config.toml").write_text(own, encoding="utf-8")
    assert "It lacks Kick Members." in visit().output


HOLES: tuple[Step, ...] = (
    allowing(LOUNGE, GUILD, VIEW),
    carrying(BOOSTER, VIEW),
    silent(PORCH, MEMBER),
    silent(PORCH, MODERATOR),
    allowing(PORCH, GUILD, P.SEND_MESSAGES),
    overwriting(LOUNGE, person_overwrite(SOMEBODY, allow=int(VIEW))),
    being(
        widget_enabled=True,
        announces_joins=True,
        system_channel_id=LOUNGE,
        invites=(Invite("plain"), Invite(INVITE_CODE, frozenset({MEMBER}))),
        people={SOMEBODY: frozenset()},
    ),
)


def test_fix_shows_what_it_does_does_it_and_looks_again(rest: FakeRest) -> None:
    """Everything that is safe; in the end the doctor finds nothing, and the code is 0."""
    lay_out(rest, *HOLES)
    assert visit().exit_code == 1
    assert rest.changes == []
    result = visit("--fix")
    assert result.exit_code == 0, result.output
    for told in (
        "This can be done without locking anybody out:",
        "- In #start-here, @everyone is no longer named.",
        "- In #start-here, one person is no longer named.",
        "- The role Booster no longer has: View Channels.",
        "- In #front-porch, Moderator is allowed: View Channels.",
        "- In #front-porch, Member is denied: View Channels.",
        "- In #front-porch, @everyone is denied: Send Messages.",
        "- An invite that gives a role is deleted.",
        "- The server widget is switched off.",
        "- The message when somebody joins is switched off.",
        "This is how things are now:",
    ):
        assert told in result.output, told
    assert "Nothing is open." in result.output
    assert INVITE_CODE not in result.output
    assert str(BASE + SOMEBODY) not in result.output
    assert [invite.code for invite in rest.server.invites or ()] == ["plain"]


def test_fix_leaves_to_people_what_only_they_can_judge(rest: FakeRest) -> None:
    """A role that somebody hands out is not touched, and the way stays open: 1."""
    lay_out(rest, carrying(COLOUR, VIEW), being(widget_enabled=True))
    result = visit("--fix")
    assert result.exit_code == 1
    assert rest.changes == [("PATCH", f"/guilds/{BASE + GUILD}/widget")]
    assert "The role Blue can look around" in result.output.split("This is how things are now:")[1]

    result = visit("--fix")
    assert result.exit_code == 1
    assert "Nothing of this can be mended safely without a person." in result.output
    assert len(rest.changes) == 1


@pytest.mark.parametrize(("status", "sentence"), [(403, "did not allow this"), (503, "did not answer")])
def test_what_discord_does_not_allow_is_left_and_the_rest_is_done(
    rest: FakeRest, status: int, sentence: str
) -> None:
    """A channel is not hidden if whoever stays could not be named in it first."""
    lay_out(rest, silent(PORCH, MEMBER), silent(PORCH, MODERATOR), being(widget_enabled=True))
    path = f"/channels/{BASE + PORCH}/permissions/{BASE + MODERATOR}"
    rest.refuse("PUT", path, status, 50013 if status == 403 else 0)
    result = visit("--fix")
    assert sentence in result.output
    assert rest.changes == [("PUT", path), ("PATCH", f"/guilds/{BASE + GUILD}/widget")]
    assert "Members can see who waits." in result.output.split("This is how things are now:")[1]


def test_a_role_above_the_bot_is_left_to_people(rest: FakeRest) -> None:
    """Discord would not allow it."""
    lay_out(rest, carrying(BOOSTER, VIEW), with_role(BOOSTER, position=9))
    result = visit("--fix")
    assert result.exit_code == 1
    assert "without a person" in result.output
    assert rest.changes == []


def test_fix_with_nothing_to_fix_changes_nothing(rest: FakeRest) -> None:
    """And says that all is well, once."""
    result = visit("--fix")
    assert result.exit_code == 0
    assert result.output.count("Nothing is open.") == 1
    assert rest.changes == []


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [(403, 50001, "Discord does not let the bot look"), (503, 0, "could not be looked at just now")],
)
def test_a_server_that_cannot_be_seen_is_no_sound_server(
    rest: FakeRest, status: int, code: int, sentence: str
) -> None:
    """1, and the reason."""
    rest.refuse("GET", f"/guilds/{BASE + GUILD}", status, code)
    result = visit()
    assert result.exit_code == 1
    assert sentence in result.output


def test_without_a_token_or_a_server_there_is_nothing_to_visit(
    rest: FakeRest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2, and one sentence."""
    monkeypatch.delenv("DISCORD_TOKEN")
    result = visit()
    assert result.exit_code == 2
    assert "There is no bot token." in result.output

    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    head, _, tail = CONFIG.partition("[discord]")
    (tmp_path / "config.toml").write_text(head + tail[tail.index("[help]") :], encoding="utf-8")
    result = visit()
    assert result.exit_code == 2
    assert "has no [discord] table" in result.output
    (tmp_path / "config.toml").write_text("[nonsense]\n", encoding="utf-8")
    assert visit().exit_code == 2
    assert rest.calls == []
