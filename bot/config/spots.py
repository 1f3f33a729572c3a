"""Every text of the configuration that a person may see, with how much room there is for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.config.lines import KeyPath
from bot.config.schema import Config
from bot.questionnaire import FormField, Kind, Page
from bot.text import Text

MESSAGE = 2000
PANEL_SPARE = 100
"""Left free on the panel, for what Discord or a later version adds."""

_BUTTON = 80
_ASKING = ("label", "description", "text", "placeholder")


@dataclass(frozen=True, slots=True)
class Spot:
    """A text and the most characters it may have. Discord's limits, except where noted."""

    path: KeyPath
    text: Text
    most: int
    comfortable: int | None = None
    """Longer ones are cut off on phones."""
    asks: bool = False
    """Whether it puts a question to an applicant."""


def spots(config: Config) -> Iterator[Spot]:
    """All texts outside ``[messages]``."""
    yield Spot(("gate", "title"), config.gate.title, 256)
    yield Spot(("gate", "text"), config.gate.text, MESSAGE - PANEL_SPARE)
    for name in type(config.gate.buttons).model_fields:
        yield Spot(("gate", "buttons", name), getattr(config.gate.buttons, name), _BUTTON, comfortable=38)
    for number, country in enumerate(config.help.countries):
        yield Spot(("help", "countries", number, "name"), country.name, 60)
    for number, reason in enumerate(config.review.reasons):
        yield Spot(("review", "reasons", number, "label"), reason.label, _BUTTON)
        # Room for what the message says around it.
        yield Spot(("review", "reasons", number, "text"), reason.text, 1500)
    for number, page in enumerate(config.pages):
        yield from _page(page, ("pages", number))
    for number, rule in enumerate(config.rules):
        yield Spot(("rules", number, "because"), rule.because, 200)


def _page(page: Page, path: KeyPath) -> Iterator[Spot]:
    yield Spot((*path, "title"), page.title, 45)
    if page.repeat_button is not None:
        yield Spot((*path, "repeat_button"), page.repeat_button, _BUTTON, comfortable=38)
    for position, field in enumerate(page.fields):
        yield from _field(field, (*path, "fields", position))


def _field(field: FormField, path: KeyPath) -> Iterator[Spot]:
    room = {
        "label": 45,
        "description": 100,
        "text": 4000,
        "placeholder": 150 if field.kind is Kind.SELECT else 100,
        "problem": 300,
    }
    for key, most in room.items():
        text = getattr(field, key)
        if text is not None:
            yield Spot((*path, key), text, most, asks=key in _ASKING)
    for number, option in enumerate(field.options):
        yield Spot((*path, "options", number, "label"), option.label, 100)
        if option.description is not None:
            yield Spot((*path, "options", number, "description"), option.description, 100)


def languages(config: Config) -> tuple[str, ...]:
    """Every language that any text is written in, the community's first."""
    texts = [spot.text for spot in spots(config)] + list(config.messages.values())
    given = {language for text in texts for language in text.root if language}
    return (config.community.language, *sorted(given - {config.community.language}))
