"""Reading the configuration: the value, or everything that is wrong with it."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource, SettingsError

from bot.config.checks import check
from bot.config.draft import Draft, draft
from bot.config.findings import Finding, Problem, find
from bot.config.lines import KeyPath, Lines
from bot.config.reading import Text, odd_characters_in, read, secrets_in
from bot.config.schema import NESTED, PREFIX, Config


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration, unless there is an error among the findings."""

    config: Config | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What has to be mended before the bot can start."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What the bot can start with, and an admin should know."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")


def load(
    path: Path,
    environ: Mapping[str, str] | None = None,
    *,
    today: date | None = None,
    without: Collection[str] = (),
) -> Loaded:
    """Read a configuration file with the environment laid over it. Never raises for what it reads.

    ``environ`` and ``today`` are the process's own and the current day unless given. Tables named in
    ``without`` are passed over, as if they were not there.
    """
    file = read(path)
    if isinstance(file, Finding):
        return Loaded(None, (file,))
    try:
        overrides = _environment(os.environ if environ is None else environ)
    except SettingsError:
        mend = f"name one value, such as {PREFIX}STORAGE{NESTED}DATABASE, or write JSON"
        told = f"a variable that begins with {PREFIX} cannot be read"
        return Loaded(None, (Finding("error", "environment", None, told, mend),))
    data = {key: value for key, value in _laid_over(file.data, overrides).items() if key not in without}
    return _loaded(file, data, overrides, today or datetime.now(UTC).date())


def _loaded(file: Text, data: dict[str, Any], overrides: Mapping[str, Any], today: date) -> Loaded:
    drafted = draft(data)
    problems = [*secrets_in(data), *odd_characters_in(data)]
    problems += _shape(drafted)
    if drafted is not None:
        problems += _semantics(drafted, today)
    lines = Lines(file.text)
    findings = [_place(find(p, data, lines), p.path, overrides) for p in _one_each(problems)]
    findings.sort(key=lambda finding: (finding.line is None, finding.line or 0))
    if drafted is None or any(finding.severity == "error" for finding in findings):
        return Loaded(None, tuple(findings))
    return Loaded(drafted.config, tuple(findings))


def _shape(drafted: Draft | None) -> Iterable[Problem]:
    if drafted is None:
        return [Problem((), "has too many mistakes to tell apart", "compare it with config.example.toml")]
    return drafted.problems


def _semantics(drafted: Draft, today: date) -> Iterable[Problem]:
    """What the checks say, except about the places that are already named."""
    for problem in check(drafted, today):
        path = drafted.origin(problem.path)
        if not drafted.is_told(path):
            yield replace(problem, path=path)


def _one_each(problems: Iterable[Problem]) -> list[Problem]:
    """The first problem of each place, so that one mistake is told once.

    A list is not called empty because what stood in it had to be taken out.
    """
    problems = list(problems)
    broken_inside = {
        problem.path[:length]
        for problem in problems
        if problem.severity == "error"
        for length in range(len(problem.path))
    }
    seen: dict[tuple[KeyPath, str], Problem] = {}
    refused: set[KeyPath] = set()
    for problem in problems:
        only_emptied = problem.problem == "is empty" and problem.path in broken_inside
        if problem.path in refused or only_emptied:
            continue
        if (
            problem.severity == "error"
            and problem.path
            and problem.problem.startswith(("holds", "is a secret"))
        ):
            refused.add(problem.path)
        seen.setdefault((problem.path, problem.problem), problem)
    return list(seen.values())


def _place(finding: Finding, path: KeyPath, overrides: Mapping[str, Any]) -> Finding:
    """Name the variable where the value came from the environment."""
    node: Any = overrides
    for part in path:
        if not isinstance(node, Mapping) or part not in node:
            return finding
        node = node[part]
        if not isinstance(node, Mapping):
            break
    if not path or isinstance(node, Mapping):
        return finding
    variable = PREFIX + NESTED.join(str(part).upper() for part in path if isinstance(part, str))
    return replace(finding, path=f"{variable} in the environment", line=None)


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Config)
    source.env_vars = {name.casefold(): value for name, value in environ.items()}
    return source()


def _laid_over(data: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(data)
    for key, value in overrides.items():
        below = merged.get(key)
        nested = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _laid_over(below, value) if nested and isinstance(below, Mapping) else value
    return merged
