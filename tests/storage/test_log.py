"""The event log verifies after whatever the bot does, and whatever else is done to it is named."""

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.database import connect
from bot.log.anchors import Anchor, append
from bot.log.epochs import drop_old, next_due, seal_if_due
from bot.migrations import FOLDER, migrate
from bot.store import events
from tests.storage.by_hand import (
    KEEP,
    by_hand,
    four_months,
    look,
    problems,
    step_of_dropping,
    storage,
    value,
)
from tests.support import NOW, raw_connection

NOW_THEN = datetime(2026, 6, 2, 12, tzinfo=UTC)
"""When the four months are over."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files after four months. Not to be changed."""
    folder = tmp_path_factory.mktemp("months")
    assert asyncio.run(four_months(folder)) == NOW_THEN
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the files after four months."""
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    """An empty log."""
    opened = connect(tmp_path / "porchlight.db")
    migrate(opened, FOLDER / "main")
    return opened


def note(connection: sqlite3.Connection, now: datetime) -> None:
    """One line about the gate."""
    events.record(
        connection, now=now, actor="machine", action="gate.paused", object_kind="gate", object_id="gate"
    )


def test_all_is_well_after_four_months(folder: Path) -> None:
    """People came, were decided on, took it back and were forgotten; three stretches are sealed."""
    report = look(folder, keys=True)

    assert report.problems.sentences == []
    assert (report.stretches, report.emptied, report.keys) == (3, 0, 5)
    assert report.lines == value(folder, "SELECT count(*) FROM event") > 25


def test_verifying_changes_no_byte(folder: Path) -> None:
    """Neither of the database nor of the keys."""
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    look(folder, keys=True)

    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


EVENT_CHANGES = {
    "epoch": "epoch = epoch + 1",
    "at": "at = at + 1",
    "actor": "actor = 'somebody'",
    "action": "action = 'case.told'",
    "object_kind": "object_kind = 'task'",
    "object_id": "object_id = 'ANOTHER'",
    "commitment": "commitment = zeroblob(32)",
    "prev_hash": "prev_hash = x'01'",
    "hash": "hash = zeroblob(32)",
}


@pytest.mark.parametrize("seq", [1, 12, 13, 27])
@pytest.mark.parametrize("column", EVENT_CHANGES)
def test_a_changed_line_is_named(folder: Path, column: str, seq: int) -> None:
    """The first, one within, both sides of a seal, and the last; whatever of it was changed."""
    by_hand(folder, f"UPDATE event SET {EVENT_CHANGES[column]} WHERE seq = {seq}")

    assert any(f"Line {seq} was changed." in sentence for sentence in problems(folder))


@pytest.mark.parametrize("change", ["salt = zeroblob(16)", "payload = '{}'", "payload = json_object('a', 1)"])
@pytest.mark.parametrize("seq", [10, 13, 27])
def test_what_a_line_says_cannot_be_changed(folder: Path, change: str, seq: int) -> None:
    """It is bound to the line while it is there."""
    by_hand(folder, f"UPDATE event_payload SET {change} WHERE seq = {seq}")

    assert f"What line {seq} says was changed." in problems(folder)


def test_what_a_line_says_cannot_be_moved(folder: Path) -> None:
    """Not to another line, and not to where there is none."""
    by_hand(folder, "UPDATE event_payload SET seq = 1 WHERE seq = 27")
    assert "What line 1 says was changed." in problems(folder)

    by_hand(folder, "UPDATE event_payload SET seq = 1000 WHERE seq = 1")
    assert "What line 1000 says is there, and the line is not." in problems(folder)


@pytest.mark.parametrize("seq", [1, 9, 12, 13, 26])
def test_a_line_that_was_taken_out_is_missed(folder: Path, seq: int) -> None:
    """With what it said or without."""
    by_hand(folder, f"DELETE FROM event WHERE seq = {seq}", f"DELETE FROM event_payload WHERE seq = {seq}")

    assert f"Line {seq} is missing." in problems(folder)


@pytest.mark.parametrize("count", [1, 2, 5, 6, 20, 26])
def test_a_log_that_was_cut_off_is_named(folder: Path, count: int) -> None:
    """By any number of lines."""
    by_hand(
        folder,
        f"DELETE FROM event WHERE seq > {28 - count}",
        f"DELETE FROM event_payload WHERE seq > {28 - count}",
    )

    missing = "Line 28 is" if count == 1 else f"Lines {29 - count} to 28 are"
    assert f"{missing} missing at the end." in problems(folder)


def test_a_log_that_was_emptied_is_named(folder: Path) -> None:
    """All of it."""
    by_hand(folder, "DELETE FROM event", "DELETE FROM event_payload")

    assert "Lines 1 to 28 are missing at the end." in problems(folder)


def test_a_stretch_that_was_taken_out_from_the_front_is_named(folder: Path) -> None:
    """It looks like retention, and no line says so."""
    by_hand(folder, "DELETE FROM event WHERE epoch = 1", "DELETE FROM event_payload WHERE seq < 13")

    assert "The lines of stretch 1 are gone, and no line says that they were let go of." in problems(folder)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (5, 9), (12, 13), (26, 27)])
def test_lines_that_were_swapped_are_named(folder: Path, one: int, other: int) -> None:
    """With what they say."""
    swaps = [
        f"UPDATE {table} SET seq = CASE seq WHEN {one} THEN -{other} WHEN {other} THEN -{one} END"
        f" WHERE seq IN ({one}, {other})"
        for table in ("event", "event_payload")
    ]
    back = [f"UPDATE {table} SET seq = -seq WHERE seq < 0" for table in ("event", "event_payload")]
    by_hand(folder, *swaps, *back)

    assert {f"Line {one} was changed.", f"Line {other} was changed."} <= set(problems(folder))


def test_a_line_that_was_put_in_is_named(folder: Path) -> None:
    """At the end with a hash that fits, or before the beginning."""
    with closing(raw_connection(storage(folder).database)) as opened:
        head = opened.execute("SELECT hash FROM log_head").fetchone()[0]
        entry = events.line(29, 4, 0, "machine", "gate.paused", "gate", "gate", bytes(32))
        hashed = hashlib.sha256(b"\x00" + head + entry).hexdigest()
    columns = f"4, 0, 'machine', 'gate.paused', 'gate', 'gate', zeroblob(32), x'{head.hex()}', x'{hashed}'"
    by_hand(folder, f"INSERT INTO event VALUES (29, {columns})")
    assert problems(folder) == ["The log has to end with line 28, and goes on to line 29."]

    by_hand(folder, "DELETE FROM event WHERE seq = 29", f"INSERT INTO event VALUES (0, {columns})")
    assert "Line 0 was changed." in problems(folder)


@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize(
    "change",
    [
        "epoch = epoch + 10",
        "first_seq = first_seq + 1",
        "last_seq = last_seq + 1",
        "before = x'01'",
        "head = x'01'",
        "totals = '{}'",
        "totals = 'x'",
        "at = at + 1",
        "prev_hash = x'01'",
        "hash = x'01'",
    ],
)
def test_a_changed_seal_is_named(folder: Path, change: str, epoch: int) -> None:
    """Whatever of it was changed."""
    by_hand(folder, f"UPDATE seal SET {change} WHERE epoch = {epoch}")

    named = 10 + epoch if change.startswith("epoch") else epoch
    assert f"The seal of stretch {named} was changed." in problems(folder)


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_seal_that_was_taken_out_is_missed(folder: Path, epoch: int) -> None:
    """Every stretch that has ended has one."""
    by_hand(folder, f"DELETE FROM seal WHERE epoch = {epoch}")

    assert f"Stretch {epoch} has ended, and has no seal." in problems(folder)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("seq = seq + 2", "Lines 29 to 30 are missing at the end."),
        ("seq = seq - 1", "The log has to end with line 27, and goes on to line 28."),
        ("hash = zeroblob(32)", "The last line, 28, is not the one that is noted as the last."),
        ("epoch = 3", "The log is noted to be in stretch 3, and has to be in 4."),
        ("unchecked = 20", "Deletions are checked from line 20 on only, which is too late."),
        ("unchecked = 1", "Line 13 has to hold the seal of stretch 1, and does not."),
    ],
)
def test_an_end_that_was_changed_is_named(folder: Path, change: str, named: str) -> None:
    """The end is noted beside the log."""
    by_hand(folder, f"UPDATE log_head SET {change}")

    assert named in problems(folder)


def test_an_end_that_is_gone_is_named(folder: Path) -> None:
    """Without it nobody knows whether something was cut off."""
    by_hand(folder, "DELETE FROM log_head")

    assert "Where the log ends is not on record: the row of log_head is missing." in problems(folder)


def test_whatever_is_missing_of_the_schema_is_named(folder: Path) -> None:
    """Each trigger and each index, and what is none of ours."""
    with closing(raw_connection(storage(folder).database)) as opened:
        found = opened.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
        ).fetchall()
        for kind, name in found:
            opened.execute(f"DROP {kind} {name}")
        opened.execute("CREATE TABLE extra (id TEXT)")
        opened.execute("CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT 1; END")
        opened.execute("INSERT INTO permit VALUES ('event', '1')")

    named = problems(folder)

    lacking = {f"The database lacks the {kind} {name}." for kind, name in found if name != "event_no_update"}
    assert lacking < set(named)
    assert len(lacking) > 60
    assert "The database has another trigger event_no_update than ours." in named
    assert "The database has the table extra, which is none of ours." in named
    assert "A permit was left behind: it allows row 1 of event to be deleted." in named


def test_another_migration_than_the_file_is_named(folder: Path) -> None:
    """Whether it was changed, or is not there yet."""
    by_hand(folder, "UPDATE migration SET sha256 = 'x' WHERE number = 2")
    assert any("had another 0002" in sentence for sentence in problems(folder))

    by_hand(folder, "DELETE FROM migration WHERE number = 4")
    assert any("lacks 0004_rights.sql. Start the bot once" in sentence for sentence in problems(folder))


PUT_IN = "has no line in the log: it was put in by hand."
OTHERWISE = "says otherwise than the log."
NOT_SAID = "no line says that it was deleted."

ROWS_BY_HAND = {
    "a decision put in": (
        """
        INSERT INTO decision SELECT 'MINE', case_id, 'admit', automated, decided_by, NULL, NULL, 'none', 1,
            NULL, at, 'one', NULL, NULL FROM decision WHERE outcome = 'hold' LIMIT 1
        """,
        f"Decision MINE {PUT_IN}",
    ),
    "a case put in": (
        """
        INSERT INTO cases (id, code, subject_id, state, locale, opened_at, last_activity_at, closed_at)
        SELECT 'MINE', 'X', subject_id, 'left', 'en', 5, 5, 5 FROM cases LIMIT 1
        """,
        f"Case MINE {PUT_IN}",
    ),
    "a disclosure put in": (
        """
        INSERT INTO disclosure SELECT 'MINE', subject_id, case_id, 9, 'none', '', source,
            questionnaire_hash, at FROM disclosure LIMIT 1
        """,
        f"Disclosure MINE {PUT_IN}",
    ),
    "a decision swapped": (
        "UPDATE decision SET outcome = 'admit', disclosed = 'none' WHERE outcome = 'decline'",
        OTHERWISE,
    ),
    "a decision by somebody else": (
        "UPDATE decision SET automated = 0, decided_by = 'MINE' WHERE outcome = 'admit'",
        OTHERWISE,
    ),
    "a decision moved": (
        "UPDATE decision SET case_id = 'ELSEWHERE' WHERE outcome = 'admit'",
        "which is about another case.",
    ),
    "a disclosure changed": ("UPDATE disclosure SET disclosed = 'some'", OTHERWISE),
    "a case dated on": ("UPDATE cases SET opened_at = opened_at + 1 WHERE state = 'admitted'", OTHERWISE),
    "a decision taken out": ("DELETE FROM decision WHERE outcome = 'decline'", NOT_SAID),
    "a case taken out": ("DELETE FROM cases WHERE state = 'admitted'", NOT_SAID),
    "a disclosure taken out": ("DELETE FROM disclosure", NOT_SAID),
    "a person put back": (
        """
        INSERT INTO subject (id, lookup, key_id, created_at)
        SELECT object_id, x'01', 'K', 0 FROM event WHERE action = 'subject.erased'
        """,
        "is there, and the log says that it was deleted.",
    ),
}


@pytest.mark.parametrize("what", ROWS_BY_HAND)
def test_rows_that_were_changed_by_hand_are_named(folder: Path, what: str) -> None:
    """What came and what went has its line in the log, and the line says the same."""
    statement, named = ROWS_BY_HAND[what]
    by_hand(folder, statement)

    assert any(named in sentence for sentence in problems(folder))


def test_an_old_stretch_goes_in_steps_each_of_which_verifies(folder: Path) -> None:
    """Whoever is stopped after any step goes on from there, and nothing is told twice."""
    steps = 0
    while step_of_dropping(folder, NOW_THEN):
        steps += 1
        assert problems(folder) == [], steps

    assert steps == 1 + 4
    assert look(folder).emptied == 1
    assert value(folder, "SELECT min(seq) FROM event") == 13
    assert value(folder, "SELECT min(seq) FROM event_payload") >= 13
    assert value(folder, "SELECT count(*) FROM event WHERE action = 'epoch.emptied'") == 1


def test_stretches_go_one_after_the_other_until_the_one_that_is_written_to(folder: Path) -> None:
    """Even the lines that say that earlier ones went may go; the seals still count them."""
    later = NOW_THEN + timedelta(days=400)
    while step_of_dropping(folder, later, most=100):
        pass
    assert look(folder).emptied == 3

    with closing(connect(storage(folder).database)) as opened:
        assert seal_if_due(opened, later)
    while step_of_dropping(folder, later + timedelta(days=400), most=100):
        assert problems(folder) == []

    assert look(folder).emptied == 4
    by_hand(folder, "DELETE FROM event WHERE action = 'epoch.emptied' AND object_id = '4'")
    assert any("stretch 4 are gone, and no line says" in sentence for sentence in problems(folder))


def test_lines_cannot_be_taken_from_within_a_stretch_that_goes(folder: Path) -> None:
    """It goes from the front."""
    step_of_dropping(folder, NOW_THEN)
    step_of_dropping(folder, NOW_THEN)
    by_hand(folder, "DELETE FROM event WHERE seq = 8", "DELETE FROM event_payload WHERE seq = 8")

    assert "Line 8 is missing." in problems(folder)


def test_a_row_put_in_before_the_lines_that_are_left_is_counted(folder: Path) -> None:
    """Its line could have gone with an old stretch, but the seal knows how many there were."""
    while step_of_dropping(folder, NOW_THEN):
        pass
    by_hand(
        folder,
        "INSERT INTO decision SELECT 'MINE', case_id, 'hold', 1, NULL, NULL, NULL, NULL, NULL, NULL, 5,"
        " 'one', NULL, NULL FROM decision WHERE outcome = 'admit'",
    )

    (sentence,) = problems(folder)
    assert sentence.startswith("By the log, the table of decisions has")


def test_a_month_is_sealed_once_when_it_is_over(connection: sqlite3.Connection) -> None:
    """Not before, not twice, and not without a line."""
    assert not seal_if_due(connection, NOW)
    note(connection, NOW)
    assert not seal_if_due(connection, datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC))

    assert seal_if_due(connection, datetime(2026, 4, 1, tzinfo=UTC))

    assert not seal_if_due(connection, datetime(2026, 4, 1, tzinfo=UTC))
    last = connection.execute("SELECT epoch, action, object_id FROM event ORDER BY seq DESC").fetchone()
    assert tuple(last) == (2, "epoch.sealed", "1")


def test_a_clock_that_jumps_breaks_nothing(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """Back to 1970 or ahead by a lifetime and back: stretches stay in order, and sealing goes on."""
    for year in (2026, 1970, 2026, 2099, 2026, 1970, 2027):
        for month in (1, 2):
            now = datetime(year, month, 5, tzinfo=UTC)
            note(connection, now)
            seal_if_due(connection, now)
            assert not seal_if_due(connection, now)
            while drop_old(connection, now, timedelta(days=10_000), 100):
                pass
    connection.close()

    report = look(tmp_path)
    assert report.problems.sentences == []
    assert report.stretches >= 10


def test_nothing_goes_before_its_time(connection: sqlite3.Connection) -> None:
    """Counted from the sealing; the same is told beforehand."""
    note(connection, NOW)
    assert next_due(connection, KEEP, NOW) is None
    sealed = datetime(2026, 4, 1, tzinfo=UTC)
    seal_if_due(connection, sealed)

    due = next_due(connection, KEEP, sealed)
    assert due is not None
    assert (due.epoch, due.lines, due.at) == (1, 1, sealed + KEEP)
    assert not drop_old(connection, due.at, KEEP, 100)
    assert drop_old(connection, due.at + timedelta(seconds=1), KEEP, 100)


def test_a_log_from_before_is_taken_as_it_is(tmp_path: Path) -> None:
    """Its decisions were named by their case, and what was deleted left no line. From then on all counts."""
    before = tmp_path / "before"
    before.mkdir()
    for number in ("0001", "0002", "0003"):
        (file,) = (FOLDER / "main").glob(f"{number}_*")
        shutil.copy(file, before)
    with closing(connect(storage(tmp_path).database)) as opened:
        migrate(opened, before)
        opened.execute("INSERT INTO subject (id, lookup, key_id, created_at) VALUES ('S', x'01', 'K', 0)")
        opened.execute(
            "INSERT INTO decision (id, case_id, outcome, automated, at) VALUES ('D', 'C', 'hold', 1, 7)"
        )
        previous = bytes(32)
        for seq, action, case in [(1, "case.opened", "GONE"), (2, "decision.hold", "C")]:
            commitment = hashlib.sha256(bytes(16) + b"{}").digest()
            entry = events.line(seq, 1, 8, "machine", action, "case", case, commitment)
            hashed = hashlib.sha256(b"\x00" + previous + entry).digest()
            row = (seq, 1, 8, "machine", action, "case", case, commitment, previous, hashed)
            opened.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            opened.execute("INSERT INTO event_payload VALUES (?, zeroblob(16), '{}')", (seq,))
            previous = hashed
        assert migrate(opened, FOLDER / "main") == 2
        note(opened, NOW)
    assert problems(tmp_path) == []

    by_hand(
        tmp_path, "INSERT INTO decision (id, case_id, outcome, automated, at) VALUES ('E', 'C', 'hold', 1, 9)"
    )
    assert problems(tmp_path) == [
        "Decision E has no line in the log: it was put in by hand.",
        "By the log, the table of decisions has 1 rows, and it has 2.",
    ]


def anchored(folder: Path, seq: int, line_hash: bytes | None = None) -> None:
    """Write an anchor of a line to the file."""
    with closing(raw_connection(storage(folder).database)) as opened:
        found = opened.execute("SELECT epoch, hash FROM event WHERE seq = ?", (seq,)).fetchone()
    epoch, hashed = found or (4, bytes(32))
    append(storage(folder).anchors, Anchor("2026-03-09T00:00:00+00:00", epoch, seq, line_hash or hashed))


def test_the_log_is_held_against_its_anchors(folder: Path) -> None:
    """Those that fit are counted; a line that is another one, or is not there, is named with its day."""
    for seq in (9, 12, 27):
        anchored(folder, seq)
    assert (look(folder).anchors, problems(folder)) == (3, [])

    anchored(folder, 29)
    anchored(folder, 14, bytes(32))

    assert problems(folder) == [
        "Line 29, which was anchored on 2026-03-09, is missing.",
        "Line 14 is not the one that was anchored on 2026-03-09: the log was rewritten.",
    ]


def test_anchors_outlive_the_lines_they_are_about(folder: Path) -> None:
    """What cannot be compared any more is no problem; the end of a stretch still can be."""
    for seq in (2, 9, 12):
        anchored(folder, seq)
    while step_of_dropping(folder, NOW_THEN):
        assert problems(folder) == []

    anchored(folder, 12, bytes(32))
    assert problems(folder) == [
        "Line 12 is not the one that was anchored on 2026-03-09: the log was rewritten."
    ]
