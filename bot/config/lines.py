"""Where in a TOML file a key stands.

The standard library's parser keeps no positions. This one reads a text that the parser has already
accepted and remembers nothing but lines, so it can be short: it never has to judge.
"""

import re
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Keys and, inside arrays, positions from 0: ``("pages", 0, "fields", 2, "label")``."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[^\s.=\[\]{}\"',#]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]*")
_STRINGS = {
    '"""': re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    "'": re.compile(r"'[^'\n]*'"),
}
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(["\\bfnrt]))')
_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

_OF_TABLES = 2
"""Brackets around the header of an array of tables."""


class Lines:
    """The line of every key in one TOML text, counted from 1."""

    def __init__(self, text: str) -> None:
        """Read ``text``. What is not TOML gives fewer lines, never an error."""
        self._known = _Scan(text).known

    def of(self, path: KeyPath) -> int | None:
        """The line of a key, else of the nearest table or array around it; None when there is none."""
        for length in range(len(path), 0, -1):
            line = self._known.get(path[:length])
            if line is not None:
                return line
        return None

    def has(self, path: KeyPath) -> bool:
        """Whether the text itself holds this key."""
        return path in self._known


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.known: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._document()

    def _document(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return
            before = self.at
            if self.text.startswith("[[", self.at):
                table = self._header(_OF_TABLES)
            elif self.text[self.at] == "[":
                table = self._header(1)
            else:
                self._pair(table)
            if self.at == before:  # not TOML after all
                return

    def _header(self, brackets: int) -> KeyPath:
        start = self.at
        self.at += brackets
        keys = self._key()
        self.at += brackets
        path: KeyPath = ()
        for number, key in enumerate(keys, start=1):
            path += (key,)
            if brackets == _OF_TABLES and number == len(keys):
                self._note(path, start)
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path += (self._counts[path] - 1,)
            self._note(path, start)
        return path

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        path = table
        for key in self._key():
            path += (key,)
            self._note(path, start)
        if self.text[self.at : self.at + 1] == "=":
            self.at += 1
            self._skip(_SPACES)
            self._value(path)

    def _key(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACES)
            quote = self.text[self.at : self.at + 1]
            if quote in {'"', "'"}:
                written = self._take(_STRINGS[quote])[1:-1]
                keys.append(_ESCAPE.sub(_unescaped, written) if quote == '"' else written)
            else:
                keys.append(self._take(_BARE_KEY))
            self._skip(_SPACES)
            if self.text[self.at : self.at + 1] != ".":
                return keys
            self.at += 1

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._take(
                next((s for q, s in _STRINGS.items() if self.text.startswith(q, self.at)), _BARE_VALUE)
            )

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        position = 0
        while True:
            self._skip(_BLANK)
            before = self.at
            if self._ends("]"):
                return
            self._note((*path, position), self.at)
            self._value((*path, position))
            self._skip(_BLANK)
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
                position += 1
            elif self.at == before:
                return

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while True:
            self._skip(_BLANK)
            before = self.at
            if self._ends("}"):
                return
            self._pair(path)
            self._skip(_BLANK)
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
            elif self.at == before:
                return

    def _ends(self, closing: str) -> bool:
        if self.at >= len(self.text):
            return True
        if self.text[self.at] != closing:
            return False
        self.at += 1
        return True

    def _note(self, path: KeyPath, position: int) -> None:
        self.known.setdefault(path, bisect_right(self._starts, position))

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _SHORT_ESCAPES.get(match[3], match[3])
