"""Scenes of people's own data: what is held is shown, taken along, and taken back."""

import json
import sqlite3
from typing import Any

from bot.screens import deciding, my_data, panel
from bot.screens import rights as screens
from rehearsal.casting import Wishes
from rehearsal.desk_scenes import FOUNDER, opened, sent_and_held
from rehearsal.story import Story
from rehearsal.theatre import Person, Seen

_MADE_SENSORS: Wishes = {**FOUNDER, "organisation": "Aldine Sensors"}
_MADE_PUMPS: Wishes = {**FOUNDER, "organisation": "Corvid Pumps"}


async def own_data(story: Story) -> None:
    """A member sees all that is held about her, takes it along, and keeps no more than her links."""
    dana, mia, check = story.people["Dana"], story.people["Mia"], story.narrator.check
    part = story.held_part(dana, _MADE_SENSORS)
    await story.arrive("Dana")
    case = await sent_and_held(story, dana, part, briefly=True)
    await opened(story, mia, case, most=3)
    await story.press(mia, deciding.ADMIT)
    await story.theatre.settle()
    story.narrator.say("Dana is in. She wonders what this bot knows about her.")
    seen = await story.command(dana, "my-data")
    story.shows(dana, seen, most=24)
    voice = story.voice
    looked = story.says(
        seen.text,
        "rights_look_open",
        who=voice.say("rights_moderator"),
        purpose=voice.say("rights_purpose_review"),
    )
    check("she reads that a moderator opened her file, and what for", looked)
    check("she reads which moderator it was", str(mia.id) in seen.text or "Mia" in seen.text, wanted=False)
    check("nobody but her can see it", all(message.flags.ephemeral for message in seen.messages))
    await _takes_it_along(story, dana, case.code)
    await _keeps_her_links(story, dana)


async def _takes_it_along(story: Story, dana: Person, code: str) -> None:
    before = dana.seen
    seen = await story.press(dana, screens.DOWNLOAD)
    story.shows(dana, seen)
    attached = {file.filename: await file.read() for message in seen.messages for file in message.attachments}
    check = story.narrator.check
    check("the files she gets", ", ".join(sorted(attached)), f"{my_data.PAGE}, {my_data.DATA}")
    data: dict[str, Any] = json.loads(attached.get(my_data.DATA, b"{}"))
    check("the requests in it", ", ".join(one["case_code"] for one in data.get("requests", [])), code)
    organisation = str(_MADE_SENSORS["organisation"])
    both = all(organisation in content.decode() for content in attached.values())
    check("both hold what she typed", bool(attached) and both)
    dana.seen = before


async def _keeps_her_links(story: Story, dana: Person) -> None:
    seen = await story.press(dana, screens.DELETE)
    story.shows(dana, seen)
    check = story.narrator.check
    check("she is told first what it would mean", story.says(seen.text, "rights_delete_member"))
    seen = await story.press(dana, screens.KEEP_LINKS_NOW)
    await story.theatre.settle()
    story.shows(dana, seen)
    check("she has a receipt", story.says(seen.text, "rights_receipt"))
    check("sets of answers of hers that are left", await _kept_of(story, dana, "sheet"), 0)
    check("her links that are on record", await _kept_of(story, dana, "disclosure"), 1)
    story.check_rooms(dana, inside=True)


async def all_gone(story: Story) -> None:
    """Somebody who waits for a decision has everything deleted."""
    ruth, check = story.people["Ruth"], story.narrator.check
    part = story.held_part(ruth, _MADE_PUMPS)
    await story.arrive("Ruth")
    case = await sent_and_held(story, ruth, part, briefly=True)
    story.narrator.say("Ruth waits, and thinks better of it. She finds her data on the front page.")
    await story.press_panel(ruth, panel.PRIVACY)
    await story.press(ruth, panel.MY_DATA)
    story.shows(ruth, ruth.seen, most=6)
    await story.press(ruth, screens.DELETE)
    story.shows(ruth, ruth.seen)
    seen = await story.press(ruth, screens.ALL_NOW)
    await story.theatre.settle()
    story.shows(ruth, seen)
    check("she has a receipt", story.says(seen.text, "rights_receipt"))
    check("rows that lead to her", await _kept_of(story, ruth, "cases", "sheet", "disclosure", "task"), 0)
    check("somebody in the database who is her", await story.is_known(ruth), wanted=False)
    check("her card stands in #review", _has_card(story, case.code), wanted=False)
    await _asks_again(story, ruth)


async def _asks_again(story: Story, ruth: Person) -> None:
    await story.press_panel(ruth, panel.PRIVACY)
    seen: Seen = await story.press(ruth, panel.MY_DATA)
    story.shows(ruth, seen)
    story.narrator.check("she is told that nothing is held", story.says(seen.text, "rights_nothing"))


async def _kept_of(story: Story, person: Person, *tables: str) -> int:
    """How many rows of these tables are about somebody."""
    foundation = story.theatre.foundation

    def count(connection: sqlite3.Connection) -> int:
        subject = foundation.find(connection, person.id)
        wanted = "" if subject is None else subject.id
        return sum(
            connection.execute(
                f"SELECT COUNT(*) FROM {table} WHERE subject_id = ?",  # noqa: S608 - our own names
                (wanted,),
            ).fetchone()[0]
            for table in tables
        )

    return await story.rows(count)


def _has_card(story: Story, code: str) -> bool:
    return any(code in card.content for card in story.theatre.cards())
