"""What the effects about conversations come down to: a thread, what the bot says in it, and its end."""

import sqlite3

from bot.access import Act, why_not
from bot.attempt import Attempt, nonce_of, unanswered_since
from bot.fairness.hands import hand_of_moderator
from bot.forgetting.errands import note_sent
from bot.foundation import Foundation
from bot.ports import Done, Doorkeeper, Refused, Result, Why
from bot.screens import questions as screens
from bot.screens.elements import Screen
from bot.store import cases, errands, events, questions, subjects, threads
from bot.store.cases import Case
from bot.store.effects import Effect, EffectKind
from bot.store.errands import ToDo
from bot.store.messages import SentKind
from bot.store.questions import Question
from bot.store.threads import Said, Thread
from bot.vault import PersonKey
from bot.words import Voice

KINDS = frozenset({EffectKind.THREAD, EffectKind.CLOSE_THREAD, EffectKind.QUESTION})

_LOST = frozenset({Why.MISSING_THREAD})
_NO_THREAD = frozenset({Why.GONE, Why.FULL})
"""Without a thread everything goes on: the status page shows the question, and who wants to talk."""
_NOT_DELIVERED = frozenset({Why.GONE, Why.CLOSED, Why.FORBIDDEN, Why.MISSING_ROOM})


class Talking:
    """Works out the attempt at each effect about a conversation."""

    def __init__(self, foundation: Foundation, doorkeeper: Doorkeeper) -> None:
        """Take what every use case stands on, and the port that acts."""
        self._on = foundation
        self._doorkeeper = doorkeeper

    def attempt(self, connection: sqlite3.Connection, effect: Effect, case: Case) -> Attempt | None:
        """What to do for an effect as things stand now; None when nothing is left to do."""
        key = self._on.key_of(connection, case.subject_id)
        match effect.kind:
            case EffectKind.QUESTION:
                return self._tell(connection, effect, case, key)
            case EffectKind.CLOSE_THREAD:
                return self._close(connection, case, key)
            case _:
                return self._thread(connection, effect, case, key)

    def _thread(
        self, connection: sqlite3.Connection, effect: Effect, case: Case, key: PersonKey
    ) -> Attempt | None:
        thread = threads.find(connection, key, case.id)
        if not case.state.is_open:
            return None
        if not effect.target:
            return self._open(connection, effect, case, thread)
        if thread is None or thread.closing:
            return None
        said, _, about = effect.target.partition(":")
        match Said(said):
            case Said.HELLO:
                return self._post(effect, case, thread, screens.hello(self._voice(case), case))
            case Said.ASK:
                question = _open_question(connection, key, case, about)
                if question is None:
                    return None
                return self._post(effect, case, thread, screens.in_thread(self._voice(case), question))
            case Said.JOIN | Said.LEAVE:
                return self._seat(connection, case, thread, about, joins=said == Said.JOIN.value)

    def _open(
        self, connection: sqlite3.Connection, effect: Effect, case: Case, thread: Thread | None
    ) -> Attempt | None:
        user_id = self._on.user_id(connection, case.subject_id)
        if user_id is None or (thread is not None and not thread.closing):
            return None
        nonce = nonce_of(effect)
        # Opening takes several calls: one that Discord put off may have been the second.
        since = effect.begun_at or (effect.wanted_at if effect.attempts else None)

        async def call() -> Result:
            if thread is not None:
                closed = await self._doorkeeper.close_thread(thread.thread_id)
                if closed not in {Done(), Refused(Why.MISSING_THREAD)}:
                    return closed
            return await self._doorkeeper.open_thread(case.code, (user_id,), nonce, since)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Done):
                self._note_opened(connection, case, result.made_id)

        return Attempt(call, note, settled_by=_NO_THREAD, posts=True, since=since)

    def _note_opened(self, connection: sqlite3.Connection, case: Case, thread_id: int) -> None:
        """Remember the thread, and have said in it what there is to say; or have it deleted at once."""
        now, still = self._on.now(), cases.get(connection, case.id)
        if still is None:
            errands.add(connection, self._on.vault, [ToDo(thread_id=thread_id)], now)
            return
        key = self._on.key_of(connection, still.subject_id)
        threads.note_opened(connection, key, case.id, thread_id, now)
        if not still.state.is_open:
            threads.close(connection, case.id, now)
            return
        self._record(connection, case, "thread.opened")
        threads.want_said(connection, case.id, Said.HELLO, "", now)
        asked = questions.newest(connection, key, case.id)
        if asked is not None and asked.closed_at is None:
            threads.want_said(connection, case.id, Said.ASK, asked.ref, now)

    def _post(self, effect: Effect, case: Case, thread: Thread, screen: Screen) -> Attempt:
        nonce, since = nonce_of(effect), unanswered_since(effect)
        return Attempt(
            lambda: self._doorkeeper.post_in(thread.thread_id, screen, nonce, since),
            lambda connection, result: self._note_lost(connection, case, result),
            settled_by=_LOST,
            posts=True,
            since=since,
        )

    def _seat(
        self, connection: sqlite3.Connection, case: Case, thread: Thread, moderator_id: str, *, joins: bool
    ) -> Attempt | None:
        user_id = self._on.user_id(connection, moderator_id)
        if user_id is None or (joins and self._is_kept_away(connection, moderator_id, case)):
            return None
        verb = self._doorkeeper.join_thread if joins else self._doorkeeper.leave_thread

        async def call() -> Result:
            result = await verb(thread.thread_id, user_id)
            # It says that the moderator has left, and nothing about the person of the case.
            return Done() if result == Refused(Why.GONE) else result

        return Attempt(
            call,
            lambda connection, result: self._note_lost(connection, case, result),
            settled_by=_LOST | {Why.FULL},
        )

    def _is_kept_away(self, connection: sqlite3.Connection, moderator_id: str, case: Case) -> bool:
        """Whether a case is kept by now from a moderator who wanted to join its conversation."""
        return bool(why_not(Act.ASK, hand_of_moderator(connection, self._on, moderator_id, case)))

    def _note_lost(self, connection: sqlite3.Connection, case: Case, result: Result) -> None:
        """Somebody deleted the thread by hand: open another one, and say it there."""
        still = cases.get(connection, case.id)
        if result == Refused(Why.MISSING_THREAD) and still is not None:
            threads.lose(connection, case.id)
            if still.state.is_open:
                threads.want(connection, case.id, self._on.now())

    def _close(self, connection: sqlite3.Connection, case: Case, key: PersonKey) -> Attempt | None:
        thread = threads.find(connection, key, case.id)
        if thread is not None and not thread.closing:
            return None
        if thread is None and not threads.has_any(connection, case.id):
            return None
        thread_id = thread.thread_id if thread else 0

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Done) or result == Refused(Why.MISSING_THREAD):
                threads.forget(connection, case.id)

        return Attempt(
            lambda: self._doorkeeper.close_thread(thread_id, "" if thread_id else case.code),
            note,
            settled_by=_LOST,
        )

    def _tell(
        self, connection: sqlite3.Connection, effect: Effect, case: Case, key: PersonKey
    ) -> Attempt | None:
        """Tell the person once that a question waits. Where it cannot arrive, the panel tells it."""
        user_id = self._on.user_id(connection, case.subject_id)
        question = _open_question(connection, key, case, effect.target)
        if user_id is None or question is None:
            return None
        screen = screens.told(self._voice(case), question, case)
        nonce, since = nonce_of(effect), unanswered_since(effect)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if subjects.get(connection, case.subject_id) is not None and isinstance(result, Done):
                self._record(connection, case, "question.told")
            note_sent(
                connection, self._on, SentKind.QUESTION, result, subject_id=case.subject_id, case_id=case.id
            )

        return Attempt(
            lambda: self._doorkeeper.tell(user_id, screen, nonce, since),
            note,
            settled_by=_NOT_DELIVERED,
            since=since,
        )

    def _voice(self, case: Case) -> Voice:
        return self._on.config.words.voice(case.locale)

    def _record(self, connection: sqlite3.Connection, case: Case, action: str) -> None:
        if cases.get(connection, case.id) is not None:
            events.record(
                connection,
                now=self._on.now(),
                actor=events.MACHINE,
                action=action,
                object_kind="case",
                object_id=case.id,
            )


def _open_question(connection: sqlite3.Connection, key: PersonKey, case: Case, ref: str) -> Question | None:
    """The question with this ref, if an answer to it is still waited for."""
    asked = questions.newest(connection, key, case.id)
    return asked if asked is not None and asked.ref == ref and asked.closed_at is None else None
