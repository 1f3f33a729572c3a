"""The sentences: every key the code says is there, every one there is said, every placeholder is filled."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot.access import Act, why_not
from bot.filling import WhyNot
from bot.ids import new_case_code, new_id, tidy_case_code
from bot.layout.findings import FindingCode
from bot.layout.model import Permission
from bot.model import (
    AppealOutcome,
    CaseState,
    ConditionCode,
    Delivery,
    HoldReason,
    InformationPage,
    Outcome,
    Scope,
    Source,
)
from bot.notices import ABOUT_ACCESS, ABOUT_MOTIONS
from bot.ports import Why
from bot.review.bench import MayNot
from bot.review.conversations import WhyNotRecord
from bot.review.next_step import LISTED, Group
from bot.review.voting import MotionState
from bot.screens.drift import BOT_MAY
from bot.screens.elements import in_messages
from bot.screens.panel import help_now
from bot.store.access import Looked, Purpose
from bot.store.concerns import ConcernKind, ConcernOutcome
from bot.store.effects import EffectKind
from bot.store.messages import SentKind
from bot.store.tasks import TaskKind
from bot.text import Text
from bot.words import SHARED_PLACEHOLDERS, Words, catalogues, placeholders
from tests.core.test_access import all_hands
from tests.support import config

ROOT = Path(__file__).parents[2]
ENGLISH = catalogues()["en"]


@dataclass(frozen=True)
class Said:
    """One call of ``say``: which keys it may mean, and what it fills in."""

    where: str
    pattern: str
    """A regular expression; empty where the key is worked out elsewhere."""
    literal: bool
    filled: frozenset[str]

    def sentences(self) -> list[str]:
        """The sentences it may say."""
        found = [key for key in ENGLISH if self.pattern and re.fullmatch(self.pattern, key)]
        return found if self.literal else [key for key in found if key not in literal()]


def patterns(key: ast.expr) -> Iterator[tuple[str, bool]]:
    """The keys that an expression may come to, as regular expressions."""
    if isinstance(key, ast.IfExp):
        yield from patterns(key.body)
        yield from patterns(key.orelse)
    elif isinstance(key, ast.Constant):
        yield re.escape(str(key.value)), True
    elif isinstance(key, ast.JoinedStr):
        parts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else "[a-z0-9_]+" for p in key.values]
        yield "".join(parts), False
    else:
        yield "", False


@cache
def sources() -> list[tuple[Path, list[ast.AST]]]:
    """Every file that may say something, with all that stands in it."""
    return [
        (file, list(ast.walk(ast.parse(file.read_text(encoding="utf-8")))))
        for folder in ("bot", "cogs")
        for file in sorted((ROOT / folder).rglob("*.py"))
    ]


@cache
def all_said() -> list[Said]:
    """Every call of ``say`` in the code."""
    return [
        Said(
            f"{file.relative_to(ROOT)}:{node.lineno}",
            pattern,
            literal,
            frozenset(keyword.arg or "" for keyword in node.keywords),
        )
        for file, nodes in sources()
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say"
        for pattern, literal in patterns(node.args[0])
    ]


@cache
def literal() -> set[str]:
    """The keys that are spelled out where they are said."""
    return {re.sub(r"\\(.)", r"\1", said.pattern) for said in all_said() if said.literal}


@cache
def constants() -> set[str]:
    """Every text in the code."""
    return {
        node.value
        for _, nodes in sources()
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def templates() -> set[object]:
    """Sentences that are filled elsewhere than in ``say``."""
    return {
        node.args[0].value
        for _, nodes in sources()
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "template"
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_sentence_that_is_said_exists() -> None:
    """A key that is spelled out, and at least one for each that is put together."""
    assert len(all_said()) > 80
    assert [
        said for said in all_said() if said.pattern and not re.search(said.pattern, "\n".join(ENGLISH))
    ] == []
    assert literal() - set(ENGLISH) == set()


def test_every_sentence_is_said_somewhere() -> None:
    """None is left over in the catalogue."""
    composed = {key for said in all_said() if not said.literal for key in said.sentences()}

    assert set(ENGLISH) - literal() - composed - constants() == set()


def test_every_placeholder_is_filled_by_whoever_says_it() -> None:
    """By the call itself, or by what every sentence may use."""
    unfilled = [
        (said.where, key, sorted(missing))
        for said in all_said()
        for key in said.sentences()
        if (missing := placeholders(ENGLISH[key]) - said.filled - SHARED_PLACEHOLDERS)
    ]

    assert unfilled == []


def test_sentences_picked_elsewhere_are_filled_too() -> None:
    """Where the key is worked out before, some such call fills all that the sentence needs."""
    indirect = [said.filled for said in all_said() if not said.pattern]
    composed = {key for said in all_said() if not said.literal for key in said.sentences()}
    picked = set(ENGLISH) - literal() - composed - templates()

    assert picked
    for key in picked:
        needed = placeholders(ENGLISH[key]) - SHARED_PLACEHOLDERS
        assert any(needed <= filled for filled in indirect), key


WHOSE = ["own", "theirs"]

TEAMS = ["others", "small"]
ANSWERS = [answer.value for answer in AppealOutcome if answer is not AppealOutcome.WITHDRAWN]
FAMILIES = {
    "state": [state.value for state in CaseState],
    "hold": [reason.value for reason in HoldReason],
    "outcome": [outcome.value for outcome in Outcome],
    "decided": [outcome.value for outcome in Outcome],
    "agreed": [code.value for code in ConditionCode],
    "they_agreed": [code.value for code in ConditionCode],
    "ended_by": ["time", "decision", "access"],
    "delivery": [delivery.value for delivery in Delivery],
    "source": [source.value for source in Source],
    "recorded": [page.value for page in InformationPage],
    "not_saved": [why.value for why in WhyNot],
    "interests": ["good", "ran_out", "carry_on", "change", "renew", "renew_late"],
    "aside": ["asked", "asked_before", "nothing_open", "nobody_known", "not_there"],
    "not_recorded": [why.value for why in WhyNotRecord],
    "effect": [kind.value for kind in EffectKind],
    "task": [kind.value for kind in TaskKind],
    "concern_kind": [kind.value for kind in ConcernKind],
    "concern_outcome": [outcome.value for outcome in ConcernOutcome],
    "concern_ended": [outcome.value for outcome in ConcernOutcome],
    "concern_not": [
        *("members_only", "empty", "yourself", "no_kind", "too_many", "enough", "no_such_code", "closed"),
    ],
    "group": [group.value for group in LISTED],
    "step": [
        *("wait", *(group.value for group in (Group.SECOND, Group.BLOCKED, Group.ASKED))),
        *(Group.APPEALS.value, Group.CONCERNS.value),
    ],
    "mend": [why.value for why in Why],
    "undisclosed": [f"{gap}_{whose}" for gap in ("unanswered", "partial", "refused") for whose in WHOSE],
    "holder": [f"{holder}_{whose}" for holder in ("self", "family") for whose in WHOSE],
    "disclosed_none": WHOSE,
    "problem": ["missing", "too_few", "too_many", "too_short"],
    "notice": [
        *("task", "findings", "mended", "stuck", "stopped", "wave", "paused", "resumed"),
        *("cannot_look", "cannot_read", "drift_more", "blocked", "late_interest"),
    ],
    "told": sorted(ABOUT_MOTIONS),
    "motion_to": [outcome.value for outcome in Outcome if outcome is not Outcome.HOLD],
    "motion_how": ["second", "own", "waits"],
    "motion_ended": [MotionState.REFUSED.value, MotionState.WITHDRAWN.value],
    "motion_over": [state.value for state in MotionState if state is not MotionState.OPEN],
    "motion_before": ["two", "wait"],
    "proposed": ["two", "waits"],
    "drift": sorted(ABOUT_ACCESS),
    "bot_may": [str(permission.name).lower() for permission in BOT_MAY],
    "finding": [f"{code.value}_{part}" for code in FindingCode for part in ("what", "why", "mend")],
    "power": [str(permission.name).lower() for permission in Permission],
    "invites": ["paused", "taken", "forbidden", "later"],
    "rights_state": [state.value for state in CaseState],
    "rights_task": [kind.value for kind in TaskKind],
    "rights_outcome": [outcome.value for outcome in Outcome],
    "rights_delivery": [delivery.value for delivery in Delivery],
    "rights_source": [source.value for source in Source],
    "rights_look": [looked.value for looked in Looked],
    "rights_purpose": [purpose.value for purpose in Purpose],
    "rights_message": [kind.value for kind in SentKind],
    "rights_condition": [code.value for code in ConditionCode],
    "rights_appeal": ["changed", "changed_in_part", "same", "sent_back", "withdrawn"],
    "appeal_outcome": [outcome.value for outcome in AppealOutcome],
    "appeal_how": TEAMS,
    "appeal_open": TEAMS,
    "letter_appeal_intro": TEAMS,
    "letter_sent_back": TEAMS,
    "letter_second": ["changed", "changed_in_part", "same", "same_member"],
    "give_answer": ANSWERS,
    "preview_answer": ANSWERS,
    "answered": ANSWERS,
    "not_filed": [
        *("nothing_to_appeal", "too_late_to_add", "no_such_appeal_code", "too_many_codes"),
        "not_a_moderator",
    ],
    "rights_log": ["you", "machine", "operator", "moderator"],
    "rights_done": [erased.value for erased in Scope],
    "rights_gone": ["cases", "sheets", "disclosures", "decisions", "letters", "messages"],
}


@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_code_has_a_sentence(family: str) -> None:
    """One for each member of the list it comes from."""
    assert {f"{family}_{code}" for code in FAMILIES[family]} - set(ENGLISH) == set()


def test_every_refusal_code_in_the_code_has_a_sentence() -> None:
    """Denied, MayNot and what access says: every code that is spelled out."""
    codes = {"undisclosed", "not_sent_yet", MayNot("not_a_moderator").code}
    codes |= {why_not(act, hand) for act in Act for hand in all_hands()} - {""}
    for _, nodes in sources():
        for node in nodes:
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"MayNot", "Denied", "NotAside", "NotForThem"}
            ):
                codes |= {str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)}

    assert {f"may_not_{code}" for code in codes} - set(ENGLISH) == set()
    assert len(codes) >= 8


def test_every_contradiction_has_a_sentence() -> None:
    """For whoever is asked to look again."""
    found = {key.removeprefix("contradiction_") for key in ENGLISH if key.startswith("contradiction_")}

    assert found <= constants()
    assert len(found) == 5


def test_help_is_filled_to_the_last_brace() -> None:
    """Every country's emergency number and lines, in a message that fits."""
    settings = config()

    told = help_now(settings, settings.words.voice("en")).text

    assert "{" not in told
    assert all(country.emergency in told for country in settings.help.countries)
    assert len(in_messages(told)) == 1


SHARED = {"name": "The Harbour"}


def words(**overrides: str | dict[str, str]) -> Words:
    """The catalogue with overrides, in a community that speaks German."""
    return Words("de", {key: Text.model_validate(text) for key, text in overrides.items()}, SHARED)


@pytest.mark.parametrize(
    ("override", "locale", "said"),
    [
        ({}, "fr", "Send my answers"),
        ({"send": "Off it goes"}, "fr", "Off it goes"),
        ({"send": {"de": "Ab damit", "fr": "Envoyer"}}, "fr", "Envoyer"),
        ({"send": {"de": "Ab damit", "fr": "Envoyer"}}, "fr-CA", "Envoyer"),
        ({"send": {"de": "Ab damit", "fr": "Envoyer"}}, "", "Ab damit"),
        ({"send": {"de": "Ab damit", "fr": "Envoyer"}}, "pl", "Ab damit"),
        ({"send": {"sv-SE": "Skicka"}}, "pl", "Skicka"),
        ({"send": " For {name} "}, "en", "For The Harbour"),
    ],
)
def test_an_override_comes_first_in_the_best_language(
    override: dict[str, str | dict[str, str]], locale: str, said: str
) -> None:
    """The person's own, its base, one for every language, the community's, then whatever there is."""
    assert words(**override).voice(locale).say("send") == said


def test_a_sentence_without_its_placeholder_or_key_is_a_mistake() -> None:
    """It never comes out half-filled."""
    voice = words().voice("en")

    with pytest.raises(KeyError):
        voice.say("no_such_sentence")
    with pytest.raises(KeyError):
        voice.say("carry_on")


def test_what_is_filled_in_is_not_read_as_a_template() -> None:
    """Braces that somebody typed stay braces."""
    assert words(send="Say {label}").voice("en").say("send", label="{name} {nope}") == "Say {name} {nope}"


@pytest.mark.parametrize(
    ("texts", "locale", "expected"),
    [
        ("plain", "de", "plain"),
        ({"en": "yes", "de": "ja"}, "de-AT", "ja"),
        ({"en": "yes", "de": "ja"}, "en-US", "yes"),
        ({"en": "yes", "de": "ja"}, "pl", "yes"),
        ({"de": "ja"}, "pl", "ja"),
        ({"en-GB": "aye", "en": "yes"}, "en-GB", "aye"),
        ({}, "en", ""),
    ],
)
def test_an_admins_text_in_a_language(texts: str | dict[str, str], locale: str, expected: str) -> None:
    """The exact one, its base, one for all, the fallback's, then any."""
    assert Text.model_validate(texts).in_language(locale) == expected


def test_the_shipped_sentences_speak_for_a_community() -> None:
    """Names come from its table, and nothing is left in braces."""
    voice = config().words.voice("en")

    assert "18" in voice.say("under_age")
    assert "work@harbour.example" in voice.say("work_page")


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [
        ("7F3K-Q2", "7F3K-Q2"),
        ("7f3kq2", "7F3K-Q2"),
        (" 7 f 3 k _ q 2 ", "7F3K-Q2"),
        ("OILoil", "0110-11"),
        ("case 7F3K-Q2!", "CASE-7F3KQ2"),
        ("", "-"),
    ],
)
def test_a_case_code_as_somebody_types_it(typed: str, tidy: str) -> None:
    """Lookalikes, case and spaces are forgiven; other words are not a code."""
    assert tidy_case_code(typed) == tidy


def test_codes_and_ids_are_random_and_tidy() -> None:
    """A code is tidy already, and an id fits a custom id."""
    codes, ids = {new_case_code() for _ in range(500)}, {new_id() for _ in range(500)}

    assert len(codes) > 495
    assert len(ids) == 500
    assert all(tidy_case_code(code) == code for code in codes)
    assert {len(one) for one in ids} == {26}
