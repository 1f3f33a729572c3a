"""Letting go of what was kept for its time: one thing at a time, by its id."""

import sqlite3
from datetime import datetime

from bot.clock import to_ms
from bot.interests import GOAL, ON_BEHALF_OF, ORGANISATION
from bot.store import disclosures, events, notes, questions
from bot.store.cases import Case


def drop_sheet(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    """Let go of a case's sheet, which is about to be deleted with all else that was told."""
    connection.execute("UPDATE cases SET sheet_id = NULL, wiped_at = ? WHERE id = ?", (to_ms(now), case.id))


def strip(connection: sqlite3.Connection, case: Case, now: datetime) -> None:
    """Let go of a case's sheet, while the decision and the links that it rests on stay."""
    connection.execute("UPDATE cases SET sheet_id = NULL, trimmed_at = ? WHERE id = ?", (to_ms(now), case.id))


def trim_case(connection: sqlite3.Connection, case_id: str, now: datetime) -> None:
    """Delete what somebody typed at the gate, but for the names of organisations."""
    connection.execute(
        """
        DELETE FROM answer_text WHERE field_id NOT IN (?, ?) AND entry_id IN (
            SELECT entry.id FROM cases JOIN entry ON entry.sheet_id = cases.sheet_id WHERE cases.id = ?
        )
        """,
        (ORGANISATION, ON_BEHALF_OF, case_id),
    )
    connection.execute(
        """
        DELETE FROM interest_text WHERE field = ? AND interest_id IN (
            SELECT interest.id FROM disclosure JOIN interest ON interest.disclosure_id = disclosure.id
            WHERE disclosure.case_id = ?
        )
        """,
        (GOAL, case_id),
    )
    delete_said(connection, case_id)
    connection.execute("UPDATE cases SET trimmed_at = ? WHERE id = ?", (to_ms(now), case_id))


def delete_said(connection: sqlite3.Connection, case_id: str) -> None:
    """Delete the questions to the person of a case, their answers, and what moderators wrote down."""
    questions.delete_of_case(connection, case_id)
    notes.delete_of_case(connection, case_id)


def trim_update(connection: sqlite3.Connection, sheet_id: str, now: datetime) -> None:
    """Delete what a member typed when they changed their links, but for the names of organisations."""
    connection.execute(
        """
        DELETE FROM answer_text WHERE field_id NOT IN (?, ?)
            AND entry_id IN (SELECT id FROM entry WHERE sheet_id = ?)
        """,
        (ORGANISATION, ON_BEHALF_OF, sheet_id),
    )
    connection.execute(
        """
        DELETE FROM interest_text WHERE field = ? AND interest_id IN (
            SELECT interest.id
            FROM sheet JOIN disclosure ON disclosure.subject_id = sheet.subject_id
                JOIN interest ON interest.disclosure_id = disclosure.id
            WHERE sheet.id = ? AND disclosure.case_id IS NULL AND disclosure.at = sheet.sent_at
        )
        """,
        (GOAL, sheet_id),
    )
    connection.execute("UPDATE sheet SET trimmed_at = ? WHERE id = ?", (to_ms(now), sheet_id))


def delete_sheet_of(connection: sqlite3.Connection, disclosure_id: str) -> None:
    """Delete the sheet on which a member told what a disclosure outside any case says."""
    connection.execute(
        """
        DELETE FROM sheet WHERE id IN (
            SELECT sheet.id FROM disclosure JOIN sheet ON sheet.subject_id = disclosure.subject_id
            WHERE disclosure.id = ? AND disclosure.case_id IS NULL
                AND sheet.source = 'update' AND sheet.sent_at = disclosure.at
        )
        """,
        (disclosure_id,),
    )


def delete_version(connection: sqlite3.Connection, disclosure_id: str) -> bool:
    """Delete a disclosure that was replaced, and the sheet it came from; False when it had gone already."""
    delete_sheet_of(connection, disclosure_id)
    events.forget_payloads_of(connection, [disclosure_id])
    return disclosures.delete(connection, disclosure_id)


def is_member_otherwise(connection: sqlite3.Connection, subject_id: str, case_id: str) -> bool:
    """Whether another case of somebody let them in, or they were a member before the bot came."""
    row = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM cases WHERE subject_id = :subject AND id <> :case
                AND state = 'admitted' AND wiped_at IS NULL)
            OR EXISTS (SELECT 1 FROM earlier_member WHERE subject_id = :subject) AS otherwise
        """,
        {"subject": subject_id, "case": case_id},
    ).fetchone()
    return bool(row["otherwise"])


def delete_tasks_of_membership(connection: sqlite3.Connection, subject_id: str) -> None:
    """Delete the tasks about somebody's links and access. A role without a decision stays one."""
    connection.execute("DELETE FROM task WHERE subject_id = ? AND kind <> 'unrecorded_role'", (subject_id,))


def forget_messages(connection: sqlite3.Connection, subject_id: str, case_id: str) -> None:
    """Forget which messages about a case were sent."""
    connection.execute("DELETE FROM sent_message WHERE subject_id = ? AND case_id = ?", (subject_id, case_id))


def delete_views_by(connection: sqlite3.Connection, moderator_id: str) -> None:
    """Delete the openings of files by somebody, and that they are a moderator.

    Their last was long ago, or they had everything deleted.
    """
    connection.execute("DELETE FROM file_view WHERE moderator_id = ?", (moderator_id,))
    connection.execute("DELETE FROM moderator WHERE subject_id = ?", (moderator_id,))


def delete_look(connection: sqlite3.Connection, access_id: str) -> None:
    """Delete the line of one look."""
    connection.execute("DELETE FROM access WHERE id = ?", (access_id,))


def leave_wave(connection: sqlite3.Connection, case_id: str) -> None:
    """No longer say with which wave the person of a case came."""
    connection.execute("UPDATE cases SET wave_id = NULL WHERE id = ?", (case_id,))


def delete_wave(connection: sqlite3.Connection, wave_id: str) -> None:
    """Delete a wave that is over."""
    connection.execute("DELETE FROM wave WHERE id = ?", (wave_id,))


def unlock_number(connection: sqlite3.Connection, lookup: str) -> None:
    """Delete a locked number, given in hexadecimal."""
    connection.execute("DELETE FROM suppression_key WHERE lookup = ?", (bytes.fromhex(lookup),))
