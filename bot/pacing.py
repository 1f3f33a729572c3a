"""The pace of the outbox: how fast Discord takes what it does, and when it asked to be left alone."""

from collections import deque
from datetime import datetime, timedelta

from bot.ports import Later
from bot.store.effects import EffectKind

# Discord's own bucket for giving and taking roles: about ten in ten seconds per server (issue 7680 of
# its docs). Both share it.
_ROLES_PER_WINDOW = 10
_WINDOW = timedelta(seconds=10)

_ROLES = frozenset({EffectKind.GRANT, EffectKind.REVOKE})
_BUCKETS = (
    _ROLES,
    frozenset({EffectKind.REMOVE}),
    frozenset(
        {
            EffectKind.LETTER,
            EffectKind.REMINDER,
            EffectKind.QUESTION,
            EffectKind.DIRECT,
            EffectKind.NUDGE,
            EffectKind.RENEWAL,
        }
    ),
    frozenset({EffectKind.CARD, EffectKind.RETIRE, EffectKind.NOTICE}),
    frozenset({EffectKind.PANEL}),
)
"""Kinds that Discord counts together."""

BANNED = "http_429"
"""Not a bucket that is empty, but somebody in front of Discord who takes nothing at all any more."""
_AFTER_A_BAN = timedelta(minutes=1)


class Pace:
    """Remembers what was done lately, and what Discord answered to it."""

    def __init__(self) -> None:
        """Begin with every bucket full."""
        self._roles: deque[datetime] = deque(maxlen=_ROLES_PER_WINDOW)
        self._shut: dict[EffectKind, tuple[datetime, datetime]] = {}

    def began(self, kind: EffectKind, now: datetime) -> None:
        """A call of this kind begins."""
        if kind in _ROLES:
            self._roles.append(now)

    def heard(self, kind: EffectKind, later: Later, now: datetime) -> None:
        """Discord asked for patience: the whole bucket waits, and after a ban everything does."""
        if later.patient:
            # This waits for somebody, and not for Discord.
            return
        if later.code == BANNED:
            until = now + max(later.after or timedelta(), _AFTER_A_BAN)
            self._shut.update(dict.fromkeys(EffectKind, (now, until)))
        elif later.after is not None:
            bucket = next((bucket for bucket in _BUCKETS if kind in bucket), frozenset({kind}))
            self._shut.update(dict.fromkeys(bucket, (now, now + later.after)))

    def closed(self, now: datetime) -> dict[EffectKind, datetime]:
        """The kinds that have to wait, and until when. A clock that was set back opens them."""
        found = {kind: until for kind, (since, until) in self._shut.items() if since <= now < until}
        if len(self._roles) == _ROLES_PER_WINDOW and timedelta() <= now - self._roles[0] < _WINDOW:
            opens = self._roles[0] + _WINDOW
            found.update({kind: max(opens, found.get(kind, opens)) for kind in _ROLES})
        return found
