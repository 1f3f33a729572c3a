"""A property of the whole core: whatever people, moderators, the server and the machine do, in any order.

People join, leave, answer and press; moderators decide; others give and take the role; Discord fails; the
process dies and starts again; the clock runs, jumps and is put back. After every step: no access without a
decision, no open case without an owner of its next step, nothing done twice that must be done once. And
once all has settled, whoever should have the role has it and nobody else, everybody was told, every card
shows how its case stands, and looking again changes nothing.

Four things are so by design. Members from before the bot, and moderators, may have the role or not: the
bot gives and takes them nothing. Somebody who never pressed anything is sent no message, but for the letter
when a moderator has decided about them. A message whose fate is unknown is found again only by a clock that
is not ahead of Discord's. And a clock that jumps ahead passes for time that went by, except where time
counts against somebody.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.cards import card
from bot.clock import from_ms, to_ms
from bot.database import Database
from bot.drift import Drift
from bot.effects import Outbox
from bot.filling import Saved, Summary
from bot.keeper import Keeper, Vitals
from bot.minting import NextForm
from bot.model import CaseState, Outcome, Visitor
from bot.ports import Room
from bot.review.bench import Decided
from bot.review.conversations import Recording
from bot.review.desk import CaseFile
from bot.review.drafts import Preview
from bot.rounds import Rounds
from bot.screens import desk as desk_screens
from bot.screens.elements import Screen
from bot.standing import CarryOn
from bot.store import cases, effects, messages
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.sweep import Sweep
from tests.server import Crash, Message, Person, Server, Times
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    LINK_OLD,
    MEMBER_ROLE,
    MOD,
    NOTICE,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    UNDER_AGE,
    FakeLookout,
    Raw,
    World,
    config,
    visitor,
    world_in,
)

T = TypeVar("T")

CLEO, DEE = visitor(200000000000000003), visitor(200000000000000004)
ROBOT = 400000000000000001
WEEK, MINUTE = timedelta(days=7), timedelta(minutes=1)

WHO = {"ann": ANN.user_id, "ben": BEN.user_id, "cleo": CLEO.user_id, "dee": DEE.user_id}
MODS = {"mia": MOD, "max": SECOND_MOD}
GIVERS = {**{name: mod.user_id for name, mod in MODS.items()}, "robot": ROBOT}
ABOUT: dict[str, Raw] = {
    "nil": ABOUT_NIL,
    "linked": ABOUT_LINKED,
    "undisclosed": ABOUT_REFUSED,
    "under age": UNDER_AGE,
}
LINK: dict[str, Raw] = {"current": LINK_NOW, "older": LINK_OLD}

PEOPLE, TEAM, BY = st.sampled_from(list(WHO)), st.sampled_from(list(MODS)), st.sampled_from(list(GIVERS))
ABOUTS = st.sampled_from(["nil", "nil", "linked", "linked", "undisclosed", "under age"])
LINKS = st.sampled_from(["current", "current", "older"])
FAULTS = st.sampled_from(["away", "busy", "forbidden", "unheard", "crash before", "crash after"])
TABLES = (
    "subject",
    "cases",
    "event",
    "effect",
    "decision",
    "task",
    "earlier_member",
    "letter",
    "wave",
    "card",
)

OPEN = "('waiting', 'answering', 'held')"
NEWEST = """
    SELECT cases.*, cases.rowid AS number FROM cases JOIN subject ON subject.id = cases.subject_id
    WHERE subject.lookup = ? ORDER BY closed_at IS NULL DESC, cases.rowid DESC LIMIT 1
"""
"""The newest by when it was written, whatever the clock showed."""


class Mortal:
    """A database whose process may die at one of its commits."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.deaths: list[str] = []
        """What happens at the next commits."""

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


class Neighbourhood(RuleBasedStateMachine):
    """Four people, two moderators, another bot, and a server between them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.times = Times()
        self.server = Server(self.times, self.is_let_in)
        self.files: list[str] = []
        self.drafts: list[str] = []
        self.stepped: dict[str, tuple[int, timedelta]] = {}
        """For each open case when its person did the last step, and how long the bot had been awake then."""
        self.world: World
        self.raw: sqlite3.Connection

    # The process.

    def do(self, work: Awaitable[T]) -> T:
        """Run a use case; a second goes by."""
        self.times.advance(seconds=1)

        async def run() -> T:
            return await work

        return self.loop.run_until_complete(run())

    @initialize(drift=st.sampled_from(["take_back", "alert"]), lapse=st.sampled_from(["keep", "remove"]))
    def begin(self, drift: str, lapse: str) -> None:
        """The bot comes to a server with two moderators and one member."""
        way = {"after_lapse": lapse, "way_back": "https://harbour.example"}
        self.settings = config(drift={"unrecorded": drift}, timers=way, raid={"joins": 3})
        people = self.server.people
        people.update({mod.user_id: Person(here=True, roles=set(mod.role_ids)) for mod in (MOD, SECOND_MOD)})
        people[DEE.user_id] = Person(here=True, roles={MEMBER_ROLE})
        people[ROBOT] = Person(here=True, bot=True)
        self.start()

    def start(self) -> None:
        """The process starts, as at the composition root."""
        opening = world_in(
            self.folder, self.settings, self.times, self.server, cast("FakeLookout", self.server)
        )
        self.world = world = self.do(self.stack.enter_async_context(opening))
        self.mortal = Mortal(world.foundation.database)
        mortal = replace(world.foundation, database=cast("Database", self.mortal))
        world.outbox = Outbox(mortal, self.server, world.lookout, gone=world.gate.leave)
        world.drift = Drift(mortal, world.gate, world.lookout)
        world.rounds = Rounds(mortal, world.gate, world.drift, world.lookout)
        world.sweep = Sweep(mortal)
        self.keeper = Keeper(world.foundation, self.server, lambda: Vitals(True, None, True, ""))
        self.raw = sqlite3.connect(world.path)
        self.raw.row_factory = sqlite3.Row
        self.sweep()
        self.do(world.foundation.database.write(self._in_view))
        world.rounds.want()
        self.go_round()

    def _in_view(self, connection: sqlite3.Connection) -> None:
        effects.want(connection, EffectKind.PANEL, key="panel", now=self.times())
        effects.retry_all(connection, self.times())

    def stop(self) -> None:
        """The process ends, and what it had in mind is lost."""
        if hasattr(self, "raw"):
            self.raw.close()
        self.do(self.stack.aclose())
        self.stack = AsyncExitStack()

    def restart(self) -> None:
        """The process ends and starts again."""
        self.stop()
        self.start()

    def outlive(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """Run something that may cost the process its life."""
        try:
            return self.do(work())
        except Crash:
            self.server.faults.clear()
            self.server.unseen = 0
            self.restart()
            return None
        finally:
            self.mortal.deaths.clear()

    def sweep(self) -> None:
        """Sweep; nobody's request closes before they have had their week, and what is held never."""
        before = {row["id"]: row["state"] for row in self.rows("SELECT id, state FROM cases")}
        self.note_steps()
        self.outlive(lambda: self.world.sweep.run(self.times()))
        for row in self.rows("SELECT id FROM cases WHERE state = 'lapsed'"):
            was = before.get(row["id"], "")
            if was != "lapsed":
                assert was in {"waiting", "answering"}, was
                waited = self.times.awake - self.stepped[row["id"]][1]
                assert waited >= WEEK - MINUTE, waited

    def drain(self) -> datetime | None:
        """Do what is due; whoever was removed is heard of."""
        due = self.outlive(self.world.drain)
        while self.server.removed:
            self.do(self.world.gate.leave(self.server.removed.pop()))
        return due

    def go_round(self) -> None:
        """Go a round, if one is due, and ask members from before."""
        self.outlive(lambda: self.world.rounds.run_if_due(self.times()))
        self.do(self.world.asking.run(self.times()))

    def live(self, span: timedelta) -> None:
        """Time passes with the bot awake. Sweeps at which nothing is due only move their mark."""
        end = self.times.real + span
        while self.times.real < end:
            self.note_steps()
            now = self.times()
            moments = [
                from_ms(row["at"]) - now
                for row in self.rows(
                    """
                    SELECT lapse_at AS at FROM cases WHERE lapse_at IS NOT NULL
                    UNION SELECT remind_at FROM cases WHERE remind_at IS NOT NULL
                    UNION SELECT due_at FROM effect WHERE state = 'pending' AND due_at > :now
                        AND kind NOT IN (SELECT kind FROM stopped)
                    UNION SELECT probe_at FROM stopped
                    """,
                    {"now": to_ms(now)},
                )
            ]
            tick = min(timedelta(days=1), *moments) if moments else timedelta(days=1)
            self.times.pass_by(min(max(tick, MINUTE), max(end - self.times.real, MINUTE)))
            mark = to_ms(self.times())
            self.do(self.world.run("UPDATE mark SET at = ? WHERE name = 'swept'", mark))
            self.sweep()
            self.drain()
            self.go_round()
            self.drain()

    # What the database and the server say.

    def rows(self, statement: str, values: Any = ()) -> list[sqlite3.Row]:
        """What a statement finds, on a connection of the test's own."""
        return self.raw.execute(statement, values).fetchall()

    def newest(self, user_id: int) -> sqlite3.Row | None:
        """Somebody's newest case."""
        found = self.rows(NEWEST, (self.world.foundation.vault.lookup(user_id),))
        return found[0] if found else None

    def is_let_in(self, user_id: int) -> bool:
        """Whether a decision to let somebody in stands."""
        return any(
            self.rows(
                """
                SELECT 1 FROM cases JOIN subject ON subject.id = subject_id
                    JOIN decision ON decision.id = decision_id AND decision.outcome = 'admit'
                WHERE lookup = ? AND state = 'admitted' AND taken_back_at IS NULL AND sheet_id IS NOT NULL
                """,
                (self.world.foundation.vault.lookup(user_id),),
            )
        )

    def visitor(self, user_id: int) -> Visitor:
        """Somebody as they come with a press."""
        person = self.server.whoever(user_id)
        return visitor(user_id, role_ids=frozenset(person.roles), pending=person.pending)

    # People.

    @rule(who=PEOPLE, told=st.booleans(), pending=st.sampled_from([False, False, True]))
    def join(self, who: str, told: bool, pending: bool) -> None:
        """Somebody joins, heard of or not."""
        self._join(who, told=told, pending=pending)

    @rule(who=PEOPLE, told=st.booleans())
    def join_with_the_role(self, who: str, told: bool) -> None:
        """Somebody joins by an invite that gives the role."""
        self._join(who, told=told, pending=False, with_role=True)

    def _join(self, who: str, *, told: bool, pending: bool, with_role: bool = False) -> None:
        if self.server.whoever(WHO[who]).here:
            return
        self.server.join(WHO[who], pending=pending, with_role=with_role)
        if told:
            self.do(self.world.gate.arrive(replace(self.visitor(WHO[who]), role_ids=frozenset())))
            if with_role and not self.do(self.world.drift.came_with_role(WHO[who])):
                self.world.rounds.want()

    @rule(who=PEOPLE, told=st.booleans(), back=st.booleans())
    def leave(self, who: str, told: bool, back: bool) -> None:
        """Somebody leaves, heard of or not, and may come back before anybody looks."""
        if not self.server.whoever(WHO[who]).here:
            return
        self.server.leave(WHO[who])
        if told:
            self.do(self.world.gate.leave(WHO[who]))
        if back:
            self._join(who, told=told, pending=False)

    def press(self, who: str) -> Visitor | None:
        """Somebody presses something, if they are there."""
        if not self.server.whoever(WHO[who]).here:
            return None
        self.server.pressed.add(WHO[who])
        return self.visitor(WHO[who])

    @rule(
        who=PEOPLE,
        what=st.sampled_from(["start", "agree", "person", "reopen", "take_back", "forget", "work"]),
    )
    def press_at_the_gate(self, who: str, what: str) -> None:
        """Somebody presses a button at the gate."""
        gate, person = self.world.gate, self.press(who)
        if person is None:
            return
        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "start": lambda: gate.standing(person),
            "agree": lambda: gate.agree(person, NOTICE),
            "person": lambda: gate.ask_for_person(person),
            "reopen": lambda: gate.reopen(person),
            "take_back": lambda: gate.take_back(person),
            "forget": lambda: gate.forget_me(person),
            "work": lambda: gate.came_for_work(person),
        }
        self.do(ways[what]())

    @rule(who=PEOPLE, about=ABOUTS, link=LINKS, pages=st.sampled_from([1, 2, 4, 4, 4]))
    def answer(self, who: str, about: str, link: str, pages: int) -> None:
        """Somebody begins or carries on, fills in some pages, and sends if nothing is missing."""
        person = self.press(who)
        if person is None:
            return
        standing = self.do(self.world.gate.standing(person))
        step: object = (
            standing.step if isinstance(standing, CarryOn) else self.do(self.world.gate.agree(person, NOTICE))
        )
        step = self._fill(person, step, about, link, pages)
        if isinstance(step, Summary) and pages > 2:
            self.do(self.world.submission.send(person, step.send_ref, TICKED))
            self.do(self.world.submission.confirm(person, step.send_ref, NOTICE))

    def _fill(self, by: Visitor, step: object, about: str, link: str, pages: int) -> object:
        answers = {"about": ABOUT[about], "link": LINK[link], "purpose": PURPOSE}
        for _ in range(pages):
            if isinstance(step, NextForm):
                saved = self.do(self.world.forms.save(by, step.ref, answers[step.page.id]))
                if not isinstance(saved, Saved):
                    return saved
                step = saved.next or self.do(self.world.forms.summary(by, saved.sheet_id))
        return step

    @rule(who=PEOPLE, what=st.sampled_from(["agree", "agree", "more_time", "stop"]))
    def ask_for_time(self, who: str, what: str) -> None:
        """*Remind me*, *More time*, *Do not remind me*; a message can be pressed from outside, too."""
        case = self.newest(WHO[who])
        if case is not None and (self.server.whoever(WHO[who]).here or self.server.standing(str(WHO[who]))):
            self.server.pressed.add(WHO[who])
            self.do(getattr(self.world.reminders, what)(self.visitor(WHO[who]), case["id"]))

    @rule(who=PEOPLE, takes=st.booleans())
    def open_or_close_messages(self, who: str, takes: bool) -> None:
        """Somebody closes their private messages, or opens them again."""
        self.server.whoever(WHO[who]).takes_messages = takes

    # Moderators.

    @rule(who=PEOPLE, mod=TEAM, outcome=st.sampled_from([Outcome.ADMIT, Outcome.ADMIT, Outcome.HOLD]))
    def decide(self, who: str, mod: str, outcome: Outcome) -> None:
        """A moderator opens somebody's file, and admits or keeps on hold."""
        case = self.newest(WHO[who])
        if case is None:
            return
        file = self.do(self.world.desk.open_by_code(MODS[mod], case["code"]))
        assert isinstance(file, CaseFile)
        self.files.append(file.ref)
        self.do(self.world.decisions.decide_viewed(MODS[mod], file.ref, outcome))

    @rule(mod=TEAM, data=st.data())
    @precondition(lambda self: self.files)
    def decide_late(self, mod: str, data: st.DataObject) -> None:
        """A moderator presses *Admit* under a file that was opened some time ago."""
        self.do(
            self.world.decisions.decide_viewed(
                MODS[mod], data.draw(st.sampled_from(self.files)), Outcome.ADMIT
            )
        )

    @rule(
        who=PEOPLE, mod=TEAM, outcome=st.sampled_from([Outcome.DECLINE, Outcome.REDIRECT]), now=st.booleans()
    )
    def refuse(self, who: str, mod: str, outcome: Outcome, now: bool) -> None:
        """A moderator writes a refusal, and sends it or leaves it lying."""
        case = self.newest(WHO[who])
        if case is None:
            return
        written = self.do(
            self.world.drafts.draft_by_code(MODS[mod], case["code"], outcome, "other", DECLINED_TEXT)
        )
        if isinstance(written, Preview):
            self.drafts.append(written.draft.ref)
            if now:
                self._send_draft(mod, written.draft.ref)

    @rule(mod=TEAM, data=st.data())
    @precondition(lambda self: self.drafts)
    def refuse_late(self, mod: str, data: st.DataObject) -> None:
        """A moderator sends a refusal that was written some time ago."""
        self._send_draft(mod, data.draw(st.sampled_from(self.drafts)))

    def _send_draft(self, mod: str, ref: str) -> None:
        decided = self.do(self.world.drafts.send_draft(MODS[mod], ref))
        if isinstance(decided, Decided):
            user_id = self.do(
                self.world.foundation.database.read(
                    lambda c: self.world.foundation.user_id(c, decided.case.subject_id)
                )
            )
            self.server.pressed.add(user_id or 0)

    @rule(who=PEOPLE, mod=TEAM, about=ABOUTS, pages=st.sampled_from([0, 1, 4]))
    def write_down(self, who: str, mod: str, about: str, pages: int) -> None:
        """A moderator writes down what somebody says, or begins to."""
        case = self.newest(WHO[who])
        if case is not None:
            recording = self.do(self.world.conversations.record(MODS[mod], case["code"]))
            if isinstance(recording, Recording):
                self._fill(MODS[mod], recording.step, about, "current", pages)

    @rule(mod=TEAM, resume=st.booleans())
    def pause(self, mod: str, resume: bool) -> None:
        """A moderator pauses the gate, or has it go on."""
        self.do(self.keeper.resume(MODS[mod]) if resume else self.keeper.pause(MODS[mod]))

    @rule(mod=TEAM)
    def see_to_everything(self, mod: str) -> None:
        """A moderator closes every task, and tries again what is stuck."""
        for row in self.rows("SELECT id FROM task WHERE closed_at IS NULL"):
            self.do(self.world.desk.close_task(MODS[mod], row["id"]))
        for row in self.rows("SELECT ref FROM effect WHERE state <> 'done'"):
            self.do(self.world.desk.retry(MODS[mod], row["ref"]))

    # The server.

    @rule(
        who=PEOPLE,
        by=BY,
        given=st.booleans(),
        told=st.booleans(),
    )
    def hand(self, who: str, by: str, given: bool, told: bool) -> None:
        """Somebody else, or another bot, gives or takes the member role; the log tells at once, or not."""
        change = self.server.hand(WHO[who], GIVERS[by], given=given)
        if change is not None and told and not self.do(self.world.drift.role_changed(change)):
            self.world.rounds.want()

    @rule(who=PEOPLE)
    def pass_screening(self, who: str) -> None:
        """Somebody accepts the server's own rules."""
        self.server.whoever(WHO[who]).pending = False

    @rule(data=st.data())
    @precondition(lambda self: self.posted())
    def delete_a_message(self, data: st.DataObject) -> None:
        """A moderator deletes the panel or a card."""
        data.draw(st.sampled_from(self.posted())).deleted = True
        self.deleted = True

    deleted = False
    """Whether a message was deleted since all had settled."""

    def posted(self) -> list[Message]:
        """The panel and the cards that stand."""
        return [
            *self.server.standing(Room.QUARANTINE),
            *(one for one in self.server.standing(Room.REVIEW) if one.first_line.startswith("**Case")),
        ]

    @rule(looks=st.integers(1, 3))
    def be_out_of_sight(self, looks: int) -> None:
        """Discord does not answer the next looks at the server."""
        self.server.unseen = looks

    # The machine.

    @rule()
    def work(self) -> None:
        """The outbox does what is due."""
        due = self.drain()
        assert due is not None or not self.rows("SELECT 1 FROM effect WHERE state = 'pending'")

    @rule(faults=st.lists(FAULTS, min_size=1, max_size=4))
    def work_with_faults(self, faults: list[str]) -> None:
        """The outbox does what is due, and Discord or the process fails at some of it."""
        if self.times.ahead > timedelta():
            # By a clock that is ahead of Discord's, nobody finds out later whether a message arrived.
            faults = [fault for fault in faults if fault not in {"unheard", "crash after"}]
        self.server.faults.extend(faults)
        self.drain()
        self.server.faults.clear()

    @rule(
        what=st.sampled_from(["sweep", "round", "drain"]),
        commits=st.integers(0, 4),
        when=st.sampled_from(["before", "after"]),
    )
    def die(self, what: str, commits: int, when: str) -> None:
        """The process dies at a commit, and starts again."""
        if self.times.ahead > timedelta():
            what = {"drain": "sweep"}.get(what, what)  # as above
        self.mortal.deaths = [""] * commits + [when]
        ways: dict[str, Callable[[], object]] = {
            "sweep": self.sweep,
            "round": self.look_again,
            "drain": self.drain,
        }
        ways[what]()

    @rule()
    def look_again(self) -> None:
        """A round is wanted, and gone."""
        self.world.rounds.want()
        self.go_round()

    @rule(down=st.sampled_from([timedelta(), timedelta(minutes=10), timedelta(days=2), timedelta(days=40)]))
    def go_down(self, down: timedelta) -> None:
        """The process ends, and starts again after a while."""
        self.stop()
        self.times.pass_by(down, awake=False)
        self.start()

    @rule(minutes=st.sampled_from([1, 10, 61]))
    def let_minutes_pass(self, minutes: int) -> None:
        """Some minutes go by."""
        self.live(timedelta(minutes=minutes))

    @rule(days=st.sampled_from([1, 3, 8, 40]))
    def let_days_pass(self, days: int) -> None:
        """Some days go by."""
        self.live(timedelta(days=days))

    @rule(hours=st.sampled_from([0.1, 1, 25, 24 * 40]))
    def suspend(self, hours: float) -> None:
        """The machine sleeps for a while, with the process on it."""
        self.times.pass_by(timedelta(hours=hours), awake=False)
        self.sweep()

    @rule(hours=st.sampled_from([-24 * 40, -25, -1, -0.1, 0.1, 1, 25, 24 * 40]))
    def jump(self, hours: float) -> None:
        """The machine's clock is put ahead or back."""
        span = timedelta(hours=hours)
        self.times.now += span
        self.server.jumped(max(span, timedelta()))
        if timedelta() < span <= timedelta(minutes=30):
            self.times.awake += span
        self.sweep()

    # What holds after every step.

    @invariant()
    def nothing_wrong_was_done(self) -> None:
        """No role without a decision, no message twice, none too soon, none to who never pressed."""
        assert self.server.wrongs == []

    @invariant()
    def every_open_case_has_an_owner(self) -> None:
        """The next step is the person's, and then it has an end; or the team's, and then it has a target."""
        self.note_steps()
        assert (
            self.rows(f"SELECT 1 FROM cases WHERE state IN {OPEN} GROUP BY subject_id HAVING count(*) > 1")
            == []
        )
        for row in self.rows(f"SELECT * FROM cases WHERE state IN {OPEN}"):
            case = dict(row)
            persons, teams = case["lapse_at"] is not None, case["target_at"] is not None
            if case["state"] == "held":
                assert teams, case
                assert not persons, case
            elif case["wants_person_at"] is not None:
                assert teams, case
            else:
                assert persons != teams, case

    def note_steps(self) -> None:
        """Note for each open case when its person did the last step."""
        for row in self.rows(f"SELECT id, last_activity_at FROM cases WHERE state IN {OPEN}"):
            if self.stepped.get(row["id"], (None,))[0] != row["last_activity_at"]:
                self.stepped[row["id"]] = (row["last_activity_at"], self.times.awake)

    @invariant()
    def decisions_are_on_record(self) -> None:
        """Whoever is decided about has their decision, and a machine refuses nobody."""
        undecided = self.rows(
            """
            SELECT cases.state, outcome FROM cases LEFT JOIN decision ON decision.id = decision_id
            WHERE state IN ('admitted', 'declined', 'redirected')
                AND (coalesce(outcome, ''), state) NOT IN (
                    VALUES ('admit', 'admitted'), ('decline', 'declined'), ('redirect', 'redirected')
                )
            """
        )
        assert undecided == []
        assert self.rows("SELECT 1 FROM decision WHERE automated AND outcome NOT IN ('admit', 'hold')") == []
        undisclosed = self.rows(
            """
            SELECT cases.code FROM cases JOIN decision ON decision.id = cases.decision_id
            WHERE cases.state = 'admitted' AND (
                decision.disclosed NOT IN ('none', 'some') OR decision.disclosed <> (
                    SELECT disclosed FROM disclosure WHERE case_id = cases.id ORDER BY version DESC LIMIT 1
                )
            )
            """
        )
        assert undisclosed == []

    @invariant()
    def nothing_stands_twice(self) -> None:
        """There is one panel at most, and one card for a case."""
        lines = [one.first_line for one in self.posted()]
        assert len(lines) == len(set(lines)), lines

    # What holds once all has settled.

    @rule()
    def settle(self) -> None:
        """The server is well, somebody tries again what is stuck, and all that can be done is done."""
        self.server.faults.clear()
        self.server.unseen = 0
        if self.deleted:
            self.deleted = False
            self.live(timedelta(hours=7))
        self.do(self.world.foundation.database.write(self._in_view))
        for patience in range(60):
            self.sweep()
            self.drain()
            assert self.do(self.world.rounds.run(self.times()))
            self.drain()
            waits = self.rows(
                """
                SELECT kind, due_at FROM effect WHERE state = 'pending'
                    AND (due_at <= ? OR (kind NOT IN ('remove', 'reminder')
                        AND last_code NOT IN ('waits', 'screening')))
                """,
                (to_ms(self.times()),),
            )
            if not waits and not self.rows("SELECT 1 FROM effect WHERE state = 'stuck'"):
                break
            self.live(timedelta(minutes=5 if patience < 30 else 60))
        else:
            pytest.fail(str([dict(row) for row in self.rows("SELECT * FROM effect WHERE state <> 'done'")]))
        # What the last round found may make the digest of the day.
        self.sweep()
        self.drain()
        self.roles_follow_decisions()
        self.everybody_was_told()
        self.cards_show_how_it_stands()
        self.looking_again_changes_nothing()

    def roles_follow_decisions(self) -> None:
        """Whoever should have the role has it, and nobody else."""
        for user_id, person in self.server.people.items():
            case = self.newest(user_id)
            if person.bot or person.runs_the_place:
                continue
            lookup = self.world.foundation.vault.lookup(user_id)
            earlier = self.rows(
                "SELECT 1 FROM earlier_member JOIN subject ON subject.id = subject_id WHERE lookup = ?",
                (lookup,),
            )
            told = self.rows(
                "SELECT 1 FROM task JOIN subject ON subject.id = subject_id"
                " WHERE lookup = ? AND kind = 'unrecorded_role'",
                (lookup,),
            )
            about = (user_id, person, dict(case) if case else None, [dict(one) for one in earlier], told)
            if not person.here:
                assert earlier == [], about
                assert case is None or case["closed_at"] is not None, about
                assert case is None or case["state"] != "admitted" or case["gone_at"] is not None, about
            elif self.is_let_in(user_id):
                assert case is not None, about
                assert case["gone_at"] is None, about
                assert person.inside or person.pending, about
            elif earlier:
                assert not told or person.inside, about
            elif self.settings.drift.unrecorded == "alert":
                assert case is not None or person.inside, about
                assert bool(told) == person.inside, about
            else:
                assert case is not None, about
                assert case["state"] != "left", about
                assert not person.inside, about

    def everybody_was_told(self) -> None:
        """Each decision has its letter: delivered or shown, or waiting for its time."""
        for row in self.rows(
            """
            SELECT letter.delivery, letter.at, effect.ref, effect.state, effect.due_at, cases.pending
            FROM letter JOIN cases ON cases.id = letter.case_id
                LEFT JOIN effect ON effect.key = 'letter:' || letter.id
            """
        ):
            letter = dict(row)
            sent = [one for one in self.server.messages if one.nonce[:16] == (letter["ref"] or "-")[:16]]
            assert len(sent) <= 1, letter
            if letter["delivery"] == "arrived":
                assert sent, letter
            elif letter["delivery"] == "pending":
                assert letter["state"] == "pending", letter
                assert from_ms(letter["due_at"]) <= self.times() + timedelta(days=1), letter
        silent = self.rows(
            """
            SELECT cases.code, cases.state FROM cases WHERE decision_id IS NOT NULL AND wiped_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM letter WHERE letter.decision_id = cases.decision_id)
            """
        )
        assert [dict(row) for row in silent] == []

    def cards_show_how_it_stands(self) -> None:
        """Each case that the team has to do with has a card, and each card shows its case as it is."""

        on = self.world.foundation

        def read(connection: sqlite3.Connection) -> list[tuple[int, Screen, Case]]:
            found = []
            for row in connection.execute("SELECT case_id FROM card").fetchall():
                case = cases.get(connection, row["case_id"])
                assert case is not None
                posted = messages.card(connection, on.key_of(connection, case.subject_id), case.id)
                assert posted is not None
                found.append((posted.message_id, card(connection, on, case), case))
            return found

        shown = set()
        for message_id, screen, case in self.do(on.database.read(read)):
            message = self.server.message(message_id)
            if message is not None:
                assert message.screen == screen, (message.screen, screen)
                shown.add(message.id)
            else:
                waits = case.state.is_open and case.wants_person_at is not None
                assert not waits, screen
                assert case.state is not CaseState.HELD, screen
        left = [
            one
            for one in self.server.standing(Room.REVIEW)
            if one.id not in shown and any(press.action == desk_screens.OPEN for press in one.screen.presses)
        ]
        assert left == []
        missing = self.rows(
            f"""
            SELECT code FROM cases WHERE (state = 'held' OR (wants_person_at IS NOT NULL AND state IN {OPEN}))
                AND NOT EXISTS (SELECT 1 FROM card WHERE card.case_id = cases.id)
            """
        )
        assert [dict(row) for row in missing] == []
        assert len(self.server.standing(Room.QUARANTINE)) == 1

    def looking_again_changes_nothing(self) -> None:
        """Another sweep and another round find nothing to do."""
        now = self.times()
        before = self.everything()

        async def again() -> None:
            await self.world.sweep.run(now)
            assert await self.world.rounds.run(now)
            await self.world.outbox.drain(now)

        self.loop.run_until_complete(again())
        assert self.everything() == before

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that looking could change."""
        return {
            table: [tuple(row) for row in self.rows(f"SELECT * FROM {table} ORDER BY 1")] for table in TABLES
        }

    def teardown(self) -> None:
        """In the end all settles; then the files go."""
        try:
            if hasattr(self, "world"):
                self.settle()
                self.nothing_wrong_was_done()
        finally:
            self.stop()
            self.loop.close()
            shutil.rmtree(self.folder)


TestNeighbourhood = Neighbourhood.TestCase
TestNeighbourhood.settings = settings(max_examples=20, stateful_step_count=30)
