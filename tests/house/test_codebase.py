"""The codebase tests itself: who imports whom, where SQL stands, and how long a file may grow."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "cogs", "rehearsal")

LONGEST = 350

PURE = {
    "access",
    "answers",
    "clock",
    "conditions",
    "copies.file_checks",
    "facts",
    "fairness.lines",
    "fairness.naming",
    "ids",
    "interests",
    "keys.sealing",
    "lifecycle",
    "model",
    "questionnaire",
    "reconcile",
    "review.next_step",
    "review.voting",
    "rules",
    "text",
    "timing",
}
"""Pure modules: values in, values out."""

USE_CASES = {
    "asking",
    "concerns.echo",
    "concerns.handling",
    "concerns.leaving",
    "concerns.patterns",
    "concerns.telling",
    "concerns.wishes",
    "copies.backup",
    "copies.restoring",
    "drift",
    "effects",
    "export",
    "fairness.aside",
    "fairness.hands",
    "fairness.interests",
    "fairness.late",
    "fairness.organisations",
    "fairness.outside",
    "fairness.staffing",
    "fairness.ties",
    "findings",
    "forgetting.erasing",
    "forgetting.erasure",
    "forgetting.errands",
    "forgetting.finishing",
    "forgetting.retention",
    "forgetting.scopes",
    "forms",
    "foundation",
    "gate",
    "health",
    "holdings",
    "incidents",
    "keeper",
    "keys.rotation",
    "links",
    "log.anchors",
    "log.chain",
    "log.epochs",
    "log.references",
    "log.verifying",
    "minting",
    "pacing",
    "reminders",
    "review.alerts",
    "review.appeal_desk",
    "review.appeal_files",
    "review.appeals",
    "review.bench",
    "review.claims",
    "review.conditions",
    "review.confirming",
    "review.conversations",
    "review.decisions",
    "review.desk",
    "review.drafts",
    "review.filtering",
    "review.following",
    "review.looking",
    "review.second_looks",
    "review.more",
    "review.motions",
    "review.readiness",
    "review.record",
    "review.questions",
    "review.talks",
    "review.queue",
    "review.stats",
    "rights",
    "rounds",
    "setting_up",
    "submission",
    "sweep",
    "waves",
}

SPEAK_WITH_THE_SERVER = {
    "drift",
    "effects",
    "findings",
    "forgetting.errands",
    "incidents",
    "keeper",
    "pacing",
    "rounds",
    "setting_up",
}
"""Use cases that act on the server, or look at it, through a port."""

ROOMS = {"concerns", "copies", "fairness", "forgetting", "keys", "log", "review"}
"""Packages of the core whose modules the lists name one by one."""

MAY_SAY_SQL = {"bot/migrations.py", "bot/database.py", "bot/vault.py"}
_SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX|TRIGGER|UNIQUE)|DROP\s"
    r"|ALTER\s|PRAGMA\s|BEGIN(\s|$)|COMMIT$|ROLLBACK|SAVEPOINT|ATTACH\s|REPLACE\s+INTO|WITH\s+\w+\s+AS)"
)


@cache
def modules(*packages: str) -> list[str]:
    """The Python files of packages, as paths from the root."""
    return [
        str(file.relative_to(ROOT)) for package in packages for file in sorted((ROOT / package).rglob("*.py"))
    ]


@cache
def tree(module: str) -> ast.Module:
    """A file, parsed once for all who look at it."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imported(node: ast.AST) -> Iterator[str]:
    """The dotted names that an import statement brings in, modules and what is taken from them."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are written from the root"
        for alias in node.names:
            yield f"{node.module}.{alias.name}"


@cache
def imports(module: str) -> set[str]:
    """Everything a file imports, wherever it does."""
    return {name for node in ast.walk(tree(module)) for name in imported(node)}


@cache
def imports_at_once(module: str) -> set[str]:
    """What a file imports as soon as it is imported itself."""
    return {name for node in tree(module).body for name in imported(node)}


def reaches(names: set[str], *packages: str) -> set[str]:
    """Those of the names that lie in one of the packages."""
    return {name for name in names if any(name == p or name.startswith(f"{p}.") for p in packages)}


def path_of(name: str) -> str:
    """Where a module of the core stands that a list above names."""
    return f"bot/{name.replace('.', '/')}.py"


def parts_of_the_core(names: set[str]) -> set[str]:
    """The modules of the core that names come from; of other packages, the package."""
    found = set()
    for name in reaches(names, "bot"):
        part, *rest = name.split(".")[1:]
        inner = f"{part}.{rest[0]}" if rest else part
        found.add(inner if inner in PURE | USE_CASES or part in ROOMS else part)
    return found


def test_there_is_something_to_look_at() -> None:
    """The lists below name files that exist, and the packages are not empty."""
    assert all((ROOT / path_of(name)).exists() for name in PURE | USE_CASES)
    assert all(modules(package) for package in PACKAGES)


def test_the_core_knows_nothing_of_discord() -> None:
    """Only the composition root knows both worlds. The local page is a page, and no Discord."""
    for module in modules("bot"):
        if module != "bot/app.py":
            web = () if module == "bot/serving.py" else ("aiohttp",)
            assert reaches(imports(module), "discord", "cogs", "simcord", *web) == set(), module


def test_nothing_imports_the_rehearsal_but_the_command_line() -> None:
    """And that only when it is asked for."""
    for module in modules("bot", "cogs"):
        found = reaches(imports(module), "rehearsal")

        assert not found or module == "bot/cli.py", module
        assert reaches(imports_at_once(module), "rehearsal") == set(), module


def test_the_simulated_discord_stands_behind_one_adaptor() -> None:
    """Its private seams are in one file."""
    for module in modules("bot", "cogs", "rehearsal", "tests"):
        if module != "rehearsal/simulation.py":
            assert reaches(imports(module), "simcord") == set(), module


def test_adapters_touch_no_sql_and_not_each_other() -> None:
    """They share what begins with an underscore, and reach the database through use cases only."""
    for module in modules("cogs"):
        found = imports(module)

        above = ("bot.app", "bot.running", "bot.cli")
        assert reaches(found, "sqlite3", "aiosqlite", "bot.migrations", "bot.vault", *above) == set(), module
        assert {name for name in reaches(found, "cogs") if not name.split(".")[1].startswith("_")} == set(), (
            module
        )


def test_pure_modules_import_pure_modules_only() -> None:
    """No database, no configuration, no loop."""
    for name in sorted(PURE):
        found = imports(path_of(name))
        from_bot = parts_of_the_core(found)

        assert from_bot <= PURE, name
        assert reaches(found, "sqlite3", "aiosqlite", "asyncio", "pathlib", "logging") == set(), name


def test_the_layout_is_plain_values() -> None:
    """Looking at a server and judging it needs nothing but the server."""
    for module in modules("bot/layout"):
        found = imports(module)

        assert {n for n in reaches(found, "bot") if not n.startswith("bot.layout.")} == set(), module
        assert reaches(found, "sqlite3", "asyncio", "pathlib", "logging", "datetime") == set(), module


def test_use_cases_render_nothing() -> None:
    """Only the outbox turns what is recorded into screens, when it acts."""
    for name in sorted(USE_CASES):
        found = imports(path_of(name))

        assert reaches(found, "bot.app", "bot.running", "bot.cli", "bot.words") == set(), name
        if name not in {"effects", "pacing"}:
            assert reaches(found, "bot.screens") == set(), name
        if name not in SPEAK_WITH_THE_SERVER:
            assert reaches(found, "bot.ports") == set(), name


def test_the_store_knows_no_use_case() -> None:
    """Rows become dataclasses at its border, and nothing above it is known to it."""
    for module in modules("bot/store"):
        found = parts_of_the_core(imports(module))

        assert found <= PURE | {"store", "vault"}, module


def test_configuration_words_papers_and_screens_open_no_database() -> None:
    """They are values and functions over values."""
    for module in modules("bot/config", "bot/words", "bot/papers", "bot/screens"):
        assert (
            reaches(imports(module), "sqlite3", "aiosqlite", "bot.database", "bot.vault", "bot.app") == set()
        ), module
        if not module.startswith("bot/screens/"):
            from_bot = parts_of_the_core(imports(module))
            assert from_bot & USE_CASES == set(), module


def test_sql_stands_in_the_store() -> None:
    """And in the three files that make and open databases."""
    for module in modules("bot", "cogs"):
        if module.startswith("bot/store/") or module in MAY_SAY_SQL:
            continue
        said = [
            (node.lineno, node.value)
            for node in ast.walk(tree(module))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value)
        ]

        assert said == [], module


def test_sql_is_never_put_together() -> None:
    """A statement is a literal; values go in as parameters. A pragma of our own number is the exception."""
    own_numbers = ("PRAGMA busy_timeout", "PRAGMA foreign_keys")
    for module in modules("bot", "cogs"):
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.JoinedStr):
                begun = node.values[0]
                literal = str(begun.value) if isinstance(begun, ast.Constant) else ""
                own_number = literal.startswith(own_numbers)
                assert not _SQL.match(literal) or own_number, (module, node.lineno)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
                parts = [side.value for side in (node.left, node.right) if isinstance(side, ast.Constant)]
                assert not any(isinstance(part, str) and _SQL.match(part) for part in parts), (
                    module,
                    node.lineno,
                )


def test_the_search_for_sql_would_find_some() -> None:
    """The store is full of it."""
    found = [
        node.value
        for module in modules("bot/store")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value)
    ]

    assert len(found) > 60


def test_no_file_grows_too_long() -> None:
    """A file that does not fit is about more than one thing."""
    for module in modules(*PACKAGES):
        assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= LONGEST, module


def test_nothing_is_mocked() -> None:
    """A fake of our own port, real SQLite, a simulated Discord."""
    for module in modules(*PACKAGES, "tests"):
        assert reaches(imports(module), "unittest", "mock", "pytest_mock") == set(), module


@pytest.mark.parametrize("folder", ["main", "keys"])
def test_migrations_are_numbered_without_gaps(folder: str) -> None:
    """From one on, each with a reason in its name."""
    names = sorted(file.name for file in (ROOT / "migrations" / folder).iterdir())

    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name) for name in names)


def test_test_files_have_names_of_their_own() -> None:
    """Two with the same name would be one to pytest."""
    names = [Path(module).name for module in modules("tests")]
    for module in modules("tests"):
        assert Path(module).name == "conftest.py" or names.count(Path(module).name) == 1, module


def test_every_test_says_in_a_sentence_what_it_shows() -> None:
    """In its docstring."""
    for module in modules("tests/core", "tests/storage", "tests/house", "tests/config", "tests/layout"):
        silent = [
            node.name
            for node in ast.walk(tree(module))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
            and not (ast.get_docstring(node) or "").split("\n")[0].endswith(".")
        ]

        assert silent == [], module
