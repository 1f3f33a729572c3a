"""What moderators see of their own links, and of being kept from a case."""

from bot.config import Config
from bot.fairness.aside import Aside, AskedAside, Candidates, CannotAsk, NotAside
from bot.fairness.interests import NotForThem, OwnInterests, Renewed
from bot.screens import refusals
from bot.screens.desk import NEXT, QUEUE
from bot.screens.elements import Press, Screen, Style, moment
from bot.screens.links import disclosure_lines
from bot.screens.panel import START
from bot.submission import LinksChanged
from bot.words import Voice

STILL_RIGHT, CHANGE_OWN = "stillright", "changeown"
WHO_STAYS_OUT, STAYS_OUT = "whostaysout", "staysout"
STEP_ASIDE, STEP_ASIDE_NOW = "stepaside", "stepasidenow"


def on_record(voice: Voice, config: Config, result: OwnInterests | NotForThem) -> Screen:
    """What a moderator told about themselves, until when it is good, and what to press."""
    if isinstance(result, NotForThem):
        return refusals.may_not(voice, result.code)
    told = "interests_change" if result.logged else "interests_tell"
    label = "interests_carry_on" if result.changing else told
    change = Press(
        CHANGE_OWN, voice.say(label), style=Style.PRIMARY if not result.good_until else Style.NEUTRAL
    )
    if result.logged is None:
        return Screen(voice.say("interests_not_told"), (change,))
    links = disclosure_lines(voice, config.questionnaire, result.logged.disclosure, own=True)
    parts = [voice.say("interests_told", at=moment(result.logged.at, "D"), links=links)]
    if result.good_until is None:
        parts.append(voice.say("interests_undisclosed"))
        return Screen("\n\n".join(parts), (change,))
    key = "interests_good" if result.is_good else "interests_ran_out"
    parts.append(voice.say(key, until=moment(result.good_until, "D")))
    still = Press(STILL_RIGHT, voice.say("interests_still_right"), result.logged.id, Style.GOOD)
    return Screen("\n\n".join(parts), (still, change))


def renewed(voice: Voice, config: Config, result: Renewed | OwnInterests | NotForThem) -> Screen:
    """*Still right* was pressed."""
    if isinstance(result, Renewed):
        return Screen(voice.say("interests_renewed", until=moment(result.good_until, "D")), _onwards(voice))
    return on_record(voice, config, result)


def asked_to_renew(voice: Voice, *, ran_out: bool) -> Screen:
    """The message to a moderator whose disclosure runs out. Its beginning shows on locked phones."""
    return Screen(voice.say("interests_renew_late" if ran_out else "interests_renew"))


def stepped_aside(voice: Voice, result: Aside | NotAside) -> Screen:
    """``/review step-aside``."""
    if isinstance(result, Aside):
        return Screen(voice.say("aside_done", case_code=result.code), _onwards(voice))
    return refusals.may_not(voice, result.code)


def before_stepping_aside(voice: Voice, code: str) -> Screen:
    """*Step aside* was pressed: make sure, because it cannot be taken back. ``code`` is as in custom ids."""
    now = Press(STEP_ASIDE_NOW, voice.say("aside_now"), code, Style.DANGER)
    return Screen(voice.say("aside_sure"), (now,))


def on_record_now(voice: Voice, result: LinksChanged) -> Screen:
    """A moderator has told of their own links: they can go on where they were."""
    if result.good_until is None:
        return Screen(voice.say("interests_undisclosed"), (refusals.to_own_links(voice),))
    return Screen(voice.say("interests_on_record", until=moment(result.good_until, "D")), _onwards(voice))


def _onwards(voice: Voice) -> tuple[Press, ...]:
    next_one = Press(NEXT, voice.say("open_next"), style=Style.PRIMARY)
    return next_one, Press(QUEUE, voice.say("show_queue"))


def who_stays_out(voice: Voice) -> Press:
    """The button of an applicant's status page."""
    return Press(WHO_STAYS_OUT, voice.say("aside_button"))


def choose(voice: Voice, result: Candidates | CannotAsk) -> Screen:
    """The team, numbered, with a button each."""
    if isinstance(result, CannotAsk):
        return Screen(voice.say(f"aside_{result.code}"), (_where(voice),))
    lines = [f"{number}. <@{one.user_id}>" for number, one in enumerate(result.people, start=1)]
    presses = tuple(
        Press(STAYS_OUT, voice.say("aside_number", number=number), one.ref)
        for number, one in enumerate(result.people, start=1)
    )
    return Screen(voice.say("aside_choose", people="\n".join(lines)), presses)


def asked(voice: Voice, result: AskedAside | CannotAsk) -> Screen:
    """Somebody was chosen."""
    code = "asked" if isinstance(result, AskedAside) else result.code
    return Screen(voice.say(f"aside_{code}"), (_where(voice),))


def _where(voice: Voice) -> Press:
    return Press(START, voice.say("where_i_stand"))
