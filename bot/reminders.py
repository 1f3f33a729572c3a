"""Reminders and more time, for somebody with an unfinished request: at the gate, or in a message."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.foundation import Foundation
from bot.model import CaseState, Visitor
from bot.store import cases, events, lapsing
from bot.store.cases import Case


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request waits for its person, with its time as it is now."""

    case: Case


@dataclass(frozen=True, slots=True)
class NotWaiting:
    """Nothing was changed: the request does not wait for its person."""

    state: CaseState | None = None
    """Where it stands; None when there is no such request of theirs."""


class Reminders:
    """Use cases of an unfinished request's time. A press may come from a message, and names its case."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def more_time(self, visitor: Visitor, case_id: str) -> Waiting | NotWaiting:
        """*More time*: the request stays open for as long again, as often as it is asked."""
        return await self._on.database.write(lambda connection: self._more_time(connection, visitor, case_id))

    def _more_time(
        self, connection: sqlite3.Connection, visitor: Visitor, case_id: str
    ) -> Waiting | NotWaiting:
        case = self._own(connection, visitor, case_id)
        if case is None or not _waits(case):
            return NotWaiting(case.state if case else None)
        now = self._on.now()
        self._note(connection, case, "case.more_time", now)
        return Waiting(lapsing.more_time(connection, case, now, self._on.turn(now)))

    async def agree(self, visitor: Visitor, case_id: str) -> Waiting | NotWaiting:
        """*Remind me*: from now on, the person may be sent reminders of this request. It is a step, too."""
        return await self._on.database.write(lambda connection: self._agree(connection, visitor, case_id))

    def _agree(self, connection: sqlite3.Connection, visitor: Visitor, case_id: str) -> Waiting | NotWaiting:
        case = self._own(connection, visitor, case_id)
        if case is None or not _waits(case):
            return NotWaiting(case.state if case else None)
        now = self._on.now()
        if case.may_remind_at is None:
            self._note(connection, case, "case.reminders_wanted", now)
        return Waiting(lapsing.want_reminders(connection, case, now, self._on.turn(now)))

    async def stop(self, visitor: Visitor, case_id: str) -> None:
        """*Do not remind me*, wherever the request stands. The time that it has stays as it is."""
        await self._on.database.write(lambda connection: self._stop(connection, visitor, case_id))

    def _stop(self, connection: sqlite3.Connection, visitor: Visitor, case_id: str) -> None:
        case = self._own(connection, visitor, case_id)
        if case is not None and case.may_remind_at is not None:
            lapsing.stop_reminders(connection, case)
            self._note(connection, case, "case.reminders_stopped", self._on.now())

    def _own(self, connection: sqlite3.Connection, visitor: Visitor, case_id: str) -> Case | None:
        """The case, if it is this person's."""
        case = cases.get(connection, case_id)
        subject = self._on.find(connection, visitor.user_id)
        return case if case and subject and case.subject_id == subject.id else None

    def _note(self, connection: sqlite3.Connection, case: Case, action: str, now: datetime) -> None:
        events.record(
            connection, now=now, actor=case.subject_id, action=action, object_kind="case", object_id=case.id
        )


def _waits(case: Case) -> bool:
    """Whether answers have been begun, and the next step is the person's."""
    return case.state is CaseState.ANSWERING and case.lapse_at is not None
