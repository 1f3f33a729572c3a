"""What the papers say of how many people decide; and of no second reader who is not there."""

from itertools import product
from typing import Any

import pytest

from bot.config import Config
from bot.papers.deciding import hands, lets_in
from bot.papers.teller import Teller
from bot.papers.writing import Paper, explained, written
from tests.support import config

KEYS = ("admit", "conditions", "redirect", "decline", "reopen", "remove", "appeal")
ALL_ONE = dict.fromkeys(KEYS, "one")
A_RULE = {"id": "everybody", "because": "Everybody", "propose": "admit", "confirm": "two"}


def papers(settings: Config) -> str:
    """The page for everybody and the notice."""
    return explained(settings, "en") + written(Paper.NOTICE, settings, "en")


@pytest.mark.parametrize("key", KEYS)
def test_each_thing_that_takes_two_is_told(key: str) -> None:
    """And nothing else is."""
    teller = Teller(config(confirm={**ALL_ONE, key: "two"}), "en")
    told = hands(teller)

    assert [other for other in KEYS if teller.phrase(f"takes_{other}") in told] == [key]
    assert "two moderators" in told


def test_where_one_decides_nobody_else_is_promised() -> None:
    """Neither a second moderator nor a wait."""
    told = papers(config(confirm=ALL_ONE))

    assert "One moderator decides." in told
    assert "two moderators" not in told


@pytest.mark.parametrize(("remove", "rule"), list(product(("one", "two"), (False, True))))
def test_a_small_team_promises_no_second_reader(remove: str, rule: bool) -> None:
    """Wherever a larger team would have one, there is the wait, with its length."""
    tables: dict[str, Any] = {"confirm": {"small_team": True, "wait": "36h", "remove": remove}}
    if rule:
        tables["rules"] = [A_RULE]
    told = papers(config(**tables))

    assert "second moderator" not in told
    assert "two moderators" not in told
    assert ("36 hours" in told) is (remove == "two" or rule)


def test_a_rule_that_takes_two_is_none_by_which_the_machine_admits() -> None:
    """It says who has to confirm it."""
    settings = config(rules=[A_RULE])
    [rule] = settings.rules

    assert lets_in(rule, Teller(settings, "en")) == "confirm"
    told = explained(settings, "en")
    assert "No machine lets anybody in." in told
    assert "A second moderator has to confirm it before you are let in." in told
