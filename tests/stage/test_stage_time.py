"""Time, as people meet it: reminders in private messages, more time, closing, starting again, removal."""

from datetime import timedelta
from functools import partial
from typing import Any

import discord

from bot.screens.elements import Press
from bot.store import marks
from rehearsal import simulation
from rehearsal.theatre import Person, Seen, Theatre
from tests.stage.acts import (
    NOTHING_TO_TELL,
    OLD_JOB,
    Edited,
    Errors,
    Stage,
    apply,
    begin,
    calls,
    count,
    rows,
    send,
)
from tests.support import next_due

REMOVING = (
    ('after_lapse = "keep"', 'after_lapse = "remove"'),
    ('way_back = ""', 'way_back = "https://harbour.example/back"'),
)


async def live_through(theatre: Theatre, **span: float) -> None:
    """Let time pass with the bot awake: whenever something is due, and twice a day, it sweeps and drains.

    Sweeps at which nothing is due only move their mark, so that is all that is left of them here.
    """
    database, end = theatre.foundation.database, theatre.env.now() + timedelta(**span)
    await theatre.house.sweep.run(theatre.env.now())
    while (now := theatre.env.now()) < end:
        due = await database.read(partial(next_due, now=now)) or end
        at = min(end, now + timedelta(hours=12), max(due, now + timedelta(minutes=1)))
        await theatre.env.advance_time((at - now).total_seconds())
        await database.write(partial(marks.note, name=marks.SWEPT, now=at))
        await theatre.house.sweep.run(theatre.env.now())
        await theatre.house.outbox.drain(theatre.env.now())
    await theatre.settle()


async def stops_after_one_page(theatre: Theatre, name: str = "ann") -> Person:
    """Somebody who saves the first page and then does something else."""
    person = await theatre.newcomer(name)
    await begin(person)
    await person.fill(**{**NOTHING_TO_TELL, "links": "yes"})
    return person


def newest_message(person: Person) -> Any:
    """The last direct message somebody got."""
    return person.user.dm_channel.last_message


async def press_message(person: Person, label: str, message: Any) -> Seen:
    """Press a button in a direct message, outside the server."""
    return person.saw(await person.user.click(message, label=label))


async def test_a_reminder_arrives_by_message_and_more_time_works_there(theatre: Theatre) -> None:
    """Asked for at the gate, sent after two days; one press in the message keeps the request open."""
    ann = await stops_after_one_page(theatre)
    assert "Remind me by message" in ann.seen.buttons
    agreed = await ann.press("Remind me by message")
    assert "private message" in agreed.text
    assert ann.inbox() == []

    await live_through(theatre, days=2)
    [text] = ann.inbox()
    assert "your community" in text
    assert f"<#{theatre.server.front_porch.id}>" in text
    assert Seen([newest_message(ann)]).buttons == ["More time", "Do not remind me"]
    before = await rows(theatre, "SELECT lapse_at FROM cases")
    given = await press_message(ann, "More time", newest_message(ann))

    assert "stays open until" in given.text
    assert await rows(theatre, "SELECT lapse_at FROM cases") > before
    await live_through(theatre, days=1)
    again = await ann.press_panel("Start")
    assert "Your answers so far are saved" in again.text
    assert "We will remind you" in again.text
    assert {"More time", "Do not remind me", "Take back my request"} <= set(again.buttons)


async def test_do_not_remind_me_works_in_the_message(theatre: Theatre) -> None:
    """No more messages, also none about the closing."""
    ann = await stops_after_one_page(theatre)
    await ann.press("Remind me by message")
    await live_through(theatre, days=2)
    stopped = await press_message(ann, "Do not remind me", newest_message(ann))
    assert "We will not send you reminders" in stopped.text

    await live_through(theatre, days=6)

    assert len(ann.inbox()) == 1
    assert await rows(theatre, "SELECT state FROM cases") == [("lapsed",)]


async def test_a_request_closes_and_a_new_one_starts_afresh(theatre: Theatre) -> None:
    """The one who asked for messages is told; the other is not. Both can start again without penalty."""
    ann = await stops_after_one_page(theatre)
    await ann.press("Remind me by message")
    ben = await stops_after_one_page(theatre, "ben")
    await live_through(theatre, days=7)

    assert len(ann.inbox()) == 3
    assert "not a refusal" in ann.inbox()[-1] or "not a refusal" in ann.inbox()[0]
    assert ben.inbox() == []
    for person in (ann, ben):
        seen = await person.press_panel("Start")
        assert "Good to see you again" in seen.text
        assert "no refusal" in seen.text
        await apply(person, NOTHING_TO_TELL)
        assert person.is_inside


async def test_who_never_pressed_anything_gets_no_message_and_no_mention(theatre: Theatre) -> None:
    """Their request closes in silence; the panel has said so to everyone."""
    ann = await theatre.newcomer("ann")
    assert "If you do not go on for 7 days, your request closes by itself." in theatre.panel.content
    before = len(calls(theatre))
    await live_through(theatre, days=8)

    assert await rows(theatre, "SELECT state FROM cases") == [("lapsed",)]
    assert ann.inbox() == []
    assert [path for _, path in calls(theatre)[before:] if "/messages" in path and "DELETE" in path] == []
    assert not [m for m in theatre.server.front_porch.history() if f"<@{ann.id}>" in m.content]


async def test_a_form_left_open_past_the_closing_hands_back_what_was_typed(theatre: Theatre) -> None:
    """Nothing that was written is lost, and the person is told what to do."""
    ann = await stops_after_one_page(theatre)
    form = await ann.press("Continue")
    await live_through(theatre, days=7)
    told = await ann.fill(form, **OLD_JOB)

    assert "closed since you opened this form" in told.text
    assert "Meridian Devices" in told.text


async def test_a_press_in_an_old_message_says_where_it_stands(theatre: Theatre) -> None:
    """Sent meanwhile, or closed: nothing breaks, and nothing changes."""
    ann = await theatre.newcomer("ann")
    await begin(ann)
    await ann.fill(**NOTHING_TO_TELL)
    await ann.press("Remind me by message")
    await live_through(theatre, days=2)
    message = newest_message(ann)
    await ann.press_panel("Start")
    await send(ann)
    await theatre.settle()
    assert ann.is_inside

    assert "no longer open" in (await press_message(ann, "More time", message)).text
    assert "not send you reminders" in (await press_message(ann, "Do not remind me", message)).text


async def test_somebody_elses_press_on_a_reminder_changes_nothing(theatre: Theatre) -> None:
    """A button is no right, wherever it was pressed."""
    ann = await stops_after_one_page(theatre)
    [(case_id,)] = await rows(theatre, "SELECT id FROM cases")
    ben = await theatre.newcomer("ben")
    before = await rows(theatre, "SELECT * FROM cases ORDER BY id")
    planted = await theatre.plant(
        theatre.server.front_porch,
        *(Press(action, action, case_id) for action in ("moretime", "remindme", "noreminders")),
    )
    for action in ("moretime", "remindme", "noreminders"):
        await ben.press(action, on=planted)

    assert await rows(theatre, "SELECT * FROM cases ORDER BY id") == before
    assert ann.inbox() == []


async def test_removal_is_a_kick_with_notice_and_a_way_back(
    stage: Stage, edited: Edited, errors: Errors
) -> None:
    """The panel says so to everyone, the message to who agreed; never a ban; coming back starts afresh."""
    theatre = await stage(edited(*REMOVING))
    permit_kicks(theatre)
    assert "https://harbour.example/back" in theatre.panel.content
    ann = await stops_after_one_page(theatre)
    await ann.press("Remind me by message")
    await live_through(theatre, days=8)
    told = next(text for text in ann.inbox() if "take you off the server" in text)
    assert "https://harbour.example/back" in told
    assert "not a ban" in told
    assert "take you off the server" in (await ann.press_panel("Start")).text
    await live_through(theatre, days=6)

    kicks = [path for method, path in calls(theatre) if method == "DELETE" and "/members/" in path]
    assert len(kicks) == 1
    assert not [path for _, path in calls(theatre) if "/bans" in path]
    assert ann.id not in theatre.env.backend.get_guild(theatre.server.guild.id).members
    ann.join()
    await theatre.settle()
    await apply(ann, NOTHING_TO_TELL)
    assert ann.is_inside
    assert not errors.records


async def test_who_holds_a_role_of_the_team_is_not_removed(stage: Stage, edited: Edited) -> None:
    """A moderator who joined and never pressed anything: their request closes, and they stay."""
    theatre = await stage(edited(*REMOVING))
    permit_kicks(theatre)
    mod = theatre.person("mod")
    mod.actor = simulation.join(
        theatre.env, theatre.server.guild, mod.user, roles=[theatre.server.moderator_role]
    )
    await theatre.settle()
    await live_through(theatre, days=15)

    assert mod.id in theatre.env.backend.get_guild(theatre.server.guild.id).members
    assert await rows(theatre, "SELECT state FROM effect WHERE kind = 'remove'") == [("done",)]


def permit_kicks(theatre: Theatre) -> None:
    """The bot's own role may remove people, as the README asks for with removal."""
    guild = theatre.server.guild
    works = discord.Permissions(
        view_channel=True, send_messages=True, read_message_history=True, manage_roles=True, kick_members=True
    )
    theatre.env.backend.edit_role(guild.id, simulation.own_role(guild).id, {"permissions": works.value})


async def test_a_restart_in_the_middle_changes_nothing(theatre: Theatre) -> None:
    """Down for ten days, nobody lost a day; then the reminder comes after two days awake."""
    ann = await stops_after_one_page(theatre)
    await ann.press("Remind me by message")
    await live_through(theatre, days=1)
    await theatre.close()
    await theatre.env.advance_time(timedelta(days=10).total_seconds())
    await theatre.open()
    await live_through(theatre, hours=23)
    assert ann.inbox() == []
    assert await count(theatre, "cases") == 1

    await live_through(theatre, hours=2)

    assert len(ann.inbox()) == 1
    assert await rows(theatre, "SELECT state FROM cases") == [("answering",)]
