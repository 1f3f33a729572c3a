"""The two files: complete, readable by anything, and inert whatever was typed."""

import json
from datetime import datetime
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from bot.screens.holdings import Section
from bot.screens.my_data import DATA, PAGE, _page, files, readable
from tests.core.test_holdings import held_about
from tests.support import ABOUT_LINKED, ANN, DECLINED_TEXT, LINK_NOW, PURPOSE, World, config

VOICE = config().words.voice("en-GB")

NASTY = [
    "<script>alert(1)</script>",
    "</p></body></html>",
    "\"><img src=x onerror='alert(1)'>",
    "<!-- ",
    "]]>",
    "&lt;b&gt; &amp; &#60; &nbsp",
    "<style>*{display:none}</style>",
    "javascript:alert(1)",
    "<a href=https://evil.example>here</a>",
    "\u202eback\u202c",
    "a\r\nb\tc\x00d\x85e\x9f\x0cf",
    "{name} {nope}",
]


class Reading(HTMLParser):
    """What a browser would make of a page: its tags with attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.pieces: list[str] = []
        self.odd: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)


def page_with(*lines: str) -> str:
    """A page with a section of these lines."""
    return _page(VOICE, "2026-03-04 12:00 UTC", [Section(lines[0], lines)])


typed = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=30)),
    max_size=5,
).map("".join)


@given(text=typed)
@example(text="".join(NASTY))
def test_whatever_was_typed_is_text_and_nothing_else(text: str) -> None:
    """A reader of the page gets exactly that text, in one piece, and not one tag or attribute from it."""
    harmless, page = Reading(page_with("plain")), Reading(page_with(readable(text)))

    assert page.tags == harmless.tags
    assert page.odd == []
    assert page.pieces.count(readable(text)) == 2
    assert len(page.pieces) == len(harmless.pieces)


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_text_without_control_characters_is_shown_as_it_was_typed(text: str) -> None:
    """In quotes, and letter for letter."""
    assert readable(text) == f"“{text}”"


async def test_the_page_needs_nothing_from_anywhere(world: World) -> None:
    """No script, no link, no picture; a language, a title, and a way to print it."""
    await world.held()
    page, _ = files(VOICE, world.foundation.config, await held_about(world))
    text = page.content.decode()
    read = Reading(text)

    assert page.name == PAGE
    assert {tag for tag, _ in read.tags} == {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p"
    }  # fmt: skip
    assert ("html", (("lang", "en-GB"),)) in read.tags
    assert "://" not in text
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "color-scheme: light dark" in text
    assert "@media print" in text


async def test_both_files_hold_what_was_told(world: World) -> None:
    """What was typed, what was decided, and the notice that was agreed to, word for word."""
    await world.send(ANN, ABOUT_LINKED, {**LINK_NOW, "organisation": "".join(NASTY[:3])}, PURPOSE)
    await world.decline()
    page, data = files(VOICE, world.foundation.config, await held_about(world))
    told = "".join(Reading(page.content.decode()).pieces)
    found = json.loads(data.content)

    for piece in (
        "".join(NASTY[:3]),
        DECLINED_TEXT,
        "To talk with others",
        "We keep your answers, locked away.",
    ):
        assert piece in told
    assert data.name == DATA
    assert found["format"] == 1
    [request] = found["requests"]
    assert request["state"] == "declined"
    assert request["consents"][0]["notice"] == "We keep your answers, locked away."
    assert [one["outcome"] for one in request["decisions"]] == ["hold", "decline"]
    assert request["decisions"][1]["message"]["text"] == DECLINED_TEXT
    assert found["links"][0]["interests"][0]["organisation"] == "".join(NASTY[:3])
    assert found["you"]["discord_id"] == str(ANN.user_id)
    assert datetime.fromisoformat(found["made_at"]).tzinfo is not None


async def test_file_names_say_nothing_about_the_community(world: World) -> None:
    """They show on a lock screen."""
    await world.begin()
    attached = files(VOICE, world.foundation.config, await held_about(world))

    assert [file.name for file in attached] == ["my-data.html", "my-data.json"]
