"""The sweep: whatever is due because time has passed. One pass, and running it twice is running it once."""

import sqlite3
from datetime import datetime, timedelta

from bot.erasing import wipe_answers, wipe_member
from bot.foundation import Foundation
from bot.model import CaseState
from bot.store import cases, effects, events, queue, status
from bot.store.effects import EffectKind
from bot.waves import look

_AT_ONCE = 200
_PANEL_EVERY = timedelta(hours=1)


class Sweep:
    """Finds what is due and has it done."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def run(self, now: datetime) -> None:
        """One pass."""
        await self._on.database.write(lambda connection: look(connection, self._on.config.raid, now))
        await self._on.database.write(lambda connection: self._tell_overdue(connection, now))
        await self._on.database.write(lambda connection: self._look_after_panel(connection, now))
        before = now - self._on.config.retention.closed_cases
        while await self._on.database.read(lambda connection: cases.to_wipe(connection, before, 1)):
            await self._on.database.write(lambda connection: self._forget_closed(connection, before, now))
        await self._on.database.write(lambda connection: status.mark(connection, status.SWEPT, now))

    def _tell_overdue(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Once a day, from the chosen local hour on, and only if something waits past its target."""
        local = now.astimezone(self._on.config.community.zone)
        late = queue.overdue(connection, now)
        if late and local.hour >= self._on.config.review.notice_hour:
            key = f"overdue:{local.date().isoformat()}"
            effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=f"overdue:{late}")

    def _look_after_panel(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Once an hour, see that the panel still stands, and ask Discord again what it never answered."""
        last = effects.wanted_at(connection, EffectKind.PANEL, "panel")
        if last is None or not timedelta() <= now - last < _PANEL_EVERY:
            effects.want(connection, EffectKind.PANEL, key="panel", now=now)
            effects.retry_unanswered(connection, now)

    def _forget_closed(self, connection: sqlite3.Connection, before: datetime, now: datetime) -> None:
        """Delete the answers of requests closed, and of members gone, before a moment."""
        found = cases.to_wipe(connection, before, _AT_ONCE)
        for case in found:
            wipe = wipe_member if case.state is CaseState.ADMITTED else wipe_answers
            wipe(connection, case, now)
            events.record(
                connection,
                now=now,
                actor=events.MACHINE,
                action="case.answers_deleted",
                object_kind="case",
                object_id=case.id,
            )
