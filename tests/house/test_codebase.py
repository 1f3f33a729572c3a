"""The codebase tests itself: who imports whom, where SQL stands, and how long a file may grow."""

import ast
import re
from collections.abc import Iterator
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
    "facts",
    "file_checks",
    "ids",
    "interests",
    "lifecycle",
    "model",
    "questionnaire",
    "reconcile",
    "rules",
    "sealing",
    "text",
    "timing",
}
"""Pure modules: values in, values out."""

USE_CASES = {
    "anchors",
    "asking",
    "backup",
    "bench",
    "chain",
    "conversations",
    "decisions",
    "desk",
    "drift",
    "effects",
    "epochs",
    "erasing",
    "erasure",
    "errands",
    "export",
    "findings",
    "finishing",
    "forms",
    "foundation",
    "gate",
    "health",
    "holdings",
    "incidents",
    "keeper",
    "links",
    "looking",
    "minting",
    "pacing",
    "references",
    "refusals",
    "reminders",
    "restoring",
    "rotation",
    "retention",
    "rights",
    "rounds",
    "scopes",
    "setting_up",
    "submission",
    "sweep",
    "verifying",
    "waves",
}

SPEAK_WITH_THE_SERVER = {
    "drift",
    "effects",
    "errands",
    "findings",
    "incidents",
    "keeper",
    "pacing",
    "rounds",
    "setting_up",
}
"""Use cases that act on the server, or look at it, through a port."""

MAY_SAY_SQL = {"bot/migrations.py", "bot/database.py", "bot/vault.py"}
_SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX|TRIGGER|UNIQUE)|DROP\s"
    r"|ALTER\s|PRAGMA\s|BEGIN(\s|$)|COMMIT$|ROLLBACK|SAVEPOINT|ATTACH\s|REPLACE\s+INTO|WITH\s+\w+\s+AS)"
)


def modules(*packages: str) -> list[str]:
    """The Python files of packages, as paths from the root."""
    return [
        str(file.relative_to(ROOT)) for package in packages for file in sorted((ROOT / package).rglob("*.py"))
    ]


def tree(module: str) -> ast.Module:
    """A file, parsed."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imported(node: ast.AST) -> Iterator[str]:
    """The dotted names that an import statement brings in, modules and what is taken from them."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are written from the root"
        for alias in node.names:
            yield f"{node.module}.{alias.name}"


def imports(module: str) -> set[str]:
    """Everything a file imports, wherever it does."""
    return {name for node in ast.walk(tree(module)) for name in imported(node)}


def imports_at_once(module: str) -> set[str]:
    """What a file imports as soon as it is imported itself."""
    return {name for node in tree(module).body for name in imported(node)}


def reaches(names: set[str], *packages: str) -> set[str]:
    """Those of the names that lie in one of the packages."""
    return {name for name in names if any(name == p or name.startswith(f"{p}.") for p in packages)}


def test_there_is_something_to_look_at() -> None:
    """The lists below name files that exist, and the packages are not empty."""
    assert all((ROOT / f"bot/{name}.py").exists() for name in PURE | USE_CASES)
    assert all(modules(package) for package in PACKAGES)


@pytest.mark.parametrize("module", modules("bot"))
def test_the_core_knows_nothing_of_discord(module: str) -> None:
    """Only the composition root knows both worlds. The local page is a page, and no Discord."""
    if module != "bot/app.py":
        web = () if module == "bot/serving.py" else ("aiohttp",)
        assert reaches(imports(module), "discord", "cogs", "simcord", *web) == set()


@pytest.mark.parametrize("module", modules("bot", "cogs"))
def test_nothing_imports_the_rehearsal_but_the_command_line(module: str) -> None:
    """And that only when it is asked for."""
    found = reaches(imports(module), "rehearsal")

    assert not found or module == "bot/cli.py"
    assert reaches(imports_at_once(module), "rehearsal") == set()


@pytest.mark.parametrize("module", modules("bot", "cogs", "rehearsal", "tests"))
def test_the_simulated_discord_stands_behind_one_adaptor(module: str) -> None:
    """Its private seams are in one file."""
    if module != "rehearsal/simulation.py":
        assert reaches(imports(module), "simcord") == set()


@pytest.mark.parametrize("module", modules("cogs"))
def test_adapters_touch_no_sql_and_not_each_other(module: str) -> None:
    """They share what begins with an underscore, and reach the database through use cases only."""
    found = imports(module)

    above = ("bot.app", "bot.running", "bot.cli")
    assert reaches(found, "sqlite3", "aiosqlite", "bot.migrations", "bot.vault", *above) == set()
    assert {name for name in reaches(found, "cogs") if not name.split(".")[1].startswith("_")} == set()


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_import_pure_modules_only(name: str) -> None:
    """No database, no configuration, no loop."""
    found = imports(f"bot/{name}.py")
    from_bot = {part for n in reaches(found, "bot") for part in n.split(".")[1:2]}

    assert from_bot <= PURE
    assert reaches(found, "sqlite3", "aiosqlite", "asyncio", "pathlib", "logging") == set()


@pytest.mark.parametrize("module", modules("bot/layout"))
def test_the_layout_is_plain_values(module: str) -> None:
    """Looking at a server and judging it needs nothing but the server."""
    found = imports(module)

    assert {n for n in reaches(found, "bot") if not n.startswith("bot.layout.")} == set()
    assert reaches(found, "sqlite3", "asyncio", "pathlib", "logging", "datetime") == set()


@pytest.mark.parametrize("name", sorted(USE_CASES))
def test_use_cases_render_nothing(name: str) -> None:
    """Only the outbox turns what is recorded into screens, when it acts."""
    found = imports(f"bot/{name}.py")

    assert reaches(found, "bot.app", "bot.running", "bot.cli", "bot.words") == set()
    if name not in {"effects", "pacing"}:
        assert reaches(found, "bot.screens") == set()
    if name not in SPEAK_WITH_THE_SERVER:
        assert reaches(found, "bot.ports") == set()


@pytest.mark.parametrize("module", modules("bot/store"))
def test_the_store_knows_no_use_case(module: str) -> None:
    """Rows become dataclasses at its border, and nothing above it is known to it."""
    found = {part for n in reaches(imports(module), "bot") for part in n.split(".")[1:2]}

    assert found <= PURE | {"store", "vault"}


@pytest.mark.parametrize("module", modules("bot/config", "bot/words", "bot/papers", "bot/screens"))
def test_configuration_words_papers_and_screens_open_no_database(module: str) -> None:
    """They are values and functions over values."""
    assert reaches(imports(module), "sqlite3", "aiosqlite", "bot.database", "bot.vault", "bot.app") == set()
    if not module.startswith("bot/screens/"):
        from_bot = {part for n in reaches(imports(module), "bot") for part in n.split(".")[1:2]}
        assert from_bot & USE_CASES == set()


@pytest.mark.parametrize("module", modules("bot", "cogs"))
def test_sql_stands_in_the_store(module: str) -> None:
    """And in the three files that make and open databases."""
    if module.startswith("bot/store/") or module in MAY_SAY_SQL:
        return
    said = [
        (node.lineno, node.value)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value)
    ]

    assert said == []


@pytest.mark.parametrize("module", modules("bot", "cogs"))
def test_sql_is_never_put_together(module: str) -> None:
    """A statement is a literal; values go in as parameters. A pragma of our own number is the exception."""
    own_numbers = ("PRAGMA busy_timeout", "PRAGMA foreign_keys")
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


@pytest.mark.parametrize("module", modules(*PACKAGES))
def test_no_file_grows_too_long(module: str) -> None:
    """A file that does not fit is about more than one thing."""
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("module", modules(*PACKAGES, "tests"))
def test_nothing_is_mocked(module: str) -> None:
    """A fake of our own port, real SQLite, a simulated Discord."""
    assert reaches(imports(module), "unittest", "mock", "pytest_mock") == set()


@pytest.mark.parametrize("folder", ["main", "keys"])
def test_migrations_are_numbered_without_gaps(folder: str) -> None:
    """From one on, each with a reason in its name."""
    names = sorted(file.name for file in (ROOT / "migrations" / folder).iterdir())

    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name) for name in names)


@pytest.mark.parametrize("module", modules("tests"))
def test_test_files_have_names_of_their_own(module: str) -> None:
    """Two with the same name would be one to pytest."""
    names = [Path(other).name for other in modules("tests") if Path(other).name != "conftest.py"]

    assert Path(module).name == "conftest.py" or names.count(Path(module).name) == 1


@pytest.mark.parametrize(
    "module",
    [
        m
        for m in modules("tests/core", "tests/storage", "tests/house", "tests/config", "tests/layout")
        if "/test_" in m
    ],
)
def test_every_test_says_in_a_sentence_what_it_shows(module: str) -> None:
    """In its docstring."""
    silent = [
        node.name
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").split("\n")[0].endswith(".")
    ]

    assert silent == []
