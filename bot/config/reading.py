"""From bytes on disk to TOML data, or to the one sentence that says why not."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config.findings import TOKEN, Finding, Problem
from bot.config.lines import KeyPath

MOST_BYTES = 2_000_000
DEEPEST = 40

_LONGEST_SAID = 120
_SECRET_KEYS = frozenset({"token", "discord_token", "bot_token", "secret", "discord_secret", "client_secret"})
_MOVE_IT = "move it to DISCORD_TOKEN in the environment or in .env, and have Discord make you a new one"
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True)
class Text:
    """A file that is TOML."""

    text: str
    data: dict[str, Any]


def read(path: Path) -> Text | Finding:
    """The file's text and data, or the one thing that keeps it from being read."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return _alone(
            "there is no such file", "copy config.example.toml to it, or name another with --config"
        )
    except IsADirectoryError:
        return _alone("is a folder", "name a file with --config")
    except (OSError, ValueError):
        return _alone("cannot be opened", "check the path and who may read the file")
    if len(raw) > MOST_BYTES:
        return _alone("is larger than two megabytes", "name the configuration file with --config")
    return parse(raw)


def parse(raw: bytes) -> Text | Finding:
    """What the bytes of a file say."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        return _alone("is not written in UTF-8", "save the file as UTF-8 in your editor", line)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        return _alone("is nested too deeply", "write it more simply")
    except ValueError as problem:
        return _not_toml(str(problem), text)
    if any(len(path) > DEEPEST for path, _ in _leaves(data)):
        return _alone("is nested too deeply", "write it more simply")
    return Text(text, data)


def _not_toml(message: str, text: str) -> Finding:
    position = _POSITION.search(message)
    line = int(position[1]) if position and position[1] else None
    if position and line is None:
        line = len(text.rstrip("\n").split("\n"))
    said = _POSITION.sub("", message).strip().rstrip(".")
    if TOKEN.search(said) or len(said) > _LONGEST_SAID or not said.isprintable():
        said = "a value cannot be read"
    mend = "look at this line and the one before it: a quote, a bracket or an = may be missing"
    return _alone(f"is not TOML ({said[:1].lower()}{said[1:]})", mend, line)


def _alone(problem: str, mend: str, line: int | None = None) -> Finding:
    return Finding("error", "", line, problem, mend)


def _leaves(data: Any) -> Iterator[tuple[KeyPath, Any]]:
    """Every value that is neither table nor list, and every key, without recursion."""
    waiting: list[tuple[KeyPath, Any]] = [((), data)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, Mapping):
            waiting.extend(((*path, key), value) for key, value in node.items())
        elif isinstance(node, list):
            waiting.extend(((*path, position), value) for position, value in enumerate(node))
        if path:
            yield path, node


def secrets_in(data: Mapping[str, Any]) -> list[Problem]:
    """Tokens, and keys that ask for one, without repeating them."""
    found = []
    for path, value in _leaves(data):
        named = isinstance(path[-1], str) and path[-1].casefold() in _SECRET_KEYS and path[0] != "messages"
        looks = isinstance(value, str) and TOKEN.search(value) is not None
        if looks:
            found.append(Problem(path, "holds what looks like a Discord token", _MOVE_IT))
        elif named:
            found.append(Problem(path, "is a secret, which never stands in this file", _MOVE_IT))
    return sorted(found, key=lambda problem: [str(part) for part in problem.path])


def odd_characters_in(data: Mapping[str, Any]) -> list[Problem]:
    """Texts with control characters, which nobody sees and few programs accept."""
    return [
        Problem(path, "holds a control character", "write the text again without it")
        for path, value in _leaves(data)
        if isinstance(value, str)
        and any(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in value)
    ]
