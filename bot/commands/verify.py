"""``verify``: the log, the schema, the keys and what they refer to, looked through beside the bot."""

import sqlite3
from typing import Annotated

import typer

from bot.commands.terminal import ConfigOption, end, loaded_or_end, out
from bot.config import Config, Secrets
from bot.database import StorageUnavailable
from bot.migrations import SchemaProblem
from bot.vault import KeyProblem


def verify(
    config: ConfigOption = None,
    keys: Annotated[bool, typer.Option(help="Try everybody's key as well.")] = True,
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="A line you kept, as NUMBER:HASH. May be given several times."),
    ] = None,
) -> None:
    """Look through the event log, the schema, the keys and every reference, and name what is wrong.

    Changes nothing, and the bot may be running. Ends with 1 if anything is wrong.
    """
    from bot.copies.data_files import file_problems
    from bot.log.anchors import Anchor
    from bot.log.verifying import verify as look

    heads = []
    for given in head or ():
        kept = Anchor.from_words(given)
        if kept is None:
            end(
                f"{given} is no line of the log. Write its number, a colon and its whole hash (64 signs).",
                2,
            )
        heads.append(kept)
    loaded = loaded_or_end(config)
    storage = loaded.storage
    if not storage.database.exists():
        end(f"There is no database at {storage.database}. Has the bot run here yet?", 1)
    try:
        report = look(storage, _master(loaded) if keys else None, heads, keys=keys)
    except (KeyProblem, SchemaProblem) as problem:
        end(str(problem), 1)
    except (sqlite3.Error, OSError, StorageUnavailable) as problem:
        end(f"The files could not be read ({type(problem).__name__}). Are they yours to read?", 1)
    for sentence in report.problems.sentences:
        out.print(sentence, markup=False)
    if report.problems.untold:
        out.print(f"And {report.problems.untold} more problems like these.")
    for sentence in (*report.unchecked, *file_problems(loaded)):
        out.print(sentence, markup=False)
    if report.problems:
        out.print("What to do now is in docs/log.md. Keep a copy of the files as they are.", markup=False)
        raise typer.Exit(1)
    stretches = f"sealed stretches: {report.stretches}, of which emptied: {report.emptied}"
    tried = "" if report.keys is None else f" Keys tried: {report.keys}."
    out.print(f"All is well. Lines of the log: {report.lines}; {stretches}.")
    out.print(f"Anchors that fit: {report.anchors}.{tried}")


def _master(config: Config) -> bytes | None:
    """The master key; None when it is not at hand. One that is there and unusable is a KeyProblem."""
    from bot.opening import master_key

    secrets = Secrets()
    if secrets.key is None and not config.storage.key_file.exists():
        return None
    return master_key(config, secrets)
