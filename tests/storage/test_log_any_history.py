"""Whatever happens, in whatever order, the log verifies; and one change by hand anywhere does not pass."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.database import connect
from bot.forgetting.erasing import forget_case, wipe_answers
from bot.log.epochs import drop_old, seal_if_due
from bot.log.verifying import verify
from bot.migrations import FOLDER, migrate
from bot.model import Disclosed, Disclosure, Outcome, Source
from bot.store import cases, decisions, disclosures, events, new_cases, subjects
from bot.timing import persons_turn
from bot.vault import Vault
from tests.storage.by_hand import by_hand, problems, storage
from tests.support import MASTER, NOW, raw_connection

EXAMPLES = 15
KEEP = timedelta(days=40)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)


@given(
    st.integers(),
    st.integers(0, 9),
    st.integers(),
    ANY_TEXT,
    ANY_TEXT,
    ANY_TEXT,
    ANY_TEXT,
    st.binary(max_size=32),
)
def test_a_line_has_one_form(
    seq: int, epoch: int, at: int, actor: str, action: str, kind: str, about: str, commitment: bytes
) -> None:
    """JSON with sorted keys and no spaces, byte for byte, whatever stands in it."""
    entry = {
        "seq": seq, "epoch": epoch, "at": at, "actor": actor, "action": action, "object_kind": kind,
        "object_id": about, "commitment": commitment.hex(),
    }  # fmt: skip

    expected = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    assert events.line(seq, epoch, at, actor, action, kind, about, commitment) == expected


class History:
    """Things happen to people, one at a time, while the clock goes on and jumps."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault) -> None:
        self.connection = connection
        self.vault = vault
        self.now = NOW
        self.people = 0

    def live(self, step: str, number: int) -> None:
        """One thing happens; the number says to whom, or how much."""
        getattr(self, step)(number)

    def arrive(self, _: int) -> None:
        self.people += 1
        subject = subjects.find_or_add(self.connection, self.vault, self.people, self.now)
        turn = persons_turn(self.now, timedelta(days=7), ())
        case = new_cases.open_new(self.connection, subject.id, "en", self.now, turn)
        self._line("case.opened", "case", case.id, subject.id)

    def send(self, number: int) -> None:
        case = self._case(number)
        if case is None:
            return
        key = self.vault.key(subjects.get(self.connection, case.subject_id).key_id)  # type: ignore[union-attr] # they have a case
        logged = disclosures.append(
            self.connection,
            key,
            subject_id=case.subject_id,
            case_id=case.id,
            disclosure=Disclosure(Disclosed.NONE, (), ""),
            source=Source.GATE,
            questionnaire_hash="Q",
            now=self.now,
        )
        said = {"version": str(logged.version), "disclosed": "none"}
        self._line("disclosure.logged", "disclosure", logged.id, case.subject_id, said)

    def decide(self, number: int) -> None:
        case = self._case(number)
        if case is None:
            return
        decision = decisions.append(
            self.connection,
            case_id=case.id,
            outcome=Outcome.HOLD,
            decided_by=None,
            disclosed=None,
            disclosure_version=None,
            questionnaire_hash=None,
            now=self.now,
        )
        self._line("decision.hold", "decision", decision.id, events.MACHINE, {"case": case.id})

    def wipe(self, number: int) -> None:
        case = self._case(number)
        if case is not None:
            wipe_answers(self.connection, case, self.now)

    def forget(self, number: int) -> None:
        case = self._case(number)
        if case is not None and not decisions.of_case(self.connection, case.id):
            self.vault.destroy(forget_case(self.connection, self.vault, case, self.now))

    def wait(self, number: int) -> None:
        self.now += timedelta(days=3 * number)

    def set_the_clock_back(self, number: int) -> None:
        self.now -= timedelta(days=number)

    def seal(self, _: int) -> None:
        seal_if_due(self.connection, self.now)

    def drop(self, number: int) -> None:
        drop_old(self.connection, self.now, KEEP, 1 + number)

    def _case(self, number: int) -> cases.Case | None:
        found = self.connection.execute("SELECT id FROM cases ORDER BY rowid").fetchall()
        return cases.get(self.connection, found[number % len(found)]["id"]) if found else None

    def _line(
        self, action: str, kind: str, about: str, actor: str, payload: dict[str, str] | None = None
    ) -> None:
        events.record(
            self.connection,
            now=self.now,
            actor=actor,
            action=action,
            object_kind=kind,
            object_id=about,
            payload=payload,
        )


STEPS = [name for name in vars(History) if not name.startswith("_") and name != "live"]
HISTORIES = st.lists(
    st.tuples(st.sampled_from([*STEPS, "arrive", "wait", "drop"]), st.integers(0, 11)), max_size=40
)


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as they are before anything has happened."""
    folder = tmp_path_factory.mktemp("beginning")
    with closing(connect(storage(folder).database)) as connection:
        migrate(connection, FOLDER / "main")
        connection.execute("INSERT INTO questionnaire VALUES ('Q', '{}', 0)")
        connection.execute("INSERT INTO pair VALUES (1, 'PAIR')")
    with Vault.opened(storage(folder).keys, MASTER) as vault:
        vault.set_pair("PAIR")
    return folder


@pytest.fixture(scope="module")
def folders(beginning: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Makes a fresh copy of the files for each history."""
    base = tmp_path_factory.mktemp("histories")
    return (shutil.copytree(beginning, base / str(number)) for number in range(10 * EXAMPLES))


def lived(folder: Path, history: list[tuple[str, int]]) -> datetime:
    """Have a history happen in a folder. Returns the time."""
    with (
        closing(connect(storage(folder).database)) as connection,
        Vault.opened(storage(folder).keys, MASTER) as vault,
    ):
        connection.execute("PRAGMA synchronous = OFF")
        life = History(connection, vault)
        for step, number in [("arrive", 0), *history]:
            connection.execute("BEGIN")
            life.live(step, number)
            connection.execute("COMMIT")
        return life.now


@settings(max_examples=EXAMPLES, deadline=None)
@given(history=HISTORIES)
def test_any_history_verifies(folders: Iterator[Path], history: list[tuple[str, int]]) -> None:
    """Also in the middle of letting old lines go."""
    folder = next(folders)
    lived(folder, history)

    assert problems(folder, keys=True) == []


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(history=HISTORIES, data=st.data())
def test_one_change_by_hand_is_found(
    folders: Iterator[Path], history: list[tuple[str, int]], data: st.DataObject
) -> None:
    """A line changed, taken out, moved or swapped, lines cut off, what a line says changed or moved."""
    folder = next(folders)
    lived(folder, history)
    with closing(raw_connection(storage(folder).database)) as connection:
        seqs = [row[0] for row in connection.execute("SELECT seq FROM event ORDER BY seq")]
        said = [row[0] for row in connection.execute("SELECT seq FROM event_payload ORDER BY seq")]
    one, other = data.draw(st.sampled_from(seqs)), data.draw(st.sampled_from(seqs))
    changes = {
        "a number": [f"UPDATE event SET at = at + 1 WHERE seq = {one}"],
        "a word": [f"UPDATE event SET action = action || 'x' WHERE seq = {one}"],
        "a hash": [f"UPDATE event SET hash = zeroblob(32) WHERE seq = {one}"],
        "taken out": [f"DELETE FROM event WHERE seq = {one}", f"DELETE FROM event_payload WHERE seq = {one}"],
        "cut off": [f"DELETE FROM event WHERE seq >= {one}", f"DELETE FROM event_payload WHERE seq >= {one}"],
        "moved": [f"UPDATE event SET seq = {seqs[-1] + 1} WHERE seq = {one}"],
        "swapped": [
            f"UPDATE event SET seq = -seq WHERE seq IN ({one}, {other})",
            f"UPDATE event SET seq = CASE seq WHEN -{one} THEN {other} ELSE {one} END WHERE seq < 0",
        ],
        "emptied": ["DELETE FROM event"],
    }
    if said:
        what = data.draw(st.sampled_from(said))
        changes["said"] = [f"UPDATE event_payload SET payload = payload || ' ' WHERE seq = {what}"]
        changes["salt"] = [f"UPDATE event_payload SET salt = zeroblob(16) WHERE seq = {what}"]
        changes["said elsewhere"] = [f"UPDATE event_payload SET seq = -1 WHERE seq = {what}"]
    if one == other:
        del changes["swapped"]
    kind = data.draw(st.sampled_from(sorted(changes)))
    if kind == "taken out" and one == seqs[0] and one > 1:
        kind = "a number"  # from the front of a stretch that goes, one more line is one more step
    by_hand(folder, *changes[kind])

    assert problems(folder) != []
    assert verify(storage(folder), None, keys=False).problems
