"""What somebody at the gate sees of where they stand."""

from bot.config import Config
from bot.filling import NotSaved, Summary
from bot.minting import NextForm
from bot.model import CaseState, HoldReason, Outcome
from bot.screens import forms as form_screens
from bot.screens import interests, reminders
from bot.screens.appeals import with_second_look
from bot.screens.elements import Press, Screen, Style, moment
from bot.screens.letters import body, first_channel, framed, letter
from bot.screens.panel import my_data
from bot.screens.questions import talk_line, wants_talk, with_question
from bot.screens.terms import own_terms
from bot.standing import (
    AdmittedStanding,
    Around,
    CarryOn,
    HeldStanding,
    PersonWanted,
    RefusedStanding,
    Standing,
    TakenStanding,
    UnrecordedStanding,
    Welcome,
)
from bot.submission import LinksChanged, SendResult, Sent, Unticked
from bot.words import Voice

AGREE, AGAIN, REOPEN = "agree", "again", "reopen"
TAKE_BACK, TAKE_BACK_NOW, FORGET = "takeback", "takebacknow", "forget"


def consent_notice(voice: Voice, config: Config) -> str:
    """What a person agrees to: what is kept and for how long, and how to end it."""
    keep = config.retention
    return voice.say(
        "consent",
        lapse_days=config.timers.lapse_after.days,
        days=keep.unfinished.days,
        refused_days=keep.refused.days,
        former_days=keep.former_members.days,
    )


def standing(voice: Voice, config: Config, result: Standing) -> Screen:
    """Where somebody stands, and what they can do next."""
    match result:
        case Welcome():
            return with_second_look(voice, config, _welcome(voice, config, result), result.second_look)
        case CarryOn(step=Summary() as summary):
            screen = form_screens.summary(voice, summary, consent_notice(voice, config))
            return _carrying_on(voice, config, screen, result)
        case CarryOn(step=NextForm() as form):
            return _carrying_on(voice, config, form_screens.carry_on(voice, form), result)
        case HeldStanding() as held:
            return _held(voice, config, held)
        case AdmittedStanding() as admitted:
            return with_second_look(voice, config, _admitted(voice, config, admitted), admitted.second_look)
        case RefusedStanding() as refused:
            screen, told = _refused(voice, config, refused), refused.told
            return with_second_look(voice, config, screen, refused.second_look, told.letter if told else None)
        case UnrecordedStanding() as unrecorded:
            return _unrecorded(voice, config, unrecorded)
        case TakenStanding(case=case):
            talk, again = Press("person", voice.say("talk_to_person")), Press(AGAIN, voice.say("start_again"))
            return Screen(voice.say("access_closed", case_code=case.code), (talk, again, my_data(voice)))
    raise TypeError(type(result).__name__)


def _welcome(voice: Voice, config: Config, result: Welcome) -> Screen:
    text = voice.say("welcome", consent=consent_notice(voice, config))
    agree = Press(AGREE, voice.say("agree_and_begin"), style=Style.PRIMARY)
    if result.again:
        text = f"{voice.say('welcome_back')}\n\n{text}"
    if result.remove_at is not None:
        text = f"{reminders.removal(voice, config, result.remove_at)}\n\n{text}"
    if result.kept:
        return Screen(f"{voice.say('closed_kept')}\n\n{text}", (agree, _take_back(voice)))
    if not result.wants_person:
        return Screen(text, (agree,))
    knows = f"{voice.say('person_knows')} {talk_line(voice, result.around)}".rstrip()
    return Screen(f"{knows}\n\n{text}", (agree, _take_back(voice)))


def _carrying_on(voice: Voice, config: Config, screen: Screen, result: CarryOn) -> Screen:
    screen = reminders.with_time(voice, config, screen, result.case, more=True)
    screen = _back_with_you(voice, screen, result)
    return Screen(screen.text, (*screen.presses, _take_back(voice)))


def _unrecorded(voice: Voice, config: Config, result: UnrecordedStanding) -> Screen:
    """They had the role and no decision: say so without blame, and let them begin, or carry on."""
    parts = [voice.say("unrecorded", case_code=result.case.code)]
    if result.begun:
        presses = [Press(REOPEN, voice.say("carry_on_answers"), style=Style.PRIMARY)]
    else:
        parts.append(voice.say("welcome", consent=consent_notice(voice, config)))
        presses = [Press(AGREE, voice.say("agree_and_begin"), style=Style.PRIMARY)]
    if result.case.wants_person_at is not None:
        parts.insert(1, _wants_person(voice, result.around))
    else:
        presses.append(Press("person", voice.say("talk_to_person")))
    screen = Screen("\n\n".join(parts), (*presses, _take_back(voice)))
    return with_question(voice, screen, result.around)


def _wants_person(voice: Voice, around: Around) -> str:
    return f"{voice.say('held_wants_person')} {talk_line(voice, around)}".rstrip()


def _take_back(voice: Voice) -> Press:
    return Press(TAKE_BACK, voice.say("take_back"))


def _back_with_you(voice: Voice, screen: Screen, result: CarryOn) -> Screen:
    """Reopened answers wait for the person, not for the team: say so before anything else."""
    if not result.sent_before:
        return screen
    return Screen(f"{voice.say('reopened')}\n\n{screen.text}", screen.presses)


def _held(voice: Voice, config: Config, result: HeldStanding) -> Screen:
    case = result.case
    target = moment(case.target_at, "f") if case.target_at else voice.say("soon")
    asked = result.around.question is not None
    parts = [voice.say("held_asked" if asked else _held_key(result), case_code=case.code, target=target)]
    if result.told is not None:
        parts.insert(0, letter(voice, config, case, result.told.letter, result.told.decision).text)
    if case.hold_reason is HoldReason.UNDISCLOSED:
        parts.append(voice.say("held_undisclosed"))
    if case.blocked_at is not None:
        parts.append(voice.say("held_blocked"))
    if case.sheet_id is None:
        parts.append(voice.say("held_tell_again", consent=consent_notice(voice, config)))
        presses = [Press(AGREE, voice.say("agree_and_begin"))]
    else:
        presses = [Press(REOPEN, voice.say("change_my_answers"))]
    if case.wants_person_at is not None:
        parts.append(_wants_person(voice, result.around))
    else:
        presses.append(Press("person", voice.say("talk_to_person")))
    screen = Screen("\n\n".join(parts), (*presses, interests.who_stays_out(voice), _take_back(voice)))
    return with_question(voice, screen, result.around)


def _held_key(result: HeldStanding) -> str:
    if result.late:
        return "held_late"
    return "held" if result.told is None else "held_again"


def _admitted(voice: Voice, config: Config, result: AdmittedStanding) -> Screen:
    if result.stuck:
        return Screen(voice.say("admitted_stuck", case_code=result.case.code))
    if result.pending and not result.has_role:
        return Screen(voice.say("admitted_pending", first=first_channel(config)))
    key = "admitted_inside" if result.has_role else "admitted_opening"
    parts = [voice.say(key, first=first_channel(config)), own_terms(voice, result.conditions)]
    return Screen("\n\n".join(part for part in parts if part))


def _refused(voice: Voice, config: Config, result: RefusedStanding) -> Screen:
    presses = (Press(AGAIN, voice.say("start_again")), my_data(voice))
    if result.told is not None and result.told.letter.text:
        told = body(voice, config, result.case, result.told.letter, result.told.decision)
        return Screen(told, presses)
    removed = result.case.state is CaseState.REMOVED
    outcome = Outcome.REMOVE if removed else Outcome.DECLINE
    before = voice.say("removed_before" if removed else "refused_before")
    return Screen(framed(voice, config, result.case, outcome, before), presses)


def sent(voice: Voice, config: Config, result: SendResult) -> Screen:
    """What sending led to."""
    match result:
        case Sent(standing=AdmittedStanding(stuck=False) as admitted):
            text = voice.say("welcome_in", first=first_channel(config), case_code=admitted.case.code)
            rules_first = f"{voice.say('rules_first')}\n\n" if admitted.pending else ""
            return Screen(f"{rules_first}{text}")
        case Sent(standing=HeldStanding() as held):
            screen = _held(voice, config, held)
            return Screen(f"{voice.say('sent')}\n\n{screen.text}", screen.presses)
        case Sent(standing=other):
            return standing(voice, config, other)
        case LinksChanged(at_the_desk=True):
            return interests.on_record_now(voice, result)
        case LinksChanged():
            return Screen(voice.say("links_changed"))
        case Unticked(problems=problems, again=again):
            told = "\n".join(f"- {form_screens.problem_text(voice, problem)}" for problem in problems)
            text = voice.say("not_sent_yet", problems=told)
            return Screen(text, (Press(form_screens.FORM, voice.say("open_again"), again, Style.PRIMARY),))
        case NextForm():
            return form_screens.carry_on(voice, result)
        case NotSaved():
            return form_screens.not_saved(voice, result)
        case _:
            return standing(voice, config, result)


def person_asked_for(voice: Voice, config: Config, result: PersonWanted | AdmittedStanding) -> Screen:
    """*Talk to a person* was pressed."""
    if isinstance(result, AdmittedStanding):
        return _admitted(voice, config, result)
    target = moment(result.case.target_at, "f") if result.case.target_at else voice.say("soon")
    talk = wants_talk(voice, result.before)
    text = voice.say("person_asked_for", case_code=result.case.code, target=target, talk=talk)
    help_press = Press("help", voice.say("help_button"), style=Style.DANGER)
    return Screen(text, (help_press, _take_back(voice)))


def ask_take_back(voice: Voice) -> Screen:
    """Make sure before answers are deleted."""
    text = voice.say("take_back_sure")
    return Screen(text, (Press(TAKE_BACK_NOW, voice.say("take_back_now"), style=Style.DANGER),))


def taken_back(voice: Voice, *, was_open: bool) -> Screen:
    """The request is taken back, or there was none."""
    return Screen(voice.say("taken_back" if was_open else "nothing_open"))


def forgotten(voice: Voice, *, all_gone: bool) -> Screen:
    """*Delete what you have* was pressed."""
    if all_gone:
        return Screen(voice.say("forgotten"))
    return Screen(voice.say("forgotten_in_part"), (my_data(voice),))
