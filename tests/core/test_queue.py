"""The queue: pages, filters, the most urgent case; whatever a reader may not know is in none of it."""

import random
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.cards import card
from bot.clock import to_ms
from bot.model import Outcome, Visitor
from bot.review.desk import CaseFile, Denied
from bot.review.next_step import Group
from bot.review.queue import COUNTED, Filter, Found, Overview, Page
from bot.review.stats import Stats, nearest_rank
from bot.screens import desk as desk_screens
from bot.screens import queue as screens
from bot.screens.elements import Screen
from bot.store import cases, queue
from bot.store.cases import Case
from bot.store.queue import TOP, Line, Place
from tests.support import (
    ABOUT_NIL,
    ABOUT_REFUSED,
    ANN,
    BEN,
    MOD,
    MODERATOR_ROLE,
    SECOND_MOD,
    World,
    visitor,
)

ByCode = Callable[[Visitor, str], Awaitable[object]]
ANN_AS_MODERATOR = visitor(role_ids=frozenset({MODERATOR_ROLE}))


def people(count: int) -> list[int]:
    """Discord ids of newcomers."""
    return [500000000000000000 + number for number in range(count)]


async def listed(world: World, group: Group) -> list[str]:
    """The codes in a list, page by page, over the buttons' refs."""
    codes: list[str] = []
    place: Place | None = TOP
    while place is not None:
        page = await world.queue.page(MOD, *screens.read_page_ref(screens.page_ref(group, place)))
        assert isinstance(page, Page)
        codes += [shown.line.code for shown in page.listed.lines]
        place = page.listed.more
    return codes


async def test_pages_hold_each_case_once_and_what_is_due_first_at_the_top(world: World) -> None:
    """Whatever is decided between two pages; at the end there is no further one."""
    for user_id in people(23):
        await world.gate.ask_for_person(visitor(user_id))
        world.clock.advance(minutes=user_id % 3)
    due = await world.rows("SELECT code FROM cases ORDER BY target_at, id")

    assert await listed(world, Group.TALK) == [code for (code,) in due]


async def test_a_list_is_counted_as_far_as_anybody_reads(world: World) -> None:
    """Beyond that it says that there are more."""
    for user_id in people(COUNTED + 5):
        await world.gate.arrive(visitor(user_id))

    overview = await world.queue.show(MOD)

    assert isinstance(overview, Overview)
    assert f"Have not sent their answers: {COUNTED}+" in shown(world, overview).text


def shown(world: World, result: Overview) -> Screen:
    """The queue as a moderator sees it."""
    return screens.overview(world.foundation.config.words.voice("en"), result)


@pytest.mark.parametrize("ref", ["", "decide", "decide.x.y", "nothing.1.-", "decide.1.2.3"])
def test_a_button_of_another_version_leads_nowhere(ref: str) -> None:
    """The cog shows the queue instead."""
    with pytest.raises(ValueError, match=r".*"):
        screens.read_page_ref(ref)


async def test_no_list_counts_or_shows_a_concern_to_whom_it_is_about(world: World) -> None:
    """Neither the overview, nor a page, a filter or the numbers; a colleague sees it everywhere."""
    for who in (MOD, SECOND_MOD):
        await world.gate.arrive(who)
    await concern(world, MOD)
    about, other = await concern_seen_by(world, MOD), await concern_seen_by(world, SECOND_MOD)

    assert about == (False, False, False, False, 0)
    assert other == (True, True, True, True, 1)


async def concern(world: World, about: Visitor) -> None:
    """Two concerns about somebody: one that is open and claimed, and one that was closed."""
    about_id = await world.subject_id(about)
    statement = (
        "INSERT INTO concern (id, code, kind, about_id, follow, sealed, locale, opened_at, due_at, closed_at,"
        " outcome) VALUES (?, ?, 'leak', ?, ?, x'00', 'en', 0, 1, ?, ?)"
    )
    now = to_ms(world.clock())
    await world.run(statement, "Q1", "QQQQ-Q1", about_id, b"1", None, None)
    await world.run(statement, "Q2", "QQQQ-Q2", about_id, b"2", now, "acted")
    holder = await world.subject_id(SECOND_MOD)
    await world.run("INSERT INTO claim VALUES ('concern', 'Q1', ?, 0, ?)", holder, now * 2)


async def concern_seen_by(world: World, reader: Visitor) -> tuple[bool, bool, bool, bool, int]:
    """Whether somebody sees the concern: at a glance, on its page, by holder, by what is free; how many."""
    overview = await world.queue.show(reader)
    page = await world.queue.page(reader, Group.CONCERNS, TOP)
    held = await world.queue.find(reader, Filter(holder=SECOND_MOD.user_id))
    stats = await world.statistics.stats(reader)
    await world.run("DELETE FROM claim")
    free = await world.queue.find(reader, Filter(free=True))
    await world.run(
        "INSERT INTO claim VALUES ('concern', 'Q1', ?, 0, ?)",
        *(await world.subject_id(SECOND_MOD), to_ms(world.clock()) * 2),
    )
    assert isinstance(overview, Overview)
    assert isinstance(page, Page)
    assert isinstance(held, Found)
    assert isinstance(free, Found)
    assert isinstance(stats, Stats)
    return (
        bool(overview.of(Group.CONCERNS).count),
        bool(page.listed.lines or page.listed.count),
        any(one.line.code == "QQQQ-Q1" for one in held.lines),
        any(one.line.code == "QQQQ-Q1" for one in free.lines),
        stats.windows[0].concerns,
    )


async def test_a_task_is_not_shown_to_whom_it_is_about(world: World) -> None:
    """Nor one about a case that they are tied to; the next ones move up."""
    await world.held()
    subject, case_id = await world.subject_id(), await world.case_id()
    for number, (about, case) in enumerate([(subject, None), (subject, case_id)]):
        await world.run(
            "INSERT INTO task (id, kind, subject_id, case_id, opened_at)"
            " VALUES (?, 'late_interest', ?, ?, 0)",
            *(f"T{number}", about, case),
        )

    for_mod, for_ann = await world.queue.show(MOD), await world.queue.show(ANN_AS_MODERATOR)

    assert isinstance(for_mod, Overview)
    assert isinstance(for_ann, Overview)
    assert (len(for_mod.tasks), for_ann.tasks) == (2, ())


async def test_filters_find_by_rule_category_and_holder(world: World) -> None:
    """All that is given has to fit."""
    await world.held()
    await world.send(BEN, ABOUT_REFUSED)
    ann, ben = await world.code(ANN), await world.code(BEN)
    await world.claims.claim(SECOND_MOD, ann)
    rule = await world.one("SELECT rule_id FROM verdict JOIN cases ON cases.id = case_id WHERE code = ?", ben)

    async def found(by: Filter) -> list[str]:
        result = await world.queue.find(MOD, by)
        assert isinstance(result, Found)
        return [one.line.code for one in result.lines]

    assert await found(Filter(rule=rule)) == [ben]
    assert await found(Filter(category="industry")) == [ann]
    assert await found(Filter(category="industry", rule=rule)) == []
    assert await found(Filter(free=True)) == [ben]
    assert await found(Filter(holder=SECOND_MOD.user_id)) == [ann]
    assert await found(Filter(holder=SECOND_MOD.user_id, category="industry")) == [ann]
    assert await found(Filter(mine=True)) == []
    assert await found(Filter(mine=True, holder=SECOND_MOD.user_id)) == []
    assert await found(Filter(holder=1)) == []


async def test_a_filter_tells_nothing_about_a_case_that_may_not_be_opened(world: World) -> None:
    """Its rule and its links are no part of the shared card; that it is there is."""
    await world.held()

    by_link = await world.queue.find(ANN_AS_MODERATOR, Filter(category="industry"))
    by_rule = await world.queue.find(ANN_AS_MODERATOR, Filter(rule="everything_else"))
    free = await world.queue.find(ANN_AS_MODERATOR, Filter(free=True))

    assert isinstance(by_link, Found)
    assert isinstance(by_rule, Found)
    assert isinstance(free, Found)
    assert (by_link.lines, by_rule.lines, len(free.lines)) == ((), (), 1)


async def test_the_next_one_is_free_first_and_a_colleagues_last(world: World) -> None:
    """What somebody has is taken only when nothing else is left, and stays theirs."""
    for user_id in people(3):
        await world.gate.ask_for_person(visitor(user_id))
        world.clock.advance(minutes=1)
    first, second, third = [await world.code(visitor(user_id)) for user_id in people(3)]
    await world.claims.claim(SECOND_MOD, first)

    assert await next_code(world) == second
    assert await next_code(world) == second
    await world.claims.hand_over(MOD, second, SECOND_MOD)
    assert await next_code(world) == third
    await world.claims.hand_over(MOD, third, SECOND_MOD)
    assert await next_code(world) == first
    assert await world.one("SELECT count(DISTINCT holder_id) FROM claim") == 1


async def next_code(world: World) -> str:
    """The code of the case that a moderator takes."""
    file = await world.queue.open_next(MOD)
    assert isinstance(file, CaseFile)
    return file.case.code


@pytest.mark.parametrize(
    "columns",
    [
        "asked_at = 1, answer_by = 2",
        "blocked_at = 1",
        "second_by = 1",
    ],
)
async def test_what_nobody_of_the_team_can_do_now_is_not_next(world: World, columns: str) -> None:
    """Waiting for the applicant, for somebody from outside, or for the clock."""
    await world.held()
    await world.run(f"UPDATE cases SET {columns}")
    await world.run(
        "INSERT INTO motion (id, case_id, case_version, outcome, reason_code, sealed, proposed_by,"
        " proposed_at, due_at, waits, state)"
        " SELECT 'M', id, version, 'decline', 'other', x'00', 'X', 0, 1, 1, 'open'"
        " FROM cases"
    )

    assert await world.queue.open_next(MOD) == Denied("nothing_waits")


async def test_a_proposal_is_next_for_whoever_may_confirm_it(world: World) -> None:
    """In its turn, with the others."""
    await world.held()
    await world.run("UPDATE cases SET second_by = 1")

    assert await next_code(world) == await world.code()


@pytest.mark.parametrize("seed", range(4))
async def test_the_card_and_the_queue_never_disagree(world: World, seed: int) -> None:
    """After any acts in any order, every card says what the queue says of the case."""
    chosen = random.Random(seed)  # noqa: S311 - a test that can be run again
    somebody = [visitor(user_id) for user_id in people(3)]
    acts: dict[str, Callable[[Visitor], Awaitable[object]]] = {
        "talk": world.gate.ask_for_person,
        "send": lambda who: send_if_they_can(world, who),
        "reopen": world.gate.reopen,
        "take back": world.gate.take_back,
        "aside": world.gate.came_for_work,
        "claim": lambda who: by_code(world, who, world.claims.claim),
        "release": lambda who: by_code(world, who, world.claims.release),
        "next": lambda _: world.queue.open_next(SECOND_MOD),
        "hold": lambda who: by_code(world, who, deciding(world, Outcome.HOLD)),
        "admit": lambda who: by_code(world, who, deciding(world, Outcome.ADMIT)),
        "record": lambda who: by_code(world, who, world.conversations.record),
        "sweep": lambda _: world.sweep.run(world.clock.advance(hours=5)),
    }
    seen = 0
    for _ in range(30):
        await acts[chosen.choice(list(acts))](chosen.choice(somebody))
        await world.drain()
        seen += await cards_agree(world)

    assert seen > 10


def deciding(world: World, outcome: Outcome) -> ByCode:
    """Deciding by case code."""
    return lambda moderator, code: world.decisions.decide_by_code(moderator, code, outcome)


async def send_if_they_can(world: World, who: Visitor) -> None:
    """Send answers that are held, where somebody has none with the team."""
    states = await world.rows(
        "SELECT state FROM cases JOIN subject ON subject.id = subject_id WHERE lookup = ? AND state = 'held'",
        world.foundation.vault.lookup(who.user_id),
    )
    if not states:
        await world.gate.arrive(who)
        await world.gate.leave(who.user_id)
        await world.send(who, ABOUT_REFUSED)


async def by_code(world: World, who: Visitor, act: ByCode) -> None:
    """Have a moderator do something about somebody's newest case, if there is one."""
    lookup = world.foundation.vault.lookup(who.user_id)
    if await world.rows(
        "SELECT 1 FROM cases JOIN subject ON subject.id = subject_id WHERE lookup = ?", lookup
    ):
        await act(MOD, await world.code(who))


async def cards_agree(world: World) -> int:
    """How many cards of open cases there are, each of which says what the queue says."""
    on, texts = world.foundation, {}
    for call in world.doorkeeper.calls:
        if call.verb in {"post", "edit"} and call.text.startswith("**Case "):
            texts[call.text[7:14]] = call.text

    def drawn(connection: sqlite3.Connection) -> list[tuple[Screen, Case, Line | None]]:
        kept = [row["case_id"] for row in connection.execute("SELECT case_id FROM card")]
        known = [case for case in (cases.get(connection, one) for one in kept) if case]
        return [(card(connection, on, case), case, queue.line_of(connection, case)) for case in known]

    agreed = 0
    for screen, case, line in await on.database.read(drawn):
        assert texts[case.code] == screen.text
        if line is None or line.step.group is Group.ASIDE:
            continue
        page = await world.queue.page(MOD, line.step.group, Place(line.place.due - 1, ""))
        assert isinstance(page, Page)
        voice = on.config.words.voice("")
        said = [
            desk_screens.step_line(voice, one.line, one.holder)
            for one in page.listed.lines
            if one.line.code == case.code
        ]
        assert said == texts[case.code].split("\n")[1:2]
        agreed += 1
    return agreed


def test_the_nearest_rank() -> None:
    """The smallest value that so many percent are no larger than."""
    hours = [timedelta(hours=n) for n in (5, 1, 3, 2, 4)]

    assert nearest_rank(hours, 50) == timedelta(hours=3)
    assert nearest_rank(hours, 90) == timedelta(hours=5)
    assert nearest_rank(hours[:1], 50) == timedelta(hours=5)
    assert nearest_rank([], 90) == timedelta()


async def test_the_numbers_of_the_team(world: World) -> None:
    """Waits up to the first decision, outcomes, what is open and late; nobody's name."""
    for number, hours in enumerate((1, 2, 30)):
        who = visitor(people(3)[number])
        await world.send(who, ABOUT_REFUSED)
        world.clock.advance(hours=hours)
        await world.decline(who)
    await world.send(ANN, ABOUT_REFUSED)
    world.clock.advance(hours=80)
    await world.send(BEN, ABOUT_NIL)

    stats = await world.statistics.stats(MOD)

    assert isinstance(stats, Stats)
    month, quarter = stats.windows
    assert (month.waits, month.median, month.ninetieth) == (3, timedelta(hours=2), timedelta(hours=30))
    assert month.outcomes == ((Outcome.DECLINE, 3),)
    assert (quarter.days, quarter.decisions, quarter.cut) == (90, 3, False)
    assert [(one.group, one.count, one.late) for one in stats.open_now] == [(Group.DECIDE, 1, 1)]
    told = screens.stats(world.foundation.config.words.voice("en"), stats).text
    assert "half waited no more than 2 hours, nine of ten no more than 30 hours" in told
    assert str(MOD.user_id) not in told
