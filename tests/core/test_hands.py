"""Fair hands: a current disclosure of one's own, and no tie to the case; staying out, and saying it again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import to_ms
from bot.fairness.aside import Aside, AskedAside, Candidates, CannotAsk, NotAside, SteppingAside
from bot.fairness.interests import NotForThem, OwnInterests, OwnLinks, Renewed
from bot.filling import Summary
from bot.minting import NextForm
from bot.model import Outcome, Visitor
from bot.ports import Member
from bot.review.bench import Decided, MayNot
from bot.review.desk import CaseFile, Denied
from bot.store import moderators
from bot.submission import LinksChanged
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    LINK_OLD,
    MOD,
    MODERATOR_ROLE,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    FakeClock,
    Raw,
    World,
    config,
    visitor,
    world_in,
)

NOT_ASKED = ("belongs", "age_ok")


async def tell(world: World, who: Visitor, *pages: Raw) -> None:
    """A moderator tells of themselves, by the same forms as a member."""
    own = OwnLinks(world.foundation, world.links)
    step = await own.change(who)
    for raw in pages:
        assert isinstance(step, NextForm), step
        saved = await world.save(who, step.ref, {k: v for k, v in raw.items() if k not in NOT_ASKED})
        step = saved.next or await world.forms.summary(who, saved.sheet_id)
    assert isinstance(step, Summary), step
    sent = await world.submission.send(who, step.send_ref, TICKED)
    assert isinstance(sent, LinksChanged), sent


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The core, with the first moderator known, who has told nothing."""
    async with world_in(tmp_path, config(), clock) as opened:
        await opened.desk.history_of_user(MOD, 1)
        opened.told.untold.add(MOD.user_id)
        yield opened


async def test_nobody_opens_or_decides_before_they_have_told(world: World) -> None:
    """The code says what to do; told, the same press works."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    code = await world.code()
    assert await world.desk.open_by_code(MOD, code) == Denied("interests_none")
    assert await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT) == MayNot("interests_none", code)

    await tell(world, MOD, ABOUT_NIL)

    assert isinstance(await world.desk.open_by_code(MOD, code), CaseFile)
    assert isinstance(await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT), Decided)


async def test_a_disclosure_is_good_to_its_day_and_one_press_renews_it(world: World) -> None:
    """To the millisecond; the same links are a new version, with its own line."""
    await tell(world, MOD, ABOUT_LINKED, {**LINK_OLD, "organisation": "Quiet Clinic"})
    await world.gate.ask_for_person(ANN)
    own, code = OwnLinks(world.foundation, world.links), await world.code()
    told_at = world.clock()
    world.clock.now = told_at + config().review.interests_for
    assert isinstance(await world.desk.open_by_code(MOD, code), CaseFile)
    world.clock.advance(milliseconds=1)
    assert await world.desk.open_by_code(MOD, code) == Denied("interests_stale")
    shown = await own.on_record(MOD)
    assert isinstance(shown, OwnInterests)
    assert shown.logged is not None
    assert not shown.is_good

    result = await own.still_right(MOD, shown.logged.id)

    assert result == Renewed(world.clock() + config().review.interests_for)
    assert isinstance(await world.desk.open_by_code(MOD, code), CaseFile)
    again = await own.on_record(MOD)
    assert isinstance(again, OwnInterests)
    assert again.logged is not None
    assert again.logged.disclosure == shown.logged.disclosure
    assert again.logged.version == 2
    assert await world.one("SELECT count(*) FROM event WHERE action = 'disclosure.logged'") == 2
    assert isinstance(await own.still_right(MOD, shown.logged.id), OwnInterests), "it was shown before"


async def test_the_same_organisation_keeps_them_away(world: World) -> None:
    """However it is written; an old link, or another organisation, does not."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    code = await world.code()
    await tell(world, MOD, ABOUT_LINKED, {**LINK_NOW, "organisation": "  HELIX   pharma"}, PURPOSE)
    assert await world.desk.open_by_code(MOD, code) == Denied("recused")
    assert await world.desk.history_of_user(MOD, ANN.user_id) == Denied("recused")
    assert await world.queue.open_next(MOD) == Denied("nothing_waits")
    assert isinstance(await world.desk.open_by_code(SECOND_MOD, code), CaseFile)


async def test_a_moderator_who_steps_aside_cannot_come_back(world: World) -> None:
    """Once or twice is the same; a claim of theirs is free, and a file they had open is shut."""
    aside = SteppingAside(world.foundation)
    world.told.untold.clear()
    file = await world.held(ANN)
    code, mod = await world.code(), await world.subject_id(MOD)
    await world.run("INSERT INTO claim VALUES ('case', ?, ?, 0, 1)", file.case.id, mod)

    assert await aside.step_aside(MOD, code.lower()) == Aside(code)
    assert await aside.step_aside(MOD, code) == Aside(code)

    assert await world.rows("SELECT * FROM claim") == []
    assert await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT) == MayNot("recused", code)
    assert await world.rows("SELECT actor, action FROM event WHERE action LIKE 'recusal.%'") == [
        (mod, "recusal.declared")
    ]
    assert await aside.step_aside(MOD, "XXXX-XX") == NotAside("no_such_case")
    assert await aside.step_aside(BEN, code) == NotAside("not_a_moderator")


async def test_an_applicant_asks_once_and_is_told_no_more_than_that_it_is_done(world: World) -> None:
    """Whether the moderator was out already or not; the moderator gets the one line of everybody else."""
    world.told.untold.clear()
    aside = SteppingAside(world.foundation)
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.file(ANN, SECOND_MOD)
    code = await world.code()
    await aside.step_aside(MOD, code)
    offered = await aside.candidates(ANN)
    assert isinstance(offered, Candidates)
    assert {one.user_id for one in offered.people} == {MOD.user_id, SECOND_MOD.user_id}
    chosen = next(one.ref for one in offered.people if one.user_id == MOD.user_id)

    assert await aside.ask(ANN, chosen) == AskedAside()

    assert await aside.ask(ANN, chosen) == CannotAsk("asked_before")
    assert await aside.candidates(ANN) == CannotAsk("asked_before")
    assert await world.desk.open_by_code(MOD, code) == Denied("recused")
    assert await aside.ask(BEN, chosen) == CannotAsk("nothing_open")


async def test_nobody_from_elsewhere_can_be_chosen(world: World) -> None:
    """A ref that was made up, somebody who is no moderator, oneself, or one who has left."""
    aside = SteppingAside(world.foundation)
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.gate.arrive(BEN)
    await world.gate.leave(MOD.user_id)

    for ref in (
        "",
        "made-up",
        await world.subject_id(ANN),
        await world.subject_id(BEN),
        await world.subject_id(MOD),
    ):
        assert await aside.ask(ANN, ref) == CannotAsk("not_there")
    assert await world.rows("SELECT * FROM recusal") == []


@pytest.mark.parametrize("part", ["decided_by", "confirmed_by", "proposed_by", "voted"])
async def test_whoever_took_part_does_not_take_the_second_look(world: World, part: str) -> None:
    """Having made, confirmed, proposed or voted on what is appealed against; taken back, it is over."""
    world.told.untold.clear()
    await world.held()
    await world.decline(by=SECOND_MOD)
    case, mod, second = await world.case_id(), await world.subject_id(MOD), await world.subject_id(SECOND_MOD)
    decided_by = mod if part == "decided_by" else second
    confirmed = mod if part == "confirmed_by" else "X"
    await world.run(
        "INSERT INTO decision"
        " (id, case_id, outcome, automated, decided_by, reason_code, at, hands, confirmed_by)"
        " VALUES ('D', ?, 'decline', 0, ?, 'other', 5, 'two', ?)",
        case, decided_by, confirmed,
    )  # fmt: skip
    await world.run(
        "INSERT INTO motion VALUES ('M', ?, 1, 'decline', 'other', NULL, x'00', ?, 4, 9, 0, 'carried', 5)",
        case, mod if part == "proposed_by" else second,
    )  # fmt: skip
    await world.run("INSERT INTO vote VALUES ('M', ?, 'against', 1, 5)", mod if part == "voted" else "X")
    assert isinstance(await world.desk.open_by_code(MOD, await world.code()), CaseFile)
    await world.run(
        "INSERT INTO appeal (id, case_id, decision_id, via, filed_at, changed_at, due_at)"
        " VALUES ('A', ?, 'D', 'panel', 6, 6, 9)",
        case,
    )
    assert await world.desk.open_by_code(MOD, await world.code()) == Denied("recused")

    await world.run("UPDATE appeal SET closed_at = 7, outcome = 'sent_back'")
    assert await world.desk.open_by_code(MOD, await world.code()) == Denied("recused")
    await world.run("UPDATE appeal SET outcome = 'withdrawn'")
    assert isinstance(await world.desk.open_by_code(MOD, await world.code()), CaseFile)


async def test_somebody_from_outside_comes_to_one_case_only(world: World) -> None:
    """With a disclosure of their own; every other case is none of theirs, and neither is the queue."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.send(BEN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    guest = visitor(700000000000000001)
    assert await world.desk.open_by_code(guest, await world.code(ANN)) == Denied("not_a_moderator")
    await world.foundation.database.write(
        lambda c: world.foundation.find_or_add(c, guest.user_id, world.clock())
    )
    known = await world.subject_id(guest)
    await world.run("INSERT INTO outside_reviewer VALUES (?, ?, 'X', 0)", await world.case_id(ANN), known)
    world.told.untold.add(guest.user_id)
    assert await world.desk.open_by_code(guest, await world.code(ANN)) == Denied("interests_none")
    world.told.untold.discard(guest.user_id)

    assert isinstance(await world.desk.open_by_code(guest, await world.code(ANN)), CaseFile)
    assert await world.desk.open_by_code(guest, await world.code(BEN)) == Denied("not_a_moderator")
    assert await world.desk.open_by_code(guest, "XXXX-XX") == Denied("not_a_moderator")
    assert await world.queue.show(guest) == Denied("not_a_moderator")
    assert await world.one("SELECT purpose FROM access") == "outside"
    assert await world.rows("SELECT 1 FROM moderator WHERE subject_id = ?", known) == []


async def test_who_the_moderators_are_is_kept_by_acting_by_rounds_and_by_leaving(world: World) -> None:
    """Written at most once an hour for whoever acts; a round finds who has come, and who has it no more."""

    async def current() -> set[str]:
        return set(await world.foundation.database.read(moderators.current))

    mod = await world.subject_id(MOD)
    first = await world.one("SELECT seen_at FROM moderator")
    world.clock.advance(minutes=59)
    await world.desk.history_of_user(MOD, 1)
    assert await world.one("SELECT seen_at FROM moderator") == first
    role = frozenset({MODERATOR_ROLE})
    world.lookout.has(Member(SECOND_MOD.user_id, role), Member(9, role, bot=True), Member(MOD.user_id, role))
    await world.rounds.run(world.clock())
    assert await current() == {mod, await world.subject_id(SECOND_MOD)}
    world.lookout.has(Member(MOD.user_id, frozenset()))
    world.clock.advance(hours=1)
    await world.rounds.run(world.clock())
    assert await current() == {await world.subject_id(SECOND_MOD)}
    await world.gate.leave(SECOND_MOD.user_id)
    assert await current() == set()
    await world.desk.history_of_user(MOD, 1)
    assert await current() == {mod}


async def test_a_moderator_is_asked_a_month_before_and_once_it_has_run_out(world: World) -> None:
    """Once each, by a message that names nothing; nobody who has told again, or has the role no more."""
    await tell(world, MOD, ABOUT_NIL)
    good_for = config().review.interests_for
    asked = []
    for days in (-31, -30, -29, 0, 1, 2, 40):
        world.clock.now = world.clock().replace(year=2026, month=3, day=4) + good_for + timedelta(days=days)
        await world.run("UPDATE moderator SET seen_at = ?", to_ms(world.clock()))  # as a round does
        await world.sweep.run(world.clock())
        await world.drain()
        asked.append(len(world.doorkeeper.told("tell")))

    assert asked == [0, 1, 1, 1, 2, 2, 2]
    assert {call.user_id for call in world.doorkeeper.told("tell")} == {MOD.user_id}
    assert all("Harbour" not in call.text for call in world.doorkeeper.told("tell"))


async def test_only_who_works_at_the_desk_tells_of_themselves_here(world: World) -> None:
    """Neither an applicant nor a stranger sees or renews anything, and nothing is written."""
    own = OwnLinks(world.foundation, world.links)
    before = await world.rows("SELECT seq FROM event")

    assert await own.on_record(ANN) == NotForThem()
    assert await own.still_right(ANN, "x") == NotForThem()
    assert await world.rows("SELECT seq FROM event") == before
