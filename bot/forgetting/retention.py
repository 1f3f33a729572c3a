"""Retention: what is kept for how long, and what becomes of it then. Each class of data stands here once.

``KINDS`` and ``WALKED`` say it. The sweep goes through them and has done what is due; the dry run goes
through the same and only tells. What hangs on other things goes before them, so that what is told for a
moment is just what a sweep of that moment does. Whoever was needed only by what went, such as a moderator
by a decision, goes with the next sweep.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial

from bot.concerns import leaving
from bot.config.tables import Retention as Limits
from bot.forgetting.erasing import (
    delete_case,
    delete_subject,
    delete_updates,
    note_gone,
    retire_card,
    wipe_answers,
)
from bot.forgetting.errands import thread_of
from bot.foundation import Foundation
from bot.model import CaseState
from bot.store import cases, errands, events, forgetting, messages, retention_concerns, subjects
from bot.store import retention as kept
from bot.store.cases import Case
from bot.store.retention import ALL, EVER, EVERYBODY, NEVER, Kept, Span, Stretch
from bot.vault import PersonKey, Vault

_AT_ONCE = 200
_PEOPLE_AT_ONCE = 200


@dataclass(slots=True)
class Work:
    """One unit of letting go: what it needs, and what it gathers for its end."""

    connection: sqlite3.Connection
    vault: Vault
    now: datetime
    doomed: list[str] = field(default_factory=list)
    """Ids of keys to destroy once this has been committed."""


Find = Callable[[sqlite3.Connection, Span, int], list[Kept]]
Walk = Callable[[sqlite3.Connection, Span, Stretch], list[Kept]]
SeeTo = Callable[[Work, Sequence[Kept]], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One class of data that is kept for a while."""

    code: str
    limit: Callable[[Limits], timedelta]
    find: Find
    see_to: SeeTo
    until: Callable[[Limits], timedelta] | None = None
    """After which another class takes it, with all else."""

    def due(
        self, connection: sqlite3.Connection, limits: Limits, now: datetime, most: int = ALL
    ) -> list[Kept]:
        """What is due, the longest kept first."""
        since = EVER if self.until is None else now - self.until(limits)
        return self.find(connection, Span(since, now - self.limit(limits)), most)

    def due_later(
        self, connection: sqlite3.Connection, limits: Limits, now: datetime, by: datetime, most: int = ALL
    ) -> list[Kept]:
        """What is not due yet, and will be by a later moment, as things stand."""
        if self.until is not None and self.until(limits) <= self.limit(limits):
            return []
        limit = self.limit(limits)
        return self.find(connection, Span(now - limit, by - limit), most)


@dataclass(frozen=True, slots=True)
class Walked:
    """A class of data about people, who are looked through a stretch at a time."""

    code: str
    limit: Callable[[Limits], timedelta]
    find: Walk
    see_to: SeeTo

    def due(
        self, connection: sqlite3.Connection, limits: Limits, now: datetime, people: Stretch
    ) -> list[Kept]:
        """What is due of a stretch of people."""
        return self.find(connection, Span(EVER, now - self.limit(limits)), people)

    def among_all(self) -> Kind:
        """The same, about everybody at once; only for a look."""
        return Kind(self.code, self.limit, lambda c, span, _: self.find(c, span, EVERYBODY), self.see_to)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What of one class would go at a moment, and what goes next."""

    code: str
    limit: timedelta
    due: tuple[Kept, ...]
    """The longest kept first."""
    next_on: date | None
    """The day on which something goes next, as things stand; in the zone that was asked for."""
    next_count: int
    """How many go on that day."""


def outlook(connection: sqlite3.Connection, limits: Limits, now: datetime, zone: tzinfo) -> list[Outlook]:
    """What a sweep of a moment would let go, class by class. Changes nothing."""
    kinds = (*(walked.among_all() for walked in WALKED), *KINDS)
    return [_outlook(connection, kind, limits, now, zone) for kind in kinds]


def _outlook(
    connection: sqlite3.Connection, kind: Kind, limits: Limits, now: datetime, zone: tzinfo
) -> Outlook:
    limit, due = kind.limit(limits), tuple(kind.due(connection, limits, now))
    following = kind.due_later(connection, limits, now, NEVER, 1)
    if not following:
        return Outlook(kind.code, limit, due, None, 0)
    day = (following[0].at + limit).astimezone(zone).date()
    by = max(end_of(day, zone), following[0].at + limit + timedelta(milliseconds=1))
    return Outlook(kind.code, limit, due, day, len(kind.due_later(connection, limits, now, by)))


def end_of(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day is over in a time zone."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


class Retention:
    """Lets go of what is due. One object serves the sweep."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._looked_through = 0
        """How far the people have been looked through. From the beginning after a start."""

    async def run(self, now: datetime) -> None:
        """One pass: all that is due, in bounded units; and the next stretch of people."""
        await self._walk(now)
        limits = self._on.config.retention
        for kind in KINDS:
            while await self._on.database.read(partial(kind.due, limits=limits, now=now, most=1)):
                batch = partial(kind.due, limits=limits, now=now, most=_AT_ONCE)
                await self._let_go(batch, kind.see_to, now)

    async def _walk(self, now: datetime) -> None:
        """Look through the next stretch of people, and begin again after the last."""
        after, read = self._looked_through, self._on.database.read
        people = await read(lambda c: kept.stretch(c, after, _PEOPLE_AT_ONCE))
        if people is None and after:
            people = await read(lambda c: kept.stretch(c, 0, _PEOPLE_AT_ONCE))
        self._looked_through = people.upto if people else 0
        if people is None:
            return
        for walked in WALKED:
            due = partial(walked.due, limits=self._on.config.retention, now=now, people=people)
            if await read(due):
                await self._let_go(due, walked.see_to, now)

    async def _let_go(
        self, due: Callable[[sqlite3.Connection], list[Kept]], see_to: SeeTo, now: datetime
    ) -> None:
        """Let one batch go, and destroy the keys of people of whom nothing is left."""
        doomed: list[str] = []

        def unit(connection: sqlite3.Connection) -> None:
            work = Work(connection, self._on.vault, now)
            see_to(work, due(connection))
            doomed[:] = work.doomed
            self._on.vault.doom(doomed)

        await self._on.database.write(unit)
        await self._on.destroy_keys(doomed)


def _delete_files(work: Work, due: Sequence[Kept]) -> None:
    for one in due:
        case = cases.get(work.connection, one.id)
        if case is not None:
            _delete_file(work, case)


def _delete_file(work: Work, case: Case) -> None:
    """Delete a case with all that belongs to it, and its person if nothing else is known of them."""
    connection, now = work.connection, work.now
    key = _key_of(work, case.subject_id)
    posted = messages.card(connection, key, case.id) if key else None
    if posted is not None:
        retire_card(connection, posted.message_id, now)
    if key is not None:
        errands.add(connection, work.vault, thread_of(connection, key, case), now)
    was_member = case.state is CaseState.ADMITTED
    if was_member and not forgetting.is_member_otherwise(connection, case.subject_id, case.id):
        forgetting.delete_tasks_of_membership(connection, case.subject_id)
        delete_updates(connection, case.subject_id, now)
    forgetting.forget_messages(connection, case.subject_id, case.id)
    delete_case(connection, case, now)
    _forget_person(work, case.subject_id)


def _key_of(work: Work, subject_id: str) -> PersonKey | None:
    subject = subjects.get(work.connection, subject_id)
    return work.vault.key_if_any(subject.key_id) if subject else None


def _forget_person(work: Work, subject_id: str) -> None:
    """Forget somebody, unless anything is left that needs them."""
    subject = subjects.get(work.connection, subject_id)
    if subject is None or subjects.is_needed(work.connection, subject_id):
        return
    delete_subject(work.connection, subject_id, work.now)
    work.doomed.append(subject.key_id)


def _wipe_answers(work: Work, due: Sequence[Kept]) -> None:
    for one in due:
        case = cases.get(work.connection, one.id)
        if case is not None:
            wipe_answers(work.connection, case, work.now)
    _record(work, "case.answers_deleted", "case", due)


def _record(work: Work, action: str, object_kind: str, due: Sequence[Kept]) -> None:
    lines = [(events.MACHINE, one.id) for one in due]
    events.record_all(work.connection, work.now, action, object_kind, lines)


def _trim_cases(work: Work, due: Sequence[Kept]) -> None:
    for one in due:
        forgetting.trim_case(work.connection, one.id, work.now)
    _record(work, "case.texts_deleted", "case", due)


def _trim_updates(work: Work, due: Sequence[Kept]) -> None:
    for one in due:
        forgetting.trim_update(work.connection, one.id, work.now)
    _record(work, "sheet.texts_deleted", "sheet", due)


def _delete_superseded(work: Work, due: Sequence[Kept]) -> None:
    gone = [one.id for one in due if forgetting.delete_version(work.connection, one.id)]
    note_gone(work.connection, work.now, "disclosure", gone)


def _delete_links_of_nobody(work: Work, due: Sequence[Kept]) -> None:
    for one in due:
        forgetting.delete_tasks_of_membership(work.connection, one.id)
        delete_updates(work.connection, one.id, work.now)
        _forget_person(work, one.id)


def _forget_unneeded(work: Work, due: Sequence[Kept]) -> None:
    for one in due:
        forgetting.delete_views_by(work.connection, one.id)
        _forget_person(work, one.id)


def _delete_reporters(work: Work, due: Sequence[Kept]) -> None:
    leaving.reporters_in_time(work.connection, [one.id for one in due], work.now)


def _delete_concerns(work: Work, due: Sequence[Kept]) -> None:
    leaving.delete(work.connection, [one.id for one in due], work.now)


def _give_up_errands(work: Work, due: Sequence[Kept]) -> None:
    """What could not be deleted in Discord for so long is let go of, and its key with it."""
    work.doomed.extend(errands.give_up(work.connection, [one.id for one in due]))


def _each(let_go: Callable[[sqlite3.Connection, str], None]) -> SeeTo:
    """Let each one go that is due, by its id."""

    def see_to(work: Work, due: Sequence[Kept]) -> None:
        for one in due:
            let_go(work.connection, one.id)

    return see_to


WALKED: tuple[Walked, ...] = (
    Walked("unneeded", lambda keep: keep.access, kept.unneeded, _forget_unneeded),
    Walked(
        "links_of_nobody", lambda keep: keep.former_members, kept.links_of_nobody, _delete_links_of_nobody
    ),
)

KINDS: tuple[Kind, ...] = (
    Kind("superseded", lambda keep: keep.superseded, kept.superseded, _delete_superseded),
    Kind("free_text", lambda keep: keep.free_text, kept.typed_at_the_gate, _trim_cases),
    Kind("free_text_later", lambda keep: keep.free_text, kept.typed_later, _trim_updates),
    Kind("access", lambda keep: keep.access, kept.looks, _each(forgetting.delete_look)),
    Kind("joins", lambda keep: keep.joins, kept.joins, _each(forgetting.leave_wave)),
    Kind("waves", lambda keep: keep.joins, kept.waves_over, _each(forgetting.delete_wave)),
    Kind(
        "reporters",
        lambda keep: keep.reporters,
        retention_concerns.concerns_of_reporters,
        _delete_reporters,
        until=lambda keep: keep.concerns,
    ),
    Kind("concerns", lambda keep: keep.concerns, retention_concerns.concerns_closed, _delete_concerns),
    Kind("errands", lambda keep: keep.backups, kept.errands, _give_up_errands),
    Kind("locked_numbers", lambda _: timedelta(), kept.locked_numbers, _each(forgetting.unlock_number)),
    Kind(
        "unfinished_answers",
        lambda keep: keep.unfinished,
        kept.undecided,
        _wipe_answers,
        until=lambda keep: keep.refused,
    ),
    Kind("unfinished", lambda keep: keep.unfinished, kept.untouched, _delete_files),
    Kind("refused", lambda keep: keep.refused, kept.on_record, _delete_files),
    Kind("access_ended", lambda keep: keep.refused, kept.access_ended, _delete_files),
    Kind("former_members", lambda keep: keep.former_members, kept.former_members, _delete_files),
)
