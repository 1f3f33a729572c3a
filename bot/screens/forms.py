"""Forms as people see them, and what they read after each page."""

from dataclasses import replace

from bot.answers import Entry, Problem
from bot.filling import FormToFill, Informed, NotSaved, Saved, Summary, SummaryEntry, WhyNot
from bot.minting import NextForm
from bot.model import InformationPage, Source
from bot.questionnaire import FormField
from bot.screens import refusals
from bot.screens.elements import Choice, FormSheet, Input, Press, Screen, Style, inert
from bot.words import Voice

FORM, REMOVE, SUMMARY, SEND, CONFIRM = "form", "remove", "summary", "send", "confirm"


def form_sheet(voice: Voice, form: FormToFill) -> FormSheet:
    """A page as a pop-up form, with what was answered before."""
    shown = form.shown
    blank = voice.once(
        shown.page,
        (tuple(field.id for field in shown.asked), shown.required),
        lambda: tuple(_blank(voice, field, required=field.id in shown.required) for field in shown.asked),
    )
    inputs = tuple(_filled_in(item, form.entry) for item in blank) if form.entry.answers else blank
    action = SEND if shown.page.statements else FORM
    return FormSheet(action, form.ref, voice.read(shown.page.title), inputs)


def _filled_in(item: Input, entry: Entry) -> Input:
    return replace(item, chosen=entry.codes(item.id), typed=entry.text(item.id))


def _blank(voice: Voice, field: FormField, *, required: bool) -> Input:
    least = field.min_values if field.kind.is_choice else field.min_length
    return Input(
        id=field.id,
        kind=field.kind,
        label=voice.read(field.label),
        description=voice.read(field.description),
        text=voice.read(field.text),
        choices=tuple(
            Choice(option.value, voice.read(option.label), voice.read(option.description))
            for option in field.options
        ),
        required=required,
        least=least or (1 if required and field.kind.is_choice else 0),
        most=field.most_values if field.kind.is_choice else field.most_characters,
        placeholder=voice.read(field.placeholder),
    )


def saved(voice: Voice, result: Saved) -> Screen:
    """A page is saved: where one stands, and what can be opened next."""
    if result.problems:
        told = "\n".join(f"- {problem_text(voice, problem)}" for problem in result.problems)
        text = voice.say("saved_with_problems", problems=told)
        return Screen(text, (Press(FORM, voice.say("open_again"), result.again, Style.PRIMARY),))
    parts = [voice.say("saved_progress", number=result.number, total=result.total)]
    presses = []
    if result.add_another:
        parts.append(voice.say("saved_repeats", filled=result.filled, most=result.page.repeat_max))
    if result.next is not None:
        presses.append(_open(voice, result.next))
    else:
        if not result.add_another:
            parts.append(voice.say("all_answered_recorded" if result.by_moderator else "all_answered"))
        label = voice.say("check_recorded" if result.by_moderator else "check_and_send")
        presses.append(Press(SUMMARY, label, result.sheet_id, Style.PRIMARY))
    if result.add_another:
        presses.append(Press(FORM, voice.read(result.page.repeat_button), result.add_another))
    if result.next is not None:
        presses.extend(_change_filled(voice, result.next))
    return Screen("\n".join(parts), tuple(presses))


def _open(voice: Voice, form: NextForm) -> Press:
    label = voice.say("continue", number=form.number, total=form.total)
    return Press(FORM, label, form.ref, Style.PRIMARY)


def carry_on(voice: Voice, form: NextForm) -> Screen:
    """There is a page left to fill in."""
    key = "carry_on" if form.filled else "carry_on_first"
    text = voice.say(key, number=form.number, total=form.total, title=voice.read(form.page.title))
    return Screen(text, (_open(voice, form), *_change_filled(voice, form)))


def _change_filled(voice: Voice, form: NextForm) -> list[Press]:
    """Pages already filled in can be changed at any time: a slip of the thumb is no dead end."""
    presses = []
    for index, (page, ref) in enumerate(form.filled[:10]):
        number = sum(other.id == page.id for other, _ in form.filled[: index + 1])
        title = f"{voice.read(page.title)} {number}" if page.repeats else voice.read(page.title)
        presses.append(Press(FORM, voice.say("change_page", title=title)[:80], ref))
    return presses


def problem_text(voice: Voice, problem: Problem) -> str:
    """How to mend an answer: the admin's own words for a missing one, else the catalogue's."""
    field = problem.field
    if problem.kind in {"missing", "too_few"} and field.problem is not None:
        return voice.read(field.problem)
    return voice.say(
        f"problem_{problem.kind}",
        label=voice.read(field.label),
        least=(field.min_values if field.kind.is_choice else field.min_length) or 1,
        most=field.most_values if field.kind.is_choice else field.most_characters,
    )


def summary(voice: Voice, result: Summary, consent: str = "") -> Screen:
    """All answers, with a button to change each page, and *Send*.

    ``consent`` is the notice to agree to where answers were recorded in conversation.
    """
    by_moderator = result.by_moderator
    confirming = result.source is Source.CONVERSATION and not by_moderator
    parts = [voice.say(_intro(result))]
    parts.extend(_entry_block(voice, result, number) for number in range(len(result.entries)))
    if result.contradictions:
        found = "\n".join(f"- {voice.say(f'contradiction_{code}')}" for code in result.contradictions)
        parts.append(voice.say("contradictions", found=found))
    if confirming and result.statements is not None:
        lines = [
            f"- {voice.read(option.label)}" for field in result.statements.asked for option in field.options
        ]
        parts.append(voice.say("confirm_statements", statements="\n".join(lines), consent=consent))
    return Screen("\n\n".join(parts), tuple(_summary_presses(voice, result, confirming=confirming)))


def _intro(result: Summary) -> str:
    if result.by_moderator:
        return "summary_recorded"
    return {
        Source.GATE: "summary_intro",
        Source.CONVERSATION: "summary_confirm",
        Source.UPDATE: "summary_links",
    }[result.source]


def _summary_presses(voice: Voice, result: Summary, *, confirming: bool) -> list[Press]:
    presses = []
    if confirming:
        presses.append(Press(CONFIRM, voice.say("confirm_and_send"), result.send_ref, Style.PRIMARY))
    elif not result.by_moderator:
        presses.append(Press(FORM, voice.say("send"), result.send_ref, Style.PRIMARY))
    for item in result.entries:
        label = voice.say("change_page", title=_title(voice, result, item))
        presses.append(Press(FORM, label[:80], item.ref))
    for item in result.entries:
        if item.shown.page.repeats:
            label = voice.say("take_out", title=_title(voice, result, item))
            presses.append(Press(REMOVE, label[:80], item.ref))
    presses.extend(Press(FORM, voice.read(page.repeat_button), ref) for page, ref in result.add_another)
    return presses


def _title(voice: Voice, result: Summary, item: SummaryEntry) -> str:
    title = voice.read(item.shown.page.title)
    same = [other for other in result.entries if other.shown.page.id == item.shown.page.id]
    return f"{title} {same.index(item) + 1}" if item.shown.page.repeats and len(same) > 1 else title


def _entry_block(voice: Voice, result: Summary, number: int) -> str:
    item = result.entries[number]
    return f"**{_title(voice, result, item)}**\n{entry_lines(voice, item.shown.asked, item.entry)}"


def entry_lines(voice: Voice, fields: tuple[FormField, ...], entry: Entry) -> str:
    """The answers of one page, one line each; what was typed is inert."""
    lines = []
    for field in fields:
        if not field.is_question:
            continue
        answer = entry.answers.get(field.id)
        label = _leading(voice.read(field.label))
        if answer is None or not answer.given:
            lines.append(f"{label} {voice.say('not_answered')}")
        elif answer.codes:
            chosen = "; ".join(voice.fill(field.label_of(code, voice.locale)) for code in answer.codes)
            lines.append(f"{label} {chosen}")
        else:
            lines.append(f"{label} {inert(answer.text)}")
    return "\n".join(lines)


def _leading(label: str) -> str:
    return label if label.endswith(("?", ":", ".")) else f"{label}:"


def not_saved(voice: Voice, result: NotSaved) -> Screen:
    """Nothing was changed; what was typed is handed back to copy."""
    text = voice.say(f"not_saved_{result.why.value}")
    if result.typed:
        handed_back = "\n".join(inert(typed) for typed in result.typed)
        text = f"{text}\n\n{voice.say('handed_back')}\n{handed_back}"
    where = () if result.why is WhyNot.FULL else (Press("start", voice.say("where_i_stand")),)
    return Screen(text, refusals.own_links(voice, result.why.value) or where)


def informed(voice: Voice, result: Informed) -> Screen:
    """An information page."""
    if result.by_moderator:
        return Screen(voice.say(f"recorded_{result.page.value}"))
    kept = voice.say("information_kept_before" if result.kept_before else "information_nothing_kept")
    if result.page is InformationPage.UNDER_AGE:
        return Screen(voice.say("under_age"), (Press("help", voice.say("help_button"), style=Style.DANGER),))
    presses = (
        Press("start", voice.say("also_live_with_this")),
        Press("person", voice.say("talk_to_person")),
        Press("takeback", voice.say("take_back"))
        if result.kept_before
        else Press("forget", voice.say("delete_and_leave")),
    )
    key = "work_page" if result.page is InformationPage.WORK else "not_for_me"
    return Screen(f"{voice.say(key)}\n\n{kept}", presses)
