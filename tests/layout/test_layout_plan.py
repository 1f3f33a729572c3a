"""The plan of a setup: safe in every order of what a server can be, at each step, stopped anywhere."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.layout.model import ChannelKind, Server
from bot.layout.plan import plan
from bot.layout.wishes import Pick, Plan, Wishes
from tests.layout.servers import Members, P, any_server, carried_out, seen_by, shape

WISHES = Wishes()
ROUGH = settings(max_examples=150)


def with_found(made: Plan, server: Server) -> Wishes:
    """The wishes of a second run, which knows every id."""
    by_name = {
        **{c.name.casefold(): c.id for c in server.channels if c.kind is not ChannelKind.CATEGORY},
        **{r.name.casefold(): r.id for r in server.roles},
    }

    def pick(key: str, name: str) -> Pick:
        ids = made.found.get(key) or (by_name[name.casefold()],)
        return Pick(name, ids)

    return Wishes(
        member_role=pick("member_role", "Member"),
        moderator_roles=(pick("moderator_roles", "Moderators"),),
        quarantine_channel=pick("quarantine_channel", "front-porch"),
        review_channel=pick("review_channel", "porch-review"),
        log_channel=pick("log_channel", "porch-log"),
        welcome_channel=pick("welcome_channel", "start-here"),
    )


@ROUGH
@given(any_server(), st.booleans())
def test_after_every_step_everybody_present_sees_what_they_saw(
    drawn: tuple[Server, Members], tidy: bool
) -> None:
    """And no channel that was there shows itself to anybody who did not see it, newcomers included."""
    server, people = drawn
    made = plan(server, Wishes(tidy_roles=tidy))
    if made.obstacles or (tidy and not made.gives_role):
        event(f"obstacle {[note.kind.value for note in made.obstacles[:1]]}")
        return
    event("gives the role" if made.gives_role else "gives no role")
    porch = set(made.found.get("quarantine_channel", ()))
    gate = {
        i for key in ("quarantine_channel", "review_channel", "log_channel") for i in made.found.get(key, ())
    }
    there = {channel.id for channel in server.channels}
    newcomer = seen_by(server, 99, frozenset())
    before = {who: seen_by(server, who, roles) for who, roles in people.items()}
    for step, now, members in carried_out(server, people, made):
        for who, roles in members.items():
            seen = seen_by(now, who, roles) & there
            assert before[who] - porch <= seen, step
            assert seen - gate <= before[who], step
        new = {c.id for c in now.channels if c.name == "front-porch"}
        assert seen_by(now, 99, frozenset()) <= newcomer | new | porch, step


@ROUGH
@given(any_server())
def test_nothing_is_deleted_and_planning_again_finds_nothing_to_do(drawn: tuple[Server, Members]) -> None:
    """By the ids that were written down, and by name alone where they were lost."""
    server, people = drawn
    made = plan(server, WISHES)
    if made.obstacles:
        return
    now = server
    for _, after, _ in carried_out(server, people, made):
        assert {role.id for role in now.roles} <= {role.id for role in after.roles}
        assert {channel.id for channel in now.channels} <= {channel.id for channel in after.channels}
        for channel in now.channels:
            kept = {o.target_id for o in after.channels_by_id[channel.id].overwrites}
            assert {o.target_id for o in channel.overwrites} <= kept
        now = after
    for wishes in (WISHES, with_found(made, now)):
        again = plan(now, wishes)
        assert again.steps == ()
        assert again.obstacles == ()


@ROUGH
@given(any_server(), st.data())
def test_stopped_anywhere_a_second_run_ends_at_the_same(
    drawn: tuple[Server, Members], data: st.DataObject
) -> None:
    """Even when no id was written down: what was made is found by its name."""
    server, people = drawn
    made = plan(server, WISHES)
    if made.obstacles or not made.steps:
        return
    states = carried_out(server, people, made)
    _, stopped, then = states[data.draw(st.integers(0, len(states) - 1))]
    again = plan(stopped, WISHES)
    assert again.obstacles == ()
    second = carried_out(stopped, then, again)
    end = second[-1][1] if second else stopped
    assert shape(end) == shape(states[-1][1])
    if made.gives_role:
        member = next(role.id for role in end.roles if role.name == "Member")
        final = second[-1][2] if second else then
        assert all(member in roles for roles in final.values())


@ROUGH
@given(any_server())
def test_in_the_end_somebody_new_sees_the_porch_and_what_was_opened_by_name(
    drawn: tuple[Server, Members],
) -> None:
    """What still shows beside it is in a note."""
    server, people = drawn
    made = plan(server, WISHES)
    if made.obstacles:
        return
    states = carried_out(server, people, made)
    end = states[-1][1] if states else server
    names = {channel.id: channel.name for channel in end.channels}
    seen = {names[channel] for channel in seen_by(end, 99, frozenset())}
    noted = {name for note in made.notes if note.kind == "still_open" for name in note.names}
    assert seen == noted | {"front-porch"}
    rooms = {c.name: c for c in end.channels if c.kind is not ChannelKind.CATEGORY}
    porch = rooms["front-porch"]
    allowed = end.in_channel(porch, ())
    assert allowed & P.READ_MESSAGE_HISTORY
    assert not allowed & (
        P.SEND_MESSAGES | P.CREATE_PUBLIC_THREADS | P.CREATE_PRIVATE_THREADS | P.ADD_REACTIONS
    )
    assert end.i_can(P.SEND_MESSAGES, porch)
    member = next(role.id for role in end.roles if role.name == "Member")
    assert not end.sees(porch, {member})
    for name in ("porch-review", "porch-log"):
        private = rooms[name]
        assert not end.sees(private)
        assert not end.sees(private, {member})
        assert end.i_can(P.SEND_MESSAGES, private)
