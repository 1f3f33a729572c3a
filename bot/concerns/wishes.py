"""Whom to tell about a concern, by a discreet message of their own.

Nothing is posted in the team's channel: whoever reads there and finds nothing new in their queue would
know that something came which they are not to see.
"""

import sqlite3
from datetime import datetime, timedelta

from bot.access import Role, Tie
from bot.config import Config
from bot.fairness.hands import hand_for_concern
from bot.foundation import Foundation
from bot.model import Visitor
from bot.store import concerns, effects
from bot.store.concerns import URGENT, Concern
from bot.store.effects import EffectKind
from bot.timing import is_within

NEWS, OUTCOME, QUESTION = "concern_news", "concern_outcome", "concern_question"
"""What a message is about; the argument is a moderator's subject id, or a concern's id."""


def news(connection: sqlite3.Connection, on: Foundation, concern: Concern, now: datetime) -> bool:
    """Have those of the team hear of something new whom nothing ties to it. False if there is nobody.

    One message for whatever came meanwhile; at night only for what is urgent.
    """
    due_at = now if concern.kind in URGENT else within_hours(on.config, now)
    team = concerns.team(connection)
    hearing = [one for one in team if is_free(connection, on, one, concern)]
    for moderator_id in hearing:
        target = f"{NEWS}:{moderator_id}"
        effects.want(connection, EffectKind.DIRECT, key=target, now=now, target=target, due_at=due_at)
    return bool(hearing) or not team


def is_free(connection: sqlite3.Connection, on: Foundation, moderator_id: str, concern: Concern) -> bool:
    """Whether nothing ties somebody on the team to a concern, by subject id."""
    user_id = on.user_id(connection, moderator_id)
    if user_id is None:
        return False
    seen_as = Visitor(user_id, "", on.now(), on.config.moderator_roles)
    hand = hand_for_concern(connection, on, seen_as, concern.about_id, concern.reporter_id)
    return hand.role is Role.MODERATOR and hand.tie is Tie.NONE


def outcome(connection: sqlite3.Connection, concern: Concern, now: datetime) -> None:
    """Have the reporter hear what became of it."""
    target = f"{OUTCOME}:{concern.id}"
    effects.want_once(connection, EffectKind.DIRECT, key=target, now=now, target=target)


def question(connection: sqlite3.Connection, concern: Concern, now: datetime) -> None:
    """Have the reporter hear that the team would like to know something."""
    target = f"{QUESTION}:{concern.id}"
    effects.want(connection, EffectKind.DIRECT, key=target, now=now, target=target)


def forget(connection: sqlite3.Connection, concern_id: str) -> None:
    """Nobody is told anything about a concern any more."""
    for kind in (OUTCOME, QUESTION):
        effects.delete(connection, EffectKind.DIRECT, f"{kind}:{concern_id}")


def within_hours(config: Config, now: datetime) -> datetime:
    """Now, or when the hours begin next within which the team may be told something."""
    local = now.astimezone(config.community.zone)
    review = config.review
    if is_within(local, review.pings_from, review.pings_until):
        return now
    begins = local.replace(hour=review.pings_from, minute=0, second=0, microsecond=0)
    return (begins if begins > local else begins + timedelta(days=1)).astimezone(now.tzinfo)
