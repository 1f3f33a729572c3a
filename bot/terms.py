"""Conditions as a letter tells them: plain words and dates, which last as long as the letter does."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo

from bot.model import Condition
from bot.words import Voice


def letter_text(voice: Voice, zone: tzinfo, text: str, found: Sequence[Condition]) -> str:
    """What the person reads about an admission: the sentence, and the conditions under it."""
    if not found:
        return text
    lines = "\n".join(f"- {_one(voice, zone, condition)}" for condition in found)
    return "\n\n".join(part for part in (text, voice.say("conditions_told", conditions=lines)) if part)


def over_text(voice: Voice, condition: Condition) -> str:
    """What the person reads when the time of a condition is over."""
    return voice.say("condition_over", condition=named(voice, condition, condition.text))


def named(voice: Voice, condition: Condition, text: str) -> str:
    """What is agreed, in a sentence; ``text`` is its wording, as it may be shown there."""
    return voice.say(f"agreed_{condition.code.value}", text=text)


def _one(voice: Voice, zone: tzinfo, condition: Condition) -> str:
    told = named(voice, condition, condition.text)
    if condition.ends_at is None:
        return told
    last = (condition.ends_at - timedelta(seconds=1)).astimezone(zone).date()
    return f"{told} {voice.say('condition_until', date=last.isoformat())}"
