"""The leak audit: each hole is named by its own finding and nothing else; sound layouts have none."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.layout.applying import applied
from bot.layout.audit import audit, next_to_mend
from bot.layout.changes import EditRole, QuietServer, RemoveOverwrite, RevokeInvite, SetOverwrite
from bot.layout.findings import Finding, FindingCode
from bot.layout.model import (
    Bot,
    Channel,
    ChannelKind,
    Invite,
    Onboarding,
    Permission,
    Places,
    Role,
    Server,
)
from tests.layouts import (
    BOOSTER,
    COLOUR,
    DENIED_ON_PORCH,
    FORUM,
    GUILD,
    HALL,
    HELPER,
    LIVING,
    LOG,
    LOUNGE,
    ME,
    MEMBER,
    MODERATOR,
    OTHER_BOT_ROLE,
    OWN,
    OWNER,
    PLACES,
    PORCH,
    REVIEW,
    RULES,
    SOMEBODY,
    STAFF,
    STAGE,
    VIEW,
    VOICE,
    WORKS,
    P,
    Step,
    after,
    allowing,
    being,
    carrying,
    lacking,
    new_role,
    overwriting,
    person_overwrite,
    role_overwrite,
    silent,
    sound,
    team_room,
    with_channel,
    with_role,
    without_channel,
    without_role,
)

C = FindingCode


@dataclass(frozen=True)
class Hole:
    """A sound server with one thing wrong."""

    name: str
    code: FindingCode
    steps: tuple[Step, ...] = ()
    places: Places = PLACES
    opens: bool = True
    mended: bool = False
    """Whether the audit knows a safe mend."""
    names: tuple[str, ...] = ()
    """What the finding names."""


def hole(name: str, code: FindingCode, *steps: Step, **told: Any) -> Hole:
    return Hole(name, code, steps, **told)


def leak(name: str, code: FindingCode, *steps: Step, **told: Any) -> Hole:
    return Hole(name, code, steps, opens=False, **told)


def prompts(*role_ids: int, enabled: bool = True, channels: tuple[int, ...] = ()) -> Step:
    return being(onboarding=Onboarding(enabled, frozenset(role_ids), frozenset(channels)))


def bot_with(*role_ids: int) -> Step:
    return being(bots=(Bot(HELPER, "Music", frozenset(role_ids)),))


def person(*role_ids: int) -> Step:
    return being(people={SOMEBODY: frozenset(role_ids)})


SEES_LOUNGE = overwriting(LOUNGE, person_overwrite(SOMEBODY, allow=VIEW))
OTHER_PLACES = replace(PLACES, moderator_roles=frozenset({MODERATOR, 77}))

HOLES = (
    # Everyone
    hole("everyone views", C.EVERYONE_VIEWS, carrying(GUILD, VIEW), mended=True, names=("#start-here",)),
    hole("everyone is an administrator", C.EVERYONE_ADMIN, carrying(GUILD, P.ADMINISTRATOR)),
    hole("everyone manages roles", C.EVERYONE_POWERS, carrying(GUILD, P.MANAGE_ROLES), mended=True),
    leak("everyone makes invites", C.EVERYONE_POWERS, carrying(GUILD, P.CREATE_INSTANT_INVITE), mended=True),
    leak("everyone mentions all", C.EVERYONE_POWERS, carrying(GUILD, P.MENTION_EVERYONE), mended=True),
    leak("everyone reads the log", C.EVERYONE_POWERS, carrying(GUILD, P.VIEW_AUDIT_LOG), mended=True),
    hole("a text channel", C.EVERYONE_SEES, allowing(LOUNGE, GUILD, VIEW), mended=True, names=("#start-here",)),
    hole("a voice channel", C.EVERYONE_SEES, allowing(VOICE, GUILD, VIEW | P.CONNECT), mended=True, names=("#talk",)),
    hole("a stage", C.EVERYONE_SEES, allowing(STAGE, GUILD, VIEW), mended=True, names=("#evenings",)),
    hole("a forum", C.EVERYONE_SEES, allowing(FORUM, GUILD, VIEW), mended=True, names=("#questions",)),
    hole("rules nobody called open", C.EVERYONE_SEES, with_channel(RULES, parent_id=None), without_channel(HALL),
         places=replace(PLACES, open_channels=frozenset()), mended=True, names=("#rules",)),
    hole("a category", C.CATEGORY_OPEN, allowing(LIVING, GUILD, VIEW), mended=True, names=("Living room",)),
    hole("an empty category", C.CATEGORY_OPEN, with_channel(RULES, parent_id=None), mended=True, names=("Hall",)),
    # Roles
    hole("an administrator role", C.ROLE_ADMIN, carrying(COLOUR, P.ADMINISTRATOR), names=("Blue",)),
    hole("a role that views", C.ROLE_VIEWS, carrying(COLOUR, VIEW), names=("Blue",)),
    hole("an old role that views", C.ROLE_VIEWS, new_role(name="Pings", permissions=VIEW), names=("Pings",)),
    hole("a role that manages roles", C.ROLE_MANAGES, carrying(COLOUR, P.MANAGE_ROLES), names=("Blue",)),
    hole("a role let into a channel", C.ROLE_SEES, allowing(LOUNGE, COLOUR, VIEW), names=("Blue", "#start-here")),
    hole("a role let into a category", C.ROLE_SEES, allowing(LIVING, COLOUR, VIEW), names=("Blue", "Living room")),
    hole("boosters view", C.BOOSTER_OPENS, carrying(BOOSTER, VIEW), mended=True, names=("Booster",)),
    hole("boosters let into a channel", C.BOOSTER_OPENS, allowing(LOUNGE, BOOSTER, VIEW), mended=True),
    hole("boosters are administrators", C.BOOSTER_OPENS, carrying(BOOSTER, P.ADMINISTRATOR)),
    hole("a linked role views", C.LINKED_OPENS,
         new_role(name="Linked", permissions=VIEW, managed=True, linked=True), mended=True, names=("Linked",)),
    hole("a role for sale views", C.PURCHASE_OPENS,
         new_role(permissions=VIEW, managed=True, purchasable=True), mended=True),
    hole("subscribers view", C.INTEGRATION_OPENS,
         new_role(permissions=VIEW, managed=True, integration=True), mended=True),
    hole("a managed role of unknown origin", C.INTEGRATION_OPENS, new_role(permissions=VIEW, managed=True), mended=True),
    hole("a role to pick views", C.PROMPT_OPENS, carrying(COLOUR, VIEW), prompts(COLOUR), mended=True, names=("Blue",)),
    hole("a role to pick, by its flag", C.PROMPT_OPENS, with_role(COLOUR, in_prompt=True), carrying(COLOUR, VIEW),
         prompts(), mended=True),
    hole("a role to pick sees a channel", C.PROMPT_OPENS, allowing(LOUNGE, COLOUR, VIEW), prompts(COLOUR), mended=True),
    hole("moderators by boosting", C.STAFF_SELF_SERVED, with_role(MODERATOR, managed=True, booster=True),
         names=("Moderator",)),
    # People
    hole("somebody who has left", C.PERSON_SEES, SEES_LOUNGE, person(), mended=True, names=("#start-here",)),
    hole("somebody nobody let in", C.PERSON_SEES, SEES_LOUNGE, person(COLOUR), mended=True),
    hole("somebody who could not be looked up", C.PERSON_SEES, SEES_LOUNGE),
    hole("somebody in the review channel", C.PERSON_SEES, person(),
         overwriting(REVIEW, person_overwrite(SOMEBODY, allow=VIEW)), mended=True, names=("#review",)),
    # Other doors
    hole("an invite to membership", C.INVITE_GIVES, being(invites=(Invite("x", frozenset({MEMBER})),)), mended=True,
         names=("Member",)),
    hole("an invite to the team", C.INVITE_GIVES, being(invites=(Invite("x", frozenset({MODERATOR})),)), mended=True,
         names=("Moderator",)),
    hole("onboarding lets in", C.ONBOARDING_GIVES, prompts(MEMBER), names=("Member",)),
    hole("onboarding lets in, by the flag", C.ONBOARDING_GIVES, with_role(MEMBER, in_prompt=True), prompts()),
    hole("onboarding gives the team's role", C.ONBOARDING_GIVES, prompts(STAFF), names=("Helper",)),
    hole("onboarding shows a channel", C.ONBOARDING_SHOWS, allowing(LOUNGE, GUILD, VIEW), prompts(channels=(LOUNGE,)),
         names=("#start-here",)),
    hole("a bot gives roles", C.BOT_GIVES, carrying(OTHER_BOT_ROLE, P.MANAGE_ROLES), names=("Music",)),
    hole("a bot is an administrator", C.BOT_GIVES, carrying(OTHER_BOT_ROLE, P.ADMINISTRATOR),
         with_role(OTHER_BOT_ROLE, position=1)),
    # The member role
    hole("everyone is a member", C.MEMBER_EVERYONE, without_role(MEMBER), silent(PORCH, MEMBER),
         places=replace(PLACES, member_role=GUILD)),
    hole("the member role is for boosters", C.MEMBER_MANAGED, with_role(MEMBER, managed=True, booster=True)),
    hole("members are administrators", C.MEMBER_POWERS, carrying(MEMBER, P.ADMINISTRATOR)),
    hole("members manage roles", C.MEMBER_POWERS, carrying(MEMBER, P.MANAGE_ROLES)),
    leak("members kick", C.MEMBER_POWERS, carrying(MEMBER, P.KICK_MEMBERS)),
    leak("no member role", C.MEMBER_MISSING, without_role(MEMBER)),
    leak("members see nothing", C.MEMBER_BLIND, lacking(MEMBER, VIEW)),
    leak("the member role stands too high", C.MEMBER_TOO_HIGH, with_role(MEMBER, position=9)),
    leak("the first channel is hidden", C.WELCOME_HIDDEN, overwriting(LOUNGE, role_overwrite(GUILD, deny=VIEW))),
    # The quarantine channel
    leak("the front page in a forum", C.QUARANTINE_KIND, with_channel(PORCH, kind=ChannelKind.FORUM)),
    leak("newcomers see nothing", C.QUARANTINE_HIDDEN, overwriting(PORCH, role_overwrite(GUILD, deny=DENIED_ON_PORCH))),
    leak("newcomers see no front page", C.QUARANTINE_NO_HISTORY, lacking(GUILD, P.READ_MESSAGE_HISTORY),
         overwriting(PORCH, role_overwrite(GUILD, allow=VIEW, deny=DENIED_ON_PORCH))),
    leak("newcomers write", C.QUARANTINE_WRITABLE, allowing(PORCH, GUILD, P.SEND_MESSAGES), mended=True),
    leak("newcomers react", C.QUARANTINE_WRITABLE, allowing(PORCH, GUILD, P.ADD_REACTIONS), mended=True),
    leak("newcomers open threads", C.QUARANTINE_THREADS, allowing(PORCH, GUILD, P.CREATE_PUBLIC_THREADS), mended=True),
    leak("newcomers open private threads", C.QUARANTINE_THREADS, allowing(PORCH, GUILD, P.CREATE_PRIVATE_THREADS),
         mended=True),
    hole("newcomers change the channel", C.QUARANTINE_POWERS, allowing(PORCH, GUILD, P.MANAGE_ROLES), mended=True),
    leak("newcomers delete there", C.QUARANTINE_POWERS, allowing(PORCH, GUILD, P.MANAGE_MESSAGES), mended=True),
    leak("members see newcomers", C.QUARANTINE_MEMBERS, silent(PORCH, MEMBER), mended=True, names=("Member",)),
    leak("members see newcomers, staff unnamed", C.QUARANTINE_MEMBERS, silent(PORCH, MEMBER), silent(PORCH, STAFF),
         silent(PORCH, MODERATOR), mended=True, names=("Member",)),
    leak("some members see newcomers", C.QUARANTINE_MEMBERS, allowing(PORCH, COLOUR, VIEW), mended=True, names=("Blue",)),
    # The rooms of the team
    leak("members see the review channel", C.STAFF_ROOM_SEEN, silent(REVIEW, GUILD), mended=True,
         names=("#review", "Member")),
    leak("members let into the log", C.STAFF_ROOM_SEEN, allowing(LOG, MEMBER, VIEW), mended=True, names=("#log", "Member")),
    hole("everyone sees the review channel", C.STAFF_ROOM_SEEN, allowing(REVIEW, GUILD, VIEW), mended=True,
         names=("#review", "@everyone", "Member")),
    hole("a role let into the review channel", C.STAFF_ROOM_SEEN, allowing(REVIEW, COLOUR, VIEW), mended=True,
         names=("#review", "Blue")),
    leak("moderators do not see the review channel", C.MODERATORS_BLIND, silent(REVIEW, MODERATOR),
         names=("Moderator", "#review")),
    leak("moderators who are members do not", C.MODERATORS_BLIND, silent(REVIEW, MODERATOR), silent(REVIEW, GUILD),
         overwriting(REVIEW, role_overwrite(MEMBER, deny=VIEW))),
    # What is gone
    leak("no review channel", C.CHANNEL_MISSING, without_channel(REVIEW), names=("review_channel",)),
    leak("no quarantine channel", C.CHANNEL_MISSING, without_channel(PORCH), names=("quarantine_channel",)),
    leak("no first channel", C.CHANNEL_MISSING, without_channel(LOUNGE), names=("welcome_channel",)),
    leak("no log channel", C.CHANNEL_MISSING, without_channel(LOG), names=("log_channel",)),
    leak("no open channel", C.CHANNEL_MISSING, without_channel(RULES), without_channel(HALL), names=("open_channels",)),
    leak("no second moderator role", C.MODERATOR_ROLE_MISSING, places=OTHER_PLACES),
    leak("no staff role", C.STAFF_ROLE_MISSING, without_role(STAFF)),
    # The bot's own rights
    leak("the bot gives no roles", C.OWN_NO_ROLES, lacking(OWN, P.MANAGE_ROLES)),
    leak("the bot cannot write on the front page", C.OWN_NO_ROOM, overwriting(PORCH, role_overwrite(OWN, allow=VIEW)),
         lacking(OWN, P.SEND_MESSAGES), names=("#front-porch",)),
    leak("the bot does not see the review channel", C.OWN_NO_ROOM, silent(REVIEW, OWN), names=("#review",)),
    leak("the bot opens no conversations", C.OWN_NO_THREADS, lacking(OWN, P.MANAGE_THREADS),
         overwriting(PORCH, role_overwrite(OWN, allow=WORKS | P.SEND_MESSAGES_IN_THREADS)), names=("#front-porch",)),
    leak("the bot reads no audit log", C.OWN_NO_AUDIT_LOG, lacking(OWN, P.VIEW_AUDIT_LOG)),
    leak("the bot cannot remove", C.OWN_NO_KICK, lacking(OWN, P.KICK_MEMBERS)),
    leak("the bot cannot pause", C.OWN_NO_SERVER, lacking(OWN, P.MANAGE_GUILD)),
    # Who is here
    leak("the widget", C.WIDGET, being(widget_enabled=True), mended=True),
    leak("the preview", C.PREVIEW, being(features=frozenset({"COMMUNITY", "PREVIEW_ENABLED"}))),
    leak("discovery", C.DISCOVERABLE, being(features=frozenset({"DISCOVERABLE", "PREVIEW_ENABLED"}))),
    leak("join notices", C.JOIN_NOTICES, being(announces_joins=True, system_channel_id=LOUNGE), mended=True,
         names=("#start-here",)),
    leak("no second factor", C.NO_TWO_FACTOR, being(two_factor=False)),
    # What could not be looked at
    leak("unread invites", C.UNREAD_INVITES, being(invites=None)),
    leak("unread onboarding", C.UNREAD_ONBOARDING, being(onboarding=None)),
    leak("unread bots", C.UNREAD_BOTS, being(bots=None)),
)  # fmt: skip


def look(server: Server, places: Places = PLACES) -> tuple[Finding, ...]:
    return audit(server, places, removes_people=True)


@pytest.mark.parametrize("case", HOLES, ids=lambda case: case.name)
def test_each_hole_is_named_by_its_own_finding_and_nothing_else(case: Hole) -> None:
    """What it is, whether it lets anybody past, what it names, and whether it can be mended safely."""
    found = look(after(*case.steps), case.places)

    assert [finding.code for finding in found] == [case.code]
    finding = found[0]
    assert finding.opens is case.opens
    named = {*finding.roles, *finding.channels, *finding.bots}
    assert set(case.names) <= named
    assert bool(finding.mend) is case.mended


def test_every_finding_has_a_layout_of_its_own() -> None:
    """No code is left untried, and there are far more than thirty layouts."""
    assert {case.code for case in HOLES} == set(FindingCode)
    assert len({case.name for case in HOLES}) == len(HOLES) >= 80


SOUND = {
    "as laid out": (sound(), PLACES),
    "no log channel, no staff role, nothing open": (
        after(without_channel(LOG), without_role(STAFF), without_channel(RULES), without_channel(HALL)),
        Places(MEMBER, PORCH, REVIEW, LOUNGE, frozenset({MODERATOR})),
    ),
    "the bot owns the server": (after(being(owner_id=ME), with_role(MEMBER, position=9)), PLACES),
    "the bot is an administrator": (after(with_role(OWN, permissions=int(P.ADMINISTRATOR))), PLACES),
    "a second team room in a private category": (
        after(
            being(channels=(*sound().channels, team_room(120, "team"))),
            allowing(120, MODERATOR, VIEW),
        ),
        PLACES,
    ),
    "@everyone denied outright in the lounge, members allowed": (
        after(overwriting(LOUNGE, role_overwrite(GUILD, deny=VIEW)), allowing(LOUNGE, MEMBER, VIEW)),
        PLACES,
    ),
    "an administrator among the staff": (after(carrying(STAFF, P.ADMINISTRATOR)), PLACES),
    "a member, a moderator and the owner named in channels": (
        after(
            being(people={SOMEBODY: frozenset({MEMBER}), 904: frozenset({MODERATOR})}),
            SEES_LOUNGE,
            overwriting(REVIEW, person_overwrite(904, allow=VIEW)),
            overwriting(FORUM, person_overwrite(OWNER, allow=VIEW)),
            overwriting(VOICE, person_overwrite(HELPER, allow=VIEW)),
            overwriting(STAGE, person_overwrite(ME, allow=VIEW)),
        ),
        PLACES,
    ),
    "somebody is kept out of one channel": (
        after(overwriting(LOUNGE, person_overwrite(SOMEBODY, deny=VIEW))),
        PLACES,
    ),
    "an invite and a question that give a colour": (
        after(being(invites=(Invite("x", frozenset({COLOUR})),)), prompts(COLOUR)),
        PLACES,
    ),
    "a question that is switched off": (after(with_role(MEMBER, in_prompt=True)), PLACES),
    "onboarding with the rules as its default channel": (after(prompts(channels=(RULES,))), PLACES),
    "a bot that gives roles below the member role": (
        after(carrying(OTHER_BOT_ROLE, P.MANAGE_ROLES), with_role(OTHER_BOT_ROLE, position=2)),
        PLACES,
    ),
    "a bot that the admins trust": (
        after(carrying(OTHER_BOT_ROLE, P.ADMINISTRATOR)),
        replace(PLACES, staff_roles=frozenset({STAFF, OTHER_BOT_ROLE})),
    ),
    "join notices that only the team sees": (
        after(being(announces_joins=True, system_channel_id=LOG)),
        PLACES,
    ),
    "a role let into the open channel": (after(allowing(RULES, COLOUR, VIEW | P.SEND_MESSAGES)), PLACES),
    "moderators who see the review channel only by their role": (
        after(overwriting(REVIEW, role_overwrite(MEMBER, deny=VIEW))),
        PLACES,
    ),
    "everyone counted among the staff": (
        sound(),
        replace(PLACES, staff_roles=frozenset({STAFF, GUILD, MEMBER})),
    ),
}


@pytest.mark.parametrize("name", list(SOUND))
def test_sound_layouts_have_no_finding(name: str) -> None:
    """A finding that is no problem would be read like one that is."""
    assert look(*SOUND[name]) == ()


def test_the_right_to_remove_people_is_asked_for_only_when_it_is_used() -> None:
    """Where nobody is removed, the bot does without it."""
    assert audit(after(lacking(OWN, P.KICK_MEMBERS)), PLACES) == ()


def test_ways_past_the_gate_come_first() -> None:
    """Whoever reads only the beginning reads what matters most."""
    found = look(after(being(widget_enabled=True), lacking(OWN, P.VIEW_AUDIT_LOG), carrying(COLOUR, VIEW)))

    assert [finding.opens for finding in found] == [True, False, False]


def test_several_holes_are_all_found() -> None:
    """One does not hide the other."""
    steps = [case.steps for case in HOLES if case.name in {"a text channel", "boosters view", "the widget"}]

    found = look(after(*(step for each in steps for step in each)))

    assert {f.code for f in found} == {C.EVERYONE_SEES, C.BOOSTER_OPENS, C.WIDGET}


# Mends


def all_mended(server: Server, places: Places = PLACES) -> Server:
    """The server after every safe mend, one finding after the other."""
    tried: set[str] = set()
    while (finding := next_to_mend(server, places, tried)) is not None:
        tried.add(finding.fingerprint)
        server = applied(server, *finding.mend)
    return server


Sees = set[tuple[frozenset[int], int]]


def sights(server: Server, places: Places) -> Sees:
    """Which channels members and staff see, with and without any other role. Not those meant for others."""
    staff = [role.id for role in server.roles if role.id in places.trusted_roles]
    others = [role.id for role in server.roles if role.id != server.id and not role.bot_id]
    team_only = {places.quarantine_channel, places.review_channel, places.log_channel}
    seen: Sees = set()
    for channel in server.channels:
        for other in others:
            held = [frozenset({role, *more, other}) for role in staff for more in ((), (places.member_role,))]
            if channel.id not in team_only:
                held.append(frozenset({places.member_role, other}))
            seen |= {(roles, channel.id) for roles in held if server.sees(channel, roles)}
    return seen


def own_sight(server: Server) -> dict[int, int]:
    """What the bot can do where it works."""
    rooms = (server.channels_by_id[i] for i in (PORCH, REVIEW, LOG) if i in server.channels_by_id)
    return {c.id: server.in_channel(c, server.own_role_ids, server.own_id) & WORKS for c in rooms}


@pytest.mark.parametrize("case", [case for case in HOLES if case.mended], ids=lambda case: case.name)
def test_a_safe_mend_mends_and_does_no_harm(case: Hole) -> None:
    """Its finding is gone, none is new, and nobody who belongs here has lost sight of anything."""
    server = after(*case.steps)

    mended = applied(server, *look(server, case.places)[0].mend)

    assert look(mended, case.places) == ()
    assert sights(server, case.places) <= sights(mended, case.places)
    assert own_sight(server) == own_sight(mended)
    porch = mended.channels_by_id[PORCH]
    assert mended.sees(porch)
    assert not any(mended.sees(c) for c in mended.channels if c.id not in {PORCH, RULES, HALL})


def test_a_mend_never_opens_anything_to_newcomers_or_members() -> None:
    """For every mend of every layout."""
    for case in HOLES:
        server = after(*case.steps)
        mended = all_mended(server, case.places)
        for channel in server.channels:
            now = mended.channels_by_id[channel.id]
            for held in ((), (MEMBER,), (COLOUR,), (BOOSTER,)):
                before = server.in_channel(channel, held)
                assert not mended.in_channel(now, held) & ~before, (case.name, channel.name, held)


COMBINABLE = [
    case
    for case in HOLES
    if case.places == PLACES
    and not any(step.__qualname__.startswith(("without_", "new_role")) for step in case.steps)
]


@settings(max_examples=80)
@given(st.lists(st.sampled_from(COMBINABLE), min_size=2, max_size=6, unique=True))
def test_mends_do_no_harm_in_any_company(cases: list[Hole]) -> None:
    """Whatever else is wrong: nobody who belongs here loses sight, and nothing opens to others."""
    server = after(*(step for case in cases for step in case.steps))

    mended = all_mended(server)

    assert sights(server, PLACES) <= sights(mended, PLACES)
    assert all(bits & own_sight(mended)[room] == bits for room, bits in own_sight(server).items())
    for channel in server.channels:
        now = mended.channels_by_id[channel.id]
        for held in ((), (MEMBER,), (COLOUR,), (BOOSTER,)):
            assert not mended.in_channel(now, held) & ~server.in_channel(channel, held)
    assert {f.code for f in look(mended)} <= {f.code for f in look(server)}


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ((carrying(GUILD, VIEW), lacking(MEMBER, VIEW)), C.EVERYONE_VIEWS),
        ((carrying(GUILD, VIEW), lacking(STAFF, VIEW)), C.EVERYONE_VIEWS),
        ((carrying(GUILD, VIEW), overwriting(PORCH, role_overwrite(GUILD, deny=DENIED_ON_PORCH))), C.EVERYONE_VIEWS),
        ((carrying(GUILD, VIEW), silent(RULES, GUILD)), C.EVERYONE_VIEWS),
        ((carrying(BOOSTER, VIEW), with_role(BOOSTER, position=9)), C.BOOSTER_OPENS),
        ((carrying(GUILD, P.MANAGE_ROLES), lacking(OWN, P.MANAGE_ROLES)), C.EVERYONE_POWERS),
        ((carrying(GUILD, P.MANAGE_MESSAGES), lacking(MODERATOR, P.MANAGE_MESSAGES)), C.EVERYONE_POWERS),
        ((carrying(BOOSTER, VIEW), lacking(MEMBER, VIEW), lacking(STAFF, VIEW)), C.BOOSTER_OPENS),
        (
            (
                overwriting(LOUNGE, role_overwrite(GUILD, allow=VIEW)),
                overwriting(LOUNGE, role_overwrite(GUILD, allow=VIEW)),
                lacking(MODERATOR, VIEW),
            ),
            C.EVERYONE_SEES,
        ),
        (
            (overwriting(LOUNGE, role_overwrite(GUILD, deny=VIEW)), allowing(LOUNGE, BOOSTER, VIEW),
             allowing(LOUNGE, STAFF, VIEW)),
            C.BOOSTER_OPENS,
        ),
        (
            (overwriting(PORCH, role_overwrite(OWN, allow=VIEW)), allowing(PORCH, GUILD, P.SEND_MESSAGES)),
            C.QUARANTINE_WRITABLE,
        ),
    ],
)  # fmt: skip
def test_a_mend_that_would_lock_somebody_out_is_left_to_people(
    steps: tuple[Step, ...], code: FindingCode
) -> None:
    """Members, staff, the bot and newcomers keep what they have."""
    found = {finding.code: finding for finding in look(after(*steps))}

    assert found[code].mend == ()


def test_all_mends_together_leave_what_only_people_can_mend() -> None:
    """Several mends of the same overwrite do not undo each other."""
    server = after(
        allowing(PORCH, GUILD, P.SEND_MESSAGES | P.CREATE_PUBLIC_THREADS | P.MANAGE_MESSAGES),
        silent(PORCH, MEMBER),
        carrying(GUILD, VIEW | P.CREATE_INSTANT_INVITE),
        being(widget_enabled=True, announces_joins=True, system_channel_id=LOUNGE),
        being(invites=(Invite("plain"), Invite("x", frozenset({MEMBER})), Invite("y", frozenset({STAFF})))),
        carrying(COLOUR, VIEW),
    )

    mended = all_mended(server)

    assert [finding.code for finding in look(mended)] == [C.ROLE_VIEWS]
    assert mended.invites == (Invite("plain"),)


# Fingerprints


def only(server: Server) -> Finding:
    found = look(server)
    assert len(found) == 1
    return found[0]


def test_a_fingerprint_stays_until_the_finding_says_something_else() -> None:
    """A new name is the same finding; another channel or another permission is not."""
    one = after(allowing(LOUNGE, GUILD, VIEW))
    renamed = after(with_channel(LOUNGE, name="hello"), server=one)
    two = after(allowing(VOICE, GUILD, VIEW), server=one)
    powers = [after(carrying(GUILD, p)) for p in (P.KICK_MEMBERS, P.KICK_MEMBERS | P.BAN_MEMBERS)]

    assert only(one).fingerprint == only(renamed).fingerprint != only(two).fingerprint
    assert len({only(server).fingerprint for server in powers}) == 2


def test_a_finding_shows_no_code_of_an_invite_and_nobodys_id() -> None:
    """It may be printed by mistake; the link would let anybody in."""
    invite = only(after(being(invites=(Invite("very-secret", frozenset({MEMBER})),))))
    somebody = only(after(SEES_LOUNGE, person()))

    assert "very-secret" not in repr(invite)
    assert str(SOMEBODY) not in repr(somebody)
    assert "very-secret" not in invite.fingerprint


# Applying


def test_changes_are_applied_as_discord_would() -> None:
    """Each kind changes what it names, and nothing else."""
    server = after(being(widget_enabled=True, announces_joins=True, invites=(Invite("x"), Invite("y"))))

    edited = applied(server, EditRole(COLOUR, int(VIEW)))
    assert edited.roles_by_id[COLOUR] == replace(server.roles_by_id[COLOUR], permissions=int(VIEW))
    assert {r for r in edited.roles if r.id != COLOUR} == {r for r in server.roles if r.id != COLOUR}

    written = applied(server, SetOverwrite(LOUNGE, role_overwrite(COLOUR, allow=VIEW)))
    assert written.channels_by_id[LOUNGE].overwrites == (role_overwrite(COLOUR, allow=VIEW),)
    assert applied(written, RemoveOverwrite(LOUNGE, COLOUR)) == server

    assert applied(server, RevokeInvite("x")).invites == (Invite("y"),)
    assert applied(after(being(invites=None)), RevokeInvite("x")).invites is None
    quiet = applied(server, QuietServer(widget=True))
    assert (quiet.widget_enabled, quiet.announces_joins) == (False, True)
    assert applied(quiet, QuietServer(join_notices=True)).announces_joins is False


def test_a_big_server_is_looked_at_quickly() -> None:
    """Five hundred channels and two hundred and fifty roles, many of them with holes, are no matter."""
    roles = tuple(
        Role(1000 + n, f"r{n}", 1, int(VIEW if n % 5 == 0 else 0), managed=n % 2 == 0, booster=n % 2 == 0)
        for n in range(230)
    )
    channels = tuple(
        Channel(5000 + n, f"c{n}", overwrites=tuple(role_overwrite(1000 + (n + k) % 230, P.SEND_MESSAGES) for k in range(20)))
        for n in range(480)
    )  # fmt: skip
    big = sound(roles=(*sound().roles, *roles), channels=(*sound().channels, *channels))

    found = look(big)

    assert sum(bool(f.mend) for f in found) == 23
    assert Permission.VIEW_CHANNEL in {p for f in found for p in (Permission[n.upper()] for n in f.powers)}
