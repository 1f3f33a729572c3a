"""What the tests of the core and of the storage share: the whole core on real files, and a plain vault."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.vault import Vault
from tests.support import MASTER, FakeClock, World, config, world_in

settings.register_profile("porchlight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", parent=settings.get_profile("porchlight"), derandomize=True)
settings.load_profile("repeatable" if os.environ.get("CI") else "porchlight")
"""A busy machine is no failure: what a property may take is not what it shows. Contributors search with
new examples each time; the automatic check repeats the same ones, so that it judges the change."""


@pytest.fixture
def clock() -> FakeClock:
    """The time, which stands still until a test moves it."""
    return FakeClock()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The core on real files, with the shipped questionnaire and rules."""
    async with world_in(tmp_path, config(), clock) as opened:
        yield opened


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An open vault with the fixed master key."""
    with Vault.opened(tmp_path / "keys.db", MASTER) as opened:
        yield opened
