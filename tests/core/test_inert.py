"""What somebody typed, as everybody else sees it: inert, whole, and in messages that Discord takes."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.filling import NotSaved
from bot.screens import files as file_screens
from bot.screens import forms as form_screens
from bot.screens.elements import MESSAGE_LIMIT, in_messages, inert, shorten
from tests.support import ABOUT_LINKED, ANN, LINK_NOW, MOD, PURPOSE, World

BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
MARKS = frozenset("\u200e\u200f\u061c\u200b\u200c\u200d\u2060\ufeff")

NASTY = [
    "@everyone",
    "@here <@123456789012345678> <@&123456789012345678> <#123456789012345678> </a:1>",
    "**bold** __under__ ~~gone~~ ||spoiler|| # title\n> quote\n- list",
    "[safe](https://evil.example) https://evil.example <https://evil.example>",
    "\u202egnorw\u202c \u200fright\u200e \u2066iso\u2069 \u061calm",
    "x" * 4000,
    "`code` ``double`` ```block``` `",
    "```\n@everyone\n```",
    "a\u2028@everyone\u2029b\x00c\x85d\re\tf",
    "`" * 4000,
    "   \n  \n ",
    "\\`@everyone\\`",
    "<:emoji:123456789012345678> <t:0:R> :smile:",
]

mixed = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=40)), max_size=6).map("".join)


def is_code(line: str) -> bool:
    """Whether a line is one code span and nothing else."""
    return re.fullmatch(r"`[^`]+`", line) is not None


def visible(text: str) -> list[str]:
    """What can be seen of a text, in order; a backtick looks the same to the eye."""
    return [
        "\u02cb" if c == "`" else c
        for c in text
        if not c.isspace()
        and unicodedata.category(c) not in {"Cc", "Cf", "Zl", "Zp"}
        and not "\U000e0000" <= c <= "\U000e007f"
    ]


@given(text=mixed)
@example(text="".join(NASTY))
def test_what_was_typed_becomes_code_and_nothing_else(text: str) -> None:
    """Every line is one code span, without direction marks; what can be seen is all there, in order."""
    lines = inert(text).split("\n") if inert(text) else []

    assert all(is_code(line) for line in lines)
    assert not any(unicodedata.bidirectional(c) in BIDI or c in MARKS for line in lines for c in line)
    assert not any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} for line in lines for c in line)
    assert visible("".join(line[1:-1] for line in lines)) == visible(text)
    assert "```" not in inert(text)


@given(text=mixed, before=st.sampled_from(["", "Name: ", "x" * 1990]))
@example(text="x" * 4000, before="Name: ")
def test_messages_fit_and_cut_no_code_in_two(text: str, before: str) -> None:
    """Whatever was typed, each message is short enough and each of its lines closes what it opens."""
    screen = f"{before}\n{inert(text)}\nLabel: {inert(text)}"

    messages = in_messages(screen)

    assert all(0 < len(message) <= MESSAGE_LIMIT for message in messages)
    assert all(line.count("`") % 2 == 0 for message in messages for line in message.split("\n"))
    assert visible("".join(messages)) == visible(screen)


@given(text=st.text(alphabet="ab \n", max_size=300), limit=st.integers(min_value=1, max_value=40))
def test_cutting_loses_nothing_but_line_ends(text: str, limit: int) -> None:
    """At any limit; a line longer than a message is cut in pieces."""
    messages = in_messages(text, limit)

    assert all(len(message) <= limit for message in messages)
    assert visible("".join(messages)) == visible(text)


def test_nothing_to_say_is_still_a_message() -> None:
    """Discord takes no empty ones."""
    assert in_messages("") == in_messages(" \n ") == ["\u200b"]


@pytest.mark.parametrize(("text", "limit", "short"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("", 3, "")])
def test_shortening_says_that_it_did(text: str, limit: int, short: str) -> None:
    """With a sign at the end."""
    assert shorten(text, limit) == short


def naked(screen: str) -> str:
    """A screen without its code spans."""
    return re.sub(r"`[^`\n]*`", "", screen)


@pytest.mark.parametrize("typed", [text for text in NASTY if text.strip()])
async def test_typed_words_are_inert_on_every_screen(world: World, typed: str) -> None:
    """In the summary, on the file, when handed back: nothing of it stands outside a code span."""
    marked = f"wq{typed}wq"
    link = {**LINK_NOW, "organisation": marked[:120], "on_behalf_of": marked[:120]}
    await world.answer(ANN, ABOUT_LINKED, link, {**PURPOSE, "goal": marked[:400]})
    summary = await world.summary(ANN)
    config = world.foundation.config
    voice = config.words.voice("en")
    handed_back = form_screens.not_saved(voice, await not_saved(world, marked))
    told = form_screens.summary(voice, summary)
    await world.submission.send(ANN, summary.send_ref, {"statements": ["true", "named", "keep", "update"]})
    file = file_screens.case_file(voice, config, await world.file(by=MOD))

    for screen in (handed_back, told, file):
        assert "wq" in screen.text
        assert "wq" not in naked(screen.text)
        assert "@everyone" not in naked(screen.text)
        assert "evil.example" not in naked(screen.text)
        assert all(len(message) <= MESSAGE_LIMIT for message in in_messages(screen.text))


async def not_saved(world: World, typed: str) -> NotSaved:
    """A form that could not be saved."""
    result = await world.forms.save(ANN, "NOSUCHREF", {"goal": typed})
    assert isinstance(result, NotSaved)
    return result
