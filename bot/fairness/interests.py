"""A moderator's own links: what is on record, until when it is good, and saying that it is still right."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.fairness import hands
from bot.filling import NotSaved, Summary
from bot.foundation import Foundation
from bot.links import Links, NotAMember
from bot.minting import NextForm
from bot.model import Disclosed, Disclosure, Source, Visitor
from bot.store import disclosures, events, sheets
from bot.store.disclosures import Logged
from bot.vault import PersonKey


@dataclass(frozen=True, slots=True)
class OwnInterests:
    """What a moderator told about themselves."""

    logged: Logged | None
    good_until: datetime | None
    """None: nothing is on record that would do."""
    now: datetime
    changing: bool = False
    """Changes have been begun and not sent."""

    @property
    def is_good(self) -> bool:
        """Whether it will do for deciding."""
        return self.good_until is not None and self.now <= self.good_until


@dataclass(frozen=True, slots=True)
class Renewed:
    """The same links are on record again, as of now."""

    good_until: datetime


@dataclass(frozen=True, slots=True)
class NotForThem:
    """Only who works at the desk tells of themselves here."""

    code: str = field(default="not_a_moderator")


class OwnLinks:
    """Use cases of moderators' own links. One object serves everybody."""

    def __init__(self, foundation: Foundation, links: Links) -> None:
        """Take what every use case stands on, and the links."""
        self._on = foundation
        self._links = links

    async def on_record(self, visitor: Visitor) -> OwnInterests | NotForThem:
        """What a moderator told about themselves, and until when it is good."""
        return await self._on.database.write(lambda connection: self._on_record(connection, visitor))

    def _on_record(self, connection: sqlite3.Connection, visitor: Visitor) -> OwnInterests | NotForThem:
        if not hands.may_come(connection, self._on, visitor):
            return NotForThem()
        subject = hands.acting(connection, self._on, visitor)
        logged = disclosures.current(connection, self._on.vault.key(subject.key_id), subject.id)
        sheet = sheets.latest(connection, subject.id, Source.UPDATE)
        changing = sheet is not None and sheet.sent_at is None
        good_until = None
        if logged is not None and logged.disclosure.disclosed is not Disclosed.UNDISCLOSED:
            good_until = logged.at + self._on.config.review.interests_for
        return OwnInterests(logged, good_until, self._on.now(), changing)

    async def change(self, visitor: Visitor) -> NextForm | Summary | NotSaved | NotAMember:
        """Begin to tell, or carry on: the same questions as for a member's links."""
        return await self._links.change(visitor)

    async def still_right(self, visitor: Visitor, ref: str) -> Renewed | OwnInterests | NotForThem:
        """One press: what was told last is as it was. ``ref`` is the disclosure that was shown.

        Where another has taken its place, or it will not do, what is on record is shown instead.
        """
        return await self._on.database.write(lambda connection: self._still_right(connection, visitor, ref))

    def _still_right(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str
    ) -> Renewed | OwnInterests | NotForThem:
        shown = self._on_record(connection, visitor)
        if isinstance(shown, NotForThem) or shown.logged is None or shown.logged.id != ref:
            return shown
        if shown.good_until is None:
            return shown
        now, logged = self._on.now(), shown.logged
        key = self._on.key_of(connection, logged.subject_id)
        written_with = disclosures.questionnaire_hash(connection, logged.id)
        log_own(connection, key, logged.subject_id, logged.disclosure, written_with, now)
        return Renewed(now + self._on.config.review.interests_for)


def log_own(
    connection: sqlite3.Connection,
    key: PersonKey,
    subject_id: str,
    disclosure: Disclosure,
    questionnaire_hash: str,
    now: datetime,
) -> Logged:
    """Log what somebody tells about themselves outside any case, with its line."""
    logged = disclosures.append(
        connection,
        key,
        subject_id=subject_id,
        case_id=None,
        disclosure=disclosure,
        source=Source.UPDATE,
        questionnaire_hash=questionnaire_hash,
        now=now,
    )
    events.record(
        connection,
        now=now,
        actor=subject_id,
        action="disclosure.logged",
        object_kind="disclosure",
        object_id=logged.id,
        payload={"version": str(logged.version), "disclosed": disclosure.disclosed.value},
    )
    return logged
