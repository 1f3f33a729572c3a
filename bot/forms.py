"""Filling in: opening a form, saving a page, taking a link out, reading the summary.

What is submitted lands in the entry that its form was minted for, however often and in whatever
order, and is on disk before anybody is told so. What cannot be saved is handed back in words.
"""

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.access import Act
from bot.answers import Entry, RawValues, Reading, parse
from bot.facts import contradictions
from bot.fairness import hands
from bot.filling import KEPT_FROM, FormToFill, Informed, NotSaved, Saved, Summary, SummaryEntry, WhyNot
from bot.forgetting.erasing import end_by_person, forget_case, on_request, wipe_answers
from bot.forgetting.finishing import finish_if_possible
from bot.foundation import Foundation
from bot.interests import disclosure_from
from bot.minting import NextForm, blank_form, entry_form, next_form
from bot.model import CaseState, InformationPage, Source, Visitor
from bot.questionnaire import Page
from bot.review import looking
from bot.rules import information_page
from bot.store import cases, decisions, events, sheets
from bot.store.access import Purpose
from bot.store.cases import Case
from bot.store.sheets import Form, Sheet
from bot.timing import Turn


@dataclass(frozen=True, slots=True)
class _Desk:
    """A sheet on the table, with what is needed to work on it."""

    sheet: Sheet
    case: Case | None
    by_moderator: bool
    reading: Reading = field(compare=False)
    kept_from: WhyNot | None = None
    """Why the moderator may not write answers down in this case."""


class Forms:
    """Use cases of filling in. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def open(self, visitor: Visitor, ref: str) -> FormToFill | NotSaved:
        """The form with this ref. Writes nothing, unless a moderator reads somebody's answers there."""
        form = await self._on.database.read(lambda connection: self._open(connection, visitor, ref))
        if isinstance(form, FormToFill) and not form.by_moderator_for:
            return form
        if isinstance(form, NotSaved) and form.why not in KEPT_FROM:
            return form
        return await self._on.database.write(lambda connection: self._open_noted(connection, visitor, ref))

    def _open_noted(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str
    ) -> FormToFill | NotSaved:
        form = self._open(connection, visitor, ref)
        _, desk = self._desk_of_form(connection, visitor, ref)
        if desk is not None:
            self._note_look(connection, visitor, desk)
        return form

    def _note_look(self, connection: sqlite3.Connection, visitor: Visitor, desk: _Desk) -> None:
        """A moderator sees answers that they are writing down: on record, like any other look or attempt."""
        if not desk.by_moderator or desk.case is None:
            return
        looking.open_file(
            connection,
            self._on,
            by=hands.acting(connection, self._on, visitor).id,
            case=desk.case,
            purpose=Purpose.CONVERSATION,
            denied=desk.kept_from.value if desk.kept_from else "",
        )

    def _open(self, connection: sqlite3.Connection, visitor: Visitor, ref: str) -> FormToFill | NotSaved:
        form, desk = self._desk_of_form(connection, visitor, ref)
        if form is None or desk is None:
            return NotSaved(WhyNot.UNKNOWN)
        why = _why_closed(desk)
        if why is not None:
            return NotSaved(why)
        shown = desk.reading.shown(form.page_id)
        if shown is None:
            return NotSaved(WhyNot.UNKNOWN)
        blank = Entry(form.entry_id, form.page_id)
        entry = next((e for e in shown.entries if e.id == form.entry_id), blank)
        watched = desk.case.id if desk.by_moderator and desk.case is not None else ""
        return FormToFill(ref, shown, entry, watched)

    async def save(self, visitor: Visitor, ref: str, raw: RawValues) -> Saved | Informed | NotSaved:
        """Save what a form sent. The same ref again replaces the same entry."""
        result = await self._on.database.write(lambda connection: self._save(connection, visitor, ref, raw))
        if isinstance(result, Informed):
            await finish_if_possible(self._on)
        return result

    def _save(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, raw: RawValues
    ) -> Saved | Informed | NotSaved:
        form, desk = self._desk_of_form(connection, visitor, ref)
        if form is None or desk is None:
            return NotSaved(WhyNot.UNKNOWN, typed_in(raw))
        if desk.kept_from is not None:
            self._note_look(connection, visitor, desk)
        page = desk.reading.questionnaire.page(form.page_id)
        why = _why_closed(desk) or _why_full(desk, form, page)
        if why is not None or page is None:
            return NotSaved(why or WhyNot.UNKNOWN, typed_in(raw))
        answers = parse([f for f in page.fields if f.id in raw], raw)
        before = next((e.answers for e in desk.reading.given if e.id == form.entry_id), None)
        reading = desk.reading.with_entry(Entry(form.entry_id, form.page_id, {**(before or {}), **answers}))
        information = self._information(desk, reading)
        if information is not None:
            kept_before = self._inform(connection, desk, information)
            return Informed(information, desk.by_moderator, kept_before)
        now = self._on.now()
        sheets.save_entry(connection, self._on.vault.key(desk.sheet.key_id), form, answers, now)
        self._outdate_summary(connection, desk)
        if before is None and page.repeats:
            # An entry that was taken out and is put back has its old place again, which the database knows.
            reading = self._on.reading(connection, desk.sheet)
        saved = self._after(connection, desk, reading, form, page, now)
        return self._touch(connection, desk, saved, now)

    def _touch(self, connection: sqlite3.Connection, desk: _Desk, saved: Saved, now: datetime) -> Saved:
        """A step was taken in a case: its time begins anew."""
        if desk.case is None:
            return saved
        case = cases.touch(connection, desk.case, now, self._turn(desk, now, complete=saved.next is None))
        return saved if desk.by_moderator else replace(saved, case=case)

    def _turn(self, desk: _Desk, now: datetime, *, complete: bool) -> Turn:
        to_confirm = complete and desk.sheet.source is Source.CONVERSATION
        return self._on.turn(now, desk.case, by_moderator=desk.by_moderator, to_confirm=to_confirm)

    def _after(
        self,
        connection: sqlite3.Connection,
        desk: _Desk,
        reading: Reading,
        form: Form,
        page: Page,
        now: datetime,
    ) -> Saved:
        """Mint the refs of whatever may be opened next."""
        shown = reading.shown(page.id)
        entry = next((e for e in shown.entries if e.id == form.entry_id), None) if shown else None
        again = sheets.mint_form(connection, form.sheet_id, form.page_id, form.entry_id, now)
        filled = len(reading.entries(page.id))
        room = page.repeats and filled < page.repeat_max
        number, total = reading.progress(page.id)
        return Saved(
            page=page,
            number=number,
            total=total,
            problems=tuple(shown.problems(entry)) if shown and entry else (),
            again=again.ref,
            next=next_form(connection, desk.sheet, reading, now),
            add_another=blank_form(connection, desk.sheet, page, now).ref if room else "",
            filled=filled,
            by_moderator=desk.by_moderator,
            sheet_id=desk.sheet.id,
        )

    def _outdate_summary(self, connection: sqlite3.Connection, desk: _Desk) -> None:
        """What two people work on is confirmed as it was read: an older summary no longer sends it."""
        statements = desk.reading.questionnaire.statement_page
        if desk.sheet.source is Source.CONVERSATION and statements is not None:
            sheets.drop_forms(connection, desk.sheet.id, statements.id)

    def _information(self, desk: _Desk, reading: Reading) -> InformationPage | None:
        """The page these answers lead to, were they saved."""
        if desk.sheet.source is Source.UPDATE:
            return None
        return information_page(self._on.config.rules, reading)

    def _inform(self, connection: sqlite3.Connection, desk: _Desk, page: InformationPage) -> bool:
        """Keep nothing but a counter. A case that was sent before loses its answers only for age.

        Returns whether earlier answers are still there.
        """
        now = self._on.now()
        events.count(connection, f"information.{page.value}", now)
        case = desk.case
        if case is None:
            return False
        sent_before = decisions.was_sent(connection, case.id)
        if sent_before and page is not InformationPage.UNDER_AGE:
            return True
        doomed: list[str] = []
        if sent_before:
            end_by_person(connection, case, CaseState.WITHDRAWN, now)
        elif page is InformationPage.UNDER_AGE:
            doomed = forget_case(connection, self._on.vault, case, now, case.subject_id)
        else:
            wipe_answers(connection, case, now, case.subject_id)
            cases.set_aside(connection, case, now, self._on.turn(now, case))
        if desk.reading.given or page is InformationPage.UNDER_AGE:
            on_request(connection, case, now, doomed)
        return False

    async def remove(self, visitor: Visitor, ref: str) -> Summary | NextForm | NotSaved:
        """Take out the entry that a form belongs to."""
        return await self._on.database.write(lambda connection: self._remove(connection, visitor, ref))

    def _remove(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str
    ) -> Summary | NextForm | NotSaved:
        form, desk = self._desk_of_form(connection, visitor, ref)
        if form is None or desk is None:
            return NotSaved(WhyNot.UNKNOWN)
        why = _why_closed(desk)
        if desk.kept_from is not None:
            self._note_look(connection, visitor, desk)
        page = desk.reading.questionnaire.page(form.page_id)
        if why is not None or page is None or not page.repeats:
            return NotSaved(why or WhyNot.UNKNOWN)
        now = self._on.now()
        sheets.remove_entry(connection, form.entry_id, now)
        self._outdate_summary(connection, desk)
        table = self.table(connection, visitor, desk.sheet.id)
        if desk.case is not None:
            turn = self._turn(desk, now, complete=isinstance(table, Summary))
            cases.touch(connection, desk.case, now, turn)
        return table

    async def summary(self, visitor: Visitor, sheet_id: str) -> Summary | NextForm | NotSaved:
        """All answers with the refs to change them; or the page that is still missing."""
        return await self._on.database.write(lambda connection: self.table(connection, visitor, sheet_id))

    def table(
        self, connection: sqlite3.Connection, visitor: Visitor, sheet_id: str
    ) -> Summary | NextForm | NotSaved:
        """``summary``, inside a unit of work."""
        sheet = sheets.get(connection, sheet_id)
        desk = None if sheet is None else self._desk(connection, visitor, sheet)
        if desk is None:
            return NotSaved(WhyNot.UNKNOWN)
        why = _why_closed(desk)
        if why is None or why is desk.kept_from:
            self._note_look(connection, visitor, desk)
        if why is not None:
            return NotSaved(why)
        now = self._on.now()
        missing = next_form(connection, desk.sheet, desk.reading, now)
        return missing or self._summary(connection, desk, now)

    def _summary(self, connection: sqlite3.Connection, desk: _Desk, now: datetime) -> Summary:
        reading, sheet = desk.reading, desk.sheet
        disclosure = disclosure_from(reading)
        statements = reading.statements
        return Summary(
            sheet_id=sheet.id,
            source=sheet.source,
            entries=tuple(
                SummaryEntry(shown, entry, entry_form(connection, sheet, entry, now).ref)
                for shown in reading.pages
                for entry in shown.entries
            ),
            add_another=tuple(
                (shown.page, blank_form(connection, sheet, shown.page, now).ref)
                for shown in reading.pages
                if shown.page.repeats and len(shown.entries) < shown.page.repeat_max
            ),
            contradictions=contradictions(reading, disclosure),
            statements=statements,
            send_ref=blank_form(connection, sheet, statements.page, now).ref if statements else "",
            by_moderator=desk.by_moderator,
        )

    def _desk_of_form(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str
    ) -> tuple[Form, _Desk | None] | tuple[None, None]:
        found = sheets.of_form(connection, ref)
        if found is None:
            return None, None
        form, sheet = found
        return form, self._desk(connection, visitor, sheet)

    def _desk(self, connection: sqlite3.Connection, visitor: Visitor, sheet: Sheet) -> _Desk | None:
        """A sheet that this visitor may work on: their own, or one recorded in conversation."""
        own, case = self._on.owns(visitor, sheet), cases.of_sheet(connection, sheet.id)
        kept_from = None
        if not own:
            if sheet.source is not Source.CONVERSATION or case is None:
                return None
            why = hands.may_not(connection, self._on, visitor, Act.ASK, case)
            if why and why not in KEPT_FROM:
                return None
            kept_from = WhyNot(why) if why else None
        return _Desk(sheet, case, not own, self._on.reading(connection, sheet), kept_from)


def _why_full(desk: _Desk, form: Form, page: Page | None) -> WhyNot | None:
    given = desk.reading.given
    if page is None or any(entry.id == form.entry_id for entry in given):
        return None
    taken = sum(entry.page_id == page.id for entry in given)
    return WhyNot.FULL if taken >= page.repeat_max else None


def _why_closed(desk: _Desk) -> WhyNot | None:
    if desk.kept_from is not None:
        return desk.kept_from
    if desk.sheet.sent_at is not None:
        return WhyNot.SENT
    if desk.case is not None and desk.case.state is not CaseState.ANSWERING:
        return WhyNot.CLOSED
    return None


def typed_in(raw: RawValues) -> tuple[str, ...]:
    """The values in what a form sent, for handing them back."""
    values = [value for value in raw.values() if isinstance(value, str)]
    return tuple(value for value in values if value.strip())
