"""What the look at the server comes to, in words: for the notice, for ``/gate doctor``, for the terminal."""

from collections.abc import Iterable, Sequence

from bot.layout.findings import Finding
from bot.screens.elements import MESSAGE_LIMIT, Press, Screen, inert, shorten
from bot.words import Voice

AGAIN = "lookagain"

_SHOWN = 12
_NAMES = 8
_ROOM = 400
"""What a notice keeps free for the sentences around it."""


def told(voice: Voice, finding: Finding) -> str:
    """One finding: what it is, why it matters, how to mend it."""
    parts = {part: said(voice, finding, part) for part in ("what", "why", "mend")}
    return voice.say("finding", what=parts["what"], why=parts["why"], mend=parts["mend"])


def said(voice: Voice, finding: Finding, part: str) -> str:
    """``what``, ``why`` or ``mend`` of a finding."""
    powers = [voice.say(f"power_{power}") for power in finding.powers]
    channels = _named(finding.channels)
    means = ", ".join(filter(None, [*powers, channels])) or voice.say("finding_no_names")
    return voice.say(
        f"finding_{finding.code.value}_{part}",
        roles=_named(finding.roles),
        channels=channels,
        bots=_named(finding.bots),
        powers=", ".join(powers),
        means=means,
        count=finding.count,
    )


def _named(names: Sequence[str]) -> str:
    shown = [inert(shorten(name, 100)) for name in names[:_NAMES]]
    return ", ".join([*shown, *(["…"] if len(names) > _NAMES else [])])


def headline(voice: Voice, findings: Sequence[Finding]) -> str:
    """Whether there is a way past the gate, in one line."""
    opening = sum(finding.opens for finding in findings)
    if opening:
        return voice.say("findings_open", count=opening)
    return voice.say("findings_to_mend" if findings else "findings_none", count=len(findings))


def doctor(voice: Voice, findings: Sequence[Finding]) -> Screen:
    """Everything that was found, the ways past the gate first."""
    parts = [headline(voice, findings), *(told(voice, finding) for finding in findings[:_SHOWN])]
    if len(findings) > _SHOWN:
        parts.append(voice.say("findings_more", more=len(findings) - _SHOWN))
    return Screen("\n\n".join(parts), (Press(AGAIN, voice.say("look_again")),))


def not_looked(voice: Voice, *, allowed: bool) -> Screen:
    """The server could not be looked at."""
    key = "not_looked" if allowed else "not_looked_at_all"
    return Screen(voice.say(key), (Press(AGAIN, voice.say("look_again")),))


def notice(voice: Voice, findings: Iterable[Finding]) -> Screen:
    """What is new, for the whole team, in one message."""
    lines: list[str] = []
    left = 0
    for finding in findings:
        line = told(voice, finding)
        if left or sum(map(len, lines)) + 2 * len(lines) + len(line) > MESSAGE_LIMIT - _ROOM:
            left += 1
        else:
            lines.append(line)
    if left:
        lines.append(voice.say("findings_more", more=left))
    again = Press(AGAIN, voice.say("look_again"))
    return Screen(voice.say("notice_findings", argument="\n\n".join(lines)), (again,))
