"""Conversations: a moderator joins the private thread of a case, steps out of it again, and closes it.

Nothing that is said in a thread is ever read or kept; it is deleted with the thread.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.access import Act, is_moderator
from bot.fairness.hands import turned_away
from bot.foundation import Foundation
from bot.model import Visitor
from bot.review import claims
from bot.review.bench import MayNot
from bot.review.questions import note, want_card
from bot.store import cases, late, moderators, threads, views, waiting
from bot.store.cases import Case
from bot.store.threads import Said, Thread


@dataclass(frozen=True, slots=True)
class Joining:
    """The moderator is being added to the thread."""

    case: Case
    thread_id: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class Closing:
    """The thread is being deleted, and the case goes on."""

    case: Case


_Seen = Callable[[sqlite3.Connection, Case, Thread, str], Joining | Closing]


class Talks:
    """Use cases of conversations. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def join(self, visitor: Visitor, ref: str) -> Joining | MayNot:
        """*Join the conversation*, under a file that was opened."""

        def do(connection: sqlite3.Connection, case: Case, thread: Thread, moderator_id: str) -> Joining:
            now = self._on.now()
            threads.want_said(connection, case.id, Said.JOIN, moderator_id, now)
            note(connection, case, moderator_id, "thread.joined", now)
            return Joining(case, thread.thread_id)

        found = await self._on.database.write(lambda c: self._with_thread(c, visitor, ref, do))
        return found if isinstance(found, Joining | MayNot) else MayNot("no_conversation")

    async def close(self, visitor: Visitor, ref: str) -> Closing | MayNot:
        """*Close the conversation*: the thread is deleted, and the wish to talk has been met."""

        def do(connection: sqlite3.Connection, case: Case, _thread: Thread, moderator_id: str) -> Closing:
            now = self._on.now()
            threads.close(connection, case.id, now)
            note(connection, case, moderator_id, "thread.closed", now)
            if case.wants_person_at is None:
                return Closing(case)
            case = waiting.end_talk(connection, case, now, self._on.turn(now))
            want_card(connection, case, now)
            return Closing(case)

        found = await self._on.database.write(lambda c: self._with_thread(c, visitor, ref, do))
        return found if isinstance(found, Closing | MayNot) else MayNot("no_conversation")

    def _with_thread(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, do: _Seen
    ) -> Joining | Closing | MayNot:
        """Do something about the thread of a case whose file this moderator opened."""
        roles = self._on.config.moderator_roles
        if not is_moderator(role_ids=visitor.role_ids, moderator_roles=roles):
            return MayNot("not_a_moderator")
        view = views.get(connection, ref)
        moderator = self._on.find(connection, visitor.user_id)
        case = cases.get(connection, view.case_id) if view else None
        if view is None or case is None:
            return MayNot("file_gone")
        if moderator is None or view.moderator_id != moderator.id:
            return MayNot("open_it_yourself")
        why = turned_away(connection, self._on, visitor, Act.ASK, case)
        if why:
            return MayNot(why, case.code)
        thread = threads.find(connection, self._on.key_of(connection, case.subject_id), case.id)
        if thread is None or thread.closing or not case.state.is_open:
            return MayNot("no_conversation", case.code)
        return do(connection, case, thread, moderator.id)


def leave_with_role(connection: sqlite3.Connection, on: Foundation, now: datetime, most: int) -> int:
    """Whoever is no moderator any more has no case, and no seat in a conversation. Returns how many were.

    Discord leaves them in a thread that they were added to, whatever role they lose.
    """
    gone = moderators.gone_with_something(connection, most)
    for moderator_id in gone:
        for case_id in late.near_to(connection, moderator_id):
            step_out(connection, case_id, moderator_id, now)
        while claims.let_go_of_all(connection, on, moderator_id, most):
            pass
    return len(gone)


def step_out(connection: sqlite3.Connection, case_id: str, moderator_id: str, now: datetime) -> None:
    """Take a moderator out of the thread of a case that is kept from them now; in a unit of work."""
    if threads.is_there(connection, case_id):
        threads.want_said(connection, case_id, Said.LEAVE, moderator_id, now)
