"""The questionnaire as data: pages, fields and options, exactly as the configuration writes them.

A case keeps the questionnaire it began with, so these values are also what the database snapshots:
``Questionnaire.snapshot`` is canonical, and ``content_hash`` names it.
"""

import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.conditions import Condition
from bot.text import Text

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

RATHER_NOT_SAY = "rather_not_say"


class Frozen(BaseModel):
    """A value from the configuration: never changed, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Kind(StrEnum):
    """What a field looks like in the form."""

    RADIO = "radio"
    SELECT = "select"
    CHECKBOX_GROUP = "checkbox_group"
    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    TEXT_DISPLAY = "text_display"

    @property
    def is_choice(self) -> bool:
        """Whether it offers options."""
        return self is Kind.RADIO or self is Kind.SELECT or self is Kind.CHECKBOX_GROUP

    @property
    def is_text(self) -> bool:
        """Whether the person types into it."""
        return self in {Kind.SHORT_TEXT, Kind.LONG_TEXT}


class Option(Frozen):
    """One thing a person can choose."""

    value: Identifier
    label: Text
    description: Text | None = None


class FormField(Frozen):
    """One question, or a piece of text between questions."""

    id: Identifier
    kind: Kind
    label: Text | None = None
    description: Text | None = None
    text: Text | None = None
    options: tuple[Option, ...] = ()
    required: bool | Condition = True
    min_values: int | None = Field(default=None, ge=0)
    max_values: int | None = Field(default=None, ge=1)
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=1)
    placeholder: Text | None = None
    problem: Text | None = None
    """What to say when the answer is missing or does not fit: it tells what to do."""
    show_when: Condition | None = None

    @property
    def is_question(self) -> bool:
        """Whether it takes an answer."""
        return self.kind is not Kind.TEXT_DISPLAY

    @property
    def most_values(self) -> int:
        """How many options may be chosen."""
        if self.kind is Kind.CHECKBOX_GROUP:
            return self.max_values or len(self.options)
        return self.max_values or 1

    @property
    def most_characters(self) -> int:
        """How many characters may be typed."""
        return self.max_length or (4000 if self.kind is Kind.LONG_TEXT else 200)

    def label_of(self, value: str, locale: str) -> str:
        """An option's label; the bare code where the option is no longer there."""
        for option in self.options:
            if option.value == value:
                return option.label.in_language(locale)
        return value


class Page(Frozen):
    """One form: at most five fields, because that is what a Discord form holds."""

    id: Identifier
    title: Text
    fields: tuple[FormField, ...]
    show_when: Condition | None = None
    repeat_max: int = Field(default=1, ge=1, le=10)
    repeat_button: Text | None = None
    statements: bool = False
    """The last page, shown by *Send*: it holds only statements to agree to."""

    @property
    def repeats(self) -> bool:
        """Whether it can be filled in more than once."""
        return self.repeat_max > 1

    def field(self, field_id: str) -> FormField | None:
        """The field with this id, if the page has one."""
        return next((field for field in self.fields if field.id == field_id), None)


class Questionnaire(Frozen):
    """All pages, in order, the statements last."""

    pages: tuple[Page, ...]

    def page(self, page_id: str) -> Page | None:
        """The page with this id, if there is one."""
        return next((page for page in self.pages if page.id == page_id), None)

    def page_of(self, field_id: str) -> Page | None:
        """The page that a field stands on, if there is one."""
        return next((page for page in self.pages if page.field(field_id)), None)

    def fields(self) -> Iterator[tuple[Page, FormField]]:
        """Every field with its page, in order."""
        for page in self.pages:
            for field in page.fields:
                yield page, field

    @property
    def statement_page(self) -> Page | None:
        """The page that *Send* opens."""
        return next((page for page in self.pages if page.statements), None)

    @cached_property
    def snapshot(self) -> str:
        """The questionnaire as canonical JSON."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_snapshot(cls, snapshot: str) -> Self:
        """The questionnaire that ``snapshot`` wrote."""
        return cls.model_validate_json(snapshot)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the snapshot, in hexadecimal."""
        return hashlib.sha256(self.snapshot.encode()).hexdigest()
