"""The gate, told from a visitor's side: arriving, agreeing, stopping, asking, taking back, leaving."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from bot.filling import Summary
from bot.minting import NextForm
from bot.model import CaseState
from bot.standing import AdmittedStanding, CarryOn, HeldStanding, PersonWanted, RefusedStanding, Welcome
from bot.store import subjects
from bot.submission import Sent
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    DECLINED_TEXT,
    LINK_NOW,
    MEMBER_ROLE,
    NOTICE,
    PURPOSE,
    FakeClock,
    World,
    config,
    visitor,
    world_in,
)


async def test_arriving_opens_one_waiting_case(world: World) -> None:
    """Hearing of a join twice is hearing of it once."""
    await world.gate.arrive(ANN)
    await world.gate.arrive(ANN)

    assert await world.states() == ["waiting"]
    assert await world.rows("SELECT action FROM event") == [("case.opened",)]
    assert await world.rows("SELECT * FROM effect") == []


async def test_a_burst_of_joins_is_all_recorded(world: World) -> None:
    """Sixty at once, some of them twice: a case each, in a commit or two."""
    commits: list[int] = []
    world.foundation.database.when_committed(lambda: commits.append(1))
    crowd = [visitor(700000000000000000 + number % 60) for number in range(90)]

    await asyncio.gather(*(world.gate.arrive(who) for who in crowd))

    assert await world.states() == ["waiting"] * 60
    assert len(commits) <= 3


async def test_people_who_join_together_get_codes_of_their_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Codes are short: one that is taken, in the database or in the same burst, is drawn again."""
    drawn = iter(["AAAA-AA", "AAAA-AA", "BBBB-BB", "AAAA-AA", "BBBB-BB", "CCCC-CC"])
    monkeypatch.setattr("bot.store.new_cases.new_case_code", lambda: next(drawn))

    await world.gate.arrive(visitor(700000000000000001))
    await asyncio.gather(*(world.gate.arrive(visitor(700000000000000001 + n)) for n in (1, 2)))

    assert await world.rows("SELECT code FROM cases ORDER BY code") == [
        ("AAAA-AA",), ("BBBB-BB",), ("CCCC-CC",)
    ]  # fmt: skip


async def test_a_newcomer_is_welcomed_and_nothing_is_written(world: World) -> None:
    """Looking at the panel before agreeing keeps nothing."""
    assert await world.gate.standing(ANN) == Welcome()
    assert await world.rows("SELECT * FROM subject") == []


async def test_agreeing_is_recorded_with_the_notice_as_it_was_shown(world: World) -> None:
    """The consent names the very text, and the first page is ready to be opened."""
    step = await world.begin()

    assert (step.page.id, step.number, step.total) == ("about", 1, 1)
    assert await world.one("SELECT text FROM consent JOIN notice ON notice_hash = hash") == NOTICE
    assert await world.states() == ["answering"]


async def test_agreeing_twice_begins_once(world: World) -> None:
    """A double press leads to the same form."""
    first = await world.begin()
    again = await world.gate.agree(ANN, NOTICE)

    assert isinstance(again, CarryOn)
    assert isinstance(again.step, NextForm)
    assert again.step.ref == first.ref
    assert await world.one("SELECT count(*) FROM consent") == 1


async def test_somebody_who_stopped_carries_on_where_they_were(world: World) -> None:
    """Days later, from another device, the next page is the one that is missing."""
    first = await world.begin()
    await world.save(ANN, first.ref, ABOUT_LINKED)
    world.clock.advance(days=5)

    standing = await world.gate.standing(visitor(locale="de"))

    assert isinstance(standing, CarryOn)
    assert isinstance(standing.step, NextForm)
    assert (standing.step.page.id, standing.step.number) == ("link", 2)


async def test_the_person_of_a_held_case_sees_that_it_is_held(world: World) -> None:
    """The standing carries the case with its code and target."""
    await world.held()

    standing = await world.gate.standing(ANN)

    assert isinstance(standing, HeldStanding)
    assert standing.case.code == await world.code()
    assert standing.case.target_at is not None


async def test_changing_answers_reopens_a_held_case_with_everything_in_it(world: World) -> None:
    """The summary is back, and moderators see that it is being changed."""
    await world.held()

    standing = await world.gate.reopen(ANN)

    assert isinstance(standing, CarryOn)
    assert isinstance(standing.step, Summary)
    assert [item.entry.page_id for item in standing.step.entries] == ["about", "link", "purpose"]
    assert await world.states() == ["answering"]


async def test_reopening_does_nothing_for_whoever_is_not_held(world: World) -> None:
    """It only tells where they stand."""
    await world.send(ANN, ABOUT_NIL)

    standing = await world.gate.reopen(ANN)

    assert isinstance(standing, AdmittedStanding)
    assert await world.states() == ["admitted"]


async def test_taking_back_deletes_the_answers_at_once(world: World) -> None:
    """Answers, disclosures, verdicts and consent are gone; that there was a case stays."""
    await world.held()

    assert await world.gate.take_back(ANN)

    assert await world.states() == ["withdrawn"]
    for table in ("sheet", "entry", "answer", "answer_text", "disclosure", "interest", "interest_code",
                  "interest_text", "verdict", "letter", "consent", "permit", "form"):  # fmt: skip
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert not await world.gate.take_back(ANN)


async def test_after_taking_back_one_can_begin_again(world: World) -> None:
    """Withdrawing ends the case, not the person."""
    await world.held()
    await world.gate.take_back(ANN)

    assert await world.gate.standing(ANN) == Welcome()
    await world.begin()
    assert await world.states() == ["withdrawn", "answering"]


async def test_leaving_untouched_leaves_nothing(world: World) -> None:
    """Row and key of somebody who only joined and left are gone."""
    await world.gate.arrive(ANN)
    key_id = await world.one("SELECT key_id FROM subject")

    await world.gate.leave(ANN.user_id)

    assert await world.rows("SELECT * FROM subject") == []
    assert await world.rows("SELECT * FROM cases") == []
    assert world.key_is_destroyed(key_id)


async def test_leaving_ends_an_open_case(world: World) -> None:
    """Answers that were begun stay until retention deletes them."""
    await world.held()

    await world.gate.leave(ANN.user_id)

    assert await world.states() == ["left"]
    assert await world.one("SELECT count(*) FROM sheet") == 1


async def test_leaving_as_a_stranger_or_a_member_changes_nothing(world: World) -> None:
    """Only open cases end."""
    await world.gate.leave(12345)
    await world.send(ANN, ABOUT_NIL)

    await world.gate.leave(ANN.user_id)

    assert await world.states() == ["admitted"]


async def test_an_admitted_person_who_comes_back_gets_the_role_again(world: World) -> None:
    """The decision stands, so the role follows it."""
    await world.send(ANN, ABOUT_NIL)
    await world.drain()

    await world.gate.arrive(ANN)
    await world.drain()

    assert await world.states() == ["admitted"]
    assert [call.user_id for call in world.doorkeeper.told("grant")] == [ANN.user_id, ANN.user_id]


async def test_standing_wants_the_role_for_whoever_is_admitted_without_it(world: World) -> None:
    """Somebody with the role is only told that they are in."""
    await world.send(ANN, ABOUT_NIL)
    await world.drain()

    inside = await world.gate.standing(visitor(role_ids=frozenset({MEMBER_ROLE})))
    assert await world.drain() is None
    outside = await world.gate.standing(ANN)
    await world.drain()

    assert isinstance(inside, AdmittedStanding)
    assert isinstance(outside, AdmittedStanding)
    assert (inside.has_role, outside.has_role) == (True, False)
    assert len(world.doorkeeper.told("grant")) == 2


async def test_talking_to_a_person_needs_no_form(world: World) -> None:
    """It opens a case with a flag and a target, and a card; asking again changes nothing."""
    first = await world.gate.ask_for_person(ANN)
    world.clock.advance(hours=1)
    again = await world.gate.ask_for_person(ANN)
    await world.drain()

    assert isinstance(first, PersonWanted)
    assert isinstance(again, PersonWanted)
    assert first.case == again.case
    assert (first.case.state, first.case.wants_person_at is not None) == (CaseState.WAITING, True)
    [posted] = world.doorkeeper.told("post")
    assert first.case.code in posted.text
    assert "talk to a person" in posted.text


async def test_a_wish_to_talk_is_kept_when_answers_are_sent(world: World) -> None:
    """It stays in both lists, and the nearer target counts."""
    await world.gate.ask_for_person(ANN)
    target = await world.one("SELECT target_at FROM cases")

    await world.held()

    assert await world.one("SELECT target_at FROM cases") == target
    assert await world.one("SELECT wants_person_at IS NOT NULL FROM cases") == 1


async def test_leaving_while_waiting_for_a_talk_is_told_on_the_card(world: World) -> None:
    """The case is kept as left rather than forgotten, so that the card can say so."""
    await world.gate.ask_for_person(ANN)
    await world.drain()

    await world.gate.leave(ANN.user_id)
    await world.drain()

    assert await world.states() == ["left"]
    [edited] = world.doorkeeper.told("edit")
    assert "left" in edited.text


async def test_the_work_page_keeps_nothing_but_a_count(world: World) -> None:
    """A stranger who presses it stays a stranger; an untouched case goes off the lists."""
    await world.gate.came_for_work(ANN)
    assert await world.rows("SELECT * FROM subject") == []

    await world.gate.arrive(ANN)
    await world.gate.came_for_work(ANN)

    assert await world.rows("SELECT metric, n FROM counter") == [("information.work", 2)]
    assert await world.rows("SELECT state, listed FROM cases") == [("waiting", 0)]
    assert await world.rows("SELECT action FROM event") == [("case.opened",)]


async def test_the_work_page_does_not_touch_what_was_begun(world: World) -> None:
    """Somebody who is answering, or wants to talk, stays on the lists."""
    await world.gate.ask_for_person(ANN)

    await world.gate.came_for_work(ANN)

    assert await world.rows("SELECT state, listed FROM cases") == [("waiting", 1)]


async def test_also_living_with_this_puts_a_case_back_on_the_lists(world: World) -> None:
    """Agreeing after the work page begins as usual."""
    await world.gate.arrive(ANN)
    await world.gate.came_for_work(ANN)

    await world.begin()

    assert await world.rows("SELECT state, listed FROM cases") == [("answering", 1)]


async def test_delete_and_leave_forgets_a_case_that_was_never_sent(world: World) -> None:
    """Subject, case, answers and key are gone."""
    await world.begin()
    key_id = await world.one("SELECT key_id FROM subject")

    await world.gate.forget_me(ANN)
    await world.gate.forget_me(ANN)

    assert await world.rows("SELECT * FROM subject") == []
    assert world.key_is_destroyed(key_id)


async def test_delete_and_leave_withdraws_a_case_that_was_sent(world: World) -> None:
    """What moderators saw happened stays; the answers do not."""
    await world.held()
    await world.gate.reopen(ANN)

    await world.gate.forget_me(ANN)

    assert await world.states() == ["withdrawn"]
    assert await world.rows("SELECT * FROM sheet") == []


async def test_a_declined_person_reads_why_and_may_ask_again(world: World) -> None:
    """The sentence is at the panel, whatever becomes of the message."""
    await world.held()
    await world.decline()

    standing = await world.gate.standing(ANN)

    assert isinstance(standing, RefusedStanding)
    assert standing.told is not None
    assert standing.told.letter.text == DECLINED_TEXT


async def test_a_clock_that_was_set_back_locks_nobody_out(world: World) -> None:
    """The open case is the one that counts, even if it seems older than the closed one."""
    await world.held()
    await world.decline()
    world.clock.advance(hours=-1)

    await world.begin()

    assert isinstance(await world.gate.standing(ANN), CarryOn)
    assert not isinstance(await world.gate.ask_for_person(ANN), AdmittedStanding)
    await world.gate.arrive(ANN)
    assert sorted(await world.states()) == ["answering", "declined"]


async def test_one_who_cannot_be_recorded_spoils_it_for_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People who join together are recorded together, or else one by one."""
    add_all = subjects.add_all

    def refusing(connection: Any, vault: Any, newcomers: Any, now: Any) -> Any:
        if 700000000000000007 in newcomers.values():
            raise ValueError("refused")
        return add_all(connection, vault, newcomers, now)

    monkeypatch.setattr(subjects, "add_all", refusing)
    crowd = [visitor(700000000000000000 + number) for number in range(20)]

    results = await asyncio.gather(*(world.gate.arrive(who) for who in crowd), return_exceptions=True)

    assert [number for number, result in enumerate(results) if result is not None] == [7]
    assert await world.states() == ["waiting"] * 19


async def test_somebody_declined_who_starts_again_always_goes_to_a_person(world: World) -> None:
    """Even a nil return, and even after withdrawing in between."""
    await world.held()
    await world.decline()
    await world.begin()
    await world.gate.take_back(ANN)

    result = await world.send(ANN, ABOUT_NIL)

    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding)
    assert await world.states() == ["declined", "withdrawn", "held"]
    assert await world.one("SELECT hold_reason FROM cases WHERE state = 'held'") == "earlier_case"


async def test_what_was_begun_survives_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    """A form left open across a restart of the bot still lands."""
    async with world_in(tmp_path, config(), clock) as before:
        first = await before.begin()
        saved = await before.save(ANN, first.ref, ABOUT_LINKED)
    assert saved.next is not None

    async with world_in(tmp_path, config(), clock) as after:
        landed = await after.save(ANN, saved.next.ref, LINK_NOW)

    assert landed.problems == ()
    assert landed.filled == 1


async def test_taking_it_back_leaves_nothing_that_repeats_the_answers(world: World) -> None:
    """Neither in the log nor in the decision. The lines stay, and two say what was taken back and deleted."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    lines = await world.one("SELECT count(*) FROM event")

    await world.gate.take_back(ANN)

    assert await world.rows("SELECT action FROM event WHERE seq > ? ORDER BY seq", lines) == [
        ("disclosure.deleted",),
        ("case.withdrawn",),
        ("erasure.recorded",),
    ]
    left = [payload for (payload,) in await world.rows("SELECT payload FROM event_payload")]
    assert set(left) == {"{}"}
    assert await world.rows("SELECT rule_id, disclosed, disclosure_version FROM decision") == [
        (None, None, None)
    ]


async def test_what_a_card_shows_is_kept_as_a_keyed_fingerprint(world: World) -> None:
    """A plain hash of it could be guessed back to the moderator it names."""
    await world.held()
    await world.drain()
    await world.decline()
    await world.drain()

    (card,) = world.doorkeeper.told("edit")
    shown = await world.one("SELECT shown_hash FROM card")
    assert card.screen is not None
    assert shown == world.foundation.vault.fingerprint(repr(card.screen))
    assert shown != hashlib.sha256(repr(card.screen).encode()).hexdigest()
