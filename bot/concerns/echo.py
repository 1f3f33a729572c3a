"""Words of a concern in what is written to the person whom it is about: they would say who told it."""

import re
import sqlite3

from bot.access import Act, why_not
from bot.concerns.telling import key_of
from bot.fairness.hands import hand_for_concern
from bot.foundation import Foundation
from bot.model import Visitor
from bot.store import concerns

IN_A_ROW = 5
"""So many words in a row, the same in both, are no accident."""

_LOOKED_AT = 50
_WORD = re.compile(r"\w+")


def repeats(written: str, told: str) -> bool:
    """Whether a text has five or more words in a row from another. Case and marks make no difference."""
    return not _runs(written).isdisjoint(_runs(told))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[start : start + IN_A_ROW]) for start in range(len(words) - IN_A_ROW + 1)}


def repeats_a_concern(
    connection: sqlite3.Connection, on: Foundation, visitor: Visitor, subject_id: str, written: str
) -> bool:
    """Whether a text for somebody repeats a concern about them that its writer may read.

    Of any other they are not told: they are not to know that there is one.
    """
    for concern in concerns.about(connection, subject_id, _LOOKED_AT):
        hand = hand_for_concern(connection, on, visitor, concern.about_id, concern.reporter_id)
        key = key_of(connection, on, concern)
        told = concerns.told(connection, key, concern.id) if key else None
        if told is not None and not why_not(Act.CONCERN, hand):
            texts = (*(one.text for one in told.said if not one.asked), told.excerpt)
            if any(repeats(written, text) for text in texts):
                return True
    return False
