"""Erasure: taking back everything, or all but the links, or consent, and the receipt for it.

One transaction deletes the rows, writes the lines, and wants what is left to do in Discord. After its
commit, ``finishing`` carries it into the ledger and destroys the key. The ledger is applied again at
every start, because a copy from before may have been put back.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from bot.database import about
from bot.forgetting import ledger
from bot.forgetting.finishing import finish, finish_if_possible
from bot.forgetting.ledger import Line
from bot.forgetting.scopes import Taken, end_or_wipe, held_until, take_consented, take_person, take_rest
from bot.foundation import Foundation
from bot.model import Disclosed, Scope
from bot.store import cases, disclosures, erasures, events, presence, subjects
from bot.store.subjects import Subject


@dataclass(frozen=True, slots=True)
class Consequence:
    """What erasing would mean for somebody, to be told before they choose."""

    is_member: bool
    """They would return to the front porch, unless they keep their links.

    The place of a member from before the bot never rested on consent, and outlives it.
    """
    has_links: bool
    """There are links on record that could be kept while all else goes."""
    open_case: bool
    """A request that is being answered or decided would end."""
    held_until: datetime | None
    """Until when a locked number stays, so that a person looks if they ask again; None: nothing stays."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done. Nothing of it is kept but the line in the ledger, which the ref names."""

    ref: str
    what: Scope
    at: datetime
    gone: Mapping[str, int]
    """How many of each kind: cases, sheets, disclosures, decisions, letters, messages."""
    messages_to_delete: int
    """Messages in Discord that are being deleted now."""
    role_taken: bool
    held_until: datetime | None


class Erasure:
    """Erases, on behalf of the person or of the operator whom they asked. By random subject id."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def consequence(self, subject_id: str, what: Scope = Scope.PERSON) -> Consequence:
        """What erasing would mean. For somebody who is not known, nothing."""
        return await self._on.database.read(
            lambda connection: self._consequence(connection, subject_id, what)
        )

    def _consequence(self, connection: sqlite3.Connection, subject_id: str, what: Scope) -> Consequence:
        subject = subjects.get(connection, subject_id)
        if subject is None:
            return Consequence(is_member=False, has_links=False, open_case=False, held_until=None)
        known = cases.of_subject(connection, subject_id)
        inside = any(case.is_member for case in known)
        if what is not Scope.CONSENT:
            inside = inside or presence.is_earlier(connection, subject_id)
        told = disclosures.newest_outcome(connection, subject_id)
        return Consequence(
            is_member=inside,
            has_links=inside and told in {Disclosed.NONE, Disclosed.SOME},
            open_case=any(case.state.is_open for case in known),
            held_until=held_until(connection, self._on, subject, self._on.now())
            if what is Scope.PERSON
            else None,
        )

    async def person(self, subject_id: str, by: str) -> Receipt | None:
        """Erase everything about somebody; None when nobody is known by that id any more."""
        return await self._erase(Scope.PERSON, subject_id, by)

    async def rest(self, subject_id: str, by: str) -> Receipt | None:
        """Erase everything but the links; None when there is no member by that id."""
        return await self._erase(Scope.REST, subject_id, by)

    async def consent(self, subject_id: str, by: str) -> Receipt | None:
        """Take back consent: erase what rests on it. None when nobody is known by that id any more."""
        return await self._erase(Scope.CONSENT, subject_id, by)

    async def _erase(self, what: Scope, subject_id: str, by: str) -> Receipt | None:
        receipt = await self._on.database.write(lambda c: self._take(c, what, subject_id, by))
        await finish_if_possible(self._on)
        return receipt

    def _take(self, connection: sqlite3.Connection, what: Scope, subject_id: str, by: str) -> Receipt | None:
        now, subject = self._on.now(), subjects.get(connection, subject_id)
        if subject is None:
            return None
        taken = self._taken(connection, what, subject, now, by)
        if taken is None:
            return None
        key_id = subject.key_id if what is Scope.PERSON else ""
        pending = erasures.add(connection, what, now, subject_id=subject_id, key_id=key_id)
        return Receipt(pending.id, what, now, taken.gone, taken.messages, taken.role, taken.held_until)

    def _taken(
        self,
        connection: sqlite3.Connection,
        what: Scope,
        subject: Subject,
        now: datetime,
        by: str,
        at: datetime | None = None,
    ) -> Taken | None:
        match what:
            case Scope.PERSON:
                return take_person(connection, self._on, subject, now, by, at or now)
            case Scope.REST:
                return take_rest(connection, self._on, subject, now, by)
            case Scope.CONSENT:
                return take_consented(connection, self._on, subject, now, by)
            case _:
                raise ValueError(what.value)

    async def at_start(self) -> None:
        """Finish what a crash cut short, and erase again whoever a copy has brought back.

        To be done before anything is served, and before keys that belong to nobody are looked for.
        Raises LedgerProblem, and StorageUnavailable where a file cannot be read or written.
        """
        await finish(self._on)
        path = self._on.config.storage.ledger
        with about(path):
            lines = ledger.read(path)
        await self.apply(lines)

    async def apply(self, lines: Sequence[Line]) -> int:
        """Erase again what is in the ledger and in the database; return how many lines that was."""
        undone = await self._on.database.read(lambda connection: self._undone(connection, lines))
        for line in undone:
            await self._on.database.write(lambda connection, line=line: self._again(connection, line))  # type: ignore[misc] # a default binds the line
        await finish(self._on)
        put_back = self._on.vault.kept([line.key for line in lines if line.key])
        with about(self._on.config.storage.keys):
            await self._on.destroy_keys(put_back)
        return len(undone)

    def _undone(self, connection: sqlite3.Connection, lines: Sequence[Line]) -> list[Line]:
        """The lines about people who are there, and whose erasure the log does not know of.

        Where the person stays, that line of the log tells whether this is a copy from before. Once it
        may have gone with its stretch of the log, no copy can be as old as that.
        """
        oldest = (self._on.now() - self._on.config.retention.log).date()
        here = erasures.people_still_here(connection, list({line.subject for line in lines}))
        found = [line for line in lines if line.subject in here]
        known = erasures.recorded(connection, [line.id for line in found])
        return [
            line for line in found if line.what is Scope.PERSON or (line.at > oldest and line.id not in known)
        ]

    def _again(self, connection: sqlite3.Connection, line: Line) -> None:
        now, subject = self._on.now(), subjects.get(connection, line.subject)
        if subject is None:
            return
        if line.what is Scope.CASE:
            case = cases.get(connection, line.case)
            if case is not None:
                end_or_wipe(connection, case, now, events.MACHINE)
        else:
            at = datetime.combine(line.at, time(), UTC)
            self._taken(connection, line.what, subject, now, events.MACHINE, at)
        key_id = subject.key_id if line.what is Scope.PERSON else ""
        erasures.add(
            connection,
            line.what,
            datetime.combine(line.at, time(), UTC),
            subject_id=line.subject,
            case_id=line.case,
            key_id=key_id,
            ref=line.id,
        )
