"""The queue as moderators see it: an overview, pages, what a filter found, and the numbers of the team."""

from datetime import datetime, timedelta

from bot.review.claims import ClaimResult, Free, Held, NotClaimed, Taken
from bot.review.next_step import FOR_THE_TEAM, Group
from bot.review.queue import COUNTED, Found, Listed, Overview, Page, Shown
from bot.review.stats import Stats, Window
from bot.screens import refusals
from bot.screens.desk import NEXT, OPEN, OPEN_APPEAL, QUEUE, RELEASE, mend, step_line
from bot.screens.elements import MOST_PRESSES, Press, Screen, Style, moment
from bot.store.effects import Effect
from bot.store.queue import Place
from bot.store.stops import HeldUp
from bot.store.tasks import Task, TaskKind
from bot.words import Voice

PAGE, OPEN_TASK, OPEN_CONCERN, SEEN, RETRY = "page", "opentask", "openconcern", "seen", "retry"

_HAVE_A_NEXT = frozenset({*FOR_THE_TEAM, Group.APPEALS})
_TO_OPEN = _HAVE_A_NEXT | {Group.CONCERNS}
"""The lists whose lines have a button on the first screen."""

LOOK_AGAIN = "lookatdecision"
ANYWAY = "anyway"

_BLANK = "-"
_TOLD_IN_HOURS = timedelta(days=2)


def overview(voice: Voice, result: Overview) -> Screen:
    """What waits for the team, list by list."""
    earlier = result.earlier
    before_us = ""
    if earlier.listed:
        before_us = voice.say(
            "queue_earlier", listed=earlier.listed, asked=earlier.asked, answered=earlier.answered
        )
    if not result.lists and not result.stuck_count:
        return Screen(f"{voice.say('queue_empty')}\n\n{before_us}".rstrip())
    parts = [_list(voice, listed, result.now) for listed in result.lists]
    if result.stuck or result.held_up:
        lines = [f"- {_held_up(voice, held_up)}" for held_up in result.held_up]
        lines += [f"- {_stuck(voice, effect, code)}" for effect, code in result.stuck]
        parts.append("\n".join([voice.say("queue_stuck", count=result.stuck_count), *lines]))
    parts.append(before_us)
    return Screen("\n\n".join(part for part in parts if part), tuple(_presses(voice, result)))


def page(voice: Voice, result: Page) -> Screen:
    """A page of one list, with the way to the next one and back."""
    listed = result.listed
    if not listed.lines and not listed.tasks:
        return Screen(voice.say("queue_page_empty"), (Press(QUEUE, voice.say("show_queue")),))
    presses = [*_opening(voice, listed.lines), *_task_presses(voice, listed.tasks)]
    if listed.more is not None:
        ref = page_ref(listed.group, listed.more)
        presses.append(Press(PAGE, voice.say("next_page"), ref, Style.PRIMARY))
    presses.append(Press(QUEUE, voice.say("show_queue")))
    return Screen(_list(voice, listed, result.now), tuple(presses))


def found(voice: Voice, result: Found) -> Screen:
    """What a filter found."""
    back = Press(QUEUE, voice.say("show_queue"))
    if not result.lines:
        return Screen(voice.say("queue_none_found"), (back,))
    lines = [f"- {_line(voice, shown, result.now)}" for shown in result.lines]
    if result.cut:
        lines.append(voice.say("queue_found_cut"))
    text = "\n".join([voice.say("queue_found"), *lines])
    return Screen(text, (*_opening(voice, result.lines), back))


def page_ref(group: Group, place: Place) -> str:
    """What the button to a page carries: the list, and where the page begins."""
    return f"{group.value}.{place.due}.{place.id or _BLANK}"


def read_page_ref(ref: str) -> tuple[Group, Place]:
    """What ``page_ref`` wrote. Raises ValueError for anything else."""
    group, due, item_id = ref.split(".")
    return Group(group), Place(int(due), "" if item_id == _BLANK else item_id)


def _list(voice: Voice, listed: Listed, now: datetime) -> str:
    count = _count(listed.count, len(listed.tasks), more=listed.more is not None)
    heading = voice.say("queue_list", list=voice.say(f"group_{listed.group.value}"), count=count)
    lines = [f"- {_line(voice, shown, now)}" for shown in listed.lines]
    lines += [
        f"{number}. {voice.say(f'task_{task.kind.value}', since=moment(task.opened_at))}"
        for number, task in enumerate(listed.tasks, start=1)
    ]
    return "\n".join([heading, *lines])


def _count(count: int | None, shown: int, *, more: bool) -> str:
    """How many there are, as far as anybody counted."""
    if count is None:
        return f"{shown}+" if more else str(shown)
    return f"{COUNTED}+" if count > COUNTED else str(count)


def _line(voice: Voice, shown: Shown, now: datetime) -> str:
    line = shown.line
    told = voice.say("queue_line", case_code=line.code, line=step_line(voice, line, shown.holder))
    if line.case is not None and line.case.automod:
        told = f"{told} {voice.say('automod_blocked')}"
    return f"{told} {voice.say('past_target')}" if line.step.is_late(now) else told


def _stuck(voice: Voice, effect: Effect, code: str) -> str:
    how = mend(voice, effect.kind, effect.last_code)
    return voice.say("stuck_line", effect=voice.say(f"effect_{effect.kind.value}"), case_code=code, mend=how)


def _held_up(voice: Voice, held_up: HeldUp) -> str:
    return voice.say(
        "held_up_line",
        effect=voice.say(f"effect_{held_up.kind.value}"),
        since=moment(held_up.since),
        waiting=held_up.waiting,
        mend=mend(voice, held_up.kind, held_up.code),
    )


def _presses(voice: Voice, result: Overview) -> list[Press]:
    """The way on first: what does not fit under one message is on the pages."""
    presses = []
    if any(listed.lines for listed in result.lists if listed.group in _HAVE_A_NEXT):
        presses.append(Press(NEXT, voice.say("open_next"), style=Style.PRIMARY))
    for listed in result.lists:
        if listed.more is not None:
            label = voice.say("queue_more", list=voice.say(f"group_{listed.group.value}"))
            presses.append(Press(PAGE, label, page_ref(listed.group, listed.more)))
    presses.extend(
        Press(
            RETRY,
            voice.say("try_again", case_code=voice.say(f"effect_{held_up.kind.value}")),
            held_up.ref,
        )
        for held_up in result.held_up
    )
    presses.extend(
        Press(
            RETRY,
            voice.say("try_again", case_code=code or voice.say(f"effect_{effect.kind.value}")),
            effect.ref,
        )
        for effect, code in result.stuck
    )
    presses.extend(_task_presses(voice, result.tasks))
    lines = [shown for listed in result.lists for shown in listed.lines if listed.group in _TO_OPEN]
    return [*presses, *_opening(voice, tuple(lines))][:MOST_PRESSES]


def _opening(voice: Voice, lines: tuple[Shown, ...]) -> list[Press]:
    found = []
    for line in (shown.line for shown in lines):
        label = voice.say("open_code", case_code=line.code)
        if line.step.group is Group.APPEALS:
            found.append(Press(OPEN_APPEAL, label, line.item_id))
        elif line.case is not None:
            found.append(Press(OPEN, label, line.case.id))
        elif line.step.group is Group.CONCERNS:
            found.append(Press(OPEN_CONCERN, label, line.code.replace("-", "")))
    return found


def _task_presses(voice: Voice, tasks: tuple[Task, ...]) -> list[Press]:
    presses = []
    for number, task in enumerate(tasks, start=1):
        late = task.kind is TaskKind.LATE_INTEREST
        label = voice.say("look_at_decision" if late else "open_task", number=number)
        presses.append(Press(LOOK_AGAIN if late else OPEN_TASK, label, task.id))
        presses.append(Press(SEEN, voice.say("task_seen", number=number), task.id))
    return presses


def claimed(voice: Voice, result: ClaimResult) -> Screen:
    """What taking something on, letting go of it or handing it over came to."""
    match result:
        case Held(code=code, holder=holder, case_id=case_id, mine=mine):
            user = f"<@{holder.user_id}>" if holder.user_id else voice.say("somebody_of_the_team")
            text = voice.say("claim_yours" if mine else "claim_handed_over", case_code=code, user=user)
            opening = (Press(OPEN, voice.say("open_file"), case_id, Style.PRIMARY),) if case_id else ()
            letting_go = (Press(RELEASE, voice.say("release"), code.replace("-", "")),) if mine else ()
            return Screen(text, (*opening, *letting_go))
        case Free(code=code):
            return Screen(voice.say("claim_free", case_code=code), (Press(QUEUE, voice.say("show_queue")),))
        case Taken(case_id=case_id, may_anyway=may_anyway):
            return taken(voice, result, case_id if may_anyway else None)
        case NotClaimed(why=why, code=code):
            return refusals.may_not(voice, why, code)


def taken(voice: Voice, result: Taken, case_id: str | None, again: tuple[str, str] = (OPEN, "")) -> Screen:
    """Somebody else has it; with the way to go on anyway, if there is one.

    ``again`` is the press that is meant: its action and ref. Without a ref, the file is opened.
    """
    holder = result.holder
    user = f"<@{holder.user_id}>" if holder.user_id else voice.say("somebody_of_the_team")
    text = voice.say("claim_taken", case_code=result.code, user=user, since=moment(holder.since))
    if case_id is None:
        return Screen(text, (Press(NEXT, voice.say("open_next")),))
    action, ref = again
    presses = (Press(ANYWAY, voice.say("go_on_anyway"), f"{case_id}.{action}.{ref or case_id}"),)
    return Screen(f"{text} {voice.say('claim_may_anyway')}", presses)


def stats(voice: Voice, result: Stats) -> Screen:
    """How the team is doing, in numbers about nobody."""
    late = ", ".join(
        voice.say(
            "stats_open_line",
            list=voice.say(f"group_{one.group.value}"),
            count=_count(one.count, 0, more=False),
            late=_count(one.late, 0, more=False),
        )
        for one in result.open_now
    )
    parts = [voice.say("stats_now", lists=late or voice.say("stats_none"))]
    parts += [_window(voice, window) for window in result.windows]
    return Screen("\n\n".join([voice.say("stats_title"), *parts]))


def _window(voice: Voice, window: Window) -> str:
    lines = [voice.say("stats_window", days=window.days)]
    if window.waits:
        lines.append(
            voice.say("stats_waits", median=_span(voice, window.median), most=_span(voice, window.ninetieth))
        )
    outcomes = ", ".join(
        f"{voice.say(f'outcome_{outcome.value}')}: {count}" for outcome, count in window.outcomes
    )
    lines.append(voice.say("stats_outcomes", outcomes=outcomes or voice.say("stats_none")))
    if window.cut:
        lines.append(voice.say("stats_cut", count=window.decisions))
    lines.append(voice.say("stats_appeals", decided=window.appeals, changed=window.appeals_changed))
    lines.append(voice.say("stats_concerns", count=window.concerns))
    return "\n".join(lines)


def _span(voice: Voice, span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    if hours < 1:
        return voice.say("span_under_hour")
    if span < _TOLD_IN_HOURS:
        return voice.say("span_hours", hours=hours)
    return voice.say("span_days", days=round(span / timedelta(days=1)))
