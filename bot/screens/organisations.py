"""The register of organisations, in words. Names are shown inert: somebody typed them."""

from collections.abc import Mapping

from bot.fairness.organisations import Entry, Kept, Listed, NotKept
from bot.screens.elements import Screen, inert, shorten
from bot.text import Text
from bot.words import Voice

_MOST_NAMES = 30


def kept(voice: Voice, kinds: Mapping[str, Text], result: Kept | NotKept) -> Screen:
    """What became of a change, and how the organisation stands now."""
    if isinstance(result, NotKept):
        return not_kept(voice, result)
    told = _entry(voice, kinds, result.entry)
    if result.what == "shown":
        return Screen(told)
    done = voice.say(f"organisation_done_{result.what}")
    return Screen(f"{done}\n\n{told}")


def not_kept(voice: Voice, result: NotKept) -> Screen:
    """Nothing was changed, and why."""
    if result.code == "not_a_moderator":
        return Screen(voice.say("may_not_not_a_moderator"))
    return Screen(voice.say(f"organisation_not_{result.code}", name=inert(result.name)))


def listed(voice: Voice, result: Listed | NotKept) -> Screen:
    """The names that fit."""
    if isinstance(result, NotKept):
        return not_kept(voice, result)
    if not result.names:
        return Screen(voice.say("organisations_none" if not result.total else "organisations_none_fit"))
    lines = [voice.say("organisations_listed", total=result.total)]
    lines.extend(f"- {inert(name)}" for name in result.names)
    if result.more:
        lines.append(voice.say("organisations_more", more=result.more))
    return Screen("\n".join(lines))


def _entry(voice: Voice, kinds: Mapping[str, Text], entry: Entry) -> str:
    label = kinds.get(entry.kind)
    kind = voice.read(label) if label else entry.kind
    lines = [voice.say("organisation_shown", name=inert(entry.name), kind=kind)]
    parts = {
        "organisation_others": entry.others,
        "organisation_above": entry.above,
        "organisation_below": entry.below,
    }
    lines.extend(voice.say(key, names=_list(names)) for key, names in parts.items() if names)
    return "\n".join(lines)


def _list(names: tuple[str, ...]) -> str:
    shown = [inert(shorten(name, 120)) for name in names[:_MOST_NAMES]]
    return ", ".join([*shown, *(["…"] if len(names) > _MOST_NAMES else [])])
