"""Answers given in conversation: a moderator writes them down, the person confirms with one press."""

from bot.filling import Informed, NotSaved, Summary, WhyNot
from bot.minting import NextForm
from bot.model import InformationPage, Outcome, Source
from bot.review.bench import MayNot
from bot.review.conversations import NotRecorded, Recording, WhyNotRecord
from bot.review.desk import CaseFile, Denied
from bot.standing import AdmittedStanding, CarryOn, HeldStanding
from bot.submission import Sent
from tests.support import (
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    BEN,
    MOD,
    MODERATOR_ROLE,
    NOTICE,
    SECOND_MOD,
    TICKED,
    UNDER_AGE,
    Raw,
    World,
    visitor,
)


async def record(world: World, raw: Raw = ABOUT_NIL) -> Summary:
    """A moderator writes down the first page for Ann, who asked to talk."""
    await world.gate.ask_for_person(ANN)
    begun = await world.conversations.record(MOD, await world.code())
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, NextForm)
    saved = await world.save(MOD, begun.step.ref, raw)
    assert saved.by_moderator
    summary = await world.forms.summary(MOD, saved.sheet_id)
    assert isinstance(summary, Summary)
    return summary


async def test_recorded_answers_count_only_when_the_person_confirms(world: World) -> None:
    """One press agrees to statements and notice, and the source stays on record."""
    recorded = await record(world)
    assert (recorded.by_moderator, recorded.source) == (True, Source.CONVERSATION)
    assert await world.rows("SELECT * FROM disclosure") == []
    assert await world.rows("SELECT * FROM consent") == []

    standing = await world.gate.standing(ANN)
    assert isinstance(standing, CarryOn)
    assert isinstance(standing.step, Summary)
    assert not standing.step.by_moderator
    result = await world.submission.confirm(ANN, standing.step.send_ref, NOTICE)

    assert isinstance(result, Sent)
    assert isinstance(result.standing, AdmittedStanding)
    assert await world.rows("SELECT source, disclosed FROM disclosure") == [("conversation", "none")]
    assert await world.one("SELECT text FROM consent JOIN notice ON notice_hash = hash") == NOTICE


async def test_confirming_twice_is_confirming_once(world: World) -> None:
    """The second press tells where the person stands."""
    ref = (await record(world)).send_ref
    await world.submission.confirm(ANN, ref, NOTICE)

    assert isinstance(await world.submission.confirm(ANN, ref, NOTICE), AdmittedStanding)
    assert await world.one("SELECT count(*) FROM disclosure") == 1


async def test_a_moderator_cannot_confirm_for_the_person(world: World) -> None:
    """Neither by confirming nor by sending."""
    ref = (await record(world)).send_ref

    for moderator in (MOD, SECOND_MOD):
        assert await world.submission.confirm(moderator, ref, NOTICE) == NotSaved(WhyNot.UNKNOWN)
        assert await world.submission.send(moderator, ref, TICKED) == NotSaved(WhyNot.UNKNOWN)
    assert await world.states() == ["answering"]


async def test_recorded_answers_are_not_sent_without_agreeing_to_the_notice(world: World) -> None:
    """The ordinary way of sending leads back to the summary, where the notice stands."""
    ref = (await record(world)).send_ref

    result = await world.submission.send(ANN, ref, TICKED)

    assert isinstance(result, CarryOn)
    assert isinstance(result.step, Summary)
    assert await world.rows("SELECT * FROM disclosure") == []
    assert isinstance(await world.submission.confirm(ANN, result.step.send_ref, NOTICE), Sent)


async def test_the_person_may_change_what_was_written_down(world: World) -> None:
    """It is their answer."""
    await record(world)
    ref = (await world.summary(ANN)).entries[0].ref

    await world.save(ANN, ref, ABOUT_REFUSED)
    await world.submission.confirm(ANN, (await world.summary(ANN)).send_ref, NOTICE)

    assert isinstance(await world.gate.standing(ANN), HeldStanding)
    code = await world.code()
    assert await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT) == MayNot("undisclosed", code)


async def test_another_moderator_may_carry_on_but_no_one_else(world: World) -> None:
    """A recording belongs to the team; an applicant is not the team."""
    recorded = await record(world)
    ref = recorded.entries[0].ref

    assert not isinstance(await world.forms.open(SECOND_MOD, ref), NotSaved)
    assert await world.forms.open(BEN, ref) == NotSaved(WhyNot.UNKNOWN)
    again = await world.conversations.record(SECOND_MOD, await world.code())
    assert isinstance(again, Recording)
    assert isinstance(again.step, Summary)
    assert await world.one("SELECT count(*) FROM sheet") == 1


async def test_what_is_written_down_is_the_teams_turn_until_the_person_has_to_confirm(world: World) -> None:
    """It stands on a list, is next for somebody, and is told of when it is late; then it is the person's."""
    await world.gate.arrive(ANN)
    await world.conversations.record(MOD, await world.code())
    step = "SELECT step, step_due = coalesce(target_at, lapse_at) FROM cases"
    assert await world.rows(step) == [("talk", 1)]
    assert isinstance(await world.queue.open_next(SECOND_MOD), CaseFile)
    await world.sweep.run(world.clock.advance(hours=25))
    assert await world.one("SELECT told_due = step_due FROM cases") == 1

    recording = await world.conversations.record(MOD, await world.code())
    assert isinstance(recording, Recording)
    assert isinstance(recording.step, NextForm)
    await world.save(MOD, recording.step.ref, ABOUT_NIL)

    assert await world.rows(step) == [("unanswered", 1)]
    assert await world.queue.open_next(SECOND_MOD) == Denied("nothing_waits")


async def test_beginning_to_record_is_an_event(world: World) -> None:
    """Who looked at half-given answers is on record."""
    await record(world)

    assert ("case.recording",) in await world.rows("SELECT action FROM event")


async def test_a_moderator_takes_over_what_was_begun_in_the_form(world: World) -> None:
    """The person got stuck half-way: what they gave is where the conversation starts."""
    first = await world.begin()
    await world.save(ANN, first.ref, {**ABOUT_NIL, "links": "yes"})

    begun = await world.conversations.record(MOD, await world.code())

    assert isinstance(begun, Recording)
    assert isinstance(begun.step, NextForm)
    assert begun.step.page.id == "link"


async def test_recording_an_age_below_the_limit_keeps_nothing(world: World) -> None:
    """The moderator is told; the person's answers are gone."""
    await world.gate.arrive(ANN)
    begun = await world.conversations.record(MOD, await world.code())
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, NextForm)

    result = await world.forms.save(MOD, begun.step.ref, UNDER_AGE)

    assert result == Informed(InformationPage.UNDER_AGE, by_moderator=True)
    assert await world.rows("SELECT * FROM cases") == []


async def test_a_held_case_can_be_recorded_too(world: World) -> None:
    """It goes back to the person, who has to confirm what the moderator changed; the card says so."""
    await world.send(ANN, ABOUT_REFUSED)
    await world.drain()

    begun = await world.conversations.record(MOD, await world.code())
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, Summary)
    await world.save(MOD, begun.step.entries[0].ref, ABOUT_NIL)
    assert await world.states() == ["answering"]
    result = await world.submission.confirm(ANN, (await world.summary(ANN)).send_ref, NOTICE)
    await world.drain()

    assert isinstance(result, Sent)
    assert isinstance(result.standing, HeldStanding)
    assert await world.rows("SELECT version, disclosed, source FROM disclosure ORDER BY version") == [
        (1, "undisclosed", "gate"),
        (2, "none", "conversation"),
    ]
    assert len(world.doorkeeper.told("edit")) == 1


async def test_answers_changed_after_they_were_read_are_not_confirmed_unread(world: World) -> None:
    """An older summary leads to the one as it is now, and nothing is sent."""
    await world.gate.ask_for_person(ANN)
    begun = await world.conversations.record(MOD, await world.code())
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, NextForm)
    saved = await world.save(MOD, begun.step.ref, ABOUT_REFUSED)
    read = await world.summary(ANN)
    await world.save(MOD, saved.again, ABOUT_NIL)

    result = await world.submission.confirm(ANN, read.send_ref, NOTICE)

    assert isinstance(result, CarryOn)
    assert isinstance(result.step, Summary)
    assert result.step.send_ref != read.send_ref
    assert await world.states() == ["answering"]
    assert await world.rows("SELECT * FROM disclosure") == []


async def test_a_form_from_an_earlier_sending_does_not_send_what_was_recorded_since(world: World) -> None:
    """Answers that were sent, taken up again and changed by a moderator wait to be read."""
    await world.send(ANN, ABOUT_REFUSED)
    (old,) = await world.rows("SELECT ref FROM form WHERE page_id = 'statements'")
    begun = await world.conversations.record(MOD, await world.code())
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, Summary)
    await world.save(MOD, begun.step.entries[0].ref, ABOUT_NIL)

    assert await world.submission.send(ANN, old[0], TICKED) == NotSaved(WhyNot.UNKNOWN)
    assert isinstance(await world.submission.confirm(ANN, old[0], NOTICE), CarryOn)

    assert await world.states() == ["answering"]


async def test_a_moderator_who_reads_answers_while_recording_leaves_a_line(world: World) -> None:
    """Like any other opening of a file."""
    await world.send(ANN, ABOUT_REFUSED)
    begun = await world.conversations.record(MOD, await world.code())
    assert isinstance(begun, Recording)
    assert isinstance(begun.step, Summary)
    before = await world.one("SELECT count(*) FROM event WHERE action = 'file.opened'")

    await world.forms.open(MOD, begun.step.entries[0].ref)
    await world.forms.summary(MOD, begun.step.sheet_id)

    assert await world.one("SELECT count(*) FROM event WHERE action = 'file.opened'") == before + 2


async def test_what_cannot_be_recorded_says_why(world: World) -> None:
    """Closed, one's own, or not there at all."""
    own = visitor(role_ids=frozenset({MODERATOR_ROLE}))
    assert await world.conversations.record(MOD, "XXXX-XX") == NotRecorded(WhyNotRecord.NO_SUCH_CASE)
    await world.held()
    code = await world.code()
    assert await world.conversations.record(own, code) == NotRecorded(WhyNotRecord.OWN_CASE)
    assert await world.states() == ["held"]
    await world.decline()
    assert await world.conversations.record(MOD, code) == NotRecorded(WhyNotRecord.CLOSED)
