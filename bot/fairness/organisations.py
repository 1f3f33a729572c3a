"""The register of organisations: names, kinds, owners, and which of them are one and the same.

It names no member, so whoever is a moderator may keep it, whatever links they have themselves.
"""

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.access import is_moderator
from bot.fairness.lines import Register
from bot.fairness.naming import LONGEST_NAME, normalised
from bot.foundation import Foundation
from bot.interests import CATEGORY, LINK_PAGE
from bot.model import Visitor
from bot.store import events, organisations
from bot.store.organisations import Organisation
from bot.text import Text

MOST_SUGGESTED = 25
"""What Discord offers at most while somebody types."""

MOST_LISTED = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """An organisation with all that belongs to it."""

    id: str
    kind: str
    name: str = field(repr=False)
    others: tuple[str, ...] = field(repr=False)
    """What else it is called, with the names of what was merged into it."""
    above: tuple[str, ...] = field(repr=False)
    below: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """It stands in the register so. ``what`` was done to it: ``added``, ``named``, ``owned`` and so on."""

    what: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Listed:
    """The names that fit, and how many more there are."""

    names: tuple[str, ...] = field(repr=False)
    more: int
    total: int
    """How many organisations there are in all."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """Nothing was changed. The code picks the sentence; ``name`` is the organisation in the way."""

    code: str
    name: str = field(default="", repr=False)


class Organisations:
    """Use cases of the register. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation
        self._read: dict[str, tuple[str, str]] = {}
        """Names by their ids, as typed and normalised, so that typing opens each of them only once."""

    @property
    def kinds(self) -> dict[str, Text]:
        """What an organisation may be, with a label: what the questionnaire asks about a link."""
        page = self._on.config.questionnaire.page(LINK_PAGE)
        asked = page.field(CATEGORY) if page is not None else None
        return {option.value: option.label for option in asked.options} if asked is not None else {}

    def is_moderator(self, visitor: Visitor) -> bool:
        """Whether somebody holds a configured moderator role right now."""
        return is_moderator(role_ids=visitor.role_ids, moderator_roles=self._on.config.moderator_roles)

    async def add(self, visitor: Visitor, name: str, kind: str) -> Kept | NotKept:
        """Put an organisation in."""
        return await self._on.database.write(lambda connection: self._add(connection, visitor, name, kind))

    def _add(self, connection: sqlite3.Connection, visitor: Visitor, name: str, kind: str) -> Kept | NotKept:
        typed = _tidy(name)
        refused = self._name_refused(connection, visitor, typed)
        if refused is not None:
            return refused
        if kind not in self.kinds:
            return NotKept("no_such_kind")
        now = self._on.now()
        organisation = organisations.add(connection, kind, now)
        self._give_name(connection, organisation.id, typed, now, main=True)
        self._note(connection, visitor, "organisation.added", organisation.id, {"kind": kind})
        return Kept("added", self._entry(connection, organisation))

    async def alias(self, visitor: Visitor, which: str, name: str) -> Kept | NotKept:
        """Give an organisation another name."""
        return await self._on.database.write(lambda connection: self._alias(connection, visitor, which, name))

    def _alias(
        self, connection: sqlite3.Connection, visitor: Visitor, which: str, name: str
    ) -> Kept | NotKept:
        found = self._find(connection, visitor, which)
        if isinstance(found, NotKept):
            return found
        typed = _tidy(name)
        if self._named(connection, typed) == found:
            return Kept("named_before", self._entry(connection, found))
        refused = self._name_refused(connection, visitor, typed)
        if refused is not None:
            return refused
        self._give_name(connection, found.id, typed, self._on.now(), main=False)
        self._note(connection, visitor, "organisation.named", found.id)
        return Kept("named", self._entry(connection, found))

    async def set_parent(self, visitor: Visitor, which: str, parent: str) -> Kept | NotKept:
        """Say whom an organisation belongs to; an empty name: to nobody."""
        return await self._on.database.write(
            lambda connection: self._set_parent(connection, visitor, which, parent)
        )

    def _set_parent(
        self, connection: sqlite3.Connection, visitor: Visitor, which: str, parent: str
    ) -> Kept | NotKept:
        found = self._find(connection, visitor, which)
        if isinstance(found, NotKept):
            return found
        owner = self._find(connection, visitor, parent) if parent.strip() else None
        if isinstance(owner, NotKept):
            return owner
        register = organisations.around_ids(connection, [found.id, *([owner.id] if owner else [])])
        own_ids = register.all_of(found.id)
        if owner is not None:
            others = {one: its for one, its in register.parents.items() if one not in own_ids}
            changed = replace(register, parents={**others, found.id: owner.id})
            if owner == found or changed.goes_round(found.id):
                return NotKept("goes_round", self._name(connection, owner))
        organisations.set_parent(connection, own_ids, owner.id if owner else None)
        self._note(
            connection, visitor, "organisation.owned", found.id, {"parent": owner.id if owner else "none"}
        )
        return Kept("owned" if owner else "owned_by_nobody", self._entry(connection, found))

    async def merge(self, visitor: Visitor, which: str, into: str) -> Kept | NotKept:
        """Say that two organisations are one. Both keep their names and their history, and lead to one."""
        return await self._on.database.write(lambda connection: self._merge(connection, visitor, which, into))

    def _merge(
        self, connection: sqlite3.Connection, visitor: Visitor, which: str, into: str
    ) -> Kept | NotKept:
        found, target = (self._find(connection, visitor, one) for one in (which, into))
        if isinstance(found, NotKept):
            return found
        if isinstance(target, NotKept):
            return target
        if found == target:
            return Kept("merged_before", self._entry(connection, target))
        register = organisations.around_ids(connection, [found.id, target.id])
        merged = {**register.merged, found.id: target.id}
        if replace(register, merged=merged).goes_round(target.id):
            return NotKept("merge_goes_round", self._name(connection, target))
        organisations.merge(connection, found.id, target.id)
        self._note(connection, visitor, "organisation.merged", found.id, {"into": target.id})
        return Kept("merged", self._entry(connection, target))

    async def show(self, visitor: Visitor, which: str) -> Kept | NotKept:
        """An organisation with its names, its owners and what belongs to it."""
        return await self._on.database.read(lambda connection: self._show(connection, visitor, which))

    def _show(self, connection: sqlite3.Connection, visitor: Visitor, which: str) -> Kept | NotKept:
        found = self._find(connection, visitor, which)
        return found if isinstance(found, NotKept) else Kept("shown", self._entry(connection, found))

    async def search(self, visitor: Visitor, typed: str) -> Listed | NotKept:
        """The names that a few typed letters fit; all of them for none."""
        if not self.is_moderator(visitor):
            return NotKept("not_a_moderator")
        return await self._on.database.read(lambda connection: self._search(connection, typed))

    def _search(self, connection: sqlite3.Connection, typed: str) -> Listed:
        fitting = [name for _, name in self._fitting(connection, typed)]
        shown = tuple(fitting[:MOST_LISTED])
        return Listed(shown, len(fitting) - len(shown), organisations.how_many(connection))

    async def suggest(self, visitor: Visitor, typed: str) -> list[tuple[str, str]]:
        """The ids and names to offer while a moderator types; to nobody else any."""
        if not self.is_moderator(visitor):
            return []
        found = await self._on.database.read(lambda connection: self._fitting(connection, typed))
        return found[:MOST_SUGGESTED]

    def _fitting(self, connection: sqlite3.Connection, typed: str) -> list[tuple[str, str]]:
        """Each organisation that fits, by its first name that does: those that begin so first."""
        sought, written = normalised(typed), typed.strip().casefold()
        register = organisations.mergers(connection)
        found: dict[str, tuple[bool, str, str]] = {}
        for name in organisations.every_name(connection):
            if name.id not in self._read:
                text = organisations.opened(self._on.vault, name)
                self._read[name.id] = text, normalised(text)
            text, tidy = self._read[name.id]
            if (sought and sought in tidy) or written in text.casefold():
                later = not tidy.startswith(sought)
                here = register.end(name.organisation_id)
                found[here] = min(found.get(here, (True, "\U0010ffff", "")), (later, text.casefold(), text))
        return [(here, text) for here, (_, _, text) in sorted(found.items(), key=lambda one: one[1])]

    def _find(self, connection: sqlite3.Connection, visitor: Visitor, which: str) -> Organisation | NotKept:
        """The organisation that was chosen, by its id, or that has the name that was typed."""
        if not self.is_moderator(visitor):
            return NotKept("not_a_moderator")
        chosen = organisations.get(connection, which.strip())
        found = self._end(connection, chosen.id) if chosen else self._named(connection, _tidy(which))
        return found or NotKept("no_such_organisation")

    def _named(self, connection: sqlite3.Connection, typed: str) -> Organisation | None:
        tidy = normalised(typed)
        known = organisations.named(connection, self._on.vault.name_lookup(tidy)) if tidy else None
        return self._end(connection, known) if known else None

    def _end(self, connection: sqlite3.Connection, organisation_id: str) -> Organisation | None:
        register = organisations.around_ids(connection, [organisation_id])
        return organisations.get(connection, register.end(organisation_id))

    def _name_refused(self, connection: sqlite3.Connection, visitor: Visitor, typed: str) -> NotKept | None:
        if not self.is_moderator(visitor):
            return NotKept("not_a_moderator")
        if not normalised(typed):
            return NotKept("no_name")
        if len(typed) > LONGEST_NAME:
            return NotKept("long_name")
        taken = self._named(connection, typed)
        return NotKept("name_taken", self._name(connection, taken)) if taken else None

    def _give_name(
        self, connection: sqlite3.Connection, organisation_id: str, typed: str, now: datetime, *, main: bool
    ) -> None:
        lookup = self._on.vault.name_lookup(normalised(typed))
        organisations.add_name(connection, self._on.vault, organisation_id, typed, lookup, now, main=main)

    def _entry(self, connection: sqlite3.Connection, organisation: Organisation) -> Entry:
        register = organisations.around_ids(connection, [organisation.id])
        kept = organisations.get(connection, register.end(organisation.id)) or organisation
        names = self._names(connection, register, kept.id)
        return Entry(
            kept.id,
            kept.kind,
            names[0],
            names[1:],
            above=self._main_names(connection, register.above(kept.id)),
            below=self._main_names(connection, register.below(kept.id)),
        )

    def _names(
        self, connection: sqlite3.Connection, register: Register, organisation_id: str
    ) -> tuple[str, ...]:
        """All names of an organisation, its own main one first."""
        found = organisations.names_of(connection, register.all_of(organisation_id))
        own = sorted(found, key=lambda name: not (name.main and name.organisation_id == organisation_id))
        return tuple(organisations.opened(self._on.vault, name) for name in own)

    def _main_names(self, connection: sqlite3.Connection, ids: frozenset[str]) -> tuple[str, ...]:
        found = [name for name in organisations.names_of(connection, ids) if name.main]
        return tuple(sorted(organisations.opened(self._on.vault, name) for name in found))

    def _name(self, connection: sqlite3.Connection, organisation: Organisation) -> str:
        return self._entry(connection, organisation).name

    def _note(
        self,
        connection: sqlite3.Connection,
        visitor: Visitor,
        action: str,
        organisation_id: str,
        payload: dict[str, str] | None = None,
    ) -> None:
        now = self._on.now()
        events.record(
            connection,
            now=now,
            actor=self._on.find_or_add(connection, visitor.user_id, now).id,
            action=action,
            object_kind="organisation",
            object_id=organisation_id,
            payload=payload,
        )


def _tidy(name: str) -> str:
    """A name as it was typed, on one line."""
    return " ".join(name.split())
