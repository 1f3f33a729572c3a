"""The queue: what is open, list by list, what is due first at the top. Pages are found by an index."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.review import next_step
from bot.review.next_step import Group, NextStep, Proposed
from bot.store import cases
from bot.store.cases import Case
from bot.store.tasks import Task


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a list: its code, and whose turn it is since when; never who it is about."""

    item_id: str
    """Of the case, the appeal or the concern."""
    code: str
    step: NextStep
    case: Case | None
    """None for a concern."""

    @property
    def place(self) -> "Place":
        """Where it stands in its list."""
        return Place(to_ms(self.step.due_at), self.item_id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a list: when it is due, in milliseconds, and its id."""

    due: int
    id: str


TOP = Place(-1, "")
"""Before everything in a list."""


def page(connection: sqlite3.Connection, group: Group, after: Place, most: int) -> list[Line]:
    """Cases of a list, from a place on."""
    rows = connection.execute(
        """
        SELECT cases.*, claim.holder_id, motion.proposed_at, motion.due_at AS motion_due, motion.waits
        FROM cases
            LEFT JOIN claim ON claim.kind = 'case' AND claim.item_id = cases.id
            LEFT JOIN motion ON motion.case_id = cases.id AND motion.state = 'open'
        WHERE cases.step = ? AND (cases.step_due, cases.id) > (?, ?)
        ORDER BY cases.step_due, cases.id LIMIT ?
        """,
        (group.value, after.due, after.id, most),
    )
    return [line for line in (_case_line(row) for row in rows) if line]


def fitting(
    connection: sqlite3.Connection, group: Group, rule: str, category: str, most: int
) -> list[tuple[str, bool]]:
    """The first cases of a list, by id, and whether each fits a rule and a category; empty: any."""
    rows = connection.execute(
        """
        SELECT id, (:rule = '' OR :rule = (
                SELECT rule_id FROM verdict WHERE case_id = cases.id ORDER BY at DESC LIMIT 1
            )) AND (:category = '' OR EXISTS (
                SELECT 1 FROM interest WHERE category = :category AND disclosure_id = (
                    SELECT id FROM disclosure WHERE case_id = cases.id ORDER BY version DESC LIMIT 1
                )
            )) AS fits
        FROM cases WHERE step = :step ORDER BY step_due, id LIMIT :most
        """,
        {"rule": rule, "category": category, "step": group.value, "most": most},
    )
    return [(row["id"], bool(row["fits"])) for row in rows]


def appeals(connection: sqlite3.Connection, after: Place, most: int) -> list[Line]:
    """Appeals that are open, from a place on."""
    rows = connection.execute(
        """
        SELECT cases.*, appeal.id AS appeal_id, appeal.filed_at, appeal.due_at, claim.holder_id,
            motion.proposed_at, motion.due_at AS motion_due, motion.waits
        FROM appeal JOIN cases ON cases.id = appeal.case_id
            LEFT JOIN claim ON claim.kind = 'appeal' AND claim.item_id = appeal.id
            LEFT JOIN motion ON motion.case_id = cases.id AND motion.state = 'open'
                AND motion.appeal_id = appeal.id
        WHERE appeal.closed_at IS NULL AND (appeal.due_at, appeal.id) > (?, ?)
        ORDER BY appeal.due_at, appeal.id LIMIT ?
        """,
        (after.due, after.id, most),
    )
    return [_appeal_line(row) for row in rows]


def concerns(connection: sqlite3.Connection, reader_id: str, after: Place, most: int) -> list[Line]:
    """Concerns that are open, from a place on, without those about the reader (a subject id)."""
    rows = connection.execute(
        """
        SELECT concern.id, concern.code, concern.opened_at, concern.due_at, claim.holder_id
        FROM concern LEFT JOIN claim ON claim.kind = 'concern' AND claim.item_id = concern.id
        WHERE concern.closed_at IS NULL AND (concern.due_at, concern.id) > (?, ?)
            AND concern.about_id IS NOT ?
        ORDER BY concern.due_at, concern.id LIMIT ?
        """,
        (after.due, after.id, reader_id, most),
    )
    return [_concern_line(row) for row in rows]


def concern(connection: sqlite3.Connection, concern_id: str, reader_id: str) -> Line | None:
    """The line of a concern that is open and not about the reader."""
    row = connection.execute(
        """
        SELECT concern.id, concern.code, concern.opened_at, concern.due_at, claim.holder_id
        FROM concern LEFT JOIN claim ON claim.kind = 'concern' AND claim.item_id = concern.id
        WHERE concern.id = ? AND concern.closed_at IS NULL AND concern.about_id IS NOT ?
        """,
        (concern_id, reader_id),
    ).fetchone()
    return None if row is None else _concern_line(row)


def task_place(task: Task) -> Place:
    """Where a task stands in its list: by when it was opened."""
    return Place(to_ms(task.opened_at), task.id)


def line_of(connection: sqlite3.Connection, case: Case) -> Line | None:
    """The line of a case: its own step, or that of the appeal against it; None where nothing is open."""
    row = connection.execute(
        """
        SELECT claim.holder_id, motion.proposed_at, motion.due_at AS motion_due, motion.waits
        FROM (SELECT ? AS id) AS wanted
            LEFT JOIN claim ON claim.kind = 'case' AND claim.item_id = wanted.id
            LEFT JOIN motion ON motion.case_id = wanted.id AND motion.state = 'open'
        """,
        (case.id,),
    ).fetchone()
    step = next_step.of_case(case, row["holder_id"] or "", _proposed(row))
    if step is not None:
        return Line(case.id, case.code, step, case)
    row = connection.execute(
        """
        SELECT cases.*, appeal.id AS appeal_id, appeal.filed_at, appeal.due_at, claim.holder_id,
            motion.proposed_at, motion.due_at AS motion_due, motion.waits
        FROM appeal JOIN cases ON cases.id = appeal.case_id
            LEFT JOIN claim ON claim.kind = 'appeal' AND claim.item_id = appeal.id
            LEFT JOIN motion ON motion.case_id = cases.id AND motion.state = 'open'
                AND motion.appeal_id = appeal.id
        WHERE appeal.case_id = ? AND appeal.closed_at IS NULL
        """,
        (case.id,),
    ).fetchone()
    return None if row is None else _appeal_line(row)


def _case_line(row: sqlite3.Row) -> Line | None:
    case = cases.from_row(row)
    step = next_step.of_case(case, row["holder_id"] or "", _proposed(row))
    return None if step is None else Line(case.id, case.code, step, case)


def _appeal_line(row: sqlite3.Row) -> Line:
    case = cases.from_row(row)
    step = next_step.of_appeal(
        from_ms(row["filed_at"]),
        from_ms(row["due_at"]),
        row["holder_id"] or "",
        _proposed(row),
        blocked=case.blocked_at is not None,
    )
    return Line(row["appeal_id"], case.code, step, case)


def _concern_line(row: sqlite3.Row) -> Line:
    step = next_step.of_concern(from_ms(row["opened_at"]), from_ms(row["due_at"]), row["holder_id"] or "")
    return Line(row["id"], row["code"], step, None)


def _proposed(row: sqlite3.Row) -> Proposed | None:
    if row["proposed_at"] is None:
        return None
    return Proposed(from_ms(row["proposed_at"]), from_ms(row["motion_due"]), waits=bool(row["waits"]))


def count(connection: sqlite3.Connection, group: Group, most: int) -> int:
    """How long a list of cases is, counted no further than ``most``."""
    row = connection.execute(
        "SELECT count(*) AS n FROM (SELECT 1 FROM cases WHERE step = ? LIMIT ?)", (group.value, most)
    ).fetchone()
    return int(row["n"])


def count_appeals(connection: sqlite3.Connection, most: int) -> int:
    """How many appeals are open, counted no further than ``most``."""
    row = connection.execute(
        "SELECT count(*) AS n FROM (SELECT 1 FROM appeal WHERE closed_at IS NULL LIMIT ?)", (most,)
    ).fetchone()
    return int(row["n"])


def count_concerns(connection: sqlite3.Connection, reader_id: str, most: int) -> int:
    """How many concerns are open that are not about the reader, counted no further than ``most``."""
    row = connection.execute(
        """
        SELECT count(*) AS n
        FROM (SELECT 1 FROM concern WHERE closed_at IS NULL AND about_id IS NOT ? LIMIT ?)
        """,
        (reader_id, most),
    ).fetchone()
    return int(row["n"])


def count_stuck(connection: sqlite3.Connection) -> int:
    """How many effects wait for a person; a kind that is held up counts once."""
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM effect WHERE state = 'stuck')
            + (SELECT count(DISTINCT effect.kind) FROM stopped
                JOIN effect ON effect.kind = stopped.kind AND effect.state = 'pending') AS n
        """
    ).fetchone()
    return int(row["n"])


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How long the lists are, for whoever looks after the machine."""
    row = connection.execute(
        """
        SELECT
            (SELECT count(*) FROM cases WHERE step = 'decide') AS to_decide,
            (SELECT count(*) FROM cases WHERE step = 'talk') AS to_talk,
            (SELECT count(*) FROM cases WHERE step = 'unanswered') AS unanswered,
            (SELECT count(*) FROM task WHERE closed_at IS NULL) AS tasks
        """
    ).fetchone()
    return {**dict(row), "stuck": count_stuck(connection)}


def count_late(connection: sqlite3.Connection, group: Group, now: datetime, most: int) -> int:
    """How many cases of a list are past their time, counted no further than ``most``."""
    row = connection.execute(
        "SELECT count(*) AS n FROM (SELECT 1 FROM cases WHERE step = ? AND step_due < ? LIMIT ?)",
        (group.value, to_ms(now), most),
    ).fetchone()
    return int(row["n"])


def rule_of(connection: sqlite3.Connection, case_id: str) -> str:
    """The id of the rule that last judged a case; empty where none did."""
    row = connection.execute(
        "SELECT rule_id FROM verdict WHERE case_id = ? ORDER BY at DESC LIMIT 1", (case_id,)
    ).fetchone()
    return "" if row is None else str(row["rule_id"])


def categories_of(connection: sqlite3.Connection, case_id: str) -> frozenset[str]:
    """The categories of the links that a case discloses."""
    rows = connection.execute(
        """
        SELECT interest.category FROM interest WHERE interest.disclosure_id = (
            SELECT id FROM disclosure WHERE case_id = ? ORDER BY version DESC LIMIT 1
        )
        """,
        (case_id,),
    )
    return frozenset(row["category"] for row in rows)
