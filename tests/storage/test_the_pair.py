"""The database and keys.db belong together, and nothing is done to either when they do not."""

import sqlite3
from pathlib import Path

import pytest

from bot.config import Config
from bot.config.tables import Storage
from bot.forms import Forms
from bot.gate import Gate
from bot.opening import CannotStart, opened
from bot.store import subjects
from bot.vault import KeyProblem
from tests.support import ANN, config

MASTER = bytes(range(32))


def at(folder: Path, database: str = "p.db", keys: str = "k.db") -> Config:
    """A configuration whose files lie in a folder."""
    storage = Storage(
        database=folder / database, keys=folder / keys, key_file=folder / "m.key", ledger=folder / "e"
    )
    return config().model_copy(update={"storage": storage})


async def with_ann(folder: Path) -> None:
    """A community in which one person is known."""
    async with opened(at(folder), MASTER) as foundation:
        await Gate(foundation, Forms(foundation)).arrive(ANN)


async def ann_is_readable(folder: Path) -> bool:
    """Whether she is known, and her sealed id opens."""
    async with opened(at(folder), MASTER) as foundation:

        def read(connection: sqlite3.Connection) -> bool:
            subject = foundation.find(connection, ANN.user_id)
            if subject is None:
                return False
            key = foundation.vault.key(subject.key_id)
            return subjects.user_id(connection, key, subject.id) == ANN.user_id

        return await foundation.database.read(read)


@pytest.mark.parametrize(
    ("database", "keys"), [("mistyped.db", "k.db"), ("p.db", "mistyped.db")], ids=["database", "keys"]
)
async def test_a_mistyped_path_starts_nothing_and_destroys_nothing(
    tmp_path: Path, database: str, keys: str
) -> None:
    """An empty file beside a full one is a mistake, not a new community."""
    await with_ann(tmp_path)

    with pytest.raises(KeyProblem, match="do not belong together"):
        async with opened(at(tmp_path, database, keys), MASTER):
            pass

    assert await ann_is_readable(tmp_path)


async def test_only_one_bot_works_on_the_same_files(tmp_path: Path) -> None:
    """Neither on the same database nor on the same keys; an export beside it is welcome."""
    async with opened(at(tmp_path), MASTER):
        for other in (at(tmp_path), at(tmp_path, database="other.db"), at(tmp_path, keys="other.db")):
            with pytest.raises(CannotStart, match="Another Porchlight"):
                async with opened(other, MASTER):
                    pass
        async with opened(at(tmp_path), MASTER, beside=True) as foundation:
            assert await foundation.database.read(subjects.any_known) is False


async def test_working_beside_the_bot_leaves_its_keys_alone(tmp_path: Path) -> None:
    """Keys that nobody uses yet may be the running bot's next ones."""
    async with opened(at(tmp_path), MASTER) as foundation:
        gate = Gate(foundation, Forms(foundation))
        foundation.vault.have_ready(1)
        async with opened(at(tmp_path), MASTER, beside=True):
            pass
        await gate.arrive(ANN)
    assert await ann_is_readable(tmp_path)
