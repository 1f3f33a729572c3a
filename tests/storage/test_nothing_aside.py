"""No temporary file is made by anything: not by sorting, not by what is sent, written out or copied."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio, contextlib, ctypes, json, os, sqlite3, sys
from pathlib import Path

watched, home = Path(os.environ["TMPDIR"]), Path(sys.argv[1])
libc = ctypes.CDLL(None)
eyes = libc.inotify_init1(os.O_NONBLOCK)
IN_CREATE, IN_MOVED_TO, IN_OPEN = 0x100, 0x80, 0x20
assert libc.inotify_add_watch(eyes, os.fsencode(watched), IN_CREATE | IN_MOVED_TO | IN_OPEN) >= 0

from bot.copies.backup import backup
from bot.config.tables import Storage
from bot.database import Reader
from bot.export import Format, What, export
from bot.ids import new_id
from bot.screens.elements import Attachment, Screen
from bot.store import subjects
from cogs._rendering import messages_of
from tests.storage.test_bytes_at_rest import whole_story
from tests.support import FakeClock, config, world_in

SORTING = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)"
    " SELECT count(*) FROM (SELECT DISTINCT hex(randomblob(50)) || i AS x FROM n ORDER BY x)"
)


def seen():
    with contextlib.suppress(BlockingIOError):
        return len(os.read(eyes, 65536))
    return 0


def sort(connection):
    connection.execute("PRAGMA cache_size = 10")
    return connection.execute(SORTING).fetchone()[0]


async def story():
    storage = Storage(database=home / "porchlight.db", keys=home / "keys.db", key_file=home / "m" / "k")
    async with world_in(home, config(storage=storage), FakeClock(), from_nothing=True) as world:
        await whole_story(world)
        on = world.foundation
        for format_ in Format:
            await export(on, What.DISCLOSURES, format_, home / f"out.{format_}")
        messages_of(Screen("Here it is.", files=(Attachment("data.json", b"x" * 1_000_000),)))
        await on.database.write(sort)
        await on.database.read(sort)
        async with Reader.opened(storage.database) as reader:
            await reader.read(sort)
        sort(on.vault._connection)
        pair = new_id()
        on.vault.set_pair(pair)
        await on.database.write(lambda connection: subjects.set_pair(connection, pair))
        await asyncio.to_thread(backup, storage, home / "copies", world.clock())


asyncio.run(story())
aside = seen()
with contextlib.closing(sqlite3.connect(home / "porchlight.db")) as careless:
    careless.execute("PRAGMA temp_store = FILE")
    sort(careless)
print(json.dumps({"bot": aside, "careless": seen(), "left": [one.name for one in watched.iterdir()]}))
"""


def test_the_whole_story_makes_no_temporary_file(tmp_path: Path) -> None:
    """In the folder for temporary files nothing ever appears; a connection left as it comes uses it."""
    watched, home = tmp_path / "watched", tmp_path / "home"
    watched.mkdir()
    home.mkdir()
    folders = dict.fromkeys(("TMPDIR", "SQLITE_TMPDIR", "TEMP", "TMP"), str(watched))
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM, str(home)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **folders},
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr[-2000:]
    told = json.loads(ended.stdout)
    assert told["careless"] > 0
    assert (told["bot"], told["left"]) == (0, [])
