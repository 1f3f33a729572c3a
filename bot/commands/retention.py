"""``retention``: what would be deleted because its time is up, and what goes next. Changes nothing."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import typer

from bot.clock import machine_clock
from bot.commands.endings import ending
from bot.commands.terminal import ConfigOption, end, loaded_or_end, out
from bot.config import Config
from bot.database import Reader, StorageUnavailable
from bot.forgetting.retention import Outlook, end_of, outlook
from bot.migrations import FOLDER, SchemaProblem, insist_up_to_date

SHOWN = 10
"""How many codes are listed of each class, unless all are wanted."""

WHAT: Mapping[str, str] = {
    "unneeded": "People whom nothing refers to any more, such as moderators of long ago",
    "links_of_nobody": "Links told by people who were members before the bot, and have left",
    "superseded": "Links that were replaced by later ones",
    "free_text": "What people typed who were let in",
    "free_text_later": "What members typed when they changed their links",
    "access": "Lines that say who looked at a file",
    "joins": "With which wave of joins somebody came",
    "waves": "Waves of joins",
    "errands": "What could not be deleted in Discord of people who had everything deleted",
    "reporters": "Who told the team about others, and what they wrote",
    "concerns": "What the team was told about others",
    "locked_numbers": "Locked numbers of people who had everything deleted",
    "unfinished_answers": "Requests that nobody decided, and the team had to do with: their answers",
    "unfinished": "Requests that nobody decided: all of it",
    "refused": "Requests that were declined or sent elsewhere, and what is left of others: all of it",
    "access_ended": "People whose access was taken back, or who took back their consent: all about that",
    "former_members": "People who were members, and have left: all about that",
}


def retention(
    config: ConfigOption = None,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="By the end of that day. Default: now."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="List every code, not only the first ten.")] = False,
) -> None:
    """Say what would be deleted now because its time is up, and what goes next and when.

    Nothing is changed, and the bot may be running. It deletes by itself what is listed here.
    """
    loaded = loaded_or_end(config)
    if not loaded.storage.database.exists():
        end(f"There is no database at {loaded.storage.database}. Has the bot run here yet?", 1)
    zone = loaded.community.zone
    day = on.date() if on else None
    moment = end_of(day, zone) if day else machine_clock()
    try:
        found = asyncio.run(_look(loaded, moment))
    except SchemaProblem as problem:
        end(str(problem), 1)
    except StorageUnavailable as problem:
        end(ending(problem), 1)
    when = f"by the end of {day.isoformat()}" if day else f"now ({moment.astimezone(zone):%Y-%m-%d %H:%M})"
    out.print(f"What would be deleted {when}, times in {loaded.community.time_zone}:", markup=False)
    for one in found:
        for line in _told(one, every=every):
            out.print(line, markup=False)
    out.print("")
    out.print(f"In all: {sum(len(one.due) for one in found)}. Nothing was changed.")


async def _look(config: Config, moment: datetime) -> list[Outlook]:
    async with Reader.opened(config.storage.database) as reader:
        await reader.read(lambda connection: insist_up_to_date(connection, FOLDER / "main"))
        return await reader.read(
            lambda connection: outlook(connection, config.retention, moment, config.community.zone)
        )


def _told(one: Outlook, *, every: bool) -> list[str]:
    """One class in lines: what it is, how much goes and which, and what goes next."""
    kept = f"kept for {one.limit.days} days" if one.limit else "kept until the day that was told"
    lines = ["", f"{WHAT[one.code]} ({kept}): {len(one.due)}"]
    names = [gone.shown for gone in one.due if gone.shown]
    listed = names if every else names[:SHOWN]
    if listed:
        more = len(names) - len(listed)
        lines.append(f"  {', '.join(listed)}" + (f", and {more} more (--all lists them)" if more else ""))
    if one.next_on is not None:
        lines.append(f"  Next: {one.next_count} on {one.next_on.isoformat()}")
    return lines
