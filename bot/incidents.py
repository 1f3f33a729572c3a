"""Incidents: access that was given or taken past the decisions, written down, and what follows from it.

Each method runs inside a unit of work.
"""

import sqlite3
from datetime import datetime

from bot.clock import to_ms
from bot.foundation import Foundation
from bot.model import CaseState, HoldReason, Outcome
from bot.ports import Member, RoleChange
from bot.store import cases, decisions, effects, events, new_cases, presence, tasks
from bot.store.cases import Case
from bot.store.effects import EffectKind
from bot.store.tasks import TaskKind

UNRECORDED_RULE = "unrecorded_member"


class Incidents:
    """Writes incidents down."""

    def __init__(self, foundation: Foundation) -> None:
        """Take what every use case stands on."""
        self._on = foundation

    def take_back(
        self, connection: sqlite3.Connection, member: Member, change: RoleChange | None, *, aloud: bool
    ) -> None:
        """Somebody has the member role without a decision: hold their case, and take the role."""
        now = self._on.now()
        subject = self._on.find_or_add(connection, member.user_id, now)
        case = self._held(connection, subject.id, now)
        presence.note_signs(connection, [(case.id, member.pending, member.automod)])
        giver = self._giver(connection, change, now)
        self._note(connection, "drift.unrecorded", "case", case.id, now, giver=giver)
        effects.want(connection, EffectKind.REVOKE, key=case.id, now=now, case_id=case.id)
        effects.want(connection, EffectKind.CARD, key=case.id, now=now, case_id=case.id)
        if aloud:
            self._tell(connection, "taken_back", case.id, giver, now)

    def _held(self, connection: sqlite3.Connection, subject_id: str, now: datetime) -> Case:
        """Their case, held. A case that waits for a decision already keeps its own reason."""
        case = next((c for c in cases.of_subject(connection, subject_id) if c.state.is_open), None)
        if case is None:
            case = new_cases.open_new(
                connection, subject_id, self._on.config.community.language, now, self._on.turn(now)
            )
            self._note(connection, "case.opened", "case", case.id, now)
        if case.state is CaseState.HELD:
            return case
        decision = decisions.append(
            connection,
            case_id=case.id,
            outcome=Outcome.HOLD,
            decided_by=None,
            rule_id=UNRECORDED_RULE,
            disclosed=None,
            disclosure_version=None,
            questionnaire_hash=None,
            now=now,
        )
        payload = {"case": case.id, "rule": UNRECORDED_RULE}
        self._note(connection, "decision.hold", "decision", decision.id, now, **payload)
        target = now + self._on.config.timers.decision_target
        return cases.hold(connection, case, HoldReason.UNRECORDED_MEMBER, now, target)

    def alert(
        self, connection: sqlite3.Connection, member: Member, change: RoleChange | None, *, aloud: bool
    ) -> None:
        """Somebody has the member role without a decision, and keeps it until a person looks."""
        now = self._on.now()
        subject = self._on.find_or_add(connection, member.user_id, now)
        giver = self._giver(connection, change, now)
        tasks.open_new(connection, TaskKind.UNRECORDED_ROLE, subject.id, now)
        self._note(connection, "drift.unrecorded", "subject", subject.id, now, giver=giver)
        if aloud:
            self._tell(connection, "alerted", subject.id, giver, now)

    def settle(self, connection: sqlite3.Connection, subject_id: str) -> None:
        """What moderators were told about somebody's role is no longer so."""
        tasks.delete_of(connection, TaskKind.UNRECORDED_ROLE, subject_id)
        self._note(connection, "drift.settled", "subject", subject_id, self._on.now())

    def taken(self, connection: sqlite3.Connection, case_id: str, change: RoleChange) -> None:
        """A person took the role from somebody who was let in. The bot does not give it again by itself."""
        now = self._on.now()
        presence.note_taken_back(connection, case_id, now)
        self._by_hand(connection, case_id, change, "access.taken", TaskKind.ACCESS_TAKEN)

    def given(self, connection: sqlite3.Connection, case_id: str, change: RoleChange) -> None:
        """A person gave it back by hand: the decision to let them in counts again."""
        presence.note_taken_back(connection, case_id, None)
        self._by_hand(connection, case_id, change, "access.given", TaskKind.ACCESS_GIVEN)

    def _by_hand(
        self, connection: sqlite3.Connection, case_id: str, change: RoleChange, action: str, kind: TaskKind
    ) -> None:
        now = self._on.now()
        case = cases.get(connection, case_id)
        if case is None:
            return
        by = self._on.find_or_add(connection, change.by, now).id
        self._note(connection, action, "case", case.id, now, actor=by)
        tasks.open_new(connection, kind, case.subject_id, now)
        self._tell(connection, kind.value, case.id, by, now)

    def _giver(self, connection: sqlite3.Connection, change: RoleChange | None, now: datetime) -> str:
        """Who gave the role, as a subject; empty when nobody knows."""
        if change is None or change.own or not change.given:
            return ""
        return self._on.find_or_add(connection, change.by, now).id

    def _tell(self, connection: sqlite3.Connection, kind: str, about: str, by: str, now: datetime) -> None:
        """Have the review channel hear of it: by our own ids, which become names only when it is posted."""
        key, target = f"{kind}:{about}:{to_ms(now)}", f"{kind}:{about}:{by}"
        effects.want_once(connection, EffectKind.NOTICE, key=key, now=now, target=target)

    def _note(
        self,
        connection: sqlite3.Connection,
        action: str,
        object_kind: str,
        object_id: str,
        now: datetime,
        *,
        actor: str = events.MACHINE,
        **payload: str,
    ) -> None:
        events.record(
            connection,
            now=now,
            actor=actor,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            payload=payload,
        )
