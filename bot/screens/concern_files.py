"""A concern as a moderator reads it, and the words around closing it."""

from collections.abc import Mapping

from bot.concerns.handling import Closed, ConcernFile, Overtaken, Shown
from bot.concerns.patterns import Pattern, Seen
from bot.concerns.telling import LONGEST, said_at
from bot.questionnaire import Kind
from bot.screens.desk import OPEN, QUEUE
from bot.screens.elements import FormSheet, Input, Press, Screen, Style, inert, moment, since
from bot.screens.queue import SEEN
from bot.store.concerns import HANDLED, ConcernKind, ConcernOutcome
from bot.words import Voice

OPEN_CONCERN, SHOW, NOTE, ASK, CLOSE = (
    "concernopen",
    "concernshow",
    "concernnote",
    "concernask",
    "concernclose",
)
CLOSE_WITH: Mapping[str, ConcernOutcome] = {
    f"concern{outcome.value.replace('_', '')}": outcome for outcome in HANDLED
}
"""The button for each outcome."""
PATTERN_WHO = "patternwho"
WRITTEN_FIELD = "text"


def file(voice: Voice, found: ConcernFile) -> Screen:
    """All of it, but who told it."""
    concern = found.concern
    kind = voice.say(f"concern_kind_{concern.kind.value}")
    parts = [
        voice.say("concern_file_title", case_code=concern.code, kind=kind),
        _state(voice, found),
        voice.say("concern_file_about", user=f"<@{found.about}>") if found.about else _nobody(voice, found),
        _words(voice, found),
        _notes(voice, found),
        voice.say("concern_file_hint") if concern.closed_at is None else "",
    ]
    return Screen("\n\n".join(part for part in parts if part), tuple(_presses(voice, found)))


def _state(voice: Voice, found: ConcernFile) -> str:
    concern = found.concern
    if concern.closed_at is None or concern.outcome is None:
        return voice.say("concern_file_open", since=since(concern.opened_at), due=since(concern.due_at))
    state = voice.say(f"concern_ended_{concern.outcome.value}")
    if found.closed_by is None:
        return voice.say("concern_file_ended", state=state, at=moment(concern.closed_at, "f"))
    who = voice.say("by_moderator", user=f"<@{found.closed_by}>")
    return voice.say("decided_line", state=state, who=who, at=moment(concern.closed_at, "f"))


def _nobody(voice: Voice, found: ConcernFile) -> str:
    return voice.say("concern_file_about_gone" if found.concern.about_id else "concern_file_about_nobody")


def _words(voice: Voice, found: ConcernFile) -> str:
    told = found.told
    if told is None:
        return voice.say("concern_file_words_gone")
    lines = []
    for one in told.said:
        at = moment(said_at(one), "f")
        key = "concern_file_asked" if one.asked else "concern_file_said"
        lines.append(f"{voice.say(key, at=at)}\n{inert(one.text)}")
    if told.link:
        lines.append(voice.say("concern_file_link", link=told.link))
    if told.excerpt:
        lines.append(voice.say("concern_file_excerpt", text=inert(told.excerpt)))
    return "\n".join(lines)


def _notes(voice: Voice, found: ConcernFile) -> str:
    lines = []
    for note in found.notes:
        who = voice.say("by_moderator", user=f"<@{note.by}>") if note.by else voice.say("by_team")
        lines.append(
            f"{voice.say('concern_file_note', who=who, at=moment(note.at, 'f'))}\n{inert(note.text)}"
        )
    if found.earlier:
        lines.append(voice.say("concern_file_earlier", counts=_counts(voice, found.earlier)))
    return "\n".join(lines)


def _counts(voice: Voice, counts: Mapping[ConcernKind, int]) -> str:
    return (
        "\n".join(f"- {voice.say(f'concern_kind_{kind.value}')}: {count}" for kind, count in counts.items())
        or "- 0"
    )


def _presses(voice: Voice, found: ConcernFile) -> list[Press]:
    presses = []
    if found.about_case:
        presses.append(Press(OPEN, voice.say("concern_open_person"), found.about_case))
    if found.can_show:
        presses.append(Press(NOTE, voice.say("concern_note"), found.ref))
        if found.concern.closed_at is None:
            presses.append(Press(ASK, voice.say("concern_ask"), found.ref))
        presses.append(Press(SHOW, voice.say("concern_show"), found.ref))
    if found.concern.closed_at is None:
        presses.append(Press(CLOSE, voice.say("concern_close"), found.ref, Style.PRIMARY))
    return presses


def note_form(voice: Voice, ref: str) -> FormSheet:
    """A note."""
    return _form(NOTE, ref, voice.say("concern_note_title"), voice.say("concern_note_label"))


def ask_form(voice: Voice, ref: str) -> FormSheet:
    """A question to whoever told it."""
    return _form(ASK, ref, voice.say("concern_ask_title"), voice.say("concern_ask_label"))


def _form(action: str, ref: str, title: str, label: str) -> FormSheet:
    written = Input(id=WRITTEN_FIELD, kind=Kind.LONG_TEXT, label=label, least=1, most=LONGEST)
    return FormSheet(action, ref, title, (written,))


def closing(voice: Voice, ref: str) -> Screen:
    """What it can be closed with, and what the reporter then reads."""
    lines = []
    for outcome in HANDLED:
        told = voice.say(f"concern_outcome_{outcome.value}")
        lines.append(f"- **{voice.say(f'concern_ended_{outcome.value}')}**: {told}")
    presses = tuple(
        Press(action, voice.say(f"concern_ended_{outcome.value}"), ref)
        for action, outcome in CLOSE_WITH.items()
    )
    return Screen("\n".join([voice.say("concern_closing"), *lines]), presses)


def closed(voice: Voice, result: Closed | Overtaken) -> Screen:
    """It is closed, or somebody was first."""
    back = (Press(QUEUE, voice.say("show_queue")),)
    if isinstance(result, Closed):
        state = voice.say(f"concern_ended_{result.outcome.value}")
        return Screen(voice.say("concern_closed", case_code=result.code, state=state), back)
    return overtaken(voice, result)


def overtaken(voice: Voice, result: Overtaken) -> Screen:
    """It was closed, or has changed, since it was read."""
    concern = result.concern
    if concern.closed_at is None or concern.outcome is None:
        again = Press(OPEN_CONCERN, voice.say("look_again"), concern.id, Style.PRIMARY)
        return Screen(voice.say("concern_changed", case_code=concern.code), (again,))
    state = voice.say(f"concern_ended_{concern.outcome.value}")
    who = voice.say("by_moderator", user=f"<@{result.closed_by}>") if result.closed_by else ""
    told = voice.say("decided_line", state=state, who=who, at=moment(concern.closed_at, "f"))
    return Screen(voice.say("concern_closed_before", case_code=concern.code, told=told))


def shown(voice: Voice, result: Shown) -> Screen:
    """Who told it."""
    user = f"<@{result.user_id}>" if result.user_id else voice.say("concern_reporter_gone")
    return Screen(voice.say("concern_reporter", case_code=result.code, user=user))


def pattern(voice: Voice, found: Pattern) -> Screen:
    """Counts, and nobody's words."""
    parts = [
        voice.say("pattern_title"),
        voice.say("pattern_about", people=found.by, counts=_counts(voice, found.about))
        if found.about
        else "",
        voice.say("pattern_told", counts=_counts(voice, found.told)) if found.told else "",
        voice.say("pattern_who", user=f"<@{found.user_id}>") if found.user_id else "",
        voice.say("pattern_second" if found.seen else "pattern_first"),
    ]
    presses = [Press(SEEN, voice.say("pattern_seen"), found.ref, Style.PRIMARY)]
    if found.user_id is None:
        presses.append(Press(PATTERN_WHO, voice.say("pattern_show"), found.ref))
    return Screen("\n\n".join(part for part in parts if part), tuple(presses))


_SEEN = {Seen.CLOSED: "task_closed", Seen.BEFORE: "task_closed_before", Seen.ONCE: "pattern_half"}


def seen(voice: Voice, result: Seen) -> Screen:
    """Somebody has looked at a task."""
    return Screen(voice.say(_SEEN[result]), (Press(QUEUE, voice.say("show_queue")),))
