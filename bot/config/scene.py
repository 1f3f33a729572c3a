"""What the checks look at: the draft, and which names exist in the file, broken parts included."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from bot.conditions import Condition
from bot.config.draft import UNKNOWN_FACT, Draft, stand_in
from bot.config.lines import KeyPath
from bot.config.reasoning import World
from bot.config.schema import Config
from bot.interests import KNOWN_OPTIONS
from bot.questionnaire import FormField, Page, Questionnaire


@dataclass(frozen=True, slots=True)
class Place:
    """A field, and where it stands."""

    page_number: int
    page: Page
    field: FormField
    path: KeyPath


@dataclass(frozen=True)
class Scene:
    """A draft with its names looked up."""

    draft: Draft
    today: date
    unsound: frozenset[KeyPath] = frozenset()
    """Conditions that ask for something that is not there."""

    @property
    def config(self) -> Config:
        """The configuration without its broken parts."""
        return self.draft.config

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every field, in order. Of two with the same id, each is there."""
        return tuple(
            Place(number, page, field, ("pages", number, "fields", position))
            for number, page in enumerate(self.config.pages)
            for position, field in enumerate(page.fields)
        )

    @cached_property
    def by_field(self) -> Mapping[str, Place]:
        """The first field with each id."""
        return {place.field.id: place for place in reversed(self.places)}

    @cached_property
    def by_page(self) -> Mapping[str, int]:
        """The number of the first page with each id."""
        return {page.id: number for number, page in reversed(list(enumerate(self.config.pages)))}

    @cached_property
    def uncertain(self) -> frozenset[str]:
        """Fields that are broken, of whose answers nothing is known."""
        return frozenset(
            place.field.id
            for place in self.places
            if self.draft.is_damaged(self.draft.origin(place.path)) or _misunderstood(place.field)
        )

    @cached_property
    def written_pages(self) -> frozenset[str]:
        """Ids of all pages in the file, also of those too broken to be in the draft."""
        return frozenset(_ids(self.draft.data.get("pages")))

    @cached_property
    def written_fields(self) -> frozenset[str]:
        """Ids of all fields in the file, also of those too broken to be in the draft."""
        pages = self.draft.data.get("pages")
        pages = pages if isinstance(pages, list) else []
        return frozenset(
            name for page in pages if isinstance(page, Mapping) for name in _ids(page.get("fields"))
        )

    @cached_property
    def world(self) -> World:
        """What people could answer. Of unsound conditions it knows nothing."""
        pages = tuple(self._without_unsound(page, ("pages", n)) for n, page in enumerate(self.config.pages))
        return World(Questionnaire(pages=pages), self.uncertain)

    def _without_unsound(self, page: Page, path: KeyPath) -> Page:
        fields = tuple(
            field.model_copy(update=self._stand_in((*path, "fields", position)))
            for position, field in enumerate(page.fields)
        )
        return page.model_copy(update={"fields": fields, **self._stand_in(path)})

    def _stand_in(self, path: KeyPath) -> dict[str, Condition]:
        where = (*path, "show_when")
        return {"show_when": stand_in(where)} if where in self.unsound else {}

    def raw_has(self, table: str, key: str, value: object) -> bool:
        """Whether the file has an element with this value, even one too broken to be in the draft."""
        elements = self.draft.data.get(table)
        return isinstance(elements, list) and any(
            isinstance(element, Mapping) and element.get(key) == value for element in elements
        )

    @staticmethod
    def is_stand_in(fact: str) -> bool:
        """Whether a fact only stands for a broken condition."""
        return fact.startswith(UNKNOWN_FACT)


def _misunderstood(field: FormField) -> bool:
    """Whether it has an option that was probably meant to be another one."""
    known = KNOWN_OPTIONS.get(field.id)
    return known is not None and not {option.value for option in field.options} <= known


def _ids(elements: Any) -> Iterator[str]:
    for element in elements if isinstance(elements, list) else []:
        if isinstance(element, Mapping):
            yield str(element.get("id"))
