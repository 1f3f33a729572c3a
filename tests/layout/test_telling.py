"""Plans in plain words."""

import re

from hypothesis import given, settings

from bot.layout import telling
from bot.layout.changes import EditRole
from bot.layout.model import Channel, Permission, Role, Server
from bot.layout.plan import plan
from bot.layout.telling import noted, permission_names, told
from bot.layout.wishes import Note, NoteKind, Pick, Reason, Step, Wishes
from tests.layout.servers import MY_ROLE, SERVER, Members, P, a_server, any_server


def test_every_reason_note_and_permission_has_words() -> None:
    """Nothing can turn up in a plan that nobody could read."""
    assert set(telling._WHY) == set(Reason)
    assert set(telling._SENTENCES) == set(NoteKind)
    assert set(telling._NAMES) == set(Permission)
    for kind in NoteKind:
        sentence = noted(Note(kind, ("{odd}", "b"), int(P.MANAGE_ROLES)))
        assert re.match(r"[A-Z@{#]", sentence)
        assert sentence.endswith(".")


@settings(max_examples=100)
@given(any_server())
def test_every_plan_can_be_told(drawn: tuple[Server, Members]) -> None:
    """Each step by the names of what it is about, never by an id or a stand-in."""
    server, _ = drawn
    made = plan(server, Wishes(tidy_roles=True))
    for step in made.steps:
        assert made.after is not None
        line = told(step, made.after)
        assert line.startswith(("Make", "Let", "In #", "Give", "Take"))
        assert "-1" not in line
        assert "Role(" not in line
    for note in (*made.notes, *made.obstacles):
        assert noted(note)


def test_overwrites_are_told_by_whom_they_are_for() -> None:
    """The bot, a role, somebody."""
    desk = Channel(3001, "desk")
    made = plan(a_server(desk), Wishes(review_channel=Pick("desk", chosen=True)))
    assert made.after is not None
    lines = [told(step, made.after) for step in made.steps if step.reason is Reason.REVIEW]
    assert [line.split(": ")[:2] for line in lines] == [
        ["In #desk, for the bot", "allow View Channels, Send Messages, Read Message History"],
        ["In #desk, for Moderators", "allow View Channels, Send Messages, Read Message History"],
        ["In #desk, for @everyone", "deny View Channels"],
    ]


def test_what_has_no_name_here_is_counted() -> None:
    """Permissions that do not matter to a gate, as a number."""
    assert permission_names(int(P.CONNECT) | 1 << 21 | 1 << 25) == "Connect, 2 more that @everyone has"


def test_the_roles_of_a_plan_are_named() -> None:
    """@everyone, the member role, one that is tidied."""
    server = a_server(roles=(Role(2001, "Blue", 1),))
    assert told(Step(EditRole(SERVER, 0), Reason.CLOSE), server).startswith(
        "Take View Channels from @everyone"
    )
    assert "from the role Blue" in told(Step(EditRole(2001, 0), Reason.TIDY), server)
    carries = told(Step(EditRole(MY_ROLE, int(P.CONNECT)), Reason.MEMBER_CARRIES), server)
    assert carries.startswith("Let the role Porchlight carry: Connect")
