"""The standing panel of the quarantine channel."""

from datetime import timedelta

from bot.config import Config
from bot.text import Text
from rehearsal.theatre import Seen, Theatre
from tests.stage.acts import calls, rows

LABELS = [
    "Start or carry on",
    "I am here only for work or study",
    "Talk to a person",
    "I need help now",
    "What we keep",
]


def reworded(config: Config, title: str) -> Config:
    """The same configuration with another headline on the panel."""
    gate = config.gate.model_copy(update={"title": Text.model_validate(title)})
    return config.model_copy(update={"gate": gate})


async def test_one_panel_stands_with_five_buttons_and_the_help_numbers(theatre: Theatre) -> None:
    """The numbers are in its text, so that they can be read while the bot is down."""
    assert len(theatre.server.front_porch.history()) == 1
    assert Seen([theatre.panel]).buttons == LABELS
    assert not theatre.panel.flags.ephemeral
    for told in ("116 123", "988", "0800 111 0 111", "999", "911", "112"):
        assert told in theatre.panel.content


async def test_restarts_never_post_a_second_panel(theatre: Theatre) -> None:
    """Starting again finds the panel that stands, and leaves it alone."""
    before = theatre.panel.id
    for _ in range(3):
        await theatre.restart()
    assert [message.id for message in theatre.server.front_porch.history()] == [before]
    assert not [path for method, path in calls(theatre) if method == "PATCH"]


async def test_a_changed_configuration_edits_the_panel(theatre: Theatre) -> None:
    """After a restart with other words, the same message says them."""
    before = theatre.panel.id
    theatre.config = reworded(theatre.config, "Welcome to the porch")
    await theatre.restart()
    assert theatre.panel.id == before
    assert "# Welcome to the porch" in theatre.panel.content
    assert len(theatre.server.front_porch.history()) == 1
    assert Seen([theatre.panel]).buttons == LABELS


async def test_a_deleted_panel_is_back_within_the_hour(theatre: Theatre) -> None:
    """The sweep looks after the panel, and it works like the first."""
    before = theatre.panel.id
    await theatre.panel.delete()
    assert theatre.server.front_porch.history() == []
    await theatre.pass_time(timedelta(hours=1))
    assert len(theatre.server.front_porch.history()) == 1
    assert theatre.panel.id != before
    ann = await theatre.newcomer("ann")
    assert "Agree and begin" in (await ann.press_panel("Start")).buttons


async def test_a_panel_deleted_while_the_bot_was_down_is_back_at_once(theatre: Theatre) -> None:
    """Starting makes sure that the panel stands, changed words or not."""
    await theatre.panel.delete()
    theatre.config = reworded(theatre.config, "Other words")
    await theatre.restart()
    assert [message.content[:13] for message in theatre.server.front_porch.history()] == ["# Other words"]


async def test_the_panel_is_pressed_across_restarts(theatre: Theatre) -> None:
    """A message from before the restart has working buttons."""
    ann = await theatre.newcomer("ann")
    await theatre.restart()
    for label in LABELS:
        assert (await ann.press_panel(label)).text


async def test_what_we_keep_shows_the_privacy_note(theatre: Theatre) -> None:
    """What is kept, for how long, and whom to ask; asking leaves no trace."""
    ann = await theatre.newcomer("ann")
    before = await rows(theatre, "SELECT * FROM event")
    seen = await ann.press_panel("What we keep")
    assert seen.text.startswith("**What we keep**")
    assert "30 days" in seen.text
    assert "privacy@harbour.example" in seen.text
    assert seen.messages[0].ephemeral
    assert await rows(theatre, "SELECT * FROM event") == before
