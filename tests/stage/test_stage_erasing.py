"""An erasure on the server: message, card and role go, with the real calls."""

from bot.forgetting.erasure import Erasure
from bot.model import Scope
from rehearsal.theatre import Theatre
from tests.stage.acts import calls, code_of, count, held, inside, rows


async def subject_of(theatre: Theatre, code: str) -> str:
    """Whose case has this code."""
    return str((await rows(theatre, "SELECT subject_id FROM cases WHERE code = ?", code))[0][0])


async def test_nothing_about_them_stands_on_the_server_any_more(theatre: Theatre) -> None:
    """The letter is deleted from their messages, the card from the team's room, and the role is taken."""
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await theatre.settle()
    await mia.press("Open file", on=theatre.cards()[0])
    await mia.press("Admit")
    await theatre.settle()
    assert inside(ben)
    assert len(ben.inbox()) == 1
    subject = await subject_of(theatre, await code_of(theatre))

    receipt = await Erasure(theatre.foundation).person(subject, subject)
    await theatre.settle()

    assert receipt is not None
    assert receipt.what is Scope.PERSON
    assert receipt.messages_to_delete == 2
    assert not inside(ben)
    assert ben.inbox() == []
    assert theatre.cards() == []
    assert await count(theatre, "errand") == 0
    deletes = [path for method, path in calls(theatre) if method == "DELETE"]
    assert len(deletes) == 3
    assert sum("/roles/" in path for path in deletes) == 1


async def test_a_moderator_with_the_file_open_is_told_that_it_is_gone(theatre: Theatre) -> None:
    """An ordinary sentence, and no error in the log."""
    await held(theatre)
    mia = await theatre.moderator("mia")
    await theatre.settle()
    card = theatre.cards()[0]
    await mia.press("Open file", on=card)
    subject = await subject_of(theatre, await code_of(theatre))
    await Erasure(theatre.foundation).person(subject, subject)

    seen = await mia.press("Admit")
    again = await mia.press("Open file", on=card)

    assert "This file is no longer there" in seen.text
    assert "There is no case with this code" in again.text
