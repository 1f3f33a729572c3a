"""``rights``: what people may ask for who have left the server, carried out by the operator.

The words are the catalogue's, as the person would read them on Discord.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.commands.endings import ending
from bot.commands.terminal import ConfigOption, end, loaded_or_end, out, plain
from bot.config import Config, Secrets
from bot.database import StorageUnavailable
from bot.forgetting.erasure import Erasure
from bot.holdings import Holdings
from bot.ids import tidy_case_code
from bot.migrations import SchemaProblem
from bot.model import Scope
from bot.opening import CannotStart, master_key, opened
from bot.rights import Person, Rights
from bot.screens import my_data
from bot.screens import rights as screens
from bot.screens.elements import Attachment
from bot.screens.holdings import Pen, in_utc, sections
from bot.vault import KeyProblem

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="See, give, or delete what is held about somebody who wrote to you. Needs the code of a request.",
)

WHO_ASKS = (
    "First make sure who is asking: a case code alone is no proof, so have them write from an account or "
    "address that you know is theirs."
)
_AS_THEY_READ_IT = "What it means, in the words that they would read on Discord:"
_NOBODY = "There is no request with this code. It may have been deleted, or mistyped."

CaseCode = Annotated[str, typer.Argument(metavar="CASE-CODE", help="The code of any request of theirs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for the code again.")]


def _typed(text: str) -> str:
    """What somebody typed, with nothing in it that a terminal would act on."""
    return f"“{' / '.join(plain(line) for line in text.splitlines())}”"


_ON_PAPER = Pen(in_utc, _typed, whole=True)


@app.command()
def see(case_code: CaseCode, config: ConfigOption = None) -> None:
    """Show everything that is held about the person of a request. That you looked is noted."""
    loaded = _begin(config)

    async def work(rights: Rights) -> Holdings:
        return _there(await rights.see_for(await _person(rights, case_code)))

    held = _run(loaded, work)
    voice = loaded.words.voice("")
    _say(voice.say("rights_title"), voice.say("rights_as_of", at=in_utc(held.at)))
    for section in sections(voice, loaded, held, _ON_PAPER):
        _say("", section.title if section.part else section.title.upper())
        for line in section.lines:
            out.print(*(f"  {piece}" for piece in line.splitlines()), sep="\n", markup=False)


@app.command()
def download(
    case_code: CaseCode,
    to: Annotated[Path, typer.Option("--to", help="A folder for the two files. Nothing is overwritten.")],
    config: ConfigOption = None,
) -> None:
    """Write everything that is held about the person of a request into two files, to give to them.

    One is a page to read, one is for programs. Both can be read by you alone. That you did it is noted.
    """
    loaded = _begin(config)

    async def work(rights: Rights) -> Sequence[Path]:
        person = await _person(rights, case_code)
        _make_room(to)
        held = _there(await rights.give_for(person))
        return _write(to, my_data.files(loaded.words.voice(""), loaded, held))

    try:
        written = _run(loaded, work)
    except FileExistsError as problem:
        end(f"{problem.filename} exists already. Choose another folder, so that nothing is overwritten.", 1)
    except OSError as problem:
        end(f"The files could not be written ({type(problem).__name__}).", 1)
    _say(*(f"Written: {path}" for path in written))
    _say("They hold what somebody told you. Send them over a safe way, then delete your copies.")


def _make_room(folder: Path) -> None:
    """Make the folder, for its owner alone. Raises FileExistsError where a file is in the way."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (my_data.PAGE, my_data.DATA):
        if (folder / name).exists():
            raise FileExistsError(None, None, str(folder / name))


def _write(folder: Path, files: Sequence[Attachment]) -> list[Path]:
    written = []
    for file in files:
        path = folder / file.name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened_file:
            opened_file.write(file.content)
        written.append(path)
    return written


@app.command()
def consent(case_code: CaseCode, config: ConfigOption = None, *, yes: Yes = False) -> None:
    """Take back the consent of the person of a request, and delete what rests on it."""
    _delete(case_code, Scope.CONSENT, config, yes=yes)


@app.command()
def delete(
    case_code: CaseCode,
    config: ConfigOption = None,
    *,
    links_stay: Annotated[
        bool, typer.Option("--links-stay", help="Of a member: keep their links and their place.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Delete everything that is held about the person of a request."""
    _delete(case_code, Scope.REST if links_stay else Scope.PERSON, config, yes=yes)


def _delete(case_code: str, scope: Scope, config: Path | None, *, yes: bool) -> None:
    loaded = _begin(config)
    voice = loaded.words.voice("")

    async def work(rights: Rights) -> None:
        person = await _person(rights, case_code)
        told = _there(await rights.before_for(person, scope))
        if scope is Scope.REST and not told.links_can_stay:
            end("There are no links that could stay: this person is no member, or told of none.", 1)
        _say(_AS_THEY_READ_IT, *screens.warning(voice, told, _ON_PAPER))
        if not yes and tidy_case_code(typer.prompt("Type the case code again to do it")) != person.case_code:
            end("That is another code. Nothing was deleted.", 1)
        receipt = _there(await rights.delete_for(person, scope))
        _say("", *screens.receipt(voice, loaded, receipt, _ON_PAPER))

    _run(loaded, work)


def _begin(config: Path | None) -> Config:
    """The configuration, once the operator has been told what a case code proves."""
    loaded = loaded_or_end(config)
    if not loaded.storage.database.exists():
        end(f"There is no database at {loaded.storage.database}. Has the bot run here yet?", 1)
    _say(WHO_ASKS, "")
    return loaded


def _run(loaded: Config, work: Callable[[Rights], Awaitable[T]]) -> T:
    """Do something beside the running bot; what is wrong becomes a sentence and exit code 1."""

    async def with_data() -> T:
        async with opened(loaded, master_key(loaded, Secrets()), beside=True) as foundation:
            return await work(Rights(foundation, Erasure(foundation)))

    try:
        return asyncio.run(with_data())
    except (CannotStart, KeyProblem, SchemaProblem) as problem:
        end(str(problem), 1)
    except StorageUnavailable as problem:
        end(ending(problem), 1)


async def _person(rights: Rights, case_code: str) -> Person:
    return _there(await rights.person_of(case_code))


def _there(found: T | None) -> T:
    if found is None:
        end(_NOBODY, 1)
    return found


def _say(*lines: str) -> None:
    """Sentences of ours, without the signs that have Discord show them bold."""
    for line in lines:
        out.print(line.replace("*", ""), markup=False)
