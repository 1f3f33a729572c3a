"""What a message to a person says that is about no decision, worked out when it is sent.

Until then it holds our own ids only. Each begins discreetly, like a letter.
"""

import sqlite3
from dataclasses import dataclass

from bot.attempt import Attempt, telling
from bot.forgetting.errands import note_sent
from bot.foundation import Foundation
from bot.ports import Doorkeeper, Result
from bot.screens import outside as outside_screens
from bot.screens.elements import Screen
from bot.screens.reminders import front_channel
from bot.store import cases, recusals
from bot.store.cases import Case
from bot.store.effects import Effect
from bot.store.messages import SentKind


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and to whom, by subject id."""

    to: str
    screen: Screen
    case_id: str | None
    """The case of theirs that it is about."""


def message(connection: sqlite3.Connection, on: Foundation, target: str) -> Message | None:
    """The message behind a target such as ``again:case id``; None when there is nothing left to say."""
    what, _, argument = target.partition(":")
    case_id, _, subject_id = argument.partition(":")
    case = cases.get(connection, case_id)
    if case is None:
        return None
    if what == "outside":
        if not recusals.is_outside(connection, case.id, subject_id):
            return None
        return Message(subject_id, outside_screens.invitation(on.config.words.voice(""), case), None)
    return _to_the_person(on, what, case)


def _to_the_person(on: Foundation, what: str, case: Case) -> Message | None:
    """To whom a case is about."""
    if what == "blocked" and (case.blocked_at is None or case.may_remind_at is None):
        return None
    voice = on.config.words.voice(case.locale)
    text = voice.say(f"message_{what}", case_code=case.code, front=front_channel(on.config))
    return Message(case.subject_id, Screen(text), case.id)


class Messages:
    """Works out the attempt at each message."""

    def __init__(self, foundation: Foundation, doorkeeper: Doorkeeper) -> None:
        """Take what every use case stands on, and the port that acts."""
        self._on = foundation
        self._doorkeeper = doorkeeper

    def attempt(self, connection: sqlite3.Connection, effect: Effect) -> Attempt | None:
        """What a message comes to as things stand now; None when there is nothing left to say."""
        found = message(connection, self._on, effect.target)
        user_id = self._on.user_id(connection, found.to) if found else None
        if found is None or user_id is None:
            return None
        to, about = found.to, found.case_id

        def note(connection: sqlite3.Connection, result: Result) -> None:
            note_sent(connection, self._on, SentKind.REMINDER, result, subject_id=to, case_id=about)

        return telling(self._doorkeeper, effect, user_id, found.screen, note)
