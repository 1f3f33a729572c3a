"""The standing panel of the quarantine channel, and the help that needs nothing but the configuration."""

from bot.config import Config
from bot.config.panel import help_text, panel_text
from bot.screens.elements import Press, Screen, Style
from bot.words import Voice

START, WORK, PERSON, HELP, PRIVACY = "start", "work", "person", "help", "privacy"
MY_DATA = "mydata"


def my_data(voice: Voice) -> Press:
    """The button to all that is held about whoever presses it."""
    return Press(MY_DATA, voice.say("my_data"))


def panel(config: Config) -> Screen:
    """The panel, in the community's language. The numbers stand in its text, for when the bot is down."""
    voice = config.words.voice("")
    buttons = config.gate.buttons
    return Screen(
        panel_text(config, voice.locale),
        (
            Press(START, voice.read(buttons.start), style=Style.PRIMARY),
            Press(WORK, voice.read(buttons.work)),
            Press(PERSON, voice.read(buttons.person)),
            Press(HELP, voice.read(buttons.help), style=Style.DANGER),
            Press(PRIVACY, voice.read(buttons.privacy)),
        ),
    )


def help_now(config: Config, voice: Voice) -> Screen:
    """What *I need help now* shows at once. It needs no database, and nothing is recorded."""
    return Screen(help_text(config, voice.locale))


def work_page(voice: Voice, *, has_request: bool) -> Screen:
    """*Here for work or study*: the front door. A request that exists is not touched."""
    kept = voice.say("information_kept_before" if has_request else "information_nothing_kept")
    also = Press(START, voice.say("where_i_stand" if has_request else "also_live_with_this"))
    talk = Press(PERSON, voice.say("talk_to_person"))
    data = my_data(voice) if has_request else Press("forget", voice.say("delete_and_leave"))
    return Screen(f"{voice.say('work_page')}\n\n{kept}", (also, talk, data))


def privacy(config: Config, voice: Voice) -> Screen:
    """*What we keep*."""
    keep = config.retention
    text = voice.say(
        "privacy_note",
        lapse_days=config.timers.lapse_after.days,
        days=keep.unfinished.days,
        refused_days=keep.refused.days,
        text_days=keep.free_text.days,
        former_days=keep.former_members.days,
    )
    return Screen(text, (my_data(voice),))
