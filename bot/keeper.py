"""The keeper: pausing and resuming the gate, Discord's switch for invites, and how it all stands."""

import platform
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import __version__
from bot.access import is_moderator
from bot.foundation import Foundation
from bot.model import Visitor
from bot.ports import Done, Doorkeeper, Refused, Why
from bot.review.desk import Denied
from bot.review.motions import too_few
from bot.store import effects, events, findings, pauses, status
from bot.store.effects import EffectKind
from bot.store.status import Stand

INVITES_PAUSED_FOR = timedelta(hours=24) - timedelta(minutes=5)
"""Discord takes at most 24 hours ahead, by a clock of its own."""

_SHORT = 8
"""Characters of a hash that tell two apart at a glance."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What only the connection to Discord knows."""

    connected: bool
    latency: float | None
    """Seconds that Discord takes to answer a heartbeat; None while there is no telling."""
    members_intent: bool
    library: str
    """Which discord.py this is."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What runs here."""

    porchlight: str
    library: str
    python: str
    schema: int
    questionnaire: str
    rules: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The gate is paused."""

    since: datetime
    by: int | None
    """The Discord id of the moderator; None when it is no longer known."""
    before: bool
    """It was paused already."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The gate is not paused; ``before``: it was not paused anyway."""

    before: bool


@dataclass(frozen=True, slots=True)
class Invites:
    """What became of Discord's switch for invites: ``paused``, ``taken``, ``forbidden`` or ``later``."""

    code: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How everything stands."""

    stand: Stand
    vitals: Vitals
    versions: Versions
    paused_by: int | None
    findings: int
    """How much is known to be open or missing in the server."""
    too_few: bool
    """Something takes two moderators, and fewer than two may confirm anything."""
    now: datetime


Look = Callable[[], Vitals]


class Keeper:
    """Use cases about the gate as a whole, for moderators. One object serves everybody."""

    def __init__(
        self,
        foundation: Foundation,
        doorkeeper: Doorkeeper,
        look: Look,
    ) -> None:
        """Take what every use case stands on, the port, and what looks at the connection."""
        self._on = foundation
        self._doorkeeper = doorkeeper
        self._look = look

    def _is_moderator(self, visitor: Visitor) -> bool:
        return is_moderator(role_ids=visitor.role_ids, moderator_roles=self._on.config.moderator_roles)

    async def pause(self, visitor: Visitor) -> Paused | Denied:
        """Have the machine let nobody in until somebody resumes. Help and answering stay open."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.write(lambda connection: self._pause(connection, visitor))

    def _pause(self, connection: sqlite3.Connection, visitor: Visitor) -> Paused:
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        if not pauses.begin(connection, moderator.id, now):
            pause = pauses.current(connection)
            if pause is None:
                raise LookupError("pause")
            return Paused(pause.since, self._who(connection, pause.by_subject), before=True)
        self._note(connection, moderator.id, "gate.paused", now)
        self._tell_team(connection, "paused", now)
        return Paused(now, visitor.user_id, before=False)

    async def resume(self, visitor: Visitor) -> Resumed | Denied:
        """Have the gate work as before. Whoever was held meanwhile still waits for a person."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.write(lambda connection: self._resume(connection, visitor))

    def _resume(self, connection: sqlite3.Connection, visitor: Visitor) -> Resumed:
        if not pauses.end(connection):
            return Resumed(before=True)
        now = self._on.now()
        moderator = self._on.find_or_add(connection, visitor.user_id, now)
        self._note(connection, moderator.id, "gate.resumed", now)
        self._tell_team(connection, "resumed", now)
        return Resumed(before=False)

    def _tell_team(self, connection: sqlite3.Connection, what: str, now: datetime) -> None:
        key = f"{what}:{now.isoformat()}"
        effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=what)

    def _note(self, connection: sqlite3.Connection, actor: str, action: str, now: datetime) -> None:
        events.record(connection, now=now, actor=actor, action=action, object_kind="gate", object_id="gate")

    def _who(self, connection: sqlite3.Connection, subject_id: str) -> int | None:
        return self._on.user_id(connection, subject_id)

    async def pause_invites(self, visitor: Visitor) -> Invites | Denied:
        """Have Discord take no invites for a day. People who have pressed *Join* already come in."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._switch(visitor, self._on.now() + INVITES_PAUSED_FOR)

    async def take_invites(self, visitor: Visitor) -> Invites | Denied:
        """Have Discord take invites again."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._switch(visitor, None)

    async def _switch(self, visitor: Visitor, until: datetime | None) -> Invites:
        """Write down who wants it, ask Discord, and write down that it was done."""
        code = "taken" if until is None else "paused"
        await self._on.database.write(lambda c: self._note_by(c, visitor, f"invites.{code}_wanted"))
        result = await self._doorkeeper.pause_invites(until)
        if isinstance(result, Done):
            await self._on.database.write(lambda c: self._note_by(c, visitor, f"invites.{code}"))
            return Invites(code, until)
        forbidden = isinstance(result, Refused) and result.why is Why.FORBIDDEN
        return Invites("forbidden" if forbidden else "later")

    def _note_by(self, connection: sqlite3.Connection, visitor: Visitor, action: str) -> None:
        now = self._on.now()
        self._note(connection, self._on.find_or_add(connection, visitor.user_id, now).id, action, now)

    async def status(self, visitor: Visitor) -> Status | Denied:
        """How everything stands. It is about nobody, except who paused the gate."""
        if not self._is_moderator(visitor):
            return Denied("not_a_moderator")
        return await self._on.database.read(self._status)

    def _status(self, connection: sqlite3.Connection) -> Status:
        stand, vitals = status.read(connection), self._look()
        return Status(
            stand=stand,
            vitals=vitals,
            versions=self._versions(stand, vitals),
            paused_by=self._who(connection, stand.pause.by_subject) if stand.pause else None,
            findings=len(findings.standing(connection)),
            too_few=too_few(connection, self._on),
            now=self._on.now(),
        )

    def _versions(self, stand: Stand, vitals: Vitals) -> Versions:
        config = self._on.config
        return Versions(
            porchlight=__version__,
            library=vitals.library,
            python=platform.python_version(),
            schema=stand.schema,
            questionnaire=config.questionnaire.content_hash[:_SHORT],
            rules=config.rules_version[:_SHORT],
        )
