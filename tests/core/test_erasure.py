"""Erasure: what goes, what stays, what is told before and after, and who comes in between."""

import asyncio
import sqlite3
from typing import Any

import pytest

from bot.clock import to_ms
from bot.filling import NotSaved, WhyNot
from bot.forgetting.erasure import Consequence
from bot.forgetting.ledger import read
from bot.minting import NextForm
from bot.model import ChangedMeanwhile, HoldReason, Outcome, Scope, Visitor
from bot.ports import Member, Refused, Result, Why
from bot.review.desk import Denied
from bot.screens.elements import Screen
from bot.standing import AdmittedStanding, HeldStanding, Welcome
from bot.store import errands
from bot.submission import Sent
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    MEMBER_ROLE,
    MOD,
    NOTICE,
    PRIVATE,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    World,
    visitor,
)

INSIDE = visitor(ANN.user_id, role_ids=frozenset({MEMBER_ROLE}))


async def admitted(world: World, who: Visitor = ANN) -> str:
    """Somebody with a link is let in by a moderator, has the role, and has told of a change since."""
    await world.gate.arrive(who)
    await world.send(who, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.drain()
    await world.file(who)
    await world.decisions.decide_by_code(MOD, await world.code(who), Outcome.ADMIT)
    await world.drain()
    await world.drain()
    return await world.subject_id(who)


async def changed_links(world: World, who: Visitor = ANN) -> None:
    """A member sends the same links once more."""
    member = visitor(who.user_id, role_ids=frozenset({MEMBER_ROLE}))
    step = await world.links.change(member)
    while isinstance(step, NextForm):
        pages = {"about": ABOUT_LINKED, "link": LINK_NOW, "purpose": PURPOSE}
        saved = await world.save(member, step.ref, pages[step.page.id])
        step = saved.next or await world.forms.summary(member, saved.sheet_id)
    assert not isinstance(step, NotSaved)
    await world.submission.send(member, step.send_ref, TICKED)  # type: ignore[union-attr] # a member's


async def test_everything_about_somebody_goes(world: World) -> None:
    """Rows, key, payloads; a receipt says how much it was."""
    subject = await admitted(world)
    await changed_links(world)
    key_id = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)

    receipt = await world.erasure.person(subject, subject)

    assert receipt is not None
    assert receipt.what is Scope.PERSON
    assert dict(receipt.gone) == {
        "cases": 1,
        "sheets": 2,
        "disclosures": 2,
        "decisions": 2,
        "letters": 1,
        "messages": 1,
    }
    assert (receipt.messages_to_delete, receipt.role_taken) == (2, True)
    assert world.key_is_destroyed(key_id)
    assert await world.rows("SELECT 1 FROM subject WHERE id = ?", subject) == []
    assert await world.erasure.person(subject, subject) is None


async def test_the_log_says_so_by_random_ids_and_keeps_no_payload(world: World) -> None:
    """One line for each thing that is gone, and for the person."""
    subject = await admitted(world)
    case = await world.case_id()

    await world.erasure.person(subject, subject)

    lines = await world.rows("SELECT action, object_kind, actor FROM event WHERE action LIKE '%.deleted'")
    assert sorted(lines) == sorted(
        [("disclosure.deleted", "disclosure", subject)]
        + [("decision.deleted", "decision", subject)] * 2
        + [("case.deleted", "case", subject)]
    )
    assert await world.rows("SELECT object_id, actor FROM event WHERE action = 'subject.erased'") == [
        (subject, subject)
    ]
    left = await world.rows(
        "SELECT payload FROM event JOIN event_payload USING (seq) WHERE object_id IN (?, ?)", subject, case
    )
    assert {payload for (payload,) in left} == {"{}"}


async def ids_anywhere(world: World, *ids: str) -> list[str]:
    """Tables in which any of some ids still stands, in any column."""
    found = []
    for (table,) in await world.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = [name for _, name, *_ in await world.rows(f"PRAGMA table_info({table})")]
        for column in columns:
            there = f'SELECT 1 FROM "{table}" WHERE instr(CAST("{column}" AS BLOB), CAST(? AS BLOB)) LIMIT 1'
            if any([await world.rows(there, one) for one in ids]):
                found.append(f"{table}.{column}")
    return sorted(found)


async def test_no_table_holds_on_to_them(world: World) -> None:
    """Whatever column a new table has: the ids of the person, their cases and disclosures are nowhere.

    What stays is the log, which names things by random ids, and the ledger's row until it is written.
    """
    subject = await admitted(world)
    await changed_links(world)
    await world.gate.leave(ANN.user_id)
    await world.gate.arrive(ANN)
    ids = [subject]
    for table, column in (("cases", "subject_id"), ("sheet", "subject_id"), ("disclosure", "subject_id")):
        ids += [one for (one,) in await world.rows(f"SELECT id FROM {table} WHERE {column} = ?", subject)]
    ids += [one for (one,) in await world.rows("SELECT decision_id FROM cases WHERE subject_id = ?", subject)]
    before = await ids_anywhere(world, *ids)

    await world.erasure.person(subject, subject)
    await world.drain()
    await world.drain()

    assert len(before) > 15
    assert await ids_anywhere(world, *ids) == ["event.actor", "event.object_id"]


async def test_a_new_table_about_a_person_is_seen_to(world: World) -> None:
    """Every column that names a subject or a case is one that erasure knows of."""
    found = set()
    for (table,) in await world.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for _, column, *_ in await world.rows(f"PRAGMA table_info({table})"):
            if column in {"subject_id", "case_id", "sheet_id", "lookup", "key_id", "moderator_id"}:
                found.add(f"{table}.{column}")

    assert found == {
        "access.case_id",
        "access.subject_id",
        "appeal.case_id",
        "appeal_code.case_id",
        "appeal_code.lookup",
        "condition.case_id",
        "moderator.subject_id",
        "motion.case_id",
        "note.case_id",
        "organisation_name.lookup",
        "outside_reviewer.case_id",
        "outside_reviewer.subject_id",
        "question.case_id",
        "question_draft.case_id",
        "question_draft.moderator_id",
        "recusal.case_id",
        "recusal.moderator_id",
        "task.case_id",
        "thread.case_id",
        "vote.moderator_id",
        "card.case_id",
        "cases.sheet_id",
        "cases.subject_id",
        "consent.case_id",
        "decision.case_id",
        "disclosure.case_id",
        "disclosure.subject_id",
        "earlier_member.subject_id",
        "effect.case_id",
        "entry.sheet_id",
        "erasure.case_id",
        "erasure.key_id",
        "erasure.subject_id",
        "errand.key_id",
        "errand.lookup",
        "file_view.case_id",
        "file_view.moderator_id",
        "form.sheet_id",
        "identity.subject_id",
        "letter.case_id",
        "proposal.case_id",
        "proposal.moderator_id",
        "sent_message.case_id",
        "sent_message.subject_id",
        "sheet.subject_id",
        "subject.key_id",
        "subject.lookup",
        "suppression_key.lookup",
        "task.subject_id",
        "verdict.case_id",
    }


async def test_others_are_untouched(world: World) -> None:
    """Not a row of anybody else is changed or gone."""
    other = await admitted(world, BEN)
    await changed_links(world, BEN)
    mine = await admitted(world)

    async def everything_of(subject: str) -> dict[str, Any]:
        return {
            table: await world.rows(f"SELECT * FROM {table} WHERE subject_id = ? ORDER BY rowid", subject)
            for table in ("cases", "sheet", "disclosure", "identity", "sent_message", "access", "task")
        }

    before = await everything_of(other)
    await world.erasure.person(mine, mine)

    assert await everything_of(other) == before


async def test_counters_stay(world: World) -> None:
    """They are about nobody, and cannot be joined back."""
    await world.gate.came_for_work(ANN)
    await world.send(ANN, ABOUT_NIL)
    before = await world.rows("SELECT * FROM counter")
    subject = await world.subject_id()

    await world.erasure.person(subject, subject)

    assert before
    assert await world.rows("SELECT * FROM counter") == before


async def test_messages_and_the_card_are_deleted_and_the_role_taken(world: World) -> None:
    """Then nothing is left of that either: not the errands, nor what they were sealed with."""
    subject = await admitted(world)
    (letter,) = await world.rows("SELECT id FROM sent_message")

    await world.erasure.person(subject, subject)
    keys = {key for (key,) in await world.rows("SELECT key_id FROM errand")}
    await world.drain()

    deleted = world.doorkeeper.told("delete")
    assert letter
    assert [(call.nonce, call.room) for call in deleted if call.nonce] == [(str(ANN.user_id + PRIVATE), None)]
    assert [call.room for call in deleted if not call.nonce] == ["review"]
    assert [(call.user_id, call.nonce) for call in world.doorkeeper.told("revoke")] == [(ANN.user_id, "")]
    assert await world.rows("SELECT * FROM errand") == []
    assert await world.rows("SELECT * FROM effect WHERE kind = 'errand'") == []
    assert len(keys) == 1
    assert all(map(world.key_is_destroyed, keys))


@pytest.mark.parametrize("why", [Why.MISSING_MESSAGE, Why.MISSING_ROOM, Why.GONE])
async def test_what_is_not_there_any_more_is_done(world: World, why: Why) -> None:
    """A message that somebody deleted, a room that is gone, a person who left."""
    subject = await admitted(world)
    await world.erasure.person(subject, subject)
    world.doorkeeper.will("delete", Refused(why), Refused(why))
    world.doorkeeper.will("revoke", Refused(Why.GONE))

    await world.drain()

    assert await world.rows("SELECT * FROM errand") == []


async def test_what_cannot_be_deleted_is_told_to_the_team(world: World, clock: Any) -> None:
    """With what to mend; it goes on once that is done."""
    subject = await admitted(world)
    await world.erasure.person(subject, subject)
    world.doorkeeper.will("delete", *[Refused(Why.FORBIDDEN)] * 50)
    for _ in range(12):
        clock.advance(minutes=20)
        await world.drain()

    seen = await world.queue.show(MOD)
    assert not isinstance(seen, Denied)
    waiting = {effect.kind for effect, _ in seen.stuck} | {one.kind for one in seen.held_up}
    assert {kind.value for kind in waiting} == {"errand"}
    assert len(await world.rows("SELECT * FROM errand")) == 2

    world.doorkeeper.scripted["delete"].clear()
    await world.outbox.probe_now()
    await world.drain()

    assert await world.rows("SELECT * FROM errand") == []


async def test_errands_that_are_given_up_take_their_key_with_the_last(world: World) -> None:
    """What nobody mended for that long is not kept for ever."""
    subject = await admitted(world)
    await world.erasure.person(subject, subject)
    first, *others = [one for (one,) in await world.rows("SELECT id FROM errand")]

    some = await world.foundation.database.write(lambda c: errands.give_up(c, [first]))
    rest = await world.foundation.database.write(lambda c: errands.give_up(c, [first, *others]))

    assert some == []
    assert len(rest) == 1
    assert await world.rows("SELECT * FROM errand") == []
    assert await world.rows("SELECT * FROM effect WHERE kind = 'errand'") == []


async def test_a_role_being_taken_is_no_incident(world: World) -> None:
    """A round that comes first neither tells the team nor holds a new case."""
    subject = await admitted(world)
    await world.erasure.person(subject, subject)
    world.lookout.has(Member(ANN.user_id, frozenset({MEMBER_ROLE})))

    assert await world.rounds.run(world.clock())

    assert await world.rows("SELECT action FROM event WHERE action LIKE 'drift.%'") == []
    assert await world.rows("SELECT 1 FROM cases") == []
    await world.drain()
    assert await world.rounds.run(world.clock())
    assert await world.rows("SELECT action FROM event WHERE action LIKE 'drift.%'") == [
        ("drift.unrecorded",)
    ], "once it is done, a role without a decision is one again"


async def test_whoever_is_let_in_again_keeps_the_role(world: World) -> None:
    """The errand is from before, and the decision is new."""
    await world.send(ANN, ABOUT_NIL)
    await world.drain()
    subject = await world.subject_id()
    await world.erasure.person(subject, subject)

    assert isinstance(await world.send(ANN, ABOUT_NIL), Sent)
    await world.drain()

    assert await world.states() == ["admitted"]
    assert world.doorkeeper.told("revoke") == []
    assert len(world.doorkeeper.told("grant")) == 2
    assert await world.rows("SELECT * FROM errand") == []


async def test_start_in_the_same_second_begins_anew(world: World) -> None:
    """They are somebody new, by another random id and another key."""
    subject = await admitted(world)
    key_id = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)

    receipt, step = await asyncio.gather(
        world.erasure.person(subject, subject), world.gate.agree(INSIDE, NOTICE)
    )

    assert receipt is not None
    assert isinstance(step, NextForm)
    assert await world.subject_id() != subject
    fresh = await world.subject_id()
    assert await world.one("SELECT key_id FROM subject WHERE id = ?", fresh) != key_id


async def test_erasing_twice_at_once_is_erasing_once(world: World) -> None:
    """One gets a receipt; the other is told that nobody is known."""
    subject = await admitted(world)

    receipts = await asyncio.gather(*(world.erasure.person(subject, subject) for _ in range(3)))

    assert sum(receipt is not None for receipt in receipts) == 1
    assert [line.subject for line in read(world.foundation.config.storage.ledger)] == [subject]


async def test_a_letter_that_is_on_its_way_is_deleted_when_it_arrives(world: World) -> None:
    """It was being sent as its person had everything deleted."""
    await world.held()
    await world.decline()
    subject = await world.subject_id()
    tell = world.doorkeeper.tell

    async def slowly(user_id: int, screen: Screen, *args: Any, **given: Any) -> Result:
        await world.erasure.person(subject, subject)
        return await tell(user_id, screen, *args, **given)

    world.doorkeeper.tell = slowly  # type: ignore[method-assign] # this once, somebody comes in between
    await world.drain()
    await world.drain()

    (sent,) = world.doorkeeper.told("tell")
    places = [call.nonce for call in world.doorkeeper.told("delete")]
    assert str(sent.user_id + PRIVATE) in places
    assert await world.rows("SELECT * FROM sent_message") == []
    assert await world.rows("SELECT * FROM errand") == []


async def test_moderators_who_have_the_file_open_are_told_that_it_is_gone(world: World) -> None:
    """By every way to it: the buttons under the file, the code, the draft, the queue."""
    file = await world.held()
    code = await world.code()
    drafted = await world.drafts.draft_by_code(MOD, code, Outcome.DECLINE, "other", "Not this time.")
    subject = await world.subject_id()
    await world.erasure.person(subject, subject)

    answers = [
        await world.decisions.decide_viewed(MOD, file.ref, Outcome.ADMIT),
        await world.decisions.decide_by_code(MOD, code, Outcome.ADMIT),
        await world.drafts.send_draft(MOD, drafted.draft.ref),  # type: ignore[union-attr] # it was drafted
        await world.desk.open_by_code(MOD, code),
        await world.desk.open_by_id(MOD, file.case.id),
        await world.desk.history_of_user(MOD, ANN.user_id),
    ]

    assert [answer.code for answer in answers] == [  # type: ignore[union-attr] # each is a refusal
        "file_gone",
        "no_such_case",
        "draft_gone",
        "no_such_case",
        "no_such_case",
        "nobody_known",
    ]


async def test_an_open_form_leads_nowhere(world: World) -> None:
    """What is typed into it is handed back."""
    step = await world.begin()
    subject = await world.subject_id()
    await world.erasure.person(subject, subject)

    result = await world.forms.save(ANN, step.ref, ABOUT_NIL)

    assert isinstance(result, NotSaved)
    assert result.why is WhyNot.UNKNOWN


async def test_a_moderator_who_goes_leaves_decisions_that_name_nobody(world: World) -> None:
    """The decisions stand; whoever reads them, or the card, sees no name."""
    await admitted(world)
    moderator = await world.subject_id(MOD)
    named = world.doorkeeper.told("edit")[-1]

    receipt = await world.erasure.person(moderator, moderator)
    await world.drain()

    assert receipt is not None
    assert f"<@{MOD.user_id}>" in named.text
    assert f"<@{MOD.user_id}>" not in world.doorkeeper.told("edit")[-1].text
    assert await world.one("SELECT decided_by FROM decision WHERE automated = 0") == moderator
    file = await world.file(ANN, by=SECOND_MOD)
    assert [past.decided_by for past in file.decisions] == [None, None]


async def test_a_moderator_named_in_a_notice_has_it_deleted(world: World) -> None:
    """The bot tells the team who gave a role by hand."""
    world.lookout.has(Member(ANN.user_id, frozenset({MEMBER_ROLE})), Member(MOD.user_id, MOD.role_ids))
    await world.gate.arrive(ANN)
    await world.rounds.run(world.clock())
    await world.drain()
    subject = await world.subject_id()

    assert await world.rows("SELECT kind FROM sent_message WHERE subject_id = ?", subject) == [("notice",)]


# Keeping the links.


async def test_a_member_can_keep_the_links_and_nothing_else(world: World) -> None:
    """They stay a member, on what the decision rests on; free text, answers and letters are gone."""
    subject = await admitted(world)
    await changed_links(world)

    receipt = await world.erasure.rest(subject, subject)
    await world.drain()

    assert receipt is not None
    assert dict(receipt.gone) == {
        "cases": 0,
        "sheets": 2,
        "disclosures": 1,
        "decisions": 0,
        "letters": 1,
        "messages": 1,
    }
    assert (receipt.role_taken, receipt.held_until) == (False, None)
    for table in ("sheet", "entry", "answer", "answer_text", "letter", "verdict", "task", "sent_message"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert await world.rows("SELECT DISTINCT field FROM interest_text") == [("organisation",)]
    assert await world.rows("SELECT version FROM disclosure") == [(2,)]
    assert isinstance(await world.gate.standing(INSIDE), AdmittedStanding)
    assert world.doorkeeper.told("revoke") == []
    assert await world.one("SELECT wiped_at FROM cases") is None
    file = await world.file(ANN, by=SECOND_MOD)
    assert file.reading is None
    assert file.disclosed is None or file.disclosed.disclosure.interests
    on_record = await world.links.on_record(INSIDE)
    assert on_record.logged is not None  # type: ignore[union-attr] # a member's
    assert on_record.logged.disclosure.interests[0].organisation == "Helix Pharma"  # type: ignore[union-attr]


async def test_a_member_who_kept_the_links_can_change_them(world: World) -> None:
    """From an empty sheet."""
    subject = await admitted(world)
    await world.erasure.rest(subject, subject)

    await changed_links(world)

    assert await world.rows("SELECT version FROM disclosure ORDER BY version") == [(1,), (2,)]


async def test_earlier_requests_go_with_the_rest(world: World) -> None:
    """Only the one that let them in stays, with its decision."""
    await world.held()
    await world.decline()
    subject = await admitted(world)

    receipt = await world.erasure.rest(subject, subject)

    assert receipt is not None
    assert receipt.gone["cases"] == 1
    assert await world.states() == ["admitted"]
    assert {row[0] for row in await world.rows("SELECT case_id FROM decision")} == {await world.case_id()}


async def test_a_member_from_before_the_bot_can_keep_the_links_too(world: World) -> None:
    """They have no case; what they told of their links stays, and so does their place."""
    world.lookout.has(Member(ANN.user_id, frozenset({MEMBER_ROLE})))
    await world.rounds.run(world.clock())
    await changed_links(world)
    subject = await world.subject_id()

    receipt = await world.erasure.rest(subject, subject)

    assert receipt is not None
    assert await world.rows("SELECT subject_id FROM earlier_member") == [(subject,)]
    assert await world.rows("SELECT version FROM disclosure") == [(1,)]
    assert await world.rows("SELECT * FROM sheet") == []


@pytest.mark.parametrize("known", [True, False])
async def test_only_a_member_can_keep_links(world: World, known: bool) -> None:
    """Of anybody else nothing is kept for a reason."""
    if known:
        await world.held()

    assert await world.erasure.rest(await world.subject_id() if known else "X", "X") is None
    assert await world.states() == (["held"] if known else [])


# Taking back consent.


async def test_taking_back_consent_ends_access_and_leaves_the_bare_record(world: World) -> None:
    """Case and decision stay until their time is up; nothing that was told does."""
    subject = await admitted(world)
    await changed_links(world)

    receipt = await world.erasure.consent(subject, subject)
    await world.drain()

    assert receipt is not None
    assert receipt.role_taken
    for table in (
        "sheet",
        "answer",
        "disclosure",
        "interest",
        "interest_text",
        "letter",
        "verdict",
        "consent",
    ):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert await world.states() == ["admitted"]
    assert await world.one("SELECT wiped_at IS NOT NULL FROM cases") == 1
    assert [call.user_id for call in world.doorkeeper.told("revoke")] == [ANN.user_id]
    assert isinstance(await world.gate.standing(ANN), Welcome)
    assert await world.one("SELECT object_id FROM event WHERE action = 'consent.withdrawn'") == subject
    assert not world.key_is_destroyed(await world.one("SELECT key_id FROM subject WHERE id = ?", subject))


async def test_an_open_request_ends_as_withdrawn(world: World) -> None:
    """With its answers."""
    await world.held()
    await world.drain()
    subject = await world.subject_id()

    receipt = await world.erasure.consent(subject, subject)

    assert receipt is not None
    assert await world.states() == ["withdrawn"]
    assert await world.rows("SELECT * FROM answer") == []
    assert not receipt.role_taken


async def test_what_is_told_after_taking_back_consent_is_not_deleted_later(world: World) -> None:
    """Neither by the sweep nor by another start: consent was given again."""
    subject = await admitted(world)
    await world.erasure.consent(subject, subject)
    await world.held()

    await world.erasure.at_start()
    await world.sweep.run(world.clock())

    assert await world.states() == ["admitted", "held"]
    assert await world.rows("SELECT 1 FROM answer") != []


# What is told before, and the locked number.


async def test_what_it_would_mean_is_told_before(world: World) -> None:
    """For somebody on the way, a member, and a stranger."""
    assert await world.erasure.consequence("X") == Consequence(
        is_member=False, has_links=False, open_case=False, held_until=None
    )
    await world.begin(BEN)
    assert await world.erasure.consequence(await world.subject_id(BEN)) == Consequence(
        is_member=False, has_links=False, open_case=True, held_until=None
    )
    await world.send(ANN, ABOUT_NIL)
    assert await world.erasure.consequence(await world.subject_id()) == Consequence(
        is_member=True, has_links=True, open_case=False, held_until=None
    )


@pytest.mark.parametrize("how", ["held", "declined", "asked for a person", "taken back"])
async def test_where_a_person_was_needed_a_person_looks_again(world: World, how: str) -> None:
    """Nobody gets round a refusal by having it deleted. Of the number nothing is kept but a keyed hash."""
    match how:
        case "held":
            await world.held()
        case "declined":
            await world.held()
            await world.decline()
        case "asked for a person":
            await world.gate.ask_for_person(ANN)
        case "taken back":
            await world.send(ANN, ABOUT_NIL)
            await world.run("UPDATE cases SET taken_back_at = ?", to_ms(world.clock()))
    subject = await world.subject_id()
    until = world.clock() + world.foundation.config.retention.refused
    assert (await world.erasure.consequence(subject)).held_until == until

    receipt = await world.erasure.person(subject, subject)
    await world.send(ANN, ABOUT_NIL)

    assert receipt is not None
    assert receipt.held_until == until
    assert await world.rows("SELECT until FROM suppression_key") == [(to_ms(until),)]
    standing = await world.gate.standing(ANN)
    assert isinstance(standing, HeldStanding)
    assert standing.case.hold_reason is HoldReason.EARLIER_CASE


async def test_whoever_was_never_a_matter_for_a_person_leaves_nothing(world: World) -> None:
    """A nil return that was let in is let in again."""
    await world.send(ANN, ABOUT_NIL)
    subject = await world.subject_id()

    await world.erasure.person(subject, subject)

    assert await world.rows("SELECT * FROM suppression_key") == []
    assert isinstance(await world.send(ANN, ABOUT_NIL), Sent)
    assert await world.states() == ["admitted"]


async def test_nobody_has_to_look_once_its_time_is_up(world: World, clock: Any) -> None:
    """From then on they are a stranger like any other, though nothing has swept the number away yet."""
    await world.held()
    subject = await world.subject_id()
    await world.erasure.person(subject, subject)
    clock.now += world.foundation.config.retention.refused

    await world.send(ANN, ABOUT_NIL)

    assert await world.states() == ["admitted"]


async def test_erasing_again_does_not_shorten_it(world: World, clock: Any) -> None:
    """Whoever starts again and deletes that too waits no less."""
    await world.held()
    first = await world.subject_id()
    await world.erasure.person(first, first)
    until = await world.one("SELECT until FROM suppression_key")
    clock.advance(days=1)
    await world.begin()
    again = await world.subject_id()

    assert to_ms((await world.erasure.consequence(again)).held_until) == until  # type: ignore[arg-type]
    await world.erasure.person(again, again)

    assert await world.one("SELECT until FROM suppression_key") == until


# The ledger, and what follows the commit.


async def test_each_kind_reaches_the_ledger(world: World) -> None:
    """By random ids; the key is named where it was destroyed."""
    ann, ben = await admitted(world), await admitted(world, BEN)
    key = await world.one("SELECT key_id FROM subject WHERE id = ?", ann)
    receipts = [await world.erasure.rest(ann, ann), await world.erasure.consent(ben, ben)]
    receipts.append(await world.erasure.person(ann, ann))

    lines = read(world.foundation.config.storage.ledger)

    assert [line.id for line in lines] == [receipt.ref for receipt in receipts if receipt]
    assert [(line.what.value, line.subject, line.key) for line in lines] == [
        ("rest", ann, ""),
        ("consent", ben, ""),
        ("person", ann, key),
    ]
    assert await world.rows("SELECT * FROM erasure") == []


async def test_so_does_what_people_take_back_at_the_gate(world: World) -> None:
    """Take back my request, Delete what you have, and an answer that says they are under age."""
    cat = visitor(200000000000000003)
    await world.held()
    await world.begin(BEN)
    first = await world.begin(cat)
    key = await world.one("SELECT key_id FROM subject WHERE id = ?", await world.subject_id(BEN))
    case = await world.case_id()

    await world.gate.take_back(ANN)
    await world.gate.forget_me(BEN)
    await world.forms.save(cat, first.ref, {**ABOUT_NIL, "age_ok": "no"})

    lines = read(world.foundation.config.storage.ledger)
    assert [line.what for line in lines] == [Scope.CASE, Scope.PERSON, Scope.PERSON]
    assert lines[0].case == case
    assert lines[1].key == key
    assert world.key_is_destroyed(key)
    assert await world.rows("SELECT * FROM erasure") == []


async def test_an_answer_is_given_though_the_ledger_cannot_be_written(world: World) -> None:
    """The rows are gone; the key and the ledger follow when it can be written again."""
    subject = await admitted(world)
    key = await world.one("SELECT key_id FROM subject WHERE id = ?", subject)
    path = world.foundation.config.storage.ledger
    path.mkdir()

    receipt = await world.erasure.person(subject, subject)

    assert receipt is not None
    assert await world.rows("SELECT 1 FROM subject WHERE id = ?", subject) == []
    assert not world.key_is_destroyed(key), "never before its line is in the ledger"

    path.rmdir()
    await world.sweep.run(world.clock())

    assert [line.subject for line in read(path)] == [subject]
    assert world.key_is_destroyed(key)


async def test_a_key_that_goes_while_somebody_reads_is_no_error_to_them(world: World) -> None:
    """They are told that something changed, as whoever is overtaken is."""
    await world.begin()
    world.foundation.vault.destroy([await world.one("SELECT key_id FROM subject")])

    with pytest.raises(ChangedMeanwhile):
        await world.desk.open_by_code(MOD, await world.code())


async def test_no_statement_of_an_erasure_looks_through_all_cases(world: World) -> None:
    """References are followed by an index, too: deleting a decision asks which case rests on it."""
    await admitted(world)

    def plans(connection: sqlite3.Connection) -> list[str]:
        found = []
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for key in connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall():
                if key["table"] not in {"questionnaire", "notice"}:  # rows of these are never deleted
                    asked = f'EXPLAIN QUERY PLAN SELECT 1 FROM "{table}" WHERE "{key["from"]}" = ?'
                    found += [row["detail"] for row in connection.execute(asked, ("x",))]
        return found

    details = await world.foundation.database.read(plans)

    assert len(details) > 15
    assert [detail for detail in details if detail.startswith("SCAN")] == []
