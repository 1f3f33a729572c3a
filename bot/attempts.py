"""What each effect comes down to: a call on the server, worked out from how things stand now."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from bot import timing
from bot.attempt import NOT_DELIVERED, Attempt, nonce_of, telling, unanswered_since
from bot.cards import card, has_card
from bot.closing import Closing, note_done
from bot.concerns.messages import message
from bot.fairness import renewal
from bot.forgetting.erasing import retire_card
from bot.forgetting.errands import Errands, note_sent
from bot.foundation import Foundation
from bot.messages import Messages
from bot.model import CaseState, Delivery
from bot.notices import notice, nudge, people_in
from bot.ports import Done, Doorkeeper, Later, Lookout, Member, Refused, Result, Room, Why
from bot.screens import letters as letter_screens
from bot.screens import reminders as reminder_screens
from bot.screens.elements import Screen
from bot.screens.panel import panel
from bot.store import cases, decisions, effects, marks, messages, presence
from bot.store.cases import Case
from bot.store.effects import Effect, EffectKind
from bot.store.messages import Posted, SentKind
from bot.talking import KINDS as ABOUT_TALKS
from bot.talking import Talking

_SCREENING_TAKES = timedelta(minutes=1)
"""How long after a look somebody may have passed Discord's own screening; the pauses grow from there."""


class Attempts:
    """Works out the attempt at each effect."""

    def __init__(self, foundation: Foundation, doorkeeper: Doorkeeper, lookout: Lookout) -> None:
        """Take what every use case stands on, and the ports."""
        self._on = foundation
        self._doorkeeper = doorkeeper
        self._lookout = lookout
        self._errands = Errands(foundation, doorkeeper)
        self._talking = Talking(foundation, doorkeeper)
        self._messages = Messages(foundation, doorkeeper)
        self._closing = Closing(foundation, doorkeeper, lookout)

    def at(self, connection: sqlite3.Connection, effect: Effect) -> Attempt | None:
        """What to do for an effect as things stand now; None when nothing is left to do."""
        match effect.kind:
            case EffectKind.PANEL:
                return self._panel(connection, effect)
            case EffectKind.NOTICE:
                return self._notice(connection, effect)
            case EffectKind.NUDGE:
                return self._nudge(connection, effect)
            case EffectKind.LETTER:
                return self._letter(connection, effect)
            case EffectKind.DIRECT:
                found = message(connection, self._on, effect.target)
                return telling(self._doorkeeper, effect, *found) if found else None
            case EffectKind.MESSAGE:
                return self._messages.attempt(connection, effect)
            case EffectKind.ERRAND:
                return self._errands.attempt(connection, effect)
            case EffectKind.RETIRE:
                return self._retire(effect)
            case EffectKind.RENEWAL:
                return renewal.attempt(connection, self._on, self._doorkeeper, effect)
            case _:
                case = cases.get(connection, effect.case_id or "")
                return self._about_case(connection, effect, case) if case else None

    def _about_case(self, connection: sqlite3.Connection, effect: Effect, case: Case) -> Attempt | None:
        match effect.kind:
            case kind if kind in ABOUT_TALKS:
                return self._talking.attempt(connection, effect, case)
            case EffectKind.CARD:
                return self._card(connection, effect, case)
            case EffectKind.GRANT:
                return self._grant(connection, case)
            case EffectKind.REVOKE:
                return self._closing.revoke(connection, case)
            case EffectKind.REMINDER | EffectKind.REMOVE if self._has_been_away(connection):
                return Attempt(_not_yet)
            case EffectKind.REMINDER:
                return self._reminder(connection, effect, case)
            case EffectKind.REMOVE:
                return self._closing.remove(connection, effect, case)
            case _:
                raise LookupError(effect.kind.value)

    def _grant(self, connection: sqlite3.Connection, case: Case) -> Attempt | None:
        user_id = self._on.user_id(connection, case.subject_id)
        if not case.is_member or user_id is None:
            return None
        gone = frozenset({Why.GONE})
        if not case.pending:
            return Attempt(lambda: self._doorkeeper.grant(user_id, case.code), settled_by=gone)

        async def once_screened() -> Result:
            """A role would take somebody past Discord's own screening: see first that they passed it."""
            member = await self._lookout.member(user_id)
            if not isinstance(member, Member):
                return member
            if member.pending:
                return Later("screening", _SCREENING_TAKES, patient=True)
            return await self._doorkeeper.grant(user_id, case.code)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Done):
                presence.note_signs(connection, [(case.id, False, case.automod)])

        return Attempt(once_screened, note, settled_by=gone)

    def _has_been_away(self, connection: sqlite3.Connection) -> bool:
        """Whether time has to be given back first: what was due may then be due later."""
        return bool(timing.away(marks.at(connection, marks.SWEPT), self._on.now()))

    def _reminder(self, connection: sqlite3.Connection, effect: Effect, case: Case) -> Attempt | None:
        """Remind somebody, or tell them that their request closed; only if they still want that."""
        user_id = self._on.user_id(connection, case.subject_id)
        latest = cases.of_subject(connection, case.subject_id)[0]
        if user_id is None or case.may_remind_at is None or latest.id != case.id:
            return None
        voice = self._on.config.words.voice(case.locale)
        if effect.target == "closed" and case.state is CaseState.LAPSED:
            screen = reminder_screens.closed(voice, self._on.config, self._remove_at(connection, case))
        elif effect.target == "open" and case.state is CaseState.ANSWERING and case.reminders > 0:
            screen = reminder_screens.reminder(voice, self._on.config, case)
        else:
            return None

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Done):
                note_done(connection, self._on, case, f"case.told_{effect.target}")
            self._track(connection, SentKind.REMINDER, case, result)

        return telling(self._doorkeeper, effect, user_id, screen, note)

    def _remove_at(self, connection: sqlite3.Connection, case: Case) -> datetime | None:
        due_at = effects.due_at(connection, EffectKind.REMOVE, case.id)
        return due_at if self._on.config.timers.after_lapse == "remove" else None

    def _track(self, connection: sqlite3.Connection, kind: SentKind, case: Case, result: Result) -> None:
        note_sent(connection, self._on, kind, result, subject_id=case.subject_id, case_id=case.id)

    def _letter(self, connection: sqlite3.Connection, effect: Effect) -> Attempt | None:
        case = cases.get(connection, effect.case_id or "")
        if case is None:
            return None
        key = self._on.key_of(connection, case.subject_id)
        letter = decisions.letter(connection, key, effect.target)
        user_id = self._on.user_id(connection, case.subject_id)
        if letter is None or user_id is None or letter.delivery is not Delivery.PENDING:
            return None
        decision = decisions.get(connection, letter.decision_id)
        voice = self._on.config.words.voice(case.locale)
        screen = letter_screens.letter(voice, self._on.config, case, letter, decision)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            delivery = _delivery(result)
            if delivery is not None:
                decisions.note_delivery(connection, letter.id, delivery)
            self._track(connection, SentKind.LETTER, case, result)

        return telling(self._doorkeeper, effect, user_id, screen, note)

    def _nudge(self, connection: sqlite3.Connection, effect: Effect) -> Attempt | None:
        """Tell a moderator that something they have is late. If they cannot be reached, the team knows."""
        user_id = self._on.user_id(connection, effect.target)
        screen = nudge(connection, self._on, effect.target)
        if user_id is None or screen is None:
            return None

        def note(connection: sqlite3.Connection, result: Result) -> None:
            note_sent(connection, self._on, SentKind.NOTICE, result, subject_id=effect.target)

        return telling(self._doorkeeper, effect, user_id, screen, note)

    def _notice(self, connection: sqlite3.Connection, effect: Effect) -> Attempt | None:
        """Say something in its room; while the team cannot be told there, in their other one."""
        found = notice(connection, self._on, effect.target)
        if found is None:
            return None
        room, screen = found
        nonce, since = nonce_of(effect), unanswered_since(effect)
        ids = self._on.config.discord
        has_both = ids is not None and ids.log_channel not in {None, ids.review_channel}
        other = {Room.REVIEW: Room.LOG, Room.LOG: Room.REVIEW}.get(room) if has_both else None

        async def call() -> Result:
            result = await self._doorkeeper.post(room, screen, nonce, since)
            if isinstance(result, Refused) and other is not None:
                return await self._doorkeeper.post(other, screen, nonce, since)
            return result

        about = people_in(connection, effect.target)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            for one in about:
                note_sent(connection, self._on, SentKind.NOTICE, result, subject_id=one)

        return Attempt(call, note, since=since)

    def _retire(self, effect: Effect) -> Attempt:
        """Close a card whose case has been deleted. Once it is, not even its message is known any more."""
        screen = Screen(self._on.config.words.voice("").say("card_retired"))
        gone = frozenset({Why.MISSING_MESSAGE, Why.MISSING_ROOM})

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Done) or (isinstance(result, Refused) and result.why in gone):
                effects.delete(connection, EffectKind.RETIRE, effect.target)

        return Attempt(
            lambda: self._doorkeeper.edit(Room.REVIEW, int(effect.target), screen), note, settled_by=gone
        )

    def _card(self, connection: sqlite3.Connection, effect: Effect, case: Case) -> Attempt | None:
        key = self._on.key_of(connection, case.subject_id)
        posted = messages.card(connection, key, case.id)
        if posted is None and not has_card(connection, case) and not effect.begun:
            return None
        screen = card(connection, self._on, case)

        def note(connection: sqlite3.Connection, message: Posted | None) -> None:
            if cases.get(connection, case.id) is None:
                if message is not None:
                    retire_card(connection, message.message_id, self._on.now())
            elif message is None:
                messages.forget_card(connection, case.id)
            else:
                messages.note_card(connection, key, case.id, message)

        return self._standing_message(effect, Room.REVIEW, posted, screen, note)

    def _panel(self, connection: sqlite3.Connection, effect: Effect) -> Attempt | None:
        def note(connection: sqlite3.Connection, message: Posted | None) -> None:
            if message is None:
                messages.forget_panel(connection)
            else:
                messages.note_panel(connection, message)

        screen = panel(self._on.config)
        return self._standing_message(effect, Room.QUARANTINE, messages.panel(connection), screen, note)

    def _standing_message(
        self,
        effect: Effect,
        room: Room,
        posted: Posted | None,
        screen: Screen,
        remember: Callable[[sqlite3.Connection, Posted | None], None],
    ) -> Attempt:
        """Post a message that is kept up to date, edit it, or make sure that it still stands."""
        shown = self._on.vault.fingerprint(repr(screen))
        nonce, since = nonce_of(effect), effect.begun_at

        async def call() -> Result:
            if posted is None:
                return await self._doorkeeper.post(room, screen, nonce, since)
            if posted.shown_hash == shown:
                return await self._doorkeeper.stands(room, posted.message_id)
            return await self._doorkeeper.edit(room, posted.message_id, screen)

        def note(connection: sqlite3.Connection, result: Result) -> None:
            if isinstance(result, Refused) and result.why is Why.MISSING_MESSAGE:
                remember(connection, None)
            elif isinstance(result, Done):
                message_id = posted.message_id if posted else result.message_id
                remember(connection, Posted(message_id, shown))

        # Once forgotten, a missing message is posted anew, which cannot find it missing again.
        mended = frozenset({Why.MISSING_MESSAGE} if posted else ())
        return Attempt(call, note, mended_by_retry=mended, posts=posted is None, since=since)


async def _not_yet() -> Result:
    return Later("not_swept")


def _delivery(result: Result) -> Delivery | None:
    if isinstance(result, Done):
        return Delivery.ARRIVED
    if isinstance(result, Refused) and result.why in NOT_DELIVERED:
        return Delivery.GONE if result.why is Why.GONE else Delivery.CLOSED
    return None
