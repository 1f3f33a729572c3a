"""What a notice says and where, worked out when it is posted: until then it holds our own ids only."""

import sqlite3

from bot.findings import news
from bot.foundation import Foundation
from bot.ports import Room
from bot.review import alerts
from bot.review.voting import MotionState
from bot.screens import anchors as anchor_screens
from bot.screens import desk as desk_screens
from bot.screens import drift as drift_screens
from bot.screens import findings as finding_screens
from bot.screens import motions as motion_screens
from bot.screens.elements import Screen
from bot.store import cases, chain, motions, subjects
from bot.words import Voice

_WHAT_WAITS = frozenset({"digest", "late", "blocked"})
ABOUT_ACCESS = frozenset({"taken_back", "alerted", "access_taken", "access_given"})
ABOUT_MOTIONS = frozenset({"motion_open", "motion_waits", "motion_void", "motion_refused"})


def notice(connection: sqlite3.Connection, on: Foundation, target: str) -> tuple[Room, Screen] | None:
    """The room and the screen of a notice; None when there is nothing left to say."""
    voice = on.config.words.voice("")
    kind, _, argument = target.partition(":")
    if kind in _WHAT_WAITS:
        screen = _what_waits(connection, on, kind, argument)
        return (Room.LOG if kind == "blocked" else Room.REVIEW, screen) if screen else None
    if kind == "earlier":
        return Room.WELCOME, drift_screens.ask_earlier_members(voice)
    if kind == "bot_added":
        by, permissions, name = argument.split(":", 2)
        return Room.LOG, drift_screens.bot_added(voice, name, int(permissions), _user(connection, on, by))
    if kind in ABOUT_ACCESS:
        about, _, by = argument.partition(":")
        case = cases.get(connection, about)
        who = _user(connection, on, by)
        return Room.REVIEW, drift_screens.incident(voice, kind, case.code if case else "", who)
    if kind in ABOUT_MOTIONS:
        return _about_motion(connection, voice, kind, argument)
    if kind == "reading":
        by, _, people = argument.partition(":")
        return Room.LOG, drift_screens.unusual_reading(voice, int(people), _user(connection, on, by))
    if kind == "anchor":
        line = chain.line(connection, int(argument))
        return (Room.ANCHOR, anchor_screens.anchor(voice, int(argument), *line)) if line else None
    if kind == "findings":
        found = news(connection, argument)
        return (Room.LOG, finding_screens.notice(voice, found)) if found else None
    room = Room.LOG if kind == "mended" else Room.REVIEW
    return room, desk_screens.notice(voice, target)


def _what_waits(connection: sqlite3.Connection, on: Foundation, kind: str, argument: str) -> Screen | None:
    """The digest, what is late, a case that nobody may decide; None when that is no longer so."""
    voice = on.config.words.voice("")
    if kind == "digest":
        waiting = alerts.digest(connection)
        return desk_screens.digest(voice, waiting) if waiting else None
    if kind == "late":
        late = alerts.late(connection, argument, on.now())
        return desk_screens.late(voice, late) if late.codes else None
    blocked = cases.get(connection, argument)
    if blocked is None or blocked.blocked_at is None:
        return None
    return desk_screens.notice(voice, f"blocked:{blocked.code}")


def nudge(connection: sqlite3.Connection, on: Foundation, holder_id: str) -> Screen | None:
    """What a moderator is told of what they have; None when nothing of it is late any more."""
    codes = alerts.late_with(connection, on, holder_id, on.now())
    return desk_screens.nudge(on.config.words.voice(""), codes) if codes else None


def _about_motion(
    connection: sqlite3.Connection, voice: Voice, kind: str, motion_id: str
) -> tuple[Room, Screen] | None:
    """What was proposed, or what came of it. Nobody is called to what is over by then."""
    motion = motions.get(connection, motion_id)
    case = cases.get(connection, motion.case_id) if motion else None
    calls = kind in {"motion_open", "motion_waits"}
    if motion is None or case is None or (calls and motion.state is not MotionState.OPEN):
        return None
    at = motion.proposed_at if calls else motion.closed_at or motion.proposed_at
    return Room.REVIEW, motion_screens.notice(voice, kind, case, at)


def people_in(connection: sqlite3.Connection, target: str) -> tuple[str, ...]:
    """Whom a notice mentions, and whose request it names by its code: subjects, as they are known now."""
    kind, _, argument = target.partition(":")
    if kind in {"bot_added", "reading"}:
        found = [argument.partition(":")[0]]
    elif kind in ABOUT_ACCESS:
        about, _, by = argument.partition(":")
        case = cases.get(connection, about)
        found = [by, case.subject_id if case else ""]
    elif kind == "late":
        listed = [cases.get(connection, one) for one in argument.partition(":")[2].split(",")]
        found = [case.subject_id for case in listed if case]
    elif kind in ABOUT_MOTIONS:
        motion = motions.get(connection, argument)
        case = cases.get(connection, motion.case_id) if motion else None
        found = [case.subject_id if case else ""]
    elif kind == "blocked":
        case = cases.get(connection, argument)
        found = [case.subject_id if case else ""]
    else:
        found = []
    return tuple(one for one in dict.fromkeys(found) if one and subjects.get(connection, one) is not None)


def _user(connection: sqlite3.Connection, on: Foundation, subject_id: str) -> int | None:
    """Somebody's Discord id, where it is known and they are still on record."""
    return on.user_id(connection, subject_id) if subject_id else None
