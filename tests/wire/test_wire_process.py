"""The bot as a real process: told to stop, or killed, whatever it is doing; and started again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support import config
from tests.wire.loopback import SELF, Fault, Loopback

ROOT = Path(__file__).parents[2]
IDS = config().discord
assert IDS is not None
MESSAGES = rf"/channels/{IDS.quarantine_channel}/messages"
TEN_SECONDS = 10.0
LONG_ENOUGH = 60.0
"""For a process to come up on a busy machine. What is measured begins after that."""

CONFIG = f"""
[community]
name = "The Harbour"
discreet_name = "your community"
work_contact = "work@harbour.example"
privacy_contact = "privacy@harbour.example"

[storage]
database = "porchlight.db"
keys = "keys.db"
key_file = "master.key"
ledger = "erasures.jsonl"

[discord]
server = "{IDS.server}"
member_role = "{IDS.member_role}"
quarantine_channel = "{IDS.quarantine_channel}"
review_channel = "{IDS.review_channel}"
welcome_channel = "{IDS.welcome_channel}"
moderator_roles = ["{IDS.moderator_roles[0]}"]
"""


def guild() -> dict[str, object]:
    """A server that nobody sees anything of without a role."""
    assert IDS is not None
    everyone = {"id": str(IDS.server), "name": "@everyone", "permissions": "0", "position": 0, "color": 0}
    bot: dict[str, object] = {
        "user": SELF,
        "roles": [],
        "joined_at": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
    return {
        "id": str(IDS.server), "name": "The Harbour", "owner_id": "1", "roles": [everyone], "members": [bot],
        "channels": [], "threads": [], "emojis": [], "stickers": [], "features": [], "member_count": 1,
        "voice_states": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [],
        "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
        "mfa_level": 0, "premium_tier": 0, "nsfw_level": 0, "preferred_locale": "en-US", "afk_timeout": 0,
        "system_channel_flags": 0, "premium_progress_bar_enabled": False, "unavailable": False,
    }  # fmt: skip


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A Discord on loopback, with one server."""
    loopback = Loopback(lambda: datetime.now(UTC), guild=guild())
    async with loopback.served() as served:
        yield served


@asynccontextmanager
async def running(server: Loopback, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot, as a process, with its data in a folder."""
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    environment = {**os.environ, "DISCORD_TOKEN": "token", "PYTHONPATH": str(ROOT)}
    environment.pop("PORCHLIGHT_KEY", None)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("bot_process.py")),
        server.base,
        server.gateway,
        "config.toml",
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(event: asyncio.Event) -> None:
    """Wait for something to happen at Discord."""
    async with asyncio.timeout(LONG_ENOUGH):
        await event.wait()


async def panel_stands(server: Loopback) -> None:
    """Wait until the panel was posted."""
    assert IDS is not None
    async with asyncio.timeout(LONG_ENOUGH):
        while not server.messages[IDS.quarantine_channel]:  # noqa: ASYNC110 - it comes from another process
            await asyncio.sleep(0.05)


async def ends_in_good_order(process: asyncio.subprocess.Process, folder: Path) -> float:
    """The process ends with 0 and everything in the files; how long it took."""
    begun = time.monotonic()
    output, _ = await process.communicate()
    took = time.monotonic() - begun
    told = output.decode()
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert took < TEN_SECONDS, told
    for file in ("porchlight.db", "keys.db"):
        log = folder / f"{file}-wal"
        assert not log.exists() or log.stat().st_size == 0
    return took


async def starts_again_without_a_second_panel(server: Loopback, tmp_path: Path) -> None:
    """The next start finds the panel that was posted, although Discord has forgotten its nonce."""
    assert IDS is not None
    server.mend()
    server.forget_nonces()
    async with running(server, tmp_path) as process:
        async with asyncio.timeout(LONG_ENOUGH):
            while not server.calls["GET", MESSAGES]:  # noqa: ASYNC110 - it comes from another process
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        await ends_in_good_order(process, tmp_path)
    assert len(server.messages[IDS.quarantine_channel]) == 1


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM, signal.SIGINT)])
async def test_a_signal_ends_a_connected_bot_in_good_order(
    server: Loopback, tmp_path: Path, signals: tuple[signal.Signals, ...]
) -> None:
    """SIGTERM or SIGINT, once or again while it is ending."""
    async with running(server, tmp_path) as process:
        await panel_stands(server)
        for number in signals:
            with suppress(ProcessLookupError):
                process.send_signal(number)
            await asyncio.sleep(0.1)
        await ends_in_good_order(process, tmp_path)


async def test_a_signal_ends_a_bot_whose_discord_has_stopped_answering(
    server: Loopback, tmp_path: Path
) -> None:
    """A call hangs, and so does the farewell; the next start finds the one panel that was posted."""
    assert IDS is not None
    server.listens = False
    server.put(Fault.SILENT_AFTER, "POST", MESSAGES, 0)
    async with running(server, tmp_path) as process:
        await until(server.hung)
        process.send_signal(signal.SIGTERM)
        await ends_in_good_order(process, tmp_path)
    await starts_again_without_a_second_panel(server, tmp_path)


@pytest.mark.parametrize("where", ["gateway", "login"])
async def test_a_signal_ends_a_bot_that_is_not_connected_yet(
    server: Loopback, tmp_path: Path, where: str
) -> None:
    """The gateway does not say hello, or the token is still being looked at."""
    server.greets = False
    if where == "login":
        server.put(Fault.SILENT, "GET", "/users/@me", 0)
    async with running(server, tmp_path) as process:
        await until(server.connected if where == "gateway" else server.hung)
        process.send_signal(signal.SIGTERM)
        await ends_in_good_order(process, tmp_path)


async def test_a_bot_that_is_killed_in_the_middle_of_a_call_posts_no_second_panel(
    server: Loopback, tmp_path: Path
) -> None:
    """The message stands, the answer never came, and Discord has forgotten its nonce."""
    assert IDS is not None
    server.put(Fault.SILENT_AFTER, "POST", MESSAGES, 0)
    async with running(server, tmp_path) as process:
        await until(server.hung)
        process.kill()
        await process.wait()
    await starts_again_without_a_second_panel(server, tmp_path)
