"""What happens in each tale, one act after the other, and what is left of it in the end.

An act is what one person or the machine does. Whoever got no answer does it again, so every act reads
where things stand before it does anything, as a person would.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

from bot.config.tables import Storage
from bot.database import connect
from bot.forgetting.ledger import read
from bot.log.verifying import verify
from bot.minting import NextForm
from bot.model import Outcome, Scope, Visitor
from bot.review.drafts import Preview
from bot.review.questions import Questions, Writing
from bot.review.talks import Talks
from bot.standing import CarryOn
from bot.store import disclosures
from tests.crash.stoppable import LastingServer
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    DECLINED_TEXT,
    LINK_NOW,
    MOD,
    NOTICE,
    NOW,
    PURPOSE,
    SECOND_MOD,
    TICKED,
    Raw,
    World,
    visitor,
)

CAT = visitor(200000000000000003)
PEOPLE = {
    ANN.user_id: "Ann",
    BEN.user_id: "Ben",
    CAT.user_id: "Cat",
    MOD.user_id: "Mod",
    SECOND_MOD.user_id: "Second",
}

Act = Callable[[World, LastingServer], Awaitable[object]]

NIL = {"about": ABOUT_NIL}
LINKED = {"about": ABOUT_LINKED, "link": LINK_NOW, "purpose": PURPOSE}


def arrives(who: Visitor) -> Act:
    """Somebody joins; Discord says so at least once."""

    async def act(world: World, server: LastingServer) -> None:
        server.arrive(who.user_id)
        await world.gate.arrive(who)

    return act


def leaves(who: Visitor) -> Act:
    """Somebody leaves."""

    async def act(world: World, server: LastingServer) -> None:
        server.leave(who.user_id)
        await world.gate.leave(who.user_id)

    return act


def begins(who: Visitor) -> Act:
    """Agree and begin."""
    return lambda world, _: world.gate.agree(who, NOTICE)


def fills(who: Visitor, page_id: str, pages: Mapping[str, Raw]) -> Act:
    """Fill in one page, unless it shows that it was saved."""

    async def act(world: World, _: LastingServer) -> None:
        standing = await world.gate.standing(who)
        step = standing.step if isinstance(standing, CarryOn) else None
        if isinstance(step, NextForm) and step.page.id == page_id:
            await world.save(who, step.ref, pages[page_id])

    return act


def sends(who: Visitor) -> Act:
    """Send the answers, unless they are with the team."""

    async def act(world: World, _: LastingServer) -> None:
        standing = await world.gate.standing(who)
        if isinstance(standing, CarryOn) and not isinstance(standing.step, NextForm):
            await world.submission.send(who, standing.step.send_ref, TICKED)

    return act


def answers(who: Visitor, pages: Mapping[str, Raw]) -> list[Act]:
    """From the first press to the last."""
    return [begins(who), *(fills(who, page_id, pages) for page_id in pages), sends(who)]


def declines(who: Visitor) -> list[Act]:
    """A moderator writes a refusal, reads the preview and sends it."""

    async def act(world: World, _: LastingServer) -> None:
        code = await world.code(who)
        written = await world.drafts.draft_by_code(MOD, code, Outcome.DECLINE, "other", DECLINED_TEXT)
        if isinstance(written, Preview):
            await world.drafts.send_draft(MOD, written.draft.ref)

    return [act]


def confirms(who: Visitor) -> Act:
    """A second moderator opens the file and confirms what is proposed, unless it is decided."""

    async def act(world: World, _: LastingServer) -> None:
        proposed = (await world.file(who, SECOND_MOD)).proposed
        if proposed is not None:
            await world.confirming.confirm(SECOND_MOD, proposed.id)

    return act


def proposes(who: Visitor) -> Act:
    """A moderator proposes to admit somebody, unless they have."""

    async def act(world: World, _: LastingServer) -> None:
        if not await world.rows("SELECT 1 FROM motion"):
            await world.decisions.decide_by_code(MOD, await world.code(who), Outcome.ADMIT)

    return act


def admits(who: Visitor) -> Act:
    """A moderator admits somebody."""

    async def act(world: World, _: LastingServer) -> None:
        await world.decisions.decide_by_code(MOD, await world.code(who), Outcome.ADMIT)

    return act


def rules(who: Visitor, outcome: Outcome, reason: str, state: str) -> Act:
    """A moderator writes a decision with words and sends it, unless it stands already."""

    async def act(world: World, _: LastingServer) -> None:
        code = await world.code(who)
        if await world.one("SELECT state FROM cases WHERE code = ?", code) == state:
            return
        written = await world.drafts.draft_by_code(MOD, code, outcome, reason, "")
        if isinstance(written, Preview):
            await world.drafts.send_draft(MOD, written.draft.ref)

    return act


def reopens(who: Visitor) -> Act:
    """Change my answers."""
    return lambda world, _: world.gate.reopen(who)


def takes_back(who: Visitor) -> Act:
    """Take back my request."""
    return lambda world, _: world.gate.take_back(who)


def wants_person(who: Visitor) -> Act:
    """Talk to a person."""
    return lambda world, _: world.gate.ask_for_person(who)


async def asks(world: World, _: LastingServer) -> None:
    """A moderator asks whoever is held something, once."""
    if await world.rows("SELECT 1 FROM question"):
        return
    questions = Questions(world.foundation)
    begun = await questions.begin_by_code(MOD, await world.code(BEN))
    if isinstance(begun, Writing):
        written = await questions.write(MOD, begun.draft.ref, "", "Which one?")
        assert isinstance(written, Writing)
        await questions.send(MOD, written.draft.ref)


async def replies(world: World, _: LastingServer) -> None:
    """Whoever was asked answers, once."""
    for (ref,) in await world.rows("SELECT ref FROM question WHERE answered_at IS NULL"):
        await Questions(world.foundation).reply(BEN, ref, "This one.")


async def joins_and_closes(world: World, _: LastingServer) -> None:
    """A moderator closes the conversation, having joined it once."""
    talks = Talks(world.foundation)
    if not await world.rows("SELECT 1 FROM event WHERE action = 'thread.joined'"):
        await talks.join(MOD, await seen(world))
    await world.drain()
    if await world.rows("SELECT 1 FROM thread WHERE closed_at IS NULL"):
        await talks.close(MOD, await seen(world))
    await world.drain()


async def seen(world: World) -> str:
    """The file as a moderator opened it; once for each version, so that a stop leaves no more looks."""
    found = await world.rows(
        "SELECT ref FROM file_view JOIN cases ON cases.id = case_id AND case_version = version"
    )
    return str(found[0][0]) if found else (await world.file(BEN)).ref


def forgets(who: Visitor) -> Act:
    """Delete what you have."""
    return lambda world, _: world.gate.forget_me(who)


def erases(who: Visitor, what: Scope) -> Act:
    """Delete all but the links, or take back consent, or delete everything; whoever got a receipt stops."""

    async def act(world: World, _: LastingServer) -> None:
        erase = {
            Scope.PERSON: world.erasure.person,
            Scope.REST: world.erasure.rest,
            Scope.CONSENT: world.erasure.consent,
        }[what]
        done = {line.what for line in read(world.foundation.config.storage.ledger)}
        if what not in done:
            subject = await world.subject_id(who)
            await erase(subject, subject)

    return act


def changes_links(who: Visitor) -> list[Act]:
    """A member tells of a new link."""

    def fill(page_id: str) -> Act:
        async def act(world: World, _: LastingServer) -> None:
            found = await world.links.change(who)
            if isinstance(found, NextForm) and found.page.id == page_id:
                await world.save(who, found.ref, LINKED[page_id])

        return act

    async def send(world: World, _: LastingServer) -> None:
        known = await world.rows("SELECT 1 FROM disclosure WHERE source = 'update'")
        found = await world.links.change(who) if not known else None
        if found is not None and not isinstance(found, NextForm) and hasattr(found, "send_ref"):
            await world.submission.send(who, found.send_ref, TICKED)

    return [*(fill(page_id) for page_id in LINKED), send]


def is_given_the_role(who: Visitor) -> Act:
    """Somebody gives the member role by hand."""

    async def act(world: World, server: LastingServer) -> None:
        server.hand_gives_role(who.user_id, MOD.user_id, world.clock())

    return act


def wants_reminders(who: Visitor) -> Act:
    """Remind me by message."""

    async def act(world: World, _: LastingServer) -> None:
        await world.reminders.agree(who, await world.case_id(who))

    return act


def days_pass(count: int) -> Act:
    """The bot is awake meanwhile."""
    return lambda world, _: world.live(days=count)


async def goes_a_round(world: World, _: LastingServer) -> None:
    """The bot compares the server with the decisions."""
    await world.rounds.run(world.clock())


async def drains(world: World, _: LastingServer) -> None:
    """The outbox does what is due."""
    await world.drain()


async def sweeps(world: World, _: LastingServer) -> None:
    """What is due because of the time."""
    await world.sweep.run(world.clock())


async def verifies(world: World, _: LastingServer) -> None:
    """Log, keys and tables fit together."""
    storage = Storage(database=world.path, keys=world.path.with_name("keys.db"))
    assert verify(storage, None, keys=False).problems.sentences == []


def a_long_time(days: int) -> Act:
    """More than something is kept. Whoever does this again does not wait twice."""

    async def act(world: World, _: LastingServer) -> None:
        world.clock.now = NOW + timedelta(days=days)

    return act


STEP = timedelta(minutes=10)

FIRST_START = "the very first start"
"""Told on no files at all; the others find a database that is up to date."""

BY_TWO = "a link is held, one moderator proposes to admit, and another confirms"
AFTER_A_WAIT = "a small team's wait is over, and what was proposed is carried"

ERASED = "a member keeps the links, then takes back consent, then deletes everything"

TALES: dict[str, list[Act]] = {
    FIRST_START: [arrives(ANN)],
    "a nil return is let in": [arrives(ANN), *answers(ANN, NIL), drains, sweeps, drains],
    "a link is held, and a moderator admits": [
        arrives(BEN),
        *answers(BEN, LINKED),
        drains,
        admits(BEN),
        drains,
        drains,
    ],
    BY_TWO: [proposes(BEN), drains, confirms(BEN), drains, drains],
    AFTER_A_WAIT: [proposes(BEN), days_pass(2), drains],
    "held, changed, declined, and asked again": [
        reopens(CAT),
        drains,
        sends(CAT),
        *declines(CAT),
        drains,
        begins(CAT),
    ],
    "a question is asked and answered, and the conversation closed": [
        asks,
        drains,
        replies,
        drains,
        joins_and_closes,
    ],
    "a member is suspended": [rules(BEN, Outcome.SUSPEND, "safety", "held"), drains, drains],
    "a member is told, and then removed": [
        rules(BEN, Outcome.REMOVE, "told_otherwise", "removed"),
        drains,
        drains,
    ],
    "a talk is wanted, and the request taken back": [
        wants_person(ANN),
        drains,
        begins(ANN),
        fills(ANN, "about", NIL),
        takes_back(ANN),
        drains,
    ],
    "nothing is kept of whoever only looked": [
        arrives(ANN),
        begins(ANN),
        forgets(ANN),
        arrives(BEN),
        leaves(BEN),
        drains,
    ],
    "a member leaves, comes back, and tells of a link": [
        leaves(ANN),
        arrives(ANN),
        drains,
        *changes_links(ANN),
        drains,
    ],
    "a role by hand is taken back, and the person held": [
        goes_a_round,
        arrives(ANN),
        arrives(BEN),
        is_given_the_role(ANN),
        goes_a_round,
        drains,
        *answers(ANN, NIL),
        drains,
        admits(ANN),
        drains,
        goes_a_round,
        drains,
    ],
    "nobody goes on with it: reminded, closed, removed": [
        wants_reminders(ANN),
        days_pass(6),
        days_pass(3),
        days_pass(7),
        drains,
        arrives(ANN),
        begins(ANN),
    ],
    ERASED: [
        erases(BEN, Scope.REST),
        drains,
        erases(BEN, Scope.CONSENT),
        erases(BEN, Scope.PERSON),
        drains,
    ],
    "what closed long ago is deleted": [a_long_time(200), sweeps, drains],
    "what was typed goes, and answers, and in the end people": [
        a_long_time(40),
        sweeps,
        a_long_time(600),
        sweeps,
        sweeps,
    ],
    "months are sealed, and old lines go": [
        arrives(ANN),
        a_long_time(30),
        sweeps,
        a_long_time(800),
        sweeps,
        verifies,
    ],
}

_BEN_IS_IN = [arrives(BEN), *answers(BEN, LINKED), drains, admits(BEN), drains, drains]

BEFORE: dict[str, list[Act]] = {
    "a question is asked and answered, and the conversation closed": [
        arrives(BEN),
        *answers(BEN, LINKED),
        drains,
    ],
    "held, changed, declined, and asked again": [arrives(CAT), *answers(CAT, LINKED), drains],
    "a member leaves, comes back, and tells of a link": [arrives(ANN), *answers(ANN, NIL), drains],
    "nobody goes on with it: reminded, closed, removed": [arrives(ANN), begins(ANN)],
    ERASED: _BEN_IS_IN,
    "a member is suspended": _BEN_IS_IN,
    "a member is told, and then removed": [*_BEN_IS_IN, sweeps],
    BY_TWO: [arrives(BEN), *answers(BEN, LINKED), drains],
    AFTER_A_WAIT: [arrives(BEN), *answers(BEN, LINKED), drains],
    "what closed long ago is deleted": [
        arrives(CAT),
        *answers(CAT, LINKED),
        drains,
        *declines(CAT),
        drains,
    ],
    "what was typed goes, and answers, and in the end people": [
        *answers(ANN, LINKED),
        admits(ANN),
        *changes_links(ANN),
        leaves(ANN),
        *answers(BEN, LINKED),
        leaves(BEN),
        begins(CAT),
        leaves(CAT),
    ],
}
"""What happened before a tale begins, undisturbed: other tales stop in the middle of that."""

CONFIRM: dict[str, dict[str, Any]] = {
    BY_TWO: {"admit": "two"},
    AFTER_A_WAIT: {"admit": "two", "small_team": True},
}
"""What takes two people in a tale, where that is not as shipped."""


async def what_is_left(world: World, server: LastingServer) -> dict[str, Any]:
    """All that should be the same with and without a crash, with names in place of random codes."""
    people = {subject: PEOPLE[user_id] for subject, user_id in await _identities(world)}
    codes = {
        code: f"CODE-{people[subject]}"
        for code, subject in await world.rows("SELECT code, subject_id FROM cases ORDER BY opened_at")
    }

    def named(text: str) -> str:
        for code, name in codes.items():
            text = text.replace(code, name)
        text = re.sub(r"<t:[0-9]+", "<t:", text)
        return re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{2}\b", "CODE", text)

    return {
        "cases": sorted(
            (people[row[0]], *row[1:])
            for row in await world.rows(
                "SELECT subject_id, state, hold_reason, wants_person_at IS NOT NULL, listed, sheet_id IS NULL"
                " FROM cases"
            )
        ),
        "decisions": sorted(
            (people[row[0]], *row[1:])
            for row in await world.rows(
                "SELECT subject_id, outcome, automated, reason_code, rule_id, decision.disclosed, hands"
                " FROM decision JOIN cases ON cases.id = case_id"
            )
        ),
        "motions": sorted(
            (row[0], row[1], people[row[2]], row[3])
            for row in await world.rows(
                "SELECT outcome, state, moderator_id, vote FROM motion JOIN vote ON motion_id = motion.id"
            )
        ),
        "disclosures": sorted(
            (people[row[0]], *row[1:])
            for row in await world.rows(
                "SELECT subject_id, version, disclosed, source, count(interest.id) FROM disclosure"
                " LEFT JOIN interest ON disclosure_id = disclosure.id GROUP BY disclosure.id"
            )
        ),
        "organisations": await _organisations(world, people),
        "letters": sorted(await world.rows("SELECT delivery FROM letter")),
        "effects": sorted(await world.rows("SELECT kind, state FROM effect")),
        "events": Counter(
            action for (action,) in await world.rows("SELECT action FROM event") if "opened" not in action
        ),
        "opened": len(await world.rows("SELECT 1 FROM event WHERE action = 'case.opened'")),
        "erased": sorted(line.what.value for line in read(world.foundation.config.storage.ledger)),
        "on their way": await world.rows("SELECT what FROM erasure"),
        "errands": len(await world.rows("SELECT 1 FROM errand")),
        "keys of nobody": await _keys_of_nobody(world),
        "people": len(people),
        "roles": sorted(PEOPLE[user_id] for user_id in server.state["roles"]),
        "removed": sorted(PEOPLE[user_id] for user_id in server.state["removed"]),
        "messages": sorted((m["room"], named(m["text"])) for m in server.state["messages"]),
        "told": sorted((PEOPLE[user_id], named(text)) for user_id, text in server.state["told"]),
    }


async def _identities(world: World) -> list[tuple[str, int]]:
    subjects = [row[0] for row in await world.rows("SELECT id FROM subject")]
    read = world.foundation.database.read
    found = [(s, await read(lambda c, s=s: world.foundation.user_id(c, s))) for s in subjects]  # type: ignore[misc] # a default binds the name
    return [(subject, user_id) for subject, user_id in found if user_id is not None]


async def _keys_of_nobody(world: World) -> int:
    """Keys that were in use and whose person has gone."""
    used = {key for (key,) in await world.rows("SELECT key_id FROM subject")}
    with closing(connect(world.path.with_name("keys.db"))) as keys:
        settled = {row["id"] for row in keys.execute("SELECT id FROM person_key WHERE settled = 1")}
    return len(settled - used)


async def _organisations(world: World, people: Mapping[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """What people told in words, opened with their keys."""
    found = []
    for subject, name in people.items():
        logged = await world.foundation.database.read(
            lambda c, s=subject: disclosures.current(c, world.foundation.key_of(c, s), s)  # type: ignore[misc] # a default binds the name
        )
        if logged is not None:
            found.append((name, tuple(i.organisation for i in logged.disclosure.interests)))
    return sorted(found)
