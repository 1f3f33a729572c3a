"""Reading the file: defaults, environment, secrets, and whatever else may be in it."""

import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Config, Loaded, Secrets, load
from bot.config.panel import PANEL_ROOM, panel_text, panel_text_length
from bot.config.schema import DEFAULTS

Load = Callable[..., Loaded]

MINIMAL = """[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"

[discord]
server = 100000000000000001
member_role = "100000000000000002"
quarantine_channel = "100000000000000003"
review_channel = "100000000000000004"
welcome_channel = "100000000000000005"
moderator_roles = ["100000000000000006", 100000000000000007]
"""

TOKEN = f"{'M' * 24}.{'a' * 6}.{'z' * 30}"


def good(loaded: Loaded) -> Config:
    assert loaded.config is not None, [finding.told("config.toml") for finding in loaded.findings]
    return loaded.config


def test_the_example_has_warnings_only(example: str, load_text: Load) -> None:
    """It names what an admin still has to do, and nothing else."""
    loaded = load_text(example)

    assert good(loaded)
    assert {finding.path.split("[")[0] for finding in loaded.findings} == {
        "discord",
        "help.countries",
        "notice",
    }


def test_the_example_repeats_the_defaults(example: str) -> None:
    """What the example shows is what applies when it is left out."""
    shown, shipped = tomllib.loads(example), tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))

    assert {table: shown[table] for table in shipped} == shipped
    assert set(shown) - set(shipped) == {"community", "storage", "notice", "messages"}


def test_the_discord_table_in_the_example_works(example: str, load_text: Load) -> None:
    """Taking away the signs in front of it is enough."""
    lines = example.splitlines()
    start = lines.index("# [discord]")
    end = lines.index("", start)
    lines[start:end] = [line.removeprefix("# ") for line in lines[start:end]]

    config = good(load_text("\n".join(lines)))

    assert config.moderator_roles == {100000000000000006}


def test_what_the_papers_lack_is_told_once(example: str, load_text: Load) -> None:
    """One warning with the keys that are missing, and none once they are there."""
    keys = ("responsible", "address", "email", "host", "authority", "changed")
    start = example.index("[notice]")
    end = example.index("[review]", start)
    filled = example[start:end]
    for key in keys:
        filled = filled.replace(f"# {key} = ", f"{key} = ")

    def told(table: str) -> list[str]:
        loaded = load_text(example[:start] + table + example[end:])
        return [finding.mend for finding in loaded.findings if finding.path == "notice"]

    assert told(filled) == []
    assert told(filled.replace("\nhost =", "\n# host =")) == ["write host"]
    assert told("") == [f"write {', '.join(keys)}"]


def test_a_short_file_is_enough(load_text: Load) -> None:
    """Two tables by the admin, everything else as shipped."""
    config = good(load_text(MINIMAL))

    assert config.discord is not None
    assert config.discord.server == 100000000000000001
    assert config.moderator_roles == {100000000000000006, 100000000000000007}
    assert [page.id for page in config.pages] == ["about", "link", "purpose", "statements"]
    assert config.timers.decision_target == timedelta(hours=72)
    assert config.storage.database == Path("data/porchlight.db")


def test_tables_are_laid_over_key_by_key_and_lists_as_a_whole(load_text: Load) -> None:
    """One changed button leaves the others; one country replaces all."""
    config = good(
        load_text(
            MINIMAL
            + '[gate.buttons]\nhelp = "Help"\n[timers]\nperson_target = "2h"\n'
            + '[[help.countries]]\nname = "France"\nemergency = "112"\n'
        )
    )

    assert config.gate.buttons.help.in_language("en") == "Help"
    assert config.gate.buttons.start.in_language("en") == "Start or carry on"
    assert config.timers.person_target == timedelta(hours=2)
    assert config.timers.decision_target == timedelta(hours=72)
    assert [country.name.in_language("fr") for country in config.help.countries] == ["France"]


def test_the_environment_overrides_the_file(example: str, load_text: Load) -> None:
    """Single values, also inside tables the file does not have."""
    environ = {
        "PORCHLIGHT_STORAGE__DATABASE": "/srv/porch.db",
        "PORCHLIGHT_COMMUNITY__MINIMUM_AGE": "16",
        "PORCHLIGHT_TIMERS__PERSON_TARGET": "1h",
        "PORCHLIGHT_CONFIG": "elsewhere.toml",
        "PORCHLIGHT_KEY": "not of this file",
        "HOME": "/root",
    }

    config = good(load_text(example, environ))

    assert config.storage.database == Path("/srv/porch.db")
    assert config.storage.keys == Path("keys/keys.db")
    assert config.community.minimum_age == 16
    assert config.timers.person_target == timedelta(hours=1)


def test_a_mistake_in_the_environment_is_told_as_one(example: str, load_text: Load) -> None:
    """The variable is named, not a line of the file."""
    errors = load_text(example, {"PORCHLIGHT_COMMUNITY__MINIMUM_AGE": "90"}).errors

    assert [error.told("config.toml") for error in errors] == [
        "config.toml: PORCHLIGHT_COMMUNITY__MINIMUM_AGE in the environment: is too large; write 25 or less"
    ]


@pytest.mark.parametrize("value", ["{", "[1", "nonsense"])
def test_a_whole_table_in_the_environment_that_cannot_be_read(
    value: str, example: str, load_text: Load
) -> None:
    """It is told, not raised."""
    loaded = load_text(example, {"PORCHLIGHT_STORAGE": value})

    assert loaded.config is None
    assert "environment" in loaded.errors[0].path


def test_a_table_for_something_unknown_in_the_environment(example: str, load_text: Load) -> None:
    """A misspelt key is told there as it is in the file."""
    errors = load_text(example, {"PORCHLIGHT_STORAGE__DATABSE": "x"}).errors

    assert [(error.path, error.mend) for error in errors] == [
        ("PORCHLIGHT_STORAGE__DATABSE in the environment", 'write "database"')
    ]


def test_the_configuration_is_frozen_and_compared_by_identity(example: str, load_text: Load) -> None:
    """Nothing changes it, and it can be a key."""
    config, again = good(load_text(example)), good(load_text(example))

    with pytest.raises(ValueError, match="frozen"):
        config.community = again.community  # type: ignore[misc] # this is what must fail
    assert len({config, again}) == 2
    assert config.questionnaire is config.questionnaire
    assert config.questionnaire.content_hash == again.questionnaire.content_hash


def test_texts_are_filled_with_the_names_of_the_community(example: str, load_text: Load) -> None:
    """The shared placeholders come from [community]."""
    config = good(load_text(example))
    age = config.questionnaire.pages[0].field("age_ok")

    assert age is not None
    assert config.words.voice("en-GB").read(age.label) == "Are you 18 or over?"


def test_the_panel_fits_one_message(example: str, load_text: Load) -> None:
    """The shipped texts leave room."""
    assert panel_text_length(good(load_text(example)), "en") <= PANEL_ROOM


REMOVAL = {
    'after_lapse = "keep"': 'after_lapse = "remove"',
    'way_back = ""': 'way_back = "https://harbour.example/back"',
}


def removing(example: str) -> str:
    """The example with removal switched on."""
    for before, after in REMOVAL.items():
        assert example.count(before) == 1
        example = example.replace(before, after)
    return example


def test_the_panel_states_the_closing_rule_for_everyone(example: str, load_text: Load) -> None:
    """The number of days; removal and the way back only where it is switched on. Both fit."""
    keeping, taking = good(load_text(example)), good(load_text(removing(example)))
    texts = [panel_text(config, "en") for config in (keeping, taking)]

    assert all("If you do not go on for 7 days, your request closes by itself." in text for text in texts)
    assert ["https://harbour.example/back" in text for text in texts] == [False, True]
    assert ["take you off the server" in text for text in texts] == [False, True]
    assert panel_text_length(taking, "en") <= PANEL_ROOM


def test_removal_has_to_come_before_the_bot_forgets(example: str, load_text: Load) -> None:
    """Whom it has forgotten it cannot remove."""
    late = removing(example).replace('remove_after = "7d"', 'remove_after = "30d"')
    found = load_text(late).errors

    assert [(finding.path, finding.severity) for finding in found] == [("timers.remove_after", "error")]


def test_a_token_is_never_repeated(example: str, load_text: Load) -> None:
    """Not as a value, a key, a broken line, or where something else was expected."""
    for edited in (
        example.replace('"UTC"', f'"{TOKEN}"'),
        example.replace("[storage]\n", f'[storage]\n"{TOKEN}" = 1\n'),
        example.replace('time_zone = "UTC"', f'time_zone = "{TOKEN}'),
        example.replace('propose = "admit"', f'propose = "{TOKEN}"'),
        example.replace('one_of = ["self"]', f'one_of = ["{TOKEN}"]'),
        example.replace('"72h"', f'"{TOKEN}"'),
        example + f'"{TOKEN}" = "x"\n',
    ):
        loaded = load_text(edited)
        assert loaded.config is None
        assert not any(TOKEN in finding.told("config.toml") for finding in loaded.findings)


def test_secrets_come_from_the_environment_and_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And do not show when printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    monkeypatch.delenv("PORCHLIGHT_KEY", raising=False)
    assert Secrets().discord_token is None

    (tmp_path / ".env").write_text("DISCORD_TOKEN=from-file\nSOMETHING_ELSE=1\n", encoding="utf-8")
    monkeypatch.setenv("PORCHLIGHT_KEY", "from-environment")
    secrets = Secrets()

    assert secrets.discord_token is not None
    assert secrets.discord_token.get_secret_value() == "from-file"
    assert secrets.key is not None
    assert secrets.key.get_secret_value() == "from-environment"
    assert "from-" not in repr(secrets)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """So is a folder in its place, and a path that no system has."""
    for path in (tmp_path / "none.toml", tmp_path, Path("a\0b"), tmp_path / ("x" * 5000)):
        loaded = load(path, {})
        assert loaded.config is None
        assert len(loaded.findings) == 1


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"a = 1\nb = \xff\n", 2),
        (b"a = 1\n\n\0", 3),
        (b"a = 1\nb = [", 2),
        (b"a = " + b"9" * 6000, None),
        (b"a = " + b"[" * 5000, None),
        (b"x = " + b"[" * 60 + b"]" * 60, None),
        (b"\xff\xfea\0=\0", 1),
    ],
)
def test_a_file_that_is_not_toml_is_told_alone(raw: bytes, line: int | None, load_text: Load) -> None:
    """One finding, with the line where there is one."""
    loaded = load_text(raw)

    assert loaded.config is None
    assert [(finding.path, finding.line) for finding in loaded.findings] == [("", line)]


def test_a_byte_order_mark_does_no_harm(example: str, load_text: Load) -> None:
    """Windows editors write one."""
    assert good(load_text(b"\xef\xbb\xbf" + example.replace("\n", "\r\n").encode()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "community = 1\npages = 2\nrules = 3\nhelp = 4\ngate = 5\nreview = 6\nmessages = 7\nstorage = 8",
        "community = []\npages = {}\nrules = [[]]\nhelp = [1]\ndiscord = 'x'\ngate = { buttons = 1 }",
        "self = 1\n_env_file = 'x'\nmodel_config = 2\nConfig = 3\n",
        "pages = [1, {}, { id = [] }, { fields = [1, {}] }]",
        "rules = [{ when = 1 }, { when = { all = [] } }, { when = { not = { not = {} } } }]",
        "[[pages]]\nid = 'a'\ntitle = {}\nfields = [{ id = 'b', kind = 'radio', label = { x = 1 } }]",
        "[messages]\nx = { en = 1 }\n'' = ''\n",
        "[discord]\nserver = 1e400\nmember_role = inf\nmoderator_roles = [[[]]]",
        "[community]\nminimum_age = 99999999999999999999999999\ntime_zone = '../../etc/passwd'",
        "[review]\nreasons = []\n[help]\ncountries = []\n",
        '[storage]\ndatabase = "a\\u0000b"\n',
    ],
)
def test_the_oddest_files_are_told_and_not_raised(text: str, load_text: Load) -> None:
    """Whatever stands where a table should, there is an answer with a sentence in it."""
    loaded = load_text(text)

    assert loaded.config is None
    assert all(finding.problem and finding.mend for finding in loaded.errors)


@pytest.mark.parametrize("cut", range(17))
def test_broken_parts_do_not_hide_or_invent_others(cut: int, example: str, load_text: Load) -> None:
    """A misspelt key in any field names that key, and the rest of the file stays as it was."""
    parts = example.split("[[pages.fields]]\n")
    parts[cut + 1] = "lable = 1\n" + parts[cut + 1]

    errors = load_text("[[pages.fields]]\n".join(parts)).errors

    assert [error.path.split(".")[-1] for error in errors] == ["lable"]


@settings(max_examples=90, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_change_of_bytes_is_ever_a_traceback(data: st.DataObject, example: str, load_text: Load) -> None:
    """Random edits of the example are told or accepted."""
    raw = bytearray(example.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw) - 1))
        length = data.draw(st.integers(0, 12))
        raw[start : start + length] = data.draw(st.binary(max_size=6))

    loaded = load_text(bytes(raw))

    assert (loaded.config is None) == bool(loaded.errors)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_change_of_values_is_ever_a_traceback(data: st.DataObject, example: str, load_text: Load) -> None:
    """The same with edits that stay TOML: words and values swapped for others."""
    lines = example.splitlines()
    written = [number for number, line in enumerate(lines) if "=" in line and not line.startswith("#")]
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.sampled_from(written))
        key, _, _ = lines[number].partition("=")
        value = data.draw(
            st.sampled_from(
                ["1", "[]", "{}", '""', '"{"', "[{}]", "true", "inf", "{ field = 'links', one_of = [] }"]
            )
        )
        lines[number] = f"{key}= {value}"

    loaded = load_text("\n".join(lines))

    assert (loaded.config is None) == bool(loaded.errors)


def test_an_override_may_name_what_its_sentence_names(load_text: Load) -> None:
    """And nothing else: the answer lists what is allowed."""
    right = load_text(MINIMAL + '[messages]\nhelp_emergency = "Call {number} in {name}"\n')
    wrong = load_text(MINIMAL + '[messages]\nhelp_emergency = "Call {numbr}"\nhelp_emergenci = "x"\n')

    assert good(right).words.voice("en").say("help_emergency", number="112") == "Call 112 in The Harbour"
    assert [(error.path, error.line) for error in wrong.errors] == [
        ("messages.help_emergency", 15),
        ("messages.help_emergenci", 16),
    ]
    assert "write {number}" in wrong.errors[0].mend
    assert wrong.errors[1].mend == 'write "help_emergency"'


def test_a_sentence_on_a_button_has_less_room_than_one_in_a_message(load_text: Load) -> None:
    """Discord cuts or refuses what is too long where it stands."""
    wrong = load_text(MINIMAL + f'[messages]\nadmit = "{"x" * 81}"\nchange_page = "{"x" * 30} {{title}}"\n')

    assert [(error.path, error.mend) for error in wrong.errors] == [
        ("messages.admit", "shorten it by 1"),
        ("messages.change_page", "shorten it by 3"),
    ]


def test_unfinished_are_kept_for_whole_days_because_people_are_told_how_many(load_text: Load) -> None:
    """An hour would read as "0 days"."""
    for text in ("1h", "36h", "0d"):
        wrong = load_text(MINIMAL + f'[retention]\nunfinished = "{text}"\n')

        assert [error.path for error in wrong.errors] == ["retention.unfinished"]


def test_a_list_is_not_called_empty_because_its_only_entry_is_wrong(load_text: Load) -> None:
    """One mistake, one line."""
    roles = '["100000000000000006", 100000000000000007]'

    wrong = load_text(MINIMAL.replace(roles, '["12"]'))
    empty = load_text(MINIMAL.replace(roles, "[]"))

    assert [error.path for error in wrong.errors] == ["discord.moderator_roles[1]"]
    assert [error.path for error in empty.errors] == ["discord.moderator_roles"]
