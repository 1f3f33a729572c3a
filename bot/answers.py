"""Answers, pure: reading them, checking them, and finding the next page.

An answer counts only where its page and its field are shown. Pages are read in order, and a
condition sees only what counts, so an answer that has become hidden counts nowhere.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.conditions import ANSWERED, Variable, holds
from bot.questionnaire import FormField, Page, Questionnaire

RawValues = Mapping[str, str | Sequence[str] | None]
"""What a form sent, by field id: one string, or a list of chosen codes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen or typed for one field."""

    codes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)

    @property
    def given(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.codes or self.text)

    @property
    def chosen(self) -> frozenset[str]:
        """The codes as a condition sees them."""
        return frozenset(self.codes) or (frozenset({ANSWERED}) if self.text else frozenset())


@dataclass(frozen=True, slots=True)
class Entry:
    """One filled-in page. A repeated page has several."""

    id: str
    page_id: str
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def codes(self, field_id: str) -> tuple[str, ...]:
        """The codes chosen for a field, empty when there are none."""
        return self.answers.get(field_id, Answer()).codes

    def code(self, field_id: str) -> str:
        """The one code chosen for a field, empty when there is none."""
        return next(iter(self.codes(field_id)), "")

    def text(self, field_id: str) -> str:
        """What was typed for a field, empty when nothing was."""
        return self.answers.get(field_id, Answer()).text


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer does not do yet."""

    field: FormField
    kind: Literal["missing", "too_few", "too_many", "too_short"]


@dataclass(slots=True)
class AnswersView:
    """What conditions see: choices by field, entries by page, facts by name."""

    fields: dict[str, frozenset[str]] = field(default_factory=dict)
    by_page: dict[str, list["AnswersView"]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    def chosen(self, variable: Variable) -> frozenset[str]:
        """The codes chosen for a variable; empty when there is no answer."""
        if variable.kind == "fact":
            value = self.facts.get(variable.name)
            return frozenset() if value is None else frozenset({value})
        return self.fields.get(variable.name, frozenset())

    def entries(self, page_id: str) -> "list[AnswersView]":
        """A view of each entry of a repeated page."""
        return self.by_page.get(page_id, [])

    def inside(self, entry: Entry) -> "AnswersView":
        """This view with one entry's own answers on top."""
        own = {name: answer.chosen for name, answer in entry.answers.items()}
        return AnswersView({**self.fields, **own}, self.by_page, self.facts)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page that is shown, with the fields that are, and the entries as they count."""

    page: Page
    fields: tuple[FormField, ...]
    required: frozenset[str]
    asked: tuple[FormField, ...]
    """The fields that a form for it holds: all, except where only links are asked again."""
    entries: tuple[Entry, ...]

    @property
    def is_asked(self) -> bool:
        """Whether there is a question to put."""
        return any(field.is_question for field in self.asked)

    def problems(self, entry: Entry) -> list[Problem]:
        """What is missing or does not fit in an entry of this page."""
        found = []
        for shown in self.asked:
            if shown.is_question:
                answer = entry.answers.get(shown.id, Answer())
                kind = _problem(shown, answer, required=shown.id in self.required)
                if kind is not None:
                    found.append(Problem(shown, kind))
        return found


@dataclass(frozen=True, slots=True)
class NextPage:
    """The page to fill in next; ``entry_id`` is empty when it has not been begun."""

    page_id: str
    entry_id: str = ""


class Reading:
    """A questionnaire read together with answers: what is shown, what counts, what is next."""

    def __init__(
        self, questionnaire: Questionnaire, entries: Sequence[Entry], not_asked: frozenset[str] = frozenset()
    ) -> None:
        """Read ``entries`` in order; fields in ``not_asked`` count but are not asked again."""
        self.questionnaire = questionnaire
        self.given = tuple(entries)
        """The entries as they were given, whether they count or not."""
        self.view = AnswersView()
        self._not_asked = not_asked
        self._shown: dict[str, ShownPage] = {}
        for page in questionnaire.pages:
            if page.show_when is None or holds(page.show_when, self.view):
                shown = self._read(page, [entry for entry in entries if entry.page_id == page.id])
                self._shown[page.id] = shown
                self._let_count(shown)

    def _read(self, page: Page, entries: Sequence[Entry]) -> ShownPage:
        fields = tuple(f for f in page.fields if f.show_when is None or holds(f.show_when, self.view))
        ids = {f.id for f in fields}
        counted = tuple(
            Entry(entry.id, entry.page_id, {k: v for k, v in entry.answers.items() if k in ids and v.given})
            for entry in (entries if page.repeats else entries[:1])
        )
        return ShownPage(
            page=page,
            fields=fields,
            required=frozenset(f.id for f in fields if f.is_question and self._is_required(f)),
            asked=tuple(f for f in fields if f.id not in self._not_asked),
            entries=counted,
        )

    def _is_required(self, shown: FormField) -> bool:
        if isinstance(shown.required, bool):
            return shown.required
        return bool(holds(shown.required, self.view))

    def _let_count(self, shown: ShownPage) -> None:
        if shown.page.repeats:
            self.view.by_page[shown.page.id] = [self.view.inside(entry) for entry in shown.entries]
            return
        for entry in shown.entries:
            self.view = self.view.inside(entry)

    def with_entry(self, entry: Entry, *, instead_of: Sequence[Entry] = ()) -> "Reading":
        """The reading once an entry is saved: in the place it had, or else as the last."""
        removed = {other.id for other in instead_of} - {entry.id}
        kept = [entry if other.id == entry.id else other for other in self.given if other.id not in removed]
        known = any(other.id == entry.id for other in self.given)
        return Reading(self.questionnaire, kept if known else [*kept, entry], self._not_asked)

    @property
    def pages(self) -> tuple[ShownPage, ...]:
        """The pages with questions to put, in order, without the statements."""
        return tuple(s for s in self._shown.values() if not s.page.statements and s.is_asked)

    @property
    def all_pages(self) -> tuple[ShownPage, ...]:
        """Every page that counts, statements included."""
        return tuple(self._shown.values())

    @property
    def statements(self) -> ShownPage | None:
        """The statements as they are shown to this person."""
        return next((s for s in self._shown.values() if s.page.statements), None)

    def shown(self, page_id: str) -> ShownPage | None:
        """A page, if these answers show it."""
        return self._shown.get(page_id)

    def entries(self, page_id: str) -> tuple[Entry, ...]:
        """The entries of a page that count."""
        shown = self._shown.get(page_id)
        return shown.entries if shown else ()

    def code(self, field_id: str) -> str:
        """The code chosen for a field of a page that does not repeat; empty when there is none."""
        return next(iter(self.codes(field_id)), "")

    def codes(self, field_id: str) -> tuple[str, ...]:
        """The codes chosen for a field of a page that does not repeat."""
        return next((e.codes(field_id) for e in self._single_entries() if field_id in e.answers), ())

    def text(self, field_id: str) -> str:
        """What was typed for a field of a page that does not repeat."""
        return next((e.text(field_id) for e in self._single_entries() if field_id in e.answers), "")

    def _single_entries(self) -> list[Entry]:
        return [entry for s in self._shown.values() if not s.page.repeats for entry in s.entries]

    def next_page(self) -> NextPage | None:
        """The first page that still needs something; None when all is answered."""
        for shown in self.pages:
            if not shown.entries:
                return NextPage(shown.page.id)
            for entry in shown.entries:
                if shown.problems(entry):
                    return NextPage(shown.page.id, entry.id)
        return None

    def progress(self, page_id: str) -> tuple[int, int]:
        """Where a page stands: its number from 1, and how many there are as far as is known."""
        ids = [shown.page.id for shown in self.pages]
        return (ids.index(page_id) + 1 if page_id in ids else 1), len(ids)


def parse(fields: Sequence[FormField], raw: RawValues) -> dict[str, Answer]:
    """The answers in what a form sent, by field id. Unknown options are dropped, text is tidied."""
    return {f.id: _parse_one(f, raw.get(f.id)) for f in fields if f.is_question}


def _parse_one(shown: FormField, value: str | Sequence[str] | None) -> Answer:
    if shown.kind.is_choice:
        given = [value] if isinstance(value, str) else list(value or ())
        return Answer(codes=tuple(option.value for option in shown.options if option.value in given))
    text = value if isinstance(value, str) else ""
    return Answer(text=unicodedata.normalize("NFC", text).strip()[: shown.most_characters])


def _problem(
    shown: FormField, answer: Answer, *, required: bool
) -> Literal["missing", "too_few", "too_many", "too_short"] | None:
    if not answer.given:
        return "missing" if required else None
    if shown.kind.is_choice:
        if len(answer.codes) > shown.most_values:
            return "too_many"
        return "too_few" if len(answer.codes) < (shown.min_values or 0) else None
    return "too_short" if len(answer.text) < (shown.min_length or 0) else None
