"""The record of a case, as moderators read it, and the form for a note."""

from bot.config import Config
from bot.questionnaire import Kind
from bot.review.desk import Denied
from bot.review.record import LONGEST_NOTE, By, NoteKept, Step, Timeline
from bot.screens.elements import FormSheet, Input, Press, Screen, inert, moment
from bot.screens.files import denied
from bot.screens.under import NOTE, TIMELINE
from bot.words import Voice

NOTE_FIELD = "note"

MOST_STEPS = 60
"""How many steps are shown, the latest; few cases have so many."""


def presses(voice: Voice, code: str) -> tuple[Press, ...]:
    """What stands under a file: all that happened, and writing a note."""
    ref = code.replace("-", "")
    return Press(TIMELINE, voice.say("timeline_show"), ref), Press(NOTE, voice.say("note_write"), ref)


def timeline(voice: Voice, config: Config, result: Timeline | Denied) -> Screen:
    """All that happened to a case, in order."""
    if isinstance(result, Denied):
        return denied(voice, result)
    shown = result.steps[-MOST_STEPS:]
    parts = [voice.say("timeline_title", case_code=result.case.code)]
    if len(result.steps) > len(shown):
        parts.append(voice.say("timeline_more", more=len(result.steps) - len(shown)))
    parts.extend(_step(voice, config, step) for step in shown)
    return Screen("\n".join(parts), presses(voice, result.case.code)[1:])


def _step(voice: Voice, config: Config, step: Step) -> str:
    at = moment(step.at, "f")
    if not step.action:
        return f"{voice.say('timeline_note', at=at, who=_who(voice, step))}\n{inert(step.note)}"
    line = voice.say("timeline_line", at=at, what=_what(voice, step.action), who=_who(voice, step))
    reason = config.review.reason(step.payload.get("reason", ""))
    return f"{line} {voice.say('for_reason', reason=voice.read(reason.label))}" if reason else line


def _what(voice: Voice, action: str) -> str:
    """What happened. A log from a newer version may tell what this one has no words for."""
    key = f"timeline_{action.replace('.', '_')}"
    if not voice.knows(key):
        return voice.say("timeline_other")
    return voice.say(f"timeline_{action.replace('.', '_')}")


def _who(voice: Voice, step: Step) -> str:
    if step.by is By.MODERATOR and step.user_id is not None:
        return f"<@{step.user_id}>"
    return voice.say(f"timeline_by_{step.by.value}")


def note_form(voice: Voice, ref: str) -> FormSheet:
    """What a moderator wants to write down about a case."""
    text = Input(
        id=NOTE_FIELD,
        kind=Kind.LONG_TEXT,
        label=voice.say("note_label"),
        description=voice.say("note_hint"),
        required=True,
        most=LONGEST_NOTE,
    )
    return FormSheet(NOTE, ref, voice.say("note_title"), (text,))


def noted(voice: Voice, result: NoteKept | Denied) -> Screen:
    """What became of a note."""
    if isinstance(result, Denied):
        return denied(voice, result)
    return Screen(voice.say("note_kept", case_code=result.case.code), presses(voice, result.case.code)[:1])
