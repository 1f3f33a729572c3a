"""How long a sealed value is tells nothing about what is in it."""

from collections import defaultdict

from bot.vault import Vault
from tests.storage.test_the_thief import COMPANIES, KNOWN_IDS

PLACES = {
    "organisation": COMPANIES,
    "Discord id": [*map(str, KNOWN_IDS[:200]), "80351110224678912", str(2**63)],
}


def test_no_name_and_no_id_can_be_told_by_its_length(vault: Vault) -> None:
    """Three hundred companies, and ids of 17 to 19 digits: all of each are of one length once sealed."""
    key = vault.mint()
    lengths = defaultdict[str, set[int]](set)
    for what, values in PLACES.items():
        lengths[what] |= {len(key.seal(value, "interest_text/sealed/x")) for value in values}

    assert len({len(value) for value in COMPANIES}) > 10
    assert {what: len(found) for what, found in lengths.items()} == dict.fromkeys(PLACES, 1)
