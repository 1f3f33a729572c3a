"""What every verb of the command line shares: where to speak, which file to read, and how to end."""

import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot.config import Config, Loaded, load

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The TOML file. Default: PORCHLIGHT_CONFIG, else config.toml."),
]


def path_of(given: Path | None) -> Path:
    """The configuration file that is meant."""
    return given or Path(os.environ.get("PORCHLIGHT_CONFIG", "config.toml"))


def say(loaded: Loaded, path: Path, console: Console) -> None:
    """Everything that was found in a configuration, a line each."""
    for finding in loaded.findings:
        mark = "warning: " if finding.severity == "warning" else ""
        console.print(f"{mark}{finding.told(str(path))}", markup=False)


def loaded_or_end(given: Path | None) -> Config:
    """The configuration, or exit 2 with everything that is wrong with it."""
    path = path_of(given)
    loaded = load(path)
    if loaded.config is None:
        say(loaded, path, err)
        raise typer.Exit(2)
    return loaded.config


def end(sentence: str, code: int) -> NoReturn:
    """Say why, and exit."""
    err.print(sentence, markup=False)
    raise typer.Exit(code)


def plain(name: str) -> str:
    """A name from Discord as a terminal may show it: no control characters, and none that turn text."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)
