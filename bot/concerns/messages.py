"""Messages around concerns, worked out when they are sent: until then only our own ids are kept."""

import sqlite3
from collections.abc import Callable

from bot.concerns import wishes
from bot.concerns.telling import key_of
from bot.forgetting.errands import note_sent
from bot.foundation import Foundation
from bot.ports import Done, Result
from bot.screens import concerns as screens
from bot.screens.elements import Screen
from bot.store import concerns
from bot.store.concerns import Concern
from bot.store.messages import SentKind

_LOOKED_AT = 50

Message = tuple[int, Screen, Callable[[sqlite3.Connection, Result], None]]
"""Whom it is for, by Discord id; what it says; and what to note of what became of it."""


def message(connection: sqlite3.Connection, on: Foundation, target: str) -> Message | None:
    """A message about a concern; None when nothing is left to say."""
    kind, _, argument = target.partition(":")
    if kind == wishes.NEWS:
        return _news(connection, on, argument)
    concern = concerns.get(connection, argument)
    if concern is None or concern.reporter_id is None:
        return None
    if kind == wishes.OUTCOME and concern.closed_at is not None and concern.told_at is None:
        return _outcome(connection, on, concern)
    if kind == wishes.QUESTION and concern.closed_at is None:
        return _question(connection, on, concern)
    return None


def _news(connection: sqlite3.Connection, on: Foundation, moderator_id: str) -> Message | None:
    """Something new waits for a moderator, if it still does and they are still on the team."""
    user_id = on.user_id(connection, moderator_id)
    on_the_team = moderator_id in concerns.team(connection)
    waiting = concerns.first_due(connection, _LOOKED_AT)
    theirs = any(wishes.is_free(connection, on, moderator_id, concern) for concern in waiting)
    if user_id is None or not on_the_team or not theirs:
        return None
    return user_id, screens.news(on.config.words.voice("")), lambda _connection, _result: None


def _outcome(connection: sqlite3.Connection, on: Foundation, concern: Concern) -> Message | None:
    user_id = on.user_id(connection, concern.reporter_id or "")
    if user_id is None:
        return None
    noting = _noting(on, concern.reporter_id or "")

    def note(connection: sqlite3.Connection, result: Result) -> None:
        if isinstance(result, Done):
            concerns.note_told(connection, concern.id, on.now())
        noting(connection, result)

    return user_id, screens.outcome_message(on.config.words.voice(concern.locale), concern), note


def _question(connection: sqlite3.Connection, on: Foundation, concern: Concern) -> Message | None:
    """The team would like to know something, and has not been answered meanwhile."""
    key = key_of(connection, on, concern)
    told = concerns.told(connection, key, concern.id) if key else None
    user_id = on.user_id(connection, concern.reporter_id or "")
    if user_id is None or told is None or told.question is None:
        return None
    screen = screens.question_message(on.config.words.voice(concern.locale))
    return user_id, screen, _noting(on, concern.reporter_id or "")


def _noting(on: Foundation, subject_id: str) -> Callable[[sqlite3.Connection, Result], None]:
    """Note where the message is, so that it can be deleted with the rest."""

    def note(connection: sqlite3.Connection, result: Result) -> None:
        note_sent(connection, on, SentKind.CONCERN, result, subject_id=subject_id)

    return note
