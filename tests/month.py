"""A small team, the people who come to it, and a server that is not always there: lived through by chance."""

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.clock import to_ms
from bot.concerns.handling import ConcernFile
from bot.concerns.telling import Report
from bot.fairness.aside import Candidates, SteppingAside
from bot.fairness.outside import Outside
from bot.minting import NextForm
from bot.model import (
    Condition,
    ConditionCode,
    Disclosed,
    Disclosure,
    Interest,
    Outcome,
    Scope,
    Source,
    Visitor,
)
from bot.ports import Done, Later, Member, Refused, Result, Why
from bot.review.claims import Taken
from bot.review.desk import CaseFile
from bot.review.drafts import Preview
from bot.review.motions import Proposed
from bot.review.next_step import Group
from bot.review.questions import Questions, Writing
from bot.review.queue import Overview
from bot.review.talks import Talks
from bot.standing import CarryOn, HeldStanding
from bot.store import disclosures
from bot.store.concerns import ConcernKind, ConcernOutcome
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ABOUT_REFUSED,
    LINK_NOW,
    MEMBER_ROLE,
    NOTICE,
    PURPOSE,
    TICKED,
    Call,
    FakeDoorkeeper,
    FakeLookout,
    Raw,
    World,
    moderator,
    visitor,
)

TEAM = tuple(moderator(300000000000000001 + number) for number in range(3))
OUTSIDER = visitor(600000000000000001)
HELIX = "Helix Pharma"
"""What the first of the team is tied to, and some of those who come."""
SENTENCE = "We looked at it together, and this is what we can do."

_FIRST = 500000000000000000
_REASON = {
    Outcome.DECLINE: "other",
    Outcome.REDIRECT: "work",
    Outcome.REOPEN: "something_else",
    Outcome.SUSPEND: "something_else",
    Outcome.REMOVE: "something_else",
    Outcome.ADMIT: "link_on_terms",
}


class Porch(FakeDoorkeeper):
    """A server that remembers who is inside and what its cards say, and does nothing while it is away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.inside: set[int] = set()
        self.gone: set[int] = set()
        self.cards: dict[str, str] = {}

    def _result(self, call: Call, usual: Result | None = None) -> Result:
        if self.away:
            return Later("unavailable")
        if call.user_id in self.gone:
            return Refused(Why.GONE)
        if call.verb == "grant":
            self.inside.add(call.user_id)
        elif call.verb in {"revoke", "remove"}:
            self.inside.discard(call.user_id)
        if call.verb == "remove":
            self.gone.add(call.user_id)
        if call.text[:7] == "**Case " and call.text[14:16] == "**":
            self.cards[call.text[7:14]] = call.text
        return usual or Done()


class Window(FakeLookout):
    """A look at the same server."""

    def __init__(self, porch: Porch) -> None:
        super().__init__()
        self.porch = porch

    async def member(self, user_id: int) -> Member | Refused | Later:
        if self.porch.away:
            return Later("unavailable")
        if user_id in self.porch.gone:
            return Refused(Why.GONE)
        inside = user_id in self.porch.inside
        return Member(user_id, frozenset({MEMBER_ROLE}) if inside else frozenset())


async def tells(world: World, who: Visitor, *organisations: str) -> None:
    """A moderator tells about their own links, and is known as one from then on."""
    on = world.foundation
    links = tuple(
        Interest("industry", ("employment",), "self", "self", "current", organisation=name)
        for name in organisations
    )

    def log(connection: sqlite3.Connection) -> None:
        subject = on.find_or_add(connection, who.user_id, on.now())
        disclosures.append(
            connection,
            on.vault.key(subject.key_id),
            subject_id=subject.id,
            case_id=None,
            disclosure=Disclosure(Disclosed.SOME if links else Disclosed.NONE, links),
            source=Source.UPDATE,
            questionnaire_hash=on.config.questionnaire.content_hash,
            now=on.now(),
        )

    await on.database.write(log)
    await world.queue.open_next(who)


class Month:
    """What everybody does in an hour, drawn from one seed."""

    def __init__(self, world: World, porch: Porch, seed: int) -> None:
        on = world.foundation
        self.world, self.porch = world, porch
        self.chance = random.Random(seed)  # noqa: S311 - a month that can be lived again
        self.questions, self.talks = Questions(on), Talks(on)
        self.aside, self.outside = SteppingAside(on), Outside(on)
        self.people: list[Visitor] = []
        self.busy: list[Visitor] = []
        """Those who do more than join."""
        self.asked: list[Visitor] = []
        self.did: Counter[str] = Counter()

    # -- the people ------------------------------------------------------------------------------

    async def join(self, count: int) -> None:
        """People come; one in a few will do more than that."""
        begin = _FIRST + len(self.people)
        new = [visitor(begin + number) for number in range(count)]
        self.people += new
        await asyncio.gather(*(self.world.gate.arrive(one) for one in new))
        await self.world.gate.came_for_work(new[0])

    async def come_to_answer(self) -> None:
        """Somebody comes, and sends answers, or stops on the way."""
        who = visitor(_FIRST + len(self.people))
        self.people.append(who)
        self.busy.append(who)
        await self.answer(who)

    async def answer(self, who: Visitor) -> None:
        """Answer, and send or stop; whoever cannot just now does nothing."""
        step = await self.world.gate.standing(who)
        begun: object = step.step if isinstance(step, CarryOn) else await self.world.gate.agree(who, NOTICE)
        pages = self.chance.choice(_ANSWERS)
        for raw in pages:
            if not isinstance(begun, NextForm) or self.chance.random() < 0.05:
                self.did["stopped"] += 1
                return
            saved = await self.world.forms.save(who, begun.ref, raw)
            begun = getattr(saved, "next", None)
        standing = await self.world.gate.standing(who)
        send_ref = getattr(getattr(standing, "step", None), "send_ref", "")
        if send_ref:
            await self.world.submission.send(who, send_ref, TICKED)
            self.did["sent"] += 1

    async def reply(self, who: Visitor) -> None:
        """Answer what one was asked, if anything: it is somebody who was who does."""
        who = self.asked.pop() if self.asked else who
        standing = await self.world.gate.standing(who)
        if isinstance(standing, HeldStanding) and standing.around.question is not None:
            await self.questions.reply(who, standing.around.question.ref, "Helix, of Basel.")
            self.did["replied"] += 1

    async def change_answers(self, who: Visitor) -> None:
        """Take the answers back to change them; some then send others."""
        await self.world.gate.reopen(who)
        if self.chance.random() < 0.6:
            await self.answer(who)

    async def talk(self, who: Visitor) -> None:
        """Ask for a person."""
        await self.world.gate.ask_for_person(who)

    async def leave(self, who: Visitor) -> None:
        """Leave the server."""
        self.porch.inside.discard(who.user_id)
        self.porch.gone.add(who.user_id)
        await self.world.gate.leave(who.user_id)

    async def come_back(self, who: Visitor) -> None:
        """Join again, if one had left."""
        if who.user_id in self.porch.gone:
            self.porch.gone.discard(who.user_id)
            await self.world.gate.arrive(who)

    async def keep_out(self, who: Visitor) -> None:
        """Ask that one of the team stays out of it."""
        found = await self.aside.candidates(who)
        if isinstance(found, Candidates):
            await self.aside.ask(who, self.chance.choice(found.people).ref)

    async def delete(self, who: Visitor) -> None:
        """Have everything deleted."""
        await self.world.rights.delete(who, Scope.PERSON, as_member=True)

    async def people_act(self, many: int) -> None:
        """Some of those who answer do something."""
        acts: list[tuple[int, Callable[[Visitor], Awaitable[object]]]] = [
            (12, self.reply),
            (8, self.answer),
            (6, self.change_answers),
            (10, self.talk),
            (3, self.leave),
            (6, self.come_back),
            (3, self.world.gate.take_back),
            (2, self.delete),
            (6, self.keep_out),
        ]
        for _ in range(many if self.busy else 0):
            [(_, act)] = self.chance.choices(acts, [weight for weight, _ in acts])
            who = self.chance.choice(self.busy[-60:])
            if who.user_id not in self.porch.gone or act == self.come_back:
                self.did[f"people {act.__name__}"] += 1
                await act(who)

    # -- the team --------------------------------------------------------------------------------

    async def next(self, who: Visitor, *, willing: bool = False) -> bool:
        """Take what is next, and do something about it; whether there was anything."""
        file = await self.world.queue.open_next(who)
        if not isinstance(file, CaseFile):
            return False
        if file.proposed is not None:
            await self._second(who, file, willing=willing)
            return True
        acts: list[tuple[int, Callable[[Visitor, CaseFile], Awaitable[object]]]] = [
            (40, self._settle),
            (0 if willing else 20, self._ask),
            (0 if willing else 6, self._hold),
            (0 if willing else 8, self._hand_over),
            (0 if willing else 4, self._record),
            (0 if willing else 5, self._note),
            (0 if willing else 4, self._step_aside),
            (0 if willing else 10, self._nothing),
        ]
        [(_, act)] = self.chance.choices(acts, [weight for weight, _ in acts])
        self.did[f"team {act.__name__}"] += 1
        await act(who, file)
        return True

    async def _second(self, who: Visitor, file: CaseFile, *, willing: bool) -> None:
        assert file.proposed is not None
        draw = 0.0 if willing else self.chance.random()
        if file.proposed.waits or draw > 0.9:
            self.did["team withdraws"] += 1
            await self.world.confirming.withdraw(who, file.proposed.id)
        elif draw < 0.7:
            self.did["team confirms"] += 1
            await self.world.confirming.confirm(who, file.proposed.id)
        else:
            self.did["team disagrees"] += 1
            await self.world.confirming.disagree(who, file.proposed.id, "I see it otherwise.")

    async def _settle(self, who: Visitor, file: CaseFile) -> None:
        """Close the conversation where there is one, admit where that is possible, or decline."""
        if file.case.wants_person_at is not None and file.case.held_at is None and file.talks:
            await self.talks.join(who, file.ref)
            await self.talks.close(who, file.ref)
            return
        outcome = self.chance.choice((Outcome.ADMIT, Outcome.ADMIT, Outcome.DECLINE, Outcome.REDIRECT))
        told = file.disclosed is not None and file.disclosed.disclosure.disclosed is not Disclosed.UNDISCLOSED
        if outcome is Outcome.ADMIT and told and file.sent and self.chance.random() < 0.6:
            await self.world.decisions.decide_viewed(who, file.ref, outcome)
            return
        on_terms = outcome is Outcome.ADMIT and told and file.sent
        await self.write(who, file.case.code, outcome if on_terms else Outcome.DECLINE)

    async def write(self, who: Visitor, code: str, outcome: Outcome) -> object:
        """Write a decision, and send it."""
        terms = (Condition(ConditionCode.NO_RECRUITMENT),) if outcome is Outcome.ADMIT else ()
        drafted = await self.world.drafts.draft_by_code(who, code, outcome, _REASON[outcome], SENTENCE, terms)
        if not isinstance(drafted, Preview):
            return drafted
        result = await self.world.drafts.send_draft(who, drafted.draft.ref)
        if isinstance(result, Taken):
            # They were told who has it, and go on anyway.
            assert result.case_id is not None
            await self.world.claims.take_over(who, result.case_id)
            result = await self.world.drafts.send_draft(who, drafted.draft.ref)
        self.did[f"{outcome.value} {type(result).__name__}"] += 1
        return result

    async def _ask(self, who: Visitor, file: CaseFile) -> None:
        begun = await self.questions.begin_viewed(who, file.ref)
        if isinstance(begun, Writing):
            written = await self.questions.write(who, begun.draft.ref, "", "Which organisation is it?")
            assert isinstance(written, Writing)
            await self.questions.send(who, written.draft.ref)
            assert file.user_id is not None
            self.asked.insert(0, visitor(file.user_id))

    async def _hold(self, who: Visitor, file: CaseFile) -> None:
        await self.world.decisions.decide_viewed(who, file.ref, Outcome.HOLD)

    async def _hand_over(self, who: Visitor, file: CaseFile) -> None:
        await self.world.claims.hand_over(who, file.case.code, self.chance.choice(TEAM))

    async def _record(self, who: Visitor, file: CaseFile) -> None:
        await self.world.conversations.record(who, file.case.code)

    async def _note(self, who: Visitor, file: CaseFile) -> None:
        await self.world.record.write_note(who, file.case.code, "Called back on Monday.")

    async def _step_aside(self, who: Visitor, file: CaseFile) -> None:
        await self.aside.step_aside(who, file.case.code)

    async def _nothing(self, who: Visitor, file: CaseFile) -> None:
        """Look, and leave it."""

    async def about_members(self, who: Visitor) -> None:
        """Suspend or remove somebody who is in, or take a refusal back."""
        state, outcome = self.chance.choice(
            (("admitted", Outcome.SUSPEND), ("admitted", Outcome.REMOVE), ("declined", Outcome.REOPEN))
        )
        found = await self.world.rows(
            "SELECT code FROM cases WHERE state = ? ORDER BY closed_at DESC LIMIT 8", state
        )
        if found:
            result = await self.write(who, self.chance.choice(found)[0], outcome)
            if isinstance(result, Proposed):
                self.did["proposed"] += 1

    async def concern(self, who: Visitor) -> None:
        """Somebody of the team tells of something themselves."""
        about = self.chance.choice([None, *(one.user_id for one in self.busy[-9:])])
        report = Report(ConcernKind.PROMOTION, "They keep naming one product.", about)
        await self.world.telling.tell(who, report)

    async def handle_concerns(self, who: Visitor) -> None:
        """Read the concerns that one sees, and close them."""
        overview = await self.world.queue.show(who)
        assert isinstance(overview, Overview)
        for shown in overview.of(Group.CONCERNS).lines:
            file = await self.world.handling.open_by_id(who, shown.line.item_id)
            if isinstance(file, ConcernFile):
                await self.world.handling.close(who, file.ref, ConcernOutcome.TALKED)

    async def step_aside_together(self) -> None:
        """Everybody of the team turns out to know the person of one case."""
        for (code,) in await self.world.rows("SELECT code FROM cases WHERE state = 'held' LIMIT 1"):
            for who in TEAM:
                await self.aside.step_aside(who, code)

    async def find_outsiders(self) -> None:
        """Cases with nobody get somebody from outside, who decides them."""
        for code, case_id in await self.world.rows(
            "SELECT code, id FROM cases WHERE blocked_at IS NOT NULL ORDER BY id"
        ):
            await self.outside.add(TEAM[0], code, OUTSIDER.user_id)
            await self.outside.come(OUTSIDER, case_id)
            file = await self.world.desk.open_by_id(OUTSIDER, case_id)
            if isinstance(file, CaseFile):
                self.did["outsider"] += 1
                await self.write(OUTSIDER, code, Outcome.DECLINE)

    # -- time ------------------------------------------------------------------------------------

    async def hour(self, *, swept_lately: bool = True) -> datetime:
        """An hour passes with the bot awake; then it sweeps and drains."""
        now = self.world.clock.advance(hours=1)
        if swept_lately:
            await self.world.run("UPDATE mark SET at = ? WHERE name = 'swept'", to_ms(now))
        await self.world.sweep.run(now)
        await self.world.drain()
        return now


_LINKED: tuple[Raw, ...] = (ABOUT_LINKED, {**LINK_NOW, "organisation": HELIX}, PURPOSE)
_OTHER: tuple[Raw, ...] = (ABOUT_LINKED, {**LINK_NOW, "organisation": "Bayside Lab"}, PURPOSE)
_ANSWERS: tuple[tuple[Raw, ...], ...] = ((ABOUT_NIL,), (ABOUT_REFUSED,), (ABOUT_REFUSED,), _LINKED, _OTHER)
