"""Runs a tale in a process of its own, to its end or to the step at which it is stopped dead.

One process stays warm and forks a child for each run, so that hundreds of real stops take seconds.
It reads one line of JSON per run, and answers with one.
"""

import asyncio
import gc
import json
import os
import signal
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from bot.config import Config
from tests.crash.stoppable import LastingServer, Steps, watching_commits
from tests.crash.tales import CONFIRM, STEP, TALES, what_is_left
from tests.support import NOW, FakeClock, FakeDoorkeeper, FakeLookout, config, world_in

WAY = {"after_lapse": "remove", "way_back": "https://harbour.example/back"}


@cache
def _settings(tale: str) -> Config:
    return config(timers=WAY, confirm=CONFIRM.get(tale, {}))


async def perform(tale: str, folder: Path, stop_at: int | None) -> dict[str, Any]:
    """Play a tale from where it was left, and say what is left of it and which steps were passed."""
    settings, steps = _settings(tale), Steps(stop_at)
    journal = folder / "acts"
    acts = TALES[tale]
    done, moment = journal.read_text().split(" ") if journal.exists() else ("0", NOW.isoformat())
    clock = FakeClock(datetime.fromisoformat(moment))
    server = LastingServer(folder / "server.json", steps)
    with watching_commits(steps):
        # The world asks no more of it than the port does; tests elsewhere look at calls.
        doorkeeper, lookout = cast("FakeDoorkeeper", server), cast("FakeLookout", server)
        async with world_in(folder, settings, clock, doorkeeper, lookout, from_nothing=True) as world:
            for number in range(int(done), len(acts)):
                steps.doing = f"act {number}"
                await acts[number](world, server)
                steps.reached("answered, unheard")
                clock.now += STEP
                journal.write_text(f"{number + 1} {clock.now.isoformat()}")
            steps.doing = "end"
            return {"steps": steps.names, "left": await what_is_left(world, server)}


def warm_up() -> None:
    """Play a tale here, so that what is read once is read, and no child has to do it again."""
    with TemporaryDirectory() as folder:
        asyncio.run(perform("a nil return is let in", Path(folder), None))
    # A child that looked through all that lies here would make a copy of it.
    gc.freeze()


def main() -> None:
    """Answer one line with one line, until there are no more."""
    warm_up()
    for line in sys.stdin:
        wanted = json.loads(line)
        _settings(wanted["tale"])
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            told_of = asyncio.run(perform(wanted["tale"], Path(wanted["folder"]), wanted["stop_at"]))
            with os.fdopen(writer, "w") as out:
                json.dump(told_of, out)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answer:
            told = answer.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        result = json.loads(told) if told else None
        print(json.dumps({"killed": killed, "status": status, "result": result}), flush=True)  # noqa: T201 - the answer to whoever started this process


if __name__ == "__main__":
    main()
