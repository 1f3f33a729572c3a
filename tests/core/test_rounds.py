"""Rounds on real SQLite: who joined or left unseen, the role without a decision, and nothing done twice."""

import asyncio
import itertools
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import furnished
from bot.clock import to_ms
from bot.database import StorageUnavailable
from bot.drift import MOST_TOLD, Drift
from bot.ports import Later, Member, Refused, RoleChange, Room, Why
from bot.rounds import EVERY, Rounds
from bot.standing import AdmittedStanding
from tests.support import (
    ABOUT_NIL,
    ANN,
    BEN,
    MEMBER_ROLE,
    MOD,
    MODERATOR_ROLE,
    NOW,
    FakeClock,
    FakeLookout,
    World,
    config,
    visitor,
    world_in,
)

CLEO = 200000000000000003
GIVER = 300000000000000009


def person(user_id: int, *role_ids: int, **more: Any) -> Member:
    """Somebody in the server."""
    return Member(user_id, frozenset(role_ids), **more)


def inside(user_id: int, **more: Any) -> Member:
    """Somebody with the member role."""
    return person(user_id, MEMBER_ROLE, **more)


def gave(user_id: int, by: int = GIVER, **more: Any) -> RoleChange:
    """An entry of the audit log: the role was given."""
    return RoleChange(**{"user_id": user_id, "given": True, "by": by, "by_bot": False, "at": NOW, **more})


def took(user_id: int, by: int = GIVER, **more: Any) -> RoleChange:
    """An entry of the audit log: the role was taken."""
    return gave(user_id, by, given=False, **more)


async def round_in(world: World) -> None:
    """Go a round that completes, and let the outbox do what follows."""
    assert await world.rounds.run(world.clock.advance(seconds=1))
    await world.drain()


async def looked_before(world: World) -> None:
    """The first look is over, in an empty server."""
    await round_in(world)
    world.doorkeeper.calls.clear()


async def everything(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """All that a round could change."""
    tables = ("subject", "cases", "event", "effect", "decision", "task", "earlier_member", "letter")
    return {table: await world.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables}


async def admitted(world: World) -> None:
    """Ann is let in, and holds the role."""
    await world.send(ANN, ABOUT_NIL)
    await world.drain()
    world.lookout.has(inside(ANN.user_id))


async def posted(world: World) -> list[str]:
    """What was said in the review channel."""
    return [call.text for call in world.doorkeeper.told("post") if call.room is Room.REVIEW]


async def test_whoever_joined_unseen_gets_a_case(world: World) -> None:
    """As if their joining had been heard of."""
    world.lookout.has(person(ANN.user_id), person(BEN.user_id, bot=True))

    await round_in(world)

    assert await world.states() == ["waiting"]
    assert await world.rows("SELECT action FROM event") == [("case.opened",)]


async def test_people_who_are_only_noticed_together_are_no_wave(tmp_path: Path, clock: FakeClock) -> None:
    """They are on record since they joined, so that neither the round nor the next to join makes one."""
    async with world_in(tmp_path, config(raid={"joins": 5, "within": "2m"}), clock) as world:
        day = timedelta(days=1)
        world.lookout.has(*(person(CLEO + n, joined_at=NOW - day * n) for n in range(1, 31)))

        await round_in(world)
        await world.gate.arrive(BEN)

        assert await world.rows("SELECT * FROM wave") == []
        assert await world.one("SELECT max(opened_at) FROM cases WHERE opened_at < ?", to_ms(NOW)) == to_ms(
            NOW - day
        )


async def test_people_who_joined_together_just_now_are_a_wave(tmp_path: Path, clock: FakeClock) -> None:
    """Also if only a round notices them; whoever was there long before does not belong to it."""
    async with world_in(tmp_path, config(raid={"joins": 5, "within": "2m"}), clock) as world:
        world.lookout.has(*(person(CLEO + n, joined_at=NOW - timedelta(seconds=n)) for n in range(5)))
        await round_in(world)
        assert await world.one("SELECT count(*) FROM cases WHERE wave_id IS NOT NULL") == 5

        world.lookout.has(person(ANN.user_id, joined_at=NOW - timedelta(days=9)))
        world.lookout.has(person(BEN.user_id, joined_at=NOW))
        await round_in(world)
        assert await world.one("SELECT count(*) FROM cases WHERE wave_id IS NOT NULL") == 6


async def test_whoever_is_noticed_late_has_their_newest_case_as_the_newest(world: World) -> None:
    """Whatever Discord says about when they joined."""
    await looked_before(world)
    await world.begin()
    await world.gate.leave(ANN.user_id)
    world.lookout.has(person(ANN.user_id, joined_at=NOW - timedelta(days=9)))
    await round_in(world)
    await world.gate.agree(ANN, "notice")

    await world.gate.take_back(ANN)

    assert await world.states() == ["left", "withdrawn"]
    await round_in(world)
    assert await world.states() == ["left", "withdrawn"]


async def test_a_session_that_begins_while_the_disk_is_full_still_wants_a_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who came between two sessions is told by nobody else."""
    house, wanted = furnished(world.foundation), list[str]()

    async def full(_unit: object) -> None:
        raise StorageUnavailable("SQLITE_FULL")

    monkeypatch.setattr(house.rounds, "want", lambda: wanted.append("a round"))
    monkeypatch.setattr(house.client, "get_guild", lambda _server: object())
    monkeypatch.setattr(world.foundation.database, "write", full)

    with pytest.raises(StorageUnavailable):
        await house.client.on_ready()

    assert wanted == ["a round"]


async def test_whoever_left_unseen_is_gone(world: World) -> None:
    """A waiting case vanishes with its person, one with answers ends, a member is on record as away."""
    await admitted(world)
    await world.held(BEN)
    await world.gate.arrive(MOD)
    world.lookout.people.clear()

    await round_in(world)

    assert sorted(await world.states()) == ["admitted", "left"]
    assert await world.one("SELECT gone_at IS NOT NULL FROM cases WHERE state = 'admitted'") == 1


async def test_nobody_counts_as_gone_who_is_only_missing_on_a_page(world: World) -> None:
    """Whoever was on no page is looked for once more: they may have joined meanwhile."""
    await world.held(BEN)
    original = world.lookout.members

    async def stale(after: int) -> tuple[Member, ...] | Refused | Later:
        page = await original(after)
        return tuple(m for m in page if m.user_id != BEN.user_id) if isinstance(page, tuple) else page

    world.lookout.has(person(BEN.user_id))
    world.lookout.members = stale  # type: ignore[method-assign] # one page of it is old

    await round_in(world)

    assert await world.states() == ["held"]
    assert ("member", BEN.user_id) in world.lookout.asked


@pytest.mark.parametrize("trouble", [Later("http_503"), Refused(Why.FORBIDDEN)])
async def test_a_listing_that_fails_midway_says_nothing_about_who_is_gone(
    world: World, trouble: Refused | Later
) -> None:
    """Those on the pages before are seen to; nobody is missed, and it is tried again later."""
    await looked_before(world)
    await world.held(BEN)
    world.lookout.has(*(person(ANN.user_id + 10 + n) for n in range(3)))
    world.lookout.page = 2
    original = world.lookout.members

    async def fails(after: int) -> tuple[Member, ...] | Refused | Later:
        return trouble if after else await original(after)

    world.lookout.members = fails  # type: ignore[method-assign] # the second page fails

    assert not await world.rounds.run(world.clock.advance(seconds=1))
    assert sorted(await world.states()) == ["held", "waiting", "waiting"]
    await world.rounds.run_if_due(world.clock())
    assert len(await world.states()) == 3, "not at once"

    world.lookout.members = original  # type: ignore[method-assign] # Discord is back
    await world.rounds.run_if_due(world.clock.advance(minutes=2))
    assert sorted(await world.states()) == ["left", "waiting", "waiting", "waiting"]


async def test_if_discord_does_not_say_nobody_else_counts_as_gone(world: World) -> None:
    """What is certain is done; the rest waits for the next round."""
    await world.held(ANN)
    await world.held(BEN)
    world.lookout.will("member", Refused(Why.GONE), Later("http_500"))

    assert not await world.rounds.run(world.clock.advance(seconds=1))
    assert sorted(await world.states()) == ["held", "left"]

    assert await world.rounds.run(world.clock())
    assert await world.states() == ["left", "left"]


async def test_somebody_forgotten_while_they_are_looked_for_spoils_no_round(world: World) -> None:
    """Discord tells that they left, a moment before it is their turn to be looked for."""
    await world.gate.arrive(ANN)
    await world.gate.arrive(BEN)
    await world.gate.arrive(visitor(CLEO))
    original = world.lookout.member

    async def meanwhile(user_id: int) -> Member | Refused | Later:
        for left in {ANN.user_id, BEN.user_id, CLEO} - {user_id}:
            await world.gate.leave(left)
        return await original(user_id)

    world.lookout.member = meanwhile  # type: ignore[method-assign] # they leave during the first look-up

    await round_in(world)

    assert await world.rows("SELECT * FROM subject") == []


async def test_a_refusal_of_a_member_from_before_stands(world: World) -> None:
    """Also once the role is taken back, which holds a case of theirs: given by hand, it is an incident."""
    world.lookout.has(inside(ANN.user_id))
    await round_in(world)
    await world.held(ANN)
    await world.decline(ANN)
    await round_in(world)
    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]
    world.lookout.has(person(ANN.user_id))
    await round_in(world)

    world.lookout.has(inside(ANN.user_id))
    await round_in(world)

    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id] * 2


async def test_the_first_look_lists_members_from_before_and_takes_nothing(world: World) -> None:
    """They keep their access and are on a list; the next look finds nothing new."""
    world.lookout.has(inside(ANN.user_id), person(BEN.user_id), person(MOD.user_id, MODERATOR_ROLE))

    await round_in(world)
    before = await everything(world)
    await round_in(world)

    assert await world.one("SELECT count(*) FROM earlier_member") == 1
    assert await world.states() == ["waiting"]
    assert world.doorkeeper.told("revoke") == []
    assert await world.rows("SELECT action FROM event ORDER BY seq") == [
        ("case.opened",), ("member.from_before",)
    ]  # fmt: skip
    assert await everything(world) == before


async def test_a_member_from_before_may_lose_and_regain_the_role(world: World) -> None:
    """They may have it, whoever gives it. Once they have left, they are newcomers."""
    world.lookout.has(inside(ANN.user_id))
    await round_in(world)
    world.lookout.has(person(ANN.user_id))
    await round_in(world)
    world.lookout.has(inside(ANN.user_id))
    await round_in(world)
    assert world.doorkeeper.told("revoke") == []

    await world.gate.leave(ANN.user_id)
    assert await world.rows("SELECT * FROM subject") == []
    await round_in(world)

    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]


async def test_the_role_without_a_decision_is_taken_back_and_held(world: World) -> None:
    """One line in the log, a held case, a card, and a notice that names who gave it and not who has it."""
    await looked_before(world)
    world.lookout.has(inside(ANN.user_id))
    world.lookout.log = [gave(ANN.user_id)]

    await round_in(world)

    assert await world.rows("SELECT state, hold_reason FROM cases") == [("held", "unrecorded_member")]
    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]
    code = await world.code()
    notice = next(text for text in await posted(world) if "takes the role back" in text)
    assert f"<@{GIVER}> gave it." in notice
    assert code in notice
    assert not any(str(ANN.user_id) in text for text in await posted(world))
    giver = await world.one(
        "SELECT json_extract(payload, '$.giver') FROM event JOIN event_payload USING (seq)"
        " WHERE action = 'drift.unrecorded'"
    )
    lookup = world.foundation.vault.lookup(GIVER)
    assert giver == await world.one("SELECT id FROM subject WHERE lookup = ?", lookup)
    assert str(GIVER) not in str(await everything(world))


async def test_nobody_knows_who_gave_it(world: World) -> None:
    """An invite leaves no trace, or the bot may not read the log."""
    await looked_before(world)
    world.lookout.has(inside(ANN.user_id))
    world.lookout.will("role_changes", Refused(Why.FORBIDDEN))

    await round_in(world)

    assert any("does not say who gave it" in text for text in await posted(world))
    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]


async def test_a_second_round_changes_nothing(world: World) -> None:
    """Neither before the outbox has done what was found, nor after."""
    await looked_before(world)
    await admitted(world)
    world.lookout.has(inside(BEN.user_id), person(CLEO, pending=True), person(ANN.user_id))

    assert await world.rounds.run(world.clock())
    before = await everything(world)
    assert await world.rounds.run(world.clock())
    assert await everything(world) == before

    await world.drain()
    world.lookout.has(inside(ANN.user_id), person(BEN.user_id))
    before = await everything(world)
    await round_in(world)
    assert await everything(world) == before


async def test_a_stale_page_accuses_nobody(world: World) -> None:
    """Before the role is taken, the person is looked at once more."""
    await looked_before(world)
    page = (inside(ANN.user_id),)
    world.lookout.has(person(ANN.user_id))

    look = await world.drift.look(world.clock())
    await world.drift.see_to(page, look)

    assert await world.states() == ["waiting"]
    assert await world.rows("SELECT 1 FROM effect WHERE kind = 'revoke'") == []


async def test_if_it_cannot_be_confirmed_it_waits_for_the_next_round(world: World) -> None:
    """And the round counts as unfinished."""
    await looked_before(world)
    world.lookout.has(inside(ANN.user_id))
    world.lookout.will("member", Later("http_500"))

    assert not await world.rounds.run(world.clock.advance(seconds=1))
    assert await world.states() == []
    await round_in(world)
    assert await world.states() == ["held"]


async def test_alert_only_tells_once_until_it_changes(tmp_path: Path, clock: FakeClock) -> None:
    """The role stays, and moderators hear of it once, even after they have seen to it."""
    async with world_in(tmp_path, config(drift={"unrecorded": "alert"}), clock) as world:
        await looked_before(world)
        world.lookout.has(inside(ANN.user_id))
        await round_in(world)
        await round_in(world)
        assert len(await posted(world)) == 1
        assert await world.rows("SELECT kind FROM task") == [("unrecorded_role",)]
        task = await world.one("SELECT id FROM task")
        assert await world.desk.close_task(MOD, task) is True
        await round_in(world)
        assert len(await posted(world)) == 1
        assert world.doorkeeper.told("revoke") == []

        world.lookout.has(person(ANN.user_id))
        await round_in(world)
        assert await world.rows("SELECT kind FROM task") == []
        world.lookout.has(inside(ANN.user_id))
        await round_in(world)
        assert len(await posted(world)) == 2


@pytest.mark.parametrize(
    "who", [inside(ANN.user_id, owner=True), person(ANN.user_id, MEMBER_ROLE, MODERATOR_ROLE)]
)
async def test_whoever_runs_the_place_is_not_stripped(world: World, who: Member) -> None:
    """They are put on the list of members from before, and the team hears of it."""
    await looked_before(world)
    world.lookout.has(who)

    await round_in(world)
    await round_in(world)

    assert await world.one("SELECT count(*) FROM earlier_member") == 1
    assert await world.rows("SELECT kind FROM task") == [("unrecorded_role",)]
    assert world.doorkeeper.told("revoke") == []


async def test_a_member_without_the_role_is_given_it(world: World) -> None:
    """Half-done effects are finished."""
    await admitted(world)
    world.doorkeeper.calls.clear()
    world.lookout.has(person(ANN.user_id))

    await round_in(world)

    assert [call.user_id for call in world.doorkeeper.told("grant")] == [ANN.user_id]


async def test_a_role_that_somebody_took_stays_taken(world: World) -> None:
    """The audit log says who; the team has a task, and neither a round nor a press gives it again."""
    await looked_before(world)
    await admitted(world)
    world.doorkeeper.calls.clear()
    world.lookout.has(person(ANN.user_id))
    world.lookout.log = [took(ANN.user_id)]

    await round_in(world)
    await round_in(world)
    standing = await world.gate.standing(ANN)
    await world.drain()

    assert world.doorkeeper.told("grant") == []
    assert not isinstance(standing, AdmittedStanding)
    assert await world.rows("SELECT kind FROM task") == [("access_taken",)]
    [notice] = await posted(world)
    assert f"<@{GIVER}> took the member role" in notice
    assert str(ANN.user_id) not in notice

    world.lookout.has(inside(ANN.user_id))
    world.lookout.log.append(gave(ANN.user_id, at=NOW + timedelta(seconds=1)))
    await round_in(world)
    assert await world.one("SELECT taken_back_at FROM cases") is None
    assert world.doorkeeper.told("revoke") == []


async def test_the_log_has_to_be_read_before_a_role_is_given_again(world: World) -> None:
    """While Discord does not say who took it, nobody undoes what a person may have decided."""
    await looked_before(world)
    await admitted(world)
    world.doorkeeper.calls.clear()
    world.lookout.has(person(ANN.user_id))
    world.lookout.will("role_changes", Later("http_503"))

    assert not await world.rounds.run(world.clock.advance(seconds=1))
    await world.drain()
    assert world.doorkeeper.told("grant") == []

    await round_in(world)
    assert [call.user_id for call in world.doorkeeper.told("grant")] == [ANN.user_id]


async def test_without_the_log_nothing_is_undone(world: World) -> None:
    """A role that went missing is not given again blindly; the team hears once which right is lacking."""
    await looked_before(world)
    await admitted(world)
    world.doorkeeper.calls.clear()
    world.lookout.has(person(ANN.user_id))
    world.lookout.will("role_changes", *[Refused(Why.FORBIDDEN)] * 2)

    await round_in(world)
    await round_in(world)

    assert [call.verb for call in world.doorkeeper.calls] == ["post"]
    assert "Give it *View Audit Log*" in world.doorkeeper.calls[0].text
    await world.gate.standing(ANN)
    await world.drain()
    assert len(world.doorkeeper.told("grant")) == 1


async def test_without_the_log_access_that_was_taken_stays_taken(world: World) -> None:
    """Nobody can tell who gave the role then, so that it is taken back."""
    await looked_before(world)
    await admitted(world)
    world.lookout.has(person(ANN.user_id))
    world.lookout.log = [took(ANN.user_id)]
    await round_in(world)
    world.lookout.has(inside(ANN.user_id))
    world.lookout.will("role_changes", Refused(Why.FORBIDDEN))

    await round_in(world)

    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]


async def test_a_crowd_with_the_role_is_told_of_together(world: World) -> None:
    """Everybody's role is taken, a few are told of one by one, and the rest in one line."""
    await looked_before(world)
    world.lookout.has(*(inside(ANN.user_id + n) for n in range(30)))

    await round_in(world)
    await world.drain()

    notices = await world.rows("SELECT target FROM effect WHERE kind = 'notice'")
    assert len(notices) == MOST_TOLD + 1
    assert (f"drift_more:{30 - MOST_TOLD}",) in notices
    assert await world.states() == ["held"] * 30


async def test_without_the_members_intent_it_says_so_once(tmp_path: Path, clock: FakeClock) -> None:
    """Nobody is listed; the first round that lists still knows who was here before."""
    settings = config()
    assert settings.discord
    ids = settings.discord.model_copy(update={"members_intent": False})
    without = settings.model_copy(update={"discord": ids})
    async with world_in(tmp_path, without, clock) as world:
        world.lookout.has(inside(ANN.user_id))
        await round_in(world)
        await round_in(world)
        assert [verb for verb, _ in world.lookout.asked] == []
        assert len(await posted(world)) == 1
        assert "Server Members Intent" in (await posted(world))[0]
    async with world_in(tmp_path, settings, clock) as world:
        world.lookout.has(inside(ANN.user_id))
        await round_in(world)
        assert await world.one("SELECT count(*) FROM earlier_member") == 1


async def test_another_member_role_is_another_beginning(tmp_path: Path, clock: FakeClock) -> None:
    """Who has the new one was given it by whoever wrote it into the configuration."""
    settings = config()
    assert settings.discord
    async with world_in(tmp_path, settings, clock) as world:
        await looked_before(world)
    ids = settings.discord.model_copy(update={"member_role": 555})
    async with world_in(tmp_path, settings.model_copy(update={"discord": ids}), clock) as world:
        world.lookout.has(person(ANN.user_id, 555))
        await round_in(world)
        assert await world.one("SELECT count(*) FROM earlier_member") == 1


async def test_rounds_are_gone_every_six_hours_and_when_wanted(world: World) -> None:
    """And at the start, and only one at a time."""
    await world.rounds.run_if_due(world.clock())
    assert len(world.lookout.asked) == 1
    await world.rounds.run_if_due(world.clock.advance(hours=5))
    assert len(world.lookout.asked) == 1
    world.rounds.want()
    await asyncio.gather(*(world.rounds.run_if_due(world.clock()) for _ in range(2)))
    assert len(world.lookout.asked) >= 2
    seen = len(world.lookout.asked)
    world.clock.now += EVERY
    await world.rounds.run_if_due(world.clock())
    assert len(world.lookout.asked) == seen + 1


async def test_wanted_during_one_there_is_one_more(world: World) -> None:
    """What happened behind the page that was read is not missed."""
    original = world.lookout.members

    async def meanwhile(after: int) -> tuple[Member, ...] | Refused | Later:
        world.rounds.want()
        return await original(after)

    world.lookout.members = meanwhile  # type: ignore[method-assign] # something happens during the round
    await world.rounds.run_if_due(world.clock())
    world.lookout.members = original  # type: ignore[method-assign] # and then no more
    before = len(world.lookout.asked)
    await world.rounds.run_if_due(world.clock())
    await world.rounds.run_if_due(world.clock())
    assert len(world.lookout.asked) == before + 1


async def test_cards_that_are_missing_are_shown(world: World) -> None:
    """A held case without a card gets one; one that stands is looked after now and then."""
    world.lookout.has(person(ANN.user_id))
    await world.held()
    await world.drain()
    await world.run("DELETE FROM card")
    await world.run("DELETE FROM effect WHERE kind = 'card'")
    world.doorkeeper.calls.clear()

    await round_in(world)
    assert [call.verb for call in world.doorkeeper.calls if call.room is Room.REVIEW] == ["post"]

    world.doorkeeper.calls.clear()
    world.clock.now += EVERY
    await round_in(world)
    assert [call.verb for call in world.doorkeeper.calls if call.room is Room.REVIEW] == ["stands"]


async def test_a_first_look_holds_nobody_up(world: World) -> None:
    """Thousands at once: everybody is on record, and whoever presses is answered meanwhile."""
    world.lookout.has(*(inside(10**17 + n) if n % 2 else person(10**17 + n) for n in range(3000)))
    waits: list[float] = []

    async def press() -> None:
        while True:
            begun = time.perf_counter()
            await world.gate.standing(ANN)
            waits.append(time.perf_counter() - begun)
            await asyncio.sleep(0.02)

    pressing = asyncio.create_task(press())
    assert await world.rounds.run(world.clock.advance(seconds=1))
    pressing.cancel()

    assert await world.one("SELECT count(*) FROM earlier_member") == 1500
    assert await world.one("SELECT count(*) FROM cases") == 1500
    assert len(waits) > 5
    assert max(waits) < 3


def memory_in_use() -> int:
    """Bytes, where the system tells."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 if status.exists() else 0


class LargeServer(FakeLookout):
    """A hundred thousand members, made up page by page. It keeps an eye on the memory that reading takes."""

    SIZE = 100_000

    def __init__(self) -> None:
        super().__init__()
        self.memory: list[int] = []

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        self.memory.append(memory_in_use())
        first = max(after - 10**17 + 1, 0)
        return tuple(inside(10**17 + n) for n in range(first, min(first + 1000, self.SIZE)))


async def test_a_hundred_thousand_members(tmp_path: Path, clock: FakeClock) -> None:
    """A round over them changes nothing but what has changed: one of those at the door has left."""
    async with world_in(tmp_path, config(), clock) as world:
        await looked_before(world)
        vault, at = world.foundation.vault, int(NOW.timestamp() * 1000)

        def fill(connection: sqlite3.Connection) -> None:
            people = [(f"s{n}", vault.lookup(10**17 + n), f"k{n}", at) for n in range(LargeServer.SIZE)]
            connection.executemany("INSERT INTO subject VALUES (?, ?, ?, ?, NULL)", people)
            connection.execute("INSERT INTO earlier_member SELECT id, created_at, NULL FROM subject")

        await world.foundation.database.write(fill)
        await world.held()
        server = LargeServer()
        drift = Drift(world.foundation, world.gate, server)
        rounds = Rounds(world.foundation, world.gate, drift, server)
        before = await world.one("SELECT max(seq) FROM event")
        begun = time.perf_counter()

        assert await rounds.run(clock.advance(seconds=1))

        assert time.perf_counter() - begun < 180
        assert max(server.memory) - server.memory[0] < 60_000_000
        assert server.asked == [("member", ANN.user_id)]
        assert await world.rows("SELECT action FROM event WHERE seq > ?", before) == [("case.left",)]


async def who(world: World, subject_id: str) -> int:
    """The Discord id behind somebody's random one."""
    on = world.foundation
    return await on.database.read(lambda connection: on.user_id(connection, subject_id)) or 0


async def test_the_order_of_rows_says_nothing_about_who_is_who(world: World) -> None:
    """Discord lists members by their ids; a round records them in an order of its own."""
    ids = [600000000000000000 + number for number in range(200)]
    world.lookout.has(*(inside(user_id) for user_id in ids[::2]), *(person(user_id) for user_id in ids[1::2]))
    await round_in(world)

    for table, column in (("subject", "id"), ("cases", "subject_id")):
        found = await world.rows(f"SELECT {column} FROM {table} ORDER BY rowid")
        order = [await who(world, row[0]) for row in found]
        assert len(order) >= 100
        assert order not in (sorted(order), sorted(order, reverse=True))
        together = sum(later - earlier == 2 for earlier, later in itertools.pairwise(order))
        assert together < len(order) / 4, "neighbours stay neighbours"
