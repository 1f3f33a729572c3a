"""What a safe mend changes, in words."""

from collections.abc import Iterator

from bot.layout.changes import EditRole, Mend, QuietServer, RemoveOverwrite, RevokeInvite, SetOverwrite
from bot.layout.model import Overwrite, Server
from bot.layout.sight import channel_names, names_of
from bot.screens.elements import inert
from bot.words import Voice


def described(voice: Voice, server: Server, change: Mend) -> Iterator[str]:
    """A change to the server as it stands, as sentences."""
    match change:
        case EditRole(role_id, permissions):
            role = server.roles_by_id[role_id]
            taken = _powers(voice, role.permissions & ~permissions)
            yield voice.say("fix_role", role=inert(role.name), powers=taken)
        case SetOverwrite(channel_id, overwrite):
            yield from _overwritten(voice, server, channel_id, overwrite)
        case RemoveOverwrite(channel_id, target_id):
            who = _who(voice, server, target_id)
            yield voice.say("fix_unnamed", channel=_channel(server, channel_id), who=who)
        case RevokeInvite():
            yield voice.say("fix_invite")
        case QuietServer(widget, join_notices):
            if widget:
                yield voice.say("fix_widget")
            if join_notices:
                yield voice.say("fix_join_notices")


def _overwritten(voice: Voice, server: Server, channel_id: int, after: Overwrite) -> Iterator[str]:
    now = server.channels_by_id[channel_id].overwrite_of(after.target_id)
    before = now or Overwrite(after.target_id, after.is_role)
    channel, who = _channel(server, channel_id), _who(voice, server, after.target_id)
    if allowed := after.allow & ~before.allow:
        yield voice.say("fix_allows", channel=channel, who=who, powers=_powers(voice, allowed))
    if denied := after.deny & ~before.deny:
        yield voice.say("fix_denies", channel=channel, who=who, powers=_powers(voice, denied))
    if cleared := before.allow & ~after.allow & ~after.deny:
        yield voice.say("fix_clears", channel=channel, who=who, powers=_powers(voice, cleared))


def _powers(voice: Voice, bits: int) -> str:
    return ", ".join(voice.say(f"power_{name}") for name in names_of(bits))


def _channel(server: Server, channel_id: int) -> str:
    return inert(channel_names([server.channels_by_id[channel_id]])[0])


def _who(voice: Voice, server: Server, target_id: int) -> str:
    role = server.roles_by_id.get(target_id)
    return inert(role.name) if role else voice.say("fix_person")
