"""A case file as a moderator reads it, and the words around deciding."""

from datetime import UTC, datetime

from bot.config import Config
from bot.filling import Summary
from bot.model import CaseState, HoldReason
from bot.review.bench import AlreadyDecided, Changed, Decided, DecisionResult, MayNot
from bot.review.claims import Taken
from bot.review.conversations import NotRecorded, Recording
from bot.review.desk import CaseFile, Denied, History, PastDecision
from bot.review.motions import AlreadyProposed, Proposed
from bot.screens import forms as form_screens
from bot.screens import motions as motion_screens
from bot.screens import refusals, under
from bot.screens.desk import NEXT, OPEN, decider, step_reason
from bot.screens.elements import Press, Screen, Style, inert, moment, since
from bot.screens.letters import letter as letter_screen
from bot.screens.links import disclosure_lines
from bot.screens.questions import file_lines
from bot.screens.queue import taken
from bot.screens.terms import terms_on_file
from bot.store.cases import Case
from bot.store.decisions import StoredVerdict
from bot.words import Voice

_DISCORD_EPOCH_MS = 1420070400000


def account_created(user_id: int) -> datetime:
    """When a Discord account was made: its id says so (Discord's reference, "Snowflakes")."""
    return datetime.fromtimestamp(((user_id >> 22) + _DISCORD_EPOCH_MS) / 1000, UTC)


def case_file(voice: Voice, config: Config, file: CaseFile) -> Screen:
    """The whole file: the person, the answers, the interests, the rule, earlier cases."""
    case = file.case
    parts = [
        voice.say("file_title", case_code=case.code),
        _person(voice, file),
        _state(voice, file),
        _answers(voice, file),
        file_lines(voice, file),
        _disclosure(voice, config, file),
        _verdict(voice, file.verdict),
        _past(voice, config, file.decisions),
        terms_on_file(voice, file.conditions),
        _letter(voice, config, file),
        _earlier(voice, file.earlier),
        motion_screens.on_the_table(voice, config, file),
    ]
    return Screen("\n\n".join(part for part in parts if part), tuple(under.presses(voice, file)))


def _person(voice: Voice, file: CaseFile) -> str:
    if file.user_id is None:
        return voice.say("file_person_gone")
    made = moment(account_created(file.user_id), "D")
    return voice.say("file_person", user=f"<@{file.user_id}>", created=made)


def _state(voice: Voice, file: CaseFile) -> str:
    case = file.case
    state = voice.say(f"state_{case.state.value}")
    lines = []
    if case.closed_at is not None:
        lines.append(voice.say("file_closed", state=state, at=moment(case.closed_at, "f")))
    if file.line is not None:
        reason, began = step_reason(voice, file.line), file.line.step.since
        lines.append(voice.say("file_state", state=reason, since=since(began)))
    if file.holder is not None:
        who = f"<@{file.holder.user_id}>" if file.holder.user_id else voice.say("somebody_of_the_team")
        lines.append(voice.say("file_holder", user=who, since=moment(file.holder.since)))
    if case.target_at is not None:
        lines.append(voice.say("file_target", target=since(case.target_at)))
    if file.source is not None:
        lines.append(voice.say(f"source_{file.source.value}"))
    if file.stuck:
        lines.append(voice.say("file_stuck"))
    lines.extend(_signs(voice, case))
    return "\n".join(lines)


def _signs(voice: Voice, case: Case) -> list[str]:
    """What holds a case up that no moderator decides."""
    signs = {
        "file_unrecorded": case.state is CaseState.HELD and case.hold_reason is HoldReason.UNRECORDED_MEMBER,
        "file_taken_back": case.taken_back_at is not None,
        "file_pending": case.pending and case.is_member,
        "file_automod": case.automod,
    }
    return [voice.say(key) for key, there in signs.items() if there]


def _answers(voice: Voice, file: CaseFile) -> str:
    if file.reading is None:
        if file.case.state is CaseState.ADMITTED or (file.was_inside and file.case.sheet_id is None):
            return voice.say("file_answers_deleted")
        wants_person = file.case.state.is_open and file.case.wants_person_at is not None
        return voice.say("file_wants_person" if wants_person else "file_no_answers")
    blocks = [voice.say("file_answers")]
    for shown in file.reading.pages:
        for number, entry in enumerate(shown.entries, start=1):
            title = voice.read(shown.page.title)
            title = f"{title} {number}" if shown.page.repeats else title
            blocks.append(f"__{title}__\n{form_screens.entry_lines(voice, shown.fields, entry)}")
    statements = file.reading.statements
    if statements is not None and statements.entries and not statements.problems(statements.entries[0]):
        blocks.append(voice.say("file_agreed"))
    blocks.extend(f"- {voice.say(f'contradiction_{code}')}" for code in file.contradictions)
    return "\n".join(blocks)


def _disclosure(voice: Voice, config: Config, file: CaseFile) -> str:
    if file.disclosed is None:
        return voice.say("file_nothing_disclosed")
    questionnaire = file.reading.questionnaire if file.reading else config.questionnaire
    lines = disclosure_lines(voice, questionnaire, file.disclosed.disclosure)
    return voice.say("file_disclosure", version=file.disclosed.version, links=lines)


def _verdict(voice: Voice, verdict: StoredVerdict | None) -> str:
    if verdict is None:
        return ""
    because = verdict.rule.get("because", "")
    told = (
        because if isinstance(because, str) else because.get(voice.locale) or next(iter(because.values()), "")
    )
    facts = "; ".join(f"{name}: {', '.join(codes) or '-'}" for name, codes in verdict.facts.items())
    return voice.say(
        "file_rule", rule=verdict.rule_id, because=told or voice.say("no_rule_text"), facts=facts or "-"
    )


def _past(voice: Voice, config: Config, past: tuple[PastDecision, ...]) -> str:
    if not past:
        return ""
    return "\n".join(
        [voice.say("file_decisions"), *(f"- {decision_line(voice, config, item)}" for item in past)]
    )


def decision_line(voice: Voice, config: Config, item: PastDecision) -> str:
    """What was decided, by whom, when and why."""
    decision = item.decision
    who = decider(voice, item.decided_by, automated=decision.automated)
    outcome = voice.say(f"outcome_{decision.outcome.value}")
    who = motion_screens.hands(voice, decision.hands, who, item.confirmed_by)
    line = voice.say("decided_line", state=outcome, who=who, at=moment(decision.at, "f"))
    reason = config.review.reason(decision.reason_code)
    told = voice.read(reason.label) if reason else decision.reason_code
    return f"{line} {voice.say('for_reason', reason=told)}" if told else line


def _letter(voice: Voice, config: Config, file: CaseFile) -> str:
    if file.letter is None:
        return ""
    delivery = voice.say(f"delivery_{file.letter.delivery.value}")
    if not file.letter.text:
        return voice.say("file_letter", delivery=delivery)
    found = (item.decision for item in file.decisions if item.decision.id == file.letter.decision_id)
    quoted = inert(letter_screen(voice, config, file.case, file.letter, next(found, None)).text)
    return voice.say("file_letter_text", delivery=delivery, text=quoted)


def _earlier(voice: Voice, earlier: tuple[Case, ...]) -> str:
    if not earlier:
        return ""
    lines = [
        voice.say(
            "earlier_line",
            case_code=case.code,
            state=voice.say(f"state_{case.state.value}"),
            opened=moment(case.opened_at, "D"),
        )
        for case in earlier
    ]
    return "\n".join([voice.say("file_earlier"), *(f"- {line}" for line in lines)])


def decided(voice: Voice, result: DecisionResult, again: tuple[str, str] = (OPEN, "")) -> Screen:
    """What pressing a decision led to. ``again``: the action and ref of that press, to go on anyway."""
    following = (Press(NEXT, voice.say("open_next")),)
    match result:
        case Decided(case=case, outcome=outcome, terms=terms):
            key = "terms" if terms else outcome.value
            return Screen(voice.say(f"decided_{key}", case_code=case.code), following)
        case Proposed() | AlreadyProposed():
            return motion_screens.proposed(voice, result)
        case AlreadyDecided(case=case, outcome=None):
            state = voice.say(f"state_{case.state.value}")
            return Screen(voice.say("already_ended", case_code=case.code, state=state), following)
        case AlreadyDecided(case=case, outcome=outcome, automated=automated, by=by, at=at, second=second):
            who = decider(voice, by, automated=automated)
            who = motion_screens.with_second(voice, who, second) if second else who
            text = voice.say(
                "already_decided",
                case_code=case.code,
                outcome=voice.say(f"outcome_{outcome.value if outcome else 'hold'}"),
                who=who,
                at=moment(at, "f") if at else "",
            )
            return Screen(text, following)
        case Changed(case=case):
            return Screen(
                voice.say("file_changed", case_code=case.code),
                (Press(OPEN, voice.say("open_file"), case.id, Style.PRIMARY),),
            )
        case Taken(case_id=case_id, may_anyway=may_anyway):
            return taken(voice, result, case_id if may_anyway else None, again)
        case MayNot(code=code, case_code=case_code):
            return refusals.may_not(voice, code, case_code)


def denied(voice: Voice, result: Denied) -> Screen:
    """Not for this person, or not there."""
    return refusals.may_not(voice, result.code)


def history(voice: Voice, config: Config, result: History) -> Screen:
    """What is on record about one person."""
    who = f"<@{result.user_id}>" if result.user_id else voice.say("file_person_gone")
    parts = [voice.say("history_title", user=who)]
    for case, past in result.cases:
        state = voice.say(f"state_{case.state.value}")
        line = voice.say("earlier_line", case_code=case.code, state=state, opened=moment(case.opened_at, "D"))
        parts.append(
            "\n".join([f"**{line}**", *(f"- {decision_line(voice, config, item)}" for item in past)])
        )
    if result.disclosed is not None:
        lines = disclosure_lines(voice, config.questionnaire, result.disclosed.disclosure)
        parts.append(voice.say("file_disclosure", version=result.disclosed.version, links=lines))
    presses = tuple(
        Press(OPEN, voice.say("open_code", case_code=case.code), case.id) for case, _ in result.cases[:20]
    )
    return Screen("\n\n".join(parts), presses)


def recording(voice: Voice, result: Recording | NotRecorded) -> Screen:
    """Writing down the answers of somebody who talked to a moderator."""
    if isinstance(result, NotRecorded):
        return Screen(
            voice.say(f"not_recorded_{result.why.value}"), refusals.own_links(voice, result.why.value)
        )
    if isinstance(result.step, Summary):
        return form_screens.summary(voice, result.step)
    screen = form_screens.carry_on(voice, result.step)
    intro = voice.say("recording", case_code=result.code)
    return Screen(f"{intro}\n\n{screen.text}", screen.presses)
