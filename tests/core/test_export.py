"""Exports: stable columns, decrypted, to a new file that only its owner can read."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from bot.export import CASE_COLUMNS, DISCLOSURE_COLUMNS, Format, What, as_csv, export
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    BEN,
    LINK_NOW,
    LINK_OLD,
    MOD,
    PURPOSE,
    World,
    visitor,
)

CAT = visitor(200000000000000003)


async def exported(world: World, what: What, format_: Format = Format.JSON) -> list[dict[str, Any]]:
    """The rows of an export, read back from its file."""
    path = world.path.parent / f"{what}.{format_}"
    count = await export(world.foundation, what, format_, path)
    text = path.read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = (
        json.loads(text) if format_ is Format.JSON else list(csv.DictReader(io.StringIO(text)))
    )
    assert len(rows) == count
    return rows


async def populate(world: World) -> None:
    """Two links, a nil return, a refusal to tell, and a member's change that is not there yet."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.gate.reopen(ANN)
    another = (await world.summary(ANN)).add_another[0][1]
    await world.save(ANN, another, {**LINK_OLD, "organisation": "=HYPERLINK(1)", "on_behalf_of": "Ωmega"})
    await world.submission.send(
        ANN, (await world.summary(ANN)).send_ref, {"statements": ["true", "named", "keep", "update"]}
    )
    world.clock.advance(minutes=1)
    await world.send(BEN, ABOUT_NIL)
    world.clock.advance(minutes=1)
    await world.send(CAT, ABOUT_REFUSED)
    await world.decline(CAT)


async def test_disclosures_have_one_row_per_interest(world: World) -> None:
    """A nil return and an undisclosed one have a row of their own, told apart."""
    await populate(world)

    rows = await exported(world, What.DISCLOSURES)

    assert all(tuple(row) == DISCLOSURE_COLUMNS for row in rows)
    assert [
        (row["version"], row["disclosed"], row["gap"], row["interest"], row["organisation"]) for row in rows
    ] == [
        (1, "some", "", 1, "Helix Pharma"),
        (2, "some", "", 1, "Helix Pharma"),
        (2, "some", "", 2, "=HYPERLINK(1)"),
        (1, "none", "", None, None),
        (1, "undisclosed", "refused", None, None),
    ]
    assert [row["discord_id"] for row in rows[2:]] == [str(p.user_id) for p in (ANN, BEN, CAT)]
    first = rows[0]
    assert (first["relationships"], first["purposes"], first["paid_now"]) == (
        ["employment"],
        ["peer_support"],
        True,
    )
    assert (first["at"], first["goal"]) == ("2026-03-04T12:00:00+00:00", "To talk with others")


async def test_cases_have_one_row_each_with_the_last_decision(world: World) -> None:
    """By the machine or by whom, on which version, and what the person was told."""
    await populate(world)
    await world.gate.arrive(visitor(200000000000000004))

    rows = await exported(world, What.CASES)

    assert all(tuple(row) == CASE_COLUMNS for row in rows)
    told = ("state", "outcome", "automated", "decided_by", "disclosed", "message_to_person")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("held", "hold", True, "", "some", ""),
        ("admitted", "admit", True, "", "none", "shown"),
        ("declined", "decline", False, str(MOD.user_id), "undisclosed", "pending"),
        ("waiting", "", None, "", "", ""),
    ]


async def test_csv_says_the_same_with_formulas_defused(world: World) -> None:
    """Lists are joined with semicolons, and a cell never begins like a formula."""
    await populate(world)

    rows = await exported(world, What.DISCLOSURES, Format.CSV)

    assert tuple(rows[0]) == DISCLOSURE_COLUMNS
    assert [row["organisation"] for row in rows] == ["Helix Pharma", "Helix Pharma", "'=HYPERLINK(1)", "", ""]
    assert rows[2]["on_behalf_of"] == "Ωmega"
    assert [row["paid_now"] for row in rows] == ["True", "True", "False", "", ""]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_every_beginning_of_a_formula_is_defused(cell: str) -> None:
    """An apostrophe makes it text."""
    assert next(csv.reader(io.StringIO(as_csv([{"a": cell}], ("a",)).split("\n", 1)[1])))[0].startswith("'")


def test_lists_and_nothing_in_csv() -> None:
    """Nothing is an empty cell."""
    assert as_csv([{"a": ["x", "y"], "b": None, "c": 0}], ("a", "b", "c")) == "a,b,c\r\nx;y,,0\r\n"


async def test_an_export_is_for_its_owner_only_and_overwrites_nothing(world: World, tmp_path: Path) -> None:
    """Mode 0600, and a file that is there stays as it is."""
    path = tmp_path / "out.csv"
    await export(world.foundation, What.CASES, Format.CSV, path)
    path.write_text("mine")

    with pytest.raises(FileExistsError):
        await export(world.foundation, What.CASES, Format.CSV, path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "mine"


async def test_exporting_is_an_event(world: World) -> None:
    """Who looks at everything leaves a line."""
    await exported(world, What.CASES)

    assert await world.rows("SELECT actor, action, object_id FROM event") == [
        ("operator", "export.made", "cases")
    ]


async def test_what_was_taken_back_is_in_no_export(world: World) -> None:
    """The case stays, without what was said."""
    await world.held()
    await world.gate.take_back(ANN)

    assert await exported(world, What.DISCLOSURES) == []
    [row] = await exported(world, What.CASES)
    assert row["state"] == "withdrawn"
