"""What conditions ask about: whether it exists, is answered by then, and can be that."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.conditions import Condition
from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.near import mend_name
from bot.config.scene import Place, Scene
from bot.facts import DOMAINS
from bot.questionnaire import Page

_LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class Standpoint:
    """From where a condition asks."""

    scene: Scene
    page_number: int | None = None
    """The page it stands on: it can ask about earlier ones. None: about all, as a rule does."""
    facts_known: bool = False
    why_no_facts: str = "facts are worked out at the end, so only rules can ask for them"
    inside: Page | None = None
    """The repeated page whose entries are looked at one by one."""

    def within(self, page: Page) -> "Standpoint":
        """The same, looking at one entry of a repeated page."""
        return Standpoint(self.scene, self.page_number, self.facts_known, self.why_no_facts, page)


def check_condition(condition: Condition, path: KeyPath, stand: Standpoint) -> Iterator[Problem]:
    """Everything that a condition, and those inside it, ask wrongly."""
    if condition.field is not None:
        yield from _field(condition, condition.field, path, stand)
    elif condition.fact is not None:
        yield from _fact(condition, condition.fact, path, stand)
    elif condition.any_entry_of is not None and condition.where is not None:
        yield from _entries(condition.any_entry_of, condition.where, path, stand)
    else:
        for number, part in enumerate(condition.all_ or ()):
            yield from check_condition(part, (*path, "all", number), stand)
        for number, part in enumerate(condition.any_ or ()):
            yield from check_condition(part, (*path, "any", number), stand)
        if condition.not_ is not None:
            yield from check_condition(condition.not_, (*path, "not"), stand)


def _field(condition: Condition, name: str, path: KeyPath, stand: Standpoint) -> Iterator[Problem]:
    at = (*path, "field")
    place = stand.scene.by_field.get(name)
    if place is None:
        if name not in stand.scene.written_fields:
            yield Problem(at, f"there is no field {_named(name)}", mend_name(name, _askable(stand)))
        return
    if stand.inside is not None and stand.inside.field(name) is not None:
        yield from _answer(condition, place, path, stand)
    elif stand.page_number is not None and place.page_number == stand.page_number:
        told = f'"{name}" stands on the same page, so it is not answered yet'
        yield Problem(at, told, "ask about a field of an earlier page, or move this to a later one")
    elif stand.page_number is not None and place.page_number > stand.page_number:
        told = f'"{name}" comes later, so it is not answered yet'
        yield Problem(at, told, "ask about a field of an earlier page, or move this page behind it")
    elif place.page.repeats:
        told = f'"{name}" is on the page "{place.page.id}", which can have several entries'
        yield Problem(
            at, told, f'write {{ any_entry_of = "{place.page.id}", where = {{ field = "{name}", … }} }}'
        )
    else:
        yield from _answer(condition, place, path, stand)


def _named(name: str) -> str:
    return f'"{name}"' if name.isidentifier() and len(name) <= _LONGEST_ID else "with that id"


def _askable(stand: Standpoint) -> list[str]:
    """Field ids that a condition could ask about from here."""
    return [
        place.field.id
        for place in stand.scene.places
        if place.field.is_question
        and (
            place.page is stand.inside
            or (
                not place.page.repeats
                and (stand.page_number is None or place.page_number < stand.page_number)
            )
        )
    ]


def _answer(condition: Condition, place: Place, path: KeyPath, stand: Standpoint) -> Iterator[Problem]:
    field = place.field
    if not field.is_question:
        told = f'"{field.id}" is text without an answer'
        yield Problem((*path, "field"), told, mend_name(field.id, _askable(stand)))
        return
    for key, values in (("one_of", condition.one_of), ("only", condition.only)):
        if values is None:
            continue
        if field.kind.is_text:
            told = f'"{field.id}" is typed, so it has no options to compare with'
            yield Problem((*path, key), told, "write answered = true, or answered = false")
        elif not values:
            yield Problem((*path, key), "is empty, so it never holds", "name at least one option")
        elif field.id not in stand.scene.uncertain:
            known = [option.value for option in field.options]
            yield from _values(values, known, (*path, key), f'"{field.id}" has no option')


def _values(values: tuple[str, ...], known: list[str], path: KeyPath, told: str) -> Iterator[Problem]:
    for number, value in enumerate(values):
        if value not in known:
            yield Problem((*path, number), f"{told} {_named(value)}", mend_name(value, known))


def _fact(condition: Condition, name: str, path: KeyPath, stand: Standpoint) -> Iterator[Problem]:
    if stand.scene.is_stand_in(name):
        return
    at = (*path, "fact")
    if not stand.facts_known:
        yield Problem(at, stand.why_no_facts, "ask about a field instead")
    elif name not in DOMAINS:
        yield Problem(at, f"there is no fact {_named(name)}", mend_name(name, DOMAINS))
    else:
        for key, values in (("one_of", condition.one_of), ("only", condition.only)):
            if values == ():
                yield Problem((*path, key), "is empty, so it never holds", "name at least one value")
            known = list(DOMAINS[name])
            yield from _values(values or (), known, (*path, key), f'the fact "{name}" is never')


def _entries(page_id: str, where: Condition, path: KeyPath, stand: Standpoint) -> Iterator[Problem]:
    at = (*path, "any_entry_of")
    number = stand.scene.by_page.get(page_id)
    if number is None:
        if page_id not in stand.scene.written_pages:
            repeating = [page.id for page in stand.scene.config.pages if page.repeats]
            yield Problem(at, f"there is no page {_named(page_id)}", mend_name(page_id, repeating))
        return
    page = stand.scene.config.pages[number]
    if stand.page_number is not None and number >= stand.page_number:
        told = f'the page "{page_id}" comes later, so it is not answered yet'
        yield Problem(at, told, "ask about an earlier page, or move this page behind it")
    elif not page.repeats:
        told = f'the page "{page_id}" does not repeat, so it has no entries'
        yield Problem(at, told, 'ask about its fields directly: { field = "…", one_of = ["…"] }')
    else:
        yield from check_condition(where, (*path, "where"), stand.within(page))


def impossible_parts(condition: Condition, path: KeyPath, scene: Scene) -> Iterator[Problem]:
    """Alternatives of a sound condition that can never hold, so that they stand there for nothing."""
    for place, part in enumerate(condition.any_ or ()):
        at = (*path, "any", place)
        if scene.world.possible(part) or part.any_entry_of is not None:
            yield from impossible_parts(part, at, scene)
        else:
            yield Problem(at, "can never hold", "change it, or take it out")
    for place, part in enumerate(condition.all_ or ()):
        yield from impossible_parts(part, (*path, "all", place), scene)
    number = scene.by_page.get(condition.any_entry_of or "")
    if number is not None and condition.where is not None:
        page = scene.config.pages[number]
        shown = scene.world.possible(page.show_when)
        if shown and not scene.world.possible(page.show_when, condition.where):
            yield Problem((*path, "where"), "can never hold for any entry", "change it, or take it out")


def unsound_conditions(scene: Scene) -> frozenset[KeyPath]:
    """The conditions of pages and fields that ask for something that is not there."""
    found: set[KeyPath] = set()
    for number, page in enumerate(scene.config.pages):
        stand = Standpoint(scene, number)
        asking: list[tuple[KeyPath, Condition | None]] = [(("pages", number, "show_when"), page.show_when)]
        asking += [
            (("pages", number, "fields", position, "show_when"), field.show_when)
            for position, field in enumerate(page.fields)
        ]
        for path, condition in asking:
            if condition is not None and any(check_condition(condition, path, stand)):
                found.add(path)
    return frozenset(found)
