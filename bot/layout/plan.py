"""From a server as it is to the layout that keeps it closed, in an order that is safe at each step.

The order of an open server: first everybody who is present gets the member role, which carries what
@everyone carries; then the channels of the gate are made; only then is View Channels taken from
@everyone. Stopped anywhere in between, nobody has lost anything, and planning again carries on.

Nothing is deleted. What exists is taken when the admin named it, or when taking it opens nothing and
hides nothing; otherwise the plan says what to mend.
"""

from collections.abc import Iterable

from bot.layout.changes import CreateRole, EditRole, SetOverwrite
from bot.layout.drafting import Draft
from bot.layout.furnishing import rooms, welcome
from bot.layout.model import Channel, ChannelKind, Overwrite, Permission, Role, Server
from bot.layout.sight import NOT_FOR_EVERYONE, POWERS
from bot.layout.wishes import (
    LOG_CHANNEL,
    MEMBER_ROLE,
    MODERATOR_ROLES,
    NOT_FOR_MEMBERS,
    QUARANTINE_CHANNEL,
    REVIEW_CHANNEL,
    GiveRoleToPresentMembers,
    NoteKind,
    Plan,
    Present,
    Reason,
    Wishes,
)

VIEW = Permission.VIEW_CHANNEL

_TALK = (
    VIEW
    | Permission.SEND_MESSAGES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.ADD_REACTIONS
    | Permission.USE_APPLICATION_COMMANDS
)
"""What a new member role carries in a closed server, as far as the bot may give it."""

_MODERATE = VIEW | Permission.SEND_MESSAGES | Permission.READ_MESSAGE_HISTORY | Permission.MODERATE_MEMBERS
"""Discord offers the moderators' command only to people with Time Out Members."""


def plan(server: Server, wishes: Wishes) -> Plan:
    """The steps from a server to the layout, and what a person has to know, do or mend."""
    draft = Draft(server)
    if server.everyone.has(Permission.ADMINISTRATOR):
        draft.stop(NoteKind.EVERYONE_IS_ADMIN)
    elif powers := server.everyone.permissions & NOT_FOR_EVERYONE:
        draft.note(NoteKind.POWERS_OF_EVERYONE, bits=powers)
    member = _member_role(draft, wishes)
    moderators = _moderator_roles(draft, wishes, member)
    _keep_in_sight(draft, wishes, member)
    rooms(draft, wishes, member, (*moderators, *_staff(server, wishes)))
    _open_channels(draft, wishes)
    _other_roles(draft, wishes, frozenset({member, *moderators}) | wishes.staff_roles)
    if server.everyone.has(VIEW):
        draft.do(EditRole(server.id, server.everyone.permissions & ~VIEW), Reason.CLOSE)
    welcome(draft, wishes, member)
    _look_back(draft, wishes, member)
    return draft.planned()


def _staff(server: Server, wishes: Wishes) -> Iterable[int]:
    return sorted(role for role in wishes.staff_roles if role in server.roles_by_id)


def _picked_up(role: Role) -> bool:
    """Whether people come by a role without anybody giving it to them by hand."""
    return role.managed or role.in_prompt or role.booster or role.linked or role.purchasable


def _member_role(draft: Draft, wishes: Wishes) -> int:
    everyone = draft.before.everyone
    is_open = everyone.has(VIEW)
    carried = everyone.permissions & ~POWERS | VIEW
    role, asked = draft.find_role(wishes.member_role)
    if role is None:
        own = draft.before.base(draft.before.own_role_ids)
        bits = carried if is_open else carried | (_TALK & own)
        return draft.do(CreateRole(MEMBER_ROLE, wishes.member_role.name, bits), Reason.MEMBER_ROLE)
    draft.take(MEMBER_ROLE, role.id)
    if not asked:
        draft.note(NoteKind.ADOPTED_ROLE, [role.name])
    if _picked_up(role):
        draft.stop(NoteKind.ROLE_UNFIT, [role.name])
    if role.permissions & NOT_FOR_MEMBERS:
        draft.stop(NoteKind.ROLE_HAS_POWERS, [role.name], role.permissions & NOT_FOR_MEMBERS)
    if role.position >= draft.before.own_top_position:
        draft.stop(NoteKind.BOT_TOO_LOW, [role.name])
    missing = (carried if is_open else VIEW) & ~role.permissions
    if missing and not asked and not is_open:
        draft.stop(NoteKind.ROLE_WOULD_OPEN, [role.name])
    elif missing:
        draft.do(EditRole(role.id, role.permissions | missing), Reason.MEMBER_CARRIES)
    return role.id


def _named_moderators(draft: Draft, wishes: Wishes) -> tuple[list[Role], str]:
    """The roles that exist, and the name of the one to make where none does."""
    found: dict[int, Role] = {}
    to_make = ""
    for pick in wishes.moderator_roles:
        role, asked = draft.find_role(pick)
        if role is not None:
            found[role.id] = role
            if not asked:
                draft.note(NoteKind.ADOPTED_ROLE, [role.name])
        elif pick.chosen and not pick.ids:
            draft.stop(NoteKind.UNKNOWN, [pick.name])
        else:
            to_make = pick.name
    return list(found.values()), to_make


def _moderator_roles(draft: Draft, wishes: Wishes, member: int) -> tuple[int, ...]:
    found, to_make = _named_moderators(draft, wishes)
    for role in found:
        if _picked_up(role):
            draft.stop(NoteKind.ROLE_UNFIT, [role.name])
        if role.id == member:
            draft.stop(NoteKind.MEMBER_IS_MODERATOR, [role.name])
    if found or not to_make:
        draft.take(MODERATOR_ROLES, *(role.id for role in found))
        idle = [r.name for r in found if not draft.now.base({r.id}) & Permission.MODERATE_MEMBERS]
        if idle:
            draft.note(NoteKind.MODERATORS_NEED_TIME_OUT, idle)
        return tuple(role.id for role in found)
    bits = _MODERATE & draft.before.base(draft.before.own_role_ids)
    made = draft.do(CreateRole(MODERATOR_ROLES, to_make, bits), Reason.MODERATOR_ROLE)
    draft.note(NoteKind.GIVE_MODERATORS, [to_make])
    if not bits & Permission.MODERATE_MEMBERS:
        draft.note(NoteKind.MODERATORS_NEED_TIME_OUT, [to_make])
    return (made,)


def relies_on_everyone(server: Server, channel: Channel) -> bool:
    """Whether taking View Channels from @everyone changes who sees a channel."""
    if channel.kind is ChannelKind.CATEGORY:
        return False
    overwrite = channel.overwrite_of(server.id)
    return overwrite is None or not (overwrite.allow | overwrite.deny) & VIEW


def _keep_in_sight(draft: Draft, wishes: Wishes, member: int) -> None:
    """Whoever sees a channel because everyone does, gets the member role before that ends."""
    server = draft.before
    porch, _ = draft.find_channel(wishes.quarantine_channel)
    others = [c for c in server.channels if porch is None or c.id != porch.id]
    relying = [channel for channel in others if relies_on_everyone(server, channel)]
    if not server.everyone.has(VIEW) or not relying:
        return
    if wishes.present is Present.HOLDERS:
        draft.note(NoteKind.HOLDERS_ONLY, [channel.name for channel in relying])
        return
    role = server.roles_by_id.get(member)
    if role is not None:
        own = [(c, o) for c in others if (o := c.overwrite_of(role.id)) is not None]
        hides = [channel.name for channel, overwrite in own if overwrite.deny]
        more = role.permissions & ~(server.everyone.permissions | VIEW)
        if hides:
            draft.stop(NoteKind.MEMBER_ROLE_HIDES, [role.name, *hides])
        if wishes.present is not Present.EVERYONE and (more or any(o.allow for _, o in own)):
            draft.stop(NoteKind.MEMBER_ROLE_OPENS, [role.name, *(c.name for c, o in own if o.allow)], more)
    draft.do(GiveRoleToPresentMembers(member), Reason.NOBODY_LOSES_SIGHT)


def _open_channels(draft: Draft, wishes: Wishes) -> None:
    """What everyone is meant to see stays in sight when @everyone loses View Channels."""
    server = draft.before
    for channel in server.channels:
        meant = channel.id in wishes.open_channels and channel.kind is not ChannelKind.CATEGORY
        if meant and server.everyone.has(VIEW) and relies_on_everyone(server, channel):
            old = channel.overwrite_of(server.id) or Overwrite(server.id, is_role=True)
            kept = Overwrite(server.id, is_role=True, allow=old.allow | VIEW, deny=old.deny)
            draft.do(SetOverwrite(channel.id, kept), Reason.STAYS_OPEN)


def _other_roles(draft: Draft, wishes: Wishes, trusted: frozenset[int]) -> None:
    """Roles that carry View Channels themselves, and would open the server to whoever has them."""
    server = draft.before
    of_bots = {role for bot in server.bots or () for role in bot.role_ids}
    carry = [
        role
        for role in server.roles
        if role.id not in trusted | server.own_role_ids | {server.id}
        and role.bot_id is None
        and role.id not in of_bots
        and role.has(VIEW)
    ]
    tidy = [r for r in carry if not r.has(Permission.ADMINISTRATOR) and r.position < server.own_top_position]
    if wishes.tidy_roles:
        for role in tidy:
            draft.do(EditRole(role.id, role.permissions & ~VIEW), Reason.TIDY)
        if tidy and not draft.gives_role:
            draft.note(NoteKind.TIDY_HIDES, [role.name for role in tidy])
        carry = [role for role in carry if role not in tidy]
    if carry:
        draft.note(NoteKind.ROLES_SEE, [role.name for role in carry])


def _look_back(draft: Draft, wishes: Wishes, member: int) -> None:
    """What a person should know about the server as it will be."""
    now = draft.now
    gate = draft.taken(QUARANTINE_CHANNEL, REVIEW_CHANNEL, LOG_CHANNEL)
    ours = gate | wishes.open_channels
    there = [c for c in now.channels if c.id > 0 and c.kind is not ChannelKind.CATEGORY]
    still_open = [c.name for c in there if c.id not in ours and now.sees(c)]
    if still_open:
        draft.note(NoteKind.STILL_OPEN, still_open)
    closed = [c.name for c in there if c.id not in ours and not now.sees(c, {member})]
    if closed and len(closed) == len([c for c in there if c.id not in ours]):
        draft.note(NoteKind.NOT_FOR_MEMBERS, closed)
    if draft.before.everyone.has(VIEW):
        own_sight = {r.id for r in now.roles if r.has(VIEW) or r.has(Permission.ADMINISTRATOR)}
        blind = [bot.name for bot in now.bots or () if not bot.role_ids & own_sight]
        if blind:
            draft.note(NoteKind.BOTS_LOSE_SIGHT, blind)
