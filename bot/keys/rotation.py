"""A new master key, without stopping the bot.

Each step lasts, and running it again goes on from there. From the second step on, both master keys are
in use: each is kept in keys.db wrapped with the other, so that a program that holds only one of them
opens everything. What is minted meanwhile is wrapped with the new one at once.

The old key still opens old copies of keys.db: those must go if somebody has seen it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag

from bot.keys.key_file import flush_folder, master_from_file, master_id, new_master, write_master
from bot.keys.ring import key_place, secret_place
from bot.keys.sealing import KeyProblem, wrap
from bot.locks import Held, locked
from bot.store import masters
from bot.store.masters import Wrapped
from bot.vault import Vault

_BATCH = 500
_LOCK = "rotation.lock"


class Step(StrEnum):
    """What lasts from now on."""

    NEW_KEY = "new key"
    """The new master key is on disk, beside the key file."""
    BRIDGE = "bridge"
    """Both are in use, and what is minted is wrapped with the new one."""
    WRAPPED = "wrapped"
    """Some more keys are wrapped with the new one."""
    KEY_FILE = "key file"
    """The key file holds the new one."""
    OLD_GONE = "old gone"
    """The old one opens nothing any more."""


def under_way(vault: Vault) -> bool:
    """Whether a master key is being replaced."""
    return len(masters.all_of(vault.connection)) > 1


def rotate(
    vault: Vault, key_file: Path | None, new: bytes | None, pause: Callable[[], None] = lambda: None
) -> Iterator[Step]:
    """Replace the master key, or go on where it was left. Yields after each step that lasts.

    ``key_file`` is where the master key stands, None when the environment gives it: then ``new`` has to
    be given, and the old one is let go of by the first start with the new one. ``pause`` is called
    between batches, so that the running bot gets its turn. Raises KeyProblem.
    """
    with _alone(vault.path):
        if not under_way(vault):
            master = _the_new_one(vault, key_file, new)
            yield Step.NEW_KEY
            with vault.transaction() as connection:
                masters.succeed(connection, *vault.ring.bridges(master))
            yield Step.BRIDGE
        elif new is not None and master_id(new) != masters.current(vault.connection):
            raise KeyProblem(
                "Another new master key is being taken into use already. Run this again with that one."
            )
        yield from _finish(vault, key_file, pause)


def finish_at_start(vault: Vault, key_file: Path | None) -> bool:
    """Finish what a crash cut short; whether there was anything. For a bot that is alone on its data."""
    if not under_way(vault):
        return False
    with suppress(Held), locked(vault.path, _LOCK):
        for _ in _finish(vault, key_file, lambda: None):
            pass
        if key_file is None and vault.ring.given == masters.current(vault.connection):
            _let_go(vault)
    return True


@contextmanager
def _alone(keys: Path) -> Iterator[None]:
    try:
        with locked(keys, _LOCK):
            yield
    except Held:
        raise KeyProblem("The master key is being replaced by another program just now.") from None


def _the_new_one(vault: Vault, key_file: Path | None, new: bytes | None) -> bytes:
    if key_file is None:
        if new is None:
            raise KeyProblem(
                "The master key comes from PORCHLIGHT_KEY. Make a new one with keygen, put it into "
                "PORCHLIGHT_NEW_KEY, beside the old one, and run this again."
            )
        master = new
    else:
        beside = _beside(key_file)
        if not beside.exists():
            write_master(beside, new or new_master())
        master = master_from_file(beside, create=False)
        if new not in {None, master}:
            raise KeyProblem(f"{beside} holds another new key. Move it away, or run this without one.")
    if master_id(master) == masters.current(vault.connection):
        raise KeyProblem("The new master key is the one in use. Make another one with keygen.")
    return master


def _beside(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.new")


def _finish(vault: Vault, key_file: Path | None, pause: Callable[[], None]) -> Iterator[Step]:
    yield from _wrap_all(vault, pause)
    if key_file is not None:
        _replace(vault, key_file)
        yield Step.KEY_FILE
        _let_go(vault)
        yield Step.OLD_GONE


def _wrap_all(vault: Vault, pause: Callable[[], None]) -> Iterator[Step]:
    after: str | None = ""
    while after is not None:
        after = _wrap_some(vault, after)
        yield Step.WRAPPED
        pause()


def _wrap_some(vault: Vault, after: str) -> str | None:
    """Wrap a batch with the current master; the last id, or None when there were no more."""
    with vault.transaction() as connection:
        current, cipher = vault.ring.current()

        def anew(row: Wrapped, place: str) -> Wrapped:
            try:
                secret = vault.ring.unwrap(row, place)
            except InvalidTag:
                raise KeyProblem("A key in keys.db does not open: the file was changed.") from None
            return Wrapped(row.id, wrap(cipher, secret, place), current)

        secrets = masters.secrets_not_on(connection, current)
        keys = masters.keys_not_on(connection, current, after, _BATCH)
        masters.rewrite(
            connection,
            [anew(row, secret_place(row.id)) for row in secrets],
            [anew(row, key_place(row.id)) for row in keys],
        )
    return keys[-1].id if keys else None


def _replace(vault: Vault, key_file: Path) -> None:
    """Have the key file hold the current master. What it holds is replaced only if it is the old one."""
    current, _ = vault.ring.current()
    beside = _beside(key_file)
    known = {one.id for one in masters.all_of(vault.connection)}
    held = master_id(master_from_file(key_file, create=False)) if key_file.exists() else ""
    if held == current:
        beside.unlink(missing_ok=True)
        return
    if held and held not in known:
        raise KeyProblem(
            f"The key file {key_file} holds a key that is not in use. Put back the one that was."
        )
    if beside.exists() and master_id(master_from_file(beside, create=False)) != current:
        raise KeyProblem(f"{beside} is not the new master key. Move it away, and run this again.")
    master = vault.ring.secret(current)
    if not beside.exists() and master is not None:
        write_master(beside, master)
    beside.replace(key_file)
    flush_folder(key_file.parent)


def _let_go(vault: Vault) -> None:
    """Let go of the old master, once nothing is wrapped with it; and of what the log file has of it."""
    while not _let_go_if_unused(vault):
        for _ in _wrap_all(vault, lambda: None):
            pass
    vault.tidy()


def _let_go_if_unused(vault: Vault) -> bool:
    with vault.transaction() as connection:
        current, _ = vault.ring.current()
        if masters.any_not_on(connection, current):
            return False
        masters.retire_old(connection)
        return True
