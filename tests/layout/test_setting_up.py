"""Carrying out a plan: stopped anywhere, taken up again, and never a moment in which somebody loses sight."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.layout.model import Channel, Server
from bot.layout.wishes import NoteKind, Pick, Wishes
from bot.ports import Done, Later, Refused, Why
from bot.setting_up import Finished, Outlook, SettingUp, Stopped
from tests.layout.fakes import Crash, FakeServer, Notebook
from tests.layout.servers import ORDINARY, P, a_server, any_server, shape

PEOPLE = {who: frozenset[int]() for who in range(10, 15)}
OPEN = a_server(Channel(3001, "general"))
CLOSED = a_server(Channel(3001, "general"), everyone=int(ORDINARY & ~P.VIEW_CHANNEL))
REFUSED = Refused(Why.FORBIDDEN)
LATER = Later("http_500")


async def set_up(
    fake: FakeServer, notes: Notebook | None = None, wishes: Wishes | None = None
) -> Finished | Stopped:
    """One run, from looking to the end."""
    notes = notes or Notebook()
    setting = SettingUp(fake, fake, notes.remember, notes.wait)
    server = await setting.survey()
    assert isinstance(server, Server)
    outlook = await setting.look(server, wishes or Wishes())
    assert isinstance(outlook, Outlook)
    return await setting.carry_out(outlook, notes)


def remembered(notes: Notebook) -> Wishes:
    """The wishes of a run that reads back what an earlier one wrote down."""

    def pick(key: str, name: str) -> Pick:
        return Pick(name, notes.ids.get(key, ()))

    return Wishes(
        member_role=pick("member_role", "Member"),
        moderator_roles=(pick("moderator_roles", "Moderators"),),
        quarantine_channel=pick("quarantine_channel", "front-porch"),
        review_channel=pick("review_channel", "porch-review"),
        log_channel=pick("log_channel", "porch-log"),
        welcome_channel=pick("welcome_channel", "start-here"),
    )


async def test_everybody_present_gets_the_role_and_then_the_server_closes() -> None:
    """Bots do not; the pace is one a second; every id is written down."""
    fake = FakeServer(OPEN, PEOPLE, bots=frozenset({12_000}))
    notes = Notebook()
    assert await set_up(fake, notes) == Finished(given=5)
    member = notes.ids["member_role"][0]
    assert all(member in roles for roles in fake.people.values())
    assert fake.calls[-1] == "EditRole"
    assert not fake.server.everyone.has(P.VIEW_CHANNEL)
    assert notes.counts == [1, 2, 3, 4, 5]
    assert notes.waited == 5
    assert fake.losses() == set()
    assert set(notes.ids) == {
        "member_role",
        "moderator_roles",
        "quarantine_channel",
        "review_channel",
        "log_channel",
        "welcome_channel",
    }


async def test_how_many_and_how_long_is_known_before_anything_is_done() -> None:
    """Looking changes nothing."""
    fake = FakeServer(OPEN, PEOPLE, bots=frozenset({12_000}))
    notes = Notebook()
    outlook = await SettingUp(fake, fake, notes.remember, notes.wait).look(OPEN, Wishes())
    assert isinstance(outlook, Outlook)
    assert (outlook.to_give, outlook.seconds, outlook.sees_members) == (5, 5.0, True)
    assert fake.calls == []
    assert notes.ids == {}


async def test_a_second_run_does_nothing() -> None:
    """Nothing is changed, with or without the ids of the first."""
    fake = FakeServer(OPEN, PEOPLE)
    notes = Notebook()
    await set_up(fake, notes)
    fake.calls.clear()
    assert await set_up(fake, wishes=remembered(notes)) == Finished()
    assert await set_up(fake) == Finished()
    assert fake.calls == []


@pytest.mark.parametrize("failure", [REFUSED, Crash()])
@pytest.mark.parametrize("keeps_notes", [True, False])
@pytest.mark.parametrize("server", [OPEN, CLOSED])
async def test_stopped_at_any_call_a_second_run_ends_the_same(
    server: Server, keeps_notes: bool, failure: Refused | Crash
) -> None:
    """Nobody has lost sight of anything in between, and @everyone is closed only at the end."""
    whole = FakeServer(server, PEOPLE)
    await set_up(whole)
    for call in range(1, len(whole.calls) + 1):
        fake = FakeServer(server, PEOPLE)
        fake.fail_at[call] = failure
        notes = Notebook()
        try:
            stopped = await set_up(fake, notes)
            assert isinstance(stopped, Stopped)
            assert stopped.because == REFUSED
            assert stopped.step is not None
        except Crash:
            pass
        assert fake.losses() == set()
        assert fake.server.everyone.permissions == server.everyone.permissions
        assert isinstance(await set_up(fake, wishes=remembered(notes) if keeps_notes else None), Finished)
        assert fake.losses() == set()
        assert shape(fake.server) == shape(whole.server)
        assert fake.people.keys() == whole.people.keys()
        assert [len(roles) for roles in fake.people.values()] == [len(r) for r in whole.people.values()]


@settings(max_examples=150)
@given(any_server(), st.data())
async def test_on_any_server_stopped_anywhere_nobody_loses_sight(
    drawn: tuple[Server, dict[int, frozenset[int]]], data: st.DataObject
) -> None:
    """Property: whatever the server, whichever call fails, the second run carries on to the same end."""
    server, people = drawn
    whole = FakeServer(server, people)
    notes = Notebook()
    try:
        await set_up(whole, notes)
    except ValueError:
        return
    porch = set(notes.ids.get("quarantine_channel", ()))
    if not whole.calls or porch & {channel.id for channel in server.channels}:
        return
    fake = FakeServer(server, people)
    fake.fail_at[data.draw(st.integers(1, len(whole.calls)))] = REFUSED
    assert isinstance(await set_up(fake), Stopped)
    assert fake.losses() == set()
    assert isinstance(await set_up(fake), Finished)
    assert fake.losses() == set()
    assert shape(fake.server) == shape(whole.server)


async def test_what_is_made_while_the_answer_is_lost_is_not_made_twice() -> None:
    """Discord answers with an error and has made it all the same: it is looked for by its name."""
    whole = FakeServer(OPEN, PEOPLE)
    await set_up(whole)
    fake = FakeServer(OPEN, PEOPLE)
    fake.lose_answer_at = {n for n, what in enumerate(whole.calls, 1) if what.startswith("Create")}
    notes = Notebook()
    assert isinstance(await set_up(fake, notes), Finished)
    assert shape(fake.server) == shape(whole.server)
    assert fake.server.roles_by_id[notes.ids["member_role"][0]].name == "Member"


async def test_what_discord_wants_later_is_tried_again_as_late_as_it_asks() -> None:
    """And given up after a while, with the step that it stopped at."""
    fake = FakeServer(CLOSED, {})
    fake.fail_at = {1: LATER, 2: LATER}
    notes = Notebook()
    assert await set_up(fake, notes) == Finished()
    assert notes.waited == 1 + 2
    hopeless = FakeServer(CLOSED, {})
    hopeless.fail_at = dict.fromkeys(range(1, 20), LATER)
    stopped = await set_up(hopeless)
    assert isinstance(stopped, Stopped)
    assert stopped.because == LATER
    assert shape(hopeless.server) == shape(CLOSED)


async def test_who_leaves_meanwhile_is_no_failure() -> None:
    """And who joins meanwhile gets the role too, as long as the server is open."""
    fake = FakeServer(OPEN, PEOPLE)
    fake.fail_at = {4: Refused(Why.GONE)}
    give_role = fake.give_role
    joined = False

    async def give(user_id: int, role_id: int) -> Done | Refused | Later:
        nonlocal joined
        if not joined:
            joined = True
            fake.people[1] = frozenset()
        if fake.fail_at.get(len(fake.calls) + 1) == Refused(Why.GONE):
            del fake.people[user_id]
        return await give_role(user_id, role_id)

    fake.give_role = give  # type: ignore[method-assign] # somebody joins and leaves while it goes on
    assert await set_up(fake) == Finished(given=5)
    assert 1 in fake.people
    assert all(fake.people.values())


async def test_without_the_members_intent_an_open_server_is_left_alone() -> None:
    """The plan says what to switch on. A closed server does not need it."""
    fake = FakeServer(OPEN, PEOPLE)
    fake.lists_members = False
    notes = Notebook()
    setting = SettingUp(fake, fake, notes.remember, notes.wait)
    outlook = await setting.look(OPEN, Wishes())
    assert isinstance(outlook, Outlook)
    assert [note.kind for note in outlook.plan.obstacles] == [NoteKind.MEMBERS_HIDDEN]
    with pytest.raises(ValueError, match="obstacles"):
        await setting.carry_out(outlook, notes)
    closed = await setting.look(CLOSED, Wishes())
    assert isinstance(closed, Outlook)
    assert (closed.plan.obstacles, closed.sees_members) == ((), False)
