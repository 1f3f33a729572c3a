"""The tables held against the event log: nothing came, went or was swapped without a line that says so."""

import sqlite3
from collections.abc import Mapping

from bot.log.chain import Log
from bot.log.problems import Problems
from bot.model import Outcome
from bot.store import chain

_CAME = {
    "case": ("case.opened",),
    "decision": tuple(f"decision.{outcome.value}" for outcome in Outcome),
    "disclosure": ("disclosure.logged",),
}


def check(connection: sqlite3.Connection, log: Log, problems: Problems) -> None:
    """Check cases, decisions, disclosures and people by their random ids.

    Where lines have gone with an old stretch, the counts that were sealed still have to fit.
    """
    unchecked = log.head.unchecked if log.head else 0
    since = max(log.dark_until, chain.time_of(connection, unchecked))
    for kind, known_as, claimed in chain.not_named(connection, since):
        what = "says otherwise than the log" if claimed else "has no line in the log: it was put in by hand"
        problems.add(f"{kind.capitalize()} {known_as} {what}.")
    for case_id, decision_id in chain.astray(connection):
        problems.add(f"Case {case_id} rests on decision {decision_id}, which is about another case.")
    for kind, known_as, seq, is_there in chain.contradicted(connection, unchecked):
        if is_there:
            problems.add(f"{kind.capitalize()} {known_as} is there, and the log says that it was deleted.")
        else:
            what = f"{kind} {known_as}, which is not there"
            problems.add(f"Line {seq} names {what}, and no line says that it was deleted.")
    for kind, count in chain.how_many(connection).items():
        _check_count(kind, count, log.totals, problems, exact=not unchecked)


def _check_count(
    kind: str, count: int, totals: Mapping[str, int], problems: Problems, *, exact: bool
) -> None:
    """What came, less what was deleted, is there; less than that, where deletions once left no line."""
    due = sum(totals.get(action, 0) for action in _CAME[kind]) - totals.get(f"{kind}.deleted", 0)
    if count > due or (exact and count < due):
        problems.add(f"By the log, the table of {kind}s has {due} rows, and it has {count}.")
