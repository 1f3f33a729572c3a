"""Facts that the core computes, pure. Conditions use them by name, beside the fields.

Every fact is a code from a closed list, so that the configuration check can reason about it and
the database can keep it in plain sight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import interests as known
from bot.answers import Reading
from bot.interests import client_is_missing, disclosure_from, is_paid_now, is_recent
from bot.model import Disclosed, Disclosure

DOMAINS: Mapping[str, tuple[str, ...]] = {
    "disclosed": ("none", "some", "undisclosed"),
    "paid_now": ("yes", "no"),
    "recent_link": ("yes", "no"),
    "client_missing": ("yes", "no"),
    "contradiction": ("yes", "no"),
    "account_age": ("new", "older"),
    "rejoined": ("yes", "no"),
    "earlier_outcome": ("none", "admitted", "declined", "redirected", "taken_back", "ended"),
    "held_before": ("yes", "no"),
    "source": ("gate", "conversation", "update"),
    "wave": ("yes", "no"),
    "paused": ("yes", "no"),
}
"""Every fact with every value it can take."""

MEANINGS: Mapping[str, str] = {
    "disclosed": "none: an explicit nil return. some: links were given. undisclosed: neither.",
    "paid_now": "whether the person is paid through a link today",
    "recent_link": "whether a link of their own is going on or ended less than three years ago",
    "client_missing": "whether an agency is named without the client that the work is for",
    "contradiction": "whether two answers do not fit together",
    "account_age": "new: the Discord account is younger than admission.new_account",
    "rejoined": "whether there was an earlier case",
    "earlier_outcome": "how the last earlier case ended",
    "held_before": "whether a person had to see to answers of theirs before",
    "source": "where the answers come from",
    "wave": "whether the person came while many joined at once",
    "paused": "whether a moderator has paused the gate",
}


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a person besides the answers."""

    account_created: datetime
    earlier_outcome: str = "none"
    held_before: bool = False
    source: str = "gate"
    wave: bool = False
    """They came while many joined at once."""
    paused: bool = False
    """A moderator has paused the gate."""


def facts_of(reading: Reading, history: History, *, now: datetime, new_account: timedelta) -> dict[str, str]:
    """All facts, by name."""
    disclosure = disclosure_from(reading)
    return {
        "disclosed": disclosure.disclosed.value,
        "paid_now": _yes(any(is_paid_now(i) for i in disclosure.interests)),
        "recent_link": _yes(any(is_recent(i) for i in disclosure.interests)),
        "client_missing": _yes(any(client_is_missing(i) for i in disclosure.interests)),
        "contradiction": _yes(bool(contradictions(reading, disclosure))),
        "account_age": "new" if now - history.account_created < new_account else "older",
        "rejoined": _yes(history.earlier_outcome != "none"),
        "earlier_outcome": history.earlier_outcome,
        "held_before": _yes(history.held_before),
        "source": history.source,
        "wave": _yes(history.wave),
        "paused": _yes(history.paused),
    }


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def contradictions(reading: Reading, disclosure: Disclosure) -> tuple[str, ...]:
    """Codes of answers that do not seem to fit together. Our wording may be at fault."""
    interests = disclosure.interests
    asked = reading.code(known.INSTRUCTED) == "asked"
    uses = set(reading.codes(known.DATA_USE))
    checks = {
        "work_without_link": reading.code(known.CAPACITY) == "work"
        and disclosure.disclosed is Disclosed.NONE,
        "asked_without_client": asked and not any(i.on_behalf_of for i in interests),
        "nothing_and_sharing": "nothing" in uses
        and not {"recruit", "publish"}.isdisjoint(reading.codes(known.PURPOSE)),
        "nothing_and_more": "nothing" in uses and len(uses) > 1,
        "ended_but_asked": asked
        and bool(interests)
        and all("employment" in i.relationships and i.period == "older" for i in interests),
    }
    return tuple(code for code, found in checks.items() if found)
