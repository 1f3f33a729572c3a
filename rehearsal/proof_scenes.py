"""Scenes of proof: yesterday's copy brings nobody back, and what is changed by hand is found and named."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.config.tables import Storage
from bot.copies import restoring
from bot.copies.backup import backup
from bot.log.verifying import Report, verify, wrong_in_the_log
from bot.screens import panel
from bot.screens import rights as screens
from rehearsal.casting import NotTold, Wishes
from rehearsal.desk_scenes import FOUNDER, sent_and_held
from rehearsal.story import Story
from rehearsal.theatre import Theatre

_MADE_LENSES: Wishes = {**FOUNDER, "organisation": "Ostrea Lenses"}
_COPY, _CHANGED = "copy", "changed"
"""Folders beside the data."""


async def yesterdays_copy(story: Story) -> None:
    """A copy is made, somebody has everything deleted, and the copy is put back: they stay deleted."""
    vera, theatre, check = story.people["Vera"], story.theatre, story.narrator.check
    part = story.held_part(vera, _MADE_LENSES)
    await story.arrive("Vera")
    case = await sent_and_held(story, vera, part, briefly=True)
    storage = theatre.config.storage
    copies = backup(storage, storage.database.parent / _COPY, theatre.env.now())
    story.narrator.say("At night, `backup` makes a copy of everything. Next day Vera deletes what is held.")
    check("requests of hers in the copy", _requests(copies.database, case.code), 1)
    await story.press_panel(vera, panel.PRIVACY)
    await story.press(vera, panel.MY_DATA)
    await story.press(vera, screens.DELETE)
    await story.press(vera, screens.ALL_NOW)
    await theatre.settle()
    story.narrator.say(
        "Then the database breaks. The bot stops, `restore` puts the copy back, the bot starts again."
    )
    await theatre.close()
    try:
        _put_back(theatre, storage.database.parent / _COPY)
        check("requests of hers in what was put back", _requests(storage.database, case.code), 1)
    finally:
        await theatre.open()
    check("requests of hers, before anybody could press anything", _requests(storage.database, case.code), 0)
    check("people in what was put back who are her", int(await story.is_known(vera)), 0)
    await story.press_panel(vera, panel.PRIVACY)
    seen = await story.press(vera, panel.MY_DATA)
    story.shows(vera, seen)
    check("she is told that nothing is held", story.says(seen.text, "rights_nothing"))
    others = await story.count_rows("cases")
    check("the requests of the others are there", others["cases"] > 0)


def _put_back(theatre: Theatre, folder: Path) -> None:
    """As ``restore`` does while the bot is stopped."""
    source = restoring.found(folder, None, ())
    storage, now = theatre.config.storage, theatre.env.now()
    for _ in restoring.restore(storage, source, theatre.master, now, wrong_in_the_log):
        pass


def _requests(database: Path, code: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        found: int = connection.execute("SELECT COUNT(*) FROM cases WHERE code = ?", (code,)).fetchone()[0]
        return found


async def looked_through(story: Story) -> None:
    """After all that: everything fits. In a copy with one line changed by hand, that line is named."""
    theatre, narrator = story.theatre, story.narrator
    report = verify(theatre.config.storage, theatre.master)
    narrator.say(
        f"After all this, `verify` looks through the log ({report.lines} lines), the tables, what they refer "
        f"to, and the keys of {report.keys} people. What was deleted above left a line that says so."
    )
    _show_what_is_wrong(story, report)
    narrator.check("`verify` finds something wrong", bool(report.problems.sentences), wanted=False)
    narrator.check("lines it looked at", report.lines, await _lines(story))
    changed = _changed_by_hand(theatre)
    narrator.say(
        f"Now somebody opens a copy of the file. They write into line {changed.line} that the bot did it, "
        "and no person, and leave all else as it was."
    )
    report = verify(changed.storage, theatre.master)
    _show_what_is_wrong(story, report)
    named = [sentence for sentence in report.problems.sentences if f"Line {changed.line} " in sentence]
    narrator.check("`verify` names the line", bool(named))


def _show_what_is_wrong(story: Story, report: Report) -> None:
    if report.problems.sentences:
        story.narrator.sees("`verify` prints", ["\n".join(report.problems.sentences)])


async def _lines(story: Story) -> int:
    return (await story.count_rows("event"))["event"]


@dataclass(frozen=True, slots=True)
class _Changed:
    """A copy in which somebody has changed a line of the log."""

    storage: Storage
    line: int


def _changed_by_hand(theatre: Theatre) -> _Changed:
    """Change one line in a copy, as somebody would who knows SQLite and has the file."""
    storage = theatre.config.storage
    copies = backup(storage, storage.database.parent / _CHANGED, theatre.env.now())
    with closing(sqlite3.connect(copies.database, isolation_level=None)) as connection:
        found = connection.execute(
            "SELECT seq FROM event WHERE actor NOT IN ('machine', 'operator') "
            "ORDER BY action LIKE 'decision.%' DESC, seq DESC LIMIT 1"
        ).fetchone()
        if found is None:
            raise NotTold("nobody has done anything in this story")
        locks = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event'"
        ).fetchall()
        for name, _ in locks:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE event SET actor = 'machine' WHERE seq = ?", found)
        for _, lock in locks:
            connection.execute(lock)
    places = {"database": copies.database, "keys": copies.keys, "anchors": copies.anchors}
    return _Changed(storage.model_copy(update=places), int(found[0]))
