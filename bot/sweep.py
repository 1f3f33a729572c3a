"""The sweep: whatever is due because time has passed. One pass, and running it twice is running it once.

It works in bounded units, each of which leaves things as they should be; a crash between two of them
only leaves the rest for the next pass.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot import timing
from bot.fairness.late import LateInterests
from bot.fairness.renewal import ask_for_renewals
from bot.fairness.staffing import Staffing
from bot.forgetting.finishing import finish_if_possible
from bot.forgetting.retention import Retention
from bot.foundation import Foundation
from bot.log.epochs import MOST_LINES, drop_old, seal_if_due
from bot.review import alerts, claims, conditions, talks
from bot.review.confirming import Confirming
from bot.review.questions import run_out
from bot.store import conditions as stored_conditions
from bot.store import drafts, effects, events, lapsing, marks, motions, questions, showing, stops
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.waves import look

_AT_ONCE = 200
_SHEETS_AT_ONCE = 500
_PANEL_EVERY = timedelta(hours=1)
_TIDY_EVERY = timedelta(hours=1)

_LONGEST_WAITS = dict.fromkeys(
    (EffectKind.REMINDER, EffectKind.LETTER, EffectKind.QUESTION, EffectKind.RENEWAL, EffectKind.MESSAGE),
    timing.DAY,
)
"""A message may have to wait for a day; anything else is tried again within the hour."""

_T = TypeVar("_T")


class Sweep:
    """Finds what is due and has it done."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._retention = Retention(foundation)
        self._late = LateInterests(foundation)
        self._staffing = Staffing(foundation)
        self._confirming = Confirming(foundation)
        self._looked_through = 0
        """How far the sheets have been looked through for drafts. From the beginning after a start."""

    async def run(self, now: datetime) -> None:
        """One pass."""
        write = self._on.database.write
        await finish_if_possible(self._on)
        await write(lambda connection: self._look_at_the_clock(connection, now))
        await write(lambda connection: look(connection, self._on.config.raid, now))
        while await write(lambda connection: claims.let_go_when_over(connection, self._on, now, _AT_ONCE)):
            pass
        while await write(lambda connection: talks.leave_with_role(connection, self._on, now, _AT_ONCE)):
            pass
        await write(lambda connection: alerts.tell(connection, self._on, now))
        await write(lambda connection: ask_for_renewals(connection, self._on, now))
        await write(lambda connection: self._look_after_panel(connection, now))
        await self._each(lambda connection: self._due(connection, now), self._close, now)
        await self._each(
            lambda connection: questions.due(connection, now, _AT_ONCE),
            lambda connection, due, at: run_out(connection, self._on, due, at),
            now,
        )
        await self._each(lambda connection: lapsing.to_remind(connection, now, _AT_ONCE), self._remind, now)
        await self._late.run(now)
        await self._staffing.run(now)
        await self._end_conditions(now)
        await self._confirming.sweep(now)
        await self._retention.run(now)
        await self._expire_drafts(now)
        await write(lambda connection: seal_if_due(connection, now))
        keep = self._on.config.retention.log
        while await write(lambda connection: drop_old(connection, now, keep, MOST_LINES)):
            pass

    async def _each(
        self,
        due: Callable[[sqlite3.Connection], list[_T]],
        see_to: Callable[[sqlite3.Connection, list[_T], datetime], None],
        now: datetime,
    ) -> None:
        """See to all that is due, a batch at a time."""
        while await self._on.database.read(due):
            await self._on.database.write(lambda connection: see_to(connection, due(connection), now))

    async def _end_conditions(self, now: datetime) -> None:
        """End the conditions whose time is over, a batch at a time."""
        database, on = self._on.database, self._on
        while await database.read(lambda connection: stored_conditions.due(connection, now, 1)):
            await database.write(lambda connection: conditions.end_due(connection, on, now, _AT_ONCE))

    def _look_at_the_clock(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Give back the time that nobody swept, and let nothing be due later than it can be.

        The mark moves in the same unit, so that no time is given back twice.
        """
        timers = self._on.config.timers
        swept = marks.at(connection, marks.SWEPT)
        gap = timing.away(swept, now)
        if swept is not None and gap:
            lapsing.give_back(connection, gap)
            questions.give_back(connection, gap)
            motions.give_back(connection, gap)
            effects.give_back(connection, EffectKind.REMOVE, swept, gap)
            effects.give_back(connection, EffectKind.REMINDER, swept, gap)
            showing.follow_all_that_wait(connection, now)
        last_reminder = max(timers.reminders, default=timedelta())
        lapsing.hold_near(connection, now + timers.lapse_after, now + last_reminder)
        questions.hold_near(connection, now + self._on.config.review.answer_within)
        motions.hold_near(connection, now + self._on.config.confirm.wait)
        waits = {**_LONGEST_WAITS, EffectKind.REMOVE: timers.remove_after}
        for kind in EffectKind:
            effects.hold_near(connection, kind, now + waits.get(kind, timing.HOUR))
        stops.hold_near(connection, now + timing.HOUR)
        marks.note(connection, marks.SWEPT, now)

    def _look_after_panel(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Once an hour, see that the panel still stands, and ask Discord again what it never answered."""
        last = effects.wanted_at(connection, EffectKind.PANEL, "panel")
        if last is None or not timedelta() <= now - last < _PANEL_EVERY:
            effects.want(connection, EffectKind.PANEL, key="panel", now=now)
            effects.retry_unanswered(connection, now)

    def _due(self, connection: sqlite3.Connection, now: datetime) -> list[Case]:
        """Cases whose time is up. Of those that came in a wave, a few per hour."""
        per_hour = self._on.config.raid.lapse_batch
        return [
            *lapsing.due(connection, now, _AT_ONCE),
            *lapsing.due_in_waves(connection, now, per_hour)[:_AT_ONCE],
        ]

    def _close(self, connection: sqlite3.Connection, due: list[Case], now: datetime) -> None:
        """Close cases that nobody went on with, unless people have longer by now."""
        lapsed = []
        for case in due:
            last_step = lapsing.last_step(connection, case)
            later = timing.put_off(last_step, self._on.config.timers.lapse_after, now)
            if later is not None:
                lapsing.put_off(connection, case, later)
                continue
            lapsing.lapse(connection, case, now)
            self._see_off(connection, case, now)
            lapsed.append((events.MACHINE, case.id))
        events.record_all(connection, now, "case.lapsed", "case", lapsed)

    def _see_off(self, connection: sqlite3.Connection, case: Case, now: datetime) -> None:
        """What follows when a case closes by itself. Only who asked for messages gets one."""
        timers = self._on.config.timers
        if effects.exists(connection, EffectKind.CARD, case.id):
            effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        if timers.after_lapse == "remove":
            due_at = now + timers.remove_after
            effects.want(connection, EffectKind.REMOVE, key=case.id, now=now, case_id=case.id, due_at=due_at)
        if case.may_remind_at is not None:
            reminded = effects.wanted_at(connection, EffectKind.REMINDER, case.id)
            effects.want(
                connection,
                EffectKind.REMINDER,
                key=f"{case.id}:closed",
                now=now,
                case_id=case.id,
                target="closed",
                due_at=timing.farewell(now, reminded),
            )

    def _remind(self, connection: sqlite3.Connection, due: list[Case], now: datetime) -> None:
        """Remind people who asked for it, and say when the next reminder is due."""
        reminders = self._on.config.timers.reminders
        for case in due:
            following, sent = None, case.reminders + 1
            if case.remind_at is not None and case.lapse_at is not None:
                following = timing.next_reminder(case.remind_at, sent, reminders, case.lapse_at, now)
            wanted = sent <= len(reminders)
            lapsing.note_reminded(connection, case, following, reminded=wanted)
            if wanted:
                effects.want(
                    connection, EffectKind.REMINDER, key=case.id, now=now, case_id=case.id, target="open"
                )

    async def _expire_drafts(self, now: datetime) -> None:
        """Delete what was begun and never sent, and what leads nowhere any more: a stretch at a time."""
        before = now - self._on.config.timers.lapse_after
        after = self._looked_through
        upto = await self._on.database.read(lambda c: drafts.stretch(c, after, _SHEETS_AT_ONCE))
        if upto is None and after:
            after = 0
            upto = await self._on.database.read(lambda c: drafts.stretch(c, 0, _SHEETS_AT_ONCE))
        if upto is not None:
            await self._on.database.write(lambda c: drafts.expire_sheets(c, after, upto, before))
        self._looked_through = upto or 0
        await self._on.database.write(lambda connection: self._tidy_desks(connection, before, now))

    def _tidy_desks(self, connection: sqlite3.Connection, before: datetime, now: datetime) -> None:
        last = marks.at(connection, marks.TIDIED)
        if last is None or not timedelta() <= now - last < _TIDY_EVERY:
            drafts.expire_proposals(connection, before)
            questions.expire_drafts(connection, before)
            drafts.expire_views(connection, before)
            marks.note(connection, marks.TIDIED, now)
