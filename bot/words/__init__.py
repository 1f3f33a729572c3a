"""Every sentence a person sees: one catalogue per language, and the admin's own wording on top.

A catalogue is a flat TOML file beside this one, named by language. A sentence may hold placeholders
in braces; an override may use those of the sentence it replaces, and the shared ones.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from bot.text import Text

SHARED_PLACEHOLDERS = frozenset({"name", "discreet_name", "minimum_age", "work_contact", "privacy_contact"})
"""Placeholders that every sentence may use: they come from the ``[community]`` table."""

HOME_LANGUAGE = "en"


@cache
def catalogues() -> Mapping[str, Mapping[str, str]]:
    """The shipped sentences by language, then by key."""
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in files}


def placeholders(template: str) -> frozenset[str]:
    """The names in braces. Raises ValueError where braces do not close, or hold more than a name."""
    found = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if spec or conversion:
            raise ValueError("braces hold more than a name")
        if name is not None:
            found.add(name)
    return frozenset(found)


def allowed_placeholders(key: str) -> frozenset[str]:
    """What an override of this sentence may name."""
    return placeholders(catalogues()[HOME_LANGUAGE][key]) | SHARED_PLACEHOLDERS


@dataclass(frozen=True)
class Voice:
    """The sentences in one language."""

    words: "Words"
    locale: str

    def say(self, key: str, **values: object) -> str:
        """The sentence for a key with its placeholders filled. Raises KeyError for an unknown key."""
        return self.words.template(key, self.locale).format_map({**self.words.shared, **values}).strip()

    def fill(self, template: str) -> str:
        """An admin's own text with the shared placeholders filled."""
        return template.format_map(self.words.shared).strip()

    def read(self, text: Text | None) -> str:
        """An admin's own text in this language, filled."""
        return "" if text is None else self.fill(text.in_language(self.locale, self.words.language))


@dataclass(frozen=True)
class Words:
    """The catalogues with one community's overrides and names."""

    language: str
    overrides: Mapping[str, Text]
    shared: Mapping[str, str]

    def voice(self, locale: str) -> Voice:
        """The sentences for somebody whose Discord speaks ``locale``."""
        return Voice(self, locale or self.language)

    def template(self, key: str, locale: str) -> str:
        """The sentence before its placeholders are filled: the override, else the catalogue."""
        if key in self.overrides:
            return self.overrides[key].in_language(locale, self.language)
        shipped = catalogues()
        for language in (locale, locale.split("-", maxsplit=1)[0], self.language, HOME_LANGUAGE):
            if key in shipped.get(language, {}):
                return shipped[language][key]
        raise KeyError(key)
