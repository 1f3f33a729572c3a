"""The rehearsal: it ends well on the example, and says otherwise where the bot does otherwise."""

import io
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot import gate as bot_gate
from bot import holdings, reminders, submission
from bot.access import Filed, Hand, Role
from bot.answers import Reading
from bot.concerns import handling
from bot.config import Config, load
from bot.fairness import hands, ties
from bot.findings import Findings
from bot.forgetting.erasure import Erasure, Receipt
from bot.incidents import Incidents
from bot.log.verifying import Report
from bot.model import Scope
from bot.review import motions
from bot.review.voting import Way
from bot.rules import Rule, Verdict, decide
from bot.screens import gate, panel
from bot.screens.elements import Screen
from bot.store import events, threads
from bot.words import Voice
from rehearsal import (
    desk_scenes,
    fair_scenes,
    gate_scenes,
    proof_scenes,
    rights_scenes,
    team_scenes,
    time_scenes,
    told,
    watch_scenes,
)
from rehearsal.story import Story

ROOT = Path(__file__).parents[2]
_SCENE = re.compile(r"^\d+\. (?P<title>.+?) ─+$")


@pytest.fixture(scope="session")
def config() -> Config:
    """The example configuration, as it is shipped."""
    loaded = load(ROOT / "config.example.toml", {})
    assert loaded.config is not None
    return loaded.config


async def tell(config: Config) -> tuple[bool, str]:
    """Tell the story to a file; return how it ended and the text."""
    page = io.StringIO()
    well = await told.tell(config, Path("config.toml"), Console(file=page, highlight=False, width=96))
    return well, page.getvalue()


def crossed(text: str) -> set[str]:
    """The scenes that have a cross."""
    scene, found = "", set()
    for line in text.splitlines():
        if match := _SCENE.match(line):
            scene = match["title"]
        elif line.startswith("  ✗"):
            found.add(scene)
    return found


def only(scene: told.Scene) -> tuple[tuple[str, told.Scene], ...]:
    return (("The only scene", scene),)


def those(scenes: Collection[told.Scene]) -> tuple[tuple[str, told.Scene], ...]:
    """These scenes, in the order and with the titles of the whole story."""
    return tuple((title, scene) for title, scene in told._SCENES if scene in scenes)


async def test_the_whole_story_on_the_example_ends_well(config: Config) -> None:
    """Every scene is told, every check holds, and the text is plain."""
    well, text = await tell(config)

    assert well, text
    assert crossed(text) == set()
    assert not re.search(r"not told(:| with)", text.lower())
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 100
    assert [match["title"] for match in map(_SCENE.match, text.splitlines()) if match] == [
        title for title, _ in told._SCENES
    ]
    _assert_rows_name_nobody(text)


def _assert_rows_name_nobody(text: str) -> None:
    """The part about SQLite shows codes and sealed bytes; the export shows the names again."""
    rows, export = text.split("The rows as they lie in SQLite", 1)[1].split("The export", 1)
    assert not re.search(r"\d{17,20}", rows)
    assert "bytes: " in rows
    assert "Meridian" not in rows
    assert "Meridian" in export


async def test_a_bot_that_holds_a_nil_return_makes_that_scene_say_otherwise(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules admit; a bot that holds all the same is caught where somebody should get in by the rules."""

    def never_admits(
        rules: tuple[Rule, ...], reading: Reading, facts: Mapping[str, str], admission: Any
    ) -> Verdict:
        return decide(rules, reading, facts, admission.model_copy(update={"human_confirm": True}))

    scenes = {gate_scenes.silence, gate_scenes.nil_return, desk_scenes.two_hats, gate_scenes.changed_links}
    monkeypatch.setattr(told, "_SCENES", those({*scenes, watch_scenes.door_stuck}))
    monkeypatch.setattr(submission, "decide", never_admits)
    well, text = await tell(config)

    assert not well
    assert crossed(text) == {"Ann belongs, and has no links", "The door does not open"}
    assert "Ann can see: #front-porch, and it should be #start-here" in text
    assert "not told: Ann is not a member yet, see scene 2." in text


async def test_help_without_numbers_makes_the_crisis_say_otherwise(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_numbers(_config: Config, _voice: Voice) -> Screen:
        return Screen("Ask somebody.")

    scenes = {gate_scenes.silence, desk_scenes.two_hats, gate_scenes.crisis, time_scenes.rush}
    monkeypatch.setattr(told, "_SCENES", those(scenes))
    monkeypatch.setattr(panel, "help_now", without_numbers)
    well, text = await tell(config)

    assert not well
    assert crossed(text) == {"Kim needs help now", "Too many people at once"}


async def test_a_configuration_that_has_people_confirm_is_told_as_it_is(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holding nil returns is a choice of the admin's, not a fault of the bot's."""
    monkeypatch.setattr(told, "_SCENES", only(gate_scenes.nil_return))
    confirming = config.admission.model_copy(update={"human_confirm": True})
    well, text = await tell(config.model_copy(update={"admission": confirming}))

    assert well, text
    assert "Your configuration holds nil returns too" in text


def the_same(scenes: Sequence[told.Scene]) -> tuple[tuple[str, told.Scene], ...]:
    """These scenes, called as their functions are."""
    return tuple((scene.__name__, scene) for scene in scenes)


def nothing(*_args: object, **_kwargs: object) -> None:
    """Does nothing, where something should happen."""


async def sees_nothing(*_args: object, **_kwargs: object) -> tuple[object, ...]:
    """A look at the server that finds nothing, whatever is there."""
    return ()


async def only_says_so(_self: object, _subject_id: str, _by: str) -> Receipt:
    """A receipt for what nobody did."""
    at = datetime(2026, 3, 4, tzinfo=UTC)
    return Receipt("REF", Scope.PERSON, at, {}, messages_to_delete=0, role_taken=False, held_until=None)


def nobody_looked(*_args: object) -> tuple[object, ...]:
    """No look at a file, whoever looked."""
    return ()


async def erases_nobody_again(_self: object) -> None:
    """A start that does not look at who was erased."""


def finds_nothing(*_args: object) -> Report:
    """A look through everything that finds nothing wrong, and counted nothing."""
    return Report()


def way_of_one(*_args: object, **_kwargs: object) -> Way:
    """One person is enough, whatever it is."""
    return Way.ONE


def hand_of_anybody(*_args: object) -> Hand:
    """A moderator whom nothing ties to anything, and who has told."""
    return Hand(Role.MODERATOR)


def has_told(*_args: object) -> Filed:
    """Everybody has told of their own links."""
    return Filed.CURRENT


_FAULTS = [
    (hands, "_filed", has_told, [fair_scenes.own_links_first]),
    (motions, "way_of", way_of_one, [team_scenes.removed_by_two]),
    (threads, "close", nothing, [team_scenes.asked]),
    (handling, "hand_for_concern", hand_of_anybody, [team_scenes.told_about_a_moderator]),
    (Erasure, "at_start", erases_nobody_again, [proof_scenes.yesterdays_copy]),
    (proof_scenes, "verify", finds_nothing, [proof_scenes.looked_through]),
    (Erasure, "person", only_says_so, [rights_scenes.all_gone]),
    (holdings, "_looks", nobody_looked, [rights_scenes.own_data]),
    (Incidents, "take_back", nothing, [watch_scenes.by_hand]),
    (Incidents, "_tell", nothing, [watch_scenes.away]),
    (Findings, "look", sees_nothing, [watch_scenes.open_channel]),
    (bot_gate, "joined", nothing, [time_scenes.rush]),
]


@pytest.mark.parametrize(("where", "name", "fault", "caught"), _FAULTS)
async def test_each_new_guarantee_that_is_broken_is_caught(
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
    fault: Any,
    caught: Sequence[told.Scene],
) -> None:
    """The scene that tells of it has a cross."""
    before = [gate_scenes.silence, gate_scenes.crisis, gate_scenes.restart]
    monkeypatch.setattr(told, "_SCENES", the_same([*before, *caught]))
    monkeypatch.setattr(where, name, fault)
    well, text = await tell(config)

    assert not well
    assert crossed(text) == {scene.__name__ for scene in caught}


async def test_a_bot_that_overlooks_a_tie_is_caught(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The moderator has told of her employer, and reads the case of somebody who worked there."""
    monkeypatch.setattr(told, "_SCENES", the_same([fair_scenes.own_links_first, fair_scenes.kept_away]))
    monkeypatch.setattr(ties.Own, "is_tied_to_case", lambda *_: False)
    well, text = await tell(config)

    assert not well
    assert crossed(text) == {"kept_away"}
    assert "all that she is told is one line: no" in text


async def test_a_team_for_which_one_person_is_enough_leaves_the_removal_out(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small team promises no second reader."""
    monkeypatch.setattr(told, "_SCENES", only(team_scenes.removed_by_two))
    small = config.confirm.model_copy(update={"small_team": True})
    well, text = await tell(config.model_copy(update={"confirm": small}))

    assert well, text
    assert "not told: in your configuration a removal does not take two people." in text


async def test_a_bot_that_deletes_without_a_line_is_caught(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is gone, as they wish, and the log does not say so."""
    monkeypatch.setattr(told, "_SCENES", the_same([rights_scenes.all_gone, proof_scenes.looked_through]))
    monkeypatch.setattr(events, "note_deleted", nothing)
    well, text = await tell(config)

    assert not well
    assert crossed(text) == {"looked_through"}
    assert "no line says that it was deleted" in re.sub(r"[│\s]+", " ", text)


async def test_a_bot_that_calls_a_stuck_door_open_is_caught(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person has to hear the truth."""

    def open_already(voice: Voice, _config: Config, _result: object) -> Screen:
        return Screen(voice.say("admitted_opening", first="there"))

    monkeypatch.setattr(told, "_SCENES", only(watch_scenes.door_stuck))
    monkeypatch.setattr(gate, "_admitted", open_already)
    well, text = await tell(config)

    assert not well
    assert "Tom is told the truth, and whose fault it is: no" in text


async def test_more_time_that_gives_none_is_caught(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A press that only says so is not enough."""

    async def gives_none(_self: object, _visitor: object, _case_id: str) -> reminders.NotWaiting:
        return reminders.NotWaiting(None)

    monkeypatch.setattr(told, "_SCENES", only(time_scenes.unfinished))
    monkeypatch.setattr(reminders.Reminders, "more_time", gives_none)
    well, text = await tell(config)

    assert not well
    assert "one press keeps the request open for longer: no" in text


async def test_what_an_admin_has_chosen_otherwise_is_told_or_left_out(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moderators who are only told, no reminders, and a rush that is too big to show."""
    scenes = [gate_scenes.silence, gate_scenes.crisis, watch_scenes.away, watch_scenes.by_hand]
    scenes += [time_scenes.unfinished, time_scenes.rush]
    monkeypatch.setattr(told, "_SCENES", the_same(scenes))
    chosen = {
        "drift": config.drift.model_copy(update={"unrecorded": "alert"}),
        "timers": config.timers.model_copy(update={"reminders": ()}),
        "raid": config.raid.model_copy(update={"joins": 500}),
    }
    well, text = await tell(config.model_copy(update=chosen))

    assert well, text
    assert "Not told with this configuration: by_hand; unfinished; rush." in text
    assert "Nothing was changed." in text


async def test_people_who_come_one_by_one_are_no_rush(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a few people within an hour count as one."""
    monkeypatch.setattr(told, "_SCENES", told._SCENES[:9])
    small = config.raid.model_copy(update={"joins": 3, "within": timedelta(hours=1)})
    well, text = await tell(config.model_copy(update={"raid": small}))

    assert well, text


async def test_a_questionnaire_without_what_a_scene_needs_leaves_the_scene_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "_SCENES", only(desk_scenes.unnamed_client))
    toml = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    toml = re.sub(r'    \{ value = "agency".*\n', "", toml).replace('"agency", ', "")
    path = tmp_path / "config.toml"
    path.write_text(toml, encoding="utf-8")
    loaded = load(path, {})
    assert loaded.config is not None
    well, text = await tell(loaded.config)

    assert well, text
    assert "not told: your question 'category' has no option 'agency'." in text


async def test_an_error_in_a_scene_is_a_cross_and_no_traceback(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_story: Story) -> None:
        raise ZeroDivisionError("not for anybody's eyes")

    monkeypatch.setattr(told, "_SCENES", only(broken))
    well, text = await tell(config)

    assert not well
    assert "the scene broke off: an error that should not be (ZeroDivisionError)" in text
    assert "Traceback" not in text + "".join(capsys.readouterr())
    assert "anybody's eyes" not in text


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "✓"), ("ascii", "ok")])
async def test_ticks_are_words_where_they_cannot_be_written(
    config: Config, monkeypatch: pytest.MonkeyPatch, encoding: str, mark: str
) -> None:
    monkeypatch.setattr(told, "_SCENES", only(gate_scenes.silence))
    page = io.BytesIO()
    file = io.TextIOWrapper(page, encoding=encoding, errors="replace", write_through=True)
    assert await told.tell(config, Path("config.toml"), Console(file=file, highlight=False, width=96))

    assert f"  {mark} Sam can see: #front-porch" in page.getvalue().decode(encoding)


async def test_a_terminal_gets_colours(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_SCENES", only(gate_scenes.silence))
    page = io.StringIO()
    console = Console(file=page, force_terminal=True, color_system="standard", no_color=False, width=96)
    assert await told.tell(config, Path("config.toml"), console)

    assert "\x1b[" in page.getvalue()
