"""What every use case stands on."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from bot import timing
from bot.answers import Reading
from bot.clock import Clock
from bot.config import Config
from bot.database import Database
from bot.interests import NOT_ASKED_AGAIN
from bot.model import Source, Visitor
from bot.questionnaire import Questionnaire
from bot.store import disclosures, sheets, subjects
from bot.store.cases import Case
from bot.store.disclosures import Logged
from bot.store.sheets import Sheet
from bot.store.subjects import Subject
from bot.timing import Turn
from bot.vault import Erased, PersonKey, Vault


@dataclass(frozen=True, slots=True)
class Foundation:
    """The database, the keys, the configuration and the time, in one handful."""

    database: Database
    vault: Vault
    config: Config
    clock: Clock
    finishing: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False, repr=False)
    """Held by whoever carries erasures through; whoever waits for it finds theirs among the next."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.clock()

    def turn(
        self, now: datetime, case: Case | None = None, *, by_moderator: bool = False, to_confirm: bool = False
    ) -> Turn:
        """Whose turn it is after a step in a case that is not held, and until when."""
        wants_person = case is not None and case.wants_person_at is not None
        timers = self.config.timers
        if not timing.is_persons_turn(
            wants_person=wants_person, by_moderator=by_moderator, to_confirm=to_confirm
        ):
            return timing.teams_turn(now + timers.person_target)
        return timing.persons_turn(now, timers.lapse_after, timers.reminders)

    async def destroy_keys(self, key_ids: Sequence[str]) -> None:
        """Destroy keys whose people are gone from the database, without holding up anybody else."""
        if key_ids:
            await asyncio.to_thread(self.vault.destroy, key_ids)

    def find(self, connection: sqlite3.Connection, user_id: int) -> Subject | None:
        """The person with this Discord id, if the bot knows them."""
        return subjects.find(connection, self.vault.lookup(user_id))

    def find_or_add(self, connection: sqlite3.Connection, user_id: int, now: datetime) -> Subject:
        """The person with this Discord id, made known if need be."""
        return subjects.find_or_add(connection, self.vault, user_id, now)

    def key_of(self, connection: sqlite3.Connection, subject_id: str) -> PersonKey:
        """A person's key. Raises LookupError for somebody the bot does not know."""
        subject = subjects.get(connection, subject_id)
        if subject is None:
            raise LookupError("subject")
        return self.vault.key(subject.key_id)

    def user_id(self, connection: sqlite3.Connection, subject_id: str) -> int | None:
        """A person's Discord id; None when it has been erased, or they have."""
        try:
            key = self.key_of(connection, subject_id)
        except (LookupError, Erased):
            return None
        return subjects.user_id(connection, key, subject_id)

    def newest_disclosure(self, connection: sqlite3.Connection, subject_id: str) -> Logged | None:
        """Somebody's newest disclosure; None for somebody who has none, or of whom nothing is left."""
        try:
            return disclosures.current(connection, self.key_of(connection, subject_id), subject_id)
        except (LookupError, Erased):
            return None

    def reading(self, connection: sqlite3.Connection, sheet: Sheet) -> Reading:
        """A sheet's answers, read with the questionnaire that it was begun with."""
        questionnaire = self.questionnaire(connection, sheet.questionnaire_hash)
        entries = sheets.entries(connection, self.vault.key(sheet.key_id), sheet.id)
        return Reading(questionnaire, entries, not_asked(sheet.source))

    def owns(self, visitor: Visitor, sheet: Sheet) -> bool:
        """Whether the answers on a sheet are the visitor's own."""
        return sheet.lookup == self.vault.lookup(visitor.user_id)

    def questionnaire(self, connection: sqlite3.Connection, content_hash: str) -> Questionnaire:
        """The questionnaire kept under a content hash."""
        if content_hash == self.config.questionnaire.content_hash:
            return self.config.questionnaire
        return questionnaire_from(sheets.questionnaire_snapshot(connection, content_hash))


def not_asked(source: Source) -> frozenset[str]:
    """The fields that are not put again on a sheet of this source."""
    return NOT_ASKED_AGAIN if source is Source.UPDATE else frozenset()


@lru_cache(maxsize=16)
def questionnaire_from(snapshot: str) -> Questionnaire:
    """A questionnaire from its snapshot. Few are in use at a time, so they are kept."""
    return Questionnaire.from_snapshot(snapshot)
