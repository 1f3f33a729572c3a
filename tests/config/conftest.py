"""What the tests of the configuration share: the example file, and a way to load an edited one."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from bot.config import Loaded, load

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 3, 1)

Load = Callable[..., Loaded]


@pytest.fixture(scope="session")
def example() -> str:
    """The text of config.example.toml."""
    return (ROOT / "config.example.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def load_text(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Loads a text, or bytes, as if it stood in config.toml, with nothing in the environment."""
    file = tmp_path_factory.mktemp("config") / "config.toml"

    def load_it(text: str | bytes, environ: Mapping[str, str] | None = None) -> Loaded:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(file, environ or {}, today=TODAY)

    return load_it
