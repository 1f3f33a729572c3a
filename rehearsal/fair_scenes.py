"""Scenes of fair hands: a moderator tells of her own links first, and is kept from a case that meets them."""

from bot.screens import deciding, interests, refusals
from bot.screens import desk as desk_screens
from bot.store.cases import Case
from rehearsal.casting import NotTold, Wishes
from rehearsal.desk_scenes import FOUNDER, opened, sent_and_held
from rehearsal.story import Story, buttons_on

_WORKS_THERE: Wishes = {**FOUNDER, "organisation": "Tarn Diagnostics", "period": ("current",)}
_WORKED_THERE: Wishes = {**FOUNDER, "organisation": "tarn diagnostics"}


async def own_links_first(story: Story) -> None:
    """Somebody new on the team opens a file, and tells of herself before she reads it."""
    ola, noor, check = story.people["Ola"], story.people["Noor"], story.narrator.check
    held, own = story.held_part(ola, _WORKED_THERE), story.part(noor, _WORKS_THERE)
    await story.arrive("Ola")
    case = await sent_and_held(story, ola, held, briefly=True)
    story.narrator.say("Noor is new on the team. She presses the first button that she finds.")
    seen = await story.press(noor, desk_screens.OPEN, on=story.card_of(case))
    story.shows(noor, seen)
    check("she is asked about her own links first", story.says(seen.text, "may_not_interests_none"))
    check("she has read anything of the case", case.code in seen.text, wanted=False)
    seen = await story.press(noor, refusals.MY_INTERESTS)
    story.shows(noor, seen)
    await story.press(noor, interests.CHANGE_OWN)
    seen = await story.answer_all(noor, own, show=("organisation",))
    await story.theatre.settle()
    story.shows(noor, seen)
    check("it is on record, and says until when", story.says(seen.text, "interests_on_record"))
    onwards = [button.action for button in buttons_on(seen.messages)]
    check("one press leads on to what waits", desk_screens.NEXT in onwards)


async def kept_away(story: Story) -> None:
    """Her employer is the organisation that an applicant worked for: she gets one line."""
    ola, noor, mia = story.people["Ola"], story.people["Noor"], story.people["Mia"]
    case, check = await story.case_of(ola), story.narrator.check
    if case is None or not case.state.is_open:
        raise NotTold("nobody with a link of Noor's is waiting, see the scene before")
    before = await _refused(story, case)
    story.narrator.say("Ola worked where Noor works today. Nobody had to notice that: it is worked out.")
    card = story.card_of(case)
    seen = await story.press(noor, desk_screens.OPEN, on=card)
    story.shows(noor, seen)
    check("all that she is told is one line", seen.text == story.voice.say("may_not_recused"))
    seen = await story.press(noor, desk_screens.CLAIM, on=card)
    check("and the same if she wants to look after it", seen.text == story.voice.say("may_not_recused"))
    seen = await story.command(noor, "review next", story.theatre.server.review)
    check("what is next for her is this case", case.code in seen.text, wanted=False)
    check("both attempts are on record", await _refused(story, case) - before, 2)
    story.narrator.say("For Mia it is a case like any other.")
    await opened(story, mia, case, most=3)
    await story.press(mia, deciding.ADMIT)
    await story.theatre.settle()
    story.check_rooms(ola, inside=True)


async def _refused(story: Story, case: Case) -> int:
    """How often somebody was not let at a case."""
    return await story.rows(
        lambda connection: int(
            connection.execute(
                "SELECT COUNT(*) FROM event WHERE object_id = ? AND action LIKE '%refused'", (case.id,)
            ).fetchone()[0]
        )
    )
