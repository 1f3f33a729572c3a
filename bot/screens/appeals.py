"""A second look, as the person sees it, and as a moderator who files one for somebody who is gone."""

from bot.config import Config
from bot.questionnaire import Kind
from bot.review.appeals import LONGEST_APPEAL, Filed, NotFiled, Writing
from bot.review.second_looks import SecondLook
from bot.screens.elements import FormSheet, Input, Press, Screen, Style, moment
from bot.screens.letters import appeal_lines, team
from bot.store.decisions import Letter
from bot.words import Voice

ASK, TAKE_BACK, TAKE_BACK_NOW, BY_CODE = "appeal", "appealback", "appealbacknow", "appealcode"
TEXT_FIELD, CODE_FIELD = "appeal_text", "appeal_code"
_LONGEST_CODE = 40


def with_second_look(
    voice: Voice, config: Config, screen: Screen, look: SecondLook | None, letter: Letter | None = None
) -> Screen:
    """A screen of somebody's own, with how it stands with a second look, and what they can do about it."""
    if look is None:
        return screen
    text = _lines(voice, config, look, letter)
    return Screen(f"{screen.text}\n\n{text}", (*_presses(voice, look), *screen.presses), screen.files)


def _lines(voice: Voice, config: Config, look: SecondLook, letter: Letter | None) -> str:
    if look.appeal is not None:
        due = moment(look.appeal.due_at, "D")
        waits = voice.say(f"appeal_open_{team(config)}", due=due)
        return f"{waits} {voice.say('appeal_add_until', until=moment(look.until, 'f'))}"
    told = appeal_lines(voice, config, letter) if letter else ""
    return told or voice.say("appeal_still_until", until=moment(look.until, "D"))


def _presses(voice: Voice, look: SecondLook) -> tuple[Press, ...]:
    if look.appeal is None:
        return (Press(ASK, voice.say("appeal_ask")),)
    return (Press(ASK, voice.say("appeal_change")), Press(TAKE_BACK, voice.say("appeal_take_back")))


def form(voice: Voice, result: Writing | NotFiled) -> FormSheet | Screen:
    """What somebody would like us to know; or why there is nothing to write."""
    if isinstance(result, NotFiled):
        return not_filed(voice, result)
    title = voice.say("appeal_change" if result.again else "appeal_ask")
    label, hint = voice.say("appeal_text_label"), voice.say("appeal_text_hint")
    return FormSheet(ASK, "", title, (_text_input(label, hint, result.text),))


def _text_input(label: str, hint: str, typed: str = "") -> Input:
    return Input(
        id=TEXT_FIELD,
        kind=Kind.LONG_TEXT,
        label=label,
        description=hint,
        required=False,
        most=LONGEST_APPEAL,
        typed=typed,
    )


def filed(voice: Voice, config: Config, result: Filed | NotFiled) -> Screen:
    """The appeal is with the team, or what was written is changed."""
    if isinstance(result, NotFiled):
        return not_filed(voice, result)
    look = SecondLook(result.add_until, result.appeal)
    lines = _lines(voice, config, look, None)
    changed = f"{voice.say('appeal_changed')}\n\n" if result.again else ""
    return Screen(f"{changed}{lines}", _presses(voice, look))


def not_filed(voice: Voice, result: NotFiled) -> Screen:
    """Nothing was filed, and why."""
    return Screen(voice.say(f"not_filed_{result.code}"))


def ask_take_back(voice: Voice) -> Screen:
    """Make sure before an appeal ends for good."""
    press = Press(TAKE_BACK_NOW, voice.say("appeal_take_back_now"), style=Style.DANGER)
    return Screen(voice.say("appeal_take_back_sure"), (press,))


def taken_back(voice: Voice, *, was_open: bool) -> Screen:
    """The appeal is taken back, or none was open."""
    return Screen(voice.say("appeal_taken_back" if was_open else "appeal_none_open"))


def code_form(voice: Voice, typed_code: str) -> FormSheet:
    """A moderator files what somebody wrote to the contact address."""
    code = Input(
        id=CODE_FIELD,
        kind=Kind.SHORT_TEXT,
        label=voice.say("appeal_code_label"),
        most=_LONGEST_CODE,
        typed=typed_code[:_LONGEST_CODE],
    )
    label, hint = voice.say("appeal_their_words_label"), voice.say("appeal_their_words_hint")
    return FormSheet(BY_CODE, "", voice.say("appeal_code_title"), (code, _text_input(label, hint)))


def filed_for_them(voice: Voice, result: Filed | NotFiled) -> Screen:
    """What a moderator may write back to somebody who is gone, and nothing about the case but its code."""
    if isinstance(result, NotFiled):
        return not_filed(voice, result)
    code, until = result.case.code, moment(result.add_until, "D")
    if result.again:
        return Screen(voice.say("appeal_added_for_them", case_code=code, add_until=until))
    due = moment(result.appeal.due_at, "D")
    return Screen(voice.say("appeal_filed_for_them", case_code=code, due=due, add_until=until))
