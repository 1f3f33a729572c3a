"""Single servers whose plan is easy to read: what is made, what is taken, and what stops it."""

from dataclasses import replace

import pytest

from bot.layout.changes import CreateChannel, CreateRole, EditRole
from bot.layout.model import Bot, Channel, ChannelKind, Overwrite, Role, Server
from bot.layout.plan import plan
from bot.layout.wishes import GiveRoleToPresentMembers, Note, NoteKind, Pick, Plan, Present, Reason, Wishes
from tests.layout.servers import ME, MY_ROLE, ORDINARY, OWN, SERVER, P, a_server, carried_out

GENERAL = Channel(3001, "general")
CLOSED = int(ORDINARY & ~P.VIEW_CHANNEL)


def kinds(notes: tuple[Note, ...]) -> set[str]:
    """The kinds of notes."""
    return {note.kind.value for note in notes}


def only(made: Plan, kind: NoteKind) -> Note:
    """The one note of a kind."""
    [note] = [n for n in (*made.notes, *made.obstacles) if n.kind is kind]
    return note


def role(role_id: int, name: str, permissions: int = 0, **more: bool) -> Role:
    """A role low in the list."""
    return Role(role_id, name, 1, int(permissions), **more)


def test_an_open_server_is_closed_last() -> None:
    """The role, everybody gets it, the channels, and only then @everyone."""
    made = plan(a_server(GENERAL), Wishes())
    assert [step.reason for step in made.steps] == [
        Reason.MEMBER_ROLE,
        Reason.MODERATOR_ROLE,
        Reason.NOBODY_LOSES_SIGHT,
        Reason.QUARANTINE,
        Reason.REVIEW,
        Reason.LOG,
        Reason.CLOSE,
    ]
    member = made.steps[0].deed
    assert member == CreateRole("member_role", "Member", int(ORDINARY))
    assert made.steps[2].deed == GiveRoleToPresentMembers(made.steps[0].makes)
    assert made.steps[-1].deed == EditRole(SERVER, CLOSED)
    assert made.found == {"welcome_channel": (GENERAL.id,)}
    assert made.obstacles == ()


def test_the_porch_is_as_the_design_says() -> None:
    """Everyone may look and talk in threads, members do not see it, the team and the bot do."""
    made = plan(a_server(everyone=CLOSED), Wishes())
    porch = next(step.deed for step in made.steps if step.reason is Reason.QUARANTINE)
    assert isinstance(porch, CreateChannel)
    member, moderators = made.steps[0].makes, made.steps[1].makes
    read = P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY
    assert porch.name == "front-porch"
    assert porch.overwrites == {
        "me": (
            read | P.SEND_MESSAGES | P.CREATE_PRIVATE_THREADS | P.SEND_MESSAGES_IN_THREADS | P.MANAGE_THREADS,
            0,
        ),
        moderators: (read, 0),
        SERVER: (
            read | P.SEND_MESSAGES_IN_THREADS,
            P.SEND_MESSAGES | P.CREATE_PUBLIC_THREADS | P.CREATE_PRIVATE_THREADS | P.ADD_REACTIONS,
        ),
        member: (0, P.VIEW_CHANNEL),
    }


def test_a_closed_server_gives_nobody_a_role() -> None:
    """Nobody relies on @everyone, so nobody has to be kept in sight."""
    made = plan(a_server(GENERAL, everyone=CLOSED), Wishes())
    assert not made.gives_role
    assert Reason.CLOSE not in {step.reason for step in made.steps}


def test_a_server_closed_channel_by_channel_gives_nobody_a_role_either() -> None:
    """What each channel denies to everyone and opens to a role stays exactly so."""
    verified = role(2001, "Verified", P.SEND_MESSAGES)
    closed = Channel(
        3001,
        "general",
        overwrites=(
            Overwrite(SERVER, is_role=True, deny=int(P.VIEW_CHANNEL)),
            Overwrite(verified.id, is_role=True, allow=int(P.VIEW_CHANNEL)),
        ),
    )
    server = a_server(closed, Channel(3002, "Rooms", ChannelKind.CATEGORY), roles=(verified,))
    made = plan(server, Wishes())
    assert not made.gives_role
    assert made.steps[-2].deed == EditRole(SERVER, CLOSED)
    assert only(made, NoteKind.NOT_FOR_MEMBERS).names == ("general",)
    end = carried_out(server, {}, made)[-1][1]
    assert end.channels_by_id[closed.id] == closed
    again = plan(server, Wishes(member_role=Pick("Verified", chosen=True)))
    assert not again.gives_role
    assert again.found["member_role"] == (verified.id,)


def test_a_role_that_opens_more_is_not_given_to_everybody_unasked() -> None:
    """A server with one open channel and an old gate: the admin has to say who is a member."""
    verified = role(2001, "Verified", P.SEND_MESSAGES)
    hidden = Channel(
        3001,
        "members",
        overwrites=(
            Overwrite(SERVER, is_role=True, deny=int(P.VIEW_CHANNEL)),
            Overwrite(verified.id, is_role=True, allow=int(P.VIEW_CHANNEL)),
        ),
    )
    server = a_server(hidden, Channel(3002, "verify"), roles=(verified,))
    chosen = Wishes(member_role=Pick("Verified", chosen=True))
    made = plan(server, chosen)
    assert only(made, NoteKind.MEMBER_ROLE_OPENS).names == ("Verified", "members")
    holders = plan(server, replace(chosen, present=Present.HOLDERS))
    assert holders.obstacles == ()
    assert not holders.gives_role
    assert only(holders, NoteKind.HOLDERS_ONLY).names == ("verify",)
    assert plan(server, replace(chosen, present=Present.EVERYONE)).gives_role


def test_a_role_that_is_denied_somewhere_is_not_given_to_everybody() -> None:
    """It would hide that channel from them."""
    member = role(2001, "Member", ORDINARY)
    hello = Channel(3001, "hello", overwrites=(Overwrite(2001, is_role=True, deny=int(P.VIEW_CHANNEL)),))
    made = plan(a_server(GENERAL, hello, roles=(member,)), Wishes(present=Present.EVERYONE))
    assert only(made, NoteKind.MEMBER_ROLE_HIDES).names == ("Member", "hello")


MEMBER = Pick("Member", chosen=True)


@pytest.mark.parametrize(
    ("server", "wishes", "obstacle"),
    [
        (a_server(everyone=int(ORDINARY | P.ADMINISTRATOR)), Wishes(), "everyone_is_admin"),
        (a_server(own=int(OWN & ~P.MANAGE_ROLES)), Wishes(), "bot_lacks"),
        (a_server(own=int(OWN & ~P.MANAGE_CHANNELS)), Wishes(), "bot_lacks"),
        (a_server(own=int(OWN & ~P.VIEW_CHANNEL)), Wishes(), "bot_lacks_own_sight"),
        (a_server(roles=(Role(2001, "Member", 9),)), Wishes(), "bot_too_low"),
        (a_server(roles=(role(2001, "Member", in_prompt=True),)), Wishes(), "role_unfit"),
        (a_server(roles=(role(2001, "Member", managed=True),)), Wishes(member_role=MEMBER), "role_unfit"),
        (a_server(roles=(role(2001, "Member", P.BAN_MEMBERS),)), Wishes(), "role_has_powers"),
        (a_server(roles=(role(2001, "Member"),), everyone=CLOSED), Wishes(), "role_would_open"),
        (a_server(roles=(role(2001, "Member", P.EMBED_LINKS),)), Wishes(), None),
        (a_server(GENERAL, roles=(role(2001, "Member", P.EMBED_LINKS),)), Wishes(), "member_role_opens"),
        (a_server(roles=(role(2001, "Member"), role(2002, "member"))), Wishes(), "ambiguous"),
        (a_server(), Wishes(moderator_roles=(Pick("Mods", chosen=True),)), "unknown"),
        (a_server(), Wishes(review_channel=Pick("x", (77,), chosen=True)), "unknown"),
        (a_server(roles=(role(2001, "Moderators", purchasable=True),)), Wishes(), "role_unfit"),
        (a_server(roles=(role(2001, "Member"),)), Wishes(moderator_roles=(MEMBER,)), "member_is_moderator"),
        (a_server(Channel(3001, "porch-review")), Wishes(), "name_taken"),
        (a_server(Channel(3001, "front-porch"), everyone=CLOSED), Wishes(), "name_taken"),
        (a_server(Channel(3001, "front-porch", ChannelKind.VOICE)), Wishes(), "wrong_kind"),
        (
            a_server(GENERAL),
            Wishes(
                review_channel=Pick("general", chosen=True), quarantine_channel=Pick("general", chosen=True)
            ),
            "same_channel",
        ),
        (
            a_server(GENERAL),
            Wishes(
                quarantine_channel=Pick("general", chosen=True), welcome_channel=Pick("general", chosen=True)
            ),
            "same_channel",
        ),
        (
            a_server(Channel(3001, "hi", overwrites=(Overwrite(SERVER, is_role=True, deny=1 << 10),))),
            Wishes(welcome_channel=Pick("hi", chosen=True)),
            "welcome_unseen",
        ),
        (
            a_server(Channel(3001, "mods", overwrites=(Overwrite(SERVER, is_role=True, deny=1 << 10),))),
            Wishes(review_channel=Pick("mods", chosen=True)),
            "bot_shut_out",
        ),
    ],
)
def test_what_has_to_be_mended_first_is_named(server: Server, wishes: Wishes, obstacle: str | None) -> None:
    """Each obstacle, and none where there is none."""
    assert kinds(plan(server, wishes).obstacles) == ({obstacle} if obstacle else set())


def test_what_an_admin_names_is_taken_and_shaped() -> None:
    """An open channel as review channel, closed to all but the team; a closed one as the porch, opened."""
    staff = role(2009, "Staff", P.VIEW_CHANNEL)
    server = a_server(GENERAL, Channel(3002, "arrivals"), Channel(3003, "Desk"), roles=(staff,))
    wishes = Wishes(
        quarantine_channel=Pick("arrivals", chosen=True),
        review_channel=Pick("desk", chosen=True),
        log_channel=Pick("desk", chosen=True),
        staff_roles=frozenset({staff.id}),
    )
    made = plan(server, wishes)
    assert made.obstacles == ()
    end = carried_out(server, {}, made)[-1][1]
    member = next(r.id for r in end.roles if r.name == "Member")
    desk, arrivals = end.channels_by_id[3003], end.channels_by_id[3002]
    assert (end.sees(desk), end.sees(desk, {member}), end.sees(desk, {staff.id})) == (False, False, True)
    assert (end.sees(arrivals), end.sees(arrivals, {member})) == (True, False)
    assert end.sees(arrivals, {member, staff.id})
    assert plan(end, wishes).steps == ()


def test_roles_that_carry_sight_are_listed_and_tidied_only_when_asked() -> None:
    """Not those of moderators, bots and admins, and none above the bot."""
    roles = (
        role(2001, "Blue", P.VIEW_CHANNEL),
        role(2002, "Moderators", P.VIEW_CHANNEL | P.MODERATE_MEMBERS),
        Role(2003, "High", 50, int(P.VIEW_CHANNEL)),
        role(2004, "Helper bots", P.VIEW_CHANNEL),
        Role(2005, "Music", 2, int(P.VIEW_CHANNEL), managed=True, bot_id=5),
    )
    bots = (
        Bot(5, "Music", frozenset({2005})),
        Bot(6, "Quiz", frozenset({2004})),
        Bot(7, "Dice", frozenset()),
    )
    server = replace(a_server(GENERAL, roles=roles), bots=bots)
    listed = plan(server, Wishes())
    assert only(listed, NoteKind.ROLES_SEE).names == ("Blue", "High")
    assert only(listed, NoteKind.BOTS_LOSE_SIGHT).names == ("Dice",)
    high = replace(
        server, roles=tuple(replace(r, position=3) if r.id == MY_ROLE else r for r in server.roles)
    )
    tidied = plan(high, Wishes(tidy_roles=True))
    assert [step.deed for step in tidied.steps if step.reason is Reason.TIDY] == [EditRole(2001, 0)]
    assert only(tidied, NoteKind.ROLES_SEE).names == ("High",)
    closed = replace(
        high, roles=tuple(replace(r, permissions=CLOSED) if r.id == SERVER else r for r in high.roles)
    )
    assert only(plan(closed, Wishes(tidy_roles=True)), NoteKind.TIDY_HIDES).names == ("Blue",)


def test_the_powers_of_everyone_are_told_and_not_copied() -> None:
    """The member role carries what is ordinary; @everyone keeps the rest until a person takes it away."""
    made = plan(a_server(GENERAL, everyone=int(ORDINARY | P.MANAGE_MESSAGES), own=int(OWN)), Wishes())
    assert only(made, NoteKind.POWERS_OF_EVERYONE).bits == P.MANAGE_MESSAGES | P.CREATE_INSTANT_INVITE
    assert made.steps[0].deed == CreateRole("member_role", "Member", int(ORDINARY))


def test_channels_for_everyone_stay_in_sight() -> None:
    """A newcomer goes on seeing the rules; nothing else that was opened by name is touched."""
    opened = Channel(3003, "news", overwrites=(Overwrite(SERVER, is_role=True, allow=int(P.VIEW_CHANNEL)),))
    server = a_server(GENERAL, Channel(3002, "rules"), opened)
    made = plan(server, Wishes(open_channels=frozenset({3002})))
    end = carried_out(server, {}, made)[-1][1]
    assert [c.name for c in end.channels if end.sees(c)] == ["rules", "news", "front-porch"]
    assert only(made, NoteKind.STILL_OPEN).names == ("news",)


def test_ids_that_are_gone_are_made_anew() -> None:
    """A channel that somebody deleted since is made again, and the plan says so."""
    server = a_server(GENERAL, everyone=CLOSED)
    made = plan(server, Wishes(quarantine_channel=Pick("front-porch", (4711,))))
    assert only(made, NoteKind.LOST_IDS).names == ("front-porch",)
    assert Reason.QUARANTINE in {step.reason for step in made.steps}


def test_the_bot_asks_for_nothing_it_does_not_need() -> None:
    """An administrator bot needs nothing; one without Time Out Members makes the role without it."""
    admin = a_server(GENERAL, own=int(P.ADMINISTRATOR))
    assert plan(admin, Wishes()).obstacles == ()
    modest = plan(a_server(GENERAL, own=int(OWN & ~P.MODERATE_MEMBERS)), Wishes())
    assert modest.obstacles == ()
    assert only(modest, NoteKind.MODERATORS_NEED_TIME_OUT).names == ("Moderators",)
    assert ME not in {o.target_id for c in admin.channels for o in c.overwrites}


def test_what_else_an_overwrite_says_stays() -> None:
    """The layout adds to what an admin wrote, and takes back only what would undo it."""
    written = Overwrite(SERVER, is_role=True, allow=int(P.CONNECT | P.VIEW_CHANNEL), deny=int(P.EMBED_LINKS))
    server = a_server(GENERAL, Channel(3002, "desk", overwrites=(written,)))
    made = plan(server, Wishes(review_channel=Pick("desk", chosen=True)))
    end = carried_out(server, {}, made)[-1][1]
    kept = Overwrite(SERVER, is_role=True, allow=int(P.CONNECT), deny=int(P.EMBED_LINKS | P.VIEW_CHANNEL))
    assert end.channels_by_id[3002].overwrite_of(SERVER) == kept
