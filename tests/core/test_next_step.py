"""The next step: everything that is open has exactly one, and the schema works out the same."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bot.clock import to_ms
from bot.database import connect
from bot.migrations import FOLDER, migrate
from bot.model import CaseState
from bot.review.next_step import (
    FOR_THE_TEAM,
    LISTED,
    OF_CASES,
    Group,
    NextStep,
    Owner,
    Proposed,
    of_appeal,
    of_case,
    of_concern,
    of_task,
)
from bot.store import cases
from bot.store.cases import Case
from tests.support import NOW

HOUR = timedelta(hours=1)
ASKED, BEFORE, AFTER = NOW, NOW - HOUR, NOW + HOUR

COLUMNS: dict[str, list[Any]] = {
    "state": [state.value for state in CaseState],
    "listed": [0, 1],
    "wants_person_at": [None, BEFORE, AFTER],
    "asked_at": [None, ASKED],
    "second_by": [None, NOW + 4 * HOUR],
    "blocked_at": [None, NOW - 2 * HOUR],
    "target_at": [None, NOW + 5 * HOUR],
    "lapse_at": [None, NOW + 6 * HOUR],
    "held_at": [None, NOW - 3 * HOUR],
}
ANSWERING = {"state": CaseState.ANSWERING, "held_at": None}
OPENED, ANSWER_BY = NOW - 9 * HOUR, NOW + 3 * HOUR


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[sqlite3.Row]]:
    """One case for each combination of columns that the schema's checks allow."""
    path: Path = tmp_path_factory.mktemp("steps") / "porchlight.db"
    with closing(connect(path)) as connection:
        migrate(connection, FOLDER / "main")
        connection.execute("PRAGMA foreign_keys = OFF")
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("BEGIN")
        for number, values in enumerate(product(*COLUMNS.values())):
            _put(connection, number, dict(zip(COLUMNS, values, strict=True)))
        connection.execute("COMMIT")
        yield connection.execute("SELECT * FROM cases").fetchall()


def _put(connection: sqlite3.Connection, number: int, given: dict[str, Any]) -> None:
    moments = {
        "opened_at": OPENED,
        "last_activity_at": OPENED,
        "answer_by": ANSWER_BY if given["asked_at"] else None,
        "closed_at": None if CaseState(given["state"]).is_open else NOW,
        **{name: value for name, value in given.items() if name.endswith(("_at", "_by"))},
    }
    values = {
        "id": f"C{number}",
        "code": f"K{number}",
        "subject_id": f"S{number}",
        "locale": "en",
        "hold_reason": "unclear",
        "decision_id": "D",
        "state": given["state"],
        "listed": given["listed"],
        **{name: None if value is None else to_ms(value) for name, value in moments.items()},
    }
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    with suppress(sqlite3.IntegrityError):
        connection.execute(f"INSERT INTO cases ({names}) VALUES ({marks})", values)


def test_the_schema_and_the_pure_function_agree(allowed: list[sqlite3.Row]) -> None:
    """On the list, since when, and until when, for every case that can be."""
    assert len(allowed) > 500
    for row in allowed:
        step = of_case(cases.from_row(row))
        kept = (row["step"], row["step_since"], row["step_due"])
        assert kept == ((step.group.value, to_ms(step.since), to_ms(step.due_at)) if step else (None,) * 3)


def test_every_open_case_has_one_step_with_an_owner_and_a_time(allowed: list[sqlite3.Row]) -> None:
    """Whoever has it and whatever is proposed; a closed case has none, unless something is proposed."""
    owners: dict[Group, set[Owner]] = {}
    proposals = [None, Proposed(NOW, AFTER, waits=False), Proposed(NOW, AFTER, waits=True)]
    for row, holder, proposed in product(allowed, ("", "M"), proposals):
        case = cases.from_row(row)
        step = of_case(case, holder, proposed)
        assert (step is not None) == (case.state.is_open or case.second_by is not None)
        if step is not None:
            assert step.holder_id == holder
            assert (step.owner is Owner.HOLDER) <= bool(holder)
            owners.setdefault(step.group, set()).add(step.owner)

    theirs = {Owner.TEAM, Owner.HOLDER}
    assert owners == {
        Group.DECIDE: theirs,
        Group.TALK: theirs,
        Group.SECOND: {Owner.SECOND, Owner.CLOCK},
        Group.BLOCKED: {Owner.OUTSIDE},
        Group.ASKED: {Owner.APPLICANT},
        Group.UNANSWERED: {Owner.APPLICANT},
        Group.ASIDE: {Owner.CLOCK},
    }


def test_what_is_no_case_has_a_step_too() -> None:
    """Appeals, concerns and tasks: with the team, whoever has it, a second person, or somebody outside."""
    proposed, waiting = Proposed(NOW, AFTER, waits=False), Proposed(NOW, AFTER, waits=True)

    assert of_appeal(NOW, AFTER).owner is Owner.TEAM
    assert of_appeal(NOW, AFTER, "M").owner is Owner.HOLDER
    assert of_appeal(NOW, AFTER, "M", proposed).owner is Owner.SECOND
    assert of_appeal(NOW, AFTER, "", waiting).owner is Owner.CLOCK
    assert of_appeal(NOW, AFTER, "M", proposed, blocked=True).owner is Owner.OUTSIDE
    assert of_concern(NOW, AFTER, "M") == NextStep(Group.CONCERNS, Owner.HOLDER, NOW, AFTER, "M")
    assert of_task(NOW, AFTER) == NextStep(Group.TASKS, Owner.TEAM, NOW, AFTER)


def test_every_list_is_shown_but_the_one_that_says_nothing() -> None:
    """Who is set aside stands on no list."""
    assert set(LISTED) == set(Group) - {Group.ASIDE}
    assert set(FOR_THE_TEAM) < set(OF_CASES) < set(LISTED)


@pytest.mark.parametrize(
    ("changed", "group"),
    [
        ({}, Group.DECIDE),
        ({"wants_person_at": AFTER}, Group.DECIDE),
        ({"asked_at": ASKED, "answer_by": ANSWER_BY}, Group.ASKED),
        ({"asked_at": ASKED, "answer_by": ANSWER_BY, "wants_person_at": BEFORE}, Group.ASKED),
        ({"asked_at": ASKED, "answer_by": ANSWER_BY, "wants_person_at": AFTER}, Group.TALK),
        ({"second_by": AFTER, "asked_at": ASKED, "answer_by": ANSWER_BY}, Group.SECOND),
        ({"second_by": AFTER, "blocked_at": BEFORE}, Group.BLOCKED),
        ({**ANSWERING}, Group.TALK),
        ({**ANSWERING, "lapse_at": AFTER}, Group.UNANSWERED),
        ({**ANSWERING, "lapse_at": AFTER, "wants_person_at": BEFORE}, Group.UNANSWERED),
        ({**ANSWERING, "blocked_at": BEFORE}, Group.BLOCKED),
        ({**ANSWERING, "lapse_at": AFTER, "listed": False}, Group.ASIDE),
    ],
)
def test_what_comes_before_what(changed: dict[str, Any], group: Group) -> None:
    """A held case, and what can be noted beside it; and whose turn it is while somebody answers.

    Without an end it is the team's: they talk, or a moderator writes down what the person says.
    """
    case = _held(**changed)
    step = of_case(case)

    assert step is not None
    assert step.group is group


def _held(**changed: Any) -> Case:
    usual: dict[str, Any] = {
        **dict.fromkeys(Case.__dataclass_fields__),
        "id": "C",
        "code": "K",
        "subject_id": "S",
        "state": CaseState.HELD,
        "listed": True,
        "opened_at": OPENED,
        "held_at": BEFORE,
        "target_at": AFTER,
        "version": 1,
    }
    return Case(**{**usual, **changed})


def test_nobody_who_may_decide_matters_only_where_somebody_has_to() -> None:
    """A person who is still answering goes on answering."""
    answering = _held(state=CaseState.ANSWERING, held_at=None, blocked_at=BEFORE, lapse_at=AFTER)
    step = of_case(answering)

    assert step is not None
    assert (step.group, step.owner) == (Group.UNANSWERED, Owner.APPLICANT)
