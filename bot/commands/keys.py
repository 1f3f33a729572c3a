"""``keygen``, ``rotate-key`` and ``recovery-copy``: what an operator does with the master key."""

import time
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import machine_clock
from bot.commands.endings import ending
from bot.commands.terminal import ConfigOption, end, err, loaded_or_end, out
from bot.config import Config, Secrets
from bot.database import StorageUnavailable, about
from bot.keys.key_file import decode_master, encode_master, new_master, write_master
from bot.keys.recovery import save_recovery_copy
from bot.keys.ring import rereading
from bot.keys.rotation import Step, rotate
from bot.keys.sealing import KeyProblem
from bot.migrations import SchemaProblem
from bot.opening import master_key
from bot.operating import note
from bot.vault import Vault

_WHAT_IT_IS = (
    "This is a master key. Whoever has it, and a copy of the data, can read everything; without it, nobody "
    "can, you included. Keep one copy off this machine, in a password manager for example, and show it to "
    "nobody."
)

_LOSING_IT = """
Move this file off this machine now: into a password manager, or onto a stick in a drawer, apart from every
copy of the data. If the key file and this copy are both lost, nothing can be read again: not by you, not
by anybody, and no backup helps. If somebody else finds it, run rotate-key."""

_ROTATED = """
The master key is replaced, and the bot needs no restart. Do this now:
  1. make a new recovery copy, with recovery-copy, and destroy the old one
  2. make a new backup, and delete every older copy of keys.db: the old key still opens those"""

_NEXT_START = """
Everything is wrapped with the new master key, and the old one still works. Do this now:
  1. put the new key into PORCHLIGHT_KEY, take PORCHLIGHT_NEW_KEY away, and restart the bot: with that, the
     old key is let go of
  2. keep a copy of the new key off this machine, and destroy every copy of the old one
  3. make a new backup after the restart, and delete every older copy of keys.db: the old key opens those"""

_PAUSE = 0.02


def keygen(
    to: Annotated[
        Path | None, typer.Option("--to", help="A file to write, for you alone. It must not exist yet.")
    ] = None,
) -> None:
    """Make a new master key, and print it once or write it to a file (mode 0600).

    It is not taken into use: that is done by `setup`, by the first start, or by `rotate-key`.
    """
    master = new_master()
    if to is None:
        out.print(encode_master(master), markup=False)
        err.print(_WHAT_IT_IS, markup=False)
        return
    try:
        write_master(to, master)
    except FileExistsError:
        end(f"{to} exists already, and is left as it is. Choose another name with --to.", 1)
    except OSError as problem:
        end(f"{to} cannot be written ({type(problem).__name__}). Choose another place with --to.", 1)
    out.print(f"Written to {to}.\n{_WHAT_IT_IS}", markup=False)


def rotate_key(config: ConfigOption = None) -> None:
    """Replace the master key, because somebody has seen it or left the team. The bot may be running.

    If it is cut short, run it again, or start the bot. With the key in PORCHLIGHT_KEY, put a new one (made
    with `keygen`) into PORCHLIGHT_NEW_KEY first. Old copies of keys.db still open with the old key.
    """
    loaded, secrets = loaded_or_end(config), Secrets()
    storage = loaded.storage
    if not storage.keys.exists():
        end(f"There is no {storage.keys}. Has the bot run here yet?", 1)
    try:
        from_environment = _rotate(loaded, secrets)
    except (KeyProblem, SchemaProblem) as problem:
        end(str(problem), 1)
    except StorageUnavailable as problem:
        end(f"{ending(problem)} What is done stays done: run rotate-key again.", 1)
    out.print((_NEXT_START if from_environment else _ROTATED).strip(), markup=False)


def _rotate(config: Config, secrets: Secrets) -> bool:
    """Do it, and tell how far it is; whether the master key comes from the environment."""
    storage = config.storage
    master = master_key(config, secrets, create=False)
    key_file = storage.key_file if secrets.key is None else None
    new = None if secrets.new_key is None else decode_master(secrets.new_key.get_secret_value())
    with about(storage.keys), Vault.opened(storage.keys, master, rereading(storage.key_file)) as vault:
        for step in rotate(vault, key_file, new, lambda: time.sleep(_PAUSE)):
            if step is Step.BRIDGE:
                out.print("The new master key is in use. Wrapping all keys with it.")
    if storage.database.exists():
        with about(storage.database):
            note(storage.database, machine_clock(), "master_key.replaced", "master_key")
    return key_file is None


def recovery_copy(
    to: Annotated[Path, typer.Option("--to", help="The folder to write it into, such as a stick's.")],
    config: ConfigOption = None,
) -> None:
    """Write a copy of the master key to carry off this machine. Without the key, nothing can be read."""
    loaded = loaded_or_end(config)
    try:
        path, is_new = save_recovery_copy(to, master_key(loaded, Secrets(), create=False))
    except KeyProblem as problem:
        end(str(problem), 1)
    except StorageUnavailable as problem:
        end(ending(problem), 1)
    except FileNotFoundError:
        end(f"There is no folder {to}. If it is on a stick, plug the stick in; else make it first.", 1)
    except OSError as problem:
        end(f"The copy could not be written to {to} ({type(problem).__name__}).", 1)
    told = "The recovery copy is in" if is_new else "There is a recovery copy of this key already, in"
    out.print(f"{told} {path}.\n{_LOSING_IT.strip()}", markup=False)
