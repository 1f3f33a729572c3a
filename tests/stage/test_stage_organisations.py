"""The register of organisations as moderators use it, and the way of somebody from outside the team."""

from typing import Any

import discord

from bot.model import Disclosed, Disclosure, Interest, Source
from bot.store import disclosures
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import JOB_TODAY, NOTHING_TO_TELL, code_of, count, held, inside, rows, send, state

REFUSED = "This is for the moderators of this community."
MARKUP = "**Helix** @everyone"


async def works_for(theatre: Theatre, person: Person, name: str) -> None:
    """A moderator tells about a link of their own."""
    on = theatre.foundation
    link = Interest("industry", ("employment",), "self", "self", "current", organisation=name)

    def log(connection: Any) -> None:
        subject = on.find_or_add(connection, person.id, on.now())
        connection.execute(
            "INSERT INTO moderator (subject_id, since, seen_at) VALUES (?, 0, 0) ON CONFLICT DO NOTHING",
            (subject.id,),
        )
        disclosures.append(
            connection, on.vault.key(subject.key_id), subject_id=subject.id, case_id=None,
            disclosure=Disclosure(Disclosed.SOME, (link,)), source=Source.UPDATE,
            questionnaire_hash=on.config.questionnaire.content_hash, now=on.now(),
        )  # fmt: skip

    await on.database.write(log)


async def use(person: Person, command: str, **options: str) -> Seen:
    """Use one of the register's commands."""
    room = person.theatre.server.lounge
    return person.saw(await person.actor.slash(room, f"organisation {command}", **options))


async def test_a_moderator_keeps_the_register(theatre: Theatre) -> None:
    """Adding, naming, owning, merging and finding, by what is typed and by what is offered."""
    mia = await theatre.moderator("mia")
    room = theatre.server.lounge
    kinds = await mia.actor.autocomplete(room, "organisation add", "kind", "medicines", name="x")
    added = await use(mia, "add", name=MARKUP, kind=kinds[0]["value"])
    assert "It is in the register now" in added.text
    assert "`**Helix** @everyone`" in added.text
    assert all(message.ephemeral for message in added.messages)
    await use(mia, "add", name="Helix Group", kind="industry")
    await use(mia, "alias", name="helix group ltd", other="HXG")

    offered = await mia.actor.autocomplete(room, "organisation parent", "parent", "hxg", name="x")
    owned = await use(mia, "parent", name=MARKUP, parent=offered[0]["value"])
    assert "Belongs to: `Helix Group`" in owned.text
    assert "belongs to it" in (await use(mia, "parent", name="HXG", parent=MARKUP)).text
    await use(mia, "add", name="Helix Grupp", kind="industry")
    assert "The two are one" in (await use(mia, "merge", name="Helix Grupp", into="HXG")).text
    shown = await use(mia, "show", name="helix grupp")
    assert "Also known as: `Helix Grupp`, `HXG`" in shown.text
    assert "Owns: `**Helix** @everyone`" in shown.text
    assert "**Organisations: 2**" in (await use(mia, "list")).text
    assert "No name fits" in (await use(mia, "list", search="zzz")).text


async def test_nobody_else_reads_or_keeps_it(theatre: Theatre) -> None:
    """Discord hides it; whoever sees it without the role is refused, and is offered nothing while typing."""
    mia = await theatre.moderator("mia")
    await use(mia, "add", name="Helix", kind="industry")
    permissions = discord.Permissions(view_channel=True, moderate_members=True)
    role = theatre.server.guild.create_role("Steward", permissions=permissions)
    eve = theatre.resident("eve", role, theatre.server.member_role)
    before = await count(theatre, "event")
    for command, options in {
        "add": {"name": "Other", "kind": "industry"},
        "alias": {"name": "Helix", "other": "Other"},
        "parent": {"name": "Helix"},
        "merge": {"name": "Helix", "into": "Helix"},
        "show": {"name": "Helix"},
        "list": {},
    }.items():
        assert (await use(eve, command, **options)).text == REFUSED
    room = theatre.server.lounge
    assert await eve.actor.autocomplete(room, "organisation show", "name", "hel") == []
    assert await eve.actor.autocomplete(room, "organisation add", "kind", "", name="x") == []
    seen = await eve.command("review outside", room, code="7F3K-Q2", person=mia.user)
    assert seen.text == REFUSED
    assert await count(theatre, "event") == before


async def test_somebody_from_outside_decides_one_case_by_message(theatre: Theatre) -> None:
    """Both moderators are tied. One adds a person, who tells their own links and admits, all in messages."""
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    ben = await held(theatre, links=(JOB_TODAY,))
    code = await code_of(theatre)
    for moderator in (mia, leo):
        await works_for(theatre, moderator, "Northwind Pharma Inc.")
    await theatre.house.sweep.run(theatre.env.now())
    await theatre.settle()
    assert "Nobody on our team may decide" in (await ben.press_panel("Start")).text

    ola = theatre.resident("ola")
    added = await mia.command("review outside", theatre.server.review, code=code, person=ola.user)
    assert f"They may look at case {code}" in added.text
    await theatre.settle()
    [told] = ola.inbox()
    assert code in told
    ola.actor = ola.user
    asked = await ola.press("Begin", on=ola.user.dm_channel.last_message)
    assert "tell us about your own links" in asked.text
    begin = asked

    await ola.press("Tell about my links")
    await ola.press("Continue")
    await ola.fill(links=NOTHING_TO_TELL["links"], capacity=NOTHING_TO_TELL["capacity"])
    await ola.press("Check and send")
    await send(ola)
    ola.seen = begin
    file = await ola.press("Go on")
    assert f"File of case {code}" in file.text
    assert "Northwind Pharma" in file.text
    assert "admitted" in (await ola.press("Admit")).text
    assert "Use this in the server" in (await ola.press("Open the next one")).text
    await theatre.settle()

    assert await state(theatre, code) == "admitted"
    assert inside(ben)
    assert await rows(theatre, "SELECT count(*) FROM outside_reviewer") == [(0,)]
    ola.seen = begin
    assert "nothing to decide here any more" in (await ola.press("Go on")).text


async def test_a_late_interest_is_looked_at_by_somebody_else(theatre: Theatre) -> None:
    """On the list of whoever is free: one press opens the file, and the person concerned is told."""
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    ben = await held(theatre, links=(JOB_TODAY,))
    code = await code_of(theatre)
    await mia.command("review admit", code=code)
    await theatre.settle()
    await theatre.env.advance_time(60)
    await works_for(theatre, mia, "Northwind Pharma")
    await theatre.house.sweep.run(theatre.env.now())
    await theatre.settle()

    assert "should be looked at again by somebody else" in (await leo.command("review queue")).text
    file = await leo.press("Look again: 1")
    assert f"File of case {code}" in file.text
    refused = await mia.command("review open", code=code)
    assert "File of" not in refused.text
    await theatre.env.advance_time(25 * 3600)
    await theatre.settle()
    assert any("looking again at a decision" in text for text in ben.inbox())
