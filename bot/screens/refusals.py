"""What moderators read where something is not for them, and the way on from there."""

from bot.screens.desk import NEXT
from bot.screens.elements import Press, Screen, Style
from bot.words import Voice

MY_INTERESTS = "myinterests"

_TELL_FIRST = frozenset({"interests_none", "interests_stale"})
_NO_MORE_THAN_A_LINE = frozenset({"recused", "own_case", "not_a_moderator", "no_such_case", "nothing_waits"})
"""Whoever reads one of these is told just that, and there is nothing to press."""


def may_not(voice: Voice, code: str, case_code: str = "") -> Screen:
    """Not for this person, not now, or not there; with what leads on."""
    text = voice.say(f"may_not_{code}", case_code=case_code)
    if code in _NO_MORE_THAN_A_LINE:
        return Screen(text)
    return Screen(text, own_links(voice, code) or (Press(NEXT, voice.say("open_next")),))


def own_links(voice: Voice, code: str) -> tuple[Press, ...]:
    """The way to one's own links, where the code says that they come first; else nothing."""
    return (to_own_links(voice),) if code in _TELL_FIRST else ()


def to_own_links(voice: Voice) -> Press:
    """The button to one's own links."""
    return Press(MY_INTERESTS, voice.say("interests_to_mine"), style=Style.PRIMARY)
