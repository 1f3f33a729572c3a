"""The first configuration, pure: from a few answers to a short TOML that inherits everything else.

Each reader takes what somebody typed and returns the value, or raises ValueError with a sentence.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import tomlkit

from bot.config.findings import TOKEN
from bot.config.schema import DEFAULTS
from bot.text import Text
from bot.words import HOME_LANGUAGE, catalogues

YOUNGEST, OLDEST = 13, 25
_LONGEST_LINE = 100
_LONGEST_CONTACT = 200

CODES: Mapping[str, str] = {
    "GB": "United Kingdom",
    "UK": "United Kingdom",
    "IE": "Ireland",
    "US": "United States",
    "USA": "United States",
    "DE": "Germany",
}
"""The countries whose numbers are shipped, by code."""

ALL = "all"


@dataclass(frozen=True, slots=True)
class Land:
    """A country with its emergency number, and the help lines where some are shipped."""

    name: str
    emergency: str
    lines: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """The answers."""

    name: str
    work_contact: str
    privacy_contact: str
    discreet_name: str = "your community"
    language: str = HOME_LANGUAGE
    time_zone: str = "UTC"
    minimum_age: int = 18
    small_team: bool = False
    auto_admit: bool = True
    countries: tuple[Land, ...] = field(default=())
    """Empty: those that are shipped."""


def read_line(typed: str, most: int = _LONGEST_LINE) -> str:
    """A name: one line that says something."""
    line = " ".join(typed.split())
    if not line:
        raise ValueError("This cannot be empty.")
    if len(line) > most:
        raise ValueError(f"This is {len(line)} characters long, and {most} fit.")
    if not line.isprintable():
        raise ValueError("This holds a character that cannot be shown. Type it again.")
    if TOKEN.search(line):
        raise ValueError("This looks like a Discord token, which never stands in this file.")
    return line


def read_contact(typed: str) -> str:
    """An address or a page."""
    contact = read_line(typed, _LONGEST_CONTACT)
    if " " in contact or not ("@" in contact or "." in contact):
        raise ValueError("Write an address or a page, such as work@harbour.example.")
    return contact


def read_language(typed: str) -> str:
    """A language that the bot speaks."""
    language = typed.strip()
    if language not in catalogues():
        raise ValueError(f"The bot does not speak that yet. It speaks: {', '.join(sorted(catalogues()))}.")
    return language


def read_time_zone(typed: str) -> str:
    """A time zone by its name."""
    zone = typed.strip()
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        told = 'That is no time zone. Write a name from the IANA list, such as "Europe/London" or "UTC".'
        raise ValueError(told) from None
    return zone


def read_age(typed: str) -> int:
    """The youngest that people may be."""
    if not (typed.strip().isascii() and typed.strip().isdigit()) or not (
        YOUNGEST <= int(typed.strip()[:4]) <= OLDEST
    ):
        raise ValueError(f"Write a number from {YOUNGEST} to {OLDEST}.")
    return int(typed)


def read_team(typed: str) -> bool:
    """Whether the team is one of one or two."""
    answer = typed.strip().casefold()
    if answer in {"1", "2", "few", "small"}:
        return True
    if answer in {"3", "more", "many", "large"}:
        return False
    raise ValueError('Write "few" for one or two people, or "more" for three and up.')


def read_yes(typed: str) -> bool:
    """Yes or no."""
    answer = typed.strip().casefold()
    if answer in {"y", "yes"}:
        return True
    if answer in {"n", "no"}:
        return False
    raise ValueError('Write "yes" or "no".')


def read_countries(typed: str) -> tuple[Land, ...]:
    """Countries by name or code; others with their emergency number. Empty for all that are shipped."""
    pieces = [" ".join(piece.split()) for piece in typed.split(",") if piece.strip()]
    if [piece.casefold() for piece in pieces] == [ALL]:
        return ()
    if not pieces:
        raise ValueError(f'Name at least one country, or write "{ALL}".')
    lands = {land.name: land for land in map(_land, pieces)}
    return tuple(lands.values())


def _land(piece: str) -> Land:
    name, separator, number = (part.strip() for part in piece.partition("="))
    if separator:
        return Land(read_line(name), read_line(number))
    wanted = CODES.get(name.upper(), name).casefold()
    for land in shipped():
        if land.name.casefold() == wanted:
            return land
    known = ", ".join(land.name for land in shipped())
    mend = f"Write its emergency number, too, as in {name}=112."
    raise ValueError(f"No numbers are shipped for {name}. {mend} Shipped: {known}.")


@cache
def shipped() -> tuple[Land, ...]:
    """The countries whose numbers are shipped."""
    countries = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))["help"]["countries"]
    return tuple(
        Land(
            Text.model_validate(country["name"]).in_language(HOME_LANGUAGE),
            country["emergency"],
            tuple(country.get("lines", ())),
        )
        for country in countries
    )


def first_file(start: Start) -> str:
    """The TOML for these answers: about thirty lines, with comments."""
    lines = [
        "# The configuration of this community's Porchlight. What is not here takes the shipped default:",
        "# the questionnaire, the rules, the texts. config.example.toml shows every key.",
        "",
        "[community]",
        "# What people see inside the server.",
        f"name = {_quoted(start.name)}",
        "# What private messages and previews say. Other people read lock screens: name no condition.",
        f"discreet_name = {_quoted(start.discreet_name)}",
        f"language = {_quoted(start.language)}",
        f"time_zone = {_quoted(start.time_zone)}",
        f"minimum_age = {start.minimum_age}",
        "# The one front door for people who are here for work or study.",
        f"work_contact = {_quoted(start.work_contact)}",
        "# Whom to ask about data that the bot keeps.",
        f"privacy_contact = {_quoted(start.privacy_contact)}",
        "",
        "[admission]",
        "# Whether the bot itself lets in who says that there are no links, and whom a rule admits.",
        f"auto_admit_nil_return = {_truth(start.auto_admit)}",
        "# Whether a moderator confirms every admission, whatever the rules say.",
        f"human_confirm = {_truth(not start.auto_admit)}",
    ]
    if start.small_team:
        lines += [
            "",
            "[timers]",
            "# One or two people decide, so there is more time before the bot says that somebody waits.",
            'decision_target = "7d"',
            'person_target = "3d"',
            "",
            "[confirm]",
            "# Whatever takes two people in a larger team takes one and a wait, and a line in the record.",
            "small_team = true",
        ]
    lines += ["", *_help(start.countries)]
    return "\n".join(lines) + "\n"


def _help(countries: tuple[Land, ...]) -> list[str]:
    check = "# Call or look up each number, then write the day beside it: checked = 2026-03-01"
    if not countries:
        names = ", ".join(land.name for land in shipped())
        return [
            f"# The help numbers are the shipped ones: {names}. Nobody has checked them",
            "# for you. Make a list of your own, as in config.example.toml under [help].",
        ]
    lines = [check]
    for land in countries:
        lines += [
            "[[help.countries]]",
            f"name = {_quoted(land.name)}",
            f"emergency = {_quoted(land.emergency)}",
        ]
        if land.lines:
            lines += ["lines = [", *(f"    {_inline(line)}," for line in land.lines), "]"]
        lines.append("")
    return lines[:-1]


def _quoted(text: str) -> str:
    return tomlkit.string(text).as_string()


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _inline(line: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {_quoted(str(value))}" for key, value in line.items()) + " }"
