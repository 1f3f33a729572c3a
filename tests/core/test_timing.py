"""When something is due, as tables: turns, reminders, jumps of the clock, and the hour of the notice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import timing
from bot.timing import Turn
from tests.support import NOW


def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)


REMINDERS = (days(2), days(5))
LAPSE = NOW + days(7)


@pytest.mark.parametrize(
    ("wants_person", "by_moderator", "to_confirm", "theirs"),
    [
        (False, False, False, True),
        (True, False, False, False),
        (False, True, False, False),
        (True, True, False, False),
        (False, False, True, True),
        (True, True, True, True),
    ],
)
def test_whose_turn_it_is(wants_person: bool, by_moderator: bool, to_confirm: bool, theirs: bool) -> None:
    """The team's while somebody waits to talk or is written down; the person's to confirm."""
    found = timing.is_persons_turn(
        wants_person=wants_person, by_moderator=by_moderator, to_confirm=to_confirm
    )

    assert found is theirs


@pytest.mark.parametrize(("reminders", "first"), [(REMINDERS, NOW + days(2)), ((), None)])
def test_a_turn_begins_with_a_step(reminders: tuple[timedelta, ...], first: datetime | None) -> None:
    """It closes after the whole time; where reminders are configured, the first is due."""
    assert timing.persons_turn(NOW, days(7), reminders) == Turn(LAPSE, first)


def test_a_turn_as_the_database_keeps_it() -> None:
    """Milliseconds, or nothing."""
    columns = {"lapse_at": 86_400_000, "remind_at": None, "target_at": None}
    assert Turn(datetime(1970, 1, 2, tzinfo=UTC)).columns == columns


@pytest.mark.parametrize(
    ("ago", "given_back"),
    [
        (None, 0),
        (timedelta(), 0),
        (timedelta(minutes=1), 0),
        (timedelta(minutes=30), 0),
        (timedelta(minutes=31), 31),
        (days(40), 40 * 24 * 60),
        (-days(3), 0),
    ],
)
def test_the_time_to_give_back(ago: timedelta | None, given_back: int) -> None:
    """More than half an hour without a sweep; never for a clock that was put back."""
    last = None if ago is None else NOW - ago

    assert timing.away(last, NOW) == timedelta(minutes=given_back)


@pytest.mark.parametrize(
    ("last_step", "after"),
    [
        (NOW - days(7), None),
        (NOW - days(8), None),
        (NOW - days(6), NOW + days(1)),
        (NOW, NOW + days(7)),
        (NOW + days(300), None),
    ],
)
def test_nobody_closes_before_their_time_is_up(last_step: datetime, after: datetime | None) -> None:
    """Counted from the last step, unless that was written by a clock that ran ahead."""
    assert timing.put_off(last_step, days(7), NOW) == after


@pytest.mark.parametrize(
    ("due", "sent", "now", "following"),
    [
        (NOW - days(3), 1, NOW - days(3), NOW),
        (NOW - days(3), 1, NOW - days(1.5), NOW),
        (NOW - days(3), 1, NOW + days(1), NOW + days(2)),
        (NOW - days(3), 1, NOW + days(6.5), None),
        (NOW, 2, NOW, None),
        (NOW, 0, NOW, None),
        (NOW, 9, NOW, None),
    ],
)
def test_the_next_reminder(due: datetime, sent: int, now: datetime, following: datetime | None) -> None:
    """As long after the one before as configured, at least a day from now, and before the closing."""
    assert timing.next_reminder(due, sent, REMINDERS, LAPSE, now) == following


@pytest.mark.parametrize(
    ("reminded", "told"),
    [
        (None, NOW),
        (NOW - days(2), NOW),
        (NOW - days(0.5), NOW + days(0.5)),
        (NOW, NOW + days(1)),
        (NOW + days(9), NOW),
    ],
)
def test_the_closing_is_told_a_day_after_a_reminder(reminded: datetime | None, told: datetime) -> None:
    """Or at once; a reminder that lies ahead was noted by a clock that ran ahead."""
    assert timing.farewell(NOW, reminded) == told


def notices(zone: str, begin: datetime, hour: int) -> list[str]:
    """The local days on which a notice is due, once each, if the sweep runs every minute for four days."""
    seen: dict[str, str] = {}
    for minute in range(4 * 24 * 60):
        local = (begin + timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
        if timing.is_notice_hour(local, hour):
            seen.setdefault(local.date().isoformat(), local.strftime("%H:%M"))
    return [f"{day} {at}" for day, at in seen.items()]


@pytest.mark.parametrize("hour", [0, 1, 2, 9, 23])
@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("begin", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)])
def test_the_daily_notice_comes_once_on_every_local_day(begin: datetime, zone: str, hour: int) -> None:
    """When clocks go forward, when they go back, and where they never change."""
    found = notices(zone, begin, hour)
    full_days = [
        line for line in found if line[:10] not in {str(begin.date()), str((begin + days(4)).date())}
    ]

    skipped = zone == "Europe/London" and hour == 1 and begin.month == 3
    expected = [f"{begin.date() + days(n)} {hour:02}:00" for n in (1, 2, 3)]
    if skipped:
        expected[0] = "2026-03-29 02:00"
    assert full_days == expected
