"""What a team leaves behind: moderators with links of their own, a register, and work in every stage.

What is open is as much whatever the size. What is over grows with the cases.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import cycle

from bot.clock import to_ms
from bot.config import Config
from bot.fairness.interests import log_own
from bot.fairness.naming import normalised
from bot.ids import new_id, new_ids
from bot.model import Disclosed, Disclosure, Interest, Outcome, Ruling
from bot.review.voting import Vote
from bot.store import cases, moderators, motions, notes, organisations, questions, recusals, subjects, waiting
from bot.store.cases import Case
from bot.store.concerns import Concern, ConcernKind, Said, Told
from bot.store.concerns import add as add_concern
from bot.store.subjects import Subject
from bot.vault import PersonKey, Vault

TEAM = 8
"""Moderators, each with links of their own."""
ORGANISATIONS = 500
"""In the register, each with another name; a fifth belong to another one, and some were merged."""
TIED_IN = 4
"""Of so many people who are held, one names what a moderator has to do with, under another name."""
OPEN_APPEALS = 40
OPEN_CONCERNS = 40

_STATEMENTS = {
    "motion": """
        INSERT INTO motion VALUES (?, ?, 3, 'admit', 'link_on_terms', NULL, ?, ?, ?, ?, 0, 'carried', ?)
    """,
    "vote": "INSERT INTO vote VALUES (?, ?, 'for', 1, ?)",
    "condition": "INSERT INTO condition VALUES (?, ?, ?, 'no_recruitment', NULL, ?, NULL, NULL, NULL)",
    "question": "INSERT INTO question VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "note": "INSERT INTO note VALUES (?, ?, NULL, ?, ?, ?)",
    "recusal": "INSERT INTO recusal VALUES (?, ?, ?, 'declared', ?)",
    "appeal": """
        INSERT INTO appeal VALUES (?, ?, ?, 'panel', ?, ?, ?, ?, ?, ?, ?)
    """,
    "concern": """
        INSERT INTO concern (id, code, kind, reporter_id, about_id, follow, locale, opened_at, due_at,
            closed_at, outcome, closed_by, told_at)
        VALUES (?, ?, 'selling', ?, ?, ?, 'en-US', ?, ?, ?, 'talked', ?, ?)
    """,
    "interest_text": "INSERT INTO interest_text VALUES (?, 'organisation', ?)",
    "verdict": "INSERT INTO verdict VALUES (?, ?, ?, ?, 'hash', '{}', 'hold', 'link_disclosed', '{}', ?)",
}
RARE = "a_rare_one"
_RULES = ("links_need_a_person", "paid_link", "industry")
_SOME = "A sentence or two, as long as people mostly write."
_DAY = timedelta(days=1)
_DAY_MS = _DAY // timedelta(milliseconds=1)


def organisation(number: int, *, alias: bool = False) -> str:
    """What an organisation of the register is called, or what else."""
    return f"{'Lab' if alias else 'Pharma'} Nr {number % ORGANISATIONS} Ltd"


def _belongs(number: int) -> tuple[int | None, int | None]:
    """To whom an organisation belongs, by number, and what it turned out to be."""
    above, place = divmod(number, 5)
    return above if place == 1 and above else None, number - 1 if number % 25 == 24 else None  # noqa: PLR2004 - now and then


class Teamwork:
    """What the team did with cases, written beside them."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        vault: Vault,
        config: Config,
        now: datetime,
        user_ids: Iterable[int],
    ) -> None:
        """Make the moderators known, by their Discord ids."""
        self._connection, self._vault, self._config, self._now = connection, vault, config, now
        self._rows: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
        since = now - timedelta(days=900)
        self.team = [subjects.find_or_add(connection, vault, user_id, since) for user_id in user_ids]
        self._next = cycle(one.id for one in self.team)

    def whose(self) -> str:
        """Whose turn it is."""
        return next(self._next)

    def write(self) -> None:
        """Write what was gathered."""
        for name, rows in self._rows.items():
            self._connection.executemany(_STATEMENTS[name], rows)
            rows.clear()

    def named(self, person: Subject, interest: str, number: int) -> None:
        """Somebody named an organisation."""
        key = self._vault.key(person.key_id)
        sealed = key.seal(
            organisation(number, alias=number % 2 == 0), f"interest_text/sealed/{interest}/organisation"
        )
        self._rows["interest_text"].append((interest, sealed))

    def judged(self, case: str, disclosure: str, number: int, at: int) -> None:
        """A rule held somebody."""
        rule = RARE if number % 50 == 0 else _RULES[number % len(_RULES)]
        self._rows["verdict"].append((new_id(), case, disclosure, rule, at))

    def admitted(self, number: int, person: Subject, case: str, decision: str, at: int) -> None:
        """What there is beside the case of somebody who was let in: more beside some than beside others."""
        key, rows, by = self._vault.key(person.key_id), self._rows, self.whose()
        if number % 3 == 0:
            note = new_id()
            rows["note"].append((note, case, by, key.seal(_SOME, f"note/sealed/{note}"), at))
        if number % 5 == 0:
            ref = new_id()
            asked, answered = (
                key.seal(_SOME, f"question/{part}/{ref}") for part in ("sealed", "sealed_answer")
            )
            rows["question"].append((ref, case, by, at, at + _DAY_MS, asked, at + 1, answered, at + 1))
        if number % 10 == 0:
            motion, other = new_id(), self.whose()
            rows["motion"].append((motion, case, b"", by, at, at + _DAY_MS, at))
            rows["vote"] += ((motion, by, at), (motion, other, at))
            rows["condition"].append((new_id(), case, decision, at))
            rows["recusal"].append((new_id(), self.whose(), case, at))

    def declined(self, number: int, person: Subject, case: str, decision: str, at: int) -> None:
        """Of those who were declined, some appealed, and about as many concerns were told."""
        rows = self._rows
        if number % 10 == 0:
            closed = (at + _DAY_MS, "same", "answers_and_facts", self.whose())
            rows["appeal"].append((new_id(), case, decision, None, at, at + 14 * _DAY_MS, *closed))
        if number % 10 == 1:
            concern, code, closed_at = new_id(), f"{number % 32**6:09d}", at + _DAY_MS
            known = (self._vault.code_hash("bench", concern), at, at + 3 * _DAY_MS, closed_at)
            rows["concern"].append((concern, code, None, person.id, *known, self.whose(), closed_at))

    def furnish(self, held: list[Case], talking: list[Case], declined: list[Case]) -> None:
        """What is open now: cases in every list, appeals and concerns, most of it in somebody's hands."""
        self._register()
        for number, one in enumerate(self.team):
            self._tell(one, number)
        moderators.note_seen(self._connection, [one.id for one in self.team], self._now)
        for number, case in enumerate(held):
            self._work_on(number, case)
        at = to_ms(self._now)
        self._connection.executemany(
            "UPDATE cases SET wants_person_at = ?, lapse_at = NULL, target_at = ? WHERE id = ?",
            [(at, at + 100 * _DAY_MS, case.id) for case in talking],
        )
        for case in declined[:OPEN_APPEALS]:
            self._appeal(case)
        for number in range(OPEN_CONCERNS):
            self._concern(number, held[number], held[-number])

    def _register(self) -> None:
        known, at = new_ids(ORGANISATIONS), self._now - 30 * _DAY
        self._connection.executemany(
            "INSERT INTO organisation VALUES (?, 'industry', ?, ?, ?)",
            [
                (one, *(None if other is None else known[other] for other in _belongs(number)), to_ms(at))
                for number, one in enumerate(known)
            ],
        )
        for number, one in enumerate(known):
            for alias in (False, True):
                name = organisation(number, alias=alias)
                lookup = self._vault.name_lookup(normalised(name))
                organisations.add_name(self._connection, self._vault, one, name, lookup, at, main=not alias)

    def _tell(self, moderator: Subject, number: int) -> None:
        links = Disclosure(Disclosed.SOME, (link(7 * number), link(7 * number + 3)))
        key, asked_by = self._vault.key(moderator.key_id), self._config.questionnaire.content_hash
        log_own(self._connection, key, moderator.id, links, asked_by, self._now - _DAY)

    def _work_on(self, number: int, case: Case) -> None:
        connection, now, by = self._connection, self._now, self.whose()
        key = self._key_of(case)
        notes.write(connection, key, _SOME, by=by, now=now, case_id=case.id)
        if number % 5 == 0:
            answer_by = now + 100 * _DAY
            questions.ask(
                connection, key, case_id=case.id, asked_by=by, text=_SOME, now=now, answer_by=answer_by
            )
            waiting.ask(connection, case, now, answer_by)
        elif number % 5 == 1:
            motion = motions.open_new(
                connection,
                key,
                case_id=case.id,
                case_version=case.version,
                ruling=Ruling(Outcome.ADMIT, "link_on_terms", _SOME),
                proposed_by=by,
                now=now,
                due_at=now + 100 * _DAY,
                waits=False,
            )
            motions.cast(connection, motion, by, Vote.FOR, now)
        elif number % 20 == 3:  # noqa: PLR2004 - now and then
            connection.execute("UPDATE cases SET blocked_at = ? WHERE id = ?", (to_ms(now), case.id))
        if number % 2 == 0:
            self._claim("case", case.id, by)
        if number % 4 == 0:
            recusals.declare(connection, case.id, self.whose(), now)

    def _appeal(self, case: Case) -> None:
        appeal, at = new_id(), to_ms(self._now)
        sealed = self._key_of(case).seal(_SOME, f"appeal/sealed/{appeal}")
        waits = (at, at + 100 * _DAY_MS, None, None, None, None)
        row = (appeal, case.id, case.decision_id, sealed, *waits)
        self._connection.execute(_STATEMENTS["appeal"], row)
        self._claim("appeal", appeal, self.whose())

    def _concern(self, number: int, about: Case, reporter: Case) -> None:
        concern = Concern(
            id=new_id(),
            code=f"{number:04d}-CNCN",
            kind=ConcernKind.PROMOTION,
            reporter_id=reporter.subject_id,
            # Some are about moderators, who do not see them.
            about_id=self.whose() if number % 10 == 0 else about.subject_id,
            follow=self._vault.code_hash("bench", str(number)),
            locale="en-US",
            opened_at=self._now,
            due_at=self._now + 100 * _DAY,
        )
        told = Told((Said(to_ms(self._now), asked=False, text=_SOME),))
        add_concern(self._connection, self._key_of(reporter), concern, told)
        if number % 2:
            self._claim("concern", concern.id, self.whose())

    def _claim(self, kind: str, item_id: str, holder_id: str) -> None:
        at = to_ms(self._now)
        row = (kind, item_id, holder_id, at, at + 100 * _DAY_MS)
        self._connection.execute("INSERT INTO claim VALUES (?, ?, ?, ?, ?)", row)

    def _key_of(self, case: Case) -> PersonKey:
        person = subjects.get(self._connection, case.subject_id)
        if person is None:
            raise LookupError("subject")
        return self._vault.key(person.key_id)


def link(number: int) -> Interest:
    """A link that goes on."""
    return Interest(
        category="industry",
        relationships=("employment",),
        holder="self",
        capacity="personal",
        period="current",
        purposes=("peer_support",),
        data_uses=("nothing",),
        reporting_duty="no",
        instructed="unaware",
        organisation=organisation(number),
    )


def newest(connection: sqlite3.Connection, state: str, most: int) -> list[Case]:
    """Cases in a state, the newest first."""
    rows = connection.execute(
        "SELECT * FROM cases WHERE state = ? ORDER BY opened_at DESC, rowid DESC LIMIT ?", (state, most)
    )
    return [cases.from_row(row) for row in rows]
