"""What an outside reviewer reads, and whoever adds one."""

from bot.fairness.outside import Added, NotAdded, TellFirst
from bot.screens import refusals
from bot.screens.elements import Press, Screen, Style
from bot.screens.links import CHANGE
from bot.store.cases import Case
from bot.words import Voice

COME = "outsidecase"


def added(voice: Voice, result: Added | NotAdded) -> Screen:
    """Somebody was added, or not."""
    if isinstance(result, NotAdded):
        return refusals.may_not(voice, result.code, result.case_code)
    key = "outside_added_before" if result.before else "outside_added"
    return Screen(voice.say(key, case_code=result.case_code))


def invitation(voice: Voice, case: Case) -> Screen:
    """The message to somebody from outside. Its button works where it stands."""
    text = voice.say("outside_invitation", case_code=case.code)
    return Screen(text, (Press(COME, voice.say("outside_begin"), case.id, Style.PRIMARY),))


def tell_first(voice: Voice, result: TellFirst, case_id: str) -> Screen:
    """Their own links come first; then the same button leads to the file."""
    tell = Press(CHANGE, voice.say("outside_tell_links"), style=Style.PRIMARY)
    go_on = Press(COME, voice.say("outside_go_on"), case_id)
    return Screen(voice.say("outside_tell_again" if result.again else "outside_tell_first"), (tell, go_on))


def over(voice: Voice) -> Screen:
    """There is nothing to look at any more."""
    return Screen(voice.say("outside_over"))
