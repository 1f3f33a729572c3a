"""A member's links: a new version for each change, told to moderators where it matters."""

from bot.filling import Summary
from bot.links import LinksOnRecord, NotAMember
from bot.minting import NextForm
from bot.model import Outcome, Visitor
from bot.review.desk import History
from bot.review.queue import Overview
from bot.submission import LinksChanged, SendResult, Unticked
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    LINK_NOW,
    LINK_OLD,
    MEMBER_ROLE,
    MOD,
    NOW,
    PURPOSE,
    TICKED,
    Raw,
    World,
    config,
    visitor,
)

VETERAN = visitor(600000000000000001, role_ids=frozenset({MEMBER_ROLE}))
CAPACITY: Raw = {"capacity": "self"}

GOOD = NOW + config().review.interests_for
"""Until when what is told now will do at the desk."""


async def change(world: World, who: Visitor, about: Raw, *pages: Raw) -> SendResult:
    """Change links from the first page on, and send."""
    step = await world.links.change(who)
    assert isinstance(step, Summary), step
    saved = await world.save(who, step.entries[0].ref, about)
    following = saved.next
    for raw in pages:
        assert following is not None
        following = (await world.save(who, following.ref, raw)).next
    ready = await world.links.change(who)
    assert isinstance(ready, Summary), ready
    return await world.submission.send(who, ready.send_ref, TICKED)


async def test_a_change_is_a_new_version_and_access_stays(world: World) -> None:
    """The old version lies beside it, untouched."""
    await world.send(ANN, ABOUT_NIL)

    result = await change(world, ANN, {"links": "yes"}, LINK_OLD)

    assert result == LinksChanged(2, good_until=GOOD)
    assert await world.rows("SELECT version, disclosed, source, case_id IS NULL FROM disclosure") == [
        (1, "none", "gate", 0),
        (2, "some", "update", 1),
    ]
    assert await world.states() == ["admitted"]
    assert await world.rows("SELECT * FROM task") == []


async def test_belonging_and_age_are_not_asked_again(world: World) -> None:
    """The form for a member holds the questions about links only."""
    await world.send(ANN, ABOUT_NIL)

    step = await world.links.change(ANN)

    assert isinstance(step, Summary)
    [about] = step.entries
    assert [field.id for field in about.shown.asked if field.is_question] == ["capacity", "links"]
    assert about.entry.code("links") == "no"


async def test_statements_are_agreed_to_again(world: World) -> None:
    """The earlier ticks are not copied, so that sending without ticking is not sending."""
    await world.send(ANN, ABOUT_NIL)
    step = await world.links.change(ANN)
    assert isinstance(step, Summary)

    assert isinstance(await world.submission.send(ANN, step.send_ref, {"statements": []}), Unticked)
    assert await world.one("SELECT count(*) FROM disclosure") == 1


async def test_a_new_paid_link_is_flagged_once(world: World) -> None:
    """A task and a notice in the review channel; it never says whose it is."""
    await world.send(ANN, ABOUT_NIL)

    await change(world, ANN, {"links": "yes"}, LINK_NOW, PURPOSE)
    await world.drain()

    queue = await world.queue.show(MOD)
    assert isinstance(queue, Overview)
    assert [task.kind.value for task in queue.tasks] == ["paid_link_now"]
    [posted] = world.doorkeeper.told("post")
    assert str(ANN.user_id) not in posted.text
    assert "Helix" not in posted.text
    history = await world.desk.history_of_task(MOD, queue.tasks[0].id)
    assert isinstance(history, History)
    assert history.user_id == ANN.user_id


async def test_a_paid_link_that_was_known_is_not_flagged_again(world: World) -> None:
    """Only what is new is worth a look."""
    await world.held()
    file = await world.file()
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)

    await change(world, ANN, {"capacity": "self"})

    assert await world.rows("SELECT * FROM task") == []


async def test_links_no_longer_told_are_flagged_and_nobody_loses_access(world: World) -> None:
    """Undisclosed is not the same as none, for members too."""
    await world.send(ANN, ABOUT_NIL)

    assert await change(world, ANN, {"links": "rather_not_say"}) == LinksChanged(2)

    assert await world.rows("SELECT kind FROM task") == [("undisclosed_now",)]
    assert await world.states() == ["admitted"]


async def test_sending_a_change_twice_is_sending_it_once(world: World) -> None:
    """The second press tells where the member stands."""
    await world.send(ANN, ABOUT_NIL)
    step = await world.links.change(ANN)
    assert isinstance(step, Summary)

    first = await world.submission.send(ANN, step.send_ref, TICKED)
    second = await world.submission.send(ANN, step.send_ref, TICKED)

    assert first == LinksChanged(2, good_until=GOOD)
    assert not isinstance(second, LinksChanged)
    assert await world.one("SELECT count(*) FROM disclosure") == 2


async def test_a_member_from_before_the_bot_can_tell_links(world: World) -> None:
    """Nothing is on record; the role is enough."""
    assert await world.links.on_record(VETERAN) == LinksOnRecord(None, changing=False)
    assert await world.rows("SELECT * FROM subject") == []

    step = await world.links.change(VETERAN)
    assert isinstance(step, NextForm)
    saved = await world.save(VETERAN, step.ref, {**CAPACITY, "links": "no"})
    assert saved.next is None
    ready = await world.links.change(VETERAN)
    assert isinstance(ready, Summary)

    assert await world.submission.send(VETERAN, ready.send_ref, TICKED) == LinksChanged(1, good_until=GOOD)
    assert await world.rows("SELECT * FROM cases") == []


async def test_a_change_begun_is_carried_on(world: World) -> None:
    """Coming back leads to the same sheet, and the record says that something is being changed."""
    await world.send(ANN, ABOUT_LINKED, LINK_OLD)
    first = await world.links.change(ANN)
    again = await world.links.change(ANN)

    assert isinstance(first, Summary)
    assert isinstance(again, Summary)
    assert first.sheet_id == again.sheet_id
    found = await world.links.on_record(ANN)
    assert isinstance(found, LinksOnRecord)
    assert found.changing
    assert found.logged is not None
    assert found.logged.disclosure.interests[0].organisation == "Helix Pharma"


async def test_applicants_change_answers_at_the_gate_instead(world: World) -> None:
    """Held, declined or unknown: not a member."""
    assert await world.links.change(ANN) == NotAMember()
    await world.send(ANN, ABOUT_REFUSED)
    assert await world.links.change(ANN) == NotAMember()
    assert await world.links.on_record(ANN) == NotAMember()
    assert await world.one("SELECT count(*) FROM sheet") == 1
