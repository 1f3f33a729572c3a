"""Conditions in plain words: a sentence, or a list in a list where a sentence would be hard to read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.conditions import Condition
from bot.papers.teller import Teller, inert
from bot.questionnaire import FormField, Kind

_MOST_IN_A_SENTENCE = 3
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of a sentence. With ``under``, it ends in a colon and these stand in a list below it."""

    text: str
    under: tuple["Told", ...] = ()

    def lines(self, indent: str = "") -> Iterator[str]:
        """As items of a Markdown list."""
        yield f"{indent}- {self.text}"
        for part in self.under:
            yield from part.lines(indent + _INDENT)


def sentence(beginning: str, condition: Condition, teller: Teller, indent: str = "") -> list[str]:
    """The lines of a sentence that begins with some words and ends with a condition."""
    told = tell(condition, teller)
    if not told.under:
        return [f"{indent}{beginning} {told.text}."]
    lines = [f"{indent}{beginning} {told.text}", ""]
    for part in told.under:
        lines += part.lines(indent)
    return lines


def tell(condition: Condition, teller: Teller, *, denied: bool = False) -> Told:
    """A condition in words; the opposite of it where it is denied."""
    if condition.not_ is not None:
        return tell(condition.not_, teller, denied=not denied)
    if condition.all_ is not None:
        return _joined("cond_not_all" if denied else "cond_all", condition.all_, teller, denied=denied)
    if condition.any_ is not None:
        return _joined("cond_none" if denied else "cond_any", condition.any_, teller, denied=denied)
    if condition.any_entry_of is not None and condition.where is not None:
        return _entries(condition.any_entry_of, condition.where, teller, denied=denied)
    if condition.fact is not None:
        return _fact(condition, condition.fact, teller, denied=denied)
    return _answer(condition, teller, denied=denied)


def _joined(key: str, parts: Iterable[Condition], teller: Teller, *, denied: bool) -> Told:
    given = tuple(parts)
    if len(given) == 1:
        return tell(given[0], teller, denied=denied)
    return Told(teller.phrase(key), tuple(tell(part, teller) for part in given))


def _entries(page_id: str, where: Condition, teller: Teller, *, denied: bool) -> Told:
    page = teller.config.questionnaire.page(page_id)
    title = teller.label(page.title) if page else page_id
    parts = where.all_ or (where,)
    head = teller.phrase("cond_no_entry" if denied else "cond_entry", page=title)
    told = tuple(tell(part, teller) for part in parts)
    if denied and len(told) > 1:
        return Told(head, (Told(teller.phrase("cond_all"), told),))
    return Told(head, told)


def _fact(condition: Condition, name: str, teller: Teller, *, denied: bool) -> Told:
    values = condition.one_of if condition.one_of is not None else condition.only
    if values is None:
        return Told(teller.phrase("cond_always" if condition.answered is not denied else "cond_never"))
    age = teller.duration(teller.config.admission.new_account)
    told = [teller.phrase(f"fact_{name}_{value}", new_account=age) for value in values]
    if denied:
        return Told(teller.phrase("cond_none"), tuple(map(Told, told)))
    if len(told) == 1:
        return Told(told[0])
    return Told(teller.phrase("cond_any"), tuple(map(Told, told)))


def _answer(condition: Condition, teller: Teller, *, denied: bool) -> Told:
    field_id = condition.field or ""
    page = teller.config.questionnaire.page_of(field_id)
    field = page.field(field_id) if page else None
    label = teller.label(field.label) if field and field.label else inert(field_id)
    values = condition.one_of if condition.one_of is not None else condition.only
    no = "not_" if denied else ""
    if values is None:
        no = "" if condition.answered is not denied else "not_"
        return Told(teller.phrase(f"cond_{no}answered", label=label))
    how = "only" if condition.one_of is None else _verb(field)
    options = [teller.phrase("cond_quoted", label=_option(field, value, teller)) for value in values]
    if len(options) > _MOST_IN_A_SENTENCE:
        return Told(teller.phrase(f"cond_{no}{how}_many", label=label), tuple(map(Told, options)))
    listed = teller.listed(options, "list_or")
    return Told(teller.phrase(f"cond_{no}{how}", label=label, values=listed))


def _verb(field: FormField | None) -> str:
    return "chose" if field is not None and field.kind is Kind.CHECKBOX_GROUP else "answer"


def _option(field: FormField | None, value: str, teller: Teller) -> str:
    for option in field.options if field else ():
        if option.value == value:
            return teller.label(option.label)
    return inert(value)
