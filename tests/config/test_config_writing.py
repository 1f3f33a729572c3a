"""Writing ids into an admin's file: every comment stays, and what is the same is not written."""

import stat
from pathlib import Path

import pytest

from bot.config import load
from bot.config.writing import Unwritable, known_ids, write_ids

IDS = {
    "server": (100000000000000001,),
    "member_role": (100000000000000002,),
    "quarantine_channel": (100000000000000003,),
    "review_channel": (100000000000000004,),
    "welcome_channel": (100000000000000005,),
    "moderator_roles": (100000000000000006, 100000000000000007),
    "log_channel": (100000000000000008,),
}
OWN = """
[community]   # ours
name = 'The Harbour'   # in single quotes
discreet_name = "your community"
work_contact = "w@example.org"
privacy_contact = "p@example.org"

[discord]
# The server, copied by hand.
server = 100000000000000001 # a number
moderator_roles = [
    "100000000000000006", # the team
]

[timers]
lapse_after = "7d"  # a week
"""


def test_the_example_keeps_every_line_and_gains_a_table(tmp_path: Path, example: str) -> None:
    """The block in comments stays harmless, and the file loads."""
    file = tmp_path / "config.toml"
    file.write_text(example, encoding="utf-8")
    for key, ids in IDS.items():
        assert write_ids(file, {key: ids})
    assert write_ids(file, {}, members_intent=True)
    text = file.read_text(encoding="utf-8")
    assert text.startswith(example)
    loaded = load(file, {}).config
    assert loaded is not None
    assert loaded.discord is not None
    assert loaded.discord.places.moderator_roles == frozenset(IDS["moderator_roles"])
    assert known_ids(file) == IDS


def test_a_table_that_is_there_is_filled_in_where_it_stands(tmp_path: Path) -> None:
    """What an admin wrote keeps its form; comments, order and other tables are untouched."""
    file = tmp_path / "config.toml"
    file.write_text(OWN, encoding="utf-8")
    assert write_ids(file, {"server": (100000000000000001,), "member_role": (100000000000000002,)})
    text = file.read_text(encoding="utf-8")
    added = 'member_role = "100000000000000002"\n'
    assert text.replace(added, "") == OWN
    assert text.index("[discord]") < text.index(added) < text.index("[timers]")


def test_what_is_the_same_is_not_written(tmp_path: Path) -> None:
    """The file is not even touched."""
    file = tmp_path / "config.toml"
    file.write_text(OWN, encoding="utf-8")
    write_ids(file, IDS, members_intent=False)
    before = file.stat()
    assert not write_ids(file, IDS, members_intent=True)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert "members_intent = false" in file.read_text(encoding="utf-8")


def test_the_rights_of_the_file_stay(tmp_path: Path) -> None:
    """And nothing is left beside it."""
    file = tmp_path / "config.toml"
    file.write_text(OWN, encoding="utf-8")
    file.chmod(0o640)
    write_ids(file, IDS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_an_id_that_is_none_is_named(tmp_path: Path) -> None:
    """Before anything is done with it."""
    file = tmp_path / "config.toml"
    file.write_text('[discord]\nserver = "abc"\n', encoding="utf-8")
    with pytest.raises(Unwritable, match=r"discord\.server is not a Discord id"):
        known_ids(file)
    file.write_text("discord = 3\n", encoding="utf-8")
    with pytest.raises(Unwritable, match=r"\[discord\]"):
        known_ids(file)


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """It is gone, or it is not TOML."""
    with pytest.raises(Unwritable, match="cannot be written"):
        write_ids(tmp_path / "none.toml", IDS)
    broken = tmp_path / "broken.toml"
    broken.write_text("= =", encoding="utf-8")
    with pytest.raises(Unwritable, match="cannot be written"):
        write_ids(broken, IDS)
