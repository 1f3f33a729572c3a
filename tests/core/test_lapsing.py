"""Requests in time: what lapses and what does not, who is told, removal, downtime and clocks that jump."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import from_ms, to_ms
from bot.filling import Summary
from bot.model import CaseState, Outcome
from bot.ports import Done, Refused, Why
from bot.reminders import NotWaiting, Waiting
from bot.review.conversations import Recording
from bot.standing import AdmittedStanding, CarryOn, HeldStanding, Welcome
from bot.store import effects
from bot.store.effects import EffectKind
from bot.submission import Sent
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MOD,
    NOTICE,
    NOW,
    PURPOSE,
    FakeClock,
    FakeDoorkeeper,
    World,
    config,
    visitor,
    world_in,
)

WEEK = timedelta(days=7)


def timers(**changed: Any) -> dict[str, Any]:
    """The shipped timers with some of them changed."""
    return {**config().timers.model_dump(), **changed}


REMOVING = timers(after_lapse="remove", way_back="https://harbour.example/back")


@asynccontextmanager
async def world_with(folder: Path, **tables: Any) -> AsyncIterator[World]:
    """The core with another configuration."""
    async with world_in(folder, config(**tables), FakeClock()) as world:
        yield world


async def lapse_at(world: World) -> datetime | None:
    """When the one case closes by itself."""
    found = await world.one("SELECT lapse_at FROM cases")
    return None if found is None else from_ms(found)


async def actions(world: World, who: str) -> list[str]:
    """What the log says of one kind of thing, in order."""
    return [
        row[0] for row in await world.rows("SELECT action FROM event WHERE action LIKE ? ORDER BY seq", who)
    ]


async def agree_to_reminders(world: World) -> None:
    """Ann begins, and asks to be reminded."""
    await world.begin()
    assert isinstance(await world.reminders.agree(ANN, await world.case_id()), Waiting)


def told(world: World) -> list[str]:
    """The first lines of what people were sent."""
    return [call.text.split("\n")[0] for call in world.doorkeeper.told("tell")]


# Whose turn it is


async def test_a_request_closes_a_week_after_the_last_step(world: World) -> None:
    """Not a moment earlier; with a line in the log, and without a word to anybody."""
    await world.begin()
    await world.live(days=7, seconds=-1)
    assert await world.states() == ["answering"]

    await world.live(seconds=1)

    assert await world.states() == ["lapsed"]
    assert await actions(world, "case.lapsed") == ["case.lapsed"]
    assert world.doorkeeper.told("tell") == []


async def test_every_saved_page_begins_the_time_anew(world: World) -> None:
    """Whoever goes on is never closed."""
    step = await world.begin()
    for _ in range(4):
        await world.live(days=6)
        await world.save(ANN, step.ref, ABOUT_LINKED)

    assert await world.states() == ["answering"]
    assert await lapse_at(world) == world.clock() + WEEK


async def test_looking_is_no_step(world: World) -> None:
    """Where somebody stands can be read as often as one likes; *More time* is one press away."""
    await world.begin()
    await world.live(days=3)
    await world.gate.standing(ANN)

    assert await lapse_at(world) == NOW + WEEK


async def test_somebody_who_joined_and_pressed_nothing_is_told_nothing(world: World) -> None:
    """The case closes, and the panel has said so to everyone."""
    await world.gate.arrive(ANN)

    await world.live(days=8)

    assert await world.states() == ["lapsed"]
    assert world.doorkeeper.told("tell") == []


async def test_a_held_case_never_closes_by_itself(world: World) -> None:
    """It waits for the team, however long that takes."""
    await world.held()
    await world.live(days=400)

    assert await world.states() == ["held"]
    assert isinstance(await world.gate.standing(ANN), HeldStanding)


async def test_a_reopened_case_is_the_persons_turn(world: World) -> None:
    """From that press on it has a week."""
    await world.held()
    await world.live(days=30)
    await world.gate.reopen(ANN)
    await world.live(days=7)

    assert await world.states() == ["lapsed"]


async def test_whoever_waits_to_talk_is_never_closed(world: World) -> None:
    """Begun or not, it is the team's turn; and filling in the form meanwhile does not change that."""
    await world.gate.ask_for_person(ANN)
    await world.begin(BEN)
    await world.gate.ask_for_person(BEN)
    standing = await world.gate.standing(BEN)
    assert isinstance(standing, CarryOn)
    assert not isinstance(standing.step, Summary)
    await world.save(BEN, standing.step.ref, ABOUT_NIL)

    await world.live(days=60)

    assert await world.states() == ["waiting", "answering"]


async def test_what_a_moderator_wrote_down_waits_for_the_person_once_it_is_complete(world: World) -> None:
    """Half-written, it is the team's turn. Asking for a person again hands it back to the team."""
    await world.gate.ask_for_person(ANN)
    recording = await world.conversations.record(MOD, await world.code())
    assert isinstance(recording, Recording)
    assert not isinstance(recording.step, Summary)
    assert await lapse_at(world) is None

    await world.save(MOD, recording.step.ref, ABOUT_NIL)
    assert await lapse_at(world) == NOW + WEEK
    assert await world.one("SELECT wants_person_at FROM cases") is not None

    await world.gate.ask_for_person(ANN)
    assert await lapse_at(world) is None


async def test_what_a_moderator_began_to_write_down_has_a_target(world: World) -> None:
    """Nobody else takes the next step; so the team hears of it, until it is complete."""
    target = "SELECT target_at, lapse_at IS NULL FROM cases"
    await world.gate.arrive(ANN)
    recording = await world.conversations.record(MOD, await world.code())
    assert isinstance(recording, Recording)
    assert not isinstance(recording.step, Summary)
    due = NOW + world.foundation.config.timers.person_target
    assert await world.rows(target) == [(to_ms(due), 1)]

    world.clock.advance(hours=1)
    saved = await world.save(MOD, recording.step.ref, ABOUT_LINKED)
    assert await world.rows(target) == [(to_ms(due), 1)]

    assert saved.next
    saved = await world.save(MOD, saved.next.ref, LINK_NOW)
    assert saved.next
    await world.save(MOD, saved.next.ref, PURPOSE)
    assert await world.rows(target) == [(None, 0)]


async def test_recording_a_held_case_starts_no_clock(world: World) -> None:
    """A moderator who only looks does not put a time on somebody who waits."""
    await world.held()
    await world.conversations.record(MOD, await world.code())

    await world.live(days=60)

    assert await world.states() == ["answering"]


async def test_a_case_set_aside_closes_too(world: World) -> None:
    """Somebody here for work: on no list, never reminded, and gone from the gate after a week."""
    await world.gate.arrive(ANN)
    await world.live(days=3)
    await world.gate.came_for_work(ANN)
    assert await lapse_at(world) == world.clock() + WEEK

    await world.live(days=8)

    assert await world.states() == ["lapsed"]
    assert world.doorkeeper.told("tell") == []


async def test_an_information_page_ends_the_consent_to_reminders(world: World) -> None:
    """Nothing is kept of what led there."""
    await agree_to_reminders(world)
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, CarryOn)
    assert not isinstance(standing.step, Summary)
    await world.forms.save(ANN, standing.step.ref, {**ABOUT_NIL, "belongs": "no"})

    await world.live(days=9)

    assert await world.states() == ["lapsed"]
    assert world.doorkeeper.told("tell") == []


async def test_many_close_in_one_pass(world: World) -> None:
    """More than two batches; and running it again changes nothing."""
    for number in range(450):
        await world.gate.arrive(visitor(800000000000000000 + number))
        # Slowly enough not to be a rush, which closes bit by bit.
        world.clock.advance(seconds=6)
    world.clock.advance(days=7)
    await world.run("UPDATE mark SET at = ? WHERE name = 'swept'", to_ms(world.clock()))
    await world.sweep.run(world.clock())

    assert await world.one("SELECT count(*) FROM cases WHERE state = 'lapsed'") == 450
    before = await world.rows("SELECT * FROM event ORDER BY seq")
    await world.sweep.run(world.clock())
    assert await world.rows("SELECT * FROM event ORDER BY seq") == before


async def test_a_wave_closes_a_few_an_hour(tmp_path: Path) -> None:
    """Those who came with it share one allowance; whoever did not is not held up."""
    raid = {**config().raid.model_dump(), "lapse_batch": 3}
    async with world_with(tmp_path, raid=raid) as world:
        for number in range(8):
            await world.gate.arrive(visitor(800000000000000000 + number))
        await world.run("UPDATE cases SET wave_id = CASE WHEN rowid % 2 THEN 'one' ELSE 'two' END")
        await world.gate.arrive(ANN)
        left = []
        await world.live(days=7)
        for _ in range(4):
            left.append(await world.one("SELECT count(*) FROM cases WHERE state = 'waiting'"))
            await world.live(minutes=59)
            assert await world.one("SELECT count(*) FROM cases WHERE state = 'waiting'") == left[-1]
            await world.live(minutes=1)

    assert left == [5, 2, 0, 0]


async def test_the_card_of_a_closed_case_is_brought_up_to_date(world: World) -> None:
    """Where one stands in the review channel."""
    await world.held()
    await world.drain()
    await world.gate.reopen(ANN)
    await world.live(days=8)

    assert "nobody went on with it" in world.doorkeeper.told("edit")[-1].text


# Starting again


async def test_starting_again_is_a_fresh_request_without_penalty(world: World) -> None:
    """Nothing to tell, and they are let in at once like anybody."""
    await world.answer(ANN, ABOUT_NIL)
    await world.live(days=8)
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, Welcome)
    assert (standing.again, standing.kept, standing.remove_at) == (True, True, None)

    sent = await world.send(ANN, ABOUT_NIL)

    assert isinstance(sent, Sent)
    assert isinstance(sent.standing, AdmittedStanding)


async def test_whoever_was_held_before_stays_held_before(world: World) -> None:
    """Letting a held request lapse and telling something else is no way round a person."""
    await world.held()
    await world.gate.reopen(ANN)
    await world.live(days=50)
    assert await world.one("SELECT count(*) FROM sheet") == 0

    await world.send(ANN, ABOUT_NIL)

    assert await world.states() == ["lapsed", "held"]


async def test_answers_of_a_closed_request_can_be_deleted_at_once(world: World) -> None:
    """*Take back my request* works until retention does it."""
    await world.answer(ANN, ABOUT_NIL)
    await world.live(days=8)

    assert await world.gate.take_back(ANN)
    assert await world.one("SELECT count(*) FROM sheet") == 0
    assert not await world.gate.take_back(ANN)
    assert await world.gate.standing(ANN) == Welcome(again=True)


async def test_retention_forgets_whom_nobody_had_to_do_with(world: World) -> None:
    """Whoever only joined, was set aside, or began and did not go on: no case, no person, no key."""
    await world.answer(ANN, ABOUT_NIL)
    await world.gate.arrive(BEN)
    await world.gate.arrive(visitor(200000000000000003))
    await world.gate.came_for_work(visitor(200000000000000003))
    keys = [row[0] for row in await world.rows("SELECT key_id FROM subject ORDER BY rowid")]
    await world.live(days=7)
    await world.live(days=30, seconds=1)

    for table in ("cases", "sheet", "subject"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert all(world.key_is_destroyed(key) for key in keys)


# Reminders and more time


async def test_who_asked_is_reminded_twice_and_told_of_the_closing(world: World) -> None:
    """After two days, after five, and when it closes; each a line in the log."""
    await agree_to_reminders(world)
    at: list[float] = []
    for _ in range(10 * 4):
        before = len(world.doorkeeper.told("tell"))
        await world.live(hours=6)
        if len(world.doorkeeper.told("tell")) > before:
            at.append((world.clock() - NOW) / timedelta(days=1))

    assert at == [2, 5, 7]
    assert [call.user_id for call in world.doorkeeper.told("tell")] == [ANN.user_id] * 3
    assert "last reminder" not in world.doorkeeper.told("tell")[0].text
    assert "last reminder" in world.doorkeeper.told("tell")[1].text
    assert "not a refusal" in world.doorkeeper.told("tell")[2].text
    logged = [a for a in await actions(world, "case.%") if "remind" in a or "told" in a or "lapsed" in a]
    assert logged == [
        "case.reminders_wanted", "case.told_open", "case.told_open", "case.lapsed", "case.told_closed",
    ]  # fmt: skip


async def test_messages_name_nothing_that_a_lock_screen_should_not_show(world: World) -> None:
    """The discreet name, the front page, and buttons that work in a message."""
    await agree_to_reminders(world)
    await world.live(days=8)

    for call in world.doorkeeper.told("tell"):
        assert "your community" in call.text
        assert "<#100000000000000003>" in call.text
        assert "Harbour" not in call.text
        assert await world.code() not in call.text
        assert len(call.text) < 1000
    screen = world.doorkeeper.told("tell")[0].screen
    assert screen is not None
    assert [press.action for press in screen.presses] == ["moretime", "noreminders"]


async def test_more_time_is_one_press_as_often_as_wanted(world: World) -> None:
    """The time begins anew, and so do the reminders."""
    await agree_to_reminders(world)
    case_id = await world.case_id()
    for _ in range(5):
        await world.live(days=6)
        result = await world.reminders.more_time(ANN, case_id)
        assert isinstance(result, Waiting)
        assert result.case.lapse_at == world.clock() + WEEK
        assert result.case.remind_at == world.clock() + timedelta(days=2)

    assert len(world.doorkeeper.told("tell")) == 10
    assert len(await actions(world, "case.more_time")) == 5


async def test_who_goes_on_is_not_reminded_of_it(world: World) -> None:
    """A reminder on its way when a page is saved is never sent."""
    await agree_to_reminders(world)
    await world.live(days=1, hours=23, minutes=59)
    world.clock.advance(minutes=1)
    await world.sweep.run(world.clock())
    await world.answer(ANN, ABOUT_NIL)

    await world.drain()

    assert world.doorkeeper.told("tell") == []


async def test_not_reminding_ends_the_messages(world: World) -> None:
    """Also the one about the closing, and one that is on its way; the time stays as it is."""
    await agree_to_reminders(world)
    await world.live(days=2)
    await world.reminders.stop(ANN, await world.case_id())
    await world.reminders.stop(ANN, await world.case_id())
    await world.live(days=8)

    assert len(world.doorkeeper.told("tell")) == 1
    assert await world.states() == ["lapsed"]
    assert await actions(world, "case.reminders%") == ["case.reminders_wanted", "case.reminders_stopped"]


async def test_a_press_about_somebody_elses_request_does_nothing(world: World) -> None:
    """Whose it is, is read again on each press."""
    await agree_to_reminders(world)
    await world.begin(BEN)
    case_id = await world.one("SELECT id FROM cases WHERE may_remind_at IS NOT NULL")
    before = await world.rows("SELECT * FROM cases ORDER BY id")
    world.clock.advance(hours=1)

    assert await world.reminders.more_time(BEN, case_id) == NotWaiting()
    assert await world.reminders.agree(BEN, case_id) == NotWaiting()
    assert await world.reminders.agree(visitor(999999999999999999), case_id) == NotWaiting()
    assert await world.reminders.more_time(ANN, "nothing") == NotWaiting()
    await world.reminders.stop(BEN, case_id)

    assert await world.rows("SELECT * FROM cases ORDER BY id") == before


async def test_more_time_for_what_does_not_wait_says_where_it_stands(world: World) -> None:
    """With the team, or closed: nothing is changed."""
    await agree_to_reminders(world)
    case_id = await world.case_id()
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    assert await world.reminders.more_time(ANN, case_id) == NotWaiting(CaseState.HELD)

    await world.gate.reopen(ANN)
    assert await world.one("SELECT remind_at FROM cases") is not None
    await world.live(days=8)
    assert await world.reminders.more_time(ANN, case_id) == NotWaiting(CaseState.LAPSED)


async def test_closed_messages_change_nothing_about_the_request(world: World) -> None:
    """A reminder that does not arrive is done with; nobody has to mend it."""
    await agree_to_reminders(world)
    world.doorkeeper.will("tell", Refused(Why.CLOSED), Refused(Why.CLOSED), Done())
    await world.live(days=8)

    assert await world.rows("SELECT state FROM effect WHERE kind = 'reminder'") == [("done",)] * 2
    assert await actions(world, "case.told%") == ["case.told_closed"]


async def test_the_closing_is_not_told_to_somebody_who_started_again(world: World) -> None:
    """They know; and they were not told that they are removed either."""
    await agree_to_reminders(world)
    await world.live(days=6)
    await world.run("UPDATE mark SET at = ? WHERE name = 'swept'", int((NOW + WEEK).timestamp() * 1000))
    world.clock.advance(days=1)
    await world.sweep.run(world.clock())
    assert await world.states() == ["lapsed"]
    await world.gate.agree(ANN, NOTICE)

    await world.drain()

    assert len(world.doorkeeper.told("tell")) == 2


async def test_without_reminders_in_the_configuration_only_the_closing_is_told(tmp_path: Path) -> None:
    """To somebody who had agreed before."""
    async with world_in(tmp_path, config(), FakeClock()) as world:
        await agree_to_reminders(world)
    clock = FakeClock()
    async with world_in(tmp_path, config(timers=timers(reminders=())), clock) as world:
        await world.sweep.run(NOW)
        await world.live(days=9)

        assert len(told(world)) == 1
        assert await world.states() == ["lapsed"]


# Removal


async def test_nobody_is_removed_unless_it_is_switched_on(world: World) -> None:
    """By default people stay outside."""
    await world.gate.arrive(ANN)
    await world.live(days=200)

    assert world.doorkeeper.told("remove") == []


async def test_removal_comes_after_its_time_and_is_announced_to_who_agreed(tmp_path: Path) -> None:
    """With the date and the way back; a line in the log."""
    async with world_with(tmp_path, timers=REMOVING) as world:
        await agree_to_reminders(world)
        await world.gate.arrive(BEN)
        await world.live(days=14, seconds=-1)
        assert world.doorkeeper.told("remove") == []
        farewell = world.doorkeeper.told("tell")[-1]
        standing = await world.gate.standing(ANN)

        await world.live(seconds=1)

        assert {call.user_id for call in world.doorkeeper.told("remove")} == {ANN.user_id, BEN.user_id}
        assert "https://harbour.example/back" in farewell.text
        assert f"<t:{int((NOW + 2 * WEEK).timestamp())}:f>" in farewell.text
        assert {call.user_id for call in world.doorkeeper.told("tell")} == {ANN.user_id}
        assert isinstance(standing, Welcome)
        assert standing.remove_at == NOW + 2 * WEEK
        assert await actions(world, "case.removed") == ["case.removed"] * 2

        await world.gate.leave(ANN.user_id)
        await world.gate.arrive(ANN)
        sent = await world.send(ANN, ABOUT_NIL)
        assert isinstance(sent, Sent)
        assert isinstance(sent.standing, AdmittedStanding)


async def test_who_starts_again_is_not_removed(tmp_path: Path) -> None:
    """Nor whoever asks to talk to a person."""
    async with world_with(tmp_path, timers=REMOVING) as world:
        await world.begin()
        await world.gate.arrive(BEN)
        await world.live(days=13)
        await world.begin()
        await world.gate.ask_for_person(BEN)
        await world.live(days=2)

        assert world.doorkeeper.told("remove") == []


async def test_switched_back_to_keep_nobody_is_removed(tmp_path: Path) -> None:
    """What was wanted before does nothing any more."""
    clock = FakeClock()
    async with world_in(tmp_path, config(timers=REMOVING), clock) as world:
        await world.begin()
        await world.live(days=8)
    async with world_in(tmp_path, config(), clock) as world:
        await world.live(days=20)

        assert world.doorkeeper.told("remove") == []
        assert (await world.rows("SELECT state FROM effect WHERE kind = 'remove'")) == [("done",)]


@pytest.mark.parametrize("who", ["earlier member", "moderator", "admitted by hand"])
async def test_who_belongs_inside_is_not_removed(tmp_path: Path, who: str) -> None:
    """As far as the database knows; the doorkeeper looks at their roles besides."""
    async with world_with(tmp_path, timers=REMOVING) as world:
        await world.gate.arrive(ANN)
        await world.live(days=8)
        if who == "earlier member":
            await world.run("INSERT INTO earlier_member (subject_id, noted_at) SELECT id, 0 FROM subject")
        elif who == "moderator":
            await world.run("INSERT INTO file_view SELECT 'x', cases.id, 0, cases.subject_id, 0 FROM cases")
        else:
            world.doorkeeper.will("remove", Refused(Why.KEPT))
        await world.live(days=20)

        assert await actions(world, "case.removed") == []
        assert len(world.doorkeeper.told("remove")) == (who == "admitted by hand")
        assert (await world.rows("SELECT state FROM effect WHERE kind = 'remove'")) == [("done",)]


async def test_whoever_was_a_member_once_is_not_removed(tmp_path: Path) -> None:
    """A person took their access back, and what they began after that has closed: people see to them."""
    async with world_with(tmp_path, timers=REMOVING) as world:
        await world.send(ANN, ABOUT_NIL)
        await world.run("UPDATE cases SET taken_back_at = ? WHERE state = 'admitted'", to_ms(NOW))
        await world.begin()
        await world.live(days=20)

        assert await world.states() == ["admitted", "lapsed"]
        assert world.doorkeeper.told("remove") == []
        assert (await world.rows("SELECT state FROM effect WHERE kind = 'remove'")) == [("done",)]


async def test_removing_somebody_who_left_is_done(tmp_path: Path) -> None:
    """There is nobody to remove, and nothing for a person to mend."""
    async with world_with(tmp_path, timers=REMOVING) as world:
        await world.begin()
        world.doorkeeper.will("remove", Refused(Why.GONE))
        await world.live(days=15)

        assert (await world.rows("SELECT state FROM effect WHERE kind = 'remove'")) == [("done",)]
        assert await actions(world, "case.removed") == []


# Downtime and clocks that jump


async def test_downtime_takes_nobodys_time(tmp_path: Path) -> None:
    """Reminders, the closing and the removal move on by it."""
    async with world_with(tmp_path, timers=REMOVING) as world:
        await agree_to_reminders(world)
        await world.live(days=1)
        await world.sleep(days=20)
        assert await lapse_at(world) == NOW + timedelta(days=27)
        await world.live(days=6)
        assert len(world.doorkeeper.told("tell")) == 3
        await world.live(days=1)
        await world.sleep(days=20)
        await world.live(days=6, seconds=-1)
        assert world.doorkeeper.told("remove") == []
        await world.live(seconds=1)

        assert len(world.doorkeeper.told("remove")) == 1


async def test_half_an_hour_is_no_downtime(world: World) -> None:
    """A restart takes a moment, and nothing moves."""
    await world.begin()
    await world.sleep(minutes=30)

    assert await lapse_at(world) == NOW + WEEK


async def test_time_is_given_back_once(world: World) -> None:
    """A crash right after it, and a second pass at the same moment, give nothing more."""
    await world.begin()
    await world.sleep(days=3)
    for _ in range(3):
        await world.sweep.run(world.clock())

    assert await lapse_at(world) == NOW + timedelta(days=10)


async def test_a_clock_put_back_keeps_nobody_for_ever(world: World) -> None:
    """It ran a year ahead, and was put right: nothing is due later than a week from now."""
    await agree_to_reminders(world)
    await world.sleep(days=365)
    await world.reminders.more_time(ANN, await world.case_id())
    world.clock.now = NOW
    await world.sweep.run(NOW)
    assert await lapse_at(world) == NOW + WEEK

    await world.live(days=7)

    assert await world.states() == ["lapsed"]


async def test_after_a_wake_up_the_outbox_waits_for_the_sweep(tmp_path: Path) -> None:
    """A suspended machine wakes up: who was to be removed meanwhile gets their time first."""
    async with world_with(tmp_path, timers=REMOVING) as world:
        await world.begin()
        await world.live(days=8)
        world.clock.advance(days=10)

        await world.drain()

        assert world.doorkeeper.told("remove") == []
        await world.sweep.run(world.clock())
        assert await world.one("SELECT due_at > ? FROM effect WHERE kind = 'remove'", ms(world.clock())) == 1


def ms(moment: datetime) -> int:
    """As the database keeps it."""
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize(("before", "after", "closes"), [(7, 14, 14), (14, 7, 10)])
async def test_a_changed_setting_counts_for_who_is_in_the_middle(
    tmp_path: Path, before: int, after: int, closes: int
) -> None:
    """Longer: from the last step. Shorter: from the first sweep under it, which is on the third day."""
    clock = FakeClock()
    async with world_in(tmp_path, config(timers=timers(lapse_after=timedelta(days=before))), clock) as world:
        await world.begin()
        await world.sweep.run(clock())
        await world.live(days=3)
    async with world_in(tmp_path, config(timers=timers(lapse_after=timedelta(days=after))), clock) as world:
        await world.sweep.run(clock())
        await world.live(days=closes - 3, seconds=-1)
        assert await world.states() == ["answering"]
        await world.live(seconds=1)
        assert await world.states() == ["lapsed"]


async def test_the_first_sweep_ever_moves_nothing(world: World) -> None:
    """There is nothing to compare with."""
    await world.begin()
    await world.sweep.run(world.clock.advance(days=3))

    assert await lapse_at(world) == NOW + WEEK


# Drafts


async def test_a_refusal_never_sent_is_deleted(world: World) -> None:
    """After a week; one from yesterday is still there."""
    file = await world.held()
    drafted = await world.drafts.draft_by_code(
        MOD, file.case.code, Outcome.DECLINE, "other", "Not this time."
    )
    assert drafted
    await world.live(days=6)
    await world.live(hours=2)
    assert await world.one("SELECT count(*) FROM proposal") == 1

    await world.live(days=1)
    await world.live(hours=2)

    assert await world.one("SELECT count(*) FROM proposal") == 0


async def test_forms_and_files_of_what_has_closed_are_forgotten(world: World) -> None:
    """What is open keeps them; so does the last file that a moderator opened."""
    await world.held(ANN)
    await world.file(ANN)
    await world.decline(ANN)
    await world.held(BEN)
    await world.file(BEN)
    await world.live(days=6)
    assert await world.one("SELECT count(*) FROM form") > 8

    await world.live(days=2)
    await world.live(hours=2)

    kept = await world.rows("SELECT DISTINCT sheet_id FROM form")
    assert kept == [(await world.one("SELECT sheet_id FROM cases WHERE state = 'held'"),)]
    assert await world.one("SELECT count(*) FROM file_view") == 2


async def test_changes_that_a_member_never_sent_are_deleted(world: World) -> None:
    """A week after they were last worked on; what is on record stays."""
    await world.send(ANN, ABOUT_NIL)
    step = await world.links.change(ANN)
    assert isinstance(step, Summary)
    await world.live(days=5)
    await world.save(ANN, step.entries[0].ref, ABOUT_LINKED)
    await world.live(days=6)
    assert await world.one("SELECT count(*) FROM sheet") == 2

    await world.live(days=2)

    assert await world.rows("SELECT source FROM sheet") == [("gate",)]
    assert await world.one("SELECT count(*) FROM disclosure") == 1
    assert await world.one("SELECT count(*) FROM form") == 0


async def test_sheets_are_looked_through_a_stretch_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pass goes on where the last one stopped, and begins anew at the end."""
    monkeypatch.setattr("bot.sweep._SHEETS_AT_ONCE", 2)
    people = [visitor(800000000000000000 + number) for number in range(5)]
    for who in people:
        await world.send(who, ABOUT_NIL)
        assert isinstance(await world.links.change(who), Summary)
    world.clock.advance(days=8)

    left = []
    for _ in range(8):
        await world.sweep.run(world.clock())
        left.append(await world.one("SELECT count(*) FROM sheet WHERE source = 'update'"))

    assert left == sorted(left, reverse=True)
    assert left[0] > 0
    assert left[-1] == 0


# Crashes


async def test_a_crash_between_two_units_leaves_the_rest_for_the_next_pass(tmp_path: Path) -> None:
    """Whatever unit it happens at, sweeping again ends where one whole pass would have."""
    ends = []
    for crash_at in range(1, 9):
        folder = tmp_path / str(crash_at)
        folder.mkdir()
        clock = FakeClock()
        async with world_in(folder, config(timers=REMOVING), clock, FakeDoorkeeper()) as world:
            await agree_to_reminders(world)
            await world.gate.arrive(BEN)
            await world.sweep.run(clock())
            await world.run("UPDATE mark SET at = ? WHERE name = 'swept'", ms(NOW + WEEK))
            clock.advance(days=7)
            await sweep_and_crash(world, crash_at)
        async with world_in(folder, config(timers=REMOVING), clock) as world:
            await world.sweep.run(clock())
            await world.drain()
            states = await world.states()
            lines = await actions(world, "case.%")
            ends.append((states, sorted(lines), len(told(world)), await wanted(world)))

    assert ends.count(ends[0]) == len(ends)


class Crash(Exception):
    """The machine loses power."""


async def sweep_and_crash(world: World, unit: int) -> None:
    """Sweep, and lose power before the unit with this number."""
    count, write = 0, world.foundation.database.write

    async def failing(work: Any) -> Any:
        nonlocal count
        count += 1
        if count == unit:
            raise Crash
        return await write(work)

    world.foundation.database.write = failing  # type: ignore[method-assign, assignment] # the power cut
    try:
        await world.sweep.run(world.clock())
    except Crash:
        pass
    finally:
        world.foundation.database.write = write  # type: ignore[method-assign] # power is back


async def wanted(world: World) -> list[tuple[Any, ...]]:
    """Effects by kind, how often wanted and how they stand."""
    return await world.rows("SELECT kind, wanted, state FROM effect ORDER BY kind, key")


async def test_an_effect_may_be_wanted_for_later(world: World) -> None:
    """It is due then, and not before."""
    later = NOW + timedelta(days=3)
    await world.foundation.database.write(
        lambda c: effects.want(c, EffectKind.PANEL, key="panel", now=NOW, due_at=later)
    )

    assert await world.drain() == later
    assert world.doorkeeper.calls == []
    due = await world.foundation.database.read(lambda c: effects.due_at(c, EffectKind.PANEL, "panel"))
    assert due == later
