"""What is seldom needed under a file: what a press on *More* finds."""

import sqlite3
from dataclasses import dataclass

from bot.access import Act, Role
from bot.fairness import hands
from bot.foundation import Foundation
from bot.model import CaseState, Disclosed, Visitor
from bot.review import looking, readiness
from bot.review.desk import Denied
from bot.store import cases, decisions, motions, threads, views
from bot.store.access import Purpose
from bot.store.cases import Case


@dataclass(frozen=True, slots=True)
class Seldom:
    """What can be done about a case beside what stands under its file."""

    ref: str
    """The ref of the opening of the file."""
    case: Case
    on_terms: bool
    """The person can be let in on conditions."""
    another_way: bool
    """Whoever was a member can be shown another way as well."""
    asks: bool
    """The person can be asked, which puts an end to what is proposed."""
    talks: bool
    """A conversation is open."""
    outside: bool
    """Whoever reads is from outside the team, and hands nothing over."""


class More:
    """Use cases of what is seldom needed. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def under(self, visitor: Visitor, ref: str) -> Seldom | Denied:
        """What else there is, for whoever opened the file. It shows nothing of the person."""
        return await self._on.database.write(lambda connection: self._under(connection, visitor, ref))

    def _under(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> Seldom | Denied:
        if not hands.may_come(connection, self._on, visitor):
            return Denied("not_a_moderator")
        view = views.get(connection, ref)
        case = cases.get(connection, view.case_id) if view else None
        if view is None or case is None:
            return Denied("file_gone")
        moderator = hands.acting(connection, self._on, visitor)
        if why := hands.may_not(connection, self._on, visitor, Act.OPEN, case):
            # The same line as for a file that somebody tries to open.
            looking.open_file(
                connection, self._on, by=moderator.id, case=case, purpose=Purpose.REVIEW, denied=why
            )
            return Denied(why)
        if view.moderator_id != moderator.id:
            return Denied("open_it_yourself")
        logged = readiness.disclosed_in(connection, self._on, case)
        told = logged is not None and logged.disclosure.disclosed is not Disclosed.UNDISCLOSED
        proposed = motions.open_of_case(connection, case.id) is not None
        held = case.state is CaseState.HELD
        undecided = held and not proposed
        return Seldom(
            ref=ref,
            case=case,
            on_terms=undecided and told and readiness.is_sent(connection, case, logged),
            another_way=undecided and decisions.was_inside(connection, case.id),
            asks=held and proposed and case.asked_at is None,
            talks=case.state.is_open and threads.is_there(connection, case.id),
            outside=hands.hand_of(connection, self._on, visitor, case).role is Role.OUTSIDE,
        )
