"""The channels of the gate: made, or taken and shaped. And the first channel of a new member."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.layout.changes import CreateChannel, SetOverwrite
from bot.layout.drafting import Draft
from bot.layout.model import Channel, ChannelKind, Overwrite, Permission
from bot.layout.wishes import (
    LOG_CHANNEL,
    QUARANTINE_CHANNEL,
    REVIEW_CHANNEL,
    WELCOME_CHANNEL,
    NoteKind,
    Pick,
    Reason,
    Wishes,
)

_VIEW = Permission.VIEW_CHANNEL
_READ = _VIEW | Permission.READ_MESSAGE_HISTORY
_WORK = _READ | Permission.SEND_MESSAGES

_TALK = Permission.CREATE_PRIVATE_THREADS | Permission.SEND_MESSAGES_IN_THREADS | Permission.MANAGE_THREADS
"""What the bot does on the porch beside that: it opens private conversations, and deletes them."""

PORCH_ALLOWS = _READ | Permission.SEND_MESSAGES_IN_THREADS
PORCH_DENIES = (
    Permission.SEND_MESSAGES
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.ADD_REACTIONS
)

_WRITTEN_IN = {ChannelKind.TEXT, ChannelKind.ANNOUNCEMENT}


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a channel has to allow and deny one role or member, at the least."""

    target_id: int
    allow: int = 0
    deny: int = 0
    is_role: bool = True


def rooms(draft: Draft, wishes: Wishes, member: int, team: Iterable[int]) -> None:
    """The quarantine channel, and the two that only the team sees."""
    server = draft.before
    bot = _Needs(server.own_id, _WORK, is_role=False)
    of_team = [_Needs(role, _WORK) for role in team]
    porch = [
        _Needs(server.own_id, _WORK | _TALK, is_role=False),
        *(_Needs(role, _READ) for role in team),
        _Needs(server.id, PORCH_ALLOWS, PORCH_DENIES),
        _Needs(member, deny=_VIEW),
    ]
    # Bot and team first: at no moment does the channel disappear for those who keep it.
    private = [bot, *of_team, _Needs(server.id, deny=_VIEW)]
    _room(draft, QUARANTINE_CHANNEL, wishes.quarantine_channel, porch, Reason.QUARANTINE, member)
    _room(draft, REVIEW_CHANNEL, wishes.review_channel, private, Reason.REVIEW, member)
    _room(draft, LOG_CHANNEL, wishes.log_channel, private, Reason.LOG, member)


def _room(draft: Draft, key: str, pick: Pick, needs: list[_Needs], reason: Reason, member: int) -> None:
    server = draft.before
    channel, asked = draft.find_channel(pick)
    if channel is None:
        overwrites = {n.target_id if n.is_role else "me": (n.allow, n.deny) for n in needs}
        draft.do(CreateChannel(key, pick.name, overwrites), reason)
        return
    if channel.id in draft.taken(QUARANTINE_CHANNEL, REVIEW_CHANNEL, LOG_CHANNEL) and not (
        key == LOG_CHANNEL and channel.id in draft.taken(REVIEW_CHANNEL)
    ):
        draft.stop(NoteKind.SAME_CHANNEL, [channel.name])
        return
    draft.take(key, channel.id)
    if channel.kind not in _WRITTEN_IN:
        draft.stop(NoteKind.WRONG_KIND, [channel.name])
        return
    is_porch = key == QUARANTINE_CHANNEL
    if not asked:
        # Unasked, a newcomer must not see more of it than before, nor anybody less.
        fits = server.sees(channel) if is_porch else _is_private(draft, channel, member)
        if not fits:
            draft.stop(NoteKind.NAME_TAKEN, [channel.name])
            return
        draft.note(NoteKind.ADOPTED_CHANNEL, [channel.name])
    changed = False
    for needed in _hiding_from_members(channel, needs, member):
        changed = _shape(draft, channel, needed, reason) or changed
    if changed and not server.i_can(Permission.MANAGE_ROLES, channel):
        draft.stop(NoteKind.BOT_SHUT_OUT, [channel.name])
    if not is_porch:
        known = {needed.target_id for needed in needs} | server.own_role_ids
        seeing = [o for o in channel.overwrites if o.allow & _VIEW and o.target_id not in known | {member}]
        if seeing:
            names = (
                server.roles_by_id[o.target_id].name for o in seeing if o.target_id in server.roles_by_id
            )
            draft.note(NoteKind.ALSO_SEES_REVIEW, [channel.name, *names])


def _is_private(draft: Draft, channel: Channel, member: int) -> bool:
    """Whether a channel is closed to everyone already, and not opened to members by name."""
    everyone = channel.overwrite_of(draft.before.id)
    return everyone is not None and bool(everyone.deny & _VIEW) and not draft.now.sees(channel, {member})


def _hiding_from_members(channel: Channel, needs: list[_Needs], member: int) -> list[_Needs]:
    """A channel of the team's that members are let into by name has to deny them by name."""
    own = channel.overwrite_of(member)
    named = any(needed.target_id == member for needed in needs)
    return needs if named or own is None or not own.allow & _VIEW else [*needs, _Needs(member, deny=_VIEW)]


def _shape(draft: Draft, channel: Channel, needed: _Needs, reason: Reason) -> bool:
    """Set an overwrite if it lacks something; what else it says stays."""
    old = channel.overwrite_of(needed.target_id) or Overwrite(needed.target_id, needed.is_role)
    if not needed.is_role and _bot_has(draft, channel, needed.allow):
        return False
    role = draft.now.roles_by_id.get(needed.target_id)
    if role is not None and role.has(Permission.ADMINISTRATOR):
        return False
    allow = (old.allow | needed.allow) & ~needed.deny
    deny = (old.deny | needed.deny) & ~needed.allow
    if (allow, deny) == (old.allow, old.deny):
        return False
    draft.do(SetOverwrite(channel.id, Overwrite(needed.target_id, needed.is_role, allow, deny)), reason)
    return True


def _bot_has(draft: Draft, channel: Channel, bits: int) -> bool:
    """Whether the bot is allowed something by name, itself or through a role of its own."""
    server = draft.before
    if server.i_can(Permission.ADMINISTRATOR):
        return True
    allowed = 0
    for overwrite in channel.overwrites:
        if overwrite.target_id in server.own_role_ids | {server.own_id} and overwrite.target_id != server.id:
            allowed |= overwrite.allow
    own = channel.overwrite_of(server.own_id)
    return not bits & ~allowed and not (own is not None and own.deny & bits)


_USUAL_WELCOMES = ("start-here", "welcome", "general")


def welcome(draft: Draft, wishes: Wishes, member: int) -> None:
    """The first channel that a new member is shown: one that members see, or a new one."""
    server = draft.now
    pick = wishes.welcome_channel
    gate = draft.taken(QUARANTINE_CHANNEL, REVIEW_CHANNEL, LOG_CHANNEL)
    if pick.ids or pick.chosen:
        channel, asked = draft.find_channel(pick)
        if channel is not None and asked:
            draft.take(WELCOME_CHANNEL, channel.id)
            if channel.id in gate:
                draft.stop(NoteKind.SAME_CHANNEL, [channel.name])
            elif not server.sees(server.channels_by_id[channel.id], {member}):
                draft.stop(NoteKind.WELCOME_UNSEEN, [channel.name])
            return
    fit = [
        c
        for c in server.channels
        if c.id > 0 and c.id not in gate and c.kind in _WRITTEN_IN and server.sees(c, {member})
    ]
    for name in (pick.name, *_USUAL_WELCOMES):
        for channel in fit:
            if channel.name.casefold() == name.casefold() and not pick.chosen:
                draft.take(WELCOME_CHANNEL, channel.id)
                draft.note(NoteKind.ADOPTED_CHANNEL, [channel.name])
                return
    draft.do(CreateChannel(WELCOME_CHANNEL, pick.name), Reason.WELCOME)
