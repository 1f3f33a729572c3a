"""The record of a case: one timeline with everything on it, and notes that go with the answers."""

import ast
from pathlib import Path

from bot.model import CaseState, Outcome
from bot.review.desk import Denied
from bot.review.record import By, NoteKept, Timeline
from bot.screens import record as screens
from bot.words import catalogues
from tests.support import ABOUT_LINKED, ANN, LINK_NOW, MOD, PURPOSE, SECOND_MOD, World, moderator, visitor

ROOT = Path(__file__).parents[2]
KINDS = (
    "case.",
    "file.",
    "decision.",
    "motion.",
    "question.",
    "appeal.",
    "recusal.",
    "condition.",
    "thread.",
)


async def timeline(world: World, who: object = MOD) -> Timeline:
    """What a moderator reads of Ann's case."""
    found = await world.record.timeline(who, await world.code())  # type: ignore[arg-type] # a visitor
    assert isinstance(found, Timeline)
    return found


async def test_everything_stands_on_one_timeline_in_order(world: World) -> None:
    """Steps of the person, the bot and moderators, notes, and each look at the file."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    world.clock.advance(hours=1)
    await world.file()
    world.clock.advance(hours=1)
    assert isinstance(await world.record.write_note(MOD, await world.code(), "Spoke with her."), NoteKept)
    world.clock.advance(hours=1)
    await world.decisions.decide_by_code(MOD, await world.code(), Outcome.HOLD)

    found = await timeline(world, SECOND_MOD)

    told = [(step.by, step.action or step.note) for step in found.steps]
    assert told[0] == (By.PERSON, "case.opened") or told[0] == (By.MACHINE, "case.opened")
    assert (By.MODERATOR, "Spoke with her.") in told
    assert told[-2:] == [(By.MODERATOR, "decision.hold"), (By.MODERATOR, "file.opened")]
    assert [step.at for step in found.steps] == sorted(step.at for step in found.steps)
    assert {step.user_id for step in found.steps if step.by is By.MODERATOR} == {
        MOD.user_id,
        SECOND_MOD.user_id,
    }


async def test_reading_the_timeline_is_looking_at_the_file(world: World) -> None:
    """It leaves its line, and its place in what the person can see."""
    await world.held()
    before = await world.one("SELECT count(*) FROM access WHERE action = 'open'")

    await timeline(world)

    assert await world.one("SELECT count(*) FROM access WHERE action = 'open'") == before + 1
    assert await world.one("SELECT count(*) FROM event WHERE action = 'file.opened'") == before + 1


async def test_nobody_reads_or_writes_who_may_not(world: World) -> None:
    """Not a member, not about themselves, and not about a case that does not exist."""
    await world.held()
    code, own = await world.code(), moderator(ANN.user_id)

    assert await world.record.timeline(visitor(77), code) == Denied("not_a_moderator")
    assert await world.record.timeline(own, code) == Denied("own_case")
    assert await world.record.timeline(MOD, "0000-00") == Denied("no_such_case")
    assert await world.record.write_note(visitor(77), code, "x") == Denied("not_a_moderator")
    assert await world.record.write_note(own, code, "x") == Denied("own_case")
    assert await world.record.write_note(MOD, code, "   ") == Denied("note_empty")
    assert await world.one("SELECT count(*) FROM note") == 0


async def test_a_note_is_sealed_and_goes_with_the_answers(world: World) -> None:
    """Nothing of it is left once the person takes the request back, and nothing new comes."""
    await world.held()
    code = await world.code()
    await world.record.write_note(MOD, code, "Harpsichord.")
    assert b"Harpsichord" not in world.path.read_bytes()

    assert await world.gate.take_back(ANN)

    assert await world.one("SELECT count(*) FROM note") == 0
    assert await world.states() == [CaseState.WITHDRAWN.value]
    assert await world.record.write_note(MOD, code, "More.") == Denied("note_too_late")


async def test_a_long_timeline_says_what_it_leaves_out(world: World) -> None:
    """The latest steps are shown, and how many came before."""
    await world.held()
    for _ in range(screens.MOST_STEPS + 5):
        await timeline(world)

    config = world.foundation.config
    told = screens.timeline(config.words.voice("en"), config, await timeline(world)).text

    assert told.count("\n- ") == screens.MOST_STEPS
    assert "earlier steps" in told


def test_whatever_can_happen_to_a_case_has_a_sentence() -> None:
    """Each code of the log about a case, its decisions and all else on the timeline."""
    english = catalogues()["en"]
    found = {f"decision.{outcome.value}" for outcome in Outcome}
    found |= {f"case.{state.value}" for state in (CaseState.WITHDRAWN, CaseState.LEFT, CaseState.LAPSED)}
    found |= {"case.told_open", "case.told_closed", "file.opened", "file.refused", "disclosure.logged"}
    for module in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            said = node.value if isinstance(node, ast.Constant) else None
            if isinstance(said, str) and said.startswith(KINDS) and said[-1].isalpha():
                found.add(said)

    left_out = {action for action in found if f"timeline_{action.replace('.', '_')}" not in english}

    assert left_out - {"case.deleted"} == set()
    assert len(found) > 25
