"""What filling in leads to, as values: a form to show, a page that is saved, a summary, or why not."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.answers import Entry, Problem, ShownPage
from bot.minting import NextForm
from bot.model import InformationPage, Source
from bot.questionnaire import Page
from bot.store.cases import Case


class WhyNot(StrEnum):
    """Why a form could not be opened or saved."""

    UNKNOWN = "unknown"
    """It belongs to something that has been deleted, or to somebody else."""
    SENT = "sent"
    """The answers have been sent since."""
    CLOSED = "closed"
    """The case has been closed since."""
    FULL = "full"
    """It was taken out, and there is no room to put it back."""
    RECUSED = "recused"
    """A moderator was writing answers down, and the case is kept from them by now."""
    INTERESTS_STALE = "interests_stale"
    INTERESTS_NONE = "interests_none"


KEPT_FROM = frozenset({WhyNot.RECUSED, WhyNot.INTERESTS_STALE, WhyNot.INTERESTS_NONE})
"""Why a moderator may not write answers down in a case; the codes are those of ``access``."""


@dataclass(frozen=True, slots=True)
class FormToFill:
    """A page about to be shown, with what was answered before."""

    ref: str
    shown: ShownPage
    entry: Entry
    by_moderator_for: str = ""
    """The case whose answers a moderator is writing down; empty for one's own form."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A page is on disk."""

    page: Page
    number: int
    total: int
    problems: tuple[Problem, ...]
    again: str
    """The ref that opens this entry again."""
    next: NextForm | None
    """The next page; None when all is answered."""
    add_another: str = ""
    """The ref that adds another entry of a repeated page, if there is room."""
    filled: int = 1
    """How many entries of the page there are."""
    by_moderator: bool = False
    sheet_id: str = ""
    case: Case | None = None
    """The person's own case as it stands now; None for a moderator, and for a member's change."""


@dataclass(frozen=True, slots=True)
class Informed:
    """The answers lead to an information page."""

    page: InformationPage
    by_moderator: bool = False
    kept_before: bool = False
    """Answers that were sent earlier are still with the team."""


@dataclass(frozen=True, slots=True)
class NotSaved:
    """Nothing was changed. What was typed is handed back."""

    why: WhyNot
    typed: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SummaryEntry:
    """One filled-in page in the summary, with the ref that changes it."""

    shown: ShownPage
    entry: Entry
    ref: str


@dataclass(frozen=True, slots=True)
class Summary:
    """All answers, before they are sent."""

    sheet_id: str
    source: Source
    entries: tuple[SummaryEntry, ...]
    add_another: tuple[tuple[Page, str], ...]
    contradictions: tuple[str, ...]
    statements: ShownPage | None
    send_ref: str
    by_moderator: bool = False
