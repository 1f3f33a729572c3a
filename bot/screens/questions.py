"""Questions and conversations: as the applicant sees them, and as a moderator does."""

from bot.config import Config
from bot.questionnaire import Kind
from bot.review.bench import Changed, MayNot
from bot.review.desk import CaseFile
from bot.review.questions import LONGEST, Asked, NotReplied, Replied, ToReply, Writing
from bot.review.talks import Closing, Joining
from bot.screens import refusals
from bot.screens.desk import NEXT, OPEN
from bot.screens.elements import Choice, FormSheet, Input, Press, Screen, Style, inert, moment, shorten
from bot.screens.panel import HELP, START
from bot.standing import Around
from bot.store.cases import Case
from bot.store.questions import Question
from bot.store.threads import Talk
from bot.words import Voice

ASK, ASK_WRITE, ASK_SEND = "ask", "askwrite", "asksend"
REPLY, JOIN, END_TALK = "reply", "jointalk", "endtalk"
READY_FIELD, TEXT_FIELD = "ready", "text"
_MOST_READY = 25


def _reply(voice: Voice, question: Question) -> Press:
    return Press(REPLY, voice.say("question_reply"), question.ref, Style.PRIMARY)


def with_question(voice: Voice, screen: Screen, around: Around) -> Screen:
    """Somebody's status, with what the team asks them before anything else."""
    question = around.question
    if question is None:
        return screen
    asked = voice.say("question_on_status", text=question.text, until=moment(question.answer_by, "f"))
    return Screen(f"{asked}\n\n{screen.text}", (_reply(voice, question), *screen.presses))


def talk_line(voice: Voice, around: Around) -> str:
    """How the conversation stands, for its person."""
    thread = f"<#{around.thread_id}>" if around.thread_id else ""
    return voice.say(f"talk_{around.talk.value}", thread=thread)


def wants_talk(voice: Voice, around: Around) -> str:
    """What somebody who presses *Talk to a person* is told about the conversation itself."""
    if around.talk is Talk.NO_ROOM:
        return voice.say("talk_again")
    if around.talk is Talk.OPEN:
        return talk_line(voice, around)
    return voice.say("talk_opening")


def hello(voice: Voice, case: Case) -> Screen:
    """The first message in a thread: what it is for, and what is kept of it."""
    help_press = Press(HELP, voice.say("help_button"), style=Style.DANGER)
    return Screen(voice.say("thread_hello", case_code=case.code), (help_press,))


def in_thread(voice: Voice, question: Question) -> Screen:
    """A question, in the thread."""
    until = moment(question.answer_by, "f")
    text = voice.say("question_in_thread", text=question.text, until=until)
    return Screen(text, (_reply(voice, question),))


def told(voice: Voice, question: Question, case: Case) -> Screen:
    """The message that a question waits. It names the community discreetly, and not the question."""
    until = moment(question.answer_by, "f")
    return Screen(voice.say("question_told", until=until, case_code=case.code))


def reply_form(voice: Voice, found: ToReply) -> FormSheet:
    """The form in which somebody answers, with what they answered before."""
    question = Input(id="question", kind=Kind.TEXT_DISPLAY, text=found.question.text)
    answer = Input(
        id=TEXT_FIELD,
        kind=Kind.LONG_TEXT,
        label=voice.say("reply_label"),
        description=voice.say("reply_hint"),
        most=LONGEST,
        typed=shorten(found.question.answer, LONGEST),
    )
    return FormSheet(REPLY, found.question.ref, voice.say("reply_title"), (question, answer))


def replied(voice: Voice, result: Replied | NotReplied) -> Screen:
    """What a reply led to. What could not be saved is handed back."""
    where = Press(START, voice.say("where_i_stand"))
    if isinstance(result, NotReplied):
        text = voice.say(f"not_replied_{result.code}")
        if result.typed.strip():
            text = f"{text}\n\n{voice.say('handed_back')}\n{inert(result.typed)}"
        return Screen(text, (where,))
    key = "replied_again" if result.changed else "replied"
    change = Press(REPLY, voice.say("change_my_answer"), result.ref)
    return Screen(voice.say(key, case_code=result.case.code), (where, change))


def file_lines(voice: Voice, file: CaseFile) -> str:
    """What was asked in a case, and answered, as a moderator reads it."""
    lines = [voice.say("file_talking")] if file.talks else []
    for one in file.questions:
        lines.append(voice.say("file_question", at=moment(one.asked_at, "f"), text=inert(one.text)))
        if one.answered_at is not None:
            answer = inert(one.answer)
            lines.append(voice.say("file_reply", at=moment(one.answered_at, "f"), text=answer))
        elif one.closed_at is None:
            lines.append(voice.say("file_waits_for_reply", until=moment(one.answer_by, "f")))
        else:
            lines.append(voice.say("file_no_reply"))
    return "\n".join(lines)


def ask(voice: Voice, ref: str) -> Press:
    """*Ask a question*, from a file that was opened."""
    return Press(ASK, voice.say("ask_question"), ref)


def join(voice: Voice, ref: str) -> Press:
    """*Join the conversation*, from a file that was opened."""
    return Press(JOIN, voice.say("join_talk"), ref)


def ask_form(voice: Voice, config: Config, writing: Writing) -> FormSheet:
    """A question: a ready-made one, or one in the moderator's words."""
    ready = tuple(
        Choice(one.id, shorten(voice.read(one.label), 100)) for one in config.review.questions[:_MOST_READY]
    )
    begun = bool(writing.draft.text)
    chosen = Input(
        id=READY_FIELD,
        kind=Kind.SELECT,
        label=voice.say("ask_ready_label"),
        choices=ready,
        required=False,
    )
    text = Input(
        id=TEXT_FIELD,
        kind=Kind.LONG_TEXT,
        label=voice.say("ask_text_label"),
        description=voice.say("ask_text_hint" if ready and not begun else "ask_text_hint_own"),
        required=begun or not ready,
        most=LONGEST,
        typed=shorten(writing.draft.text, LONGEST),
    )
    inputs = (chosen, text) if ready and not begun else (text,)
    return FormSheet(ASK_WRITE, writing.draft.ref, voice.say("ask_title"), inputs)


def preview(voice: Voice, config: Config, writing: Writing) -> Screen:
    """The question as the person will read it, before it is sent."""
    person = config.words.voice(writing.case.locale)
    until = moment(writing.answer_by, "f")
    shown = person.say("question_on_status", text=writing.draft.text, until=until)
    text = voice.say("ask_preview", case_code=writing.case.code, text=shown)
    return Screen(
        text,
        (
            Press(ASK_SEND, voice.say("ask_send"), writing.draft.ref, Style.PRIMARY),
            Press(ASK_WRITE, voice.say("change_sentence"), writing.draft.ref),
        ),
    )


def _open(voice: Voice, case: Case) -> Press:
    return Press(OPEN, voice.say("open_file"), case.id, Style.PRIMARY)


def outcome(voice: Voice, result: Asked | Joining | Closing | Changed | MayNot) -> Screen:
    """What asking, joining or closing led to."""
    match result:
        case Asked(case=case):
            return Screen(voice.say("asked", case_code=case.code), (Press(NEXT, voice.say("open_next")),))
        case Joining(thread_id=thread_id):
            return Screen(voice.say("joining_talk", thread=f"<#{thread_id}>"))
        case Closing(case=case):
            return Screen(voice.say("talk_closed", case_code=case.code), (_open(voice, case),))
        case Changed(case=case):
            return Screen(voice.say("file_changed", case_code=case.code), (_open(voice, case),))
        case MayNot(code=code, case_code=case_code):
            return refusals.may_not(voice, code, case_code)
