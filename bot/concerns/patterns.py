"""Misuse: somebody who tells of others again and again, and somebody whom many tell of at once.

Nobody can tell from counts which of the two is in the wrong, so two people look. They see counts only.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.access import HIDDEN, Act, why_not
from bot.fairness.hands import hand_for_concern
from bot.foundation import Foundation
from bot.model import Visitor
from bot.review.desk import Denied, Desk, History
from bot.store import concern_patterns, events, tasks
from bot.store.concerns import URGENT, ConcernKind
from bot.store.tasks import Task, TaskKind

_GONE = "task_gone"
_A_DAY = timedelta(days=1)
_AGAIN_WITHIN = 4
"""So many spans of the limit, within which reaching it twice is often."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a task about many concerns shows."""

    ref: str
    about: Mapping[ConcernKind, int]
    """How many were told of them, by kind."""
    by: int
    """How many different people told of them."""
    told: Mapping[ConcernKind, int]
    """How many they told of others, by kind."""
    user_id: int | None = field(default=None, repr=False)
    """Who it is; only for whoever asked to be shown that."""
    seen: bool = False
    """Somebody has looked, and a second person is to."""


def tells_too_often(
    connection: sqlite3.Connection, on: Foundation, reporter_id: str, kind: ConcernKind, now: datetime
) -> bool:
    """Whether somebody has to wait before they tell more.

    What is urgent is counted by itself, and one a day always gets through.
    """
    limits = on.config.concerns
    sent = concern_patterns.sent_since(connection, reporter_id, now - limits.per_person_within)
    alike = [at for before, at in sent if (before in URGENT) == (kind in URGENT)]
    if len(alike) < limits.per_person:
        return False
    return kind not in URGENT or now - alike[-1] < _A_DAY


def look_at_whoever_tells(
    connection: sqlite3.Connection, on: Foundation, reporter_id: str, now: datetime
) -> None:
    """Have two people look at somebody who has reached the limit more than once."""
    limits = on.config.concerns
    since = now - _AGAIN_WITHIN * limits.per_person_within
    if len(concern_patterns.sent_since(connection, reporter_id, since)) >= 2 * limits.per_person:
        _open(connection, reporter_id, now)


def look_at_whom_many_tell_of(
    connection: sqlite3.Connection, on: Foundation, about_id: str, now: datetime
) -> None:
    """Have two people look when many tell of one person: at the limit, and at each multiple of it."""
    limits = on.config.concerns
    count = concern_patterns.count_about(connection, about_id, now - limits.many_about_within)
    if count and count % limits.many_about == 0:
        _open(connection, about_id, now)


def _open(connection: sqlite3.Connection, subject_id: str, now: datetime) -> None:
    tasks.open_new(connection, TaskKind.MANY_CONCERNS, subject_id, now)


class Seen(StrEnum):
    """What marking a task came to."""

    CLOSED = "closed"
    BEFORE = "before"
    """Somebody else had closed it."""
    ONCE = "once"
    """It stays open for a second person."""


class Patterns:
    """Use cases around tasks about many concerns. One object serves everybody."""

    def __init__(self, foundation: Foundation, desk: Desk) -> None:
        """Take what every use case stands on, and the desk, where other tasks are seen to."""
        self._on = foundation
        self._desk = desk

    async def open_task(self, visitor: Visitor, task_id: str) -> Pattern | History | Denied:
        """Open a task: counts if it is about many concerns, or else the history of whoever it is about."""
        found = await self.look(visitor, task_id)
        if isinstance(found, Denied) and found.code == _GONE:
            return await self._desk.history_of_task(visitor, task_id)
        return found

    async def close_task(self, visitor: Visitor, task_id: str) -> Seen | Denied:
        """Mark a task as seen to. One about many concerns takes two people."""
        first = await self.see_to(visitor, task_id)
        if isinstance(first, Denied) and first.code == _GONE:
            closed = await self._desk.close_task(visitor, task_id)
            if isinstance(closed, Denied):
                return closed
            return Seen.CLOSED if closed else Seen.BEFORE
        if isinstance(first, Denied):
            return first
        return Seen.CLOSED if first else Seen.ONCE

    async def look(self, visitor: Visitor, task_id: str, *, at_whom: bool = False) -> Pattern | Denied:
        """See the counts, and ``at_whom`` they are."""
        return await self._on.database.write(lambda c: self._look(c, visitor, task_id, at_whom=at_whom))

    def _look(
        self, connection: sqlite3.Connection, visitor: Visitor, task_id: str, *, at_whom: bool
    ) -> Pattern | Denied:
        task = self._task(connection, visitor, task_id)
        if isinstance(task, Denied):
            return task
        moderator = self._on.find_or_add(connection, visitor.user_id, self._on.now())
        self._record(connection, task, "task.person_seen" if at_whom else "task.opened", moderator.id)
        return self._pattern(connection, task, at_whom=at_whom)

    def _pattern(self, connection: sqlite3.Connection, task: Task, *, at_whom: bool = False) -> Pattern:
        return Pattern(
            ref=task.id,
            about=concern_patterns.kinds_about(connection, task.subject_id),
            by=concern_patterns.people_who_told(connection, task.subject_id),
            told=concern_patterns.kinds_told(connection, task.subject_id),
            user_id=self._on.user_id(connection, task.subject_id) if at_whom else None,
            seen=concern_patterns.seen_by(connection, task.id) != "",
        )

    async def see_to(self, visitor: Visitor, task_id: str) -> bool | Denied:
        """Mark it as looked at. True when that was the second person, and it is off the list."""
        return await self._on.database.write(lambda connection: self._see_to(connection, visitor, task_id))

    def _see_to(self, connection: sqlite3.Connection, visitor: Visitor, task_id: str) -> bool | Denied:
        task = self._task(connection, visitor, task_id)
        if isinstance(task, Denied):
            return task
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        first = concern_patterns.see_first(connection, task.id, moderator.id)
        closed = first != moderator.id and tasks.close(connection, task.id, moderator.id, now)
        self._record(connection, task, "task.closed" if closed else "task.seen", moderator.id)
        return closed

    def _task(self, connection: sqlite3.Connection, visitor: Visitor, task_id: str) -> Task | Denied:
        """The task, if somebody may see it. For whoever it is about it is as if seen to long ago."""
        task = tasks.get(connection, task_id)
        found = task if task is not None and task.kind is TaskKind.MANY_CONCERNS else None
        about_id = found.subject_id if found else None
        hand = hand_for_concern(connection, self._on, visitor, about_id, None)
        denied = why_not(Act.CONCERN, hand)
        if denied == "not_a_moderator":
            return Denied(denied)
        if found is None or denied == HIDDEN:
            return Denied(_GONE)
        return Denied(denied) if denied else found

    def _record(self, connection: sqlite3.Connection, task: Task, action: str, by: str) -> None:
        events.record(
            connection,
            now=self._on.now(),
            actor=by,
            action=action,
            object_kind="task",
            object_id=task.id,
        )
