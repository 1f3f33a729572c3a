"""Fields: what each kind may hold, Discord's counts, and what the core must understand."""

from collections.abc import Iterator

from bot.config.checks_tables import twice
from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.near import mend_name
from bot.config.scene import Place, Scene
from bot.interests import (
    CATEGORY,
    KNOWN_OPTIONS,
    LINK_PAGE,
    NEEDED_FIELDS,
    NEEDED_OPTIONS,
    ON_BEHALF_OF,
    ORGANISATION,
    PERIOD,
    RELATIONSHIP,
)
from bot.questionnaire import FormField, Kind

OPTION_COUNTS = {Kind.RADIO: (2, 10), Kind.SELECT: (2, 25), Kind.CHECKBOX_GROUP: (1, 10)}
MOST_TYPED = 4000

_LINK_FIELDS = (CATEGORY, ORGANISATION, ON_BEHALF_OF, RELATIONSHIP, PERIOD)
_ALWAYS = frozenset({"id", "kind", "show_when"})
_QUESTION = _ALWAYS | {"label", "description", "required", "problem"}
_USES = {
    Kind.RADIO: _QUESTION | {"options"},
    Kind.SELECT: _QUESTION | {"options", "min_values", "max_values", "placeholder"},
    Kind.CHECKBOX_GROUP: _QUESTION | {"options", "min_values", "max_values"},
    Kind.SHORT_TEXT: _QUESTION | {"min_length", "max_length", "placeholder"},
    Kind.LONG_TEXT: _QUESTION | {"min_length", "max_length", "placeholder"},
    Kind.TEXT_DISPLAY: _ALWAYS | {"text"},
}


def check_fields(scene: Scene) -> Iterator[Problem]:
    """What is wrong with single fields."""
    yield from twice(((place.field.id, (*place.path, "id")) for place in scene.places), "id")
    for place in scene.places:
        yield from _keys(place.field, place.path)
        if place.field.kind.is_choice:
            yield from _options(place.field, place.path)
            yield from _counts(place.field, place.path)
        elif place.field.kind.is_text:
            yield from _typed(place.field, place.path)
        yield from _understood(place)
    yield from _needed(scene)


def _keys(field: FormField, path: KeyPath) -> Iterator[Problem]:
    needed = {Kind.TEXT_DISPLAY: "text"}.get(field.kind, "label")
    if getattr(field, needed) is None:
        yield Problem((*path, needed), "is missing", f'add {needed} = "…"')
    if field.kind.is_choice and not field.options:
        yield Problem((*path, "options"), "is missing", 'add options = [ { value = "…", label = "…" }, … ]')
    for key in sorted(field.model_fields_set - _USES[field.kind]):
        told = f"does nothing for a {field.kind.value}"
        uses = ", ".join(sorted(_USES[field.kind] - _ALWAYS))
        yield Problem((*path, key), told, f"take it out; besides id, kind and show_when it has {uses}")


def _options(field: FormField, path: KeyPath) -> Iterator[Problem]:
    least, most = OPTION_COUNTS[field.kind]
    count = len(field.options)
    if count and not least <= count <= most:
        told = (
            f"has {count} option{'' if count == 1 else 's'}, and a {field.kind.value} takes {least} to {most}"
        )
        hint = " (a select takes up to 25)" if field.kind is Kind.RADIO and count > most else ""
        yield Problem((*path, "options"), told, f"{'add' if count < least else 'take out'} some{hint}")
    values = ((o.value, (*path, "options", n, "value")) for n, o in enumerate(field.options))
    yield from twice(values, "value")


def _counts(field: FormField, path: KeyPath) -> Iterator[Problem]:
    count = len(field.options)
    least, most = field.min_values, field.max_values
    too_many = f"is more than the {count} options there are"
    if most is not None and most > count > 0:
        yield Problem((*path, "max_values"), too_many, f"write {count} or less")
    elif least is not None and least > count > 0:
        yield Problem((*path, "min_values"), too_many, f"write {count} or less")
    elif least is not None and least > field.most_values:
        told = f"is more than the {field.most_values} that may be chosen"
        yield Problem((*path, "min_values"), told, f"write {field.most_values} or less")


def _typed(field: FormField, path: KeyPath) -> Iterator[Problem]:
    if field.max_length is not None and field.max_length > MOST_TYPED:
        yield Problem((*path, "max_length"), "is more than Discord takes", f"write {MOST_TYPED} or less")
    elif field.min_length is not None and field.min_length > field.most_characters:
        told = f"is more than the {field.most_characters} characters that may be typed"
        yield Problem((*path, "min_length"), told, f"write {field.most_characters} or less")


def _understood(place: Place) -> Iterator[Problem]:
    """What the core must be able to read."""
    field, path = place.field, place.path
    if field.id in _LINK_FIELDS and place.page.id != LINK_PAGE:
        told = f'stands on the page "{place.page.id}", where the bot does not look for it'
        yield Problem((*path, "id"), told, f'put it on the page with id = "{LINK_PAGE}"')
    elif field.id in NEEDED_FIELDS and field.id not in _LINK_FIELDS and place.page.repeats:
        yield Problem((*path, "id"), "stands on a page that repeats", "put it on a page that does not")
    known = KNOWN_OPTIONS.get(field.id)
    if known is None:
        return
    if field.kind not in {Kind.RADIO, Kind.SELECT} or field.most_values > 1:
        told = "has to be a question with one answer, so that the bot can read it"
        yield Problem((*path, "kind"), told, 'write kind = "radio"')
        return
    for number, option in enumerate(field.options):
        if option.value not in known:
            told = f'"{option.value}" is an option that the bot does not understand here'
            mend = mend_name(option.value, sorted(known))
            yield Problem((*path, "options", number, "value"), told, mend)
    given = {option.value for option in field.options}
    for value in NEEDED_OPTIONS.get(field.id, ()):
        # An option with an unknown value was probably meant to be the one that is missing.
        if given and given <= known and value not in given:
            told = f'has no option "{value}", which the bot relies on'
            yield Problem((*path, "options"), told, f'add {{ value = "{value}", label = "…" }}')


def _needed(scene: Scene) -> Iterator[Problem]:
    for name in NEEDED_FIELDS:
        if name not in scene.by_field and name not in scene.written_fields:
            told = f'no page has the field "{name}", without which nobody can tell what was disclosed'
            yield Problem(("pages",), told, f'add a field with id = "{name}", as in config.example.toml')
