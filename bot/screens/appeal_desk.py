"""The second look, as whoever takes it sees it: the appeal with the whole file, and answering it."""

from bot.config import Config
from bot.model import AppealOutcome, CaseState, Via
from bot.questionnaire import Kind
from bot.review.appeal_desk import Answered, AnswerPreview, AppealChanged, Ended, Unanswered
from bot.review.appeal_files import AppealFile
from bot.review.bench import DecisionResult
from bot.review.second_looks import ADD_WITHIN
from bot.screens import deciding, files
from bot.screens import motions as motion_screens
from bot.screens.deciding import REASON_FIELD
from bot.screens.desk import NEXT, OPEN_APPEAL, decider
from bot.screens.elements import Choice, FormSheet, Input, Press, Screen, Style, inert, moment, shorten
from bot.screens.letters import appeal_answer
from bot.words import Voice

SEND, REWRITE = "answersend", "answerrewrite"

ACTIONS = {
    AppealOutcome.CHANGED: "answerchanged",
    AppealOutcome.CHANGED_IN_PART: "answerinpart",
    AppealOutcome.SAME: "answersame",
    AppealOutcome.SENT_BACK: "answersentback",
}
"""The button and the form of each answer."""


def appeal_file(voice: Voice, config: Config, result: AppealFile) -> Screen:
    """The appeal, the reasons, and everything that the first saw."""
    appeal, whole = result.appeal, files.case_file(voice, config, result.file)
    via = voice.say("appeal_via_contact" if appeal.via is Via.CONTACT else "appeal_via_panel")
    parts = [
        voice.say(
            "appeal_file",
            case_code=result.file.case.code,
            via=via,
            filed=moment(appeal.filed_at, "f"),
            due=moment(appeal.due_at, "f"),
        ),
        _wrote(voice, result),
        voice.say("appeal_add_runs", until=moment(appeal.filed_at + ADD_WITHIN, "f")),
        voice.say("appeal_against", decision=files.decision_line(voice, config, result.against)),
        whole.text,
    ]
    if result.file.proposed is not None:
        presses = motion_screens.presses(voice, result.file.proposed)
    else:
        presses = [
            Press(ACTIONS[one], voice.say(f"give_answer_{one.value}"), result.file.ref, _style(one))
            for one in result.answers
        ]
    return Screen("\n\n".join(parts), (*presses, Press(NEXT, voice.say("open_next"))))


def _style(answer: AppealOutcome) -> Style:
    return Style.GOOD if answer is AppealOutcome.CHANGED else Style.NEUTRAL


def _wrote(voice: Voice, result: AppealFile) -> str:
    if not result.text:
        return voice.say("appeal_wrote_nothing")
    return voice.say("appeal_wrote", at=moment(result.appeal.changed_at, "f"), text=inert(result.text))


def answer_form(voice: Voice, config: Config, answer: AppealOutcome, ref: str) -> FormSheet:
    """The reason and the sentence; and what the person has to keep to, where something stays."""
    in_part = answer is AppealOutcome.CHANGED_IN_PART
    reason = Input(
        id=REASON_FIELD,
        kind=Kind.SELECT,
        label=voice.say("reason_label"),
        choices=tuple(
            Choice(reason.id, shorten(voice.read(reason.label), 100))
            for reason in config.review.reasons_for("appeal")
            if not (in_part and reason.needs_sentence)
        ),
        least=1,
    )
    rest = deciding.terms_inputs(voice) if in_part else (deciding.sentence_input(voice, "", required=False),)
    return FormSheet(ACTIONS[answer], ref, voice.say(f"give_answer_{answer.value}"), (reason, *rest))


def rewrite_form(voice: Voice, result: AnswerPreview) -> FormSheet:
    """Change the sentence of an answer before it is sent."""
    sentence = deciding.sentence_input(voice, result.draft.text, required=True)
    return FormSheet(REWRITE, result.draft.ref, voice.say("sentence_title"), (sentence,))


def preview(voice: Voice, config: Config, result: AnswerPreview) -> Screen:
    """What the person will read, in their language, before it is sent."""
    person, answer = config.words.voice(result.case.locale), result.draft.answer
    is_member = result.case.state is CaseState.ADMITTED
    shown = appeal_answer(person, config, answer, result.told, is_member=is_member)
    text = voice.say(f"preview_answer_{answer.value}", case_code=result.case.code, text=shown)
    if answer is not result.wanted:
        text = f"{voice.say('preview_turned')}\n\n{text}"
    if result.ruling is not None:
        text = motion_screens.before_sending(voice, config, result.case, result.ruling) + text
    if result.echoes:
        text = f"{text}\n\n{voice.say('echo_warning')}"
    return Screen(
        text,
        (
            Press(SEND, voice.say("send_answer"), result.draft.ref, Style.DANGER),
            Press(REWRITE, voice.say("change_sentence"), result.draft.ref),
        ),
    )


def answered(voice: Voice, result: Answered | Unanswered | DecisionResult, ref: str = "") -> Screen:
    """What sending an answer led to, or why none could be written. ``ref``: of the answer that was sent."""
    following = (Press(NEXT, voice.say("open_next")),)
    match result:
        case Answered(case=case, answer=answer, via=via):
            text = voice.say(f"answered_{answer.value}", case_code=case.code)
            if via is Via.CONTACT:
                text = f"{text}\n\n{voice.say('answered_by_contact')}"
            return Screen(text, following)
        case Ended(case=case, outcome=outcome, by=by):
            came_to = voice.say(f"appeal_outcome_{outcome.value}", who=decider(voice, by, automated=False))
            return Screen(voice.say("appeal_ended", case_code=case.code, outcome=came_to), following)
        case AppealChanged(case=case, appeal_id=appeal_id):
            press = Press(OPEN_APPEAL, voice.say("open_appeal"), appeal_id, Style.PRIMARY)
            return Screen(voice.say("file_changed", case_code=case.code), (press,))
        case _:
            return files.decided(voice, result, (SEND, ref))
