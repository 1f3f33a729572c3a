"""Casting, pure: what somebody in the story answers, and what the admin's own rules make of it.

The story is told on any questionnaire: fields that it knows are answered as the part wants, all others
as briefly as they allow. The rules are asked here first, so that the bot can be held to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot import interests as known
from bot.answers import Entry, Reading, ShownPage, parse
from bot.config import Config
from bot.facts import History, facts_of
from bot.interests import disclosure_from
from bot.model import Disclosed, HoldReason, InformationPage
from bot.questionnaire import RATHER_NOT_SAY, FormField, Kind, Questionnaire
from bot.rules import Proposal, Verdict, decide, information_page

Wish = str | tuple[str, ...]
"""Words to type, or the options to choose."""

Wishes = Mapping[str, Wish]

_BY_THE_WAY = frozenset(
    {known.PURPOSE, known.DATA_USE, known.REPORTING_DUTY, known.INSTRUCTED, known.GOAL, known.CAPACITY}
)
"""Fields that no scene depends on: without their usual options, any other will do."""

_USUAL_WORDS = "A few words of our own. "
_MOST_PAGES = 60


class NotTold(Exception):
    """A scene that this configuration cannot show. Its text says why, in the middle of a sentence."""


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody's answers, and where the rules of this configuration lead with them."""

    wishes: Wishes
    disclosed: Disclosed = Disclosed.UNDISCLOSED
    page: InformationPage | None = None
    verdict: Verdict | None = None

    @property
    def rule(self) -> str:
        """The rule that decides."""
        return self.verdict.rule_id if self.verdict else ""

    @property
    def is_admitted(self) -> bool:
        """Whether the machine lets them in."""
        return self.verdict is not None and self.verdict.proposal is Proposal.ADMIT

    @property
    def is_held(self) -> bool:
        """Whether they wait for a person."""
        return self.page is None and not self.is_admitted

    @property
    def hold_reason(self) -> HoldReason:
        """The word on the card."""
        return (self.verdict and self.verdict.reason) or HoldReason.NEEDS_PERSON


def cast(config: Config, wishes: Wishes, *, account_created: datetime, now: datetime) -> Part:
    """Answer the questionnaire on paper. Raises NotTold where it cannot be answered in this way."""
    questionnaire = config.questionnaire
    possible = _possible(questionnaire, wishes)
    entries: list[Entry] = []
    for number in range(_MOST_PAGES):
        reading = Reading(questionnaire, entries)
        page = information_page(config.rules, reading)
        if page is not None:
            return Part(possible, page=page)
        step = reading.next_page()
        if step is None:
            break
        shown = reading.shown(step.page_id)
        if shown is None or step.entry_id:
            raise NotTold(_why_stuck(shown, step.page_id))
        entries.append(_entry(shown, possible, number))
    statements = Reading(questionnaire, entries).statements
    if statements is None:
        raise NotTold("your last page, the one with the statements, is not shown to this person")
    reading = Reading(questionnaire, [*entries, _entry(statements, possible, _MOST_PAGES)])
    history = History(account_created)
    facts = facts_of(reading, history, now=now, new_account=config.admission.new_account)
    verdict = decide(config.rules, reading, facts, config.admission)
    return Part(possible, disclosure_from(reading).disclosed, verdict=verdict)


def _why_stuck(shown: ShownPage | None, page_id: str) -> str:
    problems = [problem for entry in shown.entries for problem in shown.problems(entry)] if shown else []
    if not problems:
        return f"your page {page_id!r} takes an answer that this scene does not have"
    return f"your question {problems[0].field.id!r} does not take the answer that this scene needs"


def _entry(shown: ShownPage, wishes: Wishes, number: int) -> Entry:
    raw = {
        asked.id: filling(asked, wishes.get(asked.id), required=asked.id in shown.required)
        for asked in shown.asked
        if asked.is_question
    }
    return Entry(f"entry-{number}", shown.page.id, parse(shown.asked, raw))


def _possible(questionnaire: Questionnaire, wishes: Wishes) -> Wishes:
    """The wishes that this questionnaire has a field and options for."""
    possible: dict[str, Wish] = {}
    for field_id, wish in wishes.items():
        page = questionnaire.page_of(field_id)
        field = page.field(field_id) if page else None
        if field is None or field.kind.is_choice == isinstance(wish, str):
            continue
        lacking = _lacking(field, wish)
        if lacking and field_id not in _BY_THE_WAY:
            raise NotTold(f"your question {field_id!r} has no option {lacking!r}")
        if not lacking:
            possible[field_id] = wish
    return possible


def _lacking(field: FormField, wish: Wish) -> str:
    offered = {option.value for option in field.options}
    return "" if isinstance(wish, str) else next((code for code in wish if code not in offered), "")


def filling(field: FormField, wish: Wish | None, *, required: bool) -> str | list[str] | None:
    """What to fill into a field: the wish, else the least that it takes; None leaves it out."""
    if field.kind.is_choice:
        codes = list(wish) if isinstance(wish, tuple) else _usual_codes(field, required=required)
        if field.kind is Kind.RADIO:
            return codes[0] if codes else None
        return codes or None
    words = wish if isinstance(wish, str) else _usual_words(field, required=required)
    return words or None


def _usual_codes(field: FormField, *, required: bool) -> list[str]:
    if not required:
        return []
    offered = [option.value for option in field.options if option.value != RATHER_NOT_SAY]
    return offered[: max(1, field.min_values or 1)]


def _usual_words(field: FormField, *, required: bool) -> str:
    if not required:
        return ""
    least = field.min_length or 1
    words = _USUAL_WORDS * (least // len(_USUAL_WORDS) + 1)
    return words[: field.most_characters].strip().ljust(least, ".")
