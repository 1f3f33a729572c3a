"""The questionnaire and its answers: what is shown, what counts, what is missing, what comes next."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import Answer, Entry, NextPage, Reading, parse
from bot.questionnaire import FormField, Kind, Page, Questionnaire
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    LINK_NOW,
    LINK_OLD,
    PURPOSE,
    TICKED,
    TICKED_WITH_DUTY,
    Raw,
    config,
    read,
)

SHIPPED = config().questionnaire
OPTIONS = [{"value": value, "label": value} for value in "abc"]


def field_of(kind: Kind, **given: Any) -> FormField:
    """A field of a kind."""
    options = {"options": OPTIONS} if kind.is_choice else {}
    return FormField.model_validate({"id": "f", "kind": kind.value, "label": "F", **options, **given})


def form(*fields: FormField, **given: Any) -> Questionnaire:
    """A questionnaire of one page."""
    return Questionnaire(pages=(Page.model_validate({"id": "p", "title": "P", "fields": fields, **given}),))


def on(field_id: str) -> dict[str, Any]:
    """A condition on the first option of a field."""
    return {"field": field_id, "one_of": ["a"]}


def problems(field: FormField, raw: Raw) -> list[str]:
    """What is wrong with an answer to one field."""
    shown = read(form(field), ("p", raw)).shown("p")
    assert shown is not None
    return [problem.kind for problem in shown.problems(shown.entries[0])]


def test_a_snapshot_is_the_whole_questionnaire() -> None:
    """Written and read it is the same, under the same hash, which does not depend on the order of keys."""
    again = Questionnaire.from_snapshot(SHIPPED.snapshot)

    assert again == SHIPPED
    assert again.snapshot == SHIPPED.snapshot
    assert again.content_hash == SHIPPED.content_hash
    assert len(SHIPPED.content_hash) == 64


def test_any_edit_changes_the_hash() -> None:
    """Even one letter of a label."""
    page = SHIPPED.pages[0].model_copy(update={"title": config().pages[1].title})

    assert Questionnaire(pages=(page, *SHIPPED.pages[1:])).content_hash != SHIPPED.content_hash


@pytest.mark.parametrize(
    ("pages", "shown"),
    [
        ((), ["about"]),
        ((("about", ABOUT_NIL),), ["about"]),
        ((("about", ABOUT_LINKED),), ["about", "link"]),
        ((("about", ABOUT_LINKED), ("link", LINK_OLD)), ["about", "link"]),
        ((("about", ABOUT_LINKED), ("link", LINK_NOW)), ["about", "link", "purpose"]),
        ((("about", ABOUT_LINKED), ("link", LINK_OLD), ("link", LINK_NOW)), ["about", "link", "purpose"]),
        ((("about", {**ABOUT_NIL, "capacity": "work"}),), ["about", "purpose"]),
        ((("about", ABOUT_NIL), ("link", LINK_NOW)), ["about"]),
    ],
)
def test_pages_follow_their_conditions(pages: tuple[tuple[str, Raw], ...], shown: list[str]) -> None:
    """Those of the shipped questionnaire, over repeated pages too."""
    assert [page.page.id for page in read(SHIPPED, *pages).pages] == shown


@pytest.mark.parametrize(
    ("duty", "shown"), [("no", "statements"), ("yes", "statements_duty"), ("not_sure", "statements_duty")]
)
def test_fields_follow_their_conditions(duty: str, shown: str) -> None:
    """Who must report side effects makes another promise."""
    reading = read(
        SHIPPED, ("about", ABOUT_LINKED), ("link", LINK_NOW), ("purpose", {**PURPOSE, "reporting_duty": duty})
    )

    assert reading.statements is not None
    assert [field.id for field in reading.statements.asked] == [shown]


def test_hidden_answers_count_nowhere() -> None:
    """Not in conditions, not in entries, not in codes, however they got there."""
    reading = read(
        SHIPPED,
        ("about", ABOUT_NIL),
        ("link", LINK_NOW),
        ("purpose", PURPOSE),
        ("statements", {**TICKED, **TICKED_WITH_DUTY}),
    )

    assert [page.page.id for page in reading.all_pages] == ["about", "statements"]
    assert reading.entries("link") == ()
    assert reading.codes("purpose") == ()
    assert reading.code("reporting_duty") == ""
    assert reading.text("goal") == ""
    assert reading.statements is not None
    assert set(reading.statements.entries[0].answers) == {"statements"}


def test_hiding_goes_all_the_way_down() -> None:
    """A page hidden by a page that is hidden: the condition sees only what counts."""
    chain = Questionnaire.model_validate(
        {
            "pages": [
                {"id": "one", "title": "1", "fields": [field_of(Kind.RADIO, id="x")]},
                {"id": "two", "title": "2", "fields": [field_of(Kind.RADIO, id="y")], "show_when": on("x")},
                {"id": "three", "title": "3", "fields": [field_of(Kind.RADIO, id="z")], "show_when": on("y")},
            ]
        }
    )
    entries: tuple[tuple[str, Raw], ...] = (("two", {"y": "a"}), ("three", {"z": "a"}))

    assert [p.page.id for p in read(chain, ("one", {"x": "a"}), *entries).pages] == ["one", "two", "three"]
    assert [p.page.id for p in read(chain, ("one", {"x": "b"}), *entries).pages] == ["one"]


@pytest.mark.parametrize(("links", "missing"), [("yes", ["organisation"]), ("not_sure", [])])
def test_required_may_be_a_condition(links: str, missing: list[str]) -> None:
    """Whoever is not sure of a link need not name the organisation."""
    reading = read(
        SHIPPED, ("about", {**ABOUT_NIL, "links": links}), ("link", {**LINK_OLD, "organisation": ""})
    )
    shown = reading.shown("link")
    assert shown is not None

    assert [problem.field.id for problem in shown.problems(shown.entries[0])] == missing


def test_a_page_that_does_not_repeat_counts_once() -> None:
    """Its first entry."""
    reading = read(SHIPPED, ("about", ABOUT_NIL), ("about", ABOUT_LINKED))

    assert reading.code("links") == "no"
    assert len(reading.entries("about")) == 1


@pytest.mark.parametrize(
    ("pages", "following"),
    [
        ((), NextPage("about")),
        ((("about", {"belongs": "yes"}),), NextPage("about", "entry0")),
        ((("about", ABOUT_LINKED),), NextPage("link")),
        (
            (("about", ABOUT_LINKED), ("link", LINK_OLD), ("link", {"category": "media"})),
            NextPage("link", "entry2"),
        ),
        ((("about", ABOUT_LINKED), ("link", LINK_NOW)), NextPage("purpose")),
        ((("about", ABOUT_LINKED), ("link", LINK_NOW), ("purpose", PURPOSE)), None),
        ((("about", ABOUT_NIL),), None),
    ],
)
def test_the_next_page_is_the_first_that_needs_something(
    pages: tuple[tuple[str, Raw], ...], following: NextPage | None
) -> None:
    """In the order of the questionnaire, whatever order they were filled in."""
    assert read(SHIPPED, *pages).next_page() == following


@pytest.mark.parametrize(
    ("page", "progress"), [("about", (1, 3)), ("link", (2, 3)), ("purpose", (3, 3)), ("statements", (1, 3))]
)
def test_progress_counts_the_pages_that_are_shown(page: str, progress: tuple[int, int]) -> None:
    """Statements are not counted among them."""
    assert read(SHIPPED, ("about", ABOUT_LINKED), ("link", LINK_NOW)).progress(page) == progress


def test_pages_without_a_question_to_put_are_passed_over() -> None:
    """Where only links are asked again, a page about nothing else is not shown."""
    questionnaire = form(field_of(Kind.RADIO))

    reading = Reading(questionnaire, [], frozenset({"f"}))

    assert reading.pages == ()
    assert reading.next_page() is None


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.is_choice])
@pytest.mark.parametrize(
    ("raw", "codes"),
    [("b", ("b",)), (["b"], ("b",)), ([], ()), (None, ()), ("", ()), ("zzz", ()), (["zzz", "a"], ("a",))],
)
def test_choices_are_parsed(kind: Kind, raw: str | list[str] | None, codes: tuple[str, ...]) -> None:
    """One string or a list; what is no option is dropped."""
    assert parse([field_of(kind)], {"f": raw}) == {"f": Answer(codes=codes)}


def test_chosen_codes_keep_the_order_of_the_options() -> None:
    """And are there once, however they were sent."""
    assert parse([field_of(Kind.CHECKBOX_GROUP)], {"f": ["c", "a", "a"]}) == {"f": Answer(codes=("a", "c"))}


@pytest.mark.parametrize("kind", [Kind.SHORT_TEXT, Kind.LONG_TEXT])
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  Ann  ", "Ann"),
        ("e\u0301", "é"),
        ("   ", ""),
        (None, ""),
        (["a"], ""),
        ("a\nb", "a\nb"),
        ("x" * 99, "x" * 9),
    ],
)
def test_text_is_tidied(kind: Kind, raw: str | list[str] | None, text: str) -> None:
    """Trimmed, composed, and cut to the length the field allows."""
    assert parse([field_of(kind, max_length=9)], {"f": raw}) == {"f": Answer(text=text)}


def test_text_displays_and_unknown_fields_are_not_answers() -> None:
    """A crafted form adds nothing."""
    display = FormField.model_validate({"id": "f", "kind": "text_display", "text": "T"})

    assert parse([display], {"f": "x", "other": "y"}) == {}


@pytest.mark.parametrize(
    ("kind", "given", "raw", "kinds"),
    [
        (Kind.RADIO, {}, None, ["missing"]),
        (Kind.RADIO, {"required": False}, None, []),
        (Kind.RADIO, {}, "a", []),
        (Kind.SELECT, {}, "zzz", ["missing"]),
        (Kind.SELECT, {}, ["a", "b"], ["too_many"]),
        (Kind.SELECT, {"max_values": 2}, ["a", "b"], []),
        (Kind.CHECKBOX_GROUP, {}, ["a", "b", "c"], []),
        (Kind.CHECKBOX_GROUP, {"max_values": 2}, ["a", "b", "c"], ["too_many"]),
        (Kind.CHECKBOX_GROUP, {"min_values": 2}, ["a"], ["too_few"]),
        (Kind.CHECKBOX_GROUP, {"min_values": 2}, ["a", "b"], []),
        (Kind.CHECKBOX_GROUP, {"min_values": 2, "required": False}, [], []),
        (Kind.SHORT_TEXT, {}, "", ["missing"]),
        (Kind.SHORT_TEXT, {"min_length": 3}, "ab", ["too_short"]),
        (Kind.SHORT_TEXT, {"min_length": 3}, "abc", []),
        (Kind.LONG_TEXT, {"min_length": 3, "required": False}, "", []),
        (Kind.LONG_TEXT, {"required": {"field": "elsewhere", "answered": True}}, "", []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer(
    kind: Kind, given: dict[str, Any], raw: str | list[str] | None, kinds: list[str]
) -> None:
    """Missing, too few, too many, too short, or nothing."""
    assert problems(field_of(kind, **given), {"f": raw}) == kinds


@given(
    entries=st.lists(
        st.tuples(st.sampled_from(["about", "link", "purpose", "statements", "ghost"]), st.integers(0, 4)),
        max_size=6,
    )
)
def test_reading_never_fails_and_ends(entries: list[tuple[str, int]]) -> None:
    """Whatever lies in the entries, filling in what is next comes to an end."""
    raws: list[Raw] = [ABOUT_NIL, ABOUT_LINKED, LINK_NOW, PURPOSE, {}]
    given_pages = [(page, raws[which]) for page, which in entries if page != "ghost"]
    pages: list[tuple[str, Raw]] = list(given_pages)
    full: dict[str, Raw] = {"about": ABOUT_LINKED, "link": LINK_NOW, "purpose": PURPOSE}

    for _ in range(12):
        reading = read(SHIPPED, *pages)
        step = reading.next_page()
        if step is None:
            break
        if step.entry_id:
            number = int(step.entry_id.removeprefix("entry"))
            pages[number] = (step.page_id, full[step.page_id])
        else:
            pages.append((step.page_id, full[step.page_id]))
    else:
        pytest.fail("it never ends")


def test_an_entry_tells_codes_and_text() -> None:
    """Empty where there is nothing."""
    entry = Entry("e", "p", {"a": Answer(codes=("x", "y")), "b": Answer(text="words")})

    assert (entry.codes("a"), entry.code("a"), entry.text("b")) == (("x", "y"), "x", "words")
    assert (entry.codes("c"), entry.code("c"), entry.text("c")) == ((), "", "")
