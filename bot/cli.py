"""The command line. Exit codes: 0 done, 1 a problem was found and named, 2 unusable configuration."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import backup, init, keys, papers, retention, rights, setup, verify
from bot.commands.endings import ending
from bot.commands.terminal import ConfigOption, out
from bot.commands.terminal import end as _end
from bot.commands.terminal import loaded_or_end as _loaded
from bot.commands.terminal import path_of as _path
from bot.commands.terminal import say as _say
from bot.config import Secrets, load
from bot.database import StorageUnavailable
from bot.export import Format, What
from bot.forgetting.ledger import LedgerProblem
from bot.hardening import harden
from bot.logs import LogFormat, catch_everything, configure
from bot.migrations import SchemaProblem
from bot.opening import CannotStart, NotNow, master_key, opened
from bot.vault import KeyProblem

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Porchlight keeps a Discord server closed until somebody decides, and makes honesty easy.",
)

app.command("init")(init.init)
app.command("setup")(setup.setup)
app.command("backup")(backup.backup)
app.command("explain")(papers.explain)
app.command("papers")(papers.papers)
app.command("restore")(backup.restore)
app.command("keygen")(keys.keygen)
app.command("rotate-key")(keys.rotate_key)
app.command("recovery-copy")(keys.recovery_copy)
app.command("retention")(retention.retention)
app.add_typer(rights.app, name="rights")
app.command("verify")(verify.verify)


def main() -> None:
    """Run the command line. Nothing that goes wrong writes out what is in memory."""
    configure("WARNING")
    catch_everything()
    harden()
    # Called itself, typer's application would put back Python's own way to print an error.
    typer.main.get_command(app)()


@app.command()
def check(
    config: Annotated[Path | None, typer.Argument(help="The TOML file to read.")] = None,
    config_option: ConfigOption = None,
) -> None:
    """Read the configuration, offline, and name every problem at once.

    Each line says where, what is wrong, and what to write instead. Warnings alone end with 0.
    """
    path = _path(config or config_option)
    loaded = load(path)
    _say(loaded, path, out)
    if loaded.config is None:
        raise typer.Exit(2)
    if loaded.findings:
        out.print(f"{path}: no errors. Warnings: {len(loaded.findings)}.", markup=False)
    else:
        out.print(f"{path}: all good.", markup=False)


@app.command()
def run(
    config: ConfigOption = None,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
    log_format: Annotated[
        LogFormat, typer.Option(help="plain, or json: one object a line, for programs.")
    ] = LogFormat.PLAIN,
) -> None:
    """Run the bot, until Ctrl+C or SIGTERM.

    The token comes from DISCORD_TOKEN, in the environment or in `.env`.
    """
    from bot import running
    from bot.serving import CannotListen

    level = log_level.upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        _end(f"{log_level} is no log level; write DEBUG, INFO, WARNING or ERROR.", 2)
    loaded = _loaded(config)
    configure(level, form=log_format)
    try:
        asyncio.run(running.run(loaded, Secrets()))
    except NotNow as problem:
        _end(str(problem), 1)
    except (CannotStart, CannotListen) as problem:
        _end(str(problem), 2)
    except (KeyProblem, LedgerProblem, SchemaProblem) as problem:
        _end(str(problem), 1)
    except StorageUnavailable as problem:
        _end(ending(problem), 1)


@app.command()
def export(
    what: Annotated[What, typer.Argument(help="What to export.")],
    to: Annotated[Path, typer.Option("--to", help="The file to write. It must not exist yet.")],
    format_: Annotated[Format, typer.Option("--format", help="CSV or JSON.")] = Format.CSV,
    config: ConfigOption = None,
) -> None:
    """Write disclosures or cases, decrypted, to a file that only you can read (mode 0600)."""
    from bot.export import export as write

    loaded = _loaded(config)
    if not loaded.storage.database.exists():
        _end(f"There is no database at {loaded.storage.database}. Has the bot run here yet?", 1)

    async def work() -> int:
        async with opened(loaded, master_key(loaded, Secrets()), beside=True) as foundation:
            return await write(foundation, what, format_, to)

    try:
        rows = asyncio.run(work())
    except FileExistsError:
        _end(f"{to} exists already. Choose another name, so that nothing is overwritten.", 1)
    except (KeyProblem, SchemaProblem) as problem:
        _end(str(problem), 1)
    except StorageUnavailable as problem:
        _end(ending(problem), 1)
    except OSError as problem:
        _end(f"The export could not be written ({type(problem).__name__}).", 1)
    out.print(f"{rows} rows written to {to}. It holds what people told you: keep it safe, delete it soon.")


@app.command()
def doctor(
    config: ConfigOption = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
) -> None:
    """Look at the server, and name every way past the gate and every right that the bot lacks.

    Each finding says what, why it matters and how to mend it. Needs the token; the bot may run meanwhile.
    Ends with 1 while any way past the gate is open. `--fix` locks out nobody who belongs there.
    """
    from bot import app as application
    from bot.doctor import Doctor

    loaded = _loaded(config)
    configure("ERROR")

    async def work() -> bool:
        async with application.visiting(Secrets(), application.ids_of(loaded).server) as visit:
            looker = Doctor(loaded, visit.surveyor, visit.builder, lambda line: out.print(line, markup=False))
            return await looker.visit(fix=fix)

    try:
        sound = asyncio.run(work())
    except NotNow as problem:
        _end(str(problem), 1)
    except CannotStart as problem:
        _end(str(problem), 2)
    if not sound:
        raise typer.Exit(1)


@app.command()
def rehearse(config: ConfigOption = None) -> None:
    """Watch the whole bot at work on a simulated Discord: a told story, no token needed.

    Ends with 1 if anything went otherwise than told.
    """
    try:
        from rehearsal.told import tell
    except ImportError:
        _end("The rehearsal needs one more library. Install it with: pip install 'porchlight[rehearse]'", 1)
    path = _path(config)
    if not asyncio.run(tell(_loaded(config), path)):
        raise typer.Exit(1)
