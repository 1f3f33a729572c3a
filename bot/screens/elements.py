"""The pieces that a screen is made of, and how text is made safe and cut to size."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.questionnaire import Kind

MESSAGE_LIMIT = 2000
"""Characters that Discord takes in one message."""

MOST_PRESSES = 25


class Style(StrEnum):
    """How a button looks."""

    PRIMARY = "primary"
    NEUTRAL = "neutral"
    GOOD = "good"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Press:
    """A button: an action, and the random ref of the row that it is about."""

    action: str
    label: str
    ref: str = ""
    style: Style = Style.NEUTRAL


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file under a message. Its name shows in previews, and says nothing about the community."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Screen:
    """A message with buttons. Long text becomes several messages, buttons and files under the last."""

    text: str
    presses: tuple[Press, ...] = ()
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """An option in a form."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """A field in a form, worded in one language, with what was answered before."""

    id: str
    kind: Kind
    label: str = ""
    description: str = ""
    text: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = True
    least: int = 0
    most: int = 1
    """Options for choices, characters for text."""
    placeholder: str = ""
    chosen: tuple[str, ...] = ()
    typed: str = field(default="", repr=False)
    people: bool = False
    """A select of people; ``chosen`` holds Discord ids."""


@dataclass(frozen=True, slots=True)
class FormSheet:
    """A pop-up form."""

    action: str
    ref: str
    title: str
    inputs: tuple[Input, ...]


_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_BREAKS = frozenset({"Cc", "Zl", "Zp"})
_CODE_PIECE = 900


def inert(text: str) -> str:
    """What somebody typed, as code: it mentions nobody, links nowhere and formats nothing.

    Marks that turn the direction of writing, and other invisible characters, are taken out.
    """
    visible = _INVISIBLE.sub("", text)
    visible = "".join(c if c == "\n" or unicodedata.category(c) not in _BREAKS else " " for c in visible)
    lines = [line.replace("`", "\u02cb").strip() for line in visible.split("\n")]
    return "\n".join(f"`{piece}`" for line in lines if line for piece in _pieces(line, _CODE_PIECE))


def _pieces(text: str, size: int) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


def moment(when: datetime, style: str = "R") -> str:
    """A time that each reader sees in their own language and zone; ``R`` is "2 hours ago"."""
    return f"<t:{int(when.timestamp())}:{style}>"


def since(when: datetime) -> str:
    """Since when something waits: the time, and how long ago that is."""
    return f"{moment(when, 'f')} ({moment(when)})"


def in_messages(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Text cut into messages at line ends, or at the limit where a line is longer than a message."""
    messages: list[str] = []
    current = ""
    for line in text.split("\n"):
        for piece in _pieces(line, limit) if line else [""]:
            joined = f"{current}\n{piece}" if current else piece
            if len(joined) > limit:
                messages.append(current)
                joined = piece
            current = joined
    return [message for message in (*messages, current) if message.strip()] or ["\u200b"]


def shorten(text: str, limit: int) -> str:
    """Text cut to a length, with a sign that it was."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
