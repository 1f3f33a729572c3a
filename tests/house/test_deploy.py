"""The service unit: what it lets the bot do, and that it never wears out its welcome at Discord."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "porchlight.service"

IDENTIFIES_A_DAY = 1000
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "": 1}

MUST = {
    "Type": "exec",
    "User": "porchlight",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "MemoryDenyWriteExecute": "yes",
    "CapabilityBoundingSet": "",
    "StateDirectory": "porchlight",
    "StateDirectoryMode": "0700",
    "WorkingDirectory": "/var/lib/porchlight",
    "UMask": "0077",
    "LimitCORE": "0",
    "Restart": "on-failure",
    "RestartPreventExitStatus": "2",
    "TimeoutStopSec": "15",
}


def parsed(text: str) -> dict[str, list[str]]:
    """The directives of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key.strip(), []).append(value.strip())
    return found


DIRECTIVES = parsed(UNIT.read_text(encoding="utf-8"))


def seconds(name: str) -> int:
    """A length of time in the unit."""
    match = re.fullmatch(r"(\d+)(s|min|h|d|)", DIRECTIVES[name][0])
    assert match is not None
    return int(match[1]) * SECONDS[match[2]]


COPYING = ROOT / "deploy" / "porchlight-backup.service"
TIMER = ROOT / "deploy" / "porchlight-backup.timer"


def test_the_copying_unit_is_shut_in_as_much_as_the_bot() -> None:
    """It needs no network, no master key and no token; it writes the data and the two folders of copies."""
    copying = parsed(COPYING.read_text(encoding="utf-8"))
    alike = [name for name in MUST if name.startswith(("Protect", "Private", "NoNew", "Memory", "User"))]

    assert {name: copying[name] for name in alike} == {name: DIRECTIVES[name] for name in alike}
    assert copying["SystemCallFilter"] == DIRECTIVES["SystemCallFilter"]
    assert copying["PrivateNetwork"] == ["yes"]
    assert copying["InaccessiblePaths"] == ["-/var/lib/porchlight/secret"]
    assert "EnvironmentFile" not in copying
    [command], [writes] = copying["ExecStart"], copying["ReadWritePaths"]
    assert command.split()[1:4] == ["backup", "--config", "/etc/porchlight/config.toml"]
    assert re.search(r"--to (\S+) --keys-to (\S+)$", command)
    assert {part for part in command.split() if part.startswith("/var")} <= set(writes.split())


def test_a_copy_is_made_every_night() -> None:
    """And after a night in which the machine was off; the timer is named as the unit that it starts."""
    timer = parsed(TIMER.read_text(encoding="utf-8"))

    assert (timer["Persistent"], TIMER.stem) == (["yes"], COPYING.stem)
    assert timer["OnCalendar"][0].startswith("*-*-* 03:")


@pytest.mark.parametrize("name", MUST)
def test_the_unit_shuts_what_it_can(name: str) -> None:
    """Each directive that the safety of the data leans on stands there once, as it should."""
    assert DIRECTIVES[name] == [MUST[name]]


def test_a_crash_loop_never_logs_in_too_often() -> None:
    """However it fails, in two days that meet it starts less often than Discord allows in one."""
    starts = int(DIRECTIVES["StartLimitBurst"][0])

    assert seconds("StartLimitIntervalSec") == SECONDS["d"]
    assert 2 * starts < IDENTIFIES_A_DAY
    assert seconds("RestartSec") >= 10


def test_only_what_a_service_needs_may_be_asked_of_the_system() -> None:
    """The list of calls, less those that change privileges and resources."""
    assert DIRECTIVES["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert DIRECTIVES["SystemCallArchitectures"] == ["native"]


def test_no_secret_stands_in_the_unit() -> None:
    """The token comes from a file of its own; the command is one that exists, with options that do."""
    text = UNIT.read_text(encoding="utf-8")

    assert "Environment=" not in text
    assert DIRECTIVES["EnvironmentFile"] == ["/etc/porchlight/secrets.env"]
    [command] = DIRECTIVES["ExecStart"]
    arguments = command.split()
    assert arguments[:2] == ["/opt/porchlight/.venv/bin/porchlight", "run"]
    helped = subprocess.run(
        [sys.executable, "-m", "bot", "run", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert option in re.sub(r"\x1b\[[0-9;]*m", "", helped.stdout)


FORBIDS_WRITABLE_CODE = """
import ctypes, os
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE: what MemoryDenyWriteExecute asks of a newer kernel
import sqlite3, ssl
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
import bot.running, bot.cli
key, nonce = AESGCM(bytes(32)), os.urandom(12)
assert key.decrypt(nonce, key.encrypt(nonce, b"x", b""), b"") == b"x"
ssl.create_default_context()
sqlite3.connect(":memory:").execute("SELECT 1")
print("fine")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_nothing_here_needs_memory_that_is_both_written_and_run() -> None:
    """Python, its libraries and the encryption work where that is forbidden."""
    done = subprocess.run(  # noqa: S603 - our own lines
        [sys.executable, "-c", FORBIDS_WRITABLE_CODE], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.returncode) == ("fine\n", 0), done.stderr


ANALYZE = shutil.which("systemd-analyze")
UNITS = (UNIT, COPYING)


@pytest.mark.skipif(ANALYZE is None, reason="this machine has no systemd")
@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_systemd_takes_the_unit_and_calls_it_safe(file: Path, tmp_path: Path) -> None:
    """It finds nothing to complain of, and rates the exposure low."""
    assert ANALYZE is not None
    unit = tmp_path / file.name
    text = file.read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/porchlight/.venv/bin/porchlight", sys.executable), encoding="utf-8")
    verified = subprocess.run(  # noqa: S603 - systemd's own tool
        [ANALYZE, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert file.name not in verified.stderr, verified.stderr
    rated = subprocess.run(  # noqa: S603 - as above
        [ANALYZE, "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    level = re.search(r"exposure level for \S+: ([\d.]+)", rated.stdout)
    assert level is not None, rated.stderr
    assert float(level[1]) < 2
