"""What stands in the review channel: cards and notices."""

from bot.model import CaseState
from bot.ports import Why
from bot.review.alerts import COUNTED, Late, Summed
from bot.review.next_step import Group, Owner
from bot.screens import keeper
from bot.screens.elements import Press, Screen, Style, moment, since
from bot.store.cases import Case
from bot.store.decisions import Decision
from bot.store.effects import EffectKind
from bot.store.queue import Line
from bot.words import Voice

OPEN, NEXT, QUEUE, CLAIM, RELEASE = "open", "next", "queue", "claim", "release"
OPEN_APPEAL = "openappeal"

TO_TAKE = frozenset({Group.DECIDE, Group.TALK, Group.ASKED, Group.BLOCKED, Group.UNANSWERED, Group.APPEALS})
"""The lists whose lines somebody can look after by a press on a card."""

_MOVING = frozenset({Group.UNANSWERED, Group.ASIDE})
"""The lists whose times move with every page that somebody saves, and are no one's to keep."""

_OF_THE_STEP = frozenset({Group.SECOND, Group.BLOCKED, Group.ASKED, Group.APPEALS, Group.CONCERNS})
"""The lists that say themselves why their lines wait; elsewhere the case says it."""

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


def card(
    voice: Voice,
    case: Case,
    line: Line | None,
    holder: int | None,
    decision: Decision | None,
    decided_by: int | None,
) -> Screen:
    """The card of a case: code, whose turn it is, wait and a neutral reason; never who it is about.

    ``line`` is what the queue says of it, None where nothing is open; ``holder`` the Discord id of
    whoever has it.
    """
    parts = [] if case.state.is_open else [_ending(voice, case, decision, decided_by)]
    if line is None:
        return Screen(voice.say("card", case_code=case.code, line="\n".join(parts)))
    parts.append(step_line(voice, line, holder))
    presses = [Press(OPEN, voice.say("open_file"), case.id, Style.PRIMARY)]
    if not line.step.holder_id and line.step.group in TO_TAKE:
        presses.append(Press(CLAIM, voice.say("claim"), case.id))
    return Screen(voice.say("card", case_code=case.code, line="\n".join(parts)), tuple(presses))


def step_line(voice: Voice, line: Line, holder: int | None) -> str:
    """Whose turn it is, since when and until when, and who has it: the same on a card and in the queue."""
    step = line.step
    told = voice.say("step_line", reason=step_reason(voice, line), since=since(step.since))
    if step.group not in _MOVING:
        told = f"{told} {voice.say('step_due', due=moment(step.due_at))}"
    if not step.holder_id:
        return told
    return f"{told} {voice.say('step_with', user=f'<@{holder}>') if holder else voice.say('step_with_team')}"


def step_reason(voice: Voice, line: Line) -> str:
    """Why something waits, neutral enough for a shared channel."""
    step = line.step
    if step.group is Group.SECOND and step.owner is Owner.CLOCK:
        return voice.say("step_wait")
    if line.case is None or step.group in _OF_THE_STEP:
        return voice.say(f"step_{step.group.value}")
    return waiting_reason(voice, line.case)


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
    """Something for the whole team to hear, such as ``wave:25``."""
    kind, _, argument = target.partition(":")
    if kind == "wave_over":
        return keeper.wave_over(voice, argument)
    if kind == "stopped":
        return _stopped(voice, *argument.split(":"))
    presses = keeper.notice_presses(voice, kind)
    if presses is None:
        presses = () if kind in _ABOUT_THE_SERVER else (Press(QUEUE, voice.say("show_queue")),)
    return Screen(voice.say(f"notice_{kind}", argument=argument), presses)


def digest(voice: Voice, lists: tuple[Summed, ...]) -> Screen:
    """What waits for the team, once a day: how much, how long, and nothing about anybody."""
    lines = [
        voice.say(
            "digest_line",
            list=voice.say(f"group_{one.group.value}"),
            count=f"{COUNTED}+" if one.count > COUNTED else one.count,
            oldest=moment(one.oldest),
        )
        for one in lists
    ]
    text = "\n".join([voice.say("digest"), *(f"- {line}" for line in lines)])
    return Screen(text, (Press(NEXT, voice.say("open_next"), style=Style.PRIMARY), _to_queue(voice)))


def late(voice: Voice, found: Late) -> Screen:
    """What has come past its time."""
    codes = ", ".join(f"`{code}`" for code in found.codes)
    more = voice.say("late_more", more=found.more) if found.more else ""
    return Screen(f"{voice.say('late', codes=codes)} {more}".rstrip(), (_to_queue(voice),))


def nudge(voice: Voice, codes: tuple[str, ...]) -> Screen:
    """Tell somebody that what they have is late. It may be read on a locked phone."""
    return Screen(voice.say("nudge", codes=", ".join(codes)))


def _to_queue(voice: Voice) -> Press:
    return Press(QUEUE, voice.say("show_queue"))


def _stopped(voice: Voice, kind: str, code: str) -> Screen:
    """A kind of effect does not work any more."""
    text = voice.say(
        "notice_stopped", effect=voice.say(f"effect_{kind}"), mend=mend(voice, EffectKind(kind), code)
    )
    return Screen(text, (Press(QUEUE, voice.say("show_queue")),))


def and_back(voice: Voice, key: str) -> Screen:
    """A short answer, with the way back to the queue."""
    return Screen(voice.say(key), (Press(QUEUE, voice.say("show_queue")),))


def mend(voice: Voice, kind: EffectKind, code: str) -> str:
    """What somebody has to do. A right that is missing is another one for each kind."""
    of_its_own = code == Why.FORBIDDEN and kind in _RIGHTS_OF_THEIR_OWN
    return voice.say(f"mend_{code}_{kind.value}" if of_its_own else f"mend_{code}")
