"""Looking at the server: what is open, told to the team once until it changes."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.access import is_moderator
from bot.foundation import Foundation
from bot.ids import new_id
from bot.layout.audit import audit
from bot.layout.findings import Finding, FindingCode
from bot.layout.model import Server
from bot.model import Visitor
from bot.ports import Later, Refused, Surveyor
from bot.review.desk import Denied
from bot.store import effects
from bot.store import findings as store
from bot.store.effects import EffectKind
from bot.store.findings import Found

_log = logging.getLogger(__name__)

_SETTLE = timedelta(seconds=5)
"""Several changes in a row are looked at together."""
_LOOK_EVERY = timedelta(days=1)
_TRY_AGAIN = timedelta(minutes=1)

Looked = tuple[Finding, ...]


class Findings:
    """Looks at the server, and remembers what was told."""

    def __init__(self, foundation: Foundation, surveyor: Surveyor) -> None:
        """Take what every use case stands on, and the port. The configuration names a server."""
        self._on = foundation
        self._lookout = surveyor
        self._one_at_a_time = asyncio.Lock()

    async def shown_to(self, visitor: Visitor) -> Looked | Denied | Refused | Later:
        """A moderator wants to see how things stand now."""
        if not is_moderator(role_ids=visitor.role_ids, moderator_roles=self._on.config.moderator_roles):
            return Denied("not_a_moderator")
        return await self.look()

    async def look(self) -> Looked | Refused | Later:
        """Look at the server, remember what was found, and have the team hear of what is new."""
        async with self._one_at_a_time:
            server = await self._lookout.survey()
            if not isinstance(server, Server):
                code = server.why.value if isinstance(server, Refused) else server.code
                _log.warning("the server could not be looked at: %s", code)
                return server
            # A big server takes a moment, and whoever presses something meanwhile should not wait.
            found = await asyncio.to_thread(self._audited, server)
            now = self._on.now()
            await self._on.database.write(lambda connection: _remember(connection, found, now))
            return found

    def _audited(self, server: Server) -> Looked:
        config = self._on.config
        if config.discord is None:
            return ()
        return audit(server, config.discord.places, removes_people=config.timers.after_lapse == "remove")


def _remember(connection: sqlite3.Connection, found: Sequence[Finding], now: datetime) -> None:
    standing = {finding.fingerprint: finding for finding in found}
    known = store.standing(connection)
    new = standing.keys() - known
    batch = new_id()
    for fingerprint, finding in standing.items():
        store.note(connection, _as_row(fingerprint, finding), batch, now)
    store.forget(connection, known - standing.keys())
    if found:
        opening = sum(finding.opens for finding in found)
        codes = ", ".join(sorted({finding.code.value for finding in found}))
        _log.warning("ways past the gate: %d; other findings: %d (%s)", opening, len(found) - opening, codes)
    if new:
        key = target = f"findings:{batch}"
        effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)
    elif known and not standing:
        _log.info("all findings about the server are mended")
        effects.want_once(connection, EffectKind.NOTICE, key=f"mended:{batch}", now=now, target="mended")


def _as_row(fingerprint: str, finding: Finding) -> Found:
    details = {
        "roles": finding.roles,
        "channels": finding.channels,
        "bots": finding.bots,
        "powers": finding.powers,
        "count": finding.count,
    }
    return Found(fingerprint, finding.code.value, finding.opens, json.dumps(details))


def news(connection: sqlite3.Connection, batch: str) -> tuple[Finding, ...]:
    """What was new in one look, as far as it still stands."""
    return tuple(_finding(row) for row in store.of_batch(connection, batch))


def _finding(row: Found) -> Finding:
    details = json.loads(row.details)
    return Finding(
        FindingCode(row.code),
        opens=row.opens,
        roles=tuple(details["roles"]),
        channels=tuple(details["channels"]),
        bots=tuple(details["bots"]),
        powers=tuple(details["powers"]),
        count=details["count"],
    )


class Watch:
    """When to look: at the start, when something has changed, and once a day."""

    def __init__(self, foundation: Foundation, findings: Findings) -> None:
        """Take what every use case stands on, and who looks."""
        self._on = foundation
        self._findings = findings
        self._due: datetime | None = None
        self.woken = asyncio.Event()
        """Set whenever the next look may be due earlier than it was."""

    def in_view(self) -> None:
        """The server has come into view: look at once."""
        self._sooner(self._on.now())

    def changed(self) -> None:
        """Something about the server has changed: look in a moment, when it has settled."""
        if self._due is not None:
            self._sooner(self._on.now() + _SETTLE)

    def _sooner(self, due: datetime) -> None:
        self._due = due if self._due is None else min(self._due, due)
        self.woken.set()

    def due(self, now: datetime) -> bool:
        """Whether it is time to look."""
        return self._due is not None and self._due <= now

    async def run(self, now: datetime) -> datetime | None:
        """Look if it is time; return when it will be. Before the server is in view, there is no such time."""
        if self.due(now):
            # Set before looking: what changes meanwhile is looked at too, and what breaks is made again.
            self._due = again = now + _TRY_AGAIN
            result = await self._findings.look()
            if self._due == again:
                soon = max(result.after or _TRY_AGAIN, _TRY_AGAIN) if isinstance(result, Later) else None
                self._due = now + (soon or _LOOK_EVERY)
        return self._due
