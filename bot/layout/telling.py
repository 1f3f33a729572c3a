"""A plan in plain words, for whoever has to agree to it."""

from collections.abc import Mapping

from bot.layout.changes import CreateChannel, CreateRole, EditRole, SetOverwrite
from bot.layout.model import Overwrite, Permission, Server
from bot.layout.wishes import GiveRoleToPresentMembers, Note, NoteKind, Reason, Step

_NAMES: Mapping[Permission, str] = {
    Permission.CREATE_INSTANT_INVITE: "Create Invite",
    Permission.KICK_MEMBERS: "Kick Members",
    Permission.BAN_MEMBERS: "Ban Members",
    Permission.ADMINISTRATOR: "Administrator",
    Permission.MANAGE_CHANNELS: "Manage Channels",
    Permission.MANAGE_GUILD: "Manage Server",
    Permission.ADD_REACTIONS: "Add Reactions",
    Permission.VIEW_AUDIT_LOG: "View Audit Log",
    Permission.VIEW_CHANNEL: "View Channels",
    Permission.SEND_MESSAGES: "Send Messages",
    Permission.MANAGE_MESSAGES: "Manage Messages",
    Permission.EMBED_LINKS: "Embed Links",
    Permission.READ_MESSAGE_HISTORY: "Read Message History",
    Permission.MENTION_EVERYONE: "Mention Everyone",
    Permission.VIEW_GUILD_INSIGHTS: "View Server Insights",
    Permission.CONNECT: "Connect",
    Permission.MANAGE_ROLES: "Manage Roles",
    Permission.MANAGE_WEBHOOKS: "Manage Webhooks",
    Permission.USE_APPLICATION_COMMANDS: "Use Application Commands",
    Permission.MANAGE_THREADS: "Manage Threads",
    Permission.CREATE_PUBLIC_THREADS: "Create Public Threads",
    Permission.CREATE_PRIVATE_THREADS: "Create Private Threads",
    Permission.SEND_MESSAGES_IN_THREADS: "Send Messages in Threads",
    Permission.MODERATE_MEMBERS: "Time Out Members",
}

_WHY: Mapping[Reason, str] = {
    Reason.MEMBER_ROLE: "the role that opens the server; the bot gives it to whoever is let in",
    Reason.MEMBER_CARRIES: "members have to see and do what they do today without @everyone",
    Reason.MODERATOR_ROLE: "its holders decide",
    Reason.NOBODY_LOSES_SIGHT: "so that nobody loses sight of a channel",
    Reason.QUARANTINE: "the one channel that people see before they are let in",
    Reason.REVIEW: "where moderators see what is waiting; nobody else sees it",
    Reason.LOG: "where notices about the server go; only the team sees it",
    Reason.STAYS_OPEN: "open_channels says that everyone is meant to see it",
    Reason.TIDY: "whoever has only this role should not see the server",
    Reason.CLOSE: "from here on, no role means no access",
    Reason.WELCOME: "the first channel that a new member is shown",
}


def permission_names(bits: int) -> str:
    """Permissions as Discord's settings call them."""
    named = [name for permission, name in _NAMES.items() if bits & permission]
    rest = bits & ~sum(int(permission) for permission in _NAMES)
    return ", ".join(named + ([f"{rest.bit_count()} more that @everyone has"] if rest else []))


def told(step: Step, server: Server) -> str:
    """What a step does, and why. ``server`` is as the plan leaves it, so that all names are known."""
    return f"{_deed(step, server)}: {_WHY[step.reason]}"


def _deed(step: Step, server: Server) -> str:
    match step.deed:
        case CreateRole(name=name, permissions=bits):
            return f"Make the role {name} ({permission_names(bits)})"
        case EditRole(role_id=role_id) if role_id == server.id:
            return "Take View Channels from @everyone"
        case EditRole(role_id=role_id) if step.reason is Reason.TIDY:
            return f"Take View Channels from the role {server.roles_by_id[role_id].name}"
        case EditRole(role_id=role_id, permissions=bits):
            return f"Let the role {server.roles_by_id[role_id].name} carry: {permission_names(bits)}"
        case CreateChannel(name=name):
            return f"Make the channel #{name}"
        case SetOverwrite(channel_id=channel_id, overwrite=overwrite):
            channel = server.channels_by_id[channel_id].name
            return f"In #{channel}, for {_who(overwrite.target_id, server)}: {_says(overwrite)}"
        case GiveRoleToPresentMembers(role_id=role_id):
            return f"Give the role {server.roles_by_id[role_id].name} to everybody who is here, bots excluded"
        case _:
            return type(step.deed).__name__


def _who(target_id: int, server: Server) -> str:
    if target_id == server.own_id:
        return "the bot"
    role = server.roles_by_id.get(target_id)
    return role.name if role is not None else "somebody"


def _says(overwrite: Overwrite) -> str:
    allow = f"allow {permission_names(overwrite.allow)}" if overwrite.allow else ""
    deny = f"deny {permission_names(overwrite.deny)}" if overwrite.deny else ""
    return "; ".join(filter(None, (allow, deny)))


_SENTENCES: Mapping[NoteKind, str] = {
    NoteKind.ADOPTED_ROLE: "The role {names} exists, and is taken.",
    NoteKind.ADOPTED_CHANNEL: "The channel {names} exists, and is taken.",
    NoteKind.GIVE_MODERATORS: "Give the role {names} to your team, yourself included. The bot never does.",
    NoteKind.MODERATORS_NEED_TIME_OUT: (
        "Switch Time Out Members on in the role {names}. Discord offers the moderators' commands only to "
        "people who have it."
    ),
    NoteKind.LOST_IDS: "The configuration names an id for {names} that is not in the server any more.",
    NoteKind.STILL_OPEN: (
        "Everyone goes on seeing {names}, because each says so itself. If that is meant, write their ids "
        "into open_channels; if not, take View Channel away from @everyone there."
    ),
    NoteKind.NOT_FOR_MEMBERS: (
        "No channel shows itself to the member role alone: {names} are open to other roles only. Allow "
        "View Channel to the member role where new members shall go."
    ),
    NoteKind.ROLES_SEE: (
        "These roles see the server by themselves: {names}. Whoever has one gets past the gate. With "
        "--tidy-roles, View Channels is taken out of those that the bot can edit."
    ),
    NoteKind.ALSO_SEES_REVIEW: "Others see a channel of the team's too. The channel, then who: {names}.",
    NoteKind.BOTS_LOSE_SIGHT: (
        "These bots see channels only because everyone does: {names}. Give their own roles View Channels "
        "if they shall go on."
    ),
    NoteKind.HOLDERS_ONLY: (
        "Whoever does not have the member role yet will lose sight of {names}. You asked for that with "
        "--present holders."
    ),
    NoteKind.TIDY_HIDES: (
        "Whoever sees the server only through {names} will lose sight of it, and go through the gate."
    ),
    NoteKind.POWERS_OF_EVERYONE: (
        "@everyone has rights that a stranger should not have: {permissions}. Switch them off under "
        "Server Settings, Roles, Default Permissions."
    ),
    NoteKind.EVERYONE_IS_ADMIN: (
        "@everyone has Administrator, so nothing can be closed. Switch it off first."
    ),
    NoteKind.BOT_LACKS: (
        "The bot lacks rights, and can only give what it has itself. Switch on in the bot's own role: "
        "{permissions}."
    ),
    NoteKind.BOT_LACKS_OWN_SIGHT: (
        "Switch View Channels on in the bot's own role. It sees channels only because everyone does, and "
        "would lose sight of them."
    ),
    NoteKind.BOT_TOO_LOW: (
        "Drag the bot's own role above the role {names}, under Server Settings, Roles. A bot can only "
        "give roles that stand below its own."
    ),
    NoteKind.BOT_SHUT_OUT: (
        "The bot cannot change {names}. Allow its role View Channel and Manage Permissions there."
    ),
    NoteKind.UNKNOWN: "There is no {names} in this server. Look at the spelling, or give its id.",
    NoteKind.AMBIGUOUS: "More than one thing is called {names}. Give the id of the one that is meant.",
    NoteKind.NAME_TAKEN: (
        "There is a channel {names} already, and taking it would show or hide what is in it. Rename it, "
        "or name it as an option if it is the one."
    ),
    NoteKind.WRONG_KIND: "{names} is no text channel. Rename it, or choose another one.",
    NoteKind.SAME_CHANNEL: "{names} cannot be two of the bot's channels at once.",
    NoteKind.MEMBER_IS_MODERATOR: "The role {names} cannot be for members and for moderators.",
    NoteKind.ROLE_UNFIT: (
        "The role {names} is one that people come by without anybody giving it to them, or that belongs "
        "to an integration. Choose another."
    ),
    NoteKind.ROLE_HAS_POWERS: (
        "The role {names} has rights that only a team should have: {permissions}. Take them away, or "
        "choose another role for members."
    ),
    NoteKind.ROLE_WOULD_OPEN: (
        "There is a role {names}, which sees nothing yet. If it is for members, name it with --member-"
        "role; if not, give another name there, and the role is made."
    ),
    NoteKind.MEMBER_ROLE_OPENS: (
        "The role {names} shows or allows more than everyone has (the role, then where), so it is not "
        "given to everybody unasked. With --present everyone it is; with --present holders only those who"
        " have it count as members. Or give the name of a new role with --member-role."
    ),
    NoteKind.MEMBER_ROLE_HIDES: (
        "The role {names} is denied something (the role, then where), and giving it to everybody would "
        "take that from them. Take the denial out, or choose another role."
    ),
    NoteKind.WELCOME_UNSEEN: (
        "Members would not see {names}, so it cannot welcome them. Allow View Channel to the member role "
        "there, or choose another channel."
    ),
    NoteKind.MEMBERS_HIDDEN: (
        "Before this server is closed, everybody present has to get the member role, and the bot may not "
        "list members. Switch Server Members Intent on in the Developer Portal, under Bot."
    ),
}


def noted(note: Note) -> str:
    """A note, or what has to be mended, as a sentence."""
    return _SENTENCES[note.kind].format(names=", ".join(note.names), permissions=permission_names(note.bits))
