"""Database, side files, copies, logs and TOML without the keys: they confirm nobody and no name."""

import asyncio
import base64
import hashlib
import logging
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.config.tables import Storage
from bot.copies.backup import backup
from bot.export import Format, What, export
from bot.logs import configure
from bot.model import Outcome, Visitor
from bot.ports import Member
from bot.review.bench import Decided
from tests.storage.thief import (
    KEYED,
    Haul,
    as_key,
    confirmed,
    digests,
    forms_of_id,
    forms_of_name,
    keyed,
    ranked,
    written_id,
    written_name,
)
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    LINK_NOW,
    MOD,
    PURPOSE,
    SECOND_MOD,
    FakeClock,
    World,
    config,
    raw_connection,
    visitor,
    world_in,
)

ROOT = Path(__file__).parents[2]

_CHANCE = random.Random(4)  # noqa: S311 - the same people and companies in each run

KNOWN_IDS = sorted(_CHANCE.sample(range(10**17, 14 * 10**17), 10_000))
"""Whom the thief has in mind: accounts made in ten years."""

_BEGIN = ("Zorblax", "Quorvex", "Fendril", "Morquist", "Vexalon", "Trimbolt", "Ockwell", "Juniptra",
          "Wyverin", "Calypdra", "Brontiva", "Sylquent", "Hexamere", "Nuvorrin", "Pelgrath")  # fmt: skip
_END = ("Pharma", "Biotech", "Therapeutics GmbH", "Research", "Capital", "Consulting", "Devices", "Genomics",
        "& Partners", "Communications", "Ltd", "Laboratories of Upper Franconia", "Trust", "Media",
        "Ventures", "Holding", "S.A.", "Diagnostics", "Data", "Insight")  # fmt: skip
COMPANIES = [f"{begin} {end}" for begin in _BEGIN for end in _END]
"""Three hundred companies that people may have named; each is named by somebody."""

A_ROUND = 1_000
TELLERS = len(COMPANIES) // 3


@dataclass(frozen=True)
class Stolen:
    """What the thief has, and what only the test knows."""

    haul: Haul
    secret: bytes
    """The lookup secret, which is in the file that was not stolen."""
    who: dict[str, int]
    """Whose subject id it is."""

    def of_person(self) -> Iterator[tuple[int, list[bytes]]]:
        """For each person all short values of rows that are theirs: salts or keys for them alone."""
        tables, rows = self.haul.tables, defaultdict[str, list[dict[str, Any]]](list)
        theirs = {row["id"]: row["subject_id"] for row in tables["cases"]}
        salts = {row["seq"]: row["salt"] for row in tables["event_payload"]}
        for table in ("subject", "identity", "cases", "sheet", "access"):
            for row in tables[table]:
                rows[row.get("subject_id") or row["id"]].append(row)
        for row in tables["event"]:
            about = {row["actor"], row["object_id"], theirs.get(row["object_id"])}
            for subject_id in about & self.who.keys():
                rows[subject_id].append({**row, "salt": salts.get(row["seq"])})
        for subject_id, user_id in self.who.items():
            values = {key for row in rows[subject_id] for value in row.values() if (key := as_key(value))}
            yield user_id, [value for value in values if len(value) >= 16]


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    """A community of ten thousand, robbed while the bot runs and once more after it has stopped."""
    home, haul, away = [tmp_path_factory.mktemp(name) for name in ("home", "haul", "away")]
    root = logging.getLogger()
    before = root.handlers[:], root.level
    with (home / "bot.log").open("w", encoding="utf-8") as log:
        configure("DEBUG", log)
        logging.getLogger("bot").debug("the story begins")
        try:
            secret, lookups = asyncio.run(_lived_in(home, haul, away))
        finally:
            root.handlers[:] = before[0]
            root.setLevel(before[1])
    _steal(home, haul / "stopped")
    files = [file for part in ("stopped", "running", "copy") for file in (haul / part).iterdir()]
    found = Haul(files)
    return Stolen(found, secret, {row["id"]: lookups[row["lookup"]] for row in found.tables["subject"]})


async def _lived_in(home: Path, haul: Path, away: Path) -> tuple[bytes, dict[bytes, int]]:
    storage = Storage(
        database=home / "porchlight.db",
        keys=home / "keys.db",
        key_file=home / "secret" / "master.key",
        ledger=home / "erasures.jsonl",
        anchors=home / "anchors.jsonl",
    )
    _write_toml(home / "config.toml")
    async with world_in(home, config(storage=storage), FakeClock()) as world:
        await _live(world)
        await export(world.foundation, What.DISCLOSURES, Format.CSV, away / "export.csv")
        await asyncio.to_thread(_give_a_pair, world)
        copies = await asyncio.to_thread(backup, storage, away, world.clock())
        (haul / "copy").mkdir()
        shutil.copy(copies.database, haul / "copy")
        _steal(home, haul / "running")
        vault = world.foundation.vault
        people = (*KNOWN_IDS, MOD.user_id, SECOND_MOD.user_id)
        return vault._lookup_secret, {vault.lookup(user_id): user_id for user_id in people}


def _write_toml(path: Path) -> None:
    ids = config().discord
    assert ids is not None
    lines = [
        f'{name} = "{value}"' for name, value in ids.model_dump(mode="json").items() if isinstance(value, int)
    ]
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    path.write_text("\n".join([example, "[discord]", *lines]), encoding="utf-8")


def _give_a_pair(world: World) -> None:
    """The id that both files share, as a start of the bot writes it."""
    with closing(raw_connection(world.path)) as connection:
        connection.execute("INSERT INTO pair VALUES (1, 'PAIROFDATABASEANDKEYS')")
    world.foundation.vault.set_pair("PAIROFDATABASEANDKEYS")


def _steal(home: Path, to: Path) -> None:
    """Everything but the keys."""
    kept = ("keys.db", "keys.db-wal", "keys.db-shm", "secret")
    shutil.copytree(home, to, ignore=lambda _folder, names: {name for name in names if name in kept})


async def _live(world: World) -> None:
    """Some are found by a round, the others join; some tell, are decided about, take it back, or leave."""
    met = _CHANCE.sample(KNOWN_IDS, A_ROUND)
    world.lookout.has(*(Member(user_id, frozenset()) for user_id in met))
    assert await world.rounds.run(world.clock())
    joining = _CHANCE.sample(KNOWN_IDS, len(KNOWN_IDS))
    await asyncio.gather(*(world.gate.arrive(visitor(user_id)) for user_id in joining))
    world.clock.advance(hours=1)
    tellers = [visitor(user_id) for user_id in joining[:TELLERS]]
    named = zip(tellers, COMPANIES[::3], COMPANIES[1::3], COMPANIES[2::3], strict=True)
    await asyncio.gather(*(_tell(world, *one) for one in named))
    await asyncio.gather(*(world.send(visitor(user_id), ABOUT_NIL) for user_id in joining[-20:]))
    for who in tellers[:4]:
        file = await world.file(who)
        assert isinstance(await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT), Decided)
        await world.decline(tellers[4 + tellers.index(who)], by=SECOND_MOD)
    await world.drain()
    for who in tellers[8:12]:
        await world.gate.take_back(who)
    for user_id in joining[-5:]:
        await world.gate.leave(user_id)
    for who in tellers[:2]:
        await world.links.change(who)
    world.clock.advance(days=2)
    await world.sweep.run(world.clock())


async def _tell(world: World, who: Visitor, *names: str) -> None:
    organisation, client, third = names
    link = {**LINK_NOW, "organisation": organisation, "on_behalf_of": client}
    await world.send(who, ABOUT_LINKED, link, {**PURPOSE, "goal": f"{third} asked me to"})


def test_what_was_stolen_is_worth_stealing(stolen: Stolen) -> None:
    """Everybody is in it, and so is everything that they told; a log, the TOML, and databases three times."""
    tables = stolen.haul.tables
    assert set(KNOWN_IDS) <= set(stolen.who.values())
    assert len({row["interest_id"] for row in tables["interest_text"]}) >= TELLERS - 4
    assert {row["outcome"] for row in tables["decision"]} == {"admit", "hold", "decline"}
    assert len(tables["access"]) >= 4
    assert tables["letter"]
    assert stolen.haul.raw.count(b"DEBUG bot") >= 1
    assert b"[community]" in stolen.haul.raw


class Guessing:
    """What the thief tries, family by family."""

    def __init__(self, stolen: Stolen) -> None:
        """Take what was stolen."""
        self._stolen = stolen
        ids = config().discord
        assert ids is not None
        common = {key for key in stolen.haul.common() if len(key) >= 16}
        self.common = common | {str(ids.server).encode(), str(ids.member_role).encode()}

    def in_plain_sight(self) -> Iterator[tuple[int, object]]:
        """Ids and names as they are, in any encoding."""
        for user_id in KNOWN_IDS:
            yield from ((form, user_id) for form in forms_of_id(user_id))
        for name in COMPANIES:
            yield from ((form, name) for form in forms_of_name(name))

    def digests(self) -> Iterator[tuple[int, object]]:
        """Plain digests of them."""
        for user_id in KNOWN_IDS:
            yield from ((form, user_id) for form in digests(written_id(user_id)))
        for name in COMPANIES:
            yield from ((form, name) for form in digests(written_name(name)))

    def keyed_with_what_is_there_for_all(self) -> Iterator[tuple[int, object]]:
        """The id of the pair, hashes of questions and notices, the end of the log, ids of the server."""
        for user_id in KNOWN_IDS:
            message = str(user_id).encode()
            yield from ((form, user_id) for key in self.common for form in keyed(key, message, KEYED[:3:2]))
        for name in COMPANIES:
            for message in written_name(name):
                yield from ((form, name) for key in self.common for form in keyed(key, message, KEYED[:3]))

    def keyed_with_their_own_rows(self) -> Iterator[tuple[int, object]]:
        """The right person for each row, so that not ten thousand times ten thousand have to be tried."""
        for user_id, values in self._stolen.of_person():
            message = str(user_id).encode()
            yield from ((form, user_id) for value in values for form in keyed(value, message, KEYED[:3:2]))

    def names_keyed_with_rows_of_links(self) -> Iterator[tuple[int, object]]:
        """Every name, with every value of every row that a link or its words could be salted with."""
        tables = self._stolen.haul.tables
        rows = [row for table in ("interest", "interest_text") for row in tables[table]]
        values = {key for row in rows for value in row.values() if (key := as_key(value))}
        for name in COMPANIES:
            message = name.encode()
            for key in values:
                if len(key) >= 16:
                    yield from ((form, name) for form in keyed(key, message, KEYED[:1]))

    def with_the_secret(self) -> Iterator[tuple[int, object]]:
        """The control: what the thief could do with the one thing that was not stolen."""
        secret = self._stolen.secret
        return ((form, who) for who in KNOWN_IDS for form in keyed(secret, str(who).encode(), KEYED[2:3]))


FAMILIES = [name for name in vars(Guessing) if not name.startswith("_") and name != "with_the_secret"]


@pytest.fixture(scope="module")
def found(stolen: Stolen) -> dict[str, set[object]]:
    """What each family of guesses confirms."""
    guessing = Guessing(stolen)
    assert b"PAIROFDATABASEANDKEYS" in guessing.common
    families = {family: getattr(guessing, family) for family in FAMILIES}
    return confirmed(stolen.haul, families, guessing.with_the_secret)


@pytest.mark.parametrize("family", FAMILIES)
def test_nobody_and_no_name_is_confirmed(found: dict[str, set[object]], family: str) -> None:
    """Not one of ten thousand people, and not one of three hundred companies."""
    assert found[family] == set()


def test_with_the_lookup_secret_the_same_thief_confirms_everybody(found: dict[str, set[object]]) -> None:
    """So that all of the above could have failed."""
    assert found["control"] == set(KNOWN_IDS)


def test_no_number_written_in_digits_is_an_id(stolen: Stolen) -> None:
    """In UTF-8 or UTF-16, forwards or backwards, plainly or in disguise."""
    numbers = stolen.haul.digits()

    assert numbers & set(KNOWN_IDS) == set()
    assert config().discord.server in numbers, "those of the server are in the TOML"  # type: ignore[union-attr] # it has one


@pytest.mark.parametrize("order", ["lookup", "key_id", "id", "arrived"])
def test_no_order_of_rows_is_the_order_of_ids(stolen: Stolen, order: str) -> None:
    """Whoever has the whole list of members, in Discord's order, cannot lay it beside the table."""
    known, once = set(KNOWN_IDS), {row["id"]: row for row in stolen.haul.tables["subject"]}
    them = [row for row in once.values() if stolen.who[row["id"]] in known]
    rows = [{**row, "arrived": place} for place, row in enumerate(them)]

    assert len(rows) == len(KNOWN_IDS)
    assert ranked(rows, order, stolen.who) < 20
    assert ranked(rows[:A_ROUND], order, stolen.who) < 20


def test_a_payload_that_was_deleted_cannot_be_guessed(stolen: Stolen) -> None:
    """What is left of it is its commitment; without the salt, none of the few things it can say fits."""
    tables = stolen.haul.tables
    kept = {row["seq"] for row in tables["event_payload"]}
    guesses = {row["payload"].encode() for row in tables["event_payload"]} | {b"{}"}
    bare = [row for row in tables["event"] if row["seq"] not in kept]
    salts = {b""} | stolen.haul.common() | {row["salt"] for row in tables["event_payload"][:200]}
    made = {hashlib.sha256(salt + guess).digest() for salt in salts for guess in guesses}

    assert len(bare) > 10
    assert [row["action"] for row in bare if row["commitment"] in made] == []
    salted = next(row for row in tables["event_payload"])
    assert hashlib.sha256(salted["salt"] + salted["payload"].encode()).digest() in {
        row["commitment"] for row in tables["event"]
    }, "with its salt, it would"


PLANTS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda m: m,
    "hexadecimal": lambda m: m.hex().encode(),
    "capital hexadecimal": lambda m: m.hex().upper().encode(),
    "base64": base64.b64encode,
    "in the middle": lambda m: b"\x00\x01\x02" + m + b"\x03",
}


@pytest.mark.parametrize("form", list(PLANTS))
def test_the_thief_would_find_what_is_there(tmp_path: Path, form: str) -> None:
    """Whatever is looked for, planted in a file in any of the forms, is found."""
    user_id, name, salt = KNOWN_IDS[7], COMPANIES[11], b"a salt of sixteen"
    messages = [*written_id(user_id), *written_name(name)]
    wanted = [
        *forms_of_id(user_id), *forms_of_name(name), *digests(messages), *keyed(salt, str(user_id).encode()),
    ]  # fmt: skip
    for place, guess in enumerate(wanted):
        file = tmp_path / f"{place}"
        file.write_bytes(b"%" + PLANTS[form](guess.to_bytes(8, "little")) + b"%")
    haul = Haul(tmp_path.iterdir())

    assert haul.among(set(wanted)) == set(wanted)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_the_thief_would_find_written_numbers(tmp_path: Path, encoding: str) -> None:
    """Among others, and backwards."""
    there, backwards = KNOWN_IDS[3], KNOWN_IDS[4]
    (tmp_path / "a").write_bytes(f"<@{there}>, 7{str(backwards)[::-1]}1 {10**30}".encode(encoding))

    assert Haul([tmp_path / "a"]).digits() & set(KNOWN_IDS) == {there, backwards}
