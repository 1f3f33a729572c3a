"""Asking members from before the bot about their links: some at a time, in public, and naming nobody."""

import sqlite3
from datetime import datetime, timedelta

from bot.clock import to_ms
from bot.foundation import Foundation
from bot.store import effects, events, marks, presence
from bot.store.effects import EffectKind


class Asking:
    """Asks the next group when its time has come."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def run(self, now: datetime) -> None:
        """One pass. Running it twice asks once."""
        drift = self._on.config.drift
        last, anyone = await self._on.database.read(
            lambda c: (marks.at(c, marks.ASKED), presence.anyone_to_ask(c))
        )
        resting = last is not None and timedelta() <= now - last < drift.ask_every
        if anyone and drift.ask_earlier_members and not resting:
            await self._on.database.write(lambda connection: self._ask(connection, now))

    def _ask(self, connection: sqlite3.Connection, now: datetime) -> None:
        asked = presence.ask_next(connection, self._on.config.drift.ask_earlier_members, now)
        marks.note(connection, marks.ASKED, now)
        lines = [(events.MACHINE, subject_id) for subject_id in asked]
        events.record_all(connection, now, "member.asked", "subject", lines)
        key = f"earlier:{to_ms(now)}"
        effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target="earlier")
