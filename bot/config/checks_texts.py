"""Texts: placeholders, lengths, languages, and questions that should not be asked."""

import re
from collections.abc import Iterator
from string import Formatter

from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.near import mend_name, nearest
from bot.config.panel import PANEL_ROOM, help_text_length, panel_text
from bot.config.scene import Scene
from bot.config.schema import shared_values
from bot.config.spots import MESSAGE, Spot, languages, spots
from bot.text import ANY_LANGUAGE, Text
from bot.words import HOME_LANGUAGE, SHARED_PLACEHOLDERS, allowed_placeholders, catalogues, placeholders
from bot.words.limits import LIMITS

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?")
_SENTENCE = re.compile(r"[.!?\n]+")
_DENIES = re.compile(r"\b(no|not|never|nothing|without|nor|don't|kein\w*|nicht\w*|nie|ohne)\b", re.IGNORECASE)
_HEALTH = re.compile(
    r"diagnos|treatment|therap(?!ist)|medication|\bmedicines?\b|\bdrugs? (?:do|are) you|prescription|symptom"
    r"|(?:test|blood|lab|scan|genetic) results?|\bdos(?:e|age)s?\b|medical records?"
    r"|behandlung|behandelt|medikament|befund|testergebnis|laborwert|rezept|krankenakte|dosis",
    re.IGNORECASE,
)
_PROOF = re.compile(
    r"\bproof\b|\bprove\b|doctor'?s (?:letter|note)|\bevidence of\b|nachweis|beweis|\battest\b|arztbrief",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"how much (?:money|do you (?:get|earn)|are you paid|were you paid)|amounts?\b|salary|\bincome\b"
    r"|\bsums?\b|wie ?viel (?:geld|verdien|bekomm)|gehalt|einkommen|betr[aä]g",
    re.IGNORECASE,
)
_ASKS_FOR = (
    (_HEALTH, "asks about health", "ask for the role, never the diagnosis, treatment or results"),
    (_PROOF, "asks for proof", "take it out: nobody is asked to prove an illness"),
    (_MONEY, "asks for an amount of money", "ask for the kind of link; no rule needs an amount"),
)


def check_texts(scene: Scene) -> Iterator[Problem]:
    """What is wrong with the words."""
    shared = shared_values(scene.config.community)
    sound = True
    for spot in spots(scene.config):
        problems = list(_written(spot.path, spot.text, SHARED_PLACEHOLDERS))
        yield from problems
        if problems:
            sound = sound and spot.path[0] not in {"gate", "help"}
        else:
            yield from _lengths(spot, shared)
            yield from asks_too_much(spot)
    yield from _messages(scene, shared)
    yield from _languages(scene)
    if sound:
        yield from _panel(scene, shared)
        yield from _help(scene, shared)


def _written(path: KeyPath, text: Text, allowed: frozenset[str]) -> Iterator[Problem]:
    """Emptiness, languages and placeholders of one text."""
    if not text.root:
        yield Problem(path, "is empty", "write something")
    for language, words in text.root.items():
        at = path if language == ANY_LANGUAGE else (*path, language)
        if language != ANY_LANGUAGE and not _LANGUAGE.fullmatch(language):
            yield Problem(at, "is not a language code", 'write one such as "en" or "de"')
        elif not words.strip():
            yield Problem(at, "is empty", "write something")
        else:
            yield from _placeholders(at, words, allowed)


def _placeholders(path: KeyPath, words: str, allowed: frozenset[str]) -> Iterator[Problem]:
    double = "close the brace, or write {{ and }} where a brace itself is meant"
    try:
        parts = list(Formatter().parse(words))
    except ValueError:
        yield Problem(path, "has a brace that does not close", double)
        return
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion:
            yield Problem(
                path, "has a placeholder with more in it than a name", "write the name alone: {name}"
            )
        elif name not in allowed:
            near = nearest(name, allowed)
            listed = ", ".join(f"{{{known}}}" for known in sorted(allowed))
            mend = f"write {{{near}}}; allowed are {listed}" if near else f"allowed are {listed}"
            told = f"{{{name}}}" if re.fullmatch(r"\w{1,40}", name) else "a pair of braces"
            yield Problem(path, f"{told} is not a placeholder here", mend)


def _filled(words: str, shared: dict[str, str]) -> str:
    return words.format_map(shared).strip()


def _lengths(spot: Spot, shared: dict[str, str]) -> Iterator[Problem]:
    for language, words in spot.text.root.items():
        path = spot.path if language == ANY_LANGUAGE else (*spot.path, language)
        length = len(_filled(words, shared))
        if length > spot.most:
            told = f"is {length} characters long, and {spot.most} fit"
            yield Problem(path, told, f"shorten it by {length - spot.most}")
        elif spot.comfortable and length > spot.comfortable:
            told = f"is {length} characters long, and phones cut off after about {spot.comfortable}"
            yield Problem(path, told, f"shorten it by {length - spot.comfortable}", "warning")


def asks_too_much(spot: Spot) -> Iterator[Problem]:
    """Where a text seems to ask for health details, proof or an amount of money."""
    if not spot.asks:
        return
    for language, words in spot.text.root.items():
        path = spot.path if language == ANY_LANGUAGE else (*spot.path, language)
        asked = " . ".join(part for part in _SENTENCE.split(words) if not _DENIES.search(part))
        for pattern, told, mend in _ASKS_FOR:
            if pattern.search(asked):
                yield Problem(path, told, mend, "warning")


def _messages(scene: Scene, shared: dict[str, str]) -> Iterator[Problem]:
    known = catalogues().get(HOME_LANGUAGE, {})
    for key, text in scene.config.messages.items():
        path = ("messages", key)
        if key not in known:
            yield Problem(path, "is not the key of a sentence", mend_name(key, known))
            continue
        problems = list(_written(path, text, allowed_placeholders(key)))
        yield from problems
        for language, words in text.root.items() if not problems else ():
            length = len(words) + sum(len(value) for name, value in shared.items() if f"{{{name}}}" in words)
            most = LIMITS.get(key, MESSAGE)
            if length > most:
                at = path if language == ANY_LANGUAGE else (*path, language)
                told = f"is {length} characters long, and {most} fit where it stands"
                yield Problem(at, told, f"shorten it by {length - most}")


def _languages(scene: Scene) -> Iterator[Problem]:
    shipped = sorted(catalogues())
    told = "the bot's own sentences are not written in this language, so people see two languages"
    if scene.config.community.language.split("-")[0] not in shipped:
        mend = f"use one of {', '.join(shipped)}, or add a catalogue in bot/words"
        yield Problem(("community", "language"), told, mend, "warning")
    seen = {scene.config.community.language}
    texts = [(spot.path, spot.text) for spot in spots(scene.config)]
    texts += [(("messages", key), text) for key, text in scene.config.messages.items()]
    for path, text in texts:
        for language in text.root:
            if language and language not in seen and _LANGUAGE.fullmatch(language):
                seen.add(language)
                if language.split("-")[0] not in shipped:
                    mend = f"use {', '.join(shipped)}, or add a catalogue in bot/words"
                    yield Problem((*path, language), told, mend, "warning")


def _panel(scene: Scene, shared: dict[str, str]) -> Iterator[Problem]:
    config = scene.config
    own = ("panel_numbers", "panel_closing", "panel_removal")
    if not all(_is_sound(config.messages.get(key)) for key in own):
        return
    for language in languages(config):
        text = _filled(config.gate.text.in_language(language, config.community.language), shared)
        length = len(panel_text(config, language, lambda words: _filled(words, shared)))
        if length > PANEL_ROOM >= len(text):
            told = f"the panel, help numbers included, is {length} characters long, and {PANEL_ROOM} fit"
            yield Problem(("gate", "text"), told, f"shorten it by {length - PANEL_ROOM}")
            return


def _is_sound(override: Text | None) -> bool:
    """Whether an override can be filled in; one that cannot is told by a check of its own."""
    try:
        for template in override.root.values() if override else ():
            placeholders(template)
    except ValueError:
        return False
    return True


def _help(scene: Scene, shared: dict[str, str]) -> Iterator[Problem]:
    if not all(_is_sound(scene.config.messages.get(key)) for key in ("help_now", "help_emergency")):
        return
    for language in languages(scene.config):
        length = help_text_length(scene.config, language, lambda words: _filled(words, shared))
        if length > MESSAGE:
            told = f"what the help button shows is {length} characters long, and {MESSAGE} fit into a message"
            yield Problem(("help", "countries"), told, "keep fewer countries or help lines")
            return
