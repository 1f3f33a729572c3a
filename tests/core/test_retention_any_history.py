"""Whatever happened, and however often it is swept: what is told goes, nothing else does, nothing stays."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.clock import to_ms
from bot.forgetting.retention import Outlook, Retention, outlook
from bot.minting import NextForm
from bot.model import Outcome, Visitor
from bot.standing import CarryOn
from bot.store import access
from bot.store.access import Looked, Purpose
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    PURPOSE,
    TICKED,
    FakeClock,
    World,
    config,
    visitor,
    world_in,
)

VETERAN = visitor(200000000000000009, role_ids=frozenset({MEMBER_ROLE}))
PEOPLE = [ANN, BEN, VETERAN]
PAGES = {"about": ABOUT_LINKED, "link": LINK_NOW, "purpose": PURPOSE}


async def _subject(world: World, who: Visitor) -> str:
    lookup = world.foundation.vault.lookup(who.user_id)
    found = await world.rows("SELECT id FROM subject WHERE lookup = ?", lookup)
    return str(found[0][0]) if found else ""


async def _was_there(world: World, who: Visitor) -> None:
    now, foundation = world.clock(), world.foundation
    if not await world.rows("SELECT 1 FROM cases WHERE subject_id = ?", await _subject(world, who)):
        await foundation.database.write(lambda c: foundation.find_or_add(c, who.user_id, now))
        statement = "INSERT INTO earlier_member (subject_id, noted_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        await world.run(statement, await _subject(world, who), to_ms(now))


async def _sends(world: World, who: Visitor, *, nil: bool) -> None:
    await world.gate.agree(who, "What we keep.")
    pages = {"about": ABOUT_NIL} if nil else PAGES
    for _ in range(4):
        standing = await world.gate.standing(who)
        step = standing.step if isinstance(standing, CarryOn) else None
        if isinstance(step, NextForm):
            await world.forms.save(who, step.ref, pages.get(step.page.id, PAGES[step.page.id]))
        elif step is not None and hasattr(step, "send_ref"):
            await world.submission.send(who, step.send_ref, TICKED)


async def _is_decided(world: World, who: Visitor, *, admit: bool) -> None:
    codes = await world.rows(
        "SELECT code FROM cases WHERE state = 'held' AND subject_id = ?", await _subject(world, who)
    )
    for (code,) in codes:
        if admit:
            await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT)
        else:
            await world.decline(who)


async def _changes_links(world: World, who: Visitor) -> None:
    for _ in range(4):
        step = await world.links.change(who)
        if isinstance(step, NextForm):
            await world.forms.save(who, step.ref, PAGES[step.page.id])
        elif hasattr(step, "send_ref"):
            await world.submission.send(who, step.send_ref, TICKED)
            return


async def _is_read_about(world: World, who: Visitor) -> None:
    subject, now = await _subject(world, who), world.clock()
    if subject:
        note = partial(access.note, actor="x", action=Looked.OPEN, purpose=Purpose.REVIEW, now=now)
        await world.foundation.database.write(partial(note, subject_id=subject))


async def _loses_access(world: World, who: Visitor) -> None:
    statement = "UPDATE cases SET taken_back_at = ? WHERE state = 'admitted' AND subject_id = ?"
    await world.run(statement, to_ms(world.clock()), await _subject(world, who))


async def _comes_with_a_wave(world: World, who: Visitor) -> None:
    await world.run("UPDATE cases SET wave_id = 'w' WHERE subject_id = ?", await _subject(world, who))


ACTIONS: dict[str, Callable[[World, Visitor], Awaitable[object]]] = {
    "joins": lambda world, who: world.gate.arrive(who),
    "begins": lambda world, who: world.gate.agree(who, "What we keep."),
    "sends nil": partial(_sends, nil=True),
    "sends links": partial(_sends, nil=False),
    "wants to talk": lambda world, who: world.gate.ask_for_person(who),
    "takes it back": lambda world, who: world.gate.take_back(who),
    "leaves": lambda world, who: world.gate.leave(who.user_id),
    "is declined": partial(_is_decided, admit=False),
    "is admitted": partial(_is_decided, admit=True),
    "changes links": _changes_links,
    "is read about": _is_read_about,
    "was there before": _was_there,
    "loses access": _loses_access,
    "comes with a wave": _comes_with_a_wave,
}
OFTEN = ("sends links", "leaves", "is admitted", "changes links")

STEPS = st.lists(
    st.tuples(
        st.sampled_from([*ACTIONS, *OFTEN]), st.sampled_from(PEOPLE), st.sampled_from([0, 1, 20, 100, 200])
    ),
    min_size=4,
    max_size=14,
)


async def _everything(world: World) -> dict[str, set[tuple[Any, ...]]]:
    """Every row of every table that retention may touch."""
    statement = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'migration'"
    tables = [row[0] for row in await world.rows(statement)]
    return {table: set(await world.rows(f"SELECT * FROM {table}")) for table in tables}


async def _ids(world: World, statement: str) -> set[str]:
    return {row[0] for row in await world.rows(statement)}


THINGS = {
    "subject": "SELECT id FROM subject",
    "case": "SELECT id FROM cases",
    "decision": "SELECT id FROM decision",
    "disclosure": "SELECT id FROM disclosure",
    "wiped": "SELECT id FROM cases WHERE wiped_at IS NOT NULL",
    "trimmed": "SELECT id FROM cases WHERE trimmed_at IS NOT NULL",
    "trimmed sheet": "SELECT id FROM sheet WHERE trimmed_at IS NOT NULL",
    "in a wave": "SELECT id FROM cases WHERE wave_id IS NOT NULL",
    "look": "SELECT id FROM access",
}


async def _passes_and_is_checked(world: World) -> None:
    """One pass does what was told of it, and nothing else.

    The next one forgets whom only that was about, such as a moderator who decided on it; then all is done.
    """
    now, limits = world.clock(), world.foundation.config.retention
    before = {name: await _ids(world, statement) for name, statement in THINGS.items()}
    lines = await world.one("SELECT coalesce(max(seq), 0) FROM event")
    members = await _members(world)
    found = await world.foundation.database.read(lambda c: outlook(c, limits, now, UTC))
    told = {one.code: {kept.id for kept in one.due} for one in found}

    await Retention(world.foundation).run(now)

    after = {name: await _ids(world, statement) for name, statement in THINGS.items()}
    gone = {name: before[name] - after[name] for name in THINGS}
    files = told["unfinished"] | told["refused"] | told["access_ended"] | told["former_members"]
    assert gone["case"] == files
    assert after["wiped"] - before["wiped"] == told["unfinished_answers"]
    assert after["trimmed"] - before["trimmed"] == told["free_text"] - files
    assert after["trimmed sheet"] - before["trimmed sheet"] <= told["free_text_later"]
    assert gone["in a wave"] == told["joins"] | (files & before["in a wave"])
    assert told["access"] <= gone["look"]
    assert told["superseded"] <= gone["disclosure"]
    assert told["unneeded"] <= gone["subject"]
    assert not any(gone.values()) or any(told.values())
    await _each_has_its_line(world, lines, gone)
    await _nothing_is_late(world, found)
    assert await _members(world) == members

    found = await world.foundation.database.read(lambda c: outlook(c, limits, now, UTC))
    assert {one.code for one in found if one.due} <= {"unneeded"}
    await Retention(world.foundation).run(now)
    everything = await _everything(world)
    await Retention(world.foundation).run(now)
    assert await _everything(world) == everything


async def _members(world: World) -> list[tuple[Any, ...]]:
    """What present members are let in by: their case, its decision, and their newest links."""
    return sorted(
        await world.rows(
            """
            SELECT cases.id, decision.id, disclosure.id,
                (SELECT count(*) FROM interest WHERE disclosure_id = disclosure.id),
                (SELECT count(*) FROM interest_text JOIN interest ON interest.id = interest_id
                    WHERE disclosure_id = disclosure.id AND field = 'organisation')
            FROM cases JOIN decision ON decision.id = cases.decision_id
            JOIN disclosure ON disclosure.id = (
                SELECT newest.id FROM disclosure AS newest WHERE newest.subject_id = cases.subject_id
                ORDER BY version DESC LIMIT 1
            )
            WHERE cases.state = 'admitted' AND gone_at IS NULL
            """
        )
    )


async def _each_has_its_line(world: World, lines: int, gone: dict[str, set[str]]) -> None:
    """One for each case, decision, disclosure and person deleted."""
    for kind in ("case", "decision", "disclosure", "subject"):
        action = "erased" if kind == "subject" else "deleted"
        noted = await world.rows(
            "SELECT object_id FROM event WHERE seq > ? AND action = ?", lines, f"{kind}.{action}"
        )
        assert sorted(row[0] for row in noted) == sorted(gone[kind]), kind


async def _nothing_is_late(world: World, found: list[Outlook]) -> None:
    """No row of any table is older than it may be."""
    now = world.clock()
    days = {one.code: one.limit for one in found}
    late = {
        "unfinished": "SELECT 1 FROM cases WHERE closed_at < ? AND state IN ('withdrawn', 'left', 'lapsed')"
        " AND (sheet_id IS NOT NULL OR (held_at IS NULL AND wants_person_at IS NULL))",
        "refused": "SELECT 1 FROM cases WHERE closed_at < ? AND state <> 'admitted'",
        "former_members": "SELECT 1 FROM cases WHERE gone_at < ?",
        "access_ended": "SELECT 1 FROM cases WHERE state = 'admitted' AND max(coalesce(taken_back_at, 0),"
        " coalesce(wiped_at, 0)) BETWEEN 1 AND ? - 1",
        "free_text": "SELECT 1 FROM answer_text JOIN entry ON entry.id = answer_text.entry_id"
        " JOIN sheet ON sheet.id = entry.sheet_id LEFT JOIN cases ON cases.sheet_id = sheet.id"
        " WHERE coalesce(cases.closed_at, sheet.sent_at) < ?"
        " AND coalesce(cases.state, 'admitted') = 'admitted'"
        " AND field_id NOT IN ('organisation', 'on_behalf_of')",
        "superseded": "SELECT 1 FROM disclosure WHERE EXISTS (SELECT 1 FROM disclosure AS newer"
        " WHERE newer.subject_id = disclosure.subject_id AND newer.version = disclosure.version + 1"
        " AND newer.at < ?)",
        "access": "SELECT 1 FROM access WHERE at < ?",
        "joins": "SELECT 1 FROM cases WHERE wave_id IS NOT NULL AND opened_at < ?",
    }
    for code, statement in late.items():
        assert await world.rows(statement, to_ms(now - days[code])) == [], code


@settings(max_examples=15, phases=[Phase.generate])
@given(STEPS, st.integers(0, 400))
def test_any_history_and_any_passes(steps: list[tuple[str, Visitor, int]], wait: int) -> None:
    """People come, tell, are decided on, change links and leave, and now and then it is swept."""

    async def play(folder: Path) -> None:
        async with world_in(folder, config(), FakeClock()) as world:
            for action, who, days in steps:
                await ACTIONS[action](world, who)
                world.clock.advance(days=days, seconds=1)
                if days >= 100:
                    await world.sweep.run(world.clock())
                    await _passes_and_is_checked(world)
            world.clock.advance(days=wait)
            await _passes_and_is_checked(world)
            keys = await world.rows("SELECT key_id FROM subject")
            assert not any(world.key_is_destroyed(key) for (key,) in keys)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))


async def test_in_the_end_nothing_is_left_of_anybody_who_is_gone(world: World) -> None:
    """A long time after everybody has left, only counters, lines and what is about nobody is there."""
    for who in PEOPLE:
        await _sends(world, who, nil=who is ANN)
    await _is_decided(world, BEN, admit=True)
    await _is_decided(world, VETERAN, admit=False)
    await _changes_links(world, BEN)
    await world.drain()
    for who in PEOPLE:
        await world.gate.leave(who.user_id)
    for _ in range(4):
        world.clock.advance(days=200)
        await world.sweep.run(world.clock())
    world.clock.advance(days=400)
    await _passes_and_is_checked(world)

    left = {table for table, rows in (await _everything(world)).items() if rows}
    about_nobody = {
        "questionnaire",
        "notice",
        "log_head",
        "seal",
        "event",
        "event_payload",
        "counter",
        "mark",
    }
    assert left <= about_nobody | {"effect", "panel"}
    rows = await world.rows("SELECT kind, state, case_id FROM effect WHERE case_id IS NOT NULL")
    assert rows == []
    assert world.clock() - timedelta(days=1200) > PEOPLE[0].account_created
