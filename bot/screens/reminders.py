"""What people see of an unfinished request's time: at the gate, and in the messages they asked for."""

from datetime import datetime

from bot.config import Config
from bot.reminders import NotWaiting, Waiting
from bot.screens.elements import Press, Screen, Style, moment
from bot.store.cases import Case
from bot.words import Voice

REMIND, NO_REMINDERS, MORE_TIME = "remindme", "noreminders", "moretime"


def front_channel(config: Config) -> str:
    """The quarantine channel, as Discord links it."""
    return f"<#{config.discord.quarantine_channel}>" if config.discord else ""


def with_time(
    voice: Voice, config: Config, screen: Screen, case: Case | None, *, more: bool = False
) -> Screen:
    """A screen of somebody's own request, with how long it stays open and what they can do about it."""
    if case is None or case.lapse_at is None:
        return screen
    parts = [screen.text, voice.say("stays_open", until=moment(case.lapse_at, "f"))]
    presses = [Press(MORE_TIME, voice.say("more_time"), case.id)] if more else []
    if case.may_remind_at is None and config.timers.reminders:
        presses.append(Press(REMIND, voice.say("remind_me"), case.id))
    elif case.may_remind_at is not None and more:
        if case.remind_at is not None:
            parts.append(voice.say("will_remind", at=moment(case.remind_at, "f")))
        presses.append(_stop(voice, case))
    return Screen("\n\n".join(parts) if more else "\n".join(parts), (*screen.presses, *presses))


def _stop(voice: Voice, case: Case) -> Press:
    return Press(NO_REMINDERS, voice.say("no_reminders"), case.id)


def agreed(voice: Voice, result: Waiting | NotWaiting) -> Screen:
    """*Remind me* was pressed."""
    if isinstance(result, NotWaiting):
        return _not_waiting(voice, result)
    case = result.case
    if case.remind_at is None or case.lapse_at is None:
        return Screen(
            voice.say("more_time_given", until=moment(case.lapse_at, "f") if case.lapse_at else "-")
        )
    text = voice.say("reminders_on", at=moment(case.remind_at, "f"), until=moment(case.lapse_at, "f"))
    return Screen(text, (_stop(voice, case), Press("start", voice.say("where_i_stand"))))


def more_time(voice: Voice, result: Waiting | NotWaiting) -> Screen:
    """*More time* was pressed, at the gate or in a message."""
    if isinstance(result, NotWaiting):
        return _not_waiting(voice, result)
    case = result.case
    text = voice.say("more_time_given", until=moment(case.lapse_at, "f") if case.lapse_at else "")
    if case.remind_at is None:
        return Screen(text)
    told = voice.say("will_remind", at=moment(case.remind_at, "f"))
    return Screen(f"{text} {told}", (_stop(voice, case),))


def _not_waiting(voice: Voice, result: NotWaiting) -> Screen:
    if result.state is None or not result.state.is_open:
        return Screen(voice.say("not_waiting_closed"))
    return Screen(voice.say("not_waiting_with_team"))


def stopped(voice: Voice) -> Screen:
    """*Do not remind me* was pressed."""
    return Screen(voice.say("reminders_off"))


def reminder(voice: Voice, config: Config, case: Case) -> Screen:
    """The message that somebody asked for. It names the community discreetly."""
    until = moment(case.lapse_at, "f") if case.lapse_at else ""
    text = voice.say("reminder", front=front_channel(config), until=until)
    if case.remind_at is None:
        text = f"{text}\n\n{voice.say('reminder_last')}"
    more = Press(MORE_TIME, voice.say("more_time"), case.id, Style.PRIMARY)
    return Screen(text, (more, _stop(voice, case)))


def closed(voice: Voice, config: Config, remove_at: datetime | None) -> Screen:
    """The message that a request closed by itself, to somebody who had asked to be reminded of it."""
    days = config.retention.unfinished.days
    parts = [voice.say("closed", front=front_channel(config), days=days)]
    if remove_at is not None:
        parts.append(removal(voice, config, remove_at))
    return Screen("\n\n".join(parts))


def removal(voice: Voice, config: Config, remove_at: datetime) -> str:
    """That somebody is removed, when, and the way back."""
    return voice.say("closed_removal", at=moment(remove_at, "f"), way_back=config.timers.way_back)
