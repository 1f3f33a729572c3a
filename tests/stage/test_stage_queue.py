"""Moderators share a queue: they find their way in it, and see who has what."""

from rehearsal.theatre import Seen, Theatre
from tests.stage.acts import WILL_NOT_SAY, apply, code_of, held, state


async def test_a_case_is_taken_on_its_card_and_a_colleague_goes_on_anyway(theatre: Theatre) -> None:
    """One press shows who has it; the second is told, and decides after one more."""
    await held(theatre)
    mia, noa = await theatre.moderator("mia"), await theatre.moderator("noa")
    code = await code_of(theatre)
    seen = await mia.press("I take this", on=theatre.cards()[0])
    assert f"Case {code} is yours now" in seen.text
    assert seen.buttons == ["Open file", "Let go of it"]
    await theatre.settle()
    [card] = theatre.cards()
    assert f"With <@{mia.id}>." in card.content
    assert Seen([card]).buttons == ["Open file"]

    seen = await noa.press("Open file", on=card)
    assert f"Looked after by <@{mia.id}>" in seen.text
    seen = await noa.press("Admit")
    assert f"<@{mia.id}> has looked after case {code} since" in seen.text
    assert await state(theatre, code) == "held"
    seen = await noa.press("Go on anyway")
    assert f"Case {code}: admitted." in seen.text
    assert await state(theatre, code) == "admitted"


async def test_a_case_is_let_go_of_and_handed_over(theatre: Theatre) -> None:
    """To a colleague, who is named; to nobody who is no moderator."""
    ben = await held(theatre)
    mia, noa = await theatre.moderator("mia"), await theatre.moderator("noa")
    code = await code_of(theatre)
    await mia.command("review claim", code=code)
    seen = await mia.press("Let go of it")
    assert f"Nobody looks after case {code} now." in seen.text
    await mia.command("review claim", code=code)
    seen = await mia.command("review hand-over", code=code, colleague=ben.user)
    assert f"That person cannot look after case {code}." in seen.text
    seen = await mia.command("review hand-over", code=code, colleague=noa.actor)
    assert f"<@{noa.id}> looks after case {code} now." in seen.text
    seen = await mia.command("review queue", holder=noa.user)
    assert code in seen.text
    seen = await mia.command("review release", code=code)
    assert f"<@{noa.id}> has looked after case {code}" in seen.text


async def test_a_decision_by_code_and_a_written_one_are_stopped_too(theatre: Theatre) -> None:
    """What was written is kept, and sent with one more press."""
    await held(theatre)
    mia, noa = await theatre.moderator("mia"), await theatre.moderator("noa")
    code = await code_of(theatre)
    await mia.command("review claim", code=code)
    seen = await noa.command("review hold", code=code)
    assert f"<@{mia.id}> has looked after case" in seen.text
    await noa.command("review decline", code=code, reason="other", sentence="Not now.")
    seen = await noa.press("Send and close the case")
    assert f"<@{mia.id}> has looked after case" in seen.text
    await noa.press("Go on anyway")
    assert await state(theatre, code) == "declined"


async def test_the_queue_is_searched_by_rule_kind_of_link_and_whose_it_is(theatre: Theatre) -> None:
    """With what the configuration knows to choose from."""
    await held(theatre, "ben")
    linked = await code_of(theatre)
    await apply(await theatre.newcomer("ann"), WILL_NOT_SAY)
    unsaid = await code_of(theatre)
    mia = await theatre.moderator("mia")
    seen = await mia.command("review queue", category="industry")
    assert linked in seen.text
    assert unsaid not in seen.text
    seen = await mia.command("review queue", rule="everything_else")
    assert linked in seen.text
    assert unsaid not in seen.text
    await mia.press(f"Open {linked}")
    seen = await mia.command("review queue", whose="mine")
    assert "Nothing fits" in seen.text
    await mia.command("review next")
    seen = await mia.command("review queue", whose="mine")
    assert seen.text.count("Since <t:") == 1


async def test_the_numbers_are_for_the_team_alone(theatre: Theatre) -> None:
    """Whoever asks sees them, in a message of their own."""
    await held(theatre)
    mia = await theatre.moderator("mia")
    await mia.command("review admit", code=await code_of(theatre))
    await theatre.settle()
    seen = await mia.command("review stats")
    assert "**The last 30 days**" in seen.text
    assert "Decisions: Admitted: 1" in seen.text
    assert all(message.ephemeral for message in seen.messages)
