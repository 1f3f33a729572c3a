"""What the bot is invited with. Discord lets it give and set only what it has itself."""

from bot.layout.model import Permission

RUNS_WITH = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_GUILD
    | Permission.VIEW_AUDIT_LOG
    | Permission.KICK_MEMBERS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.MANAGE_THREADS
)
"""What it uses while it runs, and what the doctor asks for."""

SETS_UP_WITH = (
    Permission.MANAGE_CHANNELS
    | Permission.ADD_REACTIONS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.MODERATE_MEMBERS
)
"""What setting up takes beside that: to make channels, and to say who may do what."""

INVITED_WITH = int(RUNS_WITH | SETS_UP_WITH)
"""The number in the address that the bot is invited by."""
