"""The one error path: a person always gets a sentence, with a short reference that the log has too."""

import logging
import secrets
from typing import Any

import discord

from bot.database import StorageUnavailable
from bot.model import ChangedMeanwhile
from bot.screens.elements import Screen
from bot.words import Voice

_log = logging.getLogger(__name__)

_TOO_LATE = {10062, 40060}
"""Unknown interaction, and already acknowledged: there is nobody left to answer."""


def screen_for(error: BaseException, voice: Voice) -> Screen:
    """The sentence for an error. The reference ties it to the log line written here."""
    reference = secrets.token_hex(3).upper()
    _log.error(
        "reference %s: %s", reference, type(error).__name__, exc_info=error, extra={"reference": reference}
    )
    if isinstance(error, StorageUnavailable):
        return Screen(voice.say("cannot_save", reference=reference))
    if isinstance(error, ChangedMeanwhile):
        return Screen(voice.say("changed_meanwhile", reference=reference))
    return Screen(voice.say("went_wrong", reference=reference))


def nobody_to_answer(error: BaseException) -> bool:
    """Whether Discord no longer takes an answer to this press."""
    return isinstance(error, discord.HTTPException) and error.code in _TOO_LATE


def note_unanswered(interaction: discord.Interaction[Any]) -> None:
    """Say in the log that a press could not be answered."""
    _log.warning("a press could not be answered in time: %s", interaction.type.name)
