"""What the tests on the stage share: the whole bot on a simulated server, and an ear for errors."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.config import Config, load
from rehearsal.theatre import Theatre, raised
from tests.stage.acts import Edited, Errors, Stage, check_everything_sent, in_one_task
from tests.support import MASTER, lay_fresh_files

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def errors() -> Iterator[Errors]:
    """No test leaves an error in the log, unless it says that it expects one."""
    ear = Errors()
    loggers = [logging.getLogger(name) for name in ("discord", "bot", "cogs")]
    for logger in loggers:
        logger.addHandler(ear)
    yield ear
    for logger in loggers:
        logger.removeHandler(ear)
    assert ear.expected or not ear.records, ear.lines


@pytest.fixture(scope="session")
def example() -> Path:
    """The example configuration's file."""
    return ROOT / "config.example.toml"


@pytest.fixture(scope="session")
def config(example: Path) -> Config:
    """The example configuration, as it is shipped."""
    loaded = load(example, {})
    assert loaded.config is not None
    return loaded.config


@pytest.fixture
def edited(example: Path, tmp_path: Path) -> Edited:
    """Makes a configuration out of the example's text."""

    def edit(*pairs: tuple[str, str]) -> Config:
        text = example.read_text(encoding="utf-8")
        for before, after in pairs:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        file = tmp_path / "edited.toml"
        file.write_text(text, encoding="utf-8")
        loaded = load(file, {})
        assert loaded.config is not None, loaded.errors
        return loaded.config

    return edit


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Raises a stage with a configuration of the test's own. In the end, all that was sent has to fit."""
    async with AsyncExitStack() as stages:

        async def raise_it(config: Config) -> Theatre:
            if not (tmp_path / "keys.db").exists():
                lay_fresh_files(tmp_path)
            theatre = await stages.enter_async_context(in_one_task(raised(config, tmp_path, master=MASTER)))
            stages.callback(check_everything_sent, theatre)
            return theatre

        yield raise_it


@pytest.fixture
async def theatre(stage: Stage, config: Config) -> Theatre:
    """The bot on its server, with nobody there yet."""
    return await stage(config)
