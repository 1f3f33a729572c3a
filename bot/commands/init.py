"""``init``: a few questions, and a first configuration."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.commands.terminal import end, out, say
from bot.config import load
from bot.config import starting as read
from bot.config.starting import Land, Start, first_file

_T = TypeVar("_T")

_LOCALTIME = Path("/etc/localtime")


def init(
    *,
    to: Annotated[Path, typer.Option("--to", help="The file to write. It must not exist yet.")] = Path(
        "config.toml"
    ),
    name: Annotated[str | None, typer.Option(help="The community's name, as people see it inside.")] = None,
    discreet_name: Annotated[
        str, typer.Option(help="What private messages say. It names no condition.")
    ] = "your community",
    language: Annotated[str | None, typer.Option(help="The language to fall back on, such as en.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/London.")] = None,
    countries: Annotated[
        str | None,
        typer.Option(help='Whose help numbers to show: "all", or names, codes and Name=112, by comma.'),
    ] = None,
    team: Annotated[
        str | None, typer.Option(help='Who decides: "few" (one or two people) or "more".')
    ] = None,
    minimum_age: Annotated[str | None, typer.Option(help="From 13 to 25.")] = None,
    auto_admit: Annotated[
        bool | None,
        typer.Option(
            "--auto-admit/--no-auto-admit",
            help="Let in by itself who says that there are no links; or a moderator confirms everybody.",
        ),
    ] = None,
    work_contact: Annotated[
        str | None, typer.Option(help="The front door for people who are here for work.")
    ] = None,
    privacy_contact: Annotated[
        str | None, typer.Option(help="Whom to ask about data. Default: the work contact.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; what is not given is usual.")
    ] = False,
) -> None:
    """Ask about eight questions, and write a short TOML that inherits all the rest.

    Every question has an option, so that it can be scripted. A file that exists is never overwritten.
    """
    if to.exists():
        end(f"{to} exists already, and is left as it is. Choose another name with --to.", 1)
    ask = _Questions(yes)
    shipped = ", ".join(land.name for land in read.shipped())
    admit = None if auto_admit is None else ("yes" if auto_admit else "no")
    try:
        chosen_name = ask("--name", "What is the community called?", name, None, read.read_line)
        chosen_language = ask("--language", "Its language", language, "en", read.read_language)
        zone = ask(
            "--time-zone", "The time zone of your moderators", time_zone, _own_zone(), read.read_time_zone
        )
        where = f"Countries for help numbers ({shipped}; others with their number, as in France=112)"
        lands: tuple[Land, ...] = ask("--countries", where, countries, read.ALL, read.read_countries)
        small = ask("--team", "Who decides? few (one or two people), or more", team, "more", read.read_team)
        age = ask("--minimum-age", "How old must people be?", minimum_age, "18", read.read_age)
        letting_in = (
            "May the bot let somebody in by itself who says that there are no links?"
            " With no, a moderator confirms everybody"
        )
        automatic = ask("--auto-admit", letting_in, admit, "yes", read.read_yes)
        work = "An address or page for people who are here for work"
        work_address = ask("--work-contact", work, work_contact, None, read.read_contact)
        privacy = ask(
            "--privacy-contact", "Whom to ask about data", privacy_contact, work_address, read.read_contact
        )
        discreet = ask("--discreet-name", "", discreet_name, None, read.read_line)
    except typer.Abort:
        end(
            "The input ended before every question was answered, so nothing was written. "
            "Answers can be given as options, too; see: init --help",
            1,
        )
    start = Start(
        name=chosen_name,
        discreet_name=discreet,
        language=chosen_language,
        time_zone=zone,
        minimum_age=age,
        work_contact=work_address,
        privacy_contact=privacy,
        small_team=small,
        auto_admit=automatic,
        countries=lands,
    )
    _write(to, first_file(start))


class _Questions:
    """Asks, or takes what was given; says what is wrong, and asks again."""

    def __init__(self, silent: bool) -> None:
        self._silent = silent

    def __call__(
        self, option: str, question: str, given: str | None, usual: str | None, reader: Callable[[str], _T]
    ) -> _T:
        if given is None and self._silent:
            given = usual
            if given is None:
                end(f"{option} is missing, and has no usual value.", 2)
        if given is not None:
            try:
                return reader(given)
            except ValueError as problem:
                end(f"{option}: {problem}", 2)
        while True:
            answer = typer.prompt(question, default=usual, type=str)
            try:
                return reader(answer)
            except ValueError as problem:
                out.print(str(problem), markup=False)


def _own_zone() -> str:
    """The time zone of this machine, where it can be told."""
    linked = os.path.realpath(_LOCALTIME).partition("zoneinfo/")[2]
    try:
        zone = read.read_time_zone(os.environ.get("TZ") or linked or "UTC")
    except ValueError:
        return "UTC"
    return "UTC" if zone == "Etc/UTC" else zone


def _write(to: Path, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / to.name
        trial.write_text(text, encoding="utf-8")
        loaded = load(trial, {})
    if loaded.config is None:
        say(loaded, to, out)
        end("These answers do not make a sound configuration, so nothing was written.", 1)
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        end(f"{to} exists already, and is left as it is. Choose another name with --to.", 1)
    except OSError as problem:
        end(f"{to} cannot be written ({type(problem).__name__}). Choose another place with --to.", 1)
    named = "" if str(to) == "config.toml" else f" --config {to}"
    out.print(
        f"{to} is written. Look at it, and check the help numbers yourself. Then:\n"
        "  1. put the bot's token into a file named .env: DISCORD_TOKEN=...\n"
        f"  2. .venv/bin/python -m bot setup{named}",
        markup=False,
    )
