"""What is printed holds: it is what the commands print, and names only what there is."""

import re
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from discord import app_commands
from discord.ext import commands
from typer.main import get_command

from bot.cli import app
from bot.config import Config, load
from bot.papers.writing import Paper, explained, written

ROOT = Path(__file__).parents[2]

NO_COMMANDS = {"/health", "/metrics"}
"""Addresses on the local page, which look like commands."""

PRINTED = {
    Paper.NOTICE: "privacy-notice.md",
    Paper.RECORD: "record-of-processing.md",
    Paper.IMPACT: "impact-assessment.md",
    Paper.BREACH: "breach.md",
    Paper.ACCESS: "who-may-do-what.md",
}
"""Which file in docs shows which paper, for the example configuration."""

_CODE = re.compile(r"`([^`\n]+)`")
_VERB = re.compile(r"(?:python -m bot|bin/porchlight) +([a-z][a-z-]*)")
_COMMAND = re.compile(r"/([a-z][a-z-]*)(?: ([a-z][a-z-]*))?(?![\w/.])")


@cache
def example() -> Config:
    """The example configuration."""
    config = load(ROOT / "config.example.toml", {}).config
    assert config is not None
    return config


def made_with(paper: Paper) -> str:
    """The line on top of a printed paper."""
    command = f"`.venv/bin/python -m bot papers {paper.value} --config config.example.toml`"
    return f"*An example, made with {command}. Yours comes from your own configuration.*\n\n"


@cache
def verbs() -> set[str]:
    """The verbs of the command line."""
    return set(getattr(get_command(app), "commands", {}))


def cogs() -> list[type[commands.Cog]]:
    """Every cog there is."""
    modules = [import_module(f"cogs.{file.stem}") for file in sorted((ROOT / "cogs").glob("[a-z]*.py"))]
    return [
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, commands.Cog) and thing.__module__ == module.__name__
    ]


@cache
def slash_commands() -> set[str]:
    """What can be typed in Discord, with and without the part of a group."""
    found = set()
    for cog in cogs():
        for command in cog.__cog_app_commands__:
            found.add(f"/{command.name}")
            if isinstance(command, app_commands.Group):
                found |= {f"/{command.name} {part.name}" for part in command.commands}
    return found


@cache
def texts() -> dict[str, str]:
    """Everything that tells people about the bot, by where it stands."""
    found = {str(file.relative_to(ROOT)): file for file in (ROOT / "docs").glob("*.md")}
    found["README.md"] = ROOT / "README.md"
    read = {name: file.read_text(encoding="utf-8") for name, file in found.items()}
    read |= {f"papers {paper.value}": written(paper, example(), "en") for paper in Paper}
    read["explain"] = explained(example(), "en")
    return read


def named_verbs(text: str) -> set[str]:
    """The verbs that a text tells to run, and those in the first column of a table of verbs."""
    rows = text.partition("\n## The command line\n")[2].partition("\n## ")[0]
    return set(_VERB.findall(text)) | set(re.findall(r"^\| `([a-z][a-z-]*)", rows, re.MULTILINE))


def named_commands(text: str) -> set[str]:
    """The commands that a text names in code, with their part where they have one."""
    groups = {name.split()[0] for name in slash_commands() if " " in name}
    found = set()
    for span in _CODE.findall(text):
        match = _COMMAND.match(span)
        if match is not None and f"/{match[1]}" not in NO_COMMANDS:
            whole = f"/{match[1]} {match[2]}" if match[2] and f"/{match[1]}" in groups else f"/{match[1]}"
            found.add(whole)
    return found


def test_the_papers_show_nothing_else_as_code() -> None:
    """Whatever stands there as code can be typed, so that the next test overlooks nothing."""
    papers = [name for name in texts() if name.split()[0] in {"papers", "explain"}]
    assert len(papers) > len(Paper)
    for name in papers:
        for span in _CODE.findall(texts()[name]):
            run = span.removeprefix(".venv/bin/python -m bot ").split()[0]
            assert run in verbs() or named_commands(f"`{span}`"), (name, span)


def test_no_text_names_a_verb_or_command_that_is_not_there() -> None:
    """Neither of the command line nor of Discord."""
    for name, text in texts().items():
        assert named_verbs(text) - verbs() == set(), name
        assert named_commands(text) - slash_commands() == set(), name


def test_the_search_finds_what_is_named() -> None:
    """It would see a verb or a command that does not exist, and is not misled by paths."""
    text = "`/no-such` and `/gate nothing`, `.venv/bin/python -m bot vanish --to x`, `/var/lib/porchlight`"
    table = "\n## The command line\n\n| `conjure --to FILE` | does |\n\n## More\n\n| `key` | means |\n"

    assert named_commands(text) == {"/no-such", "/gate nothing"}
    assert named_verbs(text + table) == {"vanish", "conjure"}
    assert {"/my-data", "/my-links"} <= named_commands(texts()["explain"])
    assert {"backup", "doctor", "rotate-key"} <= named_verbs(texts()["papers breach"])
    assert {"run", "setup", "export"} <= named_verbs(texts()["README.md"])
    assert {"/gate pause", "/review next"} <= named_commands(texts()["README.md"])


@pytest.mark.parametrize("paper", list(Paper))
def test_the_printed_papers_are_what_the_command_prints(paper: Paper) -> None:
    """To the letter, for the example configuration."""
    printed = (ROOT / "docs" / PRINTED[paper]).read_bytes()

    assert printed.decode() == made_with(paper) + written(paper, example(), "en")


def test_the_index_names_every_page() -> None:
    """Whatever lies in docs is found from there."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")

    for file in (ROOT / "docs").glob("*.md"):
        assert file.name == "README.md" or f"]({file.name})" in index, file.name


def test_all_words_are_packaged() -> None:
    """Whatever lies beside the code and is no code is named in pyproject.toml."""
    packaging = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    for file in (ROOT / "bot").rglob("*"):
        if file.is_dir() or file.suffix in {".py", ".pyc"}:
            continue
        packages = [p for p in packaging["package-data"] if file.is_relative_to(ROOT / p.replace(".", "/"))]
        inside = [(file.relative_to(ROOT / p.replace(".", "/")), p) for p in packages]
        assert any(
            fnmatch(str(path), pattern)
            for path, package in inside
            for pattern in packaging["package-data"][package]
        ), file
    for folder in {file.parent for package in ("bot", "cogs") for file in (ROOT / package).rglob("*.py")}:
        assert ".".join(folder.relative_to(ROOT).parts) in packaging["packages"]
