"""Looking for some of what is open: what a filter is held against, bit by bit, and as far as it is looked.

Each function runs inside a unit of work.
"""

import sqlite3
from collections.abc import Iterator

from bot.review.next_step import LISTED, OF_CASES, Group
from bot.store import cases, queue
from bot.store import claims as kept
from bot.store.claims import ClaimKind
from bot.store.queue import TOP, Line

LOOKED_AT = 200
"""Cases of the queue that are looked at for the next one, or for a filter."""


def from_the_top(
    connection: sqlite3.Connection, reader_id: str, rule: str, category: str
) -> Iterator[Line | None]:
    """The beginning of each list, one after the other; None for a case that does not fit, and is not read.

    Concerns about the reader, a subject id, are left out.
    """
    left = LOOKED_AT
    for group in LISTED:
        if group is Group.APPEALS:
            found: Iterator[Line | None] = iter(queue.appeals(connection, TOP, left))
        elif group is Group.CONCERNS:
            found = iter(queue.concerns(connection, reader_id, TOP, left))
        elif group in OF_CASES:
            found = _cases(connection, group, left, rule, category)
        else:
            continue
        for line in found:
            left -= 1
            yield line


def _cases(
    connection: sqlite3.Connection, group: Group, most: int, rule: str, category: str
) -> Iterator[Line | None]:
    if not rule and not category:
        yield from queue.page(connection, group, TOP, most)
        return
    for case_id, fits in queue.fitting(connection, group, rule, category, most):
        case = cases.get(connection, case_id) if fits else None
        yield queue.line_of(connection, case) if case else None


def held_by(connection: sqlite3.Connection, holder_id: str, reader_id: str) -> Iterator[Line | None]:
    """What somebody looks after, by subject id; None for what is not the reader's to see, or is over."""
    for claim in kept.of_holder(connection, holder_id, LOOKED_AT):
        if claim.kind is ClaimKind.CONCERN:
            yield queue.concern(connection, claim.item_id, reader_id)
        else:
            case_id = kept.case_of(connection, claim)
            case = cases.get(connection, case_id) if case_id else None
            yield queue.line_of(connection, case) if case else None


def case_fits(connection: sqlite3.Connection, case_id: str, rule: str, category: str) -> bool:
    """Whether a case was last judged by a rule, and discloses a link of a category; empty: any."""
    if rule and queue.rule_of(connection, case_id) != rule:
        return False
    return not category or category in queue.categories_of(connection, case_id)
