"""What people type does nothing wherever anybody sees it, and every message fits."""

import pytest

from rehearsal.theatre import Person, Theatre
from tests.stage.acts import (
    HAS_LINKS,
    HOPES,
    JOB_TODAY,
    Edited,
    Stage,
    answer,
    apply,
    code_of,
    send,
)

NASTY = {
    "everyone": "@everyone @here",
    "mention": "<@123456789012345678> <@&123456789012345678> <#123456789012345678>",
    "markdown": "**bold** __under__ ~~gone~~ ||spoiler|| # Title",
    "quote": ">>> quoted\n> more\n- list\n-# small",
    "link": "[your bank](https://evil.example) https://evil.example <https://evil.example>",
    "backticks": "`code` ``two`` ```three``` `",
    "only_backticks": "``````````",
    "right_to_left": "abc\u202egnp.exe\u2066x\u2069\u200f\u061c",
    "invisible": "a\u200bb\u2060c\ufeffd\U000e0041",
    "emoji_and_time": "<:x:123456789012345678> <t:0:R> </cmd:123456789012345678>",
    "control": "a\x00b\x1b[31mc\rd",
    "braces": "{privacy_contact} {0} %s {{}}",
    "zalgo": "Z" + "\u0310\u0311\u0312" * 30,
}
FORBIDDEN = ("\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\U000e0041", "\x1b", "\x00")


def outside_code(text: str) -> str:
    """What Discord would read as markup: everything that is not between single backticks, line by line."""
    kept = []
    for line in text.split("\n"):
        pieces = line.split("`")
        assert len(pieces) % 2 == 1, f"a backtick is left open in {line!r}"
        kept.append("".join(pieces[0::2]))
    return "\n".join(kept)


def check_inert(seen_text: str, typed: str) -> None:
    """Nothing of what was typed stands outside code, and nothing invisible stands anywhere."""
    plain = outside_code(seen_text)
    for marker in ("@everyone", "@here", "123456789012345678", "evil.example", "spoiler", "<t:0:R>"):
        assert marker not in plain, marker
    for character in FORBIDDEN:
        assert character not in seen_text, repr(character)
    assert typed


async def tell(person: Person, text: str) -> None:
    """Say it in every field that takes words."""
    link = {**JOB_TODAY, "organisation": text[:120], "on_behalf_of": text[:120]}
    await answer(person, HAS_LINKS, (link,), {**HOPES, "goal": text[:400]})


@pytest.mark.parametrize("kind", NASTY)
async def test_what_is_typed_is_inert_wherever_it_is_shown(theatre: Theatre, kind: str) -> None:
    """In the summary, the file, the history, the card, the member's own links, and in what is handed back."""
    typed = NASTY[kind]
    ann = await theatre.newcomer("ann")
    await tell(ann, typed)
    summary = ann.seen
    check_inert(summary.text, typed)
    form = await ann.press("Change: What you hope to do here", on=summary.messages[-1])
    await ann.press_panel("Start")
    await send(ann)
    await theatre.settle()
    handed_back = await ann.fill(form, **{**HOPES, "goal": typed[:400]})
    check_inert(handed_back.text, typed)
    mia = await theatre.moderator("mia")
    code = await code_of(theatre)
    for command in ("review open", "review history"):
        check_inert((await mia.command(command, code=code)).text, typed)
    for message in theatre.cards():
        check_inert(message.content, typed)
    await mia.command("review admit", code=code)
    await theatre.settle()
    seen = await ann.command("my-links")
    check_inert(seen.text, typed)
    seen = await ann.press("Change my links")
    check_inert(seen.text, typed)


async def test_the_words_themselves_are_still_readable(theatre: Theatre) -> None:
    """Inert is not censored: what was typed can be read, backticks shown as a lookalike."""
    ann = await theatre.newcomer("ann")
    await tell(ann, "@everyone **read** `this` https://x.example")
    assert "`@everyone **read** \u02cbthis\u02cb https://x.example`" in ann.seen.text


async def test_unbroken_text_as_long_as_a_field_allows_fits(theatre: Theatre) -> None:
    """No spaces anywhere: every message stays within two thousand characters, and nothing is cut off."""
    ann = await theatre.newcomer("ann")
    links = tuple(
        {**JOB_TODAY, "organisation": f"{n}" + "o" * 119, "on_behalf_of": f"{n}" + "c" * 119}
        for n in range(5)
    )
    await answer(ann, HAS_LINKS, links, {**HOPES, "goal": "g" * 400})
    for n in range(5):
        assert f"{n}" + "o" * 119 in ann.seen.text
    assert "g" * 400 in ann.seen.text
    await send(ann)
    await theatre.settle()
    mia = await theatre.moderator("mia")
    code = await code_of(theatre)
    for command in ("review open", "review history"):
        seen = await mia.command(command, code=code)
        assert len(seen.messages) > 1
        assert all(message.ephemeral for message in seen.messages)
        assert "4" + "c" * 119 in seen.text


@pytest.mark.parametrize("character", ["x", "`", "@", "\u202e", "\U0001f600", "*"])
async def test_four_thousand_unbroken_characters_are_inert_and_fit(
    stage: Stage, edited: Edited, character: str
) -> None:
    """The longest that Discord lets anybody type, of each awkward kind."""
    theatre = await stage(edited(("max_length = 400\n", "max_length = 4000\n")))
    ann = await theatre.newcomer("ann")
    typed = "a" + character * 3999
    await apply(ann, HAS_LINKS, (JOB_TODAY,), {**HOPES, "goal": typed})
    mia = await theatre.moderator("mia")
    seen = await mia.command("review open", code=await code_of(theatre))
    for message in seen.messages:
        outside_code(message.content)
        assert len(message.content) <= 2000
    shown = {"`": "\u02cb", "\u202e": ""}.get(character, character)
    assert seen.text.count(shown or "\u202e") >= (3999 if shown else 0)


@pytest.mark.parametrize("kind", NASTY)
async def test_what_a_moderator_writes_is_quoted_inertly_in_the_file(theatre: Theatre, kind: str) -> None:
    """The preview shows what the person will read; the file quotes it as code; nobody is mentioned."""
    ann = await theatre.newcomer("ann")
    await apply(ann, HAS_LINKS, (JOB_TODAY,))
    mia = await theatre.moderator("mia")
    code = await code_of(theatre)
    await mia.command("review decline", code=code, reason="other", sentence=NASTY[kind])
    await mia.press("Send and close the case")
    await theatre.settle()
    seen = await mia.command("review open", code=code)
    check_inert(seen.text, NASTY[kind])
    assert len(ann.inbox()) == 1


async def test_the_longest_sentence_fits_the_preview_and_the_message(theatre: Theatre) -> None:
    """Fifteen hundred characters, unbroken."""
    ann = await theatre.newcomer("ann")
    await apply(ann, HAS_LINKS, (JOB_TODAY,))
    mia = await theatre.moderator("mia")
    code = await code_of(theatre)
    seen = await mia.command("review decline", code=code, reason="other", sentence="s" * 1500)
    assert "s" * 1500 in seen.text
    form = await mia.press("Change the text")
    assert form.modal is not None
    await mia.fill(form, sentence="t" * 1500)
    await mia.press("Send and close the case")
    await theatre.settle()
    assert "t" * 1500 in "".join(ann.inbox())


async def test_the_name_that_somebody_gave_themselves_is_never_shown(theatre: Theatre) -> None:
    """People are shown as Discord's own mention, which notifies nobody; a hostile name has no place."""
    ann = await theatre.newcomer("@everyone https://evil.example")
    await apply(ann, HAS_LINKS, (JOB_TODAY,))
    mia = await theatre.moderator("mia")
    seen = await mia.command("review open", code=await code_of(theatre))
    assert "evil.example" not in seen.text
    assert f"<@{ann.id}>" in seen.text
    assert all("evil.example" not in message.content for message in theatre.cards())
