"""Waves: when many people join at once, the machine lets none of them in by itself.

A wave begins with the join that makes it ``joins`` within ``within``, and takes in everybody of that
time. Whoever comes while it goes on belongs to it. It is over when nobody has come for ``quiet``.

Everything is worked out from what is stored, so that it holds across a restart. A clock that was put
back neither makes a wave of people who came long ago, nor keeps one going for ever.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.config.tables import Raid
from bot.store import effects, events, waves
from bot.store.effects import EffectKind
from bot.store.waves import Wave


def is_over(last_join_at: datetime, now: datetime, quiet: timedelta) -> bool:
    """Whether it has been quiet for long enough."""
    return now - last_join_at >= quiet


def joined(connection: sqlite3.Connection, raid: Raid, case_ids: Sequence[str], now: datetime) -> None:
    """People came, who have these cases now. Part of the unit of work that opened them."""
    wave = look(connection, raid, now)
    if wave is not None:
        waves.add(connection, wave, case_ids, now)
    elif waves.came_between(connection, now - raid.within, now, raid.joins) >= raid.joins:
        _begin(connection, raid, now)


def _begin(connection: sqlite3.Connection, raid: Raid, now: datetime) -> None:
    wave, many = waves.begin(connection, now - raid.within, now)
    _note(connection, "wave.began", wave, now, joins=str(many))
    key, target = f"wave:{wave.id}", f"wave:{many}"
    effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)


def look(connection: sqlite3.Connection, raid: Raid, now: datetime) -> Wave | None:
    """The wave that is going on, if there is one. One that is over is ended, and the team hears of it."""
    wave = waves.current(connection)
    if wave is None:
        return None
    if wave.last_join_at > now:
        waves.touch(connection, wave, now)
        return replace(wave, last_join_at=now)
    if not is_over(wave.last_join_at, now, raid.quiet):
        return wave
    waves.end(connection, wave, now)
    came, answered = waves.came(connection, wave), waves.answered(connection, wave.id)
    _note(connection, "wave.ended", wave, now, came=str(came), answered=str(answered))
    key, target = f"wave_over:{wave.id}", f"wave_over:{came}:{answered}"
    effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)
    return None


def _note(connection: sqlite3.Connection, action: str, wave: Wave, now: datetime, **payload: str) -> None:
    events.record(
        connection,
        now=now,
        actor=events.MACHINE,
        action=action,
        object_kind="wave",
        object_id=wave.id,
        payload=payload,
    )
