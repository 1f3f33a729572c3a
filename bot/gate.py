"""The gate: arriving, beginning, standing, asking for a person, taking it back, leaving."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.answers import Reading
from bot.database import Gathering
from bot.filling import NotSaved
from bot.forgetting.erasing import end_by_person, forget_or_end, leave_server, on_request, wipe_answers
from bot.forgetting.finishing import finish_if_possible
from bot.forms import Forms
from bot.foundation import Foundation
from bot.minting import NextForm, next_form
from bot.model import CaseState, Delivery, HoldReason, Source, Visitor
from bot.review import second_looks
from bot.standing import (
    AdmittedStanding,
    Around,
    CarryOn,
    HeldStanding,
    PersonWanted,
    RefusedStanding,
    Standing,
    TakenStanding,
    Told,
    UnrecordedStanding,
    Welcome,
    around,
)
from bot.store import (
    cases,
    conditions,
    consents,
    decisions,
    effects,
    events,
    new_cases,
    presence,
    sheets,
    subjects,
    threads,
)
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.subjects import Subject
from bot.waves import joined

_HELD_AGAIN = frozenset({HoldReason.REOPENED, HoldReason.SUSPENDED})


class Gate:
    """Use cases at the gate. One object serves everybody."""

    def __init__(self, foundation: Foundation, forms: Forms) -> None:
        """Take what every use case stands on, and the forms."""
        self._on = foundation
        self._forms = forms
        self._arrivals = Gathering(foundation.database, self.met_within)
        self._departures = Gathering(foundation.database, self._leave_all, foundation.destroy_keys)

    async def arrive(self, visitor: Visitor) -> None:
        """Somebody joined. Hearing of it twice is the same as once; many at once are recorded together."""
        await self._arrivals.add(visitor)

    def met_within(self, connection: sqlite3.Connection, visitors: Sequence[Visitor]) -> None:
        """People who are there, whether they joined just now or while nobody noticed; in a unit of work."""
        now, newcomers = self._on.now(), dict[bytes, int]()
        for visitor in visitors:
            lookup = self._on.vault.lookup(visitor.user_id)
            subject = subjects.find(connection, lookup)
            if subject is None:
                newcomers[lookup] = visitor.user_id
            else:
                self._arrive_again(connection, subject, visitor, now)
        if newcomers:
            people = subjects.add_all(connection, self._on.vault, newcomers, now)
            ids = [subject.id for subject in people]
            opened = new_cases.open_all(connection, ids, visitors[0].locale, now, self._on.turn(now))
            lines = zip(ids, opened, strict=True)
            events.record_all(connection, now, "case.opened", "case", lines)
            joins = {v.user_id: v.joined_at for v in visitors}
            whose = list(zip(opened, newcomers.values(), strict=True))
            presence.note_joined(connection, [(case, at) for case, who in whose if (at := joins[who])])
            joined(connection, self._on.config.raid, opened, now)
            held_up = {v.user_id: (v.pending, v.automod) for v in visitors if v.pending or v.automod}
            presence.note_signs(connection, [(case, *held_up[who]) for case, who in whose if who in held_up])

    def _arrive_again(
        self, connection: sqlite3.Connection, subject: Subject, visitor: Visitor, now: datetime
    ) -> None:
        earlier = cases.of_subject(connection, subject.id)
        if earlier:
            self.note_signs(connection, earlier[0], visitor)
        if earlier and earlier[0].state.is_open:
            return
        if earlier and earlier[0].is_member:
            cases.note_gone(connection, earlier[0], None)
            self._want_role(connection, earlier[0], now)
            return
        self.note_signs(connection, self._open_case(connection, subject.id, visitor, now), visitor)

    def note_signs(self, connection: sqlite3.Connection, case: Case, visitor: Visitor) -> None:
        """Keep whether Discord's own screening, or its AutoMod, holds somebody up."""
        differs = (case.pending, case.automod) != (visitor.pending, visitor.automod)
        if differs and (case.state.is_open or case.is_member):
            presence.note_signs(connection, [(case.id, visitor.pending, visitor.automod)])
        if case.pending and not visitor.pending:
            effects.now_at_last(connection, EffectKind.GRANT, case.id, self._on.now())

    def _open_case(
        self, connection: sqlite3.Connection, subject_id: str, visitor: Visitor, now: datetime
    ) -> Case:
        case = new_cases.open_new(connection, subject_id, visitor.locale, now, self._on.turn(now))
        self._note(connection, case, "case.opened", now)
        if visitor.joined_at is not None:
            presence.note_joined(connection, [(case.id, visitor.joined_at)])
        joined(connection, self._on.config.raid, [case.id], now)
        return case

    def _note(self, connection: sqlite3.Connection, case: Case, action: str, now: datetime) -> None:
        events.record(
            connection, now=now, actor=case.subject_id, action=action, object_kind="case", object_id=case.id
        )

    def _want_role(self, connection: sqlite3.Connection, case: Case, now: datetime) -> None:
        effects.want(connection, EffectKind.GRANT, key=case.id, now=now, case_id=case.id)

    async def leave(self, user_id: int) -> None:
        """Somebody left the server. An open case ends with it; many who leave at once go together."""
        await self._departures.add(user_id)

    def _leave_all(self, connection: sqlite3.Connection, user_ids: Sequence[int]) -> list[str]:
        vault, now, doomed = self._on.vault, self._on.now(), list[str]()
        for user_id in user_ids:
            subject = self._on.find(connection, user_id)
            doomed.extend(leave_server(connection, vault, subject, now) if subject else ())
        vault.doom(doomed)
        return doomed

    def _open_case_of(self, connection: sqlite3.Connection, user_id: int) -> Case | None:
        subject = self._on.find(connection, user_id)
        known = cases.of_subject(connection, subject.id) if subject else []
        return known[0] if known and known[0].state.is_open else None

    async def standing(self, visitor: Visitor) -> Standing:
        """Where somebody stands. Whoever is admitted without the role is given it again."""
        return await self._on.database.write(lambda connection: self.standing_within(connection, visitor))

    def standing_within(self, connection: sqlite3.Connection, visitor: Visitor) -> Standing:
        """``standing``, inside a unit of work."""
        subject = self._on.find(connection, visitor.user_id)
        known = cases.of_subject(connection, subject.id) if subject else []
        if not known:
            return Welcome()
        case = known[0]
        self.note_signs(connection, case, visitor)
        if case.state is CaseState.ANSWERING and case.sheet_id is not None:
            step = self._forms.table(connection, visitor, case.sheet_id)
            if not isinstance(step, NotSaved):
                return CarryOn(case, step, decisions.was_sent(connection, case.id))
        if case.hold_reason is HoldReason.UNRECORDED_MEMBER and not self._was_told(connection, case):
            return UnrecordedStanding(case, case.sheet_id is not None, self._around(connection, case))
        if case.state is CaseState.HELD:
            told = self._note_shown(connection, case) if case.hold_reason in _HELD_AGAIN else None
            return replace(self.held(connection, case), told=told)
        look = second_looks.of_person(connection, case.subject_id, self._on.now())
        if case.is_member:
            return replace(self._admitted(connection, visitor, case), second_look=look)
        if case.taken_back_at is not None:
            return TakenStanding(case)
        if case.state in {CaseState.DECLINED, CaseState.REDIRECTED, CaseState.REMOVED}:
            return RefusedStanding(case, self._note_shown(connection, case), look)
        if case.state is CaseState.LAPSED:
            due = effects.due_at(connection, EffectKind.REMOVE, case.id)
            removing = due is not None and self._on.config.timers.after_lapse == "remove"
            return Welcome(again=True, kept=case.sheet_id is not None, remove_at=due if removing else None)
        wants_person = case.state.is_open and case.wants_person_at is not None
        around = self._around(connection, case) if wants_person else Around()
        return Welcome(again=len(known) > 1, wants_person=wants_person, around=around, second_look=look)

    def held(self, connection: sqlite3.Connection, case: Case) -> HeldStanding:
        """Where somebody stands whose answers are with the team."""
        late = case.target_at is not None and case.target_at < self._on.now()
        return HeldStanding(case, late, self._around(connection, case))

    def _around(self, connection: sqlite3.Connection, case: Case) -> Around:
        return around(connection, self._on.key_of(connection, case.subject_id), case)

    def _was_told(self, connection: sqlite3.Connection, case: Case) -> bool:
        sheet = sheets.get(connection, case.sheet_id) if case.sheet_id else None
        return sheet is not None and sheet.sent_at is not None

    def let_in(self, connection: sqlite3.Connection, visitor: Visitor, case: Case) -> AdmittedStanding:
        """Where somebody stands who was let in just now, with the role on its way, or stuck."""
        has_role = self.has_role(visitor)
        stuck = not has_role and effects.is_stuck(connection, EffectKind.GRANT, case.id)
        return AdmittedStanding(case, has_role, stuck, visitor.pending)

    def has_role(self, visitor: Visitor) -> bool:
        """Whether somebody holds the member role."""
        discord = self._on.config.discord
        return discord is not None and discord.member_role in visitor.role_ids

    def _admitted(self, connection: sqlite3.Connection, visitor: Visitor, case: Case) -> AdmittedStanding:
        has_role = self.has_role(visitor)
        stuck = effects.is_stuck(connection, EffectKind.GRANT, case.id)
        if case.gone_at is not None:
            cases.note_gone(connection, case, None)
        if not has_role and not stuck:
            self._want_role(connection, case, self._on.now())
            stuck = effects.is_stuck(connection, EffectKind.GRANT, case.id)
        if has_role or not stuck:
            self._note_shown(connection, case)
        terms = conditions.in_force(connection, self._on.key_of(connection, case.subject_id), case.id)
        return AdmittedStanding(case, has_role, stuck and not has_role, visitor.pending, terms)

    def _note_shown(self, connection: sqlite3.Connection, case: Case) -> Told | None:
        """The person reads at the panel what a letter could not tell them, or was to tell them later."""
        letter = decisions.latest_letter(connection, self._on.key_of(connection, case.subject_id), case.id)
        if letter is None:
            return None
        waits = letter.delivery is Delivery.PENDING and effects.is_waiting(
            connection, EffectKind.LETTER, letter.id
        )
        if waits or letter.delivery in {Delivery.CLOSED, Delivery.GONE}:
            decisions.note_delivery(connection, letter.id, Delivery.SHOWN)
        return Told(letter, decisions.get(connection, letter.decision_id))

    async def agree(self, visitor: Visitor, notice: str) -> NextForm | Standing:
        """The person agreed to the notice they were shown: open the first page.

        ``notice`` is the text as it was shown; it is kept with the consent.
        """
        return await self._on.database.write(lambda connection: self._agree(connection, visitor, notice))

    def _agree(self, connection: sqlite3.Connection, visitor: Visitor, notice: str) -> NextForm | Standing:
        now = self._on.now()
        subject = self._on.find_or_add(connection, visitor.user_id, now)
        known = cases.of_subject(connection, subject.id)
        case = known[0] if known else None
        if case is not None and (case.is_member or (case.state.is_open and case.sheet_id is not None)):
            return self.standing_within(connection, visitor)
        if case is None or not case.state.is_open:
            case = self._open_case(connection, subject.id, visitor, now)
        sheet = sheets.open_new(connection, subject.id, Source.GATE, self._on.config.questionnaire, now)
        consents.give(connection, case.id, notice, now)
        if case.state is CaseState.HELD:
            effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        case = cases.begin(connection, case, sheet.id, visitor.locale, now, self._on.turn(now, case))
        self._note(connection, case, "case.begun", now)
        self.note_signs(connection, case, visitor)
        first = next_form(connection, sheet, Reading(self._on.config.questionnaire, ()), now)
        return first or self.standing_within(connection, visitor)

    async def reopen(self, visitor: Visitor) -> Standing:
        """*Change my answers*: a held case goes back to the person."""
        return await self._on.database.write(lambda connection: self._reopen(connection, visitor))

    def _reopen(self, connection: sqlite3.Connection, visitor: Visitor) -> Standing:
        case = self._open_case_of(connection, visitor.user_id)
        if case is not None and case.state is CaseState.HELD and case.sheet_id is not None:
            now = self._on.now()
            sheets.mark_sent(connection, case.sheet_id, None)
            case = cases.reopen(connection, case, now, self._on.turn(now, case))
            self._note(connection, case, "case.reopened", now)
            effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        return self.standing_within(connection, visitor)

    async def ask_for_person(self, visitor: Visitor) -> PersonWanted | AdmittedStanding:
        """Put somebody in the queue of those who would like to talk to a person, and open a thread for it."""
        return await self._on.database.write(lambda connection: self._ask_for_person(connection, visitor))

    def _ask_for_person(
        self, connection: sqlite3.Connection, visitor: Visitor
    ) -> PersonWanted | AdmittedStanding:
        now = self._on.now()
        subject = self._on.find_or_add(connection, visitor.user_id, now)
        known = cases.of_subject(connection, subject.id)
        case = known[0] if known else None
        if case is not None and case.is_member:
            return self._admitted(connection, visitor, case)
        if case is None or not case.state.is_open:
            case = self._open_case(connection, subject.id, visitor, now)
        self.note_signs(connection, case, visitor)
        before = self._around(connection, case)
        threads.want(connection, case.id, now)
        if case.wants_person_at is not None and case.lapse_at is None:
            return PersonWanted(case, before)
        case = cases.ask_for_person(connection, case, now, now + self._on.config.timers.person_target)
        self._note(connection, case, "case.person_wanted", now)
        effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        return PersonWanted(case, before)

    async def take_back(self, visitor: Visitor) -> bool:
        """The person takes their request back, and their answers are deleted. False: nothing was open."""
        taken = await self._on.database.write(lambda connection: self._take_back(connection, visitor))
        if taken:
            await finish_if_possible(self._on)
        return taken

    def _take_back(self, connection: sqlite3.Connection, visitor: Visitor) -> bool:
        subject = self._on.find(connection, visitor.user_id)
        known = cases.of_subject(connection, subject.id) if subject else []
        case = known[0] if known else None
        if case is not None and case.state is CaseState.LAPSED and case.sheet_id is not None:
            wipe_answers(connection, case, self._on.now(), case.subject_id)
            self._note(connection, case, "case.answers_deleted", self._on.now())
            on_request(connection, case, self._on.now())
            return True
        if case is None or not case.state.is_open:
            return False
        end_by_person(connection, case, CaseState.WITHDRAWN, self._on.now())
        on_request(connection, case, self._on.now())
        return True

    async def forget_me(self, visitor: Visitor) -> bool:
        """*Delete what you have*, from an information page: nothing is kept of a case never sent.

        False: answers of an earlier case, which was decided, are still there.
        """
        all_gone = await self._on.database.write(lambda connection: self._forget_me(connection, visitor))
        await finish_if_possible(self._on)
        return all_gone

    def _forget_me(self, connection: sqlite3.Connection, visitor: Visitor) -> bool:
        now, case = self._on.now(), self._open_case_of(connection, visitor.user_id)
        if case is not None:
            on_request(connection, case, now, forget_or_end(connection, self._on.vault, case, now))
        subject = self._on.find(connection, visitor.user_id)
        known = cases.of_subject(connection, subject.id) if subject else []
        return all(earlier.sheet_id is None for earlier in known)

    async def came_for_work(self, visitor: Visitor) -> bool:
        """*Here for work or study*: count it, and take an untouched case off the lists.

        Returns whether there is a request with answers or a decision, which this changes nothing of.
        """
        return await self._on.database.write(lambda connection: self._came_for_work(connection, visitor))

    def _came_for_work(self, connection: sqlite3.Connection, visitor: Visitor) -> bool:
        events.count(connection, "information.work", self._on.now())
        case = self._open_case_of(connection, visitor.user_id)
        if case is not None and case.state is CaseState.WAITING and case.wants_person_at is None:
            now = self._on.now()
            cases.set_aside(connection, case, now, self._on.turn(now, case))
        subject = self._on.find(connection, visitor.user_id)
        known = cases.of_subject(connection, subject.id) if subject else []
        return any(c.state is not CaseState.WAITING or c.wants_person_at is not None for c in known)
