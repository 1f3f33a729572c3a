"""Whose hands a case may be in: worked out anew on every press, inside the unit of work that acts."""

import sqlite3

from bot.access import Act, Hand, Role, Tie, is_moderator, why_not
from bot.foundation import Foundation
from bot.model import Visitor
from bot.store.cases import Case


def may_not(connection: sqlite3.Connection, on: Foundation, visitor: Visitor, act: Act, case: Case) -> str:
    """Why somebody may not do something about a case; empty where they may."""
    return why_not(act, hand_of(connection, on, visitor, case))


def hand_for_concern(
    connection: sqlite3.Connection,
    on: Foundation,
    visitor: Visitor,
    about_id: str | None,
    reporter_id: str | None,
) -> Hand:
    """As what somebody reaches for a concern about one person, told by another, by subject ids."""
    if not is_moderator(role_ids=visitor.role_ids, moderator_roles=on.config.moderator_roles):
        return Hand(Role.NOBODY)
    known = on.find(connection, visitor.user_id)
    if known is not None and known.id == about_id:
        return Hand(Role.MODERATOR, tie=Tie.ABOUT)
    told = known is not None and known.id == reporter_id
    return Hand(Role.MODERATOR, tie=Tie.REPORTER if told else Tie.NONE)
