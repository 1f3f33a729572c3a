"""Misuse of concerns, and words that would say who told of something."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.concerns.echo import IN_A_ROW, repeats
from bot.concerns.patterns import Pattern, Seen
from bot.concerns.telling import NotTaken, Report, Taken
from bot.concerns.wishes import within_hours
from bot.ids import new_follow_code, tidy_follow_code
from bot.model import Outcome, Visitor
from bot.review.desk import Denied
from bot.review.drafts import Preview
from bot.screens import concern_files, deciding
from bot.store.concerns import ConcernKind
from tests.support import BEN, MEMBER_ROLE, MOD, NOW, SECOND_MOD, World, config, visitor

BERLIN = config(community={**config().community.model_dump(), "time_zone": "Europe/Berlin"})
WORD = st.text("abcdefgh", min_size=1, max_size=4)


def member(number: int) -> Visitor:
    """One of many members."""
    return visitor(500000000000000000 + number, role_ids=frozenset({MEMBER_ROLE}))


async def tell(world: World, who: Visitor, kind: ConcernKind, about: int | None = None) -> Taken | NotTaken:
    """Tell the team something that joins nothing."""
    result = await world.telling.tell(who, Report(kind, "Somebody did something", about=about))
    assert isinstance(result, Taken | NotTaken)
    return result


async def open_tasks(world: World) -> list[str]:
    """The ids of open tasks about many concerns."""
    found = await world.rows("SELECT id FROM task WHERE kind = 'many_concerns' AND closed_at IS NULL")
    return [row[0] for row in found]


async def test_somebody_tells_so_much_in_a_week_and_then_waits(world: World) -> None:
    """Five are taken, the sixth is not; once the first is a week old, there is room again."""
    for _ in range(5):
        assert isinstance(await tell(world, member(1), ConcernKind.SELLING), Taken)

    assert await tell(world, member(1), ConcernKind.OTHER) == NotTaken("too_many")
    assert isinstance(await tell(world, member(2), ConcernKind.OTHER), Taken)
    world.clock.advance(days=7)
    assert isinstance(await tell(world, member(1), ConcernKind.OTHER), Taken)


async def test_what_is_urgent_always_gets_through_once_a_day(world: World) -> None:
    """It is counted by itself, and is never shut out for longer than that."""
    for _ in range(5):
        await tell(world, member(1), ConcernKind.SELLING)
    for kind in (*[ConcernKind.LEAK] * 3, *[ConcernKind.RETALIATION] * 2):
        assert isinstance(await tell(world, member(1), kind), Taken)

    assert await tell(world, member(1), ConcernKind.RETALIATION) == NotTaken("too_many")
    for _ in range(3):
        world.clock.advance(days=1)
        assert isinstance(await tell(world, member(1), ConcernKind.RETALIATION), Taken)
        assert await tell(world, member(1), ConcernKind.LEAK) == NotTaken("too_many")


async def test_two_people_look_when_many_tell_of_one(world: World) -> None:
    """They see counts; who it is only on a press of its own; and one of them is not enough."""
    for number in range(3):
        assert await open_tasks(world) == []
        await tell(world, member(number), ConcernKind.BULLYING, BEN.user_id)
    (task,) = await open_tasks(world)

    seen = await world.patterns.open_task(MOD, task)

    assert isinstance(seen, Pattern)
    assert (dict(seen.about), seen.by, seen.user_id) == ({ConcernKind.BULLYING: 3}, 3, None)
    text = concern_files.pattern(config().words.voice("en"), seen).text
    assert str(BEN.user_id) not in text
    assert "did something" not in text
    whose = await world.patterns.look(MOD, task, at_whom=True)
    assert isinstance(whose, Pattern)
    assert whose.user_id == BEN.user_id
    assert await world.one("SELECT count(*) FROM event WHERE action = 'task.person_seen'") == 1
    assert await world.patterns.close_task(MOD, task) is Seen.ONCE
    assert await world.patterns.close_task(MOD, task) is Seen.ONCE
    assert await world.patterns.close_task(SECOND_MOD, task) is Seen.CLOSED
    assert await world.patterns.close_task(SECOND_MOD, task) is Seen.BEFORE
    assert await world.patterns.open_task(MOD, task) == Denied("task_gone")


async def test_a_task_about_many_concerns_is_hidden_from_whom_it_is_about(world: World) -> None:
    """As if it had been seen to; and no way around shows whose it is, or closes it by one person."""
    for number in range(3):
        await tell(world, member(number), ConcernKind.BULLYING, SECOND_MOD.user_id)
    (task,) = await open_tasks(world)

    for nothing in (task, "NOSUCHTASK"):
        assert await world.patterns.open_task(SECOND_MOD, nothing) == Denied("task_gone")
        assert await world.patterns.look(SECOND_MOD, nothing, at_whom=True) == Denied("task_gone")
        assert await world.patterns.close_task(SECOND_MOD, nothing) is Seen.BEFORE
    assert await world.patterns.open_task(member(1), task) == Denied("not_a_moderator")
    assert await world.desk.history_of_task(MOD, task) == Denied("task_gone")
    assert await world.desk.close_task(MOD, task) is False
    assert await open_tasks(world) == [task]


async def test_two_people_look_at_somebody_who_reaches_the_limit_again_and_again(world: World) -> None:
    """Once is a bad week. The task is about whoever tells, and shows what they told by kind."""
    for week in range(2):
        for _ in range(5):
            await tell(world, member(1), ConcernKind.SELLING)
        assert await tell(world, member(1), ConcernKind.SELLING) == NotTaken("too_many")
        assert len(await open_tasks(world)) == week
        world.clock.advance(days=8)

    (task,) = await open_tasks(world)
    seen = await world.patterns.open_task(MOD, task)
    assert isinstance(seen, Pattern)
    assert (dict(seen.told), dict(seen.about)) == ({ConcernKind.SELLING: 10}, {})


@settings(max_examples=40)
@given(before=st.lists(WORD), shared=st.lists(WORD, min_size=5, max_size=9), after=st.lists(WORD))
def test_five_words_in_a_row_are_found_wherever_they_stand(
    before: list[str], shared: list[str], after: list[str]
) -> None:
    """Case, marks and line breaks make no difference."""
    written = " ".join([*before, *shared, *after]).upper()

    assert repeats(written, f"Well! {', '.join(shared)}.")


@settings(max_examples=40)
@given(words=st.lists(WORD, min_size=1, max_size=30, unique=True))
def test_four_words_in_a_row_are_no_repetition(words: list[str]) -> None:
    """Something else always stands between."""
    pieces = [words[start : start + IN_A_ROW - 1] for start in range(0, len(words), IN_A_ROW - 1)]

    assert not repeats(" nothing0 ".join(" ".join(piece) for piece in pieces), " ".join(words))


async def test_a_letter_that_repeats_a_concern_is_warned_of_before_it_is_sent(world: World) -> None:
    """But only to somebody who may read the concern: nobody else learns that there is one."""
    await world.held(BEN)
    code = await world.code(BEN)
    words = Report(ConcernKind.SELLING, "He sent me a price list last night.", about=BEN.user_id)
    assert isinstance(await world.telling.tell(SECOND_MOD, words), Taken)
    written = {
        "You sent somebody a price list.": False,
        "Somebody says that he sent me a price list!": True,
    }

    for text, repeated in written.items():
        drafted = await world.drafts.draft_by_code(MOD, code, Outcome.DECLINE, "other", text)
        assert isinstance(drafted, Preview)
        assert drafted.echoes is repeated
        shown = deciding.preview(config().words.voice("en"), config(), drafted).text
        assert ("Careful" in shown) is repeated
        again = await world.drafts.redraft(MOD, drafted.draft.ref, text)
        assert isinstance(again, Preview)
        assert again.echoes is repeated
        theirs = await world.drafts.draft_by_code(SECOND_MOD, code, Outcome.DECLINE, "other", text)
        assert isinstance(theirs, Preview)
        assert not theirs.echoes


@given(minutes=st.integers(0, 60 * 24 * 400))
def test_the_team_is_told_within_its_hours_and_never_more_than_a_night_later(minutes: int) -> None:
    """At once by day, and at the first of the hours after a night."""
    hours = BERLIN.review
    now = NOW + timedelta(minutes=minutes)

    told = within_hours(BERLIN, now)

    def hour(moment: datetime) -> int:
        return moment.astimezone(BERLIN.community.zone).hour

    assert hours.pings_from <= hour(told) < hours.pings_until
    assert now <= told <= now + timedelta(hours=25 - (hours.pings_until - hours.pings_from))
    assert (told == now) == (hours.pings_from <= hour(now) < hours.pings_until)


@pytest.mark.parametrize(
    ("first", "until", "hour", "waits"),
    [(22, 7, 23, 0), (22, 7, 6, 0), (22, 7, 7, 15), (22, 7, 12, 10), (9, 9, 3, 0), (9, 9, 12, 0)],
)
def test_hours_over_night_and_hours_without_an_end_are_kept(
    first: int, until: int, hour: int, waits: int
) -> None:
    """As for all that the team is told: a team that is awake at night hears at night."""
    review = BERLIN.review.model_copy(update={"pings_from": first, "pings_until": until})
    awake = BERLIN.model_copy(update={"review": review})
    now = datetime(2026, 3, 4, hour, tzinfo=BERLIN.community.zone)

    assert within_hours(awake, now) - now == timedelta(hours=waits)


def test_a_code_to_follow_by_is_tidy_however_it_is_read_aloud() -> None:
    """Spaces, case and lookalikes are forgiven, and it is long enough not to be guessed."""
    codes = {new_follow_code() for _ in range(200)}

    assert len(codes) == 200
    for code in codes:
        read_aloud = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        assert tidy_follow_code(code) == tidy_follow_code(read_aloud) == code
        assert len(code.replace("-", "")) == 12
