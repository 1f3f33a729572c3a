"""What the desk keeps about somebody, told to them in words and as data."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from bot.store.holdings_desk import AppealKept, AsModerator, ConditionKept, DeskKept, Told
from bot.words import Voice

When = Callable[[datetime], str]
Typed = Callable[[str], str]


def desk_lines(voice: Voice, kept: DeskKept, when: When, typed: Typed) -> Iterator[str]:
    """Questions, conditions, second looks and notes, each as it stands."""
    for asked in kept.questions:
        yield voice.say("rights_asked", at=when(asked.at), text=typed(asked.question))
        if asked.answered_at is not None:
            yield voice.say("rights_answered", at=when(asked.answered_at), text=typed(asked.answer))
    for condition in kept.conditions:
        yield from _condition(voice, condition, when, typed)
    for appeal in kept.appeals:
        yield from _appeal(voice, appeal, when, typed)
    for motion in kept.proposed:
        outcome = voice.say(f"outcome_{motion.outcome}")
        yield voice.say("rights_proposed", outcome=outcome, at=when(motion.at), votes=motion.votes)
    for note in kept.notes:
        yield voice.say("rights_note", at=when(note.at), text=typed(note.text))
    yield from _asides(voice, kept, when)


def _condition(voice: Voice, one: ConditionKept, when: When, typed: Typed) -> Iterator[str]:
    told = typed(one.text) if one.text else ""
    condition = voice.say(f"rights_condition_{one.code}", text=told)
    yield voice.say("rights_condition", condition=condition, at=when(one.starts_at))
    if one.ended_at is not None:
        yield voice.say("rights_condition_ended", at=when(one.ended_at))
    elif one.ends_at is not None:
        yield voice.say("rights_condition_until", at=when(one.ends_at))


def _appeal(voice: Voice, one: AppealKept, when: When, typed: Typed) -> Iterator[str]:
    yield voice.say("rights_appeal", at=when(one.filed_at), due=when(one.due_at))
    if one.text:
        yield voice.say("rights_appeal_text", text=typed(one.text))
    if one.closed_at is not None and one.outcome is not None:
        outcome = voice.say(f"rights_appeal_{one.outcome}")
        yield voice.say("rights_appeal_closed", outcome=outcome, at=when(one.closed_at))


def _asides(voice: Voice, kept: DeskKept, when: When) -> Iterator[str]:
    for key, at in (("rights_thread", kept.thread_since), ("rights_claimed", kept.held_by_someone_since)):
        if at is not None:
            yield voice.say(key, at=when(at))
    for key, count in (
        ("rights_codes", kept.appeal_codes),
        ("rights_kept_from", kept.kept_from),
        ("rights_outside", kept.outside_reviewers),
        ("rights_question_drafts", kept.question_drafts),
    ):
        if count:
            yield voice.say(key, count=count)


def told_lines(voice: Voice, one: Told, when: When, typed: Typed) -> Iterator[str]:
    """Something that they told the team about others."""
    yield voice.say("rights_told_other", code=one.code, at=when(one.at))
    if one.text:
        yield voice.say("rights_told_other_text", text=typed(one.text))
    if one.closed_at is not None:
        yield voice.say("rights_told_other_closed", at=when(one.closed_at))
    if one.notes:
        yield voice.say("rights_told_other_notes", count=one.notes)


def as_moderator(voice: Voice, kept: AsModerator, when: When) -> Iterator[str]:
    """Their own part in the team."""
    for key, at in (("rights_team_since", kept.since), ("rights_team_until", kept.gone_at)):
        if at is not None:
            yield voice.say(key, at=when(at))
    counts = (kept.votes, kept.questions, kept.notes, kept.holds, kept.kept_from, kept.reviews_outside)
    if any(counts):
        yield voice.say(
            "rights_team_work",
            votes=kept.votes,
            questions=kept.questions,
            notes=kept.notes,
            holds=kept.holds,
            kept_from=kept.kept_from,
            outside=kept.reviews_outside,
        )


def desk_as_data(kept: DeskKept) -> dict[str, Any]:
    """The same with stable keys."""
    return {
        "questions": [
            {
                "at": _at(one.at),
                "question": one.question,
                "answered_at": _at(one.answered_at),
                "answer": one.answer,
            }
            for one in kept.questions
        ],
        "notes": [{"at": _at(one.at), "text": one.text} for one in kept.notes],
        "conditions": [
            {
                "code": one.code,
                "text": one.text,
                "from": _at(one.starts_at),
                "until": _at(one.ends_at),
                "ended_at": _at(one.ended_at),
            }
            for one in kept.conditions
        ],
        "appeals": [
            {
                "at": _at(one.filed_at),
                "via": one.via,
                "due_at": _at(one.due_at),
                "text": one.text,
                "closed_at": _at(one.closed_at),
                "outcome": one.outcome,
            }
            for one in kept.appeals
        ],
        "proposed_to_a_second_person": [
            {"at": _at(one.at), "outcome": one.outcome, "state": one.state, "votes": one.votes}
            for one in kept.proposed
        ],
        "appeal_codes": kept.appeal_codes,
        "private_thread_since": _at(kept.thread_since),
        "looked_after_since": _at(kept.held_by_someone_since),
        "kept_from_moderators": kept.kept_from,
        "outside_reviewers": kept.outside_reviewers,
        "unsent_questions": kept.question_drafts,
    }


def told_as_data(one: Told) -> dict[str, Any]:
    """Something that they told about others, with stable keys."""
    return {
        "code": one.code,
        "kind": one.kind,
        "at": _at(one.at),
        "text": one.text,
        "closed_at": _at(one.closed_at),
        "outcome": one.outcome,
        "notes": one.notes,
    }


def moderator_as_data(kept: AsModerator) -> dict[str, Any]:
    """Their own part in the team, with stable keys."""
    return {
        "since": _at(kept.since),
        "until": _at(kept.gone_at),
        "votes": kept.votes,
        "questions_asked": kept.questions,
        "notes_written": kept.notes,
        "looks_after": kept.holds,
        "kept_from": kept.kept_from,
        "reviews_from_outside": kept.reviews_outside,
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")
