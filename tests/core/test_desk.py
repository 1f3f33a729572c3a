"""The desk: queue, files, history and tasks; and that nobody without a role reaches any of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.model import Outcome
from bot.ports import Refused, Why
from bot.review.bench import MayNot
from bot.review.claims import NotClaimed
from bot.review.conversations import NotRecorded, WhyNotRecord
from bot.review.desk import CaseFile, Denied, History
from bot.review.next_step import Group
from bot.review.queue import Filter, Overview
from bot.store.queue import TOP
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    MODERATOR_ROLE,
    PURPOSE,
    SECOND_MOD,
    World,
    config,
    visitor,
)

Act = Callable[[World, str], Awaitable[object]]

INSIDER = visitor(400000000000000001, role_ids=frozenset({MEMBER_ROLE}))
OWN_CASE = visitor(role_ids=frozenset({MODERATOR_ROLE}))

MODERATING: dict[str, Act] = {
    "show": lambda w, _: w.queue.show(INSIDER),
    "page": lambda w, _: w.queue.page(INSIDER, Group.DECIDE, TOP),
    "find": lambda w, _: w.queue.find(INSIDER, Filter()),
    "stats": lambda w, _: w.statistics.stats(INSIDER),
    "claim": lambda w, code: w.claims.claim(INSIDER, code),
    "claim_case": lambda w, _: w.claims.claim_case(INSIDER, "C"),
    "take_over": lambda w, _: w.claims.take_over(INSIDER, "C"),
    "release": lambda w, code: w.claims.release(INSIDER, code),
    "hand_over": lambda w, code: w.claims.hand_over(INSIDER, code, MOD),
    "open_by_code": lambda w, code: w.desk.open_by_code(INSIDER, code),
    "open_by_id": lambda w, code: w.desk.open_by_id(INSIDER, code),
    "open_next": lambda w, _: w.queue.open_next(INSIDER),
    "history_of_code": lambda w, code: w.desk.history_of_code(INSIDER, code),
    "history_of_user": lambda w, _: w.desk.history_of_user(INSIDER, ANN.user_id),
    "history_of_task": lambda w, _: w.desk.history_of_task(INSIDER, "T"),
    "close_task": lambda w, _: w.desk.close_task(INSIDER, "T"),
    "retry": lambda w, _: w.desk.retry(INSIDER, "made-up"),
    "decide_viewed": lambda w, _: w.decisions.decide_viewed(INSIDER, "V", Outcome.ADMIT),
    "decide_by_code": lambda w, code: w.decisions.decide_by_code(INSIDER, code, Outcome.ADMIT),
    "draft_viewed": lambda w, _: w.drafts.draft_viewed(INSIDER, "V", Outcome.DECLINE, "other", "x"),
    "draft_by_code": lambda w, code: w.drafts.draft_by_code(INSIDER, code, Outcome.DECLINE, "other", "x"),
    "draft_about": lambda w, _: w.drafts.draft_about(INSIDER, ANN.user_id, Outcome.SUSPEND, "safety", "x"),
    "read_draft": lambda w, _: w.drafts.read_draft(INSIDER, "D"),
    "redraft": lambda w, _: w.drafts.redraft(INSIDER, "D", "x"),
    "send_draft": lambda w, _: w.drafts.send_draft(INSIDER, "D"),
    "record": lambda w, code: w.conversations.record(INSIDER, code),
}


@pytest.mark.parametrize("act", list(MODERATING))
async def test_nobody_without_a_moderator_role_can_do_anything(world: World, act: str) -> None:
    """A member is refused by every public way in, whatever they press on, and nothing changes."""
    await world.held()
    before = await world.rows("SELECT seq FROM event")

    result = await MODERATING[act](world, await world.code())

    assert result in (
        Denied("not_a_moderator"),
        MayNot("not_a_moderator"),
        NotRecorded(WhyNotRecord.NOT_A_MODERATOR),
        NotClaimed("not_a_moderator"),
    )
    assert await world.rows("SELECT seq FROM event") == before
    assert await world.states() == ["held"]


def test_every_public_way_in_is_covered(world: World) -> None:
    """A method added to the desk later has to be added to the table above."""
    rooms = (
        *(world.desk, world.queue, world.claims, world.statistics),
        *(world.decisions, world.drafts, world.conversations),
    )
    public = {name for room in rooms for name in dir(room) if not name.startswith("_")}

    assert public - {"is_moderator", "open_within", "conditions_from", "file_of"} == set(MODERATING)


def test_with_no_role_configured_nobody_is_a_moderator() -> None:
    """Without a [discord] table the set of moderator roles is empty."""
    assert config(discord=None).moderator_roles == frozenset()


async def test_an_empty_queue_says_so(world: World) -> None:
    """No list is there, and nothing is stuck."""
    queue = await world.queue.show(MOD)

    assert isinstance(queue, Overview)
    assert (queue.lists, queue.stuck_count) == ((), 0)
    assert await world.queue.open_next(MOD) == Denied("nothing_waits")


async def test_the_queue_keeps_its_lists_apart(world: World) -> None:
    """Held, wanting to talk, and unanswered, each with the longest wait first."""
    await world.held()
    world.clock.advance(minutes=1)
    await world.held(BEN)
    talker, newcomer, aside = (visitor(500000000000000000 + n) for n in range(3))
    await world.gate.ask_for_person(talker)
    await world.gate.arrive(newcomer)
    await world.gate.arrive(aside)
    await world.gate.came_for_work(aside)

    queue = await world.queue.show(MOD)

    assert isinstance(queue, Overview)
    codes = {listed.group: [shown.line.code for shown in listed.lines] for listed in queue.lists}
    ann, ben, talking, new = [await world.code(who) for who in (ANN, BEN, talker, newcomer)]
    assert codes == {Group.DECIDE: [ann, ben], Group.TALK: [talking], Group.UNANSWERED: [new]}
    assert [listed.count for listed in queue.lists] == [2, 1, 1]


async def test_long_lists_are_cut_and_counted(world: World) -> None:
    """Five are shown at a glance; the count tells of the rest."""
    for number in range(10):
        await world.gate.arrive(visitor(500000000000000000 + number))

    queue = await world.queue.show(MOD)

    assert isinstance(queue, Overview)
    listed = queue.of(Group.UNANSWERED)
    assert (len(listed.lines), listed.count) == (5, 10)


async def test_opening_a_file_shows_everything_and_is_an_event(world: World) -> None:
    """The person, the answers, the interests, the rule and the decision; and who looked."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)

    file = await world.file()

    assert file.user_id == ANN.user_id
    assert file.reading is not None
    assert [shown.page.id for shown in file.reading.all_pages] == ["about", "link", "purpose", "statements"]
    assert file.disclosed is not None
    [interest] = file.disclosed.disclosure.interests
    assert (interest.organisation, interest.goal) == ("Helix Pharma", "To talk with others")
    assert file.verdict is not None
    assert file.verdict.rule_id == "everything_else"
    assert [past.decision.outcome for past in file.decisions] == [Outcome.HOLD]
    assert await world.rows("SELECT action, object_id FROM event ORDER BY seq DESC LIMIT 1") == [
        ("file.opened", file.case.id)
    ]


@pytest.mark.parametrize("spoil", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} "])
async def test_a_case_code_may_be_typed_loosely(world: World, spoil: Callable[[str], str]) -> None:
    """Case, spaces and dashes are forgiven."""
    await world.gate.arrive(ANN)

    found = await world.desk.open_by_code(MOD, spoil(await world.code()))

    assert isinstance(found, CaseFile)


async def test_a_code_that_is_none_is_named(world: World) -> None:
    """Neither a file nor a history is there."""
    assert await world.desk.open_by_code(MOD, "XXXX-XX") == Denied("no_such_case")
    assert await world.desk.open_by_id(MOD, "X") == Denied("no_such_case")
    assert await world.desk.history_of_code(MOD, "XXXX-XX") == Denied("no_such_case")
    assert await world.desk.history_of_user(MOD, 1) == Denied("nobody_known")
    assert await world.desk.history_of_task(MOD, "X") == Denied("task_gone")


async def test_nobody_opens_their_own_file(world: World) -> None:
    """A moderator who is also the person is refused, and the attempt is on record."""
    await world.held()
    code = await world.code()

    assert await world.desk.open_by_code(OWN_CASE, code) == Denied("own_case")
    assert await world.desk.history_of_user(OWN_CASE, ANN.user_id) == Denied("own_case")
    assert await world.queue.open_next(OWN_CASE) == Denied("nothing_waits")
    actions = [row[0] for row in await world.rows("SELECT action FROM event ORDER BY seq DESC LIMIT 2")]
    assert actions == ["history.refused", "file.refused"]


async def test_the_next_file_is_the_one_that_is_due_first(world: World) -> None:
    """Whoever would like to talk is due sooner than a decision; one's own is passed over."""
    await world.gate.ask_for_person(BEN)
    world.clock.advance(hours=1)
    await world.send(ANN, {**ABOUT_NIL, "belongs": "not_sure"})

    for_mod = await world.queue.open_next(MOD)
    for_ann = await world.queue.open_next(OWN_CASE)

    assert isinstance(for_mod, CaseFile)
    assert isinstance(for_ann, CaseFile)
    assert (for_mod.user_id, for_ann.user_id) == (BEN.user_id, BEN.user_id)


async def test_history_tells_every_case_and_decision(world: World) -> None:
    """The newest first, with who decided; the earlier ones are on the file too."""
    await world.held()
    await world.decline()
    world.clock.advance(days=1)
    await world.send(ANN, ABOUT_NIL)

    history = await world.desk.history_of_user(SECOND_MOD, ANN.user_id)
    file = await world.file()

    assert isinstance(history, History)
    assert [case.state.value for case, _ in history.cases] == ["held", "declined"]
    [(_, now), (_, then)] = history.cases
    assert [(p.decision.outcome.value, p.decided_by) for p in then] == [
        ("hold", None),
        ("decline", MOD.user_id),
    ]
    assert [p.decision.automated for p in now] == [True]
    assert [case.state.value for case in file.earlier] == ["declined"]
    assert history.disclosed is not None
    assert history.disclosed.version == 2


async def test_whether_a_letter_arrived_is_on_the_file(world: World) -> None:
    """Closed messages are told as they are."""
    await world.held()
    await world.decline()
    world.doorkeeper.will("tell", Refused(Why.CLOSED))
    await world.drain()

    file = await world.file()

    assert file.letter is not None
    assert (file.letter.text, file.letter.delivery.value) == (DECLINED_TEXT, "closed")


async def test_what_could_not_be_done_shows_in_the_queue_and_can_be_tried_again(world: World) -> None:
    """With the case it is about; trying again is possible once."""
    await world.send(ANN, ABOUT_NIL)
    world.doorkeeper.will("grant", Refused(Why.UNFIT))
    await world.drain()

    queue = await world.queue.show(MOD)
    assert isinstance(queue, Overview)
    [(effect, code)] = queue.stuck
    assert (effect.last_code, code) == ("unfit", await world.code())
    assert (await world.file()).stuck
    assert await world.desk.retry(MOD, effect.ref) is True
    assert await world.desk.retry(MOD, effect.ref) is False
    await world.drain()

    assert not (await world.file()).stuck
    assert len(world.doorkeeper.told("grant")) == 2


async def test_a_kind_that_is_held_up_is_one_line_however_many_wait(world: World) -> None:
    """With what is wrong, since when, and a ref by which it is tried again; the case file says it too."""
    await world.send(ANN, ABOUT_NIL)
    await world.send(BEN, ABOUT_NIL)
    world.doorkeeper.will("grant", Refused(Why.FORBIDDEN))
    await world.drain()

    queue = await world.queue.show(MOD)
    assert isinstance(queue, Overview)
    [held_up] = queue.held_up
    assert (held_up.code, held_up.waiting, held_up.since) == ("forbidden", 2, world.clock())
    assert (queue.stuck, queue.stuck_count) == ((), 1)
    assert (await world.file(BEN)).stuck
    assert await world.desk.retry(MOD, held_up.ref) is True
    await world.drain()

    assert not (await world.file(BEN)).stuck
    assert len(world.doorkeeper.told("grant")) == 3


async def test_a_task_is_seen_to_once(world: World) -> None:
    """The second moderator is told that it was done already."""
    await world.run("INSERT INTO subject (id, lookup, key_id, created_at) VALUES ('S', x'00', 'K', 0)")
    await world.run(
        "INSERT INTO task (id, kind, subject_id, opened_at) VALUES ('T', 'paid_link_now', 'S', 0)"
    )

    assert await world.desk.close_task(MOD, "T") is True
    assert await world.desk.close_task(SECOND_MOD, "T") is False
    assert await world.rows("SELECT action, object_id FROM event") == [("task.closed", "T")]


async def test_a_held_case_has_the_target_of_the_configuration(world: World) -> None:
    """Seventy-two hours as shipped."""
    file = await world.held()

    assert file.case.held_at is not None
    assert file.case.target_at == file.case.held_at + timedelta(hours=72)


async def test_a_case_kept_on_hold_goes_behind_the_others(world: World) -> None:
    """So that the next one is another one, until its new target comes up."""
    await world.held(ANN)
    world.clock.advance(hours=1)
    await world.held(BEN)
    world.clock.advance(hours=1)
    first = await world.queue.open_next(MOD)
    assert isinstance(first, CaseFile)
    await world.decisions.decide_viewed(MOD, first.ref, Outcome.HOLD)

    second = await world.queue.open_next(MOD)

    assert isinstance(second, CaseFile)
    assert second.case.id != first.case.id


async def test_answers_that_are_not_sent_are_not_shown(world: World) -> None:
    """Neither before the first sending nor while they are being changed."""
    step = await world.begin()
    await world.save(ANN, step.ref, ABOUT_NIL)
    assert (await world.file()).reading is None

    await world.held(BEN)
    assert (await world.file(BEN)).reading is not None
    await world.gate.reopen(BEN)
    assert (await world.file(BEN)).reading is None
