"""People's own data: what is held about somebody, shown and given to them, and taken back by them.

A person acts for themselves, whoever they are: member, applicant, moderator, refused, or never met.
For somebody who has left, the operator does the same, by the code of one of their requests.
"""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from bot.forgetting.erasure import Consequence, Erasure, Receipt
from bot.foundation import Foundation
from bot.holdings import Holdings, gather
from bot.ids import tidy_case_code
from bot.model import Scope, Visitor
from bot.store import access, cases, events, holdings
from bot.store.access import OPERATOR, Looked, Purpose


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is held about somebody, but perhaps what an earlier deletion left behind."""

    held_until: datetime | None = None
    """Until when a locked number stays, so that a person looks if they ask again."""
    errands: int = 0
    """What is still being deleted in Discord."""


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """What deleting would mean, to be read before anything is done."""

    scope: Scope
    consequence: Consequence
    worked: bool = False
    """They decided about others as a moderator, and those decisions stay."""
    changed: bool = False
    """It means something else by now than what was read, so that nothing was done."""

    @property
    def links_can_stay(self) -> bool:
        """Whether they are a member with links on record, who can keep them while all else goes."""
        return self.consequence.is_member and self.consequence.has_links


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the operator acts for, by random id."""

    subject_id: str
    case_code: str


class Rights:
    """Use cases around people's own data. One object serves everybody."""

    def __init__(self, foundation: Foundation, erasure: Erasure) -> None:
        """Take what every use case stands on, and what erases."""
        self._on = foundation
        self._erasure = erasure

    async def see(self, visitor: Visitor) -> Holdings | Nothing:
        """Everything that is held about somebody, for themselves."""
        return await self._on.database.read(lambda connection: self._see(connection, visitor))

    def _see(self, connection: sqlite3.Connection, visitor: Visitor) -> Holdings | Nothing:
        subject = self._on.find(connection, visitor.user_id)
        found = gather(self._on, connection, subject.id) if subject else None
        return found or self._left_of(connection, visitor)

    async def before(self, visitor: Visitor, scope: Scope) -> ToldBefore | Nothing:
        """What deleting would mean for somebody, as things stand now."""
        subject_id = await self._subject_id(visitor)
        if subject_id is None:
            return await self._nothing(visitor)
        return await self._told_before(subject_id, scope)

    async def _told_before(self, subject_id: str, scope: Scope) -> ToldBefore:
        work = await self._on.database.read(lambda connection: holdings.work(connection, subject_id))
        consequence = await self._erasure.consequence(subject_id, scope)
        return ToldBefore(scope, consequence, worked=bool(work.decisions))

    async def delete(
        self, visitor: Visitor, scope: Scope, *, as_member: bool
    ) -> Receipt | ToldBefore | Nothing:
        """Delete what somebody wants deleted, for themselves. Pressing twice deletes once.

        ``as_member``: what they read before was told to a member. Whoever has become one since, or can
        no longer keep their links, reads first what it means now, and nothing is deleted yet.
        """
        subject_id = await self._subject_id(visitor)
        if subject_id is None:
            return await self._nothing(visitor)
        told = await self._told_before(subject_id, scope)
        if told.consequence.is_member and not as_member:
            return replace(told, changed=True)
        if scope is Scope.REST and not told.links_can_stay:
            return replace(await self._told_before(subject_id, Scope.PERSON), changed=True)
        receipt = await self._erase(subject_id, scope, subject_id)
        if receipt is not None:
            return receipt
        again = await self.before(visitor, Scope.PERSON)
        return again if isinstance(again, Nothing) else replace(again, changed=True)

    async def _erase(self, subject_id: str, scope: Scope, by: str) -> Receipt | None:
        match scope:
            case Scope.PERSON:
                return await self._erasure.person(subject_id, by)
            case Scope.REST:
                return await self._erasure.rest(subject_id, by)
            case Scope.CONSENT:
                return await self._erasure.consent(subject_id, by)
            case Scope.CASE:
                raise ValueError(scope.value)

    async def _subject_id(self, visitor: Visitor) -> str | None:
        def find(connection: sqlite3.Connection) -> str | None:
            subject = self._on.find(connection, visitor.user_id)
            return subject.id if subject else None

        return await self._on.database.read(find)

    async def _nothing(self, visitor: Visitor) -> Nothing:
        return await self._on.database.read(lambda connection: self._left_of(connection, visitor))

    def _left_of(self, connection: sqlite3.Connection, visitor: Visitor) -> Nothing:
        left = holdings.leftover(connection, self._on.vault.lookup(visitor.user_id), self._on.now())
        return Nothing(left.held_until, left.errands)

    async def person_of(self, typed_code: str) -> Person | None:
        """Whose request has this code, as somebody typed it."""
        code = tidy_case_code(typed_code)

        def find(connection: sqlite3.Connection) -> Person | None:
            case = cases.by_code(connection, code)
            return Person(case.subject_id, case.code) if case else None

        return await self._on.database.read(find)

    async def see_for(self, person: Person) -> Holdings | None:
        """Everything that is held about somebody, for the operator whom they asked. It is noted."""
        return await self._on.database.write(lambda c: self._see_for(c, person, "rights.seen"))

    async def give_for(self, person: Person) -> Holdings | None:
        """Everything that is held about somebody, for the operator to give to them. It is noted."""
        return await self._on.database.write(lambda c: self._see_for(c, person, "rights.given"))

    def _see_for(self, connection: sqlite3.Connection, person: Person, action: str) -> Holdings | None:
        if not self._note(connection, person, action):
            return None
        return gather(self._on, connection, person.subject_id)

    def _note(self, connection: sqlite3.Connection, person: Person, action: str) -> bool:
        """Note that the operator acted for somebody; False when nobody is known by that id any more."""
        if holdings.known(connection, person.subject_id) is None:
            return False
        now = self._on.now()
        access.note(
            connection,
            actor=OPERATOR,
            action=Looked.RIGHTS,
            purpose=Purpose.RIGHTS,
            now=now,
            subject_id=person.subject_id,
        )
        events.record(
            connection,
            now=now,
            actor=OPERATOR,
            action=action,
            object_kind="subject",
            object_id=person.subject_id,
        )
        return True

    async def before_for(self, person: Person, scope: Scope) -> ToldBefore | None:
        """What deleting would mean for somebody whom the operator acts for."""
        if not await self._on.database.write(lambda c: self._note(c, person, f"rights.asked_{scope.value}")):
            return None
        return await self._told_before(person.subject_id, scope)

    async def delete_for(self, person: Person, scope: Scope) -> Receipt | None:
        """Delete what somebody wants deleted, for the operator whom they asked.

        None when there is nothing to delete: nobody is known any more, or is no member with links to keep.
        """
        return await self._erase(person.subject_id, scope, OPERATOR)
