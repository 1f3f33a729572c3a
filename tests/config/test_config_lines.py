"""The line of every key is found in whatever way the TOML is written."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.lines import KeyPath, Lines

WRITTEN = '''# a comment with [brackets] and "quotes"
top = 1
dotted.key."with space" = 2 # and [[more]]
inline = { a = 1, b = { c = "}" }, d = [1, 2] }
list = [
    # inside
    { value = "x", label = "],}" },
    { value = 'y' },
    [
        1,
        2,
    ],
]

[table]
basic = """
one "quoted" \\""" and # no comment
key = "not a key"
"""
literal = \'\'\'
[not.a.table]
\'\'\'
after = true

[table.sub]
x = 1

[[pages]]
id = "one"

[[pages.fields]]
id = "a"
options = [{ value = 1 }, { value = 2 }]

[[pages.fields]]
id = "b"

[[pages]]
id = "two"
fields = [{ id = "c" }]

[pages.more]
deep = 1
'''

EXPECTED: list[tuple[KeyPath, int]] = [
    (("top",), 2),
    (("dotted",), 3),
    (("dotted", "key", "with space"), 3),
    (("inline", "b", "c"), 4),
    (("inline", "d", 1), 4),
    (("list",), 5),
    (("list", 0, "label"), 7),
    (("list", 1, "value"), 8),
    (("list", 2), 9),
    (("list", 2, 1), 11),
    (("table", "basic"), 16),
    (("table", "literal"), 20),
    (("table", "after"), 23),
    (("table", "sub", "x"), 26),
    (("pages",), 28),
    (("pages", 0, "id"), 29),
    (("pages", 0, "fields", 0), 31),
    (("pages", 0, "fields", 0, "options", 1, "value"), 33),
    (("pages", 0, "fields", 1, "id"), 36),
    (("pages", 1, "id"), 39),
    (("pages", 1, "fields", 0, "id"), 40),
    (("pages", 1, "more", "deep"), 43),
]


@pytest.mark.parametrize(("path", "line"), EXPECTED, ids=str)
def test_a_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    """Tables, arrays of tables, inline tables, long strings: each key has its own line."""
    tomllib.loads(WRITTEN)

    assert Lines(WRITTEN).of(path) == line


def test_a_missing_key_falls_back_to_what_is_around_it() -> None:
    """A key that is not there is told where its table begins."""
    lines = Lines(WRITTEN)

    assert lines.of(("pages", 0, "fields", 1, "label", "de")) == 35
    assert lines.of(("table", "nothing")) == 15
    assert lines.of(("nothing",)) is None


def test_files_from_windows_have_the_same_lines() -> None:
    """Line ends of two characters count once."""
    lines = Lines(WRITTEN.replace("\n", "\r\n"))

    assert [lines.of(path) for path, _ in EXPECTED] == [line for _, line in EXPECTED]


keys = st.text("abcdefgh", min_size=1, max_size=4)
scalars = st.one_of(
    st.integers(-5, 5).map(str),
    st.sampled_from(['"a # b"', "'c = [d'", '"""x\n] y = "1"\n"""', "'''\n[z]\n'''", "true", "2026-03-01"]),
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    """A TOML text together with the line of each key in it."""
    text = ""
    expected: dict[KeyPath, int] = {}

    def here() -> int:
        return text.count("\n") + 1

    def put(path: KeyPath) -> None:
        nonlocal text
        names = draw(st.lists(keys, max_size=3, unique=True))
        for name in names:
            text += draw(st.sampled_from(["", "# note = [\n", "\n"]))
            expected[*path, name] = here()
            text += f"{name} = "
            shape = draw(st.sampled_from(["scalar", "array", "inline"]))
            if shape == "scalar":
                text += draw(scalars)
            elif shape == "array":
                text += "["
                for position in range(draw(st.integers(0, 3))):
                    text += draw(st.sampled_from(["", "\n  ", " # ],\n"]))
                    expected[*path, name, position] = here()
                    text += draw(scalars) + ","
                text += "]"
            else:
                expected[*path, name, "k"] = here()
                text += "{ k = 1, 'q r' = '}' }"
                expected[*path, name, "q r"] = here()
            text += draw(st.sampled_from(["\n", "  # end\n"]))

    put(())
    for number in range(draw(st.integers(0, 3))):
        expected["T", number] = here()
        text += "[[T]]\n"
        put(("T", number))
        for inner in range(draw(st.integers(0, 2))):
            expected["T", number, "Inner", inner] = here()
            text += "[[T.Inner]]\n"
            put(("T", number, "Inner", inner))
    return text, expected


@given(documents())
def test_lines_are_right_for_any_document(document: tuple[str, dict[KeyPath, int]]) -> None:
    """Whatever is nested in whatever, each key is where it was written."""
    text, expected = document
    tomllib.loads(text)
    lines = Lines(text)

    assert {path: lines.of(path) for path in expected} == expected


@given(st.text("[]{}=.,\"'# \nab1\\", max_size=80))
def test_what_is_not_toml_is_no_error_here(text: str) -> None:
    """Reading lines never fails and always ends."""
    Lines(text).of(("a", 0, "b"))
