"""``backup`` and ``restore``: copies of the data, made while the bot runs, and put back while it does not."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import machine_clock
from bot.commands.endings import ending
from bot.commands.terminal import ConfigOption, end, err, loaded_or_end, out
from bot.config import Config, Secrets
from bot.copies import backup as copying
from bot.copies import restoring
from bot.copies.dated import delete_old
from bot.copies.restoring import RestoreProblem, Step
from bot.database import StorageUnavailable
from bot.forgetting.ledger import LedgerProblem
from bot.keys.sealing import KeyProblem
from bot.log.verifying import wrong_in_the_log
from bot.migrations import SchemaProblem
from bot.opening import CannotStart, alone_on, master_key, opened

_WHAT_NOW = """
Keep them in two different places, apart from each other and from the master key, which is not in them.
Delete old copies of the keys soon: what was deleted can be read again for as long as one is left.
To put them back: stop the bot, and run restore with this folder, and --keys-from with that of the keys if
they lie elsewhere."""

_TOGETHER = (
    "warning: the copy of the keys lies beside the copy of the database, and must go as soon as the keys "
    "do. Give --keys-to another folder, best on another machine."
)


def backup(
    to: Annotated[Path, typer.Option("--to", help="A folder for the copies, such as backups/monday.")],
    keys_to: Annotated[
        Path | None, typer.Option("--keys-to", help="Another folder for the copy of the keys. Recommended.")
    ] = None,
    dated: Annotated[
        bool,
        typer.Option(
            "--dated", help="Make a folder named after the moment, and delete those that are too old."
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Copy database, keys and ledger into sub-folders, readable by you alone. The bot may be running.

    The master key is never copied. Nothing is overwritten. Ends with 0 once the copy is whole, checked and
    on disk, and with 1 when there is none. With `--dated`, copies made with it are deleted once they are
    as old as `[retention]` says: `backups` for the database, `key_backups` for the keys.
    """
    loaded = loaded_or_end(config)
    now = machine_clock()
    try:
        copies = copying.backup(loaded.storage, to, now, keys_to=keys_to, dated=dated)
    except copying.BackupProblem as problem:
        end(str(problem), 1)
    except (StorageUnavailable, sqlite3.Error, OSError) as problem:
        end(f"No copy was made ({type(problem).__name__}). Is the disk full, or the folder not yours?", 1)
    out.print(f"Copied to {copies.database} and {copies.keys}.", markup=False)
    if keys_to is None or keys_to.resolve() == to.resolve():
        err.print(_TOGETHER, markup=False)
    if dated:
        _delete_old(loaded, {to, keys_to or to})
    else:
        out.print(_WHAT_NOW.strip(), markup=False)


def _delete_old(config: Config, folders: set[Path]) -> None:
    kept = config.retention
    try:
        gone = sum(delete_old(one, machine_clock(), kept.backups, kept.key_backups) for one in folders)
    except OSError as problem:
        end(f"The copy is made, but old ones could not be deleted ({type(problem).__name__}).", 1)
    if gone:
        out.print(f"Old copies deleted: {gone}.")


_TOLD = {
    Step.CHECKED: "The copy is whole, its parts belong together, and the master key opens it.",
    Step.MERGED: "The ledger knows of everybody who was erased.",
    Step.DONE: "The copy is in place.",
}

_AFTER = """
What was there before lies beside it, in folders that are named before-restore-. It holds people who were
erased since: delete these folders as soon as you know that all is well. Then start the bot. What people
told and what was decided after the copy is lost; the bot looks over all members and mends what differs."""


def restore(
    from_: Annotated[Path, typer.Argument(metavar="FROM", help="The folder that backup has made.")],
    keys_from: Annotated[
        Path | None, typer.Option("--keys-from", help="The folder with the keys, if they lie elsewhere.")
    ] = None,
    ledger: Annotated[
        list[Path] | None,
        typer.Option("--ledger", help="A copy of the erasure ledger. Can be given more than once."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Put copies back: checked first, all or nothing. Stop the bot before.

    Whoever was erased since the copy does not come back with it: the ledgers are put together and applied
    before anything is served. Nothing that is there is deleted, but moved aside. If it is cut short, run it
    again or start the bot. Without a copy of the keys, those in use stay.
    """
    loaded, secrets = loaded_or_end(config), Secrets()
    try:
        with alone_on(loaded):
            restoring.finish(loaded.storage)
            master = master_key(loaded, secrets, create=False)
            source = restoring.found(from_, keys_from, ledger or [])
            for step in restoring.restore(loaded.storage, source, master, machine_clock(), wrong_in_the_log):
                if step in _TOLD:
                    out.print(_TOLD[step])
        asyncio.run(_start(loaded, master, from_environment=secrets.key is not None))
    except CannotStart as problem:
        end(str(problem), 1)
    except (RestoreProblem, KeyProblem, SchemaProblem, LedgerProblem) as problem:
        end(str(problem), 1)
    except StorageUnavailable as problem:
        end(ending(problem), 1)
    except (sqlite3.Error, OSError) as problem:
        end(f"A file could not be read or written ({type(problem).__name__}). Run it again.", 1)
    out.print("Everybody who was erased is gone from it.")
    out.print(_AFTER.strip(), markup=False)


async def _start(config: Config, master: bytes, *, from_environment: bool) -> None:
    """Open the data once as the bot does, which erases again whoever came back."""
    async with opened(config, master, from_environment=from_environment):
        pass
