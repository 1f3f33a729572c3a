"""The gate as a whole: pausing, resuming, Discord's switch for invites, and how everything stands."""

from datetime import timedelta

import pytest

from bot import __version__
from bot.keeper import INVITES_PAUSED_FOR, Invites, Keeper, Paused, Resumed, Status, Vitals
from bot.model import HoldReason, Outcome
from bot.ports import Later, Refused, Result, Why
from bot.review.desk import Denied
from bot.rules import PAUSED_RULE
from bot.screens import keeper as screens
from bot.standing import AdmittedStanding, HeldStanding
from bot.submission import Sent
from tests.support import ABOUT_NIL, ANN, BEN, MOD, NOW, SECOND_MOD, FakeClock, World, visitor

VITALS = Vitals(connected=True, latency=0.0421, members_intent=True, library="2.7.1")


@pytest.fixture
def keeper(world: World) -> Keeper:
    """The keeper, whose connection is well."""
    return Keeper(world.foundation, world.doorkeeper, lambda: VITALS)


async def heard(world: World) -> list[str]:
    """What the review channel has heard."""
    await world.drain()
    return [call.text for call in world.doorkeeper.told("post")]


async def actions(world: World) -> list[str]:
    """What the log says happened to the gate."""
    return [row[0] for row in await world.rows("SELECT action FROM event WHERE object_kind = 'gate'")]


async def test_nobody_but_a_moderator_keeps_the_gate(world: World, keeper: Keeper) -> None:
    """Everybody else is refused, nothing is written, and Discord is not asked."""
    for who in (ANN, visitor(role_ids=frozenset({1}))):
        for does in (keeper.pause, keeper.resume, keeper.status, keeper.pause_invites, keeper.take_invites):
            assert await does(who) == Denied("not_a_moderator")

    assert await actions(world) == []
    assert world.doorkeeper.calls == []


async def test_while_paused_the_machine_lets_nobody_in(world: World, keeper: Keeper) -> None:
    """Answers are held instead; a moderator can still admit; afterwards the next is let in again."""
    assert await keeper.pause(MOD) == Paused(NOW, MOD.user_id, before=False)
    sent = await world.send(ANN, ABOUT_NIL)
    assert isinstance(sent, Sent)
    assert isinstance(sent.standing, HeldStanding)
    assert sent.standing.case.hold_reason is HoldReason.RAID_LOCK
    assert await world.one("SELECT rule_id FROM verdict") == PAUSED_RULE

    file = await world.file(ANN)
    await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT)
    assert await world.states() == ["admitted"]

    assert await keeper.resume(SECOND_MOD) == Resumed(before=False)
    sent = await world.send(BEN, ABOUT_NIL)
    assert isinstance(sent, Sent)
    assert isinstance(sent.standing, AdmittedStanding)


async def test_pausing_and_resuming_are_lines_with_who(world: World, keeper: Keeper) -> None:
    """And the team hears of both, without a name."""
    await keeper.pause(MOD)
    world.clock.advance(hours=2)
    await keeper.resume(SECOND_MOD)

    found = await world.rows("SELECT action, actor FROM event WHERE object_kind = 'gate' ORDER BY seq")
    subjects = [await world.one("SELECT id FROM subject WHERE lookup = ?", lookup(world, m)) for m in (1, 2)]
    assert found == [("gate.paused", subjects[0]), ("gate.resumed", subjects[1])]
    told = await heard(world)
    assert [text[:33] for text in told] == [
        "A moderator has paused the gate. ",
        "A moderator has resumed the gate.",
    ]
    assert not any(str(m.user_id) in text for m in (MOD, SECOND_MOD) for text in told)


def lookup(world: World, number: int) -> bytes:
    """The keyed hash of a moderator."""
    return world.foundation.vault.lookup((MOD, SECOND_MOD)[number - 1].user_id)


async def test_too_few_who_have_filed_are_told(world: World, keeper: Keeper) -> None:
    """As shipped, removing a member takes two, and nobody here has told their own links."""
    status = await keeper.status(MOD)
    assert isinstance(status, Status)

    assert status.too_few
    told = screens.status(world.foundation.config.words.voice(""), status).text
    assert "nothing that takes two people can be decided" in told


async def test_pausing_twice_is_pausing_once(world: World, keeper: Keeper) -> None:
    """The second is told who was first, and when; resuming what is not paused changes nothing."""
    await keeper.pause(MOD)
    world.clock.advance(minutes=5)

    assert await keeper.pause(SECOND_MOD) == Paused(NOW, MOD.user_id, before=True)
    assert await keeper.resume(MOD) == Resumed(before=False)
    assert await keeper.resume(SECOND_MOD) == Resumed(before=True)
    assert await actions(world) == ["gate.paused", "gate.resumed"]
    assert len(await heard(world)) == 2


async def test_a_pause_by_somebody_no_longer_known_can_be_read(world: World, keeper: Keeper) -> None:
    """Erasing whoever paused leaves the pause."""
    await world.run("INSERT INTO pause VALUES (1, 0, 'somebody gone')")

    result = await keeper.status(MOD)

    assert isinstance(result, Status)
    assert result.paused_by is None
    again = await keeper.pause(MOD)
    assert isinstance(again, Paused)
    assert again.before
    assert again.by is None


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (None, "paused"),
        (Refused(Why.FORBIDDEN), "forbidden"),
        (Refused(Why.UNFIT), "later"),
        (Later("http_503"), "later"),
    ],
)
async def test_pausing_invites(world: World, keeper: Keeper, result: Result | None, code: str) -> None:
    """For a day at most, by Discord's own switch; what came of it is told, and written down if done."""
    if result is not None:
        world.doorkeeper.will("pause_invites", result)

    found = await keeper.pause_invites(MOD)

    assert isinstance(found, Invites)
    assert found.code == code
    [call] = world.doorkeeper.told("pause_invites")
    until = NOW + INVITES_PAUSED_FOR
    assert call.nonce == until.isoformat()
    assert timedelta(hours=23) < INVITES_PAUSED_FOR < timedelta(hours=24)
    done = code == "paused"
    assert await actions(world) == ["invites.paused_wanted"] + ["invites.paused"] * done
    screen = screens.invites(world.foundation.config.words.voice("en"), found)
    assert [press.action for press in screen.presses] == [screens.INVITES_ON if done else screens.INVITES_OFF]


async def test_taking_invites_again(world: World, keeper: Keeper) -> None:
    """The same switch, the other way."""
    assert await keeper.take_invites(MOD) == Invites("taken")
    assert [call.nonce for call in world.doorkeeper.told("pause_invites")] == [""]
    assert await actions(world) == ["invites.taken_wanted", "invites.taken"]


async def test_how_everything_stands(world: World, keeper: Keeper, clock: FakeClock) -> None:
    """Numbers, times and versions, on one screen that fits a phone; no name, no answer."""
    await world.send(ANN, ABOUT_NIL)
    await world.held(BEN)
    await keeper.pause(MOD)
    clock.advance(hours=1)
    await world.sweep.run(clock())
    await world.run("INSERT INTO stopped VALUES ('grant', 'forbidden', ?, 0, 0)", 1)
    await world.run("INSERT INTO wave VALUES ('w', ?, ?, NULL)", 1, 1)

    result = await keeper.status(SECOND_MOD)

    assert isinstance(result, Status)
    assert result.paused_by == MOD.user_id
    assert result.stand.counts["to_decide"] == 1
    assert result.stand.oldest == NOW
    assert (result.stand.swept, result.stand.reconciled) == (clock(), None)
    assert result.findings == 0
    assert result.versions.schema == await world.one("SELECT count(*) FROM migration")
    screen = screens.status(world.foundation.config.words.voice("en"), result)
    for told in (
        "**The gate is paused**",
        f"<@{MOD.user_id}>",
        "**Many people are joining at once**",
        "To decide: 1\n",
        "Opening the door",
        "Compared the server with the decisions: not yet",
        "Discord answers in 42 ms.",
        f"Porchlight {__version__}, discord.py 2.7.1",
    ):
        assert told in screen.text, told
    assert len(screen.text) < 1200
    assert "Helix" not in screen.text
    assert [press.label for press in screen.presses] == ["Resume", "Pause invites for a day"]


async def test_a_quiet_gate_in_few_lines(world: World) -> None:
    """Nothing waits, nothing was looked at yet; what is not known is not made up."""
    dark = Vitals(connected=False, latency=None, members_intent=False, library="2.7.1")

    for number in range(3):
        await world.run(
            "INSERT INTO finding (fingerprint, code, opens, details, batch, found_at)"
            " VALUES (?, 'everyone_sees', 1, '{}', 'b', 0)",
            f"f{number}",
        )

    result = await Keeper(world.foundation, world.doorkeeper, lambda: dark).status(MOD)

    assert isinstance(result, Status)
    text = screens.status(world.foundation.config.words.voice("en"), result).text
    assert text.startswith("**The gate works.** It is not paused.\nTo decide: 0\n")
    assert "Looked at what is due: not yet" in text
    assert "Ways past the gate that are known: 3" in text
    assert "Discord answers in ?." in text
    assert "it has no members intent" in text
    assert "longest wait" not in text
