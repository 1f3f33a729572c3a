"""Errands for people of whom nothing is kept: messages and threads about them, and deleting those."""

import sqlite3

from bot.attempt import Attempt
from bot.foundation import Foundation
from bot.ports import Done, Doorkeeper, Refused, Result, Room, Why
from bot.store import cases, errands, messages, subjects, threads
from bot.store.cases import Case
from bot.store.effects import Effect
from bot.store.errands import Errand, ToDo
from bot.store.messages import SentKind
from bot.vault import Erased, PersonKey

_SETTLED_BY = frozenset({Why.GONE, Why.MISSING_MESSAGE, Why.MISSING_ROOM, Why.MISSING_THREAD})
"""What was to be deleted, or whose role was to be taken, is not there any more."""


async def _nothing() -> Result:
    return Done()


class Errands:
    """Works out the attempt at each errand."""

    def __init__(self, foundation: Foundation, doorkeeper: Doorkeeper) -> None:
        """Take what every use case stands on, and the port that acts."""
        self._on = foundation
        self._doorkeeper = doorkeeper

    def attempt(self, connection: sqlite3.Connection, effect: Effect) -> Attempt | None:
        """What an errand comes to as things stand now; None when it has been done.

        One that cannot be opened any more counts as done: its key went with the last of its kind, or
        with the copy of the keys that it was sealed with.
        """
        errand = errands.get(connection, effect.target)
        if errand is None:
            return None
        found = errand

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Done) or (isinstance(result, Refused) and result.why in _SETTLED_BY):
                errands.finish(connection, self._on.vault, found)

        try:
            todo = errands.opened(self._on.vault.key(errand.key_id), errand)
        except Erased:
            return Attempt(_nothing, note)
        if todo.revoke and self._was_let_in_since(connection, errand):
            return Attempt(_nothing, note)
        return Attempt(lambda: self._do(todo), note, settled_by=_SETTLED_BY)

    async def _do(self, todo: ToDo) -> Result:
        if todo.revoke:
            return await self._doorkeeper.revoke(todo.revoke, "")
        if todo.thread_id or todo.thread_named:
            return await self._doorkeeper.close_thread(todo.thread_id, todo.thread_named)
        if todo.room:
            return await self._doorkeeper.delete_in(Room(todo.room), todo.message_id)
        return await self._doorkeeper.delete(todo.channel_id, todo.message_id)

    def _was_let_in_since(self, connection: sqlite3.Connection, errand: Errand) -> bool:
        """Whether a new decision lets them in, so that the role is theirs again."""
        again = subjects.find(connection, errand.lookup) if errand.lookup else None
        return again is not None and any(case.is_member for case in cases.of_subject(connection, again.id))


def thread_of(connection: sqlite3.Connection, key: PersonKey, case: Case) -> list[ToDo]:
    """The private thread of a case, if it has one, to be deleted; none or one."""
    thread = threads.find(connection, key, case.id)
    if thread is not None:
        return [ToDo(thread_id=thread.thread_id)]
    return [ToDo(thread_named=case.code)] if threads.has_any(connection, case.id) else []


def note_sent(
    connection: sqlite3.Connection,
    on: Foundation,
    kind: SentKind,
    result: Result,
    *,
    subject_id: str,
    case_id: str | None = None,
) -> None:
    """Note where a message about somebody is, once it arrived.

    Whoever had everything deleted while it was on its way has it deleted, too.
    """
    if not isinstance(result, Done) or not result.channel_id:
        return
    subject, now = subjects.get(connection, subject_id), on.now()
    if subject is None:
        late = [ToDo(channel_id=result.channel_id, message_id=one) for one in result.message_ids]
        errands.add(connection, on.vault, late, now)
        return
    messages.note_sent(
        connection,
        on.vault.key(subject.key_id),
        kind,
        subject_id=subject_id,
        case_id=case_id,
        channel_id=result.channel_id,
        message_ids=result.message_ids,
        now=now,
    )
