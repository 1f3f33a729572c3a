"""``explain`` and ``papers``: printed, or written to a new file."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app

OWN = """
[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"
"""
VERBS = [("explain",), ("papers", "notice"), ("papers", "record"), ("papers", "impact"), ("papers", "breach")]


@pytest.fixture(autouse=True)
def written(home: Path) -> Path:
    """A short configuration, where it is looked for."""
    file = home / "config.toml"
    file.write_text(OWN, encoding="utf-8")
    return file


def porchlight(*arguments: str) -> Result:
    """Run the command line."""
    result = CliRunner().invoke(app, list(arguments))
    assert "Traceback" not in result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize("verb", VERBS)
def test_it_prints_markdown_and_nothing_else(verb: tuple[str, ...]) -> None:
    """What is still to be filled in is said beside it, so that the page can be piped somewhere."""
    result = porchlight(*verb)

    assert result.exit_code == 0
    assert result.stdout.startswith("# ")
    assert "The Harbour" in result.stdout.splitlines()[0] + result.stdout.splitlines()[2]
    assert "Still to fill in" not in result.stdout
    assert ("Still to fill in" in result.stderr) == ("[fill in: " in result.stdout)


@pytest.mark.parametrize("verb", VERBS)
def test_it_writes_a_new_file_that_everybody_may_read(verb: tuple[str, ...], home: Path) -> None:
    """The same text, whatever the machine lets new files be; and never over a file that is there."""
    page = home / "page.md"
    printed = porchlight(*verb).stdout

    first = porchlight(*verb, "--to", str(page))
    page.chmod(0o600)
    again = porchlight(*verb, "--to", str(page))

    assert (first.exit_code, again.exit_code) == (0, 1)
    assert page.read_text(encoding="utf-8") == printed
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "exists already" in again.stderr


def test_the_mode_does_not_depend_on_the_mask(home: Path) -> None:
    """A page to publish can be read by the web server."""
    page = home / "page.md"
    mask = os.umask(0o077)
    try:
        assert porchlight("explain", "--to", str(page)).exit_code == 0
    finally:
        os.umask(mask)

    assert stat.S_IMODE(page.stat().st_mode) == 0o644


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_sound_configuration_there_is_no_paper(verb: tuple[str, ...], written: Path) -> None:
    """Everything that is wrong is named, and nothing is printed."""
    written.write_text(OWN.replace("discreet_name", "discrete_name"), encoding="utf-8")

    result = porchlight(*verb)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "discrete_name" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("papers",), 2, "Missing argument"),
        (("papers", "secrets"), 2, "secrets"),
        (("explain", "--config", "nowhere.toml"), 2, "nowhere.toml"),
        (("explain", "--language", "x y"), 2, "--language"),
        (("papers", "notice", "--language", "../en"), 2, "--language"),
        (("explain", "--to", "no/such/folder.md"), 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_named(arguments: tuple[str, ...], code: int, said: str) -> None:
    """With the code that scripts go by."""
    result = porchlight(*arguments)

    assert result.exit_code == code
    assert said in result.output


def test_another_language_is_used_where_there_is_one(written: Path) -> None:
    """Texts of one's own follow it; what is not translated says so."""
    written.write_text(OWN + '[gate]\ntext = { en = "Come in", de = "Komm herein" }\n', encoding="utf-8")

    german, english = porchlight("explain", "--language", "de"), porchlight("explain")

    assert "> Komm herein" in german.stdout
    assert "not written in that language" in german.stderr
    assert "> Come in" in english.stdout
    assert english.stderr == ""
