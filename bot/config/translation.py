"""The validator's errors as plain sentences: what is wrong, and what to write instead."""

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, RootModel
from pydantic_core import ErrorDetails

from bot.config.lines import KeyPath
from bot.config.near import mend_name, repeated

Sentence = tuple[str, str]
"""What is wrong, and what to write instead."""

REFUSING = frozenset(
    {
        "decline",
        "declined",
        "refuse",
        "refused",
        "reject",
        "rejected",
        "deny",
        "denied",
        "redirect",
        "ban",
        "kick",
    }
)

_KINDS: Mapping[str, Sentence] = {
    "string_type": ("is not text", 'write it in quotes, such as "like this"'),
    "bool_type": ("is neither true nor false", "write true or false, without quotes"),
    "bool_parsing": ("is neither true nor false", "write true or false, without quotes"),
    "dict_type": ("is not text", 'write it in quotes, or as a table by language: { en = "…" }'),
    "tuple_type": ("is not a list", "write it in square brackets: [ … ]"),
    "path_type": ("is not a path", 'write it in quotes, such as "data/porchlight.db"'),
    "recursion_loop": ("is nested too deeply", "write it more simply"),
}
_DATE = ("is not a date", "write the day without quotes, such as 2026-03-01")
_TABLE = ("is not a table", "write its keys below a [heading], or in braces: { key = … }")
_NUMBER = ("is not a whole number", "write a whole number, without quotes")


def sentence(error: ErrorDetails, path: KeyPath, value: Any, root: type[BaseModel]) -> Sentence:
    """What an error says to an admin."""
    kind = error["type"]
    context = error.get("ctx", {})
    if kind in {"plain", "condition_shape"}:
        mend = context.get("mend", 'write it like { field = "links", one_of = ["yes"] }')
        return str(context.get("problem", context.get("message", "does not fit"))), str(mend)
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(context, path, value, root)
    if kind.startswith(("date", "datetime")):
        return _DATE
    if kind.startswith("model"):
        return _TABLE
    if kind.startswith(("int", "float", "finite")):
        return _NUMBER
    return _KINDS.get(kind, ("cannot be used as it is", "compare it with config.example.toml"))


def _missing(_context: Mapping[str, Any], path: KeyPath, _value: Any, _root: type[BaseModel]) -> Sentence:
    if len(path) == 1:
        return "is missing", f"add a table headed [{path[0]}], as in config.example.toml"
    return "is missing", f"add {path[-1]} = …, as in config.example.toml"


def _unknown(_context: Mapping[str, Any], path: KeyPath, _value: Any, root: type[BaseModel]) -> Sentence:
    return "is not a key that exists here", mend_name(str(path[-1]), keys_at(root, path[:-1]))


def _choice(context: Mapping[str, Any], path: KeyPath, value: Any, _root: type[BaseModel]) -> Sentence:
    known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    word = value if isinstance(value, str) else ""
    if path[-1] == "propose" and word.casefold() in REFUSING:
        return f"{repeated(word)} is not for machines: people refuse", 'write "hold"'
    return f"{repeated(value)} is not one of the choices", mend_name(word, known)


def _pattern(_context: Mapping[str, Any], path: KeyPath, value: Any, _root: type[BaseModel]) -> Sentence:
    if path[-1] == "language":
        return f"{repeated(value)} is not a language code", 'write one such as "en" or "de"'
    mend = "use small letters, digits and _, beginning with a letter, at most 40"
    return f"{repeated(value)} cannot be an id", mend


def _least(context: Mapping[str, Any], _path: KeyPath, _value: Any, _root: type[BaseModel]) -> Sentence:
    return "is too small", f"write {context.get('ge')} or more"


def _most(context: Mapping[str, Any], _path: KeyPath, _value: Any, _root: type[BaseModel]) -> Sentence:
    return "is too large", f"write {context.get('le')} or less"


def _empty(_context: Mapping[str, Any], _path: KeyPath, _value: Any, _root: type[BaseModel]) -> Sentence:
    return "is empty", "write at least one"


def _short(_context: Mapping[str, Any], _path: KeyPath, _value: Any, _root: type[BaseModel]) -> Sentence:
    return "is empty", "write something"


def _long(context: Mapping[str, Any], _path: KeyPath, _value: Any, _root: type[BaseModel]) -> Sentence:
    return "is too long", f"use {context.get('max_length')} characters or fewer"


_SPECIAL: Mapping[str, Callable[[Mapping[str, Any], KeyPath, Any, type[BaseModel]], Sentence]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "enum": _choice,
    "literal_error": _choice,
    "string_pattern_mismatch": _pattern,
    "greater_than_equal": _least,
    "less_than_equal": _most,
    "too_short": _empty,
    "string_too_short": _short,
    "string_too_long": _long,
}


def keys_at(root: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that exist at a place in the configuration."""
    model: type[BaseModel] | None = root
    for part in path:
        if isinstance(part, str) and model is not None:
            model = next((_model_in(f.annotation) for n, f in _fields(model) if part == n), None)
    return [name for name, _ in _fields(model)] if model is not None else []


def _fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if issubclass(annotation, RootModel) else annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
