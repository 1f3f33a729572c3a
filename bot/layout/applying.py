"""What a server is like after a change. Pure: nothing is done anywhere."""

from dataclasses import replace

from bot.layout.changes import (
    CreateChannel,
    CreateRole,
    EditRole,
    Mend,
    QuietServer,
    RemoveOverwrite,
    RevokeInvite,
    SetOverwrite,
)
from bot.layout.model import Channel, Overwrite, Role, Server


def applied(server: Server, *changes: Mend) -> Server:
    """The server after these changes, one after the other."""
    for change in changes:
        server = _after(server, change)
    return server


def _after(server: Server, change: Mend) -> Server:
    match change:
        case EditRole(role_id, permissions):
            roles = tuple(replace(r, permissions=permissions) if r.id == role_id else r for r in server.roles)
            return replace(server, roles=roles)
        case SetOverwrite(channel_id, overwrite):
            return _rewritten(server, channel_id, overwrite.target_id, overwrite)
        case RemoveOverwrite(channel_id, target_id):
            return _rewritten(server, channel_id, target_id, None)
        case RevokeInvite(code):
            left = None if server.invites is None else tuple(i for i in server.invites if i.code != code)
            return replace(server, invites=left)
        case QuietServer(widget, join_notices):
            return replace(
                server,
                widget_enabled=server.widget_enabled and not widget,
                announces_joins=server.announces_joins and not join_notices,
            )


def extended(server: Server, change: CreateRole | CreateChannel, new_id: int) -> Server:
    """The server with a new role or channel, and the id that it is called by."""
    if isinstance(change, CreateRole):
        # Discord puts a new role just above @everyone, and moves all others up.
        moved = (r if r.id == server.id else replace(r, position=r.position + 1) for r in server.roles)
        return replace(server, roles=(*moved, Role(new_id, change.name, 1, change.permissions)))
    overwrites = tuple(
        Overwrite(server.own_id if key == "me" else int(key), key != "me", allow, deny)
        for key, (allow, deny) in change.overwrites.items()
    )
    channel = Channel(new_id, change.name, change.kind, overwrites=overwrites)
    return replace(server, channels=(*server.channels, channel))


def _rewritten(server: Server, channel_id: int, target_id: int, overwrite: Overwrite | None) -> Server:
    def after(channel: Channel) -> Channel:
        if channel.id != channel_id:
            return channel
        kept = tuple(o for o in channel.overwrites if o.target_id != target_id)
        return replace(channel, overwrites=(*kept, overwrite) if overwrite else kept)

    return replace(server, channels=tuple(after(channel) for channel in server.channels))
