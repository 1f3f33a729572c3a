"""Minting forms: which form comes next on a sheet, and the ref that it is opened by.

A blank form of a page is minted once and offered until it is saved, so that opening it on two devices
fills in one entry. A saved entry has a fresh form for each content, because some phones keep showing
what a form with the same ref held before.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.answers import Entry, Reading, ShownPage
from bot.questionnaire import Page
from bot.store import sheets
from bot.store.sheets import Form, Sheet


@dataclass(frozen=True, slots=True)
class NextForm:
    """A page that can be opened next."""

    ref: str
    shown: ShownPage
    entry: Entry
    number: int
    total: int
    filled: tuple[tuple[Page, str], ...] = ()
    """Pages filled in before, each with the ref that changes it."""

    @property
    def page(self) -> Page:
        """The page as the questionnaire has it."""
        return self.shown.page


def next_form(
    connection: sqlite3.Connection, sheet: Sheet, reading: Reading, now: datetime
) -> NextForm | None:
    """The form of the first page that still needs something; None when all is answered."""
    step = reading.next_page()
    if step is None:
        return None
    shown = reading.shown(step.page_id)
    if shown is None:
        return None
    number, total = reading.progress(step.page_id)
    if step.entry_id:
        entry = next(e for e in shown.entries if e.id == step.entry_id)
        form = entry_form(connection, sheet, entry, now)
    else:
        form = blank_form(connection, sheet, shown.page, now)
        entry = Entry(form.entry_id, form.page_id)
    filled = tuple(
        (before.page, entry_form(connection, sheet, other, now).ref)
        for before in reading.pages
        for other in before.entries
        if other.id != step.entry_id
    )
    return NextForm(form.ref, shown, entry, number, total, filled)


def blank_form(connection: sqlite3.Connection, sheet: Sheet, page: Page, now: datetime) -> Form:
    """A form whose entry has not been saved yet: the one that was minted already, or a new one."""
    waiting = sheets.unsaved_form(connection, sheet.id, page.id)
    return waiting or sheets.mint_form(connection, sheet.id, page.id, sheets.new_entry_id(), now)


def entry_form(connection: sqlite3.Connection, sheet: Sheet, entry: Entry, now: datetime) -> Form:
    """The form that changes an entry: the one minted when it was last saved, or a new one."""
    newest = sheets.newest_form(connection, sheet.id, entry.page_id, entry.id)
    return newest or sheets.mint_form(connection, sheet.id, entry.page_id, entry.id, now)
