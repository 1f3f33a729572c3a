"""Sending: from answers to a disclosure, a verdict, and what follows, in one transaction."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answers import Entry, Problem, RawValues, Reading, parse
from bot.facts import History, facts_of
from bot.fairness import hands
from bot.filling import NotSaved, WhyNot
from bot.foundation import Foundation
from bot.gate import Gate
from bot.interests import disclosure_from, is_paid_now
from bot.lifecycle import check_admission
from bot.minting import NextForm, next_form
from bot.model import (
    CaseState,
    Delivery,
    Disclosed,
    Disclosure,
    HoldReason,
    Outcome,
    Source,
    Visitor,
)
from bot.rules import Proposal, Verdict, decide
from bot.standing import CarryOn, Standing
from bot.store import (
    cases,
    consents,
    decisions,
    disclosures,
    effects,
    events,
    pauses,
    reopening,
    sheets,
    suppression,
    tasks,
)
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.sheets import Form, Sheet
from bot.store.tasks import TaskKind

_TELLING = {
    Outcome.ADMIT: "admitted",
    Outcome.DECLINE: "declined",
    Outcome.REDIRECT: "redirected",
    Outcome.REMOVE: "declined",
    Outcome.SUSPEND: "taken_back",
    Outcome.REOPEN: "taken_back",
}
"""What was decided last, in this case or an earlier one. Withdrawing or leaving does not hide it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The answers are in. ``standing`` is where that leaves the person."""

    standing: Standing


@dataclass(frozen=True, slots=True)
class LinksChanged:
    """A new disclosure of a member, or of a moderator, is logged."""

    version: int
    at_the_desk: bool = False
    """Whoever told is a moderator."""
    good_until: datetime | None = None
    """Until when it will do at the desk; None where it leaves the question about links open."""


@dataclass(frozen=True, slots=True)
class Unticked:
    """Not every statement was agreed to. Nothing was sent."""

    problems: tuple[Problem, ...]
    again: str


SendResult = Sent | LinksChanged | Unticked | NextForm | NotSaved | Standing


class Submission:
    """The use case of sending. One object serves everybody."""

    def __init__(self, foundation: Foundation, gate: Gate) -> None:
        """Take what every use case stands on, and the gate."""
        self._on = foundation
        self._gate = gate

    async def send(self, visitor: Visitor, ref: str, raw: RawValues) -> SendResult:
        """Send the answers with the statements that were agreed to. Sending twice is sending once."""
        return await self._on.database.write(lambda connection: self._send(connection, visitor, ref, raw))

    async def confirm(self, visitor: Visitor, ref: str, notice: str) -> SendResult:
        """The person confirms, with one press, answers that were recorded in conversation.

        The press agrees to the statements and to the notice as they were shown.
        """
        return await self._on.database.write(
            lambda connection: self._confirm(connection, visitor, ref, notice)
        )

    def _confirm(self, connection: sqlite3.Connection, visitor: Visitor, ref: str, notice: str) -> SendResult:
        form, sheet = self._own_sheet(connection, visitor, ref)
        if form is None or sheet is None:
            # The answers were changed since this summary was shown: show them as they are now.
            standing = self._gate.standing_within(connection, visitor)
            return standing if isinstance(standing, CarryOn) else NotSaved(WhyNot.UNKNOWN)
        shown = self._on.reading(connection, sheet).statements
        case = cases.of_sheet(connection, sheet.id)
        if shown is None or case is None or sheet.source is not Source.CONVERSATION:
            return NotSaved(WhyNot.UNKNOWN)
        if not consents.given(connection, case.id):
            consents.give(connection, case.id, notice, self._on.now())
        agreed = {f.id: [option.value for option in f.options] for f in shown.asked if f.is_question}
        return self._send(connection, visitor, ref, agreed)

    def _own_sheet(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str
    ) -> tuple[Form | None, Sheet | None]:
        found = sheets.of_form(connection, ref)
        if found is None or not self._on.owns(visitor, found[1]):
            return None, None
        return found

    def _send(self, connection: sqlite3.Connection, visitor: Visitor, ref: str, raw: RawValues) -> SendResult:
        now = self._on.now()
        form, sheet = self._own_sheet(connection, visitor, ref)
        if form is None or sheet is None:
            return NotSaved(WhyNot.UNKNOWN)
        case = cases.of_sheet(connection, sheet.id)
        if sheet.sent_at is not None or (case is not None and case.state is not CaseState.ANSWERING):
            return self._gate.standing_within(connection, visitor)
        if case is not None and not consents.given(connection, case.id):
            return self._gate.standing_within(connection, visitor)
        reading = self._on.reading(connection, sheet)
        missing = next_form(connection, sheet, reading, now)
        if missing is not None:
            return missing
        if reading.statements is not None and reading.statements.page.id != form.page_id:
            return NotSaved(WhyNot.UNKNOWN)
        agreed = self._keep_statements(connection, sheet, form, reading, raw, now)
        if isinstance(agreed, Unticked):
            return agreed
        sheets.mark_sent(connection, sheet.id, now)
        if case is None:
            changed = self._change_links(connection, sheet, agreed, now)
            return replace(changed, at_the_desk=hands.has_role(self._on, visitor))
        return self._judge(connection, visitor, sheet, case, agreed)

    def _keep_statements(
        self,
        connection: sqlite3.Connection,
        sheet: Sheet,
        form: Form,
        reading: Reading,
        raw: RawValues,
        now: datetime,
    ) -> Unticked | Reading:
        """Save what was agreed to, in place of what was agreed to before; say what is missing."""
        if reading.statements is None:
            return reading
        earlier = reading.statements.entries
        for entry in earlier:
            sheets.remove_entry(connection, entry.id, now)
        answers = parse(reading.statements.fields, raw)
        sheets.save_entry(connection, self._on.vault.key(sheet.key_id), form, answers, now)
        agreed = reading.with_entry(Entry(form.entry_id, form.page_id, answers), instead_of=earlier)
        shown = agreed.statements
        problems = tuple(shown.problems(shown.entries[0])) if shown and shown.entries else ()
        if not problems:
            return agreed
        again = sheets.mint_form(connection, sheet.id, form.page_id, form.entry_id, now)
        return Unticked(problems, again.ref)

    def _judge(
        self, connection: sqlite3.Connection, visitor: Visitor, sheet: Sheet, case: Case, reading: Reading
    ) -> Sent:
        now, config = self._on.now(), self._on.config
        self._gate.note_signs(connection, case, visitor)
        disclosure = disclosure_from(reading)
        logged = self._log(connection, sheet, case.id, disclosure, now)
        facts = facts_of(
            reading,
            History(
                visitor.account_created,
                earlier_outcome=self._earlier(connection, case),
                held_before=self._was_held(connection, sheet),
                source=sheet.source.value,
                wave=case.wave_id is not None,
                paused=pauses.current(connection) is not None,
            ),
            now=now,
            new_account=config.admission.new_account,
        )
        verdict = decide(config.rules, reading, facts, config.admission)
        decisions.append_verdict(
            connection,
            case_id=case.id,
            disclosure_id=logged.id,
            verdict=verdict,
            rules_version=config.rules_version,
            now=now,
        )
        outcome = Outcome.ADMIT if verdict.proposal is Proposal.ADMIT else Outcome.HOLD
        if outcome is Outcome.ADMIT:
            check_admission(disclosure.disclosed)
        decision = decisions.append(
            connection,
            case_id=case.id,
            outcome=outcome,
            decided_by=None,
            rule_id=verdict.rule_id,
            disclosed=disclosure.disclosed,
            disclosure_version=logged.version,
            questionnaire_hash=sheet.questionnaire_hash,
            now=now,
        )
        events.record(
            connection,
            now=now,
            actor=events.MACHINE,
            action=f"decision.{outcome.value}",
            object_kind="decision",
            object_id=decision.id,
            payload={
                "case": case.id,
                "rule": verdict.rule_id,
                "disclosed": disclosure.disclosed.value,
            },
        )
        if outcome is Outcome.ADMIT:
            admitted = self._admit(connection, sheet, case, decision.id)
            return Sent(self._gate.let_in(connection, visitor, admitted))
        return Sent(self._gate.held(connection, self._hold(connection, case, verdict)))

    def _was_held(self, connection: sqlite3.Connection, sheet: Sheet) -> bool:
        """Whether a person had to see to a request of theirs, one that they had deleted included."""
        suppressed = suppression.until(connection, sheet.lookup, self._on.now()) is not None
        return suppressed or decisions.was_held(connection, sheet.subject_id)

    def _hold(self, connection: sqlite3.Connection, case: Case, verdict: Verdict) -> Case:
        now = self._on.now()
        reason = verdict.reason or HoldReason.NEEDS_PERSON
        target = now + self._on.config.timers.decision_target
        effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        return cases.hold(connection, case, reason, now, target, needs_two=verdict.needs_two)

    def _admit(self, connection: sqlite3.Connection, sheet: Sheet, case: Case, decision_id: str) -> Case:
        now = self._on.now()
        admitted = cases.decide(connection, case, CaseState.ADMITTED, decision_id, now)
        decisions.write_letter(
            connection,
            self._on.vault.key(sheet.key_id),
            case_id=case.id,
            decision_id=decision_id,
            text="",
            delivery=Delivery.SHOWN,
            now=now,
        )
        effects.want(connection, EffectKind.GRANT, key=case.id, now=now, case_id=case.id)
        if effects.exists(connection, EffectKind.CARD, case.id):
            effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        return admitted

    def _log(
        self,
        connection: sqlite3.Connection,
        sheet: Sheet,
        case_id: str | None,
        disclosure: Disclosure,
        now: datetime,
    ) -> disclosures.Logged:
        logged = disclosures.append(
            connection,
            self._on.vault.key(sheet.key_id),
            subject_id=sheet.subject_id,
            case_id=case_id,
            disclosure=disclosure,
            source=sheet.source,
            questionnaire_hash=sheet.questionnaire_hash,
            now=now,
        )
        events.record(
            connection,
            now=now,
            actor=sheet.subject_id,
            action="disclosure.logged",
            object_kind="disclosure",
            object_id=logged.id,
            payload={"version": str(logged.version), "disclosed": disclosure.disclosed.value},
        )
        return logged

    def _earlier(self, connection: sqlite3.Connection, case: Case) -> str:
        """What was decided before: a refusal, or access taken back, counts until an admission after it."""
        known = cases.of_subject(connection, case.subject_id)
        telling = decisions.last_telling(connection, case.subject_id)
        if telling is None:
            return "ended" if len(known) > 1 else "none"
        taken_back = any(c.id == telling.case_id and c.taken_back_at is not None for c in known)
        return "taken_back" if taken_back else _TELLING[telling.outcome]

    def _change_links(
        self, connection: sqlite3.Connection, sheet: Sheet, reading: Reading, now: datetime
    ) -> LinksChanged:
        """Log a member's changed links. Nobody loses access for telling."""
        key = self._on.vault.key(sheet.key_id)
        before = disclosures.current(connection, key, sheet.subject_id)
        disclosure = disclosure_from(reading)
        logged = self._log(connection, sheet, None, disclosure, now)
        case = next(iter(cases.of_subject(connection, sheet.subject_id)), None)
        if case is not None and decisions.was_inside(connection, case.id):
            reopening.links_changed(connection, case.id)
        for kind in _worth_a_look(before.disclosure if before else None, disclosure):
            task = tasks.open_new(connection, kind, sheet.subject_id, now)
            effects.want(connection, EffectKind.NOTICE, key=f"task:{task.id}", now=now, target="task")
        told = disclosure.disclosed is not Disclosed.UNDISCLOSED
        good_until = now + self._on.config.review.interests_for if told else None
        return LinksChanged(logged.version, good_until=good_until)


def _worth_a_look(before: Disclosure | None, after: Disclosure) -> list[TaskKind]:
    """What moderators should hear of: a paid link that is new, or links that are no longer told."""
    known = {(i.category, i.organisation) for i in before.interests if is_paid_now(i)} if before else set()
    paid = {(i.category, i.organisation) for i in after.interests if is_paid_now(i)}
    found = [TaskKind.PAID_LINK_NOW] if paid - known else []
    if after.disclosed is Disclosed.UNDISCLOSED:
        found.append(TaskKind.UNDISCLOSED_NOW)
    return found
