"""What answers disclose, and the facts that follow: none, some and undisclosed are three things."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import Reading
from bot.facts import DOMAINS, MEANINGS, History, contradictions, facts_of
from bot.interests import client_is_missing, disclosure_from, is_paid_now, is_recent
from bot.model import Disclosed, Interest
from bot.questionnaire import Questionnaire
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ABOUT_REFUSED,
    LINK_NOW,
    LINK_OLD,
    NOW,
    PURPOSE,
    Raw,
    config,
    read,
)

SHIPPED = config().questionnaire
NOT_SURE: Raw = {**ABOUT_NIL, "links": "not_sure"}
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("pages", "disclosed", "gap", "count"),
    [
        ((), "undisclosed", "unanswered", 0),
        ((("about", {**ABOUT_NIL, "links": None}),), "undisclosed", "unanswered", 0),
        ((("about", ABOUT_REFUSED),), "undisclosed", "refused", 0),
        ((("about", ABOUT_REFUSED), ("link", LINK_OLD)), "undisclosed", "refused", 0),
        ((("about", ABOUT_NIL),), "none", "", 0),
        ((("about", ABOUT_NIL), ("link", LINK_OLD)), "none", "", 0),
        ((("about", ABOUT_LINKED),), "undisclosed", "partial", 0),
        ((("about", NOT_SURE),), "undisclosed", "partial", 0),
        ((("about", ABOUT_LINKED), ("link", {**LINK_OLD, "period": None})), "undisclosed", "partial", 0),
        ((("about", ABOUT_LINKED), ("link", {**LINK_OLD, "organisation": ""})), "undisclosed", "partial", 0),
        ((("about", ABOUT_LINKED), ("link", LINK_OLD), ("link", {})), "undisclosed", "partial", 0),
        (
            (("about", ABOUT_LINKED), ("link", {**LINK_OLD, "category": "rather_not_say"})),
            "undisclosed",
            "refused",
            1,
        ),
        (
            (("about", ABOUT_LINKED), ("link", {**LINK_OLD, "period": "rather_not_say"})),
            "undisclosed",
            "refused",
            1,
        ),
        (
            (
                ("about", ABOUT_LINKED),
                ("link", LINK_NOW),
                ("link", {**LINK_OLD, "category": "rather_not_say"}),
            ),
            "undisclosed",
            "refused",
            2,
        ),
        ((("about", ABOUT_LINKED), ("link", LINK_OLD)), "some", "", 1),
        ((("about", ABOUT_LINKED), ("link", LINK_OLD), ("link", LINK_NOW)), "some", "", 2),
        ((("about", NOT_SURE), ("link", {**LINK_OLD, "organisation": ""})), "some", "", 1),
    ],
)
def test_three_states(pages: tuple[tuple[str, Raw], ...], disclosed: str, gap: str, count: int) -> None:
    """Only an explicit no is a nil return; whatever cannot be relied on is undisclosed, and says why."""
    found = disclosure_from(read(SHIPPED, *pages))

    assert (found.disclosed.value, found.gap, len(found.interests)) == (disclosed, gap, count)


@given(
    about=st.fixed_dictionaries(
        {},
        optional={
            "belongs": st.sampled_from(["yes", "no"]),
            "capacity": st.sampled_from(["self", "both"]),
            "links": st.sampled_from(["yes", "no", "not_sure", "rather_not_say"]),
        },
    ),
    links=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "category": st.sampled_from(["industry", "rather_not_say"]),
                "organisation": st.sampled_from(["", "X"]),
                "relationship": st.sampled_from([[], ["family"]]),
                "period": st.sampled_from(["older", "rather_not_say"]),
            },
        ),
        max_size=3,
    ),
)
def test_a_nil_return_is_never_silence(about: dict[str, Any], links: list[dict[str, Any]]) -> None:
    """For any answers: none only when no was said, some only with interests, a gap when undisclosed."""
    found = disclosure_from(read(SHIPPED, ("about", about), *(("link", link) for link in links)))

    assert (found.disclosed is Disclosed.NONE) == (about.get("links") == "no")
    assert bool(found.gap) == (found.disclosed is Disclosed.UNDISCLOSED)
    assert found.disclosed is not Disclosed.SOME or found.interests
    assert found.disclosed is not Disclosed.NONE or not found.interests


def test_no_beside_links_that_are_shown_is_not_a_nil_return() -> None:
    """In a questionnaire that asks for links whatever was said before."""
    pages = tuple(page.model_copy(update={"show_when": None}) for page in SHIPPED.pages)

    found = disclosure_from(read(Questionnaire(pages=pages), ("about", ABOUT_NIL), ("link", LINK_OLD)))

    assert (found.disclosed, found.gap) == (Disclosed.UNDISCLOSED, "partial")


def test_a_founder_with_two_hats_is_both() -> None:
    """Belonging and interests are independent: the link is there in full, purpose and aim with it."""
    reading = read(
        SHIPPED,
        ("about", {**ABOUT_LINKED, "capacity": "both"}),
        (
            "link",
            {
                **LINK_NOW,
                "category": "seller",
                "relationship": ["ownership", "board"],
                "on_behalf_of": "Ours",
            },
        ),
        ("purpose", {**PURPOSE, "purpose": ["peer_support", "promote"]}),
    )

    assert disclosure_from(reading).interests == (
        Interest(
            category="seller",
            relationships=("ownership", "board"),
            holder="self",
            capacity="both",
            period="current",
            purposes=("peer_support", "promote"),
            data_uses=("nothing",),
            reporting_duty="no",
            instructed="unaware",
            organisation="Helix Pharma",
            on_behalf_of="Ours",
            goal="To talk with others",
        ),
    )


def interest(**given: Any) -> Interest:
    """An own, current, paid link."""
    usual: dict[str, Any] = {
        "category": "industry",
        "relationships": ("employment",),
        "holder": "self",
        "capacity": "self",
        "period": "current",
    }
    return Interest(**{**usual, **given})


@pytest.mark.parametrize(
    ("given", "paid", "recent"),
    [
        ({}, True, True),
        ({"relationships": ("travel_gifts",)}, True, True),
        ({"relationships": ("unpaid", "contract")}, True, True),
        ({"relationships": ("unpaid",)}, False, True),
        ({"relationships": ("research_funds",)}, False, True),
        ({"period": "past36"}, False, True),
        ({"period": "older"}, False, False),
        ({"holder": "family", "relationships": ("family",)}, False, False),
        ({"relationships": ("family", "employment")}, True, True),
    ],
)
def test_paid_now_and_recent(given: dict[str, Any], paid: bool, recent: bool) -> None:
    """About the person themselves; a link through family only is shown, and counts as neither."""
    assert (is_paid_now(interest(**given)), is_recent(interest(**given))) == (paid, recent)


@pytest.mark.parametrize(
    ("relationships", "holder"), [(["family"], "family"), (["family", "unpaid"], "self"), (["board"], "self")]
)
def test_family_only_is_held_by_family(relationships: list[str], holder: str) -> None:
    """Anything of one's own makes it one's own."""
    link = {**LINK_OLD, "relationship": relationships}

    [found] = disclosure_from(read(SHIPPED, ("about", ABOUT_LINKED), ("link", link))).interests

    assert found.holder == holder


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"category": "agency"}, True),
        ({"category": "agency", "on_behalf_of": "Helix"}, False),
        ({"category": "agency", "period": "past36"}, False),
        ({"category": "industry"}, False),
    ],
)
def test_an_agency_names_its_client(given: dict[str, Any], missing: bool) -> None:
    """While the work is going on."""
    assert client_is_missing(interest(**given)) is missing


def facts(reading: Reading, **given: Any) -> dict[str, str]:
    """The facts about somebody with an account of two years."""
    history = History(**{"account_created": NOW - timedelta(days=730), **given})
    return facts_of(reading, history, now=NOW, new_account=WEEK)


def test_facts_of_a_nil_return() -> None:
    """Every fact is there, with a value of its domain, and has a meaning."""
    found = facts(read(SHIPPED, ("about", ABOUT_NIL)))

    assert found == {
        "disclosed": "none",
        "held_before": "no",
        "paid_now": "no",
        "recent_link": "no",
        "client_missing": "no",
        "contradiction": "no",
        "account_age": "older",
        "rejoined": "no",
        "earlier_outcome": "none",
        "source": "gate",
        "wave": "no",
        "paused": "no",
    }
    assert set(found) == set(DOMAINS) == set(MEANINGS)


def test_facts_of_an_agency_without_client() -> None:
    """Paid, recent, and the client is missing."""
    agency = {**LINK_NOW, "category": "agency"}
    found = facts(read(SHIPPED, ("about", ABOUT_LINKED), ("link", agency), ("purpose", PURPOSE)))

    assert [found[name] for name in ("disclosed", "paid_now", "recent_link", "client_missing")] == [
        "some",
        "yes",
        "yes",
        "yes",
    ]


@pytest.mark.parametrize(
    ("age", "fact"), [(timedelta(0), "new"), (WEEK - timedelta(seconds=1), "new"), (WEEK, "older")]
)
def test_how_old_an_account_is(age: timedelta, fact: str) -> None:
    """Younger than the configuration says is new."""
    assert facts(read(SHIPPED), account_created=NOW - age)["account_age"] == fact


@pytest.mark.parametrize("outcome", DOMAINS["earlier_outcome"])
@pytest.mark.parametrize("source", DOMAINS["source"])
def test_history_is_passed_on(outcome: str, source: str) -> None:
    """Whoever had an earlier case has rejoined, however it ended."""
    found = facts(read(SHIPPED), earlier_outcome=outcome, source=source)

    assert (found["earlier_outcome"], found["source"]) == (outcome, source)
    assert found["rejoined"] == ("no" if outcome == "none" else "yes")


@pytest.mark.parametrize(
    ("about", "link", "purpose", "expected"),
    [
        ({}, {}, {}, ()),
        ({"capacity": "work", "links": "no"}, None, {}, ("work_without_link",)),
        ({"capacity": "both", "links": "no"}, None, {}, ()),
        ({}, {}, {"instructed": "asked"}, ("asked_without_client",)),
        ({}, {"on_behalf_of": "Helix"}, {"instructed": "asked"}, ()),
        ({}, {}, {"instructed": "knows"}, ()),
        ({}, {}, {"purpose": ["recruit"]}, ("nothing_and_sharing",)),
        ({}, {}, {"purpose": ["publish", "listen"]}, ("nothing_and_sharing",)),
        ({}, {}, {"purpose": ["recruit"], "data_use": ["contact"]}, ()),
        ({}, {}, {"data_use": ["nothing", "notes"]}, ("nothing_and_more",)),
        ({}, {}, {"data_use": ["notes", "quote"]}, ()),
        (
            {"capacity": "both"},
            {"period": "older"},
            {"instructed": "asked"},
            ("asked_without_client", "ended_but_asked"),
        ),
        (
            {"capacity": "both"},
            {"period": "older", "on_behalf_of": "H"},
            {"instructed": "asked"},
            ("ended_but_asked",),
        ),
        (
            {"capacity": "both"},
            {"period": "older", "relationship": ["unpaid"], "on_behalf_of": "H"},
            {"instructed": "asked"},
            (),
        ),
    ],
)
def test_contradictions(about: Raw, link: Raw | None, purpose: Raw, expected: tuple[str, ...]) -> None:
    """Answers that do not seem to fit together, each with its code."""
    pages: list[tuple[str, Raw]] = [("about", {**ABOUT_LINKED, **about})]
    pages += [("link", {**LINK_NOW, **link})] if link is not None else []
    reading = read(SHIPPED, *pages, ("purpose", {**PURPOSE, **purpose}))

    assert contradictions(reading, disclosure_from(reading)) == expected
    assert facts(reading)["contradiction"] == ("yes" if expected else "no")
