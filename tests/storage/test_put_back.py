"""A copy from before an erasure is put back: nobody is there again when the first press is answered."""

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from bot.forgetting.ledger import LedgerProblem, Line, append, read
from bot.model import Outcome, Scope
from bot.opening import opened
from bot.ports import Refused, Why
from bot.standing import CarryOn, Welcome
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    LINK_OLD,
    MASTER,
    MOD,
    PURPOSE,
    FakeClock,
    World,
    config,
    visitor,
    world_in,
)

FILES = ("porchlight.db", "keys.db")
CAT = visitor(200000000000000003)


def copy(folder: Path) -> None:
    """Yesterday's copy, of a bot that has stopped."""
    (folder / "copy").mkdir()
    for name in FILES:
        shutil.copy(folder / name, folder / "copy" / name)


def put_back(folder: Path, *names: str) -> None:
    """Put back files, in place of what was written since."""
    for name in names:
        for stale in folder.glob(f"{name}-*"):
            stale.unlink()
        shutil.copy(folder / "copy" / name, folder / name)


@asynccontextmanager
async def started(folder: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The bot on the files in a folder."""
    async with world_in(folder, config(), clock) as world:
        yield world


async def tell_all(folder: Path, clock: FakeClock) -> str:
    """Ann is let in with a link, with her letter sent; returns who she is. The bot is stopped and copied."""
    async with started(folder, clock) as world:
        await world.gate.arrive(BEN)
        await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
        await world.drain()
        await world.file()
        await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)
        await world.drain()
        await world.drain()
        subject = await world.subject_id()
    copy(folder)
    return subject


@pytest.mark.parametrize("names", [FILES, ("porchlight.db",)])
async def test_whoever_was_erased_is_gone_before_anything_is_served(
    tmp_path: Path, clock: FakeClock, names: tuple[str, ...]
) -> None:
    """Rows and key, of both files; what was deleted in Discord stays so."""
    subject = await tell_all(tmp_path, clock)
    async with started(tmp_path, clock) as world:
        key = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)
        assert await world.erasure.person(subject, subject)
        await world.drain()
    put_back(tmp_path, *names)
    clock.advance(days=1)

    async with started(tmp_path, clock) as world:
        assert await world.rows("SELECT 1 FROM subject WHERE id = ?", subject) == []
        assert await world.rows("SELECT 1 FROM cases WHERE subject_id = ?", subject) == []
        assert await world.rows("SELECT * FROM interest_text") == []
        assert world.key_is_destroyed(key)
        assert await world.states() == ["waiting"], "Ben is still there"
        assert isinstance(await world.gate.standing(ANN), Welcome)
        world.doorkeeper.will("delete", *[Refused(Why.MISSING_MESSAGE)] * 2)
        world.doorkeeper.will("revoke", Refused(Why.GONE))
        await world.drain()
        assert await world.rows("SELECT * FROM errand") == []
        assert await world.rows("SELECT * FROM effect WHERE state = 'stuck'") == []
        assert [line.subject for line in read(tmp_path / "erasures.jsonl")] == [subject]

    async with started(tmp_path, clock) as world:
        assert await world.one("SELECT count(*) FROM event WHERE action = 'subject.erased'") == 1


async def test_the_number_stays_locked_as_long_as_it_was_told(tmp_path: Path, clock: FakeClock) -> None:
    """From the day of the erasure, not from that on which the copy was put back."""
    subject = await tell_all(tmp_path, clock)
    async with started(tmp_path, clock) as world:
        receipt = await world.erasure.person(subject, subject)
    put_back(tmp_path, *FILES)
    clock.advance(days=20)

    async with started(tmp_path, clock) as world:
        ((until,),) = await world.rows("SELECT until FROM suppression_key")

    assert receipt is not None
    assert receipt.held_until is not None
    assert abs(until / 1000 - receipt.held_until.timestamp()) < 24 * 3600


async def test_all_but_the_links_goes_again(tmp_path: Path, clock: FakeClock) -> None:
    """Once: what the member tells after that stays."""
    subject = await tell_all(tmp_path, clock)
    async with started(tmp_path, clock) as world:
        assert await world.erasure.rest(subject, subject)
    put_back(tmp_path, *FILES)

    async with started(tmp_path, clock) as world:
        assert await world.rows("SELECT * FROM sheet") == []
        assert await world.rows("SELECT field FROM interest_text") == [("organisation",)]
        assert await world.states() == ["waiting", "admitted"]
        await world.links.change(ANN)

    async with started(tmp_path, clock) as world:
        assert await world.one("SELECT count(*) FROM sheet") == 1


async def test_consent_that_was_taken_back_is_taken_back_again(tmp_path: Path, clock: FakeClock) -> None:
    """With the access that rested on it; what is told after that stays."""
    subject = await tell_all(tmp_path, clock)
    async with started(tmp_path, clock) as world:
        assert await world.erasure.consent(subject, subject)
    put_back(tmp_path, *FILES)

    async with started(tmp_path, clock) as world:
        assert await world.rows("SELECT * FROM answer") == []
        assert await world.rows("SELECT * FROM disclosure") == []
        await world.drain()
        assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]
        await world.send(ANN, ABOUT_NIL)

    async with started(tmp_path, clock) as world:
        assert await world.one("SELECT count(*) FROM disclosure") == 1


async def test_so_are_requests_and_answers_taken_back_at_the_gate(tmp_path: Path, clock: FakeClock) -> None:
    """Take back my request, Delete what you have, and answers that led to an information page."""
    async with started(tmp_path, clock) as world:
        await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
        await world.begin(BEN)
        first = await world.begin(CAT)
        saved = await world.save(CAT, first.ref, ABOUT_LINKED)
    copy(tmp_path)
    async with started(tmp_path, clock) as world:
        await world.gate.take_back(ANN)
        await world.gate.forget_me(BEN)
        await world.forms.save(CAT, saved.again, {**ABOUT_NIL, "belongs": "no"})
    put_back(tmp_path, *FILES)

    async with started(tmp_path, clock) as world:
        assert await world.states() == ["withdrawn", "withdrawn"]
        for table in ("sheet", "answer", "disclosure", "consent"):
            assert await world.rows(f"SELECT * FROM {table}") == [], table


async def test_a_request_that_goes_on_after_its_answers_were_deleted_goes_on(
    tmp_path: Path, clock: FakeClock
) -> None:
    """*I also live with this*, in the same case: a start that finds its line deletes nothing again."""
    async with started(tmp_path, clock) as world:
        first = await world.begin()
        saved = await world.save(ANN, first.ref, ABOUT_LINKED)
        await world.forms.save(ANN, saved.again, {**ABOUT_NIL, "belongs": "no"})
        again = await world.begin()
        await world.save(ANN, again.ref, ABOUT_LINKED)
        assert len(read(tmp_path / "erasures.jsonl")) == 1

    async with started(tmp_path, clock) as world:
        assert isinstance(await world.gate.standing(ANN), CarryOn)
        assert await world.one("SELECT count(*) > 0 FROM answer") == 1


async def test_a_line_older_than_the_log_deletes_nothing_again(tmp_path: Path, clock: FakeClock) -> None:
    """The log may have lost the line that tells that it was done; no copy is as old as that."""
    subject = await tell_all(tmp_path, clock)
    append(tmp_path / "erasures.jsonl", [Line("OLD", date(2023, 1, 1), Scope.CONSENT, subject)])

    async with started(tmp_path, clock) as world:
        assert await world.states() == ["waiting", "admitted"]
        assert await world.one("SELECT wiped_at FROM cases WHERE state = 'admitted'") is None


async def test_ten_thousand_lines_cost_next_to_nothing(world: World) -> None:
    """Two statements, however long the ledger is."""
    await world.send(ANN, ABOUT_LINKED, LINK_OLD)
    day = world.clock().date()
    kinds = list(Scope)
    lines = [Line(f"E{n:025}", day, kinds[n % 4], f"S{n:025}", key=f"K{n:025}") for n in range(10_000)]
    before = time.process_time()

    assert await world.erasure.apply(lines) == 0

    assert time.process_time() - before < 0.5
    assert await world.states() == ["admitted"]


async def test_a_start_finishes_what_a_crash_cut_short(tmp_path: Path, clock: FakeClock) -> None:
    """The rows were gone; the ledger could not be written, and the key was still there."""
    subject = await tell_all(tmp_path, clock)
    ledger = tmp_path / "erasures.jsonl"
    async with started(tmp_path, clock) as world:
        key = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)
        ledger.mkdir()
        assert await world.erasure.person(subject, subject)
        assert not world.key_is_destroyed(key)
    ledger.rmdir()

    async with started(tmp_path, clock) as world:
        assert [line.key for line in read(ledger)] == [key]
        assert world.key_is_destroyed(key)
        assert await world.rows("SELECT * FROM erasure") == []
        await world.drain()
        assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]


async def test_a_strange_ledger_stops_the_start(tmp_path: Path, clock: FakeClock) -> None:
    """Better no bot than one that brings people back. Commands beside a running bot leave it alone."""
    storage = {
        "database": tmp_path / "porchlight.db",
        "keys": tmp_path / "keys.db",
        "ledger": tmp_path / "erasures.jsonl",
    }
    settings = config(storage=storage)
    async with opened(settings, MASTER, clock):
        pass
    storage["ledger"].write_text("what is this\n")

    with pytest.raises(LedgerProblem, match="line 1"):
        async with opened(settings, MASTER, clock):
            pass
    async with opened(settings, MASTER, clock, beside=True) as foundation:
        assert await foundation.database.read(lambda c: c.execute("SELECT 1").fetchone()[0]) == 1
