"""Everything held about one person: whole, theirs alone, and with nobody else's name in it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import to_ms
from bot.holdings import Holdings, gather, term
from bot.ids import new_id
from bot.model import CaseState, Outcome, Visitor
from bot.screens.elements import moment
from bot.screens.holdings import MOST_LOOKS
from bot.screens.my_data import as_data
from bot.screens.rights import seen
from bot.store import access, events, tasks
from bot.store.access import OPERATOR, Looked, Purpose
from bot.store.tasks import TaskKind
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    LINK_OLD,
    MOD,
    NOW,
    PURPOSE,
    World,
)

VOICE_LOCALE = "en-GB"


async def held_about(world: World, who: Visitor = ANN) -> Holdings:
    """What is held about somebody who is known."""

    def find(connection: sqlite3.Connection) -> Holdings | None:
        subject = world.foundation.find(connection, who.user_id)
        return gather(world.foundation, connection, subject.id) if subject else None

    found = await world.foundation.database.read(find)
    assert found is not None
    return found


def data_of(world: World, held: Holdings) -> dict[str, Any]:
    """The download for programs, as it can be read back."""
    config = world.foundation.config
    data: dict[str, Any] = json.loads(json.dumps(as_data(config.words.voice(VOICE_LOCALE), config, held)))
    return data


def told(world: World, held: Holdings) -> str:
    """What somebody reads on Discord."""
    config = world.foundation.config
    return seen(config.words.voice(VOICE_LOCALE), config, held).text


async def a_full_life(world: World) -> None:
    """Somebody of whom every table that can hold something about a person holds something."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.decline()
    world.clock.advance(days=1)
    await world.send(ANN, ABOUT_LINKED, LINK_OLD)
    opened = await world.file()
    case_id, subject_id = opened.case.id, opened.case.subject_id
    other = await world.file(ANN, MOD)
    await world.drafts.draft_by_code(MOD, other.case.code, Outcome.DECLINE, "other", "Not this time.")
    await world.drain()
    now, key = to_ms(world.clock()), world.foundation.vault.lookup(ANN.user_id)
    await world.run(
        "INSERT INTO sent_message VALUES (?, ?, ?, 'letter', x'00', ?)", new_id(), subject_id, case_id, now
    )
    await world.run("INSERT INTO erasure VALUES (?, 'consent', ?, '', '', ?)", new_id(), subject_id, now)
    await world.run("INSERT INTO errand VALUES (?, 'key', ?, x'00', ?)", new_id(), key, now)
    await world.run("INSERT INTO suppression_key VALUES (?, ?)", key, now + 1000)
    await world.run("INSERT INTO earlier_member (subject_id, noted_at) VALUES (?, ?)", subject_id, now)
    await world.run("INSERT INTO wave (id, began_at, last_join_at) VALUES ('wave', ?, ?)", now, now)
    await world.run("UPDATE cases SET wave_id = 'wave' WHERE id = ?", case_id)
    await world.run("INSERT INTO pause VALUES (1, ?, ?)", now, subject_id)
    # As an opening from before there were lines about who looks at what.
    await world.run("UPDATE file_view SET at = at - 1000")
    await everything_at_the_desk(world, subject_id, case_id)
    older = await world.one("SELECT min(id) FROM disclosure WHERE version = 1")
    await world.run("INSERT OR IGNORE INTO superseded VALUES (?, ?)", older, now)

    def also(connection: sqlite3.Connection) -> None:
        tasks.open_new(connection, TaskKind.PAID_LINK_NOW, subject_id, world.clock())
        mod = world.foundation.find(connection, MOD.user_id)
        assert mod is not None
        access.note(
            connection,
            actor=mod.id,
            action=Looked.OPEN,
            purpose=Purpose.REVIEW,
            now=world.clock(),
            subject_id=subject_id,
            case_id=case_id,
        )

    await world.foundation.database.write(also)


async def everything_at_the_desk(world: World, subject_id: str, case_id: str) -> None:
    """A row in every table of the desk: about somebody's case, of their telling, and of their own work."""
    now = to_ms(world.clock())

    def write(connection: sqlite3.Connection) -> None:
        key = world.foundation.key_of(connection, subject_id)

        def put(table: str, sealed: str = "", **given: Any) -> None:
            row = dict(given)
            if sealed:
                row["sealed"] = key.seal(
                    json.dumps({"said": [], "link": "", "excerpt": ""}), f"{table}/sealed/{sealed}"
                )
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))

        put("question", "Q", ref="Q", case_id=case_id, asked_by="M", asked_at=now, answer_by=now)
        put("question_draft", "W", ref="W", case_id=case_id, case_version=1, moderator_id="M", made_at=now)
        put("condition", "C", id="C", case_id=case_id, decision_id="D", code="label", starts_at=now)
        put(
            "appeal",
            "A",
            id="A",
            case_id=case_id,
            decision_id="D",
            via="panel",
            filed_at=now,
            changed_at=now,
            due_at=now,
        )
        put("note", "N", id="N", case_id=case_id, by_id="M", at=now)
        put("thread", "T", case_id=case_id, opened_at=now)
        put("appeal_code", decision_id="D", case_id=case_id, lookup=b"1", until=now)
        put(
            "motion", "V", id="V", case_id=case_id, case_version=1, outcome="decline", reason_code="other",
            proposed_by="M", proposed_at=now, due_at=now, waits=0, state="open",
        )  # fmt: skip
        put("vote", motion_id="V", moderator_id="M", vote="for", disclosure_version=1, at=now)
        put("claim", kind="case", item_id=case_id, holder_id=subject_id, since=now, until=now)
        put("moderator", subject_id=subject_id, since=now, seen_at=now)
        put("recusal", id="R", moderator_id=subject_id, case_id=case_id, origin="declared", at=now)
        put("outside_reviewer", case_id=case_id, subject_id=subject_id, added_by="M", at=now)
        put(
            "concern", "O", id="O", code="7F3K-Q3", kind="selling", reporter_id=subject_id, follow=b"2",
            locale="en", opened_at=now, due_at=now,
        )  # fmt: skip

    await world.foundation.database.write(write)


ABOUT_NO_PERSON = {
    "counter": "counts by month, which nothing joins to anybody",
    "finding": "about the server's layout",
    "log_head": "where the log ends",
    "migration": "how far the schema has come",
    "mark": "when something about the whole gate last happened",
    "panel": "where the front page stands",
    "pair": "which keys belong to this database",
    "permit": "empty between transactions",
    "seal": "stretches of the log as a whole",
    "stopped": "kinds of effects that wait",
    "organisation": "organisations that the team knows",
    "organisation_name": "what they are called",
    "questionnaire": "the pages of the configuration; what was answered is told with their words",
}
"""Tables that say nothing about one person. Any other has to show in the download."""


@dataclass(frozen=True)
class Life:
    """A world with somebody's full life in it, to be tried with one table less at a time."""

    world: World
    data: dict[str, Any]


@pytest.fixture
async def life(world: World) -> Life:
    """Somebody's full life, and the download of it."""
    await a_full_life(world)
    return Life(world, data_of(world, await held_about(world)))


@contextmanager
def without(path: Path, table: str) -> Iterator[sqlite3.Connection]:
    """A copy of the database, in memory, with nothing left in one table."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        with closing(sqlite3.connect(path)) as original:
            original.backup(copy)
        copy.row_factory = sqlite3.Row
        copy.execute("PRAGMA foreign_keys = OFF")
        for row in copy.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            copy.execute(f"DROP TRIGGER {row['name']}")
        copy.execute(f"DELETE FROM {table}")
        yield copy


async def test_no_table_that_holds_something_about_a_person_is_forgotten(life: Life) -> None:
    """Whichever table is emptied, the download is another: there is none that it leaves out."""
    tables = [
        row[0]
        for row in await life.world.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    forgotten, empty = [], []
    for table in sorted(set(tables) - set(ABOUT_NO_PERSON)):
        if not await life.world.one(f"SELECT count(*) FROM {table}"):
            empty.append(table)
        with without(life.world.path, table) as copy:
            if download(life.world, copy) == life.data:
                forgotten.append(table)

    assert empty == []
    assert forgotten == []
    assert set(ABOUT_NO_PERSON) <= set(tables)


def download(world: World, connection: sqlite3.Connection) -> dict[str, Any] | None:
    """The download out of another database; None where it cannot be put together any more."""
    subject = world.foundation.find(connection, ANN.user_id)
    if subject is None:
        return None
    try:
        found = gather(world.foundation, connection, subject.id)
    except (LookupError, TypeError):
        return None
    return None if found is None else data_of(world, found)


async def test_nobody_else_is_named(life: Life) -> None:
    """Neither the id of a moderator nor the random one that stands for them, anywhere."""
    mod = await life.world.one(
        "SELECT id FROM subject WHERE lookup = ?", life.world.foundation.vault.lookup(MOD.user_id)
    )
    held = await held_about(life.world)
    everything = json.dumps(life.data) + told(life.world, held)

    assert str(ANN.user_id) in everything
    assert str(MOD.user_id) not in everything
    assert mod not in everything
    assert "<@" not in everything


async def test_whoever_gave_a_role_by_hand_is_nobody_to_the_person(world: World) -> None:
    """The log keeps who it was by a random id; the person reads that it was somebody."""
    await world.send(ANN, ABOUT_NIL)
    case_id, giver = await world.case_id(), new_id()

    def note(connection: sqlite3.Connection) -> None:
        events.record(
            connection,
            now=NOW,
            actor=giver,
            action="access.given",
            object_kind="case",
            object_id=case_id,
            payload={"giver": giver, "kind": "hand"},
        )

    await world.foundation.database.write(note)
    held = await held_about(world)

    line = next(line for line in held.log if line.action == "access.given")
    assert (line.by, dict(line.payload)) == ("moderator", {"giver": "somebody", "kind": "hand"})


async def test_what_was_told_and_decided_is_there_in_words(world: World) -> None:
    """Answers by label, links, the decision with its reason and the sentence, and who looked."""
    await world.held()
    await world.decline()
    held = await held_about(world)
    text = told(world, held)

    for piece in (
        "`Helix Pharma`",
        "`To talk with others`",
        "A person reads your answers first. The bot decided this by itself:",
        "We cannot offer you a place. A moderator decided this:",
        "Reason: Something else (say what).",
        f"What was written to you: `{DECLINED_TEXT}`",
        "A moderator opened your file to review your request:",
        f"Request {await world.code()}",
        "You agreed to our notice:",
    ):
        assert piece in text, piece


async def test_a_rule_says_why_as_long_as_it_is_known(world: World) -> None:
    """In its own words. Once the answers are deleted, what the machine decided is all that is left."""
    await world.send(ANN, ABOUT_NIL)
    admitted = (await held_about(world)).requests[0].decisions[0]
    rule = next(rule for rule in world.foundation.config.rules if rule.id == admitted.decision.rule_id)

    assert admitted.because == rule.because

    await world.send(BEN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    held = (await held_about(world, BEN)).requests[0].decisions[0]
    assert held.because is not None
    await world.gate.take_back(BEN)
    assert (await held_about(world, BEN)).requests[0].decisions[0].because is None


async def test_what_no_rule_can_lift_is_told_instead_of_the_rule(world: World) -> None:
    """The words of the rule that would have let them in are no reason for waiting."""
    await world.send(BEN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    await world.gate.take_back(BEN)
    await world.send(BEN, ABOUT_NIL)
    held = await held_about(world, BEN)
    decision = held.requests[0].decisions[0]

    assert decision.because is None
    assert decision.restraint == "earlier_case"
    assert "Reason: It was with the team before." in told(world, held)


async def test_an_earlier_version_of_links_says_until_when_it_is_kept(world: World) -> None:
    """The newest counts and has no end; the one before has a date."""
    await a_full_life(world)
    held = await held_about(world)
    newest, before = held.links

    assert newest.until is None
    assert before.superseded_at is not None
    assert before.until == before.superseded_at + world.foundation.config.retention.superseded
    assert "kept until" in told(world, held)


async def test_many_looks_are_cut_short_on_a_phone_and_whole_in_the_download(world: World) -> None:
    """The newest are told, and how many came before."""
    await world.send(ANN, ABOUT_NIL)
    subject_id = (await held_about(world)).subject_id

    def look(connection: sqlite3.Connection) -> None:
        for number in range(MOST_LOOKS + 5):
            access.note(
                connection,
                actor=OPERATOR,
                action=Looked.EXPORT,
                purpose=Purpose.EXPORT,
                now=NOW + timedelta(minutes=number),
                subject_id=None if number % 2 else subject_id,
            )

    await world.foundation.database.write(look)
    held = await held_about(world)

    assert "And 5 times before that." in told(world, held)
    assert told(world, held).count("Whoever runs the bot made a copy of everything") == MOST_LOOKS
    assert len(data_of(world, held)["looks"]) == MOST_LOOKS + 5


async def test_a_moderator_reads_what_they_did_as_numbers(world: World) -> None:
    """How many files and decisions, and nothing about whose."""
    await world.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    code = await world.code()
    await world.file()
    await world.decline()
    held = await held_about(world, MOD)
    text = told(world, held)

    assert held.work.decisions == 1
    assert held.work.files_opened == 1
    assert "Files you opened: 1. Decisions you made: 1." in text
    assert code not in text + json.dumps(data_of(world, held))


@pytest.mark.parametrize(
    ("state", "closed", "gone", "wiped", "with_team", "expected"),
    [
        (CaseState.HELD, False, False, False, True, (None, None, None)),
        (CaseState.ADMITTED, True, False, False, True, (None, "free_text", None)),
        (CaseState.ADMITTED, True, True, False, True, ("former_members", "free_text", "former_members")),
        (CaseState.ADMITTED, True, True, True, True, (None, None, "former_members")),
        (CaseState.ADMITTED, True, False, True, True, (None, None, "refused")),
        (CaseState.DECLINED, True, False, False, True, ("refused", None, "refused")),
        (CaseState.REDIRECTED, True, False, False, True, ("refused", None, "refused")),
        (CaseState.WITHDRAWN, True, False, True, True, (None, None, "refused")),
        (CaseState.LAPSED, True, False, False, True, ("unfinished", None, "refused")),
        (CaseState.LEFT, True, False, False, True, ("unfinished", None, "refused")),
        (CaseState.LEFT, True, False, False, False, ("unfinished", None, "unfinished")),
        (CaseState.LAPSED, True, False, False, False, ("unfinished", None, "unfinished")),
    ],
)
async def test_until_when_a_request_is_kept(
    world: World,
    state: CaseState,
    closed: bool,
    gone: bool,
    wiped: bool,
    with_team: bool,
    expected: tuple[str | None, str | None, str | None],
) -> None:
    """By how it ended and the configuration; open while that depends on what the person does."""
    await world.begin()
    known = (await held_about(world)).requests[0].case
    case = replace(
        known,
        state=state,
        closed_at=NOW if closed else None,
        gone_at=NOW if gone else None,
        wiped_at=NOW if wiped else None,
        held_at=NOW if with_team else None,
    )
    retention = world.foundation.config.retention
    found = term(case, retention)

    assert (found.answers, found.typed, found.record) == tuple(
        None if name is None else NOW + getattr(retention, name) for name in expected
    )


async def test_what_is_kept_without_a_date_says_what_it_depends_on(world: World) -> None:
    """Being a member; once the access was taken back there is a date. And nobody has looked."""
    await world.send(ANN, ABOUT_NIL)
    text = told(world, await held_about(world))
    assert "while you are a member, and for 180 days after you leave" in text
    assert "No look at your file is on record." in text

    await world.run("UPDATE cases SET taken_back_at = ?", to_ms(NOW))
    text = told(world, await held_about(world))
    assert "Somebody on the team closed your access" in text
    assert f"All of this request is kept until {moment(NOW + timedelta(days=180), 'f')}" in text
