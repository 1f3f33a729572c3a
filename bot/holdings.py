"""Everything that is held about one person, as one value: to be shown, or given to them.

It names nobody else: moderators are a role and a date, and what somebody did as one is a count.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.answers import Answer
from bot.config.tables import Retention
from bot.foundation import Foundation
from bot.model import CaseState, Source
from bot.questionnaire import Page, Questionnaire
from bot.rules import RESTRAINTS
from bot.store import access, cases, decisions, disclosures, events, holdings, holdings_desk, sheets
from bot.store.access import OPERATOR, Looked, Purpose
from bot.store.cases import Case
from bot.store.decisions import Decision, Letter
from bot.store.disclosures import Logged
from bot.store.holdings import (
    CaseExtras,
    Consent,
    Known,
    Message,
    Noted,
    SheetTimes,
    StoredRule,
    Wanted,
    Work,
)
from bot.store.holdings_desk import AsModerator, DeskKept, Told
from bot.text import Text
from bot.vault import Erased, PersonKey

_OUR_ID = re.compile("[A-Z2-7]{26}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A page as it was filled in. One that was taken out again has no answers left."""

    page_id: str
    page: Page | None
    """None where the questionnaire does not have it any more."""
    saved_at: datetime
    removed_at: datetime | None
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Answers:
    """One set of answers, whether they count or not."""

    source: Source
    sent_at: datetime | None
    times: SheetTimes
    pages: tuple[Filled, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision, why it was made as far as that is still known, and what the person was told."""

    decision: Decision
    because: Text | None
    """The words of the rule, where the machine decided by one."""
    restraint: str
    """Why the machine held whom a rule would have let in: a reason to hold, by its code; else empty."""
    letter: Letter | None
    written_at: datetime | None


@dataclass(frozen=True, slots=True)
class Term:
    """Until when something is kept; None where that depends on what the person does."""

    answers: datetime | None
    typed: datetime | None
    """What was typed freely, of somebody who was let in."""
    record: datetime | None
    """All that is left of the request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to join, with all that hangs on it."""

    case: Case
    extras: CaseExtras
    term: Term
    consents: tuple[Consent, ...]
    answers: Answers | None
    rules: tuple[StoredRule, ...]
    decisions: tuple[Explained, ...]
    drafts: tuple[datetime, ...]
    """When a moderator began to write to them about it, and has not sent it."""
    wanted: tuple[Wanted, ...]
    desk: DeskKept


@dataclass(frozen=True, slots=True)
class Links:
    """A version of what somebody told about their links."""

    logged: Logged
    questionnaire: Questionnaire
    superseded_at: datetime | None
    until: datetime | None
    """Until when an earlier version is kept; None for the one that counts."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at what is kept: who in what role, never which person."""

    at: datetime
    by_operator: bool
    action: Looked
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the event log about something of theirs."""

    at: datetime
    by: str
    """``you``, ``machine``, ``operator`` or ``moderator``."""
    action: str
    payload: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that is held about one person."""

    at: datetime
    subject_id: str
    user_id: int | None = field(repr=False)
    known: Known
    requests: tuple[Request, ...]
    """The open one first, then the one that was opened last."""
    changes: tuple[Answers, ...]
    """Answers outside any request: changes of links."""
    links: tuple[Links, ...]
    """The newest first."""
    looks: tuple[Look, ...]
    """The newest first."""
    messages: tuple[Message, ...]
    tasks: tuple[Noted, ...]
    erasures: tuple[tuple[str, datetime], ...]
    """Deletions that are on their way."""
    errands: int
    """What is still being deleted in Discord from before."""
    held_until: datetime | None
    told: tuple[Told, ...]
    """About others. What others told about them is not in here."""
    work: Work
    as_moderator: AsModerator
    log: tuple[LogLine, ...]

    @property
    def is_member(self) -> bool:
        """Whether a decision to let them in stands, or they were a member before the bot."""
        newest = self.requests[0].case if self.requests else None
        return self.known.earlier_since is not None or (newest is not None and newest.is_member)


def gather(on: Foundation, connection: sqlite3.Connection, subject_id: str) -> Holdings | None:
    """Everything that is held about somebody; None when nobody is known by that id, or can be read."""
    known = holdings.known(connection, subject_id)
    if known is None:
        return None
    try:
        return _gathered(on, connection, subject_id, known)
    except Erased:
        return None


def _gathered(on: Foundation, connection: sqlite3.Connection, subject_id: str, known: Known) -> Holdings:
    now, key = on.now(), on.vault.key(known.key_id)
    found = cases.of_subject(connection, subject_id)
    times = {one.id: one for one in holdings.sheets(connection, subject_id)}
    with_case = {case.sheet_id for case in found}
    links = _links(on, connection, key, subject_id)
    noted = holdings.tasks(connection, subject_id)
    left = holdings.leftover(connection, known.lookup, now)
    objects = [subject_id, *(c.id for c in found), *(one.logged.id for one in links), *(t.id for t in noted)]
    return Holdings(
        at=now,
        subject_id=subject_id,
        user_id=on.user_id(connection, subject_id),
        known=known,
        requests=tuple(_request(on, connection, key, case, times) for case in found),
        changes=tuple(_answers(on, connection, times[one]) for one in times if one not in with_case),
        links=links,
        looks=_looks(connection, subject_id, found),
        messages=tuple(holdings.messages(connection, subject_id)),
        tasks=tuple(noted),
        erasures=tuple(holdings.erasures(connection, subject_id)),
        errands=left.errands,
        held_until=left.held_until,
        told=tuple(holdings_desk.told_of_others(connection, key, subject_id)),
        work=holdings.work(connection, subject_id),
        as_moderator=holdings_desk.as_moderator(connection, subject_id),
        log=_log(connection, subject_id, objects),
    )


def _request(
    on: Foundation,
    connection: sqlite3.Connection,
    key: PersonKey,
    case: Case,
    times: Mapping[str, SheetTimes],
) -> Request:
    extras = holdings.extras(connection, case.id)
    if extras is None:
        raise LookupError("case")
    rules = tuple(holdings.verdicts(connection, case.id))
    sheet = times.get(case.sheet_id or "")
    return Request(
        case=case,
        extras=extras,
        term=term(case, on.config.retention),
        consents=tuple(holdings.consents(connection, case.id)),
        answers=None if sheet is None else _answers(on, connection, sheet),
        rules=rules,
        decisions=_explained(on, connection, key, case, rules),
        drafts=tuple(holdings.drafts(connection, case.id)),
        wanted=tuple(holdings.wanted(connection, case.id)),
        desk=holdings_desk.of_case(connection, key, case.id),
    )


def term(case: Case, retention: Retention) -> Term:
    """Until when a request is kept, as far as that is known by now."""
    if case.closed_at is None:
        return Term(None, None, None)
    if case.state is CaseState.ADMITTED:
        typed = None if case.wiped_at else case.closed_at + retention.free_text
        ended = [at for at in (case.taken_back_at, case.wiped_at) if at is not None]
        ends = [max(ended) + retention.refused] if ended else []
        if case.gone_at is not None:
            ends.append(case.gone_at + retention.former_members)
        record = min(ends, default=None)
        return Term(None if case.wiped_at else record, typed, record)
    decided = case.state in {CaseState.DECLINED, CaseState.REDIRECTED, CaseState.REMOVED}
    with_the_team = decided or case.held_at is not None or case.wants_person_at is not None
    record = case.closed_at + (retention.refused if with_the_team else retention.unfinished)
    answers = record if decided else min(record, case.closed_at + retention.unfinished)
    return Term(None if case.wiped_at else answers, None, record)


def _answers(on: Foundation, connection: sqlite3.Connection, times: SheetTimes) -> Answers:
    sheet = sheets.get(connection, times.id)
    if sheet is None:
        raise LookupError("sheet")
    reading = on.reading(connection, sheet)
    given = {entry.id: entry.answers for entry in reading.given}
    pages = (
        Filled(
            one.page_id,
            reading.questionnaire.page(one.page_id),
            one.saved_at,
            one.removed_at,
            given.get(one.id, {}),
        )
        for one in holdings.entries(connection, times.id)
    )
    return Answers(sheet.source, sheet.sent_at, times, tuple(pages))


def _explained(
    on: Foundation,
    connection: sqlite3.Connection,
    key: PersonKey,
    case: Case,
    rules: Sequence[StoredRule],
) -> tuple[Explained, ...]:
    written = {}
    for letter_id, at in holdings.letters(connection, case.id):
        letter = decisions.letter(connection, key, letter_id)
        if letter is not None:
            written[letter.decision_id] = letter, at
    return tuple(
        Explained(one, _because(on, one, rules), _restraint(one, rules), *written.get(one.id, (None, None)))
        for one in decisions.of_case(connection, case.id)
    )


def _because(on: Foundation, decision: Decision, rules: Sequence[StoredRule]) -> Text | None:
    """The words of the rule that a machine went by: as it stood then, or else as it stands now."""
    if not decision.automated or _restraint(decision, rules):
        return None
    for rule in rules:
        if rule.at == decision.at and rule.because:
            return Text.model_validate(rule.because)
    return next((rule.because for rule in on.config.rules if rule.id == decision.rule_id), None)


def _restraint(decision: Decision, rules: Sequence[StoredRule]) -> str:
    """Why the machine held all the same, where a rule would have let somebody in; else empty."""
    restrained = (one for one in rules if one.at == decision.at and one.rule_id in RESTRAINTS)
    return next((one.reason for one in restrained if decision.automated), "")


def _links(
    on: Foundation, connection: sqlite3.Connection, key: PersonKey, subject_id: str
) -> tuple[Links, ...]:
    found = []
    for version in holdings.versions(connection, subject_id):
        logged = disclosures.get(connection, key, version.id)
        if logged is not None:
            since, kept = version.superseded_at, on.config.retention.superseded
            questionnaire = on.questionnaire(connection, version.questionnaire_hash)
            found.append(Links(logged, questionnaire, since, since + kept if since else None))
    return tuple(found)


def _looks(connection: sqlite3.Connection, subject_id: str, found: Sequence[Case]) -> tuple[Look, ...]:
    """Every look there is a line of, and openings from before there were such lines."""
    noted = access.to_subject(connection, subject_id)
    looks = [Look(one.at, one.actor == OPERATOR, one.action, one.purpose) for one in noted]
    known = {(one.actor, one.at) for one in noted}
    before = [
        Look(opening.at, by_operator=False, action=Looked.OPEN, purpose=Purpose.REVIEW)
        for case in found
        for opening in holdings.openings(connection, case.id)
        if (opening.moderator_id, opening.at) not in known
    ]
    return tuple(sorted([*looks, *before], key=lambda look: look.at, reverse=True))


def _log(connection: sqlite3.Connection, subject_id: str, objects: Sequence[str]) -> tuple[LogLine, ...]:
    roles = {subject_id: "you", events.MACHINE: events.MACHINE, OPERATOR: OPERATOR}
    lines = [
        LogLine(line.at, roles.get(line.actor, "moderator"), line.action, _about_nobody_else(line.payload))
        for one in objects
        for line in events.of_object(connection, one)
    ]
    return tuple(sorted(lines, key=lambda line: line.at))


def _about_nobody_else(payload: Mapping[str, str]) -> Mapping[str, str]:
    """What a line says in codes. An id of ours in it stands for somebody else, such as who gave a role."""
    return {name: "somebody" if _OUR_ID.fullmatch(value) else value for name, value in payload.items()}
