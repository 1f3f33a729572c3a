"""A month in the life of a small team: thousands come, some answer, three decide, and no case is forgotten.

After each sweep every open case is looked at: it has one next step, on one list; its owner is there; and it
is due, or somebody was told that it is late. In the end everybody goes on working, and nothing is left.
"""

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import timing
from bot.access import Act
from bot.cards import card
from bot.clock import from_ms, to_ms
from bot.fairness.hands import may_not
from bot.review.next_step import FOR_THE_TEAM, OF_CASES, Group, Owner
from bot.store import cases, queue
from bot.store.queue import TOP, Line
from tests.month import HELIX, TEAM, Month, Porch, Window, tells
from tests.support import FakeClock, config, world_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = 31
DOWN, REFUSED, WEEKENDS = 12, 16, {3, 4, 10, 11, 17, 18, 24, 25}
"""The day on which the bot is down, the one on which Discord is, and the days without anybody of the team."""
SPARSE = (4, 12, 20)
"""When the sweep comes on any day; at the last, everything is looked at."""
AWAY = range(19, 26)
"""The days on which the second of the team is away."""

OPEN = "state IN ('waiting', 'answering', 'held')"
ENDED = "state IN ('declined', 'redirected', 'removed', 'withdrawn', 'left', 'lapsed')"
"""As the indexes have it."""
SEEN = {
    *(f"{group} {owner}" for group in ("decide", "talk") for owner in ("team", "holder")),
    *("second second", "blocked outside", "asked applicant", "unanswered applicant", "aside clock"),
    *("lapsed", "cards", "lapsed after a day without the bot"),
}
"""What has to come up in a month, or it shows nothing."""


class Eye:
    """Looks at everything that is open, and remembers what it saw."""

    def __init__(self, month: Month) -> None:
        self.month, self.on = month, month.world.foundation
        self.seen: Counter[str] = Counter()
        self.before: dict[str, Group] = {}
        self.kept: Counter[str] = Counter()
        """From how many each case is kept by word."""
        self.reachable: set[tuple[Any, ...]] = set()
        self.down_at = month.world.clock() + DOWN * DAY
        self.last = from_ms(0)

    async def look(self, now: datetime, *, all_of_it: bool) -> None:
        """Look, after a sweep at ``now``."""
        await self.on.database.read(lambda connection: self._look(connection, now, all_of_it=all_of_it))
        self.last = now

    def _look(self, connection: sqlite3.Connection, now: datetime, *, all_of_it: bool) -> None:
        self._each_has_a_step(connection)
        self._nothing_closed_too_soon(connection)
        self._motions(connection)
        self._due(connection, now)
        groups = (*OF_CASES, Group.ASIDE) if all_of_it else (*FOR_THE_TEAM, Group.ASKED)
        listed = {group: queue.page(connection, group, TOP, 10_000) for group in groups}
        found = [line.item_id for lines in listed.values() for line in lines]
        assert len(found) == len(set(found))
        if all_of_it:
            assert set(found) == ids(connection, f"{OPEN} OR step IS NOT NULL")
            self.reachable.clear()
        self.kept = Counter(row["case_id"] for row in connection.execute("SELECT case_id FROM recusal"))
        for group, lines in listed.items():
            for line in lines:
                self._line(connection, group, line, now)
        self.before = {line.item_id: group for group, lines in listed.items() for line in lines}

    def _each_has_a_step(self, connection: sqlite3.Connection) -> None:
        """By what the schema works out: each open case has one, and no other case has."""
        assert not ids(connection, f"{OPEN} AND (step IS NULL OR step_since IS NULL OR step_due IS NULL)")
        assert not ids(connection, "step IS NOT NULL AND closed_at IS NOT NULL AND second_by IS NULL")

    def _nothing_closed_too_soon(self, connection: sqlite3.Connection) -> None:
        """Nothing lapses that waits for the team; and everybody had a week in which to go on."""
        lapsed = connection.execute(
            f"SELECT * FROM cases WHERE {ENDED} AND state = 'lapsed' AND closed_at > ?", (to_ms(self.last),)
        )
        for row in lapsed:
            assert self.before.get(row["id"], Group.UNANSWERED) in {Group.UNANSWERED, Group.ASIDE}
            had = from_ms(row["closed_at"]) - from_ms(row["last_activity_at"])
            assert had >= self.on.config.timers.lapse_after
            self.seen["lapsed"] += 1
            if (
                from_ms(row["last_activity_at"])
                < self.down_at
                < self.down_at + DAY
                < from_ms(row["closed_at"])
            ):
                assert had >= self.on.config.timers.lapse_after + DAY
                self.seen["lapsed after a day without the bot"] += 1

    def _motions(self, connection: sqlite3.Connection) -> None:
        """What is proposed and what waits on a case are the same; what is over is noted."""
        open_now = {row["case_id"] for row in connection.execute("SELECT * FROM motion WHERE state = 'open'")}
        assert open_now == ids(connection, "step IN ('second', 'blocked') AND second_by IS NOT NULL")
        assert not connection.execute(
            "SELECT 1 FROM motion WHERE state = 'void' AND closed_at IS NULL"
        ).fetchall()

    def _due(self, connection: sqlite3.Connection, now: datetime) -> None:
        """What waits for the clock or the person is not past its time; if the team is late, they know."""
        by_itself = "step IN ('asked', 'unanswered', 'aside') AND step_due <= ?"
        assert not ids(connection, by_itself, to_ms(now))
        local = self.last.astimezone(self.on.config.community.zone)
        review = self.on.config.review
        if timing.is_within(local, review.pings_from, review.pings_until):
            late = "step IN ('decide', 'talk', 'second', 'blocked') AND step_due <= ?"
            untold = f"{late} AND told_due IS NOT step_due"
            assert not ids(connection, untold, to_ms(self.last))

    def _line(self, connection: sqlite3.Connection, group: Group, line: Line, now: datetime) -> None:
        """One line of a list: the pure function says the same, and its owner is there."""
        case = line.case
        assert case is not None
        assert line.step.group is group
        self.seen[f"{group.value} {line.step.owner.value}"] += 1
        step = line.step
        look = (case.id, case.version, step.group, step.owner, step.holder_id, self.kept[case.id])
        if look in self.reachable:
            return
        self.reachable.add(look)
        act = Act.CONFIRM if group is Group.SECOND else Act.DECIDE
        able = (one.user_id for one in TEAM if not may_not(connection, self.on, one, act, case))
        match line.step.owner:
            case Owner.TEAM | Owner.SECOND:
                assert any(able), (group, case.code)
            case Owner.HOLDER:
                assert self.on.user_id(connection, line.step.holder_id) in set(able), (group, case.code)
            case Owner.OUTSIDE:
                assert not any(able)
                told = "SELECT 1 FROM effect WHERE kind = 'notice' AND target = ?"
                assert connection.execute(told, (f"blocked:{case.id}",)).fetchone()
            case Owner.CLOCK:
                waits = "SELECT 1 FROM motion WHERE case_id = ? AND state = 'open' AND waits = 1"
                assert case.lapse_at or connection.execute(waits, (case.id,)).fetchone()
                assert line.step.due_at > now
            case Owner.APPLICANT:
                assert self.on.user_id(connection, case.subject_id) not in self.month.porch.gone

    async def look_at_the_server(self) -> None:
        """Once nothing is on its way: inside is who was let in, and cards say what the queue does."""
        await self.on.database.read(self._look_at_the_server)

    def _look_at_the_server(self, connection: sqlite3.Connection) -> None:
        inside = {
            self.on.user_id(connection, case.subject_id)
            for row in connection.execute("SELECT * FROM cases WHERE state = 'admitted'")
            if (case := cases.from_row(row)).is_member and case.gone_at is None
        }
        assert self.month.porch.inside == inside
        for row in connection.execute(
            "SELECT cases.* FROM card JOIN cases ON cases.id = case_id"
            " WHERE step IS NOT NULL OR closed_at > ?",
            (to_ms(self.last - DAY),),
        ).fetchall():
            case = cases.from_row(row)
            assert self.month.porch.cards[case.code] == card(connection, self.on, case).text
            self.seen["cards"] += 1


def ids(connection: sqlite3.Connection, where: str, *values: object) -> set[str]:
    """The cases of which something is true."""
    return {row["id"] for row in connection.execute(f"SELECT id FROM cases WHERE {where}", values)}


async def live(month: Month, eye: Eye) -> None:
    """The month, hour by hour. The sweep, which does more than that, comes every few hours."""
    chance, porch, clock = month.chance, month.porch, month.world.clock
    for day in range(DAYS):
        for hour in range(24):
            if day == DOWN:
                clock.advance(hours=1)
                continue
            porch.away = day == REFUSED and 3 <= hour < 9
            if hour % 6 == 0:
                await month.join(chance.randrange(18, 25))
            await month.people_act(int(chance.random() < 0.35))
            if chance.random() < 0.18:
                await month.come_to_answer()
            at_work = day not in WEEKENDS and 9 <= hour < 17
            if at_work:
                await team_acts(month, day)
            if (at_work and hour % 3 == 0) or hour in SPARSE:
                now = await month.hour(swept_lately=(day, hour) != (DOWN + 1, SPARSE[0]))
                await eye.look(now, all_of_it=hour == SPARSE[-1])
                if hour == SPARSE[-1]:
                    await eye.look_at_the_server()
            else:
                clock.advance(hours=1)


async def team_acts(month: Month, day: int) -> None:
    """An hour of those who are there."""
    chance = month.chance
    for who in TEAM:
        if chance.random() < 0.4 and not (who is TEAM[1] and day in AWAY):
            await month.next(who)
    if chance.random() < 0.12:
        await month.about_members(TEAM[2])
    if chance.random() < 0.03:
        await month.concern(TEAM[0])
    if chance.random() < 0.02:
        await month.step_aside_together()
    if chance.random() < 0.03:
        await month.find_outsiders()


async def go_on(month: Month, eye: Eye) -> None:
    """Nobody comes any more, and everybody goes on working."""
    for _ in range(11):
        for who in TEAM:
            for _ in range(60):
                if not await month.next(who, willing=True):
                    break
        await month.find_outsiders()
        for who in TEAM[1:]:
            await month.handle_concerns(who)
        month.world.clock.advance(hours=23)
        await eye.look(await month.hour(), all_of_it=True)
    await eye.look_at_the_server()


async def test_no_case_is_forgotten_in_a_month(tmp_path: Path) -> None:
    """Thousands of cases, and in the end none is open, none is in anybody's hands, nothing is proposed."""
    porch, clock = Porch(), FakeClock(datetime(2026, 3, 4, tzinfo=UTC))
    async with world_in(tmp_path, config(), clock, porch, Window(porch)) as world:
        month = Month(world, porch, 1)
        eye = Eye(month)
        await month.come_to_answer()
        for number, who in enumerate(TEAM):
            await tells(world, who, *([] if number else [HELIX]))

        await live(month, eye)
        await go_on(month, eye)

        assert len(month.people) > 2000
        assert set(eye.seen) >= SEEN
        assert await world.rows("SELECT * FROM cases WHERE closed_at IS NULL") == []
        assert await world.rows("SELECT * FROM motion WHERE state = 'open'") == []
        assert await world.rows("SELECT * FROM claim") == []
        assert await world.rows("SELECT * FROM concern WHERE closed_at IS NULL") == []
