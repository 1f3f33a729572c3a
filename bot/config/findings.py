"""What is wrong with a configuration, where, and what to write instead."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.config.lines import KeyPath, Lines

Severity = Literal["error", "warning"]

TOKEN = re.compile(r"[\w-]{23,32}\.[\w-]{6,7}\.[\w-]{27,}", re.ASCII)
"""What a Discord token looks like: three parts in base64url, joined by dots."""

_NAMED_BY = ("id", "value")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (an error) or unwise (a warning)."""

    severity: Severity
    path: str
    """Keys joined by dots. A list element goes by its id, or by its number from 1: ``lines[2]``."""
    line: int | None
    """From 1; None when it does not stand in the file."""
    problem: str
    mend: str

    def told(self, file: str) -> str:
        """The finding on one line: ``file:line: table.key: what is wrong; what to write instead``."""
        place = file if self.line is None else f"{file}:{self.line}"
        where = f"{self.path}: " if self.path else ""
        return f"{place}: {where}{self.problem}; {self.mend}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A finding before anyone has looked up where in the file it stands."""

    path: KeyPath
    problem: str
    mend: str
    severity: Severity = "error"


def find(problem: Problem, data: Mapping[str, Any], lines: Lines) -> Finding:
    """The finding that a problem makes in a file with this data."""
    where = spelled(problem.path, data)
    return Finding(problem.severity, where, lines.of(problem.path), problem.problem, problem.mend)


def spelled(path: KeyPath, data: Mapping[str, Any]) -> str:
    """A path as people read it."""
    node: Any = data
    words = ""
    for part in path:
        node = _inside(node, part)
        if isinstance(part, str):
            words += ("." if words else "") + _key(part)
        else:
            name = _name_of(node)
            words += f".{name}" if name else f"[{part + 1}]"
    return words


def _inside(node: Any, part: str | int) -> Any:
    if isinstance(node, Mapping):
        return node.get(str(part))
    if isinstance(node, list | tuple) and isinstance(part, int) and part < len(node):
        return node[part]
    return None


def _name_of(element: Any) -> str:
    if isinstance(element, Mapping):
        for key in _NAMED_BY:
            name = element.get(key)
            if isinstance(name, str) and _PLAIN_NAME.fullmatch(name):
                return name
    return ""


def _key(key: str) -> str:
    if _PLAIN_NAME.fullmatch(key):
        return key
    return "(a key)" if TOKEN.search(key) or not key.isprintable() else f'"{key[:40]}"'
