"""The papers: they say what is configured, in words that people can read, and nothing that is secret."""

import ast
import re
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conditions import Condition
from bot.config import Config
from bot.config.tables import Retention
from bot.facts import DOMAINS
from bot.model import InformationPage
from bot.papers.asked import asked
from bot.papers.conditions import Told, sentence, tell
from bot.papers.deciding import lets_in
from bot.papers.teller import Teller
from bot.papers.writing import Paper, explained, written
from bot.questionnaire import Kind
from bot.rules import Admission, Proposal, Rule, decide
from bot.screens.panel import privacy
from bot.words import placeholders
from bot.words.templates import FOLDER, nearest_to, phrases, template, written_in
from tests.support import ABOUT_NIL, config, read

ROOT = Path(__file__).parents[2]
PHRASES = phrases("en")
TELLER = Teller(config(), "en")
NAMES = ["explain", *Paper]

MOST_WORDS = 30
"""In one sentence. The shipped ones stay well below."""


def text_of(name: str, settings: Config) -> str:
    """A paper, or the public page, in English."""
    return explained(settings, "en") if name == "explain" else written(Paper(name), settings, "en")


def all_lines(told: Told) -> str:
    """What was told, as one text."""
    return "\n".join(told.lines())


def condition(**given: Any) -> Condition:
    """A condition as the configuration writes it."""
    return Condition.model_validate(given)


def one(field: str, *values: str) -> dict[str, Any]:
    """Any of these was chosen."""
    return {"field": field, "one_of": list(values)}


LINKS = 'your answer to "Any links to health organisations?" is'
WHY = 'your answer to "Why are you here?" is'


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (one("links", "yes"), f'{LINKS} "Yes"'),
        (one("links", "yes", "not_sure"), f'{LINKS} "Yes" or "I am not sure"'),
        ({"not": one("links", "yes")}, f'{LINKS} not "Yes"'),
        ({"not": {"not": one("links", "yes")}}, f'{LINKS} "Yes"'),
        (
            one("links", "yes", "no", "not_sure", "rather_not_say"),
            f'{LINKS} one of these:\n  - "Yes"\n  - "No"\n  - "I am not sure"\n  - "I would rather not say"',
        ),
        (
            {"field": "links", "only": ["yes"]},
            'for "Any links to health organisations?" you chose nothing but "Yes"',
        ),
        (
            one("data_use", "quote"),
            'for "What will you do with what you read?" you chose "Quote it or publish it"',
        ),
        ({"field": "goal", "answered": True}, 'you answered "Your aim, in a few words"'),
        ({"field": "goal", "answered": False}, 'you did not answer "Your aim, in a few words"'),
        (
            {"not": {"field": "goal", "answered": False}},
            'you answered "Your aim, in a few words"',
        ),
        ({"fact": "disclosed", "one_of": ["none"]}, "you told us that you have no links"),
        (
            {"not": {"fact": "disclosed", "one_of": ["none"]}},
            "none of these is so:\n  - you told us that you have no links",
        ),
        (
            {"fact": "disclosed", "one_of": ["none", "some"]},
            (
                "at least one of these is so:\n  - you told us that you have no links\n"
                "  - you told us about your links"
            ),
        ),
        ({"fact": "paused", "answered": True}, "you sent your answers"),
        ({"not": {"fact": "paused", "answered": True}}, "you did not send your answers"),
        ({"fact": "account_age", "one_of": ["new"]}, "your Discord account is younger than 7 days"),
        (
            {"all": [one("links", "yes"), one("capacity", "both")]},
            f'all of this is so:\n  - {LINKS} "Yes"\n  - {WHY} "Both"',
        ),
        (
            {"not": {"all": [one("links", "yes"), one("capacity", "both")]}},
            f'not all of these are so at once:\n  - {LINKS} "Yes"\n  - {WHY} "Both"',
        ),
        (
            {"any": [one("links", "yes"), one("capacity", "both")]},
            f'at least one of these is so:\n  - {LINKS} "Yes"\n  - {WHY} "Both"',
        ),
        (
            {"not": {"any": [one("links", "yes"), one("capacity", "both")]}},
            f'none of these is so:\n  - {LINKS} "Yes"\n  - {WHY} "Both"',
        ),
        ({"all": [one("links", "yes")]}, f'{LINKS} "Yes"'),
        ({"not": {"any": [one("links", "yes")]}}, f'{LINKS} not "Yes"'),
        (
            {"any_entry_of": "link", "where": one("period", "current")},
            (
                'on at least one form "Your link", this is so:\n'
                '  - your answer to "When?" is "It is still going on"'
            ),
        ),
        (
            {"not": {"any_entry_of": "link", "where": one("period", "current")}},
            'on no form "Your link" this is so:\n  - your answer to "When?" is "It is still going on"',
        ),
        (
            {
                "not": {
                    "any_entry_of": "link",
                    "where": {"all": [one("period", "older"), one("category", "payer")]},
                }
            },
            (
                'on no form "Your link" this is so:\n  - all of this is so:\n'
                '    - your answer to "When?" is "It ended more than 3 years ago"\n'
                '    - your answer to "What kind of organisation is it?" is "Insurer or health payer"'
            ),
        ),
    ],
)
def test_a_condition_is_told_in_words(given: dict[str, Any], lines: str) -> None:
    """Every shape of it, and the opposite of each."""
    assert all_lines(tell(condition(**given), TELLER)) == f"- {lines}"


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in DOMAINS.items() for value in values]
)
def test_every_fact_has_words(name: str, value: str) -> None:
    """For each value that it can take, and filled to the last brace."""
    told = all_lines(tell(condition(fact=name, one_of=[value]), TELLER))

    assert told.startswith("- ")
    assert not set("{}_") & set(told)


ASKABLE = [field for _, field in config().questionnaire.fields() if field.kind.is_choice]


def leaves() -> st.SearchStrategy[dict[str, Any]]:
    """Single tests on any field or fact."""
    fields = st.sampled_from(ASKABLE).flatmap(
        lambda field: st.lists(
            st.sampled_from([option.value for option in field.options]), min_size=1, unique=True
        ).flatmap(
            lambda values: st.sampled_from(["one_of", "only"]).map(
                lambda key: {"field": field.id, key: values}
            )
        )
    )
    facts = st.sampled_from(sorted(DOMAINS)).flatmap(
        lambda name: st.sampled_from(DOMAINS[name]).map(lambda value: {"fact": name, "one_of": [value]})
    )
    return fields | facts


TREES = st.recursive(
    leaves(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts})
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts})
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=6,
)


@given(TREES)
def test_nothing_that_a_condition_asks_is_left_out(given: dict[str, Any]) -> None:
    """However it is put together: each question, and each option by its label."""
    asked_for = condition(**given)

    told = "\n".join(sentence("Shown if", asked_for, TELLER))

    fields = {field.id: field for field in ASKABLE}
    for part in asked_for.walk():
        if part.field is not None:
            field = fields[part.field]
            chosen = {option.value: option for option in field.options}
            assert f'"{TELLER.label(field.label)}"' in told
            for value in part.one_of or part.only or ():
                assert f'"{TELLER.label(chosen[value].label)}"' in told
    assert "{" not in told


def test_every_question_is_on_the_page_with_all_its_options() -> None:
    """In the order in which people see them."""
    told = asked(TELLER).replace("\\", "")

    at = 0
    for _, field in TELLER.config.questionnaire.fields():
        if field.kind is Kind.TEXT_DISPLAY:
            continue
        at = told.index(f"**{TELLER.voice.read(field.label)}**", at)
        for option in field.options:
            at = told.index(f"- {TELLER.voice.read(option.label)}", at)


ADMIT: dict[str, Any] = {"id": "r", "because": "b", "propose": "admit"}
BELONGS_HERE = one("belongs", "yes")
NIL_ONLY = {"fact": "disclosed", "one_of": ["none"]}
SOME_ONLY = {"fact": "disclosed", "one_of": ["some"]}


@pytest.mark.parametrize(
    "when",
    [
        None,
        BELONGS_HERE,
        NIL_ONLY,
        SOME_ONLY,
        {"not": NIL_ONLY},
        {"fact": "disclosed", "one_of": ["undisclosed"]},
        {"fact": "paused", "one_of": ["yes"]},
        {"fact": "wave", "one_of": ["yes"]},
        {"fact": "held_before", "one_of": ["yes"]},
        {"fact": "earlier_outcome", "one_of": ["declined"]},
        {"fact": "earlier_outcome", "one_of": ["admitted"]},
    ],
)
@pytest.mark.parametrize("nil_alone", [True, False])
@pytest.mark.parametrize("confirm", [True, False])
def test_what_is_said_of_an_admission_is_what_the_rules_do(
    when: dict[str, Any] | None, nil_alone: bool, confirm: bool
) -> None:
    """For every setting: tried with every history that somebody can have."""
    settings = {"auto_admit_nil_return": nil_alone, "human_confirm": confirm, "new_account": "7d"}
    teller = Teller(config(admission=settings), "en")
    rule = Rule.model_validate({**ADMIT, "when": when})
    reading = read(teller.config.questionnaire, ("about", ABOUT_NIL))
    admission = Admission(auto_admit_nil_return=nil_alone, human_confirm=confirm)

    def admitted(disclosed: str) -> bool:
        others = product(DOMAINS["earlier_outcome"], *[("yes", "no")] * 3)
        return any(
            decide(
                [rule],
                reading,
                {"disclosed": disclosed, "earlier_outcome": e, "held_before": h, "paused": p, "wave": w},
                admission,
            ).proposal
            is Proposal.ADMIT
            for e, h, p, w in others
        )

    none, some = admitted("none"), admitted("some")
    said = lets_in(rule, teller)

    assert (said != "confirm") == (none or some)
    assert not admitted("undisclosed")
    if said == "admit_some":
        assert some
        assert not none


LENGTHS = sorted(Retention.model_fields.keys() - {"reason"})


@pytest.mark.parametrize("name", ["explain", "notice", "record"])
@pytest.mark.parametrize("key", LENGTHS)
def test_each_length_of_time_is_the_configured_one(name: str, key: str) -> None:
    """Changing one changes what is told, and nothing else tells the old one."""
    told = text_of(name, config(retention={key: "47d"}))

    assert "47 days" in told
    assert "47 days" not in text_of(name, config())


@pytest.mark.parametrize("name", ["explain", "notice", "record"])
def test_a_reason_for_keeping_longer_is_told(name: str) -> None:
    """Beside the times, in the words of the configuration, and only where there is one."""
    why = "Our insurer asks for it."

    assert why in text_of(name, config(retention={"reason": why}))
    assert "longer than is usual" not in text_of(name, config())


def test_the_impact_assessment_tells_the_configured_times() -> None:
    """Those that weigh most."""
    told = text_of(
        "impact",
        config(
            retention={"free_text": "41d", "refused": "43d", "former_members": "47d", "key_backups": "3d"}
        ),
    )

    assert all(f"{days} days" in told for days in (41, 43, 47, 3))


def test_the_panel_tells_no_other_times_than_the_papers() -> None:
    """Every number of days on it is a configured one."""
    lengths = {key: timedelta(days=31 + 2 * n) for n, key in enumerate(LENGTHS)}
    settings = config(
        retention={key: f"{length.days}d" for key, length in lengths.items()},
        timers={"lapse_after": "9d"},
    )

    told = set(map(int, re.findall(r"(\d+) days", privacy(settings, settings.words.voice("en")).text)))

    assert {9, lengths["unfinished"].days} <= told
    assert told <= {9, *(length.days for length in lengths.values())}
    for name in ("explain", "notice"):
        assert told <= set(map(int, re.findall(r"(\d+) days", text_of(name, settings))))


CONFIRMED = {"admission": {"human_confirm": True}}
NIL_CONFIRMED = {"admission": {"auto_admit_nil_return": False}}
REMOVED = {
    "timers": {"after_lapse": "remove", "remove_after": "8d", "way_back": "https://harbour.example/back"}
}
MANY = {"review": {"many_files": 7, "many_files_within": "90m"}}
SMALL = {"confirm": {"small_team": True}}
APPEALS_CONTACT = {"appeals": {"contact": "look@harbour.example"}}
WHO = {"notice": {"responsible": "The Association"}}

SETTINGS: list[tuple[dict[str, Any], str, str, str]] = [
    (CONFIRMED, "notice", "No machine lets anybody in", "A machine may let"),
    (CONFIRMED, "explain", "A person confirms it, and lets you in", "lets you in by itself"),
    (NIL_CONFIRMED, "notice", "fits:\n\n- Belongs here; told links", "says there are no links."),
    ({"community_age": 16}, "notice", "16 or over", "18 or over"),
    ({"drift": {"unrecorded": "alert"}}, "notice", "It tells the team", "It takes back a member role"),
    ({"timers": {"reminders": []}}, "notice", "We send no reminders", "we remind you"),
    ({"timers": {"reminders": ["3d"]}}, "notice", "we remind you 3 days after", "5 days after"),
    (REMOVED, "notice", "within 8 days, we take you off the server", "You may stay outside"),
    (REMOVED, "notice", "The way back: https://harbour.example/back.", "You may stay outside"),
    (MANY, "notice", "opens 7 or more files within 90 minutes", "20 or more"),
    ({"timers": {"decision_target": "26h"}}, "explain", "decide within 26 hours", "3 days."),
    (SMALL, "explain", "We are a very small team", "Somebody who had no part"),
    (SMALL, "notice", "We are a very small team", "Somebody who had no part"),
    ({"appeals": {"window": "51d"}}, "explain", "You have 51 days", "You have 180 days"),
    ({"appeals": {"target": "19d"}}, "explain", "answer within 19 days", "answer within 14 days"),
    (APPEALS_CONTACT, "explain", "look@harbour.example", "privacy@harbour.example and give the code"),
    ({"gate": {"buttons": {"help": "Help me"}}}, "explain", '"Help me" shows numbers', "I need help now"),
    ({"messages": {"take_back": "Undo it"}}, "notice", '"Undo it"', "Take back my request"),
    ({"rules": []}, "explain", "If no rule fits, a person decides", "The bot shows a page"),
    ({"rules": []}, "notice", "they are younger, a person looks", "deleted at once.\n"),
    ({"intent": False}, "notice", "The bot does not see who leaves", "on which the bot sees"),
    (WHO, "notice", "The Association, [fill in: address", "[fill in: responsible"),
    ({"notice": {"changed": "2026-03-01"}}, "record", "changed: 2026-03-01.", "[fill in: changed"),
]


@pytest.mark.parametrize(("tables", "name", "says", "no_more"), SETTINGS)
def test_a_setting_shows(tables: dict[str, Any], name: str, says: str, no_more: str) -> None:
    """What is set is told, and the paper for the shipped settings tells the other thing."""
    given = dict(tables)
    if "community_age" in given:
        community = config().community.model_dump()
        given = {"community": {**community, "minimum_age": given["community_age"]}}
    if "intent" in given:
        discord = config().discord
        assert discord is not None
        given = {"discord": {**discord.model_dump(), "members_intent": given["intent"]}}
    shipped, told = text_of(name, config()), text_of(name, config(**given))

    assert says in told
    assert says not in shipped
    assert no_more in shipped
    assert no_more not in told


def test_nothing_is_promised_about_questions_that_ask_too_much() -> None:
    """Where a question asks for a diagnosis, no page says that none is asked for."""
    page = {
        "id": "extra",
        "title": "More",
        "fields": [{"id": "which", "kind": "short_text", "label": "What is your diagnosis?"}],
    }
    pages = [*(p.model_dump(by_alias=True, exclude_none=True) for p in config().pages), page]
    told = "".join(text_of(name, config(pages=pages)) for name in ("explain", "notice", "record"))

    assert told.count("may touch on health") == 3
    assert "Health is not asked about" not in told
    assert "- a diagnosis, a treatment or a test result;" not in told
    assert "It does not ask for a diagnosis" not in told


SECRET = {
    "discord": {
        "server": 100000000000000001,
        "member_role": 100000000000000002,
        "quarantine_channel": 100000000000000003,
        "review_channel": 100000000000000004,
        "welcome_channel": 100000000000000005,
        "moderator_roles": [100000000000000006],
    },
    "storage": {"database": "/srv/somewhere/a", "keys": "/srv/somewhere/b", "key_file": "/srv/somewhere/c"},
    "gate": {
        "text": "See <#100000000000000003> or https://discord.com/channels/1/100000000000000003. "
        "Or <a:x:100000000000000009>.",
        "buttons": {"privacy": "What we keep <:x:100000000000000009>"},
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_no_paper_holds_ids_paths_or_help_numbers(name: str) -> None:
    """Whatever the configuration names."""
    settings = config(**SECRET)
    told = text_of(name, settings)

    assert not re.search(r"\d{15}", told)
    assert "somewhere" not in told
    for country in settings.help.countries:
        assert all(line.contact not in told for line in country.lines)
    if name == "explain":
        assert "See (to be seen in Discord)" in told


def test_the_press_learns_nothing_about_anybody() -> None:
    """The answer is the same for everybody."""
    said = "We do not confirm it, and we do not deny it. That is our answer for everybody"

    assert said in text_of("explain", config())


def test_texts_by_language_are_chosen_by_language() -> None:
    """The admin's own; the papers themselves are in English until somebody writes others."""
    settings = config(gate={"text": {"en": "Come in", "de": "Komm herein"}})

    assert "> Komm herein" in explained(settings, "de")
    assert "> Come in" in explained(settings, "en-GB")
    assert "## What is asked" in explained(settings, "de")
    assert [nearest_to(locale) for locale in ("en", "en-GB", "de")] == ["en"] * 3


def test_what_an_admin_wrote_is_no_markup() -> None:
    """It cannot break out of a table or a sentence, and braces in it stay braces."""
    settings = config(
        notice={"host": "A | B *C*\n{key}", "address": "1 Quay\nPortville"},
        community={**config().community.model_dump(), "name": "# <b>The_Harbour</b> {rules}"},
    )

    told = text_of("record", settings)

    assert "| A \\| B \\*C\\* {key} |" in told
    assert "1 Quay Portville" in told
    assert "\\<b\\>The\\_Harbour\\</b\\> {rules}" in told


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=59), "59 days"),
        (timedelta(days=60), "60 days (about 2 months)"),
        (timedelta(days=720), "720 days (about 24 months)"),
    ],
)
def test_a_length_of_time_in_words(length: timedelta, told: str) -> None:
    """In whole units, and long ones also in months."""
    assert TELLER.duration(length) == told


def sentences(markdown: str) -> list[str]:
    """The sentences of a paper, quotations of the admin's own texts left out."""
    own = "\n".join(line for line in markdown.splitlines() if not line.startswith(">"))
    return [part for part in re.split(r"[.!?:;](?=\s|\*|$)|\n\s*\n|\n *[-|\d]|\|", own) if part.strip()]


@pytest.mark.parametrize("name", ["explain", "notice"])
def test_no_sentence_is_long(name: str) -> None:
    """People read this who are tired, or ill, or read in a second language."""
    found = sentences(text_of(name, config()))

    assert len(found) > 100
    assert [part for part in found if len(part.split()) > MOST_WORDS] == []
    assert sum(len(part.split()) for part in found) / len(found) < 12


CALLED = [
    node
    for file in sorted((ROOT / "bot" / "papers").glob("*.py"))
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    if isinstance(node, ast.Constant | ast.JoinedStr)
]


def test_every_phrase_is_used() -> None:
    """Spelled out in the code, or put together there."""
    plain = {str(node.value) for node in CALLED if isinstance(node, ast.Constant)}
    joined = [
        "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else "[a-z0-9_]*" for p in node.values)
        for node in CALLED
        if isinstance(node, ast.JoinedStr)
    ]
    patterns = [pattern for pattern in joined if re.search("[a-z]_|_[a-z]", pattern)]

    unused = [key for key in PHRASES if key not in plain and not any(re.fullmatch(p, key) for p in patterns)]

    facts = {f"fact_{name}_{value}" for name, values in DOMAINS.items() for value in values}
    assert unused == []
    assert {key for key in PHRASES if key.startswith("fact_")} == facts
    assert {f"does_page_{page.value}" for page in InformationPage} <= set(PHRASES)
    assert {f"page_for_{page.value}" for page in InformationPage} <= set(PHRASES)


@pytest.mark.parametrize("name", NAMES)
def test_every_placeholder_of_a_template_is_filled(name: str) -> None:
    """None is left in braces, and nothing is left out that a template asks for."""
    assert placeholders(template(name, "en"))
    assert not re.search(r"\{\w+\}", text_of(name, config()))


def test_every_language_has_every_paper_and_phrase() -> None:
    """With the same placeholders as in English."""
    assert "en" in written_in()
    for language in written_in():
        assert {file.name for file in (FOLDER / language).iterdir()} == {
            file.name for file in (FOLDER / "en").iterdir()
        }
        assert set(phrases(language)) == set(PHRASES)
        for key, phrase in phrases(language).items():
            assert placeholders(phrase) <= placeholders(PHRASES[key]), key
