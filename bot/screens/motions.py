"""What moderators see of decisions that take two people, or the wait of a small team."""

from datetime import datetime

from bot.config import Config
from bot.model import Hands, Outcome, Ruling
from bot.questionnaire import Kind
from bot.review.bench import AlreadyDecided, Changed, Decided, MayNot
from bot.review.confirming import LONGEST_NOTE, ConfirmResult, Ended, Over
from bot.review.desk import CaseFile
from bot.review.motions import AlreadyProposed, OnTheTable, Proposed
from bot.review.second_looks import answer_in
from bot.review.voting import MotionState, Way, way_of
from bot.screens import refusals
from bot.screens.desk import NEXT, OPEN, decider
from bot.screens.elements import FormSheet, Input, Press, Screen, Style, moment, since
from bot.screens.letters import appeal_answer, first_channel, framed
from bot.store.cases import Case
from bot.terms import letter_text
from bot.words import Voice

CARRY, DISAGREE, WITHDRAW = "carry", "disagree", "withdraw"
WHY_FIELD = "why"


def before_sending(voice: Voice, config: Config, case: Case, ruling: Ruling) -> str:
    """Above a preview: what has to happen before it is sent; empty where it is sent at once."""
    confirm = config.confirm
    two = frozenset(key for key, people in confirm if people == "two")
    match way_of(ruling, two, case_needs_two=case.needs_two, small_team=confirm.small_team):
        case Way.TWO:
            return voice.say("motion_before_two") + "\n\n"
        case Way.WAIT:
            return voice.say("motion_before_wait") + "\n\n"
        case Way.ONE:
            return ""


def proposed(voice: Voice, result: Proposed | AlreadyProposed) -> Screen:
    """It is proposed; or something is proposed already, and has to be seen to first."""
    case, what = result.case, voice.say(f"motion_to_{result.outcome.value}")
    due = moment(result.due, "f")
    how = "waits" if result.waits else "two"
    if isinstance(result, Proposed):
        text = voice.say(f"proposed_{how}", case_code=case.code, what=what, due=due)
        return Screen(text, _onwards(voice, case))
    if result.own:
        text = voice.say("already_proposed_own", case_code=case.code, what=what)
    else:
        who = decider(voice, result.by, automated=False)
        text = voice.say("already_proposed", case_code=case.code, what=what, who=who)
    return Screen(text, _onwards(voice, case))


def _onwards(voice: Voice, case: Case) -> tuple[Press, ...]:
    return (Press(OPEN, voice.say("open_file"), case.id), Press(NEXT, voice.say("open_next")))


def on_the_table(voice: Voice, config: Config, file: CaseFile) -> str:
    """What is proposed, who did, and just what the person will read; empty where nothing is."""
    motion = file.proposed
    if motion is None:
        return _takes_two(voice, config, file.case)
    what = voice.say(f"motion_to_{motion.ruling.outcome.value}")
    who = voice.say("motion_by_you") if motion.own else decider(voice, motion.by, automated=False)
    how = "waits" if motion.waits else "own" if motion.own else "second"
    lines = [
        voice.say("motion_title", what=what, who=who, since=since(motion.at)),
        voice.say(f"motion_how_{how}", due=moment(motion.due, "f")),
    ]
    reason = config.review.reason(motion.ruling.reason_code)
    told = voice.read(reason.label) if reason else motion.ruling.reason_code
    if told:
        lines.append(voice.say("for_reason", reason=told))
    lines.append(voice.say("motion_will_read", text=will_read(config, file.case, motion.ruling)))
    return "\n".join(lines)


def _takes_two(voice: Voice, config: Config, case: Case) -> str:
    """That a rule asked for two before this person is let in."""
    if not case.needs_two or not case.state.is_open:
        return ""
    return voice.say("file_needs_wait" if config.confirm.small_team else "file_needs_two")


def will_read(config: Config, case: Case, ruling: Ruling) -> str:
    """The message as the person gets it once this is decided, in their language."""
    person = config.words.voice(case.locale)
    words = letter_text(person, config.community.zone, ruling.text, ruling.conditions)
    if ruling.appeal_id:
        return appeal_answer(person, config, answer_in(ruling), words, is_member=False)
    if ruling.outcome is Outcome.ADMIT and not words:
        return person.say("letter_admitted", first=first_channel(config))
    return framed(person, config, case, ruling.outcome, words)


def presses(voice: Voice, motion: OnTheTable) -> list[Press]:
    """What can be done about it: by whoever proposed it, and by everybody else."""
    found = []
    if not motion.own:
        found.append(Press(CARRY, voice.say("motion_confirm"), motion.id, Style.GOOD))
        if not motion.waits:
            found.append(Press(DISAGREE, voice.say("motion_disagree"), motion.id, Style.DANGER))
    if motion.own or motion.waits:
        label = "motion_withdraw" if motion.own else "motion_stop"
        found.append(Press(WITHDRAW, voice.say(label), motion.id, Style.DANGER))
    return found


def disagree_form(voice: Voice, motion_id: str) -> FormSheet:
    """Why somebody does not agree, for the team; it may stay empty."""
    why = Input(
        id=WHY_FIELD,
        kind=Kind.LONG_TEXT,
        label=voice.say("motion_why"),
        description=voice.say("motion_why_hint"),
        required=False,
        most=LONGEST_NOTE,
    )
    return FormSheet(DISAGREE, motion_id, voice.say("motion_disagree"), (why,))


def answered(voice: Voice, result: ConfirmResult) -> Screen:
    """What pressing one of the buttons led to."""
    following = (Press(NEXT, voice.say("open_next")),)
    match result:
        case Decided(case=case, outcome=outcome):
            return Screen(voice.say(f"decided_{outcome.value}", case_code=case.code), following)
        case Ended(case=case, outcome=outcome, how=how):
            what = voice.say(f"motion_to_{outcome.value}")
            text = voice.say(f"motion_ended_{how.value}", case_code=case.code, what=what)
            return Screen(text, _onwards(voice, case))
        case Over():
            return _over(voice, result)
        case Changed(case=case):
            text = voice.say("motion_unread", case_code=case.code)
            return Screen(text, (Press(OPEN, voice.say("open_file"), case.id, Style.PRIMARY),))
        case AlreadyDecided(case=case):
            text = voice.say(
                "already_ended", case_code=case.code, state=voice.say(f"state_{case.state.value}")
            )
            return Screen(text, following)
        case MayNot(code=code, case_code=case_code):
            return refusals.may_not(voice, code, case_code)


def _over(voice: Voice, result: Over) -> Screen:
    who = decider(voice, result.proposed_by, automated=False)
    if result.how is not MotionState.CARRIED:
        who = decider(voice, result.by, automated=False)
    elif result.by is not None:
        who = with_second(voice, who, result.by)
    text = voice.say(
        f"motion_over_{result.how.value}",
        case_code=result.case.code,
        what=voice.say(f"motion_to_{result.outcome.value}"),
        who=who,
        at=moment(result.at, "f") if result.at else "",
    )
    return Screen(text, _onwards(voice, result.case))


def hands(voice: Voice, through: Hands, who: str, second: int | None) -> str:
    """Who decided, with the second person, or the wait that stood in for one."""
    if through is Hands.WAITED:
        return voice.say("by_one_after_wait", who=who)
    return with_second(voice, who, second) if through is Hands.TWO else who


def with_second(voice: Voice, who: str, second: int | None) -> str:
    """Who decided, and who confirmed it."""
    return voice.say("by_two", who=who, second=f"<@{second}>" if second else voice.say("motion_somebody"))


def notice(voice: Voice, kind: str, case: Case, at: datetime) -> Screen:
    """What the team's channel hears of something that was proposed: the code of the case, and no name.

    The time tells it apart from what was said of the same case before.
    """
    return Screen(
        voice.say(f"told_{kind}", case_code=case.code, at=moment(at, "f")),
        (Press(OPEN, voice.say("open_file"), case.id, Style.PRIMARY),),
    )
