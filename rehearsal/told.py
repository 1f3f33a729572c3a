"""The rehearsal: a story on a simulated server, told on screen, with everything in it checked."""

import logging
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from rich.console import Console

from bot.config import Config
from bot.logs import SafeFormatter
from bot.screens import panel as panel_screens
from rehearsal import (
    desk_scenes,
    fair_scenes,
    gate_scenes,
    ledger,
    proof_scenes,
    rights_scenes,
    simulation,
    team_scenes,
    time_scenes,
    watch_scenes,
)
from rehearsal.casting import NotTold
from rehearsal.filing import tell_of_no_links
from rehearsal.markup import Reader
from rehearsal.screen import Narrator, console_for_story
from rehearsal.story import Story, buttons_on
from rehearsal.theatre import Theatre, Unanswered, raised

_log = logging.getLogger(__name__)

Scene = Callable[[Story], Awaitable[None]]

_SCENES: tuple[tuple[str, Scene], ...] = (
    ("Sam answers nothing", gate_scenes.silence),
    ("Ann belongs, and has no links", gate_scenes.nil_return),
    ("Finn has two hats", desk_scenes.two_hats),
    ("Noor tells of her own links first", fair_scenes.own_links_first),
    ("Noor is kept from a case", fair_scenes.kept_away),
    ("Alex will not name the client", desk_scenes.unnamed_client),
    ("Ida is asked a question", team_scenes.asked),
    ("Kim needs help now", gate_scenes.crisis),
    ("Two moderators press at once", desk_scenes.both_at_once),
    ("The bot restarts in the middle of a form", gate_scenes.restart),
    ("Theo is too young", gate_scenes.too_young),
    ("Ann's links change", gate_scenes.changed_links),
    ("Otto is removed by two", team_scenes.removed_by_two),
    ("Eve tells the team about one of them", team_scenes.told_about_a_moderator),
    ("The bot was away, and things happened", watch_scenes.away),
    ("A role is given by hand", watch_scenes.by_hand),
    ("The door does not open", watch_scenes.door_stuck),
    ("A channel is open to everyone", watch_scenes.open_channel),
    ("Jo begins, and life comes between", time_scenes.unfinished),
    ("Too many people at once", time_scenes.rush),
    ("Dana asks what is held about her", rights_scenes.own_data),
    ("Ruth has everything deleted", rights_scenes.all_gone),
    ("A copy from yesterday is put back", proof_scenes.yesterdays_copy),
    ("The rows as they lie in SQLite", ledger.tell_rows),
    ("The export", ledger.tell_export),
    ("The log is looked through", proof_scenes.looked_through),
)
_MODERATORS = ("Mia", "Leo", "Noor")
_HAVE_TOLD = ("Mia", "Leo")
"""Moderators who told of their own links before the story begins."""

_NEWCOMERS = (
    "Sam",
    "Ann",
    "Finn",
    "Ola",
    "Alex",
    "Ida",
    "Kim",
    "Ella",
    "Rosa",
    "Theo",
    "Liv",
    "Pia",
    "Tom",
    "Otto",
    "Eve",
    "Jo",
    "Dana",
    "Ruth",
    "Vera",
)
_MOST_LOG_LINES = 12
_BETWEEN_SCENES = timedelta(minutes=7)
_A_MINUTE = timedelta(minutes=1)


async def tell(config: Config, path: Path, console: Console | None = None) -> bool:
    """Tell the story on the configuration read from ``path``. True: everything went as told."""
    console = console or console_for_story()
    with tempfile.TemporaryDirectory(prefix="porchlight-rehearsal-") as folder, _quiet_logs() as kept:
        try:
            narrator = await _tell(config, path, Path(folder), console)
        except Exception as error:  # noqa: BLE001 - an admin reads a sentence, never a traceback
            _log.warning("the stage broke", exc_info=error)
            console.print(
                f"The stage could not be set up or taken down ({type(error).__name__}).", markup=False
            )
            return False
        return _tell_ending(narrator, kept)


async def _tell(config: Config, path: Path, folder: Path, console: Console) -> Narrator:
    async with raised(config, folder) as theatre:
        story = _opened(theatre, console)
        story.narrator.scene("A dress rehearsal")
        await _play(story, partial(_opening, path=path))
        for number, (title, scene) in enumerate(_SCENES, start=1):
            simulation.set_clock(theatre.env, theatre.env.now() + _between_scenes(config))
            story.narrator.scene(title, number)
            await _play(story, scene)
        return story.narrator


def _opened(theatre: Theatre, console: Console) -> Story:
    """Everybody, on a server that has been there for a while, so that no account is new."""
    server = theatre.server
    rooms = (server.front_porch, server.review, server.lounge)
    names = {int(room.id): f"#{room.name}" for room in rooms}
    reader = Reader(names, theatre.env.now, theatre.config.community.zone)
    story = Story(theatre, Narrator(console, reader))
    for name in (*_MODERATORS, *_NEWCOMERS):
        story.people[name] = theatre.person(name)
        names[story.people[name].id] = f"@{name}"
    for moderator in (story.people[name] for name in _MODERATORS):
        roles = (server.moderator_role, server.member_role)
        moderator.actor = simulation.already_there(theatre.env, server.guild, moderator.user, roles)
    config = theatre.config
    began = datetime.now(UTC) - _between_scenes(config) * len(_SCENES) - time_scenes.takes(config)
    if began > theatre.env.now():
        simulation.set_clock(theatre.env, began)
    return story


def _between_scenes(config: Config) -> timedelta:
    """So long that people who come one after the other are no rush of joins."""
    return max(_BETWEEN_SCENES, config.raid.within / (config.raid.joins - 1) + _A_MINUTE)


async def _opening(story: Story, path: Path) -> None:
    """The server, and what everybody sees who arrives."""
    await story.theatre.look_round()
    narrator, panel = story.narrator, story.theatre.panel
    narrator.say(
        f"The whole bot, with {path.name}, on a simulated Discord server. Nothing here touches "
        "Discord or your data. Each line with a mark is something that should be so, and was looked at."
    )
    narrator.say(
        "The server has #front-porch for whoever arrives, #start-here for members, and #review for the team."
    )
    for name in _HAVE_TOLD:
        await tell_of_no_links(story.theatre.foundation, story.people[name].id)
    narrator.say(
        f"{', '.join(_MODERATORS)} moderate. Whoever decides here tells of their own links first: "
        f"{' and '.join(_HAVE_TOLD)} have said that they have none, and Noor is new."
    )
    chips = [button.chip for button in buttons_on([panel])]
    narrator.sees("Everybody who arrives sees this in #front-porch", [panel.content], chips)
    actions = {button.action for button in buttons_on([panel])}
    narrator.check("the front page offers help at once", panel_screens.HELP in actions)


async def _play(story: Story, scene: Scene) -> None:
    """Play a scene. Whatever goes wrong in it becomes a cross with a sentence."""
    try:
        await scene(story)
    except NotTold as why:
        story.narrator.leave_out(str(why))
    except (Unanswered, simulation.MisuseError) as problem:
        story.narrator.break_off(_one_line(problem))
    except Exception as error:  # noqa: BLE001 - the story goes on, whatever one scene runs into
        _log.warning("a scene broke off", exc_info=error)
        story.narrator.break_off(f"an error that should not be ({type(error).__name__})")


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())[:200]


def _tell_ending(narrator: Narrator, kept: list[str]) -> bool:
    narrator.scene("How it went")
    failed = narrator.failed
    if narrator.not_told:
        narrator.say(f"Not told with this configuration: {'; '.join(narrator.not_told)}.")
    count = len(narrator.checks)
    if not failed:
        narrator.say(f"All {count} things that were looked at are as told.", "bold green")
        narrator.say(
            "The simulated server and its data are gone again. The README tells how to open a real one."
        )
        return True
    narrator.say(f"{len(failed)} of {count} things went otherwise than told:", "bold red")
    for check in failed:
        narrator.say(f"  {check.scene}: {check.sentence}")
    if kept:
        narrator.say("What the bot logged meanwhile:")
        for line in kept[-_MOST_LOG_LINES:]:
            narrator.say(f"  {line.splitlines()[0]}", "dim")
    return False


class _Keeper(logging.Handler):
    """Keeps warnings for the end instead of showing them in the middle of the story."""

    def __init__(self) -> None:
        """Keep what is worth a look, without ids or tokens."""
        super().__init__(logging.WARNING)
        self.setFormatter(SafeFormatter("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(self.format(record))


@contextmanager
def _quiet_logs() -> Iterator[list[str]]:
    keeper = _Keeper()
    root = logging.getLogger()
    before, root.handlers[:] = root.handlers[:], [keeper]
    try:
        yield keeper.lines
    finally:
        root.handlers[:] = before
