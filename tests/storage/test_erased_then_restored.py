"""Scope, then a copy from before is put back as an operator does it: gone when the bot has started."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.keys import rotation
from bot.keys.key_file import new_master
from bot.keys.sealing import KeyProblem
from bot.model import Outcome, Scope
from bot.standing import CarryOn
from tests.storage.test_any_history_verifies import Machine
from tests.support import ABOUT_LINKED, ANN, LINK_NOW, MOD, PURPOSE, World


@dataclass(frozen=True, slots=True)
class Left:
    """How much is left in tables that hold what people told."""

    subject: int
    case: int
    answers: int
    told: int
    texts: int


LEFT = {
    Scope.PERSON: Left(subject=0, case=0, answers=0, told=0, texts=0),
    Scope.REST: Left(subject=1, case=1, answers=0, told=1, texts=1),
    Scope.CONSENT: Left(subject=1, case=1, answers=0, told=0, texts=0),
    Scope.CASE: Left(subject=1, case=1, answers=0, told=0, texts=0),
}
"""Of Ann, who told of one link: of its texts, only the name of the organisation stays with the links."""


async def erase(world: World, what: Scope, subject: str) -> None:
    """Erase as Ann does, in one of the four ways."""
    match what:
        case Scope.PERSON:
            assert await world.erasure.person(subject, subject)
        case Scope.REST:
            assert await world.erasure.rest(subject, subject)
        case Scope.CONSENT:
            assert await world.erasure.consent(subject, subject)
        case Scope.CASE:
            assert await world.gate.take_back(ANN)


async def left(world: World, subject: str) -> Left:
    """What there is about somebody."""
    row = await world.rows(
        """
        SELECT (SELECT count(*) FROM subject WHERE id = ?1),
            (SELECT count(*) FROM cases WHERE subject_id = ?1),
            (SELECT count(*) FROM sheet WHERE subject_id = ?1),
            (SELECT count(*) FROM disclosure WHERE subject_id = ?1),
            (SELECT count(*) FROM interest_text)
        """,
        subject,
    )
    return Left(*row[0])


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("what", list(Scope))
async def test_what_was_erased_is_gone_again(tmp_path: Path, what: Scope, replaced: bool) -> None:
    """Also with a master key replaced since, where the copy opens with the one of its own time."""
    machine = Machine(tmp_path)
    async with machine.started() as world:
        await world.held()
        if what is not Scope.CASE:
            await world.decisions.decide_by_code(MOD, await world.code(), Outcome.ADMIT)
        subject = await world.subject_id()
        machine.copy()
        await erase(world, what, subject)
        if replaced:
            machine.master = new_master()
            for _ in rotation.rotate(world.foundation.vault, None, machine.master):
                pass
    if replaced:
        then, machine.copied_with = machine.copied_with, machine.master
        with pytest.raises(KeyProblem, match="set PORCHLIGHT_KEY to the one of that time"):
            machine.put_back()
        machine.verify()
        machine.copied_with = then

    machine.clock.advance(days=1)
    machine.put_back()
    async with machine.started() as world:
        assert await left(world, subject) == LEFT[what]
        machine.verify()


async def test_whoever_has_come_back_since_is_somebody_else(tmp_path: Path) -> None:
    """The ledger names who they were; a copy from after their return brings back who they are."""
    machine = Machine(tmp_path)
    async with machine.started() as world:
        await world.held()
        before = await world.subject_id()
        await erase(world, Scope.PERSON, before)
        first = await world.begin()
        await world.save(ANN, first.ref, ABOUT_LINKED)
        machine.copy()
        await world.answer(ANN, LINK_NOW, PURPOSE)

    machine.clock.advance(days=1)
    machine.put_back()
    async with machine.started() as world:
        assert await world.subject_id() != before
        assert isinstance(await world.gate.standing(ANN), CarryOn)
        machine.verify()
