"""A configuration with its broken parts taken out, so that the rest can still be checked.

Validation stops at the shape of things; the checks want a whole configuration. Whatever does not
fit is therefore named, cut out, and the rest validated again, until it holds. A broken condition is
not cut out but replaced by one about which nothing is known, because a rule without a condition
would hold for everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.conditions import Condition
from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.schema import Config
from bot.config.translation import sentence

UNKNOWN_FACT = "?"
"""How the name of a stand-in fact begins: no fact that anyone can write is called that."""

_MOST_ROUNDS = 60
_CONDITION_KEYS = frozenset({"show_when", "when", "required"})
_STAND_INS: Mapping[str, Any] = {
    "name": "x",
    "discreet_name": "x",
    "work_contact": "x",
    "privacy_contact": "x",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be read, what could not, and where both stood."""

    config: Config
    problems: tuple[Problem, ...]
    damaged: frozenset[KeyPath]
    """Places that were cut out or replaced, as paths in the original."""
    data: Mapping[str, Any]
    """The original."""

    def origin(self, path: KeyPath) -> KeyPath:
        """Where something in the draft stands in the original, which may have longer lists."""
        return _origin(path, self.damaged)

    def is_damaged(self, path: KeyPath) -> bool:
        """Whether anything at, under or around a place in the original was cut out."""
        return any(path[: len(cut)] == cut or cut[: len(path)] == path for cut in self.damaged)

    def is_told(self, path: KeyPath) -> bool:
        """Whether a problem at this place would only repeat, or follow from, one that is known."""
        return self.is_damaged(path) if len(path) > 1 else path in self.damaged


def draft(data: Mapping[str, Any]) -> Draft | None:
    """The draft of what an admin wrote; None when not even that can be made."""
    problems: dict[tuple[KeyPath, str], Problem] = {}
    cut: dict[KeyPath, Any] = {}
    for key in data:
        if key not in Config.model_fields:
            told = sentence(_unknown(key), (key,), None, Config)
            problems[(key,), told[0]] = Problem((key,), *told)
            cut[(key,)] = _Gone
    stand_ins: dict[str, Any] = {}
    for _ in range(_MOST_ROUNDS):
        pruned = _pruned(data, (), cut)
        before = frozenset(cut)
        try:
            config = Config(**_with(stand_ins, pruned))
        except ValidationError as failure:
            for error in _told_once(failure.errors(include_url=False), pruned):
                inside = _path(error, pruned)
                path = _origin(inside, before)
                told = sentence(error, path, _at(pruned, inside), Config)
                # What follows from a cut is mended without a word.
                if not any(gone[: len(path)] == path for gone in before):
                    problems.setdefault((path, told[0]), Problem(path, *told))
                _take_out(error, path, data, cut, stand_ins)
        else:
            return Draft(config, tuple(problems.values()), frozenset(cut), data)
    return None


def stand_in(path: KeyPath) -> Condition:
    """A condition about which nothing is known."""
    return Condition(fact=UNKNOWN_FACT + ".".join(map(str, path)), one_of=("yes",))


class _Gone:
    """Marks what is cut out."""


def _unknown(key: str) -> ErrorDetails:
    return ErrorDetails(type="extra_forbidden", loc=(key,), msg="", input=None)


def _with(stand_ins: Mapping[str, Any], pruned: dict[str, Any]) -> dict[str, Any]:
    if not stand_ins:
        return pruned
    given = pruned.get("community", {})
    return {**pruned, "community": {**stand_ins, **given}}


def _told_once(errors: list[ErrorDetails], pruned: Mapping[str, Any]) -> list[ErrorDetails]:
    """Where a value may be one of two types, only the errors for the type that it has."""
    kept = []
    for error in errors:
        location = error["loc"]
        if "required" in location[:-1]:
            branch = location[location.index("required") + 1]
            path = _path(error, pruned)
            is_table = isinstance(_at(pruned, path[: path.index("required") + 1]), Mapping)
            if is_table is (branch == "bool"):
                continue
        kept.append(error)
    return kept


def _take_out(
    error: ErrorDetails,
    path: KeyPath,
    data: Mapping[str, Any],
    cut: dict[KeyPath, Any],
    stand_ins: dict[str, Any],
) -> None:
    if path[0] == "community" and (error["type"] == "missing" or path == ("community",)):
        stand_ins.update(_STAND_INS)
        if path != ("community",) or "community" in data:
            cut[path] = _Gone
        return
    _cut(path, error["type"] == "missing" or path in cut, data, cut)


def _cut(path: KeyPath, missing: bool, data: Mapping[str, Any], cut: dict[KeyPath, Any]) -> None:
    for position, key in enumerate(path):
        whole = path[: position + 1]
        is_condition = key in _CONDITION_KEYS and path[0] in {"pages", "rules"} and whole not in cut
        if is_condition and (key != "required" or isinstance(_at(data, whole), Mapping)):
            cut[whole] = stand_in(whole).as_data()
            return
    while missing and len(path) > 1:
        path = path[:-1]
        # A list element can go; so can a whole table. A table inside an element goes with it.
        if isinstance(path[-1], int) or len(path) == 1:
            break
    cut[path] = _Gone


def _path(error: ErrorDetails, pruned: Mapping[str, Any]) -> KeyPath:
    """The validator's location without its own words for the branch of a choice between types."""
    path: KeyPath = ()
    node: Any = pruned
    last = len(error["loc"]) - 1
    for position, part in enumerate(error["loc"]):
        if isinstance(node, Mapping) and part in node:
            node = node[str(part)]
            path += (part,)
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
            path += (part,)
        elif position == last and error["type"] == "missing":
            path += (part,)
    return path


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        if isinstance(data, Mapping):
            data = data.get(str(part))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _pruned(node: Any, path: KeyPath, cut: Mapping[KeyPath, Any]) -> Any:
    if isinstance(node, Mapping):
        return {
            key: cut[(*path, key)] if (*path, key) in cut else _pruned(value, (*path, key), cut)
            for key, value in node.items()
            if cut.get((*path, key)) is not _Gone
        }
    if isinstance(node, list):
        return [
            _pruned(value, (*path, position), cut)
            for position, value in enumerate(node)
            if cut.get((*path, position)) is not _Gone
        ]
    return node


def _origin(path: KeyPath, cut: frozenset[KeyPath]) -> KeyPath:
    found: KeyPath = ()
    for part in path:
        if isinstance(part, int):
            element = part
            for position in range(part + len(cut) + 1):
                if (*found, position) in cut:
                    element += 1
                elif position == element:
                    break
            found += (element,)
        else:
            found += (part,)
    return found
