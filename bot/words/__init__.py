"""Every sentence a person sees: one catalogue per language, and the admin's own wording on top.

A catalogue is a flat TOML file beside this one, named by language. A sentence may hold placeholders
in braces; an override may use those of the sentence it replaces, and the shared ones.
"""

import tomllib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from string import Formatter
from typing import TypeVar, cast

from bot.text import Text

SHARED_PLACEHOLDERS = frozenset({"name", "discreet_name", "minimum_age", "work_contact", "privacy_contact"})
"""Placeholders that every sentence may use: they come from the ``[community]`` table."""

HOME_LANGUAGE = "en"

T = TypeVar("T")

_MOST_KEPT = 1000


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

    def knows(self, key: str) -> bool:
        """Whether there is a sentence for a key."""
        try:
            self.words.template(key, self.locale)
        except KeyError:
            return False
        return True

    def fill(self, template: str) -> str:
        """An admin's own text with the shared placeholders filled."""
        return template.format_map(self.words.shared).strip()

    def read(self, text: Text | None) -> str:
        """An admin's own text in this language, filled."""
        return "" if text is None else self.fill(text.in_language(self.locale, self.words.language))

    def once(self, about: object, variant: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` makes of a thing that never changes, made once per language and variant.

        Only for what is the same for everybody: it is kept in memory.
        """
        kept, place = self.words.kept, (id(about), self.locale, variant)
        if place not in kept:
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            # Kept together with the thing itself, so that nothing else can come to have its id.
            kept[place] = about, make()
        return cast("T", kept[place][1])


@dataclass(frozen=True)
class Words:
    """The catalogues with one community's overrides and names."""

    language: str
    overrides: Mapping[str, Text]
    shared: Mapping[str, str]

    @cached_property
    def kept(self) -> dict[Hashable, tuple[object, object]]:
        """What voices keep for whoever comes next."""
        return {}

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
