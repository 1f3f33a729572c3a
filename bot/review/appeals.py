"""Asking for a second look: by the person in the server, or with their code once they are gone."""

import sqlite3
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.access import HIDDEN, Act
from bot.fairness import hands
from bot.foundation import Foundation
from bot.model import AppealOutcome, Via, Visitor
from bot.review import second_looks
from bot.review.second_looks import ADD_WITHIN, SecondLook
from bot.store import appeals, cases
from bot.store.appeals import Appeal, AppealCode
from bot.store.cases import Case

LONGEST_APPEAL = 1500
"""Characters that somebody may write at a time, so that a form can hand them back."""

LONGEST_IN_ALL = 3 * LONGEST_APPEAL
"""Characters of all that a moderator filed for somebody who is gone."""

WRONG_CODES = 10
"""So many wrong codes of one person ..."""
WRONG_CODES_WITHIN = timedelta(hours=1)
"""... within this time, and the next one is not even looked up."""
_MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Filed:
    """An appeal is with the team."""

    appeal: Appeal
    case: Case
    add_until: datetime
    again: bool = False
    """It was there already, and what was written is changed."""


@dataclass(frozen=True, slots=True)
class NotFiled:
    """Nothing was filed or changed. The code picks the sentence."""

    code: str


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody is about to write, with what they wrote before."""

    text: str = field(default="", repr=False)
    again: bool = False


class Appeals:
    """Use cases of asking for a second look. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._wrong: OrderedDict[int, deque[datetime]] = OrderedDict()

    async def standing(self, visitor: Visitor) -> SecondLook | None:
        """How it stands with a second look for whoever asks; None where there is nothing to appeal."""
        return await self._on.database.read(lambda connection: self._standing(connection, visitor))

    def _standing(self, connection: sqlite3.Connection, visitor: Visitor) -> SecondLook | None:
        subject = self._on.find(connection, visitor.user_id)
        return second_looks.of_person(connection, subject.id, self._on.now()) if subject else None

    async def write(self, visitor: Visitor) -> Writing | NotFiled:
        """Begin to write an appeal, or to change what was written."""
        return await self._on.database.read(lambda connection: self._write(connection, visitor))

    def _write(self, connection: sqlite3.Connection, visitor: Visitor) -> Writing | NotFiled:
        look = self._standing(connection, visitor)
        if look is None:
            return NotFiled("nothing_to_appeal")
        if look.appeal is None:
            return Writing()
        if look.until <= self._on.now():
            return NotFiled("too_late_to_add")
        case = cases.again(connection, look.appeal.case_id)
        key = self._on.key_of(connection, case.subject_id)
        return Writing(appeals.text_of(connection, key, look.appeal.id)[:LONGEST_APPEAL], again=True)

    async def file(self, visitor: Visitor, text: str) -> Filed | NotFiled:
        """File an appeal against the latest decision that can be appealed, or change what was written."""
        return await self._on.database.write(lambda connection: self._file(connection, visitor, text))

    def _file(self, connection: sqlite3.Connection, visitor: Visitor, text: str) -> Filed | NotFiled:
        now, subject = self._on.now(), self._on.find(connection, visitor.user_id)
        if subject is None:
            return NotFiled("nothing_to_appeal")
        look, written = self._standing(connection, visitor), text.strip()[:LONGEST_APPEAL]
        if look is not None and look.appeal is not None:
            if look.until <= now:
                return NotFiled("too_late_to_add")
            return self._rewritten(connection, look.appeal, written, subject.id, now)
        code = appeals.may_file(connection, subject.id, now)
        if code is None:
            return NotFiled("nothing_to_appeal")
        return self._filed(connection, code, Via.PANEL, written, subject.id, now)

    def _filed(
        self,
        connection: sqlite3.Connection,
        code: AppealCode,
        via: Via,
        text: str,
        by: str,
        now: datetime,
    ) -> Filed:
        case = cases.again(connection, code.case_id)
        key, due_at = self._on.key_of(connection, case.subject_id), now + self._on.config.appeals.target
        appeal = appeals.file(connection, key, code, via, text, now, due_at)
        second_looks.note(connection, appeal, "appeal.filed", by, now, via=via.value)
        return Filed(appeal, case, now + ADD_WITHIN)

    def _rewritten(
        self, connection: sqlite3.Connection, appeal: Appeal, text: str, by: str, now: datetime
    ) -> Filed:
        case = cases.again(connection, appeal.case_id)
        appeals.rewrite(connection, self._on.key_of(connection, case.subject_id), appeal, text, now)
        second_looks.note(connection, appeal, "appeal.changed", by, now)
        return Filed(appeal, case, appeal.filed_at + ADD_WITHIN, again=True)

    async def withdraw(self, visitor: Visitor) -> bool:
        """The person takes their appeal back. False: none was open."""
        return await self._on.database.write(lambda connection: self._withdraw(connection, visitor))

    def _withdraw(self, connection: sqlite3.Connection, visitor: Visitor) -> bool:
        subject = self._on.find(connection, visitor.user_id)
        appeal = appeals.open_of_subject(connection, subject.id) if subject else None
        if subject is None or appeal is None:
            return False
        now = self._on.now()
        appeals.close(connection, appeal, AppealOutcome.WITHDRAWN, now)
        second_looks.note(connection, appeal, "appeal.withdrawn", subject.id, now)
        return True

    async def check_code(self, visitor: Visitor, typed: str) -> NotFiled | None:
        """Whether a moderator may file with a code, before they write anything. None: they may."""
        result = await self._with_code(visitor, typed, None)
        return result if isinstance(result, NotFiled) else None

    async def file_by_code(self, visitor: Visitor, typed: str, text: str) -> Filed | NotFiled:
        """A moderator files what somebody who is gone wrote to the contact address, with their code."""
        result = await self._with_code(visitor, typed, text)
        return result or NotFiled("no_such_appeal_code")

    async def _with_code(self, visitor: Visitor, typed: str, text: str | None) -> Filed | NotFiled | None:
        if not hands.has_role(self._on, visitor):
            return NotFiled("not_a_moderator")
        if self._tries_too_often(visitor):
            return NotFiled("too_many_codes")
        result = await self._on.database.write(lambda c: self._by_code(c, visitor, typed, text))
        if isinstance(result, NotFiled) and result.code == "no_such_appeal_code":
            self._wrong[visitor.user_id].append(self._on.now())
        return result

    def _by_code(
        self, connection: sqlite3.Connection, visitor: Visitor, typed: str, text: str | None
    ) -> Filed | NotFiled | None:
        """Unknown, used up, over: the answer is the same, because the difference tells about somebody."""
        now = self._on.now()
        code = second_looks.of_code(connection, self._on, typed, now)
        case = cases.get(connection, code.case_id) if code else None
        appeal = appeals.against(connection, code.decision_id) if code else None
        if code is None or case is None or (appeal and not self._can_add_for_them(appeal, now)):
            return NotFiled("no_such_appeal_code")
        why = hands.may_not(connection, self._on, visitor, Act.SEE, case)
        if why:
            return NotFiled("no_such_appeal_code" if why == HIDDEN else why)
        if text is None:
            return None
        moderator = hands.acting(connection, self._on, visitor)
        written = text.strip()[:LONGEST_APPEAL]
        if appeal is None:
            return self._filed(connection, code, Via.CONTACT, written, moderator.id, now)
        before = appeals.text_of(connection, self._on.key_of(connection, case.subject_id), appeal.id)
        both = f"{before}\n\n{written}".strip()[:LONGEST_IN_ALL]
        return self._rewritten(connection, appeal, both, moderator.id, now)

    def _can_add_for_them(self, appeal: Appeal, now: datetime) -> bool:
        return appeal.closed_at is None and appeal.via is Via.CONTACT and now < appeal.filed_at + ADD_WITHIN

    def _tries_too_often(self, visitor: Visitor) -> bool:
        """Kept in memory: a restart forgives, and a code is far too long to be guessed in between."""
        tries = self._wrong.setdefault(visitor.user_id, deque(maxlen=WRONG_CODES))
        self._wrong.move_to_end(visitor.user_id)
        if len(self._wrong) > _MOST_REMEMBERED:
            self._wrong.popitem(last=False)
        return len(tries) == WRONG_CODES and self._on.now() - tries[0] < WRONG_CODES_WITHIN
