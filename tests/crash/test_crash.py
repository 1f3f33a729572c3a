"""Stopped dead at any step and started again, the bot ends where it would have ended undisturbed.

The process is really killed, and a new one opens the same files. Whoever got no answer does the same
again. Nothing is lost and nothing is doubled: no answer, decision, role, card, message or log line.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.crash.stoppable import LastingServer, Steps
from tests.crash.tales import BEFORE, FIRST_START, TALES
from tests.support import FakeClock, FakeDoorkeeper, FakeLookout, config, world_in

ROOT = Path(__file__).parents[2]


class Nursery:
    """The warm process that forks a child for each run."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, tale: str, folder: Path, stop_at: int | None) -> dict[str, Any]:
        """Play a tale in a folder, to its end or to a step."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(
            json.dumps({"tale": tale, "folder": str(folder), "stop_at": stop_at}) + "\n"
        )
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """No more runs."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One warm process for the module."""
    warm = Nursery()
    yield warm
    warm.close()


@pytest.mark.parametrize("tale", TALES)
def test_a_stop_at_any_step_changes_nothing(tale: str, nursery: Nursery, tmp_path: Path) -> None:
    """Every step of the tale in turn."""
    empty = tmp_path / "empty"
    empty.mkdir()
    if tale != FIRST_START:
        asyncio.run(_files_made(empty, tale))
    whole = shutil.copytree(empty, tmp_path / "whole")
    undisturbed = nursery.run(tale, whole, None)["result"]
    steps: list[str] = undisturbed["steps"]
    different = {}
    for number, name in _each_once(steps):
        folder = shutil.copytree(empty, tmp_path / str(number))
        stopped = nursery.run(tale, folder, number)
        assert stopped["killed"], (number, name)
        again = nursery.run(tale, folder, None)
        assert again["result"] is not None, (number, name)
        if again["result"]["left"] != undisturbed["left"]:
            different[f"{number} {name}"] = _difference(undisturbed["left"], again["result"]["left"])

    assert len(steps) >= 5
    assert different == {}


def _each_once(steps: list[str]) -> list[tuple[int, str]]:
    """The last of all steps of the same name within an act; of two that leave the same behind, one."""
    chosen = {name: number for number, name in enumerate(steps)}.values()
    return sorted((n, steps[n]) for n in chosen if not _leaves_the_same(steps, n, frozenset(chosen)))


def _leaves_the_same(steps: list[str], number: int, chosen: frozenset[int]) -> bool:
    """Whether another chosen step of the act stands for this one, because nothing lasting lies between them.

    Just before a commit all is as it was right after the call before it; and a commit of nothing leaves
    what there is before the next one, or when the answer is given.
    """
    doing, name = steps[number].split(": ", 1)
    after_a_call = f"{doing}: after "
    if " commits" in name and number - 1 in chosen and steps[number - 1].startswith(after_a_call):
        return True
    follows = steps[number + 1] if number + 1 in chosen else ""
    return (
        name.endswith("porchlight commits ")
        and follows.startswith(f"{doing}: ")
        and not follows.startswith(after_a_call)
    )


async def _files_made(folder: Path, tale: str) -> None:
    """The files as a first start leaves them, and what happened before the tale."""
    server = LastingServer(folder / "server.json", Steps(None))
    # The world asks no more of it than the port does.
    doorkeeper, lookout = cast("FakeDoorkeeper", server), cast("FakeLookout", server)
    async with world_in(folder, config(), FakeClock(), doorkeeper, lookout) as world:
        for act in BEFORE.get(tale, []):
            await act(world, server)


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return {key: (expected[key], found[key]) for key in expected if expected[key] != found[key]}
