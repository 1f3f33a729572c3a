"""Names of organisations: the same however they are written, and never more alike than they are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.fairness.naming import normalised

SAME = [
    ("Helix Pharma", "helix  pharma"),
    ("Helix Pharma", "HELIX PHARMA Ltd."),
    ("Helix Pharma", "The Helix Pharma, Inc."),
    ("Helix Pharma", "Helix-Pharma GmbH & Co. KG"),
    ("Helix Pharma", "Helix Pharma S.p.A."),
    ("Helix Pharma", "\uff28\uff25\uff2c\uff29\uff38 \uff50harma"),
    ("Helix Pharma", "Helix\u200bPharma"),
    ("GlaxoSmithKline", "Glaxo Smith Kline plc"),
    ("Société Générale", "SOCIETE GENERALE S.A."),
    ("O'Neill & Sons", "ONeill and Sons Limited"),
    ("Straße AG", "STRASSE"),
    ("Novo Nordisk A/S", "Novo Nordisk"),
    ("The Coca-Cola Company", "Coca Cola"),
    ("İstanbul Medikal", "istanbul medikal"),
    ("Αθήνα", "ΑΘΗΝΑ"),
]

DIFFERENT = [
    ("Helix Pharma", "Helix Devices"),
    ("North Clinic", "South Clinic"),
    ("The Company", "The Corporation"),
    ("Group 1", "Group 2"),
    ("株式会社一", "株式会社二"),
    ("Inc", "Ltd"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_ways_of_writing_one_name_are_one(one: str, other: str) -> None:
    """Capitals, accents, marks, spaces, wide letters, the legal form, a leading "the"."""
    assert normalised(one) == normalised(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_names_stay_other_names(one: str, other: str) -> None:
    """Nothing is taken away that tells two apart; of a name, something is always left."""
    assert normalised(one) != normalised(other)
    assert normalised(one) != ""


@pytest.mark.parametrize("typed", ["", "  ", "-", "n/a", "N.A.", "None", "self-employed", "Not sure.", "🙂"])
def test_what_names_nobody_is_no_name(typed: str) -> None:
    """Or everybody who wrote "n/a" would be tied to everybody else who did."""
    assert normalised(typed) == ""


@given(st.text(max_size=60))
@example("ᾳ\u0345")
@example("NA Ltd")
@example("ᄀ-ᅡ")
@example("the the Co Co")
def test_a_tidy_name_is_tidy(typed: str) -> None:
    """Doing it again changes nothing, and no spaces, capitals or marks are left."""
    tidy = normalised(typed)

    assert normalised(tidy) == tidy
    assert tidy == tidy.casefold()
    assert tidy == "" or not {" ", ".", ",", "-"} & set(tidy)


@given(st.text(max_size=40), st.sampled_from(["Ltd", "GmbH", "Inc.", "plc", "S.A.", "LLC", "& Co. KG"]))
def test_a_legal_form_changes_no_name(name: str, form: str) -> None:
    """Whatever stands before it, as long as something does."""
    tidy = normalised(f"{name} x1")

    assert normalised(f"{name} x1 {form}") == tidy
    assert normalised(f"  {name}   x1, {form.upper()} ") == tidy
