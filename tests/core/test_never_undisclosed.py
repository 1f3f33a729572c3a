"""A property of the whole core: no sequence, by machine or moderator, admits what is undisclosed."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.filling import Saved, Summary
from bot.minting import NextForm
from bot.model import Outcome, Source
from bot.review.desk import CaseFile
from bot.review.drafts import Preview
from bot.rules import Rule
from bot.standing import CarryOn
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
    SECOND_MOD,
    TICKED,
    FakeClock,
    Raw,
    World,
    config,
    world_in,
)

T = TypeVar("T")

PEOPLE = st.sampled_from([ANN, BEN])
TEAM = st.sampled_from([MOD, SECOND_MOD])
ABOUTS = st.sampled_from([ABOUT_NIL, ABOUT_LINKED, ABOUT_REFUSED, ABOUT_REFUSED, {"belongs": "yes"}])
LINKS: list[Raw] = [
    LINK_OLD,
    LINK_NOW,
    {**LINK_OLD, "category": "rather_not_say"},
    {**LINK_OLD, "period": None},
]

ADMIT_ALL = {"id": "admit_all", "because": "An admin who means well", "propose": "admit"}

UNDISCLOSED_AND_IN = """
    SELECT cases.code FROM cases JOIN decision ON decision.id = cases.decision_id
    WHERE cases.state = 'admitted' AND (
        decision.outcome <> 'admit' OR decision.disclosed NOT IN ('none', 'some')
        OR decision.disclosed <> (
            SELECT disclosed FROM disclosure WHERE case_id = cases.id ORDER BY version DESC LIMIT 1
        )
    )
"""
"""A disclosure may be gone from the log, a while after its member has; it may never say otherwise."""


class Gatehouse(RuleBasedStateMachine):
    """Two applicants and two moderators do whatever they like, under rules that would admit everybody."""

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.refs: list[tuple[str, str]] = []
        self.sends: list[str] = []
        self.files: list[str] = []
        self.drafts: list[str] = []
        self.world: World

    def do(self, work: Awaitable[T]) -> T:
        """Run a use case."""
        self.clock.advance(seconds=1)

        async def run() -> T:
            return await work

        return self.loop.run_until_complete(run())

    @initialize(rules=st.sampled_from(["shipped", "admit_all"]))
    def start(self, rules: str) -> None:
        """The bot starts, on shipped rules or on a single one that admits everybody."""
        self.settings = config() if rules == "shipped" else config(rules=[Rule(**ADMIT_ALL)])
        self.open()

    def open(self) -> None:
        """Open the files."""
        opening = world_in(self.folder, self.settings, self.clock)
        self.world = self.do(self.stack.enter_async_context(opening))

    @rule()
    def restart(self) -> None:
        """The bot stops and starts again."""
        self.do(self.stack.aclose())
        self.open()

    def offered(self, result: object) -> None:
        """Remember what can be pressed from now on, for ever."""
        if isinstance(result, CarryOn):
            self.offered(result.step)
        elif isinstance(result, NextForm):
            self.refs.append((result.page.id, result.ref))
        elif isinstance(result, Summary):
            self.refs.extend((item.shown.page.id, item.ref) for item in result.entries)
            self.sends.append(result.send_ref)
        elif isinstance(result, Saved):
            self.refs.append((result.page.id, result.again))
            self.offered(result.next)

    @rule(who=PEOPLE)
    def begin(self, who: Any) -> None:
        """Agree and begin, or carry on."""
        self.offered(self.do(self.world.gate.agree(who, "notice")))

    @rule(who=PEOPLE)
    def look(self, who: Any) -> None:
        """Press *Start or carry on*."""
        self.offered(self.do(self.world.gate.standing(who)))

    @rule(who=PEOPLE)
    def reopen(self, who: Any) -> None:
        """Change my answers."""
        self.offered(self.do(self.world.gate.reopen(who)))

    @rule(who=st.sampled_from([ANN, BEN, MOD]), data=st.data(), about=ABOUTS)
    @precondition(lambda self: self.refs)
    def fill(self, who: Any, data: st.DataObject, about: Raw) -> None:
        """Submit some form, fresh or stale, own or not."""
        page, ref = data.draw(st.sampled_from(self.refs))
        raw = {"about": about, "link": data.draw(st.sampled_from(LINKS)), "purpose": PURPOSE}.get(page, {})
        self.offered(self.do(self.world.forms.save(who, ref, raw)))

    @rule(who=PEOPLE, about=ABOUTS)
    def hurry(self, who: Any, about: Raw) -> None:
        """Fill in what is missing, page after page, and send."""
        standing = self.do(self.world.gate.standing(who))
        step = standing.step if isinstance(standing, CarryOn) else self.do(self.world.gate.agree(who, "n"))
        for _ in range(4):
            if isinstance(step, NextForm):
                raw = {"about": about, "link": LINK_NOW, "purpose": PURPOSE}[step.page.id]
                self.do(self.world.forms.save(who, step.ref, raw))
                again = self.do(self.world.gate.standing(who))
                step = again.step if isinstance(again, CarryOn) else again
        if isinstance(step, Summary):
            self.do(self.world.submission.send(who, step.send_ref, TICKED))

    @rule(who=st.sampled_from([ANN, BEN, MOD]), data=st.data())
    @precondition(lambda self: self.sends)
    def send(self, who: Any, data: st.DataObject) -> None:
        """Send, or confirm, under some ref."""
        ref = data.draw(st.sampled_from(self.sends))
        self.do(self.world.submission.send(who, ref, TICKED))
        self.do(self.world.submission.confirm(who, ref, "notice"))

    @rule(who=PEOPLE, way=st.sampled_from(["take_back", "forget", "leave", "arrive", "person", "work"]))
    def come_and_go(self, who: Any, way: str) -> None:
        """Everything else a person can press."""
        gate = self.world.gate
        ways: dict[str, Any] = {
            "take_back": lambda: gate.take_back(who),
            "forget": lambda: gate.forget_me(who),
            "leave": lambda: gate.leave(who.user_id),
            "arrive": lambda: gate.arrive(who),
            "person": lambda: gate.ask_for_person(who),
            "work": lambda: gate.came_for_work(who),
        }
        self.do(ways[way]())

    @rule(who=PEOPLE, team=TEAM)
    def open_file(self, who: Any, team: Any) -> None:
        """A moderator opens somebody's file."""
        codes = self.do(self.world.rows("SELECT code FROM cases"))
        for (code,) in codes:
            file = self.do(self.world.desk.open_by_code(team, code))
            if isinstance(file, CaseFile) and file.user_id == who.user_id:
                self.files.append(file.ref)

    @rule(team=TEAM, data=st.data())
    @precondition(lambda self: self.files)
    def admit_by_button(self, team: Any, data: st.DataObject) -> None:
        """Press *Admit* under some file, however old."""
        self.do(
            self.world.decisions.decide_viewed(team, data.draw(st.sampled_from(self.files)), Outcome.ADMIT)
        )

    @rule(team=TEAM, outcome=st.sampled_from([Outcome.ADMIT, Outcome.ADMIT, Outcome.HOLD]))
    def decide_by_command(self, team: Any, outcome: Outcome) -> None:
        """Admit or hold every case there is, by its code."""
        for (code,) in self.do(self.world.rows("SELECT code FROM cases")):
            self.do(self.world.decisions.decide_by_code(team, code, outcome))

    @rule(team=TEAM)
    def draft(self, team: Any) -> None:
        """Write a refusal."""
        for (code,) in self.do(self.world.rows("SELECT code FROM cases")):
            drafted = self.do(self.world.drafts.draft_by_code(team, code, Outcome.DECLINE, "other", "x"))
            if isinstance(drafted, Preview):
                self.drafts.append(drafted.draft.ref)

    @rule(team=TEAM, data=st.data())
    @precondition(lambda self: self.drafts)
    def send_draft(self, team: Any, data: st.DataObject) -> None:
        """Send a refusal that was written some time ago."""
        self.do(self.world.drafts.send_draft(team, data.draw(st.sampled_from(self.drafts))))

    @rule(team=TEAM)
    def record(self, team: Any) -> None:
        """Write down what somebody says, for every open case."""
        for (code,) in self.do(self.world.rows("SELECT code FROM cases WHERE closed_at IS NULL")):
            result = self.do(self.world.conversations.record(team, code))
            self.offered(getattr(result, "step", None))

    @rule(days=st.sampled_from([0, 4, 40]))
    def time_passes(self, days: int) -> None:
        """The sweep and the outbox run."""
        self.clock.advance(days=days)
        self.do(self.world.sweep.run(self.clock()))
        self.do(self.world.drain())

    @invariant()
    def nobody_undisclosed_is_in(self) -> None:
        """Whoever is admitted disclosed, and the decision says what."""
        if hasattr(self, "world"):
            assert self.do(self.world.rows(UNDISCLOSED_AND_IN)) == []

    @invariant()
    def roles_follow_decisions(self) -> None:
        """Nobody was ever given the role but by an admitting decision, and nobody has two open cases."""
        if hasattr(self, "world"):
            granted = {call.nonce for call in self.world.doorkeeper.told("grant")}
            admitted = {
                row[0] for row in self.do(self.world.rows("SELECT code FROM cases WHERE state = 'admitted'"))
            }
            assert granted <= admitted
            twice = (
                "SELECT subject_id FROM cases WHERE closed_at IS NULL GROUP BY subject_id HAVING count(*) > 1"
            )
            assert self.do(self.world.rows(twice)) == []

    @invariant()
    def nobody_confirms_for_somebody_else(self) -> None:
        """What was recorded in conversation is disclosed only with a consent of the person."""
        if hasattr(self, "world"):
            unconfirmed = self.do(
                self.world.rows(
                    "SELECT id FROM disclosure WHERE source = ? AND NOT EXISTS"
                    " (SELECT 1 FROM consent WHERE consent.case_id = disclosure.case_id)",
                    Source.CONVERSATION.value,
                )
            )
            assert unconfirmed == []

    def teardown(self) -> None:
        """Close and delete the files."""
        self.do(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.folder)


TestGatehouse = Gatehouse.TestCase
TestGatehouse.settings = settings(max_examples=16, stateful_step_count=25)
