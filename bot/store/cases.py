"""Cases: one row per request to join. Every step names the version it was decided on."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.lifecycle import check_step
from bot.model import CaseState, ChangedMeanwhile, HoldReason
from bot.store import events, questions, showing, threads
from bot.timing import Turn


class Overtaken(ChangedMeanwhile):
    """Somebody else changed the case first."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request to join, as it stands."""

    id: str
    code: str
    subject_id: str
    sheet_id: str | None
    state: CaseState
    hold_reason: HoldReason | None
    locale: str
    opened_at: datetime
    held_at: datetime | None
    target_at: datetime | None
    closed_at: datetime | None
    wants_person_at: datetime | None
    listed: bool
    decision_id: str | None
    gone_at: datetime | None
    """Since when somebody who was admitted has been away from the server."""
    lapse_at: datetime | None
    """When the case closes by itself; only while the next step is the person's."""
    remind_at: datetime | None
    reminders: int
    may_remind_at: datetime | None
    """Since when the person wants to be reminded."""
    taken_back_at: datetime | None
    """Since when a person has taken back the access that was decided."""
    pending: bool
    automod: bool
    wave_id: str | None
    wiped_at: datetime | None
    """Since when nothing of what the person told is left in the case."""
    asked_at: datetime | None
    """Since when it waits for the applicant to answer a question."""
    answer_by: datetime | None
    second_by: datetime | None
    """By when a second person is to confirm what was proposed."""
    blocked_at: datetime | None
    """Since when nobody of the team may decide it."""
    needs_two: bool
    """Its admission takes two people."""
    version: int

    @property
    def is_member(self) -> bool:
        """Whether the decision to admit stands: not taken back, and what it rests on still on record."""
        return self.state is CaseState.ADMITTED and self.wiped_at is None and self.taken_back_at is None

    @property
    def waiting_since(self) -> datetime:
        """Since when the person has been waiting for the team, or else inside the gate."""
        return self.held_at or self.wants_person_at or self.opened_at


def from_row(row: sqlite3.Row) -> Case:
    """A case from all its columns."""
    return Case(
        id=row["id"],
        code=row["code"],
        subject_id=row["subject_id"],
        sheet_id=row["sheet_id"],
        state=CaseState(row["state"]),
        hold_reason=HoldReason(row["hold_reason"]) if row["hold_reason"] else None,
        locale=row["locale"],
        opened_at=from_ms(row["opened_at"]),
        held_at=_moment(row["held_at"]),
        target_at=_moment(row["target_at"]),
        closed_at=_moment(row["closed_at"]),
        wants_person_at=_moment(row["wants_person_at"]),
        listed=bool(row["listed"]),
        decision_id=row["decision_id"],
        gone_at=_moment(row["gone_at"]),
        lapse_at=_moment(row["lapse_at"]),
        remind_at=_moment(row["remind_at"]),
        reminders=row["reminders"],
        may_remind_at=_moment(row["may_remind_at"]),
        taken_back_at=_moment(row["taken_back_at"]),
        pending=bool(row["pending"]),
        automod=bool(row["automod"]),
        wave_id=row["wave_id"],
        wiped_at=_moment(row["wiped_at"]),
        asked_at=_moment(row["asked_at"]),
        answer_by=_moment(row["answer_by"]),
        second_by=_moment(row["second_by"]),
        blocked_at=_moment(row["blocked_at"]),
        needs_two=row["confirm"] == "two",
        version=row["version"],
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def get(connection: sqlite3.Connection, case_id: str) -> Case | None:
    """The case with this id."""
    row = connection.execute("SELECT * FROM cases WHERE id = ?", (case_id,)).fetchone()
    return None if row is None else from_row(row)


def by_code(connection: sqlite3.Connection, code: str) -> Case | None:
    """The case with this code."""
    row = connection.execute("SELECT * FROM cases WHERE code = ?", (code,)).fetchone()
    return None if row is None else from_row(row)


def of_subject(connection: sqlite3.Connection, subject_id: str) -> list[Case]:
    """Somebody's cases: the open one first, then the one that was opened last, whatever the clock did."""
    rows = connection.execute(
        """
        SELECT * FROM cases WHERE subject_id = ?
        ORDER BY closed_at IS NULL DESC, rowid DESC
        """,
        (subject_id,),
    )
    return [from_row(row) for row in rows]


def of_sheet(connection: sqlite3.Connection, sheet_id: str) -> Case | None:
    """The case that a sheet of answers belongs to."""
    row = connection.execute("SELECT * FROM cases WHERE sheet_id = ?", (sheet_id,)).fetchone()
    return None if row is None else from_row(row)


def begin(
    connection: sqlite3.Connection, case: Case, sheet_id: str, locale: str, now: datetime, turn: Turn
) -> Case:
    """Answers are begun on a sheet, in the language the person's Discord speaks."""
    check_step(case.state, CaseState.ANSWERING)
    return step(
        connection,
        case,
        """
        UPDATE cases SET state = 'answering', sheet_id = :sheet_id, locale = :locale, listed = 1,
            wiped_at = NULL, trimmed_at = NULL, lapse_at = :lapse_at, reminders = 0, hold_reason = NULL,
            remind_at = CASE WHEN may_remind_at IS NOT NULL THEN :remind_at END,
            target_at = :target_at, last_activity_at = :now, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"sheet_id": sheet_id, "locale": locale, "now": to_ms(now), **_turn(case, turn)},
    )


def _turn(case: Case, turn: Turn) -> dict[str, int | None]:
    """Whose turn it is. The team has a target while it is theirs, or somebody waits to talk to them."""
    keeps = case.target_at is not None and (turn.lapse_at is None or case.wants_person_at is not None)
    return (replace(turn, target_at=case.target_at) if keeps else turn).columns


def reopen(connection: sqlite3.Connection, case: Case, now: datetime, turn: Turn) -> Case:
    """A held case goes back to the person, who changes the answers."""
    check_step(case.state, CaseState.ANSWERING)
    return step(
        connection,
        case,
        """
        UPDATE cases SET state = 'answering', hold_reason = NULL,
            target_at = :target_at, lapse_at = :lapse_at, reminders = 0,
            remind_at = CASE WHEN may_remind_at IS NOT NULL THEN :remind_at END,
            last_activity_at = :now, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"now": to_ms(now), **_turn(case, turn)},
    )


def touch(connection: sqlite3.Connection, case: Case, now: datetime, turn: Turn) -> Case:
    """The person did something; whoever reads the case reads a new version of it."""
    return step(
        connection,
        case,
        """
        UPDATE cases SET listed = 1, lapse_at = :lapse_at, reminders = 0, target_at = :target_at,
            remind_at = CASE WHEN may_remind_at IS NOT NULL THEN :remind_at END,
            last_activity_at = :now, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"now": to_ms(now), **_turn(case, turn)},
    )


def ask_for_person(connection: sqlite3.Connection, case: Case, now: datetime, target: datetime) -> Case:
    """The person would like to talk. Asking again changes nothing."""
    return step(
        connection,
        case,
        """
        UPDATE cases SET wants_person_at = coalesce(wants_person_at, :now), listed = 1,
            lapse_at = NULL, remind_at = NULL,
            target_at = min(coalesce(target_at, :target), :target),
            last_activity_at = :now, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"now": to_ms(now), "target": to_ms(target)},
    )


def set_aside(connection: sqlite3.Connection, case: Case, now: datetime, turn: Turn) -> Case:
    """Take a case off every list, without saying why. Its answers must have been deleted."""
    if case.state is CaseState.ANSWERING:
        check_step(case.state, CaseState.WAITING)
    return step(
        connection,
        case,
        """
        UPDATE cases SET state = 'waiting', sheet_id = NULL, listed = 0, lapse_at = :lapse_at,
            target_at = :target_at, remind_at = NULL, reminders = 0, may_remind_at = NULL,
            last_activity_at = :now, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"now": to_ms(now), **_turn(case, turn)},
    )


def hold(
    connection: sqlite3.Connection,
    case: Case,
    reason: HoldReason,
    now: datetime,
    target: datetime,
    *,
    needs_two: bool = False,
) -> Case:
    """The answers are with the team. Being held again keeps its place in the queue.

    Once admitting the person takes two people, it does so whatever else they tell.
    """
    check_step(case.state, CaseState.HELD)
    return step(
        connection,
        case,
        """
        UPDATE cases SET state = 'held', hold_reason = :reason, held_at = coalesce(held_at, :now),
            lapse_at = NULL, remind_at = NULL,
            target_at = min(coalesce(target_at, :target), :target), last_activity_at = :now,
            confirm = CASE WHEN :needs_two THEN 'two' ELSE confirm END, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {
            "reason": reason.value,
            "now": to_ms(now),
            "target": to_ms(target),
            "needs_two": int(needs_two),
        },
    )


def keep_on_hold(connection: sqlite3.Connection, case: Case, now: datetime, target: datetime) -> Case:
    """A moderator keeps a case on hold: it keeps its place, and gets a new target."""
    check_step(case.state, CaseState.HELD)
    return step(
        connection,
        case,
        "UPDATE cases SET target_at = :target, version = version + 1 WHERE id = :id AND version = :version",
        {"now": to_ms(now), "target": to_ms(target)},
    )


def decide(
    connection: sqlite3.Connection, case: Case, state: CaseState, decision_id: str, now: datetime
) -> Case:
    """A decision closes the case."""
    check_step(case.state, state)
    events.count(connection, f"outcome.{state.value}", now)
    return step(
        connection,
        case,
        """
        UPDATE cases SET state = :state, decision_id = :decision_id, closed_at = :now,
            hold_reason = NULL, target_at = NULL, lapse_at = NULL, remind_at = NULL,
            taken_back_at = NULL, asked_at = NULL, answer_by = NULL, target_left = NULL,
            second_by = NULL, blocked_at = NULL, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"state": state.value, "decision_id": decision_id, "now": to_ms(now)},
    )


def end(connection: sqlite3.Connection, case: Case, state: CaseState, now: datetime) -> Case:
    """The case ended without a decision: the person withdrew or left, or nobody went on with it."""
    check_step(case.state, state)
    events.count(connection, f"outcome.{state.value}", now)
    return step(
        connection,
        case,
        """
        UPDATE cases SET state = :state, closed_at = :now, hold_reason = NULL, target_at = NULL,
            lapse_at = NULL, remind_at = NULL, version = version + 1
        WHERE id = :id AND version = :version
        """,
        {"state": state.value, "now": to_ms(now)},
    )


def note_gone(connection: sqlite3.Connection, case: Case, gone_at: datetime | None) -> None:
    """Somebody who was admitted has left the server, or (None) is back."""
    gone = None if gone_at is None else to_ms(gone_at)
    connection.execute("UPDATE cases SET gone_at = ? WHERE id = ?", (gone, case.id))


def delete(connection: sqlite3.Connection, case: Case) -> None:
    """Delete a case, with everything that was noted beside it."""
    connection.execute("DELETE FROM cases WHERE id = ?", (case.id,))


def step(
    connection: sqlite3.Connection, case: Case, statement: str, values: dict[str, int | str | None]
) -> Case:
    """Take a step. Whatever it is, nobody waits for an answer after it, and a thread ends with its case."""
    at = from_ms(int(values["now"] or 0))
    if case.asked_at is not None:
        questions.close(connection, case.id, at)
    cursor = connection.execute(statement, {**values, "id": case.id, "version": case.version})
    if cursor.rowcount != 1:
        raise Overtaken
    after = again(connection, case.id)
    if case.state.is_open and not after.state.is_open:
        threads.close(connection, case.id, at)
    showing.follow(connection, case, after, at)
    return after


def again(connection: sqlite3.Connection, case_id: str) -> Case:
    """The case with this id as it is now. Raises Overtaken when it is gone."""
    case = get(connection, case_id)
    if case is None:
        raise Overtaken
    return case
