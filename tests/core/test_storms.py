"""Storms: many moderators press everything at once, and there is one decision with the right voters.

Three moderators and two applicants act in waves; within a wave all of it happens at the same time, and some
answers are lost with the process, before or after what they were about was on disk. Discord fails in
between. Whatever the order: at most one decision closes a case, it went through as many hands as it takes,
each voter had read what they voted on, the person gets one message, and everybody who was too late is told
what happened.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.clock import to_ms
from bot.config import Config
from bot.database import Database
from bot.model import CaseState, Outcome, Visitor
from bot.review.bench import AlreadyDecided, Changed, Decided, MayNot
from bot.review.confirming import Confirming, Ended, Over
from bot.review.decisions import Decisions
from bot.review.drafts import Drafts, Preview
from bot.review.motions import AlreadyProposed, Proposed
from bot.screens import files as file_screens
from bot.screens import motions as motion_screens
from bot.store import cases
from bot.store.cases import Overtaken
from tests.server import Crash, Person, Server, Times
from tests.support import (
    ABOUT_LINKED,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    MOD,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    FakeClock,
    FakeLookout,
    World,
    config,
    moderator,
    world_in,
)

T = TypeVar("T")

MODS = [MOD, SECOND_MOD, moderator(300000000000000003)]
PEOPLE = [ANN, BEN]
TEAMS = {
    "one": config(),
    "two": config(confirm={"admit": "two", "decline": "two"}),
    "small": config(confirm={"admit": "two", "decline": "two", "small_team": True}),
}
HANDS = {"one": {"one"}, "two": {"two"}, "small": {"two", "waited"}}

PRESSES = st.tuples(
    st.sampled_from(range(len(MODS))),
    st.sampled_from(
        [
            "admit",
            "admit",
            "decline",
            "decline",
            "read",
            "confirm",
            "confirm",
            "confirm",
            "disagree",
            "withdraw",
            "hold",
        ]
    ),
    st.sampled_from([0, 0, 0, 1]),
)
WAVES = st.tuples(
    st.lists(PRESSES, min_size=1, max_size=7),
    st.sampled_from(["", "", "", "changes", "talks", "takes back"]),
    st.lists(st.sampled_from(["", "", "before", "after"]), max_size=4),
    st.sampled_from(["drain", "sweep", "away", "unheard", "busy", "restart", "a day"]),
)

TOO_LATE = {
    AlreadyDecided: ("is decided already: ", "has ended: "),
    AlreadyProposed: ("is proposed already, by <@", "you have proposed "),
    Over: (
        "is decided already, by <@",
        "does not count any more",
        "was refused by <@",
        "off the table by <@",
    ),
    Changed: ("has changed since you opened it", "open the file first"),
    MayNot: (
        "You proposed this for case ",
        "Somebody else proposed this for case ",
        "its answers have not been sent, or are being changed",
        "This was sent already, or the case has changed.",
        "this case was deleted",
    ),
}
"""What whoever comes too late is told."""


class Lossy:
    """A database some of whose answers are lost with the process."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.deaths: list[str] = []

    async def read(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        return await self._real.read(unit)

    async def write(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        death = self.deaths.pop(0) if self.deaths else ""
        if death == "before":
            raise Crash
        result = await self._real.write(unit)
        if death == "after":
            raise Crash
        return result


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in which two people wait for a decision, to copy."""
    folder = tmp_path_factory.mktemp("waiting")

    async def wait() -> None:
        async with world_in(folder, config(), FakeClock()) as world:
            for who in PEOPLE:
                await world.send(who, ABOUT_LINKED, LINK_NOW, PURPOSE)

    asyncio.run(wait())
    return folder


class Storm:
    """The bot in the middle of it."""

    def __init__(self, folder: Path, team: str) -> None:
        self.folder = folder
        self.team = team
        self.settings: Config = TEAMS[team]
        self.times = Times()
        self.times.pass_by(timedelta(hours=1))
        self.server = Server(self.times, self._is_let_in)
        for who in PEOPLE:
            self.server.people[who.user_id] = Person(here=True)
            self.server.pressed.add(who.user_id)
        self.stack = AsyncExitStack()
        self.decided = 0
        self.raw: sqlite3.Connection

    def _is_let_in(self, user_id: int) -> bool:
        lookup = self.world.foundation.vault.lookup(user_id)
        return bool(
            self.rows(
                "SELECT 1 FROM cases JOIN subject ON subject.id = subject_id"
                " WHERE lookup = ? AND state = 'admitted'",
                lookup,
            )
        )

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement finds, on a connection of the test's own."""
        return self.raw.execute(statement, values).fetchall()

    async def start(self) -> None:
        """The process starts."""
        opening = world_in(
            self.folder, self.settings, self.times, self.server, cast("FakeLookout", self.server)
        )
        self.world: World = await self.stack.enter_async_context(opening)
        self.lossy = Lossy(self.world.foundation.database)
        on = replace(self.world.foundation, database=cast("Database", self.lossy))
        self.decisions, self.drafts, self.confirming = Decisions(on), Drafts(on), Confirming(on)
        self.raw = sqlite3.connect(self.world.path)

    async def stop(self) -> None:
        """The process ends."""
        self.raw.close()
        await self.stack.aclose()
        self.stack = AsyncExitStack()

    async def restart(self) -> None:
        """The process ends and starts again."""
        await self.stop()
        await self.start()

    async def press(self, mod: Visitor, act: str, who: Visitor) -> object:
        """A moderator does something about somebody's case, on what they see at that moment."""
        code = await self.world.code(who)
        found = await self.world.rows(
            "SELECT motion.id FROM motion JOIN cases ON cases.id = case_id WHERE code = ?"
            " ORDER BY motion.rowid DESC",
            code,
        )
        motion = str(found[0][0]) if found else ""
        match act:
            case "admit":
                return await self.decisions.decide_by_code(mod, code, Outcome.ADMIT)
            case "hold":
                return await self.decisions.decide_by_code(mod, code, Outcome.HOLD)
            case "decline":
                drafted = await self.drafts.draft_by_code(mod, code, Outcome.DECLINE, "other", DECLINED_TEXT)
                if not isinstance(drafted, Preview):
                    return drafted
                return await self.drafts.send_draft(mod, drafted.draft.ref)
            case "read":
                return await self.world.desk.open_by_code(mod, code)
        if not motion:
            return None
        if act != "withdraw":
            await self.world.desk.open_by_code(mod, code)
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "confirm": lambda: self.confirming.confirm(mod, motion),
            "disagree": lambda: self.confirming.disagree(mod, motion, "Not like this."),
            "withdraw": lambda: self.confirming.withdraw(mod, motion),
        }
        return await acts[act]()

    async def person(self, act: str) -> None:
        """Ann changes her answers and sends them, wants to talk, or takes her request back."""
        if await self.state(ANN) is not CaseState.HELD:
            return
        if act == "talks":
            await self.world.gate.ask_for_person(ANN)
        elif act == "takes back":
            await self.world.gate.take_back(ANN)
        else:
            await self.world.gate.reopen(ANN)
            if await self.state(ANN) is CaseState.ANSWERING:
                await self.world.submission.send(ANN, (await self.world.summary(ANN)).send_ref, TICKED)

    async def state(self, who: Visitor) -> CaseState:
        """Where somebody's case stands."""
        code = await self.world.code(who)
        case = await self.world.foundation.database.read(lambda c: cases.by_code(c, code))
        assert case is not None
        return case.state

    async def wave(self, presses: list[tuple[int, str, int]], person: str, deaths: list[str]) -> None:
        """All at once. What is answered is a sentence, and it names what happened."""
        self.times.advance(seconds=30)
        self.lossy.deaths = list(deaths)
        work = [self.press(MODS[mod], act, PEOPLE[who]) for mod, act, who in presses]
        if person:
            work.append(self.person(person))
        results = await asyncio.gather(*work, return_exceptions=True)
        for (_, act, who), result in zip(presses, results, strict=False):
            if isinstance(result, Crash) or result is None or act == "read":
                continue
            assert not isinstance(result, BaseException), result
            self.check_told(await self.world.code(PEOPLE[who]), result)
        assert not any(isinstance(r, BaseException) and not isinstance(r, Crash | Overtaken) for r in results)
        if any(isinstance(result, Crash) for result in results):
            await self.restart()

    def check_told(self, code: str, result: Any) -> None:
        """Whoever was first did it; whoever was not is told what happened."""
        voice = self.settings.words.voice("")
        of_a_motion = isinstance(result, Ended | Over)
        screen = motion_screens.answered if of_a_motion else file_screens.decided
        text = screen(voice, result).text
        if isinstance(result, Decided | Proposed | Ended):
            self.decided += isinstance(result, Decided) and result.outcome is not Outcome.HOLD
            assert code in text
            return
        assert any(phrase in text for phrase in TOO_LATE[type(result)]), text

    async def between(self, what: str) -> None:
        """What happens between two waves."""
        match what:
            case "drain":
                await self.world.drain()
            case "sweep":
                await self.world.sweep.run(self.times())
            case "restart":
                await self.restart()
            case "a day":
                await self.awake(timedelta(days=1, minutes=1))
            case fault:
                self.server.faults.extend([fault] * 2)
                await self.world.drain()

    async def awake(self, span: timedelta) -> None:
        """Time passes with the bot awake."""
        self.times.pass_by(span)
        await self.world.run("UPDATE mark SET at = ? WHERE name = 'swept'", to_ms(self.times()))
        await self.world.sweep.run(self.times())
        await self.world.drain()

    async def settle(self) -> None:
        """Everything is over: what waits is carried, and what is due is done."""
        self.server.faults.clear()
        await self.restart()
        for _ in range(3):
            await self.awake(timedelta(days=1, hours=2))

    def check(self) -> None:
        """One decision at most for each case, by the right people, told once."""
        assert self.server.wrongs == []
        decided = self.rows(
            "SELECT id, case_id, outcome, decided_by, confirmed_by, hands FROM decision"
            " WHERE automated = 0 AND outcome <> 'hold'"
        )
        assert len({case_id for _, case_id, *_ in decided}) == len(decided)
        assert self.decided <= len(decided)
        closed = self.rows("SELECT id FROM cases WHERE state IN ('admitted', 'declined')")
        assert {case_id for (case_id,) in closed} == {case_id for _, case_id, *_ in decided}
        for _, case_id, _, by, second, hands in decided:
            assert hands in HANDS[self.team]
            self.check_voters(case_id, by, second, hands)
        assert len(self.rows("SELECT 1 FROM letter")) == len(decided)
        assert (
            self.rows("SELECT case_id FROM motion WHERE state = 'open' GROUP BY case_id HAVING count(*) > 1")
            == []
        )
        astray = self.rows(
            "SELECT id FROM cases WHERE (second_by IS NOT NULL)"
            " <> (id IN (SELECT case_id FROM motion WHERE state = 'open'))"
        )
        assert astray == []
        assert self.rows("SELECT 1 FROM motion WHERE state = 'void' AND closed_at IS NULL") == []
        self.check_server(decided)

    def check_voters(self, case_id: str, by: str, second: str | None, hands: str) -> None:
        """Who voted for what was carried, and that each had opened the file."""
        votes = self.rows(
            "SELECT moderator_id, vote FROM vote JOIN motion ON motion.id = motion_id"
            " WHERE case_id = ? AND state = 'carried'",
            case_id,
        )
        expected = {"one": set[tuple[str, str]](), "waited": {(by, "for")}}
        expected["two"] = {(by, "for"), (str(second), "for")}
        assert set(votes) == expected[hands]
        assert (second is not None) == (hands == "two")
        if second is not None:
            assert second != by
            assert self.rows(
                "SELECT 1 FROM file_view WHERE case_id = ? AND moderator_id = ?", case_id, second
            )
        lines = self.rows("SELECT 1 FROM event WHERE action = 'motion.carried' AND object_id = ?", case_id)
        assert len(lines) == (hands != "one")

    def check_server(self, decided: list[tuple[Any, ...]]) -> None:
        """The door is open for those who were let in, and each was told once."""
        for who in PEOPLE:
            assert self.server.people[who.user_id].inside == self._is_let_in(who.user_id)
            lookup = self.world.foundation.vault.lookup(who.user_id)
            [(case_id,)] = self.rows(
                "SELECT cases.id FROM cases JOIN subject ON subject.id = subject_id WHERE lookup = ?", lookup
            )
            letters = [message.screen.text for message in self.server.standing(str(who.user_id))]
            assert len(letters) == sum(case_id == about for _, about, *_ in decided)


ALL_PROPOSE = [(0, "admit", 0), (1, "decline", 0), (2, "admit", 0), (0, "admit", 1)]
ALL_CONFIRM = [(0, "confirm", 0), (1, "confirm", 0), (2, "confirm", 0), (0, "withdraw", 0), (1, "confirm", 1)]


@settings(max_examples=12, deadline=None)
@example("two", [(ALL_PROPOSE, "", [], "drain"), (ALL_CONFIRM, "", [], "away")])
@example("small", [(ALL_PROPOSE, "", [], "restart"), (ALL_CONFIRM, "changes", [], "unheard")])
@given(team=st.sampled_from(sorted(TEAMS)), waves=st.lists(WAVES, min_size=1, max_size=5))
def test_a_storm_of_presses_leaves_one_decision(
    waiting: Path,
    team: str,
    waves: list[tuple[list[tuple[int, str, int]], str, list[str], str]],
) -> None:
    """On cases that take one person, two, or a wait; with restarts and errors of Discord in between."""

    async def blow(folder: Path) -> None:
        storm = Storm(folder, team)
        await storm.start()
        try:
            for presses, person, deaths, then in waves:
                await storm.wave(presses, person, deaths)
                await storm.between(then)
            await storm.settle()
            storm.check()
        finally:
            await storm.stop()

    with tempfile.TemporaryDirectory() as place:
        asyncio.run(blow(Path(shutil.copytree(waiting, Path(place, "storm")))))
