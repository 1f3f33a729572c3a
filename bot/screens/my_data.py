"""The two files with everything that is held about somebody: one for people, and one for programs."""

import json
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from bot.config import Config
from bot.holdings import Answers, Explained, Filled, Holdings, Links, Request
from bot.interests import is_paid_now
from bot.screens.elements import Attachment
from bot.screens.holdings import Pen, Section, in_utc, sections
from bot.screens.holdings_desk import desk_as_data, moderator_as_data, told_as_data
from bot.words import Voice

PAGE, DATA = "my-data.html", "my-data.json"
"""File names. They show in previews, and say nothing about the community."""

FORMAT = 1
"""Counts up when a key changes its meaning; new keys come without that."""

_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem } h3 { font-size: 1rem }
p { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; margin: .25rem 0 }
@media print { body { margin: 0; max-width: none } h2, h3 { break-after: avoid } }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A browser loads nothing and runs nothing on the page, whatever stands in it."""

Data = dict[str, Any]


def files(voice: Voice, config: Config, held: Holdings) -> tuple[Attachment, Attachment]:
    """The page to read or print, and the same for programs; both in UTF-8."""
    told = sections(voice, config, held, Pen(in_utc, readable, whole=True))
    page = _page(voice, in_utc(held.at), told)
    data = json.dumps(as_data(voice, config, held), ensure_ascii=False, indent=2)
    return Attachment(PAGE, page.encode()), Attachment(DATA, data.encode())


def readable(typed: str) -> str:
    """What somebody typed, in quotes. Control characters, which no page can show, become a sign."""
    tidy = typed.replace("\r\n", "\n")
    shown = "".join("\ufffd" if _is_control(letter) else letter for letter in tidy)
    return f"“{shown}”"


def _is_control(letter: str) -> bool:
    return letter not in "\n\t" and unicodedata.category(letter) in {"Cc", "Cs"}


def _page(voice: Voice, at: str, told: Sequence[Section]) -> str:
    """One page that needs nothing else. Every piece of text in it is escaped."""
    title = escape(voice.say("rights_title"))
    body = [f"<h1>{title}</h1>", f"<p>{escape(voice.say('rights_as_of', at=at))}</p>"]
    for section in told:
        level = "h3" if section.part else "h2"
        body.append(f"<{level}>{escape(section.title)}</{level}>")
        body.extend(f"<p>{escape(line)}</p>" for line in section.lines)
    body.append(f"<p>{escape(voice.say('rights_contact'))}</p>")
    language = escape(voice.locale or "en")
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{_STYLE}</style>'
    )
    main = "\n".join(["<main>", *body, "</main>"])
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>{head}</head>\n<body>\n{main}\n</body>\n</html>\n'
    )


def as_data(voice: Voice, config: Config, held: Holdings) -> Data:
    """Everything with stable keys. Times are in ISO 8601, in UTC; codes are those of the database."""
    known = held.known
    return {
        "format": FORMAT,
        "made_at": _at(held.at),
        "you": {
            "id": held.subject_id,
            "discord_id": None if held.user_id is None else str(held.user_id),
            "known_since": _at(known.since),
            "last_message_at": _at(known.told_at),
            "member_from_before_since": _at(known.earlier_since),
            "asked_as_member_from_before_at": _at(known.asked_at),
            "locked_number_until": _at(held.held_until),
        },
        "requests": [_request(voice, config, request) for request in held.requests],
        "changes_of_links": [_answers(voice, change) for change in held.changes],
        "links": [_links(links) for links in held.links],
        "looks": [
            {
                "at": _at(look.at),
                "by": "operator" if look.by_operator else "moderator",
                "action": look.action.value,
                "purpose": look.purpose.value,
            }
            for look in held.looks
        ],
        "messages": [{"kind": one.kind, "at": _at(one.at)} for one in held.messages],
        "tasks": [
            {"kind": one.kind, "opened_at": _at(one.opened_at), "closed_at": _at(one.closed_at)}
            for one in held.tasks
        ],
        "told_about_others": [told_as_data(one) for one in held.told],
        "deletions_on_their_way": [{"what": what, "at": _at(at)} for what, at in held.erasures],
        "messages_still_being_deleted": held.errands,
        "work_as_moderator": {
            "files_opened": held.work.files_opened,
            "decisions": held.work.decisions,
            "paused_the_gate": held.work.paused_the_gate,
            **moderator_as_data(held.as_moderator),
        },
        "log": [
            {"at": _at(line.at), "by": line.by, "action": line.action, "codes": dict(line.payload)}
            for line in held.log
        ],
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def _request(voice: Voice, config: Config, request: Request) -> Data:
    case, extras, term = request.case, request.extras, request.term
    return {
        "case_code": case.code,
        "state": case.state.value,
        "hold_reason": case.hold_reason.value if case.hold_reason else None,
        "language": case.locale,
        "opened_at": _at(case.opened_at),
        "last_activity_at": _at(extras.last_activity_at),
        "held_at": _at(case.held_at),
        "target_at": _at(case.target_at),
        "closed_at": _at(case.closed_at),
        "closes_by_itself_at": _at(case.lapse_at),
        "asked_for_a_person_at": _at(case.wants_person_at),
        "agreed_to_reminders_at": _at(case.may_remind_at),
        "next_reminder_at": _at(case.remind_at),
        "reminders_sent": case.reminders,
        "on_the_teams_lists": case.listed,
        "left_the_server_at": _at(case.gone_at),
        "access_taken_back_at": _at(case.taken_back_at),
        "discord_screening_pending": case.pending,
        "discord_automod": case.automod,
        "came_with_a_rush_of": _at(extras.wave_began_at),
        "answers_deleted_at": _at(case.wiped_at),
        "typed_text_deleted_at": _at(extras.trimmed_at),
        "answers_kept_until": _at(term.answers),
        "typed_text_kept_until": _at(term.typed),
        "kept_until": _at(term.record),
        "card_in_the_teams_channel": extras.has_card,
        "consents": [{"at": _at(one.at), "notice": one.notice} for one in request.consents],
        "answers": _answers(voice, request.answers) if request.answers else None,
        "rules": [
            {
                "at": _at(rule.at),
                "rule": rule.rule_id,
                "because": rule.because,
                "proposal": rule.proposal,
                "reason": rule.reason,
                "facts": {name: list(codes) for name, codes in rule.facts.items()},
                "rules_version": rule.rules_hash,
            }
            for rule in request.rules
        ],
        "decisions": [_decision(voice, config, one) for one in request.decisions],
        "unsent_messages_begun_at": [_at(at) for at in request.drafts],
        "wanted_of_discord": [
            {"kind": one.kind, "state": one.state, "at": _at(one.at)} for one in request.wanted
        ],
        "asked_at": _at(case.asked_at),
        "answer_by": _at(case.answer_by),
        "second_person_by": _at(case.second_by),
        "nobody_may_decide_since": _at(case.blocked_at),
        "takes_two_people": case.needs_two,
        **desk_as_data(request.desk),
    }


def _decision(voice: Voice, config: Config, one: Explained) -> Data:
    decision, reason = one.decision, config.review.reason(one.decision.reason_code)
    return {
        "at": _at(decision.at),
        "outcome": decision.outcome.value,
        "by": "machine" if decision.automated else "moderator",
        "rule": decision.rule_id,
        "because": voice.read(one.because),
        "reason": decision.reason_code,
        "reason_label": voice.read(reason.label) if reason else "",
        "message": None
        if one.letter is None
        else {
            "written_at": _at(one.written_at),
            "text": one.letter.text,
            "delivery": one.letter.delivery.value,
            "appeal_code": one.letter.appeal_code,
            "appeal_until": _at(one.letter.appeal_until),
        },
    }


def _answers(voice: Voice, answers: Answers) -> Data:
    return {
        "source": answers.source.value,
        "opened_at": _at(answers.times.opened_at),
        "sent_at": _at(answers.sent_at),
        "typed_text_deleted_at": _at(answers.times.trimmed_at),
        "open_forms": answers.times.open_forms,
        "pages": [_filled(voice, page) for page in answers.pages],
    }


def _filled(voice: Voice, filled: Filled) -> Data:
    found = []
    for name, answer in filled.answers.items():
        field = filled.page.field(name) if filled.page else None
        labels = [voice.fill(field.label_of(code, voice.locale)) if field else code for code in answer.codes]
        found.append(
            {
                "field": name,
                "question": voice.read(field.label) if field else "",
                "codes": list(answer.codes),
                "chosen": labels,
                "text": answer.text,
            }
        )
    return {
        "page": filled.page_id,
        "title": voice.read(filled.page.title) if filled.page else "",
        "saved_at": _at(filled.saved_at),
        "taken_out_at": _at(filled.removed_at),
        "answers": found,
    }


def _links(links: Links) -> Data:
    logged, disclosure = links.logged, links.logged.disclosure
    return {
        "version": logged.version,
        "at": _at(logged.at),
        "source": logged.source.value,
        "disclosed": disclosure.disclosed.value,
        "gap": disclosure.gap,
        "superseded_at": _at(links.superseded_at),
        "kept_until": _at(links.until),
        "interests": [
            {
                "category": one.category,
                "organisation": one.organisation,
                "on_behalf_of": one.on_behalf_of,
                "relationships": list(one.relationships),
                "holder": one.holder,
                "capacity": one.capacity,
                "period": one.period,
                "purposes": list(one.purposes),
                "data_uses": list(one.data_uses),
                "reporting_duty": one.reporting_duty,
                "instructed": one.instructed,
                "goal": one.goal,
                "paid_now": is_paid_now(one),
            }
            for one in disclosure.interests
        ],
    }
