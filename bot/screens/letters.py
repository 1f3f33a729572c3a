"""What a person is told about a decision: as a message, and on their own screen at the panel."""

from bot.config import Config
from bot.model import CaseState
from bot.screens.elements import Screen
from bot.store.cases import Case
from bot.store.decisions import Letter
from bot.words import Voice


def letter(voice: Voice, config: Config, case: Case, letter: Letter) -> Screen:
    """The message about a decision. It names the community discreetly."""
    if case.state is CaseState.ADMITTED:
        return Screen(voice.say("letter_admitted", first=first_channel(config)))
    return Screen(voice.say("letter_refused", text=letter.text, case_code=case.code))


def first_channel(config: Config) -> str:
    """The channel to go to first, as Discord links it."""
    return f"<#{config.discord.welcome_channel}>" if config.discord else ""
