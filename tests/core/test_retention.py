"""Retention: how long each class of data is kept, and what is left when its time is up."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.clock import to_ms
from bot.concerns.handling import Closed, ConcernFile
from bot.concerns.telling import Report, Taken
from bot.filling import FormToFill, Summary
from bot.forgetting.retention import KINDS, WALKED, Retention, outlook
from bot.minting import NextForm
from bot.model import Outcome, Visitor
from bot.standing import AdmittedStanding
from bot.store import access, effects, errands
from bot.store.access import Looked, Purpose
from bot.store.concerns import ConcernKind, ConcernOutcome
from bot.store.effects import EffectKind
from bot.store.errands import ToDo
from bot.submission import LinksChanged
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    LINK_OLD,
    MEMBER_ROLE,
    MOD,
    NOW,
    PURPOSE,
    TICKED,
    FakeClock,
    Raw,
    World,
    config,
    raw_connection,
    visitor,
    world_in,
)

VETERAN = visitor(200000000000000009, role_ids=frozenset({MEMBER_ROLE}))

Story = Callable[[World], Awaitable[object]]


async def pass_through(world: World) -> None:
    """Let everything go whose time is up."""
    await Retention(world.foundation).run(world.clock())


async def admitted(world: World, who: Visitor = ANN) -> None:
    """A moderator lets somebody in who told of a link, and typed why they are here."""
    await world.held(who)
    await world.decisions.decide_by_code(MOD, await world.code(who), Outcome.ADMIT)


async def changed_links(world: World, who: Visitor = ANN, link: Raw = LINK_OLD) -> None:
    """A member changes their links."""
    step = await world.links.change(who)
    pages: dict[str, Raw] = {"about": {"capacity": "self", "links": "yes"}, "link": link, "purpose": PURPOSE}
    for given in step.entries if isinstance(step, Summary) else ():
        await world.save(who, given.ref, pages[given.entry.page_id])
        step = await world.links.change(who)
    while isinstance(step, NextForm):
        await world.save(who, step.ref, pages[step.page.id])
        step = await world.links.change(who)
    assert isinstance(step, Summary), step
    assert isinstance(await world.submission.send(who, step.send_ref, TICKED), LinksChanged)


async def _only_looked(world: World) -> None:
    await world.begin()
    await world.gate.leave(ANN.user_id)


async def _held_and_left(world: World) -> None:
    await world.held()
    await world.gate.leave(ANN.user_id)


async def _asked_to_talk_and_took_it_back(world: World) -> None:
    await world.gate.ask_for_person(ANN)
    await world.gate.take_back(ANN)


async def _declined(world: World) -> None:
    await world.held()
    await world.decline()


async def _was_a_member(world: World) -> None:
    await admitted(world)
    await changed_links(world)
    await world.gate.leave(ANN.user_id)


async def _had_access_taken(world: World) -> None:
    await admitted(world)
    await world.run("UPDATE cases SET taken_back_at = ?", to_ms(NOW))


async def _took_consent_back(world: World) -> None:
    await admitted(world)
    subject = await world.subject_id()
    assert await world.erasure.consent(subject, subject)


async def _links_changed(world: World) -> None:
    await world.send(ANN, ABOUT_NIL)
    await changed_links(world, link=LINK_NOW)


async def _looked_at(world: World) -> None:
    await world.gate.arrive(ANN)
    subject = await world.one("SELECT id FROM subject")
    await world.foundation.database.write(
        lambda c: access.note(
            c, actor="x", action=Looked.OPEN, purpose=Purpose.REVIEW, now=NOW, subject_id=subject
        )
    )


async def _came_with_a_wave(world: World) -> None:
    await world.send(ANN, ABOUT_NIL)
    await world.run("UPDATE cases SET wave_id = 'w'")
    await world.run("INSERT INTO wave VALUES ('w', ?, ?, ?)", to_ms(NOW), to_ms(NOW), to_ms(NOW))


async def _locked(world: World) -> None:
    until = to_ms(NOW + timedelta(days=10))
    await world.run("INSERT INTO suppression_key VALUES (x'aa', ?)", until)


async def _an_errand(world: World) -> None:
    todo = [ToDo(channel_id=1, message_id=2)]
    await world.foundation.database.write(lambda c: errands.add(c, world.foundation.vault, todo, NOW))


async def _gave_a_role_once(world: World) -> None:
    await world.foundation.database.write(lambda c: world.foundation.find_or_add(c, MOD.user_id, NOW))


async def _was_there_before_the_bot(world: World) -> None:
    await changed_links(world, VETERAN)
    await world.run("INSERT INTO earlier_member (subject_id, noted_at) SELECT id, 0 FROM subject")
    await world.gate.leave(VETERAN.user_id)


async def _told_of_somebody(world: World) -> None:
    report = Report(ConcernKind.SELLING, "They sell something", about=BEN.user_id)
    assert isinstance(await world.telling.tell(VETERAN, report), Taken)
    found = await world.handling.open_by_code(MOD, await world.one("SELECT code FROM concern"))
    assert isinstance(found, ConcernFile)
    assert isinstance(await world.handling.note(MOD, found.ref, "A note"), ConcernFile)
    assert isinstance(await world.handling.close(MOD, found.ref, ConcernOutcome.ACTED), Closed)


@dataclass(frozen=True)
class Limit:
    """A story, what of it is kept for a while, and for how many days."""

    story: Story
    kept: str
    """Counts what is kept."""
    days: int


LIMITS = {
    "a request that nobody had to do with": Limit(_only_looked, "SELECT count(*) FROM subject", 30),
    "answers of one that was held": Limit(_held_and_left, "SELECT count(*) FROM sheet", 30),
    "its bare record": Limit(_held_and_left, "SELECT count(*) FROM cases", 180),
    "the record of a wish to talk": Limit(_asked_to_talk_and_took_it_back, "SELECT count(*) FROM cases", 180),
    "a declined file": Limit(_declined, "SELECT count(*) FROM cases JOIN sheet", 180),
    "its decisions": Limit(_declined, "SELECT count(*) FROM decision", 180),
    "its letter": Limit(_declined, "SELECT count(*) FROM letter", 180),
    "somebody whose access was taken": Limit(_had_access_taken, "SELECT count(*) FROM cases", 180),
    "somebody who took back consent": Limit(_took_consent_back, "SELECT count(*) FROM cases", 180),
    "a former member": Limit(_was_a_member, "SELECT count(*) FROM cases JOIN disclosure", 180),
    "what was typed at the gate": Limit(
        admitted, "SELECT count(*) FROM answer_text WHERE field_id = 'goal'", 30
    ),
    "a goal at the gate": Limit(admitted, "SELECT count(*) FROM interest_text WHERE field = 'goal'", 30),
    "what was typed later": Limit(
        _links_changed, "SELECT count(*) FROM answer_text WHERE field_id = 'goal'", 30
    ),
    "a goal told later": Limit(_links_changed, "SELECT count(*) FROM interest_text WHERE field = 'goal'", 30),
    "links that were replaced": Limit(
        _links_changed, "SELECT count(*) FROM disclosure WHERE version = 1", 360
    ),
    "a look": Limit(_looked_at, "SELECT count(*) FROM access", 360),
    "who came with a wave": Limit(_came_with_a_wave, "SELECT count(*) FROM cases WHERE wave_id = 'w'", 30),
    "a wave": Limit(_came_with_a_wave, "SELECT count(*) FROM wave", 30),
    "who told of somebody": Limit(
        _told_of_somebody, "SELECT count(*) FROM concern WHERE reporter_id IS NOT NULL", 90
    ),
    "what they wrote": Limit(_told_of_somebody, "SELECT count(*) FROM concern WHERE sealed IS NOT NULL", 90),
    "notes about it": Limit(_told_of_somebody, "SELECT count(*) FROM note", 90),
    "that there was something": Limit(_told_of_somebody, "SELECT count(*) FROM concern", 360),
    "a locked number": Limit(_locked, "SELECT count(*) FROM suppression_key", 10),
    "an errand that cannot be done": Limit(_an_errand, "SELECT count(*) FROM errand", 30),
    "somebody who gave a role once": Limit(_gave_a_role_once, "SELECT count(*) FROM subject", 360),
    "links of an earlier member": Limit(_was_there_before_the_bot, "SELECT count(*) FROM disclosure", 180),
}


@pytest.mark.parametrize("name", LIMITS)
async def test_it_is_kept_to_its_limit_and_no_longer(world: World, name: str) -> None:
    """A second before, at the very moment, and a second after."""
    limit = LIMITS[name]
    await limit.story(world)
    left = []
    for seconds in (-1, 0, 1):
        world.clock.now = NOW + timedelta(days=limit.days, seconds=seconds)
        await pass_through(world)
        left.append(await world.one(limit.kept) > 0)

    assert left == [True, True, False]


def test_every_class_has_a_story() -> None:
    """None is added without saying how long it is kept."""
    told = {
        "untouched", "undecided", "on_record", "access_ended", "former_members",
        "typed_at_the_gate", "typed_later", "looks", "superseded", "joins", "waves_over", "errands",
        "locked_numbers", "unneeded", "links_of_nobody", "concerns_of_reporters", "concerns_closed",
    }  # fmt: skip

    assert {k.find.__name__ for k in KINDS} | {w.find.__name__ for w in WALKED} == told


async def test_a_declined_file_goes_whole_and_leaves_counts_and_lines(world: World) -> None:
    """Case, decisions, letter, person and key; the card is closed; every deletion has its one line."""
    await world.held()
    await world.drain()
    await world.decline()
    await world.drain()
    key = await world.one("SELECT key_id FROM subject JOIN cases ON subject_id = subject.id")
    gone = {
        kind: sorted(row[0] for row in await world.rows(statement))
        for kind, statement in {
            "case": "SELECT id FROM cases",
            "decision": "SELECT id FROM decision",
            "subject": "SELECT subject_id FROM cases",
        }.items()
    }
    world.clock.advance(days=180, seconds=1)

    await pass_through(world)
    await pass_through(world)

    tables = (
        "cases", "decision", "letter", "card", "sheet", "answer", "answer_text", "disclosure", "interest",
        "interest_text", "verdict", "consent", "superseded",
    )  # fmt: skip
    for table in tables:
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert world.key_is_destroyed(key)
    for kind, action in (("case", "deleted"), ("decision", "deleted"), ("subject", "erased")):
        lines = await world.rows("SELECT object_id FROM event WHERE action = ?", f"{kind}.{action}")
        assert sorted(row[0] for row in lines) == gone[kind]
    assert await world.rows("SELECT * FROM permit") == []
    assert await world.rows("SELECT metric, n FROM counter") == [("outcome.declined", 1)]
    await world.drain()
    assert world.doorkeeper.told("edit")[-1].text == "This case is closed."


async def test_a_moderator_is_kept_while_a_decision_of_theirs_is(world: World) -> None:
    """And goes with it, once they have opened no file for as long as looks are kept."""
    await _declined(world)
    world.clock.advance(days=179)
    await pass_through(world)
    assert await world.one("SELECT count(*) FROM subject") == 2
    world.clock.advance(days=2)
    await pass_through(world)
    assert await world.one("SELECT count(*) FROM subject") == 1

    world.clock.advance(days=180)
    await pass_through(world)

    assert await world.rows("SELECT * FROM subject") == []
    assert await world.rows("SELECT * FROM file_view") == []


async def test_somebody_a_notice_is_yet_to_name_is_kept_until_it_does(world: World) -> None:
    """It would name nobody otherwise."""
    await _gave_a_role_once(world)
    giver = await world.one("SELECT id FROM subject")
    await world.foundation.database.write(
        lambda c: effects.want_once(
            c, EffectKind.NOTICE, key="k", now=NOW, target=f"access_given:somecase:{giver}"
        )
    )
    world.clock.advance(days=361)
    await pass_through(world)
    assert await world.one("SELECT count(*) FROM subject") == 1

    await world.drain()
    await pass_through(world)

    assert await world.rows("SELECT * FROM subject") == []


async def test_names_of_organisations_and_codes_outlive_what_was_typed(world: World) -> None:
    """Whether the rules would decide the same does not hang on it."""
    await admitted(world)
    codes = await world.rows("SELECT * FROM answer ORDER BY entry_id, field_id")
    world.clock.advance(days=31)

    await pass_through(world)

    assert await world.rows("SELECT DISTINCT field_id FROM answer_text") == [("organisation",)]
    assert await world.rows("SELECT field FROM interest_text") == [("organisation",)]
    assert await world.rows("SELECT * FROM answer ORDER BY entry_id, field_id") == codes


async def test_links_can_be_changed_when_what_was_typed_is_gone(world: World) -> None:
    """The form begins with the answers that are left, and asks again for what was typed."""
    await admitted(world)
    world.clock.advance(days=31)
    await pass_through(world)

    step = await world.links.change(ANN)

    assert isinstance(step, NextForm)
    form = await world.forms.open(ANN, step.ref)
    assert isinstance(form, FormToFill)
    assert (form.shown.page.id, form.entry.codes("purpose")) == ("purpose", ("peer_support",))
    assert form.entry.text("goal") == ""
    await world.save(ANN, step.ref, PURPOSE)
    summary = await world.links.change(ANN)
    assert isinstance(summary, Summary)
    [name] = [s.entry.text("organisation") for s in summary.entries if s.entry.page_id == "link"]
    assert name == "Helix Pharma"
    assert isinstance(await world.submission.send(ANN, summary.send_ref, TICKED), LinksChanged)
    assert await world.rows("SELECT version FROM disclosure ORDER BY version") == [(1,), (2,)]


async def test_the_newest_version_is_never_one_that_was_replaced(world: World) -> None:
    """When the version that took its place is deleted, an earlier one is current again, and stays."""
    await _links_changed(world)
    assert await world.one("SELECT count(*) FROM superseded") == 1
    newest = await world.one("SELECT id FROM disclosure WHERE version = 2")
    await world.run("INSERT INTO permit VALUES ('disclosure', ?)", newest)
    await world.run("DELETE FROM interest_text")
    await world.run(
        "DELETE FROM interest_code WHERE interest_id IN (SELECT id FROM interest WHERE disclosure_id = ?)",
        newest,
    )
    await world.run("DELETE FROM interest WHERE disclosure_id = ?", newest)
    await world.run("DELETE FROM disclosure WHERE id = ?", newest)

    assert await world.rows("SELECT * FROM superseded") == []


async def test_the_sheet_of_replaced_links_goes_with_them(world: World) -> None:
    """The one that the current links came from stays, and so does that of the gate."""
    await _links_changed(world)
    world.clock.advance(days=1)
    await changed_links(world, link=LINK_NOW)
    world.clock.advance(days=361)

    await pass_through(world)

    assert await world.rows("SELECT version FROM disclosure") == [(3,)]
    assert await world.rows("SELECT source FROM sheet ORDER BY opened_at, rowid") == [("gate",), ("update",)]


async def test_a_member_by_another_case_keeps_their_links(world: World) -> None:
    """Somebody took their access, a later case let them in again: only the first one ends."""
    await world.send(ANN, ABOUT_NIL)
    await world.run("UPDATE cases SET taken_back_at = ?", to_ms(NOW))
    await world.gate.leave(ANN.user_id)
    await world.gate.arrive(ANN)
    await admitted(world)
    await changed_links(world)
    world.clock.advance(days=181)

    await pass_through(world)

    assert await world.states() == ["admitted"]
    assert isinstance(await world.gate.standing(ANN), AdmittedStanding)
    assert await world.rows("SELECT version, source FROM disclosure ORDER BY version") == [
        (2, "gate"),
        (3, "update"),
    ]


async def test_who_has_a_role_without_a_decision_is_kept_until_they_leave(world: World) -> None:
    """Or else the team would hear of them anew, again and again."""
    await world.gate.arrive(ANN)
    await world.gate.arrive(BEN)
    await world.run(
        "INSERT INTO task (id, kind, subject_id, opened_at, closed_at, closed_by)"
        " SELECT id, 'unrecorded_role', id, 0, 1, 'x' FROM subject"
    )
    await world.run("DELETE FROM cases")
    await world.gate.leave(BEN.user_id)
    world.clock.advance(days=361)

    await pass_through(world)

    assert await world.one("SELECT lookup FROM subject") == world.foundation.vault.lookup(ANN.user_id)


async def test_a_copy_of_the_database_without_its_keys_is_swept_as_well(world: World) -> None:
    """Where a copy was put back that is older than the keys."""
    await _declined(world)
    await world.drain()
    keys = [row[0] for row in await world.rows("SELECT key_id FROM subject")]
    world.foundation.vault.destroy(keys)
    world.clock.advance(days=181)

    await pass_through(world)

    assert await world.rows("SELECT * FROM cases") == []


async def test_people_are_looked_through_a_stretch_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the beginning again after the last; nobody is passed over."""
    monkeypatch.setattr("bot.forgetting.retention._PEOPLE_AT_ONCE", 2)
    people = [visitor(800000000000000000 + number) for number in range(5)]
    for who in people:
        await world.foundation.database.write(
            partial(world.foundation.find_or_add, user_id=who.user_id, now=NOW)
        )
    world.clock.advance(days=361)
    keeping, left = Retention(world.foundation), []
    for _ in range(3):
        await keeping.run(world.clock())
        left.append(await world.one("SELECT count(*) FROM subject"))

    assert left == [3, 1, 0]


async def test_the_look_ahead_says_what_goes_next_and_on_which_day(world: World) -> None:
    """In the community's own days: half past eleven at night in London is the next day in Berlin."""
    world.clock.now = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    for number in range(3):
        who = visitor(800000000000000000 + number)
        await world.begin(who)
        await world.gate.leave(who.user_id)
        world.clock.advance(hours=13)
    limits = world.foundation.config.retention
    berlin = ZoneInfo("Europe/Berlin")
    look = await world.foundation.database.read(lambda c: outlook(c, limits, world.clock(), berlin))

    found = {one.code: one for one in look}["unfinished"]

    assert (found.due, str(found.next_on), found.next_count) == ((), "2026-04-04", 2)


async def test_shorter_limits_hold_at_once(tmp_path: Path) -> None:
    """What was kept under the longer ones goes with the next pass."""
    clock = FakeClock()
    async with world_in(tmp_path, config(), clock) as world:
        await _declined(world)
    clock.advance(days=8)
    shorter = config(retention={"unfinished": "7d", "refused": "7d"})
    async with world_in(tmp_path, shorter, clock) as world:
        await pass_through(world)

        assert await world.rows("SELECT * FROM cases") == []


async def test_each_outcome_is_counted_in_the_month_it_happens(world: World) -> None:
    """So that files can go, and the counts stay."""
    people = [visitor(800000000000000000 + number) for number in range(5)]
    await world.send(people[0], ABOUT_NIL)
    await world.held(people[1])
    await world.decline(people[1])
    await world.gate.ask_for_person(people[2])
    await world.gate.take_back(people[2])
    await world.begin(people[3])
    await world.gate.leave(people[3].user_id)
    await world.begin(people[4])
    await world.live(days=30)

    assert await world.rows("SELECT month, metric, n FROM counter ORDER BY metric") == [
        ("2026-03", "outcome.admitted", 1),
        ("2026-03", "outcome.declined", 1),
        ("2026-03", "outcome.lapsed", 1),
        ("2026-03", "outcome.left", 1),
        ("2026-03", "outcome.withdrawn", 1),
    ]


async def test_a_key_that_is_damaged_keeps_nobody_and_holds_up_nobody_else(world: World) -> None:
    """What was sealed with it is lost to everybody; the rows go when their time is up, or on request."""
    await world.held()
    await world.decline()
    await world.send(BEN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.drain()
    keys, doomed = world.path.with_name("keys.db"), [await world.subject_id(who) for who in (ANN, BEN)]
    world.clock.advance(days=400)
    with closing(raw_connection(keys)) as connection:
        connection.execute("UPDATE person_key SET wrapped = zeroblob(60)")

    assert await world.erasure.person(doomed[1], doomed[1])
    await Retention(world.foundation).run(world.clock())

    assert await world.states() == []
    assert await world.rows("SELECT id FROM subject WHERE id IN (?, ?)", *doomed) == []
    with closing(raw_connection(keys)) as connection:
        assert connection.execute("SELECT count(*) FROM person_key WHERE settled = 1").fetchone() == (0,)
