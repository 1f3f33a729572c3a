"""The raw bytes after an erasure: no id, no word, no sealed value, no key; nor in a copy from before.

A copy of ``keys.db`` from before is another matter: with it, a copy of the database opens until the
ledger is applied to both. That is why copies of the keys are kept apart, and for days only.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.filling import Summary
from bot.minting import NextForm
from bot.model import Visitor
from bot.vault import Erased, KeyProblem
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MEMBER_ROLE,
    PURPOSE,
    TICKED,
    World,
    visitor,
)

WORDS = {
    "organisation": "Zyxomedica Ltd",
    "on_behalf_of": "Quorblatt Holding",
    "goal": "Wunderkammer of lived stories",
}


async def tell(world: World, who: Visitor) -> None:
    """Somebody is let in by the machine, and tells of a link later, in words of their own."""
    await world.gate.arrive(who)
    await world.send(who, ABOUT_NIL)
    await world.drain()
    link = {**LINK_NOW, **{name: WORDS[name] for name in ("organisation", "on_behalf_of")}}
    pages = {"about": ABOUT_LINKED, "link": link, "purpose": {**PURPOSE, "goal": WORDS["goal"]}}
    member = visitor(who.user_id, role_ids=frozenset({MEMBER_ROLE}))
    step = await world.links.change(member)
    assert isinstance(step, Summary | NextForm)
    ref, page = (step.entries[0].ref, "about") if isinstance(step, Summary) else (step.ref, step.page.id)
    saved = await world.save(member, ref, pages[page])
    while saved.next is not None:
        saved = await world.save(member, saved.next.ref, pages[saved.next.page.id])
    summary = await world.forms.summary(member, saved.sheet_id)
    assert isinstance(summary, Summary)
    await world.submission.send(member, summary.send_ref, TICKED)


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, bytes]]:
    """The sealed values of a table, by their places."""
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    if "sealed" in [column[1] for column in columns]:
        key = ", ".join(column[1] for column in columns if column[5])
        for sealed, *ids in connection.execute(f'SELECT sealed, {key} FROM "{table}"'):
            if sealed is not None:
                yield "/".join([table, "sealed", *ids]), sealed


def sealed_values(path: Path) -> dict[str, bytes]:
    """Every sealed value in a database, by its place."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {place: sealed for (table,) in tables for place, sealed in rows_of(connection, table)}


def in_every_form(who: Visitor) -> dict[str, bytes]:
    """What must not be found of somebody and what they typed."""
    found = {
        "id as text": str(who.user_id).encode(),
        "id little-endian": who.user_id.to_bytes(8, "little"),
        "id big-endian": who.user_id.to_bytes(8, "big"),
        "id in hexadecimal": f"{who.user_id:x}".encode(),
    }
    for word in WORDS.values():
        for part in (word, word.split()[0]):
            found |= {f"{part} as UTF-8": part.encode(), f"{part} as UTF-16": part.encode("utf-16-le")}
    return found


def search(folder: Path, needles: dict[str, bytes]) -> list[str]:
    """What is found, and in which file."""
    files = {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}
    return [
        f"{what} in {name}" for name, data in files.items() for what, one in needles.items() if one in data
    ]


def names_in(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return {file.name for file in folder.iterdir()}


async def test_nothing_of_them_is_left_in_any_file(world: World, tmp_path: Path) -> None:
    """In the database, what was written ahead of it, the keys, their side files, and the ledger."""
    await tell(world, ANN)
    subject = await world.subject_id()
    key_id = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)
    with closing(sqlite3.connect(tmp_path / "keys.db")) as keys:
        ((wrapped,),) = keys.execute("SELECT wrapped FROM person_key WHERE id = ?", (key_id,)).fetchall()
    needles = {
        **in_every_form(ANN),
        **sealed_values(world.path),
        "lookup": world.foundation.vault.lookup(ANN.user_id),
        "the wrapped key": wrapped,
        "the key": world.foundation.vault.key(key_id).secret,
    }
    before = search(tmp_path, needles)

    assert await world.erasure.person(subject, subject)
    await world.drain()
    await world.foundation.database.tidy()

    assert {"lookup in porchlight.db-wal", "the wrapped key in keys.db-wal"} <= set(before)
    assert sum("/sealed/" in one for one in before) >= 4
    assert {"porchlight.db-wal", "keys.db-wal", "erasures.jsonl"} <= names_in(tmp_path)
    assert search(tmp_path, needles) == []


async def test_the_log_that_is_written_ahead_is_empty_as_soon_as_it_is_done(world: World) -> None:
    """Nobody has to wait for the bot to stop."""
    await tell(world, ANN)
    subject = await world.subject_id()

    assert await world.erasure.person(subject, subject)

    assert world.path.with_name("porchlight.db-wal").stat().st_size == 0
    assert world.path.with_name("keys.db-wal").stat().st_size == 0


async def test_where_a_person_looks_again_a_keyed_hash_is_all_that_stays(
    world: World, tmp_path: Path
) -> None:
    """Nothing else of somebody who was declined."""
    await world.held()
    await world.decline()
    await world.drain()
    subject = await world.subject_id()
    sealed = sealed_values(world.path)
    assert await world.erasure.person(subject, subject)
    await world.drain()
    await world.foundation.database.tidy()

    moderators = sealed_values(world.path)
    gone = {place: value for place, value in sealed.items() if place not in moderators}

    assert len(gone) >= 4
    assert search(tmp_path, {**in_every_form(ANN), **gone}) == []
    lookup = world.foundation.vault.lookup(ANN.user_id)
    assert await world.rows("SELECT lookup FROM suppression_key") == [(lookup,)]


async def test_nothing_opens_in_a_copy_from_before(world: World, tmp_path: Path) -> None:
    """By no key that is left: not theirs, which is gone, nor anybody else's."""
    await tell(world, ANN)
    await tell(world, BEN)
    subject = await world.subject_id()
    key_id = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)
    key = world.foundation.vault.key(key_id)
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(world.path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    theirs = {}
    for place, sealed in sealed_values(copy).items():
        try:
            theirs[place] = key.open(sealed, place)
        except KeyProblem:
            continue

    assert await world.erasure.person(subject, subject)

    assert str(ANN.user_id) in theirs.values()
    assert set(WORDS.values()) <= set(theirs.values())
    with pytest.raises(Erased):
        world.foundation.vault.key(key_id)
    with closing(sqlite3.connect(tmp_path / "keys.db")) as keys:
        left = [row[0] for row in keys.execute("SELECT id FROM person_key")]
    values = sealed_values(copy)
    others = [world.foundation.vault.key(one) for one in left]
    for place in theirs:
        for other in others:
            with pytest.raises(KeyProblem):
                other.open(values[place], place)
