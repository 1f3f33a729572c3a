"""The operator's ``rights``: for people who have left, beside the running bot, and noted each time."""

import asyncio
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.commands.rights import WHO_ASKS
from rehearsal import simulation
from rehearsal.theatre import Person, Theatre
from tests.stage.acts import HAS_LINKS, OLD_JOB, apply, code_of, count, held, inside, rows
from tests.stage.test_stage_command_line import IDS, OWN, export_config, told, written


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where config.toml is looked for, with no other named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORCHLIGHT_CONFIG", raising=False)


async def rights(*arguments: str, typed: str = "") -> Result:
    """Run the command while the bot runs."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["rights", *arguments], input=typed)


def names_in(folder: Path) -> set[str]:
    """The names of what lies in a folder."""
    return {entry.name for entry in folder.iterdir()}


@pytest.fixture
async def ann(theatre: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A member with a link, of the bot that the command works beside."""
    person = await theatre.newcomer("ann")
    await apply(person, HAS_LINKS, ({**OLD_JOB, "organisation": "Bell\x07 *Works*"},))
    export_config(theatre, tmp_path, monkeypatch)
    return person


async def test_see_tells_the_same_and_is_noted(theatre: Theatre, ann: Person) -> None:
    """Who is asking comes first; the words are those of /my-data, and fit for a terminal."""
    code = await code_of(theatre)
    result = await rights("see", code)
    text = told(result)

    assert result.exit_code == 0, text
    assert text.startswith(WHO_ASKS.split(":", maxsplit=1)[0])
    assert f"REQUEST {code}" in text
    assert "“Bell? *Works*”" in text
    assert "\x07" not in text
    assert "<t:" not in text
    assert await rows(theatre, "SELECT actor, action, purpose FROM access") == [
        ("operator", "rights", "rights")
    ]
    seen = await ann.command("my-data")
    assert "Whoever runs the bot read what we hold about you because you asked" in seen.text


async def test_download_writes_two_files_of_ones_own(theatre: Theatre, ann: Person, tmp_path: Path) -> None:
    """In a folder for its owner alone; nothing is overwritten, and then nothing is noted."""
    code, to = await code_of(theatre), tmp_path / "for-them"
    result = await rights("download", code, "--to", str(to))

    assert result.exit_code == 0, told(result)
    assert stat.S_IMODE(to.stat().st_mode) == 0o700
    files = sorted(to.iterdir())
    assert [file.name for file in files] == ["my-data.html", "my-data.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert json.loads(files[1].read_text(encoding="utf-8"))["you"]["discord_id"] == str(ann.id)
    before = files[1].read_bytes()
    again = await rights("download", code, "--to", str(to))
    assert again.exit_code == 1
    assert "exists already. Choose another folder" in told(again)
    assert files[1].read_bytes() == before
    assert await rows(theatre, "SELECT count(*) FROM event WHERE action = 'rights.given'") == [(1,)]


async def test_delete_asks_for_the_code_again(theatre: Theatre, ann: Person) -> None:
    """Another code deletes nothing; the right one everything, and the bot takes the role."""
    code = await code_of(theatre)
    result = await rights("delete", code, typed="0000-00\n")
    assert result.exit_code == 1
    assert "They let the others know who is in the room" in told(result)
    assert "Nothing was deleted." in result.output
    assert await count(theatre, "cases") == 1

    result = await rights("delete", code, typed=f"{code.lower()}\n")
    assert result.exit_code == 0, told(result)
    assert "Done. What we held about you is deleted." in result.output
    assert await count(theatre, "subject") == 0
    simulation.set_clock(theatre.env, datetime.now(UTC) + timedelta(minutes=1))
    await theatre.settle()
    assert not inside(ann)


async def test_delete_can_leave_the_links_of_a_member(theatre: Theatre, ann: Person) -> None:
    """With --links-stay, for scripts with --yes."""
    result = await rights("delete", await code_of(theatre), "--links-stay", "--yes")
    await theatre.settle()

    assert result.exit_code == 0, told(result)
    assert "Your links stay" in result.output
    assert "locked number" not in told(result)
    assert inside(ann)
    assert await count(theatre, "sheet") == 0
    assert await count(theatre, "disclosure") == 1


async def test_links_cannot_stay_of_somebody_who_is_no_member(theatre: Theatre, ann: Person) -> None:
    """It says so, and deletes nothing."""
    await held(theatre)
    result = await rights("delete", await code_of(theatre), "--links-stay", "--yes")

    assert result.exit_code == 1
    assert "There are no links that could stay" in told(result)
    assert await count(theatre, "cases") == 2
    assert inside(ann)


async def test_consent_is_taken_back_for_somebody_who_has_left(theatre: Theatre, ann: Person) -> None:
    """What they told goes; that there was a request stays."""
    code = await code_of(theatre)
    ann.leave()
    await theatre.settle()
    result = await rights("consent", code, "--yes")

    assert result.exit_code == 0, told(result)
    assert "You have taken back your consent" in result.output
    assert await count(theatre, "disclosure") == 0
    assert await count(theatre, "cases") == 1


@pytest.mark.parametrize(
    "verb", [("see",), ("download", "--to", "x"), ("consent", "--yes"), ("delete", "--yes")]
)
async def test_a_code_of_nobody_is_a_sentence(
    theatre: Theatre, ann: Person, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    """1, and no folder is made for it."""
    result = await rights(verb[0], "0000-00", *verb[1:])

    assert result.exit_code == 1
    assert "There is no request with this code." in told(result)
    assert "x" not in names_in(tmp_path)
    assert inside(ann)
    assert await count(theatre, "access") == 0


async def test_before_the_bot_has_run_there_is_nothing(tmp_path: Path) -> None:
    """1, and a sentence."""
    written(tmp_path, OWN, IDS)
    result = await rights("see", "0000-00")

    assert result.exit_code == 1
    assert "Has the bot run here yet?" in told(result)
