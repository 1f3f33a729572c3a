"""Telling the team about somebody: the form, and how it stands, for whoever told it."""

from bot.concerns.telling import LONGEST, Joined, NotTaken, Standing, Taken
from bot.config import Config
from bot.questionnaire import Kind
from bot.screens.elements import Choice, FormSheet, Input, Press, Screen, Style, inert, moment, since
from bot.store.concerns import Concern, ConcernKind, ConcernOutcome
from bot.words import Voice

TELL, ADD, WITHDRAW, WITHDRAW_NOW, FOLLOW = (
    "concerntell",
    "concernadd",
    "concernback",
    "concernbacknow",
    "concernfollow",
)
KIND_FIELD, TEXT_FIELD, WHO_FIELD, KEEP_FIELD = "kind", "text", "who", "keep"
LINK, EXCERPT = "link:", "says:"
"""What begins the value of an option that keeps something of a message."""

_LONGEST_VALUE = 100
LONGEST_EXCERPT = _LONGEST_VALUE - len(EXCERPT)
"""Characters of a message that can be kept."""


def form(
    voice: Voice, config: Config, *, about: int | None = None, link: str = "", says: str = ""
) -> FormSheet:
    """What to know before, the kind, the words, whom it is about, and what to keep of a message.

    ``about`` is a Discord id, ``link`` and ``says`` are of the message that was chosen. All of it lies in
    the form alone until it is sent.
    """
    keep = config.retention
    intro = voice.say("concern_intro", days=keep.reporters.days, all_days=keep.concerns.days)
    inputs = [
        Input(id="intro", kind=Kind.TEXT_DISPLAY, text=intro),
        Input(
            id=KIND_FIELD,
            kind=Kind.SELECT,
            label=voice.say("concern_kind_label"),
            choices=tuple(
                Choice(kind.value, voice.say(f"concern_kind_{kind.value}")) for kind in ConcernKind
            ),
            least=1,
        ),
        _text(voice.say("concern_text_label"), voice.say("concern_text_hint")),
        Input(
            id=WHO_FIELD,
            kind=Kind.SELECT,
            label=voice.say("concern_who_label"),
            description=voice.say("concern_who_hint"),
            required=False,
            chosen=(str(about),) if about is not None else (),
            people=True,
        ),
    ]
    if link:
        inputs.append(_keep(voice, link, says))
    return FormSheet(TELL, "", voice.say("concern_title"), tuple(inputs))


def _keep(voice: Voice, link: str, says: str) -> Input:
    choices = [Choice(f"{LINK}{link}", voice.say("concern_keep_link"))]
    excerpt = says.strip()[:LONGEST_EXCERPT]
    if excerpt:
        choices.append(Choice(f"{EXCERPT}{excerpt}", voice.say("concern_keep_excerpt"), excerpt))
    return Input(
        id=KEEP_FIELD,
        kind=Kind.CHECKBOX_GROUP,
        label=voice.say("concern_keep_label"),
        choices=tuple(choices),
        required=False,
        most=len(choices),
        chosen=(choices[0].value,),
    )


def _text(label: str, hint: str = "") -> Input:
    return Input(id=TEXT_FIELD, kind=Kind.LONG_TEXT, label=label, description=hint, least=1, most=LONGEST)


def add_form(voice: Voice, ref: str) -> FormSheet:
    """Something more, or an answer to what the team asked."""
    return FormSheet(ADD, ref, voice.say("concern_add_title"), (_text(voice.say("concern_add_label")),))


def sent(voice: Voice, result: Taken | Joined | NotTaken, words: str = "") -> Screen:
    """What came of telling. What could not be taken is handed back, to copy and keep."""
    if isinstance(result, Taken):
        text = voice.say("concern_taken", code=result.follow_code, due=moment(result.due_at, "D"))
        return Screen(f"{text}\n\n{voice.say('concern_for_nobody')}" if result.for_nobody else text)
    if isinstance(result, Joined):
        return Screen(voice.say("concern_joined", due=moment(result.due_at, "D")))
    screen = not_taken(voice, result)
    typed = inert(words)
    return Screen(f"{screen.text}\n\n{voice.say('handed_back')}\n{typed}") if typed else screen


def not_taken(voice: Voice, result: NotTaken) -> Screen:
    """Why something could not be taken, or is not there."""
    return Screen(voice.say(f"concern_not_{result.code}"))


def own(voice: Voice, told: tuple[Standing, ...]) -> Screen:
    """All that somebody told, with a way into each."""
    if not told:
        return Screen(voice.say("concern_none_told"))
    if len(told) == 1:
        return standing(voice, told[0])
    lines = [f"{number}. {_line(voice, one)}" for number, one in enumerate(told, start=1)]
    presses = tuple(
        Press(FOLLOW, voice.say("concern_follow", number=number), one.ref)
        for number, one in enumerate(told, start=1)
    )
    return Screen("\n".join([voice.say("concern_all_told"), *lines]), presses)


def _line(voice: Voice, one: Standing) -> str:
    state = "concern_state_open"
    if one.closed_at is not None:
        state = "concern_state_closed"
    elif one.question:
        state = "concern_state_asked"
    kind = voice.say(f"concern_kind_{one.kind.value}")
    return voice.say("concern_line", kind=kind, at=moment(one.opened_at, "D"), state=voice.say(state))


def standing(voice: Voice, result: Standing | NotTaken) -> Screen:
    """How something stands, and what whoever told it can still do."""
    if isinstance(result, NotTaken):
        return not_taken(voice, result)
    parts = [_line(voice, result)]
    if result.outcome is not None:
        parts.append(voice.say(f"concern_outcome_{result.outcome.value}"))
        return Screen("\n\n".join(parts))
    parts.append(voice.say("concern_due", due=since(result.due_at)))
    if result.question:
        parts.append(voice.say("concern_question", question=inert(result.question)))
    presses = []
    if result.can_add:
        label = voice.say("concern_answer" if result.question else "concern_add")
        presses.append(Press(ADD, label, result.ref, Style.PRIMARY))
    presses.append(Press(WITHDRAW, voice.say("concern_take_back"), result.ref))
    return Screen("\n\n".join(parts), tuple(presses))


def before_taking_back(voice: Voice, ref: str) -> Screen:
    """What taking it back means, before it is done."""
    presses = (
        Press(WITHDRAW_NOW, voice.say("concern_take_back_now"), ref, Style.DANGER),
        Press(FOLLOW, voice.say("concern_keep_it"), ref),
    )
    return Screen(voice.say("concern_before_taking_back"), presses)


def outcome_message(voice: Voice, concern: Concern) -> Screen:
    """A message to whoever told something, once it is closed. Its beginning names nothing."""
    outcome = concern.outcome or ConcernOutcome.GONE
    return Screen(voice.say("concern_message_outcome", outcome=voice.say(f"concern_outcome_{outcome.value}")))


def question_message(voice: Voice) -> Screen:
    """A message to whoever told something: there is a question."""
    return Screen(voice.say("concern_message_question"))


def news(voice: Voice) -> Screen:
    """A message to somebody on the team: something new waits."""
    return Screen(voice.say("concern_message_news"))
