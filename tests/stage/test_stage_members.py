"""A member's own links, and the help that is always there."""

from rehearsal.theatre import Theatre
from tests.stage.acts import (
    HAS_LINKS,
    JOB_TODAY,
    NOTHING_TO_TELL,
    OLD_JOB,
    answer,
    apply,
    count,
    field_ids,
    inside,
    member,
    rows,
    send,
)

NOW_HAS_LINKS = {name: HAS_LINKS[name] for name in ("capacity", "links")}


async def test_my_links_shows_what_is_on_record(theatre: Theatre) -> None:
    """Their own words, to themselves alone."""
    ann = await theatre.newcomer("ann")
    await apply(ann, HAS_LINKS, (OLD_JOB,))
    seen = await ann.command("my-links")
    assert "What you told us about your links" in seen.text
    assert "`Meridian Devices`" in seen.text
    assert seen.buttons == ["Change my links", "My data"]
    assert all(message.ephemeral for message in seen.messages)


async def test_a_new_paid_link_is_a_new_version_and_flagged_and_nobody_loses_access(theatre: Theatre) -> None:
    """The member answers the link pages only; moderators hear of it, without a name."""
    ann = await member(theatre)
    seen = await ann.command("my-links")
    assert "No links." in seen.text
    seen = await ann.press("Change my links")
    assert "Send my answers" in seen.buttons
    form = await ann.press("Change: About you")
    assert field_ids(form) == ["capacity", "links"]
    await ann.fill(**NOW_HAS_LINKS)
    await ann.press("Continue")
    await ann.fill(**JOB_TODAY)
    await ann.press("Continue")
    seen = await ann.fill(
        purpose=["peer_support"],
        data_use=["nothing"],
        reporting_duty="no",
        instructed="unaware",
        goal="to stay",
    )
    seen = await ann.press("Check and send")
    assert "These are your links" in seen.text
    seen = await send(ann)
    assert "your place here does not change" in seen.text
    await theatre.settle()
    assert inside(ann)
    logged = await rows(theatre, "SELECT version, disclosed, source FROM disclosure ORDER BY version")
    assert logged == [(1, "none", "gate"), (2, "some", "update")]
    [notice] = theatre.cards()
    assert notice.content.startswith("A member changed their links")
    assert str(ann.id) not in notice.content
    assert "Northwind" not in notice.content
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue")
    assert "**To look at: 1**" in seen.text
    assert "A member told us of a new paid link" in seen.text
    queue = seen.messages[-1]
    seen = await mia.press("Open 1", on=queue)
    assert f"<@{ann.id}>" in seen.text
    assert "`Northwind Pharma`" in seen.text
    seen = await mia.press("Mark 1 as done", on=queue)
    assert "It is off the list." in seen.text
    assert "Somebody has seen to it already." in (await mia.press("Mark 1 as done", on=queue)).text
    assert (await mia.command("review queue")).text == "Nothing waits. Thank you for looking."
    assert inside(ann)


async def test_an_old_link_is_logged_and_flags_nobody(theatre: Theatre) -> None:
    """Only a new paid link of today is worth a look."""
    ann = await member(theatre)
    await ann.command("my-links")
    await ann.press("Change my links")
    await ann.press("Change: About you")
    await ann.fill(**NOW_HAS_LINKS)
    await ann.press("Continue")
    await ann.fill(**OLD_JOB)
    await ann.press("Check and send")
    await send(ann)
    await theatre.settle()
    assert await count(theatre, "disclosure") == 2
    assert await count(theatre, "task") == 0
    assert theatre.cards() == []


async def test_links_that_are_no_longer_told_are_flagged_and_cost_no_place(theatre: Theatre) -> None:
    """Rather not say, as a member: a task for the team, and the role stays."""
    ann = await member(theatre)
    await ann.command("my-links")
    await ann.press("Change my links")
    await ann.press("Change: About you")
    await ann.fill(capacity="self", links="rather_not_say")
    await ann.press("Check and send")
    await send(ann)
    await theatre.settle()
    assert await rows(theatre, "SELECT kind FROM task") == [("undisclosed_now",)]
    assert inside(ann)


async def test_changes_can_be_carried_on_later(theatre: Theatre) -> None:
    """Stopping in the middle keeps what is on record until the change is sent."""
    ann = await member(theatre)
    await ann.command("my-links")
    await ann.press("Change my links")
    await ann.press("Change: About you")
    await ann.fill(**NOW_HAS_LINKS)
    await theatre.restart()
    seen = await ann.command("my-links")
    assert "No links." in seen.text
    assert seen.buttons == ["Carry on with my changes", "My data"]
    seen = await ann.press("Carry on")
    assert "Your link" in seen.text
    assert await count(theatre, "disclosure") == 1


async def test_a_member_from_before_the_bot_can_tell_their_links(theatre: Theatre) -> None:
    """Nothing is on record, and telling is two minutes."""
    eva = theatre.resident("eva", theatre.server.member_role)
    seen = await eva.command("my-links")
    assert "You have not told us about your links yet." in seen.text
    seen = await eva.press("Change my links")
    await eva.press("Continue")
    seen = await eva.fill(capacity="self", links="no")
    await eva.press("Check and send")
    assert "Your links are saved" in (await send(eva)).text
    assert await rows(theatre, "SELECT version, disclosed FROM disclosure") == [(1, "none")]
    await theatre.settle()
    assert inside(eva)


async def test_my_links_is_for_members(theatre: Theatre) -> None:
    """An applicant is shown the way to change answers at the gate."""
    ann = await theatre.newcomer("ann")
    await answer(ann, NOTHING_TO_TELL)
    seen = await ann.command("my-links")
    assert "This is for members." in seen.text
    assert seen.buttons == []


async def test_help_now_shows_the_same_as_the_button(theatre: Theatre) -> None:
    """For members, who no longer see the front page, and for applicants."""
    cleo = await theatre.newcomer("cleo")
    button = await cleo.press_panel("I need help now")
    ann = await member(theatre)
    events = await count(theatre, "event")
    for person in (ann, cleo):
        seen = await person.command("help-now")
        assert seen.text == button.text
        assert all(message.ephemeral for message in seen.messages)
    assert await count(theatre, "event") == events
