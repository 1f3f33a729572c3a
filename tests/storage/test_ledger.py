"""The erasure ledger: lines that are on disk before keys go, and that no crash and no hand can blur."""

import json
import stat
from datetime import date
from pathlib import Path

import pytest

from bot.forgetting.ledger import LedgerProblem, Line, append, merge, read
from bot.model import Scope

DAY = date(2026, 11, 22)
ANN = Line("E1", DAY, Scope.PERSON, "S1", key="K1")
BEN = Line("E2", DAY, Scope.CASE, "S2", case="C2")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger would be, in a folder that is not there yet."""
    return tmp_path / "ledger" / "erasures.jsonl"


def test_what_is_written_is_read_in_order(path: Path) -> None:
    """Line by line, a day and random ids."""
    append(path, [ANN])
    append(path, [BEN])

    assert read(path) == [ANN, BEN]
    assert json.loads(path.read_text().splitlines()[0]) == {
        "id": "E1",
        "at": "2026-11-22",
        "what": "person",
        "subject": "S1",
        "key": "K1",
    }


def test_nobody_else_can_read_it(path: Path) -> None:
    """Neither the file nor its folder."""
    append(path, [ANN])

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_was_erased_where_there_is_no_file(path: Path) -> None:
    """And nothing to write makes none."""
    append(path, [])

    assert read(path) == []
    assert not path.exists()


def test_writing_a_line_twice_is_writing_it_once(path: Path) -> None:
    """A crash between writing it and noting that has it written again."""
    append(path, [ANN, BEN])
    append(path, [ANN])

    assert read(path) == [ANN, BEN]


@pytest.mark.parametrize("cut", range(1, len(json.dumps({"id": "E2"})) + 40))
def test_a_line_cut_short_is_left_aside_and_cut_off(path: Path, cut: int) -> None:
    """Wherever the crash fell; the lines after it are whole."""
    append(path, [ANN, BEN])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])

    torn = read(path)
    append(path, [BEN])

    assert torn == ([ANN, BEN] if cut == 1 else [ANN])
    assert read(path) == [ANN, BEN]
    assert path.read_bytes().startswith(whole)


@pytest.mark.parametrize(
    "strange", [b"what is this\n", b"[1]\n", b'{"id": "E"}\n', b'{"id": 7}\n', b"\xff\xfe\n"]
)
def test_a_file_that_is_none_of_ours_is_named(path: Path, strange: bytes) -> None:
    """Rather than taken for an empty one: people would come back."""
    append(path, [ANN])
    path.write_bytes(path.read_bytes() + strange + path.read_bytes())

    with pytest.raises(LedgerProblem, match=r"line 2 .* put the file back"):
        read(path)


def test_two_ledgers_become_one(path: Path, tmp_path: Path) -> None:
    """Each line once: that of a copy knows less, or something else."""
    other = tmp_path / "copy.jsonl"
    append(path, [ANN])
    append(other, [ANN, BEN])

    assert merge(path, other) == 1
    assert read(path) == [ANN, BEN]
    assert merge(path, other) == 0
