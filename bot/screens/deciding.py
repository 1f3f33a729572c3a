"""Deciding with words: the forms, the preview, and the buttons under a file."""

from bot.config import Config
from bot.model import REFUSALS, CaseState, Disclosed, Outcome, Ruling
from bot.questionnaire import Kind
from bot.review.conditions import LONGEST_TEXT
from bot.review.desk import CaseFile
from bot.review.drafts import LONGEST_SENTENCE, Preview, reason_kind
from bot.screens import motions as motion_screens
from bot.screens.elements import Choice, FormSheet, Input, Press, Screen, Style, shorten
from bot.screens.letters import framed
from bot.words import Voice

ADMIT, HOLD, RECORD, REWRITE, SEND_NOW = "admit", "hold", "record", "rewrite", "refusenow"
REASON_FIELD, SENTENCE_FIELD = "reason", "sentence"
LABEL_FIELD, RECRUITMENT_FIELD, OTHER_FIELD, END_FIELD = "label", "recruitment", "other", "ends"
NO_RECRUITMENT = "none"

FORM_OF = {
    Outcome.REDIRECT: "redirect",
    Outcome.DECLINE: "decline",
    Outcome.ADMIT: "terms",
    Outcome.REOPEN: "openagain",
    Outcome.SUSPEND: "quarantine",
    Outcome.REMOVE: "removemember",
}
"""The action of the form in which a decision is written, under a file."""

_LONGEST_END = 20


def decision_form(voice: Voice, config: Config, outcome: Outcome, ref: str) -> FormSheet:
    """The reason, and the sentence, which may be left to the ready-made one; or the conditions."""
    reason = Input(
        id=REASON_FIELD,
        kind=Kind.SELECT,
        label=voice.say("reason_label"),
        choices=tuple(
            Choice(reason.id, shorten(voice.read(reason.label), 100))
            for reason in config.review.reasons_for(reason_kind(Ruling(outcome)))
        ),
        least=1,
    )
    title = voice.say(f"{FORM_OF[outcome]}_title")
    if outcome is Outcome.ADMIT:
        return FormSheet(FORM_OF[outcome], ref, title, (reason, *terms_inputs(voice)))
    sentence = sentence_input(voice, "", required=False)
    return FormSheet(FORM_OF[outcome], ref, title, (reason, sentence))


def terms_inputs(voice: Voice) -> tuple[Input, ...]:
    """What the person is asked to keep to, and until when."""
    recruitment = Choice(NO_RECRUITMENT, voice.say("agreed_no_recruitment"))
    return (
        _line(voice, LABEL_FIELD, LONGEST_TEXT, Kind.LONG_TEXT),
        Input(
            id=RECRUITMENT_FIELD,
            kind=Kind.CHECKBOX_GROUP,
            label=voice.say("terms_recruitment"),
            choices=(recruitment,),
            required=False,
        ),
        _line(voice, OTHER_FIELD, LONGEST_TEXT, Kind.LONG_TEXT),
        _line(voice, END_FIELD, _LONGEST_END, Kind.SHORT_TEXT),
    )


def _line(voice: Voice, name: str, most: int, kind: Kind) -> Input:
    return Input(
        id=name,
        kind=kind,
        label=voice.say(f"terms_{name}"),
        description=voice.say(f"terms_{name}_hint"),
        required=False,
        most=most,
    )


def rewrite_form(voice: Voice, preview: Preview) -> FormSheet:
    """The sentence of a decision that is being written, to change it."""
    sentence = sentence_input(voice, preview.draft.ruling.text, required=True)
    return FormSheet(REWRITE, preview.draft.ref, voice.say("sentence_title"), (sentence,))


def sentence_input(voice: Voice, typed: str, *, required: bool) -> Input:
    """The field for the sentence that the person will read."""
    return Input(
        id=SENTENCE_FIELD,
        kind=Kind.LONG_TEXT,
        label=voice.say("sentence_label"),
        description=voice.say("sentence_hint" if required else "sentence_hint_optional"),
        required=required,
        most=LONGEST_SENTENCE,
        typed=shorten(typed, LONGEST_SENTENCE),
    )


def preview(voice: Voice, config: Config, result: Preview) -> Screen:
    """What the person will read, before it is sent."""
    person, ruling = config.words.voice(result.case.locale), result.draft.ruling
    shown = framed(person, config, result.case, ruling.outcome, result.told)
    key = "terms" if result.case.state is CaseState.ADMITTED and ruling.outcome is Outcome.ADMIT else ""
    text = voice.say(f"preview_{key or ruling.outcome.value}", case_code=result.case.code, text=shown)
    text = motion_screens.before_sending(voice, config, result.case, ruling) + text
    text = f"{text}\n\n{voice.say('echo_warning')}" if result.echoes else text
    send = "send_decision" if ruling.outcome in REFUSALS else "send_now"
    style = Style.GOOD if ruling.outcome in {Outcome.ADMIT, Outcome.REOPEN} else Style.DANGER
    return Screen(
        text,
        (
            Press(SEND_NOW, voice.say(send), result.draft.ref, style),
            Press(REWRITE, voice.say("change_sentence"), result.draft.ref),
        ),
    )


def presses_under(voice: Voice, file: CaseFile) -> list[Press]:
    """What a moderator decides about the case of a file, as far as it fits into one row."""
    case, ref = file.case, file.ref
    if case.state is CaseState.ADMITTED:
        return _about_member(voice, file) if case.wiped_at is None else []
    if not case.state.is_open:
        if not file.may_reopen:
            return []
        return [Press(FORM_OF[Outcome.REOPEN], voice.say("open_again_case"), ref)]
    presses = []
    if case.state is CaseState.HELD:
        disclosed = file.disclosed.disclosure.disclosed if file.disclosed else Disclosed.UNDISCLOSED
        if disclosed is not Disclosed.UNDISCLOSED and file.sent:
            presses.append(Press(ADMIT, voice.say("admit"), ref, Style.GOOD))
        if file.disclosed is None or not file.sent:
            presses.append(_write_down(voice, file))
        presses.append(Press(HOLD, voice.say("keep_on_hold"), ref))
    else:
        presses.append(_write_down(voice, file))
    if case.state is CaseState.HELD and file.was_inside:
        presses.append(Press(FORM_OF[Outcome.REMOVE], voice.say("remove_member"), ref, Style.DANGER))
    else:
        presses.append(another_way(voice, ref))
    presses.append(Press(FORM_OF[Outcome.DECLINE], voice.say("decline"), ref, Style.DANGER))
    return presses


def another_way(voice: Voice, ref: str) -> Press:
    """*Show another way*, from a file that was opened."""
    return Press(FORM_OF[Outcome.REDIRECT], voice.say("redirect"), ref)


def on_terms(voice: Voice, ref: str) -> Press:
    """*Admit on conditions*, from a file that was opened."""
    return Press(FORM_OF[Outcome.ADMIT], voice.say("admit_on_terms"), ref)


def _about_member(voice: Voice, file: CaseFile) -> list[Press]:
    return [
        Press(FORM_OF[Outcome.ADMIT], voice.say("change_terms"), file.ref),
        Press(FORM_OF[Outcome.SUSPEND], voice.say("suspend_member"), file.ref, Style.DANGER),
        Press(FORM_OF[Outcome.REMOVE], voice.say("remove_member"), file.ref, Style.DANGER),
    ]


def _write_down(voice: Voice, file: CaseFile) -> Press:
    return Press(RECORD, voice.say("write_down"), file.case.code.replace("-", ""))
