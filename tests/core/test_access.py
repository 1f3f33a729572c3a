"""Who may do what: the decision table, held against an expectation that is written out by itself."""

from itertools import product

import pytest

from bot.access import HIDDEN, Act, Filed, Hand, Role, Tie, why_not

AT_THE_DESK = (Act.OPEN, Act.CLAIM, Act.ASK, Act.DECIDE, Act.CONFIRM, Act.APPEAL, Act.CONCERN)
FROM_OUTSIDE = (Act.OPEN, Act.ASK, Act.DECIDE, Act.CONFIRM, Act.APPEAL)

BY_TIE = {
    Tie.OWN: "own_case",
    Tie.LINKED: "recused",
    Tie.DECLARED: "recused",
    Tie.ASKED_ASIDE: "recused",
    Tie.DECIDED: "recused",
    Tie.REPORTER: "recused",
    Tie.ABOUT: HIDDEN,
}
BY_FILED = {Filed.CURRENT: "", Filed.STALE: "interests_stale", Filed.NONE: "interests_none"}


def all_hands() -> list[Hand]:
    """Everybody who could reach for anything."""
    return [Hand(*one) for one in product(Role, Filed, Tie, (False, True))]


def expected() -> dict[tuple[Act, Hand], str]:
    """The whole table: nobody may do anything, and then what is let."""
    table = {(act, hand): "not_a_moderator" for act in Act for hand in all_hands()}
    for filed, tie, proposed in product(Filed, Tie, (False, True)):
        table[Act.EXPORT, Hand(Role.OPERATOR, filed, tie, proposed)] = ""
        for role, acts in ((Role.MODERATOR, AT_THE_DESK), (Role.OUTSIDE, FROM_OUTSIDE)):
            hand = Hand(role, filed, tie, proposed)
            table[Act.SEE, hand] = HIDDEN if tie is Tie.ABOUT else ""
            for act in acts:
                table[act, hand] = BY_FILED[filed] if tie is Tie.NONE else BY_TIE[tie]
            if filed is Filed.CURRENT and tie is Tie.NONE and proposed:
                table[Act.CONFIRM, hand] = "own_proposal"
    return table


EXPECTED = expected()


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("role", list(Role))
def test_every_cell_is_as_written(act: Act, role: Role) -> None:
    """Each act of each role, with every disclosure, every tie, and proposed or not."""
    cells = [hand for hand in all_hands() if hand.role is role]

    assert len(cells) == len(Filed) * len(Tie) * 2
    for hand in cells:
        assert why_not(act, hand) == EXPECTED[act, hand], hand


def test_the_table_has_every_cell() -> None:
    """As many as there are."""
    assert len(EXPECTED) == len(Act) * len(Role) * len(Filed) * len(Tie) * 2


def test_nobody_who_is_tied_gets_past_the_card() -> None:
    """Whatever ties them, as whatever they come, whatever they filed."""
    for act, hand in EXPECTED:
        if hand.tie is not Tie.NONE and hand.role is not Role.OPERATOR and act is not Act.SEE:
            assert why_not(act, hand), (act, hand)


def test_whoever_a_concern_is_about_hears_what_a_code_that_is_none_says() -> None:
    """Not even the card is there for them."""
    for act, filed in product((Act.SEE, *AT_THE_DESK), Filed):
        assert why_not(act, Hand(Role.MODERATOR, filed, Tie.ABOUT)) == "no_such_case"


def test_nobody_confirms_what_they_proposed() -> None:
    """Under no role, with no disclosure, whatever ties them or does not."""
    assert all(why_not(Act.CONFIRM, hand) for hand in all_hands() if hand.proposed)


def test_nothing_but_a_current_disclosure_opens_a_file() -> None:
    """And nothing else is opened, decided, confirmed or handled without one."""
    for hand in all_hands():
        if hand.filed is not Filed.CURRENT and hand.role is not Role.OPERATOR:
            assert all(why_not(act, hand) for act in AT_THE_DESK), hand
