"""What the channel of anchors shows: the end of the log on one day."""

from bot.clock import from_ms
from bot.screens.elements import Screen
from bot.words import Voice


def anchor(voice: Voice, seq: int, at: int, line_hash: bytes) -> Screen:
    """One line of the log: its number, its time in milliseconds, and its hash."""
    day = from_ms(at).date().isoformat()
    return Screen(voice.say("anchor", day=day, line=str(seq), hash=line_hash.hex()))
