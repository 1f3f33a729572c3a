"""Nobody eligible: a case that everybody of the team is kept from, and somebody from outside for it."""

import pytest

from bot.fairness.outside import Added, ComeIn, NotAdded, NotYours, Outside, TellFirst
from bot.fairness.staffing import Staffing
from bot.model import CaseState, Disclosed, Disclosure, Interest, Outcome, Source, Visitor
from bot.review.bench import Decided, MayNot
from bot.review.desk import CaseFile, Denied
from bot.screens.gate import standing
from bot.screens.outside import COME, tell_first
from bot.store import disclosures
from tests.support import (
    ABOUT_LINKED,
    ANN,
    BEN,
    LINK_NOW,
    MOD,
    PURPOSE,
    SECOND_MOD,
    FakeClock,
    World,
    config,
    visitor,
)

OLA = visitor(510000000000000001)
"""Somebody from outside."""
HELIX = ("Helix Pharma",)


async def tells(world: World, who: Visitor, *names: str, moderates: bool = True) -> None:
    """Somebody tells about their own links; a moderator is known as one from then on."""
    on = world.foundation
    links = tuple(
        Interest("industry", ("employment",), "self", "self", "current", organisation=name) for name in names
    )
    disclosure = Disclosure(Disclosed.SOME if links else Disclosed.NONE, links)

    def log(connection):  # type: ignore[no-untyped-def]  # a unit of work
        subject = on.find_or_add(connection, who.user_id, on.now())
        if moderates:
            connection.execute(
                "INSERT INTO moderator (subject_id, since, seen_at) VALUES (?, 0, 0) ON CONFLICT DO NOTHING",
                (subject.id,),
            )
        disclosures.append(
            connection, on.vault.key(subject.key_id), subject_id=subject.id, case_id=None,
            disclosure=disclosure, source=Source.UPDATE,
            questionnaire_hash=on.config.questionnaire.content_hash, now=on.now(),
        )  # fmt: skip

    await on.database.write(log)


async def held(world: World, who: Visitor = ANN) -> str:
    """Somebody with a link to Helix Pharma is held; their case."""
    await world.send(who, ABOUT_LINKED, {**LINK_NOW, "organisation": "Helix Pharma"}, PURPOSE)
    return await world.case_id(who)


async def blocked(world: World) -> list[str]:
    """The cases with nobody."""
    return [one for (one,) in await world.rows("SELECT id FROM cases WHERE blocked_at IS NOT NULL")]


async def sweep(world: World) -> None:
    """One pass of the sweep, and the outbox after it."""
    await world.sweep.run(world.clock())
    await world.drain()


async def stranded(world: World, who: Visitor = ANN) -> str:
    """A case that everybody of the team is kept from."""
    case = await held(world, who)
    for one in (MOD, SECOND_MOD):
        await tells(world, one, *HELIX)
    await sweep(world)
    assert case in await blocked(world)
    return case


async def test_a_case_is_blocked_once_everybody_is_kept_from_it(world: World, clock: FakeClock) -> None:
    """Told once to the log channel, by code; to the person on their page; and over again when it is over."""
    case = await held(world)
    await tells(world, MOD, *HELIX)
    await tells(world, SECOND_MOD)
    await sweep(world)
    assert await blocked(world) == []

    await tells(world, SECOND_MOD, "HELIX PHARMA plc")
    await sweep(world)
    await sweep(world)
    assert await blocked(world) == [case]
    said = [
        call.text for call in world.doorkeeper.told("post") if "Nobody on the team may decide" in call.text
    ]
    assert len(said) == 1
    assert await world.code() in said[0]
    assert str(ANN.user_id) not in said[0]
    page = standing(config().words.voice("en"), config(), await world.gate.standing(ANN))
    assert "somebody from outside the team" in page.text
    assert world.doorkeeper.told("tell") == []

    clock.advance(hours=1)
    await tells(world, SECOND_MOD)
    await sweep(world)
    assert await blocked(world) == []
    page = standing(config().words.voice("en"), config(), await world.gate.standing(ANN))
    assert "somebody from outside the team" not in page.text
    actions = await world.rows(
        "SELECT action FROM event WHERE object_id = ? AND action LIKE '%blocked'", case
    )
    assert actions == [("case.blocked",), ("case.unblocked",)]


async def test_who_asked_for_messages_is_sent_one(world: World) -> None:
    """Once, and it names nothing."""
    await held(world)
    await world.run("UPDATE cases SET may_remind_at = 1")
    for one in (MOD, SECOND_MOD):
        await tells(world, one, *HELIX)
    await sweep(world)
    await sweep(world)

    [told] = world.doorkeeper.told("tell")
    assert told.user_id == ANN.user_id
    assert "Nobody on our team may decide" in told.text
    assert "Helix" not in told.text


@pytest.mark.parametrize("nobody", ["no moderators", "none has told", "one is free"])
async def test_it_is_not_blocked(world: World, nobody: str) -> None:
    """While what is missing is that a moderator tells about their own links, or nobody is known yet."""
    await held(world)
    if nobody == "none has told":
        await tells(world, MOD, *HELIX)
        world.told.untold.add(MOD.user_id)
        own = await world.subject_id(MOD)
        await world.foundation.database.write(lambda c: disclosures.delete_of_subject(c, own))
    elif nobody == "one is free":
        await tells(world, MOD, *HELIX)
        await tells(world, SECOND_MOD)
    await sweep(world)

    assert await blocked(world) == []


async def test_a_recusal_by_word_counts_and_so_does_whoever_leaves_the_team(world: World) -> None:
    """Each is noticed though nothing about the case itself has changed."""
    case = await held(world)
    await tells(world, MOD, *HELIX)
    await tells(world, SECOND_MOD)
    await sweep(world)
    second = await world.subject_id(SECOND_MOD)
    await world.run("INSERT INTO recusal VALUES ('R1', ?, ?, 'applicant', 0)", second, case)
    await sweep(world)
    assert await blocked(world) == [case]

    await world.run("DELETE FROM recusal")
    await world.run("UPDATE cases SET version = version + 1")
    await sweep(world)
    assert await blocked(world) == []

    await world.run("UPDATE moderator SET gone_at = 1 WHERE subject_id = ?", second)
    await sweep(world)
    assert await blocked(world) == [case]


async def test_an_appeal_needs_somebody_who_took_no_part(world: World) -> None:
    """A closed case with an open appeal is blocked too, and free again once it is answered."""
    case = await held(world)
    await world.decline()
    await tells(world, MOD)
    await sweep(world)
    assert await blocked(world) == []
    decision = await world.one("SELECT decision_id FROM cases")
    await world.run(
        "INSERT INTO appeal (id, case_id, decision_id, via, filed_at, changed_at, due_at)"
        " VALUES ('A', ?, ?, 'panel', 0, 0, 0)",
        case, decision,
    )  # fmt: skip
    await world.run("UPDATE moderator SET gone_at = 1 WHERE subject_id <> ?", await world.subject_id(MOD))
    await sweep(world)
    assert await blocked(world) == [case]

    await world.run("UPDATE appeal SET closed_at = 1, outcome = 'same'")
    await sweep(world)
    assert await blocked(world) == []


async def test_who_would_like_to_talk_needs_somebody_too(world: World, clock: FakeClock) -> None:
    """While they are changing their answers; not once it is for them to go on."""
    case = await stranded(world)
    await world.gate.reopen(ANN)
    await sweep(world)
    assert await blocked(world) == []

    await world.gate.ask_for_person(ANN)
    await sweep(world)
    assert await blocked(world) == [case]
    assert await world.one("SELECT step FROM cases WHERE id = ?", case) == "blocked"

    clock.advance(hours=1)
    await tells(world, SECOND_MOD)
    await sweep(world)
    assert await world.one("SELECT step FROM cases WHERE id = ?", case) == "talk"


async def test_a_step_of_the_case_ends_it(world: World) -> None:
    """Somebody who takes their request back leaves no case behind that waits for somebody from outside."""
    await stranded(world)
    await world.gate.take_back(ANN)

    assert await blocked(world) == []
    assert await world.states() == [CaseState.WITHDRAWN.value]


async def test_only_what_changed_is_worked_out(world: World) -> None:
    """A second pass looks at nothing, and a change at the one case that changed."""
    await held(world)
    await held(world, BEN)
    await tells(world, MOD)
    staffing = Staffing(world.foundation)
    database = world.foundation.database
    assert len(await database.read(staffing._due)) == 2
    await staffing.run(world.clock())
    assert await database.read(staffing._due) == []

    await world.decisions.decide_by_code(MOD, await world.code(BEN), Outcome.HOLD)

    assert [one.case_id for one in await database.read(staffing._due)] == [await world.case_id(BEN)]


async def test_somebody_from_outside_tells_their_links_and_decides_that_one_case(
    world: World, clock: FakeClock
) -> None:
    """By message; their own links first; nothing else of the desk; and it ends with the case."""
    case = await stranded(world)
    other = await held(world, BEN)
    outside, code = Outside(world.foundation), await world.code()
    clock.advance(minutes=1)
    world.told.untold.add(OLA.user_id)

    assert await outside.add(MOD, code, OLA.user_id) == Added(code, before=False)
    assert await outside.add(SECOND_MOD, code, OLA.user_id) == Added(code, before=True)
    await world.drain()
    [told] = world.doorkeeper.told("tell")
    assert told.user_id == OLA.user_id
    assert told.screen is not None
    assert [(press.action, press.ref) for press in told.screen.presses] == [(COME, case)]
    assert "Harbour" not in told.text

    assert await outside.come(OLA, case) == TellFirst(again=False)
    assert isinstance(await world.desk.open_by_id(OLA, case), Denied)
    assert (
        "or that you have none" in tell_first(config().words.voice("en"), TellFirst(again=False), case).text
    )
    await tells(world, OLA, moderates=False)
    assert await outside.come(OLA, case) == ComeIn(case)
    file = await world.desk.open_by_id(OLA, case)
    assert isinstance(file, CaseFile)
    assert await world.rows("SELECT purpose FROM access WHERE case_id = ?", case) == [("outside",)]

    assert await outside.come(OLA, other) == NotYours()
    assert await world.desk.open_by_id(OLA, other) == Denied("not_a_moderator")
    assert await world.queue.show(OLA) == Denied("not_a_moderator")
    assert await world.desk.history_of_code(OLA, code) == Denied("not_a_moderator")
    result = await world.decisions.decide_by_code(OLA, await world.code(BEN), Outcome.ADMIT)
    assert isinstance(result, MayNot)

    assert isinstance(await world.decisions.decide_viewed(OLA, file.ref, Outcome.ADMIT), Decided)
    assert await world.one("SELECT state FROM cases WHERE id = ?", case) == "admitted"
    assert await world.one("SELECT count(*) FROM outside_reviewer") == 0
    assert await outside.come(OLA, case) == NotYours()
    assert await world.desk.open_by_id(OLA, case) == Denied("not_a_moderator")


async def test_who_cannot_be_the_one(world: World) -> None:
    """Not the applicant, not somebody tied, in the same words; not the team; each try leaves a line."""
    case = await held(world)
    outside, code = Outside(world.foundation), await world.code()
    await tells(world, MOD)
    assert await outside.add(MOD, code, OLA.user_id) == NotAdded("outside_not_needed", code)
    for one in (MOD, SECOND_MOD):
        await tells(world, one, *HELIX)
    await tells(world, BEN, *HELIX, moderates=False)

    assert await outside.add(ANN, code, OLA.user_id) == NotAdded("not_a_moderator")
    assert await outside.add(MOD, "0000-00", OLA.user_id) == NotAdded("no_such_case")
    assert await outside.add(MOD, code, ANN.user_id) == NotAdded("outside_not_them", code)
    assert await outside.add(MOD, code, BEN.user_id) == NotAdded("outside_not_them", code)
    assert await outside.add(MOD, code, SECOND_MOD.user_id) == NotAdded("outside_of_the_team", code)
    assert await world.one("SELECT count(*) FROM outside_reviewer") == 0
    lines = await world.one(
        "SELECT count(*) FROM event WHERE action = 'outside.refused' AND object_id = ?", case
    )
    assert lines == 4


async def test_a_message_to_somebody_whom_nobody_needs_is_not_sent(world: World) -> None:
    """The case has ended before the outbox came to it."""
    await stranded(world)
    await Outside(world.foundation).add(MOD, await world.code(), OLA.user_id)
    await world.gate.take_back(ANN)
    await world.drain()

    assert world.doorkeeper.told("tell") == []
