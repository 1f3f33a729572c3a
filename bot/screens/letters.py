"""What a person is told about a decision: as a message, and on their own screen at the panel."""

from bot.config import Config
from bot.model import CaseState, Outcome
from bot.screens.elements import Screen
from bot.store.cases import Case
from bot.store.decisions import Decision, Letter
from bot.words import Voice

_AS_DECIDED = {
    CaseState.ADMITTED: Outcome.ADMIT,
    CaseState.REMOVED: Outcome.REMOVE,
    CaseState.REDIRECTED: Outcome.REDIRECT,
}

_FRAMES = {
    Outcome.REOPEN: "letter_reopen",
    Outcome.SUSPEND: "letter_suspend",
    Outcome.REMOVE: "letter_remove",
}


def letter(voice: Voice, config: Config, case: Case, letter: Letter, decision: Decision | None) -> Screen:
    """The message about a decision. It names the community discreetly."""
    outcome = decision.outcome if decision else _AS_DECIDED.get(case.state, Outcome.DECLINE)
    if outcome is Outcome.ADMIT and not letter.text:
        return Screen(voice.say("letter_admitted", first=first_channel(config)))
    return Screen(framed(voice, config, case, outcome, letter.text))


def framed(voice: Voice, config: Config, case: Case, outcome: Outcome, text: str) -> str:
    """The words of a moderator in the frame that goes with the outcome: what it is about, and what next."""
    if outcome is Outcome.ADMIT:
        first = first_channel(config)
        return voice.say("letter_conditions", text=text, case_code=case.code, first=first)
    return voice.say(_FRAMES.get(outcome, "letter_refused"), text=text, case_code=case.code)


def first_channel(config: Config) -> str:
    """The channel to go to first, as Discord links it."""
    return f"<#{config.discord.welcome_channel}>" if config.discord else ""
