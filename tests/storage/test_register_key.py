"""The register's own key: carried over by a new master key, and made in a file from before there was one."""

from contextlib import closing
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from bot.keys import rotation
from bot.keys.sealing import KeyProblem
from bot.store import masters
from bot.vault import Vault
from tests.support import MASTER, lay_fresh_files, raw_connection

NEW = bytes(range(32, 64))
PLACE = "organisation_name/sealed/x"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A file of keys."""
    lay_fresh_files(tmp_path)
    return tmp_path / "keys.db"


def test_a_new_master_key_carries_it(keys: Path) -> None:
    """Names open and are found as before, with the new one only."""
    with Vault.opened(keys, MASTER) as vault:
        sealed, found = vault.register.seal("Helix", PLACE), vault.name_lookup("helix")
        for _ in rotation.rotate(vault, None, NEW):
            pass
    with Vault.opened(keys, NEW) as vault:
        rotation.finish_at_start(vault, None)
    with Vault.opened(keys, NEW) as vault:
        assert vault.register.open(sealed, PLACE) == "Helix"
        assert vault.name_lookup("helix") == found
        assert not rotation.under_way(vault)
    with pytest.raises(KeyProblem), Vault.opened(keys, MASTER):
        pass


def test_a_file_from_before_gets_one(keys: Path) -> None:
    """Once, and it stays; whereas the secret that people are found by is never made anew beside a key."""
    with closing(raw_connection(keys)) as connection:
        connection.execute("DELETE FROM secret WHERE name = ?", (masters.REGISTER,))
    with Vault.opened(keys, MASTER) as vault:
        found = vault.name_lookup("helix")
        vault.mint()
    with Vault.opened(keys, MASTER) as vault:
        assert vault.name_lookup("helix") == found
    with closing(raw_connection(keys)) as connection:
        connection.execute("DELETE FROM secret WHERE name = ?", (masters.LOOKUP,))
    with pytest.raises(KeyProblem), Vault.opened(keys, MASTER):
        pass


def test_it_is_a_key_of_its_own(keys: Path) -> None:
    """Neither what people are found by nor what seals finds a name; a changed one stops the start."""
    with Vault.opened(keys, MASTER) as vault:
        assert vault.name_lookup("200000000000000001") != vault.lookup(200000000000000001)
        assert vault.register.secret != vault.name_lookup("")
        with pytest.raises(KeyProblem):
            vault.register.open(vault.register.seal("Helix", PLACE), PLACE + "y")
    with closing(raw_connection(keys)) as connection:
        connection.execute("UPDATE secret SET wrapped = zeroblob(61) WHERE name = ?", (masters.REGISTER,))
    with pytest.raises((KeyProblem, InvalidTag)), Vault.opened(keys, MASTER):
        pass
