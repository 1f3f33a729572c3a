"""Two moderators decide together, or one after a wait; and storms of presses on the real bot."""

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.config import Config
from rehearsal.theatre import Person
from tests.stage.acts import Stage, code_of, grants, held, inside, rows

BY_TWO = {"admit": "two", "decline": "two"}


def with_confirm(config: Config, **keys: Any) -> Config:
    """The example, with other things that take two."""
    return config.model_copy(update={"confirm": config.confirm.model_copy(update={**BY_TWO, **keys})})


async def opens(moderator: Person) -> None:
    """Open the file of the only case."""
    await moderator.command("review open", code=await code_of(moderator.theatre))


async def test_one_proposes_and_another_confirms(stage: Stage, config: Config) -> None:
    """Nothing happens after the first press; the second one reads what will be sent, and it is sent once."""
    theatre = await stage(with_confirm(config))
    ben = await held(theatre)
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    await opens(mia)
    await mia.press("Decline")
    seen = await mia.fill(reason=["client_not_named"])
    assert "This takes two of you." in seen.text
    preview = seen.text.partition(">>> ")[2].strip()
    seen = await mia.press("Send and close the case")
    assert "you have proposed declining. Nothing is decided yet." in seen.text
    await theatre.settle()
    assert ben.inbox() == []
    assert any("takes two of you" in message.content for message in theatre.cards())

    await opens(mia)
    assert mia.seen.buttons == ["Withdraw it", "More", "Open the next one"]
    await opens(leo)
    assert leo.seen.buttons == ["Confirm", "I do not agree", "More", "Open the next one"]
    assert preview in leo.seen.text
    seen = await leo.press("Confirm")
    assert ": declined." in seen.text
    await theatre.settle()

    assert len(ben.inbox()) == 1
    assert await rows(theatre, "SELECT outcome, hands FROM decision WHERE automated = 0") == [
        ("decline", "two")
    ]
    await opens(mia)
    assert f"by <@{mia.id}>, confirmed by <@{leo.id}>" in mia.seen.text


async def test_one_who_does_not_agree_says_so_in_a_form(stage: Stage, config: Config) -> None:
    """With a note for the team; then the case can be decided anew, and a late press is told who refused."""
    theatre = await stage(with_confirm(config))
    await held(theatre)
    mia, leo, kim = [await theatre.moderator(name) for name in ("mia", "leo", "kim")]
    await opens(mia)
    await mia.press("Admit")
    await opens(leo)
    await opens(kim)
    form = await leo.press("I do not agree")
    assert form.title == "I do not agree"
    seen = await leo.fill(why="They named nobody.")
    assert "you did not agree to letting them in, so nothing is decided" in seen.text
    seen = await kim.press("Confirm")
    assert re.search(rf"letting them in was refused by <@{leo.id}>, <t:\d+:f>\.", seen.text)
    await theatre.settle()
    assert grants(theatre) == 0
    await opens(kim)
    assert "Admit" in kim.seen.buttons


async def test_the_file_changes_under_a_proposal(stage: Stage, config: Config) -> None:
    """The person takes their answers back to change them: what was proposed counts no more."""
    theatre = await stage(with_confirm(config))
    ben = await held(theatre)
    mia, leo = await theatre.moderator("mia"), await theatre.moderator("leo")
    await opens(mia)
    await mia.press("Admit")
    await opens(leo)
    await ben.press_panel("Start")
    await ben.press("Change my answers")
    seen = await leo.press("Confirm")
    assert "letting them in does not count any more" in seen.text
    await theatre.settle()
    assert not inside(ben)
    assert any("what was proposed does not count any more" in m.content for m in theatre.cards())


async def test_a_small_team_is_told_of_the_wait_and_of_no_second_reader(stage: Stage, config: Config) -> None:
    """One person, a day, and the door opens; until then either of the two can stop it."""
    theatre = await stage(with_confirm(config, small_team=True))
    ben = await held(theatre)
    mia = await theatre.moderator("mia")
    await opens(mia)
    seen = await mia.press("Admit")
    assert "It waits until" in seen.text
    await opens(mia)
    assert "unless one of you stops it" in mia.seen.text
    assert "second" not in mia.seen.text
    await theatre.settle()
    assert grants(theatre) == 0
    for _ in range(50):
        await theatre.env.advance_time(timedelta(minutes=29).total_seconds())
        await theatre.house.sweep.run(theatre.env.now())
    await theatre.settle()
    assert inside(ben)
    assert await rows(theatre, "SELECT hands FROM decision WHERE automated = 0") == [("waited",)]


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_storm_on_a_case_for_two(stage: Stage, config: Config, restarts: bool) -> None:
    """Four propose at once, and then three confirm at once while one does not agree and one withdraws.

    REST calls really suspend. One decision or none, its two voters, one message; everybody else is told.
    """
    theatre = await stage(with_confirm(config))
    ben = await held(theatre)
    team = [await theatre.moderator(name) for name in ("mia", "leo", "kim", "sam")]
    for moderator in team:
        await opens(moderator)
    seen = await theatre.together(*((moderator, "Admit") for moderator in team), (team[0], "Admit"))
    assert sum("you have proposed letting them in. Nothing is decided yet." in one.text for one in seen) == 1
    [(first,)] = await rows(theatre, "SELECT proposed_by FROM motion")
    for one in seen:
        assert "proposed" in one.text
    assert grants(theatre) == 0
    if restarts:
        await theatre.restart()
    for moderator in team:
        await opens(moderator)
    [proposer] = [moderator for moderator in team if "Withdraw it" in moderator.seen.buttons]
    others = [moderator for moderator in team if moderator is not proposer]
    seen = await theatre.together(
        *((moderator, "Confirm") for moderator in others),
        (proposer, "Withdraw it"),
        *((moderator, "Confirm") for moderator in others),
    )
    await theatre.settle()

    decided = await rows(theatre, "SELECT decided_by, confirmed_by, hands FROM decision WHERE automated = 0")
    votes = await rows(theatre, "SELECT moderator_id, vote FROM vote ORDER BY moderator_id")
    if decided:
        [(by, second, hands)] = decided
        assert (by, hands) == (first, "two")
        assert sorted(votes) == sorted([(first, "for"), (second, "for")])
        assert sum(": admitted." in one.text for one in seen) == 1
        late = [one.text for one in seen if ": admitted." not in one.text]
        assert all("letting them in is decided already, by <@" in text for text in late)
    else:
        assert votes == [(first, "for")]
        assert sum("is off" in one.text for one in seen) == 1
    assert grants(theatre) == len(ben.inbox()) == len(decided)
    assert inside(ben) is bool(decided)
