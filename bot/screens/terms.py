"""The conditions that somebody is a member on, as they and moderators read them."""

from collections.abc import Iterable

from bot.model import Condition
from bot.screens.elements import inert, moment
from bot.store.conditions import Recorded
from bot.terms import named
from bot.words import Voice


def own_terms(voice: Voice, conditions: Iterable[Condition]) -> str:
    """What holds for the person who reads it; empty where nothing does."""
    lines = [f"- {_line(voice, one)}" for one in conditions]
    return voice.say("conditions_yours", conditions="\n".join(lines)) if lines else ""


def terms_on_file(voice: Voice, recorded: Iterable[Recorded]) -> str:
    """All that was ever agreed with somebody, for moderators; empty where nothing was."""
    lines = [f"- {_on_file(voice, one)}" for one in recorded]
    return "\n".join([voice.say("file_conditions"), *lines]) if lines else ""


def _on_file(voice: Voice, one: Recorded) -> str:
    told = voice.say(f"they_agreed_{one.condition.code.value}", text=inert(one.condition.text))
    line = (
        f"{_ending(voice, one.condition, told)} {voice.say('condition_since', at=moment(one.starts_at, 'D'))}"
    )
    if one.ended_at is None:
        return line
    return f"{line} {voice.say(f'ended_by_{one.ended_why}', at=moment(one.ended_at, 'D'))}"


def _line(voice: Voice, condition: Condition) -> str:
    return _ending(voice, condition, named(voice, condition, inert(condition.text)))


def _ending(voice: Voice, condition: Condition, told: str) -> str:
    if condition.ends_at is None:
        return told
    return f"{told} {voice.say('condition_ends', at=moment(condition.ends_at, 'D'))}"
