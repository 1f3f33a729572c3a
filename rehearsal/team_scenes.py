"""Scenes of a team: a question and its answer, a removal that takes two, and a word about one of them."""

from typing import Any

from bot.model import CaseState, Outcome
from bot.screens import concerns, deciding, motions, panel, questions
from bot.screens import desk as desk_screens
from bot.screens.elements import Press
from bot.store.cases import Case
from bot.store.concerns import ConcernKind
from rehearsal.casting import NotTold, Wishes
from rehearsal.desk_scenes import FOUNDER, opened, sent_and_held
from rehearsal.gate_scenes import NIL_RETURN
from rehearsal.story import Story
from rehearsal.theatre import Person, Seen, Unanswered

_MADE_SCANNERS: Wishes = {**FOUNDER, "organisation": "Larch Imaging"}
_QUESTION = "When did you leave them, and do you still hold shares?"
_ANSWER = "I left in May, and hold no shares."
_WORRY = "Noor told me to say nothing about her new job."


async def asked(story: Story) -> None:
    """A moderator asks, the applicant answers in a form, and nothing of the conversation stays."""
    ida, mia, check = story.people["Ida"], story.people["Mia"], story.narrator.check
    part = story.held_part(ida, _MADE_SCANNERS)
    await story.arrive("Ida")
    case = await sent_and_held(story, ida, part, briefly=True)
    await opened(story, mia, case, most=1)
    await _asks(story, mia)
    porch = story.theatre.server.front_porch
    check("private threads that are open", ", ".join(one.name for one in porch.threads), case.code)
    waits = story.says(story.card_of(case).content, "step_asked")
    check("the card says that it waits for the person", waits)
    story.narrator.sees("Ida gets a private message", ida.inbox())
    check("the message holds the question", _QUESTION in "".join(ida.inbox()), wanted=False)
    seen = await story.press_panel(ida, panel.START)
    story.shows(ida, seen, most=3)
    await story.press(ida, questions.REPLY)
    seen = await _fills(story, ida, {questions.TEXT_FIELD: _ANSWER})
    story.shows(ida, seen)
    await story.theatre.settle()
    seen = await story.press(mia, desk_screens.OPEN, on=story.card_of(case))
    check("the answer is in the file", _ANSWER in seen.text)
    await story.press(mia, deciding.ADMIT)
    await story.theatre.settle()
    await story.theatre.settle()
    check("threads that are left", len(porch.threads), 0)
    check("threads that the bot remembers", (await story.count_rows("thread"))["thread"], 0)
    story.check_rooms(ida, inside=True)


async def _asks(story: Story, moderator: Person) -> None:
    await story.press(moderator, questions.ASK)
    preview = await _fills(story, moderator, {questions.TEXT_FIELD: _QUESTION})
    story.shows(moderator, preview)
    await story.press(moderator, questions.ASK_SEND)
    await story.theatre.settle()


async def _fills(story: Story, person: Person, values: dict[str, Any], **people: Person) -> Seen:
    """Fill in the open form with just these values, and choose these people."""
    modal = person.seen.modal
    if modal is None:
        raise Unanswered(f"{story.name(person)} waited for a form that did not open")
    story.words_typed.update(value for value in values.values() if isinstance(value, str))
    names = {field: story.name(one) for field, one in people.items()}
    story.narrator.form(f"{story.name(person)} fills in: {modal['title']}", modal, {**values, **names})
    chosen: dict[str, Any] = {field: [one.actor] for field, one in people.items()}
    return await person.fill(**{**values, **chosen})


async def removed_by_two(story: Story) -> None:
    """Somebody is removed from the server: one proposes it, and nobody confirms their own proposal."""
    confirm = story.config.confirm
    if confirm.small_team or confirm.remove != "two":
        raise NotTold("in your configuration a removal does not take two people")
    otto, mia, leo, check = *(story.people[name] for name in ("Otto", "Mia", "Leo")), story.narrator.check
    case = await _let_in(story, "Otto")
    story.narrator.say("Otto is a member. He has sold things to others in private, and was told not to.")
    await story.command(mia, "review open", story.theatre.server.review, code=case.code)
    await _proposes(story, mia)
    check("Otto is a member still", otto.is_inside)
    await _confirms_her_own(story, mia)
    check("Otto is a member even now", otto.is_inside)
    seen = await story.command(leo, "review open", story.theatre.server.review, code=case.code)
    check("Leo reads just what Otto will read", story.says(seen.text, "motion_will_read"))
    seen = await story.press(leo, motions.CARRY)
    story.shows(leo, seen)
    for _ in range(2):
        await story.theatre.settle()
    story.narrator.sees("Otto gets a private message", otto.inbox()[-1:])
    check("Otto is in the server", otto.id in story.theatre.server.guild.member_ids(), wanted=False)
    ended = await story.case_of(otto)
    check("the case", ended.state.value if ended else "none", CaseState.REMOVED.value)


async def _proposes(story: Story, moderator: Person) -> None:
    reasons = story.config.review.reasons_for(Outcome.REMOVE.value)
    if not reasons:
        raise NotTold("your configuration has no reason for a removal")
    await story.press(moderator, deciding.FORM_OF[Outcome.REMOVE])
    values: dict[str, Any] = {
        deciding.REASON_FIELD: [reasons[0].id],
        deciding.SENTENCE_FIELD: "You sold things here.",
    }
    preview = await _fills(story, moderator, values)
    story.shows(moderator, preview)
    seen = await story.press(moderator, deciding.SEND_NOW)
    story.shows(moderator, seen)
    story.narrator.check("nothing is decided by one alone", story.says(seen.text, "proposed_two"))


async def _confirms_her_own(story: Story, moderator: Person) -> None:
    """Press a button that she was never shown: as good as any that somebody could forge."""
    story.narrator.say("Mia looks for a way to confirm it herself, and sends what the button would send.")
    motion = await story.rows(lambda c: c.execute("SELECT id FROM motion WHERE state = 'open'").fetchone())
    if motion is None:
        raise Unanswered("nothing is proposed")
    room = story.theatre.server.review
    forged = await story.theatre.plant(room, Press(motions.CARRY, "Confirm", motion[0]))
    seen = await story.press(moderator, motions.CARRY, on=forged, show=False)
    story.shows(moderator, seen)
    story.narrator.check("she is told that it takes somebody else", _told_of_her_own(story, seen))


def _told_of_her_own(story: Story, seen: Seen) -> bool:
    return story.says(seen.text, "may_not_own_proposal")


async def _let_in(story: Story, name: str) -> Case:
    """Somebody with no links becomes a member: by the rules, or by Mia where the rules have her decide."""
    person, mia = story.people[name], story.people["Mia"]
    part = story.part(person, NIL_RETURN)
    await story.arrive(name)
    await story.begin(person, show=False)
    await story.answer_all(person, part, show=())
    await story.theatre.settle()
    case = await story.case_of(person)
    if case is None:
        raise Unanswered("there is no case")
    if case.state is CaseState.HELD:
        await story.press(mia, desk_screens.OPEN, on=story.card_of(case), show=False)
        await story.press(mia, deciding.ADMIT, show=False)
        await story.theatre.settle()
    return case


async def told_about_a_moderator(story: Story) -> None:
    """A member tells the team about one of the team, for whom it does not exist."""
    mia, noor, check = story.people["Mia"], story.people["Noor"], story.narrator.check
    await _let_in(story, "Eve")
    story.narrator.say("Eve is a member. Something that Noor said worries her, and she tells the team.")
    await _tells(story, story.people["Eve"], noor)
    await story.theatre.settle()
    code = await story.rows(
        lambda c: str(c.execute("SELECT code FROM concern ORDER BY rowid DESC LIMIT 1").fetchone()[0])
    )
    story.narrator.sees("Mia gets a private message", mia.inbox()[-1:])
    news = story.voice.say("concern_message_news")
    check("Mia hears that something waits", news in mia.inbox())
    check("Noor hears of it", news in noor.inbox(), wanted=False)
    review = story.theatre.server.review
    seen = await story.command(mia, "review open", review, code=code)
    story.shows(mia, seen)
    check("Mia reads what Eve wrote", _WORRY in seen.text)
    check("and not who wrote it", str(story.people["Eve"].id) in seen.text, wanted=False)
    seen = await story.command(noor, "review queue", review)
    check("it is on Noor's list", code in seen.text, wanted=False)
    seen = await story.command(noor, "review open", review, code=code)
    story.shows(noor, seen)
    check("for Noor there is no such code", seen.text == story.voice.say("may_not_no_such_case"))
    everywhere = [message.content for message in story.theatre.cards()]
    check("#review shows anything of it", any(code in content for content in everywhere), wanted=False)


async def _tells(story: Story, person: Person, about: Person) -> None:
    await story.command(person, "concern tell", story.theatre.server.lounge)
    values = {
        concerns.KIND_FIELD: [ConcernKind.RETALIATION.value],
        concerns.TEXT_FIELD: _WORRY,
    }
    await _fills(story, person, values, **{concerns.WHO_FIELD: about})
    story.shows(person, person.seen)
