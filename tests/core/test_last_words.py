"""Whatever goes wrong, wherever: what is written about it holds no word and no id, and no memory is dumped.

The program is a process of its own, begun as it is on the command line.
"""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import hardening
from bot.logs import LogFormat, configure

ROOT = Path(__file__).parents[2]

WORD, NUMBER, SECRET = "Quillfeather", "200000000000000001", "c2VjcmV0LWtleS1tYXRlcmlhbA=="

PROGRAM = f"""
import asyncio, sys, threading, warnings, logging

from bot import cli
from bot.logs import LogFormat, configure

typed = "{WORD} {NUMBER} {SECRET}"
form = LogFormat(sys.argv.pop())


class Unclean:
    def __del__(self):
        raise ValueError(typed)


def in_a_callback(words):
    raise LookupError(words)


async def in_a_task():
    raise ArithmeticError(typed)


async def on_the_loop():
    asyncio.create_task(in_a_task())
    asyncio.get_running_loop().call_soon(in_a_callback, typed)
    await asyncio.sleep(0.01)


@cli.app.command()
def stumble():
    configure("DEBUG", form=form)
    warnings.warn(typed)
    logging.getLogger("bot.gate").warning("%d people", typed)
    thread = threading.Thread(target=in_a_callback, args=(typed,), name=typed)
    thread.start()
    thread.join()
    Unclean()
    asyncio.run(on_the_loop(), debug=True)
    try:
        in_a_callback(typed)
    except LookupError as error:
        error.add_note(typed)
        raise OSError(typed) from error


sys.argv.append("stumble")
cli.main()
"""

PEEK = """
import ctypes, resource, sys

from bot import cli

DUMPABLE = 3


@cli.app.command()
def peek():
    print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(DUMPABLE, 0, 0, 0, 0))


sys.argv.append("peek")
cli.main()
"""


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a program says, and how it ends."""
    command = [sys.executable, "-X", "faulthandler", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)  # noqa: S603 - our own program


@pytest.mark.parametrize("form", list(LogFormat))
def test_no_error_quotes_what_was_in_memory(form: LogFormat) -> None:
    """Uncaught, in a thread, a task or a callback, at the end of an object, as a warning, in a log line."""
    ended = python(PROGRAM, form.value)

    told = ended.stdout + ended.stderr
    assert ended.returncode == 1
    for gone_wrong in (
        "UserWarning at <string>:",
        "an error that ended a thread",
        "an error that cannot be raised",
        "the event loop met an error",
        "an error that nobody caught",
        "a line of bot.gate could not be written (TypeError)",
        "builtins.ValueError",
        "builtins.ArithmeticError",
        "builtins.LookupError",
        "builtins.OSError (from LookupError)",
    ):
        assert gone_wrong in told, gone_wrong
    for secret in (WORD, NUMBER, SECRET):
        assert secret not in told, secret
    if form is LogFormat.JSON:
        lines = [line for line in ended.stderr.splitlines() if not line.startswith("a line of")]
        assert {json.loads(line)["level"] for line in lines} == {"WARNING", "ERROR", "CRITICAL"}


def test_python_itself_would_quote_all_of_it() -> None:
    """Without our part, the same program gives everything away, in each of its ways."""
    bare = PROGRAM.replace("cli.main()", "stumble()").replace('configure("DEBUG", form=form)', "pass")

    told = python(bare, "plain").stderr

    assert told.count(WORD) >= 6
    assert told.count(SECRET) >= 6


def test_the_memory_is_written_into_no_core_file() -> None:
    """No core file of any size, and nothing of the process for other programs of the same user."""
    assert python(PEEK).stdout.split() == ["0", "0", "0"]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged meanwhile."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure("DEBUG", stream)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def test_what_the_system_does_not_let_us_do_is_a_code_in_the_log(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the program goes on."""

    def forbidden() -> None:
        raise OSError(1, "Operation not permitted: /home/somebody")

    monkeypatch.setattr(hardening, "_no_core_files", forbidden)
    monkeypatch.setattr(hardening, "_not_dumpable", forbidden)

    hardening.harden()

    lines = [line.partition("bot.hardening: ")[2] for line in log.getvalue().splitlines()]
    assert lines == [
        "hardening: core_files could not be switched off (PermissionError)",
        "hardening: dumpable could not be switched off (PermissionError)",
    ]
