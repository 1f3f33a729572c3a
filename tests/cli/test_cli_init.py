"""``init``: about eight questions, and a short file that is sound at once."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.config import Config, load
from bot.config.starting import CODES, shipped

GIVEN = (
    "--name=The Harbour",
    "--language=en",
    "--time-zone=Europe/London",
    "--countries=GB, ireland, France=112",
    "--team=few",
    "--minimum-age=16",
    "--no-auto-admit",
    "--work-contact=work@harbour.example",
    "--privacy-contact=https://harbour.example/privacy",
    "--discreet-name=your group",
)
ANSWERS = ["The Harbour", "", "", "", "", "", "", "work@harbour.example", ""]


def init(*arguments: str, answers: list[str] | None = None) -> Result:
    """Run ``init`` with these options, and these answers to what it asks."""
    typed = None if answers is None else "".join(f"{answer}\n" for answer in answers)
    result = CliRunner().invoke(app, ["init", *arguments], input=typed)
    assert "Traceback" not in result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def written(home: Path) -> Config:
    """The configuration that was written."""
    config = load(home / "config.toml", {}).config
    assert config is not None
    return config


def test_answers_become_a_short_file_that_inherits_the_rest(home: Path) -> None:
    result = init(answers=ANSWERS)
    assert result.exit_code == 0, result.output
    text = (home / "config.toml").read_text(encoding="utf-8")
    assert 20 <= len(text.splitlines()) <= 35
    config = written(home)
    assert config.community.name == "The Harbour"
    assert config.community.time_zone == "Europe/Berlin"
    assert config.community.privacy_contact == "work@harbour.example"
    assert config.admission.auto_admit_nil_return
    assert not config.admission.human_confirm
    assert len(config.help.countries) == len(shipped())
    assert config.pages
    assert config.rules
    assert "python -m bot setup" in result.output


@pytest.mark.parametrize("countries", ["all", "GB", "us,de", "Atlantis=1", "gb, Atlantis=1"])
@pytest.mark.parametrize("team", ["few", "more"])
def test_what_is_written_passes_the_check(home: Path, countries: str, team: str) -> None:
    """Only the missing ids are warned of, blanks in the papers, and help lines that nobody has checked."""
    assert init(
        "--yes", "--name=X", "--work-contact=a@b.example", f"--countries={countries}", f"--team={team}"
    )
    loaded = load(home / "config.toml", {})
    assert loaded.errors == ()
    for warning in loaded.warnings:
        assert warning.path in {"discord", "notice"} or "no date on which somebody checked" in warning.problem
    checked = CliRunner().invoke(app, ["check"])
    assert checked.exit_code == 0


def test_everything_can_be_given_as_an_option(home: Path) -> None:
    """Nothing is asked then."""
    assert init(*GIVEN).exit_code == 0
    config = written(home)
    community = config.community
    assert community.name == "The Harbour"
    assert community.discreet_name == "your group"
    assert community.minimum_age == 16
    assert community.privacy_contact == "https://harbour.example/privacy"
    assert [(c.name.in_language("en"), c.emergency, len(c.lines)) for c in config.help.countries] == [
        ("United Kingdom", "999", 1),
        ("Ireland", "112", 1),
        ("France", "112", 0),
    ]
    assert not config.admission.auto_admit_nil_return
    assert config.admission.human_confirm
    assert config.timers.decision_target.days == 7
    assert config.confirm.small_team


@pytest.mark.parametrize(
    ("position", "wrong", "sentence"),
    [
        (0, " ", "This cannot be empty."),
        (0, "x" * 101, "101 characters long, and 100 fit"),
        (0, "a\x1bb", "cannot be shown"),
        (0, f"{'a' * 24}.{'b' * 6}.{'c' * 27}", "looks like a Discord token"),
        (1, "xx", "does not speak that yet"),
        (2, "Mars/Base", "no time zone"),
        (2, "../../etc/passwd", "no time zone"),
        (3, "Atlantis", "Write its emergency number, too, as in Atlantis=112"),
        (3, ",", "at least one country"),
        (3, "=112", "cannot be empty"),
        (4, "nobody", "one or two people"),
        (5, "12", "from 13 to 25"),
        (5, "twenty", "from 13 to 25"),
        (5, "9" * 30, "from 13 to 25"),
        (6, "perhaps", '"yes" or "no"'),
        (7, "me", "Write an address or a page"),
        (8, "somebody nice", "Write an address or a page"),
    ],
)
def test_a_wrong_answer_is_named_and_asked_again(
    home: Path, position: int, wrong: str, sentence: str
) -> None:
    answers = [*ANSWERS[:position], wrong, *ANSWERS[position:]]
    result = init(answers=answers)
    assert result.exit_code == 0, result.output
    assert sentence in result.output
    assert written(home).community.name == "The Harbour"


def test_a_wrong_option_is_named_and_ends_it(home: Path) -> None:
    result = init(*GIVEN, "--minimum-age=7")
    assert result.exit_code == 2
    assert "--minimum-age: Write a number from 13 to 25." in result.output
    assert list(home.iterdir()) == []


def test_a_larger_team_decides_by_two(home: Path) -> None:
    assert init("--yes", "--name=X", "--work-contact=a@b.example", "--team=more")
    assert not written(home).confirm.small_team


def test_what_has_no_usual_value_has_to_be_given(home: Path) -> None:
    result = init("--yes", "--name=The Harbour")
    assert result.exit_code == 2
    assert "--work-contact is missing" in result.output
    assert list(home.iterdir()) == []


def test_a_file_that_exists_is_never_overwritten(home: Path) -> None:
    (home / "config.toml").write_text("mine", encoding="utf-8")
    result = init(*GIVEN)
    assert result.exit_code == 1
    assert "exists already" in result.output
    assert (home / "config.toml").read_text(encoding="utf-8") == "mine"
    other = init(*GIVEN, "--to=other.toml")
    assert other.exit_code == 0
    assert "setup --config other.toml" in other.output


def test_a_place_that_cannot_be_written_is_one_sentence() -> None:
    result = init(*GIVEN, "--to=no/such/folder/config.toml")
    assert result.exit_code == 1
    assert "cannot be written" in result.output


def test_too_much_for_one_message_is_told_and_not_written(home: Path) -> None:
    many = ", ".join(f"Country {'x' * 60} {n}=1{n}" for n in range(60))
    result = init(*GIVEN, f"--countries={many}")
    assert result.exit_code == 1
    assert "nothing was written" in result.output
    assert list(home.iterdir()) == []


def test_input_that_ends_early_is_one_sentence(home: Path) -> None:
    result = init(answers=ANSWERS[:4])
    assert result.exit_code == 1
    assert "The input ended before every question was answered" in result.output
    assert list(home.iterdir()) == []


def test_quotes_and_backslashes_come_through(home: Path) -> None:
    assert init(*GIVEN, '--name=A "quiet" \\ place [x] {name}').exit_code == 0
    assert written(home).community.name == 'A "quiet" \\ place [x] {name}'


def test_every_shipped_country_has_a_code() -> None:
    assert {land.name for land in shipped()} == set(CODES.values())
