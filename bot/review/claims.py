"""Whose is it: taking something on, letting go of it, handing it over; and being told that somebody has it.

A claim keeps two people from doing the same work. It is no change of a file, and no right: whoever may
decide may still do so where ``[review] act_on_claimed`` says so, once they have been told.
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.access import HIDDEN, Act, is_moderator, why_not
from bot.fairness.hands import hand_for_concern, may_not
from bot.foundation import Foundation
from bot.ids import tidy_case_code
from bot.model import Visitor
from bot.store import cases, claims, effects, events
from bot.store.claims import Claim, ClaimKind, Item
from bot.store.effects import EffectKind


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has something, and since when."""

    subject_id: str
    user_id: int | None = field(repr=False)
    since: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody looks after something now: the one who asked, or the one it was handed to."""

    code: str
    holder: Holder
    case_id: str | None = None
    mine: bool = True


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody looks after it any more."""

    code: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody else has it."""

    code: str
    holder: Holder
    case_id: str | None
    may_anyway: bool
    """Whether it can be taken over."""


@dataclass(frozen=True, slots=True)
class NotClaimed:
    """Nothing changed. The code picks the sentence."""

    why: str
    code: str = ""


ClaimResult = Held | Free | Taken | NotClaimed


class Claims:
    """Use cases of claiming. One object serves everybody."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    async def claim(self, visitor: Visitor, typed_code: str) -> ClaimResult:
        """Look after what a code names."""
        code = tidy_case_code(typed_code)
        return await self._on.database.write(
            lambda connection: self._claim(connection, visitor, _by_code(connection, code))
        )

    async def claim_case(self, visitor: Visitor, case_id: str) -> ClaimResult:
        """Look after a case, or the appeal against its decision."""
        return await self._on.database.write(
            lambda connection: self._claim(connection, visitor, _by_case(connection, case_id))
        )

    async def take_over(self, visitor: Visitor, case_id: str) -> ClaimResult:
        """Go on although somebody else has it: from now on it is with whoever asks."""
        return await self._on.database.write(
            lambda connection: self._claim(
                connection,
                visitor,
                _by_case(connection, case_id),
                anyway=self._on.config.review.act_on_claimed,
            )
        )

    async def release(self, visitor: Visitor, typed_code: str) -> ClaimResult:
        """Let go of what a code names."""
        code = tidy_case_code(typed_code)
        return await self._on.database.write(lambda connection: self._release(connection, visitor, code))

    async def hand_over(self, visitor: Visitor, typed_code: str, to: Visitor) -> ClaimResult:
        """Have a colleague look after what a code names, if they may."""
        code = tidy_case_code(typed_code)
        return await self._on.database.write(
            lambda connection: self._hand_over(connection, visitor, code, to)
        )

    def _claim(
        self, connection: sqlite3.Connection, visitor: Visitor, item: Item | None, *, anyway: bool = False
    ) -> ClaimResult:
        refused = self._refused(connection, visitor, item)
        if refused or item is None:
            return refused or NotClaimed(HIDDEN)
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        other = held_by_other(connection, self._on, moderator.id, item.kind, item.id)
        if other is not None and not anyway:
            return Taken(item.code, other, item.case_id, self._on.config.review.act_on_claimed)
        step = "handed_over" if other else "claimed"
        return take(connection, self._on, item, moderator.id, by=moderator.id, step=step)

    def _release(self, connection: sqlite3.Connection, visitor: Visitor, code: str) -> ClaimResult:
        item = _by_code(connection, code)
        refused = self._refused(connection, visitor, item)
        if refused or item is None:
            return refused or NotClaimed(HIDDEN)
        moderator = self._on.find_or_add(connection, visitor.user_id, self._on.now())
        other = held_by_other(connection, self._on, moderator.id, item.kind, item.id)
        if other is not None:
            return Taken(item.code, other, item.case_id, may_anyway=False)
        let_go(connection, self._on, item.kind, item.id, item.case_id, by=moderator.id)
        return Free(item.code)

    def _hand_over(
        self, connection: sqlite3.Connection, visitor: Visitor, code: str, to: Visitor
    ) -> ClaimResult:
        item = _by_code(connection, code)
        refused = self._refused(connection, visitor, item)
        if refused or item is None:
            return refused or NotClaimed(HIDDEN)
        if why_not_by(connection, self._on, to, item):
            # One sentence for every reason: what keeps a colleague away is theirs to tell.
            return NotClaimed("not_for_them", item.code)
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        other = held_by_other(connection, self._on, moderator.id, item.kind, item.id)
        if other is not None and not self._on.config.review.act_on_claimed:
            return Taken(item.code, other, item.case_id, may_anyway=False)
        colleague = self._on.find_or_add(connection, to.user_id, now)
        return take(connection, self._on, item, colleague.id, by=moderator.id, step="handed_over")

    def _refused(
        self, connection: sqlite3.Connection, visitor: Visitor, item: Item | None
    ) -> NotClaimed | None:
        """Why somebody may not look after something; on record where they reached for a case or concern."""
        if not is_moderator(role_ids=visitor.role_ids, moderator_roles=self._on.config.moderator_roles):
            return NotClaimed("not_a_moderator")
        if item is None:
            return NotClaimed(HIDDEN)
        why = why_not_by(connection, self._on, visitor, item)
        if not why:
            return None
        if why == HIDDEN:
            # A line would tell apart the code of a concern about them from one that nobody has.
            return NotClaimed(HIDDEN)
        now = self._on.now()
        events.record(
            connection,
            now=now,
            actor=self._on.find_or_add(connection, visitor.user_id, now).id,
            action=f"{item.kind.value}.claim_refused",
            object_kind=item.kind.value,
            object_id=item.id,
            payload={"why": why},
        )
        return NotClaimed(why, item.code)


def held_by_other(
    connection: sqlite3.Connection, on: Foundation, moderator_id: str, kind: ClaimKind, item_id: str
) -> Holder | None:
    """Who has something, if it is somebody other than this moderator."""
    holder = holder_of(connection, on, kind, item_id)
    return None if holder is None or holder.subject_id == moderator_id else holder


def holder_of(connection: sqlite3.Connection, on: Foundation, kind: ClaimKind, item_id: str) -> Holder | None:
    """Who has something."""
    claim = claims.get(connection, kind, item_id)
    if claim is None:
        return None
    return Holder(claim.holder_id, on.user_id(connection, claim.holder_id), claim.since)


def take(
    connection: sqlite3.Connection,
    on: Foundation,
    item: Item,
    holder_id: str,
    *,
    by: str,
    step: str = "claimed",
) -> Held:
    """Have somebody look after something, on record. Claiming what one has renews it, and is no step."""
    now = on.now()
    before = claims.get(connection, item.kind, item.id)
    again = before is not None and before.holder_id == holder_id
    since = before.since if before is not None and again else now
    until = now + on.config.review.claim_for
    claims.put(connection, Claim(item.kind, item.id, holder_id, since, until))
    if not again:
        _note(connection, item.kind, item.id, item.case_id, step, by, now)
    holder = Holder(holder_id, on.user_id(connection, holder_id), since)
    return Held(item.code, holder, item.case_id, mine=holder_id == by)


def let_go(
    connection: sqlite3.Connection,
    on: Foundation,
    kind: ClaimKind,
    item_id: str,
    case_id: str | None,
    *,
    by: str,
) -> bool:
    """Have nobody look after something any more, on record; False when nobody did."""
    if not claims.delete(connection, kind, item_id):
        return False
    _note(connection, kind, item_id, case_id, "released", by, on.now())
    return True


def let_go_if_theirs(connection: sqlite3.Connection, on: Foundation, holder_id: str, case_id: str) -> None:
    """A case is kept from somebody: what they have of it is free."""
    appeal = claims.open_appeal(connection, case_id, "")
    found = [(ClaimKind.CASE, case_id), *([(ClaimKind.APPEAL, appeal.id)] if appeal else [])]
    for kind, item_id in found:
        claim = claims.get(connection, kind, item_id)
        if claim is not None and claim.holder_id == holder_id:
            let_go(connection, on, kind, item_id, case_id, by=events.MACHINE)


def let_go_of_all(connection: sqlite3.Connection, on: Foundation, holder_id: str, most: int) -> int:
    """Somebody is no moderator any more: what they have is free. Returns how much of it was."""
    held = claims.of_holder(connection, holder_id, most)
    for claim in held:
        case_id = claims.case_of(connection, claim)
        let_go(connection, on, claim.kind, claim.item_id, case_id, by=events.MACHINE)
    return len(held)


def let_go_when_over(connection: sqlite3.Connection, on: Foundation, now: datetime, most: int) -> int:
    """What somebody has had for as long as they may is free again. Returns how much of it was."""
    claims.hold_near(connection, now + on.config.review.claim_for)
    over = claims.run_out(connection, now, most)
    for claim in over:
        case_id = claims.case_of(connection, claim)
        let_go(connection, on, claim.kind, claim.item_id, case_id, by=events.MACHINE)
    return len(over)


def why_not_by(connection: sqlite3.Connection, on: Foundation, visitor: Visitor, item: Item) -> str:
    """Why somebody may not look after something; empty where they may."""
    if item.case_id is None:
        return why_not(Act.CLAIM, hand_for_concern(connection, on, visitor, item.about_id, item.reporter_id))
    case = cases.get(connection, item.case_id)
    return HIDDEN if case is None else may_not(connection, on, visitor, Act.CLAIM, case)


def _by_code(connection: sqlite3.Connection, code: str) -> Item | None:
    case = cases.by_code(connection, code)
    return claims.open_concern(connection, code) if case is None else _by_case(connection, case.id)


def _by_case(connection: sqlite3.Connection, case_id: str) -> Item | None:
    """The case while it is open; then the appeal, if there is one."""
    case = cases.get(connection, case_id)
    if case is None:
        return None
    if case.state.is_open:
        return Item(ClaimKind.CASE, case.id, case.code, case.id)
    return claims.open_appeal(connection, case.id, case.code)


def _note(
    connection: sqlite3.Connection,
    kind: ClaimKind,
    item_id: str,
    case_id: str | None,
    step: str,
    by: str,
    now: datetime,
) -> None:
    events.record(
        connection,
        now=now,
        actor=by,
        action=f"{kind.value}.{step}",
        object_kind=kind.value,
        object_id=item_id,
    )
    if case_id is not None:
        effects.want(connection, EffectKind.CARD, key=case_id, now=now, case_id=case_id)
