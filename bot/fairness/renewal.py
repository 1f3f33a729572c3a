"""Once a year, moderators are asked whether their own links are still right: before it runs out, and then."""

import sqlite3
from datetime import datetime, timedelta

from bot.attempt import Attempt
from bot.clock import to_ms
from bot.forgetting.errands import note_sent
from bot.foundation import Foundation
from bot.ports import Doorkeeper, Result, Why
from bot.screens.interests import asked_to_renew
from bot.store import effects, moderators
from bot.store.effects import Effect, EffectKind
from bot.store.messages import SentKind

_BEFORE = timedelta(days=30)
_LATE = "late"
_NOT_DELIVERED = frozenset({Why.GONE, Why.CLOSED, Why.FORBIDDEN, Why.MISSING_ROOM})
"""They are told with their next press at the desk instead."""


def ask_for_renewals(connection: sqlite3.Connection, on: Foundation, now: datetime) -> None:
    """Want a message to each moderator whose disclosure runs out within a month, or has; once each."""
    good_for = on.config.review.interests_for
    for one in moderators.to_renew(connection, now - good_for + min(_BEFORE, good_for / 2), good_for, now):
        when = _LATE if now - one.told_at > good_for else "early"
        key, target = f"{one.subject_id}:{to_ms(one.told_at)}:{when}", f"{one.subject_id}:{when}"
        effects.want_once(connection, EffectKind.RENEWAL, key=key, now=now, target=target)
        moderators.note_asked(connection, one.subject_id, now)


def attempt(
    connection: sqlite3.Connection, on: Foundation, doorkeeper: Doorkeeper, effect: Effect
) -> Attempt | None:
    """Tell a moderator; None when they are none any more, or have said it again meanwhile."""
    subject_id, _, when = effect.target.partition(":")
    user_id, told = on.user_id(connection, subject_id), on.newest_disclosure(connection, subject_id)
    if user_id is None or not moderators.is_current(connection, subject_id):
        return None
    if told is None or told.at > effect.wanted_at - on.config.review.interests_for / 2:
        return None
    screen = asked_to_renew(on.config.words.voice(""), ran_out=when == _LATE)
    since = effect.begun_at if effect.begun == effect.wanted else None
    nonce = f"{effect.ref[:16]}{effect.wanted % 10000}"

    def note(connection: sqlite3.Connection, result: Result) -> None:
        note_sent(connection, on, SentKind.REMINDER, result, subject_id=subject_id)

    return Attempt(
        lambda: doorkeeper.tell(user_id, screen, nonce, since), note, settled_by=_NOT_DELIVERED, since=since
    )
