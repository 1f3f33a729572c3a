"""Fills a database with cases by the hundred thousand, as years of use would leave them.

The rows are written directly, since a million people cannot press buttons within a benchmark. Everybody
has a key that opens what is sealed about them, and the log has its lines and seals, so that ``verify``
finds nothing wrong.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from bench.teamwork import OPEN_APPEALS, TEAM, Teamwork, newest
from bot.clock import to_ms
from bot.config import Config
from bot.ids import new_id, new_ids
from bot.log import epochs
from bot.store import events, messages, subjects
from bot.store.access import OPERATOR
from bot.store.messages import SentKind
from bot.store.subjects import Subject
from bot.vault import Vault

BACKLOG = {"held": 200, "waiting": 400, "answering": 200}
"""Open cases, as many whatever the size: a team that keeps up has no more after ten years."""
ADMITTED_IN_TEN = 1
"""Of all others; the rest is closed, and mostly wiped."""
_CHANGED_IN_TEN = 3
"""Of those who were admitted: so many have changed their links since."""
_TALKING = 40
"""Of those who have not begun: so many would like to talk."""
_SEARCHES = 100
"""Looks at everybody's records, as many whatever the size: they go after a year."""

_AT_ONCE = 50_000
_MOMENTS = 10_000
"""Moments at which people came: those of one moment are written together, or a million would take hours."""

_STATEMENTS = {
    "sheet": """
        INSERT INTO sheet (id, subject_id, source, questionnaire_hash, opened_at, sent_at)
        VALUES (?, ?, ?, ?, ?, ?)
    """,
    "decision": """
        INSERT INTO decision (id, case_id, outcome, automated, decided_by, reason_code, disclosed, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    """,
    "case": """
        INSERT INTO cases (
            id, code, subject_id, sheet_id, state, hold_reason, locale, opened_at, last_activity_at, held_at,
            target_at, closed_at, decision_id, wiped_at, lapse_at
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """,
    "disclosure": "INSERT INTO disclosure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "superseded": "INSERT INTO superseded VALUES (?, ?)",
    "interest": "INSERT INTO interest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "consent": "INSERT INTO consent VALUES (?, ?, ?, ?)",
    "letter": "INSERT INTO letter (id, case_id, decision_id, sealed, delivery, at) VALUES (?, ?, ?, ?, ?, ?)",
    "effect": """
        INSERT INTO effect (key, kind, case_id, state, due_at, wanted_at) VALUES (?, ?, ?, 'done', ?, ?)
    """,
    "access": "INSERT INTO access VALUES (?, ?, ?, ?, ?, ?, ?)",
}


def fill(connection: sqlite3.Connection, vault: Vault, config: Config, count: int, now: datetime) -> None:
    """Write ``count`` cases of as many people, and what belongs to them."""
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "foreign_keys = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {pragma}").fetchone()
    vault.connection.execute("PRAGMA cache_size = -200000")
    connection.execute("BEGIN")
    # Indexes are made at the end, which is faster; the trigger refuses cases that begin decided.
    put_back = [
        (row["kind"], row["name"], row["sql"])
        for row in connection.execute(
            """
            SELECT type AS kind, name, sql FROM sqlite_schema
            WHERE sql IS NOT NULL AND name <> 'event_of_epoch'
                AND (type = 'index' OR name = 'case_never_begins_admitted')
            """
        )
    ]
    for kind, name, _ in put_back:
        connection.execute(f"DROP {kind} {name}")
    filling = _Filling(connection, vault, config, count, now)
    for part in _stretches(range(count), _AT_ONCE):
        filling.write(part)
    filling.note_searches()
    for _, _, statement in put_back:
        connection.execute(statement)
    filling.furnish()
    while epochs.drop_old(connection, now, config.retention.log, epochs.MOST_LINES):
        pass
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("ANALYZE")


def user_id(number: int) -> int:
    """Somebody's Discord id."""
    return 810_000_000_000_000_000 + number


def state_of(number: int) -> str:
    """How the case with this number stands."""
    edge = 0
    for state, open_cases in BACKLOG.items():
        edge += open_cases
        if number < edge:
            return state
    if number % 10 < ADMITTED_IN_TEN:
        return "admitted"
    return ("declined", "left", "lapsed", "withdrawn")[number % 4]


def _stretches(numbers: range, length: int) -> Iterator[range]:
    for start in range(numbers.start, numbers.stop, length):
        yield range(start, min(start + length, numbers.stop))


class _Filling:
    """What is needed for each part."""

    def __init__(
        self, connection: sqlite3.Connection, vault: Vault, config: Config, count: int, now: datetime
    ) -> None:
        self._connection = connection
        self._vault = vault
        self._count = count
        self._now = now
        self._rows: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
        sheet = config.questionnaire
        self._questionnaire, self._notice = sheet.content_hash, new_id()
        connection.execute(
            "INSERT OR IGNORE INTO questionnaire VALUES (?, ?, ?)",
            (sheet.content_hash, sheet.snapshot, to_ms(now)),
        )
        connection.execute("INSERT INTO notice VALUES (?, 'What we keep.', ?)", (self._notice, to_ms(now)))
        self._teamwork = Teamwork(connection, vault, config, now, (user_id(-1 - n) for n in range(TEAM)))

    def _opened(self, number: int) -> datetime:
        return self._now - timedelta(days=900) + timedelta(days=890) * (number / self._count)

    def write(self, numbers: range) -> None:
        """Write the cases with these numbers."""
        self._vault.have_ready(len(numbers))
        for moment in _stretches(numbers, max(1, self._count // _MOMENTS)):
            self._write_moment(moment)
        for name, rows in self._rows.items():
            self._connection.executemany(_STATEMENTS[name], rows)
            rows.clear()
        self._teamwork.write()
        self._vault.settle(self._vault.unsettled(), ())

    def _write_moment(self, numbers: range) -> None:
        """Cases that were opened at the same time: one after the other in the log."""
        opened = self._opened(numbers.start)
        epochs.seal_if_due(self._connection, opened)
        lookups = {self._vault.lookup(user_id(number)): user_id(number) for number in numbers}
        people = subjects.add_all(self._connection, self._vault, lookups, opened)
        wiped, told = _Lines(), _Lines()
        for number, subject, case in zip(numbers, people, new_ids(len(people)), strict=True):
            lines = told if state_of(number) in {*BACKLOG, "admitted"} else wiped
            lines.add(subject.id, "case.opened", case)
            self._write_case(number, subject, case, opened, lines)
        # What lines say goes with the answers.
        end = self._connection.execute("SELECT seq FROM log_head").fetchone()["seq"]
        wiped.write(self._connection, opened)
        self._connection.execute("DELETE FROM event_payload WHERE seq > ?", (end,))
        told.write(self._connection, opened)

    def _write_case(
        self, number: int, subject: Subject, case: str, opened: datetime, lines: "_Lines"
    ) -> None:
        state, at, rows = state_of(number), to_ms(opened), self._rows
        told = state in {"held", "admitted"}
        sheet = (
            self._sheet(subject, at, "gate", at if told else None) if told or state == "answering" else None
        )
        decision = self._decision(case, state, at, lines)
        if told:
            disclosure = self._disclosure(subject, case, 1, at, lines)
            self._teamwork.named(subject, str(self._rows["interest"][-1][0]), number)
            self._looks(subject, case, opened)
            if state == "held":
                self._teamwork.judged(case, disclosure, number, at)
        if state == "declined":
            self._teamwork.declined(number // 4, subject, case, str(decision), at)
        if state == "admitted":
            self._member(number, subject, case, str(decision), opened, lines)
        is_open = state in BACKLOG
        # Each at a moment of its own, and never before it was opened.
        closed = None if is_open else to_ms(self._opened(number))
        if not is_open:
            lines.add(events.MACHINE, f"case.{state}", case)
        if state != "waiting":
            rows["consent"].append((new_id(), case, self._notice, at))
        rows["case"].append(
            (
                case,
                _code(number),
                subject.id,
                sheet,
                state,
                "link_disclosed" if state == "held" else None,
                "en-US",
                at,
                at,
                at if state == "held" else None,
                # Behind those who really answered, whose files can be opened.
                to_ms(self._now + timedelta(days=100)) if state == "held" else None,
                closed,
                decision if state in {"admitted", "declined"} else None,
                None if told or is_open else closed,
                to_ms(self._now + timedelta(days=5)) if state in {"waiting", "answering"} else None,
            )
        )

    def _sheet(self, subject: Subject, at: int, source: str, sent: int | None) -> str:
        sheet = new_id()
        self._rows["sheet"].append((sheet, subject.id, source, self._questionnaire, at, sent))
        return sheet

    def _decision(self, case: str, state: str, at: int, lines: "_Lines") -> str | None:
        if state not in _OUTCOMES:
            return None
        decision, outcome = new_id(), _OUTCOMES[state]
        by = self._teamwork.whose() if outcome == "decline" else None
        reason = "other" if outcome == "decline" else None
        disclosed = "some" if outcome == "admit" else None
        self._rows["decision"].append((decision, case, outcome, int(by is None), by, reason, disclosed, at))
        lines.add(by or events.MACHINE, f"decision.{outcome}", decision)
        return decision

    def _disclosure(self, subject: Subject, case: str | None, version: int, at: int, lines: "_Lines") -> str:
        disclosure, source = new_id(), "gate" if case else "update"
        self._rows["disclosure"].append(
            (disclosure, subject.id, case, version, "some", "", source, self._questionnaire, at)
        )
        self._rows["interest"].append(
            (new_id(), disclosure, 0, "industry", "self", "personal", "current", "no", "unaware")
        )
        lines.add(subject.id, "disclosure.logged", disclosure)
        return disclosure

    def _looks(self, subject: Subject, case: str, opened: datetime) -> None:
        """Those of the last year are still there."""
        at = to_ms(max(opened, self._now - timedelta(days=360)))
        for action in ("open", "history"):
            row = (new_id(), at, self._teamwork.whose(), subject.id, case, action, "review")
            self._rows["access"].append(row)

    def _member(
        self, number: int, subject: Subject, case: str, decision: str, opened: datetime, lines: "_Lines"
    ) -> None:
        """What there is about somebody who was let in, and was welcomed."""
        at = to_ms(opened)
        self._teamwork.admitted(number // 10, subject, case, decision, at)
        self._rows["letter"].append((new_id(), case, decision, None, "shown", at))
        for kind in ("grant", "welcome"):
            self._rows["effect"].append((f"{kind}:{case}", kind, case, at, at))
        messages.note_sent(
            self._connection,
            self._vault.key(subject.key_id),
            SentKind.LETTER,
            subject_id=subject.id,
            case_id=case,
            channel_id=user_id(number) + 1,
            message_ids=[user_id(number) + 2],
            now=opened,
        )
        if number // 10 % 10 < _CHANGED_IN_TEN:
            first = self._rows["disclosure"][-1][0]
            self._sheet(subject, at, "update", at)
            self._disclosure(subject, None, 2, at, lines)
            self._rows["superseded"].append((first, at))

    def furnish(self) -> None:
        """What the team is at now."""
        declined = newest(self._connection, "declined", OPEN_APPEALS)
        held, waiting = (newest(self._connection, state, BACKLOG[state]) for state in ("held", "waiting"))
        self._teamwork.furnish(held, waiting[:_TALKING], declined)
        self._vault.settle(self._vault.unsettled(), ())

    def note_searches(self) -> None:
        """Looks at everybody's records."""
        at = to_ms(self._now - timedelta(days=5))
        rows = [(new_id(), at, OPERATOR, None, None, "export", "export") for _ in range(_SEARCHES)]
        self._connection.executemany(_STATEMENTS["access"], rows)


_OUTCOMES = {"admitted": "admit", "declined": "decline", "held": "hold"}


class _Lines:
    """Lines of the log, gathered by what they say happened."""

    def __init__(self) -> None:
        self._about: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, actor: str, action: str, object_id: str) -> None:
        """One more."""
        self._about[action].append((actor, object_id))

    def write(self, connection: sqlite3.Connection, at: datetime) -> None:
        """Append all of them."""
        for action, about in self._about.items():
            events.record_all(connection, at, action, action.partition(".")[0], about)


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _code(number: int) -> str:
    """A code of its own for every number, spread like random ones."""
    spread = (number * 0x2545F491 + 0x1234567) % 32**6
    letters = "".join(_ALPHABET[spread >> shift & 31] for shift in range(25, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
