"""What is asked: every page and question with its options, and when it is shown."""

from collections.abc import Iterator

from bot.config.checks_texts import asks_too_much
from bot.config.spots import spots
from bot.papers.conditions import sentence
from bot.papers.teller import Teller
from bot.questionnaire import FormField, Kind, Option, Page


def asked(teller: Teller) -> str:
    """All pages, in order."""
    parts = [_page(page, number, teller) for number, page in enumerate(teller.config.pages, 1)]
    return "\n\n".join(parts)


def questions(teller: Teller) -> str:
    """The questions alone, a line each."""
    fields = [field for _, field in teller.config.questionnaire.fields() if field.is_question and field.label]
    return "\n".join(f"- {label}" for label in dict.fromkeys(teller.label(field.label) for field in fields))


def asks_for_none_of_it(teller: Teller) -> bool:
    """Whether no question seems to ask for health details, proof or sums of money."""
    return not [problem for spot in spots(teller.config) for problem in asks_too_much(spot)]


def _page(page: Page, number: int, teller: Teller) -> str:
    heading = teller.phrase(
        "page_statements" if page.statements else "page", number=number, title=teller.label(page.title)
    )
    blocks = [f"### {heading}"]
    if page.show_when is None:
        blocks.append(teller.phrase("shown_always"))
    else:
        blocks.append("\n".join(sentence(teller.phrase("page_shown_if"), page.show_when, teller)))
    if page.repeats:
        blocks.append(teller.phrase("page_repeats", count=page.repeat_max))
    blocks += ["\n".join(_field(field, teller)) for field in page.fields]
    return "\n\n".join(blocks)


def _field(field: FormField, teller: Teller) -> Iterator[str]:
    if not field.is_question:
        yield teller.block(teller.voice.read(field.text))
    else:
        description = teller.label(field.description)
        yield f"**{teller.label(field.label)}** {description}".rstrip()
    if field.show_when is not None:
        yield ""
        yield from sentence(teller.phrase("field_shown_if"), field.show_when, teller)
    if field.is_question:
        yield ""
        yield from _answering(field, teller)


def _answering(field: FormField, teller: Teller) -> Iterator[str]:
    yield _how(field, teller)
    if field.options:
        yield ""
        yield from (f"- {_option(option, teller)}" for option in field.options)
    if isinstance(field.required, bool):
        if not field.required:
            yield ""
            yield teller.phrase("field_optional")
    else:
        yield ""
        yield from sentence(teller.phrase("field_required_if"), field.required, teller)


def _how(field: FormField, teller: Teller) -> str:
    if field.kind.is_text:
        return teller.phrase("kind_text", count=field.most_characters)
    if field.most_values == 1:
        return teller.phrase("kind_one")
    if field.kind is Kind.CHECKBOX_GROUP and field.min_values == len(field.options):
        return teller.phrase("kind_all")
    if field.most_values < len(field.options):
        return teller.phrase("kind_up_to", count=field.most_values)
    return teller.phrase("kind_any")


def _option(option: Option, teller: Teller) -> str:
    label = teller.label(option.label)
    if option.description is None:
        return label
    return teller.phrase("option", label=label, description=teller.label(option.description))
