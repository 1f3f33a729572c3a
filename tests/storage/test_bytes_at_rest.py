"""The raw bytes of every file: no Discord id and no typed word, in any form, at any moment."""

from pathlib import Path

import pytest

from bot.model import Outcome
from bot.review.drafts import Preview
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MOD,
    PURPOSE,
    TICKED,
    FakeClock,
    World,
    config,
    visitor,
    world_in,
)

TYPED = {
    "organisation": "Zyxomedica Ltd",
    "on_behalf_of": "Quorblatt Holding",
    "goal": "Wunderkammer of lived stories",
}
SENTENCE = "Gracklewort cannot be offered a place."
UNSENT = "Halfwritten Fenwick"
REMOVED = "Takenout Brothers"


async def whole_story(world: World) -> None:
    """Everything that anybody can type, in every table that could keep it."""
    await world.gate.arrive(ANN)
    link = {**LINK_NOW, **{name: TYPED[name] for name in ("organisation", "on_behalf_of")}}
    await world.answer(ANN, ABOUT_LINKED, link, {**PURPOSE, "goal": TYPED["goal"]})
    spare = (await world.summary(ANN)).add_another[0][1]
    added = await world.save(ANN, spare, {**link, "organisation": REMOVED})
    await world.forms.remove(ANN, added.again)
    await world.submission.send(ANN, (await world.summary(ANN)).send_ref, TICKED)
    await world.drain()
    await world.file()
    drafted = await world.drafts.draft_by_code(MOD, await world.code(), Outcome.DECLINE, "other", SENTENCE)
    assert isinstance(drafted, Preview)
    await world.drafts.send_draft(MOD, drafted.draft.ref)
    await world.drain()
    first = await world.begin(BEN)
    saved = await world.save(BEN, first.ref, ABOUT_LINKED)
    assert saved.next is not None
    await world.save(BEN, saved.next.ref, {**LINK_NOW, "organisation": UNSENT})
    await world.gate.ask_for_person(BEN)
    cat = visitor(987654321098765432)
    await world.send(cat, ABOUT_NIL)
    await world.drain()
    await world.links.change(cat)


def needles() -> dict[str, bytes]:
    """What must not be found, in every form it could take."""
    found: dict[str, bytes] = {}
    for words in (*TYPED.values(), SENTENCE, UNSENT, REMOVED):
        for part in {words, words.split()[0]}:
            found[f"{part} as UTF-8"] = part.encode()
            found[f"{part} as UTF-16"] = part.encode("utf-16-le")
    for user_id in (ANN.user_id, BEN.user_id, MOD.user_id, 987654321098765432):
        found[f"{user_id} as text"] = str(user_id).encode()
        found[f"{user_id} little-endian"] = user_id.to_bytes(8, "little")
        found[f"{user_id} big-endian"] = user_id.to_bytes(8, "big")
        found[f"{user_id} in hexadecimal"] = f"{user_id:x}".encode()
    return found


def names_in(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return {file.name for file in folder.iterdir()}


def search(folder: Path) -> list[str]:
    """What was found, and in which file."""
    files = {file: file.read_bytes() for file in folder.iterdir()}
    return [
        f"{what} in {file.name}"
        for file, data in files.items()
        for what, needle in needles().items()
        if needle in data
    ]


async def test_no_file_holds_an_id_or_a_typed_word(tmp_path: Path, clock: FakeClock) -> None:
    """While the bot runs, with the write-ahead log full; and after it has stopped."""
    async with world_in(tmp_path, config(), clock) as world:
        await whole_story(world)

        assert {"porchlight.db", "porchlight.db-wal", "porchlight.db-shm", "keys.db"} <= names_in(tmp_path)
        assert search(tmp_path) == []
        codes = await world.one("SELECT count(*) FROM answer")
        assert codes > 0

    assert search(tmp_path) == []


def test_the_search_would_find_them(tmp_path: Path) -> None:
    """A file with each of them in the middle gives them all away."""
    for number, needle in enumerate(needles().values()):
        (tmp_path / f"{number}").write_bytes(b"\x00before" + needle + b"after\x00")

    assert len({line.rsplit(" in ", 1)[1] for line in search(tmp_path)}) == len(needles())


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
async def test_every_file_is_for_its_owner_only(world: World, suffix: str) -> None:
    """Nobody else on the machine reads along."""
    await world.gate.arrive(ANN)

    file = world.path.with_name(f"porchlight.db{suffix}")

    assert file.stat().st_mode & 0o077 == 0
