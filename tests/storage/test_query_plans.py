"""What is done on every press finds its rows by an index, however many cases are stored."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.database import connect
from bot.forgetting.retention import KINDS, WALKED
from bot.migrations import FOLDER, migrate
from bot.model import Outcome
from bot.review.next_step import OF_CASES, Group
from bot.review.voting import MotionState
from bot.store import (
    access,
    alerts,
    appeals,
    cases,
    claims,
    concern_patterns,
    concerns,
    decisions,
    disclosures,
    drafts,
    effects,
    erasures,
    errands,
    events,
    forgetting,
    holdings,
    lapsing,
    late,
    marks,
    messages,
    moderators,
    motions,
    organisations,
    pauses,
    presence,
    queue,
    retention,
    seals,
    sheets,
    staffing,
    stats,
    status,
    subjects,
    suppression,
    tasks,
    views,
    waves,
)
from bot.store.cases import Case
from bot.store.claims import ClaimKind
from bot.store.effects import EffectKind
from bot.store.motions import Motion
from bot.store.queue import Line, Place
from bot.store.retention import Stretch
from bot.store.tasks import TaskKind
from bot.vault import PersonKey
from tests.support import config

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = PersonKey("k", bytes(32))
LIMITS = config().retention
SOME = Stretch(0, 500)
MOTION = Motion("x", "x", 0, Outcome.ADMIT, "", "", b"", "x", NOW, NOW, True, MotionState.OPEN, None)

Work = Callable[[sqlite3.Connection], object]


def closed_case(connection: sqlite3.Connection) -> Case:
    """A case that is closed, so that an appeal is looked for too."""
    moments = "0 AS opened_at, 0 AS closed_at, 'withdrawn' AS state, 'x' AS id, 'x' AS code"
    given = ("opened_at", "closed_at", "state", "id", "code")
    names = [column[1] for column in connection.execute("PRAGMA table_xinfo (cases)")]
    others = ", ".join(f"NULL AS {name}" for name in names if name not in given)
    row = connection.execute(f"SELECT {moments}, {others}").fetchone()
    return cases.from_row(row)


def a_page(connection: sqlite3.Connection, group: Group) -> list[Line]:
    """A page from the middle of a list."""
    return queue.page(connection, group, Place(1, "x"), 10)


NEVER_LONG = {
    "SCAN CONSTANT ROW",
    "SCAN stopped",
    "SCAN (subquery-1)",
    "SCAN wanted",
    "SCAN erasure",
    "SCAN log_head",
    "SCAN moderator",
    "SCAN json_each VIRTUAL TABLE INDEX 1:",
    "SCAN near",
    "SCAN thread",
}
"""What is read whole, and never long: what a LIMIT cut, kinds of effects, erasures, what was asked for,
organisations in one line, conversations that are open."""

ON_EVERY_PRESS: dict[str, Work] = {
    "somebody by lookup": lambda c: subjects.find(c, b"x"),
    "whether somebody is needed": lambda c: subjects.is_needed(c, "x"),
    "a case by code": lambda c: cases.by_code(c, "x"),
    "the cases of somebody": lambda c: cases.of_subject(c, "x"),
    "the case of a sheet": lambda c: cases.of_sheet(c, "x"),
    "giving time back": lambda c: lapsing.give_back(c, timedelta(days=1)),
    "holding times near": lambda c: lapsing.hold_near(c, NOW, NOW),
    "what lapses": lambda c: lapsing.due(c, NOW, 200),
    "what lapses of waves": lambda c: lapsing.due_in_waves(c, NOW, 100),
    "whom to remind": lambda c: lapsing.to_remind(c, NOW, 200),
    "effects held near": lambda c: effects.hold_near(c, EffectKind.REMOVE, NOW),
    "effects given time back": lambda c: effects.give_back(c, EffectKind.REMOVE, NOW, timedelta(1)),
    "what is proposed about a case": lambda c: motions.open_of_case(c, "x"),
    "a motion": lambda c: motions.get(c, "x"),
    "the votes on a motion": lambda c: motions.votes(c, "x"),
    "whether a file was read": lambda c: motions.was_read(c, MOTION, "x"),
    "whether a moderator is gone": lambda c: motions.is_gone(c, "x"),
    "closing a motion": lambda c: motions.close(c, MOTION, MotionState.CARRIED, NOW),
    "motions that were voided": lambda c: motions.voided(c, 100),
    "motions whose wait is over": lambda c: motions.waited(c, NOW, 100),
    "waits given time back": lambda c: motions.give_back(c, timedelta(1)),
    "waits held near": lambda c: motions.hold_near(c, NOW),
    "a stretch of sheets": lambda c: drafts.stretch(c, 0, 500),
    "drafts in a stretch": lambda c: drafts.expire_sheets(c, 0, 500, NOW),
    "when the last sweep was": lambda c: marks.at(c, marks.SWEPT),
    "whether somebody belongs inside": lambda c: subjects.belongs_inside(c, "x"),
    **{f"what is due of {kind.code}": partial(kind.due, limits=LIMITS, now=NOW, most=1) for kind in KINDS},
    **{
        f"{kind.code} in a stretch": partial(kind.due, limits=LIMITS, now=NOW, people=SOME) for kind in WALKED
    },
    "a stretch of people": lambda c: retention.stretch(c, 0, 500),
    "forgetting what was typed": lambda c: forgetting.trim_case(c, "x", NOW),
    "forgetting what was typed later": lambda c: forgetting.trim_update(c, "x", NOW),
    "the sheet of a disclosure": lambda c: forgetting.delete_sheet_of(c, "x"),
    "a disclosure that goes": lambda c: disclosures.delete(c, "x"),
    "the decisions on a case that goes": lambda c: decisions.delete_of_case(c, "x"),
    "cases that name a decision": lambda c: c.execute("SELECT 1 FROM cases WHERE decision_id = 'x'"),
    "what somebody told outside any case": lambda c: disclosures.delete_updates(c, "x"),
    "whether somebody is a member otherwise": lambda c: forgetting.is_member_otherwise(c, "x", "y"),
    "what lines about something say": lambda c: events.forget_payloads_of(c, ["x"]),
    "which messages were sent": lambda c: forgetting.forget_messages(c, "x", "y"),
    "who opened no file for long": lambda c: forgetting.delete_views_by(c, "x"),
    "the entries of a sheet": lambda c: sheets.entries(c, KEY, "x"),
    "an open form and its sheet": lambda c: sheets.of_form(c, "x"),
    "the newest form": lambda c: sheets.newest_form(c, "x", "x", "x"),
    "an unsaved form": lambda c: sheets.unsaved_form(c, "x", "x"),
    "the newest sheet": lambda c: sheets.latest(c, "x"),
    "deleting a sheet": lambda c: sheets.delete(c, "x"),
    "somebody's disclosure": lambda c: disclosures.current(c, KEY, "x"),
    "whom a case and its person name": lambda c: disclosures.names_told(c, KEY, "x", "x"),
    "a case's disclosure": lambda c: disclosures.current_of_case(c, KEY, "x"),
    "a case's decisions": lambda c: decisions.of_case(c, "x"),
    "whether somebody was held": lambda c: decisions.was_held(c, "x"),
    "a case's verdict": lambda c: decisions.latest_verdict(c, "x"),
    "a case's letter": lambda c: decisions.latest_letter(c, KEY, "x"),
    "deleting a case": lambda c: c.execute("DELETE FROM cases WHERE id = 'x'"),
    "deleting somebody": lambda c: subjects.delete(c, "x"),
    "whether something is stuck": lambda c: effects.is_stuck(c, EffectKind.GRANT, "x"),
    "a case's effects": lambda c: effects.delete_of_case(c, "x"),
    "whom somebody looked at lately": lambda c: access.people_read_by(c, "x", NOW, timedelta(hours=1)),
    "who looked at somebody": lambda c: access.to_subject(c, "x"),
    "the events of an object": lambda c: events.of_object(c, "x"),
    "when a stretch of the log began": seals.begun_at,
    "the stretches with lines": seals.with_lines,
    "whether a stretch is let go of": lambda c: seals.is_being_emptied(c, 1),
    "what lines about a case say": lambda c: events.forget_payloads(c, "x"),
    "an opened file": lambda c: views.get(c, "x"),
    "a task": lambda c: tasks.get(c, "x"),
    **{f"the list {group.value}": partial(a_page, group=group) for group in OF_CASES},
    "what fits a filter": lambda c: queue.fitting(c, Group.DECIDE, "x", "x", 200),
    "appeals": lambda c: queue.appeals(c, Place(1, "x"), 10),
    "concerns": lambda c: queue.concerns(c, "x", Place(1, "x"), 10),
    "a concern": lambda c: queue.concern(c, "x", "x"),
    "whose turn a case is": lambda c: queue.line_of(c, closed_case(c)),
    "how long a list is": lambda c: queue.count(c, Group.DECIDE, 101),
    "how many appeals": lambda c: queue.count_appeals(c, 101),
    "how many concerns": lambda c: queue.count_concerns(c, "x", 101),
    "how many are late": lambda c: queue.count_late(c, Group.DECIDE, NOW, 101),
    "the rule of a case": lambda c: queue.rule_of(c, "x"),
    "what a case discloses": lambda c: queue.categories_of(c, "x"),
    "open tasks": lambda c: tasks.all_open(c, 8, (NOW, "x")),
    "who has something": lambda c: claims.get(c, ClaimKind.CASE, "x"),
    "what somebody has": lambda c: claims.of_holder(c, "x", 10),
    "claims that are over": lambda c: claims.run_out(c, NOW, 10),
    "claims held near": lambda c: claims.hold_near(c, NOW),
    "the open appeal of a case": lambda c: claims.open_appeal(c, "x", "x"),
    "the open concern of a code": lambda c: claims.open_concern(c, "x"),
    "what the team was not told": lambda c: alerts.cases_untold(c, NOW, 10),
    "what the team is told": lambda c: alerts.note_told(c, ["x"]),
    "appeals that came late": lambda c: alerts.appeals_late(c, NOW, NOW, 10),
    "what somebody has that is late": lambda c: alerts.late_of(c, "x", NOW, 10),
    "concerns for the digest": lambda c: alerts.concerns(c, 10),
    "tasks for the digest": lambda c: alerts.tasks(c, 10),
    "decisions of late": lambda c: stats.decided_since(c, NOW, 10),
    "appeals of late": lambda c: stats.appeals_decided(c, NOW),
    "concerns of late": lambda c: stats.concerns_closed(c, "x", NOW),
    "what is due": lambda c: effects.due(c, NOW, 10),
    "the wave that is going on": waves.current,
    "who came lately": lambda c: waves.came_between(c, NOW, NOW, 25),
    "who came with a wave": lambda c: waves.begin(c, NOW, NOW),
    "how many came with a wave": lambda c: waves.still_known(c, "x"),
    "how many of a wave have answered": lambda c: waves.answered(c, "x"),
    "the pause": pauses.current,
    "who needs somebody of the team": staffing.places,
    "a second look": lambda c: staffing.has_open_appeal(c, "x"),
    "who was asked to stay out": lambda c: staffing.kept_from_somebody_since(c, 1),
    "an organisation by name": lambda c: organisations.named(c, b"x"),
    "who belongs together": lambda c: organisations.around_ids(c, ["x"]),
    "an organisation's names": lambda c: organisations.names_of(c, ["x"]),
    "what a moderator decided": lambda c: late.decided_by(c, "x", NOW, 0, 10),
    "what a moderator proposed": lambda c: late.proposed_by(c, "x"),
    "what a moderator is near to": lambda c: late.near_to(c, "x"),
    "whose role is gone": lambda c: moderators.gone_with_something(c, 10),
    "the longest wait": status._oldest,
    "what is still to be done": status._pending,
    "what happened since": lambda c: status.happened_since(c, 1),
    "how somebody stands": lambda c: presence.find(c, b"x"),
    "who should be there": lambda c: presence.expected_after(c, "", NOW, 10),
    "who was there before": lambda c: presence.earlier_after(c, "", NOW, 10),
    "the cases to show": lambda c: presence.to_show(c, NOW, NOW, 10),
    "whom to ask": lambda c: presence.ask_next(c, 10, NOW),
    "somebody's cases when they leave": lambda c: presence.note_gone(c, "x", NOW),
    "somebody and since when": lambda c: holdings.known(c, "x"),
    "what a code to appeal was given for": lambda c: appeals.by_code(c, b"x", NOW),
    "what somebody can appeal against": lambda c: appeals.may_file(c, "x", NOW),
    "the appeal against a decision": lambda c: appeals.against(c, "x"),
    "the appeal of a case that waits": lambda c: appeals.open_of_case(c, "x"),
    "somebody's appeal that waits": lambda c: appeals.open_of_subject(c, "x"),
    "the appeals of a case": lambda c: appeals.of_case(c, "x"),
    "whether somebody else could look again": lambda c: appeals.somebody_else(c, "x", "y"),
    "what somebody agreed to": lambda c: holdings.consents(c, "x"),
    "what the rules made of a case": lambda c: holdings.verdicts(c, "x"),
    "somebody's sheets": lambda c: holdings.sheets(c, "x"),
    "the pages of a sheet": lambda c: holdings.entries(c, "x"),
    "what is kept with a case": lambda c: holdings.extras(c, "x"),
    "the letters about a case": lambda c: holdings.letters(c, "x"),
    "letters that were not sent": lambda c: holdings.drafts(c, "x"),
    "who opened a case's file": lambda c: holdings.openings(c, "x"),
    "what was wanted about a case": lambda c: holdings.wanted(c, "x"),
    "somebody's disclosures": lambda c: holdings.versions(c, "x"),
    "the messages about somebody": lambda c: holdings.messages(c, "x"),
    "the tasks about somebody": lambda c: holdings.tasks(c, "x"),
    "erasures of somebody on their way": lambda c: holdings.erasures(c, "x"),
    "what somebody did as a moderator": lambda c: holdings.work(c, "x"),
    "what is left of somebody": lambda c: holdings.leftover(c, b"x", NOW),
    "who looked at somebody's file": lambda c: access.to_subject(c, "x"),
    "what there is about somebody": lambda c: erasures.counted(c, "x"),
    "cards that name somebody": lambda c: erasures.cards_naming(c, "x"),
    "what lies beside somebody": lambda c: erasures.delete_asides(c, "x"),
    "who of the ledger is here": lambda c: erasures.people_still_here(c, ["x"]),
    "what of the ledger was done": lambda c: erasures.recorded(c, ["x"]),
    "what lines about things say": lambda c: events.forget_payloads_of(c, ["x"]),
    "a case's decisions that go": lambda c: decisions.delete_of_case(c, "x"),
    "the disclosures of somebody": lambda c: disclosures.ids_of_subject(c, "x"),
    "disclosures that go": lambda c: disclosures.delete_of_subject(c, "x"),
    "free text that goes": lambda c: disclosures.forget_goal(c, "x"),
    "sheets that go": lambda c: sheets.delete_of_subject(c, "x"),
    "openings of a file": lambda c: views.delete_of_case(c, "x"),
    "where messages about somebody are": lambda c: messages.sent_to(c, KEY, "x"),
    "a concern by its code": lambda c: concerns.by_code(c, "x"),
    "a concern by the reporter's code": lambda c: concerns.by_follow(c, b"x"),
    "what somebody told": lambda c: concerns.of_reporter(c, "x", 10),
    "what somebody told about somebody": lambda c: concerns.open_of(c, "x", "y"),
    "the concerns about somebody": lambda c: concerns.about(c, "x", 10),
    "whether a concern waits": lambda c: concerns.first_due(c, 50),
    "who hears of a concern": concerns.team,
    "how often somebody tells": lambda c: concern_patterns.sent_since(c, "x", NOW),
    "how many tell of somebody": lambda c: concern_patterns.count_about(c, "x", NOW),
    "how many people tell of somebody": lambda c: concern_patterns.people_who_told(c, "x"),
    "the kinds told of somebody": lambda c: concern_patterns.kinds_about(c, "x"),
    "the kinds somebody told": lambda c: concern_patterns.kinds_told(c, "x"),
    "the first to see a task": lambda c: concern_patterns.seen_by(c, "x"),
    "an errand": lambda c: errands.get(c, "x"),
    "errands that are given up": lambda c: errands.give_up(c, ["x"]),
    "whose role is being taken": lambda c: errands.is_revoking(c, b"x"),
    "a locked number": lambda c: suppression.until(c, b"x", NOW),
    "keys of somebody": lambda c: subjects.known_keys(c, ["x"]),
    "whether somebody was there before": lambda c: presence.is_earlier(c, "x"),
    "tasks that are no longer so": lambda c: tasks.delete_of(c, TaskKind.UNRECORDED_ROLE, "x"),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A migrated, empty database."""
    path: Path = tmp_path_factory.mktemp("plans") / "porchlight.db"
    with closing(connect(path)) as connection:
        migrate(connection, FOLDER / "main")
        yield connection


@pytest.mark.parametrize("name", ON_EVERY_PRESS)
def test_no_table_is_read_from_end_to_end(database: sqlite3.Connection, name: str) -> None:
    """A full scan is nothing with ten cases and seconds with a million."""
    plans = _plans(database, ON_EVERY_PRESS[name])

    assert plans
    assert [plan for plan in plans if _is_scan(plan) and " USING " not in plan] == []


BY_FEW = """
    INSERT INTO sqlite_stat1 VALUES
        ('decision', 'decision_of_moderator', '200000 200000'),
        ('decision', 'decision_of_case', '300000 1 1'),
        ('file_view', 'file_view_of_moderator', '60000 60000'),
        ('file_view', 'file_view_of_case', '60000 9 9'),
        ('access', 'access_by', '200000 100000 6'), ('access', 'access_to', '200000 3 3')
"""
"""What SQLite notes about a big database in which one moderator did everything."""


@pytest.fixture(scope="module")
def worked_by_few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A database that SQLite takes for one in which few people did all the work."""
    path: Path = tmp_path_factory.mktemp("plans") / "porchlight.db"
    with closing(connect(path)) as connection:
        migrate(connection, FOLDER / "main")
        connection.execute("ANALYZE")
        connection.execute(BY_FEW)
    with closing(connect(path)) as connection:
        yield connection


BY_MODERATORS: dict[str, Work] = {
    "what somebody did as a moderator": lambda c: holdings.work(c, "x"),
    "whether somebody belongs inside": lambda c: subjects.belongs_inside(c, "x"),
    "whom somebody looked at lately": lambda c: access.people_read_by(c, "x", NOW, timedelta(hours=1)),
}


@pytest.mark.parametrize("name", BY_MODERATORS)
def test_what_few_people_do_is_found_by_who_did_it(worked_by_few: sqlite3.Connection, name: str) -> None:
    """By its averages, SQLite would read all that moderators did to find that somebody is none of them."""
    plans = _plans(worked_by_few, BY_MODERATORS[name])

    assert plans
    assert [plan for plan in plans if _is_scan(plan)] == []


def _is_scan(plan: str) -> bool:
    return plan.startswith("SCAN") and plan not in NEVER_LONG


def _plans(connection: sqlite3.Connection, work: Work) -> list[str]:
    """How SQLite goes about each statement of some work."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    work(connection)
    connection.set_trace_callback(None)
    return [
        detail
        for statement in statements
        if not statement.startswith("--")
        for detail in _plan(connection, statement)
    ]


def _plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    rows: list[Any] = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    return [row["detail"] for row in rows]
