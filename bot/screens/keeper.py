"""What moderators see of the gate as a whole: a wave of joins, the pause, and how everything stands."""

from bot.keeper import Invites, Paused, Resumed, Status
from bot.screens.elements import Press, Screen, Style, moment
from bot.words import Voice

PAUSE, RESUME, STATUS = "pausegate", "resumegate", "gatestatus"
INVITES_OFF, INVITES_ON = "invitesoff", "inviteson"


def pause_invites(voice: Voice) -> Press:
    """*Pause invites for a day*."""
    return Press(INVITES_OFF, voice.say("pause_invites"))


def _take_invites(voice: Voice) -> Press:
    return Press(INVITES_ON, voice.say("take_invites"))


def _look(voice: Voice) -> Press:
    return Press(STATUS, voice.say("gate_how_it_stands"))


def notice_presses(voice: Voice, kind: str) -> tuple[Press, ...] | None:
    """The buttons under a notice about the gate as a whole; None for a notice about something else."""
    presses = {
        "wave": (pause_invites(voice), _look(voice)),
        "paused": (pause_invites(voice), _look(voice)),
        "resumed": (_look(voice),),
    }
    return presses.get(kind)


def wave_over(voice: Voice, argument: str) -> Screen:
    """A wave has ended: ``argument`` says how many came and how many have answered."""
    came, _, answered = argument.partition(":")
    return Screen(voice.say("wave_is_over", came=came, answered=answered), (_take_invites(voice),))


def paused(voice: Voice, result: Paused) -> Screen:
    """The gate is paused."""
    text = voice.say("gate_paused")
    if result.before:
        text = voice.say("gate_paused_before", since=moment(result.since), user=_who(voice, result.by))
    resume = Press(RESUME, voice.say("resume_gate"))
    return Screen(text, (pause_invites(voice), resume))


def resumed(voice: Voice, result: Resumed) -> Screen:
    """The gate works as before."""
    if result.before:
        return Screen(voice.say("gate_not_paused"), (_look(voice),))
    return Screen(voice.say("gate_resumed"), (_take_invites(voice), _look(voice)))


def invites(voice: Voice, result: Invites) -> Screen:
    """What became of Discord's switch for invites."""
    until = moment(result.until, "f") if result.until else ""
    again = {"paused": (_take_invites(voice),), "taken": ()}.get(result.code, (pause_invites(voice),))
    return Screen(voice.say(f"invites_{result.code}", until=until), again)


def status(voice: Voice, result: Status) -> Screen:
    """How everything stands, on one screen."""
    stand = result.stand
    parts = [
        _gate_lines(voice, result),
        voice.say(
            "status_queue",
            to_decide=stand.counts["to_decide"],
            to_talk=stand.counts["to_talk"],
            unanswered=stand.counts["unanswered"],
            tasks=stand.counts["tasks"],
        ),
        voice.say("status_oldest", since=moment(stand.oldest)) if stand.oldest else "",
        voice.say("status_too_few") if result.too_few else "",
        _outbox_lines(voice, result),
        _watch_lines(voice, result),
        _version_lines(voice, result),
    ]
    switch = (
        Press(RESUME, voice.say("resume_gate"), style=Style.PRIMARY)
        if stand.pause
        else Press(PAUSE, voice.say("pause_gate"))
    )
    return Screen("\n".join(part for part in parts if part), (switch, pause_invites(voice)))


def _gate_lines(voice: Voice, result: Status) -> str:
    stand = result.stand
    if stand.pause is not None:
        who = _who(voice, result.paused_by)
        lines = [voice.say("status_paused", since=moment(stand.pause.since), user=who)]
    else:
        lines = [voice.say("status_works")]
    if stand.wave is not None:
        lines.append(voice.say("status_wave", since=moment(stand.wave.began_at), count=stand.in_wave))
    return "\n".join(lines)


def _outbox_lines(voice: Voice, result: Status) -> str:
    stand = result.stand
    lines = [voice.say("status_outbox", pending=stand.pending, stuck=stand.stuck)]
    lines += [
        voice.say("status_stopped", effect=voice.say(f"effect_{one.kind}"), since=moment(one.since))
        for one in stand.stopped
    ]
    return "\n".join(lines)


def _watch_lines(voice: Voice, result: Status) -> str:
    stand, never = result.stand, voice.say("status_never")
    lines = [
        voice.say("status_swept", at=moment(stand.swept) if stand.swept else never),
        voice.say("status_reconciled", at=moment(stand.reconciled) if stand.reconciled else never),
        voice.say("status_findings", count=result.findings),
    ]
    return "\n".join(lines)


def _version_lines(voice: Voice, result: Status) -> str:
    vitals, versions = result.vitals, result.versions
    latency = f"{vitals.latency * 1000:.0f} ms" if vitals.latency is not None else "?"
    intent = "status_intent_on" if vitals.members_intent else "status_intent_off"
    return "\n".join(
        [
            voice.say("status_discord", latency=latency),
            voice.say(intent),
            voice.say(
                "status_versions",
                porchlight=versions.porchlight,
                library=versions.library,
                python=versions.python,
                schema=versions.schema,
                questionnaire=versions.questionnaire,
                rules=versions.rules,
            ),
        ]
    )


def _who(voice: Voice, user_id: int | None) -> str:
    return f"<@{user_id}>" if user_id else voice.say("file_person_gone")
