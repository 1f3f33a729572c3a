"""The chain of the event log, checked: every line, every seal, and the end that is noted beside them.

Whatever was changed, taken out, put in, moved or cut off is named. After a problem the check goes on from
what stands there, so that one change by hand is not told a million times.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from bot.log.problems import Problems
from bot.store import chain, seals
from bot.store.chain import Head, Line
from bot.store.events import line
from bot.store.seals import Seal

_FIRST_EPOCH, _FIRST_LINE = 1, 1


@dataclass(slots=True)
class Log:
    """What was read of the log."""

    seals: list[Seal]
    head: Head | None
    lines: int = 0
    emptied: int = 0
    """How many stretches have lost all their lines."""
    totals: Counter[str] = field(default_factory=Counter)
    """How often what happened since the log began, as far as its lines and seals tell."""
    dark_until: int = 0
    """The latest time, in milliseconds, of what the lines that have gone were about; 0: none have gone."""


def check(connection: sqlite3.Connection, problems: Problems) -> Log:
    """Check all of it."""
    log = Log(list(seals.every(connection)), chain.head(connection))
    _check_seals(log.seals, problems)
    reading = _Reading(connection, log, problems)
    reading.begin()
    reading.read(chain.lines(connection))
    reading.end()
    if chain.payloads(connection) != reading.payloads:
        for seq in chain.loose_payloads(connection, 100):
            problems.add(f"What line {seq} says is there, and the line is not.")
    return log


def _check_seals(sealed: list[Seal], problems: Problems) -> None:
    epoch, first, before, previous = _FIRST_EPOCH, _FIRST_LINE, seals.NOTHING_BEFORE, seals.NOTHING_BEFORE
    for seal in sealed:
        if seal.epoch != epoch:
            problems.add(
                f"{_between('The seal of stretch', 'The seals of stretches', epoch, seal.epoch)} missing."
            )
        elif seal.prev_hash != previous:
            problems.add(f"The seal of stretch {seal.epoch} does not follow the seal before it.")
        elif seal.first_seq != first or seal.before != before:
            problems.add(f"The seal of stretch {seal.epoch} does not begin where the stretch before it ends.")
        if seal.hash != seal.expected_hash():
            problems.add(f"The seal of stretch {seal.epoch} was changed.")
        epoch, first, before, previous = seal.epoch + 1, seal.last_seq + 1, seal.head, seal.hash


def _between(one: str, several: str, first: int, following: int) -> str:
    """``Line 5 is``, or ``Lines 5 to 7 are``: all from ``first`` to the one before ``following``."""
    if following <= first + 1:
        return f"{one} {first} is"
    return f"{several} {first} to {following - 1} are"


class _Reading:
    """One pass over the lines."""

    def __init__(self, connection: sqlite3.Connection, log: Log, problems: Problems) -> None:
        self._connection = connection
        self._log = log
        self._problems = problems
        self._seals = {seal.epoch: seal for seal in log.seals}
        self._epoch = _FIRST_EPOCH
        self._next = _FIRST_LINE
        self._previous = seals.NOTHING_BEFORE
        self._counts: dict[str, int] = {}
        self.payloads = 0
        self._is_partial = False

    def begin(self) -> None:
        """Find where the lines have to begin, now that old stretches may have lost theirs."""
        first = chain.first_seq(self._connection)
        if first is None:
            return
        for seal in self._log.seals:
            if seal.last_seq < first:
                self._pass_over(seal)
            elif seal.first_seq < first and self._is_let_go(seal):
                self._is_partial = True
                self._next, self._previous = first, b""
                self._log.dark_until = max(self._log.dark_until, seal.at)
        self._check_count_of_emptied()

    def _pass_over(self, seal: Seal) -> None:
        """A stretch whose lines have all gone."""
        self._log.emptied += 1
        self._epoch, self._next, self._previous = seal.epoch + 1, seal.last_seq + 1, seal.head
        self._log.totals.update(self._counted(seal))
        self._log.dark_until = max(self._log.dark_until, seal.at)

    def _is_let_go(self, seal: Seal) -> bool:
        return chain.emptied_at(self._connection, seal.epoch) is not None

    def _check_count_of_emptied(self) -> None:
        """The log says of each stretch that its lines go. Of the last one it still has to say so."""
        log = self._log
        gone = log.seals[: log.emptied + self._is_partial]
        if not gone:
            return
        if not self._is_let_go(gone[-1]):
            self._problems.add(
                f"The lines of stretch {gone[-1].epoch} are gone, and no line says that they were let go of."
            )
            return
        begun = log.seals[: len(gone) + 1]
        told = sum(self._counted(seal).get(seals.EMPTIED, 0) for seal in gone)
        for seal in begun:
            told += (chain.emptied_at(self._connection, seal.epoch) or 0) > gone[-1].last_seq
        expected = len(gone) + (len(begun) > len(gone) and self._is_let_go(begun[-1]))
        if told != expected:
            self._problems.add(f"{expected} stretches lose their lines, and the log says so of {told}.")

    def read(self, rows: Iterable[Line]) -> None:
        """Check every line. What cannot be read at all ends it."""
        try:
            self._read(rows)
        except sqlite3.DatabaseError:
            self._problems.add(f"The log cannot be read from line {self._next} on.")

    def _read(self, rows: Iterable[Line]) -> None:
        # Once for each of a million lines: what is looked up here is not looked up there.
        zero, counts, complain = b"\x00", self._counts, self._problems.add
        following, previous, epoch, read, spoken = self._next, self._previous, self._epoch, 0, 0
        try:
            for seq, at_epoch, at, actor, action, kind, about, promise, before, hashed, salt, said in rows:
                read += 1
                if at_epoch != epoch:
                    self._turn(epoch, at_epoch, seq, previous, (action, about, said))
                    counts, epoch = self._counts, at_epoch
                if seq != following:
                    complain(f"{_between('Line', 'Lines', following, seq)} missing.")
                elif before != previous and previous:
                    complain(f"Line {seq} does not follow the line before it.")
                try:
                    entry = line(seq, at_epoch, at, actor, action, kind, about, promise)
                    if sha256(zero + before + entry).digest() != hashed:
                        complain(f"Line {seq} was changed.")
                    if salt is not None:
                        spoken += 1
                        if sha256(salt + said.encode()).digest() != promise:  # type: ignore[union-attr] # one row holds both
                            complain(f"What line {seq} says was changed.")
                except (TypeError, ValueError, AttributeError):
                    complain(f"Line {seq} was changed.")
                following, previous = seq + 1, hashed
                counts[action] = counts.get(action, 0) + 1
        finally:
            self._next, self._previous, self._epoch = following, previous, epoch
            self._log.lines, self.payloads = read, spoken

    def _turn(
        self, ended: int, begun: int, seq: int, head: bytes, first: tuple[str, str, str | None]
    ) -> None:
        """One stretch ends and the next begins, with the line that says that the one before was sealed."""
        if begun != ended + 1:
            self._problems.add(
                f"Line {seq} says stretch {begun}, where stretch {ended} or the next has to be."
            )
        seal = self._seals.get(ended)
        if seal is None:
            self._problems.add(f"Stretch {ended} has ended, and has no seal.")
        else:
            self._check_against_lines(seal, seq - 1, head)
        self._log.totals.update(self._counted(seal) if seal and self._is_partial else self._counts)
        self._counts, self._is_partial = {}, False
        if seal is not None:
            self._check_opening(seal, seq, first)

    def _check_opening(self, seal: Seal, seq: int, first: tuple[str, str, str | None]) -> None:
        """The first line after a seal holds its hash."""
        action, about, said = first
        try:
            told = json.loads(said or "null")
        except ValueError:
            told = None
        unchecked = self._log.head.unchecked if self._log.head else 0
        due = {"seal": seal.hash.hex(), "unchecked": str(unchecked)}
        if (action, about, told) != (seals.SEALED, str(seal.epoch), due):
            self._problems.add(f"Line {seq} has to hold the seal of stretch {seal.epoch}, and does not.")

    def _check_against_lines(self, seal: Seal, last: int, head: bytes) -> None:
        if seal.last_seq != last:
            self._problems.add(
                f"Stretch {seal.epoch} ends with line {last}, and its seal says line {seal.last_seq}."
            )
        if head and seal.head != head:
            self._problems.add(f"The end of stretch {seal.epoch} is not the one that was sealed.")
        if not self._is_partial and self._counted(seal) != self._counts:
            self._problems.add(f"In stretch {seal.epoch} did not happen what its seal counts.")

    def _counted(self, seal: Seal) -> dict[str, int]:
        try:
            return seals.counted(seal.totals)
        except ValueError:
            self._problems.add(f"The seal of stretch {seal.epoch} counts nothing that can be read.")
            return {}

    def end(self) -> None:
        """The last line has to be the one that is noted as the last, in a stretch that is not sealed."""
        log = self._log
        log.totals.update(self._counts)
        if log.head is None:
            self._problems.add("Where the log ends is not on record: the row of log_head is missing.")
            return
        end = self._next - 1
        if log.head.seq > end:
            missing = _between("Line", "Lines", self._next, log.head.seq + 1)
            self._problems.add(f"{missing} missing at the end.")
        elif log.head.seq < end:
            self._problems.add(f"The log has to end with line {log.head.seq}, and goes on to line {end}.")
        elif log.head.hash != self._previous:
            self._problems.add(f"The last line, {end}, is not the one that is noted as the last.")
        due = log.seals[-1].epoch + 1 if log.seals else _FIRST_EPOCH
        if chain.is_newer(self._connection, log.head.unchecked):
            self._problems.add(
                f"Deletions are checked from line {log.head.unchecked} on only, which is too late."
            )
        if log.head.epoch != due:
            self._problems.add(f"The log is noted to be in stretch {log.head.epoch}, and has to be in {due}.")
        if log.head.seq == end and self._epoch != log.head.epoch:
            self._problems.add(f"The last line, {end}, is in stretch {self._epoch}, which is over.")
