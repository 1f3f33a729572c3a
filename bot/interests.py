"""What a set of answers discloses, pure: nothing to disclose, interests, or not disclosed.

Some fields mean something to the core. They are known by their ids, listed here; an admin may word
them freely and add others around them.
"""

from bot.answers import Entry, Reading
from bot.model import Disclosed, Disclosure, Interest
from bot.questionnaire import RATHER_NOT_SAY

BELONGS = "belongs"
AGE_OK = "age_ok"
CAPACITY = "capacity"
LINKS = "links"
LINK_PAGE = "link"
CATEGORY = "category"
ORGANISATION = "organisation"
ON_BEHALF_OF = "on_behalf_of"
RELATIONSHIP = "relationship"
PERIOD = "period"
PURPOSE = "purpose"
DATA_USE = "data_use"
REPORTING_DUTY = "reporting_duty"
INSTRUCTED = "instructed"
GOAL = "goal"

KNOWN_OPTIONS = {
    BELONGS: frozenset({"yes", "not_sure", "no", RATHER_NOT_SAY}),
    AGE_OK: frozenset({"yes", "no"}),
    CAPACITY: frozenset({"self", "work", "both"}),
    LINKS: frozenset({"yes", "no", "not_sure", RATHER_NOT_SAY}),
    PERIOD: frozenset({"current", "past36", "older", RATHER_NOT_SAY}),
    REPORTING_DUTY: frozenset({"yes", "no", "not_sure", RATHER_NOT_SAY}),
    INSTRUCTED: frozenset({"asked", "knows", "unaware", RATHER_NOT_SAY}),
}
"""The options that the core understands, for the fields whose options it must understand."""

NEEDED_FIELDS = (BELONGS, AGE_OK, LINKS, CATEGORY, ORGANISATION, RELATIONSHIP, PERIOD)
"""Without these there is no telling what somebody disclosed."""

NEEDED_OPTIONS = {BELONGS: ("yes",), AGE_OK: ("yes", "no"), LINKS: ("yes", "no")}

NOT_ASKED_AGAIN = frozenset({BELONGS, AGE_OK})
"""A member who changes their links is asked about links only, never again about belonging."""

PAID = frozenset({"employment", "contract", "advice_speaking", "travel_gifts", "ownership"})
"""Relationships that bring money or its worth. Help with travel or gifts is shown like pay."""

FAMILY = "family"


def disclosure_from(reading: Reading) -> Disclosure:
    """What the answers amount to. Only an explicit "no" is a nil return."""
    links = reading.code(LINKS)
    if not links:
        return _undisclosed("unanswered")
    if links == RATHER_NOT_SAY:
        return _undisclosed("refused")
    entries = reading.entries(LINK_PAGE)
    if links == "no":
        return Disclosure(Disclosed.NONE) if not entries else _undisclosed("partial")
    if not entries:
        return _undisclosed("partial")
    shown = reading.shown(LINK_PAGE)
    if shown is None or any(shown.problems(entry) for entry in entries):
        return _undisclosed("partial")
    interests = tuple(_interest(entry, reading) for entry in entries)
    if any(_refused(entry) for entry in entries):
        return Disclosure(Disclosed.UNDISCLOSED, interests, "refused")
    return Disclosure(Disclosed.SOME, interests)


def _undisclosed(gap: str) -> Disclosure:
    return Disclosure(Disclosed.UNDISCLOSED, gap=gap)


def _refused(entry: Entry) -> bool:
    """Whether what makes a link readable at all was refused."""
    return any(RATHER_NOT_SAY in entry.codes(name) for name in (CATEGORY, RELATIONSHIP, PERIOD))


def _interest(entry: Entry, reading: Reading) -> Interest:
    relationships = entry.codes(RELATIONSHIP)
    return Interest(
        category=entry.code(CATEGORY),
        relationships=relationships,
        holder="family" if relationships == (FAMILY,) else "self",
        capacity=reading.code(CAPACITY),
        period=entry.code(PERIOD),
        purposes=reading.codes(PURPOSE),
        data_uses=reading.codes(DATA_USE),
        reporting_duty=reading.code(REPORTING_DUTY),
        instructed=reading.code(INSTRUCTED),
        organisation=entry.text(ORGANISATION),
        on_behalf_of=entry.text(ON_BEHALF_OF),
        goal=reading.text(GOAL),
    )


def is_paid_now(interest: Interest) -> bool:
    """Whether the person themselves is paid through this link today."""
    return (
        interest.holder == "self"
        and interest.period == "current"
        and not PAID.isdisjoint(interest.relationships)
    )


def is_recent(interest: Interest) -> bool:
    """Whether it is the person's own link and ended less than three years ago, or has not ended."""
    return interest.holder == "self" and interest.period != "older"


def client_is_missing(interest: Interest) -> bool:
    """Whether an agency or supplier is named without the client that the work is for."""
    return interest.category == "agency" and interest.period == "current" and not interest.on_behalf_of
