"""The papers' words: a Markdown template for each, and the phrases that are put in, by language.

They lie beside the catalogue, in ``papers``, a folder for each language.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bot.words import HOME_LANGUAGE

FOLDER = Path(__file__).with_name("papers")


@cache
def written_in() -> frozenset[str]:
    """The languages that there are papers in."""
    return frozenset(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


def nearest_to(locale: str) -> str:
    """The language of the papers for a locale: its own, that of its base, or English."""
    for language in (locale, locale.split("-", maxsplit=1)[0]):
        if language in written_in():
            return language
    return HOME_LANGUAGE


@cache
def template(name: str, language: str) -> str:
    """The template of a paper, with its placeholders in braces."""
    return (FOLDER / language / f"{name}.md").read_text(encoding="utf-8")


@cache
def phrases(language: str) -> Mapping[str, str]:
    """The phrases of a language, by key."""
    return tomllib.loads((FOLDER / language / "phrases.toml").read_text(encoding="utf-8"))
