"""Erasure: what is deleted because the person it is about wants that, and the receipt for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Erased(StrEnum):
    """What was asked for."""

    PERSON = "person"
    """Everything about somebody. A member returns to the front porch."""
    REST = "rest"
    """Everything but the links and the decision to let somebody in: they stay a member."""
    CONSENT = "consent"
    """All that rests on consent. The bare record of the decisions stays until its time is up."""
    CASE = "case"
    """The answers of one request."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What erasing would mean for somebody, to be told before they choose."""

    is_member: bool
    """They would return to the front porch, unless they keep their links."""
    has_links: bool
    """There are links on record that could be kept while all else goes."""
    open_case: bool
    """A request that is being answered or decided would end."""
    held_until: datetime | None
    """Until when a locked number stays, so that a person looks if they ask again; None: nothing stays."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done. Nothing of it is kept but the line in the ledger, which the ref names."""

    ref: str
    what: Erased
    at: datetime
    gone: Mapping[str, int]
    """How many of each kind: cases, sheets, disclosures, decisions, letters, messages."""
    messages_to_delete: int
    """Messages in Discord that are being deleted now."""
    role_taken: bool
    held_until: datetime | None


class Eraser(Protocol):
    """Erases, on behalf of the person or of the operator whom they asked. By random subject id."""

    async def consequence(self, subject_id: str) -> Consequence:
        """What erasing would mean."""

    async def person(self, subject_id: str, by: str) -> Receipt | None:
        """Erase everything about somebody; None when nobody is known by that id any more."""

    async def rest(self, subject_id: str, by: str) -> Receipt | None:
        """Erase everything but the links; None when there is no member by that id."""

    async def consent(self, subject_id: str, by: str) -> Receipt | None:
        """Take back consent: erase what rests on it."""
