"""Writing ids into an admin's own file, with every comment left where it stands."""

import contextlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import TypeAdapter, ValidationError

from bot.config.tables import Snowflake

_ID = TypeAdapter(Snowflake)
_LISTS = frozenset({"moderator_roles", "staff_roles", "open_channels"})
_SINGLE = frozenset(
    {
        "server",
        "member_role",
        "quarantine_channel",
        "review_channel",
        "welcome_channel",
        "log_channel",
    }
)


class Unwritable(Exception):
    """The file cannot be read or written. Its text says what to do."""


def known_ids(path: Path) -> dict[str, tuple[int, ...]]:
    """The ids in ``[discord]``, however many of them are there yet. Raises Unwritable for what is no id."""
    table = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("discord", {})
    if not isinstance(table, dict):
        raise Unwritable(f"{path}: discord is not a table. Write it as [discord].")
    found = {}
    for key in sorted(_SINGLE | _LISTS):
        if key in table:
            found[key] = _ids(path, key, table[key])
    return found


def _ids(path: Path, key: str, value: Any) -> tuple[int, ...]:
    values = value if key in _LISTS and isinstance(value, list) else [value]
    try:
        return tuple(_ID.validate_python(one) for one in values)
    except ValidationError:
        mend = "write the 15 to 20 digits that Discord's Copy ID gives, or take the line out"
        raise Unwritable(f"{path}: discord.{key} is not a Discord id; {mend}.") from None


def write_ids(path: Path, ids: Mapping[str, tuple[int, ...]], *, members_intent: bool | None = None) -> bool:
    """Put ids into ``[discord]``; whether anything had to be changed. Raises Unwritable.

    ``members_intent`` is written only where the file does not say it yet.
    """
    try:
        before = path.read_bytes().decode("utf-8-sig")
        document = tomlkit.parse(before)
        _put(document, ids, members_intent)
        after = tomlkit.dumps(document)
        if after == before:
            return False
        _replace(path, after)
    except (OSError, ValueError) as problem:
        kind = type(problem).__name__
        raise Unwritable(f"{path} cannot be written ({kind}). Who may write in this folder?") from None
    return True


def _put(document: Any, ids: Mapping[str, tuple[int, ...]], members_intent: bool | None) -> None:
    fresh = "discord" not in document
    table: Any = tomlkit.table() if fresh else document["discord"]
    for key, values in ids.items():
        wanted: Any = [str(v) for v in values] if key in _LISTS else str(values[0])
        said = table.get(key)
        now = [str(one) for one in said] if isinstance(said, list) else said
        if (now if isinstance(now, list) else str(now)) != wanted:
            table[key] = wanted
    if members_intent is not None and "members_intent" not in table:
        table["members_intent"] = members_intent
    if fresh:
        table.comment("Written by setup. The ids of your server, its roles and channels.")
        if document.body:
            document.add(tomlkit.nl())
        document.add("discord", table)


def _replace(path: Path, text: str) -> None:
    """Put the new file in the place of the old one in one step, with the rights of the old one."""
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, target.stat().st_mode & 0o777)
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
