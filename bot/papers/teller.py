"""Telling a configuration in plain words: its texts, lengths of time and lists, as Markdown takes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from bot.config import Config
from bot.text import Text
from bot.words import Voice
from bot.words.templates import nearest_to, phrases

_MARKUP = re.compile(r"([\\`*_\[\]<>|]|^[-+#=~])")
_WITH_ID = re.compile(r"<[^<>\s]*\d{15,20}[^<>\s]*>|https?://[^\s<>()]*\d{15,20}[^\s<>()]*|\d{15,20}")
"""A mention, an emoji or an address inside Discord: all of them hold an id."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MONTH_IN_DAYS = 30.44
_SHORTEST_IN_MONTHS = 60


def inert(text: str) -> str:
    """A text on one line, in which nothing is markup, so that it can stand in a sentence or a table."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def one_line(text: str) -> str:
    """An address on one line. It stays as it is, so that it can still be followed."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


@dataclass(frozen=True)
class Teller:
    """Tells one configuration in one language."""

    config: Config
    locale: str

    @cached_property
    def language(self) -> str:
        """The language of the papers; the configuration's own texts follow the locale."""
        return nearest_to(self.locale)

    @cached_property
    def voice(self) -> Voice:
        """The bot's sentences, as people see them in Discord."""
        return self.config.words.voice(self.locale)

    def phrase(self, key: str, /, **values: object) -> str:
        """A phrase with its placeholders filled. Raises KeyError for an unknown key."""
        return phrases(self.language)[key].format_map(values).strip()

    def label(self, text: Text | None) -> str:
        """An admin's own text, to stand in a sentence."""
        return inert(self._without_ids(self.voice.read(text)))

    def block(self, text: str) -> str:
        """A text that people see in Discord, as a quotation."""
        lines = self._without_ids(text.strip()).splitlines()
        return "\n".join(f"> {line}".rstrip() for line in lines)

    def _without_ids(self, text: str) -> str:
        return _WITH_ID.sub(self.phrase("in_discord"), text)

    def button(self, key: str) -> str:
        """What stands on one of the bot's own buttons."""
        return inert(self.voice.say(key))

    def duration(self, length: timedelta) -> str:
        """A length of time, in the largest unit that it is whole in."""
        if length % _DAY == timedelta():
            return self._days(length.days)
        if length % _HOUR == timedelta():
            return self._counted("hours", length // _HOUR)
        return self._counted("minutes", max(1, round(length.total_seconds() / 60)))

    def _days(self, count: int) -> str:
        days = self._counted("days", count)
        if count < _SHORTEST_IN_MONTHS:
            return days
        return self.phrase("about_months", days=days, months=round(count / _MONTH_IN_DAYS))

    def _counted(self, unit: str, count: int) -> str:
        return self.phrase(f"{unit}_one" if count == 1 else f"{unit}_many", count=count)

    def listed(self, parts: Sequence[str], joined: str = "list_and") -> str:
        """Some parts as one list in words: a, b and c. At least one."""
        if len(parts) == 1:
            return parts[0]
        return self.phrase(joined, before=", ".join(parts[:-1]), last=parts[-1])
