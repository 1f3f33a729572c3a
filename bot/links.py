"""A member's own links: what is on record, and changing it."""

import sqlite3
from dataclasses import dataclass

from bot.fairness import hands
from bot.filling import NotSaved, Summary
from bot.forms import Forms
from bot.foundation import Foundation
from bot.minting import NextForm
from bot.model import Condition, Source, Visitor
from bot.review import second_looks
from bot.review.second_looks import SecondLook
from bot.store import cases, conditions, disclosures, sheets
from bot.store.disclosures import Logged


@dataclass(frozen=True, slots=True)
class LinksOnRecord:
    """What is on record about somebody's links; nothing, for members from before the bot."""

    logged: Logged | None
    changing: bool
    """Changes have been begun and not sent."""
    conditions: tuple[Condition, ...] = ()
    """What holds for them as a member."""
    second_look: SecondLook | None = None
    """How it stands with a second look at what they were admitted on."""


@dataclass(frozen=True, slots=True)
class NotAMember:
    """Only members change links here; an applicant changes answers at the gate."""


class Links:
    """Use cases around a member's links, and a moderator's. One object serves everybody."""

    def __init__(self, foundation: Foundation, forms: Forms) -> None:
        """Take what every use case stands on, and the forms."""
        self._on = foundation
        self._forms = forms

    async def on_record(self, visitor: Visitor) -> LinksOnRecord | NotAMember:
        """What is on record about this member's links."""
        return await self._on.database.read(lambda connection: self._on_record(connection, visitor))

    def _on_record(self, connection: sqlite3.Connection, visitor: Visitor) -> LinksOnRecord | NotAMember:
        if not self._is_member(connection, visitor):
            return NotAMember()
        subject = self._on.find(connection, visitor.user_id)
        if subject is None:
            return LinksOnRecord(None, changing=False)
        key = self._on.vault.key(subject.key_id)
        sheet = sheets.latest(connection, subject.id, Source.UPDATE)
        changing = sheet is not None and sheet.sent_at is None
        known = cases.of_subject(connection, subject.id)
        terms = conditions.in_force(connection, key, known[0].id) if known else ()
        look = second_looks.of_person(connection, subject.id, self._on.now())
        return LinksOnRecord(disclosures.current(connection, key, subject.id), changing, terms, look)

    def _is_member(self, connection: sqlite3.Connection, visitor: Visitor) -> bool:
        discord = self._on.config.discord
        if discord is not None and discord.member_role in visitor.role_ids:
            return True
        subject = self._on.find(connection, visitor.user_id)
        known = cases.of_subject(connection, subject.id) if subject else []
        return bool(known) and known[0].is_member

    async def change(self, visitor: Visitor) -> NextForm | Summary | NotSaved | NotAMember:
        """Begin to change links, or carry on: the answers given last are where it starts."""
        return await self._on.database.write(lambda connection: self._change(connection, visitor))

    def _change(
        self, connection: sqlite3.Connection, visitor: Visitor
    ) -> NextForm | Summary | NotSaved | NotAMember:
        if not (self._is_member(connection, visitor) or hands.may_come(connection, self._on, visitor)):
            return NotAMember()
        now = self._on.now()
        subject = self._on.find_or_add(connection, visitor.user_id, now)
        known = cases.of_subject(connection, subject.id)
        if known and known[0].gone_at is not None:
            cases.note_gone(connection, known[0], None)
        before = sheets.latest(connection, subject.id)
        if before is not None and before.source is Source.UPDATE and before.sent_at is None:
            return self._forms.table(connection, visitor, before.id)
        questionnaire = self._on.config.questionnaire
        sheet = sheets.open_new(connection, subject.id, Source.UPDATE, questionnaire, now)
        if before is not None:
            key = self._on.vault.key(subject.key_id)
            statements = {page.id for page in questionnaire.pages if page.statements}
            kept = [e for e in sheets.entries(connection, key, before.id) if e.page_id not in statements]
            sheets.copy_entries(connection, key, kept, sheet.id, now)
        return self._forms.table(connection, visitor, sheet.id)
