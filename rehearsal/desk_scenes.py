"""Scenes at the desk: two hats, a client who is not named, and two moderators at once."""

from typing import Any

from bot.config.review_tables import Reason
from bot.model import CaseState, Outcome
from bot.screens import deciding
from bot.screens import desk as desk_screens
from bot.screens import panel as panel_screens
from bot.store.cases import Case
from rehearsal import simulation
from rehearsal.casting import NotTold, Part, Wishes
from rehearsal.gate_scenes import NIL_RETURN
from rehearsal.story import Story, buttons_on
from rehearsal.theatre import Person, Seen, Unanswered

FOUNDER: Wishes = {
    "belongs": ("yes",),
    "age_ok": ("yes",),
    "capacity": ("self",),
    "links": ("yes",),
    "category": ("industry",),
    "organisation": "Meridian Devices",
    "relationship": ("employment",),
    "period": ("past36",),
}
_AGENCY: Wishes = {
    "belongs": ("yes",),
    "age_ok": ("yes",),
    "capacity": ("both",),
    "links": ("yes",),
    "category": ("agency",),
    "organisation": "Brightline Communications",
    "on_behalf_of": "",
    "relationship": ("employment",),
    "period": ("current",),
    "purpose": ("listen",),
    "data_use": ("notes",),
    "reporting_duty": ("no",),
    "instructed": ("knows",),
    "goal": "Understand what patients wish for",
}
_NOT_SURE: Wishes = {**NIL_RETURN, "belongs": ("not_sure",)}
_CLIENT_NOT_NAMED = "client_not_named"


async def two_hats(story: Story) -> None:
    """Somebody who belongs, and worked for a manufacturer not long ago."""
    finn, mia = story.people["Finn"], story.people["Mia"]
    part = story.held_part(finn, FOUNDER)
    await story.arrive("Finn")
    story.narrator.say(
        "He founded a local patient group, and until last year he worked for a device maker. "
        "He wears two hats, and says so."
    )
    case = await sent_and_held(story, finn, part, show_waiting=True)
    file = await opened(story, mia, case, most=None)
    check = story.narrator.check
    check("the file names the organisation", str(FOUNDER["organisation"]) in file.text)
    check(f"the file says that rule {part.rule} fired", f"`{part.rule}`" in file.text)
    check("the file says who it is", f"<@{finn.id}>" in file.text)
    seen = await story.press(mia, deciding.ADMIT)
    story.shows(mia, seen)
    await story.theatre.settle()
    story.narrator.sees("Finn gets a private message", finn.inbox())
    check("messages that Finn got about the decision", len(finn.inbox()), 1)
    story.check_rooms(finn, inside=True)


async def unnamed_client(story: Story) -> None:
    """An agency that will not say for whom it works."""
    alex, mia = story.people["Alex"], story.people["Mia"]
    part = story.held_part(alex, _AGENCY)
    reason = _reason(story)
    await story.arrive("Alex")
    story.narrator.say("Alex works for a PR agency, leaves the client out, and takes no private messages.")
    open_again = simulation.close_messages(story.theatre.env, alex.user)
    try:
        case = await sent_and_held(story, alex, part)
        await opened(story, mia, case, most=3)
        await _decline(story, mia, reason)
        await story.theatre.settle()
    finally:
        open_again()
    check = story.narrator.check
    ended = await story.case_of(alex)
    check("the case", ended.state.value if ended else "none", CaseState.DECLINED.value)
    check("private messages that Alex got", len(alex.inbox()), 0)
    story.narrator.say(
        "Nothing arrived, and nobody hides that: the file says so, and the front page tells Alex."
    )
    file = await story.command(mia, "review open", story.theatre.server.review, code=case.code)
    check("the file says that it did not arrive", story.says(file.text, "delivery_closed"))
    seen = await story.press_panel(alex, panel_screens.START)
    story.shows(alex, seen, most=2)
    told = story.voice.read(reason.text)
    check("the front page tells Alex the very same", told in seen.text)
    story.check_rooms(alex, inside=False)


def _reason(story: Story) -> Reason:
    reasons = story.config.review.reasons_for(Outcome.DECLINE.value)
    if not reasons:
        raise NotTold("your configuration has no reason for a decline")
    return next((reason for reason in reasons if reason.id == _CLIENT_NOT_NAMED), reasons[0])


async def _decline(story: Story, moderator: Person, reason: Reason) -> None:
    """Decline the open file: the reason, a preview, and send."""
    form = await story.press(moderator, Outcome.DECLINE.value)
    if form.modal is None:
        raise Unanswered("the form for a decline did not open")
    values: dict[str, Any] = {deciding.REASON_FIELD: [reason.id]}
    story.narrator.form(f"{story.name(moderator)} fills in: {form.title}", form.modal, values)
    preview = await moderator.fill(**values)
    story.shows(moderator, preview)
    story.narrator.check("Mia sees the text before it is sent", story.voice.read(reason.text) in preview.text)
    seen = await story.press(moderator, deciding.SEND_NOW)
    story.shows(moderator, seen)


async def both_at_once(story: Story) -> None:
    """Two moderators press Admit in the same moment."""
    ella = story.people["Ella"]
    part = story.held_part(ella, _NOT_SURE, FOUNDER)
    await story.arrive("Ella")
    case = await sent_and_held(story, ella, part, briefly=True)
    pair = [story.people["Mia"], story.people["Leo"]]
    story.narrator.say("Mia and Leo open the file, and press Admit in the same moment.")
    for moderator in pair:
        await story.press(moderator, desk_screens.OPEN, on=story.card_of(case))
    results = await _pressed_together(story, pair)
    await story.theatre.settle()
    for moderator, seen in zip(pair, results, strict=True):
        story.shows(moderator, seen)
    _check_one_decision(story, case, pair, results)
    admits = await story.rows(
        lambda c: c.execute(
            "SELECT COUNT(*) FROM decision WHERE case_id = ? AND outcome = 'admit'", (case.id,)
        ).fetchone()[0]
    )
    story.narrator.check("decisions to admit in the database", admits, 1)
    story.check_rooms(ella, inside=True)


async def _pressed_together(story: Story, pair: list[Person]) -> list[Seen]:
    admits = [story.button(moderator, deciding.ADMIT) for moderator in pair]
    async with simulation.at_once(story.theatre.env):
        pressed = [
            await moderator.actor.click(button.message, custom_id=button.custom_id)
            for moderator, button in zip(pair, admits, strict=True)
        ]
    return [
        Seen([result.response], None, result.acknowledged, result) for result in pressed if result.response
    ]


def _check_one_decision(story: Story, case: Case, pair: list[Person], results: list[Seen]) -> None:
    check = story.narrator.check
    won = [story.says(seen.text, "decided_admit", case_code=case.code) for seen in results]
    check("how many of the two decided", sum(won), 1)
    if sum(won) != 1:
        return
    winner, loser = (pair[0], results[1]) if won[0] else (pair[1], results[0])
    outcome = story.voice.say("outcome_admit")
    by = story.voice.say("by_moderator", user=f"<@{winner.id}>")
    told = story.says(loser.text, "already_decided", case_code=case.code, outcome=outcome, who=by)
    check(f"the other is told that {story.name(winner)} decided, and when", told and "<t:" in loser.text)


async def sent_and_held(
    story: Story, person: Person, part: Part, *, briefly: bool = False, show_waiting: bool = False
) -> Case:
    """Somebody answers everything and is held; the review channel has a neutral card."""
    name = story.name(person)
    await story.begin(person, show=False)
    await story.answer_all(person, part, show=() if briefly else ("organisation",))
    await story.theatre.settle()
    if show_waiting:
        story.shows(person, person.seen, most=2)
    case = await story.case_of(person)
    check = story.narrator.check
    check(f"the case of {name}", case.state.value if case else "none", CaseState.HELD.value)
    if case is None:
        raise Unanswered("there is no case")
    check("held because", case.hold_reason.value if case.hold_reason else "", part.hold_reason.value)
    story.check_rooms(person, inside=False)
    if not briefly:
        card = story.card_of(case)
        story.narrator.sees("#review shows", [card.content], [button.chip for button in buttons_on([card])])
        typed = [wish for wish in part.wishes.values() if isinstance(wish, str) and wish]
        named = str(person.id) in card.content or any(words in card.content for words in typed)
        check("the card names the person or the organisation", named, wanted=False)
    return case


async def opened(story: Story, moderator: Person, case: Case, *, most: int | None) -> Seen:
    seen = await story.press(moderator, desk_screens.OPEN, on=story.card_of(case))
    story.shows(moderator, seen, most=most)
    return seen
