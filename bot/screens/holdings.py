"""What is held about somebody, told to them in words: on Discord, on a page, or in a terminal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.config import Config
from bot.holdings import Answers, Explained, Filled, Holdings, Links, Look, Request
from bot.model import CaseState
from bot.screens.elements import inert, moment
from bot.screens.holdings_desk import as_moderator, desk_lines, told_lines
from bot.screens.links import disclosure_lines
from bot.words import Voice

MOST_LOOKS = 12
"""How many looks at their file somebody reads on a phone; the files they can download have them all."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How times and what somebody typed are written, and whether everything is."""

    when: Callable[[datetime], str]
    typed: Callable[[str], str]
    whole: bool
    """Also what would be too long to read on a phone."""


def _in_the_readers_zone(when: datetime) -> str:
    return moment(when, "f")


ON_DISCORD = Pen(_in_the_readers_zone, inert, whole=False)


def in_utc(when: datetime) -> str:
    """A time that is the same for every reader, such as ``2026-03-04 12:00 UTC``."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Section:
    """Some lines under a title. A part of the section before it has a smaller title."""

    title: str
    lines: tuple[str, ...] = field(repr=False)
    part: bool = False


def sections(voice: Voice, config: Config, held: Holdings, pen: Pen) -> list[Section]:
    """Everything that is held about somebody. What people ask for most comes first."""
    found = [
        Section(voice.say("rights_you"), tuple(_you(voice, held, pen))),
        Section(voice.say("rights_looks"), tuple(_looks(voice, config, held.looks, pen))),
        *_links(voice, held, pen),
    ]
    for request in held.requests:
        found.extend(_request(voice, config, request, pen))
    for change in held.changes:
        found.extend(_change(voice, change, pen))
    for title, lines in (
        ("rights_told_others", _told),
        ("rights_messages", _messages),
        ("rights_work", _work),
        ("rights_log", _log),
    ):
        told = tuple(lines(voice, held, pen))
        found.extend([Section(voice.say(title), told)] if told else [])
    return found


def _you(voice: Voice, held: Holdings, pen: Pen) -> Iterator[str]:
    yield voice.say("rights_known", at=pen.when(held.known.since))
    if held.user_id is not None:
        yield voice.say("rights_identity", user_id=held.user_id)
    if held.known.told_at is not None:
        yield voice.say("rights_told", at=pen.when(held.known.told_at))
    if held.known.earlier_since is not None:
        yield voice.say("rights_earlier", at=pen.when(held.known.earlier_since))
    if held.known.asked_at is not None:
        yield voice.say("rights_earlier_asked", at=pen.when(held.known.asked_at))
    for task in held.tasks:
        yield voice.say(f"rights_task_{task.kind}", at=pen.when(task.opened_at))
        if task.closed_at is not None:
            yield voice.say("rights_task_done", at=pen.when(task.closed_at))
    if held.held_until is not None:
        yield voice.say("rights_locked_number", at=pen.when(held.held_until))
    if held.errands or held.erasures:
        yield voice.say("rights_being_deleted")


def _request(voice: Voice, config: Config, request: Request, pen: Pen) -> list[Section]:
    case = request.case
    title = voice.say("rights_request", case_code=case.code)
    standing = (*_standing(voice, request, pen), *_term(voice, config, request, pen))
    found = [Section(title, standing)]
    decided = tuple(line for one in request.decisions for line in _decision(voice, config, one, pen))
    if decided:
        found.append(Section(voice.say("rights_decisions"), decided, part=True))
    desk = tuple(desk_lines(voice, request.desk, pen.when, pen.typed))
    if desk:
        found.append(Section(voice.say("rights_desk"), desk, part=True))
    if request.answers is not None:
        found.extend(_answers(voice, request.answers, voice.say("rights_answers"), pen))
    if pen.whole:
        for consent in request.consents:
            agreed = voice.say("rights_notice", at=pen.when(consent.at))
            found.append(Section(agreed, (_unmarked(consent.notice),), part=True))
    return found


def _unmarked(notice: str) -> str:
    """A sentence of ours without the signs that have Discord show it bold or as a command."""
    return notice.replace("*", "").replace("`", "")


def _standing(voice: Voice, request: Request, pen: Pen) -> Iterator[str]:
    case = request.case
    yield voice.say("rights_opened", at=pen.when(case.opened_at))
    yield voice.say(f"rights_state_{case.state.value}", at=pen.when(case.closed_at or case.opened_at))
    if case.hold_reason is not None:
        yield voice.say("rights_held", reason=voice.say(f"hold_{case.hold_reason.value}"))
    for key, at in (
        ("rights_consent", request.consents[-1].at if request.consents else None),
        ("rights_wants_person", case.wants_person_at),
        ("rights_may_remind", case.may_remind_at),
        ("rights_reminds", case.remind_at),
        ("rights_lapses", case.lapse_at),
        ("rights_gone", case.gone_at),
        ("rights_taken_back", case.taken_back_at),
        ("rights_wave", request.extras.wave_began_at),
        ("rights_trimmed", request.extras.trimmed_at),
        ("rights_wiped", case.wiped_at),
    ):
        if at is not None:
            yield voice.say(key, at=pen.when(at))
    if case.reminders:
        yield voice.say("rights_reminded", count=case.reminders)
    for key, there in (("rights_pending", case.pending), ("rights_automod", case.automod)):
        if there:
            yield voice.say(key)
    for at in request.drafts:
        yield voice.say("rights_draft", at=pen.when(at))
    if request.extras.has_card:
        yield voice.say("rights_card", case_code=case.code)


def _term(voice: Voice, config: Config, request: Request, pen: Pen) -> Iterator[str]:
    """Until when it is kept: in words where that depends on what happens, else as a date."""
    case, term = request.case, request.term
    if case.state.is_open:
        yield voice.say("rights_kept_while_open")
    elif case.state is CaseState.ADMITTED and term.record is None:
        yield voice.say("rights_kept_as_member", days=config.retention.former_members.days)
    if request.extras.trimmed_at is None and term.typed is not None:
        yield voice.say("rights_typed_until", at=pen.when(term.typed))
    if term.answers is not None and term.answers != term.record:
        yield voice.say("rights_answers_until", at=pen.when(term.answers))
    if term.record is not None:
        yield voice.say("rights_record_until", at=pen.when(term.record))


def _decision(voice: Voice, config: Config, one: Explained, pen: Pen) -> Iterator[str]:
    decision = one.decision
    who = voice.say("rights_by_bot" if decision.automated else "rights_by_moderator")
    outcome = voice.say(f"rights_outcome_{decision.outcome.value}")
    yield voice.say("rights_decided", outcome=outcome, who=who, at=pen.when(decision.at))
    reason = config.review.reason(decision.reason_code)
    why = voice.read(one.because) or (voice.read(reason.label) if reason else decision.reason_code)
    if not why and one.restraint:
        why = voice.say(f"hold_{one.restraint}")
    if why:
        yield voice.say("for_reason", reason=why.rstrip("."))
    if one.letter is not None:
        if one.letter.text:
            yield voice.say("rights_letter", text=pen.typed(one.letter.text))
        if one.letter.appeal_until is not None:
            until = pen.when(one.letter.appeal_until)
            yield voice.say("rights_letter_code", until=until, code=one.letter.appeal_code)
        yield voice.say(f"rights_delivery_{one.letter.delivery.value}")


def _answers(voice: Voice, answers: Answers, title: str, pen: Pen) -> list[Section]:
    sent = answers.sent_at
    head = [
        voice.say("rights_sent", at=pen.when(sent))
        if sent
        else voice.say("rights_not_sent", at=pen.when(answers.times.opened_at))
    ]
    head.append(voice.say(f"rights_source_{answers.source.value}"))
    if answers.times.trimmed_at is not None:
        head.append(voice.say("rights_trimmed", at=pen.when(answers.times.trimmed_at)))
    found = [Section(title, tuple(head), part=True)]
    shown = [page for page in answers.pages if page.answers]
    for page in shown:
        name = voice.read(page.page.title) if page.page else page.page_id
        same = [other for other in shown if other.page_id == page.page_id]
        numbered = f"{name} {same.index(page) + 1}" if len(same) > 1 else name
        found.append(Section(numbered, tuple(_page(voice, page, pen)), part=True))
    return found


def _change(voice: Voice, change: Answers, pen: Pen) -> list[Section]:
    """A change of links. On a phone, one that was sent is told once: it is what stands under the links."""
    title = voice.say("rights_changes")
    if pen.whole or change.sent_at is None:
        first, *pages = _answers(voice, change, title, pen)
        return [replace(first, part=False), *pages]
    return [Section(title, (voice.say("rights_changes_brief", at=pen.when(change.sent_at)),))]


def _page(voice: Voice, filled: Filled, pen: Pen) -> Iterator[str]:
    """The answers of one page by label, in the order of the questions."""
    known = [field.id for field in filled.page.fields] if filled.page else []
    for name in sorted(filled.answers, key=lambda one: known.index(one) if one in known else len(known)):
        answer = filled.answers[name]
        field = filled.page.field(name) if filled.page else None
        label = voice.read(field.label) if field and field.label else name
        chosen = [voice.fill(field.label_of(code, voice.locale)) if field else code for code in answer.codes]
        said = "; ".join(chosen) or pen.typed(answer.text)
        yield f"{label} {said}" if label.endswith(("?", ":", ".")) else f"{label}: {said}"


def _links(voice: Voice, held: Holdings, pen: Pen) -> Iterator[Section]:
    for number, links in enumerate(held.links):
        logged = links.logged
        told = disclosure_lines(
            voice, links.questionnaire, logged.disclosure, own=True, typed=pen.typed
        ).split("\n")
        if number == 0:
            at = voice.say("rights_links_told", at=pen.when(logged.at))
            yield Section(voice.say("rights_links"), (at, *told))
        elif pen.whole:
            yield Section(_earlier(voice, links, pen), tuple(told), part=True)
    if len(held.links) > 1 and not pen.whole:
        lines = tuple(_earlier(voice, links, pen) for links in held.links[1:])
        yield Section(voice.say("rights_links_earlier"), lines, part=True)


def _earlier(voice: Voice, links: Links, pen: Pen) -> str:
    at, until = pen.when(links.logged.at), links.until
    if until is None:
        return voice.say("rights_links_version", at=at)
    return voice.say("rights_links_version_until", at=at, until=pen.when(until))


def _looks(voice: Voice, config: Config, looks: tuple[Look, ...], pen: Pen) -> Iterator[str]:
    if not looks:
        yield voice.say("rights_no_looks", days=config.retention.access.days)
    shown = looks if pen.whole else looks[:MOST_LOOKS]
    for look in shown:
        who = voice.say("rights_operator" if look.by_operator else "rights_moderator")
        purpose = voice.say(f"rights_purpose_{look.purpose.value}")
        yield voice.say(f"rights_look_{look.action.value}", who=who, purpose=purpose, at=pen.when(look.at))
    if len(looks) > len(shown):
        yield voice.say("rights_looks_more", more=len(looks) - len(shown))


def _messages(voice: Voice, held: Holdings, pen: Pen) -> Iterator[str]:
    for message in held.messages:
        yield voice.say(f"rights_message_{message.kind}", at=pen.when(message.at))


def _told(voice: Voice, held: Holdings, pen: Pen) -> Iterator[str]:
    for one in held.told:
        yield from told_lines(voice, one, pen.when, pen.typed)


def _work(voice: Voice, held: Holdings, pen: Pen) -> Iterator[str]:
    if held.work:
        files, decisions = held.work.files_opened, held.work.decisions
        yield voice.say("rights_work_done", files=files, decisions=decisions)
    if held.work.paused_the_gate:
        yield voice.say("rights_work_paused")
    yield from as_moderator(voice, held.as_moderator, pen.when)


def _log(voice: Voice, held: Holdings, pen: Pen) -> Iterator[str]:
    if pen.whole:
        for line in held.log:
            yield f"{pen.when(line.at)}  {line.action} ({voice.say(f'rights_log_{line.by}')})"
    elif held.log:
        yield voice.say("rights_log_lines", count=len(held.log))
