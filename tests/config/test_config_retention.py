"""How long things are kept: an end for everything, and a word about what is kept for long."""

from collections.abc import Callable

import pytest

from bot.config import Loaded
from bot.config.checks_retention import USUAL

Load = Callable[..., Loaded]

COMMUNITY = """[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"

[discord]
server = "100000000000000001"
member_role = "100000000000000002"
quarantine_channel = "100000000000000003"
review_channel = "100000000000000004"
welcome_channel = "100000000000000005"
moderator_roles = ["100000000000000006"]

[retention]
"""

KEYS = (*USUAL, "free_text")


def told(loaded: Loaded) -> list[tuple[str, str]]:
    """What is said about retention: how grave, and about which key."""
    path = "retention."
    return [(f.severity, f.path.removeprefix(path)) for f in loaded.findings if f.path.startswith(path)]


def test_what_is_shipped_is_fine(load_text: Load) -> None:
    """Nobody is warned of what they did not choose."""
    assert told(load_text(COMMUNITY)) == []


@pytest.mark.parametrize(
    "written", ['"never"', '"For ever"', '""', '"0"', '"0d"', "0", "-1", '"-30d"', "false", "inf"]
)
def test_nothing_is_kept_without_an_end(load_text: Load, written: str) -> None:
    """Whatever way there is to say it, for every key; the mend is a number of days."""
    loaded = load_text(COMMUNITY + "".join(f"{key} = {written}\n" for key in KEYS))

    assert sorted(told(loaded)) == sorted(("error", key) for key in KEYS)
    assert all('d"' in error.mend for error in loaded.errors)


@pytest.mark.parametrize("written", ['"never"', "0", '"-1d"', '"unlimited"'])
def test_no_limit_is_called_by_its_name(load_text: Load, written: str) -> None:
    """An admin reads why, not only that it is no length of time."""
    [error] = load_text(f"{COMMUNITY}unfinished = {written}\n").errors

    assert error.problem == "sets no limit: nothing may be kept for ever"


@pytest.mark.parametrize(
    ("key", "written", "grave"),
    [
        ("unfinished", "12mo", "warning"),
        ("unfinished", "367d", "error"),
        ("refused", "1y", "warning"),
        ("refused", "2y", "error"),
        ("former_members", "13mo", "error"),
        ("free_text", "1y", "warning"),
        ("free_text", "367d", "error"),
        ("superseded", "36mo", "warning"),
        ("superseded", "3y", "warning"),
        ("superseded", "1099d", "error"),
        ("access", "4y", "error"),
        ("log", "100y", "error"),
        ("backups", "4y", "error"),
        ("key_backups", "4y", "error"),
    ],
)
def test_nothing_is_kept_absurdly_long(load_text: Load, key: str, written: str, grave: str) -> None:
    """Three years for anything, a year for what people told us."""
    loaded = load_text(f'{COMMUNITY}{key} = "{written}"\n')

    assert (grave, key) in told(loaded)
    assert (loaded.config is None) == (grave == "error")


def test_longer_than_usual_needs_a_written_reason(load_text: Load) -> None:
    """A day more is told; with a reason it is not."""
    longer = COMMUNITY + "".join(f'{key} = "{usual.days + 1}d"\n' for key, usual in USUAL.items())

    reasoned = load_text(f'{longer}reason = "Our insurer asks for it."\n')

    assert sorted(told(load_text(longer))) == sorted(("warning", key) for key in USUAL)
    assert told(reasoned) == []
    assert reasoned.config is not None
    assert reasoned.config.retention.reason == "Our insurer asks for it."


def test_shorter_is_always_fine(load_text: Load) -> None:
    """A day for everything."""
    assert told(load_text(COMMUNITY + "".join(f'{key} = "1d"\n' for key in KEYS))) == []


@pytest.mark.parametrize(("days", "warned"), [(30, False), (31, True)])
def test_free_text_of_more_than_thirty_days_is_told_with_or_without_a_reason(
    load_text: Load, days: int, warned: bool
) -> None:
    """What was typed has been read by then."""
    for reason in ("", 'reason = "We like to."\n'):
        found = told(load_text(f'{COMMUNITY}free_text = "{days}d"\n{reason}'))

        assert found == ([("warning", "free_text")] if warned else [])


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('backups = "5d"\nkey_backups = "6d"', "is longer than backups"),
        ('backups = "60d"\nkey_backups = "31d"', "is longer than 30 days"),
        ('unfinished = "30d"\nrefused = "29d"', "is longer than refused"),
    ],
)
def test_limits_that_undo_each_other_are_told(load_text: Load, written: str, problem: str) -> None:
    """A warning, and a reason does not make it better."""
    loaded = load_text(f'{COMMUNITY}{written}\nreason = "Because."\n')

    assert [warning.problem.startswith(problem) for warning in loaded.warnings if "rete" in warning.path] == [
        True
    ]
    assert loaded.config is not None


@pytest.mark.parametrize(
    ("written", "warned"),
    [('refused = "3mo"', True), ('refused = "3mo"\n[appeals]\nwindow = "3mo"', False), ("", False)],
)
def test_nobody_is_promised_longer_to_appeal_than_there_is_something_to_look_at(
    load_text: Load, written: str, warned: bool
) -> None:
    """A warning: the shorter of the two counts, so that an older file still starts."""
    loaded = load_text(f"{COMMUNITY}{written}\n")

    assert loaded.config is not None
    found = [f for f in loaded.findings if f.path.startswith("appeals")]
    assert [f.severity for f in found] == ["warning"] * warned


def test_what_can_be_taken_back_is_still_there(load_text: Load) -> None:
    """A warning where what was decided is deleted before the time to take it back is over."""
    loaded = load_text(f'{COMMUNITY}[review]\ntake_back_within = "400d"\n')

    warnings = [one.path for one in loaded.warnings if one.problem.startswith("is longer than refused in")]
    assert warnings == ["review.take_back_within"]
    assert loaded.config is not None
