"""Nobody without a configured moderator role can do a moderator's work, whatever they press on."""

import discord
import pytest

from bot.screens.elements import Press
from rehearsal import simulation
from rehearsal.theatre import Person, Theatre
from tests.stage.acts import (
    HAS_LINKS,
    JOB_TODAY,
    NOTHING_TO_TELL,
    answer,
    code_of,
    count,
    held,
    inside,
    member,
    rows,
    state,
)

REFUSED = "This is for the moderators of this community."
COMMANDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("review queue", {}),
    ("review next", {}),
    ("review open", {"code": "?"}),
    ("review admit", {"code": "?"}),
    ("review hold", {"code": "?"}),
    ("review decline", {"code": "?", "reason": "other"}),
    ("review redirect", {"code": "?", "reason": "work"}),
    ("review record", {"code": "?"}),
    ("review history", {"code": "?"}),
)


async def desk_refs(theatre: Theatre, moderator: Person) -> dict[str, str]:
    """The ref behind every button that a moderator has, as somebody might have copied it."""
    await held(theatre, "ben")
    await moderator.press("Open file", on=theatre.cards()[0])
    view = (await rows(theatre, "SELECT ref FROM file_view"))[0][0]
    case_id = (await rows(theatre, "SELECT id FROM cases WHERE state = 'held'"))[0][0]
    await moderator.press("Decline")
    await moderator.fill(reason=["other"], sentence="Not now.")
    proposal = (await rows(theatre, "SELECT ref FROM proposal"))[0][0]
    effect = str((await rows(theatre, "SELECT id FROM effect LIMIT 1"))[0][0])
    return {
        "open": case_id,
        "opentask": "0" * 26,
        "next": "",
        "seen": "0" * 26,
        "retry": effect,
        "admit": view,
        "hold": view,
        "redirect": view,
        "decline": view,
        "terms": view,
        "openagain": view,
        "quarantine": view,
        "removemember": view,
        "rewrite": proposal,
        "refusenow": proposal,
    }


async def outsider(theatre: Theatre, kind: str) -> Person:
    """Somebody who is no moderator, in one of the ways there are."""
    server = theatre.server
    if kind == "applicant":
        return await theatre.newcomer("eve")
    if kind == "member":
        return await member(theatre, "eve")
    permissions = discord.Permissions(view_channel=True, moderate_members=True, manage_guild=True)
    role = server.guild.create_role("Steward", permissions=permissions)
    return theatre.resident("eve", role, server.member_role)


@pytest.mark.parametrize("kind", ["applicant", "member", "steward"])
async def test_no_button_of_the_desk_works_for_anybody_else(theatre: Theatre, kind: str) -> None:
    """Every action with the true ref of a moderator's open file, pressed by somebody else."""
    mia = await theatre.moderator("mia")
    refs = await desk_refs(theatre, mia)
    code = (await rows(theatre, "SELECT code FROM cases WHERE state = 'held'"))[0][0]
    eve = await outsider(theatre, kind)
    await theatre.settle()
    room = theatre.server.front_porch if kind == "applicant" else theatre.server.lounge
    message = await theatre.plant(room, *(Press(action, action, ref) for action, ref in refs.items()))
    before = await count(theatre, "event")
    for action, ref in refs.items():
        seen = await eve.press_id(message, f"pl:{action}:{ref}")
        assert seen.text == REFUSED, action
        assert seen.modal is None, action
    await theatre.settle()
    assert await count(theatre, "event") == before
    assert await state(theatre, code) == "held"
    assert await count(theatre, "proposal") == 1


@pytest.mark.parametrize("kind", ["applicant", "member", "steward"])
async def test_no_form_of_the_desk_is_taken_from_anybody_else(theatre: Theatre, kind: str) -> None:
    """A form sent by hand, with the true ref, decides nothing."""
    mia = await theatre.moderator("mia")
    refs = await desk_refs(theatre, mia)
    eve = await outsider(theatre, kind)
    room = theatre.server.front_porch if kind == "applicant" else theatre.server.lounge
    for action in ("redirect", "decline", "rewrite"):
        result = await simulation.submit_raw(
            eve.actor, room, f"pl:{action}:{refs[action]}", {"reason": ["other"], "sentence": "Go away."}
        )
        assert result.response.content == REFUSED, action
    assert await count(theatre, "proposal") == 1


async def test_an_applicant_who_sees_the_review_channel_can_do_nothing_there(theatre: Theatre) -> None:
    """Even where the channel's permissions are wrong, the card's button refuses."""
    await held(theatre)
    server = theatre.server
    eve = await theatre.newcomer("eve")
    everyone = server.guild.default_role
    shown = discord.PermissionOverwrite(view_channel=True, read_message_history=True)
    simulation.set_overwrite(theatre.env, server.review, everyone, shown)
    seen = await eve.press("Open file", on=theatre.cards()[0])
    assert seen.text == REFUSED


@pytest.mark.parametrize(("command", "options"), COMMANDS)
async def test_no_command_of_the_desk_works_without_a_configured_role(
    theatre: Theatre, command: str, options: dict[str, str]
) -> None:
    """Discord hides /review from members; whoever sees it without the role is refused by the bot itself."""
    await held(theatre)
    code = await code_of(theatre)
    filled = {name: value.replace("?", code) for name, value in options.items()}
    steward = await outsider(theatre, "steward")
    before = await count(theatre, "event")
    seen = await steward.command(command, theatre.server.lounge, **filled)
    assert seen.text == REFUSED
    assert all(message.ephemeral for message in seen.messages)
    ann = theatre.resident("ann", theatre.server.member_role)
    with pytest.raises(simulation.MisuseError):
        await ann.command(command, theatre.server.lounge, **filled)
    assert await count(theatre, "event") == before
    assert await state(theatre, code) == "held"


async def test_a_moderator_who_loses_the_role_loses_the_desk_at_once(theatre: Theatre) -> None:
    """Authority is looked at on every press, not when the file was opened."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review next", theatre.server.lounge)
    backend, server = theatre.env.backend, theatre.server
    backend.remove_member_role(server.guild.id, mia.id, server.moderator_role.id)
    await theatre.env.settle()
    assert (await mia.press("Admit")).text == REFUSED
    await theatre.settle()
    assert not inside(ben)


async def test_a_moderator_cannot_decide_from_a_file_that_somebody_else_opened(theatre: Theatre) -> None:
    """The buttons of a file belong to whoever read it."""
    ben = await held(theatre)
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    await mia.press("Open file", on=theatre.cards()[0])
    view = (await rows(theatre, "SELECT ref FROM file_view"))[0][0]
    message = await theatre.plant(theatre.server.lounge, Press("admit", "Admit", view))
    seen = await leo.press("Admit", on=message)
    assert "Open the file yourself first" in seen.text
    await theatre.settle()
    assert not inside(ben)


async def test_nobody_opens_changes_or_sends_the_answers_of_somebody_else(theatre: Theatre) -> None:
    """Every button of an applicant's own answers, pressed by another applicant and by a moderator."""
    ann = await theatre.newcomer("ann")
    await answer(ann, HAS_LINKS, (JOB_TODAY,))
    buttons = [
        (c["custom_id"], c["label"])
        for message in ann.seen.messages
        for row in message.components
        for c in row["components"]
    ]
    presses = []
    for number, (custom_id, _) in enumerate(buttons):
        _, action, ref = custom_id.split(":")
        presses.append(Press(action, str(number), ref))
    sheet = (await rows(theatre, "SELECT id FROM sheet"))[0][0]
    presses.append(Press("summary", "summary", sheet))
    presses.append(Press("confirm", "confirm", presses[0].ref))
    panel = theatre.panel
    porch = await theatre.plant(theatre.server.front_porch, *presses)
    lounge = await theatre.plant(theatre.server.lounge, *presses)
    eve = await theatre.newcomer("eve")
    mia = await theatre.moderator("mia")
    for person, message in ((eve, porch), (mia, lounge)):
        for press in presses:
            seen = await person.press_id(message, f"pl:{press.action}:{press.ref}")
            assert seen.modal is None, press
            assert "no longer open here" in seen.text, press
            assert "Northwind" not in seen.text
        room = theatre.server.front_porch if person is eve else theatre.server.lounge
        result = await simulation.submit_raw(
            person.actor,
            room,
            f"pl:send:{presses[0].ref}",
            {"statements": ["true", "named", "keep", "update"]},
        )
        assert "no longer open here" in result.response.content
        result = await simulation.submit_raw(person.actor, room, f"pl:form:{presses[1].ref}", NOTHING_TO_TELL)
        assert "no longer open here" in result.response.content
    assert await rows(theatre, "SELECT 1 FROM disclosure WHERE source <> 'update'") == []
    assert (await ann.press("Start", on=panel)).message_with("Send my answers") is not None


@pytest.mark.parametrize("action", ["admit", "open", "form", "send", "confirm", "remove", "summary", "seen"])
async def test_made_up_refs_get_a_sentence(theatre: Theatre, action: str) -> None:
    """A button with a ref of nothing at all, pressed by a moderator, is answered and changes nothing."""
    mia = await theatre.moderator("mia")
    refs = ("", "0" * 26, "ABC")
    message = await theatre.plant(
        theatre.server.lounge, *(Press(action, f"b{n}", r) for n, r in enumerate(refs))
    )
    before = await count(theatre, "event")
    for ref in refs:
        seen = await mia.press_id(message, f"pl:{action}:{ref}")
        assert seen.text
        assert "went wrong" not in seen.text, (action, ref)
    assert await count(theatre, "event") == before
