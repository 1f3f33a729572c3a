"""``explain`` and ``papers``: what is told in public and kept for the law, made from the configuration."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.terminal import ConfigOption, end, err, loaded_or_end, out
from bot.config import Config
from bot.papers.writing import Paper, explained, written
from bot.words.templates import nearest_to

_READABLE = 0o644
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?")

LanguageOption = Annotated[
    str | None, typer.Option("--language", help="Such as en or de. Default: the community's own.")
]
ToOption = Annotated[
    Path | None, typer.Option("--to", help="A file to write instead. It must not exist yet.")
]


def explain(config: ConfigOption = None, language: LanguageOption = None, to: ToOption = None) -> None:
    """Print a page for members and journalists: what is asked, who decides, what is kept, how to ask again.

    It names your community as people see it inside. Read it before you publish it: a public page must not
    tell what a neutral name hides.
    """
    loaded = loaded_or_end(config)
    _give(explained(loaded, _locale(loaded, language)), to)


def papers(
    which: Annotated[
        Paper,
        typer.Argument(
            help="notice: the privacy notice. record: the record of processing. "
            "impact: a start for an impact assessment. breach: what to do after a breach. "
            "access: who may do what."
        ),
    ],
    config: ConfigOption = None,
    language: LanguageOption = None,
    to: ToOption = None,
) -> None:
    """Print a paper, filled in from the configuration, as Markdown.

    What the configuration does not say stands there as "[fill in: ...]". Have each paper read by somebody
    who knows the law where you are. Print it again whenever you change the questions, the rules or the times.
    """
    loaded = loaded_or_end(config)
    text = written(which, loaded, _locale(loaded, language))
    _give(text, to)
    blanks = text.count("[fill in: ")
    if blanks:
        err.print(f"Still to fill in: {blanks}. Look for [fill in: ...]", markup=False)


def _locale(config: Config, given: str | None) -> str:
    locale = given or config.community.language
    if not _LANGUAGE.fullmatch(locale):
        end("--language: write a code, such as en or de.", 2)
    if nearest_to(locale) != locale.split("-", maxsplit=1)[0]:
        told = f"The papers are not written in that language yet. Your own texts are in {locale}, the rest in"
        err.print(f"{told} {nearest_to(locale)}.", markup=False)
    return locale


def _give(text: str, to: Path | None) -> None:
    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        with to.open("x", encoding="utf-8") as file:
            os.fchmod(file.fileno(), _READABLE)
            file.write(text)
    except FileExistsError:
        end(f"{to} exists already. Choose another name, so that nothing is overwritten.", 1)
    except OSError as problem:
        end(f"{to} cannot be written ({type(problem).__name__}). Choose another place with --to.", 1)
    out.print(f"Written to {to}. Read it before you publish it.", markup=False)
