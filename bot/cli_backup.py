"""``backup``: copies of database and keys, while the bot runs."""

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from bot import backup as copying
from bot.clock import machine_clock
from bot.database import StorageUnavailable
from bot.terminal import ConfigOption, end, loaded_or_end, out

_WHAT_NOW = """
Keep them in two different places, apart from each other and from the master key, which is not in them.
Delete old copies of the keys soon: what was deleted can be read again for as long as one is left.
To put them back: stop the bot, delete the files beside the two that end in -wal and -shm, copy each one
back to where it was, and start."""


def backup(
    to: Annotated[Path, typer.Option("--to", help="A folder for the copies, such as backups/monday.")],
    config: ConfigOption = None,
) -> None:
    """Copy database and keys into two sub-folders, readable by you alone. The bot may be running.

    The master key is never copied. Nothing is overwritten.
    """
    try:
        copies = copying.backup(loaded_or_end(config).storage, to, machine_clock())
    except copying.BackupProblem as problem:
        end(str(problem), 1)
    except (StorageUnavailable, sqlite3.Error, OSError) as problem:
        end(f"No copy was made ({type(problem).__name__}). Is the disk full, or the folder not yours?", 1)
    out.print(f"Copied to {copies.database} and {copies.keys}.", markup=False)
    out.print(_WHAT_NOW.strip(), markup=False)
