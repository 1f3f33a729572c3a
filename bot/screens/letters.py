"""What a person is told about a decision: as a message, and on their own screen at the panel."""

from bot.config import Config
from bot.model import AppealOutcome, CaseState, Outcome
from bot.screens.elements import Screen, moment
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
    """The message about a decision, with how to appeal. It names the community discreetly."""
    parts = [body(voice, config, case, letter, decision), appeal_lines(voice, config, letter)]
    return Screen("\n\n".join(part for part in parts if part))


def body(voice: Voice, config: Config, case: Case, letter: Letter, decision: Decision | None) -> str:
    """What a letter says, without how to appeal."""
    outcome = decision.outcome if decision else _AS_DECIDED.get(case.state, Outcome.DECLINE)
    if letter.answer is not None:
        is_member = outcome is Outcome.ADMIT
        return appeal_answer(voice, config, letter.answer, letter.text, is_member=is_member)
    if outcome is Outcome.ADMIT and not letter.text:
        return voice.say("letter_admitted", first=first_channel(config))
    return framed(voice, config, case, outcome, letter.text)


def framed(voice: Voice, config: Config, case: Case, outcome: Outcome, text: str) -> str:
    """The words of a moderator in the frame that goes with the outcome: what it is about, and what next."""
    if outcome is Outcome.ADMIT:
        first = first_channel(config)
        return voice.say("letter_conditions", text=text, case_code=case.code, first=first)
    return voice.say(_FRAMES.get(outcome, "letter_refused"), text=text, case_code=case.code)


def appeal_lines(voice: Voice, config: Config, letter: Letter) -> str:
    """How to appeal against what a letter tells, until when, and the code; empty where nobody can.

    The code is for the person alone: a letter that is shown to the team has none.
    """
    if letter.appeal_until is None:
        return ""
    how = voice.say(f"appeal_how_{team(config)}", until=moment(letter.appeal_until, "D"))
    code = letter.appeal_code or voice.say("appeal_code_hidden")
    return f"{how} {voice.say('appeal_where', contact=contact(config), code=code)}"


def appeal_answer(voice: Voice, config: Config, answer: AppealOutcome, text: str, *, is_member: bool) -> str:
    """What a second look came to. ``is_member``: what was looked at are the terms of a member."""
    intro = voice.say(f"letter_appeal_intro_{team(config)}")
    if answer is AppealOutcome.SENT_BACK:
        return voice.say(f"letter_sent_back_{team(config)}", intro=intro, text=text)
    outcome = "same_member" if answer is AppealOutcome.SAME and is_member else answer.value
    return voice.say(
        f"letter_second_{outcome}",
        intro=intro,
        text=text,
        first=first_channel(config),
        contact=contact(config),
    )


def team(config: Config) -> str:
    """Whether a text may promise somebody who had no part in a decision."""
    return "small" if config.confirm.small_team else "others"


def contact(config: Config) -> str:
    """Where somebody writes about an appeal who is no longer in the server."""
    return config.appeals.contact or config.community.privacy_contact


def first_channel(config: Config) -> str:
    """The channel to go to first, as Discord links it."""
    return f"<#{config.discord.welcome_channel}>" if config.discord else ""
