"""What ties a moderator to somebody: links of both that lead to the same organisation."""

import sqlite3
from collections.abc import Iterator

from bot.foundation import Foundation
from bot.model import Disclosure


def linked(_connection: sqlite3.Connection, _on: Foundation, mine: Disclosure, theirs: Disclosure) -> bool:
    """Whether two disclosures meet: a link of each, their own or the household's, of the last three years."""
    return not set(_names(mine)).isdisjoint(_names(theirs))


def _names(disclosure: Disclosure) -> Iterator[str]:
    for interest in disclosure.interests:
        if interest.period != "older":
            for name in (interest.organisation, interest.on_behalf_of):
                if name.strip():
                    yield " ".join(name.casefold().split())
