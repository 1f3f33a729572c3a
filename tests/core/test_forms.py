"""Filling in: what is saved, what is refused, links added and taken out, information pages."""

from pathlib import Path

import pytest

from bot.filling import FormToFill, Informed, NotSaved, WhyNot
from bot.minting import NextForm
from bot.model import InformationPage
from bot.standing import AdmittedStanding, CarryOn, HeldStanding, RefusedStanding, Welcome
from tests.support import (
    ABOUT_LINKED,
    ABOUT_NIL,
    ANN,
    BEN,
    LINK_NOW,
    LINK_OLD,
    MOD,
    PURPOSE,
    UNDER_AGE,
    FakeClock,
    Raw,
    World,
    config,
    world_in,
)


async def test_a_saved_page_names_where_one_stands_and_what_is_next(world: World) -> None:
    """After links were told of, there is a second page."""
    first = await world.begin()

    saved = await world.save(ANN, first.ref, ABOUT_LINKED)

    assert (saved.number, saved.total, saved.problems) == (1, 2, ())
    assert saved.next is not None
    assert saved.next.page.id == "link"


async def test_opening_a_form_writes_nothing(world: World) -> None:
    """Opening it twice shows the same form."""
    first = await world.begin()
    before = await world.rows("SELECT * FROM form")

    opened = [await world.forms.open(ANN, first.ref) for _ in range(2)]

    assert opened[0] == opened[1]
    assert isinstance(opened[0], FormToFill)
    assert opened[0].entry.answers == {}
    assert await world.rows("SELECT * FROM form") == before


async def test_the_same_ref_again_overwrites_and_never_adds(world: World) -> None:
    """A form sent three times is one entry, with what came last."""
    ref = await world.answer(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    assert ref
    link_ref = (await world.summary(ANN)).entries[1].ref

    for name in ("First Ltd", "Second Ltd", "Third Ltd"):
        await world.save(ANN, link_ref, {**LINK_NOW, "organisation": name})

    [link] = [e for e in (await world.summary(ANN)).entries if e.entry.page_id == "link"]
    assert link.entry.text("organisation") == "Third Ltd"


async def test_a_stale_ref_of_the_same_entry_still_lands(world: World) -> None:
    """Every ref ever minted for an entry changes that entry."""
    first = await world.begin()
    saved = await world.save(ANN, first.ref, ABOUT_NIL)

    await world.save(ANN, saved.again, ABOUT_LINKED)
    await world.save(ANN, first.ref, ABOUT_NIL)

    assert (await world.summary(ANN)).entries[0].entry.code("links") == "no"
    assert await world.one("SELECT count(*) FROM entry") == 1


async def test_changed_content_has_a_fresh_ref(world: World) -> None:
    """Phones keep showing what a form with the same ref held before."""
    first = await world.begin()
    saved = await world.save(ANN, first.ref, ABOUT_NIL)
    again = await world.save(ANN, saved.again, ABOUT_LINKED)

    assert len({first.ref, saved.again, again.again}) == 3
    opened = await world.forms.open(ANN, again.again)
    assert isinstance(opened, FormToFill)
    assert opened.entry.code("links") == "yes"


async def test_what_does_not_fit_is_saved_and_pointed_out(world: World) -> None:
    """Nothing that was typed is thrown away because something else is missing."""
    first = await world.begin()
    about = await world.save(ANN, first.ref, ABOUT_LINKED)
    assert about.next is not None

    saved = await world.save(ANN, about.next.ref, {**LINK_OLD, "period": None, "organisation": ""})

    assert [(p.field.id, p.kind) for p in saved.problems] == [
        ("organisation", "missing"),
        ("period", "missing"),
    ]
    opened = await world.forms.open(ANN, saved.again)
    assert isinstance(opened, FormToFill)
    assert opened.entry.code("category") == "industry"


async def test_a_form_replaces_only_the_fields_it_showed(world: World) -> None:
    """A field that the form did not hold keeps its answer."""
    first = await world.begin()
    saved = await world.save(ANN, first.ref, ABOUT_NIL)

    await world.save(ANN, saved.again, {"capacity": "both"})

    opened = await world.forms.open(ANN, saved.again)
    assert isinstance(opened, FormToFill)
    assert {n: opened.entry.code(n) for n in ABOUT_NIL} == {**ABOUT_NIL, "capacity": "both"}


async def test_links_are_added_up_to_five(world: World) -> None:
    """The sixth is not offered, and what a stale form sends for it is handed back."""
    first = await world.begin()
    saved = await world.save(ANN, first.ref, ABOUT_LINKED)
    assert saved.next is not None
    ref, spare = saved.next.ref, ""
    for number in range(1, 6):
        saved = await world.save(ANN, ref, {**LINK_OLD, "organisation": f"Company {number}"})
        assert saved.filled == number
        ref = saved.add_another
        spare = spare or ref
    assert ref == ""

    summary = await world.summary(ANN)
    assert summary.add_another == ()
    removed = await world.forms.remove(ANN, summary.entries[1].ref)
    assert not isinstance(removed, NotSaved)
    sixth = (await world.summary(ANN)).add_another[0][1]
    await world.save(ANN, sixth, {**LINK_OLD, "organisation": "Company 6"})
    stale = await world.forms.save(ANN, summary.entries[1].ref, LINK_OLD)

    assert stale == NotSaved(WhyNot.FULL, ("industry", "Helix Pharma", "older"))


async def test_a_link_taken_out_is_gone_and_its_words_are_deleted(world: World) -> None:
    """With the only link gone, the link page is what is missing."""
    await world.answer(ANN, ABOUT_LINKED, LINK_OLD)
    ref = (await world.summary(ANN)).entries[1].ref

    result = await world.forms.remove(ANN, ref)

    assert isinstance(result, NextForm)
    assert (result.page.id, result.ref == ref) == ("link", False)
    assert await world.rows("SELECT * FROM answer_text") == []


async def test_a_link_taken_out_comes_back_when_its_form_is_sent_again(world: World) -> None:
    """A form still open on another device is not lost while there is room."""
    await world.answer(ANN, ABOUT_LINKED, LINK_OLD)
    ref = (await world.summary(ANN)).entries[1].ref
    await world.forms.remove(ANN, ref)

    saved = await world.save(ANN, ref, LINK_OLD)

    assert (saved.filled, saved.next) == (1, None)


async def test_only_repeated_pages_can_be_taken_out(world: World) -> None:
    """The first page cannot."""
    await world.answer(ANN, ABOUT_NIL)
    ref = (await world.summary(ANN)).entries[0].ref

    assert await world.forms.remove(ANN, ref) == NotSaved(WhyNot.UNKNOWN)


async def test_forms_of_others_are_refused(world: World) -> None:
    """Another applicant, or a moderator, reaches nothing through a ref, and loses nothing."""
    first = await world.begin()
    await world.begin(BEN)

    for stranger in (BEN, MOD):
        assert await world.forms.open(stranger, first.ref) == NotSaved(WhyNot.UNKNOWN)
        refused = await world.forms.save(stranger, first.ref, {"goal": "typed at length"})
        assert refused == NotSaved(WhyNot.UNKNOWN, ("typed at length",))
        assert await world.forms.remove(stranger, first.ref) == NotSaved(WhyNot.UNKNOWN)
    sheet_id = await world.rows("SELECT sheet_id FROM form WHERE ref = ?", first.ref)
    assert await world.forms.summary(BEN, sheet_id[0][0]) == NotSaved(WhyNot.UNKNOWN)
    assert await world.rows("SELECT * FROM answer") == []


async def test_an_unknown_ref_hands_back_what_was_typed(world: World) -> None:
    """A form from before the answers were deleted."""
    result = await world.forms.save(ANN, "NOSUCHREF", {"goal": "Dear team", "purpose": ["listen"], "x": " "})

    assert result == NotSaved(WhyNot.UNKNOWN, ("Dear team",))


async def test_a_form_after_sending_is_refused_with_its_words(world: World) -> None:
    """What moderators read does not change under their eyes."""
    await world.answer(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    summary = await world.summary(ANN)
    await world.submission.send(ANN, summary.send_ref, {"statements": ["true", "named", "keep", "update"]})

    result = await world.forms.save(ANN, summary.entries[1].ref, {"organisation": "Another"})

    assert result == NotSaved(WhyNot.SENT, ("Another",))
    assert await world.forms.open(ANN, summary.entries[1].ref) == NotSaved(WhyNot.SENT)
    assert await world.forms.remove(ANN, summary.entries[1].ref) == NotSaved(WhyNot.SENT)


async def test_a_form_after_the_case_closed_is_refused_with_its_words(world: World) -> None:
    """Declined while a form was open on the phone."""
    first = await world.begin()
    await world.decline()

    result = await world.forms.save(ANN, first.ref, {**ABOUT_NIL, "goal": "what I wrote"})

    assert isinstance(result, NotSaved)
    assert result.why is WhyNot.CLOSED
    assert "what I wrote" in result.typed


async def test_under_age_answers_are_gone_on_the_spot(world: World) -> None:
    """Person, key and all they said: only a count is left."""
    first = await world.begin()
    key_id = await world.one("SELECT key_id FROM subject")

    result = await world.forms.save(ANN, first.ref, UNDER_AGE)

    assert result == Informed(InformationPage.UNDER_AGE)
    for table in ("subject", "identity", "cases", "sheet", "entry", "answer", "consent", "form", "effect"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert await world.rows("SELECT metric, n FROM counter") == [("information.under_age", 1)]
    assert world.key_is_destroyed(key_id)
    assert await world.gate.standing(ANN) == Welcome()


async def test_somebody_under_age_with_an_earlier_case_keeps_only_that(world: World) -> None:
    """The declined case stays, so that starting again still goes to a person."""
    await world.begin()
    await world.decline()
    first = await world.begin()

    await world.forms.save(ANN, first.ref, UNDER_AGE)

    assert await world.states() == ["declined"]
    assert await world.rows("SELECT * FROM answer") == []
    assert isinstance(await world.gate.standing(ANN), RefusedStanding)


async def test_under_age_after_sending_withdraws_and_wipes(world: World) -> None:
    """Moderators saw the case, so that it existed stays; what was said does not."""
    await world.held()
    await world.gate.reopen(ANN)
    ref = (await world.summary(ANN)).entries[0].ref

    assert await world.forms.save(ANN, ref, UNDER_AGE) == Informed(InformationPage.UNDER_AGE)

    assert await world.states() == ["withdrawn"]
    for table in ("sheet", "answer", "answer_text", "disclosure", "interest_text", "verdict"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table


@pytest.mark.parametrize(
    ("raw", "page"),
    [
        ({**ABOUT_NIL, "belongs": "no"}, InformationPage.NOT_FOR_ME),
        ({**ABOUT_NIL, "belongs": "no", "capacity": "work"}, InformationPage.WORK),
        ({**ABOUT_LINKED, "belongs": "no", "capacity": "both"}, InformationPage.WORK),
    ],
)
async def test_information_pages_keep_nothing(world: World, raw: Raw, page: InformationPage) -> None:
    """No answer, no consent, no event; the case is off the lists; a count is all."""
    await world.gate.arrive(ANN)
    first = await world.begin()

    assert await world.forms.save(ANN, first.ref, raw) == Informed(page)

    assert await world.rows("SELECT state, listed, sheet_id FROM cases") == [("waiting", 0, None)]
    for table in ("sheet", "entry", "answer", "consent", "form", "verdict", "decision"):
        assert await world.rows(f"SELECT * FROM {table}") == [], table
    assert await world.rows("SELECT metric, n FROM counter") == [(f"information.{page.value}", 1)]
    assert await world.rows("SELECT action FROM event ORDER BY seq") == [("case.opened",), ("case.begun",)]


async def test_an_information_page_after_sending_leaves_what_was_sent(world: World) -> None:
    """Only age deletes what moderators already have; the new answers are not taken over."""
    await world.held()
    await world.gate.reopen(ANN)
    ref = (await world.summary(ANN)).entries[0].ref

    result = await world.forms.save(ANN, ref, {**ABOUT_NIL, "belongs": "no"})

    assert result == Informed(InformationPage.NOT_FOR_ME, kept_before=True)
    assert (await world.summary(ANN)).entries[0].entry.code("belongs") == "yes"


async def test_an_answer_that_became_hidden_counts_nowhere(world: World) -> None:
    """Links told of, then "no": the nil return is let in, whatever was typed before."""
    await world.answer(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
    ref = (await world.summary(ANN)).entries[0].ref
    await world.save(ANN, ref, ABOUT_NIL)

    summary = await world.summary(ANN)
    result = await world.submission.send(
        ANN, summary.send_ref, {"statements": ["true", "named", "keep", "update"]}
    )

    assert [item.entry.page_id for item in summary.entries] == ["about"]
    assert isinstance(await world.gate.standing(ANN), AdmittedStanding), result
    assert await world.rows("SELECT disclosed FROM disclosure") == [("none",)]
    assert await world.rows("SELECT * FROM interest") == []


async def test_editing_the_file_strands_nobody(tmp_path: Path, clock: FakeClock) -> None:
    """A case keeps the questionnaire it began with; whoever begins later gets the new one."""
    about = config().questionnaire.pages[0]
    shortened = about.model_copy(update={"fields": (*about.fields[:-1],)})
    async with world_in(tmp_path, config(), clock) as before:
        await before.begin()
    edited = config(pages=[page.model_dump(by_alias=True) for page in (shortened, *config().pages[3:])])
    async with world_in(tmp_path, edited, clock) as after:
        standing = await after.gate.standing(ANN)
        assert isinstance(standing, CarryOn)
        assert isinstance(standing.step, NextForm)
        old = await after.forms.open(ANN, standing.step.ref)
        new = await after.forms.open(BEN, (await after.begin(BEN)).ref)
        assert isinstance(old, FormToFill)
        assert isinstance(new, FormToFill)

        assert ["links" in [f.id for f in form.shown.asked] for form in (old, new)] == [True, False]
        await after.send(ANN, ABOUT_LINKED, LINK_NOW, PURPOSE)
        assert isinstance(await after.gate.standing(ANN), HeldStanding)
        assert await after.one("SELECT count(*) FROM questionnaire") == 2
