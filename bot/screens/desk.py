"""What moderators see: cards and notices in the review channel, and the queue."""

from bot.model import CaseState
from bot.ports import Why
from bot.review.desk import Queue
from bot.screens import keeper
from bot.screens.elements import Press, Screen, Style, moment, since
from bot.store.cases import Case
from bot.store.decisions import Decision
from bot.store.effects import Effect, EffectKind
from bot.store.queue import Waiting
from bot.store.stops import HeldUp
from bot.words import Voice

OPEN, OPEN_TASK, NEXT, SEEN, RETRY, QUEUE = "open", "opentask", "next", "seen", "retry", "queue"

_RIGHTS_OF_THEIR_OWN = {
    EffectKind.GRANT,
    EffectKind.REVOKE,
    EffectKind.REMOVE,
    EffectKind.ERRAND,
    EffectKind.THREAD,
    EffectKind.CLOSE_THREAD,
}


_ABOUT_THE_SERVER = frozenset({"mended", "cannot_look", "cannot_read"})
"""Notices that nothing in the queue goes with."""


def card(voice: Voice, case: Case, decision: Decision | None, decided_by: int | None) -> Screen:
    """The card of a case: code, wait and a neutral reason; never who it is about, nor an answer."""
    if not case.state.is_open:
        ending = _ending(voice, case, decision, decided_by)
        return Screen(voice.say("card_closed", case_code=case.code, ending=ending))
    text = voice.say(
        "card", case_code=case.code, reason=waiting_reason(voice, case), since=since(case.waiting_since)
    )
    return Screen(text, (Press(OPEN, voice.say("open_file"), case.id, Style.PRIMARY),))


def _ending(voice: Voice, case: Case, decision: Decision | None, decided_by: int | None) -> str:
    if decision is None or case.closed_at is None:
        return voice.say(f"state_{case.state.value}")
    who = decider(voice, decided_by, automated=decision.automated)
    return voice.say(
        "decided_line", state=voice.say(f"state_{case.state.value}"), who=who, at=moment(case.closed_at, "f")
    )


def decider(voice: Voice, user_id: int | None, *, automated: bool) -> str:
    """Who decided. A moderator who had everything deleted was one of the team."""
    if automated:
        return voice.say("by_machine")
    return voice.say("by_moderator", user=f"<@{user_id}>") if user_id else voice.say("by_team")


def waiting_reason(voice: Voice, case: Case) -> str:
    """Why a case waits, neutral enough for a shared channel."""
    reasons = []
    if case.state is CaseState.HELD and case.hold_reason is not None:
        reasons.append(voice.say(f"hold_{case.hold_reason.value}"))
    elif case.state is CaseState.ANSWERING:
        reasons.append(voice.say("card_changing" if case.held_at is not None else "state_answering"))
    if case.wants_person_at is not None:
        reasons.append(voice.say("wants_person"))
    return "; ".join(reasons) or voice.say("state_waiting")


def notice(voice: Voice, target: str) -> Screen:
    """Something for the whole team to hear, such as ``overdue:3``."""
    kind, _, argument = target.partition(":")
    if kind == "wave_over":
        return keeper.wave_over(voice, argument)
    if kind == "stopped":
        return _stopped(voice, *argument.split(":"))
    presses = keeper.notice_presses(voice, kind)
    if presses is None:
        presses = () if kind in _ABOUT_THE_SERVER else (Press(QUEUE, voice.say("show_queue")),)
    return Screen(voice.say(f"notice_{kind}", argument=argument), presses)


def _stopped(voice: Voice, kind: str, code: str) -> Screen:
    """A kind of effect does not work any more."""
    text = voice.say(
        "notice_stopped", effect=voice.say(f"effect_{kind}"), mend=_mend(voice, EffectKind(kind), code)
    )
    return Screen(text, (Press(QUEUE, voice.say("show_queue")),))


def and_back(voice: Voice, key: str) -> Screen:
    """A short answer, with the way back to the queue."""
    return Screen(voice.say(key), (Press(QUEUE, voice.say("show_queue")),))


def queue(voice: Voice, result: Queue) -> Screen:
    """What waits for the team, as lists of their own."""
    counts, earlier = result.counts, result.earlier
    before_us = ""
    if earlier.listed:
        before_us = voice.say(
            "queue_earlier", listed=earlier.listed, asked=earlier.asked, answered=earlier.answered
        )
    if not any(counts.values()):
        return Screen(f"{voice.say('queue_empty')}\n\n{before_us}".rstrip())
    parts = [
        _list(voice, "queue_to_decide", result.to_decide, counts["to_decide"], result),
        _list(voice, "queue_to_talk", result.to_talk, counts["to_talk"], result),
        _list(voice, "queue_unanswered", result.unanswered, counts["unanswered"], result),
    ]
    if result.tasks:
        lines = [
            f"{number}. {voice.say(f'task_{task.kind.value}', since=moment(task.opened_at))}"
            for number, task in enumerate(result.tasks, start=1)
        ]
        parts.append("\n".join([voice.say("queue_tasks", count=counts["tasks"]), *lines]))
    if result.stuck or result.held_up:
        lines = [f"- {_held_up(voice, held_up)}" for held_up in result.held_up]
        lines += [f"- {_stuck(voice, effect, code)}" for effect, code in result.stuck]
        parts.append("\n".join([voice.say("queue_stuck", count=counts["stuck"]), *lines]))
    parts.append(before_us)
    return Screen("\n\n".join(part for part in parts if part), tuple(_queue_presses(voice, result))[:25])


def _list(voice: Voice, key: str, waiting: tuple[Waiting, ...], count: int, result: Queue) -> str:
    if not waiting:
        return ""
    lines = [voice.say(key, count=count), *(f"- {_waiting(voice, item, result)}" for item in waiting)]
    if count > len(waiting):
        lines.append(voice.say("queue_more", more=count - len(waiting)))
    return "\n".join(lines)


def _waiting(voice: Voice, item: Waiting, result: Queue) -> str:
    reason = (
        voice.say(f"hold_{item.hold_reason.value}")
        if item.hold_reason
        else voice.say(f"state_{item.state.value}")
    )
    late = voice.say("past_target") if item.target_at and item.target_at < result.now else ""
    if item.automod:
        reason = f"{reason}; {voice.say('automod_blocked')}"
    line = voice.say("queue_line", case_code=item.code, since=moment(item.since), reason=reason)
    return f"{line} {late}".rstrip()


def _stuck(voice: Voice, effect: Effect, code: str) -> str:
    mend = _mend(voice, effect.kind, effect.last_code)
    return voice.say("stuck_line", effect=voice.say(f"effect_{effect.kind.value}"), case_code=code, mend=mend)


def _held_up(voice: Voice, held_up: HeldUp) -> str:
    return voice.say(
        "held_up_line",
        effect=voice.say(f"effect_{held_up.kind.value}"),
        since=moment(held_up.since),
        waiting=held_up.waiting,
        mend=_mend(voice, held_up.kind, held_up.code),
    )


def _mend(voice: Voice, kind: EffectKind, code: str) -> str:
    """What somebody has to do. A right that is missing is another one for each kind."""
    of_its_own = code == Why.FORBIDDEN and kind in _RIGHTS_OF_THEIR_OWN
    return voice.say(f"mend_{code}_{kind.value}" if of_its_own else f"mend_{code}")


def _queue_presses(voice: Voice, result: Queue) -> list[Press]:
    presses = []
    if result.to_decide or result.to_talk:
        presses.append(Press(NEXT, voice.say("open_next"), style=Style.PRIMARY))
    seen: dict[str, str] = {}
    for item in (*result.to_decide, *result.to_talk):
        seen.setdefault(item.case_id, item.code)
    presses.extend(Press(OPEN, voice.say("open_code", case_code=code), ref) for ref, code in seen.items())
    for number, task in enumerate(result.tasks, start=1):
        presses.append(Press(OPEN_TASK, voice.say("open_task", number=number), task.id))
        presses.append(Press(SEEN, voice.say("task_seen", number=number), task.id))
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
    return presses
