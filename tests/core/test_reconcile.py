"""Reconciling: what has to be done about somebody, by table, and that doing it leaves nothing to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reconcile import (
    Action,
    Do,
    LastChange,
    OnRecord,
    Person,
    Policy,
    Seen,
    Standing,
    depends_on_last_change,
    reconcile,
)

NOW = datetime(2026, 3, 4, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(days=2), NOW - timedelta(hours=2)
ADMITTED_AT = NOW - timedelta(days=1)

INSIDE, OUTSIDE = Seen(has_role=True), Seen(has_role=False)
STAFF = Seen(has_role=True, runs_the_place=True)
TAKE, ALERT, FIRST = Policy(), Policy(take_back=False), Policy(first_look=True)

TAKEN = LastChange(given=False, at=AFTER)
TAKEN_LONG_AGO = LastChange(given=False, at=BEFORE)
TAKEN_BY_US = LastChange(given=False, at=AFTER, own=True)
GIVEN = LastChange(given=True, at=AFTER)
GIVEN_BY_BOT = LastChange(given=True, at=AFTER, by_bot=True)

S = Standing


def record(standing: Standing, **more: object) -> OnRecord:
    """What is on record, decided a day ago where something was."""
    decided = {"since": ADMITTED_AT} if standing in {S.MEMBER, S.TAKEN, S.ENDED} else {}
    return OnRecord(standing, **decided, **more)  # type: ignore[arg-type] # the table names fields freely


TABLE: dict[str, tuple[Seen | None, OnRecord, LastChange | None, Policy, list[Do]]] = {
    "a stranger joined unseen": (OUTSIDE, record(S.UNKNOWN), None, TAKE, [Do.ARRIVE]),
    "a stranger has the role": (INSIDE, record(S.UNKNOWN), None, TAKE, [Do.TAKE_BACK]),
    "a stranger has it, alert only": (INSIDE, record(S.UNKNOWN), None, ALERT, [Do.ALERT]),
    "and moderators know": (INSIDE, record(S.UNKNOWN, noted=True), None, ALERT, []),
    "a member from before, at the first look": (INSIDE, record(S.UNKNOWN), None, FIRST, [Do.NOTE_EARLIER]),
    "somebody without the role, at the first look": (OUTSIDE, record(S.UNKNOWN), None, FIRST, [Do.ARRIVE]),
    "declined and inside, at the first look": (INSIDE, record(S.ENDED), None, FIRST, [Do.TAKE_BACK]),
    "whoever had all deleted, and loses it": (INSIDE, record(S.UNKNOWN, erased=True), None, TAKE, []),
    "the same, alert only": (INSIDE, record(S.UNKNOWN, erased=True), None, ALERT, []),
    "the same, and began again": (INSIDE, record(S.OPEN, erased=True), GIVEN, TAKE, []),
    "the same, and it is done": (OUTSIDE, record(S.UNKNOWN, erased=True), TAKEN_BY_US, TAKE, [Do.ARRIVE]),
    "let in again before it was done": (INSIDE, record(S.MEMBER, erased=True), None, TAKE, []),
    "let in again after it was": (OUTSIDE, record(S.MEMBER, erased=True), TAKEN_BY_US, TAKE, [Do.GRANT]),
    "staff nobody knows": (STAFF, record(S.UNKNOWN), None, TAKE, [Do.NOTE_EARLIER, Do.ALERT]),
    "staff without the member role": (replace(STAFF, has_role=False), record(S.UNKNOWN), None, TAKE, []),
    "staff, noted": (STAFF, record(S.EARLIER, noted=True), None, TAKE, []),
    "declined staff": (STAFF, record(S.ENDED), None, TAKE, [Do.ALERT]),
    "a member from before": (INSIDE, record(S.EARLIER), None, TAKE, []),
    "a member from before who lost the role": (OUTSIDE, record(S.EARLIER), TAKEN, TAKE, []),
    "a member from before who left": (None, record(S.EARLIER), None, TAKE, [Do.LEAVE]),
    "waits": (OUTSIDE, record(S.OPEN), None, TAKE, []),
    "waits, and has the role": (INSIDE, record(S.OPEN), GIVEN, TAKE, [Do.TAKE_BACK]),
    "which is being taken": (INSIDE, record(S.OPEN, revoking=True), GIVEN, TAKE, []),
    "waits, with the role, alert only": (INSIDE, record(S.OPEN), None, ALERT, [Do.ALERT]),
    "alerted before, taken back now": (
        INSIDE, record(S.OPEN, noted=True), None, TAKE, [Do.SETTLE, Do.TAKE_BACK],
    ),
    "the role has gone by itself": (OUTSIDE, record(S.OPEN, noted=True), None, ALERT, [Do.SETTLE]),
    "was alerted about, and let in": (INSIDE, record(S.MEMBER, noted=True), None, ALERT, [Do.SETTLE]),
    "waits, and left unseen": (None, record(S.OPEN), None, TAKE, [Do.LEAVE]),
    "a member": (INSIDE, record(S.MEMBER), None, TAKE, []),
    "a member without the role": (OUTSIDE, record(S.MEMBER), None, TAKE, [Do.GRANT]),
    "who is being given it": (OUTSIDE, record(S.MEMBER, granting=True), None, TAKE, []),
    "whose role somebody took": (OUTSIDE, record(S.MEMBER), TAKEN, TAKE, [Do.NOTE_TAKEN]),
    "whose role was taken before they were let in": (
        OUTSIDE, record(S.MEMBER), TAKEN_LONG_AGO, TAKE, [Do.GRANT],
    ),
    "whose role the bot took once": (OUTSIDE, record(S.MEMBER), TAKEN_BY_US, TAKE, [Do.GRANT]),
    "whose role was given and is gone": (OUTSIDE, record(S.MEMBER), GIVEN, TAKE, [Do.GRANT]),
    "a member who left unseen": (None, record(S.MEMBER), None, TAKE, [Do.LEAVE]),
    "a member known to be away": (None, record(S.MEMBER, away=True), None, TAKE, []),
    "a member who is back": (OUTSIDE, record(S.MEMBER, away=True), None, TAKE, [Do.ARRIVE]),
    "a member who is back with the role": (INSIDE, record(S.MEMBER, away=True), None, TAKE, [Do.ARRIVE]),
    "back after the role was taken": (
        OUTSIDE, record(S.MEMBER, away=True), TAKEN, TAKE, [Do.NOTE_TAKEN, Do.ARRIVE],
    ),
    "screening passed": (
        OUTSIDE, record(S.MEMBER, pending=True, granting=True), None, TAKE, [Do.NOTE_SIGNS, Do.GRANT],
    ),
    "screening not passed": (
        replace(OUTSIDE, pending=True), record(S.MEMBER, pending=True, granting=True), None, TAKE, [],
    ),
    "blocked by a name": (replace(OUTSIDE, automod=True), record(S.OPEN), None, TAKE, [Do.NOTE_SIGNS]),
    "taken back, and outside": (OUTSIDE, record(S.TAKEN), None, TAKE, []),
    "taken back, and given by a person": (INSIDE, record(S.TAKEN), GIVEN, TAKE, [Do.NOTE_GIVEN]),
    "taken back, and given by a bot": (INSIDE, record(S.TAKEN), GIVEN_BY_BOT, TAKE, [Do.TAKE_BACK]),
    "taken back, and nobody knows who gave it": (INSIDE, record(S.TAKEN), None, TAKE, [Do.TAKE_BACK]),
    "taken back, and left unseen": (None, record(S.TAKEN), None, TAKE, [Do.LEAVE]),
    "taken back, and came again": (OUTSIDE, record(S.TAKEN, away=True), None, TAKE, [Do.ARRIVE]),
    "ended, and outside": (OUTSIDE, record(S.ENDED), None, TAKE, []),
    "ended, and gone": (None, record(S.ENDED), None, TAKE, []),
    "left, and came again unseen": (OUTSIDE, record(S.ENDED, away=True), None, TAKE, [Do.ARRIVE]),
    "declined, and has the role": (INSIDE, record(S.ENDED), GIVEN, TAKE, [Do.TAKE_BACK]),
    "nobody ever, and not there": (None, record(S.UNKNOWN), None, TAKE, []),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_has_to_be_done(name: str) -> None:
    """Line by line."""
    seen, on_record, last, policy, expected = TABLE[name]

    found = reconcile([Person(7, seen, on_record, last)], policy)

    assert found == [Action(do, 7) for do in expected]


def test_several_people_are_seen_to_in_order() -> None:
    """Each action names whom it is about."""
    people = [Person(1, OUTSIDE), Person(2, INSIDE, record(S.MEMBER)), Person(3, INSIDE)]

    assert reconcile(people, TAKE) == [Action(Do.ARRIVE, 1), Action(Do.TAKE_BACK, 3)]


@pytest.mark.parametrize(
    ("seen", "on_record", "depends"),
    [
        (OUTSIDE, record(S.MEMBER), True),
        (OUTSIDE, record(S.MEMBER, granting=True), False),
        (INSIDE, record(S.TAKEN), True),
        (OUTSIDE, record(S.TAKEN), False),
        (INSIDE, record(S.UNKNOWN), False),
        (None, record(S.MEMBER), False),
    ],
)
def test_when_the_audit_log_has_to_be_read_first(
    seen: Seen | None, on_record: OnRecord, depends: bool
) -> None:
    """Only where giving the role again, or taking it, could undo what a person has done."""
    assert depends_on_last_change(Person(7, seen, on_record)) is depends


def done(person: Person, do: Do) -> Person:
    """The same person once something has been done about them."""
    seen, on_record = person.seen or Seen(has_role=False), person.record
    signed = replace(on_record, pending=seen.pending, automod=seen.automod)
    anew = OnRecord(S.OPEN, noted=on_record.noted, pending=seen.pending, automod=seen.automod)
    is_member = on_record.standing is S.MEMBER
    back = replace(signed, away=False, granting=True) if is_member else anew
    after = {
        Do.LEAVE: replace(on_record, standing=S.MEMBER if is_member else S.ENDED, away=True),
        Do.NOTE_SIGNS: signed,
        Do.SETTLE: replace(on_record, noted=False),
        Do.NOTE_EARLIER: replace(on_record, standing=S.EARLIER),
        Do.ALERT: replace(on_record, noted=True),
        Do.TAKE_BACK: replace(anew, revoking=True),
        Do.NOTE_TAKEN: replace(on_record, standing=S.TAKEN),
        Do.NOTE_GIVEN: replace(on_record, standing=S.MEMBER),
        Do.ARRIVE: back,
        Do.GRANT: replace(on_record, granting=True),
    }
    return replace(person, record=after[do])


def drained(person: Person) -> Person:
    """The same person once the outbox has given and taken roles."""
    seen, on_record = person.seen, person.record
    if seen is not None and on_record.revoking:
        seen = replace(seen, has_role=False)
    if seen is not None and on_record.granting and on_record.standing is S.MEMBER and not seen.pending:
        seen = replace(seen, has_role=True)
        on_record = replace(on_record, pending=False)
    return replace(person, seen=seen, record=replace(on_record, granting=False, revoking=False))


seens = st.none() | st.builds(Seen, *[st.booleans()] * 4)
records = st.builds(
    OnRecord,
    standing=st.sampled_from(list(Standing)),
    since=st.sampled_from([None, ADMITTED_AT]),
    away=st.booleans(),
    noted=st.booleans(),
    pending=st.booleans(),
    automod=st.booleans(),
)
changes = st.none() | st.builds(
    LastChange, st.booleans(), st.sampled_from([BEFORE, AFTER]), st.booleans(), st.booleans()
)
people = st.builds(Person, st.just(7), seens, records, changes)
policies = st.builds(Policy, st.booleans(), st.booleans())


@given(people, policies)
def test_doing_it_leaves_nothing_to_do(person: Person, policy: Policy) -> None:
    """Whatever the server shows and whatever is on record: the second time there is nothing."""
    for action in reconcile([person], policy):
        person = done(person, action.do)

    assert reconcile([person], policy) == []


@given(people, policies)
def test_the_role_follows_the_decisions(person: Person, policy: Policy) -> None:
    """In the end whoever has the role may have it, is known to moderators, or was here before the bot."""
    for action in reconcile([person], policy):
        person = done(person, action.do)
    person = drained(person)
    if person.seen is None:
        return

    standing, seen = person.record.standing, person.seen
    if seen.has_role:
        assert standing in {S.MEMBER, S.EARLIER} or person.record.noted
    else:
        assert standing is not S.MEMBER or seen.pending
