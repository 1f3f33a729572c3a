"""The buttons under a file: first what decides, then whose it is, and the rest behind *More*."""

from bot.review.desk import CaseFile, Denied
from bot.review.more import Seldom
from bot.screens import deciding, refusals
from bot.screens import motions as motion_screens
from bot.screens.desk import CLAIM, NEXT, OPEN, OPEN_APPEAL, RELEASE, TO_TAKE
from bot.screens.elements import Press, Screen, Style
from bot.screens.interests import STEP_ASIDE
from bot.screens.questions import END_TALK, ask, join
from bot.words import Voice

TIMELINE, NOTE, MORE = "timeline", "note", "more"


def presses(voice: Voice, file: CaseFile) -> list[Press]:
    """What stands under a file: two rows, on a phone, that matter."""
    if file.proposed is not None:
        found = list(motion_screens.presses(voice, file.proposed))
    else:
        found = deciding.presses_under(voice, file)
        found += [ask(voice, file.ref)] if file.may_ask else []
    found += [join(voice, file.ref)] if file.talks else []
    if file.appeal_id:
        found.insert(0, Press(OPEN_APPEAL, voice.say("open_appeal"), file.appeal_id, Style.PRIMARY))
    more = Press(MORE, voice.say("more"), file.ref)
    if file.outside:
        return [*found, more]
    return [*found, *_whose(voice, file), more, Press(NEXT, voice.say("open_next"))]


def _whose(voice: Voice, file: CaseFile) -> list[Press]:
    if file.mine:
        return [Press(RELEASE, voice.say("release"), _plain(file.case.code))]
    if file.line is None or file.holder is not None or file.line.step.group not in TO_TAKE:
        return []
    return [Press(CLAIM, voice.say("claim"), file.case.id)]


def more(voice: Voice, result: Seldom | Denied) -> Screen:
    """*More* was pressed."""
    if isinstance(result, Denied):
        return refusals.may_not(voice, result.code)
    case, found = result.case, []
    code = _plain(case.code)
    if result.on_terms:
        found.append(deciding.on_terms(voice, result.ref))
    if result.another_way:
        found.append(deciding.another_way(voice, result.ref))
    if result.outside:
        back = Press(OPEN, voice.say("open_file"), case.id)
        return Screen(voice.say("more_under_closed", case_code=case.code), (*found, back))
    found += [Press(TIMELINE, voice.say("timeline_show"), code), Press(NOTE, voice.say("note_write"), code)]
    if result.asks:
        found.append(ask(voice, result.ref))
    if result.talks:
        found.append(Press(END_TALK, voice.say("end_talk"), result.ref))
    if case.state.is_open:
        found.append(Press(STEP_ASIDE, voice.say("aside_step"), code))
    found.append(Press(OPEN, voice.say("open_file"), case.id))
    key = "more_under" if case.state.is_open else "more_under_closed"
    return Screen(voice.say(key, case_code=case.code), tuple(found))


def _plain(code: str) -> str:
    """A case code as custom ids carry it."""
    return code.replace("-", "")
