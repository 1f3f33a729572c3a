"""Discord's way of writing, for a terminal: headings, bold, code, names, channels and moments."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from rich.text import Text

_INLINE = re.compile(
    r"\*\*(?P<bold>.+?)\*\*|__(?P<under>.+?)__|\*(?P<italic>[^*\s][^*]*)\*|`(?P<code>[^`]+)`"
    r"|<[#@]!?&?(?P<id>\d+)>|<t:(?P<moment>\d+)(?::(?P<how>\w))?>"
)
_STYLES = {"bold": "bold", "under": "underline", "italic": "italic", "code": "cyan"}
_HEADING = re.compile(r"#{1,3} +")
_QUOTE = re.compile(r"> ?")
_QUOTE_THE_REST = ">>> "
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the names behind ids, the present moment, and the time zone."""

    names: Mapping[int, str]
    now: Callable[[], datetime]
    zone: tzinfo = UTC

    def lines(self, message: str) -> list[Text]:
        """A message as lines of styled text."""
        told, quoting = [], False
        for line in message.split("\n"):
            quoting = quoting or line.startswith(_QUOTE_THE_REST)
            told.append(self._line(f"> {line.removeprefix(_QUOTE_THE_REST)}" if quoting else line))
        return told

    def _line(self, line: str) -> Text:
        if heading := _HEADING.match(line):
            return self._inline(line[heading.end() :], "bold")
        if quote := _QUOTE.match(line):
            return Text.assemble(("| ", "dim"), self._inline(line[quote.end() :]))
        return self._inline(line)

    def _inline(self, text: str, style: str = "") -> Text:
        told = Text(style=style)
        at = 0
        for found in _INLINE.finditer(text):
            told.append(text[at : found.start()])
            told.append_text(self._piece(found))
            at = found.end()
        return told.append(text[at:])

    def _piece(self, found: re.Match[str]) -> Text:
        kind = found.lastgroup if found.lastgroup != "how" else "moment"
        if kind == "id":
            return Text(self.names.get(int(found["id"]), "somebody"), "bold")
        if kind == "moment":
            return Text(self._moment(int(found["moment"]), found["how"] or "f"))
        inner = found[kind or 0]
        return Text(inner, "cyan") if kind == "code" else self._inline(inner, _STYLES.get(kind or "", ""))

    def _moment(self, seconds: int, how: str) -> str:
        moment = datetime.fromtimestamp(seconds, UTC)
        if how == "R":
            return _relative(moment - self.now())
        local = moment.astimezone(self.zone)
        day = f"{local.day} {local:%B %Y}"
        return day if how in {"D", "d"} else f"{day}, {local:%H:%M}"


def _relative(span: timedelta) -> str:
    seconds = round(span.total_seconds() / 60) * 60
    for name, size in _UNITS:
        count = abs(seconds) // size
        if count:
            words = f"{count} {name}{'s' if count > 1 else ''}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return "now"
