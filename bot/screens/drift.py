"""What the team, and members from before the bot, read when something is out of the ordinary."""

from bot.layout.model import Permission
from bot.screens.elements import Press, Screen, Style, inert
from bot.words import Voice

MY_LINKS = "mylinks"

BOT_MAY = (
    Permission.ADMINISTRATOR,
    Permission.MANAGE_GUILD,
    Permission.MANAGE_ROLES,
    Permission.MANAGE_CHANNELS,
    Permission.VIEW_CHANNEL,
    Permission.MANAGE_MESSAGES,
    Permission.MANAGE_WEBHOOKS,
    Permission.KICK_MEMBERS,
    Permission.BAN_MEMBERS,
    Permission.MODERATE_MEMBERS,
    Permission.MENTION_EVERYONE,
    Permission.VIEW_AUDIT_LOG,
)
"""What a bot may be able to do that matters to a closed server, the most telling first."""


def incident(voice: Voice, kind: str, case_code: str, by: int | None) -> Screen:
    """Access was given or taken past the decisions. It says which case, and never whose."""
    who = f"<@{by}>" if by else voice.say("drift_somebody")
    given = voice.say("drift_giver", user=who) if by else voice.say("drift_giver_unknown")
    text = voice.say(f"drift_{kind}", case_code=case_code, who=who, given=given)
    return Screen(text, (Press("queue", voice.say("show_queue")),))


def bot_added(voice: Voice, name: str, permissions: int, by: int | None) -> Screen:
    """A bot was added, with what it can do in words."""
    may = [Permission.ADMINISTRATOR] if permissions & Permission.ADMINISTRATOR else BOT_MAY
    lines = [f"- {voice.say(f'bot_may_{_name(one)}')}" for one in may if permissions & one]
    adder = voice.say("bot_adder", user=f"<@{by}>") if by else voice.say("bot_adder_unknown")
    told = "\n".join(lines) or voice.say("bot_may_little")
    return Screen(voice.say("bot_added", bot=inert(name), adder=adder, may=told))


def unusual_reading(voice: Voice, people: int, by: int | None) -> Screen:
    """A moderator has opened the records of many people in a short time."""
    who = f"<@{by}>" if by else voice.say("reading_moderator")
    return Screen(voice.say("reading_unusual", who=who, people=people))


def _name(permission: Permission) -> str:
    return (permission.name or "").lower()


def ask_earlier_members(voice: Voice) -> Screen:
    """A message to everybody who was a member before the bot, that names nobody."""
    press = Press(MY_LINKS, voice.say("tell_links"), style=Style.PRIMARY)
    return Screen(voice.say("ask_earlier_members"), (press,))
