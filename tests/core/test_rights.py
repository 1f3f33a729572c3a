"""People's own data: seen by whoever it is about, warned about before it goes, and gone once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.filling import Summary
from bot.forgetting.erasure import Receipt
from bot.holdings import Holdings
from bot.links import LinksOnRecord
from bot.minting import NextForm
from bot.model import CaseState, Outcome, Scope, Visitor
from bot.rights import Nothing, Person, ToldBefore
from bot.screens import gate, links, panel
from bot.screens import rights as screens
from bot.screens.elements import in_messages
from bot.store import presence
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    LINK_OLD,
    MEMBER_ROLE,
    MOD,
    NOW,
    PURPOSE,
    TICKED,
    World,
    config,
    visitor,
)

VETERAN = visitor(600000000000000001, role_ids=frozenset({MEMBER_ROLE}))
VOICE = config().words.voice("en-GB")
CONFIG = config()

OFFERED = (Scope.PERSON, Scope.REST, Scope.CONSENT)
"""What people can have deleted by a button."""


async def warned(world: World, who: Visitor = ANN, scope: Scope = Scope.PERSON) -> ToldBefore:
    """What somebody reads before anything is deleted."""
    told = await world.rights.before(who, scope)
    assert isinstance(told, ToldBefore), told
    return told


async def test_a_stranger_is_told_that_nothing_is_held(world: World) -> None:
    """On every button, and nothing is written down by asking."""
    for scope in OFFERED:
        assert await world.rights.before(ANN, scope) == Nothing()
        assert await world.rights.delete(ANN, scope, as_member=True) == Nothing()
    assert await world.rights.see(ANN) == Nothing()
    assert await world.rows("SELECT * FROM subject") == []
    assert await world.rows("SELECT * FROM event") == []
    assert screens.seen(VOICE, CONFIG, Nothing()).text == "We hold nothing about you."


async def test_a_locked_number_that_stays_is_told(world: World) -> None:
    """Whoever was refused and had all deleted reads of the one thing that is left, and until when."""
    await world.held()
    await world.decline()
    told = await warned(world)
    assert told.consequence.held_until is not None

    receipt = await world.rights.delete(ANN, Scope.PERSON, as_member=False)
    assert isinstance(receipt, Receipt)
    left = await world.rights.see(ANN)

    assert isinstance(left, Nothing)
    assert left.held_until == receipt.held_until
    assert "A locked number stays until" in screens.seen(VOICE, CONFIG, left).text


async def test_looking_at_ones_own_data_changes_nothing(world: World) -> None:
    """It is a look at what is there, however often."""
    await world.held()
    events = await world.one("SELECT count(*) FROM event")
    for _ in range(3):
        assert isinstance(await world.rights.see(ANN), Holdings)

    assert await world.one("SELECT count(*) FROM event") == events
    assert await world.one("SELECT count(*) FROM access WHERE action = 'rights'") == 0


async def test_a_member_is_warned_and_may_keep_links(world: World) -> None:
    """The warning says what it means for their place, and keeping the links comes first."""
    await world.send(ANN, ABOUT_LINKED, LINK_OLD)
    assert await world.states() == ["admitted"]
    screen = screens.before(VOICE, await warned(world))

    assert "*Keep my links, delete the rest*: what you told us about your links stays" in screen.text
    assert [press.action for press in screen.presses] == [
        screens.KEEP_LINKS_NOW,
        screens.ALL_NOW_AS_MEMBER,
        screens.CANCEL,
    ]
    assert all(press.ref == "" for press in screen.presses)


async def test_keeping_links_keeps_the_place_and_deletes_the_rest(world: World) -> None:
    """Pressed twice, it is done once, and the second receipt has nothing in it."""
    await world.send(ANN, ABOUT_LINKED, LINK_OLD)
    first = await world.rights.delete(ANN, Scope.REST, as_member=True)
    second = await world.rights.delete(ANN, Scope.REST, as_member=True)

    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert "for up to 30 more days" in screens.deleted(VOICE, CONFIG, first).text
    assert first.gone["sheets"] == 1
    assert set(second.gone.values()) == {0}
    held = await world.rights.see(ANN)
    assert isinstance(held, Holdings)
    assert held.is_member
    assert held.links[0].logged.disclosure.interests[0].organisation == "Helix Pharma"
    assert held.requests[0].answers is None


async def test_deleting_everything_twice_says_that_nothing_is_left(world: World) -> None:
    """A double press is harmless."""
    await world.send(ANN, ABOUT_NIL)
    first = await world.rights.delete(ANN, Scope.PERSON, as_member=True)
    second = await world.rights.delete(ANN, Scope.PERSON, as_member=True)

    assert isinstance(first, Receipt)
    assert first.role_taken
    assert isinstance(second, Nothing)
    assert await world.rows("SELECT * FROM subject") == []
    text = screens.deleted(VOICE, CONFIG, first).text
    assert first.ref in text
    assert "Requests: 1" in text
    assert "privacy@harbour.example" in text
    assert "for up to 7 more days" in text


async def test_only_deleting_everything_leaves_a_number_and_is_told_so(world: World) -> None:
    """Whoever takes back consent leaves none: the bare record stays, and is deleted when its time is up."""
    await world.held()
    everything = screens.before(VOICE, await warned(world, scope=Scope.PERSON)).text
    consent = screens.before(VOICE, await warned(world, scope=Scope.CONSENT)).text

    assert "a locked number" in everything
    assert "number" not in consent
    receipt = await world.rights.delete(ANN, Scope.CONSENT, as_member=False)
    assert isinstance(receipt, Receipt)
    assert receipt.held_until is None


@pytest.mark.parametrize("scope", [Scope.PERSON, Scope.CONSENT])
async def test_whoever_became_a_member_since_reads_it_again(world: World, scope: Scope) -> None:
    """What was read as an applicant is not what it would mean now, so nothing is deleted yet."""
    await world.held()
    assert not (await warned(world, scope=scope)).consequence.is_member
    file = await world.file()
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    result = await world.rights.delete(ANN, scope, as_member=False)

    assert isinstance(result, ToldBefore)
    assert result.changed
    assert await world.states() == ["admitted"]
    screen = screens.deleted(VOICE, CONFIG, result)
    assert screen.text.startswith("**Something has changed since you read this")
    assert "front page" in screen.text


async def test_links_cannot_be_kept_by_somebody_who_is_no_member(world: World) -> None:
    """An old button leads to the warning as it is now, and deletes nothing."""
    await world.held()
    result = await world.rights.delete(ANN, Scope.REST, as_member=True)

    assert isinstance(result, ToldBefore)
    assert result.changed
    assert await world.states() == ["held"]
    assert screens.KEEP_LINKS_NOW not in {p.action for p in screens.before(VOICE, result).presses}


async def test_consent_of_a_member_from_before_ends_their_links_and_not_their_place(world: World) -> None:
    """Their place never rested on what they told; with everything else, it goes."""
    await is_from_before(world, VETERAN)
    for page in (ABOUT_LINKED, LINK_OLD):
        step = await world.links.change(VETERAN)
        assert isinstance(step, NextForm)
        await world.save(VETERAN, step.ref, page)
    summary = await world.links.change(VETERAN)
    assert isinstance(summary, Summary)
    await world.submission.send(VETERAN, summary.send_ref, TICKED)

    told = await warned(world, VETERAN, Scope.CONSENT)
    assert not told.consequence.is_member
    assert "front porch" not in screens.before(VOICE, told).text
    receipt = await world.rights.delete(VETERAN, Scope.CONSENT, as_member=False)
    await world.drain()

    assert isinstance(receipt, Receipt)
    assert not receipt.role_taken
    assert receipt.gone["disclosures"] == 1
    assert world.doorkeeper.told("revoke") == []
    assert (await warned(world, VETERAN)).consequence.is_member
    assert isinstance(await world.links.on_record(VETERAN), LinksOnRecord)

    last = await world.rights.delete(VETERAN, Scope.PERSON, as_member=True)
    await world.drain()
    assert isinstance(last, Receipt)
    assert last.role_taken
    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [VETERAN.user_id]


async def is_from_before(world: World, who: Visitor) -> None:
    """Somebody is on the list of members from before the bot."""
    now, on = world.clock(), world.foundation
    subject = await on.database.write(lambda c: on.find_or_add(c, who.user_id, now))
    await on.database.write(lambda c: presence.note_earlier(c, [subject.id], now))


async def test_only_whoever_has_everything_deleted_reads_of_a_locked_number(world: World) -> None:
    """With consent, what was decided stays, and there is nothing to lock."""
    await world.held()
    await world.decline()

    assert (await warned(world)).consequence.held_until is not None
    assert (await warned(world, scope=Scope.CONSENT)).consequence.held_until is None
    receipt = await world.rights.delete(ANN, Scope.CONSENT, as_member=False)
    assert isinstance(receipt, Receipt)
    assert await world.rows("SELECT * FROM suppression_key") == []
    keeping = await world.rights.delete(ANN, Scope.REST, as_member=False)
    assert isinstance(keeping, ToldBefore)
    assert keeping == replace(await warned(world), changed=True)


async def test_a_button_acts_on_whoever_presses_it(world: World) -> None:
    """Ben presses what stood under Ann's message: it is his own that goes."""
    await world.held(ANN)
    await world.send(BEN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.rights.delete(BEN, Scope.PERSON, as_member=False)

    assert isinstance(await world.rights.see(ANN), Holdings)
    assert isinstance(await world.rights.see(BEN), Nothing)


async def test_a_moderator_is_told_that_their_decisions_stay(world: World) -> None:
    """They are about others, and lead to nobody once the moderator's own row is gone."""
    await world.held()
    await world.decline()
    text = screens.before(VOICE, await warned(world, MOD)).text

    assert "Decisions that you made about others as a moderator stay" in text
    receipt = await world.rights.delete(MOD, Scope.PERSON, as_member=True)
    assert isinstance(receipt, Receipt)
    assert await world.one("SELECT count(*) FROM decision WHERE decided_by IS NOT NULL") == 1


async def test_taking_back_consent_ends_an_open_request(world: World) -> None:
    """The answers go; when it was asked, and that it was taken back, stays."""
    await world.held()
    told = await warned(world, scope=Scope.CONSENT)
    assert "Your open request ends" in screens.before(VOICE, told).text
    receipt = await world.rights.delete(ANN, Scope.CONSENT, as_member=False)

    assert isinstance(receipt, Receipt)
    held = await world.rights.see(ANN)
    assert isinstance(held, Holdings)
    assert held.requests[0].case.state is CaseState.WITHDRAWN
    assert held.links == ()
    assert "You have taken back your consent" in screens.deleted(VOICE, CONFIG, receipt).text


async def correct(world: World, who: Visitor = ANN) -> str:
    """Where *Put it right* leads somebody."""
    screen = screens.correcting(VOICE, CONFIG, await world.rights.see(who))
    return screen.presses[0].action if screen.presses else ""


async def test_putting_it_right_leads_where_somebody_stands(world: World) -> None:
    """To the form, to changing answers, to changing links, or to asking again."""
    assert await correct(world) == ""
    await world.begin()
    assert await correct(world) == panel.START
    await world.held()
    assert await correct(world) == gate.REOPEN
    await world.decline()
    assert await correct(world) == gate.AGAIN
    await world.send(BEN, ABOUT_NIL)
    assert await correct(world, BEN) == links.CHANGE
    await world.links.change(VETERAN)
    assert await correct(world, VETERAN) == links.CHANGE


async def test_the_operator_acts_for_somebody_and_each_use_is_noted(world: World) -> None:
    """A row that the person can read, and a line in the log; the code is forgiven its typing."""
    await world.held()
    code = await world.code()
    person = await world.rights.person_of(code.lower().replace("-", " "))
    assert person == Person(await world.subject_id(), code)
    assert await world.rights.person_of("0000-00") is None

    assert isinstance(await world.rights.see_for(person), Holdings)
    world.clock.advance(minutes=1)
    given = await world.rights.give_for(person)
    assert isinstance(given, Holdings)
    for scope in OFFERED:
        assert await world.rights.before_for(person, scope) is not None

    lines = await world.rows(
        "SELECT actor, action FROM event WHERE object_id = ? ORDER BY seq", person.subject_id
    )
    assert [line for line in lines if line[1].startswith("rights.")] == [
        ("operator", "rights.seen"),
        ("operator", "rights.given"),
        ("operator", "rights.asked_person"),
        ("operator", "rights.asked_rest"),
        ("operator", "rights.asked_consent"),
    ]
    looks = await world.rows("SELECT actor, action, purpose FROM access WHERE action = 'rights'")
    assert looks == [("operator", "rights", "rights")] * 5
    seen = await world.rights.see(ANN)
    assert isinstance(seen, Holdings)
    told = screens.seen(VOICE, CONFIG, seen).text
    assert "Whoever runs the bot read what we hold about you because you asked" in told


async def test_the_operator_deletes_for_somebody_who_has_left(world: World) -> None:
    """By the code of a request; a second time there is nobody."""
    await world.send(ANN, ABOUT_NIL)
    code = await world.code()
    await world.gate.leave(ANN.user_id)
    person = await world.rights.person_of(code)
    assert person is not None
    receipt = await world.rights.delete_for(person, Scope.PERSON)

    assert receipt is not None
    assert await world.rights.delete_for(person, Scope.PERSON) is None
    assert await world.rights.see_for(person) is None
    assert await world.rights.before_for(person, Scope.PERSON) is None
    assert await world.rights.person_of(code) is None


async def test_every_screen_fits_a_phone(world: World) -> None:
    """A long life is cut into messages that Discord takes, the buttons under the last."""
    long = {**LINK_NOW, "organisation": "O" * 100}
    for number in range(6):
        world.clock.now = NOW + timedelta(days=number)
        await world.send(ANN, ABOUT_LINKED, long, {**PURPOSE, "goal": "`@everyone` " * 30})
        await world.decline()
    held = await world.rights.see(ANN)
    screen = screens.seen(VOICE, CONFIG, held)
    messages = in_messages(screen.text)

    assert len(messages) > 2
    assert all(len(message) <= 2000 for message in messages)
    assert len(screen.presses) <= 5
    assert "`\u02cb@everyone\u02cb" in screen.text
