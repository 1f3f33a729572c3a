"""Whatever is decided about somebody, in whatever order: the role stands only on an admission that stands."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Condition, ConditionCode, Outcome
from bot.ports import Done, Member, Refused, Result, Why
from bot.review.drafts import Preview
from tests.support import (
    ABOUT_LINKED,
    ANN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    NOTICE,
    PURPOSE,
    TICKED,
    FakeClock,
    FakeDoorkeeper,
    FakeLookout,
    World,
    config,
    world_in,
)

WRITTEN = {
    "conditions": (Outcome.ADMIT, "link_on_terms", (Condition(ConditionCode.NO_RECRUITMENT),)),
    "decline": (Outcome.DECLINE, "other", ()),
    "reopen": (Outcome.REOPEN, "our_mistake", ()),
    "suspend": (Outcome.SUSPEND, "safety", ()),
    "remove": (Outcome.REMOVE, "told_otherwise", ()),
}
ACTS = [
    *WRITTEN, "admit", "admit", "apply", "change", "withdraw", "leave", "return", "round", "drain", "restart",
    "later", "unreachable",
]  # fmt: skip


class Server(FakeDoorkeeper):
    """A server that remembers whether Ann is there and has the role; restarts of the bot change neither."""

    def __init__(self, lookout: FakeLookout) -> None:
        super().__init__()
        self.lookout = lookout
        self.come()

    def come(self) -> None:
        """Ann joins, without any role."""
        self.lookout.has(Member(ANN.user_id, frozenset()))

    @property
    def has_role(self) -> bool:
        """Whether Ann is in with the role."""
        ann = self.lookout.people.get(ANN.user_id)
        return ann is not None and MEMBER_ROLE in ann.role_ids

    async def grant(self, user_id: int, case_code: str) -> Result:  # noqa: ARG002 - the port's shape
        return self._give(frozenset({MEMBER_ROLE}))

    async def revoke(self, user_id: int, case_code: str) -> Result:  # noqa: ARG002 - the port's shape
        return self._give(frozenset())

    def _give(self, roles: frozenset[int]) -> Result:
        if ANN.user_id not in self.lookout.people:
            return Refused(Why.GONE)
        self.lookout.has(Member(ANN.user_id, roles))
        return Done()

    async def remove(self, user_id: int, case_code: str) -> Result:  # noqa: ARG002 - the port's shape
        assert not self.has_role
        gone = self.lookout.people.pop(ANN.user_id, None)
        return Done() if gone else Refused(Why.GONE)


@given(acts=st.lists(st.sampled_from(ACTS), max_size=14))
@settings(max_examples=15, deadline=None)
def test_the_role_stands_only_on_a_standing_admission(acts: list[str]) -> None:
    """After any order of decisions, restarts and comings and goings, once the outbox has done its work."""
    asyncio.run(_live_through(acts))


async def _live_through(acts: list[str]) -> None:
    clock, lookout = FakeClock(), FakeLookout()
    server = Server(lookout)
    with tempfile.TemporaryDirectory() as name:
        todo = [*acts, "drain"]
        while todo:
            async with world_in(Path(name), config(), clock, server, lookout) as world:
                while todo and (act := todo.pop(0)) != "restart":
                    await _do(world, server, act)
                    if act in {"drain", "round"}:
                        await _as_decided(world, server)


async def _as_decided(world: World, server: Server) -> None:
    await world.drain()
    standing = await world.one(
        """
        SELECT count(*) FROM cases JOIN decision ON decision.id = cases.decision_id
        WHERE state = 'admitted' AND taken_back_at IS NULL AND outcome = 'admit'
        """
    )
    assert not server.has_role or standing
    assert await world.one("SELECT count(*) FROM condition WHERE ended_at IS NULL") <= standing
    removed = "SELECT count(*) FROM effect WHERE kind = 'remove' AND state = 'done'"
    if not await world.one("SELECT count(*) FROM cases") or not await world.one(removed):
        return
    untold = await world.one(
        """
        SELECT count(*) FROM letter JOIN effect ON effect.key = 'letter:' || letter.id
        JOIN cases ON cases.id = letter.case_id
        WHERE cases.state = 'removed' AND letter.decision_id = cases.decision_id AND effect.state <> 'done'
        """
    )
    assert not untold


async def _do(world: World, server: Server, act: str) -> None:
    here = ANN.user_id in server.lookout.people
    known = bool(await world.rows("SELECT 1 FROM cases"))
    if act in WRITTEN or act == "admit":
        if known:
            await _decide(world, act)
    elif act in {"drain", "round", "later", "unreachable"}:
        await _pass_time(world, act)
    elif act == "leave" and here:
        server.lookout.people.pop(ANN.user_id)
        await world.gate.leave(ANN.user_id)
    elif act == "return" and not here:
        server.come()
        await world.gate.arrive(ANN)
    elif here:
        await _at_the_gate(world, act)


async def _decide(world: World, act: str) -> None:
    code = await world.code()
    if act == "admit":
        await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT)
        return
    outcome, reason, conditions = WRITTEN[act]
    drafted = await world.drafts.draft_by_code(MOD, code, outcome, reason, "Because.", conditions)
    if isinstance(drafted, Preview):
        await world.drafts.send_draft(MOD, drafted.draft.ref)


async def _pass_time(world: World, act: str) -> None:
    if act == "unreachable":
        world.doorkeeper.will("tell", Refused(Why.CLOSED))
        return
    if act == "later":
        world.clock.advance(days=2)
        await world.sweep.run(world.clock())
    await world.drain()
    if act == "round":
        await world.rounds.run(world.clock())


async def _at_the_gate(world: World, act: str) -> None:
    if act == "withdraw":
        await world.gate.take_back(ANN)
    elif act == "apply":
        await world.gate.agree(ANN, NOTICE)
    elif act == "change":
        await world.gate.reopen(ANN)
    await _send_if_ready(world)


async def _send_if_ready(world: World) -> None:
    if await world.states() and (await world.states())[-1] == "answering":
        standing = await world.gate.standing(ANN)
        if getattr(standing, "sent_before", False):
            await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)
        else:
            await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
