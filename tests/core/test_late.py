"""Late interests: a moderator tells of a link, and what they decided is looked at again by somebody else."""

from collections.abc import Sequence

import pytest

from bot.clock import to_ms
from bot.fairness.late import LateInterests, LooksAgain, NotLooking
from bot.fairness.organisations import Organisations
from bot.model import Disclosed, Disclosure, Interest, Outcome, Source, Visitor
from bot.review.bench import Decided
from bot.review.queue import tied
from bot.store import disclosures, tasks
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
    moderator,
)

THIRD_MOD = moderator(300000000000000003)


def works_for(*names: str, period: str = "current") -> Disclosure:
    """A disclosure with links to these."""
    links = tuple(
        Interest("industry", ("employment",), "self", "self", period, organisation=name) for name in names
    )
    return Disclosure(Disclosed.SOME if links else Disclosed.NONE, links)


async def tell(world: World, who: Visitor, disclosure: Disclosure) -> None:
    """A moderator tells about their own links."""
    on = world.foundation

    def log(connection):  # type: ignore[no-untyped-def]  # a unit of work
        subject = on.find_or_add(connection, who.user_id, on.now())
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


async def admitted(world: World, who: Visitor = ANN, by: Visitor = MOD, name: str = "Helix Pharma") -> str:
    """Somebody with a link is let in by a moderator; the case."""
    await world.send(who, ABOUT_LINKED, {**LINK_NOW, "organisation": name}, PURPOSE)
    result = await world.decisions.decide_by_code(by, await world.code(who), Outcome.ADMIT)
    assert isinstance(result, Decided), result
    return await world.case_id(who)


async def late_cases(world: World) -> list[str]:
    """The cases that should be looked at again."""
    found = await world.rows("SELECT case_id FROM task WHERE kind = 'late_interest' ORDER BY rowid")
    return [case_id for (case_id,) in found]


async def the_task(world: World) -> str:
    """The one task."""
    return str(await world.one("SELECT id FROM task WHERE kind = 'late_interest'"))


async def sweep(world: World) -> None:
    """One pass of the sweep, and the outbox after it."""
    await world.sweep.run(world.clock())
    await world.drain()


async def test_a_new_link_touches_what_was_decided(world: World, clock: FakeClock) -> None:
    """Only the case that it has to do with, once, with a line in the log and a word to the team."""
    case = await admitted(world)
    await admitted(world, BEN, name="Other Devices")
    await sweep(world)
    assert await late_cases(world) == []

    clock.advance(hours=1)
    await tell(world, MOD, works_for("HELIX PHARMA Ltd"))
    await sweep(world)
    await sweep(world)

    assert await late_cases(world) == [case]
    assert await world.rows("SELECT object_id FROM event WHERE action = 'case.late_interest'") == [(case,)]
    said = [call.text for call in world.doorkeeper.told("post") if "looked at again" in call.text]
    assert len(said) == 1
    assert await world.code() not in said[0]


@pytest.mark.parametrize(
    ("disclosure", "touched"),
    [
        (works_for(), False),
        (works_for("Somebody Else"), False),
        (works_for("Helix Pharma", period="older"), False),
        (works_for("Helix Pharma", period="past36"), True),
        (works_for("Somebody Else", "Helix Pharma"), True),
    ],
)
async def test_what_counts_as_a_late_interest(world: World, disclosure: Disclosure, *, touched: bool) -> None:
    """The same as what would have kept them from it."""
    await admitted(world)
    await tell(world, MOD, disclosure)
    await sweep(world)

    assert bool(await late_cases(world)) is touched


async def test_the_register_is_heeded(world: World) -> None:
    """A link to the owner touches a case about what it owns."""
    case = await admitted(world)
    register = Organisations(world.foundation)
    for name in ("Helix Pharma", "Helix Group"):
        await register.add(MOD, name, "industry")
    await register.set_parent(MOD, "Helix Pharma", "Helix Group")

    await tell(world, MOD, works_for("Helix Group"))
    await sweep(world)

    assert await late_cases(world) == [case]


async def test_who_confirmed_or_proposed_counts_too(world: World) -> None:
    """Not only who decided; and nobody else's decisions."""
    case = await admitted(world)
    by = await world.subject_id(MOD)
    await tell(world, THIRD_MOD, works_for("Helix Pharma"))
    await sweep(world)
    assert await late_cases(world) == []

    third = await world.subject_id(THIRD_MOD)
    await world.run(
        "INSERT INTO decision (id, case_id, outcome, automated, decided_by, at, hands, confirmed_by)"
        " VALUES ('D2', ?, 'hold', 0, ?, ?, 'two', ?)",
        case, by, to_ms(world.clock()), third,
    )  # fmt: skip
    await world.run("UPDATE moderator SET looked_version = 0")
    await sweep(world)
    assert await late_cases(world) == [case]

    await world.send(BEN, ABOUT_LINKED, {**LINK_NOW, "organisation": "Helix Pharma"}, PURPOSE)
    proposed = await world.case_id(BEN)
    await world.run(
        "INSERT INTO motion VALUES ('M1', ?, 1, 'admit', '', NULL, x'00', ?, 0, 0, 0, 'open', NULL)",
        proposed, third,
    )  # fmt: skip
    await world.run("UPDATE moderator SET looked_version = 0")
    await sweep(world)
    assert await late_cases(world) == [case, proposed]


async def test_once_per_version_and_again_for_another_link(world: World, clock: FakeClock) -> None:
    """Renewing the same links asks nobody; a crash between two steps opens nothing twice."""
    case = await admitted(world)
    clock.advance(hours=1)
    await tell(world, MOD, works_for("Helix Pharma"))
    clock.advance(hours=1)
    await sweep(world)
    await world.run("UPDATE task SET closed_at = ?, closed_by = 'X'", to_ms(clock()))
    await world.run("UPDATE moderator SET looked_version = 0")
    await sweep(world)
    assert await late_cases(world) == [case]

    clock.advance(hours=1)
    await tell(world, MOD, works_for("Helix Pharma", "Unrelated"))
    await sweep(world)
    assert await late_cases(world) == [case]

    clock.advance(hours=1)
    await tell(world, MOD, works_for())
    await sweep(world)
    clock.advance(hours=1)
    await tell(world, MOD, works_for("Helix Pharma"))
    await sweep(world)
    assert await late_cases(world) == [case, case]


async def test_it_reaches_back_thirty_six_months_and_over_many_decisions(
    world: World, clock: FakeClock
) -> None:
    """A stretch at a time; what is older is not looked at."""
    case = await admitted(world)
    old = await admitted(world, BEN)
    by = await world.subject_id(MOD)
    rows: Sequence[int] = range(130)
    for number in rows:
        await world.run(
            "INSERT INTO decision (id, case_id, outcome, automated, decided_by, at)"
            " VALUES (?, 'gone', 'hold', 0, ?, ?)",
            f"D{number}", by, to_ms(clock()),
        )  # fmt: skip
    await world.run("DELETE FROM effect")
    await world.run("DROP TRIGGER decision_no_update")
    await world.run(
        "UPDATE decision SET at = 0 WHERE case_id = ? OR (case_id = ? AND automated = 1)", old, case
    )
    await world.run("UPDATE decision SET rowid = 9999 WHERE case_id = ? AND automated = 0", case)
    await tell(world, MOD, works_for("Helix Pharma"))

    await LateInterests(world.foundation).run(clock())

    assert await late_cases(world) == [case]
    assert await world.one(
        "SELECT looked_version FROM moderator WHERE subject_id = ?", by
    ) == await world.one("SELECT max(version) FROM disclosure WHERE subject_id = ?", by)


async def test_somebody_else_looks_and_the_person_is_told_once(world: World, clock: FakeClock) -> None:
    """The press opens the file; whoever is tied to it sees nothing of the task, and opens nothing."""
    case = await admitted(world)
    await world.drain()
    clock.advance(days=2)
    await tell(world, MOD, works_for("Helix Pharma"))
    await sweep(world)
    task, late = await the_task(world), LateInterests(world.foundation)
    on = world.foundation

    async def hidden(who: Visitor) -> bool:
        return await on.database.read(lambda c: tied(c, on, who, next(iter(tasks.all_open(c, 5)))))

    assert await hidden(MOD)
    assert not await hidden(SECOND_MOD)
    assert await late.look_again(MOD, task) == NotLooking("recused")
    assert await late.look_again(ANN, task) == NotLooking("not_a_moderator")
    before = len(world.doorkeeper.told("tell"))

    assert await late.look_again(SECOND_MOD, task) == LooksAgain(case)
    assert await late.look_again(SECOND_MOD, task) == LooksAgain(case)
    await world.drain()

    [told] = world.doorkeeper.told("tell")[before:]
    assert told.user_id == ANN.user_id
    assert "looking again at a decision" in told.text
    assert "Helix" not in told.text
    assert await world.one("SELECT count(*) FROM event WHERE action = 'case.looked_at_again'") == 1
    await world.desk.close_task(SECOND_MOD, task)
    assert await late.look_again(SECOND_MOD, task) == NotLooking("task_gone")
