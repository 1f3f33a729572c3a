"""A kind of effect that the server refuses: it stops, the team hears once, and it goes on by itself."""

import asyncio
from datetime import timedelta

import pytest

from bot.effects import Outbox
from bot.model import CaseState, Outcome
from bot.ports import Done, Later, Member, Refused, Result, Room, Why
from bot.review.queue import Overview
from bot.screens import queue as queue_screens
from bot.standing import AdmittedStanding
from bot.store import effects
from bot.submission import Sent
from tests.support import ABOUT_NIL, ANN, BEN, MOD, Call, FakeDoorkeeper, World, config, visitor


class Server(FakeDoorkeeper):
    """Refuses verbs as a whole, or single people, until it is mended."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses: dict[str, Why] = {}
        self.above_the_bot: set[int] = set()
        self.missing_rooms: set[Room | None] = set()

    def _result(self, call: Call, usual: Result | None = None) -> Result:
        if call.verb in self.refuses:
            self.calls.append(call)
            return Refused(self.refuses[call.verb])
        if call.user_id in self.above_the_bot:
            self.calls.append(call)
            return Refused(Why.FORBIDDEN)
        if call.room in self.missing_rooms:
            self.calls.append(call)
            return Refused(Why.MISSING_ROOM)
        return super()._result(call, usual)


@pytest.fixture
def server(world: World) -> Server:
    """A server that can refuse, behind the world's outbox."""
    doorkeeper = Server()
    world.doorkeeper = doorkeeper
    world.outbox = Outbox(world.foundation, doorkeeper, world.lookout, gone=world.gate.leave)
    return doorkeeper


def people(count: int) -> list[int]:
    """Discord ids of people who come to be let in."""
    return [700000000000000001 + number for number in range(count)]


async def admit(world: World, count: int) -> list[int]:
    """So many people are admitted, one after the other; slowly enough not to be a rush."""
    for user_id in people(count):
        await world.send(visitor(user_id), ABOUT_NIL)
        world.clock.advance(seconds=6)
    return people(count)


async def later(world: World, until: timedelta) -> list[float]:
    """Let time pass, draining whenever something is due; the minutes after which something was called."""
    begun, end, minutes = world.clock(), world.clock() + until, list[float]()
    while (due := await world.drain()) is not None and due <= end:
        world.clock.now = max(due, world.clock())
        before = len(world.doorkeeper.calls)
        await world.drain()
        if len(world.doorkeeper.calls) > before:
            minutes.append((world.clock() - begun).total_seconds() / 60)
    world.clock.now = end
    return minutes


async def queue_text(world: World) -> str:
    """What a moderator reads in the queue."""
    found = await world.queue.show(MOD)
    assert isinstance(found, Overview)
    return queue_screens.overview(world.foundation.config.words.voice("en"), found).text


async def test_one_refusal_stops_the_kind_and_nobody_else_is_tried(world: World, server: Server) -> None:
    """Thirty people wait; one call is made, and no attempt is counted."""
    await admit(world, 30)
    server.refuses["grant"] = Why.FORBIDDEN

    await world.drain()

    assert len(server.told("grant")) == 1
    grants = await world.rows("SELECT state, attempts FROM effect WHERE kind = 'grant'")
    assert grants == [("pending", 0)] * 30


async def test_the_team_hears_once_with_the_mend_and_reads_it_in_the_queue(
    world: World, server: Server
) -> None:
    """One line: what, since when, how many, what to do; and a button that tries at once."""
    await admit(world, 3)
    server.refuses["grant"] = Why.FORBIDDEN

    await later(world, timedelta(hours=2))

    [told] = [call for call in server.told("post") if "does not work" in call.text]
    assert "Opening the door" in told.text
    assert "give the bot Manage Roles, and move its role above the member role" in told.text
    read = await queue_text(world)
    assert "needs a person: 1" in read
    assert "(3 in all)" in read
    assert "give the bot Manage Roles" in read


async def test_one_of_the_kind_is_tried_now_and_then(world: World, server: Server) -> None:
    """After one, two, five, ten and fifteen minutes, and each time somebody else."""
    await admit(world, 4)
    server.refuses["grant"] = Why.FORBIDDEN
    await world.drain()

    minutes = await later(world, timedelta(hours=1))

    assert minutes == [1, 3, 8, 18, 33, 48]
    tried = [call.user_id for call in server.told("grant")]
    assert tried[:4] == people(4)
    assert len(tried) == 7


@pytest.mark.parametrize("why", [Why.FORBIDDEN, Why.MISSING_ROLE])
async def test_mended_it_goes_on_by_itself_and_everybody_gets_in(
    world: World, server: Server, why: Why
) -> None:
    """The next probe succeeds, and all who waited follow, the longest wait first."""
    waiting = await admit(world, 25)
    server.refuses["grant"] = why
    await world.drain()
    server.refuses.clear()
    before = len(server.told("grant"))

    await later(world, timedelta(minutes=5))

    given = [call.user_id for call in server.told("grant")[before:]]
    assert given[1:] == [user_id for user_id in waiting if user_id != given[0]]
    assert await world.rows("SELECT * FROM stopped") == []
    assert await queue_text(world) == "Nothing waits. Thank you for looking."


async def test_trying_again_probes_at_once(world: World, server: Server) -> None:
    """Refused, it stays as it is; mended, it need not wait for the next probe."""
    await admit(world, 3)
    server.refuses["grant"] = Why.FORBIDDEN
    await world.drain()
    found = await world.queue.show(MOD)
    assert isinstance(found, Overview)
    ref = found.held_up[0].ref

    assert await world.desk.retry(MOD, ref) is True
    await world.drain()
    assert len(server.told("grant")) == 2

    server.refuses.clear()
    assert await world.desk.retry(MOD, ref) is True
    await world.drain()
    assert len(server.told("grant")) == 5
    assert await world.desk.retry(MOD, ref) is False


async def test_a_change_of_the_server_is_tried_at_once(world: World, server: Server) -> None:
    """Whoever sees that roles were changed says so to the outbox."""
    await admit(world, 3)
    server.refuses["grant"] = Why.FORBIDDEN
    await world.drain()
    server.refuses.clear()

    await world.outbox.probe_now()
    await world.drain()

    assert len(server.told("grant")) == 4


async def test_a_start_tries_at_once(world: World, server: Server) -> None:
    """Somebody may have mended it while the bot was stopped."""
    await admit(world, 2)
    server.refuses["grant"] = Why.FORBIDDEN
    await world.drain()
    server.refuses.clear()

    await world.foundation.database.write(lambda c: effects.retry_all(c, world.clock()))
    await world.drain()

    assert len(server.told("grant")) == 3


async def test_one_person_above_the_bot_does_not_hold_up_the_others(world: World, server: Server) -> None:
    """The probe goes to somebody else, the kind goes on, and the one becomes a matter for a person."""
    await admit(world, 3)
    server.above_the_bot = {people(3)[0]}

    await later(world, timedelta(minutes=10))

    states = await world.rows("SELECT state, last_code FROM effect WHERE kind = 'grant' ORDER BY id")
    assert states == [("stuck", "forbidden"), ("done", ""), ("done", "")]
    assert len(server.told("grant")) == 4
    assert await world.rows("SELECT * FROM stopped") == []
    assert "needs a person: 1" in await queue_text(world)


async def test_what_was_refused_by_itself_is_tried_when_the_server_changes(
    world: World, server: Server
) -> None:
    """And then it is done, without anybody pressing anything."""
    await admit(world, 2)
    server.above_the_bot = {people(2)[0]}
    await later(world, timedelta(minutes=10))
    server.above_the_bot.clear()

    await world.outbox.probe_now()
    await world.drain()

    assert await world.rows("SELECT DISTINCT state FROM effect WHERE kind = 'grant'") == [("done",)]


async def test_other_kinds_go_on(world: World, server: Server) -> None:
    """The member role cannot be given, and cards and messages are sent all the same."""
    server.refuses["grant"] = Why.MISSING_ROLE
    await admit(world, 1)
    await world.held(BEN)
    await world.decline(BEN)
    await world.held(visitor(700000000000000009))

    await world.drain()

    assert len(server.told("tell")) == 1
    assert any("Case" in call.text for call in server.told("post"))


@pytest.mark.parametrize("answer", [Later("http_503"), Refused(Why.GONE)])
async def test_a_probe_that_says_nothing_about_the_mending_ends_nothing(
    world: World, server: Server, answer: Result
) -> None:
    """Unanswered, or about somebody who has left: the kind stays stopped until one succeeds."""
    await admit(world, 3)
    server.refuses["grant"] = Why.FORBIDDEN
    await world.drain()
    server.refuses.clear()
    server.will("grant", answer, Refused(Why.FORBIDDEN))
    world.clock.advance(minutes=1)

    await world.drain()

    assert await world.rows("SELECT kind FROM stopped") == [("grant",)]
    await later(world, timedelta(hours=1))
    assert await world.rows("SELECT kind FROM stopped") == []
    assert await world.rows("SELECT DISTINCT state FROM effect WHERE kind = 'grant'") == [("done",)]


async def test_who_has_to_pass_screening_does_not_hold_up_the_others(world: World, server: Server) -> None:
    """Of them nothing is asked of the server, so that somebody else is the one to be tried."""
    await admit(world, 3)
    server.refuses["grant"] = Why.FORBIDDEN
    await world.drain()
    await world.send(visitor(ANN.user_id, pending=True), ABOUT_NIL)
    await world.gate.standing(visitor(ANN.user_id, pending=True))
    world.lookout.has(Member(ANN.user_id, frozenset(), pending=True))
    await later(world, timedelta(hours=1))
    server.refuses.clear()

    await later(world, timedelta(minutes=20))

    assert {call.user_id for call in server.told("grant")} == set(people(3))
    assert await world.rows("SELECT kind FROM stopped") == []


async def test_one_hiccup_after_long_patience_is_no_matter_for_a_person(world: World) -> None:
    """However often it was looked whether they have passed screening: no attempt has failed yet."""
    await world.send(ANN, ABOUT_NIL)
    await world.gate.standing(visitor(ANN.user_id, pending=True))
    world.lookout.has(Member(ANN.user_id, frozenset(), pending=True))
    await later(world, timedelta(hours=5))
    assert len(world.lookout.asked) > 20
    world.lookout.will("member", Later("http_503"))

    await later(world, timedelta(minutes=12))
    assert await world.rows("SELECT state, attempts FROM effect WHERE kind = 'grant'") == [("pending", 1)]

    world.lookout.has(Member(ANN.user_id, frozenset()))
    await later(world, timedelta(minutes=12))
    assert [call.user_id for call in world.doorkeeper.told("grant")] == [ANN.user_id]


async def test_whoever_presses_start_meanwhile_reads_the_truth(world: World, server: Server) -> None:
    """Also when the role was only now found missing, and when answers are sent only now."""
    await world.send(ANN, ABOUT_NIL)
    await world.drain()
    server.refuses["grant"] = Why.FORBIDDEN
    await world.send(BEN, ABOUT_NIL)
    await world.drain()

    late = await world.send(visitor(700000000000000009), ABOUT_NIL)
    ann = await world.gate.standing(ANN)

    assert isinstance(ann, AdmittedStanding)
    assert ann.stuck
    assert isinstance(late, Sent)
    assert isinstance(late.standing, AdmittedStanding)
    assert late.standing.stuck


async def test_a_letter_of_welcome_waits_for_the_door(world: World, server: Server) -> None:
    """Nobody is told that they are in while they are not; then they are told at once."""
    file = await world.held()
    server.refuses["grant"] = Why.FORBIDDEN
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)

    await later(world, timedelta(minutes=30))
    assert server.told("tell") == []
    server.refuses.clear()
    await world.outbox.probe_now()
    await world.drain()

    assert len(server.told("tell")) == 1


async def test_a_missing_review_channel_is_told_in_the_log_channel(world: World, server: Server) -> None:
    """If there is one; and in the queue in any case."""
    settings = config(
        discord={**config().discord.model_dump(), "log_channel": 100000000000000009}  # type: ignore[union-attr]
    )
    world.foundation = type(world.foundation)(
        world.foundation.database, world.foundation.vault, settings, world.clock
    )
    world.outbox = Outbox(world.foundation, server, world.lookout, gone=world.gate.leave)
    server.missing_rooms = {Room.REVIEW}
    await world.held()

    await world.drain()

    [told] = [call for call in server.told("post") if call.room is Room.LOG]
    assert "Showing the card does not work" in told.text
    assert "the channel is gone" in await queue_text(world)
    assert await world.rows("SELECT kind FROM stopped") == [("card",)]


async def test_without_any_channel_the_queue_still_says_it(world: World, server: Server) -> None:
    """Nothing is posted over and over."""
    server.missing_rooms = {Room.REVIEW, Room.LOG, Room.QUARANTINE}
    await world.held()

    await later(world, timedelta(hours=1))

    assert await world.rows("SELECT kind FROM stopped ORDER BY kind") == [("card",), ("notice",)]
    assert len(server.calls) <= 14
    assert "needs a person: 2" in await queue_text(world)


async def test_somebody_who_has_left_is_noted_as_gone(world: World, server: Server) -> None:
    """Unknown to the server: the admitted are away since now, and an open case ends."""
    await world.send(ANN, ABOUT_NIL)
    await world.held(BEN)
    await world.drain()
    await world.gate.standing(ANN)
    server.will("grant", Refused(Why.GONE))

    await world.drain()

    assert await world.one("SELECT gone_at IS NOT NULL FROM cases WHERE state = 'admitted'") == 1
    assert await world.states() == ["admitted", CaseState.HELD.value]


async def test_an_open_case_of_somebody_who_has_left_is_closed(world: World, server: Server) -> None:
    """A message could not be sent because no server is shared any more."""
    await world.held()
    await world.decline()
    world.clock.advance(days=2)
    await world.gate.ask_for_person(ANN)
    server.will("tell", Refused(Why.GONE))

    await world.drain()

    assert await world.states() == ["declined", "left"]
    assert await world.one("SELECT delivery FROM letter") == "gone"


async def test_crossing_refusals_and_successes_never_alert_twice(world: World, server: Server) -> None:
    """One person above the bot, and a crowd: one alert when it stopped, one for the person."""
    await admit(world, 20)
    server.above_the_bot = {people(20)[3], people(20)[7]}

    await later(world, timedelta(hours=3))

    told = [call.text.split("\n")[0] for call in server.told("post")]
    assert len(told) <= 4, told
    states = await world.rows("SELECT state, count(*) FROM effect WHERE kind = 'grant' GROUP BY state")
    assert states == [("done", 18), ("stuck", 2)]


class Slow(Server):
    """Never answers when a role is to be given."""

    async def grant(self, user_id: int, case_code: str) -> Result:
        self.calls.append(Call("grant", user_id=user_id, nonce=case_code))
        await asyncio.Event().wait()
        return Done()


async def test_a_call_that_stalls_holds_up_nobody(world: World) -> None:
    """It counts as unanswered after its time, and the others are done."""
    slow = Slow()
    world.doorkeeper = slow
    world.outbox = Outbox(
        world.foundation, slow, world.lookout, gone=world.gate.leave, limit=timedelta(seconds=0.05)
    )
    await world.send(ANN, ABOUT_NIL)
    await world.held(BEN)

    await world.drain()

    assert await world.rows("SELECT state, last_code FROM effect WHERE kind = 'grant'") == [
        ("pending", "timeout")
    ]
    assert await world.one("SELECT state FROM effect WHERE kind = 'card'") == "done"
