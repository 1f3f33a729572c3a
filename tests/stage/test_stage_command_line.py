"""The command line: clear sentences, and exit codes that scripts can go by."""

import asyncio
import base64
import csv
import json
import logging
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import discord
import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.config import Config, Secrets, load
from bot.opening import CannotStart
from bot.running import run as run_bot
from cogs._client import PorchlightClient
from rehearsal import simulation
from rehearsal.theatre import Theatre, raised
from tests.stage.acts import (
    AGENCY,
    HAS_LINKS,
    JOB_TODAY,
    NOTHING_TO_TELL,
    WILL_NOT_SAY,
    Errors,
    apply,
)

TOKEN = "a.made-up.token"  # noqa: S105 - it opens nothing
OWN = """
[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"

[notice]
responsible = "The Harbour"
address = "1 Quay Street"
email = "hello@harbour.example"
host = "ourselves"
authority = "the authority"
changed = 2026-03-01

[storage]
database = "{folder}/porchlight.db"
keys = "{folder}/keys.db"
key_file = "{folder}/master.key"
"""
IDS = """
[discord]
server = "100000000000000001"
member_role = "100000000000000002"
quarantine_channel = "100000000000000003"
review_channel = "100000000000000004"
welcome_channel = "100000000000000005"
moderator_roles = ["100000000000000006"]
"""
HELP = """
[help]
directory = "findahelpline.com"
[[help.countries]]
name = "Ireland"
emergency = "112"
lines = [{{ name = "Samaritans", contact = "116 123", checked = {today} }}]
"""


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, no token and no key in the environment, and the log put back afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in ("DISCORD_TOKEN", "PORCHLIGHT_KEY", "PORCHLIGHT_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    listening = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in listening.items():
        signal.signal(number, handler)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name in ("discord", "aiosqlite", "asyncio", "aiohttp"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(folder: Path, *parts: str, name: str = "config.toml") -> Path:
    """A configuration file made of these parts."""
    file = folder / name
    today = datetime.now(UTC).date().isoformat()
    text = "".join(
        part if part is IDS else part.format(folder=folder / "data", today=today) for part in parts
    )
    file.write_text(text, encoding="utf-8")
    return file


def porchlight(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, list(arguments))


def told(result: Result) -> str:
    """What was said, on either stream, with no traceback in it."""
    assert "Traceback" not in result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_check_is_silent_about_a_good_file(tmp_path: Path) -> None:
    """Everything filled in, every line checked: it says that all is good, and ends with 0."""
    apart = OWN.replace("{folder}/keys.db", "{folder}/../keys/keys.db")
    apart = apart.replace("{folder}/master.key", "{folder}/../secret/master.key")
    written(tmp_path, apart, IDS, HELP)
    result = porchlight("check")
    assert result.exit_code == 0
    assert told(result) == "config.toml: all good.\n"


def test_check_warns_of_what_one_copy_would_take_together(tmp_path: Path) -> None:
    """It is no error: a machine may have its reasons."""
    written(tmp_path, OWN, IDS, HELP)
    result = porchlight("check")
    assert result.exit_code == 0
    assert "storage.keys: lies with database: a copy of the folder is a copy of both" in told(result)
    assert "Warnings: 2." in told(result)


def test_check_finds_the_file_in_each_way_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an argument, as --config, from the environment."""
    other = written(tmp_path, OWN, IDS, HELP, name="other.toml")
    assert porchlight("check").exit_code == 2
    assert porchlight("check", str(other)).exit_code == 0
    assert porchlight("check", "--config", str(other)).exit_code == 0
    monkeypatch.setenv("PORCHLIGHT_CONFIG", str(other))
    assert porchlight("check").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "parts", "code", "sentence"),
    [
        (["check"], [OWN], 0, "warning: "),
        (["check"], [OWN, "\n[nonsense]\nx = 1\n"], 2, "nonsense"),
        (["check"], ["this is = = not toml"], 2, "config.toml"),
        (["check", "nowhere.toml"], [OWN], 2, "nowhere.toml"),
        (["run"], [OWN, IDS], 2, "There is no bot token. Put DISCORD_TOKEN="),
        (["run"], [OWN, "\n[nonsense]\n"], 2, "nonsense"),
        (["run", "--log-level", "chatty"], [OWN, IDS], 2, "chatty is no log level"),
        (["export", "cases", "--to", "x.csv"], [OWN], 1, "There is no database at"),
        (["export", "nonsense", "--to", "x.csv"], [OWN], 2, "nonsense"),
        (["export", "cases"], [OWN], 2, "--to"),
        (["nonsense"], [OWN], 2, "nonsense"),
        (["--help"], [OWN], 0, "rehearse"),
        (["run", "--help"], [OWN], 0, "DISCORD_TOKEN"),
    ],
)
def test_every_end_has_a_code_and_a_sentence(
    tmp_path: Path, arguments: list[str], parts: list[str], code: int, sentence: str
) -> None:
    """0 done, 1 a problem was found and named, 2 wrong usage or an unusable configuration."""
    written(tmp_path, *parts)
    result = porchlight(*arguments)
    assert result.exit_code == code, result.output
    assert sentence in told(result)


def test_run_without_ids_says_what_to_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token and no [discord] table: 2, and one sentence."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    written(tmp_path, OWN)
    result = porchlight("run")
    assert result.exit_code == 2
    assert "has no [discord] table" in told(result)


REFUSALS = [
    (discord.LoginFailure("Improper token has been passed."), 2, "Discord does not accept the token."),
    (discord.PrivilegedIntentsRequired(None), 2, "Discord does not give this bot the Server Members intent."),
    (aiohttp.ClientConnectionError("no route"), 1, "Discord cannot be reached."),
    (OSError("no network"), 1, "Discord cannot be reached."),
]


@pytest.mark.parametrize(("refusal", "code", "sentence"), REFUSALS)
def test_what_discord_refuses_at_the_start_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Exception, code: int, sentence: str
) -> None:
    """A wrong token, a missing intent: 2. No network: 1, because starting again may help. No traceback."""

    async def refused(_client: PorchlightClient, _token: str) -> None:
        await asyncio.sleep(0)
        raise refusal

    monkeypatch.setattr(PorchlightClient, "start", refused)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    written(tmp_path, OWN, IDS)
    result = porchlight("run")
    assert result.exit_code == code
    assert sentence in told(result)
    assert TOKEN not in result.output


async def test_run_raises_the_sentence_for_whoever_calls_it(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The composition root itself says it, before the command line adds its code."""
    with pytest.raises(CannotStart, match="There is no bot token"):
        await run_bot(config, Secrets())
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    without_ids = load(written(tmp_path, OWN), {}).config
    assert without_ids is not None
    with pytest.raises(CannotStart, match=r"no \[discord\] table"):
        await run_bot(without_ids, Secrets())


def test_a_signal_ends_the_run_in_good_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM: what is in hand is finished, everything is closed, and the code is 0."""
    ended = []

    async def serves(client: PorchlightClient, _token: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        while not client.is_closed():  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
        ended.append(True)

    monkeypatch.setattr(PorchlightClient, "start", serves)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    written(tmp_path, OWN, IDS)
    result = porchlight("run")
    assert result.exit_code == 0, result.output
    assert ended == [True]
    assert porchlight("export", "cases", "--to", str(tmp_path / "none.csv")).exit_code == 0


def test_a_wrong_key_is_named_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data of another key: 1, and a sentence."""

    async def stops(_client: PorchlightClient, _token: str) -> None:
        await asyncio.sleep(0)
        raise discord.LoginFailure("stop here")

    monkeypatch.setattr(PorchlightClient, "start", stops)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    written(tmp_path, OWN, IDS)
    assert porchlight("run").exit_code == 2
    key_file = tmp_path / "data" / "master.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    key_file.unlink()
    result = porchlight("run")
    assert result.exit_code == 1, result.output
    assert "key" in told(result)


def export_config(theatre: Theatre, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration and key with which the command line reads what the stage wrote."""
    monkeypatch.setenv("PORCHLIGHT_KEY", base64.b64encode(theatre.master).decode())
    storage = theatre.config.storage
    text = OWN.replace("{folder}/porchlight.db", str(storage.database)).replace(
        "{folder}/keys.db", str(storage.keys)
    )
    written(folder, text, IDS)


def test_export_writes_what_people_told_to_a_file_of_ones_own(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both exports in both formats, decrypted, mode 0600, never over a file that is there."""
    people: dict[str, int] = {}

    async def populate() -> None:
        async with raised(config, tmp_path) as theatre:
            for name, about, links in (
                ("ann", NOTHING_TO_TELL, ()),
                ("ben", HAS_LINKS, (JOB_TODAY, {**AGENCY, "on_behalf_of": "Halcyon Bio"})),
                ("cleo", WILL_NOT_SAY, ()),
            ):
                person = await theatre.newcomer(name)
                await apply(person, about, links)
                people[name] = person.id
            await theatre.newcomer("dora")
            export_config(theatre, tmp_path, monkeypatch)

    asyncio.run(populate())
    out = tmp_path / "disclosures.csv"
    result = porchlight("export", "disclosures", "--to", str(out))
    assert result.exit_code == 0, result.output
    assert "4 rows written" in told(result)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [(line["disclosed"], line["organisation"], line["on_behalf_of"]) for line in lines] == [
        ("none", "", ""),
        ("some", "Northwind Pharma", ""),
        ("some", "Quill Research", "Halcyon Bio"),
        ("undisclosed", "", ""),
    ]
    assert {line["discord_id"] for line in lines} == {str(people[name]) for name in ("ann", "ben", "cleo")}
    again = porchlight("export", "disclosures", "--to", str(out))
    assert again.exit_code == 1
    assert "exists already" in told(again)
    cases = tmp_path / "cases.json"
    assert porchlight("export", "cases", "--format", "json", "--to", str(cases)).exit_code == 0
    found = json.loads(cases.read_text(encoding="utf-8"))
    assert [case["state"] for case in found] == ["admitted", "held", "held", "waiting"]
    assert stat.S_IMODE(cases.stat().st_mode) == 0o600


async def test_a_server_that_is_not_there_is_one_line_in_the_log(theatre: Theatre, errors: Errors) -> None:
    """The bot was not invited: it says so and waits."""
    errors.expected = True
    elsewhere = theatre.config.discord
    assert elsewhere is not None
    moved = elsewhere.model_copy(update={"server": 100000000000000009})
    theatre.config = theatre.config.model_copy(update={"discord": moved})
    simulation.fail(theatre.env, "PUT", "/applications/*/guilds/*/commands", status=403, code=50001)
    await theatre.restart()
    lines = errors.lines
    assert any("is not in the configured server" in line for line in lines)


def test_run_serves_the_local_page_and_writes_lines_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """While it runs; each line of the log is an object, the hourly one among them."""
    port = free_port()
    seen: list[tuple[int, str]] = []

    async def serves(client: PorchlightClient, _token: str) -> None:
        async with aiohttp.ClientSession() as session:
            for path in ("health", "metrics"):
                async with session.get(f"http://127.0.0.1:{port}/{path}") as answer:
                    seen.append((answer.status, await answer.text()))
        os.kill(os.getpid(), signal.SIGTERM)
        while not client.is_closed():  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)

    monkeypatch.setattr(PorchlightClient, "start", serves)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    written(tmp_path, OWN, IDS, f"\n[health]\nport = {port}\n")
    result = porchlight("run", "--log-format", "json")
    assert result.exit_code == 0, result.output
    assert [status for status, _ in seen] == [503, 200]
    assert json.loads(seen[0][1])["problems"] == ["gateway_not_connected"]
    assert "porchlight_joins_total 0.0" in seen[1][1]
    text = result.stderr + capfd.readouterr().err
    lines = [json.loads(line) for line in text.splitlines()]
    assert any(line["message"].startswith("how it stands: gateway not connected") for line in lines)


def test_run_notes_the_end_of_the_log_and_verify_holds_the_log_against_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the file of anchors, without anybody asking for it; and all is well while the log is untouched."""
    anchors = tmp_path / "ledger" / "anchors.jsonl"

    async def stops(client: PorchlightClient, _token: str) -> None:
        while has_lines and not anchors.exists():  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        while not client.is_closed():  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)

    monkeypatch.setattr(PorchlightClient, "start", stops)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    written(tmp_path, OWN, IDS)
    has_lines = False
    assert porchlight("run").exit_code == 0
    assert porchlight("backup", "--to", str(tmp_path / "copies")).exit_code == 0
    has_lines = True
    assert porchlight("run").exit_code == 0

    verified = porchlight("verify")

    assert verified.exit_code == 0, verified.output
    assert "Anchors that fit: 1. Keys tried: 0." in verified.output


def test_run_on_a_port_that_is_taken_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a matter of the configuration: 2, and what to write instead."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        written(tmp_path, OWN, IDS, f"\n[health]\nport = {port}\n")
        result = porchlight("run")
    assert result.exit_code == 2
    assert f"Nothing can listen on 127.0.0.1, port {port}" in told(result)
    assert "Write another port in [health]" in told(result)


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def test_backup_makes_copies_while_the_bot_runs(
    theatre: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says where they are and what to do with them; a second time it overwrites nothing."""
    await apply(await theatre.newcomer("ann"), NOTHING_TO_TELL)
    export_config(theatre, tmp_path, monkeypatch)
    to = tmp_path / "copies"
    result = await asyncio.to_thread(porchlight, "backup", "--to", str(to))
    assert result.exit_code == 0, result.output
    assert f"Copied to {to}/data/porchlight.db and {to}/keys/keys.db." in told(result)
    assert "Keep them in two different places" in result.output
    again = await asyncio.to_thread(porchlight, "backup", "--to", str(to))
    assert again.exit_code == 1
    assert "exists already. Choose another folder" in told(again)
    await apply(await theatre.newcomer("ben"), NOTHING_TO_TELL)


def test_backup_before_anything_ran_is_a_sentence(tmp_path: Path) -> None:
    """1, and no folder full of nothing."""
    written(tmp_path, OWN, IDS)
    result = porchlight("backup", "--to", str(tmp_path / "copies"))
    assert result.exit_code == 1
    assert "Has the bot run here yet?" in told(result)
    (tmp_path / "data").mkdir()
    for name in ("porchlight.db", "keys.db"):
        (tmp_path / "data" / name).write_text("not a database, by far")
    result = porchlight("backup", "--to", str(tmp_path / "copies"))
    assert result.exit_code == 1
    assert "No copy was made (" in told(result)
