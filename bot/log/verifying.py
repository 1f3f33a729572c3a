"""Verifying: the log, the schema, the keys and what they refer to. It only ever looks.

It reads beside the running bot, on one snapshot, and names each problem in a plain sentence.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.config.tables import Storage
from bot.database import unavailable, untouched
from bot.keys.ring import rereading
from bot.log import anchors, chain, references
from bot.log.anchors import Anchor
from bot.log.problems import Problems
from bot.migrations import FOLDER, migrate, read_migrations
from bot.store import chain as stored
from bot.store import keyring, masters, subjects
from bot.vault import Erased, KeyProblem, Vault

_AT_ONCE = 500


@dataclass(slots=True)
class Report:
    """What verifying found."""

    problems: Problems = field(default_factory=Problems)
    lines: int = 0
    stretches: int = 0
    """Sealed stretches of the log."""
    emptied: int = 0
    """Those of them that have lost their lines."""
    anchors: int = 0
    """Anchors that the log was held against."""
    keys: int | None = None
    """People whose key was tried; None: keys were not checked."""
    unchecked: list[str] = field(default_factory=list)
    """What could not be checked, in sentences, without anything being wrong."""


def verify(
    storage: Storage, master: bytes | None, heads: Sequence[Anchor] = (), *, keys: bool = True
) -> Report:
    """Check everything, and change nothing.

    ``master`` None: the master key is not at hand, and what it would open is not checked. ``heads`` are
    ends of the log that somebody kept.
    """
    report = Report()
    try:
        with untouched(storage.database) as connection:
            with stored.snapshot(connection):
                _check_file(connection, report.problems)
                if _check_schema(connection, FOLDER / "main", "The database", report.problems):
                    _check_log(connection, storage, heads, report)
            if keys:
                _check_keys(connection, storage, master, report)
    except sqlite3.DatabaseError as error:
        report.problems.add(f"The database cannot be read to its end ({unavailable(error).code}).")
    return report


def _check_file(connection: sqlite3.Connection, problems: Problems) -> None:
    for sentence in stored.damage(connection):
        problems.add(f"The file of the database is damaged: {sentence}.")
    for table, row, parent in stored.loose_references(connection):
        where = "a row" if row is None else f"row {row}"
        problems.add(f"In {table}, {where} refers to {parent}, where there is no such row.")


def _check_schema(connection: sqlite3.Connection, folder: Path, whose: str, problems: Problems) -> bool:
    """Whether the tables are such that they can be looked through."""
    files = {file.number: file for file in read_migrations(folder)}
    try:
        applied, found = stored.migrations(connection), stored.objects(connection)
    except sqlite3.DatabaseError:
        problems.add(f"{whose} does not say which migrations it has. Is it the right file?")
        return False
    for number, (name, sha256) in applied.items():
        if number not in files:
            problems.add(f"{whose} was made by a newer version: it has {name}. Install that version.")
        elif (files[number].name, files[number].sha256) != (name, sha256):
            problems.add(f"{whose} had another {files[number].name} applied than the file that is here.")
    if set(applied) != set(files):
        for number in sorted(set(files) - set(applied)):
            problems.add(f"{whose} lacks {files[number].name}. Start the bot once, then verify again.")
        return False
    _compare(found, _expected(folder), whose, problems)
    return True


@cache
def _expected(folder: Path) -> dict[tuple[str, str], str]:
    """What a new database has."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh, folder)
        return stored.objects(fresh)


def _compare(
    found: dict[tuple[str, str], str], due: dict[tuple[str, str], str], whose: str, problems: Problems
) -> None:
    for kind, name in sorted(due.keys() - found.keys()):
        problems.add(f"{whose} lacks the {kind} {name}.")
    for kind, name in sorted(found.keys() - due.keys()):
        problems.add(f"{whose} has the {kind} {name}, which is none of ours.")
    for kind, name in sorted(due.keys() & found.keys()):
        if found[kind, name] != due[kind, name]:
            problems.add(f"{whose} has another {kind} {name} than ours.")


def _check_log(
    connection: sqlite3.Connection, storage: Storage, heads: Sequence[Anchor], report: Report
) -> None:
    problems = report.problems
    log = chain.check(connection, problems)
    report.lines, report.stretches, report.emptied = log.lines, len(log.seals), log.emptied
    references.check(connection, log, problems)
    for table, row in stored.permits(connection):
        problems.add(f"A permit was left behind: it allows row {row} of {table} to be deleted.")
    report.anchors = _check_anchors(connection, storage.anchors, log, problems)
    for head in heads:
        _check_anchor(connection, head, log, problems)
        report.anchors += 1


def _check_anchors(connection: sqlite3.Connection, path: Path, log: chain.Log, problems: Problems) -> int:
    """Hold the log against the file of anchors. How many there were."""
    if not path.exists():
        return 0
    count = 0
    try:
        for number, anchor in enumerate(anchors.read(path), start=1):
            if anchor is None:
                problems.add(f"Line {number} of {path} is no anchor.")
            else:
                _check_anchor(connection, anchor, log, problems)
                count += 1
    except OSError as error:
        problems.add(f"{path} cannot be read ({type(error).__name__}).")
    return count


def _check_anchor(connection: sqlite3.Connection, anchor: Anchor, log: chain.Log, problems: Problems) -> None:
    """An anchored line is there and the same, unless its stretch has gone."""
    gone = log.seals[: log.emptied]
    found = stored.line(connection, anchor.seq)
    expected = next((seal.head for seal in gone if seal.last_seq == anchor.seq), found and found[1])
    if expected is not None and expected != anchor.hash:
        problems.add(f"Line {anchor.seq} is not the one that was {anchor.whence}: the log was rewritten.")
    elif expected is None and anchor.seq > _last_gone(connection, log):
        problems.add(f"Line {anchor.seq}, which was {anchor.whence}, is missing.")


def _last_gone(connection: sqlite3.Connection, log: chain.Log) -> int:
    """The last line that went with its stretch, as far as that is under way."""
    gone = log.seals[: log.emptied]
    under_way = log.seals[log.emptied : log.emptied + 1]
    if under_way and stored.emptied_at(connection, under_way[0].epoch) is not None:
        return under_way[0].last_seq
    return gone[-1].last_seq if gone else 0


def _check_keys(
    connection: sqlite3.Connection, storage: Storage, master: bytes | None, report: Report
) -> None:
    problems = report.problems
    if not storage.keys.exists():
        problems.add(f"There is no {storage.keys}. Check its path in [storage], or put back your copy.")
        return
    try:
        with untouched(storage.keys) as keys:
            if not _check_schema(keys, FOLDER / "keys", "The file of keys", problems):
                return
            if not subjects.pair(connection) or subjects.pair(connection) != subjects.pair(keys):
                problems.add("The database and the file of keys do not belong together.")
                return
            _check_owners(connection, keys, problems)
            if not keyring.has_secrets(keys):
                problems.add("The file of keys lacks the secret by which people are found.")
                return
        if master is None:
            report.unchecked.append("The master key is not at hand, so that no key was tried.")
            return
        with Vault.opened(storage.keys, master, rereading(storage.key_file)) as vault:
            report.keys = _check_people(connection, vault, problems)
    except KeyProblem as problem:
        problems.add(str(problem))
    except sqlite3.DatabaseError as error:
        problems.add(f"The keys could not be checked to the end ({unavailable(error).code}).")


def _check_owners(connection: sqlite3.Connection, keys: sqlite3.Connection, problems: Problems) -> None:
    """Every key in use belongs to somebody. One that is being destroyed just now is not in use any more."""
    after = ""
    while page := keyring.settled(keys, after, _AT_ONCE):
        after = page[-1]
        owned = keyring.owned(connection, page)
        for key_id in keyring.still_settled(keys, (key_id for key_id in page if key_id not in owned)):
            problems.add(f"Key {key_id} belongs to nobody, and is still there.")


def _check_people(connection: sqlite3.Connection, vault: Vault, problems: Problems) -> int:
    """Everybody's key opens what is sealed with it. How many people there are."""
    count, after = 0, ""
    while page := keyring.people(connection, after, _AT_ONCE):
        after = page[-1].id
        for holder in page:
            count += 1
            wrong = _wrong_with(connection, vault, holder)
            # Somebody may have been forgotten since the page was read.
            if wrong and subjects.get(connection, holder.id) is not None:
                problems.add(f"Person {holder.id}: {wrong}")
    return count


def _wrong_with(connection: sqlite3.Connection, vault: Vault, holder: keyring.Holder) -> str:
    try:
        user_id = subjects.user_id(connection, vault.key(holder.key_id), holder.id)
    except Erased:
        return "the key is not there."
    except (KeyProblem, ValueError) as problem:
        return str(problem) if isinstance(problem, KeyProblem) else "what is sealed is no Discord id."
    if user_id is None:
        return "there is no sealed Discord id."
    if vault.lookup(user_id) != holder.lookup:
        return "the sealed Discord id is not the one they are found by."
    return ""


def wrong_in_the_log(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the chain of a copy, in sentences. One from before its end was noted has none."""
    if not masters.has_table(connection, "log_head"):
        return []
    problems = Problems()
    chain.check(connection, problems)
    return problems.sentences
