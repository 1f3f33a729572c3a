"""Deciding at once: a moderator admits, or keeps on hold."""

import sqlite3

from bot.foundation import Foundation
from bot.model import Outcome, Ruling, Visitor
from bot.review.bench import Bench, DecisionResult, Seat


class Decisions:
    """Use cases of deciding. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._bench = Bench(foundation)

    async def decide_viewed(self, visitor: Visitor, ref: str, outcome: Outcome) -> DecisionResult:
        """Admit, or keep on hold, from a file that was opened."""
        return await self._on.database.write(
            lambda connection: self._decide_viewed(connection, visitor, ref, outcome)
        )

    def _decide_viewed(
        self, connection: sqlite3.Connection, visitor: Visitor, ref: str, outcome: Outcome
    ) -> DecisionResult:
        seat = self._bench.viewed(connection, visitor, ref, outcome)
        return self._bench.settle(connection, seat, Ruling(outcome)) if isinstance(seat, Seat) else seat

    async def decide_by_code(self, visitor: Visitor, typed_code: str, outcome: Outcome) -> DecisionResult:
        """Admit, or keep on hold, by case code."""
        return await self._on.database.write(
            lambda connection: self._decide_by_code(connection, visitor, typed_code, outcome)
        )

    def _decide_by_code(
        self, connection: sqlite3.Connection, visitor: Visitor, typed_code: str, outcome: Outcome
    ) -> DecisionResult:
        seat = self._bench.coded(connection, visitor, typed_code, outcome)
        return self._bench.settle(connection, seat, Ruling(outcome)) if isinstance(seat, Seat) else seat
